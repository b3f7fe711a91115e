//! Which period is it? The windows in which a limit counts, each a half-open [start, end).
//!
//! A window definition and an instant give a [`Period`]; nothing is stored and nothing is counted
//! here. Some windows slide rather than start anew, and have no periods: [`Rolling`],
//! [`Continuous`], what is in flight, and what each request asks for by itself. Where clocks differ from UTC, a [`zone`] says by how much: months and days are what its
//! clocks show. A balance remembers the end of its open period, so the calendar is asked only when that
//! has passed.
//!
//! The line of instants is cut at both ends. The first and the last period of a window may be
//! shorter than the others: they start with year 1, or end with the last millisecond of year 9999,
//! [`Period::NEVER`]. That millisecond is an end only and lies in no period; whoever asks for its
//! period is given that of the millisecond before.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/window.rs`, under the same name.
//!
//! - `periods_tile_the_line`: an instant lies in its period, and the instant at which a period ends
//!   starts the next one.
//! - `anchored_from_the_anchor`: the anchor starts a period, and each is as long as the span, save
//!   those that are cut.
//! - `same_as_the_calendar`: calendar periods equal those of a model that walks the calendar.
//! - `same_as_a_walk`: every window in every zone equals that of a model which tries all boundaries
//!   nearby, where clocks change far more often than any on earth.
//! - `every_anchor_day_keeps_its_rule_for_400_years`: each rule for months, for anchors on each day
//!   of the month, on every day of 400 years.
//!
//! In `weir-testkit/tests/zones.rs`, `same_as_python_at_every_change`: days, weeks and months at
//! every change of the clocks of every zone from 1970 to 2037 equal those of Python's zoneinfo.
//!
//! # Source
//!
//! The table of windows in the design of the decision, section 3. Weeks start on Monday, as in
//! ISO 8601.

use serde::{Deserialize, Serialize};

use crate::time::civil::{DAY_MS, Date};
use crate::time::{Stride, Timestamp};

mod continuous;
mod cycle;
mod rolling;
mod steps;
pub mod zone;

pub use continuous::Continuous;
pub use cycle::Cycle;
pub use rolling::Rolling;

use steps::{Step, Steps};
use zone::{Zone, ZoneId, Zones};

/// A stretch of time in which a limit counts: from `start`, up to and without `end`.
///
/// # Shape
///
/// `start < end`. A period that never ends has [`Period::NEVER`] as its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Period {
    /// The first instant inside.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Period {
    /// All of time: what a lifetime limit counts in.
    pub const ALWAYS: Self = Self { start: Timestamp::MIN, end: Self::NEVER };
    /// The end of a period that does not end.
    pub const NEVER: Timestamp = Timestamp::MAX;
    /// Where the balance of a [`Window::Continuous`] stands, which has no period: an end in name only.
    pub const FLOWING: Timestamp = first(1);
    /// The same for a [`Window::InFlight`].
    pub const IN_FLIGHT: Timestamp = first(2);
    /// Where the reading stands that says since when a limit's grants owe.
    pub const OWING: Timestamp = first(3);

    /// Whether `at` lies in the period.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

