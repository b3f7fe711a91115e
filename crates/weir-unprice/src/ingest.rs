//! Does the event go ahead? From an event to its outcome, in the contract's order.

use http::StatusCode;
use weir::{Ask, Caller, Cost, Gate, GateError, Reason, Scope, Timestamp, Verdict};
use weir_core::catalog::{Catalog, Feature, Lateness};
use weir_core::id::FeatureId;
use weir_core::json::{Raw, Scratch};
use weir_core::route::{NoValue, Numbers, Sent};

use crate::entitlement::{self, Entitlement, Kind};
use crate::report::{Outcome, Reporter, Unreported};

/// An event of a customer.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The root scope of the customer.
    pub customer: &'a str,
    /// The caller's idempotency key.
    pub key: &'a str,
    /// What happened.
    pub slug: &'a str,
    /// What the caller wants to use.
    pub feature: &'a str,
    /// The payload, an object.
    pub properties: Raw<'a>,
    /// When it happened.
    pub at: Timestamp,
}

/// The instants of a decision.
#[derive(Clone, Copy, Debug)]
pub struct Instants {
    /// When it is decided.
    pub now: Timestamp,
    /// When the server received the event: what late means.
    pub received: Timestamp,
}

/// What became of an event.
#[derive(Clone, Debug)]
pub struct Ingested {
    /// Why it was rejected; `None` when it was processed.
    pub rejection: Option<Rejection>,
    /// What else to tell the caller.
    pub message: Option<String>,
    /// The decision, where one was made.
    pub verdict: Option<Verdict>,
}

/// Why an event is rejected, in the order in which they are found.
///
/// Exhaustive on purpose: they are the contract's words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rejection {
    /// It happened too long ago.
    EventTooOld,
    /// The customer is not known.
    CustomerNotFound,
    /// The customer was not sold the feature.
    NoMatchingEntitlement,
    /// What was sold does not count this event, or not at that time.
    UnroutableEvent,
    /// More than one entitlement counts it.
    InvalidEntitlementConfiguration,
    /// The payload has no value for the meter.
    InvalidAggregationProperties,
    /// Its period is over, grace included.
    LateEventClosedPeriod,
    /// No credit is left to pay for it.
    WalletEmpty,
    /// It does not fit the allowance.
    LimitExceeded,
}

impl Rejection {
    /// The contract's word for it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::EventTooOld => "EVENT_TOO_OLD",
            Self::CustomerNotFound => "CUSTOMER_NOT_FOUND",
            Self::NoMatchingEntitlement => "NO_MATCHING_ENTITLEMENT",
            Self::UnroutableEvent => "UNROUTABLE_EVENT",
            Self::InvalidEntitlementConfiguration => "INVALID_ENTITLEMENT_CONFIGURATION",
            Self::InvalidAggregationProperties => "INVALID_AGGREGATION_PROPERTIES",
            Self::LateEventClosedPeriod => "LATE_EVENT_CLOSED_PERIOD",
            Self::WalletEmpty => "WALLET_EMPTY",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
        }
    }
}

/// What kept an event from having an outcome. Nothing was counted, [`Failure::Unreported`] apart.
///
/// Exhaustive on purpose: an answer has a status for each.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Failure {
    /// The idempotency key is empty.
    #[error("idempotencyKey: must contain at least 1 character")]
    EmptyKey,
    /// The gate could not decide.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// A wallet would have to pay for what no invoice covers.
    #[error("no billing period of entitlement `{id}` covers the event")]
    NoBillingPeriod {
        /// Which entitlement.
        id: String,
    },
    /// No grant of the entitlement pays at the event's time.
    #[error("no active grant at the event timestamp")]
    NoActiveGrant,
    /// The instant lies in a period that is no longer kept.
    #[error("the period at this timestamp is not the one that is open")]
    NotTheOpenPeriod,
    /// The gate refused for a reason that the contract has no word for.
    #[error("refused: {}", .0.code())]
    Refused(Reason),
    /// The entitlement was given other terms than it must keep.
    #[error("terms of entitlement `{id}` cannot change while it lives: {}", names.join(", "))]
    TermsChanged {
        /// Which entitlement.
        id: String,
        /// Which terms.
        names: Vec<String>,
    },
    /// A value is larger than a quantity can be.
    #[error("the value of the event is out of range")]
    TooLarge,
    /// The outcome stands and could not be reported; a retry with the same key replays it.
    #[error(transparent)]
    Unreported(#[from] Unreported),
}

