//! The list of products, and that of a product's variants.

use super::page::{self, Tab};
use super::words;
use crate::lists::{Cell, List, fetch};
use crate::merchant::orders::asked;
use crate::room::{Room, Spot};
use crate::shared::views;
use maud::{Markup, html};
use std::collections::HashMap;
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon};
use tradepost_domain::catalog::pricing::Book;
use tradepost_domain::catalog::queries::{self, ProductFilter, ProductSort, ProductView};
use tradepost_domain::catalog::{Kind, Method};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::saved_views::ListName;
use tradepost_domain::stock::queries::StockCounts;
use tradepost_domain::{Right, stock};
use tradepost_kernel::Money;
use tradepost_web::{Answer, Call, Problem, Routes};

/// A product with its list price and its stock.
struct Row {
    product: ProductView,
    price: Option<Money>,
    counts: Option<StockCounts>,
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let list = product_list(&room, &call).views(views::of(&call, ListName::Products).await?);
    let filter = ProductFilter {
        enabled: list.asked("enabled").map(|text| text == "true"),
        kind: list.asked("kind").and_then(Kind::from_name),
        group: list.asked("group").map(ToOwned::to_owned),
        parent: None,
        search: list.searched(),
        sort: sort(&list),
    };
    let found = list.rows(&call, fetch!(|page| [call, room, filter] rows(call, room, filter.clone(), page).await)).await?;
    let drawn = found.rows.iter().map(|row| cells(&room, row)).collect();
    let head = Head { crumbs: &[], title: room.t("Products", "Produkte"), state: None, text: None, acts: room.may(Right::CatalogManage).then(|| acts(&room)) };
    let columns = columns(&room, &list);
    list.answer(&call, Spot::Products, &head, columns, drawn, found.next)
}

fn sort(list: &List<'_>) -> ProductSort {
    list.asked("sort").and_then(ProductSort::from_name).unwrap_or_default()
}

fn product_list<'a>(room: &'a Room, call: &Call) -> List<'a> {
    let (look, may) = (&room.look, room.may(Right::CatalogManage));
    let choices = [true, false].map(|enabled| (enabled.to_string(), words::sold(look, enabled).1.to_owned()));
    let kinds = words::SOLD.iter().map(|kind| (kind.name().to_owned(), words::kind(look, *kind).to_owned())).collect();
    let list = List::new(room, call, "products").searches().filter("enabled", Vec::from(choices)).filter("kind", kinds).empty(
        Icon::Package,
        room.t("No products yet", "Noch keine Produkte"),
        room.t("Create the first one, or import your catalog from a file.", "Legen Sie das erste an, oder bringen Sie Ihren Katalog als Datei mit."),
        may.then(|| acts(room)),
    );
    match asked(call, "group") {
        Some(group) => list.filter("group", vec![(group.to_owned(), format!("{}: {group}", room.t("Group", "Gruppe")))]),
        None => list,
    }
}

fn acts(room: &Room) -> Markup {
    html! {
        (Button::new(room.t("Import", "Importieren")).icon(Icon::Import).to(&room.path("/products/import")))
        (Button::new(room.t("New bundle", "Neues Bündel")).to(&room.path("/products/new?type=bundle")))
        (Button::new(room.t("New product", "Neues Produkt")).primary().icon(Icon::Add).to(&room.path("/products/new")))
    }
}

fn columns<'a>(room: &'a Room, list: &List<'_>) -> Vec<Column<'a>> {
    vec![
        list.sorting(Column::new(room.t("Product", "Produkt")).with(room.t("Version", "Version")), "", false),
        list.sorting(Column::new(room.t("SKU", "SKU")), ProductSort::Sku.name(), true),
        Column::new(room.t("Kind", "Art")),
        Column::new(room.t("Group", "Gruppe")),
        Column::new(room.t("Status", "Status")),
        Column::right(room.t("Available", "Verfügbar")),
        Column::amounts(room.t("List price", "Listenpreis")),
    ]
}

