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
pub struct Table {
    names: Vec<Name>,
    by_name: Vec<u16>, // INVARIANT: each index once, in the order of the names.
}

impl Table {
    /// The most names of a kind; the last index is kept to mean none.
    pub const LEN_MAX: usize = 65_535;

    /// The index of `name`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<u16> {
        self.search(name).ok().and_then(|place| self.by_name.get(place)).copied()
    }

    /// The name with `index`.
    #[must_use]
    pub fn name(&self, index: u16) -> Option<&Name> {
        self.names.get(usize::from(index))
    }

    /// All names, by index.
    pub fn iter(&self) -> impl Iterator<Item = &Name> {
        self.names.iter()
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The index of `name`, given now if it has none; `None` when the table is full.
    pub fn intern(&mut self, name: &Name) -> Option<u16> {
        let place = match self.search(name.as_str()) {
            Ok(known) => return self.by_name.get(known).copied(),
            Err(place) => place,
        };
        let index = u16::try_from(self.names.len()).ok().filter(|_| self.len() < Self::LEN_MAX)?;
        self.names.push(name.clone());
        self.by_name.insert(place, index);
        Some(index)
    }

    /// Where `name` stands among the sorted names, or where it would.
    fn search(&self, name: &str) -> Result<usize, usize> {
        self.by_name.binary_search_by(|index| self.name(*index).map_or("", Name::as_str).cmp(name))
    }
}
