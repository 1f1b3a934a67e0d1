//! The final steps of an order: placing, canceling or deleting a draft, downloading its codes (ORD-3, ORD-4, FUL-7).

use super::page::{after, change, refused};
use crate::forms::{Typed, question};
use crate::room::{Room, Spot, done};
use crate::shared::orders as shared;
use axum::http::StatusCode;
use maud::html;
use tradepost_design::card::facts;
use tradepost_design::{Button, form};
use tradepost_domain::ids::{OrderId, OrderItemId};
use tradepost_domain::orders::State;
use tradepost_domain::orders::change_draft::DraftChange;
use tradepost_domain::orders::download::Download;
use tradepost_domain::orders::place::PlaceOrder;
use tradepost_web::api::orders::{OrderView, shown};
use tradepost_web::api::{credit, licenses};
use tradepost_web::{Answer, Call, Problem};

/// The last question before an order is placed: what it costs, whether it fits the credit, and that nothing can be changed afterwards (ORD-3, CRD-3).
pub(super) async fn ask_confirm(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    confirm_page(&call, &room, &Typed::default()).await
}

/// The field of the question with what was seen when it was asked.
const SEEN: &str = "seen";

/// A draft as it stands: another version has other lines, another total other prices.
fn seen(order: &OrderView, version: i64) -> String {
    format!("{version} {}", order.total.as_ref().map(ToString::to_string).unwrap_or_default())
}

/// Whether a draft is not what the question showed: a colleague changed it, or its prices changed. Who says yes to one total is not held to another.
async fn is_another(call: &Call, id: OrderId) -> Result<bool, Problem> {
    let asked = Typed::of(call.typed()?);
    if asked.value(SEEN).is_empty() {
        return Ok(false);
    }
    let (order, version) = shown(call, id).await?;
    Ok(order.state == State::Draft && asked.value(SEEN) != seen(&order, version))
}

async fn confirm_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let (order, version) = shown(call, call.path("id")?).await?;
    let known = credit::own(call).await?;
    let path = room.path(&format!("/orders/{}", order.id));
    let text = html! {
        (form::unseen(&[(SEEN, &seen(&order, version))]))
        p { (room.t("You can't change it afterwards: not its reference, its items or its quantities.", "Danach lässt sich nichts mehr ändern: weder Referenz noch Positionen noch Mengen.")) }
        @if let Some(total) = &order.total {
            (facts(&[(room.t("Total", "Summe"), room.look.money(total))]))
            (shared::fits(room, &known, total))
        }
    };
    let title = room.t("Confirm order", "Bestellung bestätigen");
    let act = Button::new(room.t("Confirm order", "Bestellung bestätigen")).primary();
    Ok(room.dialog(Spot::Orders, title, &question(call, &room.look, title, &text, typed, &format!("{path}/confirm"), &act, &path)))
}

pub(super) async fn confirm(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let id: OrderId = call.path("id")?;
    if is_another(&call, id).await? {
        let text =
            room.t("The order changed since you were asked. Look at it again.", "Die Bestellung hat sich seit der Frage geändert. Bitte noch einmal ansehen.");
        return Ok(confirm_page(&call, &room, &Typed::default().wrong_with("", text)).await?.with_status(StatusCode::CONFLICT));
    }
    match call.execute(PlaceOrder::of(id)).await {
        Ok(_) => Ok(done(&call, &room.path(&format!("/orders/{id}")), room.t("Order confirmed.", "Bestellung bestätigt."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(confirm_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

/// Which of the two ends of a draft is asked about.
#[derive(Clone, Copy)]
enum End {
    Cancel,
    Delete,
}

async fn ask_end(call: Call, end: End) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let id: OrderId = call.path("id")?;
    let path = room.path(&format!("/orders/{id}"));
    let (title, text, place) = match end {
        End::Cancel => (
            room.t("Cancel draft", "Entwurf stornieren"),
            room.t("The draft stays in the list as canceled.", "Der Entwurf bleibt als storniert in der Liste."),
            "cancel",
        ),
        End::Delete => (room.t("Delete draft", "Entwurf löschen"), room.t("The draft is removed for good.", "Der Entwurf wird endgültig entfernt."), "delete"),
    };
    let act = Button::new(title).danger();
    let inside = question(&call, &room.look, title, &html! { p { (text) } }, &Typed::default(), &format!("{path}/{place}"), &act, &path);
    Ok(room.dialog(Spot::Orders, title, &inside))
}

pub(super) async fn ask_cancel(call: Call) -> Result<Answer, Problem> {
    ask_end(call, End::Cancel).await
}

pub(super) async fn ask_delete(call: Call) -> Result<Answer, Problem> {
    ask_end(call, End::Delete).await
}

/// The last question before an item leaves a draft (ORD-4).
pub(super) async fn ask_remove(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (order, _) = shown(&call, call.path("id")?).await?;
    let id: OrderItemId = call.path("item")?;
    let item = order.items.iter().find(|item| item.id == id).ok_or_else(Problem::not_found)?;
    let path = room.path(&format!("/orders/{}", order.id));
    let title = room.t("Remove item", "Position entfernen");
    let text = html! {
        p { (room.t("It leaves the draft. The other items stay.", "Sie verlässt den Entwurf. Die anderen Positionen bleiben.")) }
        (facts(&[
            (room.t("Product", "Produkt"), html! { (item.name) " " code { (item.sku) } }),
            (room.t("Quantity", "Anzahl"), html! { span class="number" { (room.look.number(item.quantity)) } }),
        ]))
    };
    let (action, act) = (format!("{path}/items/{id}/remove"), Button::new(title).danger());
    Ok(room.dialog(Spot::Orders, title, &question(&call, &room.look, title, &text, &Typed::default(), &action, &act, &path)))
}

pub(super) async fn cancel(call: Call) -> Result<Answer, Problem> {
    let changed = change(&call, DraftChange::Cancel).await;
    after(&call, changed, ("Draft canceled.", "Entwurf storniert.")).await
}

pub(super) async fn delete(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    change(&call, DraftChange::Delete).await?;
    Ok(done(&call, &room.path("/orders"), room.t("Draft deleted.", "Entwurf gelöscht.")))
}

pub(super) async fn download(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let order: OrderId = call.path("id")?;
    match licenses::download(&call, Download::Order(order), &format!("{order}.csv")).await {
        Ok(file) => Ok(file),
        Err(no) => refused(&call, &room, order, no).await,
    }
}
