//! Orders, as both workspaces see them.

use crate::api::licenses::lock_reasons;
use crate::api::order_export::{HEAD, exported};
pub use crate::api::order_shapes::*;
use crate::api::reseller_products::step_view;
use crate::export::Form;
use crate::{Answer, Call, OrNotFound, Problem, Routes};
use tradepost_domain::ids::{OrderId, PartnershipId};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::orders::OrderRow;
use tradepost_domain::orders::cancel::CancelOrder;
use tradepost_domain::orders::change_draft::{ChangeDraft, DraftChange};
use tradepost_domain::orders::create_draft::{CreateDraft, WantedItem};
use tradepost_domain::orders::detail::{self, ItemDetail, OrderDetail};
use tradepost_domain::orders::place::PlaceOrder;
use tradepost_domain::orders::queries::{self, OrderFilter};
use tradepost_domain::orders::store::DraftFields;
use tradepost_domain::{MerchantScope, Right, billing};
use tradepost_kernel::Currency;

impl From<OrderRow> for OrderSummary {
    fn from(order: OrderRow) -> Self {
        let money = |minor| order.currency.minor(minor);
        Self {
            id: order.id,
            partnership: order.partnership,
            state: order.state,
            state_label: order.state.label(),
            total: order.placed.map(|_| money(order.total_minor)),
            paid: money(order.paid_minor),
            open: money(order.open_minor()),
            held: order.is_held(),
            approval: order.approval.as_ref().map(|approval| approval.state),
            created_at: order.created,
            placed_at: order.placed,
            released_at: order.released,
            completed_at: order.completed,
            canceled_at: order.canceled,
            number: order.number,
            reference: order.reference,
        }
    }
}

fn item_view(item: ItemDetail, currency: Currency) -> OrderItemView {
    OrderItemView {
        id: item.id,
        product: item.product,
        sku: item.sku,
        name: item.name,
        quantity: item.quantity,
        unit_price: item.unit_minor.map(|minor| currency.minor(minor)),
        line_total: item.line_minor.map(|minor| currency.minor(minor)),
        price_explanation: item.explanation.iter().flat_map(|explanation| &explanation.steps).map(|step| step_view(currency, step)).collect(),
    }
}

fn order_view(call: &Call, merchant: MerchantScope, detail: OrderDetail) -> OrderView {
    let order = detail.order;
    let money = |minor| order.currency.minor(minor);
    let [waiting, available, distributed, canceled] = detail.licenses;
    let link = |id| call.url(&format!("/i/{}", billing::link_token(&call.engine().vault, merchant.merchant, id)));
    OrderView {
        id: order.id,
        partnership: order.partnership,
        state: order.state,
        state_label: order.state.label(),
        currency: order.currency,
        total: detail.total_minor.map(money),
        paid: money(order.paid_minor),
        open: money(order.open_minor()),
        held: order.is_held(),
        reserved_until: order.reserved_until.filter(|_| order.is_held() && order.reservation_ended.is_none()),
        reservation_ended_at: order.reservation_ended,
        lock_reasons: lock_reasons(&detail.lock_reasons),
        approval: order.approval.map(|approval| ApprovalView {
            state: approval.state,
            asked_by: approval.asked_by,
            asked_by_name: detail.asked_by,
            note: approval.note,
        }),
        items: detail.items.into_iter().map(|item| item_view(item, order.currency)).collect(),
        licenses: LicenseCounts {
            waiting,
            available,
            distributed,
            canceled,
            downloadable: detail.downloadable,
            without_end_user: detail.end_users.missing,
            awaiting_end_user: detail.end_users.awaited,
            without_selling_company: detail.selling_companies.missing,
            awaiting_selling_company: detail.selling_companies.awaited,
        },
        invoice: detail.invoice.map(|(id, number, due_on)| OrderInvoice { id, number, due_on, url: link(id) }),
        created_at: order.created,
        updated_at: order.updated,
        placed_at: order.placed,
        released_at: order.released,
        completed_at: order.completed,
        canceled_at: order.canceled,
        number: order.number,
        reference: order.reference,
        contact: order.contact,
        delivery_address: order.delivery_address,
        cancel_note: order.cancel_note,
    }
}

