//! Which values are the only ones? `equals` names one, `one_of` several.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::slice;

use super::super::code::RuleCode;
use super::super::compile::{Compiler, Place};
use super::super::scratch::Detail;

/// The only values, and where the schema keeps them as text.
#[derive(Debug)]
pub(in super::super) struct Choice<T> {
    code: RuleCode,
    values: Box<[T]>,
    options: u32,
}

impl<T> Choice<T> {
    /// The rule that a value breaks when it is no option.
    #[inline]
    pub(in super::super) fn broken_by(&self, is: impl Fn(&T) -> bool) -> Option<RuleCode> {
        (!self.values.iter().any(is)).then_some(self.code)
    }

    /// What to show of the options.
    pub(in super::super) const fn detail(&self) -> Detail {
        Detail::Options(self.options)
    }
}

impl Compiler {
    /// The only values that there may be, whether one or several are declared; `read` is what is
    /// compared, `show` what is told.
    pub(in super::super) fn choice<'r, D: PartialEq, T>(
        &mut self,
        place: &Place,
        (equals, one_of): (Option<&'r D>, &'r [D]),
        (read, show): (impl Fn(&'r D) -> T, impl Fn(&'r D) -> String),
    ) -> Option<Choice<T>> {
        if one_of.iter().enumerate().any(|(i, value)| one_of.iter().take(i).any(|b| b == value)) {
            let hint = "an option stands twice";
            self.fault(format!("{place}/one_of"), "schema.option_twice", hint);
        }
        let (code, values) = match (equals, one_of) {
            (None, []) => return None,
            (Some(_), [_, ..]) => {
                let hint = "`equals` and `one_of` exclude each other";
                self.fault(format!("{place}/one_of"), "schema.two_choices", hint);
                return None;
            }
            (Some(value), []) => (RuleCode::Equals, slice::from_ref(value)),
            (None, values) => (RuleCode::OneOf, values),
        };
        let options = self.options(values.iter().map(show));
        Some(Choice { code, values: values.iter().map(read).collect(), options })
    }
}
