//! What is answered instead? A problem document, or the host's own words.

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::{Map, Value};
use weir::{GateError, Reason, Retry, Timestamp, Verdict};

use crate::check::Rejected;
use crate::dialect::Dialect;

/// A denial, and what is needed to tell of it.
#[derive(Clone, Copy, Debug)]
pub struct Denied<'a> {
    /// The verdict.
    pub verdict: &'a Verdict,
    /// Why.
    pub reason: Reason,
    /// The name of the limit that decided, if one did.
    pub limit: Option<&'a str>,
    /// The instant at which it was decided.
    pub now: Timestamp,
}

impl Denied<'_> {
    /// For how many seconds the caller should wait, rounded up and at least 1; `None` when that is
    /// not known, or waiting does not help.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<i64> {
        match self.verdict.retry {
            Retry::At(instant) => Some(instant.since(self.now).as_secs_ceil().max(1)),
            Retry::Never | Retry::NotComputed | Retry::Now => None,
        }
    }
}

/// Answers in place of the service, with bodies of type `B`.
pub trait Respond<B>: Clone {
    /// The answer to what the gate denied.
    fn denied(&self, denied: &Denied<'_>) -> Response<B>;
    /// The answer to what could not be decided.
    fn failed(&self, error: &GateError) -> Response<B>;
    /// The answer to what could not be classified.
    fn rejected(&self, rejected: &Rejected) -> Response<B>;
    /// Tells of the limit that admitted, by its name, in the headers of the service's answer.
    fn admitted(&self, headers: &mut HeaderMap, limit: (&str, &Verdict), now: Timestamp) {
        let _ = (headers, limit, now);
    }
}

/// Problem documents (RFC 9457), `Retry-After`, and the headers of a dialect.
///
/// # Source
///
/// 429 is RFC 6585, 4; `Retry-After` in seconds RFC 9110, 10.2.3; the type of a quota's problem is
/// that of draft-ietf-httpapi-ratelimit-headers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Problems {
    dialect: Dialect,
}

impl Problems {
    /// Answers with these headers.
    #[must_use]
    pub const fn new(dialect: Dialect) -> Self {
        Self { dialect }
    }
}

impl<B: From<Vec<u8>>> Respond<B> for Problems {
    fn denied(&self, denied: &Denied<'_>) -> Response<B> {
        let Denied { verdict, reason, limit, now } = *denied;
        let status = status(reason);
        let mut more = Map::new();
        let retry_after_s = denied.retry_after_s();
        if let Some(limit) = limit {
            more.insert("violated-policies".into(), Value::from(vec![limit]));
        }
        if let Some(seconds) = retry_after_s {
            more.insert("retry_after".into(), seconds.into());
        }
        let mut response = problem(status, (reason.code(), detail(reason)), more);
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after_s {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(limit) = limit {
            self.dialect.tell(headers, (limit, verdict), now);
        }
        response
    }

    fn failed(&self, error: &GateError) -> Response<B> {
        // What failed is the host's affair; that waiting helps is not promised.
        problem(
            StatusCode::SERVICE_UNAVAILABLE,
            (error.code(), "it could not be decided: try again"),
            Map::new(),
        )
    }

    fn rejected(&self, rejected: &Rejected) -> Response<B> {
        problem(rejected.status, (rejected.code, rejected.detail), Map::new())
    }

    fn admitted(&self, headers: &mut HeaderMap, limit: (&str, &Verdict), now: Timestamp) {
        self.dialect.tell(headers, limit, now);
    }
}

fn problem<B: From<Vec<u8>>>(
    status: StatusCode,
    (code, detail): (&str, &str),
    more: Map<String, Value>,
) -> Response<B> {
    let kind = if status == StatusCode::TOO_MANY_REQUESTS { QUOTA_EXCEEDED } else { "about:blank" };
    let mut members = Map::new();
    members.insert("type".into(), kind.into());
    members.insert("title".into(), status.canonical_reason().unwrap_or_default().into());
    members.insert("status".into(), status.as_u16().into());
    members.insert("detail".into(), detail.into());
    members.insert("reason".into(), code.into());
    members.extend(more);
    let mut response = Response::new(B::from(Value::Object(members).to_string().into_bytes()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    response
}

const fn status(reason: Reason) -> StatusCode {
    match reason {
        Reason::Malformed | Reason::TooNew | Reason::TooOld | Reason::PeriodClosed => {
            StatusCode::BAD_REQUEST
        }
        Reason::Unauthenticated => StatusCode::UNAUTHORIZED,
        Reason::OutOfCredit => StatusCode::PAYMENT_REQUIRED,
        Reason::Blocked
        | Reason::Cancelled
        | Reason::Inactive
        | Reason::NoEntitlement
        | Reason::NoPlan
        | Reason::Paused
        | Reason::UnknownScope => StatusCode::FORBIDDEN,
        Reason::Conflict | Reason::Unmeasurable => StatusCode::UNPROCESSABLE_ENTITY,
        Reason::DedupFull => StatusCode::SERVICE_UNAVAILABLE,
        Reason::Duplicate => StatusCode::CONFLICT,
        Reason::LimitExceeded | Reason::RateLimited => StatusCode::TOO_MANY_REQUESTS,
    }
}

const fn detail(reason: Reason) -> &'static str {
    match reason {
        Reason::Malformed => "the request names no path that can be decided",
        Reason::Unauthenticated => "send a credential that is in use",
        Reason::UnknownScope => "this account is not known",
        Reason::NoEntitlement => "the plan does not include this",
        Reason::Conflict => "this key came before with another request: use a new one",
        Reason::DedupFull => "no more keys can be remembered for this account: try again later",
        Reason::Duplicate => "this request was answered before",
        Reason::TooOld => "it happened too long ago",
        Reason::TooNew => "it lies too far in the future",
        Reason::Blocked => "this account is stopped",
        Reason::Cancelled => "this account has ended",
        Reason::Inactive => "this account is not in use",
        Reason::NoPlan => "this account needs a plan",
        Reason::Paused => "this account is paused",
        Reason::Unmeasurable => "a quantity of the request is out of range",
        Reason::PeriodClosed => "the period in which it happened is closed",
        Reason::RateLimited => "too many requests: slow down",
        Reason::LimitExceeded => "the quota is used up",
        Reason::OutOfCredit => "the credits are used up: buy more",
    }
}

const PROBLEM_JSON: &str = "application/problem+json";
const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";
