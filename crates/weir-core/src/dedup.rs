//! Have we answered this before? The bounded memory of keys and the answers given to them.
//!
//! An answer is kept for at least its lifetime and forgotten only by a sweep, never by a read: a
//! ledger that replays its journal must find the same keys. At the bound of a root a new key is
//! refused, or where that is declared, the root's oldest answer goes before its time. When answers
//! are forgotten, it stays known when the latest of their events happened: a key of then or earlier
//! that is not known may be one of them.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/dedup.rs`, under the same name.
//!
//! - `same_as_map`: whatever is remembered and swept, look-ups equal those of an ordered map.
//! - `kept_for_its_lifetime`: an answer is known as long as no sweep came after its time, and it did
//!   not have to make place for one of its root.
//! - `request_keys_differ_as_their_bytes_do`: two keys are equal when what was sent is.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::{iter, mem};

use hashbrown::HashTable;
use sha2::{Digest, Sha256};

use crate::hash::HashKey;
use crate::id::{FeatureId, LimitId, ScopeId};
use crate::time::Timestamp;
use crate::token::Environment;

/// A caller's idempotency key, of any bytes, in 33 bytes.
///
/// # Shape
///
/// Keys of up to 32 bytes are kept as they are, longer ones as their SHA-256; the length byte tells
/// them apart. An empty key is no key.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RequestKey {
    len: u8,         // INVARIANT: 1 to 32, or DIGESTED.
    bytes: [u8; 32], // INVARIANT: zeros from `len` on.
}

impl RequestKey {
    /// The key made of `bytes`; `None` when there are none.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::dedup::RequestKey;
    ///
    /// assert_ne!(RequestKey::new(b"order-1"), RequestKey::new(b"order-2"));
    /// assert_eq!(RequestKey::new(b""), None);
    /// ```
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut kept = [0_u8; 32];
        let len = u8::try_from(bytes.len()).ok().filter(|len| *len <= 32);
        match (len, kept.get_mut(..bytes.len())) {
            (Some(0), _) => return None,
            (Some(_), Some(place)) => place.copy_from_slice(bytes),
            _ => kept = Sha256::digest(bytes).into(),
        }
        Some(Self { len: len.unwrap_or(DIGESTED), bytes: kept })
    }

    /// The 33 bytes that a journal keeps.
    #[must_use]
    pub const fn to_parts(self) -> (u8, [u8; 32]) {
        (self.len, self.bytes)
    }

    /// The key that [`RequestKey::to_parts`] took apart; `None` when it never came from there.
    #[must_use]
    pub fn from_parts(len: u8, bytes: [u8; 32]) -> Option<Self> {
        let unused = bytes.get(usize::from(len)..).unwrap_or_default();
        let known = (1..=DIGESTED).contains(&len) && unused.iter().all(|byte| *byte == 0);
        known.then_some(Self { len, bytes })
    }
}

/// What an answer is remembered under: keys of two spaces never meet.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Key {
    /// The root of the path.
    pub root: ScopeId,
    /// Whose key it is.
    pub space: Space,
    /// What the caller sent.
    pub request: RequestKey,
}

/// Whose key it is, within a root.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Space {
    /// The scope; the root itself, where the catalog keeps keys of whole roots.
    pub scope: ScopeId,
    /// What has keys of its own within that scope.
    pub apart: Option<Apart>,
}

/// What has keys of its own within a scope.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Apart {
    /// A limit of a scope.
    Balance(ScopeId, LimitId),
    /// What a credential is for.
    Environment(Environment),
    /// A feature.
    Feature(FeatureId),
}

impl Key {
    fn hash(&self, with: HashKey) -> u64 {
        let Space { scope, apart } = self.space;
        let apart = match apart {
            None => 0,
            Some(Apart::Balance(of, limit)) => {
                tagged(1, (u64::from(of.0) << 16) | u64::from(limit.0))
            }
            Some(Apart::Environment(Environment::Live)) => tagged(2, 0),
            Some(Apart::Environment(Environment::Test)) => tagged(2, 1),
            Some(Apart::Feature(feature)) => tagged(3, u64::from(feature.0)),
        };
        // Few spaces meet, and what meets is compared whole.
        let space = (u64::from(self.root.0) << 32) ^ u64::from(scope.0) ^ apart.rotate_left(40);
        with.hash(space, &self.request.bytes)
    }
}

