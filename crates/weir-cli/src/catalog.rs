//! Is this catalog sound? A file read into a definition, with every fault on the way.
//!
//! serde stops at the first thing that has the wrong shape. So that all of them are told, each is
//! taken out and the rest is read again, until nothing more is wrong; and what can be compiled of
//! the rest is compiled, for the faults that only show there.

use weir_core::catalog::{Catalog, Definition, Names};
use weir_core::fault::Fault;
use weir_core::id::CatalogVersion;
use weir_core::json::{self, Profile, Scratch};

use self::salvage::{SHAPE, salvage};

mod salvage;

/// A sound catalog.
pub(crate) struct CatalogFile {
    /// What its author wrote.
    pub(crate) json: Box<[u8]>,
    /// The same, read.
    pub(crate) definition: Definition,
    /// The same, compiled as the first of a ledger.
    pub(crate) compiled: Catalog,
}

/// Reads a catalog and compiles it.
pub(crate) fn read(text: &[u8]) -> Result<CatalogFile, Vec<Fault>> {
    if let Err(error) = json::check(text, &Profile::STRICT, &mut Scratch::default()) {
        let json::Position { line, column } = error.position(text);
        let hint = format!("{} at line {line}, column {column}", error.kind());
        return Err(vec![Fault::new("", error.code(), hint)]);
    }
    let document: serde_json::Value = serde_json::from_slice(text)
        .map_err(|error: serde_json::Error| vec![Fault::new("", SHAPE, error.to_string())])?;
    if !document.is_object() {
        // serde would take an array for the fields in order.
        return Err(vec![Fault::new("", SHAPE, "a catalog is an object")]);
    }
    let (definition, mut faults) = salvage::<Definition>(document);
    match Catalog::compile(&definition, &Names::default(), CatalogVersion(1)) {
        Ok(compiled) if faults.is_empty() => {
            Ok(CatalogFile { json: text.into(), definition, compiled })
        }
        Ok(_) => Err(faults),
        Err(more) => {
            faults.extend(more);
            Err(faults)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(String, String)> {
        let faults = read(text.as_bytes()).err().unwrap();
        faults.into_iter().map(|fault| (fault.pointer, fault.hint)).collect()
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
                "/plans/free/limits/e/feature",
                "/plans/free/limits/e/capacity",
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
        assert!(read(b"{}").is_ok_and(|file| file.definition == Definition::default()));
    }
}
