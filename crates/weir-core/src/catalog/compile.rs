//! Is this catalog sound? From names to indices, with every fault on the way.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::definition::{
    CapacityDefinition, Definition, LimitDefinition, PlanDefinition, SettleDefinition,
};
use super::names::{Names, Table};
use super::routes::Features;
use super::{
    Acceptance, Capacity, Catalog, Feature, Line, Plan, Rules, Terms, Times, WarnAt, Wishes,
};
use crate::amount::Quantity;
use crate::fault::Fault;
use crate::id::{CatalogVersion, FeatureId, LimitId, Name};
use crate::limit::{CapacityRead, Enforcement, OnShortfall, UNLIMITED};
use crate::schema::Schema;
use crate::token::Classes;
use crate::window::zone::Zones;

/// See [`Catalog::compile`].
pub(super) fn compile(
    definition: &Definition,
    (names, zones): (Names, &Zones),
    version: CatalogVersion,
) -> Result<Catalog, Vec<Fault>> {
    let (counted, faults) = (BTreeMap::new(), Vec::new());
    let features = Box::default();
    let mut compiler = Compiler { definition, names, zones, features, counted, faults };
    compiler.intern_names();
    let classes = compiler.classes();
    compiler.features = compiler.features();
    compiler.rate();
    let plans = compiler.plans();
    let acceptance = Acceptance {
        age_max: definition.acceptance.max_age,
        ahead_from: definition.acceptance.max_ahead,
    };
    let remember = definition.remember.as_ref().map(|remember| compiler.remember(remember));
    let schemas = compiler.schemas();
    if !compiler.faults.is_empty() {
        return Err(compiler.faults);
    }
    let Compiler { names, features, .. } = compiler;
    let times = Times { acceptance, zones: zones.clone() };
    let mut limits = definition.plans.values().flat_map(|plan| plan.limits.values());
    let clamps = limits.any(|LimitDefinition { enforcement, settle, .. }| {
        let may = settle.on_shortfall.contains(&OnShortfall::Clamp);
        may || *enforcement == Enforcement::Clamp
    });
    let rules = Rules { remember, funds_first: definition.precedence.funds_first, clamps };
    let features = Features::new(features);
    Ok(Catalog { version, names, classes, schemas, features, plans, times, rules })
}

pub(super) struct Compiler<'d> {
    pub(super) definition: &'d Definition,
    pub(super) names: Names,
    pub(super) zones: &'d Zones,
    /// How each feature is metered, once that was compiled.
    pub(super) features: Box<[Option<Feature>]>,
    /// What each limit counts: the same in every plan, or a change of plan would mix counts.
    counted: BTreeMap<LimitId, Option<FeatureId>>,
    faults: Vec<Fault>,
}

