//! Does any text end in a catalog, or in faults that point into it?
//!
//! An input is a catalog in JSON. What is read is written and read again: it is the same catalog.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::catalog::compile;
use weir_core::catalog::Names;
use weir_core::fault::Fault;
use weir_core::id::CatalogVersion;

fuzz_target!(|bytes: &[u8]| {
    let known = Names::default();
    let version = CatalogVersion(1);
    match compile(bytes, &known, version) {
        Ok((definition, catalog)) => {
            let written = serde_json::to_vec(&definition).expect("every definition can be written");
            let again = compile(&written, &known, version);
            let (read, again) = again.expect("what is written has no fault");
            assert_eq!(read, definition);
            assert_eq!(again.names(), catalog.names());
        }
        Err(error) => point_into(bytes, &error.faults),
    }
});

/// There are faults, and each stands in the document, where there is one, or where it was left out.
///
/// Of two things under one key a reader keeps one, so there a pointer may lead nowhere.
fn point_into(bytes: &[u8], faults: &[Fault]) {
    assert!(!faults.is_empty());
    let twice = faults.iter().any(|fault| fault.code == "json.duplicate_key");
    let document: Option<serde_json::Value> = serde_json::from_slice(bytes).ok();
    for fault in faults {
        assert!(!fault.code.is_empty() && !fault.hint.is_empty(), "{fault}");
        let Some(document) = document.as_ref().filter(|_| !twice) else { continue };
        let above = fault.pointer.rsplit_once('/').map_or("", |(above, _)| above);
        let found = document.pointer(&fault.pointer).or_else(|| document.pointer(above));
        assert!(found.is_some(), "{fault} points nowhere");
    }
}
