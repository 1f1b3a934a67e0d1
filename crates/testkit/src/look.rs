//! Looking at what came of it: through the queries of the domain, and past them where a test wants the bare rows.

use crate::{PlacedOrder, Reseller, TestApp};
use std::collections::BTreeMap;
use tradepost_domain::billing;
use tradepost_domain::billing::queries::InvoiceRow;
use tradepost_domain::credit::{CreditView, Exposure};
use tradepost_domain::licenses::queries::LicenseRow;
use tradepost_domain::licenses::{self, OrderFacts, Stage, lock_reasons};
use tradepost_domain::orders::{self, OrderRow};
use tradepost_domain::partners::queries::PartnershipView;
use tradepost_domain::partners::{self, terms};
use tradepost_domain::stock::queries::StockCounts;
use tradepost_domain::{LicenseId, MerchantScope, OrderId, stock};
use tradepost_kernel::Id;
use tradepost_store::{BoxFuture, Fault, FromRow, Reader, Sql, Value, params, sql};

/// A row of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// What was done.
    pub action: String,
    /// `user`, `key`, …
    pub actor_kind: String,
    /// By whom.
    pub actor: String,
    /// Before.
    pub before: Option<String>,
    /// After.
    pub after: Option<String>,
    /// From where.
    pub address: Option<String>,
}

impl TestApp {
    /// Reads, as queries do.
    ///
    /// # Panics
    /// Where the store faults.
    pub async fn read<T, F>(&self, f: F) -> T
    where
        T: Send + 'static,
        F: for<'a, 'b> FnOnce(&'a mut Reader<'b>) -> BoxFuture<'a, Result<T, Fault>> + Send + 'static,
    {
        self.engine.store.read(f).await.expect("the store reads")
    }

    /// Every row of a statement.
    pub async fn rows<T: FromRow + Send + 'static>(&self, sql: Sql, params: Vec<Value>) -> Vec<T> {
        self.read(move |reader| Box::pin(async move { reader.query(sql, &params).await })).await
    }

    /// The one row of a statement.
    pub async fn row<T: FromRow + Send + 'static>(&self, sql: Sql, params: Vec<Value>) -> T {
        self.read(move |reader| Box::pin(async move { reader.query_one(sql, &params).await })).await
    }

    /// The one number of a statement.
    pub async fn number(&self, sql: Sql, params: Vec<Value>) -> i64 {
        self.row::<(i64,)>(sql, params).await.0
    }

    /// How many commands, audit rows and events there are: a refusal adds none.
    pub async fn footprints(&self) -> (i64, i64, i64) {
        self.row(sql!("SELECT (SELECT COUNT(*) FROM command), (SELECT COUNT(*) FROM audit), (SELECT COUNT(*) FROM outbox)"), Vec::new()).await
    }

    /// The timeline of something: every audit row of it, oldest first.
    pub async fn timeline<N>(&self, subject: Id<N>) -> Vec<Audited> {
        type Written = (String, String, String, Option<String>, Option<String>, Option<String>);
        let rows: Vec<Written> = self
            .rows(
                sql!("SELECT action, actor_kind, actor_name, before_json, after_json, address FROM audit WHERE subject = $1 ORDER BY id"),
                params![subject].to_vec(),
            )
            .await;
        rows.into_iter().map(|(action, actor_kind, actor, before, after, address)| Audited { action, actor_kind, actor, before, after, address }).collect()
    }

    /// Only what was done.
    pub async fn actions<N>(&self, subject: Id<N>) -> Vec<String> {
        self.timeline(subject).await.into_iter().map(|row| row.action).collect()
    }

    /// The kinds of events of something, oldest first.
    pub async fn events<N>(&self, subject: Id<N>) -> Vec<String> {
        let rows: Vec<(String,)> = self.rows(sql!("SELECT kind FROM outbox WHERE subject = $1 ORDER BY id"), params![subject].to_vec()).await;
        rows.into_iter().map(|row| row.0).collect()
    }

    /// The bodies of the events of one kind, oldest first.
    pub async fn event_bodies(&self, kind: &str) -> Vec<serde_json::Value> {
        let rows: Vec<(String,)> = self.rows(sql!("SELECT body FROM outbox WHERE kind = $1 ORDER BY id"), params![kind].to_vec()).await;
        rows.iter().map(|row| serde_json::from_str(&row.0).expect("JSON")).collect()
    }

    /// An order as stored.
    ///
    /// # Panics
    /// Where it is gone.
    pub async fn order(&self, order: &PlacedOrder) -> OrderRow {
        self.find_order(order.merchant, order.id).await.expect("the order")
    }

    /// An order, where it is there.
    pub async fn find_order(&self, merchant: i64, id: OrderId) -> Option<OrderRow> {
        self.read(move |reader| Box::pin(async move { orders::queries::order(reader, MerchantScope { merchant }, None, id).await })).await
    }

    /// The state that an order shows.
    pub async fn state(&self, order: &PlacedOrder) -> &'static str {
        self.order(order).await.state.name()
    }

    /// The licenses of an order, oldest first.
    pub async fn licenses(&self, order: &PlacedOrder) -> Vec<LicenseRow> {
        let (merchant, id) = (order.merchant, order.id);
        self.read(move |reader| Box::pin(async move { licenses::queries::of_orders(reader, merchant, &[id]).await })).await
    }

    /// One license.
    ///
    /// # Panics
    /// Where it is gone.
    pub async fn license(&self, merchant: i64, id: LicenseId) -> LicenseRow {
        self.read(move |reader| Box::pin(async move { licenses::queries::by_ids(reader, merchant, &[id]).await })).await.pop().expect("the license")
    }

    /// How many licenses of an order are in which stage with which status.
    pub async fn fulfillment(&self, order: &PlacedOrder) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for license in self.licenses(order).await {
            *counts.entry(format!("{}/{}", license.stage.name(), license.status.name())).or_insert(0) += 1;
        }
        counts
    }

    /// The code that a license carries.
    ///
    /// # Panics
    /// Where it carries none, or it does not open.
    pub async fn code_of(&self, license: &LicenseRow, merchant: i64) -> String {
        let key = license.key.expect("a license with a key");
        let sealed = self.read(move |reader| Box::pin(async move { stock::queries::sealed(reader, merchant, &[key]).await })).await;
        stock::open_code(&self.engine.vault, merchant, key, &sealed[&key].sealed).expect("the code opens").expose().clone()
    }

    /// The counters of a product.
    pub async fn stock(&self, merchant: i64, product: i64) -> StockCounts {
        let counts = self.read(move |reader| Box::pin(async move { stock::queries::counts(reader, merchant, &[product]).await })).await;
        counts[&product]
    }

    /// An invoice.
    ///
    /// # Panics
    /// Where it is gone.
    pub async fn invoice(&self, order: &PlacedOrder) -> InvoiceRow {
        let (merchant, id) = (order.merchant, order.invoice);
        let found = self.read(move |reader| Box::pin(async move { billing::queries::invoice(reader, MerchantScope { merchant }, None, id).await })).await;
        found.expect("the invoice")
    }
}

