//! Is this file well formed, and does it have our shape? Every violation, with its place.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use weir_core::json::{self, Bounds, Duplicates, Profile, Scratch, Surrogates};

/// What to check.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The file to check
    file: PathBuf,

    /// Check only that the whole file is one JSON document (RFC 8259)
    #[arg(long)]
    syntax: bool,
}

/// Checks the file.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let path = &options.file;
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    syntax(path, &bytes)
}

fn syntax(path: &Path, bytes: &[u8]) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match json::check(bytes, &SYNTAX, &mut Scratch::default()) {
        Ok(()) => {
            writeln!(out, "{}: valid JSON", path.display())?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            let json::Position { line, column } = error.position(bytes);
            let (path, code) = (path.display(), error.code());
            writeln!(out, "{path}:{line}:{column}: {} ({code})", error.kind())?;
            Ok(ExitCode::FAILURE)
        }
    }
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
