//! What was asked? Their request, read with our rooms.

use http::Request;
use http::header::{HeaderName, USER_AGENT};
use weir::GateError;
use weir_core::catalog::Catalog;
use weir_core::json::{Profile, Raw, SyntaxError, SyntaxKind};
use weir_core::schema::{Event, Refused, Schema, Scratch, Value};
use weir_core::token::offered::{Ambiguous, sole};

use crate::answer::Answer;
use crate::event::Kind;

/// What of a request is read, and how.
pub(crate) struct Reader<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) profile: Profile,
    pub(crate) body: &'a [u8],
}

/// A body of the right outer shape.
pub(crate) struct Envelope<'a> {
    pub(crate) kind: Kind,
    /// The data, or what is wrong with it as a whole: that is said after the class was asked.
    pub(crate) data: Result<Raw<'a>, Answer>,
}

/// The token of the header; `None` when there is none, or a blank one.
pub(crate) fn header_token<'r>(request: &'r Request<&[u8]>) -> Result<Option<&'r [u8]>, Ambiguous> {
    let value = sole(request.headers().get_all(TOKEN))?;
    // White space around a value is no part of it (RFC 9110, section 5.5).
    let bytes = value.map(|value| value.as_bytes().trim_ascii());
    Ok(bytes.filter(|bytes| !bytes.is_empty()))
}

/// What the request says of its software; empty when it does not.
pub(crate) fn user_agent<'r>(request: &'r Request<&[u8]>) -> &'r [u8] {
    request.headers().get(USER_AGENT).map_or(&[], |value| value.as_bytes())
}

impl<'a> Reader<'a> {
    /// The token of the body.
    ///
    /// # Errors
    ///
    /// That it is missing, also because the body cannot be read; that it is no text.
    pub(crate) fn body_token(&self, scratch: &mut Scratch) -> Result<String, Answer> {
        let schema = self.schema("credential")?;
        let event = match schema.check(self.body, &self.profile, scratch) {
            Ok(event) => event,
            Err(Refused::Syntax(error)) if is_too_large(error) => return Err(Answer::TooLarge),
            Err(Refused::Invalid(_) | Refused::Syntax(_)) => return Err(Answer::MissingToken),
        };
        match field(schema, &event, "token")? {
            None | Some(Value::Null) => Err(Answer::MissingToken),
            Some(Value::Text(text)) if text.is_blank() => Err(Answer::MissingToken),
            Some(Value::Text(text)) => Ok(text.decode(&mut String::new()).to_owned()),
            Some(_) => Err(Answer::InvalidToken),
        }
    }

    /// The type and the data.
    ///
    /// # Errors
    ///
    /// What is wrong with the body as a whole, or with its type.
    pub(crate) fn envelope(&self, scratch: &mut Scratch) -> Result<Envelope<'a>, Answer> {
        let schema = self.schema("envelope")?;
        let wrong = match schema.check(self.body, &self.profile, scratch) {
            Ok(event) => {
                let data = field(schema, &event, "data")?.and_then(Value::as_raw);
                let data = data.ok_or_else(|| GateError::unknown("field", "data"))?;
                return Ok(Envelope { kind: kind(schema, &event)?, data: Ok(data) });
            }
            Err(refused) => refusal(&refused),
        };
        let schema = self.schema("kind")?;
        match schema.check(self.body, &self.profile, scratch) {
            Ok(event) => Ok(Envelope { kind: kind(schema, &event)?, data: Err(wrong) }),
            Err(_) => Err(wrong),
        }
    }

    /// The schema called `name`.
    pub(crate) fn schema(&self, name: &str) -> Result<&'a Schema, Answer> {
        self.catalog.schema(name).ok_or_else(|| GateError::unknown("schema", name).into())
    }
}

/// What the client is told of a document that is not as it should be.
pub(crate) fn refusal(refused: &Refused<'_, '_>) -> Answer {
    match refused {
        Refused::Syntax(error) if is_too_large(*error) => Answer::TooLarge,
        Refused::Syntax(_) => Answer::Invalid("The request body must be valid JSON.".to_owned()),
        Refused::Invalid(violations) => {
            let mut message = String::new();
            // Writing to a string does not fail.
            let _ = violations.first().map(|first| first.message(&mut message));
            Answer::Invalid(message)
        }
    }
}

fn kind(schema: &Schema, event: &Event<'_, '_>) -> Result<Kind, Answer> {
    let text = field(schema, event, "type")?.and_then(Value::as_text);
    let named = |kind: &Kind| text.is_some_and(|text| text == *kind.name());
    Kind::ALL.into_iter().find(named).ok_or_else(|| GateError::unknown("field", "type").into())
}

/// A field that the schema of the catalog must declare.
fn field<'a>(
    schema: &Schema,
    event: &Event<'a, '_>,
    name: &str,
) -> Result<Option<Value<'a>>, Answer> {
    let slot = schema.slot(name).ok_or_else(|| GateError::unknown("field", name))?;
    Ok(event.get(slot))
}

fn is_too_large(error: SyntaxError) -> bool {
    error.kind() == SyntaxKind::TooLong
}

const TOKEN: HeaderName = HeaderName::from_static("x-api-token");
