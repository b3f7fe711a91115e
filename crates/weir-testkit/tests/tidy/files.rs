//! Is every file small, and used?

use std::collections::BTreeSet;

use crate::tree::{File, Tree};
use crate::{assert_clean, assert_finds};

#[test]
fn files_and_structs_are_small() {
    assert_clean(sizes);
}

#[test]
fn a_large_file_or_struct_is_found() {
    let lines = |count: usize| "// a line\n".repeat(count);
    let tested = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(500), lines(100));
    assert_finds(sizes, &[("crates/a/src/b.rs", &tested)], &[]);
    assert_finds(sizes, &[("crates/a/src/b.rs", &lines(501))], &["501 lines, at most 500"]);
    assert_finds(sizes, &[("crates/a/src/lib.rs", &lines(201))], &["201 lines, at most 200"]);
    let fields = |count: usize| format!("struct S<T> {{ {} }}", "pub a: b::C<T>, ".repeat(count));
    assert_finds(sizes, &[("crates/a/src/b.rs", &fields(8))], &[]);
    assert_finds(sizes, &[("crates/a/src/b.rs", &fields(9))], &["`S` has 9 fields"]);
}

#[test]
fn no_file_is_dead() {
    assert_clean(dead);
}

#[test]
fn a_dead_file_is_found() {
    let package = ("crates/a/Cargo.toml", "");
    let root = ("crates/a/src/lib.rs", "mod b;");
    let (b, c) = ("crates/a/src/b.rs", "crates/a/src/b/c.rs");
    assert_finds(dead, &[package, root, (b, "mod c;"), (c, "")], &[]);
    assert_finds(dead, &[package, root, (b, "// mod c;"), (c, "")], &["b/c.rs"]);
    assert_finds(dead, &[package, root, (b, ""), ("stray.rs", "")], &["stray.rs"]);
    let tests = [("crates/a/tests/t/main.rs", "mod u;"), ("crates/a/tests/t/u.rs", "")];
    assert_finds(dead, &[package, tests[0], tests[1]], &[]);
    let bench = ("crates/a/Cargo.toml", "[[bench]]\npath = \"b.rs\"");
    assert_finds(dead, &[bench, ("crates/a/b.rs", "")], &[]);
    assert_finds(dead, &[package, ("crates/a/b.rs", "")], &["crates/a/b.rs"]);
}

#[test]
fn every_vector_file_is_listed_with_its_count() {
    assert_clean(vectors);
}

#[test]
fn a_vector_file_that_nobody_lists_is_found() {
    let data = ("crates/weir-testkit/vectors/a.json", "{\n \"count\": 12,\n");
    let readme = "crates/weir-testkit/vectors/README.md";
    assert_finds(vectors, &[data, (readme, "| `a.json` | 12 |")], &[]);
    assert_finds(vectors, &[data, (readme, "| `a.json` | 11 |")], &["`a.json` | 12"]);
}

#[test]
fn every_fuzz_target_has_seeds_and_a_dictionary() {
    assert_clean(fuzz);
}

#[test]
fn a_fuzz_target_without_seeds_is_found() {
    let (canary, target) = (("fuzz/fuzz_targets/canary.rs", ""), ("fuzz/fuzz_targets/a.rs", ""));
    let manifest = ("fuzz/Cargo.toml", "name = \"a\" name = \"canary\"");
    let (seed, dict) = (("fuzz/seeds/a/one", ""), ("fuzz/dict/a.dict", ""));
    assert_finds(fuzz, &[canary, target, manifest, seed, dict], &[]);
    assert_finds(fuzz, &[canary, target, manifest, dict], &["fuzz/seeds/a/"]);
    assert_finds(fuzz, &[target, manifest, seed, dict], &["canary"]);
    let bare = ("fuzz/Cargo.toml", "name = \"canary\"");
    assert_finds(fuzz, &[canary, target, bare, seed], &["[[bin]]", "fuzz/dict/a.dict"]);
}

#[test]
fn what_fuzzing_keeps_is_small() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let listed = std::process::Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "fuzz/corpus"])
        .arg("fuzz/seeds")
        .current_dir(&root)
        .output()
        .expect("git lists the files");
    let names = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    let size = |name| std::fs::metadata(root.join(name)).map_or(0, |file| file.len());
    let kept: u64 = names.split_terminator('\0').map(size).sum();
    assert!((1..2_000_000).contains(&kept), "{kept} bytes of corpora and seeds");
}

fn sizes(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for file in tree.select("", ".rs").filter(|file| !file.path.contains("/tests/")) {
        let lines = lines_without_tests(&file.text);
        let most = if file.path.ends_with("/lib.rs") { 200 } else { 500 };
        if lines > most {
            findings.push(format!("{}: {lines} lines, at most {most}", file.path));
        }
        for (name, fields) in structs(file).into_iter().filter(|(_, fields)| *fields > 8) {
            findings.push(format!("{}: `{name}` has {fields} fields, at most 8", file.path));
        }
    }
    findings
}

