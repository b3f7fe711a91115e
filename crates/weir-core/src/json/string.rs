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
    pub(super) const fn len(self) -> u32 {
        self.end.wrapping_sub(self.start).wrapping_sub(1)
    }

    /// What is between the quotes.
    #[inline(always)]
    pub(super) fn text(self, document: &str) -> Text<'_> {
        let inner = index(self.start.wrapping_add(1))..index(self.end);
        Text::new(document.get(inner).unwrap_or_default(), self.escaped)
    }
}

/// The string whose opening quote stands at `start`.
#[inline(always)]
pub(super) fn inside(bytes: &[u8], start: u32, surrogates: Surrogates) -> Result<Quoted, Wrong> {
    let (mut at, mut escaped) = (start.wrapping_add(1), false); // There is a quote to pass.
    loop {
        let rest = bytes.get(index(at)..).unwrap_or_default();
        let run = plain_run(rest);
        at = at.wrapping_add(offset(run)); // No further than the end of `bytes`.
        match rest.get(run) {
            Some(b'"') => return Ok(Quoted { start, end: at, escaped }),
            Some(b'\\') => (at, escaped) = (escape(bytes, at, surrogates)?, true),
            Some(_) => return Err((SyntaxKind::ControlCharacter, at)),
            None => return Err((SyntaxKind::UnexpectedEnd, at)),
        }
    }
}

/// Where the escape ends whose backslash stands at `at`.
#[inline(never)] // Few strings have one: the loop over the others stays small.
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

fn hex4(bytes: &[u8], at: u32) -> Result<u32, Wrong> {
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
    while let Some((eight, after)) = rest.split_first_chunk::<8>() {
        let special = special_bytes(u64::from_le_bytes(*eight));
        if special != 0 {
            let run = bytes.len().wrapping_sub(rest.len()); // `rest` is the end of `bytes`.
            return run.wrapping_add(usize::try_from(special.trailing_zeros() >> 3).unwrap_or(0));
        }
        rest = after;
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1F);
    let tail = rest.iter().position(special).unwrap_or(rest.len());
    bytes.len().wrapping_sub(rest.len()).wrapping_add(tail)
}

/// Sets the top bit of the first byte of eight that is a quote, a backslash or a control character,
/// and clears those of all bytes before it.
///
/// # Source
///
/// The well-known test for a byte below n in a word: `(x - n) & !x` has the top bit of a byte below
/// n, and of no byte before it, for n up to 128. A byte that equals c is below 1 after `x ^ c`.
const fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const TOPS: u64 = u64::from_le_bytes([0x80; 8]);
    const QUOTES: u64 = u64::from_le_bytes([b'"'; 8]);
    const SLASHES: u64 = u64::from_le_bytes([b'\\'; 8]);
    const BLANKS: u64 = u64::from_le_bytes([b' '; 8]);
    let (quote, slash) = (word ^ QUOTES, word ^ SLASHES);
    let quote = quote.wrapping_sub(ONES) & !quote;
    let slash = slash.wrapping_sub(ONES) & !slash;
    let control = word.wrapping_sub(BLANKS) & !word;
    (quote | slash | control) & TOPS
}