fn cells(room: &Room, row: &Row) -> Vec<Cell> {
    let (product, fields) = (&row.product, &row.product.fields);
    let (tone, sold) = words::sold(&room.look, fields.enabled);
    let kind = match (fields.bundle, product.parent) {
        (true, _) => room.t("Bundle", "Bündel"),
        (false, Some(_)) => room.t("Variant", "Variante"),
        (false, None) => words::kind(&room.look, fields.kind),
    };
    vec![
        Cell::link(&fields.name, &room.path(&format!("/products/{}", product.id)), fields.product_version.as_deref()),
        Cell::code(room, &fields.sku),
        Cell::text(kind),
        Cell::maybe(fields.group.as_deref()),
        Cell::badge(tone, sold),
        row.counts.map_or_else(Cell::empty, |counts| Cell::number(room, counts.available)),
        row.price.as_ref().map_or_else(Cell::empty, |price| Cell::money(room, price)),
    ]
}

/// A page of products, each with its list price in the merchant's currency and, for who may see it, its stock.
async fn rows(call: &Call, room: &Room, filter: ProductFilter, page: PageRequest) -> Result<Page<Row>, Problem> {
    let (scope, may_see, currency) = (call.merchant()?, room.may(Right::StockRead), room.currency);
    let (found, books, counts) = call
        .read(move |reader| {
            Box::pin(async move {
                let found = queries::products(reader, scope, &filter, page).await?;
                let numbers: Vec<i64> = found.rows.iter().map(|product| product.number).collect();
                let books = queries::prices(reader, scope, &numbers).await?;
                let counts = if may_see { stock::queries::counts(reader, scope.merchant, &numbers).await? } else { HashMap::new() };
                Ok((found, books, counts))
            })
        })
        .await?;
    let listed = books.iter().filter(|book| book.book == Book::List && book.currency == currency);
    let prices: HashMap<i64, Money> = listed.filter_map(|book| book.tiers.first().map(|tier| (book.product, currency.minor(tier.unit_minor)))).collect();
    let rows = found.rows.into_iter().map(|product| {
        let counts = counts.get(&product.number).filter(|_| product.fields.method == Method::KeyPool).copied();
        Row { price: prices.get(&product.number).copied(), counts, product }
    });
    Ok(Page { rows: rows.collect(), next: found.next })
}

/// The tab with a product's variants.
async fn variants(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let product = page::product(&call, "id").await?;
    let new = Button::new(room.t("New variant", "Neue Variante")).primary().icon(Icon::Add).to(&room.path(&format!("/products/new?parent={}", product.id)));
    let may = room.may(Right::CatalogManage);
    let list = List::new(&room, &call, "variants").acts(html! { @if may { (new) } }).empty(
        Icon::Package,
        room.t("No variants yet", "Noch keine Varianten"),
        room.t(
            "A variant is an edition with a SKU, prices and stock of its own. Who may order it follows the product.",
            "Eine Variante ist eine Ausgabe mit eigener SKU, eigenen Preisen und eigenem Bestand. Wer sie bestellen darf, richtet sich nach dem Produkt.",
        ),
        may.then(|| new.clone()),
    );
    let filter = ProductFilter { parent: Some(product.number), sort: sort(&list), ..ProductFilter::default() };
    let found = list.rows(&call, fetch!(|page| [call, room, filter] rows(call, room, filter.clone(), page).await)).await?;
    let drawn = found.rows.iter().map(|row| cells(&room, row)).collect();
    let columns = columns(&room, &list);
    if list.asked("file").is_some() {
        let head = Head { crumbs: &[], title: room.t("Variants", "Varianten"), state: None, text: None, acts: None };
        return list.answer(&call, Spot::Products, &head, columns, drawn, found.next);
    }
    Ok(page::draw(&call, &room, &product, Tab::Variants, &list.draw(&call, columns, drawn, found.next)))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/products", "merchantProductsPage", list).needs(Right::MerchantRead).page();
    r.get("/m/{merchant}/products/{id}/variants", "merchantVariantsPage", variants).needs(Right::MerchantRead).page();
}
