//! Which key stands twice? Found without allocating, in O(n log n) for n keys.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::string::Quoted;
use super::text::Text;

/// Where a key stands in its document, and a mark to tell most keys apart without reading them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    at: Quoted,
    mark: u64, // INVARIANT: that of the key, or 0 while nobody asked for it.
}

impl Key {
    pub(crate) const fn new(at: Quoted) -> Self {
        Self { at, mark: 0 }
    }

    /// Where its opening quote stands.
    pub(crate) const fn quote(self) -> u32 {
        self.at.start
    }

    /// The key itself; `document` is what its offsets count in.
    pub(crate) fn text(self, document: &str) -> Text<'_> {
        self.at.text(document)
    }

    /// Marks the key, so that it can be ordered.
    pub(crate) fn set_mark(&mut self, document: &str) {
        let text = self.text(document);
        self.mark = match text.as_plain() {
            Some(plain) => mark(plain.as_bytes()),
            None => decoded_mark(text),
        };
    }

    /// An order in which equal keys are equal, once they are marked: few have to be read for it.
    pub(crate) fn order(self, other: Self, document: &str) -> Ordering {
        let marks = self.mark.cmp(&other.mark);
        marks.then_with(|| self.text(document).cmp(&other.text(document)))
    }

    fn same(self, other: Self, document: &str) -> bool {
        let maybe = self.at.len() == other.at.len() || self.at.escaped || other.at.escaped;
        maybe && self.text(document) == other.text(document)
    }
}

/// The offset of the first key, from the left, that stood before; the order of `keys` is given up.
pub(super) fn first_repeat(document: &str, keys: &mut [Key], marks: &mut Vec<u64>) -> Option<u32> {
    if keys.len() <= FEW {
        let mut all = keys.iter().enumerate();
        let repeat = all.find(|(i, key)| keys.iter().take(*i).any(|k| k.same(**key, document)));
        return repeat.map(|(_, key)| key.quote());
    }
    keys.iter_mut().for_each(|key| key.set_mark(document));
    if !any_twice(keys.iter().map(|key| key.mark), marks) {
        return None;
    }
    keys.sort_unstable_by(|a, b| a.order(*b, document).then(a.quote().cmp(&b.quote())));
    let pairs = keys.iter().zip(keys.iter().skip(1));
    pairs.filter(|(a, b)| a.order(**b, document).is_eq()).map(|(_, b)| b.quote()).min()
}

/// Whether one of some numbers stands twice; `sorted`, which is empty, is where they are put in
/// order. Numbers alone are much quicker to sort than what they are the marks of.
fn any_twice(numbers: impl Iterator<Item = u64>, sorted: &mut Vec<u64>) -> bool {
    sorted.extend(numbers);
    sorted.sort_unstable();
    let twice = sorted.iter().zip(sorted.iter().skip(1)).any(|(a, b)| a == b);
    sorted.clear(); // They tell what was sent.
    twice
}

/// The marks of up to [`FEW`] keys without escapes.
#[derive(Default)]
pub(super) struct Few {
    marks: [u64; FEW],
    len: usize,
}

impl Few {
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes one more key, if there is room for it and it surely is none of those before.
    #[inline(always)]
    pub(super) fn takes(&mut self, key: Quoted, document: &[u8]) -> bool {
        let mark = mark(key.bytes(document));
        if self.marks.get(..self.len).unwrap_or_default().contains(&mark) {
            return false;
        }
        let Some(place) = self.marks.get_mut(self.len) else { return false };
        *place = mark;
        self.len = self.len.wrapping_add(1); // There was a place.
        true
    }
}

/// A number that equal keys share and most others do not: their length, first and last bytes.
pub(crate) fn mark(bytes: &[u8]) -> u64 {
    let (head, tail) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(head), Some(tail)) => {
                (u32::from_le_bytes(*head).into(), u32::from_le_bytes(*tail).into())
            }
            _ => (bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)), 0),
        },
    };
    mark_of(head, tail, bytes.len())
}

fn mark_of(head: u64, tail: u64, len: usize) -> u64 {
    let len = u64::try_from(len).unwrap_or(u64::MAX);
    head ^ tail.rotate_left(29) ^ len.rotate_left(58)
}

/// The mark of what a text with escapes says.
fn decoded_mark(text: Text<'_>) -> u64 {
    let (mut head, mut tail, mut len) = ([0; 8], 0_u64, 0_usize);
    text.each_utf8(|byte| {
        if let Some(place) = head.get_mut(len) {
            *place = byte;
        }
        tail = tail >> 8 | u64::from(byte) << 56;
        len = len.saturating_add(1);
    });
    match head.get(..len) {
        Some(short) => mark(short),
        None => mark_of(u64::from_le_bytes(head), tail, len),
    }
}

/// Up to this many keys, comparing each with each is quicker than sorting. Ours, by measurement.
const FEW: usize = 8;

/// [`FEW`], as members are counted.
pub(super) const FEW_MEMBERS: u32 = 8;
