//! How many are let in when answers take long.

use std::time::Duration;
use tradepost_web::pace::{FORGOTTEN, LEAST, Pace, WINDOW, next_limit};

const PROMPT: Duration = Duration::from_millis(400);
const A_WINDOW: (Duration, Duration) = (WINDOW, PROMPT);

#[test]
fn the_limit_follows_what_is_answered_in_time() {
    // 100 a window are 400 within the moment.
    assert_eq!(next_limit(2048, 2048, 600, 100, A_WINDOW), 400, "more wait than are answered in time");
    assert_eq!(next_limit(400, 2048, 400, 100, A_WINDOW), 400, "just right");
    assert_eq!(next_limit(400, 2048, 200, 100, A_WINDOW), 501, "there is room for more");
    assert_eq!(next_limit(2000, 2048, 200, 100, A_WINDOW), 2048, "but never beyond the most");
    assert_eq!(next_limit(400, 2048, 300, 1, A_WINDOW), LEAST, "a few are always let in");
    assert_eq!(next_limit(400, 2048, 300, 1, (FORGOTTEN, PROMPT)), 2048, "a pause says nothing");
}

#[test]
fn who_leaves_makes_room() {
    let pace = Pace::new(2, Some(PROMPT));
    let (one, two) = (pace.enter(), pace.enter());
    assert!(one.is_some() && two.is_some() && pace.enter().is_none());
    drop(one);
    assert!(pace.enter().is_some());
    drop(two);
    let mut slow = pace.enter().expect("room");
    slow.pause();
    assert_eq!(pace.inside(), 0, "who still sends is not worked on");
    slow.resume();
    assert_eq!(pace.inside(), 1);
    drop(slow);
    assert_eq!(pace.inside(), 0, "a refused one is not inside");
}
