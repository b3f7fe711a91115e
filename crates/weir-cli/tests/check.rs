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
