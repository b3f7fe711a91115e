//! What counts now? Limits whose windows have no periods: a stretch up to now, a level, what is held.
//!
//! Each is compared as all others are, with its `used` and `held` of this instant:
//!
//! - rolling: a balance for each sub-bucket, which ends when it leaves; those that have not left add
//!   up. Under another window of this kind, what was taken leaves when it would have left.
//! - continuous: one balance under [`Period::FLOWING`], whose use is what was out when something was
//!   taken last, rounded up to a nano-unit. A reading beside it has that to the last part, and when
//!   it was. Another window of this kind says how fast that comes back; where it has parts of
//!   another size, the rounded use stands.
//! - in flight: one balance under [`Period::IN_FLIGHT`], of which nothing is ever used.
//! - per request: no balance at all; what grants give adds up to the capacity.
//!
//! What was counted in periods is no use of theirs, and the other way round.
//!
//! A hold belongs to the sub-bucket in which it was taken, and leaves with it. What is held of a
//! level neither is out nor comes back: what is committed is out from the commit on, and what is not
//! is there again at once. What is in flight stays so until its hold ends, whatever is committed.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/decide/sliding.rs`, under the same name.
//!
//! - `no_stretch_has_more`: in every stretch of the length of a rolling window, no more is admitted
//!   than the limit has.
//! - `a_level_is_a_bucket_topped_up`: a continuous limit admits what a bucket has that is topped up
//!   each millisecond, and never more than a burst at once.
//! - `slots_come_back_once`: no more is in flight than the limit has, and each slot comes back once,
//!   when its hold ends.
//! - `a_gate_takes_nothing`: what each request asks for is compared by itself, with all that grants
//!   give now.

use alloc::vec::Vec;
use core::slice;

use super::period;
use super::verdict::{Binding, Retry};
use super::weigh::Place;
use super::{Effect, Request, View};
use crate::amount::Quantity;
use crate::catalog::Capacity;
use crate::grant::Grant;
use crate::hold::Part;
use crate::limit::{Balance, Enforcement, Source, Standing, UNLIMITED};
use crate::meter::Reading;
use crate::time::Timestamp;
use crate::window::{Continuous, Period, Window};

/// What a limit counts now, as one balance that ends when all of it is back, with what is taken of
/// an ask that goes through; `None` when a number does not fit.
pub(super) fn standing(
    view: &View<'_>,
    place: Place<'_>,
    (asked, taken, enforcement): (Quantity, Quantity, Enforcement),
) -> Option<Balance> {
    let mut all = Balance { window_end: Period::NEVER, ..kept(view, place, Period::IN_FLIGHT) };
    match place.terms.window {
        Window::Rolling(rolling) => {
            (all.used, all.held) = (Quantity::ZERO, Quantity::ZERO);
            for bucket in buckets(view, place) {
                all.used = all.used.checked_add(bucket.used)?;
                all.held = all.held.checked_add(bucket.held)?;
            }
            all.window_end = rolling.leaves(view.now);
        }
        Window::Continuous(continuous) => {
            let Level { parts: level, from } = level(view, place, continuous)?;
            all.held = kept(view, place, Period::FLOWING).held;
            all.used = continuous.whole(level)?;
            let passes = Standing::of(&all).admits(asked, enforcement);
            let moves = passes && taken != Quantity::ZERO;
            let (out, from) =
                if moves { (continuous.moved(level, taken)?, view.now) } else { (level, from) };
            let back = continuous.time(out, 0).and_then(|span| from.checked_add(span));
            all.window_end = back.unwrap_or(Period::NEVER);
        }
        Window::PerRequest => {
            (all.used, all.held) = (Quantity::ZERO, Quantity::ZERO);
            all.capacity = given(view, place);
        }
        _ => {}
    }
    Some(all)
}

