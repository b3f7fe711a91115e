//! What may come next? The grammar of RFC 8259 as a state, by value: a loop over it keeps it in
//! registers.

use super::cursor::{Cursor, Wrong, index, offset};
use super::desk::Desk;
use super::keys::{self, Key};
use super::string::Quoted;
use super::{Duplicates, Found, Kind, Scratch, SyntaxKind, quick};

/// Where the reading of a document stands.
#[derive(Clone, Copy)]
pub(super) struct State<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) expect: Expect,
}

/// What may come next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Expect {
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

/// What was read.
#[derive(Clone, Copy)]
pub(super) enum Step {
    /// The end of a container, which is the last byte read.
    Close(Kind),
    /// The end of the document.
    End,
    /// A key and its colon.
    Key(Quoted),
    /// The start of a container, which is the last byte read.
    Open(Kind),
    /// A value that is no container.
    Value(Found),
}

/// An open container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    kind: Kind,
    members: u32,
    /// Where its keys start in the scratch.
    keys_from: usize,
    /// The first key that was said to stand before.
    repeat: Option<u32>,
}

impl<'a> State<'a> {
    pub(super) const fn new(cursor: Cursor<'a>) -> Self {
        Self { cursor, expect: Expect::Value }
    }

    /// Reads the next token.
    #[inline(always)]
    pub(super) fn step(&mut self, desk: &mut Desk<'_>) -> Result<Step, Wrong> {
        let Some(mut byte) = self.cursor.next() else {
            return match self.expect {
                Expect::Nothing => Ok(Step::End),
                _ => Err(self.stuck()),
            };
        };
        self.count(desk)?;
        match self.expect {
            Expect::More => {
                let open = desk.scratch.frames.last().map_or(Kind::Null, |frame| frame.kind);
                match (byte, open) {
                    (b',', _) => {
                        self.cursor.pass();
                        byte = self.next_needed()?;
                        if open == Kind::Object {
                            self.key(byte, desk)
                        } else {
                            self.value(byte, desk)
                        }
                    }
                    (b'}', Kind::Object) | (b']', Kind::Array) => self.close(open, desk),
                    _ => Err(self.stuck()),
                }
            }
            Expect::Value => self.value(byte, desk),
            Expect::FirstKey if byte == b'}' => self.close(Kind::Object, desk),
            Expect::FirstKey => self.key(byte, desk),
            Expect::FirstItem if byte == b']' => self.close(Kind::Array, desk),
            Expect::FirstItem => self.value(byte, desk),
            Expect::Nothing => Err((SyntaxKind::Trailing, self.cursor.at())),
        }
    }

    /// Reads the key whose first byte is `byte`, and its colon.
    #[inline(always)]
    fn key(&mut self, byte: u8, desk: &mut Desk<'_>) -> Result<Step, Wrong> {
        if byte != b'"' {
            return Err(self.stuck());
        }
        let key = self.string(desk)?;
        self.colon()?;
        self.expect = Expect::Value;
        remember(key, desk);
        let most = desk.profile.bounds.members;
        if desk.scratch.frames.last_mut().is_some_and(|frame| frame.counts_past(most)) {
            return Err((SyntaxKind::TooManyMembers, key.start));
        }
        Ok(Step::Key(key))
    }

    /// Reads the value whose first byte is `byte`, or the opening of a container.
    #[inline(always)]
    fn value(&mut self, byte: u8, desk: &mut Desk<'_>) -> Result<Step, Wrong> {
        let step = self.member_value(byte, desk)?;
        if let Step::Value(_) = step {
            self.after_value(desk);
        }
        Ok(step)
    }

