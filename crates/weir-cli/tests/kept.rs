//! `weir explain` and `weir whatif`: what a kept state and a kept journal are asked.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn weir(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_weir")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A file of the test's own.
fn file(name: &str, text: &str) -> String {
    let path = place(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn place(name: &str) -> String {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name).display().to_string()
}

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    path.display().to_string()
}

/// The state and the journal of one customer that asked for 600 tokens three times, of 1500 an hour.
fn kept(name: &str) -> (String, String) {
    let line = |id: u32| {
        format!(
            r#"{{"id":"req-{id}","at":"2026-01-31T12:00:0{id}Z","customer":"c-1","model":"chat","prompt_tokens":600,"completion_tokens":0}}"#
        )
    };
    let trace = file(&format!("{name}.ndjson"), &[1, 2, 3].map(line).join("\n"));
    let catalog = file(&format!("{name}.json"), &hourly("1500"));
    let (state, journal) = (place(&format!("{name}.state")), place(&format!("{name}.journal")));
    let arguments = ["replay", &trace, "--catalog", &catalog, "--state", &state];
    let (code, _, told) = weir(&[&arguments[..], &["--journal", &journal]].concat());
    assert_eq!(code, Some(0), "{told}");
    (state, journal)
}

/// The example's catalog with one plan, of one limit.
fn hourly(capacity: &str) -> String {
    let text = std::fs::read_to_string(example("llm.json")).unwrap();
    let mut catalog: serde_json::Value = serde_json::from_str(&text).unwrap();
    let plans = serde_json::json!({ "free": { "limits": { "tokens.hourly": {
        "feature": "tokens", "capacity": capacity, "window": { "calendar": { "unit": "hour" } }
    } } } });
    catalog.as_object_mut().unwrap().insert("plans".to_owned(), plans);
    catalog.to_string()
}

#[test]
fn a_state_says_why_a_request_is_denied_and_when_it_passes() {
    let (state, _) = kept("explained");
    let request = r#"{"scopes": ["c-1"], "costs": {"tokens": "301"}}"#;
    let (code, out, told) = weir(&["explain", "--state", &state, request]);
    assert_eq!((code, told.as_str()), (Some(1), ""));
    assert_eq!(
        out,
        "\
denied: limit_exceeded at the stage limits, refused by tokens.hourly of c-1
decided at 2026-01-31T12:00:03.000Z under catalog 1
passed  path, caller, route, time, status

scope  limit          window    used  held  asked    of  left  resets                    says
c-1    tokens.hourly  calendar  1200     0    301  1500   300  2026-01-31T13:00:00.000Z  limit_exceeded

passes at 2026-01-31T13:00:00.000Z
"
    );
    let at_the_line = file("request.json", &request.replace("\"301\"", "300"));
    let (code, out, _) = weir(&["explain", "--state", &state, &at_the_line]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.starts_with("allowed, tightest tokens.hourly of c-1\n"), "{out}");
}

#[test]
fn another_catalog_explains_with_the_counts_of_the_state() {
    let (state, _) = kept("other");
    let lower = file("lower.json", &hourly("1300"));
    let request = r#"{"scopes": ["c-1"], "costs": {"tokens": 300}, "now": "2026-01-31T12:30:00Z"}"#;
    let (code, out, told) = weir(&["explain", "--state", &state, "--catalog", &lower, request]);
    assert_eq!((code, told.as_str()), (Some(1), ""), "{out}");
    let (code, out, _) =
        weir(&["explain", "--state", &state, "--catalog", &lower, "--json", request]);
    let trace: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &trace["retry"]), (Some(1), &"2026-01-31T13:00:00.000Z".into()));
    assert_eq!([&trace["limits"][0]["used"], &trace["limits"][0]["capacity"]], ["1200", "1300"]);
}

