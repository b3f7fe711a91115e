//! How do things stand? Read from one shard, under its lock, at an instant.

use weir_core::account::Status;
use weir_core::amount::Quantity;
use weir_core::catalog::Terms;
use weir_core::decide::{Access, Binding};
use weir_core::grant::Grant;
use weir_core::ledger::{Forecast, Pace};
use weir_core::time::Timestamp;
use weir_core::wallet::Lot;

use super::commands::note_key;
use super::{Gate, Scope};
use crate::error::GateError;
use crate::sync::Arc;

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

    /// The scope that a scope hangs under; `None` for a root, and when there is no such scope.
    ///
    /// # Errors
    ///
    /// [`GateError::Poisoned`].
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Gate, GateError, Timestamp};
    ///
    /// let gate = Gate::in_memory()?;
    /// let tenant = gate.open(None, "acme", None, Timestamp::EPOCH)?;
    /// let key = gate.open(Some(tenant), "key_1", None, Timestamp::EPOCH)?;
    /// assert_eq!(gate.parent(key)?, Some(tenant));
    /// assert_eq!(gate.parent(tenant)?, None); // a root hangs under nothing
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn parent(&self, scope: Scope) -> Result<Option<Scope>, GateError> {
        let cell = self.cell(scope.shard)?;
        let parent = cell.ledger.account(scope.id).and_then(|account| account.parent());
        Ok(parent.map(|id| Scope { shard: scope.shard, id }))
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
        let id = cell.catalog.limit(limit).ok_or_else(|| GateError::unknown("limit", limit))?;
        let standing = cell.ledger.standing(&cell.catalog, (scope.id, id), now);
        standing.ok_or_else(|| GateError::unknown("limit", limit))
    }

    /// Whether anything more would pass a limit of a scope at `at`, and how it stands in the period
    /// of then, as far as the latest instant seen still reaches it.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] when the scope's plan has no such limit.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Ask, Caller, Cost, Gate, GateError, Outcome, Quantity, Reason, Timestamp};
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "features": { "calls": {} }, "plans": { "free": { "limits": { "daily": {
    ///     "feature": "calls", "capacity": 2, "charge": { "price": "0.5" },
    ///     "window": { "calendar": { "unit": "day" } }
    /// } } } } }"#, now)?;
    /// let acme = gate.open(None, "acme", Some("free"), now)?;
    /// assert_eq!(gate.access(acme, "daily", now)?.outcome, Outcome::Allowed);
    ///
    /// let costs = [Cost { feature: gate.feature("calls")?, quantity: Quantity::from_units(2) }];
    /// let (caller, scopes) = (Caller::Unchecked, &[acme][..]);
    /// gate.decide(&Ask { caller, scopes, costs: &costs, at: now, key: None }, now)?;
    /// let access = gate.access(acme, "daily", now)?;
    /// assert_eq!(access.outcome, Outcome::Denied(Reason::LimitExceeded));
    /// assert_eq!(access.spent, Quantity::from_units(1));
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn access(&self, scope: Scope, limit: &str, at: Timestamp) -> Result<Access, GateError> {
        let cell = self.cell(scope.shard)?;
        let id = cell.catalog.limit(limit).ok_or_else(|| GateError::unknown("limit", limit))?;
        let access = cell.ledger.access(&cell.catalog, (scope.id, id), at);
        access.ok_or_else(|| GateError::unknown("limit", limit))
    }

    /// How every limit of a scope stands at `at`, by name, in the order of its plan's features.
    ///
    /// # Errors
    ///
    /// [`GateError::Poisoned`].
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Gate, GateError, Outcome, Timestamp};
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "features": { "calls": {} }, "plans": { "free": { "limits": {
    ///     "daily": { "feature": "calls", "capacity": 5, "window": { "calendar": { "unit": "day" } } },
    ///     "never": { "feature": "calls", "capacity": 0, "window": "lifetime" }
    /// } } } }"#, now)?;
    /// let acme = gate.open(None, "acme", Some("free"), now)?;
    /// let balances = gate.balances(acme, now)?;
    /// let [(daily, one), (never, other)] = &balances[..] else { panic!("two limits") };
    /// assert_eq!((&daily[..], one.outcome), ("daily", Outcome::Allowed));
    /// assert_eq!((&never[..], other.outcome == Outcome::Allowed), ("never", false));
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn balances(
        &self,
        scope: Scope,
        at: Timestamp,
    ) -> Result<Vec<(String, Access)>, GateError> {
        let cell = self.cell(scope.shard)?;
        let plan = cell.ledger.account(scope.id).and_then(|account| account.plan());
        let limits = plan.into_iter().flat_map(|plan| cell.catalog.limits_of(plan));
        let standing = limits.filter_map(|terms| {
            let name = cell.catalog.names().limits.name(terms.limit.0)?;
            let access = cell.ledger.access(&cell.catalog, (scope.id, terms.limit), at)?;
            Some((name.as_str().to_owned(), access))
        });
        Ok(standing.collect())
    }

    /// When a pace is refused: what a limit of a scope counts, asked for at `now` and then again and
    /// again, with all that comes back, starts and ends on the way. Nothing is counted.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] when the scope's plan has no such limit, or the pace asks for
    /// nothing.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Forecast, Gate, GateError, Pace, Quantity, Reason, Span, Timestamp};
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "features": { "tokens": {} }, "plans": { "free": { "limits": { "daily": {
    ///     "feature": "tokens", "capacity": 240, "window": { "calendar": { "unit": "day" } }
    /// } } } } }"#, now)?;
    /// let acme = gate.open(None, "acme", Some("free"), now)?;
    /// let hour = Span::from_millis(3_600_000).expect("a span");
    /// let pace = |units| Pace { quantity: Quantity::from_units(units), every: hour };
    /// assert_eq!(gate.forecast(acme, "daily", pace(10), now)?, Forecast::Never); // 24 times 10 a day
    /// let Forecast::At { at, reason, .. } = gate.forecast(acme, "daily", pace(11), now)? else {
    ///     panic!("24 times 11 are more than 240")
    /// };
    /// assert_eq!(at, "1970-01-01T21:00:00Z".parse().expect("an instant")); // 21 times 11 are 231
    /// assert_eq!(reason, Reason::LimitExceeded);
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn forecast(
        &self,
        scope: Scope,
        limit: &str,
        pace: Pace,
        now: Timestamp,
    ) -> Result<Forecast, GateError> {
        let unknown = || GateError::unknown("limit", limit);
        let (outlook, catalog) = {
            let cell = self.cell(scope.shard)?;
            (cell.ledger.outlook(scope.id), Arc::clone(&cell.catalog))
        };
        let found = outlook.zip(catalog.limit(limit));
        let forecast = found.and_then(|(ahead, id)| ahead.forecast(&catalog, id, pace, now));
        forecast.ok_or_else(unknown)
    }

    /// The terms of a limit in the plan of a scope.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] when the scope's plan has no such limit.
    pub fn terms(&self, scope: Scope, limit: &str) -> Result<Terms, GateError> {
        let cell = self.cell(scope.shard)?;
        let plan = cell.ledger.account(scope.id).and_then(|account| account.plan());
        let found = plan.zip(cell.catalog.limit(limit));
        let terms = found.and_then(|(plan, id)| cell.catalog.limit_terms(plan, id)).cloned();
        terms.ok_or_else(|| GateError::unknown("limit", limit))
    }

    /// The grants of a scope for one limit, in the order in which they are drawn, whether or not
    /// they pay now.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] when the catalog has no such limit.
    pub fn grants(&self, scope: Scope, limit: &str) -> Result<Vec<Grant>, GateError> {
        let cell = self.cell(scope.shard)?;
        let id = cell.catalog.limit(limit).ok_or_else(|| GateError::unknown("limit", limit))?;
        let accounts = cell.ledger.accounts();
        let grants = accounts.get(scope.id).map(|account| accounts.grants(account));
        Ok(grants.into_iter().flatten().filter(|grant| grant.limit == id).cloned().collect())
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
        let id = cell.catalog.wallet(wallet).ok_or_else(|| GateError::unknown("wallet", wallet))?;
        Ok(cell.ledger.usable(scope.id, id, now))
    }

    /// What open holds keep of the money in a wallet of a scope.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] for the wallet.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Ask, Caller, Cost, Gate, GateError, LotTerms, Quantity, Span, Timestamp};
    /// use weir_core::wallet::Kind;
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "wallets": { "credits": {} }, "features": { "calls": {} },
    ///     "plans": { "free": { "limits": { "calls": { "feature": "calls", "capacity": "unlimited",
    ///         "window": "lifetime", "charge": { "price": "2", "wallet": "credits" } } } } } }"#, now)?;
    /// let acme = gate.open(None, "acme", Some("free"), now)?;
    /// let (amount, kind) = (Quantity::from_units(5), Kind::Paid);
    /// let pack = LotTerms { name: "p", amount, kind, priority: 0, purchased: now, expires: None };
    /// gate.top_up(acme, "credits", &pack, now)?;
    /// let one = [Cost { feature: gate.feature("calls")?, quantity: Quantity::from_units(1) }];
    /// let ask = Ask { caller: Caller::Unchecked, scopes: &[acme], costs: &one, at: now, key: None };
    /// let hold = gate.hold(&ask, Span::from_millis(1_000).expect("a second"), now)?;
    /// assert_eq!(gate.held(acme, "credits")?, Quantity::from_units(2));
    /// drop(hold);
    /// assert_eq!(gate.held(acme, "credits")?, Quantity::ZERO); // given back
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn held(&self, scope: Scope, wallet: &str) -> Result<Quantity, GateError> {
        let cell = self.cell(scope.shard)?;
        let id = cell.catalog.wallet(wallet).ok_or_else(|| GateError::unknown("wallet", wallet))?;
        Ok(cell.ledger.held(scope.id, id))
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
        Ok(cell.ledger.note(space, &note_key(root, key)).map(<[u8]>::to_vec))
    }
}
