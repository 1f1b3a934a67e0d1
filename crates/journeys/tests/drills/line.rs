//! The line to PostgreSQL is cut: at any moment under load, and exactly at a COMMIT, before it arrives or before its
//! answer does (reliability.md). What was said is true, and the same key brings the one outcome.

use crate::load::{Load, Stage, Writing, check_all};
use crate::tally::{Tally, allowed, rounds, skipped};
use std::time::{Duration, Instant};
use tradepost_testkit::Kind;
use tradepost_testkit::http::Asker;
use tradepost_testkit::line::{Cut, Line};
use tradepost_testkit::process::{Build, Place};

/// From the line's mending to the first success.
const FIRST_SUCCESS: Duration = Duration::from_secs(5);

fn hold(build: Build, bug: Option<&'static str>, rounds: usize) {
    let Some(binary) = build.binary() else { return skipped("line", "there is no server to cut off: cargo build -p tradepost") };
    tradepost_testkit::run_unchecked(Kind::Postgres, "line", move |app| async move {
        let stage = Stage::set(&app, 8, 2_000 + 200 * rounds).await;
        stage.leave(&app).await;
        let (line, through) = Line::to_url(&app.url).await;
        let place = Place { binary, data: app.folder().to_owned(), database: app.url.clone(), bug: bug.map(str::to_owned) };
        let server = place.through(&through).serve().await;
        // The key's first use is noted beside the request, and would be met instead.
        drop(server.client(0, &stage.keys[0]).get("/v1/reseller/credit").await);
        let mut tally = Tally::of("cut_at_commit", Kind::Postgres, bug);
        let asker = server.client(0, &stage.keys[0]);
        for round in 0..rounds {
            at_commit(&asker, &line, &place, round, &mut tally).await;
        }
        tally.finish();

        let mut tally = Tally::of("cut_anywhere", Kind::Postgres, bug);
        let mut clients = stage.clients(&server);
        for _ in 0..rounds {
            let writing = Writing::begin(&mut clients, usize::MAX / 4);
            writing.until(10, || place.last_words()).await;
            tokio::time::sleep(Duration::from_micros(80 * u64::from(app.engine.environment.random::<1>()[0]))).await;
            line.cut();
            tokio::time::sleep(Duration::from_millis(20)).await;
            line.mend();
            let (mended, before) = (Instant::now(), writing.count());
            writing.until(before + 1, || place.last_words()).await;
            tally.waited(mended.elapsed());
            clients = writing.stop().await;
            check_all(&mut clients, &mut tally).await;
            tally.rounds += 1;
        }
        place.verify().await;
        place.forget_log();
        let worst = tally.worst;
        tally.finish();
        assert!(worst < allowed(FIRST_SUCCESS), "the first success after the line was mended took {worst:?}");
    });
}

/// One write of a client, its COMMIT met by the cut.
async fn at_commit(asker: &Asker, line: &Line, place: &Place, round: usize, tally: &mut Tally) {
    let cut = if round.is_multiple_of(2) { Cut::BeforeAnswer } else { Cut::BeforeCommit };
    let load = Load::of(round / 2);
    let reference = format!("cut-{round}");
    let first = load.first(&reference);
    let asker = asker.once(&first.key);
    // What the relay still has to do would be met instead.
    let begun = Instant::now();
    while place.count("SELECT COUNT(*) FROM outbox WHERE position IS NULL").await > 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the relay does not come to an end");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let cuts = line.cuts();
    line.cut_at_commit(0, cut);
    let begun = Instant::now();
    let reply = asker.send("POST", &first.path, first.body.as_ref()).await;
    tally.waited(begun.elapsed());
    assert_eq!(line.cuts(), cuts + 1, "the line was not cut at a COMMIT: does the server commit in another way now?");
    let done = place.count(&load.times_sql(&reference)).await;
    match (reply.status, reply.code().as_str()) {
        (201, _) if done == 0 => tally.lost.push(format!("{reference}: said to be done")),
        (201, _) => {}
        (503, "outcome_unknown") => tally.note = "some told as unknown".into(),
        (503, _) => assert_eq!(done, 0, "{reference} was said not to be done, and was: {}", reply.text()),
        _ => panic!("{reference}: {}", reply.text()),
    }
    let again = asker.send("POST", &first.path, first.body.as_ref()).await;
    assert_eq!(again.status, 201, "{reference} with the same key: {}", again.text());
    if place.count(&load.times_sql(&reference)).await > 1 {
        tally.double.push(reference.clone());
    }
    if reply.status == 201 && reply.json()["id"] != again.json()["id"] {
        tally.double.push(format!("{reference}: another answer to the same key"));
    }
    tally.done += 1;
    tally.rounds += 1;
}

/// PLT-3, reliability: a COMMIT whose answer is lost.
#[test]
fn a_write_that_is_cut_off_at_its_commit_is_done_once() {
    hold(Build::Shipped, None, rounds(10));
}

#[cfg(feature = "sabotage")]
mod sabotage {
    use super::*;
    use crate::tally::must_fail;

    fn notices(bug: &'static str, because: &[&str]) {
        if Kind::Postgres.is_skipped() || Build::Sabotage.binary().is_none() {
            return skipped(bug, "there is no build with its bugs in, or no PostgreSQL");
        }
        must_fail(bug, because, || hold(Build::Sabotage, Some(bug), 4));
    }

    #[test]
    fn the_line_drill_notices_a_commit_that_is_assumed() {
        notices("commit.assumed", &["acknowledged and lost"]);
    }

    #[test]
    fn the_line_drill_notices_a_commit_that_is_denied() {
        notices("commit.denied", &["was said not to be done, and was"]);
    }

    #[test]
    fn the_line_drill_notices_a_forgotten_key() {
        notices("idempotency.forgotten", &["done twice"]);
    }
}
