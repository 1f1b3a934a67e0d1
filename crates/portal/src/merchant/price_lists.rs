//! Price lists: what channels sell from, and at which prices (CAT-4, CAT-5).

use crate::forms::{self, Typed, question};
use crate::lists::{Cell, List, fetch};
use crate::merchant::products::page::asked_currency;
use crate::merchant::products::tiers;
use crate::room::{Room, Spot, done};
use maud::{Markup, html};
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Language};
use tradepost_domain::catalog::queries::{self, BookView, OfferedProduct, PriceListView, ProductView};
use tradepost_domain::catalog::{CreatePriceList, DeletePriceList, OfferProduct, RenamePriceList, SetPrices, Shelf};
use tradepost_domain::ids::{PriceListId, ProductId};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::{MerchantScope, Right};
use tradepost_kernel::{Currency, Refusal};
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes, input};

input! {
    /// The form of a price list.
    pub struct MerchantPriceListForm {
        /// Unique at the merchant.
        pub name: Line<100>,
    }

    /// The form that puts a product into a price list.
    pub struct MerchantOfferForm {
        /// SKU or id.
        pub product: Line<64>,
    }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let scope = call.merchant()?;
    let new = Button::new(room.t("New price list", "Neue Preisliste")).primary().icon(Icon::Add).opens_dialog().to(&room.path("/price-lists/new"));
    let may = room.may(Right::CatalogManage);
    let list = List::new(&room, &call, "price-lists").searches().empty(
        Icon::Tag,
        room.t("No price lists yet", "Noch keine Preislisten"),
        room.t(
            "A price list says which products the resellers of a channel may order, and at which prices.",
            "Eine Preisliste sagt, welche Produkte die Reseller eines Kanals bestellen dürfen und zu welchen Preisen.",
        ),
        may.then(|| new.clone()),
    );
    let searched = list.searched();
    let found = list.rows(&call, fetch!(|page| [call, searched] price_lists(call, scope, searched.clone(), page).await)).await?;
    let columns =
        vec![Column::new(room.t("Price list", "Preisliste")), Column::right(room.t("Products", "Produkte")), Column::new(room.t("Created", "Angelegt"))];
    let row = |list: &PriceListView| {
        vec![
            Cell::link(&list.name, &room.path(&format!("/price-lists/{}", list.id)), None),
            Cell::number(&room, list.products),
            Cell::moment(&room, list.created),
        ]
    };
    let rows = found.rows.iter().map(row).collect();
    let head = Head {
        crumbs: &[],
        title: room.t("Price lists", "Preislisten"),
        state: None,
        text: Some(room.t("Each channel sells from one of them.", "Jeder Kanal verkauft aus einer davon.")),
        acts: may.then_some(new),
    };
    list.answer(&call, Spot::PriceLists, &head, columns, rows, found.next)
}

async fn price_lists(call: &Call, scope: MerchantScope, search: Option<String>, page: PageRequest) -> Result<Page<PriceListView>, Problem> {
    call.read(move |reader| Box::pin(async move { queries::price_lists(reader, scope, search.as_deref(), page).await })).await
}

/// The price list that the path names.
async fn shown(call: &Call) -> Result<PriceListView, Problem> {
    let (scope, id) = (call.merchant()?, call.path::<PriceListId>("id")?);
    call.read(move |reader| Box::pin(async move { queries::price_list(reader, scope, id).await })).await?.or_not_found()
}

/// A page of what a price list offers, with the prices that the products have anywhere.
async fn offered(call: &Call, id: PriceListId, search: Option<String>, page: PageRequest) -> Result<Page<(OfferedProduct, Vec<BookView>)>, Problem> {
    let scope = call.merchant()?;
    let (found, books) = call
        .read(move |reader| {
            Box::pin(async move {
                let found = queries::offered(reader, scope, id, search.as_deref(), page).await?;
                let numbers: Vec<i64> = found.rows.iter().map(|product| product.number).collect();
                let books = queries::prices(reader, scope, &numbers).await?;
                Ok((found, books))
            })
        })
        .await?;
    let rows = found.rows.into_iter().map(|product| {
        let own = books.iter().filter(|book| book.product == product.number).cloned().collect();
        (product, own)
    });
    Ok(Page { rows: rows.collect(), next: found.next })
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let price_list = shown(&call).await?;
    show_page(&call, &room, &price_list, &Typed::default()).await
}

