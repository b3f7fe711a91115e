//! The laws of `weir_core::meter`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use num_bigint::BigInt;
use proptest::prelude::*;
use proptest::sample::select;
use weir_core::amount::{Quantity, Rounding};
use weir_core::catalog::definition::ConversionDefinition;
use weir_core::meter::{Aggregation, Applied, Conversion, Factors, Life, Meter, Read, Reading};
use weir_core::time::Timestamp;
use weir_testkit::ledger_model::meter::converted;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    #[test]
    fn deltas_sum_to_the_value(meter in meters(), events in events()) {
        let (mut reading, mut sum) = (None, BigInt::ZERO);
        for (value, at) in events {
            let Some(read) = meter.read(reading, value, at) else { continue };
            sum += read.delta.as_nanos();
            let counted = meter.counted(read.reading.value).unwrap();
            prop_assert_eq!(&sum, &BigInt::from(counted.as_nanos()));
            reading = Some(read.reading);
        }
    }

    #[test]
    fn same_as_all_events(meter in meters(), events in events()) {
        let (mut reading, mut kept) = (None, Vec::new());
        for event in events {
            // One who was there before is not met again.
            let unique = matches!(meter.aggregation, Aggregation::UniqueCount(_));
            if unique && kept.iter().any(|(known, _): &(Quantity, _)| *known == event.0) {
                continue;
            }
            let before = running_number(&meter, &kept);
            kept.push(event);
            let after = running_number(&meter, &kept);
            let read = meter.read(reading, event.0, event.1);
            let number = after.and_then(|after| {
                let delta = fits(counted(&meter, &after)? - counted(&meter, before.as_ref()?)?)?;
                Some((after, delta))
            });
            let Some((after, delta)) = number else {
                prop_assert_eq!(read, None);
                kept.pop();
                continue;
            };
            let Read { reading: new, delta: change } = read.unwrap();
            prop_assert_eq!(BigInt::from(new.value.as_nanos()), after);
            prop_assert_eq!(BigInt::from(change.as_nanos()), delta);
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

    #[test]
    fn same_as_a_fraction(conversion in conversions(), (value, _) in event()) {
        let by_hand = converted(&written(&conversion), &value.as_nanos().into()).ok();
        let quantity = conversion.convert(value);
        prop_assert_eq!(quantity.map(|quantity| BigInt::from(quantity.as_nanos())), by_hand);
    }

    #[test]
    fn what_is_given_back_was_taken(conversion in conversions(), (value, _) in event()) {
        let Some(back) = Quantity::ZERO.checked_sub(value) else { return Ok(()) };
        let taken = conversion.convert(value);
        let back = conversion.convert(back).map(|back| back.checked_add(taken.unwrap()).unwrap());
        prop_assert_eq!(back, taken.map(|_| Quantity::ZERO));
    }
}

/// The number after all of `events`, from nothing but the meaning of the words; `None` where it is
/// none.
fn running_number(meter: &Meter, events: &[(Quantity, Timestamp)]) -> Option<BigInt> {
    let each = |(value, _): &(Quantity, Timestamp)| {
        let counts = meter.aggregation == Aggregation::Count;
        let value = if counts { BigInt::from(ONE) } else { value.as_nanos().into() };
        convert(meter, Applied::PerEvent, &value)
    };
    let values = events.iter().map(each).collect::<Option<Vec<BigInt>>>()?;
    fits(match meter.aggregation {
        Aggregation::Count | Aggregation::Sum => values.into_iter().sum(),
        Aggregation::Max => values.into_iter().max().unwrap_or_default(),
        Aggregation::Min => values.into_iter().min().unwrap_or_default(),
        Aggregation::UniqueCount(most) => {
            let different: BTreeSet<_> = events.iter().map(|(value, _)| value.as_nanos()).collect();
            let number = Some(different.len()).filter(|number| *number <= most as usize)?;
            BigInt::from(number) * ONE
        }
        Aggregation::Latest => {
            // A stable sort keeps arrivals in order where instants are equal.
            let mut by_instant: Vec<_> = events.iter().zip(values).collect();
            by_instant.sort_by_key(|((_, at), _)| *at);
            by_instant.pop().map(|(_, value)| value).unwrap_or_default()
        }
    })
}

fn counted(meter: &Meter, number: &BigInt) -> Option<BigInt> {
    convert(meter, Applied::AfterAggregation, number)
}

fn convert(meter: &Meter, applied: Applied, value: &BigInt) -> Option<BigInt> {
    match &meter.conversion {
        Some(conversion) if conversion.applied() == applied => {
            converted(&written(conversion), value).ok()
        }
        _ => Some(value.clone()),
    }
}

fn written(conversion: &Conversion) -> ConversionDefinition {
    let (Factors { multiply, divide, step, minimum }, rounding) = conversion.by();
    let apply = conversion.applied();
    ConversionDefinition { apply, divide, minimum, multiply, rounding, step }
}

fn fits(number: BigInt) -> Option<BigInt> {
    i128::try_from(&number).is_ok().then_some(number)
}

#[test]
fn a_reading_is_kept_where_the_change_depends_on_it() {
    let kept = |aggregation, life| Meter::plain(aggregation, life).keeps_reading();
    let unique = Aggregation::UniqueCount(1);
    for aggregation in [Aggregation::Max, Aggregation::Min, Aggregation::Latest, unique] {
        assert!(kept(aggregation, Life::Window));
    }
    for aggregation in [Aggregation::Sum, Aggregation::Count] {
        assert!(!kept(aggregation, Life::Window));
        assert!(kept(aggregation, Life::Lifetime)); // so that it can be told
        let conversion = Conversion::new(Factors::ONE, Rounding::Up, Applied::AfterAggregation);
        let conversion = conversion.map(Box::new);
        assert!(Meter { aggregation, life: Life::Window, conversion }.keeps_reading());
    }
}

fn meters() -> impl Strategy<Value = Meter> {
    let aggregations = [
        Aggregation::Count,
        Aggregation::Latest,
        Aggregation::Max,
        Aggregation::Min,
        Aggregation::Sum,
        Aggregation::UniqueCount(2),
        Aggregation::UniqueCount(50),
    ];
    let lives = [Life::Lifetime, Life::Window];
    let conversions = proptest::option::of(conversions().prop_map(Box::new));
    let (aggregations, lives) = (select(aggregations.to_vec()), select(lives.to_vec()));
    (aggregations, lives, conversions).prop_map(|(aggregation, life, conversion)| {
        let unique = matches!(aggregation, Aggregation::UniqueCount(_));
        // Who it was is not converted.
        let conversion =
            conversion.filter(|by| !unique || by.applied() == Applied::AfterAggregation);
        Meter { aggregation, life, conversion }
    })
}

/// Factors with and without a common divisor, and some that nearly fill an `i128`.
fn conversions() -> impl Strategy<Value = Conversion> {
    let factor = || {
        let large = vec![i128::from(u64::MAX), 1 << 63, (1 << 62) + 1];
        prop_oneof![4 => 1..=6_i128, 4 => select(vec![ONE, 3 * ONE, ONE / 2]), 1 => select(large)]
    };
    let few = || prop_oneof![Just(0), Just(0), factor()];
    let roundings = select(vec![Rounding::Down, Rounding::HalfEven, Rounding::Up]);
    let applied = select(vec![Applied::AfterAggregation, Applied::PerEvent]);
    let factors = (few(), factor(), factor(), few()).prop_map(|factors| {
        let (multiply, divide, step, minimum) = factors;
        let nanos = Quantity::from_nanos;
        let (multiply, divide) = (nanos(multiply), nanos(divide));
        Factors { multiply, divide, step: nanos(step), minimum: nanos(minimum) }
    });
    (factors, roundings, applied).prop_filter_map("too fine", |(factors, rounding, applied)| {
        Conversion::new(factors, rounding, applied)
    })
}

/// Small values and few instants, so that both repeat; and now and then one that nearly fills an
/// `i128`.
fn event() -> impl Strategy<Value = (Quantity, Timestamp)> {
    let nanos = prop_oneof![
        8 => -3..=3_i128,
        2 => any::<i128>(),
        1 => select(vec![i128::MIN, i128::MIN + 1, i128::MAX - 1, i128::MAX]),
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

const ONE: i128 = 1_000_000_000;
