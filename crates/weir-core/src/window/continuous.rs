//! What is back by now? A window without periods, in which use comes back evenly.
//!
//! What was taken and is not back is a level that sinks by so much in each stretch of time, down to
//! nothing. It is counted in parts, so many to a nano-unit as the stretch has milliseconds: what
//! comes back in a millisecond is a whole number of them, and no fraction is ever lost.
//!
//! # Source
//!
//! The generic cell rate algorithm of ITU-T I.371, Annex A, as a continuous-state leaky bucket: its
//! theoretical arrival time is the instant at which the level is nothing.

use crate::amount::{Quantity, Rounding};
use crate::time::Span;

/// So much comes back in each stretch of time; the limit's capacity is what may be out at once.
///
/// # Example
///
/// ```
/// use weir_core::amount::Quantity;
/// use weir_core::time::{Span, TimeError};
/// use weir_core::window::Continuous;
///
/// let hourly = Continuous { rate: Quantity::from_units(1), per: "PT1H".parse()? };
/// let ten = hourly.parts(Quantity::from_units(10)).expect("it fits");
/// let later = hourly.sunk(ten, "PT90M".parse()?);
/// assert_eq!(hourly.whole(later), "8.5".parse().ok()); // one and a half are back
/// assert_eq!(hourly.time(ten, later), Some("PT90M".parse()?));
/// assert_eq!(hourly.sunk(ten, "P1D".parse()?), 0); // and no more than all
/// # Ok::<(), TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Continuous {
    /// How much comes back; above nothing.
    pub rate: Quantity,
    /// In which time; above zero.
    pub per: Span,
}

impl Continuous {
    /// A quantity in parts; `None` where those are too many.
    #[must_use]
    pub fn parts(self, quantity: Quantity) -> Option<i128> {
        quantity.as_nanos().checked_mul(self.per.as_millis().into())
    }

    /// Parts as a quantity, rounded up to a nano-unit: exactly as much fits above as above them.
    #[must_use]
    pub fn whole(self, parts: i128) -> Option<Quantity> {
        Rounding::Up.divide(parts, self.per.as_millis().into()).map(Quantity::from_nanos)
    }

    /// What a level has sunk to after some time.
    #[must_use]
    pub fn sunk(self, parts: i128, after: Span) -> i128 {
        // Where the product has no number, it is more than any level.
        let back = self.rate.as_nanos().saturating_mul(after.as_millis().into());
        parts.saturating_sub(back).max(0)
    }

    /// A level after so much more was taken, or given back; `None` where it has no number.
    #[must_use]
    pub fn moved(self, parts: i128, by: Quantity) -> Option<i128> {
        match self.parts(by) {
            Some(more) => Some(parts.checked_add(more)?.max(0)),
            None if by < Quantity::ZERO => Some(0), // that is more than any level
            None => None,
        }
    }

    /// How long it takes to sink from one level to another, at most; `None` where that is longer
    /// than there is time.
    #[must_use]
    pub fn time(self, from: i128, to: i128) -> Option<Span> {
        let fall = from.checked_sub(to)?.max(0);
        let millis = Rounding::Up.divide(fall, self.rate.as_nanos())?;
        Span::from_millis(i64::try_from(millis).ok()?).ok()
    }
}
