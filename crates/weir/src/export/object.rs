//! What does an object's declaration say? Of each field, of fields together, of other keys.

use serde_json::{Map, Value, json};
use weir_core::schema::{Blank, Field, Literal, Null, ObjectRule, Rule, Unknown, When};

use super::pattern::{BLANK, NOT_BLANK};
use super::rule::{self, number, of_type, of_types, put};

/// What `rule` asks of a value.
pub(super) fn exported(rule: &ObjectRule) -> Map<String, Value> {
    let ObjectRule { fields, unknown, at_least_one_of, exactly_one_of } = rule;
    let mut schema = of_type("object");
    let properties: Map<_, _> = fields.iter().map(|f| (f.name.clone(), property(f))).collect();
    put(&mut schema, "properties", (!properties.is_empty()).then_some(properties));
    let required = fields.iter().filter(|field| field.required).map(|field| field.name.as_str());
    let required: Vec<&str> = required.collect();
    put(&mut schema, "required", (!required.is_empty()).then_some(required));
    put(&mut schema, "additionalProperties", (*unknown == Unknown::Refused).then_some(false));

    let conditional = fields.iter().filter(|field| !field.when.is_empty());
    let mut also: Vec<Value> = conditional.map(|field| conditions(field, fields)).collect();
    for (keyword, groups) in [("anyOf", at_least_one_of), ("oneOf", exactly_one_of)] {
        for names in groups {
            let members = fields.iter().filter(|field| names.contains(&field.name));
            also.push(json!({ keyword: members.map(there).collect::<Vec<_>>() }));
        }
    }
    put(&mut schema, "allOf", (!also.is_empty()).then_some(also));
    schema
}

/// What the value of a field may be, whatever other fields are.
fn property(field: &Field) -> Value {
    let mut schema = if field.when.is_empty() { value(field, &field.is) } else { Map::new() };
    let default = field.default.as_ref().map(|default| match (default, &field.is) {
        (Literal::Bool(value), _) => Value::Bool(*value),
        (Literal::Number(quantity), _) => number(*quantity),
        (Literal::Text(text), Rule::EpochMs {} | Rule::Integer(_) | Rule::Number(_)) => {
            text.parse().map_or(Value::Null, number)
        }
        (Literal::Text(text), _) => Value::from(text.as_str()),
    });
    put(&mut schema, "default", default);
    schema.into()
}

/// What the value of a field may be under `rule`: the rule, and what `null` and blanks mean.
fn value(field: &Field, rule: &Rule) -> Map<String, Value> {
    let mut schema = rule::exported(rule);
    let mut instead = Vec::new();
    let null_passes = match field.null {
        Null::Absent => !field.required,
        Null::Kept => true,
        Null::Refused => false,
    };
    match (null_passes, rule) {
        (true, Rule::Any {} | Rule::Scalar {}) => {}
        (true, Rule::Object(_)) => instead.push(of_type("null")),
        (true, _) => or_null(&mut schema),
        (false, Rule::Any {}) => {
            schema = of_types(&["array", "boolean", "number", "object", "string"]);
        }
        (false, Rule::Scalar {}) => schema = of_types(&["boolean", "number", "string"]),
        (false, _) => {}
    }
    match (field.blank, field.required) {
        (Blank::Kept, _) => {}
        // A grammar has no blank texts.
        (Blank::Missing, true) => drop(schema.entry("pattern").or_insert(NOT_BLANK.into())),
        (Blank::Missing, false) if takes_any_text(rule) => {}
        (Blank::Missing, false) => {
            let mut blank = of_type("string");
            put(&mut blank, "pattern", Some(BLANK));
            instead.push(blank);
        }
    }
    if instead.is_empty() {
        return schema;
    }
    instead.insert(0, schema);
    Map::from_iter([("anyOf".to_owned(), instead.into())])
}

/// Lets `null` pass, too; what else there is asks nothing of it.
fn or_null(schema: &mut Map<String, Value>) {
    if let Some(name) = schema.remove("type") {
        schema.insert("type".into(), json!([name, null_type()]));
    }
    if let Some(only) = schema.remove("const") {
        schema.insert("enum".into(), json!([only]));
    }
    if let Some(Value::Array(options)) = schema.get_mut("enum") {
        options.push(Value::Null);
    }
}

fn null_type() -> Value {
    "null".into()
}

fn takes_any_text(rule: &Rule) -> bool {
    match rule {
        Rule::Any {} | Rule::Scalar {} => true,
        Rule::String(string) => *string == weir_core::schema::StringRule::default(),
        _ => false,
    }
}

/// The rules of a field that depend on others: the first whose condition holds, else its own.
fn conditions(field: &Field, siblings: &[Field]) -> Value {
    let under = |rule| {
        let properties = Map::from_iter([(field.name.clone(), value(field, rule).into())]);
        json!({ "properties": properties })
    };
    field.when.iter().rev().fold(under(&field.is), |otherwise, when| {
        let other = siblings.iter().find(|other| other.name == when.field);
        match other.and_then(|other| condition(other, when)) {
            Some(met) => json!({ "if": met, "then": under(&when.is), "else": otherwise }),
            None => otherwise,
        }
    })
}

/// That a field is one of some texts, or is not there and defaults to one; `None` for never.
fn condition(other: &Field, when: &When) -> Option<Value> {
    let missing_if_blank = other.blank == Blank::Missing;
    let counts = |text: &&String| !(missing_if_blank && text.trim().is_empty());
    let mut options: Vec<Value> =
        when.one_of.iter().filter(counts).map(|text| text.as_str().into()).collect();
    let defaults = match (&other.default, &other.is) {
        (Some(Literal::Text(text)), Rule::Any {} | Rule::Scalar {} | Rule::String(_)) => {
            when.one_of.contains(text)
        }
        _ => false,
    };
    if !defaults {
        let properties = Map::from_iter([(other.name.clone(), json!({ "enum": options }))]);
        let met = json!({ "properties": properties, "required": [other.name] });
        return (!options.is_empty()).then_some(met);
    }
    if other.null == Null::Absent {
        options.push(Value::Null);
    }
    let mut said = Vec::new();
    if !options.is_empty() {
        said.push(json!({ "enum": options }));
    }
    if missing_if_blank {
        said.push(json!({ "type": "string", "pattern": BLANK }));
    }
    let properties = Map::from_iter([(other.name.clone(), json!({ "anyOf": said }))]);
    Some(json!({ "properties": properties }))
}

/// That a field is there: a default does not put it there.
fn there(field: &Field) -> Value {
    let mut sent = Map::new();
    put(&mut sent, "not", (field.null == Null::Absent).then(|| of_type("null")));
    put(&mut sent, "pattern", (field.blank == Blank::Missing).then_some(NOT_BLANK));
    let mut schema = Map::new();
    put(&mut schema, "required", Some(vec![field.name.as_str()]));
    if !sent.is_empty() {
        let properties = Map::from_iter([(field.name.clone(), sent.into())]);
        put(&mut schema, "properties", Some(properties));
    }
    schema.into()
}
