//! What was sold? Features, plans, limits and wallets: compiled, immutable, checked.
//!
//! A [`Definition`] is what an operator writes (JSON, by way of serde). [`Catalog::compile`] checks
//! it, reports all faults at once, and turns every name into an index, so that deciding touches no
//! name. Indices follow names over reloads: [`Names`] only ever grows, and a name that disappears
//! keeps its index, so that no count is ever read under another limit.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/catalog.rs`, under the same name.
//!
//! - `indices_follow_names`: over any sequence of reloads, a name keeps the index it first got.
//! - `all_faults_at_once`: every fault put into a sound definition is reported, with its pointer.
//! - `what_is_written_reads_back`: a definition written as JSON and read back is the same.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::fault::Fault;
use crate::id::{CatalogVersion, FeatureId, LimitId, Name, PlanId, WalletId};
use crate::route::{Filter, Path};
use crate::schema::Schema;
use crate::time::{Span, Timestamp};
use crate::token::Classes;
use crate::window::zone::Zones;

mod compile;
pub mod definition;
mod filters;
mod meters;
pub mod names;
mod plain;
mod prices;
mod remember;
mod routes;
mod sliding;
mod terms;
mod windows;

pub use definition::Definition;
pub use names::Names;
pub(crate) use plain::{Adds, Plain};
pub use remember::{
    ApartBy, AtBound, Denials, KeySpace, OnMismatch, OnRepeat, Remember, RememberAt,
};
use routes::Features;
pub use terms::{
    Capacity, Charge, ChargeOn, Counted, FundsFirst, GiveBack, Kind, Late, Line, Negative, Overage,
    Rate, Refusal, Terms, WarnAt, Wishes,
};

/// A checked catalog, ready to decide under.
#[derive(Debug)]
pub struct Catalog {
    version: CatalogVersion,
    names: Names,
    classes: Classes,
    schemas: BTreeMap<Name, Schema>,
    features: Features,
    plans: Box<[Option<Plan>]>,
    times: Times,
    rules: Rules,
}

/// What is looked at when.
#[derive(Debug)]
struct Rules {
    remember: Option<Remember>,
    funds_first: FundsFirst,
    /// Whether any limit clamps, or may be wished to.
    clamps: bool,
}

/// Which instants are accepted, and what clocks show at them.
#[derive(Debug)]
struct Times {
    acceptance: Acceptance,
    zones: Zones,
}

impl Catalog {
    /// Checks a definition and compiles it as the version after `known`.
    ///
    /// # Errors
    ///
    /// Every fault: names that are too many, then in the order of the fields of a [`Definition`].
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::catalog::{Catalog, Definition, Names};
    /// use weir_core::id::CatalogVersion;
    ///
    /// let json = r#"{
    ///     "features": { "calls": {} },
    ///     "plans": { "free": { "limits": { "calls.daily": {
    ///         "feature": "calls", "capacity": "100", "window": { "calendar": { "unit": "day" } }
    ///     } } } }
    /// }"#;
    /// let sound: Definition = serde_json::from_str(json)?;
    /// assert!(Catalog::compile(&sound, &Names::default(), CatalogVersion(1)).is_ok());
    ///
    /// let typo: Definition = serde_json::from_str(&json.replace("\"calls\",", "\"call\","))?;
    /// let faults = Catalog::compile(&typo, &Names::default(), CatalogVersion(1)).unwrap_err();
    /// assert_eq!(faults[0].pointer, "/plans/free/limits/calls.daily/feature");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn compile(
        definition: &Definition,
        known: &Names,
        version: CatalogVersion,
    ) -> Result<Self, Vec<Fault>> {
        compile::compile(definition, (known.clone(), &Zones::NONE), version)
    }

    /// The same for a definition that names time zones, with their tables.
    ///
    /// # Errors
    ///
    /// As [`Catalog::compile`]; a zone that has no table is a fault.
    pub fn compile_with(
        definition: &Definition,
        zones: &Zones,
        known: &Names,
        version: CatalogVersion,
    ) -> Result<Self, Vec<Fault>> {
        compile::compile(definition, (known.clone(), zones), version)
    }

    /// The version that verdicts name.
    #[must_use]
    pub const fn version(&self) -> CatalogVersion {
        self.version
    }

    /// The indices of all names, those of earlier versions included.
    #[must_use]
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// The classes of credentials.
    #[must_use]
    pub const fn classes(&self) -> &Classes {
        &self.classes
    }

    /// The schema called `name`, if this version has it.
    #[must_use]
    pub fn schema(&self, name: &str) -> Option<&Schema> {
        self.schemas.get(name)
    }

    /// The feature called `name`, if this version has it.
    #[must_use]
    pub fn feature(&self, name: &str) -> Option<FeatureId> {
        let id = self.names.features.find(name).map(FeatureId)?;
        self.metering(id).map(|_| id)
    }

    /// How a feature is metered.
    #[must_use]
    pub fn metering(&self, feature: FeatureId) -> Option<&Feature> {
        self.features.get(feature)
    }

    /// The plan called `name`, if this version has it.
    #[must_use]
    pub fn plan(&self, name: &str) -> Option<PlanId> {
        let index = self.names.plans.find(name)?;
        self.plans.get(usize::from(index))?.as_ref().map(|_| PlanId(index))
    }

    /// The limit called `name`, if any version had it.
    #[must_use]
    pub fn limit(&self, name: &str) -> Option<LimitId> {
        self.names.limits.find(name).map(LimitId)
    }

    /// The wallet called `name`, if any version had it.
    #[must_use]
    pub fn wallet(&self, name: &str) -> Option<WalletId> {
        self.names.wallets.find(name).map(WalletId)
    }

    /// The terms under which a plan limits a feature.
    #[must_use]
    #[inline]
    pub fn terms(&self, plan: PlanId, feature: FeatureId) -> &[Terms] {
        self.sold(plan).map_or(&[], |plan| plan.terms_of(feature))
    }

    /// The terms of one limit of a plan.
    #[must_use]
    pub fn limit_terms(&self, plan: PlanId, limit: LimitId) -> Option<&Terms> {
        self.limits_of(plan).find(|terms| terms.limit == limit)
    }

    /// The terms of all limits of a plan.
    pub fn limits_of(&self, plan: PlanId) -> impl Iterator<Item = &Terms> {
        let by_feature = self.sold(plan).map_or(&[][..], |plan| &plan.by_feature);
        (0..).map(FeatureId).zip(by_feature).flat_map(|(feature, limits)| {
            // A credit unit's stand under each feature that has a rate in it, too.
            limits.iter().filter(move |terms| terms.counted.feature == feature)
        })
    }

    /// A plan that this version has.
    #[inline]
    pub(crate) fn sold(&self, plan: PlanId) -> Option<&Plan> {
        self.plans.get(usize::from(plan.0))?.as_ref()
    }

    /// Which event times are accepted.
    #[must_use]
    pub const fn acceptance(&self) -> Acceptance {
        self.times.acceptance
    }

    /// The zones that its windows name, with their tables.
    #[must_use]
    pub const fn zones(&self) -> &Zones {
        &self.times.zones
    }

    /// Whether and how answers are remembered.
    #[must_use]
    pub const fn remember(&self) -> Option<&Remember> {
        self.rules.remember.as_ref()
    }

    /// Whether an empty wallet is told before a limit that has no room.
    #[must_use]
    pub const fn funds_first(&self) -> FundsFirst {
        self.rules.funds_first
    }

    /// Whether any limit clamps what is asked of it, or may be wished to.
    #[inline]
    pub(crate) const fn clamps(&self) -> bool {
        self.rules.clamps
    }
}

