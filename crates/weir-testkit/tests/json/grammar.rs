//! Is it the grammar of RFC 8259, to the letter? The public suite of parsing cases, every short text
//! over the signs that have a meaning, and every byte in every place where one is asked for.

use serde_json::Value;
use weir_core::amount::Precision;
use weir_core::json::{self, Duplicates, Lexer, Profile, Scratch, Surrogates, SyntaxKind};
use weir_testkit::model::json::told;

use crate::bounds::WIDE;
use crate::cells::{bytes, rows};
use crate::readers::read;
use crate::{LAST_WINS, out_of_range};

/// Everything that a profile can forgive is forgiven.
const LAX: Profile =
    Profile { bounds: WIDE, duplicates: Duplicates::LastWins, surrogates: Surrogates::Replaced };

/// A case of the public suite.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What the strictest profile says: `accepted`, or a code and an offset.
    pub(crate) answer: &'static str,
    /// What a number in it is as a quantity, where the suite leaves numbers open.
    quantity: &'static str,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn cases() -> Vec<Case> {
    let table = rows::<4>(include_str!("../../data/parsing.tsv"));
    let case = |[name, answer, quantity, cell]: [&'static str; 4]| Case {
        name,
        answer,
        quantity,
        bytes: bytes(cell),
    };
    table.into_iter().map(case).collect()
}

pub(crate) fn answer(bytes: &[u8], profile: &Profile) -> String {
    match read(bytes, profile) {
        Ok(()) => "accepted".to_owned(),
        Err(error) => format!("{}@{}", error.code(), error.at()),
    }
}

#[test]
fn the_public_suite_is_answered_as_published() {
    let cases = cases();
    let count = |kind: &str| cases.iter().filter(|case| case.name.starts_with(kind)).count();
    assert_eq!([count("y_"), count("n_"), count("i_"), cases.len()], [95, 188, 35, 318]);
    for Case { name, answer: expected, bytes, .. } in &cases {
        assert_eq!(answer(bytes, &Profile::STRICT), *expected, "{name}");
        let lax = read(bytes, &LAX);
        match name.split_at(2).0 {
            "y_" => {
                let (ours, _) = told(bytes, &LAST_WINS).expect(name);
                assert_eq!(serde_json::from_slice::<Value>(bytes).ok(), Some(ours), "{name}");
            }
            "n_" => assert!(lax.is_err(), "{name}"),
            _ => {
                let forgiven = ["accepted", "json.lone_surrogate@2", "json.too_deep@32"];
                assert_eq!(lax.is_ok(), forgiven.contains(expected), "{name}");
            }
        }
    }
    // I-JSON forbids what RFC 8259 only advises against: a name that stands twice.
    let twice =
        cases.iter().filter(|case| case.name.starts_with("y_") && case.answer != "accepted");
    let twice: Vec<_> = twice.map(|case| (case.name, case.answer)).collect();
    let expected = [
        ("y_object_duplicated_key", "json.duplicate_key@9"),
        ("y_object_duplicated_key_and_value", "json.duplicate_key@9"),
    ];
    assert_eq!(twice, expected);
}

