//! Where does a string end? Found eight bytes at a time, its escapes checked on the way.

use super::cursor::{Wrong, index, offset};
use super::{Surrogates, SyntaxKind, Text};

/// A string: where its two quotes stand, and whether it has escapes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Quoted {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) escaped: bool,
}

impl Quoted {
    /// How many bytes are between the quotes.
    #[inline(always)]
    pub(crate) const fn len(self) -> u32 {
        self.end.wrapping_sub(self.start).wrapping_sub(1)
    }

    /// What is between the quotes, as it was sent.
    #[inline(always)]
    pub(super) fn bytes(self, document: &[u8]) -> &[u8] {
        let inner = index(self.start.wrapping_add(1))..index(self.end);
        document.get(inner).unwrap_or_default()
    }

    /// What is between the quotes.
    #[inline(always)]
    pub(super) fn text(self, document: &str) -> Text<'_> {
        let inner = index(self.start.wrapping_add(1))..index(self.end);
        Text::new(document.get(inner).unwrap_or_default(), self.escaped)
    }
}

/// The string whose opening quote stands at `start`.
#[inline(never)] // Everyday strings are read elsewhere: the loop over the others stays small.
pub(super) fn inside(bytes: &[u8], start: u32, surrogates: Surrogates) -> Result<Quoted, Wrong> {
    let (mut at, mut escaped) = (start.wrapping_add(1), false); // There is a quote to pass.
    loop {
        let rest = bytes.get(index(at)..).unwrap_or_default();
        let run = plain_run(rest);
        at = at.wrapping_add(offset(run)); // No further than the end of `bytes`.
        match rest.get(run) {
            Some(b'"') => return Ok(Quoted { start, end: at, escaped }),
            Some(b'\\') => (at, escaped) = (escapes(bytes, at, surrogates)?, true),
            Some(_) => return Err((SyntaxKind::ControlCharacter, at)),
            None => return Err((SyntaxKind::UnexpectedEnd, at)),
        }
    }
}

/// Where the escapes end of which the first has its backslash at `at`.
#[inline(never)] // Few strings have one: the loop over the others stays small.
fn escapes(bytes: &[u8], at: u32, surrogates: Surrogates) -> Result<u32, Wrong> {
    let mut at = escape(bytes, at, surrogates)?;
    while let Some(b'\\') = bytes.get(index(at)) {
        at = escape(bytes, at, surrogates)?;
    }
    Ok(at)
}

/// Where the escape ends whose backslash stands at `at`.
#[inline(always)]
fn escape(bytes: &[u8], at: u32, surrogates: Surrogates) -> Result<u32, Wrong> {
    let (letter, digits) = (at.saturating_add(1), at.saturating_add(2));
    match bytes.get(index(letter)) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(digits),
        Some(b'u') => {
            let unit = hex4(bytes, digits)?;
            let end = digits.saturating_add(4);
            if !(0xD800..0xE000).contains(&unit) {
                return Ok(end);
            }
            let low = end.saturating_add(2);
            if unit < 0xDC00
                && bytes.get(index(end)..index(low)) == Some(b"\\u")
                && (0xDC00..0xE000).contains(&hex4(bytes, low)?)
            {
                return Ok(low.saturating_add(4));
            }
            match surrogates {
                Surrogates::Refused => Err(half(bytes, at, unit)),
                Surrogates::Replaced => Ok(end),
            }
        }
        Some(_) => Err((SyntaxKind::BadEscape, letter)),
        None => Err((SyntaxKind::UnexpectedEnd, letter)),
    }
}

/// What is wrong with half a pair at `at`: a text that ends where the other half could still
/// follow ends too early.
#[cold]
fn half(bytes: &[u8], at: u32, unit: u32) -> Wrong {
    let after = bytes.get(index(at.saturating_add(6))..).unwrap_or_default();
    if unit < 0xDC00 && matches!(after, [] | [b'\\']) {
        return (SyntaxKind::UnexpectedEnd, offset(bytes.len()));
    }
    (SyntaxKind::LoneSurrogate, at)
}

/// What four digits of base 16 say.
#[inline(always)]
pub(super) fn unit(digits: [u8; 4]) -> u32 {
    // Letters have a bit that digits have not, and are nine more than their lower half.
    let value = |byte: u8| u32::from(byte & 0xF).wrapping_add(u32::from(byte >> 6).wrapping_mul(9));
    digits.into_iter().fold(0, |unit, digit| (unit << 4) | value(digit))
}

fn hex4(bytes: &[u8], at: u32) -> Result<u32, Wrong> {
    let digits = bytes.get(index(at)..).and_then(<[u8]>::first_chunk::<4>);
    if let Some(digits) = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
        return Ok(unit(*digits));
    }
    let mut value = 0_u32;
    for at in at..at.saturating_add(4) {
        match bytes.get(index(at)).map(|byte| char::from(*byte).to_digit(16)) {
            Some(Some(digit)) => value = (value << 4) | digit,
            Some(None) => return Err((SyntaxKind::BadEscape, at)),
            None => return Err((SyntaxKind::UnexpectedEnd, at)),
        }
    }
    Ok(value)
}

/// How many bytes come before the first that a string cannot just have: a quote, a backslash or a
/// control character.
#[inline(always)]
pub(super) fn plain_run(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((block, after)) = rest.split_first_chunk::<16>() {
        if let Some(place) = first_special(*block) {
            return bytes.len().wrapping_sub(rest.len()).wrapping_add(place);
        }
        rest = after;
    }
    if let Some((half, after)) = rest.split_first_chunk::<8>() {
        let block = u128::from(u64::from_le_bytes(*half)) | QUOTES;
        match first_special(block.to_le_bytes()) {
            Some(place @ 0..8) => return bytes.len().wrapping_sub(rest.len()).wrapping_add(place),
            _ => rest = after,
        }
    }
    let tail = rest.iter().position(|byte| special(*byte) != 0).unwrap_or(rest.len());
    bytes.len().wrapping_sub(rest.len()).wrapping_add(tail) // `rest` is the end of `bytes`.
}

/// The place of the first byte that a string cannot just have.
#[inline(always)]
fn first_special(block: [u8; 16]) -> Option<usize> {
    let found = u128::from_le_bytes(block.map(special));
    let [low, high] = [found, found >> 64].map(|half| u64::try_from(half & LOW).unwrap_or(0));
    let place =
        if low != 0 { low.trailing_zeros() } else { high.trailing_zeros().wrapping_add(64) };
    (found != 0).then(|| usize::try_from(place >> 3).unwrap_or(0))
}

/// Something other than 0 for a byte that a string cannot just have: without a condition, so that
/// a processor does all bytes of a block at once.
#[inline(always)]
const fn special(byte: u8) -> u8 {
    let control = b' '.saturating_sub(byte);
    let quote = 1_u8.saturating_sub(byte ^ b'"');
    let slash = 1_u8.saturating_sub(byte ^ b'\\');
    control | quote | slash
}

/// The lower half of a block.
const LOW: u128 = u64::MAX as u128;

/// Nothing but quotes in the upper half of a block.
const QUOTES: u128 = u128::from_le_bytes([b'"'; 16]) & !LOW;
