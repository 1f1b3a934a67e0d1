//! What a reseller did, as lists: orders with their export, invoices, sales of its shops, and everything that happened (PAR-17).

use super::{Frame, Tab, one};
use crate::files::Plain;
use crate::lists::{Cell, List, Narrowing, fetch};
use crate::merchant::orders::licenses;
use crate::merchant::{fulfillments, invoices};
use crate::names;
use crate::room::Room;
use crate::shared::orders as shared;
use crate::shared::{history, views};
use maud::html;
use tradepost_design::icon::icon;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::orders::State;
use tradepost_domain::saved_views::ListName;
use tradepost_domain::{PartnershipScope, Right, audit};
use tradepost_web::api::audit::AuditRow;
use tradepost_web::api::orders::{OrderSummary, listed};
use tradepost_web::{Answer, Call, Problem, Routes};

/// Its orders. The whole of them as a file is one click, whatever the list is narrowed to.
async fn orders(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let frame = Frame::new(&room, &p, Tab::Orders);
    let states = State::ALL.iter().map(|state| (state.name().to_owned(), names::order_state(&room.look, *state).1.to_owned())).collect();
    let (path, name) = (format!("{}/orders", frame.path), format!("orders-{}", p.code));
    let file = |text, ending: &str| Button::new(text).small().icon(Icon::Download).to(&format!("{path}?file={ending}"));
    let (csv, xlsx) = (file(room.t("Export all", "Alle exportieren"), "csv"), file(room.t("Export all as XLSX", "Alle als XLSX exportieren"), "xlsx"));
    let views = views::of(&call, ListName::Orders).await?.of_tab(p.id, &path);
    let list = List::new(&room, &call, &name).searches().views(views).filter("state", states).acts(html! { (csv) (xlsx) }).empty(
        Icon::Order,
        room.t("No orders yet", "Noch keine Bestellungen"),
        room.t("Its orders appear here as soon as the first one is created.", "Hier erscheinen seine Bestellungen, sobald die erste angelegt ist."),
        None,
    );
    let list = shared::narrowed(&room, &call, list);
    let filter = shared::filter_of(&room, &list);
    if let Some(kind) = list.file() {
        return shared::exported(&room, &call, Some(p.id), filter, kind).await;
    }
    let found = list.rows(&call, fetch!(|page| [call, filter] listed(call, Some(p.id), filter.clone(), page).await)).await?;
    let columns = vec![
        Column::new(room.t("Order", "Bestellung")),
        Column::new(room.t("Status", "Status")),
        Column::new(room.t("Reference", "Referenz")),
        list.turning(Column::new(room.t("Created", "Angelegt"))),
        Column::new(room.t("Confirmed", "Bestätigt")),
        Column::right(room.t("Outstanding", "Offen")),
        Column::right(room.t("Total", "Summe")),
        Column::new(room.t("ID", "ID")),
    ];
    let rows = found.rows.iter().map(|order| order_row(&room, order)).collect();
    frame.list(&call, &room, list, columns, rows, found.next)
}

fn order_row(room: &Room, order: &OrderSummary) -> Vec<Cell> {
    let (tone, state) = names::order_state(&room.look, order.state);
    vec![
        Cell::link(&shared::number(room, order.number.as_deref(), order.id), &room.path(&format!("/orders/{}", order.id)), None),
        Cell::badge(tone, state),
        Cell::maybe(order.reference.as_deref()),
        Cell::moment(room, order.created_at),
        Cell::maybe_moment(room, order.placed_at),
        Cell::money(room, &order.open),
        order.total.as_ref().map_or_else(Cell::empty, |total| Cell::money(room, total)),
        Cell::code(room, &order.id.to_string()),
    ]
}

/// Its inventory and what it handed over: each license with where it stands (ORD-9).
async fn its_licenses(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let frame = Frame::new(&room, &p, Tab::Licenses);
    let name = format!("licenses-{}", p.code);
    let list = licenses::filtered(&room, List::new(&room, &call, &name)).empty(
        Icon::License,
        room.t("No licenses yet", "Noch keine Lizenzen"),
        room.t(
            "Confirmed orders and sales of its shops create licenses; each appears here with its status.",
            "Bestätigte Bestellungen und Verkäufe seiner Shops bringen Lizenzen; jede steht hier mit ihrem Stand.",
        ),
        None,
    );
    let list = Narrowing::new(&room, &call).text("product", room.t("Product (SKU or ID)", "Produkt (SKU oder ID)")).of(list, room.t("Product", "Produkt"));
    let wanted = licenses::wanted(&list, Some(p.id));
    let found = list.rows(&call, fetch!(|page| [call, wanted] tradepost_web::api::licenses::found(call, wanted.clone(), page).await)).await?;
    let rows = found.rows.iter().map(|license| crate::shared::licenses::row(&room, license)).collect();
    let columns = crate::shared::licenses::columns(&room, &list);
    frame.list(&call, &room, list, columns, rows, found.next)
}

