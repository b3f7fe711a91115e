//! Who was counted already? The members that meters of different values met, as long as their period.
//!
//! A set of members belongs to a limit of a scope and a period, as its reading does, and goes with it.

use super::Accounts;
use crate::amount::Quantity;
use crate::id::{LimitId, ScopeId};
use crate::time::Timestamp;

impl Accounts {
    /// Counts a member in the period that ends then; whether there is such a scope.
    pub fn add_member(
        &mut self,
        scope: ScopeId,
        (limit, end): (LimitId, Timestamp),
        member: Quantity,
    ) -> bool {
        let known = self.get(scope).is_some();
        if known {
            self.kept.members.insert((scope, limit, end), member);
        }
        known
    }

    /// Whether a member was counted in the period that ends then.
    #[must_use]
    pub fn is_member(
        &self,
        scope: ScopeId,
        (limit, end): (LimitId, Timestamp),
        member: Quantity,
    ) -> bool {
        self.kept.members.contains((scope, limit, end), member)
    }

    /// The members of a scope's limits, by limit and period.
    pub fn members(
        &self,
        scope: ScopeId,
    ) -> impl Iterator<Item = (LimitId, Timestamp, Quantity)> + use<'_> {
        self.kept.members.of_scope(scope)
    }

    /// The members that a limit counted in the period that ends then.
    pub(crate) fn members_of(
        &self,
        scope: ScopeId,
        (limit, end): (LimitId, Timestamp),
    ) -> impl Iterator<Item = Quantity> + use<'_> {
        self.kept.members.of_period((scope, limit, end))
    }
}