/// What a limit that takes nothing has now.
fn given(view: &View<'_>, Place { account, terms, .. }: Place<'_>) -> Quantity {
    match terms.capacity {
        Capacity::Fixed { amount, .. } => amount,
        Capacity::Granted { .. } => {
            let pays = |grant: &&Grant| grant.limit == terms.limit && grant.pays_at(view.now);
            let grants = view.accounts.grants(account).filter(pays);
            // One that is unlimited makes the sum so.
            grants.fold(Quantity::ZERO, |sum, grant| {
                sum.checked_add(grant.amount).unwrap_or(UNLIMITED)
            })
        }
    }
}

/// The balance of a limit that ends at `end`, less what lapsed holds hold; a new one if there is none.
pub(super) fn kept(view: &View<'_>, place: Place<'_>, end: Timestamp) -> Balance {
    let Place { scope, account, terms } = place;
    let (amount, limit) = match terms.capacity {
        Capacity::Fixed { amount, .. } => (amount, terms.limit),
        Capacity::Granted { .. } => (Quantity::ZERO, terms.limit), // it has no balances
    };
    let key = (limit, Source::SLIDING, end);
    let known = view.accounts.balances(account).find(|known| known.key() == key).copied();
    let fresh = Balance { limit, source: Source::SLIDING, window_end: end, ..Balance::VACANT };
    let (capacity, generation) = (amount, view.catalog.version());
    let mut balance = Balance { capacity, generation, ..known.unwrap_or(fresh) };
    period::lapse(view, scope, slice::from_mut(&mut balance));
    balance
}

/// The sub-buckets that count, less what lapsed holds hold.
pub(super) fn buckets<'a>(
    view: &'a View<'_>,
    place: Place<'a>,
) -> impl Iterator<Item = Balance> + 'a {
    let Place { scope, account, terms } = place;
    let counts = move |known: &&Balance| {
        (known.limit, known.source) == (terms.limit, Source::SLIDING) && view.now < known.window_end
    };
    view.accounts.balances(account).filter(counts).map(move |known| {
        let mut bucket = *known;
        period::lapse(view, scope, slice::from_mut(&mut bucket));
        bucket
    })
}

/// What is out of a continuous limit now.
#[derive(Clone, Copy)]
pub(super) struct Level {
    /// In its parts.
    pub(super) parts: i128,
    /// Since when it sinks: later than now where the clock was put back.
    from: Timestamp,
}

/// What is out of a continuous limit; `None` when that has no number.
pub(super) fn level(view: &View<'_>, place: Place<'_>, continuous: Continuous) -> Option<Level> {
    let Place { account, terms, .. } = place;
    let (limit, end) = (terms.limit, Period::FLOWING);
    let mut readings = view.accounts.readings(account);
    let Some(known) = readings.find(|known| (known.limit, known.window_end) == (limit, end)) else {
        return Some(Level { parts: 0, from: view.now });
    };
    let (parts, used) = (known.reading.value.as_nanos(), kept(view, place, end).used);
    let same = continuous.whole(parts) == Some(used); // else they are of another size
    let parts = if same { parts } else { continuous.parts(used)? };
    let at = known.reading.at;
    Some(Level { parts: continuous.sunk(parts, view.now.since(at)), from: view.now.max(at) })
}

/// The reading that says what is out.
pub(super) fn reading(view: &View<'_>, place: Place<'_>, parts: i128) -> Effect {
    let (scope, limit, window_end) = (place.scope, place.terms.limit, Period::FLOWING);
    let reading = Reading { value: Quantity::from_nanos(parts), at: view.now };
    Effect::Reading { scope, limit, reading, window_end }
}

/// Whether a part of a hold is given back with the hold, and not before.
pub(super) fn is_in_flight(part: &Part) -> bool {
    let (_, source, end) = part.balance;
    (source, end) == (Source::SLIDING, Period::IN_FLIGHT)
}

