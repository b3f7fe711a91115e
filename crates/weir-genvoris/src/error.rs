//! What kept us from answering? Faults of the machine and of the set-up, never of the caller.

use weir::{GateError, Reason};

/// Why a request was not answered. Nothing was changed or counted.
///
/// Exhaustive on purpose: a host answers each case. The contract's answer to all of them is
/// [`GenvorisError::answer`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum GenvorisError {
    /// A document of ours cannot be read, or written.
    #[error("a document on record is not one of this contract")]
    Document,
    /// The gate did not do it.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// A session was asked for, and the host gave no key to sign it with.
    #[error("there is no key to sign sessions with")]
    NoSigner,
    /// The gate denied for a reason that the contract has no word for: the catalog in force asks
    /// more than the contract does, or a scope lacks its plan.
    #[error("the contract has no answer to the verdict `{}`", .0.code())]
    Unanswerable(Reason),
}

impl GenvorisError {
    /// What the catalog in force should have, and has not.
    pub(crate) fn missing(kind: &'static str, name: &str) -> Self {
        GateError::UnknownName { kind, name: name.to_owned() }.into()
    }

    /// A code that never changes once released.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Document => "genvoris.document",
            Self::Gate(error) => error.code(),
            Self::NoSigner => "genvoris.no_signer",
            Self::Unanswerable(_) => "genvoris.unanswerable",
        }
    }
}
