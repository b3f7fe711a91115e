//! Which allowance pays? Grants of a scope, and the order in which they are drawn.
//!
//! A grant is an allowance with a life of its own. Several may serve one limit: they are drawn in
//! burn order, each has its own balance, and together they are the capacity that an ask meets.

use crate::amount::Quantity;
use crate::id::LimitId;
use crate::limit::Source;
use crate::time::Timestamp;
use alloc::boxed::Box;

mod burn;

pub use burn::{Burn, By, Direction, Grain, Key};

/// An allowance of a limit, for one scope.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    /// The host's name for it, unique within the scope.
    pub name: Box<str>,
    /// The limit that it serves.
    pub limit: LimitId,
    /// How it is told from the scope's other allowances: 1 for the first, then counting up.
    pub source: Source,
    /// What it allows in each period; [`crate::limit::UNLIMITED`] for no end.
    pub amount: Quantity,
    /// Where it stands in the burn order.
    pub priority: i32,
    /// From when it pays.
    pub effective: Timestamp,
    /// When it stops paying; [`crate::window::Period::NEVER`] for never.
    pub expires: Timestamp,
}

impl Grant {
    /// Whether the grant pays for what happens at `at`.
    #[must_use]
    pub fn pays_at(&self, at: Timestamp) -> bool {
        self.effective <= at && at < self.expires
    }
}
