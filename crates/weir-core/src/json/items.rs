//! Which item of this array comes next? Read by somebody who knows what to expect.

use super::cursor::{Wrong, index, offset};
use super::desk::Desk;
use super::grammar::{State, Step};
use super::{Found, Kind, Lexer, SyntaxError, quick};

/// The items of an array that is open, to the end of the array.
///
/// What it says after an error has no meaning.
pub(crate) struct Items<'l, 'a, 's> {
    lexer: &'l mut Lexer<'a, 's>,
    /// The lexer's own is behind while this one is read.
    state: State<'a>,
    start: u32,
    /// Whether no item was read.
    first: bool,
}

impl<'l, 'a, 's> Items<'l, 'a, 's> {
    /// Opens the array that comes next.
    #[inline(always)]
    pub(crate) fn open(lexer: &'l mut Lexer<'a, 's>) -> Result<Self, SyntaxError> {
        let mut state = lexer.state;
        match state.open_next(Kind::Array, &mut lexer.desk) {
            Ok(start) => Ok(Self { lexer, state, start, first: true }),
            Err(wrong) => Err(lexer.error(wrong)),
        }
    }

    /// Reads items as long as they are everyday ones and no containers but empty ones; `each` is shown
    /// them all.
    #[inline(always)]
    pub(crate) fn everyday(&mut self, mut each: impl FnMut(Found)) {
        if !self.lexer.desk.is_short {
            return;
        }
        let bytes = self.state.cursor.text().as_bytes();
        let (mut at, mut first) = (index(self.state.cursor.at()), self.first);
        let may_open = self.lexer.desk.may_open();
        while let Some(start) = quick::entry(bytes, at, first)
            && let Some(span) = quick::entry_value(bytes, start, may_open)
        {
            (at, first) = (span.1, false);
            each(quick::found(span));
        }
        self.state.cursor.go_on(offset(at));
        self.first = first;
    }

    /// Goes to the next item, which is still to be read, or past the end of the array; whether there
    /// is an item.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Result<bool, SyntaxError> {
        let first = core::mem::replace(&mut self.first, false);
        match next(&mut self.state, &mut self.lexer.desk, first) {
            Ok(true) => Ok(true),
            Ok(false) => {
                self.lexer.state = self.state;
                Ok(false)
            }
            Err(wrong) => Err(self.lexer.error(wrong)),
        }
    }

    /// The container that the item is, if it is one.
    #[inline(always)]
    pub(crate) fn container(&mut self) -> Option<Kind> {
        self.state.container()
    }

    /// Reads the item, containers with all that is in them.
    #[inline(always)]
    pub(crate) fn value(&mut self) -> Result<Found, SyntaxError> {
        match value(&mut self.state, &mut self.lexer.desk) {
            Ok(found) => Ok(found),
            Err(wrong) => Err(self.lexer.error(wrong)),
        }
    }

    /// Lets somebody else read the item, which is a container.
    #[inline(always)]
    pub(crate) fn inner<T>(
        &mut self,
        read: impl FnOnce(&mut Lexer<'a, 's>) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        self.lexer.desk.count_again();
        self.lexer.state = self.state;
        let inner = read(self.lexer)?;
        self.state = self.lexer.state;
        Ok(inner)
    }

    /// The array, once its end was read.
    #[inline(always)]
    pub(crate) fn whole(&self) -> Found {
        let end = self.state.cursor.at();
        Found { start: self.start, end, kind: Kind::Array, escaped: false }
    }
}

#[inline(always)]
fn next(state: &mut State<'_>, desk: &mut Desk<'_>, first: bool) -> Result<bool, Wrong> {
    let byte = state.next_needed()?;
    state.count(desk)?;
    if byte == b']' {
        state.close(Kind::Array, desk)?;
        return Ok(false);
    }
    if !first {
        if byte != b',' {
            return Err(state.stuck());
        }
        state.cursor.pass();
    }
    Ok(true)
}

#[inline(always)]
fn value(state: &mut State<'_>, desk: &mut Desk<'_>) -> Result<Found, Wrong> {
    let byte = state.next_needed()?;
    match state.member_value(byte, desk)? {
        Step::Value(found) => Ok(found),
        _ => state.whole(if byte == b'{' { Kind::Object } else { Kind::Array }, desk),
    }
}
