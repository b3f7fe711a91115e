//! Do all validators mean the same? Thousands of bodies, each a little wrong or a little different.
//!
//! What validators are known to differ in is left out, so that all else must be the same: keys that
//! stand twice, numbers with an exponent, with more than nine fraction digits or beyond 10⁹ or so
//! (weir is exact and bounded, a float is neither), whole numbers spelled with a fraction (weir and
//! JSON Schema take `1.0` for whole, serde does not), text that is blank and not empty (JSON Schema
//! has no word for it but a pattern), half surrogates, and bytes that are not UTF-8 (serde_json lets
//! them pass where nobody reads them). Chosen with a fixed seed.

use serde_json::{Map, Value, json};

use crate::bodies::Body;
use crate::peers::{Contender, Rig};

/// How many bodies there are.
pub const COUNT: usize = 10_000;

/// How the bodies came out, on which all agreed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// How many are valid.
    pub valid: usize,
    /// How many are JSON, but of another shape.
    pub invalid: usize,
    /// How many are not JSON.
    pub malformed: usize,
}

/// Sees all contenders decide the same.
///
/// # Panics
///
/// When two disagree: then nothing may be timed.
#[must_use]
pub fn agree(body: &Body, contenders: &[Contender]) -> Tally {
    let (mut rig, mut tally, mut differ) = (Rig::new(body), Tally::default(), Vec::new());
    for changed in bodies(body) {
        let said = contenders.iter().map(|one| (one.name, (one.admits)(&mut rig, &changed)));
        let (yes, no): (Vec<_>, Vec<_>) = said.partition(|(_, admits)| *admits);
        match serde_json::from_slice::<Value>(&changed) {
            _ if no.is_empty() => tally.valid += 1,
            Ok(_) => tally.invalid += 1,
            Err(_) => tally.malformed += 1,
        }
        if !yes.is_empty() && !no.is_empty() {
            differ.push(format!("{}\n{yes:?}\n{no:?}", String::from_utf8_lossy(&changed)));
        }
    }
    assert!(differ.is_empty(), "{} differ: {}", differ.len(), differ.join("\n\n"));
    let enough = COUNT / 20;
    let Tally { valid, invalid, malformed } = tally;
    assert!(valid.min(invalid).min(malformed) > enough, "one-sided: {tally:?}");
    tally
}

/// The bodies themselves.
///
/// # Panics
///
/// When `body` is not JSON.
#[expect(clippy::expect_used, reason = "a bench that cannot be set up must not run")]
pub fn bodies(body: &Body) -> impl Iterator<Item = Vec<u8>> {
    let value: Value = serde_json::from_slice(body.bytes).expect("JSON");
    let mut draw = Draw(0x9E37_79B9_7F4A_7C15);
    (0..COUNT).map(move |_| {
        let mut changed = value.clone();
        for _ in 0..draw.below(3) {
            change(&mut changed, &mut draw);
        }
        let mut bytes = if draw.below(4) == 0 {
            serde_json::to_vec_pretty(&changed).expect("JSON")
        } else {
            serde_json::to_vec(&changed).expect("JSON")
        };
        if draw.below(4) > 0 {
            return bytes;
        }
        let whole = bytes.clone();
        spoil(&mut bytes, &mut draw);
        if std::str::from_utf8(&bytes).is_ok() { bytes } else { whole }
    })
}

/// Changes one member of the body, or of an object in it.
fn change(value: &mut Value, draw: &mut Draw) {
    let Value::Object(members) = value else { return };
    let keys: Vec<String> = members.keys().cloned().collect();
    let Some(key) = draw.one(&keys) else { return };
    match members.get_mut(key) {
        Some(inner @ Value::Object(_)) if draw.below(4) > 0 => return change(inner, draw),
        _ => {}
    }
    match draw.below(5) {
        0 => drop(members.remove(key)),
        1 => drop(members.insert(key.clone(), of_any_type(draw))),
        2 => drop(members.insert(key.clone(), text(draw))),
        3 => drop(members.insert(key.clone(), like(members.get(key), draw))),
        _ => add(members, draw),
    }
}

