//! Is the conformance engine able to fail? Made-up vectors against a system that answers what each
//! of them tells it to, and then the committed vectors against ours.

#[cfg(test)]
mod fake;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod scenarios;

use std::path::Path;

use serde_json::{Value, json};
use weir_testkit::conform::{self, ConformError, Report, systems};

use fake::{NONE, failed, in_dir, one, run};

#[test]
fn nothing_that_is_implemented_disagrees_with_the_committed_vectors() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let report = conform::run(&dir, &systems::all()).expect("the committed vectors can be read");
    assert_eq!(report.unused, NONE);
    for failure in &report.failures {
        let missing = |at: &conform::Mismatch| at.got.starts_with("not implemented");
        assert!(failure.mismatches.iter().any(missing), "{failure:#?}");
    }
}

#[test]
fn a_status_that_differs_is_a_failure() {
    let answer = json!({"status": 200});
    assert_eq!(one(&answer, &json!({"status": 200})), NONE);
    assert_eq!(one(&answer, &json!({"status": 201})), ["status: 201, got 200"]);
}

#[test]
fn a_body_that_lacks_or_adds_a_key_is_no_exact_match() {
    let answer = json!({"body": {"a": 1, "b": [1, {"c": null}]}});
    let body = |body: Value| one(&answer, &json!({"body": body}));
    assert_eq!(body(json!({"b": [1, {"c": null}], "a": 1})), NONE);
    assert_eq!(body(json!({"a": 1})), ["body/b: no such key, got [1,{\"c\":null}]"]);
    assert_eq!(body(json!({"a": 1, "b": [1, {"c": null}], "d": 2})), ["body/d: 2, got nothing"]);
    assert_eq!(body(json!({"a": 1, "b": [1]})).len(), 1);
    assert_eq!(body(json!({"a": "1", "b": [1, {"c": null}]})), ["body/a: \"1\", got 1"]);
    // A key that is null is not a key that is absent.
    assert_eq!(body(json!({"a": 1, "b": [1, {}]})), ["body/b/1/c: no such key, got null"]);
}

#[test]
fn a_subset_may_have_more_keys_and_no_other_values() {
    let answer = json!({"body": {"a": 1, "b": [{"c": 1, "d": 2}]}});
    let body = |body: Value| one(&answer, &json!({"body": body, "body_match": "subset"}));
    assert_eq!(body(json!({"b": [{"c": 1}]})), NONE);
    assert_eq!(body(json!({"b": [{"c": 2}]})), ["body/b/0/c: 2, got 1"]);
    assert_eq!(body(json!({"b": []})).len(), 1);
    assert_eq!(body(json!({"e": 1})), ["body/e: 1, got nothing"]);
}

#[test]
fn a_body_is_null_only_when_there_is_none() {
    assert_eq!(one(&json!({"status": 204}), &json!({"body": null})), NONE);
    assert_eq!(one(&json!({"body": null}), &json!({"body": null})), ["body: , got null"]);
    assert_eq!(one(&json!({}), &json!({"body": {}})), ["body: {}, got nothing"]);
    assert_eq!(one(&json!({"text": "Gone"}), &json!({"body": "Gone"})), NONE);
    assert_eq!(one(&json!({"text": "{"}), &json!({"body": {}})), ["body: {}, got \"{\""]);
}

#[test]
fn status_only_leaves_the_body_alone_also_where_it_suggests_one() {
    let answer = json!({"status": 400, "body": {"a": 1}});
    assert_eq!(one(&answer, &json!({"status": 400, "body_match": "status_only"})), NONE);
    let both = json!({"status": 400, "body": {"a": 2}, "body_match": "status_only"});
    assert_eq!(one(&answer, &both), NONE);
    let other = json!({"status": 401, "body": {"a": 1}, "body_match": "status_only"});
    assert_eq!(one(&answer, &other).len(), 1);
    assert_eq!(one(&answer, &json!({"status": 400, "body_match": "roughly"})).len(), 1);
}

