//! When does it run out? A pace, followed on from a kept state.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use weir::{Forecast, Pace, Quantity, Span, Timestamp};

use crate::explain;

/// Which limit, and how fast.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The state, as `weir replay --state` writes it
    #[arg(long, value_name = "S")]
    state: PathBuf,

    /// The catalog to decide under; by default the one that the state was made under
    #[arg(long, value_name = "C")]
    catalog: Option<PathBuf>,

    /// The scope, by the names from the root on, each with a `--scope` of its own
    #[arg(long = "scope", value_name = "NAME", required = true)]
    scopes: Vec<String>,

    /// The limit, in the plan of that scope
    limit: String,

    /// How much is asked for at once
    #[arg(long, value_name = "Q", default_value = "1")]
    quantity: Quantity,

    /// How often, such as PT1M
    #[arg(long, value_name = "SPAN")]
    every: Span,

    /// From when on; by default from the latest instant of the state
    #[arg(long, value_name = "T")]
    now: Option<Timestamp>,
}

/// Follows the pace; nothing is counted.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let ledger = explain::state(&options.state)?;
    let Some(catalog) = explain::in_force(&ledger, options.catalog.as_deref())? else {
        return Ok(ExitCode::from(crate::CANNOT));
    };
    let mut path = Vec::new();
    for name in &options.scopes {
        path.push(explain::scope(&ledger, &path, name)?);
    }
    let Options { limit, quantity, every, .. } = options;
    let pace = Pace { quantity: *quantity, every: *every };
    let now = options.now.unwrap_or(ledger.head().seen);
    let outlook = path.last().and_then(|scope| ledger.outlook(*scope));
    let told = outlook.zip(catalog.limit(limit));
    let told = told.and_then(|(outlook, id)| outlook.forecast(&catalog, id, pace, now));
    let told = told.with_context(|| {
        format!("no forecast: the scope has no limit `{limit}`, or nothing is asked for")
    })?;
    let mut out = io::stdout().lock();
    Ok(match told {
        Forecast::At { at, reason, limit } => {
            let name = limit.and_then(|limit| catalog.names().limits.name(limit.0));
            let by = name.map(|name| format!(" by {}", name.as_str())).unwrap_or_default();
            writeln!(out, "refused at {at}: {}{by}", reason.code())?;
            ExitCode::FAILURE
        }
        Forecast::AtLeast(at) => {
            writeln!(out, "not refused before {at}; it was not followed further")?;
            ExitCode::SUCCESS
        }
        Forecast::Never => {
            writeln!(out, "not refused within 400 days")?;
            ExitCode::SUCCESS
        }
    })
}

/// What the command's help ends with, before the exit codes.
pub(crate) const EXAMPLE: &str = "\
Example:
  $ weir replay examples/llm-day.ndjson --state day.state
  $ weir forecast --state day.state --scope c-0006 tokens.monthly --quantity 10 --every PT1H
  refused at 2026-01-02T18:59:29.563Z: limit_exceeded by tokens.monthly";