impl Reseller {
    /// The partnership.
    ///
    /// # Panics
    /// Where it is gone.
    pub async fn view(&self) -> PartnershipView {
        let scope = self.scope;
        let found =
            self.app.read(move |reader| Box::pin(async move { partners::queries::partnership(reader, scope.of_merchant(), scope.partnership).await })).await;
        found.expect("the partnership")
    }

    async fn standing(&self) -> (Exposure, bool) {
        let (scope, channel) = (self.scope, self.view().await.channel);
        self.app
            .read(move |reader| {
                Box::pin(async move {
                    let terms = terms::effective(reader, scope.merchant, scope.partnership, channel).await?;
                    let open = orders::queries::open(reader, scope).await?;
                    Ok((Exposure { limit: terms.credit_limit, open }, terms.hold_unpaid_at_limit))
                })
            })
            .await
    }

    /// Limit, used, available, over.
    pub async fn credit(&self) -> CreditView {
        self.standing().await.0.view()
    }

    /// Whether the balance is due now (CRD-6).
    pub async fn balance_due(&self) -> bool {
        self.view().await.balance_due
    }

    /// Every lock reason of an order's licenses, each once, in order.
    pub async fn lock_reasons(&self, order: &PlacedOrder) -> Vec<&'static str> {
        let (exposure, holds) = self.standing().await;
        let row = self.app.order(order).await;
        let facts = OrderFacts {
            paid: row.is_paid(),
            released: row.released.is_some(),
            canceled: row.canceled.is_some(),
            has_limit: exposure.limit.is_some(),
            stopped_at_limit: holds && exposure.limit_reached(),
        };
        let mut reasons: Vec<_> = self.app.licenses(order).await.iter().flat_map(|license| lock_reasons::of_license(&facts, &license.facts())).collect();
        reasons.sort_unstable();
        reasons.dedup();
        reasons.into_iter().map(lock_reasons::LockReason::name).collect()
    }

    /// Available licenses of a product (ORD-9).
    pub async fn available(&self, product: i64) -> i64 {
        let scope = self.scope;
        let counts = self.app.read(move |reader| Box::pin(async move { licenses::queries::available_counts(reader, scope).await })).await;
        counts.iter().find(|(number, _)| *number == product).map_or(0, |(_, count)| *count)
    }

    /// Licenses of an order in a stage.
    pub async fn in_stage(&self, order: &PlacedOrder, stage: Stage) -> usize {
        self.app.licenses(order).await.iter().filter(|license| license.stage == stage).count()
    }
}

impl TestApp {
    /// Runs statements past the store and the domain, each in its own transaction: for tests that fill tables or break
    /// books on purpose. On SQLite over a connection of its own, without foreign keys.
    ///
    /// # Panics
    /// Where the database refuses.
    pub async fn past_the_store(&self, statements: &[String]) {
        match self.kind {
            crate::Kind::Sqlite => {
                let path = self.url.strip_prefix("sqlite://").expect("a path").to_owned();
                let statements = statements.to_vec();
                let done = tokio::task::spawn_blocking(move || {
                    let connection = rusqlite::Connection::open(path).expect("the file opens");
                    connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA busy_timeout = 5000;").expect("pragmas");
                    for statement in &statements {
                        connection.execute_batch(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
                    }
                    connection.execute_batch("ANALYZE;").expect("statistics");
                });
                done.await.expect("done");
            }
            crate::Kind::Postgres => {
                let (client, connection) = tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await.expect("the server answers");
                tokio::spawn(connection);
                client.batch_execute("SET session_replication_role = replica").await.expect("foreign keys off");
                for statement in statements {
                    client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
                }
                client.batch_execute("ANALYZE").await.expect("statistics");
            }
        }
    }
}
