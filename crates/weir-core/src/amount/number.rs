//! What number is this text? Our own strict grammars, straight from the digits to nano-units.
//!
//! Three grammars share one reader of digits: the plain one for catalogs, JSON's for bodies, and
//! [`ecmascript`] for strings that a contract reads as JavaScript's `Number()` would. All of them
//! take time proportional to the text: `1e200000000` is refused as fast as it is read.

use core::cmp::Ordering;

/// Why a text is not a quantity.
///
/// Exhaustive on purpose: an adapter answers each case, and a new case must break its build.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NumberError {
    /// More than nine fraction digits that matter.
    #[error("more than nine fraction digits")]
    Inexact,
    /// Not a number in the wanted grammar.
    #[error("not a number")]
    Syntax,
    /// Too large for the range of a quantity.
    #[error("number too large")]
    TooLarge,
}

impl NumberError {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Inexact => "number.inexact",
            Self::Syntax => "number.syntax",
            Self::TooLarge => "number.too_large",
        }
    }
}

/// What happens to fraction digits after the ninth.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Precision {
    /// They are refused, unless they are zeros.
    Exact,
    /// They are rounded to the nearest, a tie to the even neighbour: for contracts whose senders
    /// write binary floats, such as `0.30000000000000004`.
    Nearest,
}

/// Reads `-?digits(.digits)?` exactly.
pub(super) fn plain(text: &[u8]) -> Result<i128, NumberError> {
    let mut digits = Digits::default();
    let rest = digits.sign(text, b"-");
    let rest = digits.whole(rest);
    let rest = digits.fraction(rest, Need::Digits)?;
    if !rest.is_empty() || digits.whole_len == 0 {
        return Err(NumberError::Syntax);
    }
    digits.finish(0, Precision::Exact)
}

/// Reads a number of RFC 8259, section 6.
pub(super) fn json(text: &[u8], precision: Precision) -> Result<i128, NumberError> {
    let mut digits = Digits::default();
    let exponent = digits.json(text)?;
    digits.finish(exponent, precision)
}

/// How a number of RFC 8259 stands to so many nano-units, all of its digits looked at.
pub(super) fn compare_json(text: &[u8], nanos: i128) -> Result<Ordering, NumberError> {
    let mut digits = Digits::default();
    let exponent = digits.json(text)?;
    Ok(digits.compare(exponent, nanos))
}

/// Reads the text of a string as ECMAScript's `Number()` does, save that blank text and infinities
/// are refused: no contract takes them for a quantity.
///
/// Understands a sign, `0x`, `0o` and `0b` integers, `.5`, `5.` and exponents, within white space.
///
/// # Errors
///
/// See [`NumberError`].
pub fn ecmascript(text: &str, precision: Precision) -> Result<super::Quantity, NumberError> {
    let text = text.trim_matches(is_ecmascript_space).as_bytes();
    let nanos = match text {
        [b'0', b'x' | b'X', digits @ ..] => radix(digits, 16),
        [b'0', b'o' | b'O', digits @ ..] => radix(digits, 8),
        [b'0', b'b' | b'B', digits @ ..] => radix(digits, 2),
        _ => decimal_literal(text, precision),
    };
    nanos.map(super::Quantity)
}

/// White space and line terminators of ECMAScript: Unicode's, with the byte order mark and without
/// the next-line character.
fn is_ecmascript_space(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

fn decimal_literal(text: &[u8], precision: Precision) -> Result<i128, NumberError> {
    let mut digits = Digits::default();
    let rest = digits.sign(text, b"+-");
    let rest = digits.whole(rest);
    let rest = digits.fraction(rest, Need::Nothing)?;
    if digits.whole_len == 0 && digits.fraction_len == 0 {
        return Err(NumberError::Syntax);
    }
    let exponent = exponent(rest)?;
    digits.finish(exponent, precision)
}

fn radix(digits: &[u8], radix: u32) -> Result<i128, NumberError> {
    if digits.is_empty() {
        return Err(NumberError::Syntax);
    }
    let mut value = 0_i128;
    let mut fits = true;
    for byte in digits {
        let digit = char::from(*byte).to_digit(radix).ok_or(NumberError::Syntax)?;
        let next =
            value.checked_mul(i128::from(radix)).and_then(|v| v.checked_add(i128::from(digit)));
        fits &= next.is_some();
        value = next.unwrap_or(0);
    }
    let nanos = value.checked_mul(super::NANOS_PER_UNIT).filter(|_| fits);
    nanos.ok_or(NumberError::TooLarge)
}

/// Whether a point must be followed by a digit.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Need {
    Digits,
    Nothing,
}

