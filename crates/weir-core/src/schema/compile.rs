//! Is this definition sound? From fields by name to fields by place, with every fault on the way.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::definition::{Definition, Field, Literal, MapRule, Messages, NumberRule, ObjectRule};
use super::definition::{Rule, StringRule, When};
use super::message::{HOLE_NAMES, Templates};
use super::node::{ArrayNode, Choice, Counts, Default, FieldNode, GroupNode, MapNode, Node};
use super::node::{NumberNode, ObjectNode, StringNode, WhenNode};
use super::{FieldTerms, RuleCode, Schema};
use crate::amount::{Precision, Quantity};
use crate::fault::Fault;
use crate::json;

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

struct Compiler {
    faults: Vec<Fault>,
    fields: Vec<FieldTerms>,
    options: Vec<Box<[Box<str>]>>,
}

/// Where in the definition a rule stands, and how many containers it is in.
struct Place {
    at: String,
    depth: u32,
}

impl Place {
    fn step(&self, step: &str) -> Self {
        Self { at: format!("{}/{step}", self.at), depth: self.depth }
    }

    fn inside(&self, step: &str) -> Self {
        Self { depth: self.depth.saturating_add(1), ..self.step(step) }
    }
}

impl Compiler {
    fn fault(&mut self, at: String, code: &'static str, hint: &str) {
        self.faults.push(Fault::new(at, code, hint));
    }

    fn templates(&mut self, at: &str, messages: &Messages) -> Templates {
        Templates::compile(messages, |key| {
            let hint = format!("a brace belongs to one of {HOLE_NAMES}");
            self.faults.push(Fault::new(format!("{at}/{key}"), "schema.template", hint));
        })
    }

    fn rule(&mut self, place: &Place, rule: &Rule) -> Node {
        if place.depth > DEPTH_MAX {
            let hint = format!("at most {DEPTH_MAX} rules inside each other");
            self.fault(place.at.clone(), "schema.too_deep", &hint);
            return Node::Any;
        }
        match rule {
            Rule::Any {} => Node::Any,
            Rule::Scalar {} => Node::Scalar,
            Rule::Array(array) => {
                let items = array.items.as_ref();
                let items = items.map(|rule| Box::new(self.rule(&place.inside("items"), rule)));
                let count = self.counts((place, "count_max"), array.count_min, array.count_max);
                Node::Array(ArrayNode { items, count })
            }
            Rule::Boolean(boolean) => Node::Boolean(boolean.equals.map(|value| Choice {
                code: RuleCode::Equals,
                values: [value].into(),
                options: self.options([value.to_string()]),
            })),
            Rule::Integer(number) => self.number(place, number, true),
            Rule::Map(map) => self.map(place, map),
            Rule::Number(number) => self.number(place, number, false),
            Rule::Object(object) => Node::Object(self.object(place, object)),
            Rule::String(string) => Node::String(self.string(place, string)),
        }
    }

    fn map(&mut self, place: &Place, map: &MapRule) -> Node {
        let keys = map.keys.as_ref().map(|keys| self.string(&place.inside("keys"), keys));
        let values = map.values.as_ref().map(|rule| self.rule(&place.inside("values"), rule));
        let count = self.counts((place, "count_max"), map.count_min, map.count_max);
        let bytes_max = map.bytes_max.unwrap_or(u32::MAX);
        Node::Map(Box::new(MapNode { keys, values, count, bytes_max }))
    }

    fn string(&mut self, place: &Place, rule: &StringRule) -> StringNode {
        let StringRule { len_min, len_max, equals, one_of, format } = rule;
        let len = self.counts((place, "len_max"), *len_min, *len_max);
        let texts = |texts: &[String]| texts.iter().map(|text| Box::from(text.as_str())).collect();
        let choice = self.choice(place, equals.as_ref(), one_of).map(|(code, values)| Choice {
            code,
            values: texts(values),
            options: self.options(values.iter().cloned()),
        });
        StringNode { len, choice, format: *format }
    }