    /// The same for a reader that knows what comes after a value that is no container.
    #[inline(always)]
    pub(super) fn member_value(&mut self, byte: u8, desk: &mut Desk<'_>) -> Result<Step, Wrong> {
        let start = self.cursor.at();
        let kind = match byte {
            b'"' => {
                let Quoted { end, escaped, .. } = self.string(desk)?;
                let end = end.wrapping_add(1); // Past the quote that stands there.
                return Ok(Step::Value(Found { start, end, kind: Kind::String, escaped }));
            }
            b'-' | b'0'..=b'9' => {
                self.cursor.number()?;
                Kind::Number
            }
            b'{' => return self.open(Kind::Object, desk),
            b'[' => return self.open(Kind::Array, desk),
            b't' => self.cursor.literal("true", Kind::Boolean)?,
            b'f' => self.cursor.literal("false", Kind::Boolean)?,
            b'n' => self.cursor.literal("null", Kind::Null)?,
            _ => return Err(self.stuck()),
        };
        Ok(Step::Value(Found { start, end: self.cursor.at(), kind, escaped: false }))
    }

    /// Reads to the end of the container just opened.
    #[inline(always)]
    pub(super) fn whole(&mut self, kind: Kind, desk: &mut Desk<'_>) -> Result<Found, Wrong> {
        let start = self.cursor.at().wrapping_sub(1); // Its bracket was the last byte read.
        *self = to_the_end(*self, desk)?;
        Ok(Found { start, end: self.cursor.at(), kind, escaped: false })
    }

    /// Whether entries come next that are worth a look, or may be.
    #[inline(always)]
    fn is_before_entries(&mut self) -> bool {
        match (self.expect, self.cursor.next()) {
            (Expect::More, byte) => byte == Some(b','),
            (Expect::FirstKey, byte) => byte == Some(b'"'),
            (Expect::FirstItem, byte) => byte != Some(b'[') && byte != Some(b']'),
            (Expect::Nothing | Expect::Value, _) => false,
        }
    }

    /// Reads the next item of an array, if it is an everyday one; else nothing.
    #[inline(always)]
    pub(super) fn everyday_item(&mut self, desk: &mut Desk<'_>) -> Option<Found> {
        let first = self.expect == Expect::FirstItem;
        if !desk.is_short || !(first || self.expect == Expect::More) {
            return None;
        }
        let bytes = self.cursor.text().as_bytes();
        let (byte, at) = quick::entry(bytes, index(self.cursor.at()), first)?;
        let found = quick::found(desk.everyday_item(bytes, (byte, at))?);
        self.cursor.go_on(found.end);
        self.expect = Expect::More;
        Some(found)
    }

    /// Counts one more token.
    #[inline(always)]
    pub(super) fn count(&self, desk: &mut Desk<'_>) -> Result<(), Wrong> {
        desk.count(self.cursor.at())
    }

    /// Reads the colon after a key.
    #[inline(always)]
    pub(super) fn colon(&mut self) -> Result<(), Wrong> {
        if self.next_needed()? != b':' {
            return Err(self.stuck());
        }
        self.cursor.pass();
        Ok(())
    }

    /// Opens a container that comes next, and answers where it starts.
    #[inline(always)]
    pub(super) fn open_next(&mut self, kind: Kind, desk: &mut Desk<'_>) -> Result<u32, Wrong> {
        self.next_needed()?;
        self.count(desk)?;
        let start = self.cursor.at();
        self.open(kind, desk)?;
        Ok(start)
    }

    /// The container that comes next, if it is one.
    #[inline(always)]
    pub(super) fn container(&mut self) -> Option<Kind> {
        self.cursor.next().and_then(opened)
    }

    /// Opens the container whose bracket stands here.
    #[inline(always)]
    pub(super) fn open(&mut self, kind: Kind, desk: &mut Desk<'_>) -> Result<Step, Wrong> {
        if !desk.may_open() {
            return Err((SyntaxKind::TooDeep, self.cursor.at()));
        }
        open_frame(kind, desk.scratch);
        self.cursor.pass();
        self.expect = if kind == Kind::Object { Expect::FirstKey } else { Expect::FirstItem };
        Ok(Step::Open(kind))
    }

    /// Closes the container whose bracket stands here.
    #[inline(always)]
    pub(super) fn close(&mut self, kind: Kind, desk: &mut Desk<'_>) -> Result<Step, Wrong> {
        self.cursor.pass();
        self.closed(desk)?;
        Ok(Step::Close(kind))
    }

