//! What must an object with free keys be? So many members, so many bytes, each key and each value
//! of one rule.

use alloc::boxed::Box;

use serde::{Deserialize, Serialize};

use super::super::check::{Broken, Checker, Flow};
use super::super::code::RuleCode;
use super::super::compile::{Compiler, Place};
use super::super::definition::Rule;
use super::super::scratch::{Detail, Entry, Segment};
use super::Node;
use super::count::Counts;
use super::string::{StringNode, StringRule};
use crate::json::{Found, Key, Quoted};

/// What an object with free keys must be.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct MapRule {
    /// What each key must be; any text, when not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<StringRule>,
    /// What each value must be; anything, when not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Box<Rule>>,
    /// The fewest members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count_min: Option<u32>,
    /// The most members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count_max: Option<u32>,
    /// The most bytes, from brace to brace as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_max: Option<u32>,
}

#[derive(Debug)]
pub(in super::super) struct MapNode {
    keys: Option<StringNode>,
    pub(in super::super) values: Node,
    count: Counts,
    bytes_max: u32,
}

impl MapNode {
    /// Whether any members will do.
    pub(in super::super) const fn is_free(&self) -> bool {
        self.bytes_max == u32::MAX && self.has_free_members()
    }

    /// Whether there may be so many members, of so many bytes.
    pub(in super::super) fn fits(&self, members: u32, found: Found) -> bool {
        self.count.admits(members) && found.len() <= self.bytes_max
    }

    /// Whether a key surely breaks no rule: no character takes less than a byte, and each takes some.
    #[inline(always)]
    pub(in super::super) fn surely_admits_key(&self, key: Quoted) -> bool {
        let fits = |keys: &StringNode| {
            keys.free_up_to().is_some_and(|len_max| (1..=len_max).contains(&key.len()))
        };
        self.keys.as_ref().is_none_or(fits)
    }

    const fn has_free_members(&self) -> bool {
        self.keys.is_none() && matches!(self.values, Node::Any) && self.count.is_free()
    }
}

impl Compiler {
    pub(in super::super) fn map(&mut self, place: &Place, rule: &MapRule) -> MapNode {
        let keys = rule.keys.as_ref().map(|keys| self.string(&place.inside("keys"), keys));
        let values = rule.values.as_ref();
        let values = values.map_or(Node::Any, |rule| self.rule(&place.inside("values"), rule));
        let count = self.counts((place, "count_max"), rule.count_min, rule.count_max);
        MapNode { keys, values, count, bytes_max: rule.bytes_max.unwrap_or(u32::MAX) }
    }
}

impl<'a> Checker<'a, '_> {
    pub(in super::super) fn map(&mut self, node: &'a MapNode, found: Found) -> Flow {
        if found.len() > node.bytes_max {
            self.report(RuleCode::Size, found, Detail::Count(node.bytes_max))?;
        }
        if node.has_free_members() {
            return Flow::Continue(());
        }
        let from = self.collect(found);
        self.drop_replaced(from);
        let entries = self.scratch.entries.get(from..).unwrap_or_default();
        let live = entries.iter().filter(|entry| !entry.replaced).count();
        self.count(node.count, live, found)?;
        let mut at = from;
        while let Some(Entry { key, value, replaced }) = self.scratch.entries.get(at).copied() {
            if let (Some(key), false) = (key, replaced) {
                self.enter(Segment::Key(key));
                self.map_member(node, key, value)?;
                self.leave();
            }
            at = at.saturating_add(1);
        }
        self.scratch.entries.truncate(from);
        Flow::Continue(())
    }

    fn map_member(&mut self, node: &'a MapNode, key: Key, value: Found) -> Flow {
        let text = key.text(self.text);
        if node.keys.as_ref().is_some_and(|keys| !keys.holds(text, &mut self.scratch.buffer)) {
            let (at, found) = (key.quote(), Some(value));
            self.keep(Broken { at, code: RuleCode::Key, found, detail: Detail::Nothing })?;
        }
        self.value(&node.values, value)
    }
}