#[test]
fn numbers_that_the_suite_leaves_open_are_no_quantities() {
    let mut seen = 0;
    for Case { name, quantity, bytes, .. } in cases() {
        if !name.starts_with("i_number") {
            assert_eq!(quantity, "-", "{name}");
            continue;
        }
        let mut scratch = Scratch::default();
        let mut lexer = Lexer::new(&bytes, &Profile::STRICT, &mut scratch).unwrap();
        lexer.token().unwrap();
        let number = lexer.value().unwrap().and_then(json::Raw::as_number).unwrap();
        let read = number.quantity(Precision::Exact);
        let said = read.map_or_else(|error| error.code().to_owned(), |value| value.to_string());
        assert_eq!(said, quantity, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 10);
}

/// The table that people read says what the lexer does.
#[test]
fn the_readme_has_a_row_for_each_open_case() {
    let readme = include_str!("../../data/README.md");
    let published: Vec<_> = readme.lines().filter(|line| line.starts_with("| `i_")).collect();
    assert_eq!(published.len(), 35);
    for Case { name, answer, quantity, .. } in cases() {
        if !name.starts_with("i_") {
            continue;
        }
        let answer = answer.split_once('@').map_or(answer, |(code, _)| code);
        let quantity = if quantity == "-" { String::new() } else { format!(", `{quantity}`") };
        let end = format!("| `{answer}`{quantity} |");
        let found = published.iter().filter(|row| row.starts_with(&format!("| `{name}` |")));
        let found: Vec<_> = found.map(|row| row.ends_with(&end)).collect();
        assert_eq!(found, [true], "{name} is to be published with {end}");
    }
}

/// Every text of up to six of the signs that have a meaning, as another strict reader has it. A
/// shorter text is a longer one with blanks.
#[test]
fn same_as_serde_json_for_every_short_text() {
    let signs = b"[]{},:\"a1 ";
    let tables: [[&[u8]; 3]; 7] = [
        [b"", signs, b""],
        [b"", b"-+.eE01 ,", b""],
        [b"{\"\":", b"-+.eE01 ,", b"}"],
        [b"{\"\":", b"truefalsn ", b"}"],
        [b"{", signs, b"}"],
        [b"{\"a\":{", signs, b"}}"],
        [b"\"\\", b"\"\\u0dDc8a/ ", b"\""],
    ];
    let (mut accepted, mut refused) = (0_u32, 0_u32);
    for [before, signs, after] in tables {
        let len = if before.is_empty() { 6 } else { 5 };
        for nth in 0..signs.len().pow(len) {
            let mut text = before.to_vec();
            text.extend((0..len).map(|power| signs[nth / signs.len().pow(power) % signs.len()]));
            text.extend(after);
            let ours = read(&text, &LAST_WINS).is_ok();
            let theirs = serde_json::from_slice::<Value>(&text);
            let theirs = theirs.as_ref().map_or_else(out_of_range, |_| true);
            assert_eq!(ours, theirs, "{}", String::from_utf8_lossy(&text));
            *(if ours { &mut accepted } else { &mut refused }) += 1;
        }
    }
    assert!(accepted > 1_000 && refused > 1_000_000, "{accepted} accepted, {refused} refused");
}

/// Around the place of one byte, every byte; what may stand there is listed as in the RFC.
#[test]
fn each_place_takes_its_bytes_and_no_other() {
    let ascii_text: Vec<u8> = (0x20..0x80).filter(|b| !b"\"\\".contains(b)).collect();
    type Place<'p> = (&'p [u8], &'p [u8], &'p [u8]);
    let places: &[Place<'_>] = &[
        (b"", b" \t\n\r-123456789", b"0"),
        (b"", b"0123456789", b""),
        (b"[1", b" \t\n\r0123456789", b"]"),
        (b"[1", b"0123456789,.eE", b"1]"),
        (b"[0", b",.eE", b"1]"),
        (b"[-", b"0123456789", b"]"),
        (b"[1.", b"0123456789", b"]"),
        (b"[1e", b"0123456789+-", b"1]"),
        (b"[1E+", b"0123456789", b"]"),
        (b"[", b" \t\n\r0123456789", b" ]"),
        (b"{", b" \t\n\r", b"}"),
        (b"{\"a\"", b" \t\n\r", b":1}"),
        (b"{\"a\"", b":", b"1}"),
        (b"{\"a\":1", b",", b"\"b\":1}"),
        (b"[1", b",", b"[]]"),
        (b"\"\\", b"\"\\/bfnrt", b"\""),
        (b"\"\\u", b"0123456789abcdefABCDEF", b"000\""),
        (b"\"\\ud", b"01234567", b"00\""),
        (b"\"\\u0", b"0123456789abcdefABCDEF", b"00\""),
        (b"\"\\u00", b"0123456789abcdefABCDEF", b"0\""),
        (b"\"\\u000", b"0123456789abcdefABCDEF", b"\""),
        (b"\"\\ud8", b"0123456789abcdefABCDEF", b"0\\udc00\""),
        (b"\"\\ud800\\ud", b"cdefCDEF", b"00\""),
        (b"\"", &ascii_text, b"\""),
        (b"t", b"r", b"ue"),
        (b"fals", b"e", b""),
        (b"nu", b"l", b"l"),
        (b"null", b" \t\n\r", b""),
    ];
    for (before, takes, after) in places {
        for byte in 0..=u8::MAX {
            let text = [before, &[byte][..], after].concat();
            let said = read(&text, &Profile::STRICT);
            let place = String::from_utf8_lossy(before);
            assert_eq!(said.is_ok(), takes.contains(&byte), "{byte:#04x} after {place}: {said:?}");
        }
    }
}

