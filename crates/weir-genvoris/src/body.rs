//! What do they want changed? The bodies and queries of the routes under `/api/v1`.

use std::borrow::Cow;

use weir_core::catalog::Catalog;
use weir_core::json::{Duplicates, Profile, Text};
use weir_core::schema::{Event, Refused, RuleCode, Schema, Scratch, Value};

use crate::answer::Refusal;
use crate::error::GenvorisError;
use crate::glue::Stop;

/// A member of a body: not there, `null`, or a value.
pub(crate) type Sent<T> = Option<Option<T>>;

/// Reads a body by a schema of the catalog, and takes what is wanted of it.
pub(crate) fn read<T>(
    catalog: &Catalog,
    (name, body): (&str, &[u8]),
    take: impl FnOnce(&Fields<'_, '_>) -> T,
) -> Result<T, Stop> {
    let schema = catalog.schema(name).ok_or_else(|| GenvorisError::missing("schema", name))?;
    let mut scratch = Scratch::default();
    let event = schema.check(body, &PROFILE, &mut scratch).map_err(refused)?;
    Ok(take(&Fields { event, schema }))
}

/// The fields of a body that has its shape.
pub(crate) struct Fields<'a, 's> {
    event: Event<'a, 's>,
    schema: &'a Schema,
}

impl Fields<'_, '_> {
    fn value(&self, name: &str) -> Option<Value<'_>> {
        self.event.get(self.schema.slot(name)?)
    }

    fn sent<T>(&self, name: &str, read: impl Fn(Value<'_>) -> Option<T>) -> Sent<T> {
        match self.value(name)? {
            Value::Null => Some(None),
            value => read(value).map(Some),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Sent<String> {
        self.sent(name, |value| value.as_text().map(plain))
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.value(name).and_then(Value::as_bool)
    }

    /// A whole number; of one that no integer holds, the nearest that does.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        let number = self.value(name).and_then(Value::as_number)?;
        Some(number.as_units().unwrap_or(if number.is_positive() { i64::MAX } else { i64::MIN }))
    }

    /// An object, as it was sent.
    pub(crate) fn object(&self, name: &str) -> Sent<String> {
        self.sent(name, |value| value.as_raw().map(|raw| raw.as_str().to_owned()))
    }
}

fn refused(refused: Refused<'_, '_>) -> Refusal {
    let detail = refused.to_string();
    let large = match &refused {
        Refused::Invalid(violations) => violations.iter().any(|violation| {
            let large = matches!(violation.rule(), RuleCode::Size | RuleCode::TooMany);
            large && violation.pointer() == "/metadata"
        }),
        Refused::Syntax(_) => false,
    };
    if large { Refusal::MetadataTooLarge(detail) } else { Refusal::InvalidBody(detail) }
}

fn plain(text: Text<'_>) -> String {
    text.chars().collect()
}

/// The parameters of a query.
pub(crate) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    pub(crate) fn of(request: &'a http::Request<&[u8]>) -> Self {
        Self(request.uri().query().unwrap_or_default())
    }

    /// The first value of a parameter, decoded; what is no UTF-8 then is a replacement character.
    pub(crate) fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut pairs = self.0.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs
            .find(|(key, _)| decoded(key, Blank::Plus) == name)
            .map(|(_, value)| decoded(value, Blank::Plus))
    }
}

/// How a blank is written.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Blank {
    /// As `%20` alone: in a path.
    Percent,
    /// As `+` too: in a query.
    Plus,
}

/// A part of a path or query, with its escapes resolved.
pub(crate) fn decoded(text: &str, blank: Blank) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [byte, tail @ ..] = rest {
        let escaped = match tail {
            [high, low, tail @ ..] if *byte == b'%' => {
                digit(*high).zip(digit(*low)).zip(Some(tail))
            }
            _ => None,
        };
        if let Some(((high, low), tail)) = escaped {
            bytes.push(high << 4 | low);
            rest = tail;
        } else {
            bytes.push(if *byte == b'+' && blank == Blank::Plus { b' ' } else { *byte });
            rest = tail;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// As the contract's clients write JSON: the last of two equal keys counts.
const PROFILE: Profile = Profile { duplicates: Duplicates::LastWins, ..Profile::STRICT };
