//! What does a limit tell of itself? Thresholds that are crossed, and the first refusal.
//!
//! Each is told once in a period, by the decision that meets it, and is part of the state: whoever
//! replays the journal knows what was told. What is used and held counts, so a hold may cross a
//! threshold, and what is used of it later does not. A limit of which nothing was taken in its period
//! is not exhausted by an ask that is too large.

use alloc::vec::Vec;

use super::weigh::Place;
use super::{Binding, Compared, Effect, Observer, Outcome, Reason, Verdict, View};
use crate::limit::{UNLIMITED, Warning};

/// Notes which thresholds of a limit are reached with what is taken of it.
#[inline(never)]
pub(super) fn admitted(
    view: &View<'_>,
    place: Place<'_>,
    binding: &Binding,
    effects: &mut Vec<Effect>,
) {
    let Binding { used, held, taken, capacity, resets_at: window_end, .. } = *binding;
    let before = used.checked_add(held);
    let (Some(before), false) = (before, capacity == UNLIMITED) else { return };
    if !taken.is_positive() {
        return;
    }
    let (scope, limit) = (place.scope, place.terms.limit);
    for percent in place.terms.line.warn_at.iter() {
        let warning = Warning::Reached(percent);
        let reached = |level| Warning::is_reached(percent, level, capacity);
        let crossed = !reached(before) && before.checked_add(taken).is_none_or(reached);
        if crossed && !view.accounts.was_told(scope, (limit, window_end), warning) {
            effects.push(Effect::Warned { scope, limit, window_end, warning });
        }
    }
}

/// Notes that the limit that refused is exhausted.
#[inline(never)]
pub(super) fn refused(view: &View<'_>, verdict: &Verdict, effects: &mut Vec<Effect>) {
    let (Outcome::Denied(Reason::LimitExceeded | Reason::RateLimited), Some(binding)) =
        (verdict.outcome, verdict.binding)
    else {
        return;
    };
    let (Compared { scope, limit, .. }, window_end) = (binding.of, binding.resets_at);
    let Some(account) = view.accounts.get(scope) else { return };
    let terms = account.plan().and_then(|plan| view.catalog.limit_terms(plan, limit));
    let warns = terms.is_some_and(|terms| !terms.line.warn_at.is_empty());
    let mut balances = view.accounts.balances(account);
    let opened = balances.any(|known| (known.limit, known.window_end) == (limit, window_end));
    let warning = Warning::Exhausted;
    if warns && opened && !view.accounts.was_told(scope, (limit, window_end), warning) {
        effects.push(Effect::Warned { scope, limit, window_end, warning });
    }
}

/// Tells what is told for the first time.
#[inline]
pub(super) fn tell<O: Observer>(effects: &[Effect], observer: &mut O) {
    if O::LISTENS {
        for effect in effects {
            if let Effect::Warned { scope, limit, warning, .. } = *effect {
                observer.warned((scope, limit), warning);
            }
        }
    }
}
