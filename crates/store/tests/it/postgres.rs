//! What only PostgreSQL does: whole-work retry, lost connections.

use crate::support::{INSERT, Place, admin_query, gate, ids, insert, insert_at, work};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::Barrier;
use tradepost_store::{Ended, Fault, Settings, Sql, Store, params, sql};

only_on!(Postgres:
    two_works_that_lock_in_opposite_order_both_succeed,
    a_work_that_never_gets_through_is_contended_after_five_tries,
    a_connection_lost_at_commit_leaves_the_outcome_unknown,
    a_commit_without_an_answer_leaves_the_outcome_unknown,
    a_commit_is_not_stopped_by_the_statement_timeout,
    a_fault_shows_no_value_of_a_row,
    a_connection_lost_before_the_commit_is_an_outage,
    connections_that_died_in_the_pool_are_replaced,
    more_writes_than_the_queue_holds_are_refused,
    a_server_that_is_not_there_is_an_outage,
    a_required_tls_never_falls_back_to_plain,
    a_number_too_big_for_its_column_is_a_fault,
    a_table_that_grew_from_nothing_is_looked_at,
    a_command_goes_by_an_index_however_small_the_table_is,
);

const RAISE: Sql = sql!("UPDATE item SET amount = amount + 1 WHERE id = $1");

async fn two_works_that_lock_in_opposite_order_both_succeed(place: Place) {
    let store = place.with_items().await;
    store.write(insert(1)).await.expect("it commits");
    store.write(insert(2)).await.expect("it commits");
    // Both hold one row before either asks for the other: a sure deadlock in the first try.
    let meet = Arc::new(Barrier::new(2));
    let locking = |first: i64, second: i64| {
        let (meet, tries) = (Arc::clone(&meet), Arc::new(AtomicU32::new(0)));
        work(move |tx| {
            let (meet, tries) = (Arc::clone(&meet), Arc::clone(&tries));
            Box::pin(async move {
                // Waited for, so that the row is held.
                tx.execute(RAISE, params![first]).await?;
                if tries.fetch_add(1, SeqCst) == 0 {
                    meet.wait().await;
                }
                tx.execute_exactly(1, RAISE, params![second]).await?;
                Ok((Ended::Commit, tries.load(SeqCst)))
            })
        })
    };
    let (one, two) = tokio::join!(store.write(locking(1, 2)), store.write(locking(2, 1)));
    assert_eq!(one.expect("it gets through") + two.expect("it gets through"), 3, "one of them ran twice");
    assert_eq!(store.stats().retried, 1);
    let amounts: Vec<i64> = crate::support::query(&store, sql!("SELECT amount FROM item ORDER BY id"), Vec::new()).await;
    assert_eq!(amounts, [12, 22], "each raised each once");
}

async fn a_work_that_never_gets_through_is_contended_after_five_tries(place: Place) {
    const FAIL: Sql = sql!("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$");
    let store = place.with_items().await;
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    let never = work(move |tx| {
        counted.fetch_add(1, SeqCst);
        Box::pin(async move { Ok((Ended::Commit, tx.execute(FAIL, &[]).await?)) })
    });
    assert!(matches!(store.write(never).await, Err(Fault::Contended(5))));
    assert_eq!(tries.load(SeqCst), 5);
    store.write(insert(1)).await.expect("the store goes on");
}

/// A deferred constraint trigger runs within COMMIT: there it ends its own connection.
const DIE_AT_COMMIT: &str = "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN IF NEW.id = 13 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER die AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die();";

async fn a_connection_lost_at_commit_leaves_the_outcome_unknown(place: Place) {
    let store = place.with_items().await;
    admin_query(&place.url, DIE_AT_COMMIT).await;
    let fault = store.write(insert(13)).await.expect_err("the connection is gone");
    assert!(matches!(fault, Fault::OutcomeUnknown), "{fault}");
    store.write(insert(1)).await.expect("the store goes on with another connection");
    assert_eq!(ids(&store).await, [1]);
}

async fn a_commit_without_an_answer_leaves_the_outcome_unknown(place: Place) {
    // A caller waits twice as long for a commit: long enough for the second one here, also on a machine that is busy.
    let store = place.with_items_and(|settings| settings.statement_timeout = Duration::from_secs(1)).await;
    admin_query(&place.url, &DIE_AT_COMMIT.replace("pg_terminate_backend(pg_backend_pid())", "pg_sleep(10)")).await;
    let fault = store.write(insert(13)).await.expect_err("it takes longer than the caller may wait");
    assert!(matches!(fault, Fault::OutcomeUnknown), "{fault}");
    store.write(insert(1)).await.expect("the store goes on with another connection");
}

async fn a_commit_is_not_stopped_by_the_statement_timeout(place: Place) {
    let store = place.with_items_and(|settings| settings.statement_timeout = Duration::from_secs(1)).await;
    admin_query(&place.url, &DIE_AT_COMMIT.replace("pg_terminate_backend(pg_backend_pid())", "pg_sleep(1.3)")).await;
    // If it were, the wait for a synchronous standby would end with it, and the server would answer "committed".
    store.write(insert(13)).await.expect("it commits, late");
    assert_eq!(ids(&store).await, [13]);
}

