//! What did the operator write? A JSON text compiled, with every fault on the way.
//!
//! serde stops at the first thing that has the wrong shape. So that all of them are told, each is
//! taken out and the rest is read again, until nothing more is wrong; and what can be compiled of
//! the rest is compiled, for the faults that only show there.

use serde_json::Value;
use weir_core::catalog::{Catalog, Definition, Names};
use weir_core::fault::Fault;
use weir_core::id::CatalogVersion;
use weir_core::json::SyntaxKind;

use self::document::document;
use self::salvage::{Removed, Salvaged, salvage};
use crate::error::InstallError;
use crate::zones;

mod document;
mod places;
mod profile;
mod salvage;

pub use places::Places;

/// Reads a catalog and compiles it; gives what its author wrote, too.
///
/// # Errors
///
/// Every fault that it has, each with the JSON Pointer of what to edit.
///
/// # Example
///
/// ```
/// use weir_core::catalog::Names;
/// use weir_core::id::CatalogVersion;
///
/// let compile = |json| weir::catalog::compile(json, &Names::default(), CatalogVersion(1));
/// assert!(compile(br#"{ "features": { "calls": {} } }"#).is_ok());
///
/// let error = compile(br#"{ "features": { "Calls": {} }, "wallet": {} }"#).unwrap_err();
/// let pointers: Vec<&str> = error.faults.iter().map(|fault| fault.pointer.as_str()).collect();
/// assert_eq!(pointers, ["/features/Calls", "/wallet"]);
/// ```
pub fn compile(
    json: &[u8],
    known: &Names,
    version: CatalogVersion,
) -> Result<(Definition, Catalog), InstallError> {
    let mut document = document(json).map_err(|fault| InstallError { faults: vec![fault] })?;
    let mut faults = twice(json);
    faults.extend(document.as_object_mut().and_then(|catalog| profile::apply(catalog).err()));
    let Salvaged { read: definition, faults: shapes, removed } = salvage::<Definition>(document);
    faults.extend(shapes);
    let zones = zones::tables(definition.zones());
    match Catalog::compile_with(&definition, &zones, known, version) {
        Ok(catalog) if faults.is_empty() => Ok((definition, catalog)),
        Ok(_) => Err(InstallError { faults }),
        Err(more) => {
            let written = serde_json::to_value(&definition).unwrap_or_default();
            let own = more.into_iter().filter(|fault| !follows(fault, &written, &removed));
            let placed =
                |fault: Fault| Fault { pointer: removed.original(&fault.pointer), ..fault };
            faults.extend(own.map(placed));
            Err(InstallError { faults })
        }
    }
}

/// Whether a fault is only that something is wanted which was taken out.
fn follows(fault: &Fault, written: &Value, removed: &Removed) -> bool {
    let name = written.pointer(&fault.pointer).and_then(Value::as_str).unwrap_or_default();
    let took =
        |kind: &str, name: &str| removed.took(kind) || removed.took(&format!("{kind}/{name}"));
    match fault.code {
        "catalog.property_missing" => removed.took(&fault.pointer),
        "catalog.remember_too_short" => {
            took("/acceptance", "max_age") || took("/acceptance", "max_ahead")
        }
        "catalog.unknown_feature" => took("/features", name),
        "catalog.unknown_wallet" => took("/wallets", name),
        _ => false,
    }
}

/// A fault for each key that stands twice in its object.
fn twice(json: &[u8]) -> Vec<Fault> {
    let places = Places::of(json).twice.into_iter();
    let fault = |at| Fault::new(at, SyntaxKind::DuplicateKey.code(), "this key stands there twice");
    places.map(fault).collect()
}

