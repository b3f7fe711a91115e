//! How much does the request ask of a limit? What its meter makes of all the costs that it counts.

use super::{Place, Scale, reading_end};
use crate::amount::Quantity;
use crate::catalog::{Counted, Kind};
use crate::decide::{Cost, Observer};
use crate::meter::Reading;
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
        Place { account, terms, .. }: Place<'_>,
        resets_at: Timestamp,
    ) -> Option<(Quantity, Option<Reading>)> {
        let meter = &terms.counted.meter;
        let end = reading_end(meter, resets_at);
        let mut readings = self.view.accounts.readings(account);
        let found = readings.find(|known| (known.limit, known.window_end) == (terms.limit, end));
        let mut reading = found.map(|known| known.reading);
        let mut total = Quantity::ZERO;
        let of_feature = |cost: &&Cost| cost.feature == terms.counted.feature;
        for cost in self.request.costs.iter().filter(of_feature) {
            let read = meter.read(reading, cost.quantity, self.request.at)?;
            (reading, total) = (Some(read.reading), total.checked_add(read.delta)?);
        }
        Some((total, reading))
    }
}
