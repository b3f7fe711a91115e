//! Which rules does a document break? Written from the rules of `weir_core::schema` alone.
//!
//! It walks a tree, a rule at a time, and knows nothing of offsets, slots or caps. It reads numbers
//! as digits, so it shares no arithmetic with the core.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use serde_json::Value;
use weir_core::amount::Precision;
use weir_core::schema::{
    ArrayRule, Blank, Definition, Field, Literal, MapRule, Null, NumberRule, ObjectRule, Rule,
    StringRule, Unknown,
};

use super::json::Doc;

/// A broken rule: its code without `schema.`, and the JSON Pointer to the value.
pub type Broken = (&'static str, String);

/// Every broken rule of a document, in the declared order. Of a key that stands twice, only the
/// last one counts.
#[must_use]
pub fn violations(definition: &Definition, doc: &Doc) -> Vec<Broken> {
    let mut found = Vec::new();
    value(&definition.root, doc, &mut Place { at: String::new(), found: &mut found });
    found
}

struct Place<'f> {
    at: String,
    found: &'f mut Vec<Broken>,
}

impl Place<'_> {
    fn inside(&mut self, step: &str) -> Place<'_> {
        let step = step.replace('~', "~0").replace('/', "~1");
        Place { at: format!("{}/{step}", self.at), found: self.found }
    }

    fn broken(&mut self, holds: bool, code: &'static str) {
        if !holds {
            self.found.push((code, self.at.clone()));
        }
    }
}

fn value(rule: &Rule, doc: &Doc, place: &mut Place<'_>) {
    match (rule, doc) {
        (Rule::Any {}, _) => {}
        (Rule::Scalar {}, Doc::Bool(_) | Doc::Null | Doc::Number(_) | Doc::Text(_)) => {}
        (Rule::Array(rule), Doc::Array(items)) => array(rule, items, place),
        (Rule::Boolean(rule), Doc::Bool(sent)) => {
            place.broken(rule.equals.is_none_or(|only| only == *sent), "equals");
        }
        (Rule::Integer(rule), Doc::Number(digits)) => number(rule, digits, place, true),
        (Rule::Map(rule), Doc::Object(members)) => map(rule, members, place),
        (Rule::Number(rule), Doc::Number(digits)) => number(rule, digits, place, false),
        (Rule::Object(rule), Doc::Object(members)) => object(rule, members, place),
        (Rule::String(rule), Doc::Text(text)) => {
            for code in text_breaks(rule, text) {
                place.broken(false, code);
            }
        }
        _ => place.broken(false, "type"),
    }
}

fn array(rule: &ArrayRule, items: &[Doc], place: &mut Place<'_>) {
    counts(items.len(), (rule.count_min, rule.count_max), place);
    for (i, item) in items.iter().enumerate() {
        if let Some(rule) = &rule.items {
            value(rule, item, &mut place.inside(&i.to_string()));
        }
    }
}

fn counts(entries: usize, (min, max): (Option<u32>, Option<u32>), place: &mut Place<'_>) {
    place.broken(min.is_none_or(|min| entries >= min as usize), "too_few");
    place.broken(max.is_none_or(|max| entries <= max as usize), "too_many");
}

/// The members that count, where the last of each key stands.
fn last_ones(members: &[(String, Doc)]) -> Vec<&(String, Doc)> {
    let later = |i: usize| members.iter().skip(i + 1);
    let lasts = members.iter().enumerate();
    lasts.filter(|(i, (key, _))| later(*i).all(|(k, _)| k != key)).map(|(_, m)| m).collect()
}

fn map(rule: &MapRule, members: &[(String, Doc)], place: &mut Place<'_>) {
    let members = last_ones(members);
    counts(members.len(), (rule.count_min, rule.count_max), place);
    for (key, sent) in members {
        let mut place = place.inside(key);
        if let Some(keys) = &rule.keys {
            place.broken(text_breaks(keys, key).is_empty(), "key");
        }
        if let Some(rule) = &rule.values {
            value(rule, sent, &mut place);
        }
    }
}

