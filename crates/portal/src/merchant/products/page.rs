//! The page of one product: its tabs, and its details (CAT-1 … CAT-3).

use super::words;
use crate::forms::{self, Typed, question};
use crate::merchant::orders::asked;
use crate::room::{Room, Spot, done};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::card::{Card, facts};
use tradepost_design::form::unseen;
use tradepost_design::frame::Head;
use tradepost_design::table::tabs;
use tradepost_design::{Button, Icon, Language, badge, value};
use tradepost_domain::Right;
use tradepost_domain::catalog::queries::{self, ProductView};
use tradepost_domain::catalog::{ChangeProduct, EndUserInformation, Kind, Method, ProductPatch, grams, kilograms};
use tradepost_domain::ids::ProductId;
use tradepost_web::fields::{Line, Paragraph, Quantity, Sku};
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes, input};

input! {
    /// The form of a product's details.
    pub struct MerchantProductForm {
        /// The version that was looked at.
        pub seen: Option<i64>,
        /// Unique at the merchant.
        pub sku: Sku,
        /// As shown.
        pub name: Line<200>,
        /// Version of what is sold.
        pub product_version: Option<Line<50>>,
        /// One line.
        pub short_description: Option<Line<300>>,
        /// Several lines.
        pub description: Option<Paragraph<20_000>>,
        /// `https://…`
        pub image_url: Option<Line<500>>,
        /// What is sold.
        pub kind: Option<Kind>,
        /// What margins and reports group by.
        pub group: Option<Line<100>>,
        /// Weight in kilograms.
        pub weight_kg: Option<Line<20>>,
        /// What tax rates go by.
        pub tax_category: Option<Line<100>>,
        /// How a sold unit comes to be.
        pub method: Option<Method>,
        /// When the end user is asked.
        pub end_user_information: Option<EndUserInformation>,
        /// Whether the company that sells on must be named.
        pub reseller_information: Option<bool>,
        /// Fewest units of a line.
        pub min_quantity: Option<Quantity>,
        /// Most units of a line.
        pub max_quantity: Option<Quantity>,
    }
}

/// The tabs of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::merchant) enum Tab {
    /// What it is.
    Details,
    /// What it costs.
    Prices,
    /// How many keys there are.
    Stock,
    /// What a bundle consists of.
    Parts,
    /// Its editions.
    Variants,
}

/// The product that the path names by `name`.
pub(in crate::merchant) async fn product(call: &Call, name: &str) -> Result<ProductView, Problem> {
    let (scope, id) = (call.merchant()?, call.path::<ProductId>(name)?);
    call.read(move |reader| Box::pin(async move { queries::product(reader, scope, id).await })).await?.or_not_found()
}

/// A page of a product: its head, its tabs, and what is in this one.
pub(in crate::merchant) fn draw(call: &Call, room: &Room, product: &ProductView, tab: Tab, inside: &Markup) -> Answer {
    let (tone, sold) = words::sold(&room.look, product.fields.enabled);
    let (all, parent) = (room.path("/products"), product.parent.map(|(_, id)| room.path(&format!("/products/{id}/variants"))));
    let mut crumbs = vec![(room.t("Products", "Produkte"), all.as_str())];
    crumbs.extend(parent.as_deref().map(|path| (room.t("Variants", "Varianten"), path)));
    let head = Head {
        crumbs: &crumbs,
        title: &product.fields.name,
        state: Some(html! { (badge(tone, sold)) code { (product.fields.sku) } }),
        text: product.fields.short_description.as_deref(),
        acts: room.may(Right::CatalogManage).then(|| acts(call, room, product)),
    };
    let spot = if tab == Tab::Stock { Spot::Stock } else { Spot::Products };
    room.page(spot, &head, &html! { (tab_line(room, product, tab)) (inside) })
}

/// Resellers notice at once that it is no longer sold, so that is asked about.
fn acts(call: &Call, room: &Room, product: &ProductView) -> Markup {
    let path = room.path(&format!("/products/{}", product.id));
    if product.fields.enabled {
        let stop = Button::new(room.t("Stop selling", "Verkauf beenden")).icon(Icon::Hidden).opens_dialog();
        html! { (stop.to(&format!("{path}/disable"))) }
    } else {
        forms::act(call, &format!("{path}/enable"), &Button::new(room.t("Start selling", "Verkauf beginnen")).icon(Icon::Visible))
    }
}

