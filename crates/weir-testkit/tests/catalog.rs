//! The laws of `weir_core::catalog`, and how its definitions are written.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use weir_core::account::Status;
use weir_core::amount::{Quantity, Rounding};
use weir_core::catalog::definition::{
    AcceptanceDefinition, CapacityDefinition, ChargeDefinition, ConversionDefinition,
    CycleDefinition, DenialDefinition, FeatureDefinition, FilterDefinition, LimitDefinition,
    PackageDefinition, PlanDefinition, PrecedenceDefinition, PriceDefinition, RememberDefinition,
    SettleDefinition, WalletDefinition, WindowDefinition,
};
use weir_core::catalog::names::Table;
use weir_core::catalog::{
    ApartBy, AtBound, Capacity, Catalog, ChargeOn, Definition, FundsFirst, GiveBack, KeySpace,
    Kind, Late, Names, Negative, OnMismatch, OnRepeat, Overage, Refusal, RememberAt,
};
use weir_core::fault::Fault;
use weir_core::grant::{Burn, By, Direction, Grain, Key};
use weir_core::id::{CatalogVersion, Name};
use weir_core::limit::{CapacityRead, Enforcement, OnShortfall};
use weir_core::meter::{Aggregation, Applied, Life};
use weir_core::price::Tier;
use weir_core::route::Path;
use weir_core::schema::Literal;
use weir_core::time::{Span, Stride, Timestamp};
use weir_core::token::class::{Alphabet, Check, Length};
use weir_core::token::{self, ClassDefinition, ClassTerms, Environment, OriginTerms, Unstated};
use weir_core::window::zone::ZoneName;
use weir_core::window::{MonthRule, Unit, Weekday};
use weir_testkit::ledger_model::clocks::ZONES;

/// A fault: its code, where it is reported, where the definition is edited, and to what.
type Injection = (&'static str, &'static str, &'static str, Value);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn all_faults_at_once(picked in proptest::sample::subsequence(injections(), 0..injections().len())) {
        prop_assert_eq!(faults_of(&picked), codes_and_places(&picked));
    }

    #[test]
    fn indices_follow_names(versions in proptest::collection::vec(contents(), 1..6)) {
        let (mut names, mut first) = (Names::default(), BTreeMap::new());
        for (number, content) in (1..).zip(&versions) {
            let definition: Definition = serde_json::from_value(content.json(number)).unwrap();
            let catalog = Catalog::compile(&definition, &names, CatalogVersion(number)).unwrap();
            content.is_all_that(&catalog, number)?;
            names = catalog.names().clone();
            for (kind, table) in names.tables().into_iter().enumerate() {
                for (index, name) in (0..).zip(table.iter()) {
                    prop_assert_eq!(table.find(name.as_str()), Some(index));
                    prop_assert_eq!(table.name(index), Some(name));
                    let kept = *first.entry((kind, name.clone())).or_insert(index);
                    prop_assert_eq!(kept, index, "{} moved", name);
                }
                let ever = first.keys().filter(|(of, _)| *of == kind).count();
                prop_assert_eq!(table.len(), ever, "no name is forgotten, none is there twice");
            }
        }
    }

    #[test]
    fn what_is_written_reads_back(definition in definitions()) {
        let text = serde_json::to_string(&definition).unwrap();
        prop_assert_eq!(serde_json::from_str::<Definition>(&text).unwrap(), definition, "{}", text);
    }
}

#[test]
fn each_fault_alone_is_the_only_one() {
    assert_eq!(faults_of(&[]), []);
    let all = injections();
    for one in &all {
        assert_eq!(faults_of(std::slice::from_ref(one)), [(one.0, one.1.to_owned())]);
    }
    assert_eq!(faults_of(&all), codes_and_places(&all));
    assert!(all.len() + unreadable().len() >= 60, "{} mutated catalogs", all.len());
}

