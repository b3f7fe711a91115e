//! What is answered to a report: every status, that a refusal takes nothing, and the seams.

use std::sync::Barrier;
use std::thread;

use crate::shop::{self, KEY, OTHER_KEY, RESTRICTED_KEY, SECRET, SUSPENDED_KEY, Shop, at};
use http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, Request};
use serde_json::{Value, json};
use weir::Gate;
use weir_genvoris::{Genvoris, Secret, Settings, Tokens, Transport};

#[test]
fn a_try_on_takes_one_unit_and_one_credit() {
    let shop = Shop::new();
    let answer = shop.track(&json!({"end_customer_token": "ec_ok@shop", "variation_count": 4}));
    let expected = r#"{"success":true,"remaining_credits":4,"variation_count":4,"end_customer_quota":{"used":33,"limit":100,"remaining":67}}"#;
    assert_eq!((answer.status, answer.body.as_str()), (200, expected));
    assert_eq!((shop.credits(), shop.used("ec_ok")), (4, 33));
    assert_eq!(shop.told(), ["tryon.completed of ec_ok, 4 pictures"]);
}

#[test]
fn without_a_token_the_pool_alone_pays() {
    let shop = Shop::new();
    for body in [json!({}), json!({"end_customer_token": null})] {
        let answer = shop.track(&body);
        assert_eq!(answer.status, 200);
        assert!(answer.json().get("end_customer_quota").is_none());
    }
    assert_eq!(shop.credits(), 3);
    assert_eq!(shop.told(), ["tryon.completed of nobody, 1 pictures"; 2]);
}

/// Every status but 200 and 500, each with its code and the keys of its body.
#[test]
fn each_refusal_has_its_status_and_takes_nothing() {
    let token = |token: &str| json!({"end_customer_token": token});
    let with = |key: &str, body: Value| (Some(format!("Bearer {key}")), body);
    let quota = |reason| json!({"error": "end_customer_quota", "reason": reason});
    let exhausted = json!({"error": "end_customer_quota", "reason": "quota_exhausted",
        "limit": 100, "used": 100});
    for ((authorization, body), status, expected) in [
        ((None, json!({})), 401, json!({"error": "unauthorized"})),
        (with("", json!({})), 401, json!({"error": "unauthorized"})),
        (with("a b", json!({})), 401, json!({"error": "unauthorized"})),
        (with("a\tb", json!({})), 401, json!({"error": "unauthorized"})),
        (with("gvk_live_CANARY", json!({})), 401, json!({"error": "invalid_key"})),
        (with(KEY, json!({"api_key": OTHER_KEY})), 401, json!({"error": "invalid_key"})),
        (with(KEY, json!({"api_key": ""})), 401, json!({"error": "invalid_key"})),
        (with(KEY, json!([])), 400, json!({"error": "invalid_body"})),
        (with(KEY, json!({"success": null})), 400, json!({"error": "invalid_body"})),
        (with(KEY, json!({"variation_count": 0})), 400, json!({"error": "invalid_body"})),
        (with(KEY, json!({"generation_time_ms": -1})), 400, json!({"error": "invalid_body"})),
        (with(KEY, json!({"end_customer_token": 5})), 400, json!({"error": "invalid_body"})),
        (with(SUSPENDED_KEY, json!({})), 403, json!({"error": "account_inactive"})),
        (with(RESTRICTED_KEY, json!({})), 403, json!({"error": "domain_not_allowed"})),
        (with(KEY, token("")), 401, json!({"error": "invalid_session_token"})),
        (with(KEY, token("CANARY")), 401, json!({"error": "invalid_session_token"})),
        (with(KEY, token("ec_nobody@shop")), 401, json!({"error": "invalid_session_token"})),
        (with(KEY, token("not a name@shop")), 401, json!({"error": "invalid_session_token"})),
        (with(KEY, token("ec_ok@other")), 403, json!({"error": "token_store_mismatch"})),
        (with(KEY, token("ec_ok@nowhere")), 403, json!({"error": "token_store_mismatch"})),
        (with(KEY, token("ec_ok")), 403, json!({"error": "token_store_mismatch"})),
        (with(OTHER_KEY, token("ec_ok@other")), 401, json!({"error": "invalid_session_token"})),
        (with(KEY, token("ec_paused@shop")), 402, quota("paused")),
        (with(KEY, token("ec_cancelled@shop")), 402, quota("cancelled")),
        (with(KEY, token("ec_no_plan@shop")), 402, quota("no_plan")),
        (with(KEY, token("ec_inactive_plan@shop")), 402, quota("no_plan")),
        (with(KEY, token("ec_full@shop")), 402, exhausted),
        (with(OTHER_KEY, json!({})), 402, json!({"error": "credit_limit_reached"})),
    ] {
        let shop = Shop::new();
        let answer = shop.send(authorization.as_deref(), &shop::text_of(&body));
        let mut got = answer.json();
        let detail = got.as_object_mut().and_then(|got| got.remove("detail"));
        assert_eq!((answer.status, got), (status, expected), "{authorization:?} {body}");
        assert!(detail.is_some_and(|detail| detail.is_string()), "{}", answer.body);
        assert_eq!(shop.counters(), Shop::new().counters(), "{authorization:?} {body}");
        let exhausted = body["end_customer_token"] == json!("ec_full@shop");
        let told = if exhausted { &["end_customer.quota_exhausted"][..] } else { &[] };
        assert_eq!(shop.told(), told);
    }
}

