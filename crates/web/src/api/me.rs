//! The person who is signed in: who they are, how they see the portal, their password and their address (PAR-15, PLT-12).

use super::merchant::TimeZoneName;
use super::sessions;
use crate::answer::Answer;
use crate::call::{Call, OrNotFound as _};
use crate::input::Patch;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{choices, input, passwords, view};
use tradepost_domain::access::MerchantRole;
use tradepost_domain::identity::email_change::{self, EmailChangeView};
use tradepost_domain::identity::sign_in::wrong_password;
use tradepost_domain::identity::{AttemptSignIn, ChangePassword, ChangeProfile, ConfirmEmailChange, PersonView, RequestEmailChange, links, queries};
use tradepost_domain::partners::Status;
use tradepost_domain::{EmailChangeId, MerchantId, PartnershipId, PersonId, merchants, partners};
use tradepost_kernel::text::Email;
use tradepost_kernel::{Language, Secret, Timestamp};

use crate::fields::Line;

choices! {
    /// A language of the portal.
    pub enum LanguageChoice {
        /// American English.
        English = "en",
        /// German.
        German = "de",
    }
}

impl LanguageChoice {
    /// The language itself.
    #[must_use]
    pub const fn language(self) -> Language {
        match self {
            Self::English => Language::English,
            Self::German => Language::German,
        }
    }
}

view! {
    /// The person who is signed in.
    pub struct Me {
        /// Their id.
        pub id: PersonId,
        /// The address that they sign in with.
        pub email: String,
        /// Whether the address was proven to be theirs.
        pub email_confirmed: bool,
        /// A new address that waits for its confirmation.
        pub new_email: Option<String>,
        /// First name.
        pub first_name: String,
        /// Last name.
        pub last_name: String,
        /// The language that they chose, of pages and mails; null: as the browser asks, mails as it asked at the sign-in.
        pub language: Option<String>,
        /// The time zone that they chose; null: the merchant's.
        pub time_zone: Option<String>,
        /// Whether they have a password; who signs in elsewhere may have none.
        pub has_password: bool,
        /// Merchants whose staff they are.
        pub merchants: Vec<Employer>,
        /// Programs that their companies are in.
        pub partnerships: Vec<JoinedProgram>,
        /// Since when.
        pub created_at: Timestamp,
    }

    /// A merchant whose staff somebody is.
    pub struct Employer {
        /// The merchant, for `Tradepost-Merchant`.
        pub id: MerchantId,
        /// Its name.
        pub name: String,
        /// Whether it is the sandbox.
        pub test: bool,
        /// What they may do there.
        pub role: MerchantRole,
    }

    /// A program that somebody's company is in.
    pub struct JoinedProgram {
        /// The partnership, for `Tradepost-Partnership`.
        pub id: PartnershipId,
        /// The merchant's name.
        pub merchant: String,
        /// The company.
        pub company: String,
        /// Whether it is in the sandbox.
        pub test: bool,
        /// Where it stands.
        pub status: Status,
    }

    /// A new address waits for its confirmation.
    pub struct EmailChangeSent {
        /// Where the link went to.
        pub email: String,
        /// Until when it works.
        pub expires_at: Timestamp,
    }
}

input! {
    /// What changes of a person's profile.
    pub struct MeChange {
        /// First name.
        pub first_name: Option<Line<100>>,
        /// Last name.
        pub last_name: Option<Line<100>>,
        /// Null: as the browser asks.
        pub language: Patch<LanguageChoice>,
        /// Null: the merchant's.
        pub time_zone: Patch<TimeZoneName>,
    }

    /// A new password in place of the one of now.
    pub struct PasswordChange {
        /// The one of now.
        pub current_password: Secret<String>,
        /// 10 characters at least.
        pub new_password: Secret<String>,
    }

    /// A new e-mail address in place of the one of now.
    pub struct EmailChange {
        /// The new one.
        pub email: Email,
        /// The password of now, for who has one.
        pub current_password: Option<Secret<String>>,
    }
}

