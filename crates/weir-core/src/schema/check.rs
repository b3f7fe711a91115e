//! Does this document follow the rules? Fields are found first, then checked as declared.
//!
//! A document is read once. Each declared field of an object gets a cell that says where its value
//! stands, and when the object ends its fields are checked in order; so a key that stands twice, a
//! condition on a later field and the order of violations need no care. Only containers that have
//! rules inside are read again, from their cell, by a lexer that trusts what it sees; how deep that
//! goes is bounded by the schema, not by the document.

use alloc::vec::Vec;
use core::ops::ControlFlow;

use super::definition::{Order, Unknown};
use super::node::{ArrayNode, Choice, Counts, FieldNode, MapNode, Node, NumberNode};
use super::node::{GroupNode, ObjectNode, StringNode};
use super::scratch::{self, Cell, Detail, Entry, Presence, Record, Scratch, Segment};
use super::{RuleCode, Schema};
use crate::amount::{NumberError, Precision, Quantity};
use crate::json::{Duplicates, Found, Key, Kind, Lexer, Profile, SyntaxError, Text};

/// Whether checking goes on.
type Flow = ControlFlow<()>;

/// Reads the whole document; answers what its root is.
pub(super) fn read<'a>(
    root: &Node,
    mut lexer: Lexer<'a, '_>,
    cells: &mut Vec<Cell>,
    entries: &mut Vec<Entry>,
) -> Result<Option<Found>, SyntaxError> {
    let found = match root {
        Node::Object(node) if lexer.at_object() => {
            let base = scratch::open(cells, node);
            lexer.token()?;
            let start = lexer.place();
            members(&mut lexer, node, cells.get_mut(base..).unwrap_or_default(), entries)?;
            let end = lexer.place().saturating_add(1);
            Some(Found { start, end, kind: Kind::Object, escaped: false })
        }
        _ => lexer.found()?,
    };
    lexer.token()?;
    Ok(found)
}

/// Reads the members of the object that was just opened into the cells of its fields.
fn members(
    lexer: &mut Lexer<'_, '_>,
    node: &ObjectNode,
    cells: &mut [Cell],
    entries: &mut Vec<Entry>,
) -> Result<(), SyntaxError> {
    let mut likely = 0_usize;
    while let Some(key) = lexer.next_key()? {
        let place = lexer.place();
        let value = lexer.found()?;
        let field = node.find(key, likely);
        match (field.and_then(|at| Some((at, cells.get_mut(at)?))), value) {
            (Some((at, cell)), _) => {
                cell.found = value;
                likely = at.saturating_add(1);
            }
            (None, Some(value)) if node.unknown == Unknown::Refused => {
                entries.push(Entry { key: Some(Key::at(place, key)), value, replaced: false });
            }
            (None, _) => {}
        }
    }
    Ok(())
}

/// Checks one document; what it finds goes to the scratch.
pub(super) struct Checker<'a, 's> {
    pub(super) schema: &'a Schema,
    pub(super) text: &'a str,
    /// Where the text stands in the document.
    pub(super) base: u32,
    pub(super) duplicates: Duplicates,
    /// How many violations are kept.
    pub(super) room: usize,
    pub(super) scratch: &'s mut Scratch,
}

