//! When does use start anew, and when is it billed? The contract's cadences, as windows.
//!
//! A cadence starts in the day in which a life begins (minutes at that very instant), runs to its first
//! anchor, and from there in equal steps, all in UTC. A month that lacks the anchor's day lends as
//! many days of the next one, and the day is lost from then on. Weeks start on Sunday.
//!
//! Nothing is counted here. A host puts [`Cadence::window`] into its catalog; [`Cadence::period`] tells
//! how the contract calls the period that the same window has.

use serde::{Deserialize, Serialize};
use weir_core::catalog::definition::{CycleDefinition, WindowDefinition};
use weir_core::time::civil::{DAY_MS, Date, days_in_month};
use weir_core::time::{Span, Stride, Timestamp};
use weir_core::window::zone::Zones;
use weir_core::window::{Cycle, MonthRule, Period, Unit, Weekday, Window};

/// How often something starts anew, and where.
///
/// # Example
///
/// ```
/// use weir_core::window::Period;
/// use weir_unprice::cadence::{Anchor, BadAnchor, Cadence, Interval};
///
/// let day = |text: &str| format!("{text}T00:00:00Z").parse().expect("a day");
/// let life = Period { start: day("2024-01-10"), end: Period::NEVER };
/// let monthly = Cadence { interval: Interval::Month, count: 1, anchor: Anchor::At(31) };
/// let ends = |at| monthly.period(life, day(at)).map(|period| period.map(|period| period.end));
/// assert_eq!(ends("2024-01-10")?, Some(day("2024-01-31"))); // the stub
/// assert_eq!(ends("2024-02-10")?, Some(day("2024-03-02"))); // February lacks two days
/// assert_eq!(ends("2024-03-02")?, Some(day("2024-04-02")));
/// assert_eq!(ends("2024-01-09")?, None); // nothing is before it begins
///
/// let never = Cadence { anchor: Anchor::At(0), ..monthly };
/// assert!(never.window(life).is_err()); // no month has such a day
/// # Ok::<(), BadAnchor>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Cadence {
    /// In what it is counted.
    pub interval: Interval,
    /// How many of them make a period; above zero.
    pub count: u16,
    /// Where in the interval a period starts.
    pub anchor: Anchor,
}

/// In what a cadence is counted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// From second to second of an hour's minutes.
    Minute,
    /// From hour to hour.
    Day,
    /// From day to day of weeks that start on Sunday.
    Week,
    /// From day to day.
    Month,
    /// From a day of the month in which it begins.
    Year,
    /// Never: one period from beginning to end.
    Onetime,
}

/// Where in its interval a period starts.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// The second of the minute, hour of the day, day of the week from 0 for Sunday, or day of the
    /// month: the last one where the month in which it begins has fewer.
    At(u8),
    /// Where its life begins.
    DayOfCreation,
}

/// An anchor that its interval does not have.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an anchor from {least} to {most} is wanted")]
pub struct BadAnchor {
    /// Of what.
    pub interval: Interval,
    /// The first one that there is.
    pub least: u8,
    /// The last one.
    pub most: u8,
}

impl Cadence {
    /// One period, from beginning to end.
    pub const ONCE: Self =
        Self { interval: Interval::Onetime, count: 1, anchor: Anchor::DayOfCreation };

    /// What a catalog has for it, in a life that begins and perhaps ends.
    ///
    /// # Errors
    ///
    /// [`BadAnchor`].
    pub fn window(&self, life: Period) -> Result<WindowDefinition, BadAnchor> {
        let Some((from, cycle)) = self.cycle(life)? else {
            return Ok(match life.end {
                Period::NEVER => WindowDefinition::Lifetime,
                until => WindowDefinition::Once { from: life.start, until },
            });
        };
        let Cycle { unit, count, at, month_rule, trial, until, .. } = cycle;
        let from = Some(from);
        Ok(WindowDefinition::Cycle(CycleDefinition {
            at,
            count,
            from,
            month_rule,
            trial,
            unit,
            until,
            zone: None,
        }))
    }

