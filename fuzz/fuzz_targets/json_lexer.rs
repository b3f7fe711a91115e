//! Does the lexer take what serde_json takes, and read the same values?
//!
//! Where it does not, the difference is one of those listed here, and has its reason: a key that
//! stands twice, half of a surrogate pair, depth, and numbers past the range of a binary float.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use weir_core::amount::{Precision, Quantity};
use weir_core::json::{
    self, Bounds, Duplicates, Kind, Lexer, Profile, Raw, Scratch, Surrogates, SyntaxError,
    SyntaxKind, Text, Token,
};
use weir_core::schema::{self, Refused, Schema};
use weir_testkit::model::json::{measure, mended, told};

fuzz_target!(|bytes: &[u8]| {
    let ours = told(bytes, &LAST_WINS);
    same_as_serde_json(bytes, &ours);
    schemas_read_the_same(bytes);
    let Ok(text) = str::from_utf8(bytes) else {
        let error = json::check(bytes, &LAX, &mut Scratch::default()).expect_err("not UTF-8");
        let marked = bytes.starts_with("\u{feff}".as_bytes());
        let kind = if marked { SyntaxKind::ByteOrderMark } else { SyntaxKind::NotUtf8 };
        assert_eq!(error.kind(), kind);
        return;
    };
    halves_are_replaced(text, &ours);
    if let Ok((value, repeats)) = &ours {
        parts_are_documents(text, value);
        tokens_stand_where_they_say(text);
        strictly(text, *repeats);
        bounds_are_exact(text);
    }
});

/// The values are the same; what only we take has a number past the floats, or is deeper than 127.
fn same_as_serde_json(bytes: &[u8], ours: &Told) {
    match (serde_json::from_slice::<Value>(bytes), ours) {
        (Ok(theirs), Ok((ours, _))) => assert_eq!(*ours, theirs),
        (Err(_), Err(error)) => explained(bytes, *error),
        (Err(error), Ok(_)) => {
            let (text, said) = (str::from_utf8(bytes).expect("accepted"), error.to_string());
            let deep = said.starts_with("recursion limit exceeded") && measure(text).depth > 127;
            assert!(deep || said.starts_with("number out of range") && past_floats(text), "{said}");
        }
        (Ok(theirs), Err(error)) => panic!("they read {theirs}, we say {error}"),
    }
    // What is passed over is read as strictly.
    let mut scratch = Scratch::default();
    let passed = Lexer::new(bytes, &LAST_WINS, &mut scratch).and_then(|mut lexer| {
        lexer.value()?;
        lexer.token()
    });
    assert_eq!(passed.err(), ours.as_ref().err().copied());
}

/// An error says where, as editors count, and never what stands there.
fn explained(bytes: &[u8], error: SyntaxError) {
    let before = bytes.get(..error.at() as usize).expect("a place in the document, or its end");
    let lines: Vec<_> = before.split(|byte| *byte == b'\n').collect();
    let last = lines.last().map_or(0, |line| line.len());
    let place = error.position(bytes);
    assert_eq!((place.line as usize, place.column as usize), (lines.len(), last + 1));
    assert!(error.code().strip_prefix("json.").is_some_and(|code| !code.is_empty()));
    assert!(error.to_string().ends_with(&format!(" at offset {}", error.at())), "{error}");
}

/// A schema reads members by a way of its own, which knows what to expect.
fn schemas_read_the_same(bytes: &[u8]) {
    for profile in [&Profile::STRICT, &LAST_WINS] {
        let said = json::check(bytes, profile, &mut Scratch::default());
        let checked = match SCHEMA.check(bytes, profile, &mut schema::Scratch::default()) {
            Err(Refused::Syntax(error)) => Err(error),
            Ok(_) | Err(Refused::Invalid(_)) => Ok(()),
        };
        assert_eq!(checked, said);
    }
}

