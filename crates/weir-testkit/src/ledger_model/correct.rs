//! What is put right by hand? Use that is added or taken back, and limits that start anew.

use num_bigint::BigInt;
use weir_core::amount::Quantity;
use weir_core::catalog::definition::{CapacityDefinition, CycleDefinition, WindowDefinition};
use weir_core::catalog::{Late, Overage};
use weir_core::decide::Anchor;
use weir_core::id::{LimitId, ScopeId};
use weir_core::ledger::Refused;
use weir_core::meter::Life;
use weir_core::time::Timestamp;

use super::debt::{owes, settled, split};
use super::renewal::Granted;
use super::sliding::slides;
use super::weigh::{Allowance, Changes, Place, fits, quantity};
use super::{Key, Line, Model, Owing, Take, calendar};

impl Model {
    /// Adds to what a limit counts now, or takes away from it; tells how much found a place.
    ///
    /// # Errors
    ///
    /// [`Refused::UnknownName`], [`Refused::Period`]; [`Refused::Absurd`] for what is no number.
    pub fn adjust(
        &mut self,
        (scope, limit, by): (ScopeId, LimitId, Quantity),
        now: Timestamp,
    ) -> Result<Quantity, Refused> {
        self.advance(now);
        let place = self.place((scope, limit), now)?;
        let (starts, ends) = self.period(place);
        let mut granted = self.open(place)?;
        let mut takes = settled(place, &mut granted);
        let allowances = granted.allowances;
        let most = BigInt::from(i128::MAX);
        let left = allowances.iter().map(Allowance::room).sum::<BigInt>().min(most);
        let ended = self.ended(place, &allowances, (starts, ends));
        let parts = split(place, (&allowances, &ended), (by.as_nanos().into(), &left));
        let mut all = BigInt::ZERO;
        let mut owing: Vec<Owing> = granted.owing.into_iter().collect();
        for (allowance, part) in parts {
            fits(&allowance.used + &part).map_err(|_| Refused::Absurd)?;
            if allowance.key.source == 0 && part > BigInt::ZERO && owes(place.line) {
                owing.push((scope, limit, place.now));
            }
            all += &part;
            let amount = part + &allowance.carried;
            let (key, worth) = (allowance.key, allowance.capacity.clone());
            let take = Take { key, amount, capacity: read(allowance), worth };
            takes.push((take, place.line.terms.grace.as_millis()));
        }
        self.done(now);
        self.commit(Changes { takes, owing, ..Changes::default() });
        Ok(quantity(&all))
    }

    /// Ends the open period of a limit now, and starts the next one.
    ///
    /// # Errors
    ///
    /// [`Refused::UnknownName`], [`Refused::Anchor`], [`Refused::Period`].
    pub fn reset(
        &mut self,
        (scope, limit, anchor): (ScopeId, LimitId, Anchor),
        now: Timestamp,
    ) -> Result<(), Refused> {
        self.advance(now);
        let place = self.place((scope, limit), now)?;
        let (line, at) = (place.line.clone(), place.now);
        let own = has_own_anchor(&line);
        let first_use = matches!(line.terms.window, WindowDefinition::FirstUse { .. });
        if anchor == Anchor::Move && !own && !first_use {
            return Err(Refused::Anchor);
        }
        let mut granted = self.open(place)?;
        settled(place, &mut granted);
        let mut all = granted.allowances;
        let first = all.first().filter(|_| first_use);
        let end = first.map_or(self.period(place).1, |first| first.key.end);
        all.retain(|open| open.key.end == end);
        let of_period = |key: Key| (key.scope, key.limit, key.end) == (scope, limit, end);
        let known = self.takes.iter().map(|take| take.key);
        let known: Vec<Key> = known.filter(|key| of_period(*key)).collect();
        for key in &known {
            if all.iter().all(|open| open.key != *key) {
                all.push(self.counted_on(*key, at));
            }
        }
        self.done(now);
        if known.is_empty() && first_use {
            return Ok(());
        }
        self.takes.retain(|take| !of_period(take.key));
        if !known.is_empty() {
            self.untell((scope, limit, end));
        }
        for allowance in &all {
            let keeps = line.terms.settle.overage == Overage::Kept && allowance.key.source == 0;
            let anew = match line.terms.capacity {
                CapacityDefinition::AtRoll(amount) => Some(amount.as_nanos()),
                _ => read(allowance),
            };
            let Allowance { key, used, held, capacity, .. } = allowance;
            let (zero, holds) = (BigInt::ZERO, *held > BigInt::ZERO);
            let worth = capacity.clone();
            if anchor == Anchor::Move {
                let cut = Key { end: at, ..*key };
                let just_begun = self.takes.iter().any(|take| take.key == cut);
                if !just_begun && (*used > zero || keeps) {
                    let (amount, capacity) = (used.clone(), read(allowance));
                    self.takes.push(Take { key: cut, amount, capacity, worth: worth.clone() });
                }
                if holds {
                    self.takes.push(Take { key: *key, amount: zero, capacity: None, worth });
                }
            } else if keeps || holds || first_use {
                let owed = (used - capacity).max(zero.clone());
                let amount = if keeps { owed } else { zero };
                self.takes.push(Take { key: *key, amount, capacity: anew, worth });
            }
        }
        let read_then = (scope, limit, end);
        if line.counted.meter.1 == Life::Window {
            let just_begun =
                self.numbers.heard.iter().any(|heard| heard.place == (scope, limit, at));
            if anchor == Anchor::Keep || just_begun {
                self.numbers.heard.retain(|heard| heard.place != read_then);
            }
            let moved = self.numbers.heard.iter_mut().filter(|heard| heard.place == read_then);
            moved.for_each(|heard| heard.place.2 = at);
        }
        if let Some(scope) = self.scope_mut(scope).filter(|_| own && anchor == Anchor::Move) {
            scope.anchor = at;
        }
        Ok(())
    }

