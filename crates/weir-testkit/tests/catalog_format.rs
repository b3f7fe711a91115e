//! The law of `weir::export::CATALOG`: it cannot drift from what serde reads.
#![expect(clippy::unwrap_used, reason = "in the helpers of tests, a wrong table is a failing test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};
use weir_core::catalog::{Definition, Names};
use weir_core::id::CatalogVersion;

/// Each value of a catalog that has everything is taken out, and put in place of by others, one at
/// a time: a schema that lags behind the types is found, whichever side knows more.
#[test]
fn catalog_agrees() {
    let judge = Judge::new();
    let [sample, ..] = &everything()[..] else { return };
    let (mut refused, mut taken, mut differ) = (0, 0, Vec::new());
    for (change, catalog) in mutants(sample) {
        let (read, theirs) = (read(&catalog), judge.schema.is_valid(&catalog));
        match &read {
            Ok(_) if !theirs && is_sound(&catalog) => differ.push(format!("{change}: is sound")),
            Err(told) if theirs => differ.push(format!("{change}: {told}")),
            _ => {}
        }
        *if read.is_ok() { &mut taken } else { &mut refused } += 1;
    }
    assert!(differ.is_empty(), "{differ:#?}");
    assert!(refused > 2_000 && taken > 500, "{refused} refused, {taken} taken");
}

/// serde names every key and choice that it knows when it meets one that it does not.
#[test]
fn every_key_that_serde_knows_is_in_the_sample() {
    let [sample, ..] = &everything()[..] else { return };
    let mut known: BTreeMap<Vec<String>, BTreeSet<String>> = BTreeMap::new();
    for place in places(sample) {
        let Some(Value::Object(members)) = sample.pointer(&place) else { continue };
        let mut catalog = sample.clone();
        put(&mut catalog, &format!("{place}/{UNKNOWN}"), json!("x"));
        let expected = read(&catalog).err().map(|told| expected(&told)).unwrap_or_default();
        known.entry(expected).or_default().extend(members.keys().cloned());
    }
    assert!(known.len() > 20, "{known:#?}");
    for (expected, seen) in known {
        let missing: Vec<_> = expected.iter().filter(|name| !seen.contains(*name)).collect();
        assert!(missing.is_empty(), "the sample lacks {missing:?} of {expected:?}");
    }
}

/// serde names every choice, too: each is one of the sample's objects, or is tried as text above.
#[test]
fn every_choice_that_serde_knows_is_in_the_sample() {
    let [sample, ..] = &everything()[..] else { return };
    let mut keys = BTreeSet::new();
    for place in places(sample) {
        if let Some(Value::Object(members)) = sample.pointer(&place) {
            keys.extend(members.keys().cloned());
        }
    }
    let mut choices = 0;
    for place in places(sample) {
        for choice in choices_at(sample, &place) {
            let mut catalog = sample.clone();
            put(&mut catalog, &place, json!(choice));
            assert!(
                read(&catalog).is_ok() || keys.contains(&choice) || is_type(&place),
                "{place}: {choice}"
            );
            choices += 1;
        }
    }
    assert!(choices > 100, "{choices}");
    let mut catalog = sample.clone();
    put(&mut catalog, "/plans/pro/limits/ever/capacity", json!(true));
    let forms = r#"a quantity, "unlimited", "granted", {"at_roll": ..} or {"granted": ..}"#;
    assert!(read(&catalog).is_err_and(|told| told.contains(forms)), "its forms are read by hand");
}

