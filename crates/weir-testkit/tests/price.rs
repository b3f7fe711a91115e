//! The laws of `weir_core::price`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use num_bigint::BigInt;
use proptest::prelude::*;
use weir_core::amount::{Quantity, Rounding};
use weir_core::price::{Curve, Price, Tier, TierError, Tiers};
use weir_testkit::ledger_model::price::owed;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    #[test]
    fn steps_cost_the_whole(price in prices(), stops in proptest::collection::vec(uses(), 1..10)) {
        let (mut paid, mut used) = (slow(&price, Quantity::ZERO).unwrap_or_default(), Quantity::ZERO);
        for stop in stops {
            let whole = slow(&price, stop);
            prop_assert_eq!(price.cost(stop).map(|cost| cost.as_nanos().into()), whole.clone());
            let step = price.between(used, stop);
            // Where both ends can be priced, so can the way.
            prop_assert_eq!(step.is_some(), whole.is_some() && price.cost(used).is_some());
            let Some(step) = step else { continue };
            paid += step.as_nanos();
            used = stop;
            prop_assert_eq!(Some(&paid), whole.as_ref());
        }
    }

    #[test]
    fn more_use_costs_no_less(price in prices(), a in uses(), b in uses()) {
        let (less, more) = (a.min(b), a.max(b));
        let rises = match &price.curve {
            Curve::Flat(_) | Curve::Package { .. } | Curve::Unit(_) => true,
            Curve::Graduated(tiers) => tiers.iter().is_sorted_by_key(|tier| tier.flat),
            Curve::Volume(tiers) => {
                tiers.iter().is_sorted_by_key(|tier| tier.flat)
                    && tiers.iter().is_sorted_by_key(|tier| tier.unit)
            }
        };
        let step = price.between(less, more);
        prop_assert!(!rises || step.is_none_or(|step| step >= Quantity::ZERO));
        prop_assert_eq!(price.between(less, less), price.cost(less).map(|_| Quantity::ZERO));
    }

    #[test]
    fn what_is_held_pays_for_a_step(price in prices(), [from, to] in [0..40_i128, 0..40], step in 1..20_i128) {
        let (from, to) = (from.min(to), from.max(to));
        let nanos = Quantity::from_nanos;
        // A price that is a hundred million times as high, to see what a nano costs.
        let scaled = scaled(&price);
        let held = scaled.dearest((nanos(from), nanos(to)), nanos(step)).unwrap();
        let digit = 10_i128.pow(9 - u32::from(price.digits));
        let rise = |price: &Price, start, end| price.between(nanos(start), nanos(end)).unwrap().as_nanos();
        let stretches = || (from..=to).flat_map(|start| (start..=to.min(start + step)).map(move |end| (start, end)));
        let most = stretches().map(|(start, end)| rise(&scaled, start, end)).max().unwrap();
        let even = if price.rounding == Rounding::HalfEven { digit } else { 0 };
        prop_assert!(most <= held.as_nanos() + even, "{} of {}", most, held);
        let exact = Price { digits: 9, ..scaled };
        let most = stretches().map(|(start, end)| rise(&exact, start, end)).max().unwrap();
        prop_assert_eq!(held.as_nanos(), (most + digit - 1) / digit * digit);
    }

    #[test]
    fn what_is_held_pays_for_a_step_of_any_size(price in prices(), from in uses(), step in uses(), over in uses()) {
        let (from, over) = (from.max(Quantity::ZERO), over.max(Quantity::ZERO));
        let to = step.checked_add(from).filter(|_| step.is_positive());
        let range = to.and_then(|to| Some((from, to.checked_add(over)?)));
        let Some((from, to)) = range else { return Ok(()) };
        let last = to.checked_sub(step).unwrap();
        let held = price.dearest((from, to), step);
        for start in [from, last] {
            let end = start.checked_add(step).unwrap();
            if let (Some(cost), Some(held)) = (price.between(start, end), held) {
                let even = price.rounding == Rounding::HalfEven;
                let digit = 10_i128.pow(9 - u32::from(price.digits));
                let most = held.as_nanos().saturating_add(if even { digit } else { 0 });
                prop_assert!(cost.as_nanos() <= most, "{} of {}", cost, held);
            }
        }
    }
}

/// The cost of a use from the start, by big integers.
fn slow(price: &Price, used: Quantity) -> Option<BigInt> {
    let used = BigInt::from(used.as_nanos()).max(BigInt::ZERO);
    owed(&price.curve, (price.digits, price.rounding), &used)
}

/// The same price, in which each nano of use costs a whole number of nanos.
fn scaled(price: &Price) -> Price {
    let times = |price: Quantity| Quantity::from_nanos(price.as_nanos() % 20 * 1_000_000_000);
    let tiers = |tiers: &Tiers| {
        let size = |bound: Quantity| Quantity::from_nanos(bound.as_nanos() / 100_000_000);
        let scale = |tier: &Tier| Tier {
            above: size(tier.above),
            flat: Quantity::from_nanos(tier.flat.as_nanos() % 20),
            to: tier.to.map(size),
            unit: times(tier.unit),
        };
        Tiers::new(&tiers.iter().map(scale).collect::<Vec<_>>()).unwrap()
    };
    let curve = match &price.curve {
        Curve::Flat(price) => Curve::Flat(times(*price)),
        Curve::Graduated(all) => Curve::Graduated(tiers(all)),
        Curve::Package { size, .. } => {
            let size = Quantity::from_nanos(size.as_nanos() / 500_000_000 + 1);
            Curve::Package { price: Quantity::from_nanos(7), size }
        }
        Curve::Unit(price) => Curve::Unit(times(*price)),
        Curve::Volume(all) => Curve::Volume(tiers(all)),
    };
    Price { curve, ..price.clone() }
}

