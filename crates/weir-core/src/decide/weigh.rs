//! Does every limit on the path admit it, and what does it take? The pass over the limits.

use alloc::vec::Vec;

use super::period::{self, Allowance, Opened, Opening};
use super::verdict::{Binding, Outcome, Reason, Retry, Verdict};
use super::{Cost, Draw, Effect, Observer, Request, View, Workings, funds};
use crate::account::Account;
use crate::amount::Quantity;
use crate::catalog::{Capacity, Charge, GiveBack, Refusal, Terms};
use crate::id::{FeatureId, LimitId, ScopeId};
use crate::limit::{Balance, CapacityRead, Source, Standing};
use crate::meter::{Aggregation, Life, Meter, Reading};
use crate::time::Timestamp;
use crate::window::Period;

/// Weighs the asks of one request, and keeps what the verdict will say.
struct Scale<'s, O> {
    view: &'s View<'s>,
    request: &'s Request<'s>,
    workings: &'s mut Workings,
    observer: &'s mut O,
    /// What is known so far. While nothing refuses, the binding limit is the tightest one; then it
    /// is the first one of the earliest stage that refuses. Whether it passes or not, `retry` says
    /// when the limits that refused would admit.
    verdict: &'s mut Verdict,
}

/// A limit of a scope on the path, and who it is for.
#[derive(Clone, Copy)]
struct Place<'a> {
    scope: ScopeId,
    account: &'a Account,
    terms: &'a Terms,
}

/// Weighs a request that passed the gates: makes of their verdict the one on everything.
#[inline]
pub(super) fn weigh<O: Observer>(
    view: &View<'_>,
    request: &Request<'_>,
    (workings, observer): (&mut Workings, &mut O),
    verdict: &mut Verdict,
) {
    workings.debits.clear();
    let mut scale = Scale { view, request, workings, observer, verdict };
    for (at, scope) in request.scopes.iter().enumerate() {
        // A balance reached twice is one balance.
        if !request.scopes.iter().take(at).any(|earlier| earlier == scope) {
            scale.ask(*scope);
        }
    }
    scale.finish();
}

impl<'s, O: Observer> Scale<'s, O> {
    /// Weighs all that is asked of one scope, feature by feature.
    #[inline]
    fn ask(&mut self, scope: ScopeId) {
        let (view, costs) = (self.view, self.request.costs);
        let Some(account) = view.accounts.get(scope) else { return };
        let Some(plan) = account.plan() else { return };
        for (at, Cost { feature, .. }) in costs.iter().enumerate() {
            let asked = costs.iter().take(at).any(|earlier| earlier.feature == *feature);
            let Some(metering) = view.catalog.metering(*feature).filter(|_| !asked) else {
                continue; // all costs of a feature are one ask
            };
            for terms in view.catalog.terms(plan, *feature) {
                let place = Place { scope, account, terms };
                if self.weigh(place, metering.meter).is_none() {
                    self.refuse(Reason::Unmeasurable, None);
                }
            }
        }
    }

    /// Asks the wallets, and closes the verdict.
    #[inline]
    fn finish(mut self) {
        if funds::settle(self.view, self.workings, self.observer).is_err() {
            self.refuse(Reason::OutOfCredit, None);
        }
        let verdict = self.verdict;
        let Outcome::Denied(reason) = verdict.outcome else {
            verdict.retry = Retry::Now;
            return;
        };
        verdict.charged = Quantity::ZERO;
        if !matches!(reason, Reason::LimitExceeded | Reason::RateLimited) {
            verdict.retry = Retry::NotComputed;
        }
    }

