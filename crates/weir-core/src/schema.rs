//! Does it have our shape? Rules compiled once, and checked in one reading of the document.
//!
//! A [`Schema`] is compiled from a [`Definition`], as it stands in a catalog. Checking a body
//! against it reads the bytes with [`json`](crate::json)'s lexer, without building a tree, and ends
//! in an [`Event`], which gives the declared fields by [`Slot`], or in all the [`Violations`] at
//! once, each with a JSON Pointer, a code, an offset and a message in the schema's own words. Only
//! this room makes an [`Event`], so who has one knows that the rules hold. Whatever the verdict,
//! nothing is allocated once the [`Scratch`] has grown, and neither scratch nor violation holds
//! what was sent, only where it stands.
//!
//! # Rules
//!
//! They are these, and a slow validator can be written from them alone.
//!
//! - A field is *absent* when its key is not there, when it is `null` and its `null` says `absent`,
//!   or when it is blank text and its `blank` says `missing`. An absent field that is required
//!   breaks `required`; another takes its default, if it has one, and breaks nothing.
//! - A `null` that is kept breaks nothing; one that is refused breaks `type`.
//! - Any other value must be of the type that its rule names, else it breaks `type` and nothing
//!   else. The rule is the first of the field's `when` whose other field is, or defaults to, one of
//!   the texts; else the field's own.
//! - Text: `too_short`, `too_long` (in characters), `equals`, `one_of`, `format`. Numbers:
//!   `too_large` or `inexact` or `integer` alone, else `integer`, `min`, `max`, `above`, `below`,
//!   `step`, `equals`, `one_of`. Instants in milliseconds, after rounding to nine fraction digits:
//!   `too_large` alone, else `format` when no `Timestamp` is so early or so late. Arrays: `too_few`,
//!   `too_many`, then each item. Maps: `size`, `too_few`, `too_many`, then for each member its
//!   `key` and its value. Objects: each field, then `at_least_one_of` and `exactly_one_of` for each
//!   group, then `unknown` for each key that is not declared. Each value can break several rules,
//!   and breaks them in this order.
//! - A field is *there* for a group when it is not absent; a default does not put it there.
//! - Where the profile lets a key stand twice, only the last one counts.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/schema.rs`, under the same name.
//!
//! - `same_as_slow_validator`: the violations are those of a validator over a tree, written from
//!   the rules above alone.
//! - `all_violations_in_order`: they come in the order asked for, and are cut after the cap only.
//! - `escaped_keys_are_keys`: however a key or a text is spelled, the answer is the same.
//! - `events_give_what_was_sent`: or the default, or nothing, for each declared field.
//!
//! # Source
//!
//! RFC 6901 for pointers. The rules are ours: those that the three wire contracts need.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::fault::Fault;
use crate::json::{Duplicates, Found, Kind, Lexer, Profile, Raw};

mod along;
mod check;
mod code;
mod compile;
mod definition;
mod event;
mod message;
mod read;
mod rules;
mod scratch;
mod violation;

use check::Checker;
pub use code::RuleCode;
pub use definition::{Definition, Messages, Order, Rule};
pub use event::{Event, Value};
use message::Templates;
use rules::Node;
pub use rules::array::ArrayRule;
pub use rules::boolean::BooleanRule;
pub use rules::default::Literal;
use rules::field::FieldNode;
pub use rules::field::{Blank, Field, Null};
pub use rules::format::Format;
pub use rules::map::MapRule;
pub use rules::number::NumberRule;
use rules::object::Open;
pub use rules::object::{ObjectRule, Unknown};
pub use rules::string::StringRule;
pub use rules::when::When;
pub use scratch::Scratch;
pub use violation::{Masked, Refused, Violation, Violations};

