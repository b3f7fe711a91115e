//! Does every limit on the path admit it, by adding up all that was ever taken?

use num_bigint::BigInt;
use weir_core::amount::Quantity;
use weir_core::catalog::definition::{CapacityDefinition, WindowDefinition};
use weir_core::catalog::{FundsFirst, Refusal};
use weir_core::decide::{Binding, Compared, Flags, Outcome, Reason, Request, Verdict};
use weir_core::id::ScopeId;
use weir_core::limit::{Enforcement, Fit, Source, UNLIMITED};
use weir_core::meter::Life;
use weir_core::time::Timestamp;

use super::correct::counted_at;
use super::debt::{owes, settled, split};
use super::funds::{Debit, Paid, beside};
use super::hold::{Part, Purpose};
use super::line::{enforcement, left};
use super::renewal::Granted;
use super::retry::Reopens;
use super::sliding::{Level, slides};
use super::told::Told;
use super::{Heard, Key, Line, Model, Owing, Scope, Take, calendar, price};

/// What an allowed request adds to the lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    /// Each with its limit's grace.
    pub(super) takes: Vec<(Take, i64)>,
    pub(super) heard: Vec<Heard>,
    pub(super) owing: Vec<Owing>,
    pub(super) paid: Vec<Paid>,
    /// What is out of continuous limits.
    pub(super) levels: Vec<Level>,
    /// What a reservation holds.
    pub(super) parts: Vec<Part>,
    /// The grants that are forgotten.
    pub(super) past: Vec<(ScopeId, Source)>,
    /// What limits tell of themselves.
    pub(super) told: Vec<Told>,
}

/// What is known after some limits were weighed.
#[derive(Default)]
pub(super) struct Weighed {
    pub(super) changes: Changes,
    /// The limits that admit, and those that do not.
    pub(super) fits: Vec<Binding>,
    denied: Vec<(Reason, Option<Binding>)>,
    debits: Vec<Debit>,
    charged: BigInt,
    /// When the limits that deny open anew; `None` for those that time alone does not open.
    pub(super) reopens: Vec<Option<Reopens>>,
    pub(super) noted: Noted,
}

/// What else is known.
#[derive(Clone, Copy, Default)]
pub(super) struct Noted {
    /// Whether what is asked is to be held.
    pub(super) holds: bool,
    /// Whether it has happened already.
    pub(super) records: bool,
    /// Whether what would be held does not fit beside what is used.
    pub(super) unheld: bool,
    /// Whether a limit denies what would cost something, and its wallet has nothing.
    broke: bool,
    /// Whether a limit that only watches would have denied.
    shadowed: bool,
    /// How often it was asked before when it would pass.
    asked: usize,
}

/// One limit of a scope, and the instants of the request.
#[derive(Clone, Copy)]
pub(super) struct Place<'m> {
    pub(super) scope: ScopeId,
    pub(super) account: &'m Scope,
    pub(super) line: &'m Line,
    pub(super) at: i64,
    pub(super) now: i64,
}

/// One allowance as it stands: a plan's own, or a grant.
pub(super) struct Allowance {
    pub(super) key: Key,
    pub(super) starts: i64,
    pub(super) used: BigInt,
    pub(super) held: BigInt,
    pub(super) capacity: BigInt,
    /// What of its use is in no list yet: it comes from the period before, or paid a debt meanwhile.
    pub(super) carried: BigInt,
    /// Whether it opened with less than was thought when it was drawn from.
    pub(super) lowered: bool,
}

impl Allowance {
    pub(super) fn room(&self) -> BigInt {
        (&self.capacity - &self.used - &self.held).max(BigInt::ZERO)
    }

    /// Moves some use here, or from here, that the lists do not have yet.
    pub(super) fn put(&mut self, amount: BigInt) {
        self.used += &amount;
        self.carried += amount;
    }
}

/// A number does not fit.
#[derive(Clone, Copy, Debug)]
pub struct TooLarge;

