//! What changes together? Read and planned under the lock of one shard, and done as one record.

use std::borrow::Cow;

use weir_core::account::Status;
use weir_core::amount::Quantity;
use weir_core::catalog::Catalog;
use weir_core::decide::{Binding, Observer, Verdict};
use weir_core::id::{LimitId, PlanId, ScopeId, ScopeName};
use weir_core::ledger::{Command, Ledger, Refused};
use weir_core::limit::{Balance, Source, UNLIMITED};
use weir_core::time::Timestamp;
use weir_core::window::Period;

use super::commands::note_key;
use super::{Ask, Cell, Gate, ImportTerms, Kept, Path, Scope, Shard, stranger};
use crate::error::GateError;
use crate::journal::Journal;

/// The state of one shard under its lock, and what is to be changed there.
///
/// What is planned is done as one record, whole or not at all: when the plan is made, or before
/// something is decided. Until then what is read is how things were before.
pub struct Desk<'a> {
    root: &'a str,
    shard: Shard,
    ledger: &'a mut Ledger,
    catalog: &'a Catalog,
    record: &'a mut Vec<u8>,
    journal: &'a dyn Journal,
    now: Timestamp,
    planned: Vec<Command<'static>>,
}

impl Gate {
    /// Reads and plans under one lock, and does all that was planned as one record of the journal;
    /// nothing, when `plan` fails. So of two who change the same, the second sees what the first
    /// made of it, and nobody ever sees a part.
    ///
    /// `plan` is called under the lock of the root's shard: it must not call this gate.
    ///
    /// # Errors
    ///
    /// Those of `plan`; [`GateError::Refused`] when something planned does not fit, the journal's.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Gate, GateError, Status, Timestamp};
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// let member = gate.transact("acme", now, |desk| {
    ///     let acme = desk.open(None, "acme", None)?;
    ///     let member = desk.open(Some(acme), "ann", None)?;
    ///     desk.set_status(member, Status::Paused);
    ///     desk.put_note((1, b"ann"), Some(b"a document"));
    ///     Ok::<_, GateError>(member)
    /// })?;
    /// assert_eq!(gate.status(member)?, Some(Status::Paused));
    ///
    /// let refused = gate.transact("acme", now, |desk| {
    ///     desk.put_note((1, b"ann"), None);
    ///     desk.open(None, "acme", None) // it is there: nothing is done
    /// });
    /// assert!(refused.is_err());
    /// assert!(gate.note("acme", 1, b"ann")?.is_some());
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn transact<T, E: From<GateError>>(
        &self,
        root: &str,
        now: Timestamp,
        plan: impl FnOnce(&mut Desk<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let shard = self.shard_of(root);
        let mut cell = self.cell(shard)?;
        let Cell { ledger, catalog, record } = &mut *cell;
        let journal = &*self.inner.journal;
        let (now, planned) = (ledger.head().seen.max(now), Vec::new());
        let mut desk = Desk { root, shard, ledger, catalog, record, journal, now, planned };
        let made = plan(&mut desk)?;
        desk.done()?;
        Ok(made)
    }
}

impl Desk<'_> {
    /// The later of the host's instant and the latest one seen: when it will be done.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// As [`Gate::find`], in this shard.
    #[must_use]
    pub fn find(&self, parent: Option<Scope>, name: &str) -> Option<Scope> {
        let id = self.ledger.accounts().find(parent.map(|parent| parent.id), name);
        id.map(|id| Scope { shard: self.shard, id })
    }

    /// A document of the root.
    #[must_use]
    pub fn note(&self, space: u16, key: &[u8]) -> Option<&[u8]> {
        self.ledger.note(space, &note_key(self.root, key))
    }

