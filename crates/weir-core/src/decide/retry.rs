//! When would it pass? What time alone gives back to a limit that refused.

use super::verdict::{Binding, Retry};
use super::{Request, Verdict, View, Workings, weigh};
use crate::amount::Quantity;
use crate::catalog::{Capacity, Terms};
use crate::limit::{Balance, Enforcement, Standing};

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

/// Whether the request meets one limit only, which starts anew with each period to come, or gives
/// back bit by bit: when it says that it has room again, nothing else needs to be asked.
pub(super) fn stands_alone(view: &View<'_>, request: &Request<'_>) -> bool {
    let ([scope], [cost]) = (request.scopes, request.costs) else { return false };
    let Some(account) = view.accounts.get(*scope) else { return false };
    let limits = account.plan().map_or(&[][..], |plan| view.catalog.terms(plan, cost.feature));
    // What it costs then may fit no number.
    let [Terms { capacity: Capacity::Fixed { .. }, charge: None, window, .. }] = limits else {
        return false;
    };
    if window.slides() {
        return true;
    }
    let open = view.accounts.balances(account).filter(|balance| view.now < balance.window_end);
    open.count() <= 1 // none is booked ahead
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
