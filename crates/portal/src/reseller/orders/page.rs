//! The page of an order, and what a draft's changes on it.

use super::approval;
use super::begin::DraftForm;
use crate::forms::{self, Typed};
use crate::names;
use crate::room::{Room, Spot, done};
use crate::shared::history::{self, Stands};
use crate::shared::orders as shared;
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Field, Icon, Table, badge, form, note, value};
use tradepost_domain::Right;
use tradepost_domain::ids::{OrderId, OrderItemId};
use tradepost_domain::orders::State;
use tradepost_domain::orders::change_draft::{ChangeDraft, DraftChange};
use tradepost_domain::orders::create_draft::WantedItem;
use tradepost_domain::partners::spending::Spending;
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
    let timeline = timelines::order_timeline(call, order.id, history::asked(call)?).await?;
    let path = room.path(&format!("/orders/{}", order.id));
    let draft = approval::may_change(room, order);
    let binding = approval::binding(call, room, order).await?;
    let inside = html! {
        (typed.mistakes(&room.look))
        (approval::notes(room, order, binding.as_ref()))
        (shared::lock_notes(room, order, &path))
        div class="columns" {
            div {
                @if draft { (draft_items(call, room, order, typed, &path)) } @else { (shared::items(room, order)) }
                @if draft { (draft_fields(call, room, order, typed, &path)) }
                (history::card(call, room, room.t("Timeline", "Verlauf"), &timeline, Stands { path: &path, operation: "orderPage" }))
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
        acts: Some(acts(call, room, order, binding.as_ref(), &path)),
    };
    Ok(room.page(Spot::Orders, &head, &inside))
}

fn acts(call: &Call, room: &Room, order: &OrderView, binding: Option<&Spending>, path: &str) -> Markup {
    let may_place = room.may(Right::OrdersPlace);
    let draft = may_place && order.state == State::Draft;
    let download = Button::new(room.t("Download licenses", "Lizenzen herunterladen")).icon(Icon::Download);
    let pay = pay_act(room, order);
    html! {
        @if draft {
            (Button::new(room.t("Delete", "Löschen")).quiet().icon(Icon::Delete).opens_dialog().to(&format!("{path}/delete")))
            (Button::new(room.t("Cancel draft", "Entwurf stornieren")).opens_dialog().to(&format!("{path}/cancel")))
            (approval::acts(call, room, order, binding, path))
        } @else {
            @if may_place { (Button::new(room.t("Order again", "Erneut bestellen")).icon(Icon::Refresh).to(&room.path(&format!("/orders/new?again={}", order.id)))) }
            @if let Some(invoice) = &order.invoice { (Button::new(room.t("Invoice", "Rechnung")).icon(Icon::Invoice).to(&room.path(&format!("/invoices/{}", invoice.id)))) }
            @if order.licenses.downloadable > 0 && room.may(Right::LicensesDistribute) {
                (forms::act(call, &format!("{path}/licenses.csv"), &if pay.is_some() { download } else { download.primary() }))
            }
            @if let Some(pay) = pay { (pay) }
        }
    }
}

/// Leads to how its invoice is paid, while something of it is open: also where its goods were released on credit (PAY-3).
fn pay_act(room: &Room, order: &OrderView) -> Option<Markup> {
    let invoice = order.invoice.as_ref().filter(|_| order.open.minor > 0 && room.may(Right::InvoicesRead))?;
    let pay = Button::new(room.t("Pay by check or wire", "Per Scheck oder Überweisung zahlen")).primary().icon(Icon::Card);
    Some(pay.to(&room.path(&format!("/invoices/{}/pay", invoice.id))))
}

fn draft_items(call: &Call, room: &Room, order: &OrderView, typed: &Typed, path: &str) -> Markup {
    let row = |item: &OrderItemView| {
        let (place, name) = (format!("{path}/items/{}", item.id), row_field(item.id));
        vec![
            html! { span class="row" { (item.name) } span class="under" { (value::copyable(&item.sku, room.look.language)) } (shared::explanation(room, &item.price_explanation)) },
            quantity_form(call, room, item, typed, (&name, &place)),
            shared::price_cell(room, item.unit_price.as_ref()),
            shared::price_cell(room, item.line_total.as_ref()),
            Button::new(room.t("Remove", "Entfernen")).small().quiet().bare().icon(Icon::Delete).opens_dialog().to(&format!("{place}/remove")),
        ]
    };
    let table = Table {
        caption: room.t("Items", "Positionen"),
        columns: vec![
            Column::new(room.t("Product", "Produkt")),
            Column::new(room.t("Quantity", "Anzahl")),
            Column::right(room.t("Your price", "Ihr Preis")),
            Column::right(room.t("Amount", "Betrag")),
            Column::new(""),
        ],
        rows: order.items.iter().map(row).collect(),
        foot: None,
    };
    let add = html! {
        (typed.field("product", room.t("SKU", "SKU")).example("KEY-PRO").text())
        (Field::new("quantity", room.t("Quantity", "Anzahl")).value(typed.or("quantity", "1")).wrong(typed.wrong("quantity")).numeric().text())
    };
    let choose = Button::new(room.t("Choose products", "Produkte wählen")).small().icon(Icon::Search).opens_dialog().to(&format!("{path}/items"));
    html! {
        (Card::new(room.t("Items", "Positionen")).acts(choose).around(html! {
            @if order.items.is_empty() { (note::empty(Icon::Package, room.t("No items yet", "Noch keine Positionen"), room.t("Add the first one below.", "Fügen Sie unten die erste hinzu."), None)) } @else { (table.draw()) }
        }))
        (Card::new(room.t("Add an item", "Position hinzufügen")).with(forms::form(call, &room.look, &format!("{path}/items"), &add, &Button::new(room.t("Add", "Hinzufügen")).icon(Icon::Add), None)))
    }
}

/// What the quantity of an item is called among the fields of the page: each row is a form of its own.
fn row_field(item: OrderItemId) -> String {
    format!("quantity_{item}")
}

/// The quantity of a row, with what was typed there and what is wrong with it. `field` is its name on the page, `place` where the row is changed.
fn quantity_form(call: &Call, room: &Room, item: &OrderItemView, typed: &Typed, (field, place): (&str, &str)) -> Markup {
    let (known, wrong, under) = (item.quantity.to_string(), typed.wrong(field), format!("{field}-wrong"));
    html! {
        form class="inline" method="post" action=(place) {
            (form::unseen(&[(FORM_KEY, &call.form_key())]))
            input class="short" type="number" inputmode="numeric" min="1" max=(Quantity::MOST) id=(field) name="quantity" value=(typed.or(field, &known)) required
                aria-label={ (room.t("Quantity", "Anzahl")) ": " (item.name) } aria-invalid=[wrong.map(|_| "true")] aria-describedby=[wrong.map(|_| under.as_str())];
            (Button::new(room.t("Change", "Ändern")).small().submit())
        }
        @if let Some(wrong) = wrong { span class="wrong" id=(under) { (wrong) } }
    }
}

/// A field with what was typed, else with what is known.
fn kept<'a>(typed: &'a Typed, name: &'a str, label: &'a str, known: Option<&'a str>) -> Field<'a> {
    Field::new(name, label).value(typed.or(name, known.unwrap_or(""))).wrong(typed.wrong(name))
}

fn draft_fields(call: &Call, room: &Room, order: &OrderView, typed: &Typed, path: &str) -> Markup {
    let optional = room.t("optional", "optional");
    let fields = html! {
        (kept(typed, "reference", room.t("Your reference", "Ihre Referenz"), order.reference.as_deref()).optional(optional).text())
        (kept(typed, "contact", room.t("Contact", "Ansprechpartner"), order.contact.as_deref()).optional(optional).text())
        (kept(typed, "delivery_address", room.t("Delivery address", "Lieferadresse"), order.delivery_address.as_deref()).optional(optional).whole().lines())
    };
    Card::new(room.t("Details", "Details")).with(forms::form(call, &room.look, path, &fields, &Button::new(room.t("Save", "Speichern")), None))
}

/// The page of an order with why something was refused.
pub(super) async fn refused(call: &Call, room: &Room, id: OrderId, no: Problem) -> Result<Answer, Problem> {
    let (status, typed) = (no.status(), Typed::refused(call, &room.look, no)?);
    with_mistakes(call, room, id, &typed, status).await
}

async fn with_mistakes(call: &Call, room: &Room, id: OrderId, typed: &Typed, status: StatusCode) -> Result<Answer, Problem> {
    let (order, _) = shown(call, id).await?;
    Ok(order_page(call, room, &order, typed).await?.with_status(status))
}

/// After a change of a draft: back to its page, or the page with what was wrong.
pub(super) async fn after(call: &Call, changed: Result<(), Problem>, said: (&str, &str)) -> Result<Answer, Problem> {
    let room = Room::enter(call).await?;
    let id: OrderId = call.path("id")?;
    match changed {
        Ok(()) => Ok(done(call, &room.path(&format!("/orders/{id}")), room.t(said.0, said.1))),
        Err(no) => refused(call, &room, id, no).await,
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
    after(&call, changed, ("Draft saved.", "Entwurf gespeichert.")).await
}

pub(super) async fn add_item(call: Call) -> Result<Answer, Problem> {
    let changed = match call.form::<ItemForm>() {
        Ok(form) => {
            let item = WantedItem { product: form.product.into(), quantity: form.quantity.get() };
            change(&call, DraftChange::AddItem { item, merge: true }).await
        }
        Err(no) => Err(no),
    };
    after(&call, changed, ("Item added.", "Position hinzugefügt.")).await
}

pub(super) async fn change_item(call: Call) -> Result<Answer, Problem> {
    let item: OrderItemId = call.path("item")?;
    let changed = match call.form::<QuantityForm>() {
        Ok(form) => change(&call, DraftChange::SetQuantity { item, quantity: form.quantity.get() }).await,
        Err(no) => Err(no),
    };
    let Err(no) = changed else { return after(&call, changed, ("Quantity changed.", "Anzahl geändert.")).await };
    // The form of the row is meant, not that of a further item.
    let room = Room::enter(&call).await?;
    let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?.renamed("quantity", &row_field(item)));
    with_mistakes(&call, &room, call.path("id")?, &typed, status).await
}

pub(super) async fn remove_item(call: Call) -> Result<Answer, Problem> {
    let changed = change(&call, DraftChange::RemoveItem { item: call.path("item")? }).await;
    after(&call, changed, ("Item removed.", "Position entfernt.")).await
}
