//! Which member of this object comes next? Read by somebody who knows what to expect.

use super::cursor::{Wrong, index, offset};
use super::grammar::{self, Desk, State, Step};
use super::keys::Key;
use super::string::Quoted;
use super::{Found, Kind, Lexer, SyntaxError, SyntaxKind, Text, quick};

/// The members of an object that is open, to the end of the object.
///
/// What it says after an error has no meaning.
pub(crate) struct Members<'l, 'a, 's> {
    lexer: &'l mut Lexer<'a, 's>,
    /// The lexer's own is behind while this one is read.
    state: State<'a>,
    start: u32,
    count: u32,
}

/// A look at the next members, without a memory of its own.
#[derive(Clone, Copy)]
pub(crate) struct Glance<'a> {
    text: &'a str,
    at: usize,
    /// Whether no member was read of the object that is open.
    first: bool,
    /// How many more members it may have.
    left: u32,
    /// Whether a container of few members may be open inside this one.
    may_open: bool,
}

impl<'a> Glance<'a> {
    /// Reads the next member whole, if its key is `likely`, as it is spelled with its quotes, and it
    /// is everyday and no container; else nothing.
    #[inline(always)]
    pub(crate) fn member(&mut self, likely: &[u8]) -> Option<Found> {
        let bytes = self.text.as_bytes();
        let (_, at) = quick::entry(bytes, self.at, self.first)?;
        let (byte, at) = quick::likely_key(bytes, at, likely)?;
        let span = quick::scalar(bytes, (byte, at))?;
        self.pass(span.1)?;
        Some(quick::found(span))
    }

    /// Goes on behind a member, if there may be one more.
    #[inline(always)]
    const fn pass(&mut self, at: usize) -> Option<()> {
        match self.left.checked_sub(1) {
            Some(left) => (self.at, self.first, self.left) = (at, false, left),
            None => return None,
        }
        Some(())
    }

    /// Reads the next member whole, if it is an everyday one, whatever its key; else nothing.
    #[inline(always)]
    pub(crate) fn any(&mut self) -> Option<(Quoted, Found)> {
        let ahead = self.ahead(&[])?;
        Some((ahead.other?, self.value(ahead, |_, _| ())?))
    }

    /// Reads the end of the object, if it comes next.
    #[inline(always)]
    pub(crate) fn end(&mut self) -> bool {
        let end = quick::end(self.text.as_bytes(), self.at);
        self.at = end.unwrap_or(self.at);
        end.is_some()
    }

    /// The next key, if it is `likely` or an everyday one, and what its value starts with; both are
    /// still to be read.
    #[inline(always)]
    pub(crate) fn ahead(self, likely: &[u8]) -> Option<Ahead> {
        let bytes = self.text.as_bytes();
        let (byte, at) = quick::entry(bytes, self.at, self.first)?;
        if let Some((byte, at)) = quick::likely_key(bytes, at, likely) {
            return Some(Ahead { other: None, byte, at });
        }
        let (key, byte, at) = quick::key(bytes, (byte, at))?;
        Some(Ahead { other: Some(key), byte, at })
    }

    /// Goes on to the value that is ahead, for somebody else to read it.
    #[inline(always)]
    pub(crate) const fn at_value(&mut self, ahead: Ahead) -> Option<()> {
        self.pass(ahead.at)
    }

    /// Reads the member that is ahead, if its value is an everyday one, which a container of a few
    /// everyday members or of everyday items is; else nothing. `each` is shown what a container
    /// holds, also when it turns out to be no everyday one.
    #[inline(always)]
    pub(crate) fn value(
        &mut self,
        ahead: Ahead,
        each: impl FnMut(Option<Quoted>, Found),
    ) -> Option<Found> {
        let bytes = self.text.as_bytes();
        let start = (ahead.byte, ahead.at);
        let span = match self.may_open {
            true => quick::value(bytes, start, each)?,
            false => quick::scalar(bytes, start)?,
        };
        self.pass(span.1)?;
        Some(quick::found(span))
    }

