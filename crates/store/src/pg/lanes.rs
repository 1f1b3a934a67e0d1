//! Lanes: a few tasks that each take what waits and run works of one type as one set.

use super::Shared;
use crate::stats::Counters;
use crate::work::{Queued, set_len};
use crate::{Fault, Settings};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub(super) struct Lanes {
    /// Empty once closed.
    queues: RwLock<Vec<mpsc::Sender<Box<dyn Queued>>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Lanes {
    pub(super) fn start(shared: &Arc<Shared>, settings: &Settings) -> Self {
        let (mut queues, mut tasks) = (Vec::new(), Vec::new());
        for _ in 0..settings.lanes.max(1) {
            let (sender, queue) = mpsc::channel(settings.queue.max(1));
            queues.push(sender);
            tasks.push(tokio::spawn(serve(Arc::clone(shared), queue, settings.group.max(1))));
        }
        Self { queues: RwLock::new(queues), tasks: Mutex::new(tasks) }
    }

    /// Fails where the lane's queue is full, or the store is closing.
    pub(super) fn enqueue(&self, lane: u64, queued: Box<dyn Queued>) -> Result<(), ()> {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        if queues.is_empty() {
            return Err(());
        }
        let chosen = usize::try_from(lane % queues.len() as u64).unwrap_or(0);
        queues[chosen].try_send(queued).map_err(drop)
    }

    pub(super) fn waiting(&self) -> usize {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        queues.iter().map(|queue| queue.max_capacity() - queue.capacity()).sum()
    }

    /// Takes no more and finishes what waits.
    pub(super) async fn close(&self) {
        self.queues.write().unwrap_or_else(PoisonError::into_inner).clear();
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a lane ended by a panic");
            }
        }
    }
}

async fn serve(shared: Arc<Shared>, mut queue: mpsc::Receiver<Box<dyn Queued>>, group: usize) {
    let mut batch = Vec::with_capacity(group);
    while queue.recv_many(&mut batch, group).await > 0 {
        while !batch.is_empty() {
            let after = batch.split_off(set_len(&batch));
            run_set(&shared, std::mem::replace(&mut batch, after)).await;
            shared.refresh_statistics_at_times();
        }
    }
}

/// Runs one set and answers every work in it.
async fn run_set(shared: &Shared, mut set: Vec<Box<dyn Queued>>) {
    if set.len() > 1 {
        Counters::add(&shared.counters.in_sets, set.len());
    }
    match shared.transact(&shared.lanes, &mut set).await {
        Ok(()) => set.into_iter().for_each(|work| work.answer(Ok(()))),
        // Whoever was in it gets the same: repeating would fail again, do twice what may be done, or, where a lock was waited for
        // in vain, wait as long for each of them while everybody behind them waits too.
        Err(fault @ (Fault::OutcomeUnknown | Fault::NoConnection(_) | Fault::Contended(_) | Fault::TooLong(_))) => {
            set.into_iter().for_each(|work| work.answer(Err(fault.again())));
        }
        Err(fault) if set.len() == 1 => {
            if let Some(work) = set.pop() {
                work.answer(Err(fault));
            }
        }
        Err(fault) => {
            tracing::warn!(%fault, works = set.len(), "a set was rolled back and is repeated one by one");
            Counters::add(&shared.counters.split, 1);
            for mut work in set {
                let outcome = shared.transact(&shared.lanes, std::slice::from_mut(&mut work)).await;
                work.answer(outcome);
            }
        }
    }
}
