//! The page of an order, and what a draft's changes on it.

use super::begin::DraftForm;
use crate::forms::{self, Typed};
use crate::names;
use crate::room::{Room, Spot, done};
use crate::shared::orders as shared;
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Field, Icon, Table, badge, form, note};
use tradepost_domain::Right;
use tradepost_domain::ids::{OrderId, OrderItemId};
use tradepost_domain::listing::PageRequest;
use tradepost_domain::orders::State;
use tradepost_domain::orders::change_draft::{ChangeDraft, DraftChange};
use tradepost_domain::orders::create_draft::WantedItem;
use tradepost_kernel::Refusal;
use tradepost_web::api::orders::{OrderItemView, OrderView, shown};
use tradepost_web::api::timelines;
use tradepost_web::fields::{Line, Quantity};
use tradepost_web::form::FORM_KEY;
use tradepost_web::{Answer, Call, Problem, input};

input! {
    /// The form of one more item.
    pub struct ItemForm {
        /// SKU or id.
        pub product: Line<64>,
        /// How many.
        pub quantity: Quantity,
    }

    /// The form of another quantity.
    pub struct QuantityForm {
        /// How many.
        pub quantity: Quantity,
    }
}

pub(super) async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (order, _) = shown(&call, call.path("id")?).await?;
    order_page(&call, &room, &order, &Typed::default()).await
}

async fn order_page(call: &Call, room: &Room, order: &OrderView, typed: &Typed) -> Result<Answer, Problem> {
    let (tone, state) = names::order_state(&room.look, order.state);
    let timeline = timelines::order_timeline(call, order.id, PageRequest { limit: 50, before: None }).await?;
    let path = room.path(&format!("/orders/{}", order.id));
    let draft = order.state == State::Draft && room.may(Right::OrdersPlace);
    let inside = html! {
        (typed.mistakes(&room.look))
        (shared::lock_notes(room, order, &path))
        div class="columns" {
            div {
                @if draft { (draft_items(call, room, order, typed, &path)) } @else { (shared::items(room, order)) }
                @if draft { (draft_fields(call, room, order, typed, &path)) }
                (shared::timeline(room, &timeline.rows))
            }
            div {
                (shared::amounts(room, order))
                (shared::licenses(room, order))
                (shared::facts_card(room, order))
            }
        }
    };
    let head = Head {
        crumbs: &[(room.t("Orders", "Bestellungen"), &room.path("/orders"))],
        title: &shared::number(room, order.number.as_deref(), order.id),
        state: Some(badge(tone, state)),
        text: None,
        acts: Some(acts(call, room, order, draft, &path)),
    };
    Ok(room.page(Spot::Orders, &head, &inside))
}

fn acts(call: &Call, room: &Room, order: &OrderView, draft: bool, path: &str) -> Markup {
    let may_place = room.may(Right::OrdersPlace);
    html! {
        @if draft {
            (Button::new(room.t("Delete", "Löschen")).quiet().icon(Icon::Delete).opens_dialog().to(&format!("{path}/delete")))
            (Button::new(room.t("Cancel draft", "Entwurf stornieren")).opens_dialog().to(&format!("{path}/cancel")))
            (Button::new(room.t("Confirm order", "Bestellung bestätigen")).primary().icon(Icon::Check).opens_dialog().to(&format!("{path}/confirm")))
        } @else {
            @if may_place { (Button::new(room.t("Order again", "Erneut bestellen")).icon(Icon::Refresh).to(&room.path(&format!("/orders/new?again={}", order.id)))) }
            @if let Some(invoice) = &order.invoice { (Button::new(room.t("Invoice", "Rechnung")).icon(Icon::Invoice).to(&room.path(&format!("/invoices/{}", invoice.id)))) }
            @if order.licenses.available > 0 && room.may(Right::LicensesDistribute) {
                (forms::act(call, &format!("{path}/licenses.csv"), &Button::new(room.t("Download licenses", "Lizenzen laden")).primary().icon(Icon::Download)))
            }
        }
    }
}