/// When a limit starts counting anew.
///
/// # Shape
///
/// Boundaries are those of the clocks of a zone, UTC where none is named. A civil boundary that the
/// clocks leave out is the first instant after the gap; of one that they show twice the first
/// counts. So a minute or an hour that is shown twice is one long period.
///
/// # Example
///
/// ```
/// use weir_core::time::{TimeError, Timestamp};
/// use weir_core::window::zone::Zones;
/// use weir_core::window::{Unit, Weekday, Window};
///
/// let week = Weekday::Monday;
/// let month = Window::Calendar { unit: Unit::Month, count: 1, week_starts: week, zone: None };
/// let at: Timestamp = "2026-02-10T09:00:00Z".parse()?;
/// let period = month.period(at, Timestamp::EPOCH, &Zones::NONE).expect("a month always counts");
/// assert_eq!(period.start, "2026-02-01T00:00:00Z".parse()?);
/// assert_eq!(period.end, "2026-03-01T00:00:00Z".parse()?);
/// assert!(!period.contains(period.end)); // that instant belongs to March
///
/// let trial = Window::Once { from: period.start, until: at };
/// assert!(trial.period(at, Timestamp::EPOCH, &Zones::NONE).is_err()); // it is over
/// # Ok::<(), TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Window {
    /// Periods of equal length, one of which starts at the anchor: it plus n times the span, n any
    /// whole number. Where the zone puts its clocks back over the anchor's time of day, the first
    /// of both counts.
    Anchored {
        /// How long each is; above zero.
        span: Stride,
        /// What happens to a day that a month does not have.
        month_rule: MonthRule,
        /// Whose clocks show the months and days of the span.
        zone: Option<ZoneId>,
    },
    /// Civil periods.
    Calendar {
        /// What is counted.
        unit: Unit,
        /// How many units make a period; above zero. Minutes count from the hour, hours from
        /// midnight (the last period of an hour or day is cut), the others from 1970: weeks from
        /// the first that starts on or after the fifth of January.
        count: u16,
        /// With which day a week starts.
        week_starts: Weekday,
        /// Whose clocks show them.
        zone: Option<ZoneId>,
    },
    /// No periods: what is taken comes back evenly.
    Continuous(Continuous),
    /// Civil periods that start at a time of their own, from the anchor on.
    Cycle(Cycle),
    /// A period that starts with the first counted request.
    FirstUse {
        /// How long it is; above zero. A month ends with its last day where it has not the day;
        /// where clocks were put back, it starts with the latest time that they have shown.
        span: Stride,
        /// Whose clocks show the months and days of the span.
        zone: Option<ZoneId>,
    },
    /// No periods: a hold takes, and gives back when it ends. What is not held is compared, and takes
    /// nothing.
    InFlight,
    /// One period that never ends.
    Lifetime,
    /// One period with both ends; nothing counts before and after it.
    Once {
        /// The first instant inside.
        from: Timestamp,
        /// The first instant after it.
        until: Timestamp,
    },
    /// No periods: each request is compared by itself, and takes nothing.
    PerRequest,
    /// A stretch up to now, which slides.
    Rolling(Rolling),
}

