//! Which member of this object comes next? Read by somebody who knows what to expect.

use super::cursor::{Cursor, Wrong, index, offset};
use super::desk::Desk;
use super::grammar::{self, State, Step};
use super::string::Quoted;
use super::{Duplicates, Found, Kind, Lexer, Surrogates, SyntaxError, SyntaxKind, Text, quick};

/// The members of an object that is open, to the end of the object.
///
/// What it says after an error has no meaning.
pub(crate) struct Members<'l, 'a, 's> {
    lexer: &'l mut Lexer<'a, 's>,
    /// Where it stands; the lexer's own state is behind.
    glance: Glance<'a>,
    start: u32,
}

/// What an object is come back to with, once one inside it was read.
pub(crate) struct Outer {
    start: u32,
    left: u32,
    may_open: bool,
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
    /// The value whose key comes next and is `likely`, as it is spelled with its quotes; both are still
    /// to be read.
    #[inline(always)]
    pub(crate) fn likely(self, likely: &[u8]) -> Option<Ahead> {
        let bytes = self.text.as_bytes();
        let (_, at) = quick::entry(bytes, self.at, self.first)?;
        let (_, at) = quick::likely_key(bytes, at, likely)?;
        Some(Ahead { at })
    }

    /// Reads the member that is ahead, if its value is an everyday one and no container; else nothing.
    #[inline(always)]
    pub(crate) fn scalar(&mut self, ahead: Ahead) -> Option<Found> {
        let bytes = self.text.as_bytes();
        let span = quick::scalar(bytes, (*bytes.get(ahead.at)?, ahead.at))?;
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

    /// Reads the next member whole, if its value is an everyday one and no container, or an empty one
    /// where one more may open, whatever its key; else nothing.
    #[inline(always)]
    fn any(&mut self, surrogates: Surrogates, may_open: bool) -> Option<(Quoted, Found)> {
        let bytes = self.text.as_bytes();
        let start = quick::entry(bytes, self.at, self.first)?;
        let (key, byte, at) = quick::any_key(bytes, start, surrogates)?;
        let span = quick::entry_value(bytes, (byte, at), may_open)?;
        self.pass(span.1)?;
        Some((key, quick::found(span)))
    }

    /// Reads the end of the object, if it comes next.
    #[inline(always)]
    pub(crate) fn end(&mut self) -> bool {
        let end = quick::end(self.text.as_bytes(), self.at);
        self.at = end.unwrap_or(self.at);
        end.is_some()
    }

    /// The next key, if it is an everyday one, and its value; both are still to be read.
    #[inline(always)]
    pub(crate) fn ahead(self) -> Option<(Quoted, Ahead)> {
        let bytes = self.text.as_bytes();
        let start = quick::entry(bytes, self.at, self.first)?;
        let (key, _, at) = quick::key(bytes, start)?;
        Some((key, Ahead { at }))
    }

    /// The container that is ahead, if it is one.
    #[inline(always)]
    pub(crate) fn container(self, ahead: Ahead) -> Option<Kind> {
        self.text.as_bytes().get(ahead.at).and_then(|byte| grammar::opened(*byte))
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
        let start = (*bytes.get(ahead.at)?, ahead.at);
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

/// A value that comes next, seen at a glance.
#[derive(Clone, Copy)]
pub(crate) struct Ahead {
    at: usize,
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
        let text = lexer.state.cursor.text();
        let _ = lexer.state.cursor.next();
        let at = index(lexer.state.cursor.at());
        let glance = Glance { text, at, first: true, left: 0, may_open: false };
        let mut members = Self { lexer, glance, start: 0 };
        members.enter()?;
        Ok(members)
    }

    /// Opens the object that stands here; what is said is then of the members of that one, to its end.
    #[inline(always)]
    pub(crate) fn enter(&mut self) -> Result<Outer, SyntaxError> {
        let Glance { at, left, may_open, .. } = self.glance;
        let outer = Outer { start: self.start, left, may_open };
        let desk = &mut self.lexer.desk;
        if let Err(wrong) = grammar::open_object(offset(at), desk) {
            return Err(self.lexer.error(wrong));
        }
        self.start = offset(at);
        self.glance.at = at.wrapping_add(1); // Past the brace that stands there.
        (self.glance.first, self.glance.left) = (true, desk.profile.bounds.members);
        self.glance.may_open = desk.may_be_small();
        Ok(outer)
    }

    /// Goes back to the object outside of the one whose end was read.
    #[inline(always)]
    pub(crate) fn leave(&mut self, outer: Outer) -> Found {
        let found = self.whole();
        let Outer { start, left, may_open } = outer;
        self.start = start;
        (self.glance.first, self.glance.left, self.glance.may_open) = (false, left, may_open);
        found
    }

    /// A way to read everyday members, if no bound can be met by them.
    #[inline(always)]
    pub(crate) const fn glance(&mut self) -> Option<&mut Glance<'a>> {
        if self.lexer.desk.is_short { Some(&mut self.glance) } else { None }
    }

    /// Reads members, and remembers their keys, as long as their values are everyday ones and no
    /// containers but empty ones; `each` is shown them all.
    #[inline(always)]
    pub(crate) fn everyday(&mut self, mut each: impl FnMut(Quoted, Found)) {
        if !self.lexer.desk.is_short {
            return;
        }
        let (mut glance, surrogates) = (self.glance, self.lexer.desk.profile.surrogates);
        let may_open = self.lexer.desk.may_open();
        while let Some((key, value)) = glance.any(surrogates, may_open) {
            self.remember(key);
            each(key, value);
        }
        self.glance = glance;
    }

    /// Closes the object, whose end was read at a glance.
    #[inline(always)]
    pub(crate) fn close(&mut self) -> Result<(), SyntaxError> {
        match grammar::close_frame(self.glance.text, self.lexer.desk.scratch) {
            Ok(()) => Ok(()),
            Err(wrong) => Err(self.lexer.error(wrong)),
        }
    }

    /// Lets the lexer go on behind the object that was opened first, whose end was read.
    #[inline(always)]
    pub(crate) fn done(self) -> Found {
        let mut state = self.state();
        state.after_value(&self.lexer.desk);
        self.lexer.state = state;
        self.whole()
    }

    /// Reads the next key and its colon, or the end of the object.
    ///
    /// `likely` is the key that is most likely, spelled with its quotes and without an escape; it
    /// is not looked for among the keys before it.
    #[inline(always)]
    pub(crate) fn next(&mut self, likely: &[u8]) -> Result<Member, SyntaxError> {
        let (mut state, Glance { first, left, .. }) = (self.state(), self.glance);
        let member = match next(&mut state, &mut self.lexer.desk, (likely, first, left)) {
            Ok(member) => member,
            Err(wrong) => return Err(self.lexer.error(wrong)),
        };
        self.glance.at = index(state.cursor.at());
        self.glance.first = false;
        if !matches!(member, Member::End) {
            self.glance.left = left.wrapping_sub(1); // It was more than 0.
        }
        Ok(member)
    }

    /// Reads the value of the key that was read last, containers with all that is in them.
    #[inline(always)]
    pub(crate) fn value(&mut self) -> Result<Found, SyntaxError> {
        let mut state = self.state();
        match value(&mut state, &mut self.lexer.desk) {
            Ok(found) => {
                self.glance.at = index(state.cursor.at());
                Ok(found)
            }
            Err(wrong) => Err(self.lexer.error(wrong)),
        }
    }

    /// The container that the value of the key is that was read last, if it is one.
    #[inline(always)]
    pub(crate) fn container(&mut self) -> Option<Kind> {
        let mut state = self.state();
        let container = state.container();
        self.glance.at = index(state.cursor.at());
        container
    }

    /// Lets somebody else read that container.
    #[inline(always)]
    pub(crate) fn inner<T>(
        &mut self,
        read: impl FnOnce(&mut Lexer<'a, 's>) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        self.lexer.state = self.state();
        let inner = read(self.lexer)?;
        self.glance.at = index(self.lexer.state.cursor.at());
        Ok(inner)
    }

    #[inline(always)]
    fn state(&self) -> State<'a> {
        State::new(Cursor::new(self.glance.text, offset(self.glance.at)))
    }

    /// How many members there are at least of those that count: fewer than were read, where a key
    /// may stand twice.
    pub(crate) fn count_min(&self) -> u32 {
        match self.lexer.desk.profile.duplicates {
            Duplicates::Refused => self.count(),
            Duplicates::LastWins => self.count().min(1),
        }
    }

    /// How many members were read.
    pub(crate) const fn count(&self) -> u32 {
        self.lexer.desk.profile.bounds.members.saturating_sub(self.glance.left)
    }

    /// What a key says.
    #[inline(always)]
    pub(crate) fn text(&self, key: Quoted) -> Text<'a> {
        key.text(self.glance.text)
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
    fn whole(&self) -> Found {
        let end = offset(self.glance.at);
        Found { start: self.start, end, kind: Kind::Object, escaped: false }
    }
}

#[inline(always)]
fn next(
    state: &mut State<'_>,
    desk: &mut Desk<'_>,
    (likely, first, left): (&[u8], bool, u32),
) -> Result<Member, Wrong> {
    let mut byte = state.next_needed()?;
    state.count(desk)?;
    if byte == b'}' {
        state.close(Kind::Object, desk)?;
        return Ok(Member::End);
    }
    if !first {
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
    if left == 0 {
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
