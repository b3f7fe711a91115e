//! Are steps taken with the defaults that the conventions name, and compared whole?

use serde_json::{Value, json};

use crate::fake::{NONE, mismatches, run};

/// The mismatches of one scenario.
fn walk(given: &Value, steps: &Value, expect: &Value) -> Vec<String> {
    let vector = json!({"id": "s", "area": "a", "kind": "scenario", "given": given,
        "input": {"steps": steps}, "expect": expect});
    mismatches(&run("scenario", &json!([vector]), None))
}

/// The mismatches of one ingest that is answered with `answer`.
fn ingest(answer: &Value, wanted: &Value) -> Vec<String> {
    let step = json!([{"op": "ingest", "key": "k", "properties": {}}]);
    let final_state = json!({"entitlements": {}});
    walk(&json!({"answers": [answer], "final": final_state}), &step, &json!({"steps": [wanted]}))
}

#[test]
fn what_a_step_leaves_out_has_its_default() {
    let start = 1_773_921_600_000_i64;
    let steps = json!([
        {"op": "ingest", "key": "k", "properties": {"amount": 1}},
        {"op": "ingest", "key": "k", "properties": {}, "now": start + 9, "feature": "f", "slug": "s",
         "customer": "c", "timestamp": 5, "event_id": "e", "received_at": 6},
        {"op": "verify"},
        {"op": "verify", "now": start + 10, "timestamp": 7, "feature": "f"},
        {"op": "ingest_batch", "events": [{"key": "a", "properties": {}}, {"key": "b", "properties": {}}]},
    ]);
    let wanted = json!([
        {"customer": "cus_1", "feature": "tokens", "key": "k", "event_id": null,
         "slug": "tokens_used", "properties": {"amount": 1}, "timestamp": start, "now": start,
         "received_at": start},
        {"customer": "c", "feature": "f", "key": "k", "event_id": "e", "slug": "s",
         "properties": {}, "timestamp": 5, "now": start + 9, "received_at": 6},
        // The clock stands where the last step put it.
        {"customer": "cus_1", "feature": "tokens", "timestamp": start + 9, "now": start + 9},
        {"customer": "cus_1", "feature": "f", "timestamp": 7, "now": start + 10},
        {"customer": "cus_1", "keys": ["a", "b"], "now": start + 10},
    ]);
    let given = json!({"answers": ["echo", "echo", "echo", "echo", "echo"]});
    assert_eq!(walk(&given, &steps, &json!({"steps": wanted})), NONE);
}

#[test]
fn steps_without_an_answer_reach_the_system() {
    let steps = json!([
        {"op": "set_entitlement", "entitlement": {"id": "ce_1"}},
        {"op": "wallet_add", "purchased": 5},
        {"op": "wallet_outage", "on": true},
        {"op": "wallet_outage", "on": false},
        {"op": "reporting", "available": false},
        {"op": "reporting", "available": true},
        {"op": "evict"},
        {"op": "alarm", "entitlement": "ce_1", "now": 5},
        {"op": "verify"},
    ]);
    let answers = json!([1, 1, 1, 1, 1, 1, 1, 1, {"taken": true}]);
    let mut wanted = vec![json!({}); 8];
    wanted.push(json!({"taken": true}));
    let given = json!({"answers": answers});
    assert_eq!(walk(&given, &steps, &json!({"steps": wanted})), NONE);
    // One that expects an answer of a step without one fails.
    wanted[6] = json!({"evicted": 1});
    assert_eq!(walk(&given, &steps, &json!({"steps": wanted})).len(), 1);
}

#[test]
fn a_step_that_nobody_can_take_is_a_failure() {
    let table = [
        (json!({"op": "teleport"}), "not implemented: op teleport"),
        (json!({"op": "verify", "customre": "c"}), "a key that nobody reads: customre"),
        (json!({"op": "ingest", "properties": {}}), "no key"),
        (
            json!({"op": "ingest", "key": "k", "properties": {}, "now": "x"}),
            "now is no whole number",
        ),
        (json!({"op": "wallet_outage"}), "no on"),
        (json!({}), "no op"),
    ];
    for (step, why) in table {
        let found = walk(&json!({"answers": []}), &json!([step]), &json!({"steps": [{}]}));
        assert!(found[0].ends_with(&format!("got {why}")), "{found:?}");
    }
    let found = walk(&json!({}), &json!([]), &json!({"steps": [{}]}));
    assert_eq!(found, ["case: as many expectations as steps, got 1"]);
}

