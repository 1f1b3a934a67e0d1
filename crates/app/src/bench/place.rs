//! Where a benchmark's databases lie: in a new folder on a real disk, or as new databases of a PostgreSQL server. All of
//! it is gone afterwards; nothing that was there before is touched.

use crate::config::{Flags, Rates, Settings};
use crate::house::{House, Trouble};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tokio_postgres::NoTls;
use tradepost_kernel::Environment;

/// The databases of one run.
#[derive(Debug)]
pub(super) struct Place {
    /// Of this run; removed with it.
    pub(super) folder: PathBuf,
    /// The PostgreSQL server, as a URL without a database; `None`: SQLite.
    server: Option<String>,
    /// The database that the URL named.
    named: String,
    /// PostgreSQL databases that were made.
    made: Mutex<Vec<String>>,
}

/// One database and the folder of its master key.
#[derive(Clone, Debug)]
pub(super) struct Database {
    /// The data folder.
    pub(super) data: PathBuf,
    /// `sqlite://…` or `postgres://…`.
    pub(super) url: String,
}

impl Database {
    /// The settings of a house over it, without limits on rates and with nothing logged but warnings.
    pub(super) fn settings(&self) -> Result<Settings, Trouble> {
        let flags = Flags { data: Some(self.data.clone()), database: Some(self.url.clone()), ..Flags::default() };
        let mut settings = Settings::read(&flags, std::iter::empty()).map_err(|error| Trouble(error.to_string()))?;
        settings.rates = Rates { per_caller: Some(None), per_partnership: Some(None), per_address: Some(None), prompt: Some(None) };
        Ok(settings)
    }

    /// Opens it in this process.
    pub(super) async fn open(&self) -> Result<House, Trouble> {
        House::open(self.settings()?, Environment::system()).await
    }

    /// Bytes of the folder: database, log and lock.
    pub(super) fn bytes(&self) -> u64 {
        let entries = std::fs::read_dir(&self.data).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
    }
}

impl Place {
    /// Makes the folder below `data` (by default in the user's cache).
    ///
    /// # Errors
    /// It would lie on a RAM disk, where durability costs nothing; it cannot be made; the URL is none.
    pub(super) fn make(data: Option<&Path>, database: Option<&str>) -> Result<Self, Trouble> {
        let cache = || std::env::var_os("HOME").map_or_else(std::env::temp_dir, |home| PathBuf::from(home).join(".cache")).join("tradepost/bench");
        let below = data.map_or_else(cache, Path::to_owned);
        let server = match database {
            None => None,
            Some(url) if url == "sqlite" || url.starts_with("sqlite://") => None,
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => Some(without_database(url).to_owned()),
            Some(other) => return Err(Trouble(format!("database: {other} is neither sqlite nor postgres://…"))),
        };
        let folder = below.join(format!("{:016x}", u64::from_be_bytes(Environment::system().random())));
        std::fs::create_dir_all(&folder).map_err(|error| Trouble(format!("{}: {error}", folder.display())))?;
        let named = database.map_or("", database_of).to_owned();
        let place = Self { folder, server, named, made: Mutex::new(Vec::new()) };
        if is_ram_disk(&place.folder) {
            return Err(Trouble(format!("{} is on a RAM disk, where durability costs nothing: name a folder by --data", below.display())));
        }
        Ok(place)
    }

