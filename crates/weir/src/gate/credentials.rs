//! Who is calling? Credentials on record, found by digest across the shards.

use std::borrow::Cow;

use weir_core::decide::Caller;
use weir_core::ledger::{Command, Refused};
use weir_core::time::Timestamp;
use weir_core::token::{
    Credential, Digest, Forbidden, Malformed, Origins, Principal, Status, Unauthenticated,
};

use super::{Gate, Scope, unknown};
use crate::error::GateError;

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
    pub fn caller(&self) -> Result<Caller, Forbidden> {
        self.principal.map(Caller::Known)
    }
}

impl Gate {
    /// Puts a key on record for a scope, or replaces what is on record about it.
    ///
    /// The key itself is not kept: only its digest is.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] for the class; [`Refused::Name`] when the text is no key of any.
    pub fn enrol(
        &self,
        scope: Scope,
        key: &[u8],
        terms: &CredentialTerms<'_>,
        now: Timestamp,
    ) -> Result<(), GateError> {
        let mut cell = self.cell(scope.shard)?;
        let class = cell.catalog.classes().id(terms.class);
        let class = class.ok_or_else(|| unknown("class", terms.class))?;
        let presented = cell.catalog.classes().classify(key).map_err(|_| Refused::Name)?;
        let digest = cell.ledger.credentials().digest(&presented);
        let epoch = cell.ledger.credentials().get(&digest).map_or(0, |c| c.epoch.saturating_add(1));
        let CredentialTerms { origins, status, expires, .. } = terms.clone();
        let credential = Credential { class, epoch, expires, origins, scope: scope.id, status };
        let command = Command::Enrol { digest, credential: Cow::Owned(credential) };
        self.execute(scope.shard, &mut cell, command, now)?;
        let mut digests = self.inner.digests.write().map_err(|_| GateError::Poisoned)?;
        digests.insert(*digest.as_bytes(), scope.shard);
        Ok(())
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

    fn shard_with(&self, digest: &Digest) -> Result<super::Shard, GateError> {
        let digests = self.inner.digests.read().map_err(|_| GateError::Poisoned)?;
        Ok(digests.get(digest.as_bytes()).copied().unwrap_or(super::Shard(0)))
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