#[test]
fn headers_are_compared_by_value_and_by_absence() {
    let answer = json!({"headers": {"Retry-After": "3", "Vary": ["a", "b"]}});
    assert_eq!(one(&answer, &json!({"headers": {"retry-after": "3", "vary": "a, b"}})), NONE);
    assert_eq!(
        one(&answer, &json!({"headers": {"retry-after": "4"}})),
        ["headers/retry-after: \"4\", got \"3\""]
    );
    assert_eq!(one(&answer, &json!({"headers": {"etag": {"$any": true}}})).len(), 1);
    assert_eq!(one(&answer, &json!({"headers_absent": ["etag"]})), NONE);
    assert_eq!(one(&answer, &json!({"headers_absent": ["etag", "vary"]})).len(), 1);
}

#[test]
fn state_effects_events_and_queue_are_compared() {
    let told = json!({
        "state": {"pool": 4, "customers": {"a": {"used": 1, "more": 2}}},
        "effects": {"events_queued": 1},
        "webhook_events": ["tryon.completed"],
        "queued": [{"id": "evt_1", "n": 1}],
    });
    let expect = |key: &str, value: Value| one(&told, &json!({ key: value }));
    assert_eq!(expect("state", json!({"customers": {"a": {"used": 1}}})), NONE);
    assert_eq!(expect("state", json!({"customers": {"a": {"used": 2}}})).len(), 1);
    assert_eq!(expect("state", json!({"customers": {"b": {"used": 1}}})).len(), 1);
    assert_eq!(expect("effects", json!({"events_queued": 1})), NONE);
    assert_eq!(expect("effects", json!({"events_queued": 2})).len(), 1);
    assert_eq!(expect("webhook_events", json!(["tryon.completed"])), NONE);
    assert_eq!(expect("webhook_events", json!([])).len(), 1);
    assert_eq!(expect("webhook_events", json!(["tryon.failed"])).len(), 1);
    assert_eq!(expect("queued", json!([{"id": "<a generated id>", "n": 1}])), NONE);
    assert_eq!(expect("queued", json!([{"id": "<a generated id>", "n": 2}])).len(), 1);
}

#[test]
fn what_a_system_does_not_offer_is_a_failure() {
    for key in ["state", "effects", "webhook_events", "queued"] {
        let found = one(&json!({}), &json!({ key: [] }));
        assert!(found[0].ends_with(&format!("got not implemented: {key}")), "{found:?}");
    }
    assert!(one(&json!({"absent": true}), &json!({"status": 200}))[0].contains("not implemented"));
    assert_eq!(
        one(&json!({"panic": true}), &json!({"status": 200})),
        ["case: an answer, got a panic"]
    );
}

#[test]
fn a_key_that_the_runner_does_not_know_is_a_failure() {
    let found = one(&json!({}), &json!({"status": 200, "statsu": 200}));
    assert_eq!(found, ["statsu: a key that the runner knows, got statsu"]);
    let vector = json!({"id": "a/b/c", "system": "fake", "given": {}, "expect": {"status": 200},
        "request": {"method": "GET", "path": "/", "query": "a=b"}});
    let report = run("unknown-request-key", &json!([vector]), None);
    assert_eq!(failed(&report), ["a/b/c"]);
}

#[test]
fn a_case_that_asserts_nothing_is_a_failure() {
    assert_eq!(one(&json!({}), &json!({})), ["case: something to assert, got nothing"]);
    let scenario = json!({"id": "s", "area": "a", "kind": "scenario", "given": {},
        "input": {"steps": []}, "expect": {"steps": []}});
    assert_eq!(failed(&run("empty-scenario", &json!([scenario]), None)), ["s"]);
}

