//! What did grants pay of a debt while nobody asked? Whatever appeared since, in its order.
//!
//! While something is owed, every grant has nothing left. So all that changes is what appears: a
//! grant starts, is filled again, or opens a period with what it keeps at least. Each of these pays
//! at its instant, what rolled over first; what was paid from then stands as if it had been stored.
//! What was over before the debt arose pays nothing: since when it is owed is a reading of the limit,
//! under [`Period::OWING`].

use alloc::vec::Vec;

use super::granted::{Course, after, before, rolls};
use super::{debt, ending};
use crate::amount::Quantity;
use crate::catalog::Overage;
use crate::grant::{Grant, Stretch, Turns};
use crate::limit::{Balance, Source};
use crate::time::Timestamp;
use crate::window::{Period, Window};

/// Lets what appeared up to `at` pay a debt, and adds its balances to those that are known. Tells what
/// is owed still in the period of the course: what a period before it owes is forgiven with that, or is
/// owed from now on.
#[inline(never)]
pub(super) fn settle(
    course: Course<'_>,
    (owing, at): (Balance, Timestamp),
    known: &mut Vec<Balance>,
) -> Quantity {
    let own = owing.window_end == course.period.end;
    let kept = course.terms.line.overage == Overage::Kept;
    if matches!(course.terms.window, Window::FirstUse { .. }) {
        // No period passes in which nothing is asked.
        return if own || kept { owing.used } else { Quantity::ZERO };
    }
    let since = debt::since(course.view, (course.account, course.terms));
    if own {
        return pass(course, owing.used, (course.period.start.max(since), at), known);
    }
    let (last, place) = (before(owing.window_end), known.len());
    let period = course.limit_period(last);
    let from = period.start.max(since);
    let rest = if kept {
        pass(course, owing.used, (from, at), known)
    } else {
        pass(Course { period, ..course }, owing.used, (from, last), known)
    };
    let (left, owed) = if kept { (Quantity::ZERO, rest) } else { (rest, Quantity::ZERO) };
    if left != owing.used {
        known.insert(place, Balance { used: left, ..owing }); // it may end with what comes after it
    }
    owed
}

/// Lets what appeared between two instants pay.
fn pass(
    course: Course<'_>,
    mut owed: Quantity,
    (from, at): (Timestamp, Timestamp),
    known: &mut Vec<Balance>,
) -> Quantity {
    for _ in 0..PASSED_MAX {
        let coming = course.grants().filter_map(|grant| next(course, grant, (from, known)));
        let Some(then) = coming.min().filter(|then| *then <= at && owed.is_positive()) else {
            break;
        };
        for appears in [Appears::Rolled, Appears::Filled] {
            pay(course, (&mut owed, appears), (from, then), known);
        }
    }
    owed
}

/// How something appears at an instant, in this order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Appears {
    /// It is what is kept from the period before.
    Rolled,
    /// It is the amount.
    Filled,
}

/// Lets what appears at `then` pay, first drawn first.
fn pay(
    course: Course<'_>,
    (owed, appears): (&mut Quantity, Appears),
    (from, then): (Timestamp, Timestamp),
    known: &mut Vec<Balance>,
) {
    let Course { view, account, terms, .. } = course;
    ending::in_burn_order(view, (account, terms), |grant| {
        if next(course, grant, (from, known)) != Some(then) {
            return;
        }
        let filled = fills_from(course, grant, then) == then;
        let capacity = match appears {
            Appears::Filled if filled => grant.amount,
            Appears::Rolled if rolls_at(course, grant, then) => kept(course, grant, then, known),
            Appears::Filled | Appears::Rolled => return,
        };
        let used = capacity.min(*owed);
        *owed = owed.checked_sub(used).unwrap_or(Quantity::ZERO);
        if !used.is_positive() {
            return;
        }
        let end = grant.stretch(course.limit_period(then), then).end;
        let (held, generation, limit) = (Quantity::ZERO, course.generation(then), terms.limit);
        let new = |source, capacity, window_end| Balance {
            used,
            held,
            capacity,
            window_end,
            generation,
            limit,
            source,
        };
        if filled == (appears == Appears::Filled) {
            return known.push(new(grant.source, capacity, end));
        }
        // What is filled at the same instant is whole: what paid before is of no stretch.
        let paid = new(Source::SLIDING, used, then);
        let before = known.iter().rev().find(|known| known.key() == paid.key());
        let before = before.map_or(Quantity::ZERO, |before| before.used);
        let all = before.checked_add(used).unwrap_or(before);
        known.push(Balance { used: all, capacity: all, ..paid });
    });
}

/// The next instant at which something appears on a grant after what is known of it, nothing before
/// `from`.
fn next(
    course: Course<'_>,
    grant: &Grant,
    (from, known): (Timestamp, &[Balance]),
) -> Option<Timestamp> {
    let of_grant = known.iter().filter(|known| known.source == grant.source);
    let known_to = of_grant.map(|known| known.window_end).max();
    let from = known_to.unwrap_or(grant.effective).max(from).max(grant.effective);
    let filled = fills_from(course, grant, from);
    let turned = turns_from(course, grant, from.max(after(grant.effective)));
    let turned = Some(turned).filter(|turned| {
        rolls_at(course, grant, *turned) && kept(course, grant, *turned, known).is_positive()
    });
    let first = turned.map_or(filled, |turned| turned.min(filled));
    Some(first).filter(|first| *first < grant.expires)
}

/// When a grant is worth its amount next, at `from` or later; it is not before it starts.
fn fills_from(course: Course<'_>, grant: &Grant, from: Timestamp) -> Timestamp {
    if !grant.amount.is_positive() {
        return Period::NEVER;
    }
    if from <= grant.effective {
        return grant.effective;
    }
    let refilled = grant.renewal.recurrence.map(|every| every.from(from));
    let renewed = grant.renewal.rollover.is_none().then(|| turns_from(course, grant, from));
    let first = refilled.into_iter().chain(renewed).min();
    first.unwrap_or(Period::NEVER)
}

/// Whether a grant opens a period at an instant with what it keeps.
fn rolls_at(course: Course<'_>, grant: &Grant, at: Timestamp) -> bool {
    let rolls = rolls(course.terms, grant).is_some();
    rolls && grant.effective < at && turns_from(course, grant, at) == at
}

/// When a grant's periods turn next, at `from` or later.
fn turns_from(course: Course<'_>, grant: &Grant, from: Timestamp) -> Timestamp {
    let around = match grant.renewal.window {
        None => course.limit_period(from),
        Some(Turns::Every(every)) => every.around(from),
        Some(Turns::Never) => Period::ALWAYS,
    };
    if around.start == from { from } else { around.end }
}

/// What a grant keeps where its period turns at an instant.
fn kept(course: Course<'_>, grant: &Grant, at: Timestamp, known: &[Balance]) -> Quantity {
    let Some(rollover) = grant.renewal.rollover else { return Quantity::ZERO };
    let stretch = Stretch { turned: at, ..course.ending_at(grant, at) };
    let left = course.before(grant, &stretch, (known, &mut Vec::new()));
    rollover.opens_with(left.unwrap_or(grant.amount))
}

/// At how many instants something is paid without being asked.
const PASSED_MAX: usize = 1_000;
