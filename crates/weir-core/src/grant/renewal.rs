//! When does a grant come back, and with what? Periods of its own, refills, and what rolls over.
//!
//! A grant is worth its amount from when it starts, and then it is cut into stretches: whenever its
//! window turns, and whenever it recurs, another one begins. Each has a balance of its own, which is
//! opened with the amount, or with what the stretch before has left.

use super::Grant;
use crate::amount::Quantity;
use crate::time::{Span, Stride, Timestamp};
use crate::window::zone::Zones;
use crate::window::{MonthRule, Period, Window};

/// How a grant comes back. By default it is worth its amount anew in each period of its limit.
///
/// # Example
///
/// ```
/// use weir_core::amount::Quantity;
/// use weir_core::grant::{Every, Renewal, Rollover};
/// use weir_core::time::Timestamp;
///
/// // 100 units a day; when a month of the limit is over, at most 50 of them are kept.
/// let daily = Every { anchor: Timestamp::EPOCH, span: "P1D".parse()? };
/// let kept = Rollover::Same { min: Quantity::ZERO, max: Quantity::from_units(50) };
/// let renewal = Renewal { recurrence: Some(daily), rollover: Some(kept), ..Renewal::DEFAULT };
/// assert!(renewal.is_sound());
/// let never = Every { span: "PT0S".parse()?, ..daily };
/// assert!(!Renewal { recurrence: Some(never), ..renewal }.is_sound()); // that is no interval
/// # Ok::<(), weir_core::time::TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Renewal {
    /// When its periods turn; `None` for those of its limit.
    pub window: Option<Turns>,
    /// When it is set back to its amount, besides; `None` for never.
    pub recurrence: Option<Every>,
    /// What a new period opens with; `None` for the amount.
    pub rollover: Option<Rollover>,
}

/// When a grant's own periods turn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turns {
    /// At these instants.
    Every(Every),
    /// Never: it is worth its amount once.
    Never,
}

/// The instants `anchor + n x span`, n any whole number; a month ends with its last day where it has
/// not the day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Every {
    /// One of them.
    pub anchor: Timestamp,
    /// How far they lie apart; above zero. Months and days are those of UTC.
    pub span: Stride,
}

/// What becomes of what a grant has left when its period is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rollover {
    /// It opens the next period: `min(max, max(min, left))`.
    Same {
        /// At least so much, whether or not it was left.
        min: Quantity,
        /// At most so much, and no more than that where `min` is more.
        max: Quantity,
    },
}

impl Renewal {
    /// The amount anew in each period of the limit, and nothing else.
    pub const DEFAULT: Self = Self { window: None, recurrence: None, rollover: None };

    /// Whether the grant has no stretches but the periods of its limit, each with the amount.
    #[must_use]
    #[inline]
    pub const fn is_plain(&self) -> bool {
        self.window.is_none() && self.recurrence.is_none() && self.rollover.is_none()
    }

    /// Whether no interval is empty, and nothing below zero rolls over.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let turns = match self.window {
            Some(Turns::Every(every)) => Some(every),
            Some(Turns::Never) | None => None,
        };
        let mut all = turns.into_iter().chain(self.recurrence);
        let rolls = match self.rollover {
            None => true,
            Some(Rollover::Same { min, max }) => min >= Quantity::ZERO && max >= Quantity::ZERO,
        };
        rolls && all.all(|every| every.span != Stride::ZERO && every.span.elapsed >= Span::ZERO)
    }
}

impl Every {
    /// From the last of the instants at or before `at` to the next one.
    #[must_use]
    pub fn around(self, at: Timestamp) -> Period {
        let window = Window::Anchored { span: self.span, month_rule: MonthRule::Clamp, zone: None };
        // Anchored periods leave no instant out.
        window.period(at, self.anchor, &Zones::NONE).unwrap_or(Period::ALWAYS)
    }

    /// The first of the instants that is not before `at`.
    #[must_use]
    pub fn from(self, at: Timestamp) -> Timestamp {
        let Period { start, end } = self.around(at);
        if start == at { start } else { end }
    }
}

impl Rollover {
    /// What a period opens with, where the one before has so much left.
    #[must_use]
    pub fn opens_with(self, left: Quantity) -> Quantity {
        let Self::Same { min, max } = self;
        left.max(min).min(max)
    }
}

/// A part of a grant's life in which nothing but draws changes its balance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stretch {
    /// When it ends, whether or not the grant does before.
    pub end: Timestamp,
    /// When the grant was last worth its amount.
    pub filled: Timestamp,
    /// When its period began.
    pub turned: Timestamp,
}

impl Stretch {
    /// Whether it opens with what was left, rather than with the amount.
    #[must_use]
    pub fn is_rolled(&self) -> bool {
        self.turned > self.filled
    }

    /// When it began.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.turned.max(self.filled)
    }
}

impl Grant {
    /// The stretch around `at`, an instant of the grant's life, in a period of its limit.
    #[must_use]
    pub fn stretch(&self, limit: Period, at: Timestamp) -> Stretch {
        let Renewal { window, recurrence, rollover } = self.renewal;
        let turn = match window {
            None => limit,
            Some(Turns::Every(every)) => every.around(at),
            Some(Turns::Never) => Period::ALWAYS,
        };
        let mut filled = self.effective;
        let mut end = turn.end;
        if let Some(every) = recurrence {
            let fill = every.around(at);
            (filled, end) = (filled.max(fill.start), end.min(fill.end));
        }
        if rollover.is_none() {
            filled = filled.max(turn.start);
        }
        Stretch { end, filled, turned: turn.start }
    }
}
