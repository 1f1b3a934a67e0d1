//! The prepaid balance over time: walked entry by entry, and held against what each fulfillment said stood after it.
//!
//! Entries stand in the order of their transfers' ids, and two servers' clocks differ a little. So an entry that does
//! not fit yet waits for those beside it, for [`APART_MS`] at most; within one server all fit at once.

use super::report::Violation;
use super::scan::Found;
use super::{Check, How, PAGE};
use crate::command::Engine;
use crate::ids::{AccountId, FulfillmentId, TransferId};
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
    /// When its transfer's id was minted: under the lock of the partnership, unlike the moment of its command.
    fn minted_ms(&self) -> i64 {
        self.transfer.bytes().iter().take(6).fold(0, |ms, byte| ms << 8 | i64::from(*byte))
    }
}

/// What is wrong, with the fulfillment that shows it.
type Wrong = (Option<FulfillmentId>, String);

/// A walk along the entries of one account.
#[derive(Default)]
struct Walked {
    balance_minor: i64,
    waiting: Vec<Moved>,
    newest_ms: i64,
    /// Whether the last that had to be taken contradicted the entries.
    astray: bool,
    wrong: Vec<Wrong>,
}

impl Walked {
    const START: (TransferId, i64) = (TransferId::from_bytes([0; 16]), i64::MIN);

    fn take(&mut self, moved: Moved) {
        self.newest_ms = self.newest_ms.max(moved.minted_ms());
        self.waiting.push(moved);
        self.settle();
        while self.waiting.first().is_some_and(|oldest| oldest.minted_ms() < self.newest_ms - APART_MS) {
            self.force();
        }
    }

    fn end(mut self) -> Vec<Wrong> {
        while !self.waiting.is_empty() {
            self.force();
        }
        self.wrong
    }

    /// Takes whatever fits.
    fn settle(&mut self) {
        while let Some(next) = self.next_that_fits() {
            let moved = self.waiting.remove(next);
            self.apply(&moved);
        }
    }

    /// One that says what it comes to now, else one without a word that makes another fit.
    fn next_that_fits(&self) -> Option<usize> {
        let fits = |moved: &Moved, balance: i64| moved.said.is_some_and(|(_, after)| after == balance - moved.amount_minor);
        let spoken = self.waiting.iter().position(|moved| fits(moved, self.balance_minor));
        spoken.or_else(|| {
            let opens = |moved: &Moved| moved.said.is_none() && self.waiting.iter().any(|other| fits(other, self.balance_minor - moved.amount_minor));
            self.waiting.iter().position(opens)
        })
    }

    fn apply(&mut self, moved: &Moved) {
        self.balance_minor -= moved.amount_minor;
        self.astray = false;
        if self.balance_minor < 0 {
            self.wrong.push((moved.said.map(|said| said.0), format!("leaves a prepaid balance of {}", self.balance_minor)));
        }
    }

    /// Takes the one that waited longest, whatever it says, and those that fit then.
    fn force(&mut self) {
        let moved = self.waiting.remove(0);
        let was_astray = self.astray;
        self.apply(&moved);
        if let Some((fulfillment, after)) = moved.said.filter(|said| said.1 != self.balance_minor) {
            self.wrong.push((Some(fulfillment), format!("says that {after} was left, by the entries {}", self.balance_minor)));
            self.astray = true;
            if was_astray {
                // From here on by its own word, or one wrong amount would be named at every later fulfillment.
                self.balance_minor = after;
            }
        }
        self.settle();
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
