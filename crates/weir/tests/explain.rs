//! What an explanation tells: as text for a person, as data for a program.

#![expect(
    clippy::unwrap_used,
    reason = "in the helpers of tests, what cannot be set up is a failing test"
)]

use weir::{
    Ask, Caller, Cost, Gate, GrantTerms, LotTerms, Quantity, Renewal, Scope, Timestamp, Trace,
};
use weir_core::wallet::Kind;

const CATALOG: &[u8] = br#"{
    "acceptance": { "max_age": "P1D", "max_ahead": "PT0S" }, "remember": { "lifetime": "P2D" },
    "features": { "calls": {} },
    "wallets": { "usd": { "unit": "USD" } },
    "plans": {
        "team": { "limits": { "calls.monthly": {
            "feature": "calls", "capacity": 100, "window": { "calendar": { "unit": "month" } },
            "charge": { "price": "0.5", "wallet": "usd" } } } },
        "seat": { "limits": { "calls.bonus": {
            "feature": "calls", "capacity": "granted", "window": "lifetime",
            "settle": { "warn_at": [60] } } } }
    }
}"#;

fn world() -> (Gate, [Scope; 2], Timestamp) {
    let now = "2026-01-31T12:00:00Z".parse().unwrap();
    let gate = Gate::in_memory().unwrap();
    gate.install(CATALOG, now).unwrap();
    let acme = gate.open(None, "acme", Some("team"), now).unwrap();
    let ann = gate.open(Some(acme), "ann", Some("seat"), now).unwrap();
    for (name, priority, units) in [("trial", 0, 4), ("paid", 1, 6)] {
        let (effective, expires) = (Timestamp::EPOCH, None);
        let amount = Some(Quantity::from_units(units));
        let terms =
            GrantTerms { name, amount, priority, effective, expires, renewal: Renewal::DEFAULT };
        gate.grant(ann, "calls.bonus", &terms, now).unwrap();
    }
    let lot = LotTerms {
        name: "gift",
        amount: Quantity::from_units(4),
        kind: Kind::Promotional,
        priority: 0,
        purchased: now,
        expires: None,
    };
    gate.top_up(acme, "usd", &lot, now).unwrap();
    (gate, [acme, ann], now)
}

fn explain(gate: &Gate, scopes: &[Scope], (units, key): (i64, &str), now: Timestamp) -> Trace {
    let cost =
        Cost { feature: gate.feature("calls").unwrap(), quantity: Quantity::from_units(units) };
    let key = Some(key.as_bytes());
    let ask = Ask { caller: Caller::Unchecked, scopes, costs: &[cost], at: now, key };
    let trace = gate.explain(&ask, now).unwrap();
    assert_eq!(trace.verdict, gate.peek(&ask, now).unwrap());
    gate.decide(&ask, now).unwrap();
    trace
}

#[test]
fn a_person_reads_a_row_a_limit_and_what_decided() {
    let (gate, path, now) = world();
    let allowed = explain(&gate, &path, (6, "a"), now).to_string();
    assert_eq!(
        allowed,
        "\
allowed, tightest calls.bonus of acme/ann
decided at 2026-01-31T12:00:00.000Z under catalog 1
passed  path, caller, route, memory, time, status

scope     limit          window    used  held  asked   of  left  resets                    says
acme      calls.monthly  calendar     0     0      6  100   100  2026-02-01T00:00:00.000Z  allowed
acme/ann  calls.bonus    lifetime     0     0      6   10    10  never                     allowed

takes 6 for calls.monthly of acme from the plan, used 6 then, costs 3
takes 4 for calls.bonus of acme/ann from trial, used 4 then
takes 2 for calls.bonus of acme/ann from paid, used 2 then
warns of calls.bonus of acme/ann: 60%
charges 3 to usd of acme, which can pay 4; 1 left of gift
"
    );
    let denied = explain(&gate, &path, (5, "b"), now).to_string();
    assert_eq!(
        denied,
        "\
denied: limit_exceeded at the stage limits, refused by calls.bonus of acme/ann
decided at 2026-01-31T12:00:00.000Z under catalog 1
passed  path, caller, route, memory, time, status

scope     limit          window    used  held  asked   of  left  resets                    says
acme      calls.monthly  calendar     6     0      5  100    94  2026-02-01T00:00:00.000Z  allowed
acme/ann  calls.bonus    lifetime     6     0      5   10     4  never                     limit_exceeded

warns of calls.bonus of acme/ann: exhausted
charges 2.5 to usd of acme, which can pay 1
when it passes is not known
"
    );
}

