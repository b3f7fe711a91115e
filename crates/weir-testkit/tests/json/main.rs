//! The laws of `weir_core::json`.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in the helpers of tests, a wrong table is a failing test"
)]

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;
use weir_core::amount::{Precision, Quantity};
use weir_core::json::{
    self, Bounds, Duplicates, Kind, Lexer, Profile, Scratch, Surrogates, SyntaxError, SyntaxKind,
};
use weir_testkit::model::json::{Doc, Speller, told};

mod bounds;
mod cells;
mod costs;
mod duplicates;
mod grammar;
mod ignored;
mod nasty;

mod numbers;
mod readers;
mod types;

const LAST_WINS: Profile = Profile { duplicates: Duplicates::LastWins, ..Profile::STRICT };

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    /// Listed differences: a number past the range of a binary float is a number all the same, and
    /// there is no other.
    #[test]
    fn same_as_serde_json(doc in docs(), choices in choices(), edits in edits()) {
        let bytes = edited(&spelled(&doc, &choices), &edits);
        let ours = tree(&bytes, &LAST_WINS);
        match (serde_json::from_slice::<Value>(&bytes), ours) {
            (Ok(theirs), Ok(ours)) => prop_assert_eq!(ours, Some(theirs)),
            (Err(_), Err(_)) => {}
            (Err(error), Ok(_)) if error.to_string().starts_with("number out of range") => {}
            (theirs, ours) => {
                let text = String::from_utf8_lossy(&bytes);
                prop_assert!(false, "{text}: they say {theirs:?}, we say {ours:?}");
            }
        }
        // What is passed over is read as strictly as what is looked at.
        let skipped = skip(&bytes, &LAST_WINS);
        prop_assert_eq!(skipped, tree(&bytes, &LAST_WINS).map(|_| ()));
    }

    #[test]
    fn duplicates_are_refused(
        doc in docs(),
        choices in choices(),
        (nth, member, place) in (0..6_usize, 0..40_usize, 0..41_usize),
        value in docs(),
    ) {
        let mut doc = doc;
        prop_assert_eq!(json::check(spelled(&doc, &choices).as_slice(), &Profile::STRICT, &mut Scratch::default()), Ok(()));
        let Some(members) = doc.object(nth) else { return Ok(()) };
        let Some((key, _)) = members.get(member % members.len().max(1)).cloned() else { return Ok(()) };
        members.insert(place % (members.len() + 1), (key.clone(), value));
        let twins: Vec<_> = (0..members.len()).filter(|i| members[*i].0 == key).collect();

        let mut speller = Speller::new(&choices);
        speller.write(&doc);
        let second = speller.keys.iter().find(|k| k.object == nth && k.member == twins[1]).unwrap();
        let error = json::check(speller.out.as_bytes(), &Profile::STRICT, &mut Scratch::default());
        let error = error.expect_err("a key stands twice");
        prop_assert_eq!(error.kind(), SyntaxKind::DuplicateKey);
        prop_assert_eq!(error.at() as usize, second.at, "in {}", speller.out);
        prop_assert_eq!(json::check(speller.out.as_bytes(), &LAST_WINS, &mut Scratch::default()), Ok(()));
    }

    #[test]
    fn errors_say_where(doc in docs(), choices in choices(), edits in edits()) {
        let whole = spelled(&doc, &choices);
        for len in 0..whole.len() {
            // A part of a document, cut anywhere, is one too or ends too early.
            let cut = json::check(&whole[..len], &Profile::STRICT, &mut Scratch::default());
            let fine = cut.map_err(|error| (error.kind(), error.at() as usize));
            let early = [(SyntaxKind::UnexpectedEnd, len)];
            let inside = std::str::from_utf8(&whole[..len]).is_err();
            prop_assert!(inside || fine.is_ok() || fine.is_err_and(|e| early.contains(&e)), "{:?}", cut);
        }
        let bytes = edited(&whole, &edits);
        let Err(error) = json::check(&bytes, &Profile::STRICT, &mut Scratch::default()) else {
            return Ok(());
        };
        let at = error.at() as usize;
        let again = |len: usize| json::check(&bytes[..len], &Profile::STRICT, &mut Scratch::default());
        match error.kind() {
            SyntaxKind::UnexpectedEnd => prop_assert_eq!(at, bytes.len()),
            SyntaxKind::DuplicateKey => prop_assert_eq!(bytes[at], b'"'),
            SyntaxKind::LoneSurrogate => prop_assert_eq!(&bytes[at..at + 2], b"\\u"),
            SyntaxKind::NotUtf8 => {
                prop_assert!(std::str::from_utf8(&bytes[..at]).is_ok());
                prop_assert!(std::str::from_utf8(&bytes[..=at]).is_err());
            }
            _ => {
                // One byte more is refused there, whatever would follow.
                if std::str::from_utf8(&bytes[..=at]).is_ok() {
                    prop_assert_eq!(again(at + 1), Err(error));
                }
            }
        }
        // The bytes before it are a document, or the beginning of one, for others too.
        if !matches!(error.kind(), SyntaxKind::DuplicateKey | SyntaxKind::NotUtf8) {
            let before = serde_json::from_slice::<Value>(&bytes[..at]);
            let fine = before.as_ref().map_or_else(|e| e.is_eof() || out_of_range(e), |_| true);
            prop_assert!(fine, "{:?} before {} of {}", before, at, String::from_utf8_lossy(&bytes));
        }
        let mut lines = bytes[..at].split(|byte| *byte == b'\n');
        let place = (lines.clone().count(), lines.next_back().unwrap_or_default().len() + 1);
        let position = error.position(&bytes);
        prop_assert_eq!((position.line as usize, position.column as usize), place);
    }

    #[test]
    fn short_numbers_are_numbers(
        digits in "-?(0|[1-9][0-9]{0,4}|[1-9][0-9]{14,20})(\\.([0-9]{1,3}|[0-9]{7,12}))?([eE]-?[0-9])?",
        nearest in any::<bool>(),
    ) {
        let precision = if nearest { Precision::Nearest } else { Precision::Exact };
        let mut scratch = Scratch::default();
        let mut lexer = Lexer::new(digits.as_bytes(), &Profile::STRICT, &mut scratch).unwrap();
        let number = lexer.value().unwrap().unwrap().as_number().unwrap();
        prop_assert_eq!(number.quantity(precision), Quantity::from_json(digits.as_bytes(), precision));
    }

    #[test]
    fn halves_of_pairs_are_replaced(units in prop::collection::vec(units(), 0..12)) {
        let escapes: String = units.iter().map(|unit| format!("\\u{unit:04X}")).collect();
        let text = format!("\"{escapes}\"");
        let lenient = Profile { surrogates: Surrogates::Replaced, ..Profile::STRICT };
        let model = String::from_utf16_lossy(&units);
        prop_assert_eq!(tree(text.as_bytes(), &lenient), Ok(Some(Value::from(model))));
        let strict = tree(text.as_bytes(), &Profile::STRICT);
        prop_assert_eq!(strict.is_ok(), String::from_utf16(&units).is_ok());
    }
}

