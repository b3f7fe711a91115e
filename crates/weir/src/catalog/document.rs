//! What does the text of a catalog say? A tree, built of our own tokens.
//!
//! What serde_json reads depends on the features that any other crate of the program has switched
//! on: with `arbitrary_precision`, an object with a certain key is a number. This does not.

use std::mem::take;

use serde_json::{Map, Value};
use weir_core::fault::Fault;
use weir_core::json::{Lexer, Position, Scratch, SyntaxError, Token};

use super::places::LAST_WINS;
use super::salvage::SHAPE;

/// The text as a tree: an object. Of a key that stands twice, the last one counts.
pub(super) fn document(json: &[u8]) -> Result<Value, Fault> {
    let syntax = |error: SyntaxError| {
        let hint = format!("{} at {}", error.kind(), place(json, error.at()));
        Fault::new("", error.code(), hint)
    };
    let mut scratch = Scratch::default();
    let mut lexer = Lexer::new(json, &LAST_WINS, &mut scratch).map_err(syntax)?;
    let (mut whole, mut key, mut open) = (Value::Null, String::new(), Vec::new());
    while let Some(token) = lexer.token().map_err(syntax)? {
        let value = match token {
            Token::Key(text) => {
                key = text.chars().collect();
                continue;
            }
            Token::ArrayStart => {
                open.push((Value::Array(Vec::new()), take(&mut key)));
                continue;
            }
            Token::ObjectStart => {
                open.push((Value::Object(Map::new()), take(&mut key)));
                continue;
            }
            Token::ArrayEnd | Token::ObjectEnd => {
                let (value, its_key) = open.pop().unwrap_or_default();
                key = its_key;
                value
            }
            Token::Bool(value) => Value::Bool(value),
            Token::Null => Value::Null,
            Token::Number(number) => self::number(number.as_str()).ok_or_else(|| {
                let place = place(json, lexer.at());
                Fault::new("", SHAPE, format!("number out of range at {place}"))
            })?,
            Token::String(text) => Value::String(text.chars().collect()),
        };
        match open.last_mut() {
            Some((Value::Array(items), _)) => items.push(value),
            Some((Value::Object(members), _)) => drop(members.insert(take(&mut key), value)),
            _ => whole = value,
        }
    }
    // serde would take an array for the fields in order.
    if whole.is_object() { Ok(whole) } else { Err(Fault::new("", SHAPE, "a catalog is an object")) }
}

/// A whole number as it is, any other as the float that serde is to refuse; `None` past the floats.
fn number(digits: &str) -> Option<Value> {
    let whole = digits.parse::<u64>().map(Value::from);
    whole.or_else(|_| digits.parse::<i64>().map(Value::from)).ok().or_else(|| {
        let float = digits.parse().ok().and_then(serde_json::Number::from_f64);
        float.map(Value::Number)
    })
}

fn place(json: &[u8], at: u32) -> String {
    let Position { line, column } = Position::of(json, at);
    format!("line {line}, column {column}")
}
