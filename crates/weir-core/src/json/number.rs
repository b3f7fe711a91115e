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
        Quantity::from_json(self.0.as_bytes(), precision)
    }
}

impl fmt::Debug for Number<'_> {
    /// The length only: what was sent may be private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({} bytes)", self.0.len())
    }
}
