//! What a partnership may owe: policy on top of the ledger (CRD-1…8).
//!
//! Always true here: pure. Used credit is the sum of the open amounts of all placed orders, held ones
//! included; whether an order fits is decided over that, under the partnership's lock.

use crate::ids::OrderId;

/// Why goods of a partnership's orders may or may not leave: limit and open orders at one moment.
#[derive(Clone, Debug, Default)]
pub struct Exposure {
    /// The credit limit in minor units; `None`: no credit, everything is paid before it is released (CRD-2).
    pub limit: Option<i64>,
    /// Orders that are placed, not canceled and not fully paid, oldest first.
    pub open: Vec<OpenOrder>,
}

/// A placed order with an open amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOrder {
    /// Which.
    pub order: OrderId,
    /// Total less payments, in minor units; above zero.
    pub open_minor: i64,
    /// Held as a whole beyond the limit or, without a limit, until it is paid.
    pub held: bool,
}

/// What a partnership owes for its open orders, where nobody asks which they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    /// Sum of the open amounts, in minor units.
    pub minor: i64,
    /// Whether any order is open.
    pub anything: bool,
}

impl Owed {
    /// Whether it reaches the limit: see [`Exposure::limit_reached`].
    #[must_use]
    pub fn reaches(self, limit: Option<i64>) -> bool {
        self.anything && limit.is_some_and(|limit| limit <= self.minor)
    }

    /// Limit, used, available, over.
    #[must_use]
    pub fn view(self, limit: Option<i64>) -> CreditView {
        let available = limit.map(|limit| limit.saturating_sub(self.minor));
        CreditView { limit_minor: limit, used_minor: self.minor, available_minor: available, over_minor: available.map_or(0, |a| (-a).max(0)) }
    }
}

/// What pages and the API show (CRD-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditView {
    /// The limit, where there is one.
    pub limit_minor: Option<i64>,
    /// Sum of the open amounts of placed orders.
    pub used_minor: i64,
    /// Limit less used; may be negative. `None` without a limit.
    pub available_minor: Option<i64>,
    /// How far beyond the limit; 0 within it.
    pub over_minor: i64,
}

impl Exposure {
    /// Sum of all open amounts.
    #[must_use]
    pub fn used(&self) -> i64 {
        sum(self.open.iter().map(|order| order.open_minor))
    }

    /// Sum of the open amounts of released orders.
    #[must_use]
    pub fn released(&self) -> i64 {
        sum(self.open.iter().filter(|order| !order.held).map(|order| order.open_minor))
    }

    /// Limit, used, available, over.
    #[must_use]
    pub fn view(&self) -> CreditView {
        self.owed().view(self.limit)
    }

    /// Whether the limit is reached: something is owed, and available credit is at or below zero (CRD-5). Without a
    /// limit it is never reached.
    ///
    /// Who owes nothing has reached nothing, not even a limit of 0.00: no balance is due (CRD-6), no goods are unpaid, and
    /// the file of what was paid would be absent for ever. Such a partnership stands like one without credit until it
    /// places an order that it does not pay at once.
    #[must_use]
    pub fn limit_reached(&self) -> bool {
        self.owed().reaches(self.limit)
    }

    /// What all open orders come to.
    #[must_use]
    pub fn owed(&self) -> Owed {
        Owed { minor: self.used(), anything: !self.open.is_empty() }
    }

    /// Whether a further order with this open amount is released at once (CRD-3): it fits beside everything
    /// that is open, older held orders included. An order with nothing open always is.
    #[must_use]
    pub fn fits(&self, open_minor: i64) -> bool {
        open_minor == 0 || self.limit.is_some_and(|limit| self.used().checked_add(open_minor).is_some_and(|used| used <= limit))
    }

    /// The held orders that are released now, strictly oldest first: each while the released ones plus its own
    /// open amount are within the limit; the first that does not fit stops the queue.
    #[must_use]
    pub fn releasable(&self) -> Vec<OrderId> {
        let Some(limit) = self.limit else { return Vec::new() };
        let mut released = self.released();
        let mut out = Vec::new();
        for held in self.open.iter().filter(|order| order.held) {
            match released.checked_add(held.open_minor) {
                Some(sum) if sum <= limit => released = sum,
                _ => break,
            }
            out.push(held.order);
        }
        out
    }
}

