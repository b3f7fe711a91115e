//! `weir token`: keys that their class takes, and no other.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use weir_core::id::CatalogVersion;
use weir_core::token::{Classes, Digest};

fn weir(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_weir")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const CATALOG: &str = r#"{"classes": {
    "checked": {"prefix": "wk_", "alphabet": "base62", "check": "crc32", "environment": "live",
                "length": {"min": 20, "max": 64}},
    "hex": {"prefix": "w", "alphabet": "hex", "length": {"min": 4, "max": 64},
            "environment": "test"},
    "pin": {"prefix": "pin_", "alphabet": "base58", "length": {"min": 4, "max": 21},
            "environment": "live"}
}}"#;

fn catalog(name: &str) -> (PathBuf, Classes) {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, CATALOG).unwrap();
    let names = weir_core::catalog::Names::default();
    let (_, compiled) =
        weir::catalog::compile(CATALOG.as_bytes(), &names, CatalogVersion(1)).unwrap();
    (path, compiled.classes().clone())
}

#[test]
fn a_new_key_is_one_of_its_class() {
    let (path, classes) = catalog("token-new.json");
    // 160 bits: 27 of base62 and 6 check digits, 40 of hex.
    for (class, other, len) in [("checked", "hex", 3 + 27 + 6), ("hex", "checked", 1 + 40)] {
        let file = path.to_str().unwrap();
        let asked = ["token", "new", "--class", class, "--catalog", file, "--count", "50"];
        let (code, out, told) = weir(&asked);
        assert_eq!((code, told.as_str()), (Some(0), ""));
        let mut seen = BTreeSet::new();
        for line in out.lines() {
            let (key, digest) = line.split_once('\t').unwrap();
            let presented = classes.classify(key.as_bytes()).unwrap();
            assert_eq!(Some(presented.class()), classes.id(class), "{key}");
            assert_ne!(Some(presented.class()), classes.id(other), "{key}");
            assert_eq!(key.len(), len, "{key}");
            let bytes = Digest::of(key.as_bytes(), None);
            let hex: String = bytes.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(digest, format!("sha256:{hex}"));
            assert!(seen.insert(key), "{key} came twice");
        }
        assert_eq!(seen.len(), 50);
    }
}

#[test]
fn the_contracts_classes_need_no_catalog() {
    let lens =
        [("gvk_live", 9 + 32), ("gvk_test", 41), ("pub", 31), ("sec", 31), ("unprice_live", 35)];
    for (class, len) in lens {
        let (code, out, _) = weir(&["token", "new", "--class", class]);
        let key = out.split('\t').next().unwrap();
        assert_eq!((code, key.len()), (Some(0), len), "{key}");
        assert!(key.starts_with(&format!("{class}_")), "{key}");
    }
}

#[test]
fn a_class_that_can_be_guessed_or_is_not_there_gets_no_key() {
    let (path, _) = catalog("token-refused.json");
    let file = path.to_str().unwrap();
    let (code, out, told) = weir(&["token", "new", "--class", "pin", "--catalog", file]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(
        told,
        "weir: class `pin`: a key of this class holds 122 bits at most, and 128 are the least: \
         make it longer\n"
    );
    let (code, out, told) = weir(&["token", "new", "--class", "pen", "--catalog", file]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(told, "weir: no class `pen`; there are: checked, hex, pin\n");
    let (code, ..) = weir(&["token", "new", "--class", "hex", "--catalog", "no/such/file"]);
    assert_eq!(code, Some(2));
}