    /// `sqlite` or `postgres`.
    pub(super) const fn engine(&self) -> &'static str {
        if self.server.is_some() { "postgres" } else { "sqlite" }
    }

    /// A new, empty database.
    pub(super) async fn database(&self, name: &str) -> Result<Database, Trouble> {
        let data = self.folder.join(name);
        std::fs::create_dir_all(&data)?;
        let Some(server) = &self.server else {
            let url = format!("sqlite://{}", data.join("tradepost.db").display());
            return Ok(Database { data, url });
        };
        let database = self.new_name(name);
        admin(server, &format!("CREATE DATABASE {database}")).await?;
        Ok(Database { data, url: format!("{server}/{database}") })
    }

    /// A copy of a database that nobody has open, with its master key.
    pub(super) async fn copy(&self, of: &Database, name: &str) -> Result<Database, Trouble> {
        let data = self.folder.join(name);
        std::fs::create_dir_all(&data)?;
        std::fs::copy(of.data.join("master.key"), data.join("master.key"))?;
        let Some(server) = &self.server else {
            let (from, to) = (of.data.join("tradepost.db"), data.join("tradepost.db"));
            std::fs::copy(from, &to)?;
            std::fs::File::open(&to)?.sync_all()?;
            return Ok(Database { data: data.clone(), url: format!("sqlite://{}", to.display()) });
        };
        let database = self.new_name(name);
        let template = of.url.rsplit_once('/').map_or("", |(_, name)| name);
        admin(server, &format!("CREATE DATABASE {database} TEMPLATE {template}{}", by_files(server).await?)).await?;
        Ok(Database { data, url: format!("{server}/{database}") })
    }

    /// The same database for a second server: a data folder of its own with the same master key.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub(super) fn beside(&self, of: &Database, name: &str) -> Result<Database, Trouble> {
        let data = self.folder.join(name);
        std::fs::create_dir_all(&data)?;
        std::fs::copy(of.data.join("master.key"), data.join("master.key"))?;
        Ok(Database { data, url: of.url.clone() })
    }

    /// A copy of a data folder that nobody has open; on PostgreSQL its database is the one that the URL named.
    pub(super) async fn adopt(&self, data: &Path, name: &str) -> Result<Database, Trouble> {
        let url = match &self.server {
            None => format!("sqlite://{}", data.join("tradepost.db").display()),
            Some(server) => format!("{server}/{}", self.named),
        };
        self.copy(&Database { data: data.to_owned(), url }, name).await
    }

    fn new_name(&self, name: &str) -> String {
        let run = self.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let database = format!("tradepost_bench_{run}_{name}");
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(database.clone());
        database
    }

    /// Drops the databases of the server; the folder goes with the value.
    pub(super) async fn clear(&self) {
        let made = std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner));
        for database in made {
            let Some(server) = &self.server else { return };
            if let Err(error) = admin(server, &format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)")).await {
                tracing::warn!(%error, database, "a database of the benchmark is left over");
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// `postgres://user@host:port`, without database and options.
fn without_database(url: &str) -> &str {
    let begin = url.find("://").map_or(0, |at| at + 3);
    url[begin..].find('/').map_or(url, |at| &url[..begin + at])
}

/// The database in a URL, without options.
fn database_of(url: &str) -> &str {
    url[without_database(url).len()..].trim_start_matches('/').split('?').next().unwrap_or("")
}

async fn admin(server: &str, statement: &str) -> Result<(), Trouble> {
    let trouble = |error: tokio_postgres::Error| Trouble(format!("{statement}: {error}"));
    asked(server, async |client| client.batch_execute(statement).await.map_err(trouble)).await
}

/// Has the server copy files instead of writing every page of a copy into its log, where it can (from version 15 on).
async fn by_files(server: &str) -> Result<&'static str, Trouble> {
    let trouble = |error: tokio_postgres::Error| Trouble(format!("the server's version: {error}"));
    let version = async |client: &tokio_postgres::Client| {
        let row = client.query_one("SELECT current_setting('server_version_num')::int4", &[]).await.map_err(trouble)?;
        row.try_get::<_, i32>(0).map_err(trouble)
    };
    Ok(if asked(server, version).await? >= 150_000 { " STRATEGY file_copy" } else { "" })
}

/// What one connection to the server is used for.
async fn asked<T>(server: &str, what: impl AsyncFnOnce(&tokio_postgres::Client) -> Result<T, Trouble>) -> Result<T, Trouble> {
    let connected = tokio_postgres::connect(&format!("{server}/postgres"), NoTls).await;
    let (client, connection) = connected.map_err(|error| Trouble(format!("connecting to the server: {error}")))?;
    let talking = tokio::spawn(connection);
    let done = what(&client).await;
    drop(client);
    let _ended = talking.await;
    done
}

/// By the longest mount point above the folder.
fn is_ram_disk(folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let entries = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((Path::new(words.next()?), words.next()?))
    });
    let nearest = entries.filter(|(mount, _)| folder.starts_with(mount)).max_by_key(|(mount, _)| mount.as_os_str().len());
    nearest.is_some_and(|(_, kind)| matches!(kind, "tmpfs" | "ramfs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_the_url_without_its_database() {
        for url in ["postgres://a:b@h:5/x?sslmode=disable", "postgres://a:b@h:5/", "postgres://a:b@h:5"] {
            assert_eq!(without_database(url), "postgres://a:b@h:5");
        }
        assert_eq!(["postgres://h/x?sslmode=disable", "postgres://h", "sqlite"].map(database_of), ["x", "", ""]);
    }

    #[test]
    fn a_ram_disk_is_told() {
        assert!(!Path::new("/dev/shm").exists() || is_ram_disk(Path::new("/dev/shm")));
        assert!(!is_ram_disk(Path::new("/")));
    }
}
