//! The journeys of Tradepost, on both databases.

mod credit;
mod drafts;
mod fulfillment;
mod payments;
mod races;
mod stock;
