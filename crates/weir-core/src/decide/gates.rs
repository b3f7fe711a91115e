//! May it be weighed at all? The stages before limits: path, route, memory, time, status.

use super::{Caller, Observer, Reason, Request, Stage, Verdict, View, memory};
use crate::account::{Account, Status};
use crate::catalog::{Lateness, RememberAt};
use crate::id::ScopeId;
use crate::time::Timestamp;

/// The most scopes on a path, and the most costs of a request.
pub const PATH_MAX: usize = 8;

/// The answer of the first gate that has one: a refusal, or what was answered before. `None` when
/// the request may be weighed; where nothing else stands against it, weighing finds out whether all
/// that it asks for is sold.
#[inline]
pub(super) fn pass<O: Observer>(
    view: &View<'_>,
    request: &Request<'_>,
    observer: &mut O,
) -> Option<Verdict> {
    let path = match path(view, request, observer) {
        Ok(path) => path,
        Err(reason) => return Some(denied(view, reason)),
    };
    let keyed = request.key.is_some() && view.catalog.remember().is_some();
    if !O::LISTENS && !keyed && time(view, request).is_none() && stops(path.status).is_none() {
        return None;
    }
    in_order(view, request, (path.status, observer))
}

/// The gates behind the path, one by one.
#[inline(never)]
fn in_order<O: Observer>(
    view: &View<'_>,
    request: &Request<'_>,
    (status, observer): (Status, &mut O),
) -> Option<Verdict> {
    if !sold(view, request) {
        return Some(denied(view, Reason::NoEntitlement));
    }
    observer.passed(Stage::Route);
    let looks = |at| view.catalog.remember().is_some_and(|remember| remember.at == at);
    if looks(RememberAt::AfterRoute)
        && let Some(known) = memory::answered(view, request, observer)
    {
        return Some(known);
    }
    if let Some(reason) = time(view, request).or_else(|| memory::forgotten(view, request)) {
        return Some(denied(view, reason));
    }
    observer.passed(Stage::Time);
    if looks(RememberAt::AfterTime)
        && let Some(known) = memory::answered(view, request, observer)
    {
        return Some(known);
    }
    if let Some(reason) = stops(status) {
        return Some(denied(view, reason));
    }
    observer.passed(Stage::Status);
    None
}

fn denied(view: &View<'_>, reason: Reason) -> Verdict {
    Verdict::denied(reason, view.catalog.version())
}

/// What stands against weighing costs on a path that was good before: they are sold no more, or a
/// scope may not spend.
pub(super) fn stands(view: &View<'_>, request: &Request<'_>) -> Option<Reason> {
    if view.now == Timestamp::MAX {
        return Some(Reason::Malformed);
    }
    if !sold(view, request) {
        return Some(Reason::NoEntitlement);
    }
    let root = request.scopes.first()?;
    stops(Path::walk(view, *root, request.scopes).status)
}

/// What a walk over the scopes of a path finds.
struct Path {
    /// Whether all of them are known.
    known: bool,
    /// Whether the first is a root and the others hang under it; unknown ones hang nowhere.
    one_tree: bool,
    /// The first status that says that a scope may not spend.
    status: Status,
}

impl Path {
    #[inline]
    fn walk(view: &View<'_>, root: ScopeId, scopes: &[ScopeId]) -> Self {
        let mut path = Self { known: true, one_tree: true, status: Status::Active };
        for scope in scopes {
            let Some(account) = view.accounts.get(*scope) else {
                path.known = false;
                continue;
            };
            path.one_tree &= account.root() == root;
            if path.status == Status::Active {
                path.status = account.status();
            }
        }
        path
    }
}

#[inline]
fn path<O: Observer>(
    view: &View<'_>,
    request: &Request<'_>,
    observer: &mut O,
) -> Result<Path, Reason> {
    let Request { scopes, costs, at, .. } = *request;
    let Some(root) = scopes.first() else { return Err(Reason::Malformed) };
    if scopes.len().max(costs.len()) > PATH_MAX {
        return Err(Reason::Malformed);
    }
    if at == Timestamp::MAX || view.now == Timestamp::MAX {
        return Err(Reason::Malformed); // the end of time is in no period
    }
    let path = Path::walk(view, *root, scopes);
    if !path.one_tree {
        return Err(Reason::Malformed);
    }
    observer.passed(Stage::Path);
    if let Caller::Known(principal) = request.caller
        && !scopes.contains(&principal.scope())
    {
        return Err(Reason::Unauthenticated);
    }
    observer.passed(Stage::Caller);
    if path.known { Ok(path) } else { Err(Reason::UnknownScope) }
}

/// Whether every feature asked for is in some plan on the path.
pub(super) fn sold(view: &View<'_>, request: &Request<'_>) -> bool {
    request.costs.iter().all(|cost| {
        request.scopes.iter().any(|scope| {
            let plan = view.accounts.get(*scope).and_then(Account::plan);
            plan.is_some_and(|plan| !view.catalog.terms(plan, cost.feature).is_empty())
        })
    })
}

#[inline]
fn time(view: &View<'_>, request: &Request<'_>) -> Option<Reason> {
    view.catalog.acceptance().check(request.at, view.now).map(|lateness| match lateness {
        Lateness::TooNew => Reason::TooNew,
        Lateness::TooOld => Reason::TooOld,
    })
}

/// Why a scope of this status may not spend; `None` when it may.
#[inline]
const fn stops(status: Status) -> Option<Reason> {
    match status {
        Status::Active => None,
        Status::Blocked => Some(Reason::Blocked),
        Status::Cancelled => Some(Reason::Cancelled),
        Status::Inactive => Some(Reason::Inactive),
        Status::NoPlan => Some(Reason::NoPlan),
        Status::Paused => Some(Reason::Paused),
    }
}