fn draft_items(call: &Call, room: &Room, order: &OrderView, typed: &Typed, path: &str) -> Markup {
    // Each of these forms has a quantity: what was typed belongs to the one that was sent.
    let sent = |place: &str| Some(typed).filter(|typed| typed.is_wrong() && call.request_path() == place);
    let row = |item: &OrderItemView| {
        let place = format!("{path}/items/{}", item.id);
        let wrong = sent(&place);
        let count = wrong.map_or_else(|| item.quantity.to_string(), |typed| typed.value("quantity").to_owned());
        let invalid = wrong.map(|_| "true");
        vec![
            html! { span class="row" { (item.name) } span class="under" { code { (item.sku) } } },
            html! {
                form class="inline" method="post" action=(place) {
                    (form::unseen(&[(FORM_KEY, &call.form_key())]))
                    input class="short" type="number" inputmode="numeric" min="1" max=(Quantity::MOST) name="quantity" value=(count) required aria-invalid=[invalid] aria-label={ (room.t("Quantity", "Anzahl")) ": " (item.name) };
                    (Button::new(room.t("Change", "Ändern")).small().submit())
                }
            },
            shared::price_cell(room, item.unit_price.as_ref()),
            shared::price_cell(room, item.line_total.as_ref()),
            forms::act(call, &format!("{place}/remove"), &Button::new(room.t("Remove", "Entfernen")).small().quiet().bare().icon(Icon::Delete)),
        ]
    };
    let table = Table {
        caption: room.t("Items", "Positionen"),
        columns: vec![
            Column::new(room.t("Product", "Produkt")),
            Column::new(room.t("Quantity", "Anzahl")),
            Column::right(room.t("Your price", "Ihr Preis")),
            Column::right(room.t("Line", "Zeile")),
            Column::new(""),
        ],
        rows: order.items.iter().map(row).collect(),
        foot: None,
    };
    let untouched = Typed::default();
    let typed = sent(&format!("{path}/items")).unwrap_or(&untouched);
    let add = html! {
        (typed.field("product", room.t("SKU", "SKU")).example("KEY-PRO").text())
        (Field::new("quantity", room.t("Quantity", "Anzahl")).value(if typed.value("quantity").is_empty() { "1" } else { typed.value("quantity") }).wrong(typed.wrong("quantity")).numeric().text())
    };
    html! {
        (Card::new(room.t("Items", "Positionen")).around(html! {
            @if order.items.is_empty() { (note::empty(Icon::Package, room.t("No items yet", "Noch keine Positionen"), room.t("Add the first one below.", "Fügen Sie unten die erste hinzu."), None)) } @else { (table.draw()) }
        }))
        (Card::new(room.t("Add an item", "Position hinzufügen")).with(forms::form(call, &room.look, &format!("{path}/items"), &add, &Button::new(room.t("Add", "Hinzufügen")).icon(Icon::Add), None)))
    }
}

fn draft_fields(call: &Call, room: &Room, order: &OrderView, typed: &Typed, path: &str) -> Markup {
    let optional = room.t("optional", "freiwillig");
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let stored = Typed::new([("reference", text(&order.reference)), ("contact", text(&order.contact)), ("delivery_address", text(&order.delivery_address))]);
    let typed = if typed.is_wrong() && call.request_path() == path { typed } else { &stored };
    let fields = html! {
        (typed.field("reference", room.t("Your reference", "Ihr Zeichen")).optional(optional).text())
        (typed.field("contact", room.t("Contact", "Ansprechpartner")).optional(optional).text())
        (typed.field("delivery_address", room.t("Delivery address", "Lieferadresse")).optional(optional).whole().lines())
    };
    Card::new(room.t("Details", "Angaben")).with(forms::form(call, &room.look, path, &fields, &Button::new(room.t("Save", "Sichern")), None))
}

/// After a change of a draft: back to its page, or the page with what was wrong.
pub(super) async fn after(call: &Call, changed: Result<(), Problem>, said: (&str, &str)) -> Result<Answer, Problem> {
    let room = Room::enter(call).await?;
    let id: OrderId = call.path("id")?;
    match changed {
        Ok(()) => Ok(done(call, &room.path(&format!("/orders/{id}")), room.t(said.0, said.1))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(call, &room.look, no)?);
            let (order, _) = shown(call, id).await?;
            Ok(order_page(call, &room, &order, &typed).await?.with_status(status))
        }
    }
}

pub(super) async fn change(call: &Call, change: DraftChange) -> Result<(), Problem> {
    call.execute(ChangeDraft { order: call.path("id")?, if_version: None, change }).await.map(drop)
}

pub(super) async fn update(call: Call) -> Result<Answer, Problem> {
    let changed = match call.form::<DraftForm>() {
        Ok(form) => {
            let fields = DraftChange::Fields {
                reference: Some(form.reference.map(String::from)),
                contact: Some(form.contact.map(String::from)),
                delivery_address: Some(form.delivery_address.map(String::from)),
            };
            change(&call, fields).await
        }
        Err(no) => Err(no),
    };
    after(&call, changed, ("Draft saved.", "Entwurf gesichert.")).await
}

pub(super) async fn add_item(call: Call) -> Result<Answer, Problem> {
    let changed = match call.form::<ItemForm>() {
        Ok(form) => {
            let item = WantedItem { product: form.product.into(), quantity: form.quantity.get() };
            change(&call, DraftChange::AddItem { item, merge: true }).await.map_err(no_product)
        }
        Err(no) => Err(no),
    };
    after(&call, changed, ("Item added.", "Position hinzugefügt.")).await
}

/// What is not found is the product that was typed, not the page: where the order is not there, the page is not drawn either.
fn no_product(no: Problem) -> Problem {
    if no.status() == StatusCode::NOT_FOUND { Refusal::invalid("product_not_found", "There is no such product.").at("/product").into() } else { no }
}

pub(super) async fn change_item(call: Call) -> Result<Answer, Problem> {
    let item: OrderItemId = call.path("item")?;
    let changed = match call.form::<QuantityForm>() {
        Ok(form) => change(&call, DraftChange::SetQuantity { item, quantity: form.quantity.get() }).await,
        Err(no) => Err(no),
    };
    after(&call, changed, ("Quantity changed.", "Anzahl geändert.")).await
}

pub(super) async fn remove_item(call: Call) -> Result<Answer, Problem> {
    let changed = change(&call, DraftChange::RemoveItem { item: call.path("item")? }).await;
    after(&call, changed, ("Item removed.", "Position entfernt.")).await
}