fn tab_line(room: &Room, product: &ProductView, here: Tab) -> Markup {
    let (fields, path) = (&product.fields, room.path(&format!("/products/{}", product.id)));
    let stock = room.path(&format!("/stock/{}", product.id));
    let all = [
        (Tab::Details, room.t("Details", "Details"), path.clone(), true),
        (Tab::Prices, room.t("Prices", "Preise"), format!("{path}/prices"), true),
        (Tab::Stock, room.t("Stock", "Bestand"), stock, fields.method == Method::KeyPool && room.may(Right::StockRead)),
        (Tab::Parts, room.t("Parts", "Teile"), format!("{path}/parts"), fields.bundle),
        (Tab::Variants, room.t("Variants", "Varianten"), format!("{path}/variants"), !fields.bundle && product.parent.is_none()),
    ];
    let shown: Vec<(&str, String, usize, bool)> = all.into_iter().filter(|tab| tab.3).map(|(tab, name, place, _)| (name, place, 0, tab == here)).collect();
    tabs(room.t("Product", "Produkt"), &shown)
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let product = product(&call, "id").await?;
    Ok(details_page(&call, &room, &product, &filled(&room, &product)))
}

fn details_page(call: &Call, room: &Room, product: &ProductView, typed: &Typed) -> Answer {
    let may_change = room.may(Right::CatalogManage);
    let inside = html! {
        (typed.mistakes(&room.look))
        div class="columns" {
            div { @if may_change { (form_card(call, room, product, typed)) } @else { (description_card(room, product)) } }
            div { (facts_card(room, product)) }
        }
    };
    draw(call, room, product, Tab::Details, &inside)
}

/// What stands in the form at first.
fn filled(room: &Room, product: &ProductView) -> Typed {
    let fields = &product.fields;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let count = |count: Option<i64>| count.map_or_else(String::new, |count| count.to_string());
    Typed::new([
        ("sku", fields.sku.clone()),
        ("name", fields.name.clone()),
        ("product_version", text(&fields.product_version)),
        ("short_description", text(&fields.short_description)),
        ("description", text(&fields.description)),
        ("image_url", text(&fields.image_url)),
        ("kind", fields.kind.name().to_owned()),
        ("group", text(&fields.group)),
        ("weight_kg", fields.weight_grams.map_or_else(String::new, |grams| weight(room, grams))),
        ("tax_category", text(&fields.tax_category)),
        ("method", fields.method.name().to_owned()),
        ("end_user_information", fields.end_user_information.name().to_owned()),
        ("reseller_information", fields.reseller_information.to_string()),
        ("min_quantity", count(fields.min_quantity)),
        ("max_quantity", count(fields.max_quantity)),
    ])
}

fn weight(room: &Room, grams: i64) -> String {
    match room.look.language {
        Language::English => kilograms(grams),
        Language::German => kilograms(grams).replace('.', ","),
    }
}

fn form_card(call: &Call, room: &Room, product: &ProductView, typed: &Typed) -> Markup {
    let path = room.path(&format!("/products/{}", product.id));
    let inside = html! {
        (unseen(&[("seen", &product.version.to_string())]))
        (catalog_fields(room, typed))
        @if !product.fields.bundle { (sale_fields(room, typed)) }
        (order_fields(room, typed))
    };
    let act = Button::new(room.t("Save", "Speichern")).primary();
    Card::new(room.t("Details", "Details")).with(forms::form(call, &room.look, &path, &inside, &act, None))
}

fn catalog_fields(room: &Room, typed: &Typed) -> Markup {
    let optional = room.t("optional", "optional");
    html! {
        (typed.field("name", room.t("Name", "Name")).text())
        (typed.field("sku", room.t("SKU", "SKU")).hint(room.t("Unique among your products.", "Unter Ihren Produkten einmalig.")).text())
        (typed.field("short_description", room.t("Summary", "Kurzbeschreibung")).optional(optional).whole().text())
        (typed.field("description", room.t("Description", "Beschreibung")).optional(optional).whole().lines())
        (typed.field("product_version", room.t("Version", "Version")).example("2026.1").optional(optional).text())
        (typed.field("image_url", room.t("Picture", "Bild")).example("https://").optional(optional).input("url"))
        (typed.field("group", room.t("Group", "Gruppe")).hint(room.t("Margins and reports go by it.", "Danach richten sich Margen und Berichte.")).optional(optional).text())
        (typed.field("tax_category", room.t("Tax category", "Steuerkategorie")).optional(optional).text())
    }
}

