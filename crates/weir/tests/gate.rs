//! What a gate adds to the core: shards, and commands that take more than one step.

#![expect(
    clippy::unwrap_used,
    reason = "in the helpers of tests, what cannot be set up is a failing test"
)]

use std::thread;

use weir::{
    Ask, Caller, Cost, CredentialTerms, Gate, ImportTerms, Quantity, Reason, Scope, Shard,
    Timestamp,
};
use weir_core::token::{Origins, Status};

const NOW: Timestamp = Timestamp::EPOCH;
const TERMS: CredentialTerms<'static> =
    CredentialTerms { class: "site", origins: Origins::ANY, status: Status::Active, expires: None };

fn gate() -> Gate {
    let gate = Gate::in_memory().unwrap();
    let catalog = br#"{
        "classes": { "site": { "prefix": "pub_", "alphabet": "token",
            "length": { "min": 4, "max": 64 }, "environment": "live" } },
        "features": { "calls": {} },
        "plans": { "pro": { "limits": { "calls": {
            "feature": "calls", "capacity": 10, "window": { "anchored": { "span": "P30D" } }
        } } } }
    }"#;
    gate.install(catalog, NOW).unwrap();
    gate
}

/// Two roots whose numbers are the same, in two shards.
fn twins(gate: &Gate) -> (Scope, Scope) {
    let open = |i: u32| gate.open(None, &format!("root{i}"), Some("pro"), NOW).unwrap();
    let first = open(0);
    let is_twin = |root: &Scope| root.shard() != first.shard() && root.id() == first.id();
    (first, (1..100).map(open).find(is_twin).unwrap())
}

#[test]
fn a_proof_of_one_shard_proves_nothing_in_another() {
    let gate = gate();
    let (ours, theirs) = twins(&gate);
    gate.enrol(ours, b"pub_alpha", &TERMS, NOW).unwrap();
    let caller = gate.authenticate(b"pub_alpha", None, NOW).unwrap().unwrap().caller().unwrap();
    let cost = Cost { feature: gate.feature("calls").unwrap(), quantity: Quantity::from_units(1) };
    let decide = |scope: Scope| {
        let ask = Ask { caller, scopes: &[scope], costs: &[cost], at: NOW, key: None };
        let peeked = gate.peek(&ask, NOW).unwrap().reason();
        let decided = gate.decide(&ask, NOW).unwrap().reason();
        assert_eq!(peeked, decided);
        decided
    };
    assert_eq!(decide(ours), None);
    assert_eq!(decide(theirs), Some(Reason::Unauthenticated));
    let used = |scope| gate.standing(scope, "calls", NOW).unwrap().used;
    assert_eq!((used(ours), used(theirs)), (Quantity::from_units(1), Quantity::ZERO));
}

#[test]
fn a_key_is_on_record_for_one_scope() {
    let gate = gate();
    let (ours, theirs) = twins(&gate);
    let child = gate.open(Some(ours), "child", None, NOW).unwrap();
    gate.enrol(ours, b"pub_alpha", &TERMS, NOW).unwrap();
    for other in [theirs, child] {
        let revoked = CredentialTerms { status: Status::Revoked, ..TERMS };
        let refused = gate.enrol(other, b"pub_alpha", &revoked, NOW).unwrap_err();
        assert_eq!(refused.code(), "command.name");
    }
    let holder = gate.authenticate(b"pub_alpha", None, NOW).unwrap().unwrap();
    assert_eq!(holder.scope(), ours);
    let disabled = CredentialTerms { status: Status::Disabled, ..TERMS };
    gate.enrol(ours, b"pub_alpha", &disabled, NOW).unwrap();
    assert!(gate.authenticate(b"pub_alpha", None, NOW).unwrap().is_err());
}

