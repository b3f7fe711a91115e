//! What is their state? Scopes by path, each with its balances, grants, lots and readings.
//!
//! A scope is a tenant, customer, user or key; an [`Account`] is its state. Scopes form trees: a
//! name is unique under its parent. [`Accounts`] is storage and keeps no rule: what is put into it
//! was decided elsewhere.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/account.rs`, under the same name.
//!
//! - `same_as_maps`: whatever is put and taken out, look-ups equal those of ordered maps.
//! - `chosen_names_cost_no_more`: names that collide in a weaker table cost what others cost.

use alloc::vec::Vec;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use crate::amount::Quantity;
use crate::grant::{Burn, Grant};
use crate::hash::HashKey;
use crate::id::{CatalogVersion, LimitId, PlanId, ScopeId, ScopeName, WalletId};
use crate::limit::{Balance, Source};
use crate::meter::Reading;
use crate::time::Timestamp;
use crate::wallet::Lot;

mod chain;
mod label;
mod members;
mod periods;
mod told;

use chain::{Chain, Head};
use label::Label;
use told::Kept;

/// The state of one scope: its name and its first balance on neighbouring cache lines, and where
/// its further things stand.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Account {
    first: Balance,
    label: Label,
    anchor: Timestamp,
    lists: Lists,
    parent: ScopeId, // NOBODY for a root
    root: ScopeId,   // INVARIANT: that of the parent, or the scope itself
    plan: Option<PlanId>,
    status: Status,
}

/// The heads of an account's lists.
#[derive(Clone, Copy, Debug)]
struct Lists {
    balances: Head,
    grants: Head,
    lots: Head,
    meters: Head,
}

impl Account {
    /// Where the scope's own anchored windows start.
    #[must_use]
    pub const fn anchor(&self) -> Timestamp {
        self.anchor
    }

    /// Its balance, where it has no more than one; vacant where it has none.
    #[inline]
    pub(crate) fn only_balance(&self) -> Option<&Balance> {
        (self.lists.balances == Head::EMPTY).then_some(&self.first)
    }

    /// The scope above, `None` for a root.
    #[must_use]
    pub const fn parent(&self) -> Option<ScopeId> {
        if self.parent.0 == NOBODY.0 { None } else { Some(self.parent) }
    }

    /// The root of the scope's tree: the scope itself, if none is above it.
    #[must_use]
    #[inline]
    pub const fn root(&self) -> ScopeId {
        self.root
    }

    /// The plan that limits the scope.
    #[must_use]
    pub const fn plan(&self) -> Option<PlanId> {
        self.plan
    }

    /// Whether the scope may spend at all.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }
}

/// Whether a scope may spend at all.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It may.
    #[default]
    Active,
    /// Stopped by the operator for cause.
    Blocked,
    /// Ended; its counts are kept.
    Cancelled,
    /// Not, or no longer, in use.
    Inactive,
    /// It has no plan, and needs one.
    NoPlan,
    /// Stopped for a while.
    Paused,
}

/// A meter's reading for one limit, and the period that it belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LimitReading {
    /// The limit.
    pub limit: LimitId,
    /// The meter's number.
    pub reading: Reading,
    /// The end of its period; [`crate::window::Period::NEVER`] for a lifetime meter.
    pub window_end: Timestamp,
}

impl LimitReading {
    const fn key(&self) -> (LimitId, Timestamp) {
        (self.limit, self.window_end)
    }
}

/// All accounts of a ledger.
#[derive(Clone, Debug)]
pub struct Accounts {
    accounts: Vec<Account>,
    balances: Chain<Balance>,
    grants: Chain<Grant>,
    lots: Chain<Lot>,
    kept: Kept,
    index: HashTable<u32>,
    long_names: Vec<u8>,
    key: HashKey,
}

impl Accounts {
    /// No accounts; their names will be hashed with `key`.
    #[must_use]
    pub const fn new(key: HashKey) -> Self {
        Self {
            accounts: Vec::new(),
            balances: Chain::new(),
            grants: Chain::new(),
            lots: Chain::new(),
            kept: Kept::new(),
            index: HashTable::new(),
            long_names: Vec::new(),
            key,
        }
    }

