//! The lists of licenses, codes masked: all of a merchant's, and those of one reseller (PAR-17). What waits for the merchant's word is ticked there and
//! confirmed, whatever orders it is of (FUL-4).

use super::list::resellers;
use super::{asked, companies};
use crate::lists::{Cell, List, Narrowing, fetch};
use crate::room::{Room, Spot};
use crate::shared::licenses as shared;
use crate::shared::views;
use maud::{Markup, html};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon};
use tradepost_domain::ids::{OrderId, PartnershipId};
use tradepost_domain::licenses::queries::LicenseFilter;
use tradepost_domain::licenses::{Stage, Status};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::orders::queries::LicenseSearch;
use tradepost_domain::saved_views::ListName;
use tradepost_domain::{Right, orders};
use tradepost_web::api::licenses::{LicenseView, found};
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes};

/// The form of the boxes: they stand in the table, it above them.
const BOXES: &str = "to-confirm";

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let views = views::of(&call, ListName::Licenses).await?;
    let mut list = filtered(&room, List::new(&room, &call, "licenses")).views(views).empty(
        Icon::License,
        room.t("No licenses yet", "Noch keine Lizenzen"),
        room.t(
            "Each unit that a reseller orders is a license; it appears here as soon as the order is confirmed.",
            "Jede bestellte Einheit ist eine Lizenz; sie steht hier, sobald die Bestellung bestätigt ist.",
        ),
        None,
    );
    if let Some(id) = list.asked("order").and_then(|id| id.parse::<OrderId>().ok()) {
        list = list.filter("order", vec![(id.to_string(), number_of(&call, &room, id).await?)]);
    }
    let narrowing = Narrowing::new(&room, &call)
        .choice("partnership", room.t("Reseller", "Reseller"), resellers(&call).await?)
        .text("product", room.t("Product (SKU or ID)", "Produkt (SKU oder ID)"));
    let mut list = narrowing.of(list, room.t("Reseller, product", "Reseller, Produkt"));
    let wanted = wanted(&list, list.asked("partnership").and_then(|id| id.parse().ok()));
    let found = list.rows(&call, fetch!(|page| [call, wanted] named(call, wanted.clone(), page).await)).await?;
    let mut columns = shared::columns(&room, &list);
    columns.insert(1, Column::new(room.t("Reseller", "Reseller")));
    let ticks = list.file().is_none() && room.may(Right::FulfillmentConfirm) && wanted.filter.status == Some(Status::WaitingForConfirmation);
    if ticks {
        columns.insert(0, Column::new(""));
        let acts = confirming(&room, &list, found.rows.is_empty());
        list = list.boxes().before(acts);
    }
    let all = asked(&call, "select").is_some();
    let mut rows: Vec<Vec<Cell>> = found.rows.iter().map(|(license, company)| row(&room, license, company)).collect();
    if ticks {
        for (cells, (license, _)) in rows.iter_mut().zip(&found.rows) {
            cells.insert(0, tick(license, all));
        }
    }
    let head = Head {
        crumbs: &[(room.t("Orders", "Bestellungen"), &room.path("/orders"))],
        title: room.t("Licenses", "Lizenzen"),
        state: None,
        text: None,
        acts: None,
    };
    list.answer(&call, Spot::Orders, &head, columns, rows, found.next)
}

/// A list of licenses with what it can be searched and filtered by.
pub(in crate::merchant) fn filtered<'a>(room: &Room, list: List<'a>) -> List<'a> {
    let waiting = vec![(Status::WaitingForConfirmation.name().to_owned(), room.t("Awaiting your confirmation", "Wartet auf Ihre Bestätigung").to_owned())];
    list.searches().filter("stage", shared::stages(room)).filter("status", waiting)
}

/// What such a list asks for.
pub(in crate::merchant) fn wanted(list: &List<'_>, partnership: Option<PartnershipId>) -> LicenseSearch {
    let order: Option<OrderId> = list.asked("order").and_then(|id| id.parse().ok());
    let (stage, status) = (list.asked("stage").and_then(Stage::from_name), list.asked("status").and_then(Status::from_name));
    let filter = LicenseFilter { order, product: None, stage, status, sort: list.by_age() };
    LicenseSearch { partnership, product: list.asked("product").map(ToOwned::to_owned), search: list.searched(), filter }
}

/// What can be done with what is ticked: the boxes are this form's, wherever they stand.
fn confirming(room: &Room, list: &List<'_>, empty: bool) -> Markup {
    html! {
        @if !empty {
            form class="button-row" id=(BOXES) method="get" action=(room.path("/licenses/confirm")) {
                (Button::new(room.t("Confirm what is ticked", "Angekreuzte bestätigen")).primary().icon(Icon::Check).submit())
                (Button::new(room.t("Tick all on this page", "Alle auf dieser Seite ankreuzen")).to(&list.place(&[("select", "page")])))
            }
        }
    }
}

fn tick(license: &LicenseView, ticked: bool) -> Cell {
    let id = license.id.to_string();
    Cell::acts(html! { input type="checkbox" name="licenses" value=(id) form=(BOXES) checked[ticked] data-row="" aria-label=(id); })
}

fn row(room: &Room, license: &LicenseView, company: &str) -> Vec<Cell> {
    let mut cells = shared::row(room, license);
    cells.insert(1, Cell::company(company, &room.path(&format!("/resellers/{}", license.partnership))));
    cells
}

async fn named(call: &Call, wanted: LicenseSearch, page: PageRequest) -> Result<Page<(LicenseView, String)>, Problem> {
    let found = found(call, wanted, page).await?;
    let names = companies(call, found.rows.iter().map(|license| license.partnership).collect()).await?;
    let rows = found.rows.into_iter().map(|license| {
        let company = names.get(&license.partnership).cloned().unwrap_or_default();
        (license, company)
    });
    Ok(Page { rows: rows.collect(), next: found.next })
}

/// The words of the chip for one order's licenses.
async fn number_of(call: &Call, room: &Room, id: OrderId) -> Result<String, Problem> {
    let scope = call.merchant()?;
    let order = call.read(move |reader| Box::pin(async move { orders::queries::order(reader, scope, None, id).await })).await?.or_not_found()?;
    Ok(format!("{} {}", room.t("Order", "Bestellung"), crate::shared::orders::number(room, order.number.as_deref(), id)))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/licenses", "merchantLicensesPage", list).needs(Right::MerchantRead).page();
}