fn lines_without_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines.windows(2).rposition(|w| w[0] == "#[cfg(test)]" && w[1].starts_with("mod "));
    tests.unwrap_or(lines.len())
}

/// Every struct with named fields, and how many it has.
fn structs(file: &File) -> Vec<(String, usize)> {
    let tokens = file.tokens();
    let starts = (0..tokens.len()).filter(|at| tokens[*at] == "struct");
    starts.filter_map(|at| Some((tokens.get(at + 1)?.clone(), fields(&tokens[at..])?))).collect()
}

fn fields(tokens: &[String]) -> Option<usize> {
    let open = tokens.iter().position(|token| matches!(token.as_str(), "{" | ";" | "("))?;
    let (mut depth, mut fields) = (0, 0);
    for token in &tokens[open..] {
        match token.as_str() {
            ";" | "(" if depth == 0 => return None,
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            ":" if depth == 1 => fields += 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    Some(fields)
}

/// Rust files that no `mod` line leads to from a root that cargo knows.
fn dead(tree: &Tree) -> Vec<String> {
    let mut alive = BTreeSet::new();
    let mut open: Vec<&File> = tree.select("", ".rs").filter(|f| is_root(tree, &f.path)).collect();
    while let Some(file) = open.pop() {
        if alive.insert(&file.path) {
            open.extend(children(tree, file));
        }
    }
    let dead = tree.select("", ".rs").filter(|file| !alive.contains(&file.path));
    dead.map(|file| format!("{}: no `mod` line leads here", file.path)).collect()
}

fn is_root(tree: &Tree, path: &str) -> bool {
    let packages = tree.select("", "/Cargo.toml");
    let packages = packages.filter_map(|f| Some((f.path.strip_suffix("Cargo.toml")?, &f.text)));
    let package =
        packages.filter(|(dir, _)| path.starts_with(dir)).max_by_key(|(dir, _)| dir.len());
    let Some((dir, manifest)) = package else { return false };
    let Some(inside) = path.strip_prefix(dir) else { return false };
    if manifest.contains(&format!("path = \"{inside}\"")) {
        return true;
    }
    matches!(
        inside.split('/').collect::<Vec<_>>()[..],
        ["build.rs"]
            | ["src", "lib.rs" | "main.rs"]
            | ["src", "bin", _]
            | ["benches" | "examples" | "fuzz_targets" | "tests", _]
            | ["benches" | "examples" | "tests", _, "main.rs"]
    )
}

fn children<'t>(tree: &'t Tree, file: &File) -> Vec<&'t File> {
    let (dir, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let stem = name.trim_end_matches(".rs");
    let own = is_root(tree, &file.path) || stem == "mod";
    let dir = if own { dir.to_owned() } else { format!("{dir}/{stem}") };
    let tokens = file.tokens();
    let names = tokens.windows(3).filter(|w| w[0] == "mod" && w[2] == ";").map(|w| &w[1]);
    let places = |name| [format!("{dir}/{name}.rs"), format!("{dir}/{name}/mod.rs")];
    names.flat_map(places).filter_map(|path| tree.get(&path)).collect()
}

fn vectors(tree: &Tree) -> Vec<String> {
    let dir = "crates/weir-testkit/vectors/";
    let readme = tree.get(&format!("{dir}README.md")).map_or("", |file| file.text.as_str());
    let mut findings = Vec::new();
    for file in tree.select(dir, ".json") {
        let after = file.text.split_once("\"count\": ").map_or("", |(_, after)| after);
        let count: String = after.chars().take_while(char::is_ascii_digit).collect();
        let row = format!("| `{}` | {count} |", file.path.trim_start_matches(dir));
        if !readme.contains(&row) {
            findings.push(format!("{dir}README.md: no row `{row}`"));
        }
    }
    findings
}

fn fuzz(tree: &Tree) -> Vec<String> {
    let manifest = tree.get("fuzz/Cargo.toml").map_or("", |file| file.text.as_str());
    let mut findings = Vec::new();
    if tree.get("fuzz/fuzz_targets/canary.rs").is_none() {
        findings.push("fuzz/fuzz_targets/canary.rs: no target that must fail".to_owned());
    }
    for file in tree.select("fuzz/fuzz_targets/", ".rs") {
        let name = file.path.trim_start_matches("fuzz/fuzz_targets/").trim_end_matches(".rs");
        if !manifest.contains(&format!("name = \"{name}\"")) {
            findings.push(format!("{}: no [[bin]] in fuzz/Cargo.toml", file.path));
        }
        if name == "canary" {
            continue; // It is found by feedback alone, or not at all.
        }
        let (seeds, dict) = (format!("fuzz/seeds/{name}/"), format!("fuzz/dict/{name}.dict"));
        if tree.select(&seeds, "").next().is_none() {
            findings.push(format!("{}: no seeds in {seeds}", file.path));
        }
        if tree.get(&dict).is_none() {
            findings.push(format!("{}: no {dict}", file.path));
        }
    }
    findings
}
