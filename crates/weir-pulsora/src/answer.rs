//! What is answered? Our verdicts, in their statuses, headers and words.

use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde_json::json;
use weir::{GateError, Reason, Retry, Timestamp, Verdict};

use crate::event::SinkRefused;

/// Every answer that there is.
#[derive(Debug)]
pub(crate) enum Answer {
    Accepted,
    Failed(Failure),
    Invalid(String),
    InvalidToken,
    MethodNotAllowed,
    MissingToken,
    NotFound,
    Preflight,
    RateLimited { retry_after_s: i64 },
    SecretRequired,
    TooLarge,
}

/// What kept a request from being answered: 500 on the wire, without a word of this.
///
/// It goes to the host in the extensions of the response.
///
/// Exhaustive on purpose: a host answers each case.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Failure {
    /// The gate denied for a reason that a sound set-up does not have.
    #[error("denied as {}", .0.code())]
    Denied(Reason),
    /// The gate could not decide, or its catalog lacks what this contract needs.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The host's sink took nothing.
    #[error(transparent)]
    Sink(#[from] SinkRefused),
}

impl Failure {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Denied(reason) => reason.code(),
            Self::Gate(error) => error.code(),
            Self::Sink(refused) => refused.code(),
        }
    }
}

impl<E: Into<Failure>> From<E> for Answer {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Answer {
    /// The answer to a verdict that denies; `None` when it allows.
    pub(crate) fn to_denial(verdict: &Verdict, now: Timestamp) -> Option<Self> {
        Some(match verdict.reason()? {
            Reason::LimitExceeded | Reason::RateLimited => {
                Self::RateLimited { retry_after_s: retry_after_s(verdict.retry, now) }
            }
            // The contract's word for what is switched off.
            Reason::Blocked
            | Reason::Cancelled
            | Reason::Inactive
            | Reason::NoPlan
            | Reason::Paused
            | Reason::Unauthenticated => Self::InvalidToken,
            reason @ (Reason::Conflict
            | Reason::DedupFull
            | Reason::Duplicate
            | Reason::Malformed
            | Reason::NoEntitlement
            | Reason::OutOfCredit
            | Reason::PeriodClosed
            | Reason::TooNew
            | Reason::TooOld
            | Reason::UnknownScope
            | Reason::Unmeasurable) => Self::Failed(Failure::Denied(reason)),
        })
    }

    /// Writes the body, and gives the rest.
    pub(crate) fn write(
        self,
        request_id: Option<&HeaderValue>,
        body: &mut Vec<u8>,
    ) -> Response<()> {
        body.clear();
        let (status, value) = self.words();
        let mut response = Response::new(());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        let exposed = HeaderValue::from_static("Retry-After, X-Request-Id");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        if let Some(id) = request_id {
            headers.insert(REQUEST_ID, id.clone());
        }
        if let Some(value) = value {
            let json = HeaderValue::from_static("application/json");
            headers.insert(header::CONTENT_TYPE, json);
            // A text as a key and a text as a value: writing them to a vector does not fail.
            let _ = serde_json::to_writer(&mut *body, &value);
        }
        match self {
            Self::Failed(failure) => {
                response.extensions_mut().insert(failure);
            }
            Self::MethodNotAllowed => {
                headers.insert(header::ALLOW, HeaderValue::from_static("POST, OPTIONS"));
            }
            Self::Preflight => {
                for (name, value) in PREFLIGHT {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            Self::RateLimited { retry_after_s } => {
                headers.insert(header::RETRY_AFTER, retry_after_s.into());
            }
            Self::Accepted
            | Self::Invalid(_)
            | Self::InvalidToken
            | Self::MissingToken
            | Self::NotFound
            | Self::SecretRequired
            | Self::TooLarge => {}
        }
        response
    }

    /// The status and the body. `message` is for 400 alone, `error` for all others.
    fn words(&self) -> (StatusCode, Option<serde_json::Value>) {
        let error = |status, text: &str| (status, Some(json!({ "error": text })));
        match self {
            Self::Accepted => (StatusCode::ACCEPTED, Some(json!({ "success": true }))),
            Self::Failed(_) => error(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error"),
            Self::Invalid(message) => {
                (StatusCode::BAD_REQUEST, Some(json!({ "message": message })))
            }
            Self::InvalidToken => error(StatusCode::UNAUTHORIZED, "Invalid API token"),
            Self::MethodNotAllowed => error(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
            Self::MissingToken => error(StatusCode::UNAUTHORIZED, "Missing API token"),
            Self::NotFound => error(StatusCode::NOT_FOUND, "Not found"),
            Self::Preflight => (StatusCode::NO_CONTENT, None),
            Self::RateLimited { .. } => error(StatusCode::TOO_MANY_REQUESTS, "Rate limited"),
            Self::SecretRequired => {
                error(StatusCode::FORBIDDEN, "Revenue events require secret token")
            }
            Self::TooLarge => error(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large"),
        }
    }
}

/// Whole seconds until the request would pass, at least 1: the client takes less as at once.
fn retry_after_s(retry: Retry, now: Timestamp) -> i64 {
    match retry {
        Retry::At(instant) => instant.since(now).as_secs_ceil().max(1),
        Retry::Never | Retry::NotComputed | Retry::Now => RETRY_UNTOLD_S,
    }
}

const PREFLIGHT: [(HeaderName, &str); 3] = [
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type, x-api-token"),
    (header::ACCESS_CONTROL_ALLOW_METHODS, "POST, OPTIONS"),
    (header::ACCESS_CONTROL_MAX_AGE, "86400"), // A day: ours; browsers cap it.
];
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What the published client waits when it is told nothing.
const RETRY_UNTOLD_S: i64 = 60;
