//! What the benches decide on and validate: a desk ready to be asked, a gatehouse, two bodies,
//! everyone who validates them, and the worst that could be sent.

pub mod bodies;
mod gatehouse;
#[cfg(feature = "peers")]
pub mod mutate;
#[cfg(feature = "peers")]
pub mod peers;
pub mod race;
#[cfg(feature = "peers")]
pub mod typed;
pub mod worst;

pub use gatehouse::Gatehouse;
use weir_core::catalog::{Catalog, Definition, Names};
use weir_core::decide::{Caller, Cost, Request, Verdict};
use weir_core::id::{CatalogVersion, ScopeId, ScopeName};
use weir_core::ledger::{Command, HostKeys, Ledger, Newcomer};
use weir_core::time::Timestamp;

/// A ledger with one scope, and the catalog that it is decided under.
#[derive(Debug)]
pub struct Desk {
    /// The catalog.
    pub catalog: Catalog,
    /// The ledger.
    pub ledger: Ledger,
    scope: [ScopeId; 1],
}

impl Desk {
    /// A desk under a catalog in JSON, whose scope has the plan `plan`.
    ///
    /// # Panics
    ///
    /// When the catalog has a fault: a bench that cannot start says so at once.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a bench that cannot be set up must not run")]
    pub fn new(json: &str) -> Self {
        let definition: Definition = serde_json::from_str(json).expect("a definition");
        let compiled = Catalog::compile(&definition, &Names::default(), CatalogVersion(1));
        let catalog = compiled.expect("no fault");
        let mut ledger = Ledger::new(&HostKeys::fixed());
        let names = catalog.names().clone();
        let install = Command::Install {
            json: json.as_bytes().into(),
            names: std::borrow::Cow::Owned(names),
            zones: catalog.zones().digest(),
        };
        ledger.execute(install, Timestamp::EPOCH, &mut ()).expect("installed");
        let name = ScopeName::parse("customer-001").expect("a name");
        let newcomer = Newcomer { name, parent: None, plan: catalog.plan("plan") };
        let scope = [ledger.intern(newcomer, Timestamp::EPOCH, &mut ()).expect("a scope")];
        Self { catalog, ledger, scope }
    }

    /// Decides one ask at `now`.
    #[inline]
    pub fn ask(&mut self, costs: &[Cost], now: Timestamp) -> &Verdict {
        let request =
            Request { caller: Caller::Unchecked, scopes: &self.scope, costs, at: now, key: None };
        let Ok(verdict) = self.ledger.decide(&self.catalog, (&request, now), (&mut (), &mut ()));
        verdict
    }
}

/// One hard limit on `calls`, so large that it is never reached, by the second.
pub const ONE_LIMIT: &str = r#"{
    "features": { "calls": {} },
    "plans": { "plan": { "limits": { "calls": {
        "feature": "calls", "capacity": "1000000000000", "window": { "calendar": { "unit": "hour" } }
    } } } }
}"#;

/// The same, with no room at all.
pub const NO_ROOM: &str = r#"{
    "features": { "calls": {} },
    "plans": { "plan": { "limits": { "calls": {
        "feature": "calls", "capacity": 0, "window": { "calendar": { "unit": "hour" } }
    } } } }
}"#;
