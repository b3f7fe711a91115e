//! Which request is it, and what is the answer? The glue, in the contract's order of checks.

use http::{HeaderMap, Method, Request, Response};
use weir::{Gate, Timestamp};
use weir_core::schema::{Event, Refused, Schema, Scratch};
use weir_core::token::registry::Cause;

use crate::answer::{self, Fault};
use crate::ingest::{self, Instants};
use crate::keys::{self, Binding, Known};
use crate::queue::{self, Message};
use crate::report::Downstream;
use crate::wallet::{self, Purse};
use crate::{entitlement, extract, offered, verify};

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
/// The catalog in force must have the schemas, the class `live`, the feature `requests` and the wallet
/// of the contract's catalog.
pub fn respond(
    gate: &Gate,
    downstream: &dyn Downstream,
    incoming: &Incoming<'_>,
    body: &mut Vec<u8>,
) -> Response<()> {
    let request = incoming.request;
    let answered = match (request.method(), request.uri().path()) {
        (&Method::POST, "/v1/events/ingest") => accept(gate, downstream, incoming, body),
        (&Method::POST, "/v1/events/ingest/sync") => sync(gate, downstream, incoming, body),
        (&Method::POST, "/v1/entitlements/get") => entitlements(gate, incoming, body),
        (&Method::POST, "/v1/entitlements/verify") => verification(gate, incoming, body),
        (&(Method::GET | Method::HEAD), path) => match path.strip_prefix("/v1/wallet") {
            Some("" | "/balance") => balance(gate, incoming, body),
            Some(path) => match path.strip_prefix("/credits/").and_then(credit_of) {
                Some(id) => credit(gate, (incoming, id), body),
                None => return answer::no_route(body),
            },
            None => return answer::no_route(body),
        },
        _ => return answer::no_route(body),
    };
    answered.unwrap_or_else(|fault| answer::fault(&fault, incoming.request_id, body))
}

fn sync(
    gate: &Gate,
    downstream: &dyn Downstream,
    incoming: &Incoming<'_>,
    body: &mut Vec<u8>,
) -> Result<Response<()>, Fault> {
    let catalog = gate.catalog().map_err(failed)?;
    let schema = catalog.schema("ingest-sync").ok_or_else(|| no_schema("ingest-sync"))?;
    let mut scratch = Scratch::default();
    let event = check(schema, incoming, &mut scratch)?;
    let sent = extract::sent(schema, &event).zip(extract::feature(schema, &event));
    let (sent, feature) = sent.ok_or_else(|| no_schema("ingest-sync"))?;
    let Source { project, customer, at } = source(gate, incoming, (sent.customer, sent.at))?;
    let event = ingest::Event {
        customer: &entitlement::root_of(&project, &customer),
        key: &sent.key,
        slug: &sent.slug,
        feature: &feature,
        properties: sent.properties,
        at,
    };
    let instants = Instants { now: incoming.now, received: incoming.now };
    let ingested = ingest::ingest(gate, downstream, &event, instants).map_err(Fault::Failed)?;
    Ok(answer::ingested(&ingested, body))
}

/// Puts an event on the queue, where it waits to be decided.
fn accept(
    gate: &Gate,
    downstream: &dyn Downstream,
    incoming: &Incoming<'_>,
    body: &mut Vec<u8>,
) -> Result<Response<()>, Fault> {
    let catalog = gate.catalog().map_err(failed)?;
    let schema = catalog.schema("ingest").ok_or_else(|| no_schema("ingest"))?;
    let mut scratch = Scratch::default();
    let event = check(schema, incoming, &mut scratch)?;
    let sent = extract::sent(schema, &event).ok_or_else(|| no_schema("ingest"))?;
    let Source { project, customer, at } = source(gate, incoming, (sent.customer, sent.at))?;
    let (received, properties) = (incoming.now, sent.properties.as_str().to_owned());
    let id = sent.id.unwrap_or_else(|| queue::event_id(received, incoming.request_id));
    let (key, slug) = (sent.key, sent.slug);
    let message = Message { id, project, customer, key, slug, properties, at, received };
    queue::send(downstream, &message).map_err(Fault::Unqueued)?;
    Ok(answer::accepted(body))
}

/// Whose event it is, and when it happened.
struct Source {
    project: String,
    customer: String,
    at: Timestamp,
}

/// What stands between an event of the right shape and its decision: key, rate, customer, age.
fn source(
    gate: &Gate,
    incoming: &Incoming<'_>,
    (customer, at): (Option<String>, Option<Timestamp>),
) -> Result<Source, Fault> {
    let Binding { project, customer: bound } = admitted(gate, incoming)?;
    let customer = customer.or(bound).filter(|customer| !customer.is_empty());
    let customer = customer.ok_or_else(|| Fault::BadRequest(NO_CUSTOMER.to_owned()))?;
    let at = at.unwrap_or(incoming.now);
    let catalog = gate.catalog().map_err(failed)?;
    timely(&catalog, at, incoming.now)?;
    Ok(Source { project, customer, at })
}

