//! Who asks: API keys by their hash, sessions by their token, and which merchant or partnership a person means
//! (PAR-15, PAR-16). What was revoked fails on its next request: nothing is kept between requests, but for routes whose
//! command asks for key and partnership again in its own transaction. Rights and addresses of a key never change.

use crate::credentials::{Authenticator, Credentials, Identified};
use crate::problem::Problem;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tradepost_domain::access::Side;
use tradepost_domain::identity::{ApiKeyRow, NOTED_EVERY_MS, NoteKeyUse, NoteSessionSeen, PersonView, SessionView, queries};
use tradepost_domain::partners::Status;
use tradepost_domain::partners::queries::{seats, standing};
use tradepost_domain::{Caller, Engine, MerchantId, No, Origin, PartnershipId, PartnershipScope, merchants};
use tradepost_kernel::api_key::{ApiKeyText, KeyKind};
use tradepost_kernel::secret::sha256;
use tradepost_kernel::{Secret, Timestamp, sabotage};
use tradepost_store::BoxFuture;

/// What a session's token begins with.
pub const SESSION_PREFIX: &str = "tps_";
const SESSION_LENGTH: usize = SESSION_PREFIX.len() + 64;
/// More notes than this are not remembered at once.
const MOST_NOTED: usize = 10_000;
/// More keys than this are not kept at once.
const MOST_KNOWN: usize = 10_000;

