//! Does every limit on the path admit it, and what does it take? The pass over the limits.

use core::{mem, slice};

use super::period::{self, Noted, Opened, Opening, Owed};
use super::verdict::{Binding, Compared, Outcome, Reason, Retry, Verdict};
use super::{
    Cost, Draw, Effect, Observer, Purpose, Request, Stage, View, Workings, clamp, ending, funds,
    warn,
};
use crate::account::Account;
use crate::amount::Quantity;
use crate::catalog::{Charge, Refusal, Terms};
use crate::id::ScopeId;
use crate::limit::{Balance, Enforcement, Fit, Standing, UNLIMITED};
use crate::meter::{Aggregation, Life, Meter};
use crate::time::Timestamp;
use crate::window::Period;

mod ask;
mod correct;
mod draw;
mod line;
mod slide;

pub(crate) use correct::{adjust, reset};

/// Weighs the asks of one request, and keeps what the verdict will say.
///
/// What weighs a running balance is in line, and what is rarer is not: a hot decision is short enough
/// for calls and spilled registers to show.
struct Scale<'s, O> {
    view: &'s View<'s>,
    request: &'s Request<'s>,
    workings: &'s mut Workings,
    observer: &'s mut O,
    /// What is known so far. While nothing refuses, the binding limit is the tightest one; then it
    /// is the first one of the earliest stage that refuses. Whether it passes or not, `retry` says
    /// when the limits that refused would admit.
    verdict: &'s mut Verdict,
    /// Which of the costs some plan on the path sells, a bit each.
    sold: u8,
    /// Whether a limit refused what an empty wallet would have had to pay.
    broke: bool,
    /// What the binding limit has left.
    left: Quantity,
}

/// A limit of a scope on the path, and who it is for.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) scope: ScopeId,
    pub(super) account: &'a Account,
    pub(super) terms: &'a Terms,
}

impl<'a> Place<'a> {
    #[inline]
    pub(super) const fn counted(self) -> (&'a Account, &'a Terms) {
        (self.account, self.terms)
    }
}

/// Weighs a request that passed the gates.
#[inline]
pub(super) fn weigh<O: Observer>(
    view: &View<'_>,
    request: &Request<'_>,
    (workings, observer): (&mut Workings, &mut O),
    verdict: &mut Verdict,
) {
    workings.debits.clear();
    workings.warns = false;
    clamp::find(view, request, workings);
    let mut scale = Scale {
        view,
        request,
        workings,
        observer,
        verdict,
        sold: 0,
        broke: false,
        left: UNLIMITED,
    };
    match request.scopes {
        [only] => scale.ask(*only),
        many => scale.ask_all(many),
    }
    scale.finish();
}

impl<'s, O: Observer> Scale<'s, O> {
    /// Weighs all that is asked of several scopes, nearest the root first as they were named.
    #[inline(never)]
    fn ask_all(&mut self, scopes: &[ScopeId]) {
        for (at, scope) in scopes.iter().enumerate() {
            // A balance reached twice is one balance.
            if !scopes.iter().take(at).any(|earlier| earlier == scope) {
                self.ask(*scope);
            }
        }
    }

    /// Weighs all that is asked of one scope, feature by feature.
    #[inline(always)]
    fn ask(&mut self, scope: ScopeId) {
        let (view, costs) = (self.view, self.request.costs);
        let Some(account) = view.accounts.get(scope) else { return };
        let Some(plan) = account.plan().and_then(|plan| view.catalog.sold(plan)) else { return };
        if let [only] = costs {
            return self.ask_for((scope, account), plan.terms_of(only.feature), 0);
        }
        for (at, Cost { feature, .. }) in costs.iter().enumerate() {
            // All costs of a feature are one ask.
            if !costs.iter().take(at).any(|earlier| earlier.feature == *feature) {
                self.ask_for((scope, account), plan.terms_of(*feature), at);
            }
        }
    }

