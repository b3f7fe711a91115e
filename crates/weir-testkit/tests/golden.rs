//! What do our grammars take, string by string? A change of one of these answers is a change that
//! users notice, whatever the reason.

use weir_core::amount::{Precision, Quantity, number};
use weir_core::id::{Name, ScopeName};
use weir_core::time::{Span, Timestamp};

#[test]
fn numbers_are_read_as_written_here() {
    for (text, plain, json, ecmascript) in NUMBERS {
        let answers = [
            answer(text.parse::<Quantity>()),
            answer(Quantity::from_json(text.as_bytes(), Precision::Exact)),
            answer(number::ecmascript(text, Precision::Nearest)),
        ];
        assert_eq!(answers, [*plain, *json, *ecmascript], "{text:?}");
    }
}

#[test]
fn instants_are_read_as_written_here() {
    for (text, expected) in INSTANTS {
        let got = text.parse::<Timestamp>().map_or_else(|e| e.code().into(), |t| t.to_string());
        assert_eq!(got, *expected, "{text:?}");
    }
}

#[test]
fn spans_are_read_as_written_here() {
    for (text, expected) in SPANS {
        let got =
            text.parse::<Span>().map_or_else(|e| e.code().into(), |s| s.as_millis().to_string());
        assert_eq!(got, *expected, "{text:?}");
    }
}

#[test]
fn names_are_read_as_written_here() {
    for (text, name, scope) in NAMES {
        let name_got = Name::parse(text).map_or_else(|error| error.code(), |_| "name");
        let scope_got = ScopeName::parse(text).map_or_else(|error| error.code(), |_| "name");
        assert_eq!((name_got, scope_got), (*name, *scope), "{text:?}");
    }
}

#[test]
fn every_table_is_long_enough_and_names_nothing_twice() {
    let numbers: Vec<&str> = NUMBERS.iter().map(|row| row.0).collect();
    let instants: Vec<&str> = INSTANTS.iter().map(|row| row.0).collect();
    let spans: Vec<&str> = SPANS.iter().map(|row| row.0).collect();
    let names: Vec<&str> = NAMES.iter().map(|row| row.0).collect();
    for mut table in [numbers, instants, spans, names] {
        let rows = table.len();
        assert!(rows >= 60, "{rows} rows");
        table.sort_unstable();
        table.dedup();
        assert_eq!(table.len(), rows);
    }
}

fn answer(read: Result<Quantity, number::NumberError>) -> String {
    read.map_or_else(|error| error.code().trim_start_matches("number.").into(), |q| q.to_string())
}

