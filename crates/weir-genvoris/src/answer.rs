//! What do they get? Every answer of the contract, to the byte.

use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use weir::{Binding, Quantity, Reason, Verdict};
use weir_core::id::LimitId;

use crate::error::TrackError;

/// A refusal that the contract has a word for.
pub(crate) enum Refusal {
    AccountInactive,
    CreditLimitReached,
    DomainNotAllowed,
    InvalidBody(String),
    InvalidKey,
    InvalidSessionToken,
    MethodNotAllowed,
    NotFound,
    Quota(Shortage),
    RateLimited,
    TokenStoreMismatch,
    Unauthorized,
}

/// Why a customer has no try-on left.
pub(crate) enum Shortage {
    Cancelled,
    Exhausted(Quota),
    NoPlan,
    Paused,
}

/// A customer's use of its quota. `null` on the wire: no whole number, or no end.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Quota {
    used: Option<i64>,
    limit: Option<i64>,
    remaining: Option<i64>,
}

impl Quota {
    /// How a limit stood before what was asked.
    pub(crate) fn before(limit: &Binding) -> Self {
        let remaining = limit.left().and_then(Quantity::as_units);
        Self { used: limit.used.as_units(), limit: limit.capacity.as_units(), remaining }
    }

    /// How a limit stands once what was asked is taken.
    pub(crate) fn after(limit: &Binding) -> Self {
        let used = limit.used.checked_add(limit.taken).unwrap_or(limit.used);
        Self::before(&Binding { used, ..*limit })
    }
}

/// A report that was taken.
#[derive(Serialize)]
pub(crate) struct Accepted {
    success: bool,
    remaining_credits: Option<i64>,
    variation_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_customer_quota: Option<Quota>,
}

impl Accepted {
    pub(crate) fn new(credits: Quantity, variations: Quantity, quota: Option<Quota>) -> Self {
        Self {
            success: true,
            remaining_credits: credits.as_units(),
            variation_count: variations.as_units(),
            end_customer_quota: quota,
        }
    }
}

/// What a denial is called; `quota` is the customers' limit.
pub(crate) fn refusal(verdict: &Verdict, quota: LimitId) -> Result<Option<Refusal>, TrackError> {
    let Some(reason) = verdict.reason() else { return Ok(None) };
    let customers = verdict.binding.filter(|binding| binding.of.limit == quota);
    Ok(Some(match (reason, customers) {
        (Reason::Blocked | Reason::Inactive, _) => Refusal::AccountInactive,
        (Reason::Cancelled, _) => Refusal::Quota(Shortage::Cancelled),
        (Reason::LimitExceeded, Some(limit)) => {
            Refusal::Quota(Shortage::Exhausted(Quota::before(&limit)))
        }
        (Reason::LimitExceeded, None) | (Reason::OutOfCredit, _) => Refusal::CreditLimitReached,
        (Reason::NoPlan, _) => Refusal::Quota(Shortage::NoPlan),
        (Reason::Paused, _) => Refusal::Quota(Shortage::Paused),
        (Reason::RateLimited, _) => Refusal::RateLimited,
        (Reason::Unauthenticated, _) => Refusal::InvalidKey,
        (
            Reason::Malformed
            | Reason::UnknownScope
            | Reason::NoEntitlement
            | Reason::Conflict
            | Reason::DedupFull
            | Reason::TooOld
            | Reason::TooNew
            | Reason::Unmeasurable
            | Reason::PeriodClosed,
            _,
        ) => return Err(TrackError::Unanswerable(reason)),
    }))
}

/// Writes the answer to a report that was taken.
pub(crate) fn accepted(accepted: &Accepted, out: &mut Vec<u8>) -> Response<()> {
    write(StatusCode::OK, accepted, out)
}

/// Writes a refusal.
pub(crate) fn refused(refusal: &Refusal, out: &mut Vec<u8>) -> Response<()> {
    let (status, error, detail) = words(refusal);
    let (reason, quota) = match refusal {
        Refusal::Quota(Shortage::Cancelled) => (Some("cancelled"), None),
        Refusal::Quota(Shortage::Exhausted(quota)) => (Some("quota_exhausted"), Some(quota)),
        Refusal::Quota(Shortage::NoPlan) => (Some("no_plan"), None),
        Refusal::Quota(Shortage::Paused) => (Some("paused"), None),
        _ => (None, None),
    };
    let (limit, used) = quota.map_or((None, None), |quota| (quota.limit, quota.used));
    let mut response = write(status, &Problem { error, detail, reason, limit, used }, out);
    if matches!(refusal, Refusal::MethodNotAllowed) {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

impl TrackError {
    /// Writes the contract's answer to a fault that is not the caller's: status 500, no cause told.
    pub fn answer(&self, out: &mut Vec<u8>) -> Response<()> {
        let detail = "the try-on could not be decided, and was not counted";
        let problem =
            Problem { error: "internal_error", detail, reason: None, limit: None, used: None };
        write(StatusCode::INTERNAL_SERVER_ERROR, &problem, out)
    }
}

/// The body of every refusal.
#[derive(Serialize)]
struct Problem<'a> {
    error: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<i64>,
}

/// Status, code and detail; no detail holds anything that was sent.
fn words(refusal: &Refusal) -> (StatusCode, &'static str, &str) {
    match refusal {
        Refusal::AccountInactive => {
            (StatusCode::FORBIDDEN, "account_inactive", "the store is suspended")
        }
        Refusal::CreditLimitReached => {
            (StatusCode::PAYMENT_REQUIRED, "credit_limit_reached", "the store has no credit left")
        }
        Refusal::DomainNotAllowed => {
            (StatusCode::FORBIDDEN, "domain_not_allowed", "the key is not for this origin")
        }
        Refusal::InvalidBody(detail) => (StatusCode::BAD_REQUEST, "invalid_body", detail),
        Refusal::InvalidKey => {
            (StatusCode::UNAUTHORIZED, "invalid_key", "the API key is unknown or deactivated")
        }
        Refusal::InvalidSessionToken => {
            (StatusCode::UNAUTHORIZED, "invalid_session_token", "the session token is not valid")
        }
        Refusal::MethodNotAllowed => {
            (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this route takes POST")
        }
        Refusal::NotFound => (StatusCode::NOT_FOUND, "not_found", "there is no such route"),
        Refusal::Quota(shortage) => {
            (StatusCode::PAYMENT_REQUIRED, "end_customer_quota", short(shortage))
        }
        Refusal::RateLimited => {
            (StatusCode::TOO_MANY_REQUESTS, "rate_limited", "too many requests")
        }
        Refusal::TokenStoreMismatch => {
            (StatusCode::FORBIDDEN, "token_store_mismatch", "the session is another store's")
        }
        Refusal::Unauthorized => {
            (StatusCode::UNAUTHORIZED, "unauthorized", "credentials are missing or malformed")
        }
    }
}

const fn short(shortage: &Shortage) -> &'static str {
    match shortage {
        Shortage::Cancelled => "the customer is cancelled",
        Shortage::Exhausted(_) => "the customer has used up this period's try-ons",
        Shortage::NoPlan => "the customer has no active plan",
        Shortage::Paused => "the customer is paused",
    }
}

fn write(status: StatusCode, body: &impl Serialize, out: &mut Vec<u8>) -> Response<()> {
    out.clear();
    // Texts and whole numbers always become JSON, and a vector takes every byte.
    let _written = serde_json::to_writer(out, body);
    let mut response = Response::new(());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
