//! What does one rule say of a value? A keyword for each thing that it asks for.

use serde_json::{Map, Number, Value};
use weir_core::amount::{Precision, Quantity};
use weir_core::schema::{ArrayRule, MapRule, NumberRule, Rule, StringRule};
use weir_core::time::Timestamp;

use super::{comment, object, pattern};

/// What `rule` asks of a value.
pub(super) fn exported(rule: &Rule) -> Map<String, Value> {
    match rule {
        Rule::Any {} => Map::new(),
        Rule::Array(array) => of_array(array),
        Rule::Boolean(boolean) => {
            let mut schema = of_type("boolean");
            put(&mut schema, "const", boolean.equals);
            schema
        }
        Rule::EpochMs {} => epoch_ms(),
        Rule::Integer(number) => of_number("integer", number),
        Rule::Map(map) => of_map(map),
        Rule::Number(number) => of_number("number", number),
        Rule::Object(rule) => object::exported(rule),
        Rule::Scalar {} => of_types(&["boolean", "null", "number", "string"]),
        Rule::String(string) => {
            let mut schema = of_type("string");
            schema.append(&mut of_text(string));
            schema
        }
    }
}

/// Puts in what is declared.
pub(super) fn put(schema: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        schema.insert(key.to_owned(), value.into());
    }
}

pub(super) fn of_type(name: &str) -> Map<String, Value> {
    Map::from_iter([("type".to_owned(), name.into())])
}

pub(super) fn of_types(names: &[&str]) -> Map<String, Value> {
    Map::from_iter([("type".to_owned(), names.into())])
}

/// The number as JSON has it; a number with a fraction may lose digits.
///
/// Validators read doubles, so a double is what is written, whatever serde_json could keep.
pub(super) fn number(quantity: Quantity) -> Value {
    if let Some(units) = quantity.as_units() {
        return units.into();
    }
    let double = quantity.to_string().parse().ok().and_then(Number::from_f64);
    double.map_or(Value::Null, Value::Number)
}

fn of_array(rule: &ArrayRule) -> Map<String, Value> {
    let mut schema = of_type("array");
    put(&mut schema, "items", rule.items.as_deref().map(exported));
    put(&mut schema, "minItems", rule.count_min);
    put(&mut schema, "maxItems", rule.count_max);
    schema
}

fn of_map(rule: &MapRule) -> Map<String, Value> {
    let MapRule { keys, values, count_min, count_max, bytes_max } = rule;
    let mut schema = of_type("object");
    put(&mut schema, "propertyNames", keys.as_ref().map(of_text));
    put(&mut schema, "additionalProperties", values.as_deref().map(exported));
    put(&mut schema, "minProperties", *count_min);
    put(&mut schema, "maxProperties", *count_max);
    if let Some(most) = bytes_max {
        comment(&mut schema, &format!("at most {most} bytes from brace to brace"));
    }
    schema
}

/// What is asked of text, its type apart: the keys of a map have no other.
fn of_text(rule: &StringRule) -> Map<String, Value> {
    let StringRule { len_min, len_max, equals, one_of, format } = rule;
    let mut schema = Map::new();
    put(&mut schema, "minLength", *len_min);
    put(&mut schema, "maxLength", *len_max);
    put(&mut schema, "const", equals.as_deref());
    put(&mut schema, "enum", (!one_of.is_empty()).then(|| one_of.clone()));
    put(&mut schema, "pattern", format.map(pattern::of));
    schema
}

fn of_number(name: &str, rule: &NumberRule) -> Map<String, Value> {
    let NumberRule { min, max, above, below, step, equals, one_of, precision } = rule;
    let mut schema = of_type(name);
    let limits = [
        ("minimum", min),
        ("maximum", max),
        ("exclusiveMinimum", above),
        ("exclusiveMaximum", below),
        ("multipleOf", step),
        ("const", equals),
    ];
    for (key, limit) in limits {
        put(&mut schema, key, limit.map(number));
    }
    let options: Vec<Value> = one_of.iter().copied().map(number).collect();
    put(&mut schema, "enum", (!options.is_empty()).then_some(options));
    let limits = limits.into_iter().filter_map(|(_, limit)| *limit);
    for limit in limits.chain(one_of.iter().copied()).filter(|limit| !is_kept(*limit)) {
        comment(&mut schema, &format!("exactly {limit}"));
    }
    if *precision == Precision::Nearest {
        comment(&mut schema, "rounded to nine fraction digits before it is compared");
    }
    schema
}

fn epoch_ms() -> Map<String, Value> {
    let mut schema = of_type("number");
    put(&mut schema, "minimum", Some(Timestamp::MIN.as_millis()));
    put(&mut schema, "maximum", Some(Timestamp::MAX.as_millis()));
    schema
}

/// Whether the number that stands in the schema is still the same.
fn is_kept(quantity: Quantity) -> bool {
    let written = number(quantity).to_string();
    Quantity::from_json(written.as_bytes(), Precision::Exact) == Ok(quantity)
}
