//! Who is the visitor? As the client says, or a digest that only this server can make.

use core::fmt;
use std::net::IpAddr;

use sha2::{Digest, Sha256};
use weir_core::json::Text;

/// The fingerprint of a visitor.
#[derive(Clone, Copy, Debug)]
pub enum Fingerprint<'a> {
    /// The client sent `null`, and the server made it.
    Derived([u8; 32]),
    /// The client sent it.
    Given(Text<'a>),
}

/// A secret that keeps others from making the same fingerprints, and changes so that a visitor is
/// not followed for ever.
#[derive(Clone)]
pub struct Salt(Box<[u8]>);

impl Salt {
    /// A salt of these bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(Box::from(bytes))
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

/// What a fingerprint is made of, besides the salt.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// The client's address.
    pub address: IpAddr,
    /// What the site is called.
    pub site: &'a str,
    /// The `User-Agent` header; empty when there is none.
    pub user_agent: &'a [u8],
}

impl Visitor<'_> {
    /// The fingerprint: SHA-256 over the salt, the site, the address and the user agent, each
    /// behind its length, so that no two sets of fields are the same bytes.
    ///
    /// An address is its text, and an IPv4 address inside IPv6 is that IPv4 address.
    ///
    /// # Source
    ///
    /// The fields are the contract's; their order and separation are ours.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_pulsora::{Salt, Visitor};
    ///
    /// let salt = Salt::new(b"of this day");
    /// let here = Visitor { address: [203, 0, 113, 7].into(), site: "site_a", user_agent: b"UA/1" };
    /// let moved = Visitor { site: "site_aU", user_agent: b"A/1", ..here };
    /// assert_eq!(here.derive(&salt), here.derive(&salt));
    /// assert_ne!(here.derive(&salt), moved.derive(&salt));
    /// assert_ne!(here.derive(&salt), here.derive(&Salt::new(b"of the next")));
    /// ```
    #[must_use]
    pub fn derive(&self, salt: &Salt) -> [u8; 32] {
        let address = self.address.to_canonical().to_string();
        let fields = [&*salt.0, self.site.as_bytes(), address.as_bytes(), self.user_agent];
        let mut hasher = Sha256::new_with_prefix(DOMAIN);
        for field in fields {
            // No field is as long as 2^64 bytes.
            hasher.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(field);
        }
        hasher.finalize().into()
    }
}

/// Sets these digests apart from all others, and from those of a later form.
const DOMAIN: &[u8] = b"weir-pulsora fingerprint 1\n";