#[test]
fn a_customers_gates_come_before_the_pool() {
    let shop = Shop::new();
    shop.drain();
    for (token, error) in [
        ("ec_paused@shop", "end_customer_quota"),
        ("ec_full@shop", "end_customer_quota"),
        ("ec_ok@shop", "credit_limit_reached"),
    ] {
        let answer = shop.track(&json!({"end_customer_token": token}));
        assert_eq!((answer.status, &answer.json()["error"]), (402, &json!(error)));
    }
    assert_eq!((shop.credits(), shop.used("ec_ok"), shop.used("ec_full")), (0, 32, 100));
}

/// One request with every fault; each step mends the first one.
#[test]
fn the_first_check_that_fails_is_answered() {
    let shop = Shop::new();
    let bearer = |key: &str| Some(format!("Bearer {key}"));
    let token = |token: &str| json!({"end_customer_token": token, "origin": "evil.com"});
    let unknown = bearer("gvk_live_00000000000000000000000000000000");
    let mut body = token("junk");
    for (authorization, raw, error) in [
        (None, "{", "unauthorized"),
        (unknown.clone(), "{", "invalid_body"),
        (unknown, "{}", "invalid_key"),
        (bearer(SUSPENDED_KEY), &body.to_string(), "account_inactive"),
        (bearer(RESTRICTED_KEY), &body.to_string(), "domain_not_allowed"),
        (bearer(KEY), &body.to_string(), "invalid_session_token"),
        (bearer(KEY), &shop::text_of(&token("ec_nobody@other")), "token_store_mismatch"),
        (bearer(KEY), &shop::text_of(&token("ec_nobody@shop")), "invalid_session_token"),
        (bearer(KEY), &shop::text_of(&token("ec_full@shop")), "end_customer_quota"),
    ] {
        let answer = shop.send(authorization.as_deref(), raw);
        assert_eq!(answer.json()["error"], json!(error), "{raw}");
    }
    body["origin"] = json!("https://a.example.com");
    let answer = shop.send(bearer(RESTRICTED_KEY).as_deref(), &body.to_string());
    assert_eq!(answer.json()["error"], json!("invalid_session_token"));
}

#[test]
fn a_failed_try_on_is_checked_and_costs_nothing() {
    let shop = Shop::new();
    shop.drain();
    let failed = |token: Value| json!({"success": false, "end_customer_token": token});
    let expected = r#"{"success":true,"remaining_credits":0,"variation_count":1,"end_customer_quota":{"used":100,"limit":100,"remaining":0}}"#;
    let answer = shop.track(&failed(json!("ec_full@shop")));
    assert_eq!((answer.status, answer.body.as_str()), (200, expected));
    assert_eq!(shop.track(&failed(json!("ec_paused@shop"))).status, 200);
    assert_eq!(shop.track(&failed(Value::Null)).status, 200);
    assert_eq!(shop.track(&failed(json!("junk"))).status, 401);
    assert_eq!(
        shop.told(),
        [
            "tryon.failed of ec_full, 1 pictures",
            "tryon.failed of ec_paused, 1 pictures",
            "tryon.failed of nobody, 1 pictures",
        ]
    );
    assert_eq!((shop.credits(), shop.used("ec_full")), (0, 100));
}

