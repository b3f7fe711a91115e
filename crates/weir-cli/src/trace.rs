//! Which requests are in a file? A trace, one request at a time, in bounded memory.
//!
//! Two formats: ndjson (one JSON object a line) and the CSV of the Azure LLM inference trace. The
//! first line tells which, unless the caller does. What is wrong with a line is told with its
//! place, and the next line is read as if nothing had happened.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, bail};

use self::csv::{Columns, Rows};
use self::lines::{LEN_MAX, Line, Lines};

mod csv;
pub(crate) mod lines;

pub(crate) use self::csv::Customers;

/// How a trace is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Format {
    /// The Azure LLM inference trace: TIMESTAMP, ContextTokens, GeneratedTokens
    Csv,
    /// One JSON object a line
    Ndjson,
}

/// A trace file, open for reading.
pub(crate) struct Trace {
    lines: Lines<BufReader<File>>,
    rows: Option<Rows>,
}

/// A line that is no request: where, and why.
#[derive(Debug)]
pub(crate) struct Malformed {
    /// From 1.
    pub(crate) line: u64,
    /// In bytes, from 1.
    pub(crate) column: u64,
    /// A code that never changes once released.
    pub(crate) code: &'static str,
    /// What is wrong, in words.
    pub(crate) message: String,
}

/// One request, as a line of JSON that nothing has checked yet.
pub(crate) struct Raw<'a> {
    /// The line it stands in, from 1.
    pub(crate) line: u64,
    pub(crate) json: &'a [u8],
}

impl Trace {
    /// Opens `path`; `customers` are those of a trace that names none.
    pub(crate) fn open(
        path: &Path,
        format: Option<Format>,
        customers: Customers,
    ) -> anyhow::Result<Self> {
        let shown = path.display();
        let file = File::open(path).with_context(|| format!("cannot open `{shown}`"))?;
        let mut reader = BufReader::with_capacity(BUFFER, file);
        let start = reader.fill_buf().with_context(|| format!("cannot read `{shown}`"))?;
        let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let columns = Columns::of(first);
        let mut lines = Lines::new(reader);
        let rows = match (format, columns) {
            (Some(Format::Ndjson), _) | (None, None) => None,
            (Some(Format::Csv), None) => {
                bail!("`{shown}` has no header with TIMESTAMP, ContextTokens and GeneratedTokens")
            }
            (_, Some(columns)) => {
                lines.next().with_context(|| format!("cannot read `{shown}`"))?;
                Some(Rows::new(columns, customers))
            }
        };
        Ok(Self { lines, rows })
    }

    /// The format that the file is read as.
    pub(crate) const fn format(&self) -> Format {
        if self.rows.is_some() { Format::Csv } else { Format::Ndjson }
    }

    /// How many bytes have been read.
    pub(crate) const fn bytes(&self) -> u64 {
        self.lines.bytes()
    }

    /// The next request, or what is wrong with the next line.
    pub(crate) fn next(&mut self) -> io::Result<Option<Result<Raw<'_>, Malformed>>> {
        let Some(Line { number, text }) = self.lines.next()? else { return Ok(None) };
        let Some(text) = text else {
            let message = format!("a line of more than {LEN_MAX} bytes");
            let code = "trace.line_too_long";
            return Ok(Some(Err(Malformed { line: number, column: 1, code, message })));
        };
        let json = match &mut self.rows {
            None => Ok(text),
            Some(rows) => rows.json(number, text),
        };
        Ok(Some(json.map(|json| Raw { line: number, json })))
    }
}

/// Bytes read from the file at a time.
const BUFFER: usize = 1 << 18;
