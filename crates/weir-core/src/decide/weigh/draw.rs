//! Which allowance gives, and which is given back to? Asks over several balances of one limit.

use alloc::vec::Vec;

use super::{Noted, Opened, Opening, Owed, Place, Purpose, Scale};
use crate::amount::Quantity;
use crate::catalog::{Capacity, GiveBack, Overage};
use crate::decide::granted::Course;
use crate::decide::{Dropped, Effect, Observer, debt, ending, period};
use crate::id::ScopeId;
use crate::limit::{Balance, Source, UNLIMITED};
use crate::time::Timestamp;
use crate::window::Period;

impl<'s, O: Observer> Scale<'s, O> {
    /// Lets the opened allowances pay what is owed, and keeps what that changes.
    #[inline]
    pub(super) fn settle(&mut self, place: Place<'s>, opened: &mut Opened) -> Option<Opening> {
        debt::settle(place.terms, opened)?;
        let Noted { cut, owed, .. } = opened.noted;
        let owes = owed != Owed::Nothing;
        let mut opening = if cut || owes { Opening::Apart } else { Opening::Unsure };
        if owes {
            self.keep_settled(place, opened, &mut opening);
        }
        if owed == Owed::More {
            self.owe(place);
        }
        Some(opening)
    }

    /// Notes that more is owed from the instant of the request on.
    #[inline(never)]
    pub(super) fn owe(&mut self, place: Place<'s>) {
        let at = period::counted_at(self.view, place.counted(), self.request.at);
        self.workings.effects.extend(debt::arises(self.view, place, at));
    }

    #[inline(never)]
    fn keep_settled(&mut self, place: Place<'s>, opened: &Opened, opening: &mut Opening) {
        let (scope, taken) = (place.scope, Quantity::ZERO);
        for balance in debt::changed(opened) {
            self.close_once(place, balance, opening);
            self.workings.effects.push(Effect::Balance { scope, balance: *balance, taken });
        }
    }

    /// Closes what a new balance ends; of several that end together the first one closes all.
    pub(super) fn close_once(
        &mut self,
        place: Place<'s>,
        balance: &Balance,
        opening: &mut Opening,
    ) {
        match opening {
            Opening::Unsure if self.close(place, balance) => *opening = Opening::Known,
            Opening::Apart => drop(self.close(place, balance)),
            Opening::Known | Opening::Sliding | Opening::Unsure => {}
        }
    }

    /// Stores a new balance of the period of which nothing is taken, where none is stored, so that what
    /// the meter read goes with it.
    #[inline(never)]
    pub(super) fn hold_open(
        &mut self,
        place: Place<'s>,
        (opened, mut opening): (&[Balance], Opening),
        ends: Timestamp,
    ) {
        let (view, scope, limit) = (self.view, place.scope, place.terms.limit);
        let of_period = |of: ScopeId, known: &Balance| {
            (of, known.limit, known.window_end) == (scope, limit, ends)
        };
        let new = |effect: &Effect| match effect {
            Effect::Balance { scope, balance, .. } => of_period(*scope, balance),
            _ => false,
        };
        let mut known = view.accounts.balances(place.account);
        if self.workings.effects.iter().any(new) || known.any(|known| of_period(scope, known)) {
            return;
        }
        let apart = Balance { window_end: ends, limit, ..Balance::VACANT };
        let first = opened.iter().find(|first| first.window_end == ends);
        let balance = *first.unwrap_or(&apart);
        self.close_once(place, &balance, &mut opening);
        self.workings.effects.push(Effect::Balance { scope, balance, taken: Quantity::ZERO });
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
                if balance.source == Source::PLAN {
                    self.owe(place);
                }
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
        (opened, mut opening, period): (&[Balance], Opening, Period),
        asked: Quantity,
    ) -> Option<()> {
        let mut drawn = self.drawn(place, (opened, period));
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
    fn drawn(&self, place: Place<'s>, (opened, period): (&[Balance], Period)) -> Vec<Balance> {
        let Capacity::Granted { .. } = place.terms.capacity else { return opened.into() };
        let (view, Place { account, terms, .. }) = (self.view, place);
        let course = Course { view, account, terms, period };
        let mut drawn = Vec::new();
        ending::in_burn_order(view, place.counted(), |grant| {
            let open = opened.iter().find(|open| open.source == grant.source);
            let key =
                || Some((terms.limit, grant.source, course.last_end(grant, self.request.at)?));
            let ended = || {
                key().and_then(|key| {
                    view.accounts.balances(account).find(|known| known.key() == key)
                })
            };
            drawn.extend(open.or_else(ended));
        });
        let apart = opened.iter().filter(|open| open.source == Source::PLAN);
        drawn.extend(apart);
        drawn
    }
}