impl Failure {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EmptyKey => "unprice.empty_key",
            Self::Gate(error) => error.code(),
            Self::NoActiveGrant => "unprice.no_active_grant",
            Self::NoBillingPeriod { .. } => "unprice.no_billing_period",
            Self::NotTheOpenPeriod => "unprice.not_the_open_period",
            Self::Refused(reason) => reason.code(),
            Self::TermsChanged { .. } => "unprice.terms_changed",
            Self::TooLarge => "unprice.too_large",
            Self::Unreported(_) => "unprice.unreported",
        }
    }

    /// The status of its answer: the caller's fault, the customer's standing, or ours.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NotTheOpenPeriod | Self::TooLarge => StatusCode::BAD_REQUEST,
            Self::Refused(
                Reason::Blocked
                | Reason::Cancelled
                | Reason::Inactive
                | Reason::NoPlan
                | Reason::Paused,
            ) => StatusCode::FORBIDDEN,
            Self::EmptyKey
            | Self::Gate(_)
            | Self::NoActiveGrant
            | Self::NoBillingPeriod { .. }
            | Self::Refused(_)
            | Self::TermsChanged { .. }
            | Self::Unreported(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Takes an event: decides it, counts it if it goes ahead, and reports what became of it.
///
/// # Errors
///
/// [`Failure`].
pub fn ingest(
    gate: &Gate,
    reporter: &dyn Reporter,
    event: &Event<'_>,
    instants: Instants,
) -> Result<Ingested, Failure> {
    let ingested = match route(gate, event, instants.now)? {
        Ok(routed) => weigh(gate, event, &routed, instants)?,
        Err(rejection) => rejected(rejection, None),
    };
    report(reporter, event, &ingested)?;
    Ok(ingested)
}

pub(crate) fn report(
    reporter: &dyn Reporter,
    event: &Event<'_>,
    ingested: &Ingested,
) -> Result<(), Unreported> {
    reporter.report(&Outcome {
        customer: event.customer,
        key: event.key,
        feature: event.feature,
        rejection: ingested.rejection,
        verdict: ingested.verdict,
    })
}

impl Entitlement {
    /// An entitlement whose terms were changed serves nobody, replays included.
    pub(crate) fn must_hold_its_terms(&self) -> Result<(), Failure> {
        let names = self.terms.changed.clone();
        if names.is_empty() {
            return Ok(());
        }
        Err(Failure::TermsChanged { id: self.id.clone(), names })
    }
}

/// What the contract tells of an event's time, if it is not accepted.
#[must_use]
pub const fn lateness_text(lateness: Lateness) -> &'static str {
    match lateness {
        Lateness::TooNew => "Event timestamp is too far in the future",
        Lateness::TooOld => "Event timestamp is older than the maximum accepted age",
    }
}

/// An event that has found its entitlement, and its value.
pub(crate) struct Routed {
    pub(crate) scope: Scope,
    pub(crate) entitlement: Entitlement,
    pub(crate) cost: Cost,
    pub(crate) how: How,
}

/// How an event is put to the gate.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// It wants to know whether it may be.
    Ask,
    /// It has been: no limit stands against it.
    Record,
}

/// The stages that are never remembered: age, customer, entitlement, value.
fn route(
    gate: &Gate,
    event: &Event<'_>,
    now: Timestamp,
) -> Result<Result<Routed, Rejection>, Failure> {
    let catalog = gate.catalog()?;
    if catalog.acceptance().check(event.at, now) == Some(Lateness::TooOld) {
        return Ok(Err(Rejection::EventTooOld));
    }
    let Some(scope) = entitlement::customer(gate, event.customer)? else {
        return Ok(Err(Rejection::CustomerNotFound));
    };
    let mut candidates = entitlement::entitlements(gate, event.customer, event.feature)?;
    candidates.retain(|sold| sold.is_candidate(event.at, catalog.acceptance()));
    if !candidates.iter().any(|sold| sold.kind == Kind::Usage) {
        return Ok(Err(Rejection::NoMatchingEntitlement));
    }
    candidates.retain(|sold| sold.kind == Kind::Usage && sold.holds_at(event.at));
    let sent = Sent { kind: event.slug, properties: event.properties };
    let counts = |sold| Some((metered(&catalog, &sold, sent)?, sold));
    let mut matching = candidates.into_iter().filter_map(counts);
    let Some(((id, feature), entitlement)) = matching.next() else {
        return Ok(Err(Rejection::UnroutableEvent));
    };
    if matching.next().is_some() {
        return Ok(Err(Rejection::InvalidEntitlementConfiguration));
    }
    match cost(id, feature, sent) {
        Ok(cost) => Ok(Ok(Routed { scope, entitlement, cost, how: How::Ask })),
        Err(NoValue::TooLarge) => Err(Failure::TooLarge),
        Err(NoValue::Absent | NoValue::Inexact | NoValue::NotANumber) => {
            Ok(Err(Rejection::InvalidAggregationProperties))
        }
    }
}

