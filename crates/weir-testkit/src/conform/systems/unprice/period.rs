//! Which period is it? Questions about cadences, put to the adapter's.

use serde_json::{Value, json};
use weir::Timestamp;
use weir_core::window::Period;
use weir_unprice::cadence::{Anchor, BadAnchor, Cadence, Interval, Term, Turn};

use super::given::instant;
use super::world::missing;
use crate::conform::{NotImplemented, Question};

/// The answer to a question about periods; `None` for another kind.
pub(super) fn answer(question: &Question<'_>) -> Result<Option<Value>, NotImplemented> {
    let Question { kind, given, input } = *question;
    Ok(Some(match kind {
        "anchor" => mark(input)?,
        "cycle_sequence" => sequence(given, input)?,
        "cycle_window" => window(given, input)?,
        "date_add" => later(input)?,
        "period_key" => key(given, input)?,
        "reset_not_longer_than_billing" => {
            let cadence = |key| plain(&input[key]);
            json!({"ok": cadence("reset")?.is_at_most(&cadence("billing")?)})
        }
        _ => return Ok(None),
    }))
}

/// How the contract calls the period of `at`.
pub(super) fn period_key(cadence: &Cadence, period: Period) -> String {
    let interval = json!(cadence.interval);
    format!("{}:{}", interval.as_str().unwrap_or_default(), period.start.as_millis())
}

/// An interval as the vectors write it.
pub(super) fn interval(value: &Value) -> Result<Interval, NotImplemented> {
    serde_json::from_value(value.clone()).map_err(|error| missing(&error.to_string()))
}

/// The instant under a key, if there is one.
pub(super) fn maybe(value: &Value, key: &str) -> Result<Option<Timestamp>, NotImplemented> {
    value.get(key).and_then(Value::as_i64).map(instant).transpose()
}

fn mark(input: &Value) -> Result<Value, NotImplemented> {
    let anchor = anchor(&input["anchor"])?;
    let cadence = Cadence { interval: interval(&input["interval"])?, count: 1, anchor };
    Ok(match cadence.mark(at(input, "date")?) {
        Ok(mark) => json!({"value": mark}),
        Err(bad) => json!({"error": true, "message": complaint(bad)}),
    })
}

/// The contract's words for an anchor that is none.
fn complaint(BadAnchor { interval, least, most }: BadAnchor) -> String {
    let (adverb, mark) = match interval {
        Interval::Minute => ("minute", "second of minute"),
        Interval::Day => ("daily", "hour of day UTC"),
        Interval::Week => ("weekly", "day of week"),
        Interval::Month => ("monthly", "day of month"),
        Interval::Year => ("yearly", "day of month"),
        Interval::Onetime => ("onetime", "nothing"),
    };
    format!("For {adverb} intervals, anchor must be {least}-{most} ({mark}).")
}

fn window(given: &Value, input: &Value) -> Result<Value, NotImplemented> {
    let cadence = match cadence(&given["config"])? {
        Ok(cadence) => cadence,
        Err(error) => return Ok(json!({"error": error})),
    };
    let turn = match term(given)?.turn(&cadence, at(input, "now")?) {
        Ok(turn) => turn,
        Err(bad) => return Ok(json!({"error": bad.to_string()})),
    };
    let window = turn.map(|turn| {
        let Period { start, end } = turn.period();
        let (start, end) = (start.as_millis(), end_of(end));
        match turn {
            Turn::Billed(_) => json!({"start": start, "end": end}),
            Turn::Trial(_) => json!({"start": start, "end": end, "trial": true}),
        }
    });
    Ok(json!({"window": window}))
}

