//! What may be spent before it is known how much? Reservations, used, extended and given back.

use weir_core::decide::{Commit, Cost, Then, Verdict};
use weir_core::id::HoldId;
use weir_core::time::{Span, Timestamp};

use super::{Ask, Cell, Gate, Kept, Path, Shard, stranger};
use crate::error::GateError;

/// A handle to a hold of one gate.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HoldKey {
    shard: Shard,
    id: HoldId,
}

impl HoldKey {
    /// The handle made of what another one told.
    #[must_use]
    pub const fn new(shard: Shard, id: HoldId) -> Self {
        Self { shard, id }
    }

    /// The shard that its path lies in.
    #[must_use]
    pub const fn shard(self) -> Shard {
        self.shard
    }

    /// Its number within the shard.
    #[must_use]
    pub const fn id(self) -> HoldId {
        self.id
    }
}

/// What came of a reservation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reserved {
    /// The answer; nothing is charged yet.
    pub verdict: Verdict,
    /// The hold; `None` when it was denied.
    pub hold: Option<HoldKey>,
}

/// What was used of a hold.
#[derive(Clone, Copy, Debug)]
pub struct Used<'a> {
    /// The caller's number of this commit: seen again, it is answered the same.
    pub number: u32,
    /// What was used, at most eight costs.
    pub costs: &'a [Cost],
    /// Whether the hold goes on.
    pub then: Then,
}

