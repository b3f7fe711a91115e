//! What does an event add? Meters as the contract writes them, and their keys.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use weir::{Gate, GateError};
use weir_core::schema::{Refused, RuleCode, Scratch as SchemaScratch};

use crate::extract::PROFILE;

/// How events become use, as a plan's author writes it.
///
/// # Shape
///
/// `filters`, `group_by` and `window_size` are part of the meter's key and change nothing else.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meter {
    /// The property that holds the value; not looked at by `count`.
    pub aggregation_field: Option<String>,
    /// `sum`, `count`, `max` or `latest`.
    pub aggregation_method: String,
    /// The author's name for the kind of event.
    pub event_id: String,
    /// The kind of event, as senders spell it.
    pub event_slug: String,
    /// Values that properties should have; texts.
    pub filters: Map<String, Value>,
    /// Properties by which to tell events apart.
    pub group_by: Vec<String>,
    /// The grain of a chart.
    pub window_size: Option<String>,
}

/// What is wrong with a meter, as the contract says it: where, and what.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct BadMeter(String);

impl Meter {
    /// Reads a meter as a plan's author writes it; the schema `meter` of the catalog says of what
    /// shape that is.
    ///
    /// # Errors
    ///
    /// The gate's: a catalog without that schema. Within, the first thing that is wrong.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Gate, GateError, Timestamp};
    /// use weir_unprice::Meter;
    ///
    /// let gate = Gate::in_memory()?;
    /// gate.install(include_bytes!("../../../examples/unprice.json"), Timestamp::EPOCH)?;
    /// let calls = br#"{"eventId": "e", "eventSlug": "calls", "aggregationMethod": "count"}"#;
    /// assert!(Meter::read(&gate, calls)?.is_ok());
    /// let sum = br#"{"eventId": "e", "eventSlug": "calls", "aggregationMethod": "sum"}"#;
    /// let bad = Meter::read(&gate, sum)?.unwrap_err(); // of what?
    /// assert!(bad.to_string().starts_with("aggregationField: "));
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn read(gate: &Gate, document: &[u8]) -> Result<Result<Self, BadMeter>, GateError> {
        let catalog = gate.catalog()?;
        let schema =
            catalog.schema("meter").ok_or_else(|| GateError::unknown("schema", "meter"))?;
        let mut scratch = SchemaScratch::default();
        if let Err(refused) = schema.check(document, &PROFILE, &mut scratch) {
            return Ok(Err(BadMeter(told(&refused, document))));
        }
        let meter: Self = match serde_json::from_slice(document) {
            Ok(meter) => meter,
            Err(error) => return Ok(Err(BadMeter(error.to_string()))),
        };
        if meter.aggregation_method != "count" && meter.aggregation_field.is_none() {
            return Ok(Err(BadMeter(NO_FIELD.to_owned())));
        }
        Ok(Ok(meter))
    }

    /// The key under which limits and reports name the meter. The event's id is no part of it.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_unprice::Meter;
    ///
    /// let meter = Meter {
    ///     event_slug: "tokens used".to_owned(),
    ///     aggregation_method: "sum".to_owned(),
    ///     aggregation_field: Some("amount".to_owned()),
    ///     ..Meter::default()
    /// };
    /// assert_eq!(meter.key(), "slug=tokens%20used|method=sum|field=amount");
    /// ```
    #[must_use]
    pub fn key(&self) -> String {
        let method = encoded(&self.aggregation_method);
        let mut key = format!("slug={}|method={method}", encoded(&self.event_slug));
        let mut part = |name: &str, value: String| {
            if !value.is_empty() {
                key.push('|');
                key.push_str(name);
                key.push('=');
                key.push_str(&value);
            }
        };
        part("field", self.aggregation_field.as_deref().map(field).unwrap_or_default());
        let filter = |(name, value): (&String, &Value)| {
            format!("{}={}", encoded(name), encoded(value.as_str().unwrap_or_default()))
        };
        let mut filters: Vec<_> = self.filters.iter().map(filter).collect();
        filters.sort_unstable();
        part("filters", filters.join("&"));
        let mut groups: Vec<_> = self.group_by.iter().map(|group| encoded(group)).collect();
        groups.sort_unstable();
        part("groupBy", groups.join(","));
        part("window", self.window_size.as_deref().map(encoded).unwrap_or_default());
        key
    }
}

/// The message of the first violation. Where only some texts will do, the contract shows the one that
/// was written, which a schema's message never does.
fn told(refused: &Refused<'_, '_>, document: &[u8]) -> String {
    let first = match refused {
        Refused::Invalid(violations) => violations.first(),
        Refused::Syntax(error) => return error.to_string(),
    };
    let mut text = String::new();
    let Some(first) = first else { return text };
    // Writing to a string does not fail.
    let _ = first.message(&mut text);
    if first.rule() == RuleCode::OneOf {
        let document: Value = serde_json::from_slice(document).unwrap_or_default();
        let written = document.pointer(&first.pointer()).and_then(Value::as_str);
        let _ = write!(text, "'{}'", written.unwrap_or_default());
    }
    text
}

fn field(text: &str) -> String {
    encoded(text.trim())
}

/// As a component of a URL: letters, digits and `-_.!~*'()` stay, other bytes become `%XX`.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

const NO_FIELD: &str =
    "aggregationField: Aggregation field is required unless the aggregation method is count";
