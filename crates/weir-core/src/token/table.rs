//! What is kept under a digest? A map that takes the same steps whether it is there or not.
//!
//! A digest is random, so its first bytes are its hash. Every record with that hash is compared,
//! also after one has matched; and as a digest that is there costs a comparison more, one that is
//! not is then compared with a digest that is nobody's. What still differs between two digests is
//! how many others have the same hash, which does not depend on what is on record about them.

use core::fmt;
use core::hint::black_box;

use hashbrown::HashTable;
use hashbrown::hash_table::{Entry, IterHash};
use subtle::{Choice, ConditionallySelectable};

use super::digest::Digest;

/// A map by digest. Looking up takes as many steps for an unknown digest as for a known one.
///
/// # Example
///
/// ```
/// use weir_core::token::{ByDigest, Digest};
///
/// let mut map = ByDigest::new("nobody");
/// let (alpha, bravo) = (Digest::of(b"alpha", None), Digest::of(b"bravo", None));
/// assert_eq!(map.insert(alpha, "somebody"), None);
/// assert_eq!(map.look_up(&alpha), (&"somebody", true));
/// assert_eq!(map.look_up(&bravo), (&"nobody", false));
/// assert_eq!(map.get(&bravo), None);
/// ```
pub struct ByDigest<V> {
    known: HashTable<Slot<V>>, // INVARIANT: hashed by `Digest::index`, each digest once.
    nobody: HashTable<Slot<V>>, // INVARIANT: one slot, with the hash `HIT`.
    filler: V,
}

struct Slot<V> {
    digest: Digest,
    value: V,
}

impl<V: Clone> ByDigest<V> {
    /// An empty map, whose answer for an unknown digest is `nobody`.
    #[must_use]
    pub fn new(nobody: V) -> Self {
        let mut table = HashTable::new();
        let slot = Slot { digest: Digest::from_bytes([0; 32]), value: nobody.clone() };
        table.insert_unique(HIT, slot, |_| HIT);
        Self { known: HashTable::new(), nobody: table, filler: nobody }
    }
}

impl<V> ByDigest<V> {
    /// What is kept under a digest, or `nobody`; and which of the two it is. The same work for both.
    #[must_use]
    pub fn look_up(&self, digest: &Digest) -> (&V, bool) {
        let found = scan(&self.known, digest.index(), digest);
        let is_known = Choice::from(u8::from(found.is_some()));
        // A hit there and a miss here, or a miss there and a hit here.
        let hash = u64::conditional_select(&HIT, &MISS, is_known);
        black_box(scan(&self.nobody, hash, digest));
        (found.unwrap_or(&self.filler), found.is_some())
    }

    /// What is kept under a digest, for one whose holder has nothing to find out.
    #[must_use]
    pub fn get(&self, digest: &Digest) -> Option<&V> {
        scan(&self.known, digest.index(), digest)
    }

    /// Keeps a value under a digest, and gives back the one that it replaces.
    pub fn insert(&mut self, digest: Digest, value: V) -> Option<V> {
        let same = |slot: &Slot<V>| slot.digest == digest;
        match self.known.entry(digest.index(), same, |slot| slot.digest.index()) {
            Entry::Occupied(mut slot) => Some(core::mem::replace(&mut slot.get_mut().value, value)),
            Entry::Vacant(slot) => {
                slot.insert(Slot { digest, value });
                None
            }
        }
    }

    /// Takes out what is kept under a digest.
    pub fn remove(&mut self, digest: &Digest) -> Option<V> {
        let same = |slot: &Slot<V>| slot.digest == *digest;
        let slot = self.known.find_entry(digest.index(), same).ok()?;
        Some(slot.remove().0.value)
    }

    /// All that is kept, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&Digest, &V)> {
        self.known.iter().map(|slot| (&slot.digest, &slot.value))
    }

    /// How many digests something is kept under.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

impl<V> fmt::Debug for ByDigest<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ByDigest({})", self.len())
    }
}

/// Goes on after a match. Called twice for each look-up, and so never inlined: two copies could
/// come out with different steps.
#[inline(never)]
fn scan<'a, V>(table: &'a HashTable<Slot<V>>, hash: u64, digest: &Digest) -> Option<&'a V> {
    let (mut slots, mut found) = (table.iter_hash(hash), None);
    while compare(&mut slots, digest, &mut found) {}
    found
}

/// Compares the next slot; `false` when there is none. Never inlined, or some of a round's work
/// would be done before the first round, and so only where there is one.
#[inline(never)]
fn compare<'a, V>(
    slots: &mut IterHash<'a, Slot<V>>,
    digest: &Digest,
    found: &mut Option<&'a V>,
) -> bool {
    let Some(slot) = slots.next() else { return false };
    *found = if slot.digest == *digest { Some(&slot.value) } else { *found };
    true
}

/// The hash of the slot that is nobody's, and one that differs from it in the bits that a table
/// compares: ours.
const HIT: u64 = 0;
const MISS: u64 = u64::MAX;
