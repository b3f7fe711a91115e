//! What is wrong with these catalogs? Every fault of each, where an editor finds it.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use weir::Fault;
use weir::catalog::Places;
use weir_core::json::{self, Duplicates, Position, Profile};

use crate::catalog;

/// What to look at.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The catalogs
    #[arg(required = true, value_name = "CATALOG")]
    files: Vec<PathBuf>,
}

/// Looks at each catalog.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut sound = true;
    for path in &options.files {
        let text = catalog::bytes(path)?;
        sound &= lint(&mut out, &path.display().to_string(), &text)?;
    }
    out.flush()?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether a catalog is sound; tells its faults as they stand in the text.
fn lint(out: &mut impl Write, name: &str, text: &[u8]) -> io::Result<bool> {
    let Err(mut faults) = catalog::read(text) else {
        writeln!(out, "{name}: no faults")?;
        return Ok(true);
    };
    if let Err(error) = json::check(text, &SYNTAX, &mut json::Scratch::default()) {
        let Position { line, column } = error.position(text);
        writeln!(out, "{name}:{line}:{column}: {} ({})", error.kind(), error.code())?;
    } else {
        let places = Places::of(text);
        let place = |fault: &Fault| {
            let Position { line, column } = places.find(&fault.pointer);
            (line, column)
        };
        faults.sort_by_key(place);
        for fault in &faults {
            let (line, column) = place(fault);
            match fault.pointer.as_str() {
                "" => writeln!(out, "{name}:{line}:{column}: {} ({})", fault.hint, fault.code)?,
                _ => writeln!(out, "{name}:{line}:{column}: {fault}")?,
            }
        }
    }
    let (count, ending) = (faults.len(), if faults.len() == 1 { "" } else { "s" });
    writeln!(out, "{name}: {count} fault{ending}")?;
    Ok(false)
}

/// A key that stands twice is a fault like any other.
const SYNTAX: Profile = Profile { duplicates: Duplicates::LastWins, ..Profile::STRICT };

/// What the command's help ends with, before the exit codes.
pub(crate) const EXAMPLE: &str = "\
Example:
  $ weir lint plans.json
  plans.json:7:11: /plans/free/limits/calls/feature: no feature is called `cals` (catalog.unknown_feature)
  plans.json: 1 fault";
