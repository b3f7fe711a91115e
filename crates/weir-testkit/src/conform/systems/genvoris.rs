//! Does weir-genvoris answer as the contract says? Its side of the conformance seam.

use crate::conform::System;

/// The genvoris contract.
#[derive(Clone, Copy, Debug)]
pub struct Genvoris;

impl System for Genvoris {
    fn name(&self) -> &'static str {
        "genvoris"
    }
}
