//! How much does a text say, when the point is moved by hand?
//!
//! Grammars are regular expressions, a value is a string of decimal digits, and the point is moved
//! by cutting and padding that string. Whole numbers are compared and multiplied by `num-bigint`.

use std::sync::LazyLock;

use num_bigint::BigInt;
use regex::Regex;
use weir_core::amount::{NumberError, Precision, Rounding};

/// Reads a text as the catalog's grammar does; nano-units.
///
/// # Errors
///
/// As `Quantity::from_str`.
pub fn plain(text: &str) -> Result<i128, NumberError> {
    decimal(&PLAIN, text, Precision::Exact)
}

/// Reads a text as RFC 8259 does; nano-units.
///
/// # Errors
///
/// As `Quantity::from_json`.
pub fn json(text: &str, precision: Precision) -> Result<i128, NumberError> {
    decimal(&JSON, text, precision)
}

/// Reads a text as ECMAScript's `Number()` does, blank text and infinities refused; nano-units.
///
/// # Errors
///
/// As `number::ecmascript`.
pub fn ecmascript(text: &str, precision: Precision) -> Result<i128, NumberError> {
    let text = text.trim_matches(ECMASCRIPT_SPACE);
    for (prefixes, radix) in [(["0x", "0X"], 16), (["0o", "0O"], 8), (["0b", "0B"], 2)] {
        if let Some(digits) = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)) {
            // `parse_bytes` takes signs and underscores; the grammar does not.
            let known = digits.chars().all(|c| c.is_digit(radix)) && !digits.is_empty();
            let value = BigInt::parse_bytes(digits.as_bytes(), radix).filter(|_| known);
            return in_range(&(value.ok_or(NumberError::Syntax)? * 1_000_000_000));
        }
    }
    decimal(&ECMASCRIPT, text, precision)
}

/// The product of two quantities, rounded to `digits` fraction digits; all in nano-units. `None`
/// when the product at 18 fraction digits, or the result, does not fit.
#[must_use]
pub fn product(factors: [i128; 2], digits: u32, rounding: Rounding) -> Option<i128> {
    let exact = BigInt::from(factors[0]) * BigInt::from(factors[1]);
    i128::try_from(&exact).ok()?;
    let negative = exact < BigInt::ZERO;
    // 18 fraction digits and at least one whole digit, so that the cut is always inside.
    let text = format!("{:0>19}", exact.magnitude().to_string());
    let cut_off = 18_usize.saturating_sub(usize::try_from(digits.min(9)).unwrap_or(9));
    let (kept, rest) = text.split_at(text.len().saturating_sub(cut_off));
    let away = match (rounding, Tail::of(rest)) {
        (_, Tail::Nothing) => false,
        (Rounding::Down, _) => negative,
        (Rounding::Up, _) => !negative,
        (Rounding::HalfEven, tail) => tail.rounds_up(kept),
    };
    let whole = kept.parse::<BigInt>().ok()? + i32::from(away);
    let padded = format!("{whole}{}", "0".repeat(cut_off.saturating_sub(9)));
    let magnitude = padded.parse::<BigInt>().ok()?;
    i128::try_from(if negative { -magnitude } else { magnitude }).ok()
}

fn decimal(grammar: &Regex, text: &str, precision: Precision) -> Result<i128, NumberError> {
    let parts = grammar.captures(text).ok_or(NumberError::Syntax)?;
    let part = |name| parts.name(name).map_or("", |part| part.as_str());
    let (whole, fraction) = (part("whole"), part("fraction"));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() {
        return Err(NumberError::Syntax);
    }
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    // Where the point stands, counted from the first significant digit, once the value is in
    // nano-units.
    let exponent = part("exponent").parse::<BigInt>().unwrap_or_default();
    let point = exponent + whole.len() + significant.len() - digits.len() + 9_usize;
    if point > BigInt::from(FAR) {
        return Err(NumberError::TooLarge);
    }
    let Some(point) = usize::try_from(&point).ok() else {
        // The first digit is behind a zero behind the point: less than a tenth.
        return if precision == Precision::Exact { Err(NumberError::Inexact) } else { Ok(0) };
    };
    let padded = format!("{significant:0<point$}");
    let (kept, rest) = padded.split_at(point);
    let (tail, kept) = (Tail::of(rest), format!("0{kept}"));
    let magnitude = kept.parse::<BigInt>().map_err(|_| NumberError::Syntax)?;
    let signed = |magnitude: BigInt| if part("sign") == "-" { -magnitude } else { magnitude };
    let floor = in_range(&signed(magnitude.clone()))?;
    match (tail, precision) {
        (Tail::Nothing, _) => Ok(floor),
        (_, Precision::Exact) => Err(NumberError::Inexact),
        (_, Precision::Nearest) if !tail.rounds_up(&kept) => Ok(floor),
        (_, Precision::Nearest) => in_range(&signed(magnitude + 1)),
    }
}

fn in_range(value: &BigInt) -> Result<i128, NumberError> {
    i128::try_from(value).map_err(|_| NumberError::TooLarge)
}

/// How the digits that are cut off compare with a half.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Tail {
    Nothing,
    BelowHalf,
    Half,
    AboveHalf,
}

impl Tail {
    fn of(digits: &str) -> Self {
        let significant = digits.trim_end_matches('0');
        match significant {
            "" => Self::Nothing,
            "5" => Self::Half,
            // Digits of one length sort as texts do; a longer one that starts with 5 is above.
            _ if significant > "5" => Self::AboveHalf,
            _ => Self::BelowHalf,
        }
    }

    fn rounds_up(self, kept: &str) -> bool {
        let odd = kept.ends_with(['1', '3', '5', '7', '9']);
        self == Self::AboveHalf || (self == Self::Half && odd)
    }
}

/// More digits than any quantity has.
const FAR: u32 = 60;

/// White space and line terminators of ECMA-262, sections 12.2 and 12.3.
const ECMASCRIPT_SPACE: &[char] = &[
    '\t', '\u{b}', '\u{c}', '\u{feff}', ' ', '\u{a0}', '\u{1680}', '\u{2000}', '\u{2001}',
    '\u{2002}', '\u{2003}', '\u{2004}', '\u{2005}', '\u{2006}', '\u{2007}', '\u{2008}', '\u{2009}',
    '\u{200a}', '\u{202f}', '\u{205f}', '\u{3000}', '\n', '\r', '\u{2028}', '\u{2029}',
];

static PLAIN: LazyLock<Regex> =
    LazyLock::new(|| grammar(r"(?<sign>-?)(?<whole>[0-9]+)(?:\.(?<fraction>[0-9]+))?"));
static JSON: LazyLock<Regex> = LazyLock::new(|| {
    grammar(
        r"(?<sign>-?)(?<whole>0|[1-9][0-9]*)(?:\.(?<fraction>[0-9]+))?(?:[eE](?<exponent>[+-]?[0-9]+))?",
    )
});
static ECMASCRIPT: LazyLock<Regex> = LazyLock::new(|| {
    grammar(
        r"(?<sign>[+-]?)(?<whole>[0-9]*)(?:\.(?<fraction>[0-9]*))?(?:[eE](?<exponent>[+-]?[0-9]+))?",
    )
});

#[expect(clippy::expect_used, reason = "the patterns are constants, and the laws use each of them")]
fn grammar(pattern: &str) -> Regex {
    Regex::new(&format!(r"\A(?:{pattern})\z")).expect("a constant pattern")
}
