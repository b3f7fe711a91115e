//! What does a day of LLM requests look like? A synthetic trace, the same for a seed for good.
//!
//! Token counts follow the quantiles of the Azure trace, the customers Zipf's law, the arrivals a
//! daily curve: event i of N falls, at random, into the i-th of N equal shares of the day's load,
//! so that a trace of any length is written in order and in constant memory.
//!
//! # Source
//!
//! Azure LLM inference trace 2023, Microsoft Azure, CC BY 4.0: Patel et al., "Splitwise: Efficient
//! generative LLM inference using phase splitting", ISCA 2024. Only its quantiles stand here. The
//! daily curve and the shares of the models are ours.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use weir_core::time::Timestamp;

use crate::draws::{Day, Draws, Quantiles, Seed, Zipf};
use crate::row::{Row, Tokens};

/// What to generate.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How many requests, spread over 2026-01-01
    #[arg(long, value_name = "N")]
    events: u32,

    /// The same seed gives the same trace, byte for byte, in every release
    #[arg(long, value_name = "S")]
    seed: Seed,

    /// How many customers; by default one for every 40 events, but 50 at least
    #[arg(long, value_name = "C", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    customers: Option<u32>,

    /// Where to write; standard output by default
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes the trace.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let Some(path) = &options.output else {
        return Ok(write_trace(options, &mut BufWriter::new(io::stdout().lock()))?);
    };
    let file = File::create(path).with_context(|| format!("cannot create `{}`", path.display()))?;
    write_trace(options, &mut BufWriter::new(file))
        .with_context(|| format!("cannot write `{}`", path.display()))
}

fn write_trace(options: &Options, out: &mut impl Write) -> io::Result<()> {
    let events = options.events;
    let customers = options.customers.unwrap_or_else(|| events.div_ceil(40).clamp(50, 1_000_000));
    let zipf = Zipf::new(customers);
    let mut who = Draws::new(options.seed, "generate.customer");
    let mut what = Draws::new(options.seed, "generate.tokens");
    let mut when = Draws::new(options.seed, "generate.arrival");
    for event in 0..u64::from(events) {
        let model = if what.below(100) < CHAT.percent { &CHAT } else { &CODE };
        let share = (event << 32).saturating_add(when.below(1 << 32));
        let share = share.checked_div(u64::from(events)).unwrap_or_default();
        let millis = DAY.millis(u32::try_from(share).unwrap_or(u32::MAX));
        let row = Row {
            number: event.saturating_add(1),
            at: Timestamp::from_millis(START_MS.saturating_add(millis)).unwrap_or(Timestamp::EPOCH),
            customer: zipf.draw(&mut who),
            model: model.name,
            tokens: Tokens {
                prompt: model.prompt.draw(&mut what),
                completion: model.completion.draw(&mut what),
            },
        };
        writeln!(out, "{row}")?;
    }
    out.flush()
}

/// What a model's requests look like.
struct Model {
    name: &'static str,
    /// Its share of the requests, of 100.
    percent: u64,
    prompt: Quantiles,
    completion: Quantiles,
}

/// The `conv` half of the Azure trace.
const CHAT: Model = Model {
    name: "chat",
    percent: 69,
    prompt: Quantiles(&[
        (0, 2),
        (50, 181),
        (100, 207),
        (200, 387),
        (300, 403),
        (400, 703),
        (500, 1_020),
        (600, 1_071),
        (700, 1_130),
        (800, 1_315),
        (900, 2_734),
        (950, 4_083),
        (990, 4_142),
        (1_000, 14_050),
    ]),
    completion: Quantiles(&[
        (0, 7),
        (50, 41),
        (100, 54),
        (200, 77),
        (300, 91),
        (400, 103),
        (500, 129),
        (600, 177),
        (700, 384),
        (800, 400),
        (900, 424),
        (950, 451),
        (990, 601),
        (1_000, 1_000),
    ]),
};

/// The `code` half of the Azure trace.
const CODE: Model = Model {
    name: "code",
    percent: 31,
    prompt: Quantiles(&[
        (0, 3),
        (50, 75),
        (100, 147),
        (200, 386),
        (300, 770),
        (400, 1_075),
        (500, 1_469),
        (600, 1_909),
        (700, 2_433),
        (800, 3_192),
        (900, 5_186),
        (950, 7_302),
        (990, 7_436),
        (1_000, 7_437),
    ]),
    completion: Quantiles(&[
        (0, 6),
        (50, 6),
        (100, 7),
        (200, 8),
        (300, 9),
        (400, 11),
        (500, 13),
        (600, 16),
        (700, 20),
        (800, 29),
        (900, 55),
        (950, 90),
        (990, 252),
        (1_000, 1_899),
    ]),
};

/// Quiet at night, two peaks in working hours (UTC).
const DAY: Day =
    Day([2, 1, 1, 1, 1, 2, 3, 5, 8, 11, 12, 11, 9, 10, 12, 12, 11, 9, 7, 6, 5, 4, 3, 2]);

/// 2026-01-01T00:00:00Z.
const START_MS: i64 = 1_767_225_600_000;
