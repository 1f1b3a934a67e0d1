//! What is rolled back, and what of it the caller learns.

use crate::support::{Closure, INSERT, Place, ids, insert, work};
use tradepost_store::{Column, ColumnType, Ended, Fault, SetSql, Sql, params, sql};

both!(
    a_panicking_work_is_rolled_back,
    a_fault_is_rolled_back,
    a_refusal_writes_nothing,
    a_refusal_after_writing_is_a_fault_and_leaves_nothing,
    a_refusal_after_writing_with_returning_is_one_too,
    a_work_that_goes_on_after_a_failed_statement_is_not_committed,
    a_guarded_update_that_misses_is_a_fault,
    a_guard_that_missed_is_told_before_what_was_read_after_it,
    a_work_that_goes_on_after_a_guard_missed_is_not_committed,
    of_several_faults_the_first_is_told,
    a_set_that_lost_a_race_says_so,
    a_statement_that_runs_too_long_is_stopped,
    a_constraint_that_only_the_commit_checks_is_a_fault,
    a_taken_id_is_a_unique_violation,
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

/// Nobody waits for the answer to a guarded update on PostgreSQL; what is read after it brings it along.
async fn a_guard_that_missed_is_told_before_what_was_read_after_it(place: Place) {
    let store = place.with_items().await;
    let goes_on = work(|tx| {
        Box::pin(async move {
            tx.execute_exactly(1, INSERT, params![1, 0]).await?;
            let written: Vec<i64> = tx.query(sql!("SELECT id FROM item"), &[]).await?;
            assert_eq!(written, [1], "what was written is read");
            tx.execute_exactly(1, sql!("UPDATE item SET amount = 1 WHERE id = $1"), params![9]).await?;
            let read: Result<Vec<i64>, Fault> = tx.query(sql!("SELECT id FROM item"), &[]).await;
            Ok((Ended::Commit, read.map(|_| ())?))
        })
    });
    let fault = store.write(goes_on).await.expect_err("the guard missed");
    assert!(matches!(fault, Fault::Rows { expected: 1, changed: 0, .. }), "{fault}");
    assert_eq!(ids(&store).await, [0; 0]);
}

async fn a_work_that_goes_on_after_a_guard_missed_is_not_committed(place: Place) {
    let store = place.with_items().await;
    let swallows = work(|tx| {
        Box::pin(async move {
            tx.execute(INSERT, params![1, 0]).await?;
            let missed = tx.execute_exactly(1, sql!("UPDATE item SET amount = 1 WHERE id = $1"), params![9]).await;
            let read: Result<Vec<i64>, Fault> = tx.query(sql!("SELECT id FROM item"), &[]).await;
            assert!(missed.is_err() || read.is_err(), "it is told by one of them");
            Ok((Ended::Commit, ()))
        })
    });
    assert!(matches!(store.write(swallows).await, Err(Fault::Invariant(_))));
    assert_eq!(ids(&store).await, [0; 0]);
}

/// What fails after it fails because of it: PostgreSQL says only that the transaction is aborted.
async fn of_several_faults_the_first_is_told(place: Place) {
    let store = place.with_items().await;
    store.write(insert(1)).await.expect("it commits");
    let taken = work(|tx| {
        Box::pin(async move {
            tx.execute_exactly(1, INSERT, params![1, 0]).await?;
            tx.execute_exactly(1, INSERT, params![2, 0]).await?;
            Ok((Ended::Commit, tx.query::<i64>(sql!("SELECT id FROM item"), &[]).await?))
        })
    });
    assert!(store.write(taken).await.expect_err("it is taken").is_unique_violation());
    assert_eq!(ids(&store).await, [1]);
}

async fn a_set_that_lost_a_race_says_so(place: Place) {
    static NEW: SetSql = SetSql::insert("item", &[("id", ColumnType::Int)], "ON CONFLICT DO NOTHING");
    let store = place.with_items().await;
    store.write(insert(1)).await.expect("it commits");
    let races =
        work(|tx| Box::pin(async move { Ok((Ended::Commit, tx.write_whole_set_or(&NEW, vec![Column::ints([1, 2])], Fault::LostRace("item")).await?)) }));
    let fault = store.write(races).await.expect_err("somebody was faster");
    // PostgreSQL tried again before it gave up; SQLite has one writer, which cannot lose.
    assert!(matches!(fault, Fault::LostRace("item") | Fault::Contended(5)), "{fault}");
    assert_eq!(ids(&store).await, [1]);
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
    let told = |fault: &Fault| matches!(fault, Fault::TooLong(sql) if sql.starts_with("WITH RECURSIVE n"));
    let fault = store.write(endless).await.expect_err("it is stopped");
    assert!(told(&fault), "{fault}");
    let read = store.read(|reader| Box::pin(async move { reader.query_one::<i64>(ENDLESS, &[]).await })).await;
    let fault = read.expect_err("it is stopped");
    assert!(told(&fault), "{fault}");
    store.write(insert(2)).await.expect("the store goes on");
    assert_eq!(ids(&store).await, [2]);
}

async fn a_constraint_that_only_the_commit_checks_is_a_fault(place: Place) {
    let store = place.with_items().await;
    let part = "CREATE TABLE part (item {int} NOT NULL REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED) {strict};";
    let all = [("0001_item", "CREATE TABLE item (id {int} PRIMARY KEY, amount {int}, note {text}, raw {bytes}) {strict};"), ("0002_part", part)];
    store.migrate(&tradepost_store::migrations_from(&all)).await.expect("the table is made");
    let lost = || {
        let sql = sql!("INSERT INTO part (item) VALUES (5)");
        work(move |tx| Box::pin(async move { Ok((Ended::Commit, tx.execute(sql, &[]).await?)) }))
    };
    let (bad, good) = tokio::join!(store.write(lost()), store.write(insert(1)));
    let fault = bad.expect_err("there is no item 5");
    assert!(matches!(fault, Fault::Lite(_) | Fault::Pg(_)), "{fault}");
    good.expect("it is unharmed");
    store.write(insert(5)).await.expect("the store goes on");
    store.write(lost()).await.expect("now there is one");
}

async fn a_taken_id_is_a_unique_violation(place: Place) {
    let store = place.with_items().await;
    store.write(insert(1)).await.expect("it commits");
    assert!(store.write(insert(1)).await.expect_err("it is taken").is_unique_violation());
}