/// A new session token from 32 random bytes.
#[must_use]
pub fn session_token(random: [u8; 32]) -> Secret<String> {
    let mut text = String::with_capacity(SESSION_LENGTH);
    text.push_str(SESSION_PREFIX);
    for byte in random {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    Secret::new(text)
}

/// Finds out who asks from the identity slice.
#[derive(Debug)]
pub struct Gate {
    engine: Engine,
    /// When the use of what was last noted, so that a thousand requests of a minute write one row.
    noted: Mutex<HashMap<[u8; 16], i64>>,
    /// Keys by their hash, for routes that ask again.
    known: Mutex<HashMap<[u8; 32], Arc<FoundKey>>>,
}

/// A key and where its partnership stands.
#[derive(Debug)]
struct FoundKey {
    row: ApiKeyRow,
    status: Option<Status>,
    merchant: Option<MerchantId>,
    merchant_closed: bool,
}

impl Gate {
    /// Over an open house.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { engine, noted: Mutex::new(HashMap::new()), known: Mutex::new(HashMap::new()) }
    }

    fn known(&self, hash: &[u8; 32]) -> Option<Arc<FoundKey>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    fn remember(&self, hash: [u8; 32], found: Arc<FoundKey>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(hash, found);
    }

    /// Whether a use is to be written now.
    fn notes(&self, id: [u8; 16], now: Timestamp) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.get(&id).is_some_and(|last| now.ms() - last < NOTED_EVERY_MS) {
            return false;
        }
        if noted.len() >= MOST_NOTED {
            noted.clear();
        }
        noted.insert(id, now.ms());
        true
    }

    async fn by_key(&self, text: ApiKeyText, credentials: &Credentials) -> Result<Identified, Problem> {
        if text.kind == KeyKind::DynamicUrl {
            // It opens its own route only, and stands in no header.
            return Err(Problem::unauthenticated());
        }
        let (hash, now) = (text.hash(), self.engine.environment.now());
        // What was kept can be old in one way only here: a key that was off and is on again must not stay off.
        let known = self.known(&hash).filter(|known| credentials.asked_again && known.row.is_valid(now));
        let found = match known {
            Some(found) => found,
            None => {
                let found = Arc::new(self.find_key(hash).await?.ok_or_else(Problem::unauthenticated)?);
                self.remember(hash, Arc::clone(&found));
                found
            }
        };
        let FoundKey { row, status, merchant, merchant_closed } = &*found;
        let is_valid = row.is_valid(now) || sabotage::is("credential.cached");
        if !is_valid || !row.is_allowed_from(credentials.address) || row.kind != text.kind {
            return Err(Problem::unauthenticated());
        }
        // A key already is inside one merchant or partnership; naming another finds nothing.
        let elsewhere = credentials.partnership.is_some_and(|named| row.owner.partnership != Some(named));
        if elsewhere || credentials.merchant.is_some_and(|named| *merchant != Some(named)) {
            return Err(Problem::not_found());
        }
        if row.is_to_be_noted(now) && self.notes(row.id.bytes(), now) {
            self.note(NoteKeyUse { merchant: row.owner.merchant, key: row.id, at: now });
        }
        // A status that was kept may be old: the command that asks again refuses then.
        let partnership_active = credentials.asked_again || status.is_none_or(Status::may_trade);
        let (key, name, rights) = (row.id, row.name.clone(), row.rights.clone());
        let caller = match row.owner.partnership {
            None => Caller::MerchantKey { key, name, merchant: row.owner.merchant, rights },
            Some(partnership) => Caller::PartnershipKey { key, name, scope: PartnershipScope { merchant: row.owner.merchant, partnership }, rights },
        };
        Ok(Identified { caller, partnership_active, placeless: false, merchant_closed: *merchant_closed, proved: None })
    }

    /// Every key that opens nothing from this address costs one hash and one look-up, and gets the same answer.
    async fn by_dynamic_url(&self, key: &str, address: Option<IpAddr>) -> Result<Identified, Problem> {
        let (hash, now) = (sha256(key.as_bytes()), self.engine.environment.now());
        let row = self.engine.store.read(move |reader| Box::pin(async move { queries::key_by_hash(reader, hash).await })).await?;
        let opens = |row: &ApiKeyRow| row.kind == KeyKind::DynamicUrl && row.is_valid(now) && row.is_allowed_from(address);
        let row = row.filter(opens).ok_or_else(Problem::not_found)?;
        let partnership = row.owner.partnership.ok_or_else(Problem::not_found)?;
        let scope = PartnershipScope { merchant: row.owner.merchant, partnership };
        let status = self.engine.store.read(move |reader| Box::pin(async move { standing(reader, scope).await })).await?.map(|(_, status)| status);
        if row.is_to_be_noted(now) && self.notes(row.id.bytes(), now) {
            self.note(NoteKeyUse { merchant: row.owner.merchant, key: row.id, at: now });
        }
        let name = format!("{} (dynamic URL)", row.name);
        let caller = Caller::PartnershipKey { key: row.id, name, scope, rights: row.rights };
        Ok(Identified { caller, partnership_active: status.is_some_and(Status::may_trade), placeless: false, merchant_closed: false, proved: None })
    }

    async fn find_key(&self, hash: [u8; 32]) -> Result<Option<FoundKey>, Problem> {
        let found = self
            .engine
            .store
            .read(move |reader| {
                Box::pin(async move {
                    let Some(row) = queries::key_by_hash(reader, hash).await? else { return Ok(None) };
                    let house = merchants::queries::merchant(reader, row.owner.merchant).await?;
                    let (merchant, merchant_closed) = (house.as_ref().map(|house| house.id), house.is_some_and(|house| house.closed.is_some()));
                    let status = match row.owner.partnership {
                        Some(partnership) => standing(reader, PartnershipScope { merchant: row.owner.merchant, partnership }).await?.map(|(_, status)| status),
                        None => None,
                    };
                    Ok(Some(FoundKey { row, status, merchant, merchant_closed }))
                })
            })
            .await?;
        Ok(found)
    }

    /// Writes beside the request; a failure costs a minute of precision and is logged.
    fn note<C: tradepost_domain::Command>(&self, command: C) {
        let engine = self.engine.clone();
        tokio::spawn(async move {
            if let Err(No::Fault(fault)) = engine.execute(Origin::system(), command).await {
                tracing::warn!(error = &fault as &dyn std::error::Error, "a use was not noted");
            }
        });
    }

    async fn by_session(&self, token: &str, credentials: &Credentials) -> Result<Identified, Problem> {
        if token.len() != SESSION_LENGTH || !token.starts_with(SESSION_PREFIX) {
            return Err(Problem::unauthenticated());
        }
        let (hash, now) = (sha256(token.as_bytes()), self.engine.environment.now());
        let found: Option<(SessionView, PersonView)> = self
            .engine
            .store
            .read(move |reader| {
                Box::pin(async move {
                    let Some(session) = queries::session(reader, hash).await? else { return Ok(None) };
                    let person = queries::person(reader, session.person).await?;
                    Ok(person.map(|person| (session, person)))
                })
            })
            .await?;
        let (session, person) = found.filter(|(session, _)| session.is_valid(now)).ok_or_else(Problem::unauthenticated)?;
        if session.is_to_be_noted(now) && self.notes(session.id.bytes(), now) {
            self.note(NoteSessionSeen { session: session.id, at: now });
        }
        let proved = Some(session.proved);
        let identified = match credentials.side {
            None => Identified {
                caller: Caller::Person { person: person.id, name: person.name() },
                partnership_active: true,
                placeless: false,
                merchant_closed: false,
                proved,
            },
            Some(Side::Merchant) => self.as_staff(person, credentials.merchant).await?,
            Some(Side::Reseller) => self.as_reseller(person, credentials.partnership).await?,
        };
        Ok(Identified { proved, ..identified })
    }

    /// As staff of the merchant that is named, else of the only one; live ones go before their sandboxes.
    async fn as_staff(&self, person: PersonView, named: Option<MerchantId>) -> Result<Identified, Problem> {
        let id = person.id;
        let employers = self.engine.store.read(move |reader| Box::pin(async move { merchants::queries::employers(reader, id).await })).await?;
        let placeless = employers.is_empty();
        let chosen = match named {
            Some(named) => Some(employers.into_iter().find(|(merchant, _)| merchant.id == named).ok_or_else(Problem::not_found)?),
            None => {
                let any_live = employers.iter().any(|(merchant, _)| !merchant.test);
                let mut fitting = employers.into_iter().filter(|(merchant, _)| !any_live || !merchant.test);
                fitting.next().filter(|_| fitting.next().is_none())
            }
        };
        let (person, name) = (person.id, person.name());
        let merchant_closed = chosen.as_ref().is_some_and(|(merchant, _)| merchant.closed.is_some());
        let caller = match chosen {
            Some((merchant, role)) => Caller::MerchantPerson { person, name, merchant: merchant.number, role },
            None => Caller::Person { person, name },
        };
        Ok(Identified { caller, partnership_active: true, placeless, merchant_closed, proved: None })
    }

    /// As a user in the partnership that is named, else in the only one.
    async fn as_reseller(&self, person: PersonView, named: Option<PartnershipId>) -> Result<Identified, Problem> {
        let id = person.id;
        let mut found = self.engine.store.read(move |reader| Box::pin(async move { seats(reader, id, named).await })).await?;
        if named.is_some() && found.is_empty() {
            return Err(Problem::not_found());
        }
        let (person, name) = (person.id, person.name());
        let placeless = found.is_empty();
        let only = if found.len() == 1 { found.pop() } else { None };
        Ok(match only {
            Some(seat) => Identified {
                caller: Caller::ResellerPerson { person, name, reseller: seat.reseller, scope: seat.scope, role: seat.role },
                partnership_active: seat.status.may_trade(),
                placeless: false,
                merchant_closed: false,
                proved: None,
            },
            None => Identified { caller: Caller::Person { person, name }, partnership_active: true, placeless, merchant_closed: false, proved: None },
        })
    }
}

impl Authenticator for Gate {
    fn authenticate(&self, credentials: Credentials) -> BoxFuture<'_, Result<Identified, Problem>> {
        Box::pin(async move {
            let given = credentials.bearer.as_ref().or(credentials.cookie.as_ref()).ok_or_else(Problem::unauthenticated)?.clone();
            // The checksum first: a malformed key asks no database.
            match ApiKeyText::parse(given.expose()) {
                Ok(key) if credentials.bearer.is_some() => self.by_key(key, &credentials).await,
                _ => self.by_session(given.expose(), &credentials).await,
            }
        })
    }

    fn dynamic_url(&self, key: Secret<String>, address: Option<IpAddr>) -> BoxFuture<'_, Result<Identified, Problem>> {
        Box::pin(async move { self.by_dynamic_url(key.expose(), address).await })
    }
}
