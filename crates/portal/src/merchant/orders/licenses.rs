//! The list of licenses, codes masked.

use super::companies;
use crate::lists::{Cell, List, fetch};
use crate::room::{Room, Spot};
use crate::shared::licenses as shared;
use tradepost_design::Icon;
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_domain::ids::OrderId;
use tradepost_domain::licenses::queries::LicenseFilter;
use tradepost_domain::licenses::{Stage, Status};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::{Right, orders};
use tradepost_web::api::licenses::{LicenseView, listed};
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes};

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let waiting = vec![(Status::WaitingForConfirmation.name().to_owned(), room.t("Waits for your confirmation", "Wartet auf Ihre Bestätigung").to_owned())];
    let mut list = List::new(&room, &call, "licenses").filter("stage", shared::stages(&room)).filter("status", waiting).empty(
        Icon::License,
        room.t("No licenses yet", "Noch keine Lizenzen"),
        room.t(
            "Each unit that a reseller orders is a license; it stands here from the moment the order is confirmed.",
            "Jede bestellte Einheit ist eine Lizenz; sie steht hier, sobald die Bestellung bestätigt ist.",
        ),
        None,
    );
    let order: Option<OrderId> = list.asked("order").and_then(|id| id.parse().ok());
    if let Some(id) = order {
        list = list.filter("order", vec![(id.to_string(), number_of(&call, &room, id).await?)]);
    }
    let filter =
        LicenseFilter { order, product: None, stage: list.asked("stage").and_then(Stage::from_name), status: list.asked("status").and_then(Status::from_name) };
    let found = list.rows(&call, fetch!(|page| [call] named(call, filter, page).await)).await?;
    let mut columns = shared::columns(&room);
    columns.insert(1, Column::new(room.t("Reseller", "Reseller")));
    let rows = found.rows.iter().map(|(license, company)| row(&room, license, company)).collect();
    let head = Head {
        crumbs: &[(room.t("Orders", "Bestellungen"), &room.path("/orders"))],
        title: room.t("Licenses", "Lizenzen"),
        state: None,
        text: None,
        acts: None,
    };
    list.answer(&call, Spot::Orders, &head, columns, rows, found.next)
}

fn row(room: &Room, license: &LicenseView, company: &str) -> Vec<Cell> {
    let mut cells = shared::row(room, license);
    cells.insert(1, Cell::company(company, &room.path(&format!("/resellers/{}", license.partnership))));
    cells
}

async fn named(call: &Call, filter: LicenseFilter, page: PageRequest) -> Result<Page<(LicenseView, String)>, Problem> {
    let found = listed(call, filter, page).await?;
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
