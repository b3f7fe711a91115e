//! What did they send? The declared fields of a body that has the shape of a schema.

use core::fmt;

use super::rules::default::DefaultNode;
use super::scratch::{Presence, Scratch};
use super::{Schema, Slot};
use crate::amount::Quantity;
use crate::json::{Kind, Raw, Text};

/// A body that has the shape of a schema. Borrows the body, the schema and the scratch; what is
/// got from it borrows the body and the schema only.
pub struct Event<'a, 's> {
    // INVARIANT: made after every rule was found to hold; `Schema` is the only maker.
    pub(super) schema: &'a Schema,
    pub(super) text: &'a str,
    pub(super) base: u32,
    pub(super) scratch: &'s Scratch,
}

impl<'a> Event<'a, '_> {
    /// The value of a declared field: as sent, or its default, or `None` when it is absent.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<Value<'a>> {
        let field = self.schema.root_fields().get(slot.0)?;
        let cell = self.scratch.cells.get(slot.0)?;
        let found = match field.presence(*cell, self.text) {
            Presence::Absent(_) => return field.default.as_ref().map(Value::from_default),
            Presence::Sent(found) => found,
        };
        let raw = found.raw(self.text, self.base);
        Some(match (found.kind, cell.number) {
            (Kind::Boolean, _) => Value::Bool(raw.as_bool()?),
            (Kind::Null, _) => Value::Null,
            (Kind::Number, Some(number)) => Value::Number(number),
            (Kind::String, _) => Value::Text(raw.as_text()?),
            (Kind::Array | Kind::Number | Kind::Object, _) => Value::Raw(raw),
        })
    }

    /// The members of the root that are not declared, in the order sent, where the schema says
    /// that they are kept; else nothing. Of a key that stands twice, only the last one counts.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::json::Profile;
    /// use weir_core::schema::{Schema, Scratch};
    ///
    /// let open = r#"{"root": {"type": "object", "unknown": "kept", "fields": [
    ///     {"name": "id", "is": {"type": "string"}}
    /// ]}}"#;
    /// let schema = Schema::compile(&serde_json::from_str(open)?).expect("a sound definition");
    /// let mut scratch = Scratch::default();
    /// let event = schema.check(br#"{"id": "a", "x": [1], "y": 2}"#, &Profile::STRICT, &mut scratch);
    /// let event = event.expect("a body of this shape");
    /// assert!(event.others().map(|(_, value)| value.as_str()).eq(["[1]", "2"]));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn others(&self) -> impl Iterator<Item = (Text<'a>, Raw<'a>)> {
        let Self { text, base, .. } = *self;
        let kept = self.scratch.entries.iter().filter(|entry| !entry.replaced);
        kept.filter_map(move |entry| Some((entry.key?.text(text), entry.value.raw(text, base))))
    }
}

impl fmt::Debug for Event<'_, '_> {
    /// The length only: what was sent may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({} bytes)", self.text.len())
    }
}

/// The value of a field.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// A truth value.
    Bool(bool),
    /// A `null` that is kept.
    Null,
    /// A number that its rule asked for.
    Number(Quantity),
    /// A container, or a number of any kind, as it was sent.
    Raw(Raw<'a>),
    /// Text.
    Text(Text<'a>),
}

impl<'a> Value<'a> {
    /// The truth value, if it is one.
    #[must_use]
    pub const fn as_bool(self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The number, if it is one and its rule asked for one.
    #[must_use]
    pub const fn as_number(self) -> Option<Quantity> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The part of the body, if it is kept as it was sent.
    #[must_use]
    pub const fn as_raw(self) -> Option<Raw<'a>> {
        match self {
            Self::Raw(raw) => Some(raw),
            _ => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub const fn as_text(self) -> Option<Text<'a>> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn from_default(default: &'a DefaultNode) -> Self {
        match default {
            DefaultNode::Bool(value) => Self::Bool(*value),
            DefaultNode::Number(number) => Self::Number(*number),
            DefaultNode::Text(text) => Self::Text(Text::new(text, false)),
        }
    }
}
