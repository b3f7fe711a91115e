//! Can it be paid for? Debits over the lots of a wallet, all or nothing, and what is paid back.

use alloc::vec::Vec;

use super::weigh::Place;
use super::{Debit, Effect, Observer, Verdict, View, Workings};
use crate::account::Accounts;
use crate::amount::Quantity;
use crate::hold::Holds;
use crate::id::{ScopeId, WalletId};
use crate::limit::{Balance, UNLIMITED};
use crate::time::Timestamp;

/// Adds what a draw costs to what its wallet is asked for, and what of that it may refuse; `None`
/// when a sum does not fit.
pub(super) fn charge(
    debits: &mut Vec<Debit>,
    (scope, wallet): (ScopeId, WalletId),
    (cost, owed): (Quantity, Quantity),
) -> Option<()> {
    let owed = owed.max(Quantity::ZERO);
    match debits.iter_mut().find(|debit| (debit.scope, debit.wallet) == (scope, wallet)) {
        Some(debit) => {
            debit.amount = debit.amount.checked_add(cost)?;
            debit.owed = debit.owed.checked_add(owed)?;
        }
        None => {
            debits.push(Debit { scope, wallet, amount: cost, owed, usable: Quantity::ZERO });
        }
    }
    Some(())
}

/// Draws every debit from its wallet's lots, or pays it back to them. Tells what was paid beside the
/// debits: less than nothing where a wallet that cannot refuse had not all of it, more where what is
/// to be paid back had no place.
///
/// # Errors
///
/// The first debit that the usable lots do not cover.
#[inline]
pub(super) fn settle<O: Observer>(
    view: &View<'_>,
    workings: &mut Workings,
    observer: &mut O,
) -> Result<Quantity, Debit> {
    let Workings { debits, effects, .. } = workings;
    let (mut short, mut beside) = (None, Quantity::ZERO);
    for debit in debits {
        debit.usable = usable(view.accounts, view.holds, (debit.scope, debit.wallet), view.now);
        observer.debited(debit);
        let fits = debit.amount <= debit.usable;
        if !fits && debit.owed.is_positive() {
            short = short.or(Some(*debit));
        } else if fits && debit.amount.is_positive() {
            draw(view, debit, effects);
        } else if debit.amount != Quantity::ZERO {
            beside = beside.checked_sub(adjust(view, debit, effects)).unwrap_or(beside);
        }
    }
    short.map_or(Ok(beside), Err)
}

/// Pays what nobody is refused for: as far as a wallet goes, or back to it. Tells what is left.
#[inline(never)]
fn adjust(view: &View<'_>, debit: &Debit, effects: &mut Vec<Effect>) -> Quantity {
    if debit.amount < Quantity::ZERO {
        return back(view, debit, effects);
    }
    draw(view, &Debit { amount: debit.usable, ..*debit }, effects);
    debit.amount.checked_sub(debit.usable).unwrap_or_default()
}

/// Whether an ask of a limit would cost something that its wallet has nothing of.
pub(super) fn is_empty(
    view: &View<'_>,
    place: Place<'_>,
    (balance, asked): (&Balance, Quantity),
) -> bool {
    let cost = place.terms.charge.as_ref().and_then(|charge| {
        let used = balance.used.checked_add(asked)?;
        Some((charge.between((balance.used, used), balance.capacity)?, charge.wallet?))
    });
    cost.is_some_and(|(cost, wallet)| {
        let usable = || usable(view.accounts, view.holds, (place.scope, wallet), view.now);
        cost.is_positive() && !usable().is_positive()
    })
}

/// What a wallet can pay at `now`, with what holds gave back whose deadline has passed.
pub(crate) fn usable(
    accounts: &Accounts,
    holds: &Holds<Verdict>,
    (scope, wallet): (ScopeId, WalletId),
    now: Timestamp,
) -> Quantity {
    let usable = accounts.usable(scope, wallet, now);
    if holds.due(now).is_none() {
        return usable;
    }
    let Some(account) = accounts.get(scope) else { return usable };
    let good = |name: &str| {
        let lot = accounts.lots(account).find(|lot| *lot.name == *name);
        lot.is_some_and(|lot| now < lot.expires)
    };
    let back = holds.lapsed_pledges(now);
    let back = back.filter(|p| (p.scope, p.wallet) == (scope, wallet) && good(&p.lot));
    back.fold(usable, |sum, pledge| sum.checked_add(pledge.left).unwrap_or(UNLIMITED))
}

fn draw(view: &View<'_>, debit: &Debit, effects: &mut Vec<Effect>) {
    let Some(account) = view.accounts.get(debit.scope) else { return };
    let mut owed = debit.amount;
    for (position, lot) in (0..=u16::MAX).zip(view.accounts.lots(account)) {
        let part = lot.usable(view.now).min(owed);
        if lot.wallet != debit.wallet || !part.is_positive() {
            continue;
        }
        let (Some(left), Some(rest)) = (lot.left.checked_sub(part), owed.checked_sub(part)) else {
            return;
        };
        effects.push(Effect::Lot { scope: debit.scope, position, left });
        owed = rest;
    }
}

/// Pays back to the lots, the last one first, to each at most what is drawn from it and not held.
/// What goes back to a lot that has ended is lost with it. Tells what found no place, below nothing.
fn back(view: &View<'_>, debit: &Debit, effects: &mut Vec<Effect>) -> Quantity {
    let mut owed = debit.amount;
    let Some(account) = view.accounts.get(debit.scope) else { return owed };
    let lots = (0..=u16::MAX).zip(view.accounts.lots(account));
    let lots: Vec<_> = lots.filter(|(_, lot)| lot.wallet == debit.wallet).collect();
    for (position, lot) in lots.into_iter().rev() {
        let held = view.holds.pledged(account.root(), debit.scope, &lot.name);
        let kept = lot.left.checked_add(held).unwrap_or(lot.amount);
        // Both are below nothing.
        let part = kept.checked_sub(lot.amount).unwrap_or_default().min(Quantity::ZERO).max(owed);
        let (Some(left), Some(rest)) = (lot.left.checked_sub(part), owed.checked_sub(part)) else {
            return owed;
        };
        if part != Quantity::ZERO {
            effects.push(Effect::Lot { scope: debit.scope, position, left });
        }
        owed = rest;
    }
    owed
}
