//! What a reseller may order: by its channel's price list, and beyond or short of it, at which prices (CAT-4, CAT-5).

use super::{Frame, Tab, one};
use crate::files::Plain;
use crate::forms::{self, Typed, question};
use crate::lists::{Cell, List, fetch};
use crate::merchant::products::page::product;
use crate::merchant::products::tiers;
use crate::room::{Room, Spot, done};
use axum::http::StatusCode;
use maud::{Markup, html};
use std::collections::HashMap;
use tradepost_design::badge::Tone;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Language, badge};
use tradepost_domain::catalog::pricing::{self, Book, ItemDiscount, PriceBooks};
use tradepost_domain::catalog::{SellableProduct, Tier, queries};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::partners::products::ShareProduct;
use tradepost_domain::partners::queries::PartnershipView;
use tradepost_domain::partners::terms::{self, EffectiveTerms};
use tradepost_domain::{ProductId, Right};
use tradepost_kernel::{Currency, Money, Percent};
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, Routes, input};

/// What the filter calls what was given or withheld directly.
const DIRECT: &str = "direct";

input! {
    /// A product that is given to a reseller or withheld from it.
    pub struct ShareProductForm {
        /// SKU or id.
        pub product: Line<64>,
        /// Whether it is given; else it is withheld.
        pub given: bool,
    }
}

/// A product as a reseller may order it, or not.
struct Offer {
    product: SellableProduct,
    /// Given (true) or withheld (false) directly; `None`: as the price list says.
    access: Option<bool>,
    /// The reseller's own prices.
    own: Vec<Tier>,
    /// What one unit costs it now.
    price: Option<Money>,
    currency: Option<Currency>,
}

async fn found(call: &Call, p: &PartnershipView, direct: bool, page: PageRequest) -> Result<Page<Offer>, Problem> {
    let (scope, channel) = (p.scope(), p.channel);
    call.read(move |reader| {
        Box::pin(async move {
            let terms = terms::effective(reader, scope.merchant, scope.partnership, channel).await?;
            let (products, next) = if direct {
                let found = queries::direct_access(reader, scope, page).await?;
                let numbers: Vec<i64> = found.rows.iter().map(|(product, _)| product.number).collect();
                let mut known = queries::products_by_number(reader, scope.merchant, &numbers).await?;
                let rows = found.rows.into_iter().filter_map(|(product, given)| known.remove(&product.number).map(|product| (product, Some(given))));
                (rows.collect::<Vec<_>>(), found.next)
            } else {
                let found = queries::list_available(reader, scope, channel, None, page).await?;
                let mut rows = Vec::with_capacity(found.rows.len());
                for product in found.rows {
                    let access = queries::access(reader, scope, product.parent.unwrap_or(product.number)).await?;
                    rows.push((product, access));
                }
                (rows, found.next)
            };
            let numbers: Vec<i64> = products.iter().map(|(product, _)| product.number).collect();
            let books = match terms.currency {
                Some(currency) => pricing::books(reader, scope, channel, currency, &numbers).await?,
                None => HashMap::new(),
            };
            let rows = products.into_iter().map(|(product, access)| offer(&terms, &books, product, access)).collect();
            Ok(Page { rows, next })
        })
    })
    .await
}

