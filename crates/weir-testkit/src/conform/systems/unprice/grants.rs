//! Which grants are there, and which pays? Questions about what is sold, put to the adapter's parts.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use weir::{Ask, Caller, Cost, ImportTerms, Quantity, Scope, Timestamp};
use weir_core::json::Scratch;
use weir_core::window::Period;
use weir_unprice::Meter;
use weir_unprice::cadence::{Cadence, Term};
use weir_unprice::entitlement::{
    Billing, Entitlement, Kind, Terms, entitle, entitlements, root_of, sell,
};
use weir_unprice::grants::{Origin, allowance, of_phase, sooner};
use weir_unprice::ingest::{Event, Instants, ingest};
use weir_unprice::overage::Overage;

use super::kept::{Kept, number};
use super::period::{end_of, maybe, period_key};
use super::scenario::raw;
use super::world::{CUSTOMER, PROJECT, World, missing, told};
use crate::conform::{NotImplemented, Question};

/// The answer to a question about grants and entitlements; `None` for another kind.
pub(super) fn answer(question: &Question<'_>) -> Result<Option<Value>, NotImplemented> {
    let Question { kind, given, input } = *question;
    Ok(Some(match kind {
        "available_units" => available(given, input)?,
        "default_priority" => json!({"priority": read::<Origin>(&input["type"])?.priority()}),
        "grant_bucket" => bucket(&given["grant"], input)?,
        "grant_consume" => consume(given, input)?,
        "grant_currency_batch" => currencies(input)?,
        "limit_type" => {
            let overage: Overage = read(&input["overage_strategy"])?;
            json!({"type": overage.kind_of(amount(&input["limit"])?)})
        }
        "merge_expiry" => {
            let end = sooner(maybe(input, "current")?, maybe(input, "incoming")?);
            json!({"value": end.map(Timestamp::as_millis)})
        }
        "merge_overage_strategy" => {
            let sold: Vec<Overage> = read(&input["strategies"])?;
            json!({"strategy": sold.into_iter().max().unwrap_or_default()})
        }
        "meter_config_validate" => validate(&input["meter"])?,
        "overlap_check" => overlap(given, input)?,
        "phase_allowance" => {
            let given = allowance(amount(&input["units"])?, amount(&input["feature_limit"])?);
            json!({"allowance": given.map(number)})
        }
        "phase_grant_windows" => phase(&given["phase"])?,
        _ => return Ok(None),
    }))
}

/// A world in which what the vector lists was given, and used as far as it says.
struct Sold {
    world: World,
    customer: Scope,
    at: Timestamp,
}

impl Sold {
    fn new(given: &Value, input: &Value, overage: &str) -> Result<Self, NotImplemented> {
        let grants = given["grants"].as_array().ok_or_else(|| missing("grants"))?;
        let at = maybe(input, "timestamp")?.ok_or_else(|| missing("a timestamp"))?;
        let first = grants.first().unwrap_or(&Value::Null);
        let sale = json!({
            "id": ENTITLEMENT,
            "customer": CUSTOMER,
            "feature": "tokens",
            "type": "usage",
            "effective_at": first.get("effective_at").unwrap_or(&json!(at.as_millis())),
            "expires_at": null,
            "meter": {"slug": SLUG, "method": "sum", "field": "amount"},
            "price": {"mode": "unit", "price": "0"},
            "overage": overage,
            "reset": first.get("reset"),
            "credit_line": "uncapped",
            "grants": grants,
            "billing_periods": [],
        });
        let mut world = World::new(json!({}))?;
        world.sell(&json!([sale]))?;
        let customer = world.customer(CUSTOMER)?;
        let sold = Self { world, customer, at };
        for state in given["states"].as_array().into_iter().flatten() {
            sold.import(state)?;
        }
        Ok(sold)
    }

    /// What was used of a bucket, unless it is one of another period.
    fn import(&self, state: &Value) -> Result<(), NotImplemented> {
        let key = state["bucket_key"].as_str().ok_or_else(|| missing("a bucket"))?;
        let (cadence, period) = self.period()?;
        let Some(grant) = key.strip_suffix(&format!(":{}", period_key(&cadence, period))) else {
            return Ok(());
        };
        let terms = ImportTerms {
            used: amount(&state["consumed"])?.unwrap_or_default(),
            capacity: None,
            window_end: period.end,
            grant: Some(&format!("{ENTITLEMENT}/{grant}")),
        };
        self.world.gate.import(self.customer, ENTITLEMENT, &terms, self.at).map_err(told)
    }

