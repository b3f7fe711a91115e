//! What does that cost? The price of a use, as the difference of two points of a curve.
//!
//! The cost of going from one use to another is `cost(after) - cost(before)`, each rounded on its
//! own, so that what is charged in steps adds up to what is owed for the whole. A [`Curve`] says
//! what a use costs from the start; it is exact, and rounded once.
//!
//! ```text
//! cost  unit   /    package   +--   volume    /   graduated   _/
//!             /            +--+              / /             /
//!            /          +--+                / /            _/
//!           +-- used    +----- used        +----- used    +------ used
//! ```
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/price.rs`, under the same name.
//!
//! - `steps_cost_the_whole`: cutting a use into steps does not change what it costs.
//! - `more_use_costs_no_less`: a step forward never pays back, but where tiers make it cheaper.
//! - `what_is_held_pays_for_a_step`: the dearest price is not exceeded, wherever in its range the step
//!   begins, but by the last digit where halves are rounded to even; and some step costs it.

use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::amount::{Quantity, Rounding};

/// What use costs, in money or credits of the wallet that pays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Price {
    /// What a use costs, before it is rounded; no price in it is negative.
    pub curve: Curve,
    /// Fraction digits that an amount of money keeps, at most 9.
    pub digits: u8,
    /// What happens to further digits.
    pub rounding: Rounding,
}

/// What a use costs from the start. Nothing used costs nothing, but where the price is flat.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Curve {
    /// The same however much is used, so that no step costs anything.
    Flat(Quantity),
    /// What is in each tier at that tier's price, and the fee of the tier reached.
    Graduated(Tiers),
    /// For each package that was begun.
    Package {
        /// For one package.
        price: Quantity,
        /// How much is in one; above zero.
        size: Quantity,
    },
    /// For each unit.
    Unit(Quantity),
    /// All of it at the price of the tier reached, and that tier's fee.
    Volume(Tiers),
}

impl Price {
    /// What a use of `used` costs from the start; a negative use costs what none does.
    ///
    /// `None` when it does not fit.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::amount::{Quantity, Rounding};
    /// use weir_core::price::{Curve, Price, Tier, Tiers};
    ///
    /// let units = Quantity::from_units;
    /// let tier = |above, to, unit| Tier { above: units(above), to, unit: units(unit), flat: units(0) };
    /// let tiers = Tiers::new(&[tier(0, Some(units(10)), 2), tier(10, None, 1)]).expect("no gap");
    /// let of = |curve| Price { curve, digits: 2, rounding: Rounding::Up };
    /// assert_eq!(of(Curve::Graduated(tiers.clone())).cost(units(11)), Some(units(21)));
    /// assert_eq!(of(Curve::Volume(tiers)).cost(units(11)), Some(units(11))); // cheaper than the tenth
    /// assert!(Tiers::new(&[tier(0, Some(units(10)), 2), tier(11, None, 1)]).is_err()); // a gap
    /// ```
    #[must_use]
    pub fn cost(&self, used: Quantity) -> Option<Quantity> {
        self.round(self.curve.at(used.as_nanos())?, self.rounding)
    }

    /// What it costs to go on from `before` to `after`; `None` when it does not fit.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::amount::{NumberError, Quantity, Rounding};
    /// use weir_core::price::{Curve, Price};
    ///
    /// let curve = Curve::Unit("0.005".parse()?);
    /// let price = Price { curve, digits: 2, rounding: Rounding::Up };
    /// let units = Quantity::from_units;
    /// assert_eq!(price.between(units(0), units(1)), Some("0.01".parse()?)); // half a cent, rounded up
    /// assert_eq!(price.between(units(1), units(2)), Some(Quantity::ZERO)); // which paid for both
    /// # Ok::<(), NumberError>(())
    /// ```
    #[must_use]
    pub fn between(&self, before: Quantity, after: Quantity) -> Option<Quantity> {
        self.cost(after)?.checked_sub(self.cost(before)?)
    }

    /// The most that a step of at most `step` can cost that begins and ends in `[from, to]`: what is
    /// held for it. At least nothing.
    ///
    /// Rounded up to the digits that money keeps. `None` when it does not fit.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::amount::{NumberError, Quantity, Rounding};
    /// use weir_core::price::{Curve, Price};
    ///
    /// let units = Quantity::from_units;
    /// let curve = Curve::Package { price: units(5), size: units(10) };
    /// let price = Price { curve, digits: 2, rounding: Rounding::HalfEven };
    /// assert_eq!(price.dearest((units(1), units(9)), units(3)), Some(units(0))); // it is begun
    /// assert_eq!(price.dearest((units(1), units(11)), units(3)), Some(units(5)));
    /// # Ok::<(), NumberError>(())
    /// ```
    #[must_use]
    pub fn dearest(&self, (from, to): (Quantity, Quantity), step: Quantity) -> Option<Quantity> {
        if !step.is_positive() {
            return Some(Quantity::ZERO);
        }
        let (from, to) = (from.as_nanos().max(0), to.as_nanos());
        self.round(self.curve.steepest((from, to), step.as_nanos())?, Rounding::Up)
    }

    /// An exact cost in the digits that money keeps.
    fn round(&self, exact: i128, rounding: Rounding) -> Option<Quantity> {
        let kept = u32::from(self.digits).min(Quantity::DIGITS);
        let cut = 10_i128.checked_pow(Quantity::DIGITS.checked_mul(2)?.checked_sub(kept)?)?;
        let scale = 10_i128.checked_pow(Quantity::DIGITS.checked_sub(kept)?)?;
        rounding.divide(exact, cut)?.checked_mul(scale).map(Quantity::from_nanos)
    }
}

