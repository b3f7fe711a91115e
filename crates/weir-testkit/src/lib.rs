//! weir-testkit.

pub mod conform;
pub mod model;
pub mod mutation;
