//! The journeys of Tradepost, on both databases.

mod access;
mod again;
mod balance;
mod bench;
mod credit;
mod doors;
mod drafts;
mod fulfillment;
mod guide;
mod large;
mod limits;
mod pages;
mod papers;
mod partners;
mod payments;
mod plans;
mod platform;
mod refunds;
mod requests;
mod review;
mod sets;
mod shop;
mod snapshots;
mod stock;
mod story;
mod verify;
