//! Every way in which one change makes a catalog unsound: the code and the pointer of its fault.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_core::catalog::Names;
use weir_core::id::CatalogVersion;

/// Puts `value` at `place` of a sound catalog that has every key, and expects one fault.
fn tells(place: &str, value: Value, code: &'static str, pointer: &str) -> &'static str {
    let mut catalog: Value =
        serde_json::from_str(include_str!("../../weir-testkit/data/every-key.json")).unwrap();
    put(&mut catalog, place, value);
    let text = catalog.to_string();
    let read = weir::catalog::compile(text.as_bytes(), &Names::default(), CatalogVersion(1));
    let faults = read.err().map(|error| error.faults).unwrap_or_default();
    let told: Vec<_> = faults.iter().map(|fault| (fault.code, fault.pointer.as_str())).collect();
    assert_eq!(told, [(code, pointer)], "{place}: {faults:#?}");
    assert!(faults.iter().all(|fault| !fault.hint.is_empty() && !fault.hint.ends_with('.')));
    code
}

fn put(document: &mut Value, place: &str, value: Value) {
    if let Some(there) = document.pointer_mut(place) {
        *there = value;
        return;
    }
    let (parent, key) = place.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).and_then(Value::as_object_mut).unwrap();
    parent.insert(key.to_owned(), value);
}

#[test]
fn what_has_the_wrong_shape_is_told_where_it_stands() {
    for (place, value, below) in [
        ("/acceptance/max_age", json!("30 days"), ""),
        ("/acceptance/max_ahead", json!(5), ""),
        ("/acceptance/min_age", json!("PT1S"), ""),
        ("/classes/Live", json!({}), ""),
        ("/classes/live/alphabet", json!("base64"), ""),
        ("/classes/live/check", json!("crc16"), ""),
        ("/classes/live/environment", json!("prod"), ""),
        ("/classes/live/length/max", json!(70_000), ""),
        ("/classes/live/may/0", json!("Ingest"), ""),
        ("/classes/live/prefix", json!(1), ""),
        ("/features/a b", json!({}), ""),
        ("/features/tokens/life", json!("forever"), ""),
        ("/plans/pro/limits/daily/capacity", json!({ "at_rol": 5 }), ""),
        ("/plans/pro/limits/daily/capacity", json!(1.5), ""),
        ("/plans/pro/limits/daily/charge/digits", json!(-1), ""),
        ("/plans/pro/limits/daily/charge/price", json!("1e3"), ""),
        ("/plans/pro/limits/daily/charge/price", json!("0.0000000001"), ""),
        ("/plans/pro/limits/daily/enforcement", json!("medium"), ""),
        ("/plans/pro/limits/daily/grace", json!("-PT1S"), ""),
        ("/plans/pro/limits/daily/window", json!({ "sliding": {} }), "/sliding"),
        ("/plans/pro/limits/daily/window/calendar/unit", json!("fortnight"), ""),
        ("/plans/pro/limits/granted/window/anchored/anchor", json!("2026-02-30T00:00:00Z"), ""),
        ("/remember/denials/1", json!("limit"), ""),
        ("/remember/max", json!(5_000_000_000_u64), ""),
        ("/schemas/event/order", json!("random"), ""),
        ("/schemas/event/messages/requird", json!("x"), ""),
        ("/schemas/event/violations_max", json!(0), ""),
        ("/schemas/event/root/type", json!("objekt"), ""),
        ("/schemas/event/root/fields/0/is/format", json!("iso4217"), ""),
        ("/schemas/event/root/fields/0/is/pattern", json!("^a"), ""),
        ("/schemas/event/root/fields/1/is/max", json!("ten"), ""),
        ("/schemas/event/root/fields/6/is/items", json!({ "type": "text" }), "/type"),
        ("/schemas/event/root/fields/8/is/fields/0/nul", json!("kept"), ""),
        ("/wallets/prepaid/unit", json!(null), ""),
        ("/wallet", json!({}), ""),
    ] {
        tells(place, value, "catalog.shape", &format!("{place}{below}"));
    }
}

