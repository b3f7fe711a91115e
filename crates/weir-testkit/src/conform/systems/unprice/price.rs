//! What does the vector charge? Prices as a vector writes them, as a catalog has them.

use serde::Deserialize;
use serde_json::{Value, json};
use weir::{Quantity, Timestamp};
use weir_core::amount::{Precision, Rounding};
use weir_core::price::{Course, Curve, Price, Tier, TierError, Tiers};
use weir_unprice::money::{Money, is_price, ledger_units, minor_units};

use super::kept::number;
use super::world::{World, missing, told};
use crate::conform::{NotImplemented, Question};

/// A tier in whole units, as the contract counts them: the first one in it, and the last.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Step {
    first: i64,
    last: Option<i64>,
    #[serde(default)]
    unit: Quantity,
    #[serde(default)]
    flat: Quantity,
}

/// The answer to a question about prices or money.
pub(super) fn answer(question: &Question<'_>) -> Result<Value, NotImplemented> {
    let Question { kind, given, input } = *question;
    match kind {
        "diff_ledger_minor" => {
            let [after, before] = [units(input, "after")?, units(input, "before")?];
            let minor = after.checked_sub(before).and_then(ledger_units);
            Ok(json!({"minor": minor}))
        }
        "from_ledger_decimal" => {
            let text = text(input, "decimal")?;
            let read =
                Quantity::from_json(text.as_bytes(), Precision::Nearest).map_err(unreadable)?;
            Ok(json!({"minor": minor_units(read, Money::LEDGER_SCALE, Rounding::Down)}))
        }
        "price_delta" => delta(given, input),
        "price_string" => Ok(json!({"valid": is_price(text(input, "value")?)})),
        "price_total" => total(given, input),
        "tier_validate" => validate(input),
        "to_currency_minor" => {
            let (amount, currency) = (units(input, "minor")?, "USD".to_owned());
            Ok(json!({"currency_minor": Money { amount, currency }.cents()}))
        }
        "to_ledger_decimal" => {
            let minor = ledger_units(scaled(input)?).ok_or_else(|| missing("so much"))?;
            Ok(json!({"decimal": fixed(minor, 8)}))
        }
        "to_ledger_minor" => Ok(json!({"minor": ledger_units(scaled(input)?)})),
        "to_provider_minor" => {
            let amount = minor_units(scaled(input)?, 2, Rounding::Up);
            Ok(json!({"amount": amount, "currency": "usd"}))
        }
        other => Err(missing(&format!("kind {other}"))),
    }
}

/// A vector's price as a catalog's.
pub(super) fn definition(config: &Value) -> Result<Value, NotImplemented> {
    let mode = ["mode", "kind"].iter().find_map(|key| config.get(key)).and_then(Value::as_str);
    let price = || config.get("price").cloned().ok_or_else(|| missing("no price"));
    Ok(match mode {
        Some("flat") => json!({"flat": price()?}),
        Some("package") => json!({"package": {"price": price()?, "size": config.get("units")}}),
        Some("tier") => {
            let tiers = tiers(config.get("tiers").unwrap_or(&Value::Null))?;
            match config.get("tier_mode").and_then(Value::as_str) {
                Some("graduated") => json!({"graduated": tiers}),
                Some("volume") => json!({"volume": tiers}),
                _ => return Err(missing("another mode of tiers")),
            }
        }
        Some("unit") => price()?,
        _ => return Err(missing("another mode of price")),
    })
}

/// How the contract calls a price in tiers.
pub(super) const fn tier_mode(price: &Price) -> Option<&'static str> {
    match price.curve {
        Curve::Graduated(_) => Some("graduated"),
        Curve::Volume(_) => Some("volume"),
        Curve::Flat(_) | Curve::Package { .. } | Curve::Unit(_) => None,
    }
}

/// The contract's tiers hold whole units, and the first one holds less than one, too.
fn tiers(steps: &Value) -> Result<Vec<Tier>, NotImplemented> {
    let steps: Vec<Step> = serde_json::from_value(steps.clone()).map_err(unreadable)?;
    let tier = |(at, Step { first, last, unit, flat }): (usize, Step)| {
        let above = if at == 0 { 0 } else { first.saturating_sub(1) };
        let (above, to) = (Quantity::from_units(above), last.map(Quantity::from_units));
        Tier { above, flat, to, unit }
    };
    Ok(steps.into_iter().enumerate().map(tier).collect())
}

