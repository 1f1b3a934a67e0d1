//! The minimal schema on SQLite: one connection, set as the server sets its own.

use super::{ACCOUNTS, BALANCE, Deed, Dice, PRICE, PRODUCTS, SALES, Wanted, account_id};
use rusqlite::{CachedStatement, Connection, params};
use std::path::Path;
use std::time::Instant;

const SCHEMA: &str = "
    CREATE TABLE bare_account (id BLOB PRIMARY KEY, balance INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE bare_key (id BLOB PRIMARY KEY, product INTEGER NOT NULL, place INTEGER NOT NULL, state INTEGER NOT NULL, sealed BLOB NOT NULL, sold BLOB);
    CREATE TABLE bare_sale (id BLOB PRIMARY KEY, account BLOB NOT NULL, external TEXT NOT NULL, product INTEGER NOT NULL, amount INTEGER NOT NULL,
        at_ms INTEGER NOT NULL, UNIQUE (account, external));
    CREATE TABLE bare_license (id BLOB PRIMARY KEY, sale BLOB NOT NULL REFERENCES bare_sale (id), key BLOB NOT NULL REFERENCES bare_key (id));
    CREATE TABLE bare_invoice (id BLOB PRIMARY KEY, sale BLOB NOT NULL REFERENCES bare_sale (id), amount INTEGER NOT NULL);
    CREATE TABLE bare_entry (sale BLOB NOT NULL, place INTEGER NOT NULL, account BLOB NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (sale, place)) WITHOUT ROWID;
    CREATE TABLE bare_outbox (id BLOB PRIMARY KEY, body TEXT NOT NULL, position INTEGER);
    CREATE TABLE bare_command (key TEXT PRIMARY KEY, hash BLOB NOT NULL, outcome TEXT NOT NULL, at_ms INTEGER NOT NULL);";
const INDEXES: &str = "CREATE INDEX bare_key_available ON bare_key (product, place) WHERE state = 0;
    CREATE INDEX bare_outbox_waiting ON bare_outbox (id) WHERE position IS NULL;";

/// The open file.
pub(in crate::bench) struct Lite {
    connection: Connection,
    dice: Dice,
}

impl Lite {
    /// Makes the file with so many keys.
    pub(super) fn open(path: &Path, keys: usize) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;
             PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON;",
        )?;
        connection.set_prepared_statement_cache_capacity(64);
        let lite = Self { connection, dice: Dice::new() };
        lite.connection.execute_batch(&format!("BEGIN;{SCHEMA}"))?;
        for nth in (0..ACCOUNTS).chain([SALES]) {
            lite.connection.execute("INSERT INTO bare_account VALUES (?1, ?2)", params![account_id(nth), BALANCE])?;
        }
        {
            let mut key = lite.prepared("INSERT INTO bare_key VALUES (?1, ?2, ?3, 0, zeroblob(60), NULL)")?;
            for nth in 0..keys {
                key.execute(params![lite.dice.id(), (nth % PRODUCTS) as i64, nth as i64])?;
            }
        }
        lite.connection.execute_batch(&format!("{INDEXES} COMMIT; PRAGMA wal_checkpoint(TRUNCATE);"))?;
        Ok(lite)
    }

    /// Until the moment or the count; says how much was done.
    pub(super) fn run(&mut self, deed: Deed, per_commit: usize, until: Instant, count: usize) -> rusqlite::Result<usize> {
        let mut done = 0;
        while done + per_commit <= count && Instant::now() < until {
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
            for _ in 0..per_commit {
                self.one(deed)?;
            }
            self.connection.execute_batch("COMMIT")?;
            done += per_commit;
        }
        Ok(done)
    }

    fn prepared(&self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.connection.prepare_cached(sql)
    }

    fn one(&self, deed: Deed) -> rusqlite::Result<()> {
        let (wanted, now) = (self.dice.wanted(), self.dice.now());
        let amount = PRICE * deed.keys() as i64;
        let account = account_id(wanted.account);
        self.prepared("INSERT INTO bare_command VALUES (?1, zeroblob(32), '{\"sale\":\"ful_01h455vb4pex5vsknk084sn02q\"}', ?2) ON CONFLICT DO NOTHING")?
            .execute(params![wanted.key, now])?;
        let paid = self.prepared("UPDATE bare_account SET balance = balance - ?2 WHERE id = ?1 AND balance >= ?2")?.execute(params![account, amount])?;
        assert_eq!(paid, 1, "enough money");
        self.prepared("UPDATE bare_account SET balance = balance + ?2 WHERE id = ?1")?.execute(params![account_id(SALES), amount])?;
        self.prepared("INSERT INTO bare_sale VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute(params![
            wanted.id,
            account,
            wanted.key,
            wanted.product,
            amount,
            now
        ])?;
        self.keys(deed, &wanted)?;
        let mut entry = self.prepared("INSERT INTO bare_entry VALUES (?1, ?2, ?3, ?4)")?;
        entry.execute(params![wanted.id, 0, account, -amount])?;
        entry.execute(params![wanted.id, 1, account_id(SALES), amount])?;
        if deed == Deed::Order {
            self.prepared("INSERT INTO bare_invoice VALUES (?1, ?2, ?3)")?.execute(params![self.dice.id(), wanted.id, amount])?;
        }
        self.prepared("INSERT INTO bare_outbox VALUES (?1, '{\"quantity\":1}', NULL)")?.execute(params![self.dice.id()])?;
        Ok(())
    }

    fn keys(&self, deed: Deed, wanted: &Wanted) -> rusqlite::Result<()> {
        let (items, each) = deed.items();
        let mut claim = self.prepared("SELECT id FROM bare_key WHERE product = ?1 AND state = 0 ORDER BY place LIMIT ?2")?;
        let mut take = self.prepared("UPDATE bare_key SET state = 2, sold = ?2 WHERE id = ?1 AND state = 0")?;
        let mut license = self.prepared("INSERT INTO bare_license VALUES (?1, ?2, ?3)")?;
        for item in 0..items {
            let product = (wanted.product + item as i64 * 3) % PRODUCTS as i64;
            let keys: Vec<[u8; 16]> = claim.query_map(params![product, each as i64], |row| row.get(0))?.collect::<Result<_, _>>()?;
            assert_eq!(keys.len(), each, "enough keys");
            for key in keys {
                assert_eq!(take.execute(params![key, wanted.id])?, 1);
                license.execute(params![self.dice.id(), wanted.id, key])?;
            }
        }
        Ok(())
    }
}
