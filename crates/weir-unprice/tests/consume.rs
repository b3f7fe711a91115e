//! What comes off the queue counts wherever it is sold, once, and over the limit, too.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::json;
use weir::{Gate, GrantTerms, Quantity, Renewal, Timestamp};
use weir_unprice::consume::consume;
use weir_unprice::entitlement::{Entitlement, entitle, root_of};
use weir_unprice::ingest::Rejection;
use weir_unprice::queue::Message;

mod host;

use host::{body, catalog_with, gate, later, now, send, sold};

fn message(key: &str, amount: u32) -> Message {
    Message {
        id: "evt_1".to_owned(),
        project: "proj".to_owned(),
        customer: "cus_1".to_owned(),
        key: key.to_owned(),
        slug: "tokens_used".to_owned(),
        properties: json!({"amount": amount}).to_string(),
        at: now(),
        received: now(),
    }
}

fn told(gate: &Gate, message: &Message) -> Option<Rejection> {
    consume(gate, &(), message, now()).unwrap()
}

fn used(gate: &Gate) -> Quantity {
    let customer = gate.find(None, "proj/cus_1").unwrap().unwrap();
    gate.standing(customer, "tokens", now()).unwrap().used
}

#[test]
fn what_has_happened_counts_over_the_limit() {
    let gate = gate();
    assert_eq!(told(&gate, &message("a", 8)), None);
    assert_eq!(told(&gate, &message("b", 8)), None);
    assert_eq!(used(&gate), Quantity::from_units(16)); // of ten
    assert_eq!(send(&gate, &body("c", 1)).json()["rejectionReason"], "LIMIT_EXCEEDED");
}

#[test]
fn a_message_counts_once_whichever_way_it_comes() {
    let gate = gate();
    assert_eq!(told(&gate, &message("a", 3)), None);
    assert_eq!(told(&gate, &message("a", 5)), None);
    assert_eq!(send(&gate, &body("a", 3)).json()["allowed"], true);
    assert_eq!(used(&gate), Quantity::from_units(3));
}

#[test]
fn a_message_counts_for_every_feature_that_is_sold() {
    let gate = gate();
    let twin = Entitlement { id: "ce_2".to_owned(), ..sold() };
    entitle(&gate, (&root_of("proj", "cus_1"), "words"), &twin, now()).unwrap();
    // Both are counted on one limit of the plan, under one key: once.
    assert_eq!(told(&gate, &message("a", 3)), None);
    assert_eq!(used(&gate), Quantity::from_units(3));
}

#[test]
fn a_message_is_rejected_for_what_it_is_found_to_be_now() {
    let gate = gate();
    let of = |message: Message| told(&gate, &message);
    let message = || message("a", 1);
    let old = Timestamp::from_millis(now().as_millis() - 2_592_000_001).unwrap();
    assert_eq!(of(Message { at: old, ..message() }), Some(Rejection::EventTooOld));
    let nobody = Message { customer: "nobody".to_owned(), ..message() };
    assert_eq!(of(nobody), Some(Rejection::CustomerNotFound));
    let other = Message { slug: "watched".to_owned(), ..message() };
    assert_eq!(of(other), Some(Rejection::UnroutableEvent));
    for properties in ["{}", r#"{"amount": "much"}"#, "not JSON"] {
        let unreadable = Message { properties: properties.to_owned(), ..message() };
        assert_eq!(of(unreadable), Some(Rejection::InvalidAggregationProperties));
    }
    let early = Timestamp::from_millis(now().as_millis() - 1).unwrap();
    let early = Message { at: early, ..message() };
    assert_eq!(of(early), Some(Rejection::NoMatchingEntitlement)); // it had not begun
    assert_eq!(used(&gate), Quantity::ZERO);
}

#[test]
fn an_empty_wallet_and_a_closed_period_still_refuse() {
    let gate = gate();
    let catalog = catalog_with(json!({"price": "1", "digits": 8, "wallet": "credits"}));
    gate.install(catalog.as_bytes(), now()).unwrap();
    assert_eq!(told(&gate, &message("a", 1)), Some(Rejection::WalletEmpty));
    let april = later("P14D");
    let customer = gate.find(None, "proj/cus_1").unwrap().unwrap();
    let terms = GrantTerms {
        name: "g2",
        amount: None,
        priority: 0,
        effective: april,
        expires: None,
        renewal: Renewal::DEFAULT,
    };
    gate.grant(customer, "tokens", &terms, april).unwrap();
    let late = Message { received: april, ..message("b", 1) };
    let rejection = consume(&gate, &(), &late, april).unwrap();
    assert_eq!(rejection, Some(Rejection::LateEventClosedPeriod));
}

#[test]
fn a_message_without_a_grant_may_be_handed_on_again() {
    let gate = gate();
    let customer = gate.find(None, "proj/cus_1").unwrap().unwrap();
    gate.void_grant(customer, "g1", now(), now()).unwrap();
    let failure = consume(&gate, &(), &message("a", 1), now()).unwrap_err();
    assert_eq!(failure.code(), "unprice.no_active_grant");
    let ten = Some(Quantity::from_units(10));
    let terms = GrantTerms {
        name: "g2",
        amount: ten,
        priority: 0,
        effective: now(),
        expires: None,
        renewal: Renewal::DEFAULT,
    };
    gate.grant(customer, "tokens", &terms, now()).unwrap();
    assert_eq!(told(&gate, &message("a", 1)), None);
}
