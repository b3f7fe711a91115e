//! Would anything more pass? How a limit stands, with nothing asked of it.

use alloc::vec::Vec;

use super::period::Opened;
use super::weigh::{Place, closed_binding, refusal, standing_of};
use super::{Access, Binding, Compared, Outcome, Reason, View, debt, period, sliding};
use crate::amount::Quantity;
use crate::id::{LimitId, ScopeId};
use crate::limit::{Balance, Fit, Standing};
use crate::time::Timestamp;
use crate::window::Period;

/// See [`super::access`].
pub(super) fn access(
    view: &View<'_>,
    (scope, limit): (ScopeId, LimitId),
    at: Timestamp,
) -> Option<Access> {
    let account = view.accounts.get(scope)?;
    let terms = view.catalog.limit_terms(account.plan()?, limit)?;
    let place = Place { scope, account, terms };
    let mut opened = Opened::default();
    let standing = match stand(view, place, at, &mut opened) {
        Ok(standing) => standing?,
        Err(period) => {
            let (binding, outcome) =
                (closed_binding(place, period), Outcome::Denied(Reason::PeriodClosed));
            return Some(Access { binding, outcome, spent: Quantity::ZERO });
        }
    };
    let (resets_at, asked, taken) = (opened.period.end, Quantity::ZERO, Quantity::ZERO);
    let Standing { used, held, capacity, .. } = standing;
    let of = Compared { scope, limit, fit: Fit::Within };
    let binding = Binding { of, used, held, asked, taken, capacity, resets_at };
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

/// How a limit stands for what happens at `at`, and the balances that it opens; `None` when a number
/// does not fit.
///
/// # Errors
///
/// The period, when it is over and so is its grace.
pub(super) fn stand(
    view: &View<'_>,
    place: Place<'_>,
    at: Timestamp,
    opened: &mut Opened,
) -> Result<Option<Standing>, Period> {
    if place.terms.window.slides() {
        let none = Quantity::ZERO;
        let standing = sliding::standing(view, place, (none, none, place.terms.line.enforcement));
        opened.balances.clear();
        opened.balances.extend(standing);
        opened.period.end = standing.map_or(Period::NEVER, |standing| standing.window_end);
        return Ok(standing.as_ref().map(Standing::of));
    }
    let at = if place.terms.window.counts_at_event() { at } else { view.now };
    period::open(view, place, at, opened)?;
    let settled = debt::settle(place.terms, opened);
    Ok(settled.map(|()| standing_of(&opened.balances)))
}

/// See [`super::allowances`].
pub(super) fn allowances(
    view: &View<'_>,
    (scope, limit): (ScopeId, LimitId),
    at: Timestamp,
) -> Option<Vec<Balance>> {
    let account = view.accounts.get(scope)?;
    let terms = view.catalog.limit_terms(account.plan()?, limit)?;
    let mut opened = Opened::default();
    stand(view, Place { scope, account, terms }, at, &mut opened).ok()??;
    Some(opened.balances)
}
