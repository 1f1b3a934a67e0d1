//! The reseller's orders: the list, a new one, the page of one, and its final steps (ORD-1 … ORD-4, ORD-7, ORD-10, ORD-11).

mod approval;
mod begin;
mod page;
mod pick;
mod steps;
mod total;
mod wanted;

use crate::lists::{Cell, List, fetch};
use crate::names;
use crate::room::{Room, Spot};
use crate::shared::{attach, orders as shared, views};
use begin::DraftForm;
use page::{ItemForm, QuantityForm};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon};
use tradepost_domain::Right;
use tradepost_domain::orders::State;
use tradepost_domain::orders::attach::{AttachToOrder, Kind};
use tradepost_domain::orders::change_draft::ChangeDraft;
use tradepost_domain::orders::create_draft::CreateDraft;
use tradepost_domain::orders::download::DownloadLicenses;
use tradepost_domain::orders::place::PlaceOrder;
use tradepost_domain::saved_views::ListName;
use tradepost_web::api::licenses::{OrderEndUserInput, OrderSellingCompanyInput};
use tradepost_web::api::orders::{OrderSummary, listed};
use tradepost_web::{Answer, Call, Problem, Routes};

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let look = &room.look;
    let new = Button::new(room.t("New order", "Neue Bestellung")).primary().icon(Icon::Add).to(&room.path("/orders/new"));
    let states = State::ALL.iter().map(|state| (state.name().to_owned(), names::order_state(look, *state).1.to_owned())).collect();
    let views = views::of(&call, ListName::Orders).await?;
    let list = List::new(&room, &call, "orders").searches().views(views).filter("state", states).empty(
        Icon::Order,
        room.t("No orders yet", "Noch keine Bestellungen"),
        room.t(
            "An order adds licenses to your inventory, on credit or after payment.",
            "Eine Bestellung bringt Lizenzen in Ihren Bestand, auf Kredit oder nach Zahlung.",
        ),
        room.may(Right::OrdersPlace).then(|| new.clone()),
    );
    let list = shared::narrowed(&room, &call, list);
    let filter = shared::filter_of(&room, &list);
    if let Some(kind) = list.file() {
        return shared::exported(&room, &call, None, filter, kind).await;
    }
    let found = list.rows(&call, fetch!(|page| [call, filter] listed(call, None, filter.clone(), page).await)).await?;
    let columns = vec![
        Column::new(room.t("Order", "Bestellung")),
        Column::new(room.t("Status", "Status")),
        Column::new(room.t("Reference", "Ihre Referenz")),
        list.turning(Column::new(room.t("Created", "Angelegt"))),
        Column::right(room.t("Outstanding", "Offen")),
        Column::right(room.t("Total", "Summe")),
    ];
    let row = |order: &OrderSummary| {
        let (tone, state) = names::order_state(look, order.state);
        vec![
            Cell::link(&shared::number(&room, order.number.as_deref(), order.id), &room.path(&format!("/orders/{}", order.id)), None),
            approval::cell(&room, (tone, state), order.approval),
            Cell::maybe(order.reference.as_deref()),
            Cell::moment(&room, order.created_at),
            Cell::money(&room, &order.open),
            order.total.as_ref().map_or_else(Cell::empty, |total| Cell::money(&room, total)),
        ]
    };
    let rows = found.rows.iter().map(row).collect();
    let acts = room.may(Right::OrdersPlace).then_some(new);
    let head = Head { crumbs: &[], title: room.t("Orders", "Bestellungen"), state: None, text: None, acts };
    list.answer(&call, Spot::Orders, &head, columns, rows, found.next)
}

