//! Dynamic URLs (EXT-6): for shops that can only fetch a URL. `/d/{token}` opens with a key of its own kind that stands in
//! the path, and does one thing. A GET with an effect is a compatibility channel, so that everything that fetches by itself
//! – browsers, previews, prefetchers – is kept out before the key is looked at, and what stands in the URL goes nowhere.

use crate::answer::Answer;
use crate::api::fulfillments::{FulfillmentView, fulfilled};
use crate::app::App;
use crate::call::Call;
use crate::credentials::Identified;
use crate::errors::{Errors, Pointer};
use crate::fields::{Line, Quantity};
use crate::form::MOST_NAMES;
use crate::input::{Input, Source};
use crate::problem::Problem;
use crate::route::KeyPlace;
use crate::routes::Routes;
use crate::{input, query, view, voice};
use axum::http::{HeaderMap, Method, StatusCode};
use std::net::IpAddr;
use tradepost_domain::fulfillments::{Door, Fulfill, MOST_AT_ONCE, State, is_large};
use tradepost_domain::ids::{FulfillmentId, ProductId};
use tradepost_kernel::Secret;
use tradepost_kernel::api_key::{ApiKeyText, KeyKind};
use tradepost_kernel::text::Email;

/// The parameter that the published client of Shoppex puts the key into (EXT-11).
pub(crate) const KEY_PARAMETER: &str = "api_key";

input! {
    /// What a shop asks of a dynamic URL.
    pub struct DynamicOrder {
        /// The shop's own order id: the same order again answers the first fulfillment.
        pub order_id: Line<255>,
        /// The shop's customer.
        pub email: Email,
        /// The product's id or SKU.
        pub product: Line<64>,
        /// How many codes; 1 where it is left out.
        pub quantity: Option<Quantity>,
        /// The id or SKU of one of its variants.
        pub variant: Option<Line<64>>,
        /// The customer's name.
        pub name: Option<Line<200>>,
    }
}

view! {
    /// What a dynamic URL delivered. Costs and balance are not told here.
    pub struct DynamicDelivery {
        /// The fulfillment.
        pub id: FulfillmentId,
        /// Where it stands.
        pub status: State,
        /// The shop's order id.
        pub order_id: String,
        /// What was delivered: the variant, where one was named.
        pub product: ProductId,
        /// How many codes were ordered.
        pub quantity: i64,
        /// The codes, without those that were taken back.
        pub codes: Vec<String>,
    }
}

/// Takes the key out of where it stands: from here on nothing of the request holds it.
///
/// # Errors
/// 401 where there is none, 400 where it stands twice or is a key that must stand in no URL.
pub(crate) fn take_key(place: KeyPlace, values: &mut Vec<String>, pairs: &mut Vec<(String, String)>) -> Result<Secret<String>, Problem> {
    match place {
        KeyPlace::Path => values.pop().map(Secret::new).ok_or_else(Problem::not_found),
        KeyPlace::Query => {
            let mut given = pairs.extract_if(.., |pair| pair.0 == KEY_PARAMETER).map(|pair| pair.1);
            let Some(key) = given.next() else { return Err(Problem::unauthenticated()) };
            if given.next().is_some() {
                return Err(Problem::bad_request("invalid_query", "api_key stands twice."));
            }
            match ApiKeyText::parse(&key) {
                Ok(known) if known.kind != KeyKind::DynamicUrl => Err(query::credential_in_url()),
                _ => Ok(Secret::new(key)),
            }
        }
    }
}

/// Lets the holder of a dynamic URL in, in the order: no browser, not too many failures before, the key, its own rate.
///
/// # Errors
/// 403 `not_a_browser_endpoint`, 429, 404 for every key that opens nothing.
pub(crate) async fn let_in(app: &App, key: Secret<String>, headers: &HeaderMap, address: Option<IpAddr>) -> Result<Identified, Problem> {
    refuse_browsers(headers)?;
    let now = app.engine.environment.now();
    app.limiter.dynamic_url_failures(address, now)?;
    let found = app.authenticator.dynamic_url(key, address).await;
    if found.as_ref().is_err_and(|no| no.status() == StatusCode::NOT_FOUND) {
        app.limiter.note_dynamic_url_failure(address, now);
    }
    found
}

/// What a browser sends by itself and no server does. `Sec-Fetch-Mode: cors` alone is sent by servers in JavaScript.
fn refuse_browsers(headers: &HeaderMap) -> Result<(), Problem> {
    let foretold = ["sec-purpose", "purpose", "x-purpose", "x-moz"].iter().any(|name| headers.contains_key(*name));
    let says = |name: &str, known: &[&str]| {
        headers.get_all(name).iter().any(|value| known.iter().any(|known| value.as_bytes().eq_ignore_ascii_case(known.as_bytes())))
    };
    let navigates = says("sec-fetch-mode", &["navigate", "nested-navigate"]);
    // Of what a browser loads only an empty destination is a script's own fetch.
    let loads = headers.contains_key("sec-fetch-dest") && !says("sec-fetch-dest", &["empty"]);
    if foretold || navigates || loads {
        let detail = "This address is for servers, not for browsers; nothing was done.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "not_a_browser_endpoint", detail));
    }
    Ok(())
}

