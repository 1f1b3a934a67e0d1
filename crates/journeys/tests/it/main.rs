//! The journeys of Tradepost, on both databases.

mod access;
mod balance;
mod crash;
mod credit;
mod doors;
mod drafts;
mod fulfillment;
mod limits;
mod partners;
mod payments;
mod plans;
mod platform;
mod races;
mod review;
mod sets;
mod snapshots;
mod stock;
mod story;
mod verify;
