//! Questions without state, put to the parts of the adapter and the core that answer them.

use serde_json::{Value, json};
use weir::{Quantity, Span, Timestamp};
use weir_core::json::Scratch;
use weir_core::meter::{Aggregation, Life, Meter as CoreMeter, Reading};
use weir_core::route::{Numbers, Path};
use weir_unprice::ingest::lateness_text;
use weir_unprice::money::Money;
use weir_unprice::{Meter, keys};

use super::given::{Allowance, instant};
use super::kept::number;
use super::scenario::raw;
use super::world::{World, grant_terms, missing, told};
use super::{grants, period, price, wallet};
use crate::conform::{NotImplemented, Question};

/// The answer to a question.
pub(super) fn answer(question: &Question<'_>) -> Result<Value, NotImplemented> {
    for part in [period::answer, grants::answer, wallet::answer] {
        if let Some(answer) = part(question)? {
            return Ok(answer);
        }
    }
    let Question { kind, given, input } = *question;
    match kind {
        "active_grants" => active_grants(given, input),
        "aggregate" => aggregate(given, input),
        "api_key_shape" => api_key_shape(input),
        "format" => display(input),
        "meter_key" => Ok(json!({"key": meter(member(input, "meter")?)?.key()})),
        "parse_number" => parse_number(input),
        "timestamp_check" => timestamp_check(given, input),
        _ => price::answer(question),
    }
}

fn active_grants(given: &Value, input: &Value) -> Result<Value, NotImplemented> {
    let world = World::new(json!({}))?;
    let (gate, start) = (&world.gate, Timestamp::EPOCH);
    let scope = gate.open(None, "proj/cus_1", Some("starter"), start).map_err(told)?;
    let grants = member(given, "grants")?.as_array().ok_or_else(|| missing("grants"))?;
    for grant in grants {
        let grant: Allowance =
            serde_json::from_value(grant.clone()).map_err(|error| missing(&error.to_string()))?;
        gate.grant(scope, "tokens", &grant_terms(&grant)?, start).map_err(told)?;
    }
    let at = at(input, "timestamp")?;
    let mut grants = gate.grants(scope, "tokens").map_err(told)?;
    grants.retain(|grant| grant.pays_at(at));
    let ids: Vec<_> = grants.iter().map(|grant| &*grant.name).collect();
    Ok(json!({"ids_in_drain_order": ids}))
}

/// Each meter keeps its own reading; an event that one of them cannot read moves none.
fn aggregate(given: &Value, input: &Value) -> Result<Value, NotImplemented> {
    let list = |from: &Value, key: &str| {
        let list = member(from, key)?.as_array().cloned();
        list.ok_or_else(|| missing(&format!("a list of {key}")))
    };
    let meters = list(given, "meters")?;
    let meters: Vec<_> = meters.iter().map(meter).collect::<Result<_, _>>()?;
    let mut readings: Vec<Option<Reading>> = vec![None; meters.len()];
    let mut told = Vec::new();
    for event in list(input, "events")? {
        let mut after = readings.clone();
        match facts(&meters, &event, &mut after)? {
            Ok(facts) => {
                readings = after;
                told.push(json!(facts));
            }
            Err(error) => told.push(json!({"error": error})),
        }
    }
    Ok(json!({"facts_per_event": told}))
}

