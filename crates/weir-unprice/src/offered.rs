//! What may a customer use now? Its entitlements with their grants, for the contract's list.

use weir::{Gate, Scope, Timestamp};
use weir_core::catalog::Terms;
use weir_core::grant::Grant;

use crate::entitlement::{self, Entitlement};
use crate::ingest::Failure;
use crate::overage::{LimitKind, Overage};

/// An entitlement, and what pays for its use now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offered {
    /// What is used.
    pub feature: String,
    /// The entitlement.
    pub entitlement: Entitlement,
    /// What happens past the allowance.
    pub overage: Overage,
    /// What its limit is called.
    pub limit: LimitKind,
    /// Its grants that pay, first drawn first.
    pub grants: Vec<Grant>,
}

/// The entitlements that the customer with this root has at `at`; `None` where there is no such
/// customer.
///
/// # Errors
///
/// The gate's: an entitlement of a limit that the catalog in force does not have.
pub fn offered(gate: &Gate, root: &str, at: Timestamp) -> Result<Option<Vec<Offered>>, Failure> {
    let Some(customer) = entitlement::customer(gate, root)? else { return Ok(None) };
    let mut offered = Vec::new();
    for feature in entitlement::features(gate, root)? {
        let sold = entitlement::entitlements(gate, root, &feature)?;
        for entitlement in sold.into_iter().filter(|sold| sold.holds_at(at)) {
            offered.push(describe(gate, customer, (&feature, entitlement), at)?);
        }
    }
    Ok(Some(offered))
}

fn describe(
    gate: &Gate,
    customer: Scope,
    (feature, entitlement): (&str, Entitlement),
    at: Timestamp,
) -> Result<Offered, Failure> {
    let Terms { line, .. } = gate.terms(customer, &entitlement.limit)?;
    let mut grants = gate.grants(customer, &entitlement.limit)?;
    grants.retain(|grant| grant.pays_at(at));
    let overage = Overage::of(line.enforcement);
    let capacity = gate.access(customer, &entitlement.limit, at)?.binding.capacity;
    let limit = overage.kind_of(Some(capacity));
    Ok(Offered { feature: feature.to_owned(), entitlement, overage, limit, grants })
}
