//! Does every limit on the path admit it, and what does it take? The pass over the limits.

use alloc::vec::Vec;

use super::gates::allowed;
use super::period::{self, Allowance, Opened};
use super::verdict::{Binding, Outcome, Reason, Retry, Verdict};
use super::{Cost, Draw, Effect, Observer, Request, View, Workings, funds};
use crate::account::Account;
use crate::amount::Quantity;
use crate::catalog::{Capacity, GiveBack, Refusal, Terms};
use crate::id::{LimitId, ScopeId};
use crate::limit::{CapacityRead, Source, Standing};
use crate::meter::{Aggregation, Life, Meter, Reading};
use crate::time::Timestamp;
use crate::window::Period;

/// Weighs the asks of one request, and keeps what the verdict will say.
pub(super) struct Scale<'s, O> {
    view: &'s View<'s>,
    request: &'s Request<'s>,
    workings: &'s mut Workings,
    observer: &'s mut O,
    /// The first refusal of the earliest stage that refuses.
    refused: Option<(Reason, Option<Binding>)>,
    /// The limit with the fewest further requests left.
    tightest: Option<Binding>,
    charged: Quantity,
    retry: Retry,
}

/// A limit of a scope on the path, and who it is for.
#[derive(Clone, Copy)]
struct Place<'a> {
    scope: ScopeId,
    account: &'a Account,
    terms: &'a Terms,
}

impl<'s, O: Observer> Scale<'s, O> {
    pub(super) fn new(
        view: &'s View<'s>,
        request: &'s Request<'s>,
        workings: &'s mut Workings,
        observer: &'s mut O,
    ) -> Self {
        let (charged, retry) = (Quantity::ZERO, Retry::Now);
        Self { view, request, workings, observer, refused: None, tightest: None, charged, retry }
    }

