//! Does a new catalog find all counts where they were, and no decision between two catalogs?

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use weir::{Ask, Caller, Cost, Gate, GateError, Quantity, Reason, Shard, Timestamp};

/// Each decision is under one catalog: its verdict names the version, and the capacity is that one's.
#[test]
fn a_reload_is_whole_for_every_decision() {
    let gate = Gate::builder().shards(2).build().unwrap();
    let now = Timestamp::EPOCH;
    let catalog = |version: i64| {
        catalog(&format!(
            r#""capacity": {}, "window": {{ "calendar": {{ "unit": "day" }} }}"#,
            FIRST_CAPACITY + version
        ))
    };
    gate.install(&catalog(1), now).unwrap();
    let done = AtomicBool::new(false);
    let decided: usize = thread::scope(|threads| {
        let decide = |thread: usize| {
            let (gate, done) = (gate.clone(), &done);
            threads.spawn(move || {
                let scope = gate.open(None, &format!("t{thread}"), Some("free"), now).unwrap();
                let (mut decided, mut latest) = (0, 0);
                while !done.load(Ordering::Relaxed) {
                    let verdict = ask(&gate, scope, 1).unwrap();
                    let version = verdict.catalog.0;
                    let capacity = Quantity::from_units(FIRST_CAPACITY + i64::from(version));
                    let binding = verdict.binding.unwrap();
                    assert_eq!(binding.capacity, capacity, "under version {version}");
                    assert!(latest <= version, "{version} after {latest}");
                    (decided, latest) = (decided + 1, version);
                }
                decided
            })
        };
        let deciders: Vec<_> = (0..8).map(decide).collect();
        for version in 2..=RELOADS {
            let installed = gate.install(&catalog(version), now).unwrap();
            assert_eq!(i64::from(installed.0), version);
        }
        done.store(true, Ordering::Relaxed);
        deciders.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(decided > 1_000, "{decided} decisions");
}

/// A catalog that is refused leaves every byte of the state as it was.
#[test]
fn a_refused_catalog_changes_nothing() {
    let gate = Gate::builder().shards(1).build().unwrap();
    let now = Timestamp::EPOCH;
    gate.install(&catalog(r#""capacity": 5, "window": "lifetime""#), now).unwrap();
    let scope = gate.open(None, "acme", Some("free"), now).unwrap();
    assert!(ask(&gate, scope, 3).unwrap().is_allowed());
    let before = gate.snapshot(Shard::new(0)).unwrap();
    for broken in [
        r#""capacity": -1, "window": "lifetime""#,
        r#""capacity": 5, "window": "lifetimes""#,
        r#""capacity": 5"#,
        r#""capacity": 5, "window": "lifetime", "graze": "PT1H""#,
    ] {
        let refused = gate.install(&catalog(broken), now);
        assert!(matches!(refused, Err(GateError::Install(_))), "{broken}");
        assert!(gate.snapshot(Shard::new(0)).unwrap() == before, "{broken}");
    }
}

/// For every limit that is followed by every other: no use is erased, a lower capacity denies what is
/// new and claws nothing back, and with the first catalog again all is as it was.
#[test]
fn a_reload_erases_no_use() {
    let now = Timestamp::EPOCH;
    let all = limits();
    let (mut lowered, mut kept) = (0, 0);
    for (old_window, old) in &all {
        for (new_window, new) in &all {
            let gate = Gate::builder().shards(1).build().unwrap();
            gate.install(&catalog(old), now).unwrap();
            let scope = gate.open(None, "acme", Some("free"), now).unwrap();
            for _ in 0..4 {
                ask(&gate, scope, 1).unwrap();
            }
            let before = gate.standing(scope, "calls", now).unwrap();
            gate.install(&catalog(new), now).unwrap();
            let after = gate.standing(scope, "calls", now).unwrap();
            let of_pair = format!("{old} then {new}");
            if old_window == new_window {
                assert_eq!(after.used, before.used, "{of_pair}");
                assert_eq!(after.resets_at, before.resets_at, "{of_pair}");
                kept += 1;
            }
            let left = after.left();
            assert!(left.is_none_or(|left| left >= Quantity::ZERO), "{of_pair}");
            let verdict = ask(&gate, scope, 1).unwrap();
            let room = left.is_none_or(|left| left >= Quantity::from_units(1));
            assert_eq!(verdict.is_allowed(), room || new.contains("soft"), "{of_pair}");
            if !verdict.is_allowed() {
                assert_eq!(verdict.reason(), Some(Reason::LimitExceeded), "{of_pair}");
                lowered += u32::from(after.used > after.capacity);
            }
            gate.install(&catalog(old), now).unwrap();
            let again = gate.standing(scope, "calls", now).unwrap();
            assert!(again.used >= before.used, "{of_pair}");
        }
    }
    assert!(lowered > 10 && kept > 100, "{lowered} lowered, {kept} kept");
}

/// Every limit of a small space, and the place of its window.
fn limits() -> Vec<(usize, String)> {
    let windows = [
        r#""lifetime""#,
        r#"{ "calendar": { "unit": "day" } }"#,
        r#"{ "calendar": { "unit": "hour" } }"#,
        r#"{ "anchored": { "span": "P30D" } }"#,
    ];
    let mut all = Vec::new();
    for (place, window) in windows.iter().enumerate() {
        for capacity in ["0", "2", "9", r#"{ "at_roll": 3 }"#, r#""unlimited""#] {
            for enforcement in ["hard", "soft"] {
                all.push((
                    place,
                    format!(
                        r#""capacity": {capacity}, "window": {window}, "enforcement": "{enforcement}""#
                    ),
                ));
            }
        }
    }
    all
}

fn catalog(limit: &str) -> Vec<u8> {
    format!(
        r#"{{ "features": {{ "calls": {{}} }}, "plans": {{ "free": {{ "limits": {{ "calls": {{
            "feature": "calls", {limit} }} }} }} }} }}"#
    )
    .into_bytes()
}

fn ask(gate: &Gate, scope: weir::Scope, units: i64) -> Result<weir::Verdict, GateError> {
    let costs = [Cost { feature: gate.feature("calls")?, quantity: Quantity::from_units(units) }];
    let (caller, scopes, at) = (Caller::Unchecked, &[scope][..], Timestamp::EPOCH);
    gate.decide(&Ask { caller, scopes, costs: &costs, at, key: None }, at)
}

const FIRST_CAPACITY: i64 = 1_000_000_000;
const RELOADS: i64 = 10_000;
