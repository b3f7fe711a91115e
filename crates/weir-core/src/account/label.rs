//! Where is an account's name? Inline when it is short, so that a look-up misses the cache once.

use alloc::vec::Vec;

/// A name in 24 bytes: up to 23 bytes of text, or where a longer one stands among the long names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Label([u8; 24]); // INVARIANT: the last byte is the length, or LONG.

impl Label {
    /// The label of `name`; a long one is appended to `long`. `None` when that is full.
    pub(super) fn new(name: &str, long: &mut Vec<u8>) -> Option<Self> {
        let mut bytes = [0_u8; 24];
        let (text, last) = bytes.split_last_chunk_mut::<1>()?;
        if let Some(place) = text.get_mut(..name.len()) {
            place.copy_from_slice(name.as_bytes());
            *last = [u8::try_from(name.len()).ok()?];
            return Some(Self(bytes));
        }
        let start = u32::try_from(long.len()).ok()?;
        let len = u16::try_from(name.len()).ok()?;
        long.extend_from_slice(name.as_bytes());
        text.get_mut(..4)?.copy_from_slice(&start.to_le_bytes());
        text.get_mut(4..6)?.copy_from_slice(&len.to_le_bytes());
        *last = [LONG];
        Some(Self(bytes))
    }

    /// The bytes of the name.
    pub(super) fn bytes<'a>(&'a self, long: &'a [u8]) -> &'a [u8] {
        let [a, b, c, d, e, f, .., last] = self.0;
        if last != LONG {
            return self.0.get(..usize::from(last)).unwrap_or(&[]);
        }
        let start = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        let len = usize::from(u16::from_le_bytes([e, f]));
        long.get(start..start.saturating_add(len)).unwrap_or(&[])
    }
}

const LONG: u8 = u8::MAX;
