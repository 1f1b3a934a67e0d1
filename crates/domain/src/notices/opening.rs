//! Opening the references in a message's variables, right before it is rendered for somebody.

use super::shop::MOST_MAILED;
use crate::billing;
use crate::identity;
use crate::ids::{EmailChangeId, FulfillmentId, InvoiceId, LicenseId, LicenseKeyId, SingleUseLinkId};
use crate::merchants::{self, Branding};
use crate::stock;
use serde_json::{Value as Json, json};
use tradepost_kernel::secret::Vault;
use tradepost_store::{Fault, Reader, params, sql};

/// For whose eyes.
#[derive(Clone, Copy, Debug)]
pub enum Sight<'a> {
    /// The recipient's, and a sandbox's log: in full.
    Full(&'a Vault),
    /// A log's reader's: codes masked, links left out.
    Masked,
}

/// The variables with every reference replaced by what it stands for. `base_url` is the address under which people
/// reach this server, without a slash at its end.
///
/// # Errors
/// [`Fault::Invariant`] for a reference to nothing; the store's.
pub async fn open(reader: &mut Reader<'_>, sight: Sight<'_>, base_url: &str, merchant: i64, variables: &Json) -> Result<Json, Fault> {
    let mut out = variables.clone();
    let Some(fields) = out.as_object_mut() else { return Err(Fault::invariant("the variables of a message are not an object")) };
    for value in fields.values_mut() {
        let Some((kind, id)) = reference(value) else { continue };
        *value = match kind.as_str() {
            "$code" => Json::String(code(&mut *reader, sight, merchant, parsed(&id)?).await?),
            "$codes" => Json::from(codes(&mut *reader, sight, merchant, parsed(&id)?).await?),
            "$email_change_link" => Json::String(email_change_link(sight, base_url, parsed(&id)?)),
            "$link" => Json::String(link(sight, base_url, parsed(&id)?)),
            "$invoice_link" => Json::String(invoice_link(sight, base_url, merchant, parsed(&id)?)),
            _ => return Err(Fault::invariant(format!("a message refers to {kind}"))),
        };
    }
    fields.insert("base_url".into(), Json::String(base_url.to_owned()));
    let look = merchants::branding(reader, merchant).await?;
    if let Some(look) = look.as_ref().filter(|look| look.own_name.is_some() && fields.get("merchant").is_some_and(Json::is_string)) {
        fields.insert("merchant".into(), Json::String(look.name.clone()));
    }
    fields.insert("brand".into(), look.map_or(Json::Null, |look| brand(&look, base_url)));
    Ok(out)
}

/// How the merchant looks in whose name the message goes out (PLT-12); the logo by its address.
fn brand(look: &Branding, base_url: &str) -> Json {
    json!({
        "merchant": look.merchant,
        "logo": look.logo_path().map(|path| format!("{base_url}{path}")),
        "accent": look.accent.map(|color| color.to_string()),
        "on_accent": look.accent.map(|color| color.text().to_string()),
    })
}

/// A value of the form `{"$kind": "id"}`.
fn reference(value: &Json) -> Option<(String, String)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let (kind, id) = object.iter().next()?;
    kind.starts_with('$').then(|| Some((kind.clone(), id.as_str()?.to_owned())))?
}

fn parsed<N: tradepost_kernel::id::Noun>(id: &str) -> Result<tradepost_kernel::Id<N>, Fault> {
    id.parse().map_err(|_| Fault::invariant(format!("a message refers to {id}")))
}

async fn code(reader: &mut Reader<'_>, sight: Sight<'_>, merchant: i64, license: LicenseId) -> Result<String, Fault> {
    let row: Option<(LicenseKeyId, Vec<u8>, String)> = reader
        .query_opt(
            sql!(
                "SELECT k.id, k.sealed, k.masked FROM license l JOIN license_key k ON k.merchant = l.merchant AND k.id = l.license_key
                 WHERE l.merchant = $1 AND l.id = $2"
            ),
            params![merchant, license],
        )
        .await?;
    let (key, sealed, masked) = row.ok_or_else(|| Fault::invariant(format!("{license} has no code")))?;
    match sight {
        Sight::Masked => Ok(masked),
        Sight::Full(vault) => Ok(stock::open_code(vault, merchant, key, &sealed)?.expose().clone()),
    }
}

/// The codes of a fulfillment that were not taken back by now (EXT-7).
async fn codes(reader: &mut Reader<'_>, sight: Sight<'_>, merchant: i64, fulfillment: FulfillmentId) -> Result<Vec<String>, Fault> {
    let rows: Vec<(LicenseKeyId, Vec<u8>, String)> = reader
        .query(
            sql!(
                "SELECT k.id, k.sealed, k.masked FROM license l JOIN license_key k ON k.merchant = l.merchant AND k.id = l.license_key
                 WHERE l.merchant = $1 AND l.fulfillment = $2 AND l.stage = 'distributed' ORDER BY l.id LIMIT $3"
            ),
            params![merchant, fulfillment, MOST_MAILED],
        )
        .await?;
    let mut codes = Vec::with_capacity(rows.len());
    for (key, sealed, masked) in rows {
        codes.push(match sight {
            Sight::Masked => masked,
            Sight::Full(vault) => stock::open_code(vault, merchant, key, &sealed)?.expose().clone(),
        });
    }
    Ok(codes)
}

fn link(sight: Sight<'_>, base_url: &str, link: SingleUseLinkId) -> String {
    match sight {
        Sight::Masked => "••••".into(),
        Sight::Full(vault) => format!("{base_url}/links/{}", identity::links::token(vault, link).expose()),
    }
}

fn email_change_link(sight: Sight<'_>, base_url: &str, change: EmailChangeId) -> String {
    match sight {
        Sight::Masked => "••••".into(),
        Sight::Full(vault) => format!("{base_url}/email-changes/{}", identity::links::email_change_token(vault, change).expose()),
    }
}

fn invoice_link(sight: Sight<'_>, base_url: &str, merchant: i64, invoice: InvoiceId) -> String {
    match sight {
        Sight::Masked => "••••".into(),
        Sight::Full(vault) => format!("{base_url}/i/{}", billing::link_token(vault, merchant, invoice)),
    }
}
