//! Two servers on one PostgreSQL: every request with its key goes to both at once, and is done once; every event is
//! passed on once, whoever comes first.

use crate::load::{Stage, Writing, check_all, count_all};
use crate::tally::{Tally, rounds, skipped};
use std::time::{Duration, Instant};
use tradepost_testkit::Kind;
use tradepost_testkit::process::{Place, binary};

/// Writes of a round.
const WRITES: usize = 60;

fn hold(bug: Option<&'static str>, rounds: usize) {
    let Some(binary) = binary() else { return skipped("two_servers", "there is no server to start: cargo build -p tradepost") };
    tradepost_testkit::run_unchecked(Kind::Postgres, "two_servers", move |app| async move {
        let stage = Stage::set(&app, 16, 100 + 2 * WRITES * rounds).await;
        stage.leave(&app).await;
        let place = Place { binary, data: app.folder().to_owned(), database: app.url.clone(), bug: bug.map(str::to_owned) };
        let (one, two) = (place.serve().await, place.serve().await);
        let mut clients = stage.clients(&one);
        clients.iter_mut().for_each(|client| client.turn_to(&[&one, &two]));
        let mut tally = Tally::of("two_servers", Kind::Postgres, bug);
        for _ in 0..rounds {
            let writing = Writing::begin(&mut clients, WRITES);
            clients = writing.end().await;
            check_all(&mut clients, &mut tally).await;
            tally.rounds += 1;
        }
        count_all(&clients, &place, &mut tally).await;
        passed_on_once(&place).await;
        place.verify().await;
        let events = place.count("SELECT COUNT(*) FROM outbox").await;
        tally.note = format!("{events} events, each passed on once");
        place.forget_log();
        tally.finish();
    });
}

/// Every event has its position, without a gap; every placed order has its one message to the reseller's people.
async fn passed_on_once(place: &Place) {
    let begun = Instant::now();
    while place.count("SELECT COUNT(*) FROM outbox WHERE position IS NULL").await > 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "events wait for ever");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let gaps = "SELECT COUNT(*) FROM (SELECT merchant FROM outbox GROUP BY merchant
        HAVING MAX(position) <> COUNT(DISTINCT position) OR COUNT(*) <> COUNT(DISTINCT position)) x";
    assert_eq!(place.count(gaps).await, 0, "positions have gaps, or two events share one");
    let twice = "SELECT COUNT(*) FROM (SELECT event FROM message GROUP BY merchant, event, recipient, template HAVING COUNT(*) > 1) x";
    assert_eq!(place.count(twice).await, 0, "an event told somebody twice");
}

/// PLT-3, PLT-5: one key raced on two servers; events passed on once.
#[test]
fn two_servers_on_one_database_do_everything_once() {
    hold(None, rounds(3));
}

#[cfg(debug_assertions)]
#[test]
fn the_two_servers_drill_notices_a_forgotten_key() {
    let bug = "idempotency.forgotten";
    if Kind::Postgres.is_skipped() || binary().is_none() {
        return skipped(bug, "there is no server to start, or no PostgreSQL");
    }
    crate::tally::must_fail(bug, &["done twice"], || hold(Some(bug), 1));
}