/// The price as a catalog sells it, at the contract's scale and rounding.
fn sold(config: &Value) -> Result<Price, NotImplemented> {
    let charge = json!({"price": definition(config)?, "digits": 8, "rounding": "up"});
    let limit = json!({"feature": "f", "capacity": "unlimited", "window": "lifetime",
                       "charge": charge});
    let world = World::new(json!({}))?;
    let catalog = json!({"features": {"f": {}}, "plans": {"p": {"limits": {"l": limit}}}});
    let (gate, start) = (&world.gate, Timestamp::EPOCH);
    gate.install(catalog.to_string().as_bytes(), start).map_err(told)?;
    let scope = gate.open(None, "priced", Some("p"), start).map_err(told)?;
    let terms = gate.terms(scope, "l").map_err(told)?;
    terms.charge.map(|charge| charge.price).ok_or_else(|| missing("no charge"))
}

fn delta(given: &Value, input: &Value) -> Result<Value, NotImplemented> {
    let price = sold(member(given, "config")?)?;
    let [before, after] = [quantity(input, "usage_before")?, quantity(input, "usage_after")?];
    let Course { parts, tier } = price.curve.course((before, after));
    Ok(json!({
        "amount_minor": price.between(before, after).and_then(ledger_units),
        "tier_mode": tier_mode(&price),
        "tier_index": tier,
        "component_count": parts,
        "usage_before": number(before),
        "usage_after": number(after),
    }))
}

fn total(given: &Value, input: &Value) -> Result<Value, NotImplemented> {
    if input.get("prorate").is_some() {
        return Err(missing("proration"));
    }
    let cost = sold(member(given, "config")?)?.cost(quantity(input, "quantity")?);
    let cost = cost.ok_or_else(|| missing("so much"))?;
    let cents = minor_units(cost, 2, Rounding::Up).filter(|_| cost.as_nanos() % 10_000_000 == 0);
    let shown = fixed(cents.ok_or_else(|| missing("parts of a cent"))?, 2);
    Ok(json!({"subtotal": shown, "total": shown, "total_ledger_minor": ledger_units(cost)}))
}

/// The contract names the first fault.
fn validate(input: &Value) -> Result<Value, NotImplemented> {
    let Err(faults) = Tiers::new(&tiers(member(input, "tiers")?)?) else {
        return Ok(json!({"valid": true}));
    };
    let message = match faults.first() {
        Some((_, TierError::Gap)) => "Tiers need to be consecutive",
        Some((_, TierError::Overlap)) => "Tiers cannot overlap",
        Some((_, TierError::Open)) => "Only the last unit of the tiers can be null",
        _ => return Err(missing("another fault")),
    };
    Ok(json!({"valid": false, "message": message}))
}

/// An amount in units of its last digit.
fn scaled(input: &Value) -> Result<Quantity, NotImplemented> {
    let [amount, scale] = ["amount", "scale"].map(|key| input.get(key).and_then(Value::as_i64));
    let unit = scale.and_then(|scale| u32::try_from(9 - scale).ok()).map(|by| 10_i128.pow(by));
    let nanos = amount.zip(unit).and_then(|(amount, unit)| i128::from(amount).checked_mul(unit));
    nanos.map(Quantity::from_nanos).ok_or_else(|| missing("an amount at another scale"))
}

/// An amount in ledger units.
fn units(input: &Value, key: &str) -> Result<Quantity, NotImplemented> {
    let units = member(input, key)?.as_i64().ok_or_else(|| missing("whole ledger units"))?;
    Ok(Quantity::from_nanos(i128::from(units) * 10))
}

/// Minor units with so many digits behind the point.
fn fixed(minor: i64, digits: u32) -> String {
    let unit = 10_u64.pow(digits);
    let (sign, minor) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
    let width = usize::try_from(digits).unwrap_or_default();
    format!("{sign}{}.{:0width$}", minor / unit, minor % unit)
}

fn quantity(input: &Value, key: &str) -> Result<Quantity, NotImplemented> {
    let text = member(input, key)?.to_string();
    Quantity::from_json(text.as_bytes(), Precision::Nearest).map_err(unreadable)
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str, NotImplemented> {
    member(value, key)?.as_str().ok_or_else(|| missing(&format!("a text {key}")))
}

fn member<'a>(value: &'a Value, key: &str) -> Result<&'a Value, NotImplemented> {
    value.get(key).ok_or_else(|| missing(&format!("no {key}")))
}

fn unreadable(error: impl std::fmt::Display) -> NotImplemented {
    missing(&error.to_string())
}