/// A feature: what can be asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Feature {
    /// The kind of event that is counted on it; empty when only direct asks are.
    pub event: Box<str>,
    /// What must hold of an event of that kind.
    pub filters: Box<[Filter]>,
    /// The property of the event that holds its value; `None` where every event counts the same.
    pub property: Option<Path>,
    /// What its limits count.
    pub counted: Counted,
}

/// How far from the instant of decision an event may have happened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Acceptance {
    /// The greatest age accepted; `None` for any.
    pub age_max: Option<Span>,
    /// The first lead that is refused; `None` for any.
    pub ahead_from: Option<Span>,
}

impl Acceptance {
    /// What is wrong with an event of `at`, decided at `now`.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::catalog::{Acceptance, Lateness};
    /// use weir_core::time::{Span, Timestamp};
    ///
    /// let accepts = Acceptance { age_max: None, ahead_from: Some(Span::from_millis(5_000)?) };
    /// let at = |ms| Timestamp::from_millis(ms).expect("in range");
    /// assert_eq!(accepts.check(at(4_999), at(0)), None);
    /// assert_eq!(accepts.check(at(5_000), at(0)), Some(Lateness::TooNew));
    /// # Ok::<(), weir_core::time::TimeError>(())
    /// ```
    #[must_use]
    pub fn check(self, at: Timestamp, now: Timestamp) -> Option<Lateness> {
        if self.age_max.is_some_and(|most| now.since(at) > most) {
            return Some(Lateness::TooOld);
        }
        let early = at > now && self.ahead_from.is_some_and(|first| at.since(now) >= first);
        early.then_some(Lateness::TooNew)
    }
}

/// Why an event's time is not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lateness {
    /// Too far in the future.
    TooNew,
    /// Too far in the past.
    TooOld,
}

/// A plan: its terms by the index of the features that they limit, and what they come down to.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    by_feature: Box<[Box<[Terms]>]>,
    plain: Box<[Option<Plain>]>,
}

impl Plan {
    fn new(by_feature: Box<[Box<[Terms]>]>) -> Self {
        let plain = by_feature.iter().map(|terms| Plain::of(terms)).collect();
        Self { by_feature, plain }
    }

    #[inline]
    pub(crate) fn plain(&self, feature: FeatureId) -> Option<&Plain> {
        self.plain.get(usize::from(feature.0))?.as_ref()
    }

    #[inline]
    pub(crate) fn terms_of(&self, feature: FeatureId) -> &[Terms] {
        self.by_feature.get(usize::from(feature.0)).map_or(&[], |terms| terms)
    }
}
