//! What must a list be? So many items, and each of one rule.

use alloc::boxed::Box;

use serde::{Deserialize, Serialize};

use super::super::check::{Checker, Flow};
use super::super::compile::{Compiler, Place};
use super::super::definition::Rule;
use super::super::scratch::Segment;
use super::Node;
use super::count::Counts;
use crate::json::Found;

/// What a list must be.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ArrayRule {
    /// What each item must be; anything, when not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Rule>>,
    /// The fewest items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count_min: Option<u32>,
    /// The most items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count_max: Option<u32>,
}

#[derive(Debug)]
pub(in super::super) struct ArrayNode {
    pub(in super::super) items: Box<Node>,
    count: Counts,
}

impl ArrayNode {
    /// Whether any items will do.
    pub(in super::super) fn is_free(&self) -> bool {
        matches!(*self.items, Node::Any) && self.count.is_free()
    }

    /// Whether there may be so many items.
    pub(in super::super) fn fits(&self, items: u32) -> bool {
        self.count.admits(items)
    }
}

impl Compiler {
    pub(in super::super) fn array(&mut self, place: &Place, rule: &ArrayRule) -> ArrayNode {
        let items = rule.items.as_ref();
        let items = items.map_or(Node::Any, |rule| self.rule(&place.inside("items"), rule));
        let count = self.counts((place, "count_max"), rule.count_min, rule.count_max);
        ArrayNode { items: Box::new(items), count }
    }
}

impl<'a> Checker<'a, '_> {
    pub(in super::super) fn array(&mut self, node: &'a ArrayNode, found: Found) -> Flow {
        if node.is_free() {
            return Flow::Continue(());
        }
        let from = self.collect(found);
        let items = self.scratch.entries.len().saturating_sub(from);
        self.count(node.count, items, found)?;
        let mut at = from;
        while let Some(entry) = self.scratch.entries.get(at).copied() {
            let index = u32::try_from(at.saturating_sub(from)).unwrap_or(u32::MAX);
            self.enter(Segment::Index(index));
            self.value(&node.items, entry.value)?;
            self.leave();
            at = at.saturating_add(1);
        }
        self.scratch.entries.truncate(from);
        Flow::Continue(())
    }
}
