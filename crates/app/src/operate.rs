//! What the operator can ask for at the command line, carried out by whoever has the database open: the command
//! itself, or the running server that it reaches through the control socket.

use crate::house::House;
use crate::{import, merchant, verify};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tradepost_domain::identity::totp::FactorsReset;
use tradepost_domain::identity::{ResetFactors, queries};
use tradepost_domain::{Engine, No, Origin};
use tradepost_kernel::text::Email;
use tradepost_kernel::{Class, Refusal};

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// Nothing: is anybody there?
    Ping {},
    /// A merchant with its sandbox, its first owner and a key for each.
    CreateMerchant {
        /// Its name.
        name: String,
        /// Its short name in URLs; made from the name where there is none.
        slug: Option<String>,
        /// The currency of its program.
        currency: String,
        /// The first owner's address; an access mail goes there.
        owner_email: String,
        /// What the mail calls them; it greets without a name where there is none.
        owner_name: Option<String>,
        /// The IANA time zone by which its days are counted.
        time_zone: String,
    },
    /// A closed merchant is opened again.
    ReopenMerchant {
        /// `mer_…` or short name; may be left out where there is one merchant.
        merchant: Option<String>,
    },
    /// An API key of a merchant or of one partnership.
    CreateKey {
        /// `mer_…` or short name; may be left out where there is one merchant.
        merchant: Option<String>,
        /// In the sandbox.
        test: bool,
        /// `par_…` for a partnership's key.
        partnership: Option<String>,
        /// What it is called.
        name: String,
        /// Which rights; none for all of its side.
        rights: Vec<String>,
    },
    /// A person's second factors and passkeys are taken away, their sessions end.
    ResetFactors {
        /// Their address.
        email: String,
    },
    /// A file of products or license keys, whose bytes follow.
    Import {
        /// What it holds.
        what: ImportOf,
        /// `mer_…` or short name; may be left out where there is one merchant.
        merchant: Option<String>,
        /// Into the sandbox.
        test: bool,
        /// The product of every key, where the file does not say it.
        product: Option<String>,
        /// Only say what would happen.
        dry_run: bool,
    },
    /// Every invariant over the whole database (PLT-2).
    Verify {
        /// The checks wanted; none for all.
        only: Vec<String>,
        /// Everything where otherwise a sample is taken.
        full: bool,
    },
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ImportOf {
    /// Products with prices.
    Products,
    /// License keys.
    LicenseKeys,
}

/// How far long work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Done so far.
    pub done: u64,
    /// Of how many.
    pub total: u64,
}

/// Hears how far the work is.
pub type Listener<'a> = &'a mut (dyn FnMut(Progress) + Send);

/// Does it.
///
/// # Errors
/// The command's refusal, or a fault.
pub async fn carry_out(house: &House, order: Order, content: Vec<u8>, listener: Listener<'_>) -> Result<Json, No> {
    let engine = &house.engine;
    let answer = match order {
        Order::Ping {} => json!({"version": env!("CARGO_PKG_VERSION")}),
        Order::CreateMerchant { name, slug, currency, owner_email, owner_name, time_zone } => {
            let owner = merchant::Owner { email: owner_email, name: owner_name };
            merchant::create(engine, &name, slug, &currency, &owner, &time_zone).await?
        }
        Order::CreateKey { merchant, test, partnership, name, rights } => {
            merchant::create_key(engine, merchant.as_deref(), test, partnership.as_deref(), &name, &rights).await?
        }
        Order::ReopenMerchant { merchant } => merchant::reopen(engine, merchant.as_deref()).await?,
        Order::ResetFactors { email } => reset_factors(engine, &email).await?,
        Order::Import { what, merchant, test, product, dry_run } => {
            let merchant = merchant::find_or_only(engine, merchant.as_deref(), test).await?;
            match what {
                ImportOf::Products => import::products(engine, merchant, &content, dry_run).await?,
                ImportOf::LicenseKeys => import::license_keys(engine, merchant, product.as_deref(), content, dry_run, listener).await?,
            }
        }
        Order::Verify { only, full } => verify::run(engine, &only, full, listener).await?,
    };
    house.worker.wake().now();
    Ok(answer)
}

/// For who has lost the phone, and shown the operator by other means who they are (PAR-15).
async fn reset_factors(engine: &Engine, email: &str) -> Result<Json, No> {
    let key = Email::parse(email).map_err(|error| invalid("email", error.detail()))?.key();
    let person = engine.store.read(move |reader| Box::pin(async move { queries::person_by_email(reader, &key).await })).await?;
    let person = person.ok_or_else(|| Refusal::new(Class::NotFound, "not_found", "Nobody has this address.").at("/email"))?;
    let FactorsReset { totp, passkeys, sessions } = engine.execute(Origin::operator(), ResetFactors { person: person.id }).await?.outcome;
    Ok(json!({"person": person.id, "email": person.email, "two_step": totp, "passkeys": passkeys, "sessions_ended": sessions}))
}

/// A value at the command line that cannot be read.
pub(crate) fn invalid(field: &str, detail: impl Into<String>) -> No {
    Refusal::invalid("invalid_field", detail).at(format!("/{field}")).into()
}
