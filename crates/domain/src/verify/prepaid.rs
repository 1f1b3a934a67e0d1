//! The prepaid balance over time: walked entry by entry, and held against what each fulfillment said stood after it.
//!
//! Entries stand in the order of their transfers' ids, which within one server is that in which they were booked. Two
//! servers' clocks differ a little: where an entry does not fit, another order is looked for of those that were minted
//! within [`APART_MS`] of each other, and only what fits in none of them is named.

use super::report::Violation;
use super::scan::Found;
use super::{Check, How, PAGE};
use crate::command::Engine;
use crate::ids::{AccountId, FulfillmentId, TransferId};
use std::collections::VecDeque;
use tradepost_store::{BoxFuture, Fault, FromRow, Reader, Row, Value, params, sql};

pub(super) static PREPAID_BALANCE: Check = Check {
    name: "ledger.prepaid_balance",
    meaning: "At no entry is a partnership's prepaid balance below zero, and what a fulfillment says stood after it is what the entries up to it come to (EXT-2).",
    how: How::Whole(walk_all),
};

/// How far apart the clocks of two servers may be.
const APART_MS: i64 = 2_000;

fn walk_all(engine: Engine, _full: bool, found: &mut Found) -> BoxFuture<'_, Result<(), Fault>> {
    Box::pin(async move {
        let mut after = (i64::MIN, Vec::new());
        loop {
            let bounds = [Value::Int(after.0), Value::Bytes(after.1), Value::Int(PAGE)];
            let text = sql!("SELECT merchant, id FROM account WHERE kind = 'prepaid' AND (merchant, id) > ($1, $2) ORDER BY merchant, id LIMIT $3");
            let accounts: Vec<(i64, AccountId)> = engine.store.read(move |reader| Box::pin(async move { reader.query(text, &bounds).await })).await?;
            let Some(last) = accounts.last() else { return Ok(()) };
            after = (last.0, last.1.bytes().to_vec());
            for (merchant, account) in accounts {
                walk(&engine, merchant, account, found).await?;
            }
        }
    })
}

/// Page by page; what does not fit is walked again over one snapshot before it is named.
async fn walk(engine: &Engine, merchant: i64, account: AccountId, found: &mut Found) -> Result<(), Fault> {
    let mut walked = Walked::default();
    let mut after = Walked::START;
    loop {
        let page = engine.store.read(move |reader| Box::pin(async move { page(reader, merchant, account, after).await })).await?;
        let Some(last) = page.last() else { break };
        after = (last.transfer, last.place);
        found.checked += i64::try_from(page.len()).unwrap_or(i64::MAX);
        page.into_iter().for_each(|moved| walked.take(moved));
    }
    if walked.end().is_empty() {
        return Ok(());
    }
    let again = engine.store.read(move |reader| {
        Box::pin(async move {
            let mut walked = Walked::default();
            let mut after = Walked::START;
            loop {
                let page = page(reader, merchant, account, after).await?;
                let Some(last) = page.last() else { return Ok(walked.end()) };
                after = (last.transfer, last.place);
                page.into_iter().for_each(|moved| walked.take(moved));
            }
        })
    });
    for (fulfillment, detail) in again.await? {
        let subject = fulfillment.map_or_else(|| account.text(), |fulfillment| fulfillment.text());
        found.add(Violation { merchant, subject, detail });
    }
    Ok(())
}

async fn page(reader: &mut Reader<'_>, merchant: i64, account: AccountId, after: (TransferId, i64)) -> Result<Vec<Moved>, Fault> {
    let text = sql!(
        "SELECT e.transfer, e.place, e.amount_minor, f.id, f.balance_after_minor
         FROM entry e JOIN transfer t ON t.merchant = e.merchant AND t.id = e.transfer
         LEFT JOIN fulfillment f ON t.kind = 'fulfillment' AND f.merchant = t.merchant AND f.id = t.reference
         WHERE e.merchant = $1 AND e.account = $2 AND e.transfer >= $3 AND (e.transfer > $3 OR e.place > $4) ORDER BY e.transfer, e.place LIMIT $5"
    );
    reader.query(text, params![merchant, account, after.0, after.1, PAGE]).await
}