    fn period(&self) -> Result<(Cadence, Period), NotImplemented> {
        let sale = self.world.sales.first().ok_or_else(|| missing("a sale"))?;
        let cadence = sale.cadence()?;
        let period = cadence.period(sale.life()?, self.at);
        let period = period.map_err(|bad| missing(&bad.to_string()))?;
        Ok((cadence, period.ok_or_else(|| missing("a period"))?))
    }

    fn asks(&self, quantity: Quantity) -> Result<bool, NotImplemented> {
        let feature = self.world.gate.feature(ENTITLEMENT).map_err(told)?;
        let costs = [Cost { feature, quantity }];
        let (caller, scopes) = (Caller::Unchecked, &[self.customer]);
        let ask = Ask { caller, scopes, costs: &costs, at: self.at, key: None };
        Ok(self.world.gate.peek(&ask, self.at).map_err(told)?.is_allowed())
    }
}

/// The most that is admitted, found by asking.
fn available(given: &Value, input: &Value) -> Result<Value, NotImplemented> {
    let sold = Sold::new(given, input, "none")?;
    let standing = sold.world.gate.standing(sold.customer, ENTITLEMENT, sold.at).map_err(told)?;
    let (mut most, mut over) = (0, standing.capacity.as_nanos().saturating_add(1));
    while most < over.saturating_sub(1) {
        let between = most.midpoint(over);
        if sold.asks(Quantity::from_nanos(between))? {
            most = between;
        } else {
            over = between;
        }
    }
    let available = number(Quantity::from_nanos(most));
    Ok(json!({"available": available, "consumed": number(standing.used)}))
}

fn bucket(grant: &Value, input: &Value) -> Result<Value, NotImplemented> {
    let start = grant.get("cadence_start").or_else(|| grant.get("effective_at"));
    let mut grant = grant.clone();
    if let Some(grant) = grant.as_object_mut() {
        let start = start.cloned().unwrap_or_default();
        grant.remove("cadence_start");
        grant.insert("effective_at".to_owned(), start);
    }
    let sold = Sold::new(&json!({"grants": [grant]}), input, "none")?;
    let (cadence, counted) = sold.period()?;
    let expires = maybe(&grant, "expires_at")?.unwrap_or(Period::NEVER);
    let period = Period { end: counted.end.min(expires), ..counted };
    let key = period_key(&cadence, period);
    Ok(json!({
        "bucket_key": format!("{}:{key}", text(&grant, "id")),
        "period_key": key,
        "start": period.start.as_millis(),
        "end": end_of(period.end),
    }))
}

/// An event that is admitted whatever is left, and what of it each grant pays.
fn consume(given: &Value, input: &Value) -> Result<Value, NotImplemented> {
    let sold = Sold::new(given, input, "always")?;
    let payload = json!({"amount": input["units"]}).to_string();
    let mut scratch = Scratch::default();
    let event = Event {
        customer: &root_of(PROJECT, CUSTOMER),
        key: "k",
        slug: SLUG,
        feature: "tokens",
        properties: raw(&payload, &mut scratch)?,
        at: sold.at,
    };
    let instants = Instants { now: sold.at, received: sold.at };
    let asked = amount(&input["units"])?.unwrap_or_default();
    // Where no grant pays there is no decision, and nothing is drawn.
    let decided = ingest(&sold.world.gate, &(), &event, instants).ok();
    let verdict = decided.and_then(|ingested| ingested.verdict);
    let facts = verdict.and_then(|verdict| Kept::of(&sold.world).facts(verdict.sequence));
    let (mut allocations, mut rest) = (Vec::new(), asked);
    for fact in facts.unwrap_or_default() {
        let units = fact.get("delta").map_or(Ok(None), amount)?.unwrap_or_default();
        rest = rest.checked_sub(units).ok_or_else(|| missing("so much"))?;
        allocations.push(allocation(&sold, given, &fact)?);
    }
    Ok(json!({"remaining": number(rest), "allocations": allocations}))
}

fn allocation(sold: &Sold, given: &Value, fact: &Value) -> Result<Value, NotImplemented> {
    let (grant, key) = (&fact["grant_id"], &fact["period_key"]);
    let [units, after] = [amount(&fact["delta"])?, amount(&fact["value_after"])?];
    let before = after.zip(units).and_then(|(after, units)| after.checked_sub(units));
    let grants = given["grants"].as_array().into_iter().flatten();
    let terms = grants.into_iter().find(|known| known["id"] == *grant).unwrap_or(&Value::Null);
    let allowed = terms.get("allowance").map_or(Ok(None), amount)?;
    let expires = maybe(terms, "expires_at")?.unwrap_or(Period::NEVER);
    let exhausted = allowed.zip(after).is_some_and(|(allowed, after)| after >= allowed);
    let (_, period) = sold.period()?;
    let texts = [grant, key].map(|text| text.as_str().unwrap_or_default());
    Ok(json!({
        "grant_id": grant,
        "units": fact["delta"],
        "usage_before": before.map(number),
        "usage_after": fact["value_after"],
        "bucket_key": texts.join(":"),
        "period_key": key,
        "period_start": period.start.as_millis(),
        "period_end": end_of(period.end.min(expires)),
        "exhausted_at": exhausted.then_some(sold.at.as_millis()),
    }))
}

