//! Does a value that was just read surely hold? What shows at a glance; the rest is left to the
//! checker.

use super::Node;
use crate::json::{Found, Kind, Quoted, Text};

impl Node {
    /// Whether a value surely breaks no rule.
    pub(in super::super) fn surely_holds(&self, found: Found, text: &str) -> bool {
        match (self, found.kind) {
            (Self::Any, _) => true,
            (Self::Array(array), Kind::Array) => array.is_free(),
            (Self::Boolean(boolean), Kind::Boolean) => boolean.is_free(),
            (Self::Map(map), Kind::Object) => map.is_free(),
            (Self::Number(node), Kind::Number) => {
                found.number(text).and_then(|sent| node.surely_admits(sent)).is_some()
            }
            (Self::Object(object), Kind::Object) => object.is_free(),
            (Self::Scalar, kind) => kind != Kind::Array && kind != Kind::Object,
            (Self::String(node), Kind::String) => {
                found.text(text).and_then(Text::as_plain).is_some_and(|t| node.surely_admits(t))
            }
            _ => false,
        }
    }

    /// Whether an empty container surely breaks no rule.
    pub(in super::super) fn surely_admits_empty(&self, found: Found) -> bool {
        match (self, found.kind) {
            (Self::Any, _) => true,
            (Self::Array(array), Kind::Array) => array.fits(0),
            (Self::Map(map), Kind::Object) => map.fits(0, found),
            (Self::Object(object), Kind::Object) => object.admits_empty,
            _ => false,
        }
    }
}

/// Reads along with a map whose members are seen one by one, each key without an escape.
pub(super) struct Members<'n> {
    node: &'n Node,
    members: u32,
    holds: bool,
}

impl<'n> Members<'n> {
    pub(super) const fn of(node: &'n Node) -> Self {
        Self { node, members: 0, holds: true }
    }

    /// Sees one more member, or an item of what is no map.
    #[inline(always)]
    pub(super) fn entry(&mut self, key: Option<Quoted>, value: Found, text: &str) {
        self.members = self.members.wrapping_add(1); // Each takes a byte of a text of 2³² at most.
        self.holds = self.holds
            && match (self.node, key) {
                (Node::Map(map), Some(key)) => {
                    map.surely_admits_key(key)
                        && (matches!(map.values, Node::Any) || map.values.surely_holds(value, text))
                }
                _ => false,
            };
    }

    /// Whether the value, which is `found`, is a map that surely breaks no rule.
    pub(super) fn holds(&self, found: Found) -> bool {
        let fits = match (self.node, found.kind) {
            (Node::Map(map), Kind::Object) => map.fits(self.members, found),
            _ => false,
        };
        fits && self.holds
    }
}