/// What is sold and how a unit comes to be: a bundle has its parts for that.
fn sale_fields(room: &Room, typed: &Typed) -> Markup {
    let look = &room.look;
    let kinds: Vec<(&str, &str)> = words::SOLD.iter().map(|kind| (kind.name(), words::kind(look, *kind))).collect();
    let methods: Vec<(&str, &str, &str)> = Method::ALL
        .iter()
        .map(|method| {
            let (name, text) = words::method(look, *method);
            (method.name(), name, text)
        })
        .collect();
    html! {
        (typed.field("kind", room.t("Kind", "Art")).select(&kinds))
        (typed.field("weight_kg", room.t("Weight", "Gewicht")).after("kg").numeric().optional(room.t("optional", "optional")).text())
        (typed.field("method", room.t("How a unit is delivered", "So wird eine Einheit geliefert")).whole().radios(&methods))
    }
}

fn order_fields(room: &Room, typed: &Typed) -> Markup {
    let (look, optional) = (&room.look, room.t("optional", "optional"));
    let asked: Vec<(&str, &str, &str)> = EndUserInformation::ALL
        .iter()
        .map(|when| {
            let (name, text) = words::end_user(look, *when);
            (when.name(), name, text)
        })
        .collect();
    html! {
        (typed.field("end_user_information", room.t("When the end user is asked for", "Wann nach dem Endkunden gefragt wird")).whole().radios(&asked))
        (typed.field("reseller_information", room.t("Ask for the company that sells on", "Nach der weiterverkaufenden Firma fragen")).whole().switch())
        (typed.field("min_quantity", room.t("Minimum per order line", "Mindestens je Position")).numeric().optional(optional).text())
        (typed.field("max_quantity", room.t("Maximum per order line", "Höchstens je Position")).numeric().optional(optional).text())
    }
}

fn description_card(room: &Room, product: &ProductView) -> Markup {
    let text = product.fields.description.as_deref();
    let inside = html! {
        @match text { Some(text) => p class="lines" { (text) }, None => p class="muted" { (room.t("No description.", "Keine Beschreibung.")) } }
    };
    Card::new(room.t("Description", "Beschreibung")).with(inside)
}

fn facts_card(room: &Room, product: &ProductView) -> Markup {
    let (look, fields) = (&room.look, &product.fields);
    let kind = if fields.bundle { room.t("Bundle", "Bündel") } else { words::kind(look, fields.kind) };
    let mut rows: Vec<(&str, Markup)> = vec![
        (room.t("ID", "ID"), value::copyable(&product.id.to_string(), look.language)),
        (room.t("Kind", "Art"), html! { (kind) }),
        (room.t("Delivery", "Lieferung"), html! { (words::method(look, fields.method).0) }),
        (room.t("End user", "Endkunde"), html! { (words::end_user(look, fields.end_user_information).0) }),
    ];
    if let Some(group) = &fields.group {
        let place = room.path(&format!("/products?group={}", crate::room::encoded(group)));
        rows.push((room.t("Group", "Gruppe"), html! { a href=(place) { (group) } }));
    }
    if let Some(grams) = fields.weight_grams {
        rows.push((room.t("Weight", "Gewicht"), html! { (weight(room, grams)) " kg" }));
    }
    rows.push((room.t("Created", "Angelegt"), look.moment(product.created)));
    rows.push((room.t("Updated", "Geändert"), look.moment(product.updated)));
    Card::new(room.t("At a glance", "Auf einen Blick")).with(facts(&rows))
}

