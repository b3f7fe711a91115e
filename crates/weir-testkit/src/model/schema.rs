//! Which rules does a document break? Written from the rules of `weir_core::schema` alone.
//!
//! It walks a tree, a rule at a time, and knows nothing of slots or caps. It reads numbers as
//! digits, so it shares no arithmetic with the core.

use std::cmp::Ordering;

use num_bigint::BigInt;
use serde_json::Value;
use weir_core::amount::{Precision, Quantity};
use weir_core::schema::{
    ArrayRule, Blank, Definition, Field, Format, Literal, MapRule, Null, NumberRule, ObjectRule,
    Rule, StringRule, Unknown,
};
use weir_core::time::Timestamp;

use super::json::Doc;
use super::sent::{Is, Member, Sent};

/// A broken rule: its code without `schema.`, and the JSON Pointer to the value.
pub type Broken = (&'static str, String);

/// Every broken rule of a document in its plainest spelling, in the declared order. Of a key that
/// stands twice, only the last one counts.
#[must_use]
pub fn violations(definition: &Definition, doc: &Doc) -> Vec<Broken> {
    let Some(sent) = Sent::plain(doc) else { return vec![("syntax", String::new())] };
    placed(definition, &sent).into_iter().map(|(_, broken)| broken).collect()
}

/// The same of what was sent, each with an offset: where the value starts; where the key does, when
/// that is at fault; where the object does, when its field is missing.
#[must_use]
pub fn placed(definition: &Definition, sent: &Sent) -> Vec<(usize, Broken)> {
    let mut found = Found(Vec::new());
    value(&definition.root, sent, &Place { up: None, step: Step::Key("") }, &mut found);
    found.0
}

/// What was sent for a field, unless that counts as absent.
#[must_use]
pub fn there<'s>(field: &Field, members: &'s [Member]) -> Option<&'s Sent> {
    last(&field.name, members).filter(|sent| match &sent.is {
        Is::Null => field.null != Null::Absent,
        Is::Text(text) => field.blank == Blank::Kept || !text.trim().is_empty(),
        _ => true,
    })
}

/// The members of an object that no field is declared for, in the order sent.
pub fn others<'s>(rule: &ObjectRule, members: &'s [Member]) -> impl Iterator<Item = &'s Member> {
    let known = |member: &&Member| rule.fields.iter().any(|field| field.name == member.key);
    last_ones(members).filter(move |member| !known(member))
}

/// The last value of a key.
fn last<'s>(key: &str, members: &'s [Member]) -> Option<&'s Sent> {
    members.iter().rev().find(|member| member.key == key).map(|member| &member.value)
}

/// The members that count, where the last of each key stands.
fn last_ones(members: &[Member]) -> impl Iterator<Item = &Member> {
    let counts =
        |member: &&Member| last(&member.key, members).is_some_and(|v| v.at == member.value.at);
    members.iter().filter(counts)
}

/// The way from the root.
struct Place<'p> {
    up: Option<&'p Self>,
    step: Step<'p>,
}

enum Step<'p> {
    Index(usize),
    Key(&'p str),
}

impl<'p> Place<'p> {
    fn index(&'p self, index: usize) -> Self {
        Self { up: Some(self), step: Step::Index(index) }
    }

    fn key(&'p self, key: &'p str) -> Self {
        Self { up: Some(self), step: Step::Key(key) }
    }

    fn pointer(&self) -> String {
        let Some(up) = self.up else { return String::new() };
        let step = match self.step {
            Step::Index(index) => index.to_string(),
            Step::Key(key) => key.replace('~', "~0").replace('/', "~1"),
        };
        format!("{}/{step}", up.pointer())
    }
}

struct Found(Vec<(usize, Broken)>);

impl Found {
    fn must(&mut self, holds: bool, code: &'static str, (place, at): (&Place<'_>, usize)) {
        if !holds {
            self.0.push((at, (code, place.pointer())));
        }
    }
}