    /// The documents of the root whose keys come after `after`, in the order of their keys.
    pub fn notes<'d>(
        &'d self,
        space: u16,
        after: &[u8],
    ) -> impl Iterator<Item = (&'d [u8], &'d [u8])> + use<'d> {
        let root = note_key(self.root, b"");
        let len = root.len();
        let notes = self.ledger.notes_after(space, &note_key(self.root, after));
        let own = notes.take_while(move |(key, _)| key.starts_with(&root));
        own.map(move |(key, value)| (key.get(len..).unwrap_or_default(), value))
    }

    /// How a limit of a scope stands, in the period that is open.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] when the scope's plan has no such limit.
    pub fn standing(&self, scope: Scope, limit: &str) -> Result<Binding, GateError> {
        let id = self.limit(limit)?;
        let standing = self.ledger.standing(self.catalog, (scope.id, id), self.now);
        standing.ok_or_else(|| GateError::unknown("limit", limit))
    }

    /// What a scope used of a limit's own capacity in the period that ends then, and that capacity;
    /// `None` where nothing is on record any more.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] for the limit.
    pub fn counted(
        &self,
        scope: Scope,
        limit: &str,
        end: Timestamp,
    ) -> Result<Option<(Quantity, Quantity)>, GateError> {
        let key = (self.limit(limit)?, Source::PLAN, end);
        let accounts = self.ledger.accounts();
        let mut balances = accounts.get(scope.id).map(|account| accounts.balances(account));
        let known = balances.as_mut().and_then(|all| all.find(|balance| balance.key() == key));
        Ok(known.map(|balance| (balance.used, balance.capacity)))
    }

    /// The period of a plan's limit that is open, for a scope whose own windows start at `anchor`.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] when the plan has no such limit, or none of its periods is open.
    pub fn period(&self, plan: &str, limit: &str, anchor: Timestamp) -> Result<Period, GateError> {
        let terms = self.catalog.limit_terms(self.plan(plan)?, self.limit(limit)?);
        let terms = terms.ok_or_else(|| GateError::unknown("limit", limit))?;
        let anchor = terms.anchor.unwrap_or(anchor);
        let period = terms.window.period(self.now, anchor, self.catalog.zones());
        period.map_err(|_| GateError::unknown("period", limit))
    }

    /// Does what was planned, and then decides as [`Gate::decide_with`] does, at [`Desk::now`]. What
    /// was done stays done when the verdict is a denial.
    ///
    /// # Errors
    ///
    /// Those of [`Gate::transact`]; then nothing was decided.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Ask, Caller, Cost, Gate, GateError, Quantity, Reason, Status, Timestamp};
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "features": { "calls": {} }, "plans": { "free": { "limits": { "ever": {
    ///     "feature": "calls", "capacity": 5, "window": "lifetime" } } } } }"#, now)?;
    /// let acme = gate.open(None, "acme", Some("free"), now)?;
    /// let cost = Cost { feature: gate.feature("calls")?, quantity: Quantity::from_units(1) };
    /// let ask = Ask { caller: Caller::Unchecked, scopes: &[acme], costs: &[cost], at: now, key: None };
    /// let verdict = gate.transact("acme", now, |desk| {
    ///     desk.set_status(acme, Status::Paused);
    ///     desk.decide(&ask, &mut ())
    /// })?;
    /// assert_eq!(verdict.reason(), Some(Reason::Paused)); // nobody came in between
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn decide<O: Observer>(
        &mut self,
        ask: &Ask<'_>,
        observer: &mut O,
    ) -> Result<Verdict, GateError> {
        self.done()?;
        let (shard, path) = Path::of(ask.scopes);
        let request = path.request(ask, shard).filter(|_| shard == self.shard);
        let Some(request) = request else { return Ok(stranger(self.catalog)) };
        let Self { ledger, catalog, record, journal, now, .. } = self;
        let mut sink = Kept { journal: *journal, shard, record };
        Ok(*ledger.decide(catalog, (&request, *now), (&mut sink, observer))?)
    }

    fn done(&mut self) -> Result<(), GateError> {
        let planned = std::mem::take(&mut self.planned);
        let Self { ledger, catalog, record, journal, now, shard, .. } = self;
        let mut sink = Kept { journal: *journal, shard: *shard, record };
        Ok(ledger.execute_all(catalog, planned, *now, &mut sink)?)
    }

    /// Plans a scope that is not there yet.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`] when the name is none, or taken; [`GateError::UnknownName`] for the
    /// plan.
    pub fn open(
        &mut self,
        parent: Option<Scope>,
        name: &str,
        plan: Option<&str>,
    ) -> Result<Scope, GateError> {
        let plan = plan.map(|plan| self.plan(plan)).transpose()?;
        ScopeName::parse(name).map_err(|_| Refused::Name)?;
        let taken = self.find(parent, name).is_some();
        let new = self.planned.iter().filter(|one| matches!(one, Command::Intern { .. })).count();
        let index = self.ledger.accounts().len().saturating_add(new);
        let id = u32::try_from(index).ok().filter(|_| !taken).map(ScopeId).ok_or(Refused::Name)?;
        let (parent, name) = (parent.map(|parent| parent.id), Cow::Owned(name.to_owned()));
        self.planned.push(Command::Intern { scope: id, parent, name, plan });
        Ok(Scope { shard: self.shard, id })
    }

    /// Plans to say whether a scope may spend.
    pub fn set_status(&mut self, scope: Scope, status: Status) {
        self.planned.push(Command::SetStatus { scope: scope.id, status });
    }

    /// Plans to set what was counted on a limit's own capacity, as [`Gate::import`] does.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] for the limit.
    pub fn import(
        &mut self,
        scope: Scope,
        limit: &str,
        terms: &ImportTerms<'_>,
    ) -> Result<(), GateError> {
        let balance = Balance {
            used: terms.used,
            capacity: terms.capacity.unwrap_or(UNLIMITED),
            window_end: terms.window_end,
            limit: self.limit(limit)?,
            ..Balance::VACANT
        };
        self.planned.push(Command::Import { scope: scope.id, balance, anchor: None });
        Ok(())
    }

    /// Plans to keep a document of the root, or to drop it.
    pub fn put_note(&mut self, (space, key): (u16, &[u8]), value: Option<&[u8]>) {
        let key = Cow::Owned(note_key(self.root, key));
        let value = value.map(|value| Cow::Owned(value.to_owned()));
        self.planned.push(Command::Note { space, key, value });
    }

    fn limit(&self, name: &str) -> Result<LimitId, GateError> {
        self.catalog.limit(name).ok_or_else(|| GateError::unknown("limit", name))
    }

    fn plan(&self, name: &str) -> Result<PlanId, GateError> {
        self.catalog.plan(name).ok_or_else(|| GateError::unknown("plan", name))
    }
}