impl Gate {
    /// Holds what is asked for, on every limit and wallet of the path, until `ttl` after `now`. What
    /// is held is there for nobody else, and comes back where it is not used.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`] when it would live for no time or more than 31 days, its root has no
    /// place for more holds, or its key was allowed before and has no hold on record; the journal's.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Ask, Caller, Cost, Gate, GateError, Quantity, Reason, Span, Then, Timestamp, Used};
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "features": { "tokens": {} }, "plans": { "free": { "limits": { "tokens": {
    ///     "feature": "tokens", "capacity": "1000", "window": { "calendar": { "unit": "month" } }
    /// } } } } }"#, now)?;
    /// let acme = gate.open(None, "acme", Some("free"), now)?;
    /// let tokens = |n| [Cost { feature: gate.feature("tokens").unwrap(), quantity: Quantity::from_units(n) }];
    /// let ask = Ask { caller: Caller::Unchecked, scopes: &[acme], costs: &tokens(800), at: now, key: None };
    ///
    /// let minute = Span::from_millis(60_000).expect("a span");
    /// let hold = gate.reserve(&ask, minute, now)?.hold.expect("800 of 1000");
    /// let denied = gate.reserve(&ask, minute, now)?; // another 800 do not fit beside them
    /// assert_eq!(denied.verdict.reason(), Some(Reason::LimitExceeded));
    ///
    /// let used = Used { number: 1, costs: &tokens(150), then: Then::End };
    /// assert!(gate.commit(hold, &used, now)?.is_allowed());
    /// let standing = gate.standing(acme, "tokens", now)?;
    /// assert_eq!((standing.used, standing.held), (Quantity::from_units(150), Quantity::ZERO));
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn reserve(&self, ask: &Ask<'_>, ttl: Span, now: Timestamp) -> Result<Reserved, GateError> {
        let (shard, path) = Path::of(ask.scopes);
        let mut cell = self.cell(shard)?;
        let Cell { ledger, catalog, record } = &mut *cell;
        let Some(request) = path.request(ask, shard) else {
            return Ok(Reserved { verdict: stranger(catalog), hold: None });
        };
        let mut sink = Kept { journal: &*self.inner.journal, shard, record };
        let verdict = ledger.reserve(catalog, (&request, ttl), now, (&mut sink, &mut ()))?;
        let id = HoldId(verdict.sequence);
        Ok(Reserved { verdict, hold: verdict.is_allowed().then_some(HoldKey { shard, id }) })
    }

    /// Books what was used of a hold where it is held, and decides anew what was used beyond it. A
    /// denial changes nothing, and the hold goes on.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`] when there is no such hold, it has ended, or it was committed 64 times
    /// and would go on; the journal's.
    pub fn commit(
        &self,
        hold: HoldKey,
        used: &Used<'_>,
        now: Timestamp,
    ) -> Result<Verdict, GateError> {
        let mut cell = self.cell(hold.shard)?;
        let Cell { ledger, catalog, record } = &mut *cell;
        let mut sink = Kept { journal: &*self.inner.journal, shard: hold.shard, record };
        let Used { number, costs, then } = *used;
        let commit = Commit { hold: hold.id, number, costs, then };
        Ok(ledger.commit(catalog, &commit, now, (&mut sink, &mut ()))?)
    }

    /// Ends a hold, and gives back what it holds. One that has ended is answered as it was then.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`] when there is no such hold; the journal's.
    pub fn release(&self, hold: HoldKey, now: Timestamp) -> Result<Verdict, GateError> {
        let mut cell = self.cell(hold.shard)?;
        let Cell { ledger, record, .. } = &mut *cell;
        let mut sink = Kept { journal: &*self.inner.journal, shard: hold.shard, record };
        Ok(ledger.release(hold.id, now, &mut sink)?)
    }

    /// Gives a hold another deadline, `ttl` after `now`, and tells it.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`] when there is no such hold, it has ended, or it would live for no time
    /// or more than 31 days; the journal's.
    pub fn extend(&self, hold: HoldKey, ttl: Span, now: Timestamp) -> Result<Timestamp, GateError> {
        let mut cell = self.cell(hold.shard)?;
        let Cell { ledger, record, .. } = &mut *cell;
        let mut sink = Kept { journal: &*self.inner.journal, shard: hold.shard, record };
        Ok(ledger.extend((hold.id, ttl), now, &mut sink)?)
    }

    /// Holds as [`Gate::reserve`] does, for as long as the answer is kept: dropped, it is released.
    ///
    /// # Errors
    ///
    /// As [`Gate::reserve`].
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Ask, Caller, Cost, Gate, GateError, Quantity, Span, Timestamp};
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "features": { "calls": {} }, "plans": { "free": { "limits": { "calls": {
    ///     "feature": "calls", "capacity": "1", "window": "lifetime"
    /// } } } } }"#, now)?;
    /// let acme = gate.open(None, "acme", Some("free"), now)?;
    /// let one = [Cost { feature: gate.feature("calls")?, quantity: Quantity::from_units(1) }];
    /// let ask = Ask { caller: Caller::Unchecked, scopes: &[acme], costs: &one, at: now, key: None };
    /// let minute = Span::from_millis(60_000).expect("a span");
    ///
    /// let hold = gate.hold(&ask, minute, now)?.expect("there is one");
    /// assert!(gate.hold(&ask, minute, now)?.is_err()); // and it is held
    /// drop(hold); // a future that is cancelled, an error on the way
    /// assert!(gate.hold(&ask, minute, now)?.is_ok());
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn hold(
        &self,
        ask: &Ask<'_>,
        ttl: Span,
        now: Timestamp,
    ) -> Result<Result<Hold, Verdict>, GateError> {
        let Reserved { verdict, hold } = self.reserve(ask, ttl, now)?;
        let taken = |key| Hold { gate: self.clone(), key, verdict, on_drop: OnDrop::Release };
        Ok(hold.map(taken).ok_or(verdict))
    }
}

/// A hold that is released when it is dropped: without waiting and without a panic. Should the
/// journal not take that down, the hold ends at its deadline.
#[must_use = "what is not kept is given back at once"]
pub struct Hold {
    gate: Gate,
    key: HoldKey,
    verdict: Verdict,
    on_drop: OnDrop,
}

enum OnDrop {
    Keep,
    Release,
}

impl Hold {
    /// The answer to the reservation.
    #[must_use]
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Commits as [`Gate::commit`] does.
    ///
    /// # Errors
    ///
    /// As [`Gate::commit`].
    pub fn commit(&self, used: &Used<'_>, now: Timestamp) -> Result<Verdict, GateError> {
        self.gate.commit(self.key, used, now)
    }

    /// The handle; from now on nothing is released when this is dropped.
    #[must_use]
    pub fn keep(mut self) -> HoldKey {
        self.on_drop = OnDrop::Keep;
        self.key
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let OnDrop::Release = self.on_drop {
            // There is no clock here: the latest instant seen counts.
            let _ended = self.gate.release(self.key, Timestamp::MIN);
        }
    }
}
