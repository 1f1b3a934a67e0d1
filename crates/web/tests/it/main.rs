//! The floor, tried through HTTP with a small table of its own.

mod bad_input;
mod beside;
mod commands;
mod documents;
mod doors;
mod exports;
mod fields;
mod json;
mod logs;
mod pace;
mod problem;
mod rights;
mod sockets;
mod table;
mod whole;

use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::listing::Page;
use tradepost_domain::{ApiKeyId, Caller, Engine, OrderId, PartnershipId, PartnershipScope, PersonId, ResellerId, Right};
use tradepost_kernel::secret::Vault;
use tradepost_kernel::text::Email;
use tradepost_kernel::{Clock, Environment, Money, Secret, Timestamp};
use tradepost_store::{BoxFuture, Store};
use tradepost_web::answer::Answer;
use tradepost_web::app::{App, Settings};
use tradepost_web::call::Call;
use tradepost_web::credentials::{Authenticator, Credentials, Identified};
use tradepost_web::fields::{Line, Paragraph, Quantity};
use tradepost_web::input::Patch;
use tradepost_web::problem::Problem;
use tradepost_web::routes::Routes;
use tradepost_web::{Floor, choices, input, view};

choices! {
    /// What a list is sorted by.
    pub enum Sort { Newest = "newest", Oldest = "oldest" }
}

input! {
    /// A line of a new order.
    pub struct NewItem {
        /// SKU of the product.
        pub product: Line<64>,
        /// How many.
        pub quantity: Quantity,
    }

    /// A new order.
    pub struct NewOrder read_only [total] {
        /// The reseller's own number for it.
        pub reference: Option<Line<64>>,
        /// What is ordered.
        pub items: Vec<NewItem>,
        /// Whom it is for.
        pub email: Option<Email>,
        /// The most that it may cost.
        pub at_most: Option<Money>,
    }

    /// What of an order changes.
    pub struct OrderChange {
        /// The reference; null clears it.
        pub reference: Patch<Line<64>>,
        /// A note.
        pub note: Patch<Paragraph<500>>,
    }

    /// Which orders are wanted.
    pub struct OrderFilter {
        /// How they are sorted.
        pub sort: Option<Sort>,
        /// Placed at this moment or later.
        pub created_from: Option<Timestamp>,
        /// Only those with at least this many items.
        pub items: Option<i64>,
    }
}

view! {
    /// An order.
    pub struct OrderView {
        /// Its id.
        pub id: OrderId,
        /// The reseller's own number for it.
        pub reference: Option<String>,
        /// What it costs.
        pub total: Money,
        /// How it was sorted.
        pub sort: Option<Sort>,
    }
}

fn order(id: OrderId, reference: Option<String>) -> OrderView {
    OrderView { id, reference, total: "USD".parse::<tradepost_kernel::Currency>().expect("a currency").minor(2500), sort: None }
}

async fn create(call: Call) -> Result<Answer, Problem> {
    call.partnership()?;
    let body: NewOrder = call.body()?;
    let asked: i64 = body.items.iter().map(|item| item.quantity.get() + i64::from(item.product.is_empty())).sum();
    assert!(asked >= 0 && body.email.is_none() && body.at_most.is_none());
    let view = order(OrderId::from_bytes([1; 16]), body.reference.map(Line::into_string));
    Ok(Answer::created(&view, &call.location(view.id)).etag(1))
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let filter: OrderFilter = call.query()?;
    let page = call.page()?;
    assert!(filter.items.is_none_or(|items| items > -100) && filter.created_from.is_none_or(|from| from.ms() > 0));
    let rows: Vec<u8> = (0..=u8::try_from(page.limit).expect("at most 200")).collect();
    let page: Page<u8> = page.page(rows, |&row| OrderId::from_bytes([row; 16]));
    Ok(call.list(page, |row| OrderView { sort: filter.sort, ..order(OrderId::from_bytes([row; 16]), None) }))
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let id: OrderId = call.path("id")?;
    if id.bytes() != [1; 16] {
        return Err(Problem::not_found());
    }
    Ok(Answer::ok(&order(id, None)).etag(3))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let body: OrderChange = call.body()?;
    let version = call.if_match()?;
    Ok(Answer::text(format!("{:?} {:?} {version:?}", body.reference, body.note)))
}