impl Compiler<'_> {
    /// Gives every name its index first, so that the rest may refer to any.
    fn intern_names(&mut self) {
        let definition = self.definition;
        self.intern("/features", definition.features.keys(), |names| &mut names.features);
        self.intern("/wallets", definition.wallets.keys(), |names| &mut names.wallets);
        self.intern("/plans", definition.plans.keys(), |names| &mut names.plans);
        for (plan, PlanDefinition { limits }) in &definition.plans {
            let at = format!("/plans/{plan}/limits");
            self.intern(&at, limits.keys(), |names| &mut names.limits);
        }
    }

    fn intern<'n>(
        &mut self,
        at: &str,
        new: impl Iterator<Item = &'n Name>,
        table: impl Fn(&mut Names) -> &mut Table,
    ) {
        for name in new {
            if table(&mut self.names).intern(name).is_none() {
                self.fault(
                    format!("{at}/{name}"),
                    "catalog.too_many",
                    "too many names of this kind",
                );
            }
        }
    }

    fn classes(&mut self) -> Classes {
        let known = Classes::known(self.names.classes.iter().cloned());
        match known.replaced_by(&self.definition.classes) {
            Ok(classes) => {
                self.intern("/classes", classes.names(), |names| &mut names.classes);
                classes
            }
            Err(faults) => {
                self.faults.extend(faults.into_iter().map(|fault| fault.under("/classes")));
                known
            }
        }
    }

    fn schemas(&mut self) -> BTreeMap<Name, Schema> {
        let mut schemas = BTreeMap::new();
        for (name, definition) in &self.definition.schemas {
            match Schema::compile(definition) {
                Ok(schema) => drop(schemas.insert(name.clone(), schema)),
                Err(faults) => {
                    let at = format!("/schemas/{name}");
                    self.faults.extend(faults.into_iter().map(|fault| fault.under(&at)));
                }
            }
        }
        schemas
    }

    fn features(&mut self) -> Box<[Option<Feature>]> {
        let mut features: Box<[Option<Feature>]> =
            self.names.features.iter().map(|_| None).collect();
        for (name, definition) in &self.definition.features {
            let Some(id) = self.names.features.find(name.as_str()) else { continue };
            let feature = self.feature(&format!("/features/{name}"), FeatureId(id), definition);
            put(&mut features, Some(id), feature);
        }
        features
    }

    fn plans(&mut self) -> Box<[Option<Plan>]> {
        let mut plans: Box<[Option<Plan>]> = self.names.plans.iter().map(|_| None).collect();
        for (name, PlanDefinition { limits }) in &self.definition.plans {
            let mut terms = Vec::new();
            for (limit, definition) in limits {
                let at = format!("/plans/{name}/limits/{limit}");
                let id = self.names.limits.find(limit.as_str()).map(LimitId);
                terms.extend(id.and_then(|id| self.terms(&at, id, definition)));
            }
            put(&mut plans, self.names.plans.find(name.as_str()), self.grouped(terms));
        }
        plans
    }

    /// Terms by the index of the features that they count, and in the order of their limits.
    fn grouped(&self, mut terms: Vec<Terms>) -> Plan {
        terms.sort_by_key(|terms| terms.limit);
        let mut by_feature: Vec<Vec<Terms>> =
            self.names.features.iter().map(|_| Vec::new()).collect();
        for terms in terms {
            let rated = terms.counted.rates.iter().map(|rate| rate.feature);
            for feature in rated.chain([terms.counted.feature]) {
                if let Some(place) = by_feature.get_mut(usize::from(feature.0)) {
                    place.push(terms.clone());
                }
            }
        }
        Plan::new(by_feature.into_iter().map(Vec::into).collect())
    }

    fn terms(&mut self, at: &str, limit: LimitId, definition: &LimitDefinition) -> Option<Terms> {
        let capacity = self.capacity(at, definition.capacity);
        let charge = definition.charge.as_ref();
        let charge = charge.and_then(|charge| self.charge(at, capacity, charge));
        let known = self.definition.features.get(definition.feature.as_str());
        if known.is_none() {
            let hint = format!("no feature is called `{}`", definition.feature);
            self.fault(format!("{at}/feature"), "catalog.unknown_feature", hint);
        }
        let feature = self.names.features.find(definition.feature.as_str()).map(FeatureId);
        if known.is_some() && self.counted.entry(limit).or_insert(feature) != &feature {
            let hint = "another plan counts another feature under this name";
            self.fault(format!("{at}/feature"), "catalog.limit_feature", hint);
        }
        let (window, anchor) = (self.window(at, &definition.window), definition.window.anchor());
        let line = self.line(at, definition);
        let grace = definition.grace;
        let feature = feature.filter(|_| known.is_some());
        let metered = feature.and_then(|of| self.features.get(usize::from(of.0))?.as_ref());
        let counted = metered.map(|metered| metered.counted.clone());
        let clamps = [
            (line.enforcement == Enforcement::Clamp, "enforcement"),
            (line.wishes.clamp, "settle/on_shortfall"),
        ];
        let parts = counted.as_ref().is_none_or(|counted| counted.adds_up());
        for (_, place) in clamps.iter().filter(|(clamps, _)| *clamps && !parts) {
            let hint = "only what is summed up in each period, in its own units, has parts";
            self.fault(format!("{at}/{place}"), "catalog.clamp_meter", hint);
        }
        self.slides(at, definition, (window, counted.as_ref()));
        let counted = counted?;
        Some(Terms { limit, counted, capacity, window, anchor, grace, line, charge })
    }

    fn line(&mut self, at: &str, definition: &LimitDefinition) -> Line {
        let LimitDefinition { enforcement, refusal, ref settle, .. } = *definition;
        let SettleDefinition { give_back, late, ref on_shortfall, overage, ref warn_at } = *settle;
        let granted = matches!(definition.capacity, CapacityDefinition::Granted(_));
        if matches!(enforcement, Enforcement::Capped(most) if most < Quantity::ZERO) {
            let hint = "what may be over is zero or more";
            self.fault(format!("{at}/enforcement/capped"), "catalog.negative_overage", hint);
        }
        if !overage.is_owed() && !granted {
            let hint = "only grants have others beside them; here it is use beyond the capacity";
            self.fault(format!("{at}/settle/overage"), "catalog.overage_unused", hint);
        }
        let sound = WarnAt::new(warn_at);
        if sound.is_none() {
            let hint = "at most eight different ones, each from 1 to 1000 per cent";
            self.fault(format!("{at}/settle/warn_at"), "catalog.warn_at", hint);
        }
        let warn_at = sound.unwrap_or_default();
        let may = |wish| on_shortfall.contains(&wish);
        let wishes = Wishes { clamp: may(OnShortfall::Clamp), reject: may(OnShortfall::Reject) };
        Line { enforcement, refusal, give_back, overage, late, warn_at, wishes }
    }

    fn capacity(&mut self, at: &str, definition: CapacityDefinition) -> Capacity {
        let (amount, read) = match definition {
            CapacityDefinition::Granted(burn) => return Capacity::Granted { burn },
            CapacityDefinition::Unlimited => (UNLIMITED, CapacityRead::Live),
            CapacityDefinition::Live(amount) => (amount, CapacityRead::Live),
            CapacityDefinition::AtRoll(amount) => (amount, CapacityRead::AtRoll),
        };
        if amount < Quantity::ZERO {
            let hint = "a capacity is zero or more";
            self.fault(format!("{at}/capacity"), "catalog.negative_capacity", hint);
        }
        Capacity::Fixed { amount, read }
    }

    pub(super) fn fault(
        &mut self,
        at: impl Into<String>,
        code: &'static str,
        hint: impl Into<String>,
    ) {
        self.faults.push(Fault::new(at, code, hint));
    }
}

fn put<T>(table: &mut [Option<T>], index: Option<u16>, value: T) {
    if let Some(place) = index.and_then(|index| table.get_mut(usize::from(index))) {
        *place = Some(value);
    }
}
