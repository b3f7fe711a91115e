//! How much is that in other units? Multiplied, divided, in whole steps, a least one at a time.
//!
//! A value converts as the fraction that it is, and is rounded once, to a multiple of the step. The
//! sign plays no part: what is given back converts to what was taken.
//!
//! # Example
//!
//! Minutes of a call from its seconds, each begun tenth of one counted, and never less than half of
//! one.
//!
//! ```
//! use weir_core::amount::{Quantity, Rounding};
//! use weir_core::meter::{Applied, Conversion, Factors};
//!
//! let units = Quantity::from_units;
//! let (step, minimum) = ("0.1".parse()?, "0.5".parse()?);
//! let minutes = Factors { multiply: units(1), divide: units(60), step, minimum };
//! let minutes = Conversion::new(minutes, Rounding::Up, Applied::PerEvent).expect("it fits");
//! assert_eq!(minutes.convert(units(121)), Some("2.1".parse()?));
//! assert_eq!(minutes.convert(units(1)), Some("0.5".parse()?));
//! assert_eq!(minutes.convert(units(-121)), Some("-2.1".parse()?));
//! # Ok::<(), weir_core::amount::NumberError>(())
//! ```

use serde::{Deserialize, Serialize};

use crate::amount::{Quantity, Rounding};

/// From the units of values to those that are counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Conversion {
    // INVARIANT: the fraction is in lowest terms, `numerator` zero or more, `denominator` above
    // zero, and their product fits: `convert` relies on it.
    numerator: i128,
    denominator: i128,
    factors: Factors,
    rounding: Rounding,
    applied: Applied,
}

/// By what is converted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Factors {
    /// Taken so many times; zero or more.
    pub multiply: Quantity,
    /// And shared by so many; above zero.
    pub divide: Quantity,
    /// What comes of it is a multiple of this; above zero.
    pub step: Quantity,
    /// What is more than nothing counts this at least; zero or more.
    pub minimum: Quantity,
}

impl Factors {
    /// Those that change nothing.
    pub const ONE: Self = Self {
        multiply: Quantity::from_units(1),
        divide: Quantity::from_units(1),
        step: Quantity::NANO,
        minimum: Quantity::ZERO,
    };
}

/// What is converted.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Applied {
    /// The meter's number: rounding does not add up over events.
    AfterAggregation,
    /// The value of each event, before it is added to others.
    #[default]
    PerEvent,
}

impl Conversion {
    /// A conversion; `None` where a factor is out of its range, or the fraction is too fine.
    #[must_use]
    pub fn new(factors: Factors, rounding: Rounding, applied: Applied) -> Option<Self> {
        let Factors { multiply, divide, step, minimum } = factors;
        let sound = multiply >= Quantity::ZERO
            && divide.is_positive()
            && step.is_positive()
            && minimum >= Quantity::ZERO;
        let whole = divide.as_nanos().checked_mul(step.as_nanos()).filter(|_| sound)?;
        let common = common_divisor(multiply.as_nanos(), whole);
        let numerator = multiply.as_nanos().checked_div(common)?;
        let denominator = whole.checked_div(common)?;
        numerator.checked_mul(denominator)?;
        Some(Self { numerator, denominator, factors, rounding, applied })
    }

    /// What is converted.
    #[must_use]
    pub const fn applied(&self) -> Applied {
        self.applied
    }

    /// By what is converted, and how that is rounded.
    #[must_use]
    pub const fn by(&self) -> (Factors, Rounding) {
        (self.factors, self.rounding)
    }

    /// The value in the units that are counted; `None` where that does not fit, and only there.
    #[must_use]
    pub fn convert(&self, value: Quantity) -> Option<Quantity> {
        let (numerator, denominator) = (self.numerator, self.denominator);
        let nanos = value.as_nanos();
        let (whole, rest) = (nanos.checked_div(denominator)?, nanos.checked_rem(denominator)?);
        // Below the product of the two, in either sign.
        let part = rest.checked_mul(numerator)?.checked_abs()?;
        let (more, rest) = (part.checked_div(denominator)?, part.checked_rem(denominator)?);
        let floor = whole.checked_mul(numerator)?.checked_abs()?.checked_add(more)?;
        let up = self.rounding.lifts(floor, (rest, denominator))?;
        let steps = floor.checked_add(i128::from(up))?;
        let counted = Quantity::from_nanos(steps.checked_mul(self.factors.step.as_nanos())?);
        Some(match nanos.signum() {
            0 => Quantity::ZERO,
            1 => counted.max(self.factors.minimum),
            _ => Quantity::ZERO.checked_sub(counted.max(self.factors.minimum))?,
        })
    }
}

/// The greatest common divisor; of nothing and a number, the number.
fn common_divisor(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a, b);
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}