    /// What a key says.
    #[inline(always)]
    pub(crate) fn key(self, key: Quoted) -> Text<'a> {
        key.text(self.text)
    }

    /// The text that is read.
    pub(crate) const fn text(self) -> &'a str {
        self.text
    }

    /// Whether a text that was read is spelled without escapes and starts with a visible ASCII
    /// character, so that it is neither empty nor blank.
    #[inline(always)]
    pub(crate) fn starts_plainly(self, found: Found) -> bool {
        let first = self.text.as_bytes().get(index(found.start.wrapping_add(1)));
        // Of an empty text, it is the quote that closes it; what is before that is rare.
        !found.escaped && first.is_some_and(|byte| (b'#'..=b'~').contains(byte))
    }
}

/// What comes next, seen at a glance.
#[derive(Clone, Copy)]
pub(crate) struct Ahead {
    /// The key, unless it is the likely one.
    pub(crate) other: Option<Quoted>,
    byte: u8,
    at: usize,
}

impl Ahead {
    /// Whether the value is an object.
    pub(crate) const fn is_object(self) -> bool {
        self.byte == b'{'
    }
}

/// A key and its colon, as [`Members::next`] tells it.
#[derive(Clone, Copy)]
pub(crate) enum Member {
    /// There is none: the object ended.
    End,
    /// The one that was likely.
    Likely(Quoted),
    /// Another, or the same spelled with an escape.
    Other(Quoted),
}

impl<'l, 'a, 's> Members<'l, 'a, 's> {
    /// Opens the object that comes next.
    #[inline(always)]
    pub(crate) fn open(lexer: &'l mut Lexer<'a, 's>) -> Result<Self, SyntaxError> {
        let mut state = lexer.state;
        match open(&mut state, &mut lexer.desk) {
            Ok(start) => Ok(Self { lexer, state, start, count: 0 }),
            Err(wrong) => Err(lexer.error(wrong)),
        }
    }

