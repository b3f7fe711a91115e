//! What is said of an ask that does not fit? Denials, when they end, and what is only watched.

use super::{Place, Scale, closed_binding, refusal};
use crate::amount::Quantity;
use crate::catalog::{Capacity, FundsFirst, Overage, Terms};
use crate::decide::verdict::{Binding, Outcome, Reason, Retry};
use crate::decide::{Observer, funds, period, retry, sliding};
use crate::limit::{Balance, CapacityRead, Standing};
use crate::window::Period;

impl<'s, O: Observer> Scale<'s, O> {
    /// Refuses what a limit has no room for.
    #[inline(never)]
    pub(super) fn deny(&mut self, place: Place<'s>, opened: &[Balance], binding: Binding) {
        let reason = refusal(place.terms);
        self.observer.touched(&binding, Outcome::Denied(reason));
        self.broke |= self.view.catalog.funds_first() == FundsFirst::EmptyBeforeLimits
            && opened
                .first()
                .is_some_and(|first| funds::is_empty(self.view, place, (first, binding.asked)));
        self.workings.warns |= !place.terms.line.warn_at.is_empty();
        self.retry_after(place, opened, &binding);
        self.refuse(reason, Some(binding));
    }

    /// Refuses what happened in a period that is over.
    #[inline(never)]
    pub(super) fn close_out(&mut self, place: Place<'s>, period: Period) -> Option<()> {
        let binding = closed_binding(place, period);
        self.observer.touched(&binding, Outcome::Denied(Reason::PeriodClosed));
        self.refuse(Reason::PeriodClosed, Some(binding));
        Some(())
    }

    /// Says what a limit that only watches would have denied.
    #[inline(never)]
    pub(super) fn watch(&mut self, place: Place<'s>, binding: &Binding) {
        self.observer.touched(binding, Outcome::Denied(refusal(place.terms)));
        self.verdict.flags.shadow_denied = true;
    }

    /// Notes when a limit that refused would admit. Exact, or not said: where a meter would measure
    /// otherwise, or money is involved, time alone does not tell; and where the event is not of the
    /// open period, the end of its own says nothing.
    fn retry_after(&mut self, place: Place<'_>, opened: &[Balance], binding: &Binding) {
        if place.terms.window.slides() {
            let reopens = sliding::reopens(self.view, self.request, place, binding);
            self.verdict.retry = retry::later(self.verdict.retry, reopens);
            return;
        }
        let Terms { capacity, charge, counted, .. } = place.terms;
        let stateless = !counted.meter.keeps_reading()
            && charge.as_ref().is_none_or(|charge| charge.wallet.is_none());
        if let (Capacity::Granted { .. }, known) = (capacity, self.verdict.retry) {
            let at = period::counted_at(self.view, place.counted(), self.request.at);
            let told = stateless && at == self.view.now && known != Retry::NotComputed;
            let asked = (opened, binding.asked);
            self.verdict.retry = if told {
                retry::later(known, retry::refills(self.view, self.request, place, asked))
            } else {
                Retry::NotComputed
            };
            return;
        }
        let told = stateless
            && matches!(capacity, Capacity::Fixed { read: CapacityRead::Live, .. })
            && place.terms.line.overage != Overage::Kept;
        let (now, version) = (self.view.now, self.view.catalog.version());
        let of_now = |balance: &Balance| balance.generation == version && now < balance.window_end;
        let open = opened.iter().all(of_now);
        let at_the_end = match binding.resets_at {
            end if end >= place.terms.window.over() => Retry::Never,
            end => Retry::At(end),
        };
        let enforcement = *self.enforcement(place.terms);
        let ask = (binding, enforcement);
        let reopens = || retry::reopens(self.view, self.request, (opened, ask), at_the_end);
        let none = Quantity::ZERO;
        let anew = opened.first().map(|first| Balance { used: none, held: none, ..*first });
        let fits = |anew: &Balance| Standing::of(anew).admits(binding.asked, enforcement);
        self.verdict.retry = match self.verdict.retry {
            Retry::NotComputed => Retry::NotComputed,
            _ if !told => Retry::NotComputed,
            _ if !anew.as_ref().is_some_and(fits) => Retry::Never,
            _ if !open && at_the_end != Retry::Never => Retry::NotComputed,
            known => retry::later(known, reopens()),
        };
    }
}
