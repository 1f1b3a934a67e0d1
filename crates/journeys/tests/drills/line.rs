//! The line to PostgreSQL is cut: at any moment under load, and exactly at a COMMIT, before it arrives or before its
//! answer does (reliability.md). What was said is true, and the same key brings the one outcome.

use crate::load::{Load, Stage, Writing, check_all};
use crate::tally::{Tally, allowed, rounds, skipped};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tradepost_testkit::http::Asker;
use tradepost_testkit::line::{Cut, Line};
use tradepost_testkit::process::{Place, Server, binary};
use tradepost_testkit::{Kind, TestApp};

/// From the line's mending to the first success.
const FIRST_SUCCESS: Duration = Duration::from_secs(5);

/// A server on PostgreSQL through a line that can be cut, with eight clients.
struct Scene {
    stage: Stage,
    line: Line,
    place: Place,
    server: Server,
}

impl Scene {
    async fn set(app: &TestApp, binary: PathBuf, bug: Option<&str>, rounds: usize) -> Self {
        let stage = Stage::set(app, 8, 2_000 + 200 * rounds).await;
        stage.leave(app).await;
        let (line, through) = Line::to_url(&app.url).await;
        let place = Place { binary, data: app.folder().to_owned(), database: app.url.clone(), bug: bug.map(str::to_owned) };
        let server = place.through(&through).serve().await;
        Self { stage, line, place, server }
    }

    async fn cut_at_commits(&self, rounds: usize, tally: &mut Tally) {
        let asker = self.server.client(0, &self.stage.keys[0]);
        // The key's first use is noted beside the request, and would be met instead.
        asker.get("/v1/reseller/credit").await.must(200);
        until(&self.place, "SELECT COUNT(*) FROM api_key WHERE last_used_ms IS NOT NULL", |noted| noted > 0).await;
        for round in 0..rounds {
            at_commit(&asker, &self.line, &self.place, round, tally).await;
        }
    }

    async fn cut_anywhere(&self, app: &TestApp, bug: Option<&str>, rounds: usize, tally: &mut Tally) {
        let mut clients = self.stage.clients(&self.server);
        if bug.is_some() {
            // Who orders asks for more at once, and is told that there is nothing yet: only what the cut took must show.
            clients.retain(|client| client.does(Load::Fulfillments));
        }
        let words = || self.place.last_words();
        for _ in 0..rounds {
            let writing = Writing::begin(&mut clients, usize::MAX / 4);
            writing.until(10, words).await;
            tokio::time::sleep(Duration::from_micros(80 * u64::from(app.engine.environment.random::<1>()[0]))).await;
            self.line.cut();
            tokio::time::sleep(Duration::from_millis(20)).await;
            self.line.mend();
            let (mended, before) = (Instant::now(), writing.count());
            writing.until(before + 1, words).await;
            tally.waited(mended.elapsed());
            clients = writing.stop().await;
            if bug.is_some() {
                // What is answered before it is committed is there a moment later, unless it was cut.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            check_all(&mut clients, tally).await;
            tally.rounds += 1;
            if bug.is_some() && tally.found_any() {
                return;
            }
        }
        self.place.verify().await;
    }
}

/// Which drills are held, one after the other on one database.
#[derive(Clone, Copy)]
struct Held {
    at_commits: bool,
    anywhere: bool,
}

fn hold(bug: Option<&'static str>, rounds: usize, held: Held) {
    let Some(binary) = binary() else { return skipped("line", "there is no server to cut off: cargo build -p tradepost") };
    tradepost_testkit::run_unchecked(Kind::Postgres, "line", move |app| async move {
        let scene = Scene::set(&app, binary, bug, rounds).await;
        if held.at_commits {
            let mut tally = Tally::of("cut_at_commit", Kind::Postgres, bug);
            scene.cut_at_commits(rounds, &mut tally).await;
            tally.finish();
        }
        if held.anywhere {
            let mut tally = Tally::of("cut_anywhere", Kind::Postgres, bug);
            scene.cut_anywhere(&app, bug, rounds, &mut tally).await;
            let worst = tally.worst;
            tally.finish();
            assert!(worst < allowed(FIRST_SUCCESS), "the first success after the line was mended took {worst:?}");
        }
        scene.place.forget_log();
    });
}

/// What the server still does by itself: events to pass on, and commands of long ago (the test's own clock) to forget.
const UNDER_WAY: &str = "SELECT (SELECT COUNT(*) FROM outbox WHERE position IS NULL)
    + (SELECT COUNT(*) FROM command WHERE at_ms < (SELECT MAX(at_ms) FROM command) - 2592000000)";

async fn until(place: &Place, sql: &str, is_so: impl Fn(i64) -> bool) {
    let begun = Instant::now();
    while !is_so(place.count(sql).await) {
        assert!(begun.elapsed() < Duration::from_secs(30), "the server does not come to an end: {}", place.last_words());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// One write of a client, its COMMIT met by the cut.
async fn at_commit(asker: &Asker, line: &Line, place: &Place, round: usize, tally: &mut Tally) {
    let cut = if round.is_multiple_of(2) { Cut::BeforeAnswer } else { Cut::BeforeCommit };
    let load = Load::of(round / 2);
    let reference = format!("cut-{round}");
    let first = load.first(&reference);
    let asker = asker.once(&first.key);
    // It would be met instead.
    until(place, UNDER_WAY, |left| left == 0).await;
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
        // An answer that shows what was written, and does not find it.
        (404, "not_found") if done == 0 => tally.lost.push(format!("{reference}: taken for done")),
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
    hold(None, rounds(10), Held { at_commits: true, anywhere: true });
}

#[cfg(debug_assertions)]
mod sabotage {
    use super::*;
    use crate::tally::must_fail;

    fn notices(bug: &'static str, because: &[&str]) {
        fails(bug, 4, Held { at_commits: true, anywhere: false }, because);
    }

    fn fails(bug: &'static str, rounds: usize, held: Held, because: &[&str]) {
        if Kind::Postgres.is_skipped() || binary().is_none() {
            return skipped(bug, "there is no server to cut off, or no PostgreSQL");
        }
        must_fail(bug, because, || hold(Some(bug), rounds, held));
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

    /// Cut at any moment, some of what was answered before it was committed is not there.
    #[test]
    fn the_drill_that_cuts_anywhere_notices_a_lost_commit() {
        fails("commit.lost", 20, Held { at_commits: false, anywhere: true }, &["acknowledged and lost"]);
    }
}
