//! What may the customer use? Entitlements, as notes beside the customer's counts.
//!
//! A customer is a root scope called `project/customer`. What it was sold is kept as documents of
//! this adapter, one list for each feature; each entitlement names the limit of the customer's plan
//! on which it is counted, and that limit's feature in the catalog is its meter.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use weir::{Gate, GateError, Scope, Timestamp};
use weir_core::catalog::Acceptance;
use weir_core::window::Period;

/// One thing that a customer was sold.
///
/// # Shape
///
/// Touching lives are two entitlements; overlapping ones of one event are refused when used.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Entitlement {
    /// The host's name for it.
    pub id: String,
    /// How it is counted.
    pub kind: Kind,
    /// The limit of the customer's plan, and the catalog's feature, on which it is counted.
    pub limit: String,
    /// The meter's key, as messages show it; absent when nothing is metered.
    pub meter_key: Option<String>,
    /// How it is paid.
    pub billing: Billing,
    /// From when it may be used.
    pub effective: Timestamp,
    /// When it may be used no more; [`Period::NEVER`] for never.
    pub expires: Timestamp,
    /// What it must keep as long as it lives.
    pub terms: Terms,
}

/// How an entitlement is paid. Other than its terms, the periods may change while it lives.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Billing {
    /// The currency of its price, such as `USD`: one for all its life.
    pub currency: String,
    /// What is invoiced, where a wallet pays: outside these periods nothing may be drawn from it.
    /// `None` where no wallet pays.
    pub periods: Option<Vec<BillingPeriod>>,
}

/// A stretch of time that is invoiced together: from one instant up to another.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct BillingPeriod {
    /// The first instant of it.
    pub from: Timestamp,
    /// The first one after it.
    pub until: Timestamp,
}

impl Billing {
    /// Paid by nobody's wallet.
    #[must_use]
    pub fn told(currency: &str) -> Self {
        Self { currency: currency.to_owned(), periods: None }
    }

    /// Whether what happens at `at` can be invoiced, or need not be.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        let Some(periods) = &self.periods else { return true };
        periods.iter().any(|period| period.from <= at && at < period.until)
    }
}

/// What an entitlement was first given with.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Terms {
    /// The terms, by the host's names for them.
    pub kept: Map<String, Value>,
    /// Which of them it was given otherwise since: it cannot be used until they are as they were.
    pub changed: Vec<String>,
}

impl Terms {
    /// The names of the terms that differ.
    fn changed_by(&self, other: &Self) -> Vec<String> {
        let differs = |(name, kept): &(&String, &Value)| other.kept.get(*name) != Some(*kept);
        self.kept.iter().filter(differs).map(|(name, _)| name.clone()).collect()
    }
}

/// How a feature is sold.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Had or not.
    Flat,
    /// A number of packages.
    Package,
    /// A number of units.
    Tier,
    /// Counted as it is used.
    Usage,
}

impl Entitlement {
    /// Whether it may be used at `at`.
    #[must_use]
    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.life().contains(at)
    }

    /// From when to when it may be used.
    #[must_use]
    pub const fn life(&self) -> Period {
        Period { start: self.effective, end: self.expires }
    }

    /// Whether it is looked at for an event of `at`: it has begun, and its last instant is not
    /// older than events may be.
    #[must_use]
    pub fn is_candidate(&self, at: Timestamp, acceptance: Acceptance) -> bool {
        let begun = Period { start: self.effective, end: Period::NEVER }.contains(at);
        let oldest = Acceptance { ahead_from: None, ..acceptance };
        let last = weir::Span::from_millis(1).ok().and_then(|one| self.expires.checked_sub(one));
        begun && last.is_none_or(|last| oldest.check(last, at).is_none())
    }
}

/// The name of a customer's root scope.
#[must_use]
pub fn root_of(project: &str, customer: &str) -> String {
    format!("{project}/{customer}")
}

/// Gives a customer an entitlement of `feature`, or renews the one with its id.
///
/// Its terms stay what they were, and it may end sooner, never later.
///
/// # Errors
///
/// The gate's, from keeping the note.
///
/// # Example
///
/// ```
/// use weir::{Gate, GateError, Timestamp};
/// use weir_core::window::Period;
/// use weir_unprice::entitlement::{Billing, Entitlement, Kind, Terms, entitle, entitlements, root_of};
///
/// let gate = Gate::in_memory()?;
/// let sold = Entitlement {
///     id: "ce_1".to_owned(),
///     kind: Kind::Flat,
///     limit: "sso".to_owned(),
///     meter_key: None,
///     billing: Billing::told("USD"),
///     effective: Timestamp::EPOCH,
///     expires: Period::NEVER,
///     terms: Terms::default(),
/// };
/// let root = root_of("proj", "cus_1");
/// entitle(&gate, (&root, "sso"), &sold, Timestamp::EPOCH)?;
/// assert_eq!(entitlements(&gate, &root, "sso")?, [sold]);
/// assert!(entitlements(&gate, &root, "SSO")?.is_empty()); // slugs are bytes
/// # Ok::<(), GateError>(())
/// ```
pub fn entitle(
    gate: &Gate,
    (root, feature): (&str, &str),
    entitlement: &Entitlement,
    now: Timestamp,
) -> Result<(), GateError> {
    list(gate, (root, feature), now)?;
    gate.update_note(root, (ENTITLEMENTS, &note_key(root, feature)), now, |note| {
        let mut known: Vec<Entitlement> = read(note);
        match known.iter_mut().find(|known| known.id == entitlement.id) {
            Some(same) => renew(same, entitlement),
            None => known.push(entitlement.clone()),
        }
        written(&known)
    })
}

