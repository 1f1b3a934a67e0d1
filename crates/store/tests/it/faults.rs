//! What is rolled back, and what of it the caller learns.

use crate::support::{Closure, INSERT, Place, ids, insert, work};
use tradepost_store::{Ended, Fault, Sql, params, sql};

both!(
    a_panicking_work_is_rolled_back,
    a_fault_is_rolled_back,
    a_refusal_writes_nothing,
    a_refusal_after_writing_is_a_fault_and_leaves_nothing,
    a_refusal_after_writing_with_returning_is_one_too,
    a_work_that_goes_on_after_a_failed_statement_is_not_committed,
    a_guarded_update_that_misses_is_a_fault,
    a_statement_that_runs_too_long_is_stopped,
);

/// Inserts 1, then ends as told.
fn insert_then<T: Send + 'static>(end: impl Fn() -> Result<(Ended, T), Fault> + Send + Sync + Clone + 'static) -> Closure<T> {
    work(move |tx| {
        let end = end.clone();
        Box::pin(async move {
            tx.execute(INSERT, params![1, 0]).await?;
            end()
        })
    })
}

async fn a_panicking_work_is_rolled_back(place: Place) {
    let store = place.with_items().await;
    let fault = store.write(insert_then::<()>(|| panic!("a bug in a {}", "command"))).await.expect_err("it panicked");
    assert!(matches!(&fault, Fault::Panicked(text) if text == "a bug in a command"), "{fault}");
    store.write(insert(2)).await.expect("the store goes on");
    assert_eq!(ids(&store).await, [2]);
}

async fn a_fault_is_rolled_back(place: Place) {
    let store = place.with_items().await;
    let fault = store.write(insert_then::<()>(|| Err(Fault::invariant("no")))).await.expect_err("it failed");
    assert!(matches!(fault, Fault::Invariant(_)));
    store.write(insert(2)).await.expect("the store goes on");
    assert_eq!(ids(&store).await, [2]);
}

async fn a_refusal_writes_nothing(place: Place) {
    let store = place.with_items().await;
    let refused = work(|tx| Box::pin(async move { Ok((Ended::Nothing, tx.query::<i64>(sql!("SELECT id FROM item FOR UPDATE"), &[]).await?)) }));
    assert_eq!(store.write(refused).await.expect("a refusal is an answer"), Vec::<i64>::new());
}

async fn a_refusal_after_writing_is_a_fault_and_leaves_nothing(place: Place) {
    let store = place.with_items().await;
    let fault = store.write(insert_then(|| Ok((Ended::Nothing, ())))).await.expect_err("it wrote");
    assert!(matches!(fault, Fault::RefusedAfterWriting), "{fault}");
    assert_eq!(ids(&store).await, [0; 0]);
}

async fn a_refusal_after_writing_with_returning_is_one_too(place: Place) {
    const RETURNING: Sql = sql!("INSERT INTO item (id) VALUES ($1) RETURNING id");
    let store = place.with_items().await;
    let refused = work(|tx| Box::pin(async move { Ok((Ended::Nothing, tx.query_one::<i64>(RETURNING, params![1]).await?)) }));
    assert!(matches!(store.write(refused).await, Err(Fault::RefusedAfterWriting)));
    let done = work(|tx| Box::pin(async move { Ok((Ended::Commit, tx.query_one::<i64>(RETURNING, params![2]).await?)) }));
    assert_eq!(store.write(done).await.expect("it commits"), 2);
    assert_eq!(ids(&store).await, [2]);
}

async fn a_work_that_goes_on_after_a_failed_statement_is_not_committed(place: Place) {
    let store = place.with_items().await;
    store.write(insert(1)).await.expect("it commits");
    let swallows = work(|tx| {
        Box::pin(async move {
            tx.execute(INSERT, params![2, 0]).await?;
            assert!(tx.execute(INSERT, params![1, 0]).await.is_err(), "the id is taken");
            Ok((Ended::Commit, ()))
        })
    });
    assert!(matches!(store.write(swallows).await, Err(Fault::Invariant(_))));
    assert_eq!(ids(&store).await, [1]);
}

async fn a_guarded_update_that_misses_is_a_fault(place: Place) {
    let store = place.with_items().await;
    let misses = work(|tx| {
        Box::pin(async move {
            tx.execute_exactly(1, sql!("UPDATE item SET amount = 1 WHERE id = $1 AND amount = 0"), params![9]).await?;
            Ok((Ended::Commit, ()))
        })
    });
    let fault = store.write(misses).await.expect_err("there is none");
    assert!(matches!(fault, Fault::Rows { expected: 1, changed: 0, .. }), "{fault}");
}

async fn a_statement_that_runs_too_long_is_stopped(place: Place) {
    const ENDLESS: Sql = sql!("WITH RECURSIVE n(i) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT i + 1 FROM n) SELECT CAST(COUNT(*) AS bigint) FROM n");
    let store = place.with_items_and(|settings| settings.statement_timeout = std::time::Duration::from_millis(200)).await;
    let endless = work(|tx| {
        Box::pin(async move {
            tx.execute(INSERT, params![1, 0]).await?;
            Ok((Ended::Commit, tx.query_one::<i64>(ENDLESS, &[]).await?))
        })
    });
    assert!(matches!(store.write(endless).await, Err(Fault::TooLong)));
    let read = store.read(|reader| Box::pin(async move { reader.query_one::<i64>(ENDLESS, &[]).await })).await;
    assert!(matches!(read, Err(Fault::TooLong)));
    store.write(insert(2)).await.expect("the store goes on");
    assert_eq!(ids(&store).await, [2]);
}