#[test]
fn a_verdict_is_compared_whole() {
    let denied =
        json!({"allowed": false, "state": "rejected", "rejection_reason": "LIMIT_EXCEEDED"});
    assert_eq!(ingest(&denied, &denied), NONE);
    let silent = json!({"allowed": false, "state": "rejected"});
    assert_eq!(ingest(&silent, &denied).len(), 1);
    assert_eq!(ingest(&denied, &silent).len(), 1);
    assert_eq!(ingest(&json!({"allowed": true, "state": "rejected"}), &silent).len(), 1);
}

#[test]
fn facts_are_compared_with_their_amounts_exact() {
    let verdict = |facts: Value| json!({"allowed": true, "facts": facts});
    let wanted = verdict(json!([{"delta": 0.1, "value_after": 0.3, "amount": 5}]));
    let with = |facts: Value| ingest(&verdict(facts), &wanted);
    assert!(
        with(json!([{"delta": 0.1, "value_after": 0.300_000_000_000_000_04, "amount": 5}]))
            .is_empty()
    );
    assert_eq!(with(json!([{"delta": 0.1, "value_after": 0.3001, "amount": 5}])).len(), 1);
    assert_eq!(
        with(json!([{"delta": 0.1, "value_after": 0.3, "amount": 5.000_000_000_01}])).len(),
        1
    );
    assert_eq!(with(json!([{"delta": 0.1, "value_after": 0.3, "amount": 5, "more": 1}])).len(), 1);
    assert_eq!(with(json!([])).len(), 1);
    assert_eq!(ingest(&json!({"allowed": true}), &wanted).len(), 1);
    // No facts and an empty list of them are one; facts that are not expected are a failure.
    assert!(ingest(&verdict(json!([])), &json!({"allowed": true})).is_empty());
    assert_eq!(ingest(&verdict(json!([{"delta": 1}])), &json!({"allowed": true})).len(), 1);
}

#[test]
fn wallet_commands_are_excluded_by_name_and_counted() {
    let wanted = json!({"allowed": true, "wallet_commands": [{"op": "capture"}]});
    let vector = json!({"id": "s", "area": "a", "kind": "scenario",
        "given": {"answers": [{"allowed": true}]},
        "input": {"steps": [{"op": "ingest", "key": "k", "properties": {}}]},
        "expect": {"steps": [wanted]}});
    let report = run("excluded", &json!([vector]), None);
    assert_eq!(mismatches(&report), NONE);
    assert_eq!(report.files[0].excluded["wallet_commands"], 1);
}

#[test]
fn a_step_that_failed_upstream_must_fail_clearly_and_change_nothing() {
    let wanted = json!({"error": "theirs", "http_status": 500});
    assert!(ingest(&json!({"error": "ours", "http_status": 409}), &wanted).is_empty());
    assert_eq!(ingest(&json!({"error": "ours", "http_status": 200}), &wanted).len(), 1);
    assert_eq!(ingest(&json!({"error": "", "http_status": 500}), &wanted).len(), 1);
    assert_eq!(ingest(&json!({"allowed": true}), &wanted).len(), 2);
    // And an error where a verdict is expected is none.
    assert!(!ingest(&wanted, &json!({"allowed": true})).is_empty());
    let steps = json!([{"op": "ingest", "key": "k", "properties": {}}]);
    let drifting = json!({"answers": [{"error": "ours", "http_status": 500}], "drifts": true,
        "final": {"entitlements": {}}});
    let found = walk(&drifting, &steps, &json!({"steps": [wanted]}));
    assert_eq!(found, ["steps/0/state/drift: 0, got 1"]);
}

/// The mismatches of a scenario that ends in `state`.
fn ends(state: &Value, wanted: &Value) -> Vec<String> {
    let given = json!({"answers": [{"usage": 1}], "final": state});
    let steps = json!([{"op": "verify"}]);
    walk(&given, &steps, &json!({"steps": [{"usage": 1}], "final": wanted}))
}

