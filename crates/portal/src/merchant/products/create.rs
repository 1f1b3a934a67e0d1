//! A new product, bundle or variant (CAT-1). What is rarely set is set on its page afterwards.

use super::{parts, words};
use crate::forms::{self, Typed};
use crate::merchant::orders::asked;
use crate::money;
use crate::room::{Room, Spot, done};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::card::Card;
use tradepost_design::form::unseen;
use tradepost_design::frame::Head;
use tradepost_design::{Button, Language};
use tradepost_domain::Right;
use tradepost_domain::catalog::queries;
use tradepost_domain::catalog::{CreateProduct, Kind, PartPatch, ProductPatch, SetPrices, Shelf, Tier};
use tradepost_domain::ids::ProductId;
use tradepost_kernel::Money;
use tradepost_web::fields::{Line, Sku};
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes, input};

input! {
    /// The form of a new product. The parts of a bundle are fields of their own: `part_0` and `quantity_0`, and so on.
    pub struct MerchantNewProductForm {
        /// The product that it is a variant of.
        pub parent: Option<ProductId>,
        /// Whether it is a bundle.
        pub bundle: Option<bool>,
        /// As shown.
        pub name: Line<200>,
        /// Unique at the merchant.
        pub sku: Sku,
        /// One line.
        pub short_description: Option<Line<300>>,
        /// What is sold.
        pub kind: Option<Kind>,
        /// What margins and reports group by.
        pub group: Option<Line<100>>,
        /// Its list price in the merchant's currency, as it is typed.
        pub price: Option<Line<40>>,
    }
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let mut values = vec![("kind", Kind::Key.name().to_owned())];
    if let Some(parent) = asked(&call, "parent") {
        values.push(("parent", parent.to_owned()));
    }
    if asked(&call, "type") == Some("bundle") {
        values.push(("bundle", "true".to_owned()));
    }
    form_page(&call, &room, &Typed::new(values)).await
}

async fn form_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let parent = match typed.value("parent") {
        "" => None,
        id => Some(parent(call, id.parse().map_err(|_| Problem::not_found())?).await?),
    };
    let bundle = typed.value("bundle") == "true";
    let (title, back) = match &parent {
        Some((id, name)) => (variant_title(room, name), room.path(&format!("/products/{id}/variants"))),
        None if bundle => (room.t("New bundle", "Neues Bündel").to_owned(), room.path("/products")),
        None => (room.t("New product", "Neues Produkt").to_owned(), room.path("/products")),
    };
    let inside = html! {
        (unseen(&[("parent", typed.value("parent")), ("bundle", typed.value("bundle"))]))
        (fields(room, typed, parent.is_some(), bundle))
    };
    let act = Button::new(room.t("Create", "Anlegen")).primary();
    let head = Head {
        crumbs: &[(room.t("Products", "Produkte"), &room.path("/products"))],
        title: &title,
        state: None,
        text: parent.is_some().then_some(room.t(
            "It has a SKU, prices and stock of its own; everything else it takes from the product.",
            "Sie hat eigene SKU, Preise und eigenen Bestand; alles Übrige übernimmt sie vom Produkt.",
        )),
        acts: None,
    };
    let page = html! {
        (typed.mistakes(&room.look))
        (Card::new(room.t("What it is", "Was es ist")).with(forms::form(call, &room.look, &room.path("/products"), &inside, &act, Some(&back))))
    };
    Ok(room.page(Spot::Products, &head, &page))
}

fn variant_title(room: &Room, name: &str) -> String {
    match room.look.language {
        Language::English => format!("New variant of {name}"),
        Language::German => format!("Neue Variante von {name}"),
    }
}

/// The product that a variant is made of.
async fn parent(call: &Call, id: ProductId) -> Result<(ProductId, String), Problem> {
    let scope = call.merchant()?;
    let found = call.read(move |reader| Box::pin(async move { queries::product(reader, scope, id).await })).await?.or_not_found()?;
    Ok((id, found.fields.name))
}

