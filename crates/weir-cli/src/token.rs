//! What would a new key look like? Made from the system's randomness, shown once, kept nowhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use weir_core::id::{ClassId, Name};
use weir_core::token::{ClassDefinition, Classes, Digest};

use crate::catalog;

/// What to do with keys.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make keys of a class, and print each with its SHA-256: it is shown this once
    New(New),
}

/// Which keys to make.
#[derive(Args)]
pub(crate) struct New {
    /// The class's name in the catalog; without one: gvk_live, gvk_test, pub, sec or unprice_live
    #[arg(long)]
    class: String,

    /// The catalog that has the class
    #[arg(long, value_name = "C")]
    catalog: Option<PathBuf>,

    /// How many
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    count: u16,
}

/// Makes keys.
pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let Command::New(new) = command;
    let Some(classes) = classes(new.catalog.as_deref())? else {
        return Ok(ExitCode::from(crate::CANNOT));
    };
    let Some(id) = classes.id(&new.class) else {
        let names: Vec<&str> = classes.names().map(Name::as_str).collect();
        bail!("no class `{}`; there are: {}", new.class, names.join(", "));
    };
    let mut out = io::stdout().lock();
    for _ in 0..new.count {
        let key = mint(&classes, id).with_context(|| format!("class `{}`", new.class))?;
        let digest = Digest::of(key.as_bytes(), None);
        writeln!(out, "{key}\tsha256:{}", hex(digest.as_bytes()))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// A key from bytes that the system made for it alone.
fn mint(classes: &Classes, id: ClassId) -> anyhow::Result<String> {
    let mut random = [0; Classes::RANDOM_LEN];
    getrandom::fill(&mut random).context("the system has no random bytes")?;
    Ok(classes.mint(id, &random)?)
}

/// The classes of a file, or those of the three contracts; `None` when the file's faults were told.
fn classes(path: Option<&Path>) -> anyhow::Result<Option<Classes>> {
    let Some(path) = path else {
        let definitions: BTreeMap<Name, ClassDefinition> = serde_json::from_str(CONTRACTS)?;
        let compiled = Classes::compile(&definitions);
        return compiled.map(Some).map_err(|_| anyhow!("the contracts' classes have a fault"));
    };
    Ok(catalog::open(path)?.map(|file| file.compiled.classes().clone()))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

const CONTRACTS: &str = r#"{
    "gvk_live": {"prefix": "gvk_live_", "alphabet": "token", "length": {"min": 32, "max": 32},
                 "environment": "live"},
    "gvk_test": {"prefix": "gvk_test_", "alphabet": "token", "length": {"min": 32, "max": 32},
                 "environment": "test"},
    "pub": {"prefix": "pub_", "alphabet": "token", "length": {"min": 1, "max": 128},
            "environment": "live"},
    "sec": {"prefix": "sec_", "alphabet": "token", "length": {"min": 1, "max": 128},
            "environment": "live"},
    "unprice_live": {"prefix": "unprice_live_", "alphabet": "base58",
                     "length": {"min": 22, "max": 22}, "environment": "live"}
}"#;
