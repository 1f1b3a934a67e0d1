//! The prices of one product: the list price in each currency, and where else it has one (CAT-5).

use super::page::{self, Tab, asked_currency};
use super::tiers;
use crate::forms::Typed;
use crate::merchant::orders::companies;
use crate::room::{Room, Spot, done};
use maud::{Markup, html};
use std::collections::HashMap;
use tradepost_design::card::Card;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Table, note};
use tradepost_domain::catalog::pricing::Book;
use tradepost_domain::catalog::queries::{self, BookView, ProductView};
use tradepost_domain::catalog::{SetPrices, Shelf};
use tradepost_domain::ids::{PartnershipId, PriceListId};
use tradepost_domain::listing::PageRequest;
use tradepost_domain::{MerchantScope, Right};
use tradepost_kernel::{Currency, Id};
use tradepost_web::{Answer, Call, Problem, Routes};

/// Price lists whose names are read along.
const LISTS: i64 = 200;

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let product = page::product(&call, "id").await?;
    let books = books(&call, call.merchant()?, product.number).await?;
    let elsewhere: Vec<BookView> = books.iter().filter(|book| book.book != Book::List).cloned().collect();
    let named = names(&call, &elsewhere).await?;
    let inside = html! {
        (list_card(&room, &product, &books))
        @if !elsewhere.is_empty() { (elsewhere_card(&room, &product, &elsewhere, &named)) }
    };
    Ok(page::draw(&call, &room, &product, Tab::Prices, &inside))
}

/// Every price of a product.
async fn books(call: &Call, scope: MerchantScope, product: i64) -> Result<Vec<BookView>, Problem> {
    call.read(move |reader| Box::pin(async move { queries::prices(reader, scope, &[product]).await })).await
}

fn list_card(room: &Room, product: &ProductView, books: &[BookView]) -> Markup {
    let (may_change, path) = (room.may(Right::CatalogManage), room.path(&format!("/products/{}/prices/edit", product.id)));
    let change = |currency: Currency| Button::new(room.t("Change", "Ändern")).small().opens_dialog().to(&format!("{path}?currency={currency}"));
    let row = |book: &BookView| {
        let act = html! { @if may_change { (change(book.currency)) } };
        vec![html! { strong { (book.currency.code()) } }, tiers::shown(room, book.currency, &book.tiers), act]
    };
    let table = Table {
        caption: room.t("List price", "Listenpreis"),
        columns: vec![Column::new(room.t("Currency", "Währung")), Column::right(room.t("Price per unit", "Preis je Einheit")), Column::new("")],
        rows: books.iter().filter(|book| book.book == Book::List).map(row).collect(),
        foot: None,
    };
    let first = Button::new(room.t("Set a price", "Preis setzen")).primary().icon(Icon::Add).opens_dialog().to(&format!("{path}?currency={}", room.currency));
    let inside = if table.rows.is_empty() {
        note::empty(
            Icon::Tag,
            room.t("No list price yet", "Noch kein Listenpreis"),
            room.t(
                "Resellers pay the list price less their discount, unless a price list or the partnership has a price of its own.",
                "Reseller zahlen den Listenpreis abzüglich ihres Rabatts, sofern keine Preisliste und keine Partnerschaft einen eigenen Preis hat.",
            ),
            may_change.then_some(first).as_ref(),
        )
    } else {
        table.draw()
    };
    let mut card = Card::new(room.t("List price", "Listenpreis"));
    if may_change && !table.rows.is_empty() {
        card = card.acts(Button::new(room.t("Another currency", "Weitere Währung")).small().icon(Icon::Add).opens_dialog().to(&path));
    }
    card.around(inside)
}