async fn a_fault_shows_no_value_of_a_row(place: Place) {
    let store = place.with_items().await;
    admin_query(&place.url, "ALTER TABLE item ADD CHECK (note <> 'customer@example.com'); CREATE UNIQUE INDEX ON item (note);").await;
    let note = |id: i64, text: &'static str| {
        let sql = sql!("INSERT INTO item (id, note) VALUES ($1, $2)");
        work(move |tx| Box::pin(async move { Ok((Ended::Commit, tx.execute(sql, params![id, text]).await?)) }))
    };
    store.write(note(1, "someone@example.com")).await.expect("it commits");
    let checked = store.write(note(2, "customer@example.com")).await.expect_err("the check says no");
    let unique = store.write(note(2, "someone@example.com")).await.expect_err("the index says no");
    assert!(unique.is_unique_violation() && !checked.is_unique_violation());
    for fault in [checked, unique] {
        let mut shown = format!("{fault} {fault:?}");
        let mut source = std::error::Error::source(&fault);
        while let Some(error) = source {
            shown += &format!("{error} {error:?}");
            source = error.source();
        }
        assert!(!shown.contains("example.com"), "{shown}");
    }
}

async fn a_connection_lost_before_the_commit_is_an_outage(place: Place) {
    let store = place.with_items().await;
    let dies = work(|tx| {
        Box::pin(async move {
            tx.execute(INSERT, params![1, 0]).await?;
            tx.query::<bool>(sql!("SELECT pg_terminate_backend(pg_backend_pid())"), &[]).await?;
            Ok((Ended::Commit, ()))
        })
    });
    let fault = store.write(dies).await.expect_err("the connection is gone");
    assert!(fault.is_outage() && !matches!(fault, Fault::OutcomeUnknown), "{fault:?}");
    store.write(insert(2)).await.expect("the store goes on with another connection");
    assert_eq!(ids(&store).await, [2]);
}

async fn connections_that_died_in_the_pool_are_replaced(place: Place) {
    let store = place.with_items().await;
    store.write(insert(1)).await.expect("it commits");
    ids(&store).await;
    admin_query(
        &place.url,
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'tradepost' AND datname = current_database()",
    )
    .await;
    store.write(insert(2)).await.expect("a new connection is made");
    assert_eq!(ids(&store).await, [1, 2]);
}

async fn more_writes_than_the_queue_holds_are_refused(place: Place) {
    let store = place.with_items_and(|settings| settings.queue = 1).await;
    let (stop, keeper) = gate();
    let task = tokio::spawn({
        let (store, work) = (store.clone(), insert_at(1, &stop));
        async move { store.write(work).await }
    });
    keeper.arrived().await;
    assert_eq!(store.stats().queued, 1);
    assert!(matches!(store.write(insert(2)).await, Err(Fault::Overloaded)));
    keeper.let_go();
    task.await.expect("no panic").expect("it commits");
}

async fn a_server_that_is_not_there_is_an_outage(_: Place) {
    let fault = Store::open(Settings::new("postgres://nobody:secret@127.0.0.1:1/none")).await.expect_err("nobody listens");
    assert!(matches!(fault, Fault::NoConnection(_)) && fault.is_outage(), "{fault}");
    let fault = Store::open(Settings::new("postgres://nobody:secret@host:port/none")).await.expect_err("no such port");
    assert!(!format!("{fault} {fault:?}").contains("secret"));
}

async fn a_required_tls_never_falls_back_to_plain(place: Place) {
    // The test server speaks no TLS.
    for mode in ["require", "verify-full"] {
        let opened = Store::open(Settings::new(format!("{}?sslmode={mode}", place.url))).await;
        assert!(matches!(opened, Err(Fault::NoConnection(_))), "{mode}: {opened:?}");
    }
    Store::open(Settings::new(format!("{}?sslmode=disable", place.url))).await.expect("plain where it is asked for");
}

async fn a_number_too_big_for_its_column_is_a_fault(place: Place) {
    let store = place.with_items().await;
    let big = store.read(|reader| Box::pin(async move { reader.query::<i64>(sql!("SELECT CAST($1 AS int4)"), params![1_i64 << 40]).await })).await;
    assert!(matches!(big, Err(Fault::Pg(_))), "{big:?}");
    let fits = store.read(|reader| Box::pin(async move { reader.query::<i64>(sql!("SELECT CAST($1 AS int4)"), params![-7]).await })).await;
    assert_eq!(fits.expect("it fits"), [-7]);
}

/// Not by autovacuum, which begins a minute after the start of the server at the earliest.
async fn a_table_that_grew_from_nothing_is_looked_at(place: Place) {
    let store = place.with_items().await;
    admin_query(&place.url, "ALTER TABLE item SET (autovacuum_enabled = false)").await;
    let looked = sql!("SELECT COUNT(*) FROM pg_stat_user_tables WHERE relname = 'item' AND last_analyze IS NOT NULL");
    let begun = std::time::Instant::now();
    let mut id = 0;
    while crate::support::query::<i64>(&store, looked, Vec::new()).await == [0] {
        assert!(begun.elapsed() < Duration::from_secs(120), "nobody looked at it after {id} rows");
        id += 1;
        store.write(insert(id)).await.expect("it commits");
    }
    assert!(id >= 256, "a small table is left alone: {id}");
}

async fn a_command_goes_by_an_index_however_small_the_table_is(place: Place) {
    let store = place.with_items().await;
    let plan = work(|tx| {
        Box::pin(async move {
            let both = "EXPLAIN SELECT a.note FROM item a JOIN item b ON b.id = a.id AND b.amount = a.amount WHERE a.id > 0";
            let lines: Vec<String> = tx.query(Sql { pg: both, lite: both }, &[]).await?;
            Ok((Ended::Nothing, lines.join("\n")))
        })
    });
    let plan = store.write(plan).await.expect("a plan");
    assert!(plan.contains("Nested Loop") && plan.contains("Index Scan") && !plan.contains("Seq Scan"), "{plan}");
}
