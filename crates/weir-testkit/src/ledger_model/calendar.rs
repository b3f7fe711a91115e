//! Which period is it, when the calendar is walked year by year and month by month?

use std::sync::LazyLock;

use weir_core::catalog::definition::{CycleDefinition, WindowDefinition};
use weir_core::time::{Span, Stride, Timestamp};
use weir_core::window::zone::ZoneName;
use weir_core::window::{MonthRule, Unit, Weekday};

use super::clocks::{Clocks, clocks};

/// The half-open period around `at`, in milliseconds; a first-use period would start at `at`. Or
/// else the stretch around `at` in which the window has none.
///
/// `anchor` is the scope's own, for windows that state none.
///
/// # Errors
///
/// The stretch around `at` in which the window has no period.
pub fn period(window: &WindowDefinition, at: i64, anchor: i64) -> Result<(i64, i64), (i64, i64)> {
    let clocks = |zone: &Option<ZoneName>| zone.as_ref().and_then(clocks);
    let (start, end) = match window {
        WindowDefinition::Anchored { anchor: stated, month_rule, span, zone } => {
            let anchor = stated.map_or(anchor, Timestamp::as_millis);
            if span.months == 0 && span.days == 0 {
                cell(at, anchor, span.elapsed.as_millis())
            } else {
                let from =
                    Anchor { at: anchor, day: None, rule: *month_rule, clocks: clocks(zone) };
                from.around(at, *span)
            }
        }
        WindowDefinition::Calendar { count, unit, week_starts, zone } => {
            let line =
                |local| civil((*unit, i64::from(*count)), week_starts.unwrap_or_default(), local);
            match clocks(zone) {
                None => line(at),
                Some(clocks) => between(clocks, line, at),
            }
        }
        WindowDefinition::Cycle(cycle) => return turn(cycle, at, anchor),
        WindowDefinition::FirstUse { span, zone } => {
            let clocks = clocks(zone);
            let local = clocks.map_or(at, |clocks| clocks.latest(at));
            let now = Anchor { at: local, day: None, rule: MonthRule::Clamp, clocks: None };
            let civil = now.boundary(1, Stride { elapsed: Span::ZERO, ..*span });
            let instant = |local| clocks.map_or(local, |clocks| clocks.first(local));
            let end = if local == civil { at } else { instant(civil) };
            (at, end + span.elapsed.as_millis())
        }
        WindowDefinition::Continuous { .. }
        | WindowDefinition::InFlight
        | WindowDefinition::Lifetime
        | WindowDefinition::PerRequest
        | WindowDefinition::Rolling { .. } => (FIRST, LAST), // no periods, or one
        WindowDefinition::Once { from, until } => {
            return cut((FIRST, LAST), at, (from.as_millis(), until.as_millis()));
        }
    };
    Ok((start.max(FIRST), end.min(LAST)))
}

/// When the window is over for good.
#[must_use]
pub fn over(window: &WindowDefinition) -> i64 {
    match window {
        WindowDefinition::Cycle(CycleDefinition { until: Some(until), .. })
        | WindowDefinition::Once { until, .. } => until.as_millis(),
        _ => LAST,
    }
}

fn cut(
    (start, end): (i64, i64),
    at: i64,
    (from, until): (i64, i64),
) -> Result<(i64, i64), (i64, i64)> {
    if until <= from {
        Err((FIRST, LAST))
    } else if at < from {
        Err((FIRST, from))
    } else if at >= until {
        Err((until, LAST))
    } else {
        Ok((start.max(from), end.min(until)))
    }
}

