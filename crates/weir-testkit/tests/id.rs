//! The laws of `weir_core::id`.

use proptest::prelude::*;
use weir_core::id::{IdError, Name, ScopeName};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn names_match_their_grammar(text in texts()) {
        let grammar = regex::Regex::new(r"\A[a-z][a-z0-9._-]{0,63}\z").unwrap();
        match Name::parse(&text) {
            Ok(name) => prop_assert_eq!(name.as_str(), text.as_str()),
            Err(_) => prop_assert!(!grammar.is_match(&text), "{:?} was refused", text),
        }
        prop_assert_eq!(Name::parse(&text).is_ok(), grammar.is_match(&text), "{:?}", text);
        let json = serde_json::Value::from(text.as_str());
        prop_assert_eq!(serde_json::from_value::<Name>(json).ok(), Name::parse(&text).ok());
    }

    #[test]
    fn scope_names_match_their_grammar(text in texts()) {
        let grammar = regex::Regex::new(r"\A[\x21-\x7e]{1,128}\z").unwrap();
        match ScopeName::parse(&text) {
            Ok(name) => prop_assert_eq!(name.as_str(), text.as_str()),
            Err(_) => prop_assert!(!grammar.is_match(&text), "{:?} was refused", text),
        }
        prop_assert_eq!(ScopeName::parse(&text).is_ok(), grammar.is_match(&text), "{:?}", text);
    }

    /// Everything before the byte that an error points at could begin a name.
    #[test]
    fn errors_say_where(text in texts()) {
        match ScopeName::parse(&text) {
            Ok(_) => {}
            Err(IdError::Empty) => prop_assert!(text.is_empty()),
            Err(IdError::TooLong { len }) => {
                prop_assert_eq!(len, text.len());
                prop_assert!(len > ScopeName::LEN_MAX);
            }
            Err(IdError::BadByte { at }) => {
                let before = text.get(..at).map(ScopeName::parse);
                prop_assert!(at == 0 || before.is_some_and(|name| name.is_ok()));
                prop_assert!(!text.as_bytes()[at].is_ascii_graphic());
            }
        }
        if let Err(IdError::BadByte { at }) = Name::parse(&text) {
            let before = text.get(..at).map(Name::parse);
            prop_assert!(at == 0 || before.is_some_and(|name| name.is_ok()));
            let at_the_byte = text.get(..=at).map(Name::parse);
            let same = at_the_byte.is_none_or(|name| name == Err(IdError::BadByte { at }));
            prop_assert!(same, "{:?} is refused elsewhere than at {}", text, at);
        }
    }
}

#[test]
fn the_longest_name_fits_and_no_longer_one() {
    let (name, scope) = ("a".repeat(Name::LEN_MAX), "~".repeat(ScopeName::LEN_MAX));
    assert!(Name::parse(&name).is_ok());
    assert!(ScopeName::parse(&scope).is_ok());
    assert_eq!(Name::parse(&(name + "a")), Err(IdError::TooLong { len: 65 }));
    assert_eq!(ScopeName::parse(&(scope + "a")), Err(IdError::TooLong { len: 129 }));
}

#[test]
fn names_are_compared_byte_by_byte() {
    let (dot, dash) = (Name::parse("a.b").unwrap(), Name::parse("a-b").unwrap());
    assert!(dash < dot, "`-` comes before `.` in ASCII");
    assert_ne!(ScopeName::parse("A"), ScopeName::parse("a"));
}

/// Texts that are names, nearly are, or come from all of Unicode.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z][a-z0-9._-]{0,70}",
        2 => "[!-~]{0,140}",
        2 => "[a-z0-9A-Z._ /-]{0,8}",
        1 => "\\PC{0,8}",
        1 => any::<String>(),
    ]
}
