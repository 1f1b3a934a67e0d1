//! The only write path: authorize, idempotency, run, audit, outbox, commit. How a set of commands goes through the store
//! stands in [`execution`].

mod execution;
mod kept;
mod recent;

pub mod retention;

use crate::access::{Caller, Need};
use crate::audit::AuditEntry;
use crate::ids::CommandId;
use crate::outbox::Event;
use execution::{Execution, Settled};
pub use recent::Recent;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tradepost_kernel::secret::Vault;
use tradepost_kernel::{Environment, Id, Language, Refusal, Timestamp};
use tradepost_store::{BoxFuture, Fault, Store, Tx};

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
#[async_trait::async_trait]
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

    /// Whether the outcome only found what an earlier call had done, by another guard than the idempotency key: nothing
    /// was written, and nothing is recorded but that the key is spent.
    fn found(_outcome: &Self::Outcome) -> bool {
        false
    }

    /// What no two calls of one caller may share when they are decided together: the later one is to find what the
    /// earlier one left, as it would have alone.
    fn same_as(&self) -> Option<&str> {
        None
    }

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

    /// Loads, decides, writes. May be run again from the start; awaits nothing but the store.
    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<Self::Outcome, No>;

    /// Runs several that wait in one lane, in one transaction, and answers each in order. Every one sees what those
    /// before it did; one that refuses leaves nothing behind and does not touch the others. Hot commands load for all,
    /// decide one after the other, and write once; the others run one by one.
    async fn run_set(set: &[&Self], ctxs: &mut [Ctx], tx: &mut Tx<'_>) -> Result<SetOutcomes<Self>, Fault>
    where
        Self: Sized,
    {
        one_by_one(set, ctxs, tx).await
    }
}

/// Runs the commands of a set one after the other: right for every command, and as fast as each alone.
///
/// # Errors
/// The first fault.
pub async fn one_by_one<C: Command>(set: &[&C], ctxs: &mut [Ctx], tx: &mut Tx<'_>) -> Result<SetOutcomes<C>, Fault> {
    let mut outcomes = Vec::with_capacity(set.len());
    for (command, ctx) in set.iter().zip(ctxs) {
        outcomes.push(match command.run(ctx, &mut *tx).await {
            Ok(outcome) => Ok(outcome),
            Err(No::Refusal(refusal)) => Err(refusal),
            Err(No::Fault(fault)) => return Err(fault),
        });
    }
    Ok(outcomes)
}

/// Runs one command as a set of one: for those whose set is the way they are written.
///
/// # Errors
/// The command's.
pub async fn alone<C: Command>(command: &C, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<C::Outcome, No> {
    let outcome = C::run_set(&[command], std::slice::from_mut(ctx), tx).await?.pop();
    Ok(outcome.ok_or_else(|| Fault::invariant("a set of one without an answer"))??)
}

/// What each command of a set came to, in order.
pub type SetOutcomes<C> = Vec<Result<<C as Command>::Outcome, Refusal>>;

/// Where a command comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Who asks.
    pub caller: Caller,
    /// The request, as it stands in the log.
    pub request_id: Option<String>,
    /// The network address.
    pub address: Option<String>,
    /// The language that whoever asks reads the portal in, as the browser shows it; `None` for programs (PLT-12).
    pub language: Option<Language>,
    /// The key that makes a repeated call safe (PLT-3), where the caller gave one.
    pub idempotency: Option<Idempotency>,
}

impl Origin {
    /// The server itself.
    #[must_use]
    pub const fn system() -> Self {
        Self { caller: Caller::System, request_id: None, address: None, language: None, idempotency: None }
    }

    /// The operator at the command line.
    #[must_use]
    pub const fn operator() -> Self {
        Self { caller: Caller::Operator, request_id: None, address: None, language: None, idempotency: None }
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
    pub(crate) fn new(engine: &Engine, origin: Arc<Origin>, command: CommandId) -> Self {
        Self { now: engine.environment.now(), origin, command, engine: engine.clone(), audits: Vec::new(), events: Vec::new() }
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

    pub(crate) fn into_pending(self) -> Pending {
        Pending { now: self.now, origin: self.origin, command: self.command, audits: self.audits, events: self.events }
    }
}

/// The latest of the moments at which these began: what has ended before it has ended for one of them.
pub(crate) fn latest(ctxs: &[Ctx]) -> Timestamp {
    ctxs.iter().map(|ctx| ctx.now).max().unwrap_or(Timestamp::from_ms(0))
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
    /// Which idempotency keys were answered lately.
    pub recent: Arc<Recent>,
}

impl Engine {
    /// Runs a command: once, whole, or not at all. The answer leaves after the commit.
    ///
    /// # Errors
    /// [`No::Refusal`]: the command's own, `forbidden`, `idempotency_key_reused`. [`No::Fault`]: a bug or an outage.
    pub fn execute<C: Command>(&self, origin: Origin, command: C) -> BoxFuture<'_, Result<Done<C::Outcome>, No>> {
        let settled = self.settle(Execution::new(self, origin, command));
        Box::pin(async move { settled.await?.typed::<C>() })
    }

    fn settle(&self, work: Execution) -> BoxFuture<'_, Result<Settled, No>> {
        Box::pin(async move {
            work.authorize()?;
            if let Some(answer) = work.answered(&self.recent, &self.store).await {
                return answer;
            }
            let settled = self.store.write(work.clone()).await?;
            if settled.is_ok() {
                work.note(&self.recent);
            }
            if let (Ok(Settled { replayed: false, .. }), Some(bell)) = (&settled, &self.after_commit.0) {
                bell();
            }
            settled
        })
    }
}
