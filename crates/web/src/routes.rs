//! The one table of routes. The matcher, the rights, the OpenAPI document, `/docs` and the table of access all read it.
//!
//! A noun's file adds its rows:
//!
//! ```
//! use tradepost_domain::access::Need;
//! use tradepost_domain::listing::Page;
//! use tradepost_domain::{Command, Ctx, No, OrderId, Right};
//! use tradepost_kernel::{Money, Timestamp};
//! use tradepost_store::Tx;
//! use tradepost_web::fields::{Line, Quantity};
//! use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes, choices, input, view};
//!
//! choices! {
//!     /// Where an order is.
//!     pub enum Status { Draft = "draft", Placed = "placed" }
//! }
//!
//! input! {
//!     /// Which orders are wanted.
//!     pub struct OrderFilter {
//!         /// Only those in one of these states.
//!         pub status: Option<Vec<Status>>,
//!         /// Made at this moment or later.
//!         pub created_from: Option<Timestamp>,
//!         /// Made before this moment.
//!         pub created_to: Option<Timestamp>,
//!     }
//!
//!     /// A new draft.
//!     pub struct NewOrder {
//!         /// The reseller's own number for it.
//!         pub reference: Option<Line<64>>,
//!         /// What is ordered.
//!         pub items: Vec<NewItem>,
//!     }
//!
//!     /// A line of a new draft.
//!     pub struct NewItem {
//!         /// Id or SKU of the product.
//!         pub product: Line<64>,
//!         /// How many.
//!         pub quantity: Quantity,
//!     }
//! }
//!
//! view! {
//!     /// An order.
//!     pub struct OrderView {
//!         /// Its id.
//!         pub id: OrderId,
//!         /// Where it is.
//!         pub status: Status,
//!         /// The reseller's own number for it.
//!         pub reference: Option<String>,
//!         /// What it costs.
//!         pub total: Option<Money>,
//!     }
//! }
//!
//! pub fn routes(r: &mut Routes) {
//!     r.get("/v1/reseller/orders", "listOrders", list)
//!         .tag("Orders")
//!         .doc("List orders. Newest first.")
//!         .needs(Right::OrdersRead)
//!         .inactive_ok()
//!         .query::<OrderFilter>()
//!         .lists::<OrderView>();
//!     r.post("/v1/reseller/orders", "createOrder", create)
//!         .tag("Orders")
//!         .doc("Create a draft. Nothing is owed before it is confirmed.")
//!         .needs(Right::OrdersPlace)
//!         .body::<NewOrder>()
//!         .command::<DraftOrder>()
//!         .answers::<OrderView>(201);
//!     r.get("/v1/reseller/orders/{id}", "getOrder", show)
//!         .tag("Orders")
//!         .doc("One order.")
//!         .needs(Right::OrdersRead)
//!         .inactive_ok()
//!         .answers::<OrderView>(200);
//!     r.post("/v1/reseller/orders/{id}/confirm", "confirmOrder", confirm)
//!         .tag("Orders")
//!         .doc("Place the order. It cannot be changed afterwards.")
//!         .needs(Right::OrdersPlace)
//!         .command::<ConfirmOrder>()
//!         .refuses(&["not_found"])
//!         .answers::<OrderView>(200);
//! }
//!
//! async fn list(call: Call) -> Result<Answer, Problem> {
//!     let (_scope, _filter, page) = (call.partnership()?, call.query::<OrderFilter>()?, call.page()?);
//!     // orders::queries::list(reader, scope, filter, page).await
//!     let page: Page<OrderView> = call.read(move |_reader| Box::pin(async move { Ok(page.page(Vec::new(), |row: &OrderView| row.id)) })).await?;
//!     Ok(call.list(page, |row| row))
//! }
//!
//! async fn create(call: Call) -> Result<Answer, Problem> {
//!     let body: NewOrder = call.body()?;
//!     let command = DraftOrder { reference: body.reference.map(String::from), items: body.items.iter().map(|item| item.quantity.get()).collect() };
//!     let id = call.execute(command).await?.outcome;
//!     Ok(Answer::created(&one(&call, id).await?, &call.location(id)).etag(1))
//! }
//!
//! async fn show(call: Call) -> Result<Answer, Problem> {
//!     Ok(Answer::ok(&one(&call, call.path("id")?).await?))
//! }
//!
//! async fn confirm(call: Call) -> Result<Answer, Problem> {
//!     let id = call.path("id")?;
//!     call.execute(ConfirmOrder { order: id, version: call.if_match()? }).await?;
//!     Ok(Answer::ok(&one(&call, id).await?))
//! }
//!
//! async fn one(call: &Call, id: OrderId) -> Result<OrderView, Problem> {
//!     let _scope = call.partnership()?;
//!     // orders::queries::order(reader, scope, id).await
//!     let found = call.read(move |_reader| Box::pin(async move { Ok(Some(id)) })).await?;
//!     let id = found.or_not_found()?;
//!     Ok(OrderView { id, status: Status::Draft, reference: None, total: None })
//! }
//! # struct DraftOrder { reference: Option<String>, items: Vec<i64> }
//! # #[async_trait::async_trait]
//! # impl Command for DraftOrder {
//! #     const NAME: &'static str = "orders.draft";
//! #     const REFUSALS: &'static [&'static str] = &["product_not_available"];
//! #     type Outcome = OrderId;
//! #     fn need(&self) -> Need { Need::Right(Right::OrdersPlace) }
//! #     async fn run(&self, ctx: &mut Ctx, _tx: &mut Tx<'_>) -> Result<OrderId, No> { Ok(ctx.id()) }
//! # }
//! # struct ConfirmOrder { order: OrderId, version: Option<i64> }
//! # #[async_trait::async_trait]
//! # impl Command for ConfirmOrder {
//! #     const NAME: &'static str = "orders.place";
//! #     const REFUSALS: &'static [&'static str] = &["order_confirmed", "order_empty"];
//! #     type Outcome = ();
//! #     fn need(&self) -> Need { Need::Right(Right::OrdersPlace) }
//! #     async fn run(&self, _ctx: &mut Ctx, _tx: &mut Tx<'_>) -> Result<(), No> { Ok(()) }
//! # }
//! # let mut table = Routes::new();
//! # routes(&mut table);
//! # assert_eq!(table.mistakes(), Vec::<String>::new());
//! ```

