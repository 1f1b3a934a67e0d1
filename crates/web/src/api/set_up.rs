//! The first merchant of a server that has none: by a link that is derived from the master key, printed when the server starts, and dead
//! as soon as there is a merchant (PLT-13).

use super::merchant::TimeZoneName;
use crate::answer::Answer;
use crate::call::Call;
use crate::fields::Line;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, passwords, view};
use std::fmt::Write as _;
use tradepost_domain::partners::set_up::already_set_up;
use tradepost_domain::partners::{CreateMerchant, SetUp, SetUpDone};
use tradepost_domain::{MerchantId, SessionId, merchants};
use tradepost_kernel::secret::{Vault, same};
use tradepost_kernel::text::Email;
use tradepost_kernel::{Currency, Secret, Timestamp};

input! {
    /// The first merchant of a server, and its owner.
    pub struct NewSetUp {
        /// The token of the link that the server printed.
        pub token: Line<100>,
        => house: NewHouse
    }

    /// A merchant, and its owner.
    pub struct NewHouse {
        /// The merchant's name, on pages and documents.
        pub name: Line<200>,
        /// What it sells in at first.
        pub currency: Currency,
        /// Its name in URLs; made from the name where left out.
        pub slug: Option<Line<40>>,
        /// Days of documents are of this zone; UTC where left out.
        pub time_zone: Option<TimeZoneName>,
        /// The owner's first name.
        pub first_name: Line<100>,
        /// The owner's last name.
        pub last_name: Line<100>,
        /// The address that the owner signs in with.
        pub email: Email,
        /// 10 characters at least.
        pub password: Secret<String>,
    }
}

view! {
    /// A server that was set up, and the owner's session. Its token is shown this once.
    pub struct SetUpView {
        /// The merchant.
        pub merchant: MerchantId,
        /// Its sandbox.
        pub sandbox: MerchantId,
        /// Its name in URLs.
        pub slug: String,
        /// The owner's session.
        pub session: SessionId,
        /// Send it as `Authorization: Bearer …`.
        pub token: String,
        /// The end of the session at the latest.
        pub expires_at: Timestamp,
    }
}

/// The token of the link. It says nothing of the key that it is derived from.
#[must_use]
pub fn token(vault: &Vault) -> Secret<String> {
    let proof = vault.fingerprint(b"set-up", b"the first merchant");
    Secret::new(proof.iter().fold(String::with_capacity(32), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    }))
}

/// Whether a token is the link's, and the server has no merchant yet.
///
/// # Errors
/// 404 for another token; 409 `already_set_up`.
pub async fn check(call: &Call, given: &str) -> Result<(), Problem> {
    if !same(given.as_bytes(), token(&call.engine().vault).expose().as_bytes()) {
        return Err(Problem::not_found());
    }
    let any = call.read(|reader| Box::pin(async move { merchants::queries::is_any(reader).await })).await?;
    if any { Err(already_set_up().into()) } else { Ok(()) }
}

/// Makes the merchant and its owner, who is signed in at once. For the API and for the page.
///
/// # Errors
/// As [`check`]; 422.
pub async fn set_up(call: &Call, given: &str, house: NewHouse) -> Result<(SetUpDone, Secret<String>), Problem> {
    check(call, given).await?;
    let password_hash = passwords::hash(call, house.password).await?;
    let (session, opening) = super::sessions::opening(call);
    let merchant = CreateMerchant {
        name: house.name.into_string(),
        slug: house.slug.map(Line::into_string),
        currency: house.currency,
        time_zone: house.time_zone.map_or_else(|| "UTC".to_owned(), |zone| zone.0),
        owner: house.email,
        first_name: house.first_name.into_string(),
        last_name: house.last_name.into_string(),
        live_key: None,
        test_key: None,
    };
    let command = SetUp { merchant, password_hash, opening };
    Ok((call.execute(command).await?.outcome, session))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let NewSetUp { token, house } = call.body()?;
    let (done, session) = set_up(&call, &token, house).await?;
    let view = SetUpView {
        merchant: done.merchant,
        sandbox: done.sandbox,
        slug: done.slug,
        session: done.session,
        token: session.expose().clone(),
        expires_at: Timestamp::from_ms(done.expires_ms),
    };
    Ok(Answer::created(&view, "/v1/merchant"))
}

pub(super) fn routes(r: &mut Routes) {
    r.post("/v1/set-up", "setUp", create)
        .tag("Sign-up")
        .doc("Makes the first merchant of a server that has none, its sandbox and its owner, who is signed in at once. The token is that of the link that the server prints when it starts.")
        .public()
        .not_idempotent()
        .body::<NewSetUp>()
        .answers::<SetUpView>(201)
        .refuses(&["not_found"])
        .command::<SetUp>();
}