async fn show_page(call: &Call, room: &Room, price_list: &PriceListView, typed: &Typed) -> Result<Answer, Problem> {
    let (may, path) = (room.may(Right::CatalogManage), room.path(&format!("/price-lists/{}", price_list.id)));
    let before = html! { (typed.mistakes(&room.look)) @if may { (add_card(call, room, &path, typed)) } };
    let list = List::new(room, call, "price-list").searches().before(before).empty(
        Icon::Package,
        room.t("No products in this list", "Keine Produkte in dieser Liste"),
        room.t(
            "Put the first one in: the resellers of its channels may order it then.",
            "Nehmen Sie das erste auf: Die Reseller ihrer Kanäle dürfen es dann bestellen.",
        ),
        None,
    );
    let searched = list.searched();
    let found = list.rows(call, fetch!(|page| [call, searched] offered(call, price_list.id, searched.clone(), page).await)).await?;
    let further = room.t("Further quantities", "Weitere Mengen");
    let columns = vec![
        Column::new(room.t("Product", "Produkt")).with(room.t("Sale", "Verkauf")),
        Column::new(room.t("SKU", "SKU")),
        Column::amounts(room.t("Price here", "Preis hier")).with(further),
        Column::amounts(room.t("List price", "Listenpreis")).with(further),
        Column::new(""),
    ];
    let rows = found.rows.iter().map(|(product, books)| row(room, price_list.id, product, books)).collect();
    let head = Head {
        crumbs: &[(room.t("Price lists", "Preislisten"), &room.path("/price-lists"))],
        title: &price_list.name,
        state: None,
        text: Some(room.t(
            "A product without a price here is sold at its list price, less the reseller's discount.",
            "Ein Produkt ohne Preis hier wird zum Listenpreis verkauft, abzüglich des Rabatts des Resellers.",
        )),
        acts: may.then(|| {
            html! {
                (Button::new(room.t("Delete", "Löschen")).quiet().icon(Icon::Delete).opens_dialog().to(&format!("{path}/delete")))
                (Button::new(room.t("Rename", "Umbenennen")).icon(Icon::Edit).opens_dialog().to(&format!("{path}/rename")))
            }
        }),
    };
    list.answer(call, Spot::PriceLists, &head, columns, rows, found.next)
}

fn add_card(call: &Call, room: &Room, path: &str, typed: &Typed) -> Markup {
    let fields = typed
        .field("product", room.t("SKU", "SKU"))
        .example("KEY-PRO")
        .hint(room.t("Variants come along with their product.", "Varianten kommen mit ihrem Produkt."))
        .text();
    let act = Button::new(room.t("Add", "Hinzufügen")).primary().icon(Icon::Add);
    Card::new(room.t("Add a product", "Produkt hinzufügen")).with(forms::form(call, &room.look, &format!("{path}/products"), &fields, &act, None))
}

fn row(room: &Room, price_list: PriceListId, product: &OfferedProduct, books: &[BookView]) -> Vec<Cell> {
    let currency = room.currency;
    let priced = |shelf: Shelf| tiers::cell(room, currency, tiers::of_shelf(books, shelf, currency));
    let place = room.path(&format!("/price-lists/{price_list}/products/{}", product.id));
    let acts = html! {
        @if room.may(Right::CatalogManage) {
            (Button::new(room.t("Price", "Preis")).small().opens_dialog().to(&format!("{place}/prices?currency={currency}")))
            (Button::new(room.t("Remove", "Entfernen")).small().quiet().bare().icon(Icon::Delete).opens_dialog().to(&format!("{place}/remove")))
        }
    };
    let name =
        Cell::link(&product.name, &room.path(&format!("/products/{}", product.id)), (!product.enabled).then_some(room.t("Not for sale", "Nicht im Verkauf")));
    vec![name, Cell::code(room, &product.sku), priced(Shelf::PriceList(price_list)), priced(Shelf::List), Cell::acts(acts)]
}

/// Which of the two forms with a name is shown.
#[derive(Clone, Copy)]
enum Naming<'a> {
    New,
    Old(&'a PriceListView),
}