fn past_floats(text: &str) -> bool {
    let mut scratch = Scratch::default();
    let mut lexer = Lexer::new(text.as_bytes(), &LAST_WINS, &mut scratch).expect("accepted");
    let mut past = false;
    while let Some(token) = lexer.token().expect("accepted") {
        if let Token::Number(number) = token {
            past |= number.as_str().parse::<f64>().is_ok_and(f64::is_infinite);
        }
    }
    past
}

/// Half of a pair is refused, or read as U+FFFD; nothing else differs between the two.
fn halves_are_replaced(text: &str, strict: &Told) {
    let mended = mended(text);
    if mended == text {
        let lax = json::check(text.as_bytes(), &LAX, &mut Scratch::default());
        assert_eq!(lax.err(), strict.as_ref().err().copied());
        return;
    }
    assert!(strict.is_err());
    let expected = told(mended.as_bytes(), &LAST_WINS);
    same_as_serde_json(mended.as_bytes(), &expected);
    assert_eq!(told(text.as_bytes(), &LAX).ok(), expected.ok());
}

/// By default, a repeated key and more than 32 containers inside each other are refused besides.
fn strictly(text: &str, repeats: bool) {
    let deep = measure(text).depth > Bounds::DEFAULT.depth;
    let said = json::check(text.as_bytes(), &Profile::STRICT, &mut Scratch::default());
    match said.map_err(|error| error.kind()) {
        Ok(()) => assert!(!repeats && !deep),
        Err(SyntaxKind::DuplicateKey) => assert!(repeats),
        Err(SyntaxKind::TooDeep) => assert!(deep),
        Err(kind) => panic!("{kind}"),
    }
}

/// The least bounds admit it, and with any of them one smaller it is refused.
fn bounds_are_exact(text: &str) {
    let least = measure(text);
    let check = |bounds| {
        let profile = Profile { bounds, ..LAST_WINS };
        let said = json::check(text.as_bytes(), &profile, &mut Scratch::default());
        said.map_err(|error| {
            explained(text.as_bytes(), error);
            error.kind()
        })
    };
    assert_eq!(check(least), Ok(()));
    let Bounds { bytes, depth, members, string_bytes, tokens } = least;
    let less = |count: u32| count.checked_sub(1);
    for (bounds, kind) in [
        (less(bytes).map(|bytes| Bounds { bytes, ..least }), SyntaxKind::TooLong),
        (less(depth).map(|depth| Bounds { depth, ..least }), SyntaxKind::TooDeep),
        (less(members).map(|members| Bounds { members, ..least }), SyntaxKind::TooManyMembers),
        (
            less(string_bytes).map(|string_bytes| Bounds { string_bytes, ..least }),
            SyntaxKind::StringTooLong,
        ),
        (less(tokens).map(|tokens| Bounds { tokens, ..least }), SyntaxKind::TooManyTokens),
    ] {
        assert!(bounds.is_none_or(|bounds| check(bounds) == Err(kind)), "{kind}");
    }
}

/// A part that is read again says the same, members are found, and numbers are their digits.
fn parts_are_documents(text: &str, value: &Value) {
    let mut scratch = Scratch::default();
    let mut lexer = Lexer::new(text.as_bytes(), &LAST_WINS, &mut scratch).expect("accepted");
    let whole = lexer.value().expect("accepted").expect("one value");
    assert_eq!(whole.as_str(), text.trim_matches([' ', '\t', '\n', '\r']));
    is_what_it_says(whole, value);
    if let Value::Object(members) = value {
        for (key, expected) in members.iter().take(3) {
            let found = whole.member(key, &mut scratch).expect("a key of it");
            let (read, _) = told(found.as_str().as_bytes(), &LAST_WINS).expect("part of it");
            assert_eq!(read, *expected);
            is_what_it_says(found, expected);
        }
    }
    let mut lexer = Lexer::again(whole, &LAST_WINS, &mut scratch);
    while let Some(token) = lexer.token().expect("accepted") {
        if let Token::Number(number) = token {
            for precision in [Precision::Exact, Precision::Nearest] {
                let thorough = Quantity::from_json(number.as_str().as_bytes(), precision);
                assert_eq!(number.quantity(precision), thorough);
            }
        }
    }
}

