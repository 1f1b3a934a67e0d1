//! What only SQLite does: one writer thread, one process, group commit.

use crate::support::{Closure, INSERT, Place, gate, ids, insert, insert_at, until, work};
use std::os::unix::fs::PermissionsExt;
use tradepost_store::{Ended, Fault, Sql, Store, params, sql};

only_on!(Sqlite:
    a_work_that_awaits_something_else_is_rolled_back,
    a_read_that_awaits_something_else_is_a_fault,
    a_group_is_answered_only_after_its_one_commit,
    one_bad_work_does_not_harm_the_others_of_its_group,
    a_full_disk_is_an_outage_that_passes,
    a_second_opening_of_the_file_is_refused,
    the_file_is_readable_by_its_owner_only,
    a_url_without_a_path_is_refused,
);

async fn a_work_that_awaits_something_else_is_rolled_back(place: Place) {
    let store = place.with_items().await;
    let awaits = work(|tx| {
        Box::pin(async move {
            tx.execute(INSERT, params![1, 0]).await?;
            tokio::task::yield_now().await;
            Ok((Ended::Commit, ()))
        })
    });
    assert!(matches!(store.write(awaits).await, Err(Fault::AwaitedElsewhere)));
    store.write(insert(2)).await.expect("the store goes on");
    assert_eq!(ids(&store).await, [2]);
}

async fn a_read_that_awaits_something_else_is_a_fault(place: Place) {
    let store = place.with_items().await;
    let read = store.read(|_| {
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(())
        })
    });
    assert!(matches!(read.await, Err(Fault::AwaitedElsewhere)));
    assert_eq!(ids(&store).await, [0; 0]);
}

/// Holds the writer, queues `works` behind it in order, and hands back their tasks, still waiting.
async fn queue_behind(store: &Store, works: Vec<Closure<()>>) -> (Vec<tokio::task::JoinHandle<Result<(), Fault>>>, crate::support::Keeper) {
    let (stop, keeper) = gate();
    let spawn = |work| {
        let store = store.clone();
        tokio::spawn(async move { store.write(work).await })
    };
    let mut tasks = vec![spawn(insert_at(1, &stop))];
    keeper.arrived().await;
    for work in works {
        let waiting = tasks.len();
        tasks.push(spawn(work));
        until("it waits in its place", || store.stats().queued == waiting).await;
    }
    (tasks, keeper)
}

/// Past the store: what a crash now would leave.
fn committed(place: &Place) -> i64 {
    let path = place.url.strip_prefix("sqlite://").expect("a path");
    let connection = rusqlite::Connection::open(path).expect("the file");
    connection.query_row("SELECT COUNT(*) FROM item", [], |row| row.get(0)).expect("a count")
}

async fn a_group_is_answered_only_after_its_one_commit(place: Place) {
    let store = place.with_items().await;
    let (stop, keeper_of_last) = gate();
    let (tasks, keeper) = queue_behind(&store, vec![insert(2), insert(3), insert_at(4, &stop)]).await;
    keeper.let_go();
    keeper_of_last.arrived().await;
    // 2 and 3 have run, 4 stands at the gate: nothing of the group is committed, nobody is answered.
    assert_eq!(committed(&place), 1);
    assert!(tasks[1..].iter().all(|task| !task.is_finished()));
    keeper_of_last.let_go();
    for task in tasks {
        task.await.expect("no panic").expect("it commits");
    }
    assert_eq!(committed(&place), 4);
    let stats = store.stats();
    assert_eq!((stats.groups, stats.grouped), (2, 4));
    let facts = store.storage_facts().await.expect("facts");
    assert!(facts.contains(&("synchronous".to_owned(), "2".to_owned())), "FULL: the commit is synced");
}

async fn one_bad_work_does_not_harm_the_others_of_its_group(place: Place) {
    let store = place.with_items().await;
    let panics: Closure<()> = work(|tx| {
        Box::pin(async move {
            tx.execute(INSERT, params![90, 0]).await?;
            panic!("a bug")
        })
    });
    let fails = insert(1);
    let refuses_late = work(|tx| Box::pin(async move { Ok((Ended::Nothing, tx.execute_exactly(1, INSERT, params![91, 0]).await?)) }));
    let awaits = work(|tx| {
        Box::pin(async move {
            tx.execute(INSERT, params![92, 0]).await?;
            tokio::task::yield_now().await;
            Ok((Ended::Commit, ()))
        })
    });
    let (tasks, keeper) = queue_behind(&store, vec![insert(2), panics, insert(3), fails, refuses_late, awaits, insert(4)]).await;
    keeper.let_go();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("no panic"));
    }
    assert!(
        matches!(
            &answers[..],
            [Ok(()), Ok(()), Err(Fault::Panicked(_)), Ok(()), Err(Fault::Lite(_)), Err(Fault::RefusedAfterWriting), Err(Fault::AwaitedElsewhere), Ok(())]
        ),
        "{answers:?}"
    );
    assert_eq!(ids(&store).await, [1, 2, 3, 4]);
}

async fn a_full_disk_is_an_outage_that_passes(place: Place) {
    let store = place.with_items().await;
    let big = || {
        work(|tx| {
            Box::pin(async move {
                tx.execute(sql!("INSERT INTO item (id, raw) VALUES ($1, $2)"), params![7, vec![0_u8; 400_000]]).await?;
                Ok((Ended::Commit, ()))
            })
        })
    };
    let limit = |sql: Sql| work(move |tx| Box::pin(async move { Ok((Ended::Nothing, tx.query_one::<i64>(sql, &[]).await?)) }));
    store.write(limit(sql!("PRAGMA max_page_count = 20"))).await.expect("a limit");
    let (tasks, keeper) = queue_behind(&store, vec![insert(2), big(), insert(3)]).await;
    keeper.let_go();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("no panic"));
    }
    assert!(matches!(&answers[..], [Ok(()), Ok(()), Err(full), Ok(())] if full.is_outage()), "{answers:?}");
    store.write(limit(sql!("PRAGMA max_page_count = 100000"))).await.expect("room again");
    store.write(big()).await.expect("it fits");
    assert_eq!(ids(&store).await, [1, 2, 3, 7]);
}

async fn a_second_opening_of_the_file_is_refused(place: Place) {
    let store = place.with_items().await;
    let second = Store::open(place.settings()).await.expect_err("it is open already");
    assert!(second.to_string().starts_with("another process has this database open"), "{second}");
    store.close().await;
    assert_eq!(ids(&place.open().await).await, [0; 0]);
}

async fn the_file_is_readable_by_its_owner_only(place: Place) {
    let store = place.with_items().await;
    store.write(insert(1)).await.expect("it commits");
    let path = place.url.strip_prefix("sqlite://").expect("a path");
    for name in [path.to_owned(), format!("{path}-wal"), format!("{path}-shm"), format!("{path}.lock")] {
        assert_eq!(std::fs::metadata(&name).expect("it is there").permissions().mode() & 0o777, 0o600, "{name}");
    }
}

async fn a_url_without_a_path_is_refused(_: Place) {
    for url in ["sqlite://", "mysql://host/db", "store.db"] {
        assert!(matches!(Store::open(tradepost_store::Settings::new(url)).await, Err(Fault::Schema(_))), "{url}");
    }
}