    /// The scope called `name` under `parent`.
    #[must_use]
    pub fn find(&self, parent: Option<ScopeId>, name: &str) -> Option<ScopeId> {
        let same = |index: &u32| {
            self.get(ScopeId(*index)).is_some_and(|account| {
                account.parent() == parent
                    && account.label.bytes(&self.long_names) == name.as_bytes()
            })
        };
        let hash = self.key.hash(tag(parent), name.as_bytes());
        self.index.find(hash, same).map(|index| ScopeId(*index))
    }

    /// Adds a scope that is not there yet; `None` when no more can be numbered, or there is no such
    /// parent.
    ///
    /// Its anchored windows will start at `anchor`.
    pub fn open(
        &mut self,
        parent: Option<ScopeId>,
        name: ScopeName<'_>,
        anchor: Timestamp,
    ) -> Option<ScopeId> {
        let index = u32::try_from(self.accounts.len()).ok().filter(|index| *index < u32::MAX)?;
        let root = match parent {
            Some(parent) => self.get(parent)?.root,
            None => ScopeId(index),
        };
        let label = Label::new(name.as_str(), &mut self.long_names)?;
        let lists = Lists {
            balances: Head::EMPTY,
            grants: Head::EMPTY,
            lots: Head::EMPTY,
            meters: Head::EMPTY,
        };
        let (first, plan, status) = (Balance::VACANT, None, Status::Active);
        let above = parent.unwrap_or(NOBODY);
        self.accounts.push(Account {
            first,
            label,
            anchor,
            lists,
            parent: above,
            root,
            plan,
            status,
        });
        let Self { accounts, index: table, long_names, key, .. } = self;
        let hash_of = |index: &u32| {
            let account = usize::try_from(*index).ok().and_then(|index| accounts.get(index));
            account.map_or(0, |a| key.hash(tag(a.parent()), a.label.bytes(long_names)))
        };
        table.insert_unique(key.hash(tag(parent), name.as_str().as_bytes()), index, hash_of);
        Some(ScopeId(index))
    }

    /// The account of a scope.
    #[must_use]
    #[inline]
    pub fn get(&self, scope: ScopeId) -> Option<&Account> {
        self.accounts.get(usize::try_from(scope.0).ok()?)
    }

    /// A scope's name; empty when there is no such scope.
    #[must_use]
    pub fn name(&self, scope: ScopeId) -> &str {
        let bytes =
            self.get(scope).map_or(&[][..], |account| account.label.bytes(&self.long_names));
        core::str::from_utf8(bytes).unwrap_or_default()
    }

    /// How many scopes there are; they are numbered from 0.
    #[must_use]
    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// Whether there are no scopes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// All balances of an account, in no order that means anything.
    pub fn balances<'a>(&'a self, account: &'a Account) -> impl Iterator<Item = &'a Balance> {
        let first = (!account.first.is_vacant()).then_some(&account.first);
        first.into_iter().chain(self.balances.iter(account.lists.balances))
    }

