//! What the contract says of its other routes: the queue's, the entitlements', the wallet's.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::{Cell, RefCell};

use http::{Request, StatusCode};
use serde_json::{Value, json};
use weir::{Gate, GrantTerms, LotTerms, Quantity, Renewal, Timestamp};
use weir_core::wallet::Kind as LotKind;
use weir_unprice::entitlement::{Billing, Entitlement, Kind, Terms, entitle, root_of};
use weir_unprice::queue::{Message, Queue, Unqueued};
use weir_unprice::{Outcome, Reporter, Unreported};

mod host;

use host::{KEY, body, gate, later, now, request, send_to};

/// A queue that fails so many times first.
#[derive(Default)]
struct Tray {
    failures: Cell<u8>,
    kept: RefCell<Vec<Message>>,
}

impl Queue for Tray {
    fn send(&self, message: &Message) -> Result<(), Unqueued> {
        if self.failures.get() > 0 {
            self.failures.set(self.failures.get() - 1);
            return Err(Unqueued);
        }
        self.kept.borrow_mut().push(message.clone());
        Ok(())
    }
}

impl Reporter for Tray {
    fn report(&self, _: &Outcome<'_>) -> Result<(), Unreported> {
        Ok(())
    }
}

fn to(path: &str, body: &Value) -> Request<Vec<u8>> {
    let mut request = request(body);
    *request.uri_mut() = path.parse().unwrap();
    request
}

fn get(path: &str) -> Request<Vec<u8>> {
    let request = Request::get(path).header("authorization", format!("Bearer {KEY}"));
    request.body(Vec::new()).unwrap()
}

fn queued() -> Value {
    let mut event = body("k", 99);
    event.as_object_mut().unwrap().remove("featureSlug");
    event
}

