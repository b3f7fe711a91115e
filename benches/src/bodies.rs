//! What is sent, and what shape it must have: the two bodies that every validator is given.

use std::fmt;

use weir_core::json::{Profile, Scratch};
use weir_core::schema::Schema;

/// One body, and its shape in weir's words and in JSON Schema's.
#[derive(Clone, Copy)]
pub struct Body {
    /// A letter, as the tables have it.
    pub name: &'static str,
    /// The body.
    pub bytes: &'static [u8],
    /// The same with one rule broken.
    pub broken: &'static [u8],
    /// Its shape, as a catalog has it.
    pub schema: &'static str,
    /// Its shape in JSON Schema 2020-12.
    pub json_schema: &'static str,
}

impl Body {
    /// The compiled shape.
    ///
    /// # Panics
    ///
    /// When the shape has a fault: a bench that cannot start says so at once.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a bench that cannot be set up must not run")]
    pub fn compile(&self) -> Schema {
        let definition = serde_json::from_str(self.schema).expect("a definition");
        Schema::compile(&definition).expect("no fault")
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} of {} bytes)", self.name, self.bytes.len())
    }
}

/// Whether a body is JSON, read to its end.
#[must_use]
pub fn is_json(body: &[u8], scratch: &mut Scratch) -> bool {
    weir_core::json::check(body, &Profile::STRICT, scratch).is_ok()
}

/// A revenue event of an analytics service, with the rule that a refund may be negative.
pub const A: Body = Body {
    name: "A",
    bytes: include_bytes!("../bodies/a.json").trim_ascii_end(),
    broken: include_bytes!("../bodies/a-broken.json").trim_ascii_end(),
    schema: include_str!("../schemas/revenue.json"),
    json_schema: include_str!("../schemas/revenue.schema.json"),
};

/// A usage event of a billing service, with properties of its sender's own.
pub const B: Body = Body {
    name: "B",
    bytes: include_bytes!("../bodies/b.json").trim_ascii_end(),
    broken: include_bytes!("../bodies/b-broken.json").trim_ascii_end(),
    schema: include_str!("../schemas/ingest.json"),
    json_schema: include_str!("../schemas/ingest.schema.json"),
};
