//! What the partnership paid, newest first (PAY-3).

use crate::files::Plain;
use crate::lists::{Cell, List, Narrowing, fetch};
use crate::room::{Room, Spot};
use crate::shared::fulfillments::between;
use crate::shared::{invoices as shared, views};
use maud::{Markup, html};
use std::collections::{BTreeSet, HashMap};
use tradepost_design::frame::Head;
use tradepost_design::table::{self, Column};
use tradepost_design::{Button, Icon};
use tradepost_domain::Right;
use tradepost_domain::billing::PaymentMethod;
use tradepost_domain::billing::queries::{self, PaymentFilter};
use tradepost_domain::ids::InvoiceId;
use tradepost_domain::saved_views::ListName;
use tradepost_web::api::invoices::{PaymentView, payments_listed};
use tradepost_web::{Answer, Call, Problem, Routes};

/// The two lists of money that went to the merchant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Invoices,
    Payments,
}

pub(super) fn tabs(room: &Room, here: Tab) -> Markup {
    let tab = |its: Tab, name: &'static str, path: &str| (name, room.path(path), 0_usize, its == here);
    table::tabs(
        room.t("Invoices and payments", "Rechnungen und Zahlungen"),
        &[tab(Tab::Invoices, room.t("Invoices", "Rechnungen"), "/invoices"), tab(Tab::Payments, room.t("Payments", "Zahlungen"), "/payments")],
    )
}

/// The numbers of the invoices of some payments.
async fn numbers(call: &Call, rows: &[PaymentView]) -> Result<HashMap<InvoiceId, String>, Problem> {
    let merchant = call.partnership()?.merchant;
    let ids: Vec<InvoiceId> = rows.iter().map(|payment| payment.invoice).collect::<BTreeSet<_>>().into_iter().collect();
    call.read(move |reader| Box::pin(async move { queries::numbers(reader, merchant, &ids).await })).await
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let methods = PaymentMethod::ALL.iter().map(|method| (method.name().to_owned(), shared::method(&room.look, *method).to_owned())).collect();
    let views = views::of(&call, ListName::Payments).await?;
    let list = List::new(&room, &call, "payments").tabs(tabs(&room, Tab::Payments)).searches().views(views).filter("method", methods).empty(
        Icon::Card,
        room.t("No payments yet", "Noch keine Zahlungen"),
        room.t(
            "Payments that the merchant has recorded for you appear here, each with its invoice.",
            "Hier steht, was der Händler als von Ihnen bezahlt erfasst, jeweils mit seiner Rechnung.",
        ),
        Some(Button::new(room.t("Open invoices", "Offene Rechnungen")).to(&room.path("/invoices?status=unpaid"))),
    );
    let list = Narrowing::new(&room, &call)
        .day("from", room.t("Recorded from", "Erfasst ab"))
        .day("to", room.t("Recorded to", "Erfasst bis"))
        .of(list, room.t("Dates", "Zeitraum"));
    let (created_from, created_to) = between(&room, &list);
    let method = list.asked("method").and_then(PaymentMethod::from_name);
    let filter = PaymentFilter { method, search: list.searched(), created_from, created_to, sort: list.by_age(), ..PaymentFilter::default() };
    let found = list.rows(&call, fetch!(|page| [call, filter] payments_listed(call, filter.clone(), page).await)).await?;
    let numbers = numbers(&call, &found.rows).await?;
    let columns = vec![
        Column::new(room.t("Received", "Eingegangen")),
        Column::new(room.t("Invoice", "Rechnung")),
        Column::new(room.t("Method", "Zahlungsart")),
        Column::new(room.t("Reference", "Referenz")),
        Column::amounts(room.t("Amount", "Betrag")),
        Column::amounts(room.t("To account balance", "Aufs Verrechnungskonto")),
        list.turning(Column::new(room.t("Recorded", "Erfasst"))),
        Column::new(room.t("ID", "ID")),
    ];
    let rows = found.rows.iter().map(|payment| row(&room, payment, &numbers)).collect();
    let head = Head {
        crumbs: &[],
        title: room.t("Payments", "Zahlungen"),
        state: None,
        text: Some(room.t(
            "What the merchant received by check or wire, and what your account balance paid.",
            "Was der Händler per Scheck oder Überweisung erhielt und was Ihr Verrechnungskonto bezahlte.",
        )),
        acts: None,
    };
    list.answer(&call, Spot::Invoices, &head, columns, rows, found.next)
}

fn row(room: &Room, payment: &PaymentView, numbers: &HashMap<InvoiceId, String>) -> Vec<Cell> {
    let id = payment.invoice.to_string();
    let number = numbers.get(&payment.invoice).map_or(id.as_str(), String::as_str);
    let invoice = html! { a class="unbroken" href=(room.path(&format!("/invoices/{id}"))) { (number) } };
    let beyond = payment.amount.minor - payment.allocated.minor;
    vec![
        Cell::date(room, payment.received_on),
        Cell::shown_as(invoice, Plain::Exact(number.to_owned())),
        Cell::text(shared::method(&room.look, payment.method)),
        Cell::maybe(payment.reference.as_deref()),
        Cell::money(room, &payment.amount),
        if beyond > 0 { Cell::money(room, &payment.amount.currency.minor(beyond)) } else { Cell::empty() },
        Cell::moment(room, payment.recorded_at),
        Cell::code(room, &payment.id.to_string()),
    ]
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/payments", "paymentsPage", list).needs(Right::InvoicesRead).page();
}
