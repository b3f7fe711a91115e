//! One class of keys with check digits, and one key on record.

use std::collections::BTreeMap;

use weir_core::id::{ClassId, Name, ScopeId};
use weir_core::time::Timestamp;
use weir_core::token::{ClassDefinition, Classes, Credential, Origins, Principal};
use weir_core::token::{Registry, Status};

/// Where a key is looked at and found, or not.
#[derive(Debug)]
pub struct Gatehouse {
    classes: Classes,
    registry: Registry,
}

impl Gatehouse {
    /// The key that is on record.
    pub const KEY: &[u8] = b"gvk_live_4f3Kq8ZrT1mWc7PxY9bN2sDh0sjI25";

    /// The same with two neighbours swapped.
    pub const MISSPELT: &[u8] = b"gvk_live_4f3qK8ZrT1mWc7PxY9bN2sDh0sjI25";

    /// A gatehouse that knows [`Gatehouse::KEY`].
    ///
    /// # Panics
    ///
    /// When the key is not one of the class: a bench that cannot start says so at once.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a bench that cannot be set up must not run")]
    pub fn new() -> Self {
        let classes: BTreeMap<Name, ClassDefinition> =
            serde_json::from_str(CLASSES).expect("classes");
        let classes = Classes::compile(&classes).expect("no fault");
        let mut registry = Registry::new(16, None);
        let digest = registry.digest(&classes.classify(Self::KEY).expect("a key"));
        let credential = Credential {
            class: ClassId(0),
            epoch: 1,
            expires: None,
            origins: Origins::default(),
            scope: ScopeId(7),
            status: Status::Active,
        };
        registry.insert(digest, credential).expect("room");
        Self { classes, registry }
    }

    /// Who speaks with this key, if it is well formed and on record.
    #[must_use]
    pub fn admit(&self, key: &[u8]) -> Option<Principal> {
        let presented = self.classes.classify(key).ok()?;
        let found = self.registry.authenticate(&self.classes, &presented, Timestamp::EPOCH);
        found.ok().map(|found| found.whatever_origin())
    }
}

impl Default for Gatehouse {
    fn default() -> Self {
        Self::new()
    }
}

const CLASSES: &str = r#"{"server": {
    "prefix": "gvk_live_", "alphabet": "base62", "check": "crc32",
    "length": {"min": 30, "max": 30}, "environment": "live"
}}"#;
