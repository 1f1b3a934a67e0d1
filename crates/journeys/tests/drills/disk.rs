//! The disk is full: writes are refused within a second and leave nothing, reads go on, and once there is room again
//! writes succeed without a restart (reliability.md). SQLite on a small memory disk; PostgreSQL's disk is its own affair.

use crate::load::{Load, Stage, Writing, check_all};
use crate::tally::{Tally, allowed, rounds, skipped};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tradepost_testkit::Kind;
use tradepost_testkit::http::Asker;
use tradepost_testkit::process::{Place, binary};

/// The longest that a refusal may take.
const REFUSAL: Duration = Duration::from_secs(1);

/// A small disk that is gone afterwards.
struct Disk(PathBuf);

impl Disk {
    fn mount(folder: &Path) -> Result<Self, String> {
        let at = folder.join("disk");
        std::fs::create_dir(&at).map_err(|error| error.to_string())?;
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", "size=96m", "tmpfs"]).arg(&at).output().map_err(|error| error.to_string())?;
        if done.status.success() { Ok(Self(at)) } else { Err(String::from_utf8_lossy(&done.stderr).trim().to_owned()) }
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Writes until nothing more fits.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.ballast()).expect("a file");
        for size in [1 << 16, 1 << 12, 1] {
            let block = vec![0_u8; size];
            while file.write_all(&block).is_ok() {}
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a server that still runs after a failure keeps it busy.
        let _unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn hold(bug: Option<&'static str>, rounds: usize) {
    let Some(binary) = binary() else { return skipped("disk_full", "there is no server to fill the disk of: cargo build -p tradepost") };
    tradepost_testkit::run_unchecked(Kind::Sqlite, "disk_full", move |app| async move {
        let disk = match Disk::mount(app.folder()) {
            Ok(disk) => disk,
            Err(why) => return skipped("disk_full", &format!("no memory disk can be mounted here: {why}")),
        };
        let stage = Stage::set(&app, 8, 1_500 + 600 * rounds).await;
        stage.leave(&app).await;
        for name in ["tradepost.db", "master.key"] {
            std::fs::copy(app.folder().join(name), disk.0.join(name)).expect("a copy");
        }
        let database = format!("sqlite://{}", disk.0.join("tradepost.db").display());
        let place = Place { binary, data: disk.0.clone(), database, bug: bug.map(str::to_owned) };
        let server = place.serve().await;
        let mut tally = Tally::of("disk_full", Kind::Sqlite, bug);
        let mut clients = stage.clients(&server);
        let asker = server.client(100, &stage.keys[0]);
        for round in 0..rounds {
            clients = Writing::begin(&mut clients, 40).end().await;
            disk.fill();
            let load = Load::of(round);
            let refused = refused(load, &asker, &place, round, &mut tally).await;
            let read = asker.get("/v1/reseller/orders?limit=5").await;
            assert_eq!(read.status, 200, "reading goes on: {}", read.text());
            disk.make_room();
            // The same key again, without a restart.
            let begun = Instant::now();
            load.write(std::slice::from_ref(&asker), &[], &refused).await.expect("there is room again");
            tally.note = format!("the last write after there was room took {} ms", begun.elapsed().as_millis());
            if load.times(&asker, &refused).await != 1 {
                tally.double.push(refused);
            }
            check_all(&mut clients, &mut tally).await;
            tally.rounds += 1;
        }
        place.verify().await;
        place.forget_log();
        drop(server);
        let worst = tally.worst;
        tally.finish();
        assert!(worst < allowed(REFUSAL), "a refusal took {worst:?}");
    });
}

/// Writes on the full disk until it is refused, and some more: each answer comes at once, and what was refused is not
/// there. The reference of the last.
async fn refused(load: Load, asker: &Asker, place: &Place, round: usize, tally: &mut Tally) -> String {
    let mut refusals = 0;
    for n in 0..2_000 {
        let reference = format!("full-{round}-{n}");
        let first = load.first(&reference);
        let begun = Instant::now();
        let reply = asker.once(&first.key).send("POST", &first.path, first.body.as_ref()).await;
        tally.waited(begun.elapsed());
        let is_there = reply.status == 201 && load.times(asker, &reference).await == 1;
        match reply.status {
            // What the database's log had room for.
            201 if is_there => {}
            201 | 404 => tally.lost.push(reference),
            503 => {
                assert_eq!(reply.code(), "storage_unavailable");
                assert!(reply.headers.contains_key("retry-after"), "when to come back");
                assert_eq!(place.count(&load.times_sql(&reference)).await, 0, "{reference} was refused, and is there");
                refusals += 1;
                if refusals == 10 {
                    return reference;
                }
            }
            _ => panic!("{reference}: {}", reply.text()),
        }
        assert!(tally.lost.len() < 20, "disk_full: acknowledged and lost: {}", tally.lost.join(", "));
    }
    panic!("2,000 writes on a full disk and no refusal");
}

/// Reliability: disk full.
#[test]
fn on_a_full_disk_writes_are_refused_at_once_and_reads_go_on() {
    // Each round may write the whole disk full; more of them say no more.
    hold(None, rounds(2).min(20));
}

#[cfg(debug_assertions)]
#[test]
fn the_disk_drill_notices_a_commit_whose_error_is_ignored() {
    let bug = "commit.error_ignored";
    if binary().is_none() {
        return skipped(bug, "there is no server to fill the disk of");
    }
    // Where nothing can be mounted the drill itself was skipped, with the reason.
    let probe = tempfile::tempdir().expect("a folder");
    if Disk::mount(probe.path()).is_ok() {
        crate::tally::must_fail(bug, &["acknowledged and lost"], || hold(Some(bug), 1));
    }
}
