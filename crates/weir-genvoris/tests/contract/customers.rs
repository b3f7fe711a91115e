//! What becomes of plans, customers and their periods over several requests.

use serde_json::{Value, json};

use crate::shop::{Shop, at, now};

const JANUARY_21: &str = "2026-01-21T00:00:00Z";

#[test]
fn a_new_quota_counts_from_the_next_period_on() {
    let shop = Shop::new();
    let limit = |instant: &str| {
        let used = shop.ask(("GET", "customers/ec_ok/usage"), &Value::Null, at(instant));
        used.json()["data"]["current"]["limit"].clone()
    };
    let patched = shop.ask(("PATCH", "plans/pln_on"), &json!({"monthlyTryOns": 7}), now());
    assert_eq!(patched.status, 200);
    assert_eq!(limit("2026-01-20T23:59:59.999Z"), json!(100));
    assert_eq!(limit(JANUARY_21), json!(7));
    // Said again within that period, it waits for the one after.
    shop.ask(("PATCH", "plans/pln_on"), &json!({"monthlyTryOns": 9}), at(JANUARY_21));
    assert_eq!(limit("2026-02-19T23:59:59.999Z"), json!(7));
    assert_eq!(limit("2026-02-20T00:00:00Z"), json!(9));
}

#[test]
fn another_plan_counts_at_once_and_keeps_what_was_used() {
    let shop = Shop::new();
    let body = json!({"name": "Small", "monthlyTryOns": 40});
    let small = shop.ask(("POST", "plans"), &body, now()).json()["id"].clone();
    let current = || {
        let used = shop.ask(("GET", "customers/user_ok/usage"), &Value::Null, now()).json();
        used["data"]["current"].clone()
    };
    shop.ask(("PATCH", "customers/ec_ok"), &json!({"planId": small}), now());
    let expected = json!({"used": 32, "limit": 40, "remaining": 8, "ok": true});
    assert_eq!(current(), expected);
    shop.ask(("PATCH", "customers/ec_ok"), &json!({"planId": null}), now());
    assert_eq!(current(), json!({"used": 32, "limit": 0, "remaining": 0, "ok": false}));
    let answer = shop.track(&json!({"end_customer_token": "ec_ok@shop"}));
    assert_eq!((answer.status, &answer.json()["reason"]), (402, &json!("no_plan")));
}

#[test]
fn an_inactive_plan_allows_nothing_and_a_deleted_one_goes_on() {
    let shop = Shop::new();
    let try_on = || shop.track(&json!({"end_customer_token": "ec_ok@shop"})).status;
    assert_eq!(shop.ask(("DELETE", "plans/pln_on"), &Value::Null, now()).status, 204);
    assert_eq!(try_on(), 200);
    shop.ask(("PATCH", "plans/pln_on"), &json!({"active": false}), now());
    assert_eq!(try_on(), 402);
    let plan = shop.ask(("PATCH", "plans/pln_on"), &json!({"active": true}), now()).json();
    assert_eq!((&plan["active"], try_on()), (&json!(true), 200));
    assert_eq!(
        shop.told(),
        [
            "plan.disabled",
            "tryon.completed of ec_ok, 1 pictures",
            "plan.updated",
            "plan.updated",
            "tryon.completed of ec_ok, 1 pictures",
        ]
    );
}

