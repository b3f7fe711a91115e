//! Does any file hold a word that it must not?

use crate::tree::{File, Tree};
use crate::{assert_clean, assert_finds};

#[test]
fn nothing_is_left_open() {
    assert_clean(left_open);
}

#[test]
fn what_is_left_open_is_found() {
    for word in LEFT_OPEN.map(|parts| parts.concat()) {
        assert_finds(left_open, &[("a.md", &format!("x {word} y"))], &["a.md:1"]);
    }
    for line in ["dbg!(x)", "todo!()", "unimplemented!()"] {
        assert_finds(left_open, &[("a.rs", &format!("fn f() {{\n{line}\n}}"))], &["a.rs"]);
    }
    assert_finds(left_open, &[("a.rs", "fn f() {\n    // let x = 1;\n}\n")], &["a.rs:2"]);
    assert_finds(left_open, &[("a.rs", "// A let is bound once; see below.\n")], &[]);
}

#[test]
fn no_file_names_a_machine_or_a_registry() {
    assert_clean(places);
}

#[test]
fn a_path_of_a_machine_is_found() {
    for place in PLACES.map(|parts| parts.concat()) {
        assert_finds(places, &[("a.md", &format!("x\nsee {place}x"))], &["a.md:2"]);
    }
    assert_finds(places, &[("a.md", "the network/cache is at work/home")], &[]);
}

#[test]
fn exceptions_to_a_lint_have_a_reason() {
    assert_clean(reasons);
}

#[test]
fn an_exception_without_a_reason_is_found() {
    let bare = [("a.rs", "#[allow(dead_code)]\nfn f() {}"), ("b.rs", "#![expect(dead_code)]")];
    assert_finds(reasons, &bare, &["a.rs", "b.rs"]);
    assert_finds(reasons, &[("a.rs", "#[expect(dead_code, reason = \"why\")]")], &[]);
    assert_finds(reasons, &[("a.rs", "let x = text.expect(\"is there\");")], &[]);
}

#[test]
fn the_core_has_neither_floats_nor_macros_nor_std() {
    assert_clean(core);
}

#[test]
fn a_float_in_the_core_is_found() {
    let path = "crates/weir-core/src/time.rs";
    for code in ["fn f(x: f64) {}", "macro_rules! m { () => {} }", "use std::fmt;", "unsafe {}"] {
        assert_finds(core, &[(path, code)], &[path]);
    }
    assert_finds(core, &[(path, "//! use std::fmt, f64\nfn f() {}")], &[]);
}

#[test]
fn adapters_keep_nothing() {
    assert_clean(adapters);
}

#[test]
fn an_adapter_that_keeps_something_is_found() {
    for code in ["use std::sync::Mutex;", "a: HashMap<A, B>", "AtomicU64::new(0)"] {
        assert_finds(adapters, &[("crates/weir-pulsora/src/lib.rs", code)], &["weir-pulsora"]);
    }
    assert_finds(adapters, &[("crates/weir/src/lib.rs", "use std::sync::Mutex;")], &[]);
}

#[test]
fn tests_are_named_by_sentences() {
    assert_clean(names);
}

#[test]
fn a_test_with_a_prefix_is_found() {
    let prefixed = format!("fn {}_a() {{}}", "test");
    assert_finds(names, &[("crates/a/tests/b.rs", &prefixed)], &["crates/a/tests/b.rs"]);
}

fn left_open(tree: &Tree) -> Vec<String> {
    let words = LEFT_OPEN.map(|parts| parts.concat());
    let mut findings = lines_with(tree, |line| {
        let mut found = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        found.any(|word| words.iter().any(|open| open == word))
    });
    for file in tree.select("", ".rs") {
        let tokens = file.tokens();
        let macros = tokens.windows(2).filter(|w| w[1] == "!").map(|w| w[0].as_str());
        if let Some(name) = macros.clone().find(|name| MACROS.contains(name)) {
            findings.push(format!("{}: holds {name}!", file.path));
        }
        let dead = |line: &&str| is_dead_code(line.trim_start());
        for (at, _) in file.text.lines().enumerate().filter(|(_, line)| dead(line)) {
            findings.push(format!("{}:{}: code in a comment", file.path, at + 1));
        }
    }
    findings
}

