//! What is it called? One newtype for each grammar of names, parsed once.
//!
//! Names of the catalog are [`Name`]s. Names of the host's world (tenants, customers, keys), which
//! we do not choose, are [`ScopeName`]s. Nothing here folds case or normalises: two names are equal
//! when their bytes are, so a name means the same in a header, a journal and a log line.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/id.rs`, under the same name.
//!
//! - `names_match_their_grammar`: what [`Name::parse`] takes is what its grammar says, unchanged.
//! - `scope_names_match_their_grammar`: the same of [`ScopeName::parse`].
//! - `errors_say_where`: what stands before the offset of an error is no error.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize};

mod host;

pub(crate) use host::is_host;

/// The name of something in the catalog: a feature, a meter, a limit, a plan, a schema.
///
/// # Shape
///
/// 1 to 64 bytes of `[a-z0-9._-]`, the first one a letter.
///
/// # Source
///
/// Ours: a subset of an RFC 9651 token, so a name needs no quoting in a structured header field.
///
/// # Example
///
/// ```
/// use weir_core::id::{IdError, Name};
///
/// assert_eq!(Name::parse("tokens.monthly")?.as_str(), "tokens.monthly");
/// assert_eq!(Name::parse("Tokens"), Err(IdError::BadByte { at: 0 }));
/// # Ok::<(), IdError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Name(Box<str>); // INVARIANT: matches the grammar; `parse` is the only door.

impl Name {
    /// The longest name, in bytes.
    pub const LEN_MAX: usize = 64;

    /// Reads a name.
    ///
    /// # Errors
    ///
    /// The first thing wrong from the left.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        Self::check(text)?;
        Ok(Self(Box::from(text)))
    }

    /// Whether `text` is a name, without making one.
    ///
    /// # Errors
    ///
    /// The first thing wrong from the left.
    pub fn check(text: &str) -> Result<(), IdError> {
        let known = |at: usize, byte: u8| {
            byte.is_ascii_lowercase()
                || (at > 0 && matches!(byte, b'0'..=b'9' | b'.' | b'_' | b'-'))
        };
        check(text.as_bytes(), Self::LEN_MAX, known)
    }

    /// The name as text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl core::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// What the host calls a tenant, customer, user, key or address.
///
/// # Shape
///
/// 1 to 128 bytes of visible ASCII (`!` to `~`). Fits every id of the three wire contracts, every
/// IP address and every UUID, and can stand in a log line without quoting.
///
/// # Example
///
/// ```
/// use weir_core::id::{IdError, ScopeName};
///
/// assert_eq!(ScopeName::parse("cus_42")?.as_str(), "cus_42");
/// assert_eq!(ScopeName::parse("cus 42"), Err(IdError::BadByte { at: 3 }));
/// # Ok::<(), IdError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ScopeName<'a>(&'a str); // INVARIANT: matches the grammar; `parse` is the only door.

impl<'a> ScopeName<'a> {
    /// The longest name, in bytes.
    pub const LEN_MAX: usize = 128;

    /// Borrows `text` as a scope's name.
    ///
    /// # Errors
    ///
    /// The first thing wrong from the left.
    pub fn parse(text: &'a str) -> Result<Self, IdError> {
        check(text.as_bytes(), Self::LEN_MAX, |_, byte| byte.is_ascii_graphic())?;
        Ok(Self(text))
    }

    /// The name as text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// Why a text is not a name of the wanted grammar.
///
/// Exhaustive on purpose: an adapter answers each case, and a new case must break its build.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum IdError {
    /// A byte that may not stand there.
    #[error("a byte that a name may not have, at offset {at}")]
    BadByte {
        /// Offset from the start, in bytes.
        at: usize,
    },
    /// There was nothing to read.
    #[error("empty name")]
    Empty,
    /// Longer than the grammar allows.
    #[error("name of {len} bytes")]
    TooLong {
        /// Length found, in bytes.
        len: usize,
    },
}

impl IdError {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadByte { .. } => "id.bad_byte",
            Self::Empty => "id.empty",
            Self::TooLong { .. } => "id.too_long",
        }
    }
}

fn check(bytes: &[u8], len_max: usize, known: impl Fn(usize, u8) -> bool) -> Result<(), IdError> {
    if bytes.is_empty() {
        return Err(IdError::Empty);
    }
    if bytes.len() > len_max {
        return Err(IdError::TooLong { len: bytes.len() });
    }
    match bytes.iter().enumerate().find(|(at, byte)| !known(*at, **byte)) {
        Some((at, _)) => Err(IdError::BadByte { at }),
        None => Ok(()),
    }
}

/// The version of a catalog: 1 for the first one installed in a ledger, then counting up.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CatalogVersion(pub u32);

/// A credential class of the catalog.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ClassId(pub u16);

/// A feature of the catalog.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FeatureId(pub u16);

/// A reservation: the number of the record that made it, in the journal of one ledger.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HoldId(pub u64);

/// A limit of the catalog. Follows the limit's name over reloads, and is never given to another.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LimitId(pub u16);

/// A plan of the catalog. Follows the plan's name over reloads, like [`LimitId`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PlanId(pub u16);

/// A scope: dense from 0, handed out by one ledger and meaningless in another.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ScopeId(pub u32);

/// A wallet of the catalog. Follows the wallet's name over reloads, like [`LimitId`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct WalletId(pub u16);
