//! Commands on their way through the store: replayed, run, recorded; a single one is a set of one.
//!
//! Everything here, and the store, knows a command by [`Executed`] only. What is written per command is the thin shell
//! [`Typed`]: a hundred commands times the whole path is what a compiler cannot bear.

use super::recent::Recent;
use super::{Command, Ctx, Done, Engine, No, Origin, kept};
use crate::access::Need;
use crate::ids::CommandId;
use crate::{audit, outbox};
use std::any::{Any, TypeId};
use std::collections::HashSet;
use std::sync::Arc;
use tradepost_kernel::Refusal;
use tradepost_store::{BoxFuture, Ended, Fault, SetAnswers, Store, Tx, Work};

/// A command on its way through the store, its type erased.
#[derive(Clone)]
pub(super) struct Execution(Arc<dyn Executed>);

/// The command, where it comes from and what it is run with. Its id is the same however often it is tried.
struct Typed<C> {
    engine: Engine,
    origin: Arc<Origin>,
    id: CommandId,
    command: C,
}

/// What a repeated call is known by: merchant, scope, route, key.
pub(super) type TwinKey<'a> = (i64, [u8; 16], &'a str, &'a str);

/// An outcome whose type only its command knows.
pub(super) type Outcome = Box<dyn Any + Send>;

/// What a command came to, its type erased.
pub(super) type Answer = Result<Settled, No>;

/// A command that succeeded, now or before.
pub(super) struct Settled {
    pub(super) outcome: Outcome,
    pub(super) replayed: bool,
    /// Whether anything was written for it now.
    pub(super) wrote: bool,
}

impl Settled {
    /// The outcome with its type.
    pub(super) fn typed<C: Command>(self) -> Result<Done<C::Outcome>, No> {
        let outcome = self.outcome.downcast::<C::Outcome>().map_err(|_| Fault::invariant("an outcome of another command"))?;
        Ok(Done { outcome: *outcome, replayed: self.replayed })
    }
}

/// What a command of a set did, and how that is kept.
pub(super) struct Ran {
    outcome: Outcome,
    kept: String,
    /// Whether it only found what an earlier call had done.
    found: bool,
}

/// What the commands of a set came to, in order.
type SetRan = Vec<Result<Ran, Refusal>>;

/// What the path needs of a command, whatever its type.
pub(super) trait Executed: Send + Sync {
    /// Its type.
    fn kind(&self) -> TypeId;
    /// What it needs of its caller.
    fn need(&self) -> Need;
    /// The lane in which it waits.
    fn lane(&self) -> Option<u64>;
    /// The command's name.
    fn name(&self) -> &'static str;
    /// What it may refuse with.
    fn refusals(&self) -> &'static [&'static str];
    /// In whose name it is recorded.
    fn merchant(&self) -> i64;
    /// What it is run with.
    fn ctx(&self) -> Ctx;
    /// Its id.
    fn id(&self) -> CommandId;
    /// Where it comes from.
    fn origin(&self) -> &Origin;
    /// What makes a repeated call the same; calls of one set that share it are twins.
    fn twin_key(&self) -> Option<TwinKey<'_>>;
    /// What else calls of one wave do not share, within its caller's scope.
    fn same_as(&self) -> Option<(i64, [u8; 16], &str)>;
    /// Reads a kept outcome.
    fn read(&self, kept: &str) -> Result<Outcome, Fault>;
    /// Runs a set of its type.
    fn run_set<'a>(&self, set: &'a [&'a dyn Executed], ctxs: &'a mut [Ctx], tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<SetRan, Fault>>;
    /// Itself, for [`Executed::run_set`].
    fn as_any(&self) -> &dyn Any;
}

impl<C: Command> Executed for Typed<C> {
    fn kind(&self) -> TypeId {
        TypeId::of::<C>()
    }

    fn need(&self) -> Need {
        self.command.need()
    }

    fn lane(&self) -> Option<u64> {
        self.command.lane(&self.origin.caller)
    }

