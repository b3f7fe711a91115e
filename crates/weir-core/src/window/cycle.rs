//! Which period of a cycle is it? A trial, a stub, then equal civil periods up to an end.

use super::steps::{Step, Steps};
use super::zone::{Zone, ZoneId};
use super::{
    DAY_MS, HOUR_MS, MINUTE_MS, MonthRule, Period, Unit, WEEK_MS, Weekday, clamped, cut, shown,
};
use crate::time::civil::{Date, days_in_month};
use crate::time::{Span, Timestamp};

/// Civil periods that start at a time of their own, from an instant on.
///
/// The first start is the one in the unit in which the cycle begins; if that is past, the first
/// whole number of periods after it. What lies before it is a stub, a shorter period.
///
/// # Example
///
/// ```
/// use weir_core::time::{TimeError, Timestamp};
/// use weir_core::window::zone::Zones;
/// use weir_core::window::{Cycle, MonthRule, Unit, Window};
///
/// let billing = Window::Cycle(Cycle {
///     unit: Unit::Month,
///     count: 1,
///     at: Some(31),
///     month_rule: MonthRule::Clamp,
///     trial: None,
///     until: None,
///     zone: None,
/// });
/// let from: Timestamp = "2026-01-10T12:00:00Z".parse()?;
/// let starts = |at: &str| -> Result<String, TimeError> {
///     let period = billing.period(at.parse()?, from, &Zones::NONE);
///     Ok(period.map_or("none".into(), |period| period.start.to_string()))
/// };
/// assert_eq!(starts("2026-01-20T00:00:00Z")?, "2026-01-10T12:00:00.000Z"); // the stub
/// assert_eq!(starts("2026-03-01T00:00:00Z")?, "2026-02-28T00:00:00.000Z");
/// assert_eq!(starts("2026-04-01T00:00:00Z")?, "2026-03-31T00:00:00.000Z");
/// assert_eq!(starts("2026-01-10T11:59:59Z")?, "none"); // nothing counts before it begins
/// # Ok::<(), TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cycle {
    /// What is counted.
    pub unit: Unit,
    /// How many units make a period; above zero.
    pub count: u16,
    /// Where in its unit a period starts: the second of the minute, minute of the hour, hour of the
    /// day, day of the week (1 for Monday), or day of the month; for a year that of the month in
    /// which the cycle begins. `None` for where the cycle begins, cut to the minute's second, the
    /// hour's minute, or else to the day.
    pub at: Option<u8>,
    /// What happens to a day that a month does not have; the first start is the last day then.
    pub month_rule: MonthRule,
    /// A period of its own before the cycle begins.
    pub trial: Option<Span>,
    /// Where the last period is cut.
    pub until: Option<Timestamp>,
    /// Whose clocks count.
    pub zone: Option<ZoneId>,
}

impl Cycle {
    pub(super) fn period(
        &self,
        ms: i64,
        from: Timestamp,
        zone: Option<&Zone>,
    ) -> Result<Period, Period> {
        let until = self.until.unwrap_or(Period::NEVER);
        let at = clamped(ms);
        let begins = self
            .trial
            .map_or(from, |trial| clamped(from.as_millis().saturating_add(trial.as_millis())));
        if at < begins {
            return cut(Period { start: from, end: begins }, at, (from, until));
        }
        let steps = self.steps(begins, zone);
        let first = steps.boundary(0);
        let (start, end) = if ms < first { (begins.as_millis(), first) } else { steps.around(ms) };
        let period = Period { start: clamped(start).max(begins), end: clamped(end) };
        cut(period, at, (from, until))
    }

    fn steps<'z>(&self, begins: Timestamp, zone: Option<&'z Zone>) -> Steps<'z> {
        let (origin, day) = self.origin(shown(zone, begins.as_millis()));
        let count = i64::from(self.count);
        let shown = |unit: i64| Step { months: 0, shown: unit.saturating_mul(count), elapsed: 0 };
        let step = match self.unit {
            Unit::Minute => shown(MINUTE_MS),
            Unit::Hour => shown(HOUR_MS),
            Unit::Day => shown(DAY_MS),
            Unit::Week => shown(WEEK_MS),
            Unit::Month => Step { months: count, ..shown(0) },
            Unit::Year => Step { months: count.saturating_mul(12), ..shown(0) },
        };
        Steps::new(zone, (origin, day), (step, self.month_rule))
    }

    /// The start in the unit in which `local` lies, and the day of the month that is wanted.
    fn origin(&self, local: i64) -> (i64, Option<u8>) {
        let days = local.div_euclid(DAY_MS);
        let (count, at) = (i64::from(self.count), self.at.map(i64::from));
        let slot = |count| self.unit.around(local, count, Weekday::Monday).0;
        let mark_of =
            |mark: i64| at.unwrap_or(local.div_euclid(mark).rem_euclid(60)).saturating_mul(mark);
        let origin = match self.unit {
            Unit::Minute => slot(count).saturating_add(mark_of(1_000)),
            Unit::Hour => slot(count).saturating_add(mark_of(MINUTE_MS)),
            Unit::Day => slot(1).saturating_add(at.unwrap_or(0).saturating_mul(HOUR_MS)),
            Unit::Week => match at {
                Some(at) => slot(1).saturating_add(at.saturating_sub(1).saturating_mul(DAY_MS)),
                None => days.saturating_mul(DAY_MS),
            },
            Unit::Month | Unit::Year => {
                let Date { year, month, day } = Date::from_days(days);
                let wanted = self.at.unwrap_or(day);
                let date = Date { year, month, day: wanted.min(days_in_month(year, month)) };
                return (date.to_days().saturating_mul(DAY_MS), Some(wanted));
            }
        };
        (origin, None)
    }
}
