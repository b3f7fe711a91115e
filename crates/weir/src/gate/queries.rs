//! How do things stand? Read from one shard, under its lock, at an instant.

use weir_core::account::Status;
use weir_core::amount::Quantity;
use weir_core::decide::Binding;
use weir_core::time::Timestamp;
use weir_core::wallet::Lot;

use super::{Gate, Scope, unknown};
use crate::error::GateError;

impl Gate {
    /// The scope called `name` under `parent`, if it is known.
    ///
    /// # Errors
    ///
    /// [`GateError::Poisoned`].
    pub fn find(&self, parent: Option<Scope>, name: &str) -> Result<Option<Scope>, GateError> {
        let shard = parent.map_or_else(|| self.shard_of(name), |parent| parent.shard);
        let cell = self.cell(shard)?;
        let id = cell.ledger.accounts().find(parent.map(|parent| parent.id), name);
        Ok(id.map(|id| Scope { shard, id }))
    }

    /// A scope's name; empty when there is no such scope.
    ///
    /// # Errors
    ///
    /// [`GateError::Poisoned`].
    pub fn name(&self, scope: Scope) -> Result<String, GateError> {
        Ok(self.cell(scope.shard)?.ledger.accounts().name(scope.id).to_owned())
    }

    /// Whether a scope may spend; `None` when there is no such scope.
    ///
    /// # Errors
    ///
    /// [`GateError::Poisoned`].
    pub fn status(&self, scope: Scope) -> Result<Option<Status>, GateError> {
        Ok(self.cell(scope.shard)?.ledger.account(scope.id).map(|account| account.status()))
    }

    /// How a limit of a scope stands at `now`, in the period that is open then.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] when the scope's plan has no such limit.
    pub fn standing(
        &self,
        scope: Scope,
        limit: &str,
        now: Timestamp,
    ) -> Result<Binding, GateError> {
        let cell = self.cell(scope.shard)?;
        let id = cell.catalog.limit(limit).ok_or_else(|| unknown("limit", limit))?;
        let standing = cell.ledger.standing(&cell.catalog, (scope.id, id), now);
        standing.ok_or_else(|| unknown("limit", limit))
    }

    /// What a wallet of a scope can pay at `now`.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] for the wallet.
    pub fn usable(
        &self,
        scope: Scope,
        wallet: &str,
        now: Timestamp,
    ) -> Result<Quantity, GateError> {
        let cell = self.cell(scope.shard)?;
        let id = cell.catalog.wallet(wallet).ok_or_else(|| unknown("wallet", wallet))?;
        Ok(cell.ledger.usable(scope.id, id, now))
    }

    /// The lots of a scope, in the order in which they are drawn.
    ///
    /// # Errors
    ///
    /// [`GateError::Poisoned`].
    pub fn lots(&self, scope: Scope) -> Result<Vec<Lot>, GateError> {
        let cell = self.cell(scope.shard)?;
        let accounts = cell.ledger.accounts();
        let account = accounts.get(scope.id);
        Ok(account.map(|account| accounts.lots(account).cloned().collect()).unwrap_or_default())
    }

    /// A document of the host, kept beside the counts of a root.
    ///
    /// # Errors
    ///
    /// [`GateError::Poisoned`].
    pub fn note(&self, root: &str, space: u16, key: &[u8]) -> Result<Option<Vec<u8>>, GateError> {
        let cell = self.cell(self.shard_of(root))?;
        Ok(cell.ledger.note(space, key).map(<[u8]>::to_vec))
    }
}
