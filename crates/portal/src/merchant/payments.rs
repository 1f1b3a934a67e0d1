//! Everything that came in, newest first (PAY-3).

use crate::files::Plain;
use crate::lists::{Cell, List, Narrowing, fetch};
use crate::merchant::orders::companies;
use crate::merchant::orders::list::resellers;
use crate::room::{Room, Spot};
use crate::shared::fulfillments::between;
use crate::shared::invoices as shared;
use crate::shared::views;
use maud::html;
use std::collections::{BTreeSet, HashMap};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon};
use tradepost_domain::billing::PaymentMethod;
use tradepost_domain::billing::queries::{self, PaymentFilter};
use tradepost_domain::ids::InvoiceId;
use tradepost_domain::saved_views::ListName;
use tradepost_domain::{PartnershipId, Right};
use tradepost_web::api::invoices::{PaymentView, payments_listed};
use tradepost_web::{Answer, Call, Problem, Routes};

/// The numbers of the invoices of some payments.
async fn numbers(call: &Call, rows: &[PaymentView]) -> Result<HashMap<InvoiceId, String>, Problem> {
    let merchant = call.merchant()?.merchant;
    let ids: Vec<InvoiceId> = rows.iter().map(|payment| payment.invoice).collect::<BTreeSet<_>>().into_iter().collect();
    call.read(move |reader| Box::pin(async move { queries::numbers(reader, merchant, &ids).await })).await
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let look = &room.look;
    let methods = PaymentMethod::ALL.iter().map(|method| (method.name().to_owned(), shared::method(look, *method).to_owned())).collect();
    let views = views::of(&call, ListName::Payments).await?;
    let list = List::new(&room, &call, "payments").searches().views(views).filter("method", methods).empty(
        Icon::Card,
        room.t("No payments yet", "Noch keine Zahlungen"),
        room.t(
            "Open an invoice and record what came in by check or wire.",
            "Öffnen Sie eine Rechnung und erfassen Sie, was per Scheck oder Überweisung einging.",
        ),
        Some(Button::new(room.t("Open invoices", "Offene Rechnungen")).to(&room.path("/invoices?status=unpaid"))),
    );
    let list = Narrowing::new(&room, &call)
        .choice("partnership", room.t("Reseller", "Reseller"), resellers(&call).await?)
        .day("from", room.t("Recorded from", "Erfasst ab"))
        .day("to", room.t("Recorded to", "Erfasst bis"))
        .of(list, room.t("Reseller, dates", "Reseller, Zeitraum"));
    let (created_from, created_to) = between(&room, &list);
    let filter = PaymentFilter {
        partnership: list.asked("partnership").and_then(|id| id.parse().ok()),
        invoice: None,
        method: list.asked("method").and_then(PaymentMethod::from_name),
        search: list.searched(),
        created_from,
        created_to,
        sort: list.by_age(),
    };
    let found = list.rows(&call, fetch!(|page| [call, filter] payments_listed(call, filter.clone(), page).await)).await?;
    let numbers = numbers(&call, &found.rows).await?;
    let names = companies(&call, found.rows.iter().map(|payment| payment.partnership).collect()).await?;
    let columns = vec![
        Column::new(room.t("Received", "Eingegangen")),
        Column::new(room.t("Reseller", "Reseller")),
        Column::new(room.t("Invoice", "Rechnung")),
        Column::new(room.t("Method", "Zahlungsart")),
        Column::new(room.t("Reference", "Referenz")),
        Column::amounts(room.t("Amount", "Betrag")),
        Column::amounts(room.t("To account balance", "Aufs Verrechnungskonto")),
        list.turning(Column::new(room.t("Recorded", "Erfasst"))),
        Column::new(room.t("ID", "ID")),
    ];
    let rows = found.rows.iter().map(|payment| row(&room, payment, &names, &numbers)).collect();
    let head = Head {
        crumbs: &[],
        title: room.t("Payments", "Zahlungen"),
        state: None,
        text: Some(room.t(
            "What came in by check or wire, and what was taken from account balances.",
            "Was per Scheck oder Überweisung einging und was von Verrechnungskonten genommen wurde.",
        )),
        acts: Some(Button::new(room.t("Record payment", "Zahlung erfassen")).icon(Icon::Invoice).to(&room.path("/invoices?status=unpaid"))),
    };
    list.answer(&call, Spot::Payments, &head, columns, rows, found.next)
}

fn row(room: &Room, payment: &PaymentView, names: &HashMap<PartnershipId, String>, numbers: &HashMap<InvoiceId, String>) -> Vec<Cell> {
    let id = payment.invoice.to_string();
    let number = numbers.get(&payment.invoice).map_or(id.as_str(), String::as_str);
    let invoice = html! { a class="unbroken" href=(room.path(&format!("/invoices/{id}"))) { (number) } };
    let beyond = payment.amount.minor - payment.allocated.minor;
    vec![
        Cell::date(room, payment.received_on),
        Cell::company(names.get(&payment.partnership).map_or("", String::as_str), &room.path(&format!("/resellers/{}", payment.partnership))),
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
    r.get("/m/{merchant}/payments", "merchantPaymentsPage", list).needs(Right::MerchantRead).page();
}
