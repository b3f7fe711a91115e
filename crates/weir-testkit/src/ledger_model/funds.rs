//! Who pays? Debits over the lots of a wallet, and what is paid back to them.

use num_bigint::BigInt;
use weir_core::amount::Quantity;
use weir_core::id::{ScopeId, WalletId};

use super::weigh::{Allowance, Place, fits};
use super::{Model, price};

/// Whose lot, its place, and how much of it pays.
pub(super) type Paid = (ScopeId, usize, BigInt);

/// What a wallet is to pay, or to be paid back.
pub(super) struct Debit {
    pub(super) of: (ScopeId, WalletId),
    pub(super) amount: BigInt,
    /// Whether use costs something: else the wallet cannot refuse.
    pub(super) owed: bool,
}

impl Debit {
    /// Adds to what a wallet is to pay.
    pub(super) fn add(all: &mut Vec<Self>, new: Self) {
        match all.iter_mut().find(|known| known.of == new.of) {
            Some(known) => {
                known.amount += new.amount;
                known.owed |= new.owed;
            }
            None => all.push(new),
        }
    }
}

impl Model {
    /// Whether what is asked would cost something, and the wallet that pays has nothing.
    pub(super) fn is_broke(
        &self,
        place: Place<'_>,
        allowances: &[Allowance],
        asked: &BigInt,
    ) -> bool {
        let Place { scope, line, now, .. } = place;
        let (Some(charge), Some(wallet), Some(first)) =
            (&line.terms.charge, line.wallet, allowances.first())
        else {
            return false;
        };
        let Ok(after) = fits(&first.used + asked) else { return false };
        let cost = price::step(charge, (&first.used, &after), &first.capacity);
        let one = Debit { of: (scope, wallet), amount: 1.into(), owed: true };
        cost.is_ok_and(|cost| cost > BigInt::ZERO) && self.lots_for(&[one], now).1
    }

    /// Which lots pay debits, or are paid back, and how much; whether some are not covered.
    pub(super) fn lots_for(&self, debits: &[Debit], now: i64) -> (Vec<Paid>, bool) {
        let (mut all, mut short) = (Vec::new(), false);
        for Debit { of: (scope, wallet), amount, owed: refuses } in debits {
            let lots = self.scope(*scope).map_or(&[][..], |scope| &scope.lots);
            let mut owed = amount.clone();
            for (at, (lot, paid)) in lots.iter().enumerate().rev() {
                if lot.wallet == *wallet && owed < BigInt::ZERO {
                    let nanos = |of: Quantity| BigInt::from(of.as_nanos());
                    let gone = nanos(lot.amount) - nanos(lot.left) + paid.iter().sum::<BigInt>();
                    let back = (gone - self.pledged(*scope, &lot.name)).min(-&owed);
                    owed += &back;
                    all.push((*scope, at, -back));
                }
            }
            for (at, (lot, paid)) in lots.iter().enumerate() {
                if lot.wallet != *wallet || now >= lot.expires.as_millis() {
                    continue;
                }
                let left = BigInt::from(lot.left.as_nanos()) - paid.iter().sum::<BigInt>();
                let part = (left + self.lapsed(*scope, &lot.name, now)).min(owed.clone());
                owed -= &part;
                if part > BigInt::ZERO {
                    all.push((*scope, at, part));
                }
            }
            short |= owed > BigInt::ZERO && *refuses;
        }
        (all, short)
    }
}

/// What lots pay beside the debits: less, or back less.
pub(super) fn beside(debits: &[Debit], paid: &[Paid]) -> BigInt {
    let all: BigInt = debits.iter().map(|debit| &debit.amount).sum();
    paid.iter().map(|(_, _, part)| part).sum::<BigInt>() - all
}
