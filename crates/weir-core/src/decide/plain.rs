//! Is it the everyday ask? One limit of one root, whose period runs: weighed at a glance.
//!
//! What is weighed here is answered as the pass over all limits would answer it; that is the same
//! comparison, with nothing else to look for. Whatever is rarer is left to that pass.

use alloc::vec::Vec;

use super::verdict::{Binding, Compared, Flags, Outcome, Reason, Retry, Verdict};
use super::{Caller, Cost, Effect, Request, View};
use crate::account::{Account, Status};
use crate::amount::Quantity;
use crate::catalog::{Adds, Plain, Refusal};
use crate::id::ScopeId;
use crate::limit::{Balance, Enforcement, Fit, Source, UNLIMITED};

/// What came of an everyday request, besides its verdict.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Glance {
    /// Nothing changes.
    Denied,
    /// This is used now of the only balance of its scope.
    Took(Quantity),
}

impl Glance {
    /// What changes, as of any decision.
    fn effect(self, view: &View<'_>, request: &Request<'_>) -> Option<Effect> {
        let (Self::Took(used), [scope, ..]) = (self, request.scopes) else { return None };
        let before = view.accounts.get(*scope)?.only_balance()?;
        let (scope, taken) = (*scope, used.checked_sub(before.used)?);
        Some(Effect::Balance { scope, balance: Balance { used, ..*before }, taken })
    }
}

/// Answers an everyday request, and notes what it takes; tells whether it was one.
#[inline(never)]
pub(super) fn decide(
    view: &View<'_>,
    request: &Request<'_>,
    effects: &mut Vec<Effect>,
    verdict: &mut Verdict,
) -> bool {
    let glance = glance(view, request, verdict);
    effects.extend(glance.and_then(|glance| glance.effect(view, request)));
    glance.is_some()
}

/// Answers an everyday request; `None` when it is not one.
#[inline(always)]
pub(crate) fn glance(
    view: &View<'_>,
    request: &Request<'_>,
    verdict: &mut Verdict,
) -> Option<Glance> {
    let Request { caller, scopes: &[scope], costs: &[cost], at, key: None, on_shortfall: None } =
        *request
    else {
        return None;
    };
    let account = view.accounts.get(scope)?;
    let plain = view.catalog.sold(account.plan()?)?.plain(cost.feature)?;
    let balance = account.only_balance().filter(|balance| counts(balance, plain))?;
    let runs = at == view.now
        && at < balance.window_end
        && balance.generation == view.catalog.version()
        && (balance.held == Quantity::ZERO || view.holds.due(at).is_none());
    if !runs || !may_spend((scope, account), caller) {
        return None;
    }
    let asked = asked(plain, cost);
    let Balance { used, held, capacity, window_end: resets_at, limit, .. } = *balance;
    let fits = asked <= balance.left() && asked.is_positive();
    let (fit, taken) = if fits { (Fit::Within, asked) } else { (Fit::Refused, Quantity::ZERO) };
    let of = Compared { scope, limit, fit };
    let binding = Binding { of, used, held, asked, taken, capacity, resets_at };
    let (outcome, retry, glance) = if fits {
        (Outcome::Allowed, Retry::Now, Glance::Took(used.checked_add(asked)?))
    } else {
        (Outcome::Denied(refusal(plain)), refused(plain, &binding)?, Glance::Denied)
    };
    *verdict = Verdict {
        outcome,
        binding: Some(binding),
        charged: Quantity::ZERO,
        retry,
        flags: Flags { replayed: false, clock_held: false, shadow_denied: false },
        catalog: balance.generation,
        sequence: 0,
    };
    Some(glance)
}

/// Whether the balance is the plain limit's own.
#[inline]
fn counts(balance: &Balance, plain: &Plain) -> bool {
    balance.limit == plain.limit && balance.source == Source::PLAN
}

/// Whether the scope is a root that no gate stands against.
#[inline]
fn may_spend((scope, account): (ScopeId, &Account), caller: Caller) -> bool {
    let known = match caller {
        Caller::Known(principal) => principal.scope() == scope,
        Caller::Unchecked => true,
    };
    known && account.root() == scope && account.status() == Status::Active
}

#[inline]
fn asked(plain: &Plain, cost: Cost) -> Quantity {
    match plain.adds {
        Adds::One => Quantity::from_units(1),
        Adds::Value => cost.quantity,
    }
}

/// When what a limit has no room for would pass; `None` where it is not refused, holds may end before
/// the period does, or there is no line and so only a number that does not fit.
#[inline]
fn refused(
    plain: &Plain,
    Binding { asked, held, capacity, resets_at, .. }: &Binding,
) -> Option<Retry> {
    let refused = plain.enforcement == Enforcement::Hard && asked.is_positive();
    if !refused || *held != Quantity::ZERO || *capacity == UNLIMITED {
        return None;
    }
    Some(if asked > capacity || *resets_at >= plain.over {
        Retry::Never
    } else {
        Retry::At(*resets_at)
    })
}

#[inline]
const fn refusal(plain: &Plain) -> Reason {
    match plain.refusal {
        Refusal::LimitExceeded => Reason::LimitExceeded,
        Refusal::RateLimited => Reason::RateLimited,
    }
}
