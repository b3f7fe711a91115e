//! How much fits? What is taken of an ask where limits on the path clamp it.
//!
//! An ask that is for more than a clamping limit has left is not denied: what is left is taken. What
//! is taken of a feature is the same on every limit of the path, so the least that one of them has
//! left; each limit is compared with the whole ask all the same, and one that denies that denies
//! everything. Only what a meter adds up has parts, so only that is clamped.

use core::mem;

use super::period::Opened;
use super::weigh::Place;
use super::{Cost, Purpose, Request, View, Workings, access};
use crate::amount::Quantity;
use crate::catalog::{Counted, Terms};
use crate::id::FeatureId;
use crate::limit::{Enforcement, Fit};

/// Finds what is taken of each feature that a limit on the path clamps.
#[inline]
pub(super) fn find(view: &View<'_>, request: &Request<'_>, workings: &mut Workings) {
    workings.clamped.clear();
    // What has happened has happened whole.
    if view.catalog.clamps() && workings.purpose != Purpose::Record {
        look(view, request, workings);
    }
}

#[inline(never)]
fn look(view: &View<'_>, request: &Request<'_>, workings: &mut Workings) {
    let mut opened = mem::take(&mut workings.opened);
    for (at, Cost { feature, .. }) in request.costs.iter().enumerate() {
        let met = request.costs.iter().take(at).any(|earlier| earlier.feature == *feature);
        let Some(asked) = asked(request, *feature).filter(|_| !met) else { continue };
        let least = places((view, request), *feature).fold(asked, |least, place| {
            least.min(fits((view, request), place, asked, &mut opened))
        });
        if least < asked {
            workings.clamped.push((*feature, least));
        }
    }
    workings.opened = opened;
}

/// The limits of a feature on the path that clamp.
fn places<'a>(
    (view, request): (&'a View<'a>, &'a Request<'a>),
    feature: FeatureId,
) -> impl Iterator<Item = Place<'a>> {
    request.scopes.iter().flat_map(move |scope| {
        let account = view.accounts.get(*scope);
        account.into_iter().flat_map(move |account| {
            let plan = account.plan();
            let limits = plan.map_or(&[][..], |plan| view.catalog.terms(plan, feature));
            let clamps = |terms: &&Terms| {
                *terms.line.enforcement_for(request.on_shortfall) == Enforcement::Clamp
            };
            let clamping = limits.iter().filter(clamps);
            clamping.map(move |terms| Place { scope: *scope, account, terms })
        })
    })
}

/// What is asked of a feature; `None` when it does not fit.
fn asked(request: &Request<'_>, feature: FeatureId) -> Option<Quantity> {
    let mut costs = request.costs.iter().filter(|cost| cost.feature == feature);
    costs.try_fold(Quantity::ZERO, |sum, cost| sum.checked_add(cost.quantity))
}

/// How much of an ask a clamping limit has left: of one that denies it, all the same.
fn fits(
    (view, request): (&View<'_>, &Request<'_>),
    place: Place<'_>,
    asked: Quantity,
    opened: &mut Opened,
) -> Quantity {
    let standing = access::stand(view, place, request.at, opened).ok().flatten();
    let clamps = standing.filter(|s| s.meets(asked, Enforcement::Clamp) == Fit::Clamped);
    clamps.map_or(asked, |standing| standing.left)
}

/// What is taken of credits, where less is taken of some features that cost them: what that costs,
/// of each as one ask, and not more than was asked.
#[inline(never)]
pub(super) fn rated(
    clamped: &[(FeatureId, Quantity)],
    (request, counted): (&Request<'_>, &Counted),
    asked: Quantity,
) -> Quantity {
    let mut costs = request.costs.iter().enumerate();
    let taken = costs.try_fold(Quantity::ZERO, |sum, (at, Cost { feature, quantity })| {
        let met = request.costs.iter().take(at).any(|earlier| earlier.feature == *feature);
        let part = match clamped.iter().find(|(known, _)| known == feature) {
            Some(_) if met => return Some(sum),
            Some((_, part)) => *part,
            None => *quantity,
        };
        sum.checked_add(counted.measure(*feature, part)?)
    });
    taken.unwrap_or(asked).min(asked)
}

/// What is taken of what is asked of a feature.
#[inline(never)]
pub(super) fn part(
    clamped: &[(FeatureId, Quantity)],
    (feature, asked): (FeatureId, Quantity),
) -> Quantity {
    let known = clamped.iter().find(|(known, _)| *known == feature);
    known.map_or(asked, |(_, part)| *part)
}
