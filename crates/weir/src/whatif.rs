//! What would another catalog have said? A journal's requests, decided again under it.
//!
//! The commands of the journal are done again in their order, in a ledger that has had the other
//! catalog from the start; each request is decided by the core at its own instant, and what it says
//! is compared with what was said then. Names keep their meaning: a limit or feature of the other
//! catalog is that of the same name. Where a request was denied then and goes ahead now, what it
//! takes is gone for those after it, and the other way round.

use std::borrow::Cow;
use std::collections::BTreeMap;

use weir_core::amount::Quantity;
use weir_core::catalog::{Catalog, Names};
use weir_core::decide::{self, Commit, Outcome, Reason, Request, Then, Verdict};
use weir_core::id::{CatalogVersion, HoldId};
use weir_core::ledger::{
    Command, Correction, Decided, DecodeError, Failed, HostKeys, Ledger, Record, Refused, Settled,
    Step,
};
use weir_core::time::{Span, Timestamp};

use crate::catalog;
use crate::error::InstallError;
use crate::replay::{ReplayError, records};

/// What another catalog would have said to the requests of a journal.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct WhatIf {
    /// Requests, reservations and commits that were decided again.
    pub asked: u64,
    /// How many were admitted then, and are now.
    pub admitted: Both<u64>,
    /// What was charged then, and is now.
    pub charged: Both<Quantity>,
    /// Those that were admitted then and are refused now, by what refuses them.
    pub refused: BTreeMap<Against, u64>,
    /// Those that were refused then and are admitted now, by what refused them.
    pub freed: BTreeMap<Against, u64>,
    /// What could not be done again: steps of holds that are refused now, and commands that no
    /// longer fit.
    pub left_out: u64,
}

/// The same, under the journal's own catalogs and under the other one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Both<T> {
    /// As the journal says.
    pub then: T,
    /// Under the other catalog.
    pub now: T,
}

/// What stood against a request.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Against {
    /// The code of the reason.
    pub reason: &'static str,
    /// The name of the limit that refused; `None` where it was none.
    pub limit: Option<String>,
}

/// Why a journal cannot be decided again.
#[derive(Debug, thiserror::Error)]
pub enum WhatIfError {
    /// The catalog has faults.
    #[error(transparent)]
    Catalog(#[from] InstallError),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] ReplayError),
}

/// Decides the requests of a journal again under another catalog.
///
/// `bytes` are records behind their lengths, as [`crate::MemoryJournal`] keeps them. A journal does
/// not keep who asked: a request that was `unauthenticated` is so again, and every other is decided
/// as if its caller were known. A reservation that was refused has left no deadline: where it is
/// admitted now, it is held for a millisecond.
///
/// # Errors
///
/// [`WhatIfError::Catalog`] with all faults of the catalog; [`WhatIfError::Journal`] with the place
/// of the first record that is not good.
///
/// # Example
///
/// ```
/// use weir::{Ask, Caller, Cost, Gate, HostKeys, Quantity, Shard, Timestamp, whatif};
///
/// let catalog = |capacity| format!(r#"{{ "features": {{ "calls": {{}} }}, "plans": {{ "free": {{
///     "limits": {{ "daily": {{ "feature": "calls", "capacity": {capacity},
///     "window": {{ "calendar": {{ "unit": "day" }} }} }} }} }} }} }}"#);
/// let (gate, journal) = Gate::recording()?;
/// let now = Timestamp::EPOCH;
/// gate.install(catalog(3).as_bytes(), now)?;
/// let acme = gate.open(None, "acme", Some("free"), now)?;
/// let costs = [Cost { feature: gate.feature("calls")?, quantity: Quantity::from_units(1) }];
/// let ask = Ask { caller: Caller::Unchecked, scopes: &[acme], costs: &costs, at: now, key: None };
/// for _ in 0..4 {
///     gate.decide(&ask, now)?; // the fourth is denied
/// }
/// let journal = journal.bytes(Shard::new(0));
/// let two = whatif(&journal, &HostKeys::fixed(), catalog(2).as_bytes()).expect("a good journal");
/// assert_eq!((two.asked, two.admitted.then, two.admitted.now), (4, 3, 2));
/// assert_eq!(two.refused.values().sum::<u64>(), 1); // limit_exceeded, by `daily`
/// # Ok::<(), weir::GateError>(())
/// ```
pub fn whatif(bytes: &[u8], keys: &HostKeys, json: &[u8]) -> Result<WhatIf, WhatIfError> {
    let mut known = Names::default();
    for entry in records(bytes) {
        if let Command::Install { names, .. } = entry?.1.command {
            known = names.into_owned();
        }
    }
    let (_, catalog) = catalog::compile(json, &known, CatalogVersion(1))?;
    let ledger = Ledger::new(keys);
    let mut desk = Desk { json, catalog, ledger, holds: BTreeMap::new(), told: WhatIf::default() };
    let mut last = 0_u64;
    for entry in records(bytes) {
        let (offset, record) = entry?;
        if record.sequence != last.saturating_add(1) {
            let cause = DecodeError::Misplaced;
            return Err(ReplayError { offset, cause }.into());
        }
        last = record.sequence;
        desk.again(record);
    }
    Ok(desk.told)
}

/// Decides again, one record after the other.
struct Desk<'a> {
    json: &'a [u8],
    catalog: Catalog,
    ledger: Ledger,
    /// The holds that are admitted now, by the number that they got then.
    holds: BTreeMap<HoldId, HoldId>,
    told: WhatIf,
}