/// Text, and what it is as a catalog's number, as a JSON number, and as ECMAScript's `Number(text)`
/// rounded to the nearest nano-unit.
const NUMBERS: &[(&str, &str, &str, &str)] = &[
    // Whole numbers and signs.
    ("0", "0", "0", "0"),
    ("-0", "0", "0", "0"),
    ("+0", SYNTAX, SYNTAX, "0"),
    ("7", "7", "7", "7"),
    ("-7", "-7", "-7", "-7"),
    ("+7", SYNTAX, SYNTAX, "7"),
    ("--7", SYNTAX, SYNTAX, SYNTAX),
    ("+-7", SYNTAX, SYNTAX, SYNTAX),
    ("- 7", SYNTAX, SYNTAX, SYNTAX),
    ("7-", SYNTAX, SYNTAX, SYNTAX),
    ("007", "7", SYNTAX, "7"),
    ("-007", "-7", SYNTAX, "-7"),
    ("00", "0", SYNTAX, "0"),
    ("-00.5", "-0.5", SYNTAX, "-0.5"),
    ("1_000", SYNTAX, SYNTAX, SYNTAX),
    ("1,000", SYNTAX, SYNTAX, SYNTAX),
    ("1 000", SYNTAX, SYNTAX, SYNTAX),
    ("1'000", SYNTAX, SYNTAX, SYNTAX),
    ("9007199254740993", "9007199254740993", "9007199254740993", "9007199254740993"),
    (
        "18446744073709551616",
        "18446744073709551616",
        "18446744073709551616",
        "18446744073709551616",
    ),
    // Nothing, and nothing but signs.
    ("", SYNTAX, SYNTAX, SYNTAX),
    ("-", SYNTAX, SYNTAX, SYNTAX),
    ("+", SYNTAX, SYNTAX, SYNTAX),
    (".", SYNTAX, SYNTAX, SYNTAX),
    ("-.", SYNTAX, SYNTAX, SYNTAX),
    ("e", SYNTAX, SYNTAX, SYNTAX),
    ("e5", SYNTAX, SYNTAX, SYNTAX),
    (".e5", SYNTAX, SYNTAX, SYNTAX),
    // The point.
    ("0.5", "0.5", "0.5", "0.5"),
    ("-0.5", "-0.5", "-0.5", "-0.5"),
    (".5", SYNTAX, SYNTAX, "0.5"),
    ("-.5", SYNTAX, SYNTAX, "-0.5"),
    ("5.", SYNTAX, SYNTAX, "5"),
    ("5.e1", SYNTAX, SYNTAX, "50"),
    ("1.2.3", SYNTAX, SYNTAX, SYNTAX),
    ("1..2", SYNTAX, SYNTAX, SYNTAX),
    ("0,5", SYNTAX, SYNTAX, SYNTAX),
    ("1.50", "1.5", "1.5", "1.5"),
    (
        "12345678901234567890.12",
        "12345678901234567890.12",
        "12345678901234567890.12",
        "12345678901234567890.12",
    ),
    // The ninth fraction digit and beyond.
    ("0.000000001", "0.000000001", "0.000000001", "0.000000001"),
    ("0.0000000010", "0.000000001", "0.000000001", "0.000000001"),
    ("0.0000000001", INEXACT, INEXACT, "0"),
    ("0.0000000005", INEXACT, INEXACT, "0"),
    ("0.0000000015", INEXACT, INEXACT, "0.000000002"),
    ("0.00000000050000000000000000000000000000000000001", INEXACT, INEXACT, "0.000000001"),
    ("-0.0000000015", INEXACT, INEXACT, "-0.000000002"),
    ("0.30000000000000004", INEXACT, INEXACT, "0.3"),
    ("1.1234127836128763", INEXACT, INEXACT, "1.123412784"),
    (
        "9999999999999999999999999999.99999999999999999",
        INEXACT,
        INEXACT,
        "10000000000000000000000000000",
    ),
    // Exponents.
    ("1e5", SYNTAX, "100000", "100000"),
    ("1E5", SYNTAX, "100000", "100000"),
    ("1e+5", SYNTAX, "100000", "100000"),
    ("1e-5", SYNTAX, "0.00001", "0.00001"),
    ("1e05", SYNTAX, "100000", "100000"),
    ("0e5", SYNTAX, "0", "0"),
    ("-0e-5", SYNTAX, "0", "0"),
    ("0.5e1", SYNTAX, "5", "5"),
    (".5e1", SYNTAX, SYNTAX, "5"),
    ("123e-2", SYNTAX, "1.23", "1.23"),
    ("1e", SYNTAX, SYNTAX, SYNTAX),
    ("1e+", SYNTAX, SYNTAX, SYNTAX),
    ("1e-", SYNTAX, SYNTAX, SYNTAX),
    ("1e5.0", SYNTAX, SYNTAX, SYNTAX),
    ("1e5e5", SYNTAX, SYNTAX, SYNTAX),
    ("1e 5", SYNTAX, SYNTAX, SYNTAX),
    ("1e--5", SYNTAX, SYNTAX, SYNTAX),
    ("1e-9", SYNTAX, "0.000000001", "0.000000001"),
    ("1e-10", SYNTAX, INEXACT, "0"),
    ("10e-10", SYNTAX, "0.000000001", "0.000000001"),
    ("5e-324", SYNTAX, INEXACT, "0"),
    ("1e29", SYNTAX, "100000000000000000000000000000", "100000000000000000000000000000"),
    ("1e30", SYNTAX, LARGE, LARGE),
    ("-1e30", SYNTAX, LARGE, LARGE),
    ("1e309", SYNTAX, LARGE, LARGE),
    ("1e1000000", SYNTAX, LARGE, LARGE),
    ("1e200000000", SYNTAX, LARGE, LARGE),
    ("1e-200000000", SYNTAX, INEXACT, "0"),
    ("0e200000000", SYNTAX, "0", "0"),
    ("1e99999999999999999999", SYNTAX, LARGE, LARGE),
    ("0.1e99999999999999999999", SYNTAX, LARGE, LARGE),
    // The ends of the range.
    ("170141183460469231731687303715.884105727", MAX, MAX, MAX),
    ("170141183460469231731687303715.884105728", LARGE, LARGE, LARGE),
    ("-170141183460469231731687303715.884105728", MIN, MIN, MIN),
    ("-170141183460469231731687303715.884105729", LARGE, LARGE, LARGE),
    ("170141183460469231731687303715.8841057274", INEXACT, INEXACT, MAX),
    ("170141183460469231731687303715.8841057275", INEXACT, INEXACT, LARGE),
    ("99999999999999999999999999999999999999999", LARGE, LARGE, LARGE),
    // Other bases, which only `Number()` reads.
    ("0x1F", SYNTAX, SYNTAX, "31"),
    ("0XfF", SYNTAX, SYNTAX, "255"),
    ("0o17", SYNTAX, SYNTAX, "15"),
    ("0b101", SYNTAX, SYNTAX, "5"),
    ("0B2", SYNTAX, SYNTAX, SYNTAX),
    ("0o8", SYNTAX, SYNTAX, SYNTAX),
    ("0xg", SYNTAX, SYNTAX, SYNTAX),
    ("0x", SYNTAX, SYNTAX, SYNTAX),
    ("-0x1", SYNTAX, SYNTAX, SYNTAX),
    ("+0x1", SYNTAX, SYNTAX, SYNTAX),
    ("0x1.8", SYNTAX, SYNTAX, SYNTAX),
    ("0x-1", SYNTAX, SYNTAX, SYNTAX),
    ("0x1_0", SYNTAX, SYNTAX, SYNTAX),
    ("0x225c17d04dad2965cc5a02a23", SYNTAX, SYNTAX, "170141183460469231731687303715"),
    ("0x225c17d04dad2965cc5a02a24", SYNTAX, SYNTAX, LARGE),
    ("0xffffffffffffffffffffffffffffffffffff", SYNTAX, SYNTAX, LARGE),
    // White space, which only `Number()` takes away.
    (" 7", SYNTAX, SYNTAX, "7"),
    ("7\n", SYNTAX, SYNTAX, "7"),
    ("\t7\r", SYNTAX, SYNTAX, "7"),
    ("\u{a0}7", SYNTAX, SYNTAX, "7"),
    ("\u{feff}7", SYNTAX, SYNTAX, "7"),
    ("\u{2029}7", SYNTAX, SYNTAX, "7"),
    ("\u{85}7", SYNTAX, SYNTAX, SYNTAX),
    ("\u{180e}7", SYNTAX, SYNTAX, SYNTAX),
    ("\u{200b}7", SYNTAX, SYNTAX, SYNTAX),
    (" ", SYNTAX, SYNTAX, SYNTAX),
    (" 0x10 ", SYNTAX, SYNTAX, "16"),
    // Words, units and digits of other scripts.
    ("NaN", SYNTAX, SYNTAX, SYNTAX),
    ("Infinity", SYNTAX, SYNTAX, SYNTAX),
    ("-Infinity", SYNTAX, SYNTAX, SYNTAX),
    ("inf", SYNTAX, SYNTAX, SYNTAX),
    ("null", SYNTAX, SYNTAX, SYNTAX),
    ("true", SYNTAX, SYNTAX, SYNTAX),
    ("7n", SYNTAX, SYNTAX, SYNTAX),
    ("7f", SYNTAX, SYNTAX, SYNTAX),
    ("$7", SYNTAX, SYNTAX, SYNTAX),
    ("7%", SYNTAX, SYNTAX, SYNTAX),
    ("7xyz!!", SYNTAX, SYNTAX, SYNTAX),
    ("7\0", SYNTAX, SYNTAX, SYNTAX),
    ("\u{667}", SYNTAX, SYNTAX, SYNTAX),
    ("\u{ff17}", SYNTAX, SYNTAX, SYNTAX),
    ("\u{2212}7", SYNTAX, SYNTAX, SYNTAX),
    ("1234567890.1234567890xyz!!", SYNTAX, SYNTAX, SYNTAX),
];

