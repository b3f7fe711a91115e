//! What is sold? The catalogs so far, by name and in the order in which limits are weighed.

use weir_core::catalog::definition::{
    ConversionDefinition, FeatureDefinition, LimitDefinition, PlanDefinition,
};
use weir_core::catalog::{Definition, Kind};
use weir_core::id::{FeatureId, LimitId, Name, PlanId, WalletId};
use weir_core::meter::{Aggregation, Life};

/// The catalog in force, its limits in the order in which they are weighed.
#[derive(Clone, Debug, Default)]
pub(super) struct Sold {
    pub(super) version: u32,
    pub(super) definition: Definition,
    pub(super) names: Names,
    pub(super) lines: Vec<Line>,
}

impl Sold {
    /// Puts a sound catalog in force.
    pub(super) fn install(&mut self, definition: &Definition) {
        self.version += 1;
        self.definition = definition.clone();
        let Self { names, lines, .. } = self;
        names.features.extend(new(&names.features, definition.features.keys()));
        names.wallets.extend(new(&names.wallets, definition.wallets.keys()));
        names.plans.extend(new(&names.plans, definition.plans.keys()));
        for PlanDefinition { limits } in definition.plans.values() {
            names.limits.extend(new(&names.limits, limits.keys()));
        }
        lines.clear();
        for (plan, limit, terms) in definition
            .plans
            .iter()
            .flat_map(|(plan, of)| of.limits.iter().map(move |(limit, terms)| (plan, limit, terms)))
        {
            let Some(feature) = definition.features.get(&terms.feature) else { continue };
            let wallet = terms.charge.as_ref().and_then(|charge| charge.wallet.as_ref());
            let at = |names: &[Name], name: &Name| index(names, name.as_str()).unwrap_or(u16::MAX);
            lines.push(Line {
                plan: PlanId(at(&names.plans, plan)),
                counted: counted(names, definition, (&terms.feature, feature)),
                limit: LimitId(at(&names.limits, limit)),
                wallet: wallet.map(|wallet| WalletId(at(&names.wallets, wallet))),
                terms: terms.clone(),
            });
        }
        lines.sort_by_key(|line| line.limit);
    }

    /// What limits on a feature count.
    pub(super) fn counted(&self, feature: FeatureId) -> Option<Counted> {
        let name = self.names.features.get(usize::from(feature.0))?;
        let known = self.definition.features.get(name)?;
        Some(counted(&self.names, &self.definition, (name, known)))
    }
}

fn counted(
    names: &Names,
    definition: &Definition,
    (name, feature): (&Name, &FeatureDefinition),
) -> Counted {
    let id = |name: &Name| FeatureId(index(&names.features, name.as_str()).unwrap_or(u16::MAX));
    let rated = |(name, rate): (&Name, &ConversionDefinition)| {
        let known = definition.features.get(name)?;
        Some((*rate, counted(names, definition, (name, known))))
    };
    Counted {
        feature: id(name),
        meter: (feature.aggregation, feature.life),
        kind: feature.kind,
        convert: feature.convert,
        rates: feature.rates.iter().filter_map(rated).collect(),
    }
}

/// Every name that any catalog had, in the order of first appearance: its place is its index.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) features: Vec<Name>,
    pub(super) limits: Vec<Name>,
    pub(super) plans: Vec<Name>,
    pub(super) wallets: Vec<Name>,
}

/// A limit as one plan has it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) plan: PlanId,
    pub(super) counted: Counted,
    pub(super) limit: LimitId,
    pub(super) wallet: Option<WalletId>,
    pub(super) terms: LimitDefinition,
}

/// What limits on a feature count.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) feature: FeatureId,
    pub(super) meter: (Aggregation, Life),
    pub(super) kind: Kind,
    pub(super) convert: Option<ConversionDefinition>,
    /// What other features cost in it, and what limits on those count.
    pub(super) rates: Vec<(ConversionDefinition, Counted)>,
}

fn new<'n>(known: &[Name], names: impl Iterator<Item = &'n Name>) -> Vec<Name> {
    names.filter(|name| !known.contains(name)).cloned().collect()
}

pub(super) fn index(names: &[Name], name: &str) -> Option<u16> {
    u16::try_from(names.iter().position(|known| known.as_str() == name)?).ok()
}
