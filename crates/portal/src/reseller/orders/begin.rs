//! A new order: what is offered, lines that are pasted or brought as a file, the sum of it (ORD-1, ORD-11).

use super::pick::{FIND, pick};
use super::total::{card, quoted};
use super::wanted::{Brought, ENTER, FILE, FOUND, LINES, STEP, Wanted, brought, refused, wanted};
use crate::forms::Typed;
use crate::room::{Room, Spot, done};
use axum::http::StatusCode;
use maud::html;
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::{Button, Field, form};
use tradepost_domain::ids::OrderId;
use tradepost_domain::orders::create_draft::CreateDraft;
use tradepost_domain::orders::store::DraftFields;
use tradepost_web::api::orders::shown;
use tradepost_web::fields::{Line, Paragraph};
use tradepost_web::form::FORM_KEY;
use tradepost_web::{Answer, Call, Problem, input};

input! {
    /// The form of a new order. Its items are fields of their own: `quantity_SKU`, lines of `SKU,quantity`, and a file of such lines.
    pub struct DraftForm {
        /// The reseller's own number.
        pub reference: Option<Line<100>>,
        /// Who to ask about it.
        pub contact: Option<Line<200>>,
        /// Where it goes.
        pub delivery_address: Option<Paragraph<500>>,
    }
}

/// The fields of [`DraftForm`].
const FIELDS: &[&str] = &["reference", "contact", "delivery_address"];
/// Bytes of the form: more lines than an order may have.
pub(super) const LARGEST_FORM: usize = 1 << 20;

pub(super) async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let mut values = Vec::new();
    // Reorder: the lines of a past order stand in the form (ORD-11).
    if let Some((_, id)) = call.query_pairs().iter().find(|(name, _)| name == "again") {
        let (order, _) = shown(&call, id.parse().map_err(|_| Problem::not_found())?).await?;
        let lines: Vec<String> = order.items.iter().map(|item| format!("{},{}", item.sku, item.quantity)).collect();
        values.push((LINES, lines.join("\n")));
    }
    begin_page(&call, &room, &Typed::new(values)).await
}

async fn begin_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let (pick, lines) = (pick(call, typed).await?, quoted(call, room, typed.values()).await?);
    let optional = room.t("optional", "optional");
    let inside = html! {
        (typed.mistakes(&room.look))
        div class="columns" {
            div {
                (Card::new(room.t("Items", "Positionen")).text(room.t("Type how many of each you need.", "Geben Sie an, wie viele Sie jeweils brauchen.")).around(pick.draw(room, typed)))
                (Card::new(room.t("Paste or upload a list", "Liste einfügen oder hochladen")).with(html! {
                    div class="fields" {
                        (typed.field(LINES, room.t("Lines of SKU,quantity", "Zeilen mit SKU,Anzahl")).example("KEY-PRO,25").optional(optional).whole().lines())
                        (Field::new(FILE, room.t("File of such lines", "Datei mit solchen Zeilen")).wrong(typed.wrong(FILE)).hint(room.t("Text or CSV in UTF-8, at most 1 MB. Its lines come behind the pasted ones.", "Text oder CSV in UTF-8, höchstens 1 MB. Ihre Zeilen kommen hinter die eingefügten.")).optional(optional).whole().input("file"))
                    }
                }))
            }
            div {
                (Card::new(room.t("Order", "Bestellung")).with(html! {
                    (typed.field("reference", room.t("Your reference", "Ihre Referenz")).hint(room.t("Your own order number; it is printed on the invoice.", "Ihre eigene Bestellnummer; sie steht auf der Rechnung.")).optional(optional).text())
                    (typed.field("contact", room.t("Contact", "Ansprechpartner")).optional(optional).text())
                    (typed.field("delivery_address", room.t("Delivery address", "Lieferadresse")).optional(optional).lines())
                }))
                div data-live-result="" { (card(room, &lines)) }
            }
        }
    };
    let save = room.t("Save draft", "Entwurf speichern");
    let form = html! {
        form class="form wide" method="post" action=(room.path("/orders")) enctype="multipart/form-data" data-live=(room.path("/orders/quote")) {
            (form::unseen(&[(FORM_KEY, &call.form_key()), (FOUND, typed.value(FIND))]))
            // What Enter presses: the first button of a form.
            button class="unseen" type="submit" name=(STEP) value=(ENTER) tabindex="-1" aria-hidden="true" { (save) }
            (inside)
            div class="form-end" { a class="button" href=(room.path("/orders")) { (room.t("Cancel", "Abbrechen")) } (Button::new(save).primary().submit()) }
        }
    };
    let head = Head {
        crumbs: &[(room.t("Orders", "Bestellungen"), &room.path("/orders"))],
        title: room.t("New order", "Neue Bestellung"),
        state: None,
        text: Some(room.t(
            "Nothing is owed or reserved before you confirm it on the next page.",
            "Bis Sie auf der nächsten Seite bestätigen, ist nichts geschuldet und nichts reserviert.",
        )),
        acts: None,
    };
    Ok(room.page(Spot::Orders, &head, &form))
}

/// Saves the draft; or, where a search or the sum was asked for, shows the form again with all that was typed.
pub(super) async fn create(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let brought = brought(&call)?;
    let typed = brought.typed(&room);
    if brought.looks() && !typed.is_wrong() {
        return begin_page(&call, &room, &typed).await;
    }
    let items = match wanted(&brought.fields) {
        Ok(items) if !typed.is_wrong() => items,
        Ok(_) => return wrong(&call, &room, &typed, StatusCode::UNPROCESSABLE_ENTITY).await,
        Err(unread) => return wrong(&call, &room, &unread.told(&room, typed), StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    match drafted(&call, &brought, &items).await {
        Ok(order) => Ok(done(&call, &room.path(&format!("/orders/{order}")), room.t("Draft saved.", "Entwurf gespeichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), refused(&call, &room, &brought, &items, no)?);
            wrong(&call, &room, &typed, status).await
        }
    }
}

async fn wrong(call: &Call, room: &Room, typed: &Typed, status: StatusCode) -> Result<Answer, Problem> {
    Ok(begin_page(call, room, typed).await?.with_status(status))
}

async fn drafted(call: &Call, brought: &Brought, items: &[Wanted]) -> Result<OrderId, Problem> {
    let own: Vec<(String, String)> = brought.fields.iter().filter(|(name, _)| FIELDS.contains(&name.as_str())).cloned().collect();
    let form: DraftForm = Call::read_form(&own)?;
    let fields = DraftFields {
        reference: form.reference.map(String::from),
        contact: form.contact.map(String::from),
        delivery_address: form.delivery_address.map(String::from),
    };
    let command = CreateDraft { fields, items: items.iter().map(|wanted| wanted.item.clone()).collect() };
    Ok(call.execute_hashed(brought.hash(), command).await?.outcome.order)
}
