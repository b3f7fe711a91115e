//! What did the operator write? A JSON text compiled, with every fault on the way.
//!
//! serde stops at the first thing that has the wrong shape. So that all of them are told, each is
//! taken out and the rest is read again, until nothing more is wrong; and what can be compiled of
//! the rest is compiled, for the faults that only show there.

use weir_core::catalog::{Catalog, Definition, Names};
use weir_core::fault::Fault;
use weir_core::id::CatalogVersion;
use weir_core::json::{self, Profile, Scratch};

use self::salvage::{SHAPE, salvage};
use crate::error::InstallError;

mod salvage;

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
    let (definition, mut faults) = salvage::<Definition>(document(json)?);
    match Catalog::compile(&definition, known, version) {
        Ok(catalog) if faults.is_empty() => Ok((definition, catalog)),
        Ok(_) => Err(InstallError { faults }),
        Err(more) => {
            faults.extend(more);
            Err(InstallError { faults })
        }
    }
}

/// The text as a tree: an object, without a key twice.
fn document(json: &[u8]) -> Result<serde_json::Value, InstallError> {
    let one = |fault| InstallError { faults: vec![fault] };
    if let Err(error) = json::check(json, &Profile::STRICT, &mut Scratch::default()) {
        let json::Position { line, column } = error.position(json);
        let hint = format!("{} at line {line}, column {column}", error.kind());
        return Err(one(Fault::new("", error.code(), hint)));
    }
    match serde_json::from_slice(json) {
        Ok(document @ serde_json::Value::Object(_)) => Ok(document),
        // serde would take an array for the fields in order.
        Ok(_) => Err(one(Fault::new("", SHAPE, "a catalog is an object"))),
        Err(error) => Err(one(Fault::new("", SHAPE, error.to_string()))),
    }
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
        for text in ["[]", "null", "7", "\"catalog\"", "{\"plans\": 1, \"plans\": 2}", "{", ""] {
            assert_eq!(faults(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn an_empty_object_is_an_empty_catalog() {
        assert!(compiled("{}").is_ok_and(|(written, _)| written == Definition::default()));
    }
}
