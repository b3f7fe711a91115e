//! The laws of `weir_core::time`.

use proptest::prelude::*;
use weir_core::time::civil::{DAY_MS, Date, days_in_month};
use weir_core::time::{Span, Stride, TimeError, Timestamp};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    #[test]
    fn text_round_trips(instant in instants(), span in spans(), civil in any::<[u32; 2]>(), parts in 0..8_u8) {
        prop_assert_eq!(instant.to_string().parse(), Ok(instant));
        prop_assert_eq!(span.to_string().parse(), Ok(span));
        let [months, days] = civil;
        let has = |part: u8| parts & part > 0;
        let stride = Stride {
            months: if has(1) { months } else { 0 },
            days: if has(2) { days } else { 0 },
            elapsed: if has(4) { span } else { Span::ZERO },
        };
        prop_assert_eq!(stride.to_string().parse(), Ok(stride), "{}", stride);
        let all = (instant, span, stride);
        let json = serde_json::to_string(&all).unwrap();
        let read: (Timestamp, Span, Stride) = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(read, all);
    }

    /// A local clock `offset` ahead of UTC shows the time of an instant `offset` later.
    #[test]
    fn offsets_shift_the_clock(instant in instants(), hours in 0..24_i64, minutes in 0..60_i64) {
        let offset = Span::from_millis((hours * 60 + minutes) * 60_000).unwrap();
        let name = format!("{hours:02}:{minutes:02}");
        for (sign, shown) in [('+', instant.checked_add(offset)), ('-', instant.checked_sub(offset))] {
            let Some(shown) = shown else { continue };
            let text = format!("{}{sign}{name}", shown.to_string().trim_end_matches('Z'));
            prop_assert_eq!(text.parse(), Ok(instant), "{}", text);
        }
    }

    #[test]
    fn spans_add_up_their_parts(parts in proptest::array::uniform5(proptest::option::of(0..1_000_u32)), milli in 0..1_000_u32) {
        const UNITS: [(char, i64); 5] =
            [('W', 604_800), ('D', 86_400), ('H', 3_600), ('M', 60), ('S', 1)];
        prop_assume!(parts.iter().any(Option::is_some));
        let (mut text, mut millis) = (String::from("P"), 0);
        for (part, (unit, seconds)) in parts.into_iter().zip(UNITS) {
            let Some(count) = part else { continue };
            if matches!(unit, 'H' | 'M' | 'S') && !text.contains('T') {
                text.push('T');
            }
            text.push_str(&count.to_string());
            if unit == 'S' {
                text.push_str(&format!(".{milli:03}"));
                millis += i64::from(milli);
            }
            text.push(unit);
            millis += i64::from(count) * seconds * 1_000;
        }
        prop_assert_eq!(text.parse::<Span>().map(Span::as_millis), Ok(millis), "{}", text);
    }

    #[test]
    fn adding_a_span_and_taking_it_away_returns(instant in instants(), span in spans()) {
        if let Some(later) = instant.checked_add(span) {
            prop_assert_eq!(later.checked_sub(span), Some(instant));
            prop_assert_eq!(later.since(instant), span);
            prop_assert!(span == Span::ZERO || instant.since(later) == Span::ZERO);
        } else {
            prop_assert!(span > Timestamp::MAX.since(instant));
        }
    }
}

