//! Where does a decision stop? Its stages, in their order.

use super::Reason;

/// A stage of a decision.
///
/// # Shape
///
/// Ordered as they are asked; a catalog that remembers answers `after_time` or `after_measure` asks
/// for [`Self::Memory`] after [`Self::Time`] or [`Self::Measure`].
///
/// # Example
///
/// ```
/// use weir_core::decide::{Reason, Stage};
///
/// assert_eq!(Reason::Paused.stage(), Stage::Status); // before any limit is asked
/// assert_eq!(Reason::OutOfCredit.stage(), Stage::Funds);
/// assert!(Stage::Status < Stage::Limits && Stage::Limits < Stage::Funds);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    /// Is it one path of scopes, at an instant that is in a period?
    Path,
    /// Is the credential one of a scope on the path?
    Caller,
    /// Is each scope known, and each feature sold on the path?
    Route,
    /// Was it answered before?
    Memory,
    /// Is it neither too old nor too new?
    Time,
    /// May each scope spend?
    Status,
    /// What does it add?
    Measure,
    /// Is its period open?
    Window,
    /// Does it fit?
    Limits,
    /// Is it paid for?
    Funds,
}

impl Stage {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Caller => "caller",
            Self::Route => "route",
            Self::Memory => "memory",
            Self::Time => "time",
            Self::Status => "status",
            Self::Measure => "measure",
            Self::Window => "window",
            Self::Limits => "limits",
            Self::Funds => "funds",
        }
    }
}

impl Reason {
    /// The stage that refuses for this reason.
    #[must_use]
    pub const fn stage(self) -> Stage {
        match self {
            Self::Malformed => Stage::Path,
            Self::Unauthenticated => Stage::Caller,
            Self::UnknownScope | Self::NoEntitlement => Stage::Route,
            Self::Conflict | Self::DedupFull | Self::Duplicate => Stage::Memory,
            Self::TooOld | Self::TooNew => Stage::Time,
            Self::Blocked | Self::Cancelled | Self::Inactive | Self::NoPlan | Self::Paused => {
                Stage::Status
            }
            Self::Unmeasurable => Stage::Measure,
            Self::PeriodClosed => Stage::Window,
            Self::RateLimited | Self::LimitExceeded => Stage::Limits,
            Self::OutOfCredit => Stage::Funds,
        }
    }
}
