//! How do we say a shape to others? `weir schema export`: JSON Schema, for editors and validators.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};

use crate::catalog;

/// What to do with a schema.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Write a schema of a catalog, or that of catalogs themselves, as JSON Schema 2020-12
    #[command(after_help = EXAMPLE)]
    Export(Export),
}

/// What to write, and where.
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The catalog that has the schema
    #[arg(long, value_name = "C", required_unless_present = "catalog_format")]
    catalog: Option<PathBuf>,

    /// The schema's name in the catalog; may be left out where there is only one
    #[arg(long, value_name = "NAME", requires = "catalog")]
    schema: Option<String>,

    /// Write what a catalog is, for editors that complete and check them
    #[arg(long, conflicts_with_all = ["catalog", "schema"])]
    catalog_format: bool,

    /// Where to write; standard output by default
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes the schema.
pub(crate) fn run(action: &Action) -> anyhow::Result<ExitCode> {
    let Action::Export(options) = action;
    let text = match &options.catalog {
        None => weir::export::CATALOG.to_owned(),
        Some(path) => {
            let Some(catalog) = catalog::open(path)? else {
                return Ok(ExitCode::from(crate::CANNOT));
            };
            let name = catalog.schema_name(options.schema.as_deref())?;
            let definition = catalog.definition.schemas.get(name);
            // A sound catalog has sound schemas.
            let schema = definition.and_then(|definition| weir::export::schema(definition).ok());
            let schema = schema.with_context(|| format!("schema `{name}` cannot be exported"))?;
            format!("{schema:#}\n")
        }
    };
    match &options.output {
        None => io::stdout().lock().write_all(text.as_bytes())?,
        Some(path) => {
            fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))?
        }
    }
    Ok(ExitCode::SUCCESS)
}

const EXAMPLE: &str = "\
Examples:
  $ weir schema export --catalog-format -o catalog.schema.json
  $ weir schema export --catalog examples/pulsora.json --schema revenue";
