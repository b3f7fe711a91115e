//! What do they get? Every refusal of the contract, to the byte, and how an answer is written.

use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use weir::{Binding, Quantity, Reason, Retry, Timestamp, Verdict};
use weir_core::id::LimitId;

use crate::error::GenvorisError;

/// A refusal that the contract has a word for.
pub(crate) enum Refusal {
    AccountInactive,
    CreditLimitReached,
    CustomerInactive,
    DomainNotAllowed,
    InvalidBody(String),
    InvalidKey,
    InvalidSessionToken,
    MetadataTooLarge(String),
    /// The methods that the route takes.
    MethodNotAllowed(&'static str),
    /// What there is not.
    NotFound(&'static str),
    PlanNotFound,
    Quota(Shortage),
    /// After how many seconds it would pass.
    RateLimited(i64),
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
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Quota {
    pub(crate) used: Option<i64>,
    pub(crate) limit: Option<i64>,
    pub(crate) remaining: Option<i64>,
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
pub(crate) fn refusal(
    verdict: &Verdict,
    quota: LimitId,
    now: Timestamp,
) -> Result<Option<Refusal>, GenvorisError> {
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
        (Reason::RateLimited, _) => Refusal::RateLimited(wait_s(verdict, now)),
        (Reason::Unauthenticated, _) => Refusal::InvalidKey,
        (
            Reason::Malformed
            | Reason::UnknownScope
            | Reason::NoEntitlement
            | Reason::Conflict
            | Reason::DedupFull
            | Reason::Duplicate
            | Reason::TooOld
            | Reason::TooNew
            | Reason::Unmeasurable
            | Reason::PeriodClosed,
            _,
        ) => return Err(GenvorisError::Unanswerable(reason)),
    }))
}

/// How long until a denied request would pass: the seconds to tell, rounded up.
pub(crate) fn wait_s(verdict: &Verdict, now: Timestamp) -> i64 {
    let told = match (verdict.retry, verdict.binding) {
        (Retry::At(instant), _) => Some(instant),
        (_, binding) => binding.map(|limit| limit.resets_at),
    };
    told.map_or(1, |instant| instant.since(now).as_secs_ceil()).max(1)
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
    match refusal {
        Refusal::MethodNotAllowed(allowed) => {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        }
        Refusal::RateLimited(seconds) => {
            response.headers_mut().insert(RETRY_AFTER, (*seconds).into());
        }
        _ => {}
    }
    response
}

impl GenvorisError {
    /// Writes the contract's answer to a fault that is not the caller's: status 500, no cause told.
    pub fn answer(&self, out: &mut Vec<u8>) -> Response<()> {
        let detail = "the request could not be decided, and changed nothing";
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
    use StatusCode as S;
    match refusal {
        Refusal::AccountInactive => (S::FORBIDDEN, "account_inactive", "the store is suspended"),
        Refusal::CreditLimitReached => {
            (S::PAYMENT_REQUIRED, "credit_limit_reached", "the store has no credit left")
        }
        Refusal::CustomerInactive => {
            (S::FORBIDDEN, "customer_inactive", "the customer is paused or cancelled")
        }
        Refusal::DomainNotAllowed => {
            (S::FORBIDDEN, "domain_not_allowed", "the key is not for this origin")
        }
        Refusal::InvalidBody(detail) => (S::BAD_REQUEST, "invalid_body", detail),
        Refusal::InvalidKey => {
            (S::UNAUTHORIZED, "invalid_key", "the API key is unknown or deactivated")
        }
        Refusal::InvalidSessionToken => {
            (S::UNAUTHORIZED, "invalid_session_token", "the session token is not valid")
        }
        Refusal::MetadataTooLarge(detail) => (S::BAD_REQUEST, "metadata_too_large", detail),
        Refusal::MethodNotAllowed(_) => {
            (S::METHOD_NOT_ALLOWED, "method_not_allowed", "the route takes other methods")
        }
        Refusal::NotFound(what) => (S::NOT_FOUND, "not_found", what),
        Refusal::PlanNotFound => {
            (S::FORBIDDEN, "plan_not_found", "the store has no plan of this id")
        }
        Refusal::Quota(shortage) => (S::PAYMENT_REQUIRED, "end_customer_quota", short(shortage)),
        Refusal::RateLimited(_) => (S::TOO_MANY_REQUESTS, "rate_limited", "too many requests"),
        Refusal::TokenStoreMismatch => {
            (S::FORBIDDEN, "token_store_mismatch", "the session is another store's")
        }
        Refusal::Unauthorized => {
            (S::UNAUTHORIZED, "unauthorized", "credentials are missing or malformed")
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

/// Writes an answer without a body.
pub(crate) fn empty(out: &mut Vec<u8>) -> Response<()> {
    out.clear();
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Writes an answer.
pub(crate) fn write(status: StatusCode, body: &impl Serialize, out: &mut Vec<u8>) -> Response<()> {
    out.clear();
    // Texts and whole numbers always become JSON, and a vector takes every byte.
    let _written = serde_json::to_writer(out, body);
    let mut response = Response::new(());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