/// An entry of a prepaid account.
struct Moved {
    transfer: TransferId,
    place: i64,
    /// Debits, which the balance falls by, are positive.
    amount_minor: i64,
    /// The fulfillment that it paid, and the balance that stood after it.
    said: Option<(FulfillmentId, i64)>,
}

impl FromRow for Moved {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        let (transfer, place, amount_minor) = (c.next()?, c.next()?, c.next()?);
        let (fulfillment, after): (Option<FulfillmentId>, Option<i64>) = (c.next()?, c.next()?);
        Ok(Self { transfer, place, amount_minor, said: fulfillment.zip(after) })
    }
}

impl Moved {
    /// Whether it says what it comes to, where so much stands before it; one without a word fits everywhere.
    fn fits(&self, before_minor: i64) -> bool {
        self.said.is_none_or(|(_, after)| after == before_minor - self.amount_minor)
    }

    /// When its transfer's id was minted: under the lock of the partnership, unlike the moment of its command.
    fn minted_ms(&self) -> i64 {
        self.transfer.bytes().iter().take(6).fold(0, |ms, byte| ms << 8 | i64::from(*byte))
    }
}

/// What is wrong, with the fulfillment that shows it.
type Wrong = (Option<FulfillmentId>, String);

/// A walk along the entries of one account, in the order of their ids, and where that contradicts what was said, in one that does not.
#[derive(Default)]
struct Walked {
    balance_minor: i64,
    /// What was walked lately and may have stood elsewhere, in the order in which it was taken.
    lately: VecDeque<Moved>,
    /// What comes next, by id.
    waiting: VecDeque<Moved>,
    newest_ms: i64,
    /// Whether the last that had to be taken contradicted the entries.
    astray: bool,
    wrong: Vec<Wrong>,
}

impl Walked {
    const START: (TransferId, i64) = (TransferId::from_bytes([0; 16]), i64::MIN);
    /// After so many contradictions the books are wrong, and no order is looked for any more.
    const MANY: usize = 100;

    fn take(&mut self, moved: Moved) {
        self.newest_ms = self.newest_ms.max(moved.minted_ms());
        self.waiting.push_back(moved);
        self.walk_to(self.newest_ms - APART_MS);
    }

    fn end(mut self) -> Vec<Wrong> {
        self.walk_to(i64::MAX);
        self.wrong
    }

    /// Those minted before that moment: what may stand before them is known.
    fn walk_to(&mut self, before_ms: i64) {
        while self.waiting.front().is_some_and(|oldest| oldest.minted_ms() < before_ms) {
            if let Some(next) = self.waiting.pop_front() {
                if next.fits(self.balance_minor) {
                    self.step(next);
                } else {
                    self.waiting.push_front(next);
                    if !self.reorder() {
                        self.contradicted();
                    }
                }
            }
        }
    }

    fn step(&mut self, moved: Moved) {
        self.balance_minor -= moved.amount_minor;
        self.astray = false;
        if self.balance_minor < 0 {
            self.wrong.push((moved.said.map(|said| said.0), format!("leaves a prepaid balance of {}", self.balance_minor)));
        }
        let long_ago = moved.minted_ms() - APART_MS;
        self.lately.push_back(moved);
        while self.lately.front().is_some_and(|oldest| oldest.minted_ms() < long_ago) {
            self.lately.pop_front();
        }
    }

