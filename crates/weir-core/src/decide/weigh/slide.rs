//! What is taken where there are no periods, and what is given back?

use alloc::vec::Vec;
use core::slice;

use super::{Opening, Place, Scale};
use crate::amount::Quantity;
use crate::catalog::{Capacity, GiveBack};
use crate::decide::{Draw, Dropped, Effect, Observer, Purpose, ending, sliding};
use crate::limit::{Balance, UNLIMITED};
use crate::window::{Continuous, Period, Window};

impl<'s, O: Observer> Scale<'s, O> {
    /// Weighs a limit that counts at the instant of the decision.
    #[inline(never)]
    pub(super) fn weigh_now(&mut self, place: Place<'s>) -> Option<()> {
        if !place.terms.window.slides() {
            return self.weigh_at(place, self.view.now);
        }
        let asked = self.count(place)?;
        let taken = match self.workings.purpose {
            Purpose::Hold => Quantity::ZERO,
            _ => self.taken(place, asked),
        };
        let standing =
            sliding::standing(self.view, place, (asked, taken, *self.enforcement(place.terms)))?;
        let period = Period { end: standing.window_end, ..Period::ALWAYS };
        let weighed = self.compare(place, (slice::from_ref(&standing), Opening::Sliding), period);
        if let Capacity::Granted { .. } = place.terms.capacity {
            let Place { scope, account, terms } = place;
            ending::forget(self.view, (scope, account, terms), &mut self.workings.effects);
        }
        weighed
    }

    /// Takes what is asked of a limit that stands so, or gives back.
    #[inline(never)]
    pub(super) fn slide(
        &mut self,
        place: Place<'s>,
        standing: &Balance,
        asked: Quantity,
    ) -> Option<()> {
        let (view, holds) = (self.view, self.workings.purpose == Purpose::Hold);
        let bucket = match place.terms.window {
            Window::Rolling(rolling) if asked.is_positive() => rolling.leaves(view.now),
            Window::Rolling(_) => return self.unroll(place, (standing.used, asked)),
            Window::Continuous(continuous) if holds && asked.is_positive() => {
                // It fits once it is used, whatever comes back until then.
                let all = standing.used.checked_add(standing.held)?.checked_add(asked)?;
                continuous.parts(all)?;
                Period::FLOWING
            }
            Window::Continuous(continuous) => {
                return self.flow(place, continuous, (standing.used, asked));
            }
            Window::InFlight if holds && asked.is_positive() => Period::IN_FLIGHT,
            _ => return Some(()),
        };
        let bucket = sliding::kept(view, place, bucket);
        self.close(place, &bucket);
        self.put(place, bucket, (asked, standing.used.checked_add(asked)?))
    }

    /// Gives back to the sub-buckets, to each at most what was taken in it.
    fn unroll(&mut self, place: Place<'s>, (mut used, asked): (Quantity, Quantity)) -> Option<()> {
        let mut drawn: Vec<Balance> = sliding::buckets(self.view, place).collect();
        drawn.sort_unstable_by_key(|bucket| bucket.window_end);
        match place.terms.line.give_back {
            GiveBack::BurnOrder => {}
            GiveBack::None => drawn.clear(),
            GiveBack::Reverse => drawn.reverse(),
        }
        let mut rest = asked;
        for bucket in drawn {
            let part = Quantity::ZERO.checked_sub(bucket.used)?.max(rest);
            (rest, used) = (rest.checked_sub(part)?, used.checked_add(part)?);
            if part != Quantity::ZERO {
                self.put(place, bucket, (part, used))?;
            }
        }
        self.drop_rest(place, rest);
        Some(())
    }

    /// Moves the level of a continuous limit.
    fn flow(
        &mut self,
        place: Place<'s>,
        continuous: Continuous,
        (used, asked): (Quantity, Quantity),
    ) -> Option<()> {
        let part = match place.terms.line.give_back {
            _ if asked.is_positive() => asked,
            GiveBack::None => Quantity::ZERO,
            _ => Quantity::ZERO.checked_sub(used)?.max(asked),
        };
        self.drop_rest(place, asked.checked_sub(part)?);
        if part == Quantity::ZERO {
            return Some(());
        }
        let level = sliding::level(self.view, place, continuous)?.parts;
        let parts = continuous.moved(level, part)?;
        let used = continuous.whole(parts)?;
        self.workings.effects.push(sliding::reading(self.view, place, parts));
        let before = used.checked_sub(part)?;
        let balance = sliding::kept(self.view, place, Period::FLOWING);
        self.put(place, Balance { used: before, ..balance }, (part, used))
    }

    /// Books a part on a balance, after which so much is used of the limit.
    fn put(
        &mut self,
        place: Place<'s>,
        balance: Balance,
        (taken, used): (Quantity, Quantity),
    ) -> Option<()> {
        let (scope, limit, source) = (place.scope, place.terms.limit, balance.source);
        let balance = Balance { used: balance.used.checked_add(taken)?, ..balance };
        self.workings.effects.push(Effect::Balance { scope, balance, taken });
        self.observer.drew(&Draw { scope, limit, source, taken, used, cost: Quantity::ZERO });
        Some(())
    }

    /// Tells what is given back and finds no place.
    fn drop_rest(&mut self, place: Place<'s>, rest: Quantity) {
        if rest != Quantity::ZERO {
            let (scope, limit, expired) = (place.scope, place.terms.limit, Quantity::ZERO);
            let dropped = Quantity::ZERO.checked_sub(rest).unwrap_or(UNLIMITED);
            self.observer.dropped(&Dropped { scope, limit, expired, dropped });
        }
    }
}