/// A compiled shape.
///
/// # Example
///
/// ```
/// use weir_core::json::Profile;
/// use weir_core::schema::{Refused, Schema, Scratch};
///
/// let definition = serde_json::from_str(
///     r#"{"root": {"type": "object", "fields": [
///         {"name": "id", "required": true, "is": {"type": "string", "len_max": 8}},
///         {"name": "amount", "is": {"type": "number", "above": 0}}
///     ]}}"#,
/// )?;
/// let schema = Schema::compile(&definition).expect("a sound definition");
/// let amount = schema.slot("amount").expect("a declared field");
///
/// let mut scratch = Scratch::default();
/// let event = schema
///     .check(br#"{"amount": 0.5, "id": "a-1", "more": []}"#, &Profile::STRICT, &mut scratch)
///     .expect("a body of this shape");
/// assert_eq!(event.get(amount).and_then(|value| value.as_number()), Some("0.5".parse()?));
///
/// let refused = schema
///     .check(br#"{"amount": 0, "id": 7}"#, &Profile::STRICT, &mut scratch)
///     .expect_err("two broken rules");
/// let Refused::Invalid(violations) = refused else { panic!("it is well formed") };
/// let said: Vec<_> = violations.iter().map(|v| (v.pointer(), v.code(), v.at())).collect();
/// assert_eq!(
///     said,
///     [("/id".into(), "schema.type", 20), ("/amount".into(), "schema.above", 11)],
/// );
/// assert_eq!(
///     violations.to_string(),
///     "`/id` must be a string, not number; `/amount` must be above 0",
/// );
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Schema {
    root: Node,
    /// Every declared field, at whatever depth.
    fields: Box<[FieldTerms]>,
    /// The lists that messages show.
    options: Box<[Box<[Box<str>]>]>,
    messages: Templates,
    root_messages: Templates,
    order: Order,
    violations_max: usize,
}

/// What messages need to know of a field.
#[derive(Debug)]
struct FieldTerms {
    name: Box<str>,
    templates: Templates,
}

/// Where a schema keeps a declared field of its root; resolved once, by [`Schema::slot`].
///
/// Of another schema it names another field, or none.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Slot(usize);

impl Schema {
    /// Compiles a definition.
    ///
    /// # Errors
    ///
    /// All of its faults, in the order of the definition, with pointers into it.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::schema::Schema;
    ///
    /// let twice = serde_json::from_str(
    ///     r#"{"root": {"type": "object", "fields": [
    ///         {"name": "a", "is": {"type": "string", "len_min": 2, "len_max": 1}},
    ///         {"name": "a", "is": {"type": "any"}}
    ///     ]}}"#,
    /// )?;
    /// let faults = Schema::compile(&twice).expect_err("two faults");
    /// let said: Vec<_> = faults.iter().map(|f| (f.pointer.as_str(), f.code)).collect();
    /// assert_eq!(
    ///     said,
    ///     [("/root/fields/0/is/len_max", "schema.empty_range"), ("/root/fields/1/name", "schema.field_twice")],
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn compile(definition: &Definition) -> Result<Self, Vec<Fault>> {
        compile::compile(definition)
    }

