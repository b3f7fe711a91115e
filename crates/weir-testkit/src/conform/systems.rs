//! Who is checked? The three systems, each through its adapter.

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
