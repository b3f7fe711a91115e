//! Have we answered this before? The bounded memory of keys and the answers given to them.
//!
//! An answer is kept for at least its lifetime and forgotten only by a sweep, never by a read: a
//! ledger that replays its journal must find the same keys. At the bound, a new key is refused. When
//! answers are forgotten, it stays known when the latest of their events happened: a key of then or
//! earlier that is not known may be one of them.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/dedup.rs`, under the same name.
//!
//! - `same_as_map`: whatever is remembered and swept, look-ups equal those of an ordered map.
//! - `kept_for_its_lifetime`: an answer is known as long as no sweep came after its time.
//! - `request_keys_differ_as_their_bytes_do`: two keys are equal when what was sent is.

use alloc::collections::{BTreeMap, VecDeque};

use hashbrown::HashTable;
use sha2::{Digest, Sha256};

use crate::hash::HashKey;
use crate::id::{FeatureId, ScopeId};
use crate::time::Timestamp;

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

/// What an answer is remembered under: keys of two roots, or of two features, never meet.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Key {
    /// The root of the path.
    pub root: ScopeId,
    /// The feature, where the catalog keeps a key space for each.
    pub feature: Option<FeatureId>,
    /// What the caller sent.
    pub request: RequestKey,
}

impl Key {
    fn hash(&self, with: HashKey) -> u64 {
        let feature = self.feature.map_or(u64::MAX, |feature| u64::from(feature.0));
        with.hash((u64::from(self.root.0) << 32) ^ feature, &self.request.bytes)
    }
}

/// Remembered answers of type `A`, oldest first.
#[derive(Clone, Debug)]
pub struct Dedup<A> {
    entries: VecDeque<Entry<A>>,
    /// The number of the first entry; entries are numbered through, so that a sweep moves nothing.
    first: u64,
    numbers: HashTable<u64>,
    /// What there is of each root, so that one cannot take the room of another.
    by_root: BTreeMap<ScopeId, OfRoot>,
    key: HashKey,
}

/// What there is of one root.
#[derive(Clone, Copy, Debug)]
struct OfRoot {
    /// How many answers.
    len: u32,
    /// When the latest event happened whose answer was forgotten.
    forgot: Timestamp,
}

impl OfRoot {
    const NOTHING: Self = Self { len: 0, forgot: Timestamp::MIN };
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
            entries: VecDeque::new(),
            first: 0,
            numbers: HashTable::new(),
            by_root: BTreeMap::new(),
            key,
        }
    }

    /// The answer given to `key`, if it is remembered.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<A> {
        let at = |number: &u64| self.entry(*number).is_some_and(|entry| entry.key == *key);
        let number = self.numbers.find(key.hash(self.key), at)?;
        self.entry(*number).map(|entry| entry.answer)
    }

    /// Remembers an answer. A key that is known already keeps its first answer.
    pub fn remember(&mut self, entry: Entry<A>) {
        if self.get(&entry.key).is_some() {
            return;
        }
        let number = self.first.wrapping_add(self.entries.len() as u64);
        let hash = entry.key.hash(self.key);
        let of_root = self.by_root.entry(entry.key.root).or_insert(OfRoot::NOTHING);
        of_root.len = of_root.len.saturating_add(1);
        self.entries.push_back(entry);
        let Self { entries, first, numbers, key, .. } = self;
        let rehash = |number: &u64| find(entries, *first, *number).map_or(0, |e| e.key.hash(*key));
        numbers.insert_unique(hash, number, rehash);
    }

    /// Forgets, oldest first, what was to be known until before `now`; tells how many.
    ///
    /// An answer waits for those that came before it, should they be known for longer.
    pub fn sweep(&mut self, now: Timestamp) -> usize {
        let before = self.entries.len();
        while let Some(entry) = self.entries.pop_front_if(|entry| entry.until < now) {
            let number = self.first;
            if let Ok(found) = self.numbers.find_entry(entry.key.hash(self.key), |n| *n == number) {
                found.remove();
            }
            let of_root = self.by_root.entry(entry.key.root).or_insert(OfRoot::NOTHING);
            of_root.len = of_root.len.saturating_sub(1);
            of_root.forgot = of_root.forgot.max(entry.at);
            self.first = self.first.wrapping_add(1);
        }
        before.saturating_sub(self.entries.len())
    }

    /// Lets all that is remembered be forgotten after `until` at the latest: the clock was put back.
    pub fn put_back(&mut self, until: Timestamp) {
        self.entries.iter_mut().for_each(|entry| entry.until = entry.until.min(until));
    }

    /// How many answers are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
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
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All that is remembered, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Entry<A>> {
        self.entries.iter()
    }

    fn entry(&self, number: u64) -> Option<&Entry<A>> {
        find(&self.entries, self.first, number)
    }
}

fn find<A>(entries: &VecDeque<Entry<A>>, first: u64, number: u64) -> Option<&Entry<A>> {
    usize::try_from(number.wrapping_sub(first)).ok().and_then(|at| entries.get(at))
}

const DIGESTED: u8 = 33;
