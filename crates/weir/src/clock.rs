//! What time is it? Asked outside the core, and passed in.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use weir_core::time::{Span, TimeError, Timestamp};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, in whole milliseconds.
    fn now(&self) -> Timestamp;
}

/// The system's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    /// A clock outside years 1 to 9999 reads as the nearer end.
    fn now(&self) -> Timestamp {
        let (millis, nearest) = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => (i64::try_from(after.as_millis()).unwrap_or(i64::MAX), Timestamp::MAX),
            Err(before) => {
                let millis = i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX);
                (millis.saturating_neg(), Timestamp::MIN)
            }
        };
        Timestamp::from_millis(millis).unwrap_or(nearest)
    }
}

/// A clock that stands still until it is moved: for tests and replays.
///
/// # Example
///
/// ```
/// use weir::{Clock, ManualClock, Span, Timestamp};
///
/// let clock = ManualClock::at(Timestamp::EPOCH);
/// clock.advance(Span::from_millis(1_500)?)?;
/// assert_eq!(clock.now().as_millis(), 1_500);
/// assert!(clock.advance(Span::MAX).is_err()); // time ends with year 9999
/// # Ok::<(), weir_core::time::TimeError>(())
/// ```
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_millis()))
    }

    /// Sets the clock, in either direction.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::SeqCst);
    }

    /// Moves the clock on.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] past year 9999; the clock then stands where it stood.
    pub fn advance(&self, span: Span) -> Result<(), TimeError> {
        let moved = self.now().checked_add(span).ok_or(TimeError::OutOfRange)?;
        self.set(moved);
        Ok(())
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}
