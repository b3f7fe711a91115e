//! Who is calling? Credentials on record, found by digest across the shards.

use std::borrow::Cow;

use weir_core::ledger::{Command, Refused};
use weir_core::time::Timestamp;
use weir_core::token::{
    ByDigest, Credential, Digest, Forbidden, Malformed, Origins, Principal, Status, Unauthenticated,
};

use super::{Gate, Scope, Shard};
use crate::error::GateError;
use crate::sync::RwLockWriteGuard;

/// What is to be on record about a credential.
#[derive(Clone, Debug)]
pub struct CredentialTerms<'a> {
    /// Its class, by name, whatever its prefix looks like.
    pub class: &'a str,
    /// From where it may be used.
    pub origins: Origins,
    /// Whether it is good.
    pub status: Status,
    /// From this instant on it is good no more.
    pub expires: Option<Timestamp>,
}

/// Who asks a gate to decide.
#[derive(Clone, Copy, Debug)]
pub enum Caller {
    /// The holder of a credential; one of the scopes on the path must be the credential's.
    Known(Proof),
    /// Nobody in particular: the host says that this decision needs no credential.
    Unchecked,
}

/// Proof that a gate checked a credential, and in which shard: numbers of scopes mean nothing in
/// another. Only [`Holder::caller`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    shard: Shard,
    principal: Principal,
}

impl Proof {
    /// The proof as the core of `shard` takes it; `None` when it was made in another.
    pub(super) fn within(self, shard: Shard) -> Option<Principal> {
        (self.shard == shard).then_some(self.principal)
    }
}

/// The holder of a good credential.
#[derive(Clone, Copy, Debug)]
pub struct Holder {
    scope: Scope,
    principal: Result<Principal, Forbidden>,
}

impl Holder {
    /// Whose credential it is; known before its origin is answered for.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// The proof that the credential is good and came from where it may.
    ///
    /// # Errors
    ///
    /// [`Forbidden`] when the stated origin is not one of the credential's.
    pub const fn principal(&self) -> Result<Principal, Forbidden> {
        self.principal
    }

    /// The same, as a caller for a decision.
    ///
    /// # Errors
    ///
    /// As [`Holder::principal`].
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Ask, CredentialTerms, Gate, Reason, Timestamp};
    /// use weir_core::token::{Origins, Status};
    ///
    /// let now = Timestamp::EPOCH;
    /// let gate = Gate::in_memory()?;
    /// gate.install(br#"{ "classes": { "site": { "prefix": "pub_", "alphabet": "token",
    ///     "length": { "min": 4, "max": 64 }, "environment": "live" } } }"#, now)?;
    /// let acme = gate.open(None, "acme", None, now)?;
    /// let status = Status::Active;
    /// let terms = CredentialTerms { class: "site", origins: Origins::ANY, status, expires: None };
    /// gate.enrol(acme, b"pub_alpha", &terms, now)?;
    ///
    /// let caller = gate.authenticate(b"pub_alpha", None, now)?.expect("good").caller().expect("any");
    /// let ask = Ask { caller, scopes: &[acme], costs: &[], at: now, key: None };
    /// assert!(gate.decide(&ask, now)?.is_allowed());
    /// let other = gate.open(None, "other", None, now)?;
    /// let denied = gate.decide(&Ask { scopes: &[other], ..ask }, now)?; // it is not the caller's
    /// assert_eq!(denied.reason(), Some(Reason::Unauthenticated));
    /// # Ok::<(), weir::GateError>(())
    /// ```
    pub fn caller(&self) -> Result<Caller, Forbidden> {
        let shard = self.scope.shard;
        self.principal.map(|principal| Caller::Known(Proof { shard, principal }))
    }
}

