//! Which keys are ours? The one that signs sessions, and those that verify them.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use weir::{Span, Timestamp};

/// The key that signs sessions, and all that verify them: what the host keeps, and gives again after
/// each rotation. Without keys every session is refused, and none is made.
///
/// # Example
///
/// ```
/// use weir_genvoris::{KeyError, Keyring, PublicKey, Signer};
///
/// assert_eq!(Signer::from_pkcs8("gv-1", b"no key").err(), Some(KeyError::Key));
/// let n = "sH6D6wLBab1tcGkk".repeat(22);
/// let known = PublicKey::from_jwk("gv-0", &n, "AQAB")?;
/// let keys = Keyring::default().with(known.clone())?;
/// assert_eq!(keys.with(known).err(), Some(KeyError::Taken)); // two keys of one name are one too many
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone, Default)]
pub struct Keyring {
    signer: Option<Signer>,
    known: Vec<PublicKey>, // INVARIANT: no two have one `kid`
}

impl Keyring {
    /// The keys of a host that signs.
    #[must_use]
    pub fn new(signer: Signer) -> Self {
        let known = vec![signer.public()];
        Self { signer: Some(signer), known }
    }

    /// The same, with one more key that verifies.
    ///
    /// # Errors
    ///
    /// [`KeyError::Taken`] when there is one of that `kid`.
    pub fn with(mut self, key: PublicKey) -> Result<Self, KeyError> {
        if self.known.iter().any(|known| known.kid == key.kid) {
            return Err(KeyError::Taken);
        }
        self.known.push(key);
        Ok(self)
    }

    /// The keys once another one signs: the one before verifies for as long as a session lives, and
    /// those retired long ago are gone.
    ///
    /// # Errors
    ///
    /// [`KeyError::Taken`] when there is one of that `kid`, also an old one.
    pub fn rotate(self, signer: Signer, now: Timestamp) -> Result<Self, KeyError> {
        let Self { signer: before, mut known } = self;
        known.retain(|key| key.is_good(now));
        for key in &mut known {
            if before.as_ref().is_some_and(|before| before.kid == key.kid) {
                key.until = now.checked_add(LIFE_MAX);
            }
        }
        let keys = Self { signer: None, known }.with(signer.public())?;
        Ok(Self { signer: Some(signer), ..keys })
    }

    pub(crate) const fn signer(&self) -> Option<&Signer> {
        self.signer.as_ref()
    }

    /// The keys that verify at `now`.
    pub(crate) fn good(&self, now: Timestamp) -> impl Iterator<Item = &PublicKey> {
        self.known.iter().filter(move |key| key.is_good(now))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.known.iter().map(|key| &*key.kid)).finish()
    }
}

/// A private key, and its name.
#[derive(Clone)]
pub struct Signer {
    kid: Arc<str>,
    pair: Arc<RsaKeyPair>,
}

impl Signer {
    /// The RSA key of a PKCS#8 document in DER; it is not kept as bytes.
    ///
    /// # Errors
    ///
    /// [`KeyError::Kid`], or [`KeyError::Key`] when it is none of 2048 to 4096 bits.
    pub fn from_pkcs8(kid: &str, document: &[u8]) -> Result<Self, KeyError> {
        let pair = RsaKeyPair::from_pkcs8(document).map_err(|_| KeyError::Key)?;
        Ok(Self { kid: named(kid)?, pair: Arc::new(pair) })
    }

    /// What verifies what it signs.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let key: RsaPublicKeyComponents<Vec<u8>> = self.pair.public().into();
        PublicKey { kid: Arc::clone(&self.kid), n: key.n.into(), e: key.e.into(), until: None }
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// The signature of a message; `None` when the machine gave no randomness to blind with.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let random = SystemRandom::new();
        let signed = self.pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature);
        signed.ok().map(|()| signature)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.kid)
    }
}

/// A key that verifies: RS256, and nothing else.
#[derive(Clone, Debug)]
pub struct PublicKey {
    kid: Arc<str>,
    n: Arc<[u8]>,
    e: Arc<[u8]>,
    /// Until when it verifies; `None` for no end.
    until: Option<Timestamp>,
}

impl PublicKey {
    /// A key by the `kid`, `n` and `e` of its JWK.
    ///
    /// # Errors
    ///
    /// [`KeyError::Kid`], or [`KeyError::Key`] when a number is not in base64url, or `n` has not 2048
    /// to 8192 bits.
    pub fn from_jwk(kid: &str, n: &str, e: &str) -> Result<Self, KeyError> {
        let number = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Key);
        let (n, e): (Arc<[u8]>, Arc<[u8]>) = (number(n)?.into(), number(e)?.into());
        let sound = (256..=1024).contains(&n.len()) && !e.is_empty();
        if !sound {
            return Err(KeyError::Key);
        }
        Ok(Self { kid: named(kid)?, n, e, until: None })
    }

    /// The same, good until then: a key that signs no more is kept as long as a session may live.
    #[must_use]
    pub fn until(self, end: Timestamp) -> Self {
        Self { until: Some(end), ..self }
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// Both numbers, as a JWK has them.
    pub(crate) fn numbers(&self) -> [String; 2] {
        [&self.n, &self.e].map(|number| URL_SAFE_NO_PAD.encode(number))
    }

    /// Whether it made the signature of a message.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKeyComponents { n: &*self.n, e: &*self.e };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
    }

    fn is_good(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|end| now < end)
    }
}

/// Why it is no key.
///
/// Exhaustive on purpose: a host answers each case.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// Not an RSA key of a size that is in use.
    #[error("not an RSA key of 2048 bits or more")]
    Key,
    /// The name is empty, long, or has a character that needs quoting.
    #[error("a key's name has 1 to 64 of `A-Z a-z 0-9 . _ -`")]
    Kid,
    /// There is a key of that name.
    #[error("there is a key of that name")]
    Taken,
}

impl KeyError {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Key => "key.key",
            Self::Kid => "key.kid",
            Self::Taken => "key.taken",
        }
    }
}

fn named(kid: &str) -> Result<Arc<str>, KeyError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let sound = (1..=64).contains(&kid.len()) && kid.bytes().all(plain);
    if sound { Ok(kid.into()) } else { Err(KeyError::Kid) }
}

/// The longest that a session lives: an hour.
pub(crate) const LIFE_MAX: Span = match Span::from_millis(3_600_000) {
    Ok(hour) => hour,
    Err(_) => Span::ZERO,
};
