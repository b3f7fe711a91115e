//! Is it still held? Reservations: what each keeps back, of which balances and lots, until when.
//!
//! A [`Hold`] belongs to the periods, grants and lots that it was taken from, and stays good in them
//! until it ends: at its deadline, or when it is committed for the last time or released. A hold
//! that has ended keeps its answers for a day. [`Holds`] is storage and keeps no rule: what is put
//! into it was decided elsewhere.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/hold.rs`, under the same name.
//!
//! - `balances_hold_what_holds_hold`: what a balance holds is the sum of the open holds' parts of it.
//! - `a_hold_keeps_its_word`: while it is open, a commit of what is held goes through, whatever else
//!   happened; a millisecond before the deadline it is open, at the deadline it is not. Three things
//!   end this: a wallet that has not even the last digit which rounding may add, or not what use
//!   beside it has made dearer since, and use beside it past all numbers.
//! - `money_is_held_charged_or_given_back`: what lots lose is what is charged or held.
//! - `a_deadline_ends_a_hold`: at no instant is a hold open whose deadline has passed.
//! - `a_step_seen_again_answers_the_same`: a commit or release that is repeated changes nothing.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::amount::Quantity;
use crate::catalog::Charge;
use crate::id::{FeatureId, HoldId, LimitId, ScopeId, WalletId};
use crate::limit::Source;
use crate::time::{Span, Timestamp};

/// The most holds on record for one root, open ones and those that ended within the last day. Ours:
/// some tens of megabytes.
pub const HOLDS_MAX: usize = 100_000;

/// The most commits of a hold, its last one left out. Ours.
pub const COMMITS_MAX: usize = 64;

/// For how long the answers of a hold that has ended are known, at least. Ours: a day, after which
/// nobody asks again.
pub const KEPT: Span = days(1);

/// The longest time to live. Ours: a month of 31 days.
pub const TTL_MAX: Span = days(31);

/// A reservation, whose steps were given answers of type `A`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hold<A> {
    /// Which.
    pub id: HoldId,
    /// The path that it was taken on, the root first.
    pub scopes: Box<[ScopeId]>,
    /// When it ends by itself; once it has ended, until when its answers are known.
    pub until: Timestamp,
    /// What it holds.
    pub held: Held,
    /// The numbers of its commits, and what was answered.
    pub answers: Vec<(u32, A)>,
    /// How it ended; `None` while it is open.
    pub ended: Option<Ended<A>>,
}

impl<A> Hold<A> {
    /// The root of its path.
    #[must_use]
    pub fn root(&self) -> Option<ScopeId> {
        self.scopes.first().copied()
    }

    /// Sets what is still held, quantity by quantity; tells whether that fits.
    pub fn keep(&mut self, quantities: &[Quantity]) -> bool {
        self.held.set(quantities)
    }
}

/// How a hold ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ended<A> {
    /// By whom.
    pub by: Ending,
    /// What was answered.
    pub answer: A,
}

/// By whom a hold was ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// By its last commit, or by a release.
    Caller,
    /// By its deadline.
    Deadline,
}

/// What a hold keeps back.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Held {
    /// What may still be committed of each feature.
    pub rest: Vec<(FeatureId, Quantity)>,
    /// The parts, limit by limit in the order in which they were drawn.
    pub parts: Vec<Part>,
    /// The money, in the order in which it was drawn.
    pub pledges: Vec<Pledge>,
}

impl Held {
    /// All quantities, in one order.
    pub fn quantities(&self) -> impl Iterator<Item = Quantity> {
        let rest = self.rest.iter().map(|(_, left)| *left);
        let parts = self.parts.iter().map(|part| part.held);
        rest.chain(parts).chain(self.pledges.iter().map(|pledge| pledge.left))
    }

    /// Sets all quantities, in the same order; tells whether there were as many.
    fn set(&mut self, quantities: &[Quantity]) -> bool {
        let rest = self.rest.iter_mut().map(|(_, left)| left);
        let parts = self.parts.iter_mut().map(|part| &mut part.held);
        let pledges = self.pledges.iter_mut().map(|pledge| &mut pledge.left);
        let mut new = quantities.iter();
        let fits = rest.chain(parts).chain(pledges).all(|place| match new.next() {
            Some(quantity) => {
                *place = *quantity;
                true
            }
            None => false,
        });
        fits && new.next().is_none()
    }
}

