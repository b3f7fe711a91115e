//! The laws of `weir_core::route`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use weir_core::amount::{NumberError, Precision, Quantity};
use weir_core::catalog::definition::{FeatureDefinition, FilterDefinition};
use weir_core::catalog::{Catalog, Definition, Names};
use weir_core::fault::Fault;
use weir_core::id::{CatalogVersion, Name};
use weir_core::json::{Duplicates, Lexer, Profile, Raw, Scratch};
use weir_core::meter::Aggregation;
use weir_core::route::{NoValue, Numbers, Path, PathError, Sent};
use weir_core::schema::Literal;
use weir_testkit::model::json::{Doc, Speller};
use weir_testkit::model::{amount, route};

const LENIENT: Profile = Profile { duplicates: Duplicates::LastWins, ..Profile::STRICT };

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    /// A filter that is refused as one that never holds does not hold, either.
    #[test]
    fn filters_are_what_they_say(
        filters in some_filters(),
        (docs, leaves) in (vec(docs(), 2), vec(leaves(), 8)),
        choices in choices(),
    ) {
        let paths: Vec<_> = filters.keys().map(|path| route::names(&path.to_string())).collect();
        let near = leaves.iter().map(|leaf| placed(&paths, leaf));
        let docs = docs.into_iter().chain(near);
        let feature = counting("used", filters);
        let catalog = compiled([feature.clone()]);
        for doc in docs {
            let wanted = route::counts(&feature, "used", &doc);
            let text = spelled(&doc, &choices);
            let counts = |catalog: &Catalog| {
                let id = catalog.feature("f0").unwrap();
                with(&text, |properties| {
                    let sent = Sent { kind: "used", properties };
                    catalog.metering(id).unwrap().counts(sent, &mut Scratch::default())
                })
            };
            match &catalog {
                Ok(catalog) => prop_assert_eq!(counts(catalog), wanted, "{}", text),
                Err(faults) => {
                    let never = |fault: &Fault| fault.code == "catalog.filter_never";
                    let empty = |fault: &Fault| fault.code == "catalog.filter_empty";
                    prop_assert!(faults.iter().all(|fault| never(fault) || empty(fault)));
                    prop_assert!(!wanted || !faults.iter().any(never), "{:?} holds of {}", faults, text);
                }
            }
        }
    }

    #[test]
    fn paths_read_back(names in vec("[ab.\\\\é]{0,2}", 0..19), doc in docs(), written in "[ab.\\\\]{0,6}") {
        let path = Path::of(names.iter().map(String::as_str));
        let empty = names.is_empty() || names.iter().any(String::is_empty);
        prop_assert_eq!(path.as_ref().err() == Some(&PathError::EmptyName), empty);
        prop_assert_eq!(path.as_ref().err() == Some(&PathError::TooLong), !empty && names.len() > 16);
        if let Ok(path) = path {
            prop_assert_eq!(Path::parse(&path.to_string()), Ok(path.clone()));
            prop_assert_eq!(route::names(&path.to_string()), names);
        }
        // What is written in another way is not a path.
        if let Ok(path) = Path::parse(&written) {
            prop_assert_eq!(path.to_string(), written);
            let text = spelled(&doc, &[]);
            let found = with(&text, |raw| path.find(raw, &mut Scratch::default()).map(|raw| raw.as_str().to_owned()));
            let wanted = route::find(&doc, &route::names(&path.to_string()));
            prop_assert_eq!(found, wanted.map(|doc| spelled(doc, &[])));
        }
    }

    #[test]
    fn routes_are_all_that_count(
        features in vec((of(select(vec!["a", "b", "used", "é"])), some_filters()), 0..7),
        kind in select(vec!["", "a", "b", "used", "used2", "é"]),
        doc in docs(),
    ) {
        let features: Vec<_> = features
            .into_iter()
            .map(|(event, filters)| match event {
                Some(event) => counting(event, filters),
                None => FeatureDefinition::default(),
            })
            .collect();
        let Ok(catalog) = compiled(features.clone()) else { return Ok(()) };
        let wanted: Vec<_> = (0..features.len())
            .filter(|index| route::counts(&features[*index], kind, &doc))
            .map(|index| (catalog.feature(&format!("f{index}")).unwrap(), Ok(Quantity::from_units(1))))
            .collect();
        let found: Vec<_> = with(&spelled(&doc, &[]), |properties| {
            let sent = Sent { kind, properties };
            catalog.route(sent, Numbers::Exact, &mut Scratch::default()).collect()
        });
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn members_are_what_is_said(
        one in leaves(),
        other in leaves(),
        spellings in [choices(), choices()],
    ) {
        let people = FeatureDefinition {
            aggregation: Aggregation::UniqueCount(9),
            event: Some("login".into()),
            property: Some(Path::parse("a").unwrap()),
            ..FeatureDefinition::default()
        };
        let catalog = compiled([people]).unwrap();
        let who = |doc: &Doc, choices: &[u8]| {
            let sent = spelled(&Doc::Object(vec![("a".into(), doc.clone())]), choices);
            with(&sent, |properties| {
                let sent = Sent { kind: "login", properties };
                let mut scratch = Scratch::default();
                let (_, value) = catalog.route(sent, Numbers::Exact, &mut scratch).next().unwrap();
                value
            })
        };
        let [said, again] = [who(&one, &spellings[0]), who(&other, &spellings[1])];
        let same = match (&one, &other) {
            (Doc::Text(a), Doc::Text(b)) => a == b,
            (Doc::Number(a), Doc::Number(b)) => {
                let [a, b] = [a, b].map(|digits| amount::json(digits, Precision::Exact));
                a.is_ok() && a == b
            }
            _ => false,
        };
        prop_assert_eq!(said.is_ok() && said == again, same);
        prop_assert_eq!(matches!(one, Doc::Text(_)) && said.is_err(), false);
    }

    #[test]
    fn values_are_those_sent(doc in docs(), path in paths(), choices in choices()) {
        let feature = FeatureDefinition { event: Some("used".into()), property: Some(path.clone()), ..FeatureDefinition::default() };
        let catalog = compiled([feature]).unwrap();
        let found = route::find(&doc, &route::names(&path.to_string()));
        for numbers in [Numbers::Ecmascript, Numbers::Exact] {
            let told = with(&spelled(&doc, &choices), |properties| {
                let sent = Sent { kind: "used", properties };
                let mut scratch = Scratch::default();
                let (_, value) = catalog.route(sent, numbers, &mut scratch).next().unwrap();
                value
            });
            let read = match (numbers, found) {
                (_, None) => {
                    prop_assert_eq!(told, Err(NoValue::Absent));
                    continue;
                }
                (Numbers::Exact, Some(Doc::Number(digits))) => amount::json(digits, Precision::Exact),
                (_, Some(Doc::Number(digits))) => amount::json(digits, Precision::Nearest),
                (Numbers::Ecmascript, Some(Doc::Text(text))) => amount::ecmascript(text, Precision::Nearest),
                _ => Err(NumberError::Syntax),
            };
            let wanted = read.map(Quantity::from_nanos).map_err(|error| match error {
                NumberError::Inexact => NoValue::Inexact,
                NumberError::Syntax => NoValue::NotANumber,
                NumberError::TooLarge => NoValue::TooLarge,
            });
            prop_assert_eq!(told, wanted);
        }
    }
}

