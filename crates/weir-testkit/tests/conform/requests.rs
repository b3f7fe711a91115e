//! Does the host get the bytes that the vector describes?

use serde_json::{Value, json};

use crate::fake::{NONE, exchange, failed, mismatches, run};

/// What arrived of this request.
fn sent(request: &Value, wanted: &Value) -> Vec<String> {
    let mut vector = exchange(
        "fake/echo/a",
        &json!({"echo": 1}),
        &json!({"body": wanted, "body_match": "subset"}),
    );
    vector["request"] = request.clone();
    mismatches(&run("echo", &json!([vector]), None))
}

#[test]
fn a_request_is_sent_as_described() {
    let request = json!({"method": "DELETE", "path": "/a?b=c", "headers": {"X-A": "1", "b": "é"},
        "body": {"z": [1, null]}});
    let wanted = json!({"method": "DELETE", "path": "/a?b=c", "headers": {"x-a": "1", "b": "é"},
        "text": "{\"z\":[1,null]}", "now": 1_767_225_600_000_i64});
    assert_eq!(sent(&request, &wanted), NONE);
}

#[test]
fn a_body_comes_in_four_forms() {
    let table = [
        (json!({}), json!({"text": "", "bytes": 0})),
        (json!({"body": null}), json!({"text": "null"})),
        (json!({"body_raw": "{\"a\":1,"}), json!({"text": "{\"a\":1,"})),
        (json!({"body_base64": "Iv8i"}), json!({"text": "\"\u{fffd}\"", "bytes": 3})),
        (
            json!({"body_raw_repeat": {"prefix": "<", "unit": "ab", "times": 3, "suffix": ">"}}),
            json!({"text": "<ababab>"}),
        ),
        (
            json!({"body_raw_repeat": {"unit": "[", "times": 2, "unit2": "]", "times2": 2}}),
            json!({"text": "[[]]"}),
        ),
    ];
    for (body, wanted) in table {
        let mut request = json!({"method": "POST", "path": "/"});
        request.as_object_mut().expect("an object").extend(body.as_object().expect("one").clone());
        assert_eq!(sent(&request, &wanted), NONE, "{body}");
    }
}

#[test]
fn tokens_and_concatenations_are_resolved_wherever_they_stand() {
    let request = json!({"method": "POST", "path": {"$concat": ["/", "a"]},
        "headers": {"authorization": {"$concat": ["Bearer ", {"$token": "tok"}]}},
        "body": {"a": [{"$token": "tok"}], "b": {"$other": 1}}});
    let wanted = json!({"path": "/a", "headers": {"authorization": "Bearer h.p.s"},
        "text": "{\"a\":[\"h.p.s\"],\"b\":{\"$other\":1}}"});
    assert_eq!(sent(&request, &wanted), NONE);
}

#[test]
fn a_request_that_cannot_be_built_is_a_failure() {
    let bad = [
        json!({"path": "/"}),
        json!({"method": "POST"}),
        json!({"method": "PO ST", "path": "/"}),
        json!({"method": "POST", "path": "/a b"}),
        json!({"method": "POST", "path": "/", "headers": {"a b": "c"}}),
        json!({"method": "POST", "path": "/", "headers": {"a": "b\nc"}}),
        json!({"method": "POST", "path": "/", "headers": {"a": 1}}),
        json!({"method": "POST", "path": "/", "body": 1, "body_raw": "1"}),
        json!({"method": "POST", "path": "/", "body_base64": "?"}),
        json!({"method": "POST", "path": "/", "body_raw": 1}),
        json!({"method": "POST", "path": "/", "body_raw_repeat": {"unit": "a", "count": 1}}),
        json!({"method": "POST", "path": "/", "body_raw_repeat": {"unit": "a", "times": 1e12 as u64}}),
        json!({"method": "POST", "path": "/", "body": {"$token": "nobody"}}),
        json!({"method": "POST", "path": "/", "body": {"$concat": ["a", 1]}}),
        json!({"method": "POST", "path": "/", "parallel": 0}),
        json!({"method": "POST", "path": "/", "parallel": 1_000_000}),
    ];
    for request in bad {
        let found = sent(&request, &json!({}));
        assert!(found[0].starts_with("case: a request that can be built"), "{request}: {found:?}");
    }
}

#[test]
fn parallel_requests_are_all_sent_and_their_outcomes_counted() {
    let outcomes = |budget: u64, wanted: Value| {
        let expect = json!({"outcomes": wanted, "state": 16});
        let mut vector = exchange("fake/race/a", &json!({"budget": budget}), &expect);
        vector["request"]["parallel"] = json!(16);
        mismatches(&run("race", &json!([vector]), None))
    };
    assert_eq!(outcomes(1, json!({"200": 1, "402": 15})), NONE);
    assert_eq!(outcomes(16, json!({"200": 16})), NONE);
    assert_eq!(outcomes(2, json!({"200": 1, "402": 15})).len(), 2);
    assert_eq!(outcomes(1, json!({"200": 1})), ["outcomes/402: no such key, got 15"]);
}

#[test]
fn outcomes_without_parallel_are_a_failure() {
    let vector = exchange("fake/race/a", &json!({}), &json!({"outcomes": {"200": 1}}));
    assert_eq!(failed(&run("race", &json!([vector]), None)), ["fake/race/a"]);
}

#[test]
fn a_request_with_its_own_clock_takes_no_fixtures() {
    let vector = json!({"id": "w", "area": "wire", "kind": "http", "given": {"echo": 1},
        "input": {"method": "POST", "path": "/", "now": 5, "raw_body": "{"},
        "expect": {"body": {"text": "{", "now": 5}, "body_match": "subset"}});
    assert_eq!(mismatches(&run("own", &json!([vector]), None)), NONE);
    let mut timeless = vector;
    timeless["input"]["now"] = json!("later");
    assert_eq!(failed(&run("own", &json!([timeless]), None)), ["w"]);
}
