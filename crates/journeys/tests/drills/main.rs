//! The drills of Tradepost: what a server must survive, with the twin of each that must fail (docs/drills.md).
//!
//! `make test` runs a few rounds of each, `make drill` the long ones: `TRADEPOST_DRILL_ROUNDS` is then how many.

mod apart;
mod crash;
mod disk;
mod hang_up;
mod line;
mod load;
mod model;
mod overload;
mod races;
mod refunds;
mod restart;
mod servers;
mod tally;
