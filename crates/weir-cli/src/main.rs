//! The `weir` command.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod catalog;
mod check;
mod conform;
mod draws;
mod explain;
mod forecast;
mod generate;
mod lint;
mod pace;
mod replay;
mod report;
mod row;
mod schema;
mod serve;
mod tally;
mod token;
mod trace;
mod whatif;

/// Decides whether an event is well formed, who may send it and whether they can afford it.
#[derive(Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say whether a file is well formed, and whether its events have the shape of a schema
    #[command(after_help = EXIT_CODES)]
    Check(check::Options),
    /// Run vector files against our systems
    #[command(after_help = EXIT_CODES)]
    Conform {
        /// The directory of the vector files
        dir: PathBuf,

        /// Write the report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Say why a request would go ahead or not, limit by limit
    #[command(after_help = [explain::EXAMPLE, EXIT_CODES].join("\n\n"))]
    Explain(explain::Options),
    /// Say when a pace is refused, with all that resets and ends on the way
    #[command(after_help = [forecast::EXAMPLE, EXIT_CODES].join("\n\n"))]
    Forecast(forecast::Options),
    /// Write a synthetic trace of LLM requests
    Generate(generate::Options),
    /// Say all that is wrong with catalogs, and where
    #[command(after_help = [lint::EXAMPLE, EXIT_CODES].join("\n\n"))]
    Lint(lint::Options),
    /// Decide every request of a trace, each at its own time, and show what comes of it
    #[command(after_help = EXIT_CODES)]
    Replay(replay::Options),
    /// Write shapes for editors and other validators
    #[command(subcommand, after_help = EXIT_CODES)]
    Schema(schema::Action),
    /// Serve the three contracts over HTTP, under the example catalogs and in memory
    #[command(after_help = EXIT_CODES)]
    Serve(serve::Options),
    /// Make keys
    #[command(subcommand, after_help = EXIT_CODES)]
    Token(token::Command),
    /// Say what another catalog would have admitted, refused and charged
    #[command(after_help = [whatif::EXAMPLE, EXIT_CODES].join("\n\n"))]
    Whatif(whatif::Options),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Check(options) => check::run(&options),
        Command::Conform { dir, json } => conform::run(&dir, json),
        Command::Explain(options) => explain::run(&options),
        Command::Forecast(options) => forecast::run(&options),
        Command::Generate(options) => generate::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Lint(options) => lint::run(&options),
        Command::Replay(options) => replay::run(&options),
        Command::Schema(action) => schema::run(&action),
        Command::Serve(options) => serve::run(&options),
        Command::Token(command) => token::run(&command),
        Command::Whatif(options) => whatif::run(&options),
    };
    outcome.unwrap_or_else(|error| {
        // A reader that has seen enough, such as `head`, needs no message.
        let io_kind = error.root_cause().downcast_ref().map(io::Error::kind);
        if io_kind != Some(io::ErrorKind::BrokenPipe) {
            tell(format_args!("weir: {error:#}"));
        }
        ExitCode::from(CANNOT)
    })
}

/// Writes a line to standard error; where that is closed, nobody wants to hear it.
fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The exit code when the command could not do its work.
const CANNOT: u8 = 2;

const EXIT_CODES: &str = "\
Exit codes:
  0  done, and the answer is yes
  1  done, and the answer is no: a violation, a failed vector, a replay that differs
  2  not done: wrong arguments, an unreadable file, a bad catalog, a malformed line under --strict";
