//! What does this event add? From an event's value to the change that a limit counts.
//!
//! A meter turns values into one running number; what a limit counts is the change of that number.
//! A meter of a window starts at nothing in each period, a lifetime meter never starts anew. Values,
//! or the number, may be converted to other units on the way.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/meter.rs`, under the same name.
//!
//! - `deltas_sum_to_the_value`: whatever the values, the changes add up to the running number.
//! - `same_as_all_events`: the running number equals that of a model that keeps every event.
//! - `unkept_readings_do_not_matter`: where [`Meter::keeps_reading`] says no, the change is the same
//!   whatever was before.
//! - `same_as_a_fraction`: a value converts as the fraction that it is, rounded once.
//! - `what_is_given_back_was_taken`: a value below nothing converts to what its opposite took.

use alloc::boxed::Box;

use serde::{Deserialize, Serialize};

use crate::amount::Quantity;
use crate::time::Timestamp;

mod convert;

pub use convert::{Applied, Conversion, Factors};

/// How values become one number.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// The number of events; their values are not looked at.
    Count,
    /// The value of the event that happened last; of two at one instant, the later arrival.
    Latest,
    /// The largest value; the first one, whatever its sign, to begin with.
    Max,
    /// The smallest value; the first one, whatever its sign, to begin with.
    Min,
    /// All values added up; they may be negative.
    #[default]
    Sum,
    /// How many different values there were, up to so many; one more is not measured. A value stands for
    /// who or what it was, and is counted when it is first met.
    UniqueCount(u32),
}

/// How long a meter's number lives.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    /// As long as the scope: a new period does not touch it.
    Lifetime,
    /// One period: it starts at nothing in each.
    #[default]
    Window,
}

/// A meter: what it makes of values, and for how long.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Meter {
    /// How values become one number.
    pub aggregation: Aggregation,
    /// How long that number lives.
    pub life: Life,
    /// In which units it counts; `None` for those of the values.
    pub conversion: Option<Box<Conversion>>,
}

impl Aggregation {
    /// The most different values that can be counted.
    pub const UNIQUE_MAX: u32 = 65_536;
}

impl Meter {
    /// A meter that counts in the units of the values.
    #[must_use]
    pub const fn plain(aggregation: Aggregation, life: Life) -> Self {
        Self { aggregation, life, conversion: None }
    }

    /// Whether the meter's number must be kept beside the balance.
    ///
    /// Sums and counts of a window need nothing: their change does not depend on what was before.
    #[must_use]
    pub fn keeps_reading(&self) -> bool {
        matches!(self.life, Life::Lifetime)
            || !matches!(self.aggregation, Aggregation::Count | Aggregation::Sum)
            || self.converted(Applied::AfterAggregation).is_some()
    }

    /// Whether twice as much is counted as twice, and a part of it as that part: sums of a window, in
    /// their own units.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.aggregation == Aggregation::Sum && !self.keeps_reading() && self.conversion.is_none()
    }

    /// What `value` adds where nothing is kept; `None` when it does not fit.
    #[must_use]
    #[inline(always)]
    pub fn measure(&self, value: Quantity) -> Option<Quantity> {
        let value = match self.aggregation {
            Aggregation::Count | Aggregation::UniqueCount(_) => Quantity::from_units(1),
            _ => value,
        };
        match self.converted(Applied::PerEvent) {
            Some(conversion) => conversion.convert(value),
            None => Some(value),
        }
    }

    /// What `value`, seen at `at`, makes of the reading before it; `None` when it does not fit. Where
    /// different values are counted, it is one that was not there before.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::amount::Quantity;
    /// use weir_core::meter::{Aggregation, Life, Meter};
    /// use weir_core::time::Timestamp;
    ///
    /// let seats = Meter::plain(Aggregation::Max, Life::Window);
    /// let read = |before, units| {
    ///     seats.read(before, Quantity::from_units(units), Timestamp::EPOCH).expect("it fits")
    /// };
    /// let first = read(None, 10);
    /// assert_eq!(first.delta, Quantity::from_units(10));
    /// let lower = read(Some(first.reading), 4); // not a new maximum: nothing is added
    /// assert_eq!(lower.delta, Quantity::ZERO);
    /// ```
    #[must_use]
    pub fn read(&self, before: Option<Reading>, value: Quantity, at: Timestamp) -> Option<Read> {
        let value = self.measure(value)?;
        let old = before.map_or(Quantity::ZERO, |reading| reading.value);
        let seen = before.map_or(at, |reading| reading.at.max(at));
        let (new, at) = match (self.aggregation, before) {
            (Aggregation::Count | Aggregation::Sum, _) => (old.checked_add(value)?, seen),
            (Aggregation::UniqueCount(most), _) => {
                let more = old.checked_add(value)?;
                (Some(more).filter(|more| *more <= Quantity::from_units(most.into()))?, seen)
            }
            (Aggregation::Max, Some(_)) => (old.max(value), seen),
            (Aggregation::Min, Some(_)) => (old.min(value), seen),
            (Aggregation::Latest, Some(reading)) if at < reading.at => (old, reading.at),
            (Aggregation::Latest | Aggregation::Max | Aggregation::Min, _) => (value, seen),
        };
        let delta = self.counted(new)?.checked_sub(self.counted(old)?)?;
        Some(Read { reading: Reading { value: new, at }, delta })
    }

    /// What a limit has counted where the meter's number is `value`; `None` when it does not fit.
    #[must_use]
    pub fn counted(&self, value: Quantity) -> Option<Quantity> {
        match self.converted(Applied::AfterAggregation) {
            Some(conversion) => conversion.convert(value),
            None => Some(value),
        }
    }

    #[inline]
    fn converted(&self, applied: Applied) -> Option<&Conversion> {
        self.conversion.as_deref().filter(|conversion| conversion.applied() == applied)
    }
}

/// A meter's number, and the instant of the event that it stands at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reading {
    /// The running number.
    pub value: Quantity,
    /// The latest instant seen.
    pub at: Timestamp,
}

/// What one value did to a meter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Read {
    /// The meter afterwards.
    pub reading: Reading,
    /// By how much its number changed: what a limit counts.
    pub delta: Quantity,
}
