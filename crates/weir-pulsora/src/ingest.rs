//! `POST /api/ingest`: is this event taken? One request at a time, from first byte to answer.

use std::net::IpAddr;

use http::header::{self, HeaderValue};
use http::{Method, Request, Response};
use weir::{Ask, Caller, Cost, Gate, Holder, Quantity, Scope, Timestamp};
use weir_core::schema::{Scratch, Value};

use crate::answer::Answer;
use crate::config::{Config, NullFingerprint, PerToken};
use crate::event::{Accepted, EventSink};
use crate::extract::{self, Envelope, Reader};
use crate::fingerprint::{Fingerprint, Visitor};

/// The endpoint: a gate, the host's choices and its queue, borrowed for as long as it takes.
///
/// See the crate's example.
pub struct Ingest<'h, S: ?Sized> {
    /// Who decides, and keeps what must be kept.
    pub gate: &'h Gate,
    /// The host's choices.
    pub config: &'h Config,
    /// Where accepted events go.
    pub sink: &'h S,
}

/// What the host knows of a request.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The client's address, as the host's own rule for its proxies says.
    pub address: IpAddr,
    /// When it was received.
    pub now: Timestamp,
    /// What the host calls this request; it is told to the client.
    pub request_id: Option<&'a HeaderValue>,
}

/// A token that is good, and whose it is.
struct Bearer {
    holder: Holder,
    caller: Caller,
    site: Scope,
}

impl<S: EventSink + ?Sized> Ingest<'_, S> {
    /// Answers a request: the body into `body`, whose content is lost, and the rest as a response.
    ///
    /// On a 500 the response's extensions hold a [`Failure`](crate::Failure), for the host's eyes.
    pub fn answer(
        &self,
        request: &Request<&[u8]>,
        arrival: &Arrival<'_>,
        body: &mut Vec<u8>,
    ) -> Response<()> {
        let answer = self.judge(request, arrival).unwrap_or_else(|stopped| stopped);
        answer.write(arrival.request_id, body)
    }

    fn judge(&self, request: &Request<&[u8]>, arrival: &Arrival<'_>) -> Result<Answer, Answer> {
        if request.uri().path() != self.config.path.path() {
            return Err(Answer::NotFound);
        }
        match *request.method() {
            Method::OPTIONS => return Ok(Answer::Preflight),
            Method::POST => {}
            _ => return Err(Answer::MethodNotAllowed),
        }
        let one =
            Cost { feature: self.gate.feature("requests")?, quantity: Quantity::from_units(1) };
        self.guard(one, arrival)?;
        let catalog = self.gate.catalog()?;
        let profile = self.config.profile();
        let reader = Reader { catalog: &catalog, profile, body: request.body() };
        let mut scratch = Scratch::default();
        let bearer = self.authenticate((request, arrival), &reader, &mut scratch)?;
        self.admit(&bearer, one, arrival.now)?;
        let envelope = reader.envelope(&mut scratch)?;
        let principal = bearer.holder.principal().map_err(|_| Answer::InvalidToken)?;
        let may = self.gate.may(principal, envelope.kind.name())?;
        may.map_err(|_| Answer::SecretRequired)?;
        self.take((request, arrival), (&reader, envelope), bearer.site, &mut scratch)
    }

    /// Counts the request for the client's address, whatever comes of it.
    fn guard(&self, one: Cost, arrival: &Arrival<'_>) -> Result<(), Answer> {
        let Arrival { address, now, .. } = *arrival;
        let name = format!("ip:{}", address.to_canonical());
        let scope = self.gate.open(None, &name, Some("address"), now)?;
        let ask =
            Ask { caller: Caller::Unchecked, scopes: &[scope], costs: &[one], at: now, key: None };
        let verdict = self.gate.decide(&ask, now)?;
        Answer::to_denial(&verdict, now).map_or(Ok(()), Err)
    }

    /// Finds out who sends: by the header, else by the body.
    fn authenticate(
        &self,
        (request, arrival): (&Request<&[u8]>, &Arrival<'_>),
        reader: &Reader<'_>,
        scratch: &mut Scratch,
    ) -> Result<Bearer, Answer> {
        let header = extract::header_token(request).map_err(|_| Answer::InvalidToken)?;
        let decoded;
        let token = match header {
            Some(token) => token,
            None => {
                decoded = reader.body_token(scratch)?;
                decoded.as_bytes()
            }
        };
        let origin = request.headers().get(header::ORIGIN).and_then(|value| value.to_str().ok());
        let holder = self.gate.authenticate(token, origin, arrival.now)?;
        let holder = holder.map_err(|_| Answer::InvalidToken)?;
        // The contract has no words for a token that is used from elsewhere.
        let caller = holder.caller().map_err(|_| Answer::InvalidToken)?;
        let site = self.gate.parent(holder.scope())?.unwrap_or(holder.scope());
        Ok(Bearer { holder, caller, site })
    }

    /// Counts the request for the token, or only asks whether the token's scopes are in use.
    fn admit(&self, bearer: &Bearer, one: Cost, now: Timestamp) -> Result<(), Answer> {
        let scopes = [bearer.site, bearer.holder.scope()];
        let ask = Ask { caller: bearer.caller, scopes: &scopes, costs: &[], at: now, key: None };
        let verdict = match self.config.per_token {
            PerToken::Limited => self.gate.decide(&Ask { costs: &[one], ..ask }, now)?,
            PerToken::Unlimited => self.gate.peek(&ask, now)?,
        };
        Answer::to_denial(&verdict, now).map_or(Ok(()), Err)
    }

    /// Checks the data, and gives the event to the sink.
    fn take(
        &self,
        (request, arrival): (&Request<&[u8]>, &Arrival<'_>),
        (reader, envelope): (&Reader<'_>, Envelope<'_>),
        site: Scope,
        scratch: &mut Scratch,
    ) -> Result<Answer, Answer> {
        let Envelope { kind, data } = envelope;
        let data = data?;
        let schema = reader.schema(self.config.schema(kind))?;
        let checked = schema.check_part(data, &reader.profile, scratch);
        let event = checked.map_err(|refused| extract::refusal(&refused))?;
        let site_name = self.gate.name(site)?;
        let given = schema.slot("visitor_fingerprint").and_then(|slot| event.get(slot));
        let fingerprint = match (given, &self.config.null_fingerprint) {
            (Some(Value::Text(text)), _) => Some(Fingerprint::Given(text)),
            (Some(Value::Null), NullFingerprint::Derive(salt)) => {
                let user_agent = extract::user_agent(request);
                let visitor = Visitor { address: arrival.address, site: &site_name, user_agent };
                Some(Fingerprint::Derived(visitor.derive(salt)))
            }
            _ => None,
        };
        self.sink.accept(&Accepted {
            kind,
            site,
            site_name: &site_name,
            received: arrival.now,
            fingerprint,
            data,
            event: &event,
            schema,
        })?;
        Ok(Answer::Accepted)
    }
}
