//! Which period is it, when the calendar is walked year by year and month by month?

use weir_core::catalog::definition::WindowDefinition;
use weir_core::time::Timestamp;
use weir_core::window::Unit;

/// The half-open period around `at`, in milliseconds; a first-use period would start at `at`.
///
/// `anchor` is the scope's own, for windows that state none.
#[must_use]
pub fn period(window: WindowDefinition, at: i64, anchor: i64) -> (i64, i64) {
    let (start, end) = match window {
        WindowDefinition::Anchored { anchor: stated, span } => {
            cell(at, stated.map_or(anchor, Timestamp::as_millis), span.as_millis())
        }
        WindowDefinition::Calendar { count, unit } => civil(unit, i64::from(count), at),
        WindowDefinition::FirstUse { span } => (at, at + span.as_millis()),
        WindowDefinition::Lifetime => (FIRST, LAST),
    };
    (start.max(FIRST), end.min(LAST))
}

fn civil(unit: Unit, count: i64, at: i64) -> (i64, i64) {
    let midnight = at - at.rem_euclid(DAY);
    let full_hour = at - at.rem_euclid(HOUR);
    let cut = |(start, end): (i64, i64), last: i64| (start, end.min(last));
    match unit {
        Unit::Minute => cut(cell(at, full_hour, count * MINUTE), full_hour + HOUR),
        Unit::Hour => cut(cell(at, midnight, count * HOUR), midnight + DAY),
        Unit::Day => cell(at, 0, count * DAY),
        Unit::Week => cell(at, 4 * DAY, count * 7 * DAY), // 1970-01-05 was a Monday
        Unit::Month => months(at, count),
        Unit::Year => months(at, count * 12),
    }
}

/// The one of the periods of `length`, laid out from `origin` in both directions, that has `at`.
fn cell(at: i64, origin: i64, length: i64) -> (i64, i64) {
    let whole = (at - origin).div_euclid(length);
    (origin + whole * length, origin + (whole + 1) * length)
}

/// Walks from January 1970 to the month that has `at`, then back to the start of its group.
fn months(at: i64, count: i64) -> (i64, i64) {
    let mut month = 0;
    let mut start = 0;
    while start > at {
        month -= 1;
        start -= length(month);
    }
    while start + length(month) <= at {
        start += length(month);
        month += 1;
    }
    while month % count != 0 {
        month -= 1;
        start -= length(month);
    }
    (start, (month..month + count).fold(start, |end, month| end + length(month)))
}

/// How long a month is; months are counted from January 1970.
fn length(month: i64) -> i64 {
    let year = 1970 + month.div_euclid(12);
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month.rem_euclid(12) {
        1 if leap => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    };
    days * DAY
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const FIRST: i64 = Timestamp::MIN.as_millis();
pub(super) const LAST: i64 = Timestamp::MAX.as_millis();
