//! The floor on PostgreSQL: statements over sets, for one order or several in a commit, over a few connections.

use crate::rows::{Plan, Planned, Sample};
use crate::seed::{QUANTITY, Seeded};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, NoTls, Statement};

/// The open copy.
pub struct Floor {
    connections: Vec<Arc<Mutex<Connection>>>,
    plan: Arc<Plan>,
}

struct Connection {
    client: Client,
    prepared: HashMap<&'static str, Statement>,
}

/// Rows of byte strings, as an array.
type Ids<'a> = Vec<&'a [u8]>;

impl Floor {
    /// Opens eight connections, and the accounts and counters that the statements expect.
    pub async fn open(url: &str, seeded: &Seeded, sample: &Sample) -> Self {
        let mut connections = Vec::new();
        for _ in 0..8 {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the copy answers");
            tokio::spawn(connection);
            connections.push(Arc::new(Mutex::new(Connection { client, prepared: HashMap::new() })));
        }
        let plan = Plan::new(seeded, sample);
        let mut first = connections[0].lock().await;
        let account = "INSERT INTO account (merchant, id, partnership, kind, currency, balance_minor) VALUES ($1, $2, $3, $4, 'USD', 0)";
        for partnership in &seeded.partnerships {
            let id = partnership.bytes();
            first.run(account, &[&plan.merchant, &&id[..], &&id[..], &"receivable"]).await.expect("an account");
        }
        first.run(account, &[&plan.merchant, &&[1_u8; 16][..], &&[0_u8; 16][..], &"sales"]).await.expect("an account");
        for name in ["floor order", "floor invoice"] {
            first.run("INSERT INTO counter (merchant, name, value) VALUES ($1, $2, 0)", &[&plan.merchant, &name]).await.expect("a counter");
        }
        first.client.batch_execute("ANALYZE").await.expect("ANALYZE");
        drop(first);
        Self { connections, plan: Arc::new(plan) }
    }

    /// Places so many orders over so many connections, `set` in a commit.
    pub async fn place(&self, connections: usize, set: usize, count: usize) {
        let orders: Vec<usize> = self.plan.take(count).collect();
        let mut tasks = Vec::new();
        for nth in 0..connections {
            let mine: Vec<usize> = orders.iter().copied().filter(|order| order % connections == nth).collect();
            let (connection, plan) = (self.connections[nth].clone(), self.plan.clone());
            tasks.push(tokio::spawn(async move {
                let mut connection = connection.lock().await;
                for set in mine.chunks(set) {
                    let orders: Vec<&Planned> = set.iter().map(|nth| &plan.sample.orders[*nth]).collect();
                    connection.set(&plan, &orders).await.expect("a set of orders");
                }
            }));
        }
        for task in tasks {
            task.await.expect("a connection ends well");
        }
    }
}

/// A license to be made.
struct Made<'a> {
    id: [u8; 16],
    key: Vec<u8>,
    order: &'a Planned,
    item: &'a [u8; 16],
    product: i64,
}

impl Connection {
    async fn statement(&mut self, sql: &'static str) -> Result<Statement, Error> {
        if !self.prepared.contains_key(sql) {
            self.prepared.insert(sql, self.client.prepare(sql).await?);
        }
        Ok(self.prepared[sql].clone())
    }

    async fn run(&mut self, sql: &'static str, params: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        let statement = self.statement(sql).await?;
        self.client.execute(&statement, params).await
    }

    async fn set(&mut self, plan: &Plan, orders: &[&Planned]) -> Result<(), Error> {
        self.client.batch_execute("BEGIN").await?;
        let now = plan.now();
        let owners: Ids<'_> = orders.iter().map(|order| &order.partnership[..]).collect();
        self.run(
            "UPDATE partnership p SET orders_placed = orders_placed + r.n FROM (SELECT id, COUNT(*) AS n FROM unnest($2::bytea[]) AS r(id) GROUP BY id) r
            WHERE p.merchant = $1 AND p.id = r.id",
            &[&plan.merchant, &owners],
        )
        .await?;
        self.licenses(plan, orders, now).await?;
        self.books(plan, orders, now).await?;
        self.papers(plan, orders, now).await?;
        self.client.batch_execute("COMMIT").await
    }

