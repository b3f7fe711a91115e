//! Does it fit? Capacity, use and holds of one limit, and what happens at the line.
//!
//! There is one comparison, for rates, quotas, credits and seats alike: an ask is admitted when
//! `used + held + asked <= capacity`. A [`Balance`] is what is remembered of a limit in one period;
//! a [`Standing`] is what the comparison sees, which may be several balances added up. What does not
//! fit meets the limit's [`Enforcement`].
//!
//! # Laws
//!
//! `never_over`, a law of deciding: at the instant a limit that is hard or clamps admits a positive
//! ask, what is used and held then is at most the capacity; where it is capped, at most the capacity
//! and what it may be over; where it makes a last call, something was left before. A test in
//! `weir-testkit/tests/decide`.

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
    /// It is admitted as long as no more than this is over the capacity with it.
    Capped(Quantity),
    /// What fits of it is taken, and the rest is shed; where nothing is left it is denied.
    Clamp,
    /// It is denied, and nothing is taken.
    #[default]
    Hard,
    /// It is admitted while anything is left, however much it asks for.
    LastCall,
    /// It is admitted as if the limit were soft, and said to be what a hard one would have denied.
    Shadow,
    /// It is admitted; what is over the capacity is overage, and recorded.
    Soft,
}

/// What a request wishes for, where what it asks does not fit. A limit that does not allow the wish
/// goes by its own [`Enforcement`].
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnShortfall {
    /// What fits is taken, as if the limit clamped.
    Clamp,
    /// It is denied, as if the limit were hard.
    Reject,
}

/// How an ask meets a limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fit {
    /// It is for more than is left, and that is taken.
    Clamped,
    /// It is for more than is left, and taken all the same.
    Over,
    /// It is for more than is left, and denied.
    Refused,
    /// It is for more than is left, and taken, since the limit only watches.
    Shadowed,
    /// It fits.
    Within,
}

/// What a limit tells of itself, once in each period.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Warning {
    /// So many per cent of the capacity are used or held.
    Reached(u16),
    /// An ask was refused, after others were not.
    Exhausted,
}

impl Warning {
    /// The most per cent that can be told of.
    pub const PERCENT_MAX: u16 = 1_000;

    /// Whether so many per cent of a capacity are used or held.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::amount::Quantity;
    /// use weir_core::limit::Warning;
    ///
    /// let nanos = Quantity::from_nanos;
    /// assert!(Warning::is_reached(80, nanos(4), nanos(5)));
    /// assert!(!Warning::is_reached(81, nanos(4), nanos(5)));
    /// assert!(!Warning::is_reached(120, nanos(i128::MAX), nanos(i128::MAX)));
    /// ```
    #[must_use]
    pub fn is_reached(percent: u16, level: Quantity, capacity: Quantity) -> bool {
        let (level, capacity, percent) =
            (level.as_nanos(), capacity.as_nanos(), i128::from(percent));
        // The capacity in hundredths, and what is left of it: the product of all may not fit.
        let (whole, rest) = (capacity.div_euclid(100), capacity.rem_euclid(100));
        let beyond = whole.checked_mul(percent).and_then(|part| level.checked_sub(part));
        beyond.is_some_and(|beyond| {
            let beyond = beyond.min(percent); // more than what the rest comes to
            rest.saturating_mul(percent) <= beyond.saturating_mul(100)
        })
    }
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
    /// The same, where it is counted without periods; of grants, what they paid between two. No grant
    /// has this number.
    pub const SLIDING: Self = Self(u16::MAX);
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
    /// assert!(standing.admits(units(3), Enforcement::Capped(units(2))));
    /// assert!(!standing.admits(units(4), Enforcement::Capped(units(2))));
    /// assert!(standing.admits(units(90), Enforcement::LastCall)); // something is left
    /// ```
    #[must_use]
    #[inline]
    pub fn admits(self, asked: Quantity, enforcement: Enforcement) -> bool {
        self.meets(asked, enforcement) != Fit::Refused
    }

    /// How an ask meets the limit.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::amount::Quantity;
    /// use weir_core::limit::{Balance, Enforcement, Fit, Standing};
    ///
    /// let units = Quantity::from_units;
    /// let of = |used| Balance { used: units(used), capacity: units(10), ..Balance::VACANT };
    /// let meets = |used, enforcement| Standing::of(&of(used)).meets(units(2), enforcement);
    /// assert_eq!(meets(8, Enforcement::Clamp), Fit::Within);
    /// assert_eq!(meets(9, Enforcement::Clamp), Fit::Clamped); // one of two is taken
    /// assert_eq!(meets(10, Enforcement::Clamp), Fit::Refused); // nothing would be
    /// assert_eq!(meets(10, Enforcement::LastCall), Fit::Refused);
    /// assert_eq!(meets(10, Enforcement::Shadow), Fit::Shadowed);
    /// ```
    #[must_use]
    #[inline]
    pub fn meets(self, asked: Quantity, enforcement: Enforcement) -> Fit {
        self.meets_as(asked, || enforcement)
    }

    /// The same, where what happens is looked up for an ask that does not fit only.
    #[inline]
    pub(crate) fn meets_as(
        self,
        asked: Quantity,
        enforcement: impl FnOnce() -> Enforcement,
    ) -> Fit {
        if asked <= self.left { Fit::Within } else { self.falls_short(asked, enforcement) }
    }

    /// How an ask for more than is left meets the limit.
    #[cold]
    fn falls_short(self, asked: Quantity, enforcement: impl FnOnce() -> Enforcement) -> Fit {
        if self.capacity == UNLIMITED {
            return Fit::Within;
        }
        let over_if = |fine| if fine { Fit::Over } else { Fit::Refused };
        match enforcement() {
            Enforcement::Capped(most) => over_if(self.overage(asked).is_some_and(|o| o <= most)),
            Enforcement::Clamp if self.left.is_positive() => Fit::Clamped,
            Enforcement::Clamp | Enforcement::Hard => Fit::Refused,
            Enforcement::LastCall => over_if(self.left.is_positive()),
            Enforcement::Shadow => Fit::Shadowed,
            Enforcement::Soft => Fit::Over,
        }
    }

    /// How much is over all capacities after an ask for more than is left; `None` when it does not
    /// fit.
    fn overage(self, asked: Quantity) -> Option<Quantity> {
        // The capacity is what is used and held, and left, less what is over.
        let taken = self.used.checked_add(self.held)?.checked_add(asked)?;
        taken.checked_sub(self.capacity)
    }
}

/// Sums of capacities meet [`UNLIMITED`] and stay there.
fn add(a: Quantity, b: Quantity) -> Quantity {
    a.checked_add(b).unwrap_or(UNLIMITED)
}
