//! Does it fit? Capacity, use and holds of one limit, and what happens at the line.
//!
//! There is one comparison, for rates, quotas, credits and seats alike: an ask is admitted when
//! `used + held + asked <= capacity`. A [`Balance`] is what is remembered of a limit in one period;
//! a [`Standing`] is what the comparison sees, which may be several balances added up.
//!
//! # Laws
//!
//! `never_over`, a law of deciding: at the instant a hard limit admits a positive ask,
//! `used + held + asked` is at most the capacity. A test in `weir-testkit/tests/decide.rs`.

use serde::{Deserialize, Serialize};

use crate::amount::Quantity;
use crate::id::{CatalogVersion, LimitId};
use crate::time::Timestamp;

/// The capacity of a limit that has none: no use reaches it.
pub const UNLIMITED: Quantity = Quantity::from_nanos(i128::MAX);

/// What happens to an ask that does not fit.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Enforcement {
    /// It is denied, and nothing is taken.
    #[default]
    Hard,
    /// It is admitted; what is over the capacity is overage, and recorded.
    Soft,
}

/// When a balance reads its capacity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CapacityRead {
    /// When its period opens: a change waits for the next one.
    AtRoll,
    /// Always: a change counts from the next decision.
    Live,
}

/// Which allowance of a scope a balance counts: the plan's own, or one of its grants.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Source(pub u16);

impl Source {
    /// The capacity that the plan states.
    pub const PLAN: Self = Self(0);
}

/// What is remembered of one limit, for one scope, in one period: 64 bytes.
///
/// # Shape
///
/// Keyed by `(limit, source, window_end)` within its scope. `used` and `held` are not negative.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Balance {
    /// What was taken in the period.
    pub used: Quantity,
    /// What is reserved and neither committed nor given back.
    pub held: Quantity,
    /// The capacity last read; [`UNLIMITED`] for none.
    pub capacity: Quantity,
    /// The end of the period.
    pub window_end: Timestamp,
    /// The catalog under which `capacity` was read.
    pub generation: CatalogVersion,
    /// The limit.
    pub limit: LimitId,
    /// Which allowance of the scope.
    pub source: Source,
}

impl Balance {
    /// No balance: the place where one may stand.
    pub const VACANT: Self = Self {
        used: Quantity::ZERO,
        held: Quantity::ZERO,
        capacity: Quantity::ZERO,
        window_end: Timestamp::MIN,
        generation: CatalogVersion(0),
        limit: LimitId(u16::MAX),
        source: Source::PLAN,
    };

    /// Whether this is no balance.
    #[must_use]
    pub fn is_vacant(&self) -> bool {
        self.limit == Self::VACANT.limit
    }

    /// What is left of it; nothing when it is overdrawn.
    #[must_use]
    #[inline]
    pub fn left(&self) -> Quantity {
        let room =
            self.capacity.checked_sub(self.used).and_then(|room| room.checked_sub(self.held));
        room.unwrap_or(Quantity::ZERO).max(Quantity::ZERO)
    }

    /// What tells this balance from the others of its scope.
    #[must_use]
    pub const fn key(&self) -> (LimitId, Source, Timestamp) {
        (self.limit, self.source, self.window_end)
    }
}

/// What the comparison sees of a limit: one balance, or those of several grants added up.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// What was taken.
    pub used: Quantity,
    /// What is held.
    pub held: Quantity,
    /// The capacity, [`UNLIMITED`] for none.
    pub capacity: Quantity,
    /// What is left: no grant's overage reduces another grant's rest.
    pub left: Quantity,
}

impl Standing {
    /// The standing of one balance.
    #[must_use]
    #[inline]
    pub fn of(balance: &Balance) -> Self {
        let Balance { used, held, capacity, .. } = *balance;
        Self { used, held, capacity, left: balance.left() }
    }

    /// The standing with one more balance.
    #[must_use]
    #[inline]
    pub fn with(self, balance: &Balance) -> Self {
        let more = Self::of(balance);
        Self {
            used: add(self.used, more.used),
            held: add(self.held, more.held),
            capacity: add(self.capacity, more.capacity),
            left: add(self.left, more.left),
        }
    }

    /// Whether an ask goes through: always when it asks for nothing, or gives back.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::amount::Quantity;
    /// use weir_core::limit::{Balance, Enforcement, Standing};
    ///
    /// let units = Quantity::from_units;
    /// let nine_of_ten = Balance { used: units(9), capacity: units(10), ..Balance::VACANT };
    /// let standing = Standing::of(&nine_of_ten);
    /// assert!(standing.admits(units(1), Enforcement::Hard)); // the last one
    /// assert!(!standing.admits(units(2), Enforcement::Hard));
    /// assert!(standing.admits(units(2), Enforcement::Soft)); // one is overage
    /// ```
    #[must_use]
    #[inline]
    pub fn admits(self, asked: Quantity, enforcement: Enforcement) -> bool {
        asked <= self.left || self.goes_over(asked, enforcement)
    }

    /// Whether an ask for more than is left goes through.
    #[cold]
    fn goes_over(self, asked: Quantity, enforcement: Enforcement) -> bool {
        !asked.is_positive() || self.capacity == UNLIMITED || enforcement == Enforcement::Soft
    }
}

/// Sums of capacities meet [`UNLIMITED`] and stay there.
fn add(a: Quantity, b: Quantity) -> Quantity {
    a.checked_add(b).unwrap_or(UNLIMITED)
}
