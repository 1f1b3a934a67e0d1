//! The real server in a process of its own: for drills that kill it, cut its lines and fill its disk.

use crate::http::{Asker, Http};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The server to start, where there is one: a debug build, which holds every bug and fail point. `TRADEPOST_BIN` names it,
/// else it lies beside this test's own.
#[must_use]
pub fn binary() -> Option<PathBuf> {
    let told = std::env::var_os("TRADEPOST_BIN").map(PathBuf::from);
    let beside = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join("tradepost"));
    told.or_else(beside).filter(|path| path.is_file())
}

/// What every process of a drill is started with.
#[derive(Clone, Debug)]
pub struct Place {
    /// The binary.
    pub binary: PathBuf,
    /// Its data folder.
    pub data: PathBuf,
    /// The database's URL.
    pub database: String,
    /// The bug or fail point that the process is started with.
    pub bug: Option<String>,
}

impl Place {
    /// The command line, with a bare environment. The server believes `X-Forwarded-For`, so that a thousand clients of
    /// one machine are a thousand addresses to it, and has no limits on rates: a drill may ask as fast as it likes.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("TRADEPOST_TRUSTED_PROXIES", "1");
        for limit in ["PER_CALLER", "PER_PARTNERSHIP", "PER_ADDRESS"] {
            command.env(format!("TRADEPOST_LIMITS_{limit}"), "0");
        }
        if let Some(bug) = &self.bug {
            command.env("TRADEPOST_TEST_SABOTAGE", bug);
        }
        command.arg("--data").arg(&self.data).arg("--database").arg(&self.database).stdin(Stdio::null());
        command
    }

    /// Starts the server and waits until it is ready.
    ///
    /// # Panics
    /// Where it does not become ready.
    pub async fn serve(&self) -> Server {
        self.try_serve().await.unwrap_or_else(|status| panic!("it ended by itself ({status}): {}", self.last_words()))
    }

    /// The same for one that may end on its way up.
    ///
    /// # Errors
    /// How it ended.
    ///
    /// # Panics
    /// Where it neither ends nor becomes ready.
    pub async fn try_serve(&self) -> Result<Server, ExitStatus> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log()).expect("a log");
        let begun = Instant::now();
        let mut command = self.command();
        command.args(["serve", "--listen", &format!("127.0.0.1:{port}")]).stdout(log.try_clone().expect("a log")).stderr(log);
        let process = command.spawn().expect("the server starts");
        let mut server = Server { process, http: Http::at(&format!("http://127.0.0.1:{port}")), address: ([127, 0, 0, 1], port).into(), ready: Duration::MAX };
        while server.http.nobody().try_send("GET", "/health/ready", None).await.map_or(0, |reply| reply.status) != 200 {
            assert!(begun.elapsed() < Duration::from_secs(60), "not ready: {}", self.last_words());
            if let Some(status) = server.ended() {
                return Err(status);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.ready = begun.elapsed();
        Ok(server)
    }

    /// `tradepost verify`, beside the running server.
    ///
    /// # Panics
    /// Where it is not clean.
    pub async fn verify(&self) {
        let mut command = self.command();
        command.args(["verify", "--json"]);
        let done = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic").expect("verify runs");
        assert!(done.status.success(), "verify: {}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    }

    /// The same place through another door to its database.
    #[must_use]
    pub fn through(&self, database: &str) -> Self {
        Self { database: database.to_owned(), ..self.clone() }
    }

    /// A number that the database holds, read past the server.
    ///
    /// # Panics
    /// Where the database refuses.
    pub async fn count(&self, sql: &str) -> i64 {
        if let Some(path) = self.database.strip_prefix("sqlite://") {
            let connection = rusqlite::Connection::open(path).expect("the file opens");
            connection.busy_timeout(Duration::from_secs(5)).expect("patience");
            return connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        let (client, connection) = tokio_postgres::connect(&self.database, tokio_postgres::NoTls).await.expect("the server answers");
        tokio::spawn(connection);
        client.query_one(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
    }

    fn log(&self) -> PathBuf {
        // Beside the data folder's own files: a full disk must not be the log's doing.
        std::env::temp_dir().join(format!("tradepost-drill-{}-{}.log", std::process::id(), name_of(&self.data)))
    }

    /// The last lines of the server's log.
    #[must_use]
    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        log.lines().rev().take(5).collect::<Vec<_>>().join("\n")
    }

    /// Takes the log away; a drill that failed leaves it.
    pub fn forget_log(&self) {
        drop(std::fs::remove_file(self.log()));
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A server in a process of its own. It is killed when it is dropped: a drill that fails leaves none behind.
pub struct Server {
    process: Child,
    /// Where it answers.
    pub http: Http,
    /// The same, for those who speak past a client library.
    pub address: std::net::SocketAddr,
    /// How long it took from the start to the first answer.
    pub ready: Duration,
}

impl Server {
    /// SIGKILL: no handler, no farewell.
    ///
    /// # Panics
    /// Where it cannot be killed.
    pub fn kill(mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("gone");
    }

    /// Whether it has ended, and how.
    ///
    /// # Panics
    /// Where the system does not say.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().expect("a process")
    }

    /// One of several clients, at an address of its own.
    #[must_use]
    pub fn client(&self, n: usize, key: &str) -> Asker {
        self.http.with(key).header("x-forwarded-for", &format!("10.{}.{}.{}", (n >> 16) & 255, (n >> 8) & 255, n & 255))
    }

    /// The sum of a metric over those of its lines that hold `label`; 0 where it was never counted.
    ///
    /// # Panics
    /// Where the server does not answer.
    pub async fn metric(&self, name: &str, label: &str) -> u64 {
        let text = self.http.nobody().get("/metrics").await.text();
        let of = |line: &str| line.split(['{', ' ']).next() == Some(name) && line.contains(label);
        text.lines().filter(|line| of(line)).filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    /// Bytes of memory that it holds now.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone_already = self.process.kill();
        let _gone_already = self.process.wait();
    }
}
