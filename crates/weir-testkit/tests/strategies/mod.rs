//! Which definitions and documents are tried? Small ones, in which everything meets everything.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "in the helpers of tests, a wrong table is a failing test"
)]

use std::num::NonZeroU16;

use proptest::prelude::*;
use weir_core::amount::{Precision, Quantity};
use weir_core::schema::{
    ArrayRule, Blank, BooleanRule, Definition, Field, Format, Literal, MapRule, Messages, Null,
    NumberRule, ObjectRule, Order, Rule, StringRule, Unknown, When,
};
use weir_testkit::model::json::{Doc, Speller};

/// A document as text; no choices make the plainest one.
pub(crate) fn spelled(doc: &Doc, choices: &[u8]) -> String {
    let mut speller = Speller::new(choices);
    speller.write(doc);
    speller.out
}

/// A definition and a document, as often as not one that nearly fits.
pub(crate) fn cases() -> impl Strategy<Value = (Definition, Doc)> {
    let fitting = fitting_cases(1).prop_map(|(definition, docs)| (definition, docs[0].clone()));
    prop_oneof![2 => fitting, 1 => (definitions(), docs())]
}

/// A definition and documents that nearly fit.
pub(crate) fn fitting_cases(count: usize) -> impl Strategy<Value = (Definition, Vec<Doc>)> {
    let choices = prop::collection::vec(any::<u8>(), 24);
    (definitions(), prop::collection::vec(choices, count)).prop_map(|(definition, choices)| {
        let doc = |choices: Vec<u8>| fitting(&definition.root, &mut choices.into_iter().cycle());
        let docs = choices.into_iter().map(doc).collect();
        (definition, docs)
    })
}

/// A document that follows most of the rules; what is left open is chosen by bytes.
fn fitting(rule: &Rule, choices: &mut impl Iterator<Item = u8>) -> Doc {
    let mut choose = |n: usize| usize::from(choices.next().unwrap()) % n;
    if choose(16) == 0 {
        return [Doc::Null, Doc::Bool(false), Doc::Text("".into()), Doc::Array(Vec::new())]
            [choose(4)]
        .clone();
    }
    match rule {
        Rule::Any {} | Rule::Scalar {} => Doc::Bool(true),
        Rule::Boolean(rule) => Doc::Bool(rule.equals.unwrap_or(choose(2) == 0)),
        Rule::EpochMs {} => Doc::Number(INSTANTS[choose(INSTANTS.len())].to_owned()),
        Rule::Integer(_) | Rule::Number(_) if choose(4) == 0 => {
            Doc::Number(NUMBERS[choose(NUMBERS.len())].to_owned())
        }
        Rule::Integer(rule) | Rule::Number(rule) => {
            let units = rule.min.or(rule.above).unwrap_or_default().as_units().unwrap();
            let number =
                rule.one_of.first().map_or(units + choose(4) as i64, |one| one.as_units().unwrap());
            Doc::Number(number.to_string())
        }
        Rule::String(rule) => {
            let text = rule.equals.clone().or_else(|| rule.one_of.first().cloned());
            let text = text.filter(|_| choose(8) > 0);
            let format = match rule.format {
                Some(Format::Currency) => "USD",
                Some(Format::Duration) => "PT5M",
                Some(Format::Email) => "a@b.c",
                Some(Format::Rfc3339) => "2026-01-01T00:00:00Z",
                Some(Format::Quantity) => "12.5",
                _ => ["a", "b", "aa"][choose(3)],
            };
            Doc::Text(text.unwrap_or_else(|| format.to_owned()))
        }
        Rule::Array(rule) => {
            let count = rule.count_min.unwrap_or_default() as usize + choose(2);
            let item = rule.items.as_deref().unwrap_or(&Rule::Any {});
            Doc::Array((0..count).map(|_| fitting(item, choices)).collect())
        }
        Rule::Map(rule) => {
            let count = rule.count_min.unwrap_or_default() as usize + choose(2);
            let value = rule.values.as_deref().unwrap_or(&Rule::Any {});
            let member = |name: &&str| ((*name).to_owned(), fitting(value, choices));
            Doc::Object(["USD", "a", "b"].iter().take(count).map(member).collect())
        }
        Rule::Object(rule) => {
            let mut members = Vec::new();
            for field in &rule.fields {
                let chosen = choices.next().unwrap() % 12;
                if chosen == 0 && field.null != Null::Refused {
                    members.push((field.name.clone(), Doc::Null));
                } else if chosen == 1 && field.blank == Blank::Missing {
                    let blank = [" ", "\t"][usize::from(choices.next().unwrap()) % 2];
                    members.push((field.name.clone(), Doc::Text(blank.into())));
                } else if field.required || chosen > 5 {
                    let met = field.when.first().filter(|_| chosen > 8);
                    let is = met.map_or(&field.is, |when| &when.is);
                    members.push((field.name.clone(), fitting(is, choices)));
                }
            }
            Doc::Object(members)
        }
    }
}

