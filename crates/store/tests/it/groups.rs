//! Works that share a transaction.

use crate::support::{Closure, Gate, INSERT, Place, gate, ids, insert, insert_at, until, work};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tradepost_store::{BoxFuture, Ended, Fault, Store, Tx, Work, params};

both!(
    consecutive_works_of_a_lane_run_as_one_set,
    a_set_with_a_fault_is_repeated_one_by_one,
    a_full_queue_refuses_at_once,
    what_waits_while_the_store_closes_is_finished,
    a_caller_that_goes_away_leaves_no_half_work,
);

/// A work that may share a set; it writes down how many it ran with, and fails where it is told to.
struct Shared {
    id: i64,
    fails: bool,
    ran_with: Arc<Mutex<Vec<usize>>>,
    gate: Option<Gate>,
}

impl Shared {
    async fn once(&self, tx: &mut Tx<'_>) -> Result<(Ended, i64), Fault> {
        if self.fails {
            return Err(Fault::invariant("told to fail"));
        }
        tx.execute(INSERT, params![self.id, 0]).await?;
        if let Some(gate) = &self.gate {
            gate.stop();
        }
        Ok((Ended::Commit, self.id))
    }
}

impl Work for Shared {
    type Answer = i64;
    fn lane(&self) -> Option<u64> {
        Some(7)
    }
    fn run<'a>(&'a self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<(Ended, i64), Fault>> {
        Box::pin(async move {
            self.ran_with.lock().expect("unpoisoned").push(1);
            self.once(tx).await
        })
    }
    fn run_set<'a>(set: &'a [&'a Self], tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<(Ended, i64)>, Fault>> {
        Box::pin(async move {
            set[0].ran_with.lock().expect("unpoisoned").push(set.len());
            let mut answers = Vec::new();
            for work in set {
                answers.push(work.once(tx).await?);
            }
            Ok(answers)
        })
    }
}

/// Holds the lane with work 0, queues `ids`, and lets them go together.
async fn together(store: &Store, ids: &[i64], failing: i64) -> (Vec<Result<i64, Fault>>, Vec<usize>) {
    let ran_with = Arc::new(Mutex::new(Vec::new()));
    let (stop, keeper) = gate();
    let shared = |id, gate| Shared { id, fails: id == failing, ran_with: Arc::clone(&ran_with), gate };
    let spawn = |work| {
        let store = store.clone();
        tokio::spawn(async move { store.write(work).await })
    };
    let first = spawn(shared(0, Some(stop)));
    keeper.arrived().await;
    let mut waiting = Vec::new();
    for (i, &id) in ids.iter().enumerate() {
        waiting.push(spawn(shared(id, None)));
        until("it waits in its place", || store.stats().queued > i).await;
    }
    keeper.let_go();
    drop(keeper);
    assert_eq!(first.await.expect("no panic").expect("the first succeeds"), 0);
    let mut answers = Vec::new();
    for task in waiting {
        answers.push(task.await.expect("no panic"));
    }
    let ran_with = ran_with.lock().expect("unpoisoned").clone();
    (answers, ran_with)
}

async fn consecutive_works_of_a_lane_run_as_one_set(place: Place) {
    let store = place.with_items().await;
    let (answers, ran_with) = together(&store, &[1, 2, 3, 4], -1).await;
    assert_eq!(answers.into_iter().map(|answer| answer.expect("all succeed")).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(ran_with, [1, 4]);
    assert_eq!(store.stats().in_sets, 4);
    assert_eq!(ids(&store).await, [0, 1, 2, 3, 4]);
}

async fn a_set_with_a_fault_is_repeated_one_by_one(place: Place) {
    let store = place.with_items().await;
    let (answers, ran_with) = together(&store, &[1, 2, 3], 2).await;
    assert!(matches!(&answers[..], [Ok(1), Err(Fault::Invariant(_)), Ok(3)]), "{answers:?}");
    assert_eq!(ran_with, [1, 3, 1, 1, 1]);
    assert_eq!(store.stats().split, 1);
    assert_eq!(ids(&store).await, [0, 1, 3]);
}

async fn a_full_queue_refuses_at_once(place: Place) {
    let store = place.with_items_and(|settings| settings.queue = 2).await;
    let (stop, keeper) = gate();
    let shared = |id, gate| Shared { id, fails: false, ran_with: Arc::default(), gate };
    let spawn = |work| {
        let store = store.clone();
        tokio::spawn(async move { store.write(work).await })
    };
    let mut tasks = vec![spawn(shared(1, Some(stop)))];
    keeper.arrived().await;
    for id in [2, 3] {
        tasks.push(spawn(shared(id, None)));
        until("it waits", || store.stats().queued + 1 == tasks.len()).await;
    }
    assert!(matches!(store.write(shared(4, None)).await, Err(Fault::Overloaded)));
    assert_eq!(store.stats().refused, 1);
    keeper.let_go();
    for task in tasks {
        task.await.expect("no panic").expect("what was taken is done");
    }
    assert_eq!(ids(&store).await, [1, 2, 3]);
}

async fn what_waits_while_the_store_closes_is_finished(place: Place) {
    let store = place.with_items().await;
    let (stop, keeper) = gate();
    let task = tokio::spawn({
        let (store, work) = (store.clone(), insert_at(1, &stop));
        async move { store.write(work).await }
    });
    keeper.arrived().await;
    let closing = tokio::spawn({
        let store = store.clone();
        async move { store.close().await }
    });
    keeper.let_go();
    task.await.expect("no panic").expect("it was taken before the end");
    closing.await.expect("no panic");
    assert!(matches!(store.write(insert(2)).await, Err(Fault::Overloaded)));
    assert!(store.ping().await.is_err());
    assert_eq!(ids(&place.open().await).await, [1]);
}

async fn a_caller_that_goes_away_leaves_no_half_work(place: Place) {
    let store = place.with_items().await;
    let (stop, keeper) = gate();
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let two_steps: Closure<()> = work(move |tx| {
        let (stop, counted) = (stop.clone(), Arc::clone(&counted));
        Box::pin(async move {
            tx.execute(INSERT, params![1, 0]).await?;
            stop.stop();
            tx.execute(INSERT, params![2, 0]).await?;
            counted.fetch_add(1, SeqCst);
            Ok((Ended::Commit, ()))
        })
    });
    let caller = tokio::spawn({
        let store = store.clone();
        async move { store.write(two_steps).await }
    });
    keeper.arrived().await;
    caller.abort();
    assert!(caller.await.expect_err("the caller is gone").is_cancelled());
    keeper.let_go();
    store.close().await;
    assert_eq!(runs.load(SeqCst), 1);
    assert_eq!(ids(&place.open().await).await, [1, 2]);
}
