//! Is every law of the core tested, was it seen to fail, and are the tests there that the readme names?

use weir_testkit::mutation::Mutation;

use crate::tree::Tree;
use crate::{assert_clean, assert_finds};

#[test]
fn every_law_is_a_test_with_a_mutation() {
    assert_clean(laws);
}

#[test]
fn a_law_without_test_or_mutation_is_found() {
    let room = ("crates/weir-core/src/time.rs", "//! When?\n//!\n//! # Laws\n//!\n//! - `a`: b.\n");
    let test = ("crates/weir-testkit/tests/time.rs", "fn a() {}");
    let patch = ("crates/weir-testkit/mutations/time.a.patch", PATCH);
    assert_finds(laws, &[room, test, patch], &[]);
    assert_finds(laws, &[room, test], &["no patch of `time::a`"]);
    assert_finds(laws, &[room, patch], &["no test `a`"]);
}

#[test]
fn every_mutation_names_its_law_and_a_test() {
    assert_clean(mutations);
}

#[test]
fn a_mutation_of_nothing_is_found() {
    let test = ("crates/weir-testkit/tests/time.rs", "fn a() {}");
    let path = "crates/weir-testkit/mutations/time.a.patch";
    assert_finds(mutations, &[test, (path, PATCH)], &[]);
    assert_finds(mutations, &[(path, PATCH)], &["no test `a`"]);
    assert_finds(mutations, &[test, (path, "diff --git a/b b/b\n")], &["first line"]);
    let renamed = "crates/weir-testkit/mutations/b.patch";
    assert_finds(mutations, &[test, (renamed, PATCH)], &["is to be named time.a.patch"]);
}

#[test]
fn the_readme_names_tests_that_are_there() {
    assert_clean(named);
}

#[test]
fn a_test_that_is_not_there_is_found() {
    let test = ("crates/weir-testkit/tests/time.rs", "fn a() {}");
    assert_finds(named, &[test, (README, "| T1 | `time::a` |")], &[]);
    assert_finds(named, &[test, (README, "`time::a`, `time::b`")], &["no test `b`"]);
    assert_finds(named, &[test, (README, "nothing")], &["names no test"]);
}

/// The tests that the readme names, and that are not there.
fn named(tree: &Tree) -> Vec<String> {
    let text = tree.get(README).map_or("", |file| file.text.as_str());
    let quoted = text.split('`').skip(1).step_by(2);
    let names: Vec<_> = quoted.filter_map(|quoted| quoted.split_once("::")).collect();
    if names.is_empty() {
        return vec![format!("{README} names no test")];
    }
    let missing = names.into_iter().filter(|(room, law)| !is_tested(tree, room, law));
    missing.map(|(room, law)| format!("{README}: no test `{law}` in tests/{room}.rs")).collect()
}

fn laws(tree: &Tree) -> Vec<String> {
    let mutations: Vec<String> = tree
        .select(MUTATIONS, ".patch")
        .filter_map(|file| Mutation::parse(&file.text).ok())
        .map(|mutation| mutation.law)
        .collect();
    let mut findings = Vec::new();
    for file in tree.select(CORE, ".rs") {
        let room = file.path.trim_start_matches(CORE).split(['/', '.']).next().unwrap_or("");
        for law in laws_of(&file.text) {
            if !is_tested(tree, room, law) {
                findings.push(format!("{}: no test `{law}` in tests/{room}.rs", file.path));
            }
            if !mutations.contains(&format!("{room}::{law}")) {
                findings.push(format!("{}: no patch of `{room}::{law}`", file.path));
            }
        }
    }
    findings
}

fn mutations(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for file in tree.select(MUTATIONS, ".patch") {
        let mutation = match Mutation::parse(&file.text) {
            Ok(mutation) => mutation,
            Err(fault) => {
                findings.push(format!("{}: {fault}", file.path));
                continue;
            }
        };
        let (room, law) = mutation.law.split_once("::").unwrap_or(("", &mutation.law));
        // Two patches of one law are told apart by a word before the ending.
        if !file.path.starts_with(&format!("{MUTATIONS}{room}.{law}.")) {
            findings.push(format!("{}: is to be named {room}.{law}.patch", file.path));
        }
        if !is_tested(tree, room, law) {
            findings.push(format!("{}: no test `{law}` in tests/{room}.rs", file.path));
        }
    }
    findings
}

/// The names in the list under `# Laws` of a module's doc.
fn laws_of(text: &str) -> impl Iterator<Item = &str> {
    let doc = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim_start);
    let list = doc.skip_while(|line| *line != "# Laws").skip(1);
    let list = list.take_while(|line| !line.starts_with("# "));
    list.filter_map(|line| line.strip_prefix("- `")?.split('`').next())
}

fn is_tested(tree: &Tree, room: &str, law: &str) -> bool {
    let name = format!("fn {law}(");
    let (file, dir) = (format!("{TESTS}{room}.rs"), format!("{TESTS}{room}/"));
    let in_file = tree.get(&file).is_some_and(|file| file.text.contains(&name));
    in_file || tree.select(&dir, ".rs").any(|file| file.text.contains(&name))
}

const CORE: &str = "crates/weir-core/src/";
const MUTATIONS: &str = "crates/weir-testkit/mutations/";
const README: &str = "crates/weir-testkit/README.md";
const TESTS: &str = "crates/weir-testkit/tests/";
const PATCH: &str =
    "# law: time::a  test: cargo test -p weir-testkit --test time a\ndiff --git a/b b/b\n";
