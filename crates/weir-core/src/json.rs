//! What did they send? A pull lexer for JSON: bytes in, tokens out, borrowed and exact.
//!
//! A [`Lexer`] reads one document of RFC 8259, to the letter and without recursion: what it has
//! not refused when [`Lexer::token`] answers `None` is well formed to the last byte, in the parts
//! that nobody looked at too. Strings stay as they were sent until somebody decodes them; numbers
//! stay digits until somebody asks for a quantity. A [`Scratch`] holds what the lexer must remember
//! (open containers, the keys seen in them) and is reused, so that reading allocates nothing once
//! the scratch has grown.
//!
//! The whole text is checked to be UTF-8 first, then it is read from left to right and the first
//! error ends it. An object's repeated key is reported when the object ends.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/json.rs`, under the same name.
//!
//! - `same_as_serde_json`: documents are accepted, and their values read, as by `serde_json`, save
//!   for the differences that the test lists.
//! - `duplicates_are_refused`: repeating any key, spelled in any way, at any depth, is refused.
//! - `bounds_hold`: each bound admits its number and refuses one more.
//! - `errors_say_where`: the bytes before an error can still become a document; one more cannot.
//! - `short_numbers_are_numbers`: the quick way to a quantity ends where the thorough one does.
//! - `halves_of_pairs_are_replaced`: or refused, as the profile says; whole pairs are neither.
//!
//! # Source
//!
//! RFC 8259; RFC 7493 (I-JSON) for the refusal of repeated keys and lone surrogates. What RFC 8259
//! leaves open is answered case by case in `weir-testkit/data/README.md`.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

mod cursor;
mod desk;
mod error;
mod grammar;
mod items;
mod keys;
mod lexer;
mod members;
mod number;
mod quick;
mod string;
mod text;

pub use error::{Position, SyntaxError, SyntaxKind};
pub(crate) use items::Items;
pub(crate) use keys::{Key, mark};
pub use lexer::{Lexer, Token};
pub(crate) use members::{Ahead, Glance, Member, Members};
pub use number::Number;
pub(crate) use string::Quoted;
pub use text::{Chars, Text};

/// How strictly a document is read. The default is the strictest reading.
///
/// # Example
///
/// ```
/// use weir_core::json::{self, Duplicates, Profile, Scratch, SyntaxKind};
///
/// let mut scratch = Scratch::default();
/// let twice = br#"{"a":1,"\u0061":2}"#;
/// let error = json::check(twice, &Profile::STRICT, &mut scratch).unwrap_err();
/// assert_eq!((error.kind(), error.at()), (SyntaxKind::DuplicateKey, 7));
///
/// let browser = Profile { duplicates: Duplicates::LastWins, ..Profile::STRICT };
/// assert!(json::check(twice, &browser, &mut scratch).is_ok());
/// ```
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// How large a document may be, in every direction.
    pub bounds: Bounds,
    /// What a repeated key means.
    pub duplicates: Duplicates,
    /// What half of a surrogate pair means.
    pub surrogates: Surrogates,
}

impl Profile {
    /// Nothing is forgiven, and the bounds are [`Bounds::DEFAULT`].
    pub const STRICT: Self = Self {
        bounds: Bounds::DEFAULT,
        duplicates: Duplicates::Refused,
        surrogates: Surrogates::Refused,
    };

    /// For reading again what was read before under whatever profile.
    pub(crate) const TRUSTED: Self = Self {
        bounds: Bounds {
            bytes: u32::MAX,
            depth: Bounds::DEPTH_MAX,
            members: u32::MAX,
            string_bytes: u32::MAX,
            tokens: u32::MAX,
        },
        duplicates: Duplicates::LastWins,
        surrogates: Surrogates::Replaced,
    };
}

/// What a key that stands twice in one object means.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// The document is refused, at whatever depth the key is, and however it is spelled.
    #[default]
    Refused,
    /// The last one counts, as in JavaScript.
    LastWins,
}

/// What an escape such as `\ud800` means when the other half of its pair does not follow.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Surrogates {
    /// The document is refused.
    #[default]
    Refused,
    /// It reads as U+FFFD: for senders that cut a string between two halves, as browsers do.
    Replaced,
}

