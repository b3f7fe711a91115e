//! Is this key one of ours, and does it still hold? The records behind the digests.
//!
//! Every check is made for every key, known or not: an unknown one is compared with a record that
//! is nobody's, and what is wrong is ranked without a branch. The answer outside is one and the
//! same; its [`Cause`] has to be asked for by name.

use alloc::vec::Vec;
use core::fmt;

use subtle::{Choice, ConditionallySelectable};

use super::class::{Classes, Malformed, Presented};
use super::digest::{Digest, Pepper};
use super::origin::{OriginRule, Origins};
use super::table::ByDigest;
use super::{Forbidden, Principal};
use crate::id::{ClassId, ScopeId};
use crate::time::Timestamp;

/// What is on record about one credential.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Credential {
    /// Its class, whatever its prefix looks like.
    pub class: ClassId,
    /// Counts up with every change that must end proofs made before it.
    pub epoch: u32,
    /// From this instant on it is good no more.
    pub expires: Option<Timestamp>,
    /// From where it may be used.
    pub origins: Origins,
    /// Whose it is.
    pub scope: ScopeId,
    /// Whether it is good.
    pub status: Status,
}

/// Whether a credential is good, its expiry apart.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Good.
    #[default]
    Active,
    /// Not for now.
    Disabled,
    /// Never again.
    Revoked,
}

/// The credentials of one ledger, by digest.
///
/// # Shape
///
/// At most as many records as it was made for.
///
/// # Example
///
/// ```
/// use weir_core::id::ScopeId;
/// use weir_core::time::Timestamp;
/// use weir_core::token::{Classes, Credential, Origins, Registry, Status};
///
/// let classes = Classes::compile(&serde_json::from_str(
///     r#"{"site": {"prefix": "pub_", "alphabet": "token", "length": {"min": 4, "max": 64},
///                  "environment": "live", "may": ["pageview"]}}"#,
/// )?).expect("no fault");
/// let mut registry = Registry::new(1_000, None);
/// let credential = Credential {
///     class: classes.id("site").expect("just compiled"),
///     epoch: 0,
///     expires: None,
///     origins: Origins::ANY,
///     scope: ScopeId(7),
///     status: Status::Active,
/// };
/// let digest = registry.digest(&classes.classify(b"pub_alpha").expect("well formed"));
/// registry.insert(digest, credential).expect("room");
///
/// let presented = classes.classify(b"pub_alpha").expect("well formed");
/// let known = registry.authenticate(&classes, &presented, Timestamp::EPOCH).expect("good");
/// let principal = known.from_origin(None).expect("any origin");
/// assert_eq!(principal.scope(), ScopeId(7));
/// assert!(classes.may(principal, "pageview").is_ok());
/// assert!(classes.may(principal, "revenue").is_err());
///
/// let other = classes.classify(b"pub_bravo").expect("well formed");
/// let refused = registry.authenticate(&classes, &other, Timestamp::EPOCH).unwrap_err();
/// assert_eq!(refused.to_string(), "unauthenticated");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct Registry {
    capacity: usize,
    pepper: Option<Pepper>,
    table: ByDigest<Credential>, // INVARIANT: at most `capacity` long.
}

impl Registry {
    /// An empty registry for `capacity` records, whose digests take `pepper`.
    #[must_use]
    pub fn new(capacity: usize, pepper: Option<Pepper>) -> Self {
        Self { capacity, pepper, table: ByDigest::new(NOBODY) }
    }

    /// Under what a key is kept here.
    #[must_use]
    pub fn digest(&self, presented: &Presented<'_>) -> Digest {
        presented.digest(self.pepper.as_ref())
    }

    /// Puts a credential on record, and gives back the one that it replaces.
    ///
    /// # Errors
    ///
    /// [`Full`] when it is a new one and there is no room.
    pub fn insert(
        &mut self,
        digest: Digest,
        credential: Credential,
    ) -> Result<Option<Credential>, Full> {
        if self.is_full() && self.table.get(&digest).is_none() {
            return Err(Full { capacity: self.capacity });
        }
        Ok(self.table.insert(digest, credential))
    }

    /// Whether there is no room for another credential.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.table.len() >= self.capacity
    }

    /// Takes a credential off the record.
    pub fn remove(&mut self, digest: &Digest) -> Option<Credential> {
        self.table.remove(digest)
    }

    /// What is on record under a digest.
    #[must_use]
    pub fn get(&self, digest: &Digest) -> Option<&Credential> {
        self.table.get(digest)
    }

    /// Every record, in the order of the digests: the same for the same records.
    #[must_use]
    pub fn in_order(&self) -> Vec<(&Digest, &Credential)> {
        let mut all: Vec<_> = self.table.iter().collect();
        all.sort_unstable_by_key(|(digest, _)| digest.as_bytes());
        all
    }

    /// Finds the record of a key and checks that it is good at `now`.
    ///
    /// # Errors
    ///
    /// [`Unauthenticated`], after the same work whatever the cause. The first of: unknown, revoked,
    /// expired, disabled, of a class that the catalog does not have.
    pub fn authenticate<'a>(
        &'a self,
        classes: &'a Classes,
        presented: &Presented<'_>,
        now: Timestamp,
    ) -> Result<Authenticated<'a>, Unauthenticated> {
        self.authenticate_by(classes, &self.digest(presented), now)
    }

    /// As [`Registry::authenticate`], for a host that took the digest already to find this
    /// registry among several.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn authenticate_by<'a>(
        &'a self,
        classes: &'a Classes,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<Authenticated<'a>, Unauthenticated> {
        let (credential, known) = self.table.look_up(digest);
        let Credential { class, epoch, expires, ref origins, scope, status } = *credential;
        let (terms, has_class) = classes.terms(class);
        let is = |wanted: Status| (status == wanted) | (terms.status == wanted);
        let held = Standing {
            unknown: !known,
            revoked: is(Status::Revoked),
            expired: has_ended(expires, now) | has_ended(terms.expires, now),
            disabled: is(Status::Disabled),
            no_class: !has_class,
        };
        match held.cause() {
            Some(cause) => Err(Unauthenticated { cause }),
            None => Ok(Authenticated {
                principal: Principal { scope, epoch, class, environment: terms.environment },
                origins,
                rule: &terms.origins,
            }),
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registry({} of {})", self.table.len(), self.capacity)
    }
}

