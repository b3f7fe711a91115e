//! Is this field there, and what must it be? Required or not; what `null` and blank text mean.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::super::along::Along;
use super::super::check::{Broken, Checker, Flow};
use super::super::code::RuleCode;
use super::super::compile::{Compiler, Place};
use super::super::definition::{Messages, Rule};
use super::super::scratch::{Cell, Detail, Presence};
use super::Node;
use super::default::{DefaultNode, Literal};
use super::number::{NumberNode, SureNumber};
use super::object::{Open, Unknown};
use super::sure::Members;
use super::when::{When, WhenNode};
use crate::amount::Quantity;
use crate::json::{Ahead, Found, Glance, Kind, Text};

/// A known key of an object.
///
/// # Example
///
/// ```
/// use weir_core::schema::{Field, NumberRule, Rule};
///
/// let mut seats = Field::new("seats", Rule::Integer(NumberRule::default()));
/// seats.required = true;
/// assert!(serde_json::to_string(&seats)?.starts_with(r#"{"name":"seats","is":{"type":"integer""#));
/// assert!(serde_json::from_str::<Field>(r#"{"name": "seats"}"#).is_err()); // and what is it?
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The key.
    pub name: String,
    /// What its value must be.
    pub is: Rule,
    /// Whether it must be there.
    #[serde(default)]
    pub required: bool,
    /// What `null` means.
    #[serde(default)]
    pub null: Null,
    /// What blank text means.
    #[serde(default)]
    pub blank: Blank,
    /// What its value is when it is not there; at the root only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Literal>,
    /// Rules that take the place of `is`; the first whose condition holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<When>,
    /// What is said of a broken rule of this field.
    #[serde(default)]
    pub messages: Messages,
}

impl Field {
    /// A field that may be left out, but not be `null`.
    #[must_use]
    pub fn new(name: &str, is: Rule) -> Self {
        Self {
            name: String::from(name),
            is,
            required: false,
            null: Null::default(),
            blank: Blank::default(),
            default: None,
            when: Vec::new(),
            messages: Messages::default(),
        }
    }
}

/// What `null` means.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Null {
    /// The same as no such key.
    Absent,
    /// It is a value like any other, and the field is there.
    Kept,
    /// It is of the wrong type.
    #[default]
    Refused,
}

/// What text means that is empty or nothing but white space.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Blank {
    /// It is text like any other.
    #[default]
    Kept,
    /// The same as no such key.
    Missing,
}

#[derive(Debug)]
pub(in super::super) struct FieldNode {
    pub(in super::super) name: Spelling,
    /// Its place among all fields of the schema.
    pub(super) id: u32,
    need: Need,
    pub(in super::super) default: Option<DefaultNode>,
    pub(super) node: Node,
    pub(super) when: Box<[WhenNode]>,
    sure: Sure,
    /// Where the cells start of what is read along with it, if it is a container that is.
    pub(in super::super) inner: Option<usize>,
}

/// A field's name.
#[derive(Debug)]
pub(in super::super) struct Spelling {
    pub(in super::super) plain: Box<str>,
    /// As documents spell it, with its quotes; nothing, if it takes an escape to spell.
    pub(in super::super) quoted: Box<[u8]>,
}

/// What of a field's rules shows at a glance.
#[derive(Clone, Copy, Debug)]
enum Sure {
    Nothing,
    /// Of text, the rule says.
    Rule,
    /// Anything will do that may not count as absent.
    Any,
    /// These numbers will do.
    Number(SureNumber),
    /// Anything of this kind will do.
    Only(Kind),
    /// Text will do, that of so many bytes with its quotes.
    Text {
        len_max: u32,
    },
}

impl Sure {
    fn of(node: &Node, when: &[WhenNode]) -> Self {
        match node {
            Node::Number(number) => Self::of_numbers(number, when),
            _ if !when.is_empty() => Self::Nothing,
            Node::Any => Self::Any,
            Node::Boolean(boolean) if boolean.is_free() => Self::Only(Kind::Boolean),
            Node::Array(array) if array.is_free() => Self::Only(Kind::Array),
            Node::Map(map) if map.is_free() => Self::Only(Kind::Object),
            Node::Object(object) if object.is_free() => Self::Only(Kind::Object),
            Node::String(node) => {
                node.free_up_to().map_or(Self::Rule, |len_max| Self::Text { len_max })
            }
            _ => Self::Nothing,
        }
    }

    /// The numbers that will do whichever rule holds.
    fn of_numbers(number: &NumberNode, when: &[WhenNode]) -> Self {
        let all = when.iter().fold(number.sure(), |sure, when| match &when.node {
            Node::Number(number) => sure?.and(number.sure()?),
            _ => None,
        });
        all.map_or(Self::Nothing, Self::Number)
    }
}

/// What it takes for a field to be there.
#[derive(Clone, Copy, Debug)]
struct Need {
    required: bool,
    null: Null,
    blank: Blank,
}

