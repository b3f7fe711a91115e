//! Is this answer what the vector expects? Values, and the `$` matchers among them.
//!
//! An object whose keys start with `$` is a set of matchers, and each must hold. Every other value
//! stands for itself. Whether an answer may have more keys than are expected is the [`Shape`], and
//! how numbers are compared the [`Slack`].

use serde_json::{Map, Value};

use super::checks::{Checks, show, show_got};
use super::number;
use super::seam::HttpSystem;

/// How an expectation is read.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    /// Whether more keys are a fault.
    pub(super) shape: Shape,
    /// How numbers are compared.
    pub(super) slack: Slack,
    /// Keys whose text is the upstream's own and only has to be there.
    pub(super) free_text: &'a [&'a str],
    /// Who verifies a token, for `$jwt`.
    pub(super) host: Option<&'a dyn HttpSystem>,
}

impl Rules<'_> {
    /// Nothing more than is expected, numbers exact.
    pub(super) const EXACT: Self =
        Self { shape: Shape::Exact, slack: Slack::None, free_text: &[], host: None };

    /// The same rules, but more keys are no fault.
    pub(super) const fn subset(self) -> Self {
        Self { shape: Shape::Subset, ..self }
    }
}

/// Whether more keys than are expected are a fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shape {
    Exact,
    Subset,
}

/// How numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Slack {
    /// Every number may be off by this much, unless both are whole.
    All(f64),
    /// Numbers under these keys may be off by 10⁻⁹, unless both are whole.
    Keys(&'static [&'static str]),
    /// None.
    None,
}

/// What an amount that the vectors hold as a binary float may be off by.
pub(super) const FLOAT_TOLERANCE: f64 = 1e-9;

/// Compares `got` with `expected`, one assertion a leaf.
pub(super) fn compare(
    rules: &Rules<'_>,
    expected: &Value,
    got: Option<&Value>,
    checks: &mut Checks,
) {
    match (expected, got) {
        (Value::Object(wanted), _) if wanted.keys().any(|key| key.starts_with('$')) => {
            for (name, argument) in wanted {
                match matches(rules, (name, argument), got) {
                    Ok(()) => checks.pass(),
                    Err(why) => checks.fail(&show(expected), &why),
                }
            }
        }
        (Value::Object(wanted), Some(Value::Object(found))) => object(rules, wanted, found, checks),
        // Some of a list, by their places.
        (Value::Object(wanted), Some(Value::Array(found))) if rules.shape == Shape::Subset => {
            for (place, wanted) in wanted {
                let got = place.parse().ok().and_then(|place: usize| found.get(place));
                checks.within(place, |checks| compare(rules, wanted, got, checks));
            }
        }
        (Value::Array(wanted), Some(Value::Array(found))) => {
            if wanted.len() != found.len() {
                checks.fail(&show(expected), &show_got(got));
                return;
            }
            checks.pass();
            for (index, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                checks.within(&index.to_string(), |checks| {
                    compare(rules, wanted, Some(found), checks);
                });
            }
        }
        (Value::Number(wanted), Some(Value::Number(found))) => {
            let holds = match rules.slack {
                Slack::All(tolerance) => number::close(wanted, found, tolerance),
                Slack::Keys(_) | Slack::None => number::same(wanted, found),
            };
            leaf(holds, (expected, got), checks);
        }
        _ => leaf(Some(expected) == got, (expected, got), checks),
    }
}

/// Whether `got` matches, without recording anything.
fn holds(rules: &Rules<'_>, expected: &Value, got: &Value) -> bool {
    let mut trial = Checks::default();
    compare(rules, expected, Some(got), &mut trial);
    trial.mismatches.is_empty()
}

fn leaf(holds: bool, (expected, got): (&Value, Option<&Value>), checks: &mut Checks) {
    if holds {
        checks.pass();
    } else {
        checks.fail(&show(expected), &show_got(got));
    }
}

fn object(
    rules: &Rules<'_>,
    wanted: &Map<String, Value>,
    found: &Map<String, Value>,
    checks: &mut Checks,
) {
    for (key, expected) in wanted {
        let got = found.get(key);
        let slack = match rules.slack {
            Slack::Keys(keys) if keys.contains(&key.as_str()) => Slack::All(FLOAT_TOLERANCE),
            slack => slack,
        };
        checks.within(key, |checks| {
            if rules.free_text.contains(&key.as_str()) && expected.is_string() {
                leaf(got.is_some_and(|got| !got.is_null()), (expected, got), checks);
            } else {
                compare(&Rules { slack, ..*rules }, expected, got, checks);
            }
        });
    }
    if rules.shape == Shape::Exact {
        checks.pass();
        for (key, value) in found.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
            checks.within(key, |checks| checks.refuse("no such key", &show(value)));
        }
    }
}

/// Whether one matcher holds, or what was there instead.
fn matches(
    rules: &Rules<'_>,
    (name, argument): (&str, &Value),
    got: Option<&Value>,
) -> Result<(), String> {
    let Some(value) = got else {
        return Err(show_got(None));
    };
    let met = match name {
        "$any" => true,
        "$type" => of_type(argument, value)?,
        "$regex" => regex::Regex::new(text(argument)?)
            .map_err(|error| format!("a bad expression in the vector: {error}"))?
            .is_match(text(value)?),
        "$contains" => text(value)?.contains(text(argument)?),
        "$oneOf" => list(argument)?.iter().any(|option| holds(rules, option, value)),
        "$hasToken" => has_token(text(value)?, text(argument)?),
        "$hasTokens" => {
            let value = text(value)?;
            list(argument)?.iter().try_fold(true, |all, token| {
                Ok::<_, String>(all && has_token(value, text(token)?))
            })?
        }
        "$len" => list(value)?.len() == count(argument)?,
        "$maxLen" => list(value)?.len() <= count(argument)?,
        "$includesIds" => list(argument)?.iter().all(|id| has_id(value, id)),
        "$excludesIds" => {
            list(value)?;
            !list(argument)?.iter().any(|id| has_id(value, id))
        }
        "$allHave" => list(value)?.iter().all(|item| holds(&rules.subset(), argument, item)),
        "$noneHave" => none_have(list(value)?, list(argument)?),
        "$jwt" => {
            let host = rules.host.ok_or("no host that verifies tokens")?;
            let token = host.verified_token(text(value)?).map_err(|missing| missing.to_string())?;
            holds(&rules.subset(), argument, &token)
        }
        _ => return Err(format!("a matcher that the runner does not know: {name}")),
    };
    if met { Ok(()) } else { Err(show(value)) }
}

fn of_type(wanted: &Value, value: &Value) -> Result<bool, String> {
    Ok(match text(wanted)? {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        unknown => return Err(format!("a type that the runner does not know: {unknown}")),
    })
}

fn has_token(listed: &str, token: &str) -> bool {
    listed.split(',').any(|item| item.trim().eq_ignore_ascii_case(token.trim()))
}

fn has_id(array: &Value, id: &Value) -> bool {
    array.as_array().is_some_and(|items| items.iter().any(|item| item.get("id") == Some(id)))
}

fn none_have(items: &[Value], keys: &[Value]) -> bool {
    let has = |item: &Value, key: &Value| key.as_str().is_some_and(|key| item.get(key).is_some());
    !items.iter().any(|item| keys.iter().any(|key| has(item, key)))
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("no string: {}", show(value)))
}

fn list(value: &Value) -> Result<&[Value], String> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| format!("no array: {}", show(value)))
}

fn count(value: &Value) -> Result<usize, String> {
    let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| format!("no count: {}", show(value)))
}
