//! Opening the file: one process, known settings, a known version.

use super::readers::{self, Reading};
use super::writer::{Message, Writer};
use super::{ALLOWED, Open, is_over};
use crate::stats::Counters;
use crate::{Fault, Settings};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc;

/// Earlier versions can corrupt the file when a checkpoint resets the WAL under a reader.
const LEAST_VERSION: i32 = 3_051_003;
/// Commands of a group nest deeper in a debug build than a thread's 2 MiB allow.
const STACK_BYTES: usize = 8 * 1024 * 1024;

impl Open {
    pub(super) fn start(settings: &Settings, counters: Arc<Counters>) -> Result<Self, Fault> {
        if rusqlite::version_number() < LEAST_VERSION {
            return Err(Fault::Schema(format!("SQLite {} is too old: 3.51.3 or newer is needed", rusqlite::version())));
        }
        let path = own_file(path_of(&settings.url)?)?;
        let lock = lock(&path)?;
        let connection = writing(&path)?;
        let mut reading = Vec::with_capacity(settings.readers);
        for _ in 0..settings.readers.max(1) {
            reading.push(reading_only(&path)?);
        }

        let allowed = settings.statement_timeout;
        let (writer, queue) = mpsc::channel::<Message>(settings.queue.max(1));
        let (readers, reads) = mpsc::channel::<Reading>(settings.queue.max(1));
        let reads = Arc::new(Mutex::new(reads));
        let own = Writer::new(connection, queue, settings.group.max(1), counters, lock);
        let mut threads = vec![thread("store-writer".to_owned(), allowed, move || own.run())?];
        for (i, connection) in reading.into_iter().enumerate() {
            let reads = Arc::clone(&reads);
            threads.push(thread(format!("store-reader-{i}"), allowed, move || readers::serve(connection, &reads))?);
        }
        Ok(Self { writer, readers, threads })
    }
}

fn thread(name: String, allowed: Duration, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Fault> {
    let started = std::thread::Builder::new().name(name).stack_size(STACK_BYTES).spawn(move || {
        ALLOWED.set(Some(allowed));
        run();
    });
    Ok(started?)
}

fn path_of(url: &str) -> Result<PathBuf, Fault> {
    let path = url.strip_prefix("sqlite://").unwrap_or_default();
    if path.is_empty() {
        return Err(Fault::Schema("a database URL is sqlite:///absolute/path, sqlite://relative/path or postgres://…".to_owned()));
    }
    Ok(PathBuf::from(path))
}

/// Makes the file if missing, readable by its owner only (SQLite gives its WAL the same mode), and says
/// where it really is, so that two names of one file meet at one lock.
fn own_file(path: PathBuf) -> Result<PathBuf, Fault> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
    Ok(path.canonicalize()?)
}

fn lock(path: &Path) -> Result<File, Fault> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(PathBuf::from(name))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Fault::Schema(format!("another process has this database open: {}", path.display()))),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

fn writing(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
    let mut connection = Connection::open_with_flags(path, flags)?;
    // Bigger than the default of 4 MiB: a checkpoint is the whole tail of the write latency.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 8000;
         PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -65536;",
    )?;
    let journal: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    if journal != "wal" {
        return Err(Fault::Schema(format!("the journal mode is {journal}, not wal: does the file system hold shared memory?")));
    }
    common(&mut connection)?;
    Ok(connection)
}

fn reading_only(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -16384;")?;
    common(&mut connection)?;
    Ok(connection)
}

fn common(connection: &mut Connection) -> Result<(), Fault> {
    // No memory map: an I/O error in one is a SIGBUS that ends the process instead of a fault.
    connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0;")?;
    // "name" in double quotes is a column or an error, as on PostgreSQL, never silently a text.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(512);
    connection.progress_handler(1000, Some(is_over))?;
    Ok(())
}
