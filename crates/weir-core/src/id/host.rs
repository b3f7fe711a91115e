//! What is a plain host name? One grammar for origins and for schemas.

/// Whether `text` is labels of letters, digits, `-` and `_`, of at most 63 bytes each and 253 with
/// their dots.
///
/// A number is a label too, so `127.0.0.1` is a host; brackets, a port, a dot at the end and
/// letters beyond ASCII are not.
///
/// # Source
///
/// RFC 1035 section 2.3 for the lengths: 255 bytes on the wire are 253 as text. The bytes are those
/// of RFC 1123 section 2.1 and `_`, which names in use have; unlike there, a `-` may stand at
/// either end of a label, as resolvers take it.
pub(crate) fn is_host(text: &[u8]) -> bool {
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let label = |part: &[u8]| (1..=63).contains(&part.len()) && part.iter().all(known);
    text.len() <= 253 && text.split(|byte| *byte == b'.').all(label)
}
