//! Who pays for what no allowance covered? Debts, and the allowances that come after them.
//!
//! Overage that is owed stands on a balance of its own beside those of the grants: of the plan, with
//! no capacity. Whenever the limit is opened, what its grants have left pays for it, in burn order
//! and before anything is asked of them. A period that opens may start with what the one before
//! still owed; periods in which nothing was asked have paid by then what they had.
//!
//! # Example
//!
//! A grant of 10 comes after 4 that no grant covered: 6 are left of it.
//!
//! ```
//! use weir_core::amount::Quantity;
//! use weir_core::limit::{Balance, Enforcement, Source, Standing};
//!
//! let units = Quantity::from_units;
//! let owed = Balance { used: units(4), ..Balance::VACANT };
//! let grant = Balance { source: Source(1), capacity: units(10), ..Balance::VACANT };
//! let paid = [
//!     Balance { used: units(4), ..grant },
//!     Balance { used: units(0), ..owed },
//! ];
//! let standing = Standing::of(&paid[0]).with(&paid[1]);
//! assert!(standing.admits(units(6), Enforcement::Hard));
//! assert!(!standing.admits(units(7), Enforcement::Hard)); // 4 of the 10 are spoken for
//! ```

use super::period::{Opened, Owed};
use super::weigh::Place;
use super::{Effect, View};
use crate::account::Account;
use crate::amount::Quantity;
use crate::catalog::{Capacity, Overage, Terms};
use crate::hold::Part;
use crate::limit::{Balance, CapacityRead, Source};
use crate::meter::Reading;
use crate::time::Timestamp;
use crate::window::{Period, Window};

/// The balance that says what grants have to pay before any of them has: that of the period, or where
/// it opens now, the one before it that owed last.
pub(super) fn standing<'k>(
    terms: &Terms,
    period: Period,
    known: &'k [Balance],
) -> Option<&'k Balance> {
    if !terms.line.overage.is_owed() {
        return None;
    }
    let of_plan = || known.iter().filter(|known| known.source == Source::PLAN);
    let own = of_plan().find(|known| known.window_end == period.end);
    // Once a later period has opened, it has taken the debt.
    let latest = || of_plan().max_by_key(|known| known.window_end);
    let standing = own.or_else(|| latest().filter(|latest| latest.window_end < period.end));
    standing.filter(|standing| standing.used.is_positive())
}

/// Since when the last of what a limit's grants owe is owed: nothing that was over by then pays for it.
pub(super) fn since(view: &View<'_>, (account, terms): (&Account, &Terms)) -> Timestamp {
    let mut readings = view.accounts.readings(account);
    let known = readings.find(|of| (of.limit, of.window_end) == (terms.limit, Period::OWING));
    known.map_or(Timestamp::MIN, |known| known.reading.at)
}

/// What changes where more of a limit is used at `at` than its grants have: it is owed since then.
#[inline(never)]
pub(super) fn arises(view: &View<'_>, place: Place<'_>, at: Timestamp) -> Option<Effect> {
    let Place { scope, terms, .. } = place;
    let owed = matches!(terms.capacity, Capacity::Granted { .. }) && terms.line.overage.is_owed();
    let (limit, window_end) = (terms.limit, Period::OWING);
    let reading = Reading { value: Quantity::ZERO, at };
    let new = owed && since(view, place.counted()) < at;
    new.then_some(Effect::Reading { scope, limit, reading, window_end })
}

/// The same of a part of what is used of a hold.
pub(super) fn booked(view: &View<'_>, part: &Part) -> Option<Effect> {
    let (limit, source, _) = part.balance;
    let account = view.accounts.get(part.scope).filter(|_| source == Source::PLAN)?;
    let terms = account.plan().and_then(|plan| view.catalog.limit_terms(plan, limit))?;
    arises(view, Place { scope: part.scope, account, terms }, view.now)
}

