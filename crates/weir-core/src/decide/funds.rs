//! Can it be paid for? Debits over the lots of a wallet, all or nothing.

use alloc::vec::Vec;

use super::{Debit, Effect, Observer, Verdict, View, Workings};
use crate::account::Accounts;
use crate::amount::Quantity;
use crate::hold::Holds;
use crate::id::{ScopeId, WalletId};
use crate::limit::UNLIMITED;
use crate::time::Timestamp;

/// Adds what a draw costs to what its wallet is asked for; `None` when the sum does not fit.
pub(super) fn charge(
    debits: &mut Vec<Debit>,
    (scope, wallet): (ScopeId, WalletId),
    cost: Quantity,
) -> Option<()> {
    match debits.iter_mut().find(|debit| (debit.scope, debit.wallet) == (scope, wallet)) {
        Some(debit) => debit.amount = debit.amount.checked_add(cost)?,
        None => debits.push(Debit { scope, wallet, amount: cost, usable: Quantity::ZERO }),
    }
    Some(())
}

/// Draws every debit from its wallet's lots.
///
/// # Errors
///
/// The first debit that the usable lots do not cover.
#[inline]
pub(super) fn settle<O: Observer>(
    view: &View<'_>,
    workings: &mut Workings,
    observer: &mut O,
) -> Result<(), Debit> {
    let Workings { debits, effects, .. } = workings;
    let mut short = None;
    for debit in debits {
        debit.usable = usable(view.accounts, view.holds, (debit.scope, debit.wallet), view.now);
        observer.debited(debit);
        if debit.amount > debit.usable {
            short = short.or(Some(*debit));
        } else if debit.amount.is_positive() {
            draw(view, debit, effects);
        }
    }
    short.map_or(Ok(()), Err)
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