    /// Weighs what is asked of the limits of one feature, whose first cost stands at `cost`.
    #[inline(always)]
    fn ask_for(
        &mut self,
        (scope, account): (ScopeId, &'s Account),
        limits: &'s [Terms],
        cost: usize,
    ) {
        for terms in limits {
            self.sold |= bit(cost);
            let mut earlier = self.request.costs.iter().take(cost);
            if cost > 0 && earlier.any(|earlier| terms.counted.counts(earlier.feature)) {
                continue; // all that it counts is one ask
            }
            if self.weigh(Place { scope, account, terms }).is_none() {
                self.refuse(Reason::Unmeasurable, None);
            }
        }
    }

    /// Asks the wallets, and closes the verdict.
    #[inline]
    fn finish(&mut self) {
        if !self.sells_all() {
            self.refuse(Reason::NoEntitlement, None);
            self.verdict.flags.shadow_denied = false; // no limit was to be asked
        }
        if self.workings.purpose != Purpose::Hold && !self.workings.debits.is_empty() {
            self.pay();
        }
        match self.verdict.outcome {
            Outcome::Allowed => self.verdict.retry = Retry::Now,
            Outcome::Denied(reason) => {
                if self.broke && reason.stage() == Stage::Limits {
                    self.verdict.outcome = Outcome::Denied(Reason::OutOfCredit);
                    (self.verdict.binding, self.verdict.retry) = (None, Retry::NotComputed);
                }
                self.verdict.charged = Quantity::ZERO;
                if !matches!(reason, Reason::LimitExceeded | Reason::RateLimited) {
                    self.verdict.retry = Retry::NotComputed;
                }
            }
        }
    }

    /// Whether every cost is sold by some plan on the path, or is one with an earlier cost.
    #[inline]
    fn sells_all(&self) -> bool {
        match self.request.costs {
            [_] => self.sold == FIRST,
            many => self.sells(many),
        }
    }

    #[inline(never)]
    fn sells(&self, costs: &[Cost]) -> bool {
        let earlier =
            |at, feature| costs.iter().take(at).any(|cost: &Cost| cost.feature == feature);
        let mut all = costs.iter().enumerate();
        all.all(|(at, cost)| self.sold & bit(at) != 0 || earlier(at, cost.feature))
    }

    /// Asks the wallets.
    #[inline(never)]
    fn pay(&mut self) {
        match funds::settle(self.view, self.workings, self.observer) {
            Ok(more) => {
                // What was paid is less than what was charged, or paid back less than what was given.
                let charged = self.verdict.charged.checked_add(more);
                self.verdict.charged = charged.unwrap_or(self.verdict.charged);
            }
            Err(_) => self.refuse(Reason::OutOfCredit, None),
        }
    }

    /// Weighs one limit; `None` when a number does not fit.
    #[inline(never)]
    fn weigh(&mut self, place: Place<'s>) -> Option<()> {
        if place.terms.window.counts_at_event() {
            self.weigh_at(place, self.request.at)
        } else {
            self.weigh_now(place)
        }
    }

    /// Weighs one limit that counts in periods.
    #[inline(always)]
    fn weigh_at(&mut self, place: Place<'s>, at: Timestamp) -> Option<()> {
        match period::running(self.view, place.counted(), at) {
            Some(balance) => {
                let period = Period { end: balance.window_end, ..Period::ALWAYS };
                self.compare(place, (slice::from_ref(balance), Opening::Known), period)
            }
            None => self.open(place, at),
        }
    }

    /// Opens the balances of a limit that are not known to run, and weighs it.
    #[inline(never)]
    fn open(&mut self, place: Place<'s>, at: Timestamp) -> Option<()> {
        let mut opened = mem::take(&mut self.workings.opened);
        let weighed = match period::open(self.view, place, at, &mut opened) {
            Ok(()) => {
                let opening = self.settle(place, &mut opened);
                let weighed = opening.and_then(|opening| {
                    self.compare(place, (&opened.balances, opening), opened.period)
                });
                if opened.noted.forgets {
                    let Place { scope, account, terms } = place;
                    let effects = &mut self.workings.effects;
                    ending::forget(self.view, (scope, account, terms), effects);
                }
                weighed
            }
            Err(period) => self.close_out(place, period),
        };
        self.workings.opened = opened;
        weighed
    }

    /// Compares what a limit has with what is asked of it, and takes it.
    #[inline(always)]
    fn compare(
        &mut self,
        place: Place<'s>,
        (opened, opening): (&[Balance], Opening),
        period: Period,
    ) -> Option<()> {
        let Place { scope, terms, .. } = place;
        let meter = &terms.counted.meter;
        let resets_at = period.end;
        let standing = standing_of(opened);
        let (asked, reading) = if meter.keeps_reading() {
            self.read(place, resets_at)?
        } else {
            (self.count(place)?, None)
        };
        let Standing { used, held, capacity, .. } = standing;
        let fit = standing.meets_as(asked, || *self.enforcement(terms));
        let taken = if fit == Fit::Refused { Quantity::ZERO } else { self.taken(place, asked) };
        let of = Compared { scope, limit: terms.limit, fit };
        let binding = Binding { of, used, held, asked, taken, capacity, resets_at };
        match fit {
            Fit::Refused => {
                self.deny(place, opened, binding);
                return Some(());
            }
            Fit::Shadowed => self.watch(place, &binding),
            Fit::Clamped | Fit::Over | Fit::Within => {
                self.observer.touched(&binding, Outcome::Allowed);
                self.tighten(place, binding, room(opened, &binding, standing.left));
            }
        }
        let Some(reading) = reading else {
            self.draw(place, (opened, opening, period), (taken, standing.left))?;
            self.warn(place, &binding);
            return Some(());
        };
        let window_end = reading_end(meter, resets_at);
        let limit = terms.limit;
        self.workings.effects.push(Effect::Reading { scope, limit, reading, window_end });
        if let Aggregation::UniqueCount(_) = meter.aggregation {
            self.enlist(place, window_end);
        }
        self.draw(place, (opened, opening, period), (taken, standing.left))?;
        if meter.life == Life::Window {
            self.hold_open(place, (opened, opening), resets_at);
        }
        self.warn(place, &binding);
        Some(())
    }

    /// Notes what the limit tells of itself.
    #[inline]
    fn warn(&mut self, place: Place<'s>, binding: &Binding) {
        if !place.terms.line.warn_at.is_empty() {
            warn::admitted(self.view, place, binding, &mut self.workings.effects);
        }
    }

    /// What happens to an ask that does not fit; what has happened already is refused by nothing.
    #[inline]
    fn enforcement<'t>(&self, terms: &'t Terms) -> &'t Enforcement {
        match terms.line.enforcement_for(self.request.on_shortfall) {
            Enforcement::Shadow => &Enforcement::Shadow,
            _ if self.workings.purpose == Purpose::Record => &Enforcement::Soft,
            declared => declared,
        }
    }

    /// What is taken of an ask: less where a limit on the path clamps it.
    #[inline]
    fn taken(&self, place: Place<'_>, asked: Quantity) -> Quantity {
        let clamped = &self.workings.clamped;
        let counted = &place.terms.counted;
        match (clamped.is_empty(), counted.rates.is_empty()) {
            (true, _) => asked,
            (false, true) => clamp::part(clamped, (counted.feature, asked)),
            // What costs credits is taken in part, too.
            (false, false) => clamp::rated(clamped, (self.request, counted), asked),
        }
    }

    /// Takes what is asked from the opened balances in their order, or gives back.
    #[inline(always)]
    fn draw(
        &mut self,
        place: Place<'s>,
        (opened, opening, period): (&[Balance], Opening, Period),
        (asked, left): (Quantity, Quantity),
    ) -> Option<()> {
        match opened {
            [only] if opening == Opening::Sliding => self.slide(place, only, asked),
            // What it has no room for is its overage.
            [only] if asked.is_positive() => {
                if opening != Opening::Known {
                    self.close(place, only);
                    self.owe(place);
                }
                self.take(place, only, asked)
            }
            _ if asked.is_positive() => self.spread(place, (opened, opening), (asked, left)),
            _ if asked < Quantity::ZERO => self.give_back(place, (opened, opening, period), asked),
            _ => Some(()),
        }
    }

    /// Books `part` on an opened balance, and charges what it costs.
    #[inline(always)]
    fn take(&mut self, place: Place<'s>, balance: &Balance, part: Quantity) -> Option<()> {
        let Place { scope, terms, .. } = place;
        let used = balance.used.checked_add(part)?;
        let cost = match &terms.charge {
            Some(charge) if self.charges(part) => self.charge(scope, charge, (balance, used))?,
            _ => Quantity::ZERO,
        };
        let source = balance.source;
        let effects = &mut self.workings.effects;
        effects.push(Effect::Balance { scope, balance: Balance { used, ..*balance }, taken: part });
        self.observer.drew(&Draw { scope, limit: terms.limit, source, taken: part, used, cost });
        Some(())
    }

    /// Whether a part of the ask costs something, or pays back. What a reservation would give back it
    /// has not used.
    #[inline]
    const fn charges(&self, part: Quantity) -> bool {
        match self.workings.purpose {
            Purpose::Correct => false,
            Purpose::Hold => part.is_positive(),
            Purpose::Record | Purpose::Use => true,
        }
    }

    /// Forgets what nothing can reach any more once `balance` is stored; tells whether it is new.
    #[inline(never)]
    fn close(&mut self, place: Place<'_>, balance: &Balance) -> bool {
        let key = balance.key();
        let mut known = self.view.accounts.balances(place.account).map(Balance::key);
        if known.any(|known| known == key) {
            return false;
        }
        let scope = place.scope;
        for key in period::closed(self.view, place.counted(), balance) {
            let closed = Effect::Closed { scope, key };
            if !self.workings.effects.contains(&closed) {
                self.workings.effects.push(closed);
            }
        }
        true
    }

    /// Charges what it costs to go on from a balance's use to `used`, and tells it.
    #[inline(never)]
    fn charge(
        &mut self,
        scope: ScopeId,
        charge: &Charge,
        (balance, used): (&Balance, Quantity),
    ) -> Option<Quantity> {
        let cost = charge.between((balance.used, used), balance.capacity)?;
        self.verdict.charged = self.verdict.charged.checked_add(cost)?;
        if let Some(wallet) = charge.wallet {
            let takes = used > balance.used;
            let owed = if takes { cost } else { Quantity::ZERO };
            funds::charge(&mut self.workings.debits, (scope, wallet), (cost, owed))?;
            if takes {
                self.verdict.retry = Retry::NotComputed;
            }
        }
        Some(cost)
    }

    #[inline]
    fn refuse(&mut self, reason: Reason, binding: Option<Binding>) {
        if self.verdict.reason().is_none_or(|earlier| reason.stage() < earlier.stage()) {
            self.verdict.outcome = Outcome::Denied(reason);
            self.verdict.binding = binding;
        }
    }

    /// Keeps the limit that will stop requests of this size first, nearest the root on a tie; one
    /// that only watches stops none.
    #[inline]
    fn tighten(&mut self, place: Place<'_>, new: Binding, left: Quantity) {
        let tightest = match &self.verdict.binding {
            None => true,
            Some(known) if known.asked == new.asked => left < self.left,
            Some(known) => new.fits_fewer(known),
        };
        let binds = || *self.enforcement(place.terms) != Enforcement::Shadow;
        if tightest && self.verdict.is_allowed() && binds() {
            (self.verdict.binding, self.left) = (Some(new), left);
        }
    }
}

