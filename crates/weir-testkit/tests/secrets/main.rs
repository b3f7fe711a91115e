//! What becomes of a secret on its way through a gate and the adapters over it.
//!
//! Rows A3 (it is in no byte that comes out) and A9 (two of them are refused, unless the contract
//! says which one counts) of the list of attacks.
#![expect(clippy::unwrap_used, reason = "in the helpers of tests, a wrong table is a failing test")]

mod canary;
mod hosts;
mod offered;