#[test]
fn an_answer_given_before_names_its_limit() {
    let (gate, path, now) = world();
    explain(&gate, &path, (6, "a"), now);
    assert_eq!(
        explain(&gate, &path, (6, "a"), now).to_string(),
        "\
allowed, tightest calls.bonus of acme/ann
the answer given before, under the same key
decided at 2026-01-31T12:00:00.000Z under catalog 1
passed  path, caller, route
"
    );
}

#[test]
fn what_a_gate_refuses_asks_no_limit() {
    let (gate, path, now) = world();
    let backwards: Vec<Scope> = path.into_iter().rev().collect();
    let trace = explain(&gate, &backwards, (1, "a"), now);
    assert_eq!((trace.passed.len(), trace.limits.len()), (0, 0));
    assert!(trace.to_string().starts_with("denied: malformed at the stage path\n"), "{trace}");
}

#[test]
fn a_program_reads_names_and_exact_numbers() {
    let (gate, path, now) = world();
    let trace = serde_json::to_value(explain(&gate, &path, (6, "a"), now)).unwrap();
    let expected = serde_json::json!({
        "now": "2026-01-31T12:00:00.000Z", "outcome": "allowed", "stage": null,
        "decided_by": { "scope": "acme/ann", "limit": "calls.bonus" },
        "remaining": "4", "charged": "3", "retry": "now", "flags": [], "catalog": 1,
        "passed": ["path", "caller", "route", "memory", "time", "status"],
        "limits": [
            { "level": 0, "scope": "acme", "limit": "calls.monthly", "window": "calendar",
              "used": "0", "held": "0", "asked": "6", "taken": "6", "overage": "0",
              "fit": "within", "capacity": "100", "left": "100",
              "resets_at": "2026-02-01T00:00:00.000Z", "outcome": "allowed",
              "draws": [{ "grant": null, "taken": "6", "used": "6", "cost": "3" }],
              "warnings": [] },
            { "level": 1, "scope": "acme/ann", "limit": "calls.bonus", "window": "lifetime",
              "used": "0", "held": "0", "asked": "6", "taken": "6", "overage": "0",
              "fit": "within", "capacity": "10", "left": "10",
              "resets_at": null, "outcome": "allowed",
              "draws": [{ "grant": "trial", "taken": "4", "used": "4", "cost": "0" },
                        { "grant": "paid", "taken": "2", "used": "2", "cost": "0" }],
              "warnings": ["60%"] }
        ],
        "wallets": [{ "scope": "acme", "wallet": "usd", "amount": "3", "usable": "4",
                      "lots": { "gift": "1" } }],
        "closed": []
    });
    assert_eq!(trace, expected);
    let denied = serde_json::to_value(explain(&gate, &path, (5, "b"), now)).unwrap();
    assert_eq!([&denied["outcome"], &denied["stage"]], ["limit_exceeded", "limits"]);
    assert_eq!(denied["limits"][1]["outcome"], "limit_exceeded");
}

#[test]
fn a_period_that_is_over_is_forgotten() {
    let (gate, path, now) = world();
    explain(&gate, &path, (1, "a"), now);
    let march: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    let trace = explain(&gate, &path, (1, "b"), march);
    let told =
        "forgets calls.monthly of acme, the plan: the period ended at 2026-02-01T00:00:00.000Z\n";
    assert!(trace.to_string().contains(told), "{trace}");
    assert_eq!(trace.closed.len(), 1);
}