    /// Sets the clock, in either direction.
    pub fn set_clock(&mut self, to: Timestamp) {
        self.advance(to);
        let (seen, to) = (self.now, to.as_millis());
        (self.now, self.head.sequence) = (to, self.head.sequence + 1);
        if to >= seen {
            return;
        }
        self.head.put_back = Some(self.head.put_back.map_or(to, |earlier| earlier.max(to)));
        self.put_holds_back(seen);
        if let Some(rule) = &self.sold.definition.remember {
            let until = (to + rule.lifetime.as_millis()).min(calendar::LAST);
            let answers = self.answers.iter_mut();
            answers.for_each(|answer| answer.until = answer.until.min(until));
        }
    }

    /// The allowances that count what happens at the place's instant; or when the stretch ends in
    /// which nothing counts, since it is none, is over with its grace, or was closed.
    pub(super) fn opened(&self, place: Place<'_>) -> Result<Granted, i64> {
        let Place { line, account, at, now, .. } = place;
        let (_, end) =
            calendar::period(&line.terms.window, at, account.anchor).map_err(|(_, end)| end)?;
        let over = |end| end != calendar::LAST && now > end + line.terms.grace.as_millis();
        if over(end) {
            return Err(end);
        }
        let granted = self.allowances(place);
        let closed = |one: &&Allowance| {
            over(one.key.end) || self.may_have_closed(place, one.key, one.starts)
        };
        match granted.allowances.iter().find(closed) {
            Some(closed) => Err(closed.key.end),
            None => Ok(granted),
        }
    }

    /// Whether a period in which nothing was taken may be one that was closed before the clock was
    /// put back: it had begun by then, and a later one was opened.
    fn may_have_closed(&self, place: Place<'_>, key: Key, starts: i64) -> bool {
        let Some(to) = self.head.put_back else { return false };
        let window = &place.line.terms.window;
        let begun = if let WindowDefinition::FirstUse { .. } = window {
            let last = calendar::period(window, to, place.account.anchor);
            last.is_ok_and(|(_, end)| place.now < end)
        } else {
            starts <= to
        };
        let of_allowance = |take: &&Take| Key { end: key.end, ..take.key } == key;
        let mut ends = self.takes.iter().filter(of_allowance).map(|take| take.key.end);
        let known = ends.clone().any(|end| end == key.end);
        begun && !known && ends.any(|end| end > key.end)
    }

    /// The limit of a scope, at the later of `now` and the latest instant seen.
    fn place(&self, of: (ScopeId, LimitId), now: Timestamp) -> Result<Place<'_>, Refused> {
        let (scope, now) = (of.0, self.now.max(now.as_millis()));
        let account = self.scope(scope).ok_or(Refused::UnknownScope)?;
        let line = self.line(scope, of.1).ok_or(Refused::UnknownName)?;
        Ok(Place { scope, account, line, at: now, now })
    }

    /// The allowances of the open period.
    fn open(&self, place: Place<'_>) -> Result<Granted, Refused> {
        if slides(&place.line.terms.window) {
            return Err(Refused::Period); // it has none
        }
        self.opened(place).map_err(|_| Refused::Period)
    }

    /// What is counted on a balance that nothing is taken from any more.
    fn counted_on(&self, key: Key, now: i64) -> Allowance {
        let of_key = self.takes.iter().filter(|take| take.key == key);
        let (used, held) = (of_key.map(|take| &take.amount).sum(), self.held(key, now));
        let none = BigInt::ZERO;
        let (capacity, carried, lowered) = (none.clone(), none, false);
        Allowance { key, starts: now, used, held, capacity, carried, lowered }
    }
}

/// When it counts what happens at the place's instant: then, or now, when that is declared of what
/// comes after the grace.
pub(super) fn counted_at(place: Place<'_>) -> i64 {
    let Place { line, account, at, now, .. } = place;
    let period = calendar::period(&line.terms.window, at, account.anchor);
    let (_, end) = period.unwrap_or_else(|outside| outside);
    let over = end != calendar::LAST && now > end + line.terms.grace.as_millis();
    if over && line.terms.settle.late == Late::Now { now } else { at }
}

/// The capacity that was read of an allowance.
fn read(allowance: &Allowance) -> Option<i128> {
    i128::try_from(&allowance.capacity).ok()
}

/// Whether a limit's periods hang on the scope's own anchor.
fn has_own_anchor(line: &Line) -> bool {
    matches!(
        line.terms.window,
        WindowDefinition::Anchored { anchor: None, .. }
            | WindowDefinition::Cycle(CycleDefinition { from: None, .. })
    )
}
