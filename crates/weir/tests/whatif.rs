//! What another catalog would have said to holds, keys and names that it does not have.

#![expect(
    clippy::unwrap_used,
    reason = "in the helpers of tests, what cannot be set up is a failing test"
)]

use weir::{
    Against, Ask, Caller, Cost, Gate, HostKeys, Quantity, Shard, Span, Then, Timestamp, Used,
    WhatIf, whatif,
};

fn catalog(capacity: u32, limit: &str) -> String {
    format!(
        r#"{{ "acceptance": {{ "max_age": "P1D", "max_ahead": "PT0S" }},
            "remember": {{ "lifetime": "P2D" }}, "features": {{ "calls": {{}} }},
            "plans": {{ "free": {{ "limits": {{ "{limit}": {{ "feature": "calls",
                "capacity": {capacity}, "window": "lifetime", "charge": {{ "price": "2" }} }} }} }} }} }}"#
    )
}

/// The journal of a hold of 5 of 10, of which 3 are used, and of 7 asked twice under one key and
/// once without one.
fn journal() -> Vec<u8> {
    let (gate, journal) = Gate::recording().unwrap();
    let now = Timestamp::EPOCH;
    gate.install(catalog(10, "ever").as_bytes(), now).unwrap();
    let acme = gate.open(None, "acme", Some("free"), now).unwrap();
    let feature = gate.feature("calls").unwrap();
    let costs = |units| [Cost { feature, quantity: Quantity::from_units(units) }];
    let (five, three, seven) = (costs(5), costs(3), costs(7));
    let (caller, scopes, at) = (Caller::Unchecked, &[acme][..], now);
    let minute = Span::from_millis(60_000).unwrap();
    let held = gate.reserve(&Ask { caller, scopes, costs: &five, at, key: None }, minute, now);
    let hold = held.unwrap().hold.unwrap();
    gate.commit(hold, &Used { number: 1, costs: &three, then: Then::End }, now).unwrap();
    for key in [Some("k"), Some("k"), None] {
        let key = key.map(str::as_bytes);
        gate.decide(&Ask { caller, scopes, costs: &seven, at, key }, now).unwrap();
    }
    journal.bytes(Shard::new(0))
}

fn ask(json: &str) -> WhatIf {
    whatif(&journal(), &HostKeys::fixed(), json.as_bytes()).unwrap()
}

fn against(reason: &'static str, limit: &str) -> Against {
    Against { reason, limit: Some(limit.to_owned()) }
}

#[test]
fn the_same_catalog_says_the_same() {
    let told = ask(&catalog(10, "ever"));
    assert_eq!((told.asked, told.admitted.then, told.admitted.now), (4, 3, 3));
    assert_eq!((told.refused.len(), told.freed.len(), told.left_out), (0, 0, 0));
    let twenty = Quantity::from_units(20); // 3 of the hold and 7, at 2 each
    assert_eq!((told.charged.then, told.charged.now), (twenty, twenty));
}

#[test]
fn what_is_refused_now_leaves_its_room_to_others() {
    let told = ask(&catalog(4, "ever"));
    // The hold of 5, and so no commit; both asks for 7.
    assert_eq!((told.asked, told.admitted.then, told.admitted.now), (3, 2, 0));
    assert_eq!(
        told.refused.into_iter().collect::<Vec<_>>(),
        [(against("limit_exceeded", "ever"), 2)]
    );
    assert_eq!((told.left_out, told.charged.now), (1, Quantity::ZERO));
    assert_eq!(told.charged.then, Quantity::from_units(20));
}

#[test]
fn what_was_refused_goes_ahead() {
    let told = ask(&catalog(17, "ever"));
    assert_eq!(
        told.freed.into_iter().collect::<Vec<_>>(),
        [(against("limit_exceeded", "ever"), 1)]
    );
    assert_eq!(told.charged.now, Quantity::from_units(34));
}

#[test]
fn a_plan_that_is_gone_sells_nothing() {
    let told = ask(&catalog(10, "ever").replace("\"free\"", "\"paid\""));
    let none = Against { reason: "no_entitlement", limit: None };
    assert_eq!(told.refused.into_iter().collect::<Vec<_>>(), [(none, 2)]);
}