/// What price lists and resellers are called, by the text of their ids.
async fn names(call: &Call, books: &[BookView]) -> Result<HashMap<String, String>, Problem> {
    let scope = call.merchant()?;
    let owned = |wanted: Book| books.iter().filter(move |book| book.book == wanted);
    let mut names: HashMap<String, String> = HashMap::new();
    if owned(Book::PriceList).next().is_some() {
        let page = PageRequest { limit: LISTS, before: None };
        let lists = call.read(move |reader| Box::pin(async move { queries::price_lists(reader, scope, None, page).await })).await?;
        names.extend(lists.rows.into_iter().map(|list| (list.id.to_string(), list.name)));
    }
    let partnerships = owned(Book::Partnership).map(|book| Id::from_bytes(book.owner)).collect();
    names.extend(companies(call, partnerships).await?.into_iter().map(|(id, company)| (id.to_string(), company)));
    Ok(names)
}

fn elsewhere_card(room: &Room, product: &ProductView, books: &[BookView], names: &HashMap<String, String>) -> Markup {
    let row = |book: &BookView| {
        let (id, place, kind) = if book.book == Book::PriceList {
            let list: PriceListId = Id::from_bytes(book.owner);
            (list.to_string(), format!("/price-lists/{list}"), room.t("Price list", "Preisliste"))
        } else {
            let partnership: PartnershipId = Id::from_bytes(book.owner);
            (partnership.to_string(), format!("/resellers/{partnership}"), room.t("Reseller", "Reseller"))
        };
        let name = names.get(&id).unwrap_or(&id);
        vec![
            html! { a class="row" href=(room.path(&place)) { (name) } span class="under" { (kind) } },
            html! { (book.currency.code()) },
            tiers::shown(room, book.currency, &book.tiers),
        ]
    };
    let table = Table {
        caption: room.t("Other prices", "Weitere Preise"),
        columns: vec![
            Column::new(room.t("Where", "Wo")),
            Column::new(room.t("Currency", "Währung")),
            Column::right(room.t("Price per unit", "Preis je Einheit")),
        ],
        rows: books.iter().map(row).collect(),
        foot: None,
    };
    let text = match room.look.language {
        tradepost_design::Language::English => format!("They go before the list price of {}.", product.fields.name),
        tradepost_design::Language::German => format!("Sie gehen dem Listenpreis von {} vor.", product.fields.name),
    };
    Card::new(room.t("Other prices", "Weitere Preise")).text(&text).around(table.draw())
}

async fn edit(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let product = page::product(&call, "id").await?;
    let currency = asked_currency(&call);
    let books = books(&call, call.merchant()?, product.number).await?;
    let typed = currency.map_or_else(Typed::default, |currency| tiers::filled(&room, currency, tiers::of_shelf(&books, Shelf::List, currency)));
    Ok(edit_page(&call, &room, &product, currency, &typed))
}

fn edit_page(call: &Call, room: &Room, product: &ProductView, currency: Option<Currency>, typed: &Typed) -> Answer {
    let back = room.path(&format!("/products/{}/prices", product.id));
    let title = match room.look.language {
        tradepost_design::Language::English => format!("List price of {}", product.fields.name),
        tradepost_design::Language::German => format!("Listenpreis von {}", product.fields.name),
    };
    tiers::page(call, room, &tiers::Asked { spot: Spot::Products, title: &title, currency, action: &back, back: &back }, typed)
}

async fn set(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let product = page::product(&call, "id").await?;
    match tiers::save(&call, &room, product.id, Shelf::List).await? {
        None => Ok(done(&call, &room.path(&format!("/products/{}/prices", product.id)), room.t("Price saved.", "Preis gespeichert."))),
        Some((status, typed)) => Ok(edit_page(&call, &room, &product, None, &typed).with_status(status)),
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/products/{id}/prices", "merchantPricesPage", show).needs(Right::MerchantRead).page();
    r.get("/m/{merchant}/products/{id}/prices/edit", "merchantPricePage", edit).needs(Right::CatalogManage).page();
    r.post("/m/{merchant}/products/{id}/prices", "merchantPriceForm", set)
        .needs(Right::CatalogManage)
        .page()
        .form::<tiers::MerchantPriceForm>()
        .command::<SetPrices>();
}