/// Whether a comment looks like a statement that was switched off.
fn is_dead_code(line: &str) -> bool {
    let Some(comment) = line.strip_prefix("// ") else { return false };
    let opens = ["let ", "use ", "fn ", "pub ", "if ", "for ", "return ", "assert", "}"];
    opens.iter().any(|word| comment.starts_with(word)) && comment.ends_with([';', '{', '}'])
}

fn places(tree: &Tree) -> Vec<String> {
    let places = PLACES.map(|parts| parts.concat());
    lines_with(tree, |line| places.iter().any(|place| line.contains(place.as_str())))
}

fn reasons(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for file in tree.select("", ".rs") {
        let tokens = file.tokens();
        for at in 2..tokens.len() {
            let opens = matches!(tokens[at].as_str(), "allow" | "expect")
                && (tokens[at - 1] == "[" || tokens[at - 1] == ",")
                && tokens.get(at + 1).is_some_and(|token| token == "(");
            let mut inside = tokens[at..].iter().take_while(|token| *token != "]");
            let is_attribute =
                tokens[..at].iter().rev().take_while(|t| *t != "]").any(|t| t == "#");
            if opens && is_attribute && !inside.any(|token| token == "reason") {
                findings.push(format!("{}: `{}(..)` without a reason", file.path, tokens[at]));
            }
        }
    }
    findings
}

fn core(tree: &Tree) -> Vec<String> {
    holding(tree.select("crates/weir-core/src/", ".rs"), |token| NOT_IN_CORE.contains(&token))
}

fn adapters(tree: &Tree) -> Vec<String> {
    let sources = ADAPTERS.iter().flat_map(|adapter| tree.select(adapter, ".rs"));
    holding(sources, |token| KEEPERS.contains(&token) || token.starts_with("Atomic"))
}

fn names(tree: &Tree) -> Vec<String> {
    let prefixed = |file: &&File| {
        let tokens = file.tokens();
        tokens.windows(2).any(|w| w[0] == "fn" && w[1].starts_with("test_"))
    };
    tree.select("", ".rs")
        .filter(prefixed)
        .map(|file| format!("{}: a test is named by what it says", file.path))
        .collect()
}

/// A finding for each file that has a token of a kind.
fn holding<'t>(files: impl Iterator<Item = &'t File>, bad: fn(&str) -> bool) -> Vec<String> {
    let finding = |file: &File| {
        let tokens = file.tokens();
        let token = tokens.iter().find(|token| bad(token))?;
        Some(format!("{}: `{token}` has no place here", file.path))
    };
    files.filter_map(finding).collect()
}

/// A finding for each line of a kind, in all files but the lock and the data.
fn lines_with(tree: &Tree, bad: impl Fn(&str) -> bool) -> Vec<String> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| !file.path.ends_with("Cargo.lock")) {
        for (at, line) in file.text.lines().enumerate().filter(|(_, line)| bad(line)) {
            let start: String = line.trim().chars().take(60).collect();
            findings.push(format!("{}:{}: {start}", file.path, at + 1));
        }
    }
    findings
}

// Written in two parts each, so that this file does not hold what it looks for.
const LEFT_OPEN: [[&str; 2]; 4] = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["HA", "CK"]];
const PLACES: [[&str; 2]; 10] = [
    ["/wo", "rk/"],
    ["/fa", "rm/"],
    ["/tm", "p/"],
    ["/ho", "me/"],
    [".lib", "rary/"],
    ["crates", ".io"],
    ["pypi", ".org"],
    ["pythonhosted", ".org"],
    ["registry.npm", "js"],
    ["proxy.go", "lang"],
];
const MACROS: &[&str] = &["dbg", "todo", "unimplemented"];
const NOT_IN_CORE: &[&str] = &["f32", "f64", "macro_rules", "std", "unsafe"];
const ADAPTERS: &[&str] =
    &["crates/weir-genvoris/src/", "crates/weir-pulsora/src/", "crates/weir-unprice/src/"];
const KEEPERS: &[&str] = &[
    "BTreeMap",
    "BTreeSet",
    "Cell",
    "HashMap",
    "HashSet",
    "HashTable",
    "Mutex",
    "OnceLock",
    "RefCell",
    "RwLock",
    "thread_local",
];