fn name_page(call: &Call, room: &Room, naming: Naming<'_>, typed: &Typed) -> Answer {
    let lists = room.path("/price-lists");
    let (title, word, place) = match naming {
        Naming::New => (room.t("New price list", "Neue Preisliste"), room.t("Create", "Anlegen"), lists.clone()),
        Naming::Old(list) => (room.t("Rename price list", "Preisliste umbenennen"), room.t("Rename", "Umbenennen"), format!("{lists}/{}", list.id)),
    };
    let field = typed.field("name", room.t("Name", "Name")).whole().text();
    let act = Button::new(word).primary();
    room.dialog(Spot::PriceLists, title, &question(call, &room.look, title, &field, typed, &place, &act, &place))
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    Ok(name_page(&call, &room, Naming::New, &Typed::default()))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let created = match call.form::<MerchantPriceListForm>() {
        Ok(form) => call.execute(CreatePriceList { scope: call.merchant()?, name: form.name.into() }).await.map(|done| done.outcome),
        Err(no) => Err(no),
    };
    match created {
        Ok(id) => Ok(done(&call, &room.path(&format!("/price-lists/{id}")), room.t("Price list created.", "Preisliste angelegt."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(name_page(&call, &room, Naming::New, &typed).with_status(status))
        }
    }
}

async fn ask_rename(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let price_list = shown(&call).await?;
    Ok(name_page(&call, &room, Naming::Old(&price_list), &Typed::new([("name", price_list.name.clone())])))
}

async fn rename(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let was = shown(&call).await?;
    let renamed = match call.form::<MerchantPriceListForm>() {
        Ok(form) => {
            let command = RenamePriceList { scope: call.merchant()?, price_list: was.id, expected_version: None, name: form.name.into() };
            call.execute(command).await.map(drop)
        }
        Err(no) => Err(no),
    };
    match renamed {
        Ok(()) => Ok(done(&call, &room.path(&format!("/price-lists/{}", was.id)), room.t("Price list renamed.", "Preisliste umbenannt."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(name_page(&call, &room, Naming::Old(&was), &typed).with_status(status))
        }
    }
}

async fn ask_delete(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let price_list = shown(&call).await?;
    Ok(delete_page(&call, &room, &price_list, &Typed::default()))
}

fn delete_page(call: &Call, room: &Room, price_list: &PriceListView, typed: &Typed) -> Answer {
    let path = room.path(&format!("/price-lists/{}", price_list.id));
    let title = match room.look.language {
        Language::English => format!("Delete “{}”", price_list.name),
        Language::German => format!("„{}“ löschen", price_list.name),
    };
    let text = html! {
        p { (room.t("The list and its prices are removed for good. The products stay. A list that a channel sells from can't be deleted.", "Die Liste und ihre Preise werden endgültig entfernt. Die Produkte bleiben. Eine Liste, aus der ein Kanal verkauft, lässt sich nicht löschen.")) }
    };
    let act = Button::new(room.t("Delete price list", "Preisliste löschen")).danger();
    room.dialog(Spot::PriceLists, &title, &question(call, &room.look, &title, &text, typed, &format!("{path}/delete"), &act, &path))
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let price_list = shown(&call).await?;
    match call.execute(DeletePriceList { scope: call.merchant()?, price_list: price_list.id }).await {
        Ok(_) => Ok(done(&call, &room.path("/price-lists"), room.t("Price list deleted.", "Preisliste gelöscht."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(delete_page(&call, &room, &price_list, &typed).with_status(status))
        }
    }
}

async fn offer(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let price_list = shown(&call).await?;
    match put_in(&call, price_list.id).await {
        Ok(()) => Ok(done(&call, &room.path(&format!("/price-lists/{}", price_list.id)), room.t("Product added.", "Produkt hinzugefügt."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(show_page(&call, &room, &price_list, &typed).await?.with_status(status))
        }
    }
}

async fn put_in(call: &Call, price_list: PriceListId) -> Result<(), Problem> {
    let (scope, text) = (call.merchant()?, String::from(call.form::<MerchantOfferForm>()?.product));
    let found = call.read(move |reader| Box::pin(async move { queries::find_product(reader, scope, &text).await })).await?;
    // Here it is what was typed that is wrong, not the address of the page.
    let product = found.ok_or_else(|| Refusal::invalid("product_not_found", "There is no such product.").at("/product"))?;
    call.execute(OfferProduct { scope, price_list, product: product.id, offered: true }).await.map(drop)
}

async fn ask_remove(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (price_list, product) = (shown(&call).await?, entry(&call).await?);
    let back = room.path(&format!("/price-lists/{}", price_list.id));
    let title = match room.look.language {
        Language::English => format!("Remove {} from “{}”", product.fields.name, price_list.name),
        Language::German => format!("{} aus „{}“ entfernen", product.fields.name, price_list.name),
    };
    let text = html! {
        p { (room.t("Resellers whose channel sells from this list can no longer order it, unless they were allowed it directly. What was ordered stays, and so do its prices here.", "Reseller, deren Kanal aus dieser Liste verkauft, können es nicht mehr bestellen, es sei denn, es ist ihnen direkt freigegeben. Was bestellt wurde, bleibt, und seine Preise hier auch.")) }
    };
    let (act, action) = (Button::new(room.t("Remove product", "Produkt entfernen")).danger(), format!("{back}/products/{}/remove", product.id));
    Ok(room.dialog(Spot::PriceLists, &title, &question(&call, &room.look, &title, &text, &Typed::default(), &action, &act, &back)))
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (price_list, product): (PriceListId, ProductId) = (call.path("id")?, call.path("product")?);
    call.execute(OfferProduct { scope: call.merchant()?, price_list, product, offered: false }).await?;
    let said = room.t("Product removed. Its prices here are kept.", "Produkt entfernt. Seine Preise hier bleiben.");
    Ok(done(&call, &room.path(&format!("/price-lists/{price_list}")), said))
}

async fn edit_price(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (price_list, product, currency) = (shown(&call).await?, entry(&call).await?, asked_currency(&call));
    let (scope, number) = (call.merchant()?, product.number);
    let books = call.read(move |reader| Box::pin(async move { queries::prices(reader, scope, &[number]).await })).await?;
    let shelf = Shelf::PriceList(price_list.id);
    let typed = currency.map_or_else(Typed::default, |currency| tiers::filled(&room, currency, tiers::of_shelf(&books, shelf, currency)));
    Ok(price_page(&call, &room, &price_list, &product, currency, &typed))
}

async fn entry(call: &Call) -> Result<ProductView, Problem> {
    crate::merchant::products::page::product(call, "product").await
}

fn price_page(call: &Call, room: &Room, price_list: &PriceListView, product: &ProductView, currency: Option<Currency>, typed: &Typed) -> Answer {
    let back = room.path(&format!("/price-lists/{}", price_list.id));
    let action = format!("{back}/products/{}/prices", product.id);
    let title = match room.look.language {
        Language::English => format!("{} in “{}”", product.fields.name, price_list.name),
        Language::German => format!("{} in „{}“", product.fields.name, price_list.name),
    };
    tiers::page(call, room, &tiers::Asked { spot: Spot::PriceLists, title: &title, currency, action: &action, back: &back }, typed)
}

async fn set_price(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (price_list, product) = (shown(&call).await?, entry(&call).await?);
    match tiers::save(&call, &room, product.id, Shelf::PriceList(price_list.id)).await? {
        None => Ok(done(&call, &room.path(&format!("/price-lists/{}", price_list.id)), room.t("Price saved.", "Preis gespeichert."))),
        Some((status, typed)) => Ok(price_page(&call, &room, &price_list, &product, None, &typed).with_status(status)),
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/price-lists", "merchantPriceListsPage", list).needs(Right::MerchantRead).page();
    r.get("/m/{merchant}/price-lists/new", "merchantNewPriceListPage", begin).needs(Right::CatalogManage).page();
    r.post("/m/{merchant}/price-lists", "merchantNewPriceListForm", create)
        .needs(Right::CatalogManage)
        .page()
        .form::<MerchantPriceListForm>()
        .command::<CreatePriceList>();
    r.get("/m/{merchant}/price-lists/{id}", "merchantPriceListPage", show).needs(Right::MerchantRead).page();
    r.get("/m/{merchant}/price-lists/{id}/rename", "merchantRenamePriceListPage", ask_rename).needs(Right::CatalogManage).page();
    r.post("/m/{merchant}/price-lists/{id}", "merchantRenamePriceListForm", rename)
        .needs(Right::CatalogManage)
        .page()
        .form::<MerchantPriceListForm>()
        .command::<RenamePriceList>();
    r.get("/m/{merchant}/price-lists/{id}/delete", "merchantDeletePriceListPage", ask_delete).needs(Right::CatalogManage).page();
    r.post("/m/{merchant}/price-lists/{id}/delete", "merchantDeletePriceListForm", delete).needs(Right::CatalogManage).page().command::<DeletePriceList>();
    r.post("/m/{merchant}/price-lists/{id}/products", "merchantOfferProductForm", offer)
        .needs(Right::CatalogManage)
        .page()
        .form::<MerchantOfferForm>()
        .refuses(&["product_not_found"])
        .command::<OfferProduct>();
    r.get("/m/{merchant}/price-lists/{id}/products/{product}/remove", "merchantWithdrawProductPage", ask_remove).needs(Right::CatalogManage).page();
    r.post("/m/{merchant}/price-lists/{id}/products/{product}/remove", "merchantWithdrawProductForm", remove)
        .needs(Right::CatalogManage)
        .page()
        .command::<OfferProduct>();
    r.get("/m/{merchant}/price-lists/{id}/products/{product}/prices", "merchantPriceListPricePage", edit_price).needs(Right::CatalogManage).page();
    r.post("/m/{merchant}/price-lists/{id}/products/{product}/prices", "merchantPriceListPriceForm", set_price)
        .needs(Right::CatalogManage)
        .page()
        .form::<tiers::MerchantPriceForm>()
        .command::<SetPrices>();
}
