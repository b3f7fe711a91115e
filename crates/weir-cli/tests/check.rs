//! `weir check`: what is wrong with a file, and where.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::process::Command;

/// Writes `bytes` to a file of the test's own and checks it: exit code, output.
fn check(name: &str, bytes: &[u8], arguments: &[&str]) -> (Option<i32>, String) {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let output = command.arg("check").args(arguments).arg(&path).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), text.replace(&path.display().to_string(), name))
}

fn syntax(name: &str, bytes: &[u8]) -> (Option<i32>, String) {
    check(name, bytes, &["--syntax"])
}

#[test]
fn one_json_document_is_valid_whatever_its_shape() {
    for (name, text) in [
        ("object.json", r#"{"a": [1, 2.5e-3, null], "b": "\u00e9"}"#),
        ("scalar.json", " -0 \n"),
        ("twice.json", r#"{"a":1,"a":2}"#),
        ("surrogate.json", r#"["\ud800"]"#),
    ] {
        assert_eq!(syntax(name, text.as_bytes()), (Some(0), format!("{name}: valid JSON\n")));
    }
}

#[test]
fn what_is_wrong_is_told_with_line_column_and_code() {
    let cases: [(&str, &[u8], &str); 5] = [
        (
            "byte",
            b"{\"a\": 1,\n \"b\": nil}",
            "2:8: a byte that cannot stand there (json.unexpected_byte)",
        ),
        ("empty", b"", "1:1: the text ends too early (json.unexpected_end)"),
        ("two", b"{} {}", "1:4: something after the end of the document (json.trailing)"),
        ("utf8", b"[\"\xff\"]", "1:3: bytes that are not UTF-8 (json.not_utf8)"),
        ("bom", b"\xef\xbb\xbf{}", "1:1: a byte order mark (json.byte_order_mark)"),
    ];
    for (name, bytes, told) in cases {
        assert_eq!(syntax(name, bytes), (Some(1), format!("{name}:{told}\n")));
    }
}

#[test]
fn a_hundred_thousand_open_arrays_are_refused_and_nothing_overflows() {
    let (code, told) = syntax("deep", "[".repeat(100_000).as_bytes());
    assert_eq!(
        (code, told.as_str()),
        (Some(1), "deep:1:1025: too many containers inside each other (json.too_deep)\n")
    );
}

#[test]
fn bytes_of_any_kind_end_in_an_answer() {
    // A walk through byte values that is not random, so that a failure can be met again.
    let mut state = 1_u32;
    for round in 0..200 {
        let bytes: Vec<u8> = (0..round * 7)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let seen = state.to_be_bytes()[0];
                if seen < 200 { b"[]{}\",:\\u1e-.tfn 0"[usize::from(seen) % 18] } else { seen }
            })
            .collect();
        let (code, told) = syntax("garbage", &bytes);
        assert!(matches!(code, Some(0 | 1)), "round {round}: {code:?} {told}");
        assert!(told.starts_with("garbage:"));
    }
}

#[test]
fn a_file_that_cannot_be_read_exits_2() {
    for path in ["no-such-file", env!("CARGO_MANIFEST_DIR")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        let output = command.args(["check", "--syntax", path]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.starts_with(&format!("weir: cannot read `{path}`: ")), "{told}");
    }
}

/// A file of the test's own.
fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

const CATALOG: &str = r#"{ "schemas": {
    "a": { "root": { "type": "object", "fields": [
        { "name": "id", "required": true, "is": { "type": "string", "len_max": 3 } },
        { "name": "n", "is": { "type": "integer", "min": 1 } }
    ] } },
    "b": { "root": { "type": "array" } }
} }"#;

#[test]
fn every_violation_is_told_with_its_pointer() {
    let catalog = file("two-schemas.json", CATALOG);
    let lines = [r#"{"id":"x"}"#, r#"{"id":"long","n":0}"#, "", r#"{"n":tru}"#, "[]"].join("\n");
    let arguments = ["--catalog", &catalog, "--schema", "a"];
    let (code, told) = check("events", lines.as_bytes(), &arguments);
    let expected = [
        "events:2:7: \"/id\": `/id` must have at most 3 characters (schema.too_long)",
        "events:2:18: \"/n\": `/n` must be at least 1 (schema.min)",
        "events:4:9: a byte that cannot stand there (json.unexpected_byte)",
        "events:5:1: \"\": the document must be an object, not array (schema.type)",
        "events: 1 valid, 3 invalid",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    assert_eq!(code, Some(1));
}

#[test]
fn a_document_of_many_lines_is_one_event() {
    let catalog = file("two-schemas-too.json", CATALOG);
    let arguments = ["--catalog", &catalog, "--schema", "a"];
    let (code, told) = check("pretty", b"{\n  \"id\": \"x\",\n  \"n\": 1.5\n}\n", &arguments);
    assert_eq!(code, Some(1));
    assert_eq!(
        told,
        "pretty:3:8: \"/n\": `/n` must be a whole number (schema.integer)\n\
         pretty: 0 valid, 1 invalid\n"
    );
    let (code, told) = check("good", b"{\n  \"id\": \"x\"\n}", &arguments);
    assert_eq!((code, told.as_str()), (Some(0), "good: 1 valid, 0 invalid\n"));
    let (code, told) = check("broken", b"{\n  \"id\": x\n}", &arguments);
    assert_eq!(code, Some(1));
    assert!(told.starts_with("broken:2:9: "), "{told}");
}

#[test]
fn which_schema_must_be_clear() {
    let catalog = file("three.json", CATALOG);
    for (arguments, wanted) in [
        (vec![], "name one of the catalog's schemas with --schema: a, b"),
        (vec!["--schema", "c"], "the catalog has no schema `c`; it has: a, b"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        let command = command.args(["check", "--catalog", &catalog, &catalog]).args(arguments);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told, format!("weir: {wanted}\n"));
    }
}

#[test]
fn a_bad_catalog_lists_its_faults_and_exits_2() {
    let catalog = file("bad-schemas.json", &CATALOG.replace("len_max", "len_mx"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let output = command.args(["check", "--catalog", &catalog, &catalog]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    let start = format!("{catalog}: /schemas/a/root/fields/0/is/len_mx: unknown field `len_mx`");
    assert!(told.starts_with(&start), "{told}");
}

#[test]
fn catalogs_of_any_kind_end_in_an_answer() {
    let sample = include_str!("../../../examples/llm.json");
    let words: Vec<&str> = sample.split_inclusive([' ', ',', ':', '{', '}']).collect();
    let mut state = 3_usize;
    let mut below = |bound: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    for round in 0..60 {
        let mut text = words.clone();
        for _ in 0..round / 6 + 1 {
            let (from, to) = (below(text.len()), below(text.len()));
            text[to] = words[from];
        }
        let catalog = file("any-catalog.json", &text.concat());
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        let output = command.args(["check", "--catalog", &catalog, &catalog]).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(matches!(output.status.code(), Some(0..=2)), "round {round}: {told}");
        assert!(!told.contains("panicked"), "round {round}: {told}");
    }
}

#[test]
fn the_example_catalogs_are_sound() {
    let examples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let files = std::fs::read_dir(examples).unwrap().map(|entry| entry.unwrap().path());
    let catalogs: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    assert!(catalogs.len() >= 4, "{catalogs:?}");
    for catalog in catalogs {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        let command = command.arg("check").arg("--catalog").arg(&catalog).arg(&catalog);
        let output = command.args(["--schema", "no-such"]).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.starts_with("weir: the catalog has no schema `no-such`"), "{told}");
    }
}