fn value(rule: &Rule, sent: &Sent, place: &Place<'_>, found: &mut Found) {
    let here = (place, sent.at);
    match (rule, &sent.is) {
        (Rule::Any {}, _) => {}
        (Rule::Scalar {}, Is::Bool(_) | Is::Null | Is::Number(_) | Is::Text(_)) => {}
        (Rule::Array(rule), Is::Array(items)) => array(rule, items, here, found),
        (Rule::Boolean(rule), Is::Bool(said)) => {
            found.must(rule.equals.is_none_or(|only| only == *said), "equals", here);
        }
        (Rule::EpochMs {}, Is::Number(digits)) => {
            let read = Nanos::read(digits).map(|read| read.nearest).filter(fits);
            found.must(read.is_some(), "too_large", here);
            let (first, last) = (Timestamp::MIN.as_millis(), Timestamp::MAX.as_millis());
            let exists = |n: BigInt| n >= big(first) * UNIT && n <= big(last) * UNIT;
            found.must(read.is_none_or(exists), "format", here);
        }
        (Rule::Integer(rule), Is::Number(digits)) => {
            number((rule, true), digits, &mut |holds, code| found.must(holds, code, here));
        }
        (Rule::Map(rule), Is::Object(members)) => {
            let fits = rule.bytes_max.is_none_or(|max| sent.end - sent.at <= max as usize);
            found.must(fits, "size", here);
            map(rule, members, here, found);
        }
        (Rule::Number(rule), Is::Number(digits)) => {
            number((rule, false), digits, &mut |holds, code| found.must(holds, code, here));
        }
        (Rule::Object(rule), Is::Object(members)) => object(rule, members, here, found),
        (Rule::String(rule), Is::Text(text)) => {
            for code in text_breaks(rule, text) {
                found.must(false, code, here);
            }
        }
        _ => found.must(false, "type", here),
    }
}