/// A trial, then a stub, then equal periods.
fn turn(cycle: &CycleDefinition, at: i64, anchor: i64) -> Result<(i64, i64), (i64, i64)> {
    let from = cycle.from.map_or(anchor, Timestamp::as_millis);
    let until = cycle.until.map_or(LAST, Timestamp::as_millis);
    let begins = (from + cycle.trial.map_or(0, Span::as_millis)).min(LAST);
    if at < begins {
        return cut((from, begins), at, (from, until));
    }
    let clocks = cycle.zone.as_ref().and_then(clocks);
    let local = clocks.map_or(begins, |clocks| clocks.shown(begins));
    let count = i64::from(cycle.count);
    let stated = cycle.at.map(i64::from);
    let midnight = local - local.rem_euclid(DAY);
    let slot = |unit| civil((unit, count), Weekday::Monday, local).0;
    // Where the first one starts, and what is on the clocks between one start and the next.
    let (origin, shown, months) = match cycle.unit {
        Unit::Minute => {
            let second = stated.unwrap_or(local.rem_euclid(MINUTE) / 1_000);
            (slot(Unit::Minute) + second * 1_000, MINUTE, 0)
        }
        Unit::Hour => {
            let minute = stated.unwrap_or(local.rem_euclid(HOUR) / MINUTE);
            (slot(Unit::Hour) + minute * MINUTE, HOUR, 0)
        }
        Unit::Day => (midnight + stated.unwrap_or(0) * HOUR, DAY, 0),
        Unit::Week => {
            let monday = civil((Unit::Week, 1), Weekday::Monday, local).0;
            (stated.map_or(midnight, |day| monday + (day - 1) * DAY), 7 * DAY, 0)
        }
        Unit::Month | Unit::Year => {
            let month = month_of(local);
            let own = (local - month_start(month)) / DAY + 1;
            let day = stated.unwrap_or(own).min(length(month) / DAY);
            (month_start(month) + (day - 1) * DAY, 0, if cycle.unit == Unit::Year { 12 } else { 1 })
        }
    };
    let instant = |local| clocks.map_or(local, |clocks: &Clocks| clocks.first(local));
    let first = instant(origin);
    let period = if at < first {
        (begins, first)
    } else if months > 0 {
        let day = stated.or_else(|| Some((local - month_start(month_of(local))) / DAY + 1));
        let steps = Stride { months: narrow(months * count), ..Stride::ZERO };
        Anchor { at: origin, day, rule: cycle.month_rule, clocks: None }.walked(at, steps, instant)
    } else {
        let line = |local| cell(local, origin, shown * count);
        clocks.map_or_else(|| line(at), |clocks| between(clocks, line, at))
    };
    cut((period.0.max(begins), period.1), at, (from, until))
}

/// The period of `at` where `line` lays out civil ones: the starts that are shown nearby, and that
/// would be, had the clocks not changed, on the line of instants.
fn between(clocks: &Clocks, line: impl Fn(i64) -> (i64, i64), at: i64) -> (i64, i64) {
    let mut nearby = vec![clocks.shown(at)];
    // No clock is put forward or back by more.
    let later = |at| clocks.stretches.partition_point(|(start, _)| *start <= at);
    let changes = clocks.stretches.get(later(at - 26 * HOUR).max(1)..later(at + 26 * HOUR));
    for (change, _) in changes.unwrap_or_default() {
        let (before, after) = (clocks.shown(*change - 1), clocks.shown(*change));
        nearby.extend([before, after, before + at - change, after + at - change]);
    }
    let mut instants = Vec::new();
    for local in nearby {
        let (start, end) = line(local);
        instants.extend([clocks.first(start), clocks.first(end)]);
    }
    let before = instants.iter().filter(|start| **start <= at).max();
    let after = instants.iter().filter(|start| **start > at).min();
    (before.copied().unwrap_or(FIRST), after.copied().unwrap_or(LAST))
}

/// From where civil spans are counted: an instant, or a time on the clocks.
struct Anchor {
    at: i64,
    /// The day of the month that is wanted, if it is not its own.
    day: Option<i64>,
    rule: MonthRule,
    clocks: Option<&'static Clocks>,
}

impl Anchor {
    fn around(&self, at: i64, span: Stride) -> (i64, i64) {
        let longest = i64::from(span.months) * 31 * DAY
            + i64::from(span.days) * DAY
            + span.elapsed.as_millis();
        let shortest = i64::from(span.months) * 28 * DAY
            + i64::from(span.days) * DAY
            + span.elapsed.as_millis();
        // Clocks and days that a month lacks move a boundary by less than three days.
        let (since, until) = (at - 3 * DAY - self.at, at + 3 * DAY - self.at);
        let mut n = since.div_euclid(if since < 0 { shortest } else { longest }) - 1;
        let mut after = until.div_euclid(if until < 0 { longest } else { shortest }) + 2;
        while n + 1 < after {
            let between = n + (after - n) / 2;
            let starts = self.boundary(between, span);
            *(if starts <= at { &mut n } else { &mut after }) = between;
        }
        (self.boundary(n, span), self.boundary(n + 1, span))
    }

