//! What must an object with known keys be? Each field of its rule, groups, and what other keys mean.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::super::along::Along;
use super::super::check::{Broken, Checker, Flow};
use super::super::code::RuleCode;
use super::super::compile::{Compiler, Place};
use super::super::read;
use super::super::scratch::{Cell, Detail, Entry, Scratch, Segment};
use super::Node;
use super::field::{Field, FieldNode};
use super::group::GroupNode;
use crate::json::{self, Found, Kind, Lexer, Profile, Text};

/// What an object with known keys must be.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectRule {
    /// The known fields, in the order in which they are reported.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// What other keys mean.
    pub unknown: Unknown,
    /// Of each group of fields, one at least must be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub at_least_one_of: Vec<Vec<String>>,
    /// Of each group of fields, one and no other must be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exactly_one_of: Vec<Vec<String>>,
}

/// What keys that are not declared mean.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// Nothing.
    #[default]
    Ignored,
    /// They are no violation, and those of the root are given by
    /// [`Event::others`](crate::schema::Event::others).
    Kept,
    /// Each is a violation.
    Refused,
}

#[derive(Debug)]
pub(in super::super) struct ObjectNode {
    pub(in super::super) fields: Box<[FieldNode]>,
    /// The mark of each field's name, in the same order.
    marks: Box<[u64]>,
    groups: Box<[GroupNode]>,
    pub(in super::super) unknown: Unknown,
    /// How many cells it takes: one a field, and those of the objects that are read with it.
    pub(in super::super) cells: usize,
    /// Whether one without members surely breaks no rule.
    pub(super) admits_empty: bool,
}

impl ObjectNode {
    /// Whether any object will do.
    pub(in super::super) fn is_free(&self) -> bool {
        self.fields.is_empty() && self.unknown != Unknown::Refused
    }

    /// Whether an object surely breaks no rule; `cells` are those of its fields, and `others` tells
    /// whether unknown keys were noted.
    #[inline]
    pub(in super::super) fn surely_holds(&self, cells: &[Cell], others: bool) -> bool {
        let holds = |(cell, field): (&Cell, &FieldNode)| {
            cell.holds || cell.found.is_none() && field.is_optional()
        };
        self.groups.is_empty() && !others && cells.iter().zip(&self.fields).all(holds)
    }

    /// How a document most likely spells the next key.
    #[inline]
    pub(in super::super) fn likely(&self, place: usize) -> &[u8] {
        self.fields.get(place).map(|field| &*field.name.quoted).unwrap_or_default()
    }

    /// The place of the field that `key` names, which most likely is `likely` or comes after it.
    pub(in super::super) fn find(&self, key: Text<'_>, likely: usize) -> Option<usize> {
        let Some(plain) = key.as_plain() else {
            return self.fields.iter().position(|field| key == *field.name.plain);
        };
        let mark = json::mark(plain.as_bytes());
        // What is likely may come from another schema, which had more fields.
        let (before, after) = self.marks.split_at_checked(likely).unwrap_or((&self.marks, &[]));
        let behind = after.iter().position(|known| *known == mark);
        let at = match behind {
            Some(further) => likely.saturating_add(further),
            None => before.iter().position(|known| *known == mark)?,
        };
        match self.fields.get(at) {
            Some(field) if *field.name.plain == *plain => Some(at),
            // Another name with the same mark stands before it, or it is none.
            _ => self.fields.iter().position(|field| *field.name.plain == *plain),
        }
    }

    /// The rule of the field at a place, if what comes is a container that is read along with it; and
    /// where the cells for that start.
    #[inline]
    pub(in super::super) fn inner(
        &self,
        place: usize,
        container: Option<Kind>,
    ) -> Option<(Along<'_>, usize)> {
        let field = self.fields.get(place)?;
        let from = field.inner?;
        Some((field.node.along(container)?, from))
    }

    /// The rule of the field at a place, if that is of an object that is read along with it; and where
    /// the cells for that start.
    #[inline]
    pub(in super::super) fn object(&self, place: usize) -> Option<(&Self, usize)> {
        let field = self.fields.get(place)?;
        match &field.node {
            Node::Object(object) => Some((object, field.inner?)),
            _ => None,
        }
    }
}

/// An object whose members were read: where the cells of its fields start, and its unknown keys.
#[derive(Clone, Copy)]
pub(in super::super) struct Open<'a> {
    pub(in super::super) node: &'a ObjectNode,
    pub(in super::super) cells_from: usize,
    pub(in super::super) entries_from: usize,
    pub(in super::super) found: Found,
}

