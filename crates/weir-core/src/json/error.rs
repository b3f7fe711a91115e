//! What is wrong with a document, and where?

use core::fmt;

/// Why a document was refused, and at which byte.
///
/// # Example
///
/// ```
/// use weir_core::json::{self, Position, Profile, Scratch, SyntaxKind};
///
/// let bytes = b"{\"a\": 1,\n \"b\": nil}";
/// let error = json::check(bytes, &Profile::STRICT, &mut Scratch::default()).unwrap_err();
/// assert_eq!((error.kind(), error.at()), (SyntaxKind::UnexpectedByte, 16));
/// assert_eq!(error.position(bytes), Position { line: 2, column: 8 });
/// assert_eq!(error.to_string(), "a byte that cannot stand there, at offset 16");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SyntaxError {
    at: u32,
    kind: SyntaxKind,
}

impl SyntaxError {
    pub(super) const fn new(kind: SyntaxKind, at: u32) -> Self {
        Self { at, kind }
    }

    /// The offset of the first byte that is wrong, from the start of the document.
    ///
    /// For a repeated key, a lone surrogate and the bounds: where that key, escape, string or
    /// container starts. For a text that ends too early: its length.
    #[must_use]
    pub const fn at(self) -> u32 {
        self.at
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(self) -> SyntaxKind {
        self.kind
    }

    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.kind.code()
    }

    /// The line and column of [`SyntaxError::at`] in the document that was read.
    #[must_use]
    pub fn position(self, document: &[u8]) -> Position {
        Position::of(document, self.at)
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at offset {}", self.kind, self.at)
    }
}

impl core::error::Error for SyntaxError {}

/// A place in a text, for people.
///
/// # Units
///
/// Both count from 1. Lines end with a line feed; columns count bytes, not characters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The byte in the line, from 1.
    pub column: u32,
}

impl Position {
    /// The place of the byte at offset `at`, or the end of the text when it is past it.
    #[must_use]
    pub fn of(text: &[u8], at: u32) -> Self {
        let before = usize::try_from(at).ok().and_then(|at| text.get(..at)).unwrap_or(text);
        let mut place = Self { line: 1, column: 1 };
        for byte in before {
            place = match byte {
                b'\n' => Self { line: place.line.saturating_add(1), column: 1 },
                _ => Self { column: place.column.saturating_add(1), ..place },
            };
        }
        place
    }
}

/// What can be wrong with a document.
///
/// Exhaustive on purpose: an adapter answers each case, and a new case must break its build.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, thiserror::Error)]
pub enum SyntaxKind {
    /// A backslash that no escape of RFC 8259 follows.
    #[error("not an escape")]
    BadEscape,
    /// A byte order mark before the document.
    #[error("a byte order mark")]
    ByteOrderMark,
    /// A control character inside a string that is not escaped.
    #[error("a control character in a string")]
    ControlCharacter,
    /// A key that the object already has.
    #[error("a repeated key")]
    DuplicateKey,
    /// Half of a surrogate pair.
    #[error("half of a surrogate pair")]
    LoneSurrogate,
    /// Bytes that are not UTF-8.
    #[error("bytes that are not UTF-8")]
    NotUtf8,
    /// A string longer than [`Bounds::string_bytes`](super::Bounds::string_bytes).
    #[error("a string that is too long")]
    StringTooLong,
    /// More containers inside each other than [`Bounds::depth`](super::Bounds::depth).
    #[error("too many containers inside each other")]
    TooDeep,
    /// More bytes than [`Bounds::bytes`](super::Bounds::bytes).
    #[error("too many bytes")]
    TooLong,
    /// More members in an object than [`Bounds::members`](super::Bounds::members).
    #[error("too many members in an object")]
    TooManyMembers,
    /// More tokens than [`Bounds::tokens`](super::Bounds::tokens).
    #[error("too many tokens")]
    TooManyTokens,
    /// Something after the end of the document.
    #[error("something after the end of the document")]
    Trailing,
    /// A byte that no document has after what was read before it.
    #[error("a byte that cannot stand there")]
    UnexpectedByte,
    /// The text ends before the document does.
    #[error("the text ends too early")]
    UnexpectedEnd,
}

impl SyntaxKind {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadEscape => "json.bad_escape",
            Self::ByteOrderMark => "json.byte_order_mark",
            Self::ControlCharacter => "json.control_character",
            Self::DuplicateKey => "json.duplicate_key",
            Self::LoneSurrogate => "json.lone_surrogate",
            Self::NotUtf8 => "json.not_utf8",
            Self::StringTooLong => "json.string_too_long",
            Self::TooDeep => "json.too_deep",
            Self::TooLong => "json.too_long",
            Self::TooManyMembers => "json.too_many_members",
            Self::TooManyTokens => "json.too_many_tokens",
            Self::Trailing => "json.trailing",
            Self::UnexpectedByte => "json.unexpected_byte",
            Self::UnexpectedEnd => "json.unexpected_end",
        }
    }
}
