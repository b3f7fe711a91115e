//! When would it pass? What time alone gives back to a limit that refused.

use super::verdict::{Binding, Retry};
use super::weigh::Place;
use super::{Request, Verdict, View, Workings, granted, weigh};
use crate::amount::Quantity;
use crate::catalog::{Capacity, Overage, Terms};
use crate::limit::{Balance, Enforcement, Standing, UNLIMITED};
use crate::time::Timestamp;

/// When a limit of one balance has room again: as holds end, or `at_the_end` of its period.
pub(super) fn reopens(
    view: &View<'_>,
    request: &Request<'_>,
    (opened, (binding, enforcement)): (&[Balance], (&Binding, Enforcement)),
    at_the_end: Retry,
) -> Retry {
    let (Some(balance), Some(root)) = (opened.first(), request.scopes.first()) else {
        return at_the_end;
    };
    let mut balance = *balance;
    if !balance.held.is_positive() {
        return at_the_end;
    }
    let deadlines = view.holds.deadlines((*root, binding.of.scope), balance.key());
    let to_come = deadlines.filter(|(at, _)| view.now < *at);
    for (tried, (at, held)) in to_come.enumerate() {
        if binding.resets_at <= at {
            return at_the_end;
        }
        if tried >= CANDIDATES_MAX {
            return Retry::NotComputed;
        }
        balance.held = balance.held.checked_sub(held).unwrap_or(Quantity::ZERO);
        if Standing::of(&balance).admits(binding.asked, enforcement) {
            return Retry::At(at);
        }
    }
    at_the_end
}

/// When grants may have so much again, of which they lack some at the view's instant: when one is
/// filled again or turns, when one starts, or as holds end; and not before all of them together, each
/// whole, could.
pub(super) fn refills(
    view: &View<'_>,
    request: &Request<'_>,
    place: Place<'_>,
    (opened, asked): (&[Balance], Quantity),
) -> Retry {
    let Place { scope, account, terms } = place;
    let grants = || view.accounts.grants(account).filter(|grant| grant.limit == terms.limit);
    let could = |at: Timestamp| {
        let paying = grants().filter(|grant| grant.pays_at(at));
        let most = paying.map(|grant| granted::most(terms, grant));
        let sum = most.fold(Quantity::ZERO, |sum, most| sum.checked_add(most).unwrap_or(UNLIMITED));
        let whole = Balance { capacity: sum, ..Balance::VACANT };
        Standing::of(&whole).admits(asked, *terms.line.enforcement_for(request.on_shortfall))
    };
    let starts = || grants().map(|grant| grant.effective).filter(|starts| view.now < *starts);
    let ends = opened.iter().map(|balance| balance.window_end);
    let root = request.scopes.first().copied().unwrap_or(scope);
    let deadline = view.holds.next_deadline((root, scope), terms.limit, view.now);
    let over = terms.window.over();
    let next = ends.chain(starts()).chain(deadline).min();
    let then = match next {
        Some(next) if could(next) => Some(next),
        _ => starts().filter(|starts| could(*starts)).min(),
    };
    then.filter(|then| *then < over).map_or(Retry::Never, Retry::At)
}

/// Whether the request meets one limit only, which starts anew with each period to come, or gives
/// back bit by bit: when it says that it has room again, nothing else needs to be asked.
pub(super) fn stands_alone(view: &View<'_>, request: &Request<'_>, then: Timestamp) -> bool {
    let ([scope], [cost]) = (request.scopes, request.costs) else { return false };
    let Some(account) = view.accounts.get(*scope) else { return false };
    let limits = account.plan().map_or(&[][..], |plan| view.catalog.terms(plan, cost.feature));
    // What it costs then may fit no number.
    let [Terms { capacity, charge: None, window, line, .. }] = limits else { return false };
    if window.slides() {
        return true;
    }
    let mut open = view.accounts.balances(account).filter(|balance| view.now < balance.window_end);
    if let Capacity::Fixed { .. } = capacity {
        return open.count() <= 1; // none is booked ahead
    }
    let mut grants = view.accounts.grants(account);
    // All that is open ends then, and each grant is whole.
    line.overage != Overage::Kept
        && grants.all(|grant| grant.renewal.is_plain())
        && open.next().is_some_and(|first| first.window_end == then)
        && open.all(|balance| balance.window_end == then)
}

/// When the request passes that may pass at `retry`, with nothing but time passing. Where another
/// limit stands against it by then, that one says when it has room; until then it refuses.
#[inline(never)]
pub(super) fn ask_again(
    view: &View<'_>,
    request: &Request<'_>,
    workings: &mut Workings,
    mut retry: Retry,
) -> Retry {
    for _ in 0..CANDIDATES_MAX {
        let Retry::At(at) = retry else { return retry };
        let (view, request) = (View { now: at, ..*view }, Request { at, ..*request });
        let mut verdict = Verdict::open(view.catalog.version());
        weigh::weigh(&view, &request, (&mut *workings, &mut ()), &mut verdict);
        workings.effects.clear();
        if verdict.is_allowed() {
            return retry;
        }
        retry = verdict.retry;
    }
    Retry::NotComputed
}

/// When both would admit.
pub(super) fn later(a: Retry, b: Retry) -> Retry {
    match (a, b) {
        (Retry::NotComputed, _) | (_, Retry::NotComputed) => Retry::NotComputed,
        (Retry::Never, _) | (_, Retry::Never) => Retry::Never,
        (Retry::At(a), Retry::At(b)) => Retry::At(a.max(b)),
        (Retry::Now, other) | (other, Retry::Now) => other,
    }
}

/// At how many instants room is looked for. As designed.
const CANDIDATES_MAX: usize = 64;
