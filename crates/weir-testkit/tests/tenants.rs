//! Can one tenant tell what another does?
//!
//! Row A10 of the list of attacks: two tenants with the same names below their own and the same
//! request keys are told, each, what they would be told alone, and a key of one is nothing to the
//! other.
#![expect(clippy::unwrap_used, reason = "in the helpers of tests, a wrong table is a failing test")]

use proptest::prelude::*;
use weir::{Ask, Caller, Cost, CredentialTerms, Gate, Quantity, Reason, Timestamp};
use weir_core::token::{Origins, Status};

const NOW: Timestamp = Timestamp::EPOCH;
const CATALOG: &str = r#"{
    "acceptance": { "max_age": "PT1H", "max_ahead": "PT0S" },
    "remember": { "lifetime": "PT2H", "max": 1 },
    "classes": { "site": { "prefix": "pub_", "alphabet": "token",
        "length": { "min": 4, "max": 64 }, "environment": "live" } },
    "features": { "calls": {} },
    "plans": { "pro": { "limits": { "calls": {
        "feature": "calls", "capacity": 6, "window": { "anchored": { "span": "P30D" } } } } } }
}"#;

const fn terms(status: Status) -> CredentialTerms<'static> {
    CredentialTerms { class: "site", origins: Origins::ANY, status, expires: None }
}

fn fresh(shards: u16) -> Gate {
    let gate = Gate::builder().shards(shards).build().unwrap();
    gate.install(CATALOG.as_bytes(), NOW).unwrap();
    gate
}

/// What a tenant does: with which of three keys, for whom, and how much.
#[derive(Clone, Copy, Debug)]
enum Act {
    Authenticate(u8),
    Decide { key: u8, request: Option<u8>, units: u32 },
    Enrol(u8, Status),
}

fn acts() -> impl Strategy<Value = Act> {
    let status = prop::sample::select(vec![Status::Active, Status::Disabled, Status::Revoked]);
    let request = prop::option::of(0..2_u8);
    prop_oneof![
        (0..3_u8).prop_map(Act::Authenticate),
        (0..3_u8, request, 0..4_u32).prop_map(|(key, request, units)| Act::Decide {
            key,
            request,
            units
        }),
        (0..3_u8, status).prop_map(|(key, status)| Act::Enrol(key, status)),
    ]
}

/// Does one act of a tenant, and gives all that it is told.
fn play(gate: &Gate, tenant: &str, act: Act) -> String {
    // Both tenants have the same names below their own, and the same request keys.
    let root = gate.open(None, tenant, Some("pro"), NOW).unwrap();
    let seat = gate.open(Some(root), "seat", Some("pro"), NOW).unwrap();
    let named = |n: u8| format!("pub_{tenant}{n}");
    let holder = |n| gate.authenticate(named(n).as_bytes(), None, NOW).unwrap();
    match act {
        Act::Authenticate(n) => match holder(n) {
            Ok(holder) => format!("{} {:?}", holder.scope() == seat, holder.principal().is_ok()),
            Err(refused) => refused.cause().to_string(),
        },
        Act::Decide { key, request, units } => {
            let caller = holder(key).map_or(Caller::Unchecked, |holder| holder.caller().unwrap());
            let quantity = Quantity::from_units(units.into());
            let costs = [Cost { feature: gate.feature("calls").unwrap(), quantity }];
            let request = request.map(|request| [request]);
            let key = request.as_ref().map(<[u8; 1]>::as_slice);
            let ask = Ask { caller, scopes: &[root, seat], costs: &costs, at: NOW, key };
            let verdict = gate.decide(&ask, NOW).unwrap();
            let used = [root, seat].map(|scope| gate.standing(scope, "calls", NOW).unwrap().used);
            let (reason, retry) = (verdict.reason(), verdict.retry);
            format!("{reason:?} {:?} {retry:?} {used:?}", verdict.remaining())
        }
        Act::Enrol(n, status) => {
            format!("{:?}", gate.enrol(seat, named(n).as_bytes(), &terms(status), NOW))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn tenants_are_told_what_they_would_be_told_alone(
        acts in prop::collection::vec((any::<bool>(), acts()), 1..40),
        shards in prop::sample::select(vec![1_u16, 16]),
    ) {
        let together = fresh(shards);
        let alone = [("acme", fresh(shards)), ("bolt", fresh(shards))];
        for (first, act) in acts {
            let [acme, bolt] = &alone;
            let (tenant, gate) = if first { acme } else { bolt };
            prop_assert_eq!(play(&together, tenant, act), play(gate, tenant, act), "{} {:?}", tenant, act);
        }
    }
}

#[test]
fn a_key_of_one_tenant_opens_nothing_of_another() {
    for shards in [1, 16] {
        let gate = fresh(shards);
        let [ours, theirs] =
            ["acme", "bolt"].map(|name| gate.open(None, name, Some("pro"), NOW).unwrap());
        gate.enrol(ours, b"pub_acme", &terms(Status::Active), NOW).unwrap();
        let caller = gate.authenticate(b"pub_acme", None, NOW).unwrap().unwrap().caller().unwrap();
        let calls = gate.feature("calls").unwrap();
        let costs = [Cost { feature: calls, quantity: Quantity::from_units(1) }];
        let decide = |scope| {
            let ask = Ask { caller, scopes: &[scope], costs: &costs, at: NOW, key: None };
            gate.decide(&ask, NOW).unwrap().reason()
        };
        assert_eq!(decide(ours), None);
        assert_eq!(decide(theirs), Some(Reason::Unauthenticated));
        assert_eq!(gate.standing(theirs, "calls", NOW).unwrap().used, Quantity::ZERO);
        // Nor can it be taken over: it stays whose it is.
        assert!(gate.enrol(theirs, b"pub_acme", &terms(Status::Active), NOW).is_err());
        assert_eq!(gate.authenticate(b"pub_acme", None, NOW).unwrap().unwrap().scope(), ours);
    }
}

#[test]
fn a_note_of_one_tenant_is_none_of_another() {
    for shards in [1, 16] {
        let gate = fresh(shards);
        gate.put_note("acme", (7, b"1"), Some(b"ours"), NOW).unwrap();
        assert_eq!(gate.note("bolt", 7, b"1").unwrap(), None);
        gate.put_note("bolt", (7, b"1"), None, NOW).unwrap();
        assert_eq!(gate.note("acme", 7, b"1").unwrap().as_deref(), Some(&b"ours"[..]));
        // Nor does a name that ends where a key could begin.
        assert_eq!(gate.note("acm", 7, b"e1").unwrap(), None);
    }
}