#[test]
fn an_import_that_is_refused_changes_nothing() {
    let gate = Gate::in_memory().unwrap();
    let limit = |window: &str, capacity: &str| {
        format!(r#"{{ "feature": "calls", "capacity": {capacity}, "window": {window} }}"#)
    };
    let day = r#"{ "calendar": { "unit": "day" } }"#;
    let catalog = format!(
        r#"{{ "features": {{ "calls": {{}} }}, "plans": {{ "pro": {{ "limits": {{
            "daily": {}, "kept": {}, "granted": {}, "own": {}, "first": {} }} }} }} }}"#,
        limit(day, "5"),
        limit(day, r#"{ "at_roll": 5 }"#),
        limit(day, "\"granted\""),
        limit(r#"{ "anchored": { "span": "P30D" } }"#, "5"),
        limit(r#"{ "first_use": { "span": "PT1H" } }"#, "5"),
    );
    gate.install(catalog.as_bytes(), NOW).unwrap();
    let scope = gate.open(None, "acme", Some("pro"), NOW).unwrap();
    let import = |limit, used: &str, (capacity, end): (i64, &str)| {
        let before = gate.snapshot(scope.shard()).unwrap();
        let (used, capacity) = (used.parse().unwrap(), Some(Quantity::from_units(capacity)));
        let window_end = end.parse().unwrap();
        let terms = ImportTerms { used, capacity, window_end, grant: None };
        let told = gate.import(scope, limit, &terms, NOW);
        let same = gate.snapshot(scope.shard()).unwrap() == before;
        assert_eq!(same, told.is_err(), "{limit}: {told:?}");
        told.map_err(|error| error.code())
    };
    let tomorrow = "1970-01-02T00:00:00Z";
    for (limit, used, (capacity, end), code) in [
        ("daily", "-1", (5, tomorrow), "command.absurd"),
        ("daily", "1", (6, tomorrow), "command.capacity"),
        ("daily", "1", (5, "1970-01-02T00:00:00.001Z"), "command.period"),
        ("daily", "1", (5, "1970-01-03T00:00:00Z"), "command.period"), // it has not begun
        ("daily", "1", (5, "1969-12-31T00:00:00Z"), "command.period"), // it is over
        ("daily", "5", (5, "2100-01-01T00:00:00Z"), "command.period"),
        ("granted", "1", (5, tomorrow), "command.capacity"), // without a grant it is owed
        ("own", "1", (5, "1970-01-31T00:00:00.001Z"), "command.period"),
        ("first", "1", (5, "1970-01-01T01:00:00.001Z"), "command.period"),
        ("first", "1", (5, "1970-01-01T00:00:00Z"), "command.period"),
    ] {
        assert_eq!(import(limit, used, (capacity, end)), Err(code), "{limit} {used} {end}");
    }
    assert_eq!(import("daily", "1", (5, tomorrow)), Ok(()));
    assert_eq!(import("kept", "1", (9, tomorrow)), Ok(())); // what it opened with
    assert_eq!(import("granted", "1", (0, tomorrow)), Ok(()));
    assert_eq!(import("own", "1", (5, "1970-01-31T00:00:00Z")), Ok(()));
    assert_eq!(import("first", "1", (5, "1970-01-01T00:59:00Z")), Ok(()));
    let another = import("first", "1", (5, "1970-01-01T01:00:00Z"));
    assert_eq!(another, Err("command.period")); // one is open
    for (limit, capacity) in [("daily", 5), ("kept", 9), ("granted", 0), ("own", 5), ("first", 5)] {
        let standing = gate.standing(scope, limit, NOW).unwrap();
        let units = Quantity::from_units;
        assert_eq!((standing.used, standing.capacity), (units(1), units(capacity)), "{limit}");
    }
    // Of a period that is over, the scope's own windows take the end.
    assert_eq!(import("own", "5", (5, "1969-12-22T00:00:00Z")), Ok(()));
    let standing = gate.standing(scope, "own", NOW).unwrap();
    assert_eq!(standing.resets_at, "1970-01-21T00:00:00Z".parse().unwrap());
}

#[test]
fn installations_at_one_time_come_one_after_the_other() {
    let gate = gate();
    let install = |thread: u32| {
        (0..20).try_for_each(|round| {
            let catalog = format!(r#"{{ "features": {{ "f{thread}.{round}": {{}} }} }}"#);
            gate.install(catalog.as_bytes(), NOW).map(drop)
        })
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|n| scope.spawn(move || install(n))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Ok(()));
        }
    });
    // 81 catalogs, and each feature has the index that it first got, in all shards.
    assert_eq!(gate.catalog().unwrap().version().0, 81);
    assert_eq!(gate.catalog().unwrap().names().features.len(), 81);
}

