//! The reseller's API as the published client `@shoppexio/sdk` calls it (EXT-11): a thin skin over the same commands and
//! queries, for shops that already use it. Its `baseUrl` is this server; its key is a partnership's.
//!
//! What the client leaves open – the fields inside of `data` – is ours, and written down in `docs/external-shops.md`.
//! Not part of the contract of `/v1`.

mod shapes;

use crate::answer::Answer;
use crate::api::fulfillments::{fulfilled, looked_at};
use crate::call::{Call, OrNotFound as _};
use crate::dynamic_url::{delivered, of_pairs};
use crate::problem::Problem;
use crate::route::KeyPlace;
use crate::routes::Routes;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use shapes::{Enveloped, ShoppexBalance, ShoppexDelivery, ShoppexFulfillment, ShoppexMe, ShoppexOrder, ShoppexUrl};
use tradepost_domain::billing::top_up::prepaid;
use tradepost_domain::fulfillments::{Door, Fulfill, MOST_AT_ONCE, RevealFulfillment, is_large};
use tradepost_domain::{Right, partners};

/// A no in the words of the client: it makes a `ShoppexApiError` of it, with `status`, `code`, `docUrl`, `details` and
/// `requestId`.
pub(crate) fn no(no: Problem, request_id: &str, public_url: &str) -> Response<Body> {
    let code = no.code();
    let details = match (no.errors(), no.state()) {
        ([], None) => Value::Null,
        (errors, state) => json!({ "errors": errors, "state": state }),
    };
    let doc_url = format!("{}/docs/api#error-{code}", public_url.trim_end_matches('/'));
    let body = json!({ "error": { "code": code, "message": no.detail(), "doc_url": doc_url, "details": details } });
    no.into_response_of(request_id, HeaderValue::from_static("application/json"), body.to_string())
}

fn enveloped<T: crate::view::View>(status: StatusCode, data: T) -> Answer {
    Answer::json(status, &Enveloped { data }).raw()
}

async fn me(call: Call) -> Result<Answer, Problem> {
    let scope = call.partnership()?;
    let found = call.read(move |reader| Box::pin(async move { partners::queries::partnership(reader, scope.of_merchant(), scope.partnership).await }));
    Ok(enveloped(StatusCode::OK, ShoppexMe::new(found.await?.or_not_found()?, call.caller())))
}

async fn balance(call: Call) -> Result<Answer, Problem> {
    let scope = call.partnership()?;
    let found = call.read(move |reader| {
        Box::pin(async move {
            let Some(partnership) = partners::queries::partnership(&mut *reader, scope.of_merchant(), scope.partnership).await? else { return Ok(None) };
            let terms = partners::terms::effective(&mut *reader, scope.merchant, scope.partnership, partnership.channel).await?;
            let Some(currency) = terms.currency else { return Ok(None) };
            Ok(Some(currency.minor(prepaid(reader, scope, currency).await?)))
        })
    });
    let found = found.await?;
    Ok(enveloped(StatusCode::OK, ShoppexBalance { balance: found.map(|money| money.amount_text()), currency: found.map(|money| money.currency) }))
}

async fn fulfill(mut call: Call) -> Result<Answer, Problem> {
    let mut order = call.body::<ShoppexOrder>()?;
    if let Some(key) = order.idempotency_key.take() {
        call.use_idempotency_key(key.into())?;
    }
    let command = order.command();
    if is_large(command.quantity) {
        // Its codes come later and as a file (EXT-10), of which this client knows nothing: it would pay and wait for ever.
        let detail = format!("This client gets at most {MOST_AT_ONCE} codes at once; larger orders go through POST /v1/reseller/fulfillments.");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "quantity_out_of_range", detail));
    }
    let (view, _) = fulfilled(&call, command).await?;
    Ok(enveloped(StatusCode::CREATED, ShoppexFulfillment::from(view)))
}

async fn get(call: Call) -> Result<Answer, Problem> {
    Ok(enveloped(StatusCode::OK, ShoppexFulfillment::from(looked_at(&call).await?)))
}

async fn by_url(call: Call) -> Result<Answer, Problem> {
    let command = of_pairs::<ShoppexUrl>(&call.query, Problem::query)?.command(Door::DynamicUrl);
    Ok(enveloped(StatusCode::OK, ShoppexDelivery::from(delivered(&call, command).await?)))
}

/// The five routes of the client's `resellerApi`.
pub fn routes(r: &mut Routes) {
    let tag = "Shoppex";
    r.get("/reseller/v1/me", "shoppexMe", me).tag(tag).doc("Whose key it is.").needs(Right::FulfillmentsRead).answers::<Enveloped<ShoppexMe>>(200);
    r.get("/reseller/v1/balance", "shoppexBalance", balance)
        .tag(tag)
        .doc("The prepaid balance.")
        .needs(Right::InvoicesRead)
        .answers::<Enveloped<ShoppexBalance>>(200);
    r.post("/reseller/v1/fulfillments", "shoppexFulfill", fulfill)
        .tag(tag)
        .doc("Fulfills a sale of the reseller's own shop.")
        .needs(Right::FulfillmentsCreate)
        .asks_again()
        .body::<ShoppexOrder>()
        .answers::<Enveloped<ShoppexFulfillment>>(201)
        .command::<Fulfill>();
    r.get("/reseller/v1/fulfillments/{id}", "shoppexFulfillment", get)
        .tag(tag)
        .doc("One fulfillment, with its codes for who may fulfill.")
        .needs(Right::FulfillmentsRead)
        .answers::<Enveloped<ShoppexFulfillment>>(200)
        .command::<RevealFulfillment>();
    r.get("/reseller/v1/fulfillments/dynamic", "shoppexDynamicUrl", by_url)
        .tag(tag)
        .doc("Fulfills one order by a URL that carries the key of a dynamic URL.")
        .dynamic_url(KeyPlace::Query)
        .query::<ShoppexUrl>()
        .answers::<Enveloped<ShoppexDelivery>>(200)
        .command::<Fulfill>()
        .refuses(&["invalid_field", "invalid_email", "invalid_text"]);
}
