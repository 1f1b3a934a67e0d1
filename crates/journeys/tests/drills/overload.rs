//! Ten times what the server can take, by clients that do not wait for each other: those who are let in are answered
//! in time, the others are refused at once and before anything is written, and as much gets done as ever.

use crate::load::Stage;
use crate::tally::{Tally, is_long, skipped};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tradepost_testkit::Kind;
use tradepost_testkit::http::Asker;
use tradepost_testkit::process::{Place, Server, binary};

const RESELLERS: usize = 32;
/// Licenses of an order: placing one has to cost the server much more than it costs this process to ask, and in a debug build asking costs a lot.
fn licenses(kind: Kind) -> i64 {
    if !is_long() && kind == Kind::Sqlite { 300 } else { 60 }
}

/// What the long run holds the server to, and what holds beside other tests on the same two cores.
struct Goal {
    accepted_p99: Duration,
    refused_p99: Duration,
    goodput_percent: usize,
}

const LONG: Goal = Goal { accepted_p99: Duration::from_secs(1), refused_p99: Duration::from_millis(50), goodput_percent: 80 };
/// In a short run the slowest hundredth is what came in the first tenth of a second, before anything could be measured: a second's work of a server
/// that shares its cores with everything else. With the bug in it is twenty seconds.
const BESIDE_OTHERS: Goal = Goal { accepted_p99: Duration::from_secs(5), refused_p99: Duration::from_secs(1), goodput_percent: 30 };

/// How often a short run looks before it says that a goal is missed. Its three seconds are few on a machine that is shared: where a neighbor takes
/// the cores between the two measurements, half of the peak is gone with nothing wrong. With the bug in, every look misses.
const LOOKS: usize = 3;

/// Drafts that wait to be confirmed; a refused one comes back.
type Drafts = Arc<Mutex<VecDeque<(usize, String)>>>;

/// What one confirm was answered, and how fast.
struct Answered {
    status: u16,
    code: String,
    retry_after: bool,
    took: Duration,
    /// Since the load began.
    at: Duration,
}

fn hold(kind: Kind, bug: Option<&'static str>) {
    let Some(binary) = binary() else { return skipped("overload", "there is no server to overload: cargo build -p tradepost") };
    tradepost_testkit::run_unchecked(kind, "overload", move |app| async move {
        let seconds = if is_long() && bug.is_none() { 8 } else { 3 };
        let stage = Stage::set(&app, RESELLERS, 1).await;
        // Enough that none is missing before the time is up: what is placed does not come back.
        let drafts = drafts(&stage, if is_long() { 12_000 } else { 3_000 }, licenses(kind)).await;
        stage.leave(&app).await;
        let place = Place { binary, data: app.folder().to_owned(), database: app.url.clone(), bug: bug.map(str::to_owned) };
        let server = place.serve().await;
        let askers: Arc<Vec<Asker>> = Arc::new(stage.keys.iter().enumerate().map(|(n, key)| server.client(n, key)).collect());
        let mut tally = Tally::of("overload", kind, bug);
        let (mut confirmed, mut looks) = (0, if is_long() || bug.is_some() { 1 } else { LOOKS });
        loop {
            let (peak, before) = peak(&askers, &drafts, Duration::from_secs(3)).await;
            let answered = overload(&askers, &drafts, 10 * peak, Duration::from_secs(seconds)).await;
            let missed = judge(&server, peak, seconds, &answered, &mut tally);
            confirmed += before + tally.done;
            looks -= 1;
            match missed {
                Err(missed) if looks == 0 => panic!("{missed}: {}", tally.note),
                Err(missed) => println!("looked at again, {missed}: {}", tally.note),
                Ok(()) => break,
            }
        }
        let placed = place.count("SELECT COUNT(*) FROM orders WHERE placed_ms IS NOT NULL").await;
        assert_eq!(usize::try_from(placed), Ok(confirmed), "something was written by a request that was refused");
        place.verify().await;
        place.forget_log();
        tally.finish();
    });
}

/// Drafts of all resellers, made side by side.
async fn drafts(stage: &Stage, count: usize, licenses: i64) -> Drafts {
    let mut making = Vec::new();
    for (n, reseller) in stage.resellers.iter().enumerate() {
        let (reseller, mine) = (reseller.clone(), count.div_ceil(RESELLERS));
        making.push(tokio::spawn(async move {
            let mut made = Vec::new();
            for _ in 0..mine {
                made.push((n, reseller.order(&[("KEY-PRO", licenses)]).draft().await.to_string()));
            }
            made
        }));
    }
    let mut made = Vec::new();
    for making in making {
        made.push(making.await.expect("drafts").into_iter());
    }
    // Resellers take turns.
    let mut all = VecDeque::new();
    while all.len() < count {
        all.extend(made.iter_mut().filter_map(Iterator::next));
    }
    Arc::new(Mutex::new(all))
}

fn next(drafts: &Drafts) -> Option<(usize, String)> {
    drafts.lock().expect("nobody panicked").pop_front()
}

async fn confirm(asker: &Asker, id: &str) -> Option<(u16, String, bool)> {
    let reply = asker.once(id).try_send("POST", &format!("/v1/reseller/orders/{id}/confirm"), None).await.ok()?;
    Some((reply.status, if reply.status == 200 { String::new() } else { reply.code() }, reply.headers.contains_key("retry-after")))
}

