//! Which request does a row of the Azure trace stand for? A CSV row, written as the line of JSON
//! that it would be, so that both formats take one path from there.
//!
//! The trace says when and how many tokens, not who: each row is given to a customer by a seeded
//! Zipf law. Instants have no offset and are UTC.

use std::fmt::Write;

use csv_core::{ReadFieldResult, Reader};
use weir_core::time::Timestamp;

use super::Malformed;
use crate::draws::{Draws, Zipf};
use crate::row::{Row, Tokens};

/// Turns rows into lines of JSON.
pub(crate) struct Rows {
    reader: Reader,
    columns: Columns,
    customers: Customers,
    json: String,
}

/// Who made the requests of a trace that does not say.
pub(crate) struct Customers {
    pub(crate) zipf: Zipf,
    pub(crate) draws: Draws,
}

impl Rows {
    /// Rows under a header with these columns.
    pub(crate) fn new(columns: Columns, customers: Customers) -> Self {
        Self { reader: Reader::new(), columns, customers, json: String::new() }
    }

    /// The row on line `number`, as JSON.
    pub(crate) fn json(&mut self, line: u64, text: &[u8]) -> Result<&[u8], Malformed> {
        let mut row = [Field::default(); 3];
        let mut found = 0_usize;
        fields(&mut self.reader, text, |index, field| {
            found = index.saturating_add(1);
            let wanted = self.columns.at.iter().position(|column| *column == index);
            if let Some(slot) = wanted.and_then(|place| row.get_mut(place)) {
                *slot = field;
            }
        });
        if found != self.columns.count {
            let message = format!("{found} fields, where the header has {}", self.columns.count);
            return Err(Malformed { line, column: 1, code: "trace.fields", message });
        }
        let [at, prompt, completion] = row;
        let at = at.instant().map_err(|message| at.malformed(line, message))?;
        let tokens = Tokens {
            prompt: prompt.count().map_err(|message| prompt.malformed(line, message))?,
            completion: completion
                .count()
                .map_err(|message| completion.malformed(line, message))?,
        };
        let customer = self.customers.zipf.draw(&mut self.customers.draws);
        let number = line.saturating_sub(1); // The header is line 1.
        self.json.clear();
        let row = Row { number, at, customer, model: MODEL, tokens };
        // Writing to a `String` does not fail.
        let _ = write!(self.json, "{row}");
        Ok(self.json.as_bytes())
    }
}

/// Where the three columns stand in a row.
#[derive(Clone, Copy)]
pub(crate) struct Columns {
    /// Indices of the instant, the prompt tokens and the completion tokens.
    at: [usize; 3],
    count: usize,
}

impl Columns {
    /// The columns that `header` names, or `None` when one is missing.
    pub(crate) fn of(header: &[u8]) -> Option<Self> {
        let mut at = [None; 3];
        let mut count = 0_usize;
        fields(&mut Reader::new(), header, |index, field| {
            count = index.saturating_add(1);
            let named = NAMES.iter().position(|name| field.text() == Some(*name));
            if let Some(place) = named.and_then(|name| at.get_mut(name)) {
                *place = Some(index);
            }
        });
        let [Some(instant), Some(prompt), Some(completion)] = at else { return None };
        Some(Self { at: [instant, prompt, completion], count })
    }
}

/// One field: its bytes without quotes, and where it starts.
#[derive(Clone, Copy)]
struct Field {
    bytes: [u8; FIELD_MAX],
    len: usize,
    column: u64,
}

impl Field {
    fn text(&self) -> Option<&str> {
        self.bytes.get(..self.len).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// `2023-11-16 18:15:46.6805900`: digits after the third of the fraction are cut off.
    fn instant(&self) -> Result<Timestamp, &'static str> {
        let text = self.text().ok_or("not an instant")?;
        format!("{text}Z").parse().map_err(|_| "not an instant `YYYY-MM-DD hh:mm:ss.fraction`")
    }

    fn count(&self) -> Result<u64, &'static str> {
        let text = self.text().ok_or("not a count")?;
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let count = digits.then(|| text.parse::<u32>().ok()).flatten();
        count.map(u64::from).ok_or("not a whole number below 2^32")
    }

    fn malformed(&self, line: u64, message: &str) -> Malformed {
        Malformed { line, column: self.column, code: "trace.field", message: message.into() }
    }
}

impl Default for Field {
    fn default() -> Self {
        Self { bytes: [0; FIELD_MAX], len: 0, column: 1 }
    }
}

/// Tells `each` field of one line, in order. A field over the bound is cut, and then is no value.
fn fields(reader: &mut Reader, line: &[u8], mut each: impl FnMut(usize, Field)) {
    reader.reset();
    let line = line.trim_ascii_end();
    let (mut rest, mut index) = (line, 0_usize);
    let mut field = Field::default();
    let mut spill = [0_u8; FIELD_MAX];
    loop {
        let free = field.bytes.get_mut(field.len..).filter(|free| !free.is_empty());
        let (found, read, wrote) = reader.read_field(rest, free.unwrap_or(&mut spill));
        rest = rest.get(read..).unwrap_or_default();
        field.len = field.len.saturating_add(wrote).min(FIELD_MAX);
        match found {
            // The end of the input is told by asking once more with nothing.
            ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
            ReadFieldResult::Field { record_end } => {
                each(index, field);
                if record_end {
                    return;
                }
                let column = line.len().saturating_sub(rest.len()).saturating_add(1);
                field = Field::default();
                field.column = u64::try_from(column).unwrap_or(u64::MAX);
                index = index.saturating_add(1);
            }
            ReadFieldResult::End => return,
        }
    }
}

const NAMES: [&str; 3] = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];

/// The trace names no model.
const MODEL: &str = "chat";

/// The longest field that is kept, in bytes: an instant has 27.
const FIELD_MAX: usize = 40;
