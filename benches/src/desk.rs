//! A desk ready to be asked: a ledger, a catalog, and a path that costs are asked on.

use std::borrow::Cow;

use weir_core::amount::Quantity;
use weir_core::catalog::{Capacity, Catalog, Definition, Names};
use weir_core::decide::{Caller, Cost, Request, Verdict};
use weir_core::grant::{Grant, Renewal};
use weir_core::id::{CatalogVersion, FeatureId, ScopeId, ScopeName};
use weir_core::ledger::{Command, HostKeys, Ledger, Newcomer};
use weir_core::limit::Source;
use weir_core::time::{Span, Timestamp};
use weir_core::window::Period;

/// A ledger with the scopes of one path, and the catalog that it is decided under.
#[derive(Debug)]
pub struct Desk {
    /// The catalog.
    pub catalog: Catalog,
    /// The ledger.
    pub ledger: Ledger,
    scopes: Vec<ScopeId>,
}

impl Desk {
    /// A desk under a catalog in JSON, with one scope for each of the plans that it has of `plan`,
    /// `team` and `user`, each below the one before.
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
        let names = Cow::Owned(catalog.names().clone());
        let zones = catalog.zones().digest();
        let install = Command::Install { json: json.as_bytes().into(), names, zones };
        ledger.execute(install, Timestamp::EPOCH, &mut ()).expect("installed");
        let mut scopes: Vec<ScopeId> = Vec::new();
        let plans = ["plan", "team", "user"].map(|plan| catalog.plan(plan));
        for plan in plans.into_iter().flatten() {
            let name = ScopeName::parse("customer-001").expect("a name");
            let newcomer = Newcomer { name, parent: scopes.last().copied(), plan: Some(plan) };
            scopes.push(ledger.intern(newcomer, Timestamp::EPOCH, &mut ()).expect("a scope"));
        }
        Self { catalog, ledger, scopes }
    }

    /// The same desk with `grants` of `amount` units each, for the limit `calls` of its first scope.
    ///
    /// # Panics
    ///
    /// When the limit is not granted.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a bench that cannot be set up must not run")]
    pub fn granted(mut self, grants: u16, amount: u32) -> Self {
        let scope = *self.scopes.first().expect("a scope");
        let limit = self.catalog.limit("calls").expect("a limit");
        let plan = self.catalog.plan("plan").expect("a plan");
        let burn = match self.catalog.limit_terms(plan, limit).map(|terms| terms.capacity) {
            Some(Capacity::Granted { burn }) => Some(burn),
            _ => None,
        };
        let burn = burn.expect("a granted limit");
        for number in 1..=grants {
            let grant = Grant {
                name: number.to_string().into(),
                limit,
                source: Source(number),
                amount: Quantity::from_units(amount.into()),
                priority: 0,
                effective: Timestamp::EPOCH,
                expires: Period::NEVER,
                renewal: Renewal::DEFAULT,
            };
            let grant = Cow::Owned(grant);
            let given = Command::Grant { scope, grant, burn };
            self.ledger.execute(given, Timestamp::EPOCH, &mut ()).expect("granted");
        }
        self
    }

    /// The same desk with one hold on what `cost` takes, open for as long as a hold may be.
    ///
    /// # Panics
    ///
    /// When there is no room for it.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a bench that cannot be set up must not run")]
    pub fn holding(mut self, cost: &[Cost]) -> Self {
        let at = Timestamp::EPOCH;
        let scopes = &self.scopes;
        let caller = Caller::Unchecked;
        let request = Request { caller, scopes, costs: cost, at, key: None, on_shortfall: None };
        let ttl = Span::from_millis(86_400_000).expect("a span");
        let held = self.ledger.reserve(&self.catalog, (&request, ttl), at, (&mut (), &mut ()));
        assert!(held.expect("reserved").is_allowed(), "no room for a hold");
        self
    }

    /// What is asked for: so many units of a feature, `calls` where it is not said otherwise.
    #[must_use]
    pub fn cost(&self, units: u32) -> [Cost; 1] {
        let feature = self.catalog.feature("calls").unwrap_or(FeatureId(u16::MAX));
        [Cost { feature, quantity: Quantity::from_units(units.into()) }]
    }

    /// Decides one ask at `now`.
    #[inline]
    pub fn ask(&mut self, costs: &[Cost], now: Timestamp) -> &Verdict {
        let scopes = &self.scopes;
        let (caller, at) = (Caller::Unchecked, now);
        let request = Request { caller, scopes, costs, at, key: None, on_shortfall: None };
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

/// The same, with room for one.
pub const ROOM_FOR_ONE: &str = r#"{
    "features": { "calls": {} },
    "plans": { "plan": { "limits": { "calls": {
        "feature": "calls", "capacity": 1, "window": { "calendar": { "unit": "hour" } }
    } } } }
}"#;

/// Five limits on `calls` for a path of three, none of which is ever reached.
pub const THREE_LEVELS: &str = r#"{
    "features": { "calls": {} },
    "plans": {
        "plan": { "limits": {
            "calls": { "feature": "calls", "capacity": "1000000000000",
                "window": { "calendar": { "unit": "minute" } } },
            "plan.month": { "feature": "calls", "capacity": "1000000000000",
                "window": { "calendar": { "unit": "month" } } }
        } },
        "team": { "limits": {
            "team.day": { "feature": "calls", "capacity": "1000000000000",
                "window": { "calendar": { "unit": "day" } } },
            "team.ever": { "feature": "calls", "capacity": "1000000000000", "window": "lifetime" }
        } },
        "user": { "limits": {
            "user.hour": { "feature": "calls", "capacity": "1000000000000",
                "window": { "calendar": { "unit": "hour" } } }
        } }
    }
}"#;

/// A limit that only grants fill, anew each minute.
pub const GRANTED: &str = r#"{
    "features": { "calls": {} },
    "plans": { "plan": { "limits": { "calls": {
        "feature": "calls", "capacity": "granted", "window": { "calendar": { "unit": "minute" } }
    } } } }
}"#;

/// [`ONE_LIMIT`] among a thousand limits of as many features, all of one plan.
#[must_use]
pub fn crowded() -> String {
    let names = |line: fn(u32) -> String| (1..1_000).map(line).collect::<String>();
    let features = names(|n| format!(", \"f{n}\": {{}}"));
    let limits = names(|n| {
        format!(
            ", \"l{n}\": {{ \"feature\": \"f{n}\", \"capacity\": {n}, \"window\": \"lifetime\" }}"
        )
    });
    ONE_LIMIT
        .replace("\"calls\": {} }", &format!("\"calls\": {{}}{features} }}"))
        .replace("} }\n    } } } }", &format!("}} }}\n    }}{limits} }} }} }}"))
}