fn own(call: &Call) -> Result<PersonId, Problem> {
    call.caller().person().ok_or_else(Problem::unauthenticated)
}

/// The person who is signed in. For the API and for pages.
///
/// # Errors
/// 401; faults of the store.
pub async fn shown(call: &Call) -> Result<Me, Problem> {
    let (person, now) = (own(call)?, call.now());
    let found = call.read(move |reader| {
        Box::pin(async move {
            let Some(me) = queries::person(reader, person).await? else { return Ok(None) };
            let password = queries::password_of(reader, person).await?;
            let waiting = email_change::waiting(reader, person, now).await?;
            let employers = merchants::queries::employers(reader, person).await?;
            let programs = partners::queries::programs(reader, person).await?;
            Ok(Some((me, password.is_some(), waiting, employers, programs)))
        })
    });
    let (me, has_password, new_email, employers, programs) = found.await?.ok_or_else(Problem::unauthenticated)?;
    let employer = |(merchant, role): (merchants::MerchantView, MerchantRole)| Employer { id: merchant.id, name: merchant.name, test: merchant.test, role };
    let program = |p: partners::queries::PartnershipView| JoinedProgram {
        id: p.id,
        merchant: p.merchant_name,
        company: p.reseller.company,
        test: p.test,
        status: p.status,
    };
    Ok(Me {
        id: me.id,
        email: me.email,
        email_confirmed: me.confirmed.is_some(),
        new_email,
        first_name: me.first_name,
        last_name: me.last_name,
        language: me.language,
        time_zone: me.time_zone,
        has_password,
        merchants: employers.into_iter().map(employer).collect(),
        partnerships: programs.into_iter().map(program).collect(),
        created_at: me.created,
    })
}

async fn show(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::ok(&shown(&call).await?))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let body: MeChange = call.body()?;
    let command = ChangeProfile {
        first_name: body.first_name.map(Line::into_string),
        last_name: body.last_name.map(Line::into_string),
        language: body.language.map(|language| language.name().to_owned()).change(),
        time_zone: body.time_zone.map(|zone| zone.0).change(),
    };
    call.execute(command).await?;
    show(call).await
}

/// The person who asks, and the hash of their password, where they have one.
async fn known(call: &Call) -> Result<(PersonView, Option<String>), Problem> {
    let person = own(call)?;
    let read = call.read(move |reader| {
        Box::pin(async move {
            let me = queries::person(reader, person).await?;
            Ok(me.zip(Some(queries::password_of(reader, person).await?)))
        })
    });
    read.await?.or_not_found()
}

/// Counts a guess at the person's own password, as at the sign-in, and compares it. `None`: they have none.
async fn compare(call: &Call, (me, hash): (PersonView, Option<String>), password: Option<Secret<String>>) -> Result<(Option<String>, Attempt), Problem> {
    let (account, address) = sessions::counted_under(call, &me.email.to_ascii_lowercase());
    let Some(hash) = hash else { return Ok((None, (account, address))) };
    let password = password.ok_or_else(wrong_password)?;
    call.execute(AttemptSignIn { account, address }).await?;
    if passwords::matches(password, Some(hash.clone())).await? { Ok((Some(hash), (account, address))) } else { Err(wrong_password().into()) }
}

/// Under what a guess is counted: account and address.
type Attempt = ([u8; 16], [u8; 16]);

/// Changes the password of a person who knows it; their other sessions end. For the API and for the page.
///
/// # Errors
/// 422 `wrong_password`, 429 `too_many_attempts`.
pub async fn change_password(call: &Call, asked: PasswordChange) -> Result<(), Problem> {
    let (hash, (account, address)) = compare(call, known(call).await?, Some(asked.current_password)).await?;
    let compared_with = hash.ok_or_else(wrong_password)?;
    let password_hash = passwords::hash(call, asked.new_password).await?;
    let kept = sessions::current(call).await?.map(|session| session.id);
    call.execute(ChangePassword { compared_with, password_hash, kept, account, address }).await.map(drop)
}

