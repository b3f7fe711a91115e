//! When? Instants and spans in whole milliseconds, and the civil calendar behind them.
//!
//! Nothing here reads a clock: an instant always comes in as an argument. [`civil`] turns days into
//! dates and back, in the proleptic Gregorian calendar, by integer arithmetic alone.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/time.rs`, under the same name.
//!
//! - `text_round_trips`: an instant written as RFC 3339 and read back is the same instant; a span
//!   written as an ISO 8601 duration likewise, and a stride.
//! - `days_tile_the_calendar`: walking day by day from year 1 to year 9999 meets each date once.
//! - `spans_add_up_their_parts`: a span is the sum of its weeks, days, hours, minutes and seconds.
//! - `offsets_shift_the_clock`: a local clock ahead of UTC shows the time of a later instant.
//!
//! # Source
//!
//! RFC 3339 for the text of an instant, ISO 8601 for the text of a span.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub mod civil;
mod stride;
mod text;

pub use stride::Stride;

/// An instant: whole milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// # Shape
///
/// Years 0001 to 9999, so that every instant has an RFC 3339 text, and so that adding a [`Span`]
/// to one never leaves the range of `i64`.
///
/// # Example
///
/// ```
/// use weir_core::time::{TimeError, Timestamp};
///
/// let start: Timestamp = "2026-01-01T00:00:00Z".parse()?;
/// assert_eq!(start.as_millis(), 1_767_225_600_000);
/// assert_eq!(start.to_string(), "2026-01-01T00:00:00.000Z");
/// // A date that the calendar does not have is refused, and so is a missing offset.
/// assert_eq!("2026-02-30T00:00:00Z".parse::<Timestamp>(), Err(TimeError::OutOfRange));
/// assert_eq!("2026-01-01T00:00:00".parse::<Timestamp>(), Err(TimeError::Syntax));
/// # Ok::<(), TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(i64); // INVARIANT: MIN <= self <= MAX; `from_millis` is the only door.

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// The last millisecond of year 9999.
    pub const MAX: Self = Self(253_402_300_799_999);
    /// The first millisecond of year 1.
    pub const MIN: Self = Self(-62_135_596_800_000);

    /// The instant `millis` milliseconds after the epoch.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] outside years 0001 to 9999.
    pub const fn from_millis(millis: i64) -> Result<Self, TimeError> {
        if millis < Self::MIN.0 || millis > Self::MAX.0 {
            return Err(TimeError::OutOfRange);
        }
        Ok(Self(millis))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The instant `span` later, or `None` past year 9999.
    #[must_use]
    pub fn checked_add(self, span: Span) -> Option<Self> {
        Self::from_millis(self.0.checked_add(span.0)?).ok()
    }

    /// The instant `span` earlier, or `None` before year 1.
    #[must_use]
    pub fn checked_sub(self, span: Span) -> Option<Self> {
        Self::from_millis(self.0.checked_sub(span.0)?).ok()
    }

    /// The span from `earlier` to this instant; zero when `earlier` is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        let millis = self.0.saturating_sub(earlier.0); // Both are in range: nothing saturates.
        Span(if millis < 0 { 0 } else { millis })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write_instant(*self, f)
    }
}

impl core::str::FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        text::read_instant(text.as_bytes())
    }
}

/// A stretch of elapsed time, never negative.
///
/// # Units
///
/// Whole milliseconds. As text, the ISO 8601 duration of weeks, days, hours, minutes and seconds
/// (`P30D`, `PT1H30M`, `PT0.25S`); a day is 24 hours. Months and years are no spans, since their
/// length depends on where they start: a [`Stride`] may have them.
///
/// # Example
///
/// ```
/// use weir_core::time::{Span, TimeError};
///
/// assert_eq!("P30D".parse::<Span>()?.as_millis(), 2_592_000_000);
/// assert_eq!("P1M".parse::<Span>(), Err(TimeError::Syntax)); // how long is a month?
/// # Ok::<(), TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Span(i64); // INVARIANT: 0 <= self <= MAX.

impl Span {
    /// As long as the line of instants.
    pub const MAX: Self = Self(Timestamp::MAX.0 - Timestamp::MIN.0);
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of `millis` milliseconds.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] when negative or longer than [`Span::MAX`].
    pub const fn from_millis(millis: i64) -> Result<Self, TimeError> {
        if millis < 0 || millis > Self::MAX.0 {
            return Err(TimeError::OutOfRange);
        }
        Ok(Self(millis))
    }

    /// Milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded up.
    ///
    /// What a `Retry-After` header wants: rounding down would invite a caller too early.
    #[must_use]
    pub const fn as_secs_ceil(self) -> i64 {
        self.0.saturating_add(999).div_euclid(1_000)
    }
}

impl fmt::Display for Span {
    /// In days and seconds: `P30D`, `PT5400S`, `P1DT0.250S`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write_span(*self, f)
    }
}

impl core::str::FromStr for Span {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        text::read_span(text.as_bytes())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Why a number or a text is no instant or span.
///
/// Exhaustive on purpose: an adapter answers each case, and a new case must break its build.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TimeError {
    /// A well-formed value that the calendar or the supported range does not have.
    #[error("outside the years 0001 to 9999, or no such date")]
    OutOfRange,
    /// Not the expected text.
    #[error("not an RFC 3339 instant with an offset, or not an ISO 8601 duration")]
    Syntax,
}

impl TimeError {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OutOfRange => "time.out_of_range",
            Self::Syntax => "time.syntax",
        }
    }
}
