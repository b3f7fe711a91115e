//! Does every room of the core use lower floors only?

use crate::tree::{File, Tree};
use crate::{assert_clean, assert_finds};

#[test]
fn rooms_use_lower_floors_only() {
    assert_clean(floors);
}

#[test]
fn each_fault_of_a_floor_is_found() {
    let good = ("crates/weir-core/src/schema.rs", "use crate::json::Token; use crate::amount;");
    assert_finds(floors, &[good], &[]);
    for (path, text) in [
        ("crates/weir-core/src/time.rs", "use crate::window::Window;"),
        ("crates/weir-core/src/time.rs", "use super::window::Window;"),
        ("crates/weir-core/src/time/civil.rs", "use super::super::window;"),
        ("crates/weir-core/src/time.rs", "use crate::{fmt::{x}, window::Window};"),
        ("crates/weir-core/src/time.rs", "fn f() { crate::window::now() }"),
        ("crates/weir-core/src/json.rs", "use crate::window;"),
    ] {
        assert_finds(floors, &[(path, text)], &["may not use `window`"]);
    }
    let attic = ("crates/weir-core/src/attic.rs", "");
    assert_finds(floors, &[attic], &["`attic` has no floor"]);
}

#[test]
fn the_front_page_lists_every_room() {
    assert_clean(front_page);
}

#[test]
fn a_room_missing_from_the_front_page_is_found() {
    let listed = "//! | 0 | [`time`] | when? |\npub mod time;";
    assert_finds(front_page, &[(LIB, listed)], &[]);
    let wrong = "//! | 1 | [`time`] | when? |\npub mod time;\npub mod amount;";
    assert_finds(front_page, &[(LIB, wrong)], &["| 0 | [`time`] |", "| 0 | [`amount`] |"]);
}

#[test]
fn rooms_open_with_their_question() {
    assert_clean(questions);
}

#[test]
fn a_room_without_a_question_is_found() {
    let room = ("crates/weir-core/src/time.rs", "//! Time handling.\n");
    assert_finds(questions, &[room], &["no question"]);
}

fn floors(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for file in tree.select(CORE, ".rs").filter(|file| file.path != LIB) {
        let Some(room) = room_of(&file.path) else { continue };
        let Some(floor) = floor_of(room) else {
            findings.push(format!("{}: room `{room}` has no floor in FLOORS", file.path));
            continue;
        };
        for used in rooms_used(file) {
            let lower = floor_of(&used).is_none_or(|other| other < floor);
            if used != room && !lower && !SAME_FLOOR.contains(&(room, used.as_str())) {
                findings.push(format!("{}: `{room}` may not use `{used}`", file.path));
            }
        }
    }
    findings
}

fn front_page(tree: &Tree) -> Vec<String> {
    let Some(lib) = tree.get(LIB) else { return vec![format!("{LIB}: missing")] };
    let tokens = lib.tokens();
    let rooms = tokens.windows(3).filter(|w| w[0] == "mod" && w[2] == ";").map(|w| &w[1]);
    let mut findings = Vec::new();
    for room in rooms {
        let floor = floor_of(room).map_or("?".into(), |floor| floor.to_string());
        let row = format!("//! | {floor} | [`{room}`] |");
        if !lib.text.lines().any(|line| line.starts_with(&row)) {
            findings.push(format!("{LIB}: no row `{row} ... |` in its table"));
        }
    }
    findings
}

fn questions(tree: &Tree) -> Vec<String> {
    let fronts =
        tree.select(CORE, ".rs").filter(|f| !f.path.trim_start_matches(CORE).contains('/'));
    let rooms = fronts.filter(|file| file.path != LIB);
    let asks = |file: &File| {
        let first = file.text.lines().next().unwrap_or("");
        first.starts_with("//! ") && first.contains('?')
    };
    rooms
        .filter(|file| !asks(file))
        .map(|file| format!("{}: its first line is no question", file.path))
        .collect()
}

/// `time` for `crates/weir-core/src/time.rs` and for all below `crates/weir-core/src/time/`.
fn room_of(path: &str) -> Option<&str> {
    path.strip_prefix(CORE)?.split(['/', '.']).next()
}

fn floor_of(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// Every name that the file reaches from the crate's root: `crate::NAME`, or as many `super`s.
fn rooms_used(file: &File) -> Vec<String> {
    let tokens = file.tokens();
    let depth = file.path.trim_start_matches(CORE).matches('/').count() + 1;
    let mut used = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let supers = || tokens[at..].chunks(2).take_while(|pair| pair[0] == "super").count();
        let path_starts = at == 0 || tokens[at - 1] != "::";
        let after = match token.as_str() {
            "crate" => at + 2,
            "super" if path_starts && supers() == depth => at + 2 * depth,
            _ => continue,
        };
        match tokens.get(after).map(String::as_str) {
            Some("{") => used.extend(group(&tokens[after..])),
            Some(name) if tokens[after - 1] == "::" => used.push(name.to_owned()),
            _ => {}
        }
    }
    used
}

/// The names that stand first in each branch of `{a::b, c, d::{e}}`.
fn group(tokens: &[String]) -> Vec<String> {
    let (mut depth, mut names) = (0, Vec::new());
    for pair in tokens.windows(2) {
        match pair[0].as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && matches!(pair[0].as_str(), "{" | ",") {
            names.push(pair[1].clone());
        }
    }
    names
}

const CORE: &str = "crates/weir-core/src/";
const LIB: &str = "crates/weir-core/src/lib.rs";

/// The table of rooms in the architecture; a new room needs a line here and its argument.
const FLOORS: &[(&str, u8)] = &[
    ("amount", 0),
    ("fault", 0),
    ("hash", 0),
    ("id", 0),
    ("time", 0),
    ("json", 1),
    ("meter", 1),
    ("price", 1),
    ("schema", 1),
    ("token", 1),
    ("window", 1),
    ("dedup", 2),
    ("grant", 2),
    ("limit", 2),
    ("route", 2),
    ("wallet", 2),
    ("catalog", 3),
    ("account", 4),
    ("hold", 4),
    ("decide", 5),
    ("ledger", 6),
    ("arbitrary", 7),
];

/// Who may use whom on one floor; the other way round is then forbidden.
const SAME_FLOOR: &[(&str, &str)] = &[("grant", "limit"), ("schema", "json")];
