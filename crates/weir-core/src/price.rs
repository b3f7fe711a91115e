//! What does that cost? The price of a use, as the difference of two points of a curve.
//!
//! The cost of going from one use to another is `cost(after) - cost(before)`, each rounded on its
//! own, so that what is charged in steps adds up to what is owed for the whole.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/price.rs`, under the same name.
//!
//! - `steps_cost_the_whole`: cutting a use into steps does not change what it costs.
//! - `more_use_costs_no_less`: a step forward never pays back.
//! - `what_is_held_pays_for_a_step`: the dearest price is not exceeded, wherever the step begins, but
//!   by the last digit where halves are rounded to even.

use crate::amount::{Quantity, Rounding};

/// A price for each unit of use.
///
/// # Units
///
/// Money, or credits, of the wallet that pays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Price {
    /// For one unit; not negative.
    pub unit: Quantity,
    /// Fraction digits that an amount of money keeps, at most 9.
    pub digits: u8,
    /// What happens to further digits.
    pub rounding: Rounding,
}

impl Price {
    /// What a use of `used` costs from the start; a negative use costs nothing.
    ///
    /// `None` when it does not fit.
    #[must_use]
    pub fn cost(self, used: Quantity) -> Option<Quantity> {
        if !used.is_positive() {
            return Some(Quantity::ZERO);
        }
        self.unit.checked_mul(used, u32::from(self.digits), self.rounding)
    }

    /// The most that a step of `step` should cost, wherever it begins: what is held for it.
    ///
    /// Rounded up to the digits that money keeps. `None` when it does not fit.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::amount::{NumberError, Quantity, Rounding};
    /// use weir_core::price::Price;
    ///
    /// let price = Price { unit: "0.005".parse()?, digits: 2, rounding: Rounding::Down };
    /// let one = Quantity::from_units(1);
    /// assert_eq!(price.between(Quantity::ZERO, one), Some(Quantity::ZERO));
    /// assert_eq!(price.dearest(one), Some("0.01".parse()?)); // which is what the second one costs
    /// # Ok::<(), NumberError>(())
    /// ```
    #[must_use]
    pub fn dearest(self, step: Quantity) -> Option<Quantity> {
        if !step.is_positive() {
            return Some(Quantity::ZERO);
        }
        self.unit.checked_mul(step, u32::from(self.digits), Rounding::Up)
    }

    /// What it costs to go on from `before` to `after`; `None` when it does not fit.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::amount::{NumberError, Quantity, Rounding};
    /// use weir_core::price::Price;
    ///
    /// let price = Price { unit: "0.005".parse()?, digits: 2, rounding: Rounding::Up };
    /// let units = Quantity::from_units;
    /// assert_eq!(price.between(units(0), units(1)), Some("0.01".parse()?)); // half a cent, rounded up
    /// assert_eq!(price.between(units(1), units(2)), Some(Quantity::ZERO)); // which paid for both
    /// # Ok::<(), NumberError>(())
    /// ```
    #[must_use]
    pub fn between(self, before: Quantity, after: Quantity) -> Option<Quantity> {
        self.cost(after)?.checked_sub(self.cost(before)?)
    }
}
