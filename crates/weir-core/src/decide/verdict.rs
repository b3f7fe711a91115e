//! What was decided? The answer, small enough to leave a lock and be remembered as it is.

use crate::amount::Quantity;
use crate::id::{CatalogVersion, LimitId, ScopeId};
use crate::limit::{Fit, UNLIMITED};
use crate::time::Timestamp;

/// The answer to a request.
///
/// # Shape
///
/// `Copy`, without a lifetime, at most 144 bytes: ids, not names, and the catalog version in which
/// they mean something. It outlives a reload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Verdict {
    /// Whether it goes ahead.
    pub outcome: Outcome,
    /// The limit that decided: the one that denied, or the one with the fewest further requests of
    /// this size left; of those with the same ask the one with the least left, and then the one
    /// nearest the root. `None` when no limit was reached. For a closed period all but its end is 0.
    pub binding: Option<Binding>,
    /// The money charged, below nothing when it was paid back; nothing on a denial.
    pub charged: Quantity,
    /// When exactly this request would pass.
    pub retry: Retry,
    /// What else there is to know.
    pub flags: Flags,
    /// The catalog that was decided under.
    pub catalog: CatalogVersion,
    /// The record that holds what was done; 0 when nothing was recorded.
    pub sequence: u64,
}

impl Verdict {
    /// A denial without a binding limit.
    #[must_use]
    pub const fn denied(reason: Reason, catalog: CatalogVersion) -> Self {
        Self {
            outcome: Outcome::Denied(reason),
            binding: None,
            charged: Quantity::ZERO,
            retry: Retry::NotComputed,
            flags: Flags { replayed: false, clock_held: false, shadow_denied: false },
            catalog,
            sequence: 0,
        }
    }

    /// An admission before anything has been weighed.
    pub(crate) const fn open(catalog: CatalogVersion) -> Self {
        let denied = Self::denied(Reason::Malformed, catalog);
        Self { outcome: Outcome::Allowed, retry: Retry::Now, ..denied }
    }

    /// Whether it goes ahead.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self.outcome, Outcome::Allowed)
    }

    /// The reason of a denial.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self.outcome {
            Outcome::Allowed => None,
            Outcome::Denied(reason) => Some(reason),
        }
    }

    /// What is left of the binding limit after this verdict; `None` without one, or without an end.
    #[must_use]
    pub fn remaining(&self) -> Option<Quantity> {
        let binding = self.binding?;
        binding.left()?.checked_sub(binding.taken).map(|left| left.max(Quantity::ZERO))
    }
}

/// What else there is to know of a verdict.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Flags {
    /// The answer was given before, under the same key, and nothing was done now.
    pub replayed: bool,
    /// The caller's clock was behind an earlier one, which was used instead.
    pub clock_held: bool,
    /// A limit that only watches would have denied it.
    pub shadow_denied: bool,
}

/// Whether a request goes ahead.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It does, and has been counted.
    Allowed,
    /// It does not, and nothing was taken.
    Denied(Reason),
}

/// Why a request does not go ahead, in the order of the stages that refuse.
///
/// Exhaustive on purpose: an adapter answers each case, and a new case must break its build.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// The path is not a root with scopes below it, or has more scopes or costs than it may have, or
    /// an instant is the end of time, which is in no period.
    Malformed,
    /// The credential is not one of a scope on the path.
    Unauthenticated,
    /// A scope on the path is not known.
    UnknownScope,
    /// No plan on the path has terms for a feature asked for.
    NoEntitlement,
    /// The key came before, with other costs or on another path.
    Conflict,
    /// The key is new, and no more keys can be remembered.
    DedupFull,
    /// The key came before, and what it was answered is not told again.
    Duplicate,
    /// It happened too long ago.
    TooOld,
    /// It happened too far in the future.
    TooNew,
    /// A scope is stopped for cause.
    Blocked,
    /// A scope has ended.
    Cancelled,
    /// A scope is not in use.
    Inactive,
    /// A scope needs a plan and has none.
    NoPlan,
    /// A scope is stopped for a while.
    Paused,
    /// A number does not fit.
    Unmeasurable,
    /// The period in which it happened is over, grace included.
    PeriodClosed,
    /// Too fast.
    RateLimited,
    /// A quota is used up.
    LimitExceeded,
    /// A wallet cannot pay.
    OutOfCredit,
}

