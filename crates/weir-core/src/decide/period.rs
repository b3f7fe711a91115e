//! Which balance is it counted on? The open one, a past one inside its grace, or a new one.

use alloc::vec::Vec;

use super::{View, debt, ending};
use crate::account::Account;
use crate::amount::Quantity;
use crate::catalog::{Capacity, Late, Overage, Terms};
use crate::grant::Grant;
use crate::id::{LimitId, ScopeId};
use crate::limit::{Balance, CapacityRead, Source};
use crate::time::civil::DAY_MS;
use crate::time::{Span, Timestamp};
use crate::window::{Period, Window};

/// One allowance of a limit: the plan's own, or a grant's.
#[derive(Clone, Copy)]
struct Allowance {
    source: Source,
    amount: Quantity,
    read: CapacityRead,
}

/// Whether an opened balance is stored already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Opening {
    /// It is.
    Known,
    /// The limit has no periods: it is what counts now, and stored in another form.
    Sliding,
    /// It may be new, and what it closes is to be looked for.
    Unsure,
}

/// The balance that a limit of the plan counts on at `at`, where that is now, and it is known to be
/// the latest one.
#[inline(always)]
pub(super) fn running<'a>(
    view: &View<'a>,
    (account, terms): (&'a Account, &Terms),
    at: Timestamp,
) -> Option<&'a Balance> {
    if matches!(terms.capacity, Capacity::Granted { .. }) {
        return None;
    }
    latest(view, (account, terms), Source::PLAN, at)
}

#[inline(always)]
fn latest<'a>(
    view: &View<'a>,
    (account, terms): (&'a Account, &Terms),
    source: Source,
    at: Timestamp,
) -> Option<&'a Balance> {
    let latest = view.accounts.latest(account, terms.limit, source)?;
    let runs =
        latest.generation == view.catalog.version() && at == view.now && at < latest.window_end;
    let lapses = latest.held.is_positive() && view.holds.due(view.now).is_some();
    (runs && !lapses).then_some(latest)
}

/// Opens the balances on which a limit counts an event of `at`: the plan's own, or those of the
/// grants that pay, or one without capacity.
///
/// # Errors
///
/// The period, when it is over and so is its grace, and late events are not counted now.
pub(super) fn open(
    view: &View<'_>,
    counted: (&Account, &Terms),
    at: Timestamp,
    opened: &mut Vec<Balance>,
) -> Result<(), Period> {
    let (_, terms) = counted;
    match open_at(view, counted, at, opened) {
        Err(period) if terms.line.late == Late::Now && over(terms, period.end, view.now) => {
            open_at(view, counted, view.now, opened)
        }
        tried => tried,
    }
}

fn open_at(
    view: &View<'_>,
    (account, terms): (&Account, &Terms),
    at: Timestamp,
    opened: &mut Vec<Balance>,
) -> Result<(), Period> {
    opened.clear();
    let mut open = |source, amount, read| {
        let allowance = Allowance { source, amount, read };
        opened.push(match latest(view, (account, terms), source, at) {
            Some(balance) => *balance,
            None => look_up(view, (account, terms), allowance, at)?,
        });
        Ok(())
    };
    if let Capacity::Fixed { amount, read } = terms.capacity {
        return open(Source::PLAN, amount, read);
    }
    // What no grant covers has a balance of its own, after those of the grants.
    let apart = terms.line.overage == Overage::Apart || terms.line.overage.is_owed();
    let mut none = true;
    let pays = |grant: &Grant| grant.pays_at(at) && !ending::is_past(view, terms, grant);
    ending::in_burn_order(view, (account, terms), pays, |grant| {
        none = false;
        open(grant.source, grant.amount, CapacityRead::Live)
    })?;
    if apart || none { open(Source::PLAN, Quantity::ZERO, CapacityRead::Live) } else { Ok(()) }
}