/// Orders a second that 16 clients get done who wait for their answers, and how many that were.
async fn peak(askers: &Arc<Vec<Asker>>, drafts: &Drafts, time: Duration) -> (usize, usize) {
    let over = Arc::new(AtomicBool::new(false));
    let mut working = Vec::new();
    for _ in 0..16 {
        let (askers, drafts, over) = (askers.clone(), drafts.clone(), over.clone());
        working.push(tokio::spawn(async move {
            let mut done = 0;
            while !over.load(Ordering::Relaxed) {
                let (n, id) = next(&drafts).expect("enough drafts");
                match confirm(&askers[n], &id).await {
                    Some((200, ..)) => done += 1,
                    _ => drafts.lock().expect("nobody panicked").push_back((n, id)),
                }
            }
            done
        }));
    }
    let begun = Instant::now();
    tokio::time::sleep(time).await;
    over.store(true, Ordering::Relaxed);
    let mut done = 0;
    for working in working {
        done += working.await.expect("a client");
    }
    let per_second = done * 1_000 / usize::try_from(begun.elapsed().as_millis()).expect("short");
    assert!(per_second > 0, "nothing got done");
    (per_second, done)
}

/// So many confirms a second, whether earlier ones were answered or not.
async fn overload(askers: &Arc<Vec<Asker>>, drafts: &Drafts, per_second: usize, time: Duration) -> Vec<Answered> {
    let begun = Instant::now();
    let mut asking = Vec::new();
    let mut sent = 0;
    while begun.elapsed() < time {
        let due = usize::try_from(begun.elapsed().as_millis()).expect("short") * per_second / 1_000;
        while sent < due {
            sent += 1;
            let Some((n, id)) = next(drafts) else { break };
            let (askers, drafts) = (askers.clone(), drafts.clone());
            asking.push(tokio::spawn(async move {
                let asked = Instant::now();
                let answer = confirm(&askers[n], &id).await;
                let (took, at) = (asked.elapsed(), begun.elapsed());
                let (status, code, retry_after) = answer.unwrap_or((0, "no answer".into(), false));
                if status != 200 {
                    drafts.lock().expect("nobody panicked").push_back((n, id));
                }
                Answered { status, code, retry_after, took, at }
            }));
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let mut answered = Vec::new();
    for asking in asking {
        answered.push(asking.await.expect("a client"));
    }
    answered
}

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get((times.len() * 99).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
}

/// The goal that was missed, if one was. Whatever else than a refusal in time was answered is never looked at again.
fn judge(server: &Server, peak: usize, seconds: u64, answered: &[Answered], tally: &mut Tally) -> Result<(), &'static str> {
    let goal = if is_long() { LONG } else { BESIDE_OTHERS };
    let of = |accepted: bool| answered.iter().filter(move |answer| (answer.status == 200) == accepted);
    let (accepted_p99, refused_p99) = (p99(of(true).map(|answer| answer.took).collect()), p99(of(false).map(|answer| answer.took).collect()));
    let time = Duration::from_secs(seconds);
    let in_time = of(true).filter(|answer| answer.at <= time).count();
    let goodput = in_time / usize::try_from(seconds).expect("short");
    tally.rounds = answered.len();
    tally.done = of(true).count();
    tally.waited(accepted_p99);
    tally.note = format!(
        "peak {peak}/s, offered {}/s, goodput {goodput}/s; p99 accepted {} ms, refused {} ms; {} MiB",
        answered.len() / usize::try_from(seconds).expect("short"),
        accepted_p99.as_millis(),
        refused_p99.as_millis(),
        server.resident_bytes() >> 20
    );
    for refused in of(false) {
        assert_eq!((refused.status, refused.code.as_str(), refused.retry_after), (503, "overloaded", true), "a refusal");
    }
    let goals = [
        (accepted_p99 <= goal.accepted_p99, "those who were let in waited too long"),
        (of(false).count() > of(true).count(), "this was no overload"),
        (refused_p99 <= goal.refused_p99, "refusals took too long"),
        (goodput * 100 >= peak * goal.goodput_percent, "too little got done"),
    ];
    goals.iter().find(|(met, _)| !met).map_or(Ok(()), |(_, missed)| Err(*missed))
}

/// Reliability: overload, on SQLite.
#[test]
fn ten_times_too_much_is_refused_at_once_and_the_rest_is_served_on_sqlite() {
    hold(Kind::Sqlite, None);
}

/// Reliability: overload, on PostgreSQL.
#[test]
fn ten_times_too_much_is_refused_at_once_and_the_rest_is_served_on_postgres() {
    hold(Kind::Postgres, None);
}

#[cfg(debug_assertions)]
mod sabotage {
    use super::*;

    fn notices(kind: Kind) {
        let bug = "overload.queue";
        if kind.is_skipped() || binary().is_none() {
            return skipped(bug, "there is no server to overload, or no PostgreSQL");
        }
        // Who waits for a connection of PostgreSQL gives up at last, and is told something else than a refusal in time.
        let because: &[&str] = if kind == Kind::Postgres { &["waited too long", "no overload", "a refusal"] } else { &["waited too long", "no overload"] };
        crate::tally::must_fail(bug, because, || hold(kind, Some(bug)));
    }

    #[test]
    fn the_overload_drill_notices_a_queue_without_an_end_on_sqlite() {
        notices(Kind::Sqlite);
    }

    #[test]
    fn the_overload_drill_notices_a_queue_without_an_end_on_postgres() {
        notices(Kind::Postgres);
    }
}
