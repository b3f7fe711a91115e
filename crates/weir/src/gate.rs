//! Who decides, among threads? Shards behind locks, each with its own catalog handle.
//!
//! A root scope's name picks the shard; everything that one verdict commits lies in one shard, so
//! one lock is held, for one decision. The catalog is swapped under that lock: a verdict belongs to
//! exactly one version, which it names.

use std::borrow::Cow;

use weir_core::catalog::{Catalog, Names};
use weir_core::decide::{self, Cost, Observer, PATH_MAX, Reason, Request, Verdict};
use weir_core::dedup::RequestKey;
use weir_core::id::{CatalogVersion, FeatureId, ScopeId};
use weir_core::ledger::{Command, HostKeys, Ledger, Record, Refused, Sink, next_version};
use weir_core::limit::OnShortfall;
use weir_core::time::Timestamp;
use weir_core::token::ByDigest;

use crate::catalog;
use crate::error::GateError;
use crate::explain::Trace;
use crate::journal::{Journal, JournalError, MemoryJournal, NoJournal};
use crate::sync::{Arc, Mutex, MutexGuard, RwLock};

mod batch;
mod book;
mod commands;
mod correct;
mod credentials;
mod desk;
mod holds;
mod queries;

pub use commands::{GrantTerms, ImportTerms, LotTerms};
pub use credentials::{Caller, CredentialTerms, Holder, Proof};
pub use desk::Desk;
pub use holds::{Hold, HoldKey, Reserved, Used};

/// The thread-safe decider: clone it freely, all clones are one gate.
#[derive(Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

struct Inner {
    shards: Box<[Mutex<Cell>]>,
    journal: Box<dyn Journal>,
    keys: HostKeys,
    /// The catalog for names and credential classes; decisions use their shard's.
    catalog: RwLock<Arc<Catalog>>,
    /// Which shard has a credential, by its digest. Follows from the shards, and is never kept.
    digests: RwLock<ByDigest<Shard>>,
    /// Held by the one installation at a time: all shards get catalogs in the same order.
    installing: Mutex<()>,
}

/// One shard: its ledger, the catalog in force there, and room for a record's bytes.
struct Cell {
    ledger: Ledger,
    catalog: Arc<Catalog>,
    record: Vec<u8>,
}

/// The number of a shard.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Shard(u16);

impl Shard {
    /// The shard with a number.
    #[must_use]
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// The number, from 0.
    #[must_use]
    pub const fn index(self) -> u16 {
        self.0
    }
}

/// A handle to a scope of one gate: what to keep instead of a name.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Scope {
    shard: Shard,
    id: ScopeId,
}

impl Scope {
    /// The shard that its tree lies in.
    #[must_use]
    pub const fn shard(self) -> Shard {
        self.shard
    }

    /// Its number within the shard: what verdicts and records name.
    #[must_use]
    pub const fn id(self) -> ScopeId {
        self.id
    }
}

/// What is asked of a gate.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Who asks; [`Caller::Unchecked`] says aloud that this decision needs no credential.
    pub caller: Caller,
    /// The root scope, and up to seven below it, in any shape: else [`Reason::Malformed`].
    pub scopes: &'a [Scope],
    /// What is asked for, at most eight costs.
    pub costs: &'a [Cost],
    /// When it happened.
    pub at: Timestamp,
    /// The caller's idempotency key.
    pub key: Option<&'a [u8]>,
}

/// What a gate is made of.
pub struct GateBuilder {
    journal: Box<dyn Journal>,
    keys: HostKeys,
    shards: u16,
}

impl GateBuilder {
    /// Where records are kept; nowhere when not said.
    #[must_use]
    pub fn journal(mut self, journal: impl Journal + 'static) -> Self {
        self.journal = Box::new(journal);
        self
    }

    /// The host's secrets. Which shard a root lies in, and what a key's digest is, follow from
    /// them: who keeps the journal must keep them, too. [`HostKeys::fixed`] when not said, which is
    /// not for names and keys that strangers choose.
    #[must_use]
    pub fn keys(mut self, keys: HostKeys) -> Self {
        self.keys = keys;
        self
    }

    /// How many shards; 16 when not said. At least one.
    #[must_use]
    pub const fn shards(mut self, shards: u16) -> Self {
        self.shards = if shards == 0 { 1 } else { shards };
        self
    }