impl FieldNode {
    /// Whether a value that was just read breaks no rule, so far as that shows at a glance.
    #[inline(always)]
    pub(in super::super) fn surely_holds(
        &self,
        found: Found,
        glance: Glance<'_>,
        number: &mut Option<Quantity>,
    ) -> bool {
        match (&self.sure, found.kind) {
            (Sure::Any, kind) => kind != Kind::Null && kind != Kind::String,
            (Sure::Only(kind), found) => *kind == found,
            // No character takes less than a byte.
            (Sure::Text { len_max }, Kind::String) => {
                found.len() <= *len_max && glance.starts_plainly(found)
            }
            (Sure::Number(sure), Kind::Number) => {
                *number = found.number(glance.text()).and_then(|sent| sure.admits(sent));
                number.is_some()
            }
            (Sure::Rule, Kind::String) => {
                glance.starts_plainly(found) && self.node.surely_holds(found, glance.text())
            }
            _ => false,
        }
    }

    /// Reads its value, if that is an everyday one, into its cell; whether it was.
    pub(in super::super) fn take<'a>(
        &self,
        (ahead, glance): (Ahead, &mut Glance<'a>),
        cell: &mut Cell,
    ) -> bool {
        let (text, mut along) = (glance.text(), Members::of(&self.node));
        let found = glance.value(ahead, |key, value| along.entry(key, value, text));
        let Some(found) = found else { return false };
        cell.found = Some(found);
        cell.holds = self.surely_holds(found, *glance, &mut cell.number)
            || self.when.is_empty() && along.holds(found);
        true
    }

    /// The rule of the container that comes, if it is an array or an object that is read along; maps are
    /// mostly small, and tried at a glance.
    #[inline(always)]
    pub(in super::super) fn along(&self, container: Option<Kind>) -> Option<Along<'_>> {
        self.node
            .along(container)
            .filter(|along| self.inner.is_some() && !matches!(along, Along::Map(_)))
    }

    /// Whether it may be left out.
    #[inline(always)]
    pub(super) const fn is_optional(&self) -> bool {
        !self.need.required
    }

    /// What its cell comes to.
    #[inline(always)]
    pub(in super::super) fn presence(&self, cell: Cell, text: &str) -> Presence {
        let Some(found) = cell.found else { return Presence::Absent(None) };
        let nothing = match found.kind {
            Kind::Null => self.need.null == Null::Absent,
            Kind::String if self.need.blank == Blank::Missing => {
                found.text(text).is_some_and(Text::is_blank)
            }
            _ => false,
        };
        if nothing { Presence::Absent(Some(found)) } else { Presence::Sent(found) }
    }
}

/// The place of the field with this name.
pub(super) fn find(fields: &[Field], name: &str) -> Option<usize> {
    fields.iter().position(|field| field.name == name)
}

impl Compiler {
    pub(super) fn field(&mut self, place: &Place, field: &Field, siblings: &[Field]) -> FieldNode {
        let templates = self.templates(&format!("{place}/messages"), &field.messages);
        let id = self.declare(&field.name, templates);
        let node = self.rule(&place.inside("is"), &field.is);
        let when = field.when.iter().enumerate().filter_map(|(i, when)| {
            self.when(&place.step(&format!("when/{i}")), when, (field, siblings))
        });
        let when: Box<[WhenNode]> = when.collect();
        let sure = Sure::of(&node, &when);
        let default = self.default(place, field, &node);
        let Field { required, null, blank, .. } = *field;
        let need = Need { required, null, blank };
        let name = Spelling { plain: Box::from(field.name.as_str()), quoted: quoted(&field.name) };
        FieldNode { name, id, need, default, node, when, sure, inner: None }
    }
}

/// A name between quotes, if it may stand there as it is.
fn quoted(name: &str) -> Box<[u8]> {
    let escapes = |byte: u8| matches!(byte, b'"' | b'\\' | 0..=0x1F);
    if name.bytes().any(escapes) {
        Box::default()
    } else {
        format!("\"{name}\"").into_bytes().into()
    }
}

impl<'a> Checker<'a, '_> {
    #[inline(always)]
    pub(super) fn field(&mut self, open: Open<'a>, place: usize, field: &'a FieldNode) -> Flow {
        match self.presence(open, place, field) {
            Presence::Sent(found) if found.kind == Kind::Null => match field.need.null {
                Null::Kept => Flow::Continue(()),
                _ => self.report(RuleCode::Type, found, Detail::Noun(field.node.noun())),
            },
            Presence::Sent(found) => match (self.rule(open, field), found.kind) {
                (Node::Number(number), Kind::Number) => {
                    let mut value = None;
                    let flow = self.number(number, found, &mut value);
                    if let Some(cell) = self.scratch.cells.get_mut(open.cell(place)) {
                        cell.number = value;
                    }
                    flow
                }
                (Node::Object(node), Kind::Object)
                    if let Some(inner) = field.inner
                        && node.unknown == Unknown::Ignored =>
                {
                    let (cells_from, entries_from) = (open.cell(inner), self.scratch.entries.len());
                    self.object(Open { node, cells_from, entries_from, found })
                }
                (Node::String(string), Kind::String) => self.string(string, found),
                (rule, _) => self.value(rule, found),
            },
            Presence::Absent(found) if field.need.required => {
                let at = found.unwrap_or(open.found).start;
                self.keep(Broken { at, code: RuleCode::Required, found, detail: Detail::Nothing })
            }
            Presence::Absent(_) => Flow::Continue(()),
        }
    }

    /// Whether the field at a place is there.
    #[inline(always)]
    pub(super) fn presence(&self, open: Open<'a>, place: usize, field: &FieldNode) -> Presence {
        let cell = self.scratch.cells.get(open.cell(place)).copied().unwrap_or_default();
        field.presence(cell, self.text)
    }
}