#[test]
fn a_price_past_the_range_is_none() {
    let two = Curve::Unit(Quantity::from_units(2));
    let price = Price { curve: two, digits: 8, rounding: Rounding::Up };
    let most = Quantity::from_nanos(i128::MAX / 2_000_000_000);
    assert!(price.cost(most).is_some());
    let over = most.checked_add(Quantity::NANO).unwrap();
    assert_eq!(price.cost(over), None);
    assert_eq!(price.between(over, Quantity::ZERO), None);
}

/// The five kinds, by what a person would write on paper.
#[test]
fn each_kind_costs_what_it_says() {
    let units = Quantity::from_units;
    let tier = |(above, to): (i64, Option<i64>), unit, flat| Tier {
        above: units(above),
        flat: units(flat),
        to: to.map(units),
        unit: units(unit),
    };
    let tiers = || Tiers::new(&[tier((0, Some(10)), 2, 0), tier((10, None), 1, 5)]).unwrap();
    let table = [
        (Curve::Flat(units(9)), [9, 9, 9, 9]),
        (Curve::Unit(units(3)), [0, 3, 30, 33]),
        (Curve::Package { price: units(5), size: units(10) }, [0, 5, 5, 10]),
        (Curve::Volume(tiers()), [0, 2, 20, 16]),
        (Curve::Graduated(tiers()), [0, 2, 20, 26]),
    ];
    for (curve, costs) in table {
        let price = Price { curve, digits: 8, rounding: Rounding::HalfEven };
        let told = [0, 1, 10, 11].map(|used| price.cost(units(used)));
        assert_eq!(told, costs.map(|cost| Some(units(cost))), "{price:?}");
    }
}

#[test]
fn tiers_cover_every_use_once() {
    let tier = |above, to: Option<i64>| Tier {
        above: Quantity::from_units(above),
        flat: Quantity::ZERO,
        to: to.map(Quantity::from_units),
        unit: Quantity::ZERO,
    };
    let faults = |tiers: &[Tier]| Tiers::new(tiers).err().unwrap_or_default();
    assert_eq!(faults(&[tier(0, Some(2)), tier(2, None)]), []);
    assert_eq!(faults(&[tier(0, Some(2)), tier(3, None)]), [(1, TierError::Gap)]);
    assert_eq!(faults(&[tier(0, Some(2)), tier(1, None)]), [(1, TierError::Overlap)]);
    assert_eq!(
        faults(&[tier(0, None), tier(2, Some(2))]),
        [(0, TierError::Open), (1, TierError::Empty), (1, TierError::Closed)]
    );
    assert_eq!(faults(&[]), [(0, TierError::Number)]);
    let many: Vec<_> = (0..33).map(|at| tier(at, (at < 32).then_some(at + 1))).collect();
    assert_eq!(faults(&many), [(32, TierError::Number)]);
    assert_eq!(Tiers::new(&[tier(0, Some(2)), tier(2, None)]).unwrap().iter().len(), 2);
}

fn prices() -> impl Strategy<Value = Price> {
    let roundings = vec![Rounding::Down, Rounding::HalfEven, Rounding::Up];
    (curves(), 0..=9_u8, proptest::sample::select(roundings))
        .prop_map(|(curve, digits, rounding)| Price { curve, digits, rounding })
}

fn curves() -> impl Strategy<Value = Curve> {
    prop_oneof![
        money().prop_map(Curve::Flat),
        tiers().prop_map(Curve::Graduated),
        (money(), 1..5_000_000_000_i128).prop_map(|(price, size)| {
            Curve::Package { price, size: Quantity::from_nanos(size) }
        }),
        money().prop_map(Curve::Unit),
        tiers().prop_map(Curve::Volume),
    ]
}

/// One to four tiers of tenths of units, and of few.
fn tiers() -> impl Strategy<Value = Tiers> {
    let tier = (money(), prop_oneof![3 => Just(Quantity::ZERO), 1 => money()], 1..30_i128);
    proptest::collection::vec(tier, 1..5).prop_map(|parts| {
        let (mut all, mut above, last) = (Vec::new(), Quantity::ZERO, parts.len() - 1);
        for (at, (unit, flat, size)) in parts.into_iter().enumerate() {
            let end = above.checked_add(Quantity::from_nanos(size * 100_000_000)).unwrap();
            all.push(Tier { above, flat, to: (at < last).then_some(end), unit });
            above = end;
        }
        Tiers::new(&all).unwrap()
    })
}

fn money() -> impl Strategy<Value = Quantity> {
    prop_oneof![4 => 0..=20_i128, 4 => 0..=20_000_000_000_i128, 1 => 0..=i128::MAX]
        .prop_map(Quantity::from_nanos)
}

/// Uses of few units, of fractions of one, below nothing, and of any size.
fn uses() -> impl Strategy<Value = Quantity> {
    prop_oneof![
        4 => (-3..=20_i64).prop_map(Quantity::from_units),
        4 => (-5..=3_000_000_000_i128).prop_map(Quantity::from_nanos),
        1 => any::<i128>().prop_map(Quantity::from_nanos),
    ]
}
