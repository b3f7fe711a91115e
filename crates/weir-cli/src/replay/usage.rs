//! What did a request use? A line of a trace, validated and read.

use anyhow::Context;
use weir_core::amount::Quantity;
use weir_core::catalog::Catalog;
use weir_core::id::ScopeName;
use weir_core::json::{Profile, SyntaxError};
use weir_core::schema::{Event, Refused, Schema, Scratch, Slot, Violations};
use weir_core::time::Timestamp;

use crate::trace::{Malformed, Raw};

/// Reads lines of one shape.
pub(super) struct Reader<'c> {
    schema: &'c Schema,
    slots: Slots,
    scratch: Scratch,
    customer: String,
}

/// The fields that a replay reads.
#[derive(Clone, Copy)]
struct Slots {
    at: Slot,
    customer: Slot,
    prompt: Slot,
    completion: Slot,
}

/// A request, and what it used.
pub(super) struct Usage<'a> {
    pub(super) at: Timestamp,
    pub(super) customer: ScopeName<'a>,
    /// Prompt and completion together.
    pub(super) tokens: Quantity,
}

impl<'c> Reader<'c> {
    /// A reader of the shape that a catalog calls `llm-request`.
    pub(super) fn new(catalog: &'c Catalog) -> anyhow::Result<Self> {
        let schema = catalog.schema(SCHEMA).with_context(|| {
            format!("the catalog has no schema `{SCHEMA}`, so no line can be read")
        })?;
        let slot = |name: &str| {
            schema.slot(name).with_context(|| format!("schema `{SCHEMA}` has no field `{name}`"))
        };
        let slots = Slots {
            at: slot("at")?,
            customer: slot("customer")?,
            prompt: slot("prompt_tokens")?,
            completion: slot("completion_tokens")?,
        };
        Ok(Self { schema, slots, scratch: Scratch::default(), customer: String::new() })
    }

    /// Validates a line and reads it.
    pub(super) fn read<'r>(&'r mut self, raw: &Raw<'r>) -> Result<Usage<'r>, Malformed> {
        let Self { schema, slots, scratch, customer } = self;
        let event = match schema.check(raw.json, &Profile::STRICT, scratch) {
            Ok(event) => event,
            Err(Refused::Syntax(error)) => return Err(syntax(raw, error)),
            Err(Refused::Invalid(violations)) => return Err(invalid(raw, violations)),
        };
        let at = text(&event, slots.at, customer).and_then(|text| text.parse().ok());
        let at = at.ok_or_else(|| unread(raw, "/at", "no instant"))?;
        let tokens = number(&event, slots.prompt)
            .and_then(|prompt| prompt.checked_add(number(&event, slots.completion)?))
            .ok_or_else(|| unread(raw, "/prompt_tokens", "no numbers of tokens"))?;
        let customer = text(&event, slots.customer, customer)
            .and_then(|text| ScopeName::parse(text).ok())
            .ok_or_else(|| unread(raw, "/customer", "no name of visible ASCII"))?;
        Ok(Usage { at, customer, tokens })
    }
}

fn text<'b>(event: &Event<'b, '_>, slot: Slot, buffer: &'b mut String) -> Option<&'b str> {
    Some(event.get(slot)?.as_text()?.decode(buffer))
}

fn number(event: &Event<'_, '_>, slot: Slot) -> Option<Quantity> {
    event.get(slot)?.as_number()
}

fn syntax(raw: &Raw<'_>, error: SyntaxError) -> Malformed {
    let column = u64::from(error.at()).saturating_add(1);
    let message = error.kind().to_string();
    Malformed { line: raw.line, column, code: error.code(), message }
}

/// All violations of a line, at the place of the first.
fn invalid(raw: &Raw<'_>, violations: Violations<'_, '_>) -> Malformed {
    let first = violations.iter().min_by_key(|violation| violation.at());
    let (at, code) = first.map_or((0, "schema"), |first| (first.at(), first.code()));
    let column = u64::from(at).saturating_add(1);
    Malformed { line: raw.line, column, code, message: violations.to_string() }
}

/// A line that has the catalog's shape, where that shape admits what a replay cannot read.
fn unread(raw: &Raw<'_>, pointer: &str, wanted: &str) -> Malformed {
    let message = format!("`{pointer}` has {wanted}");
    Malformed { line: raw.line, column: 1, code: "trace.unreadable", message }
}

/// What a catalog calls the shape of a line.
const SCHEMA: &str = "llm-request";