#[test]
fn a_matcher_fails_where_it_does_not_hold() {
    let items = json!([{"id": "a", "k": 1}, {"id": "b", "k": 1, "d": 2}]);
    // The matcher, what it holds for, what it does not hold for.
    let table = [
        (json!({"$type": "string"}), json!("x"), json!(1)),
        (json!({"$type": "integer"}), json!(1), json!(1.5)),
        (json!({"$type": "boolean"}), json!(false), json!(null)),
        (json!({"$regex": "^pln_[0-9]+$"}), json!("pln_1"), json!("a pln_1")),
        (json!({"$contains": "name"}), json!("the name is"), json!("the mane is")),
        (json!({"$oneOf": ["*", {"$regex": "^h"}]}), json!("https"), json!("ftp")),
        (json!({"$hasToken": "POST"}), json!("GET, post"), json!("GET, POSTER")),
        (json!({"$hasTokens": ["a", "b"]}), json!("B,c, A"), json!("a, c")),
        (json!({"$len": 2}), items.clone(), json!([])),
        (json!({"$len": 1}), json!(["x"]), json!("x")),
        (json!({"$maxLen": 2}), items.clone(), json!([1, 2, 3])),
        (json!({"$includesIds": ["b"]}), items.clone(), json!([{"id": "a"}])),
        (json!({"$excludesIds": ["c"]}), items.clone(), json!([{"id": "c"}])),
        (json!({"$allHave": {"k": 1}}), items.clone(), json!([{"k": 1}, {"k": 2}])),
        (json!({"$noneHave": ["e"]}), items.clone(), json!([{"e": 1}])),
        (json!({"$len": 2, "$includesIds": ["a"]}), items.clone(), json!([{"id": "a"}])),
        (json!({"$jwt": {"claims": {"sub": "a"}}}), json!("header.a"), json!("header.b")),
    ];
    for (matcher, good, bad) in table {
        let expect = json!({"body": {"x": matcher}});
        assert_eq!(one(&json!({"body": {"x": good}}), &expect), NONE, "{matcher}");
        assert_eq!(one(&json!({"body": {"x": bad}}), &expect).len(), 1, "{matcher}");
        // None holds for what is not there.
        assert!(!one(&json!({"body": {}}), &expect).is_empty(), "{matcher}");
    }
    assert_eq!(one(&json!({"body": {"x": null}}), &json!({"body": {"x": {"$any": true}}})), NONE);
    assert_eq!(one(&json!({"body": {}}), &json!({"body": {"x": {"$any": true}}})).len(), 1);
}

#[test]
fn a_matcher_that_the_runner_does_not_know_is_a_failure() {
    for matcher in
        [json!({"$near": 1}), json!({"$type": "integral"}), json!({"$any": true, "a": 1})]
    {
        let found = one(&json!({"body": {"x": 1}}), &json!({"body": {"x": matcher}}));
        assert_eq!(found.len(), 1, "{matcher}");
        assert!(found[0].contains("does not know"), "{found:?}");
    }
}

#[test]
fn a_number_is_compared_by_value() {
    let body = |got: Value, wanted: Value| one(&json!({"body": got}), &json!({"body": wanted}));
    assert_eq!(body(json!(1.0), json!(1)), NONE);
    assert_eq!(body(json!(0.1), json!(0.10000000000000002)).len(), 1);
    assert_eq!(body(json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64)).len(), 1);
}

