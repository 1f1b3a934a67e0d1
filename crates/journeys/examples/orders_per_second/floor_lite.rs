//! The floor on SQLite: prepared statements on one connection, set as the server sets its own.

use crate::rows::{Plan, Planned, Sample};
use crate::seed::{QUANTITY, Seeded};
use rusqlite::{CachedStatement, Connection, params};

/// The open copy.
pub struct Floor {
    connection: Connection,
    plan: Plan,
}

const LICENSE: &str = "INSERT INTO license (merchant, id, orders, item, partnership, product, method, stage, status, end_user_information,
    needs_reseller_information, license_key, distributed_ms, created_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'key_pool', 'available', 'not_fulfilled', 'none', 0, ?7, NULL, ?8)";
const ORDER: &str = "UPDATE orders SET number = ?3, place = ?4, state = 'complete', total_minor = 195000, on_credit = 1, placed_ms = ?5, released_ms = ?5,
    completed_ms = ?5, updated_ms = ?5, version = version + 1 WHERE merchant = ?1 AND id = ?2 AND state = 'draft'";
const INVOICE: &str =
    "INSERT INTO invoice (merchant, id, series, sequence, number, partnership, issued_on, due_on, currency, total_minor, body, created_ms, paid_ms)
    VALUES (?1, ?2, 'INV', ?3, ?4, ?5, '2026-03-02', '2026-04-01', 'USD', 195000, ?6, ?7, NULL)";
const COMMAND: &str = "INSERT INTO command (merchant, id, name, scope, route, idempotency_key, body_hash, outcome, at_ms)
    VALUES (?1, ?2, 'orders.place', ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
const AUDIT: &str =
    "INSERT INTO audit (merchant, id, command, at_ms, actor_kind, actor_id, actor_name, action, subject_kind, subject, partnership, before_json,
    after_json, address, request_id) VALUES (?1, ?2, ?3, ?4, 'key', ?5, 'Bench', ?6, ?7, ?8, ?9, NULL, ?10, '127.0.0.1', 'req_0123456789abcdef')";
const EVENT: &str =
    "INSERT INTO outbox (merchant, id, partnership, kind, subject_kind, subject, body, at_ms, due_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)";

