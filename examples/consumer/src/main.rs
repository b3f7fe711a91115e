//! A program outside the workspace that uses weir as anyone would: a tenant, two customers under
//! it, four threads, one budget that none of them may pass. It has switched on what serde_json has to
//! switch, and nothing is answered otherwise.

use std::error::Error;
use std::thread;

use weir::{Ask, Caller, Cost, Gate, GateError, Quantity, Reason, Scope, Shard, Timestamp};

const CATALOG: &[u8] = br#"{
    "features": { "tokens": {} },
    "plans": {
        "team": { "limits": { "team.tokens": {
            "feature": "tokens", "capacity": 1000, "window": { "calendar": { "unit": "month" } }
        } } },
        "seat": { "limits": { "seat.tokens": {
            "feature": "tokens", "capacity": 700, "window": { "calendar": { "unit": "day" } }
        } } }
    }
}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let now: Timestamp = "2026-02-28T12:00:00Z".parse()?;
    let (gate, journal) = Gate::recording()?;
    features_change_nothing(&gate, now)?;
    gate.install(CATALOG, now)?;
    let team = gate.open(None, "acme", Some("team"), now)?;
    let ada = gate.open(Some(team), "ada", Some("seat"), now)?;
    let bob = gate.open(Some(team), "bob", Some("seat"), now)?;

    let spenders: Vec<_> = [ada, bob, ada, bob]
        .into_iter()
        .map(|seat| {
            let gate = gate.clone();
            thread::spawn(move || spend(&gate, [team, seat], now))
        })
        .collect();
    let mut admitted = 0;
    for spender in spenders {
        admitted += spender.join().map_err(|_| "a spender panicked")??;
    }
    assert_eq!(admitted, 1_000, "the team's budget, to the token");

    let replayed = weir::replay(&journal.bytes(Shard::new(0)), &weir::HostKeys::fixed())?;
    assert_eq!(replayed.snapshot(), gate.snapshot(Shard::new(0))?, "the journal is the state");
    println!("{admitted} tokens admitted to four threads, and the journal says the same");
    Ok(())
}

/// With these features, serde_json reads an object with a certain key as a number, and keeps keys in
/// order; a catalog is still refused for the first, and its faults still come in the order of keys.
fn features_change_nothing(gate: &Gate, now: Timestamp) -> Result<(), Box<dyn Error>> {
    let kept = r#"{"b":1.10,"a":0}"#;
    let read: serde_json::Value = serde_json::from_str(kept)?;
    assert_eq!(read.to_string(), kept, "the features are on");
    let number: serde_json::Value =
        serde_json::from_str(r#"{"$serde_json::private::Number":"7"}"#)?;
    assert!(number.is_number(), "and an object can be a number");

    let catalog = str::from_utf8(CATALOG)?;
    let magic = catalog.replace("1000", r#"{"$serde_json::private::Number":"1000"}"#);
    let faulty = magic.replace("\"features\"", "\"zebra\": 0, \"features\"");
    for (catalog, expected) in [
        (magic, &["/plans/team/limits/team.tokens/capacity"][..]),
        (faulty, &["/plans/team/limits/team.tokens/capacity", "/zebra"]),
    ] {
        let Err(GateError::Install(error)) = gate.install(catalog.as_bytes(), now) else {
            return Err("a catalog with an object for a number".into());
        };
        let pointers: Vec<_> = error.faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, expected);
    }
    Ok(())
}

/// Asks for one token at a time until told no, and says how many were admitted.
fn spend(gate: &Gate, path: [Scope; 2], now: Timestamp) -> Result<u32, GateError> {
    let costs = [Cost { feature: gate.feature("tokens")?, quantity: Quantity::from_units(1) }];
    let ask = Ask { caller: Caller::Unchecked, scopes: &path, costs: &costs, at: now, key: None };
    for admitted in 0.. {
        if let Some(reason) = gate.decide(&ask, now)?.reason() {
            assert_eq!(reason, Reason::LimitExceeded);
            return Ok(admitted);
        }
    }
    Ok(0)
}
