//! Counts per product, and the page of one product's stock with its switches (STK-4, STK-7).

use super::{Tab, import_button, tab_line, words};
use crate::forms::{self, Typed};
use crate::lists::{Cell, List, fetch};
use crate::merchant::products::page;
use crate::room::{Room, Spot, done};
use crate::shared::views;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, Tile, tiles};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Table, badge, note};
use tradepost_domain::catalog::queries::ProductView;
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::saved_views::ListName;
use tradepost_domain::stock::queries::{self, KeyFilter, KeyView, StockCounts, StockFilter, StockView};
use tradepost_domain::stock::{KeyState, Level, SetStockSwitches};
use tradepost_domain::{MerchantScope, Right};
use tradepost_web::fields::Whole;
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes, input};

input! {
    /// The form of a product's stock switches.
    pub struct MerchantStockForm {
        /// At or below this many available keys the stock is low.
        pub threshold: Whole<0, 1_000_000_000>,
        /// Whether orders are taken beyond the stock.
        pub backorder: Option<bool>,
    }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (look, scope) = (&room.look, call.merchant()?);
    let levels = Level::ALL.iter().map(|level| (level.name().to_owned(), words::level(look, *level).1.to_owned())).collect();
    let views = views::of(&call, ListName::Stock).await?;
    let list = List::new(&room, &call, "stock").tabs(tab_line(&room, Tab::Levels)).searches().views(views).filter("level", levels).empty(
        Icon::Stock,
        room.t("No product takes keys from stock", "Kein Produkt nimmt Schlüssel aus dem Bestand"),
        room.t(
            "Create a product that is delivered as a key, then import its keys.",
            "Legen Sie ein Produkt an, das als Schlüssel geliefert wird; dann bringen Sie seine Schlüssel.",
        ),
        room.may(Right::CatalogManage).then(|| Button::new(room.t("New product", "Neues Produkt")).icon(Icon::Add).to(&room.path("/products/new"))),
    );
    let filter = StockFilter { level: list.asked("level").and_then(Level::from_name), search: list.searched() };
    let found = list.rows(&call, fetch!(|page| [call, filter] stock(call, scope, filter.clone(), page).await)).await?;
    let columns = vec![
        Column::new(room.t("Product", "Produkt")).with(room.t("SKU", "SKU")),
        Column::new(room.t("Level", "Bestand")),
        Column::right(room.t("Available", "Verfügbar")),
        Column::right(room.t("Low at", "Knapp ab")),
        Column::right(room.t("Reserved", "Reserviert")),
        Column::right(room.t("With resellers", "Bei Resellern")),
        Column::right(room.t("Delivered", "Ausgeliefert")),
        Column::new(room.t("Backorders", "Nachlieferung")),
    ];
    let rows = found.rows.iter().map(|stock| row(&room, stock)).collect();
    let head = Head { crumbs: &[], title: room.t("Stock", "Bestand"), state: None, text: None, acts: import_button(&room) };
    list.answer(&call, Spot::Stock, &head, columns, rows, found.next)
}

fn row(room: &Room, stock: &StockView) -> Vec<Cell> {
    let counts = &stock.counts;
    let (tone, level) = words::level(&room.look, counts.level);
    vec![
        Cell::link(&stock.name, &room.path(&format!("/stock/{}", stock.id)), Some(&stock.sku)),
        Cell::badge(tone, level),
        Cell::number(room, counts.available),
        Cell::number(room, counts.threshold),
        Cell::number(room, counts.reserved),
        Cell::number(room, counts.allocated),
        Cell::number(room, counts.delivered),
        Cell::text(if counts.backorder { room.t("Taken", "Ja") } else { room.t("Refused", "Nein") }),
    ]
}

async fn stock(call: &Call, scope: MerchantScope, filter: StockFilter, page: PageRequest) -> Result<Page<StockView>, Problem> {
    call.read(move |reader| Box::pin(async move { queries::stock(reader, scope, &filter, page).await })).await
}

