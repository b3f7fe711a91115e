//! What was a customer given? The grants of a subscription's phase, and giving them.
//!
//! A grant is one of the gate's, on the limit on which its entitlement is counted. What it was given
//! with stays; it may end sooner, never later.

use serde::{Deserialize, Serialize};
use weir::{Gate, GateError, GrantTerms, Quantity, Scope, Timestamp};
use weir_core::window::Period;

use crate::cadence::Term;

/// Where a grant comes from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Bought beside a subscription.
    Addon,
    /// Given by hand.
    Manual,
    /// Given away.
    Promotion,
    /// Part of a subscription.
    Subscription,
    /// Part of the trial of a subscription.
    Trial,
}

impl Origin {
    /// Where its grants stand in the order in which they are drawn, high first.
    #[must_use]
    pub const fn priority(self) -> i32 {
        match self {
            Self::Subscription => 10,
            Self::Addon => 50,
            Self::Trial => 80,
            Self::Promotion => 90,
            Self::Manual => 100,
        }
    }
}

/// How much a phase gives of a feature: what was bought, or else what its plan says; `None` for no
/// end.
///
/// # Example
///
/// ```
/// use weir::Quantity;
/// use weir_unprice::grants::allowance;
///
/// let units = |n| Some(Quantity::from_units(n));
/// assert_eq!(allowance(units(3), units(10)), units(3));
/// assert_eq!(allowance(None, units(10)), units(10));
/// assert_eq!(allowance(None, None), None); // nothing limits it
/// ```
#[must_use]
pub fn allowance(bought: Option<Quantity>, planned: Option<Quantity>) -> Option<Quantity> {
    bought.or(planned)
}

/// The grants of a phase of a subscription, and from when to when each pays: a trial's, up to its
/// end, and then the subscription's.
///
/// # Example
///
/// ```
/// use weir_core::time::Timestamp;
/// use weir_core::window::Period;
/// use weir_unprice::cadence::Term;
/// use weir_unprice::grants::{Origin, of_phase};
///
/// let over: Timestamp = "1970-01-08T00:00:00Z".parse().expect("an instant");
/// let life = Period { start: Timestamp::EPOCH, end: Period::NEVER };
/// let trial = (Origin::Trial, Period { end: over, ..life });
/// let paid = (Origin::Subscription, Period { start: over, ..life });
/// let grants: Vec<_> = of_phase(&Term { life, trial_ends: Some(over) }).collect();
/// assert_eq!(grants, [trial, paid]);
/// let grants: Vec<_> = of_phase(&Term { life, trial_ends: None }).collect();
/// assert_eq!(grants, [(Origin::Subscription, life)]);
/// ```
pub fn of_phase(phase: &Term) -> impl Iterator<Item = (Origin, Period)> + use<> {
    let Period { start, end } = phase.life;
    let over = phase.trial_ends.unwrap_or(start).max(start).min(end);
    let trial = (Origin::Trial, Period { start, end: over });
    let paid = (Origin::Subscription, Period { start: over, end });
    [trial, paid].into_iter().filter(|(_, life)| life.start < life.end)
}

/// The earlier of two ends; one that never comes is later than any.
#[must_use]
pub fn sooner(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

/// Gives a grant, or lets the one of that name end when it says, if that is sooner.
///
/// # Errors
///
/// The gate's.
///
/// # Example
///
/// ```
/// use weir::{Gate, GateError, GrantTerms, Quantity, Renewal, Timestamp};
/// use weir_unprice::grants::give;
///
/// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
/// gate.install(include_bytes!("../../../examples/unprice.json"), now)?;
/// let customer = gate.open(None, "proj/cus_1", Some("starter"), now)?;
/// let day = |text: &str| Some(format!("{text}T00:00:00Z").parse().expect("a day"));
/// let ten = Some(Quantity::from_units(10));
/// let terms = GrantTerms { name: "g1", amount: ten, priority: 10, effective: now, expires: None, renewal: Renewal::DEFAULT };
/// let grant = |amount, expires| GrantTerms { amount, expires, ..terms };
/// let ends = |grant: &GrantTerms<'_>| {
///     give(&gate, (customer, "tokens"), grant, now)?;
///     Ok::<_, GateError>(gate.grants(customer, "tokens")?.first().map(|given| given.expires))
/// };
/// assert_eq!(ends(&grant(ten, None))?, Some(Timestamp::MAX));
/// assert_eq!(ends(&grant(None, day("1970-02-01")))?, day("1970-02-01"));
/// assert_eq!(ends(&grant(ten, day("1970-03-01")))?, day("1970-02-01")); // never later
/// let given = gate.grants(customer, "tokens")?;
/// assert_eq!((given.len(), Some(given[0].amount)), (1, ten)); // nor for more
/// # Ok::<(), GateError>(())
/// ```
pub fn give(
    gate: &Gate,
    (customer, limit): (Scope, &str),
    terms: &GrantTerms<'_>,
    now: Timestamp,
) -> Result<(), GateError> {
    let known = gate.grants(customer, limit)?;
    let Some(known) = known.iter().find(|known| *known.name == *terms.name) else {
        return gate.grant(customer, limit, terms, now);
    };
    match sooner(Some(known.expires), terms.expires) {
        Some(end) if end < known.expires => gate.void_grant(customer, terms.name, end, now),
        _ => Ok(()),
    }
}
