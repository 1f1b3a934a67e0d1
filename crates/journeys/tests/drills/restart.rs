//! PostgreSQL restarts under load, without a farewell to anybody (`pg_ctl restart -m immediate`): nothing that was
//! acknowledged is lost, and the server goes on by itself. On a cluster of the drill's own.

use crate::load::{Stage, Writing, check_all, count_all};
use crate::tally::{Tally, allowed, rounds, skipped};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tradepost_testkit::Kind;
use tradepost_testkit::process::{Place, binary};

/// From the restart's end to the first success.
const FIRST_SUCCESS: Duration = Duration::from_secs(5);

/// A cluster of its own, made and ended by `scripts/test-postgres`.
struct Cluster {
    folder: tempfile::TempDir,
    url: String,
}

impl Cluster {
    fn start() -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("tradepost-pg-").tempdir_in("/var/tmp").map_err(|error| error.to_string())?;
        let url = Self::script(folder.path(), "start")?;
        Ok(Self { folder, url })
    }

    fn script(folder: &Path, what: &str) -> Result<String, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/test-postgres");
        let done = Command::new(script).arg(what).env("TRADEPOST_TEST_POSTGRES_DIR", folder).output().map_err(|error| error.to_string())?;
        let (said, complained) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        if done.status.success() { Ok(said.trim().to_owned()) } else { Err(complained.trim().to_owned()) }
    }

    /// The immediate restart: every session is cut, and recovery runs.
    fn restart(&self) {
        let data = self.folder.path().join("data");
        let owner: PathBuf = pg_ctl().expect("pg_ctl");
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|done| done.stdout.starts_with(b"0\n"));
        let mut command = if is_root { Command::new("runuser") } else { Command::new(&owner) };
        if is_root {
            command.args(["-u", "postgres", "--"]).arg(&owner);
        }
        command.arg("-D").arg(&data).args(["-m", "immediate", "-w", "-l"]).arg(self.folder.path().join("log")).arg("restart").current_dir("/");
        let done = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status().expect("pg_ctl runs");
        assert!(done.success(), "PostgreSQL did not restart");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(Self::script(self.folder.path(), "stop"));
    }
}

fn pg_ctl() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path().join("bin/pg_ctl"))).collect();
    versions.retain(|path| path.is_file());
    versions.sort();
    versions.pop()
}

fn hold(bug: Option<&'static str>, rounds: usize) {
    let Some(binary) = binary() else { return skipped("postgres_restart", "there is no server to cut off: cargo build -p tradepost") };
    if Kind::Postgres.is_skipped() || pg_ctl().is_none() {
        return skipped("postgres_restart", "there is no PostgreSQL to restart");
    }
    let cluster = match Cluster::start() {
        Ok(cluster) => cluster,
        Err(why) => return skipped("postgres_restart", &format!("no cluster of its own can be made here: {why}")),
    };
    // Kept until the database in it is dropped.
    let cluster = std::sync::Arc::new(cluster);
    let (url, restarting) = (cluster.url.clone(), cluster.clone());
    tradepost_testkit::run_at(Kind::Postgres, &url, move |app| async move {
        let stage = Stage::set(&app, 16, 2_000 + 300 * rounds).await;
        stage.leave(&app).await;
        let place = Place { binary, data: app.folder().to_owned(), database: app.url.clone(), bug: bug.map(str::to_owned) };
        let server = place.serve().await;
        let mut clients = stage.clients(&server);
        let mut tally = Tally::of("postgres_restart", Kind::Postgres, bug);
        for _ in 0..rounds {
            let writing = Writing::begin(&mut clients, usize::MAX / 4);
            writing.until(20, || place.last_words()).await;
            let cluster = restarting.clone();
            tokio::task::spawn_blocking(move || cluster.restart()).await.expect("it restarts");
            let (restarted, before) = (Instant::now(), writing.count());
            writing.until(before + 1, || place.last_words()).await;
            tally.waited(restarted.elapsed());
            clients = writing.stop().await;
            check_all(&mut clients, &mut tally).await;
            tally.rounds += 1;
        }
        count_all(&clients, &place, &mut tally).await;
        place.verify().await;
        place.forget_log();
        let worst = tally.worst;
        tally.finish();
        assert!(worst < allowed(FIRST_SUCCESS), "the first success after a restart took {worst:?}");
    });
    drop(cluster);
}

/// PLT-3, reliability: a restart of PostgreSQL.
#[test]
fn a_restart_of_postgres_loses_nothing_that_was_acknowledged() {
    hold(None, rounds(3));
}

#[cfg(debug_assertions)]
#[test]
fn the_restart_drill_notices_a_lost_commit() {
    let bug = "commit.lost";
    if Kind::Postgres.is_skipped() || pg_ctl().is_none() || binary().is_none() {
        return skipped(bug, "there is no server to cut off, or no PostgreSQL to restart");
    }
    crate::tally::must_fail(bug, &["acknowledged and lost"], || hold(Some(bug), 6));
}
