//! What counts now, where there are no periods? By the table of windows in the design, section 3.

use num_bigint::BigInt;
use weir_core::amount::Quantity;
use weir_core::catalog::definition::{CapacityDefinition, WindowDefinition};
use weir_core::catalog::{GiveBack, Refusal};
use weir_core::decide::{Binding, Compared, Reason, Request, Then};
use weir_core::grant::Grant;
use weir_core::id::{LimitId, ScopeId};
use weir_core::limit::{Enforcement, Fit, UNLIMITED};
use weir_core::time::Timestamp;

use super::hold::Part;
use super::line::enforcement;
use super::retry::Reopens;
use super::weigh::{Place, TooLarge, Weighed, fits, most, quantity};
use super::{Key, Model, Take, calendar};

/// What was out of a continuous limit at an instant: in nano-units times the milliseconds in which
/// so much comes back.
#[derive(Clone, Debug)]
pub(super) struct Level {
    pub(super) key: Key,
    parts: BigInt,
    per: i64,
    at: i64,
}

impl Model {
    /// Compares one limit without periods, and books on it.
    pub(super) fn slide(
        &self,
        place: Place<'_>,
        request: &Request<'_>,
        weighed: &mut Weighed,
    ) -> Result<(), TooLarge> {
        let Place { scope, line, now, .. } = place;
        let (zero, terms) = (BigInt::ZERO, &line.terms);
        let (asked, _) = self.measure(place, request, calendar::LAST)?;
        let used = fits(self.out(place, now)?)?;
        let held = fits(self.held_of(place, now))?;
        let capacity = self.given(place);
        let left = (&capacity - &used - &held).max(zero.clone());
        let denies = enforcement(line, request) == Enforcement::Hard
            && !weighed.noted.records
            && asked > zero
            && asked > left
            && capacity < most();
        let taken = match denies {
            true => zero.clone(),
            false if weighed.noted.records => asked.clone(),
            false => self.taken(place, request, &asked),
        };
        let counted = if weighed.noted.holds { zero.clone() } else { taken.clone() };
        let resets_at = Timestamp::from_millis(self.all_back(place, &counted)?);
        let fit = match (denies, asked > left && capacity < most()) {
            (true, _) => Fit::Refused,
            (_, true) if asked > zero => Fit::Over,
            _ => Fit::Within,
        };
        let binding = Binding {
            of: Compared { scope, limit: line.limit, fit },
            used: quantity(&used),
            held: quantity(&held),
            asked: quantity(&asked),
            taken: quantity(&taken),
            capacity: quantity(&capacity),
            resets_at: resets_at.unwrap_or(Timestamp::MAX),
        };
        if denies {
            let reason = match terms.refusal {
                Refusal::LimitExceeded => Reason::LimitExceeded,
                Refusal::RateLimited => Reason::RateLimited,
            };
            weighed.deny(reason, binding, self.room_at(place, &asked));
            return Ok(());
        }
        weighed.fits.push(binding);
        if let CapacityDefinition::Granted(_) = terms.capacity {
            weighed.changes.past.extend(self.past(place));
        }
        if weighed.noted.holds {
            return self.hold_back(place, (taken, used), weighed);
        }
        match terms.window {
            WindowDefinition::Rolling { .. } => self.roll(place, (taken, used), weighed),
            WindowDefinition::Continuous { .. } => {
                let none = terms.settle.give_back == GiveBack::None;
                let least = if none { zero.clone() } else { -used };
                let by = taken.max(least);
                if by != zero {
                    let level = self.moved(place, &by)?;
                    weighed.changes.levels.push(level);
                    weighed.take(place, flowing(place), zero);
                }
                Ok(())
            }
            _ => Ok(()), // it is a check
        }
    }