    /// The slot of a declared field of the root object.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<Slot> {
        self.root_fields().iter().position(|field| *field.name.plain == *name).map(Slot)
    }

    /// Reads a body and checks it.
    ///
    /// # Errors
    ///
    /// [`Refused::Syntax`] when it is not well formed, whatever else is wrong with it; else
    /// [`Refused::Invalid`] with all violations, up to the schema's cap.
    pub fn check<'a, 's>(
        &'a self,
        body: &'a [u8],
        profile: &Profile,
        scratch: &'s mut Scratch,
    ) -> Result<Event<'a, 's>, Refused<'a, 's>> {
        scratch.clear();
        let Scratch { json, cells, entries, .. } = &mut *scratch;
        let lexer = Lexer::new(body, profile, json)?;
        let text = lexer.text();
        let (found, holds) = read::document(&self.root, lexer, cells, entries)?;
        self.judge(Sent { text, base: 0, found, holds, duplicates: profile.duplicates }, scratch)
    }

    /// Reads a part of a body and checks it; offsets stay those of the whole body.
    ///
    /// # Errors
    ///
    /// Like [`Schema::check`].
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::json::Profile;
    /// use weir_core::schema::{Schema, Scratch};
    ///
    /// let envelope = r#"{"root": {"type": "object", "fields": [
    ///     {"name": "data", "required": true, "is": {"type": "object"}}
    /// ]}}"#;
    /// let data = r#"{"root": {"type": "object", "fields": [
    ///     {"name": "n", "required": true, "is": {"type": "integer"}}
    /// ]}}"#;
    /// let compile = |text| Schema::compile(&serde_json::from_str(text).unwrap()).unwrap();
    /// let (envelope, data) = (compile(envelope), compile(data));
    ///
    /// let mut scratch = Scratch::default();
    /// let body = br#"{"data": {"n": true}}"#;
    /// let event = envelope.check(body, &Profile::STRICT, &mut scratch).unwrap();
    /// let part = event.get(envelope.slot("data").unwrap()).unwrap().as_raw().unwrap();
    /// let refused = data.check_part(part, &Profile::STRICT, &mut scratch).unwrap_err();
    /// assert_eq!(refused.to_string(), "`/n` must be an integer, not boolean");
    /// ```
    pub fn check_part<'a, 's>(
        &'a self,
        part: Raw<'a>,
        profile: &Profile,
        scratch: &'s mut Scratch,
    ) -> Result<Event<'a, 's>, Refused<'a, 's>> {
        scratch.clear();
        let Scratch { json, cells, entries, .. } = &mut *scratch;
        let lexer = Lexer::again(part, profile, json);
        let (found, holds) = read::document(&self.root, lexer, cells, entries)?;
        let (text, base) = (part.as_str(), part.at());
        self.judge(Sent { text, base, found, holds, duplicates: profile.duplicates }, scratch)
    }

    /// Whether a body has this shape; stops at the first thing wrong.
    #[must_use]
    pub fn is_valid(&self, body: &[u8], profile: &Profile, scratch: &mut Scratch) -> bool {
        scratch.clear();
        let Scratch { json, cells, entries, .. } = &mut *scratch;
        let Ok(lexer) = Lexer::new(body, profile, json) else { return false };
        let text = lexer.text();
        let Ok((found, holds)) = read::document(&self.root, lexer, cells, entries) else {
            return false;
        };
        self.holds(Sent { text, base: 0, found, holds, duplicates: profile.duplicates }, 0, scratch)
    }

    fn judge<'a, 's>(
        &'a self,
        sent: Sent<'a>,
        scratch: &'s mut Scratch,
    ) -> Result<Event<'a, 's>, Refused<'a, 's>> {
        let Sent { text, base, .. } = sent;
        let read = (scratch.cells.len(), scratch.entries.len());
        if self.holds(sent, 0, scratch) {
            return Ok(Event { schema: self, text, base, scratch });
        }
        scratch.forget_all_but(read);
        self.holds(sent, self.violations_max, scratch);
        Err(Refused::Invalid(Violations { schema: self, text, scratch }))
    }

    /// Whether no rule is broken; keeps up to `room` violations.
    fn holds(&self, sent: Sent<'_>, room: usize, scratch: &mut Scratch) -> bool {
        let Sent { text, base, found, holds, duplicates } = sent;
        let Some(found) = found.filter(|_| !holds) else { return true };
        let mut checker = Checker { schema: self, text, base, duplicates, room, scratch };
        let flow = match &self.root {
            // Its members were read into the first cells.
            Node::Object(node) if found.kind == Kind::Object => {
                checker.object(Open { node, cells_from: 0, entries_from: 0, found })
            }
            node => checker.value(node, found),
        };
        // Cut short or not, what was found shows in the findings.
        flow.is_continue() && scratch.findings.records.is_empty() && !scratch.findings.more
    }

    fn root_fields(&self) -> &[FieldNode] {
        match &self.root {
            Node::Object(node) => &node.fields,
            _ => &[],
        }
    }

    /// The list that messages show under this number.
    fn options(&self, number: u32) -> &[Box<str>] {
        let options = usize::try_from(number).ok().and_then(|at| self.options.get(at));
        options.map(|options| &**options).unwrap_or_default()
    }
}

/// A document that is well formed and not checked yet.
#[derive(Clone, Copy)]
struct Sent<'a> {
    text: &'a str,
    base: u32,
    found: Option<Found>,
    /// Whether it was seen to break no rule; if not, it may still be so.
    holds: bool,
    duplicates: Duplicates,
}
