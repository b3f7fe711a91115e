//! What are the rules? One file each: how it is declared, compiled and checked.

use alloc::boxed::Box;

use super::compile::{Compiler, Place};
use super::definition::Rule;
use crate::json::Kind;

pub(super) mod array;
pub(super) mod boolean;
pub(super) mod choice;
pub(super) mod count;
pub(super) mod default;
pub(super) mod field;
pub(super) mod format;
pub(super) mod group;
pub(super) mod map;
pub(super) mod number;
pub(super) mod object;
pub(super) mod string;
pub(super) mod sure;
pub(super) mod when;

use array::ArrayNode;
use boolean::BooleanNode;
use map::MapNode;
use number::NumberNode;
use object::ObjectNode;
use string::StringNode;

/// A compiled [`Rule`].
#[derive(Debug)]
pub(super) enum Node {
    Any,
    Array(ArrayNode),
    Boolean(BooleanNode),
    Map(Box<MapNode>),
    Number(NumberNode),
    Object(ObjectNode),
    Scalar,
    String(StringNode),
}

impl Node {
    /// What to call the type, in a message.
    pub(super) const fn noun(&self) -> &'static str {
        match self {
            Self::Any => "value",
            Self::Array(_) => Kind::Array.name(),
            Self::Boolean(_) => Kind::Boolean.name(),
            Self::Map(_) | Self::Object(_) => Kind::Object.name(),
            Self::Number(number) => number.noun(),
            Self::Scalar => "scalar",
            Self::String(_) => Kind::String.name(),
        }
    }

    /// How many cells the objects take that are read along with it.
    pub(super) fn cells(&self) -> usize {
        match self {
            Self::Array(array) => array.items.cells(),
            Self::Map(map) => map.values.cells(),
            Self::Object(object) => object.cells,
            _ => 0,
        }
    }
}

impl Compiler {
    pub(super) fn rule(&mut self, place: &Place, rule: &Rule) -> Node {
        if !self.fits(place) {
            return Node::Any;
        }
        match rule {
            Rule::Any {} => Node::Any,
            Rule::Scalar {} => Node::Scalar,
            Rule::Array(array) => Node::Array(self.array(place, array)),
            Rule::Boolean(boolean) => Node::Boolean(self.boolean(boolean)),
            Rule::EpochMs {} => Node::Number(NumberNode::epoch_ms()),
            Rule::Integer(number) => Node::Number(self.integer(place, number)),
            Rule::Map(map) => Node::Map(Box::new(self.map(place, map))),
            Rule::Number(number) => Node::Number(self.number(place, number)),
            Rule::Object(object) => Node::Object(self.object(place, object)),
            Rule::String(string) => Node::String(self.string(place, string)),
        }
    }
}
