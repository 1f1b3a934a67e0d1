//! Two-step sign-in of the person who asks: codes from an app, and recovery codes (PAR-15).

use super::sessions::own;
use crate::answer::Answer;
use crate::call::Call;
use crate::fields::Line;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, view};
use axum::http::StatusCode;
use tradepost_domain::identity::factor_queries::{self, TwoStep};
use tradepost_domain::identity::{BeginTotp, ConfirmTotp, MakeRecoveryCodes, SwitchTotpOff, queries, recovery};
use tradepost_kernel::one_time::{SECRET_BYTES, base32, otpauth_url};
use tradepost_kernel::{Secret, Timestamp};

/// What an authenticator app calls this server.
const ISSUER: &str = "Tradepost";

view! {
    /// Two-step sign-in.
    pub struct TwoStepState {
        /// Whether it is on.
        pub on: bool,
        /// Since when.
        pub since: Option<Timestamp>,
        /// Recovery codes that were not used.
        pub recovery_codes_left: i64,
    }

    /// A secret for an authenticator app, shown this once. It asks for nothing before its first code was typed.
    pub struct TotpSecret {
        /// In base32, to be typed.
        pub secret: String,
        /// For a QR code.
        pub otpauth_url: String,
    }

    /// Codes that work once each, for who has lost the phone; shown this once.
    pub struct RecoveryCodes {
        /// The codes.
        pub recovery_codes: Vec<String>,
    }
}

input! {
    /// The first code of an app.
    pub struct FirstCode {
        /// Six digits.
        pub code: Line<64>,
    }
}

/// Two-step sign-in of the person who asks.
///
/// # Errors
/// Faults of the store.
pub async fn state(call: &Call) -> Result<TwoStep, Problem> {
    let person = own(call)?;
    call.read(move |reader| Box::pin(async move { factor_queries::two_step(reader, person).await })).await
}

/// A new secret, in base32 and as a URL. For the API and for the page.
///
/// # Errors
/// 409 `totp_on`.
pub async fn begin(call: &Call) -> Result<(String, Secret<String>), Problem> {
    let person = own(call)?;
    let me = call.read(move |reader| Box::pin(async move { queries::person(reader, person).await })).await?.ok_or_else(Problem::unauthenticated)?;
    let secret = Secret::new(call.engine().environment.random::<SECRET_BYTES>().to_vec());
    call.execute(BeginTotp { secret: secret.clone() }).await?;
    Ok((base32(secret.expose()), otpauth_url(ISSUER, &me.email, secret.expose())))
}

/// New recovery codes, and what is stored of each.
struct Made {
    codes: Vec<Secret<String>>,
    hashes: Vec<[u8; 16]>,
}

fn recovery_codes(call: &Call) -> Result<Made, Problem> {
    let (person, engine) = (own(call)?, call.engine());
    let codes = recovery::codes(|| engine.environment.random());
    let hashes = codes.iter().map(|code| recovery::hash(&engine.vault, person, code.expose())).collect();
    Ok(Made { codes, hashes })
}

/// Switches it on by a first code; answers the recovery codes. For the API and for the page.
///
/// # Errors
/// 409 `totp_off`, `totp_on`; 422 `invalid_code`.
pub async fn confirm(call: &Call, code: String) -> Result<Vec<Secret<String>>, Problem> {
    let Made { codes, hashes: recovery } = recovery_codes(call)?;
    let kept = super::sessions::current(call).await?.map(|session| session.id);
    call.execute(ConfirmTotp { code, recovery, kept }).await?;
    Ok(codes)
}

/// Makes new recovery codes. For the API and for the page.
///
/// # Errors
/// 409 `totp_off`.
pub async fn renew(call: &Call) -> Result<Vec<Secret<String>>, Problem> {
    let Made { codes, hashes: recovery } = recovery_codes(call)?;
    call.execute(MakeRecoveryCodes { recovery }).await?;
    Ok(codes)
}

fn told(codes: &[Secret<String>], status: StatusCode) -> Answer {
    Answer::json(status, &RecoveryCodes { recovery_codes: codes.iter().map(|code| code.expose().clone()).collect() }).raw()
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let TwoStep { since, recovery_codes } = state(&call).await?;
    Ok(Answer::ok(&TwoStepState { on: since.is_some(), since, recovery_codes_left: recovery_codes }))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let (secret, url) = begin(&call).await?;
    Ok(Answer::json(StatusCode::CREATED, &TotpSecret { secret, otpauth_url: url.expose().clone() }).raw())
}

async fn confirm_first(call: Call) -> Result<Answer, Problem> {
    let FirstCode { code } = call.body()?;
    Ok(told(&confirm(&call, code.into_string()).await?, StatusCode::OK))
}

async fn make_codes(call: Call) -> Result<Answer, Problem> {
    Ok(told(&renew(&call).await?, StatusCode::CREATED))
}

async fn switch_off(call: Call) -> Result<Answer, Problem> {
    call.execute(SwitchTotpOff).await?;
    Ok(Answer::no_content())
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "Two-step sign-in";
    r.get("/v1/me/totp", "getTwoStep", show).tag(tag).doc("Whether your two-step sign-in is on.").signed_in().answers::<TwoStepState>(200);
    r.post("/v1/me/totp", "beginTwoStep", create)
        .tag(tag)
        .doc("Makes a secret for an authenticator app (RFC 6238, SHA-1, six digits, 30 seconds). An earlier one that was not confirmed is gone.")
        .signed_in()
        .fresh()
        .answers::<TotpSecret>(201)
        .command::<BeginTotp>();
    r.post("/v1/me/totp/confirm", "confirmTwoStep", confirm_first)
        .tag(tag)
        .doc("Switches two-step sign-in on by the first code of the app. The answer holds ten recovery codes, shown this once.")
        .signed_in()
        .fresh()
        .body::<FirstCode>()
        .answers::<RecoveryCodes>(200)
        .command::<ConfirmTotp>();
    r.post("/v1/me/totp/recovery-codes", "makeRecoveryCodes", make_codes)
        .tag(tag)
        .doc("Makes ten new recovery codes, shown this once; the old ones work no longer.")
        .signed_in()
        .fresh()
        .answers::<RecoveryCodes>(201)
        .command::<MakeRecoveryCodes>();
    r.delete("/v1/me/totp", "switchTwoStepOff", switch_off)
        .tag(tag)
        .doc("Switches two-step sign-in off; the recovery codes are gone.")
        .signed_in()
        .fresh()
        .answers_nothing(204)
        .command::<SwitchTotpOff>();
}