impl Model {
    /// Weighs a request that no gate stands against.
    pub(super) fn weigh(
        &self,
        request: &Request<'_>,
        now: i64,
        purpose: Purpose,
    ) -> (Verdict, Changes) {
        let mut weighed = match purpose {
            Purpose::Hold => {
                let unheld = self.is_endless(request.costs);
                let noted = Noted { holds: true, unheld, ..Noted::default() };
                Weighed { noted, ..Weighed::default() }
            }
            Purpose::Record => {
                let noted = Noted { records: true, ..Noted::default() };
                Weighed { noted, ..Weighed::default() }
            }
            Purpose::Again(asked) => {
                let noted = Noted { asked, ..Noted::default() };
                Weighed { noted, ..Weighed::default() }
            }
            Purpose::Use(charged) => Weighed { charged, ..Weighed::default() },
        };
        for (at, scope) in request.scopes.iter().enumerate() {
            let twice = request.scopes.iter().take(at).any(|earlier| earlier == scope);
            let Some(account) = self.scope(*scope).filter(|_| !twice) else { continue };
            let mut limits = Vec::new();
            for cost in request.costs {
                let on_plan = self.sold.lines.iter().filter(|line| account.plan == Some(line.plan));
                for line in on_plan.filter(|line| line.counted.counts(cost.feature)) {
                    // All that it counts is one ask.
                    if limits.contains(&line.limit) {
                        continue;
                    }
                    limits.push(line.limit);
                    let at = Self::counts_at(line, request, now);
                    let place = Place { scope: *scope, account, line, at, now };
                    let done = if slides(&line.terms.window) {
                        self.slide(place, request, &mut weighed)
                    } else {
                        let place = Place { at: counted_at(place), ..place };
                        self.limit_of(place, request, &mut weighed)
                    };
                    if done.is_err() {
                        weighed.denied.push((Reason::Unmeasurable, None));
                    }
                }
            }
        }
        self.funds(now, &mut weighed);
        let shadow_denied = weighed.noted.shadowed;
        let (verdict, mut changes) = self.conclude(request, weighed);
        changes.told.extend(self.exhausted(&verdict));
        let flags = Flags { shadow_denied, ..verdict.flags };
        (Verdict { flags, ..verdict }, changes)
    }

    /// The instant at which a limit counts a request.
    pub(super) fn counts_at(line: &Line, request: &Request<'_>, now: i64) -> i64 {
        let first_use = matches!(line.terms.window, WindowDefinition::FirstUse { .. });
        if first_use { now } else { request.at.as_millis() }
    }

    fn conclude(&self, request: &Request<'_>, weighed: Weighed) -> (Verdict, Changes) {
        // The first of the earliest stage: limits come in the order of the path. What cannot be held is
        // seen before it is paid for.
        let unheld = weighed.noted.unheld.then_some((Reason::Unmeasurable, None));
        let beside = |(reason, _): &&_| unheld.is_none() || stage(*reason) <= LIMITS;
        let denied = weighed.denied.iter().filter(beside).min_by_key(|(r, _)| stage(*r));
        if let Some((reason, binding)) = denied.or(unheld.as_ref()) {
            let first = self.sold.definition.precedence.funds_first;
            if first == FundsFirst::EmptyBeforeLimits
                && weighed.noted.broke
                && stage(*reason) == LIMITS
            {
                let broke = Outcome::Denied(Reason::OutOfCredit);
                return (self.verdict(broke, None), Changes::default());
            }
            let mut verdict = self.verdict(Outcome::Denied(*reason), *binding);
            if stage(*reason) == LIMITS {
                verdict.retry = self.retry(request, &weighed);
            }
            return (verdict, Changes::default());
        }
        let Weighed { changes, fits, charged, .. } = weighed;
        let mut tightest: Option<Binding> = None;
        let watches = |fit: &&Binding| {
            let line = self.line(fit.of.scope, fit.of.limit);
            line.is_some_and(|line| enforcement(line, request) == Enforcement::Shadow)
        };
        for fit in fits.iter().filter(|fit| !watches(fit)).copied() {
            if tightest.is_none_or(|known| sooner(&fit, &known)) {
                tightest = Some(fit);
            }
        }
        let verdict = self.verdict(Outcome::Allowed, tightest);
        (Verdict { charged: quantity(&charged), ..verdict }, changes)
    }

