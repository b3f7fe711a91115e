//! May it be weighed at all? The stages before limits: path, route, memory, time, status.

use super::{Answer, Caller, Cost, Fingerprint, Reason, Request, Retry, Verdict, View};
use crate::account::{Account, Status};
use crate::amount::Quantity;
use crate::catalog::{Lateness, OnMismatch, PerFeature, RememberAt};
use crate::dedup::Key;
use crate::time::Timestamp;

/// The most scopes on a path, and the most costs of a request.
pub const PATH_MAX: usize = 8;

/// The verdict of the first gate that refuses a request; [`allowed`] when it may be weighed.
#[inline]
pub(super) fn pass(view: &View<'_>, request: &Request<'_>) -> Verdict {
    let denied = |reason| Verdict::denied(reason, view.catalog.version());
    if let Some(reason) = path(view, request).or_else(|| route(view, request)) {
        return denied(reason);
    }
    let looks = view.catalog.remember().map(|remember| remember.at);
    if looks == Some(RememberAt::AfterRoute)
        && let Some(known) = memory(view, request)
    {
        return known;
    }
    if let Some(reason) = time(view, request) {
        return denied(reason);
    }
    if looks == Some(RememberAt::AfterTime)
        && let Some(known) = memory(view, request)
    {
        return known;
    }
    statuses(view, request).map_or_else(|| allowed(view), denied)
}

/// The key under which a request's answer is remembered; `None` when it is not.
pub(crate) fn remembered_key(view: &View<'_>, request: &Request<'_>) -> Option<Key> {
    let remember = view.catalog.remember()?;
    let feature = match remember.per_feature {
        PerFeature::No => None,
        PerFeature::Yes => request.costs.first().map(|cost| cost.feature),
    };
    Some(Key { root: *request.scopes.first()?, feature, request: request.key? })
}

#[inline]
fn path(view: &View<'_>, request: &Request<'_>) -> Option<Reason> {
    let lengths = [request.scopes.len(), request.costs.len()];
    if request.scopes.is_empty() || lengths.iter().any(|len| *len > PATH_MAX) {
        return Some(Reason::Malformed);
    }
    if request.at == Timestamp::MAX || view.now == Timestamp::MAX {
        return Some(Reason::Malformed); // the end of time is in no period
    }
    if !is_one_tree(view, request) {
        return Some(Reason::Malformed);
    }
    if let Caller::Known(principal) = request.caller
        && !request.scopes.contains(&principal.scope())
    {
        return Some(Reason::Unauthenticated);
    }
    let unknown = request.scopes.iter().any(|scope| view.accounts.get(*scope).is_none());
    unknown.then_some(Reason::UnknownScope)
}

/// Whether the first scope is a root and the others hang under it; unknown ones hang nowhere.
#[inline]
fn is_one_tree(view: &View<'_>, request: &Request<'_>) -> bool {
    let known = request.scopes.iter().filter_map(|scope| view.accounts.get(*scope));
    let first = request.scopes.first();
    known.map(Account::root).all(|root| Some(&root) == first)
}

/// Every feature asked for must be in some plan on the path.
#[inline]
fn route(view: &View<'_>, request: &Request<'_>) -> Option<Reason> {
    let plans = || request.scopes.iter().filter_map(|s| view.accounts.get(*s)?.plan());
    let sold = |cost: &Cost| {
        view.catalog.metering(cost.feature).is_some()
            && plans().any(|plan| !view.catalog.terms(plan, cost.feature).is_empty())
    };
    (!request.costs.iter().all(sold)).then_some(Reason::NoEntitlement)
}

/// The answer given before, or the refusal of another content, or to remember one more.
fn memory(view: &View<'_>, request: &Request<'_>) -> Option<Verdict> {
    let key = remembered_key(view, request)?;
    let remember = view.catalog.remember()?;
    let denied = |reason| Some(Verdict::denied(reason, view.catalog.version()));
    if let Some(Answer { mut verdict, asked }) = view.remembered.get(&key) {
        if remember.on_mismatch == OnMismatch::Conflict && asked != Fingerprint::of(request) {
            return denied(Reason::Conflict);
        }
        verdict.flags.replayed = true;
        return Some(verdict);
    }
    if view.remembered.len_of(key.root) >= remember.len_max {
        return denied(Reason::DedupFull);
    }
    None
}

#[inline]
fn time(view: &View<'_>, request: &Request<'_>) -> Option<Reason> {
    view.catalog.acceptance().check(request.at, view.now).map(|lateness| match lateness {
        Lateness::TooNew => Reason::TooNew,
        Lateness::TooOld => Reason::TooOld,
    })
}

#[inline]
fn statuses(view: &View<'_>, request: &Request<'_>) -> Option<Reason> {
    let status = |scope| view.accounts.get(scope).map(|account| account.status());
    request.scopes.iter().find_map(|scope| match status(*scope)? {
        Status::Active => None,
        Status::Blocked => Some(Reason::Blocked),
        Status::Cancelled => Some(Reason::Cancelled),
        Status::Inactive => Some(Reason::Inactive),
        Status::NoPlan => Some(Reason::NoPlan),
        Status::Paused => Some(Reason::Paused),
    })
}

/// The verdict on a request that nothing stands against, before any limit has been weighed.
#[inline]
pub(super) const fn allowed(view: &View<'_>) -> Verdict {
    Verdict {
        outcome: super::Outcome::Allowed,
        retry: Retry::Now,
        charged: Quantity::ZERO,
        ..Verdict::denied(Reason::Malformed, view.catalog.version())
    }
}
