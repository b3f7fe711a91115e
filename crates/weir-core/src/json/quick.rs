//! Is the next member an everyday one? Seen at one look, or left to the grammar.
//!
//! Nearly all members have a key and a text without escapes, or a number of digits, or a word. Such
//! are read here by small functions without state; of whatever else they meet, also of whatever is
//! wrong, they say nothing, and the grammar reads it anew.

use super::cursor::{index, offset};
use super::keys::Few;
use super::number::digits_end;
use super::string::{self, Quoted};
use super::{Found, Kind, Surrogates};

/// Where an everyday value stands, and what it is.
pub(super) type Span = (usize, usize, Kind);

/// Where the next key or item starts, and its first byte: after a comma, unless it is the first one.
#[inline(always)]
pub(super) fn entry(bytes: &[u8], at: usize, first: bool) -> Option<(u8, usize)> {
    let (byte, at) = next(bytes, at)?;
    match (byte, first) {
        (b',', false) => next(bytes, at.wrapping_add(1)),
        (byte, true) => Some((byte, at)),
        _ => None,
    }
}

/// The first byte of the value whose key stands at `at` and is `likely`, as it is spelled with its
/// quotes; and where that is.
#[inline(always)]
pub(super) fn likely_key(bytes: &[u8], at: usize, likely: &[u8]) -> Option<(u8, usize)> {
    let end = at.wrapping_add(likely.len()); // Of two lengths that fit in memory.
    if same(bytes.get(at..end)?, likely) { after_colon(bytes, end) } else { None }
}

/// The key that stands at `at`, whatever it is; the first byte of its value, and where that is.
#[inline(always)]
pub(super) fn key(bytes: &[u8], (byte, at): (u8, usize)) -> Option<(Quoted, u8, usize)> {
    if byte != b'"' {
        return None;
    }
    let end = text(bytes, at)?;
    let key = Quoted { start: offset(at), end: offset(end), escaped: false };
    let (byte, at) = after_colon(bytes, end.wrapping_add(1))?; // Past the quote that stands there.
    Some((key, byte, at))
}

/// The same with a key that may have escapes.
#[inline(always)]
pub(super) fn any_key(
    bytes: &[u8],
    (byte, at): (u8, usize),
    surrogates: Surrogates,
) -> Option<(Quoted, u8, usize)> {
    if let Some(plain) = key(bytes, (byte, at)) {
        return Some(plain);
    }
    if byte != b'"' {
        return None;
    }
    let key = string::inside(bytes, offset(at), surrogates).ok()?;
    let (byte, at) = after_colon(bytes, index(key.end.wrapping_add(1)))?;
    Some((key, byte, at))
}

/// Where the object that is open ends, if nothing else comes before that.
#[inline(always)]
pub(super) fn end(bytes: &[u8], at: usize) -> Option<usize> {
    let (byte, at) = next(bytes, at)?;
    (byte == b'}').then(|| at.wrapping_add(1)) // Past the brace that stands there.
}

/// The value that starts with `byte`, which stands at `at`; a container only if it holds nothing but everyday
/// members, few of them and no key twice, or nothing but everyday items; `each` is shown them all,
/// also when it turns out that the container is another.
#[inline(always)]
pub(super) fn value(
    bytes: &[u8],
    (byte, at): (u8, usize),
    each: impl FnMut(Option<Quoted>, Found),
) -> Option<Span> {
    if byte == b'{' || byte == b'[' {
        small(bytes, (byte, at), each)
    } else {
        scalar(bytes, (byte, at))
    }
}

#[inline(never)] // The loops over other values stay small.
fn small(
    bytes: &[u8],
    (byte, at): (u8, usize),
    each: impl FnMut(Option<Quoted>, Found),
) -> Option<Span> {
    let inside = at.wrapping_add(1); // Past the bracket that stands there.
    Some(if byte == b'{' {
        (at, members(bytes, inside, each)?, Kind::Object)
    } else {
        (at, items(bytes, inside, each)?, Kind::Array)
    })
}

