//! How much? Exact quantities and money; no float anywhere.
//!
//! A [`Quantity`] is a whole number of 10⁻⁹ of a unit, whatever the unit is: tokens, bytes,
//! credits, dollars. Sums and products are checked; what does not fit is `None`, never a wrapped
//! or saturated number. [`number`] reads quantities from text by our own grammars, in time
//! proportional to the text.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/amount.rs`, under the same name.
//!
//! - `text_round_trips`: a quantity written and read back is the same quantity.
//! - `decimal_is_exact_or_refused`: a `Decimal` converts to the same value, or not at all.
//! - `quantity_to_decimal_is_exact_or_refused`: so does a quantity to a `Decimal`.
//! - `same_as_digits`: reading agrees with a model that moves the point in the digits by hand.
//! - `product_rounds_as_said`: [`Quantity::checked_mul`] is the true product, rounded as named.

use core::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub mod number;

pub use number::{NumberError, Precision};

/// An exact amount of anything: a count of 10⁻⁹ of its unit.
///
/// # Units
///
/// Those of the thing counted. `Quantity::from_units(3)` is three tokens, or three dollars.
///
/// # Shape
///
/// Up to 1.7 × 10²⁹ units (any `i128` of nano-units), either sign.
///
/// # Example
///
/// ```
/// use weir_core::amount::{NumberError, Quantity};
///
/// let tenth: Quantity = "0.1".parse()?;
/// let fifth: Quantity = "0.2".parse()?;
/// assert_eq!(tenth.checked_add(fifth), Some("0.3".parse()?)); // exactly
/// assert_eq!("0.0000000001".parse::<Quantity>(), Err(NumberError::Inexact));
/// # Ok::<(), NumberError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Quantity(i128);

impl Quantity {
    /// Fraction digits that a quantity keeps.
    pub const DIGITS: u32 = 9;
    /// The smallest quantity above zero: 10⁻⁹ of a unit.
    pub const NANO: Self = Self(1);
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A count of nano-units.
    #[must_use]
    pub const fn from_nanos(nanos: i128) -> Self {
        Self(nanos)
    }

    /// Whole units.
    #[must_use]
    pub const fn from_units(units: i64) -> Self {
        // An i64 times 10^9 is far inside i128.
        Self((units as i128).saturating_mul(NANOS_PER_UNIT))
    }

    /// The count of nano-units.
    #[must_use]
    pub const fn as_nanos(self) -> i128 {
        self.0
    }

    /// The number of whole units, or `None` when there is a fraction or it does not fit.
    #[must_use]
    pub fn as_units(self) -> Option<i64> {
        (self.0.rem_euclid(NANOS_PER_UNIT) == 0)
            .then(|| i64::try_from(self.0.div_euclid(NANOS_PER_UNIT)).ok())
            .flatten()
    }

    /// The sum, or `None` when it does not fit.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// The difference, or `None` when it does not fit.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// The product, rounded to `digits` fraction digits (at most 9), or `None` when it, or its
    /// intermediate value at 18 fraction digits, does not fit.
    #[must_use]
    pub fn checked_mul(self, other: Self, digits: u32, rounding: Rounding) -> Option<Self> {
        let kept = digits.min(Self::DIGITS);
        let product = self.0.checked_mul(other.0)?;
        let cut = 10_i128.checked_pow(Self::DIGITS.checked_mul(2)?.checked_sub(kept)?)?;
        let scale = 10_i128.checked_pow(Self::DIGITS.checked_sub(kept)?)?;
        rounding.divide(product, cut)?.checked_mul(scale).map(Self)
    }

    /// Whether this is more than nothing.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Reads a JSON number: exponents are understood, a leading `+` or bare point is not.
    ///
    /// # Errors
    ///
    /// See [`NumberError`]; takes time proportional to the text, whatever the exponent says.
    pub fn from_json(text: &[u8], precision: Precision) -> Result<Self, NumberError> {
        number::json(text, precision).map(Self)
    }

    /// How a JSON number stands to this, all of its digits looked at; `None` when it is no number.
    ///
    /// # Example
    ///
    /// ```
    /// use core::cmp::Ordering;
    /// use weir_core::amount::Quantity;
    ///
    /// let one = Quantity::from_units(1);
    /// assert_eq!(one.compared(b"1.00000000000000000001"), Some(Ordering::Greater));
    /// assert_eq!(one.compared(b"1e0"), Some(Ordering::Equal));
    /// assert_eq!(one.compared(b"-1e400"), Some(Ordering::Less)); // no quantity is so small
    /// assert_eq!(one.compared(b"+1"), None);
    /// ```
    #[must_use]
    pub fn compared(self, text: &[u8]) -> Option<core::cmp::Ordering> {
        number::compare_json(text, self.0).ok()
    }
}