fn docs() -> impl Strategy<Value = Doc> {
    let leaf = prop_oneof![
        Just(Doc::Null),
        any::<bool>().prop_map(Doc::Bool),
        prop::sample::select(&NUMBERS).prop_map(|digits| Doc::Number(digits.into())),
        prop::sample::select(&TEXTS).prop_map(|text| Doc::Text(text.into())),
    ];
    let tree = leaf.prop_recursive(3, 40, 6, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Doc::Array),
            3 => members(inner),
        ]
    });
    prop_oneof![1 => tree.clone(), 9 => members(tree)]
}

/// Members of known and unknown keys, which can stand twice.
fn members(values: impl Strategy<Value = Doc>) -> impl Strategy<Value = Doc> {
    let names = prop_oneof![12 => prop::sample::select(&NAMES), 1 => Just("é"), 1 => Just("zz")];
    prop::collection::vec((names.prop_map(String::from), values), 0..7).prop_map(Doc::Object)
}

fn definitions() -> impl Strategy<Value = Definition> {
    let leaf = prop_oneof![
        1 => Just(Rule::Any {}),
        1 => Just(Rule::EpochMs {}),
        1 => Just(Rule::Scalar {}),
        1 => prop::option::of(any::<bool>())
            .prop_map(|equals| Rule::Boolean(BooleanRule { equals })),
        4 => strings().prop_map(Rule::String),
        3 => numbers().prop_map(Rule::Number),
        2 => numbers().prop_map(|rule| {
            Rule::Integer(NumberRule { precision: Precision::Exact, ..rule })
        }),
    ];
    let rule = leaf.clone().prop_recursive(2, 24, 5, move |inner| {
        let counts = || prop::option::of((0..3_u32, 0..3_u32));
        let array = (prop::option::of(inner.clone()), counts()).prop_map(|(items, counts)| {
            let (count_min, count_max) = range(counts);
            Rule::Array(ArrayRule { items: items.map(Box::new), count_min, count_max })
        });
        let map = (prop::option::of(strings()), prop::option::of(inner.clone()), counts());
        let map = map.prop_map(|(keys, values, counts)| {
            let (count_min, count_max) = range(counts);
            let values = values.map(Box::new);
            Rule::Map(MapRule { keys, values, count_min, count_max, bytes_max: None })
        });
        prop_oneof![array, map, objects(inner.boxed(), false)]
    });
    let mixed = prop_oneof![2 => leaf, 1 => rule.clone()];
    let root = prop_oneof![1 => rule, 9 => objects(mixed.boxed(), true)];
    root.prop_map(|root| Definition {
        root,
        messages: Messages::default(),
        root_messages: Messages::default(),
        order: Order::Declared,
        violations_max: NonZeroU16::MAX,
    })
}

fn range(counts: Option<(u32, u32)>) -> (Option<u32>, Option<u32>) {
    counts.map_or((None, None), |(min, more)| (Some(min), Some(min + more)))
}

fn strings() -> impl Strategy<Value = StringRule> {
    let formats = [
        Format::Currency,
        Format::Duration,
        Format::Email,
        Format::Host,
        Format::Name,
        Format::Quantity,
        Format::Rfc3339,
        Format::Slug,
    ];
    let one_of = prop::sample::subsequence(TEXTS.to_vec(), 0..4);
    let choice = prop_oneof![
        2 => Just((None, Vec::new())),
        1 => prop::sample::select(&TEXTS).prop_map(|only| (Some(only.to_owned()), Vec::new())),
        1 => one_of.prop_map(|texts| (None, texts.into_iter().map(String::from).collect())),
    ];
    let format =
        prop_oneof![2 => Just(None), 1 => prop::sample::select(formats.to_vec()).prop_map(Some)];
    let len = prop::option::of((0..3_u32, 0..4_u32));
    (len, choice, format).prop_map(|(len, (equals, one_of), format)| {
        let (len_min, len_max) = range(len);
        StringRule { len_min, len_max, equals, one_of, format }
    })
}