/// Each code that a compiler of these two rooms can give is in the table, or in a test below.
#[test]
fn no_code_is_left_out() {
    let sources = concat!(
        include_str!("../../weir-core/src/catalog/compile.rs"),
        include_str!("../../weir-core/src/catalog/filters.rs"),
        include_str!("../../weir-core/src/catalog/meters.rs"),
        include_str!("../../weir-core/src/catalog/prices.rs"),
        include_str!("../../weir-core/src/catalog/remember.rs"),
        include_str!("../../weir-core/src/catalog/sliding.rs"),
        include_str!("../../weir-core/src/catalog/windows.rs"),
        include_str!("../../weir-core/src/token/class.rs"),
    );
    let code =
        regex::Regex::new(r#"(?:[fF]ault|Fault::new)\([^;]*?"((?:catalog|token)\.[a-z_]+)""#);
    let of_tiers = regex::Regex::new(r#"=> "(catalog\.[a-z_]+)""#).unwrap();
    let price = include_str!("../../weir-core/src/price.rs");
    let code = code.unwrap();
    let found = code.captures_iter(sources).chain(of_tiers.captures_iter(price));
    let in_source: BTreeSet<&str> = found.map(|found| found.get(1).unwrap().as_str()).collect();
    let mut tested: BTreeSet<&str> = injections().iter().map(|one| one.0).collect();
    tested.retain(|code| !code.starts_with("schema."));
    tested.extend(["catalog.too_many", "token.classes_too_many"]);
    assert_eq!(in_source, tested);
}

#[test]
fn too_many_names_are_reported_one_by_one() {
    let name = |n: usize| Name::parse(&format!("wallet-{n:05}")).unwrap();
    let wallets = (0..Table::LEN_MAX + 2).map(|n| (name(n), WalletDefinition::default()));
    let mut definition = Definition { wallets: wallets.collect(), ..Definition::default() };
    let places = ["/wallets/wallet-65535", "/wallets/wallet-65536"];
    let wanted = places.map(|place| ("catalog.too_many", place.to_owned()));
    assert_eq!(compiled(&definition, &Names::default()).unwrap_err(), wanted);

    // The last index that is given is one below that which means none.
    definition.wallets.split_off(&name(Table::LEN_MAX));
    let catalog = compiled(&definition, &Names::default()).unwrap();
    assert_eq!(catalog.wallet("wallet-65534").unwrap().0, u16::MAX - 1);
    // Names of earlier versions count too.
    let other = Definition {
        wallets: [(name(70_000), WalletDefinition::default())].into(),
        ..Definition::default()
    };
    let faults = compiled(&other, catalog.names()).unwrap_err();
    assert_eq!(faults, [("catalog.too_many", "/wallets/wallet-70000".to_owned())]);
}

#[test]
fn a_full_table_of_features_is_sold_to_the_last() {
    let json = json!({ "features": {}, "plans": { "all": { "limits": { "last": {
        "feature": "feature-65534", "capacity": 1, "window": "lifetime" } } } } });
    let mut definition: Definition = serde_json::from_value(json).unwrap();
    let name = |n: usize| Name::parse(&format!("feature-{n:05}")).unwrap();
    definition.features =
        (0..Table::LEN_MAX).map(|n| (name(n), FeatureDefinition::default())).collect();
    let catalog = compiled(&definition, &Names::default()).unwrap();
    let (plan, last) = (catalog.plan("all").unwrap(), catalog.feature("feature-65534").unwrap());
    assert_eq!(catalog.terms(plan, last).len(), 1);
    let first = catalog.feature("feature-00000").unwrap();
    assert!(catalog.terms(plan, first).is_empty());
}

#[test]
fn too_many_classes_are_one_fault() {
    let class = |n: u32| {
        let json = json!({"prefix": format!("p{n}_"), "alphabet": "hex", "environment": "live",
                          "length": {"min": 1, "max": 9}});
        (Name::parse(&format!("class-{n}")).unwrap(), serde_json::from_value(json).unwrap())
    };
    let of = |classes| Definition { classes, ..Definition::default() };
    let full = compiled(&of((0..256).map(class).collect()), &Names::default()).unwrap();
    let faults = compiled(&of([class(256)].into()), full.names()).unwrap_err();
    assert_eq!(faults, [("token.classes_too_many", "/classes".to_owned())]);
}

#[test]
fn answers_outlive_every_event_that_is_taken() {
    for (bound, value) in
        [("max_age", Value::Null), ("max_ahead", Value::Null), ("max_ahead", json!("P1D"))]
    {
        let mut json = sound();
        json["acceptance"][bound] = value;
        let definition = serde_json::from_value(json).unwrap();
        let faults = compiled(&definition, &Names::default()).unwrap_err();
        let wanted = ("catalog.remember_too_short", "/remember/lifetime".to_owned());
        assert_eq!(faults, [wanted], "{bound}");
    }
}

/// A hundred units at this price cost just what can be counted; see the injection for a nano more.
#[test]
fn a_capacity_may_cost_all_that_can_be_counted() {
    let mut json = sound();
    let price = "/plans/free/limits/l00/charge/price";
    set(&mut json, price, Value::from("1701411834604692317.316873037"));
    let definition = serde_json::from_value(json).unwrap();
    assert!(compiled(&definition, &Names::default()).is_ok());
}

/// What serde refuses stands before any fault: the definition cannot be read at all.
#[test]
fn unreadable_definitions_are_refused() {
    for (place, value) in unreadable() {
        let mut json = sound();
        set(&mut json, place, value.clone());
        let read = serde_json::from_value::<Definition>(json);
        assert!(read.is_err(), "{place} set to {value} was read");
    }
}

/// A definition that uses everything once, and most things in a place for each injection.
fn sound() -> Value {
    let class = |n: u32, check: &str| {
        json!({"prefix": format!("key{n}_"), "alphabet": "base62", "environment": "test",
               "length": {"min": 7, "max": 64}, "check": check, "may": ["track"]})
    };
    let classes: serde_json::Map<String, Value> = (0..8)
        .map(|n| (format!("c{n}"), class(n, if n == 3 { "crc32" } else { "none" })))
        .collect();
    let limit = json!({"capacity": "100", "feature": "f0", "window": {"calendar": {"unit": "day"}},
                       "charge": {"price": "0.01", "wallet": "credits"}, "enforcement": "clamp"});
    let limits: serde_json::Map<String, Value> =
        (0..100).map(|n| (format!("l{n:02}"), limit.clone())).collect();
    let object = json!({"type": "object", "fields": [
        {"name": "kind", "is": {"type": "string", "one_of": ["a", "b"]}},
        {"name": "size", "required": true, "is": {"type": "integer", "min": 1}},
    ]});
    let schemas: serde_json::Map<String, Value> =
        (0..10).map(|n| (format!("s{n}"), json!({"root": object}))).collect();
    json!({
        "acceptance": {"max_age": "P30D", "max_ahead": "PT5M"},
        "classes": classes,
        "features": {
            "f0": {"event": "used", "property": "amount"},
            "f1": {"event": "used", "property": "amount", "life": "lifetime"},
            "f2": {"event": "called", "aggregation": "count"},
            "f3": {"event": "used", "property": "amount", "aggregation": "max"},
            "f4": {"event": "used", "property": "amount", "aggregation": "latest"},
            "f5": {"convert": {}}, "f6": {"convert": {}}, "f7": {"convert": {}},
            "f8": {"convert": {}}, "f9": {"convert": 2},
            "g0": {"rates": {"f0": 1}}, "g1": {"rates": {"f0": 1}}, "g2": {"rates": {"f0": 1}},
            "g3": {"rates": {"f0": 1}}, "g4": {"rates": {"f0": 1}}, "g5": {"rates": {"f0": 1}},
            "g6": {"rates": {"f0": 1}},
            "r0": {"event": "used", "property": "amount", "filters": {}},
            "r1": {"event": "used", "property": "amount", "filters": {}}, "r2": {},
            "r3": {"event": "used", "property": "amount"}, "u0": {}, "u1": {},
            "s0": {"kind": "switch"}, "s1": {"kind": "value"},
        },
        "plans": {"free": {"limits": limits}, "none": {}},
        "remember": {"lifetime": "P31D", "max": 1},
        "schemas": schemas,
        "wallets": {"credits": {"unit": "USD"}},
    })
}

/// One edit for each kind of fault, each in a place of its own, in the order of the definition.
fn injections() -> Vec<Injection> {
    let mut all = in_classes_and_features();
    all.extend(in_meters());
    all.extend(in_limits());
    let remember = [
        (
            "catalog.remember_level",
            "/remember/key_space/level",
            "/remember/key_space",
            json!({"level": 8}),
        ),
        (
            "catalog.remember_too_short",
            "/remember/lifetime",
            "/remember/lifetime",
            json!("P30DT5M"),
        ),
        ("catalog.remember_nothing", "/remember/max", "/remember/max", json!(0)),
    ];
    all.extend(remember);
    all.extend(in_schemas());
    all
}

fn in_classes_and_features() -> Vec<Injection> {
    let long = "x".repeat(33);
    let fine = json!({"multiply": "10000000000.000000001", "divide": "30000000000"});
    let after = json!({"apply": "after_aggregation"});
    let rate = |unit, feature, code| {
        let at = &*format!("/features/{unit}/rates/{feature}").leak();
        (code, at, at, json!(1))
    };
    let factor = |feature, name, value| {
        let at = &*format!("/features/{feature}/convert/{name}").leak();
        ("catalog.conversion_factor", at, at, value)
    };
    vec![
        ("token.length", "/classes/c0/length", "/classes/c0/length/min", json!(0)),
        ("token.length", "/classes/c1/length", "/classes/c1/length/max", json!(257)),
        ("token.length", "/classes/c2/length", "/classes/c2/length/max", json!(6)),
        ("token.length", "/classes/c3/length", "/classes/c3/length/min", json!(6)),
        ("token.prefix", "/classes/c4/prefix", "/classes/c4/prefix", json!("")),
        ("token.prefix", "/classes/c5/prefix", "/classes/c5/prefix", json!("key 5")),
        ("token.prefix", "/classes/c6/prefix", "/classes/c6/prefix", json!(long)),
        ("token.prefix_taken", "/classes/c7/prefix", "/classes/c7/prefix", json!("key0_")),
        ("catalog.property_missing", "/features/f0/property", "/features/f0/property", json!(null)),
        ("catalog.event_empty", "/features/f1/event", "/features/f1/event", json!("")),
        ("catalog.property_unused", "/features/f2/property", "/features/f2/property", json!("a")),
        ("catalog.property_missing", "/features/f3/property", "/features/f3/property", json!(null)),
        ("catalog.property_missing", "/features/f4/property", "/features/f4/property", json!(null)),
        factor("f5", "divide", json!(0)),
        factor("f6", "minimum", json!("-0.000000001")),
        factor("f7", "multiply", json!(-1)),
        factor("f8", "step", json!(0)),
        ("catalog.conversion_too_fine", "/features/f9/convert", "/features/f9/convert", fine),
        (
            "catalog.credit_meter",
            "/features/g0/aggregation",
            "/features/g0/aggregation",
            json!("max"),
        ),
        (
            "catalog.conversion_factor",
            "/features/g1/rates/f0/multiply",
            "/features/g1/rates/f0",
            json!(-1),
        ),
        rate("g2", "nowhere", "catalog.unknown_feature"),
        rate("g3", "f1", "catalog.rate_of_reading"),
        rate("g4", "g5", "catalog.rate_of_credits"),
        ("catalog.rate_applied", "/features/g5/rates/f0/apply", "/features/g5/rates/f0", after),
        rate("g6", "s0", "catalog.rate_of_gate"),
    ]
}

/// Faults of filters, gates and sets of different values.
fn in_meters() -> Vec<Injection> {
    let filter = |n: u32| (format!("p{n}"), json!({"exists": true}));
    let many = Value::Object((0..17).map(filter).collect());
    vec![
        (
            "catalog.filter_empty",
            "/features/r0/filters/a~1b~0c",
            "/features/r0/filters",
            json!({"a/b~c": {}}),
        ),
        (
            "catalog.filter_never",
            "/features/r1/filters/a.b/max",
            "/features/r1/filters",
            json!({"a.b": {"min": 2, "max": 1}}),
        ),
        (
            "catalog.filters_unused",
            "/features/r2/filters",
            "/features/r2/filters",
            json!({"a": {"exists": true}}),
        ),
        ("catalog.filters_too_many", "/features/r3/filters", "/features/r3/filters", many),
        ("catalog.gate_meter", "/features/s1/kind", "/features/s1/aggregation", json!("count")),
        (
            "catalog.unique_number",
            "/features/u0/aggregation/unique_count",
            "/features/u0/aggregation",
            json!({"unique_count": 65_537}),
        ),
        (
            "catalog.unique_convert",
            "/features/u1/convert/apply",
            "/features/u1",
            json!({"aggregation": {"unique_count": 1}, "convert": 2}),
        ),
    ]
}

/// Faults of a price, each with its place in it.
fn in_prices() -> Vec<(&'static str, &'static str, Value)> {
    let tier = |above: &str, to: &str, unit: &str| json!({"above": above, "to": to, "unit": unit});
    let last = |above: &str, flat: &str| json!({"above": above, "flat": flat});
    let first = || tier("0", "10", "1");
    vec![
        ("catalog.negative_price", "flat", json!({"flat": "-0.000000001"})),
        ("catalog.negative_price", "package/price", json!({"package": {"price": -1, "size": 1}})),
        ("catalog.package_size", "package/size", json!({"package": {"price": 1, "size": 0}})),
        ("catalog.price_too_large", "", json!({"flat": "170141183460469231731.687303716"})),
        (
            "catalog.price_too_large", // on the way to the capacity, not at it
            "",
            json!({"volume": [tier("0", "10", "100000000000000000000"), last("10", "0")]}),
        ),
        ("catalog.tier_number", "graduated", json!({"graduated": []})),
        ("catalog.tier_closed", "volume/0/to", json!({"volume": [first()]})),
        (
            "catalog.tier_empty",
            "volume/0/to",
            json!({"volume": [tier("0", "0", "1"), last("0", "1")]}),
        ),
        ("catalog.tier_gap", "graduated/1/above", json!({"graduated": [first(), last("11", "1")]})),
        ("catalog.tier_gap", "volume/0/above", json!({"volume": [last("1", "1")]})),
        ("catalog.tier_negative", "volume/1", json!({"volume": [first(), last("10", "-1")]})),
        ("catalog.tier_open", "volume/0/to", json!({"volume": [last("0", "1"), last("10", "1")]})),
        ("catalog.tier_overlap", "volume/1/above", json!({"volume": [first(), last("9", "1")]})),
    ]
}

fn in_limits() -> Vec<Injection> {
    let mut all = Vec::new();
    let mut add = |code, reported: &str, edited: &str, value| {
        // Each in the next limit: the table of names is walked in its order.
        let limit = format!("/plans/free/limits/l{:02}", all.len());
        let [reported, edited] =
            [reported, edited].map(|place| format!("{limit}/{place}").leak().trim_end_matches('/'));
        all.push((code, reported, edited, value));
    };
    for capacity in [json!("-1"), json!(-1), json!("-0.000000001"), json!({"at_roll": "-1"})] {
        add("catalog.negative_capacity", "capacity", "capacity", capacity);
    }
    for feature in ["f1", "f2", "f3"] {
        add("catalog.clamp_meter", "enforcement", "feature", json!(feature)); // it has no parts
    }
    let wish = json!({"feature": "f2", "capacity": 1, "window": "lifetime",
                      "settle": {"on_shortfall": ["reject", "clamp"]}});
    let capped = json!({"capped": "-0.000000001"});
    add("catalog.clamp_meter", "settle/on_shortfall", "", wish);
    add("catalog.negative_overage", "enforcement/capped", "enforcement", capped);
    for percents in [json!([0]), json!([1001]), json!([1, 1]), json!([1, 2, 3, 4, 5, 6, 7, 8, 9])] {
        add("catalog.warn_at", "settle/warn_at", "settle", json!({"warn_at": percents}));
    }
    add("catalog.overage_unused", "settle/overage", "settle", json!({"overage": "apart"}));
    add("catalog.digits", "charge/digits", "charge/digits", json!(10));
    add("catalog.negative_price", "charge/price", "charge/price", json!("-0.01"));
    add(
        "catalog.price_too_large",
        "charge/price",
        "charge/price",
        json!("1701411834604692317.316873038"),
    );
    for (code, place, price) in in_prices() {
        let place =
            if place.is_empty() { "charge/price" } else { &format!("charge/price/{place}") };
        add(code, place, "charge/price", price);
    }
    add("catalog.unknown_wallet", "charge/wallet", "charge/wallet", json!("nowhere"));
    add("catalog.unknown_feature", "feature", "feature", json!("nowhere"));
    for kind in ["anchored", "first_use"] {
        let place = format!("window/{kind}/span");
        add("catalog.zero_span", &place, "window", json!({kind: {"span": "PT0S"}}));
    }
    for (unit, most) in [
        ("minute", 60),
        ("hour", 24),
        ("day", 1_000),
        ("week", 1_000),
        ("month", 1_000),
        ("year", 1_000),
    ] {
        for count in [0, most + 1, 65_535] {
            let window = json!({"calendar": {"unit": unit, "count": count}});
            add("catalog.calendar_count", "window/calendar/count", "window", window);
        }
    }
    for (code, place, window) in in_windows() {
        let (kind, _) = window.as_object().unwrap().iter().next().unwrap();
        add(code, &format!("window/{kind}/{place}"), "window", window);
    }
    for (code, place, limit) in in_sliding_limits() {
        let edited = format!("/plans/free/limits/l{:02}", all.len());
        all.push((code, &*format!("{edited}/{place}").leak(), &*edited.leak(), limit));
    }
    // The last limit of the first plan, under another feature in the second.
    let other = json!({"l99": {"capacity": 1, "feature": "f1", "window": "lifetime"}});
    let places = ["/plans/none/limits/l99/feature", "/plans/none/limits"];
    all.push(("catalog.limit_feature", places[0], places[1], other));
    all
}

/// A code, its place in a limit whose window has no periods, and the limit.
fn in_sliding_limits() -> Vec<(&'static str, &'static str, Value)> {
    let limit = |window: Value, more: Value| {
        let mut limit = json!({"capacity": 1, "feature": "f0", "window": window});
        let more = more.as_object().unwrap().clone();
        limit.as_object_mut().unwrap().extend(more);
        limit
    };
    let rolling = |buckets, span| json!({"rolling": {"buckets": buckets, "span": span}});
    let continuous = |rate, per| json!({"continuous": {"rate": rate, "per": per}});
    let (minute, held) = (|| rolling(60, "PT1M"), || json!("in_flight"));
    let large = json!({"capacity": "100000000000000000000"});
    let charge = json!({"charge": {"price": "0.01"}});
    vec![
        ("catalog.zero_span", "window/rolling/span", limit(rolling(1, "PT0S"), json!({}))),
        ("catalog.rolling_buckets", "window/rolling/buckets", limit(rolling(0, "PT1M"), json!({}))),
        (
            "catalog.rolling_buckets",
            "window/rolling/buckets",
            limit(rolling(257, "PT257S"), json!({})),
        ),
        ("catalog.rolling_uneven", "window/rolling/buckets", limit(rolling(7, "PT1M"), json!({}))),
        (
            "catalog.continuous_rate",
            "window/continuous/rate",
            limit(continuous(0, "PT1S"), json!({})),
        ),
        ("catalog.zero_span", "window/continuous/per", limit(continuous(1, "PT0S"), json!({}))),
        ("catalog.continuous_too_large", "capacity", limit(continuous(1, "P99999D"), large)),
        ("catalog.window_capacity", "capacity", limit(minute(), json!({"capacity": "granted"}))),
        ("catalog.window_capacity", "capacity", limit(held(), json!({"capacity": {"at_roll": 1}}))),
        ("catalog.window_charge", "charge", limit(continuous(1, "PT1S"), charge)),
        (
            "catalog.warn_at",
            "settle/warn_at",
            limit(minute(), json!({"settle": {"warn_at": [80]}})),
        ),
        (
            "catalog.window_enforcement",
            "enforcement",
            limit(minute(), json!({"enforcement": "last_call"})),
        ),
        ("catalog.window_grace", "grace", limit(minute(), json!({"grace": "PT1S"}))),
        (
            "catalog.overage_unused",
            "settle/overage",
            limit(minute(), json!({"settle": {"overage": "kept"}})),
        ),
        ("catalog.window_meter", "window", limit(held(), json!({"feature": "f1"}))),
        ("catalog.gate_window", "window", limit(minute(), json!({"feature": "s0"}))),
        (
            "catalog.overage_unused",
            "settle/overage",
            limit(json!("per_request"), json!({"settle": {"overage": "kept"}})),
        ),
        ("catalog.window_meter", "window", limit(minute(), json!({"feature": "f3"}))),
    ]
}

/// A code, the place in the window, and the window.
fn in_windows() -> Vec<(&'static str, &'static str, Value)> {
    let mut all = vec![
        ("catalog.zero_span", "trial", json!({"cycle": {"unit": "day", "trial": "PT0S"}})),
        ("catalog.calendar_count", "count", json!({"cycle": {"unit": "day", "count": 0}})),
        ("catalog.calendar_count", "count", json!({"cycle": {"unit": "minute", "count": 61}})),
        (
            "catalog.month_rule_unused",
            "month_rule",
            json!({"anchored": {"span": "P1D", "month_rule": "overflow"}}),
        ),
        (
            "catalog.month_rule_unused",
            "month_rule",
            json!({"cycle": {"unit": "week", "month_rule": "overflow"}}),
        ),
        (
            "catalog.week_starts_unused",
            "week_starts",
            json!({"calendar": {"unit": "day", "week_starts": "monday"}}),
        ),
        (
            "catalog.empty_window",
            "until",
            json!({"once": {"from": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}}),
        ),
        (
            "catalog.empty_window",
            "until",
            json!({"cycle": {"unit": "day", "from": "2026-01-01T00:00:00Z",
                             "until": "2025-01-01T00:00:00Z"}}),
        ),
    ];
    for (unit, at) in [
        ("minute", 60),
        ("hour", 60),
        ("day", 24),
        ("week", 0),
        ("week", 8),
        ("month", 0),
        ("month", 32),
        ("year", 0),
        ("year", 32),
    ] {
        all.push(("catalog.cycle_at", "at", json!({"cycle": {"unit": unit, "at": at}})));
    }
    for span in ["P1M1D", "P1MT1H"] {
        let window = json!({"anchored": {"span": span, "month_rule": "overflow_stepwise"}});
        all.push(("catalog.stepwise_span", "month_rule", window));
    }
    for kind in ["anchored", "first_use"] {
        let window = json!({kind: {"span": "PT24H", "zone": "Lab/Steady"}});
        all.push(("catalog.zone_unused", "zone", window));
        let window = json!({kind: {"span": "P1D", "zone": "Lab/Atlantis"}});
        all.push(("catalog.unknown_zone", "zone", window));
    }
    for kind in ["calendar", "cycle"] {
        let window = json!({kind: {"unit": "day", "zone": "Lab/Atlantis"}});
        all.push(("catalog.unknown_zone", "zone", window));
    }
    all
}

fn in_schemas() -> Vec<Injection> {
    vec![
        (
            "schema.template",
            "/schemas/s0/messages/type",
            "/schemas/s0/messages",
            json!({"type": "{nothing}"}),
        ),
        (
            "schema.empty_range",
            "/schemas/s1/root/fields/1/is/max",
            "/schemas/s1/root/fields/1/is/max",
            json!(0),
        ),
        (
            "schema.precision_unused",
            "/schemas/s2/root/fields/1/is/precision",
            "/schemas/s2/root/fields/1/is/precision",
            json!("nearest"),
        ),
        (
            "schema.field_twice",
            "/schemas/s3/root/fields/1/name",
            "/schemas/s3/root/fields/1/name",
            json!("kind"),
        ),
        (
            "schema.small_group",
            "/schemas/s4/root/exactly_one_of/0",
            "/schemas/s4/root/exactly_one_of",
            json!([["kind"]]),
        ),
        (
            "schema.no_such_field",
            "/schemas/s5/root/at_least_one_of/0/1",
            "/schemas/s5/root/at_least_one_of",
            json!([["kind", "colour"]]),
        ),
        (
            "schema.no_options",
            "/schemas/s6/root/fields/1/when/0/in",
            "/schemas/s6/root/fields/1/when",
            json!([{"field": "kind", "in": [], "is": {"type": "integer"}}]),
        ),
        (
            "schema.default_unused",
            "/schemas/s7/root/fields/1/default",
            "/schemas/s7/root/fields/1/default",
            json!(1),
        ),
        (
            "schema.default_type",
            "/schemas/s8/root/fields/0/default",
            "/schemas/s8/root/fields/0/default",
            json!(true),
        ),
        (
            "schema.option_twice",
            "/schemas/s9/root/fields/0/is/one_of",
            "/schemas/s9/root/fields/0/is/one_of",
            json!(["a", "b", "a"]),
        ),
    ]
}

/// Places, and values that they do not take: keys that mean nothing, names and numbers outside their
/// grammar, unknown words, and the wrong type.
fn unreadable() -> Vec<(&'static str, Value)> {
    let (limit, window) = ("/plans/free/limits/l00", "/plans/free/limits/l00/window");
    let typo = |place: &str| (&*format!("{place}/typo").leak(), json!(1));
    let at = |place: &str, field: &str, value| (&*format!("{place}/{field}").leak(), value);
    vec![
        typo(""),
        typo("/acceptance"),
        typo("/classes/c0"),
        typo("/classes/c0/length"),
        typo("/features/f0"),
        typo("/plans/free"),
        typo(limit),
        typo(&format!("{limit}/charge")),
        typo(&format!("{window}/calendar")),
        typo("/remember"),
        typo("/schemas/s0"),
        typo("/wallets/credits"),
        at("/features", "Upper", json!({})),
        at("/plans", "", json!({})),
        at("/wallets", "a b", json!({})),
        at("/acceptance", "max_age", json!("30 days")),
        at("/acceptance", "max_age", json!("P1M")),
        at("/acceptance", "max_age", json!(30)),
        at(limit, "capacity", json!("ten")),
        at(limit, "capacity", json!(0.5)),
        at(limit, "capacity", json!("0.0000000001")),
        at(limit, "capacity", json!({"at_roll": "1", "granted": "standard"})),
        at(limit, "capacity", json!({"granted": "soonest"})),
        at(limit, "capacity", json!({})),
        at(limit, "capacity", json!(null)),
        at(limit, "enforcement", json!("Hard")),
        at(limit, "grace", json!("-PT1S")),
        at(limit, "window", json!("calendar")),
        at(limit, "window", json!({"lifetime": {}, "calendar": {"unit": "day"}})),
        at(window, "calendar", json!({"unit": "fortnight"})),
        at(window, "calendar", json!({"unit": "day", "count": -1})),
        at(window, "calendar", json!({"unit": "day", "count": 65_536})),
        at(limit, "window", json!({"anchored": {"span": "P1D", "anchor": "2026-01-01"}})),
        at(limit, "window", json!({"anchored": {"span": "P1D1M"}})),
        at(limit, "window", json!({"anchored": {"span": "P4294967296D"}})),
        at(window, "calendar", json!({"unit": "day", "zone": "+01:00"})),
        at(window, "calendar", json!({"unit": "week", "week_starts": "Sunday"})),
        at(limit, "window", json!({"cycle": {"unit": "day", "at": 256}})),
        at(limit, "window", json!({"cycle": {"unit": "day", "typo": 1}})),
        at(limit, "window", json!({"cycle": {}})),
        at(limit, "window", json!({"once": {"from": "2026-01-01T00:00:00Z"}})),
        at("/remember", "denials", json!(["time"])),
        at("/remember", "key_space", json!("customer")),
        at("/remember", "key_space", json!({"apart": "feature"})),
        at("/remember", "key_space", json!({"level": 1, "by": "feature"})),
        at("/remember", "key_space", json!(1)),
        at("/features/f0", "aggregation", json!("mean")),
        at("/features/f0", "convert", json!({"multiply": 1, "by": 2})),
        at("/features/f0", "convert", json!([1])),
    ]
}

/// Sets the value at a place whose parent is there.
fn set(json: &mut Value, place: &str, value: Value) {
    let (parent, key) = place.rsplit_once('/').unwrap();
    let parent = json.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
        _ => drop(parent.as_object_mut().unwrap().insert(key.to_owned(), value)),
    }
}

type Found = (&'static str, String);

fn codes_and_places(picked: &[Injection]) -> Vec<Found> {
    picked.iter().map(|one| (one.0, one.1.to_owned())).collect()
}

fn faults_of(picked: &[Injection]) -> Vec<Found> {
    let mut json = sound();
    for (_, _, place, value) in picked {
        set(&mut json, place, value.clone());
    }
    let definition = serde_json::from_value(json).unwrap();
    compiled(&definition, &Names::default()).err().unwrap_or_default()
}

fn compiled(definition: &Definition, known: &Names) -> Result<Catalog, Vec<Found>> {
    let short = |fault: Fault| {
        assert!(!fault.hint.is_empty() && !fault.hint.ends_with('.'), "{fault}");
        (fault.code, fault.pointer)
    };
    Catalog::compile_with(definition, &ZONES, known, CatalogVersion(1))
        .map_err(|faults| faults.into_iter().map(short).collect())
}

/// Which names a version has, by number.
#[derive(Clone, Debug)]
struct Content {
    classes: BTreeSet<u32>,
    features: BTreeSet<u32>,
    wallets: BTreeSet<u32>,
    /// For each plan the limits that it has, each of one of the features.
    plans: BTreeMap<u32, BTreeSet<u32>>,
}

impl Content {
    /// The definition of version `version`; each limit's capacity tells it and the version apart.
    fn json(&self, version: u32) -> Value {
        let named = |kind: &str, numbers: &BTreeSet<u32>, value: &dyn Fn(u32) -> Value| {
            let all = numbers.iter().map(|n| (format!("{kind}{n}"), value(*n)));
            Value::Object(all.collect())
        };
        let features: Vec<u32> = self.features.iter().copied().collect();
        let limit = |n: u32| {
            let feature = features[n as usize % features.len()];
            json!({"feature": format!("feature{feature}"), "capacity": n * 10 + version,
                   "window": {"calendar": {"unit": "day"}}})
        };
        let plans = self.plans.iter().map(|(plan, limits)| {
            let wanted = if features.is_empty() { &BTreeSet::new() } else { limits };
            (format!("plan{plan}"), json!({"limits": named("limit", wanted, &limit)}))
        });
        let class = |n: u32| {
            json!({"prefix": format!("p{n}_"), "alphabet": "hex", "environment": "live",
                   "length": {"min": 1, "max": 9}})
        };
        json!({
            "classes": named("class", &self.classes, &class),
            "features": named("feature", &self.features, &|_| json!({})),
            "plans": Value::Object(plans.collect()),
            "wallets": named("wallet", &self.wallets, &|_| json!({})),
        })
    }

    /// The catalog finds what the version has, under the ids of the names, and nothing else.
    fn is_all_that(&self, catalog: &Catalog, version: u32) -> Result<(), TestCaseError> {
        prop_assert_eq!(catalog.version(), CatalogVersion(version));
        for n in 0..NAMES {
            let feature = catalog.feature(&format!("feature{n}"));
            prop_assert_eq!(feature.is_some(), self.features.contains(&n));
            let class = catalog.classes().id(&format!("class{n}"));
            prop_assert_eq!(class.is_some(), self.classes.contains(&n));
            let known = catalog.names().classes.find(&format!("class{n}"));
            prop_assert!(class.is_none() || class.map(|id| id.0) == known);
            let wallet = catalog.wallet(&format!("wallet{n}"));
            prop_assert!(wallet.is_some() || !self.wallets.contains(&n));
            let plan = catalog.plan(&format!("plan{n}"));
            prop_assert_eq!(plan.is_some(), self.plans.contains_key(&n));
            let (Some(plan), Some(limits)) = (plan, self.plans.get(&n)) else { continue };
            let wanted = if self.features.is_empty() { 0 } else { limits.len() };
            let mut by_feature = 0;
            for feature in 0..NAMES {
                let Some(feature) = catalog.feature(&format!("feature{feature}")) else { continue };
                let terms = catalog.terms(plan, feature);
                prop_assert!(terms.iter().all(|terms| terms.counted.feature == feature));
                by_feature += terms.len();
            }
            prop_assert_eq!(by_feature, wanted);
            for limit in limits.iter().take(wanted) {
                let id = catalog.limit(&format!("limit{limit}")).unwrap();
                let amount = Quantity::from_units(i64::from(limit * 10 + version));
                let capacity = Capacity::Fixed { amount, read: CapacityRead::Live };
                prop_assert_eq!(catalog.limit_terms(plan, id).unwrap().capacity, capacity);
            }
        }
        Ok(())
    }
}

const NAMES: u32 = 5;

fn contents() -> impl Strategy<Value = Content> {
    let numbers = || proptest::collection::btree_set(0..NAMES, 0..NAMES as usize);
    let plans = proptest::collection::btree_map(0..NAMES, numbers(), 0..4);
    (numbers(), numbers(), numbers(), plans).prop_map(|(classes, features, wallets, plans)| {
        Content { classes, features, wallets, plans }
    })
}

/// How the orders in which grants are drawn are written.
#[test]
fn burn_orders_are_written_like_this() {
    words([
        ("\"openmeter\"", Burn::OPENMETER),
        ("\"standard\"", Burn::STANDARD),
        ("\"unprice\"", Burn::UNPRICE),
    ]);
    words([
        ("\"amount\"", By::Amount),
        ("\"created\"", By::Created),
        ("\"effective\"", By::Effective),
        ("\"expires\"", By::Expires),
        ("\"id\"", By::Id),
        ("\"name\"", By::Name),
        ("\"priority\"", By::Priority),
    ]);
    words([("\"ascending\"", Direction::Ascending), ("\"descending\"", Direction::Descending)]);
    words([
        ("\"day\"", Grain::Day),
        ("\"hour\"", Grain::Hour),
        ("\"millisecond\"", Grain::Millisecond),
        ("\"minute\"", Grain::Minute),
        ("\"second\"", Grain::Second),
    ]);
}

/// What happens to an ask that does not fit is written like this.
#[test]
fn enforcements_are_written_like_this() {
    words([("\"clamp\"", OnShortfall::Clamp), ("\"reject\"", OnShortfall::Reject)]);
    words([
        (r#"{"capped":"2.5"}"#, Enforcement::Capped("2.5".parse().unwrap())),
        ("\"clamp\"", Enforcement::Clamp),
        ("\"hard\"", Enforcement::Hard),
        ("\"last_call\"", Enforcement::LastCall),
        ("\"shadow\"", Enforcement::Shadow),
        ("\"soft\"", Enforcement::Soft),
    ]);
}

/// How each word of a definition is written, and that there is no other.
#[test]
fn words_are_written_like_this() {
    words([
        (r#"{"unique_count":7}"#, Aggregation::UniqueCount(7)),
        ("\"count\"", Aggregation::Count),
        ("\"latest\"", Aggregation::Latest),
        ("\"max\"", Aggregation::Max),
        ("\"min\"", Aggregation::Min),
        ("\"sum\"", Aggregation::Sum),
    ]);
    words([("\"lifetime\"", Life::Lifetime), ("\"window\"", Life::Window)]);
    words([
        ("\"after_aggregation\"", Applied::AfterAggregation),
        ("\"per_event\"", Applied::PerEvent),
    ]);
    words([
        ("\"limit_exceeded\"", Refusal::LimitExceeded),
        ("\"rate_limited\"", Refusal::RateLimited),
    ]);
    words([
        ("\"burn_order\"", GiveBack::BurnOrder),
        ("\"none\"", GiveBack::None),
        ("\"reverse\"", GiveBack::Reverse),
    ]);
    words([
        ("\"apart\"", Overage::Apart),
        ("\"first\"", Overage::First),
        ("\"kept\"", Overage::Kept),
        ("\"last\"", Overage::Last),
        ("\"owed\"", Overage::Owed),
    ]);
    words([
        ("\"down\"", Rounding::Down),
        ("\"half_even\"", Rounding::HalfEven),
        ("\"up\"", Rounding::Up),
    ]);
    words([
        ("\"day\"", Unit::Day),
        ("\"hour\"", Unit::Hour),
        ("\"minute\"", Unit::Minute),
        ("\"month\"", Unit::Month),
        ("\"week\"", Unit::Week),
        ("\"year\"", Unit::Year),
    ]);
    words([
        ("\"base58\"", Alphabet::Base58),
        ("\"base62\"", Alphabet::Base62),
        ("\"hex\"", Alphabet::Hex),
        ("\"token\"", Alphabet::Token),
    ]);
    words([("\"crc32\"", Check::Crc32), ("\"none\"", Check::None)]);
    words([("\"live\"", Environment::Live), ("\"test\"", Environment::Test)]);
    words([
        ("\"active\"", Status::Active),
        ("\"blocked\"", Status::Blocked),
        ("\"cancelled\"", Status::Cancelled),
        ("\"inactive\"", Status::Inactive),
        ("\"no_plan\"", Status::NoPlan),
        ("\"paused\"", Status::Paused),
    ]);
}

/// The same of windows.
#[test]
fn windows_are_written_like_this() {
    words([
        ("\"clamp\"", MonthRule::Clamp),
        ("\"overflow\"", MonthRule::Overflow),
        ("\"overflow_stepwise\"", MonthRule::OverflowStepwise),
    ]);
    words([
        ("\"monday\"", Weekday::Monday),
        ("\"tuesday\"", Weekday::Tuesday),
        ("\"wednesday\"", Weekday::Wednesday),
        ("\"thursday\"", Weekday::Thursday),
        ("\"friday\"", Weekday::Friday),
        ("\"saturday\"", Weekday::Saturday),
        ("\"sunday\"", Weekday::Sunday),
    ]);
    let span = "P1D".parse().unwrap();
    let [first, second, third, fourth] = sliding_windows();
    words([
        first,
        second,
        third,
        fourth,
        (
            r#"{"anchored":{"anchor":null,"month_rule":"clamp","span":"P1D","zone":null}}"#,
            WindowDefinition::Anchored {
                anchor: None,
                month_rule: MonthRule::Clamp,
                span,
                zone: None,
            },
        ),
        (
            r#"{"calendar":{"count":1,"unit":"week","week_starts":null,"zone":null}}"#,
            WindowDefinition::Calendar {
                count: 1,
                unit: Unit::Week,
                week_starts: None,
                zone: None,
            },
        ),
        (
            concat!(
                r#"{"cycle":{"at":null,"count":1,"from":null,"month_rule":"clamp","trial":null,"#,
                r#""unit":"month","until":null,"zone":"Europe/Berlin"}}"#
            ),
            WindowDefinition::Cycle(CycleDefinition {
                at: None,
                count: 1,
                from: None,
                month_rule: MonthRule::Clamp,
                trial: None,
                unit: Unit::Month,
                until: None,
                zone: ZoneName::parse("Europe/Berlin"),
            }),
        ),
        (
            r#"{"first_use":{"span":"P1D","zone":null}}"#,
            WindowDefinition::FirstUse { span, zone: None },
        ),
        (r#""lifetime""#, WindowDefinition::Lifetime),
        (
            r#"{"once":{"from":"1970-01-01T00:00:00.000Z","until":"9999-12-31T23:59:59.999Z"}}"#,
            WindowDefinition::Once { from: Timestamp::EPOCH, until: Timestamp::MAX },
        ),
    ]);
}

/// Those that have no periods.
fn sliding_windows() -> [(&'static str, WindowDefinition); 4] {
    let (minute, rate) = ("PT1M".parse().unwrap(), "0.5".parse().unwrap());
    let sixty = serde_json::from_str::<WindowDefinition>(r#"{"rolling":{"span":"PT1M"}}"#);
    let rolling = WindowDefinition::Rolling { buckets: 60, span: minute };
    assert_eq!(sixty.unwrap(), rolling);
    [
        (r#""in_flight""#, WindowDefinition::InFlight),
        (r#""per_request""#, WindowDefinition::PerRequest),
        (
            r#"{"continuous":{"per":"PT60S","rate":"0.5"}}"#,
            WindowDefinition::Continuous { per: minute, rate },
        ),
        (r#"{"rolling":{"buckets":60,"span":"PT60S"}}"#, rolling),
    ]
}

/// A capacity is a number, a word, or an object of one field.
#[test]
fn capacities_are_written_like_this() {
    let units = Quantity::from_units;
    for (text, value, written) in [
        ("12", CapacityDefinition::Live(units(12)), "\"12\""),
        ("-12", CapacityDefinition::Live(units(-12)), "\"-12\""),
        ("\"0.5\"", CapacityDefinition::Live(Quantity::from_nanos(500_000_000)), "\"0.5\""),
        // More than an i64: a quantity all the same.
        (
            "18446744073709551615",
            CapacityDefinition::Live("18446744073709551615".parse().unwrap()),
            "\"18446744073709551615\"",
        ),
        ("\"unlimited\"", CapacityDefinition::Unlimited, "\"unlimited\""),
        ("\"granted\"", CapacityDefinition::Granted(Burn::STANDARD), r#"{"granted":"standard"}"#),
        (
            r#"{"granted":"unprice"}"#,
            CapacityDefinition::Granted(Burn::UNPRICE),
            r#"{"granted":"unprice"}"#,
        ),
        (r#"{"at_roll":7}"#, CapacityDefinition::AtRoll(units(7)), r#"{"at_roll":"7"}"#),
    ] {
        assert_eq!(serde_json::from_str::<CapacityDefinition>(text).unwrap(), value);
        assert_eq!(serde_json::to_string(&value).unwrap(), written);
    }
}

/// What is not written has the value that the docs say.
#[test]
fn what_is_left_out_is_this() {
    let limit: LimitDefinition =
        serde_json::from_value(json!({"capacity": 1, "feature": "a", "window": "lifetime",
                                      "charge": {"price": "0.1"}}))
        .unwrap();
    let written = json!({
        "capacity": "1", "feature": "a", "window": "lifetime", "enforcement": "hard",
        "grace": "P0D", "refusal": "limit_exceeded",
        "settle": {"give_back": "reverse", "late": "reject", "overage": "owed"},
        "charge": {"price": "0.1", "digits": 8, "negative": "give_back", "on": "all", "rounding": "half_even",
                   "wallet": null},
    });
    let written: LimitDefinition = serde_json::from_value(written).unwrap();
    assert_eq!(limit, written);
    let remember: RememberDefinition = serde_json::from_value(json!({"lifetime": "P1D"})).unwrap();
    let written = json!({"at": "after_route", "at_bound": "dedup_full", "denials": [],
                         "key_space": "root", "lifetime": "P1D", "max": 1_000_000,
                         "on_mismatch": "conflict", "on_repeat": "replay"});
    assert_eq!(remember, serde_json::from_value(written).unwrap());
    let feature: FeatureDefinition = serde_json::from_value(json!({})).unwrap();
    let written = json!({"aggregation": "sum", "convert": null, "event": null, "life": "window",
                         "property": null, "rates": {}});
    assert_eq!(feature, serde_json::from_value(written).unwrap());
    let conversions = [
        json!({}),
        json!("1"),
        json!(1),
        json!({"apply": "per_event", "divide": 1,
        "minimum": 0, "multiply": 1, "rounding": "half_even", "step": "0.000000001"}),
    ];
    for conversion in conversions {
        let read: ConversionDefinition = serde_json::from_value(conversion).unwrap();
        assert_eq!(read, serde_json::from_value(json!({})).unwrap());
    }
}

#[test]
fn words_of_memory_are_written_like_this() {
    words([
        ("\"after_measure\"", RememberAt::AfterMeasure),
        ("\"after_route\"", RememberAt::AfterRoute),
        ("\"after_time\"", RememberAt::AfterTime),
    ]);
    words([("\"conflict\"", OnMismatch::Conflict), ("\"ignore\"", OnMismatch::Ignore)]);
    words([("\"duplicate\"", OnRepeat::Duplicate), ("\"replay\"", OnRepeat::Replay)]);
    words([("\"dedup_full\"", AtBound::DedupFull), ("\"oldest_goes\"", AtBound::OldestGoes)]);
    let within = |level, apart| KeySpace { level, apart };
    words([
        ("\"balance\"", within(0, Some(ApartBy::Balance))),
        ("\"environment\"", within(0, Some(ApartBy::Environment))),
        ("\"feature\"", within(0, Some(ApartBy::Feature))),
        ("\"root\"", within(0, None)),
    ]);
    words([
        ("\"funds\"", DenialDefinition::Funds),
        ("\"limits\"", DenialDefinition::Limits),
        ("\"window\"", DenialDefinition::Window),
    ]);
}

fn words<T, const N: usize>(all: [(&str, T); N])
where
    T: Debug + DeserializeOwned + PartialEq + Serialize,
{
    for (text, value) in &all {
        assert_eq!(serde_json::to_string(value).unwrap(), *text);
        assert_eq!(&serde_json::from_str::<T>(text).unwrap(), value);
    }
    // The refusal of a word that is none lists those that are.
    let refusal = serde_json::from_str::<T>("\"?\"").unwrap_err().to_string();
    assert_eq!(refusal.matches('`').count(), 2 * (1 + N), "{refusal}");
}

/// Definitions of any content, sound or not.
fn definitions() -> impl Strategy<Value = Definition> {
    let options = |values: BoxedStrategy<Span>| proptest::option::of(values);
    let acceptance = (options(spans().boxed()), options(spans().boxed()))
        .prop_map(|(max_age, max_ahead)| AcceptanceDefinition { max_age, max_ahead });
    let wallet = ".{0,4}".prop_map(|unit| WalletDefinition { unit });
    let plan = named(limits()).prop_map(|limits| PlanDefinition { limits });
    let schemas: Definition =
        serde_json::from_value(json!({"schemas": sound()["schemas"]})).unwrap();
    (
        acceptance,
        named(classes()),
        named(features()),
        named(plan),
        (one_of(&[FundsFirst::EmptyBeforeLimits, FundsFirst::Off]), any::<bool>()),
        proptest::option::of(remembers()),
        named(wallet),
    )
        .prop_map(move |(acceptance, classes, features, plans, more, remember, wallets)| {
            let (funds_first, shapes) = more;
            let schemas = if shapes { schemas.schemas.clone() } else { BTreeMap::new() };
            let precedence = PrecedenceDefinition { funds_first };
            Definition {
                acceptance,
                classes,
                features,
                plans,
                precedence,
                remember,
                schemas,
                wallets,
            }
        })
}

fn named<T: Debug>(values: impl Strategy<Value = T>) -> impl Strategy<Value = BTreeMap<Name, T>> {
    proptest::collection::btree_map(names(), values, 0..3)
}

fn names() -> impl Strategy<Value = Name> {
    "[a-z][a-z0-9._-]{0,5}".prop_map(|text| Name::parse(&text).unwrap())
}

fn spans() -> impl Strategy<Value = Span> {
    (0..=Span::MAX.as_millis()).prop_map(|ms| Span::from_millis(ms).unwrap())
}

fn quantities() -> impl Strategy<Value = Quantity> {
    prop_oneof![-9_000_000_000..=9_000_000_000_i128, any::<i128>()].prop_map(Quantity::from_nanos)
}

fn one_of<T: Clone + Debug + 'static>(values: &[T]) -> impl Strategy<Value = T> + use<T> {
    proptest::sample::select(values.to_vec())
}

fn classes() -> impl Strategy<Value = ClassDefinition> {
    (
        one_of(&[Alphabet::Base58, Alphabet::Base62, Alphabet::Hex, Alphabet::Token]),
        one_of(&[Check::Crc32, Check::None]),
        one_of(&[Environment::Live, Environment::Test]),
        any::<[u16; 2]>(),
        proptest::collection::vec(names(), 0..3),
        ".{0,4}",
        terms(),
    )
        .prop_map(|(alphabet, check, environment, [min, max], may, prefix, terms)| {
            let length = Length { max, min };
            ClassDefinition { alphabet, check, environment, length, may, prefix, terms }
        })
}

fn terms() -> impl Strategy<Value = ClassTerms> {
    let unstated = || one_of(&[Unstated::Allowed, Unstated::AsListed, Unstated::Refused]);
    (
        proptest::option::of(any::<i32>()),
        proptest::collection::vec(".{0,4}", 0..3),
        [unstated(), unstated()],
        one_of(&[token::Status::Active, token::Status::Disabled, token::Status::Revoked]),
    )
        .prop_map(|(millis, hosts, [missing, null], status)| {
            let expires = millis.map(|millis| Timestamp::from_millis(millis.into()).unwrap());
            ClassTerms { expires, origins: OriginTerms { hosts, missing, null }, status }
        })
}

fn features() -> impl Strategy<Value = FeatureDefinition> {
    let aggregations = [
        Aggregation::Count,
        Aggregation::Latest,
        Aggregation::Max,
        Aggregation::Min,
        Aggregation::Sum,
        Aggregation::UniqueCount(u32::MAX),
    ];
    let event = proptest::option::of(".{0,4}");
    let lives = one_of(&[Life::Lifetime, Life::Window]);
    let convert = proptest::option::of(conversions());
    let lives = (one_of(&[Kind::Metered, Kind::Switch, Kind::Value]), lives);
    let reads =
        (proptest::option::of(paths()), proptest::collection::btree_map(paths(), filters(), 0..3));
    (one_of(&aggregations), convert, event, lives, reads, named(conversions())).prop_map(
        |(aggregation, convert, event, (kind, life), (property, filters), rates)| {
            FeatureDefinition { aggregation, convert, event, filters, kind, life, property, rates }
        },
    )
}

fn paths() -> impl Strategy<Value = Path> {
    proptest::collection::vec("[ab.\\\\\"é]{1,3}", 1..3).prop_map(|names| Path::of(names).unwrap())
}

fn filters() -> impl Strategy<Value = FilterDefinition> {
    let literals = prop_oneof![
        any::<bool>().prop_map(Literal::Bool),
        any::<i64>().prop_map(|units| Literal::Number(Quantity::from_units(units))),
        ".{0,4}".prop_map(Literal::Text),
    ];
    let number = || proptest::option::of(quantities());
    (
        [number(), number(), number(), number()],
        proptest::option::of(literals.clone()),
        proptest::option::of(any::<bool>()),
        proptest::option::of(proptest::collection::vec(literals, 0..3)),
        proptest::option::of(".{0,4}"),
    )
        .prop_map(|([above, below, max, min], equals, exists, one_of, prefix)| {
            FilterDefinition { above, below, equals, exists, one_of, max, min, prefix }
        })
}

fn conversions() -> impl Strategy<Value = ConversionDefinition> {
    let roundings = one_of(&[Rounding::Down, Rounding::HalfEven, Rounding::Up]);
    let numbers = [quantities(), quantities(), quantities(), quantities()];
    (one_of(&[Applied::AfterAggregation, Applied::PerEvent]), numbers, roundings).prop_map(
        |(apply, [divide, minimum, multiply, step], rounding)| ConversionDefinition {
            apply,
            divide,
            minimum,
            multiply,
            rounding,
            step,
        },
    )
}

fn wishes() -> impl Strategy<Value = Vec<OnShortfall>> {
    proptest::collection::vec(one_of(&[OnShortfall::Clamp, OnShortfall::Reject]), 0..3)
}

fn limits() -> impl Strategy<Value = LimitDefinition> {
    let key = (
        one_of(&[By::Created, By::Expires, By::Name]),
        one_of(&[Direction::Ascending, Direction::Descending]),
        one_of(&[Grain::Day, Grain::Millisecond]),
    );
    let keys = proptest::collection::vec(key, 0..=Burn::KEYS_MAX).prop_map(|keys| {
        let key = |(by, direction, grain)| Key { by, direction, grain };
        Burn::new(&keys.into_iter().map(key).collect::<Vec<_>>()).unwrap()
    });
    let burns = prop_oneof![one_of(&[Burn::OPENMETER, Burn::STANDARD, Burn::UNPRICE]), keys];
    let capacity = prop_oneof![
        quantities().prop_map(CapacityDefinition::AtRoll),
        burns.prop_map(CapacityDefinition::Granted),
        quantities().prop_map(CapacityDefinition::Live),
        Just(CapacityDefinition::Unlimited),
    ];
    let roundings = one_of(&[Rounding::Down, Rounding::HalfEven, Rounding::Up]);
    let on = one_of(&[ChargeOn::All, ChargeOn::Overage]);
    let wallet = proptest::option::of(names());
    let negative = one_of(&[Negative::GiveBack, Negative::Zero]);
    let charge = (any::<u8>(), negative, on, prices(), roundings, wallet).prop_map(
        |(digits, negative, on, price, rounding, wallet)| ChargeDefinition {
            digits,
            negative,
            on,
            price,
            rounding,
            wallet,
        },
    );
    let overages =
        one_of(&[Overage::Apart, Overage::First, Overage::Kept, Overage::Last, Overage::Owed]);
    let line = (
        prop_oneof![
            quantities().prop_map(Enforcement::Capped),
            one_of(&[
                Enforcement::Clamp,
                Enforcement::Hard,
                Enforcement::LastCall,
                Enforcement::Shadow,
                Enforcement::Soft,
            ]),
        ],
        one_of(&[Refusal::LimitExceeded, Refusal::RateLimited]),
        one_of(&[GiveBack::BurnOrder, GiveBack::None, GiveBack::Reverse]),
        one_of(&[Late::Now, Late::Reject]),
        (wishes(), overages),
        proptest::collection::vec(any::<u16>(), 0..3),
    );
    (capacity, proptest::option::of(charge), line, names(), spans(), windows()).prop_map(
        |(
            capacity,
            charge,
            (enforcement, refusal, give_back, late, (on_shortfall, overage), warn_at),
            feature,
            grace,
            window,
        )| {
            LimitDefinition {
                capacity,
                charge,
                enforcement,
                feature,
                grace,
                refusal,
                settle: SettleDefinition { give_back, late, on_shortfall, overage, warn_at },
                window,
            }
        },
    )
}

fn prices() -> impl Strategy<Value = PriceDefinition> {
    let tiers = || {
        let tier = (quantities(), quantities(), proptest::option::of(quantities()), quantities());
        let tier = tier.prop_map(|(above, flat, to, unit)| Tier { above, flat, to, unit });
        proptest::collection::vec(tier, 0..4)
    };
    prop_oneof![
        quantities().prop_map(PriceDefinition::Flat),
        tiers().prop_map(PriceDefinition::Graduated),
        [quantities(), quantities()].prop_map(|[price, size]| {
            PriceDefinition::Package(PackageDefinition { price, size })
        }),
        quantities().prop_map(PriceDefinition::Unit),
        tiers().prop_map(PriceDefinition::Volume),
    ]
}

fn windows() -> impl Strategy<Value = WindowDefinition> {
    let units = one_of(&[Unit::Day, Unit::Hour, Unit::Minute, Unit::Month, Unit::Week, Unit::Year]);
    let instants = (Timestamp::MIN.as_millis()..=Timestamp::MAX.as_millis())
        .prop_map(|ms| Timestamp::from_millis(ms).unwrap());
    let ends = [proptest::option::of(instants.clone()), proptest::option::of(instants.clone())];
    let rules = one_of(&[MonthRule::Clamp, MonthRule::Overflow, MonthRule::OverflowStepwise]);
    let zone = "[A-Za-z][A-Za-z0-9._+/-]{0,9}".prop_map(|name| ZoneName::parse(&name));
    let zone = prop_oneof![Just(None), zone];
    let week = one_of(&[None, Some(Weekday::Monday), Some(Weekday::Saturday)]);
    let strides = (any::<[u32; 2]>(), spans()).prop_map(|([months, days], elapsed)| Stride {
        months,
        days,
        elapsed,
    });
    let trial = proptest::option::of(spans());
    let parts = (units, any::<u16>(), zone, rules, ends, strides);
    (0..9_u8, parts, (week, trial, proptest::option::of(any::<u8>()), instants)).prop_map(
        |(
            kind,
            (unit, count, zone, month_rule, [from, until], span),
            (week, trial, at, instant),
        )| {
            match kind {
                0 => WindowDefinition::Anchored { anchor: from, month_rule, span, zone },
                1 => WindowDefinition::Calendar { count, unit, week_starts: week, zone },
                2 => WindowDefinition::Cycle(CycleDefinition {
                    at,
                    count,
                    from,
                    month_rule,
                    trial,
                    unit,
                    until,
                    zone,
                }),
                3 => WindowDefinition::FirstUse { span, zone },
                4 => WindowDefinition::Lifetime,
                5 => WindowDefinition::InFlight,
                8 => WindowDefinition::PerRequest,
                6 => WindowDefinition::Rolling { buckets: count, span: span.elapsed },
                7 => WindowDefinition::Continuous {
                    per: span.elapsed,
                    rate: Quantity::from_nanos(count.into()),
                },
                _ => WindowDefinition::Once { from: instant, until: until.unwrap_or(instant) },
            }
        },
    )
}

fn remembers() -> impl Strategy<Value = RememberDefinition> {
    let kinds = [DenialDefinition::Funds, DenialDefinition::Limits, DenialDefinition::Window];
    (
        one_of(&[RememberAt::AfterMeasure, RememberAt::AfterRoute, RememberAt::AfterTime]),
        proptest::collection::vec(one_of(&kinds), 0..4),
        key_spaces(),
        spans(),
        (any::<u32>(), one_of(&[AtBound::DedupFull, AtBound::OldestGoes])),
        one_of(&[OnMismatch::Conflict, OnMismatch::Ignore]),
        one_of(&[OnRepeat::Duplicate, OnRepeat::Replay]),
    )
        .prop_map(|(at, denials, key_space, lifetime, bound, on_mismatch, on_repeat)| {
            let (max, at_bound) = bound;
            RememberDefinition {
                at,
                at_bound,
                denials,
                key_space,
                lifetime,
                max,
                on_mismatch,
                on_repeat,
            }
        })
}

fn key_spaces() -> impl Strategy<Value = KeySpace> {
    let apart =
        one_of(&[None, Some(ApartBy::Balance), Some(ApartBy::Environment), Some(ApartBy::Feature)]);
    (0_u8..3, apart).prop_map(|(level, apart)| KeySpace { level, apart })
}
