//! Signing in and out (PAR-15).

use super::second_step;
use crate::answer::Answer;
use crate::authenticate::session_token;
use crate::call::Call;
use crate::credentials;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, passwords, view};
use axum::http::StatusCode;
use std::net::IpAddr;
use tradepost_domain::identity::challenges::Ticket;
use tradepost_domain::identity::sign_in::invalid_credentials;
use tradepost_domain::identity::{AttemptSignIn, Opening, RevokeSessions, SessionView, SignIn, SignInWay, SignedIn, factor_queries, queries, throttle};
use tradepost_domain::listing::PageRequest;
use tradepost_domain::{PersonId, SessionId};
use tradepost_kernel::secret::sha256;
use tradepost_kernel::text::Email;
use tradepost_kernel::{Secret, Timestamp};

crate::named_choice!(SignInWay);

input! {
    /// E-mail address and password.
    pub struct NewSession {
        /// The address that the account was made with.
        pub email: Email,
        /// The password.
        pub password: Secret<String>,
    }
}

view! {
    /// A session that began. Its token is shown this once.
    pub struct BegunSession {
        /// Its id.
        pub id: SessionId,
        /// Send it as `Authorization: Bearer …`.
        pub token: String,
        /// Its end at the latest; 12 hours without a request end it too.
        pub expires_at: Timestamp,
    }

    /// A session.
    pub struct Session {
        /// Its id.
        pub id: SessionId,
        /// Begin.
        pub created_at: Timestamp,
        /// Last use, to the minute.
        pub last_seen_at: Timestamp,
        /// End at the latest.
        pub expires_at: Timestamp,
        /// Whether it still lets in.
        pub valid: bool,
        /// The network address that it began from.
        pub address: Option<String>,
        /// The program that it began with.
        pub agent: Option<String>,
        /// How it began.
        pub way: SignInWay,
        /// When its person last proved that it is them.
        pub proved_at: Timestamp,
    }
}

/// One network address as it is counted: an IPv6 user has a whole /64.
pub(super) fn network(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(v4)) => v4.to_string(),
        Some(IpAddr::V6(v6)) => format!("{:x}", v6.to_bits() >> 64),
    }
}

/// What attempts of an account and of the request's network address are counted under.
pub(super) fn counted_under(call: &Call, email_key: &str) -> ([u8; 16], [u8; 16]) {
    let vault = &call.engine().vault;
    (throttle::account(vault, email_key), throttle::address(vault, &network(call.address())))
}

/// The token of a session that is to begin, and what its command keeps of it.
pub(crate) fn opening(call: &Call) -> (Secret<String>, Opening) {
    let token = session_token(call.engine().environment.random());
    let token_hash = sha256(token.expose().as_bytes());
    (token, Opening { token_hash, agent: call.user_agent() })
}

/// What came of a password that was right.
#[derive(Debug)]
pub enum Entered {
    /// A session; the token is the caller's to keep.
    In(SignedIn, Secret<String>),
    /// Two-step sign-in is on: whose, and the ticket for [`second_step::take`](super::second_step::take).
    Half(PersonId, Secret<String>),
}

/// Counts, compares, and opens a session or hands a ticket for the second step over. For the API and for the sign-in page.
///
/// # Errors
/// 401 `invalid_credentials`, 429 `too_many_attempts`.
pub async fn sign_in(call: &Call, email: &Email, password: Secret<String>) -> Result<Entered, Problem> {
    let engine = call.engine();
    let key = email.key();
    let (account, address) = counted_under(call, &key);
    call.execute(AttemptSignIn { account, address }).await?;
    let credential = call.read(move |reader| Box::pin(async move { queries::credential(reader, &key).await })).await?;
    let (person, hash) = credential.map_or((None, None), |found| (Some(found.person), found.password_hash));
    let matched = passwords::matches(password, hash.clone()).await?;
    let (Some(person), Some(compared_with), true) = (person, hash, matched) else {
        return Err(invalid_credentials().into());
    };
    let two_step = call.read(move |reader| Box::pin(async move { factor_queries::two_step(reader, person).await })).await?;
    if two_step.since.is_some() {
        let ticket = Ticket::issue(&engine.vault, person, &compared_with, call.now(), engine.environment.random());
        return Ok(Entered::Half(person, ticket));
    }
    let (token, Opening { token_hash, agent }) = opening(call);
    let command = SignIn { person, compared_with, token_hash, account, address, agent };
    Ok(Entered::In(call.execute(command).await?.outcome, token))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let NewSession { email, password } = call.body()?;
    match sign_in(&call, &email, password).await? {
        Entered::In(begun, token) => Ok(shown(begun, &token)),
        Entered::Half(person, ticket) => Ok(Answer::accepted(&second_step::asked(&call, person, &ticket).await?)),
    }
}