fn object(rule: &ObjectRule, members: &[(String, Doc)], place: &mut Place<'_>) {
    let members = last_ones(members);
    let sent: BTreeMap<&str, &Doc> = members.iter().map(|(k, v)| (k.as_str(), v)).collect();
    let there = |field: &Field| {
        sent.get(field.name.as_str()).copied().filter(|doc| match doc {
            Doc::Null => field.null != Null::Absent,
            Doc::Text(text) if field.blank == Blank::Missing => !text.trim().is_empty(),
            _ => true,
        })
    };
    let says = |name: &str| {
        let field = rule.fields.iter().find(|field| field.name == name)?;
        match (there(field), &field.default) {
            (Some(Doc::Text(text)), _) | (None, Some(Literal::Text(text))) => Some(text.clone()),
            _ => None,
        }
    };
    for field in &rule.fields {
        let mut place = place.inside(&field.name);
        let met = field
            .when
            .iter()
            .find(|when| says(&when.field).is_some_and(|text| when.one_of.contains(&text)));
        match there(field) {
            None => place.broken(!field.required, "required"),
            Some(Doc::Null) => place.broken(field.null == Null::Kept, "type"),
            Some(doc) => value(met.map_or(&field.is, |when| &when.is), doc, &mut place),
        }
    }
    let count = |names: &Vec<String>| {
        rule.fields.iter().filter(|f| names.contains(&f.name) && there(f).is_some()).count()
    };
    for names in &rule.at_least_one_of {
        place.broken(count(names) > 0, "at_least_one_of");
    }
    for names in &rule.exactly_one_of {
        place.broken(count(names) == 1, "exactly_one_of");
    }
    for (key, _) in members {
        let known = rule.fields.iter().any(|field| field.name == *key);
        place.inside(key).broken(known || rule.unknown == Unknown::Ignored, "unknown");
    }
}

fn text_breaks(rule: &StringRule, text: &str) -> Vec<&'static str> {
    let len = text.chars().count() as u64;
    let mut broken = Vec::new();
    let mut must = |holds: bool, code| {
        if !holds {
            broken.push(code)
        }
    };
    must(rule.len_min.is_none_or(|min| len >= min.into()), "too_short");
    must(rule.len_max.is_none_or(|max| len <= max.into()), "too_long");
    must(rule.equals.as_deref().is_none_or(|only| only == text), "equals");
    must(rule.one_of.is_empty() || rule.one_of.iter().any(|one| one == text), "one_of");
    // A grammar is a matter of its own room: here it is only asked.
    must(rule.format.is_none_or(|format| format.admits(text)), "format");
    broken
}

fn number(rule: &NumberRule, digits: &str, place: &mut Place<'_>, whole: bool) {
    let unit = BigInt::from(1_000_000_000);
    let Some((nanos, exact)) = nanos(digits) else {
        return place.broken(false, "too_large");
    };
    if whole && !exact {
        return place.broken(false, "integer");
    }
    if !whole && !exact && rule.precision == Precision::Exact {
        return place.broken(false, "inexact");
    }
    if nanos.magnitude() > BigInt::from(i128::MAX).magnitude() {
        return place.broken(false, "too_large");
    }
    let big = |quantity: weir_core::amount::Quantity| BigInt::from(quantity.as_nanos());
    place.broken(!whole || &nanos % &unit == BigInt::ZERO, "integer");
    place.broken(rule.min.is_none_or(|min| nanos >= big(min)), "min");
    place.broken(rule.max.is_none_or(|max| nanos <= big(max)), "max");
    place.broken(rule.above.is_none_or(|above| nanos > big(above)), "above");
    place.broken(rule.below.is_none_or(|below| nanos < big(below)), "below");
    place.broken(rule.equals.is_none_or(|only| nanos == big(only)), "equals");
    let one = rule.one_of.is_empty() || rule.one_of.iter().any(|one| nanos == big(*one));
    place.broken(one, "one_of");
}

/// Billionths to the nearest, a tie to the even one, and whether nothing was rounded; `None` for
/// more digits than anybody needs.
fn nanos(digits: &str) -> Option<(BigInt, bool)> {
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: BigInt = format!("{whole}{fraction}").parse().ok()?;
    if all == BigInt::ZERO {
        return Some((all, true));
    }
    let exponent: i64 = exponent.parse().ok()?;
    let power = exponent - fraction.len() as i64 + 9;
    if power >= 0 {
        let power = u32::try_from(power).ok().filter(|power| *power < 100)?;
        return Some((all * BigInt::from(10).pow(power), true));
    }
    let by = BigInt::from(10).pow(u32::try_from(-power).ok().filter(|power| *power < 400)?);
    let (below, rest) = (&all / &by, &all % &by);
    let (sign, twice) = (if digits.starts_with('-') { -1 } else { 1 }, rest.magnitude() * 2_u32);
    let up = match twice.cmp(by.magnitude()) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => &below % 2 != BigInt::ZERO,
        std::cmp::Ordering::Greater => true,
    };
    let nearest = if up { &below + sign } else { below };
    Some((nearest, rest == BigInt::ZERO))
}

/// A document as a tree of ours.
#[must_use]
pub fn doc(value: &Value) -> Doc {
    match value {
        Value::Array(items) => Doc::Array(items.iter().map(doc).collect()),
        Value::Bool(sent) => Doc::Bool(*sent),
        Value::Null => Doc::Null,
        Value::Number(number) => Doc::Number(number.to_string()),
        Value::Object(members) => {
            Doc::Object(members.iter().map(|(key, value)| (key.clone(), doc(value))).collect())
        }
        Value::String(text) => Doc::Text(text.clone()),
    }
}
