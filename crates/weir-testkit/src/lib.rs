//! weir-testkit.

pub mod conform;
pub mod ledger_model;
pub mod model;
pub mod mutation;
pub mod story;
