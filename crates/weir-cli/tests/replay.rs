//! `weir replay`: what a trace comes to, and what a bad one or a bad catalog is told.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// What the command answered.
struct Answer {
    code: Option<i32>,
    out: String,
    told: String,
}

impl Answer {
    /// The cells of the table's row for a plan.
    fn row(&self, plan: &str) -> Vec<&str> {
        let mut rows = self.out.lines().map(|line| line.split(['│', '┆']).map(str::trim));
        rows.find_map(|row| row.clone().nth(1).filter(|first| *first == plan).map(|_| row))
            .unwrap()
            .skip(2)
            .filter(|cell| !cell.is_empty())
            .collect()
    }

    /// What is on the line that starts with `label`.
    fn line(&self, label: &str) -> &str {
        self.out.lines().find_map(|line| line.strip_prefix(label)).unwrap().trim()
    }
}

fn replay(arguments: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let output = command.arg("replay").args(arguments).output().unwrap();
    Answer {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        told: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A file of the test's own.
fn file(name: &str, text: impl AsRef<[u8]>) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    path.display().to_string()
}

fn request(id: u32, at: &str, tokens: u32) -> String {
    format!(
        r#"{{"id":"req-{id}","at":"{at}","customer":"c-1","model":"chat","prompt_tokens":{tokens},"completion_tokens":0}}"#
    )
}

#[test]
fn the_sample_shows_admissions_and_each_kind_of_denial() {
    let answer = replay(&[&example("llm-day.ndjson")]);
    assert_eq!((answer.code, answer.told.as_str()), (Some(0), ""));
    let header = answer.out.lines().find(|line| line.contains("plan ")).unwrap();
    for column in ["admitted", "limit_exceeded", "out_of_credit", "rate_limited", "charged USD"] {
        assert!(header.contains(column), "{header}");
    }
    let all: Vec<u64> =
        answer.row("all").iter().take(5).map(|n| n.replace(',', "").parse().unwrap()).collect();
    assert_eq!(all[0], 50, "customers");
    assert_eq!(all[1..].iter().sum::<u64>(), 2_000, "every request is admitted or denied");
    assert!(all[1..].iter().all(|count| *count > 0), "{all:?}");
    assert_eq!(answer.line("malformed lines:"), "0");
    assert!(answer.line("decisions/s:").parse::<u64>().unwrap() > 0);
    assert_eq!(answer.line("snapshot live:"), answer.line("snapshot replayed:"));
    assert!(answer.out.ends_with("the same state\n"));
    assert!(!answer.out.contains('\u{1b}'), "no colour where there is no terminal");
}

#[test]
fn the_same_run_twice_ends_in_the_same_state() {
    let sample = example("llm-day.ndjson");
    let [one, two, other] = ["1", "1", "2"].map(|seed| replay(&[&sample, "--seed", seed]));
    assert_eq!(one.line("snapshot live:"), two.line("snapshot live:"));
    assert_ne!(one.line("snapshot live:"), other.line("snapshot live:"));
}

#[test]
fn a_malformed_line_is_told_with_its_place_and_the_run_goes_on() {
    let good = request(1, "2026-01-01T00:00:00Z", 10);
    let trace = [
        good.clone(),
        "{\"id\":\"x\",".into(),
        good.replace("\"chat\"", "\"\u{7f}\",\"model\":\"chat\""),
        good.replace("10", "-1"),
        good.replace("2026-01-01T", "2026-02-30T").replace("\"c-1\"", "7"),
        String::new(),
        "\u{0}\u{1}".into(),
        good.replace("c-1", "c 1"),
        request(2, "2026-01-01T00:00:01Z", 10),
    ];
    let path = file("malformed.ndjson", trace.join("\n"));
    let answer = replay(&[&path]);
    assert_eq!(answer.code, Some(0));
    let told: Vec<String> = answer.told.lines().map(|line| line.replace(&path, "f")).collect();
    let starts = ["f:2:", "f:3:", "f:4:", "f:5:", "f:7:1:", "f:8:"];
    assert_eq!(told.len(), starts.len(), "{told:#?}");
    assert!(told.iter().zip(starts).all(|(told, start)| told.starts_with(start)), "{told:#?}");
    assert!(told[0].contains("f:2:11: ") && told[0].contains("(json.unexpected_end)"), "{told:#?}");
    assert!(told[1].contains("(json.duplicate_key)"), "{told:#?}");
    assert!(told[3].contains("/at") && told[3].contains("/customer"), "all of a line: {told:#?}");
    assert_eq!(answer.line("malformed lines:"), "6");
    assert_eq!(answer.row("all")[1], "2");
}

#[test]
fn lines_out_of_order_are_told() {
    let text = ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2026-01-01T00:00:01Z"]
        .map(|at| request(1, at, 1))
        .join("\n");
    let answer = replay(&[&file("order.ndjson", text)]);
    assert_eq!(answer.code, Some(0), "{}", answer.told);
    assert!(answer.line("out of order:").starts_with("1, "), "{}", answer.out);
    assert!(answer.out.contains("period_closed"), "{}", answer.out);
    let sample = replay(&[&example("llm-day.ndjson")]);
    assert!(!sample.out.contains("out of order"), "{}", sample.out);
}

#[test]
fn strict_stops_at_the_first_malformed_line() {
    let good = request(1, "2026-01-01T00:00:00Z", 10);
    let path = file("strict.ndjson", [good.as_str(), "nil", "nil", &good].join("\n"));
    let answer = replay(&[&path, "--strict"]);
    assert_eq!(answer.code, Some(2));
    assert_eq!(answer.told.lines().count(), 1);
    assert!(answer.told.starts_with(&format!("{path}:2:2: ")), "{}", answer.told);
}

#[test]
fn the_csv_of_the_azure_trace_is_read_and_its_rows_given_to_customers() {
    let rows = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n\
        2023-11-16 18:15:46.6805900,374,44\r\n\
        2023-11-16 18:15:50.9951690,\"396\",109\r\n\
        2023-11-16 18:15:51,879\r\n\
        2023-11-16 25:15:51,879,55\r\n\
        2023-11-16 18:15:51,many,55\r\n\
        2023-11-16 18:15:51.3910170,91,16";
    let path = file("azure.csv", rows);
    let answer = replay(&[&path, "--customers", "1"]);
    assert_eq!(answer.code, Some(0), "{}", answer.told);
    assert!(answer.out.contains("customers 1, each request given to one by a Zipf law (seed 1)"));
    let told: Vec<String> = answer.told.lines().map(|line| line.replace(&path, "f")).collect();
    assert_eq!(
        told,
        [
            "f:4:1: 2 fields, where the header has 3 (trace.fields)",
            "f:5:1: not an instant `YYYY-MM-DD hh:mm:ss.fraction` (trace.field)",
            "f:6:21: not a whole number below 2^32 (trace.field)",
        ]
    );
    assert_eq!(answer.row("all"), ["1", "3", "1,030", answer.row("all").last().unwrap()]);
}

#[test]
fn a_time_scale_spreads_the_trace_over_more_windows() {
    let minute = ["00:00", "00:20", "00:40"];
    let lines = minute.map(|at| request(1, &format!("2026-01-01T00:{at}Z"), 3_000));
    let path = file("scale.ndjson", lines.join("\n"));
    let free = file("free.json", std::fs::read_to_string(example("llm.json")).unwrap());
    let admitted = |scale| replay(&[&path, "--catalog", &free, "--time-scale", scale]);
    let (close, apart) = (admitted("1"), admitted("3"));
    assert_eq!((close.code, apart.code), (Some(0), Some(0)));
    let count = |answer: &Answer| answer.row("all")[1].parse::<u32>().unwrap();
    assert!(count(&close) < count(&apart), "a minute's rate does not hold back three minutes");
    assert_eq!(count(&apart), 3);
}

#[test]
fn a_bad_catalog_lists_all_its_faults_and_exits_2() {
    let text = std::fs::read_to_string(example("llm.json")).unwrap();
    let bad = text
        .replacen("\"feature\": \"tokens\"", "\"feature\": \"token\"", 1)
        .replacen("\"capacity\": 50000", "\"capacity\": -1", 1)
        .replacen("\"month\"", "\"fortnight\"", 2)
        .replacen("\"prepaid\": {", "\"Prepaid\": {", 1);
    let path = file("bad.json", bad);
    let answer = replay(&[&example("llm-day.ndjson"), "--catalog", &path]);
    assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""));
    for pointer in [
        "/wallets/Prepaid",
        "/plans/free/limits/tokens.minute/feature",
        "/plans/free/limits/tokens.monthly/window/calendar/unit",
        "/plans/pro/limits/tokens.monthly/window/calendar/unit",
        "/plans/scale/limits/tokens.monthly/charge/wallet",
    ] {
        assert!(
            answer.told.contains(&format!("{path}: {pointer}: ")),
            "{pointer}: {}",
            answer.told
        );
    }
}

#[test]
fn files_of_any_kind_end_in_an_answer() {
    let state = std::cell::Cell::new(7_u32);
    let next = || {
        state.set(state.get().wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        state.get() >> 24
    };
    let line = request(1, "2026-01-01T00:00:00Z", 10).into_bytes();
    for round in 0..60 {
        let csv = b"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.68,374,44\n";
        let mut bytes = if round % 2 == 0 { line.repeat(3) } else { csv.repeat(2) };
        for _ in 0..=round {
            let at = (next() << 8 | next()) as usize % bytes.len();
            bytes[at] = u8::try_from(next()).unwrap();
        }
        let path = file("garbage", &bytes);
        let answer = replay(&[&path]);
        assert!(matches!(answer.code, Some(0 | 2)), "round {round}: {}", answer.told);
        assert!(!answer.told.contains("panicked"), "{}", answer.told);
    }
    for bytes in [&b""[..], b"\n\n", b"\xff\xfe", &[b'x'; 200_000], &[b','; 200_000]] {
        assert_eq!(replay(&[&file("garbage", bytes)]).code, Some(0));
    }
}
