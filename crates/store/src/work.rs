//! A queued write with its type erased, so that works of different types wait in one queue.

use crate::{BoxFuture, Ended, Fault, Tx, Work};
use std::any::{Any, TypeId};
use tokio::sync::oneshot;

/// Runs a set of works that are all of one type.
pub(crate) type RunSet = for<'a, 'b> fn(&'a mut [Box<dyn Queued>], &'a mut Tx<'b>) -> BoxFuture<'a, Result<Vec<Ended>, Fault>>;

/// A write that waits, or runs, or was run and waits for the commit.
pub(crate) trait Queued: Any + Send {
    /// What the work's set consists of; works of one kind are of one type.
    fn kind(&self) -> TypeId;
    /// The lane it asks for; works of one type in a lane may run as one set.
    fn lane(&self) -> Option<u64>;
    /// Runs it from the start and keeps the answer until [`Queued::answer`].
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Ended, Fault>>;
    /// How to run a set of its type.
    fn run_set(&self) -> RunSet;
    /// Answers whoever waits, after the commit or the fault.
    fn answer(self: Box<Self>, outcome: Result<(), Fault>);
    /// The bug `commit.lost`: answers before the commit.
    fn answer_too_early(&mut self);
}

/// The one implementation of [`Queued`].
struct Slot<W: Work> {
    work: W,
    answer: Option<W::Answer>,
    /// Gone once it was answered.
    reply: Option<oneshot::Sender<Result<W::Answer, Fault>>>,
}

/// Where the answer to a queued write arrives.
pub(crate) type Reply<A> = oneshot::Receiver<Result<A, Fault>>;

pub(crate) fn queued<W: Work>(work: W) -> (Box<dyn Queued>, Reply<W::Answer>) {
    let (reply, receiver) = oneshot::channel();
    (Box::new(Slot { work, answer: None, reply: Some(reply) }), receiver)
}

impl<W: Work> Queued for Slot<W> {
    fn kind(&self) -> TypeId {
        self.work.kind()
    }

    fn lane(&self) -> Option<u64> {
        self.work.lane()
    }

    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Ended, Fault>> {
        Box::pin(async move {
            self.answer = None;
            let (ended, answer) = self.work.run(tx).await?;
            self.answer = Some(answer);
            Ok(ended)
        })
    }

    fn run_set(&self) -> RunSet {
        run_set_of::<W>
    }

    fn answer(self: Box<Self>, outcome: Result<(), Fault>) {
        let Self { answer, reply, .. } = *self;
        let answer = outcome.and_then(|()| answer.ok_or_else(|| Fault::invariant("a work ended without an answer")));
        // Whoever asked may have gone; the work is done all the same.
        if let Some(reply) = reply {
            drop(reply.send(answer));
        }
    }

    fn answer_too_early(&mut self) {
        if let Some(answer) = self.answer.take()
            && let Some(reply) = self.reply.take()
        {
            drop(reply.send(Ok(answer)));
        }
    }
}

fn run_set_of<'a, W: Work>(set: &'a mut [Box<dyn Queued>], tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Ended>, Fault>> {
    Box::pin(async move {
        let mut slots: Vec<&mut Slot<W>> = Vec::with_capacity(set.len());
        for queued in set {
            let any: &mut dyn Any = queued.as_mut();
            slots.push(any.downcast_mut().ok_or_else(|| Fault::invariant("a set of works of several types"))?);
        }
        let works: Vec<&W> = slots.iter().map(|slot| &slot.work).collect();
        let answers = W::run_set(&works, tx).await?;
        if answers.len() != slots.len() {
            return Err(Fault::invariant(format!("a set of {} works gave {} answers", slots.len(), answers.len())));
        }
        let mut ends = Vec::with_capacity(slots.len());
        for (slot, (ended, answer)) in slots.into_iter().zip(answers) {
            slot.answer = Some(answer);
            ends.push(ended);
        }
        Ok(ends)
    })
}

/// How many works from the start of `queue` run together: consecutive ones of one type that ask for a lane.
pub(crate) fn set_len(queue: &[Box<dyn Queued>]) -> usize {
    let Some(first) = queue.first() else { return 0 };
    if first.lane().is_none() {
        return 1;
    }
    queue.iter().take_while(|queued| queued.lane().is_some() && queued.kind() == first.kind()).count()
}