#[test]
fn filters_that_never_hold_are_refused() {
    for (filter, field) in [
        (r#"{"in": []}"#, "in"),
        (r#"{"exists": false, "equals": 1}"#, "exists"),
        (r#"{"exists": false, "in": [1]}"#, "exists"),
        (r#"{"exists": false, "prefix": ""}"#, "exists"),
        (r#"{"exists": false, "max": 1}"#, "exists"),
        (r#"{"prefix": "", "min": 1}"#, "prefix"),
        (r#"{"min": "1.000000001", "max": 1}"#, "max"),
        (r#"{"above": 1, "max": 1}"#, "max"),
        (r#"{"min": 1, "below": 1}"#, "below"),
        (r#"{"above": 1, "below": 1}"#, "below"),
    ] {
        let filter = serde_json::from_str(filter).unwrap();
        let filters = BTreeMap::from([(Path::parse("a").unwrap(), filter)]);
        let faults = compiled([counting("used", filters)]).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| (fault.code, &*fault.pointer)).collect();
        let place = format!("/features/f0/filters/a/{field}");
        assert_eq!(told, [("catalog.filter_never", &*place)]);
    }
    for filter in [r#"{"min": 1, "max": 1}"#, r#"{"above": 1, "below": "1.000000001"}"#] {
        let filter = serde_json::from_str(filter).unwrap();
        let filters = BTreeMap::from([(Path::parse("a").unwrap(), filter)]);
        assert!(compiled([counting("used", filters)]).is_ok());
    }
}

#[test]
fn a_feature_has_sixteen_filters_at_most() {
    let there = FilterDefinition { exists: Some(true), ..FilterDefinition::default() };
    let filter = |n: usize| (Path::of([format!("p{n}")]).unwrap(), there.clone());
    let compiles = |n| compiled([counting("used", (0..n).map(filter).collect())]).is_ok();
    assert!(compiles(16) && !compiles(17));
}

/// A feature that counts events of a kind.
fn counting(kind: &str, filters: BTreeMap<Path, FilterDefinition>) -> FeatureDefinition {
    let aggregation = Aggregation::Count;
    FeatureDefinition {
        aggregation,
        event: Some(kind.into()),
        filters,
        ..FeatureDefinition::default()
    }
}

/// A catalog that sells these as `f0` and so on.
fn compiled(features: impl IntoIterator<Item = FeatureDefinition>) -> Result<Catalog, Vec<Fault>> {
    let name = |index| Name::parse(&format!("f{index}")).unwrap();
    let features = (0..).map(name).zip(features).collect();
    let definition = Definition { features, ..Definition::default() };
    Catalog::compile(&definition, &Names::default(), CatalogVersion(1))
}

fn with<T>(text: &str, read: impl FnOnce(Raw<'_>) -> T) -> T {
    let mut scratch = Scratch::default();
    let mut lexer = Lexer::new(text.as_bytes(), &LENIENT, &mut scratch).unwrap();
    read(lexer.value().unwrap().unwrap())
}

fn spelled(doc: &Doc, choices: &[u8]) -> String {
    let mut speller = Speller::new(choices);
    speller.write(doc);
    speller.out.trim().to_owned()
}

/// Half of what can be escaped is.
fn choices() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![Just(0), 0..8_u8], 0..20)
}

fn paths() -> impl Strategy<Value = Path> {
    vec(select(&NAMES), 1..3).prop_map(|names| Path::of(names).unwrap())
}

fn some_filters() -> impl Strategy<Value = BTreeMap<Path, FilterDefinition>> {
    btree_map(paths(), filters(), 0..3)
}

/// Mostly one thing said, sometimes several.
fn filters() -> impl Strategy<Value = FilterDefinition> {
    let number = || select(&LINES).prop_map(|text: &str| text.parse::<Quantity>().unwrap());
    let literals = prop_oneof![
        any::<bool>().prop_map(Literal::Bool),
        (-1_i64..4).prop_map(|units| Literal::Number(Quantity::from_units(units))),
        select(&TEXTS).prop_map(|text| Literal::Text(text.into())),
    ];
    let one = prop_oneof![
        number()
            .prop_map(|line| FilterDefinition { above: Some(line), ..FilterDefinition::default() }),
        number()
            .prop_map(|line| FilterDefinition { below: Some(line), ..FilterDefinition::default() }),
        number()
            .prop_map(|line| FilterDefinition { max: Some(line), ..FilterDefinition::default() }),
        number()
            .prop_map(|line| FilterDefinition { min: Some(line), ..FilterDefinition::default() }),
        literals
            .clone()
            .prop_map(|is| FilterDefinition { equals: Some(is), ..FilterDefinition::default() }),
        any::<bool>()
            .prop_map(|is| FilterDefinition { exists: Some(is), ..FilterDefinition::default() }),
        vec(literals, 0..4)
            .prop_map(|all| FilterDefinition { one_of: Some(all), ..FilterDefinition::default() }),
        select(&TEXTS).prop_map(|text| FilterDefinition {
            prefix: Some(text.into()),
            ..FilterDefinition::default()
        }),
    ];
    vec(one, 0..4).prop_map(|all| {
        all.into_iter().fold(FilterDefinition::default(), |all, one| FilterDefinition {
            above: all.above.or(one.above),
            below: all.below.or(one.below),
            equals: all.equals.or(one.equals),
            exists: all.exists.or(one.exists),
            one_of: all.one_of.or(one.one_of),
            max: all.max.or(one.max),
            min: all.min.or(one.min),
            prefix: all.prefix.or(one.prefix),
        })
    })
}

/// The same value under each path.
fn placed(paths: &[Vec<String>], leaf: &Doc) -> Doc {
    let under = |path: &Vec<String>| {
        let mut names = path.iter().rev();
        let inner = |doc, name: &String| Doc::Object(vec![(name.clone(), doc)]);
        let name = names.next_back().cloned().unwrap_or_default();
        (name, names.fold(leaf.clone(), inner))
    };
    Doc::Object(paths.iter().map(under).collect())
}

fn leaves() -> impl Strategy<Value = Doc> {
    prop_oneof![
        1 => Just(Doc::Null),
        1 => any::<bool>().prop_map(Doc::Bool),
        4 => select(&NUMBERS).prop_map(|digits| Doc::Number(digits.into())),
        3 => select(&TEXTS).prop_map(|text| Doc::Text(text.into())),
    ]
}

fn docs() -> impl Strategy<Value = Doc> {
    let members = |values: BoxedStrategy<Doc>| {
        vec((select(&NAMES).prop_map(String::from), values), 0..6).prop_map(Doc::Object)
    };
    let tree = leaves().prop_recursive(2, 30, 6, move |inner| {
        prop_oneof![1 => vec(inner.clone(), 0..3).prop_map(Doc::Array), 4 => members(inner.boxed())]
    });
    prop_oneof![1 => tree.clone(), 9 => members(tree.boxed())]
}

const NAMES: [&str; 5] = ["a", "b", "a.b", "é", "\\"];

const TEXTS: [&str; 9] = ["", "a", "ab", "é", "éa", "1", " 0x1f ", "\"", "a\\b"];

/// Numbers that lie beside each other, and far away.
const NUMBERS: [&str; 20] = [
    "0",
    "-0",
    "0.0e7",
    "1",
    "1.0",
    "10e-1",
    "1.00000000000000000000000000000000000000000000001",
    "0.9999999999999999999999999999",
    "-1",
    "-1.0000000000001",
    "-0.99999999999",
    "0.0000000005",
    "2.5",
    "2.50000000049",
    "170141183460469231731687303715.884105727",
    "170141183460469231731687303715.8841057271",
    "-170141183460469231731687303715.884105728",
    "1e38",
    "-1e300",
    "1e-300",
];

const LINES: [&str; 9] = [
    "0",
    "1",
    "-1",
    "2.5",
    "0.000000001",
    "-0.000000001",
    "0.999999999",
    "170141183460469231731687303715.884105727",
    "-170141183460469231731687303715.884105728",
];
