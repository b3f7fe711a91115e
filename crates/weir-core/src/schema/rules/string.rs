//! What must text be? So long, one of some, of a grammar.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::super::check::{Checker, Flow};
use super::super::code::RuleCode;
use super::super::compile::{Compiler, Place};
use super::super::scratch::Detail;
use super::choice::Choice;
use super::count::Counts;
use super::format::Format;
use crate::json::{Found, Text};

/// What text must be.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct StringRule {
    /// The fewest characters (Unicode scalar values).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub len_min: Option<u32>,
    /// The most characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub len_max: Option<u32>,
    /// The only text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// The only texts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
    /// The grammar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
}

#[derive(Debug)]
pub(in super::super) struct StringNode {
    len: Counts,
    choice: Option<Choice<Box<str>>>,
    format: Option<Format>,
}

impl StringNode {
    /// Whether no rule is broken.
    pub(super) fn holds(&self, text: Text<'_>, buffer: &mut String) -> bool {
        self.broken(text, buffer) == NOTHING
    }

    /// Up to how many bytes any text will do that is not empty, if there is no other rule.
    pub(super) fn free_up_to(&self) -> Option<u32> {
        let Self { len, choice: None, format: None } = self else { return None };
        (len.min <= 1).then_some(len.max)
    }

    /// Whether a text that has no escape breaks no rule, so far as its bytes show.
    pub(super) fn surely_admits(&self, text: &str) -> bool {
        let Self { len, choice, format } = self;
        // No character takes less than a byte.
        let bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
        len.min <= bytes.min(1)
            && bytes <= len.max
            && format.is_none_or(|format| format.admits(text))
            && choice.as_ref().is_none_or(|choice| choice.broken_by(|o| **o == *text).is_none())
    }

    /// The rules that a text breaks, in order; `buffer` is for decoding it.
    #[inline(always)]
    fn broken(&self, text: Text<'_>, buffer: &mut String) -> [Option<RuleCode>; 4] {
        let Self { len, choice, format } = self;
        // No character takes less than a byte.
        let bytes = u32::try_from(text.raw().len()).unwrap_or(u32::MAX);
        let [short, long] = if len.min <= bytes.min(1) && bytes <= len.max {
            [false; 2]
        } else {
            let count = u32::try_from(text.char_count()).unwrap_or(u32::MAX);
            [count < len.min, count > len.max]
        };
        let formed = format.is_none_or(|format| format.admits(text.decode(buffer)));
        [
            short.then_some(RuleCode::TooShort),
            long.then_some(RuleCode::TooLong),
            choice.as_ref().and_then(|choice| choice.broken_by(|option| text == **option)),
            (!formed).then_some(RuleCode::Format),
        ]
    }

    /// What the rule wants that was broken.
    fn detail(&self, code: RuleCode) -> Detail {
        match code {
            RuleCode::TooShort => Detail::Count(self.len.min),
            RuleCode::TooLong => Detail::Count(self.len.max),
            RuleCode::Format => {
                self.format.map_or(Detail::Nothing, |format| Detail::Noun(format.noun()))
            }
            _ => self.choice.as_ref().map_or(Detail::Nothing, Choice::detail),
        }
    }
}

impl Compiler {
    pub(in super::super) fn string(&mut self, place: &Place, rule: &StringRule) -> StringNode {
        let StringRule { len_min, len_max, equals, one_of, format } = rule;
        let len = self.counts((place, "len_max"), *len_min, *len_max);
        let read = |text: &String| Box::from(text.as_str());
        let choice = self.choice(place, (equals.as_ref(), one_of), (read, String::clone));
        StringNode { len, choice, format: *format }
    }
}

impl Checker<'_, '_> {
    #[inline(always)]
    pub(in super::super) fn string(&mut self, node: &StringNode, found: Found) -> Flow {
        let Some(text) = found.text(self.text) else { return Flow::Continue(()) };
        match node.broken(text, &mut self.scratch.buffer) {
            NOTHING => Flow::Continue(()),
            broken => broken
                .into_iter()
                .flatten()
                .try_for_each(|code| self.report(code, found, node.detail(code))),
        }
    }
}

/// No rule is broken.
const NOTHING: [Option<RuleCode>; 4] = [None; 4];
