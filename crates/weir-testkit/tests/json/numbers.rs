//! Which texts are numbers, and which? A table for each of the three grammars, so that neither we nor
//! a crate that we use can move one unnoticed.

use std::collections::BTreeSet;

use weir_core::amount::{NumberError, Precision, Quantity, number};
use weir_core::json::{Lexer, Profile, Scratch};
use weir_testkit::model::amount as model;

use crate::cells::{bytes, rows};

type Read = Result<i128, NumberError>;

/// How a text is read: as a catalog does, as a body, or as text in a body.
type Reading = fn(&str) -> Read;

/// What is read, with what, and with what else: the core and the slow model, column by column.
const READINGS: [(&str, Reading, Reading); 5] = [
    ("plain", |text| text.parse().map(Quantity::as_nanos), model::plain),
    (
        "json, exact",
        |text| json(text, Precision::Exact),
        |text| model::json(text, Precision::Exact),
    ),
    (
        "json, nearest",
        |text| json(text, Precision::Nearest),
        |text| model::json(text, Precision::Nearest),
    ),
    (
        "ecmascript, exact",
        |text| ecmascript(text, Precision::Exact),
        |text| model::ecmascript(text, Precision::Exact),
    ),
    (
        "ecmascript, nearest",
        |text| ecmascript(text, Precision::Nearest),
        |text| model::ecmascript(text, Precision::Nearest),
    ),
];

fn json(text: &str, precision: Precision) -> Read {
    Quantity::from_json(text.as_bytes(), precision).map(Quantity::as_nanos)
}

fn ecmascript(text: &str, precision: Precision) -> Read {
    number::ecmascript(text, precision).map(Quantity::as_nanos)
}

#[test]
fn each_text_is_read_as_the_table_says() {
    let table = table();
    assert!(table.len() >= 300, "{} rows", table.len());
    let texts: BTreeSet<_> = table.iter().map(|(text, _)| text).collect();
    assert_eq!(texts.len(), table.len(), "a text stands twice");
    for (text, cells) in &table {
        for ((grammar, ours, slow), expected) in READINGS.iter().zip(cells) {
            assert_eq!(ours(text), *expected, "{grammar}: {text:?}");
            assert_eq!(slow(text), *expected, "the model, {grammar}: {text:?}");
        }
    }
    // Each column has numbers, and each of the ways not to be one that its grammar has.
    for column in 0..READINGS.len() {
        let count =
            |is: fn(&Read) -> bool| table.iter().filter(|(_, cells)| is(&cells[column])).count();
        assert!(count(Result::is_ok) > 50, "column {column}");
        assert!(count(|read| *read == Err(NumberError::Syntax)) > 100, "column {column}");
        assert!(count(|read| *read == Err(NumberError::TooLarge)) > 10, "column {column}");
        let inexact = count(|read| *read == Err(NumberError::Inexact));
        assert_eq!(inexact > 20, !matches!(column, 2 | 4), "column {column}: {inexact}");
    }
}

/// The lexer's quick way to a quantity, and its grammar, are those of the table.
#[test]
fn the_lexer_reads_the_numbers_of_the_table_and_no_other() {
    // One text of the table is a document with a number in it.
    let numbers = table().into_iter().filter(|(text, _)| text != "[5]");
    for (text, [_, exact, nearest, ..]) in numbers {
        for (precision, expected) in [(Precision::Exact, exact), (Precision::Nearest, nearest)] {
            for body in [
                text.clone(),
                format!(" {text} "),
                format!("[{text}]"),
                format!("{{\"a\":{text}}}"),
            ] {
                let read = lexed(&body, precision).unwrap_or(Err(NumberError::Syntax));
                // Blanks around a number, and more than one of them, are no part of it.
                let inside = text.trim_matches([' ', '\t', '\n', '\r']);
                let expected = if inside == text { expected } else { json(inside, precision) };
                assert_eq!(read, expected, "{body:?}");
            }
        }
    }
}

/// The only number of a document, or `None` when the document or the number is none.
fn lexed(body: &str, precision: Precision) -> Option<Read> {
    let mut scratch = Scratch::default();
    let mut lexer = Lexer::new(body.as_bytes(), &Profile::STRICT, &mut scratch).ok()?;
    let (mut read, mut values) = (None, 0);
    while let Some(token) = lexer.token().ok()? {
        if let weir_core::json::Token::Number(number) = token {
            (read, values) = (Some(number.quantity(precision).map(Quantity::as_nanos)), values + 1);
        }
    }
    read.filter(|_| values == 1)
}

fn table() -> Vec<(String, [Read; 5])> {
    let rows = rows::<6>(include_str!("../../data/numbers.tsv"));
    let row = |[plain, json, json_nearest, ecmascript, ecmascript_nearest, text]: [&str; 6]| {
        let cells =
            [plain, json, json_nearest, ecmascript, ecmascript_nearest].map(|cell| match cell {
                "inexact" => Err(NumberError::Inexact),
                "syntax" => Err(NumberError::Syntax),
                "too_large" => Err(NumberError::TooLarge),
                nanos => Ok(nanos.parse().unwrap()),
            });
        (String::from_utf8(bytes(text)).unwrap(), cells)
    };
    rows.into_iter().map(row).collect()
}
