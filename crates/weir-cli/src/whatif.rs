//! What would another catalog have said? A journal decided again, and what differs.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use weir::{Against, HostKeys, WhatIf, WhatIfError, whatif};

use crate::catalog;
use crate::report::grouped;

/// Which journal, and under what.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The catalog to decide under
    #[arg(long, value_name = "NEW")]
    catalog: PathBuf,

    /// The journal, as `weir replay --journal` writes it
    journal: PathBuf,
}

/// Decides the journal again.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let (json, journal) = (catalog::bytes(&options.catalog)?, catalog::bytes(&options.journal)?);
    let told = match whatif(&journal, &HostKeys::fixed(), &json) {
        Ok(told) => told,
        Err(WhatIfError::Catalog(error)) => {
            catalog::tell(&options.catalog.display().to_string(), &error.faults);
            return Ok(ExitCode::from(crate::CANNOT));
        }
        Err(error) => {
            let path = options.journal.display();
            return Err(error).with_context(|| format!("cannot read the journal `{path}`"));
        }
    };
    let differs = !told.refused.is_empty() || !told.freed.is_empty();
    write!(io::stdout().lock(), "{}", Told(&told))?;
    Ok(if differs { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

struct Told<'a>(&'a WhatIf);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WhatIf { asked, admitted, charged, refused, freed, left_out } = self.0;
        let count = |count: &u64| grouped(&count.to_string());
        writeln!(f, "asked              {:>14}", count(asked))?;
        writeln!(f, "admitted then      {:>14}", count(&admitted.then))?;
        writeln!(f, "admitted now       {:>14}", count(&admitted.now))?;
        writeln!(f, "charged then       {:>14}", grouped(&charged.then.to_string()))?;
        writeln!(f, "charged now        {:>14}", grouped(&charged.now.to_string()))?;
        changes(f, "admitted then, refused now", refused)?;
        changes(f, "refused then, admitted now", freed)?;
        if *left_out > 0 {
            writeln!(f, "\nnot done again: {}, steps of what is refused now", count(left_out))?;
        }
        Ok(())
    }
}

/// What changed, by the reason and the limit, with the sum.
fn changes(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    changes: &BTreeMap<Against, u64>,
) -> fmt::Result {
    let all = changes.values().fold(0_u64, |sum, count| sum.saturating_add(*count));
    writeln!(f, "\n{title}: {}", grouped(&all.to_string()))?;
    for (Against { reason, limit }, count) in changes {
        let limit = limit.as_deref().unwrap_or("-");
        writeln!(f, "  {reason:<16} {limit:<24} {:>14}", grouped(&count.to_string()))?;
    }
    Ok(())
}

/// What the command's help ends with, before the exit codes.
pub(crate) const EXAMPLE: &str = "\
Example:
  $ weir replay day.ndjson --journal day.journal
  $ weir whatif --catalog cheaper.json day.journal

The exit code is 1 where any request would have been answered otherwise.";
