//! The ways into a program (PAR-2): public sign-up, joining a second program after sign-in, and by hand.

use super::queries::{self, ResellerView};
use super::store::{self, NewPartnership};
use super::terms::{self, EffectiveTerms, Level, Place, Term};
use super::{Status, channel_store, channels, reseller_store};
use crate::access::{Caller, Need, ResellerRole, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::identity::{self, links::Purpose};
use crate::ids::{ChannelId, PartnershipId, PersonId, ResellerId};
use crate::outbox::Event;
use crate::{MerchantScope, PartnershipScope, merchants};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_kernel::text::Email;
use tradepost_store::{Fault, Tx};

/// What a company says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub company: String,
    /// Where mail about orders goes.
    pub email: Email,
    /// Phone number as typed.
    pub phone: Option<String>,
    /// Street and number.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// State or region.
    pub region: Option<String>,
    /// ISO 3166 code, two letters.
    pub country: String,
    /// VAT id.
    pub vat_id: Option<String>,
}

impl Profile {
    fn into_reseller(self, ctx: &Ctx) -> ResellerView {
        ResellerView {
            id: ctx.id(),
            company: self.company,
            email: self.email.as_str().to_owned(),
            phone: self.phone,
            street: self.street,
            city: self.city,
            postal_code: self.postal_code,
            region: self.region,
            country: self.country,
            vat_id: self.vat_id,
            created: ctx.now,
            version: 1,
        }
    }
}

/// Crockford's letters: a code is read out on the phone.
const CODE_LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A reseller code: eight letters of 40 random bits, so that nobody counts a merchant's resellers by them.
fn code_from(random: [u8; 8]) -> String {
    random.iter().map(|byte| CODE_LETTERS[usize::from(byte & 31)] as char).collect()
}

/// Makes a company with its owner.
async fn found_company(ctx: &Ctx, tx: &mut Tx<'_>, profile: &Profile, owner: PersonId) -> Result<ResellerId, Fault> {
    let reseller = profile.clone().into_reseller(ctx);
    reseller_store::insert(tx, &reseller).await?;
    reseller_store::insert_member(tx, reseller.id, owner, ResellerRole::Owner, ctx.now).await?;
    Ok(reseller.id)
}

/// Makes a partnership, with its audit entry.
async fn enroll(
    ctx: &mut Ctx,
    tx: &mut Tx<'_>,
    merchant: i64,
    reseller: ResellerId,
    arrival: Arrival,
    (action, accepted): (&'static str, Option<&str>),
) -> Result<PartnershipId, Fault> {
    let id: PartnershipId = ctx.id();
    let code = code_from(ctx.random());
    let Arrival { status, channel, .. } = arrival;
    let new = NewPartnership { scope: PartnershipScope { merchant, partnership: id }, reseller, code, status, channel };
    store::insert(tx, &new, ctx.now).await?;
    let mut after = json!({"reseller": reseller, "code": new.code, "status": status.name(), "channel": channel});
    if let Some(url) = accepted {
        after["accepted_terms"] = json!(url);
    }
    ctx.audit(AuditEntry::new(merchant, action, id).of(id).after(after));
    Ok(id)
}

/// How a new partnership begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Arrival {
    status: Status,
    channel: Option<ChannelId>,
    /// What the merchant is told beside that somebody signed up.
    note: Option<&'static str>,
}

fn program_closed() -> Refusal {
    Refusal::conflict("program_closed", "This program takes no new resellers now.")
}

fn terms_not_accepted(url: &str) -> Refusal {
    Refusal::invalid("terms_not_accepted", format!("Accept the terms of the program first: {url}")).at("/accept_terms")
}

/// What the program says of everybody who wants to come in (PAR-10): asked before anything is looked up of who that is, so that it tells nothing of them.
async fn door(tx: &mut Tx<'_>, merchant: i64, accepts_terms: bool) -> Result<EffectiveTerms, No> {
    let set: Vec<(Level, Term)> = terms::load(tx, merchant, Place::Program).await?.into_iter().map(|term| (Level::Program, term)).collect();
    let program = terms::resolve(&set);
    let closed = merchants::queries::merchant(tx, merchant).await?.is_some_and(|merchant| merchant.closed.is_some());
    if !program.enabled || closed {
        return Err(program_closed().into());
    }
    match &program.terms_url {
        Some(url) if !accepts_terms => Err(terms_not_accepted(url).into()),
        _ => Ok(program),
    }
}

