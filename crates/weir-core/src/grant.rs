//! Which allowance pays? Grants of a scope, and the order in which they are drawn.
//!
//! A grant is an allowance with a life of its own. Several may serve one limit: they are drawn in
//! burn order, each has its own balance, and together they are the capacity that an ask meets. A grant
//! is worth its amount in each period of its limit, unless its [`Renewal`] says otherwise.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/grant.rs`, under the same name.
//!
//! - `a_recurring_grant_is_whole_again`: whatever was left, it is worth its amount then.
//! - `what_rolls_over_is_at_least_and_at_most_so_much`: and no more than that most, where the least is
//!   more.
//! - `a_rollover_is_provisional_while_a_grace_is_open`: a late draw lowers what rolled over, and what
//!   was spent of that is owed.
//! - `one_instant_has_one_order`: what rolled over pays what is owed, then what is whole again, then
//!   what starts.
//! - `a_debt_is_paid_by_what_comes_after_it`: and not by what was over before it.
//! - `a_debt_of_a_hold_is_paid_by_what_comes_after_it`: it is owed since what was used was committed.
//! - `periods_pass_unasked_as_if_they_were_asked`: whether anybody asks or looks in between changes
//!   nothing.
//! - `conservation`: what was issued is taken, left or lapsed; what no grant covered is owed.

use crate::amount::Quantity;
use crate::id::LimitId;
use crate::limit::Source;
use crate::time::Timestamp;
use alloc::boxed::Box;

mod burn;
mod renewal;

pub use burn::{Burn, By, Direction, Grain, Key};
pub use renewal::{Every, Renewal, Rollover, Stretch, Turns};

/// An allowance of a limit, for one scope.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    /// The host's name for it, unique within the scope.
    pub name: Box<str>,
    /// The limit that it serves.
    pub limit: LimitId,
    /// How it is told from the scope's other allowances: 1 for the first, then counting up.
    pub source: Source,
    /// What it allows, and again whenever it comes back; [`crate::limit::UNLIMITED`] for no end.
    pub amount: Quantity,
    /// Where it stands in the burn order.
    pub priority: i32,
    /// From when it pays.
    pub effective: Timestamp,
    /// When it stops paying; [`crate::window::Period::NEVER`] for never.
    pub expires: Timestamp,
    /// How it comes back.
    pub renewal: Renewal,
}

impl Grant {
    /// Whether the grant pays for what happens at `at`.
    #[must_use]
    pub fn pays_at(&self, at: Timestamp) -> bool {
        self.effective <= at && at < self.expires
    }
}
