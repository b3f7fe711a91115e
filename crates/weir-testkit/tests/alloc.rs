//! Does a decision touch the heap? Not once its scopes have been seen.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::borrow::Cow;

use weir_core::amount::Quantity;
use weir_core::catalog::{Catalog, Definition, Names};
use weir_core::decide::{Caller, Cost, Request, Verdict};
use weir_core::id::{CatalogVersion, ScopeId, ScopeName};
use weir_core::ledger::{Command, HostKeys, Ledger, Newcomer};
use weir_core::time::{Span, Timestamp};

const ROUNDS: u32 = 100_000;

#[test]
fn hot_admissions_allocate_nothing() {
    let mut shop = Shop::new("1000000");
    assert!(shop.decide().is_allowed());
    let made = allocation_counter::measure(|| {
        for _ in 1..ROUNDS {
            shop.decide();
        }
    });
    assert_eq!(made.count_total, 0);
    assert_eq!(shop.decide().remaining(), Some(Quantity::from_units(799_998)));
}

#[test]
fn denials_allocate_nothing() {
    let mut shop = Shop::new("2");
    assert!(shop.decide().is_allowed());
    assert!(!shop.decide().is_allowed());
    let made = allocation_counter::measure(|| {
        for _ in 0..ROUNDS {
            shop.decide();
        }
    });
    assert_eq!(made.count_total, 0);
}

#[test]
fn a_new_period_allocates_nothing() {
    let mut shop = Shop::new("2");
    let hour = Span::from_millis(3_600_000).expect("in range");
    let next = |shop: &mut Shop| {
        shop.now = shop.now.checked_add(hour).expect("before year 10000");
        shop.decide()
    };
    assert!(shop.decide().is_allowed());
    for _ in 0..3 {
        assert!(next(&mut shop).is_allowed()); // the room for what closes is grown once
    }
    let made = allocation_counter::measure(|| {
        for _ in 0..ROUNDS {
            next(&mut shop);
        }
    });
    assert_eq!(made.count_total, 0);
    assert!(shop.decide().reason().is_some(), "each period has room for one ask of two");
}

/// A customer and its user, each with a limit by the hour, and the catalog that says so.
struct Shop {
    catalog: Catalog,
    ledger: Ledger,
    path: [ScopeId; 2],
    now: Timestamp,
}

impl Shop {
    fn new(capacity: &str) -> Self {
        let json = CATALOG.replace("CAPACITY", capacity);
        let definition: Definition = serde_json::from_str(&json).expect("a definition");
        let compiled = Catalog::compile(&definition, &Names::default(), CatalogVersion(1));
        let (catalog, now) = (compiled.expect("no fault"), Timestamp::EPOCH);
        let mut ledger = Ledger::new(&HostKeys::fixed());
        let names = Cow::Borrowed(catalog.names());
        let install = Command::Install { json: json.as_bytes().into(), names };
        ledger.execute(install, now, &mut ()).expect("installed");
        let mut seen = |name, parent| {
            let name = ScopeName::parse(name).expect("a name");
            let newcomer = Newcomer { name, parent, plan: catalog.plan("plan") };
            ledger.intern(newcomer, now, &mut ()).expect("a scope")
        };
        let customer = seen("customer", None);
        let path = [customer, seen("user", Some(customer))];
        Self { catalog, ledger, path, now }
    }

    /// Decides an ask for two calls.
    fn decide(&mut self) -> Verdict {
        let feature = self.catalog.feature("calls").expect("sold");
        let costs = [Cost { feature, quantity: Quantity::from_units(2) }];
        let (caller, scopes, at) = (Caller::Unchecked, &self.path, self.now);
        let request = Request { caller, scopes, costs: &costs, at, key: None };
        let Ok(verdict) =
            self.ledger.decide(&self.catalog, (&request, self.now), (&mut (), &mut ()));
        verdict
    }
}

const CATALOG: &str = r#"{
    "features": { "calls": {} },
    "plans": { "plan": { "limits": { "calls": {
        "feature": "calls", "capacity": "CAPACITY", "window": { "calendar": { "unit": "hour" } }
    } } } }
}"#;
