//! Under which terms does a plan limit a feature? The compiled form of a limit.

use alloc::boxed::Box;

use serde::{Deserialize, Serialize};

use crate::amount::Quantity;
use crate::grant::Burn;
use crate::id::{FeatureId, LimitId, WalletId};
use crate::limit::{CapacityRead, Enforcement, OnShortfall, Warning};
use crate::meter::{Conversion, Meter};
use crate::price::Price;
use crate::time::{Span, Timestamp};
use crate::window::Window;

/// How one limit counts, for the scopes of one plan.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Terms {
    /// The limit.
    pub limit: LimitId,
    /// What it counts.
    pub counted: Counted,
    /// How much there is, and where that is read.
    pub capacity: Capacity,
    /// When it counts anew.
    pub window: Window,
    /// Where an anchored window starts; `None` for each scope's own anchor.
    pub anchor: Option<Timestamp>,
    /// How long after its end a period still takes late events.
    pub grace: Span,
    /// What happens at the line, and how it is told.
    pub line: Line,
    /// What use costs, and who pays.
    pub charge: Option<Charge>,
}

/// What a limit counts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Counted {
    /// Asks for this feature.
    pub feature: FeatureId,
    /// How their values become use.
    pub meter: Meter,
    /// What a use of other features costs in this one, where it is a credit unit.
    pub rates: Box<[Rate]>,
    /// Whether it is used up.
    pub kind: Kind,
}

impl Counted {
    /// Whether asks for the feature count.
    #[must_use]
    pub fn counts(&self, feature: FeatureId) -> bool {
        feature == self.feature || self.rates.iter().any(|rate| rate.feature == feature)
    }

    /// Whether twice as much is counted as twice, and a part of it as that part.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.meter.adds_up() && self.rates.is_empty()
    }

    /// What an ask of `value` for a feature adds, where its meter keeps nothing; `None` when it does
    /// not fit.
    #[must_use]
    pub fn measure(&self, feature: FeatureId, value: Quantity) -> Option<Quantity> {
        if feature == self.feature {
            return self.meter.measure(value);
        }
        match self.rates.iter().find(|rate| rate.feature == feature) {
            Some(rate) => rate.by.convert(rate.meter.measure(value)?),
            None => Some(Quantity::ZERO),
        }
    }
}

/// Whether a feature is used up, or a gate. Of a gate nothing can be taken: each limit on one has the
/// window [`Window::PerRequest`].
///
/// # Source
///
/// The design of the decision, section 1: only metered features can be taken from.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What is asked for is used up; several asks of a request are one, for all of it.
    #[default]
    Metered,
    /// On or off, however much is asked for: on where a plan or a grant gives anything of it.
    Switch,
    /// How much one ask may be for; of several the greatest counts. What grants give adds up.
    Value,
}

impl Kind {
    /// What asks are for together, one of them beside what is known of the others; `None` when it
    /// does not fit.
    #[inline]
    pub(crate) fn join(self, others: Quantity, ask: Quantity) -> Option<Quantity> {
        match self {
            Self::Metered => others.checked_add(ask),
            Self::Switch => Some(others.max(ask.min(Quantity::NANO))),
            Self::Value => Some(others.max(ask)),
        }
    }
}

/// What a use of a feature costs in a credit unit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rate {
    /// The feature.
    pub feature: FeatureId,
    /// How its values become use.
    pub meter: Meter,
    /// From its use to credits.
    pub by: Conversion,
}

/// What happens at a limit's line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Line {
    /// What happens to an ask that does not fit.
    pub enforcement: Enforcement,
    /// How a denial is called.
    pub refusal: Refusal,
    /// What a negative ask gives back.
    pub give_back: GiveBack,
    /// What becomes of use that no allowance covers.
    pub overage: Overage,
    /// What becomes of an event whose period is over, grace included.
    pub late: Late,
    /// When it tells of itself.
    pub warn_at: WarnAt,
    /// What requests may wish for instead of the enforcement.
    pub wishes: Wishes,
}

impl Line {
    /// What happens to an ask that does not fit, of a request that has a wish.
    #[must_use]
    #[inline]
    pub const fn enforcement_for(&self, wish: Option<OnShortfall>) -> &Enforcement {
        match wish {
            Some(OnShortfall::Clamp) if self.wishes.clamp => &Enforcement::Clamp,
            Some(OnShortfall::Reject) if self.wishes.reject => &Enforcement::Hard,
            _ => &self.enforcement,
        }
    }
}

/// What requests may wish for where what they ask does not fit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Wishes {
    /// That what fits is taken.
    pub clamp: bool,
    /// That it is denied.
    pub reject: bool,
}

/// At how many per cent of its capacity a limit warns.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct WarnAt([u16; WarnAt::LEN_MAX]); // INVARIANT: ascending; 0s where there are fewer

impl WarnAt {
    /// The most that a limit may have.
    pub const LEN_MAX: usize = 8;

    /// These; `None` when they are too many, out of range, or there twice.
    #[must_use]
    pub fn new(percents: &[u16]) -> Option<Self> {
        let mut all = [0; Self::LEN_MAX];
        all.get_mut(..percents.len())?.copy_from_slice(percents);
        all.sort_unstable();
        let sound = percents.iter().all(|percent| (1..=Warning::PERCENT_MAX).contains(percent));
        let mut pairs = all.iter().zip(all.iter().skip(1));
        let differ = pairs.all(|(a, b)| *a == 0 || a < b);
        (sound && differ).then_some(Self(all))
    }

