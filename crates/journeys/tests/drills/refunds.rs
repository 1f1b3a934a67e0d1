//! Taking sales of external shops back, at the moment at which somebody else decides, delivers or looks (EXT-9): what must come out
//! exact whoever comes first.

use crate::tally::{Tally, rounds};
use tradepost_domain::fulfillments::deliver::DeliverSlice;
use tradepost_domain::fulfillments::download::ShowPage;
use tradepost_domain::fulfillments::{ApproveCancelRequest, DownloadFulfillment, RejectCancelRequest, RequestCancel, WithdrawCancelRequest};
use tradepost_domain::{Caller, CancelRequestId, Command, FulfillmentId, No, ids};
use tradepost_kernel::{Money, Timestamp};
use tradepost_store::{BoxFuture, params, sql};
use tradepost_testkit::{Reseller, TestApp, app_test, sabotage_test};

/// Units of a sale that is delivered in three slices, and read in two pages.
const UNITS: i64 = 1_001;
/// What one costs, in minor units.
const PRICE: i64 = 10;

/// What came of a command, or the code of its refusal.
type Came<T> = Result<T, &'static str>;
type Asking<T> = BoxFuture<'static, Came<T>>;

fn ask<C: Command>(app: &TestApp, caller: Caller, command: C) -> Asking<C::Outcome> {
    let app = app.clone();
    Box::pin(async move {
        match app.execute(&caller, command).await {
            Ok(outcome) => Ok(outcome),
            Err(No::Refusal(refusal)) => Err(refusal.code),
            Err(No::Fault(fault)) => panic!("{} faulted: {fault:?}", C::NAME),
        }
    })
}

/// Both at the same moment, or nearly; who begins changes from round to round.
async fn at_once<A, B>(app: &TestApp, round: usize, one: Asking<A>, other: Asking<B>) -> (Came<A>, Came<B>)
where
    A: Send + 'static,
    B: Send + 'static,
{
    let (one, other) = if round.is_multiple_of(2) {
        let one = tokio::spawn(one);
        moment(app).await;
        (one, tokio::spawn(other))
    } else {
        let other = tokio::spawn(other);
        moment(app).await;
        (tokio::spawn(one), other)
    };
    (one.await.expect("no panic"), other.await.expect("no panic"))
}

/// From nothing to what a command takes.
async fn moment(app: &TestApp) {
    for _ in 0..app.engine.environment.random::<1>()[0] {
        tokio::task::yield_now().await;
    }
}

fn approval(request: CancelRequestId, refund: Option<Money>) -> ApproveCancelRequest {
    ApproveCancelRequest { request, refund, note: None }
}

/// The reseller asks for all of it to be taken back.
async fn asked(app: &TestApp, shop: &Reseller, fulfillment: FulfillmentId) -> CancelRequestId {
    app.does(&shop.owner(), RequestCancel { fulfillment, reason: "Returned.".into(), licenses: Vec::new() }).await.request
}

/// Where a request and its fulfillment stand.
async fn states(app: &TestApp, request: CancelRequestId) -> (String, String) {
    let states = sql!("SELECT c.state, f.state FROM cancel_request c JOIN fulfillment f ON f.merchant = c.merchant AND f.id = c.fulfillment WHERE c.id = $1");
    app.row(states, params![request].to_vec()).await
}

fn both(request: &str, fulfillment: &str) -> (String, String) {
    (request.to_owned(), fulfillment.to_owned())
}

