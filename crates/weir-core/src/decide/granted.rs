//! What do a scope's grants have for it? The balances of a limit that grants fill.
//!
//! Each grant counts on the balance of its stretch around the event, and what no grant covers stands
//! beside them all. Nothing happens at the end of a stretch: what the next one opens with follows from
//! what is stored of those before, whether or not anybody asked in between. So a late event that still
//! counts in an earlier stretch takes from all that rolled over since, and what was spent of that
//! already is owed.

use alloc::vec::Vec;

use super::period::{Noted, Opened, Owed, lapse, may_have_closed, over, period_of};
use super::weigh::Place;
use super::{View, arrears, debt, ending};
use crate::account::Account;
use crate::amount::Quantity;
use crate::catalog::{Overage, Terms};
use crate::grant::{Grant, Rollover, Stretch};
use crate::id::CatalogVersion;
use crate::limit::{Balance, Source};
use crate::time::{Span, Timestamp};
use crate::window::{Period, Window};

/// See [`super::period::open`].
#[inline(never)]
pub(super) fn open(
    view: &View<'_>,
    place: Place<'_>,
    at: Timestamp,
    opened: &mut Opened,
) -> Result<(), Period> {
    let Place { scope, account, terms } = place;
    let period = period_of(view, (account, terms), Source::PLAN, at)?;
    if over(terms, period.end, view.now) {
        return Err(period);
    }
    let Opened { balances, known, stored, mended, .. } = &mut *opened;
    known.clear();
    known.extend(view.accounts.balances(account).filter(|known| known.limit == terms.limit));
    lapse(view, scope, known);
    *stored = known.len();
    mended.clear();
    let course = Course { view, account, terms, period };
    let (mut owed, mut noted) = (Quantity::ZERO, Noted::default());
    if let Some(debt) = debt::standing(terms, period, known).copied() {
        noted.owed = Owed::Known;
        owed = arrears::settle(course, (debt, at), known);
    }
    ending::in_burn_order(view, (account, terms), |grant| {
        let past = ending::is_past(view, terms, grant);
        noted.forgets |= past;
        noted.cut |= is_cut(terms, grant);
        if !past && grant.pays_at(at) {
            balances.extend(course.balance(grant, at, (known, mended)));
        }
    });
    // What no grant covers has a balance of its own, after those of the grants.
    let owes = terms.line.overage.is_owed();
    if owes || terms.line.overage == Overage::Apart || balances.is_empty() {
        let apart = course.stored((Source::PLAN, Quantity::ZERO), period, known);
        balances.push(if owes { Balance { used: owed, ..apart } } else { apart });
    }
    if let Some(to) = view.put_back
        && let Some(closed) = course.closed_before(balances, (known, *stored), (at, to))
    {
        return Err(closed);
    }
    let ends = match terms.window {
        Window::FirstUse { .. } => balances.first().map_or(period.end, |first| first.window_end),
        _ => period.end,
    };
    (opened.period, opened.noted) = (Period { end: ends, ..period }, noted);
    Ok(())
}

/// What becomes of what a grant has left. A period that starts with the first use is preceded by none
/// that nobody asked in: there a grant is whole in each.
pub(super) fn rolls(terms: &Terms, grant: &Grant) -> Option<Rollover> {
    if matches!(terms.window, Window::FirstUse { .. }) { None } else { grant.renewal.rollover }
}

/// Whether a grant has stretches other than the periods of its limit.
fn is_cut(terms: &Terms, grant: &Grant) -> bool {
    !grant.renewal.is_plain() && !matches!(terms.window, Window::FirstUse { .. })
}

/// The most that a grant is ever worth.
pub(super) fn most(terms: &Terms, grant: &Grant) -> Quantity {
    let least = rolls(terms, grant).map(|rollover| rollover.opens_with(Quantity::ZERO));
    least.map_or(grant.amount, |least| least.max(grant.amount))
}