const INSTANTS: &[(&str, &str)] = &[
    ("2026-11-21T23:58:59Z", "2026-11-21T23:58:59.000Z"),
    ("2026-11-21t23:58:59z", "2026-11-21T23:58:59.000Z"),
    ("2026-11-21 23:58:59Z", "2026-11-21T23:58:59.000Z"),
    ("2026-11-21_23:58:59Z", TIME_SYNTAX),
    ("2026-11-21T23:58:59", TIME_SYNTAX),
    ("2026-11-21", TIME_SYNTAX),
    ("23:58:59Z", TIME_SYNTAX),
    ("2026-11-21T23:58Z", TIME_SYNTAX),
    ("20261121T235859Z", TIME_SYNTAX),
    ("2026-11-21T23:58:59Z ", TIME_SYNTAX),
    (" 2026-11-21T23:58:59Z", TIME_SYNTAX),
    ("2026-11-21T23:58:59ZZ", TIME_SYNTAX),
    ("2026-1-21T23:58:59Z", TIME_SYNTAX),
    ("26-11-21T23:58:59Z", TIME_SYNTAX),
    ("+2026-11-21T23:58:59Z", TIME_SYNTAX),
    ("-2026-11-21T23:58:59Z", TIME_SYNTAX),
    ("12026-11-21T23:58:59Z", TIME_SYNTAX),
    ("2026/11/21T23:58:59Z", TIME_SYNTAX),
    ("2026-W47-6T23:58:59Z", TIME_SYNTAX),
    ("2026-325T23:58:59Z", TIME_SYNTAX),
    ("1795305539", TIME_SYNTAX),
    ("", TIME_SYNTAX),
    ("Z", TIME_SYNTAX),
    ("2026-11-2\u{661}T23:58:59Z", TIME_SYNTAX),
    // Fractions of a second.
    ("2026-11-21T23:58:59.1Z", "2026-11-21T23:58:59.100Z"),
    ("2026-11-21T23:58:59.123Z", "2026-11-21T23:58:59.123Z"),
    ("2026-11-21T23:58:59.1239999Z", "2026-11-21T23:58:59.123Z"),
    ("2026-11-21T23:58:59.9999999999999999999999Z", "2026-11-21T23:58:59.999Z"),
    ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
    ("2026-11-21T23:58:59.Z", TIME_SYNTAX),
    ("2026-11-21T23:58:59,5Z", TIME_SYNTAX),
    ("2026-11-21T23:58:59.1.2Z", TIME_SYNTAX),
    // Offsets.
    ("2026-11-21T23:58:59+00:00", "2026-11-21T23:58:59.000Z"),
    ("2026-11-21T23:58:59-00:00", "2026-11-21T23:58:59.000Z"),
    ("2026-11-21T23:58:59+01:00", "2026-11-21T22:58:59.000Z"),
    ("2026-11-21T23:58:59-08:30", "2026-11-22T08:28:59.000Z"),
    ("2026-12-31T23:58:59-23:59", "2027-01-01T23:57:59.000Z"),
    ("2026-11-21T23:58:59.5+05:45", "2026-11-21T18:13:59.500Z"),
    ("2026-11-21T23:58:59+0100", TIME_SYNTAX),
    ("2026-11-21T23:58:59+01", TIME_SYNTAX),
    ("2026-11-21T23:58:59+1:00", TIME_SYNTAX),
    ("2026-11-21T23:58:59+01:00Z", TIME_SYNTAX),
    ("2026-11-21T23:58:59 +01:00", TIME_SYNTAX),
    ("2026-11-21T23:58:59[UTC]", TIME_SYNTAX),
    ("2026-11-21T23:58:59+24:00", TIME_RANGE),
    ("2026-11-21T23:58:59+01:60", TIME_RANGE),
    // What the calendar does not have.
    ("2026-00-21T23:58:59Z", TIME_RANGE),
    ("2026-13-21T23:58:59Z", TIME_RANGE),
    ("2026-11-00T23:58:59Z", TIME_RANGE),
    ("2026-11-31T23:58:59Z", TIME_RANGE),
    ("2026-02-29T00:00:00Z", TIME_RANGE),
    ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
    ("1900-02-29T00:00:00Z", TIME_RANGE),
    ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"),
    ("2026-11-21T24:00:00Z", TIME_RANGE),
    ("2026-11-21T23:60:00Z", TIME_RANGE),
    ("2016-12-31T23:59:60Z", TIME_RANGE),
    // The ends of the range.
    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
    ("0001-01-01T00:00:00+00:01", TIME_RANGE),
    ("0000-12-31T23:59:59Z", TIME_RANGE),
    ("0000-12-31T23:59:59-01:00", TIME_RANGE),
    ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ("9999-12-31T23:59:59-00:01", TIME_RANGE),
    ("9999-12-31T23:59:59+00:01", "9999-12-31T23:58:59.000Z"),
];

