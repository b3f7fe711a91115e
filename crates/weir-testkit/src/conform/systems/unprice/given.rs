//! What does the vector sell? Entitlements as a vector writes them, as a catalog has them.

use serde::Deserialize;
use serde_json::{Map, Number, Value, json};
use weir::Timestamp;
use weir_core::route::Path;
use weir_core::window::Period;
use weir_unprice::Meter;
use weir_unprice::cadence::{Anchor, Cadence};
use weir_unprice::entitlement::{Billing, BillingPeriod, Entitlement, Kind, Terms as Kept};
use weir_unprice::overage::Overage;

use super::period;
use crate::conform::NotImplemented;

/// An entitlement of a vector.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sale {
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) feature: String,
    #[serde(flatten)]
    pub(super) terms: Terms,
    #[serde(flatten)]
    pub(super) plan: Plan,
    pub(super) grants: Vec<Allowance>,
    pub(super) expires_at: Option<i64>,
    pub(super) billing_periods: Vec<Value>,
}

/// What an entitlement was first seen with, and must keep.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(super) struct Terms {
    #[serde(rename = "type")]
    kind: Kind,
    effective_at: i64,
    meter: Option<GivenMeter>,
    price: Map<String, Value>,
    overage: Overage,
    reset: Option<Map<String, Value>>,
    credit_line: String,
}

/// The plan that it came from, which it must keep as well.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(super) struct Plan {
    #[serde(default)]
    pub(super) billing: Option<Map<String, Value>>,
    #[serde(default, rename = "plan_version")]
    version: Option<String>,
}

/// A grant of a vector.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Allowance {
    pub(super) id: String,
    pub(super) allowance: Option<Number>,
    pub(super) effective_at: i64,
    #[serde(default)]
    pub(super) expires_at: Option<i64>,
    pub(super) priority: i32,
    #[serde(default, rename = "reset")]
    _reset: Option<Value>, // the entitlement's, which pure questions repeat
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct GivenMeter {
    slug: String,
    method: String,
    #[serde(default)]
    field: Option<String>,
}

impl Sale {
    pub(super) fn read(value: &Value) -> Result<Self, NotImplemented> {
        serde_json::from_value(value.clone())
            .map_err(|error| NotImplemented::new(&error.to_string()))
    }

    /// The entitlement as the adapter keeps it.
    pub(super) fn entitlement(&self) -> Result<Entitlement, NotImplemented> {
        Ok(Entitlement {
            id: self.id.clone(),
            kind: self.terms.kind,
            limit: self.id.clone(),
            meter_key: self.meter().map(|meter| meter.key()),
            billing: self.billing()?,
            effective: self.effective()?,
            expires: self.expires()?,
            terms: self.kept(),
        })
    }

    /// What the contract freezes, under its names.
    fn kept(&self) -> Kept {
        let Terms { effective_at, meter, price, overage, reset, .. } = &self.terms;
        let meter = meter.as_ref().map(|meter| (&meter.slug, &meter.method, &meter.field));
        let kept = json!({
            "effectiveAt": effective_at,
            "featureConfig": price,
            "featurePlanVersionId": self.plan.version,
            "featureSlug": self.feature,
            "meterConfig": meter,
            "overageStrategy": overage,
            "resetConfig": reset.as_ref().or(self.plan.billing.as_ref()),
        });
        Kept { kept: kept.as_object().cloned().unwrap_or_default(), changed: Vec::new() }
    }

    /// The meter as a catalog's feature.
    pub(super) fn feature(&self) -> Value {
        let Some(meter) = &self.terms.meter else { return json!({"aggregation": "count"}) };
        let mut feature =
            json!({"event": meter.slug, "aggregation": meter.method, "life": "lifetime"});
        if let (Some(field), Some(feature), false) =
            (&meter.field, feature.as_object_mut(), meter.method == "count")
        {
            // The field is a literal key, whatever dots it has.
            feature.insert("property".to_owned(), json!(Path::of([field.as_str()]).ok()));
        }
        feature
    }

    /// The allowance, its window and its price as a catalog's limit.
    pub(super) fn limit(&self) -> Result<Value, NotImplemented> {
        let window = self.cadence()?.window(self.life()?);
        let window = window.map_err(|bad| NotImplemented::new(&bad.to_string()))?;
        let price = super::price::definition(&Value::Object(self.terms.price.clone()))?;
        let mut charge = json!({"price": price, "digits": 8, "rounding": "up"});
        if let (true, Some(charge)) = (self.is_capped(), charge.as_object_mut()) {
            charge.insert("wallet".to_owned(), json!("credits"));
        }
        Ok(json!({
            "feature": self.id,
            "capacity": {"granted": "unprice"},
            "charge": charge,
            "enforcement": self.terms.overage.enforcement(),
            "settle": { "give_back": "none", "overage": "first" },
            "grace": "PT1H",
            "window": window,
        }))
    }

    /// When it starts anew: by its own reset, else as it is billed, always from the day on which it
    /// was given.
    pub(super) fn cadence(&self) -> Result<Cadence, NotImplemented> {
        let reset = self.terms.reset.as_ref().or(self.plan.billing.as_ref());
        let Some(reset) = reset else { return Ok(Cadence::ONCE) };
        let interval = period::interval(reset.get("interval").unwrap_or(&Value::Null))?;
        let count = period::count(reset.get("count"))?;
        Ok(Cadence { interval, count, anchor: Anchor::DayOfCreation })
    }

    /// From its beginning to its end.
    pub(super) fn life(&self) -> Result<Period, NotImplemented> {
        Ok(Period { start: self.effective()?, end: self.expires()? })
    }

    pub(super) fn currency(&self) -> &str {
        self.terms.price.get("currency").and_then(Value::as_str).unwrap_or("USD")
    }

    pub(super) fn is_capped(&self) -> bool {
        self.terms.credit_line == "capped"
    }

    /// Who pays: a wallet, within billing periods, or nobody.
    fn billing(&self) -> Result<Billing, NotImplemented> {
        let bound = |period: &Value, key| {
            let bound = period.get(key).and_then(Value::as_i64).map(instant);
            bound.unwrap_or_else(|| Err(NotImplemented::new("a billing period without an end")))
        };
        let period = |period| {
            Ok(BillingPeriod { from: bound(period, "start")?, until: bound(period, "end")? })
        };
        let periods = || self.billing_periods.iter().map(period).collect::<Result<_, _>>();
        let periods = self.is_capped().then(periods).transpose()?;
        Ok(Billing { currency: self.currency().to_owned(), periods })
    }

    pub(super) fn effective(&self) -> Result<Timestamp, NotImplemented> {
        instant(self.terms.effective_at)
    }

    fn expires(&self) -> Result<Timestamp, NotImplemented> {
        self.expires_at.map_or(Ok(Period::NEVER), instant)
    }

    fn meter(&self) -> Option<Meter> {
        let GivenMeter { slug, method, field } = self.terms.meter.clone()?;
        Some(Meter {
            event_slug: slug,
            aggregation_method: method,
            aggregation_field: field,
            ..Meter::default()
        })
    }
}

/// An instant of a vector.
pub(super) fn instant(millis: i64) -> Result<Timestamp, NotImplemented> {
    Timestamp::from_millis(millis).map_err(|error| NotImplemented::new(&error.to_string()))
}