/// Who the licenses of an order are for, and which company sells them on.
fn attach_routes(r: &mut Routes) {
    let (owner, company) = ("/r/{partnership}/orders/{id}/end-user", "/r/{partnership}/orders/{id}/reseller");
    r.get(owner, "orderEndUserPage", |call| attach::ask(call, Kind::EndUser)).needs(Right::LicensesDistribute).page();
    r.post(owner, "orderEndUserForm", |call| attach::attach(call, Kind::EndUser))
        .needs(Right::LicensesDistribute)
        .page()
        .form::<OrderEndUserInput>()
        .command::<AttachToOrder>();
    r.get(company, "orderSellingCompanyPage", |call| attach::ask(call, Kind::SellingCompany)).needs(Right::LicensesDistribute).page();
    r.post(company, "orderSellingCompanyForm", |call| attach::attach(call, Kind::SellingCompany))
        .needs(Right::LicensesDistribute)
        .page()
        .form::<OrderSellingCompanyInput>()
        .command::<AttachToOrder>();
}

pub(super) fn routes(r: &mut Routes) {
    approval::routes(r);
    attach_routes(r);
    r.get("/r/{partnership}/orders", "ordersPage", list).needs(Right::OrdersRead).page();
    r.get("/r/{partnership}/orders/new", "newOrderPage", begin::begin).needs(Right::OrdersPlace).page();
    r.post("/r/{partnership}/orders", "createOrderForm", begin::create)
        .needs(Right::OrdersPlace)
        .page()
        .upload(begin::LARGEST_FORM)
        .or_form()
        .command::<CreateDraft>();
    r.post("/r/{partnership}/orders/quote", "quoteOrderForm", total::quote).needs(Right::OrdersPlace).page().form::<DraftForm>();
    r.get("/r/{partnership}/orders/{id}", "orderPage", page::show).needs(Right::OrdersRead).page();
    r.post("/r/{partnership}/orders/{id}", "changeOrderForm", page::update).needs(Right::OrdersPlace).page().form::<DraftForm>().command::<ChangeDraft>();
    r.get("/r/{partnership}/orders/{id}/items", "itemsPage", pick::dialog).needs(Right::OrdersPlace).page();
    r.post("/r/{partnership}/orders/{id}/items", "addItemForm", page::add_item).needs(Right::OrdersPlace).page().form::<ItemForm>().command::<ChangeDraft>();
    r.post("/r/{partnership}/orders/{id}/items/{item}", "changeItemForm", page::change_item)
        .needs(Right::OrdersPlace)
        .page()
        .form::<QuantityForm>()
        .command::<ChangeDraft>();
    r.get("/r/{partnership}/orders/{id}/items/{item}/remove", "removeItemPage", steps::ask_remove).needs(Right::OrdersPlace).page();
    r.post("/r/{partnership}/orders/{id}/items/{item}/remove", "removeItemForm", page::remove_item).needs(Right::OrdersPlace).page().command::<ChangeDraft>();
    r.get("/r/{partnership}/orders/{id}/confirm", "confirmOrderPage", steps::ask_confirm).needs(Right::OrdersPlace).page();
    r.post("/r/{partnership}/orders/{id}/confirm", "confirmOrderForm", steps::confirm).needs(Right::OrdersPlace).page().command::<PlaceOrder>();
    r.get("/r/{partnership}/orders/{id}/cancel", "cancelOrderPage", steps::ask_cancel).needs(Right::OrdersPlace).page();
    r.post("/r/{partnership}/orders/{id}/cancel", "cancelOrderForm", steps::cancel).needs(Right::OrdersPlace).page().command::<ChangeDraft>();
    r.get("/r/{partnership}/orders/{id}/delete", "deleteOrderPage", steps::ask_delete).needs(Right::OrdersPlace).page();
    r.post("/r/{partnership}/orders/{id}/delete", "deleteOrderForm", steps::delete).needs(Right::OrdersPlace).page().command::<ChangeDraft>();
    r.post("/r/{partnership}/orders/{id}/licenses.csv", "downloadOrderLicensesForm", steps::download)
        .needs(Right::LicensesDistribute)
        .fresh()
        .page()
        .command::<DownloadLicenses>();
}
