//! Does every crate depend on what it may, and on nothing else?

use toml::{Table, Value};

use crate::tree::{File, Tree};
use crate::{assert_clean, assert_finds};

#[test]
fn the_core_depends_on_its_list_only() {
    assert_clean(core);
}

#[test]
fn each_fault_of_the_cores_dependencies_is_found() {
    let root = |line: &str| format!("[workspace.dependencies]\n{line}");
    let bare = root("serde = { version = \"1\", default-features = false }");
    let serde = "[dependencies]\nserde.workspace = true";
    assert_finds(core, &[(CORE, serde), (ROOT, &bare)], &[]);
    let full = root("serde = \"1\"");
    assert_finds(core, &[(CORE, serde), (ROOT, &full)], &["default-features"]);
    let rand = "[dependencies]\nrand = \"1\"";
    assert_finds(core, &[(CORE, rand), (ROOT, &bare)], &["`rand`"]);
    let own = "[dependencies]\nserde = { version = \"1\" }";
    assert_finds(core, &[(CORE, own), (ROOT, &bare)], &["workspace = true"]);
    let target = "[target.'cfg(unix)'.dependencies]\nserde.workspace = true";
    assert_finds(core, &[(CORE, target), (ROOT, &bare)], &["`target`"]);
    for line in ["std = []", "arbitrary = [\"dep:arbitrary\", \"serde/std\"]", "default = []"] {
        let feature = format!("[features]\n{line}");
        assert_finds(core, &[(CORE, &feature), (ROOT, &bare)], &["feature `"]);
    }
    let fuzzed = |options: &str| {
        format!(
            "[features]\narbitrary = [\"dep:arbitrary\"]\n\
             [dependencies]\narbitrary = {{ workspace = true{options} }}"
        )
    };
    assert_finds(core, &[(CORE, &fuzzed(", optional = true")), (ROOT, &bare)], &[]);
    assert_finds(core, &[(CORE, &fuzzed("")), (ROOT, &bare)], &["needs `optional = true`"]);
}

#[test]
fn arrows_point_one_way() {
    assert_clean(arrows);
}

#[test]
fn an_arrow_the_other_way_is_found() {
    let manifest = |line: &str| format!("[dependencies]\n{line}.workspace = true");
    for (path, line) in [
        ("crates/weir-pulsora/Cargo.toml", "weir-genvoris"),
        ("crates/weir-genvoris/Cargo.toml", "weir-cli"),
        ("crates/weir/Cargo.toml", "weir-unprice"),
        ("crates/weir-core/Cargo.toml", "weir"),
    ] {
        assert_finds(arrows, &[(path, &manifest(line))], &[&format!("`{line}`")]);
    }
    let cli = ("crates/weir-cli/Cargo.toml", manifest("weir-pulsora"));
    assert_finds(arrows, &[(cli.0, &cli.1)], &[]);
}

#[test]
fn members_take_versions_and_lints_from_the_workspace() {
    assert_clean(inherited);
}

#[test]
fn a_version_of_ones_own_is_found() {
    let own = "[package]\n[dependencies]\nhttp = \"1\"\n[lints]\nworkspace = true";
    assert_finds(inherited, &[("crates/weir/Cargo.toml", own)], &["`http`"]);
    let lax = "[package]\n[dev-dependencies]\nhttp.workspace = true";
    assert_finds(inherited, &[("crates/weir/Cargo.toml", lax)], &["lints"]);
}

fn core(tree: &Tree) -> Vec<String> {
    let (Some(core), Some(root)) = (table(tree, CORE), table(tree, ROOT)) else {
        return vec![format!("{CORE} or {ROOT} cannot be read")];
    };
    let mut findings = Vec::new();
    for door in ["build-dependencies", "target"] {
        if core.contains_key(door) {
            findings.push(format!("{CORE}: `{door}` has no place in the core"));
        }
    }
    for (name, value) in section(&core, "features") {
        // It adds impls of another crate's trait, for fuzzers only, and changes nothing that is.
        let switches = value.as_array().is_some_and(|all| *all == [Value::from("dep:arbitrary")]);
        if name != "arbitrary" || !switches {
            findings.push(format!("{CORE}: feature `{name}` has no place in the core"));
        }
    }
    for (name, value) in section(&core, "dependencies") {
        if name == "arbitrary" {
            if value.get("optional").and_then(Value::as_bool) != Some(true) {
                findings.push(format!("{CORE}: `{name}` needs `optional = true`"));
            }
            continue;
        }
        if !CORE_MAY_USE.contains(&name.as_str()) {
            findings.push(format!("{CORE}: `{name}` is not in the core's list"));
            continue;
        }
        if !is_inherited(value) {
            findings.push(format!("{CORE}: `{name}` needs `workspace = true`"));
        }
        let shared = root["workspace"].get("dependencies").and_then(|deps| deps.get(name));
        let defaults = shared.and_then(|dep| dep.get("default-features")).and_then(Value::as_bool);
        if defaults != Some(false) {
            findings.push(format!("{ROOT}: `{name}` needs `default-features = false`"));
        }
    }
    findings
}

fn arrows(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, manifest) in members(tree) {
        let Some((_, may_use)) = OURS.iter().find(|(name, _)| path.split('/').nth(1) == Some(name))
        else {
            continue; // The command, the tests and the benches stand above all of them.
        };
        for (name, _) in section(&manifest, "dependencies") {
            if name.starts_with("weir") && !may_use.contains(&name.as_str()) {
                findings.push(format!("{path}: may not depend on `{name}`"));
            }
        }
    }
    findings
}

fn inherited(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, manifest) in
        members(tree).filter(|(_, manifest)| !manifest.contains_key("workspace"))
    {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, _) in section(&manifest, kind).filter(|(_, value)| !is_inherited(value)) {
                findings.push(format!("{path}: `{name}` needs `workspace = true`"));
            }
        }
        if !manifest.get("lints").is_some_and(is_inherited) {
            findings.push(format!("{path}: needs `[lints] workspace = true`"));
        }
    }
    findings
}

fn members(tree: &Tree) -> impl Iterator<Item = (&str, Table)> {
    let read = |file: &'_ File| file.text.parse::<Table>().ok();
    let manifests = tree.files.iter().filter(|f| f.path.ends_with("/Cargo.toml"));
    manifests.filter_map(move |file| Some((file.path.as_str(), read(file)?)))
}

fn table(tree: &Tree, path: &str) -> Option<Table> {
    tree.get(path)?.text.parse().ok()
}

fn section<'t>(manifest: &'t Table, name: &str) -> impl Iterator<Item = (&'t String, &'t Value)> {
    manifest.get(name).and_then(Value::as_table).into_iter().flatten()
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

const CORE: &str = "crates/weir-core/Cargo.toml";
const ROOT: &str = "Cargo.toml";
const CORE_MAY_USE: &[&str] =
    &["hashbrown", "rust_decimal", "serde", "sha2", "subtle", "thiserror"];

/// Which of our crates a crate may use. An adapter never knows another.
const OURS: &[(&str, &[&str])] = &[
    ("weir-core", &[]),
    ("weir", &["weir-core"]),
    ("weir-genvoris", &["weir", "weir-core"]),
    ("weir-http", &["weir"]),
    ("weir-pulsora", &["weir", "weir-core"]),
    ("weir-serve", &["weir", "weir-core", "weir-genvoris", "weir-pulsora", "weir-unprice"]),
    ("weir-unprice", &["weir", "weir-core"]),
];
