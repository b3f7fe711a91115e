//! What does this request cost, and whom? The host's answer, from the head of the request.

use http::StatusCode;
use http::request::Parts;
use weir::{Caller, Cost, Scope, Span};

/// What is asked of the gate for one request.
#[derive(Clone, Debug)]
pub struct Check {
    /// Who asks.
    pub caller: Caller,
    /// The path: a root scope, and up to seven below it.
    pub scopes: Vec<Scope>,
    /// What it costs; the most that it may, where it is held.
    pub costs: Vec<Cost>,
    /// The caller's idempotency key; see [`idempotency_key`](crate::idempotency_key).
    pub key: Option<Vec<u8>>,
    /// For how long the costs are held at most, until the true ones are known; `None` to take them
    /// at once.
    pub hold: Option<Span>,
    /// What happens when the gate cannot decide.
    pub fail: Fail,
}

/// What happens when the gate cannot decide: its journal is gone, a name is not known.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Fail {
    /// The request goes through, and nothing is counted.
    Open,
    /// It is answered with 503.
    #[default]
    Shut,
}

impl Check {
    /// Takes `costs` at once.
    #[must_use]
    pub const fn decide(caller: Caller, scopes: Vec<Scope>, costs: Vec<Cost>) -> Self {
        Self { caller, scopes, costs, key: None, hold: None, fail: Fail::Shut }
    }

    /// The same, but held for `ttl` at most until the service tells what was used.
    #[must_use]
    pub fn held_for(self, ttl: Span) -> Self {
        Self { hold: Some(ttl), ..self }
    }
}

/// Makes a check of the head of a request.
///
/// Closures over `&Parts` are classifiers, too.
pub trait Classify: Clone {
    /// What the request costs; `None` when it costs nothing and goes through.
    ///
    /// # Errors
    ///
    /// What it is answered with instead: nobody is asked then.
    fn classify(&self, head: &Parts) -> Result<Option<Check>, Rejected>;
}

impl<F> Classify for F
where
    F: Fn(&Parts) -> Result<Option<Check>, Rejected> + Clone,
{
    fn classify(&self, head: &Parts) -> Result<Option<Check>, Rejected> {
        self(head)
    }
}

/// Why a request cannot be classified.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rejected {
    /// The status of the answer.
    pub status: StatusCode,
    /// A code that never changes once released.
    pub code: &'static str,
    /// What the caller should do about it, in a sentence.
    pub detail: &'static str,
}

impl Rejected {
    /// The caller did not prove who it is.
    pub const UNAUTHENTICATED: Self = Self {
        status: StatusCode::UNAUTHORIZED,
        code: "unauthenticated",
        detail: "send a credential that is in use",
    };
}
