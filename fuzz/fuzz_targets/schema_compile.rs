//! Does any definition end in a schema, or in faults that point into it?
//!
//! An input is a definition in JSON when it starts with a brace, else bytes from which one is made.
#![no_main]

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use weir_core::arbitrary::body;
use weir_core::fault::Fault;
use weir_core::json::Profile;
use weir_core::schema::{Definition, Literal, Rule, Schema, Scratch};

fuzz_target!(|bytes: &[u8]| {
    let mut u = Unstructured::new(bytes);
    let definition: Definition = match bytes.first() {
        Some(b'{') => match serde_json::from_slice(bytes) {
            Ok(definition) => definition,
            Err(error) => return assert!(!error.to_string().is_empty()),
        },
        _ => match u.arbitrary() {
            Ok(definition) => definition,
            Err(_) => return,
        },
    };
    let written = serde_json::to_string(&definition).expect("every definition can be written");
    let again: Definition = serde_json::from_str(&written).expect("and read again");
    let mut settled = definition.clone();
    settle(&mut settled.root);
    assert_eq!(again, settled);
    for definition in [&definition, &again] {
        match Schema::compile(definition) {
            Ok(schema) => {
                let Ok(body) = body(definition, &mut u) else { return };
                let mut scratch = Scratch::default();
                let valid = schema.is_valid(body.as_bytes(), &Profile::STRICT, &mut scratch);
                let checked = schema.check(body.as_bytes(), &Profile::STRICT, &mut scratch);
                assert_eq!(checked.is_ok(), valid, "{body}");
            }
            Err(faults) => point_into(&written, &faults),
        }
    }
});

/// A default with a fraction is written as text, and from then on it is text.
fn settle(rule: &mut Rule) {
    match rule {
        Rule::Array(array) => array.items.iter_mut().for_each(|items| settle(items)),
        Rule::Map(map) => map.values.iter_mut().for_each(|values| settle(values)),
        Rule::Object(object) => {
            for field in &mut object.fields {
                if let Some(Literal::Number(number)) = field.default
                    && number.as_units().is_none()
                {
                    field.default = Some(Literal::Text(number.to_string()));
                }
                settle(&mut field.is);
                field.when.iter_mut().for_each(|when| settle(&mut when.is));
            }
        }
        _ => {}
    }
}

/// There are faults, and each stands in the definition as it is written.
fn point_into(written: &str, faults: &[Fault]) {
    let document: serde_json::Value = serde_json::from_str(written).expect("just written");
    assert!(!faults.is_empty());
    for fault in faults {
        assert!(document.pointer(&fault.pointer).is_some(), "{fault} points nowhere");
        assert!(fault.code.starts_with("schema.") && !fault.hint.is_empty(), "{fault}");
    }
}
