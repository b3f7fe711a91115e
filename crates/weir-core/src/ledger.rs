//! What happened? Commands in, records with their effects out; snapshot and replay.
//!
//! A [`Ledger`] is the deterministic state machine of one shard. Whatever changes it is first
//! offered to a [`Sink`] as a [`Record`], and done only when the sink has taken it: an effect that
//! is not in the journal never happened. Replay does again what the records say, through the same
//! code and without any rule, so an old journal opens under new rules.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/ledger`, under the same name.
//!
//! - `replay_is_state`: a fresh ledger, given the encoded records, has the same snapshot bytes.
//! - `split_is_whole`: at any cut, a ledger restored from a snapshot goes on as if nothing was.
//! - `roots_apart`: leaving out everything about one root changes nothing for the others.
//! - `forecast_is_exact`: a pace that is followed request by request is refused when it was foretold.
//! - `one_form_a_record`: a record or snapshot that can be read encodes to the same bytes.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Bound;

use crate::account::{Account, Accounts};
use crate::amount::Quantity;
use crate::catalog::Catalog;
use crate::decide::{
    self, Access, Binding, Fingerprint, Observer, Outcome, Purpose, Reason, Request, Verdict, View,
    Workings,
};
use crate::hash::HashKey;
use crate::id::{CatalogVersion, LimitId, PlanId, ScopeId, ScopeName, WalletId};
use crate::limit::Balance;
use crate::time::Timestamp;
use crate::token::{Pepper, Registry};

mod batch;
mod booked;
mod books;
mod codec;
mod correct;
mod correction;
mod forecast;
mod hold;
mod holding;
mod import;
mod parts;
mod priced;
mod record;
mod refuse;
mod renewed;
mod snapshot;
mod wire;

use batch::Staged;
use books::Books;
pub use books::Installed;
pub use correction::Correction;
pub use forecast::{Forecast, Outlook, Pace};
pub use record::{Command, Decided, Record, Remembered, Settled, Step};
pub use refuse::Refused;

/// The state of one shard, and the way to change it.
#[derive(Debug)]
pub struct Ledger {
    head: Head,
    books: Books,
    workings: Workings,
    /// What was decided last: written once, where the caller reads it.
    answer: Verdict,
}

/// A scope that may be new.
#[derive(Clone, Copy, Debug)]
pub struct Newcomer<'a> {
    /// What the host calls it, unique under its parent.
    pub name: ScopeName<'a>,
    /// The scope above; `None` for a root.
    pub parent: Option<ScopeId>,
    /// The plan that it gets if it is new.
    pub plan: Option<PlanId>,
}

/// How far a ledger has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Head {
    /// The last record's number; 0 before the first.
    pub sequence: u64,
    /// The latest instant of any record, or where the clock was set.
    pub seen: Timestamp,
}

/// The host's secrets for a ledger, and how many credentials it may keep. Never in a snapshot.
#[derive(Clone)]
pub struct HostKeys {
    /// Keys the tables of names.
    pub table: HashKey,
    /// Goes into the digests of credentials.
    pub pepper: Option<Pepper>,
    /// The most credentials on record.
    pub credentials_max: usize,
}

impl HostKeys {
    /// Keys for tests, benches and traces, where nobody attacks: tables with a fixed key, no
    /// pepper, a million credentials.
    #[must_use]
    pub const fn fixed() -> Self {
        Self { table: HashKey::new([0, 0]), pepper: None, credentials_max: 1_000_000 }
    }
}

/// Takes records before they are done.
pub trait Sink {
    /// What kept it from taking one.
    type Error;
    /// Whether it takes decisions at all; where it does not, none is put into a record for it.
    const TAKES: bool = true;

    /// Takes a record.
    ///
    /// # Errors
    ///
    /// The sink's own; the ledger is then as it was.
    fn append(&mut self, record: &Record<'_>) -> Result<(), Self::Error>;
}

/// Takes nothing down: for state that may be lost.
impl Sink for () {
    type Error = core::convert::Infallible;
    const TAKES: bool = false;

