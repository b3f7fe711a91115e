//! How much does the request ask of a limit? What its meter makes of all the costs that it counts.

use super::{Place, Scale, reading_end};
use crate::amount::Quantity;
use crate::catalog::{Counted, Kind};
use crate::decide::{Cost, Effect, Observer};
use crate::meter::{Aggregation, Reading};
use crate::time::Timestamp;

impl<O: Observer> Scale<'_, O> {
    /// How much the request adds to a limit whose meter keeps nothing.
    #[inline(always)]
    pub(super) fn count(&self, place: Place<'_>) -> Option<Quantity> {
        let Counted { meter, rates, kind, .. } = &place.terms.counted;
        match self.request.costs {
            [only] if rates.is_empty() && *kind == Kind::Metered => meter.measure(only.quantity),
            _ => self.count_all(place),
        }
    }

    #[inline(never)]
    fn count_all(&self, place: Place<'_>) -> Option<Quantity> {
        let counted = &place.terms.counted;
        self.request.costs.iter().try_fold(Quantity::ZERO, |sum, cost| {
            if !counted.counts(cost.feature) {
                return Some(sum);
            }
            counted.kind.join(sum, counted.measure(cost.feature, cost.quantity)?)
        })
    }

    /// How much the request adds to the limit, and the meter's reading afterwards.
    #[inline(never)]
    pub(super) fn read(
        &self,
        place: Place<'_>,
        resets_at: Timestamp,
    ) -> Option<(Quantity, Option<Reading>)> {
        let Place { account, terms, .. } = place;
        let meter = &terms.counted.meter;
        let end = reading_end(meter, resets_at);
        let mut readings = self.view.accounts.readings(account);
        let found = readings.find(|known| (known.limit, known.window_end) == (terms.limit, end));
        let mut reading = found.map(|known| known.reading);
        let mut total = Quantity::ZERO;
        let of_feature = |cost: &&Cost| cost.feature == terms.counted.feature;
        for (at, cost) in self.request.costs.iter().enumerate() {
            if !of_feature(&cost) || self.is_known(place, end, at) {
                continue;
            }
            let read = meter.read(reading, cost.quantity, self.request.at)?;
            (reading, total) = (Some(read.reading), total.checked_add(read.delta)?);
        }
        // Whom it knows already it met again, and its reading is what it was.
        Some((
            total,
            Some(reading.unwrap_or(Reading { value: Quantity::ZERO, at: self.request.at })),
        ))
    }

    /// Whether the cost at a place names one whom the meter knows already.
    fn is_known(&self, Place { scope, terms, .. }: Place<'_>, end: Timestamp, at: usize) -> bool {
        if !matches!(terms.counted.meter.aggregation, Aggregation::UniqueCount(_)) {
            return false;
        }
        let (earlier, rest) = self.request.costs.split_at_checked(at).unwrap_or_default();
        let Some(cost) = rest.first() else { return false };
        earlier.contains(cost)
            || self.view.accounts.is_member(scope, (terms.limit, end), cost.quantity)
    }

    /// Counts whom the meter did not know.
    #[inline(never)]
    pub(super) fn enlist(&mut self, place: Place<'_>, end: Timestamp) {
        let Place { scope, terms, .. } = place;
        for (at, cost) in self.request.costs.iter().enumerate() {
            if cost.feature == terms.counted.feature && !self.is_known(place, end, at) {
                let (limit, member) = (terms.limit, cost.quantity);
                self.workings.effects.push(Effect::Member {
                    scope,
                    limit,
                    member,
                    window_end: end,
                });
            }
        }
    }
}