impl<'a> Checker<'a, '_> {
    /// Checks the root, whose members, if it is an object with fields, were read by [`read`].
    pub(super) fn root(&mut self, found: Found) -> Flow {
        match &self.schema.root {
            Node::Object(node) if found.kind == Kind::Object => {
                self.object(Open { node, cells_from: 0, entries_from: 0, found })
            }
            node => self.value(node, found, None),
        }
    }

    /// Checks a value; `cell` is where its number is kept, if it is a field's.
    fn value(&mut self, node: &'a Node, found: Found, cell: Option<usize>) -> Flow {
        if !node.takes(found.kind) {
            return self.report(RuleCode::Type, found, Detail::Noun(node.noun()));
        }
        match node {
            Node::Any | Node::Scalar => Flow::Continue(()),
            Node::Array(array) => self.array(array, found),
            Node::Boolean(choice) => self.boolean(choice.as_ref(), found),
            Node::Map(map) => self.map(map, found),
            Node::Number(number) => self.number(number, found, cell),
            Node::Object(object) => self.nested(object, found),
            Node::String(string) => self.string(string, found),
        }
    }

    /// Reads an object and checks it.
    fn nested(&mut self, node: &'a ObjectNode, found: Found) -> Flow {
        if node.is_free() {
            return Flow::Continue(());
        }
        let Scratch { json, cells, entries, .. } = &mut *self.scratch;
        let (cells_from, entries_from) = (scratch::open(cells, node), entries.len());
        let mut lexer = Lexer::over(self.text, found.start, &Profile::TRUSTED, json);
        let own = cells.get_mut(cells_from..).unwrap_or_default();
        // What was read before is read again without an error.
        let _ = lexer.token().and_then(|_| members(&mut lexer, node, own, entries));
        let flow = self.object(Open { node, cells_from, entries_from, found });
        self.scratch.cells.truncate(cells_from);
        self.scratch.entries.truncate(entries_from);
        flow
    }

    /// Checks an object whose members were read.
    fn object(&mut self, open: Open<'a>) -> Flow {
        let Open { node, entries_from, .. } = open;
        for (place, field) in node.fields.iter().enumerate() {
            self.within(Segment::Field(field.id), |this| this.field(open, place, field))?;
        }
        for group in &node.groups {
            self.group(group, open)?;
        }
        self.drop_replaced(entries_from);
        let mut at = entries_from;
        while let Some(Entry { key, value, replaced }) = self.scratch.entries.get(at).copied() {
            if let (Some(key), false) = (key, replaced) {
                let (at, code) = (key.quote(), RuleCode::Unknown);
                let broken = Broken { at, code, found: Some(value), detail: Detail::Nothing };
                self.within(Segment::Key(key), |this| this.keep(broken))?;
            }
            at = at.saturating_add(1);
        }
        Flow::Continue(())
    }

    fn field(&mut self, open: Open<'a>, place: usize, field: &'a FieldNode) -> Flow {
        let at = open.cells_from.saturating_add(place);
        match self.cell(at).presence(field, self.text) {
            Presence::Sent(found) if found.kind == Kind::Null && field.keeps_null() => {
                Flow::Continue(())
            }
            Presence::Sent(found) if found.kind == Kind::Null => {
                self.report(RuleCode::Type, found, Detail::Noun(field.node.noun()))
            }
            Presence::Sent(found) => {
                let rule = self.rule(open, field);
                self.value(rule, found, Some(at))
            }
            Presence::Absent(found) if field.required => {
                let at = found.unwrap_or(open.found).start;
                self.keep(Broken { at, code: RuleCode::Required, found, detail: Detail::Nothing })
            }
            Presence::Absent(_) | Presence::Defaulted => Flow::Continue(()),
        }
    }

    /// The rule that holds for a field: its own, or that of the first condition that is met.
    fn rule(&self, open: Open<'a>, field: &'a FieldNode) -> &'a Node {
        let met = field.when.iter().find(|when| {
            let Some(other) = open.node.fields.get(when.place) else { return false };
            match self.cell(open.cells_from.saturating_add(when.place)).presence(other, self.text) {
                Presence::Absent(_) => false,
                Presence::Defaulted => other
                    .default_text()
                    .is_some_and(|text| when.values.iter().any(|v| **v == *text)),
                Presence::Sent(found) => found
                    .text(self.text)
                    .is_some_and(|text| when.values.iter().any(|value| text == **value)),
            }
        });
        met.map_or(&field.node, |when| &when.node)
    }

    fn group(&mut self, group: &GroupNode, open: Open<'a>) -> Flow {
        let Open { node, cells_from, found, .. } = open;
        let there = group.places.iter().filter(|place| {
            let cell = self.cell(cells_from.saturating_add(**place));
            let presence = node.fields.get(**place).map(|field| cell.presence(field, self.text));
            matches!(presence, Some(Presence::Sent(_)))
        });
        let broken = match (there.count(), group.code) {
            (0, _) => true,
            (count, RuleCode::ExactlyOneOf) => count > 1,
            _ => false,
        };
        if broken {
            return self.report(group.code, found, Detail::Options(group.options));
        }
        Flow::Continue(())
    }

    fn array(&mut self, node: &'a ArrayNode, found: Found) -> Flow {
        let counted = node.count.min > 0 || node.count.max < u32::MAX;
        if node.items.is_none() && !counted {
            return Flow::Continue(());
        }
        let from = self.collect(found);
        let items = self.scratch.entries.len().saturating_sub(from);
        self.count(node.count, items, found)?;
        let mut at = from;
        while let (Some(rule), Some(entry)) = (&node.items, self.scratch.entries.get(at).copied()) {
            let index = u32::try_from(at.saturating_sub(from)).unwrap_or(u32::MAX);
            self.within(Segment::Index(index), |this| this.value(rule, entry.value, None))?;
            at = at.saturating_add(1);
        }
        self.scratch.entries.truncate(from);
        Flow::Continue(())
    }

    fn map(&mut self, node: &'a MapNode, found: Found) -> Flow {
        if found.len() > node.bytes_max {
            self.report(RuleCode::Size, found, Detail::Count(node.bytes_max))?;
        }
        let from = self.collect(found);
        self.drop_replaced(from);
        let entries = self.scratch.entries.get(from..).unwrap_or_default();
        let live = entries.iter().filter(|entry| !entry.replaced).count();
        self.count(node.count, live, found)?;
        let mut at = from;
        while let Some(Entry { key, value, replaced }) = self.scratch.entries.get(at).copied() {
            if let (Some(key), false) = (key, replaced) {
                self.within(Segment::Key(key), |this| this.member(node, key, value))?;
            }
            at = at.saturating_add(1);
        }
        self.scratch.entries.truncate(from);
        Flow::Continue(())
    }

    fn member(&mut self, node: &'a MapNode, key: Key, value: Found) -> Flow {
        let text = key.text(self.text);
        if node.keys.as_ref().is_some_and(|keys| self.broken(keys, text).next().is_some()) {
            let (at, found) = (key.quote(), Some(value));
            self.keep(Broken { at, code: RuleCode::Key, found, detail: Detail::Nothing })?;
        }
        node.values.as_ref().map_or(Flow::Continue(()), |rule| self.value(rule, value, None))
    }

    fn string(&mut self, node: &'a StringNode, found: Found) -> Flow {
        if node.is_free() {
            return Flow::Continue(());
        }
        let Some(text) = found.text(self.text) else { return Flow::Continue(()) };
        let broken = self.broken(node, text);
        for (code, detail) in broken {
            self.report(code, found, detail)?;
        }
        Flow::Continue(())
    }

    /// The rules that a text breaks: length, then choice, then format.
    fn broken(
        &mut self,
        node: &StringNode,
        text: Text<'_>,
    ) -> impl Iterator<Item = (RuleCode, Detail)> + use<> {
        let StringNode { len: Counts { min, max }, choice, format } = node;
        let len = match (*min, *max) {
            (0, u32::MAX) => None,
            _ => u32::try_from(text.char_count()).ok(),
        };
        let short = len.filter(|len| len < min).map(|_| (RuleCode::TooShort, Detail::Count(*min)));
        let long = len.filter(|len| len > max).map(|_| (RuleCode::TooLong, Detail::Count(*max)));
        let chosen = choice.as_ref().and_then(|choice| choice.broken_by(|option| text == **option));
        let formed = format.filter(|f| !f.admits(text.decode(&mut self.scratch.buffer)));
        let formed = formed.map(|format| (RuleCode::Format, Detail::Noun(format.noun())));
        [short, long, chosen, formed].into_iter().flatten()
    }

    fn boolean(&mut self, choice: Option<&Choice<bool>>, found: Found) -> Flow {
        let value = found.raw(self.text, 0).as_bool();
        match choice.and_then(|choice| choice.broken_by(|option| Some(*option) == value)) {
            Some((code, detail)) => self.report(code, found, detail),
            None => Flow::Continue(()),
        }
    }

    fn number(&mut self, node: &'a NumberNode, found: Found, cell: Option<usize>) -> Flow {
        let raw = found.raw(self.text, 0);
        let precision = if node.whole { Precision::Exact } else { node.precision };
        let read = raw.as_number().map_or(Err(NumberError::Syntax), |n| n.quantity(precision));
        let number = match read {
            Ok(number) => number,
            Err(NumberError::Inexact) if node.whole => {
                return self.report(RuleCode::Integer, found, Detail::Noun(INTEGER));
            }
            Err(NumberError::Inexact) => {
                return self.report(RuleCode::Inexact, found, Detail::Noun(Kind::Number.name()));
            }
            Err(NumberError::Syntax | NumberError::TooLarge) => {
                return self.report(RuleCode::TooLarge, found, Detail::Noun(Kind::Number.name()));
            }
        };
        if let Some(cell) = cell.and_then(|cell| self.scratch.cells.get_mut(cell)) {
            cell.number = Some(number);
        }
        if node.whole && number.as_nanos().rem_euclid(UNIT) != 0 {
            self.report(RuleCode::Integer, found, Detail::Noun(INTEGER))?;
        }
        for (code, limit) in &node.limits {
            let holds = match code {
                RuleCode::Above => number > *limit,
                RuleCode::Below => number < *limit,
                RuleCode::Max => number <= *limit,
                _ => number >= *limit,
            };
            if !holds {
                self.report(*code, found, Detail::Number(*limit))?;
            }
        }
        match node.choice.as_ref().and_then(|choice| choice.broken_by(|o| *o == number)) {
            Some((code, detail)) => self.report(code, found, detail),
            None => Flow::Continue(()),
        }
    }

    fn count(&mut self, count: Counts, entries: usize, found: Found) -> Flow {
        let entries = u32::try_from(entries).unwrap_or(u32::MAX);
        if entries < count.min {
            self.report(RuleCode::TooFew, found, Detail::Count(count.min))?;
        }
        if entries > count.max {
            self.report(RuleCode::TooMany, found, Detail::Count(count.max))?;
        }
        Flow::Continue(())
    }

    /// Reads the entries of a container; answers where they start.
    fn collect(&mut self, found: Found) -> usize {
        let Scratch { json, entries, .. } = &mut *self.scratch;
        let from = entries.len();
        let mut lexer = Lexer::over(self.text, found.start, &Profile::TRUSTED, json);
        // What was read before is read again without an error.
        let _ = lexer.token();
        if found.kind == Kind::Array {
            while let Ok(Some(value)) = lexer.found() {
                entries.push(Entry { key: None, value, replaced: false });
            }
            return from;
        }
        while let Ok(Some(key)) = lexer.next_key() {
            let key = Some(Key::at(lexer.place(), key));
            let Ok(Some(value)) = lexer.found() else { break };
            entries.push(Entry { key, value, replaced: false });
        }
        from
    }

    /// Marks the members whose key stands again after them, where the profile lets that be.
    fn drop_replaced(&mut self, from: usize) {
        let entries = self.scratch.entries.get_mut(from..).unwrap_or_default();
        if self.duplicates == Duplicates::Refused || entries.len() < 2 {
            return;
        }
        let (text, start) = (self.text, |entry: &Entry| entry.value.start);
        let name = |entry: &Entry| entry.key.map(|key| key.text(text));
        entries.sort_unstable_by(|a, b| name(a).cmp(&name(b)).then(start(a).cmp(&start(b))));
        let mut rest = entries;
        while let [first, tail @ ..] = rest {
            first.replaced = tail.first().is_some_and(|next| name(next) == name(first));
            rest = tail;
        }
        let entries = self.scratch.entries.get_mut(from..).unwrap_or_default();
        entries.sort_unstable_by_key(start);
    }

    fn cell(&self, at: usize) -> Cell {
        self.scratch.cells.get(at).copied().unwrap_or_default()
    }

    /// Goes one step further from the root, and back.
    fn within(&mut self, segment: Segment, check: impl FnOnce(&mut Self) -> Flow) -> Flow {
        self.scratch.path.push(segment);
        let flow = check(self);
        self.scratch.path.pop();
        flow
    }

    fn report(&mut self, code: RuleCode, found: Found, detail: Detail) -> Flow {
        self.keep(Broken { at: found.start, code, found: Some(found), detail })
    }

    /// Keeps a violation, or only the knowledge that there are more than can be kept.
    #[cold]
    fn keep(&mut self, broken: Broken) -> Flow {
        let Scratch { path, findings, .. } = &mut *self.scratch;
        let Broken { at, code, found, detail } = broken;
        let at = self.base.saturating_add(at);
        let place = match self.schema.order {
            Order::Declared => findings.records.len(),
            Order::Sent => findings.records.partition_point(|record| record.at <= at),
        };
        if findings.records.len() >= self.room {
            findings.more = true;
            if self.schema.order == Order::Declared || self.room == 0 {
                return Flow::Break(());
            }
            if place >= self.room {
                return Flow::Continue(());
            }
            findings.records.pop();
        }
        let way = (findings.paths.len(), path.len());
        findings.paths.extend_from_slice(path);
        findings.records.insert(place, Record { code, at, found, detail, path: way });
        Flow::Continue(())
    }
}

/// An object whose members were read: where the cells of its fields start, and its unknown keys.
#[derive(Clone, Copy)]
struct Open<'a> {
    node: &'a ObjectNode,
    cells_from: usize,
    entries_from: usize,
    found: Found,
}

/// A violation before it has a place; `at` counts from the start of the text.
struct Broken {
    at: u32,
    code: RuleCode,
    found: Option<Found>,
    detail: Detail,
}

/// What to call a whole number, in a message.
const INTEGER: &str = "integer";

/// One unit of a quantity.
const UNIT: i128 = Quantity::from_units(1).as_nanos();
