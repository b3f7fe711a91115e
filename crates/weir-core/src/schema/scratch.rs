//! What is remembered while a document is checked? Offsets and indices, never its bytes.

use alloc::string::String;
use alloc::vec::Vec;

use super::RuleCode;
use crate::amount::Quantity;
use crate::json::{self, Found, Key};

/// What checking needs to remember; reused from document to document, so that checking allocates
/// nothing once it has grown.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) json: json::Scratch,
    /// The declared fields of every object that is being checked, the root's first; those of an object
    /// mean nothing before it is read.
    pub(super) cells: Vec<Cell>,
    /// The members and items of every map, array and object that is being checked.
    pub(super) entries: Vec<Entry>,
    /// The way from the root to the value that is being checked.
    pub(super) path: Vec<Segment>,
    pub(super) findings: Findings,
    pub(super) buffer: String,
}

impl Scratch {
    pub(super) fn clear(&mut self) {
        let Self { json: _, cells: _, entries, path, findings, buffer: _ } = self;
        entries.clear();
        path.clear();
        findings.records.clear();
        findings.paths.clear();
        findings.more = false;
    }

    /// Forgets what checking that was cut short has left behind what was read.
    pub(super) fn forget_all_but(&mut self, (cells, entries): (usize, usize)) {
        self.cells.truncate(cells);
        self.entries.truncate(entries);
        self.findings.more = false;
    }
}

/// What was found wrong.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) records: Vec<Record>,
    /// The ways to where the records are, one after the other.
    pub(super) paths: Vec<Segment>,
    /// Whether there is more wrong than there are records.
    pub(super) more: bool,
}

/// The value of a declared field, if it was sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    pub(super) found: Option<Found>,
    /// Its number, if it was asked for one.
    pub(super) number: Option<Quantity>,
    /// Whether it was seen to be there and to break no rule; if not, it may still be so.
    pub(super) holds: bool,
    /// One more than the place of the field that came after this one when both came last, in
    /// whatever document that was; 0 if nobody knows. Senders mostly keep to an order of their own.
    then: u32,
}

impl Cell {
    /// Forgets the value, but not what is likely to come after it.
    #[inline(always)]
    pub(super) const fn clear(&mut self) {
        (self.found, self.number, self.holds) = (None, None, false);
    }

    /// The place of the field that is likely to come after this one, which is at `place`.
    #[inline(always)]
    pub(super) fn likely_after(&self, place: usize) -> usize {
        match usize::try_from(self.then) {
            Ok(0) | Err(_) => place.wrapping_add(1), // There are few fields.
            Ok(then) => then.wrapping_sub(1),
        }
    }

    /// Takes note of the field that came after this one.
    pub(super) fn was_before(&mut self, place: usize) {
        self.then = u32::try_from(place).map_or(0, |place| place.saturating_add(1));
    }
}

/// What a declared field's cell comes to.
#[derive(Clone, Copy)]
pub(super) enum Presence {
    /// Not there; what was sent instead that counts as nothing.
    Absent(Option<Found>),
    /// There.
    Sent(Found),
}

/// A member of a map or an item of an array.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// `None` for an item.
    pub(super) key: Option<Key>,
    pub(super) value: Found,
    /// Whether the same key stands again after it.
    pub(super) replaced: bool,
}

/// A step of the way to a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Segment {
    /// The field with this place among all fields of the schema.
    Field(u32),
    /// The item at this place of an array.
    Index(u32),
    /// A member of a map, or a key that is not declared.
    Key(Key),
}

/// One broken rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) code: RuleCode,
    /// Where in the document, in bytes.
    pub(super) at: u32,
    pub(super) found: Option<Found>,
    pub(super) detail: Detail,
    /// Where its way starts among the ways, and how many steps it has.
    pub(super) path: (usize, usize),
}

/// What a rule wants, for its message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Detail {
    Count(u32),
    Noun(&'static str),
    Nothing,
    Number(Quantity),
    /// A list that the schema keeps at this place.
    Options(u32),
}
