//! The journeys of Tradepost, on both databases.

mod access;
mod credit;
mod drafts;
mod fulfillment;
mod partners;
mod payments;
mod plans;
mod platform;
mod review;
mod snapshots;
mod stock;
mod story;
