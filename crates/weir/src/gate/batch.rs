//! How are several requests decided at once? In their order, under one lock as long as it serves.

use weir_core::decide::Verdict;
use weir_core::time::Timestamp;

use super::{Ask, Cell, Gate, Kept, Path, stranger};
use crate::error::GateError;

impl Gate {
    /// Decides several requests in their order, each as [`Gate::decide`] would, and counts those that
    /// are allowed. Requests of one shard that follow each other are decided under one lock: nobody
    /// else's comes between them. One that is denied, or that could not be decided, keeps none of the
    /// others from being decided.
    ///
    /// # Shape
    ///
    /// As many answers as requests, in the same order.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Ask, Caller, Cost, Gate, GateError, Quantity, Timestamp};
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "features": { "calls": {} }, "plans": { "free": { "limits": { "ever": {
    ///     "feature": "calls", "capacity": 5, "window": "lifetime" } } } } }"#, now)?;
    /// let acme = gate.open(None, "acme", Some("free"), now)?;
    /// let feature = gate.feature("calls")?;
    /// let costs = [3, 3, 2].map(|units| [Cost { feature, quantity: Quantity::from_units(units) }]);
    /// let (caller, scopes) = (Caller::Unchecked, &[acme][..]);
    /// let asks = costs.each_ref().map(|costs| Ask { caller, scopes, costs, at: now, key: None });
    /// let allowed: Vec<bool> =
    ///     gate.decide_batch(&asks, now).into_iter().map(|answer| answer.unwrap().is_allowed()).collect();
    /// assert_eq!(allowed, [true, false, true]); // 3, and the 2 that are left; no other 3
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn decide_batch(
        &self,
        asks: &[Ask<'_>],
        now: Timestamp,
    ) -> Vec<Result<Verdict, GateError>> {
        let shard_of = |ask: &Ask<'_>| Path::of(ask.scopes).0;
        let runs = asks.chunk_by(|one, next| shard_of(one) == shard_of(next));
        runs.flat_map(|run| self.decide_run(run, now)).collect()
    }

    /// Decides requests of one shard.
    fn decide_run(&self, run: &[Ask<'_>], now: Timestamp) -> Vec<Result<Verdict, GateError>> {
        let Some(first) = run.first() else { return Vec::new() };
        let (shard, _) = Path::of(first.scopes);
        let mut cell = match self.cell(shard) {
            Ok(cell) => cell,
            Err(_) => return run.iter().map(|_| Err(GateError::Poisoned)).collect(),
        };
        let Cell { ledger, catalog, record } = &mut *cell;
        let mut sink = Kept { journal: &*self.inner.journal, shard, record };
        let decide = |ask: &Ask<'_>| {
            let (_, path) = Path::of(ask.scopes);
            match path.request(ask, shard) {
                Some(request) => {
                    Ok(*ledger.decide(catalog, (&request, now), (&mut sink, &mut ()))?)
                }
                None => Ok(stranger(catalog)),
            }
        };
        run.iter().map(decide).collect()
    }
}
