//! Is it the same request again? The `Idempotency-Key` header.

use http::{HeaderMap, StatusCode};

use crate::check::Rejected;

/// The key of a request, from its `Idempotency-Key` header; `None` when it has none.
///
/// # Shape
///
/// A quoted string, as the draft has it, or the bare text that many clients send. 1 to 255 visible
/// characters of ASCII; in quotes also blanks, and a backslash before a quote or a backslash.
///
/// # Errors
///
/// [`Rejected`] with 400 when there are two of them, or it is none of the two.
///
/// # Source
///
/// draft-ietf-httpapi-idempotency-key-header-07; strings of RFC 9651, 3.3.3.
///
/// # Example
///
/// ```
/// use http::HeaderMap;
/// use weir_http::idempotency_key;
///
/// let mut headers = HeaderMap::new();
/// assert_eq!(idempotency_key(&headers), Ok(None));
/// headers.append("idempotency-key", r#""order \"7\"""#.parse()?);
/// assert_eq!(idempotency_key(&headers), Ok(Some(br#"order "7""#.to_vec())));
/// headers.append("idempotency-key", "order-8".parse()?);
/// assert!(idempotency_key(&headers).is_err()); // which of the two?
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<Vec<u8>>, Rejected> {
    let mut all = headers.get_all("idempotency-key").iter();
    let Some(value) = all.next() else { return Ok(None) };
    let value = value.as_bytes().trim_ascii();
    let key = match value {
        [b'"', inside @ .., b'"'] => unquoted(inside),
        bare => bare.iter().all(u8::is_ascii_graphic).then(|| bare.to_vec()),
    };
    let sound = key.filter(|key| all.next().is_none() && (1..=LEN_MAX).contains(&key.len()));
    sound.map(Some).ok_or(MALFORMED)
}

/// What stands between the quotes.
fn unquoted(inside: &[u8]) -> Option<Vec<u8>> {
    let (mut key, mut bytes) = (Vec::new(), inside.iter().copied());
    while let Some(byte) = bytes.next() {
        key.push(match byte {
            b'\\' => bytes.next().filter(|next| matches!(next, b'"' | b'\\'))?,
            b' ' | b'!' | b'#'..=b'~' => byte,
            _ => return None,
        });
    }
    Some(key)
}

/// In bytes; ours.
const LEN_MAX: usize = 255;

const MALFORMED: Rejected = Rejected {
    status: StatusCode::BAD_REQUEST,
    code: "idempotency_key.malformed",
    detail: "send one Idempotency-Key of 1 to 255 visible characters, in quotes",
};