    /// The period of `at`, as the contract tells it; `None` outside the life.
    ///
    /// It may start before the life does, in the same day; of several minutes, the first period is a
    /// whole one.
    ///
    /// # Errors
    ///
    /// [`BadAnchor`].
    pub fn period(&self, life: Period, at: Timestamp) -> Result<Option<Period>, BadAnchor> {
        let Some((from, cycle)) = self.cycle(life)? else {
            return Ok(life.contains(at).then_some(life));
        };
        let period = |cycle| Window::Cycle(cycle).period(at, from, &Zones::NONE).ok();
        let Some(counted) = period(cycle).filter(|_| life.contains(at)) else { return Ok(None) };
        let whole = match (self.interval, period(Cycle { until: None, ..cycle })) {
            (Interval::Minute, Some(uncut)) if self.count > 1 => {
                let span = Span::from_millis(i64::from(self.count).saturating_mul(MINUTE_MS));
                span.ok().and_then(|span| uncut.end.checked_sub(span))
            }
            _ => None,
        };
        let start = whole.map_or(counted.start, |start| start.min(counted.start));
        Ok(Some(Period { start, ..counted }))
    }

    /// Where in its interval a period starts, if its life begins at `start`: the number that
    /// [`Anchor::At`] would have.
    ///
    /// # Errors
    ///
    /// [`BadAnchor`].
    pub fn mark(&self, start: Timestamp) -> Result<u8, BadAnchor> {
        let (ms, date) = (start.as_millis(), Date::of(start));
        let part = |unit: i64, of: i64| ms.div_euclid(unit).rem_euclid(of);
        let (own, least, most) = match self.interval {
            Interval::Minute => (part(1_000, 60), 0, 59),
            Interval::Day => (part(HOUR_MS, 24), 0, 23),
            Interval::Week => (days_into_week(start), 0, 6),
            Interval::Month | Interval::Year => (i64::from(date.day), 1, 31),
            Interval::Onetime => (0, 0, 0),
        };
        let last = match self.interval {
            Interval::Month | Interval::Year => days_in_month(date.year, date.month),
            Interval::Onetime => return Ok(0), // there is nothing to be marked
            _ => most,
        };
        match self.anchor {
            Anchor::DayOfCreation => Ok(u8::try_from(own).unwrap_or(least)),
            Anchor::At(at) if at < least || most < at => {
                Err(BadAnchor { interval: self.interval, least, most })
            }
            Anchor::At(at) => Ok(at.min(last)),
        }
    }

    /// Whether this one comes round at least as often as `other`, a month taken as 30 days and a year
    /// as 365: use must not start anew more seldom than it is billed.
    #[must_use]
    pub fn is_at_most(&self, other: &Self) -> bool {
        match (self.days_or_minutes(), other.days_or_minutes()) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(others)) => own <= others,
        }
    }

    /// About how long a period is, in minutes; `None` for one that does not end.
    fn days_or_minutes(&self) -> Option<u32> {
        let days = match self.interval {
            Interval::Minute => return Some(self.count.into()),
            Interval::Day => 1,
            Interval::Week => 7,
            Interval::Month => 30,
            Interval::Year => 365,
            Interval::Onetime => return None,
        };
        Some(u32::from(self.count).saturating_mul(days).saturating_mul(24 * 60))
    }

    /// The core's cycle for it, and from when on; `None` for one that never comes round.
    fn cycle(&self, life: Period) -> Result<Option<(Timestamp, Cycle)>, BadAnchor> {
        let day = first_of(Unit::Day, life.start);
        let (unit, from, month_rule) = match self.interval {
            Interval::Minute => (Unit::Minute, life.start, MonthRule::Clamp),
            Interval::Day => (Unit::Day, day, MonthRule::Clamp),
            Interval::Week => (Unit::Week, day, MonthRule::Clamp),
            Interval::Month => (Unit::Month, day, MonthRule::OverflowStepwise),
            Interval::Year => (Unit::Year, day, MonthRule::OverflowStepwise),
            Interval::Onetime => return Ok(None),
        };
        let mark = self.mark(from)?;
        let until = (life.end != Period::NEVER).then_some(life.end);
        // The core's weeks start on Monday: the stub before the first one is a period of its own.
        let (at, trial) = match unit {
            Unit::Week => (None, self.before_first_week(from, mark)),
            _ => (Some(mark), None),
        };
        let count = self.count;
        Ok(Some((from, Cycle { unit, count, at, month_rule, trial, until, zone: None })))
    }

    /// From the day on which the cadence begins to the first of its weeks: in that one, or else so
    /// many weeks later.
    fn before_first_week(&self, from: Timestamp, mark: u8) -> Option<Span> {
        let ahead = i64::from(mark).saturating_sub(days_into_week(from));
        let weeks = if ahead < 0 { i64::from(self.count) } else { 0 };
        let days = ahead.saturating_add(weeks.saturating_mul(7));
        Span::from_millis(days.saturating_mul(DAY_MS)).ok().filter(|span| *span != Span::ZERO)
    }
}