/// How many slow handlers came to their end.
static FINISHED: AtomicUsize = AtomicUsize::new(0);

async fn slow(_call: Call) -> Result<Answer, Problem> {
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    FINISHED.fetch_add(1, Ordering::SeqCst);
    Ok(Answer::no_content())
}

#[allow(clippy::panic, reason = "what a bug looks like")]
async fn panicking(_call: Call) -> Result<Answer, Problem> {
    panic!("on purpose")
}

async fn note(call: Call) -> Result<Answer, Problem> {
    let done = call.execute(commands::TakeNote { refuse: call.bytes().starts_with(b"no") }).await?;
    let second = call.execute(commands::TakeNote { refuse: false }).await?;
    Ok(Answer::text(format!("{} {}", done.outcome, second.outcome)))
}

async fn import(call: Call) -> Result<Answer, Problem> {
    let mut stream = call.body_stream().ok_or_else(Problem::internal)?;
    let mut bytes = 0;
    while let Some(piece) = stream.next().await {
        bytes += piece.map_err(|error| Problem::of_body(&error))?.len();
    }
    Ok(Answer::text(format!("{bytes} bytes")))
}

async fn signing_in(call: Call) -> Result<Answer, Problem> {
    let form: OrderFilter = call.form()?;
    Ok(Answer::text(format!("{:?} {:?}", form.sort, form.items)))
}

async fn nothing(_call: Call) -> Result<Answer, Problem> {
    Ok(Answer::no_content())
}

async fn codes(_call: Call) -> Result<Answer, Problem> {
    Ok(Answer::csv("licenses of \"Acme\".csv", Bytes::from("code\nAAAA\n".repeat(500))))
}

fn table() -> Routes {
    let mut r = Routes::new();
    r.get("/v1/reseller/orders", "listOrders", list)
        .tag("Orders")
        .doc("Lists orders, newest first.")
        .needs(Right::OrdersRead)
        .query::<OrderFilter>()
        .lists::<OrderView>()
        .inactive_ok();
    r.post("/v1/reseller/orders", "createOrder", create)
        .tag("Orders")
        .doc("Creates a draft. Nothing is owed before it is confirmed.")
        .needs(Right::OrdersPlace)
        .body::<NewOrder>()
        .answers::<OrderView>(201)
        .refuses(&["out_of_stock", "invalid_quantity"]);
    r.get("/v1/reseller/orders/{id}", "getOrder", show).tag("Orders").doc("One order.").needs(Right::OrdersRead).answers::<OrderView>(200);
    r.patch("/v1/reseller/orders/{id}", "changeOrder", change)
        .tag("Orders")
        .doc("Changes a draft.")
        .needs(Right::OrdersPlace)
        .body::<OrderChange>()
        .answers_text("text/plain");
    r.get("/v1/reseller/orders/{id}/licenses.csv", "orderCodes", codes).tag("Orders").doc("Codes.").needs(Right::OrdersRead).answers_text("text/csv");
    r.post("/v1/reseller/slow", "slow", slow).tag("Tests").doc("Takes a while.").needs(Right::OrdersRead).answers_nothing(204);
    r.post("/v1/reseller/panic", "panic", panicking).tag("Tests").doc("Panics.").needs(Right::OrdersRead).answers_nothing(204);
    r.get("/v1/merchant/orders", "merchantOrders", nothing).tag("Orders").doc("All orders.").needs(Right::MerchantRead).answers_nothing(204);
    r.get("/v1/sessions", "whoAmI", nothing).tag("Sessions").doc("Who asks.").signed_in().answers_nothing(204);
    r.get("/v1/public", "open", nothing).tag("Sessions").doc("For all.").public().answers_nothing(204);
    r.post("/v1/reseller/notes", "note", note)
        .tag("Tests")
        .doc("Takes a note.")
        .needs(Right::OrdersRead)
        .body_of("text/plain")
        .command::<commands::TakeNote>()
        .answers_text("text/plain");
    r.post("/v1/reseller/imports", "import", import)
        .tag("Tests")
        .doc("Counts bytes.")
        .needs(Right::OrdersRead)
        .body_of("text/csv")
        .body_limit(3 << 20)
        .streams()
        .answers_text("text/plain");
    r.post("/form", "form", signing_in).page().public().form::<OrderFilter>();
    r.get("/page", "page", nothing).page().signed_in();
    exports::routes(&mut r);
    tradepost_web::dynamic_url::routes(&mut r);
    tradepost_web::shoppex::routes(&mut r);
    tradepost_web::system::routes(&mut r);
    r
}