    /// The gate, empty and without a catalog: everything is unknown until one is installed.
    ///
    /// # Errors
    ///
    /// None today; the compiled empty catalog is checked like any other.
    pub fn build(self) -> Result<Gate, GateError> {
        let Self { journal, keys, shards } = self;
        let (_, empty) = catalog::compile(b"{}", &Names::default(), CatalogVersion(0))?;
        let empty = Arc::new(empty);
        let cell = |_| {
            let (ledger, catalog) = (Ledger::new(&keys), Arc::clone(&empty));
            Mutex::new(Cell { ledger, catalog, record: Vec::new() })
        };
        let shards = (0..shards).map(cell).collect();
        let (catalog, digests) = (RwLock::new(empty), RwLock::new(ByDigest::new(Shard(0))));
        let installing = Mutex::new(());
        Ok(Gate { inner: Arc::new(Inner { shards, journal, keys, catalog, digests, installing }) })
    }
}

impl Gate {
    /// Starts describing a gate.
    #[must_use]
    pub fn builder() -> GateBuilder {
        GateBuilder { journal: Box::new(NoJournal), keys: HostKeys::fixed(), shards: 16 }
    }

    /// A gate of one shard whose counts end with the process, and the journal of what it did.
    ///
    /// # Errors
    ///
    /// As [`GateBuilder::build`].
    pub fn recording() -> Result<(Self, Arc<MemoryJournal>), GateError> {
        let journal = Arc::new(MemoryJournal::default());
        let gate = Self::builder().shards(1).journal(Arc::clone(&journal)).build()?;
        Ok((gate, journal))
    }

    /// A gate whose counts end with the process.
    ///
    /// # Errors
    ///
    /// As [`GateBuilder::build`].
    pub fn in_memory() -> Result<Self, GateError> {
        Self::builder().build()
    }

    /// Puts a catalog in force. Counts stay: they follow the names of limits. Shards go on deciding
    /// while it is compiled, and take it over one after the other.
    ///
    /// # Errors
    ///
    /// All its faults, and then the old one stays; or the journal's. A journal that fails between
    /// two shards leaves the earlier ones with the new catalog: install again.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Gate, GateError, Timestamp};
    ///
    /// let gate = Gate::in_memory()?;
    /// let first = gate.install(br#"{ "features": { "calls": {} } }"#, Timestamp::EPOCH)?;
    /// let refused = gate.install(br#"{ "feature": {}, "plan": {} }"#, Timestamp::EPOCH);
    /// let Err(GateError::Install(error)) = refused else { panic!("two unknown fields") };
    /// assert_eq!(error.faults.len(), 2);
    /// assert_eq!(gate.catalog()?.version(), first); // the old one stays
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn install(&self, json: &[u8], now: Timestamp) -> Result<CatalogVersion, GateError> {
        let _alone = self.inner.installing.lock().map_err(|_| GateError::Poisoned)?;
        let installed = self.cell(Shard(0))?.ledger.installed().clone();
        let (_, compiled) = catalog::compile(json, &installed.names, next_version(&installed))?;
        let compiled = Arc::new(compiled);
        for index in 0..self.shard_count() {
            let shard = Shard(index);
            self.put_in_force(shard, &mut *self.cell(shard)?, (&compiled, json), now)?;
        }
        let version = compiled.version();
        *self.inner.catalog.write().map_err(|_| GateError::Poisoned)? = compiled;
        Ok(version)
    }

    /// Decides, and counts what is allowed.
    ///
    /// # Errors
    ///
    /// What kept the gate from deciding: nothing was counted then. A denial is not an error.
    pub fn decide(&self, ask: &Ask<'_>, now: Timestamp) -> Result<Verdict, GateError> {
        self.decide_with(ask, now, &mut ())
    }

