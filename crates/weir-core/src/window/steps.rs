//! Where are the boundaries? At equal civil steps from an origin, on the clocks of a zone.

use super::MonthRule;
use super::zone::Zone;
use crate::time::Stride;
use crate::time::civil::{DAY_MS, Date, days_in_month};

/// Boundaries at the multiples of a stride from an origin, in both directions. None is reached by
/// way of another, but for months that step.
pub(super) struct Steps<'z> {
    zone: Option<&'z Zone>,
    /// What the clocks show at the origin.
    origin: i64,
    /// The day of the month that is wanted where a month has it.
    day: u8,
    step: Step,
    rule: MonthRule,
    /// Where months that step leave their day for good: after so many steps, on that date.
    turn: Option<(i64, Date)>,
}

/// What lies between two boundaries, in the order in which it is added.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) months: i64,
    /// Milliseconds on the clocks.
    pub(super) shown: i64,
    /// Milliseconds that pass.
    pub(super) elapsed: i64,
}

impl From<Stride> for Step {
    fn from(Stride { months, days, elapsed }: Stride) -> Self {
        let shown = i64::from(days).saturating_mul(DAY_MS);
        Self { months: i64::from(months), shown, elapsed: elapsed.as_millis() }
    }
}

impl<'z> Steps<'z> {
    pub(super) fn new(
        zone: Option<&'z Zone>,
        (origin, day): (i64, Option<u8>),
        (step, rule): (Step, MonthRule),
    ) -> Self {
        let date = Date::from_days(origin.div_euclid(DAY_MS));
        let stepwise = rule == MonthRule::OverflowStepwise && step.months > 0;
        let turn = if stepwise { turn(date, step.months) } else { None };
        Self { zone, origin, day: day.unwrap_or(date.day), step, rule, turn }
    }

    /// The two boundaries around `ms`, the first of which is at or before it.
    pub(super) fn around(&self, ms: i64) -> (i64, i64) {
        let mut n = self.estimate(ms);
        while self.boundary(n) > ms {
            n = n.saturating_sub(1);
        }
        loop {
            let next = self.boundary(n.saturating_add(1));
            if next > ms {
                return (self.boundary(n), next);
            }
            n = n.saturating_add(1);
        }
    }

    /// The instant of the `n`-th boundary. A time that the clocks leave out is the first instant
    /// after the gap; of one that they show twice the first counts.
    pub(super) fn boundary(&self, n: i64) -> i64 {
        let Step { shown, elapsed, .. } = self.step;
        let local = self.months_on(n).saturating_add(shown.saturating_mul(n));
        let instant = self.zone.map_or(local, |zone| zone.first_shows(local));
        instant.saturating_add(elapsed.saturating_mul(n))
    }

    /// About which boundary comes before `ms`: a few days off at most, since years average out.
    fn estimate(&self, ms: i64) -> i64 {
        let Step { months, shown, elapsed } = self.step;
        let length = months.saturating_mul(MONTH_MS).saturating_add(shown).saturating_add(elapsed);
        let local = self.zone.map_or(ms, |zone| zone.shown_by(ms));
        local.saturating_sub(self.origin).div_euclid(length.max(1))
    }

    /// The origin, moved by the months of `n` steps.
    fn months_on(&self, n: i64) -> i64 {
        if self.step.months == 0 {
            return self.origin;
        }
        let (mut date, mut n) = (Date::from_days(self.origin.div_euclid(DAY_MS)), n);
        if let Some((steps, later)) = self.turn.filter(|(steps, _)| n >= *steps) {
            (date, n) = (later, n.saturating_sub(steps));
        }
        let first = date.first_of_month(self.step.months.saturating_mul(n));
        let day = match self.rule {
            MonthRule::Clamp => self.day.min(days_in_month(first.year, first.month)),
            MonthRule::Overflow | MonthRule::OverflowStepwise => date.day,
        };
        let days = first.to_days().saturating_add(i64::from(day)).saturating_sub(1);
        days.saturating_mul(DAY_MS).saturating_add(self.origin.rem_euclid(DAY_MS))
    }
}

/// The first step that ends in a month without the day of `date`, and the date that it spills to.
/// That is one of the first three days of a month, which every month has: it never happens again.
fn turn(date: Date, months: i64) -> Option<(i64, Date)> {
    if date.day <= EVERY_MONTH_HAS {
        return None;
    }
    let most = CYCLE_MONTHS.checked_div(months).unwrap_or(0).max(1);
    (1..=most).find_map(|n| {
        let first = date.first_of_month(months.saturating_mul(n));
        let spills = date.day > days_in_month(first.year, first.month);
        let days = first.to_days().saturating_add(i64::from(date.day)).saturating_sub(1);
        spills.then(|| (n, Date::from_days(days)))
    })
}

const EVERY_MONTH_HAS: u8 = 28;
const CYCLE_MONTHS: i64 = 4_800; // after 400 years the calendar is the same again
const MONTH_MS: i64 = 2_629_746_000; // 146 097 days in 4 800 months