    /// The same from the first one on, each through `instant`.
    fn walked(&self, at: i64, span: Stride, instant: impl Fn(i64) -> i64) -> (i64, i64) {
        // Neither clocks nor days that a month lacks move a step by more than a month or two.
        let months = month_of(at) - month_of(self.at);
        let mut n = (months / i64::from(span.months) - 3).max(0);
        while instant(self.boundary(n + 1, span)) <= at {
            n += 1;
        }
        (instant(self.boundary(n, span)), instant(self.boundary(n + 1, span)))
    }

    fn boundary(&self, n: i64, span: Stride) -> i64 {
        let local = self.clocks.map_or(self.at, |clocks| clocks.shown(self.at));
        let (month, time) = (month_of(local), local.rem_euclid(DAY));
        let own = (local - month_start(month)).div_euclid(DAY) + 1;
        let months = i64::from(span.months);
        let date = match self.rule {
            _ if months == 0 => local - time,
            MonthRule::Clamp => {
                let month = month + n * months;
                let day = self.day.unwrap_or(own).min(length(month) / DAY);
                month_start(month) + (day - 1) * DAY
            }
            MonthRule::OverflowStepwise if n > 0 => {
                let mut date = local - time;
                for _ in 0..n {
                    let month = month_of(date);
                    date = month_start(month + months) + (date - month_start(month));
                }
                date
            }
            _ => month_start(month + n * months) + (own - 1) * DAY,
        };
        let civil = date + time + n * i64::from(span.days) * DAY;
        let instant = self.clocks.map_or(civil, |clocks| clocks.first(civil));
        instant + n * span.elapsed.as_millis()
    }
}

fn civil((unit, count): (Unit, i64), week_starts: Weekday, at: i64) -> (i64, i64) {
    let midnight = at - at.rem_euclid(DAY);
    let full_hour = at - at.rem_euclid(HOUR);
    let cut = |(start, end): (i64, i64), last: i64| (start, end.min(last));
    let late = match week_starts {
        Weekday::Monday => 4, // 1970-01-05
        Weekday::Tuesday => 5,
        Weekday::Wednesday => 6,
        Weekday::Thursday => 7,
        Weekday::Friday => 8,
        Weekday::Saturday => 9,
        Weekday::Sunday => 10,
    };
    match unit {
        Unit::Minute => cut(cell(at, full_hour, count * MINUTE), full_hour + HOUR),
        Unit::Hour => cut(cell(at, midnight, count * HOUR), midnight + DAY),
        Unit::Day => cell(at, 0, count * DAY),
        Unit::Week => cell(at, late * DAY, count * 7 * DAY),
        Unit::Month => months(at, count),
        Unit::Year => months(at, count * 12),
    }
}

/// The one of the periods of `length`, laid out from `origin` in both directions, that has `at`.
fn cell(at: i64, origin: i64, length: i64) -> (i64, i64) {
    let whole = (at - origin).div_euclid(length);
    (origin + whole * length, origin + (whole + 1) * length)
}

/// Walks back from the month that has `at` to the start of its group.
fn months(at: i64, count: i64) -> (i64, i64) {
    let mut month = month_of(at);
    while month % count != 0 {
        month -= 1;
    }
    (month_start(month), month_start(month + count))
}

/// The month that has `at`; months are counted from January 1970.
fn month_of(at: i64) -> i64 {
    let later = MONTHS.partition_point(|start| *start <= at);
    i64::try_from(later).unwrap_or(0) - 1 - BEFORE_1970
}

/// When a month starts.
fn month_start(month: i64) -> i64 {
    let place = usize::try_from(month + BEFORE_1970).unwrap_or(0);
    MONTHS.get(place).or(MONTHS.last()).copied().unwrap_or(LAST)
}

/// The starts of all months from year 1 on, walked in both directions from 1970. They go on past 9999:
/// clocks that are ahead show the year after it before time ends, and whoever walks must get there.
static MONTHS: LazyLock<Vec<i64>> = LazyLock::new(|| {
    let mut starts = vec![0];
    let mut start = 0;
    for month in 1..=BEFORE_1970 {
        start -= length(-month);
        starts.push(start);
    }
    starts.reverse();
    start = 0;
    for month in 0..12 * 8_040 {
        start += length(month);
        starts.push(start);
    }
    starts
});

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

fn narrow(months: i64) -> u32 {
    u32::try_from(months).unwrap_or(u32::MAX)
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const BEFORE_1970: i64 = 12 * 1_969;
const FIRST: i64 = Timestamp::MIN.as_millis();
pub(super) const LAST: i64 = Timestamp::MAX.as_millis();
