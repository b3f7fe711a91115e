//! Do all of us say the same? Runs files of conformance vectors against the systems that are here.
//!
//! [`run`] reads every `*.json` of a directory, walks each case through the [`System`] it names and
//! compares all that the case expects. The engine does no I/O but reading those files, and knows no
//! contract: requests, steps and questions go through the traits of the seam, where a system's
//! author translates; see [`System`] for an example, and [`systems`] for ours.
//!
//! It is honest by construction: a key under `expect`, in a request or in a step that it does not
//! know fails the case, and so does a case that asserts nothing, a panic, and anything that the
//! system says is [`NotImplemented`]. It looks at ids only to find them in the [`Deviations`].
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/conform/`, under the same name.
//!
//! - `every_difference_is_a_failure`: each way in which an answer can differ from a vector fails it.
//! - `every_case_is_counted_once`: passed, failed and skipped add up to the cases of the files.
//! - `a_skip_needs_a_used_entry`: what no entry covers is run, and an entry that covers nothing fails.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use weir_core::time::Timestamp;

mod checks;
mod deviations;
mod ending;
mod exchange;
mod matcher;
mod number;
mod pure;
mod report;
mod request;
mod scenario;
mod seam;
pub mod systems;
mod vectors;

pub use checks::Mismatch;
pub use deviations::Deviations;
pub use report::{Counts, Failure, FileReport, Report, SkipReport};
pub use seam::{
    Batch, Done, Event, Fault, HttpSystem, Ingest, NotImplemented, Question, ScenarioSystem,
    Setting, System, Verify,
};

use checks::Checks;
use deviations::Cover;
use exchange::Exchange;
use report::Outcome;
use vectors::{Case, File, Form};

/// Runs every file of vectors in `dir` against `systems`.
///
/// The deviations are those of `dir/deviations.toml`; without that file, our own. Then an entry that
/// covers nothing is no fault, because the directory may hold other cases than ours.
///
/// # Errors
///
/// What kept the vectors from being run at all; a failing case is in the [`Report`].
pub fn run(dir: &Path, systems: &[&dyn System]) -> Result<Report, ConformError> {
    let files = vectors::load(dir)?;
    let path = dir.join("deviations.toml");
    let own = match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(source) => return Err(ConformError::Unreadable { path, source }),
    };
    let deviations = Deviations::parse(own.as_deref().unwrap_or(DEVIATIONS))
        .map_err(|what| ConformError::BadDeviations { path, what })?;
    let mut report = examine(&files, &deviations, systems);
    report.passed = report.failures.is_empty() && (own.is_none() || report.unused.is_empty());
    Ok(report)
}

/// What kept the vectors from being run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConformError {
    /// The deviations cannot be read.
    #[error("{}: {what}", path.display())]
    BadDeviations {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// There is nothing to run.
    #[error("{}: no *.json file", dir.display())]
    NoVectors {
        /// The directory.
        dir: PathBuf,
    },
    /// A file is not JSON.
    #[error("{}: not JSON", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where it is not.
        source: serde_json::Error,
    },
    /// A file is JSON, but no file of vectors.
    #[error("{}: {what}", path.display())]
    NotVectors {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file or directory cannot be read.
    #[error("{}: cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl ConformError {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadDeviations { .. } => "conform.bad_deviations",
            Self::NoVectors { .. } => "conform.no_vectors",
            Self::NotJson { .. } => "conform.not_json",
            Self::NotVectors { .. } => "conform.not_vectors",
            Self::Unreadable { .. } => "conform.unreadable",
        }
    }
}

/// Runs or skips each case.
fn examine(files: &[File], deviations: &Deviations, systems: &[&dyn System]) -> Report {
    let mut report = Report::default();
    let mut cover = Cover::new(deviations);
    for file in files {
        let name = file.name.trim_end_matches(".json");
        report.begin(name);
        for case in &file.cases {
            let outcome = match cover.reason(&file.name, case) {
                Some(reason) => Outcome::Skipped(reason),
                None => Outcome::Ran(check(case, &file.fixtures, systems)),
            };
            report.record(name, case, outcome);
        }
    }
    report.unused = cover.unused();
    report
}

/// Runs one case, whatever the system does.
fn check(case: &Case, fixtures: &Value, systems: &[&dyn System]) -> Checks {
    let Some(system) = systems.iter().find(|system| system.name() == case.system) else {
        let mut checks = Checks::default();
        checks.refuse("a system of that name", &format!("not implemented: {}", case.system));
        return checks;
    };
    let attempt = || {
        let mut checks = Checks::default();
        drive(case, fixtures, *system, &mut checks);
        checks
    };
    let mut checks = catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|_| {
        let mut checks = Checks::default();
        checks.refuse("an answer", "a panic");
        checks
    });
    if checks.made == 0 && checks.mismatches.is_empty() {
        checks.refuse("something to assert", "nothing");
    }
    checks
}

/// Leads the case to the engine of its form.
fn drive(case: &Case, fixtures: &Value, system: &dyn System, checks: &mut Checks) {
    let empty = json!({});
    let member = |key: &str| case.members.get(key).unwrap_or(&empty);
    let nothing = Map::new();
    let expect = case.members.get("expect").and_then(Value::as_object).unwrap_or(&nothing);
    let (given, input) = (member("given"), member("input"));
    match case.form {
        Form::Exchange => {
            let iso = fixtures.pointer("/clock/iso").and_then(Value::as_str);
            let Some(now) = iso.and_then(|text| text.parse().ok()) else {
                return checks.refuse("an instant in fixtures/clock/iso", "none");
            };
            let setting = Setting { fixtures, given, now };
            exchange::run(
                &Exchange { setting, request: member("request"), expect },
                system,
                checks,
            );
        }
        Form::OwnExchange => {
            let millis = input.get("now").and_then(Value::as_i64);
            let Some(now) = millis.and_then(|millis| Timestamp::from_millis(millis).ok()) else {
                return checks.refuse("an instant in input/now", "none");
            };
            let setting = Setting { fixtures: &Value::Null, given, now };
            let mut request = input.clone();
            if let Some(request) = request.as_object_mut() {
                request.remove("now");
                if let Some(raw) = request.remove("raw_body") {
                    request.insert("body_raw".to_owned(), raw);
                }
            }
            exchange::run(&Exchange { setting, request: &request, expect }, system, checks);
        }
        Form::Scenario => scenario::run((given, input), expect, system, checks),
        Form::Pure => {
            pure::run(&Question { kind: &case.kind, given, input }, expect, system, checks);
        }
        Form::Peer => {
            let steps = if case.members.contains_key("checks") { "checks" } else { "steps" };
            let question = Question { kind: &case.kind, given, input: member(steps) };
            pure::peer(&question, expect, system, checks);
        }
    }
}

/// Our own deviations, for a directory that has none.
const DEVIATIONS: &str = include_str!("../vectors/deviations.toml");
