//! From where may a credential be used? A list of hosts, exact or below a domain.
//!
//! Only the host is compared: scheme, port, path and letter case do not matter. Whatever is no
//! plain host is refused rather than repaired: user information, percent signs, backslashes,
//! blanks, brackets, letters beyond ASCII (write `xn--`), a dot at the end. So there is nothing on
//! which two readers of URLs could disagree. What a missing origin and `null` mean is declared by
//! the class, as an [`OriginRule`].
//!
//! # Source
//!
//! RFC 6454 for what an origin is, RFC 3986 section 3.2 for where the host stands.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::id::is_host;

/// The hosts that a credential may be used from.
///
/// # Shape
///
/// Up to [`Origins::LEN_MAX`] patterns: `shop.com` is that host alone, `*.example.com` is every
/// host below it at any depth, but not `example.com` itself. An empty list allows everything, also
/// no origin at all; any other list refuses a missing one, an empty one and `null`.
///
/// # Example
///
/// ```
/// use weir_core::token::Origins;
///
/// let origins = Origins::parse(["shop.com", "*.example.com"])?;
/// assert!(origins.allows(Some("https://SHOP.com:8443")));
/// assert!(origins.allows(Some("a.b.example.com")));
/// assert!(!origins.allows(Some("https://example.com")));
/// assert!(!origins.allows(Some("https://shop.com@evil.com")));
/// assert!(!origins.allows(None));
/// let faults = Origins::parse(["https://shop.com", "*"]).unwrap_err();
/// assert_eq!(faults.len(), 2);
/// # Ok::<(), Vec<weir_core::fault::Fault>>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Origins(Vec<Pattern>);

impl Origins {
    /// Every origin, and none.
    pub const ANY: Self = Self(Vec::new());
    /// The most patterns of a list.
    pub const LEN_MAX: usize = 256;

    /// Reads a list.
    ///
    /// # Errors
    ///
    /// Every pattern that is none, with its place in the list as a pointer.
    pub fn parse<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, Vec<Fault>> {
        let (mut read, mut faults) = (Vec::new(), Vec::new());
        for (at, text) in patterns.into_iter().enumerate() {
            if at >= Self::LEN_MAX {
                let hint = format!("at most {} origins a credential", Self::LEN_MAX);
                faults.push(Fault::new("", "token.origins_too_many", hint));
                break;
            }
            match Pattern::parse(text) {
                Some(pattern) => read.push(pattern),
                None => faults.push(Fault::new(format!("/{at}"), "token.origin", HINT)),
            }
        }
        if faults.is_empty() { Ok(Self(read)) } else { Err(faults) }
    }

    /// Whether a request that states this origin is allowed.
    ///
    /// `origin` is `https://shop.com:8443`, a URL, or the host alone.
    #[must_use]
    pub fn allows(&self, origin: Option<&str>) -> bool {
        if self.0.is_empty() {
            return true;
        }
        origin.and_then(host).is_some_and(|host| self.0.iter().any(|pattern| pattern.matches(host)))
    }

    /// The patterns as text, in their order; [`Origins::parse`] reads them back.
    pub fn patterns(&self) -> impl Iterator<Item = impl fmt::Display> {
        self.0.iter()
    }
}

/// From where the keys of a class may be used, whatever their records say.
///
/// # Example
///
/// ```
/// use weir_core::token::{OriginRule, Origins, Unstated};
///
/// let rule = OriginRule { missing: Unstated::Allowed, ..OriginRule::ANY };
/// let record = Origins::parse(["shop.com"])?;
/// assert!(rule.allows(&record, Some("https://shop.com")));
/// assert!(rule.allows(&record, None)); // a server's, which has no origin
/// assert!(!rule.allows(&record, Some("null")));
/// assert!(!OriginRule::ANY.allows(&record, None));
/// # Ok::<(), Vec<weir_core::fault::Fault>>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OriginRule {
    /// The hosts; a record may name some of them, and never more.
    pub hosts: Origins,
    /// What it means that a request states no origin, or an empty one.
    pub missing: Unstated,
    /// What it means that a request states the origin `null`.
    pub null: Unstated,
}

/// What a request means that states no host.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unstated {
    /// Allowed.
    Allowed,
    /// Refused where any list says from where, allowed where none does.
    #[default]
    AsListed,
    /// Refused.
    Refused,
}

impl OriginRule {
    /// Every origin, and none.
    pub const ANY: Self =
        Self { hosts: Origins::ANY, missing: Unstated::AsListed, null: Unstated::AsListed };

    /// Whether a request that states this origin is allowed: by the class and by the record.
    #[must_use]
    pub fn allows(&self, record: &Origins, origin: Option<&str>) -> bool {
        let unstated = match origin {
            None | Some("") => self.missing,
            Some("null") => self.null,
            Some(_) => Unstated::AsListed,
        };
        match unstated {
            Unstated::Allowed => true,
            Unstated::AsListed => self.hosts.allows(origin) && record.allows(origin),
            Unstated::Refused => false,
        }
    }
}

/// The host of an origin, of a URL, or of a text that is nothing but a host and perhaps a port.
fn host(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("any", text));
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    if scheme.is_empty() || !scheme.bytes().all(known) {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.split_once(':') {
        Some((host, port)) if is_port(port) => host,
        Some(_) => return None,
        None => authority,
    };
    is_host(host.as_bytes()).then_some(host)
}

fn is_port(text: &str) -> bool {
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits && text.parse::<u16>().is_ok()
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Pattern {
    Below(Box<str>),
    Exact(Box<str>),
}

impl Pattern {
    fn parse(text: &str) -> Option<Self> {
        let (below, domain) = match text.strip_prefix("*.") {
            Some(domain) => (true, domain),
            None => (false, text),
        };
        if !is_host(domain.as_bytes()) || domain.eq_ignore_ascii_case("null") {
            return None;
        }
        let domain = Box::from(domain.to_ascii_lowercase());
        Some(if below { Self::Below(domain) } else { Self::Exact(domain) })
    }

    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(domain) => host.eq_ignore_ascii_case(domain),
            Self::Below(domain) => host
                .len()
                .checked_sub(domain.len())
                .and_then(|at| host.split_at_checked(at))
                .is_some_and(|(below, end)| {
                    below.ends_with('.') && end.eq_ignore_ascii_case(domain)
                }),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Below(domain) => write!(f, "*.{domain}"),
            Self::Exact(domain) => f.write_str(domain),
        }
    }
}

const HINT: &str = "a host such as `shop.com` or `*.example.com`, without scheme, port or path; \
                    an empty list allows every origin";
