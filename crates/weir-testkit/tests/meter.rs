//! The laws of `weir_core::meter`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use num_bigint::BigInt;
use proptest::prelude::*;
use weir_core::amount::Quantity;
use weir_core::meter::{Aggregation, Life, Meter, Read, Reading};
use weir_core::time::Timestamp;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    #[test]
    fn deltas_sum_to_the_value(meter in meters(), events in events()) {
        let (mut reading, mut sum) = (None, BigInt::ZERO);
        for (value, at) in events {
            let Some(read) = meter.read(reading, value, at) else { continue };
            sum += read.delta.as_nanos();
            prop_assert_eq!(&sum, &BigInt::from(read.reading.value.as_nanos()));
            reading = Some(read.reading);
        }
    }

    #[test]
    fn same_as_all_events(meter in meters(), events in events()) {
        let (mut reading, mut kept) = (None, Vec::new());
        for event in events {
            let before = running_number(meter.aggregation, &kept);
            kept.push(event);
            let after = running_number(meter.aggregation, &kept);
            let read = meter.read(reading, event.0, event.1);
            if !fits(&after) || !fits(&(&after - &before)) {
                prop_assert_eq!(read, None);
                kept.pop();
                continue;
            }
            let Read { reading: new, delta } = read.unwrap();
            prop_assert_eq!(BigInt::from(new.value.as_nanos()), after.clone());
            prop_assert_eq!(BigInt::from(delta.as_nanos()), after - before);
            prop_assert_eq!(Some(new.at), kept.iter().map(|event| event.1).max());
            reading = Some(new);
        }
    }

    #[test]
    fn unkept_readings_do_not_matter(meter in meters(), before in readings(), (value, at) in event()) {
        let anew = meter.read(None, value, at).map(|read| read.delta);
        let on = meter.read(Some(before), value, at).map(|read| read.delta);
        // What does not fit beside the old number is no difference.
        prop_assert!(meter.keeps_reading() || on.is_none() || on == anew);
    }
}

/// The number after all of `events`, from nothing but the meaning of the words.
fn running_number(aggregation: Aggregation, events: &[(Quantity, Timestamp)]) -> BigInt {
    let values = events.iter().map(|(value, _)| BigInt::from(value.as_nanos()));
    match aggregation {
        Aggregation::Count => BigInt::from(events.len()) * 1_000_000_000,
        Aggregation::Sum => values.sum(),
        Aggregation::Max => values.max().unwrap_or_default(),
        Aggregation::Min => values.min().unwrap_or_default(),
        Aggregation::Latest => {
            // A stable sort keeps arrivals in order where instants are equal.
            let mut by_instant: Vec<_> = events.iter().zip(values).collect();
            by_instant.sort_by_key(|((_, at), _)| *at);
            by_instant.pop().map(|(_, value)| value).unwrap_or_default()
        }
    }
}

fn fits(number: &BigInt) -> bool {
    i128::try_from(number).is_ok()
}

#[test]
fn a_reading_is_kept_where_the_change_depends_on_it() {
    let kept = |aggregation, life| Meter { aggregation, life }.keeps_reading();
    for aggregation in [Aggregation::Max, Aggregation::Min, Aggregation::Latest] {
        assert!(kept(aggregation, Life::Window));
    }
    for aggregation in [Aggregation::Sum, Aggregation::Count] {
        assert!(!kept(aggregation, Life::Window));
        assert!(kept(aggregation, Life::Lifetime)); // so that it can be told
    }
}

fn meters() -> impl Strategy<Value = Meter> {
    let aggregations = [
        Aggregation::Count,
        Aggregation::Latest,
        Aggregation::Max,
        Aggregation::Min,
        Aggregation::Sum,
    ];
    let lives = [Life::Lifetime, Life::Window];
    (proptest::sample::select(aggregations.to_vec()), proptest::sample::select(lives.to_vec()))
        .prop_map(|(aggregation, life)| Meter { aggregation, life })
}

/// Small values and few instants, so that both repeat; and now and then one that nearly fills an
/// `i128`.
fn event() -> impl Strategy<Value = (Quantity, Timestamp)> {
    let nanos = prop_oneof![
        8 => -3..=3_i128,
        2 => any::<i128>(),
        1 => proptest::sample::select(vec![i128::MIN, i128::MIN + 1, i128::MAX - 1, i128::MAX]),
    ];
    (nanos, 0..4_i64)
        .prop_map(|(nanos, ms)| (Quantity::from_nanos(nanos), Timestamp::from_millis(ms).unwrap()))
}

fn events() -> impl Strategy<Value = Vec<(Quantity, Timestamp)>> {
    proptest::collection::vec(event(), 0..12)
}

fn readings() -> impl Strategy<Value = Reading> {
    event().prop_map(|(value, at)| Reading { value, at })
}
