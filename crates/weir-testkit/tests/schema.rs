//! The laws of `weir_core::schema`, and the shapes of the three contracts.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "in the helpers of tests, a wrong table is a failing test"
)]

use std::cell::RefCell;
use std::num::NonZeroU16;

use proptest::prelude::*;
use serde_json::Value;
use weir_core::json::{self, Duplicates, Profile, Surrogates};
use weir_core::schema::{
    self, Blank, Definition, Event, Literal, Null, Order, Refused, Rule, Schema, Scratch,
};
use weir_testkit::model::json::Doc;
use weir_testkit::model::schema::{self as model, Broken};

use strategies::{NAMES, cases, spelled};

mod strategies;

const LENIENT: Profile = Profile {
    duplicates: Duplicates::LastWins,
    surrogates: Surrogates::Replaced,
    ..Profile::STRICT
};

thread_local! {
    static USED: RefCell<Scratch> = RefCell::default();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn same_as_slow_validator((definition, doc) in cases(), choices in choices()) {
        let schema = compile(&definition);
        let body = spelled(&doc, &choices);
        let expected = model::violations(&definition, &doc);
        prop_assert_eq!(&said(&schema, &body), &expected, "{}", body);
        // Whatever other documents have left in the scratch.
        let valid = USED.with_borrow_mut(|used| schema.is_valid(body.as_bytes(), &LENIENT, used));
        prop_assert_eq!(valid, expected.is_empty());
        // As the same holds for parts of bodies, wherever they stand.
        let outer = format!("  [{body}]");
        let mut scratch = json::Scratch::default();
        let mut lexer = json::Lexer::new(outer.as_bytes(), &LENIENT, &mut scratch).unwrap();
        lexer.token().unwrap();
        let part = lexer.value().unwrap().unwrap();
        let mut scratch = Scratch::default();
        let of_part = listed(schema.check_part(part, &LENIENT, &mut scratch));
        prop_assert_eq!(of_part, expected);
    }

    #[test]
    fn all_violations_in_order((definition, doc) in cases(), cap in 1..9_u16) {
        let body = spelled(&doc, &[]);
        let all = placed(&definition, &body);
        let capped = |order| {
            let violations_max = NonZeroU16::new(cap).unwrap();
            placed(&Definition { order, violations_max, ..definition.clone() }, &body)
        };
        let cut = |all: &(Vec<_>, bool)| {
            let kept = all.0.iter().take(cap.into()).cloned().collect::<Vec<(u32, Broken)>>();
            (kept, all.0.len() > cap.into())
        };
        prop_assert!(!all.1, "nothing is cut without a cap");
        prop_assert_eq!(capped(Order::Declared), cut(&all), "{}", body);
        let mut sorted = all;
        sorted.0.sort_by_key(|(at, _)| *at);
        prop_assert_eq!(capped(Order::Sent), cut(&sorted), "{}", body);
    }

    #[test]
    fn escaped_keys_are_keys((definition, doc) in cases(), choices in choices()) {
        let schema = compile(&definition);
        let (plain, escaped) = (spelled(&doc, &[]), spelled(&doc, &choices));
        prop_assert_eq!(said(&schema, &escaped), said(&schema, &plain), "{}", escaped);
        let mut scratches = (Scratch::default(), Scratch::default());
        let plain = schema.check(plain.as_bytes(), &LENIENT, &mut scratches.0);
        let escaped = schema.check(escaped.as_bytes(), &LENIENT, &mut scratches.1);
        if let (Ok(plain), Ok(escaped)) = (plain, escaped) {
            for name in NAMES {
                let Some(slot) = schema.slot(name) else { continue };
                prop_assert_eq!(told(&plain, slot), told(&escaped, slot));
            }
        }
    }

    #[test]
    fn events_give_what_was_sent((definition, doc) in cases()) {
        let (schema, body) = (compile(&definition), spelled(&doc, &[]));
        let mut scratch = Scratch::default();
        let (Ok(event), Doc::Object(members)) =
            (schema.check(body.as_bytes(), &LENIENT, &mut scratch), &doc)
        else {
            return Ok(());
        };
        let Rule::Object(rule) = &definition.root else { return Ok(()) };
        for field in &rule.fields {
            let sent = members.iter().rev().find(|(key, _)| *key == field.name).map(|(_, v)| v);
            let sent = match sent {
                Some(Doc::Null) if field.null == Null::Absent => None,
                Some(Doc::Text(t)) if field.blank == Blank::Missing && t.trim().is_empty() => None,
                sent => sent.map(Value::from_doc),
            };
            let default = field.default.as_ref().map(|default| match default {
                Literal::Bool(value) => Value::from(*value),
                Literal::Number(number) => Value::from(number.as_units().unwrap()),
                Literal::Text(text) => Value::from(text.as_str()),
            });
            let got = told(&event, schema.slot(&field.name).unwrap());
            let same = match (&got, &sent) {
                // Digits that were read tell the same number, though not the same text.
                (Some(Value::Number(a)), Some(Value::Number(b))) => {
                    (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-8
                }
                _ => got == sent.or(default),
            };
            prop_assert!(same, "{} of {} is {:?}", field.name, body, got);
        }
    }
}

#[test]
fn blank_text_is_blank_however_it_is_spelled() {
    for rule in [r#""type": "string""#, r#""type": "string", "len_max": 40"#, r#""type": "any""#] {
        let definition = format!(
            r#"{{"root": {{"type": "object", "fields": [
                {{"name": "a", "required": true, "blank": "missing", "is": {{{rule}}}}}
            ]}}}}"#
        );
        let schema = compile(&serde_json::from_str(&definition).unwrap());
        let there = |text: &str| {
            let body = format!("{{\"a\":\"{text}\"}}");
            let broken = said(&schema, &body);
            let valid = schema.is_valid(body.as_bytes(), &Profile::STRICT, &mut Scratch::default());
            assert_eq!(broken.is_empty(), valid, "{body}");
            assert!(valid || broken == [("required", "/a".to_owned())], "{body}: {broken:?}");
            valid
        };
        for text in ["", " ", "\\u0020", "\\t", "\\r\\n", " \\u2003", "\u{2003}", "\\u0085 "] {
            assert!(!there(text), "{text:?} of {rule}");
        }
        for text in ["x", "\\u0078", " x", "\\t\\\"", "\\u0000", "\u{200b}", "\u{7f}", "."] {
            assert!(there(text), "{text:?} of {rule}");
        }
    }
}

