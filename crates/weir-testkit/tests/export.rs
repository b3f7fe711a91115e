//! The laws of `weir::export`, against a validator of JSON Schema that is not ours.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in the helpers of tests, a wrong table is a failing test"
)]

use std::path::Path;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};
use weir_core::id::CatalogVersion;
use weir_core::json::{Duplicates, Profile, Surrogates};
use weir_core::schema::{Definition, Format, Refused, Schema, Scratch};
use weir_testkit::model::json::Doc;

use strategies::{cases, fitting_cases, spelled};

mod strategies;

const LENIENT: Profile = Profile {
    duplicates: Duplicates::LastWins,
    surrogates: Surrogates::Replaced,
    ..Profile::STRICT
};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(800) })]

    #[test]
    fn export_agrees((definition, docs) in fitting_cases(24), (other, doc) in cases()) {
        for (definition, docs) in [(definition, docs), (other, vec![doc])] {
            let schema = exported(&definition);
            let validator = validator(&schema);
            for doc in docs {
                let body = spelled(&exact(doc), &[]);
                let ours = violations(&definition, &body);
                let theirs = validator.is_valid(&serde_json::from_str(&body).unwrap());
                prop_assert_eq!(ours.is_empty(), theirs, "{} {:?} {}", body, ours, schema);
            }
        }
    }

    #[test]
    fn patterns_are_the_grammars(name in prop::sample::select(&FORMATS[..]), text in texts()) {
        let definition = definition(&json!({ "root": { "type": "string", "format": name } }));
        let format: Format = serde_json::from_value(name.into()).unwrap();
        let theirs = theirs(&definition, &json!(text).to_string());
        prop_assert_eq!(format.admits(&text), theirs, "{} {}", name, text);
    }
}

/// The same document with numbers that are a quantity's: others are listed differences.
fn exact(doc: Doc) -> Doc {
    match doc {
        Doc::Array(items) => Doc::Array(items.into_iter().map(exact).collect()),
        Doc::Number(digits) => Doc::Number(match digits.as_str() {
            "0.00000000005" => "0.000000005".into(),
            "0.0000000015" => "0.5".into(),
            "1e40" => "1e20".into(),
            _ => digits,
        }),
        Doc::Object(members) => {
            Doc::Object(members.into_iter().map(|(key, value)| (key, exact(value))).collect())
        }
        Doc::Bool(_) | Doc::Null | Doc::Text(_) => doc,
    }
}

/// Texts of pieces that grammars are made of, in any order.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(&PIECES[..]);
    prop_oneof![
        1 => prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat()),
        1 => prop::sample::select(&WHOLES[..]).prop_map(str::to_owned),
        1 => (prop::sample::select(&WHOLES[..]), any::<prop::sample::Index>(), any::<char>())
            .prop_map(|(whole, at, char)| {
                let mut chars: Vec<char> = whole.chars().collect();
                let at = at.index(chars.len());
                if let Some(place) = chars.get_mut(at) {
                    *place = char;
                }
                chars.into_iter().collect()
            }),
    ]
}

#[test]
fn the_examples_agree_on_every_object_of_the_vectors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut objects = Vec::new();
    for name in ["genvoris", "pulsora", "unprice"] {
        objects_of(&file(&root, &format!("crates/weir-testkit/vectors/{name}.json")), &mut objects);
    }
    let day = std::fs::read_to_string(root.join("examples/llm-day.ndjson")).unwrap();
    objects.extend(day.lines().take(20).map(|line| serde_json::from_str(line).unwrap()));
    let (mut valid, mut invalid) = (0, 0);
    for name in ["genvoris", "llm", "pulsora", "unprice"] {
        let path = root.join(format!("examples/{name}.json"));
        let known = weir_core::catalog::Names::default();
        let compiled =
            weir::catalog::compile(&std::fs::read(path).unwrap(), &known, CatalogVersion(1));
        let (catalog, _) = compiled.unwrap();
        for (schema, definition) in &catalog.schemas {
            let exported = exported(definition);
            assert!(jsonschema::meta::is_valid(&exported), "{exported}");
            let theirs = validator(&exported);
            for object in &objects {
                let ours = violations(definition, &object.to_string());
                let same = ours.is_empty() == theirs.is_valid(object);
                assert!(same || ours == ["size"], "{name} {schema}: {object} {ours:?}");
                *if ours.is_empty() { &mut valid } else { &mut invalid } += 1;
            }
        }
    }
    assert!(valid > 1_000 && invalid > 1_000, "{valid} valid, {invalid} invalid");
}