impl Gate {
    /// Puts a key on record for a scope, or replaces what is on record about it.
    ///
    /// The key itself is not kept: only its digest is.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] for the class; [`Refused::Name`] when the text is no key of any,
    /// or is on record for another scope.
    pub fn enrol(
        &self,
        scope: Scope,
        key: &[u8],
        terms: &CredentialTerms<'_>,
        now: Timestamp,
    ) -> Result<(), GateError> {
        let mut cell = self.cell(scope.shard)?;
        let class = cell.catalog.classes().id(terms.class);
        let class = class.ok_or_else(|| GateError::unknown("class", terms.class))?;
        let presented = cell.catalog.classes().classify(key).map_err(|_| Refused::Name)?;
        let digest = cell.ledger.credentials().digest(&presented);
        let known = cell.ledger.credentials().get(&digest);
        if known.is_some_and(|known| known.scope != scope.id) {
            return Err(Refused::Name.into());
        }
        let epoch = known.map_or(0, |known| known.epoch.saturating_add(1));
        let CredentialTerms { origins, status, expires, .. } = terms.clone();
        let credential = Credential { class, epoch, expires, origins, scope: scope.id, status };
        let command = Command::Enrol { digest, credential: Cow::Owned(credential) };
        let claim = self.claim(&digest, scope.shard)?;
        let enrolled = self.execute(scope.shard, &mut cell, command, now);
        if enrolled.is_err() && claim == Claim::New {
            self.digests()?.remove(&digest);
        }
        enrolled
    }

    /// Claims a digest for one shard, before it is on record there.
    fn claim(&self, digest: &Digest, shard: Shard) -> Result<Claim, GateError> {
        let mut digests = self.digests()?;
        match digests.get(digest) {
            Some(known) if *known == shard => Ok(Claim::Known),
            Some(_) => Err(Refused::Name.into()),
            None => {
                digests.insert(*digest, shard);
                Ok(Claim::New)
            }
        }
    }

    fn digests(&self) -> Result<RwLockWriteGuard<'_, ByDigest<Shard>>, GateError> {
        self.inner.digests.write().map_err(|_| GateError::Poisoned)
    }

    /// Finds out who holds a key.
    ///
    /// `origin` is what the request says of where it comes from.
    ///
    /// # Errors
    ///
    /// [`Unauthenticated`], the same for every cause.
    pub fn authenticate(
        &self,
        key: &[u8],
        origin: Option<&str>,
        now: Timestamp,
    ) -> Result<Result<Holder, Unauthenticated>, GateError> {
        let catalog = self.catalog()?;
        let presented = match catalog.classes().classify(key) {
            Ok(presented) => presented,
            Err(malformed) => return Ok(Err(malformed.into())),
        };
        let digest = presented.digest(self.inner.keys.pepper.as_ref());
        // An unknown key is looked up like any other, in the shard that would come first.
        let shard = self.shard_with(&digest)?;
        let cell = self.cell(shard)?;
        let registry = cell.ledger.credentials();
        Ok(registry.authenticate_by(cell.catalog.classes(), &digest, now).map(|good| Holder {
            scope: Scope { shard, id: good.scope() },
            principal: good.from_origin(origin),
        }))
    }

    fn shard_with(&self, digest: &Digest) -> Result<Shard, GateError> {
        let digests = self.inner.digests.read().map_err(|_| GateError::Poisoned)?;
        Ok(*digests.look_up(digest).0)
    }

    /// Whether a class may use an event type or route.
    ///
    /// # Errors
    ///
    /// [`Forbidden`] inside, when it may not.
    pub fn may(
        &self,
        principal: Principal,
        action: &str,
    ) -> Result<Result<(), Forbidden>, GateError> {
        Ok(self.catalog()?.classes().may(principal, action))
    }

    /// Why a text is no key at all; `None` when it is spelled like one.
    ///
    /// # Errors
    ///
    /// [`GateError::Poisoned`].
    pub fn malformed(&self, key: &[u8]) -> Result<Option<Malformed>, GateError> {
        Ok(self.catalog()?.classes().classify(key).err())
    }
}

/// Whether a digest's shard was known before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Claim {
    Known,
    New,
}