    /// Looks for an order of what was walked lately and what comes next in which the next one fits too: first among
    /// those that come, then going back by one, two, four, …
    fn reorder(&mut self) -> bool {
        if self.wrong.len() >= Self::MANY {
            return false;
        }
        let mut back = 0;
        loop {
            let (kept, again) = (self.lately.len() - back, self.lately.iter().skip(self.lately.len() - back));
            let before = self.balance_minor + again.clone().map(|moved| moved.amount_minor).sum::<i64>();
            let moved: Vec<&Moved> = again.chain(&self.waiting).collect();
            if let Some(order) = order::find(&moved, back + 1, before) {
                let mut block: Vec<Option<Moved>> = self.lately.drain(kept..).map(Some).chain(self.waiting.drain(..).map(Some)).collect();
                self.balance_minor = before;
                order.into_iter().filter_map(|nth| block[nth].take()).for_each(|moved| self.step(moved));
                self.waiting.extend(block.into_iter().flatten());
                return true;
            }
            if kept == 0 {
                return false;
            }
            back = (back.max(1) * 2).min(self.lately.len());
        }
    }

    /// Takes the next one, whatever it says. What lies before is settled.
    fn contradicted(&mut self) {
        let Some(moved) = self.waiting.pop_front() else { return };
        let (said, was_astray) = (moved.said, self.astray);
        self.step(moved);
        if let Some((fulfillment, after)) = said {
            self.wrong.push((Some(fulfillment), format!("says that {after} was left, by the entries {}", self.balance_minor)));
            self.astray = true;
            if was_astray {
                // From here on by its own word, or one wrong amount would be named at every later fulfillment.
                self.balance_minor = after;
            }
        }
        self.lately.clear();
    }
}

/// An order of entries in which each says what it comes to, as near to that of their ids as can be.
mod order {
    use super::{APART_MS, Moved};

    /// Entries looked at before an order counts as not there: far more than two servers need, and an end for what no order mends.
    const LOOKS: usize = 20_000;

    /// An order of some of these, by number, that takes the first `all` of them; `None` if there is none (or none found in time).
    /// Of two that were minted further apart than clocks are, the earlier goes first.
    pub(super) fn find(moved: &[&Moved], all: usize, before_minor: i64) -> Option<Vec<usize>> {
        let mut search = Search { moved, all, taken: vec![false; moved.len()], order: Vec::new(), looks: 0 };
        search.from(0, before_minor).then_some(search.order)
    }

