//! Is this file well formed, and does it have our shape? Every violation, with its place.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use weir_core::json::{self, Bounds, Duplicates, Position, Profile, Surrogates};
use weir_core::schema::{Refused, Schema, Scratch};

use crate::catalog::{self, CatalogFile};

/// What to check, and against what.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The file to check: one JSON document, or else one event a line
    file: PathBuf,

    /// The catalog that has the schema
    #[arg(long, value_name = "C", required_unless_present = "syntax")]
    catalog: Option<PathBuf>,

    /// The schema's name in the catalog; may be left out where there is only one
    #[arg(long, value_name = "NAME", requires = "catalog")]
    schema: Option<String>,

    /// Check only that the whole file is one JSON document (RFC 8259)
    #[arg(long, conflicts_with_all = ["catalog", "schema"])]
    syntax: bool,
}

/// Checks the file.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let name = options.file.display().to_string();
    let bytes = catalog::bytes(&options.file)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let sound = match &options.catalog {
        None => syntax(&mut out, &name, &bytes)?,
        Some(path) => {
            let Some(catalog) = catalog::open(path)? else {
                return Ok(ExitCode::from(crate::CANNOT));
            };
            events(&mut out, &name, &bytes, choose(&catalog, options.schema.as_deref())?)?
        }
    };
    out.flush()?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether the whole file is one document.
fn syntax(out: &mut impl Write, name: &str, bytes: &[u8]) -> io::Result<bool> {
    let Err(error) = json::check(bytes, &SYNTAX, &mut json::Scratch::default()) else {
        writeln!(out, "{name}: valid JSON")?;
        return Ok(true);
    };
    let Position { line, column } = error.position(bytes);
    writeln!(out, "{name}:{line}:{column}: {} ({})", error.kind(), error.code())?;
    Ok(false)
}

fn choose<'c>(catalog: &'c CatalogFile, name: Option<&str>) -> anyhow::Result<&'c Schema> {
    let name = catalog.schema_name(name)?;
    catalog.compiled.schema(name).with_context(|| format!("the catalog has no schema `{name}`"))
}

/// Whether every event of the file has the shape; tells each violation of each.
fn events(out: &mut impl Write, name: &str, bytes: &[u8], schema: &Schema) -> io::Result<bool> {
    let mut scratch = Scratch::default();
    let (mut valid, mut invalid) = (0_u64, 0_u64);
    for (lines_before, event) in split(bytes) {
        let place = |at: u32| {
            let Position { line, column } = Position::of(event, at);
            format!("{name}:{}:{column}", lines_before.saturating_add(line))
        };
        match schema.check(event, &Profile::STRICT, &mut scratch) {
            Ok(_) => valid = valid.saturating_add(1),
            Err(refused) => {
                invalid = invalid.saturating_add(1);
                tell(out, &refused, place)?;
            }
        }
    }
    writeln!(out, "{name}: {valid} valid, {invalid} invalid")?;
    Ok(invalid == 0)
}

fn tell(
    out: &mut impl Write,
    refused: &Refused<'_, '_>,
    place: impl Fn(u32) -> String,
) -> io::Result<()> {
    let violations = match refused {
        Refused::Invalid(violations) => violations,
        Refused::Syntax(error) => {
            return writeln!(out, "{}: {} ({})", place(error.at()), error.kind(), error.code());
        }
    };
    for violation in violations.iter() {
        let mut message = String::new();
        // Writing to a string does not fail.
        let _ = violation.message(&mut message);
        let (pointer, code) = (violation.pointer(), violation.code());
        writeln!(out, "{}: \"{pointer}\": {message} ({code})", place(violation.at()))?;
    }
    if violations.more() {
        writeln!(out, "{}: and more, which the schema does not let be told", place(0))?;
    }
    Ok(())
}

/// The events of a file, each with the number of lines before it.
///
/// The file is one event when it is one document, or when none of its lines is an object by
/// itself; else each line is one, blank ones left out.
fn split(bytes: &[u8]) -> Vec<(u32, &[u8])> {
    let mut scratch = json::Scratch::default();
    let mut is_document = |text: &[u8]| json::check(text, &SYNTAX, &mut scratch).is_ok();
    let lines = || bytes.split(|byte| *byte == b'\n');
    if is_document(bytes) || !lines().any(|line| line.starts_with(b"{") && is_document(line)) {
        return vec![(0, bytes)];
    }
    (0..).zip(lines()).filter(|(_, line)| !line.trim_ascii().is_empty()).collect()
}

/// The grammar alone: what RFC 8259 only advises against is no error, and the bounds are as far
/// as they go.
const SYNTAX: Profile = Profile {
    bounds: Bounds {
        bytes: u32::MAX,
        depth: Bounds::DEPTH_MAX,
        members: u32::MAX,
        string_bytes: u32::MAX,
        tokens: u32::MAX,
    },
    duplicates: Duplicates::LastWins,
    surrogates: Surrogates::Replaced,
};