/// A part is told as what it is, and printed as no more than that.
fn is_what_it_says(raw: Raw<'_>, value: &Value) {
    let kind = match value {
        Value::Array(_) => "array",
        Value::Bool(_) => "boolean",
        Value::Null if raw.as_number().is_some() => "number", // Past the floats.
        Value::Null => "null",
        Value::Number(_) => "number",
        Value::Object(_) => "object",
        Value::String(_) => "string",
    };
    assert_eq!(raw.kind().name(), kind);
    assert_eq!(raw.as_bool(), value.as_bool());
    let digits = raw.as_number().map(|number| (number.as_str(), format!("{number:?}").len() < 32));
    assert_eq!(digits, (raw.kind() == Kind::Number).then_some((raw.as_str(), true)));
    assert!(format!("{raw:?}").len() < 64, "{raw:?}");
    match (raw.as_text(), value.as_str()) {
        (Some(text), Some(said)) => {
            assert!(text == *said && format!("{text:?}").len() < 32, "{text:?}");
            assert_eq!(text.char_count(), said.chars().count());
            assert_eq!(text.is_blank(), said.trim().is_empty());
        }
        (text, said) => assert!(text.is_none() && said.is_none()),
    }
}

/// Each token stands at its offset; texts compare as what they say, however they are spelled.
fn tokens_stand_where_they_say(document: &str) {
    let mut scratch = Scratch::default();
    let mut lexer = Lexer::new(document.as_bytes(), &LAST_WINS, &mut scratch).expect("accepted");
    let mut last = (Text::default(), String::new());
    while let Some(token) = lexer.token().expect("accepted") {
        let start = match token {
            Token::ArrayEnd => "]",
            Token::ArrayStart => "[",
            Token::Bool(value) => ["false", "true"][usize::from(value)],
            Token::Key(_) | Token::String(_) => "\"",
            Token::Null => "null",
            Token::Number(number) => number.as_str(),
            Token::ObjectEnd => "}",
            Token::ObjectStart => "{",
        };
        assert!(document.get(lexer.at() as usize..).is_some_and(|rest| rest.starts_with(start)));
        if let Token::Key(text) | Token::String(text) = token {
            let said = text.decode(&mut String::new()).to_owned();
            assert_eq!(text.partial_cmp(&last.0), said.partial_cmp(&last.1));
            assert_eq!((text == said.as_str(), text == last.0), (true, said == last.1));
            last = (text, said);
        }
    }
}

/// With the keys of the dictionary and of the seeds, at three depths.
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let definition = serde_json::from_str(DEFINITION).expect("a definition");
    Schema::compile(&definition).expect("a sound one")
});

const DEFINITION: &str = r#"{"root": {"type": "object", "unknown": "kept", "fields": [
    {"name": "a", "is": {"type": "object", "fields": [
        {"name": "a", "is": {"type": "object", "unknown": "refused", "fields": [
            {"name": "a", "is": {"type": "number"}}, {"name": "b", "is": {"type": "string"}}
        ]}},
        {"name": "b", "is": {"type": "array", "items": {"type": "object", "fields": [
            {"name": "a", "is": {"type": "any"}}
        ]}}}
    ]}},
    {"name": "b", "is": {"type": "map", "values": {"type": "integer"}}},
    {"name": "", "is": {"type": "boolean"}},
    {"name": "type", "required": true, "is": {"type": "string", "len_max": 9}},
    {"name": "data", "is": {"type": "object"}}
]}}"#;

/// What a lexer tells of a document: its value, and whether a key stands twice.
type Told = Result<(Value, bool), SyntaxError>;

const WIDE: Bounds = Bounds {
    bytes: u32::MAX,
    depth: Bounds::DEPTH_MAX,
    members: u32::MAX,
    string_bytes: u32::MAX,
    tokens: u32::MAX,
};
const LAST_WINS: Profile =
    Profile { bounds: WIDE, duplicates: Duplicates::LastWins, surrogates: Surrogates::Refused };
const LAX: Profile = Profile { surrogates: Surrogates::Replaced, ..LAST_WINS };