/// What a hold keeps back of one balance.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// Whose balance.
    pub scope: ScopeId,
    /// Of which limit, of which allowance, and when its period ends.
    pub balance: (LimitId, Source, Timestamp),
    /// The feature that is held.
    pub feature: FeatureId,
    /// How much is still held.
    pub held: Quantity,
    /// The capacity of the balance, when it was held.
    pub capacity: Quantity,
    /// What its use costs, as sold when it was held.
    pub charge: Option<Charge>,
}

/// What a hold keeps back of one lot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pledge {
    /// Whose lot.
    pub scope: ScopeId,
    /// Of which wallet.
    pub wallet: WalletId,
    /// The name of the lot.
    pub lot: Box<str>,
    /// How much of it is still held.
    pub left: Quantity,
}

/// All holds of a ledger.
#[derive(Clone, Debug)]
pub struct Holds<A> {
    all: BTreeMap<HoldId, Hold<A>>,
    /// The open ones by deadline, and the ended ones by the end of their memory.
    open: BTreeSet<(Timestamp, HoldId)>,
    ended: BTreeSet<(Timestamp, HoldId)>,
    /// The open ones of each root by deadline.
    deadlines: BTreeSet<(ScopeId, Timestamp, HoldId)>,
    by_root: BTreeMap<ScopeId, usize>,
}

impl<A> Default for Holds<A> {
    fn default() -> Self {
        Self {
            all: BTreeMap::new(),
            open: BTreeSet::new(),
            ended: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            by_root: BTreeMap::new(),
        }
    }
}

impl<A> Holds<A> {
    /// The hold of that number, open or ended.
    #[must_use]
    pub fn get(&self, id: HoldId) -> Option<&Hold<A>> {
        self.all.get(&id)
    }

    /// Adds a hold; tells whether it is new and has a root.
    pub fn insert(&mut self, hold: Hold<A>) -> bool {
        let Some(root) = hold.root().filter(|_| !self.all.contains_key(&hold.id)) else {
            return false;
        };
        let count = self.by_root.entry(root).or_default();
        *count = count.saturating_add(1);
        self.list(&hold);
        self.all.insert(hold.id, hold);
        true
    }

    /// Changes a hold; tells whether there is one.
    pub fn change(&mut self, id: HoldId, change: impl FnOnce(&mut Hold<A>) -> bool) -> bool {
        let Some(mut hold) = self.all.remove(&id) else { return false };
        self.unlist(&hold);
        let changed = change(&mut hold);
        self.list(&hold);
        self.all.insert(id, hold);
        changed
    }

