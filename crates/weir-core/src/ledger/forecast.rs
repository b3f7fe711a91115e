//! When does it run out? A pace, asked step by step of a copy of one path.
//!
//! What a scope is refused hangs on its path alone, so only that is copied, as a snapshot has it; the
//! copy is then asked as the ledger itself would be. Steps between two instants at which nothing
//! changes are taken together where that is the same.

use alloc::vec::Vec;

use super::wire::{Reader, Writer};
use super::{Books, Head, HostKeys, Ledger, holding, snapshot};
use crate::account::Account;
use crate::amount::Quantity;
use crate::catalog::{Catalog, Charge, Terms};
use crate::decide::{Binding, Caller, Compared, Cost, Observer, Outcome, Reason, Request, Verdict};
use crate::hold::Hold;
use crate::id::{FeatureId, LimitId, ScopeId};
use crate::limit::{Enforcement, Fit};
use crate::price::Curve;
use crate::time::{Span, Timestamp};
use crate::window::{Period, Window};

/// How fast something is used: so much at once, again and again.
///
/// # Units
///
/// `quantity` is above zero and in those of the feature; `every` is a millisecond where it is less.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pace {
    /// How much each request asks for.
    pub quantity: Quantity,
    /// How far they lie apart.
    pub every: Span,
}

/// When a pace is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Forecast {
    /// At this instant, and not before.
    At {
        /// The instant of the first request that is refused.
        at: Timestamp,
        /// Why.
        reason: Reason,
        /// The limit that refuses; `None` where it is none.
        limit: Option<LimitId>,
    },
    /// Not before this instant: so far the pace was followed, and no further.
    AtLeast(Timestamp),
    /// Not within 400 days.
    Never,
}

/// A copy of one path, to be asked what is to come.
#[derive(Debug)]
pub struct Outlook {
    ledger: Ledger,
    path: Vec<ScopeId>,
}

impl Ledger {
    /// A copy of a scope and of those above it; `None` when there is no such scope.
    #[must_use]
    pub fn outlook(&self, scope: ScopeId) -> Option<Outlook> {
        let accounts = &self.books.accounts;
        accounts.get(scope)?;
        let above = |scope: &ScopeId| accounts.get(*scope).and_then(Account::parent);
        let mut old: Vec<ScopeId> = core::iter::successors(Some(scope), above).collect();
        old.reverse();
        let mut books = Books::new(&HostKeys::fixed());
        let mut parent = None;
        for scope in &old {
            let mut bytes = Vec::new();
            snapshot::write_account(&mut Writer(&mut bytes), accounts, *scope);
            let new = snapshot::read_account(&mut Reader(&bytes), &mut books.accounts, parent);
            parent = Some(new.ok()?);
        }
        for hold in self.books.holds.iter().filter(|hold| hold.ended.is_none()) {
            let touches = hold.scopes.iter().any(|scope| old.contains(scope));
            if touches && let Some(hold) = moved(hold, &old) {
                books.holds.insert(hold);
            }
        }
        books.put_back = self.books.put_back;
        let path = (0..u32::try_from(old.len()).ok()?).map(ScopeId).collect();
        Some(Outlook { ledger: Self::at(Head { sequence: 0, ..self.head }, books), path })
    }
}

/// A hold on the copy of a path: what it holds there.
fn moved(hold: &Hold<Verdict>, old: &[ScopeId]) -> Option<Hold<Verdict>> {
    let mut bytes = Vec::new();
    holding::write_hold(&mut Writer(&mut bytes), hold);
    let mut hold = holding::read_hold(&mut Reader(&bytes)).ok()?;
    let place = |scope: ScopeId| {
        let place = old.iter().position(|known| *known == scope)?;
        u32::try_from(place).ok().map(ScopeId)
    };
    hold.scopes = hold.scopes.iter().filter_map(|scope| place(*scope)).collect();
    hold.held.parts.retain_mut(|part| place(part.scope).map(|new| part.scope = new).is_some());
    let pledges = &mut hold.held.pledges;
    pledges.retain_mut(|pledge| place(pledge.scope).map(|new| pledge.scope = new).is_some());
    Some(hold)
}