const SPANS: &[(&str, &str)] = &[
    ("PT0S", "0"),
    ("P0D", "0"),
    ("P0W", "0"),
    ("PT1S", "1000"),
    ("PT1M", "60000"),
    ("PT1H", "3600000"),
    ("P1D", "86400000"),
    ("P1W", "604800000"),
    ("P30D", "2592000000"),
    ("PT24H", "86400000"),
    ("PT90M", "5400000"),
    ("PT1H30M", "5400000"),
    ("P1DT1H", "90000000"),
    ("P1W1D", "691200000"),
    ("P1W1DT1H1M1S", "694861000"),
    ("P1DT1S", "86401000"),
    ("PT1H1S", "3601000"),
    ("P01D", "86400000"),
    ("PT0.25S", "250"),
    ("PT0.2S", "200"),
    ("PT0.0019S", "1"),
    ("PT1.500S", "1500"),
    // Nothing, or a part of nothing.
    ("", TIME_SYNTAX),
    ("P", TIME_SYNTAX),
    ("PT", TIME_SYNTAX),
    ("P1DT", TIME_SYNTAX),
    ("T1H", TIME_SYNTAX),
    ("1D", TIME_SYNTAX),
    ("PD", TIME_SYNTAX),
    ("P1", TIME_SYNTAX),
    ("PTS", TIME_SYNTAX),
    ("30", TIME_SYNTAX),
    ("30s", TIME_SYNTAX),
    // Months and years have no fixed length.
    ("P1M", TIME_SYNTAX),
    ("P1Y", TIME_SYNTAX),
    ("P1Y2M3D", TIME_SYNTAX),
    // Each part once, in order, on its side of the `T`.
    ("P1D1D", TIME_SYNTAX),
    ("P1D1W", TIME_SYNTAX),
    ("P1H", TIME_SYNTAX),
    ("PT1D", TIME_SYNTAX),
    ("PT1S1M", TIME_SYNTAX),
    ("PT1M1M", TIME_SYNTAX),
    ("PTT1S", TIME_SYNTAX),
    ("PT1HT1H", TIME_SYNTAX),
    ("PT1ST1S", TIME_SYNTAX),
    ("P1DT1HT1M", TIME_SYNTAX),
    // Fractions stand at seconds only.
    ("P0.5D", TIME_SYNTAX),
    ("P1.0D", TIME_SYNTAX),
    ("P1.0001D", TIME_SYNTAX),
    ("PT0.5H", TIME_SYNTAX),
    ("PT.5S", TIME_SYNTAX),
    ("PT1.S", TIME_SYNTAX),
    ("PT1,5S", TIME_SYNTAX),
    // Letters, signs and space.
    ("p1d", TIME_SYNTAX),
    ("P1d", TIME_SYNTAX),
    ("-P1D", TIME_SYNTAX),
    ("P-1D", TIME_SYNTAX),
    ("+P1D", TIME_SYNTAX),
    ("P 1D", TIME_SYNTAX),
    ("P1D ", TIME_SYNTAX),
    ("P1\u{661}D", TIME_SYNTAX),
    // The end of the range.
    ("PT315537897599.999S", "315537897599999"),
    ("PT315537897600S", TIME_RANGE),
    ("P3652058D", "315537811200000"),
    ("P3652059D", TIME_RANGE),
    ("P999999999999999W", TIME_RANGE),
    ("P9999999999999999999999W", TIME_RANGE),
];

