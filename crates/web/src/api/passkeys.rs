//! Passkeys of the person who asks (PAR-15).

use super::passkey_shapes::{Base64, Passkey, PasskeyRegistration, fresh, handle, party};
use super::sessions::own;
use crate::answer::Answer;
use crate::call::{Call, OrNotFound as _};
use crate::fields::Line;
use crate::input;
use crate::problem::Problem;
use crate::routes::Routes;
use axum::http::StatusCode;
use tradepost_domain::PasskeyId;
use tradepost_domain::identity::challenges::Asked;
use tradepost_domain::identity::passkeys::MOST;
use tradepost_domain::identity::{PasskeyView, RegisterPasskey, RemovePasskey, RenamePasskey, factor_queries, queries};
use tradepost_domain::listing::PageRequest;
use tradepost_kernel::passkey::{ALGORITHMS, to_text};

input! {
    /// A passkey that an authenticator made: the fields of `navigator.credentials.create`, each in base64url.
    pub struct NewPasskey {
        /// What you call it.
        pub name: Line<100>,
        /// `response.clientDataJSON`.
        pub client_data: Base64<8192>,
        /// `response.attestationObject`.
        pub attestation_object: Base64<16384>,
    }

    /// Another name for a passkey.
    pub struct PasskeyName {
        /// What you call it.
        pub name: Line<100>,
    }
}

impl From<PasskeyView> for Passkey {
    fn from(view: PasskeyView) -> Self {
        Self { id: view.id, name: view.name, created_at: view.created, last_used_at: view.last_used }
    }
}

/// All passkeys of the person who asks, newest first.
///
/// # Errors
/// Faults of the store.
pub async fn all(call: &Call) -> Result<Vec<PasskeyView>, Problem> {
    let (person, wanted) = (own(call)?, PageRequest { limit: MOST, before: None });
    Ok(call.read(move |reader| Box::pin(async move { factor_queries::passkeys(reader, person, wanted).await })).await?.rows)
}

/// The passkey that the path names.
///
/// # Errors
/// 404.
pub async fn one(call: &Call) -> Result<PasskeyView, Problem> {
    let (person, id): (_, PasskeyId) = (own(call)?, call.path("id")?);
    call.read(move |reader| Box::pin(async move { factor_queries::passkey(reader, person, id).await })).await?.or_not_found()
}

/// What a new passkey is to be made for.
///
/// # Errors
/// Faults of the store.
pub async fn registration(call: &Call) -> Result<PasskeyRegistration, Problem> {
    let person = own(call)?;
    let (me, known) = call
        .read(move |reader| Box::pin(async move { Ok((queries::person(reader, person).await?, factor_queries::credentials(reader, person).await?)) }))
        .await?;
    let me = me.ok_or_else(Problem::unauthenticated)?;
    let (challenge, expires_at) = fresh(call, Asked::Registration(person));
    let user_display_name = me.name();
    Ok(PasskeyRegistration {
        challenge,
        rp_id: party(call).id,
        rp_name: "Tradepost",
        user_id: handle(person),
        user_name: me.email,
        user_display_name,
        algorithms: ALGORITHMS.to_vec(),
        exclude: known.iter().map(|id| to_text(id)).collect(),
        expires_at,
    })
}

/// Adds a passkey. For the API and for the page.
///
/// # Errors
/// 409 `passkey_known`, `too_many_passkeys`; 422 `invalid_passkey`.
pub async fn register(call: &Call, new: NewPasskey) -> Result<PasskeyId, Problem> {
    let NewPasskey { name, client_data, attestation_object } = new;
    let command = RegisterPasskey { name: name.into_string(), client_data: client_data.0, attestation_object: attestation_object.0, party: party(call) };
    Ok(call.execute(command).await?.outcome.passkey)
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let (person, page) = (own(&call)?, call.page()?);
    let passkeys = call.read(move |reader| Box::pin(async move { factor_queries::passkeys(reader, person, page).await })).await?;
    Ok(call.list(passkeys, Passkey::from))
}

async fn challenge(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::json(StatusCode::CREATED, &registration(&call).await?))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let id = register(&call, call.body()?).await?;
    let person = own(&call)?;
    let view = call.read(move |reader| Box::pin(async move { factor_queries::passkey(reader, person, id).await })).await?.or_not_found()?;
    Ok(Answer::created(&Passkey::from(view), &call.location(id)))
}

async fn rename(call: Call) -> Result<Answer, Problem> {
    let (passkey, PasskeyName { name }) = (call.path("id")?, call.body()?);
    call.execute(RenamePasskey { passkey, name: name.into_string() }).await?;
    Ok(Answer::ok(&Passkey::from(one(&call).await?)))
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    call.execute(RemovePasskey { passkey: call.path("id")? }).await?;
    Ok(Answer::no_content())
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "Passkeys";
    r.get("/v1/me/passkeys", "listPasskeys", list).tag(tag).doc("Lists your passkeys, newest first.").signed_in().lists::<Passkey>();
    r.post("/v1/me/passkeys/challenges", "createPasskeyRegistration", challenge)
        .tag(tag)
        .doc("Asks for what a new passkey is to be made for.")
        .signed_in()
        .fresh()
        .answers::<PasskeyRegistration>(201);
    r.post("/v1/me/passkeys", "addPasskey", create)
        .tag(tag)
        .doc("Adds a passkey that an authenticator made. It signs you in alone, and does the second step after a password.")
        .signed_in()
        .fresh()
        .body::<NewPasskey>()
        .answers::<Passkey>(201)
        .command::<RegisterPasskey>();
    r.patch("/v1/me/passkeys/{id}", "renamePasskey", rename)
        .tag(tag)
        .doc("Calls a passkey something else.")
        .signed_in()
        .fresh()
        .body::<PasskeyName>()
        .answers::<Passkey>(200)
        .command::<RenamePasskey>();
    r.delete("/v1/me/passkeys/{id}", "removePasskey", remove)
        .tag(tag)
        .doc("Removes a passkey: it opens nothing any more.")
        .signed_in()
        .fresh()
        .answers_nothing(204)
        .command::<RemovePasskey>();
}