#[test]
fn what_cannot_be_explained_is_told() {
    let (state, journal) = kept("untold");
    for (request, message) in [
        ("{\"scopes\": [\"c-2\"]}", "no scope is called `c-2` there"),
        ("{\"scopes\": [\"c-1\", \"c-1\"]}", "no scope is called `c-1` there"),
        ("{\"scopes\": [\"c-1\"], \"costs\": {\"token\": 1}}", "no feature is called `token`"),
        ("{\"scopes\": [\"c-1\"], \"costs\": {\"tokens\": 0.1}}", "as a text or a whole number"),
        ("{\"scopes\": [\"c-1\"], \"cost\": {}}", "`cost` is no field of a request"),
        ("{\"scopes\": [\"c-1\"], \"at\": \"noon\"}", "`at` is no instant"),
        ("{\"costs\": {}}", "`scopes` is wanted"),
        ("{", "cannot read the request"),
    ] {
        let (code, out, told) = weir(&["explain", "--state", &state, request]);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{request}");
        assert!(told.starts_with("weir: cannot read the request: "), "{told}");
        assert!(told.contains(message), "{told}");
    }
    let (code, _, told) = weir(&["explain", "--state", &journal, "{\"scopes\": [\"c-1\"]}"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("is no state"), "{told}");
}

#[test]
fn a_pace_is_followed_on_from_a_state() {
    let (state, _) = kept("ahead");
    let ahead = |quantity: &str, every: &str| {
        let asked = ["forecast", "--state", &state, "--scope", "c-1", "tokens.hourly"];
        weir(&[&asked[..], &["--quantity", quantity, "--every", every]].concat())
    };
    // 300 are left from 12:00:03 on; 1500 an hour from 13:00 on.
    let (code, out, told) = ahead("100", "PT10M");
    assert_eq!((code, told.as_str()), (Some(1), ""));
    assert_eq!(out, "refused at 2026-01-31T12:30:03.000Z: limit_exceeded by tokens.hourly\n");
    let (code, out, _) = ahead("50", "PT10M");
    assert_eq!((code, out.as_str()), (Some(0), "not refused within 400 days\n"));
    let (_, help, _) = weir(&["forecast", "--help"]);
    let day = place("ahead.day.state");
    weir(&["replay", &example("llm-day.ndjson"), "--state", &day]);
    let asked = ["--scope", "c-0006", "tokens.monthly", "--quantity", "10", "--every", "PT1H"];
    let (_, out, _) = weir(&[&["forecast", "--state", &day], &asked[..]].concat());
    assert!(help.contains(&out), "the help shows {out}");
    let (code, _, told) = ahead("0", "PT10M");
    assert_eq!(code, Some(2));
    assert!(told.starts_with("weir: no forecast: "), "{told}");
}

#[test]
fn another_catalog_is_told_apart_by_reason_and_limit() {
    let (_, journal) = kept("asked");
    let lower = file("asked.lower.json", &hourly("600"));
    let (code, out, told) = weir(&["whatif", "--catalog", &lower, &journal]);
    assert_eq!((code, told.as_str()), (Some(1), ""));
    assert_eq!(
        out,
        "\
asked                           3
admitted then                   2
admitted now                    1
charged then                    0
charged now                     0

admitted then, refused now: 1
  limit_exceeded   tokens.hourly                         1

refused then, admitted now: 0
"
    );
    let higher = file("asked.higher.json", &hourly("1800"));
    let (code, out, _) = weir(&["whatif", "--catalog", &higher, &journal]);
    assert_eq!(code, Some(1));
    assert!(
        out.contains("refused then, admitted now: 1\n  limit_exceeded   tokens.hourly "),
        "{out}"
    );
}

#[test]
fn the_same_catalog_answers_a_day_the_same() {
    let journal = place("day.journal");
    let (code, _, told) = weir(&["replay", &example("llm-day.ndjson"), "--journal", &journal]);
    assert_eq!(code, Some(0), "{told}");
    let (code, out, told) = weir(&["whatif", "--catalog", &example("llm.json"), &journal]);
    assert_eq!((code, told.as_str()), (Some(0), ""), "{out}");
    let number = |label: &str| {
        let line = out.lines().find_map(|line| line.strip_prefix(label)).unwrap();
        line.trim().to_owned()
    };
    assert_eq!(number("asked"), "2,000");
    assert_eq!(number("admitted then"), number("admitted now"));
    assert_eq!(number("charged then"), number("charged now"));
    assert_ne!(number("charged then"), "0");
}

#[test]
fn a_journal_that_is_none_is_told_with_its_place() {
    let (state, journal) = kept("cut");
    let bytes = std::fs::read(&journal).unwrap();
    let cut = place("cut.short.journal");
    std::fs::write(&cut, &bytes[..bytes.len() - 1]).unwrap();
    let catalog = file("cut.catalog.json", &hourly("1"));
    for path in [&cut, &state] {
        let (code, out, told) = weir(&["whatif", "--catalog", &catalog, path]);
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert!(told.starts_with(&format!("weir: cannot read the journal `{path}`: ")), "{told}");
        assert!(told.contains("the record at byte "), "{told}");
    }
    let bad = file("cut.bad.json", "{\"plan\": {}}");
    let (code, _, told) = weir(&["whatif", "--catalog", &bad, &journal]);
    assert_eq!(code, Some(2));
    assert!(told.contains("/plan"), "{told}");
}
