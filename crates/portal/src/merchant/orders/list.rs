//! The list of orders.

use super::companies;
use crate::lists::{Cell, List, Narrowing, fetch};
use crate::names;
use crate::room::{Room, Spot};
use crate::shared::orders as shared;
use crate::shared::views;
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::orders::State;
use tradepost_domain::orders::queries::OrderFilter;
use tradepost_domain::partners::queries::{PartnershipFilter, PartnershipSort};
use tradepost_domain::saved_views::ListName;
use tradepost_domain::{PartnershipId, Right};
use tradepost_web::api::orders::{OrderSummary, listed};
use tradepost_web::api::partnerships;
use tradepost_web::{Answer, Call, Problem, Routes};

/// Resellers that can be chosen from; orders of others are found from their own pages.
const CHOICES: i64 = 200;

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let look = &room.look;
    let states = State::ALL.iter().map(|state| (state.name().to_owned(), names::order_state(look, *state).1.to_owned())).collect();
    let invite = Button::new(room.t("Show resellers", "Reseller zeigen")).icon(Icon::Reseller).to(&room.path("/resellers"));
    let views = views::of(&call, ListName::Orders).await?;
    let list = List::new(&room, &call, "orders")
        .searches()
        .views(views)
        .filter("state", states)
        .filter("held", vec![("yes".to_owned(), room.t("Held", "Gehalten").to_owned())])
        .empty(
            Icon::Order,
            room.t("No orders yet", "Noch keine Bestellungen"),
            room.t(
                "Your resellers' orders appear here as soon as the first one is created.",
                "Hier erscheinen die Bestellungen Ihrer Reseller, sobald die erste angelegt ist.",
            ),
            Some(invite),
        );
    let narrowing = Narrowing::new(&room, &call).choice("partnership", room.t("Reseller", "Reseller"), resellers(&call).await?);
    let list = shared::by_product_and_days(&room, narrowing).of(list, room.t("Reseller, product, dates", "Reseller, Produkt, Zeitraum"));
    let partnership: Option<PartnershipId> = list.asked("partnership").and_then(|id| id.parse().ok());
    let filter = shared::filter_of(&room, &list);
    if let Some(kind) = list.file() {
        return shared::exported(&room, &call, partnership, filter, kind).await;
    }
    let found = list.rows(&call, fetch!(|page| [call, filter] named(call, partnership, filter.clone(), page).await)).await?;
    let columns = vec![
        Column::new(room.t("Order", "Bestellung")),
        Column::new(room.t("Reseller", "Reseller")),
        Column::new(room.t("Status", "Status")),
        Column::new(room.t("Reference", "Referenz")),
        list.turning(Column::new(room.t("Created", "Angelegt"))),
        Column::right(room.t("Outstanding", "Offen")),
        Column::right(room.t("Total", "Summe")),
    ];
    let rows = found.rows.iter().map(|(order, company)| row(&room, order, company)).collect();
    let head = Head {
        crumbs: &[],
        title: room.t("Orders", "Bestellungen"),
        state: None,
        text: None,
        acts: Some(Button::new(room.t("Licenses", "Lizenzen")).icon(Icon::License).to(&room.path("/licenses"))),
    };
    list.answer(&call, Spot::Orders, &head, columns, rows, found.next)
}

fn row(room: &Room, order: &OrderSummary, company: &str) -> Vec<Cell> {
    let (tone, state) = names::order_state(&room.look, order.state);
    vec![
        Cell::link(&shared::number(room, order.number.as_deref(), order.id), &room.path(&format!("/orders/{}", order.id)), None),
        Cell::company(company, &room.path(&format!("/resellers/{}", order.partnership))),
        Cell::badge(tone, state),
        Cell::maybe(order.reference.as_deref()),
        Cell::moment(room, order.created_at),
        Cell::money(room, &order.open),
        order.total.as_ref().map_or_else(Cell::empty, |total| Cell::money(room, total)),
    ]
}

/// A page of orders, each with what its reseller is called.
async fn named(call: &Call, partnership: Option<PartnershipId>, filter: OrderFilter, page: PageRequest) -> Result<Page<(OrderSummary, String)>, Problem> {
    let found = listed(call, partnership, filter, page).await?;
    let names = companies(call, found.rows.iter().map(|order| order.partnership).collect()).await?;
    let rows = found.rows.into_iter().map(|order| {
        let company = names.get(&order.partnership).cloned().unwrap_or_default();
        (order, company)
    });
    Ok(Page { rows: rows.collect(), next: found.next })
}

/// Resellers by their name, by partnership: what the list can be narrowed to.
pub(in crate::merchant) async fn resellers(call: &Call) -> Result<Vec<(String, String)>, Problem> {
    let filter = PartnershipFilter { sort: PartnershipSort::Company, ..PartnershipFilter::default() };
    let found = partnerships::listed(call, filter, PageRequest { limit: CHOICES, before: None }).await?;
    Ok(found.rows.into_iter().map(|partnership| (partnership.id.to_string(), partnership.reseller.company)).collect())
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/orders", "merchantOrdersPage", list).needs(Right::MerchantRead).page();
}
