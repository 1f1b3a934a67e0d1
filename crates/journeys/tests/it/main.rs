//! The journeys of Tradepost, on both databases.

mod access;
mod credit;
mod drafts;
mod fulfillment;
mod partners;
mod payments;
mod platform;
mod races;
mod review;
mod stock;
mod story;