#[test]
fn the_last_unit_and_the_last_credit_go_to_one() {
    for token in ["ec_last@shop", "ec_ok@shop"] {
        let shop = Shop::new();
        if token == "ec_ok@shop" {
            shop.drain_to_one();
        }
        let start = Barrier::new(16);
        let ask = || {
            start.wait();
            shop.track(&json!({"end_customer_token": token})).status
        };
        let statuses: Vec<_> = thread::scope(|scope| {
            let asked: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
            asked.into_iter().map(|asked| asked.join().expect("no panic")).collect()
        });
        let count = |status| statuses.iter().filter(|got| **got == status).count();
        assert_eq!((count(200), count(402)), (1, 15), "{token}");
        let completed = shop.told().into_iter().filter(|told| told.starts_with("tryon."));
        assert_eq!(completed.count(), 1);
    }
}

#[test]
fn a_period_ends_in_its_last_millisecond() {
    let shop = Shop::new(); // `ec_full` has 100 of 100 until the 21st, and 200 from then on
    let end = "2026-01-21T00:00:00Z";
    let ask = json!({"end_customer_token": "ec_full@shop"});
    assert_eq!(shop.track_at(&ask, at("2026-01-20T23:59:59.999Z")).status, 402);
    let answer = shop.track_at(&ask, at(end));
    let quota = json!({"used": 1, "limit": 200, "remaining": 199});
    assert_eq!((answer.status, &answer.json()["end_customer_quota"]), (200, &quota));
    // A clock that goes back brings no period back.
    let answer = shop.track_at(&ask, at("2026-01-20T23:59:59.999Z"));
    assert_eq!(answer.json()["end_customer_quota"]["used"], json!(2));
    // Thirty days later, and a day before that.
    let answer = shop.track_at(&ask, at("2026-02-18T23:59:59.999Z"));
    assert_eq!(answer.json()["end_customer_quota"]["used"], json!(3));
    let answer = shop.track_at(&ask, at("2026-02-20T00:00:00Z"));
    assert_eq!(answer.json()["end_customer_quota"]["used"], json!(1));
}

#[test]
fn packs_are_drawn_by_expiry_then_purchase_then_name() {
    let shop = Shop::new();
    shop.drain();
    let (early, late) = (at("2025-12-01T00:00:00Z"), at("2025-12-02T00:00:00Z"));
    let (soon, end) = (at("2026-02-01T00:00:00Z"), at("2026-03-01T00:00:00Z"));
    shop.pack("endless", early, None);
    shop.pack("c", late, Some(end));
    shop.pack("b", late, Some(end));
    shop.pack("d", early, Some(end));
    shop.pack("soon", late, Some(soon));
    shop.pack("over", early, Some(shop::now()));
    let mut drawn = Vec::new();
    while shop.track(&json!({})).status == 200 {
        drawn.extend(shop.empty_packs().into_iter().find(|name| !drawn.contains(name)));
    }
    assert_eq!(drawn, ["soon", "d", "b", "c", "endless"]);
}

#[test]
fn every_answer_is_json_and_none_is_for_browsers() {
    let shop = Shop::new();
    for (method, path, status) in [
        ("POST", "/api/tryon/track", 401),
        ("GET", "/api/tryon/track", 405),
        ("OPTIONS", "/api/tryon/track", 405),
        ("POST", "/api/tryon/track/", 404),
        ("GET", "/api/v1/plans", 401),
        ("GET", "/api/v1/nothing", 404),
        ("POST", "/.well-known/jwks.json", 405),
    ] {
        let request = Request::builder().method(method).uri(path).header("origin", "https://a.b");
        let answer = shop.handle(&request.body(&b"{}"[..]).expect("a request"), shop::now());
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.headers[CONTENT_TYPE], "application/json");
        assert_eq!(answer.headers.contains_key(ALLOW), status == 405);
        let cors = |name: &HeaderName| name.as_str().starts_with("access-control-");
        assert!(!answer.headers.keys().any(cors), "{method} {path}");
        assert!(answer.json()["error"].is_string() && answer.json()["detail"].is_string());
    }
}

