//! Where do the periods of the calendar start, when one walks through it day by day?
//!
//! The walk begins on Monday, the first of January of year 1, and ends with year 9999. Periods of
//! several units are every n-th start, counted both ways from the start that 1970 has.

use std::ops::RangeInclusive;

use weir_core::time::Timestamp;
use weir_core::window::Unit;

/// The starts of days, weeks, months and years, in milliseconds since 1970.
pub struct Line {
    days: Starts,
    weeks: Starts,
    months: Starts,
    years: Starts,
}

/// The starts of one unit, in order.
#[derive(Default)]
struct Starts {
    all: Vec<i64>,
    /// How many come before the one that is counted from.
    before: usize,
}

impl Line {
    /// Walks through all of it.
    #[must_use]
    pub fn walked() -> Self {
        let new = Starts::default;
        let mut line = Self { days: new(), weeks: new(), months: new(), years: new() };
        let mut ms = Timestamp::MIN.as_millis();
        let mut weekday = 0;
        for year in 1..10_000 {
            line.years.push(ms, year < 1970);
            for (month, days) in (1..).zip(lengths(year)) {
                line.months.push(ms, year < 1970);
                for day in 1..=days {
                    line.days.push(ms, year < 1970);
                    if weekday == 0 {
                        line.weeks.push(ms, (year, month, day) < (1970, 1, 5));
                    }
                    weekday = if weekday == 6 { 0 } else { weekday + 1 };
                    ms += 24 * HOUR_MS;
                }
            }
        }
        line
    }

    /// The starts of all periods of `count` units, in order; before them the beginning of the line
    /// where it cuts the first one short, and after them the end of the line.
    ///
    /// Of hours and minutes, the starts in the days that start within `days`, and no ends of the line.
    #[must_use]
    pub fn boundaries(&self, unit: Unit, count: usize, days: &RangeInclusive<i64>) -> Vec<i64> {
        let starts = match unit {
            Unit::Day => &self.days,
            Unit::Week => &self.weeks,
            Unit::Month => &self.months,
            Unit::Year => &self.years,
            Unit::Hour => return self.in_days(days, &clock(24, count, HOUR_MS)),
            Unit::Minute => {
                let hours = clock(24, 1, HOUR_MS);
                let within = clock(60, count, MINUTE_MS);
                let day = hours.iter().flat_map(|hour| within.iter().map(move |m| hour + m));
                return self.in_days(days, &day.collect::<Vec<_>>());
            }
        };
        let mut boundaries = starts.every(count);
        boundaries.insert(0, Timestamp::MIN.as_millis());
        boundaries.dedup();
        boundaries.push(Timestamp::MAX.as_millis());
        boundaries
    }

    fn in_days(&self, days: &RangeInclusive<i64>, of_a_day: &[i64]) -> Vec<i64> {
        let first = self.days.all.partition_point(|day| day < days.start());
        let all = self.days.all.iter().skip(first).take_while(|day| days.contains(day));
        all.flat_map(|day| of_a_day.iter().map(move |ms| day + ms)).collect()
    }
}

impl Starts {
    fn push(&mut self, ms: i64, before: bool) {
        self.all.push(ms);
        self.before += usize::from(before);
    }

    /// Every `count`-th start, so that the one that is counted from is among them.
    fn every(&self, count: usize) -> Vec<i64> {
        let first = (0..=self.before).rev().step_by(count).last().unwrap_or(0);
        self.all.iter().copied().skip(first).step_by(count).collect()
    }
}

/// The times on a dial of `len` marks at which a new period of `count` marks starts.
fn clock(len: i64, count: usize, mark_ms: i64) -> Vec<i64> {
    (0..len).step_by(count).map(|mark| mark * mark_ms).collect()
}

fn lengths(year: i32) -> [u8; 12] {
    let common = year % 4 != 0 || (year % 100 == 0 && year % 400 != 0);
    [31, if common { 28 } else { 29 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

const HOUR_MS: i64 = 60 * MINUTE_MS;
const MINUTE_MS: i64 = 60_000;