/// A credential that holds; it becomes a [`Principal`] once its origin is answered for.
#[derive(Clone, Copy, Debug)]
pub struct Authenticated<'a> {
    principal: Principal,
    origins: &'a Origins,
    rule: &'a OriginRule,
}

impl Authenticated<'_> {
    /// Whose credential it is, for what a contract checks before the origin.
    #[must_use]
    pub const fn scope(self) -> ScopeId {
        self.principal.scope
    }

    /// The caller, if a request that states this origin is one for this credential.
    ///
    /// # Errors
    ///
    /// [`Forbidden::Origin`] when it is not.
    pub fn from_origin(self, origin: Option<&str>) -> Result<Principal, Forbidden> {
        let allowed = self.rule.allows(self.origins, origin);
        if allowed { Ok(self.principal) } else { Err(Forbidden::Origin) }
    }

    /// The caller, on a route where the origin is not looked at.
    #[must_use]
    pub const fn whatever_origin(self) -> Principal {
        self.principal
    }
}

/// The caller did not prove who it is.
///
/// One value outside: neither `Display` nor `Debug` tells one cause from another, and there is no
/// `==`. A contract that does tell says so in code, with [`Unauthenticated::cause`].
#[derive(Clone, Copy, thiserror::Error)]
#[error("unauthenticated")]
pub struct Unauthenticated {
    cause: Cause,
}

impl Unauthenticated {
    /// Why; for a journal, an observer, or a contract that tells.
    #[must_use]
    pub const fn cause(self) -> Cause {
        self.cause
    }

    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "token.unauthenticated"
    }
}

impl fmt::Debug for Unauthenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unauthenticated")
    }
}

impl From<Malformed> for Unauthenticated {
    fn from(malformed: Malformed) -> Self {
        Self { cause: Cause::Malformed(malformed) }
    }
}

/// Why a credential does not hold.
///
/// Exhaustive on purpose: an adapter answers each case, and a new case must break its build.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Cause {
    /// Switched off.
    #[error("disabled")]
    Disabled,
    /// Past its time.
    #[error("expired")]
    Expired,
    /// Not spelled like a key, so never looked up.
    #[error("{0}")]
    Malformed(Malformed),
    /// On record under a class that the catalog does not have.
    #[error("of a class that the catalog does not have")]
    NoClass,
    /// Taken back.
    #[error("revoked")]
    Revoked,
    /// Not on record.
    #[error("unknown")]
    Unknown,
}

impl Cause {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Disabled => "token.disabled",
            Self::Expired => "token.expired",
            Self::Malformed(malformed) => malformed.code(),
            Self::NoClass => "token.no_class",
            Self::Revoked => "token.revoked",
            Self::Unknown => "token.unknown",
        }
    }
}

/// A registry has no room for another credential.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no room for a credential beyond {capacity}")]
pub struct Full {
    /// The most records it keeps.
    pub capacity: usize,
}

impl Full {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "token.registry_full"
    }
}

/// What of a credential's standing is wrong.
struct Standing {
    unknown: bool,
    revoked: bool,
    expired: bool,
    disabled: bool,
    no_class: bool,
}

impl Standing {
    /// The first thing wrong; the same steps for each, and for none.
    fn cause(&self) -> Option<Cause> {
        let last_first = [
            (self.no_class, 4),
            (self.disabled, 3),
            (self.expired, 2),
            (self.revoked, 1),
            (self.unknown, 0),
        ];
        let place = last_first.into_iter().fold(5_u8, |place, (wrong, its)| {
            u8::conditional_select(&place, &its, Choice::from(u8::from(wrong)))
        });
        CAUSES.get(usize::from(place)).copied()
    }
}

/// In the order in which they are told.
static CAUSES: [Cause; 5] =
    [Cause::Unknown, Cause::Revoked, Cause::Expired, Cause::Disabled, Cause::NoClass];

/// Whether `now` is past the end, if there is one; without a branch on there being one.
fn has_ended(end: Option<Timestamp>, now: Timestamp) -> bool {
    end.is_some() & (now >= end.unwrap_or(Timestamp::MAX))
}

/// What an unknown key is compared with. Revoked, in case that anybody forgets to ask.
const NOBODY: Credential = Credential {
    class: ClassId(0),
    epoch: 0,
    expires: None,
    origins: Origins::ANY,
    scope: ScopeId(0),
    status: Status::Revoked,
};
