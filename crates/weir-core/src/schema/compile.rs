//! Is this definition sound? From fields by name to fields by place, with every fault on the way.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::definition::{Definition, Messages};
use super::message::{HOLE_NAMES, Templates};
use super::{FieldTerms, Schema};
use crate::fault::Fault;

/// See [`Schema::compile`].
pub(super) fn compile(definition: &Definition) -> Result<Schema, Vec<Fault>> {
    let (faults, fields, options) = (Vec::new(), Vec::new(), Vec::new());
    let mut compiler = Compiler { faults, fields, options };
    let messages = compiler.templates("/messages", &definition.messages);
    let root_messages = compiler.templates("/root_messages", &definition.root_messages);
    let root = compiler.rule(&Place { at: "/root".to_owned(), depth: 0 }, &definition.root);
    if !compiler.faults.is_empty() {
        return Err(compiler.faults);
    }
    Ok(Schema {
        root,
        fields: compiler.fields.into(),
        options: compiler.options.into(),
        messages,
        root_messages,
        order: definition.order,
        violations_max: definition.violations_max.get().into(),
    })
}

/// What is gathered while the rules are compiled.
pub(super) struct Compiler {
    faults: Vec<Fault>,
    fields: Vec<FieldTerms>,
    options: Vec<Box<[Box<str>]>>,
}

/// Where in the definition a rule stands, and how many containers it is in.
pub(super) struct Place {
    at: String,
    depth: u32,
}

impl Place {
    /// Further on in the same container.
    pub(super) fn step(&self, step: &str) -> Self {
        Self { at: format!("{self}/{step}"), depth: self.depth }
    }

    /// One container further in.
    pub(super) fn inside(&self, step: &str) -> Self {
        Self { depth: self.depth.saturating_add(1), ..self.step(step) }
    }

    pub(super) const fn is_root(&self) -> bool {
        self.depth == 0
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.at)
    }
}

impl Compiler {
    pub(super) fn fault(&mut self, at: String, code: &'static str, hint: &str) {
        self.faults.push(Fault::new(at, code, hint));
    }

    /// Whether a rule may stand here; a fault if not.
    pub(super) fn fits(&mut self, place: &Place) -> bool {
        let fits = place.depth <= DEPTH_MAX;
        if !fits {
            let hint = format!("at most {DEPTH_MAX} rules inside each other");
            self.fault(place.at.clone(), "schema.too_deep", &hint);
        }
        fits
    }

    pub(super) fn templates(&mut self, at: &str, messages: &Messages) -> Templates {
        Templates::compile(messages, |key| {
            let hint = format!("a brace belongs to one of {HOLE_NAMES}");
            self.faults.push(Fault::new(format!("{at}/{key}"), "schema.template", hint));
        })
    }

    /// Takes a field among all fields of the schema; answers its place there.
    pub(super) fn declare(&mut self, name: &str, templates: Templates) -> u32 {
        let id = u32::try_from(self.fields.len()).unwrap_or(u32::MAX);
        self.fields.push(FieldTerms { name: Box::from(name), templates });
        id
    }

    /// Keeps a list that messages show; answers its place.
    pub(super) fn options(&mut self, options: impl IntoIterator<Item = String>) -> u32 {
        let place = u32::try_from(self.options.len()).unwrap_or(u32::MAX);
        self.options.push(options.into_iter().map(String::into_boxed_str).collect());
        place
    }
}

/// Ours: checking goes this deep into the stack at most, and no contract needs half of it.
const DEPTH_MAX: u32 = 16;
