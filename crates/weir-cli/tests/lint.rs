//! `weir lint`: what is wrong with catalogs, and where.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::process::Command;

/// Writes catalogs to files of the test's own and lints them: exit code, output, errors.
fn lint(catalogs: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.arg("lint");
    for (name, text) in catalogs {
        std::fs::write(dir.join(name), text).unwrap();
        command.arg(name);
    }
    let output = command.current_dir(dir).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn faults_are_told_as_they_stand_in_the_text() {
    let text = r#"{
  "plans": { "free": { "limits": {
    "calls": { "feature": "cals", "capacity": -1, "window": "lifetime" },
    "calls": { "feature": "cals", "capacity": 1, "window": "lifetime", "grace": "P1Y" }
  } } },
  "features": {
    "calls": { "aggregation": "add" },
    "Tokens": {}
  },
  "wallet": {}
}"#;
    let (code, out, _) = lint(&[("faults.json", text)]);
    let lines: Vec<&str> = out.lines().collect();
    let expected = [
        "faults.json:4:5: /plans/free/limits/calls: this key stands there twice (json.duplicate_key)",
        "faults.json:4:16: /plans/free/limits/calls/feature: no feature is called `cals` (catalog.unknown_feature)",
        "faults.json:4:72: /plans/free/limits/calls/grace: ",
        "faults.json:7:16: /features/calls/aggregation: unknown variant `add`, ",
        "faults.json:8:5: /features/Tokens: ",
        "faults.json:10:3: /wallet: unknown field `wallet`, ",
        "faults.json: 6 faults",
    ];
    assert_eq!(lines.len(), expected.len(), "{out}");
    for (line, start) in lines.iter().zip(expected) {
        assert!(line.starts_with(start), "{line}\nis not\n{start}");
    }
    assert_eq!(code, Some(1));
}

#[test]
fn every_catalog_is_looked_at() {
    let (code, out, _) = lint(&[("bad.json", r#"{"plan": {}}"#), ("good.json", "{}")]);
    assert!(out.starts_with("bad.json:1:2: /plan: unknown field `plan`"), "{out}");
    assert!(out.ends_with("bad.json: 1 fault\ngood.json: no faults\n"), "{out}");
    assert_eq!(code, Some(1));
    let (code, out, _) = lint(&[("good.json", "{}"), ("too.json", r#"{"wallets": {"w": {}}}"#)]);
    assert_eq!((code, out.as_str()), (Some(0), "good.json: no faults\ntoo.json: no faults\n"));
}

#[test]
fn what_is_no_json_is_told_with_line_and_column() {
    for (text, told) in [
        ("{\n  \"plans\": {},\n}", "3:1: a byte that cannot stand there (json.unexpected_byte)"),
        ("{ \"plans\": ", "1:12: the text ends too early (json.unexpected_end)"),
        ("", "1:1: the text ends too early (json.unexpected_end)"),
    ] {
        let (code, out, _) = lint(&[("broken.json", text)]);
        assert_eq!((code, out), (Some(1), format!("broken.json:{told}\nbroken.json: 1 fault\n")));
    }
    let (code, out, _) = lint(&[("list.json", " []")]);
    let told = "list.json:1:2: a catalog is an object (catalog.shape)\nlist.json: 1 fault\n";
    assert_eq!((code, out.as_str()), (Some(1), told));
}

#[test]
fn a_catalog_that_cannot_be_read_exits_2() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let output = command.args(["lint", "no-such-file"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with("weir: cannot read `no-such-file`: "), "{told}");
}
