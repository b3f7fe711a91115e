//! May the customer use the feature, and how much is left? Reads, and counts nothing.

use weir::{Gate, GateError, Outcome, Quantity, Reason, Scope, Timestamp};
use weir_core::decide::Access;
use weir_core::limit::UNLIMITED;

use crate::entitlement::{self, Entitlement, Kind};
use crate::ingest::{Failure, Rejection};
use crate::money::Money;

/// How a feature stands for a customer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified {
    /// Why it may not be used now; `None` when it may.
    pub rejection: Option<Rejection>,
    /// What else to tell the caller.
    pub message: Option<&'static str>,
    /// What was used; absent where nothing is metered.
    pub usage: Option<Quantity>,
    /// How much there is; `Some(None)` for no end, `None` where it is not told.
    pub limit: Option<Option<Quantity>>,
    /// What the use costs; absent where nothing is metered.
    pub spending: Option<Money>,
}

impl Verified {
    const fn bare(rejection: Option<Rejection>) -> Self {
        Self { rejection, message: None, usage: None, limit: None, spending: None }
    }
}

/// How `feature` stands for the customer with this root, at `at`.
///
/// # Errors
///
/// [`Failure::NotTheOpenPeriod`] for an instant in a period that is over, grace included; the
/// gate's.
pub fn verify(gate: &Gate, root: &str, feature: &str, at: Timestamp) -> Result<Verified, Failure> {
    let Some(scope) = entitlement::customer(gate, root)? else {
        return Ok(Verified::bare(Some(Rejection::CustomerNotFound)));
    };
    let sold = entitlement::entitlements(gate, root, feature)?;
    let mut holding = sold.into_iter().filter(|sold| sold.holds_at(at));
    let entitlement = match (holding.next(), holding.next()) {
        (None, _) => return Ok(Verified::bare(Some(Rejection::NoMatchingEntitlement))),
        (Some(_), Some(_)) => {
            return Ok(Verified::bare(Some(Rejection::InvalidEntitlementConfiguration)));
        }
        (Some(only), None) => only,
    };
    match (entitlement.kind, &entitlement.meter_key) {
        (Kind::Flat, _) => Ok(Verified::bare(None)),
        (Kind::Package | Kind::Tier, _) => Ok(allowance(gate, scope, &entitlement, at)?),
        (Kind::Usage, None) => Ok(Verified {
            message: Some("Usage feature is missing meter configuration"),
            ..Verified::bare(Some(Rejection::InvalidEntitlementConfiguration))
        }),
        (Kind::Usage, Some(_)) => usage(gate, scope, &entitlement, at),
    }
}

/// A number of units that is had, and not counted.
fn allowance(
    gate: &Gate,
    scope: Scope,
    entitlement: &Entitlement,
    at: Timestamp,
) -> Result<Verified, GateError> {
    let limit = match has_grants(gate, scope, entitlement, at)? {
        true => finite(gate.standing(scope, &entitlement.limit, at)?.capacity),
        false => None,
    };
    Ok(Verified { limit: Some(limit), ..Verified::bare(None) })
}

fn usage(
    gate: &Gate,
    scope: Scope,
    entitlement: &Entitlement,
    at: Timestamp,
) -> Result<Verified, Failure> {
    if !has_grants(gate, scope, entitlement, at)? {
        let spending = Money { amount: Quantity::ZERO, currency: "USD".to_owned() };
        let (usage, limit) = (Some(Quantity::ZERO), Some(None));
        let spending = Some(spending);
        return Ok(Verified { usage, limit, spending, ..Verified::bare(None) });
    }
    entitlement.must_hold_its_terms()?;
    let Access { binding, outcome, spent } = gate.access(scope, &entitlement.limit, at)?;
    let rejection = match outcome {
        Outcome::Allowed => None,
        Outcome::Denied(Reason::PeriodClosed) => return Err(Failure::NotTheOpenPeriod),
        Outcome::Denied(Reason::Unmeasurable) => return Err(Failure::TooLarge),
        Outcome::Denied(_) => Some(Rejection::LimitExceeded),
    };
    Ok(Verified {
        rejection,
        message: None,
        usage: Some(binding.used),
        limit: Some(finite(binding.capacity)),
        spending: Some(Money { amount: spent, currency: entitlement.billing.currency.clone() }),
    })
}

fn has_grants(
    gate: &Gate,
    scope: Scope,
    entitlement: &Entitlement,
    at: Timestamp,
) -> Result<bool, GateError> {
    Ok(gate.grants(scope, &entitlement.limit)?.iter().any(|grant| grant.pays_at(at)))
}

fn finite(capacity: Quantity) -> Option<Quantity> {
    (capacity != UNLIMITED).then_some(capacity)
}