/// Of many that happen in one period each is on record, and no more than 24.
#[test]
fn history_has_the_latest_24_periods_and_one_answer_twelve() {
    let shop = Shop::new();
    shop.track(&json!({"end_customer_token": "ec_ok@shop"}));
    let mut instant = now();
    for _ in 0..30 {
        instant =
            instant.checked_add(weir::Span::from_millis(1_000).expect("a span")).expect("near");
        let posted = shop.ask(("POST", "customers"), &json!({"externalId": "user_ok"}), instant);
        assert_eq!(posted.status, 200);
    }
    let used = shop.ask(("GET", "customers/ec_ok/usage"), &Value::Null, instant).json();
    let history = used["data"]["history"].as_array().expect("rows").clone();
    assert_eq!((history.len(), &history[0]["used"]), (24, &json!(0)));
    assert_eq!(history[0]["period_start"], json!("2026-01-01T00:00:29.000Z"));
    let one = shop.ask(("GET", "customers/ec_ok"), &Value::Null, instant).json();
    assert_eq!(one["usage"].as_array().map(Vec::len), Some(12));
    // And the ledger keeps nothing of the periods that were cut short.
    let scope = shop.genvoris.gate().find(Some(shop.store()), "ec_ok").expect("sound");
    let shard = scope.expect("known").shard();
    let grown = shop.genvoris.gate().snapshot(shard).expect("a shard").len();
    let again = shop.ask(("POST", "customers"), &json!({"externalId": "user_ok"}), instant);
    assert_eq!(again.status, 200);
    let after = shop.genvoris.gate().snapshot(shard).expect("a shard").len();
    assert!(after <= grown + 8, "{grown} bytes, then {after}");
}

#[test]
fn the_first_period_past_its_end_is_on_record_with_its_use() {
    let shop = Shop::new();
    let later = at("2026-03-30T12:00:00Z");
    let used = shop.ask(("GET", "customers/ec_full/usage"), &Value::Null, later).json();
    let row = json!({"period_start": "2025-12-22T00:00:00.000Z",
        "period_end": "2026-01-21T00:00:00.000Z", "used": 100, "limit": 100});
    assert_eq!(used["data"]["history"], json!([row]));
    assert_eq!(used["data"]["period_start"], json!("2026-03-22T00:00:00.000Z"));
    assert_eq!(shop.told(), ["end_customer.period_rolled"]);
}

#[test]
fn pages_follow_each_other_and_show_each_customer_once() {
    let shop = Shop::new();
    for number in 0..5 {
        let body = json!({"externalId": format!("new {number}")});
        assert_eq!(shop.ask(("POST", "customers"), &body, now()).status, 201);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("customers?limit=5{cursor}");
        let page = shop.ask(("GET", &path), &Value::Null, now()).json();
        for one in page["data"].as_array().expect("a list") {
            seen.push(one["externalId"].as_str().expect("a name").to_owned());
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 12);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 12);
    let found = shop.ask(("GET", "customers?externalId=new+3"), &Value::Null, now()).json();
    assert_eq!(found["data"].as_array().map(Vec::len), Some(1));
    for wrong in ["cursor=ec_nobody", "limit=", "limit=1.5", "status=active"] {
        let answer = shop.ask(("GET", &format!("customers?{wrong}")), &Value::Null, now());
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_body")));
    }
}

/// A customer that cannot be written down is not there in any part.
#[test]
fn a_customer_is_made_whole_or_not_at_all() {
    let shop = Shop::new();
    let before = shop.snapshots();
    shop.break_journal();
    let body = json!({"externalId": "user_new", "planId": "pln_on", "metadata": {"a": 1.50}});
    let request = http::Request::post("/api/v1/customers")
        .header("authorization", format!("Bearer {}", crate::shop::KEY));
    let body = body.to_string();
    let request = request.body(body.as_bytes()).expect("a request");
    let arrival = shop.arrival(now());
    let error = shop.genvoris.handle(&request, &arrival, &mut Vec::new());
    assert_eq!(error.expect_err("no journal").code(), "gate.journal");
    assert_eq!(shop.snapshots(), before);
    assert_eq!(shop.told(), [""; 0]);
    shop.mend_journal();
    let made = shop.ask(("POST", "customers"), &serde_json::from_str(&body).expect("JSON"), now());
    assert_eq!(made.status, 201);
    assert!(made.body.contains(r#""metadata":{"a":1.5}"#), "{}", made.body);
    assert_eq!(shop.told(), ["end_customer.created"]);
}

#[test]
fn one_of_many_who_post_the_same_creates_it() {
    let shop = Shop::new();
    let post = || shop.ask(("POST", "customers"), &json!({"externalId": "user_new"}), now()).status;
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(post)).collect();
        asked.into_iter().map(|asked| asked.join().expect("no panic")).collect()
    });
    let count = |status| statuses.iter().filter(|got| **got == status).count();
    assert_eq!((count(201), count(200)), (1, 7));
}