/// What a limit has left, as its binding tells: over all its allowances together.
#[inline]
fn room(opened: &[Balance], binding: &Binding, left: Quantity) -> Quantity {
    match opened {
        [_] if binding.capacity != UNLIMITED => left,
        _ => binding.left().unwrap_or(UNLIMITED),
    }
}

/// The end of the period that a meter's number belongs to, where the limit's ends at `end`.
const fn reading_end(meter: &Meter, end: Timestamp) -> Timestamp {
    if matches!(meter.life, Life::Lifetime) { Period::NEVER } else { end }
}

/// The bit of the first cost.
const FIRST: u8 = 1;

/// The bit of the cost at a place; there are at most eight.
#[inline]
const fn bit(at: usize) -> u8 {
    FIRST << (at & 7)
}

/// What the comparison sees of a limit: its opened balances added up.
#[inline]
pub(super) fn standing_of(opened: &[Balance]) -> Standing {
    let Some((first, more)) = opened.split_first() else { return Standing::default() };
    more.iter().fold(Standing::of(first), Standing::with)
}

/// What a limit's denial is called.
pub(super) const fn refusal(terms: &Terms) -> Reason {
    match terms.line.refusal {
        Refusal::LimitExceeded => Reason::LimitExceeded,
        Refusal::RateLimited => Reason::RateLimited,
    }
}

pub(super) fn closed_binding(Place { scope, terms, .. }: Place<'_>, period: Period) -> Binding {
    let none = Quantity::ZERO;
    let of = Compared { scope, limit: terms.limit, fit: Fit::Refused };
    let (resets_at, asked, taken) = (period.end, none, none);
    Binding { of, used: none, held: none, asked, taken, capacity: none, resets_at }
}