impl Interval {
    /// The instant so many intervals after `start`; `None` past year 9999, and for what never comes
    /// round.
    #[must_use]
    pub fn after(self, start: Timestamp, units: u16) -> Option<Timestamp> {
        let (units, zero) = (u32::from(units), Stride::ZERO);
        let span = match self {
            Self::Minute => Stride::of(Span::from_millis(i64::from(units) * MINUTE_MS).ok()?),
            Self::Day => Stride { days: units, ..zero },
            Self::Week => Stride { days: units.saturating_mul(7), ..zero },
            Self::Month => Stride { months: units, ..zero },
            Self::Year => Stride { months: units.saturating_mul(12), ..zero },
            Self::Onetime => return None,
        };
        if span == zero {
            return Some(start);
        }
        let window = Window::Anchored { span, month_rule: MonthRule::Overflow, zone: None };
        let end = window.period(start, start, &Zones::NONE).ok()?.end;
        (end != Period::NEVER).then_some(end)
    }
}

/// The life of a subscription, and the trial with which it begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Term {
    /// From when to when.
    pub life: Period,
    /// When the trial is over; `None` for none.
    pub trial_ends: Option<Timestamp>,
}

/// A period of a subscription.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// One that is billed.
    Billed(Period),
    /// The trial.
    Trial(Period),
}

impl Turn {
    /// From when to when.
    #[must_use]
    pub const fn period(self) -> Period {
        match self {
            Self::Billed(period) | Self::Trial(period) => period,
        }
    }
}

impl Term {
    /// The period of `at`; `None` outside the subscription's life.
    ///
    /// # Errors
    ///
    /// [`BadAnchor`].
    pub fn turn(&self, cadence: &Cadence, at: Timestamp) -> Result<Option<Turn>, BadAnchor> {
        let Period { start, end } = self.life;
        if !self.life.contains(at) {
            return Ok(None);
        }
        match self.trial_ends {
            Some(over) if at < over => Ok(Some(Turn::Trial(Period { start, end: end.min(over) }))),
            begins => {
                let life = Period { start: begins.unwrap_or(start), end };
                Ok(cadence.period(life, at)?.map(Turn::Billed))
            }
        }
    }

    /// All periods from the beginning on, in order: what a host bills by.
    ///
    /// # Errors
    ///
    /// [`BadAnchor`].
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::window::Period;
    /// use weir_unprice::cadence::{Anchor, BadAnchor, Cadence, Interval, Term, Turn};
    ///
    /// let day = |text: &str| format!("{text}T00:00:00Z").parse().expect("a day");
    /// let life = Period { start: day("2024-01-01"), end: day("2024-02-20") };
    /// let term = Term { life, trial_ends: Some(day("2024-01-07")) };
    /// let monthly = Cadence { interval: Interval::Month, count: 1, anchor: Anchor::At(15) };
    /// let turns: Vec<_> = term.turns(&monthly)?.collect();
    /// let trial = Period { start: day("2024-01-01"), end: day("2024-01-07") };
    /// assert_eq!((turns[0], turns.len()), (Turn::Trial(trial), 4));
    /// assert_eq!(turns[3].period().end, day("2024-02-20")); // cut with the life
    /// # Ok::<(), BadAnchor>(())
    /// ```
    pub fn turns(
        &self,
        cadence: &Cadence,
    ) -> Result<impl Iterator<Item = Turn> + use<>, BadAnchor> {
        cadence.mark(self.life.start)?;
        let (term, cadence) = (*self, *cadence);
        let turn = move |at| term.turn(&cadence, at).ok().flatten();
        Ok(std::iter::successors(turn(self.life.start), move |last| turn(last.period().end)))
    }
}

/// Midnight of the day, or that of the Sunday before.
fn first_of(unit: Unit, at: Timestamp) -> Timestamp {
    let window = Window::Calendar { unit, count: 1, week_starts: Weekday::Sunday, zone: None };
    window.period(at, at, &Zones::NONE).map_or(at, |period| period.start)
}

fn days_into_week(at: Timestamp) -> i64 {
    at.since(first_of(Unit::Week, at)).as_millis().div_euclid(DAY_MS)
}

const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;