impl Reason {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unauthenticated => "unauthenticated",
            Self::UnknownScope => "unknown_scope",
            Self::NoEntitlement => "no_entitlement",
            Self::Conflict => "conflict",
            Self::DedupFull => "dedup_full",
            Self::Duplicate => "duplicate",
            Self::TooOld => "too_old",
            Self::TooNew => "too_new",
            Self::Blocked => "blocked",
            Self::Cancelled => "cancelled",
            Self::Inactive => "inactive",
            Self::NoPlan => "no_plan",
            Self::Paused => "paused",
            Self::Unmeasurable => "unmeasurable",
            Self::PeriodClosed => "period_closed",
            Self::RateLimited => "rate_limited",
            Self::LimitExceeded => "limit_exceeded",
            Self::OutOfCredit => "out_of_credit",
        }
    }

    /// All reasons, in the order of their stages.
    pub const ALL: [Self; 19] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::UnknownScope,
        Self::NoEntitlement,
        Self::Conflict,
        Self::DedupFull,
        Self::Duplicate,
        Self::TooOld,
        Self::TooNew,
        Self::Blocked,
        Self::Cancelled,
        Self::Inactive,
        Self::NoPlan,
        Self::Paused,
        Self::Unmeasurable,
        Self::PeriodClosed,
        Self::RateLimited,
        Self::LimitExceeded,
        Self::OutOfCredit,
    ];
}

/// Which limit was compared, and how that went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Compared {
    /// Whose limit.
    pub scope: ScopeId,
    /// Which limit.
    pub limit: LimitId,
    /// How the ask meets it.
    pub fit: Fit,
}

/// A limit at the instant of a comparison.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Binding {
    /// Which limit.
    pub of: Compared,
    /// What was taken before.
    pub used: Quantity,
    /// What was held before.
    pub held: Quantity,
    /// What this request asks it for.
    pub asked: Quantity,
    /// What this request adds, should everything go ahead: less than is asked where a limit on the
    /// path clamps; nothing where this one refuses.
    pub taken: Quantity,
    /// How much there is; [`UNLIMITED`] for no end.
    pub capacity: Quantity,
    /// When the period ends.
    pub resets_at: Timestamp,
}

impl Binding {
    /// What was left before; `None` for no end.
    #[must_use]
    pub fn left(&self) -> Option<Quantity> {
        if self.capacity == UNLIMITED {
            return None;
        }
        let left = self.capacity.checked_sub(self.used);
        let left = left.and_then(|left| left.checked_sub(self.held)); // too far below nothing
        Some(left.unwrap_or_default().max(Quantity::ZERO))
    }

    /// How much of what is taken is over the capacity of all its allowances together.
    #[must_use]
    pub fn overage(&self) -> Quantity {
        let over = self.left().and_then(|left| self.taken.checked_sub(left));
        over.unwrap_or(Quantity::ZERO).max(Quantity::ZERO)
    }

    /// Whether fewer further requests of their own size fit into it than into `other`.
    #[inline(never)]
    pub(super) fn fits_fewer(&self, other: &Self) -> bool {
        match (self.left(), other.left()) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(left), Some(right)) => further(left, self.asked) < further(right, other.asked),
        }
    }
}

/// When exactly this request would pass, with nothing but time passing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retry {
    /// From this instant on, and not a millisecond earlier.
    At(Timestamp),
    /// Never.
    Never,
    /// Not said: time alone does not tell, or the reason is none that time mends.
    NotComputed,
    /// At once: it did pass.
    Now,
}

/// How many requests of `size` fit into `left`; an ask for nothing fits without end.
fn further(left: Quantity, size: Quantity) -> i128 {
    if size.is_positive() { left.as_nanos().div_euclid(size.as_nanos()) } else { i128::MAX }
}
