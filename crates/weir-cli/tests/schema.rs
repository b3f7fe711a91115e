//! `weir schema export`: JSON Schema of a catalog's schemas, and of catalogs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

fn export(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.."));
    let output = command.args(["schema", "export"]).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_only_schema_needs_no_name() {
    let (code, out, told) = export(&["--catalog", "examples/llm.json"]);
    assert_eq!((code, told.as_str()), (Some(0), ""));
    let schema: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(
        schema["properties"]["prompt_tokens"],
        json!({ "type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32 })
    );
    let named = export(&["--catalog", "examples/llm.json", "--schema", "llm-request"]);
    assert_eq!(named.1, out);
}

#[test]
fn what_a_catalog_is_goes_to_a_file() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("catalog.schema.json");
    let (code, out, _) = export(&["--catalog-format", "-o", &file.display().to_string()]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert_eq!(std::fs::read_to_string(file).unwrap(), export(&["--catalog-format"]).1);
}

#[test]
fn what_to_export_must_be_clear() {
    for (arguments, wanted) in [
        (
            &["--catalog", "examples/genvoris.json", "--schema", "no-such"][..],
            "has: customer, customer.change, plan, plan.change, session, track\n",
        ),
        (
            &["--catalog", "examples/pulsora.json"],
            "name one of the catalog's schemas with --schema: ",
        ),
        (&["--catalog", "examples/none.json"], "weir: cannot read `examples/none.json`: "),
        (&[], "--catalog <C>"),
        (&["--catalog-format", "--catalog", "examples/llm.json"], "cannot be used with"),
    ] {
        let (code, out, told) = export(arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert!(told.contains(wanted), "{arguments:?}: {told}");
    }
}

#[test]
fn a_bad_catalog_lists_its_faults_and_exits_2() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bad-export.json");
    std::fs::write(&file, r#"{"schemas": {"a": {"root": {"type": "text"}}}}"#).unwrap();
    let (code, out, told) = export(&["--catalog", &file.display().to_string()]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(told.contains("/schemas/a/root/type: unknown variant `text`"), "{told}");
}
