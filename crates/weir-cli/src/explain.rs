//! Why would a request go ahead, or not? One decision against a kept state, told limit by limit.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Map, Value};
use weir::{Cost, HostKeys, Quantity, Timestamp, Trace};
use weir_core::catalog::Catalog;
use weir_core::decide::{Caller, Request};
use weir_core::dedup::RequestKey;
use weir_core::id::ScopeId;
use weir_core::ledger::{Ledger, next_version};
use weir_core::limit::OnShortfall;

use crate::catalog;

/// What is asked, and of which state.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The state, as `weir replay --state` writes it
    #[arg(long, value_name = "S")]
    state: PathBuf,

    /// The catalog to decide under; by default the one that the state was made under
    #[arg(long, value_name = "C")]
    catalog: Option<PathBuf>,

    /// Write the trace as JSON
    #[arg(long)]
    json: bool,

    /// The request: JSON, or a file that holds it
    request: String,
}

/// Explains the decision; nothing is counted.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let mut ledger = state(&options.state)?;
    let Some(catalog) = in_force(&ledger, options.catalog.as_deref())? else {
        return Ok(ExitCode::from(crate::CANNOT));
    };
    let text = match options.request.trim_start().starts_with('{') {
        true => options.request.clone().into_bytes(),
        false => catalog::bytes(Path::new(&options.request))?,
    };
    let asked = Asked::read(&text, (&ledger, &catalog)).context("cannot read the request")?;
    let request = Request {
        caller: Caller::Unchecked,
        scopes: &asked.scopes,
        costs: &asked.costs,
        at: asked.at,
        key: asked.key,
        on_shortfall: asked.on_shortfall,
    };
    let trace = Trace::of(&mut ledger, &catalog, (&request, asked.now));
    let mut out = io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &trace)?;
        writeln!(out)?;
    } else {
        write!(out, "{trace}")?;
    }
    Ok(if trace.verdict.is_allowed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The ledger that a file holds.
pub(crate) fn state(path: &Path) -> anyhow::Result<Ledger> {
    let restored = Ledger::restore(&catalog::bytes(path)?, &HostKeys::fixed());
    restored.with_context(|| format!("`{}` is no state", path.display()))
}

/// The catalog to decide under; `None` when it has faults, which have been told.
pub(crate) fn in_force(ledger: &Ledger, path: Option<&Path>) -> anyhow::Result<Option<Catalog>> {
    let installed = ledger.installed();
    let (name, json) = match path {
        None => ("the state's catalog".to_owned(), installed.json.to_vec()),
        Some(path) => (path.display().to_string(), catalog::bytes(path)?),
    };
    let same = *json == *installed.json;
    let version = if same { installed.version } else { next_version(installed) };
    Ok(catalog::follow(&name, &json, (&installed.names, version)))
}

/// A request with numbers in the place of names.
struct Asked {
    scopes: Vec<ScopeId>,
    costs: Vec<Cost>,
    at: Timestamp,
    now: Timestamp,
    key: Option<RequestKey>,
    on_shortfall: Option<OnShortfall>,
}

impl Asked {
    fn read(text: &[u8], (ledger, catalog): (&Ledger, &Catalog)) -> anyhow::Result<Self> {
        let Value::Object(mut fields) = serde_json::from_slice(text)? else {
            bail!("an object is wanted")
        };
        let Some(Value::Array(path)) = fields.remove("scopes") else {
            bail!("`scopes` is wanted: the names of the path, the root first")
        };
        let mut scopes = Vec::new();
        for name in &path {
            let Value::String(name) = name else { bail!("`scopes` are texts") };
            scopes.push(scope(ledger, &scopes, name)?);
        }
        let costs = match fields.remove("costs") {
            None => Map::new(),
            Some(Value::Object(costs)) => costs,
            Some(_) => bail!("`costs` is an object: how much of each feature"),
        };
        let costs = costs.iter().map(|(name, quantity)| cost(catalog, name, quantity));
        let costs = costs.collect::<anyhow::Result<Vec<_>>>()?;
        let now = instant(&mut fields, "now")?.unwrap_or(ledger.head().seen);
        let at = instant(&mut fields, "at")?.unwrap_or(now);
        let key = match fields.remove("key") {
            None => None,
            Some(Value::String(key)) => RequestKey::new(key.as_bytes()),
            Some(_) => bail!("`key` is a text"),
        };
        let on_shortfall = fields.remove("on_shortfall").map(serde_json::from_value).transpose();
        let on_shortfall = on_shortfall.context("`on_shortfall` is clamp or reject")?;
        if let Some(unknown) = fields.keys().next() {
            bail!("`{unknown}` is no field of a request: {FIELDS} are");
        }
        Ok(Self { scopes, costs, at, now, key, on_shortfall })
    }
}

/// The scope of that name nearest to the end of the path; the first is a root.
pub(crate) fn scope(ledger: &Ledger, path: &[ScopeId], name: &str) -> anyhow::Result<ScopeId> {
    let accounts = ledger.accounts();
    let found = match path {
        [] => accounts.find(None, name),
        above => above.iter().rev().find_map(|above| accounts.find(Some(*above), name)),
    };
    found.with_context(|| format!("no scope is called `{name}` there"))
}

fn cost(catalog: &Catalog, name: &str, quantity: &Value) -> anyhow::Result<Cost> {
    let feature = catalog.feature(name);
    let feature = feature.with_context(|| format!("no feature is called `{name}`"))?;
    let quantity = match quantity {
        Value::String(text) => text.parse::<Quantity>()?,
        // A number with a fraction has been through a float: it says no longer what was written.
        Value::Number(number) if number.is_i64() || number.is_u64() => {
            number.to_string().parse()?
        }
        _ => bail!("write how much of `{name}` as a text or a whole number"),
    };
    Ok(Cost { feature, quantity })
}

fn instant(fields: &mut Map<String, Value>, name: &str) -> anyhow::Result<Option<Timestamp>> {
    match fields.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => {
            Ok(Some(text.parse().with_context(|| format!("`{name}` is no instant"))?))
        }
        Some(_) => bail!("`{name}` is a text such as 2026-01-31T12:00:00Z"),
    }
}

/// What the command's help ends with, before the exit codes.
pub(crate) const EXAMPLE: &str = r#"Example:
  $ weir replay day.ndjson --state day.state
  $ weir explain --state day.state '{"scopes": ["c-1"], "costs": {"tokens": "700"}}'

A request has `scopes`, the names of its path, the root first; `costs`, how much of each feature;
and may have `at` (when it happened), `now` (when it is decided; by default the latest instant of the
state) and `key`. It is decided as if its caller were known."#;

const FIELDS: &str = "scopes, costs, at, now, key, on_shortfall";
