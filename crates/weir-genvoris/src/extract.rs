//! Who calls, and what is reported? The credential from the headers, a try-on from the body.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use weir::{Quantity, Scope, Status};
use weir_core::json::{Duplicates, Profile, Surrogates, Text};
use weir_core::schema::{Event, Schema, Scratch, Value};
use weir_core::token::offered::{Ambiguous, sole};

use crate::answer::Refusal;
use crate::glue::{Called, Genvoris, Stop};
use crate::rates;
use crate::settings::{Secret, Transport};

/// A store that has shown its key.
pub(crate) struct Store {
    pub(crate) scope: Scope,
    /// Its id: the root of all its documents.
    pub(crate) name: String,
    /// What the key's own scope is called.
    pub(crate) key: String,
}

impl<E> Genvoris<E> {
    /// The store whose key a request under `/api/v1` carries.
    pub(crate) fn caller(&self, called: &Called<'_>) -> Result<Store, Stop> {
        let admitted = admit(called.request.headers(), &Transport::Bearer)?;
        let Admitted::Bearer(key) = admitted else { return Err(Refusal::Unauthorized.into()) };
        let holder = self.gate.authenticate(key, None, called.arrival.now)?;
        let scope = holder.map_err(|_| Refusal::InvalidKey)?.scope();
        if self.gate.status(scope)? != Some(Status::Active) {
            return Err(Refusal::AccountInactive.into());
        }
        Ok(Store { scope, name: self.gate.name(scope)?, key: rates::scope_of(key) })
    }
}

/// What the headers prove.
pub(crate) enum Admitted<'a> {
    /// Nothing yet: they name a key.
    Bearer(&'a [u8]),
    /// That the caller knows the host's secret.
    Secret,
}

/// What the headers prove, under the host's choice of transport.
pub(crate) fn admit<'a>(
    headers: &'a HeaderMap,
    transport: &Transport,
) -> Result<Admitted<'a>, Refusal> {
    let bearer = || Ok(sole(headers.get_all(AUTHORIZATION))?.and_then(bearer));
    let secret = |known: &Secret| {
        let offered = sole(headers.get_all(INTERNAL_SECRET))?;
        Ok(offered.filter(|offered| known.is(offered.as_bytes())).map(|_| Admitted::Secret))
    };
    let admitted: Result<_, Ambiguous> = match transport {
        Transport::Bearer => bearer(),
        // Both are read: two values of one header are not mended by the other header.
        Transport::Either(known) => {
            secret(known).and_then(|secret| bearer().map(|bearer| bearer.or(secret)))
        }
        Transport::InternalSecret(known) => secret(known),
    };
    admitted.ok().flatten().ok_or(Refusal::Unauthorized)
}

/// The one token after the scheme `Bearer`, in whatever case.
fn bearer(value: &HeaderValue) -> Option<Admitted<'_>> {
    let mut words = value.to_str().ok()?.split(' ').filter(|word| !word.is_empty());
    let (scheme, token) = (words.next()?, words.next()?);
    let sound = scheme.eq_ignore_ascii_case("bearer")
        && token.bytes().all(|byte| byte.is_ascii_graphic())
        && words.next().is_none();
    sound.then_some(Admitted::Bearer(token.as_bytes()))
}

/// A report of a try-on. Holds secrets, so it does not print.
pub(crate) struct Report<'a> {
    pub(crate) key: Option<Cow<'a, str>>,
    pub(crate) origin: Option<Cow<'a, str>>,
    pub(crate) token: Option<Cow<'a, str>>,
    pub(crate) variation_count: Quantity,
    pub(crate) ending: Ending,
}

/// How a try-on ended.
#[derive(Clone, Copy)]
pub(crate) enum Ending {
    Completed,
    Failed,
}

impl<'a> Report<'a> {
    /// Reads a body by the catalog's schema.
    pub(crate) fn read(schema: &'a Schema, body: &'a [u8]) -> Result<Self, Refusal> {
        let mut scratch = Scratch::default();
        let event = schema
            .check(body, &PROFILE, &mut scratch)
            .map_err(|refused| Refusal::InvalidBody(refused.to_string()))?;
        let value = |name| field(&event, schema, name);
        let text = |name| value(name).and_then(Value::as_text).map(plain);
        let failed = value("success").and_then(Value::as_bool) == Some(false);
        Ok(Self {
            key: text("api_key"),
            origin: text("origin"),
            token: text("end_customer_token"),
            variation_count: value("variation_count").and_then(Value::as_number).unwrap_or(ONE),
            ending: if failed { Ending::Failed } else { Ending::Completed },
        })
    }
}

fn field<'a>(event: &Event<'a, '_>, schema: &Schema, name: &str) -> Option<Value<'a>> {
    event.get(schema.slot(name)?)
}

fn plain(text: Text<'_>) -> Cow<'_, str> {
    text.as_plain().map_or_else(|| Cow::Owned(text.chars().collect()), Cow::Borrowed)
}

const INTERNAL_SECRET: HeaderName = HeaderName::from_static("x-internal-secret");
pub(crate) const ONE: Quantity = Quantity::from_units(1);
/// As the contract's clients write JSON: the last of two equal keys counts.
const PROFILE: Profile = Profile {
    duplicates: Duplicates::LastWins,
    surrogates: Surrogates::Replaced,
    ..Profile::STRICT
};