/// The order as its page shows it, to the side that asks, and its version.
///
/// # Errors
/// 404; faults of the store.
pub async fn shown(call: &Call, id: OrderId) -> Result<(OrderView, i64), Problem> {
    let (merchant, of) = sides(call)?;
    let detail = call.read(move |reader| Box::pin(async move { detail::order(reader, merchant, of, id).await })).await?.or_not_found()?;
    let version = detail.order.version;
    Ok((order_view(call, merchant, detail), version))
}

/// The merchant, and the one partnership that a reseller's caller may see.
pub(crate) fn sides(call: &Call) -> Result<(MerchantScope, Option<PartnershipId>), Problem> {
    match call.caller().partnership() {
        Ok(scope) => Ok((scope.of_merchant(), Some(scope.partnership))),
        Err(_) => Ok((call.merchant()?, None)),
    }
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let id = call.path("id")?;
    let (view, version) = shown(&call, id).await?;
    Ok(Answer::ok(&view).etag(version))
}

/// A page of the orders that the side that asks may see; a merchant names a partnership or sees those of all.
///
/// # Errors
/// Faults of the store.
pub async fn listed(call: &Call, partnership: Option<PartnershipId>, filter: OrderFilter, page: PageRequest) -> Result<Page<OrderSummary>, Problem> {
    let (merchant, of) = sides(call)?;
    let of = of.or(partnership);
    let found = call.read(move |reader| Box::pin(async move { queries::list(reader, merchant, of, &filter, page).await })).await?;
    Ok(Page { rows: found.rows.into_iter().map(OrderSummary::from).collect(), next: found.next })
}

fn filter(query: OrderQuery) -> OrderFilter {
    OrderFilter {
        state: query.state,
        search: query.search.map(String::from),
        product: query.product.map(String::from),
        held: query.held.unwrap_or(false),
        created_from: query.created_from,
        created_to: query.created_to,
        sort: query.sort.unwrap_or_default(),
    }
}

async fn list_mine(call: Call) -> Result<Answer, Problem> {
    let filter = filter(call.query::<OrderQuery>()?);
    if call.wants_csv() {
        return exported(&call, None, filter, &HEAD, Form::Csv).await;
    }
    Ok(call.list(listed(&call, None, filter, call.page()?).await?, |order| order))
}

async fn list_all(call: Call) -> Result<Answer, Problem> {
    let MerchantOrderQuery { partnership, orders } = call.query()?;
    let filter = filter(orders);
    if call.wants_csv() {
        return exported(&call, partnership, filter, &HEAD, Form::Csv).await;
    }
    Ok(call.list(listed(&call, partnership, filter, call.page()?).await?, |order| order))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let draft = call.body::<NewDraft>()?;
    let items = draft.items.unwrap_or_default().into_iter();
    let command = CreateDraft {
        fields: DraftFields {
            reference: draft.reference.map(String::from),
            contact: draft.contact.map(String::from),
            delivery_address: draft.delivery_address.map(String::from),
        },
        items: items.map(|item| WantedItem { product: item.product.into(), quantity: item.quantity.get() }).collect(),
    };
    let done = call.execute(command).await?;
    let (view, version) = shown(&call, done.outcome.order).await?;
    Ok(Answer::created(&view, &call.location(view.id)).etag(version))
}

/// A new draft with the lines of an order that was made before, at today's prices (ORD-11).
async fn reorder(call: Call) -> Result<Answer, Problem> {
    let (past, _) = shown(&call, call.path("id")?).await?;
    let command = CreateDraft {
        fields: DraftFields { reference: None, contact: past.contact, delivery_address: past.delivery_address },
        items: past.items.into_iter().map(|item| WantedItem { product: item.product.text(), quantity: item.quantity }).collect(),
    };
    let done = call.execute(command).await?;
    let (view, version) = shown(&call, done.outcome.order).await?;
    Ok(Answer::created(&view, &format!("/v1/reseller/orders/{}", view.id)).etag(version))
}