impl Floor {
    /// Opens the copy and the accounts and counters that the statements expect.
    pub fn open(path: &str, seeded: &Seeded, sample: &Sample) -> Self {
        let connection = Connection::open(path).expect("the copy opens");
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;
                 PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON;
                 INSERT INTO counter (merchant, name, value) VALUES (1, 'floor order', 0), (1, 'floor invoice', 0);",
            )
            .expect("settings");
        connection.set_prepared_statement_cache_capacity(512);
        let plan = Plan::new(seeded, sample);
        let account = "INSERT INTO account (merchant, id, partnership, kind, currency, balance_minor) VALUES (?1, ?2, ?3, ?4, 'USD', 0)";
        for partnership in &seeded.partnerships {
            connection.execute(account, params![plan.merchant, partnership.bytes(), partnership.bytes(), "receivable"]).expect("an account");
        }
        connection.execute(account, params![plan.merchant, [1_u8; 16], [0_u8; 16], "sales"]).expect("an account");
        Self { connection, plan }
    }

    /// Places so many orders, `group` in a commit.
    pub fn place(&mut self, group: usize, count: usize) {
        let orders: Vec<usize> = self.plan.take(count).collect();
        for group in orders.chunks(group) {
            self.connection.execute_batch("BEGIN IMMEDIATE").expect("BEGIN");
            for nth in group {
                self.order(&self.plan.sample.orders[*nth]).expect("an order");
            }
            self.connection.execute_batch("COMMIT").expect("COMMIT");
        }
    }

    fn prepared(&self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.connection.prepare_cached(sql)
    }

    fn order(&self, order: &Planned) -> rusqlite::Result<()> {
        let (merchant, now, units) = (self.plan.merchant, self.plan.now(), i64::try_from(QUANTITY).expect("a small number"));
        let mut claim = self.prepared("SELECT id FROM license_key WHERE merchant = ?1 AND product = ?2 AND state = 0 ORDER BY place LIMIT ?3")?;
        let mut take = self.prepared("UPDATE license_key SET state = 2, license = ?3 WHERE merchant = ?1 AND id = ?2 AND state = 0")?;
        let mut license = self.prepared(LICENSE)?;
        let mut stock = self.prepared("UPDATE stock SET available = available - ?3, allocated = allocated + ?3 WHERE merchant = ?1 AND product = ?2")?;
        let mut item = self.prepared("UPDATE order_item SET unit_minor = 2600, line_minor = 65000, explanation = ?3 WHERE merchant = ?1 AND id = ?2")?;
        for (id, product) in &order.items {
            let keys: Vec<[u8; 16]> = claim.query_map(params![merchant, product, units], |row| row.get(0))?.collect::<Result<_, _>>()?;
            assert_eq!(keys.len(), QUANTITY, "enough keys");
            for key in keys {
                let made = self.plan.id();
                assert_eq!(take.execute(params![merchant, key, made])?, 1);
                license.execute(params![merchant, made, order.order, id, order.partnership, product, key, now])?;
            }
            stock.execute(params![merchant, product, units])?;
            item.execute(params![merchant, id, self.plan.sample.explanation])?;
        }
        self.books(order, now)?;
        self.papers(order, now)
    }

    fn books(&self, order: &Planned, now: i64) -> rusqlite::Result<()> {
        let merchant = self.plan.merchant;
        let transfer = self.plan.id();
        self.prepared("UPDATE partnership SET orders_placed = orders_placed + 1 WHERE merchant = ?1 AND id = ?2")?
            .execute(params![merchant, order.partnership])?;
        self.prepared("INSERT INTO transfer (merchant, id, kind, reference, reason, at_ms) VALUES (?1, ?2, 'order_placed', ?3, 'order placed', ?4)")?
            .execute(params![merchant, transfer, order.order, now])?;
        let mut entry = self.prepared("INSERT INTO entry (merchant, transfer, place, account, amount_minor) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        let mut balance = self.prepared("UPDATE account SET balance_minor = balance_minor + ?3 WHERE merchant = ?1 AND id = ?2")?;
        for (place, account, amount) in [(0, order.partnership, 195_000), (1, [1; 16], -195_000)] {
            entry.execute(params![merchant, transfer, place, account, amount])?;
            balance.execute(params![merchant, account, amount])?;
        }
        Ok(())
    }

    fn papers(&self, order: &Planned, now: i64) -> rusqlite::Result<()> {
        let (merchant, sample) = (self.plan.merchant, &self.plan.sample);
        let mut next = self.prepared("UPDATE counter SET value = value + 1 WHERE merchant = ?1 AND name = ?2 RETURNING value")?;
        let sequence: i64 = next.query_row(params![merchant, "floor order"], |row| row.get(0))?;
        let invoice_sequence: i64 = next.query_row(params![merchant, "floor invoice"], |row| row.get(0))?;
        assert_eq!(self.prepared(ORDER)?.execute(params![merchant, order.order, format!("2026-{sequence:06}"), sequence, now])?, 1);
        let (invoice, command) = (self.plan.id(), self.plan.id());
        self.prepared(INVOICE)?.execute(params![
            merchant,
            invoice,
            invoice_sequence,
            format!("INV-{invoice_sequence:06}"),
            order.partnership,
            sample.invoice,
            now
        ])?;
        self.prepared("INSERT INTO invoice_order (merchant, invoice, orders, amount_minor) VALUES (?1, ?2, ?3, 195000)")?.execute(params![
            merchant,
            invoice,
            order.order
        ])?;
        let key = format!("confirm-{:032x}", u128::from_be_bytes(order.order));
        let route = format!("POST /v1/reseller/orders/ord_{:026x}/confirm", u128::from_be_bytes(order.order));
        self.prepared(COMMAND)?.execute(params![merchant, command, order.partnership, route, key, [0_u8; 32], sample.outcome, now])?;
        let subject = |kind: &str| if kind == "inv" { invoice } else { order.order };
        let (mut audit, mut event) = (self.prepared(AUDIT)?, self.prepared(EVENT)?);
        for (action, kind, after) in &sample.audits {
            audit.execute(params![merchant, self.plan.id(), command, now, order.partnership, action, kind, subject(kind), order.partnership, after])?;
        }
        for (name, kind, body) in &sample.events {
            event.execute(params![merchant, self.plan.id(), order.partnership, name, kind, subject(kind), body, now])?;
        }
        Ok(())
    }
}
