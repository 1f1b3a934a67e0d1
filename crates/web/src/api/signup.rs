//! Public sign-up per merchant, and joining a further program after sign-in (PAR-2).

use super::addresses::NewCompany;
use crate::answer::Answer;
use crate::call::{Call, OrNotFound as _};
use crate::errors::{Errors, Pointer};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, passwords, view};
use tradepost_domain::merchants::{self, MerchantView};
use tradepost_domain::partners::{Enrolled, JoinProgram, SignUp};
use tradepost_domain::{MerchantId, PartnershipId};
use tradepost_kernel::Secret;

input! {
    /// A company that wants to resell, and the person who signs it up.
    pub struct NewSignup {
        /// Needed unless you are signed in.
        pub password: Option<Secret<String>>,
        /// That you accept the terms of the program; needed where it has some (`terms_not_accepted` names them).
        pub accept_terms: Option<bool>,
        => company: NewCompany
    }
}

view! {
    /// It was received. The same for everybody, so that it tells nothing.
    pub struct Received {
        /// Always `received`.
        pub status: &'static str,
    }

    /// A program was joined.
    pub struct Joined {
        /// The partnership.
        pub partnership: PartnershipId,
    }
}

/// The merchant that the path names by its slug (the live one), or by its id (its sandbox too).
///
/// # Errors
/// 404 where there is none; faults of the store.
pub async fn program(call: &Call) -> Result<MerchantView, Problem> {
    let text = call.path_text("merchant")?.to_owned();
    let found = call
        .read(move |reader| {
            Box::pin(async move {
                match text.parse::<MerchantId>() {
                    Ok(id) => merchants::queries::by_id(reader, id).await,
                    Err(_) => merchants::queries::by_slug(reader, &text, false).await,
                }
            })
        })
        .await?;
    found.or_not_found()
}

/// Signs a company up, or joins where the person is signed in: then what came to be. For the API and for the page.
///
/// # Errors
/// 409 `already_enrolled`; 422 where a password is needed and missing; faults of the store.
pub async fn enroll(call: &Call, merchant: i64, asked: NewSignup) -> Result<Option<Enrolled>, Problem> {
    let NewSignup { password, accept_terms, company } = asked;
    let accepts_terms = accept_terms.unwrap_or(false);
    let (first_name, last_name, profile) = company.into_parts();
    if call.caller().person().is_some() {
        return Ok(Some(call.execute(JoinProgram { merchant, profile, accepts_terms }).await?.outcome));
    }
    let Some(password) = password else {
        let mut errors = Errors::default();
        errors.add(&Pointer::root().field("password"), "invalid_field", "is missing");
        return Err(Problem::fields(errors));
    };
    let password_hash = passwords::hash(call, password).await?;
    call.execute(SignUp { merchant, profile, first_name, last_name, password_hash, accepts_terms }).await?;
    Ok(None)
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let asked = call.body()?;
    let merchant = program(&call).await?.number;
    Ok(match enroll(&call, merchant, asked).await? {
        Some(joined) => Answer::created(&Joined { partnership: joined.partnership }, "/v1/reseller/partnership"),
        None => Answer::accepted(&Received { status: "received" }),
    })
}

pub(super) fn routes(r: &mut Routes) {
    r.post("/v1/signup/{merchant}", "signUp", create)
        .tag("Sign-up")
        .doc("Signs a company up with a merchant (slug, or id for a sandbox). A known address only gets a mail; the answer is the same. Signed in, your company joins.")
        .anyone()
        .not_idempotent()
        .body::<NewSignup>()
        .answers::<Received>(202)
        .answers::<Joined>(201)
        .command::<SignUp>()
        .command::<JoinProgram>();
}