#[test]
fn days_tile_the_calendar() {
    let (mut year, mut month, mut day) = (1, 1_usize, 1);
    let mut days = Timestamp::MIN.as_millis() / DAY_MS;
    while year < 10_000 {
        // The rule of 1582, said the other way round than the core says it.
        let common = year % 4 != 0 || (year % 100 == 0 && year % 400 != 0);
        let lengths = [31, if common { 28 } else { 29 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let date = Date { year, month: u8::try_from(month).unwrap(), day };
        assert_eq!(date.to_days(), days, "{date:?}");
        assert_eq!(Date::from_days(days), date);
        assert_eq!(days_in_month(year, date.month), lengths[month - 1], "{date:?}");

        days += 1;
        day += 1;
        if day > lengths[month - 1] {
            (day, month) = (1, month + 1);
        }
        if month > 12 {
            (month, year) = (1, year + 1);
        }
    }
    assert_eq!(days * DAY_MS - 1, Timestamp::MAX.as_millis());
    assert_eq!(Date::of(Timestamp::MAX), Date { year: 9999, month: 12, day: 31 });
}

#[test]
fn months_follow_each_other() {
    let start = Date { year: 2024, month: 11, day: 30 };
    let first = |months| start.first_of_month(months);
    assert_eq!(first(0), Date { year: 2024, month: 11, day: 1 });
    assert_eq!(first(2), Date { year: 2025, month: 1, day: 1 });
    assert_eq!(first(-11), Date { year: 2023, month: 12, day: 1 });
    assert_eq!(first(-24 * 1_000).midnight(), "0024-11-01T00:00:00Z".parse());
    assert_eq!(first(12 * 8_000).midnight(), Err(TimeError::OutOfRange));
}

#[test]
fn the_range_ends_where_it_says() {
    let first: Timestamp = "0001-01-01T00:00:00Z".parse().unwrap();
    let last: Timestamp = "9999-12-31T23:59:59.999Z".parse().unwrap();
    assert_eq!((first, last), (Timestamp::MIN, Timestamp::MAX));
    assert_eq!(last.since(first), Span::MAX);
    let past = Span::MAX.as_millis() + 1;
    assert_eq!(Span::from_millis(past), Err(TimeError::OutOfRange));
    assert_eq!(Timestamp::from_millis(last.as_millis() + 1), Err(TimeError::OutOfRange));
    assert_eq!(Timestamp::from_millis(first.as_millis() - 1), Err(TimeError::OutOfRange));
}

#[test]
fn retry_after_is_never_too_early() {
    let secs = |millis| Span::from_millis(millis).unwrap().as_secs_ceil();
    assert_eq!([0, 1, 999, 1_000, 1_001].map(secs), [0, 1, 1, 1, 2]);
}

/// Instants of the whole range, often close to today or to either end.
fn instants() -> impl Strategy<Value = Timestamp> {
    let (first, last) = (Timestamp::MIN.as_millis(), Timestamp::MAX.as_millis());
    let day = 86_400_000;
    prop_oneof![
        4 => first..=last,
        4 => -1_000 * day..20_000 * day,
        1 => first..first + day,
        1 => last - day..=last,
    ]
    .prop_filter_map("in range", |millis| Timestamp::from_millis(millis).ok())
}

fn spans() -> impl Strategy<Value = Span> {
    let max = Span::MAX.as_millis();
    let round = (0..100_000_i64, prop_oneof![Just(1), Just(1_000), Just(86_400_000)]);
    prop_oneof![0..=max, 0..100_000_000_i64, round.prop_map(|(count, unit)| count * unit)]
        .prop_filter_map("in range", |millis| Span::from_millis(millis).ok())
}

/// Years are months and weeks are days; what stands after the `T` stays apart.
#[test]
fn strides_are_written_like_this() {
    for (text, months, days, ms) in [
        ("P1Y", 12, 0, 0),
        ("P1Y2M3W4DT5H6M7.008S", 14, 25, 18_367_008),
        ("P4294967295M", u32::MAX, 0, 0),
        ("PT0S", 0, 0, 0),
        ("PT24H", 0, 0, DAY_MS),
    ] {
        let elapsed = Span::from_millis(ms).unwrap();
        assert_eq!(text.parse(), Ok(Stride { months, days, elapsed }), "{text}");
    }
    for text in ["P", "PT", "P1M1Y", "P1D1W", "P1", "P1.5M", "P1.5D", "-P1M", "P1H", "PT1D", "p1m"]
    {
        assert_eq!(text.parse::<Stride>(), Err(TimeError::Syntax), "{text}");
    }
    for text in ["P4294967296M", "P357913942Y", "P613566757W", "PT99999999999999S"] {
        assert_eq!(text.parse::<Stride>(), Err(TimeError::OutOfRange), "{text}");
    }
}
