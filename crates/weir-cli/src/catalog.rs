//! Is this catalog sound? A file compiled, and what its author wrote.

use weir::Fault;
use weir_core::catalog::{Catalog, Definition, Names};
use weir_core::id::CatalogVersion;

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
    let read = weir::catalog::compile(text, &Names::default(), CatalogVersion(1));
    let (definition, compiled) = read.map_err(|error| error.faults)?;
    Ok(CatalogFile { json: text.into(), definition, compiled })
}