/// The significant digits of a number, and where its point stands among them.
#[derive(Default)]
struct Digits {
    negative: bool,
    /// The leading significant digits, as many as fit.
    mantissa: u128,
    /// Digits after those in `mantissa`: before the point, they are a power of ten.
    dropped: i64,
    /// The first digit that was dropped, and whether any later one was not zero.
    next: u8,
    beyond: bool,
    whole_len: i64,
    fraction_len: i64,
}

impl Digits {
    /// Reads a number of RFC 8259, section 6, up to its exponent, and tells that.
    fn json(&mut self, text: &[u8]) -> Result<i64, NumberError> {
        let rest = self.sign(text, b"-");
        let leading_zero = rest.first() == Some(&b'0');
        let rest = self.whole(rest);
        if self.whole_len == 0 || (leading_zero && self.whole_len > 1) {
            return Err(NumberError::Syntax);
        }
        exponent(self.fraction(rest, Need::Digits)?)
    }

    fn sign<'a>(&mut self, text: &'a [u8], allowed: &[u8]) -> &'a [u8] {
        match text {
            [sign, rest @ ..] if allowed.contains(sign) => {
                self.negative = *sign == b'-';
                rest
            }
            _ => text,
        }
    }

    fn whole<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        let (rest, len) = self.run(text);
        self.whole_len = len;
        rest
    }

    fn fraction<'a>(&mut self, text: &'a [u8], need: Need) -> Result<&'a [u8], NumberError> {
        let Some(after) = text.strip_prefix(b".") else { return Ok(text) };
        let (rest, len) = self.run(after);
        self.fraction_len = len;
        let enough = match need {
            Need::Digits => len > 0,
            Need::Nothing => len > 0 || self.whole_len > 0,
        };
        if enough { Ok(rest) } else { Err(NumberError::Syntax) }
    }

    fn run<'a>(&mut self, text: &'a [u8]) -> (&'a [u8], i64) {
        let (mut rest, mut len) = (text, 0_i64);
        while let [byte @ b'0'..=b'9', tail @ ..] = rest {
            self.push(byte.saturating_sub(b'0'));
            (rest, len) = (tail, len.saturating_add(1));
        }
        (rest, len)
    }

    fn push(&mut self, digit: u8) {
        let longer = self.mantissa.checked_mul(10).and_then(|m| m.checked_add(u128::from(digit)));
        match longer {
            Some(mantissa) if self.dropped == 0 => self.mantissa = mantissa,
            _ => {
                if self.dropped == 0 {
                    self.next = digit;
                } else {
                    self.beyond |= digit != 0;
                }
                self.dropped = self.dropped.saturating_add(1);
            }
        }
    }

    /// The value times 10⁹. `mantissa` counts 10^power nano-units, plus what was dropped.
    fn finish(&self, exponent: i64, precision: Precision) -> Result<i128, NumberError> {
        if self.mantissa == 0 {
            return Ok(0);
        }
        let (floor, rest) = self.scale(exponent)?;
        let whole = self.signed(floor)?; // Too large is said before inexact.
        let up = match (rest, precision) {
            (Rest::Nothing, _) => return Ok(whole),
            (_, Precision::Exact) => return Err(NumberError::Inexact),
            (Rest::BelowHalf, Precision::Nearest) => false,
            (Rest::Half, Precision::Nearest) => floor.rem_euclid(2) == 1,
            (Rest::AboveHalf, Precision::Nearest) => true,
        };
        self.signed(floor.saturating_add(u128::from(up)))
    }

    /// How the value times 10⁹ stands to `nanos`.
    fn compare(&self, exponent: i64, nanos: i128) -> Ordering {
        let away = if self.negative { Ordering::Less } else { Ordering::Greater };
        if self.mantissa == 0 {
            return 0.cmp(&nanos);
        }
        let scaled = self.scale(exponent).and_then(|(floor, rest)| Ok((self.signed(floor)?, rest)));
        match scaled {
            Ok((whole, Rest::Nothing)) => whole.cmp(&nanos),
            // What was cut off is less than one.
            Ok((whole, _)) => whole.cmp(&nanos).then(away),
            Err(_) => away, // Past every quantity.
        }
    }

    /// The magnitude of the value times 10⁹, and what is left.
    fn scale(&self, exponent: i64) -> Result<(u128, Rest), NumberError> {
        let power = exponent
            .saturating_sub(self.fraction_len)
            .saturating_add(self.dropped)
            .saturating_add(i64::from(super::Quantity::DIGITS));
        if power >= 0 { self.scale_up(power) } else { Ok(self.scale_down(power)) }
    }

    fn signed(&self, magnitude: u128) -> Result<i128, NumberError> {
        let value = if self.negative {
            0_i128.checked_sub_unsigned(magnitude)
        } else {
            0_i128.checked_add_unsigned(magnitude)
        };
        value.ok_or(NumberError::TooLarge)
    }

    fn scale_up(&self, power: i64) -> Result<(u128, Rest), NumberError> {
        let factor = u32::try_from(power).ok().and_then(|power| 10_u128.checked_pow(power));
        let scaled = factor.and_then(|factor| self.mantissa.checked_mul(factor));
        let scaled = scaled.ok_or(NumberError::TooLarge)?;
        let rest = match (self.next, self.beyond) {
            (0, false) => Rest::Nothing,
            // The dropped digit counts whole nano-units, and did not fit.
            _ if power > 0 => return Err(NumberError::TooLarge),
            (5, false) => Rest::Half,
            (0..=4, _) => Rest::BelowHalf,
            _ => Rest::AboveHalf,
        };
        Ok((scaled, rest))
    }

    fn scale_down(&self, power: i64) -> (u128, Rest) {
        let dropped_any = self.next != 0 || self.beyond;
        let by =
            u32::try_from(power.unsigned_abs()).ok().and_then(|power| 10_u128.checked_pow(power));
        // A divisor past u128 is more than twice any mantissa: 10^39 and 3.4 * 10^38.
        let Some(by) = by else { return (0, Rest::BelowHalf) };
        let (floor, rest) = (self.mantissa.div_euclid(by), self.mantissa.rem_euclid(by));
        let half = by.div_euclid(2); // `by` is a positive power of ten, so even.
        let rest = match rest.cmp(&half) {
            Ordering::Less if rest == 0 && !dropped_any => Rest::Nothing,
            Ordering::Less => Rest::BelowHalf,
            Ordering::Equal if !dropped_any => Rest::Half,
            Ordering::Equal | Ordering::Greater => Rest::AboveHalf,
        };
        (floor, rest)
    }
}

/// What is left after the ninth fraction digit, in halves of a nano-unit.
#[derive(Clone, Copy)]
enum Rest {
    Nothing,
    BelowHalf,
    Half,
    AboveHalf,
}

/// Reads `([eE][+-]?digits)?` to the end of the text; a huge exponent saturates.
fn exponent(text: &[u8]) -> Result<i64, NumberError> {
    let [b'e' | b'E', rest @ ..] = text else {
        return if text.is_empty() { Ok(0) } else { Err(NumberError::Syntax) };
    };
    let (negative, digits) = match rest {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(NumberError::Syntax);
    }
    let value = digits.iter().fold(0_i64, |value, byte| {
        value.saturating_mul(10).saturating_add(i64::from(byte.saturating_sub(b'0')))
    });
    // A quarter of the range, so that adding digit counts cannot reach its end.
    let value = value.min(i64::MAX.div_euclid(4));
    Ok(if negative { value.saturating_neg() } else { value })
}