impl Window {
    /// What a catalog calls a window of this kind.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Anchored { .. } => "anchored",
            Self::Calendar { .. } => "calendar",
            Self::Continuous(_) => "continuous",
            Self::Cycle(_) => "cycle",
            Self::FirstUse { .. } => "first_use",
            Self::InFlight => "in_flight",
            Self::Lifetime => "lifetime",
            Self::Once { .. } => "once",
            Self::PerRequest => "per_request",
            Self::Rolling(_) => "rolling",
        }
    }

    /// The period that `at` falls into.
    ///
    /// `anchor` is where an anchored window's periods and a cycle start; the others ignore it. For
    /// [`Window::FirstUse`] this is the period that would start now; for one that slides, from `at`
    /// until what is taken then is back, where that is known. A zone that `zones` does not have is
    /// UTC.
    ///
    /// # Errors
    ///
    /// The stretch around `at` in which the window has no period: nothing counts there.
    pub fn period(
        &self,
        at: Timestamp,
        anchor: Timestamp,
        zones: &Zones,
    ) -> Result<Period, Period> {
        let ms = at.as_millis().min(LAST_MS);
        let table = |zone: Option<ZoneId>| zone.and_then(|zone| zones.get(zone));
        let (start, end) = match *self {
            Self::Anchored { span, .. } if !span.is_civil() => {
                grid(ms, anchor.as_millis(), span.elapsed.as_millis())
            }
            Self::Anchored { span, month_rule, zone } => {
                let zone = table(zone);
                let origin = shown(zone, anchor.as_millis());
                Steps::new(zone, (origin, None), (span.into(), month_rule)).around(ms)
            }
            Self::Calendar { unit, count, week_starts, zone } => {
                let (zone, count) = (table(zone), i64::from(count));
                let local = zone.map_or(ms, |zone| zone.shown_by(ms));
                let (start, end) = unit.around(local, count, week_starts);
                let instant = |local| zone.map_or(local, |zone| zone.first_shows(local));
                (instant(start), instant(end))
            }
            Self::Cycle(cycle) => return cycle.period(ms, anchor, table(cycle.zone)),
            Self::FirstUse { span, zone } => {
                let zone = table(zone);
                // Not what they show: of two starts, the later one must not end earlier.
                let origin = (zone.map_or(ms, |zone| zone.shown_by(ms)), None);
                let step = (Step { elapsed: 0, ..span.into() }, MonthRule::Clamp);
                let civil =
                    if span.is_civil() { Steps::new(zone, origin, step).boundary(1) } else { ms };
                (ms, civil.saturating_add(span.elapsed.as_millis()))
            }
            Self::Continuous(_) | Self::InFlight | Self::PerRequest => {
                (ms, Period::NEVER.as_millis())
            }
            Self::Lifetime => return Ok(Period::ALWAYS),
            Self::Rolling(rolling) => (ms, rolling.leaves(clamped(ms)).as_millis()),
            Self::Once { from, until } => return cut(Period::ALWAYS, clamped(ms), (from, until)),
        };
        Ok(Period { start: clamped(start), end: clamped(end) })
    }

    /// When the window is over for good, [`Period::NEVER`] for never.
    #[must_use]
    pub fn over(&self) -> Timestamp {
        match self {
            Self::Cycle(cycle) => cycle.until.unwrap_or(Period::NEVER),
            Self::Once { until, .. } => *until,
            _ => Period::NEVER,
        }
    }

    /// Whether a request counts where it happened, rather than when it is decided.
    ///
    /// A first-use window cannot know a past that it did not see, and one that slides looks back
    /// from now.
    #[must_use]
    #[inline]
    pub const fn counts_at_event(&self) -> bool {
        !self.slides() && !matches!(self, Self::FirstUse { .. })
    }

    /// Whether it has no periods: what was taken comes back bit by bit, or nothing is taken.
    #[must_use]
    pub const fn slides(&self) -> bool {
        matches!(self, Self::Continuous(_) | Self::InFlight | Self::PerRequest | Self::Rolling(_))
    }
}

/// What the clocks of a zone show.
fn shown(zone: Option<&Zone>, ms: i64) -> i64 {
    zone.map_or(ms, |zone| zone.shown_at(ms))
}

/// What is left of a period around `at` between two ends, or the stretch outside them.
fn cut(
    period: Period,
    at: Timestamp,
    (from, until): (Timestamp, Timestamp),
) -> Result<Period, Period> {
    if until <= from {
        return Err(Period::ALWAYS);
    }
    if at < from {
        return Err(Period { start: Timestamp::MIN, end: from });
    }
    if until <= at {
        return Err(Period { start: until, end: Period::NEVER });
    }
    Ok(Period { start: period.start.max(from), end: period.end.min(until) })
}

/// What a day of the month becomes where the month does not have it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MonthRule {
    /// The last day of that month; the next one is counted from the anchor's day again.
    #[default]
    Clamp,
    /// As many days of the next month as are missing, counted from the anchor: 31 January, 3 March,
    /// 31 March.
    Overflow,
    /// The same, counted from the boundary before, so that the day is lost: 31 January, 3 March,
    /// 3 April. Before the anchor, as [`MonthRule::Overflow`].
    OverflowStepwise,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// The first one of ISO 8601.
    #[default]
    Monday,
    /// The second.
    Tuesday,
    /// The third.
    Wednesday,
    /// The fourth.
    Thursday,
    /// The fifth.
    Friday,
    /// The sixth.
    Saturday,
    /// The seventh.
    Sunday,
}

