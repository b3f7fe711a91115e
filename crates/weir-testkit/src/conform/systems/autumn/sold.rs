//! What does the peer sell? Buckets, with what else stands over them, as a catalog of ours.

use serde_json::{Map, Value, json};
use weir_core::amount::Quantity;

use super::super::openmeter::{field, missing, read, text, told_by};
use super::only;
use crate::conform::NotImplemented;
use crate::story::Act;

/// What a case says of buckets.
pub(super) struct Sold {
    /// The name of each, and what it is given.
    pub(super) buckets: Vec<(String, Quantity)>,
    /// Whether the one bucket is the plan's own, which is reset, and whether its debt is kept then.
    pub(super) persists: Option<bool>,
    /// How far the last bucket may be overdrawn, if that is said.
    pub(super) spend: Option<Quantity>,
    /// How much of a feature, or of what the buckets hold, may be used in a window.
    window: Option<Value>,
    /// What features cost in what the buckets hold.
    costs: Option<Value>,
    /// Whether the last bucket may be overdrawn.
    overdrawn: bool,
}

impl Sold {
    pub(super) fn read(given: &Value) -> Result<Self, NotImplemented> {
        let known = [
            "buckets",
            "credit_cost",
            "max_purchase",
            "persist_overage",
            "spend_limit",
            "usage_limit",
        ];
        only(given, &known)?;
        let listed = field(given, "buckets")?.as_array().ok_or_else(|| missing("buckets"))?;
        let (mut buckets, mut overdrawn) = (Vec::new(), false);
        for bucket in listed {
            only(bucket, &["id", "granted", "balance", "overage"])?;
            if overdrawn {
                return Err(missing("an overage that is not the last bucket's"));
            }
            overdrawn = bucket.get("overage") == Some(&json!(true));
            buckets.push((text(bucket, "id")?.to_owned(), read::<Quantity>(bucket, "granted")?));
        }
        let below = |bucket: &Value| {
            bucket.get("balance").and_then(Value::as_str).is_some_and(|left| left.starts_with('-'))
        };
        let said = |name| given.get(name).map(|_| read::<Quantity>(given, name)).transpose();
        let most = said("max_purchase")?;
        Ok(Self {
            buckets,
            persists: given.get("persist_overage").map(|kept| *kept == json!(true)),
            spend: said("spend_limit")?.map(|spend| most.map_or(spend, |most| most.min(spend))),
            window: given.get("usage_limit").cloned(),
            costs: given.get("credit_cost").cloned(),
            overdrawn: overdrawn || listed.iter().any(below),
        })
    }

    /// The catalog. A spend limit is one more bucket, and what does not fit it is shed.
    pub(super) fn install(&self) -> Result<Act, NotImplemented> {
        let monthly = json!({ "anchored": { "span": "P1M" } });
        let (capacity, window) = match (self.persists, &self.buckets[..]) {
            (None, _) => (json!("granted"), json!("lifetime")),
            (Some(_), [(_, granted)]) => (json!(granted), monthly),
            (Some(_), _) => return Err(missing("a debt over several buckets")),
        };
        let enforcement = match self.spend {
            Some(_) => "clamp",
            None if self.overdrawn || self.persists.is_some() => "soft",
            None => "hard",
        };
        let overage = match self.persists {
            Some(true) => "kept",
            None if self.overdrawn => "last",
            _ => "owed",
        };
        let (mut features, mut rates, mut limits) = (Map::new(), Map::new(), Map::new());
        for (feature, cost) in self.costs.iter().filter_map(Value::as_object).flatten() {
            features.insert(feature.clone(), json!({}));
            rates.insert(feature.clone(), json!({ "multiply": cost }));
        }
        features.insert("use".to_owned(), json!({ "rates": rates }));
        if let Some(most) = &self.window {
            only(most, &["feature", "limit", "window"])?;
            let feature = most.get("feature").filter(|feature| !feature.is_null());
            let feature = feature.map_or(json!("use"), Value::clone);
            let window = json!({ "anchored": { "span": text(most, "window")? } });
            let capacity = field(most, "limit")?;
            limits.insert(
                "window".to_owned(),
                json!({ "feature": feature, "capacity": capacity, "window": window,
                    "enforcement": "clamp" }),
            );
        }
        limits.insert(
            "use".to_owned(),
            json!({ "feature": "use", "capacity": capacity, "window": window,
                "enforcement": enforcement, "settle": { "overage": overage } }),
        );
        let definition = json!({ "features": features, "plans": { "all": { "limits": limits } } });
        let definition = serde_json::from_value(definition).map_err(|error| told_by(&error))?;
        Ok(Act::Install(Box::new(definition)))
    }
}