/// Text, and whether it is a [`Name`] and a [`ScopeName`].
const NAMES: &[(&str, &str, &str)] = &[
    ("a", "name", "name"),
    ("tokens", "name", "name"),
    ("tokens.monthly", "name", "name"),
    ("tokens-monthly", "name", "name"),
    ("tokens_monthly", "name", "name"),
    ("gpt-4.1", "name", "name"),
    ("a1", "name", "name"),
    ("a.", "name", "name"),
    ("a-", "name", "name"),
    ("a..b", "name", "name"),
    ("z9._-", "name", "name"),
    ("", "id.empty", "id.empty"),
    ("1a", BAD, "name"),
    ("4.1", BAD, "name"),
    (".a", BAD, "name"),
    ("-a", BAD, "name"),
    ("_a", BAD, "name"),
    ("A", BAD, "name"),
    ("Tokens", BAD, "name"),
    ("toKens", BAD, "name"),
    ("a/b", BAD, "name"),
    ("a:b", BAD, "name"),
    ("a+b", BAD, "name"),
    ("a*b", BAD, "name"),
    ("a@b", BAD, "name"),
    ("a%20b", BAD, "name"),
    ("a#b", BAD, "name"),
    ("a$b", BAD, "name"),
    ("a&b", BAD, "name"),
    ("a(b)", BAD, "name"),
    ("a[0]", BAD, "name"),
    ("a{b}", BAD, "name"),
    ("a|b", BAD, "name"),
    ("a~b", BAD, "name"),
    ("a!b", BAD, "name"),
    ("a\"b", BAD, "name"),
    ("a'b", BAD, "name"),
    ("a\\b", BAD, "name"),
    ("a,b", BAD, "name"),
    ("a;b", BAD, "name"),
    ("a=b", BAD, "name"),
    ("a?b", BAD, "name"),
    ("a^b", BAD, "name"),
    ("a`b", BAD, "name"),
    ("a<b>", BAD, "name"),
    ("../etc", BAD, "name"),
    ("cus_42", "name", "name"),
    ("CUS_42", BAD, "name"),
    ("550e8400-e29b-41d4-a716-446655440000", BAD, "name"),
    ("192.0.2.1", BAD, "name"),
    ("2001:db8::1", BAD, "name"),
    ("!", BAD, "name"),
    ("~", BAD, "name"),
    (" ", BAD, BAD),
    ("a b", BAD, BAD),
    (" a", BAD, BAD),
    ("a ", BAD, BAD),
    ("a\n", BAD, BAD),
    ("a\tb", BAD, BAD),
    ("a\0", BAD, BAD),
    ("a\u{7f}", BAD, BAD),
    ("a\u{e9}", BAD, BAD),
    ("a\u{301}", BAD, BAD),
    ("\u{430}", BAD, BAD),
    ("a\u{200b}", BAD, BAD),
    ("\u{202e}a", BAD, BAD),
    ("\u{feff}a", BAD, BAD),
    ("\u{1f4a7}", BAD, BAD),
];

const INEXACT: &str = "inexact";
const LARGE: &str = "too_large";
const SYNTAX: &str = "syntax";
const MAX: &str = "170141183460469231731687303715.884105727";
const MIN: &str = "-170141183460469231731687303715.884105728";
const TIME_RANGE: &str = "time.out_of_range";
const TIME_SYNTAX: &str = "time.syntax";
const BAD: &str = "id.bad_byte";