/// Whether what a balance has left is carried on, once one of `source` is stored that ends later: of a
/// grant that rolls over, by its own next one alone, and after those before.
pub(super) fn is_carried(
    view: &View<'_>,
    (account, terms): (&Account, &Terms),
    balance: &Balance,
    source: Source,
) -> bool {
    if balance.source == Source::PLAN {
        return true;
    }
    let mut grants = view.accounts.grants(account);
    let grant = grants.find(|grant| grant.source == balance.source);
    if grant.is_none_or(|grant| rolls(terms, grant).is_none()) {
        return true;
    }
    let earlier = |known: &&Balance| {
        (known.limit, known.source) == (balance.limit, balance.source)
            && known.window_end < balance.window_end
    };
    let mut earlier = view.accounts.balances(account).filter(earlier);
    source == balance.source && earlier.all(|known| known.held == Quantity::ZERO)
}

/// A limit of a scope, and its period around an event.
#[derive(Clone, Copy)]
pub(super) struct Course<'a> {
    pub(super) view: &'a View<'a>,
    pub(super) account: &'a Account,
    pub(super) terms: &'a Terms,
    pub(super) period: Period,
}

impl Course<'_> {
    /// The balance of a grant that pays at `at`; `None` where its stretch is over, grace included.
    #[inline]
    fn balance(
        &self,
        grant: &Grant,
        at: Timestamp,
        (known, mended): (&[Balance], &mut Vec<Balance>),
    ) -> Option<Balance> {
        let of = (grant.source, grant.amount);
        if let Window::FirstUse { .. } = self.terms.window {
            let period = period_of(self.view, (self.account, self.terms), grant.source, at);
            return Some(self.stored(of, period.ok()?, known));
        }
        if grant.renewal.is_plain() {
            return Some(self.stored(of, self.period, known));
        }
        self.cut(grant, at, (known, mended))
    }

    /// What is stored of an allowance in a period, or nothing yet; worth so much.
    #[inline]
    fn stored(
        &self,
        (source, capacity): (Source, Quantity),
        Period { start, end }: Period,
        known: &[Balance],
    ) -> Balance {
        let generation = self.generation(start);
        let limit = self.terms.limit;
        let known = known.iter().find(|known| known.source == source && known.window_end == end);
        let Some(known) = known else {
            return Balance {
                capacity,
                window_end: end,
                generation,
                limit,
                source,
                ..Balance::VACANT
            };
        };
        Balance { capacity, generation, ..*known }
    }

    /// That of the catalog; what is opened ahead of `now` stays of none, since an event of now may
    /// still belong to the stretch before.
    #[inline]
    pub(super) fn generation(&self, start: Timestamp) -> CatalogVersion {
        if start > self.view.now { Balance::VACANT.generation } else { self.view.catalog.version() }
    }

    /// The grants of the limit.
    pub(super) fn grants(&self) -> impl Iterator<Item = &Grant> {
        let limit = self.terms.limit;
        self.view.accounts.grants(self.account).filter(move |grant| grant.limit == limit)
    }

    /// The first stretch that counts and was closed before the clock was put back.
    #[inline(never)]
    fn closed_before(
        &self,
        balances: &[Balance],
        (known, stored): (&[Balance], usize),
        (at, to): (Timestamp, Timestamp),
    ) -> Option<Period> {
        let Self { view, account, terms, period } = *self;
        let stored = known.get(..stored).unwrap_or(known);
        let period_of = |balance: &Balance| {
            let grant = self.grants().find(|grant| grant.source == balance.source);
            let start = grant.map_or(period.start, |grant| grant.stretch(period, at).start());
            Period { start, end: balance.window_end }
        };
        let new = |balance: &&Balance| stored.iter().all(|known| known.key() != balance.key());
        let closed = balances.iter().filter(new).map(|fresh| (fresh, period_of(fresh)));
        let mut closed = closed.filter(|(fresh, period)| {
            may_have_closed(view, (account, terms), fresh, (*period, to))
        });
        closed.next().map(|(_, period)| period)
    }

    /// The balance of a grant with stretches of its own.
    #[inline(never)]
    fn cut(
        &self,
        grant: &Grant,
        at: Timestamp,
        (known, mended): (&[Balance], &mut Vec<Balance>),
    ) -> Option<Balance> {
        let stretch = grant.stretch(self.period, at);
        if over(self.terms, stretch.end, self.view.now) {
            return None;
        }
        let period = Period { start: stretch.start(), end: stretch.end };
        let whole = self.stored((grant.source, grant.amount), period, known);
        let Some(rollover) = grant.renewal.rollover.filter(|_| stretch.is_rolled()) else {
            return Some(whole);
        };
        let before = self.before(grant, &stretch, (known, mended));
        let own = || known.iter().find(|known| known.key() == whole.key());
        let capacity = match (before, own()) {
            (Some(left), _) => rollover.opens_with(left),
            (None, Some(own)) => own.capacity,
            (None, None) => rollover.opens_with(grant.amount),
        };
        Some(Balance { capacity, ..whole })
    }

    /// What the stretches before this one left, where one is stored and the grant was not filled
    /// since. Those of which more was spent than rolled over, since a late event drew on the one
    /// before, are noted as they are with that spent.
    pub(super) fn before(
        &self,
        grant: &Grant,
        stretch: &Stretch,
        (known, mended): (&[Balance], &mut Vec<Balance>),
    ) -> Option<Quantity> {
        let rollover = grant.renewal.rollover?;
        let mut before: Option<(Timestamp, Quantity)> = None;
        loop {
            let of_grant = known.iter().filter(|known| known.source == grant.source);
            let next = of_grant.filter(|known| {
                let later = before.is_none_or(|(end, _)| end < known.window_end);
                later && known.window_end <= stretch.start()
            });
            let Some(next) = next.min_by_key(|known| known.window_end) else { break };
            let of_next = self.ending_at(grant, next.window_end);
            let rolled = before.filter(|(end, _)| of_next.is_rolled() && *end > of_next.filled);
            let capacity = rolled.map_or(next.capacity, |(_, left)| rollover.opens_with(left));
            let next = Balance { capacity, ..*next };
            if rolled.is_some() && next.used > capacity {
                mended.push(next);
            }
            before = Some((next.window_end, next.left()));
        }
        before.filter(|(end, _)| *end > stretch.filled).map(|(_, left)| left)
    }

    /// The stretch of a grant that ends at an instant.
    pub(super) fn ending_at(&self, grant: &Grant, end: Timestamp) -> Stretch {
        let last = before(end);
        grant.stretch(self.limit_period(last), last)
    }

    /// When the last stretch of a grant ends that it has up to `at` in the limit's period.
    pub(super) fn last_end(&self, grant: &Grant, at: Timestamp) -> Option<Timestamp> {
        let first_use = matches!(self.terms.window, Window::FirstUse { .. });
        if first_use || grant.renewal.is_plain() {
            return Some(self.period.end);
        }
        let last = at.min(before(grant.expires));
        let lives = grant.effective <= last && self.period.start <= last;
        lives.then(|| grant.stretch(self.period, last).end)
    }

    /// The limit's period around an instant, or the stretch in which nothing counts.
    pub(super) fn limit_period(&self, at: Timestamp) -> Period {
        let Self { view, account, terms, .. } = self;
        let anchor = terms.anchor.unwrap_or_else(|| account.anchor());
        let period = terms.window.period(at, anchor, view.catalog.zones());
        period.unwrap_or_else(|outside| outside)
    }
}

/// The last instant of what ends at `end`.
pub(super) fn before(end: Timestamp) -> Timestamp {
    MOMENT.and_then(|moment| end.checked_sub(moment)).unwrap_or(end)
}

/// The first instant after `at`.
pub(super) fn after(at: Timestamp) -> Timestamp {
    MOMENT.and_then(|moment| at.checked_add(moment)).unwrap_or(at)
}

const MOMENT: Option<Span> = match Span::from_millis(1) {
    Ok(moment) => Some(moment),
    Err(_) => None,
};