/// The balance of the period of `at`, where it is not known to be the latest.
fn look_up(
    view: &View<'_>,
    (account, terms): (&Account, &Terms),
    allowance: Allowance,
    at: Timestamp,
) -> Result<Balance, Period> {
    let Allowance { source, amount, read } = allowance;
    let version = view.catalog.version();
    let period = period_of(view, (account, terms), source, at)?;
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
        if view
            .put_back
            .is_some_and(|to| may_have_closed(view, (account, terms), &fresh, (period, to)))
        {
            return Err(period);
        }
        let owes = source == Source::PLAN;
        let used = if owes { debt::carried(view, (account, terms), period) } else { fresh.used };
        return Ok(Balance { used, ..fresh });
    };
    let keeps = read == CapacityRead::AtRoll && known.generation != Balance::VACANT.generation;
    let capacity = if keeps { known.capacity } else { amount };
    Ok(Balance { capacity, generation, ..*known })
}

/// Whether a period that is not known had begun when the clock was put back, and a later one has been
/// opened since: then it was closed, and is not opened again.
#[inline(never)]
fn may_have_closed(
    view: &View<'_>,
    (account, terms): (&Account, &Terms),
    fresh: &Balance,
    (period, to): (Period, Timestamp),
) -> bool {
    let begun = if let Window::FirstUse { .. } = terms.window {
        // One that had begun by then is over when one is that begins there.
        let last = terms.window.period(to, account.anchor(), view.catalog.zones());
        last.is_ok_and(|last| view.now < last.end)
    } else {
        period.start <= to
    };
    let later = |known: &Balance| {
        (known.limit, known.source) == (fresh.limit, fresh.source)
            && fresh.window_end < known.window_end
    };
    begun && view.accounts.balances(account).any(later)
}

/// Leaves out what holds hold whose deadline has passed: before a decision they are ended, for a
/// question they are still there.
pub(super) fn lapse(view: &View<'_>, scope: ScopeId, opened: &mut [Balance]) {
    for balance in opened.iter_mut().filter(|balance| balance.held.is_positive()) {
        let lapsed = view.holds.lapsed(scope, balance.key(), view.now);
        balance.held = balance.held.checked_sub(lapsed).unwrap_or(Quantity::ZERO);
    }
}

/// The balances of a limit that nothing can reach any more once `new` is stored.
pub(super) fn closed<'a>(
    view: &'a View<'_>,
    (account, terms): (&'a Account, &'a Terms),
    new: &Balance,
) -> impl Iterator<Item = (LimitId, Source, Timestamp)> + 'a {
    let (limit, _, end) = new.key();
    let gone = move |balance: &&Balance| {
        balance.limit == limit
            && balance.window_end < end
            && over(terms, balance.window_end, view.now)
            && balance.held == Quantity::ZERO // a hold lives on in it
    };
    view.accounts.balances(account).filter(gone).map(Balance::key)
}

/// The period of an event of `at`. A first-use period goes on until its end, for all allowances of
/// the limit: one that is new joins it.
///
/// # Errors
///
/// The stretch around `at` in which nothing counts.
fn period_of(
    view: &View<'_>,
    (account, terms): (&Account, &Terms),
    source: Source,
    at: Timestamp,
) -> Result<Period, Period> {
    let anchor = terms.anchor.unwrap_or_else(|| account.anchor());
    let period = terms.window.period(at, anchor, view.catalog.zones())?;
    let Window::FirstUse { span, .. } = terms.window else { return Ok(period) };
    // Of two starts the later one may end earlier, where a month lacks the day of one.
    let early = if span.months == 0 { Span::ZERO } else { LACKING_DAY };
    let latest = period.end.checked_add(early).unwrap_or(Period::NEVER);
    // What ends later than a period that starts now was opened under another window.
    let open = |balance: &&Balance| {
        balance.limit == terms.limit && at < balance.window_end && balance.window_end <= latest
    };
    let open = view.accounts.balances(account).filter(open);
    let last = open.max_by_key(|balance| (balance.source == source, balance.window_end));
    Ok(Period { end: last.map_or(period.end, |balance| balance.window_end), ..period })
}

/// More than ends on one day can be apart, also where clocks are put back by a day.
const LACKING_DAY: Span = match Span::from_millis(2 * DAY_MS) {
    Ok(two_days) => two_days,
    Err(_) => Span::ZERO,
};

/// Whether a period that ended at `end`, and its grace, are over.
fn over(terms: &Terms, end: Timestamp, now: Timestamp) -> bool {
    end != Period::NEVER && end.checked_add(terms.grace).is_some_and(|last| now > last)
}