async fn set_password(call: Call) -> Result<Answer, Problem> {
    let asked = call.body()?;
    change_password(&call, asked).await?;
    Ok(Answer::no_content())
}

/// Sends a link to the new address, and a notice to the old one. For the API and for the page.
///
/// # Errors
/// 422 `wrong_password`, `same_address`; 429 `too_many_attempts`.
pub async fn request_email(call: &Call, asked: EmailChange) -> Result<EmailChangeSent, Problem> {
    // Judged by the command too; here, so that it does not count as a guess.
    let (me, hash) = known(call).await?;
    if me.email == asked.email.as_str() {
        return Err(email_change::same_address().into());
    }
    let (compared_with, attempt) = compare(call, (me, hash), asked.current_password).await?;
    let attempt = compared_with.is_some().then_some(attempt);
    let (email, expires_at) = (asked.email.to_string(), call.now().plus_ms(email_change::LASTS_MS));
    call.execute(RequestEmailChange { email: asked.email, compared_with, attempt }).await?;
    Ok(EmailChangeSent { email, expires_at })
}

async fn set_email(call: Call) -> Result<Answer, Problem> {
    let asked = call.body()?;
    Ok(Answer::accepted(&request_email(&call, asked).await?))
}

fn change_of_link(call: &Call) -> Result<EmailChangeId, Problem> {
    links::parse_email_change(&call.engine().vault, call.path_text("token")?).ok_or_else(Problem::not_found)
}

/// The change of address whose token stands in the path as `{token}`, whether or not it still works.
///
/// # Errors
/// 404 where it is no token of ours; faults of the store.
pub async fn email_change(call: &Call) -> Result<EmailChangeView, Problem> {
    let change = change_of_link(call)?;
    call.read(move |reader| Box::pin(async move { email_change::change(reader, change).await })).await?.or_not_found()
}

/// Makes the new address the person's.
///
/// # Errors
/// Those of the command.
pub async fn confirm_email(call: &Call) -> Result<(), Problem> {
    call.execute(ConfirmEmailChange { change: change_of_link(call)? }).await.map(drop)
}

async fn confirm(call: Call) -> Result<Answer, Problem> {
    confirm_email(&call).await?;
    Ok(Answer::no_content())
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "You";
    r.get("/v1/me", "getMe", show).tag(tag).doc("Who you are, how you see the portal, and where you belong.").signed_in().answers::<Me>(200);
    r.patch("/v1/me", "changeMe", change)
        .tag(tag)
        .doc("Changes your name, language and time zone.")
        .signed_in()
        .body::<MeChange>()
        .answers::<Me>(200)
        .command::<ChangeProfile>();
    r.post("/v1/me/password", "changePassword", set_password)
        .tag(tag)
        .doc("Changes your password. Your other sessions end. Guesses at the one of now are counted as at the sign-in.")
        .signed_in()
        .fresh()
        .not_idempotent()
        .body::<PasswordChange>()
        .answers_nothing(204)
        .command::<AttemptSignIn>()
        .command::<ChangePassword>();
    r.post("/v1/me/email", "changeEmail", set_email)
        .tag(tag)
        .doc("Sends a link to a new address, which counts once it is confirmed within a day, and a notice to the one of now. Whether another account has it is not told here.")
        .signed_in()
        .fresh()
        .not_idempotent()
        .body::<EmailChange>()
        .answers::<EmailChangeSent>(202)
        .command::<AttemptSignIn>()
        .command::<RequestEmailChange>();
    r.post("/v1/email-changes/{token}", "confirmEmailChange", confirm)
        .tag(tag)
        .doc("Makes a new address yours by the link that was sent to it. You must be signed in as who asked for it.")
        .signed_in()
        .not_idempotent()
        .answers_nothing(204)
        .command::<ConfirmEmailChange>();
}
