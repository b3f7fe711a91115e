//! Which rule holds for a field? The first whose condition is met, else the field's own.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::super::check::Checker;
use super::super::compile::{Compiler, Place};
use super::super::definition::Rule;
use super::super::scratch::Presence;
use super::Node;
use super::default::DefaultNode;
use super::field::{self, Field, FieldNode};
use super::object::Open;

/// A rule that holds when another field of the same object has one of some texts.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The other field; its default counts when it is not there.
    pub field: String,
    /// The texts.
    #[serde(rename = "in")]
    pub one_of: Vec<String>,
    /// What the value must be then.
    pub is: Rule,
}

/// A compiled [`When`].
#[derive(Debug)]
pub(super) struct WhenNode {
    /// The place of the other field.
    place: usize,
    values: Box<[Box<str>]>,
    pub(super) node: Node,
}

impl Compiler {
    pub(super) fn when(
        &mut self,
        place: &Place,
        when: &When,
        (field, siblings): (&Field, &[Field]),
    ) -> Option<WhenNode> {
        let other = field::find(siblings, &when.field).filter(|_| when.field != field.name);
        if other.is_none() {
            let hint = format!("`{}` is no other field of this object", when.field);
            self.fault(format!("{place}/field"), "schema.no_such_field", &hint);
        }
        if when.one_of.is_empty() {
            let hint = "name at least one text, or leave the condition out";
            self.fault(format!("{place}/in"), "schema.no_options", hint);
        }
        let values = when.one_of.iter().map(|text| Box::from(text.as_str())).collect();
        let node = self.rule(&place.inside("is"), &when.is);
        Some(WhenNode { place: other?, values, node })
    }
}

impl<'a> Checker<'a, '_> {
    /// The rule that holds for a field.
    #[inline]
    pub(super) fn rule(&self, open: Open<'a>, field: &'a FieldNode) -> &'a Node {
        let met = field.when.iter().find(|when| self.is_met(open, when));
        met.map_or(&field.node, |when| &when.node)
    }

    fn is_met(&self, open: Open<'a>, when: &WhenNode) -> bool {
        let Some(other) = open.node.fields.get(when.place) else { return false };
        match self.presence(open, when.place, other) {
            Presence::Absent(_) => match &other.default {
                Some(DefaultNode::Text(text)) => when.values.contains(text),
                _ => false,
            },
            Presence::Sent(found) => found
                .text(self.text)
                .is_some_and(|text| when.values.iter().any(|value| text == **value)),
        }
    }
}
