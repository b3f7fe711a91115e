//! How do we say a shape to others? Schemas as JSON Schema 2020-12, and the form of a catalog.
//!
//! [`schema`] writes what a [`Definition`] asks for in the dialect that editors, generators and
//! other validators read; [`CATALOG`] says in it what a catalog is. Grammars of text are given as
//! patterns, which validators apply, and not as formats, which they need not.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests`, under the same name: the first in `export.rs`, the other
//! in `catalog_format.rs`.
//!
//! - `export_agrees`: a validator of JSON Schema and our own say the same of every document, save
//!   for what is listed below.
//! - `catalog_agrees`: what we cannot read, the schema of catalogs refuses, and it refuses nothing
//!   that we take, save for what is listed there.
//!
//! # What JSON Schema cannot say
//!
//! What follows is not in an exported schema, or only as a `$comment`; [`Schema`] refuses it
//! nevertheless.
//!
//! - A key that stands twice, bytes that are no JSON, and the bounds of a profile.
//! - `bytes_max`: how many bytes a map has.
//! - Numbers that no quantity holds: more than nine fraction digits under `exact`, or 1.7 × 10²⁹
//!   and more. Under `nearest` we round first and compare then: 1.0000000001 is at most 1.
//! - Validators that read numbers as doubles lose digits after the fifteenth or so, of limits too;
//!   a limit that a double does not hold has a `$comment`.
//! - Formats: days that the calendar does not have, quantities and spans past their range, host
//!   names and addresses that are too long as a whole, and local parts of addresses that are too
//!   long in bytes.
//!
//! Messages, the order of violations and their greatest number have no counterpart.

use serde_json::{Map, Value};
use weir_core::fault::Fault;
use weir_core::schema::{Definition, Schema};

mod object;
mod pattern;
mod rule;

/// The schema of catalogs: for editors that complete and check them, with a line on each key.
///
/// What refers to something else (a limit to its feature, say) is for [`crate::catalog::compile`]
/// to find.
///
/// # Shape
///
/// A JSON Schema 2020-12. It refuses what is read but not advised: an array for an object's fields
/// in order, `{"lifetime": null}` for `"lifetime"`, a number for the type of a rule. And it takes
/// `1.0` for `1`, which is not read.
///
/// # Example
///
/// ```
/// let schema: serde_json::Value = serde_json::from_str(weir::export::CATALOG)?;
/// assert_eq!(schema["properties"]["plans"]["description"], "What is sold: limits, by name.");
/// assert_eq!(schema["additionalProperties"], false); // a key that means nothing is refused
/// # Ok::<(), serde_json::Error>(())
/// ```
pub const CATALOG: &str = include_str!("export/catalog.json");

/// A definition as JSON Schema 2020-12.
///
/// # Errors
///
/// All of its faults, as [`Schema::compile`] finds them: what cannot be checked is not exported.
///
/// # Example
///
/// ```
/// let definition = serde_json::from_str(
///     r#"{"root": {"type": "object", "unknown": "refused", "fields": [
///         {"name": "id", "required": true, "is": {"type": "string", "len_max": 8}},
///         {"name": "amount", "null": "absent", "is": {"type": "number", "above": "0.5"}}
///     ]}}"#,
/// )?;
/// let schema = weir::export::schema(&definition).expect("a sound definition");
/// assert_eq!(schema["required"], serde_json::json!(["id"]));
/// assert_eq!(
///     schema["properties"]["amount"],
///     serde_json::json!({"type": ["number", "null"], "exclusiveMinimum": 0.5}),
/// );
///
/// let empty = serde_json::from_str(r#"{"root": {"type": "number", "min": 2, "max": 1}}"#)?;
/// let faults = weir::export::schema(&empty).expect_err("no number is that");
/// assert_eq!(faults[0].pointer, "/root/max");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn schema(definition: &Definition) -> Result<Value, Vec<Fault>> {
    Schema::compile(definition)?;
    let mut schema = rule::exported(&definition.root);
    comment(&mut schema, NOT_SAID);
    schema.insert("$schema".into(), DIALECT.into());
    Ok(schema.into())
}

/// Adds a remark that validators pass over.
fn comment(schema: &mut Map<String, Value>, remark: &str) {
    let before = schema.get("$comment").and_then(Value::as_str);
    let all = before.map_or_else(|| remark.to_owned(), |before| format!("{before}; {remark}"));
    schema.insert("$comment".into(), all.into());
}

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
const NOT_SAID: &str = "weir also refuses keys that stand twice, and numbers that are not exact to \
                        nine fraction digits, unless the catalog has them rounded";
