//! Who is it, by what class of credential? Prefixes, digests, standing, origins.
//!
//! A text passes four doors, and each gives the only key to the next. [`Classes::classify`] looks
//! at the text alone and makes a [`Presented`]. [`Registry::authenticate`] finds its record by
//! digest and makes an [`Authenticated`]. Answering where the request came from makes that a
//! [`Principal`]. [`Classes::may`] says whether its class may do the thing asked.
//!
//! No secret is kept: the registry holds digests. What looks at a key before it is a digest is
//! written without a branch or a table on its bytes, so far as the key is well formed.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/token.rs`, under the same name.
//!
//! - `one_typo_is_refused_offline`: a key with check digits and one byte changed, or two
//!   neighbours swapped, is malformed.
//! - `secret_never_shows`: no `Debug`, `Display` or error of this room holds a secret.
//! - `class_comes_from_the_record`: what a caller may do follows the record, whatever the prefix.
//! - `origin_labels_are_boundaries`: `*.example.com` is one label or more, then `example.com`.
//! - `a_record_never_widens_its_class`: good is what class and record both call good.
//! - `unstated_origins_are_as_declared`: a missing origin and `null` follow the class, a host both.
//! - `origins_are_read_as_a_browser_reads_them`: but for what we refuse to repair, and what is listed.
//! - `same_as_slow_reader`: a key is read as the words of [`ClassDefinition`] say.
//! - `minted_keys_are_keys`: what is minted for a class is a key of it.
//! - `digests_find_their_own`: a [`ByDigest`] is a map.
//! - `revoked_is_unknown_outside`: a refused credential looks the same whatever the cause.

use crate::id::{ClassId, ScopeId};

pub mod class;
mod crc;
pub mod digest;
pub mod mint;
pub mod offered;
pub mod origin;
pub mod registry;
pub mod table;
pub mod terms;

pub use class::{ClassDefinition, Classes, Malformed, Presented};
pub use digest::{Digest, Pepper};
pub use mint::MintError;
pub use offered::{Ambiguous, Offered, Order};
pub use origin::{OriginRule, Origins, Unstated};
pub use registry::{Authenticated, Cause, Credential, Registry, Status, Unauthenticated};
pub use table::ByDigest;
pub use terms::{ClassTerms, OriginTerms};

/// Proof that a credential was checked, and in whose name the caller speaks.
///
/// Only this room makes one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Principal {
    scope: ScopeId,
    epoch: u32,
    class: ClassId,
    environment: Environment,
}

impl Principal {
    /// The class that the credential's record names.
    #[must_use]
    pub const fn class(self) -> ClassId {
        self.class
    }

    /// The environment of that class.
    #[must_use]
    pub const fn environment(self) -> Environment {
        self.environment
    }

    /// The epoch of the credential when it was checked: a later one on record tells that it was
    /// changed since. Deciding does not ask; a host checks each request anew.
    #[must_use]
    pub const fn epoch(self) -> u32 {
        self.epoch
    }

    /// Whose credential it is.
    #[must_use]
    pub const fn scope(self) -> ScopeId {
        self.scope
    }
}

/// Whether a credential moves real counts.
#[derive(
    Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Real counts.
    Live,
    /// Counts for trying things out.
    Test,
}

/// Why a known caller is refused before anything is counted: data, not a failure.
///
/// Exhaustive on purpose: an adapter answers each case, and a new case must break its build.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Forbidden {
    /// The class of the credential may not do this.
    #[error("this class of credential may not do that")]
    Class,
    /// The request comes from no origin that the credential is for.
    #[error("the origin is not on the credential's list")]
    Origin,
}

impl Forbidden {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Class => "token.forbidden_class",
            Self::Origin => "token.forbidden_origin",
        }
    }
}