    /// A way to read everyday members, if no bound can be met by them.
    #[inline(always)]
    pub(crate) fn glance(&self) -> Option<Glance<'a>> {
        let (text, at) = (self.state.cursor.text(), self.state.cursor.at());
        let desk = &self.lexer.desk;
        let (first, may_open) = (self.count == 0, desk.may_be_small());
        let left = desk.profile.bounds.members.saturating_sub(self.count);
        desk.is_short.then_some(Glance { text, at: index(at), first, left, may_open })
    }

    /// Goes on behind what was read at a glance.
    #[inline(always)]
    pub(crate) fn go_on(&mut self, glance: Glance<'_>) {
        self.state.cursor.go_on(offset(glance.at));
        self.count = self.lexer.desk.profile.bounds.members.saturating_sub(glance.left);
    }

    /// Goes on behind the end of the object, which was read at a glance.
    #[inline(always)]
    pub(crate) fn close(&mut self, glance: Glance<'_>) -> Result<Found, SyntaxError> {
        self.go_on(glance);
        match self.state.closed(&mut self.lexer.desk) {
            Ok(()) => {
                self.lexer.state = self.state;
                Ok(self.whole())
            }
            Err(wrong) => Err(self.lexer.error(wrong)),
        }
    }

    /// Reads the next key and its colon, or the end of the object.
    ///
    /// `likely` is the key that is most likely, spelled with its quotes and without an escape; it
    /// is not looked for among the keys before it.
    #[inline(always)]
    pub(crate) fn next(&mut self, likely: &[u8]) -> Result<Member, SyntaxError> {
        match next(&mut self.state, &mut self.lexer.desk, (likely, self.count)) {
            Ok(Member::End) => {
                self.lexer.state = self.state;
                Ok(Member::End)
            }
            Ok(member) => {
                self.count = self.count.wrapping_add(1); // No more than the bound, which it has.
                Ok(member)
            }
            Err(wrong) => Err(self.lexer.error(wrong)),
        }
    }

    /// Reads the value of the key that was read last, containers with all that is in them.
    #[inline(always)]
    pub(crate) fn value(&mut self) -> Result<Found, SyntaxError> {
        match value(&mut self.state, &mut self.lexer.desk) {
            Ok(found) => Ok(found),
            Err(wrong) => Err(self.lexer.error(wrong)),
        }
    }

    /// Whether the value of the key that was read last is an object.
    #[inline(always)]
    pub(crate) fn at_object(&mut self) -> bool {
        self.state.cursor.next() == Some(b'{')
    }

    /// Lets somebody else read that object.
    #[inline(always)]
    pub(crate) fn inner(
        &mut self,
        read: impl FnOnce(&mut Lexer<'a, 's>) -> Result<Found, SyntaxError>,
    ) -> Result<Found, SyntaxError> {
        self.lexer.state = self.state;
        let found = read(self.lexer)?;
        self.state = self.lexer.state;
        Ok(found)
    }

    /// What a key says.
    #[inline(always)]
    pub(crate) fn text(&self, key: Quoted) -> Text<'a> {
        key.text(self.state.cursor.text())
    }

    /// A key as it is kept.
    #[inline(always)]
    pub(crate) fn key(&self, key: Quoted) -> Key {
        Key::new(key)
    }

    /// Remembers a key, to be compared with the others when the object ends.
    #[inline(always)]
    pub(crate) fn remember(&mut self, key: Quoted) {
        grammar::remember(key, &mut self.lexer.desk);
    }

    /// Takes note that a key stands in this object before.
    #[inline(always)]
    pub(crate) fn repeated(&mut self, key: Quoted) {
        grammar::repeated(key, &mut self.lexer.desk);
    }

    /// The object, once its end was read.
    #[inline(always)]
    pub(crate) fn whole(&self) -> Found {
        let end = self.state.cursor.at();
        Found { start: self.start, end, kind: Kind::Object, escaped: false }
    }
}

/// Opens an object; answers where it starts.
#[inline(always)]
fn open(state: &mut State<'_>, desk: &mut Desk<'_>) -> Result<u32, Wrong> {
    state.next_needed()?;
    state.count(desk)?;
    let start = state.cursor.at();
    state.open(Kind::Object, desk)?;
    Ok(start)
}

#[inline(always)]
fn next(
    state: &mut State<'_>,
    desk: &mut Desk<'_>,
    (likely, count): (&[u8], u32),
) -> Result<Member, Wrong> {
    let mut byte = state.next_needed()?;
    state.count(desk)?;
    if byte == b'}' {
        state.close(Kind::Object, desk)?;
        return Ok(Member::End);
    }
    if count > 0 {
        if byte != b',' {
            return Err(state.stuck());
        }
        state.cursor.pass();
        byte = state.next_needed()?;
    }
    if byte != b'"' {
        return Err(state.stuck());
    }
    let start = state.cursor.at();
    let (key, member) = if !likely.is_empty() && state.cursor.pass_word(likely) {
        let key = Quoted { start, end: state.cursor.at().wrapping_sub(1), escaped: false };
        grammar::fits(key, desk)?;
        (key, Member::Likely(key))
    } else {
        let key = state.string(desk)?;
        (key, Member::Other(key))
    };
    state.colon()?;
    if count >= desk.profile.bounds.members {
        return Err((SyntaxKind::TooManyMembers, key.start));
    }
    Ok(member)
}

#[inline(always)]
fn value(state: &mut State<'_>, desk: &mut Desk<'_>) -> Result<Found, Wrong> {
    let byte = state.next_needed()?;
    state.count(desk)?;
    match state.member_value(byte, desk)? {
        Step::Value(found) => Ok(found),
        _ => state.whole(if byte == b'{' { Kind::Object } else { Kind::Array }, desk),
    }
}
