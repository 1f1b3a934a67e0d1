//! Turns at work that few do at once.

use std::time::Duration;
use tokio::sync::Semaphore;
use tradepost_web::beside::turn;

/// Who waits too long gets a 503 that says when to come back, and a turn as soon as there is one: what anybody with a link to an
/// invoice may ask for takes no more than its share.
#[tokio::test]
async fn who_waits_too_long_for_a_turn_is_told_when_to_come_back() {
    let (semaphore, patience) = (Semaphore::new(1), Duration::from_millis(1));
    let first = turn(&semaphore, patience).await.expect("a turn");
    let no = turn(&semaphore, patience).await.expect_err("nobody else has one");
    assert_eq!((no.status().as_u16(), no.code(), no.retry_after().and_then(|value| value.to_str().ok())), (503, "overloaded", Some("5")));
    drop(first);
    assert!(turn(&semaphore, patience).await.is_ok());
}
