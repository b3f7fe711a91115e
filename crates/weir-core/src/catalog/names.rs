//! Which index has a name? Append-only tables, one for each kind of name.

use alloc::vec::Vec;

use crate::id::Name;

/// The indices of all names that a ledger's catalogs ever had.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Names {
    /// Credential classes.
    pub classes: Table,
    /// Features.
    pub features: Table,
    /// Limits.
    pub limits: Table,
    /// Plans.
    pub plans: Table,
    /// Wallets.
    pub wallets: Table,
}

impl Names {
    /// All tables, in the order of their declaration.
    #[must_use]
    pub const fn tables(&self) -> [&Table; 5] {
        [&self.classes, &self.features, &self.limits, &self.plans, &self.wallets]
    }

    /// All tables, in the order of their declaration, to be filled.
    pub const fn tables_mut(&mut self) -> [&mut Table; 5] {
        [
            &mut self.classes,
            &mut self.features,
            &mut self.limits,
            &mut self.plans,
            &mut self.wallets,
        ]
    }
}

/// Names by index, in the order in which they first appeared.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Table(Vec<Name>);

impl Table {
    /// The most names of a kind; the last index is kept to mean none.
    pub const LEN_MAX: usize = 65_535;

    /// The index of `name`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<u16> {
        let at = self.0.iter().position(|known| known.as_str() == name)?;
        u16::try_from(at).ok()
    }

    /// The name with `index`.
    #[must_use]
    pub fn name(&self, index: u16) -> Option<&Name> {
        self.0.get(usize::from(index))
    }

    /// All names, by index.
    pub fn iter(&self) -> impl Iterator<Item = &Name> {
        self.0.iter()
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The index of `name`, given now if it has none; `None` when the table is full.
    pub fn intern(&mut self, name: &Name) -> Option<u16> {
        if let Some(index) = self.find(name.as_str()) {
            return Some(index);
        }
        if self.0.len() >= Self::LEN_MAX {
            return None;
        }
        let index = u16::try_from(self.0.len()).ok()?;
        self.0.push(name.clone());
        Some(index)
    }
}
