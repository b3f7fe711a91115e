//! Can a value pass for one of another type? Each field of each schema that we publish, with a value
//! of every kind in its place.

use serde::Deserialize;
use serde_json::Value;

use weir_core::json::Profile;
use weir_core::schema::{
    self, Blank, Definition, Field, Literal, Null, Refused, Rule, Schema, Scratch,
};
use weir_testkit::model::json::{Doc, Speller};
use weir_testkit::model::schema::{self as model, Broken};

/// The catalogs, and a body for each of their schemas that breaks no rule and has every field.
const CATALOGS: [(&str, &[(&str, &str)]); 4] = [
    (
        "genvoris",
        &[
            ("customer", CUSTOMER),
            ("customer.change", CUSTOMER_CHANGE),
            ("plan", PLAN),
            ("plan.change", PLAN),
            ("session", r#"{"expires_in": 900, "expiresIn": 900}"#),
            ("track", TRACK),
        ],
    ),
    ("llm", &[("llm-request", LLM_REQUEST)]),
    (
        "pulsora",
        &[
            ("credential", r#"{"token": "t"}"#),
            ("envelope", r#"{"type": "event", "data": {}}"#),
            ("event", EVENT),
            ("event-strict", EVENT),
            ("identify", IDENTIFY),
            ("kind", r#"{"type": "revenue"}"#),
            ("pageview", PAGEVIEW),
            ("pageview-strict", PAGEVIEW),
            ("revenue", REVENUE),
            ("revenue-strict", REVENUE),
        ],
    ),
    (
        "unprice",
        &[
            ("entitlements", r#"{"customerId": "c", "projectId": "p"}"#),
            ("ingest", INGEST),
            ("ingest-sync", INGEST_SYNC),
            ("meter", METER),
            ("verify", VERIFY),
        ],
    ),
];

/// A value of each kind, and more than one where one might be bent into another.
const VALUES: [&str; 30] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "0.0",
    "-0.0",
    "1",
    "5",
    "-1",
    "-5",
    "0.5",
    "-0.5",
    "1.0",
    "1e3",
    "1e40",
    "0.0000000001",
    "1760000000000",
    "\"\"",
    "\" \"",
    "\"0\"",
    "\"5\"",
    "\"-5\"",
    "\"0.5\"",
    "\"true\"",
    "\"null\"",
    "[]",
    "[5]",
    "{}",
    "{\"0\":5}",
];

#[test]
fn no_value_passes_for_one_of_another_type() {
    let (mut accepted, mut refused) = (0, 0);
    for (catalog, schema, definition, body) in schemas() {
        let (compiled, fields) = (Schema::compile(&definition).unwrap(), fields(&definition));
        assert_eq!(said(&compiled, &body), [], "{catalog}/{schema}");
        for (field, value) in fields.iter().flat_map(|f| VALUES.iter().map(move |v| (f, *v))) {
            let place = format!("{value} as {} of {catalog}/{schema}", field.name);
            let mutant = replaced(&body, &field.name, value);
            let broken = said(&compiled, &mutant);
            assert_eq!(broken, model::violations(&definition, &mutant), "{place}");
            let pointer = format!("/{}", field.name);
            let wrong_type = broken.contains(&("type", pointer));
            assert_eq!(wrong_type, !fits(field, value), "{place}: {broken:?}");
            *(if broken.is_empty() { &mut accepted } else { &mut refused }) += 1;
        }
    }
    assert!(accepted > 500 && refused > 2_000, "{accepted} accepted, {refused} refused");
}

/// What is let in is given as it was sent: text stays text, and minus nothing is nothing.
#[test]
fn values_are_given_as_they_were_sent() {
    for (catalog, schema, definition, body) in schemas() {
        let compiled = Schema::compile(&definition).unwrap();
        for (field, value) in
            fields(&definition).iter().flat_map(|f| VALUES.iter().map(move |v| (f, *v)))
        {
            let mutant = spelled(&replaced(&body, &field.name, value));
            let mut scratch = Scratch::default();
            let event = compiled.check(mutant.as_bytes(), &Profile::STRICT, &mut scratch);
            let Ok(event) = event else { continue };
            let place = format!("{value} as {} of {catalog}/{schema}", field.name);
            let given = event.get(compiled.slot(&field.name).unwrap());
            let blank = field.blank == Blank::Missing && ["\"\"", "\" \""].contains(&value);
            if blank || (value == "null" && field.null == Null::Absent) {
                let texts = (given.and_then(|given| given.as_text()), &field.default);
                let default =
                    matches!(texts, (Some(a), Some(Literal::Text(b))) if a == *b.as_str());
                assert!(default || texts == (None, &None), "{place}: {texts:?}");
                continue;
            }
            match given {
                None => panic!("{place} is not there"),
                Some(schema::Value::Null) => assert_eq!(value, "null", "{place}"),
                Some(schema::Value::Bool(sent)) => assert_eq!(sent.to_string(), value, "{place}"),
                Some(schema::Value::Raw(raw)) => assert_eq!(raw.as_str(), value, "{place}"),
                Some(schema::Value::Text(text)) => {
                    assert_eq!(text.as_plain(), value.split('"').nth(1), "{place}");
                }
                Some(schema::Value::Number(number)) => {
                    let sent = NUMBERS.iter().find(|(text, _)| *text == value);
                    assert_eq!(sent.map(|(_, nanos)| *nanos), Some(number.as_nanos()), "{place}");
                }
            }
        }
    }
}

/// Whether a value is of the type of a field, by the first byte of its text alone.
fn fits(field: &Field, value: &str) -> bool {
    let first = value.as_bytes()[0];
    match &field.is {
        _ if first == b'n' => field.null != Null::Refused,
        Rule::Any {} => true,
        Rule::Scalar {} => !b"[{".contains(&first),
        Rule::Array(_) => first == b'[',
        Rule::Boolean(_) => b"tf".contains(&first),
        Rule::EpochMs {} | Rule::Integer(_) | Rule::Number(_) => b"-0123456789".contains(&first),
        Rule::Map(_) | Rule::Object(_) => first == b'{',
        Rule::String(_) => first == b'"',
    }
}

/// Every schema of every catalog that we publish, with its body.
fn schemas() -> Vec<(&'static str, &'static str, Definition, Doc)> {
    let mut all = Vec::new();
    for (catalog, bodies) in CATALOGS {
        let path = format!("{}/../../examples/{catalog}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        let whole: Value = serde_json::from_str(&text).unwrap();
        let published = whole["schemas"].as_object().unwrap();
        let mut names: Vec<_> = published.keys().collect();
        names.sort_unstable();
        assert!(names.into_iter().eq(bodies.iter().map(|(name, _)| name)), "{catalog}");
        for (name, body) in bodies {
            let definition: Definition = Definition::deserialize(&published[*name]).unwrap();
            let body = model::doc(&serde_json::from_str(body).unwrap());
            let Doc::Object(members) = &body else { panic!("{name} is an object") };
            let sent = |field: &Field| members.iter().any(|(key, _)| *key == field.name);
            assert!(fields(&definition).iter().all(sent), "{catalog}/{name} has every field");
            all.push((catalog, *name, definition, body));
        }
    }
    all
}

fn fields(definition: &Definition) -> &[Field] {
    let Rule::Object(rule) = &definition.root else { panic!("the schemas are of objects") };
    &rule.fields
}

fn replaced(body: &Doc, name: &str, value: &str) -> Doc {
    let Doc::Object(mut members) = body.clone() else { panic!("a body is an object") };
    let number = value.as_bytes()[0].is_ascii_digit() || value.starts_with('-');
    let value = match number {
        true => Doc::Number(value.to_owned()),
        false => model::doc(&serde_json::from_str(value).unwrap()),
    };
    for (_, member) in members.iter_mut().filter(|(key, _)| key == name) {
        *member = value.clone();
    }
    Doc::Object(members)
}

fn said(schema: &Schema, body: &Doc) -> Vec<Broken> {
    match schema.check(spelled(body).as_bytes(), &Profile::STRICT, &mut Scratch::default()) {
        Ok(_) => Vec::new(),
        Err(Refused::Invalid(violations)) => violations
            .iter()
            .map(|v| (v.code().trim_start_matches("schema."), v.pointer()))
            .collect(),
        Err(Refused::Syntax(error)) => panic!("{error}"),
    }
}

fn spelled(doc: &Doc) -> String {
    let mut speller = Speller::new(&[]);
    speller.write(doc);
    speller.out
}

/// What the numbers of [`VALUES`] are, in billionths.
const NUMBERS: [(&str, i128); 14] = [
    ("0", 0),
    ("-0", 0),
    ("0.0", 0),
    ("-0.0", 0),
    ("1", 1_000_000_000),
    ("5", 5_000_000_000),
    ("-1", -1_000_000_000),
    ("-5", -5_000_000_000),
    ("0.5", 500_000_000),
    ("-0.5", -500_000_000),
    ("1.0", 1_000_000_000),
    ("1e3", 1_000_000_000_000),
    ("0.0000000001", 0),
    ("1760000000000", 1_760_000_000_000_000_000_000),
];

const EVENT: &str = r#"{
    "visitor_fingerprint": "v", "session_id": "s", "event_name": "n", "event_data": {"a": 1},
    "url": "u", "path": "p", "timestamp": 1
}"#;
const IDENTIFY: &str =
    r#"{"customer_id": "c", "visitor_fingerprint": "v", "session_id": "s", "timestamp": 1}"#;
const INGEST: &str = r#"{
    "idempotencyKey": "k", "eventSlug": "e", "properties": {}, "id": "i", "customerId": "c",
    "timestamp": 1
}"#;
const INGEST_SYNC: &str = r#"{
    "idempotencyKey": "k", "eventSlug": "e", "featureSlug": "f", "properties": {}, "id": "i",
    "customerId": "c", "timestamp": 1
}"#;
const LLM_REQUEST: &str = r#"{
    "id": "i", "at": "2026-01-01T00:00:00Z", "customer": "c", "model": "m", "prompt_tokens": 1,
    "completion_tokens": 2
}"#;
const PAGEVIEW: &str = r#"{
    "visitor_fingerprint": "v", "session_id": "s", "url": "u", "path": "p", "referrer": "r",
    "referrer_source": "r", "title": "t", "locale": "l", "utm_source": "u", "utm_medium": "u",
    "utm_campaign": "u", "utm_term": "u", "utm_content": "u", "timestamp": 1
}"#;
const REVENUE: &str = r#"{
    "visitor_fingerprint": "v", "session_id": "s", "customer_id": "c", "amount": 5,
    "transaction_id": "t", "event_type": "purchase", "mrr_impact": 1, "currency": "USD",
    "payment_processor": "p", "customer_subscription_id": "c", "is_recurring": true,
    "metadata": {}, "timestamp": 1
}"#;
const CUSTOMER: &str = r#"{"externalId": "u", "email": "a@b.c", "planId": "pln_1",
    "metadata": {"k": "v"}, "resetPeriod": true}"#;
const CUSTOMER_CHANGE: &str = r#"{"email": "a@b.c", "planId": "pln_1", "status": "ACTIVE",
    "metadata": {"k": 1}, "resetPeriod": false}"#;
const METER: &str = r#"{"eventId": "e", "eventSlug": "used", "aggregationMethod": "sum",
    "aggregationField": "amount", "filters": {"k": "v"}, "groupBy": ["model"], "windowSize": "DAY"}"#;
const PLAN: &str =
    r#"{"name": "Pro", "monthlyTryOns": 100, "externalPriceId": "price_1", "active": true}"#;
const TRACK: &str = r#"{
    "api_key": "a", "product_type": "p", "variation_count": 1, "generation_time_ms": 0,
    "success": true, "page_url": "u", "product_title": "t", "origin": "o", "end_customer_token": "e"
}"#;
const VERIFY: &str = r#"{"customerId": "c", "featureSlug": "f", "timestamp": 1}"#;