/// Open amounts are sums of what was checked to fit; beyond 64 bits nothing fits anyway.
fn sum(amounts: impl Iterator<Item = i64>) -> i64 {
    i64::try_from(amounts.map(i128::from).sum::<i128>()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    /// The worked example of the specification, as far as it has no approval: every row of `examples.md`.
    struct Story {
        exposure: Exposure,
        printed: String,
    }

    fn id(name: char) -> OrderId {
        OrderId::from_bytes([name as u8; 16])
    }

    impl Story {
        fn tell(&mut self, step: &str) {
            for order in self.exposure.releasable() {
                self.exposure.open.iter_mut().filter(|open| open.order == order).for_each(|open| open.held = false);
            }
            let view = self.exposure.view();
            let held: String = self.exposure.open.iter().filter(|o| o.held).map(|o| o.order.bytes()[0] as char).collect();
            let reached = if self.exposure.limit_reached() { " reached" } else { "" };
            writeln!(
                self.printed,
                "{step}: used {} available {} over {}{reached} held [{held}]",
                view.used_minor,
                view.available_minor.unwrap_or(0),
                view.over_minor
            )
            .expect("a string takes all");
        }

        fn place(&mut self, name: char, total: i64) {
            let held = !self.exposure.fits(total);
            self.exposure.open.push(OpenOrder { order: id(name), open_minor: total, held });
            self.tell(&format!("place {name} {total}"));
        }

        fn pay(&mut self, name: char, amount: i64) {
            self.exposure.open.iter_mut().filter(|open| open.order == id(name)).for_each(|open| open.open_minor -= amount);
            self.exposure.open.retain(|open| open.open_minor > 0);
            self.tell(&format!("pay {amount} on {name}"));
        }

        fn limit(&mut self, limit: i64) {
            self.exposure.limit = Some(limit);
            self.tell(&format!("limit {limit}"));
        }
    }

    /// CRD-1, CRD-3, CRD-5, CRD-8: the worked example, step by step.
    #[test]
    fn the_worked_example_of_credit_comes_out_as_specified() {
        let mut story = Story { exposure: Exposure { limit: Some(50_000), open: Vec::new() }, printed: String::new() };
        story.place('A', 20_000);
        story.place('B', 30_000);
        story.pay('A', 12_000);
        story.place('C', 15_000);
        story.place('D', 2_000);
        story.pay('A', 8_000);
        story.limit(40_000);
        story.limit(60_000);
        assert_eq!(
            story.printed,
            "place A 20000: used 20000 available 30000 over 0 held []\n\
             place B 30000: used 50000 available 0 over 0 reached held []\n\
             pay 12000 on A: used 38000 available 12000 over 0 held []\n\
             place C 15000: used 53000 available -3000 over 3000 reached held [C]\n\
             place D 2000: used 55000 available -5000 over 5000 reached held [CD]\n\
             pay 8000 on A: used 47000 available 3000 over 0 held []\n\
             limit 40000: used 47000 available -7000 over 7000 reached held []\n\
             limit 60000: used 47000 available 13000 over 0 held []\n"
        );
    }

    /// CRD-3: the queue is strict: a small order never overtakes a large one.
    #[test]
    fn a_small_held_order_never_overtakes_an_older_large_one() {
        let open = |name, open_minor| OpenOrder { order: id(name), open_minor, held: true };
        let exposure = Exposure { limit: Some(100), open: vec![open('A', 500), open('B', 10)] };
        assert!(exposure.releasable().is_empty());
    }

    /// CRD-5, CRD-6: a limit of nothing is reached by the first cent that is owed, not by owing nothing.
    #[test]
    fn a_limit_of_zero_is_reached_as_soon_as_something_is_owed() {
        let mut exposure = Exposure { limit: Some(0), open: Vec::new() };
        assert!(exposure.fits(0) && !exposure.fits(1));
        assert_eq!((exposure.view().available_minor, exposure.view().over_minor, exposure.limit_reached()), (Some(0), 0, false));
        exposure.open.push(OpenOrder { order: id('A'), open_minor: 1, held: true });
        assert_eq!((exposure.view().available_minor, exposure.view().over_minor, exposure.limit_reached()), (Some(-1), 1, true));
        assert!(exposure.releasable().is_empty());
    }

    /// CRD-2: without a limit nothing is released unpaid, and the limit is never reached.
    #[test]
    fn without_a_limit_nothing_fits_but_a_free_order() {
        let exposure = Exposure::default();
        assert!(!exposure.fits(1) && exposure.fits(0) && !exposure.limit_reached());
        assert_eq!(exposure.view().available_minor, None);
    }
}
