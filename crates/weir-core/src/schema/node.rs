//! What a definition compiles to: rules that refer to fields, options and templates by index.

use alloc::boxed::Box;

use super::definition::{Blank, Null, Unknown};
use super::scratch::Detail;
use super::{Format, RuleCode};
use crate::amount::{Precision, Quantity};
use crate::json::{self, Kind, Text};

/// A compiled [`Rule`](super::definition::Rule).
#[derive(Debug)]
pub(super) enum Node {
    Any,
    Array(ArrayNode),
    Boolean(Option<Choice<bool>>),
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
            Self::Number(number) if number.whole => "integer",
            Self::Number(_) => Kind::Number.name(),
            Self::Scalar => "scalar",
            Self::String(_) => Kind::String.name(),
        }
    }

    /// Whether a value of this kind is of the right type.
    pub(super) fn takes(&self, kind: Kind) -> bool {
        match self {
            Self::Any => true,
            Self::Array(_) => kind == Kind::Array,
            Self::Boolean(_) => kind == Kind::Boolean,
            Self::Map(_) | Self::Object(_) => kind == Kind::Object,
            Self::Number(_) => kind == Kind::Number,
            Self::Scalar => !matches!(kind, Kind::Array | Kind::Object),
            Self::String(_) => kind == Kind::String,
        }
    }
}

#[derive(Debug)]
pub(super) struct ArrayNode {
    pub(super) items: Option<Box<Node>>,
    pub(super) count: Counts,
}

/// How many entries there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) min: u32,
    pub(super) max: u32,
}

#[derive(Debug)]
pub(super) struct MapNode {
    pub(super) keys: Option<StringNode>,
    pub(super) values: Option<Node>,
    pub(super) count: Counts,
    pub(super) bytes_max: u32,
}

/// The only values, and where the schema keeps them as text.
#[derive(Debug)]
pub(super) struct Choice<T> {
    pub(super) code: RuleCode,
    pub(super) values: Box<[T]>,
    pub(super) options: u32,
}

impl<T> Choice<T> {
    /// The rule that a value breaks when it is no option.
    pub(super) fn broken_by(&self, is: impl Fn(&T) -> bool) -> Option<(RuleCode, Detail)> {
        (!self.values.iter().any(is)).then_some((self.code, Detail::Options(self.options)))
    }
}

#[derive(Debug)]
pub(super) struct StringNode {
    pub(super) len: Counts,
    pub(super) choice: Option<Choice<Box<str>>>,
    pub(super) format: Option<Format>,
}

impl StringNode {
    /// Whether any text will do.
    pub(super) const fn is_free(&self) -> bool {
        let Self { len: Counts { min: 0, max: u32::MAX }, choice: None, format: None } = self
        else {
            return false;
        };
        true
    }
}

#[derive(Debug)]
pub(super) struct NumberNode {
    pub(super) whole: bool,
    pub(super) precision: Precision,
    /// In the order min, max, above, below.
    pub(super) limits: Box<[(RuleCode, Quantity)]>,
    pub(super) choice: Option<Choice<Quantity>>,
}

#[derive(Debug)]
pub(super) struct ObjectNode {
    pub(super) fields: Box<[FieldNode]>,
    /// The mark of each field's name, in the same order.
    pub(super) marks: Box<[u64]>,
    pub(super) groups: Box<[GroupNode]>,
    pub(super) unknown: Unknown,
}

impl ObjectNode {
    /// Whether any object will do.
    pub(super) fn is_free(&self) -> bool {
        self.fields.is_empty() && self.unknown == Unknown::Ignored
    }

    /// The place of the field that `key` names; the likely place is tried first.
    pub(super) fn find(&self, key: Text<'_>, likely: usize) -> Option<usize> {
        let Some(plain) = key.as_plain() else {
            return self.fields.iter().position(|field| key == *field.name);
        };
        if self.fields.get(likely).is_some_and(|field| *field.name == *plain) {
            return Some(likely);
        }
        let mark = json::mark(plain.as_bytes());
        let mut places = self.marks.iter().zip(&self.fields);
        places.position(|(known, field)| *known == mark && *field.name == *plain)
    }
}

#[derive(Debug)]
pub(super) struct FieldNode {
    pub(super) name: Box<str>,
    /// Its place among all fields of the schema.
    pub(super) id: u32,
    pub(super) required: bool,
    pub(super) null: Null,
    pub(super) blank: Blank,
    pub(super) default: Option<Default>,
    pub(super) node: Node,
    pub(super) when: Box<[WhenNode]>,
}

impl FieldNode {
    /// Whether `null` is a value.
    pub(super) fn keeps_null(&self) -> bool {
        self.null == Null::Kept
    }

    /// The default, when it is text.
    pub(super) fn default_text(&self) -> Option<&str> {
        match &self.default {
            Some(Default::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// The value of a field that is not there.
#[derive(Debug)]
pub(super) enum Default {
    Bool(bool),
    Number(Quantity),
    Text(Box<str>),
}

/// A rule that holds when the field at a place has one of some texts.
#[derive(Debug)]
pub(super) struct WhenNode {
    pub(super) place: usize,
    pub(super) values: Box<[Box<str>]>,
    pub(super) node: Node,
}

#[derive(Debug)]
pub(super) struct GroupNode {
    pub(super) code: RuleCode,
    pub(super) places: Box<[usize]>,
    pub(super) options: u32,
}
