//! The reseller's invoices: the list, the page of one, and how to pay it (BIL-1, CRD-6, PAY-3).

use crate::files::Plain;
use crate::lists::{Cell, List, fetch};
use crate::reseller::payments::{Tab, tabs};
use crate::room::{Room, Spot};
use crate::shared::{invoices as shared, views};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, badge, note, value};
use tradepost_domain::Right;
use tradepost_domain::billing::queries::InvoiceSort;
use tradepost_domain::billing::{InvoiceKind, InvoiceStatus};
use tradepost_domain::ids::InvoiceId;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::merchants::BankAccount;
use tradepost_domain::saved_views::ListName;
use tradepost_web::api::invoices::{self, InstructionView, InvoiceSearch, InvoiceSummary, InvoiceView, shown};
use tradepost_web::{Answer, Call, Problem, Routes};

/// Payments that a page shows; there are seldom more than two.
const PAYMENTS: i64 = 50;

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let look = &room.look;
    let kinds = InvoiceKind::ALL.iter().map(|kind| (kind.name().to_owned(), shared::kind(look, *kind).to_owned())).collect();
    let statuses = InvoiceStatus::ALL.iter().map(|status| (status.name().to_owned(), shared::status(look, *status).1.to_owned())).collect();
    let views = views::of(&call, ListName::Invoices).await?;
    let list =
        List::new(&room, &call, "invoices").tabs(tabs(&room, Tab::Invoices)).searches().views(views).filter("status", statuses).filter("kind", kinds).empty(
            Icon::Invoice,
            room.t("No invoices yet", "Noch keine Rechnungen"),
            room.t(
                "Invoices of confirmed orders and balance top-ups appear here.",
                "Jede bestätigte Bestellung und jede Aufladung des Guthabens hat eine Rechnung. Sie stehen hier.",
            ),
            None,
        );
    let search = InvoiceSearch {
        partnership: None,
        kind: list.asked("kind").and_then(InvoiceKind::from_name),
        status: list.asked("status").and_then(InvoiceStatus::from_name),
        number: list.searched(),
        sort: list.asked("sort").and_then(InvoiceSort::from_name).unwrap_or_default(),
    };
    let found = list.rows(&call, fetch!(|page| [call, search] invoices::listed(call, search.clone(), page).await)).await?;
    let columns = vec![
        Column::new(room.t("Invoice", "Rechnung")),
        Column::new(room.t("Status", "Status")),
        Column::new(room.t("Type", "Art")),
        list.sorting(Column::new(room.t("Issued", "Ausgestellt")), "", false),
        list.sorting(Column::new(room.t("Due", "Fällig")).with(room.t("Balance", "Saldo")), InvoiceSort::DueDate.name(), true),
        Column::amounts(room.t("Outstanding", "Offen")),
        Column::amounts(room.t("Total", "Summe")),
    ];
    let row = |invoice: &InvoiceSummary| {
        let (tone, status) = shared::status(look, invoice.status);
        let now = invoice.balance_due.then(|| room.t("due now", "jetzt fällig"));
        let due = html! { (look.date(invoice.due_on)) @if let Some(now) = now { span class="under" { (now) } } };
        vec![
            Cell::link(&invoice.number, &room.path(&format!("/invoices/{}", invoice.id)), None),
            Cell::badge(tone, status),
            Cell::text(shared::kind(look, invoice.kind)),
            Cell::date(&room, invoice.issued_on),
            Cell::shown_as(due, Plain::Exact(invoice.due_on.to_string())).and(now.map_or(Plain::Empty, |now| Plain::Exact(now.to_owned()))),
            Cell::money(&room, &invoice.amount_open),
            Cell::money(&room, &invoice.total),
        ]
    };
    let rows = found.rows.iter().map(row).collect();
    let head = Head { crumbs: &[], title: room.t("Invoices", "Rechnungen"), state: None, text: None, acts: None };
    list.answer(&call, Spot::Invoices, &head, columns, rows, found.next)
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let id: InvoiceId = call.path("id")?;
    let invoice = shown(&call, id).await?;
    let payments = invoices::payments(&call, None, Some(id), PageRequest { limit: PAYMENTS, before: None }).await?;
    let inside = html! {
        (shared::due_note(&room, invoice.balance_due, None))
        div class="columns" {
            div {
                (shared::lines(&room, &invoice))
                (shared::payments(&room, &payments.rows))
            }
            div {
                (shared::amounts(&room, &invoice))
                (shared::facts_card(&room, &invoice))
            }
        }
    };
    let (tone, status) = shared::status(&room.look, invoice.status);
    let list = room.path("/invoices");
    let crumbs = [(room.t("Invoices", "Rechnungen"), list.as_str())];
    let head = Head { crumbs: &crumbs, title: &invoice.number, state: Some(badge(tone, status)), text: None, acts: Some(acts(&room, &invoice)) };
    Ok(room.page(Spot::Invoices, &head, &inside))
}