/// Strings are read eight bytes at a time: wherever a byte stands, it means the same.
#[test]
fn same_as_serde_json_for_every_byte_at_every_place() {
    for filler in ["x", "\u{e9}"] {
        for (byte, place) in (0..=255_u8).flat_map(|byte| (0..20).map(move |at| (byte, at))) {
            let mut bytes = format!("\"{}\"", filler.repeat(20)).into_bytes();
            bytes.splice(1 + place * filler.len()..1 + place * filler.len(), [byte]);
            let (theirs, ours) =
                (serde_json::from_slice::<Value>(&bytes), tree(&bytes, &LAST_WINS));
            assert_eq!(ours.ok().flatten(), theirs.ok(), "{byte:#04x} at {place}");
        }
    }
}

#[test]
fn bounds_hold() {
    let repeat = |open: &str, n: usize, close: &str| open.repeat(n) + &close.repeat(n);
    let members = |n: usize| {
        let members: Vec<_> = (0..n).map(|i| format!("\"k{i}\":0")).collect();
        format!("[{{}},{{{}}}]", members.join(","))
    };
    type Row<'m> = (SyntaxKind, fn(u32) -> Bounds, &'m dyn Fn(usize) -> String);
    let table: &[Row<'_>] = &[
        (SyntaxKind::TooLong, |bytes| Bounds { bytes, ..Bounds::DEFAULT }, &|n| "1".repeat(n)),
        (SyntaxKind::TooDeep, |depth| Bounds { depth, ..Bounds::DEFAULT }, &|n| {
            repeat("[", n, "]")
        }),
        (SyntaxKind::TooDeep, |depth| Bounds { depth, ..Bounds::DEFAULT }, &|n| {
            repeat("{\"a\":", n - 1, "}").replace(":}", ":{}}")
        }),
        (SyntaxKind::TooManyMembers, |members| Bounds { members, ..Bounds::DEFAULT }, &members),
        (
            SyntaxKind::StringTooLong,
            |string_bytes| Bounds { string_bytes, ..Bounds::DEFAULT },
            &|n| format!("[\"{}\"]", "x".repeat(n)),
        ),
        (
            SyntaxKind::StringTooLong,
            |string_bytes| Bounds { string_bytes, ..Bounds::DEFAULT },
            &|n| format!("{{\"{}\\n\":0}}", "k".repeat(n - 2)),
        ),
        (SyntaxKind::TooManyTokens, |tokens| Bounds { tokens, ..Bounds::DEFAULT }, &|n| {
            format!("[{}]", vec!["0"; n - 2].join(","))
        }),
    ];
    for (kind, bounds, make) in table {
        for limit in [5_u32, 24, 25, 100] {
            let profile = Profile { bounds: bounds(limit), ..Profile::STRICT };
            let check = |n: u32| readers::read(make(n as usize).as_bytes(), &profile);
            assert_eq!(check(limit - 1), Ok(()), "{kind:?} below {limit}");
            assert_eq!(check(limit), Ok(()), "{kind:?} at {limit}");
            let over = check(limit + 1).expect_err("one more than the bound");
            assert_eq!(over.kind(), *kind, "above {limit}");
            assert!((over.at() as usize) < make(limit as usize + 1).len());
        }
    }
}

