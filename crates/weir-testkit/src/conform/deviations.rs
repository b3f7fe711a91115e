//! Which cases are not run, and why? `deviations.toml`, the only place where an id is looked at.
//!
//! ```toml
//! [[skip]]
//! file = "genvoris.json"
//! area = "track"
//! kind = "session_token"
//! reason = "session tokens are not verified yet"
//! ```
//!
//! An entry has a `file`, a `reason`, and at least one of `id`, `prefix` (of ids), `area` and
//! `kind`, each a text or a list of texts. It covers the cases of the file that fit every selector
//! it has; of several entries, the first says why. A selector that fits no covered case is reported
//! as unused.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};

use super::vectors::Case;

/// The entries of a deviations file.
///
/// # Example
///
/// ```
/// use weir_testkit::conform::Deviations;
///
/// let text = "[[skip]]\nfile = 'a.json'\narea = ['x', 'y']\nreason = 'comes later'";
/// assert!(Deviations::parse(text).is_ok());
/// // Nothing is skipped without a reason, and no file as a whole without saying what it holds.
/// assert!(Deviations::parse("[[skip]]\nfile = 'a.json'\narea = 'x'\nreason = ' '").is_err());
/// assert!(Deviations::parse("[[skip]]\nfile = 'a.json'\nreason = 'comes later'").is_err());
/// ```
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviations {
    #[serde(default)]
    skip: Vec<Skip>,
}

impl Deviations {
    /// Reads the text of a deviations file.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let read: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        for (index, skip) in read.skip.iter().enumerate() {
            if skip.reason.trim().is_empty() {
                return Err(format!("skip {index} ({}) has no reason", skip.file));
            }
            if skip.selectors().iter().all(|(_, values)| values.is_empty()) {
                return Err(format!("skip {index} ({}) names no case", skip.file));
            }
        }
        Ok(read)
    }
}

/// The entries during a run, and which of their selectors have fitted a covered case.
pub(super) struct Cover<'a>(Vec<(&'a Skip, BTreeSet<Selector>)>);

impl<'a> Cover<'a> {
    pub(super) fn new(deviations: &'a Deviations) -> Self {
        Self(deviations.skip.iter().map(|skip| (skip, BTreeSet::new())).collect())
    }

    /// Why a case of `file` is not run, if it is covered; of several entries, the first says why.
    pub(super) fn reason(&mut self, file: &str, case: &Case) -> Option<&'a str> {
        let mut reason = None;
        for (skip, used) in &mut self.0 {
            if let Some(fitting) = skip.fit(file, case) {
                used.extend(fitting);
                reason = reason.or(Some(skip.reason.as_str()));
            }
        }
        reason
    }

    /// Each selector that fits no covered case, one line each.
    pub(super) fn unused(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (skip, used) in &self.0 {
            for (selector, values) in skip.selectors() {
                let idle =
                    values.iter().filter(|value| !used.contains(&(selector, (*value).clone())));
                lines.extend(idle.map(|value| format!("{}: {selector} `{value}`", skip.file)));
            }
        }
        lines
    }
}

/// What a selector is, and one text of it.
type Selector = (&'static str, String);

/// One entry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Skip {
    file: String,
    #[serde(default)]
    id: OneOrMany,
    #[serde(default)]
    prefix: OneOrMany,
    #[serde(default)]
    area: OneOrMany,
    #[serde(default)]
    kind: OneOrMany,
    reason: String,
}

impl Skip {
    /// The selectors that fit a case of `file`, if the entry covers it.
    fn fit(&self, file: &str, case: &Case) -> Option<Vec<Selector>> {
        if self.file != file {
            return None;
        }
        let mut fitting = Vec::new();
        for (selector, values) in self.selectors() {
            let fits = |value: &&String| match selector {
                "id" => case.id == **value,
                "prefix" => case.id.starts_with(value.as_str()),
                "area" => case.area == **value,
                _ => case.kind == **value,
            };
            let before = fitting.len();
            fitting.extend(values.iter().filter(fits).map(|value| (selector, value.clone())));
            if !values.is_empty() && fitting.len() == before {
                return None;
            }
        }
        Some(fitting)
    }

    fn selectors(&self) -> [(&'static str, &[String]); 4] {
        [
            ("id", self.id.values()),
            ("prefix", self.prefix.values()),
            ("area", self.area.values()),
            ("kind", self.kind.values()),
        ]
    }
}

/// A text or a list of texts.
#[derive(Debug, Default)]
struct OneOrMany(Vec<String>);

impl OneOrMany {
    fn values(&self) -> &[String] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            One(String),
            Many(Vec<String>),
        }
        Ok(Self(match Form::deserialize(deserializer)? {
            Form::One(text) => vec![text],
            Form::Many(texts) => texts,
        }))
    }
}