#[test]
fn a_shard_that_is_not_there_is_said_to_be_none() {
    let error = gate().snapshot(Shard::new(999)).unwrap_err();
    assert_eq!(error.code(), "command.unknown_scope");
}

#[test]
fn a_path_is_a_root_and_scopes_below_it() {
    for shards in [1, 16] {
        let gate = Gate::builder().shards(shards).build().unwrap();
        let open = |parent, name| gate.open(parent, name, None, NOW).unwrap();
        let [acme, bolt] = ["acme", "bolt"].map(|name| open(None, name));
        let user = open(Some(acme), "user");
        let (key, other) = (open(Some(user), "key"), open(Some(bolt), "user"));
        let decide = |scopes: &[Scope]| {
            let caller = Caller::Unchecked;
            let ask = Ask { caller, scopes, costs: &[], at: NOW, key: None };
            gate.decide(&ask, NOW).unwrap().reason()
        };
        let sound: [&[Scope]; 5] =
            [&[acme], &[acme, user, key], &[acme, key], &[acme, key, user], &[acme, acme]];
        assert_eq!(sound.map(decide), [None; 5]);
        let malformed: [&[Scope]; 7] = [
            &[],
            &[user],
            &[user, acme],
            &[user, key],
            &[acme, bolt],
            &[acme, other],
            &[acme, user, other],
        ];
        assert_eq!(malformed.map(decide), [Some(Reason::Malformed); 7]);
    }
}

#[test]
fn a_batch_is_decided_as_if_one_by_one() {
    let (one, batch) = (gate(), gate());
    let answers = |gate: &Gate, together: bool| {
        let (ours, theirs) = twins(gate);
        gate.enrol(ours, b"pub_alpha", &TERMS, NOW).unwrap();
        let known = gate.authenticate(b"pub_alpha", None, NOW).unwrap().unwrap().caller().unwrap();
        let feature = gate.feature("calls").unwrap();
        let costs = [6, 5].map(|units| [Cost { feature, quantity: Quantity::from_units(units) }]);
        let [six, five] = &costs;
        let (ours, theirs) = ([ours], [theirs]);
        let asks = [
            (&ours, six, Caller::Unchecked),
            (&ours, five, known),   // 4 are left
            (&theirs, five, known), // a stranger there
            (&theirs, five, Caller::Unchecked),
            (&ours, six, Caller::Unchecked),
        ];
        let asks =
            asks.map(|(scopes, costs, caller)| Ask { caller, scopes, costs, at: NOW, key: None });
        let answers = match together {
            true => gate.decide_batch(&asks, NOW),
            false => asks.iter().map(|ask| gate.decide(ask, NOW)).collect(),
        };
        answers.into_iter().map(Result::unwrap).collect::<Vec<_>>()
    };
    let together = answers(&batch, true);
    assert_eq!(together, answers(&one, false));
    let exceeded = Some(Reason::LimitExceeded);
    let reasons = [None, exceeded, Some(Reason::Unauthenticated), None, exceeded];
    assert_eq!(together.iter().map(weir::Verdict::reason).collect::<Vec<_>>(), reasons);
    assert!(batch.decide_batch(&[], NOW).is_empty());
}
