//! The laws of `weir_core::window`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::LazyLock;

use proptest::prelude::*;
use weir_core::time::civil::Date;
use weir_core::time::{Span, Timestamp};
use weir_core::window::{Period, Unit, Window};
use weir_testkit::model::window::Line;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(8_000) })]

    #[test]
    fn periods_tile_the_line(window in windows(), at in instants(), anchor in instants()) {
        let period = window.period(at, anchor);
        prop_assert!(period.start < period.end, "{:?}", period);
        if at < Period::NEVER {
            prop_assert!(period.contains(at), "{:?} at {}", period, at);
        } else {
            prop_assert_eq!(period, window.period(before(at), anchor));
        }
        if period.end < Period::NEVER {
            prop_assert_eq!(window.period(period.end, anchor).start, period.end);
        }
        // A first-use period starts wherever it is asked for, so none comes before it.
        if period.start > Timestamp::MIN && window.counts_at_event() {
            prop_assert_eq!(window.period(before(period.start), anchor).end, period.start);
            prop_assert_eq!(window.period(period.start, anchor), period);
            prop_assert_eq!(window.period(before(period.end), anchor), period);
        }
    }

    #[test]
    fn anchored_from_the_anchor(anchor in instants(), span in spans(), steps in 0..40_usize, back in any::<bool>()) {
        let window = Window::Anchored { span };
        // One step is one addition: boundaries are met on foot, until the line ends.
        let next = |at: &Timestamp| if back { at.checked_sub(span) } else { at.checked_add(span) };
        for start in std::iter::successors(Some(anchor), next).take(1 + steps) {
            let end = start.checked_add(span).unwrap_or(Period::NEVER);
            if start == Period::NEVER {
                continue;
            }
            let period = Period { start, end };
            for at in [start, after(start), before(end)] {
                prop_assert_eq!(window.period(at.min(before(end)), anchor), period, "at {}", at);
            }
            if start > Timestamp::MIN {
                prop_assert_eq!(window.period(before(start), anchor).end, start);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    /// Anywhere on the line, its two ends included, and for any count that a catalog may have.
    #[test]
    fn same_as_the_calendar_anywhere(
        (unit, count) in units().prop_flat_map(|unit| (Just(unit), 1..=count_max(unit))),
        instants in proptest::collection::vec(instants(), 200),
    ) {
        let all = LINE.boundaries(unit, usize::from(count), &(0..=0));
        for at in instants {
            let within_a_day = matches!(unit, Unit::Hour | Unit::Minute).then(|| {
                let day = Date::of(at).midnight().unwrap().as_millis();
                let mut boundaries = LINE.boundaries(unit, usize::from(count), &(day..=day));
                boundaries.push((day + 86_400_000).min(Period::NEVER.as_millis()));
                boundaries
            });
            let boundaries = within_a_day.as_ref().unwrap_or(&all);
            let place = boundaries.partition_point(|start| *start <= at.as_millis());
            let place = place.min(boundaries.len() - 1);
            let period = Window::Calendar { unit, count }.period(at, Timestamp::EPOCH);
            let ends = [period.start.as_millis(), period.end.as_millis()];
            prop_assert_eq!(ends, [boundaries[place - 1], boundaries[place]], "at {}", at);
        }
    }
}

/// Every boundary from 1996 to 2004 and from 2096 to 2104, with the milliseconds beside it: both
/// kinds of century, and leap years on all sides of them. Minutes in 2000 and 2100 only.
#[test]
fn same_as_the_calendar() {
    for (unit, count_max) in [
        (Unit::Minute, 60),
        (Unit::Hour, 24),
        (Unit::Day, 400),
        (Unit::Week, 60),
        (Unit::Month, 60),
        (Unit::Year, 12),
    ] {
        let around = if unit == Unit::Minute { 0 } else { 4 };
        for count in 1..=count_max {
            let window = Window::Calendar { unit, count };
            for century in [2000, 2100] {
                let new_year = |year| Date { year, month: 1, day: 1 }.midnight().unwrap();
                let [start, end] = [century - around, century + around + 1].map(new_year);
                let years = start.as_millis()..=end.as_millis();
                let boundaries = LINE.boundaries(unit, usize::from(count), &years);
                let inside = boundaries.windows(2).filter(|pair| years.contains(&pair[0]));
                let met = inside.map(|pair| meets(window, [pair[0], pair[1]])).count();
                let days = usize::try_from((end.as_millis() - start.as_millis()) / 86_400_000);
                let least = days.unwrap() * a_year_has(unit) / 366 / usize::from(count);
                assert!(met >= least, "{window:?} was met {met} times, not {least}");
            }
        }
    }
}

/// Both ends of a period, and the milliseconds around them, are in the periods that they must be in.
fn meets(window: Window, [start, end]: [i64; 2]) {
    let millis = |ms| Timestamp::from_millis(ms).unwrap();
    let wanted = Period { start: millis(start), end: millis(end) };
    for at in [start, start + 1, end - 1] {
        assert_eq!(window.period(millis(at), Timestamp::EPOCH), wanted, "{window:?} at {at}");
    }
}

/// What the module's doc says of the two ends of the line.
#[test]
fn the_line_is_cut_at_both_ends() {
    let year = |count| Window::Calendar { unit: Unit::Year, count };
    let first = year(7).period(Timestamp::MIN, Timestamp::EPOCH);
    assert_eq!(first.start, Timestamp::MIN);
    assert_eq!(first.end.to_string(), "0003-01-01T00:00:00.000Z"); // 1970 less 281 times 7
    let last = year(1).period(Timestamp::MAX, Timestamp::EPOCH);
    assert_eq!(last.start.to_string(), "9999-01-01T00:00:00.000Z");
    assert_eq!(last.end, Period::NEVER);
    assert!(!last.contains(Timestamp::MAX));
    assert_eq!(Window::Lifetime.period(Timestamp::MAX, Timestamp::EPOCH), Period::ALWAYS);
}

/// What a catalog takes.
const fn count_max(unit: Unit) -> u16 {
    match unit {
        Unit::Minute => 60,
        Unit::Hour => 24,
        _ => 1_000,
    }
}

/// The least number of periods of one unit that a year has.
const fn a_year_has(unit: Unit) -> usize {
    match unit {
        Unit::Minute => 525_600,
        Unit::Hour => 8_760,
        Unit::Day => 365,
        Unit::Week => 52,
        Unit::Month => 12,
        Unit::Year => 1,
    }
}

fn before(at: Timestamp) -> Timestamp {
    at.checked_sub(MILLISECOND).unwrap()
}

fn after(at: Timestamp) -> Timestamp {
    at.checked_add(MILLISECOND).unwrap_or(Timestamp::MAX)
}

/// All of the line, its ends and 1970 more often.
fn instants() -> impl Strategy<Value = Timestamp> {
    let (min, max) = (Timestamp::MIN.as_millis(), Timestamp::MAX.as_millis());
    let two_years = 2 * 366 * 86_400_000_i64;
    let millis = prop_oneof![
        4 => min..=max,
        2 => -two_years..=two_years,
        1 => min..=min + two_years,
        1 => max - two_years..=max,
        1 => proptest::sample::select(vec![min, min + 1, -1, 0, 1, max - 1, max]),
    ];
    millis.prop_map(|ms| Timestamp::from_millis(ms).unwrap())
}

fn spans() -> impl Strategy<Value = Span> {
    let max = Span::MAX.as_millis();
    prop_oneof![1..=5_i64, 1..=40 * 86_400_000_i64, 1..=max, max - 5..=max]
        .prop_map(|ms| Span::from_millis(ms).unwrap())
}

fn units() -> impl Strategy<Value = Unit> {
    let all = [Unit::Day, Unit::Hour, Unit::Minute, Unit::Month, Unit::Week, Unit::Year];
    proptest::sample::select(all.to_vec())
}

fn windows() -> impl Strategy<Value = Window> {
    prop_oneof![
        2 => spans().prop_map(|span| Window::Anchored { span }),
        6 => (units(), 1..=1_000_u16).prop_map(|(unit, count)| Window::Calendar { unit, count }),
        1 => spans().prop_map(|span| Window::FirstUse { span }),
        1 => Just(Window::Lifetime),
    ]
}

static LINE: LazyLock<Line> = LazyLock::new(Line::walked);
const MILLISECOND: Span = match Span::from_millis(1) {
    Ok(span) => span,
    Err(_) => Span::ZERO,
};
