//! Which credential counts, when a request could carry several?
//!
//! # Source
//!
//! RFC 9110 section 5.3: a header that is no list must not come twice. What a body adds is each
//! contract's own choice, so it is said by name as an [`Order`].

use core::fmt;

use subtle::ConstantTimeEq;

/// The credentials of one request.
///
/// # Example
///
/// ```
/// use weir_core::token::{Ambiguous, Offered, Order};
///
/// let offered = Offered { header: Some(b"pub_a"), body: Some(b"sec_b") };
/// assert_eq!(offered.choose(Order::HeaderFirst), Ok(Some(b"pub_a".as_slice())));
/// assert_eq!(offered.choose(Order::MustAgree), Err(Ambiguous));
/// ```
#[derive(Clone, Copy, Default)]
pub struct Offered<'a> {
    /// In a header.
    pub header: Option<&'a [u8]>,
    /// In the body.
    pub body: Option<&'a [u8]>,
}

impl<'a> Offered<'a> {
    /// The one that counts; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`Ambiguous`] when there are two and `order` does not settle it.
    pub fn choose(self, order: Order) -> Result<Option<&'a [u8]>, Ambiguous> {
        let (Some(header), Some(body)) = (self.header, self.body) else {
            return Ok(self.header.or(self.body));
        };
        let settled = match order {
            Order::HeaderFirst => true,
            // A caller who knows one of the two must not feel its way to the other.
            Order::MustAgree => header.ct_eq(body).into(),
            Order::Sole => false,
        };
        if settled { Ok(Some(header)) } else { Err(Ambiguous) }
    }
}

impl fmt::Debug for Offered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |offer: Option<&[u8]>| offer.map(|_| format_args!(".."));
        f.debug_struct("Offered")
            .field("header", &shown(self.header))
            .field("body", &shown(self.body))
            .finish()
    }
}

/// What it means that a header and a body both carry a credential.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Order {
    /// The header counts; a body's credential never rescues or upgrades it.
    HeaderFirst,
    /// Both must be the same bytes.
    MustAgree,
    /// Always refused.
    Sole,
}

/// The only value of a header that may come once; `None` when it did not come.
///
/// # Errors
///
/// [`Ambiguous`] from the second value on, the same or not.
///
/// # Example
///
/// ```
/// use weir_core::token::offered::{Ambiguous, sole};
///
/// assert_eq!(sole(["Bearer a"]), Ok(Some("Bearer a")));
/// assert_eq!(sole(["Bearer a", "Bearer a"]), Err(Ambiguous));
/// ```
pub fn sole<T>(values: impl IntoIterator<Item = T>) -> Result<Option<T>, Ambiguous> {
    let mut values = values.into_iter();
    let first = values.next();
    if values.next().is_some() { Err(Ambiguous) } else { Ok(first) }
}

/// A request carries credentials that contradict each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("more than one credential in one request")]
pub struct Ambiguous;

impl Ambiguous {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "token.ambiguous"
    }
}