    /// Weighs one limit; `None` when a number does not fit.
    #[inline]
    fn weigh(&mut self, place: Place<'s>, meter: Meter) -> Option<()> {
        let Place { scope, terms, .. } = place;
        let at = if terms.window.counts_at_event() { self.request.at } else { self.view.now };
        let resets_at = match self.open(place, at) {
            Ok(end) => end,
            Err(period) => {
                let binding = closed_binding(place, period);
                self.observer.touched(&binding, Outcome::Denied(Reason::PeriodClosed));
                self.refuse(Reason::PeriodClosed, Some(binding));
                return Some(());
            }
        };
        let standing = standing_of(&self.workings.opened);
        let (asked, reading) = if meter.keeps_reading() {
            self.read(place, meter, resets_at)?
        } else {
            (self.count(place, meter)?, None)
        };
        let Standing { used, held, capacity, .. } = standing;
        let binding = Binding { scope, limit: terms.limit, used, held, asked, capacity, resets_at };
        if !standing.admits(asked, terms.line.enforcement) {
            let reason = match terms.line.refusal {
                Refusal::LimitExceeded => Reason::LimitExceeded,
                Refusal::RateLimited => Reason::RateLimited,
            };
            self.observer.touched(&binding, Outcome::Denied(reason));
            self.retry_after(place, meter, &binding);
            self.refuse(reason, Some(binding));
            return Some(());
        }
        self.observer.touched(&binding, Outcome::Allowed);
        self.tighten(binding);
        if let Some(reading) = reading {
            let window_end = if meter.life == Life::Lifetime { Period::NEVER } else { resets_at };
            self.workings.effects.push(Effect::Reading {
                scope,
                limit: terms.limit,
                reading,
                window_end,
            });
        }
        self.draw(place, asked, standing.left)
    }

    /// Opens the balances that the limit counts on, and tells the end of their period.
    fn open(&mut self, place: Place<'_>, at: Timestamp) -> Result<Timestamp, Period> {
        open(self.view, place, at, &mut self.workings.opened)
    }

    /// What is asked of a feature, cost by cost.
    #[inline]
    fn costs(&self, feature: FeatureId) -> impl Iterator<Item = &'s Cost> + use<'s, O> {
        self.request.costs.iter().filter(move |cost| cost.feature == feature)
    }

    /// How much the request adds to a limit whose meter keeps nothing.
    #[inline]
    fn count(&self, place: Place<'_>, meter: Meter) -> Option<Quantity> {
        let amount = |cost: &Cost| match meter.aggregation {
            Aggregation::Count => Quantity::from_units(1),
            _ => cost.quantity,
        };
        let mut costs = self.costs(place.terms.feature);
        costs.try_fold(Quantity::ZERO, |sum, cost| sum.checked_add(amount(cost)))
    }

    /// How much the request adds to the limit, and the meter's reading afterwards.
    fn read(
        &self,
        place: Place<'_>,
        meter: Meter,
        window_end: Timestamp,
    ) -> Option<(Quantity, Option<Reading>)> {
        let end = if meter.life == Life::Lifetime { Period::NEVER } else { window_end };
        let mut readings = self.view.accounts.readings(place.account);
        let found =
            readings.find(|known| (known.limit, known.window_end) == (place.terms.limit, end));
        let mut reading = found.map(|known| known.reading);
        let mut total = Quantity::ZERO;
        for cost in self.costs(place.terms.feature) {
            let read = meter.read(reading, cost.quantity, self.request.at)?;
            (reading, total) = (Some(read.reading), total.checked_add(read.delta)?);
        }
        Some((total, reading))
    }

    /// Takes what is asked from the opened balances in their order, or gives back.
    #[inline]
    fn draw(&mut self, place: Place<'s>, asked: Quantity, left: Quantity) -> Option<()> {
        if asked.is_positive() {
            if self.workings.opened.len() == 1 {
                return self.take(place, 0, asked); // what it has no room for is its overage
            }
            return self.spread(place, asked, left);
        }
        let gives_back = place.terms.line.give_back == GiveBack::Reverse;
        if asked < Quantity::ZERO && gives_back { self.give_back(place, asked) } else { Some(()) }
    }

    /// Takes from several balances, each as far as it has room.
    fn spread(&mut self, place: Place<'s>, asked: Quantity, left: Quantity) -> Option<()> {
        // What no allowance has room for is overage of the first.
        let mut over = asked.checked_sub(left)?.max(Quantity::ZERO);
        let mut rest = asked.checked_sub(over)?;
        for at in 0..self.workings.opened.len() {
            let room = self.workings.opened.get(at)?.balance.left().min(rest);
            let part = room.checked_add(over)?;
            (rest, over) = (rest.checked_sub(room)?, Quantity::ZERO);
            self.take(place, at, part)?;
        }
        Some(())
    }