    /// Takes from the sub-bucket of now, or gives back to those that count.
    fn roll(
        &self,
        place: Place<'_>,
        (asked, used): (BigInt, BigInt),
        weighed: &mut Weighed,
    ) -> Result<(), TooLarge> {
        let bucket = bucket(place);
        if asked > BigInt::ZERO {
            fits(used + &asked)?;
            weighed.take(place, bucket, asked);
            return Ok(());
        }
        let mut ends: Vec<i64> = self.counting(place, place.now).map(|take| take.key.end).collect();
        ends.sort_unstable();
        ends.dedup();
        match place.line.terms.settle.give_back {
            GiveBack::BurnOrder => {}
            GiveBack::None => ends.clear(),
            GiveBack::Reverse => ends.reverse(),
        }
        let mut rest = -asked;
        for end in ends {
            let of_bucket = self.counting(place, place.now).filter(|take| take.key.end == end);
            let part = of_bucket.map(|take| &take.amount).sum::<BigInt>().min(rest.clone());
            rest -= &part;
            if part > BigInt::ZERO {
                weighed.take(place, Key { end, ..bucket }, -part);
            }
        }
        Ok(())
    }

    /// Holds what is asked: in the sub-bucket of now, beside the level, or in flight.
    fn hold_back(
        &self,
        place: Place<'_>,
        (asked, used): (BigInt, BigInt),
        weighed: &mut Weighed,
    ) -> Result<(), TooLarge> {
        if asked <= BigInt::ZERO {
            return Ok(());
        }
        let key = match place.line.terms.window {
            WindowDefinition::Rolling { .. } => {
                fits(&used + &asked)?;
                bucket(place)
            }
            WindowDefinition::Continuous { per, .. } => {
                fits((used + self.held_of(place, place.now) + &asked) * per.as_millis())?;
                flowing(place)
            }
            WindowDefinition::PerRequest => return Ok(()), // it is a check
            _ => Key { end: IN_FLIGHT, ..flowing(place) },
        };
        let of_key = self.takes.iter().filter(|take| take.key == key).map(|take| &take.amount);
        let (taken, held) = (of_key.sum::<BigInt>(), self.held(key, place.now));
        weighed.noted.unheld |= key.end > IN_FLIGHT && fits(taken + &held + &asked).is_err();
        weighed.noted.unheld |= fits(held + &asked).is_err();
        weighed.take(place, key, BigInt::ZERO);
        let (feature, capacity) = (place.line.counted.feature, capacity(place));
        weighed.changes.parts.push(Part { key, feature, held: asked, capacity, charge: None });
        Ok(())
    }

    /// How much a limit without periods has: of one that takes nothing, what its grants give now.
    fn given(&self, place: Place<'_>) -> BigInt {
        let CapacityDefinition::Granted(_) = place.line.terms.capacity else {
            return capacity(place);
        };
        let pays = |grant: &&&Grant| {
            grant.effective.as_millis() <= place.now && place.now < grant.expires.as_millis()
        };
        let burned = place.burned();
        let sum: BigInt = burned.iter().filter(pays).map(|g| g.amount.as_nanos()).sum();
        sum.min(most())
    }

    /// What is used of a limit at an instant from now on, if nothing but time passes.
    fn out(&self, place: Place<'_>, at: i64) -> Result<BigInt, TooLarge> {
        match place.line.terms.window {
            WindowDefinition::Continuous { per, .. } => {
                Ok(up(self.level(place, at)?, &per.as_millis().into()))
            }
            WindowDefinition::Rolling { .. } => {
                Ok(self.counting(place, at).map(|take| &take.amount).sum())
            }
            _ => Ok(BigInt::ZERO),
        }
    }

    /// What was taken in sub-buckets that have not left.
    fn counting(&self, place: Place<'_>, at: i64) -> impl Iterator<Item = &Take> {
        let key = flowing(place);
        self.takes.iter().filter(move |take| {
            Key { end: key.end, ..take.key } == key && take.key.end > IN_FLIGHT && at < take.key.end
        })
    }

    /// What holds hold of a limit, those that count.
    fn held_of(&self, place: Place<'_>, at: i64) -> BigInt {
        let key = flowing(place);
        match place.line.terms.window {
            WindowDefinition::Continuous { .. } => self.held(key, at),
            WindowDefinition::Rolling { .. } => {
                let mut ends: Vec<i64> = self
                    .takes
                    .iter()
                    .map(|take| take.key)
                    .filter(|k| Key { end: k.end, ..key } == *k)
                    .map(|k| k.end)
                    .collect();
                ends.sort_unstable();
                ends.dedup();
                ends.retain(|end| *end > IN_FLIGHT && at < *end);
                ends.into_iter().map(|end| self.held(Key { end, ..key }, at)).sum()
            }
            WindowDefinition::PerRequest => BigInt::ZERO,
            _ => self.held(Key { end: IN_FLIGHT, ..key }, at),
        }
    }

