//! Is the next member an everyday one? Seen at one look, or left to the grammar.
//!
//! Nearly all members have a key and a text without escapes, or a number of digits, or a word. Such
//! are read here by small functions without state; of whatever else they meet, also of whatever is
//! wrong, they say nothing, and the grammar reads it anew.

use super::cursor::{index, offset};
use super::number::digits_end;
use super::string::{self, Quoted};
use super::{Found, Kind};

/// The value of the next member, if its key is `likely` as it is spelled with its quotes.
///
/// The member follows `at`, after a comma unless it is the first one.
#[inline(always)]
pub(super) fn likely(bytes: &[u8], at: u32, (likely, first): (&[u8], bool)) -> Option<Found> {
    let at = key(bytes, index(at), first)?;
    let end = at.wrapping_add(likely.len()); // Of two lengths that fit in memory.
    if !same(bytes.get(at..end)?, likely) {
        return None;
    }
    value(bytes, end)
}

/// Whether two words of the same length are the same; up to sixteen bytes, in two steps.
#[inline(always)]
fn same(there: &[u8], word: &[u8]) -> bool {
    if there.len() > 16 {
        return there == word;
    }
    match (there.first_chunk::<8>(), word.first_chunk::<8>()) {
        (Some(a), Some(b)) => a == b && there.last_chunk::<8>() == word.last_chunk::<8>(),
        _ => {
            let heads = there.first_chunk::<4>() == word.first_chunk::<4>();
            heads && there.last_chunk::<4>() == word.last_chunk::<4>() && there.len() > 3
                || there == word
        }
    }
}

/// The next member, whatever its key.
#[inline(always)]
pub(super) fn any(bytes: &[u8], at: u32, first: bool) -> Option<(Quoted, Found)> {
    let at = key(bytes, index(at), first)?;
    let end = text(bytes, at)?;
    let key = Quoted { start: offset(at), end: offset(end), escaped: false };
    Some((key, value(bytes, end.wrapping_add(1))?)) // Past the quote that stands there.
}

/// The next item of an array.
#[inline(always)]
pub(super) fn item(bytes: &[u8], at: u32, first: bool) -> Option<Found> {
    let (byte, at) = after_comma(bytes, index(at), first)?;
    scalar(bytes, byte, at)
}

/// Where the next key starts.
#[inline(always)]
fn key(bytes: &[u8], at: usize, first: bool) -> Option<usize> {
    let (byte, at) = after_comma(bytes, at, first)?;
    (byte == b'"').then_some(at)
}

/// The byte after the next comma, or the next byte where no comma is needed.
#[inline(always)]
fn after_comma(bytes: &[u8], at: usize, first: bool) -> Option<(u8, usize)> {
    let (byte, at) = next(bytes, at)?;
    match (byte, first) {
        (b',', false) => next(bytes, at.wrapping_add(1)),
        (byte, true) => Some((byte, at)),
        _ => None,
    }
}

/// The value after the key that ends before `at`.
#[inline(always)]
fn value(bytes: &[u8], at: usize) -> Option<Found> {
    let (colon, at) = next(bytes, at)?;
    if colon != b':' {
        return None;
    }
    let (byte, at) = next(bytes, at.wrapping_add(1))?;
    scalar(bytes, byte, at)
}

/// The value that starts with `byte`, which stands at `at`.
#[inline(always)]
fn scalar(bytes: &[u8], byte: u8, at: usize) -> Option<Found> {
    let (end, kind) = match byte {
        b'"' => (text(bytes, at)?.wrapping_add(1), Kind::String),
        b'-' | b'0'..=b'9' => (number(bytes, at)?, Kind::Number),
        _ => word(bytes, at)?,
    };
    Some(Found { start: offset(at), end: offset(end), kind, escaped: false })
}

/// The next byte that is no blank, and where it stands.
#[inline(always)]
fn next(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let mut at = at;
    loop {
        match *bytes.get(at)? {
            b' ' | b'\t' | b'\n' | b'\r' => at = at.wrapping_add(1),
            byte => return Some((byte, at)),
        }
    }
}

/// Where the text that starts at `at` has its closing quote, if it has no escape before it.
#[inline(always)]
fn text(bytes: &[u8], at: usize) -> Option<usize> {
    let start = at.wrapping_add(1); // Past the quote that stands there.
    let end = start.wrapping_add(string::plain_run(bytes.get(start..)?));
    (*bytes.get(end)? == b'"').then_some(end)
}

/// Where the number ends that starts at `at`, if it has no exponent.
#[inline(always)]
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let start = if *bytes.get(at)? == b'-' { at.wrapping_add(1) } else { at };
    let whole = digits_end(bytes, start);
    let zero_first = *bytes.get(start)? == b'0' && whole.wrapping_sub(start) > 1;
    let end = if *bytes.get(whole)? == b'.' {
        let after = whole.wrapping_add(1);
        let end = digits_end(bytes, after);
        if end == after {
            return None;
        }
        end
    } else {
        whole
    };
    let exponent = matches!(bytes.get(end), Some(b'e' | b'E'));
    (whole > start && !zero_first && !exponent).then_some(end)
}

/// Where the word ends that starts at `at`, and what it is.
#[inline(always)]
fn word(bytes: &[u8], at: usize) -> Option<(usize, Kind)> {
    let rest = bytes.get(at..)?;
    let (word, kind) = match rest.first()? {
        b't' => ("true", Kind::Boolean),
        b'f' => ("false", Kind::Boolean),
        b'n' => ("null", Kind::Null),
        _ => return None,
    };
    rest.starts_with(word.as_bytes()).then_some((at.wrapping_add(word.len()), kind))
}