fn array(rule: &ArrayRule, items: &[Sent], here: (&Place<'_>, usize), found: &mut Found) {
    counts(items.len(), (rule.count_min, rule.count_max), here, found);
    for (i, item) in items.iter().enumerate() {
        if let Some(rule) = &rule.items {
            value(rule, item, &here.0.index(i), found);
        }
    }
}

fn counts(
    entries: usize,
    (min, max): (Option<u32>, Option<u32>),
    here: (&Place<'_>, usize),
    found: &mut Found,
) {
    found.must(min.is_none_or(|min| entries >= min as usize), "too_few", here);
    found.must(max.is_none_or(|max| entries <= max as usize), "too_many", here);
}

fn map(rule: &MapRule, members: &[Member], here: (&Place<'_>, usize), found: &mut Found) {
    counts(last_ones(members).count(), (rule.count_min, rule.count_max), here, found);
    for Member { key, quote, value: sent } in last_ones(members) {
        let place = here.0.key(key);
        if let Some(keys) = &rule.keys {
            found.must(text_breaks(keys, key).is_empty(), "key", (&place, *quote));
        }
        if let Some(rule) = &rule.values {
            value(rule, sent, &place, found);
        }
    }
}

fn object(rule: &ObjectRule, members: &[Member], here: (&Place<'_>, usize), found: &mut Found) {
    let says = |name: &str| {
        let field = rule.fields.iter().find(|field| field.name == name)?;
        match (there(field, members).map(|sent| &sent.is), &field.default) {
            (Some(Is::Text(text)), _) | (None, Some(Literal::Text(text))) => Some(text.clone()),
            _ => None,
        }
    };
    for field in &rule.fields {
        let place = here.0.key(&field.name);
        let met = field
            .when
            .iter()
            .find(|when| says(&when.field).is_some_and(|text| when.one_of.contains(&text)));
        match there(field, members) {
            None => {
                let at = last(&field.name, members).map_or(here.1, |ignored| ignored.at);
                found.must(!field.required, "required", (&place, at));
            }
            Some(Sent { at, is: Is::Null, .. }) => {
                found.must(field.null == Null::Kept, "type", (&place, *at));
            }
            Some(sent) => value(met.map_or(&field.is, |when| &when.is), sent, &place, found),
        }
    }
    let count = |names: &Vec<String>| {
        let named = rule.fields.iter().filter(|field| names.contains(&field.name));
        named.filter(|field| there(field, members).is_some()).count()
    };
    for names in &rule.at_least_one_of {
        found.must(count(names) > 0, "at_least_one_of", here);
    }
    for names in &rule.exactly_one_of {
        found.must(count(names) == 1, "exactly_one_of", here);
    }
    for Member { key, quote, .. } in others(rule, members) {
        found.must(rule.unknown != Unknown::Refused, "unknown", (&here.0.key(key), *quote));
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
    must(rule.format.is_none_or(|format| is_formed(format, text)), "format");
    broken
}

fn is_formed(format: Format, text: &str) -> bool {
    let word = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_');
    let label = |label: &str| {
        !label.is_empty() && label.len() < 64 && label.to_ascii_lowercase().chars().all(word)
    };
    let host = |text: &str| text.len() < 254 && text.split('.').all(label);
    match format {
        Format::Currency => matches!(text.as_bytes(), [b'A'..=b'Z', b'A'..=b'Z', b'A'..=b'Z']),
        Format::Email => text.rsplit_once('@').is_some_and(|(local, domain)| {
            let visible = !local.contains(|c: char| c.is_whitespace() || c.is_control());
            let short = !local.is_empty() && local.len() < 65 && text.len() < 255;
            visible && short && !local.contains('@') && host(domain) && domain.contains('.')
        }),
        Format::Host => host(text),
        Format::Slug => {
            let ends = text.trim_matches(['-', '_']).len() == text.len();
            ends && !text.is_empty() && text.len() < 129 && text.chars().all(word)
        }
        // A grammar of another room is that room's matter: here it is only asked.
        Format::Duration | Format::Name | Format::Quantity | Format::Rfc3339 => format.admits(text),
    }
}

fn number(
    (rule, whole): (&NumberRule, bool),
    digits: &str,
    must: &mut dyn FnMut(bool, &'static str),
) {
    let Some(Nanos { cut, nearest: nanos, exact }) = Nanos::read(digits) else {
        return must(false, "too_large");
    };
    if !fits(&cut) {
        return must(false, "too_large");
    }
    if whole && !exact {
        return must(false, "integer");
    }
    if !whole && !exact && rule.precision == Precision::Exact {
        return must(false, "inexact");
    }
    if !fits(&nanos) {
        return must(false, "too_large");
    }
    let big = |quantity: Quantity| BigInt::from(quantity.as_nanos());
    must(!whole || &nanos % UNIT == BigInt::ZERO, "integer");
    must(rule.min.is_none_or(|min| nanos >= big(min)), "min");
    must(rule.max.is_none_or(|max| nanos <= big(max)), "max");
    must(rule.above.is_none_or(|above| nanos > big(above)), "above");
    must(rule.below.is_none_or(|below| nanos < big(below)), "below");
    must(rule.step.is_none_or(|step| &nanos % big(step) == BigInt::ZERO), "step");
    must(rule.equals.is_none_or(|only| nanos == big(only)), "equals");
    let one = rule.one_of.is_empty() || rule.one_of.iter().any(|one| nanos == big(*one));
    must(one, "one_of");
}

/// A number in billionths.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Nanos {
    /// Without what is less than one.
    pub cut: BigInt,
    /// The nearest whole one; of two, the even one.
    pub nearest: BigInt,
    /// Whether both are the number itself.
    pub exact: bool,
}

impl Nanos {
    /// Reads digits; `None` for more of them than anybody needs.
    #[must_use]
    pub fn read(digits: &str) -> Option<Self> {
        let exactly = |all: BigInt| Self { cut: all.clone(), nearest: all, exact: true };
        let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all: BigInt = format!("{whole}{fraction}").parse().ok()?;
        if all == BigInt::ZERO {
            return Some(exactly(all));
        }
        // An exponent of more digits than an i64 has is no nearer to the line than this one.
        let far = if exponent.starts_with('-') { -FAR } else { FAR };
        let exponent: i64 = exponent.parse().unwrap_or(far).clamp(-FAR, FAR);
        let power = exponent - fraction.len() as i64 + 9;
        if power >= 0 {
            let power = u32::try_from(power).ok().filter(|power| *power < 100)?;
            return Some(exactly(all * BigInt::from(10).pow(power)));
        }
        let places = u32::try_from(-power).ok();
        let Some(places) = places.filter(|places| *places as usize <= digits.len() + 1) else {
            // Less than a tenth of a billionth.
            return Some(Self { cut: BigInt::ZERO, nearest: BigInt::ZERO, exact: false });
        };
        let by = BigInt::from(10).pow(places);
        let (cut, rest) = (&all / &by, &all % &by);
        let (sign, twice) =
            (if digits.starts_with('-') { -1 } else { 1 }, rest.magnitude() * 2_u32);
        let up = match twice.cmp(by.magnitude()) {
            Ordering::Less => false,
            Ordering::Equal => &cut % 2 != BigInt::ZERO,
            Ordering::Greater => true,
        };
        let nearest = if up { &cut + sign } else { cut.clone() };
        Some(Self { cut, nearest, exact: rest == BigInt::ZERO })
    }
}

/// Whether there is a quantity of so many billionths.
fn fits(nanos: &BigInt) -> bool {
    *nanos >= BigInt::from(i128::MIN) && *nanos <= BigInt::from(i128::MAX)
}

fn big(whole: i64) -> BigInt {
    BigInt::from(whole)
}

/// Billionths of a unit.
const UNIT: i64 = 1_000_000_000;

/// Far outside of every quantity, whatever digits stand before it.
const FAR: i64 = 1 << 40;

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
