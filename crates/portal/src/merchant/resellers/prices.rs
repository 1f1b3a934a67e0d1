//! A reseller's own price of one product: it goes before its price list and the list price (CAT-5).

use super::one;
use crate::forms::Typed;
use crate::merchant::products::tiers::{self, MerchantPriceForm};
use crate::room::{Room, Spot, done};
use axum::http::StatusCode;
use tradepost_design::Language;
use tradepost_domain::catalog::queries::{self, ProductView};
use tradepost_domain::catalog::{Shelf, Tier};
use tradepost_domain::partners::products::SetPartnershipPrices;
use tradepost_domain::partners::queries::PartnershipView;
use tradepost_domain::partners::terms;
use tradepost_domain::{ProductId, Right};
use tradepost_kernel::Currency;
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes};

/// The product of the path, what the reseller buys in, and its own tiers in that.
async fn asked(call: &Call, room: &Room, p: &PartnershipView) -> Result<(ProductView, Currency, Vec<Tier>), Problem> {
    let (scope, channel, id) = (p.scope(), p.channel, call.path::<ProductId>("product")?);
    let found = call.read(move |reader| {
        Box::pin(async move {
            let Some(product) = queries::product(reader, scope.of_merchant(), id).await? else { return Ok(None) };
            let terms = terms::effective(reader, scope.merchant, scope.partnership, channel).await?;
            let books = queries::prices(reader, scope.of_merchant(), &[product.number]).await?;
            Ok(Some((product, terms.currency, books)))
        })
    });
    let (product, currency, books) = found.await?.or_not_found()?;
    let currency = currency.unwrap_or(room.currency);
    let own = tiers::of_shelf(&books, Shelf::Partnership(scope.partnership), currency).to_vec();
    Ok((product, currency, own))
}

async fn ask(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let (product, currency, own) = asked(&call, &room, &p).await?;
    Ok(price_page(&call, &room, &p, &product, currency, &tiers::filled(&room, currency, &own)))
}

fn price_page(call: &Call, room: &Room, p: &PartnershipView, product: &ProductView, currency: Currency, typed: &Typed) -> Answer {
    let back = room.path(&format!("/resellers/{}/products", p.id));
    let title = match room.look.language {
        Language::English => format!("{} for {}", product.fields.name, p.reseller.company),
        Language::German => format!("{} für {}", product.fields.name, p.reseller.company),
    };
    let action = format!("{back}/{}/prices", product.id);
    tiers::page(call, room, &tiers::Asked { spot: Spot::Resellers, title: &title, currency: Some(currency), action: &action, back: &back }, typed)
}

async fn set(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let (product, currency, _) = asked(&call, &room, &p).await?;
    let typed = call.typed()?;
    let tiers = match tiers::read(&room, &typed, currency) {
        Ok(tiers) => tiers,
        Err((field, text)) => {
            let typed = Typed::of(typed).wrong_with(&field, &text);
            return Ok(price_page(&call, &room, &p, &product, currency, &typed).with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    let removed = tiers.is_empty();
    match call.execute(SetPartnershipPrices { scope: p.scope(), product: product.id, currency, tiers }).await {
        Ok(_) => {
            let said = if removed { room.t("Own price removed.", "Eigener Preis entfernt.") } else { room.t("Own price saved.", "Eigener Preis gespeichert.") };
            Ok(done(&call, &room.path(&format!("/resellers/{}/products", p.id)), said))
        }
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(price_page(&call, &room, &p, &product, currency, &typed).with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    let right = Right::PartnersManage;
    r.get("/m/{merchant}/resellers/{id}/products/{product}/prices", "merchantResellerPricePage", ask).needs(right).page();
    r.post("/m/{merchant}/resellers/{id}/products/{product}/prices", "merchantResellerPriceForm", set)
        .needs(right)
        .page()
        .form::<MerchantPriceForm>()
        .command::<SetPartnershipPrices>();
}