#[test]
fn what_cannot_be_said_is_only_this() {
    let number = |rule: Value| definition(&json!({ "root": with(rule, "type", "number") }));
    let text =
        |format: &str| definition(&json!({ "root": { "type": "string", "format": format } }));
    let map = definition(&json!({ "root": { "type": "map", "bytes_max": 5 } }));
    let long = |local: &str, labels: usize| format!("\"{local}{}com\"", "host.".repeat(labels));
    let (host, email, local) =
        (long("", 51), long("a@", 51), long(&format!("{}@", "é".repeat(33)), 1));
    let nearest = |key: &str| number(json!({ "precision": "nearest", key: "1" }));
    let cases: [(Definition, &str, &[&str]); 13] = [
        (map, r#"{"a":1}"#, &["size"]),
        (number(json!({})), "0.00000000005", &["inexact"]),
        (number(json!({})), "2e29", &["too_large"]),
        (nearest("above"), "1.0000000001", &["above"]),
        (text("rfc3339"), r#""2026-02-30T00:00:00Z""#, &["format"]),
        (text("rfc3339"), r#""0000-01-01T00:00:00Z""#, &["format"]),
        (text("quantity"), r#""999999999999999999999999999999""#, &["format"]),
        (text("duration"), r#""P999999999D""#, &["format"]),
        (text("host"), &host, &["format"]),
        (text("email"), &email, &["format"]),
        (text("email"), &local, &["format"]),
        (nearest("below"), "0.9999999999", &["below"]),
        (
            definition(&json!({ "root": { "type": "object" } })),
            r#"{"a":1,"a":2}"#,
            &["json.duplicate_key"],
        ),
    ];
    for (definition, body, codes) in cases {
        let mut scratch = Scratch::default();
        let schema = Schema::compile(&definition).unwrap();
        let ours = codes_of(schema.check(body.as_bytes(), &Profile::STRICT, &mut scratch).err());
        assert_eq!(ours, codes, "{body}");
        assert!(theirs(&definition, body), "{body}: they refuse it, too");
    }
    // The one thing that we take and they refuse: it is rounded before it is compared.
    for (key, body) in
        [("max", "1.0000000001"), ("equals", "1.0000000001"), ("min", "0.9999999999")]
    {
        let nearest = nearest(key);
        assert_eq!(violations(&nearest, body), [""; 0], "{body}");
        assert!(!theirs(&nearest, body), "{body}: they take it, too");
    }
}

#[test]
fn what_is_not_said_is_remarked() {
    let limits = json!({ "root": { "type": "object", "fields": [
        { "name": "a", "is": { "type": "map", "bytes_max": 5 } },
        { "name": "b", "is": { "type": "number", "max": "12345678901234567890.123456789" } },
        { "name": "c", "is": { "type": "number", "max": "0.1" } }
    ] } });
    let exported = exported(&definition(&limits));
    let remark = |name: &str| exported["properties"][name]["$comment"].as_str();
    assert_eq!(remark("a"), Some("at most 5 bytes from brace to brace"));
    assert_eq!(remark("b"), Some("exactly 12345678901234567890.123456789"));
    assert_eq!(remark("c"), None);
    assert!(exported["$comment"].as_str().unwrap().contains("keys that stand twice"));
}

/// A number as it was sent and its double are not the same, and validators compare doubles.
#[test]
fn digits_after_the_fifteenth_are_lost_elsewhere() {
    let one = definition(&json!({ "root": { "type": "number", "max": "9007199254740992" } }));
    assert_eq!(violations(&one, "9007199254740992.1"), ["max"]);
    assert!(theirs(&one, "9007199254740992.1"));
    let whole = definition(&json!({ "root": { "type": "integer" } }));
    assert_eq!(violations(&whole, "1.00000000000000000001"), ["integer"]);
    assert!(theirs(&whole, "1.00000000000000000001"));
}

fn with(mut rule: Value, key: &str, value: &str) -> Value {
    rule[key] = value.into();
    rule
}

fn definition(json: &Value) -> Definition {
    serde_json::from_value(json.clone()).unwrap()
}

fn exported(definition: &Definition) -> Value {
    weir::export::schema(definition).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).unwrap_or_else(|error| panic!("{error} in {schema}"))
}

fn theirs(definition: &Definition, body: &str) -> bool {
    validator(&exported(definition)).is_valid(&serde_json::from_str(body).unwrap())
}

/// The codes of the rules that a body breaks.
fn violations(definition: &Definition, body: &str) -> Vec<&'static str> {
    let schema = Schema::compile(definition).unwrap();
    codes_of(schema.check(body.as_bytes(), &LENIENT, &mut Scratch::default()).err())
}

fn codes_of(refused: Option<Refused<'_, '_>>) -> Vec<&'static str> {
    match refused {
        None => Vec::new(),
        Some(Refused::Syntax(error)) => vec![error.code()],
        Some(Refused::Invalid(violations)) => {
            violations.iter().map(|v| v.code().trim_start_matches("schema.")).collect()
        }
    }
}

fn file(root: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(root.join(name)).unwrap()).unwrap()
}

/// Every object that stands anywhere in a document.
fn objects_of(value: &Value, objects: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| objects_of(item, objects)),
        Value::Object(members) => {
            objects.push(value.clone());
            members.values().for_each(|member| objects_of(member, objects));
        }
        _ => {}
    }
}

const FORMATS: [&str; 8] =
    ["currency", "duration", "email", "host", "name", "quantity", "rfc3339", "slug"];
const PIECES: [&str; 29] = [
    "@",
    "a@b",
    "example.com",
    "\u{a0}",
    "\u{7}",
    "P",
    "T",
    "1",
    "15D",
    "2W",
    "H",
    "M",
    "S",
    ".",
    "0",
    "USD",
    "-",
    "_",
    "abc",
    "Z",
    "+01:00",
    "2026-01-31",
    "00:00:00",
    "24",
    " ",
    "é",
    "000000000",
    "A",
    ":",
];
const WHOLES: [&str; 16] = [
    "ann@example.com",
    "a.b+c@x-y.example",
    "shop_1.example.com",
    "summer-sale_2",
    "USD",
    "P1W2D",
    "PT1H30M",
    "P1DT0.250S",
    "PT5S",
    "a.b-c_d0",
    "-12.5",
    "0.000000001",
    "0.0000000010",
    "0.0000000001",
    "2026-01-31T23:59:59.999Z",
    "1999-12-31 00:00:00-23:59",
];
