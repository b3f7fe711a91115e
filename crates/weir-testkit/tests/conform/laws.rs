//! The laws of the engine, over vectors that nobody wrote by hand.

use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::prop_assert_eq;
use serde_json::{Value, json};

use crate::fake::{exchange, failed, run};

/// Any small JSON value whose keys are no matchers, apart from a lone null (which means no body).
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (-3_i64..3).prop_map(Value::from),
        "[a-b]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let inner = prop_oneof![inner, Just(Value::Null)];
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map("[a-c]", inner, 0..3).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Some area or kind.
fn word() -> impl Strategy<Value = String> {
    "[a-c]".prop_map(String::from)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Each pair is a case of its own: what is expected, and what is answered.
    #[test]
    fn every_difference_is_a_failure(pairs in vec((value(), value()), 1..20)) {
        let vectors: Vec<_> = pairs.iter().enumerate().flat_map(|(index, (left, right))| {
            let case = |name: &str, got: &Value| {
                let told = json!({"body": got});
                exchange(&format!("fake/{name}/{index}"), &told, &json!({"body": left}))
            };
            [case("same", left), case("other", right)]
        }).collect();
        let report = run("differences", &json!(vectors), None);
        let differing = pairs.iter().enumerate().filter(|(_, (left, right))| left != right);
        let differing: Vec<_> = differing.map(|(index, _)| format!("fake/other/{index}")).collect();
        prop_assert_eq!(failed(&report), differing);
    }

    /// Each case has an area, a kind and a status, and each of them may be skipped by either.
    #[test]
    fn every_case_is_counted_once(
        cases in vec((word(), word(), 200_u64..202), 1..30),
        skips in vec((word(), word()), 0..4),
    ) {
        let vectors: Vec<_> = cases.iter().enumerate().map(|(index, (area, kind, status))| {
            json!({"id": index.to_string(), "area": area, "kind": kind, "input": {},
                "given": {"answer": {"v": status}}, "expect": {"v": 200}})
        }).collect();
        let entries: String = skips.iter().enumerate().map(|(index, (area, kind))| format!(
            "[[skip]]\nfile = 'fake.json'\narea = '{area}'\nkind = '{kind}'\nreason = '{index}'\n"
        )).collect();
        let report = run("counts", &json!(vectors), Some(&entries));
        let skipped = |area: &String, kind: &String| {
            skips.iter().any(|(one, other)| one == area && other == kind)
        };
        let count = |wanted: &dyn Fn(&(String, String, u64)) -> bool| {
            u64::try_from(cases.iter().filter(|case| wanted(case)).count()).expect("few")
        };
        let total = report.total();
        prop_assert_eq!(total.skipped, count(&|case| skipped(&case.0, &case.1)));
        prop_assert_eq!(total.passed, count(&|case| !skipped(&case.0, &case.1) && case.2 == 200));
        prop_assert_eq!(total.failed, count(&|case| !skipped(&case.0, &case.1) && case.2 == 201));
        prop_assert_eq!(report.skipped.iter().map(|skip| skip.cases).sum::<u64>(), total.skipped);
        let areas = report.files[0].areas.values();
        let by_area: u64 = areas.map(|area| area.passed + area.failed + area.skipped).sum();
        prop_assert_eq!(by_area, u64::try_from(cases.len()).expect("few"));
        // Every entry fits a case, or the run fails.
        let idle = skips.iter().any(|(one, other)| {
            !cases.iter().any(|(area, kind, _)| area == one && kind == other)
        });
        prop_assert_eq!(report.unused.is_empty(), !idle);
        prop_assert_eq!(report.passed, total.failed == 0 && !idle);
    }
}

#[test]
fn a_skip_needs_a_used_entry() {
    let token = json!({"method": "POST", "path": "/", "body": {"t": [{"$token": "tok"}]}});
    let mut vectors = vec![
        exchange("fake/a/one", &json!({}), &json!({"status": 201})),
        exchange("fake/a/two", &json!({}), &json!({"status": 201})),
        exchange("fake/b/one", &json!({}), &json!({"status": 201})),
    ];
    vectors[2]["request"] = token;
    let vectors = json!(vectors);
    let entry =
        |selectors: &str| format!("[[skip]]\nfile = 'fake.json'\n{selectors}\nreason = 'r'\n");
    let outcome = |selectors: &str| {
        let report = run("skips", &vectors, Some(&entry(selectors)));
        let (failed, unused) = (failed(&report).join(" "), report.unused.join(" "));
        assert_eq!(report.passed, failed.is_empty() && unused.is_empty());
        (failed, unused)
    };
    let says = |failed: &str, unused: &str| (failed.to_owned(), unused.to_owned());
    assert_eq!(outcome("id = 'fake/a/one'"), says("fake/a/two fake/b/one", ""));
    assert_eq!(outcome("id = ['fake/a/one', 'fake/a/two']"), says("fake/b/one", ""));
    assert_eq!(outcome("prefix = 'fake/'"), says("", ""));
    assert_eq!(outcome("area = ['a', 'b', 'c']"), says("", "fake.json: area `c`"));
    assert_eq!(outcome("area = 'a'"), says("fake/b/one", ""));
    assert_eq!(outcome("kind = 'session_token'"), says("fake/a/one fake/a/two", ""));
    assert_eq!(outcome("area = 'b'\nkind = 'session_token'"), says("fake/a/one fake/a/two", ""));
    // Both must fit, a part of an id is no id, and each that fits nothing is named.
    let all = "fake/a/one fake/a/two fake/b/one";
    assert_eq!(
        outcome("area = 'a'\nkind = 'session_token'"),
        says(all, "fake.json: area `a` fake.json: kind `session_token`")
    );
    assert_eq!(outcome("id = 'fake/a'"), says(all, "fake.json: id `fake/a`"));
    assert_eq!(outcome("prefix = 'a/'"), says(all, "fake.json: prefix `a/`"));
    assert_eq!(outcome("area = ['a', 'c']"), says("fake/b/one", "fake.json: area `c`"));
    let other = "[[skip]]\nfile = 'other.json'\nprefix = 'fake/'\nreason = 'r'\n";
    let report = run("skips", &vectors, Some(other));
    assert_eq!(failed(&report).len(), 3);
    assert!(!report.passed && report.unused.len() == 1);
    let none = run("skips", &json!([exchange("f/a/b", &json!({}), &json!({"status": 200}))]), None);
    assert!(none.passed && none.unused.is_empty());
}