use crate::answer::Answer;
use crate::call::Call;
use crate::codes;
use crate::error_page::ErrorPage;
use crate::matching::Matcher;
use crate::problem::Problem;
pub use crate::route::{Access, AnswerDoc, Handler, KeyPlace, MERCHANT_PAGES, RESELLER_PAGES, Route, side_of_path};
use crate::schema::Schemas;
use axum::http::Method;
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

/// The table.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    rows: Vec<Route>,
    error_page: Option<ErrorPage>,
}

macro_rules! methods {
    ($($name:ident $method:ident),+) => { $(
        #[doc = concat!("A ", stringify!($method), " route: template, operation id, `async fn(Call) -> Result<Answer, Problem>`.")]
        pub fn $name<H, F>(&mut self, path: &'static str, operation: &'static str, handler: H) -> &mut Route
        where
            H: Fn(Call) -> F + Send + Sync + 'static,
            F: Future<Output = Result<Answer, Problem>> + Send + 'static,
        {
            self.add(Method::$method, path, operation, Arc::new(move |call| Box::pin(handler(call))))
        }
    )+ };
}

impl Routes {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    methods!(get GET, head HEAD, post POST, put PUT, patch PATCH, delete DELETE);

    fn add(&mut self, method: Method, path: &'static str, operation: &'static str, handler: Handler) -> &mut Route {
        // Elsewhere there is no merchant or partnership that could be the key's scope: strangers would share keys.
        let idempotent = method == Method::POST && side_of_path(path).is_some();
        let place = self.rows.len();
        self.rows.push(Route {
            method,
            path,
            operation,
            tag: "",
            doc: "",
            access: Access::Undeclared,
            inactive_ok: false,
            fresh: false,
            body: None,
            body_required: true,
            body_type: "application/json",
            or_form: false,
            body_limit: None,
            streams: false,
            query: None,
            is_list: false,
            idempotent,
            asks_again: false,
            is_page: false,
            answers: Vec::new(),
            refusals: Vec::new(),
            handler,
        });
        &mut self.rows[place]
    }

    /// How people are told no.
    pub fn set_error_page(&mut self, page: ErrorPage) {
        self.error_page = Some(page);
    }

    pub(crate) fn error_page(&self) -> ErrorPage {
        self.error_page.unwrap_or(crate::error_page::plain)
    }

    /// Every row.
    #[must_use]
    pub fn rows(&self) -> &[Route] {
        &self.rows
    }

    pub(crate) fn matcher(&self) -> Matcher {
        Matcher::new(&self.rows)
    }

    /// What is wrong with the table: a test, and the start of the server, want this to be empty.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let (mut operations, mut paths) = (BTreeSet::new(), BTreeSet::new());
        let mut schemas = Schemas::default();
        for route in &self.rows {
            let mut wrong = |what: String| mistakes.push(format!("{route:?}: {what}"));
            if !operations.insert(route.operation) {
                wrong("another route has its operation id".into());
            }
            if !paths.insert((route.method.as_str(), crate::matching::shape(route.path))) {
                wrong("another route has its method and path".into());
            }
            match (route.access, route.side()) {
                (Access::Undeclared, _) => wrong("who may ask is not declared".into()),
                (Access::Right(right), Some(side)) if right.side() != side => wrong(format!("{} is a right of the other side", right.name())),
                (_, Some(_)) if route.is_page != route.names_place() => {
                    wrong("pages of a workspace are below /m/{merchant} or /r/{partnership}, and nothing else is".into())
                }
                (Access::Right(_), None) if !route.is_page => wrong("a right needs a path below /v1/merchant or /v1/reseller".into()),
                (Access::Public | Access::Anyone | Access::DynamicUrl(_), _) if route.fresh => wrong("nobody signed in whom it could ask for a proof".into()),
                (Access::DynamicUrl(KeyPlace::Path), _) if !route.path.ends_with('}') => wrong("its path does not end with the key".into()),
                _ => {}
            }
            if !route.is_page && (route.doc.is_empty() || route.tag.is_empty() || route.answers.is_empty()) {
                wrong("tag, doc or answers are missing".into());
            }
            for code in route.all_refusals() {
                if codes::known(code).is_none() {
                    wrong(format!("{code} is not in codes.rs"));
                }
            }
            route.body.map(|schema| schema(&mut schemas));
            route.query.map(|fields| fields(&mut schemas));
            route.answers.iter().for_each(|answer| drop((answer.schema)(&mut schemas)));
        }
        mistakes.extend(schemas.clashes().iter().map(|name| format!("two shapes are called {name}")));
        mistakes
    }
}
