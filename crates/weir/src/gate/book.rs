//! What of that which has happened is counted? All of it: no limit stands against a fact.

use weir_core::decide::Verdict;
use weir_core::time::Timestamp;

use super::{Ask, Cell, Gate, Kept, Path, stranger};
use crate::error::GateError;

impl Gate {
    /// Books what has happened already, such as what comes off a queue: as [`Gate::decide`], but no
    /// limit stands against it. What is over is overage, as on a soft limit. The gates, a period that
    /// is closed and a wallet that cannot pay refuse as they would.
    ///
    /// # Errors
    ///
    /// As [`Gate::decide`].
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Ask, Caller, Cost, Gate, GateError, Quantity, Reason, Timestamp};
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "features": { "calls": {} }, "plans": { "free": { "limits": { "calls": {
    ///     "feature": "calls", "capacity": 10, "window": "lifetime"
    /// } } } } }"#, now)?;
    /// let acme = gate.open(None, "acme", Some("free"), now)?;
    /// let costs = |n| [Cost { feature: gate.feature("calls").unwrap(), quantity: Quantity::from_units(n) }];
    /// let (caller, scopes) = (Caller::Unchecked, &[acme]);
    /// let twelve = Ask { caller, scopes, costs: &costs(12), at: now, key: None };
    /// assert_eq!(gate.decide(&twelve, now)?.reason(), Some(Reason::LimitExceeded));
    /// assert!(gate.record(&twelve, now)?.is_allowed()); // they were made all the same
    /// assert_eq!(gate.standing(acme, "calls", now)?.used, Quantity::from_units(12));
    /// let one = Ask { costs: &costs(1), ..twelve };
    /// assert_eq!(gate.decide(&one, now)?.reason(), Some(Reason::LimitExceeded));
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn record(&self, ask: &Ask<'_>, now: Timestamp) -> Result<Verdict, GateError> {
        let (shard, path) = Path::of(ask.scopes);
        let mut cell = self.cell(shard)?;
        let Cell { ledger, catalog, record } = &mut *cell;
        let Some(request) = path.request(ask, shard) else { return Ok(stranger(catalog)) };
        let mut sink = Kept { journal: &*self.inner.journal, shard, record };
        Ok(*ledger.book(catalog, (&request, now), (&mut sink, &mut ()))?)
    }
}
