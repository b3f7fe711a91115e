//! `weir conform`: do our systems answer as the vectors say?

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use weir_testkit::conform::{self, systems};

/// Runs every vector file in `dir` and prints the report, as text or as JSON.
///
/// # Errors
///
/// When the vectors cannot be read; a case that fails is exit code 1, not an error.
pub(crate) fn run(dir: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let report = conform::run(dir, &systems::all())
        .with_context(|| format!("the vectors in {} cannot be run", dir.display()))?;
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, &report).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(if report.passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