    /// The balance of a limit with the latest period.
    #[must_use]
    #[inline]
    pub fn latest<'a>(
        &'a self,
        account: &'a Account,
        limit: LimitId,
        source: Source,
    ) -> Option<&'a Balance> {
        let same = |balance: &&Balance| balance.limit == limit && balance.source == source;
        if account.lists.balances == Head::EMPTY {
            return Some(&account.first).filter(same);
        }
        self.balances(account).filter(same).max_by_key(|balance| balance.window_end)
    }

    /// Stores a balance over the one with its key, or beside the others.
    ///
    /// Gives `false` when there is no such scope, or no place.
    #[inline]
    pub fn put(&mut self, scope: ScopeId, balance: Balance) -> bool {
        let Self { accounts, balances, .. } = self;
        let Some(account) = at_mut(accounts, scope) else { return false };
        if account.first.key() == balance.key() {
            account.first = balance;
            return true;
        }
        let head = account.lists.balances;
        if let Some(place) = balances.find_mut(head, |known| known.key() == balance.key()) {
            *place = balance;
            return true;
        }
        if account.first.is_vacant() {
            account.first = balance;
            return true;
        }
        match balances.insert(head, balance, |a, b| a.key().cmp(&b.key())) {
            Some(head) => account.lists.balances = head,
            None => return false,
        }
        true
    }

    /// Sets what is used of a scope's only balance.
    #[inline]
    pub(crate) fn use_only_balance(&mut self, scope: ScopeId, used: Quantity) {
        if let Some(account) = at_mut(&mut self.accounts, scope) {
            account.first.used = used;
        }
    }

    /// Forgets a balance, and what its limit's meter read in its period.
    pub fn forget(&mut self, scope: ScopeId, key: (LimitId, Source, Timestamp)) {
        let Self { accounts, balances, kept: Kept { meters, members, .. }, .. } = self;
        let Some(account) = at_mut(accounts, scope) else { return };
        let lists = &mut account.lists;
        if account.first.key() == key {
            account.first = Balance::VACANT;
        } else {
            lists.balances = balances.remove(lists.balances, |known| known.key() == key);
        }
        let (limit, _, window_end) = key;
        let same = |known: &LimitReading| known.key() == (limit, window_end);
        lists.meters = meters.remove(lists.meters, same);
        members.forget((scope, limit, window_end));
        self.forget_told(scope, (limit, window_end));
    }

    /// The grants of an account, by limit and then in burn order.
    pub fn grants<'a>(&'a self, account: &'a Account) -> impl Iterator<Item = &'a Grant> {
        self.grants.iter(account.lists.grants)
    }

    /// Adds a grant at its place in `burn` order among those of its limit.
    pub fn add_grant(&mut self, scope: ScopeId, grant: Grant, burn: Burn) -> bool {
        let Self { accounts, grants, .. } = self;
        let Some(account) = at_mut(accounts, scope) else { return false };
        // Limits apart first: each may have a burn order of its own.
        let order = |a: &Grant, b: &Grant| a.limit.cmp(&b.limit).then_with(|| burn.order(a, b));
        match grants.insert(account.lists.grants, grant, order) {
            Some(head) => account.lists.grants = head,
            None => return false,
        }
        true
    }

    /// Adds a grant after all others: their order is known already.
    pub fn push_grant(&mut self, scope: ScopeId, grant: Grant) -> bool {
        let Self { accounts, grants, .. } = self;
        let Some(account) = at_mut(accounts, scope) else { return false };
        match grants.insert(account.lists.grants, grant, |_, _| core::cmp::Ordering::Less) {
            Some(head) => account.lists.grants = head,
            None => return false,
        }
        true
    }

    /// Lets a grant end at `at`, if that is earlier; whether it is there.
    pub fn end_grant(&mut self, scope: ScopeId, source: Source, at: Timestamp) -> bool {
        let Self { accounts, grants, .. } = self;
        let head = at_mut(accounts, scope).map_or(Head::EMPTY, |account| account.lists.grants);
        let grant = grants.find_mut(head, |grant| grant.source == source);
        grant.map(|grant| grant.expires = grant.expires.min(at)).is_some()
    }

    /// Forgets a grant and what was drawn from it.
    pub fn forget_grant(&mut self, scope: ScopeId, source: Source) {
        let Self { accounts, balances, grants, .. } = self;
        let Some(account) = at_mut(accounts, scope) else { return };
        let lists = &mut account.lists;
        lists.grants = grants.remove(lists.grants, |grant| grant.source == source);
        if account.first.source == source {
            account.first = Balance::VACANT;
        }
        let of_grant = |balance: &Balance| balance.source == source;
        while balances.iter(lists.balances).any(of_grant) {
            lists.balances = balances.remove(lists.balances, of_grant);
        }
        self.forget_earlier(scope);
    }

    /// What a wallet of a scope can pay at `now`.
    #[must_use]
    pub fn usable(&self, scope: ScopeId, wallet: WalletId, now: Timestamp) -> Quantity {
        let Some(account) = self.get(scope) else { return Quantity::ZERO };
        let lots = self.lots(account).filter(|lot| lot.wallet == wallet);
        lots.fold(Quantity::ZERO, |sum, lot| {
            // A sum past the range of a quantity pays whatever can be asked.
            sum.checked_add(lot.usable(now)).unwrap_or(crate::limit::UNLIMITED)
        })
    }

    /// The lots of an account, in the order in which they are drawn.
    pub fn lots<'a>(&'a self, account: &'a Account) -> impl Iterator<Item = &'a Lot> {
        self.lots.iter(account.lists.lots)
    }

    /// Adds a lot at its place.
    pub fn add_lot(&mut self, scope: ScopeId, lot: Lot) -> bool {
        let Self { accounts, lots, .. } = self;
        let Some(account) = at_mut(accounts, scope) else { return false };
        match lots.insert(account.lists.lots, lot, Lot::order) {
            Some(head) => account.lists.lots = head,
            None => return false,
        }
        true
    }

    /// Sets what is left of the lot at `position` in the order in which they are drawn.
    pub fn set_lot(&mut self, scope: ScopeId, position: u16, left: Quantity) -> bool {
        let Self { accounts, lots, .. } = self;
        let head = at_mut(accounts, scope).map_or(Head::EMPTY, |account| account.lists.lots);
        let lot = lots.nth_mut(head, position);
        lot.map(|lot| lot.left = left).is_some()
    }

    /// The meter readings of an account.
    pub fn readings<'a>(&'a self, account: &'a Account) -> impl Iterator<Item = &'a LimitReading> {
        self.kept.meters.iter(account.lists.meters)
    }

    /// Stores a reading over the limit's one of the same period.
    pub fn put_reading(&mut self, scope: ScopeId, reading: LimitReading) -> bool {
        let Self { accounts, kept: Kept { meters, .. }, .. } = self;
        let Some(account) = at_mut(accounts, scope) else { return false };
        let head = account.lists.meters;
        if let Some(place) = meters.find_mut(head, |known| known.key() == reading.key()) {
            *place = reading;
            return true;
        }
        match meters.insert(head, reading, |a, b| a.key().cmp(&b.key())) {
            Some(head) => account.lists.meters = head,
            None => return false,
        }
        true
    }

    /// Gives a scope another plan; its counts stay, and are read under the new terms.
    pub fn set_plan(&mut self, scope: ScopeId, plan: Option<PlanId>) {
        if let Some(account) = at_mut(&mut self.accounts, scope) {
            account.plan = plan;
        }
        self.mark(scope, |_| Balance::VACANT.generation);
    }

    /// Sets whether a scope may spend.
    pub fn set_status(&mut self, scope: ScopeId, status: Status) {
        if let Some(account) = at_mut(&mut self.accounts, scope) {
            account.status = status;
        }
    }

    /// Sets where a scope's own anchored windows start; their open periods are looked up anew.
    pub fn set_anchor(&mut self, scope: ScopeId, anchor: Timestamp) {
        if let Some(account) = at_mut(&mut self.accounts, scope) {
            account.anchor = anchor;
        }
        self.mark(scope, stale);
    }

    /// Lets the period of every balance be looked up anew: the clock was put back, and what ran may
    /// not have begun.
    pub fn put_back(&mut self) {
        for scope in (0..u32::MAX).map(ScopeId).take(self.accounts.len()) {
            self.mark(scope, stale);
        }
    }

    /// Marks all balances of an account, so that none is taken for one of the catalog in force.
    fn mark(&mut self, scope: ScopeId, mark: impl Fn(CatalogVersion) -> CatalogVersion) {
        let Self { accounts, balances, .. } = self;
        let Some(account) = at_mut(accounts, scope) else { return };
        account.first.generation = mark(account.first.generation);
        balances.for_each_mut(account.lists.balances, |balance| {
            balance.generation = mark(balance.generation);
        });
    }
}

/// The mark of a balance whose period is to be looked up: its capacity stands, if it was read.
fn stale(known: CatalogVersion) -> CatalogVersion {
    if known == Balance::VACANT.generation { known } else { STALE }
}

/// The tag under which a name is hashed: its parent.
fn tag(parent: Option<ScopeId>) -> u64 {
    parent.map_or(u64::MAX, |parent| u64::from(parent.0))
}

fn at_mut(accounts: &mut [Account], scope: ScopeId) -> Option<&mut Account> {
    accounts.get_mut(usize::try_from(scope.0).ok()?)
}

/// The number that no scope has.
const NOBODY: ScopeId = ScopeId(u32::MAX);

/// The generation of a balance whose capacity stands, and whose period is to be looked up.
const STALE: CatalogVersion = CatalogVersion(u32::MAX);