/// What the form sets: what is empty there is cleared. `Err`: a field, and what is wrong with it.
fn patch(room: &Room, form: MerchantProductForm, bundle: bool) -> Result<ProductPatch, (String, String)> {
    let weight = match &form.weight_kg {
        None => None,
        Some(text) => Some(grams(&text.replace(',', ".")).ok_or_else(|| {
            let text = room.t("Type kilograms with at most three decimals.", "Geben Sie Kilogramm mit höchstens drei Nachkommastellen an.");
            ("weight_kg".to_owned(), text.to_owned())
        })?),
    };
    Ok(ProductPatch {
        sku: Some(form.sku.into()),
        name: Some(form.name.into()),
        product_version: Some(form.product_version.map(Into::into)),
        short_description: Some(form.short_description.map(Into::into)),
        description: Some(form.description.map(Into::into)),
        image_url: Some(form.image_url.map(Into::into)),
        kind: form.kind,
        group: Some(form.group.map(Into::into)),
        // A bundle's form has no field for it.
        weight_grams: (!bundle).then_some(weight),
        tax_category: Some(form.tax_category.map(Into::into)),
        method: form.method,
        end_user_information: form.end_user_information,
        reseller_information: Some(form.reseller_information.unwrap_or(false)),
        min_quantity: Some(form.min_quantity.map(Quantity::get)),
        max_quantity: Some(form.max_quantity.map(Quantity::get)),
        ..ProductPatch::default()
    })
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let product = product(&call, "id").await?;
    let changed = match call.form::<MerchantProductForm>() {
        Ok(form) => {
            let expected_version = form.seen;
            match patch(&room, form, product.fields.bundle) {
                Ok(patch) => call.execute(ChangeProduct { scope: call.merchant()?, product: product.id, expected_version, patch }).await.map(drop),
                Err((field, text)) => {
                    let typed = Typed::of(call.typed()?).wrong_with(&field, &text);
                    return Ok(details_page(&call, &room, &product, &typed).with_status(StatusCode::UNPROCESSABLE_ENTITY));
                }
            }
        }
        Err(no) => Err(no),
    };
    match changed {
        Ok(()) => Ok(done(&call, &room.path(&format!("/products/{}", product.id)), room.t("Product saved.", "Produkt gespeichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(details_page(&call, &room, &product, &typed).with_status(status))
        }
    }
}

async fn sell(call: Call, enabled: bool) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let product: ProductId = call.path("id")?;
    let patch = ProductPatch { enabled: Some(enabled), ..ProductPatch::default() };
    call.execute(ChangeProduct { scope: call.merchant()?, product, expected_version: None, patch }).await?;
    let said =
        if enabled { room.t("It is for sale now.", "Es ist jetzt im Verkauf.") } else { room.t("It is no longer for sale.", "Es ist nicht mehr im Verkauf.") };
    Ok(done(&call, &room.path(&format!("/products/{product}")), said))
}

async fn enable(call: Call) -> Result<Answer, Problem> {
    sell(call, true).await
}

async fn ask_disable(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let product = product(&call, "id").await?;
    let back = room.path(&format!("/products/{}", product.id));
    let title = match room.look.language {
        Language::English => format!("Stop selling {}", product.fields.name),
        Language::German => format!("Verkauf von {} beenden", product.fields.name),
    };
    let text = html! {
        p { (room.t("Resellers and their shops can no longer buy it. What was sold stays and is delivered. You can sell it again at any time.", "Reseller und ihre Shops können es nicht mehr kaufen. Was verkauft wurde, bleibt und wird geliefert. Sie können es jederzeit wieder verkaufen.")) }
    };
    let act = Button::new(room.t("Stop selling", "Verkauf beenden")).danger();
    Ok(room.dialog(Spot::Products, &title, &question(&call, &room.look, &title, &text, &Typed::default(), &format!("{back}/disable"), &act, &back)))
}

async fn disable(call: Call) -> Result<Answer, Problem> {
    sell(call, false).await
}

/// The currency that a query asks for.
pub(in crate::merchant) fn asked_currency(call: &Call) -> Option<tradepost_kernel::Currency> {
    asked(call, "currency").and_then(|code| code.parse().ok())
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/products/{id}", "merchantProductPage", show).needs(Right::MerchantRead).page();
    r.post("/m/{merchant}/products/{id}", "merchantProductForm", change)
        .needs(Right::CatalogManage)
        .page()
        .form::<MerchantProductForm>()
        .command::<ChangeProduct>();
    r.post("/m/{merchant}/products/{id}/enable", "merchantEnableProductForm", enable).needs(Right::CatalogManage).page().command::<ChangeProduct>();
    r.get("/m/{merchant}/products/{id}/disable", "merchantDisableProductPage", ask_disable).needs(Right::CatalogManage).page();
    r.post("/m/{merchant}/products/{id}/disable", "merchantDisableProductForm", disable).needs(Right::CatalogManage).page().command::<ChangeProduct>();
}
