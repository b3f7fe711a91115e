//! Which key stands twice? Found without allocating, in O(n log n) for n keys.

use core::cmp::Ordering;

use super::text::Text;

/// Where a key stands in its document, and a mark to tell most keys apart without reading them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// The byte after the opening quote.
    start: u32,
    /// The closing quote.
    end: u32,
    mark: u64,
    escaped: bool,
}

impl Key {
    /// The key `text`, whose opening quote stands at `quote`.
    pub(crate) fn at(quote: u32, text: Text<'_>) -> Self {
        let start = quote.saturating_add(1);
        let len = u32::try_from(text.raw().len()).unwrap_or(u32::MAX);
        let plain = text.as_plain();
        Self {
            start,
            end: start.saturating_add(len),
            mark: plain.map_or(0, |plain| mark(plain.as_bytes())),
            escaped: plain.is_none(),
        }
    }

    /// Where its opening quote stands.
    pub(crate) const fn quote(self) -> u32 {
        self.start.saturating_sub(1)
    }

    /// The key itself; `document` is what its offsets count in.
    pub(crate) fn text(self, document: &str) -> Text<'_> {
        let range = || Some(usize::try_from(self.start).ok()?..usize::try_from(self.end).ok()?);
        let raw = range().and_then(|range| document.get(range)).unwrap_or_default();
        Text::new(raw, self.escaped)
    }

    fn same(self, other: Self, document: &str) -> bool {
        let maybe = self.mark == other.mark || self.escaped || other.escaped;
        maybe && self.text(document).cmp(&other.text(document)) == Ordering::Equal
    }
}

/// What is known of the keys of an object while it is read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// A bit for each sixty-fourth of all marks that a key had.
    marks: u64,
    /// Whether a key had escapes, so that its mark says nothing.
    escaped: bool,
    count: u8,
    /// The first key that stood before.
    repeat: Option<u32>,
}

impl Seen {
    /// Takes note of one more key. While there are few, and only when its mark may have been met,
    /// it is compared with those before it.
    pub(super) fn add(&mut self, key: Key, earlier: &[Key], document: &str) {
        let bit = 1_u64 << (key.mark.wrapping_mul(SPREAD) >> 58);
        self.escaped |= key.escaped;
        self.count = self.count.saturating_add(1);
        let maybe = self.escaped || self.marks & bit != 0;
        self.marks |= bit;
        if maybe && self.count <= FEW && self.repeat.is_none() {
            let repeats = earlier.iter().any(|before| before.same(key, document));
            self.repeat = repeats.then_some(key.quote());
        }
    }

    /// The offset of the first key, from the left, that stood before; the order of `keys`, which
    /// are all that were added, is given up.
    pub(super) fn first_repeat(&self, document: &str, keys: &mut [Key]) -> Option<u32> {
        if self.count <= FEW || self.repeat.is_some() {
            return self.repeat;
        }
        sort(document, keys);
        let pairs = keys.iter().zip(keys.iter().skip(1));
        pairs.filter(|(a, b)| a.same(**b, document)).map(|(_, b)| b.quote()).min()
    }
}

/// Sorts by what the keys say, then by where they stand.
fn sort(document: &str, keys: &mut [Key]) {
    keys.sort_unstable_by(|a, b| {
        a.text(document).cmp(&b.text(document)).then(a.start.cmp(&b.start))
    });
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
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    head ^ tail.rotate_left(29) ^ length.rotate_left(58)
}

/// Up to this many keys, comparing each with each is quicker than sorting. Ours, by guess.
const FEW: u8 = 24;

/// An odd number near 2⁶⁴ divided by the golden ratio, which spreads what it multiplies.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