fn numbers() -> impl Strategy<Value = NumberRule> {
    let limit = || prop::option::weighted(0.2, (-2..3_i64).prop_map(Quantity::from_units));
    let choice = prop::option::weighted(0.2, Just(vec![1_i64, 12].into_iter()));
    let step = prop::option::weighted(0.2, prop::sample::select(&["1", "3", "0.5"]));
    (limit(), limit(), any::<bool>(), choice, step)
        .prop_map(|(min, below, nearest, choice, step)| {
            // Limits that leave room: the upper ones stand ten above the lower ones.
            let ten = Quantity::from_units(10);
            let precision = if nearest { Precision::Nearest } else { Precision::Exact };
            let one_of = choice.into_iter().flatten().map(Quantity::from_units).collect();
            NumberRule {
                min,
                max: min.and_then(|min| min.checked_add(ten)),
                above: below,
                below: below.and_then(|below| below.checked_add(ten)),
                step: step.and_then(|step| step.parse().ok()),
                equals: None,
                one_of,
                precision,
            }
        })
        .prop_filter("limits of both kinds may exclude each other", |rule| {
            rule.min.is_none() || rule.above.is_none() || rule.min.abs_diff_units(rule.above) < 5
        })
}

/// How far two limits are apart.
trait Apart {
    fn abs_diff_units(&self, other: Self) -> u64;
}

impl Apart for Option<Quantity> {
    fn abs_diff_units(&self, other: Self) -> u64 {
        let units = |q: &Self| q.and_then(Quantity::as_units).unwrap_or(0);
        units(self).abs_diff(units(&other))
    }
}

fn objects(rules: BoxedStrategy<Rule>, at_root: bool) -> impl Strategy<Value = Rule> {
    let names = prop::sample::subsequence(NAMES.to_vec(), 0..=NAMES.len()).prop_shuffle();
    let fields = names.prop_flat_map(move |names| {
        let field = |name: &'static str| {
            let others: Vec<_> = names.iter().copied().filter(|n| *n != name).collect();
            fields(name, others, rules.clone(), at_root)
        };
        names.iter().map(|name| field(name)).collect::<Vec<_>>()
    });
    let unknown = prop::sample::select(&[Unknown::Ignored, Unknown::Kept, Unknown::Refused]);
    let groups = (any::<[bool; 2]>(), unknown);
    (fields, groups).prop_map(|(fields, ([least, exactly], unknown))| {
        let names: Vec<_> = fields.iter().take(2).map(|field| field.name.clone()).collect();
        let group =
            |wanted: bool| Vec::from_iter((wanted && names.len() == 2).then(|| names.clone()));
        Rule::Object(ObjectRule {
            at_least_one_of: group(least),
            exactly_one_of: group(exactly && !least),
            unknown,
            fields,
        })
    })
}

fn fields(
    name: &'static str,
    others: Vec<&'static str>,
    rules: BoxedStrategy<Rule>,
    at_root: bool,
) -> impl Strategy<Value = Field> {
    let nulls = prop::sample::select(&[Null::Absent, Null::Kept, Null::Refused]);
    let when = match others.is_empty() {
        true => Just(Vec::new()).boxed(),
        false => {
            let texts = prop::sample::subsequence(TEXTS[1..5].to_vec(), 1..4);
            let when = (prop::sample::select(others), texts, rules.clone());
            let when = when.prop_map(|(field, texts, is)| When {
                field: field.into(),
                one_of: texts.into_iter().map(String::from).collect(),
                is,
            });
            prop::collection::vec(when, 0..3).boxed()
        }
    };
    (rules, any::<[bool; 3]>(), nulls, when).prop_map(move |(is, flags, null, when)| {
        let [required, blank, defaulted] = flags;
        let default = match &is {
            _ if required || !defaulted || !at_root => None,
            Rule::Boolean(_) => Some(Literal::Bool(true)),
            Rule::EpochMs {} | Rule::Integer(_) | Rule::Number(_) => {
                Some(Literal::Number(Quantity::from_units(7)))
            }
            Rule::String(_) => Some(Literal::Text("a".into())),
            _ => None,
        };
        let blank = if blank { Blank::Missing } else { Blank::Kept };
        let messages = Messages::default();
        Field { name: name.into(), is, required, null, blank, default, when, messages }
    })
}

/// The keys that are declared, or could be.
pub(crate) const NAMES: [&str; 5] = ["a", "b", "c", "d~/", "e"];
const TEXTS: [&str; 8] = ["", " ", "a", "b", "USD", "12.5", "PT5M", "more than a few"];
/// Around the first and the last instant that there is, and between.
const INSTANTS: [&str; 6] = [
    "-62135596800001",
    "-62135596800000",
    "0",
    "1767225600000.5",
    "253402300799999",
    "253402300800000",
];
const NUMBERS: [&str; 12] = [
    "0",
    "-0",
    "1",
    "-1",
    "2.0",
    "1e3",
    "0.5",
    "0.00000000005",
    "0.0000000015",
    "1e40",
    "-1.5",
    "12",
];