    fn append(&mut self, _: &Record<'_>) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl Ledger {
    /// An empty ledger.
    #[must_use]
    pub fn new(keys: &HostKeys) -> Self {
        Self::at(Head { sequence: 0, seen: Timestamp::MIN }, Books::new(keys))
    }

    fn at(head: Head, books: Books) -> Self {
        let answer = Verdict::open(CatalogVersion::default());
        Self { head, books, workings: Workings::default(), answer }
    }

    /// Decides a request, and counts it when it is allowed.
    ///
    /// The instant of the decision is the later of `now` and the latest one seen. A denial is
    /// recorded and changes nothing else, but for the answer that the catalog has remembered.
    ///
    /// # Errors
    ///
    /// The sink's: then nothing was decided.
    pub fn decide<S: Sink, O: Observer>(
        &mut self,
        catalog: &Catalog,
        (request, now): (&Request<'_>, Timestamp),
        (sink, observer): (&mut S, &mut O),
    ) -> Result<&Verdict, S::Error> {
        let seen = self.advance(now, sink)?;
        let Self { head, books, workings, answer: verdict } = self;
        let view = view(books, catalog, seen);
        // Where nobody takes effects down, or hears of them, an everyday one need not be written.
        if !S::TAKES
            && !O::LISTENS
            && let Some(glance) = decide::glance(&view, request, verdict)
        {
            verdict.sequence = head.sequence.saturating_add(1);
            verdict.flags.clock_held = now < seen;
            *head = Head { sequence: verdict.sequence, seen };
            books.take(request, glance);
            return Ok(&self.answer);
        }
        decide::decide(&view, request, (workings, &mut *observer), verdict);
        self.keep((catalog, request), (now, seen), (sink, observer, Purpose::Use))
    }

    /// Says what [`Ledger::decide`] would, and does nothing.
    pub fn peek<O: Observer>(
        &mut self,
        catalog: &Catalog,
        (request, now): (&Request<'_>, Timestamp),
        observer: &mut O,
    ) -> &Verdict {
        let seen = self.head.seen.max(now);
        let Self { books, workings, answer: verdict, .. } = self;
        let view = view(books, catalog, seen);
        decide::decide(&view, request, (workings, observer), verdict);
        verdict.flags.clock_held |= now < seen && !verdict.flags.replayed;
        verdict
    }

    /// Does a command other than a decision.
    ///
    /// # Errors
    ///
    /// [`Refused`] when it does not fit the state, or [`Failed::Sink`] when it was not taken down.
    pub fn execute<S: Sink>(
        &mut self,
        command: Command<'_>,
        now: Timestamp,
        sink: &mut S,
    ) -> Result<(), Failed<S::Error>> {
        let staged = Staged::alone(&self.books, self.head.seen.max(now));
        refuse::check(&staged, &command).map_err(Failed::Refused)?;
        self.record(command, now, sink)
    }

    /// Sets what another system counted in a period of a limit. A scope's own anchored windows then
    /// go on from the end of that period; where it is over, that is all that is set. What was counted
    /// in periods that would have ended within it is forgotten, but for what is held.
    ///
    /// # Errors
    ///
    /// [`Refused`] when the scope has no such limit or allowance, states another capacity for it, or
    /// has no such period open; [`Failed::Sink`] when it was not taken down.
    pub fn import<S: Sink>(
        &mut self,
        catalog: &Catalog,
        (scope, balance): (ScopeId, Balance),
        now: Timestamp,
        sink: &mut S,
    ) -> Result<(), Failed<S::Error>> {
        let seen = self.advance(now, sink).map_err(Failed::Sink)?;
        let view = view(&self.books, catalog, seen);
        let staged = Staged::alone(&self.books, seen);
        let command = import::command((&view, &staged), scope, balance).map_err(Failed::Refused)?;
        self.record(command, now, sink)
    }

    /// Takes a command down that fits, and does it.
    fn record<S: Sink>(
        &mut self,
        command: Command<'_>,
        now: Timestamp,
        sink: &mut S,
    ) -> Result<(), Failed<S::Error>> {
        let seen = self.advance(now, sink).map_err(Failed::Sink)?;
        let sequence = self.head.sequence.saturating_add(1);
        let catalog = self.books.installed.version;
        let record = Record { sequence, now: seen, catalog, command };
        sink.append(&record).map_err(Failed::Sink)?;
        self.head = Head { sequence, seen };
        // What `check` let through fits.
        let _fits = self.books.apply(seen, &record.command);
        Ok(())
    }

    /// The scope of that name and parent, made now if there is none.
    ///
    /// # Errors
    ///
    /// As [`Ledger::execute`].
    pub fn intern<S: Sink>(
        &mut self,
        Newcomer { parent, name, plan }: Newcomer<'_>,
        now: Timestamp,
        sink: &mut S,
    ) -> Result<ScopeId, Failed<S::Error>> {
        if let Some(known) = self.books.accounts.find(parent, name.as_str()) {
            return Ok(known);
        }
        let scope = u32::try_from(self.books.accounts.len()).map(ScopeId);
        let scope = scope.map_err(|_| Failed::Refused(Refused::Full))?;
        let name = Cow::Borrowed(name.as_str());
        self.execute(Command::Intern { scope, parent, name, plan }, now, sink)?;
        Ok(scope)
    }

    /// Does again what a record of this ledger's journal says.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Misplaced`] when it is not the next record, or was not made for this state.
    pub fn replay(&mut self, record: &Record<'_>) -> Result<(), DecodeError> {
        if record.sequence != self.head.sequence.saturating_add(1) || record.now < self.head.seen {
            return Err(DecodeError::Misplaced);
        }
        self.books.apply(record.now, &record.command)?;
        let seen = match record.command {
            Command::Correct(Correction::SetClock { to, .. }) => to,
            _ => record.now,
        };
        self.head = Head { sequence: record.sequence, seen };
        Ok(())
    }

    /// The whole state in bytes: equal for equal states.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        snapshot::write(self.head, &self.books)
    }

    /// The ledger that a snapshot was taken of.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes.
    pub fn restore(bytes: &[u8], keys: &HostKeys) -> Result<Self, DecodeError> {
        let (head, books) = snapshot::read(bytes, keys)?;
        Ok(Self::at(head, books))
    }

    /// How a limit of a scope stands at the later of `now` and the latest instant seen.
    ///
    /// `None` when the scope's plan has no such limit.
    #[must_use]
    pub fn standing(
        &self,
        catalog: &Catalog,
        (scope, limit): (ScopeId, LimitId),
        now: Timestamp,
    ) -> Option<Binding> {
        let access = self.access(catalog, (scope, limit), self.head.seen.max(now));
        let open = |access: &Access| access.outcome != Outcome::Denied(Reason::PeriodClosed);
        access.filter(open).map(|access| access.binding)
    }

    /// How a limit of a scope stands at `at` for the least that can be asked, decided at the later
    /// of `at` and the latest instant seen.
    ///
    /// `None` when the scope's plan has no such limit.
    #[must_use]
    pub fn access(
        &self,
        catalog: &Catalog,
        (scope, limit): (ScopeId, LimitId),
        at: Timestamp,
    ) -> Option<Access> {
        let view = view(&self.books, catalog, self.head.seen.max(at));
        decide::access(&view, (scope, limit), at)
    }

    /// The balances of a limit of a scope at `at`, first drawn first, each worth what it is then; see
    /// [`decide::allowances`].
    ///
    /// `None` when the scope's plan has no such limit, or the period is closed.
    #[must_use]
    pub fn allowances(
        &self,
        catalog: &Catalog,
        (scope, limit): (ScopeId, LimitId),
        at: Timestamp,
    ) -> Option<Vec<Balance>> {
        let view = view(&self.books, catalog, self.head.seen.max(at));
        decide::allowances(&view, (scope, limit), at)
    }

    /// How far the ledger has come.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    /// The state of every scope.
    #[must_use]
    pub const fn accounts(&self) -> &Accounts {
        &self.books.accounts
    }

    /// The account of a scope.
    #[must_use]
    pub fn account(&self, scope: ScopeId) -> Option<&Account> {
        self.books.accounts.get(scope)
    }

    /// The credentials on record.
    #[must_use]
    pub const fn credentials(&self) -> &Registry {
        &self.books.credentials
    }

    /// The catalog in force, as its author wrote it.
    #[must_use]
    pub const fn installed(&self) -> &Installed {
        &self.books.installed
    }

    /// A document of the host.
    #[must_use]
    pub fn note(&self, space: u16, key: &[u8]) -> Option<&[u8]> {
        self.books.note(space, key)
    }

    /// The documents of one of the host's tables, in the order of their keys.
    pub fn notes(&self, space: u16) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.books.notes(space, Bound::Included(&[]))
    }

    /// The same, of the keys that come after `key`.
    pub fn notes_after<'a>(
        &'a self,
        space: u16,
        key: &[u8],
    ) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        self.books.notes(space, Bound::Excluded(key))
    }

