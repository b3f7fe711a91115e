//! Which member of this object comes next? Read by somebody who knows what to expect.

use super::cursor::{Wrong, index};
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
    at: u32,
    count: u32,
}

impl<'a> Glance<'a> {
    /// Reads the next member whole, if its key is `likely`, as it is spelled with its quotes, and it
    /// is an everyday one; else nothing.
    #[inline(always)]
    pub(crate) fn member(&mut self, likely: &[u8]) -> Option<Found> {
        let found = quick::likely(self.text.as_bytes(), self.at, (likely, self.count == 0))?;
        self.at = found.end;
        self.count = self.count.wrapping_add(1); // Each takes some bytes of a text of 2³² at most.
        Some(found)
    }

    /// Reads the next member whole, if it is an everyday one, whatever its key; else nothing.
    #[inline(always)]
    pub(crate) fn any(&mut self) -> Option<(Quoted, Found)> {
        let (key, found) = quick::any(self.text.as_bytes(), self.at, self.count == 0)?;
        self.at = found.end;
        self.count = self.count.wrapping_add(1); // As above.
        Some((key, found))
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
        // Of an empty text, it is the quote that closes it.
        !found.escaped && first.is_some_and(|byte| byte.is_ascii_graphic() && *byte != b'"')
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
        self.lexer.desk.is_short.then_some(Glance { text, at, count: self.count })
    }

    /// Goes on behind what was read at a glance.
    #[inline(always)]
    pub(crate) fn go_on(&mut self, glance: Glance<'_>) {
        self.state.cursor.go_on(glance.at);
        self.count = glance.count;
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
