//! Which request is it, and what is the answer? The glue, in the contract's order of checks.

use http::{HeaderMap, Method, Request, Response};
use weir::{Gate, Timestamp};
use weir_core::schema::{Event, Refused, Schema, Scratch};
use weir_core::token::registry::Cause;

use crate::answer::{self, Fault};
use crate::ingest::{self, Instants};
use crate::keys::{self, Known};
use crate::report::Reporter;
use crate::{entitlement, extract, verify};

/// A request, and what the host knows of it.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// Method, path and headers.
    pub request: &'a Request<&'a [u8]>,
    /// When the server received it: the only clock.
    pub now: Timestamp,
    /// The host's name for the request, shown in errors.
    pub request_id: &'a str,
}

/// Answers a request: status and headers as the result, the body in `body`, whose content is lost.
///
/// The catalog in force must have the schemas, the class `live` and the feature `requests` of the
/// contract's catalog.
pub fn respond(
    gate: &Gate,
    reporter: &dyn Reporter,
    incoming: &Incoming<'_>,
    body: &mut Vec<u8>,
) -> Response<()> {
    let request = incoming.request;
    let answered = match (request.method(), request.uri().path()) {
        (&Method::POST, "/v1/events/ingest/sync") => sync(gate, reporter, incoming, body),
        (&Method::POST, "/v1/entitlements/verify") => verification(gate, incoming, body),
        _ => return answer::no_route(body),
    };
    answered.unwrap_or_else(|fault| answer::fault(&fault, incoming.request_id, body))
}

fn sync(
    gate: &Gate,
    reporter: &dyn Reporter,
    incoming: &Incoming<'_>,
    body: &mut Vec<u8>,
) -> Result<Response<()>, Fault> {
    let catalog = gate.catalog().map_err(failed)?;
    let schema = catalog.schema("ingest-sync").ok_or(Fault::Failed(no_schema("ingest-sync")))?;
    let mut scratch = Scratch::default();
    let event = check(schema, incoming, &mut scratch)?;
    let sent = extract::sync(schema, &event).ok_or(Fault::Failed(no_schema("ingest-sync")))?;
    let Known { holder, binding } = authenticated(gate, incoming)?;
    if !keys::may_send(gate, &holder, incoming.now) {
        return Err(Fault::RateLimited);
    }
    let customer = sent.customer.or(binding.customer).filter(|customer| !customer.is_empty());
    let customer = customer.ok_or_else(|| Fault::BadRequest(NO_CUSTOMER.to_owned()))?;
    let at = sent.at.unwrap_or(incoming.now);
    timely(&catalog, at, incoming.now)?;
    let event = ingest::Event {
        customer: &entitlement::root_of(&binding.project, &customer),
        key: &sent.key,
        slug: &sent.slug,
        feature: &sent.feature,
        properties: sent.properties,
        at,
    };
    let instants = Instants { now: incoming.now, received: incoming.now };
    let ingested = ingest::ingest(gate, reporter, &event, instants).map_err(Fault::Failed)?;
    Ok(answer::ingested(&ingested, body))
}

fn verification(
    gate: &Gate,
    incoming: &Incoming<'_>,
    body: &mut Vec<u8>,
) -> Result<Response<()>, Fault> {
    let catalog = gate.catalog().map_err(failed)?;
    let schema = catalog.schema("verify").ok_or(Fault::Failed(no_schema("verify")))?;
    let mut scratch = Scratch::default();
    let event = check(schema, incoming, &mut scratch)?;
    let sent = extract::verify(schema, &event).ok_or(Fault::Failed(no_schema("verify")))?;
    let Known { binding, .. } = authenticated(gate, incoming)?;
    let at = sent.at.unwrap_or(incoming.now);
    timely(&catalog, at, incoming.now)?;
    let root = entitlement::root_of(&binding.project, &sent.customer);
    let verified = verify::verify(gate, &root, &sent.feature, at).map_err(Fault::Failed)?;
    Ok(answer::verified(&sent.feature, &verified, body))
}

/// The body, if it has the shape; what does not say that it is JSON reads as an empty object.
fn check<'a, 's>(
    schema: &'a Schema,
    incoming: &Incoming<'a>,
    scratch: &'s mut Scratch,
) -> Result<Event<'a, 's>, Fault> {
    let json = extract::is_json(incoming.request.headers());
    let body = if json { *incoming.request.body() } else { b"{}" };
    schema.check(body, &extract::PROFILE, scratch).map_err(|refused| match refused {
        Refused::Syntax(_) => Fault::BadRequest("Malformed JSON in request body".to_owned()),
        Refused::Invalid(violations) => {
            let mut text = String::new();
            if let Some(first) = violations.first() {
                // Writing to a string does not fail.
                let _ = first.message(&mut text);
            }
            Fault::BadRequest(text)
        }
    })
}

fn authenticated(gate: &Gate, incoming: &Incoming<'_>) -> Result<Known, Fault> {
    let headers: &HeaderMap = incoming.request.headers();
    let key = extract::bearer(headers).ok_or(Fault::Unauthorized("key required"))?;
    match keys::known(gate, key.as_bytes(), incoming.now).map_err(failed)? {
        Ok(known) => Ok(known),
        Err(Cause::Revoked) => Err(Fault::Unauthorized("key revoked")),
        Err(Cause::Expired) => Err(Fault::Expired),
        Err(Cause::Disabled) => Err(Fault::Disabled),
        Err(Cause::Malformed(_) | Cause::NoClass | Cause::Unknown) => {
            Err(Fault::Unauthorized("key not found"))
        }
    }
}

fn timely(
    catalog: &weir_core::catalog::Catalog,
    at: Timestamp,
    now: Timestamp,
) -> Result<(), Fault> {
    match catalog.acceptance().check(at, now) {
        Some(late) => Err(Fault::BadRequest(ingest::lateness_text(late).to_owned())),
        None => Ok(()),
    }
}

fn failed(error: weir::GateError) -> Fault {
    Fault::Failed(ingest::Failure::Gate(error))
}

/// The catalog in force is not one for this contract.
fn no_schema(name: &str) -> ingest::Failure {
    ingest::Failure::Gate(weir::GateError::unknown("schema", name))
}

const NO_CUSTOMER: &str = "customerId is required when the API key has no default customer binding";
