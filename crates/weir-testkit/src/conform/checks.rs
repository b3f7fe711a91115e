//! What was asserted of a case, and what did not hold?

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// The assertions about one case, made while walking through what it expects.
#[derive(Debug, Default)]
pub(super) struct Checks {
    /// Assertions made, met or not.
    pub(super) made: u64,
    /// Keys that are excluded by name, and how often each was met.
    pub(super) excluded: BTreeMap<String, u64>,
    /// What did not hold, in the order of the case.
    pub(super) mismatches: Vec<Mismatch>,
    at: Vec<String>,
}

impl Checks {
    /// Walks into the part called `step`, so that a mismatch says where.
    pub(super) fn within<T>(&mut self, step: &str, walk: impl FnOnce(&mut Self) -> T) -> T {
        self.at.push(step.to_owned());
        let result = walk(self);
        self.at.pop();
        result
    }

    /// Counts an assertion that holds.
    pub(super) fn pass(&mut self) {
        self.made = self.made.saturating_add(1);
    }

    /// Counts an assertion that does not hold.
    pub(super) fn fail(&mut self, expected: &str, got: &str) {
        self.made = self.made.saturating_add(1);
        self.refuse(expected, got);
    }

    /// Records what kept us from asserting: a key that nobody knows, a thing that is not there.
    pub(super) fn refuse(&mut self, expected: &str, got: &str) {
        self.mismatches.push(Mismatch {
            at: self.at.join("/"),
            expected: expected.to_owned(),
            got: got.to_owned(),
        });
    }

    /// Counts one assertion that the two are equal.
    pub(super) fn equal<T: PartialEq + ToString>(&mut self, expected: &T, got: &T) {
        if expected == got {
            self.pass();
        } else {
            self.fail(&expected.to_string(), &got.to_string());
        }
    }

    /// Counts a key that is not compared, by name.
    pub(super) fn exclude(&mut self, key: &str) {
        let count = self.excluded.entry(key.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    /// Refuses each key of `found` that is not among `known`.
    pub(super) fn know<'k>(&mut self, found: impl Iterator<Item = &'k String>, known: &[&str]) {
        for key in found.filter(|key| !known.contains(&key.as_str())) {
            self.within(key, |checks| checks.refuse("a key that the runner knows", key));
        }
    }
}

/// One thing that did not hold.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Mismatch {
    /// The path to it, from the case's `expect`.
    pub at: String,
    /// What the vector says.
    pub expected: String,
    /// What the system answered.
    pub got: String,
}

/// A value on one line, cut when it is long.
pub(super) fn show(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}... ({} bytes)", text.get(..end).unwrap_or(""), text.len()),
        None => text,
    }
}

/// A value that may be absent.
pub(super) fn show_got(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), show)
}

const SHOWN_MAX: usize = 300;
