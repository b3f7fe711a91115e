//! What the contract says of requests, beside the vectors.

use http::{Request, StatusCode};
use serde_json::json;
use weir::{Gate, Status};
use weir_core::token::Status as KeyStatus;
use weir_core::window::Period;
use weir_unprice::entitlement::{Entitlement, Terms, entitle, entitlements, root_of};
use weir_unprice::keys::{Bound, KeyTerms, enrol, stop};
use weir_unprice::queue::{Message, Queue, Unqueued};
use weir_unprice::{Outcome, Reporter, Unreported};

mod host;

use host::{KEY, SYNC, body, gate, later, now, put_key, request, send, send_to, sold};

#[test]
fn an_answer_replaces_what_the_buffer_held() {
    let sent = send(&gate(), &body("a", 1));
    assert_eq!(sent.text, r#"{"allowed":true,"state":"processed"}"#);
    assert_eq!(sent.response.headers()["content-type"], "application/json");
}

#[test]
fn an_unknown_route_is_an_empty_404() {
    let gate = gate();
    for (method, path) in [
        ("GET", SYNC),
        ("HEAD", SYNC),
        ("PUT", SYNC),
        ("DELETE", SYNC),
        ("POST", "/v1/events/ingest/sync/"),
        ("POST", "/V1/events/ingest/sync"),
        ("POST", "/"),
    ] {
        let mut request = request(&body("a", 1));
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = path.parse().unwrap();
        let sent = send_to(&gate, &(), &request, now());
        assert_eq!((sent.status(), &*sent.text), (StatusCode::NOT_FOUND, ""), "{method} {path}");
    }
}

#[test]
fn a_bad_body_is_told_before_a_bad_key() {
    let mut request = request(&json!({}));
    request.headers_mut().remove("authorization");
    let sent = send_to(&gate(), &(), &request, now());
    assert_eq!(sent.status(), StatusCode::BAD_REQUEST);
    assert_eq!(sent.error().1, "idempotencyKey: Required");
}

#[test]
fn a_key_that_is_not_good_says_why() {
    let gate = gate();
    let told = |gate: &Gate| {
        let sent = send(gate, &body("a", 1));
        let (code, message) = sent.error();
        (sent.status().as_u16(), code, message)
    };
    let owned = |status, code: &str, text: &str| (status, code.to_owned(), text.to_owned());
    put_key(&gate, KeyStatus::Revoked, Some(now()));
    assert_eq!(told(&gate), owned(401, "UNAUTHORIZED", "key revoked"));
    put_key(&gate, KeyStatus::Active, Some(now()));
    assert_eq!(told(&gate), owned(403, "EXPIRED", "key expired"));
    put_key(&gate, KeyStatus::Disabled, None);
    assert_eq!(told(&gate), owned(403, "DISABLED", "key disabled"));
    put_key(&gate, KeyStatus::Active, None);
    assert_eq!(send(&gate, &body("a", 1)).status(), StatusCode::OK);

    let mut other = request(&body("a", 1));
    for (header, text) in [
        ("Bearer unprice_live_1111111111111111111111", "key not found"),
        ("Bearer unprice_dev_abc", "key not found"),
        ("Bearer x", "key not found"),
        ("Bearer", "key required"),
        ("Bearer  ", "key required"),
        ("Token unprice_live_1111111111111111111111", "key required"),
    ] {
        other.headers_mut().insert("authorization", header.parse().unwrap());
        let sent = send_to(&gate, &(), &other, now());
        assert_eq!(sent.error(), ("UNAUTHORIZED".to_owned(), text.to_owned()), "{header}");
    }
}

#[test]
fn a_stopped_project_says_why() {
    let gate = gate();
    stop(&gate, "proj", Some("unpaid since May"), now()).unwrap();
    let sent = send(&gate, &body("a", 1));
    assert_eq!(sent.status(), StatusCode::FORBIDDEN);
    assert_eq!(sent.error(), ("DISABLED".to_owned(), "unpaid since May".to_owned()));
    stop(&gate, "proj", None, now()).unwrap();
    assert_eq!(send(&gate, &body("a", 1)).status(), StatusCode::OK);
}

#[test]
fn two_keys_in_one_request_are_none() {
    let gate = gate();
    let mut both = request(&body("a", 1));
    both.headers_mut().append("authorization", "Bearer other".parse().unwrap());
    let sent = send_to(&gate, &(), &both, now());
    assert_eq!(sent.error(), ("UNAUTHORIZED".to_owned(), "key required".to_owned()));
}

#[test]
fn a_keys_limit_binds_however_its_denials_are_called() {
    let gate = gate();
    let catalog = include_str!("../../../examples/unprice.json");
    let catalog = catalog.replace(r#""refusal": "rate_limited","#, "").replace("\"6000\"", "1");
    gate.install(catalog.as_bytes(), now()).unwrap();
    assert_eq!(send(&gate, &body("a", 1)).status(), StatusCode::OK);
    assert_eq!(send(&gate, &body("b", 1)).status(), StatusCode::TOO_MANY_REQUESTS);
}

#[test]
fn a_key_may_send_so_many_requests_a_minute() {
    let gate = gate();
    let verify = Request::post("/v1/entitlements/verify")
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", "application/json")
        .body(br#"{"customerId": "cus_1", "featureSlug": "tokens"}"#.to_vec())
        .unwrap();
    for _ in 0..6_000 {
        assert_eq!(send(&gate, &body("same", 1)).status(), StatusCode::OK);
    }
    let refused = send(&gate, &body("same", 1));
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.error().0, "RATE_LIMITED");
    // Questions about access are not counted.
    assert_eq!(send_to(&gate, &(), &verify, now()).status(), StatusCode::OK);
    let next = send_to(&gate, &(), &request(&body("same", 1)), later("PT1M"));
    assert_eq!(next.status(), StatusCode::OK);
}

#[test]
fn a_used_up_allowance_is_told_by_both_routes() {
    let gate = gate();
    assert_eq!(send(&gate, &body("a", 10)).json()["allowed"], true);
    let denied = send(&gate, &body("b", 1)).json();
    assert_eq!(denied["rejectionReason"], "LIMIT_EXCEEDED");
    assert_eq!(
        denied["message"],
        "Limit exceeded for meter slug=tokens_used|method=sum|field=amount"
    );
    let mut verify = request(&json!({"customerId": "cus_1", "featureSlug": "tokens"}));
    *verify.uri_mut() = "/v1/entitlements/verify".parse().unwrap();
    let verified = send_to(&gate, &(), &verify, now());
    assert_eq!(
        verified.json(),
        json!({
            "allowed": false,
            "featureSlug": "tokens",
            "rejectionReason": "LIMIT_EXCEEDED",
            "usage": 10,
            "limit": 10,
            "spending": {
                "ledgerAmount": 2_000,
                "currency": "USD",
                "displayAmount": "$0",
                "scale": 8,
            },
        })
    );
}

#[test]
fn a_key_is_answered_the_same_until_it_is_too_old() {
    let gate = gate();
    let mut event = body("a", 4);
    event["timestamp"] = json!(now().as_millis());
    assert_eq!(send(&gate, &event).json()["allowed"], true);
    let other = body("a", 9);
    assert_eq!(send(&gate, &other).json()["allowed"], true); // the first answer, whatever is in it
    let still = send_to(&gate, &(), &request(&event), later("P30D"));
    assert_eq!(still.json()["allowed"], true);
    let old = send_to(&gate, &(), &request(&event), later("P30DT0.001S"));
    assert_eq!(old.status(), StatusCode::BAD_REQUEST);
    assert_eq!(old.error().1, "Event timestamp is older than the maximum accepted age");
}

#[test]
fn a_fraction_of_a_millisecond_does_not_save_a_late_event() {
    let gate = gate();
    let at = |offset: &str| {
        let body = body("a", 1).to_string();
        let stamped = body.replacen('{', &format!("{{\"timestamp\": {offset},"), 1);
        let mut request = request(&json!({}));
        *request.body_mut() = stamped.into_bytes();
        send_to(&gate, &(), &request, now()).status().as_u16()
    };
    assert_eq!(at("1771329599999.9"), 400); // a hair over thirty days
    assert_eq!(at("1773921604999.9"), 200);
    assert_eq!(at("1773921605000"), 400);
    assert_eq!(at("-1e17"), 400);
    assert_eq!(at("1e17"), 400);
}

#[test]
fn a_stopped_customer_is_told_so() {
    let gate = gate();
    let customer = gate.find(None, "proj/cus_1").unwrap().unwrap();
    gate.set_status(customer, Status::Blocked, now()).unwrap();
    let sent = send(&gate, &body("a", 1));
    assert_eq!((sent.status(), sent.error().0), (StatusCode::FORBIDDEN, "DISABLED".to_owned()));
}

#[test]
fn a_customer_whose_name_is_none_is_not_found() {
    let gate = gate();
    for name in ["cus 1", "k\u{fc}nde", "../key:k1", "x/y"] {
        let mut event = body("a", 1);
        event["customerId"] = json!(name);
        assert_eq!(send(&gate, &event).json()["rejectionReason"], "CUSTOMER_NOT_FOUND", "{name}");
    }
}

#[test]
fn the_last_of_two_keys_counts_and_names_may_be_escaped() {
    let gate = gate();
    let mut twice = request(&json!({}));
    *twice.body_mut() =
        br#"{"idempotencyKey": "a", "eventSlug": "x", "event\u0053lug": "tokens_used",
        "featureSlug": "tokens", "properties": {"amount": 99, "amount": "0x0A"}}"#
            .to_vec();
    assert_eq!(send_to(&gate, &(), &twice, now()).json()["allowed"], true);
    assert_eq!(send(&gate, &body("b", 1)).json()["rejectionReason"], "LIMIT_EXCEEDED");
}

#[test]
fn an_unreported_outcome_is_a_500_and_its_retry_counts_nothing() {
    struct Deaf;
    impl Reporter for Deaf {
        fn report(&self, outcome: &Outcome<'_>) -> Result<(), Unreported> {
            assert!(outcome.verdict.is_some_and(|verdict| verdict.is_allowed()));
            Err(Unreported { why: "reporting unavailable".to_owned() })
        }
    }
    impl Queue for Deaf {
        fn send(&self, _: &Message) -> Result<(), Unqueued> {
            Err(Unqueued)
        }
    }
    let gate = gate();
    let sent = send_to(&gate, &Deaf, &request(&body("a", 10)), now());
    assert_eq!(sent.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(sent.error().1, "reporting unavailable");
    assert_eq!(send(&gate, &body("a", 10)).json()["allowed"], true);
    assert_eq!(send(&gate, &body("b", 1)).json()["rejectionReason"], "LIMIT_EXCEEDED");
}

#[test]
fn no_answer_shows_a_secret() {
    let gate = gate();
    let mut seen = String::new();
    for body in [
        body("a", 1),
        body("b", 99),
        body("", 1),
        json!({}),
        json!([KEY]),
        json!({"idempotencyKey": {"k": KEY}}),
    ] {
        let sent = send(&gate, &body);
        seen.push_str(&sent.text);
        seen.push_str(&format!("{:?}", sent.response));
    }
    put_key(&gate, KeyStatus::Revoked, None);
    seen.push_str(&send(&gate, &body("a", 1)).text);
    assert!(!seen.contains("Canary"), "{seen}");
}

#[test]
fn a_project_cannot_be_named_into_another() {
    let gate = gate();
    let bound = Bound { project: "proj/cus_1", customer: None };
    let status = KeyStatus::Active;
    let terms = KeyTerms { id: "k2", bound, plan: "key", status, expires: None };
    let error = enrol(&gate, KEY.as_bytes(), &terms, now()).unwrap_err();
    assert_eq!(error.code(), "command.name");
}

#[test]
fn an_entitlement_keeps_its_terms_and_may_only_end_sooner() {
    let gate = gate();
    let root = root_of("proj", "cus_1");
    let priced = |price: &str, expires| {
        let kept = json!({"price": price}).as_object().unwrap().clone();
        Entitlement { expires, terms: Terms { kept, changed: Vec::new() }, ..sold() }
    };
    let give = |sold: &Entitlement| entitle(&gate, (&root, "tokens"), sold, now()).unwrap();
    give(&priced("1", later("P2D")));
    assert_eq!(send(&gate, &body("a", 1)).json()["allowed"], true);
    give(&priced("2", Period::NEVER));
    let refused = send(&gate, &body("a", 1)); // replays, too
    assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        refused.error().1,
        "terms of entitlement `ce_1` cannot change while it lives: price"
    );
    give(&priced("1", later("P3D")));
    assert_eq!(send(&gate, &body("a", 1)).json()["allowed"], true);
    let ended = send_to(&gate, &(), &request(&body("b", 1)), later("P2D"));
    assert_eq!(ended.json()["rejectionReason"], "UNROUTABLE_EVENT");
}

#[test]
fn a_catalog_of_another_system_is_an_error() {
    let gate = gate();
    gate.install(b"{}", now()).unwrap();
    let sent = send(&gate, &body("a", 1));
    assert_eq!(sent.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(sent.error().1.contains("schema called `ingest-sync`"), "{}", sent.text);
}

#[test]
fn entitlements_that_come_at_one_time_are_all_kept() {
    let (gate, root) = (gate(), root_of("proj", "cus_2"));
    let sell = &|thread: u32| {
        (0..50).try_for_each(|n| {
            let sold = Entitlement { id: format!("ce_{thread}_{n}"), ..sold() };
            entitle(&gate, (&root, "tokens"), &sold, now())
        })
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|n| scope.spawn(move || sell(n))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Ok(()));
        }
    });
    assert_eq!(entitlements(&gate, &root, "tokens").unwrap().len(), 200);
}
