//! In which words are limits told? The families of rate-limit headers that are in use.

use http::{HeaderMap, HeaderName, HeaderValue};
use weir::{Binding, Quantity, Timestamp, Verdict};

/// Which headers tell how a limit stands. None of them is a standard yet.
///
/// # Units
///
/// Quantities are whole units of the feature, rounded down; times are seconds from now, rounded up.
/// Numbers past fifteen digits are told as the largest number of fifteen digits.
///
/// # Source
///
/// draft-ietf-httpapi-ratelimit-headers, in its versions 03 and 08 to 11.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Dialect {
    /// `RateLimit: "name";r=3;t=60` and `RateLimit-Policy: "name";q=10`.
    Draft08To11,
    /// `x-ratelimit-limit`, `x-ratelimit-remaining`, `x-ratelimit-reset`, as Envoy has them, too.
    Draft03,
    /// No such header: `Retry-After` alone.
    #[default]
    Silent,
}

impl Dialect {
    /// Tells how the limit that decided stands after a verdict; a limit without end is not told.
    pub(crate) fn tell(
        self,
        headers: &mut HeaderMap,
        (name, verdict): (&str, &Verdict),
        now: Timestamp,
    ) {
        let Some(left) = verdict.remaining().map(whole) else { return };
        let Some(Binding { capacity, resets_at, .. }) = verdict.binding else { return };
        let ends = resets_at != Timestamp::MAX;
        let seconds = ends.then(|| resets_at.since(now).as_secs_ceil());
        let capacity = whole(capacity);
        match self {
            Self::Silent => {}
            Self::Draft03 => {
                insert(headers, LIMIT, capacity.to_string());
                insert(headers, REMAINING, left.to_string());
                seconds.into_iter().for_each(|s| insert(headers, RESET, s.to_string()));
            }
            Self::Draft08To11 => {
                let reset = seconds.map(|s| format!(";t={s}")).unwrap_or_default();
                insert(headers, RATE_LIMIT, format!("\"{name}\";r={left}{reset}"));
                insert(headers, POLICY, format!("\"{name}\";q={capacity}"));
            }
        }
    }
}

/// Names of limits, and numbers, are visible ASCII.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

fn whole(quantity: Quantity) -> i128 {
    quantity.as_nanos().div_euclid(1_000_000_000).min(INTEGER_MAX)
}

/// The largest integer of a structured field (RFC 9651, 3.3.1).
const INTEGER_MAX: i128 = 999_999_999_999_999;
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