/// The customer has the feature already, for a part of that time.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the customer has an entitlement of this feature at that time")]
pub struct Taken;

/// Sells a customer an entitlement of `feature` that it does not have at any time of its life.
///
/// # Errors
///
/// The gate's, from keeping the note. Within, [`Taken`]: then nothing was sold.
///
/// # Example
///
/// ```
/// use weir::{Gate, GateError, Timestamp};
/// use weir_core::window::Period;
/// use weir_unprice::entitlement::{Billing, Entitlement, Kind, Taken, Terms, sell};
///
/// let gate = Gate::in_memory()?;
/// let june: Timestamp = "2026-06-01T00:00:00Z".parse().expect("an instant");
/// let offer = |id: &str, effective, expires| Entitlement {
///     id: id.to_owned(),
///     kind: Kind::Flat,
///     limit: "sso".to_owned(),
///     meter_key: None,
///     billing: Billing::told("USD"),
///     effective,
///     expires,
///     terms: Terms::default(),
/// };
/// let sell = |sold: &Entitlement| sell(&gate, ("proj/cus_1", "sso"), sold, Timestamp::EPOCH);
/// assert_eq!(sell(&offer("ce_1", Timestamp::EPOCH, june))?, Ok(()));
/// assert_eq!(sell(&offer("ce_2", Timestamp::EPOCH, Period::NEVER))?, Err(Taken));
/// assert_eq!(sell(&offer("ce_3", june, Period::NEVER))?, Ok(())); // they only touch
/// # Ok::<(), GateError>(())
/// ```
pub fn sell(
    gate: &Gate,
    (root, feature): (&str, &str),
    entitlement: &Entitlement,
    now: Timestamp,
) -> Result<Result<(), Taken>, GateError> {
    list(gate, (root, feature), now)?;
    let mut sold = Ok(());
    gate.update_note(root, (ENTITLEMENTS, &note_key(root, feature)), now, |note| {
        let mut known: Vec<Entitlement> = read(note);
        let both = |known: &Entitlement| {
            known.effective < entitlement.expires && entitlement.effective < known.expires
        };
        if known.iter().any(both) {
            sold = Err(Taken);
            return note.map(<[u8]>::to_vec);
        }
        known.push(entitlement.clone());
        written(&known)
    })?;
    Ok(sold)
}

fn renew(known: &mut Entitlement, new: &Entitlement) {
    let mut changed = known.terms.changed_by(&new.terms);
    if known.billing.currency != new.billing.currency {
        changed.push("currency".to_owned());
    }
    let expires = known.expires.min(new.expires);
    if changed.is_empty() {
        known.clone_from(new);
    }
    known.terms.changed = changed;
    known.expires = expires;
}

/// What a customer was sold of a feature, in the order in which it was.
///
/// # Errors
///
/// The gate's.
pub fn entitlements(gate: &Gate, root: &str, feature: &str) -> Result<Vec<Entitlement>, GateError> {
    let note = gate.note(root, ENTITLEMENTS, &note_key(root, feature))?;
    Ok(read(note.as_deref()))
}

/// The features of which a customer was sold anything, in the order in which it was first.
///
/// # Errors
///
/// The gate's.
pub fn features(gate: &Gate, root: &str) -> Result<Vec<String>, GateError> {
    Ok(read(gate.note(root, FEATURES, root.as_bytes())?.as_deref()))
}

/// Puts a feature on the list of what a customer was sold.
fn list(gate: &Gate, (root, feature): (&str, &str), now: Timestamp) -> Result<(), GateError> {
    if features(gate, root)?.iter().any(|known| known == feature) {
        return Ok(());
    }
    gate.update_note(root, (FEATURES, root.as_bytes()), now, |note| {
        let mut known: Vec<String> = read(note);
        if !known.iter().any(|known| known == feature) {
            known.push(feature.to_owned());
        }
        written(&known)
    })
}

/// Only this room writes them.
fn read<T: DeserializeOwned>(note: Option<&[u8]>) -> Vec<T> {
    note.and_then(|note| serde_json::from_slice(note).ok()).unwrap_or_default()
}

fn written<T: Serialize>(list: &[T]) -> Option<Vec<u8>> {
    // Texts and instants: writing them does not fail.
    Some(serde_json::to_vec(list).unwrap_or_default())
}

/// The scope of a customer that is known.
pub(crate) fn customer(gate: &Gate, root: &str) -> Result<Option<Scope>, GateError> {
    gate.find(None, root)
}

/// No scope's name has the byte between the two.
fn note_key(root: &str, feature: &str) -> Vec<u8> {
    [root.as_bytes(), b"\0", feature.as_bytes()].concat()
}

const ENTITLEMENTS: u16 = 1;
const FEATURES: u16 = 3; // 2 are keys