    /// Gives back to the balances, the last one first, at most what each has given.
    fn give_back(&mut self, place: Place<'s>, asked: Quantity) -> Option<()> {
        let mut rest = asked;
        for at in (0..self.workings.opened.len()).rev() {
            let used = self.workings.opened.get(at)?.balance.used;
            let part = Quantity::ZERO.checked_sub(used)?.max(rest);
            rest = rest.checked_sub(part)?;
            self.take(place, at, part)?;
        }
        Some(())
    }

    /// Books `part` on the opened balance at `at`, and charges what it costs.
    fn take(&mut self, place: Place<'s>, at: usize, part: Quantity) -> Option<()> {
        if part == Quantity::ZERO {
            return Some(());
        }
        let Place { scope, terms, .. } = place;
        let before = self.workings.opened.get(at)?.balance.used;
        let used = before.checked_add(part)?;
        let cost = match &terms.charge {
            Some(charge) if part.is_positive() => self.charge(scope, charge, (before, used))?,
            _ => Quantity::ZERO,
        };
        let opened = self.workings.opened.get(at)?;
        let balance = Balance { used, ..opened.balance };
        if opened.opening == Opening::New {
            self.close(place, &balance);
        }
        let effects = &mut self.workings.effects;
        effects.push(Effect::Balance { scope, balance, taken: part });
        let source = balance.source;
        self.observer.drew(&Draw { scope, limit: terms.limit, source, taken: part, used, cost });
        Some(())
    }

    /// Forgets what nothing can reach any more once `new` is stored.
    fn close(&mut self, Place { scope, account, terms }: Place<'_>, new: &Balance) {
        let closed = period::closed(self.view, (account, terms), new);
        self.workings.effects.extend(closed.map(|key| Effect::Closed { scope, key }));
    }

    /// Charges what it costs to go on from `before` to `used`, and tells it.
    fn charge(
        &mut self,
        scope: ScopeId,
        charge: &Charge,
        (before, used): (Quantity, Quantity),
    ) -> Option<Quantity> {
        let cost = charge.price.between(before, used)?;
        self.verdict.charged = self.verdict.charged.checked_add(cost)?;
        if let Some(wallet) = charge.wallet {
            funds::charge(&mut self.workings.debits, (scope, wallet), cost)?;
            self.verdict.retry = Retry::NotComputed;
        }
        Some(cost)
    }

    #[inline]
    fn refuse(&mut self, reason: Reason, binding: Option<Binding>) {
        if self.verdict.reason().is_none_or(|earlier| stage(reason) < stage(earlier)) {
            self.verdict.outcome = Outcome::Denied(reason);
            self.verdict.binding = binding;
        }
    }

    /// Keeps the limit that will stop requests of this size first, nearest the root on a tie.
    #[inline]
    fn tighten(&mut self, new: Binding) {
        let tightest = match &self.verdict.binding {
            None => true,
            Some(known) => fewer(&new, known),
        };
        if tightest && self.verdict.is_allowed() {
            self.verdict.binding = Some(new);
        }
    }

    /// Notes when a limit that refused would admit. Exact, or not said: where grants may start, a
    /// meter would measure otherwise, or money is involved, time alone does not tell; and where
    /// the event is not of the open period, the end of its own says nothing.
    fn retry_after(&mut self, place: Place<'_>, meter: Meter, binding: &Binding) {
        let Terms { capacity, charge, .. } = *place.terms;
        let told = matches!(capacity, Capacity::Fixed { read: CapacityRead::Live, .. })
            && !meter.keeps_reading()
            && charge.is_none_or(|charge| charge.wallet.is_none());
        let (now, version) = (self.view.now, self.view.catalog.version());
        let of_now = |opened: &Opened| {
            opened.balance.generation == version && now < opened.balance.window_end
        };
        let open = self.workings.opened.iter().all(of_now);
        let next = match (told, self.verdict.retry) {
            (false, _) | (_, Retry::NotComputed) => Retry::NotComputed,
            (true, _) if binding.asked > binding.capacity || binding.resets_at == Period::NEVER => {
                Retry::Never
            }
            (true, _) if !open => Retry::NotComputed,
            (true, Retry::Never) => Retry::Never,
            (true, Retry::At(known)) => Retry::At(known.max(binding.resets_at)),
            (true, Retry::Now) => Retry::At(binding.resets_at),
        };
        self.verdict.retry = next;
    }
}

