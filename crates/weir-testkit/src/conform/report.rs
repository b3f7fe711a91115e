//! How did it go? Counts by file and area, every skip with its reason, every failure in full.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::checks::{Checks, Mismatch};
use super::vectors::Case;

/// The outcome of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Whether everything that was run holds, and the deviations are in order.
    pub passed: bool,
    /// One for each file, by name.
    pub files: Vec<FileReport>,
    /// The cases that were not run, counted by file, area and reason.
    pub skipped: Vec<SkipReport>,
    /// Each case that failed.
    pub failures: Vec<Failure>,
    /// What the deviations name and no case has.
    pub unused: Vec<String>,
}

impl Report {
    /// Starts the part of a file.
    pub(super) fn begin(&mut self, file: &str) {
        self.files.push(FileReport { file: file.to_owned(), ..FileReport::default() });
    }

    /// Counts a case of the file that was begun last.
    pub(super) fn record(&mut self, file: &str, case: &Case, outcome: Outcome<'_>) {
        let Some(part) = self.files.last_mut() else { return };
        let (file, area) = (file.to_owned(), case.area.clone());
        let mut counts = Counts::default();
        match outcome {
            Outcome::Skipped(reason) => {
                counts.skipped = 1;
                let same = |skip: &&mut SkipReport| {
                    skip.file == file && skip.area == area && skip.reason == reason
                };
                match self.skipped.iter_mut().find(same) {
                    Some(skip) => skip.cases = skip.cases.saturating_add(1),
                    None => {
                        let reason = reason.to_owned();
                        self.skipped.push(SkipReport { file, area, cases: 1, reason });
                    }
                }
            }
            Outcome::Ran(checks) => {
                part.assertions = part.assertions.saturating_add(checks.made);
                for (key, count) in checks.excluded {
                    let sum = part.excluded.entry(key).or_default();
                    *sum = sum.saturating_add(count);
                }
                if checks.mismatches.is_empty() {
                    counts.passed = 1;
                } else {
                    counts.failed = 1;
                    let (kind, id) = (case.kind.clone(), case.id.clone());
                    let mismatches = checks.mismatches;
                    self.failures.push(Failure { file, area, kind, id, mismatches });
                }
            }
        }
        part.counts.add(&counts);
        part.areas.entry(case.area.clone()).or_default().add(&counts);
    }

    /// All counts together.
    #[must_use]
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        for file in &self.files {
            total.add(&file.counts);
        }
        total
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for file in &self.files {
            for (area, counts) in &file.areas {
                writeln!(f, "{}/{area}: {counts}", file.file)?;
            }
        }
        writeln!(f)?;
        for file in &self.files {
            write!(f, "{}: {}; {} assertions", file.file, file.counts, file.assertions)?;
            for (key, count) in &file.excluded {
                write!(f, "; excluded by name: {count} x `{key}`")?;
            }
            writeln!(f)?;
        }
        for skip in &self.skipped {
            writeln!(f, "skipped {}/{}: {} ({})", skip.file, skip.area, skip.cases, skip.reason)?;
        }
        for failure in &self.failures {
            writeln!(f, "\nFAILED {} [{}]", failure.id, failure.kind)?;
            for Mismatch { at, expected, got } in &failure.mismatches {
                let at = if at.is_empty() { "case" } else { at };
                writeln!(f, "  {at}\n    expected {expected}\n    got      {got}")?;
            }
        }
        for unused in &self.unused {
            writeln!(f, "unused deviation: {unused}")?;
        }
        writeln!(f, "\ntotal: {}", self.total())
    }
}

/// What became of a case.
pub(super) enum Outcome<'a> {
    /// It was run, and these are its assertions.
    Ran(Checks),
    /// It was not run, for this reason.
    Skipped(&'a str),
}

/// What came of one file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FileReport {
    /// The file's name without `.json`.
    pub file: String,
    /// How its cases went.
    #[serde(flatten)]
    pub counts: Counts,
    /// Assertions made.
    pub assertions: u64,
    /// Keys that are not compared, by name, and how often each was met.
    pub excluded: BTreeMap<String, u64>,
    /// The same by area.
    pub areas: BTreeMap<String, Counts>,
}

/// How cases went.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Counts {
    /// Run, and everything held.
    pub passed: u64,
    /// Run, and something did not hold.
    pub failed: u64,
    /// Not run.
    pub skipped: u64,
}

impl Counts {
    /// Adds other counts to these.
    fn add(&mut self, other: &Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
        self.skipped = self.skipped.saturating_add(other.skipped);
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, skipped } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// Cases of one area that were not run for one reason.
#[derive(Clone, Debug, Serialize)]
pub struct SkipReport {
    /// The file's name without `.json`.
    pub file: String,
    /// The area.
    pub area: String,
    /// How many.
    pub cases: u64,
    /// Why, as `deviations.toml` says.
    pub reason: String,
}

/// A case that failed.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// The file's name without `.json`.
    pub file: String,
    /// The area.
    pub area: String,
    /// The kind.
    pub kind: String,
    /// The case.
    pub id: String,
    /// What did not hold.
    pub mismatches: Vec<Mismatch>,
}