/// What a step goes through, as an invoice lists it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Course {
    /// How many prices it is made of: packages begun or given back, tiers that it touches, or one.
    pub parts: u64,
    /// The tier that it ends in, from 0; `None` without tiers, or where nothing is used any more.
    pub tier: Option<usize>,
}

impl Curve {
    /// What the step from `before` to `after` goes through.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::amount::Quantity;
    /// use weir_core::price::{Course, Curve};
    ///
    /// let units = Quantity::from_units;
    /// let packs = Curve::Package { price: units(5), size: units(10) };
    /// assert_eq!(packs.course((units(9), units(21))), Course { parts: 2, tier: None });
    /// assert_eq!(packs.course((units(1), units(10))), Course { parts: 0, tier: None }); // it is paid
    /// ```
    #[must_use]
    pub fn course(&self, (before, after): (Quantity, Quantity)) -> Course {
        let [from, to] = [before, after].map(|used| used.as_nanos().max(0));
        if from == to {
            return Course { parts: 0, tier: self.tier(to) };
        }
        let parts = match self {
            Self::Flat(_) | Self::Unit(_) => 1,
            Self::Graduated(tiers) => {
                let (low, high) = (from.min(to), from.max(to));
                let touched = tiers.0.iter().filter(|tier| {
                    tier.above.as_nanos() < high && tier.to.is_none_or(|to| low < to.as_nanos())
                });
                touched.count() as u64
            }
            Self::Package { size, .. } => {
                let begun = |used| Rounding::Up.divide(used, size.as_nanos()).unwrap_or_default();
                u64::try_from(begun(from).abs_diff(begun(to))).unwrap_or(u64::MAX)
            }
            Self::Volume(_) => {
                let ends = (self.tier(from), self.tier(to));
                if ends.0.is_some() && ends.1.is_some() && ends.0 != ends.1 { 2 } else { 1 }
            }
        };
        Course { parts, tier: self.tier(to) }
    }

    /// The tier that a use ends in.
    fn tier(&self, used: i128) -> Option<usize> {
        match self {
            Self::Graduated(tiers) | Self::Volume(tiers) => tiers.reached(used),
            Self::Flat(_) | Self::Package { .. } | Self::Unit(_) => None,
        }
    }
}

/// In the curve's own units, uses are counted in 10⁻⁹ and costs in 10⁻¹⁸, where they are exact.
impl Curve {
    fn at(&self, used: i128) -> Option<i128> {
        let fee = |fee: Quantity| fee.as_nanos().checked_mul(NANOS);
        match self {
            Self::Flat(price) => fee(*price),
            _ if used <= 0 => Some(0),
            Self::Graduated(tiers) => {
                let mut reached = tiers.0.iter().filter(|tier| tier.above.as_nanos() < used);
                let flat = fee(reached.clone().next_back()?.flat)?;
                reached.try_fold(flat, |sum, tier| {
                    let end = tier.to.map_or(used, |to| to.as_nanos().min(used));
                    let part = end.checked_sub(tier.above.as_nanos())?;
                    sum.checked_add(tier.unit.as_nanos().checked_mul(part)?)
                })
            }
            Self::Package { price, size } => {
                fee(*price)?.checked_mul(Rounding::Up.divide(used, size.as_nanos())?)
            }
            Self::Unit(price) => price.as_nanos().checked_mul(used),
            Self::Volume(tiers) => {
                let tier = tiers.0.get(tiers.reached(used)?)?;
                tier.unit.as_nanos().checked_mul(used)?.checked_add(fee(tier.flat)?)
            }
        }
    }