/// What stands between two slashes of a pointer.
fn escaped(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(text: &str) -> Result<(Definition, Catalog), InstallError> {
        compile(text.as_bytes(), &Names::default(), CatalogVersion(1))
    }

    fn faults(text: &str) -> Vec<(String, String)> {
        let error = compiled(text).err().unwrap();
        error.faults.into_iter().map(|fault| (fault.pointer, fault.hint)).collect()
    }

    #[test]
    fn every_fault_is_told_with_its_pointer_and_none_twice() {
        let told = faults(
            r#"{
                "features": { "Tokens": {}, "calls": { "aggregation": "add" }, "To/kens": {} },
                "plans": { "free": { "limits": {
                    "a": { "feature": "calls", "capacity": 1, "window": { "calender": {} } },
                    "b": { "feature": "calls", "capacity": 1.5, "window": "lifetime" },
                    "c": { "feature": "calls", "window": "lifetime", "windows": 1 },
                    "d": { "feature": "calls", "capacity": 1, "window": "lifetime",
                           "enforcement": "hardly" },
                    "e": { "feature": "cals", "capacity": -1, "window": "lifetime" }
                } } },
                "schemas": { "event": {
                    "root": { "type": "object", "fields": [
                        { "name": "a", "is": { "type": "string" } },
                        { "name": "b", "is": { "type": "string", "len": 3 } },
                        { "name": "c", "is": { "type": "strin" } },
                        { "name": "d", "is": { "type": "any" }, "required": 1 }
                    ] }
                } },
                "wallet": {}
            }"#,
        );
        let pointers: Vec<&str> = told.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "/features/To~1kens",
                "/features/Tokens",
                "/features/calls/aggregation",
                "/plans/free/limits/a/window/calender",
                "/plans/free/limits/b/capacity",
                "/plans/free/limits/c/windows",
                "/plans/free/limits/c",
                "/plans/free/limits/d/enforcement",
                "/schemas/event/root/fields/1/is/len",
                "/schemas/event/root/fields/2/is/type",
                "/schemas/event/root/fields/3/required",
                "/wallet",
                "/plans/free/limits/e/capacity",
                "/plans/free/limits/e/feature",
            ],
            "{told:#?}"
        );
    }

    #[test]
    fn what_is_no_object_is_one_fault() {
        for text in ["[]", "null", "7", "\"catalog\"", "{", ""] {
            assert_eq!(faults(text).len(), 1, "{text}");
        }
    }

    /// Whatever features of serde_json another crate of the program has switched on.
    #[test]
    fn an_object_is_never_a_number() {
        let catalog = |capacity: &str| {
            let limit = r#""feature": "calls", "window": "lifetime", "capacity""#;
            format!(
                r#"{{ "features": {{ "calls": {{}} }},
                    "plans": {{ "free": {{ "limits": {{ "a": {{ {limit}: {capacity} }} }} }} }} }}"#
            )
        };
        assert!(compiled(&catalog("700")).is_ok());
        assert!(compiled(&catalog("-0")).is_ok(), "minus nothing is nothing");
        for refused in [
            r#"{ "$serde_json::private::Number": "700" }"#,
            r#"{ "$serde_json::private::RawValue": "700" }"#,
            "7e2",
            "700.0",
            "700.5",
            "99999999999999999999",
        ] {
            let told = faults(&catalog(refused));
            let pointers: Vec<_> = told.iter().map(|(pointer, _)| pointer.as_str()).collect();
            assert_eq!(pointers, ["/plans/free/limits/a/capacity"], "{refused}: {told:?}");
        }
        let told = faults(&catalog("1e400"));
        assert_eq!(
            told[0],
            (String::new(), "number out of range at line 2, column 115".to_owned())
        );
    }

    #[test]
    fn a_fault_that_only_follows_from_another_is_not_told() {
        let told = faults(
            r#"{
                "acceptance": { "max_age": "30 days" },
                "remember": { "lifetime": "P31D" },
                "features": { "calls": 1, "spans": { "event": "span", "property": 1 } },
                "wallets": [],
                "plans": { "free": { "limits": {
                    "a": { "feature": "calls", "capacity": 1, "window": "lifetime",
                           "charge": { "price": 1, "wallet": "prepaid" } },
                    "b": { "feature": "cals", "capacity": 1, "window": "lifetime" }
                } } }
            }"#,
        );
        let pointers: Vec<&str> = told.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "/acceptance/max_age",
                "/features/calls",
                "/features/spans/property",
                "/wallets",
                "/plans/free/limits/b/feature",
            ],
            "{told:#?}"
        );
    }

    #[test]
    fn a_fault_stands_where_its_author_wrote_it() {
        let told = faults(
            r#"{ "schemas": { "event": { "root": { "type": "object", "fields": [
                { "name": "a", "is": { "type": "strin" } },
                { "name": "b", "is": { "type": "string", "len_min": 2, "len_max": 1 } }
            ] } } } }"#,
        );
        let pointers: Vec<&str> = told.iter().map(|(pointer, _)| pointer.as_str()).collect();
        let fields = "/schemas/event/root/fields";
        assert_eq!(pointers, [format!("{fields}/0/is/type"), format!("{fields}/1/is/len_max")]);
    }

    #[test]
    fn every_key_that_stands_twice_is_told() {
        let told = faults(
            r#"{ "plans": { "a": 1 }, "features": { "a/b": {}, "a\u002fb": {} }, "wallet": 1,
                 "plans": { "a": {}, "a": { "limits": {} }, "a": {} } }"#,
        );
        let pointers: Vec<&str> = told.iter().map(|(pointer, _)| pointer.as_str()).collect();
        // Twice, twice, three times; then the shape of what counts.
        assert_eq!(
            pointers,
            ["/features/a~1b", "/plans", "/plans/a", "/features/a~1b", "/wallet"],
            "{told:?}"
        );
    }

    #[test]
    fn an_empty_object_is_an_empty_catalog() {
        assert!(compiled("{}").is_ok_and(|(written, _)| written == Definition::default()));
    }
}