/// What is used of a balance once a part of what it holds is, and what else that changes; `None`
/// when a number does not fit.
pub(super) fn booked(
    view: &View<'_>,
    (part, balance): (&Part, &Balance),
    taken: Quantity,
) -> Option<(Quantity, Option<Effect>)> {
    let (limit, source, end) = part.balance;
    if (source, end) != (Source::SLIDING, Period::FLOWING) || taken == Quantity::ZERO {
        return Some((balance.used.checked_add(taken)?, None));
    }
    let (scope, account) = (part.scope, view.accounts.get(part.scope)?);
    let terms = account.plan().and_then(|plan| view.catalog.limit_terms(plan, limit));
    let Some((terms, Window::Continuous(continuous))) = terms.map(|terms| (terms, terms.window))
    else {
        return Some((balance.used, None)); // it counts in another way by now
    };
    let place = Place { scope, account, terms };
    let level = continuous.moved(level(view, place, continuous)?.parts, taken)?;
    Some((continuous.whole(level)?, Some(reading(view, place, level))))
}

/// When a limit that refused has room again, with nothing but time passing.
pub(super) fn reopens(
    view: &View<'_>,
    request: &Request<'_>,
    place: Place<'_>,
    binding: &Binding,
) -> Retry {
    let Binding { used, held, asked, capacity, .. } = *binding;
    if let Capacity::Granted { .. } = place.terms.capacity {
        return Retry::NotComputed; // grants may start
    }
    if asked > capacity {
        return Retry::Never;
    }
    let level = match place.terms.window {
        Window::Continuous(continuous) => {
            let Some(level) = level(view, place, continuous) else { return Retry::NotComputed };
            Some((continuous, level))
        }
        _ => None,
    };
    let counted = if level.is_some() { held } else { used.checked_add(held).unwrap_or(used) };
    let room = capacity.checked_sub(asked).and_then(|room| room.checked_sub(counted));
    let (Some(mut room), mut from) = (room, view.now) else { return Retry::NotComputed };
    for (at, back) in returns(view, request, place) {
        match sinks(level, room, from) {
            Some(then) if then < at => return Retry::At(then),
            _ => {}
        }
        (room, from) = (room.checked_add(back).unwrap_or(capacity), at);
    }
    match sinks(level, room, from) {
        Some(then) if then < Period::NEVER => Retry::At(then),
        _ => Retry::Never,
    }
}

/// When, from an instant on, a level has sunk to what there is room for beside it; at once where
/// there is no level.
fn sinks(level: Option<(Continuous, Level)>, room: Quantity, from: Timestamp) -> Option<Timestamp> {
    if room < Quantity::ZERO {
        return None;
    }
    let Some((continuous, level)) = level else { return Some(from) };
    let sunk = match continuous.parts(room) {
        Some(room) if room < level.parts => {
            level.from.checked_add(continuous.time(level.parts, room)?)?
        }
        _ => from,
    };
    Some(sunk.max(from))
}

/// What comes back at one stroke, and when, in order: sub-buckets that leave, and holds that end.
fn returns(view: &View<'_>, request: &Request<'_>, place: Place<'_>) -> Vec<(Timestamp, Quantity)> {
    let Place { scope, terms, .. } = place;
    let mut all = Vec::new();
    let until = |part: &Part| match (terms.window, part.balance.2) {
        (Window::Rolling(_), end) => (view.now < end).then_some(end),
        (Window::Continuous(_), Period::FLOWING) | (Window::InFlight, Period::IN_FLIGHT) => {
            Some(Period::NEVER)
        }
        _ => None,
    };
    if let Window::Rolling(_) = terms.window {
        all.extend(buckets(view, place).map(|bucket| (bucket.window_end, bucket.used)));
    }
    let root = request.scopes.first().copied().unwrap_or(scope);
    for (deadline, part) in view.holds.open_parts(root) {
        let (limit, source, _) = part.balance;
        let of_limit = (part.scope, limit, source) == (scope, terms.limit, Source::SLIDING);
        if of_limit
            && view.now < deadline
            && let Some(end) = until(part)
        {
            all.push((deadline.min(end), part.held));
        }
    }
    all.sort_unstable_by_key(|(at, _)| *at);
    all
}
