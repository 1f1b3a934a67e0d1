//! Rows that fit, picked out of pages that come unpicked: for what the store has no filter for.

use tradepost_domain::listing::{Page, PageRequest};

/// Rows that one reading brings.
const AT_ONCE: i64 = 200;
/// Readings for one page at most. What was not reached by then is looked at for the next one, so that a page may be short.
const MOST_READINGS: usize = 25;

/// Picks until a page is full.
#[derive(Debug)]
pub(in crate::merchant) struct Sieve<R> {
    rows: Vec<R>,
    wanted: usize,
    before: Option<[u8; 16]>,
    readings: usize,
    over: bool,
}

impl<R> Sieve<R> {
    /// For this page.
    pub(in crate::merchant) fn new(page: PageRequest) -> Self {
        Self { rows: Vec::new(), wanted: usize::try_from(page.limit).unwrap_or(1), before: page.before, readings: 0, over: false }
    }

    /// What is to be read next; `None` once the page is full or nothing is left.
    pub(in crate::merchant) fn asks(&mut self) -> Option<PageRequest> {
        if self.over || self.readings == MOST_READINGS {
            return None;
        }
        self.readings += 1;
        Some(PageRequest { limit: AT_ONCE, before: self.before })
    }

    /// Takes the rows that fit. `place` is what a page begins after.
    pub(in crate::merchant) fn sift(&mut self, read: Page<R>, fits: impl Fn(&R) -> bool, place: impl Fn(&R) -> [u8; 16]) {
        let next = read.next;
        for row in read.rows.into_iter().filter(|row| fits(row)) {
            if self.rows.len() == self.wanted {
                // One more than wanted: there is a next page, after the last that stays.
                self.before = self.rows.last().map(&place);
                self.over = true;
                return;
            }
            self.rows.push(row);
        }
        self.before = next;
        self.over = next.is_none();
    }

    /// The page.
    pub(in crate::merchant) fn page(self) -> Page<R> {
        Page { rows: self.rows, next: self.before }
    }
}