/// Opens the balances that a limit counts on, and tells the end of their period.
#[inline]
fn open(
    view: &View<'_>,
    place: Place<'_>,
    at: Timestamp,
    opened: &mut Vec<Opened>,
) -> Result<Timestamp, Period> {
    opened.clear();
    match place.terms.capacity {
        Capacity::Fixed { amount, read } => {
            let allowance = Allowance { source: Source::PLAN, amount, read };
            period::open(view, (place.account, place.terms, allowance), at, opened)?;
        }
        Capacity::Granted { .. } => open_grants(view, place, at, opened)?,
    }
    Ok(opened.first().map_or(Period::NEVER, |opened| opened.balance.window_end))
}

/// Opens the balances of the grants that pay at `at`, or one without capacity.
fn open_grants(
    view: &View<'_>,
    place: Place<'_>,
    at: Timestamp,
    opened: &mut Vec<Opened>,
) -> Result<(), Period> {
    let read = CapacityRead::Live;
    let pays = |g: &&crate::grant::Grant| g.limit == place.terms.limit && g.pays_at(at);
    for grant in view.accounts.grants(place.account).filter(pays) {
        let allowance = Allowance { source: grant.source, amount: grant.amount, read };
        period::open(view, (place.account, place.terms, allowance), at, opened)?;
    }
    if opened.is_empty() {
        let none = Allowance { source: Source::PLAN, amount: Quantity::ZERO, read };
        period::open(view, (place.account, place.terms, none), at, opened)?;
    }
    Ok(())
}

/// What the comparison sees of a limit: its opened balances added up.
#[inline]
fn standing_of(opened: &[Opened]) -> Standing {
    let Some((first, more)) = opened.split_first() else { return Standing::default() };
    more.iter().fold(Standing::of(&first.balance), |standing, more| standing.with(&more.balance))
}

/// See [`super::standing`].
pub(super) fn standing(view: &View<'_>, scope: ScopeId, limit: LimitId) -> Option<Binding> {
    let account = view.accounts.get(scope)?;
    let terms = view.catalog.limit_terms(account.plan()?, limit)?;
    let mut opened = Vec::new();
    let resets_at = open(view, Place { scope, account, terms }, view.now, &mut opened).ok()?;
    let Standing { used, held, capacity, .. } = standing_of(&opened);
    Some(Binding { scope, limit, used, held, asked: Quantity::ZERO, capacity, resets_at })
}

/// Whether fewer further requests of their own size fit into `a` than into `b`.
fn fewer(a: &Binding, b: &Binding) -> bool {
    match (a.left(), b.left()) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(a_left), Some(b_left)) if a.asked == b.asked => a_left < b_left,
        (Some(a_left), Some(b_left)) => further(a_left, a.asked) < further(b_left, b.asked),
    }
}

/// How many requests of `size` fit into `left`; an ask for nothing fits without end.
fn further(left: Quantity, size: Quantity) -> i128 {
    if size.is_positive() { left.as_nanos().div_euclid(size.as_nanos()) } else { i128::MAX }
}

/// The stage at which a limit or wallet refuses; the earliest one gives the reason.
const fn stage(reason: Reason) -> u8 {
    match reason {
        Reason::PeriodClosed => 10,
        Reason::LimitExceeded | Reason::RateLimited => 11,
        Reason::OutOfCredit => 12,
        _ => 9,
    }
}

fn closed_binding(Place { scope, terms, .. }: Place<'_>, period: Period) -> Binding {
    let none = Quantity::ZERO;
    let (limit, resets_at) = (terms.limit, period.end);
    Binding { scope, limit, used: none, held: none, asked: none, capacity: none, resets_at }
}