/// EXT-9: two decisions about one request: one holds, the other one hears so, and money goes back once or not at all.
pub async fn two_decisions_about_one_request(app: TestApp) {
    let rounds = rounds(12);
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-EXT").price("10.00").keys(2 * rounds).await;
    let contoso = acme.reseller("Contoso").await;
    contoso.top_up("100000.00").await;
    let mut tally = Tally::of("cancel_decided", app.kind, None);
    for round in 0..rounds {
        let sold = contoso.sells(&round.to_string(), "KEY-EXT", 2).await;
        let before = app.balance(&contoso).await;
        let request = asked(&app, &contoso, sold).await;
        let all = Some(acme.money("20.00"));
        let (other, leaves) = match round % 3 {
            0 => (ask(&app, contoso.owner(), WithdrawCancelRequest { request }), "withdrawn"),
            1 => (ask(&app, acme.owner(), RejectCancelRequest { request, note: "The codes were used.".into() }), "rejected"),
            _ => (ask(&app, acme.owner(), approval(request, all)), "approved"),
        };
        let came = at_once(&app, round, ask(&app, acme.owner(), approval(request, all)), other).await;
        let (approved, other) = (came.0.map(drop), came.1.map(drop));
        let (one, late) = (approved.is_ok() != other.is_ok(), Err("not_pending"));
        assert!(one && (approved == late || other == late), "round {round}: of two decisions one holds, not {approved:?} and {leaves} {other:?}");
        let paid_back = approved.is_ok() || leaves == "approved";
        let expected = if paid_back { both("approved", "refunded") } else { both(leaves, "delivered") };
        assert_eq!(states(&app, request).await, expected, "round {round}");
        assert_eq!(app.balance(&contoso).await, if paid_back { before + 2_000 } else { before }, "round {round}: what goes back");
        tally.rounds += 1;
        tally.done += 1;
    }
    tally.finish();
}

/// EXT-9, EXT-10: an approval while the sale is being delivered: it is taken back whole, no slice goes on behind it, and every key is in
/// stock again.
pub async fn an_approval_while_it_is_delivered(app: TestApp) {
    let rounds = rounds(6);
    let acme = app.merchant("Acme Software").await;
    let product = acme.product("KEY-EXT").price("0.10").keys(1_001).await;
    let contoso = acme.reseller("Contoso").await;
    contoso.top_up("1000.00").await;
    let before = app.balance(&contoso).await;
    let mut tally = Tally::of("cancel_delivered", app.kind, None);
    for round in 0..rounds {
        let sold = contoso.sells(&round.to_string(), "KEY-EXT", UNITS).await;
        let request = asked(&app, &contoso, sold).await;
        let slice = DeliverSlice { scope: contoso.scope, fulfillment: sold };
        // It meets the first of the three slices, the second or the last.
        for _ in 0..round / 2 % 3 {
            app.does(&Caller::System, slice).await;
        }
        let (approved, delivered) = at_once(&app, round, ask(&app, acme.owner(), approval(request, None)), ask(&app, Caller::System, slice)).await;
        assert!(approved.is_ok(), "round {round}: {approved:?}");
        assert!(delivered.is_ok() || matches!(delivered, Err("not_processing")), "round {round}: {delivered:?}");
        assert_eq!(states(&app, request).await, both("approved", "refunded"), "round {round}");
        assert_eq!(app.balance(&contoso).await, before, "round {round}: nobody saw a code, so all of it goes back");
        let stock = app.stock(acme.number, product.number).await;
        assert_eq!((stock.available, stock.reserved, stock.delivered), (UNITS, 0, 0), "round {round}: every key is there again");
        tally.rounds += 1;
        tally.done += 1;
    }
    tally.finish();
}

/// Reads it page by page until nothing is left: how many codes were handed over.
fn read_all(app: &TestApp, shop: &Reseller, fulfillment: FulfillmentId, at: Timestamp) -> Asking<usize> {
    let (app, seller) = (app.clone(), shop.owner());
    Box::pin(async move {
        let (mut after, mut handed) = (ids::nobody(), 0);
        loop {
            let page = ask(&app, seller.clone(), ShowPage { fulfillment, after, at }).await?;
            let Some(last) = page.codes.last() else { return Ok(handed) };
            after = last.license;
            handed += page.count;
        }
    })
}

