//! Which date is it? Days to dates and back, UTC, proleptic Gregorian.
//!
//! A day is a count of days since 1970-01-01. The arithmetic counts years from the first of March,
//! so that the leap day is the last day of a year and needs no case of its own.
//!
//! # Source
//!
//! The Gregorian rule: a leap year every 4, but not every 100, but every 400 years, which makes
//! 146 097 days in 400 years.

use super::{TimeError, Timestamp};

/// Milliseconds in a day.
pub const DAY_MS: i64 = 86_400_000;

/// A civil date.
///
/// # Shape
///
/// Years 1 to 9999, months 1 to 12, days 1 to the last of that month.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Date {
    /// 1 to 9999.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl Date {
    /// The date on which `instant` falls, UTC.
    #[must_use]
    pub fn of(instant: Timestamp) -> Self {
        Self::from_days(instant.as_millis().div_euclid(DAY_MS))
    }

    /// The date `days` days after 1970-01-01.
    #[must_use]
    pub fn from_days(days: i64) -> Self {
        // Shifted to a count from 0000-03-01. Callers hold days of a `Timestamp`: nothing saturates.
        let shifted = days.saturating_add(DAYS_TO_EPOCH);
        let era = shifted.div_euclid(DAYS_PER_ERA);
        let day_of_era = shifted.rem_euclid(DAYS_PER_ERA);
        let year_of_era = year_of_era(day_of_era);
        let day_of_year = day_of_era.saturating_sub(days_before_year(year_of_era));
        let from_march = day_of_year.saturating_mul(5).saturating_add(2).div_euclid(153);
        let day = day_of_year.saturating_sub(days_before_month(from_march)).saturating_add(1);
        let month = if from_march < 10 {
            from_march.saturating_add(3)
        } else {
            from_march.saturating_sub(9)
        };
        let year = era
            .saturating_mul(400)
            .saturating_add(year_of_era)
            .saturating_add(i64::from(month <= 2));
        Self { year: narrow(year), month: narrow_u8(month), day: narrow_u8(day) }
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn to_days(self) -> i64 {
        let month = i64::from(self.month);
        let year = i64::from(self.year).saturating_sub(i64::from(month <= 2));
        let from_march = if month > 2 { month.saturating_sub(3) } else { month.saturating_add(9) };
        let day_of_year =
            days_before_month(from_march).saturating_add(i64::from(self.day)).saturating_sub(1);
        let year_of_era = year.rem_euclid(400);
        year.div_euclid(400)
            .saturating_mul(DAYS_PER_ERA)
            .saturating_add(days_before_year(year_of_era))
            .saturating_add(day_of_year)
            .saturating_sub(DAYS_TO_EPOCH)
    }

    /// The first instant of the date, UTC.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] outside years 0001 to 9999.
    pub fn midnight(self) -> Result<Timestamp, TimeError> {
        Timestamp::from_millis(self.to_days().saturating_mul(DAY_MS))
    }

    /// The first of the month that lies `months` months after this date's month.
    #[must_use]
    pub fn first_of_month(self, months: i64) -> Self {
        let index = self.month_index().saturating_add(months);
        Self {
            year: narrow(index.div_euclid(12)),
            month: narrow_u8(index.rem_euclid(12).saturating_add(1)),
            day: 1,
        }
    }

    /// Months since January of year 0.
    #[must_use]
    pub fn month_index(self) -> i64 {
        i64::from(self.year)
            .saturating_mul(12)
            .saturating_add(i64::from(self.month))
            .saturating_sub(1)
    }
}

/// The number of days in a month of a year.
#[must_use]
pub const fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

const fn is_leap(year: i32) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// The year within 400, counted from March, in which a day of the era falls.
fn year_of_era(day_of_era: i64) -> i64 {
    let leaps = day_of_era
        .div_euclid(1_460)
        .saturating_sub(day_of_era.div_euclid(36_524))
        .saturating_add(day_of_era.div_euclid(146_096));
    day_of_era.saturating_sub(leaps).div_euclid(365)
}

fn days_before_year(year_of_era: i64) -> i64 {
    year_of_era
        .saturating_mul(365)
        .saturating_add(year_of_era.div_euclid(4))
        .saturating_sub(year_of_era.div_euclid(100))
}

/// Days of the year before a month counted from March: months of 31, 30, 31, 30, 31 days repeat.
fn days_before_month(from_march: i64) -> i64 {
    from_march.saturating_mul(153).saturating_add(2).div_euclid(5)
}

fn narrow(year: i64) -> i32 {
    i32::try_from(year).unwrap_or(i32::MAX)
}

fn narrow_u8(part: i64) -> u8 {
    u8::try_from(part).unwrap_or(u8::MAX)
}

const DAYS_PER_ERA: i64 = 146_097;
const DAYS_TO_EPOCH: i64 = 719_468; // from 0000-03-01 to 1970-01-01