    fn limit_of(
        &self,
        place: Place<'_>,
        request: &Request<'_>,
        weighed: &mut Weighed,
    ) -> Result<(), TooLarge> {
        let Place { scope, line, .. } = place;
        let binding = |fit, [used, held, asked, taken, capacity]: [&BigInt; 5], end| Binding {
            of: Compared { scope, limit: line.limit, fit },
            used: quantity(used),
            held: quantity(held),
            asked: quantity(asked),
            taken: quantity(taken),
            capacity: quantity(capacity),
            resets_at: Timestamp::from_millis(end).unwrap_or(Timestamp::MAX),
        };
        let zero = &BigInt::ZERO;
        let mut granted = match self.opened(place) {
            Ok(granted) => granted,
            Err(end) => {
                let binding = binding(Fit::Refused, [zero; 5], end);
                weighed.denied.push((Reason::PeriodClosed, Some(binding)));
                return Ok(());
            }
        };
        let (starts, ends) = self.period(place);
        let first_use = matches!(line.terms.window, WindowDefinition::FirstUse { .. });
        let first = granted.allowances.first().filter(|_| first_use);
        let end = first.map_or(ends, |first| first.key.end);
        weighed.changes.takes.extend(settled(place, &mut granted));
        weighed.changes.owing.extend(granted.owing);
        let allowances = granted.allowances;
        let (asked, heard) = self.measure(place, request, end)?;
        let sum = |of: &dyn Fn(&Allowance) -> BigInt| {
            allowances.iter().map(of).sum::<BigInt>().min(most())
        };
        let [used, held, capacity, left] = [
            sum(&|a| a.used.clone()),
            sum(&|a| a.held.clone()),
            sum(&|a| a.capacity.clone()),
            left(&allowances),
        ];
        let records = weighed.noted.records;
        let (fit, taken) = self.met((place, request), (&allowances, &asked), records);
        let binding = binding(fit, [&used, &held, &asked, &taken, &capacity], end);
        weighed.noted.shadowed |= fit == Fit::Shadowed;
        if fit == Fit::Refused {
            let reason = match line.terms.refusal {
                Refusal::LimitExceeded => Reason::LimitExceeded,
                Refusal::RateLimited => Reason::RateLimited,
            };
            weighed.denied.push((reason, Some(binding)));
            weighed.noted.broke |= self.is_broke(place, &allowances, &asked);
            weighed.reopens.push(self.reopens(
                place,
                (&binding, enforcement(line, request)),
                allowances,
            ));
            return Ok(());
        }
        weighed.changes.told.extend(self.reached(line, &binding));
        weighed.fits.push(binding);
        weighed.changes.past.extend(self.past(place));
        let kept = !heard.is_empty() && line.counted.meter.1 == Life::Window;
        weighed.changes.heard.extend(heard);
        let ended = self.ended(place, &allowances, (starts, end));
        let parts = split(place, (&allowances, &ended), (taken, &left));
        for (allowance, part) in parts {
            weighed.book(place, allowance, part)?;
        }
        if kept {
            self.open_for_number(place, (starts, end), &allowances, weighed);
        }
        Ok(())
    }

    /// A number that a meter keeps opens the period, if nothing else did.
    fn open_for_number(
        &self,
        Place { scope, line, now, .. }: Place<'_>,
        (starts, end): (i64, i64),
        allowances: &[Allowance],
        weighed: &mut Weighed,
    ) {
        let of_period = |key: Key| (key.scope, key.limit, key.end) == (scope, line.limit, end);
        let known = self.takes.iter().chain(weighed.changes.takes.iter().map(|(take, _)| take));
        if known.map(|take| take.key).any(of_period) {
            return;
        }
        let apart = Key { scope, limit: line.limit, source: 0, end };
        let first = allowances.iter().find(|allowance| allowance.key.end == end);
        let key = first.map_or(apart, |first| first.key);
        let amount = first.map_or(BigInt::ZERO, |first| first.carried.clone());
        let worth = first.map_or(BigInt::ZERO, |first| first.capacity.clone());
        // What no allowance counts on has read no capacity.
        let read = i128::try_from(&worth).ok().filter(|_| starts <= now);
        let capacity = read.filter(|_| first.is_some());
        let take = Take { key, amount, capacity, worth };
        weighed.changes.takes.push((take, line.terms.grace.as_millis()));
    }

