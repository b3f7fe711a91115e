//! Who is checked? The three systems, each through its adapter.
//!
//! Each implements the parts of [`System`] that its vectors need, over the adapter that ships: a host
//! is set up by commands, requests go through the adapter's own entry, and `state` reads the ledger.
//! What a vector describes and the adapter cannot do is [`NotImplemented`](super::NotImplemented),
//! and has a line in `vectors/deviations.toml` or fails.

mod genvoris;
mod pulsora;
mod unprice;

use crate::conform::System;

pub use genvoris::Genvoris;
pub use pulsora::Pulsora;
pub use unprice::Unprice;

/// Every system that has an adapter.
#[must_use]
pub fn all() -> [&'static dyn System; 3] {
    [&Genvoris, &Pulsora, &Unprice]
}