    /// Forgets the ended holds whose answers were to be known until before `now`.
    pub fn sweep(&mut self, now: Timestamp) {
        while let Some((_, id)) = self.ended.first().copied().filter(|(until, _)| *until < now) {
            let Some(hold) = self.all.remove(&id) else { return };
            self.unlist(&hold);
            let Some(root) = hold.root() else { return };
            let count = self.by_root.entry(root).or_default();
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.by_root.remove(&root);
            }
        }
    }

    /// Lets deadlines follow a clock that is put back from `seen` to `to`: what would live for longer
    /// than a hold may was taken by the wrong clock, and has as long to live as it had by that one.
    pub fn put_back(&mut self, seen: Timestamp, to: Timestamp) {
        let far: Vec<HoldId> =
            self.all.values().filter(|h| longest(h, to) < h.until).map(|h| h.id).collect();
        for id in far {
            self.change(id, |hold| {
                let left = hold.until.since(seen);
                hold.until = to.checked_add(left).unwrap_or(to).min(longest(hold, to));
                true
            });
        }
    }

    /// The open hold whose deadline passed first, if any has at `now`, and that deadline.
    #[must_use]
    #[inline]
    pub fn due(&self, now: Timestamp) -> Option<(Timestamp, HoldId)> {
        self.open.first().copied().filter(|(deadline, _)| *deadline <= now)
    }

    /// How much of what a balance holds is held no more at `now`.
    #[must_use]
    pub fn lapsed(
        &self,
        scope: ScopeId,
        balance: (LimitId, Source, Timestamp),
        now: Timestamp,
    ) -> Quantity {
        let due = self.open.iter().take_while(|(until, _)| *until <= now);
        sum(due.flat_map(|(_, id)| self.part(*id, scope, balance)))
    }

    /// The money of holds that are due at `now`.
    pub fn lapsed_pledges(&self, now: Timestamp) -> impl Iterator<Item = &Pledge> {
        let due = self.open.iter().take_while(move |(until, _)| *until <= now);
        due.filter_map(|(_, id)| self.all.get(id)).flat_map(|hold| &hold.held.pledges)
    }

    /// How much of a lot the open holds of a root hold.
    #[must_use]
    pub fn pledged(&self, root: ScopeId, scope: ScopeId, lot: &str) -> Quantity {
        let of_root = self.deadlines.range((root, Timestamp::MIN, HoldId(0))..);
        let of_root = of_root.take_while(|(of, ..)| *of == root);
        let holds = of_root.filter_map(|(_, _, id)| self.all.get(id));
        let pledges = holds.flat_map(|hold| &hold.held.pledges);
        let of_lot = pledges.filter(|pledge| pledge.scope == scope && *pledge.lot == *lot);
        sum(of_lot.map(|pledge| pledge.left))
    }

    /// The deadlines to come of a root's open holds, and how much of the balance each gives back.
    pub fn deadlines(
        &self,
        (root, scope): (ScopeId, ScopeId),
        balance: (LimitId, Source, Timestamp),
    ) -> impl Iterator<Item = (Timestamp, Quantity)> {
        let of_root = self.deadlines.range((root, Timestamp::MIN, HoldId(0))..);
        let of_root = of_root.take_while(move |(of, ..)| *of == root);
        of_root.map(move |(_, until, id)| (*until, sum(self.part(*id, scope, balance))))
    }

    /// What a root's open holds hold, in the order of their deadlines, and those.
    pub fn open_parts(&self, root: ScopeId) -> impl Iterator<Item = (Timestamp, &Part)> {
        let of_root = self.deadlines.range((root, Timestamp::MIN, HoldId(0))..);
        let of_root = of_root.take_while(move |(of, ..)| *of == root);
        let holds = of_root.filter_map(|(_, _, id)| self.all.get(id));
        holds.flat_map(|hold| hold.held.parts.iter().map(|part| (hold.until, part)))
    }

    /// The first deadline after `now` of a root's open holds that hold something of a limit.
    #[must_use]
    pub fn next_deadline(
        &self,
        (root, scope): (ScopeId, ScopeId),
        limit: LimitId,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let of_limit = |part: &Part| (part.scope, part.balance.0) == (scope, limit);
        let mut to_come = self.open_parts(root).filter(|(until, _)| now < *until);
        to_come.find(|(_, part)| of_limit(part)).map(|(until, _)| until)
    }

    /// How many holds of a root are on record.
    #[must_use]
    pub fn len_of(&self, root: ScopeId) -> usize {
        self.by_root.get(&root).copied().unwrap_or(0)
    }

    /// All holds, by number.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Hold<A>> {
        self.all.values()
    }

    fn part(
        &self,
        id: HoldId,
        scope: ScopeId,
        balance: (LimitId, Source, Timestamp),
    ) -> impl Iterator<Item = Quantity> {
        let parts = self.all.get(&id).into_iter().flat_map(|hold| &hold.held.parts);
        let same = move |part: &&Part| (part.scope, part.balance) == (scope, balance);
        parts.filter(same).map(|part| part.held)
    }

    fn list(&mut self, hold: &Hold<A>) {
        let entry = (hold.until, hold.id);
        if hold.ended.is_some() {
            self.ended.insert(entry);
            return;
        }
        self.open.insert(entry);
        if let Some(root) = hold.root() {
            self.deadlines.insert((root, hold.until, hold.id));
        }
    }

    fn unlist(&mut self, hold: &Hold<A>) {
        let entry = (hold.until, hold.id);
        self.open.remove(&entry);
        self.ended.remove(&entry);
        if let Some(root) = hold.root() {
            self.deadlines.remove(&(root, hold.until, hold.id));
        }
    }
}

/// Until when a hold can live, or be remembered, from `now` on.
fn longest<A>(hold: &Hold<A>, now: Timestamp) -> Timestamp {
    let most = if hold.ended.is_some() { KEPT } else { TTL_MAX };
    now.checked_add(most).unwrap_or(Timestamp::MAX)
}

const fn days(days: i64) -> Span {
    match Span::from_millis(days.saturating_mul(86_400_000)) {
        Ok(span) => span,
        Err(_) => Span::ZERO,
    }
}

fn sum(quantities: impl Iterator<Item = Quantity>) -> Quantity {
    // A balance holds their sum, so it fits.
    quantities.fold(Quantity::ZERO, |sum, held| sum.checked_add(held).unwrap_or(sum))
}
