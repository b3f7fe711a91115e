//! Which allowance gives, and which is given back to? Asks over several balances of one limit.

use alloc::vec::Vec;
use core::convert::Infallible;

use super::{Opening, Place, Purpose, Scale};
use crate::amount::Quantity;
use crate::catalog::{Capacity, GiveBack, Overage};
use crate::decide::{Dropped, Effect, Observer, debt, ending};
use crate::grant::Grant;
use crate::limit::{Balance, Source, UNLIMITED};

impl<'s, O: Observer> Scale<'s, O> {
    /// Lets the opened allowances pay what is owed, and keeps what that changes.
    #[inline(never)]
    pub(super) fn settle(&mut self, place: Place<'s>, opened: &mut [Balance]) -> Option<Opening> {
        let mut moved = Vec::new();
        debt::settle(place.terms, opened, |balance| moved.push(*balance))?;
        // A debt that was carried into a new period is there from now on, paid or not.
        if let Some(debt) = opened.last().filter(|last| last.source == Source::PLAN)
            && matches!(place.terms.capacity, Capacity::Granted { .. })
            && debt.used.is_positive()
            && moved.is_empty()
            && self.is_new(place, debt)
        {
            moved.push(*debt);
        }
        let (mut opening, scope, taken) = (Opening::Unsure, place.scope, Quantity::ZERO);
        for balance in moved {
            self.close_once(place, &balance, &mut opening);
            self.workings.effects.push(Effect::Balance { scope, balance, taken });
        }
        Some(opening)
    }

    /// Closes what a new balance ends; of several the first one closes all.
    pub(super) fn close_once(
        &mut self,
        place: Place<'s>,
        balance: &Balance,
        opening: &mut Opening,
    ) {
        if *opening == Opening::Unsure && self.close(place, balance) {
            *opening = Opening::Known;
        }
    }

    /// Takes from several balances, each as far as it has room.
    #[inline(never)]
    pub(super) fn spread(
        &mut self,
        place: Place<'s>,
        (opened, mut opening): (&[Balance], Opening),
        (asked, left): (Quantity, Quantity),
    ) -> Option<()> {
        let over = asked.checked_sub(left)?.max(Quantity::ZERO);
        let mut rest = asked.checked_sub(over)?;
        let bears = match place.terms.line.overage {
            Overage::First => opened.first(),
            // What is owed or recorded apart has a balance of its own, the last one.
            Overage::Apart | Overage::Kept | Overage::Last | Overage::Owed => opened.last(),
        };
        for balance in opened {
            let room = balance.left().min(rest);
            rest = rest.checked_sub(room)?;
            let borne = bears.is_some_and(|bears| bears.source == balance.source);
            let part = room.checked_add(if borne { over } else { Quantity::ZERO })?;
            if part != Quantity::ZERO {
                self.close_once(place, balance, &mut opening);
                self.take(place, balance, part)?;
            }
        }
        Some(())
    }

    /// Gives back to the balances, at most what each has given: first what is owed.
    #[inline(never)]
    pub(super) fn give_back(
        &mut self,
        place: Place<'s>,
        (opened, mut opening): (&[Balance], Opening),
        asked: Quantity,
    ) -> Option<()> {
        let mut drawn = self.drawn(place, opened);
        match place.terms.line.give_back {
            GiveBack::BurnOrder => {}
            GiveBack::None => drawn.clear(),
            GiveBack::Reverse => drawn.reverse(),
        }
        // What was drawn beyond all grants was drawn last, in either order.
        drawn.sort_by_key(|balance| balance.source != Source::PLAN);
        let (mut rest, mut expired) = (asked, Quantity::ZERO);
        for balance in drawn {
            let part = Quantity::ZERO.checked_sub(balance.used)?.max(rest);
            rest = rest.checked_sub(part)?;
            if part == Quantity::ZERO {
                continue;
            }
            if !opened.iter().any(|open| open.source == balance.source) {
                expired = expired.checked_sub(part)?;
            }
            if self.workings.purpose != Purpose::Hold {
                self.close_once(place, &balance, &mut opening); // a reservation gives nothing back
            }
            self.take(place, &balance, part)?;
        }
        if expired.is_positive() || rest != Quantity::ZERO {
            let (scope, limit) = (place.scope, place.terms.limit);
            let dropped = Quantity::ZERO.checked_sub(rest).unwrap_or(UNLIMITED);
            self.observer.dropped(&Dropped { scope, limit, expired, dropped });
        }
        Some(())
    }

    /// Every balance of the open period that may have given: those of ended grants, too.
    fn drawn(&self, place: Place<'s>, opened: &[Balance]) -> Vec<Balance> {
        let Some(end) = opened.first().map(|first| first.window_end) else { return Vec::new() };
        let Capacity::Granted { .. } = place.terms.capacity else { return opened.into() };
        let limit = place.terms.limit;
        let mut drawn = Vec::new();
        let wanted = |_: &Grant| true;
        let visited = ending::in_burn_order(self.view, place.counted(), wanted, |grant| {
            let open = opened.iter().find(|open| open.source == grant.source);
            let key = (limit, grant.source, end);
            let mut known = self.view.accounts.balances(place.account);
            drawn.extend(open.or_else(|| known.find(|known| known.key() == key)));
            Ok::<(), Infallible>(())
        });
        debug_assert!(visited.is_ok());
        let apart = opened.iter().filter(|open| open.source == Source::PLAN);
        drawn.extend(apart);
        drawn
    }

    /// Whether nothing is stored under the balance's key.
    pub(super) fn is_new(&self, place: Place<'_>, balance: &Balance) -> bool {
        let mut known = self.view.accounts.balances(place.account);
        !known.any(|known| known.key() == balance.key())
    }
}