impl Weekday {
    /// How many days it comes after Monday.
    pub(crate) const fn after_monday(self) -> i64 {
        match self {
            Self::Monday => 0,
            Self::Tuesday => 1,
            Self::Wednesday => 2,
            Self::Thursday => 3,
            Self::Friday => 4,
            Self::Saturday => 5,
            Self::Sunday => 6,
        }
    }
}

/// A unit of the civil calendar.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// From midnight to midnight.
    Day,
    /// 60 minutes from the full hour.
    Hour,
    /// 60 seconds from the full minute.
    Minute,
    /// From the first of a month to the first of the next.
    Month,
    /// Seven days from the one that it starts with.
    Week,
    /// From the first of January to the next.
    Year,
}

impl Unit {
    /// Start and end of the period of `count` units around `ms`, in milliseconds.
    fn around(self, ms: i64, count: i64, week_starts: Weekday) -> (i64, i64) {
        match self {
            Self::Minute => within(ms, HOUR_MS, MINUTE_MS.saturating_mul(count)),
            Self::Hour => within(ms, DAY_MS, HOUR_MS.saturating_mul(count)),
            Self::Day => grid(ms, 0, DAY_MS.saturating_mul(count)),
            Self::Week => {
                let into_week = week_starts.after_monday().saturating_mul(DAY_MS);
                grid(ms, FIRST_MONDAY_MS.saturating_add(into_week), WEEK_MS.saturating_mul(count))
            }
            Self::Month => months(ms, count),
            Self::Year => months(ms, count.saturating_mul(12)),
        }
    }
}

/// The cell of an endless grid of `step` around `ms`, one cell of which starts at `origin`.
fn grid(ms: i64, origin: i64, step: i64) -> (i64, i64) {
    let step = step.max(1);
    let into = ms.saturating_sub(origin).rem_euclid(step);
    let start = ms.saturating_sub(into);
    (start, start.saturating_add(step))
}

/// The cell of a grid that starts anew with each `outer` cell, and is cut at its end.
fn within(ms: i64, outer: i64, step: i64) -> (i64, i64) {
    let (outer_start, outer_end) = grid(ms, 0, outer);
    let (start, end) = grid(ms, outer_start, step);
    (start, end.min(outer_end))
}

/// The group of `count` months around `ms`, counted from January 1970.
fn months(ms: i64, count: i64) -> (i64, i64) {
    let date = Date::from_days(ms.div_euclid(DAY_MS));
    let since_1970 = date.month_index().saturating_sub(MONTHS_TO_1970);
    let into = since_1970.rem_euclid(count.max(1));
    let start = date.first_of_month(into.saturating_neg());
    let end = start.first_of_month(count);
    (start.to_days().saturating_mul(DAY_MS), end.to_days().saturating_mul(DAY_MS))
}

/// An instant so many milliseconds after the first one.
const fn first(ms: i64) -> Timestamp {
    match Timestamp::from_millis(Timestamp::MIN.as_millis().saturating_add(ms)) {
        Ok(at) => at,
        Err(_) => Timestamp::MIN,
    }
}

/// A period that would start before year 1 or end after year 9999 is cut there.
fn clamped(ms: i64) -> Timestamp {
    let inside = ms.clamp(Timestamp::MIN.as_millis(), Timestamp::MAX.as_millis());
    Timestamp::from_millis(inside).unwrap_or(Timestamp::MAX)
}

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
const LAST_MS: i64 = Period::NEVER.as_millis() - 1; // the last one before the end of all periods
const WEEK_MS: i64 = 604_800_000;
const FIRST_MONDAY_MS: i64 = 4 * DAY_MS; // 1970-01-05
const MONTHS_TO_1970: i64 = 1_970 * 12;
