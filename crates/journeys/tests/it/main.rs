//! The journeys of Tradepost, on both databases.

mod access;
mod bench;
mod crash;
mod credit;
mod drafts;
mod fulfillment;
mod partners;
mod payments;
mod plans;
mod platform;
mod races;
mod review;
mod snapshots;
mod stock;
mod story;
