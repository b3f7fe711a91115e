//! `weir generate`: the same trace for a seed, for good.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

fn generate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_weir")).arg("generate").args(arguments).output().unwrap()
}

#[test]
fn the_sample_is_what_its_command_makes() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/llm-day.ndjson");
    let sample = std::fs::read(sample).unwrap();
    let made = generate(&["--events", "2000", "--seed", "1"]);
    assert!(made.status.success());
    assert!(made.stdout == sample, "examples/README.md names the command that makes the sample");
    assert!(sample.len() < 300_000);
}

#[test]
fn times_never_go_back_and_stay_within_the_day() {
    let made = generate(&["--events", "5000", "--seed", "9", "--customers", "7"]);
    let text = String::from_utf8(made.stdout).unwrap();
    let instants: Vec<&str> = text.lines().map(|line| line.split('"').nth(7).unwrap()).collect();
    assert_eq!(instants.len(), 5_000);
    assert!(instants.is_sorted());
    assert!(instants.iter().all(|at| at.starts_with("2026-01-01T") && at.len() == 24));
}

#[test]
fn another_seed_makes_another_trace() {
    let one = generate(&["--events", "10", "--seed", "1"]);
    let two = generate(&["--events", "10", "--seed", "2"]);
    assert_eq!(one.stdout.split(|byte| *byte == b'\n').count(), 11);
    assert_ne!(one.stdout, two.stdout);
}

#[test]
fn no_events_is_an_empty_trace() {
    let made = generate(&["--events", "0", "--seed", "1"]);
    assert!(made.status.success());
    assert!(made.stdout.is_empty());
}

#[test]
fn an_output_that_cannot_be_made_is_told_and_exits_2() {
    let made = generate(&["--events", "1", "--seed", "1", "-o", "no/such/directory/trace"]);
    assert_eq!(made.status.code(), Some(2));
    let told = String::from_utf8(made.stderr).unwrap();
    assert!(told.starts_with("weir: cannot create `no/such/directory/trace`: "), "{told}");
}

#[test]
fn a_wrong_argument_exits_2() {
    for wrong in [["--events", "-1"], ["--events", "x"], ["--customers", "0"], ["--seed", "1.5"]] {
        assert_eq!(generate(&wrong).status.code(), Some(2), "{wrong:?}");
    }
}