    async fn licenses(&mut self, plan: &Plan, orders: &[&Planned], now: i64) -> Result<(), Error> {
        let mut need: BTreeMap<i64, i64> = BTreeMap::new();
        let quantity = i64::try_from(QUANTITY).expect("a small number");
        for (_, product) in orders.iter().flat_map(|order| &order.items) {
            *need.entry(*product).or_default() += quantity;
        }
        let mut keys: HashMap<i64, Vec<Vec<u8>>> = HashMap::new();
        for (product, count) in &need {
            let claim = self
                .statement("SELECT id FROM license_key WHERE merchant = $1 AND product = $2 AND state = 0 ORDER BY place LIMIT $3 FOR UPDATE SKIP LOCKED")
                .await?;
            let rows = self.client.query(&claim, &[&plan.merchant, product, count]).await?;
            keys.insert(*product, rows.iter().map(|row| row.get(0)).collect());
        }
        let mut made: Vec<Made<'_>> = Vec::new();
        for order in orders {
            for (item, product) in &order.items {
                let claimed = keys.get_mut(product).expect("claimed keys");
                made.extend(claimed.split_off(claimed.len() - QUANTITY).into_iter().map(|key| Made { id: plan.id(), key, order, item, product: *product }));
            }
        }
        let ids: Ids<'_> = made.iter().map(|made| &made.id[..]).collect();
        let taken: Ids<'_> = made.iter().map(|made| &made.key[..]).collect();
        self.run(
            "UPDATE license_key k SET state = 2, license = r.license FROM unnest($2::bytea[], $3::bytea[]) AS r(id, license)
            WHERE k.merchant = $1 AND k.id = r.id AND k.state = 0",
            &[&plan.merchant, &taken, &ids],
        )
        .await?;
        let of: Ids<'_> = made.iter().map(|made| &made.order.order[..]).collect();
        let items: Ids<'_> = made.iter().map(|made| &made.item[..]).collect();
        let owners: Ids<'_> = made.iter().map(|made| &made.order.partnership[..]).collect();
        let products: Vec<i64> = made.iter().map(|made| made.product).collect();
        self.run(
            "INSERT INTO license (merchant, id, orders, item, partnership, product, method, stage, status, end_user_information,
            needs_reseller_information, license_key, created_ms)
            SELECT $1, r.id, r.orders, r.item, r.partnership, r.product, 'key_pool', 'available', 'not_fulfilled', 'none', 0, r.license_key, $2
            FROM unnest($3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::int8[], $8::bytea[]) AS r(id, orders, item, partnership, product, license_key)",
            &[&plan.merchant, &now, &ids, &of, &items, &owners, &products, &taken],
        )
        .await?;
        Ok(())
    }

    async fn books(&mut self, plan: &Plan, orders: &[&Planned], now: i64) -> Result<(), Error> {
        let transfers: Vec<[u8; 16]> = orders.iter().map(|_| plan.id()).collect();
        let transfers: Ids<'_> = transfers.iter().map(|id| &id[..]).collect();
        let of: Ids<'_> = orders.iter().map(|order| &order.order[..]).collect();
        let owners: Ids<'_> = orders.iter().map(|order| &order.partnership[..]).collect();
        let sales: &[u8] = &[1; 16];
        self.run(
            "INSERT INTO transfer (merchant, id, kind, reference, reason, at_ms) SELECT $1, r.id, 'order_placed', r.reference, 'order placed', $2
            FROM unnest($3::bytea[], $4::bytea[]) AS r(id, reference)",
            &[&plan.merchant, &now, &transfers, &of],
        )
        .await?;
        self.run(
            "INSERT INTO entry (merchant, transfer, place, account, amount_minor)
            SELECT $1, r.id, s.place, CASE s.place WHEN 0 THEN r.account ELSE $4 END, CASE s.place WHEN 0 THEN 195000 ELSE -195000 END
            FROM unnest($2::bytea[], $3::bytea[]) AS r(id, account), (VALUES (0), (1)) AS s(place)",
            &[&plan.merchant, &transfers, &owners, &sales],
        )
        .await?;
        let total = 195_000 * i64::try_from(orders.len()).expect("a small number");
        self.run(
            "UPDATE account a SET balance_minor = balance_minor + r.n FROM (SELECT id, 195000 * COUNT(*) AS n FROM unnest($2::bytea[]) AS r(id) GROUP BY id) r
            WHERE a.merchant = $1 AND a.id = r.id",
            &[&plan.merchant, &owners],
        )
        .await?;
        self.run("UPDATE account SET balance_minor = balance_minor - $3 WHERE merchant = $1 AND id = $2", &[&plan.merchant, &sales, &total]).await?;
        let products: Vec<i64> = orders.iter().flat_map(|order| order.items.iter().map(|item| item.1)).collect();
        let quantity = i64::try_from(QUANTITY).expect("a small number");
        self.run(
            "UPDATE stock s SET available = available - r.n, allocated = allocated + r.n FROM (SELECT product, $3 * COUNT(*) AS n
            FROM unnest($2::int8[]) AS r(product) GROUP BY product) r WHERE s.merchant = $1 AND s.product = r.product",
            &[&plan.merchant, &products, &quantity],
        )
        .await?;
        let items: Ids<'_> = orders.iter().flat_map(|order| order.items.iter().map(|item| &item.0[..])).collect();
        self.run(
            "UPDATE order_item i SET unit_minor = 2600, line_minor = 65000, explanation = $3 FROM unnest($2::bytea[]) AS r(id)
            WHERE i.merchant = $1 AND i.id = r.id",
            &[&plan.merchant, &items, &plan.sample.explanation],
        )
        .await?;
        Ok(())
    }

    async fn next(&mut self, plan: &Plan, name: &str, count: i64) -> Result<i64, Error> {
        let next = self.statement("UPDATE counter SET value = value + $3 WHERE merchant = $1 AND name = $2 RETURNING value").await?;
        let last: i64 = self.client.query_one(&next, &[&plan.merchant, &name, &count]).await?.get(0);
        Ok(last - count + 1)
    }

    async fn papers(&mut self, plan: &Plan, orders: &[&Planned], now: i64) -> Result<(), Error> {
        let (merchant, sample, count) = (plan.merchant, &plan.sample, i64::try_from(orders.len()).expect("a small number"));
        let of: Ids<'_> = orders.iter().map(|order| &order.order[..]).collect();
        let owners: Ids<'_> = orders.iter().map(|order| &order.partnership[..]).collect();
        let (first, first_invoice) = (self.next(plan, "floor order", count).await?, self.next(plan, "floor invoice", count).await?);
        let numbers: Vec<String> = (first..first + count).map(|number| format!("2026-{number:06}")).collect();
        self.run(
            "UPDATE orders o SET number = r.number, place = 1, state = 'complete', total_minor = 195000, on_credit = 1, placed_ms = $2, released_ms = $2,
            completed_ms = $2, updated_ms = $2, version = version + 1 FROM unnest($3::bytea[], $4::text[]) AS r(id, number)
            WHERE o.merchant = $1 AND o.id = r.id AND o.state = 'draft'",
            &[&merchant, &now, &of, &numbers],
        )
        .await?;
        let invoices: Vec<[u8; 16]> = orders.iter().map(|_| plan.id()).collect();
        let invoices: Ids<'_> = invoices.iter().map(|id| &id[..]).collect();
        let sequences: Vec<i64> = (first_invoice..first_invoice + count).collect();
        self.run(
            "INSERT INTO invoice (merchant, id, series, sequence, number, partnership, issued_on, due_on, currency, total_minor, body, created_ms)
            SELECT $1, r.id, 'INV', r.sequence, 'INV-' || r.sequence, r.partnership, '2026-03-02', '2026-04-01', 'USD', 195000, $2, $3
            FROM unnest($4::bytea[], $5::int8[], $6::bytea[]) AS r(id, sequence, partnership)",
            &[&merchant, &sample.invoice, &now, &invoices, &sequences, &owners],
        )
        .await?;
        self.run(
            "INSERT INTO invoice_order (merchant, invoice, orders, amount_minor) SELECT $1, r.invoice, r.orders, 195000
            FROM unnest($2::bytea[], $3::bytea[]) AS r(invoice, orders)",
            &[&merchant, &invoices, &of],
        )
        .await?;
        let commands: Vec<[u8; 16]> = orders.iter().map(|_| plan.id()).collect();
        let commands: Ids<'_> = commands.iter().map(|id| &id[..]).collect();
        let texts: Vec<String> = orders.iter().map(|order| format!("{:032x}", u128::from_be_bytes(order.order))).collect();
        let hash: &[u8] = &[0; 32];
        self.run(
            "INSERT INTO command (merchant, id, name, scope, route, idempotency_key, body_hash, outcome, at_ms)
            SELECT $1, r.id, 'orders.place', r.scope, 'POST /v1/reseller/orders/ord_' || r.text || '/confirm', 'confirm-' || r.text, $2, $3, $4
            FROM unnest($5::bytea[], $6::bytea[], $7::text[]) AS r(id, scope, text) ON CONFLICT DO NOTHING",
            &[&merchant, &hash, &sample.outcome, &now, &commands, &owners, &texts],
        )
        .await?;
        self.traces(plan, &of, &owners, &invoices, &commands, now).await
    }

    async fn traces(&mut self, plan: &Plan, of: &Ids<'_>, owners: &Ids<'_>, invoices: &Ids<'_>, commands: &Ids<'_>, now: i64) -> Result<(), Error> {
        let (merchant, sample) = (plan.merchant, &plan.sample);
        let all = |texts: &[String]| -> Vec<String> { of.iter().flat_map(|_| texts.iter().cloned()).collect() };
        let each = |ids: &Ids<'_>, times: usize| -> Vec<Vec<u8>> { ids.iter().flat_map(|id| std::iter::repeat_n(id.to_vec(), times)).collect() };
        let subjects = |kinds: &[&String]| -> Vec<Vec<u8>> {
            (0..of.len()).flat_map(|nth| kinds.iter().map(move |kind| if *kind == "inv" { invoices[nth].to_vec() } else { of[nth].to_vec() })).collect()
        };
        let audits = sample.audits.len();
        let ids: Vec<Vec<u8>> = (0..audits * of.len()).map(|_| plan.id().to_vec()).collect();
        let actions = all(&sample.audits.iter().map(|audit| audit.0.clone()).collect::<Vec<_>>());
        let kinds = all(&sample.audits.iter().map(|audit| audit.1.clone()).collect::<Vec<_>>());
        let about = subjects(&sample.audits.iter().map(|audit| &audit.1).collect::<Vec<_>>());
        let after: Vec<Option<String>> = of.iter().flat_map(|_| sample.audits.iter().map(|audit| audit.2.clone())).collect();
        self.run("INSERT INTO audit (merchant, id, command, at_ms, actor_kind, actor_id, actor_name, action, subject_kind, subject, partnership, after_json, address, request_id)
            SELECT $1, r.id, r.command, $2, 'key', r.partnership, 'Bench', r.action, r.kind, r.subject, r.partnership, r.after_json, '127.0.0.1', 'req_0123456789abcdef'
            FROM unnest($3::bytea[], $4::bytea[], $5::bytea[], $6::text[], $7::text[], $8::bytea[], $9::text[]) AS r(id, command, partnership, action, kind, subject, after_json)",
            &[&merchant, &now, &ids, &each(commands, audits), &each(owners, audits), &actions, &kinds, &about, &after]).await?;
        let events = sample.events.len();
        let ids: Vec<Vec<u8>> = (0..events * of.len()).map(|_| plan.id().to_vec()).collect();
        let names = all(&sample.events.iter().map(|event| event.0.clone()).collect::<Vec<_>>());
        let kinds = all(&sample.events.iter().map(|event| event.1.clone()).collect::<Vec<_>>());
        let about = subjects(&sample.events.iter().map(|event| &event.1).collect::<Vec<_>>());
        let bodies = all(&sample.events.iter().map(|event| event.2.clone()).collect::<Vec<_>>());
        self.run(
            "INSERT INTO outbox (merchant, id, partnership, kind, subject_kind, subject, body, at_ms, due_ms)
            SELECT $1, r.id, r.partnership, r.name, r.kind, r.subject, r.body, $2, $2
            FROM unnest($3::bytea[], $4::bytea[], $5::text[], $6::text[], $7::bytea[], $8::text[]) AS r(id, partnership, name, kind, subject, body)",
            &[&merchant, &now, &ids, &each(owners, events), &names, &kinds, &about, &bodies],
        )
        .await?;
        Ok(())
    }
}
