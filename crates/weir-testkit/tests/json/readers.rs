//! Do all readers of a document say the same? Token by token, passed over whole, and as schemas read
//! it, which know what to expect.

use std::cell::RefCell;
use std::sync::LazyLock;

use weir_core::json::{self, Lexer, Profile, SyntaxError};
use weir_core::schema::{Refused, Schema, Scratch};

/// What is wrong with a document, as each of the readers says.
pub(crate) fn read(bytes: &[u8], profile: &Profile) -> Result<(), SyntaxError> {
    SCRATCH.with_borrow_mut(|(plain, scratch)| {
        let said = json::check(bytes, profile, plain);
        let passed = Lexer::new(bytes, profile, plain).and_then(|mut lexer| {
            lexer.value()?;
            lexer.token()
        });
        let text = || String::from_utf8_lossy(bytes);
        assert_eq!(passed.map(|_| ()), said, "passed over: {}", text());
        for (nth, schema) in SCHEMAS.iter().enumerate() {
            let checked = match schema.check(bytes, profile, scratch) {
                Err(Refused::Syntax(error)) => Err(error),
                Ok(_) | Err(Refused::Invalid(_)) => Ok(()),
            };
            assert_eq!(checked, said, "schema {nth}: {}", text());
            let valid = schema.is_valid(bytes, profile, scratch);
            assert!(said.is_ok() || !valid, "schema {nth}, in short: {}", text());
        }
        said
    })
}

thread_local! {
    static SCRATCH: RefCell<(json::Scratch, Scratch)> = RefCell::default();
}

static SCHEMAS: LazyLock<Vec<Schema>> = LazyLock::new(|| {
    let compile = |text: &&str| Schema::compile(&serde_json::from_str(text).unwrap()).unwrap();
    DEFINITIONS.iter().map(compile).collect()
});

/// One that expects nothing, one that expects what the tests often send, at three depths, one that
/// reads a list of such, and one that reads maps of any keys.
const DEFINITIONS: [&str; 4] = [
    r#"{"root": {"type": "any"}}"#,
    r#"{"root": {"type": "object", "unknown": "kept", "fields": [
        {"name": "a", "is": {"type": "object", "fields": [
            {"name": "a", "is": {"type": "object", "unknown": "refused", "fields": [
                {"name": "a", "is": {"type": "string"}}, {"name": "b", "is": {"type": "integer"}}
            ]}},
            {"name": "b", "is": {"type": "any"}},
            {"name": "a key that is expected", "is": {"type": "any"}}
        ]}},
        {"name": "", "is": {"type": "map", "values": {"type": "number"}}},
        {"name": "id", "required": true, "is": {"type": "string"}},
        {"name": "b0", "is": {"type": "integer"}},
        {"name": "1", "is": {"type": "integer"}},
        {"name": "a key that is expected", "is": {"type": "any"}}
    ]}}"#,
    r#"{"root": {"type": "object", "fields": [
        {"name": "a0", "is": {"type": "object", "fields": [
            {"name": "0", "is": {"type": "string"}},
            {"name": "a0", "is": {"type": "object", "fields": [
                {"name": "b0", "is": {"type": "boolean"}}, {"name": "a1", "is": {"type": "any"}}
            ]}}
        ]}},
        {"name": "b0", "is": {"type": "array", "items": {"type": "object", "fields": [
            {"name": "a0", "is": {"type": "number"}}, {"name": "0", "is": {"type": "object"}}
        ]}}},
        {"name": "0", "is": {"type": "any"}},
        {"name": "/0", "is": {"type": "string"}},
        {"name": "é0", "is": {"type": "string"}}
    ]}}"#,
    r#"{"root": {"type": "map", "values": {"type": "map", "values": {
        "type": "array", "items": {"type": "array", "items": {"type": "number"}}
    }}}}"#,
];