/// The first and last character of each length in UTF-8, and what is just outside: Unicode 16,
/// table 3-7.
#[test]
fn strings_are_utf8_to_the_last_byte() {
    let well_formed: &[&[u8]] = &[
        b"\x7f",
        b"\xc2\x80",
        b"\xdf\xbf",
        b"\xe0\xa0\x80",
        b"\xe0\xbf\xbf",
        b"\xe1\x80\x80",
        b"\xec\xbf\xbf",
        b"\xed\x80\x80",
        b"\xed\x9f\xbf",
        b"\xee\x80\x80",
        b"\xef\xbf\xbf",
        b"\xf0\x90\x80\x80",
        b"\xf0\xbf\xbf\xbf",
        b"\xf1\x80\x80\x80",
        b"\xf3\xbf\xbf\xbf",
        b"\xf4\x80\x80\x80",
        b"\xf4\x8f\xbf\xbf",
    ];
    let ill_formed: &[&[u8]] = &[
        b"\x80",
        b"\xbf",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xc2",
        b"\xc2\x7f",
        b"\xc2\xc0",
        b"\xdf\x20",
        b"\xe0\x80\x80",
        b"\xe0\x9f\xbf",
        b"\xe0\xa0",
        b"\xe1\x80",
        b"\xe1\x7f\x80",
        b"\xe1\x80\xc0",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf0\x80\x80\x80",
        b"\xf0\x8f\xbf\xbf",
        b"\xf0\x90\x80",
        b"\xf1\x80\x80",
        b"\xf1\x80",
        b"\xf1",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xf7\xbf\xbf\xbf",
        b"\xf8\x88\x80\x80\x80",
        b"\xfc\x84\x80\x80\x80\x80",
        b"\xfe",
        b"\xff",
        b"\xed\xa0\xbd\xed\xb8\x80",
    ];
    let strict = |text: &[u8]| read(text, &Profile::STRICT);
    for wrap in [[&b"\""[..], b"\""], [b"{\"", b"\":0}"], [b"[{\"a\":[\"bcdefghijk", b"\"]}]"]] {
        for inside in well_formed {
            assert_eq!(strict(&[wrap[0], inside, wrap[1]].concat()), Ok(()), "{inside:x?}");
        }
        for inside in ill_formed {
            let error = strict(&[wrap[0], inside, wrap[1]].concat()).expect_err("no UTF-8");
            let place = (error.kind(), error.at() as usize);
            assert_eq!(place, (SyntaxKind::NotUtf8, wrap[0].len()), "{inside:x?}");
        }
    }
}

/// Two spellings that look alike are two keys; two escapes of one spelling are one.
#[test]
fn keys_are_never_normalised() {
    for (one, other) in [
        ("\u{e9}", "e\u{301}"),                               // NFC and NFD
        ("\u{212b}", "\u{c5}"),                               // the angstrom sign and the letter
        ("\u{fb01}", "fi"),                                   // a ligature, NFKC
        ("\u{ff41}", "a"),                                    // full width
        ("K", "k"),                                           // case
        ("\u{130}", "i\u{307}"),                              // case folding
        ("\u{df}", "ss"),                                     // case folding
        ("a", "\u{430}"),                                     // Cyrillic
        ("a", "a\u{200b}"),                                   // zero width
        ("a", "\u{feff}a"),                                   // byte order mark
        ("ab", "a\u{ad}b"),                                   // soft hyphen
        ("\u{1f468}\u{200d}\u{1f469}", "\u{1f468}\u{1f469}"), // joined emoji
        ("", "\0"),
    ] {
        let escaped = |text: &str| {
            text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<String>()
        };
        let strict = |a: &str, b: &str| {
            answer(format!("{{\"{a}\":0,\"{b}\":0}}").as_bytes(), &Profile::STRICT)
        };
        assert_eq!(strict(&escaped(one), &escaped(other)), "accepted", "{one} and {other}");
        for text in [one, other] {
            let twice = strict(&escaped(text), &escaped(text));
            assert!(twice.starts_with("json.duplicate_key@"), "{text} and itself: {twice}");
        }
        if !one.contains('\0') && !other.contains('\0') {
            assert_eq!(strict(one, other), "accepted", "{one} and {other}");
            assert!(strict(one, &escaped(one)).starts_with("json.duplicate_key@"), "{one}");
        }
    }
}
