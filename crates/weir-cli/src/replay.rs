//! What would have been decided? A trace, request by request, each decided at its own time, or at
//! the latest time of a line before it: a ledger's clock does not go back.
//!
//! Reading, validating, deciding and writing the journal are one loop over the file, and that loop
//! is what `decisions/s` counts. Afterwards a fresh ledger is given the bytes of the journal and
//! must end in the same snapshot, byte for byte.

use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use weir_core::amount::Quantity;

use self::desk::{Desk, Proof};
use self::usage::Reader;
use crate::catalog::{self, CatalogFile};
use crate::draws::{Draws, Seed, Zipf};
use crate::pace::Pace;
use crate::report::{self, Ink, grouped};
use crate::tally::Tally;
use crate::trace::{Customers, Format, Malformed, Trace};

mod desk;
mod usage;

/// What to replay, and under what.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The trace: one JSON object a line, or the CSV of the Azure LLM inference trace
    file: PathBuf,

    /// The catalog; by default the built-in one, which is `examples/llm.json`
    #[arg(long, value_name = "C")]
    catalog: Option<PathBuf>,

    /// How many times farther apart the requests lie: with 24, an hour covers a day
    #[arg(long, value_name = "N", default_value = "1")]
    time_scale: NonZeroU32,

    /// How many customers share the requests of a trace that names none
    #[arg(long, value_name = "C", default_value = "200", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    customers: u32,

    /// Who gets which plan, and which requests where the trace does not say
    #[arg(long, value_name = "S", default_value = "1")]
    seed: Seed,

    /// What each wallet of a customer holds at first
    #[arg(long, value_name = "AMOUNT", default_value = "0.2")]
    credit: Quantity,

    #[command(flatten)]
    reading: Reading,

    #[command(flatten)]
    kept: Kept,
}

/// How the trace is read.
#[derive(Args, Debug)]
struct Reading {
    /// How the trace is written; by default its first line tells
    #[arg(long, value_name = "F")]
    format: Option<Format>,

    /// Stop at the first malformed line, with exit code 2
    #[arg(long)]
    strict: bool,
}

/// What is kept of a run.
#[derive(Args, Debug)]
struct Kept {
    /// Write the state at the end to a file, for `weir explain`
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// Write the journal to a file, for `weir whatif`
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
}

impl Kept {
    /// Writes what is to be kept.
    fn write(&self, desk: &Desk) -> anyhow::Result<()> {
        let write = |path: &PathBuf, bytes: Vec<u8>| {
            let told = || format!("cannot write `{}`", path.display());
            std::fs::write(path, bytes).with_context(told)
        };
        if let Some(path) = &self.state {
            write(path, desk.state()?)?;
        }
        if let Some(path) = &self.journal {
            write(path, desk.journal())?;
        }
        Ok(())
    }
}

/// Replays the trace.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let Some(catalog) = load(options)? else { return Ok(ExitCode::from(crate::CANNOT)) };
    let customers = Customers {
        zipf: Zipf::new(options.customers),
        draws: Draws::new(options.seed, "replay.customer"),
    };
    let trace = Trace::open(&options.file, options.reading.format, customers)?;
    let mut out = io::stdout().lock();
    let desk = Desk::open(&catalog, options)?;
    announce(&mut out, options, &trace, &desk)?;
    let reader = Reader::new(&catalog.compiled)?;
    let pace = Pace::new(options.time_scale);
    let mut run = Run { options, trace, reader, pace, desk, malformed: 0 };
    let started = Instant::now();
    let ended = run.flow()?;
    let took = started.elapsed();
    if ended == Ended::Stopped {
        return Ok(ExitCode::from(crate::CANNOT));
    }
    let Run { desk, malformed, .. } = run;
    tell(&mut out, desk.tally(), malformed, took)?;
    options.kept.write(&desk)?;
    let proof = desk.prove()?;
    prove(&mut out, &proof)?;
    Ok(if proof.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads the catalog; `None` when it has faults, which have been told.
fn load(options: &Options) -> anyhow::Result<Option<CatalogFile>> {
    match &options.catalog {
        None => Ok(catalog::read_or_tell("examples/llm.json", BUILT_IN)),
        Some(path) => catalog::open(path),
    }
}

/// One run over a trace.
struct Run<'a> {
    options: &'a Options,
    trace: Trace,
    reader: Reader<'a>,
    pace: Pace,
    desk: Desk,
    malformed: u64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ended {
    AtTheEnd,
    /// At a malformed line, under `--strict`.
    Stopped,
}

impl Run<'_> {
    /// Decides every request of the trace.
    fn flow(&mut self) -> anyhow::Result<Ended> {
        let shown = self.options.file.display();
        let bar = progress(&self.options.file);
        let mut lines = 0_u64;
        let ended = loop {
            lines = lines.wrapping_add(1);
            if lines.is_multiple_of(LINES_PER_TICK) {
                bar.set_position(self.trace.bytes());
            }
            let next = self.trace.next().with_context(|| format!("cannot read `{shown}`"))?;
            let Some(raw) = next else { break Ended::AtTheEnd };
            let read = raw.and_then(|raw| {
                let usage = self.reader.read(&raw)?;
                let at = self.pace.spread(usage.at).ok_or_else(|| Malformed {
                    line: raw.line,
                    column: 1,
                    code: "trace.time_scale",
                    message: "at this time scale, outside the years 0001 to 9999".into(),
                })?;
                Ok((usage, at))
            });
            match read {
                Ok((usage, at)) => self.desk.decide(&usage, at)?,
                Err(Malformed { line, column, code, message }) => {
                    self.malformed = self.malformed.saturating_add(1);
                    let told = format!("{shown}:{line}:{column}: {message} ({code})");
                    bar.suspend(|| crate::tell(&told));
                    if self.options.reading.strict {
                        break Ended::Stopped;
                    }
                }
            }
        };
        bar.finish_and_clear();
        Ok(ended)
    }
}

