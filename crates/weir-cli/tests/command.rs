//! The `weir` command itself: its subcommands, its help and its exit codes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Stdio};

fn weir(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_weir")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn help_names_the_exit_codes() {
    let (code, out, _) = weir(&["--help"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("Exit codes:\n  0  done, and the answer is yes\n"), "{out}");
}

#[test]
fn what_is_not_understood_exits_2() {
    for arguments in [&[][..], &["frobnicate"], &["conform"], &["check"], &["generate"]] {
        assert_eq!(weir(arguments).0, Some(2), "{arguments:?}");
    }
}

#[test]
fn vectors_that_cannot_be_read_exit_2() {
    let (code, out, told) = weir(&["conform", "no/such/directory"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(told.starts_with("weir: the vectors in no/such/directory cannot be run"), "{told}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_panic() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(["generate", "--events", "100000", "--seed", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
