//! Are these the same number? Digit by digit, or within a tolerance where the vectors say so.

use serde_json::Number;

/// Whether both write the same number, whatever the notation: `1`, `1.0` and `10e-1` are one.
pub(super) fn same(left: &Number, right: &Number) -> bool {
    canonical(&left.to_string()) == canonical(&right.to_string())
}

/// Whether the two differ by `tolerance` at most. Two whole numbers have none.
pub(super) fn close(left: &Number, right: &Number, tolerance: f64) -> bool {
    if same(left, right) {
        return true;
    }
    let whole = |number: &Number| number.is_i64() || number.is_u64();
    if whole(left) && whole(right) {
        return false;
    }
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => (left - right).abs() <= tolerance,
        _ => false,
    }
}

/// Sign, digits without zeros at either end, and the power of ten of the last digit.
fn canonical(text: &str) -> (bool, String, i64) {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let kept = digits.trim_end_matches('0');
    let significant = kept.trim_start_matches('0');
    if significant.is_empty() {
        return (false, String::new(), 0);
    }
    let dropped = digits.len().saturating_sub(kept.len());
    let shift = i64::try_from(dropped).unwrap_or(0) - i64::try_from(fraction.len()).unwrap_or(0);
    // A JSON number in memory has an exponent of three digits at most.
    let exponent = exponent.trim_start_matches('+').parse::<i64>().unwrap_or(0);
    (negative, significant.to_owned(), exponent.saturating_add(shift))
}

#[cfg(test)]
mod tests {
    use super::{close, same};

    fn number(text: &str) -> serde_json::Number {
        text.parse().expect("a JSON number")
    }

    #[test]
    fn notation_does_not_matter_and_digits_do() {
        for (left, right) in [("1", "1.0"), ("0", "-0.0"), ("1e21", "1000000000000000000000.0")] {
            assert!(same(&number(left), &number(right)), "{left} and {right}");
        }
        for (left, right) in [("1", "-1"), ("10", "1"), ("0.1", "0.10000000000000002")] {
            assert!(!same(&number(left), &number(right)), "{left} and {right}");
        }
        // A pair that one binary float would make equal.
        assert!(!same(&number("9007199254740993"), &number("9007199254740992")));
    }

    #[test]
    fn a_tolerance_is_for_fractions_only() {
        assert!(close(&number("0.30000000000000004"), &number("0.3"), 1e-9));
        assert!(!close(&number("0.3001"), &number("0.3"), 1e-9));
        assert!(!close(&number("3"), &number("4"), 2.0));
        assert!(close(&number("3"), &number("3.5"), 2.0));
    }
}
