//! Does it fit here, what another system counted? The allowance, the capacity and the period.

use super::batch::{Staged, Subject};
use super::record::Command;
use super::refuse::{Refused, ensure};
use crate::amount::Quantity;
use crate::catalog::{Capacity, Terms};
use crate::decide::View;
use crate::grant::Grant;
use crate::id::ScopeId;
use crate::limit::{Balance, CapacityRead, Source};
use crate::time::{Span, Timestamp};
use crate::window::{Period, Window};

/// The command that sets `balance`; of a period that is over only the end is of use, and only to
/// the scope's own windows.
pub(super) fn command(
    (view, staged): (&View<'_>, &Staged<'_>),
    scope: ScopeId,
    balance: Balance,
) -> Result<Command<'static>, Refused> {
    let subject = staged.subject(scope)?;
    let terms = subject.plan.and_then(|plan| view.catalog.limit_terms(plan, balance.limit));
    let terms = terms.ok_or(Refused::UnknownName)?;
    let Balance { used, held, capacity, window_end: end, .. } = balance;
    let sound = used >= Quantity::ZERO && capacity >= Quantity::ZERO && held == Quantity::ZERO;
    ensure(sound, Refused::Absurd)?;
    let periods = !terms.window.slides() || matches!(terms.window, Window::Rolling(_));
    ensure(periods, Refused::Window)?;
    let stated = allowance(view, (&subject, terms), balance.source)?;
    ensure(stated.is_none_or(|stated| stated == capacity), Refused::Capacity)?;
    let cut = cut(view, (&subject, terms), balance.source);
    let own = matches!(terms.window, Window::Anchored { .. }) && terms.anchor.is_none();
    let own = own && cut.is_none();
    let over = match terms.window {
        Window::FirstUse { .. } => end <= view.now,
        _ => {
            end != Period::NEVER && end.checked_add(terms.grace).is_some_and(|last| view.now > last)
        }
    };
    if own && over {
        return Ok(Command::SetAnchor { scope, anchor: end });
    }
    let opens = match cut {
        None => opens(view, (&subject, terms), &balance),
        Some(grant) => begun(view, (&subject, terms), (grant, end)),
    };
    ensure(!over && opens, Refused::Period)?;
    let source = if terms.window.slides() { Source::SLIDING } else { balance.source };
    let balance = Balance { source, ..balance };
    // What is held here stays held, whatever was used elsewhere.
    let known = balances(view, &subject).find(|known| known.key() == balance.key());
    let held = known.map_or(Quantity::ZERO, |known| known.held);
    let balance = Balance { generation: view.catalog.version(), held, ..balance };
    Ok(Command::Import { scope, balance, anchor: own.then_some(end) })
}

/// The grant whose stretches are not the periods of its limit, if it is one.
fn cut<'a>(
    view: &View<'a>,
    (subject, terms): (&Subject<'a>, &Terms),
    source: Source,
) -> Option<&'a Grant> {
    let mut grants = view.accounts.grants(subject.account?);
    let grant = grants.find(|g| (g.limit, g.source) == (terms.limit, source))?;
    let first_use = matches!(terms.window, Window::FirstUse { .. });
    Some(grant).filter(|grant| !grant.renewal.is_plain() && !first_use)
}

/// Whether a stretch of a grant ends at an instant, and has begun.
fn begun(
    view: &View<'_>,
    (subject, terms): (&Subject<'_>, &Terms),
    (grant, end): (&Grant, Timestamp),
) -> bool {
    let Some(last) = last(end) else { return false };
    let anchor = terms.anchor.unwrap_or(subject.anchor);
    let period = terms.window.period(last, anchor, view.catalog.zones());
    let stretch = grant.stretch(period.unwrap_or_else(|outside| outside), last);
    stretch.end == end && stretch.start() <= view.now
}

/// The capacity that an allowance of the limit has by now; `None` where a period keeps its own.
fn allowance(
    view: &View<'_>,
    (subject, terms): (&Subject<'_>, &Terms),
    source: Source,
) -> Result<Option<Quantity>, Refused> {
    match terms.capacity {
        Capacity::Fixed { amount, read } => {
            ensure(source == Source::PLAN, Refused::UnknownName)?;
            Ok((read == CapacityRead::Live).then_some(amount))
        }
        // What is owed, or recorded beside the grants.
        Capacity::Granted { .. } if source == Source::PLAN => Ok(Some(Quantity::ZERO)),
        Capacity::Granted { .. } => {
            let grants = subject.account.map(|account| view.accounts.grants(account));
            let grant =
                grants.into_iter().flatten().find(|g| (g.limit, g.source) == (terms.limit, source));
            grant.map(|grant| Some(grant.amount)).ok_or(Refused::UnknownName)
        }
    }
}

/// Whether a period of the limit ends where the balance's does, and has begun; of a rolling window,
/// whether a sub-bucket leaves there.
fn opens(view: &View<'_>, (subject, terms): (&Subject<'_>, &Terms), balance: &Balance) -> bool {
    let (now, end) = (view.now, balance.window_end);
    if let Window::FirstUse { .. } = terms.window {
        let next = terms.window.period(now, subject.anchor, view.catalog.zones());
        let latest = next.unwrap_or_else(|outside| outside).end;
        let other = |known: &Balance| {
            known.limit == balance.limit
                && (now < known.window_end && known.window_end <= latest)
                && known.window_end != end
        };
        // One that is open already goes on.
        return end <= latest && !balances(view, subject).chain(subject.imported()).any(other);
    }
    if let Window::Rolling(rolling) = terms.window {
        let taken = last(end).and_then(|last| last.checked_sub(rolling.span));
        let leaves = |at| rolling.leaves(at) == end;
        return now < end && end <= rolling.leaves(now) && taken.is_some_and(leaves);
    }
    let own = if let Window::Anchored { .. } = terms.window { end } else { subject.anchor };
    let anchor = terms.anchor.unwrap_or(own);
    let period =
        last(end).and_then(|last| terms.window.period(last, anchor, view.catalog.zones()).ok());
    period.is_some_and(|period| period.end == end && period.start <= now)
}

fn balances<'a>(view: &View<'a>, subject: &Subject<'a>) -> impl Iterator<Item = &'a Balance> {
    let accounts = view.accounts;
    subject.account.into_iter().flat_map(|account| accounts.balances(account))
}

/// The last instant of a period that ends at `end`.
fn last(end: Timestamp) -> Option<Timestamp> {
    Span::from_millis(1).ok().and_then(|moment| end.checked_sub(moment))
}