impl core::str::FromStr for Quantity {
    type Err = NumberError;

    /// Reads `-?digits(.digits)?`: what a catalog writes.
    fn from_str(text: &str) -> Result<Self, NumberError> {
        number::plain(text.as_bytes()).map(Self)
    }
}

impl fmt::Display for Quantity {
    /// The shortest plain decimal: `-0.5`, `12`, never an exponent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (magnitude, unit) = (self.0.unsigned_abs(), NANOS_PER_UNIT.unsigned_abs());
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", magnitude.div_euclid(unit))?;
        let (mut fraction, mut width) = (magnitude.rem_euclid(unit), 9_usize);
        if fraction == 0 {
            return Ok(());
        }
        while fraction.rem_euclid(10) == 0 {
            (fraction, width) = (fraction.div_euclid(10), width.saturating_sub(1));
        }
        write!(f, ".{fraction:0width$}")
    }
}

impl TryFrom<Decimal> for Quantity {
    type Error = NumberError;

    /// Exact, or refused: more than nine fraction digits are [`NumberError::Inexact`].
    fn try_from(decimal: Decimal) -> Result<Self, NumberError> {
        let (mantissa, scale) = (decimal.mantissa(), decimal.scale());
        let by = 10_i128.checked_pow(scale.abs_diff(Self::DIGITS)).ok_or(NumberError::TooLarge)?;
        if scale <= Self::DIGITS {
            return mantissa.checked_mul(by).map(Self).ok_or(NumberError::TooLarge);
        }
        match (mantissa.checked_rem(by), mantissa.checked_div(by)) {
            (Some(0), Some(nanos)) => Ok(Self(nanos)),
            _ => Err(NumberError::Inexact),
        }
    }
}

impl TryFrom<Quantity> for Decimal {
    type Error = NumberError;

    /// Exact, without trailing zeros; [`NumberError::TooLarge`] past a `Decimal`'s 96 bits.
    fn try_from(quantity: Quantity) -> Result<Self, NumberError> {
        let (mut nanos, mut scale) = (quantity.0, Quantity::DIGITS);
        while scale > 0 && nanos.rem_euclid(10) == 0 {
            (nanos, scale) = (nanos.div_euclid(10), scale.saturating_sub(1));
        }
        Self::try_from_i128_with_scale(nanos, scale).map_err(|_| NumberError::TooLarge)
    }
}

impl Serialize for Quantity {
    /// As text: a JSON number would pass through a float in most readers.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    /// From text in the plain grammar, or from a whole JSON number; a fraction must be text.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuantityVisitor)
    }
}

/// How a result with too many digits is brought to the kept ones.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Towards minus infinity.
    Down,
    /// To the nearest; a tie to the even neighbour.
    #[default]
    HalfEven,
    /// Towards plus infinity.
    Up,
}

impl Rounding {
    /// `value / by` as a whole number, rounded; `by` is above zero.
    #[must_use]
    pub fn divide(self, value: i128, by: i128) -> Option<i128> {
        let (floor, rest) = (value.checked_div_euclid(by)?, value.checked_rem_euclid(by)?);
        floor.checked_add(i128::from(self.lifts(floor, (rest, by))?))
    }

    /// Whether a quotient is rounded up from its `floor`, of which `rest / by` is left.
    pub(crate) fn lifts(self, floor: i128, (rest, by): (i128, i128)) -> Option<bool> {
        Some(match self {
            Self::Down => false,
            Self::Up => rest > 0,
            Self::HalfEven => match rest.cmp(&by.checked_sub(rest)?) {
                core::cmp::Ordering::Less => false,
                core::cmp::Ordering::Equal => floor.rem_euclid(2) == 1,
                core::cmp::Ordering::Greater => true,
            },
        })
    }
}

struct QuantityVisitor;

impl serde::de::Visitor<'_> for QuantityVisitor {
    type Value = Quantity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal in a string, such as \"12.5\", or a whole number")
    }

    fn visit_i64<E: serde::de::Error>(self, units: i64) -> Result<Quantity, E> {
        Ok(Quantity::from_units(units))
    }

    fn visit_u64<E: serde::de::Error>(self, units: u64) -> Result<Quantity, E> {
        // A u64 times 10^9 is far inside i128.
        Ok(Quantity(i128::from(units).saturating_mul(NANOS_PER_UNIT)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quantity, E> {
        text.parse().map_err(E::custom)
    }
}

const NANOS_PER_UNIT: i128 = 1_000_000_000;
