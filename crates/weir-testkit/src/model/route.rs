//! Does an event count? Asked of the document as a tree, and of what was written.

use std::cmp::Ordering;

use num_bigint::BigInt;
use weir_core::catalog::definition::{FeatureDefinition, FilterDefinition};
use weir_core::schema::Literal;

use super::json::Doc;

/// Whether a feature counts an event of a kind, with these properties.
#[must_use]
pub fn counts(feature: &FeatureDefinition, kind: &str, properties: &Doc) -> bool {
    feature.event.as_deref() == Some(kind)
        && feature.filters.iter().all(|(path, filter)| {
            let names = names(&path.to_string());
            holds(filter, find(properties, &names))
        })
}

/// The names of a path: at each dot a new one starts, unless a backslash stands before it.
#[must_use]
pub fn names(path: &str) -> Vec<String> {
    let (mut names, mut escaped) = (vec![String::new()], false);
    for char in path.chars() {
        match char {
            '\\' if !escaped => escaped = true,
            '.' if !escaped => names.push(String::new()),
            char => {
                names.iter_mut().next_back().into_iter().for_each(|name| name.push(char));
                escaped = false;
            }
        }
    }
    names
}

/// What stands under the names; the last of two keys counts, and nothing stands under `null`.
#[must_use]
pub fn find<'d>(doc: &'d Doc, names: &[String]) -> Option<&'d Doc> {
    let Some((name, rest)) = names.split_first() else {
        return (*doc != Doc::Null).then_some(doc);
    };
    let Doc::Object(members) = doc else { return None };
    let (_, value) = members.iter().rev().find(|(key, _)| key == name)?;
    find(value, rest)
}

/// Whether all holds that is said of a property.
fn holds(filter: &FilterDefinition, found: Option<&Doc>) -> bool {
    let FilterDefinition { above, below, equals, exists, one_of, max, min, prefix } = filter;
    let number = |wanted: &[Ordering], line: i128| match found {
        Some(Doc::Number(digits)) => wanted.contains(&compared(digits, line)),
        _ => false,
    };
    let is = |literal: &Literal| match (literal, found) {
        (Literal::Bool(wanted), Some(Doc::Bool(value))) => value == wanted,
        (Literal::Number(wanted), Some(_)) => number(&[Ordering::Equal], wanted.as_nanos()),
        (Literal::Text(wanted), Some(Doc::Text(value))) => value == wanted,
        _ => false,
    };
    let starts = |start: &str| matches!(found, Some(Doc::Text(text)) if text.starts_with(start));
    above.is_none_or(|line| number(&[Ordering::Greater], line.as_nanos()))
        && below.is_none_or(|line| number(&[Ordering::Less], line.as_nanos()))
        && max.is_none_or(|line| number(&[Ordering::Less, Ordering::Equal], line.as_nanos()))
        && min.is_none_or(|line| number(&[Ordering::Greater, Ordering::Equal], line.as_nanos()))
        && equals.as_ref().is_none_or(is)
        && exists.is_none_or(|there| there == found.is_some())
        && one_of.as_ref().is_none_or(|all| all.iter().any(is))
        && prefix.as_deref().is_none_or(starts)
}

/// How the number that is spelled stands to so many nano-units: both as whole numbers of the same,
/// tiny unit.
fn compared(digits: &str, nanos: i128) -> Ordering {
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: BigInt = format!("{whole}{fraction}").parse().unwrap_or_default();
    let exponent: i64 = exponent.parse().unwrap_or_default();
    let places = i64::try_from(fraction.len()).unwrap_or_default();
    // The number is `all` times ten to this power, the other one `nanos` times ten to minus nine.
    let power = exponent - places;
    let unit = power.min(-9);
    let scaled = |number: BigInt, power: i64| {
        let zeros = usize::try_from(power - unit).unwrap_or_default();
        format!("{number}{}", "0".repeat(zeros)).parse::<BigInt>().unwrap_or_default()
    };
    scaled(all, power).cmp(&scaled(nanos.into(), -9))
}
