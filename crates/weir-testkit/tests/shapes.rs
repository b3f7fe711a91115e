//! The shapes of the three contracts, and every fault that a definition can have.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in the helpers of tests, a wrong table is a failing test"
)]

use std::collections::BTreeMap;

use serde_json::Value;
use weir_core::amount::Quantity;
use weir_core::json::{Duplicates, Profile, Surrogates};
use weir_core::schema::{self, Definition, Refused, Schema, Scratch};

const BROWSER: Profile = Profile {
    duplicates: Duplicates::LastWins,
    surrogates: Surrogates::Replaced,
    ..Profile::STRICT
};

const PULSORA: &str = include_str!("../../../examples/pulsora.json");
const GENVORIS: &str = include_str!("../../../examples/genvoris.json");
const UNPRICE: &str = include_str!("../../../examples/unprice.json");

type Schemas = BTreeMap<String, Schema>;

fn schemas(catalog: &str) -> Schemas {
    let mut catalog: Value = serde_json::from_str(catalog).unwrap();
    let definitions: BTreeMap<String, Definition> =
        serde_json::from_value(catalog["schemas"].take()).unwrap();
    let compiled = definitions.into_iter().map(|(name, definition)| {
        let schema = Schema::compile(&definition);
        (name, schema.unwrap_or_else(|faults| panic!("{faults:?}")))
    });
    compiled.collect()
}

/// The first message of a refusal.
fn first(refused: &Refused<'_, '_>) -> String {
    match refused {
        Refused::Syntax(error) => error.code().to_owned(),
        Refused::Invalid(violations) => {
            let mut message = String::new();
            violations.first().unwrap().message(&mut message).unwrap();
            message
        }
    }
}

fn says(schema: &Schema, body: &str) -> String {
    match schema.check(body.as_bytes(), &BROWSER, &mut Scratch::default()) {
        Ok(_) => "fine".to_owned(),
        Err(refused) => first(&refused),
    }
}

/// What pulsora says of a body: the envelope's first message, or that of the data.
fn pulsora(schemas: &Schemas, body: &[u8]) -> Option<String> {
    let (envelope, mut scratch) = (&schemas["envelope"], Scratch::default());
    let (data, kind) = match envelope.check(body, &BROWSER, &mut scratch) {
        Err(Refused::Syntax(_)) => return Some("The request body must be valid JSON.".to_owned()),
        Err(refused) => return Some(first(&refused)),
        Ok(event) => {
            let get = |name| event.get(envelope.slot(name).unwrap()).unwrap();
            let kind = get("type").as_text().unwrap().decode(&mut String::new()).to_owned();
            (get("data").as_raw().unwrap(), kind)
        }
    };
    schemas[&kind].check_part(data, &BROWSER, &mut scratch).err().map(|refused| first(&refused))
}

#[test]
fn pulsora_vectors_get_their_messages() {
    let schemas = schemas(PULSORA);
    let vectors: Value = serde_json::from_str(include_str!("../vectors/pulsora.json")).unwrap();
    let (mut checked, mut refused) = (0, 0);
    for vector in vectors["vectors"].as_array().unwrap() {
        let id = vector["id"].as_str().unwrap();
        let area = id.split('/').nth(1).unwrap();
        let own_config = !vector["given"]["config"].is_null();
        if !matches!(area, "client" | "ctype" | "envelope" | "fp" | "validate") || own_config {
            continue;
        }
        let request = &vector["request"];
        let body = match (&request["body_raw"], &request["body"]) {
            (Value::String(raw), _) => raw.clone(),
            (_, Value::Null) => continue,
            (_, body) => body.to_string(),
        };
        let said = pulsora(&schemas, body.as_bytes());
        let expect = &vector["expect"];
        match (expect["status"].as_u64().unwrap(), expect["body"]["message"].as_str()) {
            (202, _) => assert_eq!(said, None, "{id}"),
            (400, Some(message)) => assert_eq!(said.as_deref(), Some(message), "{id}"),
            (400, None) => assert!(said.is_some(), "{id}"),
            (status, _) => panic!("{id}: {status} is not a matter of shape"),
        }
        checked += 1;
        refused += u32::from(said.is_some());
    }
    assert!(checked >= 85 && refused >= 50, "{checked} vectors, {refused} of them refused");
}

