//! The laws of `weir_core::window`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::LazyLock;

use proptest::prelude::*;
use weir_core::catalog::Definition;
use weir_core::catalog::definition::{CycleDefinition, WindowDefinition};
use weir_core::catalog::{Catalog, Names};
use weir_core::id::CatalogVersion;
use weir_core::time::civil::{Date, days_in_month};
use weir_core::time::{Span, Stride, Timestamp};
use weir_core::window::zone::{ZoneName, Zones};
use weir_core::window::{MonthRule, Period, Unit, Weekday, Window};
use weir_testkit::ledger_model::calendar;
use weir_testkit::ledger_model::clocks::{CLOCKS, ZONES};
use weir_testkit::model::window::Line;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn periods_tile_the_line(written in definitions(), at in instants(), anchor in instants()) {
        let (window, stated) = compiled(&written);
        let anchor = stated.unwrap_or(anchor);
        let found = window.period(at, anchor, &ZONES);
        let period = found.unwrap_or_else(|outside| outside);
        prop_assert!(period.start < period.end, "{:?}", period);
        if at < Period::NEVER {
            prop_assert!(period.contains(at), "{:?} at {}", period, at);
        } else {
            prop_assert_eq!(found, window.period(before(at), anchor, &ZONES));
        }
        if period.end < Period::NEVER {
            let next = window.period(period.end, anchor, &ZONES).unwrap_or_else(|outside| outside);
            prop_assert_eq!(next.start, period.end);
        }
        // A first-use period starts wherever it is asked for, so none comes before it.
        if period.start > Timestamp::MIN && window.counts_at_event() {
            let last = window.period(before(period.start), anchor, &ZONES);
            prop_assert_eq!(last.unwrap_or_else(|outside| outside).end, period.start);
            prop_assert_eq!(window.period(period.start, anchor, &ZONES), found);
            prop_assert_eq!(window.period(before(period.end), anchor, &ZONES), found);
        }
    }

    #[test]
    fn anchored_from_the_anchor(anchor in instants(), span in spans(), steps in 0..40_usize, back in any::<bool>()) {
        let window = anchored(Stride::of(span), MonthRule::Clamp);
        let period_of = |at| window.period(at, anchor, &Zones::NONE).unwrap();
        // One step is one addition: boundaries are met on foot, until the line ends.
        let next = |at: &Timestamp| if back { at.checked_sub(span) } else { at.checked_add(span) };
        for start in std::iter::successors(Some(anchor), next).take(1 + steps) {
            let end = start.checked_add(span).unwrap_or(Period::NEVER);
            if start == Period::NEVER {
                continue;
            }
            let period = Period { start, end };
            for at in [start, after(start), before(end)] {
                prop_assert_eq!(period_of(at.min(before(end))), period, "at {}", at);
            }
            if start > Timestamp::MIN {
                prop_assert_eq!(period_of(before(start)).end, start);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    /// Whatever is sold, in whichever zone, near the instants at which its clocks change.
    #[test]
    fn same_as_a_walk(written in definitions(), near in 0..CHANGES.len(), by in steps(), anchor in near_instants()) {
        let (window, stated) = compiled(&written);
        let millis = |(start, end)| [start, end];
        let ends = |period: Period| [period.start.as_millis(), period.end.as_millis()];
        let asked = |at: i64| {
            let walked = calendar::period(&written, at, anchor.as_millis());
            let at = Timestamp::from_millis(at).unwrap();
            let found = window.period(at, stated.unwrap_or(anchor), &ZONES);
            (found.map(ends).map_err(ends), walked.map(millis).map_err(millis))
        };
        let at = CHANGES[near] + by;
        let (found, walked) = asked(at);
        prop_assert_eq!(found, walked, "at {}", at);
        let [start, end] = found.unwrap_or_else(|outside| outside);
        // And where it meets its neighbours, if a walk gets there.
        let near = |other: &i64| (other - at).abs() < 3_000 * 86_400_000;
        for at in [start, end - 1, end].into_iter().filter(near) {
            let (found, walked) = asked(at);
            prop_assert_eq!(found, walked, "at {}", at);
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
            let period = utc(civil(unit, count), at);
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
            let window = civil(unit, count);
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
        assert_eq!(utc(window, millis(at)), wanted, "{window:?} at {at}");
    }
}

/// Four hundred years of months from an anchor on each day of January 2000, a leap year: every
/// boundary is the date that the rule says, and every day of all those years lies between two.
#[test]
fn every_anchor_day_keeps_its_rule_for_400_years() {
    let midnight = |year, month, day| Date { year, month, day }.midnight().unwrap();
    let mut boundaries = 0;
    for day in 1..=31_u8 {
        let anchor = midnight(2000, 1, day);
        let (mut clamped, mut overflown, mut stepped) = (Vec::new(), Vec::new(), Vec::new());
        let mut last = anchor;
        for month in 0..=4_800_i32 {
            let (year, month) = (2000 + month / 12, u8::try_from(month % 12 + 1).unwrap());
            let (len, first) = (days_in_month(year, month), midnight(year, month, 1));
            clamped.push(midnight(year, month, day.min(len)));
            overflown.push(days_after(first, i64::from(day) - 1));
            if !stepped.is_empty() {
                // As many days after the next first as the last boundary was after its own.
                let Date { year, month, day } = Date::of(last);
                let days = i64::from(days_in_month(year, month));
                last = days_after(midnight(year, month, 1), days + i64::from(day) - 1);
            }
            stepped.push(last);
        }
        for (rule, dates) in [
            (MonthRule::Clamp, clamped),
            (MonthRule::Overflow, overflown),
            (MonthRule::OverflowStepwise, stepped),
        ] {
            let window = anchored(Stride { months: 1, ..Stride::ZERO }, rule);
            for pair in dates.windows(2) {
                let wanted = Period { start: pair[0], end: pair[1] };
                let mut at = wanted.start;
                while at < wanted.end {
                    assert_eq!(
                        window.period(at, anchor, &Zones::NONE),
                        Ok(wanted),
                        "{rule:?} at {at}"
                    );
                    at = days_after(at, 1);
                }
                let end = before(wanted.end);
                assert_eq!(window.period(end, anchor, &Zones::NONE), Ok(wanted));
                boundaries += 1;
            }
        }
    }
    assert_eq!(boundaries, 31 * 3 * 4_800);
}

fn days_after(at: Timestamp, days: i64) -> Timestamp {
    Timestamp::from_millis(at.as_millis() + days * 86_400_000).unwrap()
}

/// What the module's doc says of the two ends of the line.
#[test]
fn the_line_is_cut_at_both_ends() {
    let first = utc(civil(Unit::Year, 7), Timestamp::MIN);
    assert_eq!(first.start, Timestamp::MIN);
    assert_eq!(first.end.to_string(), "0003-01-01T00:00:00.000Z"); // 1970 less 281 times 7
    let last = utc(civil(Unit::Year, 1), Timestamp::MAX);
    assert_eq!(last.start.to_string(), "9999-01-01T00:00:00.000Z");
    assert_eq!(last.end, Period::NEVER);
    assert!(!last.contains(Timestamp::MAX));
    assert_eq!(utc(Window::Lifetime, Timestamp::MAX), Period::ALWAYS);
}

const fn civil(unit: Unit, count: u16) -> Window {
    Window::Calendar { unit, count, week_starts: Weekday::Monday, zone: None }
}

const fn anchored(span: Stride, month_rule: MonthRule) -> Window {
    Window::Anchored { span, month_rule, zone: None }
}

fn utc(window: Window, at: Timestamp) -> Period {
    window.period(at, Timestamp::EPOCH, &Zones::NONE).unwrap()
}

/// A window as a catalog has it that names the zones, and where it says that its periods start.
fn compiled(written: &WindowDefinition) -> (Window, Option<Timestamp>) {
    let limit = serde_json::json!({ "feature": "a", "capacity": 1, "window": written });
    let catalog = serde_json::json!({
        "features": { "a": {} }, "plans": { "p": { "limits": { "l": limit } } } });
    let definition: Definition = serde_json::from_value(catalog).unwrap();
    let (names, version) = (Names::default(), CatalogVersion(1));
    let catalog = Catalog::compile_with(&definition, &ZONES, &names, version).unwrap();
    let terms = catalog.limit_terms(catalog.plan("p").unwrap(), catalog.limit("l").unwrap());
    let terms = terms.unwrap();
    (terms.window, terms.anchor)
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

/// All of the line, its ends, 1970 and the changes of clocks more often.
fn instants() -> impl Strategy<Value = Timestamp> {
    let (min, max) = (Timestamp::MIN.as_millis(), Timestamp::MAX.as_millis());
    let two_years = 2 * 366 * 86_400_000_i64;
    let millis = prop_oneof![
        4 => min..=max,
        2 => -two_years..=two_years,
        4 => (proptest::sample::select(CHANGES.to_vec()), steps()).prop_map(|(at, by)| at + by),
        1 => min..=min + two_years,
        1 => max - two_years..=max,
        1 => proptest::sample::select(vec![min, min + 1, -1, 0, 1, max - 1, max]),
    ];
    millis.prop_map(|ms| Timestamp::from_millis(ms).unwrap())
}

/// Anchors that a walk of a model reaches from where clocks change.
fn near_instants() -> impl Strategy<Value = Timestamp> {
    (proptest::sample::select(CHANGES.to_vec()), steps())
        .prop_map(|(at, by)| Timestamp::from_millis(at + by).unwrap())
}

/// From an instant: beside it, within a day, within months.
fn steps() -> impl Strategy<Value = i64> {
    let day = 86_400_000_i64;
    prop_oneof![
        -1..=1_i64,
        -day..=day,
        -90 * day..=90 * day,
        (-50..=50_i64).prop_map(|h| h * 1_800_000)
    ]
}

fn spans() -> impl Strategy<Value = Span> {
    let max = Span::MAX.as_millis();
    prop_oneof![1..=5_i64, 1..=40 * 86_400_000_i64, 1..=max, max - 5..=max].prop_map(millis)
}

fn strides() -> impl Strategy<Value = Stride> {
    let short = || (1..=40 * 86_400_000_i64).prop_map(millis);
    prop_oneof![
        spans().prop_map(Stride::of),
        (1..=20_u32).prop_map(|days| Stride { days, ..Stride::ZERO }),
        (1..=30_u32).prop_map(|months| Stride { months, ..Stride::ZERO }),
        (0..=2_u32, 1..=9_u32, short()).prop_map(|(months, days, elapsed)| Stride {
            months,
            days,
            elapsed
        }),
    ]
}

fn millis(ms: i64) -> Span {
    Span::from_millis(ms).unwrap()
}

fn units() -> impl Strategy<Value = Unit> {
    let all = [Unit::Day, Unit::Hour, Unit::Minute, Unit::Month, Unit::Week, Unit::Year];
    proptest::sample::select(all.to_vec())
}

fn rules() -> impl Strategy<Value = MonthRule> {
    let all = [MonthRule::Clamp, MonthRule::Overflow, MonthRule::OverflowStepwise];
    proptest::sample::select(all.to_vec())
}

fn zones() -> impl Strategy<Value = Option<ZoneName>> {
    let names: Vec<ZoneName> = CLOCKS.iter().map(|clocks| clocks.name.clone()).collect();
    proptest::option::weighted(0.7, proptest::sample::select(names))
}

/// Sound ones of every kind.
fn definitions() -> impl Strategy<Value = WindowDefinition> {
    let anchored = (strides(), rules(), zones()).prop_map(|(span, rule, zone)| {
        let stepwise = span.days == 0 && span.elapsed == Span::ZERO;
        let fits = span.months > 0 && (stepwise || rule != MonthRule::OverflowStepwise);
        let month_rule = if fits { rule } else { MonthRule::Clamp };
        let zone = zone.filter(|_| span.is_civil());
        WindowDefinition::Anchored { anchor: None, month_rule, span, zone }
    });
    let calendar = (units(), 1..=1_000_u16, zones(), proptest::sample::select(WEEK.to_vec()))
        .prop_map(|(unit, count, zone, day)| {
            let count = (count - 1) % count_max(unit) + 1;
            let week_starts = (unit == Unit::Week).then_some(day);
            WindowDefinition::Calendar { count, unit, week_starts, zone }
        });
    let first_use = (strides(), zones()).prop_map(|(span, zone)| WindowDefinition::FirstUse {
        span,
        zone: zone.filter(|_| span.is_civil()),
    });
    let once = (near_instants(), 1..=9_000_000_i64).prop_map(|(from, len)| {
        WindowDefinition::Once { from, until: from.checked_add(millis(len)).unwrap() }
    });
    prop_oneof![
        4 => anchored,
        5 => calendar,
        5 => cycles().prop_map(WindowDefinition::Cycle),
        1 => first_use,
        1 => once,
        1 => Just(WindowDefinition::Lifetime),
    ]
}

fn cycles() -> impl Strategy<Value = CycleDefinition> {
    let ends = (0..=90 * 86_400_000_i64, proptest::option::weighted(0.3, 1..=90 * 86_400_000_i64));
    let trial = proptest::option::weighted(0.3, (1..=9_000_000_000_i64).prop_map(millis));
    let times = (near_instants(), ends, trial, any::<bool>());
    (units(), 1..=7_u16, proptest::option::of(any::<u8>()), rules(), zones(), times).prop_map(
        |(unit, count, at, rule, zone, (from, (_, until), trial, stated))| {
            let by_month = matches!(unit, Unit::Month | Unit::Year);
            let at = at.map(|at| match unit {
                Unit::Minute | Unit::Hour => at % 60,
                Unit::Day => at % 24,
                Unit::Week => at % 7 + 1,
                Unit::Month | Unit::Year => at % 31 + 1,
            });
            CycleDefinition {
                at,
                count,
                from: stated.then_some(from),
                month_rule: if by_month { rule } else { MonthRule::Clamp },
                trial,
                unit,
                until: until.and_then(|len| from.checked_add(millis(len))),
                zone,
            }
        },
    )
}

/// The instants at which the clocks of some zone change.
static CHANGES: LazyLock<Vec<i64>> = LazyLock::new(|| {
    let stretches = CLOCKS.iter().flat_map(|clocks| clocks.stretches.iter().skip(1));
    stretches.map(|(start, _)| *start).collect()
});
static LINE: LazyLock<Line> = LazyLock::new(Line::walked);
const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];
const MILLISECOND: Span = match Span::from_millis(1) {
    Ok(span) => span,
    Err(_) => Span::ZERO,
};
