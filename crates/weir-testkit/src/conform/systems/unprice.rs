//! Does weir-unprice answer as the contract says? Its side of the conformance seam.

use crate::conform::System;

/// The unprice contract.
#[derive(Clone, Copy, Debug)]
pub struct Unprice;

impl System for Unprice {
    fn name(&self) -> &'static str {
        "unprice"
    }
}
