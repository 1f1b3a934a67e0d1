//! Merchants and keys made by the operator.

use crate::operate::invalid;
use serde_json::{Value as Json, json};
use tradepost_domain::access::Side;
use tradepost_domain::fulfillments::ReopenMerchant;
use tradepost_domain::identity::api_keys::{CreateApiKey, KeyOwner};
use tradepost_domain::ids::PartnershipId;
use tradepost_domain::partners::create_merchant::CreateMerchant;
use tradepost_domain::{Engine, MerchantId, No, Origin, Right, merchants};
use tradepost_kernel::api_key::{ApiKeyText, KeyKind};
use tradepost_kernel::{Currency, Refusal, text};
use tradepost_store::{params, sql};

/// The first owner, as the operator typed them.
pub(crate) struct Owner {
    /// Their address.
    pub(crate) email: String,
    /// First and last name, where the operator knows them.
    pub(crate) name: Option<String>,
}

/// Makes a merchant with its sandbox, and a key with all rights for each.
pub(crate) async fn create(engine: &Engine, name: &str, slug: Option<String>, currency: &str, owner: &Owner, time_zone: &str) -> Result<Json, No> {
    let name = text::line(name, 200).map_err(|error| invalid("name", error.detail()))?;
    let currency: Currency = currency.parse().map_err(|_| invalid("currency", "is no currency with 0, 2 or 3 digits"))?;
    let email = text::Email::parse(&owner.email).map_err(|error| invalid("owner_email", error.detail()))?;
    let called = owner.name.as_deref().map(|name| text::line(name, 100)).transpose().map_err(|error| invalid("owner_name", error.detail()))?;
    let called = called.unwrap_or_default();
    // Shown together again everywhere, so it matters little where the first name ends.
    let (first_name, last_name) = called.split_once(' ').unwrap_or((&called, ""));
    if !tradepost_kernel::time::is_time_zone(time_zone) {
        return Err(invalid("time_zone", "is no IANA time zone"));
    }
    let (live_key, test_key) = (mint(engine, KeyKind::Merchant, false), mint(engine, KeyKind::Merchant, true));
    let command = CreateMerchant {
        name: name.clone(),
        slug,
        currency,
        time_zone: time_zone.to_owned(),
        owner: email,
        first_name: first_name.to_owned(),
        last_name: last_name.trim_start().to_owned(),
        live_key: Some((&live_key).into()),
        test_key: Some((&test_key).into()),
    };
    let made = engine.execute(Origin::operator(), command).await?.outcome;
    Ok(json!({
        "merchant": made.live.id, "sandbox": made.test.id, "slug": made.slug, "name": name, "owner": made.owner,
        "live_key": live_key.text().expose(), "test_key": test_key.text().expose(),
    }))
}

/// Opens a closed merchant again (PAR-14).
pub(crate) async fn reopen(engine: &Engine, merchant: Option<&str>) -> Result<Json, No> {
    let merchant = find_or_only(engine, merchant, false).await?;
    let opened = engine.execute(Origin::operator(), ReopenMerchant { merchant }).await?.outcome;
    Ok(json!({"merchant": opened.merchant, "partnerships": opened.partnerships}))
}

fn mint(engine: &Engine, kind: KeyKind, test: bool) -> ApiKeyText {
    ApiKeyText::mint(kind, test, || engine.environment.random::<1>()[0])
}

/// Makes a key of a merchant or of one partnership.
pub(crate) async fn create_key(
    engine: &Engine,
    merchant: Option<&str>,
    test: bool,
    partnership: Option<&str>,
    name: &str,
    rights: &[String],
) -> Result<Json, No> {
    let merchant = find_or_only(engine, merchant, test).await?;
    let name = text::line(name, 100).map_err(|error| invalid("name", error.detail()))?;
    let partnership: Option<PartnershipId> =
        partnership.map(|text| text.parse().map_err(|_| invalid("partnership", "is no partnership's id (par_…)"))).transpose()?;
    let side = if partnership.is_some() { Side::Reseller } else { Side::Merchant };
    let rights = wanted(rights, side)?;
    key(engine, KeyOwner { merchant, partnership }, test, name, rights).await
}

/// Mints and stores a key, and answers its text: the only time.
async fn key(engine: &Engine, owner: KeyOwner, test: bool, name: String, rights: Vec<Right>) -> Result<Json, No> {
    let kind = if owner.partnership.is_some() { KeyKind::Partnership } else { KeyKind::Merchant };
    let minted = mint(engine, kind, test);
    let command = CreateApiKey { owner, prepared: (&minted).into(), name, rights: rights.clone(), expires: None, addresses: Vec::new() };
    let made = engine.execute(Origin::operator(), command).await?.outcome;
    let rights: Vec<&str> = rights.iter().map(|right| right.name()).collect();
    Ok(json!({"id": made.key, "key": minted.text().expose(), "rights": rights}))
}

/// The rights by their names; none given means all that a key of that side may hold.
fn wanted(names: &[String], side: Side) -> Result<Vec<Right>, No> {
    let all = || Right::all_for_keys(side);
    if names.is_empty() {
        return Ok(all().collect());
    }
    let known: Vec<&str> = all().map(Right::name).collect();
    let right = |name: &String| all().find(|right| right.name() == name).ok_or_else(|| invalid("rights", format!("{name}: known are {}", known.join(", "))));
    names.iter().map(right).collect()
}

/// A merchant's number by `mer_…` or short name. The id says by itself whether it is the sandbox's.
async fn find(engine: &Engine, merchant: &str, test: bool) -> Result<i64, No> {
    let asked = merchant.to_owned();
    let found = engine.store.read(move |reader| {
        Box::pin(async move {
            match asked.parse::<MerchantId>() {
                Ok(id) => {
                    let Some(found) = merchants::queries::by_id(&mut *reader, id).await? else { return Ok(None) };
                    if test && !found.test { merchants::queries::merchant(reader, found.twin).await } else { Ok(Some(found)) }
                }
                Err(_) => merchants::queries::by_slug(reader, &asked, test).await,
            }
        })
    });
    found.await?.map(|found| found.number).ok_or_else(|| invalid("merchant", format!("{merchant}: there is no such merchant")))
}

/// The merchant that was named, or the only one there is.
pub(crate) async fn find_or_only(engine: &Engine, merchant: Option<&str>, test: bool) -> Result<i64, No> {
    if let Some(merchant) = merchant {
        return find(engine, merchant, test).await;
    }
    let environment = if test { "test" } else { "live" };
    let numbers: Vec<i64> = {
        let read = engine.store.read(move |reader| {
            Box::pin(async move {
                let rows: Vec<(i64,)> =
                    reader.query(sql!("SELECT number FROM merchant WHERE environment = $1 ORDER BY number LIMIT 2"), params![environment]).await?;
                Ok(rows.into_iter().map(|(number,)| number).collect())
            })
        });
        read.await?
    };
    match numbers.as_slice() {
        [only] => Ok(*only),
        [] => Err(Refusal::conflict("no_merchant", "There is no merchant yet: run `tradepost merchant create`.").into()),
        _ => Err(invalid("merchant", "there are several merchants: name one by --merchant")),
    }
}