/// A scratch remembers in which order fields came; what one schema left there may not be in another.
#[test]
fn a_scratch_can_go_from_schema_to_schema() {
    let compiled = |names: &[&str]| {
        let field = |name: &&str| format!(r#"{{"name": "{name}", "is": {{"type": "integer"}}}}"#);
        let fields = names.iter().map(field).collect::<Vec<_>>().join(", ");
        let text = format!(r#"{{"root": {{"type": "object", "fields": [{fields}]}}}}"#);
        compile(&serde_json::from_str(&text).unwrap())
    };
    let (wide, narrow) = (compiled(&["a", "b", "c", "d"]), compiled(&["a", "b"]));
    let mut scratch = Scratch::default();
    assert!(wide.is_valid(br#"{"a":1,"d":2}"#, &Profile::STRICT, &mut scratch));
    assert!(!narrow.is_valid(br#"{"a":1,"b":"x"}"#, &Profile::STRICT, &mut scratch));
    assert!(narrow.is_valid(br#"{"a":1,"b":2}"#, &Profile::STRICT, &mut scratch));
}

/// A key is compared with the one that is expected in steps of several bytes: wherever one byte is
/// another, the key is another.
#[test]
fn keys_that_differ_in_one_byte_differ() {
    for len in 1..40 {
        let name: String = ('a'..='z').cycle().take(len).collect();
        let definition = format!(
            r#"{{"root": {{"type": "object", "unknown": "kept", "fields": [
                {{"name": "{name}", "is": {{"type": "integer"}}}}
            ]}}}}"#
        );
        let schema = compile(&serde_json::from_str(&definition).unwrap());
        let given = |key: &str| {
            let (body, mut scratch) = (format!("{{\"{key}\":1}}"), Scratch::default());
            let event = schema.check(body.as_bytes(), &Profile::STRICT, &mut scratch).unwrap();
            (event.get(schema.slot(&name).unwrap()).is_some(), event.others().count())
        };
        assert_eq!(given(&name), (true, 0), "{name}");
        let (head, last) = name.split_at(len - 1);
        for other in [head.to_owned(), format!("{name}{last}"), format!("{head}\\u005a")] {
            assert_eq!(given(&other), (false, 1), "{other} for {name}");
        }
        // It goes on where a colon stands in it.
        assert_eq!(given(&format!("{name}::\":\"x\",\"y")), (false, 2), "{name}");
        for place in 0..len {
            let swapped = |(at, char)| if at == place { 'Z' } else { char };
            let other: String = name.chars().enumerate().map(swapped).collect();
            assert_eq!(given(&other), (false, 1), "{other} for {name}");
        }
    }
}

/// All entries of a container are looked at.
#[test]
fn one_bad_entry_is_found_wherever_it_stands() {
    for (rule, good, bad) in ENTRIES {
        let list = format!(r#"{{"type": "array", "items": {rule}}}"#);
        let map = format!(r#"{{"type": "map", "values": {rule}}}"#);
        for (all, len) in (1..11).flat_map(|len| (0..=len).map(move |all| (all, len))) {
            let entries: Vec<_> = (0..len).map(|i| if i == all { bad } else { good }).collect();
            let members = entries.iter().enumerate().map(|(i, entry)| format!(r#""{i}": {entry}"#));
            let members: Vec<_> = members.collect();
            let bodies = [
                (&list, format!("[{}]", entries.join(", "))),
                (&map, format!("{{{}}}", members.join(", "))),
            ];
            for (rule, body) in bodies {
                let expected = if all < len { vec![all.to_string()] } else { Vec::new() };
                assert_eq!(broken(&of(rule), &body), expected, "{body}");
                let field =
                    format!(r#"{{"type": "object", "fields": [{{"name": "x", "is": {rule}}}]}}"#);
                let expected: Vec<_> = expected.iter().map(|_| "x".to_owned()).collect();
                assert_eq!(broken(&of(&field), &format!(r#"{{"x": {body}}}"#)), expected, "{body}");
            }
        }
    }
}

/// A field is held to all of its rule, also where most values are admitted at a glance.
#[test]
fn one_bad_field_is_found_whatever_it_breaks() {
    let free = r#""x", "is": {"type": "map"}"#;
    let text = r#""x", "is": {"type": "string", "len_min": 2}"#;
    let keys =
        r#""x", "is": {"type": "map", "keys": {"len_min": 2}, "values": {"type": "number"}}"#;
    let map = r#""x", "is": {"type": "map", "values": {"type": "number"}}"#;
    let when = r#""x", "is": {"type": "number", "max": 10},
        "when": [{"field": "k", "in": ["low"], "is": {"type": "number", "max": 5}}]"#;
    for (rule, good, bad) in [
        (free, r#"{"x": {}}"#, r#"{"x": []}"#),
        (text, r#"{"x": "ab"}"#, r#"{"x": "a"}"#),
        (keys, r#"{"x": {"ab": 1}}"#, r#"{"x": {"a": 1}}"#),
        (map, r#"{"x": {}}"#, r#"{"x": []}"#),
        (map, r#"{"x": {"a": 1}}"#, r#"{"x": [1]}"#),
        (when, r#"{"k": "low", "x": 5}"#, r#"{"k": "low", "x": 9}"#),
        (when, r#"{"x": 9}"#, r#"{"x": 11}"#),
    ] {
        let fields = format!(r#"{{"name": {rule}}}, {{"name": "k", "is": {{"type": "string"}}}}"#);
        let schema = of(&format!(r#"{{"type": "object", "fields": [{fields}]}}"#));
        assert_eq!(broken(&schema, good), Vec::<String>::new(), "{good}");
        assert_eq!(broken(&schema, bad), ["x"], "{bad}");
    }
}

/// Where a key may stand twice, the member counts once.
#[test]
fn a_key_that_stands_twice_counts_once() {
    let schema = of(r#"{"type": "map", "count_min": 2, "count_max": 2}"#);
    let mut scratch = Scratch::default();
    for (body, valid) in [
        (r#"{"a": 1, "b": 2}"#, true),
        (r#"{"a": 1, "a": 2}"#, false),
        (r#"{"a": 1, "b": 2, "a": 3}"#, true),
        (r#"{"a": [1], "\u0061": [2]}"#, false),
        (r#"{"a": [1], "b": [2], "\u0061": 3}"#, true),
        (r#"{"a": 1, "b": 2, "c": 3}"#, false),
    ] {
        assert_eq!(schema.is_valid(body.as_bytes(), &LENIENT, &mut scratch), valid, "{body}");
    }
}

fn of(rule: &str) -> Schema {
    compile(&serde_json::from_str(&format!(r#"{{"root": {rule}}}"#)).unwrap())
}

/// The first step to each thing that is wrong with a body.
fn broken(schema: &Schema, body: &str) -> Vec<String> {
    let mut scratch = Scratch::default();
    let valid = schema.is_valid(body.as_bytes(), &Profile::STRICT, &mut scratch);
    let steps = match schema.check(body.as_bytes(), &Profile::STRICT, &mut scratch) {
        Err(Refused::Invalid(all)) => {
            let step = |pointer: String| pointer.split('/').nth(1).unwrap_or_default().to_owned();
            all.iter().map(|violation| step(violation.pointer())).collect()
        }
        Ok(_) => Vec::new(),
        Err(Refused::Syntax(error)) => panic!("{error}"),
    };
    assert_eq!(valid, steps.is_empty(), "{body}");
    steps
}

/// Rules, and of each an entry that keeps it and one that breaks it.
const ENTRIES: [(&str, &str, &str); 14] = [
    (r#"{"type": "number", "min": 1}"#, "7", "0"),
    (r#"{"type": "number", "max": 7}"#, "7", "8"),
    (r#"{"type": "integer"}"#, "-12", "1.5"),
    (r#"{"type": "string", "len_max": 2}"#, r#""a""#, r#""abc""#),
    (r#"{"type": "array", "items": {"type": "integer"}}"#, "[1, 2]", "[1, true]"),
    (r#"{"type": "map", "keys": {"len_max": 2}}"#, r#"{"a": []}"#, r#"{"\u0061bc": []}"#),
    (r#"{"type": "map", "values": {"type": "number"}}"#, r#"{"\u0061": 1}"#, r#"{"a": "1"}"#),
    (
        r#"{"type": "object", "fields": [{"name": "v", "is": {"type": "number"}, "required": true}]}"#,
        r#"{"v": 1}"#,
        r#"{"w": 1}"#,
    ),
    (r#"{"type": "number", "one_of": [1, 7]}"#, "7", "3"),
    (r#"{"type": "array", "count_min": 1}"#, "[1]", "[]"),
    (r#"{"type": "array", "count_max": 0}"#, "[]", "[{}]"),
    (r#"{"type": "map", "bytes_max": 3}"#, "{ }", "{  }"),
    (
        r#"{"type": "object", "fields": [{"name": "v", "is": {"type": "number"}, "required": true}]}"#,
        r#"{"v": 1}"#,
        "{}",
    ),
    (
        r#"{"type": "object", "at_least_one_of": [["v", "w"]],
            "fields": [{"name": "v", "is": {"type": "any"}}, {"name": "w", "is": {"type": "any"}}]}"#,
        r#"{"v": 1}"#,
        "{}",
    ),
];

/// What a document of ours is to `serde_json`.
trait FromDoc {
    fn from_doc(doc: &Doc) -> Self;
}

impl FromDoc for Value {
    fn from_doc(doc: &Doc) -> Self {
        serde_json::from_str(&spelled(doc, &[])).unwrap()
    }
}

fn told(event: &Event<'_, '_>, slot: schema::Slot) -> Option<Value> {
    Some(match event.get(slot)? {
        schema::Value::Bool(value) => Value::Bool(value),
        schema::Value::Null => Value::Null,
        schema::Value::Number(number) => serde_json::from_str(&number.to_string()).unwrap(),
        schema::Value::Raw(raw) => serde_json::from_str(raw.as_str()).unwrap(),
        schema::Value::Text(text) => Value::from(text.decode(&mut String::new())),
    })
}

fn compile(definition: &Definition) -> Schema {
    Schema::compile(definition).unwrap_or_else(|faults| panic!("{faults:?} in {definition:?}"))
}

fn said(schema: &Schema, body: &str) -> Vec<Broken> {
    listed(schema.check(body.as_bytes(), &LENIENT, &mut Scratch::default()))
}

fn listed(answer: Result<Event<'_, '_>, Refused<'_, '_>>) -> Vec<Broken> {
    match answer {
        Ok(_) => Vec::new(),
        Err(Refused::Invalid(violations)) => violations
            .iter()
            .map(|v| (v.code().trim_start_matches("schema."), v.pointer()))
            .collect(),
        Err(Refused::Syntax(error)) => panic!("{error}"),
    }
}

/// The violations with their offsets, and whether there are more.
fn placed(definition: &Definition, body: &str) -> (Vec<(u32, Broken)>, bool) {
    let (schema, mut scratch) = (compile(definition), Scratch::default());
    match schema.check(body.as_bytes(), &LENIENT, &mut scratch) {
        Err(Refused::Invalid(violations)) => {
            let one = |v: schema::Violation<'_>| (v.at(), (v.code(), v.pointer()));
            (violations.iter().map(one).collect(), violations.more())
        }
        _ => (Vec::new(), false),
    }
}

fn choices() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..24)
}
