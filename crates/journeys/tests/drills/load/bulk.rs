//! Sales that are too large for one answer (EXT-10): accepted, delivered in slices, read whole. Most are taken back by the
//! merchant's decision (EXT-9), and what their debits ask for by themselves is paid (EXT-8).

use super::{Request, Unanswered, Written, all_done, until_read};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tradepost_testkit::Merchant;
use tradepost_testkit::http::{Asker, Reply};

pub(super) const SKU: &str = "KEY-BULK";
/// Units of one sale: three slices.
pub(super) const UNITS: usize = 1_500;

/// Enough for so many rounds. Codes that nobody saw come back.
pub(super) async fn stock(merchant: &Merchant, rounds: usize) {
    merchant.product(SKU).price("1.00").keys(UNITS * (4 + rounds)).await;
}

/// What becomes of a sale.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    SeenAndTakenBack,
    TakenBack,
}

impl Fate {
    /// By the number at the end of its reference.
    fn of(reference: &str) -> Self {
        let number: usize = reference.rsplit('-').next().and_then(|digits| digits.parse().ok()).expect("a number");
        match number % 8 {
            0 => Self::Kept,
            4 => Self::SeenAndTakenBack,
            _ => Self::TakenBack,
        }
    }
}

/// What follows on the first request; in the end what must be said of it for ever. However often it is cut, it begins from
/// the front, with the same keys.
pub(super) async fn follow(shop: &[Asker], merchant: &[Asker], reference: &str, id: &str) -> Result<Json, Unanswered> {
    pay_top_ups(&shop[0], merchant).await?;
    let status = until_delivered(&shop[0], id).await?;
    let fate = Fate::of(reference);
    if fate == Fate::Kept {
        return codes(&shop[0], id).await;
    }
    if fate == Fate::SeenAndTakenBack && status == "delivered" {
        codes(&shop[0], id).await?;
    }
    let asked = Request {
        path: format!("/v1/reseller/fulfillments/{id}/cancel-request"),
        key: format!("{reference} ask"),
        body: Some(json!({"reason": "The customer wants the money back."})),
    };
    let request = all_done(shop, &asked).await?["id"].as_str().expect("an id").to_owned();
    let approve = Request { path: format!("/v1/merchant/cancel-requests/{request}/approve"), key: format!("{reference} approve"), body: Some(json!({})) };
    Ok(all_done(merchant, &approve).await?["refund"].clone())
}

/// Whether a sale is there whole, or was taken back whole with the refund that was said.
pub(super) async fn is_there(asker: &Asker, written: &Written) -> bool {
    let found = until_read(asker, &format!("/v1/reseller/fulfillments/{}", written.id)).await;
    if Fate::of(&written.reference) == Fate::Kept {
        let whole = found["status"] == "delivered" && found["ready"] == UNITS;
        return whole && codes(asker, &written.id).await.is_ok_and(|codes| codes == written.said);
    }
    let requests = until_read(asker, &format!("/v1/reseller/cancel-requests?fulfillment={}", written.id)).await;
    let once = requests["data"].as_array().is_some_and(|requests| requests.len() == 1);
    found["status"] == "refunded" && once && requests["data"][0]["refund"] == written.said
}

/// The merchant records what came in for the top-ups that wait.
async fn pay_top_ups(shop: &Asker, merchant: &[Asker]) -> Result<(), Unanswered> {
    let Some(reply) = read(shop, "/v1/reseller/balance").await? else { return Ok(()) };
    for waiting in reply.json()["open_top_ups"].as_array().into_iter().flatten() {
        let invoice = waiting["invoice"].as_str().expect("an id");
        let payment = Request {
            path: format!("/v1/merchant/invoices/{invoice}/payments"),
            key: format!("{invoice} paid"),
            body: Some(json!({"amount": waiting["total"], "method": "wire", "received_on": "2026-03-02"})),
        };
        all_done(merchant, &payment).await?;
    }
    Ok(())
}

/// Its status, once all of its licenses are made.
async fn until_delivered(asker: &Asker, id: &str) -> Result<String, Unanswered> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        let found = read(asker, &format!("/v1/reseller/fulfillments/{id}")).await?;
        let Some(found) = found else { return Err(Unanswered::Lost(format!("{id}: accepted, and not there"))) };
        let status = found.json()["status"].as_str().expect("a status").to_owned();
        if status != "processing" {
            return Ok(status);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{id}: accepted, and never delivered");
}

/// All of its codes, in order.
async fn codes(asker: &Asker, id: &str) -> Result<Json, Unanswered> {
    let file = read(&asker.header("accept", "text/plain"), &format!("/v1/reseller/fulfillments/{id}/download")).await?;
    let Some(file) = file else { return Err(Unanswered::Lost(format!("{id}: delivered, and not there"))) };
    let (count, codes): (usize, BTreeSet<String>) = (file.text().lines().count(), file.text().lines().map(str::to_owned).collect());
    if (count, codes.len()) != (UNITS, UNITS) {
        return Err(Unanswered::Lost(format!("{id}: {count} codes of {UNITS}, {} different ones", codes.len())));
    }
    Ok(json!(codes))
}

/// Reads, as soon as the server has time for it. `None`: it is not there.
async fn read(asker: &Asker, path: &str) -> Result<Option<Reply>, Unanswered> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        let Ok(reply) = asker.try_send("GET", path, None).await else { return Err(Unanswered::Cut) };
        match reply.status {
            200 => return Ok(Some(reply)),
            404 => return Ok(None),
            429 | 503 => tokio::time::sleep(Duration::from_millis(20)).await,
            _ => panic!("{path}: {}", reply.text()),
        }
    }
    panic!("{path}: never read");
}