    /// How many answers are remembered.
    #[must_use]
    pub fn remembered_len(&self) -> usize {
        self.books.remembered.len()
    }

    /// What a wallet of a scope can pay at the later of `now` and the latest instant seen.
    #[must_use]
    pub fn usable(&self, scope: ScopeId, wallet: WalletId, now: Timestamp) -> Quantity {
        let now = self.head.seen.max(now);
        decide::usable(&self.books.accounts, &self.books.holds, (scope, wallet), now)
    }
}

fn view<'a>(books: &'a Books, catalog: &'a Catalog, now: Timestamp) -> View<'a> {
    let Books { accounts, remembered, holds, put_back, .. } = books;
    View { accounts, catalog, now, remembered, holds, put_back: *put_back }
}

/// How the answer is remembered, where the catalog says that it is.
fn remembered(view: &View<'_>, request: &Request<'_>, verdict: &Verdict) -> Option<Remembered> {
    let (key, remember) = (decide::remembered_key(view, request)?, view.catalog.remember()?);
    let kept = match verdict.outcome {
        Outcome::Allowed => true,
        Outcome::Denied(Reason::LimitExceeded | Reason::RateLimited) => remember.denials.limits,
        Outcome::Denied(Reason::OutOfCredit) => remember.denials.funds,
        Outcome::Denied(Reason::PeriodClosed) => remember.denials.window,
        Outcome::Denied(_) => false,
    };
    if !kept {
        return None;
    }
    let until = view.now.checked_add(remember.lifetime).unwrap_or(Timestamp::MAX);
    let gone = decide::gone_for_one_more(view, key.root);
    Some(Remembered { key, until, asked: Fingerprint::of(request), gone })
}

/// Why a command was not done.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Failed<E> {
    /// It does not fit the state.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It was not taken down, and so not done.
    #[error("the journal did not take the record")]
    Sink(E),
}

/// What is wrong with a record's or a snapshot's bytes.
///
/// Exhaustive on purpose: who opens a journal decides on each case.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// Another version of the format.
    #[error("written in another version of the format")]
    Format,
    /// Bytes that no record or snapshot has.
    #[error("not a record or snapshot")]
    Malformed,
    /// Sound, but made for another state.
    #[error("does not follow from the state before it")]
    Misplaced,
    /// The bytes end too soon.
    #[error("cut off")]
    Truncated,
}

impl DecodeError {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Format => "journal.format",
            Self::Malformed => "journal.malformed",
            Self::Misplaced => "journal.misplaced",
            Self::Truncated => "journal.truncated",
        }
    }
}

/// The version of a catalog that follows the one in force.
#[must_use]
pub fn next_version(installed: &Installed) -> CatalogVersion {
    CatalogVersion(installed.version.0.saturating_add(1))
}
