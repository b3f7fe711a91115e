//! Does this document follow the rules? Fields were found first, and are checked as declared.
//!
//! A document is read once: each declared field has a cell that says where its value stands, so a
//! key that stands twice, a condition on a later field and the order of violations need no care.
//! Then the rules are gone through twice at most: once to see whether they hold, which takes no
//! note of where it is, and only when they do not once more to tell which are broken, and where.
//! How deep that goes is bounded by the schema, not by the document.

use core::ops::ControlFlow;

use super::definition::Order;
use super::rules::Node;
use super::scratch::{Detail, Entry, Record, Scratch, Segment};
use super::{RuleCode, Schema};
use crate::json::{Duplicates, Found, Key, Kind, Lexer, Member, Members, Profile};

/// Whether checking goes on.
pub(super) type Flow = ControlFlow<()>;

/// Checks one document; what it finds goes to the scratch.
pub(super) struct Checker<'a, 's> {
    pub(super) schema: &'a Schema,
    pub(super) text: &'a str,
    /// Where the text stands in the document.
    pub(super) base: u32,
    pub(super) duplicates: Duplicates,
    /// How many violations are kept; with none, checking stops at the first.
    pub(super) room: usize,
    pub(super) scratch: &'s mut Scratch,
}

impl<'a> Checker<'a, '_> {
    /// Checks a value.
    pub(super) fn value(&mut self, node: &'a Node, found: Found) -> Flow {
        match (node, found.kind) {
            (Node::Any, _) => Flow::Continue(()),
            (Node::Array(array), Kind::Array) => self.array(array, found),
            (Node::Boolean(boolean), Kind::Boolean) => self.boolean(boolean, found),
            (Node::Map(map), Kind::Object) => self.map(map, found),
            (Node::Number(number), Kind::Number) => self.number(number, found, &mut None),
            (Node::Object(object), Kind::Object) => self.nested(object, found),
            (Node::Scalar, Kind::Boolean | Kind::Null | Kind::Number | Kind::String) => {
                Flow::Continue(())
            }
            (Node::String(string), Kind::String) => self.string(string, found),
            _ => self.report(RuleCode::Type, found, Detail::Noun(node.noun())),
        }
    }

    /// Reads the entries of a container; answers where they start.
    pub(super) fn collect(&mut self, found: Found) -> usize {
        let Scratch { json, entries, .. } = &mut *self.scratch;
        let from = entries.len();
        // What was read before is read again without an error.
        let lexer = &mut Lexer::over(self.text, found.start, &Profile::TRUSTED, json);
        if found.kind == Kind::Array {
            let _ = lexer.token();
            while let Ok(Some(value)) = lexer.item() {
                entries.push(Entry { key: None, value, replaced: false });
            }
        } else if let Ok(mut members) = Members::open(lexer) {
            let entry = |key, value| Entry { key: Some(key), value, replaced: false };
            loop {
                members.everyday(|key, value| entries.push(entry(Key::new(key), value)));
                let Ok(Member::Likely(key) | Member::Other(key)) = members.next(&[]) else { break };
                let Ok(value) = members.value() else { break };
                entries.push(entry(Key::new(key), value));
            }
        }
        from
    }

    /// Marks the members whose key stands again after them, where the profile lets that be.
    pub(super) fn drop_replaced(&mut self, from: usize) {
        let entries = self.scratch.entries.get_mut(from..).unwrap_or_default();
        if self.duplicates == Duplicates::Refused || entries.len() < 2 {
            return;
        }
        let (text, start) = (self.text, |entry: &Entry| entry.value.start);
        for key in entries.iter_mut().filter_map(|entry| entry.key.as_mut()) {
            key.set_mark(text);
        }
        let order = |a: &Entry, b: &Entry| match (a.key, b.key) {
            (Some(a), Some(b)) => a.order(b, text),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        entries.sort_unstable_by(|a, b| order(a, b).then(start(a).cmp(&start(b))));
        let mut rest = entries;
        while let [first, tail @ ..] = rest {
            first.replaced = tail.first().is_some_and(|next| order(next, first).is_eq());
            rest = tail;
        }
        let entries = self.scratch.entries.get_mut(from..).unwrap_or_default();
        entries.sort_unstable_by_key(start);
    }

    /// Goes one step further from the root; where nobody will ask where, without a trace.
    #[inline(always)]
    pub(super) fn enter(&mut self, segment: Segment) {
        if self.room > 0 {
            self.scratch.path.push(segment);
        }
    }

    /// Goes one step back. Checking that is cut short leaves the way as it is: nobody needs it.
    #[inline(always)]
    pub(super) fn leave(&mut self) {
        if self.room > 0 {
            self.scratch.path.pop();
        }
    }

    #[cold]
    pub(super) fn report(&mut self, code: RuleCode, found: Found, detail: Detail) -> Flow {
        self.keep(Broken { at: found.start, code, found: Some(found), detail })
    }

    /// Keeps a violation, or only the knowledge that there are more than can be kept.
    #[cold]
    pub(super) fn keep(&mut self, broken: Broken) -> Flow {
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

/// A violation before it has a place; `at` counts from the start of the text.
pub(super) struct Broken {
    pub(super) at: u32,
    pub(super) code: RuleCode,
    pub(super) found: Option<Found>,
    pub(super) detail: Detail,
}
