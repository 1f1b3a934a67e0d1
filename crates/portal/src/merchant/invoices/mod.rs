//! The merchant's invoices: the list, the page of one, and what came in for it (BIL-1, PAY-3).

mod effects;
mod pay;

use crate::forms::{Typed, question};
use crate::lists::{Cell, List, fetch};
use crate::merchant::orders::companies;
use crate::room::{Room, Spot, done};
use crate::shared::history::{self, Stands};
use crate::shared::{invoices as shared, views};
use maud::{Markup, html};
use std::collections::BTreeSet;
use tradepost_design::badge::tag;
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, badge, value};
use tradepost_domain::billing::queries::{self, InvoiceFilter, InvoiceRow, InvoiceSort};
use tradepost_domain::billing::top_up::CancelTopUp;
use tradepost_domain::billing::{InvoiceKind, InvoiceStatus};
use tradepost_domain::ids::InvoiceId;
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::saved_views::ListName;
use tradepost_domain::{PartnershipId, Right, audit};
use tradepost_kernel::Date;
use tradepost_web::api::invoices::{InvoiceView, payments, shown};
use tradepost_web::api::timelines::TimelineEntry;
use tradepost_web::{Answer, Call, Problem, Routes};

/// Payments and acts of one invoice that its page shows.
const SHOWN: PageRequest = PageRequest { limit: 50, before: None };

/// Which invoices are wanted, as the filters of a list say.
pub(in crate::merchant) fn asked(room: &Room, list: &List<'_>, of: Option<PartnershipId>) -> InvoiceFilter {
    InvoiceFilter {
        partnership: of.or_else(|| list.asked("partnership").and_then(|id| id.parse().ok())),
        kind: list.asked("kind").and_then(InvoiceKind::from_name),
        status: list.asked("status").and_then(InvoiceStatus::from_name).map(|status| (status, today(room))),
        number: list.searched(),
        sort: list.asked("sort").and_then(InvoiceSort::from_name).unwrap_or_default(),
    }
}

/// The day on the merchant's clock: what "overdue" is about.
fn today(room: &Room) -> Date {
    room.look.now.date_in(&room.look.zone)
}

/// A page of invoices.
pub(in crate::merchant) async fn found(call: &Call, filter: InvoiceFilter, page: PageRequest) -> Result<Page<InvoiceRow>, Problem> {
    let scope = call.merchant()?;
    call.read(move |reader| Box::pin(async move { queries::search(reader, scope, &filter, page).await })).await
}

/// The filters of a list of invoices.
pub(in crate::merchant) fn filtered<'a>(room: &Room, list: List<'a>) -> List<'a> {
    let look = &room.look;
    let statuses = InvoiceStatus::ALL.iter().map(|status| (status.name().to_owned(), shared::status(look, *status).1.to_owned())).collect();
    let kinds = InvoiceKind::ALL.iter().map(|kind| (kind.name().to_owned(), shared::kind(look, *kind).to_owned())).collect();
    list.filter("status", statuses).filter("kind", kinds)
}

/// The columns of a list of invoices, with whose they are or without.
pub(in crate::merchant) fn columns<'a>(room: &'a Room, list: &List<'_>, named: bool) -> Vec<Column<'a>> {
    let mut columns = vec![Column::new(room.t("Invoice", "Rechnung"))];
    if named {
        columns.push(Column::new(room.t("Reseller", "Reseller")));
    }
    columns.extend([
        Column::new(room.t("Status", "Status")),
        Column::new(room.t("Type", "Art")),
        list.sorting(Column::new(room.t("Issued", "Ausgestellt")), "", false),
        list.sorting(Column::new(room.t("Due", "Fällig")), InvoiceSort::DueDate.name(), true),
        Column::amounts(room.t("Outstanding", "Offen")),
        Column::amounts(room.t("Total", "Summe")),
    ]);
    columns
}

