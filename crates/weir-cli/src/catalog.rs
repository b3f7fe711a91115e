//! Is this catalog sound? A file compiled, and what its author wrote.

use std::path::Path;

use anyhow::{Context, bail};
use weir::Fault;
use weir_core::catalog::{Catalog, Definition, Names};
use weir_core::id::{CatalogVersion, Name};

/// A sound catalog.
pub(crate) struct CatalogFile {
    /// What its author wrote.
    pub(crate) json: Box<[u8]>,
    /// The same, read.
    pub(crate) definition: Definition,
    /// The same, compiled as the first of a ledger.
    pub(crate) compiled: Catalog,
}

impl CatalogFile {
    /// The name of one of its schemas: that which is asked for, or the only one.
    pub(crate) fn schema_name<'n>(&'n self, name: Option<&'n str>) -> anyhow::Result<&'n str> {
        let names: Vec<&str> = self.definition.schemas.keys().map(Name::as_str).collect();
        match (name, names.as_slice()) {
            (Some(name), _) if names.contains(&name) => Ok(name),
            (None, [only]) => Ok(only),
            (_, []) => bail!("the catalog has no schemas"),
            (Some(name), _) => {
                bail!("the catalog has no schema `{name}`; it has: {}", names.join(", "))
            }
            (None, _) => {
                bail!("name one of the catalog's schemas with --schema: {}", names.join(", "))
            }
        }
    }
}

/// What a file holds.
pub(crate) fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// The catalog of a file; `None` when it has faults, which have been told.
pub(crate) fn open(path: &Path) -> anyhow::Result<Option<CatalogFile>> {
    Ok(read_or_tell(&path.display().to_string(), &bytes(path)?))
}

/// The catalog of a text that is called `name`; `None` when it has faults, which have been told.
pub(crate) fn read_or_tell(name: &str, text: &[u8]) -> Option<CatalogFile> {
    read(text).map_err(|faults| tell(name, &faults)).ok()
}

/// The catalog of a text, compiled after one whose names are known; `None` when it has faults, which
/// have been told.
pub(crate) fn follow(
    name: &str,
    text: &[u8],
    (known, version): (&Names, CatalogVersion),
) -> Option<Catalog> {
    let compiled = weir::catalog::compile(text, known, version);
    compiled.map_err(|error| tell(name, &error.faults)).ok().map(|(_, compiled)| compiled)
}

/// Reads a catalog and compiles it.
pub(crate) fn read(text: &[u8]) -> Result<CatalogFile, Vec<Fault>> {
    let read = weir::catalog::compile(text, &Names::default(), CatalogVersion(1));
    let (definition, compiled) = read.map_err(|error| error.faults)?;
    Ok(CatalogFile { json: text.into(), definition, compiled })
}

/// Writes what an operator must edit.
pub(crate) fn tell(file: &str, faults: &[Fault]) {
    for fault in faults {
        match fault.pointer.as_str() {
            "" => crate::tell(format_args!("{file}: {} ({})", fault.hint, fault.code)),
            _ => crate::tell(format_args!("{file}: {fault}")),
        }
    }
}
