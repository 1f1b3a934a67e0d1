//! The only write path: authorize, idempotency, run, audit, outbox, commit.

use crate::access::{Caller, Need};
use crate::audit::{self, AuditEntry};
use crate::ids::CommandId;
use crate::outbox::{self, Event};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::sync::Arc;
use tradepost_kernel::secret::Vault;
use tradepost_kernel::{Environment, Id, Refusal, Timestamp, sabotage};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{BoxFuture, Column, Ended, Fault, SetAnswers, SetSql, Store, Tx, Work, params, sql};

/// Why a command did not do it.
#[derive(Debug)]
pub enum No {
    /// Expected, typed, without effect.
    Refusal(Refusal),
    /// A bug or an outage.
    Fault(Fault),
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}
impl From<Fault> for No {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A change. It loads, decides, then writes; every refusal comes before the first write.
pub trait Command: Send + Sync + 'static {
    /// Imperative, its noun in front: `orders.place`. Names it in logs and metrics.
    const NAME: &'static str;
    /// The codes it refuses with, in order of precedence, besides those of the write path itself. What a
    /// command refuses with must stand here: the API document lists it, and `execute` checks it.
    const REFUSALS: &'static [&'static str];
    /// What it answers: ids and numbers, kept to answer a repeated call. Never a code or another secret.
    type Outcome: Serialize + DeserializeOwned + Send + Sync + 'static;
    /// Whether a call under a known idempotency key is answered with the kept outcome. A command that shows codes
    /// says no: every look is judged and audited anew (STK-5), and nothing of its outcome is kept.
    const KEPT: bool = true;

    /// What it needs of its caller.
    fn need(&self) -> Need;

    /// The merchant in whose name it is recorded; 0 is the operator's house.
    fn merchant(&self, caller: &Caller) -> i64 {
        match caller {
            Caller::MerchantPerson { merchant, .. } | Caller::MerchantKey { merchant, .. } => *merchant,
            Caller::ResellerPerson { scope, .. } | Caller::PartnershipKey { scope, .. } => scope.merchant,
            _ => 0,
        }
    }

    /// Commands of one type that wait in the same lane run as one set on PostgreSQL; see [`Work::lane`].
    fn lane(&self, _caller: &Caller) -> Option<u64> {
        None
    }

    /// Locks, in one order, what several commands of a set will each lock on their way. Without it the second command
    /// would ask for the first of its locks while the first one's last are held, which is how circles of waiting begin.
    fn lock_set(_set: &[(&Self, &Caller)], _tx: &mut Tx<'_>) -> impl Future<Output = Result<(), Fault>> + Send
    where
        Self: Sized,
    {
        async { Ok(()) }
    }

    /// Loads, decides, writes. May be run again from the start; awaits nothing but the store.
    fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> impl Future<Output = Result<Self::Outcome, No>> + Send;
}

/// Where a command comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Who asks.
    pub caller: Caller,
    /// The request, as it stands in the log.
    pub request_id: Option<String>,
    /// The network address.
    pub address: Option<String>,
    /// The key that makes a repeated call safe (PLT-3), where the caller gave one.
    pub idempotency: Option<Idempotency>,
}

impl Origin {
    /// The server itself.
    #[must_use]
    pub const fn system() -> Self {
        Self { caller: Caller::System, request_id: None, address: None, idempotency: None }
    }

    /// The operator at the command line.
    #[must_use]
    pub const fn operator() -> Self {
        Self { caller: Caller::Operator, request_id: None, address: None, idempotency: None }
    }
}

/// An idempotency key and what it was used for. Its scope is the caller's partnership or merchant.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// Method and path of the request.
    pub route: String,
    /// The caller's text, 1–255 printable characters.
    pub key: String,
    /// SHA-256 of the body.
    pub body_hash: [u8; 32],
}

/// How long an idempotency key is remembered, in milliseconds: 30 days.
pub const IDEMPOTENCY_KEPT_MS: i64 = 30 * 24 * 3_600_000;

/// What a command is run with: time, ids, randomness, the vault, its caller; and where it leaves audit
/// entries and events, which are written after it in the same transaction.
#[derive(Debug)]
pub struct Ctx {
    /// When the command began; the same moment throughout.
    pub now: Timestamp,
    /// Who asks and from where.
    pub origin: Arc<Origin>,
    /// This change.
    pub command: CommandId,
    engine: Engine,
    audits: Vec<([u8; 16], AuditEntry)>,
    events: Vec<([u8; 16], Event)>,
}