impl Outlook {
    /// The first instant at which a request for what the limit counts is refused, with one at `now`,
    /// or at the latest instant seen if that is later, and then one after the other at that pace.
    ///
    /// All limits and wallets of the path count. `None` when the scope's plan has no such limit, or
    /// nothing is asked for.
    ///
    /// # Source
    ///
    /// The horizon of 400 days is that of the design; that it takes at most 10 000 decisions is
    /// ours: hundredths of a second.
    #[must_use]
    pub fn forecast(
        mut self,
        catalog: &Catalog,
        limit: LimitId,
        pace: Pace,
        now: Timestamp,
    ) -> Option<Forecast> {
        let scope = self.path.last()?;
        let plan = self.ledger.account(*scope)?.plan()?;
        let feature = catalog.limit_terms(plan, limit)?.counted.feature;
        if !pace.quantity.is_positive() {
            return None;
        }
        let mut at = self.ledger.head.seen.max(now);
        let horizon = at.checked_add(HORIZON).unwrap_or(Timestamp::MAX);
        let every = pace.every.as_millis().max(1);
        let walk = Walk { catalog, feature, quantity: pace.quantity, every, horizon };
        for _ in 0..DECISIONS_MAX {
            if at > horizon {
                return Some(Forecast::Never);
            }
            let many = self.together(&walk, at);
            let verdict = self.decide(&walk, at, many);
            if let Some(reason) = verdict.reason() {
                let limit = verdict.binding.map(|binding| binding.of.limit);
                return Some(Forecast::At { at, reason, limit });
            }
            let Some(next) = walk.after(at, many) else { return Some(Forecast::Never) };
            at = next;
        }
        Some(Forecast::AtLeast(at))
    }

    /// How many requests, from that of `at` on, can be decided as one that asks for all of it: as
    /// many as go through before anything else changes. One at least, whether it goes through or not.
    fn together(&mut self, walk: &Walk<'_>, at: Timestamp) -> i64 {
        if !self.path.iter().all(|scope| self.adds_up(walk, *scope)) {
            return 1;
        }
        let quiet = self.next_change(walk, at).since(at).as_millis();
        let most = quiet.saturating_add(walk.every).saturating_sub(1);
        let most = most.checked_div(walk.every).unwrap_or(1).max(1);
        if self.passes(walk, at, most) {
            return most;
        }
        let (mut passing, mut refused) = (1, most);
        while passing < refused.saturating_sub(1) {
            let middle = passing.midpoint(refused);
            if self.passes(walk, at, middle) {
                passing = middle;
            } else {
                refused = middle;
            }
        }
        passing
    }

    /// Whether it is the same for a scope's limits to be asked twice for something and once for
    /// twice as much, while time changes nothing.
    fn adds_up(&self, walk: &Walk<'_>, scope: ScopeId) -> bool {
        let adds_up = |terms: &Terms| {
            let Terms { counted, window, charge, .. } = terms;
            counted.adds_up() // what is converted is rounded for each request
                && charge.as_ref().is_none_or(grows)
                && matches!(
                    window,
                    Window::Anchored { .. }
                        | Window::Calendar { .. }
                        | Window::Cycle(_)
                        | Window::FirstUse { .. }
                        | Window::Lifetime
                        | Window::Once { .. }
                )
        };
        self.terms(walk, scope).iter().all(adds_up)
    }

    /// The first instant after `at` at which something other than this pace may change what a
    /// request is told: a period, a grant, a lot or a hold ends, or a grant starts.
    fn next_change(&self, walk: &Walk<'_>, at: Timestamp) -> Timestamp {
        let accounts = self.ledger.accounts();
        let mut next = walk.horizon.checked_add(MOMENT).unwrap_or(Timestamp::MAX);
        let mut note = |instant: Timestamp| {
            if at < instant && instant < next {
                next = instant;
            }
        };
        for scope in &self.path {
            for terms in self.terms(walk, *scope) {
                let access = self.ledger.access(walk.catalog, (*scope, terms.limit), at);
                let ends = access.map_or(Period::NEVER, |access| access.binding.resets_at);
                note(ends);
                let Some(account) = accounts.get(*scope) else { continue };
                let of_limit = accounts.grants(account).filter(|of| of.limit == terms.limit);
                let period = Period { end: ends, ..Period::ALWAYS };
                of_limit.for_each(|grant| note(grant.stretch(period, at).end));
            }
            let Some(account) = accounts.get(*scope) else { continue };
            accounts.balances(account).for_each(|balance| note(balance.window_end));
            for grant in accounts.grants(account) {
                note(grant.effective);
                note(grant.expires);
            }
            accounts.lots(account).for_each(|lot| note(lot.expires));
        }
        self.ledger.holds().for_each(|hold| note(hold.until));
        next
    }

