//! The second step of a sign-in, and signing in by a passkey alone (PAR-15).

use super::passkey_shapes::{PasskeyAssertion, PasskeyChallenge, party, to_sign};
use super::sessions::{BegunSession, counted_under, opening, shown};
use crate::answer::Answer;
use crate::call::Call;
use crate::errors::{Errors, Pointer};
use crate::fields::Line;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{choices, input, view};
use tradepost_domain::PersonId;
use tradepost_domain::identity::challenges::{Asked, TICKET_MS, Ticket};
use tradepost_domain::identity::second_step::{Shown, expired};
use tradepost_domain::identity::{AttemptSignIn, PasskeyAnswer, SignInByPasskey, SignedIn, TakeSecondStep, factor_queries};
use tradepost_kernel::{Secret, Timestamp};

choices! {
    /// What the second step can be done with.
    pub enum SecondStepMethod {
        /// A code of the app.
        Code = "code",
        /// One of the codes that were handed out when two-step sign-in was switched on.
        RecoveryCode = "recovery_code",
        /// A passkey.
        Passkey = "passkey",
    }
}

view! {
    /// The password was right; the session begins with the second step.
    pub struct SecondStepAsked {
        /// What is asked for.
        pub second_step: SecondStep,
    }

    /// What the second step asks for.
    pub struct SecondStep {
        /// For `POST /v1/sessions/second-step`.
        pub token: String,
        /// Until when.
        pub expires_at: Timestamp,
        /// What it can be done with.
        pub methods: Vec<SecondStepMethod>,
        /// What a passkey would sign; null where you have none.
        pub passkey: Option<PasskeyChallenge>,
    }
}

input! {
    /// A code or what a passkey signed; one of them.
    pub struct SecondStepAnswer {
        /// From the answer to the first step.
        pub token: Line<200>,
        /// A code of the app, or a recovery code.
        pub code: Option<Line<64>>,
        /// What a passkey signed.
        pub passkey: Option<PasskeyAssertion>,
    }
}

/// What the second step of a sign-in asks for.
///
/// # Errors
/// Faults of the store.
pub async fn asked(call: &Call, person: PersonId, ticket: &Secret<String>) -> Result<SecondStepAsked, Problem> {
    let (passkey, left) = offered(call, person).await?;
    let mut methods = vec![SecondStepMethod::Code];
    if left > 0 {
        methods.push(SecondStepMethod::RecoveryCode);
    }
    if passkey.is_some() {
        methods.push(SecondStepMethod::Passkey);
    }
    let expires_at = call.now().plus_ms(TICKET_MS);
    Ok(SecondStepAsked { second_step: SecondStep { token: ticket.expose().clone(), expires_at, methods, passkey } })
}

/// What a passkey would sign, where the person has one; and how many recovery codes are left.
async fn offered(call: &Call, person: PersonId) -> Result<(Option<PasskeyChallenge>, i64), Problem> {
    let (credentials, two_step) = call
        .read(move |reader| Box::pin(async move { Ok((factor_queries::credentials(reader, person).await?, factor_queries::two_step(reader, person).await?)) }))
        .await?;
    let passkey = (!credentials.is_empty()).then(|| to_sign(call, Asked::SecondStep(person), &credentials));
    Ok((passkey, two_step.recovery_codes))
}

/// Whose ticket it is and by which address they are known, where it still holds.
async fn found(call: &Call, ticket: &str) -> Result<(Ticket, String), Problem> {
    let ticket = Ticket::parse(ticket).ok_or_else(expired)?;
    let person = ticket.person;
    let account = call.read(move |reader| Box::pin(async move { factor_queries::account(reader, person).await })).await?;
    let Some((email_key, Some(hash))) = account else { return Err(expired().into()) };
    if !ticket.holds(&call.engine().vault, &hash, call.now()) {
        return Err(expired().into());
    }
    Ok((ticket, email_key))
}

