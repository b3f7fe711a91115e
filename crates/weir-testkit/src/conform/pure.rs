//! Is the answer to a question without state the one that the vector has?

use serde_json::{Map, Value};

use super::checks::Checks;
use super::matcher::{FLOAT_TOLERANCE, Rules, Slack, compare};
use super::seam::{Question, System};

/// Asks, and compares every key of the answer.
///
/// Free text under `error` only has to be there, `iso` texts repeat what a number beside them says,
/// and `tolerance` is about the comparison.
pub(super) fn run(
    question: &Question<'_>,
    expect: &Map<String, Value>,
    system: &dyn System,
    checks: &mut Checks,
) {
    let got = match system.answer(question) {
        Ok(got) => got,
        Err(missing) => return checks.refuse("an answer", &missing.to_string()),
    };
    let tolerance = match expect.get("tolerance").map(Value::as_f64) {
        None => FLOAT_TOLERANCE,
        Some(Some(tolerance)) => tolerance,
        Some(None) => return checks.refuse("a tolerance that is a number", "another value"),
    };
    let informational = |key: &str| key == "iso" || key.ends_with("_iso");
    let mut wanted = expect.clone();
    wanted.remove("tolerance");
    wanted.retain(|key, _| {
        if informational(key) {
            checks.exclude(key);
        }
        !informational(key)
    });
    let rules = Rules { slack: Slack::All(tolerance), free_text: &["error"], ..Rules::EXACT };
    compare(&rules, &Value::Object(wanted), Some(&got), checks);
}

/// A peer's case: what its own tests assert, and what an independent port of it derives. Of an
/// object or list, an assertion may name some of the members.
pub(super) fn peer(
    question: &Question<'_>,
    expect: &Map<String, Value>,
    system: &dyn System,
    checks: &mut Checks,
) {
    let got = match system.answer(question) {
        Ok(got) => got,
        Err(missing) => return checks.refuse("an answer", &missing.to_string()),
    };
    checks.know(expect.keys(), &["asserted", "derived"]);
    let rules = Rules::EXACT.subset();
    // What is told after each step stands with the step.
    for (at, step) in question.input.as_array().into_iter().flatten().enumerate() {
        for (part, wanted) in step.as_object().into_iter().flatten() {
            let told = part.strip_prefix("asserted").or_else(|| part.strip_prefix("derived"));
            let Some(told) = told else { continue };
            let got = match told {
                "" | "_after" => got.get(at),
                key => got.get(at).and_then(|got| got.get(key.trim_start_matches('_'))),
            };
            checks.within(&format!("steps/{at}/{part}"), |checks| {
                compare(&rules, wanted, got, checks);
            });
        }
    }
    for part in ["asserted", "derived"] {
        if let Some(wanted) = expect.get(part) {
            checks.within(part, |checks| compare(&rules, wanted, Some(&got), checks));
        }
    }
}
