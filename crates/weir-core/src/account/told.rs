//! What was told already? The warnings of limits, as long as they could be told again.
//!
//! What a limit told in a period is kept with the balances of the period, of which some may end
//! before it; of the last period that it told of also when those are gone with their grants. It goes
//! when the period is closed, or starts anew.

use alloc::vec::Vec;

use super::chain::Chain;
use super::periods::OfPeriods;
use super::{Accounts, LimitReading};
use crate::amount::Quantity;
use crate::id::{LimitId, ScopeId};
use crate::limit::Warning;
use crate::time::Timestamp;

/// What is kept of periods beside what was counted in them.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// What meters read.
    pub(super) meters: Chain<LimitReading>,
    /// Whom they counted.
    pub(super) members: OfPeriods<Quantity>,
    /// What limits told.
    told: OfPeriods<Warning>,
}

impl Kept {
    pub(super) const fn new() -> Self {
        Self { meters: Chain::new(), members: OfPeriods::new(), told: OfPeriods::new() }
    }
}

impl Accounts {
    /// Notes what a limit told in the period that ends then; whether there is such a scope.
    pub fn tell(
        &mut self,
        scope: ScopeId,
        (limit, end): (LimitId, Timestamp),
        warning: Warning,
    ) -> bool {
        let known = self.get(scope).is_some();
        if known {
            self.kept.told.insert((scope, limit, end), warning);
            self.forget_earlier(scope);
        }
        known
    }

    /// Whether a limit told something in the period that ends then.
    #[must_use]
    pub fn was_told(
        &self,
        scope: ScopeId,
        (limit, end): (LimitId, Timestamp),
        warning: Warning,
    ) -> bool {
        self.kept.told.contains((scope, limit, end), warning)
    }

    /// What a scope's limits told, by limit and period.
    pub fn told(&self, scope: ScopeId) -> impl Iterator<Item = (LimitId, Timestamp, Warning)> {
        self.kept.told.of_scope(scope)
    }

    /// Forgets what a scope's limits told in periods up to whose end no balance is kept, but for the
    /// last one of each limit.
    pub(super) fn forget_earlier(&mut self, scope: ScopeId) {
        let told: Vec<_> = self.told(scope).map(|(limit, end, _)| (limit, end)).collect();
        for (limit, end) in &told {
            if told.iter().any(|(of, then)| of == limit && then > end) {
                self.forget_told(scope, (*limit, *end));
            }
        }
    }

    /// Forgets what was told in a period, if no balance is kept that ends with it or before.
    #[inline]
    pub(super) fn forget_told(&mut self, scope: ScopeId, period: (LimitId, Timestamp)) {
        if !self.kept.told.is_empty() {
            self.forget_period(scope, period);
        }
    }

    #[inline(never)]
    fn forget_period(&mut self, scope: ScopeId, (limit, end): (LimitId, Timestamp)) {
        let Some(account) = self.get(scope) else { return };
        let mut balances = self.balances(account);
        if balances.any(|known| known.limit == limit && known.window_end <= end) {
            return;
        }
        drop(balances);
        self.kept.told.forget((scope, limit, end));
    }
}
