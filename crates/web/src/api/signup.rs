//! Public sign-up per merchant, and joining a further program after sign-in (PAR-2).

use super::companies::Country;
use crate::answer::Answer;
use crate::call::{Call, OrNotFound as _};
use crate::errors::{Errors, Pointer};
use crate::fields::Line;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, passwords, view};
use tradepost_domain::partners::{JoinProgram, Profile, SignUp};
use tradepost_domain::{MerchantId, PartnershipId, merchants};
use tradepost_kernel::Secret;
use tradepost_kernel::text::Email;

input! {
    /// A company that wants to resell, and the person who signs it up.
    pub struct NewSignup {
        /// The company's name.
        pub company: Line<200>,
        /// First name of its owner.
        pub first_name: Line<100>,
        /// Last name of its owner.
        pub last_name: Line<100>,
        /// The owner's address, and where mail about orders goes.
        pub email: Email,
        /// Phone number.
        pub phone: Option<Line<40>>,
        /// Street and number.
        pub street: Option<Line<200>>,
        /// City.
        pub city: Option<Line<100>>,
        /// Postal code.
        pub postal_code: Option<Line<20>>,
        /// State or region.
        pub region: Option<Line<100>>,
        /// Two letters.
        pub country: Country,
        /// VAT id.
        pub vat_id: Option<Line<30>>,
        /// Needed unless you are signed in.
        pub password: Option<Secret<String>>,
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

pub(super) fn optional<const N: usize>(text: Option<Line<N>>) -> Option<String> {
    text.map(Line::into_string)
}

/// A merchant by its slug (the live one), or by its id (its sandbox too).
async fn merchant(call: &Call) -> Result<i64, Problem> {
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
    Ok(found.or_not_found()?.number)
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let body: NewSignup = call.body()?;
    let merchant = merchant(&call).await?;
    let profile = Profile {
        company: body.company.into_string(),
        email: body.email,
        phone: optional(body.phone),
        street: optional(body.street),
        city: optional(body.city),
        postal_code: optional(body.postal_code),
        region: optional(body.region),
        country: body.country.0,
        vat_id: optional(body.vat_id),
    };
    if call.caller().person().is_some() {
        let joined = call.execute(JoinProgram { merchant, profile }).await?.outcome;
        return Ok(Answer::created(&Joined { partnership: joined.partnership }, "/v1/reseller/partnership"));
    }
    let Some(password) = body.password else {
        let mut errors = Errors::default();
        errors.add(&Pointer::root().field("password"), "invalid_field", "is missing");
        return Err(Problem::fields(errors));
    };
    let password_hash = passwords::hash(&call, password).await?;
    let (first_name, last_name) = (body.first_name.into_string(), body.last_name.into_string());
    call.execute(SignUp { merchant, profile, first_name, last_name, password_hash }).await?;
    Ok(Answer::accepted(&Received { status: "received" }))
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