fn offer(terms: &EffectiveTerms, books: &HashMap<i64, PriceBooks>, product: SellableProduct, access: Option<bool>) -> Offer {
    let none = PriceBooks::default();
    let prices = books.get(&product.number).unwrap_or(&none);
    let mut own: Vec<Tier> = prices
        .rows
        .iter()
        .filter(|row| row.book == Book::Partnership)
        .map(|row| Tier { from_quantity: row.from_quantity, unit_minor: row.unit_minor })
        .collect();
    own.sort_unstable();
    let margin = terms.margin(product.id, product.group.as_deref());
    let price = terms.currency.and_then(|currency| {
        let quote = pricing::quote(currency, prices, 1, terms.wholesale_discount, margin, Percent::ZERO, ItemDiscount::None, None).ok()?;
        Some(currency.minor(quote.unit_minor))
    });
    Offer { product, access, own, price, currency: terms.currency }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let frame = Frame::new(&room, &p, Tab::Products);
    let path = format!("{}/products", frame.path);
    let share =
        Button::new(room.t("Allow or block a product", "Produkt freigeben oder sperren")).small().icon(Icon::Add).opens_dialog().to(&format!("{path}/share"));
    let direct = vec![(DIRECT.to_owned(), room.t("Allowed or blocked directly", "Direkt freigegeben oder gesperrt").to_owned())];
    let list = List::new(&room, &call, "products").filter("show", direct).empty(
        Icon::Package,
        room.t("Nothing to order yet", "Noch nichts zu bestellen"),
        room.t(
            "The price list of its channel offers nothing. Put products into it, or give some to this reseller directly.",
            "Die Preisliste seines Kanals bietet nichts an. Nehmen Sie Produkte in sie auf, oder geben Sie diesem Reseller direkt welche.",
        ),
        room.may(Right::PartnersManage).then(|| share.clone()),
    );
    let list = if room.may(Right::PartnersManage) { list.acts(share) } else { list };
    let direct = list.asked("show") == Some(DIRECT);
    let found = list.rows(&call, fetch!(|page| [call, p] found(call, p, direct, page).await)).await?;
    let columns = vec![
        Column::new(room.t("Product", "Produkt")).with(room.t("SKU", "SKU")),
        Column::new(room.t("May order", "Darf bestellen")).with(room.t("Sale", "Verkauf")),
        Column::amounts(room.t("Own price", "Eigener Preis")).with(room.t("Further quantities", "Weitere Mengen")),
        Column::amounts(room.t("Current price", "Aktueller Preis")),
        Column::new(""),
    ];
    let rows = found.rows.iter().map(|offer| row(&call, &room, offer, &path)).collect();
    frame.list(&call, &room, list, columns, rows, found.next)
}

fn row(call: &Call, room: &Room, offer: &Offer, path: &str) -> Vec<Cell> {
    let product = &offer.product;
    let (tone, access) = match offer.access {
        Some(true) => (Tone::Info, room.t("Allowed directly", "Direkt freigegeben")),
        Some(false) => (Tone::Bad, room.t("Blocked", "Gesperrt")),
        None => (Tone::Good, room.t("By the price list", "Durch die Preisliste")),
    };
    let disabled = (!product.enabled).then(|| room.t("Not sold", "Nicht verkauft"));
    let may = html! { (badge(tone, access)) @if let Some(disabled) = disabled { " " (badge(Tone::Plain, disabled)) } };
    let disabled = disabled.map_or(Plain::Empty, |text| Plain::Exact(text.to_owned()));
    vec![
        Cell::link_and_code(room, &product.name, &room.path(&format!("/products/{}", product.id)), &product.sku),
        Cell::shown_as(may, Plain::Exact(access.to_owned())).and(disabled),
        offer.currency.map_or_else(Cell::empty, |currency| tiers::cell(room, currency, &offer.own)),
        offer.price.as_ref().map_or_else(Cell::empty, |price| Cell::money(room, price)),
        Cell::acts(acts(call, room, offer, path)),
    ]
}

/// What can be done with one of them. A variant is shared as its product is.
fn acts(call: &Call, room: &Room, offer: &Offer, path: &str) -> Markup {
    let place = format!("{path}/{}", offer.product.id);
    let price = Button::new(room.t("Own price", "Eigener Preis")).small().quiet().icon(Icon::Tag).opens_dialog().to(&format!("{place}/prices"));
    let follow = Button::new(room.t("Follow price list", "Wie Preisliste")).small().quiet().icon(Icon::Undo);
    let withhold = Button::new(room.t("Block", "Sperren")).small().quiet().icon(Icon::Lock).opens_dialog().to(&format!("{place}/withhold"));
    html! {
        @if room.may(Right::PartnersManage) {
            div class="button-row" {
                (price)
                @if offer.product.parent.is_none() {
                    @if offer.access.is_some() { (forms::act(call, &format!("{place}/follow"), &follow)) } @else { (withhold) }
                }
            }
        }
    }
}

async fn ask_share(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    share_page(&call, &room, &Typed::new([("given", "true".to_owned())])).await
}

async fn share_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let p = one(call).await?;
    let path = room.path(&format!("/resellers/{}/products", p.id));
    let title = room.t("Allow or block a product", "Produkt freigeben oder sperren");
    let choices = [
        (
            "true",
            room.t("Allow", "Freigeben"),
            room.t("It may order it, whatever its price list says.", "Er darf es bestellen, was auch immer seine Preisliste sagt."),
        ),
        (
            "false",
            room.t("Block", "Sperren"),
            room.t("It does not see it, even where its price list offers it.", "Er sieht es nicht, auch wenn seine Preisliste es anbietet."),
        ),
    ];
    let text = html! {
        (typed.field("product", room.t("Product", "Produkt")).example("KEY-PRO").hint(room.t("SKU or ID. Variants follow their product.", "SKU oder ID. Varianten folgen ihrem Produkt.")).whole().text())
        (typed.field("given", room.t("Access", "Zugriff")).whole().radios(&choices))
    };
    let act = Button::new(room.t("Save", "Speichern")).primary();
    Ok(room.dialog(Spot::Resellers, title, &question(call, &room.look, title, &text, typed, &path, &act, &path)))
}

