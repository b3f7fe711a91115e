//! What may an operator do? Scopes, plans, grants, lots, notes: each a recorded command.

use std::borrow::Cow;

use weir_core::account::Status;
use weir_core::amount::Quantity;
use weir_core::catalog::Capacity;
use weir_core::grant::{Burn, Grant, Renewal};
use weir_core::id::{LimitId, ScopeName, WalletId};
use weir_core::ledger::{Command, Newcomer, Refused};
use weir_core::limit::{Balance, Source, UNLIMITED};
use weir_core::time::Timestamp;
use weir_core::wallet::{Kind, Lot};
use weir_core::window::Period;

use super::{Cell, Gate, Kept, Scope};
use crate::error::GateError;

/// An allowance to give.
#[derive(Clone, Copy, Debug)]
pub struct GrantTerms<'a> {
    /// The host's name for it, unique within the scope.
    pub name: &'a str,
    /// What it allows, and again whenever it comes back; `None` for no end.
    pub amount: Option<Quantity>,
    /// Where it stands in the limit's burn order.
    pub priority: i32,
    /// From when it pays.
    pub effective: Timestamp,
    /// When it stops paying; `None` for never.
    pub expires: Option<Timestamp>,
    /// How it comes back: [`Renewal::DEFAULT`] for the amount in each period of the limit.
    pub renewal: Renewal,
}

/// Credits to add.
#[derive(Clone, Copy, Debug)]
pub struct LotTerms<'a> {
    /// The host's name for them, unique within the scope.
    pub name: &'a str,
    /// How many.
    pub amount: Quantity,
    /// Whether they were paid for.
    pub kind: Kind,
    /// Where they stand among lots of their kind: low first.
    pub priority: i32,
    /// When they were bought.
    pub purchased: Timestamp,
    /// When they can be used no more; `None` for never.
    pub expires: Option<Timestamp>,
}

/// What another system counted.
#[derive(Clone, Copy, Debug)]
pub struct ImportTerms<'a> {
    /// Used in the period.
    pub used: Quantity,
    /// The capacity in the period, `None` for no end: the plan's own, but where a period keeps the
    /// one that it opened with. Where a grant is named, its own amount counts.
    pub capacity: Option<Quantity>,
    /// When the period ends.
    pub window_end: Timestamp,
    /// The scope's grant that was drawn; `None` for the capacity that the plan states.
    pub grant: Option<&'a str>,
}

impl Gate {
    /// The scope called `name` under `parent`, made now with `plan` if there is none.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`] when the name is none; [`GateError::UnknownName`] for the plan.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Gate, GateError, Timestamp};
    ///
    /// let gate = Gate::in_memory()?;
    /// let tenant = gate.open(None, "acme", None, Timestamp::EPOCH)?;
    /// assert_eq!(gate.open(None, "acme", None, Timestamp::EPOCH)?, tenant); // it is known now
    /// let error = gate.open(None, "ac me", None, Timestamp::EPOCH).unwrap_err();
    /// assert_eq!(error.code(), "command.name"); // a blank is in no name
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn open(
        &self,
        parent: Option<Scope>,
        name: &str,
        plan: Option<&str>,
        now: Timestamp,
    ) -> Result<Scope, GateError> {
        let name = ScopeName::parse(name).map_err(|_| Refused::Name)?;
        let shard = parent.map_or_else(|| self.shard_of(name.as_str()), |parent| parent.shard);
        let mut cell = self.cell(shard)?;
        let Cell { ledger, catalog, record } = &mut *cell;
        let plan =
            plan.map(|plan| catalog.plan(plan).ok_or_else(|| GateError::unknown("plan", plan)));
        let newcomer = Newcomer { name, parent: parent.map(|p| p.id), plan: plan.transpose()? };
        let mut sink = Kept { journal: &*self.inner.journal, shard, record };
        let id = ledger.intern(newcomer, now, &mut sink)?;
        Ok(Scope { shard, id })
    }

    /// Gives a scope another plan, or none. Its counts stay.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] for the plan; [`GateError::Refused`].
    pub fn set_plan(
        &self,
        scope: Scope,
        plan: Option<&str>,
        now: Timestamp,
    ) -> Result<(), GateError> {
        let mut cell = self.cell(scope.shard)?;
        let plan = plan
            .map(|plan| cell.catalog.plan(plan).ok_or_else(|| GateError::unknown("plan", plan)));
        let command = Command::SetPlan { scope: scope.id, plan: plan.transpose()? };
        self.execute(scope.shard, &mut cell, command, now)
    }