/// Its row, under [`columns`].
pub(in crate::merchant) fn row(room: &Room, invoice: &InvoiceRow, company: Option<&str>) -> Vec<Cell> {
    let (tone, status) = shared::status(&room.look, invoice.status(today(room)));
    let mut cells = vec![Cell::link(&invoice.number, &room.path(&format!("/invoices/{}", invoice.id)), None)];
    cells.extend(company.map(|company| Cell::company(company, &room.path(&format!("/resellers/{}", invoice.partnership)))));
    cells.extend([
        Cell::badge(tone, status),
        Cell::text(shared::kind(&room.look, invoice.kind)),
        Cell::date(room, invoice.issued_on),
        Cell::date(room, invoice.due_on),
        Cell::money(room, &invoice.currency.minor(invoice.open_minor())),
        Cell::money(room, &invoice.currency.minor(invoice.total_minor)),
    ]);
    cells
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let views = views::of(&call, ListName::Invoices).await?;
    let list = filtered(&room, List::new(&room, &call, "invoices")).searches().views(views).empty(
        Icon::Invoice,
        room.t("No invoices yet", "Noch keine Rechnungen"),
        room.t("Each confirmed order and each balance top-up creates one.", "Jede bestätigte Bestellung und jede Aufladung eines Guthabens bringt eine."),
        None,
    );
    let wanted = asked(&room, &list, None);
    let list = match wanted.partnership {
        Some(id) => list.filter("partnership", vec![(id.to_string(), company_of(&call, id).await?)]),
        None => list,
    };
    let found = list.rows(&call, fetch!(|page| [call, wanted] found(call, wanted.clone(), page).await)).await?;
    let names = companies(&call, found.rows.iter().map(|invoice| invoice.partnership).collect()).await?;
    let named = |invoice: &InvoiceRow| row(&room, invoice, Some(names.get(&invoice.partnership).map_or("", String::as_str)));
    let rows = found.rows.iter().map(named).collect();
    let head = Head {
        crumbs: &[],
        title: room.t("Invoices", "Rechnungen"),
        state: None,
        text: None,
        acts: Some(Button::new(room.t("Payments", "Zahlungen")).icon(Icon::Card).to(&room.path("/payments"))),
    };
    let columns = columns(&room, &list, true);
    list.answer(&call, Spot::Invoices, &head, columns, rows, found.next)
}

/// What the reseller of a partnership is called.
pub(in crate::merchant) async fn company_of(call: &Call, id: PartnershipId) -> Result<String, Problem> {
    Ok(companies(call, BTreeSet::from([id])).await?.remove(&id).unwrap_or_else(|| id.to_string()))
}

/// What happened to an invoice, newest first.
async fn timeline(call: &Call, id: InvoiceId) -> Result<Page<TimelineEntry>, Problem> {
    let (scope, page) = (call.merchant()?, history::asked(call)?);
    let found = call.read(move |reader| Box::pin(async move { audit::list(reader, scope, Some(id.bytes()), page).await })).await?;
    Ok(Page { rows: found.rows.into_iter().map(TimelineEntry::from).collect(), next: found.next })
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let invoice = shown(&call, call.path("id")?).await?;
    let paid = payments(&call, None, Some(invoice.id), SHOWN).await?;
    let (company, happened) = (company_of(&call, invoice.partnership).await?, timeline(&call, invoice.id).await?);
    let (tone, status) = shared::status(&room.look, invoice.status);
    let (back, path) = (room.path("/invoices"), room.path(&format!("/invoices/{}", invoice.id)));
    let inside = html! {
        (shared::due_note(&room, invoice.balance_due, None))
        div class="columns" {
            div {
                (shared::lines(&room, &invoice))
                (shared::payments(&room, &paid.rows))
                (history::card(&call, &room, room.t("Timeline", "Verlauf"), &happened, Stands { path: &path, operation: "merchantInvoicePage" }))
            }
            div {
                (reseller_card(&room, &invoice, &company))
                (shared::amounts(&room, &invoice))
                (shared::facts_card(&room, &invoice))
            }
        }
    };
    let head = Head {
        crumbs: &[(room.t("Invoices", "Rechnungen"), back.as_str())],
        title: &invoice.number,
        state: Some(html! { (badge(tone, status)) @if invoice.kind == InvoiceKind::TopUp { (tag(room.t("Top-up", "Aufladung"))) } }),
        text: None,
        acts: Some(acts(&room, &invoice, &path)),
    };
    Ok(room.page(Spot::Invoices, &head, &inside))
}

