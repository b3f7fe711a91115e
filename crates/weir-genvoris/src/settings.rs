//! What does a host choose? How callers prove themselves, and whether they must name a customer.

use std::fmt;

use subtle::ConstantTimeEq;

/// A host's choices; the defaults are those of the current contract.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What a caller must send before its body is read.
    pub transport: Transport,
    /// Whether a try-on may be reported without a customer's session.
    pub tokens: Tokens,
    /// What it means to post a customer that the store has.
    pub upsert: Upsert,
    /// How often a key may create customers and make sessions.
    pub rates: Rates,
}

/// How often a key may create customers and make sessions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Rates {
    /// As often as it likes.
    #[default]
    Off,
    /// As often an hour as the plan `key` of the catalog says; then status 429.
    Hardened,
}

/// What it means to post a customer that the store has.
///
/// # Source
///
/// The contract's reference says the first, and some of its examples post a customer on each view of
/// a page, which under the first gives them a fresh quota with each.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Upsert {
    /// Its next period starts now, with nothing used.
    #[default]
    Always,
    /// Its period goes on, unless it is over, or the body asks for `resetPeriod`.
    IfEnded,
}

/// What a caller must send before its body is read.
#[derive(Clone, Debug, Default)]
pub enum Transport {
    /// `Authorization: Bearer KEY`; a key in the body must be the same.
    #[default]
    Bearer,
    /// Either of the two.
    Either(Secret),
    /// `x-internal-secret`, the earlier form of the contract; the key is in the body.
    InternalSecret(Secret),
}

/// Whether a try-on may be reported without a customer's session.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Tokens {
    /// It may: then the pool alone is debited, and no customer's quota is looked at.
    #[default]
    Optional,
    /// It may not, so that no quota is passed by leaving the token out.
    Required,
}

/// A secret that host and caller share. Without content it is unset, and matches nothing.
///
/// # Example
///
/// ```
/// use weir_genvoris::Secret;
///
/// let secret = Secret::new("open sesame");
/// assert!(secret.is(b"open sesame"));
/// assert!(!secret.is(b"open barley"));
/// assert!(!Secret::default().is(b"")); // unset: not even nothing opens it
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// ```
#[derive(Clone, Default)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// A secret of these bytes.
    #[must_use]
    pub fn new(secret: impl AsRef<[u8]>) -> Self {
        Self(secret.as_ref().into())
    }

    /// Whether this is what was offered, in a time that tells at most the length.
    #[must_use]
    pub fn is(&self, offered: &[u8]) -> bool {
        bool::from(self.0.ct_eq(offered)) && !self.is_unset()
    }

    pub(crate) fn is_unset(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