#[test]
fn no_depth_exhausts_the_stack() {
    let bytes = "[".repeat(1 << 20);
    let deep = Bounds { depth: u32::MAX, tokens: u32::MAX, ..Bounds::DEFAULT };
    let profile = Profile { bounds: deep, ..Profile::STRICT };
    let error = json::check(bytes.as_bytes(), &profile, &mut Scratch::default()).unwrap_err();
    assert_eq!((error.kind(), error.at()), (SyntaxKind::TooDeep, Bounds::DEPTH_MAX));
}

#[test]
fn wide_objects_take_no_square_time() {
    let wide = Bounds { members: u32::MAX, tokens: u32::MAX, bytes: u32::MAX, ..Bounds::DEFAULT };
    let profile = Profile { bounds: wide, ..Profile::STRICT };
    let key = |i: usize| format!("\"same-start-{i:06}-and-end\":0");
    let mut members: Vec<_> = (0..100_000).map(key).collect();
    let text = format!("{{{}}}", members.join(","));
    assert_eq!(json::check(text.as_bytes(), &profile, &mut Scratch::default()), Ok(()));
    members.push(key(77));
    let text = format!("{{{}}}", members.join(","));
    let error = json::check(text.as_bytes(), &profile, &mut Scratch::default()).unwrap_err();
    assert_eq!(error.kind(), SyntaxKind::DuplicateKey);
    assert_eq!(error.at() as usize, text.rfind("\"same").unwrap());
}

#[test]
fn the_grammar_is_that_of_the_rfc() {
    for bytes in ACCEPTED {
        let said = json::check(bytes, &Profile::STRICT, &mut Scratch::default());
        assert_eq!(said, Ok(()), "{}", String::from_utf8_lossy(bytes));
    }
    for (bytes, kind, at) in REFUSED {
        let error = json::check(bytes, &Profile::STRICT, &mut Scratch::default());
        let error = error.map_err(|error| (error.kind(), error.at()));
        assert_eq!(error, Err((*kind, *at)), "{}", String::from_utf8_lossy(bytes));
        assert!(serde_json::from_slice::<Value>(bytes).is_err() || bytes == b"1e999999999");
    }
}