/// The fields of the query, of a form, or of a JSON body.
fn order(call: &Call) -> Result<DynamicOrder, Problem> {
    if call.route.method == Method::GET {
        return of_pairs(&call.query, Problem::query);
    }
    if !call.is_form() {
        return call.body();
    }
    let malformed = || Problem::bad_request("malformed_body", "The form is not UTF-8, has a broken % escape, or a field stands twice.");
    let text = std::str::from_utf8(call.bytes()).map_err(|_| malformed())?;
    let pairs = query::pairs(text).map_err(|_| malformed())?;
    let twice = pairs.len() > MOST_NAMES || pairs.iter().enumerate().any(|(at, (name, _))| pairs[..at].iter().any(|(earlier, _)| earlier == name));
    if twice { Err(malformed()) } else { of_pairs(&pairs, Problem::fields) }
}

/// A parameter that is left out or empty is missing; one that is there and wrong keeps its own code (EXT-3).
pub(crate) fn of_pairs<T: Input>(pairs: &[(String, String)], missing: fn(Errors) -> Problem) -> Result<T, Problem> {
    let mut errors = Errors::default();
    let read = T::take(Source::Form(pairs), &Pointer::root(), &mut errors);
    match read {
        Some(read) if errors.is_empty() => Ok(read),
        _ => Err(if errors.begins_with("invalid_field") { missing(errors) } else { Problem::fields(errors) }),
    }
}

impl DynamicOrder {
    fn command(self) -> Fulfill {
        Fulfill {
            external_order_id: self.order_id.into(),
            product: self.product.into(),
            variant: self.variant.map(String::from),
            quantity: self.quantity.map_or(1, Quantity::get),
            customer_email: self.email,
            customer_name: self.name.map(String::from),
            metadata: None,
            door: Door::DynamicUrl,
        }
    }
}

/// Runs the call of a dynamic URL. What does not fit into one answer is for the API, which has a download (EXT-10).
///
/// # Errors
/// 404 where the key was switched off a moment ago, in the words for every other key that opens nothing.
pub(crate) async fn delivered(call: &Call, command: Fulfill) -> Result<FulfillmentView, Problem> {
    if is_large(command.quantity) {
        let detail = format!("A dynamic URL delivers at most {MOST_AT_ONCE} at once.");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "quantity_out_of_range", detail));
    }
    let unknown = |no: Problem| if no.status() == StatusCode::UNAUTHORIZED { Problem::not_found() } else { no };
    Ok(fulfilled(call, command).await.map_err(unknown)?.0)
}

/// What of a no is told of a dynamic URL: nothing that the request or the partnership said. What is wrong with a field may be
/// told, as its name is ours.
pub(crate) fn in_general(no: Problem) -> Problem {
    no.in_general(|error| {
        let field = error.pointer.strip_prefix('/').unwrap_or("");
        FIELDS.contains(&field) && matches!(error.code, "invalid_field" | "invalid_query" | "invalid_email" | "invalid_text" | "invalid_quantity")
    })
}

const FIELDS: &[&str] = &["order_id", "email", "product", "quantity", "variant", "name", "external_order_id", "product_id", "customer_email", "variant_id"];

async fn deliver(call: Call) -> Result<Answer, Problem> {
    let view = delivered(&call, order(&call)?.command()).await?;
    let codes: Vec<String> = view.items.into_iter().filter_map(|item| item.code).collect();
    if voice::wants_json(call.headers()) {
        let delivery =
            DynamicDelivery { id: view.id, status: view.status, order_id: view.external_order_id, product: view.product, quantity: view.quantity, codes };
        return Ok(Answer::ok(&delivery).raw());
    }
    if codes.is_empty() {
        // An empty answer would look like a delivery of nothing.
        return Err(Problem::new(StatusCode::GONE, "gone", "All of it was taken back."));
    }
    let mut text = codes.join("\n");
    text.push('\n');
    Ok(Answer::text(text).raw())
}

/// The two routes of a dynamic URL.
pub fn routes(r: &mut Routes) {
    let tag = "Dynamic URLs";
    r.get("/d/{token}", "fetchDynamicUrl", deliver)
        .tag(tag)
        .doc("Fulfills one order of a shop that can only fetch a URL. The codes are answered as text, one per line, or as JSON where that is accepted; the same `order_id` again answers the first fulfillment. Browsers, previews and prefetches are refused.")
        .dynamic_url(KeyPlace::Path)
        .query::<DynamicOrder>()
        .answers_text("text/plain")
        .answers::<DynamicDelivery>(200)
        .command::<Fulfill>()
        .refuses(&["gone", "invalid_field", "invalid_email", "invalid_text"]);
    r.post("/d/{token}", "postDynamicUrl", deliver)
        .tag(tag)
        .doc("Fulfills one order of a shop, from a form or a JSON body. As the GET, without the order in the URL.")
        .dynamic_url(KeyPlace::Path)
        .body::<DynamicOrder>()
        .or_form()
        .answers_text("text/plain")
        .answers::<DynamicDelivery>(200)
        .command::<Fulfill>()
        .refuses(&["gone"]);
}