    /// The level at an instant, in parts of now's window.
    fn level(&self, place: Place<'_>, at: i64) -> Result<BigInt, TooLarge> {
        let WindowDefinition::Continuous { per, rate } = place.line.terms.window else {
            return Ok(BigInt::ZERO);
        };
        let per = per.as_millis();
        let known = self.numbers.levels.iter().find(|level| level.key == flowing(place));
        let Some(level) = known else { return Ok(BigInt::ZERO) };
        let whole = up(level.parts.clone(), &level.per.into());
        let same = up(level.parts.clone(), &per.into()) == whole;
        let parts = if same { level.parts.clone() } else { fits(whole * per)? };
        let passed = (at - level.at).max(0);
        Ok((parts - BigInt::from(rate.as_nanos()) * passed).max(BigInt::ZERO))
    }

    /// Since when the level sinks: where the clock was put back, not before that instant comes again.
    fn sinks_from(&self, place: Place<'_>, now: i64) -> i64 {
        let known = self.numbers.levels.iter().find(|level| level.key == flowing(place));
        known.map_or(now, |level| level.at.max(now))
    }

    /// The level after something was taken, or given back.
    fn moved(&self, place: Place<'_>, by: &BigInt) -> Result<Level, TooLarge> {
        let WindowDefinition::Continuous { per, .. } = place.line.terms.window else {
            return Err(TooLarge);
        };
        let (key, per, at) = (flowing(place), per.as_millis(), place.now);
        let parts = fits((self.level(place, at)? + by * per).max(BigInt::ZERO))?;
        Ok(Level { key, parts, per, at })
    }

    /// Books what a hold has held of a level, if that is what it holds and the limit still counts so;
    /// tells whether it is held of a level.
    pub(super) fn commit_level(&mut self, key: Key, taken: &BigInt) -> Result<bool, TooLarge> {
        if (key.source, key.end) != (u16::MAX, FLOWING) {
            return Ok(false);
        }
        let Some(account) = self.scope(key.scope) else { return Ok(true) };
        let Some(line) = self.line(key.scope, key.limit) else { return Ok(true) };
        let continuous = matches!(line.terms.window, WindowDefinition::Continuous { .. });
        if continuous && *taken != BigInt::ZERO {
            let place = Place { scope: key.scope, account, line, at: self.now, now: self.now };
            let level = self.moved(place, taken)?;
            self.set_level(level);
        }
        Ok(true)
    }

    pub(super) fn set_level(&mut self, level: Level) {
        self.numbers.levels.retain(|known| known.key != level.key);
        self.numbers.levels.push(level);
    }

    /// When nothing is used any more, with what is asked now.
    fn all_back(&self, place: Place<'_>, asked: &BigInt) -> Result<i64, TooLarge> {
        match place.line.terms.window {
            WindowDefinition::Rolling { .. } => Ok(bucket(place).end),
            WindowDefinition::Continuous { rate, .. } => {
                let level = self.moved(place, asked)?;
                let moves = *asked != BigInt::ZERO;
                let from = if moves { place.now } else { self.sinks_from(place, place.now) };
                Ok(later(from, up(level.parts, &rate.as_nanos().into())))
            }
            _ => Ok(calendar::LAST),
        }
    }