fn facts(
    meters: &[Meter],
    event: &Value,
    readings: &mut [Option<Reading>],
) -> Result<Result<Vec<Value>, String>, NotImplemented> {
    let (slug, at) = (member(event, "slug")?, at(event, "timestamp")?);
    let payload = member(event, "properties")?.to_string();
    let mut scratch = Scratch::default();
    let payload = raw(&payload, &mut scratch)?;
    let mut facts = Vec::new();
    for (meter, reading) in meters.iter().zip(readings) {
        if slug.as_str() != Some(&*meter.event_slug) {
            continue;
        }
        let aggregation: Aggregation = serde_json::from_value(json!(meter.aggregation_method))
            .map_err(|error| missing(&error.to_string()))?;
        let value = match (aggregation, &meter.aggregation_field) {
            (Aggregation::Count, _) => Ok(Quantity::from_units(1)),
            (_, Some(property)) => {
                let path =
                    Path::of([property.as_str()]).map_err(|bad| missing(&bad.to_string()))?;
                Numbers::Ecmascript.at(&path, payload, &mut Scratch::default())
            }
            (_, None) => return Err(missing("a meter without a field")),
        };
        let Ok(value) = value else {
            return Ok(Err(format!("no finite number for {}", meter.key())));
        };
        let read = CoreMeter::plain(aggregation, Life::Lifetime).read(*reading, value, at);
        let read = read.ok_or_else(|| missing("a number of that size"))?;
        *reading = Some(read.reading);
        facts.push(json!({
            "meter": meter.event_id,
            "delta": number(read.delta),
            "value_after": number(read.reading.value),
        }));
    }
    Ok(Ok(facts))
}

fn api_key_shape(input: &Value) -> Result<Value, NotImplemented> {
    // A host for development has one class more in its catalog.
    let dev = json!({"dev": {
        "prefix": "unprice_dev_", "alphabet": "token", "length": {"min": 1, "max": 64},
        "environment": "test",
    }});
    let allowed = member(input, "allow_dev")?.as_bool().unwrap_or_default();
    let world = World::new(if allowed { dev } else { json!({}) })?;
    let key = member(input, "key")?.as_str().ok_or_else(|| missing("a key"))?;
    Ok(json!({"valid": keys::is_key(&world.gate, key.as_bytes()).map_err(told)?}))
}

fn display(input: &Value) -> Result<Value, NotImplemented> {
    let units = member(input, "ledger_minor")?.as_i64().ok_or_else(|| missing("minor units"))?;
    let nanos = i128::from(units).checked_mul(10).ok_or_else(|| missing("so much"))?;
    let currency = member(input, "currency")?.as_str().unwrap_or_default().to_owned();
    let money = Money { amount: Quantity::from_nanos(nanos), currency };
    Ok(json!({"display": money.display()}))
}

fn parse_number(input: &Value) -> Result<Value, NotImplemented> {
    let text = input.get("value").map(Value::to_string);
    let Some(text) = text else { return Ok(json!({"valid": false})) };
    let mut scratch = Scratch::default();
    match Numbers::Ecmascript.read(raw(&text, &mut scratch)?) {
        Ok(value) => Ok(json!({"valid": true, "value": number(value)})),
        Err(_) => Ok(json!({"valid": false})),
    }
}

fn timestamp_check(given: &Value, input: &Value) -> Result<Value, NotImplemented> {
    let world = World::new(json!({}))?;
    let acceptance = world.gate.catalog().map_err(told)?.acceptance();
    let millis = |span: Option<Span>| json!(span.map(Span::as_millis));
    if millis(acceptance.age_max) != *member(given, "max_age_ms")?
        || millis(acceptance.ahead_from) != *member(given, "max_future_skew_ms")?
    {
        return Err(missing("other ages than the catalog's"));
    }
    let late = acceptance.check(at(input, "timestamp")?, at(given, "now")?);
    let Some(late) = late else { return Ok(json!({"accepted": true})) };
    let rejected = match late {
        weir_core::catalog::Lateness::TooNew => "too_far_in_future",
        weir_core::catalog::Lateness::TooOld => "too_old",
    };
    Ok(json!({"accepted": false, "rejected": rejected, "message": lateness_text(late)}))
}

fn meter(value: &Value) -> Result<Meter, NotImplemented> {
    serde_json::from_value(value.clone()).map_err(|error| missing(&error.to_string()))
}

fn member<'a>(value: &'a Value, key: &str) -> Result<&'a Value, NotImplemented> {
    value.get(key).ok_or_else(|| missing(&format!("no {key}")))
}

fn at(value: &Value, key: &str) -> Result<Timestamp, NotImplemented> {
    instant(member(value, key)?.as_i64().ok_or_else(|| missing(key))?)
}