    fn number(&mut self, place: &Place, rule: &NumberRule, whole: bool) -> Node {
        let NumberRule { min, max, above, below, equals, one_of, precision } = rule;
        if whole && *precision == Precision::Nearest {
            let hint = "a whole number is always read exactly";
            self.fault(format!("{}/precision", place.at), "schema.precision_unused", hint);
        }
        let limits = [
            (RuleCode::Min, *min),
            (RuleCode::Max, *max),
            (RuleCode::Above, *above),
            (RuleCode::Below, *below),
        ];
        for (key, low, high, none) in [
            ("max", min, max, max < min),
            ("below", above, below, below <= above),
            ("below", min, below, below <= min),
            ("max", above, max, max <= above),
        ] {
            if low.is_some() && high.is_some() && none {
                let hint = "no number is within these limits";
                self.fault(format!("{}/{key}", place.at), "schema.empty_range", hint);
            }
        }
        let limits = limits.into_iter().filter_map(|(code, limit)| Some((code, limit?)));
        let choice = self.choice(place, equals.as_ref(), one_of).map(|(code, values)| Choice {
            code,
            values: values.into(),
            options: self.options(values.iter().map(Quantity::to_string)),
        });
        let limits = limits.collect();
        Node::Number(NumberNode { whole, precision: *precision, limits, choice })
    }

    fn object(&mut self, place: &Place, rule: &ObjectRule) -> ObjectNode {
        let ObjectRule { fields, unknown, at_least_one_of, exactly_one_of } = rule;
        if fields.len() > FIELDS_MAX {
            let hint = format!("at most {FIELDS_MAX} fields");
            self.fault(format!("{}/fields", place.at), "schema.too_many_fields", &hint);
        }
        let nodes = fields.iter().enumerate().map(|(i, field)| {
            let place = place.step(&format!("fields/{i}"));
            if fields.iter().take(i).any(|before| before.name == field.name) {
                let hint = format!("`{}` is declared before", field.name);
                self.fault(format!("{}/name", place.at), "schema.field_twice", &hint);
            }
            self.field(&place, field, fields)
        });
        let fields_compiled: Box<[FieldNode]> = nodes.collect();
        let mut groups = Vec::new();
        for (code, key, wanted) in [
            (RuleCode::AtLeastOneOf, "at_least_one_of", at_least_one_of),
            (RuleCode::ExactlyOneOf, "exactly_one_of", exactly_one_of),
        ] {
            for (i, names) in wanted.iter().enumerate() {
                let at = format!("{}/{key}/{i}", place.at);
                let places = self.group(&at, names, fields);
                let options = self.options(names.iter().cloned());
                groups.push(GroupNode { code, places, options });
            }
        }
        let marks = fields.iter().map(|field| json::mark(field.name.as_bytes())).collect();
        ObjectNode { fields: fields_compiled, marks, groups: groups.into(), unknown: *unknown }
    }

    fn group(&mut self, at: &str, names: &[String], fields: &[Field]) -> Box<[usize]> {
        if names.len() < 2 {
            let hint = "a group has two fields or more; a single one is `required`";
            self.fault(at.to_owned(), "schema.small_group", hint);
        }
        let places = names.iter().enumerate().filter_map(|(i, name)| {
            let place = find(fields, name);
            if place.is_none() || names.iter().take(i).any(|before| before == name) {
                let hint = format!("`{name}` is no field of this object, or stands here twice");
                self.fault(format!("{at}/{i}"), "schema.no_such_field", &hint);
            }
            place
        });
        places.collect()
    }

    fn field(&mut self, place: &Place, field: &Field, siblings: &[Field]) -> FieldNode {
        let templates = self.templates(&format!("{}/messages", place.at), &field.messages);
        let id = u32::try_from(self.fields.len()).unwrap_or(u32::MAX);
        let name: Box<str> = Box::from(field.name.as_str());
        self.fields.push(FieldTerms { name: name.clone(), templates });
        let node = self.rule(&place.inside("is"), &field.is);
        let when = field.when.iter().enumerate().filter_map(|(i, when)| {
            self.when(&place.step(&format!("when/{i}")), when, (field, siblings))
        });
        let when = when.collect();
        let default =
            field.default.as_ref().and_then(|default| self.default(place, default, (field, &node)));
        let Field { required, null, blank, .. } = *field;
        FieldNode { name, id, required, null, blank, default, node, when }
    }