/// What a command left to be written, besides its own tables.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) now: Timestamp,
    pub(crate) origin: Arc<Origin>,
    pub(crate) command: CommandId,
    pub(crate) audits: Vec<([u8; 16], AuditEntry)>,
    pub(crate) events: Vec<([u8; 16], Event)>,
}

impl Ctx {
    fn new(engine: &Engine, origin: Arc<Origin>) -> Self {
        Self { now: engine.environment.now(), origin, command: engine.environment.id(), engine: engine.clone(), audits: Vec::new(), events: Vec::new() }
    }

    /// Who asks.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.origin.caller
    }

    /// A new id.
    #[must_use]
    pub fn id<N>(&self) -> Id<N> {
        self.engine.environment.id()
    }

    /// Random bytes.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        self.engine.environment.random()
    }

    /// The vault that seals and opens codes.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.engine.vault
    }

    /// Leaves an entry in the audit trail.
    pub fn audit(&mut self, entry: AuditEntry) {
        let id = self.id::<()>().bytes();
        self.audits.push((id, entry));
    }

    /// Announces an event.
    pub fn announce(&mut self, event: Event) {
        let id = self.id::<()>().bytes();
        self.events.push((id, event));
    }

    fn into_pending(self) -> Pending {
        Pending { now: self.now, origin: self.origin, command: self.command, audits: self.audits, events: self.events }
    }
}

/// An outcome, and whether it is the kept one of an earlier call with the same idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done<T> {
    /// What the command answered.
    pub outcome: T,
    /// Whether nothing was done now because it had been done before.
    pub replayed: bool,
}

/// What is called after a command committed, outside its transaction: the worker's bell. Rings nothing by default.
#[derive(Clone, Default)]
pub struct AfterCommit(Option<Arc<dyn Fn() + Send + Sync>>);

impl AfterCommit {
    /// Calls `bell` after every commit; it must return at once.
    #[must_use]
    pub fn new(bell: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(bell)))
    }
}

impl std::fmt::Debug for AfterCommit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AfterCommit({})", self.0.is_some())
    }
}

/// The open house: the store, and what commands are run with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The database.
    pub store: Store,
    /// Clock, ids, randomness.
    pub environment: Environment,
    /// Seals and opens codes.
    pub vault: Arc<Vault>,
    /// Rings after every commit.
    pub after_commit: AfterCommit,
}

impl Engine {
    /// Runs a command: once, whole, or not at all. The answer leaves after the commit.
    ///
    /// # Errors
    /// [`No::Refusal`]: the command's own, `forbidden`, `idempotency_key_reused`. [`No::Fault`]: a bug or an outage.
    pub async fn execute<C: Command>(&self, origin: Origin, command: C) -> Result<Done<C::Outcome>, No> {
        origin.caller.authorize(command.need())?;
        let work = Execution { engine: self.clone(), origin: Arc::new(origin), command };
        let done = self.store.write(work).await?;
        if let (Ok(Done { replayed: false, .. }), Some(bell)) = (&done, &self.after_commit.0) {
            bell();
        }
        done
    }
}

/// A command on its way through the store.
struct Execution<C> {
    engine: Engine,
    origin: Arc<Origin>,
    command: C,
}

impl<C: Command> Work for Execution<C> {
    type Answer = Result<Done<C::Outcome>, No>;

    fn lane(&self) -> Option<u64> {
        self.command.lane(&self.origin.caller)
    }

    fn run_set<'a>(set: &'a [&'a Self], tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<SetAnswers<Self::Answer>, Fault>> {
        Box::pin(async move {
            let asked: Vec<(&C, &Caller)> = set.iter().map(|work| (&work.command, &work.origin.caller)).collect();
            C::lock_set(&asked, &mut *tx).await?;
            let mut answers = Vec::with_capacity(set.len());
            for work in set {
                answers.push(work.run(&mut *tx).await?);
            }
            Ok(answers)
        })
    }

    fn run<'a>(&'a self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<(Ended, Self::Answer), Fault>> {
        Box::pin(async move {
            match self.attempt(tx).await {
                Ok(done) if done.replayed => Ok((Ended::Nothing, Ok(done))),
                Ok(done) => Ok((Ended::Commit, Ok(done))),
                Err(No::Refusal(refusal)) => Ok((Ended::Nothing, Err(No::Refusal(refusal)))),
                Err(No::Fault(fault)) => Err(fault),
            }
        })
    }
}