#[test]
fn a_question_is_compared_whole_but_for_free_text_and_iso_texts() {
    let ask = |answer: Value, expect: Value| {
        let vector = json!({"id": "q", "area": "a", "kind": "parse", "input": {},
            "given": {"answer": answer}, "expect": expect});
        let report = run("question", &json!([vector]), None);
        (report.failures.len(), report.files[0].excluded.len())
    };
    assert_eq!(ask(json!({"valid": true, "v": 12}), json!({"valid": true, "v": 12})), (0, 0));
    assert_eq!(ask(json!({"valid": true, "v": 12}), json!({"valid": true})), (1, 0));
    assert_eq!(ask(json!({"error": "mine"}), json!({"error": "theirs"})), (0, 0));
    assert_eq!(ask(json!({"v": 1}), json!({"error": "theirs"})), (1, 0));
    assert_eq!(ask(json!({"v": "mine"}), json!({"v": "theirs"})), (1, 0));
    assert_eq!(ask(json!({"v": 1}), json!({"v": 1, "v_iso": "2026"})), (0, 1));
    assert_eq!(ask(json!({"v": 0.3}), json!({"v": 0.300_000_000_000_000_04})), (0, 0));
    assert_eq!(ask(json!({"v": 0.31}), json!({"v": 0.3})), (1, 0));
    assert_eq!(ask(json!({"v": 0.31}), json!({"v": 0.3, "tolerance": 0.1})), (0, 0));
    assert_eq!(ask(json!({"v": 3}), json!({"v": 4, "tolerance": 2})), (1, 0));
    assert_eq!(ask(json!(null), json!({"v": 4})), (1, 0));
}

#[test]
fn assertions_are_counted() {
    let count = |expect: Value| {
        let given = json!({"status": 200, "body": {"a": 1, "b": 2}});
        let report = run("count", &json!([fake::exchange("a/b/c", &given, &expect)]), None);
        report.files[0].assertions
    };
    assert_eq!(count(json!({"status": 200})), 1);
    // The status, a, and that there is nothing else: which fails, and counts all the same.
    assert_eq!(count(json!({"status": 200, "body": {"a": 1}})), 3);
    assert_eq!(count(json!({"status": 200, "body": {"a": 1, "b": 2}})), 4);
}

#[test]
fn a_directory_without_vectors_is_an_error() {
    let dir = in_dir("none", &[]);
    assert!(matches!(conform::run(&dir, &[]), Err(ConformError::NoVectors { .. })));
    let dir = in_dir("cut", &[("a.json", "{\"vectors\": [")]);
    assert!(matches!(conform::run(&dir, &[]), Err(ConformError::NotJson { .. })));
    for text in ["{}", "{\"count\": 2, \"vectors\": []}", "{\"vectors\": [{\"id\": \"a\"}]}"] {
        let dir = in_dir("shape", &[("a.json", text)]);
        assert!(matches!(conform::run(&dir, &[]), Err(ConformError::NotVectors { .. })), "{text}");
    }
    let twice = json!({"vectors": [{"id": "a.b", "family": "f"}, {"id": "a.b", "family": "f"}]});
    let dir = in_dir("twice", &[("a.json", &twice.to_string())]);
    assert!(matches!(conform::run(&dir, &[]), Err(ConformError::NotVectors { .. })));
}

#[test]
fn a_report_says_what_was_expected_and_what_came() {
    let vectors = json!([
        fake::exchange("fake/send/good", &json!({"status": 200}), &json!({"status": 200})),
        fake::exchange("fake/send/bad", &json!({"status": 200}), &json!({"status": 201})),
        fake::exchange("fake/later/x", &json!({}), &json!({"status": 200})),
        fake::exchange("fake/later/y", &json!({}), &json!({"status": 200})),
        fake::exchange("fake/later/z", &json!({}), &json!({"status": 200})),
    ]);
    let later = "\
        [[skip]]\nfile = 'fake.json'\nid = 'fake/later/y'\nreason = 'never comes'\n\
        [[skip]]\nfile = 'fake.json'\narea = 'later'\nreason = 'comes later'\n";
    let report: Report = run("report", &vectors, Some(later));
    let text = report.to_string();
    let expected = "\
fake/later: 0 passed, 0 failed, 3 skipped
fake/send: 1 passed, 1 failed, 0 skipped

fake: 1 passed, 1 failed, 3 skipped; 2 assertions
skipped fake/later: 2 (comes later)
skipped fake/later: 1 (never comes)

FAILED fake/send/bad [http]
  status
    expected 201
    got      200

total: 1 passed, 1 failed, 3 skipped
";
    assert_eq!(text, expected);
    assert!(!report.passed);
}