fn reseller_card(room: &Room, invoice: &InvoiceView, company: &str) -> Markup {
    let path = room.path(&format!("/resellers/{}", invoice.partnership));
    let all = Button::new(room.t("All invoices", "Alle Rechnungen")).small().to(&format!("{path}/invoices"));
    Card::new(room.t("Reseller", "Reseller")).acts(all).with(html! { a href=(path) { (value::person(company, None)) } })
}

fn acts(room: &Room, invoice: &InvoiceView, path: &str) -> Markup {
    let (manages, canceled) = (room.may(Right::BillingManage), invoice.status == InvoiceStatus::Canceled);
    let untouched = invoice.kind == InvoiceKind::TopUp && invoice.amount_paid.minor == 0 && !canceled;
    let record = Button::new(room.t("Record payment", "Zahlung erfassen")).icon(Icon::Card);
    let record = if invoice.amount_open.minor > 0 { record.primary() } else { record };
    html! {
        @if manages && untouched { (Button::new(room.t("Cancel top-up", "Aufladung stornieren")).quiet().opens_dialog().to(&format!("{path}/cancel"))) }
        (Button::new(room.t("View and print", "Ansehen und drucken")).icon(Icon::Print).to(&invoice.url))
        (shared::pdf(&room.look, invoice))
        (shared::e_invoice(&room.look, invoice))
        @if manages && !canceled { (record.to(&format!("{path}/payments/new"))) }
    }
}

async fn ask_cancel(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    cancel_page(&call, &room, &Typed::default()).await
}

async fn cancel_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let invoice = shown(call, call.path("id")?).await?;
    let (title, path) = (room.t("Cancel top-up", "Aufladung stornieren"), room.path(&format!("/invoices/{}", invoice.id)));
    let text = html! {
        p { strong { (invoice.number) } " · " (room.look.money(&invoice.total)) }
        p { (room.t("The invoice stays in the list as canceled; it no longer has to be paid. It can be canceled only while nothing of it was paid.", "Die Rechnung bleibt als storniert in der Liste; niemand muss sie mehr bezahlen. Das geht nur, solange nichts davon bezahlt ist.")) }
        p class="muted" { (room.t("Nobody gets an e-mail.", "Niemand bekommt eine E-Mail.")) }
    };
    let act = Button::new(title).danger();
    Ok(room.dialog(Spot::Invoices, title, &question(call, &room.look, title, &text, typed, &format!("{path}/cancel"), &act, &path)))
}

async fn cancel(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let invoice: InvoiceId = call.path("id")?;
    match call.execute(CancelTopUp { invoice }).await {
        Ok(_) => Ok(done(&call, &room.path(&format!("/invoices/{invoice}")), room.t("Top-up canceled.", "Aufladung storniert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(cancel_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/invoices", "merchantInvoicesPage", list).needs(Right::MerchantRead).page();
    r.get("/m/{merchant}/invoices/{id}", "merchantInvoicePage", show).needs(Right::MerchantRead).page();
    r.get("/m/{merchant}/invoices/{id}/cancel", "merchantCancelTopUpPage", ask_cancel).needs(Right::BillingManage).page();
    r.post("/m/{merchant}/invoices/{id}/cancel", "merchantCancelTopUpForm", cancel).needs(Right::BillingManage).page().command::<CancelTopUp>();
    pay::routes(r);
}