#[test]
fn the_examples_are_catalogs() {
    let judge = Judge::new();
    let [_, examples @ ..] = &everything()[..] else { return };
    assert!(examples.len() >= 4);
    for example in examples {
        let errors: Vec<_> = judge.schema.iter_errors(example).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

/// What serde reads and the schema advises against, or the other way round: no more than this.
#[test]
fn what_the_schema_of_catalogs_says_otherwise_is_only_this() {
    let judge = Judge::new();
    for (catalog, is_read) in [
        // An array for an object's fields in order.
        (json!({ "features": { "calls": [] } }), true),
        // A choice without content as an object.
        (json!({ "features": { "calls": { "life": { "window": null } } } }), true),
        // The type of a rule inside another by its number.
        (
            json!({ "schemas": { "a": { "root": { "type": "array", "items": { "type": 0 } } } } }),
            true,
        ),
        // A whole number with a point: serde has no integer there.
        (json!({ "remember": { "lifetime": "P2D", "max": 1.0 } }), false),
        // A name for settings, which are put in its place before serde reads them.
        (json!({ "profile": "unprice" }), false),
    ] {
        assert_eq!(read(&catalog).is_ok(), is_read, "{catalog}");
        assert_eq!(judge.schema.is_valid(&catalog), !is_read, "{catalog}");
    }
}

struct Judge {
    schema: Validator,
}

impl Judge {
    fn new() -> Self {
        let schema: Value = serde_json::from_str(weir::export::CATALOG).unwrap();
        assert!(jsonschema::meta::is_valid(&schema));
        Self { schema: jsonschema::draft202012::new(&schema).unwrap() }
    }
}

fn read(catalog: &Value) -> Result<Definition, String> {
    serde_json::from_value(catalog.clone()).map_err(|error| error.to_string())
}

fn is_sound(catalog: &Value) -> bool {
    let json = catalog.to_string();
    weir::catalog::compile(json.as_bytes(), &Names::default(), CatalogVersion(1)).is_ok()
}

/// The sample with every key, and the examples.
fn everything() -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let files = [
        "crates/weir-testkit/data/every-key.json",
        "examples/genvoris.json",
        "examples/llm.json",
        "examples/pulsora.json",
        "examples/unprice.json",
    ];
    let read = |name| serde_json::from_slice(&std::fs::read(root.join(name)).unwrap()).unwrap();
    let catalogs: Vec<Value> = files.into_iter().map(read).collect();
    catalogs.iter().for_each(|catalog| assert!(is_sound(catalog)));
    catalogs
}

/// Pointers to every value in a document, the whole first.
fn places(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, places: &mut Vec<String>) {
        places.push(at.to_owned());
        match value {
            Value::Array(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(i, item)| walk(item, &format!("{at}/{i}"), places));
            }
            Value::Object(members) => {
                members
                    .iter()
                    .for_each(|(key, member)| walk(member, &format!("{at}/{key}"), places));
            }
            _ => {}
        }
    }
    let mut places = Vec::new();
    walk(value, "", &mut places);
    places
}

/// The catalog with one thing changed, and what: once for each thing and change.
fn mutants(catalog: &Value) -> Vec<(String, Value)> {
    let mut mutants = Vec::new();
    for place in places(catalog) {
        let mut with = |value: Value, place: &str| {
            let mut mutant = catalog.clone();
            put(&mut mutant, place, value.clone());
            mutants.push((format!("{place} = {value}"), mutant));
        };
        let is_object = catalog.pointer(&place).is_some_and(Value::is_object);
        for value in replacements() {
            // These are listed differences.
            if !(is_object && value.is_array() || is_type(&place) && value.is_number()) {
                with(value, &place);
            }
        }
        for choice in choices_at(catalog, &place) {
            with(choice.as_str().into(), &place);
        }
        if is_object {
            with(json!("x"), &format!("{place}/{UNKNOWN}"));
            with(json!({}), &format!("{place}/another"));
        }
        let mut mutant = catalog.clone();
        if remove(&mut mutant, &place).is_some() {
            mutants.push((format!("{place} removed"), mutant));
        }
    }
    mutants
}

fn replacements() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(300),
        json!(70_000),
        json!(5_000_000_000_u64),
        json!(u64::MAX),
        json!(""),
        json!(" "),
        json!("x"),
        json!("X y"),
        json!("P1D"),
        json!("1.25"),
        json!("lifetime"),
        json!("{"),
        json!("{field} {paht}"),
        json!([]),
        json!({}),
        json!(["x"]),
        json!([1, 1]),
        json!({ "x": 1 }),
        json!([null]),
        json!({ "type": "any" }),
        json!({ "type": "scalar", "x": 1 }),
    ]
}

/// What may stand where a text stands, as serde tells it when something else does.
fn choices_at(catalog: &Value, place: &str) -> Vec<String> {
    if !catalog.pointer(place).is_some_and(Value::is_string) {
        return Vec::new();
    }
    let mut mutant = catalog.clone();
    put(&mut mutant, place, json!(UNKNOWN));
    read(&mutant).err().map(|told| expected(&told)).unwrap_or_default()
}

/// The names in "unknown field `?`, expected one of `a`, `b`".
fn expected(told: &str) -> Vec<String> {
    let after = told.split_once("expected ").map_or("", |(_, after)| after);
    let quoted = told.starts_with("unknown").then(|| after.split('`').skip(1).step_by(2));
    quoted.into_iter().flatten().map(str::to_owned).collect()
}

fn is_type(place: &str) -> bool {
    place.ends_with("/type")
}

fn put(document: &mut Value, place: &str, value: Value) {
    if let Some(there) = document.pointer_mut(place) {
        *there = value;
        return;
    }
    let (parent, key) = place.rsplit_once('/').unwrap();
    document
        .pointer_mut(parent)
        .and_then(Value::as_object_mut)
        .unwrap()
        .insert(key.to_owned(), value);
}

fn remove(document: &mut Value, place: &str) -> Option<Value> {
    let (parent, key) = place.rsplit_once('/')?;
    match document.pointer_mut(parent)? {
        Value::Array(items) => Some(items.remove(key.parse().ok()?)),
        Value::Object(members) => members.remove(key),
        _ => None,
    }
}

/// No name of ours, nor of serde's.
const UNKNOWN: &str = "?";
