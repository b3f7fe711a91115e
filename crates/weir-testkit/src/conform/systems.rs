//! Who is checked? The three systems, each through its adapter, and two peers through the core.
//!
//! Each implements the parts of [`System`] that its vectors need, over the adapter that ships: a host
//! is set up by commands, requests go through the adapter's own entry, and `state` reads the ledger.
//! What a vector describes and the adapter cannot do is [`NotImplemented`](super::NotImplemented),
//! and has a line in `vectors/deviations.toml` or fails.

mod autumn;
mod genvoris;
mod openmeter;
mod pulsora;
mod unprice;

use crate::conform::System;

pub use autumn::Autumn;
pub use genvoris::Genvoris;
pub use openmeter::OpenMeter;
pub use pulsora::Pulsora;
pub use unprice::Unprice;

/// Every system that has an adapter.
#[must_use]
pub fn all() -> [&'static dyn System; 5] {
    [&Autumn, &Genvoris, &OpenMeter, &Pulsora, &Unprice]
}
