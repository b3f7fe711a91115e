//! Which events count, as an operator writes it? What their properties must be.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::compile::Compiler;
use super::definition::FeatureDefinition;
use crate::amount::Quantity;
use crate::route::{Filter, Is, Path, Test};
use crate::schema::Literal;

/// What a property must be, for its event to count; all that is said must hold.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct FilterDefinition {
    /// A number above this.
    pub above: Option<Quantity>,
    /// A number below this.
    pub below: Option<Quantity>,
    /// This, whatever it is: a truth value, a whole number or a text.
    pub equals: Option<Literal>,
    /// There, or not there; `null` is not there.
    pub exists: Option<bool>,
    /// One of these.
    #[serde(rename = "in")]
    pub one_of: Option<Vec<Literal>>,
    /// A number, and not above this.
    pub max: Option<Quantity>,
    /// A number, and not below this.
    pub min: Option<Quantity>,
    /// A text that starts with this one.
    pub prefix: Option<String>,
}

impl Compiler<'_> {
    pub(super) fn filters(&mut self, at: &str, definition: &FeatureDefinition) -> Box<[Filter]> {
        if !definition.filters.is_empty() && definition.event.is_none() {
            let hint = "name the kind of event that they choose from";
            self.fault(format!("{at}/filters"), "catalog.filters_unused", hint);
        }
        if definition.filters.len() > Filter::NUMBER_MAX {
            let hint = format!("at most {}: each is looked for in every event", Filter::NUMBER_MAX);
            self.fault(format!("{at}/filters"), "catalog.filters_too_many", hint);
        }
        let all = definition.filters.iter();
        all.map(|(path, filter)| self.filter(&format!("{at}/filters"), (path, filter))).collect()
    }

    fn filter(&mut self, at: &str, (path, filter): (&Path, &FilterDefinition)) -> Filter {
        // As a part of a JSON Pointer.
        let name = format!("{path}").replace('~', "~0").replace('/', "~1");
        let at = format!("{at}/{name}");
        let tests = filter.tests();
        if tests.is_empty() {
            self.fault(&*at, "catalog.filter_empty", "say what the property must be");
        }
        if let Some(field) = filter.impossible() {
            let hint = "no property can be all that";
            self.fault(format!("{at}/{field}"), "catalog.filter_never", hint);
        }
        Filter { path: path.clone(), tests }
    }
}

impl FilterDefinition {
    fn tests(&self) -> Box<[Test]> {
        let Self { above, below, equals, exists, one_of, max, min, prefix } = self;
        let one = equals.as_ref().map(|value| Test::In([is(value)].into()));
        let exists = exists.map(|there| if there { Test::There } else { Test::Absent });
        let one_of = one_of.as_ref().map(|all| Test::In(all.iter().map(is).collect()));
        let prefix = prefix.as_ref().map(|start| Test::Prefix(start.as_str().into()));
        let numbers = [
            above.map(Test::Above),
            below.map(Test::Below),
            max.map(Test::Max),
            min.map(Test::Min),
        ];
        exists
            .into_iter()
            .chain(one)
            .chain(one_of)
            .chain(prefix)
            .chain(numbers.into_iter().flatten())
            .collect()
    }

    /// The field for which nothing is left, if there is one.
    fn impossible(&self) -> Option<&'static str> {
        let Self { above, below, equals, exists, one_of, max, min, prefix } = self;
        if one_of.as_ref().is_some_and(Vec::is_empty) {
            return Some("in");
        }
        let number = above.or(*below).or(*max).or(*min).is_some();
        if *exists == Some(false)
            && (number || prefix.is_some() || equals.is_some() || one_of.is_some())
        {
            return Some("exists");
        }
        if number && prefix.is_some() {
            return Some("prefix");
        }
        let crossed =
            |low: &Option<Quantity>, high: &Option<Quantity>, meet: bool| match (low, high) {
                (Some(low), Some(high)) => low > high || (meet && low == high),
                _ => false,
            };
        if crossed(min, max, false) || crossed(above, max, true) {
            return Some("max");
        }
        (crossed(min, below, true) || crossed(above, below, true)).then_some("below")
    }
}

fn is(literal: &Literal) -> Is {
    match literal {
        Literal::Bool(value) => Is::Bool(*value),
        Literal::Number(value) => Is::Number(*value),
        Literal::Text(value) => Is::Text(value.as_str().into()),
    }
}