/// A product with its counts and its newest keys. 404 for one that takes no keys from a pool.
async fn loaded(call: &Call) -> Result<(ProductView, StockCounts, Vec<KeyView>), Problem> {
    let (scope, product) = (call.merchant()?, page::product(call, "product").await?);
    let (id, number) = (product.id, product.number);
    let (stock, keys) = call
        .read(move |reader| {
            Box::pin(async move {
                let stock = queries::stock_of(reader, scope, id).await?;
                let filter = KeyFilter { product: Some(number), ..KeyFilter::default() };
                let keys = queries::keys(reader, scope, filter, PageRequest { limit: 8, before: None }).await?;
                Ok((stock, keys.rows))
            })
        })
        .await?;
    Ok((product, stock.or_not_found()?.counts, keys))
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (product, counts, keys) = loaded(&call).await?;
    let typed = Typed::new([("threshold", counts.threshold.to_string()), ("backorder", counts.backorder.to_string())]);
    Ok(show_page(&call, &room, &product, &counts, &keys, &typed))
}

fn show_page(call: &Call, room: &Room, product: &ProductView, counts: &StockCounts, keys: &[KeyView], typed: &Typed) -> Answer {
    let inside = html! {
        (typed.mistakes(&room.look))
        (level_note(room, product, counts))
        (count_tiles(room, product, counts))
        div class="columns" {
            div { (keys_card(room, product, keys)) }
            div { (switches_card(call, room, product, counts, typed)) }
        }
    };
    page::draw(call, room, product, page::Tab::Stock, &inside)
}

fn level_note(room: &Room, product: &ProductView, counts: &StockCounts) -> Markup {
    let place = room.path(&format!("/stock/import?product={}", crate::room::encoded(&product.fields.sku)));
    let act = room.may(Right::StockManage).then(|| Button::new(room.t("Import keys", "Schlüssel importieren")).primary().icon(Icon::Import).to(&place));
    let (tone, title, text) = match counts.level {
        Level::Ok => (Tone::Good, room.t("In stock", "Vorrätig"), ""),
        Level::Low => (
            Tone::Warn,
            room.t("The stock is low", "Der Bestand ist knapp"),
            room.t("Import keys before it runs out.", "Bringen Sie Schlüssel, bevor er ausgeht."),
        ),
        Level::Out if counts.backorder => (
            Tone::Bad,
            room.t("Out of stock", "Nicht vorrätig"),
            room.t(
                "Orders are accepted and wait; the first keys that arrive go to them.",
                "Bestellungen werden angenommen und warten; die ersten neuen Schlüssel gehen an sie.",
            ),
        ),
        Level::Out => (
            Tone::Bad,
            room.t("Out of stock", "Nicht vorrätig"),
            room.t("Orders of it are refused until keys arrive.", "Bestellungen werden abgelehnt, bis Schlüssel eintreffen."),
        ),
    };
    note::note(tone, title, text, act.as_ref())
}

fn count_tiles(room: &Room, product: &ProductView, counts: &StockCounts) -> Markup {
    let all = [
        (KeyState::Available, counts.available),
        (KeyState::Reserved, counts.reserved),
        (KeyState::Allocated, counts.allocated),
        (KeyState::Delivered, counts.delivered),
        (KeyState::Revoked, counts.revoked),
        (KeyState::Burned, counts.burned),
    ];
    let sku = crate::room::encoded(&product.fields.sku);
    let drawn: Vec<(&str, String, String)> = all
        .into_iter()
        // What seldom happens is shown where it happened.
        .filter(|(state, count)| *count > 0 || !matches!(state, KeyState::Revoked | KeyState::Burned))
        .map(|(state, count)| {
            let place = room.path(&format!("/stock/keys?product={sku}&state={}", state.name()));
            (words::key_state(&room.look, state).1, room.look.number(count), place)
        })
        .collect();
    let shown: Vec<Tile<'_>> =
        drawn.iter().map(|(label, figure, place)| Tile { label, figure, note: None, to: Some(place), tone: Tone::Plain, spark: None }).collect();
    tiles(&shown)
}