    /// When there is room for what is asked: tried at each instant at which something comes back at
    /// one stroke, and between those reckoned from the level.
    fn room_at(&self, place: Place<'_>, asked: &BigInt) -> Option<Reopens> {
        let (now, capacity) = (place.now, capacity(place));
        if let CapacityDefinition::Granted(_) = place.line.terms.capacity {
            return None;
        }
        if *asked > capacity {
            return Some(Reopens::Never);
        }
        let of_limit = |key: &Key| Key { end: key.end, ..flowing(place) } == *key;
        let keys = self.takes.iter().map(|take| take.key).filter(of_limit);
        let mut instants: Vec<i64> =
            keys.flat_map(|key| self.deadlines(|of| of == key, now)).collect();
        instants.extend(self.counting(place, now).map(|take| take.key.end));
        instants.extend([now, calendar::LAST]);
        instants.sort_unstable();
        for (from, to) in instants.iter().zip(instants.iter().skip(1)) {
            let room = &capacity - self.held_of(place, *from) - asked;
            let sinks = match place.line.terms.window {
                WindowDefinition::Continuous { per, rate } if room >= BigInt::ZERO => {
                    let over = self.level(place, now).ok()? - room * per.as_millis();
                    let sinks = self.sinks_from(place, now);
                    let at = later(sinks, up(over.clone(), &rate.as_nanos().into()));
                    if over > BigInt::ZERO { at.max(*from) } else { *from }
                }
                WindowDefinition::Continuous { .. } => calendar::LAST,
                _ if self.out(place, *from).ok()? <= room => *from,
                _ => calendar::LAST,
            };
            if sinks < *to {
                return Some(Reopens::At(sinks));
            }
        }
        Some(Reopens::Never)
    }

    /// Where the next use of a limit without periods comes back; `None` for one with periods.
    pub(super) fn next_back(&self, (scope, limit): (ScopeId, LimitId), at: i64) -> Option<i64> {
        let (account, line) = (self.scope(scope)?, self.line(scope, limit)?);
        let place = Place { scope, account, line, at, now: at };
        match line.terms.window {
            WindowDefinition::Rolling { .. } => {
                let next = self.counting(place, at).map(|take| take.key.end).min();
                Some(next.unwrap_or_else(|| bucket(place).end))
            }
            WindowDefinition::Continuous { per, rate } => {
                let level = self.level(place, at).ok()?;
                let unit = BigInt::from(1_000_000_000) * per.as_millis();
                Some(later(at, up(level % unit, &rate.as_nanos().into())))
            }
            WindowDefinition::InFlight | WindowDefinition::PerRequest => Some(calendar::LAST),
            _ => None,
        }
    }
}

/// Whether a window has no periods.
#[must_use]
pub const fn slides(window: &WindowDefinition) -> bool {
    matches!(
        window,
        WindowDefinition::Continuous { .. }
            | WindowDefinition::InFlight
            | WindowDefinition::PerRequest
            | WindowDefinition::Rolling { .. }
    )
}

/// Whether a balance is of what is in flight.
pub(super) fn flies(key: Key) -> bool {
    (key.source, key.end) == (u16::MAX, IN_FLIGHT)
}

/// Gives back what a hold has in flight, if it ends.
pub(super) fn land(parts: &mut [Part], then: Then) {
    let flying = parts.iter_mut().filter(|part| then == Then::End && flies(part.key));
    flying.for_each(|part| part.held = BigInt::ZERO);
}

/// When what is taken at an instant leaves a rolling window.
pub(super) fn leaves(window: &WindowDefinition, at: i64) -> i64 {
    let WindowDefinition::Rolling { buckets, span } = window else { return calendar::LAST };
    let step = span.as_millis() / i64::from(*buckets);
    let start = at - at.rem_euclid(step);
    (start + step + span.as_millis()).min(calendar::LAST)
}

/// The balance of a limit that is continuous.
fn flowing(Place { scope, line, .. }: Place<'_>) -> Key {
    Key { scope, limit: line.limit, source: u16::MAX, end: FLOWING }
}

/// The balance of now of one that is rolling.
fn bucket(place: Place<'_>) -> Key {
    Key { end: leaves(&place.line.terms.window, place.now), ..flowing(place) }
}

fn capacity(place: Place<'_>) -> BigInt {
    let amount: Quantity = match place.line.terms.capacity {
        CapacityDefinition::Live(amount) => amount,
        _ => UNLIMITED,
    };
    amount.as_nanos().into()
}

/// The quotient, rounded up; neither is less than nothing.
fn up(all: BigInt, by: &BigInt) -> BigInt {
    (all + by - 1) / by
}

/// An instant so many milliseconds later, or the last one.
fn later(at: i64, ms: BigInt) -> i64 {
    i64::try_from(ms + at).map_or(calendar::LAST, |at| at.min(calendar::LAST))
}

const FLOWING: i64 = Timestamp::MIN.as_millis() + 1;
const IN_FLIGHT: i64 = Timestamp::MIN.as_millis() + 2;