const fn tagged(tag: u64, content: u64) -> u64 {
    (tag << 48) | content
}

/// Remembered answers of type `A`, oldest first.
#[derive(Clone, Debug)]
pub struct Dedup<A> {
    slots: Vec<Slot<A>>,
    /// The first free slot, of a list through `after`.
    free: usize,
    /// The oldest answer of all, and the youngest.
    ends: Ends,
    places: HashTable<usize>,
    /// What there is of each root, so that one cannot take the room of another.
    by_root: BTreeMap<ScopeId, OfRoot>,
    len: usize,
    key: HashKey,
}

/// An answer, and its neighbours in two lists: of all answers and of those of its root.
#[derive(Clone, Copy, Debug)]
struct Slot<A> {
    entry: Entry<A>,
    before: usize,
    after: usize,
    after_of_root: usize,
}

/// The first slot of a list and the last.
#[derive(Clone, Copy, Debug)]
struct Ends {
    first: usize,
    last: usize,
}

impl Ends {
    const NOTHING: Self = Self { first: NOWHERE, last: NOWHERE };
}

/// What there is of one root.
#[derive(Clone, Copy, Debug)]
struct OfRoot {
    /// How many answers.
    len: u32,
    ends: Ends,
    /// When the latest event happened whose answer was forgotten.
    forgot: Timestamp,
}

impl OfRoot {
    const NOTHING: Self = Self { len: 0, ends: Ends::NOTHING, forgot: Timestamp::MIN };
}

/// An answer, its key, and until when it is surely known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry<A> {
    /// What it is remembered under.
    pub key: Key,
    /// What was answered.
    pub answer: A,
    /// When that happened which was answered.
    pub at: Timestamp,
    /// A sweep after this instant may forget it.
    pub until: Timestamp,
}

impl<A: Copy> Dedup<A> {
    /// An empty memory whose table is keyed by `key`.
    #[must_use]
    pub const fn new(key: HashKey) -> Self {
        Self {
            slots: Vec::new(),
            free: NOWHERE,
            ends: Ends::NOTHING,
            places: HashTable::new(),
            by_root: BTreeMap::new(),
            len: 0,
            key,
        }
    }

