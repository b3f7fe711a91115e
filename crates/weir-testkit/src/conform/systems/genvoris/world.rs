//! Which stores, keys, customers and packs does a case describe? The fixtures, and what it changes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use weir_core::time::Timestamp;

use crate::conform::{NotImplemented, Setting};

/// Everything that a case of this system can describe; an unknown key is refused by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct World {
    pub(super) data: Data,
    pub(super) case: Case,
}

/// What is on record.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Data {
    pub(super) stores: BTreeMap<String, Store>,
    pub(super) api_keys: BTreeMap<String, ApiKey>,
    pub(super) plans: BTreeMap<String, Plan>,
    pub(super) customers: BTreeMap<String, Shopper>,
    pub(super) packs: Vec<Pack>,
    pub(super) jwks: Jwks,
}

/// How the host is set up, and what happened to it before.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) config: Config,
    pub(super) revoked_jti: Vec<String>,
    /// How many customers the key of the request created in the hour before.
    #[serde(default)]
    pub(super) creates_last_hour: u32,
    /// How many sessions it made.
    #[serde(default)]
    pub(super) mints_last_hour: u32,
    /// What is broken.
    pub(super) fault: Option<Fault>,
    internal_secret: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Jwks {
    pub(super) keys: Vec<Jwk>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Jwk {
    pub(super) kid: String,
    pub(super) n: String,
    pub(super) e: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fault {
    StorageUnavailable,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Store {
    pub(super) status: StoreStatus,
    #[serde(rename = "note")]
    _note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum StoreStatus {
    Active,
    Suspended,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKey {
    pub(super) store: String,
    pub(super) active: bool,
    pub(super) allowed_domains: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Plan {
    pub(super) store: String,
    pub(super) name: String,
    pub(super) monthly_try_ons: u32,
    pub(super) external_price_id: Option<String>,
    pub(super) active: bool,
    pub(super) disabled: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shopper {
    pub(super) store: String,
    #[serde(rename = "externalId")]
    pub(super) external_id: String,
    pub(super) email: Option<String>,
    #[serde(rename = "planId")]
    pub(super) plan_id: Option<String>,
    pub(super) metadata: Option<Value>,
    pub(super) status: ShopperStatus,
    pub(super) usage: Usage,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Usage {
    pub(super) used: u32,
    pub(super) limit: Option<u32>,
    pub(super) period_start: i64,
    pub(super) period_end: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum ShopperStatus {
    Active,
    Cancelled,
    Paused,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pack {
    pub(super) id: String,
    pub(super) store: String,
    pub(super) remaining: u32,
    pub(super) purchased_at: i64,
    pub(super) expires_at: Option<i64>,
}

/// The adapter's options.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    pub(super) track_auth: Auth,
    pub(super) require_end_customer_token: bool,
    pub(super) upsert_roll: UpsertRoll,
    pub(super) rate_limits: RateLimits,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Auth {
    Bearer,
    Either,
    InternalSecret,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum UpsertRoll {
    Always,
    IfEnded,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RateLimits {
    Hardened,
    Off,
}

impl World {
    /// What `given` makes of the fixtures.
    pub(super) fn read(setting: &Setting<'_>) -> Result<Self, NotImplemented> {
        let fixture = |key: &str| setting.fixtures.get(key).cloned().unwrap_or_default();
        let mut whole = Map::from_iter([("config".to_owned(), fixture("config_defaults"))]);
        for key in KEPT {
            whole.insert(key.to_owned(), fixture(key));
        }
        let empty = Map::new();
        for (key, change) in setting.given.as_object().unwrap_or(&empty) {
            let (key, replaced) = match key.strip_suffix("_replace") {
                Some(key) => (key, true),
                None => (key.as_str(), false),
            };
            let place = whole.entry(key).or_insert(Value::Null);
            match place {
                place if replaced => *place = change.clone(),
                Value::Array(items) => patch(items, change)?,
                place => merge(place, change),
            }
        }
        let config = whole.get_mut("config").and_then(Value::as_object_mut);
        if let Some(secret) = config.and_then(|config| config.remove("internal_secret")) {
            whole.insert("internal_secret".to_owned(), secret);
        }
        let customers = whole.get_mut("customers").and_then(Value::as_object_mut);
        customers.into_iter().flat_map(Map::values_mut).for_each(set_usage_apart);
        let (data, case): (Map<_, _>, Map<_, _>) =
            whole.into_iter().partition(|(key, _)| DATA.contains(&key.as_str()));
        let whole = serde_json::json!({ "data": data, "case": case });
        serde_json::from_value(whole).map_err(|error| NotImplemented::new(&error.to_string()))
    }

    /// What the host shares with its callers; empty when the case unsets it.
    pub(super) fn secret(&self) -> &str {
        self.case.internal_secret.as_deref().unwrap_or_default()
    }
}

/// Puts what a customer used into an object of its own.
fn set_usage_apart(customer: &mut Value) {
    let Some(members) = customer.as_object_mut() else { return };
    let of_use = |key: &&str| matches!(*key, "used" | "limit" | "period_start" | "period_end");
    let (usage, mut rest): (Map<_, _>, Map<_, _>) =
        std::mem::take(members).into_iter().partition(|(key, _)| of_use(&key.as_str()));
    rest.insert("usage".to_owned(), Value::Object(usage));
    *members = rest;
}

/// Changes the items that `changes` names by id.
fn patch(items: &mut [Value], changes: &Value) -> Result<(), NotImplemented> {
    let none = || NotImplemented::new("a change of items that are not named by id");
    for (id, change) in changes.as_object().ok_or_else(none)? {
        let named = |item: &&mut Value| item.get("id").is_some_and(|known| known == id);
        merge(items.iter_mut().find(named).ok_or_else(none)?, change);
    }
    Ok(())
}

/// Puts `change` over `value`: members over members, anything else in its place.
fn merge(value: &mut Value, change: &Value) {
    match (value, change) {
        (Value::Object(value), Value::Object(change)) => {
            for (key, change) in change {
                merge(value.entry(key).or_insert(Value::Null), change);
            }
        }
        (value, change) => *value = change.clone(),
    }
}

/// The vectors' seconds as an instant.
pub(super) fn instant(seconds: i64) -> Timestamp {
    let millis = seconds.checked_mul(1_000).unwrap_or(i64::MAX);
    Timestamp::from_millis(millis).unwrap_or(Timestamp::MAX)
}

/// An instant as the vectors' seconds.
pub(super) const fn seconds(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1_000)
}

/// What of a case is on record.
const DATA: [&str; 6] = ["stores", "api_keys", "plans", "customers", "packs", "jwks"];

/// The fixtures that are read.
const KEPT: [&str; 8] =
    ["stores", "api_keys", "plans", "customers", "packs", "internal_secret", "jwks", "revoked_jti"];