#[test]
fn no_answer_holds_what_was_sent() {
    let shop = Shop::new();
    for (authorization, body) in [
        ("CANARY", r#"{}"#.to_owned()),
        ("Bearer CANARY", r#"{"api_key": "CANARY"}"#.to_owned()),
        ("Bearer CANARY", r#"{"api_key": "CANARY""#.to_owned()),
        ("Bearer CANARY", r#"{"api_key": "CANARY", "success": "CANARY"}"#.to_owned()),
        (&format!("Bearer {KEY}"), r#"{"end_customer_token": "CANARY@CANARY"}"#.to_owned()),
        (&format!("Bearer {KEY}"), r#"{"CANARY": CANARY}"#.to_owned()),
        (&format!("Bearer {RESTRICTED_KEY}"), r#"{"origin": "https://CANARY"}"#.to_owned()),
    ] {
        let answer = shop.send(Some(authorization), &body);
        assert!((400..404).contains(&answer.status), "{body}");
        assert!(!answer.body.contains("CANARY"), "{}", answer.body);
    }
}

#[test]
fn the_internal_secret_needs_a_key_in_the_body() {
    let settings = |transport| Settings { transport, ..Settings::default() };
    let internal = || Transport::InternalSecret(Secret::new(SECRET));
    let either = || Transport::Either(Secret::new(SECRET));
    let unset = || Transport::InternalSecret(Secret::default());
    let keyed = json!({"api_key": KEY}).to_string();
    let bearer = format!("Bearer {KEY}");
    let (authorization, secret) = ("authorization", "x-internal-secret");
    for (transport, headers, body, status) in [
        (internal(), vec![(secret, SECRET)], keyed.as_str(), 200),
        (internal(), vec![(secret, SECRET)], "{}", 400),
        (internal(), vec![(secret, SECRET), (secret, SECRET)], &keyed, 401),
        (internal(), vec![(secret, "wrong")], &keyed, 401),
        (internal(), vec![(secret, "")], &keyed, 401),
        (internal(), vec![(authorization, bearer.as_str())], &keyed, 401),
        (unset(), vec![(secret, "")], &keyed, 401),
        (unset(), vec![], &keyed, 401),
        (either(), vec![(secret, SECRET)], &keyed, 200),
        (either(), vec![(authorization, &bearer)], "{}", 200),
        (either(), vec![(secret, "wrong")], &keyed, 401),
        (
            either(),
            vec![(authorization, &bearer), (authorization, &bearer), (secret, SECRET)],
            &keyed,
            401,
        ),
        (Transport::Bearer, vec![(secret, SECRET)], &keyed, 401),
        (Transport::Bearer, vec![(authorization, &bearer), (authorization, &bearer)], "{}", 401),
    ] {
        let shop = Shop::with(settings(transport.clone()));
        let mut request = Request::post("/api/tryon/track");
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let answer = shop.handle(&request.body(body.as_bytes()).expect("a request"), shop::now());
        assert_eq!(answer.status, status, "{transport:?} {headers:?} {body}");
    }
}

#[test]
fn a_host_can_ask_for_tokens() {
    let shop = Shop::with(Settings { tokens: Tokens::Required, ..Settings::default() });
    assert_eq!(shop.track(&json!({})).json()["error"], json!("invalid_session_token"));
    assert_eq!(shop.track(&json!({"end_customer_token": "ec_ok@shop"})).status, 200);
}

#[test]
fn a_journal_that_fails_is_told_to_the_host_and_counts_nothing() {
    let shop = Shop::new();
    shop.break_journal();
    let request = Request::post("/api/tryon/track").header(AUTHORIZATION, format!("Bearer {KEY}"));
    let body = shop::text_of(&json!({"end_customer_token": "ec_ok@shop"}));
    let request = request.body(body.as_bytes()).expect("a request");
    let mut out = b"left over".to_vec();
    let arrival = shop.arrival(shop::now());
    let error = shop.genvoris.handle(&request, &arrival, &mut out).expect_err("no journal");
    assert_eq!(error.code(), "gate.journal");
    assert_eq!(error.answer(&mut out).status(), 500);
    let answer: Value = serde_json::from_slice(&out).expect("JSON");
    assert_eq!(answer["error"], json!("internal_error"));
    assert_eq!(shop.counters(), Shop::new().counters());
    assert_eq!(shop.told(), [""; 0]);
}

#[test]
fn the_last_of_two_equal_keys_counts() {
    let shop = Shop::new();
    let twice = r#"{"success": true, "api_key": 5, "api_key": null, "success": false}"#;
    assert_eq!(shop.send(Some(&format!("Bearer {KEY}")), twice).status, 200);
    assert_eq!(shop.told(), ["tryon.failed of nobody, 1 pictures"]);
}

#[test]
fn a_catalog_without_the_contracts_names_is_refused() {
    let gate = Gate::in_memory().expect("a gate");
    let error = Genvoris::new(gate, Settings::default()).err().expect("no catalog");
    assert_eq!(error.to_string(), "there is no limit called `try-ons`");
}
