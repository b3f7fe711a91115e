//! What is kept instead of a secret: its SHA-256, or its HMAC-SHA-256 under a pepper.
//!
//! Keys are long and random, so one fast hash is enough: there is no dictionary to slow down. With
//! a [`Pepper`] nobody else can compute a digest, so not even the order of an index is theirs to
//! choose.
//!
//! # Source
//!
//! FIPS 180-4 (SHA-256), RFC 2104 (HMAC); NIST SP 800-63B, look-up secrets.

use core::fmt;

use sha2::Digest as _;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The digest of a secret.
///
/// Two digests are compared in constant time. `Debug` shows two bytes.
///
/// # Example
///
/// ```
/// use weir_core::token::{Digest, Pepper};
///
/// let plain = Digest::of(b"a secret", None);
/// assert_eq!(plain, Digest::of(b"a secret", None));
/// assert_ne!(plain, Digest::of(b"a Secret", None));
/// assert_ne!(plain, Digest::of(b"a secret", Some(&Pepper::new([7; 32]))));
/// ```
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `secret`: HMAC-SHA-256 under the pepper, or SHA-256 without one.
    #[must_use]
    pub fn of(secret: &[u8], pepper: Option<&Pepper>) -> Self {
        let Some(Pepper(key)) = pepper else {
            return Self(Sha256::digest(secret).into());
        };
        let inner = Sha256::new().chain_update(key.map(|byte| byte ^ 0x36)).chain_update(secret);
        let outer = Sha256::new().chain_update(key.map(|byte| byte ^ 0x5C));
        Self(outer.chain_update(inner.finalize()).finalize().into())
    }

    /// A digest that was stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest, for storing it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first eight bytes: the hash under which a table keeps it.
    pub(super) const fn index(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

impl PartialEq for Digest {
    #[inline(never)] // So that a check for leaks can name the place where the outcome is told.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, ..] = self.0;
        write!(f, "Digest({a:02x}{b:02x}..)")
    }
}

/// A key of the host's that goes into every digest, kept apart from where the digests are stored.
///
/// # Shape
///
/// 32 random bytes.
#[derive(Clone)]
pub struct Pepper([u8; 64]); // INVARIANT: the key, then zeros up to SHA-256's block of 64 bytes.

impl Pepper {
    /// A pepper of 32 random bytes.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        let mut block = [0; 64];
        block.iter_mut().zip(key).for_each(|(into, byte)| *into = byte);
        Self(block)
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(..)")
    }
}
