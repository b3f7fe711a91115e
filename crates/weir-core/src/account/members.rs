//! Who was counted already? The members that meters of different values met, as long as their period.
//!
//! A set of members belongs to a limit of a scope and a period, as its reading does, and goes with it.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::Accounts;
use crate::amount::Quantity;
use crate::id::{LimitId, ScopeId};
use crate::time::Timestamp;

/// All members: whose, of which limit, in the period that ends when, and who.
pub(super) type Members = BTreeSet<(ScopeId, LimitId, Timestamp, Quantity)>;

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
            self.kept.members.insert((scope, limit, end, member));
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
        self.kept.members.contains(&(scope, limit, end, member))
    }

    /// The members of a scope's limits, by limit and period.
    pub fn members(
        &self,
        scope: ScopeId,
    ) -> impl Iterator<Item = (LimitId, Timestamp, Quantity)> + use<'_> {
        let from = (scope, LimitId(0), Timestamp::MIN, LEAST);
        let of_scope = self.kept.members.range(from..).take_while(move |(of, ..)| *of == scope);
        of_scope.map(|(_, limit, end, member)| (*limit, *end, *member))
    }

    /// The members that a limit counted in the period that ends then.
    pub(crate) fn members_of(
        &self,
        scope: ScopeId,
        period: (LimitId, Timestamp),
    ) -> impl Iterator<Item = Quantity> + use<'_> {
        let from = (scope, period.0, period.1, LEAST);
        let all = self.kept.members.range(from..);
        let of_period =
            all.take_while(move |(of, limit, end, _)| (*of, (*limit, *end)) == (scope, period));
        of_period.map(|(.., member)| *member)
    }

    /// Forgets the members of a period.
    #[inline]
    pub(super) fn forget_members(&mut self, scope: ScopeId, period: (LimitId, Timestamp)) {
        if !self.kept.members.is_empty() {
            self.forget_all(scope, period);
        }
    }

    #[inline(never)]
    fn forget_all(&mut self, scope: ScopeId, (limit, end): (LimitId, Timestamp)) {
        let gone: Vec<Quantity> = self.members_of(scope, (limit, end)).collect();
        for member in gone {
            self.kept.members.remove(&(scope, limit, end, member));
        }
    }
}

/// The first member, if there is one.
const LEAST: Quantity = Quantity::from_nanos(i128::MIN);
