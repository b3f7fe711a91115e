//! What is the value of a field that is not there?

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::compile::{Compiler, Place};
use super::Node;
use super::field::Field;
use crate::amount::Quantity;

/// A value in a definition: a truth value, a whole number, or text. For a number with a fraction,
/// text in the plain grammar of quantities.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Literal {
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(Quantity),
    /// Text.
    Text(String),
}

impl Serialize for Literal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => match value.as_units() {
                Some(units) => serializer.serialize_i64(units),
                None => serializer.collect_str(value),
            },
            Self::Text(value) => serializer.serialize_str(value),
        }
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LiteralVisitor)
    }
}

struct LiteralVisitor;

impl serde::de::Visitor<'_> for LiteralVisitor {
    type Value = Literal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false, a whole number or text")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Literal, E> {
        Ok(Literal::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, units: i64) -> Result<Literal, E> {
        Ok(Literal::Number(Quantity::from_units(units)))
    }

    fn visit_u64<E: serde::de::Error>(self, units: u64) -> Result<Literal, E> {
        let units = i64::try_from(units).map_err(|_| E::custom("number too large"))?;
        Ok(Literal::Number(Quantity::from_units(units)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Literal, E> {
        Ok(Literal::Text(String::from(text)))
    }
}

/// A compiled [`Literal`].
#[derive(Debug)]
pub(in super::super) enum DefaultNode {
    Bool(bool),
    Number(Quantity),
    Text(Box<str>),
}

impl Compiler {
    /// A default has the type of its rule and stands in an optional field of the root. Its other
    /// rules are not asked: a default may be what no sender may write.
    pub(super) fn default(
        &mut self,
        place: &Place,
        field: &Field,
        node: &Node,
    ) -> Option<DefaultNode> {
        let value = field.default.as_ref()?;
        let at = format!("{place}/default");
        if field.required {
            self.fault(at, "schema.default_unused", "a required field needs no default");
            return None;
        }
        if !place.is_root() {
            self.fault(at, "schema.default_unused", "only fields of the root have defaults");
            return None;
        }
        let default = match (node, value) {
            (Node::Boolean(_) | Node::Any | Node::Scalar, Literal::Bool(value)) => {
                Some(DefaultNode::Bool(*value))
            }
            (Node::Number(_) | Node::Any | Node::Scalar, Literal::Number(number)) => {
                Some(DefaultNode::Number(*number))
            }
            (Node::Number(_), Literal::Text(text)) => text.parse().ok().map(DefaultNode::Number),
            (Node::String(_) | Node::Any | Node::Scalar, Literal::Text(text)) => {
                Some(DefaultNode::Text(Box::from(text.as_str())))
            }
            _ => None,
        };
        if default.is_none() {
            let hint = format!("the default must be of the type {}", node.noun());
            self.fault(at, "schema.default_type", &hint);
        }
        default
    }
}