async fn change(call: &Call, change: DraftChange) -> Result<OrderId, Problem> {
    let command = ChangeDraft { order: call.path("id")?, if_version: call.if_match()?, change };
    Ok(call.execute(command).await?.outcome.order)
}

async fn changed(call: &Call, what: DraftChange) -> Result<Answer, Problem> {
    let order = change(call, what).await?;
    let (view, version) = shown(call, order).await?;
    Ok(Answer::ok(&view).etag(version))
}

async fn update(call: Call) -> Result<Answer, Problem> {
    let patch = call.body::<DraftPatch>()?;
    let fields = DraftChange::Fields {
        reference: patch.reference.map(String::from).change(),
        contact: patch.contact.map(String::from).change(),
        delivery_address: patch.delivery_address.map(String::from).change(),
    };
    changed(&call, fields).await
}

async fn add_item(call: Call) -> Result<Answer, Problem> {
    let item = call.body::<NewOrderItem>()?;
    let merge = item.merge.unwrap_or(false);
    let item = WantedItem { product: item.product.into(), quantity: item.quantity.get() };
    changed(&call, DraftChange::AddItem { item, merge }).await
}

async fn change_item(call: Call) -> Result<Answer, Problem> {
    let quantity = call.body::<ItemPatch>()?.quantity.get();
    changed(&call, DraftChange::SetQuantity { item: call.path("item")?, quantity }).await
}

async fn remove_item(call: Call) -> Result<Answer, Problem> {
    changed(&call, DraftChange::RemoveItem { item: call.path("item")? }).await
}

async fn cancel_draft(call: Call) -> Result<Answer, Problem> {
    changed(&call, DraftChange::Cancel).await
}

async fn delete_draft(call: Call) -> Result<Answer, Problem> {
    change(&call, DraftChange::Delete).await?;
    Ok(Answer::no_content())
}

async fn confirm(call: Call) -> Result<Answer, Problem> {
    let done = call.execute(PlaceOrder { order: call.path("id")?, if_version: call.if_match()? }).await?;
    let (view, version) = shown(&call, done.outcome.order).await?;
    Ok(Answer::ok(&view).etag(version))
}

async fn cancel(call: Call) -> Result<Answer, Problem> {
    let note = call.body::<Cancellation>()?.note.into();
    let done = call.execute(CancelOrder { order: call.path("id")?, note }).await?;
    let (view, version) = shown(&call, done.outcome.order).await?;
    Ok(Answer::ok(&view).etag(version))
}

/// Every route of orders.
pub fn routes(r: &mut Routes) {
    reseller_routes(r);
    let tag = "Orders (merchant)";
    r.get("/v1/merchant/orders", "listMerchantOrders", list_all)
        .tag(tag)
        .doc("Lists orders, newest first. With `Accept: text/csv` all of them that the filters find, as a file.")
        .needs(Right::MerchantRead)
        .query::<MerchantOrderQuery>()
        .lists::<OrderSummary>();
    r.get("/v1/merchant/orders/{id}", "getMerchantOrder", get)
        .tag(tag)
        .doc("One order with items, prices, lock reasons and invoice.")
        .needs(Right::MerchantRead)
        .answers::<OrderView>(200);
    r.post("/v1/merchant/orders/{id}/cancel", "cancelMerchantOrder", cancel)
        .tag(tag)
        .doc("Cancels a confirmed order. Keys go back to stock, the debt is reversed, what was paid becomes account balance, the invoice is canceled, and the reseller is told by mail, always. Refused once a code was shown, and for free orders.")
        .needs(Right::OrdersManage)
        .body::<Cancellation>()
        .answers::<OrderView>(200)
        .command::<CancelOrder>();
}

