//! What the floor writes: the rows that the server wrote for an order, and a copy of the database to write them into.

use crate::seed::Seeded;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use tradepost::House;
use tradepost_kernel::Environment;
use tradepost_store::{Fault, params, sql};
use tradepost_testkit::{Kind, TestApp};

/// One order that the floor places.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its id.
    pub order: [u8; 16],
    /// Whose.
    pub partnership: [u8; 16],
    /// Item and product.
    pub items: Vec<([u8; 16], i64)>,
}

/// Texts as the server wrote them for one order.
#[derive(Clone, Debug)]
pub struct Sample {
    /// All drafts, in the order in which they are taken.
    pub orders: Vec<Planned>,
    /// How a price came about.
    pub explanation: String,
    /// The invoice.
    pub invoice: String,
    /// What the command answered.
    pub outcome: String,
    /// Action, kind of subject, after.
    pub audits: Vec<(String, String, Option<String>)>,
    /// Kind, kind of subject, body.
    pub events: Vec<(String, String, String)>,
}

impl Sample {
    /// Looks at the last of the orders that were confirmed so far.
    pub async fn read(house: &House, seeded: &Seeded) -> Self {
        let (merchant, last) = (seeded.merchant, seeded.drafts[seeded.taken() - 1].order);
        let drafts: Vec<_> = seeded.drafts.iter().map(|draft| draft.order).collect();
        let sample = house.engine.store.read(move |reader| {
            Box::pin(async move {
                let explanation = sql!("SELECT explanation FROM order_item WHERE merchant = $1 AND orders = $2 LIMIT 1");
                let (explanation,) = reader.query_one(explanation, params![merchant, last]).await?;
                let invoice = sql!("SELECT i.body FROM invoice i JOIN invoice_order o ON o.invoice = i.id WHERE o.merchant = $1 AND o.orders = $2");
                let (invoice,) = reader.query_one(invoice, params![merchant, last]).await?;
                let command = sql!("SELECT command FROM audit WHERE merchant = $1 AND subject = $2 AND action = 'order.placed'");
                let (command,): (Vec<u8>,) = reader.query_one(command, params![merchant, last]).await?;
                let outcome = sql!("SELECT outcome FROM command WHERE merchant = $1 AND id = $2");
                let (outcome,) = reader.query_one(outcome, params![merchant, command.clone()]).await?;
                let audits = sql!("SELECT action, subject_kind, after_json FROM audit WHERE merchant = $1 AND command = $2 ORDER BY id");
                let audits = reader.query(audits, params![merchant, command]).await?;
                let events = sql!(
                    "SELECT kind, subject_kind, body FROM outbox WHERE merchant = $1 AND (subject = $2 OR subject =
                    (SELECT invoice FROM invoice_order WHERE merchant = $1 AND orders = $2)) ORDER BY id"
                );
                let events = reader.query(events, params![merchant, last]).await?;
                let items = sql!(
                    "SELECT i.orders, i.id, i.product, o.partnership FROM order_item i JOIN orders o ON o.merchant = i.merchant AND o.id = i.orders
                    WHERE i.merchant = $1 ORDER BY i.orders, i.place"
                );
                type Ordered = (Vec<u8>, Vec<u8>, i64, Vec<u8>);
                let rows: Vec<Ordered> = reader.query(items, params![merchant]).await?;
                let mut found: HashMap<[u8; 16], Planned> = HashMap::new();
                for (order, item, product, partnership) in rows {
                    let planned = Planned { order: id(&order)?, partnership: id(&partnership)?, items: Vec::new() };
                    found.entry(planned.order).or_insert(planned).items.push((id(&item)?, product));
                }
                let orders = drafts.iter().filter_map(|draft| found.remove(&draft.bytes())).collect();
                Ok(Self { orders, explanation, invoice, outcome, audits, events })
            })
        });
        sample.await.expect("a sample")
    }
}

fn id(bytes: &[u8]) -> Result<[u8; 16], Fault> {
    bytes.try_into().map_err(|_| Fault::Column("an id"))
}

/// Hands out the drafts one after the other, and ids.
pub struct Plan {
    /// The merchant's number.
    pub merchant: i64,
    /// What is written.
    pub sample: Sample,
    environment: Environment,
    next: AtomicUsize,
}

impl Plan {
    /// From the first draft on.
    pub fn new(seeded: &Seeded, sample: &Sample) -> Self {
        Self { merchant: seeded.merchant, sample: sample.clone(), environment: Environment::system(), next: AtomicUsize::new(0) }
    }

    /// The numbers of the next orders.
    pub fn take(&self, count: usize) -> std::ops::Range<usize> {
        let from = self.next.fetch_add(count, Ordering::Relaxed);
        from..from + count
    }

    /// A new id, ordered by time.
    pub fn id(&self) -> [u8; 16] {
        self.environment.id::<()>().bytes()
    }

    /// Now, in milliseconds.
    pub fn now(&self) -> i64 {
        self.environment.now().ms()
    }
}

/// A second database with the same rows, for the floor.
pub async fn copy(app: &TestApp) -> String {
    match app.kind {
        Kind::Sqlite => {
            let to = app.folder().join("floor.db");
            std::fs::copy(app.folder().join("tradepost.db"), &to).expect("a copy");
            to.display().to_string()
        }
        Kind::Postgres => {
            let (server, name) = app.url.rsplit_once('/').expect("a URL with a database");
            admin(server, &format!("CREATE DATABASE {name}_floor TEMPLATE {name}")).await;
            format!("{server}/{name}_floor")
        }
    }
}

/// Removes it; a file goes with its folder.
pub async fn drop_copy(app: &TestApp, copy: &str) {
    if app.kind == Kind::Postgres {
        let (server, name) = copy.rsplit_once('/').expect("a URL with a database");
        admin(server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
}

async fn admin(server: &str, statement: &str) {
    let (client, connection) = tokio_postgres::connect(&format!("{server}/postgres"), tokio_postgres::NoTls).await.expect("the server answers");
    let talking = tokio::spawn(connection);
    client.batch_execute(statement).await.expect("the server does as told");
    drop(client);
    talking.await.expect("the connection ends").expect("in order");
}
