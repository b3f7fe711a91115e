//! What a gate counts by the clocks of a zone, and what its journal says of them.

#![expect(clippy::unwrap_used, reason = "in a test, what cannot be set up is a failing test")]

use std::sync::Arc;

use weir::{Ask, Caller, Cost, Gate, HostKeys, MemoryJournal, Quantity, Reason, Shard, Timestamp};
use weir_core::window::zone::ZoneName;

/// Midnight in Berlin comes an hour before that of UTC, two in summer.
#[test]
fn a_day_is_that_of_the_zone() {
    let gate = Gate::in_memory().unwrap();
    gate.install(CATALOG, at("2026-01-01T00:00:00Z")).unwrap();
    let root = gate.open(None, "acme", Some("free"), at("2026-01-01T00:00:00Z")).unwrap();
    let cost = Cost { feature: gate.feature("calls").unwrap(), quantity: Quantity::from_units(1) };
    let reason = |now: &str| {
        let (caller, scopes, costs) = (Caller::Unchecked, &[root][..], &[cost][..]);
        let ask = Ask { caller, scopes, costs, at: at(now), key: None };
        gate.decide(&ask, at(now)).unwrap().reason()
    };
    assert_eq!(reason("2026-03-28T23:00:00Z"), None);
    assert_eq!(reason("2026-03-29T21:59:59Z"), Some(Reason::LimitExceeded)); // a day of 23 hours
    assert_eq!(reason("2026-03-29T22:00:00Z"), None);
    assert_eq!(reason("2026-03-30T21:59:59.999Z"), Some(Reason::LimitExceeded));
}

/// The digest of the tables is in the journal, so that a newer database can be told from this one.
#[test]
fn the_journal_says_by_which_clocks() {
    let journal = Arc::new(MemoryJournal::default());
    let gate = Gate::builder().journal(Arc::clone(&journal)).shards(1).build().unwrap();
    gate.install(CATALOG, Timestamp::EPOCH).unwrap();
    let replayed = weir::replay(&journal.bytes(Shard::new(0)), &HostKeys::fixed()).unwrap();
    let berlin = ZoneName::parse("Europe/Berlin").unwrap();
    assert_eq!(replayed.installed().zones, weir::zones::tables([&berlin]).digest());
    gate.install(b"{}", Timestamp::EPOCH).unwrap();
    let replayed = weir::replay(&journal.bytes(Shard::new(0)), &HostKeys::fixed()).unwrap();
    assert_eq!(replayed.installed().zones, weir::zones::tables([]).digest());
}

#[test]
fn a_zone_that_is_none_is_a_fault() {
    for zone in ["Europe/Atlantis", "europe/berlin"] {
        let catalog = String::from_utf8_lossy(CATALOG).replace("Europe/Berlin", zone);
        let gate = Gate::in_memory().unwrap();
        let error = gate.install(catalog.as_bytes(), Timestamp::EPOCH).unwrap_err().to_string();
        assert!(error.contains("/plans/free/limits/daily/window/calendar/zone"), "{error}");
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const CATALOG: &[u8] = br#"{
    "features": { "calls": {} },
    "plans": { "free": { "limits": { "daily": {
        "feature": "calls", "capacity": "1",
        "window": { "calendar": { "unit": "day", "zone": "Europe/Berlin" } }
    } } } }
}"#;
