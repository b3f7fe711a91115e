//! Was it answered before? The key of a request, and what is told where it is known.

use super::{
    Answer, Caller, Fingerprint, Observer, Reason, Request, Stage, Verdict, View, Workings,
};
use crate::account::{Account, Accounts};
use crate::catalog::{ApartBy, AtBound, OnMismatch, OnRepeat, Remember, RememberAt};
use crate::dedup::{Apart, Key, Space};
use crate::id::ScopeId;

/// The key under which a request's answer is remembered; `None` when it is not.
pub(crate) fn remembered_key(view: &View<'_>, request: &Request<'_>) -> Option<Key> {
    let Remember { key_space, .. } = view.catalog.remember()?;
    let (root, sent) = (*request.scopes.first()?, request.key?);
    let scope = match key_space.level {
        0 => root,
        level => at_level(view.accounts, request.scopes, level)?,
    };
    let apart = key_space.apart.and_then(|by| apart(view, request, by));
    Some(Key { root, space: Space { scope, apart }, request: sent })
}

/// How many of the root's oldest answers go for one more.
pub(crate) fn gone_for_one_more(view: &View<'_>, root: ScopeId) -> u32 {
    let Some(Remember { at_bound: AtBound::OldestGoes, len_max, .. }) = view.catalog.remember()
    else {
        return 0;
    };
    view.remembered.len_of(root).saturating_add(1).saturating_sub(*len_max)
}

/// The answer given before, or the refusal of another content, of a repetition, or to remember one
/// more.
pub(super) fn answered<O: Observer>(
    view: &View<'_>,
    request: &Request<'_>,
    observer: &mut O,
) -> Option<Verdict> {
    let key = remembered_key(view, request)?;
    let remember = view.catalog.remember()?;
    let denied = |reason| Some(Verdict::denied(reason, view.catalog.version()));
    if let Some(Answer { mut verdict, asked }) = view.remembered.get(&key) {
        if remember.on_mismatch == OnMismatch::Conflict && asked != Fingerprint::of(request) {
            return denied(Reason::Conflict);
        }
        if remember.on_repeat == OnRepeat::Duplicate {
            return denied(Reason::Duplicate);
        }
        verdict.flags.replayed = true;
        return Some(verdict);
    }
    let refuses = remember.at_bound == AtBound::DedupFull;
    if refuses && view.remembered.len_of(key.root) >= remember.len_max {
        return denied(Reason::DedupFull);
    }
    observer.passed(Stage::Memory);
    None
}

/// The answer given before, where it is asked for after everything was measured.
pub(super) fn answered_late<O: Observer>(
    view: &View<'_>,
    request: &Request<'_>,
    observer: &mut O,
) -> Option<Verdict> {
    let late = view.catalog.remember().is_some_and(|known| known.at == RememberAt::AfterMeasure);
    if late && request.key.is_some() { answered(view, request, observer) } else { None }
}

/// Tells what is known instead of what was weighed; but what cannot be measured is told first.
pub(super) fn tell(known: Verdict, workings: &mut Workings, verdict: &mut Verdict) {
    workings.effects.clear();
    if verdict.reason() != Some(Reason::Unmeasurable) {
        *verdict = known;
    }
}

/// Whether the key is not known, of an event as old as one whose answer was forgotten: it may be that
/// one, and is never new.
pub(super) fn forgotten(view: &View<'_>, request: &Request<'_>) -> Option<Reason> {
    let key = remembered_key(view, request)?;
    let old = view.remembered.forgot(key.root).is_some_and(|forgot| request.at <= forgot);
    (old && view.remembered.get(&key).is_none()).then_some(Reason::TooOld)
}

/// The first scope of a path that hangs `level` below the root, or of those nearest above that.
fn at_level(accounts: &Accounts, path: &[ScopeId], level: u8) -> Option<ScopeId> {
    let mut found: Option<(u8, ScopeId)> = None;
    for scope in path {
        let depth = depth(accounts, *scope, level);
        if depth.is_some_and(|depth| found.is_none_or(|(known, _)| known < depth)) {
            found = depth.map(|depth| (depth, *scope));
        }
    }
    found.map(|(_, scope)| scope)
}

/// How far below the root a scope hangs; `None` when that is deeper than `most`.
fn depth(accounts: &Accounts, scope: ScopeId, most: u8) -> Option<u8> {
    let (mut depth, mut above) = (0_u8, accounts.get(scope)?.parent());
    while let Some(scope) = above {
        depth = depth.checked_add(1).filter(|depth| *depth <= most)?;
        above = accounts.get(scope)?.parent();
    }
    Some(depth)
}

fn apart(view: &View<'_>, request: &Request<'_>, by: ApartBy) -> Option<Apart> {
    let feature = request.costs.first().map(|cost| cost.feature);
    match by {
        ApartBy::Balance => request.scopes.iter().find_map(|scope| {
            let plan = view.accounts.get(*scope).and_then(Account::plan)?;
            let first = view.catalog.terms(plan, feature?).first()?;
            Some(Apart::Balance(*scope, first.limit))
        }),
        ApartBy::Environment => match request.caller {
            Caller::Known(principal) => Some(Apart::Environment(principal.environment())),
            Caller::Unchecked => None,
        },
        ApartBy::Feature => feature.map(Apart::Feature),
    }
}