/// Another value of the same type.
fn like(value: Option<&Value>, draw: &mut Draw) -> Value {
    match value {
        Some(Value::Bool(value)) => json!(!value),
        Some(Value::Number(_)) => number(draw),
        Some(Value::String(_)) => draw.one(TEXTS).map_or(Value::Null, |text| json!(text)),
        Some(Value::Object(_)) => {
            let count = draw.one(&[0, 1, 31, 32, 33]).copied().unwrap_or_default();
            Value::Object((0..count).map(|i| (format!("key {i}"), of_any_type(draw))).collect())
        }
        _ => Value::Null,
    }
}

fn of_any_type(draw: &mut Draw) -> Value {
    match draw.below(7) {
        0 => Value::Null,
        1 => json!(draw.below(2) == 0),
        2 => number(draw),
        3 => text(draw),
        4 => json!([]),
        5 => json!([1, "two", { "three": null }]),
        _ => json!({ "a": { "b": [{}] } }),
    }
}

fn number(draw: &mut Draw) -> Value {
    let numbers = [
        json!(0),
        json!(-1),
        json!(7),
        json!(0.5),
        json!(-49.99),
        json!(234.123_456_789),
        json!(253_402_300_799_999_i64),
        json!(253_402_300_800_000_i64),
    ];
    draw.one(&numbers).cloned().unwrap_or_default()
}

/// Text of some length, in characters of one to four bytes.
fn text(draw: &mut Draw) -> Value {
    let len = draw.one(&[0, 1, 3, 63, 64, 65, 127, 128, 129, 200]).copied().unwrap_or_default();
    let character = draw
        .one(&[
            "x", "é", "字", "😀", "\"", "
",
        ])
        .copied()
        .unwrap_or_default();
    // A blank text that is not empty is one of the known differences.
    let text = character.repeat(len);
    json!(if text.trim().is_empty() { "" } else { &text })
}

/// A key that no schema knows, or that is known and optional.
fn add(members: &mut Map<String, Value>, draw: &mut Draw) {
    let long = ["k".repeat(64), "k".repeat(65), "é".repeat(64), "é".repeat(65)];
    let key = if draw.below(3) == 0 {
        draw.one(&long).cloned()
    } else {
        draw.one(KEYS).map(|key| (*key).to_owned())
    };
    members.insert(key.unwrap_or_default(), of_any_type(draw));
}

/// Changes one byte, or adds or cuts some.
fn spoil(bytes: &mut Vec<u8>, draw: &mut Draw) {
    let at = draw.below(bytes.len());
    let spoiler = draw.one(SPOILERS).copied();
    match (draw.below(5), bytes.get(at)) {
        (0, _) => bytes.truncate(at),
        (1, _) => drop(bytes.splice(at..=at, None)),
        (2, _) => drop(bytes.splice(at..=at, spoiler)),
        (3, _) => drop(bytes.splice(at..at, spoiler)),
        (_, Some(byte)) if byte.is_ascii_alphabetic() => {
            let escape = format!("\\u{byte:04X}");
            bytes.splice(at..=at, escape.bytes());
        }
        _ => bytes.extend_from_slice(b" \t\r\n"),
    }
}

/// Numbers that follow from a seed (xorshift64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or_default() % most.max(1)
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}

const TEXTS: &[&str] = &[
    "",
    "a",
    "EUR",
    "usd",
    "EURO",
    "revenue",
    "pageview",
    "purchase",
    "churn",
    "refund",
    "gift",
    "a\u{0}b",
    "txn_1Hb6x",
];

const KEYS: &[&str] = &[
    "",
    "token",
    "id",
    "customerId",
    "timestamp",
    "event_type",
    "payment_processor",
    "customer_subscription_id",
    "mrr_impact",
    "currency",
];

const SPOILERS: &[u8] = b"\"\\{}[]:,\x00\x1f\x7f 0-x";

#[cfg(test)]
mod tests {
    use super::agree;
    use crate::peers::FIELD;

    #[test]
    fn all_validators_decide_the_same() {
        for (body, contenders) in FIELD {
            println!("{}: {:?}", body.name, agree(&body, contenders));
        }
    }
}
