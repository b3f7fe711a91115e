//! What is the worst that a body can be? Shapes that a sender could choose to cost the most.
//!
//! Each can be made of any size, so that one can see whether the cost grows with the size alone.

use std::fmt::Write;

use weir_core::json::{Duplicates, Profile};
use weir_core::schema::{Definition, Schema};

use crate::bodies::A;

/// A kind of body: an object with one field, `v`.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What the tables call it.
    pub name: &'static str,
    /// What `v` must be, as a catalog has it.
    rule: fn() -> String,
    duplicates: Duplicates,
    /// A `v` of so many bytes, or a little more.
    value: fn(usize) -> String,
}

impl Kind {
    /// The compiled shape.
    ///
    /// # Panics
    ///
    /// When the shape has a fault: a bench that cannot start says so at once.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a bench that cannot be set up must not run")]
    pub fn compile(&self) -> Schema {
        let field = format!(r#"{{"name": "v", "required": true, "is": {}}}"#, (self.rule)());
        let json = format!(r#"{{"root": {{"type": "object", "fields": [{field}]}}}}"#);
        let definition: Definition = serde_json::from_str(&json).expect("a definition");
        Schema::compile(&definition).expect("no fault")
    }

    /// How strictly it is read.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        Profile { duplicates: self.duplicates, ..Profile::STRICT }
    }

    /// A valid body of `size` bytes or a little more.
    #[must_use]
    pub fn body(&self, size: usize) -> Vec<u8> {
        format!(r#"{{"v":{}}}"#, (self.value)(size)).into_bytes()
    }
}

/// The worst that we could think of.
pub const WORST: [Kind; 23] = [
    refused("every character escaped", text, |size| quoted(size, r"\n")),
    refused("every character as \\u", text, |size| quoted(size, r"\u00e9")),
    refused("surrogate pairs", text, |size| quoted(size, r"\ud83d\ude00")),
    refused("arrays, depth at the bound", any, |size| list(size, |_| nested(["[", "]"]))),
    refused("objects, depth at the bound", any, |size| list(size, |_| nested([r#"{"a":"#, "}"]))),
    refused("declared objects, depth at the bound", declared, |size| {
        list(size, |_| format!("{}7{}", r#"{"v":"#.repeat(DECLARED), "}".repeat(DECLARED)))
    }),
    refused("declared lists, depth at the bound", declared_lists, |size| {
        list(size, |_| format!("{}7{}", "[".repeat(DECLARED), "]".repeat(DECLARED)))
    }),
    refused("declared maps, depth at the bound", declared_maps, |size| {
        list(size, |_| format!("{}7{}", r#"{"v":"#.repeat(DECLARED), "}".repeat(DECLARED)))
    }),
    refused("empty objects, declared", optional, |size| list(size, |_| "{}".into())),
    refused("empty lists, declared", lists, |size| list(size, |_| "[]".into())),
    refused("empty maps, declared", maps, |size| list(size, |_| "{}".into())),
    refused("revenue events with their rules", revenues, |size| {
        list(size, |_| String::from_utf8_lossy(A.bytes).into_owned())
    }),
    refused("numbers of one digit, free", any, |size| list(size, |_| "7".into())),
    refused("numbers of one digit, with rules", numbers, |size| list(size, |_| "7".into())),
    refused("numbers of one digit, one of some", some, |size| list(size, |_| "7".into())),
    refused("numbers of a thousand digits", numbers, |size| list(size, |_| long())),
    refused("tiny members", maps, |size| objects(size, |i| format!("{i}"))),
    refused("tiny members that nobody declares", optional, |size| {
        objects(size, |i| format!("{i}"))
    }),
    refused("keys whose marks collide", maps, |size| objects(size, colliding)),
    refused("24 keys whose marks collide", maps, |size| list(size, |_| members(24, colliding))),
    refused("keys with escapes", maps, |size| objects(size, |i| format!(r"\u006b{i}"))),
    Kind {
        duplicates: Duplicates::LastWins,
        ..refused("one key again and again", maps, |size| objects(size, |_| "k".into()))
    },
    refused("blanks", any, |size| format!("{}0", " ".repeat(size))),
];

const fn refused(name: &'static str, rule: fn() -> String, value: fn(usize) -> String) -> Kind {
    Kind { name, rule, duplicates: Duplicates::Refused, value }
}

fn any() -> String {
    r#"{"type": "any"}"#.into()
}

fn text() -> String {
    r#"{"type": "string", "len_min": 1, "len_max": 1000000}"#.into()
}

fn numbers() -> String {
    r#"{"type": "array", "items": {"type": "number", "above": 0, "precision": "nearest"}}"#.into()
}

fn some() -> String {
    r#"{"type": "array", "items": {"type": "number", "one_of": [1, 3, 7]}}"#.into()
}

fn lists() -> String {
    format!(r#"{{"type": "array", "items": {}}}"#, numbers())
}

fn optional() -> String {
    let field = r#"{"name": "v", "is": {"type": "number"}}"#;
    format!(r#"{{"type": "array", "items": {{"type": "object", "fields": [{field}]}}}}"#)
}

fn maps() -> String {
    r#"{"type": "array", "items": {"type": "map", "keys": {"len_min": 1}, "values": {"type": "number"}}}"#.into()
}

fn declared() -> String {
    inside([r#"{"type": "object", "fields": [{"name": "v", "required": true, "is": "#, "}]}"])
}

fn declared_lists() -> String {
    inside([r#"{"type": "array", "items": "#, "}"])
}

fn declared_maps() -> String {
    inside([r#"{"type": "map", "values": "#, "}"])
}

/// A list of numbers, each as deep in containers of one kind as their rules may be.
fn inside([open, close]: [&str; 2]) -> String {
    let (opens, closes) = (open.repeat(DECLARED), close.repeat(DECLARED));
    format!(r#"{{"type": "array", "items": {opens}{{"type": "number"}}{closes}}}"#)
}

fn revenues() -> String {
    let definition = serde_json::from_str::<Definition>(A.schema);
    let root = definition.and_then(|definition| serde_json::to_string(&definition.root));
    format!(r#"{{"type": "array", "items": {}}}"#, root.unwrap_or_default())
}

fn list(size: usize, item: fn(usize) -> String) -> String {
    let mut list = String::from("[");
    while list.len() < size {
        let separator = if list.len() == 1 { "" } else { "," };
        let _ = write!(list, "{separator}{}", item(size - list.len()));
    }
    list + "]"
}

fn quoted(size: usize, piece: &str) -> String {
    format!("\"{}\"", piece.repeat(size.div_ceil(piece.len())))
}

/// As deep as the default bound lets it be, the list and the body being two.
fn nested([open, close]: [&str; 2]) -> String {
    format!("{}0{}", open.repeat(30), close.repeat(30))
}

fn long() -> String {
    format!("0.{}", "7".repeat(1_000))
}

fn colliding(i: usize) -> String {
    format!("kkkkkkkk{i:04}kkkkkkkk")
}

/// Objects with as many members as are wanted, and as the default bound admits.
fn objects(size: usize, key: fn(usize) -> String) -> String {
    let each = key(100).len() + r#""":0,"#.len();
    let mut list = Vec::new();
    let mut left = size.div_ceil(each);
    while left > 0 {
        let count = left.min(1_024);
        list.push(members(count, key));
        left -= count;
    }
    format!("[{}]", list.join(","))
}

fn members(count: usize, key: fn(usize) -> String) -> String {
    let members: Vec<_> = (0..count).map(|i| format!(r#""{}":7"#, key(i))).collect();
    format!("{{{}}}", members.join(","))
}

/// The deepest that rules may be inside each other, the body, `v` and its items being three.
const DECLARED: usize = 14;
