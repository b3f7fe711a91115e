//! Which token comes next? The grammar, one step at a time, without recursion.

use core::str;

use super::cursor::{Cursor, Wrong, offset};
use super::desk::Desk;
use super::grammar::{Expect, State, Step};
use super::{Found, Kind, Number, Profile, Raw, Scratch, SyntaxError, SyntaxKind, Text};

/// A part of a document.
#[derive(Clone, Copy, Debug)]
pub enum Token<'a> {
    /// `]`.
    ArrayEnd,
    /// `[`.
    ArrayStart,
    /// `true` or `false`.
    Bool(bool),
    /// The key of a member, with the colon after it; its value comes next.
    Key(Text<'a>),
    /// `null`.
    Null,
    /// A number.
    Number(Number<'a>),
    /// `}`.
    ObjectEnd,
    /// `{`.
    ObjectStart,
    /// A string that is a value.
    String(Text<'a>),
}

/// Reads one document, token by token.
///
/// # Example
///
/// ```
/// use weir_core::json::{Lexer, Profile, Scratch, SyntaxError, SyntaxKind, Token};
///
/// let mut scratch = Scratch::default();
/// let mut lexer = Lexer::new(br#"{"n": 3, "m": tru}"#, &Profile::STRICT, &mut scratch)?;
/// assert!(matches!(lexer.token()?, Some(Token::ObjectStart)));
/// assert!(matches!(lexer.token()?, Some(Token::Key(key)) if key == "n"));
/// assert!(matches!(lexer.token()?, Some(Token::Number(n)) if n.as_str() == "3"));
/// assert!(matches!(lexer.token()?, Some(Token::Key(key)) if key == "m"));
/// let error = lexer.token().unwrap_err();
/// assert_eq!((error.kind(), error.at()), (SyntaxKind::UnexpectedByte, 17));
/// # Ok::<(), SyntaxError>(())
/// ```
pub struct Lexer<'a, 's> {
    pub(super) state: State<'a>,
    /// Where the token read last starts.
    start: u32,
    /// The offset of the lexer's text in what the caller calls the document.
    base: u32,
    pub(super) desk: Desk<'s>,
}

impl<'a, 's> Lexer<'a, 's> {
    /// Starts to read `bytes`.
    ///
    /// # Errors
    ///
    /// [`SyntaxKind::TooLong`], [`SyntaxKind::ByteOrderMark`] or [`SyntaxKind::NotUtf8`].
    pub fn new(
        bytes: &'a [u8],
        profile: &'s Profile,
        scratch: &'s mut Scratch,
    ) -> Result<Self, SyntaxError> {
        if !u32::try_from(bytes.len()).is_ok_and(|len| len <= profile.bounds.bytes) {
            return Err(SyntaxError::new(SyntaxKind::TooLong, profile.bounds.bytes));
        }
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            return Err(SyntaxError::new(SyntaxKind::ByteOrderMark, 0));
        }
        let document = str::from_utf8(bytes)
            .map_err(|error| SyntaxError::new(SyntaxKind::NotUtf8, offset(error.valid_up_to())))?;
        Ok(Self::over(document, 0, profile, scratch))
    }

    /// Starts to read a value that was read before; errors count from where that one started.
    pub fn again(raw: Raw<'a>, profile: &'s Profile, scratch: &'s mut Scratch) -> Self {
        Self { base: raw.at, ..Self::over(raw.text, 0, profile, scratch) }
    }

    /// Starts to read `document` at its byte `at`.
    pub(crate) fn over(
        document: &'a str,
        at: u32,
        profile: &'s Profile,
        scratch: &'s mut Scratch,
    ) -> Self {
        let state = State::new(Cursor::new(document, at));
        let desk = Desk::new(offset(document.len()), profile, scratch);
        Self { state, start: at, base: 0, desk }
    }

    /// Where the token read last starts, in bytes from the start of the document.
    #[must_use]
    pub fn at(&self) -> u32 {
        self.base.saturating_add(self.start)
    }

    /// The text that this lexer was given.
    pub(crate) const fn text(&self) -> &'a str {
        self.state.cursor.text()
    }

    /// Reads the next token, or `None` at the end of the document.
    ///
    /// # Errors
    ///
    /// The first thing wrong. What a lexer says after an error has no meaning.
    pub fn token(&mut self) -> Result<Option<Token<'a>>, SyntaxError> {
        let step = self.step()?;
        let text = self.text();
        Ok(Some(match step {
            Step::End => return Ok(None),
            Step::Close(Kind::Array) => Token::ArrayEnd,
            Step::Close(_) => Token::ObjectEnd,
            Step::Key(key) => Token::Key(key.text(text)),
            Step::Open(Kind::Array) => Token::ArrayStart,
            Step::Open(_) => Token::ObjectStart,
            Step::Value(found) => found.token(text),
        }))
    }

    /// Reads the next value whole, containers with all that is in them.
    ///
    /// `None` when the container that is open, or the document, ends instead. A key that has not
    /// been read is passed over.
    ///
    /// # Errors
    ///
    /// The first thing wrong, like [`Lexer::token`].
    pub fn value(&mut self) -> Result<Option<Raw<'a>>, SyntaxError> {
        Ok(self.found()?.map(|found| found.raw(self.text(), self.base)))
    }

    /// Like [`Lexer::value`], as offsets in the text that this lexer was given.
    pub(crate) fn found(&mut self) -> Result<Option<Found>, SyntaxError> {
        let mut step = self.step()?;
        if let Step::Key(_) = step {
            step = self.step()?;
        }
        match step {
            Step::Close(_) | Step::End | Step::Key(_) => Ok(None),
            Step::Value(found) => Ok(Some(found)),
            Step::Open(kind) => match self.state.whole(kind, &mut self.desk) {
                Ok(found) => Ok(Some(found)),
                Err(wrong) => Err(self.error(wrong)),
            },
        }
    }

    /// Reads the next item of the array that is open, or its end.
    pub(crate) fn item(&mut self) -> Result<Option<Found>, SyntaxError> {
        match self.state.everyday_item(&mut self.desk) {
            Some(found) => Ok(Some(found)),
            None => self.found(),
        }
    }

    /// Reads to the end of the document, where nothing is left but blanks.
    pub(crate) fn finish(&mut self) -> Result<(), SyntaxError> {
        match (self.state.cursor.next(), self.state.expect) {
            (None, Expect::Nothing) => Ok(()),
            _ => self.step().map(|_| ()),
        }
    }

    /// The container that comes next, if it is one.
    pub(crate) fn container(&mut self) -> Option<Kind> {
        self.state.container()
    }

    fn step(&mut self) -> Result<Step, SyntaxError> {
        let step = match self.state.step(&mut self.desk) {
            Ok(step) => step,
            Err(wrong) => return Err(self.error(wrong)),
        };
        self.start = match step {
            Step::Close(_) | Step::Open(_) => self.state.cursor.at().wrapping_sub(1),
            Step::End => self.start,
            Step::Key(key) => key.start,
            Step::Value(found) => found.start,
        };
        Ok(step)
    }

    #[cold]
    pub(super) fn error(&self, (kind, at): Wrong) -> SyntaxError {
        SyntaxError::new(kind, self.base.saturating_add(at))
    }
}
