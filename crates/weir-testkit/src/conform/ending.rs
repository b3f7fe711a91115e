//! Is the state after the last step the one that the vector names?
//!
//! Two differences are no difference. The upstream reserves ahead and captures in batches, so what
//! counts is what is left (purchased + reserved) and what is spent (consumed), with the part of the
//! reservation that is spent but not yet captured counted as spent. And a meter that is not there
//! stands at zero.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::checks::{Checks, show, show_got};
use super::matcher::{self, FLOAT_TOLERANCE, Rules, Slack};
use super::number;

/// Compares a whole `final` with a whole state.
pub(super) fn compare(wanted: &Value, got: &Value, checks: &mut Checks) {
    let (Some(wanted), Some(found)) = (wanted.as_object(), got.as_object()) else {
        return checks.fail("a state", &show(got));
    };
    checks.know(wanted.keys(), &["wallet", "entitlements"]);
    if wanted.contains_key("wallet") {
        checks.within("wallet", |checks| wallet(wanted, found, checks));
    }
    if let Some(wanted) = wanted.get("entitlements") {
        checks.within("entitlements", |checks| {
            entitlements(wanted, found.get("entitlements").unwrap_or(&Value::Null), checks);
        });
    }
}

fn wallet(wanted: &Map<String, Value>, found: &Map<String, Value>, checks: &mut Checks) {
    let keys = wanted.get("wallet").and_then(Value::as_object).into_iter().flat_map(Map::keys);
    checks.know(keys, &["purchased", "granted", "reserved", "consumed"]);
    match (Money::read(wanted), Money::read(found)) {
        (Some(wanted), Some(found)) => {
            checks.within("purchased+reserved", |c| c.equal(&wanted.left, &found.left));
            checks.within("granted", |c| c.equal(&wanted.granted, &found.granted));
            checks.within("consumed", |c| c.equal(&wanted.spent, &found.spent));
        }
        _ => checks.fail("balances in whole minor units", &show_got(found.get("wallet"))),
    }
}

/// A wallet without the upstream's timing of reservations.
struct Money {
    left: i128,
    granted: i128,
    spent: i128,
}

impl Money {
    fn read(state: &Map<String, Value>) -> Option<Self> {
        let whole = |value: Option<&Value>| value?.as_i64().map(i128::from);
        let wallet = state.get("wallet")?;
        let uncaptured = |entitlement: &Value| {
            let mirror = entitlement.get(MIRROR)?;
            Some(whole(mirror.get("consumed"))? - whole(mirror.get("flushed"))?)
        };
        let entitlements = state.get("entitlements").and_then(Value::as_object);
        let pending: i128 =
            entitlements.into_iter().flat_map(Map::values).filter_map(uncaptured).sum();
        Some(Self {
            left: whole(wallet.get("purchased"))? + whole(wallet.get("reserved"))? - pending,
            granted: whole(wallet.get("granted"))?,
            spent: whole(wallet.get("consumed"))? + pending,
        })
    }
}

/// Each entitlement that is named on either side; one that is not there has neither use nor buckets.
fn entitlements(wanted: &Value, found: &Value, checks: &mut Checks) {
    let empty = Map::new();
    let (Some(wanted), found) = (wanted.as_object(), found.as_object().unwrap_or(&empty)) else {
        return checks.refuse("entitlements by id", &show(wanted));
    };
    let mut ids: Vec<_> = wanted.keys().chain(found.keys()).collect();
    ids.sort();
    ids.dedup();
    for id in ids {
        let part =
            |side: &Map<String, Value>, key| side.get(id).and_then(|it| it.get(key)).cloned();
        checks.within(id, |checks| {
            if let Some(wanted) = wanted.get(id).and_then(Value::as_object) {
                checks.know(wanted.keys(), &["meters", "buckets", MIRROR]);
                if wanted.contains_key(MIRROR) {
                    checks.exclude(MIRROR);
                }
            }
            checks.within("meters", |checks| {
                meters(part(wanted, "meters"), part(found, "meters"), checks);
            });
            checks.within("buckets", |checks| {
                buckets(part(wanted, "buckets"), part(found, "buckets"), checks);
            });
        });
    }
}

fn meters(wanted: Option<Value>, found: Option<Value>, checks: &mut Checks) {
    let empty = || Value::Object(Map::new());
    let (wanted, found) = (wanted.unwrap_or_else(empty), found.unwrap_or_else(empty));
    let (Some(wanted), Some(found)) = (wanted.as_object(), found.as_object()) else {
        return checks.fail("meters by key", &show(&found));
    };
    let zero = Value::from(0);
    let mut keys: Vec<_> = wanted.keys().chain(found.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let value = |side: &Map<String, Value>| side.get(key).unwrap_or(&zero).clone();
        checks.within(key, |checks| match (value(wanted), value(found)) {
            (Value::Number(wanted), Value::Number(found)) => near(&wanted, &found, checks),
            (wanted, found) => checks.fail(&show(&wanted), &show(&found)),
        });
    }
}

fn near(wanted: &Number, found: &Number, checks: &mut Checks) {
    if number::close(wanted, found, FLOAT_TOLERANCE) {
        checks.pass();
    } else {
        checks.fail(&wanted.to_string(), &found.to_string());
    }
}

/// The buckets of both sides, whatever their order, by `bucket_key`.
fn buckets(wanted: Option<Value>, found: Option<Value>, checks: &mut Checks) {
    let by_key = |side: Option<Value>| -> Option<BTreeMap<String, Value>> {
        let Some(side) = side else { return Some(BTreeMap::new()) };
        let keyed = side
            .as_array()?
            .iter()
            .map(|bucket| Some((bucket.get("bucket_key")?.as_str()?.to_owned(), bucket.clone())));
        let keyed: Vec<_> = keyed.collect::<Option<_>>()?;
        let count = keyed.len();
        Some(keyed.into_iter().collect::<BTreeMap<_, _>>()).filter(|map| map.len() == count)
    };
    let (Some(wanted), Some(found)) = (by_key(wanted), by_key(found)) else {
        return checks.fail("buckets, each with a bucket_key of its own", "others");
    };
    let rules = Rules { slack: Slack::Keys(&["consumed"]), ..Rules::EXACT };
    for (key, wanted) in &wanted {
        checks.within(key, |checks| matcher::compare(&rules, wanted, found.get(key), checks));
    }
    for (key, found) in found.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
        checks.within(key, |checks| checks.fail("no such bucket", &show(found)));
    }
}

/// The upstream's copy of an open reservation.
const MIRROR: &str = "reservation";
