//! Which balance is it counted on? The open one, a past one inside its grace, or a new one.

use alloc::vec::Vec;

use super::View;
use crate::account::Account;
use crate::amount::Quantity;
use crate::catalog::Terms;
use crate::id::LimitId;
use crate::limit::{Balance, CapacityRead, Source};
use crate::time::Timestamp;
use crate::window::{Period, Window};

/// One allowance of a limit: the plan's own, or a grant's.
#[derive(Clone, Copy)]
pub(super) struct Allowance {
    pub(super) source: Source,
    pub(super) amount: Quantity,
    pub(super) read: CapacityRead,
}

/// A balance to count on, as it stands before the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened {
    pub(super) balance: Balance,
    pub(super) opening: Opening,
}

/// Whether the balance is stored already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Opening {
    Known,
    New,
}

/// Opens the balance on which an allowance counts an event of `at`.
///
/// # Errors
///
/// The period, when it is over and so is its grace.
#[inline]
pub(super) fn open(
    view: &View<'_>,
    (account, terms, allowance): (&Account, &Terms, Allowance),
    at: Timestamp,
    opened: &mut Vec<Opened>,
) -> Result<(), Period> {
    let latest = view.accounts.latest(account, terms.limit, allowance.source);
    if let Some(balance) = latest
        && balance.generation == view.catalog.version()
        && at == view.now
        && at < balance.window_end
    {
        opened.push(Opened { balance: *balance, opening: Opening::Known });
        return Ok(());
    }
    opened.push(look_up(view, (account, terms), allowance, at)?);
    Ok(())
}

/// The balance of the period of `at`, where it is not known to be the latest.
fn look_up(
    view: &View<'_>,
    (account, terms): (&Account, &Terms),
    allowance: Allowance,
    at: Timestamp,
) -> Result<Opened, Period> {
    let Allowance { source, amount, read } = allowance;
    let version = view.catalog.version();
    let period = period_of(view, (account, terms), source, at);
    if over(terms, period.end, view.now) {
        return Err(period);
    }
    // A period opened ahead of `now` stays of no generation: the way above must not take it, since
    // an event of now may still belong to the period before.
    let generation = if period.start > view.now { Balance::VACANT.generation } else { version };
    let same = |balance: &&Balance| balance.key() == (terms.limit, source, period.end);
    let known = view.accounts.balances(account).find(same);
    let fresh = Balance {
        capacity: amount,
        window_end: period.end,
        generation,
        limit: terms.limit,
        source,
        ..Balance::VACANT
    };
    let Some(known) = known else {
        return Ok(Opened { balance: fresh, opening: Opening::New });
    };
    let keeps = read == CapacityRead::AtRoll && known.generation != Balance::VACANT.generation;
    let capacity = if keeps { known.capacity } else { amount };
    let balance = Balance { capacity, generation, ..*known };
    Ok(Opened { balance, opening: Opening::Known })
}

/// The balances of an allowance that nothing can reach any more once its new one is stored.
pub(super) fn closed<'a>(
    view: &'a View<'_>,
    (account, terms): (&'a Account, &'a Terms),
    new: &Balance,
) -> impl Iterator<Item = (LimitId, Source, Timestamp)> + 'a {
    let (limit, source, end) = new.key();
    let gone = move |balance: &&Balance| {
        (balance.limit, balance.source) == (limit, source)
            && balance.window_end < end
            && over(terms, balance.window_end, view.now)
    };
    view.accounts.balances(account).filter(gone).map(Balance::key)
}

/// The period of an event of `at`. A first-use period goes on until its end.
fn period_of(
    view: &View<'_>,
    (account, terms): (&Account, &Terms),
    source: Source,
    at: Timestamp,
) -> Period {
    let period = terms.window.period(at, terms.anchor.unwrap_or_else(|| account.anchor()));
    if !matches!(terms.window, Window::FirstUse { .. }) {
        return period;
    }
    // What ends later than a period that starts now was opened under another window.
    let open = |balance: &&Balance| {
        (balance.limit, balance.source) == (terms.limit, source)
            && at < balance.window_end
            && balance.window_end <= period.end
    };
    let open = view.accounts.balances(account).filter(open).map(|balance| balance.window_end);
    Period { end: open.max().unwrap_or(period.end), ..period }
}

/// Whether a period that ended at `end`, and its grace, are over.
fn over(terms: &Terms, end: Timestamp, now: Timestamp) -> bool {
    end != Period::NEVER && end.checked_add(terms.grace).is_some_and(|last| now > last)
}