    /// The most that the cost rises over at most `step` within a range. It rises most from or to an
    /// end of the range, or where the curve bends or jumps: nothing else need be looked at.
    fn steepest(&self, (from, to): (i128, i128), step: i128) -> Option<i128> {
        let mut points = Vec::from([from, to]);
        match self {
            Self::Flat(_) => return Some(0),
            Self::Unit(_) => return self.at(step.min(to.checked_sub(from)?.max(0))),
            Self::Package { size, .. } => {
                let size = size.as_nanos();
                points.extend(Rounding::Up.divide(from, size)?.checked_mul(size));
            }
            Self::Graduated(tiers) | Self::Volume(tiers) => {
                let bounds = tiers.0.iter().map(|tier| tier.above.as_nanos());
                points.extend(bounds.flat_map(|above| [above, above.saturating_add(1)]));
            }
        }
        for at in points.clone() {
            points.extend([at.saturating_sub(step), at.saturating_add(step)]);
        }
        points.retain(|at| (from..=to).contains(at));
        let costs: Option<Vec<_>> = points.iter().map(|at| Some((*at, self.at(*at)?))).collect();
        let costs = costs?;
        let rises = costs.iter().flat_map(|(start, before)| {
            let ends = costs.iter().filter(move |(end, _)| {
                start <= end && end.checked_sub(*start).is_some_and(|len| len <= step)
            });
            ends.filter_map(move |(_, after)| after.checked_sub(*before))
        });
        Some(rises.max().unwrap_or_default())
    }
}

/// One stretch of use that has a price of its own.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Use above this is in it; the end of the tier before, and 0 for the first.
    #[serde(default)]
    pub above: Quantity,
    /// A fee for use that ends in it.
    #[serde(default)]
    pub flat: Quantity,
    /// Use up to and with this is in it; absent for the last one.
    #[serde(default)]
    pub to: Option<Quantity>,
    /// For one unit.
    #[serde(default)]
    pub unit: Quantity,
}

/// Tiers that cover every use, each once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tiers(Arc<[Tier]>); // INVARIANT: checked; `new` is the only door.

impl Tiers {
    /// The most tiers. Ours: price lists have a handful.
    pub const LEN_MAX: usize = 32;

    /// Takes tiers in the order of their uses.
    ///
    /// # Errors
    ///
    /// The place of each tier that is wrong, and what is.
    pub fn new(tiers: &[Tier]) -> Result<Self, Vec<(usize, TierError)>> {
        let mut errors = Vec::new();
        let (mut end, last) = (Some(Quantity::ZERO), tiers.len().saturating_sub(1));
        for (at, tier) in tiers.iter().enumerate() {
            let Tier { above, flat, to, unit } = *tier;
            match end {
                Some(end) if above > end => errors.push((at, TierError::Gap)),
                Some(end) if above < end => errors.push((at, TierError::Overlap)),
                _ => {}
            }
            if to.is_some_and(|to| to <= above) {
                errors.push((at, TierError::Empty));
            }
            if to.is_none() != (at == last) {
                errors.push((at, if at == last { TierError::Closed } else { TierError::Open }));
            }
            if flat < Quantity::ZERO || unit < Quantity::ZERO {
                errors.push((at, TierError::Negative));
            }
            end = to;
        }
        if tiers.is_empty() || tiers.len() > Self::LEN_MAX {
            errors.push((last, TierError::Number));
        }
        if errors.is_empty() { Ok(Self(tiers.into())) } else { Err(errors) }
    }

    /// The tiers, in the order of their uses.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Tier> {
        self.0.iter()
    }

    /// The tier that a use ends in.
    fn reached(&self, used: i128) -> Option<usize> {
        self.0.iter().rposition(|tier| tier.above.as_nanos() < used)
    }
}

/// What is wrong with a tier.
///
/// Exhaustive on purpose: an adapter that takes price lists answers each case.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TierError {
    /// The last one ends.
    #[error("use past the last tier has no price")]
    Closed,
    /// It ends where it begins, or before.
    #[error("a tier ends above where it begins")]
    Empty,
    /// It begins after the end of the one before.
    #[error("use between two tiers has no price")]
    Gap,
    /// A price is below zero.
    #[error("the prices of a tier are zero or more")]
    Negative,
    /// There is none, or there are more than [`Tiers::LEN_MAX`].
    #[error("from 1 to 32 tiers")]
    Number,
    /// It has no end, and another one follows.
    #[error("only the last tier has no end")]
    Open,
    /// It begins before the end of the one before.
    #[error("use in two tiers has two prices")]
    Overlap,
}

impl TierError {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Closed => "catalog.tier_closed",
            Self::Empty => "catalog.tier_empty",
            Self::Gap => "catalog.tier_gap",
            Self::Negative => "catalog.tier_negative",
            Self::Number => "catalog.tier_number",
            Self::Open => "catalog.tier_open",
            Self::Overlap => "catalog.tier_overlap",
        }
    }
}

const NANOS: i128 = 1_000_000_000;