async fn its_invoices(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let frame = Frame::new(&room, &p, Tab::Invoices);
    let name = format!("invoices-{}", p.code);
    let list = invoices::filtered(&room, List::new(&room, &call, &name)).searches().empty(
        Icon::Invoice,
        room.t("No invoices yet", "Noch keine Rechnungen"),
        room.t("Each confirmed order and each balance top-up creates one.", "Jede bestätigte Bestellung und jede Aufladung des Guthabens bringt eine."),
        None,
    );
    let wanted = invoices::asked(&room, &list, Some(p.id));
    let found = list.rows(&call, fetch!(|page| [call, wanted] invoices::found(call, wanted.clone(), page).await)).await?;
    let rows = found.rows.iter().map(|invoice| invoices::row(&room, invoice, None)).collect();
    let columns = invoices::columns(&room, &list, false);
    frame.list(&call, &room, list, columns, rows, found.next)
}

async fn its_fulfillments(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let frame = Frame::new(&room, &p, Tab::Fulfillments);
    let name = format!("fulfillments-{}", p.code);
    let list = fulfillments::filtered(&room, &call, List::new(&room, &call, &name)).empty(
        Icon::Code,
        room.t("No sales of external shops yet", "Noch keine Verkäufe externer Shops"),
        room.t(
            "What the reseller's own shop sells through the API or a dynamic URL appears here.",
            "Hier steht, was der eigene Shop des Resellers über die API oder eine dynamische URL verkauft.",
        ),
        None,
    );
    let filter = fulfillments::asked(&room, &list, Some(p.id));
    let found = list.rows(&call, fetch!(|page| [call, filter] tradepost_web::api::fulfillments::listed(call, filter.clone(), page).await)).await?;
    let rows = found.rows.iter().map(|row| crate::shared::fulfillments::cells(&room, row)).collect();
    let columns = crate::shared::fulfillments::columns(&room, &list);
    frame.list(&call, &room, list, columns, rows, found.next)
}

async fn happened(call: &Call, scope: PartnershipScope, page: PageRequest) -> Result<Page<AuditRow>, Problem> {
    let found = call.read(move |reader| Box::pin(async move { audit::timeline(reader, scope, page).await })).await?;
    Ok(Page { rows: found.rows.into_iter().map(AuditRow::from).collect(), next: found.next })
}

async fn timeline(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let frame = Frame::new(&room, &p, Tab::Timeline);
    let (scope, name) = (p.scope(), format!("timeline-{}", p.code));
    let list = List::new(&room, &call, &name);
    let found = list.rows(&call, fetch!(|page| [call] happened(call, scope, page).await)).await?;
    let columns =
        vec![Column::new(room.t("What", "Was")), Column::new(room.t("With", "Womit")), Column::new(room.t("By", "Von")), Column::new(room.t("When", "Wann"))];
    let rows = found.rows.iter().map(|entry| entry_row(&room, entry, &frame.path)).collect();
    frame.list(&call, &room, list, columns, rows, found.next)
}

fn entry_row(room: &Room, entry: &AuditRow, path: &str) -> Vec<Cell> {
    let (shown, _, text) = history::act(room, &entry.action);
    let subject = match place(room, &entry.subject, path) {
        Some(path) => html! { a href=(path) { code { (entry.subject) } } },
        None => html! { code { (entry.subject) } },
    };
    vec![
        Cell::shown_as(html! { span class="person" { (icon(shown)) (text) } }, Plain::Exact(entry.action.clone())),
        Cell::shown_as(subject, Plain::Exact(entry.subject.clone())),
        Cell::text(&history::by(room, &entry.actor.kind, &entry.actor.name)),
        Cell::moment(room, entry.at),
    ]
}

/// The page of what something was done to; nothing where that is the reseller itself. `path` is the reseller's page.
fn place(room: &Room, subject: &str, path: &str) -> Option<String> {
    match subject.split_once('_')?.0 {
        "par" => None,
        "crq" => Some(room.path(&format!("/cancel-requests/{subject}"))),
        "key" => room.may(Right::KeysManage).then(|| format!("{path}/api-keys/{subject}")),
        _ => history::place_of(room, subject),
    }
}

pub(super) fn routes(r: &mut Routes) {
    let right = Right::MerchantRead;
    r.get("/m/{merchant}/resellers/{id}/orders", "merchantResellerOrdersPage", orders).needs(right).page();
    r.get("/m/{merchant}/resellers/{id}/licenses", "merchantResellerLicensesPage", its_licenses).needs(right).page();
    r.get("/m/{merchant}/resellers/{id}/invoices", "merchantResellerInvoicesPage", its_invoices).needs(right).page();
    r.get("/m/{merchant}/resellers/{id}/fulfillments", "merchantResellerFulfillmentsPage", its_fulfillments).needs(right).page();
    r.get("/m/{merchant}/resellers/{id}/timeline", "merchantResellerTimelinePage", timeline).needs(right).page();
}
