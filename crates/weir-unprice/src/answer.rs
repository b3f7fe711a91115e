//! What do we say? Statuses and bodies of the contract.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use weir::{Quantity, Timestamp};
use weir_core::grant::Grant;
use weir_core::limit::UNLIMITED;
use weir_core::window::Period;

use crate::entitlement::Kind;
use crate::ingest::{Failure, Ingested};
use crate::money::{Money, ledger_units};
use crate::offered::Offered;
use crate::overage::{LimitKind, Overage};
use crate::queue::Unqueued;
use crate::verify::Verified;
use crate::wallet::{Credit, Purse};

/// Why a request has no outcome.
///
/// Exhaustive on purpose: each has a code of the contract, and a code its status.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The request is not one of the contract's shape.
    BadRequest(String),
    /// The key is not good, and why.
    Unauthorized(&'static str),
    /// The key was good once.
    Expired,
    /// The key is switched off, or its project, and why.
    Disabled(String),
    /// The key is good, and not for that.
    Forbidden(&'static str),
    /// What is asked for is not there.
    NotFound(&'static str),
    /// Too many requests with this key.
    RateLimited,
    /// No queue took the event.
    Unqueued(Unqueued),
    /// Something else kept us.
    Failed(Failure),
}

impl Fault {
    const fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            Self::Unauthorized(_) => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
            Self::Expired => (StatusCode::FORBIDDEN, "EXPIRED"),
            Self::Disabled(_) => (StatusCode::FORBIDDEN, "DISABLED"),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "FORBIDDEN"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Self::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"),
            Self::Unqueued(_) => (StatusCode::INTERNAL_SERVER_ERROR, INTERNAL),
            Self::Failed(failure) => match failure.status() {
                status @ StatusCode::BAD_REQUEST => (status, "BAD_REQUEST"),
                status @ StatusCode::FORBIDDEN => (status, "DISABLED"),
                status => (status, INTERNAL),
            },
        }
    }

    fn message(&self) -> String {
        match self {
            Self::BadRequest(text) | Self::Disabled(text) => text.clone(),
            Self::Forbidden(text) | Self::NotFound(text) | Self::Unauthorized(text) => {
                (*text).to_owned()
            }
            Self::Expired => "key expired".to_owned(),
            Self::RateLimited => "apikey rate limit exceeded".to_owned(),
            Self::Unqueued(unqueued) => unqueued.to_string(),
            Self::Failed(failure) => failure.to_string(),
        }
    }
}

/// The answer to an event that is on the queue.
pub(crate) fn accepted(body: &mut Vec<u8>) -> Response<()> {
    json(StatusCode::ACCEPTED, &AcceptedBody { accepted: true }, body)
}

/// The answer to a question about all that a customer may use.
pub(crate) fn offered(offered: &[Offered], body: &mut Vec<u8>) -> Response<()> {
    let shown: Vec<_> = offered.iter().map(OfferedBody::of).collect();
    json(StatusCode::OK, &shown, body)
}

/// The answer to a question about a wallet.
pub(crate) fn purse(customer: &str, purse: &Purse, body: &mut Vec<u8>) -> Response<()> {
    let balances = BalancesBody {
        purchased: ledger_units(purse.purchased),
        granted: ledger_units(purse.granted),
        reserved: ledger_units(purse.reserved),
        consumed: ledger_units(purse.consumed),
    };
    let credits = purse.credits.iter().map(CreditBody::of).collect();
    json(StatusCode::OK, &PurseBody { customer_id: customer, balances, credits }, body)
}

/// The answer to a question about one credit.
pub(crate) fn credit(credit: &Credit, body: &mut Vec<u8>) -> Response<()> {
    json(StatusCode::OK, &CreditBody::of(credit), body)
}

/// The answer to an event that has an outcome: 200, whatever it is.
pub(crate) fn ingested(ingested: &Ingested, body: &mut Vec<u8>) -> Response<()> {
    let allowed = ingested.rejection.is_none();
    let outcome = OutcomeBody {
        allowed,
        state: if allowed { "processed" } else { "rejected" },
        rejection_reason: ingested.rejection.map(|rejection| rejection.code()),
        message: ingested.message.as_deref(),
    };
    json(StatusCode::OK, &outcome, body)
}

/// The answer to a question about access.
pub(crate) fn verified(feature: &str, verified: &Verified, body: &mut Vec<u8>) -> Response<()> {
    let answer = VerifiedBody {
        allowed: verified.rejection.is_none(),
        feature_slug: feature,
        rejection_reason: verified.rejection.map(|rejection| rejection.code()),
        usage: verified.usage.map(number),
        limit: verified.limit.map(|limit| limit.map(number)),
        spending: verified.spending.as_ref().map(SpendingBody::of),
        message: verified.message,
    };
    json(StatusCode::OK, &answer, body)
}