#[test]
fn pulsora_reads_numbers_as_javascript_does() {
    let schemas = schemas(PULSORA);
    let body = |amount: &str, more: &str| {
        format!(
            r#"{{"visitor_fingerprint":"f","session_id":"s","customer_id":"c","transaction_id":"t",
                "amount":{amount}{more}}}"#
        )
    };
    let revenue = &schemas["revenue"];
    let amount = |text: &str| {
        let body = body(text, "");
        let mut scratch = Scratch::default();
        let event = revenue.check(body.as_bytes(), &BROWSER, &mut scratch).ok()?;
        event.get(revenue.slot("amount").unwrap())?.as_number()
    };
    assert_eq!(amount("0.30000000000000004"), Some("0.3".parse().unwrap()));
    assert_eq!(amount("1e15"), Some(Quantity::from_units(1_000_000_000_000_000)));
    for bad in ["1e400", "\"5\"", "null", "true", "[]", "0", "-0.0", "-5", "1e-30"] {
        assert_eq!(says(revenue, &body(bad, "")), "amount must be a positive number.", "{bad}");
    }
    // Money given back may be negative or nothing, wherever the type of the event stands.
    for good in ["-49.99", "0", "49.99"] {
        assert_eq!(says(revenue, &body(good, r#","event_type":"refund""#)), "fine");
        assert_eq!(says(revenue, &body(good, r#","event_type":"\u0063hurn""#)), "fine");
    }
    let twice = r#","event_type":"refund","event_type":"purchase""#;
    assert_eq!(says(revenue, &body("-1", twice)), "amount must be a positive number.");
    assert_eq!(says(revenue, &body("5", r#","mrr_impact":1e400"#)), "mrr_impact must be a number.");
    assert_eq!(says(revenue, &body("5", r#","metadata":[]"#)), "metadata must be an object.");
    let event = &schemas["event"];
    let data = |more: &str| {
        format!(r#"{{"visitor_fingerprint":null,"session_id":"s","event_name":"e",{more}}}"#)
    };
    assert_eq!(says(event, &data(r#""timestamp":9007199254740993"#)), "fine");
    assert_eq!(
        says(event, &data(r#""event_data":"x""#)),
        "The data.event_data field must be an object.",
    );
}

#[test]
fn pulsora_gives_the_currency_that_was_not_sent() {
    let schemas = schemas(PULSORA);
    let revenue = &schemas["revenue"];
    let body = r#"{"visitor_fingerprint":"f","session_id":"s","customer_id":"c","transaction_id":"t","amount":5}"#;
    let mut scratch = Scratch::default();
    let event = revenue.check(body.as_bytes(), &BROWSER, &mut scratch).unwrap();
    let get = |name| event.get(revenue.slot(name).unwrap());
    assert!(get("currency").and_then(schema::Value::as_text).is_some_and(|text| text == "USD"));
    assert!(get("event_type").is_none());
    assert!(revenue.slot("no_such_field").is_none());
}

#[test]
fn genvoris_track_bodies_have_their_shape() {
    let schemas = schemas(GENVORIS);
    let track = &schemas["track"];
    let vectors: Value = serde_json::from_str(include_str!("../vectors/genvoris.json")).unwrap();
    let mut checked = 0;
    for vector in vectors["vectors"].as_array().unwrap() {
        let id = vector["id"].as_str().unwrap();
        let request = &vector["request"];
        let text = match (&request["body_raw"], &request["body"]) {
            (Value::String(raw), _) => raw.clone(),
            (_, Value::Object(body)) => {
                let mut body = body.clone();
                if body.get("end_customer_token").is_some_and(Value::is_object) {
                    body["end_customer_token"] = "stands for a signed token".into();
                }
                Value::from(body).to_string()
            }
            _ => continue,
        };
        // That a key must come from somewhere, and who sends it, is no matter of shape.
        if !id.starts_with("genvoris/track/") || id.contains("secret") || id.contains("unauth") {
            continue;
        }
        let refused = vector["expect"]["body"]["error"] == "invalid_body";
        assert_eq!(says(track, &text) != "fine", refused, "{id}");
        checked += 1;
    }
    assert!(checked > 60, "{checked} vectors");

    let mut scratch = Scratch::default();
    let event = track.check(br#"{"page_url":null}"#, &BROWSER, &mut scratch).unwrap();
    let get = |name| event.get(track.slot(name).unwrap());
    assert_eq!(
        get("variation_count").and_then(schema::Value::as_number),
        Some(Quantity::from_units(1))
    );
    assert_eq!(get("success").and_then(schema::Value::as_bool), Some(true));
    assert!(get("page_url").is_none());
}

#[test]
fn unprice_bodies_get_their_messages() {
    let schemas = schemas(UNPRICE);
    let good = r#""idempotencyKey":"i","eventSlug":"e","featureSlug":"f","properties":{}"#;
    let sync = |more: &str| says(&schemas["ingest-sync"], &format!("{{{good}{more}}}"));
    assert_eq!(sync(""), "fine");
    assert_eq!(sync(r#","timestamp":1773921600000.5,"unknown":[],"customerId":"""#), "fine");
    assert_eq!(sync(r#","timestamp":"1""#), "timestamp: Expected number, received string");
    assert_eq!(sync(r#","timestamp":null"#), "timestamp: Expected number, received null");
    assert_eq!(sync(r#","customerId":null"#), "customerId: Expected string, received null");
    assert_eq!(sync(r#","properties":"x""#), "properties: Expected object, received string");
    assert_eq!(sync(r#","properties":[]"#), "properties: Expected object, received array");
    assert_eq!(sync(r#","idempotencyKey":5"#), "idempotencyKey: Expected string, received number");
    let whole = |body: &str| says(&schemas["ingest-sync"], body);
    assert_eq!(whole("{}"), "idempotencyKey: Required");
    assert_eq!(whole("[]"), ": Expected object, received array");
    assert_eq!(whole(r#"{"idempotencyKey":"i","eventSlug":"e"}"#), "featureSlug: Required");
    assert_eq!(whole("{bad"), "json.unexpected_byte");
    let (ingest, verify) = (&schemas["ingest"], &schemas["verify"]);
    assert_eq!(says(ingest, r#"{"idempotencyKey":"i","eventSlug":"e","properties":{}}"#), "fine");
    assert_eq!(says(verify, r#"{"featureSlug":"tokens"}"#), "customerId: Required");
}

fn schema(root: &str) -> Schema {
    let definition = format!(r#"{{"root":{root}}}"#);
    Schema::compile(&serde_json::from_str(&definition).unwrap()).unwrap()
}

#[test]
fn metadata_is_bounded_in_count_and_size() {
    let metadata = schema(
        r#"{"type":"map","keys":{"len_max":8},"values":{"type":"scalar"},"count_max":20,"bytes_max":4096}"#,
    );
    assert_eq!(says(&metadata, r#"{"s":"x","n":1.5,"b":false,"z":null}"#), "fine");
    assert_eq!(says(&metadata, r#"{"a":{"b":1}}"#), "`/a` must be a scalar, not object");
    let many = |n: usize| {
        let members: Vec<_> = (0..n).map(|i| format!("\"k{i}\":{i}")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert_eq!(says(&metadata, &many(20)), "fine");
    assert_eq!(says(&metadata, &many(21)), "the document must have at most 20 entries");
    let large = |n: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(n - 8));
    assert_eq!(says(&metadata, &large(4096)), "fine");
    assert_eq!(says(&metadata, &large(4097)), "the document must have at most 4096 bytes");
    let key = says(&metadata, r#"{"too long a key":1}"#);
    assert_eq!(key, "`/too long a key` has a key that is not allowed there");
}

#[test]
fn nested_faults_have_their_place_and_no_content() {
    let plans = schema(
        r#"{"type":"object","unknown":"refused","fields":[
            {"name":"plans","is":{"type":"map","keys":{"format":"name"},"values":
                {"type":"object","unknown":"refused","exactly_one_of":[["price","free"]],"fields":[
                    {"name":"price","is":{"type":"string","format":"quantity"}},
                    {"name":"free","is":{"type":"boolean","equals":true}},
                    {"name":"tiers","is":{"type":"array","count_max":2,"items":{"type":"integer","min":1}}}
                ]}}}
        ]}"#,
    );
    let body = r#"{"plans":{"pro":{"price":"1e3","tiers":[1,0,2.5]},"Basic":{"free":true,"price":"1"}},
                   "no/such~key":"hunter2"}"#;
    let mut scratch = Scratch::default();
    let refused = plans.check(body.as_bytes(), &Profile::STRICT, &mut scratch).unwrap_err();
    let Refused::Invalid(violations) = &refused else { panic!("{refused}") };
    let said: Vec<_> =
        violations.iter().map(|v| format!("{} {} {}", v.pointer(), v.code(), v.masked())).collect();
    assert_eq!(
        said,
        [
            "/plans/pro/price schema.format string of 3 characters",
            "/plans/pro/tiers schema.too_many array of 9 bytes",
            "/plans/pro/tiers/1 schema.min number of 1 bytes",
            "/plans/pro/tiers/2 schema.integer number of 3 bytes",
            "/plans/Basic schema.key object of 25 bytes",
            "/plans/Basic schema.exactly_one_of object of 25 bytes",
            "/no~1such~0key schema.unknown string of 7 characters",
        ],
    );
    for text in [format!("{refused}"), format!("{refused:?}"), format!("{scratch:?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn every_fault_of_a_definition_is_told_at_once() {
    let definition: Definition = serde_json::from_str(
        r#"{
            "messages": {"type": "not {that}", "any": "}"},
            "root": {"type": "object",
                "at_least_one_of": [["a"], ["a", "nobody"]],
                "fields": [
                    {"name": "a", "is": {"type": "string", "len_min": 2, "len_max": 1},
                     "messages": {"required": "{field"}},
                    {"name": "a", "is": {"type": "string", "equals": "x", "one_of": ["y", "y"]}},
                    {"name": "n", "default": "x", "is": {"type": "number", "min": 2, "max": 1}},
                    {"name": "i", "required": true, "default": 1, "is":
                        {"type": "integer", "precision": "nearest", "above": 1, "below": 1}},
                    {"name": "w", "is": {"type": "any"}, "when": [
                        {"field": "w", "in": [], "is": {"type": "any"}}]},
                    {"name": "o", "is": {"type": "object", "fields": [
                        {"name": "deep", "default": 1, "is": {"type": "any"}}]}}
                ]}
        }"#,
    )
    .unwrap();
    let faults = Schema::compile(&definition).unwrap_err();
    let said: Vec<_> = faults.iter().map(|f| format!("{} {}", f.pointer, f.code)).collect();
    assert_eq!(
        said,
        [
            "/messages/any schema.template",
            "/messages/type schema.template",
            "/root/fields/0/messages/required schema.template",
            "/root/fields/0/is/len_max schema.empty_range",
            "/root/fields/1/name schema.field_twice",
            "/root/fields/1/is/one_of schema.option_twice",
            "/root/fields/1/is/one_of schema.two_choices",
            "/root/fields/2/is/max schema.empty_range",
            "/root/fields/2/default schema.default_type",
            "/root/fields/3/is/precision schema.precision_unused",
            "/root/fields/3/is/below schema.empty_range",
            "/root/fields/3/default schema.default_unused",
            "/root/fields/4/when/0/field schema.no_such_field",
            "/root/fields/4/when/0/in schema.no_options",
            "/root/fields/5/is/fields/0/default schema.default_unused",
            "/root/at_least_one_of/0 schema.small_group",
            "/root/at_least_one_of/1/1 schema.no_such_field",
        ],
    );
}

#[test]
fn definitions_end_somewhere() {
    let nested = |depth: usize| {
        let rule = r#"{"type":"array","items":"#.repeat(depth) + r#"{"type":"any"}"#;
        let text = format!(r#"{{"root":{rule}{}}}"#, "}".repeat(depth));
        Schema::compile(&serde_json::from_str(&text).unwrap())
    };
    let deepest = nested(16).unwrap();
    assert_eq!(says(&deepest, "[[[[1]]]]"), "`/0/0/0/0` must be an array, not number");
    assert_eq!(nested(17).unwrap_err()[0].code, "schema.too_deep");
}

#[test]
fn definitions_survive_being_written() {
    for catalog in [PULSORA, GENVORIS, UNPRICE] {
        let mut catalog: Value = serde_json::from_str(catalog).unwrap();
        let read: BTreeMap<String, Definition> =
            serde_json::from_value(catalog["schemas"].take()).unwrap();
        let written = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<BTreeMap<String, Definition>>(&written).unwrap(), read);
    }
}