#[test]
fn a_scratch_can_be_used_after_an_error() {
    let mut scratch = Scratch::default();
    let kind = |bytes: &[u8], scratch: &mut Scratch| {
        json::check(bytes, &Profile::STRICT, scratch).map_err(SyntaxError::kind)
    };
    assert_eq!(kind(b"[{\"a\":1,\"b\":{\"c\":tru", &mut scratch), Err(SyntaxKind::UnexpectedEnd));
    assert_eq!(kind(b"{\"a\":1,\"b\":{\"c\":true}}", &mut scratch), Ok(()));
}

#[test]
fn members_are_found_and_the_last_one_counts() {
    let mut scratch = Scratch::default();
    let bytes = br#"{"a":{"b":1},"b":2,"\u0062":[3]}"#;
    let mut lexer = Lexer::new(bytes, &LAST_WINS, &mut scratch).unwrap();
    let whole = lexer.value().unwrap().unwrap();
    let member = |name: &str, scratch: &mut Scratch| whole.member(name, scratch);
    assert_eq!(member("b", &mut scratch).map(|raw| (raw.as_str(), raw.at())), Some(("[3]", 28)));
    assert!(member("c", &mut scratch).is_none());
    let inner = member("a", &mut scratch).and_then(|a| a.member("b", &mut scratch)).unwrap();
    assert_eq!((inner.as_str(), inner.at(), inner.kind()), ("1", 10, Kind::Number));
    assert!(inner.member("b", &mut scratch).is_none());
}

/// The document as our tokens tell it.
fn tree(bytes: &[u8], profile: &Profile) -> Result<Option<Value>, SyntaxError> {
    told(bytes, profile).map(|(value, _)| Some(value))
}

fn skip(bytes: &[u8], profile: &Profile) -> Result<(), SyntaxError> {
    let mut scratch = Scratch::default();
    let mut lexer = Lexer::new(bytes, profile, &mut scratch)?;
    let raw = lexer.value()?.unwrap();
    assert!(lexer.value()?.is_none());
    // A part is a document of its own, with the offsets of the whole.
    let mut other = Scratch::default();
    let again = Lexer::again(raw, profile, &mut other).value()?.unwrap();
    assert_eq!((again.as_str(), again.at()), (raw.as_str(), raw.at()));
    assert_eq!(&bytes[raw.at() as usize..][..raw.as_str().len()], raw.as_str().as_bytes());
    Ok(())
}

fn out_of_range(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("number out of range")
}

fn spelled(doc: &Doc, choices: &[u8]) -> Vec<u8> {
    let mut speller = Speller::new(choices);
    speller.write(doc);
    speller.out.into_bytes()
}

/// What happens to one byte of a text.
#[derive(Clone, Debug)]
enum Edit {
    Cut(usize),
    Drop(usize),
    Put(usize, u8),
    Swap(usize),
}

fn edited(bytes: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for edit in edits {
        let len = bytes.len().max(1);
        match edit {
            Edit::Cut(at) => bytes.truncate(at % len),
            Edit::Drop(at) if !bytes.is_empty() => drop(bytes.remove(at % len)),
            Edit::Put(at, byte) => bytes.insert(at % (bytes.len() + 1), *byte),
            Edit::Swap(at) if bytes.len() > 1 => {
                let at = at % (bytes.len() - 1);
                bytes.swap(at, at + 1);
            }
            Edit::Drop(_) | Edit::Swap(_) => {}
        }
    }
    bytes
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let bytes = prop::sample::select(br#"{}[],:"\/ubntd8DcC0123456789-+.eE trufalsn"#.to_vec());
    let controls = prop::sample::select(b"\0\x1f\n\x7f\x80".to_vec());
    let bytes = prop_oneof![8 => bytes, 1 => controls, 1 => any::<u8>()];
    let edit = prop_oneof![
        1 => any::<usize>().prop_map(Edit::Cut),
        3 => any::<usize>().prop_map(Edit::Drop),
        4 => (any::<usize>(), bytes).prop_map(|(at, byte)| Edit::Put(at, byte)),
        2 => any::<usize>().prop_map(Edit::Swap),
    ];
    prop::collection::vec(edit, 0..4)
}

fn choices() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(Vec::new()), prop::collection::vec(any::<u8>(), 1..24)]
}

fn units() -> impl Strategy<Value = u16> {
    let edges = [0xD7FF, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xE000, 0x61, 0x5C, 0];
    prop_oneof![1 => any::<u16>(), 1 => 0xD7F0..0xE010_u16, 4 => prop::sample::select(edges.to_vec())]
}