fn fields(room: &Room, typed: &Typed, variant: bool, bundle: bool) -> Markup {
    let (look, optional) = (&room.look, room.t("optional", "optional"));
    let kinds: Vec<(&str, &str)> = words::SOLD.iter().map(|kind| (kind.name(), words::kind(look, *kind))).collect();
    html! {
        (typed.field("name", room.t("Name", "Name")).text())
        (typed.field("sku", room.t("SKU", "SKU")).example("KEY-PRO").hint(room.t("Unique among your products; no spaces.", "Unter Ihren Produkten einmalig, ohne Leerzeichen.")).text())
        @if !variant { (typed.field("short_description", room.t("Summary", "Kurzbeschreibung")).optional(optional).whole().text()) }
        @if !variant && !bundle { (typed.field("kind", room.t("Kind", "Art")).select(&kinds)) }
        @if !variant { (typed.field("group", room.t("Group", "Gruppe")).optional(optional).text()) }
        (typed.field("price", room.t("List price", "Listenpreis")).before(room.currency.code()).numeric().optional(optional).text())
        @if bundle { (parts::fields(room, typed)) }
    }
}

/// What the form asks for: the product, whose variant it is, and its price.
struct Wanted {
    patch: ProductPatch,
    parent: Option<ProductId>,
    price: Option<Money>,
}

/// What is wrong with the form: a field with its sentence, or a no.
enum Wrong {
    Field(String, String),
    No(Problem),
}

impl From<Problem> for Wrong {
    fn from(no: Problem) -> Self {
        Self::No(no)
    }
}

fn wanted(call: &Call, room: &Room) -> Result<Wanted, Wrong> {
    let typed = call.typed()?;
    let parts = parts::read(room, &typed).map_err(|(field, text)| Wrong::Field(field, text))?;
    let own: Vec<(String, String)> = typed.into_iter().filter(|(name, _)| !parts::is_part(name)).collect();
    let form: MerchantNewProductForm = Call::read_form(&own)?;
    let price = form.price.as_ref().map(|text| money::typed(&room.look, room.currency, text)).transpose();
    let price = price.map_err(|text| Wrong::Field("price".to_owned(), text))?;
    let parent = form.parent;
    Ok(Wanted { patch: patch(form, parts), parent, price })
}

/// What is left out is not set at all, so that a variant takes it from its parent.
fn patch(form: MerchantNewProductForm, parts: Vec<PartPatch>) -> ProductPatch {
    let bundle = form.bundle.unwrap_or(false);
    let variant = form.parent.is_some();
    ProductPatch {
        sku: Some(form.sku.into()),
        name: Some(form.name.into()),
        short_description: form.short_description.map(|text| Some(text.into())),
        kind: form.kind.filter(|_| !variant),
        bundle: bundle.then_some(true),
        parts: bundle.then_some(parts),
        group: form.group.map(|text| Some(text.into())),
        ..ProductPatch::default()
    }
}

async fn created(call: &Call, room: &Room) -> Result<ProductId, Wrong> {
    let Wanted { patch, parent, price } = wanted(call, room)?;
    let scope = call.merchant()?;
    let product = call.execute(CreateProduct { scope, parent, patch }).await?.outcome;
    if let Some(price) = price {
        let tiers = vec![Tier { from_quantity: 1, unit_minor: price.minor }];
        call.execute(SetPrices { scope, product, shelf: Shelf::List, currency: price.currency, tiers }).await?;
    }
    Ok(product)
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    match created(&call, &room).await {
        Ok(product) => Ok(done(&call, &room.path(&format!("/products/{product}")), room.t("Product created.", "Produkt angelegt."))),
        Err(Wrong::Field(field, text)) => {
            let typed = Typed::of(call.typed()?).wrong_with(&field, &text);
            Ok(form_page(&call, &room, &typed).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(Wrong::No(no)) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(form_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/products/new", "merchantNewProductPage", begin).needs(Right::CatalogManage).page();
    r.post("/m/{merchant}/products", "merchantNewProductForm", create)
        .needs(Right::CatalogManage)
        .page()
        .form::<MerchantNewProductForm>()
        .command::<CreateProduct>()
        .command::<SetPrices>();
}
