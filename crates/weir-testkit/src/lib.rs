//! weir-testkit.

pub mod conform;
