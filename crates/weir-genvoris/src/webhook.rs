//! Was this sent by us, and just now? The signature of deliveries, made and checked.
//!
//! A delivery is a `POST` of [`Event::envelope`](crate::Event::envelope) with three headers:
//! [`SIGNATURE`] as [`sign`] makes it, [`NAME`] the event's name, and [`DELIVERY`] an id of the
//! delivery's own. Whoever delivers takes any 2xx within 10 seconds as taken, and else tries again
//! after [`DELAYS_S`], until it gives up. Order is not promised: receivers go by the event's id, which
//! is the same in each delivery.

use ring::hmac;
use weir::{Span, Timestamp};

use crate::glue::hex;
use crate::settings::Secret;

/// The header of the signature: `t=SECONDS,v1=HEX`.
pub const SIGNATURE: &str = "x-genvoris-signature";
/// The header of the event's name.
pub const NAME: &str = "x-genvoris-event";
/// The header of the delivery's id, `whd_...`.
pub const DELIVERY: &str = "x-genvoris-delivery";
/// After how many seconds a delivery that failed is tried again: eight tries in all.
pub const DELAYS_S: [u32; 7] = [10, 30, 120, 300, 900, 1_800, 2_700];

/// The signature of a body that is sent at `now`: HMAC-SHA256 over the seconds, a dot and the body.
///
/// # Example
///
/// ```
/// use weir::Timestamp;
/// use weir_genvoris::{Secret, Unsigned, check, sign};
///
/// let (secret, now) = (Secret::new("whsec_1"), Timestamp::EPOCH);
/// let header = sign(&secret, b"{}", now);
/// assert_eq!(check(&secret, (&header, b"{}"), now), Ok(()));
/// assert_eq!(check(&secret, (&header, b"{ }"), now), Err(Unsigned::Forged));
/// let later = "1970-01-01T00:05:01Z".parse()?;
/// assert_eq!(check(&secret, (&header, b"{}"), later), Err(Unsigned::Stale));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn sign(secret: &Secret, body: &[u8], now: Timestamp) -> String {
    let seconds = now.as_millis().div_euclid(1_000).to_string();
    let tag = hmac::sign(&key(secret), &signed(&seconds, body));
    format!("t={seconds},v1={}", hex(tag.as_ref()))
}

/// Whether a body that arrived at `now` was signed with this secret, at most five minutes before or
/// after. That it has not been seen before is for the event's id to tell.
///
/// # Errors
///
/// [`Unsigned::Forged`] before [`Unsigned::Stale`]: nothing is said of a time that nobody vouches
/// for. A secret that is unset signs nothing.
pub fn check(
    secret: &Secret,
    (header, body): (&str, &[u8]),
    now: Timestamp,
) -> Result<(), Unsigned> {
    let (seconds, tag) = parts(header).ok_or(Unsigned::Malformed)?;
    let at = seconds.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000));
    let at = at.and_then(|at| Timestamp::from_millis(at).ok()).ok_or(Unsigned::Malformed)?;
    let genuine = hmac::verify(&key(secret), &signed(seconds, body), &tag).is_ok();
    if !genuine || secret.is_unset() {
        return Err(Unsigned::Forged);
    }
    let near = |one: Timestamp, other: Timestamp| one.since(other) <= TOLERANCE;
    if near(now, at) && near(at, now) { Ok(()) } else { Err(Unsigned::Stale) }
}

/// Why a delivery is not to be believed.
///
/// Exhaustive on purpose: a receiver answers each case.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unsigned {
    /// Another secret or another body.
    #[error("not signed with this secret")]
    Forged,
    /// No signature at all.
    #[error("no signature of this form")]
    Malformed,
    /// Signed long ago, or ahead of time.
    #[error("signed at another time")]
    Stale,
}

impl Unsigned {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Forged => "webhook.forged",
            Self::Malformed => "webhook.malformed",
            Self::Stale => "webhook.stale",
        }
    }
}

fn key(secret: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
}

fn signed(seconds: &str, body: &[u8]) -> Vec<u8> {
    [seconds.as_bytes(), b".", body].concat()
}

/// The seconds as they were written, and the bytes of the tag.
fn parts(header: &str) -> Option<(&str, Vec<u8>)> {
    let (time, tag) = header.split_once(',')?;
    let (seconds, tag) = (time.strip_prefix("t=")?, tag.strip_prefix("v1=")?);
    let digits = seconds.strip_prefix('-').unwrap_or(seconds);
    let sound = digits.bytes().all(|byte| byte.is_ascii_digit()) && tag.len() == 64;
    let half = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(half(*high)? << 4 | half(*low)?),
        _ => None,
    };
    let tag = tag.as_bytes().chunks(2).map(byte).collect::<Option<Vec<_>>>()?;
    sound.then_some((seconds, tag))
}

/// How far a delivery's time may be from that of its arrival: the contract's five minutes.
const TOLERANCE: Span = match Span::from_millis(300_000) {
    Ok(minutes) => minutes,
    Err(_) => Span::ZERO,
};