    fn when(&mut self, place: &Place, when: &When, of: (&Field, &[Field])) -> Option<WhenNode> {
        let (field, siblings) = of;
        let other = find(siblings, &when.field).filter(|_| when.field != field.name);
        if other.is_none() {
            let hint = format!("`{}` is no other field of this object", when.field);
            self.fault(format!("{}/field", place.at), "schema.no_such_field", &hint);
        }
        if when.one_of.is_empty() {
            let hint = "name at least one text, or leave the condition out";
            self.fault(format!("{}/in", place.at), "schema.no_options", hint);
        }
        let values = when.one_of.iter().map(|text| Box::from(text.as_str())).collect();
        let node = self.rule(&place.inside("is"), &when.is);
        Some(WhenNode { place: other?, values, node })
    }

    /// A default has the type of its rule and stands in an optional field of the root. Its other
    /// rules are not asked: a default may be what no sender may write.
    fn default(&mut self, place: &Place, value: &Literal, of: (&Field, &Node)) -> Option<Default> {
        let (field, node) = of;
        let at = format!("{}/default", place.at);
        if field.required {
            self.fault(at, "schema.default_unused", "a required field needs no default");
            return None;
        }
        if place.depth > 0 {
            self.fault(at, "schema.default_unused", "only fields of the root have defaults");
            return None;
        }
        let default = match (node, value) {
            (Node::Boolean(_) | Node::Any | Node::Scalar, Literal::Bool(value)) => {
                Some(Default::Bool(*value))
            }
            (Node::Number(_) | Node::Any | Node::Scalar, Literal::Number(number)) => {
                Some(Default::Number(*number))
            }
            (Node::Number(_), Literal::Text(text)) => text.parse().ok().map(Default::Number),
            (Node::String(_) | Node::Any | Node::Scalar, Literal::Text(text)) => {
                Some(Default::Text(Box::from(text.as_str())))
            }
            _ => None,
        };
        if default.is_none() {
            let hint = format!("the default must be of the type {}", node.noun());
            self.fault(at, "schema.default_type", &hint);
        }
        default
    }

    /// The only values that there may be, whether one or several are declared.
    fn choice<'r, T: PartialEq>(
        &mut self,
        place: &Place,
        equals: Option<&'r T>,
        one_of: &'r [T],
    ) -> Option<(RuleCode, &'r [T])> {
        if one_of.iter().enumerate().any(|(i, value)| one_of.iter().take(i).any(|b| b == value)) {
            let hint = "an option stands twice";
            self.fault(format!("{}/one_of", place.at), "schema.option_twice", hint);
        }
        match (equals, one_of) {
            (None, []) => None,
            (Some(_), [_, ..]) => {
                let hint = "`equals` and `one_of` exclude each other";
                self.fault(format!("{}/one_of", place.at), "schema.two_choices", hint);
                None
            }
            (Some(value), []) => Some((RuleCode::Equals, core::slice::from_ref(value))),
            (None, values) => Some((RuleCode::OneOf, values)),
        }
    }

    fn counts(&mut self, at: (&Place, &str), min: Option<u32>, max: Option<u32>) -> Counts {
        let (place, key) = at;
        let counts = Counts { min: min.unwrap_or(0), max: max.unwrap_or(u32::MAX) };
        if counts.max < counts.min {
            let hint = "the most is less than the least";
            self.fault(format!("{}/{key}", place.at), "schema.empty_range", hint);
        }
        counts
    }

    fn options(&mut self, options: impl IntoIterator<Item = String>) -> u32 {
        let place = u32::try_from(self.options.len()).unwrap_or(u32::MAX);
        self.options.push(options.into_iter().map(String::into_boxed_str).collect());
        place
    }
}

fn find(fields: &[Field], name: &str) -> Option<usize> {
    fields.iter().position(|field| field.name == name)
}

/// Ours: checking goes this deep into the stack at most, and no contract needs half of it.
const DEPTH_MAX: u32 = 16;

/// Ours: the most that a body's keys are compared with.
const FIELDS_MAX: usize = 256;