/// One entitlement, renewed with each currency in turn.
fn currencies(input: &Value) -> Result<Value, NotImplemented> {
    let world = World::new(json!({}))?;
    let root = root_of(PROJECT, CUSTOMER);
    for currency in read::<Vec<String>>(&input["currencies"])? {
        let sold = entitlement("ce", (Timestamp::EPOCH, Period::NEVER), &currency);
        entitle(&world.gate, (&root, "tokens"), &sold, Timestamp::EPOCH).map_err(told)?;
        let known = entitlements(&world.gate, &root, "tokens").map_err(told)?;
        if let Some(changed) = known.iter().find(|known| !known.terms.changed.is_empty()) {
            return Ok(json!({"error": format!("{:?} changed", changed.terms.changed)}));
        }
    }
    Ok(json!({"ok": true}))
}

fn overlap(given: &Value, input: &Value) -> Result<Value, NotImplemented> {
    let world = World::new(json!({}))?;
    let root = root_of(PROJECT, CUSTOMER);
    let of = |value: &Value, id: &str| {
        let start = maybe(value, "effective_at")?.ok_or_else(|| missing("a beginning"))?;
        let end = maybe(value, "expires_at")?.unwrap_or(Period::NEVER);
        let feature: String = read(&value["feature"])?;
        Ok::<_, NotImplemented>((feature, entitlement(id, (start, end), "USD")))
    };
    for (at, existing) in given["existing"].as_array().into_iter().flatten().enumerate() {
        let (feature, sold) = of(existing, &format!("ce_{at}"))?;
        entitle(&world.gate, (&root, &feature), &sold, Timestamp::EPOCH).map_err(told)?;
    }
    let (feature, new) = of(&input["create"], "new")?;
    let sold = sell(&world.gate, (&root, &feature), &new, Timestamp::EPOCH).map_err(told)?;
    Ok(sold.map_or_else(|taken| json!({"error": taken.to_string()}), |()| json!({"ok": true})))
}

fn entitlement(
    id: &str,
    (effective, expires): (Timestamp, Timestamp),
    currency: &str,
) -> Entitlement {
    Entitlement {
        id: id.to_owned(),
        kind: Kind::Usage,
        limit: "tokens".to_owned(),
        meter_key: None,
        billing: Billing::told(currency),
        effective,
        expires,
        terms: Terms::default(),
    }
}

fn phase(phase: &Value) -> Result<Value, NotImplemented> {
    let start = maybe(phase, "start")?.ok_or_else(|| missing("a beginning"))?;
    let life = Period { start, end: maybe(phase, "end")?.unwrap_or(Period::NEVER) };
    let grants = of_phase(&Term { life, trial_ends: maybe(phase, "trial_ends")? });
    let shown = |(origin, Period { start, end }): (Origin, Period)| json!({"type": origin, "effective_at": start.as_millis(), "expires_at": end_of(end)});
    Ok(json!({"grants": grants.map(shown).collect::<Vec<_>>()}))
}

/// The first fault: where, and what.
fn validate(meter: &Value) -> Result<Value, NotImplemented> {
    let world = World::new(json!({}))?;
    match Meter::read(&world.gate, meter.to_string().as_bytes()).map_err(told)? {
        Ok(_) => Ok(json!({"valid": true})),
        Err(bad) => {
            let text = bad.to_string();
            let (path, message) = text.split_once(": ").unwrap_or(("", &text));
            Ok(json!({"valid": false, "path": path, "message": message}))
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A number of units; null and infinity are none.
fn amount(value: &Value) -> Result<Option<Quantity>, NotImplemented> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text == "Infinity" => Ok(None),
        other => other.to_string().parse().map(Some).map_err(|_| missing("a number of units")),
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, NotImplemented> {
    serde_json::from_value(value.clone()).map_err(|error| missing(&error.to_string()))
}

const ENTITLEMENT: &str = "ce";
const SLUG: &str = "tokens_used";
