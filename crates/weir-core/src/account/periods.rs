//! What is kept of periods? Sets of things, each of a limit of a scope and one of its periods.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::id::{LimitId, ScopeId};
use crate::time::Timestamp;

/// A period: whose, of which limit, and when it ends.
pub(super) type Period = (ScopeId, LimitId, Timestamp);

/// The things of each period.
#[derive(Clone, Debug)]
pub(super) struct OfPeriods<T>(BTreeMap<Period, BTreeSet<T>>); // INVARIANT: no set is empty.

impl<T: Copy + Ord> OfPeriods<T> {
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn insert(&mut self, period: Period, thing: T) {
        self.0.entry(period).or_default().insert(thing);
    }

    pub(super) fn contains(&self, period: Period, thing: T) -> bool {
        self.0.get(&period).is_some_and(|all| all.contains(&thing))
    }

    /// The things of a period.
    pub(super) fn of_period(&self, period: Period) -> impl Iterator<Item = T> {
        self.0.get(&period).into_iter().flatten().copied()
    }

    /// The things of a scope, by limit and period.
    pub(super) fn of_scope(
        &self,
        scope: ScopeId,
    ) -> impl Iterator<Item = (LimitId, Timestamp, T)> + use<'_, T> {
        let from = (scope, LimitId(0), Timestamp::MIN);
        let of_scope = self.0.range(from..).take_while(move |((of, ..), _)| *of == scope);
        of_scope.flat_map(|((_, limit, end), all)| all.iter().map(|thing| (*limit, *end, *thing)))
    }

    pub(super) fn forget(&mut self, period: Period) {
        self.0.remove(&period);
    }
}
