//! Proving again that it is you, before what is sensitive (PAR-15, PLT-12).

use super::passkey_shapes::{PasskeyAssertion, PasskeyChallenge, party, to_sign};
use super::second_step::one_of;
use super::sessions::{counted_under, current, own};
use crate::answer::Answer;
use crate::call::Call;
use crate::fields::Line;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, passwords, view};
use axum::http::StatusCode;
use tradepost_domain::identity::challenges::Asked;
use tradepost_domain::identity::prove::{Proof, Proved, not_the_password};
use tradepost_domain::identity::{AttemptSignIn, FRESH_MS, PasskeyAnswer, Prove, SessionView, factor_queries};
use tradepost_kernel::{Secret, Timestamp};

input! {
    /// What proves that it is you; one of them.
    pub struct NewProof {
        /// Your password.
        pub password: Option<Secret<String>>,
        /// A code of the app, or a recovery code.
        pub code: Option<Line<64>>,
        /// What a passkey signed that made sure of you, by a finger, a face or a PIN.
        pub passkey: Option<PasskeyAssertion>,
    }
}

view! {
    /// The proof that counts from now on.
    pub struct ProofGiven {
        /// When.
        pub proved_at: Timestamp,
        /// Until when it is enough for sensitive acts.
        pub fresh_until: Timestamp,
    }
}

/// What somebody proves it by.
#[derive(Debug)]
pub enum Given {
    /// The password.
    Password(Secret<String>),
    /// A code of the app, or a recovery code.
    Code(String),
    /// What a passkey signed.
    Passkey(PasskeyAnswer),
}

/// The session that is to be proved.
async fn session(call: &Call) -> Result<SessionView, Problem> {
    current(call).await?.ok_or_else(Problem::unauthenticated)
}

/// What a passkey would sign, where the person has one.
///
/// # Errors
/// Faults of the store.
pub async fn passkey(call: &Call) -> Result<Option<PasskeyChallenge>, Problem> {
    let (person, session) = (own(call)?, session(call).await?);
    let credentials = call.read(move |reader| Box::pin(async move { factor_queries::credentials(reader, person).await })).await?;
    Ok((!credentials.is_empty()).then(|| to_sign(call, Asked::Proof(session.id), &credentials)))
}

/// Counts the attempt, judges what is given, and notes it. For the API and for the page.
///
/// # Errors
/// 422 `wrong_password`, `invalid_code`, `invalid_passkey`, `user_verification_required`; 429 `too_many_attempts`.
pub async fn prove(call: &Call, given: Given) -> Result<Proved, Problem> {
    let (person, session) = (own(call)?, session(call).await?);
    let account = call.read(move |reader| Box::pin(async move { factor_queries::account(reader, person).await })).await?;
    let (email_key, hash) = account.ok_or_else(Problem::unauthenticated)?;
    let (account, address) = counted_under(call, &email_key);
    call.execute(AttemptSignIn { account, address }).await?;
    let proof = match given {
        Given::Password(password) => {
            let matched = passwords::matches(password, hash.clone()).await?;
            Proof::Password(hash.filter(|_| matched).ok_or_else(not_the_password)?)
        }
        Given::Code(code) => Proof::Code(code),
        Given::Passkey(answer) => Proof::Passkey(answer, party(call)),
    };
    Ok(call.execute(Prove { session: session.id, proof, account, address }).await?.outcome)
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let NewProof { password, code, passkey } = call.body()?;
    let given = match (password, code, passkey) {
        (Some(password), None, None) => Given::Password(password),
        (None, Some(code), None) => Given::Code(code.into_string()),
        (None, None, Some(passkey)) => Given::Passkey(passkey.into()),
        _ => return Err(one_of(&["password", "code", "passkey"])),
    };
    let proved_at = Timestamp::from_ms(prove(&call, given).await?.proved_ms);
    Ok(Answer::json(StatusCode::CREATED, &ProofGiven { proved_at, fresh_until: proved_at.plus_ms(FRESH_MS) }))
}

async fn challenge(call: Call) -> Result<Answer, Problem> {
    let challenge = match passkey(&call).await? {
        Some(challenge) => challenge,
        None => to_sign(&call, Asked::Proof(session(&call).await?.id), &[]),
    };
    Ok(Answer::json(StatusCode::CREATED, &challenge))
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "Sessions";
    r.post("/v1/me/proofs", "createProof", create)
        .tag(tag)
        .doc("Proves again that it is you. Paths that refuse with `fresh_proof_required` take this session for 15 minutes then.")
        .signed_in()
        .body::<NewProof>()
        .answers::<ProofGiven>(201)
        .command::<AttemptSignIn>()
        .command::<Prove>();
    r.post("/v1/me/proofs/passkey-challenges", "createProofChallenge", challenge)
        .tag(tag)
        .doc("Asks for what a passkey is to sign, to prove that it is you.")
        .signed_in()
        .answers::<PasskeyChallenge>(201);
}