fn keys_card(room: &Room, product: &ProductView, keys: &[KeyView]) -> Markup {
    let row = |key: &KeyView| {
        let (tone, state) = words::key_state(&room.look, key.state);
        vec![html! { a class="row" href=(room.path(&format!("/stock/keys/{}", key.id))) { code { (key.masked) } } }, badge(tone, state)]
    };
    let table = Table {
        caption: room.t("Newest keys", "Neueste Schlüssel"),
        columns: vec![Column::new(room.t("Key", "Schlüssel")), Column::new(room.t("Status", "Status"))],
        rows: keys.iter().map(row).collect(),
        foot: None,
    };
    let place = room.path(&format!("/stock/keys?product={}", crate::room::encoded(&product.fields.sku)));
    let inside = if keys.is_empty() {
        note::empty(
            Icon::Stock,
            room.t("No keys yet", "Noch keine Schlüssel"),
            room.t("Import them from a file, or paste them.", "Lesen Sie sie aus einer Datei ein, oder fügen Sie sie ein."),
            None,
        )
    } else {
        table.draw()
    };
    Card::new(room.t("Newest keys", "Neueste Schlüssel")).acts(Button::new(room.t("All keys", "Alle Schlüssel")).small().to(&place)).around(inside)
}

fn switches_card(call: &Call, room: &Room, product: &ProductView, counts: &StockCounts, typed: &Typed) -> Markup {
    let title = room.t("Threshold and backorders", "Schwelle und Nachlieferung");
    if !room.may(Right::StockManage) {
        let backorder = if counts.backorder {
            room.t("Taken beyond the stock", "Werden über den Bestand hinaus angenommen")
        } else {
            room.t("Refused", "Werden abgelehnt")
        };
        let rows = [
            (room.t("Low at", "Knapp ab"), html! { (room.look.number(counts.threshold)) }),
            (room.t("Orders beyond it", "Bestellungen darüber"), html! { (backorder) }),
        ];
        return Card::new(title).with(tradepost_design::card::facts(&rows));
    }
    let fields = html! {
        (typed.field("threshold", room.t("Low at or below", "Knapp ab")).after(room.t("keys", "Schlüsseln")).hint(room.t("You and your systems are told once when it is reached.", "Sie und Ihre Systeme erfahren es einmal, wenn sie erreicht ist.")).numeric().whole().text())
        (typed.field("backorder", room.t("Take orders beyond the stock", "Bestellungen über den Bestand hinaus annehmen")).hint(room.t("They wait and are filled first in, first out.", "Sie warten und werden der Reihe nach beliefert.")).whole().switch())
    };
    let act = Button::new(room.t("Save", "Speichern"));
    Card::new(title).with(forms::form(call, &room.look, &room.path(&format!("/stock/{}", product.id)), &fields, &act, None))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (product, counts, keys) = loaded(&call).await?;
    let changed = match call.form::<MerchantStockForm>() {
        Ok(form) => {
            let (threshold, backorder) = (Some(form.threshold.get()), Some(form.backorder.unwrap_or(false)));
            call.execute(SetStockSwitches { scope: call.merchant()?, product: product.id, threshold, backorder }).await.map(drop)
        }
        Err(no) => Err(no),
    };
    match changed {
        Ok(()) => Ok(done(&call, &room.path(&format!("/stock/{}", product.id)), room.t("Saved.", "Gesichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(show_page(&call, &room, &product, &counts, &keys, &typed).with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/stock", "merchantStockPage", list).needs(Right::StockRead).page();
    r.get("/m/{merchant}/stock/{product}", "merchantProductStockPage", show).needs(Right::StockRead).page();
    r.post("/m/{merchant}/stock/{product}", "merchantProductStockForm", change)
        .needs(Right::StockManage)
        .page()
        .form::<MerchantStockForm>()
        .command::<SetStockSwitches>();
}
