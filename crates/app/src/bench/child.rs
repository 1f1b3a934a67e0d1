//! The server under test: this very binary in a process of its own, killed at the end whatever happens.

use super::line::{Asked, Line};
use super::measure;
use super::place::Database;
use crate::house::Trouble;
use std::fs::OpenOptions;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to its first answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    process: Child,
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// From the start of the process to its first answer that it is ready.
    pub(super) ready_after: Duration,
}

impl Server {
    /// Starts it over a database that nobody has open, and waits until it is ready.
    ///
    /// # Errors
    /// It ends by itself or does not become ready.
    pub(super) async fn start(database: &Database) -> Result<Self, Trouble> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = OpenOptions::new().create(true).append(true).open(database.data.join("server.log"))?;
        let begun = Instant::now();
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--data").arg(&database.data).arg("--database").arg(&database.url).args(["serve", "--listen", &address.to_string()]);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let kept = std::env::vars().filter(|(name, _)| !name.starts_with("TRADEPOST_") || name.starts_with("TRADEPOST_TEST_"));
        command.env_clear().envs(kept).env("TRADEPOST_LOG", "warn");
        for limit in ["PER_CALLER", "PER_PARTNERSHIP", "PER_ADDRESS", "PROMPT_MS"] {
            command.env(format!("TRADEPOST_LIMITS_{limit}"), "0");
        }
        let mut server = Self { process: command.spawn()?, address, ready_after: Duration::ZERO };
        while !is_ready(address).await {
            if begun.elapsed() > PATIENCE || server.process.try_wait()?.is_some() {
                return Err(Trouble(format!("the server did not become ready: {}", tail(database))));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.ready_after = begun.elapsed();
        Ok(server)
    }

    /// Its process.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Resident memory in KiB: now, and the most so far.
    pub(super) fn memory_kib(&self) -> (u64, u64) {
        let read = |name| measure::memory_kib(self.id(), name).unwrap_or(0);
        (read("VmRSS"), read("VmHWM"))
    }

    /// From now on the most is counted anew.
    pub(super) fn forget_most_memory(&self) {
        // Where that is not allowed the figure is the most since the start.
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.id()), "5");
    }

    /// Ends it by SIGKILL: no handler, no farewell. What it acknowledged must be there all the same.
    pub(super) fn kill(mut self) -> Result<(), Trouble> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    /// A run that fails leaves no server behind.
    fn drop(&mut self) {
        let _gone_already = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut line) = Line::connect(address).await else { return false };
    line.ask(&Asked::get("/health/ready", "")).await.is_ok_and(|answer| answer.status == 200)
}

/// The last lines of its log.
pub(super) fn tail(database: &Database) -> String {
    let log = std::fs::read_to_string(database.data.join("server.log")).unwrap_or_default();
    let last: Vec<&str> = log.lines().rev().take(5).collect();
    last.into_iter().rev().collect::<Vec<_>>().join("\n")
}