/// A bar on standard error, hidden where that is no terminal.
fn progress(file: &std::path::Path) -> ProgressBar {
    let bar = ProgressBar::new(std::fs::metadata(file).map_or(0, |data| data.len()));
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {bytes} of {total_bytes}");
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Says what is about to be done, and by which rules.
fn announce(out: &mut impl Write, options: &Options, trace: &Trace, desk: &Desk) -> io::Result<()> {
    let catalog = options.catalog.as_ref().map(|path| path.display().to_string());
    let (seed, scale) = (options.seed, options.time_scale);
    writeln!(out, "trace     {}", options.file.display())?;
    writeln!(out, "catalog   {}", catalog.as_deref().unwrap_or("examples/llm.json (built in)"))?;
    if trace.format() == Format::Csv {
        let count = options.customers;
        writeln!(out, "customers {count}, each request given to one by a Zipf law (seed {seed})")?;
    }
    writeln!(out, "plans     {} (seed {seed})", desk.shares())?;
    writeln!(out, "credit    {} in each wallet of a customer", options.credit)?;
    if scale.get() > 1 {
        writeln!(out, "time      {scale} times as long")?;
    }
    writeln!(out)
}

/// Shows what came of it.
fn tell(out: &mut impl Write, tally: &Tally, malformed: u64, took: Duration) -> io::Result<()> {
    let total = tally.total();
    let decisions = total.denied.values().fold(total.admitted, |sum, n| sum.saturating_add(*n));
    writeln!(out, "{}\n", report::table(tally))?;
    if decisions > 0 {
        writeln!(out, "{}\n", report::chart(&tally.timeline, Ink::of_stdout()))?;
    }
    writeln!(out, "malformed lines: {}", grouped(&malformed.to_string()))?;
    if tally.held > 0 {
        let held = grouped(&tally.held.to_string());
        writeln!(out, "out of order: {held}, decided at the latest time of a line before them")?;
    }
    let millis = took.as_millis();
    let count = grouped(&decisions.to_string());
    writeln!(out, "{count} decisions in {millis} ms: read, validated, decided, journaled")?;
    let per_second = u128::from(decisions).saturating_mul(1_000_000_000);
    writeln!(out, "decisions/s: {}", per_second.checked_div(took.as_nanos()).unwrap_or_default())
}

/// Shows whether the journal leads to the same state.
fn prove(out: &mut impl Write, proof: &Proof) -> io::Result<()> {
    let Proof { journal_bytes, live, replayed } = proof;
    let bytes = grouped(&journal_bytes.to_string());
    writeln!(out, "journal: {bytes} bytes, replayed into a fresh ledger (not timed)")?;
    writeln!(out, "snapshot live:     sha256 {live}")?;
    match replayed {
        Ok(replayed) => writeln!(out, "snapshot replayed: sha256 {replayed}")?,
        Err(error) => writeln!(out, "snapshot replayed: none, {error}")?,
    }
    writeln!(out, "{}", if proof.holds() { "the same state" } else { "NOT the same state" })
}

const BUILT_IN: &[u8] = include_bytes!("../../../examples/llm.json");
const LINES_PER_TICK: u64 = 4_096;