/// The contract's error body, with the status of its code.
pub(crate) fn fault(fault: &Fault, request_id: &str, body: &mut Vec<u8>) -> Response<()> {
    let (status, code) = fault.status();
    let docs = format!("https://docs.unprice.dev/api-reference/errors/code/{code}");
    let error = ErrorBody { code, docs, message: fault.message(), request_id };
    json(status, &Enveloped { error }, body)
}

/// An unknown route: nothing at all.
pub(crate) fn no_route(body: &mut Vec<u8>) -> Response<()> {
    body.clear();
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn json(status: StatusCode, value: &impl Serialize, body: &mut Vec<u8>) -> Response<()> {
    body.clear();
    // Texts, numbers and truth values: writing them to memory does not fail.
    let _ = serde_json::to_writer(&mut *body, value);
    let mut response = Response::new(());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A quantity as a JSON number: whole where it can be, else the nearest float.
///
/// Not as serde_json reads it: with `arbitrary_precision`, which any other crate of the program may
/// switch on, that would have digits that JavaScript does not print.
fn number(quantity: Quantity) -> serde_json::Number {
    let text = quantity.to_string();
    let whole = text.parse::<u64>().map(serde_json::Number::from);
    let whole = whole.or_else(|_| text.parse::<i64>().map(serde_json::Number::from));
    let float = || text.parse().ok().and_then(serde_json::Number::from_f64);
    whole.ok().or_else(float).unwrap_or_else(|| 0.into())
}

#[derive(Serialize)]
struct OutcomeBody<'a> {
    allowed: bool,
    state: &'static str,
    #[serde(rename = "rejectionReason", skip_serializing_if = "Option::is_none")]
    rejection_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VerifiedBody<'a> {
    allowed: bool,
    feature_slug: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejection_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<serde_json::Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<Option<serde_json::Number>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spending: Option<SpendingBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpendingBody<'a> {
    ledger_amount: Option<i64>,
    currency: &'a str,
    display_amount: String,
    scale: u32,
}

impl<'a> SpendingBody<'a> {
    fn of(money: &'a Money) -> Self {
        Self {
            ledger_amount: money.ledger_units(),
            currency: &money.currency,
            display_amount: money.display(),
            scale: Money::LEDGER_SCALE,
        }
    }
}

#[derive(Serialize)]
struct AcceptedBody {
    accepted: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfferedBody<'a> {
    id: &'a str,
    feature_slug: &'a str,
    feature_type: Kind,
    limit_type: LimitKind,
    overage_strategy: Overage,
    effective_at: i64,
    expires_at: Option<i64>,
    grants: Vec<GrantBody<'a>>,
}

impl<'a> OfferedBody<'a> {
    fn of(offered: &'a Offered) -> Self {
        let Offered { feature, entitlement, overage, limit, grants } = offered;
        Self {
            id: &entitlement.id,
            feature_slug: feature,
            feature_type: entitlement.kind,
            limit_type: *limit,
            overage_strategy: *overage,
            effective_at: entitlement.effective.as_millis(),
            expires_at: end(entitlement.expires),
            grants: grants.iter().map(GrantBody::of).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GrantBody<'a> {
    id: &'a str,
    allowance_units: Option<serde_json::Number>,
    effective_at: i64,
    expires_at: Option<i64>,
    priority: i32,
}

impl<'a> GrantBody<'a> {
    fn of(grant: &'a Grant) -> Self {
        Self {
            id: &grant.name,
            allowance_units: (grant.amount != UNLIMITED).then(|| number(grant.amount)),
            effective_at: grant.effective.as_millis(),
            expires_at: end(grant.expires),
            priority: grant.priority,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PurseBody<'a> {
    customer_id: &'a str,
    balances: BalancesBody,
    credits: Vec<CreditBody<'a>>,
}

/// In ledger units.
#[derive(Serialize)]
struct BalancesBody {
    purchased: Option<i64>,
    granted: Option<i64>,
    reserved: Option<i64>,
    consumed: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreditBody<'a> {
    id: &'a str,
    remaining: Option<i64>,
    expires_at: Option<i64>,
}

impl<'a> CreditBody<'a> {
    fn of(credit: &'a Credit) -> Self {
        let Credit { id, remaining, expires } = credit;
        Self { id, remaining: ledger_units(*remaining), expires_at: end(*expires) }
    }
}

/// An end in milliseconds; `None` for what does not end.
fn end(at: Timestamp) -> Option<i64> {
    (at != Period::NEVER).then_some(at.as_millis())
}

#[derive(Serialize)]
struct Enveloped<'a> {
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody<'a> {
    code: &'static str,
    docs: String,
    message: String,
    request_id: &'a str,
}

const INTERNAL: &str = "INTERNAL_SERVER_ERROR";
