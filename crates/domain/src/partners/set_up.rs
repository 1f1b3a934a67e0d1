//! The first merchant of a server that has none, made by whoever holds the one-time link, who owns it and is signed in at once.

use super::create_merchant::CreateMerchant;
use crate::access::{Caller, Need};
use crate::command::{Command, Ctx, No};
use crate::identity::links::Purpose;
use crate::identity::{self, Opening, SignInWay, SignedIn, sign_in};
use crate::ids::{MerchantId, PersonId, SessionId};
use crate::merchants;
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::{Fault, Tx};

/// Makes the first merchant, its sandbox and its owner, and signs the owner in. Whether the caller holds the link is judged before:
/// it is derived from the master key, which no command knows.
#[derive(Clone, Debug)]
pub struct SetUp {
    /// The merchant; its owner is new.
    pub merchant: CreateMerchant,
    /// The hash of the owner's password, made before.
    pub password_hash: String,
    /// The owner's session.
    pub opening: Opening,
}

/// What was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetUpDone {
    /// The merchant.
    pub merchant: MerchantId,
    /// Its sandbox.
    pub sandbox: MerchantId,
    /// The name in URLs.
    pub slug: String,
    /// Who owns both.
    pub owner: PersonId,
    /// The owner's session.
    pub session: SessionId,
    /// Its end at the latest, in milliseconds since 1970.
    pub expires_ms: i64,
}

#[async_trait::async_trait]
impl Command for SetUp {
    const NAME: &'static str = "merchants.set_up";
    const REFUSALS: &'static [&'static str] = &["already_set_up", "invalid_field"];
    type Outcome = SetUpDone;

    fn need(&self) -> Need {
        Need::Nothing
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        0
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<SetUpDone, No> {
        let wanted = &self.merchant;
        // People are made with a merchant or in one's program: where there is none, there is nobody yet.
        if merchants::queries::is_any(tx).await? || identity::store::lock_person_by_email(tx, &wanted.owner.key()).await?.is_some() {
            return Err(already_set_up().into());
        }
        let slug = wanted.fitting_slug()?;
        // From here on it must succeed.
        let number = merchants::next_numbers(tx, 0, "merchant", 2).await?;
        if number != 1 {
            // Another one was made meanwhile: once more, to be told so.
            return Err(Fault::LostRace("the first merchant").into());
        }
        let (owner, link) = (ctx.id(), ctx.id());
        let new = identity::store::NewPerson {
            id: owner,
            email: &wanted.owner,
            first_name: &wanted.first_name,
            last_name: &wanted.last_name,
            password_hash: Some(&self.password_hash),
        };
        identity::store::insert_person(tx, &new, ctx.now).await?;
        identity::store::insert_link(tx, link, Purpose::EmailConfirmation, owner, ctx.now).await?;
        let (live, test) = wanted.open_both(ctx, tx, number, &slug, owner).await?;
        let SignedIn { session, expires_ms } = sign_in::open(ctx, tx, owner, &self.opening, SignInWay::Password).await?;
        ctx.announce(Event::new(0, "person.signed_up", owner, json!({"person": owner, "link": link})));
        ctx.announce(Event::new(live.number, "merchant.created", live.id, json!({"slug": slug, "person": owner, "sandbox": test.id})));
        Ok(SetUpDone { merchant: live.id, sandbox: test.id, slug, owner, session, expires_ms })
    }
}

/// What whoever comes late is told.
#[must_use]
pub fn already_set_up() -> Refusal {
    Refusal::conflict("already_set_up", "This server has a merchant already. Sign in, or ask whoever runs it.")
}
