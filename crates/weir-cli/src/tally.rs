//! What came of a run? Counts by plan, by reason and over time, in bounded memory.

use std::collections::BTreeMap;

use weir_core::amount::Quantity;
use weir_core::time::Timestamp;

/// The counts of a run.
pub(crate) struct Tally {
    pub(crate) plans: Vec<PlanTally>,
    pub(crate) timeline: Timeline,
    /// Decisions that an earlier line with a later time held back: taken at that later time.
    pub(crate) held: u64,
}

/// The counts of one plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlanTally {
    pub(crate) name: String,
    pub(crate) customers: u64,
    pub(crate) admitted: u64,
    /// By the reason's code.
    pub(crate) denied: BTreeMap<&'static str, u64>,
    /// Tokens of what was admitted.
    pub(crate) tokens: Quantity,
    /// Money taken from prepaid wallets.
    pub(crate) charged: Quantity,
}

/// What one decision came to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    Admitted {
        tokens: Quantity,
        charged: Quantity,
    },
    /// With the reason's code.
    Denied(&'static str),
}

impl Tally {
    /// Empty counts for plans of these names, in this order.
    pub(crate) fn new<'a>(plans: impl IntoIterator<Item = &'a str>) -> Self {
        let plan = |name: &str| PlanTally { name: name.into(), ..PlanTally::default() };
        Self { plans: plans.into_iter().map(plan).collect(), timeline: Timeline::new(), held: 0 }
    }

    /// Counts a customer that was seen for the first time.
    pub(crate) fn customer(&mut self, plan: usize) {
        if let Some(plan) = self.plans.get_mut(plan) {
            plan.customers = plan.customers.saturating_add(1);
        }
    }

    /// Counts a decision that was not taken at its own time.
    pub(crate) const fn hold(&mut self) {
        self.held = self.held.saturating_add(1);
    }

    /// Counts a decision for a customer of the plan with this index.
    pub(crate) fn decision(&mut self, plan: usize, at: Timestamp, outcome: Outcome) {
        self.timeline.count(at, outcome);
        let Some(plan) = self.plans.get_mut(plan) else { return };
        match outcome {
            Outcome::Admitted { tokens, charged } => {
                plan.admitted = plan.admitted.saturating_add(1);
                plan.tokens = plus(plan.tokens, tokens);
                plan.charged = plus(plan.charged, charged);
            }
            Outcome::Denied(code) => {
                let count = plan.denied.entry(code).or_default();
                *count = count.saturating_add(1);
            }
        }
    }

    /// All plans together.
    pub(crate) fn total(&self) -> PlanTally {
        let mut total = PlanTally { name: "all".into(), ..PlanTally::default() };
        for plan in &self.plans {
            total.customers = total.customers.saturating_add(plan.customers);
            total.admitted = total.admitted.saturating_add(plan.admitted);
            for (code, count) in &plan.denied {
                let sum = total.denied.entry(code).or_default();
                *sum = sum.saturating_add(*count);
            }
            total.tokens = plus(total.tokens, plan.tokens);
            total.charged = plus(total.charged, plan.charged);
        }
        total
    }
}

/// Admitted and denied over time, in at most [`Timeline::ROWS_MAX`] slices of equal length.
///
/// A slice starts at a whole multiple of its length since the epoch. When a decision does not fit
/// in, slices are put together until it does, so neither the length of a trace nor a time that goes
/// back costs memory.
pub(crate) struct Timeline {
    slices: BTreeMap<i64, Slice>,
    /// The length of a slice, in milliseconds.
    length_ms: i64,
}

/// The decisions of one slice of time.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Slice {
    pub(crate) admitted: u64,
    pub(crate) denied: u64,
}

impl Timeline {
    /// The most slices.
    pub(crate) const ROWS_MAX: i64 = 32;

    const fn new() -> Self {
        Self { slices: BTreeMap::new(), length_ms: 1_000 }
    }

    fn count(&mut self, at: Timestamp, outcome: Outcome) {
        let mut index = at.as_millis().div_euclid(self.length_ms);
        while !self.fits(index) {
            self.widen();
            index = at.as_millis().div_euclid(self.length_ms);
        }
        let slice = self.slices.entry(index).or_default();
        match outcome {
            Outcome::Admitted { .. } => slice.admitted = slice.admitted.saturating_add(1),
            Outcome::Denied(_) => slice.denied = slice.denied.saturating_add(1),
        }
    }

    /// The slices from the first to the last, empty ones too, each with its start.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (Timestamp, Slice)> {
        let first = self.slices.keys().next().copied().unwrap_or_default();
        let end = self.slices.keys().next_back().map_or(first, |last| last.saturating_add(1));
        (first..end).map(|index| {
            let start = Timestamp::from_millis(index.saturating_mul(self.length_ms));
            let slice = self.slices.get(&index).copied().unwrap_or_default();
            (start.unwrap_or(Timestamp::MIN), slice)
        })
    }

    fn fits(&self, index: i64) -> bool {
        let first = self.slices.keys().next().map_or(index, |first| index.min(*first));
        let last = self.slices.keys().next_back().map_or(index, |last| index.max(*last));
        last.saturating_sub(first) < Self::ROWS_MAX
    }

    /// Goes to the next longer slices: a whole number of the present ones each.
    fn widen(&mut self) {
        let longer = LENGTHS_MS.iter().copied().find(|length| *length > self.length_ms);
        let longer = longer.unwrap_or_else(|| self.length_ms.saturating_mul(2));
        let times = longer.checked_div(self.length_ms).unwrap_or(1);
        let mut slices = BTreeMap::<i64, Slice>::new();
        for (index, slice) in &self.slices {
            let sum = slices.entry(index.div_euclid(times)).or_default();
            sum.admitted = sum.admitted.saturating_add(slice.admitted);
            sum.denied = sum.denied.saturating_add(slice.denied);
        }
        (self.slices, self.length_ms) = (slices, longer);
    }
}

/// A sum for the eye: what does not fit stays at the largest.
fn plus(left: Quantity, right: Quantity) -> Quantity {
    Quantity::from_nanos(left.as_nanos().saturating_add(right.as_nanos()))
}

/// From a second to a day, each a whole multiple of the one before; then it doubles.
const LENGTHS_MS: [i64; 11] = [
    1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 10_800_000, 21_600_000, 43_200_000,
    86_400_000,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000).unwrap()
    }

    #[test]
    fn a_timeline_widens_and_loses_no_decision() {
        let mut timeline = Timeline::new();
        for second in 0..86_400 {
            timeline.count(at(second), Outcome::Denied("limit_exceeded"));
        }
        timeline.count(at(-1), Outcome::Denied("limit_exceeded")); // a time that goes back
        let rows: Vec<_> = timeline.rows().collect();
        assert_eq!(rows.len(), 25, "hours, and the one before");
        assert_eq!(rows[0], (at(-3_600), Slice { admitted: 0, denied: 1 }));
        assert!(rows[1..].iter().all(|(_, slice)| slice.denied == 3_600));
    }

    #[test]
    fn the_ends_of_time_fit_into_one_timeline() {
        let mut timeline = Timeline::new();
        for at in [Timestamp::MAX, Timestamp::MIN, Timestamp::EPOCH] {
            timeline.count(at, Outcome::Denied("limit_exceeded"));
        }
        assert!(timeline.rows().count() <= 32);
        assert_eq!(timeline.rows().map(|(_, slice)| slice.denied).sum::<u64>(), 3);
    }
}
