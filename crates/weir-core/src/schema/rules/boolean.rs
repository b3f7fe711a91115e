//! What must a truth value be? `true` or `false`, or only one of them; never 0 or 1.

use alloc::string::ToString;

use serde::{Deserialize, Serialize};

use super::super::check::{Checker, Flow};
use super::super::code::RuleCode;
use super::super::compile::Compiler;
use super::super::scratch::Detail;
use crate::json::Found;

/// What a truth value must be.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct BooleanRule {
    /// The only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<bool>,
}

#[derive(Debug)]
pub(in super::super) struct BooleanNode {
    /// The only one, and where the schema keeps it as text.
    equals: Option<(bool, u32)>,
}

impl BooleanNode {
    /// Whether both will do.
    pub(super) const fn is_free(&self) -> bool {
        self.equals.is_none()
    }
}

impl Compiler {
    pub(in super::super) fn boolean(&mut self, rule: &BooleanRule) -> BooleanNode {
        let equals = rule.equals.map(|only| (only, self.options([only.to_string()])));
        BooleanNode { equals }
    }
}

impl Checker<'_, '_> {
    pub(in super::super) fn boolean(&mut self, node: &BooleanNode, found: Found) -> Flow {
        match node.equals {
            Some((only, options)) if found.raw(self.text, 0).as_bool() != Some(only) => {
                self.report(RuleCode::Equals, found, Detail::Options(options))
            }
            _ => Flow::Continue(()),
        }
    }
}
