//! How far is it to the next one? Spans of civil and of elapsed time together.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Span, TimeError, text};

/// A compound span: months, days, then elapsed time, added in that order.
///
/// How long it is depends on where it starts, and on the clocks there: unlike a [`Span`], it can
/// say a month, and its day is as long as the day is.
///
/// # Units
///
/// As text, an ISO 8601 duration of years, months, weeks, days, hours, minutes and seconds
/// (`P1M`, `P1Y6M`, `P2WT12H`). A year is 12 months and a week 7 days; what stands after the `T` is
/// elapsed time, in whole milliseconds.
///
/// # Example
///
/// ```
/// use weir_core::time::{Span, Stride, TimeError};
///
/// let stride: Stride = "P1Y1M1W".parse()?;
/// assert_eq!(stride, Stride { months: 13, days: 7, elapsed: Span::ZERO });
/// assert_eq!("P1W1Y".parse::<Stride>(), Err(TimeError::Syntax)); // years come first
/// # Ok::<(), TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stride {
    /// Added first.
    pub months: u32,
    /// Added to that.
    pub days: u32,
    /// Added last.
    pub elapsed: Span,
}

impl Stride {
    /// No way at all.
    pub const ZERO: Self = Self { months: 0, days: 0, elapsed: Span::ZERO };

    /// A stride of elapsed time alone.
    #[must_use]
    pub const fn of(elapsed: Span) -> Self {
        Self { elapsed, ..Self::ZERO }
    }

    /// Whether it needs a calendar: whether there are months or days in it.
    #[must_use]
    pub const fn is_civil(self) -> bool {
        self.months > 0 || self.days > 0
    }
}

impl fmt::Display for Stride {
    /// In months, days and seconds: `P13M7D`, `P1DT5400S`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write_stride(*self, f)
    }
}

impl core::str::FromStr for Stride {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        text::read_stride(text.as_bytes())
    }
}

impl Serialize for Stride {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stride {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
