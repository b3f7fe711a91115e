//! Which allowance pays? Grants of a scope, and the order in which they are drawn.
//!
//! A grant is an allowance with a life of its own. Several may serve one limit: they are drawn in
//! burn order, each has its own balance, and together they are the capacity that an ask meets.

use alloc::boxed::Box;
use core::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::amount::Quantity;
use crate::id::LimitId;
use crate::limit::Source;
use crate::time::Timestamp;

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

/// The order in which grants are drawn.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Burn {
    /// Low priority first, then the soonest expiry, then creation, then name.
    #[default]
    Standard,
    /// High priority first, then the soonest expiry, then name as a dictionary has it.
    Unprice,
}

impl Burn {
    /// Which of two grants is drawn first.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::amount::Quantity;
    /// use weir_core::grant::{Burn, Grant};
    /// use weir_core::id::LimitId;
    /// use weir_core::limit::Source;
    /// use weir_core::time::Timestamp;
    /// use weir_core::window::Period;
    ///
    /// let grant = |name: &str, priority| Grant {
    ///     name: name.into(),
    ///     limit: LimitId(0),
    ///     source: Source(1),
    ///     amount: Quantity::from_units(1),
    ///     priority,
    ///     effective: Timestamp::EPOCH,
    ///     expires: Period::NEVER,
    /// };
    /// let (trial, paid) = (grant("trial", 10), grant("paid", 80));
    /// assert!(Burn::Standard.order(&trial, &paid).is_lt());
    /// assert!(Burn::Unprice.order(&trial, &paid).is_gt()); // there, a high number is drawn first
    /// ```
    #[must_use]
    pub fn order(self, a: &Grant, b: &Grant) -> Ordering {
        let expiry = a.expires.cmp(&b.expires);
        match self {
            Self::Standard => (a.priority.cmp(&b.priority))
                .then(expiry)
                .then_with(|| a.source.cmp(&b.source))
                .then_with(|| a.name.cmp(&b.name)),
            Self::Unprice => (b.priority.cmp(&a.priority))
                .then(expiry)
                .then_with(|| dictionary(&a.name, &b.name)),
        }
    }
}

/// Compares as a dictionary does: marks before digits before letters, case last.
fn dictionary(a: &str, b: &str) -> Ordering {
    let weight = |byte: u8| {
        let folded = byte.to_ascii_lowercase();
        (ROOT_COLLATION.iter().position(|known| *known == folded), folded)
    };
    let folded = a.bytes().map(weight).cmp(b.bytes().map(weight));
    folded.then_with(|| b.cmp(a)) // lower case first: its bytes are the higher ones
}

/// Visible ASCII, upper case apart, in the order of the Unicode collation's root (CLDR).
const ROOT_COLLATION: &[u8] =
    br##"_-,;:!?.'"()[]{}@*/\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"##;
