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
        let digits = self.magnitude();
        let (units, rest) = run(digits, 0);
        if !rest.is_empty() || digits.len() > LEN_MAX {
            return None;
        }
        let units = i64::try_from(units).ok()?;
        Some(Quantity::from_units(if self.is_negative() { units.wrapping_neg() } else { units }))
    }

    /// The value of a number without exponent, of up to 18 digits or 17 and a point, 9 of them
    /// after it: such are nearly all that are sent, and 64 bits hold them.
    pub(crate) fn short(self) -> Option<Quantity> {
        let digits = self.magnitude();
        if digits.len() > LEN_MAX {
            return None;
        }
        let (value, after_point) = match run(digits, 0) {
            (whole, []) => (whole, 0),
            (whole, [b'.', fraction @ ..]) => match run(fraction, whole) {
                (value, []) => (value, fraction.len()),
                _ => return None,
            },
            _ => return None,
        };
        let worth = *NANOS.get(after_point)?;
        // Eighteen digits and nine more are far from the end of the range.
        let nanos = i128::from(value).wrapping_mul(i128::from(worth));
        Some(Quantity::from_nanos(if self.is_negative() { nanos.wrapping_neg() } else { nanos }))
    }

    const fn is_negative(self) -> bool {
        matches!(self.0.as_bytes(), [b'-', ..])
    }

    const fn magnitude(self) -> &'a [u8] {
        match self.0.as_bytes() {
            [b'-', digits @ ..] => digits,
            digits => digits,
        }
    }
}

/// What the digits say that `bytes` starts with, after those that said `before`, if all together are
/// no more than [`LEN_MAX`]; and what comes after them.
#[inline(always)]
fn run(bytes: &[u8], before: u64) -> (u64, &[u8]) {
    let (mut rest, mut value) = (bytes, before);
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        if !are_digits(word) {
            break;
        }
        value = value.wrapping_mul(100_000_000).wrapping_add(eight_digits(word));
        rest = after;
    }
    while let [byte @ b'0'..=b'9', after @ ..] = rest {
        value = value.wrapping_mul(10).wrapping_add(u64::from(byte.wrapping_sub(b'0')));
        rest = after;
    }
    (value, rest)
}

/// Where the digits end that start at `at`.
#[inline(always)]
pub(super) fn digits_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        if !are_digits(u64::from_le_bytes(*chunk)) {
            break;
        }
        at = at.wrapping_add(8); // The chunk is there.
    }
    while let Some(b'0'..=b'9') = bytes.get(at) {
        at = at.wrapping_add(1);
    }
    at
}

/// Whether all eight bytes are digits: the upper half of each is 3, also after 6 more.
#[inline(always)]
const fn are_digits(word: u64) -> bool {
    const UPPER: u64 = u64::from_le_bytes([0xF0; 8]);
    const THREE: u64 = u64::from_le_bytes([0x30; 8]);
    const SIX: u64 = u64::from_le_bytes([6; 8]);
    word & UPPER == THREE && word.wrapping_add(SIX) & UPPER == THREE
}

/// What eight digits say, the first one in the lowest byte: neighbours are put together, and their
/// neighbours, and theirs.
#[inline(always)]
const fn eight_digits(word: u64) -> u64 {
    const PAIRS: u64 = u64::from_le_bytes([0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0]);
    const FOURS: u64 = u64::from_le_bytes([0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0, 0]);
    let ones = word & u64::from_le_bytes([0xF; 8]);
    // Each product puts ten (a hundred, ten thousand) times the lower one onto the upper one.
    let twos = (ones.wrapping_mul((10 << 8) + 1) >> 8) & PAIRS;
    let fours = (twos.wrapping_mul((100 << 16) + 1) >> 16) & FOURS;
    fours.wrapping_mul((10_000 << 32) + 1) >> 32
}

impl fmt::Debug for Number<'_> {
    /// The length only: what was sent may be private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({} bytes)", self.0.len())
    }
}

/// The most digits whose value surely fits 64 bits, with a sign.
const LEN_MAX: usize = 18;

/// What one is worth in nano-units, by how many digits after the point it stands.
const NANOS: [u64; 10] =
    [UNIT, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

/// One, in nano-units.
const UNIT: u64 = 1_000_000_000;
