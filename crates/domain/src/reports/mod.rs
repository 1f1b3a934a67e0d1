//! What is put together from several slices: overviews, and what waits for somebody. Reads only.
//!
//! Always true here: nothing is counted beyond [`COUNTED`], each count goes by an index of just those rows, and what was sold is
//! read per day, never added up from orders.

pub mod find;
pub mod frame;
pub mod overview;
pub mod waiting;

/// Up to here things are counted; of more it is said that there are more.
pub const COUNTED: i64 = 99;

/// How many of something there are, up to [`COUNTED`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The number, at most [`COUNTED`].
    pub number: i64,
    /// Whether there are more.
    pub more: bool,
}

impl Count {
    /// Of a number that was counted to one beyond [`COUNTED`].
    #[must_use]
    pub const fn of(counted: i64) -> Self {
        if counted > COUNTED { Self { number: COUNTED, more: true } } else { Self { number: counted, more: false } }
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        let both = Self::of(self.number + other.number);
        Self { number: both.number, more: both.more || self.more || other.more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_what_is_counted_there_are_more() {
        assert_eq!((Count::of(99), Count::of(100)), (Count { number: 99, more: false }, Count { number: 99, more: true }));
        assert_eq!(Count::of(60).and(Count::of(39)), Count { number: 99, more: false });
        assert_eq!(Count::of(60).and(Count::of(40)), Count { number: 99, more: true });
    }
}