/// EXT-9, EXT-10: an approval while the codes are read: what was handed over is revoked and not paid back, what was not is paid back and in
/// stock again; nothing is both.
pub async fn an_approval_while_it_is_read(app: TestApp) {
    let rounds = rounds(6);
    let acme = app.merchant("Acme Software").await;
    let product = acme.product("KEY-EXT").price("0.10").await;
    let contoso = acme.reseller("Contoso").await;
    contoso.top_up("1000000.00").await;
    let mut tally = Tally::of("cancel_read", app.kind, None);
    let mut imported = 0;
    for round in 0..rounds {
        // A product that never had keys has no counters yet.
        let missing = if imported == 0 { UNITS } else { UNITS - app.stock(acme.number, product.number).await.available };
        if missing > 0 {
            let missing = usize::try_from(missing).expect("few");
            product.arrive(imported + 1, missing).await;
            imported += missing;
        }
        let sold = contoso.sells(&round.to_string(), "KEY-EXT", UNITS).await;
        app.work().await;
        let before = app.balance(&contoso).await;
        let request = asked(&app, &contoso, sold).await;
        let begun = app.does(&contoso.owner(), DownloadFulfillment { fulfillment: sold }).await.begun.expect("it began");
        let reading = read_all(&app, &contoso, sold, begun.at);
        let (approved, handed) = at_once(&app, round, ask(&app, acme.owner(), approval(request, None)), reading).await;
        assert!(approved.is_ok(), "round {round}: {approved:?}");
        let handed = i64::try_from(handed.expect("pages")).expect("few");
        assert_eq!(states(&app, request).await, both("approved", "refunded"), "round {round}");
        let revoked = sql!("SELECT COUNT(*) FROM license WHERE merchant = $1 AND fulfillment = $2 AND stage = 'revoked'");
        let revoked = app.number(revoked, params![acme.number, sold].to_vec()).await;
        assert_eq!(revoked, handed, "round {round}: what was handed over is revoked, and nothing else");
        assert_eq!(app.balance(&contoso).await, before + PRICE * (UNITS - handed), "round {round}: what nobody saw is paid back, and nothing else");
        let stock = app.stock(acme.number, product.number).await;
        assert_eq!((stock.available, stock.delivered, stock.burned), (UNITS - handed, 0, 0), "round {round}: what nobody saw is there again");
        tally.rounds += 1;
        tally.done += 1;
    }
    tally.finish();
}

app_test! {
    /// EXT-9
    async fn of_two_decisions_at_once_one_holds(app) { super::two_decisions_about_one_request(app).await; }

    /// EXT-9, EXT-10
    async fn a_sale_that_is_taken_back_while_it_is_delivered_leaves_nothing(app) { super::an_approval_while_it_is_delivered(app).await; }

    /// EXT-9, EXT-10
    async fn no_code_is_both_handed_over_and_paid_back(app) { super::an_approval_while_it_is_read(app).await; }
}

sabotage_test! {
    fn the_decision_race_notices_a_stale_request_on_postgres: "cancel_request.stale" on Postgres makes two_decisions_about_one_request;
    fn the_decision_race_notices_a_stale_request_on_sqlite: "cancel_request.stale" on Sqlite makes two_decisions_about_one_request;
    fn the_delivery_race_notices_a_stale_fulfillment_on_postgres: "fulfillment.stale" on Postgres makes an_approval_while_it_is_delivered;
    fn the_delivery_race_notices_a_stale_fulfillment_on_sqlite: "fulfillment.stale" on Sqlite makes an_approval_while_it_is_delivered;
    fn the_reading_race_notices_a_stale_fulfillment_on_postgres: "fulfillment.stale" on Postgres makes an_approval_while_it_is_read;
    fn the_reading_race_notices_a_stale_fulfillment_on_sqlite: "fulfillment.stale" on Sqlite makes an_approval_while_it_is_read;
}