#[test]
fn what_makes_no_sense_is_told_where_it_stands() {
    let limit = json!({ "feature": "calls", "capacity": 1, "window": "lifetime" });
    let class = json!({ "prefix": "sk_live_", "alphabet": "hex", "environment": "test",
                        "length": { "min": 1, "max": 2 } });
    let classes = |count: u32| {
        let class = |i: u32| {
            json!({ "prefix": format!("p{i}_"), "alphabet": "hex",
                                      "environment": "test", "length": { "min": 1, "max": 2 } })
        };
        Value::Object((0..count).map(|i| (format!("c{i}"), class(i))).collect())
    };
    let cases: Vec<Case<'_>> = vec![
        ("/classes/live/length/min", json!(6), "token.length", "/classes/live/length"),
        ("/classes/live/length/max", json!(257), "token.length", "/classes/live/length"),
        ("/classes/live/prefix", json!("sk live"), "token.prefix", ""),
        ("/classes/more", class, "token.prefix_taken", "/classes/more/prefix"),
        ("/classes", classes(257), "token.classes_too_many", ""),
        ("/features/tokens/event", json!(""), "catalog.event_empty", ""),
        ("/features/tokens/property", json!(null), "catalog.property_missing", ""),
        (
            "/features/tokens/aggregation",
            json!("count"),
            "catalog.property_unused",
            "/features/tokens/property",
        ),
        (
            "/plans/free",
            json!({ "limits": { "calls": limit } }),
            "catalog.unknown_feature",
            "/plans/free/limits/calls/feature",
        ),
        ("/plans/pro/limits/daily/capacity", json!("-0.5"), "catalog.negative_capacity", ""),
        ("/plans/pro/limits/daily/charge/digits", json!(10), "catalog.digits", ""),
        ("/plans/pro/limits/daily/charge/price", json!(-1), "catalog.negative_price", ""),
        (
            "/plans/pro/limits/daily/charge/price",
            json!("100000000000000000000"),
            "catalog.price_too_large",
            "",
        ),
        ("/plans/pro/limits/daily/charge/wallet", json!("paid"), "catalog.unknown_wallet", ""),
        ("/plans/pro/limits/daily/window/calendar/count", json!(0), "catalog.calendar_count", ""),
        (
            "/plans/pro/limits/daily/window/calendar",
            json!({ "unit": "minute", "count": 61 }),
            "catalog.calendar_count",
            "/plans/pro/limits/daily/window/calendar/count",
        ),
        ("/plans/pro/limits/granted/window/anchored/span", json!("PT0S"), "catalog.zero_span", ""),
        ("/plans/pro/limits/used/window/first_use/span", json!("P0D"), "catalog.zero_span", ""),
        ("/remember/lifetime", json!("P30DT5S"), "catalog.remember_too_short", ""),
        ("/acceptance/max_age", json!(null), "catalog.remember_too_short", "/remember/lifetime"),
        ("/acceptance/max_ahead", json!(null), "catalog.remember_too_short", "/remember/lifetime"),
        ("/remember/max", json!(0), "catalog.remember_nothing", ""),
    ];
    let codes: BTreeSet<_> = cases.into_iter().map(case).collect();
    assert_eq!(codes.len(), 17, "{codes:#?}");
}

#[test]
fn a_schema_that_makes_no_sense_is_told_where_it_stands() {
    let too_deep = format!("/schemas/event/root/fields/6/is{}", "/items".repeat(16));
    let cases: Vec<Case<'_>> = vec![
        ("/schemas/event/messages/required", json!("{fields}"), "schema.template", ""),
        ("/schemas/event/root_messages/type", json!("}"), "schema.template", ""),
        ("/schemas/event/root/at_least_one_of/0", json!(["a"]), "schema.small_group", ""),
        ("/schemas/event/root/exactly_one_of/0/1", json!("z"), "schema.no_such_field", ""),
        ("/schemas/event/root/fields/0/is/len_max", json!(0), "schema.empty_range", ""),
        ("/schemas/event/root/fields/1/default", json!("much"), "schema.default_type", ""),
        ("/schemas/event/root/fields/1/is/max", json!("-0.5"), "schema.empty_range", ""),
        ("/schemas/event/root/fields/1/is/one_of", json!([3, "3"]), "schema.option_twice", ""),
        ("/schemas/event/root/fields/1/when/0/field", json!("b"), "schema.no_such_field", ""),
        ("/schemas/event/root/fields/1/when/0/in", json!([]), "schema.no_options", ""),
        (
            "/schemas/event/root/fields/2/is/precision",
            json!("nearest"),
            "schema.precision_unused",
            "",
        ),
        (
            "/schemas/event/root/fields/2/required",
            json!(true),
            "schema.default_unused",
            "/schemas/event/root/fields/2/default",
        ),
        ("/schemas/event/root/fields/2/is/step", json!(0), "schema.step", ""),
        ("/schemas/event/root/fields/4/is/one_of", json!(["x"]), "schema.two_choices", ""),
        ("/schemas/event/root/fields/6/is/count_max", json!(0), "schema.empty_range", ""),
        ("/schemas/event/root/fields/6/is/items", deep(16), "schema.too_deep", &too_deep),
        ("/schemas/event/root/fields/8/is/fields/0/default", json!(1), "schema.default_unused", ""),
        ("/schemas/event/root/fields/8/name", json!("h"), "schema.field_twice", ""),
        ("/schemas/event/root/fields/8/is/fields", fields(257), "schema.too_many_fields", ""),
    ];
    let codes: BTreeSet<_> = cases.into_iter().map(case).collect();
    assert_eq!(codes.len(), 14, "{codes:#?}");
}

/// The place that is changed, what is put there, and the code; the fault stands at the place, or
/// where the last one says.
type Case<'c> = (&'c str, Value, &'static str, &'c str);

fn case((place, value, code, at): Case<'_>) -> &'static str {
    tells(place, value, code, if at.is_empty() { place } else { at })
}

/// Arrays of arrays.
fn deep(arrays: u32) -> Value {
    (0..arrays)
        .fold(json!({ "type": "any" }), |items, _| json!({ "type": "array", "items": items }))
}

fn fields(count: u32) -> Value {
    (0..count).map(|i| json!({ "name": format!("f{i}"), "is": { "type": "any" } })).collect()
}