/// How large a document may be. Each bound is the greatest number that is admitted.
///
/// # Units
///
/// `bytes` and `string_bytes` are bytes as sent: an escape counts in full, a string's quotes do not.
/// `depth` is the number of containers open at once.
///
/// # Example
///
/// ```
/// use weir_core::json::{self, Bounds, Profile, Scratch, SyntaxKind};
///
/// let flat = Profile { bounds: Bounds { depth: 1, ..Bounds::DEFAULT }, ..Profile::STRICT };
/// let mut scratch = Scratch::default();
/// assert!(json::check(b"[1,2]", &flat, &mut scratch).is_ok());
/// let error = json::check(b"[1,[2]]", &flat, &mut scratch).unwrap_err();
/// assert_eq!((error.kind(), error.at()), (SyntaxKind::TooDeep, 3));
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bounds {
    /// Bytes of the whole document.
    pub bytes: u32,
    /// Containers inside each other; more than [`Bounds::DEPTH_MAX`] counts as that.
    pub depth: u32,
    /// Members of one object.
    pub members: u32,
    /// Bytes of one string or key, between its quotes.
    pub string_bytes: u32,
    /// Keys, values and ends of containers, all together.
    pub tokens: u32,
}

impl Bounds {
    /// One mebibyte, 32 deep, 1 024 members, strings of 256 KiB, 65 536 tokens.
    ///
    /// # Source
    ///
    /// Ours: above every body of the three contracts, and small enough to be read within a
    /// millisecond or so.
    pub const DEFAULT: Self =
        Self { bytes: 1 << 20, depth: 32, members: 1_024, string_bytes: 1 << 18, tokens: 1 << 16 };

    /// The deepest that any profile may admit.
    pub const DEPTH_MAX: u32 = 1_024;
}

impl Default for Bounds {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What the lexer remembers while it reads; reused from document to document.
///
/// It holds offsets only, never a byte of a document.
#[derive(Debug, Default)]
pub struct Scratch {
    frames: Vec<grammar::Frame>,
    keys: Vec<Key>,
    /// The marks of keys that are compared.
    marks: Vec<u64>,
    tokens_left: u32,
}

/// What a value is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// `[...]`.
    Array,
    /// `true` or `false`.
    Boolean,
    /// `null`.
    Null,
    /// Digits.
    Number,
    /// `{...}`.
    Object,
    /// `"..."`.
    String,
}

impl Kind {
    /// The name of the type as JSON writers know it: `array`, `boolean`, `null`, `number`, ...
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::Boolean => "boolean",
            Self::Null => "null",
            Self::Number => "number",
            Self::Object => "object",
            Self::String => "string",
        }
    }
}

/// One whole value as it was sent, known to be well formed.
///
/// Made by [`Lexer::value`] only, so it can be read again without another check.
///
/// # Example
///
/// ```
/// use weir_core::json::{Kind, Lexer, Profile, Scratch, SyntaxError, Token};
///
/// let mut scratch = Scratch::default();
/// let mut lexer = Lexer::new(br#"{"data": {"a": [1]}, "b": 2}"#, &Profile::STRICT, &mut scratch)?;
/// assert!(matches!(lexer.token()?, Some(Token::ObjectStart)));
/// assert!(matches!(lexer.token()?, Some(Token::Key(_))));
/// let data = lexer.value()?.expect("a value follows its key");
/// assert_eq!((data.kind(), data.as_str(), data.at()), (Kind::Object, r#"{"a": [1]}"#, 9));
/// assert!(data.as_text().is_none()); // it is no string
/// # Ok::<(), SyntaxError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Raw<'a> {
    text: &'a str, // INVARIANT: one whole JSON value, well formed, without blanks around it.
    at: u32,
    kind: Kind,
    escaped: bool, // INVARIANT: whether `text` is a string with escapes.
}

