//! Can it be paid for? Debits over the lots of a wallet, all or nothing.

use alloc::vec::Vec;

use super::{Debit, Effect, Observer, View, Workings};
use crate::amount::Quantity;
use crate::id::{ScopeId, WalletId};

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
        debit.usable = view.accounts.usable(debit.scope, debit.wallet, view.now);
        observer.debited(debit);
        if debit.amount > debit.usable {
            short = short.or(Some(*debit));
        } else if debit.amount.is_positive() {
            draw(view, debit, effects);
        }
    }
    short.map_or(Ok(()), Err)
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
