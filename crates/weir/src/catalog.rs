//! What did the operator write? From JSON to a definition, with every fault on the way.

use weir_core::catalog::{Catalog, Definition, Names};
use weir_core::fault::Fault;
use weir_core::id::CatalogVersion;

use crate::error::InstallError;

/// Reads a catalog.
///
/// # Errors
///
/// What keeps the text from being a definition.
pub fn read(json: &[u8]) -> Result<Definition, InstallError> {
    serde_json::from_slice(json).map_err(|error| InstallError {
        faults: vec![Fault::new("", "catalog.json", error.to_string())],
    })
}

/// Reads a catalog and compiles it.
///
/// # Errors
///
/// Every fault that it has.
///
/// # Example
///
/// ```
/// use weir_core::catalog::Names;
/// use weir_core::id::CatalogVersion;
///
/// let json = br#"{ "features": { "calls": {} } }"#;
/// assert!(weir::catalog::compile(json, &Names::default(), CatalogVersion(1)).is_ok());
/// let error = weir::catalog::compile(b"{", &Names::default(), CatalogVersion(1)).unwrap_err();
/// assert_eq!(error.faults[0].code, "catalog.json");
/// ```
pub fn compile(
    json: &[u8],
    known: &Names,
    version: CatalogVersion,
) -> Result<Catalog, InstallError> {
    let definition = read(json)?;
    Catalog::compile(&definition, known, version).map_err(|faults| InstallError { faults })
}
