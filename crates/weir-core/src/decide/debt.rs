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

use super::View;
use crate::account::Account;
use crate::amount::Quantity;
use crate::catalog::{Capacity, Overage, Terms};
use crate::limit::{Balance, CapacityRead, Source, UNLIMITED};
use crate::time::Timestamp;
use crate::window::{Period, Window};

/// Lets opened allowances pay what is owed, first come first, and names each balance that changes.
///
/// `None` when a number does not fit.
pub(super) fn settle(
    terms: &Terms,
    opened: &mut [Balance],
    mut changed: impl FnMut(&Balance),
) -> Option<()> {
    let Some((debt, allowances)) = opened.split_last_mut() else { return Some(()) };
    if !terms.line.overage.is_owed() || debt.source != Source::PLAN {
        return Some(());
    }
    let before = debt.used;
    for allowance in allowances {
        let part = allowance.left().min(debt.used);
        if part.is_positive() {
            allowance.used = allowance.used.checked_add(part)?;
            debt.used = debt.used.checked_sub(part)?;
            changed(allowance);
        }
    }
    if debt.used != before {
        changed(debt);
    }
    Some(())
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
        Capacity::Granted { .. } => Quantity::ZERO,
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
    for _ in 0..PASSED_MAX {
        let passing = terms.window.period(from, anchor, view.catalog.zones());
        let Ok(passing) = passing else { break };
        if !owed.is_positive() || passing.end > to {
            break;
        }
        owed = over(owed, allowed(view, (account, terms), passing));
        from = passing.end;
    }
    owed
}

/// What a limit allows in a whole period.
fn allowed(view: &View<'_>, (account, terms): (&Account, &Terms), period: Period) -> Quantity {
    if let Capacity::Fixed { amount, .. } = terms.capacity {
        return amount;
    }
    let pays = view.accounts.grants(account).filter(|grant| {
        let of_period = grant.effective.max(period.start) < grant.expires.min(period.end);
        grant.limit == terms.limit && of_period
    });
    pays.fold(Quantity::ZERO, |sum, grant| sum.checked_add(grant.amount).unwrap_or(UNLIMITED))
}

/// By how much `a` is more than `b`.
fn over(a: Quantity, b: Quantity) -> Quantity {
    a.checked_sub(b).unwrap_or(Quantity::ZERO).max(Quantity::ZERO)
}

/// The most periods that pay for a debt without being asked.
const PASSED_MAX: usize = 100;