fn acts(room: &Room, invoice: &InvoiceView) -> Markup {
    let order = invoice.orders.first().map(|order| room.path(&format!("/orders/{order}")));
    html! {
        @if let Some(order) = order { (Button::new(room.t("Order", "Bestellung")).icon(Icon::Order).to(&order)) }
        (Button::new(room.t("View and print", "Ansehen und drucken")).icon(Icon::Print).to(&invoice.url))
        (shared::pdf(&room.look, invoice))
        (shared::e_invoice(&room.look, invoice))
        @if invoice.amount_open.minor > 0 {
            (Button::new(room.t("How to pay", "So bezahlen Sie")).primary().icon(Icon::Card).to(&room.path(&format!("/invoices/{}/pay", invoice.id))))
        }
    }
}

/// How to pay: the amount, the reference to give, and the merchant's instructions for each way that is allowed (PAY-3).
async fn pay(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let invoice = shown(&call, call.path("id")?).await?;
    let (list, path) = (room.path("/invoices"), room.path(&format!("/invoices/{}", invoice.id)));
    let open = invoice.amount_open.minor > 0;
    let inside = html! {
        @if open {
            (shared::due_note(&room, invoice.balance_due, None))
            div class="columns" {
                div { @for how in ways(&invoice) { (way(&room, &invoice, how)) } (afterwards(&room)) }
                div { (to_give(&room, &invoice)) }
            }
        } @else {
            (nothing_open(&room, &invoice, &path))
        }
    };
    let crumbs = [(room.t("Invoices", "Rechnungen"), list.as_str()), (invoice.number.as_str(), path.as_str())];
    let head = Head {
        crumbs: &crumbs,
        title: room.t("How to pay", "So bezahlen Sie"),
        state: None,
        text: None,
        acts: Some(Button::new(room.t("View and print", "Ansehen und drucken")).icon(Icon::Print).to(&invoice.url)),
    };
    Ok(room.page(Spot::Invoices, &head, &inside))
}

/// The instructions of the document for the ways that are allowed.
fn ways(invoice: &InvoiceView) -> impl Iterator<Item = &InstructionView> {
    invoice.payment_instructions.iter().filter(move |how| invoice.allowed_methods.iter().any(|allowed| *allowed == how.method))
}

fn way(room: &Room, invoice: &InvoiceView, how: &InstructionView) -> Markup {
    let (name, text) = (shared::way(&room.look, &how.method), shared::instruction(room, how));
    let account = how.bank_account.clone().map(BankAccount::from);
    Card::new(&name).with(html! {
        p class="lines" { (text) }
        @if let Some(account) = &account {
            (facts(&shared::account(&room.look, account)))
            @if let Some(code) = shared::code(room, invoice, account) { (code) }
        }
    })
}

fn to_give(room: &Room, invoice: &InvoiceView) -> Markup {
    let look = &room.look;
    let rows = [
        (room.t("Amount", "Betrag"), html! { strong { (look.money(&invoice.amount_open)) } }),
        (room.t("Reference", "Verwendungszweck"), value::copyable(&invoice.number, look.language)),
        (
            room.t("Due", "Fällig"),
            html! { (look.date(invoice.due_on)) @if invoice.status == InvoiceStatus::Overdue { " " (badge(Tone::Bad, room.t("overdue", "überfällig"))) } },
        ),
    ];
    Card::new(room.t("Payment details", "Zahlungsangaben")).with(facts(&rows))
}

fn afterwards(room: &Room) -> Markup {
    let text = room.t(
        "You may pay in parts. The merchant records what came in; then it shows on the invoice, and held orders are released as far as it covers them.",
        "Sie dürfen in Teilen zahlen. Der Händler erfasst, was eingeht. Dann steht es auf der Rechnung, und gehaltene Ware wird frei, soweit es reicht.",
    );
    note::note(Tone::Info, room.t("What happens next", "Wie es weitergeht"), text, None)
}

fn nothing_open(room: &Room, invoice: &InvoiceView, path: &str) -> Markup {
    let title = if invoice.status == InvoiceStatus::Canceled {
        room.t("This invoice was canceled", "Diese Rechnung wurde storniert")
    } else {
        room.t("This invoice is paid", "Diese Rechnung ist bezahlt")
    };
    let back = Button::new(room.t("Show the invoice", "Rechnung zeigen")).to(path);
    note::empty(Icon::Good, title, room.t("There is nothing to pay.", "Es ist nichts zu bezahlen."), Some(&back))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/invoices", "invoicesPage", list).needs(Right::InvoicesRead).page();
    r.get("/r/{partnership}/invoices/{id}", "ownInvoicePage", show).needs(Right::InvoicesRead).page();
    r.get("/r/{partnership}/invoices/{id}/pay", "payInvoicePage", pay).needs(Right::InvoicesRead).page();
}