fn reseller_routes(r: &mut Routes) {
    let tag = "Orders";
    r.get("/v1/reseller/orders", "listOrders", list_mine)
        .tag(tag)
        .doc("Lists the partnership's orders, newest first. With `Accept: text/csv` all of them that the filters find, as a file.")
        .needs(Right::OrdersRead)
        .query::<OrderQuery>()
        .lists::<OrderSummary>();
    r.post("/v1/reseller/orders", "createOrder", create)
        .tag(tag)
        .doc("Creates a draft, with items where given. Nothing is reserved, invoiced or counted against credit.")
        .needs(Right::OrdersPlace)
        .body::<NewDraft>()
        .answers::<OrderView>(201)
        .command::<CreateDraft>();
    r.get("/v1/reseller/orders/{id}", "getOrder", get)
        .tag(tag)
        .doc("One order with items, prices, lock reasons and invoice.")
        .needs(Right::OrdersRead)
        .answers::<OrderView>(200);
    r.patch("/v1/reseller/orders/{id}", "updateOrder", update)
        .tag(tag)
        .doc("Changes reference, contact or address of a draft.")
        .needs(Right::OrdersPlace)
        .body::<DraftPatch>()
        .answers::<OrderView>(200)
        .command::<ChangeDraft>();
    r.delete("/v1/reseller/orders/{id}", "deleteOrder", delete_draft)
        .tag(tag)
        .doc("Removes a draft.")
        .needs(Right::OrdersPlace)
        .answers_nothing(204)
        .command::<ChangeDraft>();
    r.post("/v1/reseller/orders/{id}/reorder", "reorderOrder", reorder)
        .tag(tag)
        .doc("Orders again: creates a draft with the lines, contact and address of an order that was made before, at today's prices.")
        .needs(Right::OrdersPlace)
        .answers::<OrderView>(201)
        .command::<CreateDraft>();
    item_routes(r);
    r.post("/v1/reseller/orders/{id}/confirm", "confirmOrder", confirm)
        .tag(tag)
        .doc("Confirms a draft: the order is placed and can't be changed afterwards. Prices are fixed, keys reserved, the invoice issued. Beyond the credit limit it is accepted and held as a whole. `If-Match` is honored: what a colleague changed meanwhile is not placed.")
        .needs(Right::OrdersPlace)
        .answers::<OrderView>(200)
        .command::<PlaceOrder>();
    r.post("/v1/reseller/orders/{id}/cancel", "cancelOrder", cancel_draft)
        .tag(tag)
        .doc("Cancels a draft; it stays as `canceled`. A confirmed order is the merchant's to cancel.")
        .needs(Right::OrdersPlace)
        .answers::<OrderView>(200)
        .command::<ChangeDraft>();
}

fn item_routes(r: &mut Routes) {
    let tag = "Orders";
    r.post("/v1/reseller/orders/{id}/items", "addOrderItem", add_item)
        .tag(tag)
        .doc("Adds an item to a draft. The same product twice makes two items, unless `merge` is asked for.")
        .needs(Right::OrdersPlace)
        .body::<NewOrderItem>()
        .answers::<OrderView>(200)
        .command::<ChangeDraft>();
    r.patch("/v1/reseller/orders/{id}/items/{item}", "updateOrderItem", change_item)
        .tag(tag)
        .doc("Changes the quantity of a draft's item.")
        .needs(Right::OrdersPlace)
        .body::<ItemPatch>()
        .answers::<OrderView>(200)
        .command::<ChangeDraft>();
    r.delete("/v1/reseller/orders/{id}/items/{item}", "removeOrderItem", remove_item)
        .tag(tag)
        .doc("Removes an item of a draft, and answers the draft.")
        .needs(Right::OrdersPlace)
        .answers::<OrderView>(200)
        .command::<ChangeDraft>();
}
