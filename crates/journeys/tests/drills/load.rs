//! What the drills do all the time: writes of resellers over HTTP, each with its key, found again afterwards, and
//! counted.

mod bulk;
mod clients;

pub use clients::{Client, Stage, Writing, check_all, count_all, in_bulk};

use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};
use tradepost_testkit::http::{Asker, Reply};

/// A kind of write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// An order on credit: created, then confirmed.
    Orders,
    /// A sale of a reseller's own shop, paid from its prepaid balance: one request, codes in the answer.
    Fulfillments,
    /// A sale that is too large for one answer, delivered in slices; most are taken back by the merchant's decision.
    Bulk,
}

/// One request of a write.
#[derive(Clone)]
pub struct Request {
    pub path: String,
    pub key: String,
    pub body: Option<Json>,
}

/// A write that was acknowledged.
#[derive(Clone, Debug)]
pub struct Written {
    /// The reseller's own name for it.
    pub reference: String,
    pub id: String,
    /// What was said of it, and must be said for ever: the order's number, the codes.
    pub said: Json,
}

/// Why a write has no answer.
#[derive(Debug)]
pub enum Unanswered {
    /// The line was cut, or nobody listens.
    Cut,
    /// What the server acknowledged a moment ago is not there.
    Lost(String),
    /// Two answers to one key.
    Differs(String),
}

impl Load {
    pub const ALL: [Self; 3] = [Self::Orders, Self::Fulfillments, Self::Bulk];
    /// Those that are done with their answer.
    pub const SMALL: [Self; 2] = [Self::Orders, Self::Fulfillments];

    /// The small ones take turns.
    pub const fn of(n: usize) -> Self {
        Self::SMALL[n % 2]
    }

    /// The first request of a write; the only one, where a write is one request.
    pub fn first(self, reference: &str) -> Request {
        let (path, body) = match self {
            Self::Orders => ("/v1/reseller/orders", json!({"reference": reference, "items": [{"product": "KEY-PRO", "quantity": 1}]})),
            Self::Fulfillments => (
                "/v1/reseller/fulfillments",
                json!({"external_order_id": reference, "product": "KEY-EXT", "quantity": 1, "customer_email": "ada@customer.example"}),
            ),
            Self::Bulk => (
                "/v1/reseller/fulfillments",
                json!({"external_order_id": reference, "product": bulk::SKU, "quantity": bulk::UNITS, "customer_email": "ada@customer.example"}),
            ),
        };
        Request { path: path.into(), key: format!("{reference} first"), body: Some(body) }
    }