impl<C: Command> Execution<C> {
    async fn attempt(&self, tx: &mut Tx<'_>) -> Result<Done<C::Outcome>, No> {
        let merchant = self.command.merchant(&self.origin.caller);
        let mut ctx = Ctx::new(&self.engine, self.origin.clone());
        if let Some(outcome) = replay::<C>(&mut *tx, &ctx, merchant).await? {
            return Ok(Done { outcome, replayed: true });
        }
        match self.command.run(&mut ctx, &mut *tx).await {
            Ok(outcome) => {
                record::<C>(tx, ctx, merchant, &outcome).await?;
                Ok(Done { outcome, replayed: false })
            }
            Err(No::Refusal(refusal)) => {
                debug_assert!(C::REFUSALS.contains(&refusal.code), "{} refuses with {} and does not say so", C::NAME, refusal.code);
                // The same call may have been under way: what it did while this one waited for a lock is why this
                // one refuses, and its outcome is the answer.
                let meanwhile = replay::<C>(&mut *tx, &ctx, merchant).await?;
                meanwhile.map(|outcome| Done { outcome, replayed: true }).ok_or(No::Refusal(refusal))
            }
            Err(fault) => Err(fault),
        }
    }
}

/// Whose keys may not collide: the partnership, else the merchant as a whole.
fn idempotency_scope(caller: &Caller) -> [u8; 16] {
    caller.partnership().map_or([0; 16], |scope| scope.partnership.bytes())
}

/// The kept outcome of an earlier call with the same idempotency key.
async fn replay<C: Command>(tx: &mut Tx<'_>, ctx: &Ctx, merchant: i64) -> Result<Option<C::Outcome>, No> {
    let Some(asked) = ctx.origin.idempotency.as_ref().filter(|_| C::KEPT) else { return Ok(None) };
    let kept: Option<(Vec<u8>, String)> = tx
        .query_opt(
            sql!("SELECT body_hash, outcome FROM command WHERE merchant = $1 AND scope = $2 AND route = $3 AND idempotency_key = $4"),
            params![merchant, idempotency_scope(&ctx.origin.caller), &asked.route, &asked.key],
        )
        .await?;
    match kept {
        None => Ok(None),
        Some((hash, _)) if hash != asked.body_hash => {
            Err(Refusal::invalid("idempotency_key_reused", "This Idempotency-Key was used for another request body.").into())
        }
        Some((_, outcome)) => {
            let outcome = serde_json::from_str(&outcome).map_err(|error| Fault::invariant(format!("kept outcome of {}: {error}", C::NAME)))?;
            Ok(Some(outcome))
        }
    }
}

static INSERT_COMMAND: SetSql = SetSql::insert(
    "command",
    &[
        ("merchant", Int),
        ("id", Bytes),
        ("name", Text),
        ("scope", Bytes),
        ("route", Text),
        ("idempotency_key", Text),
        ("body_hash", Bytes),
        ("outcome", Text),
        ("at_ms", Int),
    ],
    "ON CONFLICT DO NOTHING",
);

/// Writes the command's own row, its audit entries and its events.
async fn record<C: Command>(tx: &mut Tx<'_>, ctx: Ctx, merchant: i64, outcome: &C::Outcome) -> Result<(), No> {
    let outcome = if C::KEPT { serde_json::to_string(outcome) } else { Ok("null".to_owned()) };
    let outcome = outcome.map_err(|error| Fault::invariant(format!("outcome of {}: {error}", C::NAME)))?;
    let pending = [ctx.into_pending()];
    let [written] = &pending;
    let key = written.origin.idempotency.as_ref().filter(|_| C::KEPT && !sabotage::is("idempotency.forgotten"));
    let columns = vec![
        Column::Ints(vec![merchant]),
        Column::Ids(vec![written.command.bytes()]),
        Column::Texts(vec![C::NAME.to_owned()]),
        Column::OptBytes(vec![key.map(|_| idempotency_scope(&written.origin.caller).to_vec())]),
        Column::OptTexts(vec![key.map(|key| key.route.clone())]),
        Column::OptTexts(vec![key.map(|key| key.key.clone())]),
        Column::OptBytes(vec![key.map(|key| key.body_hash.to_vec())]),
        Column::Texts(vec![outcome]),
        Column::Ints(vec![written.now.ms()]),
    ];
    if tx.write_set(&INSERT_COMMAND, columns).await? == 0 {
        // Another transaction used the same key meanwhile: from the start again, where it will be found.
        return Err(Fault::LostRace("idempotency key").into());
    }
    audit::write(tx, &pending).await?;
    outbox::write(tx, &pending).await?;
    Ok(())
}