fn texts() -> impl Strategy<Value = String> {
    let chars = prop_oneof![
        2 => prop::sample::select("ab/\"\\\n\u{8}\u{c}\t\r\u{1f}\u{7f}\u{e9}\u{2028}\u{10ffff}".chars().collect::<Vec<_>>()),
        1 => any::<char>(),
    ];
    prop::collection::vec(chars, 0..5).prop_map(String::from_iter)
}

/// More keys than are compared each with each, all alike.
fn wide_keys() -> impl Strategy<Value = BTreeSet<String>> {
    let keys = (0..60).map(|i| format!("common start {i:02} common end")).collect::<Vec<_>>();
    prop::sample::subsequence(keys, 20..32).prop_map(BTreeSet::from_iter)
}

fn docs() -> impl Strategy<Value = Doc> {
    let numbers = ["0", "-0", "7", "1.25", "-0.001", "3E+2", "1e-9", "123456789012345678", "1e400"];
    let leaf = prop_oneof![
        1 => Just(Doc::Null),
        2 => any::<bool>().prop_map(Doc::Bool),
        2 => prop::sample::select(numbers.to_vec()).prop_map(|digits| Doc::Number(digits.into())),
        3 => texts().prop_map(Doc::Text),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        let keys = prop_oneof![
            8 => prop::collection::btree_set(texts(), 0..4),
            1 => wide_keys(),
        ];
        let values = prop::collection::vec(inner.clone(), 1..4);
        let members = (keys, values).prop_map(|(keys, values)| {
            // Wide objects need no wide choice of values.
            let values = values.into_iter().chain(std::iter::repeat(Doc::Null));
            keys.into_iter().zip(values)
        });
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Doc::Array),
            members.prop_map(|members| Doc::Object(members.collect())),
        ]
    })
}

const ACCEPTED: &[&[u8]] = &[
    b"0",
    b"-0",
    b"-0.0e-0",
    b"1E+2",
    b"0.5",
    b"123456789012345678901234567890",
    b"1e999999999",
    b"\"\"",
    b"\" \x7f\"",
    "\"\u{2028}\u{10FFFF}\u{FEFF}\"".as_bytes(),
    b"\"\\uD83D\\uDE00\"",
    br#""\"\\\/\b\f\n\r\t\u0000""#,
    b"[]",
    b"{}",
    b" [ ] ",
    b"\t{\r\n}\t",
    b"[[],{}]",
    b"true",
    b"{\"\":0}",
    br#"{"a":1,"A":2,"\u00e9":3,"e\u0301":4}"#,
    b"\"\\u2028\"",
    b"[0,null,false]",
];