impl Desk<'_> {
    fn again(&mut self, record: Record<'_>) {
        let now = record.now;
        let done = match record.command {
            Command::Install { .. } if self.ledger.installed().version.0 > 0 => Ok(()),
            Command::Install { .. } => {
                let (names, zones) =
                    (Cow::Borrowed(self.catalog.names()), self.catalog.zones().digest());
                let command = Command::Install { json: self.json.into(), names, zones };
                done(self.ledger.execute(command, now, &mut ()))
            }
            Command::Book(decided) => self.book(&decided, now),
            Command::Decide(decided) => self.decide(&decided, now),
            Command::Reserve { decided, hold } => {
                let id = hold.as_ref().map(|hold| hold.id);
                let ttl = hold.map_or(MOMENT, |hold| hold.until.since(now));
                self.reserve(&decided, (id, ttl), now)
            }
            Command::Settle(settled) => self.settle(&settled, now),
            Command::Extend { hold, until } => match self.holds.get(&hold) {
                Some(hold) => {
                    let to = (*hold, until.since(now));
                    done(self.ledger.extend(to, now, &mut ()).map(drop))
                }
                None => Err(Refused::UnknownHold),
            },
            Command::Correct(correction) => self.correct(&correction, now),
            Command::Batch(commands) => {
                done(self.ledger.execute_all(&self.catalog, commands, now, &mut ()))
            }
            command => done(self.ledger.execute(command, now, &mut ())),
        };
        if done.is_err() {
            self.told.left_out = self.told.left_out.saturating_add(1);
        }
    }

    fn correct(&mut self, correction: &Correction<'_>, now: Timestamp) -> Result<(), Refused> {
        let Self { ledger, catalog, .. } = self;
        match *correction {
            Correction::Adjust { scope, limit, quantity, .. } => {
                done(ledger.adjust(catalog, (scope, limit, quantity), now, &mut ()).map(drop))
            }
            Correction::Reset { scope, limit, anchor, .. } => {
                done(ledger.reset(catalog, (scope, limit, anchor), now, &mut ()))
            }
            Correction::SetClock { to, .. } => {
                let Ok(()) = ledger.set_clock(catalog, to, &mut ());
                Ok(())
            }
        }
    }

    fn decide(&mut self, decided: &Decided<'_>, now: Timestamp) -> Result<(), Refused> {
        if decided.verdict.reason() == Some(Reason::Unauthenticated) {
            self.compare(&decided.verdict, &decided.verdict);
            return Ok(());
        }
        let question = (&request(decided), now);
        let Ok(verdict) = self.ledger.decide(&self.catalog, question, (&mut (), &mut ()));
        let verdict = *verdict;
        self.compare(&decided.verdict, &verdict);
        Ok(())
    }

    fn book(&mut self, decided: &Decided<'_>, now: Timestamp) -> Result<(), Refused> {
        let question = (&request(decided), now);
        let Ok(verdict) = self.ledger.book(&self.catalog, question, (&mut (), &mut ()));
        let verdict = *verdict;
        self.compare(&decided.verdict, &verdict);
        Ok(())
    }

    fn reserve(
        &mut self,
        decided: &Decided<'_>,
        (id, ttl): (Option<HoldId>, Span),
        now: Timestamp,
    ) -> Result<(), Refused> {
        let question = (&request(decided), ttl);
        let verdict = done(self.ledger.reserve(&self.catalog, question, now, (&mut (), &mut ())))?;
        if let Some(id) = id
            && verdict.is_allowed()
        {
            self.holds.insert(id, HoldId(verdict.sequence));
        }
        self.compare(&decided.verdict, &verdict);
        Ok(())
    }

    fn settle(&mut self, settled: &Settled<'_>, now: Timestamp) -> Result<(), Refused> {
        let hold = self.holds.get(&settled.hold).copied();
        match settled.step {
            Step::Expire => Ok(()), // it ends by itself now, too
            Step::Release => {
                let hold = hold.ok_or(Refused::UnknownHold)?;
                done(self.ledger.release(hold, now, &mut ()).map(drop))
            }
            Step::Commit(number) => {
                let Some(hold) = hold else {
                    // What it would use was refused before it was used.
                    let charged = settled.verdict.charged;
                    self.told.charged.then = sum(self.told.charged.then, charged);
                    return Err(Refused::UnknownHold);
                };
                let then = if settled.ended.is_some() { Then::End } else { Then::Keep };
                let commit = Commit { hold, number, costs: &settled.costs, then };
                let to = (&mut (), &mut ());
                let verdict = done(self.ledger.commit(&self.catalog, &commit, now, to))?;
                self.compare(&settled.verdict, &verdict);
                Ok(())
            }
        }
    }

    /// Counts what was said then and what is said now.
    fn compare(&mut self, then: &Verdict, now: &Verdict) {
        let (was, is) = (self.against(then), self.against(now));
        let told = &mut self.told;
        told.asked = told.asked.saturating_add(1);
        told.charged.then = sum(told.charged.then, then.charged);
        if !now.flags.replayed {
            told.charged.now = sum(told.charged.now, now.charged);
        }
        told.admitted.then = told.admitted.then.saturating_add(u64::from(was.is_none()));
        told.admitted.now = told.admitted.now.saturating_add(u64::from(is.is_none()));
        let changed = match (was, is) {
            (None, Some(is)) => told.refused.entry(is).or_default(),
            (Some(was), None) => told.freed.entry(was).or_default(),
            (None, None) | (Some(_), Some(_)) => return,
        };
        *changed = changed.saturating_add(1);
    }

    fn against(&self, verdict: &Verdict) -> Option<Against> {
        let Outcome::Denied(reason) = verdict.outcome else { return None };
        let limits = &self.catalog.names().limits;
        let limit = verdict.binding.and_then(|binding| limits.name(binding.of.limit.0));
        let limit = limit.map(|name| name.as_str().to_owned());
        Some(Against { reason: reason.code(), limit })
    }
}

fn request<'a>(decided: &'a Decided<'_>) -> Request<'a> {
    Request {
        caller: decide::Caller::Unchecked,
        scopes: &decided.scopes,
        costs: &decided.costs,
        at: decided.at,
        key: decided.key,
        on_shortfall: decided.on_shortfall,
    }
}

/// A sum that stays at the greatest quantity when it gets there.
fn sum(a: Quantity, b: Quantity) -> Quantity {
    a.checked_add(b).unwrap_or(weir_core::limit::UNLIMITED)
}

fn done<T>(result: Result<T, Failed<core::convert::Infallible>>) -> Result<T, Refused> {
    result.map_err(|failed| match failed {
        Failed::Refused(refused) => refused,
    })
}

/// How long a reservation is held of which the journal keeps no deadline.
const MOMENT: Span = match Span::from_millis(1) {
    Ok(moment) => moment,
    Err(_) => Span::ZERO,
};
