//! Which token comes next? A state machine over the bytes, without recursion.

use core::str;

use super::keys::{Key, Seen};
use super::string;
use super::{Bounds, Duplicates, Found, Kind, Number, Profile, Raw, Scratch, Text};
use super::{SyntaxError, SyntaxKind};

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
    document: &'a str,
    /// The next byte to read, and where the last token started.
    at: usize,
    start: usize,
    /// The offset of `document` in what the caller calls the document.
    base: u32,
    expect: Expect,
    profile: &'s Profile,
    scratch: &'s mut Scratch,
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

    /// Where the token read last starts in the text that this lexer was given.
    pub(crate) fn place(&self) -> u32 {
        offset(self.start)
    }

    /// The text that this lexer was given.
    pub(crate) const fn text(&self) -> &'a str {
        self.document
    }

    /// Whether an object comes next.
    pub(crate) fn at_object(&mut self) -> bool {
        self.next_byte() == Some(b'{')
    }

    /// Starts to read `document` at its byte `at`.
    pub(crate) fn over(
        document: &'a str,
        at: u32,
        profile: &'s Profile,
        scratch: &'s mut Scratch,
    ) -> Self {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        scratch.frames.clear();
        scratch.keys.clear();
        scratch.tokens_left = profile.bounds.tokens;
        Self { document, at, start: at, base: 0, expect: Expect::Value, profile, scratch }
    }

    /// Where the token read last starts, in bytes from the start of the document.
    #[must_use]
    pub fn at(&self) -> u32 {
        self.base.saturating_add(offset(self.start))
    }

    /// Reads the next token, or `None` at the end of the document.
    ///
    /// # Errors
    ///
    /// The first thing wrong. What a lexer says after an error has no meaning.
    pub fn token(&mut self) -> Result<Option<Token<'a>>, SyntaxError> {
        Ok(Some(match self.step()? {
            Step::End => return Ok(None),
            Step::Close(Kind::Array) => Token::ArrayEnd,
            Step::Close(_) => Token::ObjectEnd,
            Step::Key => Token::Key(self.string_text()),
            Step::Open(Kind::Array) => Token::ArrayStart,
            Step::Open(_) => Token::ObjectStart,
            Step::Value(Kind::Boolean) => Token::Bool(self.last().len() == "true".len()),
            Step::Value(Kind::Number) => Token::Number(Number::new(self.last())),
            Step::Value(Kind::String) => Token::String(self.string_text()),
            Step::Value(_) => Token::Null,
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
        Ok(self.found()?.map(|found| found.raw(self.document, self.base)))
    }

    /// Like [`Lexer::value`], as offsets in the text that this lexer was given.
    pub(crate) fn found(&mut self) -> Result<Option<Found>, SyntaxError> {
        let mut step = self.step()?;
        if step == Step::Key {
            step = self.step()?;
        }
        let start = offset(self.start);
        let kind = match step {
            Step::Close(_) | Step::End | Step::Key => return Ok(None),
            Step::Value(kind) => kind,
            Step::Open(kind) => {
                self.skip_to_end()?;
                kind
            }
        };
        let escaped = kind == Kind::String && self.escaped();
        Ok(Some(Found { start, end: offset(self.at), kind, escaped }))
    }

    /// Reads the next key of the object that is open, or its end.
    pub(crate) fn next_key(&mut self) -> Result<Option<Text<'a>>, SyntaxError> {
        Ok((self.step()? == Step::Key).then(|| self.string_text()))
    }

    /// Reads to the end of the container just opened.
    fn skip_to_end(&mut self) -> Result<(), SyntaxError> {
        let outside = self.scratch.frames.len().saturating_sub(1);
        while self.scratch.frames.len() > outside {
            self.step()?;
        }
        Ok(())
    }

    /// Reads the next token, from `start` to `at`; where a string ends, the scratch says.
    fn step(&mut self) -> Result<Step, SyntaxError> {
        let Some(mut byte) = self.next_byte() else {
            return match self.expect {
                Expect::Nothing => Ok(Step::End),
                _ => Err(self.error(SyntaxKind::UnexpectedEnd, self.at)),
            };
        };
        match self.scratch.tokens_left.checked_sub(1) {
            Some(left) => self.scratch.tokens_left = left,
            None => return Err(self.error(SyntaxKind::TooManyTokens, self.at)),
        }
        match self.expect {
            Expect::More => {
                let open = self.scratch.frames.last().map_or(Kind::Null, |frame| frame.kind);
                match (byte, open) {
                    (b',', _) => {
                        self.at = self.at.saturating_add(1);
                        byte = self.next_byte_needed()?;
                        if open == Kind::Object { self.key(byte) } else { self.scalar(byte) }
                    }
                    (b'}', Kind::Object) | (b']', Kind::Array) => self.close(open),
                    _ => Err(self.error(SyntaxKind::UnexpectedByte, self.at)),
                }
            }
            Expect::Value => self.scalar(byte),
            Expect::FirstKey if byte == b'}' => self.close(Kind::Object),
            Expect::FirstKey => self.key(byte),
            Expect::FirstItem if byte == b']' => self.close(Kind::Array),
            Expect::FirstItem => self.scalar(byte),
            Expect::Nothing => Err(self.error(SyntaxKind::Trailing, self.at)),
        }
    }

    /// Reads a value, or the opening of a container.
    fn scalar(&mut self, byte: u8) -> Result<Step, SyntaxError> {
        self.start = self.at;
        let kind = match byte {
            b'"' => {
                self.string()?;
                Kind::String
            }
            b'-' | b'0'..=b'9' => {
                self.number()?;
                Kind::Number
            }
            b'{' => return self.open(Kind::Object),
            b'[' => return self.open(Kind::Array),
            b't' => self.literal("true", Kind::Boolean)?,
            b'f' => self.literal("false", Kind::Boolean)?,
            b'n' => self.literal("null", Kind::Null)?,
            _ => return Err(self.error(SyntaxKind::UnexpectedByte, self.at)),
        };
        self.after_value();
        Ok(Step::Value(kind))
    }

    fn key(&mut self, byte: u8) -> Result<Step, SyntaxError> {
        if byte != b'"' {
            return Err(self.error(SyntaxKind::UnexpectedByte, self.at));
        }
        self.start = self.at;
        self.string()?;
        if self.next_byte_needed()? != b':' {
            return Err(self.error(SyntaxKind::UnexpectedByte, self.at));
        }
        self.at = self.at.saturating_add(1);
        self.expect = Expect::Value;
        let key = (self.profile.duplicates == Duplicates::Refused)
            .then(|| Key::at(offset(self.start), self.string_text()));
        let Scratch { frames, keys, .. } = &mut *self.scratch;
        if let Some(frame) = frames.last_mut() {
            frame.members = frame.members.saturating_add(1);
            if frame.members > self.profile.bounds.members {
                return Err(self.error(SyntaxKind::TooManyMembers, self.start));
            }
            if let Some(key) = key {
                let earlier = keys.get(frame.keys_from..).unwrap_or_default();
                frame.seen.add(key, earlier, self.document);
                keys.push(key);
            }
        }
        Ok(Step::Key)
    }

    fn open(&mut self, kind: Kind) -> Result<Step, SyntaxError> {
        let depth = self.profile.bounds.depth.min(Bounds::DEPTH_MAX);
        if offset(self.scratch.frames.len()) >= depth {
            return Err(self.error(SyntaxKind::TooDeep, self.at));
        }
        let keys_from = self.scratch.keys.len();
        self.scratch.frames.push(Frame { kind, members: 0, keys_from, seen: Seen::default() });
        self.at = self.at.saturating_add(1);
        self.expect = if kind == Kind::Object { Expect::FirstKey } else { Expect::FirstItem };
        Ok(Step::Open(kind))
    }

    fn close(&mut self, kind: Kind) -> Result<Step, SyntaxError> {
        self.start = self.at;
        self.at = self.at.saturating_add(1);
        if let Some(frame) = self.scratch.frames.pop() {
            let keys = self.scratch.keys.get_mut(frame.keys_from..).unwrap_or_default();
            if let Some(repeat) = frame.seen.first_repeat(self.document, keys) {
                let at = self.base.saturating_add(repeat);
                return Err(SyntaxError::new(SyntaxKind::DuplicateKey, at));
            }
            self.scratch.keys.truncate(frame.keys_from);
        }
        self.after_value();
        Ok(Step::Close(kind))
    }

    fn after_value(&mut self) {
        let outside = self.scratch.frames.is_empty();
        self.expect = if outside { Expect::Nothing } else { Expect::More };
    }

    fn literal(&mut self, literal: &'static str, kind: Kind) -> Result<Kind, SyntaxError> {
        let rest = self.document.as_bytes().get(self.at..).unwrap_or_default();
        let same = rest.iter().zip(literal.as_bytes()).take_while(|(a, b)| a == b).count();
        self.at = self.at.saturating_add(same);
        if same == literal.len() { Ok(kind) } else { Err(self.stuck(self.at)) }
    }

    /// The token read last, which was no key.
    fn last(&self) -> &'a str {
        self.document.get(self.start..self.at).unwrap_or_default()
    }

    /// The string or key read last.
    fn string_text(&self) -> Text<'a> {
        let inner = self.start.saturating_add(1)..self.scratch.string_end;
        Text::new(self.document.get(inner).unwrap_or_default(), self.scratch.escaped)
    }

    /// Whether the string read last has escapes.
    const fn escaped(&self) -> bool {
        self.scratch.escaped
    }

    /// Reads a string from its opening quote to its closing one.
    fn string(&mut self) -> Result<(), SyntaxError> {
        let start = self.at.saturating_add(1);
        let inside = string::inside(self.document.as_bytes(), start, self.profile.surrogates);
        let (end, escaped) = inside.map_err(|(kind, at)| self.error(kind, at))?;
        if offset(end.saturating_sub(start)) > self.profile.bounds.string_bytes {
            return Err(self.error(SyntaxKind::StringTooLong, self.at));
        }
        (self.scratch.string_end, self.scratch.escaped) = (end, escaped);
        self.at = end.saturating_add(1);
        Ok(())
    }

    fn number(&mut self) -> Result<(), SyntaxError> {
        let mut at = self.at;
        if self.byte(at) == Some(b'-') {
            at = at.saturating_add(1);
        }
        at = match self.byte(at) {
            Some(b'0') => at.saturating_add(1),
            _ => self.digits(at)?,
        };
        if self.byte(at) == Some(b'.') {
            at = self.digits(at.saturating_add(1))?;
        }
        if let Some(b'e' | b'E') = self.byte(at) {
            at = at.saturating_add(1);
            if let Some(b'+' | b'-') = self.byte(at) {
                at = at.saturating_add(1);
            }
            at = self.digits(at)?;
        }
        self.at = at;
        Ok(())
    }

    /// Passes over at least one digit.
    fn digits(&self, at: usize) -> Result<usize, SyntaxError> {
        let rest = self.document.as_bytes().get(at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 { Err(self.stuck(at)) } else { Ok(at.saturating_add(count)) }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.document.as_bytes().get(at).copied()
    }

    /// Passes over blanks; the byte after them.
    fn next_byte(&mut self) -> Option<u8> {
        loop {
            let byte = self.byte(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at = self.at.saturating_add(1);
        }
    }

    fn next_byte_needed(&mut self) -> Result<u8, SyntaxError> {
        self.next_byte().ok_or_else(|| self.error(SyntaxKind::UnexpectedEnd, self.at))
    }

    /// The error of a byte that cannot stand at `at`, or of a text that ends there.
    #[cold]
    fn stuck(&self, at: usize) -> SyntaxError {
        let ends = at >= self.document.len();
        let kind = if ends { SyntaxKind::UnexpectedEnd } else { SyntaxKind::UnexpectedByte };
        self.error(kind, at)
    }

    #[cold]
    fn error(&self, kind: SyntaxKind, at: usize) -> SyntaxError {
        SyntaxError::new(kind, self.base.saturating_add(offset(at)))
    }
}

/// An open container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    kind: Kind,
    members: u32,
    /// Where its keys start in the scratch, and what is known of them.
    keys_from: usize,
    seen: Seen,
}

/// What was read.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Step {
    /// The end of a container.
    Close(Kind),
    /// The end of the document.
    End,
    /// A key and its colon.
    Key,
    /// The start of a container.
    Open(Kind),
    /// A value that is no container.
    Value(Kind),
}

/// What may come next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Expect {
    /// The first item of an array, or its end.
    FirstItem,
    /// The first key of an object, or its end.
    FirstKey,
    /// A comma, or the end of the container.
    More,
    /// Nothing but blanks.
    Nothing,
    /// A value.
    Value,
}

/// An offset as tokens keep it; documents are at most `u32::MAX` bytes long.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
