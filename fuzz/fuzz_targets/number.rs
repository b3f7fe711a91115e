//! Do our grammars of numbers say what a model says that moves the point by hand?
//!
//! All three grammars in both precisions, and the ways that a number takes through a body: the
//! lexer's quick one, and back from what is printed.
#![no_main]

use std::cmp::Ordering;

use libfuzzer_sys::fuzz_target;
use weir_core::amount::{NumberError, Precision, Quantity, number};
use weir_core::json::{Lexer, Profile, Raw, Scratch};
use weir_core::limit::UNLIMITED;
use weir_testkit::model::amount as model;

fuzz_target!(|bytes: &[u8]| {
    let json = PRECISIONS.map(|p| Quantity::from_json(bytes, p));
    let Ok(text) = str::from_utf8(bytes) else {
        assert_eq!(json, [Err(NumberError::Syntax); 2]);
        return;
    };
    assert_eq!(json.map(nanos), PRECISIONS.map(|p| model::json(text, p)), "json");
    assert_eq!(sent(text), json, "in a body");
    let string = PRECISIONS.map(|p| number::ecmascript(text, p));
    assert_eq!(string.map(nanos), PRECISIONS.map(|p| model::ecmascript(text, p)), "ecmascript");
    let plain = text.parse::<Quantity>();
    assert_eq!(nanos(plain), model::plain(text), "plain");
    // What is a number in two grammars is the same one; an exact number is the nearest, too.
    for [exact, nearest] in [json, string] {
        assert!(exact.is_err() || exact == nearest, "exact and nearest");
        assert!(nearest.is_err() || exact == nearest || exact == Err(NumberError::Inexact));
    }
    assert!(json[0].is_err() || json == string, "json and ecmascript");
    assert!(plain.is_err() || string[0] == plain, "plain and ecmascript");
    for to in [Quantity::ZERO, Quantity::NANO, UNLIMITED].into_iter().chain(json[1]) {
        compares(text, to);
    }
    for quantity in [plain, json[1], string[1]].into_iter().flatten() {
        let printed = quantity.to_string();
        assert_eq!(printed.parse(), Ok(quantity), "printed");
        assert_eq!(sent(&printed), [Ok(quantity); 2], "printed, in a body");
    }
});

/// Whether a text and a quantity are in the order that the model says.
fn compares(text: &str, to: Quantity) {
    let exact = model::json(text, Precision::Exact);
    let told = to.compared(text.as_bytes());
    let expected = match (exact, model::json(text, Precision::Nearest)) {
        (Ok(exact), _) => Some(exact.cmp(&to.as_nanos())),
        (Err(NumberError::Syntax), _) => None,
        (Err(_), Ok(nearest)) if nearest == to.as_nanos() => {
            return assert!(told.is_some_and(Ordering::is_ne), "a little off");
        }
        (Err(_), Ok(nearest)) => Some(nearest.cmp(&to.as_nanos())),
        (Err(_), Err(_)) if text.starts_with('-') => Some(Ordering::Less),
        (Err(_), Err(_)) => Some(Ordering::Greater),
    };
    assert_eq!(told, expected, "compared with {to}");
}

/// What the lexer makes of a text that is a number and nothing else.
fn sent(text: &str) -> [Result<Quantity, NumberError>; 2] {
    let mut scratch = Scratch::default();
    let raw = Lexer::new(text.as_bytes(), &Profile::STRICT, &mut scratch)
        .and_then(|mut lexer| Ok((lexer.value()?, lexer.token()?).0))
        .ok()
        .flatten()
        .filter(|raw| raw.as_str() == text);
    let number = raw.and_then(Raw::as_number);
    PRECISIONS.map(|p| number.map_or(Err(NumberError::Syntax), |number| number.quantity(p)))
}

fn nanos(read: Result<Quantity, NumberError>) -> Result<i128, NumberError> {
    read.map(Quantity::as_nanos)
}

const PRECISIONS: [Precision; 2] = [Precision::Exact, Precision::Nearest];
