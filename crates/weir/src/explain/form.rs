//! How is a trace written as data? An object with names, and quantities as text.

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};
use weir_core::amount::Quantity;
use weir_core::decide::{Flags, Outcome, Retry, Stage, Verdict};
use weir_core::limit::{Fit, UNLIMITED, Warning};
use weir_core::time::Timestamp;
use weir_core::window::Period;

use super::{Asked, Closed, Decider, Drawn, Trace, Weighed};

impl Serialize for Trace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { verdict, now, decided_by, passed, limits, wallets, closed } = self;
        let passed: Vec<&str> = passed.iter().map(|stage| stage.code()).collect();
        let mut object = serializer.serialize_struct("Trace", 13)?;
        object.serialize_field("now", &now.to_string())?;
        object.serialize_field("outcome", said(verdict.outcome))?;
        object.serialize_field("stage", &verdict.reason().map(|r| r.stage()).map(Stage::code))?;
        object.serialize_field("decided_by", decided_by)?;
        object.serialize_field("remaining", &verdict.remaining().map(|left| left.to_string()))?;
        object.serialize_field("charged", &verdict.charged.to_string())?;
        object.serialize_field("retry", &retry(verdict.retry))?;
        object.serialize_field("flags", &flags(verdict))?;
        object.serialize_field("catalog", &verdict.catalog.0)?;
        object.serialize_field("passed", &passed)?;
        object.serialize_field("limits", limits)?;
        object.serialize_field("wallets", wallets)?;
        object.serialize_field("closed", closed)?;
        object.end()
    }
}

impl Serialize for Decider {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Decider", 2)?;
        object.serialize_field("scope", &self.scope)?;
        object.serialize_field("limit", &self.limit)?;
        object.end()
    }
}

impl Serialize for Weighed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { level, scope, limit, window, binding, outcome, draws, warnings } = self;
        let warnings: Vec<String> = warnings.iter().map(|of| warning(*of)).collect();
        let mut object = serializer.serialize_struct("Weighed", 16)?;
        object.serialize_field("level", level)?;
        object.serialize_field("scope", scope)?;
        object.serialize_field("limit", limit)?;
        object.serialize_field("window", window)?;
        object.serialize_field("used", &binding.used.to_string())?;
        object.serialize_field("held", &binding.held.to_string())?;
        object.serialize_field("asked", &binding.asked.to_string())?;
        object.serialize_field("taken", &binding.taken.to_string())?;
        object.serialize_field("overage", &binding.overage().to_string())?;
        object.serialize_field("fit", fit(binding.of.fit))?;
        object.serialize_field("capacity", &ended(binding.capacity))?;
        object.serialize_field("left", &binding.left().map(|left| left.to_string()))?;
        object.serialize_field("resets_at", &instant(binding.resets_at))?;
        object.serialize_field("outcome", said(*outcome))?;
        object.serialize_field("draws", draws)?;
        object.serialize_field("warnings", &warnings)?;
        object.end()
    }
}

impl Serialize for Drawn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Drawn", 4)?;
        object.serialize_field("grant", &self.grant)?;
        object.serialize_field("taken", &self.taken.to_string())?;
        object.serialize_field("used", &self.used.to_string())?;
        object.serialize_field("cost", &self.cost.to_string())?;
        object.end()
    }
}

impl Serialize for Asked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Asked", 5)?;
        object.serialize_field("scope", &self.scope)?;
        object.serialize_field("wallet", &self.wallet)?;
        object.serialize_field("amount", &self.amount.to_string())?;
        object.serialize_field("usable", &self.usable.to_string())?;
        object.serialize_field("lots", &Lots(&self.lots))?;
        object.end()
    }
}

impl Serialize for Closed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Closed", 4)?;
        object.serialize_field("scope", &self.scope)?;
        object.serialize_field("limit", &self.limit)?;
        object.serialize_field("grant", &self.grant)?;
        object.serialize_field("end", &self.end.to_string())?;
        object.end()
    }
}

/// What is left of each lot, by its name.
struct Lots<'a>(&'a [(String, Quantity)]);

impl Serialize for Lots<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, left) in self.0 {
            map.serialize_entry(name, &left.to_string())?;
        }
        map.end()
    }
}

/// `allowed`, or the code of the reason.
pub(super) const fn said(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allowed => "allowed",
        Outcome::Denied(reason) => reason.code(),
    }
}

/// What a limit tells of itself: `80%`, or `exhausted`.
pub(super) fn warning(warning: Warning) -> String {
    match warning {
        Warning::Exhausted => "exhausted".to_owned(),
        Warning::Reached(percent) => format!("{percent}%"),
    }
}

/// How an ask met its limit.
const fn fit(fit: Fit) -> &'static str {
    match fit {
        Fit::Clamped => "clamped",
        Fit::Over => "over",
        Fit::Refused => "refused",
        Fit::Shadowed => "shadowed",
        Fit::Within => "within",
    }
}

/// The instant at which a request passes, or `now`, `never`, `not_computed`.
fn retry(retry: Retry) -> String {
    match retry {
        Retry::At(at) => at.to_string(),
        Retry::Never => "never".to_owned(),
        Retry::NotComputed => "not_computed".to_owned(),
        Retry::Now => "now".to_owned(),
    }
}

fn flags(verdict: &Verdict) -> Vec<&'static str> {
    let Flags { replayed, clock_held, shadow_denied } = verdict.flags;
    let flags =
        [("replayed", replayed), ("clock_held", clock_held), ("shadow_denied", shadow_denied)];
    flags.into_iter().filter_map(|(name, set)| set.then_some(name)).collect()
}

/// A capacity; `None` for no end.
fn ended(capacity: Quantity) -> Option<String> {
    (capacity != UNLIMITED).then(|| capacity.to_string())
}

/// The end of a period; `None` for never.
fn instant(end: Timestamp) -> Option<String> {
    (end != Period::NEVER).then(|| end.to_string())
}
