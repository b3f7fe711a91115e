//! What kept us from deciding? Errors of the gate; a refusal is none of them.

use weir_core::fault::Fault;
use weir_core::ledger::{Failed, Refused};

use crate::journal::JournalError;

/// Why a gate did not do what it was told.
///
/// Exhaustive on purpose: a caller answers each case.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum GateError {
    /// The catalog has faults; the old one stays.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// The journal did not take the record.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A journal or an observer panicked while it was called: what was counted is not known to be
    /// kept.
    #[error("stopped when a journal or an observer panicked")]
    Poisoned,
    /// The command does not fit the state.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Neither the catalog in force nor the scope has such a name.
    #[error("there is no {kind} called `{name}`")]
    UnknownName {
        /// What was looked for: a feature, limit, plan, wallet, class, grant or schema.
        kind: &'static str,
        /// What it was called.
        name: String,
    },
}

impl GateError {
    /// Nothing of this `kind` has this name.
    #[must_use]
    pub fn unknown(kind: &'static str, name: &str) -> Self {
        Self::UnknownName { kind, name: name.to_owned() }
    }

    /// A code that never changes once released.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Install(_) => "gate.catalog",
            Self::Journal(_) => "gate.journal",
            Self::Poisoned => "gate.poisoned",
            Self::Refused(refused) => refused.code(),
            Self::UnknownName { .. } => "gate.unknown_name",
        }
    }
}

impl From<Failed<JournalError>> for GateError {
    fn from(failed: Failed<JournalError>) -> Self {
        match failed {
            Failed::Refused(refused) => Self::Refused(refused),
            Failed::Sink(error) => Self::Journal(error),
        }
    }
}

/// A catalog that cannot be put in force, and all that is wrong with it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the catalog has {} fault(s); the first: {}", faults.len(), first(faults))]
pub struct InstallError {
    /// Every fault, in the order of the document.
    pub faults: Vec<Fault>,
}

fn first(faults: &[Fault]) -> String {
    faults.first().map(ToString::to_string).unwrap_or_default()
}