/// The product by SKU or id.
async fn named(call: &Call, text: String) -> Result<Option<ProductId>, Problem> {
    let scope = call.merchant()?;
    let found = call.read(move |reader| Box::pin(async move { queries::find_product(reader, scope, &text).await })).await?;
    Ok(found.map(|product| product.id))
}

async fn share(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let scope = one(&call).await?.scope();
    let form = match call.form::<ShareProductForm>() {
        Ok(form) => form,
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            return Ok(share_page(&call, &room, &typed).await?.with_status(status));
        }
    };
    let Some(product) = named(&call, form.product.into()).await? else {
        let text = room.t("There is no product with this SKU or id.", "Es gibt kein Produkt mit dieser SKU oder Id.");
        let typed = Typed::of(call.typed()?).wrong_with("product", text);
        return Ok(share_page(&call, &room, &typed).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY));
    };
    match call.execute(ShareProduct { scope, product, access: Some(form.given) }).await {
        Ok(_) => {
            let said = if form.given { room.t("Product allowed.", "Produkt freigegeben.") } else { room.t("Product blocked.", "Produkt gesperrt.") };
            Ok(done(&call, &room.path(&format!("/resellers/{}/products", scope.partnership)), said))
        }
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(share_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

async fn ask_withhold(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (p, product) = (one(&call).await?, product(&call, "product").await?);
    let back = room.path(&format!("/resellers/{}/products", p.id));
    let (name, company) = (&product.fields.name, &p.reseller.company);
    let title = match room.look.language {
        Language::English => format!("Block {name} for {company}"),
        Language::German => format!("{name} für {company} sperren"),
    };
    let text = html! {
        p { (room.t("It no longer sees the product and can't order it, even where its price list offers it. What it ordered stays. You can allow it again at any time.", "Er sieht das Produkt nicht mehr und kann es nicht bestellen, auch wenn seine Preisliste es anbietet. Was er bestellt hat, bleibt. Sie können es jederzeit wieder freigeben.")) }
    };
    let (act, action) = (Button::new(room.t("Block product", "Produkt sperren")).danger(), format!("{back}/{}/withhold", product.id));
    Ok(room.dialog(Spot::Resellers, &title, &question(&call, &room.look, &title, &text, &Typed::default(), &action, &act, &back)))
}

/// Follows the price list again (`None`), or is withheld.
async fn set(call: Call, access: Option<bool>) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let scope = one(&call).await?.scope();
    call.execute(ShareProduct { scope, product: call.path("product")?, access }).await?;
    let said = if access.is_none() {
        room.t("It follows the price list again.", "Es richtet sich wieder nach der Preisliste.")
    } else {
        room.t("Product blocked.", "Produkt gesperrt.")
    };
    Ok(done(&call, &room.path(&format!("/resellers/{}/products", scope.partnership)), said))
}

pub(super) fn routes(r: &mut Routes) {
    let right = Right::PartnersManage;
    r.get("/m/{merchant}/resellers/{id}/products", "merchantResellerProductsPage", list).needs(Right::MerchantRead).page();
    r.get("/m/{merchant}/resellers/{id}/products/share", "merchantShareProductPage", ask_share).needs(right).page();
    r.post("/m/{merchant}/resellers/{id}/products", "merchantShareProductForm", share).needs(right).page().form::<ShareProductForm>().command::<ShareProduct>();
    r.post("/m/{merchant}/resellers/{id}/products/{product}/follow", "merchantUnshareProductForm", |call| set(call, None))
        .needs(right)
        .page()
        .command::<ShareProduct>();
    r.get("/m/{merchant}/resellers/{id}/products/{product}/withhold", "merchantWithholdProductPage", ask_withhold).needs(right).page();
    r.post("/m/{merchant}/resellers/{id}/products/{product}/withhold", "merchantWithholdProductForm", |call| set(call, Some(false)))
        .needs(right)
        .page()
        .command::<ShareProduct>();
}
