//! What did they send? From a request's parts to ours.

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Uri};
use weir::{Quantity, Timestamp};
use weir_core::json::{Bounds, Duplicates, Profile, Raw, Surrogates};
use weir_core::schema::{Event, Schema, Value};
use weir_core::token::offered::sole;

/// As JavaScript reads: the last of two keys counts, and half of a pair is a mark.
pub(crate) const PROFILE: Profile = Profile {
    bounds: Bounds::DEFAULT,
    duplicates: Duplicates::LastWins,
    surrogates: Surrogates::Replaced,
};

/// The body of both routes that take an event.
pub(crate) struct Sent<'a> {
    /// The sender's name for the event.
    pub(crate) id: Option<String>,
    pub(crate) key: String,
    pub(crate) slug: String,
    pub(crate) properties: Raw<'a>,
    pub(crate) customer: Option<String>,
    pub(crate) at: Option<Timestamp>,
}

/// The body of `POST /v1/entitlements/verify`.
pub(crate) struct Verify {
    pub(crate) customer: String,
    pub(crate) feature: String,
    pub(crate) at: Option<Timestamp>,
}

/// The body of `POST /v1/entitlements/get`.
pub(crate) struct Wanted {
    pub(crate) customer: String,
    pub(crate) project: Option<String>,
}

/// The fields of a checked body; `None` when the schema in force does not declare them as it should.
pub(crate) fn sent<'a>(schema: &'a Schema, event: &Event<'a, '_>) -> Option<Sent<'a>> {
    Some(Sent {
        id: text(schema, event, "id"),
        key: text(schema, event, "idempotencyKey")?,
        slug: text(schema, event, "eventSlug")?,
        properties: field(schema, event, "properties")?.as_raw()?,
        customer: text(schema, event, "customerId"),
        at: instant(schema, event),
    })
}

/// Of an event that is to be decided at once, what the caller wants to use.
pub(crate) fn feature(schema: &Schema, event: &Event<'_, '_>) -> Option<String> {
    text(schema, event, "featureSlug")
}

/// As [`sent`], for another body.
pub(crate) fn wanted(schema: &Schema, event: &Event<'_, '_>) -> Option<Wanted> {
    let customer = text(schema, event, "customerId")?;
    Some(Wanted { customer, project: text(schema, event, "projectId") })
}

/// As [`sent`], for another body.
pub(crate) fn verify(schema: &Schema, event: &Event<'_, '_>) -> Option<Verify> {
    Some(Verify {
        customer: text(schema, event, "customerId")?,
        feature: text(schema, event, "featureSlug")?,
        at: instant(schema, event),
    })
}

/// The key of the one bearer header: the scheme in any case, blanks around it trimmed.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let header = sole(headers.get_all(AUTHORIZATION)).ok()??.to_str().ok()?.trim();
    let (scheme, key) = header.split_once(|c: char| c.is_ascii_whitespace())?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then_some(key)
}

/// The value of a parameter after the path, its escapes read; one that is no text is not there.
pub(crate) fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(key, _)| *key == name)?;
    unescaped(value)
}

/// A text of a URL with its escapes read; `None` when one is cut off or no text comes of it.
pub(crate) fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let (read, after) = match (byte, tail) {
            (b'%', [high, low, after @ ..]) => {
                (hexadecimal(*high)? << 4 | hexadecimal(*low)?, after)
            }
            (b'%', _) => return None,
            (b'+', after) => (b' ', after),
            (byte, after) => (*byte, after),
        };
        bytes.push(read);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    u8::try_from(char::from(digit).to_digit(16)?).ok()
}

/// Whether the body says that it is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let header = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = header.and_then(|header| header.split(';').next()).unwrap_or_default().trim();
    let subtype = media.split_once('/').filter(|(top, _)| top.eq_ignore_ascii_case("application"));
    subtype.is_some_and(|(_, subtype)| {
        let suffix = subtype.rsplit_once('+').map_or(subtype, |(_, suffix)| suffix);
        suffix.eq_ignore_ascii_case("json")
    })
}

fn field<'a>(schema: &'a Schema, event: &Event<'a, '_>, name: &str) -> Option<Value<'a>> {
    event.get(schema.slot(name)?)
}

fn text(schema: &Schema, event: &Event<'_, '_>, name: &str) -> Option<String> {
    Some(field(schema, event, name)?.as_text()?.chars().collect())
}

/// The whole millisecond in which the event happened. One that the calendar does not have is as far
/// away as can be, on its side.
fn instant(schema: &Schema, event: &Event<'_, '_>) -> Option<Timestamp> {
    let millis = field(schema, event, "timestamp")?.as_number()?;
    let whole = millis.as_nanos().div_euclid(Quantity::from_units(1).as_nanos());
    let read = i64::try_from(whole).ok().and_then(|ms| Timestamp::from_millis(ms).ok());
    let far = if millis < Quantity::ZERO { Timestamp::MIN } else { Timestamp::MAX };
    Some(read.unwrap_or(far))
}