/// Knows five callers by their bearer.
struct Fakes;

fn scope() -> PartnershipScope {
    PartnershipScope { merchant: 1, partnership: PartnershipId::from_bytes([7; 16]) }
}

impl Authenticator for Fakes {
    fn authenticate(&self, credentials: Credentials) -> BoxFuture<'_, Result<Identified, Problem>> {
        let name = "Ann".to_owned();
        let person = PersonId::from_bytes([2; 16]);
        let seller = |role| Caller::ResellerPerson { person, name: name.clone(), reseller: ResellerId::from_bytes([3; 16]), scope: scope(), role };
        let given = credentials.bearer.or(credentials.cookie).map(|secret| secret.expose().clone());
        let found = match given.as_deref() {
            Some("seller" | "asleep") => Some(seller(ResellerRole::Seller)),
            Some("viewer") => Some(seller(ResellerRole::Viewer)),
            Some("staff") => Some(Caller::MerchantPerson { person, name: name.clone(), merchant: 1, role: MerchantRole::Owner }),
            Some("key") => {
                Some(Caller::PartnershipKey { key: ApiKeyId::from_bytes([4; 16]), name: name.clone(), scope: scope(), rights: vec![Right::OrdersRead] })
            }
            _ => None,
        };
        let active = given.as_deref() != Some("asleep");
        Box::pin(async move {
            found
                .map(|caller| Identified { caller, partnership_active: active, placeless: false, merchant_closed: false, proved: None })
                .ok_or_else(Problem::unauthenticated)
        })
    }

    fn dynamic_url(&self, key: Secret<String>, _address: Option<IpAddr>) -> BoxFuture<'_, Result<Identified, Problem>> {
        let rights = vec![Right::FulfillmentsCreate];
        let caller = Caller::PartnershipKey { key: ApiKeyId::from_bytes([5; 16]), name: "Shop".into(), scope: scope(), rights };
        let found =
            (key.expose() == "hush-door").then_some(Identified { caller, partnership_active: true, placeless: false, merchant_closed: false, proved: None });
        Box::pin(async move { found.ok_or_else(Problem::not_found) })
    }
}

/// A floor over an empty database in a folder of its own.
async fn floor_with(set: impl FnOnce(&mut Settings)) -> (Floor, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("t.db").display());
    let store = Store::open(tradepost_store::Settings::new(url)).await.expect("a store");
    let environment = Environment::seeded(Clock::fixed(Timestamp::from_ms(1_790_000_000_000)), 7);
    let engine =
        Engine { store, environment, vault: Arc::new(Vault::new(&Secret::new([1; 32]))), after_commit: Default::default(), recent: Default::default() };
    let mut settings = Settings::new("https://shop.example.org");
    set(&mut settings);
    let app = Arc::new(App::new(engine, Arc::new(Fakes), settings));
    (Floor::new(app, &table()), folder)
}

async fn floor() -> (Floor, tempfile::TempDir) {
    floor_with(|settings| settings.limits = settings.limits.clone().without_rates()).await
}

/// A request of this bearer; with a body it is JSON.
fn request(method: &str, uri: &str, bearer: &str, body: impl Into<Body>) -> Request<Body> {
    let builder = Request::builder().method(method).uri(uri).header("content-type", "application/json");
    let builder = if bearer.is_empty() { builder } else { builder.header("authorization", format!("Bearer {bearer}")) };
    builder.body(body.into()).expect("a request")
}

/// Status, code (or the text of an answer that is no problem) and all of the answer.
async fn read(response: Response<Body>) -> (u16, String, Value) {
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    let value: Value = serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into());
    let code = value.get("code").and_then(Value::as_str).or(value.as_str()).unwrap_or("").to_owned();
    (status, code, value)
}

async fn ask(floor: &Floor, method: &str, uri: &str, bearer: &str, body: &str) -> (u16, String, Value) {
    read(floor.answer(request(method, uri, bearer, body.to_owned())).await).await
}
