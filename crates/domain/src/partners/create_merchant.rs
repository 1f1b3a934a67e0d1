//! Making a merchant and its sandbox, ready to trade: program currency, price list and channel `Default`, owner.
//! It stands here, not in `merchants`, because channels and terms are this slice's.

use super::channels::{ChannelView, DEFAULT};
use super::terms::{self, Place, Setting, TermChange, TermName, TermValue};
use super::{channel_store, terms::Qualifier};
use crate::access::{Caller, MerchantRole, Need, Right, Side};
use crate::audit::AuditEntry;
use crate::catalog;
use crate::command::{Command, Ctx, No};
use crate::identity::{self, ApiKeyRow, KeyOwner, PreparedKey};
use crate::ids::{ApiKeyId, MerchantId, PersonId, SingleUseLinkId};
use crate::merchants::{self, MerchantView};
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::text::Email;
use tradepost_kernel::{Currency, Refusal};
use tradepost_store::{Fault, Tx};

/// Makes a merchant and its sandbox twin.
#[derive(Clone, Debug)]
pub struct CreateMerchant {
    /// Name on pages and documents.
    pub name: String,
    /// The name in URLs, as [`merchants::slug`] takes it; made from the name where none is given.
    pub slug: Option<String>,
    /// What it sells in at first.
    pub currency: Currency,
    /// IANA time zone, checked.
    pub time_zone: String,
    /// The owner's address; they get one access mail.
    pub owner: Email,
    /// First name, used where the address is new; empty where it is not known.
    pub first_name: String,
    /// Last name, used where the address is new; empty where it is not known.
    pub last_name: String,
    /// A minted merchant key for the live one, with every right of a merchant.
    pub live_key: Option<PreparedKey>,
    /// The same for the sandbox.
    pub test_key: Option<PreparedKey>,
}

/// One of the two that were made.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct NewMerchant {
    /// Its small number.
    pub number: i64,
    /// Its public id.
    pub id: MerchantId,
    /// Its key, where one was minted.
    pub key: Option<ApiKeyId>,
}

/// What was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MerchantCreated {
    /// The name in URLs.
    pub slug: String,
    /// The live one.
    pub live: NewMerchant,
    /// The sandbox.
    pub test: NewMerchant,
    /// Who owns both.
    pub owner: PersonId,
    /// The access link of the mail to them; worth nothing without the master key.
    pub link: SingleUseLinkId,
}

#[async_trait::async_trait]
impl Command for CreateMerchant {
    const NAME: &'static str = "merchants.create";
    const REFUSALS: &'static [&'static str] = &["invalid_field", "slug_taken"];
    type Outcome = MerchantCreated;

    fn need(&self) -> Need {
        Need::House
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        0
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<MerchantCreated, No> {
        let slug = self.fitting_slug()?;
        if merchants::queries::by_slug(tx, &slug, false).await?.is_some() {
            return Err(Refusal::conflict("slug_taken", "Another merchant has this slug.").at("/slug").into());
        }
        // From here on it must succeed.
        let invited = identity::invite(ctx, tx, &self.owner, &self.first_name, &self.last_name).await?;
        let number = merchants::next_numbers(tx, 0, "merchant", 2).await?;
        let (live, test) = self.open_both(ctx, tx, number, &slug, invited.person).await?;
        let body = json!({"slug": slug, "person": invited.person, "link": invited.link, "sandbox": test.id});
        ctx.announce(Event::new(live.number, "merchant.created", live.id, body));
        Ok(MerchantCreated { slug, live, test, owner: invited.person, link: invited.link })
    }
}

impl CreateMerchant {
    /// The name in URLs: the one that was given, or one made from the name.
    pub(super) fn fitting_slug(&self) -> Result<String, Refusal> {
        let slug = merchants::slug(self.slug.as_deref().unwrap_or(&self.name), self.slug.is_none());
        slug.ok_or_else(|| Refusal::invalid("invalid_field", "The slug must have 2 to 40 of a–z, 0–9 and inner hyphens.").at("/slug"))
    }

    /// Makes the merchant with this number and, with the next one, its sandbox.
    pub(super) async fn open_both(
        &self,
        ctx: &mut Ctx,
        tx: &mut Tx<'_>,
        number: i64,
        slug: &str,
        owner: PersonId,
    ) -> Result<(NewMerchant, NewMerchant), Fault> {
        let live = self.open(ctx, tx, (number, number + 1), slug, owner).await?;
        Ok((live, self.open(ctx, tx, (number + 1, number), slug, owner).await?))
    }

    /// Makes one of the two; the sandbox is the one with the higher number.
    async fn open(&self, ctx: &mut Ctx, tx: &mut Tx<'_>, (number, twin): (i64, i64), slug: &str, owner: PersonId) -> Result<NewMerchant, Fault> {
        let test = number > twin;
        let view = MerchantView {
            number,
            id: ctx.id(),
            slug: slug.to_owned(),
            name: self.name.clone(),
            test,
            twin,
            currency: self.currency,
            time_zone: self.time_zone.clone(),
            sender_email: None,
            address: None,
            country: None,
            vat_id: None,
            check_instructions: None,
            wire_instructions: None,
            bank_account: None,
            created: ctx.now,
            closed: None,
            version: 1,
        };
        merchants::store::insert(tx, &view).await?;
        merchants::store::insert_member(tx, number, owner, MerchantRole::Owner, ctx.now).await?;
        let currency = TermChange { name: TermName::Currency, qualifier: Qualifier::General, to: Setting::Value(TermValue::Currency(self.currency)) };
        terms::write(tx, number, Place::Program, &[currency]).await?;
        let list = ctx.id();
        catalog::insert_price_list(tx, number, list, DEFAULT, ctx.now).await?;
        let channel = ChannelView { id: ctx.id(), name: DEFAULT.to_owned(), price_list: list, order_email: true, created: ctx.now, version: 1 };
        channel_store::insert(tx, number, &channel).await?;
        let after = json!({"name": self.name, "slug": slug, "currency": self.currency, "time_zone": self.time_zone, "owner": owner});
        ctx.audit(AuditEntry::new(number, "merchant.created", view.id).after(after));
        let prepared = if test { &self.test_key } else { &self.live_key };
        let key = match prepared {
            Some(prepared) => Some(first_key(ctx, tx, number, prepared).await?),
            None => None,
        };
        Ok(NewMerchant { number, id: view.id, key })
    }
}

/// A merchant's first key, with every right of its side.
async fn first_key(ctx: &mut Ctx, tx: &mut Tx<'_>, merchant: i64, prepared: &PreparedKey) -> Result<ApiKeyId, Fault> {
    let row = ApiKeyRow {
        id: ctx.id(),
        kind: prepared.kind,
        owner: KeyOwner { merchant, partnership: None },
        name: DEFAULT.to_owned(),
        masked: prepared.masked.clone(),
        rights: Right::all_for_keys(Side::Merchant).collect(),
        addresses: Vec::new(),
        products: Vec::new(),
        created: ctx.now,
        expires: None,
        last_used: None,
        disabled_by_merchant: None,
        disabled_by_reseller: None,
        replaced_by: None,
    };
    identity::api_keys::insert(ctx, tx, &row, prepared).await?;
    Ok(row.id)
}
