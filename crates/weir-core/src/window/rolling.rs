//! What counts still? A window of one length that slides, in steps of a fraction of it.
//!
//! The line is cut into sub-buckets from the epoch on. What is taken in one counts until the whole
//! sub-bucket lies as far back as the window is long: never less, and at most one step more. So in
//! every stretch of that length, wherever it starts, no more is admitted than the limit has.

use super::{clamped, grid};
use crate::time::{Span, Timestamp};

/// A window that slides.
///
/// # Shape
///
/// At most as many sub-buckets as there are buckets count at one instant, and the one of now.
///
/// # Example
///
/// ```
/// use weir_core::time::{Span, TimeError, Timestamp};
/// use weir_core::window::Rolling;
///
/// let minute = Rolling { span: "PT1M".parse()?, buckets: 6 };
/// let at: Timestamp = "2026-01-01T00:00:07Z".parse()?;
/// // It is taken in the first ten seconds, and the tenth is a minute back only then.
/// assert_eq!(minute.leaves(at), "2026-01-01T00:01:10Z".parse()?);
/// # Ok::<(), TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rolling {
    /// How long it is; above zero.
    pub span: Span,
    /// In how many steps it slides over that; from 1 to [`Self::BUCKETS_MAX`], each of them whole
    /// milliseconds long.
    pub buckets: u16,
}

impl Rolling {
    /// The most buckets. Ours: each decision looks at all that count.
    pub const BUCKETS_MAX: u16 = 256;

    /// When what is taken at `at` counts no more.
    #[must_use]
    pub fn leaves(self, at: Timestamp) -> Timestamp {
        let step = self.span.as_millis().checked_div(self.buckets.into()).unwrap_or(1);
        let (_, end) = grid(at.as_millis(), 0, step);
        clamped(end.saturating_add(self.span.as_millis()))
    }
}
