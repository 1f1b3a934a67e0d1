//! The parts of a bundle: its tab, and the fields that a new bundle has too (CAT-1).

use super::page::{self, Tab};
use super::tiers::{Mistake, rows_of};
use crate::forms::{self, Typed};
use crate::room::{Room, done};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::card::Card;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Table, note};
use tradepost_domain::Right;
use tradepost_domain::catalog::queries::{PartView, ProductView};
use tradepost_domain::catalog::{ChangeProduct, MOST_UNITS, PartPatch, ProductPatch};
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// The form of a bundle's parts. They are fields of their own: `part_0` and `quantity_0`, and so on.
    pub struct MerchantPartsForm {
        /// The version of the bundle that was looked at.
        pub seen: Option<i64>,
    }
}

/// Parts of a bundle at most.
const MOST_PARTS: usize = 50;

/// Fields for parts, those that are there first.
pub(super) fn fields(room: &Room, typed: &Typed) -> Markup {
    let (part_word, quantity_word) = (room.t("SKU of the part", "SKU des Teils"), room.t("Units per bundle", "Einheiten je Bündel"));
    let row = |nth: usize| {
        let (part, quantity) = (format!("part_{nth}"), format!("quantity_{nth}"));
        let wrong = |name: &str| typed.wrong(name).map(|_| "true");
        let count = if typed.value(&quantity).is_empty() { "1" } else { typed.value(&quantity) };
        vec![
            html! { input type="text" id=(part) name=(part) value=(typed.value(&part)) aria-label=(part_word) aria-invalid=[wrong(&part)]; },
            html! { input class="short" type="number" inputmode="numeric" min="1" max=(MOST_UNITS) id=(quantity) name=(quantity) value=(count) aria-label=(quantity_word) aria-invalid=[wrong(&quantity)]; },
        ]
    };
    let table = Table {
        caption: room.t("Parts", "Teile"),
        columns: vec![Column::new(part_word), Column::right(quantity_word)],
        rows: (0..rows_of(typed, "part")).map(row).collect(),
        foot: None,
    };
    html! { div class="field whole" id="parts" { (table.draw()) } }
}

/// Reads the parts of a form.
pub(super) fn read(room: &Room, typed: &[(String, String)]) -> Result<Vec<PartPatch>, Mistake> {
    let value = |name: &str| typed.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim());
    let mut parts = Vec::new();
    for nth in 0..MOST_PARTS {
        let (part, quantity) = (format!("part_{nth}"), format!("quantity_{nth}"));
        if value(&part).is_empty() {
            continue;
        }
        let count = value(&quantity).parse().ok().filter(|count| (1..=MOST_UNITS).contains(count)).ok_or_else(|| {
            let text = room
                .t("The units per bundle must be a whole number from 1 to 100,000.", "Die Einheiten je Bündel müssen eine ganze Zahl von 1 bis 100.000 sein.");
            (quantity.clone(), text.to_owned())
        })?;
        parts.push(PartPatch { product: value(&part).to_owned(), quantity: count });
    }
    Ok(parts)
}

/// Whether a field is one of a part.
pub(super) fn is_part(name: &str) -> bool {
    name.starts_with("part_") || name.starts_with("quantity_")
}

fn filled(product: &ProductView) -> Typed {
    let fields = product
        .parts
        .iter()
        .enumerate()
        .flat_map(|(nth, part)| [(format!("part_{nth}"), part.sku.clone()), (format!("quantity_{nth}"), part.quantity.to_string())]);
    Typed::of(fields.collect())
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let product = page::product(&call, "id").await?;
    Ok(parts_page(&call, &room, &product, &filled(&product)))
}

fn parts_page(call: &Call, room: &Room, product: &ProductView, typed: &Typed) -> Answer {
    let path = room.path(&format!("/products/{}", product.id));
    let act = Button::new(room.t("Save parts", "Teile speichern")).primary();
    let form = || {
        let inside = html! {
            (tradepost_design::form::unseen(&[("seen", &product.version.to_string())]))
            (fields(room, typed))
        };
        Card::new(room.t("Change the parts", "Teile ändern"))
            .text(room.t(
                "A row without SKU is left out. Orders that are confirmed keep their parts.",
                "Eine Zeile ohne SKU entfällt. Bestätigte Bestellungen behalten ihre Teile.",
            ))
            .with(forms::form(call, &room.look, &format!("{path}/parts"), &inside, &act, None))
    };
    let inside = html! {
        (typed.mistakes(&room.look))
        (Card::new(room.t("Parts", "Teile")).around(table(room, &product.parts)))
        @if room.may(Right::CatalogManage) { (form()) }
    };
    page::draw(call, room, product, Tab::Parts, &inside)
}

fn table(room: &Room, parts: &[PartView]) -> Markup {
    if parts.is_empty() {
        return note::empty(Icon::Package, room.t("No parts", "Keine Teile"), "", None);
    }
    let row = |part: &PartView| {
        vec![
            html! { a class="row" href=(room.path(&format!("/products/{}", part.id))) { (part.sku) } },
            html! { span class="number" { (room.look.number(part.quantity)) } },
        ]
    };
    let table = Table {
        caption: room.t("Parts", "Teile"),
        columns: vec![Column::new(room.t("Product", "Produkt")), Column::right(room.t("Units per bundle", "Einheiten je Bündel"))],
        rows: parts.iter().map(row).collect(),
        foot: None,
    };
    table.draw()
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let product = page::product(&call, "id").await?;
    let typed = call.typed()?;
    let parts = match read(&room, &typed) {
        Ok(parts) => parts,
        Err((field, text)) => {
            let typed = Typed::of(typed).wrong_with(&field, &text);
            return Ok(parts_page(&call, &room, &product, &typed).with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    let own: Vec<(String, String)> = typed.into_iter().filter(|(name, _)| !is_part(name)).collect();
    let changed = match Call::read_form::<MerchantPartsForm>(&own) {
        Ok(form) => {
            let patch = ProductPatch { parts: Some(parts), ..ProductPatch::default() };
            call.execute(ChangeProduct { scope: call.merchant()?, product: product.id, expected_version: form.seen, patch }).await.map(drop)
        }
        Err(no) => Err(no),
    };
    match changed {
        Ok(()) => Ok(done(&call, &room.path(&format!("/products/{}/parts", product.id)), room.t("Parts saved.", "Teile gespeichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(parts_page(&call, &room, &product, &typed).with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/products/{id}/parts", "merchantPartsPage", show).needs(Right::MerchantRead).page();
    r.post("/m/{merchant}/products/{id}/parts", "merchantPartsForm", change)
        .needs(Right::CatalogManage)
        .page()
        .form::<MerchantPartsForm>()
        .command::<ChangeProduct>();
}
