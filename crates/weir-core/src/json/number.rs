//! Which number is this? Digits, until somebody asks for a quantity.

use core::fmt;

use crate::amount::{NumberError, Precision, Quantity};

/// A number as it was sent: the grammar is checked, the value is not computed yet.
///
/// # Example
///
/// ```
/// use weir_core::amount::{NumberError, Precision};
/// use weir_core::json::{Lexer, Profile, Scratch, SyntaxError, Token};
///
/// let mut scratch = Scratch::default();
/// let mut lexer = Lexer::new(b"1e200000000", &Profile::STRICT, &mut scratch)?;
/// let Some(Token::Number(number)) = lexer.token()? else { panic!("a number was sent") };
/// assert_eq!(number.as_str(), "1e200000000");
/// assert_eq!(number.quantity(Precision::Exact), Err(NumberError::TooLarge)); // and at once
/// # Ok::<(), SyntaxError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Number<'a>(&'a str); // INVARIANT: a number of RFC 8259, section 6.

impl<'a> Number<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The digits, sign, point and exponent as sent.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// [`NumberError::TooLarge`], or [`NumberError::Inexact`] when an exact value was asked for.
    pub fn quantity(self, precision: Precision) -> Result<Quantity, NumberError> {
        match self.short() {
            Some(quantity) => Ok(quantity),
            None => Quantity::from_json(self.0.as_bytes(), precision),
        }
    }

    /// The value of a number of up to 18 digits and nothing else.
    pub(crate) fn digits(self) -> Option<Quantity> {
        let digits = self.0.strip_prefix('-').unwrap_or(self.0).as_bytes();
        if digits.len() > 18 {
            return None;
        }
        let mut units = 0_i64;
        for byte in digits {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            // Eighteen digits fit, with one to spare.
            units = units.wrapping_mul(10).wrapping_add(digit.into());
        }
        let negative = digits.len() < self.0.len();
        Some(Quantity::from_units(if negative { units.wrapping_neg() } else { units }))
    }

    /// The value of a number without exponent, of up to 18 digits and 9 after the point: such are
    /// nearly all that are sent, and 64 bits hold them.
    fn short(self) -> Option<Quantity> {
        let digits = self.0.strip_prefix('-').unwrap_or(self.0);
        if digits.len() > 18 {
            return None;
        }
        let (mut mantissa, mut after_point) = (0_i64, None);
        for byte in digits.bytes() {
            match byte {
                b'0'..=b'9' => {
                    let digit = i64::from(byte.wrapping_sub(b'0'));
                    // Eighteen digits fit, with one to spare.
                    mantissa = mantissa.wrapping_mul(10).wrapping_add(digit);
                    after_point = after_point.map(|count: usize| count.saturating_add(1));
                }
                b'.' => after_point = Some(0),
                _ => return None,
            }
        }
        let scale = *NANOS.get(after_point.unwrap_or(0))?;
        // Eighteen digits and nine more are far from the end of the range.
        let nanos = i128::from(mantissa).wrapping_mul(scale.into());
        let negative = digits.len() < self.0.len();
        Some(Quantity::from_nanos(if negative { nanos.wrapping_neg() } else { nanos }))
    }
}

impl fmt::Debug for Number<'_> {
    /// The length only: what was sent may be private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({} bytes)", self.0.len())
    }
}

/// What one is worth in nano-units, by how many digits after the point it stands.
const NANOS: [i64; 10] =
    [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
