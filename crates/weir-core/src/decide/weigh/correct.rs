//! What is put right by hand? Use that is added or taken back, and periods that start anew.

use alloc::vec::Vec;

use super::{Opened, Place, Scale, standing_of};
use crate::amount::Quantity;
use crate::catalog::{Capacity, Overage, Terms};
use crate::decide::{
    Anchor, Caller, Effect, Purpose, Reason, Request, Verdict, View, Workings, debt, period,
};
use crate::id::{LimitId, ScopeId};
use crate::limit::{Balance, Source, UNLIMITED};
use crate::meter::Life;
use crate::time::Timestamp;
use crate::window::{Period, Window};

/// Adds `quantity` to what a limit counts now, whatever it has room for, or gives it back; nothing
/// is charged. The effects are left in `workings`; tells how much of it found a place.
///
/// # Errors
///
/// [`Reason::NoEntitlement`] when the scope has no such limit, [`Reason::PeriodClosed`] when that
/// has no period now, [`Reason::Unmeasurable`] when a number does not fit.
pub(crate) fn adjust(
    view: &View<'_>,
    of: (ScopeId, LimitId),
    quantity: Quantity,
    workings: &mut Workings,
) -> Result<Quantity, Reason> {
    workings.effects.clear();
    let place = place(view, of)?;
    if place.terms.window.slides() {
        return Err(Reason::PeriodClosed); // it has none
    }
    let mut opened = Opened::default();
    period::open(view, place, view.now, &mut opened).map_err(|_| Reason::PeriodClosed)?;
    let (caller, scopes) = (Caller::Unchecked, &[place.scope][..]);
    let at = view.now;
    let request = Request { caller, scopes, costs: &[], at, key: None, on_shortfall: None };
    let mut verdict = Verdict::open(view.catalog.version());
    workings.purpose = Purpose::Correct;
    let (observer, sold) = (&mut (), 0);
    let mut scale = Scale {
        view,
        request: &request,
        workings: &mut *workings,
        observer,
        verdict: &mut verdict,
        sold,
        broke: false,
        left: UNLIMITED,
    };
    let drawn = scale.settle(place, &mut opened).and_then(|opening| {
        let left = standing_of(&opened.balances).left;
        scale.draw(place, (&opened.balances, opening, opened.period), (quantity, left))
    });
    workings.purpose = Purpose::Use;
    let taken = drawn.and_then(|()| taken(&workings.effects));
    taken.ok_or(Reason::Unmeasurable)
}

/// How much of the use in effects is theirs.
fn taken(effects: &[Effect]) -> Option<Quantity> {
    effects.iter().try_fold(Quantity::ZERO, |sum, effect| match effect {
        Effect::Balance { taken, .. } => sum.checked_add(*taken),
        _ => Some(sum),
    })
}

/// Ends a limit's open period now, and starts the next one: up to where the old one would have
/// ended, or from an anchor that moves to now. The effects are left in `workings`; tells where the
/// scope's own windows start, if that has changed.
///
/// # Errors
///
/// [`Reason::NoEntitlement`] and [`Reason::PeriodClosed`] as in [`adjust`]; [`Reason::Malformed`]
/// when the limit has no anchor that could move.
pub(crate) fn reset(
    view: &View<'_>,
    of: (ScopeId, LimitId),
    anchor: Anchor,
    workings: &mut Workings,
) -> Result<Option<Timestamp>, Reason> {
    workings.effects.clear();
    let place = place(view, of)?;
    let moved = match (anchor, &place.terms.window, place.terms.anchor) {
        (Anchor::Keep, ..) | (Anchor::Move, Window::FirstUse { .. }, _) => None,
        (Anchor::Move, Window::Anchored { .. } | Window::Cycle(_), None) => Some(view.now),
        (Anchor::Move, ..) => return Err(Reason::Malformed),
    };
    if place.terms.window.slides() {
        return Err(Reason::PeriodClosed); // it has none
    }
    let mut opened = Opened::default();
    period::open(view, place, view.now, &mut opened).map_err(|_| Reason::PeriodClosed)?;
    debt::settle(place.terms, &mut opened).ok_or(Reason::Unmeasurable)?;
    let end = opened.period.end;
    // What a grant has until an instant of its own is not of the period.
    let mut opened = opened.balances;
    opened.retain(|open| open.window_end == end);
    let known = view.accounts.balances(place.account);
    let known = known.filter(|known| (known.limit, known.window_end) == (of.1, end));
    for known in known {
        workings.effects.push(Effect::Closed { scope: of.0, key: known.key() });
        if opened.iter().all(|open| open.source != known.source) {
            opened.push(*known);
        }
    }
    if workings.effects.is_empty() && matches!(place.terms.window, Window::FirstUse { .. }) {
        return Ok(None); // none is open
    }
    for balance in &opened {
        match anchor {
            Anchor::Keep => start_anew(place, balance, &mut workings.effects),
            Anchor::Move => cut_short(view, place, balance, &mut workings.effects),
        }
    }
    read_on(view, place, (end, anchor), &mut workings.effects);
    Ok(moved)
}

