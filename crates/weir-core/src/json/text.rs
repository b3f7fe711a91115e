//! What does a string say? Decoded when asked, and only as far as needed.

use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;
use core::str;

use super::string::unit;

/// A string or key of a document, still escaped as it was sent.
///
/// Two texts are equal when they decode to the same characters: `"\u0061mount"` is `amount`.
///
/// # Example
///
/// ```
/// use weir_core::json::{Lexer, Profile, Scratch, SyntaxError, Token};
///
/// let mut scratch = Scratch::default();
/// let mut lexer = Lexer::new(br#""\u0061mount""#, &Profile::STRICT, &mut scratch)?;
/// let Some(Token::String(text)) = lexer.token()? else { panic!("a string was sent") };
/// assert_eq!(text.as_plain(), None); // it has an escape,
/// assert_eq!(text, "amount"); // which need not be decoded to be compared.
/// assert_ne!(text, "Amount");
/// assert_eq!(text.decode(&mut String::new()), "amount");
/// assert_eq!(format!("{text:?}"), "Text(6 characters)"); // it may be a secret
/// # Ok::<(), SyntaxError>(())
/// ```
#[derive(Clone, Copy, Default)]
pub struct Text<'a> {
    raw: &'a str,
    escaped: bool, // INVARIANT: when set, every backslash in `raw` starts an escape of RFC 8259.
}

impl<'a> Text<'a> {
    pub(crate) const fn new(raw: &'a str, escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// What stands between the quotes.
    pub(crate) const fn raw(self) -> &'a str {
        self.raw
    }

    /// The text, if it has no escape and so need not be decoded.
    #[must_use]
    pub const fn as_plain(self) -> Option<&'a str> {
        if self.escaped { None } else { Some(self.raw) }
    }

    /// The characters that the text says.
    #[must_use]
    pub fn chars(self) -> Chars<'a> {
        Chars { rest: self.raw.chars(), escaped: self.escaped }
    }

    /// How many characters (Unicode scalar values) the text has.
    #[must_use]
    pub fn char_count(self) -> usize {
        match self.as_plain() {
            Some(plain) if plain.is_ascii() => plain.len(),
            Some(plain) => plain.chars().count(),
            None => self.chars().count(),
        }
    }

    /// Whether there is nothing but white space (Unicode's `White_Space`), or nothing at all.
    #[must_use]
    pub fn is_blank(self) -> bool {
        let plain = self.raw.bytes().next().is_some_and(|b| b.is_ascii_graphic() && b != b'\\');
        !plain && self.chars().all(char::is_whitespace)
    }

    /// The text itself: borrowed as it was sent, or decoded into `buffer`, whose content is lost.
    pub fn decode<'b>(self, buffer: &'b mut String) -> &'b str
    where
        'a: 'b,
    {
        if !self.escaped {
            return self.raw;
        }
        buffer.clear();
        buffer.extend(self.chars());
        buffer
    }

    /// Shows `each` the bytes that the text says.
    #[inline(always)]
    pub(super) fn each_utf8(self, mut each: impl FnMut(u8)) {
        let mut bytes = self.raw.as_bytes();
        while let [byte, after @ ..] = bytes {
            if *byte != b'\\' || !self.escaped {
                each(*byte);
                bytes = after;
                continue;
            }
            if let [b'u', a, b, c, d, rest @ ..] = after
                && let unit @ 0..0x80 = unit([*a, *b, *c, *d])
            {
                each(unit.to_le_bytes()[0]);
                bytes = rest;
                continue;
            }
            let at = self.raw.len().wrapping_sub(bytes.len()); // `bytes` is the end of it.
            let rest = self.raw.get(at..).unwrap_or_default().chars();
            let mut chars = Chars { rest, escaped: true };
            let char = chars.next().unwrap_or_default();
            char.encode_utf8(&mut [0; 4]).bytes().for_each(&mut each);
            bytes = chars.rest.as_str().as_bytes();
        }
    }

    /// The bytes that the text says.
    pub(super) fn utf8(self) -> impl Iterator<Item = u8> {
        self.chars().flat_map(|char| {
            let mut bytes = [0; 4];
            let len = char.encode_utf8(&mut bytes).len();
            bytes.into_iter().take(len)
        })
    }
}

impl fmt::Debug for Text<'_> {
    /// The length only: what was sent may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} characters)", self.char_count())
    }
}

impl Ord for Text<'_> {
    /// By the bytes of the decoded text.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.as_plain(), other.as_plain()) {
            (Some(a), Some(b)) => a.cmp(b),
            _ => self.utf8().cmp(other.utf8()),
        }
    }
}

impl PartialOrd for Text<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Text<'_> {}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        match self.as_plain() {
            Some(plain) => plain == other,
            None => self.chars().eq(other.chars()),
        }
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

/// The characters of a [`Text`], decoded one by one.
///
/// Half of a surrogate pair, which only some profiles let in, reads as U+FFFD.
#[derive(Clone)]
pub struct Chars<'a> {
    rest: str::Chars<'a>,
    escaped: bool,
}

impl Chars<'_> {
    /// What the escape after a backslash says.
    fn escape(&mut self) -> Option<char> {
        Some(match self.rest.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => self.unicode(),
            other => other, // A quote, a slash or a backslash stands for itself.
        })
    }

    fn unicode(&mut self) -> char {
        let first = hex4(&mut self.rest);
        if let Some(char) = char::from_u32(first) {
            return char;
        }
        let mut ahead = self.rest.clone();
        if (ahead.next(), ahead.next()) == (Some('\\'), Some('u'))
            && let Some(char) = pair(first, hex4(&mut ahead))
        {
            self.rest = ahead;
            return char;
        }
        char::REPLACEMENT_CHARACTER
    }
}

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self.rest.next()? {
            '\\' if self.escaped => self.escape(),
            char => Some(char),
        }
    }
}

fn hex4(chars: &mut str::Chars<'_>) -> u32 {
    let digits = chars.take(4).map(|char| char.to_digit(16).unwrap_or(0));
    digits.fold(0, |value, digit| (value << 4) | digit)
}

/// The character that two halves of a pair make, if they are the two halves of one.
fn pair(high: u32, low: u32) -> Option<char> {
    let (high, low) = (high.checked_sub(0xD800)?, low.checked_sub(0xDC00)?);
    if high >= 0x400 || low >= 0x400 {
        return None;
    }
    char::from_u32(0x1_0000_u32.checked_add((high << 10) | low)?)
}