    /// Whether it never warns.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        let Self([.., last]) = *self;
        last == 0
    }

    /// All of them, low first.
    pub fn iter(&self) -> impl Iterator<Item = u16> + use<> {
        self.0.into_iter().filter(|percent| *percent > 0)
    }
}

/// What becomes of an event whose period is over, grace included.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Late {
    /// It is counted in the period of now.
    Now,
    /// It is refused.
    #[default]
    Reject,
}

/// How much a limit allows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Capacity {
    /// A number of the plan; [`crate::limit::UNLIMITED`] for no end.
    Fixed {
        /// In units of the feature.
        amount: Quantity,
        /// When a balance reads it.
        read: CapacityRead,
    },
    /// What the scope's grants add up to.
    Granted {
        /// The order in which they are drawn.
        burn: Burn,
    },
}

/// What use of a limit costs.
///
/// Each allowance of a limit, the plan's own or a grant, is charged from the start of the price in
/// each period.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Charge {
    /// What a step that costs less than nothing does.
    pub negative: Negative,
    /// Which use is charged.
    pub on: ChargeOn,
    /// The price of a use.
    pub price: Price,
    /// The wallet of the same scope that pays; `None` when the cost is only told.
    pub wallet: Option<WalletId>,
}

/// Which use is charged.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeOn {
    /// All of it.
    #[default]
    All,
    /// What is over the capacity.
    Overage,
}

/// What a step does that costs less than nothing: use given back, or a cheaper tier reached.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Negative {
    /// It pays back, to the lots that were drawn from, last one first.
    #[default]
    GiveBack,
    /// It costs nothing, and neither does giving back use.
    Zero,
}

impl Charge {
    /// What a use of `used` costs where there is so much `capacity`; `None` when it does not fit.
    #[must_use]
    pub fn cost(&self, used: Quantity, capacity: Quantity) -> Option<Quantity> {
        self.price.cost(self.charged(used, capacity))
    }

    /// What it costs to go on from one use to another, with so much `capacity`.
    ///
    /// `None` when it does not fit.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::amount::{Quantity, Rounding};
    /// use weir_core::catalog::{Charge, ChargeOn, Negative};
    /// use weir_core::price::{Curve, Price};
    ///
    /// let units = Quantity::from_units;
    /// let price = Price { curve: Curve::Unit(units(2)), digits: 2, rounding: Rounding::Up };
    /// let (on, negative) = (ChargeOn::Overage, Negative::GiveBack);
    /// let charge = Charge { negative, on, price, wallet: None };
    /// assert_eq!(charge.between((units(8), units(10)), units(10)), Some(units(0)));
    /// assert_eq!(charge.between((units(8), units(11)), units(10)), Some(units(2))); // for the last
    /// assert_eq!(charge.between((units(11), units(8)), units(10)), Some(units(-2)));
    /// let once = Charge { negative: Negative::Zero, ..charge };
    /// assert_eq!(once.between((units(11), units(8)), units(10)), Some(units(0)));
    /// ```
    #[must_use]
    pub fn between(
        &self,
        (before, after): (Quantity, Quantity),
        capacity: Quantity,
    ) -> Option<Quantity> {
        let (from, to) = (self.charged(before, capacity), self.charged(after, capacity));
        let cost = self.price.between(from, to)?;
        Some(match self.negative {
            Negative::GiveBack => cost,
            Negative::Zero if after < before => Quantity::ZERO,
            Negative::Zero => cost.max(Quantity::ZERO),
        })
    }

    /// The most that `step` should cost, where use goes on from `from` and not past `to`.
    #[must_use]
    pub fn dearest(
        &self,
        (from, to): (Quantity, Quantity),
        step: Quantity,
        capacity: Quantity,
    ) -> Option<Quantity> {
        self.price.dearest((self.charged(from, capacity), self.charged(to, capacity)), step)
    }

    fn charged(&self, used: Quantity, capacity: Quantity) -> Quantity {
        match self.on {
            ChargeOn::All => used,
            // A capacity is not negative.
            ChargeOn::Overage => used.checked_sub(capacity).unwrap_or_default().max(Quantity::ZERO),
        }
    }
}

/// How a limit's denial is called: by what the caller should do about it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// A quota is used up.
    #[default]
    LimitExceeded,
    /// Too fast: slow down.
    RateLimited,
}

/// What a negative ask gives back: first what is owed, then what grants gave in the open period, to
/// each at most that. What falls to a grant that has ended is lost with it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GiveBack {
    /// Use, first draw first.
    BurnOrder,
    /// Nothing: allowance once used stays used.
    None,
    /// Use, last draw first.
    #[default]
    Reverse,
}

/// What becomes of use that no allowance covers.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Overage {
    /// It is recorded beside the grants, and nothing has to pay for it.
    Apart,
    /// It is recorded on the grant that is drawn first.
    First,
    /// It is owed, and the period that opens next starts with what is owed still.
    Kept,
    /// It is recorded on the grant that is drawn last.
    Last,
    /// It is a debt: what grants have next pays for it before anything else. With its period it is
    /// forgiven.
    #[default]
    Owed,
}

impl Overage {
    /// Whether what comes next pays for it.
    #[must_use]
    pub const fn is_owed(self) -> bool {
        matches!(self, Self::Kept | Self::Owed)
    }
}

/// Whether a request is told of an empty wallet before it is told of a limit.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FundsFirst {
    /// Where a limit has no room, and what was asked of it would cost something that a wallet has
    /// nothing of, the wallet is told.
    EmptyBeforeLimits,
    /// Limits come first.
    #[default]
    Off,
}
