//! Which period is it? The windows in which a limit counts, each a half-open [start, end).
//!
//! A window definition and an instant give a [`Period`]; nothing is stored and nothing is counted
//! here. A balance remembers the end of its open period, so the calendar is asked only when that
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
//!
//! # Source
//!
//! The table of windows in the design of the decision, section 3. Weeks start on Monday, as in
//! ISO 8601.

use serde::{Deserialize, Serialize};

use crate::time::civil::{DAY_MS, Date};
use crate::time::{Span, Timestamp};

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

    /// Whether `at` lies in the period.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

/// When a limit starts counting anew.
///
/// # Example
///
/// ```
/// use weir_core::time::{TimeError, Timestamp};
/// use weir_core::window::{Unit, Window};
///
/// let month = Window::Calendar { unit: Unit::Month, count: 1 };
/// let at: Timestamp = "2026-02-10T09:00:00Z".parse()?;
/// let period = month.period(at, Timestamp::EPOCH);
/// assert_eq!(period.start, "2026-02-01T00:00:00Z".parse()?);
/// assert_eq!(period.end, "2026-03-01T00:00:00Z".parse()?);
/// assert!(!period.contains(period.end)); // that instant belongs to March
/// # Ok::<(), TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Window {
    /// Periods of equal elapsed length, one of which starts at the anchor.
    Anchored {
        /// How long each is; above zero.
        span: Span,
    },
    /// Civil periods, UTC.
    Calendar {
        /// What is counted.
        unit: Unit,
        /// How many units make a period; above zero. Minutes count from the hour, hours from
        /// midnight (the last period of an hour or day is cut), the others from 1970.
        count: u16,
    },
    /// A period that starts with the first counted request.
    FirstUse {
        /// How long it is; above zero.
        span: Span,
    },
    /// One period that never ends.
    Lifetime,
}

impl Window {
    /// The period that `at` falls into.
    ///
    /// `anchor` is where an anchored window's periods start; the others ignore it. For
    /// [`Window::FirstUse`] this is the period that would start now.
    #[must_use]
    pub fn period(self, at: Timestamp, anchor: Timestamp) -> Period {
        let ms = at.as_millis().min(LAST_MS);
        let (start, end) = match self {
            Self::Anchored { span } => grid(ms, anchor.as_millis(), span.as_millis()),
            Self::Calendar { unit, count } => unit.around(ms, i64::from(count)),
            Self::FirstUse { span } => (ms, ms.saturating_add(span.as_millis())),
            Self::Lifetime => return Period::ALWAYS,
        };
        Period { start: clamped(start), end: clamped(end) }
    }

    /// Whether a request counts where it happened, rather than when it is decided.
    ///
    /// A first-use window cannot know a past that it did not see.
    #[must_use]
    pub const fn counts_at_event(self) -> bool {
        !matches!(self, Self::FirstUse { .. })
    }
}

/// A unit of the civil calendar.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 24 hours from midnight, UTC.
    Day,
    /// 60 minutes from the full hour.
    Hour,
    /// 60 seconds from the full minute.
    Minute,
    /// From the first of a month to the first of the next.
    Month,
    /// Seven days from Monday.
    Week,
    /// From the first of January to the next.
    Year,
}

impl Unit {
    /// Start and end of the period of `count` units around `ms`, in milliseconds.
    fn around(self, ms: i64, count: i64) -> (i64, i64) {
        match self {
            Self::Minute => within(ms, HOUR_MS, MINUTE_MS.saturating_mul(count)),
            Self::Hour => within(ms, DAY_MS, HOUR_MS.saturating_mul(count)),
            Self::Day => grid(ms, 0, DAY_MS.saturating_mul(count)),
            Self::Week => grid(ms, FIRST_MONDAY_MS, WEEK_MS.saturating_mul(count)),
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