impl<'a> Raw<'a> {
    /// The value as JSON text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.text
    }

    /// Where it starts in the document that it came from, in bytes.
    #[must_use]
    pub const fn at(self) -> u32 {
        self.at
    }

    /// What it is.
    #[must_use]
    pub const fn kind(self) -> Kind {
        self.kind
    }

    /// The value of the member of an object whose key is `name`; the last one, if there are more.
    ///
    /// Takes time proportional to the object.
    pub fn member(self, name: &str, scratch: &mut Scratch) -> Option<Self> {
        let mut lexer = Lexer::again(self, &Profile::TRUSTED, scratch);
        let mut found = None;
        // What was read before is read again without an error.
        if let Ok(Some(Token::ObjectStart)) = lexer.token() {
            while let Ok(Some(Token::Key(key))) = lexer.token() {
                let value = lexer.value().ok().flatten();
                found = if key == *name { value } else { found };
            }
        }
        found
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_text(self) -> Option<Text<'a>> {
        let inner = self.text.strip_prefix('"')?.strip_suffix('"')?;
        Some(Text::new(inner, self.escaped))
    }

    /// The number, if it is one.
    #[must_use]
    pub const fn as_number(self) -> Option<Number<'a>> {
        match self.kind {
            Kind::Number => Some(Number::new(self.text)),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        (self.kind == Kind::Boolean).then(|| self.text.len() == "true".len())
    }
}

/// Where a value stands in the text that its lexer was given, and what it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) kind: Kind,
    pub(crate) escaped: bool,
}

impl Found {
    pub(crate) const fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// The value itself, as it stands in `text`, which starts at `base` of the document.
    #[inline]
    pub(crate) fn raw(self, text: &str, base: u32) -> Raw<'_> {
        let at = base.saturating_add(self.start);
        Raw { text: self.slice(text), at, kind: self.kind, escaped: self.escaped }
    }

    /// The number, when it is one of a single digit.
    #[inline(always)]
    pub(crate) fn digit(self, text: &str) -> Option<u8> {
        if self.kind != Kind::Number || self.len() != 1 {
            return None;
        }
        text.as_bytes().get(cursor::index(self.start)).map(|digit| digit & 0xF)
    }

    /// The number, when it is one.
    #[inline]
    pub(crate) fn number(self, text: &str) -> Option<Number<'_>> {
        (self.kind == Kind::Number).then(|| Number::new(self.slice(text)))
    }

    /// The string, when it is one.
    #[inline]
    pub(crate) fn text(self, text: &str) -> Option<Text<'_>> {
        let Self { start, end, kind, escaped } = self;
        let quoted = Quoted { start, end: end.wrapping_sub(1), escaped }; // Its quote is the last.
        (kind == Kind::String).then(|| quoted.text(text))
    }

    /// The token, which is no bracket.
    fn token(self, text: &str) -> Token<'_> {
        match self.kind {
            Kind::Boolean => Token::Bool(self.len() == 4), // The length of `true`.
            Kind::Number => Token::Number(Number::new(self.slice(text))),
            Kind::String => Token::String(self.text(text).unwrap_or_default()),
            Kind::Array | Kind::Null | Kind::Object => Token::Null,
        }
    }

    #[inline]
    fn slice(self, text: &str) -> &str {
        text.get(cursor::index(self.start)..cursor::index(self.end)).unwrap_or_default()
    }
}

impl fmt::Debug for Raw<'_> {
    /// Kind and length only: what was sent may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} of {} bytes at {})", self.kind.name(), self.text.len(), self.at)
    }
}

/// Reads a whole document and answers only whether, and where, it is wrong.
///
/// # Errors
///
/// The first thing wrong, from the left.
///
/// # Example
///
/// ```
/// use weir_core::json::{self, Profile, Scratch, SyntaxKind};
///
/// let mut scratch = Scratch::default();
/// assert!(json::check(b" [1.5e3, null] ", &Profile::STRICT, &mut scratch).is_ok());
/// let error = json::check(b"[01]", &Profile::STRICT, &mut scratch).unwrap_err();
/// assert_eq!((error.kind(), error.at()), (SyntaxKind::UnexpectedByte, 2));
/// ```
pub fn check(bytes: &[u8], profile: &Profile, scratch: &mut Scratch) -> Result<(), SyntaxError> {
    let mut lexer = Lexer::new(bytes, profile, scratch)?;
    lexer.found()?;
    lexer.finish()
}
