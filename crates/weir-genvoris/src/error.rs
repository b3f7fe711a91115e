//! What kept us from answering? Faults of the machine and of the set-up, never of the caller.

use weir::{GateError, Reason};

/// Why a request was not answered. Nothing was counted.
///
/// Exhaustive on purpose: a host answers each case. The contract's answer to all of them is
/// [`TrackError::answer`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TrackError {
    /// The gate did not decide.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The gate denied for a reason that the contract has no word for: the catalog in force asks
    /// more than the contract does, or a scope lacks its plan.
    #[error("the contract has no answer to the verdict `{}`", .0.code())]
    Unanswerable(Reason),
}

impl TrackError {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Gate(error) => error.code(),
            Self::Unanswerable(_) => "genvoris.unanswerable",
        }
    }
}