    /// The allowances that count what happens at the place's instant, first drawn first.
    pub(super) fn allowances(&self, place: Place<'_>) -> Granted {
        let (amount, at_roll) = match place.line.terms.capacity {
            CapacityDefinition::AtRoll(amount) => (amount, true),
            CapacityDefinition::Granted(_) => return self.granted(place),
            CapacityDefinition::Live(amount) => (amount, false),
            CapacityDefinition::Unlimited => (UNLIMITED, false),
        };
        let allowances = vec![self.allowance(place, (0, amount), at_roll)];
        Granted { allowances, ..Granted::default() }
    }

    /// The limit's period around the place's instant; a stretch of first use is open, or would be.
    pub(super) fn period(&self, place: Place<'_>) -> (i64, i64) {
        let Place { account, line, at, .. } = place;
        let period = calendar::period(&line.terms.window, at, account.anchor);
        period.unwrap_or_else(|outside| outside)
    }

    pub(super) fn allowance(
        &self,
        place: Place<'_>,
        (source, amount): (u16, Quantity),
        at_roll: bool,
    ) -> Allowance {
        let Place { scope, account, line, at, .. } = place;
        let period = calendar::period(&line.terms.window, at, account.anchor);
        let (starts, end) = period.unwrap_or_else(|outside| outside);
        let mut key = Key { scope, limit: line.limit, source, end };
        if let WindowDefinition::FirstUse { span, .. } = line.terms.window {
            // What ends within the span from now started before now: it goes on, for its own
            // allowance, and else for those that were not there yet. Months that lack a day bring
            // the end of a later start forward, by less than two days.
            let late = if span.months > 0 { 2 * 86_400_000 } else { 0 };
            let of_limit = |take: &&Take| Key { end, source, ..take.key } == key;
            let open = |take: &&Take| at < take.key.end && take.key.end <= end + late;
            let open: Vec<Key> =
                self.takes.iter().filter(of_limit).filter(open).map(|take| take.key).collect();
            let own = open.iter().filter(|known| known.source == source).map(|known| known.end);
            let any = open.iter().map(|known| known.end);
            key.end = own.max().or(any.max()).unwrap_or(end);
        }
        let mut capacity = amount.as_nanos();
        let mut used = BigInt::ZERO;
        for take in self.takes.iter().filter(|take| take.key == key) {
            used += &take.amount;
            if let Some(read) = take.capacity.filter(|_| at_roll) {
                capacity = read;
            }
        }
        let held = self.held(key, place.now);
        let carried = self.carried(place, key, starts);
        let used = used + &carried;
        let capacity = capacity.into();
        Allowance { key, starts, used, held, capacity, carried, lowered: false }
    }

    fn funds(&self, now: i64, weighed: &mut Weighed) {
        let (paid, short) = self.lots_for(&weighed.debits, now);
        weighed.charged += beside(&weighed.debits, &paid);
        weighed.changes.paid = paid;
        if short {
            weighed.denied.push((Reason::OutOfCredit, None));
        }
    }
}

impl Weighed {
    /// A limit denies; when it opens anew.
    pub(super) fn deny(&mut self, reason: Reason, binding: Binding, reopens: Option<Reopens>) {
        self.denied.push((reason, Some(binding)));
        self.reopens.push(reopens);
    }

    /// Takes so much from a balance that is not priced.
    pub(super) fn take(&mut self, place: Place<'_>, key: Key, amount: BigInt) {
        let take = Take { key, amount, capacity: None, worth: BigInt::ZERO };
        self.changes.takes.push((take, place.line.terms.grace.as_millis()));
    }

