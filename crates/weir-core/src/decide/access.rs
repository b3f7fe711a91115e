//! Would anything more pass? How a limit stands, with nothing asked of it.

use alloc::vec::Vec;

use super::weigh::{Place, closed_binding, end_of, refusal, standing_of};
use super::{Access, Binding, Outcome, Reason, View, debt, period};
use crate::amount::Quantity;
use crate::id::{LimitId, ScopeId};
use crate::limit::Standing;
use crate::time::Timestamp;

/// See [`super::access`].
pub(super) fn access(
    view: &View<'_>,
    (scope, limit): (ScopeId, LimitId),
    at: Timestamp,
) -> Option<Access> {
    let account = view.accounts.get(scope)?;
    let terms = view.catalog.limit_terms(account.plan()?, limit)?;
    let place = Place { scope, account, terms };
    let at = if terms.window.counts_at_event() { at } else { view.now };
    let mut opened = Vec::new();
    if let Err(period) = period::open(view, place.counted(), at, &mut opened) {
        let (binding, outcome) =
            (closed_binding(place, period), Outcome::Denied(Reason::PeriodClosed));
        return Some(Access { binding, outcome, spent: Quantity::ZERO });
    }
    period::lapse(view, scope, &mut opened);
    debt::settle(terms, &mut opened, |_| ())?;
    let (resets_at, asked) = (end_of(&opened), Quantity::ZERO);
    let standing = standing_of(&opened);
    let Standing { used, held, capacity, .. } = standing;
    let binding = Binding { scope, limit, used, held, asked, capacity, resets_at };
    let charge = terms.charge.as_ref();
    let cost = charge.map_or(Some(Quantity::ZERO), |charge| charge.cost(used, capacity));
    let outcome = if cost.is_none() {
        Outcome::Denied(Reason::Unmeasurable)
    } else if standing.admits(Quantity::NANO, terms.line.enforcement) {
        Outcome::Allowed
    } else {
        Outcome::Denied(refusal(terms))
    };
    Some(Access { binding, outcome, spent: cost.unwrap_or(Quantity::ZERO) })
}