    /// The answer given to `key`, if it is remembered.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<A> {
        let at = |place: &usize| self.entry(*place).is_some_and(|entry| entry.key == *key);
        let place = self.places.find(key.hash(self.key), at)?;
        self.entry(*place).map(|entry| entry.answer)
    }

    /// Remembers an answer. A key that is known already keeps its first answer.
    pub fn remember(&mut self, entry: Entry<A>) {
        if self.get(&entry.key).is_some() {
            return;
        }
        let (hash, root) = (entry.key.hash(self.key), entry.key.root);
        let before = self.ends.last;
        let place = self.put(Slot { entry, before, after: NOWHERE, after_of_root: NOWHERE });
        match self.slots.get_mut(before) {
            Some(before) => before.after = place,
            None => self.ends.first = place,
        }
        self.ends.last = place;
        let of_root = self.by_root.entry(root).or_insert(OfRoot::NOTHING);
        match self.slots.get_mut(of_root.ends.last) {
            Some(before) => before.after_of_root = place,
            None => of_root.ends.first = place,
        }
        of_root.ends.last = place;
        of_root.len = of_root.len.saturating_add(1);
        self.len = self.len.saturating_add(1);
        let Self { slots, places, key, .. } = self;
        let rehash = |place: &usize| slots.get(*place).map_or(0, |s| s.entry.key.hash(*key));
        places.insert_unique(hash, place, rehash);
    }

    /// Forgets, oldest first, what was to be known until before `now`; tells how many.
    ///
    /// An answer waits for those that came before it, should they be known for longer.
    pub fn sweep(&mut self, now: Timestamp) -> usize {
        let before = self.len;
        while let Some(entry) = self.entry(self.ends.first).filter(|entry| entry.until < now) {
            self.drop_oldest(entry.key.root);
        }
        before.saturating_sub(self.len)
    }

    /// Forgets the oldest answers of a root before their time; there may be fewer.
    pub fn make_place(&mut self, root: ScopeId, count: u32) {
        for _ in 0..count {
            if !self.drop_oldest(root) {
                return;
            }
        }
    }

    /// Forgets the oldest answer of a root; tells whether there was one.
    fn drop_oldest(&mut self, root: ScopeId) -> bool {
        let Some(of_root) = self.by_root.get_mut(&root) else { return false };
        let place = of_root.ends.first;
        let Some(slot) = self.slots.get_mut(place) else { return false };
        let Slot { entry: Entry { key, at, .. }, before, after, after_of_root } = *slot;
        slot.after = mem::replace(&mut self.free, place);
        of_root.ends.first = after_of_root;
        if after_of_root == NOWHERE {
            of_root.ends.last = NOWHERE;
        }
        of_root.len = of_root.len.saturating_sub(1);
        of_root.forgot = of_root.forgot.max(at);
        match self.slots.get_mut(before) {
            Some(slot) => slot.after = after,
            None => self.ends.first = after,
        }
        match self.slots.get_mut(after) {
            Some(slot) => slot.before = before,
            None => self.ends.last = before,
        }
        if let Ok(found) = self.places.find_entry(key.hash(self.key), |known| *known == place) {
            found.remove();
        }
        self.len = self.len.saturating_sub(1);
        true
    }

    /// Lets all that is remembered be forgotten after `until` at the latest: the clock was put back.
    pub fn put_back(&mut self, until: Timestamp) {
        for slot in &mut self.slots {
            slot.entry.until = slot.entry.until.min(until);
        }
    }

    /// How many answers are remembered.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// How many answers of one root are remembered.
    #[must_use]
    pub fn len_of(&self, root: ScopeId) -> u32 {
        self.by_root.get(&root).map_or(0, |of_root| of_root.len)
    }

    /// When the latest event of a root happened whose answer was forgotten: an unknown key of then or
    /// earlier may be one that was answered.
    #[must_use]
    pub fn forgot(&self, root: ScopeId) -> Option<Timestamp> {
        let forgot = self.by_root.get(&root)?.forgot;
        (forgot > Timestamp::MIN).then_some(forgot)
    }

    /// The roots of which something was forgotten, and up to when.
    pub fn forgotten(&self) -> impl Iterator<Item = (ScopeId, Timestamp)> {
        let all = self.by_root.iter().map(|(root, of_root)| (*root, of_root.forgot));
        all.filter(|(_, forgot)| *forgot > Timestamp::MIN)
    }

    /// Takes over up to when answers of a root were forgotten.
    pub fn forget(&mut self, root: ScopeId, forgot: Timestamp) {
        self.by_root.entry(root).or_insert(OfRoot::NOTHING).forgot = forgot;
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All that is remembered, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Entry<A>> {
        let slot = |place: usize| self.slots.get(place);
        let all = iter::successors(slot(self.ends.first), move |before| slot(before.after));
        all.map(|slot| &slot.entry)
    }

    /// Puts a slot where one is free.
    fn put(&mut self, new: Slot<A>) -> usize {
        let place = self.free;
        if let Some(slot) = self.slots.get_mut(place) {
            self.free = mem::replace(slot, new).after;
            return place;
        }
        self.slots.push(new);
        self.slots.len().saturating_sub(1)
    }

    fn entry(&self, place: usize) -> Option<&Entry<A>> {
        self.slots.get(place).map(|slot| &slot.entry)
    }
}

/// Where no slot is.
const NOWHERE: usize = usize::MAX;

const DIGESTED: u8 = 33;