    /// Opens an object that stands here, in one of which so many members were read.
    #[inline(always)]
    fn open_inner(&mut self, members: u32, desk: &mut Desk<'_>) -> Result<Step, Wrong> {
        if let Some(frame) = desk.scratch.frames.last_mut() {
            frame.members = members;
        }
        self.open(Kind::Object, desk)
    }

    /// Opens arrays as long as nothing else comes.
    #[inline(always)]
    fn open_more(&mut self, desk: &mut Desk<'_>) -> Result<(), Wrong> {
        while self.expect == Expect::FirstItem && self.cursor.next() == Some(b'[') {
            self.count(desk)?;
            self.open(Kind::Array, desk)?;
        }
        Ok(())
    }

    /// Closes containers as long as nothing else comes, but for the first `outside`.
    #[inline(always)]
    fn close_more(&mut self, outside: usize, desk: &mut Desk<'_>) -> Result<(), Wrong> {
        while desk.scratch.frames.len() > outside
            && let Some(open) = desk.scratch.frames.last().map(|frame| frame.kind)
            && self.cursor.next() == Some(if open == Kind::Object { b'}' } else { b']' })
        {
            self.count(desk)?;
            self.close(open, desk)?;
        }
        Ok(())
    }

    /// Closes the container whose bracket was passed.
    #[inline(always)]
    pub(super) fn closed(&mut self, desk: &mut Desk<'_>) -> Result<(), Wrong> {
        close_frame(self.cursor.text(), desk.scratch)?;
        self.after_value(desk);
        Ok(())
    }

    #[inline(always)]
    pub(super) fn after_value(&mut self, desk: &Desk<'_>) {
        let outside = desk.scratch.frames.is_empty();
        self.expect = if outside { Expect::Nothing } else { Expect::More };
    }

    /// Reads a string from its opening quote, which stands here, to its closing one.
    #[inline(always)]
    pub(super) fn string(&mut self, desk: &Desk<'_>) -> Result<Quoted, Wrong> {
        let quoted = self.cursor.string(desk.profile.surrogates)?;
        fits(quoted, desk)?;
        Ok(quoted)
    }

    #[inline(always)]
    pub(super) fn next_needed(&mut self) -> Result<u8, Wrong> {
        match self.cursor.next() {
            Some(byte) => Ok(byte),
            None => Err(self.stuck()),
        }
    }

    /// What is wrong with a byte that cannot stand here, or with a text that ends here.
    #[cold]
    pub(super) fn stuck(self) -> Wrong {
        self.cursor.stuck(self.cursor.at())
    }
}

impl Frame {
    /// Counts one more member; whether that is more than `most`.
    #[inline(always)]
    fn counts_past(&mut self, most: u32) -> bool {
        self.members = self.members.saturating_add(1);
        self.members > most
    }
}

/// The container that a byte opens.
#[inline(always)]
pub(super) const fn opened(byte: u8) -> Option<Kind> {
    match byte {
        b'{' => Some(Kind::Object),
        b'[' => Some(Kind::Array),
        _ => None,
    }
}

/// Whether a string is no longer than it may be.
#[inline(always)]
pub(super) fn fits(quoted: Quoted, desk: &Desk<'_>) -> Result<(), Wrong> {
    if quoted.len() > desk.profile.bounds.string_bytes {
        return Err((SyntaxKind::StringTooLong, quoted.start));
    }
    Ok(())
}

/// Remembers a key, to be compared with the others when its object ends.
#[inline(always)]
pub(super) fn remember(key: Quoted, desk: &mut Desk<'_>) {
    if desk.profile.duplicates == Duplicates::Refused {
        desk.scratch.keys.push(Key::new(key));
    }
}

/// Takes note that a key of the object that is open stands there before.
#[cold]
pub(super) fn repeated(key: Quoted, desk: &mut Desk<'_>) {
    if desk.profile.duplicates == Duplicates::Refused
        && let Some(frame) = desk.scratch.frames.last_mut()
    {
        frame.repeat.get_or_insert(key.start);
    }
}

