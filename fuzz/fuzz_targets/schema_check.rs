//! Does a schema say of a body what a slow validator says, to the byte?
//!
//! An input is a definition in JSON, a line feed and a body; or, when it does not start with a
//! brace, bytes from which a definition, a profile and a body that nearly fits are made.
#![no_main]

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use weir_core::arbitrary::body;
use weir_core::json::{self, Duplicates, Lexer, Profile, Surrogates};
use weir_core::schema::{
    Definition, Event, Order, Refused, Rule, Schema, Scratch, Unknown, Value, Violations,
};
use weir_testkit::model::schema::{self as model, Broken};
use weir_testkit::model::sent::{Is, Sent};

fuzz_target!(|bytes: &[u8]| {
    let written = bytes.starts_with(b"{").then(|| bytes.iter().position(|byte| *byte == b'\n'));
    let case = match written.flatten() {
        Some(line) => Case::read(bytes.split_at(line)),
        None => Case::make(&mut Unstructured::new(bytes)).ok(),
    };
    let Some(Case { definition, profile, body }) = case else { return };
    let Ok(schema) = Schema::compile(&definition) else { return };
    let mut scratch = Scratch::default();
    let valid = schema.is_valid(&body, &profile, &mut scratch);
    let read = json::check(&body, &profile, &mut json::Scratch::default());
    match (schema.check(&body, &profile, &mut scratch), read) {
        (Err(Refused::Syntax(said)), Err(error)) => {
            assert!(!valid);
            assert_eq!(said, error, "the lexer alone says the same");
        }
        (Ok(event), Ok(())) => {
            assert!(valid);
            let sent = tree(&body);
            assert_eq!(model::placed(&definition, &sent), [], "valid, says the schema");
            told(&schema, &definition, &event, &sent);
        }
        (Err(Refused::Invalid(violations)), Ok(())) => {
            assert!(!valid);
            let all = model::placed(&definition, &tree(&body));
            compare(&definition, all, violations);
        }
        (answer, read) => panic!("{answer:?} of what the lexer reads as {read:?}"),
    }
    if read.is_ok() {
        in_part(&schema, &profile, &body, &mut scratch);
    }
});

struct Case {
    definition: Definition,
    profile: Profile,
    body: Vec<u8>,
}

impl Case {
    /// What a person writes as a seed; read under the lenient profile.
    fn read((definition, body): (&[u8], &[u8])) -> Option<Self> {
        let definition = serde_json::from_slice(definition).ok()?;
        Some(Self { definition, profile: LENIENT, body: body.to_vec() })
    }

    fn make(u: &mut Unstructured<'_>) -> Result<Self> {
        let (definition, profile) = (u.arbitrary()?, u.arbitrary()?);
        let mut body = body(&definition, u)?.into_bytes();
        // What is left, if anything, spoils the body.
        while let Ok([place, byte]) = u.bytes(2) {
            let place = usize::from(*place);
            match body.get_mut(place) {
                Some(old) => *old = *byte,
                None => body.push(*byte),
            }
        }
        Ok(Self { definition, profile, body })
    }
}

fn tree(body: &[u8]) -> Sent {
    let text = str::from_utf8(body).expect("the lexer took it");
    Sent::read(text).expect("what the lexer takes, serde_json takes")
}

/// The violations are all, in their order and place, up to the cap.
fn compare(definition: &Definition, mut all: Vec<(usize, Broken)>, found: Violations<'_, '_>) {
    if definition.order == Order::Sent {
        all.sort_by_key(|(at, _)| *at);
    }
    let cap = usize::from(definition.violations_max.get());
    assert_eq!(found.more(), all.len() > cap, "{all:?}");
    all.truncate(cap);
    let said: Vec<(usize, Broken)> = found
        .iter()
        .map(|v| (v.at() as usize, (v.code().trim_start_matches("schema."), v.pointer())))
        .collect();
    assert_eq!(said, all);
    let mut messages = Vec::new();
    for violation in found.iter() {
        let mut message = String::new();
        violation.message(&mut message).expect("a string takes all");
        assert!(violation.masked().to_string().starts_with(violation.received()));
        messages.push(message);
    }
    let more = if found.more() { "; and more" } else { "" };
    assert_eq!(found.to_string(), messages.join("; ") + more);
    assert_eq!(Refused::Invalid(found).code(), found.first().map_or("", |first| first.code()));
}

/// An event gives each field as it was sent, or its default.
fn told(schema: &Schema, definition: &Definition, event: &Event<'_, '_>, sent: &Sent) {
    let (Rule::Object(rule), Is::Object(members)) = (&definition.root, &sent.is) else { return };
    let kept = model::others(rule, members).filter(|_| rule.unknown == Unknown::Kept);
    let kept: Vec<_> = kept.map(|m| (m.key.clone(), m.value.at, m.value.end)).collect();
    let given = event.others().map(|(key, raw)| {
        let at = raw.at() as usize;
        (key.decode(&mut String::new()).to_owned(), at, at + raw.as_str().len())
    });
    assert_eq!(given.collect::<Vec<_>>(), kept);
    for field in &rule.fields {
        let value = event.get(schema.slot(&field.name).expect("a declared field"));
        match (value, model::there(field, members).map(|sent| (sent, &sent.is))) {
            (None, None) => assert!(field.default.is_none()),
            (Some(_), None) => assert!(field.default.is_some()),
            (Some(Value::Null), Some((_, Is::Null))) => {}
            (Some(Value::Bool(got)), Some((_, Is::Bool(said)))) => assert_eq!(got, *said),
            (Some(Value::Text(got)), Some((_, Is::Text(said)))) => assert!(got == **said),
            (Some(Value::Number(got)), Some((_, Is::Number(digits)))) => {
                let said = model::Nanos::read(digits).map(|read| read.nearest.to_string());
                assert_eq!(Some(got.as_nanos().to_string()), said);
            }
            (Some(Value::Raw(got)), Some((sent, _))) => {
                assert_eq!((got.at() as usize, got.as_str().len()), (sent.at, sent.end - sent.at));
            }
            (got, said) => panic!("{} is {got:?}, not {said:?}", field.name),
        }
    }
}

/// The same is said of a body that is a part of another, its offsets moved.
fn in_part(schema: &Schema, profile: &Profile, body: &[u8], scratch: &mut Scratch) {
    let profile = Profile { bounds: json::Bounds::DEFAULT, ..*profile };
    let whole = listed(schema.check(body, &profile, scratch), 0);
    let outer = [b" [", body, b"]"].concat();
    let mut reader = json::Scratch::default();
    let mut lexer = Lexer::new(&outer, &profile, &mut reader).expect("a little more text");
    lexer.token().expect("the bracket");
    let Ok(Some(part)) = lexer.value() else { return }; // One more level was too deep.
    assert_eq!(part.as_str().len(), body.trim_ascii().len());
    assert_eq!(listed(schema.check_part(part, &profile, scratch), 2), whole);
}

fn listed(
    answer: std::result::Result<Event<'_, '_>, Refused<'_, '_>>,
    base: u32,
) -> Vec<(u32, String)> {
    match answer {
        Ok(_) => Vec::new(),
        Err(Refused::Invalid(all)) => all.iter().map(|v| (v.at() - base, v.pointer())).collect(),
        Err(Refused::Syntax(error)) => panic!("{error} in a part that was read before"),
    }
}

const LENIENT: Profile = Profile {
    duplicates: Duplicates::LastWins,
    surrogates: Surrogates::Replaced,
    ..Profile::STRICT
};
