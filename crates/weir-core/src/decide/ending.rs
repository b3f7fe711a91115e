//! Which grants are there, in which order, and which are forgotten? The grants of one limit.
//!
//! A grant pays for what happens in its life. When it has ended it still pays for late events: for
//! the limit's grace, and for as long as the catalog accepts events of a stated age. After that it
//! is forgotten with all that was drawn from it, so that a scope with a thousand past grants decides
//! as fast as one that never had them.

use alloc::vec::Vec;

use super::{Effect, View};
use crate::account::Account;
use crate::catalog::{Capacity, Terms};
use crate::grant::Grant;
use crate::id::ScopeId;

/// Visits the grants of a limit, first drawn first.
#[inline]
pub(super) fn in_burn_order<'a>(
    view: &View<'a>,
    (account, terms): (&'a Account, &Terms),
    visit: impl FnMut(&'a Grant),
) {
    let Capacity::Granted { burn } = terms.capacity else { return };
    let all = || view.accounts.grants(account).filter(|grant| grant.limit == terms.limit);
    // They are stored in the order that was declared when they were given.
    if all().is_sorted_by(|a, b| burn.order(a, b).is_le()) {
        return all().for_each(visit);
    }
    let mut sorted: Vec<&Grant> = all().collect();
    sorted.sort_by(|a, b| burn.order(a, b));
    sorted.into_iter().for_each(visit);
}

/// Whether the grant pays for nothing that is still accepted.
pub(super) fn is_past(view: &View<'_>, terms: &Terms, grant: &Grant) -> bool {
    let age = view.catalog.acceptance().age_max;
    let late = age.map_or(terms.grace, |age| age.max(terms.grace));
    grant.expires.checked_add(late).is_some_and(|last| view.now > last)
}

/// Forgets the past grants of a limit of which nothing is held, and no period has to be kept.
pub(super) fn forget(
    view: &View<'_>,
    (scope, account, terms): (ScopeId, &Account, &Terms),
    effects: &mut Vec<Effect>,
) {
    let reads = terms.counted.meter.keeps_reading();
    let past = |grant: &Grant| {
        let mut of_grant =
            view.accounts.balances(account).filter(|balance| balance.source == grant.source);
        // What a meter read goes with the balances of its period.
        is_past(view, terms, grant) && !of_grant.any(|known| reads || known.held.is_positive())
    };
    in_burn_order(view, (account, terms), |grant| {
        if past(grant) {
            effects.push(Effect::Ended { scope, source: grant.source });
        }
    });
}