/// How a sign-up arrives (PAR-3): approved where the program says so, into the channel that an approval would lead into. Without any
/// channel it waits as it would otherwise, and the merchant is told why. The channel is locked, so that it is not deleted meanwhile.
async fn arrival(tx: &mut Tx<'_>, merchant: i64, program: &EffectiveTerms) -> Result<Arrival, Fault> {
    let waits = |note| Arrival { status: Status::Pending, channel: None, note };
    if !program.auto_approve {
        return Ok(waits(None));
    }
    let approved = |channel| Arrival { status: Status::Approved, channel, note: Some("approved") };
    Ok(match channel_store::lock_some(tx, merchant).await?.as_slice() {
        [] => waits(Some("no_channel")),
        [only] => approved(Some(*only)),
        _ => approved(None),
    })
}

/// Enrolls a sign-up, with what follows from its arrival.
async fn sign_up(
    ctx: &mut Ctx,
    tx: &mut Tx<'_>,
    merchant: i64,
    reseller: ResellerId,
    arrival: Arrival,
    program: &EffectiveTerms,
) -> Result<PartnershipId, Fault> {
    let id = enroll(ctx, tx, merchant, reseller, arrival, ("partnership.signed_up", program.terms_url.as_deref())).await?;
    let status = arrival.status.name();
    let body = json!({"reseller": reseller, "status": status, "note": arrival.note});
    ctx.announce(Event::new(merchant, "partnership.signed_up", id, body).of(id));
    if arrival.status == Status::Approved {
        let (before, after) = (json!({"status": Status::Pending.name()}), json!({"status": status, "channel": arrival.channel, "because": "auto_approve"}));
        ctx.audit(AuditEntry::new(merchant, "partnership.approved", id).of(id).before(before).after(after));
        ctx.announce(Event::new(merchant, "partnership.approved", id, json!({"reseller": reseller, "status": status})).of(id));
    }
    Ok(id)
}

/// A reseller signs itself up, without being signed in. Answers nothing, and does so whether or not the address
/// is known: for a known one only a mail goes to it, which says to sign in and join.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// The merchant's number.
    pub merchant: i64,
    /// The company; its address is the person's too.
    pub profile: Profile,
    /// The owner's first name.
    pub first_name: String,
    /// The owner's last name.
    pub last_name: String,
    /// The hash of their password, made before.
    pub password_hash: String,
    /// Whether they accept the program's terms, where it has some.
    pub accepts_terms: bool,
}

/// Nothing that would tell whether the address is known.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SignUpReceived {}

#[async_trait::async_trait]
impl Command for SignUp {
    const NAME: &'static str = "partnerships.sign_up";
    const REFUSALS: &'static [&'static str] = &["not_found", "program_closed", "terms_not_accepted"];
    type Outcome = SignUpReceived;

    fn need(&self) -> Need {
        Need::Nothing
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<SignUpReceived, No> {
        let merchant = merchants::queries::merchant(tx, self.merchant).await?.ok_or_else(Refusal::not_found)?;
        let program = door(tx, merchant.number, self.accepts_terms).await?;
        if let Some(known) = identity::store::lock_person_by_email(tx, &self.profile.email.key()).await? {
            ctx.audit(AuditEntry::new(0, "person.sign_up_repeated", known.id));
            ctx.announce(Event::new(0, "person.sign_up_repeated", known.id, json!({"person": known.id, "merchant": merchant.id})));
            return Ok(SignUpReceived {});
        }
        let arrival = arrival(tx, merchant.number, &program).await?;
        // From here on it must succeed.
        let (person, link) = (ctx.id(), ctx.id());
        let new = identity::store::NewPerson {
            id: person,
            email: &self.profile.email,
            first_name: &self.first_name,
            last_name: &self.last_name,
            password_hash: Some(&self.password_hash),
        };
        identity::store::insert_person(tx, &new, ctx.now).await?;
        identity::store::note_language(tx, person, ctx.origin.language).await?;
        identity::store::insert_link(tx, link, Purpose::EmailConfirmation, person, ctx.now).await?;
        let reseller = found_company(ctx, tx, &self.profile, person).await?;
        ctx.announce(Event::new(0, "person.signed_up", person, json!({"person": person, "link": link, "merchant": merchant.id})));
        sign_up(ctx, tx, merchant.number, reseller, arrival, &program).await?;
        Ok(SignUpReceived {})
    }
}