/// All periods up to that of the reference, and some more.
fn sequence(given: &Value, input: &Value) -> Result<Value, NotImplemented> {
    let (reference, term) = (at(input, "reference")?, term(given)?);
    let more = input["extra_count"].as_u64().ok_or_else(|| missing("a count"))?;
    let cadence = cadence(&given["config"])?.map_err(|error| missing(&error))?;
    let turns = term.turns(&cadence).map_err(|bad| missing(&bad.to_string()))?;
    let turns: Vec<_> = turns.map(Turn::period).take(MOST).collect();
    let known = turns.iter().filter(|turn| turn.start <= reference).count();
    let more = if term.life.contains(reference) { more } else { 0 };
    let count = known.saturating_add(usize::try_from(more).unwrap_or(MOST));
    let shown = |turn: &Period| json!([turn.start.as_millis(), end_of(turn.end)]);
    Ok(json!({"windows": turns.iter().take(count).map(shown).collect::<Vec<_>>()}))
}

fn later(input: &Value) -> Result<Value, NotImplemented> {
    let (start, config) = (at(input, "start")?, &input["config"]);
    if config.is_null() {
        return Ok(json!({"value": start.as_millis()}));
    }
    let units = config["units"].as_u64().and_then(|units| u16::try_from(units).ok());
    let units = units.ok_or_else(|| missing("units"))?;
    let later = interval(&config["interval"])?.after(start, units);
    Ok(json!({"value": later.ok_or_else(|| missing("an instant so late"))?.as_millis()}))
}

fn key(given: &Value, input: &Value) -> Result<Value, NotImplemented> {
    let cadence = cadence(&given["config"])?.map_err(|error| missing(&error))?;
    let period = cadence.period(term(given)?.life, at(input, "now")?);
    let period = period.map_err(|bad| missing(&bad.to_string()))?;
    Ok(match period {
        Some(period) => json!({"key": period_key(&cadence, period)}),
        None => json!({"error": "no_active_cycle"}),
    })
}

/// A cadence as a plan's author writes it; what comes once cannot come again and again.
fn cadence(config: &Value) -> Result<Result<Cadence, String>, NotImplemented> {
    let interval = interval(&config["interval"])?;
    match (config["planType"].as_str(), interval) {
        (Some("onetime"), _) => Ok(Ok(Cadence::ONCE)),
        (_, Interval::Onetime) => Ok(Err("what comes once is no recurring plan".to_owned())),
        _ => {
            let count = count(config.get("intervalCount"))?;
            Ok(Ok(Cadence { interval, count, anchor: anchor(&config["anchor"])? }))
        }
    }
}

/// A cadence without an anchor.
fn plain(config: &Value) -> Result<Cadence, NotImplemented> {
    let (interval, count) = (interval(&config["interval"])?, count(config.get("count"))?);
    Ok(Cadence { interval, count, anchor: Anchor::DayOfCreation })
}

pub(super) fn count(value: Option<&Value>) -> Result<u16, NotImplemented> {
    let Some(value) = value else { return Ok(1) };
    let count = value.as_u64().and_then(|count| u16::try_from(count).ok());
    count.ok_or_else(|| missing("a count of intervals"))
}

fn anchor(value: &Value) -> Result<Anchor, NotImplemented> {
    match (value.as_str(), value.as_u64()) {
        (Some("dayOfCreation"), _) => Ok(Anchor::DayOfCreation),
        (_, Some(at)) => u8::try_from(at).map(Anchor::At).map_err(|_| missing("such an anchor")),
        _ => Err(missing("an anchor")),
    }
}

fn term(given: &Value) -> Result<Term, NotImplemented> {
    let end = maybe(given, "effective_end")?.unwrap_or(Period::NEVER);
    let life = Period { start: at(given, "effective_start")?, end };
    Ok(Term { life, trial_ends: maybe(given, "trial_ends_at")? })
}

fn at(value: &Value, key: &str) -> Result<Timestamp, NotImplemented> {
    maybe(value, key)?.ok_or_else(|| missing(key))
}

/// An end as the vectors write it: null for none.
pub(super) fn end_of(end: Timestamp) -> Option<i64> {
    (end != Period::NEVER).then_some(end.as_millis())
}

/// More than any case asks for.
const MOST: usize = 10_000;