/// Lets opened allowances pay what is owed, first come first; `None` when a number does not fit.
///
/// What a late event drew from an earlier stretch rolled over less: what is spent of that already is
/// owed, too.
pub(super) fn settle(terms: &Terms, opened: &mut Opened) -> Option<()> {
    let Opened { balances, period, known, mended, noted, .. } = opened;
    let Some((debt, allowances)) = balances.split_last_mut() else { return Some(()) };
    if !terms.line.overage.is_owed() || debt.source != Source::PLAN {
        mended.clear();
        return Some(());
    }
    if noted.cut {
        let kept = terms.line.overage == Overage::Kept;
        mended.retain(|spent| kept || spent.window_end > period.start);
        let lowered = allowances.iter_mut().filter(|now| {
            let mut known = known.iter();
            known.any(|known| known.key() == now.key() && known.capacity > now.capacity)
        });
        for spent in mended.iter_mut().chain(lowered) {
            let beyond = spent.used.checked_sub(spent.capacity)?.max(Quantity::ZERO);
            spent.used = spent.used.checked_sub(beyond)?;
            debt.used = debt.used.checked_add(beyond)?;
            if beyond.is_positive() {
                noted.owed = Owed::More;
            }
        }
    }
    if !debt.used.is_positive() {
        return Some(());
    }
    for allowance in allowances {
        let part = allowance.left().min(debt.used).max(Quantity::ZERO);
        allowance.used = allowance.used.checked_add(part)?;
        debt.used = debt.used.checked_sub(part)?;
    }
    Some(())
}

/// What has changed before anything is asked: balances that count, and those that no longer do, of
/// which more was spent than rolled over, or which paid since.
pub(super) fn changed(opened: &Opened) -> impl Iterator<Item = &Balance> {
    let Opened { balances, known, stored, mended, .. } = opened;
    let (stored, paid) = known.split_at_checked(*stored).unwrap_or((known, &[]));
    let counts = |balance: &Balance| balances.iter().any(|open| open.key() == balance.key());
    let passed = paid.iter().filter(move |paid| !counts(paid));
    let moved = balances.iter().filter(|new| {
        let old = stored.iter().find(|old| old.key() == new.key());
        new.used != old.map_or(Quantity::ZERO, |old| old.used)
    });
    mended.iter().chain(passed).chain(moved)
}

/// What a period that opens has to start with: what the latest one still owes.
#[inline(never)]
pub(super) fn carried(
    view: &View<'_>,
    (account, terms): (&Account, &Terms),
    period: Period,
) -> Quantity {
    if terms.line.overage != Overage::Kept {
        return Quantity::ZERO;
    }
    let of_plan = |known: &&Balance| (known.limit, known.source) == (terms.limit, Source::PLAN);
    let known = view.accounts.balances(account).filter(of_plan);
    let latest = known.max_by_key(|known| known.window_end);
    // Once a later period has opened, it has taken the debt.
    let Some(latest) = latest.filter(|latest| latest.window_end < period.end) else {
        return Quantity::ZERO;
    };
    let capacity = match terms.capacity {
        Capacity::Fixed { read: CapacityRead::AtRoll, .. }
            if latest.generation != Balance::VACANT.generation =>
        {
            latest.capacity
        }
        Capacity::Fixed { amount, .. } => amount,
        Capacity::Granted { .. } => return Quantity::ZERO, // see `standing`
    };
    let owed = over(latest.used, capacity);
    passed(view, (account, terms), (latest.window_end, period.start), owed)
}

/// What is left of a debt after the periods between the one that owes it and the one that opens.
fn passed(
    view: &View<'_>,
    (account, terms): (&Account, &Terms),
    (mut from, to): (Timestamp, Timestamp),
    mut owed: Quantity,
) -> Quantity {
    if matches!(terms.window, Window::FirstUse { .. }) {
        return owed; // no period passes in which nothing is asked
    }
    let anchor = terms.anchor.unwrap_or_else(|| account.anchor());
    let Capacity::Fixed { amount, .. } = terms.capacity else { return owed };
    for _ in 0..PASSED_MAX {
        let passing = terms.window.period(from, anchor, view.catalog.zones());
        let Ok(passing) = passing else { break };
        if !owed.is_positive() || passing.end > to {
            break;
        }
        owed = over(owed, amount);
        from = passing.end;
    }
    owed
}

/// By how much `a` is more than `b`.
fn over(a: Quantity, b: Quantity) -> Quantity {
    a.checked_sub(b).unwrap_or(Quantity::ZERO).max(Quantity::ZERO)
}

/// The most periods that pay for a debt without being asked.
const PASSED_MAX: usize = 100;