    fn terms<'c>(&self, walk: &Walk<'c>, scope: ScopeId) -> &'c [Terms] {
        let plan = self.ledger.account(scope).and_then(Account::plan);
        plan.map_or(&[], |plan| walk.catalog.terms(plan, walk.feature))
    }

    /// Whether so many requests go through as one, none of them as the last one that does.
    fn passes(&mut self, walk: &Walk<'_>, at: Timestamp, many: i64) -> bool {
        let Some(costs) = walk.costs(many) else { return false };
        let mut heard = LastOnes { among: self.last_calls(walk), met: false };
        let Self { ledger, path } = self;
        let asked = request(path, &costs, at);
        ledger.peek(walk.catalog, (&asked, at), &mut heard).is_allowed() && !heard.met
    }

    /// The limits of the path that let a last request through for which they have no room.
    fn last_calls(&self, walk: &Walk<'_>) -> Vec<(ScopeId, LimitId)> {
        let all = self.path.iter().flat_map(|scope| {
            let last = |terms: &&Terms| {
                matches!(terms.line.enforcement, Enforcement::Clamp | Enforcement::LastCall)
            };
            let limits = self.terms(walk, *scope).iter().filter(last);
            limits.map(|terms| (*scope, terms.limit))
        });
        all.collect()
    }

    fn decide(&mut self, walk: &Walk<'_>, at: Timestamp, many: i64) -> Verdict {
        let Self { ledger, path } = self;
        let costs = walk.costs(many).unwrap_or_else(|| walk.one());
        let asked = request(path, &costs, at);
        let Ok(verdict) = ledger.decide(walk.catalog, (&asked, at), (&mut (), &mut ()));
        *verdict
    }
}

/// Hears whether one of some limits has no room for what it admits.
struct LastOnes {
    among: Vec<(ScopeId, LimitId)>,
    met: bool,
}

impl Observer for LastOnes {
    fn touched(&mut self, limit: &Binding, _: Outcome) {
        let Compared { scope, limit, fit } = limit.of;
        self.met |= fit != Fit::Within && self.among.contains(&(scope, limit));
    }
}

/// Whether each step of use costs something or nothing: a tier may give back what a step before it
/// had to pay.
const fn grows(charge: &Charge) -> bool {
    match charge.price.curve {
        Curve::Flat(_) | Curve::Package { .. } | Curve::Unit(_) => true,
        Curve::Graduated(_) | Curve::Volume(_) => false,
    }
}

/// What is asked for, how often, and until when.
struct Walk<'c> {
    catalog: &'c Catalog,
    feature: FeatureId,
    quantity: Quantity,
    /// In milliseconds.
    every: i64,
    horizon: Timestamp,
}

impl Walk<'_> {
    fn one(&self) -> [Cost; 1] {
        [Cost { feature: self.feature, quantity: self.quantity }]
    }

    /// What so many requests ask for; `None` when that is no quantity.
    fn costs(&self, many: i64) -> Option<[Cost; 1]> {
        let nanos = self.quantity.as_nanos().checked_mul(many.into())?;
        Some([Cost { feature: self.feature, quantity: Quantity::from_nanos(nanos) }])
    }

    /// The instant of the request after so many.
    fn after(&self, at: Timestamp, many: i64) -> Option<Timestamp> {
        let span = self.every.checked_mul(many)?;
        Timestamp::from_millis(at.as_millis().checked_add(span)?).ok()
    }
}

const fn request<'a>(path: &'a [ScopeId], costs: &'a [Cost], at: Timestamp) -> Request<'a> {
    let caller = Caller::Unchecked;
    Request { caller, scopes: path, costs, at, key: None, on_shortfall: None }
}

/// As designed.
const HORIZON: Span = span(400 * 24 * 60 * 60 * 1_000);
const MOMENT: Span = span(1);
const DECISIONS_MAX: u32 = 10_000;

const fn span(millis: i64) -> Span {
    match Span::from_millis(millis) {
        Ok(span) => span,
        Err(_) => Span::ZERO,
    }
}
