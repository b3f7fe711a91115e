//! What may an operator put right? Counts, limits that start anew, and the clock.

use weir_core::amount::Quantity;
use weir_core::decide::Anchor;
use weir_core::id::LimitId;
use weir_core::ledger::Command;
use weir_core::time::Timestamp;

use super::{Cell, Gate, Kept, Scope, Shard};
use crate::error::GateError;

impl Gate {
    /// Adds to what a limit of a scope counts now, or takes away from it, whatever there is room
    /// for. Nothing is charged. Tells how much of it found a place: of what is taken away at most
    /// what was used.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] for the limit; [`GateError::Refused`] when it has no period now, or
    /// the sum is no number.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Gate, GateError, Quantity, Timestamp};
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "features": { "calls": {} }, "plans": { "free": { "limits": { "daily": {
    ///     "feature": "calls", "capacity": 5, "window": { "calendar": { "unit": "day" } }
    /// } } } } }"#, now)?;
    /// let acme = gate.open(None, "acme", Some("free"), now)?;
    /// let units = Quantity::from_units;
    /// gate.adjust(acme, "daily", units(7), now)?; // they were used elsewhere
    /// assert_eq!(gate.standing(acme, "daily", now)?.used, units(7));
    /// assert_eq!(gate.adjust(acme, "daily", units(-9), now)?, units(-7)); // there is no more
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn adjust(
        &self,
        scope: Scope,
        limit: &str,
        by: Quantity,
        now: Timestamp,
    ) -> Result<Quantity, GateError> {
        let mut cell = self.cell(scope.shard)?;
        let id = limit_of(&cell, limit)?;
        let Cell { ledger, catalog, record } = &mut *cell;
        let mut sink = Kept { journal: &*self.inner.journal, shard: scope.shard, record };
        Ok(ledger.adjust(catalog, (scope.id, id, by), now, &mut sink)?)
    }

    /// Lets a limit of a scope start anew: its open period ends now and the next one starts, which
    /// ends where the old one would have, or which an anchor that moves to now begins. An anchor is
    /// the scope's: all its windows that start there move with it. What is held stays held.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] for the limit; [`GateError::Refused`] when it has no period now, or
    /// no anchor that could move.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Anchor, Gate, GateError, Quantity, Timestamp};
    ///
    /// let (gate, start) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "features": { "calls": {} }, "plans": { "free": { "limits": { "monthly": {
    ///     "feature": "calls", "capacity": 5, "window": { "anchored": { "span": "P30D" } }
    /// } } } } }"#, start)?;
    /// let acme = gate.open(None, "acme", Some("free"), start)?;
    /// let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
    /// let stands = |now| -> Result<_, GateError> {
    ///     let standing = gate.standing(acme, "monthly", now)?;
    ///     Ok((standing.used, standing.resets_at))
    /// };
    /// gate.adjust(acme, "monthly", Quantity::from_units(4), start)?;
    /// gate.reset(acme, "monthly", Anchor::Keep, at("1970-01-11T00:00:00Z"))?;
    /// assert_eq!(stands(at("1970-01-11T00:00:00Z"))?, (Quantity::ZERO, at("1970-01-31T00:00:00Z")));
    /// gate.reset(acme, "monthly", Anchor::Move, at("1970-01-21T00:00:00Z"))?;
    /// assert_eq!(stands(at("1970-01-21T00:00:00Z"))?, (Quantity::ZERO, at("1970-02-20T00:00:00Z")));
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn reset(
        &self,
        scope: Scope,
        limit: &str,
        anchor: Anchor,
        now: Timestamp,
    ) -> Result<(), GateError> {
        let mut cell = self.cell(scope.shard)?;
        let id = limit_of(&cell, limit)?;
        let Cell { ledger, catalog, record } = &mut *cell;
        let mut sink = Kept { journal: &*self.inner.journal, shard: scope.shard, record };
        Ok(ledger.reset(catalog, (scope.id, id, anchor), now, &mut sink)?)
    }

    /// Lets time pass in every shard, and ends the holds whose deadline has passed.
    ///
    /// # Errors
    ///
    /// The journal's.
    pub fn advance(&self, now: Timestamp) -> Result<(), GateError> {
        for shard in (0..self.shard_count()).map(Shard::new) {
            self.execute(shard, &mut *self.cell(shard)?, Command::Advance, now)?;
        }
        Ok(())
    }

    /// Sets the clock of every shard, in either direction: what puts right that a wrong clock was
    /// believed. Everything that was decided stays as it is. A period that had begun by then and was
    /// closed is not opened again; all that come after it are.
    ///
    /// # Errors
    ///
    /// The journal's: then some shards may be set and others not. Set it again.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Ask, Caller, Cost, Gate, GateError, Quantity, Reason, Timestamp};
    ///
    /// let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
    /// let (now, wrong) = (at("2026-03-01T12:00:00Z"), at("2031-03-01T12:00:00Z"));
    /// let gate = Gate::in_memory()?;
    /// gate.install(br#"{ "features": { "calls": {} }, "plans": { "free": { "limits": { "daily": {
    ///     "feature": "calls", "capacity": 1, "window": { "calendar": { "unit": "day" } }
    /// } } } } }"#, now)?;
    /// let acme = gate.open(None, "acme", Some("free"), now)?;
    /// let costs = [Cost { feature: gate.feature("calls")?, quantity: Quantity::from_units(1) }];
    /// let ask = |at| gate.decide(&Ask { caller: Caller::Unchecked, scopes: &[acme], costs: &costs, at, key: None }, at);
    /// assert!(ask(now)?.is_allowed());
    /// assert!(ask(wrong)?.is_allowed()); // a clock five years ahead
    /// gate.set_clock(now)?;
    /// assert_eq!(ask(now)?.reason(), Some(Reason::PeriodClosed)); // today was used, and is over
    /// assert!(ask(at("2026-03-02T00:00:00Z"))?.is_allowed()); // tomorrow is not
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn set_clock(&self, to: Timestamp) -> Result<(), GateError> {
        for shard in (0..self.shard_count()).map(Shard::new) {
            let mut cell = self.cell(shard)?;
            let Cell { ledger, catalog, record } = &mut *cell;
            let mut sink = Kept { journal: &*self.inner.journal, shard, record };
            ledger.set_clock(catalog, to, &mut sink)?;
        }
        Ok(())
    }
}

fn limit_of(cell: &Cell, limit: &str) -> Result<LimitId, GateError> {
    cell.catalog.limit(limit).ok_or_else(|| GateError::unknown("limit", limit))
}