/// What is refused, why, and at which byte.
const REFUSED: &[(&[u8], SyntaxKind, u32)] = &[
    (b"", SyntaxKind::UnexpectedEnd, 0),
    (b" \n", SyntaxKind::UnexpectedEnd, 2),
    (b"\xEF\xBB\xBF1", SyntaxKind::ByteOrderMark, 0),
    (b"\xFF\xFE1\0", SyntaxKind::NotUtf8, 0),
    (b"1\0", SyntaxKind::Trailing, 1),
    (b"NaN", SyntaxKind::UnexpectedByte, 0),
    (b"Infinity", SyntaxKind::UnexpectedByte, 0),
    (b"-Infinity", SyntaxKind::UnexpectedByte, 1),
    (b"+1", SyntaxKind::UnexpectedByte, 0),
    (b".5", SyntaxKind::UnexpectedByte, 0),
    (b"5.", SyntaxKind::UnexpectedEnd, 2),
    (b"[5.]", SyntaxKind::UnexpectedByte, 3),
    (b"[1.e2]", SyntaxKind::UnexpectedByte, 3),
    (b"[1e]", SyntaxKind::UnexpectedByte, 3),
    (b"[1e+]", SyntaxKind::UnexpectedByte, 4),
    (b"[-]", SyntaxKind::UnexpectedByte, 2),
    (b"[--1]", SyntaxKind::UnexpectedByte, 2),
    (b"[01]", SyntaxKind::UnexpectedByte, 2),
    (b"[-01]", SyntaxKind::UnexpectedByte, 3),
    (b"[0x1]", SyntaxKind::UnexpectedByte, 2),
    (b"[1_000]", SyntaxKind::UnexpectedByte, 2),
    (b"01", SyntaxKind::Trailing, 1),
    (b"[1,]", SyntaxKind::UnexpectedByte, 3),
    (b"[,1]", SyntaxKind::UnexpectedByte, 1),
    (b"[1 2]", SyntaxKind::UnexpectedByte, 3),
    (b"[1:2]", SyntaxKind::UnexpectedByte, 2),
    (b"[}", SyntaxKind::UnexpectedByte, 1),
    (b"{]", SyntaxKind::UnexpectedByte, 1),
    (b"[1}", SyntaxKind::UnexpectedByte, 2),
    (b"{\"a\":1]", SyntaxKind::UnexpectedByte, 6),
    (b"{\"a\":1,}", SyntaxKind::UnexpectedByte, 7),
    (b"{,}", SyntaxKind::UnexpectedByte, 1),
    (b"{\"a\"}", SyntaxKind::UnexpectedByte, 4),
    (b"{\"a\" 1}", SyntaxKind::UnexpectedByte, 5),
    (b"{a:1}", SyntaxKind::UnexpectedByte, 1),
    (b"{1:1}", SyntaxKind::UnexpectedByte, 1),
    (b"{'a':1}", SyntaxKind::UnexpectedByte, 1),
    (b"{null:1}", SyntaxKind::UnexpectedByte, 1),
    (b"nul", SyntaxKind::UnexpectedEnd, 3),
    (b"nulL", SyntaxKind::UnexpectedByte, 3),
    (b"True", SyntaxKind::UnexpectedByte, 0),
    (b"truefalse", SyntaxKind::Trailing, 4),
    (b"[] []", SyntaxKind::Trailing, 3),
    (b"[]]", SyntaxKind::Trailing, 2),
    (b"[1]//x", SyntaxKind::Trailing, 3),
    (b"[/**/1]", SyntaxKind::UnexpectedByte, 1),
    (b"[\x0b1]", SyntaxKind::UnexpectedByte, 1),
    (b"[\xC2\xA01]", SyntaxKind::UnexpectedByte, 1),
    (b"\"a", SyntaxKind::UnexpectedEnd, 2),
    (b"\"a\nb\"", SyntaxKind::ControlCharacter, 2),
    (b"\"\0\"", SyntaxKind::ControlCharacter, 1),
    (b"\"\x1f\"", SyntaxKind::ControlCharacter, 1),
    (b"{\"\t\":1}", SyntaxKind::ControlCharacter, 2),
    (b"\"\\a\"", SyntaxKind::BadEscape, 2),
    (b"\"\\'\"", SyntaxKind::BadEscape, 2),
    (b"\"\\U0061\"", SyntaxKind::BadEscape, 2),
    (b"\"\\u00g1\"", SyntaxKind::BadEscape, 5),
    (b"\"\\u+061\"", SyntaxKind::BadEscape, 3),
    (b"\"\\u\"", SyntaxKind::BadEscape, 3),
    (b"\"\\", SyntaxKind::UnexpectedEnd, 2),
    (b"\"\\u12", SyntaxKind::UnexpectedEnd, 5),
    (b"\"\\uD800\"", SyntaxKind::LoneSurrogate, 1),
    (b"\"\\uDC00\"", SyntaxKind::LoneSurrogate, 1),
    (b"\"\\uD800\\n\"", SyntaxKind::LoneSurrogate, 1),
    (b"\"\\uD800\\uD800\"", SyntaxKind::LoneSurrogate, 1),
    (b"\"\\uD800\\uE000\"", SyntaxKind::LoneSurrogate, 1),
    (b"\"\\uD83D\\u", SyntaxKind::UnexpectedEnd, 9),
    (b"[\"\\uD800", SyntaxKind::UnexpectedEnd, 8),
    (b"\"\xED\xA0\x80\"", SyntaxKind::NotUtf8, 1),
    (b"\"\xC0\x80\"", SyntaxKind::NotUtf8, 1),
    (b"\"\xF4\x90\x80\x80\"", SyntaxKind::NotUtf8, 1),
    (b"[\"\xE2\x82\"]", SyntaxKind::NotUtf8, 2),
];
