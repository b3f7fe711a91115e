//! The laws of `weir_core::price`.

use num_bigint::BigInt;
use proptest::prelude::*;
use weir_core::amount::{Quantity, Rounding};
use weir_core::price::Price;
use weir_testkit::model::amount::product;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    #[test]
    fn steps_cost_the_whole(price in prices(), stops in proptest::collection::vec(uses(), 1..10)) {
        let (mut paid, mut used) = (BigInt::ZERO, Quantity::ZERO);
        for stop in stops {
            let whole = owed(price, stop);
            prop_assert_eq!(price.cost(stop).map(Quantity::as_nanos), whole);
            let step = price.between(used, stop);
            // Where both ends can be priced, so can the way.
            prop_assert_eq!(step.is_some(), whole.is_some());
            let Some(step) = step else { continue };
            paid += step.as_nanos();
            used = stop;
            prop_assert_eq!(Some(paid.clone()), whole.map(BigInt::from));
        }
    }

    #[test]
    fn more_use_costs_no_less(price in prices(), a in uses(), b in uses()) {
        let (less, more) = (a.min(b), a.max(b));
        let step = price.between(less, more);
        prop_assert!(step.is_none_or(|step| step >= Quantity::ZERO));
        prop_assert_eq!(price.between(less, less), price.cost(less).map(|_| Quantity::ZERO));
    }

    #[test]
    fn what_is_held_pays_for_a_step(price in prices(), start in uses(), step in uses()) {
        let end = start.checked_add(step).filter(|_| step.is_positive());
        let cost = end.and_then(|end| price.between(start.max(Quantity::ZERO), end));
        if let (Some(cost), Some(held)) = (cost, price.dearest(step)) {
            let last_digit = 10_i128.pow(9 - u32::from(price.digits));
            let even = price.rounding == Rounding::HalfEven;
            let most = held.as_nanos().saturating_add(if even { last_digit } else { 0 });
            prop_assert!(cost.as_nanos() <= most, "{} of {}", cost, held);
        }
    }
}

/// The cost of a use from the start, by decimal digits.
fn owed(price: Price, used: Quantity) -> Option<i128> {
    let factors = [price.unit.as_nanos(), used.as_nanos()];
    if factors[1] < 0 {
        return Some(0);
    }
    product(factors, u32::from(price.digits), price.rounding)
}

#[test]
fn a_price_past_the_range_is_none() {
    let price = Price { unit: Quantity::from_units(2), digits: 8, rounding: Rounding::Up };
    let most = Quantity::from_nanos(i128::MAX / 2_000_000_000);
    assert!(price.cost(most).is_some());
    let over = most.checked_add(Quantity::NANO).unwrap();
    assert_eq!(price.cost(over), None);
    assert_eq!(price.between(over, Quantity::ZERO), None);
}

fn prices() -> impl Strategy<Value = Price> {
    let nanos = prop_oneof![4 => 0..=20_i128, 4 => 0..=20_000_000_000_i128, 1 => 0..=i128::MAX];
    let roundings = vec![Rounding::Down, Rounding::HalfEven, Rounding::Up];
    (nanos, 0..=9_u8, proptest::sample::select(roundings)).prop_map(|(nanos, digits, rounding)| {
        Price { unit: Quantity::from_nanos(nanos), digits, rounding }
    })
}

/// Uses of few units, of fractions of one, below nothing, and of any size.
fn uses() -> impl Strategy<Value = Quantity> {
    prop_oneof![
        4 => (-3..=20_i64).prop_map(Quantity::from_units),
        4 => (-5..=3_000_000_000_i128).prop_map(Quantity::from_nanos),
        1 => any::<i128>().prop_map(Quantity::from_nanos),
    ]
}
