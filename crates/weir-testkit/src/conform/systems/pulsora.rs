//! Does weir-pulsora answer as the contract says? Its side of the conformance seam.

use crate::conform::System;

/// The pulsora contract.
#[derive(Clone, Copy, Debug)]
pub struct Pulsora;

impl System for Pulsora {
    fn name(&self) -> &'static str {
        "pulsora"
    }
}
