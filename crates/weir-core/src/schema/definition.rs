//! How is a shape written down? The JSON form of a schema, as it stands in a catalog.
//!
//! A Rust program builds the same types. Lists keep the order of declaration, which is the order
//! in which violations are reported; that is why an object's fields are an array.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroU16;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Format, RuleCode};
use crate::amount::{Precision, Quantity};

/// A schema before it is compiled.
///
/// # Example
///
/// ```
/// use weir_core::schema::{Definition, Schema};
///
/// let definition: Definition = serde_json::from_str(
///     r#"{
///         "messages": {"required": "{field} is required."},
///         "root": {"type": "object", "fields": [
///             {"name": "id", "required": true, "blank": "missing", "is": {"type": "string"}},
///             {"name": "count", "default": 1, "is": {"type": "integer", "min": 1}}
///         ]}
///     }"#,
/// )?;
/// assert!(Schema::compile(&definition).is_ok());
///
/// // A key that means nothing is refused, never ignored.
/// let typo = r#"{"root": {"type": "string", "len_maximum": 3}}"#;
/// assert!(serde_json::from_str::<Definition>(typo).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// What the document must be.
    pub root: Rule,
    /// What is said of a broken rule, by rule.
    #[serde(default)]
    pub messages: Messages,
    /// The same where the document itself breaks a rule, not one of its fields.
    #[serde(default)]
    pub root_messages: Messages,
    /// In which order violations are reported.
    #[serde(default)]
    pub order: Order,
    /// How many violations are reported; more are only known to exist.
    #[serde(default = "violations_max")]
    pub violations_max: NonZeroU16,
}

/// Templates for people, by the rule that was broken.
///
/// # Shape
///
/// A template is text with placeholders: `{field}` the name of the field, `{path}` its dotted path,
/// `{pointer}` its JSON Pointer, `{place}` the pointer in backticks or `the document`, `{expected}`
/// what the rule wants (a type, a number, a list), `{an_expected}` the same after `a` or `an`, and
/// `{received}` the type of what was sent, `undefined` when nothing was.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Messages {
    /// For every rule that has no template of its own here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub any: Option<String>,
    /// For one rule.
    #[serde(flatten)]
    pub by_code: BTreeMap<RuleCode, String>,
}

/// The order in which violations are reported.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As fields are declared; then an object's groups, then its unknown keys. Items of arrays and
    /// members of maps as they were sent.
    #[default]
    Declared,
    /// As the values stand in the document. What is missing stands where its object starts; two
    /// violations at one place keep the declared order.
    Sent,
}

/// What a value must be.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// Anything; kept as it was sent.
    Any {},
    /// A list.
    Array(ArrayRule),
    /// A truth value; never 0 or 1.
    Boolean(BooleanRule),
    /// A whole number, however it is spelled: `1e3` and `2.0` are.
    Integer(NumberRule),
    /// An object whose keys are data.
    Map(MapRule),
    /// A number; never text.
    Number(NumberRule),
    /// An object whose keys are names. Without rules, any object, kept as it was sent.
    Object(ObjectRule),
    /// Text, a number, a truth value or null; kept as it was sent.
    Scalar {},
    /// Text.
    String(StringRule),
}

/// What text must be.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct StringRule {
    /// The fewest characters (Unicode scalar values).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub len_min: Option<u32>,
    /// The most characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub len_max: Option<u32>,
    /// The only text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// The only texts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
    /// The grammar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
}

/// What a number must be.
///
/// # Units
///
/// Limits are quantities: whole JSON numbers, or decimals in a string such as `"0.5"`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumberRule {
    /// The least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Quantity>,
    /// The greatest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Quantity>,
    /// What it must be more than.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<Quantity>,
    /// What it must be less than.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<Quantity>,
    /// The only number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<Quantity>,
    /// The only numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<Quantity>,
    /// What happens to fraction digits after the ninth: `exact` refuses them, `nearest` rounds.
    #[serde(with = "PrecisionText")]
    pub precision: Precision,
}

impl Default for NumberRule {
    fn default() -> Self {
        Self {
            min: None,
            max: None,
            above: None,
            below: None,
            equals: None,
            one_of: Vec::new(),
            precision: Precision::Exact,
        }
    }
}

/// What a truth value must be.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct BooleanRule {
    /// The only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<bool>,
}

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

/// What an object with known keys must be.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectRule {
    /// The known fields, in the order in which they are reported.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// What other keys mean.
    pub unknown: Unknown,
    /// Of each group of fields, one at least must be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub at_least_one_of: Vec<Vec<String>>,
    /// Of each group of fields, one and no other must be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exactly_one_of: Vec<Vec<String>>,
}

/// A known key of an object.
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

/// What keys that are not declared mean.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// Nothing.
    #[default]
    Ignored,
    /// Each is a violation.
    Refused,
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

/// How a [`Precision`] is written.
#[derive(Deserialize, Serialize)]
#[serde(remote = "Precision", rename_all = "snake_case")]
enum PrecisionText {
    Exact,
    Nearest,
}

/// Ours: a person reads no further, and a sender with more faults has one cause.
fn violations_max() -> NonZeroU16 {
    const DEFAULT: NonZeroU16 = NonZeroU16::MIN.saturating_add(63);
    DEFAULT
}