/// The limit of a scope.
fn place<'a>(view: &View<'a>, (scope, limit): (ScopeId, LimitId)) -> Result<Place<'a>, Reason> {
    let account = view.accounts.get(scope).ok_or(Reason::UnknownScope)?;
    let terms = account.plan().and_then(|plan| view.catalog.limit_terms(plan, limit));
    Ok(Place { scope, account, terms: terms.ok_or(Reason::NoEntitlement)? })
}

/// Lets a balance start anew in its period: with what is held of it, and with a debt that is kept.
fn start_anew(place: Place<'_>, balance: &Balance, effects: &mut Vec<Effect>) {
    let keeps = keeps(place.terms, balance);
    let over = balance.used.checked_sub(balance.capacity).unwrap_or(Quantity::ZERO);
    let used = if keeps { over.max(Quantity::ZERO) } else { Quantity::ZERO };
    // A first use starts no other period before this one's end.
    let starts = matches!(place.terms.window, Window::FirstUse { .. });
    if starts || keeps || balance.held.is_positive() {
        let anew = Balance { used, capacity: capacity(place, balance), ..*balance };
        effects.push(stored(place, anew));
    }
}

/// Lets the period of a balance end now, with what is used of it. What is held lives on in the one
/// that was. Where one ended now already, this one has just begun, and nothing is left of it.
fn cut_short(view: &View<'_>, place: Place<'_>, balance: &Balance, effects: &mut Vec<Effect>) {
    let none = Quantity::ZERO;
    let cut = Balance { held: none, window_end: view.now, ..*balance };
    let mut known = view.accounts.balances(place.account);
    let just_begun = known.any(|known| known.key() == cut.key());
    if !just_begun && (balance.used.is_positive() || keeps(place.terms, balance)) {
        effects.push(stored(place, cut));
    }
    if balance.held.is_positive() {
        let (capacity, generation) = (capacity(place, balance), Balance::VACANT.generation);
        effects.push(stored(place, Balance { used: none, capacity, generation, ..*balance }));
    }
}

fn stored(place: Place<'_>, balance: Balance) -> Effect {
    Effect::Balance { scope: place.scope, balance, taken: Quantity::ZERO }
}

/// Whether debts of the limit outlive their period, and stand on this balance. Then it is stored with
/// nothing, too: a later period must not take what an earlier one owed.
fn keeps(terms: &Terms, balance: &Balance) -> bool {
    terms.line.overage == Overage::Kept && balance.source == Source::PLAN
}

/// The capacity that an allowance has by now: a new period reads it anew.
fn capacity(place: Place<'_>, balance: &Balance) -> Quantity {
    match place.terms.capacity {
        Capacity::Fixed { amount, .. } => amount,
        Capacity::Granted { .. } => balance.capacity,
    }
}

/// What a meter goes on with, and whom it knows: its number of a lifetime, or that of the period which was cut short.
fn read_on(
    view: &View<'_>,
    place: Place<'_>,
    (end, anchor): (Timestamp, Anchor),
    effects: &mut Vec<Effect>,
) {
    let Place { scope, account, terms } = place;
    let of = |end: Timestamp| {
        let mut readings = view.accounts.readings(account);
        readings.find(|known| (known.limit, known.window_end) == (terms.limit, end))
    };
    let Some(known) = of(end) else { return };
    let window_end = match (terms.counted.meter.life, anchor) {
        (Life::Lifetime, _) => Period::NEVER,
        (Life::Window, Anchor::Keep) => return,
        (Life::Window, Anchor::Move) if of(view.now).is_some() => return,
        (Life::Window, Anchor::Move) => view.now,
    };
    let limit = terms.limit;
    effects.push(Effect::Reading { scope, limit, reading: known.reading, window_end });
    let members = view.accounts.members_of(scope, (limit, end));
    effects.extend(members.map(|member| Effect::Member { scope, limit, member, window_end }));
}