    /// The operation of the first request.
    pub const fn operation(self) -> &'static str {
        match self {
            Self::Orders => "createOrder",
            Self::Fulfillments | Self::Bulk => "createFulfillment",
        }
    }

    /// The tables' own count of writes whose first request was done.
    pub const fn count_sql(self) -> &'static str {
        match self {
            Self::Orders => "SELECT COUNT(*) FROM orders",
            Self::Fulfillments => "SELECT COUNT(*) FROM fulfillment WHERE quantity = 1",
            Self::Bulk => "SELECT COUNT(*) FROM fulfillment WHERE quantity > 1",
        }
    }

    /// The tables' own count of the effects of one write.
    pub fn times_sql(self, reference: &str) -> String {
        match self {
            Self::Orders => format!("SELECT COUNT(*) FROM orders WHERE reference = '{reference}'"),
            Self::Fulfillments | Self::Bulk => format!("SELECT COUNT(*) FROM fulfillment WHERE external_order_id = '{reference}'"),
        }
    }

    /// Does one write, however often that takes, always with the same keys. Every request goes to all of `askers` at
    /// once: to the same server, or to several on one database. What the merchant has to do with it is asked of `merchant`.
    pub async fn write(self, askers: &[Asker], merchant: &[Asker], reference: &str) -> Result<Written, Unanswered> {
        let done = all_done(askers, &self.first(reference)).await?;
        let id = done["id"].as_str().expect("an id").to_owned();
        let said = match self {
            Self::Orders => {
                let confirm = Request { path: format!("/v1/reseller/orders/{id}/confirm"), key: format!("{reference} confirm"), body: None };
                all_done(askers, &confirm).await?["number"].clone()
            }
            Self::Fulfillments => done["items"].clone(),
            Self::Bulk => bulk::follow(askers, merchant, reference, &id).await?,
        };
        Ok(Written { reference: reference.to_owned(), id, said })
    }

    /// Whether a write is there as it was acknowledged.
    pub async fn is_there(self, asker: &Asker, written: &Written) -> bool {
        match self {
            Self::Orders => {
                let found = until_read(asker, &format!("/v1/reseller/orders/{}", written.id)).await;
                found["state"] == "awaiting_payment" && found["number"] == written.said
            }
            Self::Fulfillments => {
                let found = until_read(asker, &format!("/v1/reseller/fulfillments/{}", written.id)).await;
                found["status"] == "delivered" && found["items"] == written.said
            }
            Self::Bulk => bulk::is_there(asker, written).await,
        }
    }

    /// How often a write was done.
    pub async fn times(self, asker: &Asker, reference: &str) -> usize {
        let path = match self {
            Self::Orders => format!("/v1/reseller/orders?search={reference}"),
            Self::Fulfillments | Self::Bulk => format!("/v1/reseller/fulfillments?external_order_id={reference}"),
        };
        until_read(asker, &path).await["data"].as_array().map_or(0, Vec::len)
    }
}

/// Asks everywhere at once; there is one answer to one key.
async fn all_done(askers: &[Asker], request: &Request) -> Result<Json, Unanswered> {
    if let [asker] = askers {
        return until_done(asker, request).await;
    }
    let mut asking = Vec::new();
    for asker in askers {
        let (asker, request) = (asker.clone(), request.clone());
        asking.push(tokio::spawn(async move { until_done(&asker, &request).await }));
    }
    let mut answers = Vec::new();
    for asking in asking {
        answers.push(asking.await.expect("no panic")?);
    }
    let told = |answer: &Json| (answer["id"].clone(), answer["number"].clone(), answer["items"].clone());
    if answers.windows(2).all(|two| told(&two[0]) == told(&two[1])) {
        return Ok(answers.swap_remove(0));
    }
    Err(Unanswered::Differs(format!("{}: {answers:?}", request.key)))
}

/// What is said to somebody who wants to do once more what is done.
const DONE: [&str; 4] = ["order_confirmed", "cancel_request_open", "nothing_to_cancel", "not_pending"];

/// Repeats with the same key while the server says "not now".
async fn until_done(asker: &Asker, request: &Request) -> Result<Json, Unanswered> {
    let asker = asker.once(&request.key);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        let Ok(reply) = asker.try_send("POST", &request.path, request.body.as_ref()).await else { return Err(Unanswered::Cut) };
        match reply.status {
            200..=202 => return Ok(reply.json()),
            404 => return Err(Unanswered::Lost(format!("{}: {}", request.key, reply.text()))),
            // Never for want of stock or money: of both there is plenty.
            402 => panic!("{}: {}", request.key, reply.text()),
            409 if reply.code() == "out_of_stock" => panic!("{}: {}", request.key, reply.text()),
            // The same call with the same key did it, and this is not its answer.
            409 if DONE.contains(&reply.code().as_str()) => return Err(Unanswered::Differs(format!("{}: {}", request.key, reply.text()))),
            409 | 429 | 503 => tokio::time::sleep(Duration::from_millis(5)).await,
            _ => panic!("{}: {}", request.key, reply.text()),
        }
    }
    panic!("{}: never done", request.key);
}

async fn until_read(asker: &Asker, path: &str) -> Json {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        let reply: Reply = asker.get(path).await;
        match reply.status {
            429 | 503 => tokio::time::sleep(Duration::from_millis(20)).await,
            404 => return Json::Null,
            _ => return reply.must(200),
        }
    }
    panic!("{path}: never read");
}