/// What a passkey would sign for the ticket, for the page of the second step.
///
/// # Errors
/// 410 `second_step_expired`.
pub async fn passkey_for(call: &Call, ticket: &str) -> Result<Option<PasskeyChallenge>, Problem> {
    let (ticket, _) = found(call, ticket).await?;
    Ok(offered(call, ticket.person).await?.0)
}

/// Counts the attempt, judges what is shown, and opens the session. For the API and for the page.
///
/// # Errors
/// 401 `second_step_failed`, 410 `second_step_expired`, 429 `too_many_attempts`.
pub async fn take(call: &Call, ticket: &str, what: Shown) -> Result<(SignedIn, Secret<String>), Problem> {
    let (ticket, email_key) = found(call, ticket).await?;
    let (account, address) = counted_under(call, &email_key);
    call.execute(AttemptSignIn { account, address }).await?;
    let (token, opening) = opening(call);
    let command = TakeSecondStep { ticket, shown: what, party: party(call), opening, account, address };
    Ok((call.execute(command).await?.outcome, token))
}

/// Opens a session by a passkey that made sure of its person. For the API and for the sign-in page.
///
/// # Errors
/// 401 `passkey_refused`; 422 `user_verification_required`.
pub async fn sign_in_by_passkey(call: &Call, answer: PasskeyAnswer) -> Result<(SignedIn, Secret<String>), Problem> {
    let (token, opening) = opening(call);
    Ok((call.execute(SignInByPasskey { answer, party: party(call), opening }).await?.outcome, token))
}

/// 422: there must be one of these.
pub(super) fn one_of(names: &'static [&'static str]) -> Problem {
    let mut errors = Errors::default();
    errors.add(
        &Pointer::root().field(names.first().copied().unwrap_or_default()),
        "invalid_field",
        format!("must be there, or one of: {}", names[1..].join(", ")),
    );
    Problem::fields(errors)
}

async fn second_step(call: Call) -> Result<Answer, Problem> {
    let SecondStepAnswer { token, code, passkey } = call.body()?;
    let what = match (code, passkey) {
        (Some(code), None) => Shown::Code(code.into_string()),
        (None, Some(passkey)) => Shown::Passkey(passkey.into()),
        _ => return Err(one_of(&["code", "passkey"])),
    };
    let (begun, session) = take(&call, &token, what).await?;
    Ok(shown(begun, &session))
}

async fn challenge(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::json(axum::http::StatusCode::CREATED, &to_sign(&call, Asked::SignIn, &[])))
}

async fn by_passkey(call: Call) -> Result<Answer, Problem> {
    let answer: PasskeyAssertion = call.body()?;
    let (begun, session) = sign_in_by_passkey(&call, answer.into()).await?;
    Ok(shown(begun, &session))
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "Sessions";
    r.post("/v1/sessions/second-step", "takeSecondStep", second_step)
        .tag(tag)
        .doc("Signs in by a code or a passkey, after the password. Wrong ones count as wrong passwords do; the token stays good until it expires.")
        .public()
        .not_idempotent()
        .body::<SecondStepAnswer>()
        .answers::<BegunSession>(201)
        .command::<AttemptSignIn>()
        .command::<TakeSecondStep>();
    r.post("/v1/sessions/passkey-challenges", "createPasskeyChallenge", challenge)
        .tag(tag)
        .doc("Asks for what a passkey is to sign, to sign in by it alone.")
        .public()
        .not_idempotent()
        .answers::<PasskeyChallenge>(201);
    r.post("/v1/sessions/passkeys", "createSessionByPasskey", by_passkey)
        .tag(tag)
        .doc("Signs in by a passkey alone. The authenticator must have made sure of you, by a finger, a face or a PIN.")
        .public()
        .not_idempotent()
        .body::<PasskeyAssertion>()
        .answers::<BegunSession>(201)
        .command::<SignInByPasskey>();
}
