//! The laws of `weir_core::amount`, and what serde makes of a quantity.

use num_bigint::BigUint;
use proptest::prelude::*;
use rust_decimal::Decimal;
use weir_core::amount::{Precision, Quantity, Rounding, number};
use weir_testkit::model::amount as model;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn text_round_trips(quantity in quantities()) {
        let text = quantity.to_string();
        prop_assert_eq!(text.parse(), Ok(quantity));
        prop_assert_eq!(Quantity::from_json(text.as_bytes(), Precision::Exact), Ok(quantity));
        let json = serde_json::to_string(&quantity).unwrap();
        prop_assert_eq!(serde_json::from_str::<Quantity>(&json).unwrap(), quantity);
    }

    #[test]
    fn decimal_is_exact_or_refused(mantissa in 0..1_i128 << 96, scale in 0..=28_u32, digits in 0..29_u32) {
        // Some digits only, or nearly all of them would be too fine for a quantity.
        let decimal = Decimal::from_i128_with_scale(mantissa >> (3 * digits), scale);
        for decimal in [decimal, -decimal] {
            let quantity = Quantity::try_from(decimal).map(Quantity::as_nanos);
            prop_assert_eq!(quantity, model::plain(&decimal.to_string()));
        }
    }

    #[test]
    fn quantity_to_decimal_is_exact_or_refused(quantity in quantities()) {
        // The shortest text of both is the same; what does not fit has more than 96 bits of digits.
        let text = quantity.to_string();
        match Decimal::try_from(quantity) {
            Ok(decimal) => prop_assert_eq!(decimal.to_string(), text),
            Err(_) => {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                prop_assert!(digits.parse::<BigUint>().unwrap().bits() > 96, "{}", text);
            }
        }
    }

    #[test]
    fn same_as_digits(text in texts()) {
        prop_assert_eq!(text.parse().map(Quantity::as_nanos), model::plain(&text), "{}", text);
        for precision in [Precision::Exact, Precision::Nearest] {
            let json = Quantity::from_json(text.as_bytes(), precision).map(Quantity::as_nanos);
            prop_assert_eq!(json, model::json(&text, precision), "json {}", text);
            let string = number::ecmascript(&text, precision).map(Quantity::as_nanos);
            prop_assert_eq!(string, model::ecmascript(&text, precision), "ecmascript {}", text);
        }
    }

    #[test]
    fn product_rounds_as_said(a in quantities(), b in quantities(), digits in 0..12_u32) {
        let factors = [a.as_nanos(), b.as_nanos()];
        for rounding in [Rounding::Down, Rounding::HalfEven, Rounding::Up] {
            let product = a.checked_mul(b, digits, rounding).map(Quantity::as_nanos);
            prop_assert_eq!(product, model::product(factors, digits, rounding), "{:?}", rounding);
        }
    }
}

#[test]
fn the_far_end_is_read_like_the_near_one() {
    let thousand = "1234567890".repeat(100);
    let zeros = "0".repeat(1_000);
    for text in [
        "1e200000000".to_owned(),
        "1e-200000000".to_owned(),
        "0e200000000".to_owned(),
        format!("1e{thousand}"),
        format!("1e-{thousand}"),
        format!("0e{thousand}"),
        thousand.clone(),
        format!("-{thousand}e-990"),
        format!("{thousand}e-980"),
        format!("0.{thousand}"),
        format!("0.{zeros}1e1001"),
        format!("1{zeros}e-1000"),
        format!("1.5{zeros}"),
        format!("0.0000000005{zeros}"),
        format!("0.0000000005{zeros}1"),
        format!("-0.0000000015{zeros}"),
        "170141183460469231731687303715.884105727".to_owned(),
        "170141183460469231731687303715.884105728".to_owned(),
        "-170141183460469231731687303715.884105728".to_owned(),
        "-170141183460469231731687303715.884105729".to_owned(),
        "170141183460469231731687303715.8841057274".to_owned(),
        "170141183460469231731687303715.8841057275".to_owned(),
        "-170141183460469231731687303715.8841057285".to_owned(),
        "340282366920938463463374607431.768211455".to_owned(),
        "340282366920938463463374607431.768211456".to_owned(),
    ] {
        assert_eq!(text.parse().map(Quantity::as_nanos), model::plain(&text), "plain {text}");
        for precision in [Precision::Exact, Precision::Nearest] {
            let json = Quantity::from_json(text.as_bytes(), precision).map(Quantity::as_nanos);
            assert_eq!(json, model::json(&text, precision), "{precision:?} {text}");
        }
    }
}

#[test]
fn a_json_number_is_whole_or_refused() {
    let read = |json: &str| serde_json::from_str::<Quantity>(json).ok();
    assert_eq!(read("12"), Some(Quantity::from_units(12)));
    assert_eq!(read("18446744073709551615"), "18446744073709551615".parse().ok());
    assert_eq!(read("\"-0.5\""), "-0.5".parse().ok());
    for refused in ["0.5", "1e3", "18446744073709551616", "\"1e3\"", "true", "null", "[1]"] {
        assert_eq!(read(refused), None, "{refused}");
    }
}

/// Quantities of every size: each count of bits is as likely as any other.
fn quantities() -> impl Strategy<Value = Quantity> {
    let any_size = (any::<i128>(), 0..128_u32).prop_map(|(nanos, bits)| nanos >> bits);
    let round = (any::<i64>(), 0..18_u32).prop_map(|(some, zeros)| {
        i128::from(some).checked_mul(10_i128.pow(zeros)).unwrap_or_default()
    });
    let ends = prop_oneof![Just(i128::MAX), Just(i128::MIN), Just(0)];
    prop_oneof![8 => any_size, 4 => round, 1 => ends].prop_map(Quantity::from_nanos)
}

/// Texts that are numbers, nearly are, or lie close to a tie or to the end of the range.
fn texts() -> impl Strategy<Value = String> {
    let close = (quantities(), "(|0|4|49|5|50{1,30}|50{0,30}1|9{1,3})", any::<bool>());
    let close = close.prop_map(|(quantity, tail, shifted)| {
        let digits = quantity.as_nanos().to_string();
        let places = tail.len() + 9;
        let point = digits.len().checked_sub(9).filter(|at| !shifted && *at > 1);
        match point.map(|at| digits.split_at(at)) {
            Some((whole, fraction)) => format!("{whole}.{fraction}{tail}"),
            None => format!("{digits}{tail}e-{places}"),
        }
    });
    prop_oneof![
        4 => close,
        4 => "[+-]?[0-9]{0,45}(\\.[0-9]{0,45})?([eE][+-]?[0-9]{1,3})?",
        2 => "-?0?[0-9]{0,3}(\\.0{0,12}[0-9]{0,3}0{0,12})?(e-?[0-9]{1,2})?",
        2 => "[-+0-9.eExXoObBaf_ \u{85}\u{a0}\u{feff}]{0,12}",
        1 => "[ \n\u{feff}\u{85}]?0[xXoObB][0-9a-fA-F]{0,34} ?",
        1 => "-?[0-9]{900,1100}(\\.[0-9]{900,1100})?(e-?[0-9]{3,4})?",
    ]
}