/// Reads to the end of the container just opened.
#[inline(never)]
fn to_the_end<'a>(from: State<'a>, desk: &mut Desk<'_>) -> Result<State<'a>, Wrong> {
    let mut state = from;
    let outside = desk.scratch.frames.len().saturating_sub(1);
    while desk.scratch.frames.len() > outside {
        if desk.is_short && state.is_before_entries() {
            state = everyday(state, desk);
        }
        match state.step(desk)? {
            Step::Open(_) => state.open_more(desk)?,
            Step::Close(_) => state.close_more(outside, desk)?,
            Step::End | Step::Key(_) | Step::Value(_) => {}
        }
    }
    Ok(state)
}

/// Reads everyday members or items as long as there are some, and a key before another value.
#[inline(never)]
fn everyday<'a>(from: State<'a>, desk: &mut Desk<'_>) -> State<'a> {
    let mut state = from;
    let Some(frame) = desk.scratch.frames.last() else { return state };
    let (in_object, text) = (frame.kind == Kind::Object, state.cursor.text().as_bytes());
    let (mut members, most) = (frame.members, desk.profile.bounds.members);
    let mut first = state.expect != Expect::More;
    while let Some((byte, at)) = quick::entry(text, index(state.cursor.at()), first) {
        let end = if in_object {
            let Some((key, byte, at)) = quick::key(text, (byte, at)) else { break };
            if members >= most {
                break;
            }
            members = members.wrapping_add(1); // No more than `most`.
            remember(key, desk);
            let Some((_, end, _)) = quick::scalar(text, (byte, at)) else {
                state.cursor.go_on(offset(at));
                state.expect = Expect::Value;
                if byte != b'{' || state.open_inner(members, desk).is_err() {
                    break;
                }
                (members, first) = (0, true);
                continue;
            };
            end
        } else {
            let Some((_, end, _)) = desk.everyday_item(text, (byte, at)) else { break };
            end
        };
        state.cursor.go_on(offset(end));
        (state.expect, first) = (Expect::More, false);
    }
    if let Some(frame) = desk.scratch.frames.last_mut() {
        frame.members = members;
    }
    state
}

/// Opens the object whose brace stands at a place.
#[inline(always)]
pub(super) fn open_object(at: u32, desk: &mut Desk<'_>) -> Result<(), Wrong> {
    if !desk.is_short {
        desk.count(at)?;
    }
    if !desk.may_open() {
        return Err((SyntaxKind::TooDeep, at));
    }
    open_frame(Kind::Object, desk.scratch);
    Ok(())
}

#[inline(always)]
fn open_frame(kind: Kind, scratch: &mut Scratch) {
    let keys_from = scratch.keys.len();
    scratch.frames.push(Frame { kind, members: 0, keys_from, repeat: None });
}

/// Closes the container that was opened last; a key that stands twice in it shows now.
#[inline(always)]
pub(super) fn close_frame(text: &str, scratch: &mut Scratch) -> Result<(), Wrong> {
    let Some(frame) = scratch.frames.pop() else { return Ok(()) };
    if frame.repeat.is_none() && scratch.keys.len() <= frame.keys_from.saturating_add(1) {
        scratch.keys.truncate(frame.keys_from);
        return Ok(());
    }
    no_key_twice(text, frame, scratch)
}

#[inline(never)]
fn no_key_twice(text: &str, frame: Frame, scratch: &mut Scratch) -> Result<(), Wrong> {
    let keys = scratch.keys.get_mut(frame.keys_from..).unwrap_or_default();
    let among_keys = keys::first_repeat(text, keys, &mut scratch.marks);
    scratch.keys.truncate(frame.keys_from);
    match (frame.repeat, among_keys) {
        (None, None) => Ok(()),
        (Some(at), None) | (None, Some(at)) => Err((SyntaxKind::DuplicateKey, at)),
        (Some(a), Some(b)) => Err((SyntaxKind::DuplicateKey, a.min(b))),
    }
}
