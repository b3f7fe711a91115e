//! How is a shape written down? The JSON form of a schema, as it stands in a catalog.
//!
//! A Rust program builds the same types. Lists keep the order of declaration, which is the order
//! in which violations are reported; that is why an object's fields are an array.

use alloc::collections::BTreeMap;
use alloc::string::String;
use core::num::NonZeroU16;

use serde::{Deserialize, Serialize};

use super::RuleCode;
use super::rules::array::ArrayRule;
use super::rules::boolean::BooleanRule;
use super::rules::map::MapRule;
use super::rules::number::NumberRule;
use super::rules::object::ObjectRule;
use super::rules::string::StringRule;

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

impl Definition {
    /// A definition with the messages, the order and the cap that stand where none is declared.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::json::Profile;
    /// use weir_core::schema::{Definition, Field, ObjectRule, Rule, Schema, Scratch, StringRule};
    ///
    /// let id = StringRule { len_max: Some(8), ..StringRule::default() };
    /// let mut id = Field::new("id", Rule::String(id));
    /// id.required = true;
    /// let root = ObjectRule { fields: vec![id], ..ObjectRule::default() };
    /// let schema = Schema::compile(&Definition::new(Rule::Object(root))).expect("no fault");
    ///
    /// let mut scratch = Scratch::default();
    /// assert!(schema.is_valid(br#"{"id": "a-1"}"#, &Profile::STRICT, &mut scratch));
    /// assert!(!schema.is_valid(br#"{"id": 1}"#, &Profile::STRICT, &mut scratch));
    /// ```
    #[must_use]
    pub fn new(root: Rule) -> Self {
        Self {
            root,
            messages: Messages::default(),
            root_messages: Messages::default(),
            order: Order::default(),
            violations_max: violations_max(),
        }
    }
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
    /// An instant: a number of milliseconds since 1970, with or without a fraction, that a
    /// [`Timestamp`](crate::time::Timestamp) holds.
    EpochMs {},
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

/// Ours: a person reads no further, and a sender with more faults has one cause.
fn violations_max() -> NonZeroU16 {
    const DEFAULT: NonZeroU16 = NonZeroU16::MIN.saturating_add(63);
    DEFAULT
}
