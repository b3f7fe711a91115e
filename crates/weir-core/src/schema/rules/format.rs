//! Which grammars has text? Each is asked of the room that reads it, where there is one.

use serde::{Deserialize, Serialize};

use crate::amount::Quantity;
use crate::id::{self, Name};
use crate::time::{Span, Timestamp};

/// A grammar that text can be held to.
///
/// # Example
///
/// ```
/// use weir_core::schema::Format;
///
/// assert!(Format::Currency.admits("USD"));
/// assert!(!Format::Currency.admits("usd"));
/// assert!(Format::Email.admits("ann@example.com"));
/// assert!(!Format::Email.admits("ann@localhost"));
/// assert!(Format::Rfc3339.admits("2026-01-01T00:00:00Z"));
/// assert!(!Format::Rfc3339.admits("2026-01-01"));
/// assert!(Format::Slug.admits("summer-sale_2"));
/// assert!(!Format::Slug.admits("-sale"));
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Three capital letters, as ISO 4217 has them; which of them are in use is not asked.
    Currency,
    /// An ISO 8601 duration of elapsed time, as [`Span`] reads it.
    Duration,
    /// An address that mail could go to: up to 64 bytes without blanks, control characters or a
    /// second `@`, then `@`, then a host name of two labels or more; 254 bytes at most. Quoted
    /// local parts and address literals of RFC 5321 are left out, on purpose.
    Email,
    /// A host name: labels of letters, digits, `-` and `_`, of at most 63 bytes each and 253 with
    /// their dots. No port, no dot at the end, no letter beyond ASCII.
    Host,
    /// A name of the catalog, as [`Name`] reads it.
    Name,
    /// A plain decimal, as [`Quantity`] reads it from text.
    Quantity,
    /// An RFC 3339 instant with an offset, as [`Timestamp`] reads it.
    Rfc3339,
    /// A word for addresses: 1 to 128 bytes of `[a-z0-9_-]`, the first and the last one a letter or
    /// a digit.
    Slug,
}

impl Format {
    /// Whether `text` is of this grammar.
    #[must_use]
    pub fn admits(self, text: &str) -> bool {
        match self {
            Self::Currency => text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()),
            Self::Duration => text.parse::<Span>().is_ok(),
            Self::Email => is_email(text),
            Self::Host => id::is_host(text.as_bytes()),
            Self::Name => Name::check(text).is_ok(),
            Self::Quantity => text.parse::<Quantity>().is_ok(),
            Self::Rfc3339 => text.parse::<Timestamp>().is_ok(),
            Self::Slug => is_slug(text.as_bytes()),
        }
    }

    /// What to call it in a message.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Currency => "currency code such as USD",
            Self::Duration => "ISO 8601 duration",
            Self::Email => "email address",
            Self::Host => "host name",
            Self::Name => "name of [a-z0-9._-] that starts with a letter",
            Self::Quantity => "plain decimal",
            Self::Rfc3339 => "RFC 3339 instant",
            Self::Slug => "slug of [a-z0-9_-] between letters or digits",
        }
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else { return false };
    let plain = |c: char| !c.is_whitespace() && !c.is_control();
    (1..=64).contains(&local.len())
        && text.len() <= 254
        && local.chars().all(plain)
        && host.contains('.')
        && id::is_host(host.as_bytes())
}

fn is_slug(text: &[u8]) -> bool {
    let end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let inner = |byte: &u8| end(byte) || matches!(byte, b'_' | b'-');
    text.len() <= 128
        && text.first().is_some_and(end)
        && text.last().is_some_and(end)
        && text.iter().all(inner)
}