    /// How often it was asked before when this would pass.
    pub(super) const fn asked(&self) -> usize {
        self.noted.asked
    }

    /// Books a part of the ask on one allowance, and what it costs.
    fn book(
        &mut self,
        place: Place<'_>,
        allowance: &Allowance,
        part: BigInt,
    ) -> Result<(), TooLarge> {
        let Place { scope, line, now, .. } = place;
        let Allowance { key, starts, used, held, capacity, carried, .. } = allowance;
        let after = fits(used + &part)?;
        // What a reservation would give back it has not used.
        let uses = part != BigInt::ZERO && !self.noted.holds;
        let counts = part > BigInt::ZERO || uses;
        if let Some(charge) = line.terms.charge.as_ref().filter(|_| counts) {
            let due = price::step(charge, (used, &after), capacity)?;
            let due = match fits(used + held + &part) {
                Ok(all) if self.noted.holds => {
                    price::dearest(charge, (used, &all), &part, capacity)?
                }
                _ => due,
            };
            self.charged = fits(&self.charged + &due)?;
            if let Some(wallet) = line.wallet {
                let owed = part > BigInt::ZERO && due > BigInt::ZERO;
                Debit::add(&mut self.debits, Debit { of: (scope, wallet), amount: due, owed });
            }
        }
        let read = i128::try_from(capacity).ok().filter(|_| *starts <= now);
        let mut amount = part;
        if self.noted.holds {
            let part = std::mem::take(&mut amount);
            if part < BigInt::ZERO {
                return Ok(());
            }
            self.noted.unheld |= fits(used + held + &part).is_err();
            let charge = line.terms.charge.clone().map(|charge| (charge, line.wallet));
            let (feature, capacity) = (line.counted.feature, capacity.clone());
            self.changes.parts.push(Part { key: *key, feature, held: part, capacity, charge });
        }
        if key.source == 0 && amount > BigInt::ZERO && owes(line) {
            self.changes.owing.push((scope, line.limit, place.at));
        }
        let worth = capacity.clone();
        let take = Take { key: *key, amount: amount + carried, capacity: read, worth };
        self.changes.takes.push((take, line.terms.grace.as_millis()));
        Ok(())
    }
}

/// Whether `a` takes fewer further requests of its ask than `b`; of two with the same ask, the one
/// with less left.
fn sooner(a: &Binding, b: &Binding) -> bool {
    let after = |limit: &Binding| {
        let nanos = |quantity: Quantity| BigInt::from(quantity.as_nanos());
        let left = nanos(limit.capacity) - nanos(limit.used) - nanos(limit.held);
        (limit.capacity != UNLIMITED)
            .then(|| (left.max(BigInt::ZERO) - nanos(limit.asked), nanos(limit.asked)))
    };
    let further = |(left, asked): (BigInt, BigInt)| {
        if asked <= BigInt::ZERO {
            return most();
        }
        // Rounded towards minus infinity, where division rounds towards nothing.
        let whole = &left / &asked;
        if &whole * &asked > left { whole - 1 } else { whole }
    };
    match (after(a), after(b)) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(a), Some(b)) if a.1 == b.1 => a.0 < b.0,
        (Some(a), Some(b)) => further(a) < further(b),
    }
}

/// The stage of the design that gives a reason.
const fn stage(reason: Reason) -> u8 {
    match reason {
        Reason::Unmeasurable => 9,
        Reason::PeriodClosed => 10,
        Reason::OutOfCredit => 12,
        _ => LIMITS,
    }
}

const LIMITS: u8 = 11;

pub(super) fn most() -> BigInt {
    BigInt::from(i128::MAX)
}

pub(super) fn fits(value: BigInt) -> Result<BigInt, TooLarge> {
    i128::try_from(&value).map(|_| value).map_err(|_| TooLarge)
}

/// A number that was seen to fit, as the core writes it.
pub(super) fn quantity(value: &BigInt) -> Quantity {
    Quantity::from_nanos(i128::try_from(value).unwrap_or(i128::MAX))
}
