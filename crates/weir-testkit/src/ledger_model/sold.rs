//! What is sold? The catalogs so far, by name and in the order in which limits are weighed.

use weir_core::catalog::Definition;
use weir_core::catalog::definition::{ConversionDefinition, LimitDefinition, PlanDefinition};
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
                feature: FeatureId(at(&names.features, &terms.feature)),
                limit: LimitId(at(&names.limits, limit)),
                meter: (feature.aggregation, feature.life),
                convert: feature.convert,
                wallet: wallet.map(|wallet| WalletId(at(&names.wallets, wallet))),
                terms: terms.clone(),
            });
        }
        lines.sort_by_key(|line| line.limit);
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
    pub(super) feature: FeatureId,
    pub(super) limit: LimitId,
    pub(super) meter: (Aggregation, Life),
    pub(super) convert: Option<ConversionDefinition>,
    pub(super) wallet: Option<WalletId>,
    pub(super) terms: LimitDefinition,
}

fn new<'n>(known: &[Name], names: impl Iterator<Item = &'n Name>) -> Vec<Name> {
    names.filter(|name| !known.contains(name)).cloned().collect()
}

pub(super) fn index(names: &[Name], name: &str) -> Option<u16> {
    u16::try_from(names.iter().position(|known| known.as_str() == name)?).ok()
}