    struct Search<'a> {
        moved: &'a [&'a Moved],
        all: usize,
        taken: Vec<bool>,
        order: Vec<usize>,
        looks: usize,
    }

    /// Those that may come next at one place of the order.
    struct Choice {
        /// The first that was not taken yet.
        oldest: usize,
        /// Where to look for another.
        next: usize,
        balance_minor: i64,
    }

    impl Search<'_> {
        /// Depth first, the oldest first, without recursion: an order may be thousands long.
        fn from(&mut self, oldest: usize, balance_minor: i64) -> bool {
            let mut choices = vec![Choice { oldest, next: oldest, balance_minor }];
            while let Some(choice) = choices.last_mut() {
                if choice.oldest >= self.all {
                    return true;
                }
                let Some(nth) = self.next(choice) else {
                    choices.pop();
                    if let Some(undone) = self.order.pop() {
                        self.taken[undone] = false;
                    }
                    continue;
                };
                let (mut oldest, balance_minor) = (choice.oldest, choice.balance_minor - self.moved[nth].amount_minor);
                self.taken[nth] = true;
                self.order.push(nth);
                while self.taken.get(oldest) == Some(&true) {
                    oldest += 1;
                }
                choices.push(Choice { oldest, next: oldest, balance_minor });
            }
            false
        }

        fn next(&mut self, choice: &mut Choice) -> Option<usize> {
            let latest_ms = self.moved[choice.oldest].minted_ms() + APART_MS;
            while let Some(moved) = self.moved.get(choice.next) {
                let nth = choice.next;
                self.looks += 1;
                if self.looks > LOOKS || moved.minted_ms() > latest_ms {
                    return None;
                }
                choice.next += 1;
                if !self.taken[nth] && moved.fits(choice.balance_minor) {
                    return Some(nth);
                }
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(nth: u8, at_ms: i64, amount_minor: i64, after: Option<i64>) -> Moved {
        let said = after.map(|after| (FulfillmentId::from_bytes([nth; 16]), after));
        let mut id = [nth; 16];
        id[..6].copy_from_slice(&at_ms.to_be_bytes()[2..]);
        Moved { transfer: TransferId::from_bytes(id), place: 0, amount_minor, said }
    }

    fn walk(entries: Vec<Moved>) -> Vec<String> {
        let mut walked = Walked::default();
        entries.into_iter().for_each(|entry| walked.take(entry));
        walked.end().into_iter().map(|wrong| wrong.1).collect()
    }

    #[test]
    fn entries_that_follow_each_other_fit() {
        assert!(walk(vec![moved(1, 0, -100, None), moved(2, 1, 30, Some(70)), moved(3, 2, 30, Some(40)), moved(4, 9_000, -10, None)]).is_empty());
    }

    /// Two servers' clocks differ: what one booked first may have the later id.
    #[test]
    fn entries_of_two_servers_fit_in_either_order() {
        assert!(walk(vec![moved(1, 0, 30, Some(40)), moved(2, 1, -100, None), moved(3, 2, 30, Some(70)), moved(4, 5_000, 40, Some(0))]).is_empty());
    }

    /// Two payments without a word of their own, and sales that would also fit after the second alone.
    #[test]
    fn entries_of_one_server_fit_in_their_own_order() {
        let entries = vec![moved(1, 0, -1_000, None), moved(2, 1, -3_000, None), moved(3, 2, 1_000, Some(3_000)), moved(4, 3, 1_000, Some(2_000))];
        assert!(walk(entries).is_empty());
    }

    /// What was walked already may have been booked after what comes.
    #[test]
    fn an_order_is_looked_for_among_what_was_walked_lately_too() {
        let late = vec![
            moved(1, 0, -100, None),
            moved(2, 10, -50, None),
            moved(3, 20, 30, Some(70)),
            moved(4, 30, -7, None),
            moved(5, 40, 20, Some(100)),
            moved(6, 60, 7, Some(100)),
            moved(7, 9_000, 100, Some(0)),
        ];
        assert!(walk(late).is_empty());
    }

    #[test]
    fn further_apart_than_clocks_are_nothing_changes_places() {
        let entries = vec![moved(1, 0, -100, None), moved(2, 1_000, -50, None), moved(3, 4_000, 30, Some(70)), moved(4, 9_000, 20, Some(100))];
        assert_eq!(walk(entries), ["says that 70 was left, by the entries 120"]);
    }

    /// What no order mends has an end, and what follows it is judged by itself.
    #[test]
    fn of_many_sales_at_one_moment_the_wrong_one_is_named() {
        let mut entries = vec![moved(1, 0, -10_000, None)];
        for nth in 0..200_u8 {
            let after = 10_000 - 10 * (i64::from(nth) + 1) + i64::from(nth == 100);
            entries.push(moved(nth + 2, 1, 10, Some(after)));
        }
        assert_eq!(walk(entries), ["says that 8991 was left, by the entries 8990"]);
    }

    #[test]
    fn a_balance_that_was_never_there_is_named_once() {
        let entries = vec![moved(1, 0, -100, None), moved(2, 5_000, 30, Some(71)), moved(3, 10_000, 30, Some(40)), moved(4, 15_000, 30, Some(10))];
        assert_eq!(walk(entries), ["says that 71 was left, by the entries 70"]);
    }

    #[test]
    fn a_balance_below_zero_is_named() {
        assert_eq!(walk(vec![moved(1, 0, -100, None), moved(2, 5_000, 130, Some(-30))]), ["leaves a prepaid balance of -30"]);
    }
}