    /// Says whether a scope may spend.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`].
    pub fn set_status(
        &self,
        scope: Scope,
        status: Status,
        now: Timestamp,
    ) -> Result<(), GateError> {
        let mut cell = self.cell(scope.shard)?;
        self.execute(scope.shard, &mut cell, Command::SetStatus { scope: scope.id, status }, now)
    }

    /// Sets where a scope's own anchored windows start.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`].
    pub fn set_anchor(
        &self,
        scope: Scope,
        anchor: Timestamp,
        now: Timestamp,
    ) -> Result<(), GateError> {
        let mut cell = self.cell(scope.shard)?;
        self.execute(scope.shard, &mut cell, Command::SetAnchor { scope: scope.id, anchor }, now)
    }

    /// Gives a scope an allowance of a limit whose capacity is granted.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] when the scope's plan has no such limit, or states its capacity
    /// itself; [`GateError::Refused`] when the grant's name is taken, also on another limit, or the
    /// scope has as many grants as it may have.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Gate, GateError, GrantTerms, Renewal, Timestamp};
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "features": { "calls": {} }, "plans": { "member": { "limits": {
    ///     "calls": { "feature": "calls", "capacity": "granted", "window": "lifetime" }
    /// } } } }"#, now)?;
    /// let member = gate.open(None, "acme", Some("member"), now)?;
    /// let amount = Some("10".parse().expect("a number"));
    /// let (name, priority, renewal) = ("trial", 0, Renewal::DEFAULT);
    /// let trial = GrantTerms { name, amount, priority, effective: now, expires: None, renewal };
    /// gate.grant(member, "calls", &trial, now)?;
    /// assert_eq!(gate.standing(member, "calls", now)?.capacity.to_string(), "10");
    /// let again = gate.grant(member, "calls", &trial, now).unwrap_err();
    /// assert_eq!(again.code(), "command.name"); // it has that one
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn grant(
        &self,
        scope: Scope,
        limit: &str,
        terms: &GrantTerms<'_>,
        now: Timestamp,
    ) -> Result<(), GateError> {
        let mut cell = self.cell(scope.shard)?;
        let (id, burn) =
            granted(&cell, scope, limit).ok_or_else(|| GateError::unknown("limit", limit))?;
        let account = cell.ledger.account(scope.id).ok_or(Refused::UnknownScope)?;
        let given = cell.ledger.accounts().grants(account).map(|grant| grant.source.0).max();
        let source = given.unwrap_or(0).checked_add(1).ok_or(Refused::Full)?;
        let grant = Grant {
            name: terms.name.into(),
            limit: id,
            source: Source(source),
            amount: terms.amount.unwrap_or(UNLIMITED),
            priority: terms.priority,
            effective: terms.effective,
            expires: terms.expires.unwrap_or(Period::NEVER),
            renewal: terms.renewal,
        };
        let command = Command::Grant { scope: scope.id, grant: Cow::Owned(grant), burn };
        self.execute(scope.shard, &mut cell, command, now)
    }

    /// Ends a grant at an instant, earlier than it would; at one that is past already, now. What was
    /// drawn from it stays drawn.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] when the scope has no grant of that name; [`GateError::Refused`]
    /// when it ends earlier anyway.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Gate, GateError, GrantTerms, Renewal, Timestamp};
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "features": { "calls": {} }, "plans": { "member": { "limits": {
    ///     "calls": { "feature": "calls", "capacity": "granted", "window": "lifetime" }
    /// } } } }"#, now)?;
    /// let member = gate.open(None, "acme", Some("member"), now)?;
    /// let (name, priority, renewal) = ("trial", 0, Renewal::DEFAULT);
    /// let trial =
    ///     GrantTerms { name, amount: None, priority, effective: now, expires: None, renewal };
    /// gate.grant(member, "calls", &trial, now)?;
    /// gate.void_grant(member, "trial", now, now)?;
    /// assert_eq!(gate.standing(member, "calls", now)?.capacity.to_string(), "0");
    /// let later = gate.void_grant(member, "trial", Timestamp::MAX, now).unwrap_err();
    /// assert_eq!(later.code(), "command.absurd"); // it has ended
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn void_grant(
        &self,
        scope: Scope,
        name: &str,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), GateError> {
        let mut cell = self.cell(scope.shard)?;
        let account = cell.ledger.account(scope.id).ok_or(Refused::UnknownScope)?;
        let source = {
            let mut grants = cell.ledger.accounts().grants(account);
            grants.find(|grant| *grant.name == *name).map(|grant| grant.source)
        };
        let source = source.ok_or_else(|| GateError::unknown("grant", name))?;
        let command = Command::VoidGrant { scope: scope.id, source, at };
        self.execute(scope.shard, &mut cell, command, now)
    }

    /// Adds credits to a wallet of a scope.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] for the wallet; [`GateError::Refused`] when the lot's name is
    /// taken, or the scope has as many lots as it may have.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Gate, GateError, LotTerms, Quantity, Timestamp};
    /// use weir_core::wallet::Kind;
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// gate.install(br#"{ "wallets": { "credits": {} } }"#, now)?;
    /// let acme = gate.open(None, "acme", None, now)?;
    /// let (amount, kind) = (Quantity::from_units(5), Kind::Paid);
    /// let pack =
    ///     LotTerms { name: "pack-1", amount, kind, priority: 0, purchased: now, expires: None };
    /// gate.top_up(acme, "credits", &pack, now)?;
    /// assert_eq!(gate.usable(acme, "credits", now)?, amount);
    /// let again = gate.top_up(acme, "credits", &pack, now).unwrap_err();
    /// assert_eq!(again.code(), "command.name"); // no pack is added twice
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn top_up(
        &self,
        scope: Scope,
        wallet: &str,
        terms: &LotTerms<'_>,
        now: Timestamp,
    ) -> Result<(), GateError> {
        let mut cell = self.cell(scope.shard)?;
        let wallet: WalletId =
            cell.catalog.wallet(wallet).ok_or_else(|| GateError::unknown("wallet", wallet))?;
        let lot = Lot {
            name: terms.name.into(),
            wallet,
            amount: terms.amount,
            left: terms.amount,
            kind: terms.kind,
            priority: terms.priority,
            purchased: terms.purchased,
            expires: terms.expires.unwrap_or(Period::NEVER),
        };
        let command = Command::TopUp { scope: scope.id, lot: Cow::Owned(lot) };
        self.execute(scope.shard, &mut cell, command, now)
    }

    /// Sets what another system counted on a limit. A scope's own anchored windows then go on from
    /// the end of that period.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] for the limit or the grant; [`GateError::Refused`] when the plan
    /// states another capacity, or the limit has no open period that ends there, and then nothing
    /// was changed.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Gate, GateError, GrantTerms, ImportTerms, Renewal, Timestamp};
    ///
    /// let catalog = br#"{
    ///     "features": { "calls": {} },
    ///     "plans": { "member": { "limits": { "calls": {
    ///         "feature": "calls", "capacity": "granted",
    ///         "window": { "anchored": { "span": "P30D" } }
    ///     } } } }
    /// }"#;
    /// let (now, end) = (Timestamp::EPOCH, "1970-01-11T00:00:00Z".parse().expect("an instant"));
    /// let gate = Gate::in_memory()?;
    /// gate.install(catalog, now)?;
    /// let member = gate.open(None, "acme", Some("member"), now)?;
    /// let ten = "10".parse().expect("a number");
    /// let (amount, effective) = (Some(ten), Timestamp::MIN);
    /// let (name, priority, renewal) = ("paid", 0, Renewal::DEFAULT);
    /// let grant = GrantTerms { name, amount, priority, effective, expires: None, renewal };
    /// gate.grant(member, "calls", &grant, now)?;
    ///
    /// let used = "4".parse().expect("a number");
    /// let counted = ImportTerms { used, capacity: None, window_end: end, grant: Some("paid") };
    /// gate.import(member, "calls", &counted, now)?;
    /// let standing = gate.standing(member, "calls", now)?;
    /// assert_eq!((standing.used, standing.capacity, standing.resets_at), (used, ten, end));
    ///
    /// let other = ImportTerms { grant: Some("gift"), ..counted };
    /// let error = gate.import(member, "calls", &other, now).unwrap_err();
    /// assert_eq!(error.to_string(), "there is no grant called `gift`");
    /// let far = ImportTerms { window_end: Timestamp::MAX, ..counted };
    /// let error = gate.import(member, "calls", &far, now).unwrap_err();
    /// assert_eq!(error.code(), "command.period"); // that one has not begun
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn import(
        &self,
        scope: Scope,
        limit: &str,
        terms: &ImportTerms<'_>,
        now: Timestamp,
    ) -> Result<(), GateError> {
        let mut cell = self.cell(scope.shard)?;
        let id = cell.catalog.limit(limit).ok_or_else(|| GateError::unknown("limit", limit))?;
        let plans = (Source::PLAN, terms.capacity.unwrap_or(UNLIMITED));
        let named =
            |name| given(&cell, scope, (id, name)).ok_or_else(|| GateError::unknown("grant", name));
        let (source, capacity) = terms.grant.map_or(Ok(plans), named)?;
        let balance = Balance {
            used: terms.used,
            capacity,
            window_end: terms.window_end,
            limit: id,
            source,
            ..Balance::VACANT
        };
        let Cell { ledger, catalog, record } = &mut *cell;
        let mut sink = Kept { journal: &*self.inner.journal, shard: scope.shard, record };
        Ok(ledger.import(catalog, (scope.id, balance), now, &mut sink)?)
    }

    /// Ends the holds whose deadline has passed, and forgets remembered answers and ended holds that
    /// are past their time, in every shard.
    ///
    /// # Errors
    ///
    /// The journal's.
    pub fn sweep(&self, now: Timestamp) -> Result<(), GateError> {
        for index in 0..self.shard_count() {
            let shard = super::Shard(index);
            self.execute(shard, &mut *self.cell(shard)?, Command::Sweep, now)?;
        }
        Ok(())
    }

    /// Keeps a document of the host beside the counts of a root, or drops it. Two roots have each
    /// their own under one key.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`] when it is longer than a note may be; the journal's.
    pub fn put_note(
        &self,
        root: &str,
        (space, key): (u16, &[u8]),
        value: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<(), GateError> {
        let shard = self.shard_of(root);
        let (key, value) = (Cow::Owned(note_key(root, key)), value.map(Cow::Borrowed));
        let command = Command::Note { space, key, value };
        self.execute(shard, &mut *self.cell(shard)?, command, now)
    }

    /// Makes a new document of the one that is kept, with nothing in between: of two who change one
    /// at a time, the second sees what the first made of it. `None` is no document.
    ///
    /// `change` is called under the lock of a shard: it must not call this gate.
    ///
    /// # Errors
    ///
    /// As [`Gate::put_note`].
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Gate, GateError, Timestamp};
    ///
    /// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
    /// let add = |line: &str| {
    ///     let line = line.as_bytes().to_vec();
    ///     let change = |known: Option<&[u8]>| Some([known.unwrap_or_default(), &line].concat());
    ///     gate.update_note("acme", (1, b"log"), now, change)
    /// };
    /// add("a")?;
    /// add("b")?;
    /// assert_eq!(gate.note("acme", 1, b"log")?.as_deref(), Some(&b"ab"[..]));
    /// gate.update_note("acme", (1, b"log"), now, |_| None)?; // dropped
    /// assert_eq!(gate.note("acme", 1, b"log")?, None);
    /// # Ok::<(), GateError>(())
    /// ```
    pub fn update_note(
        &self,
        root: &str,
        (space, key): (u16, &[u8]),
        now: Timestamp,
        change: impl FnOnce(Option<&[u8]>) -> Option<Vec<u8>>,
    ) -> Result<(), GateError> {
        let (shard, key) = (self.shard_of(root), note_key(root, key));
        let mut cell = self.cell(shard)?;
        let value = change(cell.ledger.note(space, &key)).map(Cow::Owned);
        let command = Command::Note { space, key: Cow::Owned(key), value };
        self.execute(shard, &mut cell, command, now)
    }
}

/// Under what the ledger keeps a note, so that the roots of one shard have theirs apart: the length
/// of the root's name, the name, and the key.
pub(super) fn note_key(root: &str, key: &[u8]) -> Vec<u8> {
    let len = u64::try_from(root.len()).unwrap_or(u64::MAX).to_le_bytes();
    [&len, root.as_bytes(), key].concat()
}

/// A limit of the scope's plan whose capacity is granted, and its burn order.
fn granted(cell: &Cell, scope: Scope, limit: &str) -> Option<(LimitId, Burn)> {
    let id = cell.catalog.limit(limit)?;
    let plan = cell.ledger.account(scope.id)?.plan()?;
    match cell.catalog.limit_terms(plan, id)?.capacity {
        Capacity::Fixed { .. } => None,
        Capacity::Granted { burn } => Some((id, burn)),
    }
}

/// A grant of the scope for a limit, by its name: how it is told from others, and its amount.
fn given(cell: &Cell, scope: Scope, (limit, name): (LimitId, &str)) -> Option<(Source, Quantity)> {
    let account = cell.ledger.account(scope.id)?;
    let mut grants = cell.ledger.accounts().grants(account);
    let grant = grants.find(|grant| grant.limit == limit && *grant.name == *name)?;
    Some((grant.source, grant.amount))
}
