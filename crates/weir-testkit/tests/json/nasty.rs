//! Is a text that is not meant well refused, or handed on to the byte? Texts that look like others,
//! turn the line, hide, break lines or read as code: through every type of name, and as values and
//! keys.

use weir_core::amount::Quantity;
use weir_core::id::{Name, ScopeName};
use weir_core::json::{self, Lexer, Profile, Scratch, SyntaxKind, Text, Token};
use weir_core::schema::{self, Definition, Field, ObjectRule, Rule, Schema, Value};
use weir_testkit::model::json::{Doc, Speller};

use crate::cells::{bytes, rows};

/// A text, and whether it is a name of the catalog, and of a scope.
struct Nasty {
    text: String,
    name: bool,
    scope: bool,
}

fn table() -> Vec<Nasty> {
    let rows = rows::<3>(include_str!("../../data/names.tsv"));
    let row = |[name, scope, text]: [&str; 3]| {
        let text = String::from_utf8(bytes(text)).unwrap();
        Nasty { text, name: name == "name", scope: scope == "scope" }
    };
    rows.into_iter().map(row).collect()
}

#[test]
fn a_name_is_refused_or_unchanged() {
    let (mut names, mut scopes, mut refused) = (0, 0, 0);
    for Nasty { text, name, scope } in table() {
        let (as_name, as_scope) = (Name::parse(&text), ScopeName::parse(&text));
        assert_eq!((as_name.is_ok(), as_scope.is_ok()), (name, scope), "{text:?}");
        assert_eq!(Name::check(&text).is_ok(), name, "{text:?}");
        let json = serde_json::to_string(&text).unwrap();
        assert_eq!(serde_json::from_str::<Name>(&json).is_ok(), name, "{text:?}");
        if let Ok(name) = as_name {
            assert_eq!(name.as_str(), text);
            assert_eq!(name.to_string(), text);
            assert_eq!(serde_json::to_string(&name).unwrap(), json);
            names += 1;
        }
        if let Ok(scope) = as_scope {
            assert_eq!(scope.as_str(), text);
            scopes += 1;
        }
        refused += usize::from(!name && !scope);
    }
    assert!(names >= 20 && scopes >= 100 && refused >= 150, "{names}, {scopes}, {refused}");
}

#[test]
fn a_value_is_handed_on_to_the_byte() {
    for Nasty { text, .. } in table() {
        for spelled in spellings(&Doc::Text(text.clone())) {
            let mut scratch = Scratch::default();
            let mut lexer = Lexer::new(spelled.as_bytes(), &Profile::STRICT, &mut scratch).unwrap();
            let Ok(Some(Token::String(sent))) = lexer.token() else { panic!("{spelled}") };
            says(sent, &text);
            assert!(matches!(lexer.token(), Ok(None)));
        }
    }
}

/// All of them are keys of one object, and none is taken for another, however it is spelled.
#[test]
fn keys_are_told_apart_to_the_byte() {
    let table = table();
    let members = table.iter().enumerate();
    let members = members.map(|(nth, nasty)| (nasty.text.clone(), Doc::Number(nth.to_string())));
    let doc = Doc::Object(members.collect());
    let mut scratch = Scratch::default();
    for spelled in spellings(&doc) {
        let mut lexer = Lexer::new(spelled.as_bytes(), &Profile::STRICT, &mut scratch).unwrap();
        assert!(matches!(lexer.token(), Ok(Some(Token::ObjectStart))));
        for Nasty { text, .. } in &table {
            let Ok(Some(Token::Key(key))) = lexer.token() else { panic!("{text:?} is a key") };
            says(key, text);
            lexer.value().unwrap();
        }
        let mut whole = Scratch::default();
        let mut lexer = Lexer::new(spelled.as_bytes(), &Profile::STRICT, &mut whole).unwrap();
        let raw = lexer.value().unwrap().unwrap();
        for (nth, Nasty { text, .. }) in table.iter().enumerate() {
            let found = raw.member(text, &mut scratch).unwrap();
            assert_eq!(found.as_str(), nth.to_string(), "{text:?}");
            // Once more, escaped to the last character, and it is one too many.
            let [.., escaped] = spellings(&Doc::Text(text.clone()));
            let once_more = spelled.trim_end().trim_end_matches('}').to_owned();
            let at = once_more.len() + 1;
            let twice = format!("{once_more},{escaped}:0}}");
            let error = json::check(twice.as_bytes(), &Profile::STRICT, &mut scratch).unwrap_err();
            let place = (error.kind(), error.at() as usize);
            assert_eq!(place, (SyntaxKind::DuplicateKey, at), "{text:?}");
        }
    }
}

/// A schema that declares them as fields gives each what was sent under it.
#[test]
fn fields_are_told_apart_to_the_byte() {
    let table = table();
    let bare: Definition = serde_json::from_str(BARE).unwrap();
    let Rule::Object(ObjectRule { fields, .. }) = &bare.root else { panic!("an object") };
    for table in table.chunks(182) {
        let field = |nasty: &Nasty| Field { name: nasty.text.clone(), ..fields[0].clone() };
        let fields = table.iter().map(field).collect();
        let root = Rule::Object(ObjectRule { fields, ..ObjectRule::default() });
        let schema = Schema::compile(&Definition { root, ..bare.clone() }).unwrap();
        let members = table.iter().rev();
        let members = members.map(|nasty| (nasty.text.clone(), Doc::Text(nasty.text.clone())));
        for spelled in spellings(&Doc::Object(members.collect())) {
            let mut scratch = schema::Scratch::default();
            let event = schema.check(spelled.as_bytes(), &Profile::STRICT, &mut scratch).unwrap();
            for Nasty { text, .. } in table {
                let sent = event.get(schema.slot(text).unwrap());
                let Some(Value::Text(sent)) = sent else { panic!("{text:?} is sent") };
                says(sent, text);
            }
        }
    }
}

const BARE: &str = r#"{"root": {"type": "object", "fields": [
    {"name": "a", "required": true, "is": {"type": "any"}}
]}}"#;

/// None of them is a number, unless it is one to the eye of a catalog.
#[test]
fn a_text_is_no_number() {
    let numbers = table().into_iter().filter(|nasty| nasty.text.parse::<Quantity>().is_ok());
    let numbers: Vec<_> = numbers.map(|nasty| nasty.text).collect();
    assert_eq!(numbers, ["0", "9", "1", "-0", "1.0"]);
}

fn says(sent: Text<'_>, text: &str) {
    assert_eq!(sent.decode(&mut String::new()).as_bytes(), text.as_bytes());
    assert!(sent.chars().eq(text.chars()), "{text:?}");
    assert_eq!(sent.char_count(), text.chars().count(), "{text:?}");
    assert!(sent == *text && sent != *format!("{text}\u{200b}"), "{text:?}");
    if let Some(shorter) = text.char_indices().next_back().and_then(|(at, _)| text.get(..at)) {
        assert!(sent != *shorter, "{text:?}");
    }
}

/// As plain as can be, with some escapes, with every short one, and with nothing but long ones.
fn spellings(doc: &Doc) -> [String; 4] {
    [&[][..], &[7, 0, 1, 7, 4], &[1], &[0]].map(|choices| {
        let mut speller = Speller::new(choices);
        speller.write(doc);
        speller.out
    })
}
