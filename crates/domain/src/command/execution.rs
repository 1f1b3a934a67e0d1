//! Commands on their way through the store: replayed, run, recorded; a single one is a set of one.

use super::{Command, Ctx, Done, Engine, No, Origin, kept};
use crate::ids::CommandId;
use crate::{audit, outbox};
use std::collections::HashSet;
use std::sync::Arc;
use tradepost_kernel::Refusal;
use tradepost_store::{BoxFuture, Ended, Fault, SetAnswers, Tx, Work};

/// A command on its way through the store. Its id is the same however often it is tried.
pub(super) struct Execution<C> {
    pub(super) engine: Engine,
    pub(super) origin: Arc<Origin>,
    pub(super) id: CommandId,
    pub(super) command: C,
}

/// What a command came to.
type Answer<C> = Result<Done<<C as Command>::Outcome>, No>;

impl<C: Command> Work for Execution<C> {
    type Answer = Answer<C>;

    fn lane(&self) -> Option<u64> {
        self.command.lane(&self.origin.caller)
    }

    fn run_set<'a>(set: &'a [&'a Self], tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<SetAnswers<Self::Answer>, Fault>> {
        Box::pin(async move { Ok(settle_all(set, tx).await?.into_iter().map(ended).collect()) })
    }

    fn run<'a>(&'a self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<(Ended, Self::Answer), Fault>> {
        Box::pin(async move {
            let mut answers = settle_all(&[self], tx).await?;
            answers.pop().map(ended).ok_or_else(|| Fault::invariant("a set of one without an answer"))
        })
    }
}

impl<C: Command> Execution<C> {
    /// In whose name it is recorded.
    pub(super) fn merchant(&self) -> i64 {
        self.command.merchant(&self.origin.caller)
    }

    /// What makes a repeated call the same; calls of one set that share it are twins.
    pub(super) fn twin_key(&self) -> Option<(i64, [u8; 16], &str, &str)> {
        let asked = self.origin.idempotency.as_ref().filter(|_| C::KEPT)?;
        Some((self.merchant(), kept::scope(&self.origin.caller), &asked.route, &asked.key))
    }
}

/// For the transaction: only what was done now is to be committed.
fn ended<T>(answer: Result<Done<T>, No>) -> (Ended, Result<Done<T>, No>) {
    let done_now = matches!(&answer, Ok(Done { replayed: false, .. }));
    (if done_now { Ended::Commit } else { Ended::Nothing }, answer)
}

/// Runs a set in waves: of twins only the first runs, and the others then find what it left.
async fn settle_all<C: Command>(set: &[&Execution<C>], tx: &mut Tx<'_>) -> Result<Vec<Answer<C>>, Fault> {
    let mut answers: Vec<Option<Answer<C>>> = set.iter().map(|_| None).collect();
    let mut waiting: Vec<usize> = (0..set.len()).collect();
    while !waiting.is_empty() {
        let mut seen = HashSet::new();
        let (wave, twins): (Vec<usize>, Vec<usize>) = waiting.into_iter().partition(|at| set[*at].twin_key().is_none_or(|key| seen.insert(key)));
        let works: Vec<&Execution<C>> = wave.iter().map(|at| set[*at]).collect();
        for (at, answer) in wave.iter().zip(settle_wave(&works, &mut *tx).await?) {
            answers[*at] = Some(answer);
        }
        waiting = twins;
    }
    answers.into_iter().map(|answer| answer.ok_or_else(|| Fault::invariant("a command of a set without an answer"))).collect()
}

async fn settle_wave<C: Command>(wave: &[&Execution<C>], tx: &mut Tx<'_>) -> Result<Vec<Answer<C>>, Fault> {
    let mut answers: Vec<Option<Answer<C>>> = kept::answers(wave, &mut *tx).await?;
    let fresh: Vec<usize> = (0..wave.len()).filter(|at| answers[*at].is_none()).collect();
    let commands: Vec<&C> = fresh.iter().map(|at| &wave[*at].command).collect();
    let mut ctxs: Vec<Ctx> = fresh.iter().map(|at| Ctx::new(&wave[*at].engine, Arc::clone(&wave[*at].origin), wave[*at].id)).collect();
    if let Some(now) = ctxs.first().map(|ctx| ctx.now) {
        // What is done together happened at one moment.
        ctxs.iter_mut().for_each(|ctx| ctx.now = now);
    }
    let outcomes = if commands.is_empty() { Vec::new() } else { C::run_set(&commands, &mut ctxs, &mut *tx).await? };
    if outcomes.len() != fresh.len() {
        return Err(Fault::invariant(format!("{} of {} commands of a set answered", outcomes.len(), fresh.len())));
    }
    let mut written = Vec::with_capacity(fresh.len());
    let mut refused = Vec::new();
    for ((at, outcome), ctx) in fresh.into_iter().zip(outcomes).zip(ctxs) {
        match outcome {
            Ok(outcome) if C::found(&outcome) => answers[at] = Some(Ok(Done { outcome, replayed: true })),
            Ok(outcome) => {
                written.push((wave[at], ctx.into_pending(), kept::text::<C>(&outcome)?));
                answers[at] = Some(Ok(Done { outcome, replayed: false }));
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
async fn refuse<C: Command>(work: &Execution<C>, refusal: Refusal, tx: &mut Tx<'_>) -> Result<Answer<C>, Fault> {
    debug_assert!(C::REFUSALS.contains(&refusal.code), "{} refuses with {} and does not say so", C::NAME, refusal.code);
    let meanwhile = kept::answers(&[work], tx).await?.pop().flatten();
    Ok(meanwhile.unwrap_or(Err(No::Refusal(refusal))))
}

/// Writes the commands' own rows, their audit entries and their events.
async fn record<C: Command>(tx: &mut Tx<'_>, written: Vec<(&Execution<C>, super::Pending, String)>) -> Result<(), Fault> {
    if written.is_empty() {
        return Ok(());
    }
    if !kept::write(&mut *tx, &written).await? {
        // Another transaction used one of the keys meanwhile: from the start again, where it will be found.
        return Err(Fault::LostRace("idempotency key"));
    }
    let pending: Vec<super::Pending> = written.into_iter().map(|(_, pending, _)| pending).collect();
    audit::write(tx, &pending).await?;
    outbox::write(tx, &pending).await
}