    /// Decides what has a wish for where it does not fit: to be clamped, or to be denied. Limits whose
    /// `settle` does not list the wish go by their enforcement. What has happened already is no wish,
    /// but [recorded](Gate::record).
    ///
    /// # Errors
    ///
    /// As [`Gate::decide`].
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Ask, Caller, Cost, Gate, GateError, OnShortfall, Quantity, Timestamp};
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "features": { "calls": {} }, "plans": { "free": { "limits": { "daily": {
    ///     "feature": "calls", "capacity": 2, "settle": { "on_shortfall": ["clamp"] },
    ///     "window": { "calendar": { "unit": "day" } }
    /// } } } } }"#, now)?;
    /// let acme = gate.open(None, "acme", Some("free"), now)?;
    /// let costs = [Cost { feature: gate.feature("calls")?, quantity: Quantity::from_units(3) }];
    /// let ask = Ask { caller: Caller::Unchecked, scopes: &[acme], costs: &costs, at: now, key: None };
    /// assert!(!gate.decide(&ask, now)?.is_allowed());
    /// let clamped = gate.decide_on_shortfall(&ask, OnShortfall::Clamp, now)?;
    /// assert_eq!(clamped.binding.expect("one limit").taken, Quantity::from_units(2));
    /// assert!(!gate.decide_on_shortfall(&ask, OnShortfall::Clamp, now)?.is_allowed()); // none is left
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn decide_on_shortfall(
        &self,
        ask: &Ask<'_>,
        on_shortfall: OnShortfall,
        now: Timestamp,
    ) -> Result<Verdict, GateError> {
        let (shard, path) = Path::of(ask.scopes);
        let mut cell = self.cell(shard)?;
        let Cell { ledger, catalog, record } = &mut *cell;
        let Some(request) = path.request(ask, shard) else { return Ok(stranger(catalog)) };
        let request = Request { on_shortfall: Some(on_shortfall), ..request };
        let mut sink = Kept { journal: &*self.inner.journal, shard, record };
        Ok(*ledger.decide(catalog, (&request, now), (&mut sink, &mut ()))?)
    }

    /// Decides, and tells an observer what was compared, drawn and charged.
    ///
    /// The observer is called under the lock of a shard: it must not call this gate. It hears
    /// nothing of a caller from another shard.
    ///
    /// # Errors
    ///
    /// As [`Gate::decide`].
    pub fn decide_with<O: Observer>(
        &self,
        ask: &Ask<'_>,
        now: Timestamp,
        observer: &mut O,
    ) -> Result<Verdict, GateError> {
        let (shard, path) = Path::of(ask.scopes);
        let mut cell = self.cell(shard)?;
        let Cell { ledger, catalog, record } = &mut *cell;
        let Some(request) = path.request(ask, shard) else { return Ok(stranger(catalog)) };
        let mut sink = Kept { journal: &*self.inner.journal, shard, record };
        Ok(*ledger.decide(catalog, (&request, now), (&mut sink, observer))?)
    }

    /// Says what [`Gate::decide`] would, and counts nothing.
    ///
    /// # Errors
    ///
    /// As [`Gate::decide`].
    pub fn peek(&self, ask: &Ask<'_>, now: Timestamp) -> Result<Verdict, GateError> {
        let (shard, path) = Path::of(ask.scopes);
        let mut cell = self.cell(shard)?;
        let Cell { ledger, catalog, .. } = &mut *cell;
        let Some(request) = path.request(ask, shard) else { return Ok(stranger(catalog)) };
        Ok(*ledger.peek(catalog, (&request, now), &mut ()))
    }

    /// Says what [`Gate::decide`] would, and why; counts nothing.
    ///
    /// # Errors
    ///
    /// As [`Gate::decide`].
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Ask, Caller, Cost, Gate, GateError, Quantity, Reason, Stage, Timestamp};
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "features": { "calls": {} }, "plans": { "free": { "limits": {
    ///     "daily": { "feature": "calls", "capacity": 5, "window": { "calendar": { "unit": "day" } } },
    ///     "ever": { "feature": "calls", "capacity": 2, "window": "lifetime" }
    /// } } } }"#, now)?;
    /// let acme = gate.open(None, "acme", Some("free"), now)?;
    /// let costs = [Cost { feature: gate.feature("calls")?, quantity: Quantity::from_units(3) }];
    /// let ask = Ask { caller: Caller::Unchecked, scopes: &[acme], costs: &costs, at: now, key: None };
    /// let trace = gate.explain(&ask, now)?;
    /// let text = trace.to_string();
    /// assert_eq!(trace.verdict.reason(), Some(Reason::LimitExceeded)); // as `decide` would say
    /// assert_eq!(trace.passed.last(), Some(&Stage::Status));
    /// assert_eq!(trace.decided_by.expect("a limit refused").limit, "ever");
    /// let said: Vec<_> = trace.limits.iter().map(|of| (&of.limit[..], of.outcome)).collect();
    /// assert_eq!(said[0], ("daily", weir::Outcome::Allowed));
    /// assert!(text.ends_with("never passes\n"));
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn explain(&self, ask: &Ask<'_>, now: Timestamp) -> Result<Trace, GateError> {
        let (shard, path) = Path::of(ask.scopes);
        let mut cell = self.cell(shard)?;
        let Cell { ledger, catalog, .. } = &mut *cell;
        match path.request(ask, shard) {
            Some(request) => Ok(Trace::of(ledger, catalog, (&request, now))),
            None => Ok(Trace::bare(stranger(catalog), now)),
        }
    }

    /// The index of a feature, good for as long as this gate: catalogs come and go, names keep it.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] when the catalog in force does not have it.
    pub fn feature(&self, name: &str) -> Result<FeatureId, GateError> {
        self.catalog()?.feature(name).ok_or_else(|| GateError::unknown("feature", name))
    }

    /// The catalog in force, for its schemas, classes and names.
    ///
    /// # Errors
    ///
    /// [`GateError::Poisoned`].
    pub fn catalog(&self) -> Result<Arc<Catalog>, GateError> {
        let catalog = self.inner.catalog.read().map_err(|_| GateError::Poisoned)?;
        Ok(Arc::clone(&catalog))
    }

    /// The number of shards.
    #[must_use]
    pub fn shard_count(&self) -> u16 {
        u16::try_from(self.inner.shards.len()).unwrap_or(u16::MAX)
    }

    /// The whole state of one shard in bytes; equal states have equal bytes.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`] when there is no such shard; [`GateError::Poisoned`].
    pub fn snapshot(&self, shard: Shard) -> Result<Vec<u8>, GateError> {
        Ok(self.cell(shard)?.ledger.snapshot())
    }

    fn put_in_force(
        &self,
        shard: Shard,
        cell: &mut Cell,
        (compiled, json): (&Arc<Catalog>, &[u8]),
        now: Timestamp,
    ) -> Result<(), GateError> {
        let (names, zones) = (Cow::Borrowed(compiled.names()), compiled.zones().digest());
        let command = Command::Install { json: json.into(), names, zones };
        self.execute(shard, cell, command, now)?;
        cell.catalog = Arc::clone(compiled);
        Ok(())
    }

    fn execute(
        &self,
        shard: Shard,
        Cell { ledger, record, .. }: &mut Cell,
        command: Command<'_>,
        now: Timestamp,
    ) -> Result<(), GateError> {
        let mut sink = Kept { journal: &*self.inner.journal, shard, record };
        Ok(ledger.execute(command, now, &mut sink)?)
    }

    fn cell(&self, shard: Shard) -> Result<MutexGuard<'_, Cell>, GateError> {
        let cell = self.inner.shards.get(usize::from(shard.0)).ok_or(Refused::UnknownScope)?;
        cell.lock().map_err(|_| GateError::Poisoned)
    }

    /// The shard in which a root of this name lies.
    fn shard_of(&self, root: &str) -> Shard {
        let hash = self.inner.keys.table.hash(u64::MAX, root.as_bytes());
        let index = hash.checked_rem(u64::from(self.shard_count())).unwrap_or(0);
        Shard(u16::try_from(index).unwrap_or(0))
    }
}

/// A path as the core takes it.
struct Path {
    ids: [ScopeId; PATH_MAX + 1], // one more than may be, for the core to refuse
    len: usize,
}

impl Path {
    /// The path in the shard of its root. A scope of another shard hangs under another root, so the
    /// path is made too long, which the core refuses for the same reason.
    fn of(scopes: &[Scope]) -> (Shard, Self) {
        let shard = scopes.first().map_or(Shard(0), |root| root.shard);
        let mut ids = [ScopeId(0); PATH_MAX + 1];
        for (place, scope) in ids.iter_mut().zip(scopes) {
            *place = scope.id;
        }
        let within = scopes.iter().all(|scope| scope.shard == shard);
        let len = if within { scopes.len().min(ids.len()) } else { ids.len() };
        (shard, Self { ids, len })
    }

    /// The request as the core of `shard` takes it; `None` when the caller's proof is of another
    /// one, where the same numbers mean other scopes.
    fn request<'a>(&'a self, ask: &Ask<'a>, shard: Shard) -> Option<Request<'a>> {
        let caller = match ask.caller {
            // A path that the core refuses is refused before it is asked who.
            Caller::Known(proof) if (1..=PATH_MAX).contains(&self.len) => {
                decide::Caller::Known(proof.within(shard)?)
            }
            Caller::Known(_) | Caller::Unchecked => decide::Caller::Unchecked,
        };
        Some(Request {
            caller,
            scopes: self.ids.get(..self.len).unwrap_or(&[]),
            costs: ask.costs,
            at: ask.at,
            key: ask.key.and_then(RequestKey::new),
            on_shortfall: None,
        })
    }
}

/// The verdict on a caller from another shard, whose scopes cannot be on the path. Not recorded.
const fn stranger(catalog: &Catalog) -> Verdict {
    Verdict::denied(Reason::Unauthenticated, catalog.version())
}

/// Encodes records and hands them to the journal.
struct Kept<'a> {
    journal: &'a dyn Journal,
    shard: Shard,
    record: &'a mut Vec<u8>,
}

impl Sink for Kept<'_> {
    type Error = JournalError;

    fn append(&mut self, record: &Record<'_>) -> Result<(), JournalError> {
        self.record.clear();
        record.encode(self.record);
        self.journal.append(self.shard, self.record)
    }
}
