//! Is what nobody reads read as strictly as what somebody does? Each case of the public suite stands
//! where the caller has no use for it: under a key that the schema does not know, in a list without
//! rules, in an object that is kept as it was sent.

use weir_core::json::{self, Lexer, Profile, SyntaxError, SyntaxKind};
use weir_core::schema::{Definition, Refused, Rule, Schema, Scratch, Value};

use crate::LAST_WINS;
use crate::grammar::{Case, cases};

/// Where a case can stand in a body of [`SCHEMA`]. What comes after it holds no quote, so it ends no
/// string that the case leaves open; nor can an item be missing in what comes before it.
const PLACES: [(&str, &str); 11] = [
    (r#"{"id":"a","unknown":"#, "}"),
    (r#"{"id":"a","unknown":{"deep":[{"deeper":"#, "}]}}"),
    (r#"{"\u0075nknown":"#, " }\n"),
    (r#"{"known":{"unknown":"#, "}}"),
    (r#"{"list":[0,"#, "]}"),
    (r#"{"list":[[1,2],[0,"#, "]]}"),
    (r#"{"items":[null,"#, "]}"),
    (r#"{"any":"#, "}"),
    (r#"{"any":{"k":"#, "}}"),
    (r#"{"object":{"k":"#, "}}"),
    (r#"{"map":{"k":"#, "}}"),
];

const SCHEMA: &str = r#"{"root": {"type": "object", "fields": [
    {"name": "id", "is": {"type": "string"}},
    {"name": "known", "is": {"type": "object", "fields": [{"name": "id", "is": {"type": "any"}}]}},
    {"name": "list", "is": {"type": "array"}},
    {"name": "items", "is": {"type": "array", "items": {"type": "any"}}},
    {"name": "any", "null": "kept", "is": {"type": "any"}},
    {"name": "object", "is": {"type": "object"}},
    {"name": "map", "is": {"type": "map"}}
]}}"#;

#[test]
fn what_nobody_reads_is_read_as_strictly() {
    let schemas = [compiled("ignored"), compiled("kept")];
    let (mut accepted, mut refused) = (0_u32, 0_u32);
    for (profile, (before, after)) in
        [Profile::STRICT, LAST_WINS].iter().flat_map(|p| PLACES.iter().map(move |place| (p, place)))
    {
        for Case { name, bytes, .. } in cases() {
            let alone = json::check(&bytes, profile, &mut json::Scratch::default());
            let body = [before.as_bytes(), &bytes, after.as_bytes()].concat();
            let [said, kept] = schemas.each_ref().map(|schema| checked(schema, &body, profile));
            assert_eq!(said, kept, "{name} in {before}...{after}");
            let place = format!("{name} in {before}...{after}");
            assert_eq!(said.is_ok(), alone.is_ok(), "{place}: {said:?}, alone {alone:?}");
            let (Err(alone), Err(said)) = (alone, said) else {
                accepted += 1;
                continue;
            };
            refused += 1;
            // What the document ends cannot be told from inside: there, another byte is wrong.
            let outer = [
                SyntaxKind::ByteOrderMark,
                SyntaxKind::TooDeep,
                SyntaxKind::Trailing,
                SyntaxKind::UnexpectedEnd,
            ];
            if !outer.contains(&alone.kind()) {
                let at = alone.at() as usize + before.len();
                assert_eq!((said.kind(), said.at() as usize), (alone.kind(), at), "{place}");
            }
        }
    }
    assert!(accepted > 2_000 && refused > 4_000, "{accepted} accepted, {refused} refused");
}

/// What is kept of a body, to be handed on, is what was checked: the same bytes.
#[test]
fn what_is_kept_is_what_was_sent() {
    let schema = compiled("kept");
    let any = schema.slot("any").unwrap();
    let mut kept = 0;
    for Case { name, answer, bytes, .. } in cases() {
        if answer != "accepted" {
            continue;
        }
        let body = [br#"{"any": "#, &bytes[..], br#", "more": "#, &bytes, b" }"].concat();
        let mut scratch = Scratch::default();
        let event = schema.check(&body, &Profile::STRICT, &mut scratch).expect(name);
        let sent = bytes.trim_ascii();
        let others: Vec<_> = event.others().collect();
        let [(key, more)] = others[..] else { panic!("{name}: {others:?}") };
        assert!(key == "more" && more.as_str().as_bytes() == sent, "{name}");
        match event.get(any).expect(name) {
            Value::Bool(value) => assert_eq!(value.to_string().as_bytes(), sent, "{name}"),
            Value::Null => assert_eq!(sent, b"null", "{name}"),
            Value::Number(_) => panic!("{name}: no rule asked for a number"),
            Value::Raw(raw) => {
                assert_eq!(raw.as_str().as_bytes(), sent, "{name}");
                assert_eq!(&body[raw.at() as usize..][..sent.len()], sent, "{name}");
            }
            Value::Text(text) => {
                let inside = sent.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
                assert_eq!(text.as_plain().map(str::as_bytes), inside, "{name}");
            }
        }
        kept += 1;
    }
    assert_eq!(kept, 103);
}

/// The schema, with what it says of unknown keys.
fn compiled(unknown: &str) -> Schema {
    let mut definition: Definition = serde_json::from_str(SCHEMA).unwrap();
    if let Rule::Object(rule) = &mut definition.root {
        rule.unknown = serde_json::from_value(unknown.into()).unwrap();
    }
    Schema::compile(&definition).unwrap()
}

/// Three ways past the same bytes: as a body, to its first violation only, and as a part.
fn checked(schema: &Schema, body: &[u8], profile: &Profile) -> Result<(), SyntaxError> {
    let mut scratch = Scratch::default();
    let valid = schema.is_valid(body, profile, &mut scratch);
    let said = match schema.check(body, profile, &mut scratch) {
        Ok(_) => Ok(()),
        Err(Refused::Syntax(error)) => Err(error),
        Err(Refused::Invalid(violations)) => panic!("{violations}"),
    };
    assert_eq!(valid, said.is_ok());
    let mut scratch = json::Scratch::default();
    let skipped = Lexer::new(body, profile, &mut scratch).and_then(|mut lexer| {
        lexer.value()?;
        lexer.token()
    });
    assert_eq!(skipped.map(|_| ()), said, "passed over as it is read");
    said
}