#[test]
fn what_is_left_and_what_is_spent_are_compared_without_the_timing_of_reservations() {
    let wallet = |purchased: i64, reserved: i64, consumed: i64| json!({"purchased": purchased, "granted": 2, "reserved": reserved, "consumed": consumed});
    let mirror =
        json!({"open": true, "allocation": 30, "consumed": 9, "flushed": 4, "flush_seq": 1});
    let wanted = json!({"wallet": wallet(60, 30, 10),
        "entitlements": {"ce_1": {"meters": {}, "buckets": [], "reservation": mirror}}});
    // Five of the thirty reserved are spent and not yet captured.
    let state = |wallet: Value| json!({"wallet": wallet, "entitlements": {}});
    assert!(ends(&state(wallet(85, 0, 15)), &wanted).is_empty());
    assert!(ends(&state(wallet(80, 5, 15)), &wanted).is_empty());
    assert_eq!(ends(&state(wallet(90, 0, 15)), &wanted).len(), 1);
    assert_eq!(ends(&state(wallet(85, 0, 10)), &wanted).len(), 1);
    let mut gift = wallet(85, 0, 15);
    gift["granted"] = json!(3);
    assert_eq!(ends(&state(gift), &wanted).len(), 1);
    assert_eq!(ends(&json!({"entitlements": {}}), &wanted).len(), 1);
}

#[test]
fn meters_and_buckets_are_compared_by_name() {
    let bucket = |key: &str, consumed: f64| json!({"bucket_key": key, "consumed": consumed, "exhausted_at": null});
    let state = |meters: Value, buckets: Value| json!({"entitlements": {"ce_1": {"meters": meters, "buckets": buckets}}});
    let wanted = state(json!({"m": 3}), json!([bucket("a", 1.0), bucket("b", 2.0)]));
    let with = |meters: Value, buckets: Value| ends(&state(meters, buckets), &wanted);
    let both = || json!([bucket("b", 2.000_000_000_000_1), bucket("a", 1.0)]);
    assert!(with(json!({"m": 3, "idle": 0}), both()).is_empty());
    assert_eq!(with(json!({"m": 4}), both()), ["final/entitlements/ce_1/meters/m: 3, got 4"]);
    assert_eq!(with(json!({"m": 3, "n": 1}), both()).len(), 1);
    assert_eq!(with(json!({}), both()).len(), 1);
    assert_eq!(with(json!({"m": 3}), json!([bucket("a", 1.0)])).len(), 1);
    assert_eq!(with(json!({"m": 3}), json!([bucket("a", 1.0), bucket("b", 3.0)])).len(), 1);
    let third = json!([bucket("a", 1.0), bucket("b", 2.0), bucket("c", 0.0)]);
    assert_eq!(with(json!({"m": 3}), third).len(), 1);
    let twice = json!([bucket("a", 1.0), bucket("b", 2.0), bucket("b", 2.0)]);
    assert_eq!(with(json!({"m": 3}), twice).len(), 1);
    // An entitlement that nobody expects must be untouched.
    let mut other = wanted.clone();
    other["entitlements"]["ce_2"] = json!({"meters": {"m": 1}, "buckets": []});
    assert_eq!(ends(&other, &wanted).len(), 1);
    other["entitlements"]["ce_2"] = json!({"meters": {"m": 0}, "buckets": []});
    assert!(ends(&other, &wanted).is_empty());
}

#[test]
fn a_key_of_the_ending_that_the_runner_does_not_know_is_a_failure() {
    let state = json!({"entitlements": {"ce_1": {"meters": {}, "buckets": []}},
        "wallet": {"purchased": 0, "granted": 0, "reserved": 0, "consumed": 0}});
    assert!(ends(&state, &state).is_empty());
    for pointer in ["", "/wallet", "/entitlements/ce_1"] {
        let mut wanted = state.clone();
        wanted.pointer_mut(pointer).expect("an object")["surprise"] = json!(0);
        assert_eq!(ends(&state, &wanted).len(), 1, "{pointer}");
    }
}
