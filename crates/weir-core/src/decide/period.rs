//! Which balance is it counted on? The open one, a past one inside its grace, or a new one.

use alloc::vec::Vec;

use super::weigh::Place;
use super::{View, debt, granted};
use crate::account::Account;
use crate::amount::Quantity;
use crate::catalog::{Capacity, Late, Terms};
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
    /// It may be new, and they end at different instants.
    Apart,
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

/// The balances on which a limit counts, and what else of it was looked at.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    /// Those that count, first drawn first.
    pub(super) balances: Vec<Balance>,
    /// The limit's period.
    pub(super) period: Period,
    /// Of a granted limit, those that are stored, and those that paid a debt since.
    pub(super) known: Vec<Balance>,
    /// How many of those are stored.
    pub(super) stored: usize,
    /// Of those that no longer count, the ones of which more was spent than rolled over.
    pub(super) mended: Vec<Balance>,
    /// What else is to be done.
    pub(super) noted: Noted,
}

/// What a look at a limit's grants shows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Noted {
    /// Some grant has stretches of its own.
    pub(super) cut: bool,
    /// Some grant may be forgotten.
    pub(super) forgets: bool,
    /// What was owed before anything is asked.
    pub(super) owed: Owed,
}

/// What is owed before anything is asked.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Owed {
    /// What was owed before.
    Known,
    /// More than before, since less rolled over than was spent.
    More,
    /// Nothing.
    #[default]
    Nothing,
}

impl Default for Opened {
    fn default() -> Self {
        Self {
            balances: Vec::new(),
            period: Period::ALWAYS,
            known: Vec::new(),
            stored: 0,
            mended: Vec::new(),
            noted: Noted::default(),
        }
    }
}

/// Opens the balances on which a limit counts an event of `at`: the plan's own, or those of the
/// grants that pay, or one without capacity.
///
/// # Errors
///
/// The period, when it is over and so is its grace, and late events are not counted now.
#[inline]
pub(super) fn open(
    view: &View<'_>,
    place: Place<'_>,
    at: Timestamp,
    opened: &mut Opened,
) -> Result<(), Period> {
    let at = counted_at(view, place.counted(), at);
    opened.balances.clear();
    opened.noted = Noted::default();
    let Capacity::Fixed { amount, read } = place.terms.capacity else {
        return granted::open(view, place, at, opened);
    };
    let allowance = Allowance { source: Source::PLAN, amount, read };
    let balance = match latest(view, place.counted(), Source::PLAN, at) {
        Some(balance) => *balance,
        None => look_up(view, place.counted(), allowance, at)?,
    };
    opened.period.end = balance.window_end;
    opened.balances.push(balance);
    lapse(view, place.scope, &mut opened.balances);
    Ok(())
}

/// When a limit counts what happened at `at`: then, or now, when that is declared of what comes after
/// the grace.
#[inline]
pub(super) fn counted_at(
    view: &View<'_>,
    (account, terms): (&Account, &Terms),
    at: Timestamp,
) -> Timestamp {
    if !terms.window.counts_at_event() {
        return view.now;
    }
    if terms.line.late != Late::Now || at == view.now {
        return at;
    }
    let period = period_of(view, (account, terms), Source::PLAN, at);
    let end = period.unwrap_or_else(|outside| outside).end;
    if over(terms, end, view.now) { view.now } else { at }
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
        return Ok(Balance { used: debt::carried(view, (account, terms), period), ..fresh });
    };
    let keeps = read == CapacityRead::AtRoll && known.generation != Balance::VACANT.generation;
    let capacity = if keeps { known.capacity } else { amount };
    Ok(Balance { capacity, generation, ..*known })
}

/// Whether a period that is not known had begun when the clock was put back, and a later one has been
/// opened since: then it was closed, and is not opened again.
#[inline(never)]
pub(super) fn may_have_closed(
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
    let (limit, source, end) = new.key();
    let gone = move |balance: &&Balance| {
        balance.limit == limit
            && balance.window_end < end
            && over(terms, balance.window_end, view.now)
            && balance.held == Quantity::ZERO // a hold lives on in it
            && granted::is_carried(view, (account, terms), balance, source)
    };
    view.accounts.balances(account).filter(gone).map(Balance::key)
}

/// The period of an event of `at`. A first-use period goes on until its end, for all allowances of
/// the limit: one that is new joins it.
///
/// # Errors
///
/// The stretch around `at` in which nothing counts.
pub(super) fn period_of(
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
pub(super) fn over(terms: &Terms, end: Timestamp, now: Timestamp) -> bool {
    end != Period::NEVER && end.checked_add(terms.grace).is_some_and(|last| now > last)
}