/// The answer that a session began, whichever way.
pub(super) fn shown(begun: SignedIn, token: &Secret<String>) -> Answer {
    let view = BegunSession { id: begun.session, token: token.expose().clone(), expires_at: Timestamp::from_ms(begun.expires_ms) };
    Answer::created(&view, &format!("/v1/sessions/{}", begun.session))
}

pub(super) fn own(call: &Call) -> Result<PersonId, Problem> {
    call.caller().person().ok_or_else(Problem::unauthenticated)
}

/// The session that the request comes with; `None` where it comes with a key or with nothing.
///
/// # Errors
/// Faults of the store.
pub async fn current(call: &Call) -> Result<Option<SessionView>, Problem> {
    let name = credentials::session_cookie(&call.app().settings.public_url);
    let given = credentials::credentials(call.headers(), name, None, None, call.address(), false)?;
    let Some(token) = given.bearer.or(given.cookie) else { return Ok(None) };
    let hash = sha256(token.expose().as_bytes());
    call.read(move |reader| Box::pin(async move { queries::session(reader, hash).await })).await
}

/// The person's sessions that still let in, newest first; at most so many.
///
/// # Errors
/// 401 where no person asks; faults of the store.
pub async fn open(call: &Call, most: usize) -> Result<Vec<SessionView>, Problem> {
    let (person, now) = (own(call)?, call.now());
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let wanted = PageRequest { limit: 200, before };
        let page = call.read(move |reader| Box::pin(async move { queries::sessions(reader, person, wanted).await })).await?;
        // All of them last equally long: what is older than one that has ended has ended too.
        let ended = page.rows.last().is_none_or(|oldest| oldest.expires <= now);
        before = page.next;
        found.extend(page.rows.into_iter().filter(|session| session.is_valid(now)));
        if ended || before.is_none() || found.len() >= most {
            found.truncate(most);
            return Ok(found);
        }
    }
}

/// Ends a session of the person; one that is over already, or is not theirs, stays as it is.
///
/// # Errors
/// Those of the command, but for 404.
pub async fn end(call: &Call, session: SessionId) -> Result<(), Problem> {
    match call.execute(RevokeSessions { session: Some(session) }).await {
        Err(no) if no.status() != StatusCode::NOT_FOUND => Err(no),
        _ => Ok(()),
    }
}

/// Ends every session of the person but the one that the request comes with.
///
/// # Errors
/// As [`open`] and [`end`].
pub async fn end_others(call: &Call) -> Result<(), Problem> {
    let here = current(call).await?.map(|session| session.id);
    for session in open(call, usize::MAX).await? {
        if Some(session.id) != here {
            end(call, session.id).await?;
        }
    }
    Ok(())
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let (person, page, now) = (own(&call)?, call.page()?, call.now());
    let sessions = call.read(move |reader| Box::pin(async move { queries::sessions(reader, person, page).await })).await?;
    Ok(call.list(sessions, |session: SessionView| Session {
        id: session.id,
        created_at: session.created,
        last_seen_at: session.last_seen,
        expires_at: session.expires,
        valid: session.is_valid(now),
        address: session.address,
        agent: session.agent,
        way: session.way,
        proved_at: session.proved,
    }))
}

async fn revoke_all(call: Call) -> Result<Answer, Problem> {
    call.execute(RevokeSessions { session: None }).await?;
    Ok(Answer::no_content())
}

async fn revoke(call: Call) -> Result<Answer, Problem> {
    call.execute(RevokeSessions { session: Some(call.path("id")?) }).await?;
    Ok(Answer::no_content())
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "Sessions";
    r.post("/v1/sessions", "createSession", create)
        .tag(tag)
        .doc(
            "Signs in. Whether an address is known is told neither by the answer nor by how long it takes. Where two-step sign-in is on, the answer is 202 \
              and a token for `POST /v1/sessions/second-step`.",
        )
        .public()
        .not_idempotent()
        .body::<NewSession>()
        .answers::<BegunSession>(201)
        .answers::<second_step::SecondStepAsked>(202)
        .command::<AttemptSignIn>()
        .command::<SignIn>();
    r.get("/v1/sessions", "listSessions", list).tag(tag).doc("Lists your sessions, newest first.").signed_in().lists::<Session>();
    r.delete("/v1/sessions", "revokeSessions", revoke_all)
        .tag(tag)
        .doc("Ends all your sessions, this one too.")
        .signed_in()
        .answers_nothing(204)
        .command::<RevokeSessions>();
    r.delete("/v1/sessions/{id}", "revokeSession", revoke)
        .tag(tag)
        .doc("Ends one session: signs out.")
        .signed_in()
        .answers_nothing(204)
        .command::<RevokeSessions>();
}
