//! Where does a string end? Found eight bytes at a time, its escapes checked on the way.

use super::{Surrogates, SyntaxKind};

/// What is wrong, and where.
type Wrong = (SyntaxKind, usize);

/// Where the string ends whose opening quote stands before `start`, and whether it has escapes.
pub(super) fn inside(
    bytes: &[u8],
    start: usize,
    surrogates: Surrogates,
) -> Result<(usize, bool), Wrong> {
    let (mut at, mut escaped) = (start, false);
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let run = plain_run(rest);
        at = at.saturating_add(run);
        match rest.get(run) {
            Some(b'"') => return Ok((at, escaped)),
            Some(b'\\') => (at, escaped) = (escape(bytes, at, surrogates)?, true),
            Some(_) => return Err((SyntaxKind::ControlCharacter, at)),
            None => return Err((SyntaxKind::UnexpectedEnd, at)),
        }
    }
}

/// Where the escape ends whose backslash stands at `at`.
fn escape(bytes: &[u8], at: usize, surrogates: Surrogates) -> Result<usize, Wrong> {
    let (letter, digits) = (at.saturating_add(1), at.saturating_add(2));
    match bytes.get(letter) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(digits),
        Some(b'u') => {
            let unit = hex4(bytes, digits)?;
            let end = digits.saturating_add(4);
            if !(0xD800..0xE000).contains(&unit) {
                return Ok(end);
            }
            let low = end.saturating_add(2);
            if unit < 0xDC00
                && bytes.get(end..low) == Some(b"\\u")
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
fn half(bytes: &[u8], at: usize, unit: u32) -> Wrong {
    let after = bytes.get(at.saturating_add(6)..).unwrap_or_default();
    if unit < 0xDC00 && matches!(after, [] | [b'\\']) {
        return (SyntaxKind::UnexpectedEnd, bytes.len());
    }
    (SyntaxKind::LoneSurrogate, at)
}

fn hex4(bytes: &[u8], at: usize) -> Result<u32, Wrong> {
    let mut value = 0_u32;
    for at in at..at.saturating_add(4) {
        match bytes.get(at).map(|byte| char::from(*byte).to_digit(16)) {
            Some(Some(digit)) => value = (value << 4) | digit,
            Some(None) => return Err((SyntaxKind::BadEscape, at)),
            None => return Err((SyntaxKind::UnexpectedEnd, at)),
        }
    }
    Ok(value)
}

/// How many bytes come before the first that a string cannot just have: a quote, a backslash or a
/// control character.
fn plain_run(bytes: &[u8]) -> usize {
    let (mut rest, mut run) = (bytes, 0_usize);
    while let Some((eight, after)) = rest.split_first_chunk::<8>() {
        let special = special_bytes(u64::from_le_bytes(*eight));
        if special != 0 {
            let bytes = special.trailing_zeros().div_euclid(8);
            return run.saturating_add(usize::try_from(bytes).unwrap_or(0));
        }
        (rest, run) = (after, run.saturating_add(8));
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1F);
    run.saturating_add(rest.iter().position(special).unwrap_or(rest.len()))
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
