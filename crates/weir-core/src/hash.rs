//! Where in the table? A keyed hash for names that strangers choose.
//!
//! SipHash-1-3 with a key from the host: who does not know the key cannot make names collide. The
//! order of a hash table is never visible in an answer, a record or a snapshot.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/hash.rs`, under the same name.
//!
//! - `same_as_std`: under the key of zeros, equal to the standard library's default hasher.
//! - `same_under_every_key`: under any key, equal to the `siphasher` crate.
//! - `two_keys_have_nothing_in_common`: names that meet under one key meet under another by chance.
//!
//! # Source
//!
//! Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), with one compression round and
//! three finalisation rounds.

/// The host's secret key for its tables. Not in any snapshot: tables are built anew from names.
#[derive(Clone, Copy)]
pub struct HashKey([u64; 2]);

impl HashKey {
    /// A key from two random words.
    #[must_use]
    pub const fn new(words: [u64; 2]) -> Self {
        Self(words)
    }

    /// The hash of `bytes`, tagged with `tag`: equal bytes under two tags are two names.
    #[must_use]
    pub fn hash(self, tag: u64, bytes: &[u8]) -> u64 {
        let mut state = Sip::new(self.0);
        state.word(tag);
        let mut rest = bytes;
        while let Some((word, tail)) = rest.split_first_chunk::<8>() {
            state.word(u64::from_le_bytes(*word));
            rest = tail;
        }
        let length = (bytes.len() as u64).wrapping_add(8) << 56; // the tag's eight bytes count too
        let last = rest.iter().rev().fold(0_u64, |word, byte| (word << 8) | u64::from(*byte));
        state.word(length | last);
        state.finish()
    }
}

impl core::fmt::Debug for HashKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("HashKey(..)")
    }
}

/// The four words of SipHash's state.
struct Sip {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
}

impl Sip {
    const fn new([k0, k1]: [u64; 2]) -> Self {
        Self {
            v0: k0 ^ 0x736f_6d65_7073_6575,
            v1: k1 ^ 0x646f_7261_6e64_6f6d,
            v2: k0 ^ 0x6c79_6765_6e65_7261,
            v3: k1 ^ 0x7465_6462_7974_6573,
        }
    }

    fn word(&mut self, word: u64) {
        self.v3 ^= word;
        self.round();
        self.v0 ^= word;
    }

    fn finish(mut self) -> u64 {
        self.v2 ^= 0xff;
        self.round();
        self.round();
        self.round();
        self.v0 ^ self.v1 ^ self.v2 ^ self.v3
    }

    fn round(&mut self) {
        self.v0 = self.v0.wrapping_add(self.v1);
        self.v2 = self.v2.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(13) ^ self.v0;
        self.v3 = self.v3.rotate_left(16) ^ self.v2;
        self.v0 = self.v0.rotate_left(32);
        self.v2 = self.v2.wrapping_add(self.v1);
        self.v0 = self.v0.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(17) ^ self.v2;
        self.v3 = self.v3.rotate_left(21) ^ self.v0;
        self.v2 = self.v2.rotate_left(32);
    }
}
