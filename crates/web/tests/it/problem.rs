//! How refusals and faults are told.

use axum::http::header::RETRY_AFTER;
use serde_json::json;
use tradepost_kernel::{Class, Refusal};
use tradepost_store::Fault;
use tradepost_web::Problem;

fn answered(no: Problem) -> (u16, &'static str, bool) {
    let (status, code) = (no.status().as_u16(), no.code());
    (status, code, no.into_response("req_1").headers().contains_key(RETRY_AFTER))
}

#[test]
fn every_class_of_refusal_has_its_status() {
    let rows = [
        (Class::Invalid, 422),
        (Class::NotFound, 404),
        (Class::Forbidden, 403),
        (Class::Unauthenticated, 401),
        (Class::Conflict, 409),
        (Class::PaymentRequired, 402),
        (Class::Gone, 410),
        (Class::Stale, 412),
        (Class::TooOften, 429),
        (Class::Unavailable, 503),
    ];
    for (class, status) in rows {
        assert_eq!(Problem::from(Refusal::new(class, "some_code", "why")).status().as_u16(), status, "{class:?}");
    }
}

#[test]
fn an_outage_asks_to_come_back_and_a_bug_tells_nothing() {
    assert_eq!(answered(Fault::NoConnection("10.0.0.1".into()).into()), (503, "storage_unavailable", true));
    assert_eq!(answered(Fault::OutcomeUnknown.into()), (503, "outcome_unknown", true));
    assert_eq!(answered(Fault::Overloaded.into()), (503, "overloaded", true));
    assert_eq!(answered(Fault::invariant("secret").into()), (500, "internal", false));
    assert!(!Problem::from(Fault::invariant("secret")).body("req_1").to_string().contains("secret"));
}

#[test]
fn a_refusal_names_its_field_and_the_state() {
    let no = Problem::from(Refusal::conflict("order_confirmed", "It was placed.").at("/reference").in_state("placed"));
    let body = no.body("req_1");
    assert_eq!((&body["state"], &body["errors"][0]["pointer"]), (&json!("placed"), &json!("/reference")));
}
