//! Who is calling? API keys: each a guard scope with a rate, and a note of what it is bound to.

use serde::{Deserialize, Serialize};
use weir::{Ask, Cost, CredentialTerms, Gate, GateError, Holder, Quantity, Reason, Timestamp};
use weir_core::ledger::Refused;
use weir_core::token::registry::Cause;
use weir_core::token::{Origins, Status};

/// What is to be on record about an API key.
#[derive(Clone, Copy, Debug)]
pub struct KeyTerms<'a> {
    /// The host's name for the key; it is no secret, and has no slash.
    pub id: &'a str,
    /// What the key is bound to.
    pub bound: Bound<'a>,
    /// The catalog's plan that limits its requests.
    pub plan: &'a str,
    /// Whether it is good.
    pub status: Status,
    /// From this instant on it is good no more.
    pub expires: Option<Timestamp>,
}

/// What an API key speaks for.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a> {
    /// The project, whose customers it may name; it has no slash.
    pub project: &'a str,
    /// The customer that is meant when a request names none.
    pub customer: Option<&'a str>,
}

/// What is kept of [`Bound`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Binding {
    pub(crate) project: String,
    pub(crate) customer: Option<String>,
}

/// A key that is good, and what it is bound to.
pub(crate) struct Known {
    pub(crate) holder: Holder,
    pub(crate) binding: Binding,
}

/// Puts an API key on record, or replaces what is on record about it.
///
/// # Errors
///
/// The gate's: a plan or class that the catalog does not have, a text that is no key, a slash in the
/// name of the key or of the project.
pub fn enrol(
    gate: &Gate,
    key: &[u8],
    terms: &KeyTerms<'_>,
    now: Timestamp,
) -> Result<(), GateError> {
    // A customer's root has a slash after its project, and a guard has none: they never meet.
    if [terms.id, terms.bound.project].iter().any(|name| name.contains('/')) {
        return Err(Refused::Name.into());
    }
    let name = format!("key:{}", terms.id);
    let scope = gate.open(None, &name, Some(terms.plan), now)?;
    gate.set_plan(scope, Some(terms.plan), now)?;
    let Bound { project, customer } = terms.bound;
    let binding = Binding { project: project.to_owned(), customer: customer.map(str::to_owned) };
    // Two texts: writing them does not fail.
    let document = serde_json::to_vec(&binding).unwrap_or_default();
    gate.put_note(&name, (KEYS, name.as_bytes()), Some(&document), now)?;
    let (status, expires) = (terms.status, terms.expires);
    let terms = CredentialTerms { class: CLASS, origins: Origins::ANY, status, expires };
    gate.enrol(scope, key, &terms, now)
}

/// Finds out who holds a key.
pub(crate) fn known(
    gate: &Gate,
    key: &[u8],
    now: Timestamp,
) -> Result<Result<Known, Cause>, GateError> {
    let holder = match gate.authenticate(key, None, now)? {
        Ok(holder) => holder,
        Err(refused) => return Ok(Err(refused.cause())),
    };
    let name = gate.name(holder.scope())?;
    let note = gate.note(&name, KEYS, name.as_bytes())?;
    // Only `enrol` writes them; a key of something else is none of ours.
    let binding = note.and_then(|note| serde_json::from_slice(&note).ok());
    Ok(binding.map(|binding| Known { holder, binding }).ok_or(Cause::Unknown))
}

/// Switches a project off, and says why: its keys stay good, and every request with one is told so.
/// `None` switches it on again.
///
/// # Errors
///
/// The gate's, from keeping the note.
pub fn stop(
    gate: &Gate,
    project: &str,
    why: Option<&str>,
    now: Timestamp,
) -> Result<(), GateError> {
    gate.put_note(project, (STOPPED, project.as_bytes()), why.map(str::as_bytes), now)
}

/// Why a project is switched off; `None` when it is not.
pub(crate) fn stopped(gate: &Gate, project: &str) -> Result<Option<String>, GateError> {
    let note = gate.note(project, STOPPED, project.as_bytes())?;
    Ok(note.map(|why| String::from_utf8_lossy(&why).into_owned()))
}

/// Whether the key may send one more request now. A guard that cannot tell lets it pass.
pub(crate) fn may_send(gate: &Gate, holder: &Holder, now: Timestamp) -> bool {
    let (Ok(feature), Ok(caller)) = (gate.feature(REQUESTS), holder.caller()) else { return true };
    let ask = Ask {
        caller,
        scopes: &[holder.scope()],
        costs: &[Cost { feature, quantity: Quantity::from_units(1) }],
        at: now,
        key: None,
    };
    let reason = gate.decide(&ask, now).map(|verdict| verdict.reason());
    // Both are a limit that is reached: the catalog says how its denials are called.
    !matches!(reason, Ok(Some(Reason::LimitExceeded | Reason::RateLimited)))
}

/// Whether a text is spelled like an API key of the catalog in force.
///
/// # Errors
///
/// The gate's.
pub fn is_key(gate: &Gate, key: &[u8]) -> Result<bool, GateError> {
    Ok(gate.malformed(key)?.is_none())
}

const CLASS: &str = "live";
const KEYS: u16 = 2;
const STOPPED: u16 = 4; // 1 and 3 are entitlements
const REQUESTS: &str = "requests";
