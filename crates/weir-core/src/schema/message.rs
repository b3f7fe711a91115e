//! What is said of a violation? Templates, parsed once and filled in on demand.

use alloc::boxed::Box;
use core::fmt;

use super::violation::Violation;
use super::{Messages, RuleCode};

/// A template whose braces all belong to placeholders that there are.
#[derive(Debug)]
pub(super) struct Template(Box<str>);

impl Template {
    /// Keeps a template; `None` when a brace is no part of a placeholder.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        while let Some((before, name, after)) = split(rest) {
            let known = HOLES.iter().any(|(known, _)| *known == name);
            if before.contains('}') || !known {
                return None;
            }
            rest = after;
        }
        (!rest.contains(['{', '}'])).then(|| Self(Box::from(text)))
    }

    /// The template as it was written.
    pub(super) const fn as_str(&self) -> &str {
        &self.0
    }
}

/// Writes a template as it reads for `violation`.
pub(super) fn write(
    template: &str,
    violation: Violation<'_>,
    out: &mut dyn fmt::Write,
) -> fmt::Result {
    let mut rest = template;
    while let Some((before, name, after)) = split(rest) {
        out.write_str(before)?;
        match HOLES.iter().find(|(known, _)| *known == name).map(|(_, hole)| hole) {
            Some(Hole::AnExpected) => violation.write_an_expected(out),
            Some(Hole::Expected) => violation.write_expected(out),
            Some(Hole::Field) => violation.write_field(out),
            Some(Hole::Path) => violation.write_path(out),
            Some(Hole::Place) => violation.write_place(out),
            Some(Hole::Pointer) => violation.write_pointer(out),
            Some(Hole::Received) => out.write_str(violation.received()),
            None => Ok(()),
        }?;
        rest = after;
    }
    out.write_str(rest)
}

/// What stands before the first placeholder, its name, and what stands after it.
fn split(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// A placeholder.
#[derive(Clone, Copy)]
enum Hole {
    AnExpected,
    Expected,
    Field,
    Path,
    Place,
    Pointer,
    Received,
}

/// The templates of a schema, of its root or of a field.
#[derive(Debug, Default)]
pub(super) struct Templates {
    any: Option<Template>,
    by_code: Box<[(RuleCode, Template)]>,
}

impl Templates {
    /// Parses all of them; `refused` hears the key of each that cannot be parsed.
    pub(super) fn compile(messages: &Messages, mut refused: impl FnMut(&str)) -> Self {
        let mut parse = |key: &str, text: &str| {
            let template = Template::parse(text);
            if template.is_none() {
                refused(key);
            }
            template
        };
        let any = messages.any.as_deref().and_then(|text| parse("any", text));
        let by_code = messages.by_code.iter().filter_map(|(code, text)| {
            let key = code.code().trim_start_matches("schema.");
            Some((*code, parse(key, text)?))
        });
        Self { by_code: by_code.collect(), any }
    }

    /// The template for a broken rule, if there is one here.
    pub(super) fn find(&self, code: RuleCode) -> Option<&Template> {
        let own = self.by_code.iter().find(|(known, _)| *known == code);
        own.map(|(_, template)| template).or(self.any.as_ref())
    }
}

/// Every placeholder, for a hint.
pub(super) const HOLE_NAMES: &str =
    "{field}, {path}, {pointer}, {place}, {expected}, {an_expected}, {received}";

const HOLES: &[(&str, Hole)] = &[
    ("an_expected", Hole::AnExpected),
    ("expected", Hole::Expected),
    ("field", Hole::Field),
    ("path", Hole::Path),
    ("place", Hole::Place),
    ("pointer", Hole::Pointer),
    ("received", Hole::Received),
];