#[test]
fn an_accepted_event_is_on_the_queue_and_nowhere_else() {
    let (gate, tray) = (gate(), Tray::default());
    let sent = send_to(&gate, &tray, &to("/v1/events/ingest", &queued()), now());
    assert_eq!((sent.status(), &*sent.text), (StatusCode::ACCEPTED, r#"{"accepted":true}"#));
    let kept = tray.kept.borrow();
    let [message] = &kept[..] else { panic!("one message") };
    assert_eq!((&*message.customer, &*message.key, message.at), ("cus_1", "k", now()));
    assert_eq!(message.properties, r#"{"amount":99}"#);
    assert_eq!((message.id.len(), message.id.starts_with("evt_01")), (30, true));
    let customer = gate.find(None, "proj/cus_1").unwrap().unwrap();
    assert_eq!(gate.standing(customer, "tokens", now()).unwrap().used, Quantity::ZERO);
}

#[test]
fn a_message_is_read_as_it_was_written() {
    let (gate, tray) = (gate(), Tray::default());
    let mut event = queued();
    event["id"] = json!("mine");
    send_to(&gate, &tray, &to("/v1/events/ingest", &event), now());
    let kept = tray.kept.borrow();
    let bytes = serde_json::to_vec(&kept[0]).unwrap();
    assert_eq!(serde_json::from_slice::<Message>(&bytes).unwrap(), kept[0]);
    assert_eq!(kept[0].id, "mine");
}

#[test]
fn a_queue_is_asked_three_times() {
    let (gate, tray) = (gate(), Tray::default());
    let ask = || send_to(&gate, &tray, &to("/v1/events/ingest", &queued()), now());
    tray.failures.set(2);
    assert_eq!(ask().status(), StatusCode::ACCEPTED);
    tray.failures.set(3);
    let refused = ask();
    assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(refused.error().1, "Failed to enqueue ingestion event");
    assert_eq!(tray.kept.borrow().len(), 1);
    let without = send_to(&gate, &(), &to("/v1/events/ingest", &queued()), now());
    assert_eq!(without.error().1, "Failed to enqueue ingestion event");
}

#[test]
fn an_event_for_the_queue_has_a_key_and_an_age() {
    let (gate, tray) = (gate(), Tray::default());
    let mut event = to("/v1/events/ingest", &queued());
    event.headers_mut().remove("authorization");
    assert_eq!(send_to(&gate, &tray, &event, now()).error().1, "key required");
    let mut old = queued();
    old["timestamp"] = json!(now().as_millis());
    let old = send_to(&gate, &tray, &to("/v1/events/ingest", &old), later("P31D"));
    assert_eq!(old.error().1, "Event timestamp is older than the maximum accepted age");
    assert!(tray.kept.borrow().is_empty());
}

#[test]
fn a_customer_sees_what_it_may_use_now() {
    let gate = gate();
    let ended = Entitlement {
        id: "ce_0".to_owned(),
        kind: Kind::Flat,
        limit: "tokens".to_owned(),
        meter_key: None,
        billing: Billing::told("USD"),
        effective: Timestamp::EPOCH,
        expires: now(),
        terms: Terms::default(),
    };
    entitle(&gate, (&root_of("proj", "cus_1"), "sso"), &ended, now()).unwrap();
    let customer = gate.find(None, "proj/cus_1").unwrap().unwrap();
    let more = GrantTerms {
        name: "g2",
        amount: None,
        priority: 90,
        effective: later("P1D"),
        expires: None,
        renewal: Renewal::DEFAULT,
    };
    gate.grant(customer, "tokens", &more, now()).unwrap();
    let ask = |body: Value, at| send_to(&gate, &(), &to("/v1/entitlements/get", &body), at);
    let own = json!({"customerId": "cus_1", "projectId": "proj"});
    let g1 = json!({"id": "g1", "allowanceUnits": 10, "effectiveAt": now().as_millis(),
        "expiresAt": null, "priority": 10});
    let first = json!([{
        "id": "ce_1",
        "featureSlug": "tokens",
        "featureType": "usage",
        "limitType": "hard",
        "overageStrategy": "none",
        "effectiveAt": now().as_millis(),
        "expiresAt": null,
        "grants": [g1],
    }]);
    assert_eq!(ask(own.clone(), now()).json(), first);
    let then = ask(own, later("P1D")).json();
    assert_eq!(
        (&then[0]["limitType"], &then[0]["grants"][0]["id"]),
        (&json!("none"), &json!("g2"))
    );

    let other = ask(json!({"customerId": "cus_1", "projectId": "other"}), now());
    assert_eq!((other.status(), other.error().0), (StatusCode::FORBIDDEN, "FORBIDDEN".to_owned()));
    assert_eq!(ask(json!({"customerId": "nobody"}), now()).json(), json!([]));
    assert_eq!(ask(json!({}), now()).error().1, "customerId: Required");
}

/// Five dollars paid in, and three given until tomorrow.
fn funded() -> Gate {
    let gate = gate();
    let customer = gate.find(None, "proj/cus_1").unwrap().unwrap();
    let pack = |name, units, kind, expires| LotTerms {
        name,
        amount: Quantity::from_units(units),
        kind,
        priority: 0,
        purchased: now(),
        expires,
    };
    let lots = [
        pack("top_1", 5, LotKind::Paid, None),
        pack("wcr/1", 3, LotKind::Promotional, Some(later("P1D"))),
    ];
    for lot in lots {
        gate.top_up(customer, "credits", &lot, now()).unwrap();
    }
    gate
}

#[test]
fn a_wallet_is_told_in_ledger_units() {
    let gate = funded();
    let told = json!({
        "customerId": "cus_1",
        "balances": {"purchased": 500_000_000, "granted": 300_000_000, "reserved": 0, "consumed": 0},
        "credits": [{"id": "wcr/1", "remaining": 300_000_000, "expiresAt": later("P1D").as_millis()}],
    });
    for path in ["/v1/wallet", "/v1/wallet/balance", "/v1/wallet?customerId=cus%5F1&x=y"] {
        assert_eq!(send_to(&gate, &(), &get(path), now()).json(), told, "{path}");
    }
    let later = send_to(&gate, &(), &get("/v1/wallet"), later("P1D")).json();
    assert_eq!((&later["balances"]["granted"], &later["credits"]), (&json!(0), &json!([])));
}

#[test]
fn what_no_wallet_has_is_not_found() {
    let gate = funded();
    let credit = send_to(&gate, &(), &get("/v1/wallet/credits/wcr%2F1/balance"), now());
    assert_eq!(credit.json()["remaining"], 300_000_000);
    for (path, told) in [
        ("/v1/wallet?customerId=nobody", "Customer not found"),
        ("/v1/wallet/credits/top_1/balance", "Wallet credit not found"), // it was paid for
    ] {
        let sent = send_to(&gate, &(), &get(path), now());
        assert_eq!((sent.status(), sent.error().1), (StatusCode::NOT_FOUND, told.to_owned()));
    }
    for path in
        ["/v1/wallet/", "/v1/wallets", "/v1/wallet/credits//balance", "/v1/wallet/credits/a%2"]
    {
        let sent = send_to(&gate, &(), &get(path), now());
        assert_eq!((sent.status(), &*sent.text), (StatusCode::NOT_FOUND, ""), "{path}");
    }
    let mut bare = get("/v1/wallet");
    bare.headers_mut().remove("authorization");
    assert_eq!(send_to(&gate, &(), &bare, now()).error().1, "key required");
}