/// Lists what a customer may use now.
fn entitlements(
    gate: &Gate,
    incoming: &Incoming<'_>,
    body: &mut Vec<u8>,
) -> Result<Response<()>, Fault> {
    let catalog = gate.catalog().map_err(failed)?;
    let schema = catalog.schema("entitlements").ok_or_else(|| no_schema("entitlements"))?;
    let mut scratch = Scratch::default();
    let event = check(schema, incoming, &mut scratch)?;
    let wanted = extract::wanted(schema, &event).ok_or_else(|| no_schema("entitlements"))?;
    let Binding { project, .. } = admitted(gate, incoming)?;
    if wanted.project.is_some_and(|wanted| wanted != project) {
        return Err(Fault::Forbidden("the key is another project's"));
    }
    let root = entitlement::root_of(&project, &wanted.customer);
    let offered = offered::offered(gate, &root, incoming.now).map_err(Fault::Failed)?;
    Ok(answer::offered(&offered.unwrap_or_default(), body))
}

fn balance(
    gate: &Gate,
    incoming: &Incoming<'_>,
    body: &mut Vec<u8>,
) -> Result<Response<()>, Fault> {
    let (customer, purse) = purse(gate, incoming)?;
    Ok(answer::purse(&customer, &purse, body))
}

fn credit(
    gate: &Gate,
    (incoming, id): (&Incoming<'_>, String),
    body: &mut Vec<u8>,
) -> Result<Response<()>, Fault> {
    let (_, purse) = purse(gate, incoming)?;
    let credit = purse.credits.iter().find(|credit| credit.id == id);
    Ok(answer::credit(credit.ok_or(Fault::NotFound("Wallet credit not found"))?, body))
}

/// The wallet of the customer that a request names, or else of its key's.
fn purse(gate: &Gate, incoming: &Incoming<'_>) -> Result<(String, Purse), Fault> {
    let Binding { project, customer } = admitted(gate, incoming)?;
    let named = extract::parameter(incoming.request.uri(), "customerId");
    let customer = named.or(customer).ok_or(Fault::NotFound(NOT_FOUND))?;
    let scope = entitlement::customer(gate, &entitlement::root_of(&project, &customer));
    let scope = scope.map_err(failed)?.ok_or(Fault::NotFound(NOT_FOUND))?;
    let purse = wallet::purse(gate, scope, incoming.now).map_err(failed)?;
    Ok((customer, purse))
}

/// The name of a credit in a path, if it is one.
fn credit_of(path: &str) -> Option<String> {
    extract::unescaped(path.strip_suffix("/balance")?).filter(|id| !id.is_empty())
}

fn verification(
    gate: &Gate,
    incoming: &Incoming<'_>,
    body: &mut Vec<u8>,
) -> Result<Response<()>, Fault> {
    let catalog = gate.catalog().map_err(failed)?;
    let schema = catalog.schema("verify").ok_or_else(|| no_schema("verify"))?;
    let mut scratch = Scratch::default();
    let event = check(schema, incoming, &mut scratch)?;
    let sent = extract::verify(schema, &event).ok_or_else(|| no_schema("verify"))?;
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

/// What the key is bound to, if it is good and may send one more request.
fn admitted(gate: &Gate, incoming: &Incoming<'_>) -> Result<Binding, Fault> {
    let Known { holder, binding } = authenticated(gate, incoming)?;
    if keys::may_send(gate, &holder, incoming.now) { Ok(binding) } else { Err(Fault::RateLimited) }
}

fn authenticated(gate: &Gate, incoming: &Incoming<'_>) -> Result<Known, Fault> {
    let headers: &HeaderMap = incoming.request.headers();
    let key = extract::bearer(headers).ok_or(Fault::Unauthorized("key required"))?;
    match keys::known(gate, key.as_bytes(), incoming.now).map_err(failed)? {
        Ok(known) => match keys::stopped(gate, &known.binding.project).map_err(failed)? {
            Some(why) => Err(Fault::Disabled(why)),
            None => Ok(known),
        },
        Err(Cause::Revoked) => Err(Fault::Unauthorized("key revoked")),
        Err(Cause::Expired) => Err(Fault::Expired),
        Err(Cause::Disabled) => Err(Fault::Disabled("key disabled".to_owned())),
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
fn no_schema(name: &str) -> Fault {
    failed(weir::GateError::unknown("schema", name))
}

const NOT_FOUND: &str = "Customer not found";
const NO_CUSTOMER: &str = "customerId is required when the API key has no default customer binding";