/// The feature on which an entitlement counts an event, if it does.
pub(crate) fn metered<'c>(
    catalog: &'c Catalog,
    sold: &Entitlement,
    sent: Sent<'_>,
) -> Option<(FeatureId, &'c Feature)> {
    let id = catalog.feature(&sold.limit)?;
    let feature = catalog.metering(id)?;
    feature.counts(sent, &mut Scratch::default()).then_some((id, feature))
}

/// What an event costs on the feature that counts it: senders write numbers as JavaScript does.
pub(crate) fn cost(id: FeatureId, feature: &Feature, sent: Sent<'_>) -> Result<Cost, NoValue> {
    let quantity = feature.value(sent, Numbers::Ecmascript, &mut Scratch::default())?;
    Ok(Cost { feature: id, quantity })
}

/// The stages that the gate decides at once: memory, time, period, allowance, credit.
pub(crate) fn weigh(
    gate: &Gate,
    event: &Event<'_>,
    routed: &Routed,
    instants: Instants,
) -> Result<Ingested, Failure> {
    let Routed { scope, entitlement, cost, how } = routed;
    if event.key.is_empty() {
        return Err(Failure::EmptyKey);
    }
    entitlement.must_hold_its_terms()?;
    let grants = gate.grants(*scope, &entitlement.limit)?;
    if !grants.iter().any(|grant| grant.pays_at(event.at)) {
        return Err(Failure::NoActiveGrant);
    }
    let ask = Ask {
        // The credential is the project's, and was checked before; the customer has none.
        caller: Caller::Unchecked,
        scopes: &[*scope],
        costs: &[*cost],
        at: event.at,
        key: Some(event.key.as_bytes()),
    };
    if !entitlement.billing.covers(event.at) && draws(&gate.peek(&ask, instants.received)?) {
        return Err(Failure::NoBillingPeriod { id: entitlement.id.clone() });
    }
    let verdict = match how {
        How::Ask => gate.decide(&ask, instants.received)?,
        How::Record => gate.record(&ask, instants.received)?,
    };
    let Some(reason) = verdict.reason() else {
        return Ok(Ingested { rejection: None, message: None, verdict: Some(verdict) });
    };
    let (rejection, message) = match reason {
        Reason::LimitExceeded => {
            let key = entitlement.meter_key.as_deref().unwrap_or_default();
            let text = format!("Limit exceeded for meter {key}");
            (Rejection::LimitExceeded, text)
        }
        Reason::OutOfCredit => (Rejection::WalletEmpty, NO_BALANCE.to_owned()),
        Reason::PeriodClosed => {
            let grace = gate.terms(*scope, &entitlement.limit)?.grace;
            let closed = verdict.binding.and_then(|binding| binding.resets_at.checked_add(grace));
            let late = closed.map_or(0, |closed| instants.received.since(closed).as_millis());
            let text = format!("Event timestamp is {late}ms after the closed period grace window");
            (Rejection::LateEventClosedPeriod, text)
        }
        Reason::TooOld => return Ok(rejected(Rejection::EventTooOld, Some(verdict))),
        Reason::UnknownScope => return Ok(rejected(Rejection::CustomerNotFound, Some(verdict))),
        Reason::NoEntitlement => {
            return Ok(rejected(Rejection::NoMatchingEntitlement, Some(verdict)));
        }
        other => return Err(Failure::Refused(other)),
    };
    let message = Some(message);
    Ok(Ingested { rejection: Some(rejection), message, verdict: Some(verdict) })
}

/// Whether a decision asks a wallet for money.
fn draws(verdict: &Verdict) -> bool {
    let asks = verdict.charged.is_positive() || verdict.reason() == Some(Reason::OutOfCredit);
    asks && !verdict.flags.replayed
}

/// A rejection outside the period, the allowance and the credit; only an old event is told more.
fn rejected(rejection: Rejection, verdict: Option<Verdict>) -> Ingested {
    let message = match rejection {
        Rejection::EventTooOld => Some(lateness_text(Lateness::TooOld).to_owned()),
        _ => None,
    };
    Ingested { rejection: Some(rejection), message, verdict }
}

const NO_BALANCE: &str = "Wallet has no available balance to back the reservation";
