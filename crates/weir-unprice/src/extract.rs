//! What did they send? From a request's parts to ours.

use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
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

/// The body of `POST /v1/events/ingest/sync`.
pub(crate) struct Sync<'a> {
    pub(crate) key: String,
    pub(crate) slug: String,
    pub(crate) feature: String,
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

/// The fields of a checked body; `None` when the schema in force does not declare them as it should.
pub(crate) fn sync<'a>(schema: &'a Schema, event: &Event<'a, '_>) -> Option<Sync<'a>> {
    Some(Sync {
        key: text(schema, event, "idempotencyKey")?,
        slug: text(schema, event, "eventSlug")?,
        feature: text(schema, event, "featureSlug")?,
        properties: field(schema, event, "properties")?.as_raw()?,
        customer: text(schema, event, "customerId"),
        at: instant(schema, event),
    })
}

/// As [`sync`], for the other body.
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