impl Open<'_> {
    /// Where a cell of this object is among all.
    #[inline]
    pub(super) const fn cell(self, place: usize) -> usize {
        self.cells_from.saturating_add(place)
    }
}

impl Compiler {
    pub(in super::super) fn object(&mut self, place: &Place, rule: &ObjectRule) -> ObjectNode {
        let ObjectRule { fields: declared, unknown, .. } = rule;
        if declared.len() > FIELDS_MAX {
            let hint = format!("at most {FIELDS_MAX} fields");
            self.fault(format!("{place}/fields"), "schema.too_many_fields", &hint);
        }
        let nodes = declared.iter().enumerate().map(|(i, field)| {
            let place = place.step(&format!("fields/{i}"));
            if declared.iter().take(i).any(|before| before.name == field.name) {
                let hint = format!("`{}` is declared before", field.name);
                self.fault(format!("{place}/name"), "schema.field_twice", &hint);
            }
            self.field(&place, field, declared)
        });
        let mut fields: Box<[FieldNode]> = nodes.collect();
        let mut cells = fields.len();
        for field in &mut fields {
            if field.when.is_empty() && field.node.is_along() {
                field.inner = Some(cells);
                cells = cells.saturating_add(field.node.cells());
            }
        }
        let groups = self.groups(place, rule);
        let marks = declared.iter().map(|field| json::mark(field.name.as_bytes())).collect();
        // An object inside another one is kept as it was sent, so its keys are too.
        let nested_kept = *unknown == Unknown::Kept && !place.is_root();
        let unknown = if nested_kept { Unknown::Ignored } else { *unknown };
        let admits_empty = groups.is_empty() && fields.iter().all(FieldNode::is_optional);
        ObjectNode { fields, marks, groups, unknown, cells, admits_empty }
    }
}

impl<'a> Checker<'a, '_> {
    /// Reads an object and checks it.
    pub(in super::super) fn nested(&mut self, node: &'a ObjectNode, found: Found) -> Flow {
        if node.is_free() {
            return Flow::Continue(());
        }
        let Scratch { json, cells, entries, .. } = &mut *self.scratch;
        let (cells_from, entries_from) = (read::make_room(cells, node), entries.len());
        let lexer = &mut Lexer::over(self.text, found.start, &Profile::TRUSTED, json);
        let own = cells.get_mut(cells_from..).unwrap_or_default();
        // What was read before is read again without an error.
        let _ = read::object(lexer, node, own, entries);
        let flow = self.object(Open { node, cells_from, entries_from, found });
        self.scratch.cells.truncate(cells_from);
        self.scratch.entries.truncate(entries_from);
        flow
    }

    /// Checks an object whose members were read.
    pub(in super::super) fn object(&mut self, open: Open<'a>) -> Flow {
        let Open { node, entries_from, .. } = open;
        let own = open.cell(0)..open.cell(node.fields.len());
        let own = self.scratch.cells.get(own).unwrap_or_default();
        if self.room == 0 && node.surely_holds(own, self.scratch.entries.len() > entries_from) {
            return Flow::Continue(());
        }
        self.fields(open)?;
        for group in &node.groups {
            self.group(group, open)?;
        }
        if node.unknown == Unknown::Ignored {
            return Flow::Continue(());
        }
        self.drop_replaced(entries_from);
        if node.unknown == Unknown::Refused {
            self.unknown(entries_from)
        } else {
            Flow::Continue(())
        }
    }

    fn fields(&mut self, open: Open<'a>) -> Flow {
        for (place, field) in open.node.fields.iter().enumerate() {
            let cell = self.scratch.cells.get(open.cell(place));
            if self.room == 0 && cell.is_some_and(|cell| cell.holds) {
                continue;
            }
            self.enter(Segment::Field(field.id));
            self.field(open, place, field)?;
            self.leave();
        }
        Flow::Continue(())
    }

    fn unknown(&mut self, entries_from: usize) -> Flow {
        let mut at = entries_from;
        while let Some(Entry { key, value, replaced }) = self.scratch.entries.get(at).copied() {
            if let (Some(key), false) = (key, replaced) {
                let (at, code) = (key.quote(), RuleCode::Unknown);
                let broken = Broken { at, code, found: Some(value), detail: Detail::Nothing };
                self.enter(Segment::Key(key));
                self.keep(broken)?;
                self.leave();
            }
            at = at.saturating_add(1);
        }
        Flow::Continue(())
    }
}

/// Ours: the most that a body's keys are compared with.
const FIELDS_MAX: usize = 256;
