//! The log of requests that came with API keys or dynamic URLs: for who writes a program against the API and asks what it sent.
//!
//! Always true here:
//! - It is a log, not a book: an answer never waits for it, what does not fit is dropped and counted, and a server that dies takes
//!   along what it had not written. Nothing else reads it.
//! - It holds templates of paths, and never what stood in a path, a query, a body or a key. It does hold the IP address a request
//!   came from: personal data, for as long as a line is kept.
//! - Of one owner there are at most about [`KEPT_OF_ONE`] lines, and none older than [`KEPT_MS`].
//!
//! What does not belong: who changed what. That is the audit trail.

pub mod forget;
pub mod note;
pub mod queries;
mod store;

use crate::access::Caller;
use crate::ids::{ApiKeyId, PartnershipId, RequestId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tradepost_kernel::Timestamp;

/// How long a line is kept: 7 days.
pub const KEPT_MS: i64 = 7 * 24 * 3_600_000;
/// Lines of one merchant or partnership that are kept.
pub const KEPT_OF_ONE: i64 = 10_000;
/// Lines that wait to be written at most, in one server.
pub const MOST_WAITING: usize = 10_000;
/// Lines of one owner that are written at once at most, of those that wait: a program that asks without a pause must not keep the
/// database busy with lines that its next ones push out.
pub const WRITTEN_OF_ONE: usize = 2_000;

/// Whose requests are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogOwner {
    /// The merchant's number.
    pub merchant: i64,
    /// The partnership whose keys they came with; `None`: the merchant's own.
    pub partnership: Option<PartnershipId>,
}

impl LogOwner {
    /// The column `owner`.
    pub(crate) fn bytes(self) -> [u8; 16] {
        self.partnership.map_or([0; 16], |partnership| partnership.bytes())
    }
}

/// One request, after its answer was known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedRequest {
    /// Its id, which the answer carried in `X-Request-Id`.
    pub id: RequestId,
    /// Whose key it came with.
    pub owner: LogOwner,
    /// The key.
    pub key: ApiKeyId,
    /// What the key was called.
    pub key_name: String,
    /// `GET`, `POST`, …
    pub method: String,
    /// The template of the path.
    pub path: String,
    /// The status of the answer.
    pub status: i64,
    /// The code of the problem, where it was a no.
    pub code: Option<String>,
    /// Milliseconds from the head of the request to the head of the answer.
    pub duration_ms: i64,
    /// Where it came from.
    pub address: Option<String>,
    /// When it came.
    pub at: Timestamp,
}

impl LoggedRequest {
    /// Whose request it is and which key it came with; `None` for people, who have no program to debug.
    #[must_use]
    pub fn key_of(caller: &Caller) -> Option<(LogOwner, ApiKeyId, &str)> {
        match caller {
            Caller::MerchantKey { key, name, merchant, .. } => Some((LogOwner { merchant: *merchant, partnership: None }, *key, name)),
            Caller::PartnershipKey { key, name, scope, .. } => Some((LogOwner { merchant: scope.merchant, partnership: Some(scope.partnership) }, *key, name)),
            _ => None,
        }
    }
}

/// Lines that wait to be written, in memory: the answer's side pushes, the worker takes. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct RequestQueue(Arc<Mutex<VecDeque<LoggedRequest>>>);

impl RequestQueue {
    /// Adds a line, where there is room. `false`: it was dropped.
    #[must_use]
    pub fn push(&self, request: LoggedRequest) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = waiting.len() < MOST_WAITING;
        if fits {
            waiting.push_back(request);
        }
        fits
    }

    /// Takes up to so many, oldest first.
    #[must_use]
    pub fn take(&self, most: usize) -> Vec<LoggedRequest> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = most.min(waiting.len());
        waiting.drain(..count).collect()
    }
}

/// The newest lines of each owner, in their order; at most `most` of each.
#[must_use]
pub fn newest_of_each(mut requests: Vec<LoggedRequest>, most: usize) -> Vec<LoggedRequest> {
    let mut counts: BTreeMap<LogOwner, usize> = BTreeMap::new();
    requests.reverse();
    requests.retain(|request| {
        let count = counts.entry(request.owner).or_default();
        *count += 1;
        *count <= most
    });
    requests.reverse();
    requests
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u8) -> LoggedRequest {
        LoggedRequest {
            id: RequestId::from_bytes([number; 16]),
            owner: LogOwner { merchant: 1, partnership: None },
            key: ApiKeyId::from_bytes([1; 16]),
            key_name: "Shop".into(),
            method: "GET".into(),
            path: "/v1/merchant".into(),
            status: 200,
            code: None,
            duration_ms: 1,
            address: None,
            at: Timestamp::from_ms(0),
        }
    }

    #[test]
    fn a_full_queue_drops_what_comes_and_keeps_what_waits() {
        let queue = RequestQueue::default();
        assert!((0..MOST_WAITING).all(|_| queue.push(line(1))));
        assert!(!queue.push(line(2)));
        let taken = queue.take(3);
        assert_eq!((taken.len(), taken[0].id), (3, RequestId::from_bytes([1; 16])));
        assert!(queue.push(line(2)));
        assert_eq!(queue.take(usize::MAX).len(), MOST_WAITING - 2);
        assert!(queue.take(1).is_empty());
    }

    #[test]
    fn of_an_owner_with_many_lines_the_newest_are_kept_and_all_of_the_others() {
        let other = LoggedRequest { owner: LogOwner { merchant: 2, partnership: None }, ..line(9) };
        let kept = newest_of_each(vec![line(1), other.clone(), line(2), line(3)], 2);
        assert_eq!(kept, [other, line(2), line(3)]);
    }
}
