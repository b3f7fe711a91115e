//! weir-core decides, inside the caller's process, whether an event is well formed, who may send
//! it, and whether they can afford it, and it never loses count.
//!
//! It is a deterministic state machine: no clock, no I/O, no unsafe code, no panic. Time, secrets
//! and randomness come in as arguments; what happened comes out as data. `weir` is the same with
//! threads, a clock and a journal around it, and is what most programs want.
//!
//! Each module is a room that answers one question, and uses rooms on lower floors only.
//!
//! | floor | room | its question |
//! |---|---|---|
//! | 0 | [`time`] | when? |
//! | 0 | [`amount`] | how much? |
//! | 0 | [`id`] | what is it called? |
//! | 0 | [`fault`] | what must an operator edit? |
//! | 0 | [`hash`] | where in the table? |
//! | 1 | [`json`] | what did they send? |
//! | 1 | [`schema`] | does it have our shape? |
//! | 1 | [`token`] | who is it, by what class of credential? |
//! | 1 | [`window`] | which period is it? |
//! | 1 | [`meter`] | what does this event add? |
//! | 1 | [`price`] | what does that cost? |
//! | 2 | [`limit`] | does it fit? |
//! | 2 | [`grant`] | which allowance pays? |
//! | 2 | [`wallet`] | which credits pay? |
//! | 2 | [`route`] | does a meter count this event, and at what value? |
//! | 2 | [`dedup`] | have we answered this before? |
//! | 3 | [`catalog`] | what was sold? |
//! | 4 | [`account`] | what is their state? |
//! | 4 | [`hold`] | is it still held? |
//! | 5 | [`decide`] | does it go ahead? |
//! | 6 | [`ledger`] | what happened? |
//! | 7 | [`arbitrary`] | what could they send? |
//!
//! # Features
//!
//! One, and none that changes behaviour: with `arbitrary`, a fuzzer of yours builds our inputs.
//!
//! [`arbitrary`]: #features
#![no_std]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::todo,
    clippy::unimplemented,
    clippy::unreachable,
    clippy::unwrap_used
)]

extern crate alloc;

pub mod account;
pub mod amount;
#[cfg(feature = "arbitrary")]
pub mod arbitrary;
pub mod catalog;
pub mod decide;
pub mod dedup;
pub mod fault;
pub mod grant;
pub mod hash;
pub mod hold;
pub mod id;
pub mod json;
pub mod ledger;
pub mod limit;
pub mod meter;
pub mod price;
pub mod route;
pub mod schema;
pub mod time;
pub mod token;
pub mod wallet;
pub mod window;
