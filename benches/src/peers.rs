//! Who validates? weir and its peers, each a function from a body to whether it is valid.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use sonic_rs::LazyValue;
use weir_core::json::Profile;
use weir_core::schema::{Schema, Scratch};

use crate::bodies::{self, Body};
use crate::typed::{Holds, Ingest, Revenue};

/// What the validators of one body keep between two calls.
pub struct Rig {
    schema: Schema,
    scratch: Scratch,
    json_schema: jsonschema::Validator,
    copy: Vec<u8>,
    buffers: simd_json::Buffers,
}

impl Rig {
    /// What they need for `body`, compiled.
    ///
    /// # Panics
    ///
    /// When a shape has a fault: a bench that cannot start says so at once.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a bench that cannot be set up must not run")]
    pub fn new(body: &Body) -> Self {
        let shape = serde_json::from_str(body.json_schema).expect("JSON");
        Self {
            schema: body.compile(),
            scratch: Scratch::default(),
            json_schema: jsonschema::validator_for(&shape).expect("a sound JSON Schema"),
            copy: Vec::new(),
            buffers: simd_json::Buffers::new(4_096),
        }
    }
}

impl fmt::Debug for Rig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rig").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// One way to validate.
#[derive(Clone, Copy, Debug)]
pub struct Contender {
    /// What the tables call it.
    pub name: &'static str,
    /// Whether a body is valid.
    pub admits: fn(&mut Rig, &[u8]) -> bool,
}

/// weir, all violations collectable.
pub const WEIR: Contender = Contender { name: "weir check", admits: check };

/// weir, stopping at the first thing wrong.
pub const WEIR_IS_VALID: Contender = Contender { name: "weir is_valid", admits: is_valid };

/// serde_json, typed, from bytes.
pub const SERDE_SLICE: &str = "serde_json from_slice typed + rules";
/// serde_json, typed, from text that is checked to be UTF-8 first: its quickest way.
pub const SERDE_STR: &str = "serde_json from_utf8 + from_str typed + rules";
/// sonic-rs, typed, from bytes.
pub const SONIC: &str = "sonic-rs typed + rules";
/// simd-json, typed, from a copy.
pub const SIMD: &str = "simd-json typed + rules, copying";
/// serde_json into a tree, and jsonschema over it.
pub const JSONSCHEMA: &str = "serde_json Value + jsonschema is_valid";

/// Everyone who validates body A; the numbers of serde_json and sonic-rs are exact, or floats.
pub const FOR_A: &[Contender] = &[
    WEIR,
    WEIR_IS_VALID,
    Contender { name: SERDE_SLICE, admits: serde_slice::<Exact> },
    Contender { name: SERDE_STR, admits: serde_str::<Exact> },
    Contender { name: SONIC, admits: sonic::<Lazy> },
    Contender { name: SIMD, admits: simd::<Float> },
    Contender { name: JSONSCHEMA, admits: tree },
    Contender { name: "serde_json from_slice, numbers as f64", admits: serde_slice::<Float> },
    Contender { name: "sonic-rs, numbers as f64", admits: sonic::<Float> },
];

/// Everyone who validates body B.
pub const FOR_B: &[Contender] = &[
    WEIR,
    WEIR_IS_VALID,
    Contender { name: SERDE_SLICE, admits: serde_slice::<Usage> },
    Contender { name: SERDE_STR, admits: serde_str::<Usage> },
    Contender { name: SONIC, admits: sonic::<Usage> },
    Contender { name: SIMD, admits: simd::<Usage> },
    Contender { name: JSONSCHEMA, admits: tree },
];

/// The bodies, each with everyone who validates it.
pub const FIELD: [(Body, &[Contender]); 2] = [(bodies::A, FOR_A), (bodies::B, FOR_B)];

/// The versions of those peers, as the lock file has them.
pub fn versions() -> impl Iterator<Item = (&'static str, &'static str)> {
    let packages = include_str!("../../Cargo.lock").split("[[package]]");
    packages.filter_map(|package| {
        let value = |key| package.lines().find_map(|line: &str| line.strip_prefix(key));
        let (name, version) = (value("name = ")?.trim_matches('"'), value("version = ")?);
        let peer = ["serde_json", "sonic-rs", "simd-json", "jsonschema", "rust_decimal"];
        peer.contains(&name).then_some((name, version.trim_matches('"')))
    })
}

/// The type that a body is read into.
trait Shape {
    type Sent<'a>: Deserialize<'a> + Holds;
}

struct Exact;

impl Shape for Exact {
    type Sent<'a> = Revenue<'a, &'a RawValue>;
}

struct Float;

impl Shape for Float {
    type Sent<'a> = Revenue<'a, f64>;
}

struct Lazy;

impl Shape for Lazy {
    type Sent<'a> = Revenue<'a, LazyValue<'a>>;
}

struct Usage;

impl Shape for Usage {
    type Sent<'a> = Ingest<'a>;
}

fn check(rig: &mut Rig, body: &[u8]) -> bool {
    rig.schema.check(body, &Profile::STRICT, &mut rig.scratch).is_ok()
}

fn is_valid(rig: &mut Rig, body: &[u8]) -> bool {
    rig.schema.is_valid(body, &Profile::STRICT, &mut rig.scratch)
}

fn serde_slice<S: Shape>(_: &mut Rig, body: &[u8]) -> bool {
    serde_json::from_slice::<S::Sent<'_>>(body).is_ok_and(|sent| sent.holds())
}

fn serde_str<S: Shape>(_: &mut Rig, body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    serde_json::from_str::<S::Sent<'_>>(text).is_ok_and(|sent| sent.holds())
}

fn sonic<S: Shape>(_: &mut Rig, body: &[u8]) -> bool {
    sonic_rs::from_slice::<S::Sent<'_>>(body).is_ok_and(|sent| sent.holds())
}

/// It writes into what it reads, so it gets a copy, in a vector that is kept.
fn simd<S: Shape>(rig: &mut Rig, body: &[u8]) -> bool {
    rig.copy.clear();
    rig.copy.extend_from_slice(body);
    let read = simd_json::serde::from_slice_with_buffers::<S::Sent<'_>>;
    read(&mut rig.copy, &mut rig.buffers).is_ok_and(|sent| sent.holds())
}

fn tree(rig: &mut Rig, body: &[u8]) -> bool {
    serde_json::from_slice(body).is_ok_and(|value| rig.json_schema.is_valid(&value))
}