    fn name(&self) -> &'static str {
        C::NAME
    }

    fn refusals(&self) -> &'static [&'static str] {
        C::REFUSALS
    }

    fn merchant(&self) -> i64 {
        self.command.merchant(&self.origin.caller)
    }

    fn ctx(&self) -> Ctx {
        Ctx::new(&self.engine, Arc::clone(&self.origin), self.id)
    }

    fn id(&self) -> CommandId {
        self.id
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn twin_key(&self) -> Option<TwinKey<'_>> {
        let asked = self.origin.idempotency.as_ref().filter(|_| C::KEPT)?;
        Some((self.merchant(), kept::scope(&self.origin.caller), &asked.route, &asked.key))
    }

    fn same_as(&self) -> Option<(i64, [u8; 16], &str)> {
        Some((self.merchant(), kept::scope(&self.origin.caller), self.command.same_as()?))
    }

    fn read(&self, kept: &str) -> Result<Outcome, Fault> {
        let outcome: C::Outcome = serde_json::from_str(kept).map_err(|error| Fault::invariant(format!("kept outcome of {}: {error}", C::NAME)))?;
        Ok(Box::new(outcome))
    }

    fn run_set<'a>(&self, set: &'a [&'a dyn Executed], ctxs: &'a mut [Ctx], tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<SetRan, Fault>> {
        Box::pin(async move {
            let mut commands: Vec<&C> = Vec::with_capacity(set.len());
            for work in set {
                let work = work.as_any().downcast_ref::<Self>().ok_or_else(|| Fault::invariant("a set of commands of several types"))?;
                commands.push(&work.command);
            }
            C::run_set(&commands, ctxs, tx).await?.into_iter().map(ran::<C>).collect()
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn ran<C: Command>(outcome: Result<C::Outcome, Refusal>) -> Result<Result<Ran, Refusal>, Fault> {
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let kept = if C::KEPT { serde_json::to_string(&outcome) } else { Ok("null".to_owned()) };
    let kept = kept.map_err(|error| Fault::invariant(format!("outcome of {}: {error}", C::NAME)))?;
    Ok(Ok(Ran { found: C::found(&outcome), kept, outcome: Box::new(outcome) }))
}

impl Execution {
    pub(super) fn new<C: Command>(engine: &Engine, origin: Origin, command: C) -> Self {
        Self(Arc::new(Typed { engine: engine.clone(), origin: Arc::new(origin), id: engine.environment.id(), command }))
    }

    /// Whether its caller may.
    pub(super) fn authorize(&self) -> Result<(), Refusal> {
        self.0.origin().caller.authorize(self.0.need())
    }

    /// What an earlier call with the same idempotency key came to, where this server answered one lately: no turn in the
    /// writer's queue is spent on what was done. `None`: the writer is to judge, also where this could not be read.
    pub(super) async fn answered(&self, recent: &Recent, store: &Store) -> Option<Answer> {
        if !recent.may_hold(&self.0.twin_key()?) {
            return None;
        }
        let work = self.clone();
        let read = store.read(move |reader| Box::pin(async move { Ok(kept::answers(&[work.0.as_ref()], reader).await?.pop().flatten()) }));
        read.await.ok().flatten()
    }

    /// Notes that its key has an answer.
    pub(super) fn note(&self, recent: &Recent) {
        if let Some(key) = self.0.twin_key() {
            recent.note(&key);
        }
    }
}

impl Work for Execution {
    type Answer = Answer;

    fn kind(&self) -> TypeId {
        self.0.kind()
    }

    fn lane(&self) -> Option<u64> {
        self.0.lane()
    }

    fn run_set<'a>(set: &'a [&'a Self], tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<SetAnswers<Answer>, Fault>> {
        Box::pin(async move {
            let works: Vec<&dyn Executed> = set.iter().map(|work| work.0.as_ref()).collect();
            Ok(settle_all(&works, tx).await?.into_iter().map(ended).collect())
        })
    }

    fn run<'a>(&'a self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<(Ended, Answer), Fault>> {
        Box::pin(async move {
            let works = [self.0.as_ref()];
            let mut answers = settle_all(&works, tx).await?;
            Ok(ended(answers.pop().ok_or_else(|| Fault::invariant("a set of one without an answer"))?))
        })
    }
}

/// The answer, and for the transaction: only what was done now is to be committed.
fn ended(answer: Answer) -> (Ended, Answer) {
    let wrote = answer.as_ref().is_ok_and(|settled| settled.wrote);
    (if wrote { Ended::Commit } else { Ended::Nothing }, answer)
}

/// Runs a set in waves: of twins only the first runs, and the others then find what it left.
fn settle_all<'a>(set: &'a [&'a dyn Executed], tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Answer>, Fault>> {
    Box::pin(async move {
        let mut answers: Vec<Option<Answer>> = set.iter().map(|_| None).collect();
        let mut waiting: Vec<usize> = (0..set.len()).collect();
        while !waiting.is_empty() {
            let (mut keys, mut same) = (HashSet::new(), HashSet::new());
            let (wave, twins): (Vec<usize>, Vec<usize>) = waiting.into_iter().partition(|at| {
                let first = set[*at].twin_key().is_none_or(|key| keys.insert(key));
                set[*at].same_as().is_none_or(|what| same.insert(what)) && first
            });
            let works: Vec<&dyn Executed> = wave.iter().map(|at| set[*at]).collect();
            for (at, answer) in wave.iter().zip(settle_wave(&works, &mut *tx).await?) {
                answers[*at] = Some(answer);
            }
            waiting = twins;
        }
        answers.into_iter().map(|answer| answer.ok_or_else(|| Fault::invariant("a command of a set without an answer"))).collect()
    })
}

async fn settle_wave(wave: &[&dyn Executed], tx: &mut Tx<'_>) -> Result<Vec<Answer>, Fault> {
    let mut answers: Vec<Option<Answer>> = kept::answers(wave, &mut *tx).await?;
    let fresh: Vec<usize> = (0..wave.len()).filter(|at| answers[*at].is_none()).collect();
    let works: Vec<&dyn Executed> = fresh.iter().map(|at| wave[*at]).collect();
    let mut ctxs: Vec<Ctx> = works.iter().map(|work| work.ctx()).collect();
    if let Some(now) = ctxs.first().map(|ctx| ctx.now) {
        // What is done together happened at one moment.
        ctxs.iter_mut().for_each(|ctx| ctx.now = now);
    }
    let outcomes = match works.first() {
        Some(first) => first.run_set(&works, &mut ctxs, &mut *tx).await?,
        None => Vec::new(),
    };
    if outcomes.len() != fresh.len() {
        return Err(Fault::invariant(format!("{} of {} commands of a set answered", outcomes.len(), fresh.len())));
    }
    let mut written = Vec::with_capacity(fresh.len());
    let mut refused = Vec::new();
    for ((at, outcome), ctx) in fresh.into_iter().zip(outcomes).zip(ctxs) {
        match outcome {
            Ok(Ran { outcome, kept, found }) => {
                // What was only found is kept where it came under a key: that key is spent, too.
                let wrote = !found || wave[at].twin_key().is_some();
                if wrote {
                    written.push((wave[at], ctx.into_pending(), kept));
                }
                answers[at] = Some(Ok(Settled { outcome, replayed: found, wrote }));
            }
            Err(refusal) => refused.push((at, refusal)),
        }
    }
    record(&mut *tx, written).await?;
    for (at, refusal) in refused {
        answers[at] = Some(refuse(wave[at], refusal, &mut *tx).await?);
    }
    answers.into_iter().map(|answer| answer.ok_or_else(|| Fault::invariant("a command of a wave without an answer"))).collect()
}

/// The same call may have been under way: what it did while this one waited for a lock is why this one refuses, and
/// its outcome is the answer.
async fn refuse(work: &dyn Executed, refusal: Refusal, tx: &mut Tx<'_>) -> Result<Answer, Fault> {
    debug_assert!(work.refusals().contains(&refusal.code), "{} refuses with {} and does not say so", work.name(), refusal.code);
    let meanwhile = kept::answers(&[work], &mut *tx).await?.pop().flatten();
    Ok(meanwhile.unwrap_or(Err(No::Refusal(refusal))))
}

/// Writes the commands' own rows, their audit entries and their events.
async fn record(tx: &mut Tx<'_>, written: Vec<(&dyn Executed, super::Pending, String)>) -> Result<(), Fault> {
    if written.is_empty() {
        return Ok(());
    }
    kept::write(&mut *tx, &written).await?;
    let pending: Vec<super::Pending> = written.into_iter().map(|(_, pending, _)| pending).collect();
    audit::write(tx, &pending).await?;
    outbox::write(tx, &pending).await
}