/// A person who signed in joins another program with their company (or founds one).
#[derive(Clone, Debug)]
pub struct JoinProgram {
    /// The merchant's number.
    pub merchant: i64,
    /// The company, used where the person owns none yet.
    pub profile: Profile,
    /// Whether the person accepts the program's terms, where it has some.
    pub accepts_terms: bool,
}

/// The partnership that came to be.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Enrolled {
    /// Which.
    pub partnership: PartnershipId,
    /// Whose.
    pub reseller: ResellerId,
}

fn already_enrolled(status: Status) -> Refusal {
    Refusal::conflict("already_enrolled", "This reseller already is in the program.").in_state(status.name())
}

#[async_trait::async_trait]
impl Command for JoinProgram {
    const NAME: &'static str = "partnerships.join";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "program_closed", "terms_not_accepted", "already_enrolled"];
    type Outcome = Enrolled;

    fn need(&self) -> Need {
        Need::SignedIn
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<Enrolled, No> {
        let person = ctx.caller().person().ok_or_else(|| Refusal::forbidden("forbidden", "Sign in as a person first."))?;
        let merchant = merchants::queries::merchant(tx, self.merchant).await?.ok_or_else(Refusal::not_found)?;
        let program = door(tx, merchant.number, self.accepts_terms).await?;
        let owned = queries::owned_companies(tx, person).await?;
        if let Some(company) = owned.first() {
            // Two requests at once would both find nothing; the second waits here and then finds the first's.
            reseller_store::lock(tx, *company).await?;
        }
        if let Some(status) = queries::enrolled_status(tx, MerchantScope { merchant: self.merchant }, person).await? {
            return Err(already_enrolled(status).into());
        }
        let arrival = arrival(tx, merchant.number, &program).await?;
        // From here on it must succeed.
        let reseller = match owned.first() {
            Some(company) => *company,
            None => found_company(ctx, tx, &self.profile, person).await?,
        };
        let partnership = sign_up(ctx, tx, merchant.number, reseller, arrival, &program).await?;
        Ok(Enrolled { partnership, reseller })
    }
}

/// The merchant creates a reseller by hand: approved at once, one access mail. The company is always a new one, so
/// that the merchant does not learn whether the address is known elsewhere.
#[derive(Clone, Debug)]
pub struct CreateReseller {
    /// The merchant's number.
    pub merchant: i64,
    /// The company; its address is the person's too.
    pub profile: Profile,
    /// The owner's first name.
    pub first_name: String,
    /// The owner's last name.
    pub last_name: String,
    /// Where it is to buy; as on approval where none is named.
    pub channel: Option<ChannelId>,
}

#[async_trait::async_trait]
impl Command for CreateReseller {
    const NAME: &'static str = "resellers.create";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "already_enrolled", "no_channel"];
    type Outcome = Enrolled;

    fn need(&self) -> Need {
        Need::Right(Right::PartnersManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<Enrolled, No> {
        let scope = channels::works_for(ctx.caller(), self.merchant)?;
        if let Some(known) = identity::store::lock_person_by_email(tx, &self.profile.email.key()).await?
            && let Some(status) = queries::enrolled_status(tx, scope, known.id).await?
        {
            return Err(already_enrolled(status).at("/email").into());
        }
        let channel = channels::for_approval(tx, scope, self.channel).await?;
        // From here on it must succeed.
        let invited = identity::invite(ctx, tx, &self.profile.email, &self.first_name, &self.last_name).await?;
        let reseller = found_company(ctx, tx, &self.profile, invited.person).await?;
        let arrival = Arrival { status: Status::Approved, channel, note: None };
        let partnership = enroll(ctx, tx, scope.merchant, reseller, arrival, ("partnership.created", None)).await?;
        let body = json!({"reseller": reseller, "status": "approved", "person": invited.person, "link": invited.link});
        ctx.announce(Event::new(scope.merchant, "partnership.created", partnership, body).of(partnership));
        Ok(Enrolled { partnership, reseller })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reseller_code_has_eight_letters_that_are_not_mixed_up() {
        assert_eq!(code_from([0, 31, 32, 255, 18, 20, 1, 10]), "0Z0ZJM1A");
        assert!(CODE_LETTERS.iter().all(|letter| !b"ILOU".contains(letter)));
    }
}