    /// Weighs all that is asked of one scope, feature by feature.
    pub(super) fn ask(&mut self, scope: ScopeId) {
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

    /// The verdict on everything weighed.
    pub(super) fn finish(mut self) -> Verdict {
        if funds::settle(self.view, self.workings, self.observer).is_err() {
            self.refuse(Reason::OutOfCredit, None);
        }
        let verdict = allowed(self.view);
        match self.refused {
            None => Verdict { binding: self.tightest, charged: self.charged, ..verdict },
            Some((reason, binding)) => {
                let timely = matches!(reason, Reason::LimitExceeded | Reason::RateLimited);
                let retry = if timely { self.retry } else { Retry::NotComputed };
                Verdict { outcome: Outcome::Denied(reason), binding, retry, ..verdict }
            }
        }
    }

    /// Weighs one limit; `None` when a number does not fit.
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
        let standing = (self.workings.opened.iter())
            .fold(Standing::default(), |standing, opened| standing.with(&opened.balance));
        let (asked, reading) = self.measure(place, meter, resets_at)?;
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

    /// How much the request adds to the limit, and the meter's reading afterwards.
    fn measure(
        &self,
        place: Place<'_>,
        meter: Meter,
        window_end: Timestamp,
    ) -> Option<(Quantity, Option<Reading>)> {
        let feature = place.terms.feature;
        let mut costs = self.request.costs.iter().filter(|cost| cost.feature == feature);
        if !meter.keeps_reading() {
            let amount = |cost: &Cost| match meter.aggregation {
                Aggregation::Count => Quantity::from_units(1),
                _ => cost.quantity,
            };
            let total =
                costs.try_fold(Quantity::ZERO, |sum, cost| sum.checked_add(amount(cost)))?;
            return Some((total, None));
        }
        let end = if meter.life == Life::Lifetime { Period::NEVER } else { window_end };
        let mut readings = self.view.accounts.readings(place.account);
        let found =
            readings.find(|known| (known.limit, known.window_end) == (place.terms.limit, end));
        let mut reading = found.map(|known| known.reading);
        let mut total = Quantity::ZERO;
        for cost in costs {
            let read = meter.read(reading, cost.quantity, self.request.at)?;
            (reading, total) = (Some(read.reading), total.checked_add(read.delta)?);
        }
        Some((total, reading))
    }

    /// Takes what is asked from the opened balances in their order, or gives back.
    fn draw(&mut self, place: Place<'s>, asked: Quantity, left: Quantity) -> Option<()> {
        let gives_back = place.terms.line.give_back == GiveBack::Reverse;
        if asked.is_positive() {
            // What no allowance has room for is overage of the first.
            let mut over = asked.checked_sub(left)?.max(Quantity::ZERO);
            let mut rest = asked.checked_sub(over)?;
            for at in 0..self.workings.opened.len() {
                let Some(opened) = self.workings.opened.get(at).copied() else { break };
                let room = Standing::default().with(&opened.balance).left.min(rest);
                let part = room.checked_add(over)?;
                (rest, over) = (rest.checked_sub(room)?, Quantity::ZERO);
                self.take(place, opened, part)?;
            }
        } else if asked < Quantity::ZERO && gives_back {
            let mut rest = asked;
            for at in (0..self.workings.opened.len()).rev() {
                let Some(opened) = self.workings.opened.get(at).copied() else { break };
                let part = Quantity::ZERO.checked_sub(opened.balance.used)?.max(rest);
                rest = rest.checked_sub(part)?;
                self.take(place, opened, part)?;
            }
        }
        Some(())
    }

    /// Books `part` on one balance, and charges what it costs.
    fn take(&mut self, place: Place<'s>, opened: Opened, part: Quantity) -> Option<()> {
        if part == Quantity::ZERO {
            return Some(());
        }
        let Place { scope, account, terms } = place;
        let before = opened.balance.used;
        let used = before.checked_add(part)?;
        let mut cost = Quantity::ZERO;
        if let Some(charge) = terms.charge.filter(|_| part.is_positive()) {
            cost = charge.price.between(before, used)?;
            self.charged = self.charged.checked_add(cost)?;
            if let Some(wallet) = charge.wallet {
                funds::charge(self.workings, scope, wallet, cost)?;
                self.retry = Retry::NotComputed;
            }
        }
        let effects = &mut self.workings.effects;
        for key in period::closed(self.view, (account, terms), opened) {
            effects.push(Effect::Closed { scope, key });
        }
        let balance = crate::limit::Balance { used, ..opened.balance };
        effects.push(Effect::Balance { scope, balance, taken: part });
        let source = balance.source;
        self.observer.drew(&Draw { scope, limit: terms.limit, source, taken: part, used, cost });
        Some(())
    }

    fn refuse(&mut self, reason: Reason, binding: Option<Binding>) {
        if self.refused.is_none_or(|(earlier, _)| stage(reason) < stage(earlier)) {
            self.refused = Some((reason, binding));
        }
    }

    /// Keeps the limit that will stop requests of this size first, nearest the root on a tie.
    fn tighten(&mut self, new: Binding) {
        let tighter = match &self.tightest {
            None => true,
            Some(known) => fewer(&new, known),
        };
        if tighter {
            self.tightest = Some(new);
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
        let next = match (told, self.retry) {
            (false, _) | (_, Retry::NotComputed) => Retry::NotComputed,
            (true, _) if binding.asked > binding.capacity || binding.resets_at == Period::NEVER => {
                Retry::Never
            }
            (true, _) if !open => Retry::NotComputed,
            (true, Retry::Never) => Retry::Never,
            (true, Retry::At(known)) => Retry::At(known.max(binding.resets_at)),
            (true, Retry::Now) => Retry::At(binding.resets_at),
        };
        self.retry = next;
    }
}

/// Opens the balances that a limit counts on, and tells the end of their period.
fn open(
    view: &View<'_>,
    place: Place<'_>,
    at: Timestamp,
    opened: &mut Vec<Opened>,
) -> Result<Timestamp, Period> {
    let target = (place.account, place.terms);
    opened.clear();
    let plan = |amount, read| Allowance { source: Source::PLAN, amount, read };
    match place.terms.capacity {
        Capacity::Fixed { amount, read } => {
            opened.push(period::open(view, target, plan(amount, read), at)?);
        }
        Capacity::Granted { .. } => {
            let grants = view.accounts.grants(place.account);
            let pays = |g: &&crate::grant::Grant| g.limit == place.terms.limit && g.pays_at(at);
            for grant in grants.filter(pays) {
                let (source, amount) = (grant.source, grant.amount);
                let allowance = Allowance { source, amount, read: CapacityRead::Live };
                opened.push(period::open(view, target, allowance, at)?);
            }
            if opened.is_empty() {
                let none = plan(Quantity::ZERO, CapacityRead::Live);
                opened.push(period::open(view, target, none, at)?);
            }
        }
    }
    Ok(opened.first().map_or(Period::NEVER, |opened| opened.balance.window_end))
}

/// See [`super::standing`].
pub(super) fn standing(view: &View<'_>, scope: ScopeId, limit: LimitId) -> Option<Binding> {
    let account = view.accounts.get(scope)?;
    let terms = view.catalog.limit_terms(account.plan()?, limit)?;
    let mut opened = Vec::new();
    let resets_at = open(view, Place { scope, account, terms }, view.now, &mut opened).ok()?;
    let none = Standing::default();
    let Standing { used, held, capacity, .. } =
        opened.iter().fold(none, |standing, opened| standing.with(&opened.balance));
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