#[inline(always)]
fn members(bytes: &[u8], at: usize, mut each: impl FnMut(Option<Quoted>, Found)) -> Option<usize> {
    let (mut byte, mut at) = next(bytes, at)?;
    let mut seen = Few::default();
    while byte != b'}' || !seen.is_empty() {
        let (key, first, start) = key(bytes, (byte, at))?;
        let value = scalar(bytes, (first, start))?;
        if !seen.takes(key, bytes) {
            return None;
        }
        each(Some(key), found(value));
        (byte, at) = next(bytes, value.1)?;
        match byte {
            b',' => (byte, at) = next(bytes, at.wrapping_add(1))?,
            b'}' => break,
            _ => return None,
        }
    }
    Some(at.wrapping_add(1)) // Past the brace that stands there.
}

#[inline(always)]
fn items(bytes: &[u8], at: usize, mut each: impl FnMut(Option<Quoted>, Found)) -> Option<usize> {
    let (mut byte, mut at) = next(bytes, at)?;
    let mut first = true;
    while byte != b']' || !first {
        let value = scalar(bytes, (byte, at))?;
        each(None, found(value));
        first = false;
        (byte, at) = next(bytes, value.1)?;
        match byte {
            b',' => (byte, at) = next(bytes, at.wrapping_add(1))?,
            b']' => break,
            _ => return None,
        }
    }
    Some(at.wrapping_add(1)) // Past the bracket that stands there.
}

/// An everyday value as it is kept: it has no escape.
#[inline(always)]
pub(super) fn found((start, end, kind): Span) -> Found {
    Found { start: offset(start), end: offset(end), kind, escaped: false }
}

/// Whether two words of the same length are the same; up to 32 bytes, in two steps.
#[inline(always)]
fn same(there: &[u8], word: &[u8]) -> bool {
    if there.len() > 16 {
        let heads = there.first_chunk::<16>() == word.first_chunk::<16>();
        let tails = there.last_chunk::<16>() == word.last_chunk::<16>();
        return heads && tails && (there.len() <= 32 || there == word);
    }
    match (there.first_chunk::<8>(), word.first_chunk::<8>()) {
        (Some(a), Some(b)) => a == b && there.last_chunk::<8>() == word.last_chunk::<8>(),
        _ => {
            let heads = there.first_chunk::<4>() == word.first_chunk::<4>();
            if there.len() > 3 {
                return heads && there.last_chunk::<4>() == word.last_chunk::<4>();
            }
            let heads = there.first_chunk::<2>() == word.first_chunk::<2>();
            heads && there.last_chunk::<2>() == word.last_chunk::<2>()
        }
    }
}

/// The byte after the colon that comes next, and where it stands.
#[inline(always)]
fn after_colon(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let (colon, at) = next(bytes, at)?;
    if colon != b':' {
        return None;
    }
    next(bytes, at.wrapping_add(1))
}

/// The value that starts with `byte`, which stands at `at`, if it is no container.
#[inline(always)]
pub(super) fn scalar(bytes: &[u8], (byte, at): (u8, usize)) -> Option<Span> {
    let (end, kind) = match byte {
        b'"' => (text(bytes, at)?.wrapping_add(1), Kind::String),
        b'-' | b'0'..=b'9' => (number(bytes, at)?, Kind::Number),
        _ => word(bytes, at)?,
    };
    Some((at, end, kind))
}

/// The same where numbers may be many and short, or containers empty where one more may open.
#[inline(always)]
pub(super) fn entry_value(bytes: &[u8], (byte, at): (u8, usize), may_open: bool) -> Option<Span> {
    let end = at.wrapping_add(1);
    match (byte, *bytes.get(end)?) {
        (b'0'..=b'9', b',' | b']' | b'}') => Some((at, end, Kind::Number)),
        (b'[' | b'{', _) => {
            if may_open {
                empty(bytes, (byte, at))
            } else {
                None
            }
        }
        _ => scalar(bytes, (byte, at)),
    }
}

/// The container that starts with `byte`, which stands at `at`, if it is empty.
#[inline(always)]
pub(super) fn empty(bytes: &[u8], (byte, at): (u8, usize)) -> Option<Span> {
    let (close, kind) = match byte {
        b'[' => (b']', Kind::Array),
        b'{' => (b'}', Kind::Object),
        _ => return None,
    };
    let (byte, end) = next(bytes, at.wrapping_add(1))?; // Past the bracket that stands there.
    (byte == close).then(|| (at, end.wrapping_add(1), kind))
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
