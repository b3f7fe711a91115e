//! The contract's nine rejections, in the order in which they are found: each event here also breaks
//! what comes after.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::json;
use weir::{Gate, GrantTerms, LotTerms, Quantity, Renewal, Scope, Span, Timestamp};
use weir_core::json::{Lexer, Profile, Scratch};
use weir_core::wallet::Kind as LotKind;
use weir_unprice::entitlement::{Entitlement, entitle, root_of};
use weir_unprice::ingest::{Event, Instants, Rejection, ingest};

mod host;

use host::{catalog_with, now, sold};

/// A customer that prepays for ten tokens a month, and has paid nothing in.
fn prepaid() -> (Gate, Scope) {
    let gate = Gate::in_memory().unwrap();
    let catalog = catalog_with(json!({"price": "0.1", "digits": 8, "wallet": "credits"}));
    gate.install(catalog.as_bytes(), now()).unwrap();
    let customer = gate.open(None, &root(), Some("starter"), now()).unwrap();
    let amount = Some(Quantity::from_units(10));
    let effective = Timestamp::EPOCH;
    let renewal = Renewal::DEFAULT;
    let grant = GrantTerms { name: "g1", amount, priority: 10, effective, expires: None, renewal };
    gate.grant(customer, "tokens", &grant, now()).unwrap();
    sell(&gate, "ce_1");
    (gate, customer)
}

fn sell(gate: &Gate, id: &str) {
    let sold = Entitlement { id: id.to_owned(), effective: Timestamp::EPOCH, ..sold() };
    entitle(gate, (&root(), "tokens"), &sold, now()).unwrap();
}

fn root() -> String {
    root_of("proj", "cus_1")
}

/// An event that is over the allowance, which an empty wallet would have to pay for.
struct Sent<'a> {
    customer: &'a str,
    feature: &'a str,
    slug: &'a str,
    payload: &'a str,
    at: Timestamp,
}

impl Default for Sent<'_> {
    fn default() -> Self {
        let payload = r#"{"amount": 11}"#;
        Self { customer: "cus_1", feature: "tokens", slug: "tokens_used", payload, at: now() }
    }
}

impl Sent<'_> {
    fn rejected(&self, gate: &Gate) -> Option<Rejection> {
        let mut scratch = Scratch::default();
        let mut lexer =
            Lexer::new(self.payload.as_bytes(), &Profile::STRICT, &mut scratch).unwrap();
        let event = Event {
            customer: &root_of("proj", self.customer),
            key: "k",
            slug: self.slug,
            feature: self.feature,
            properties: lexer.value().unwrap().unwrap(),
            at: self.at,
        };
        let instants = Instants { now: now(), received: now() };
        ingest(gate, &(), &event, instants).unwrap().rejection
    }
}

fn ago(span: &str) -> Timestamp {
    now().checked_sub(span.parse::<Span>().unwrap()).unwrap()
}

const UNREADABLE: &str = r#"{"amount": "much"}"#;

#[test]
fn too_old_comes_before_all() {
    let (gate, _) = prepaid();
    let sent = Sent { customer: "nobody", at: ago("P30DT0.001S"), ..Sent::default() };
    assert_eq!(sent.rejected(&gate), Some(Rejection::EventTooOld));
}

#[test]
fn an_unknown_customer_comes_before_what_it_was_not_sold() {
    let (gate, _) = prepaid();
    let sent = Sent { customer: "nobody", feature: "video", ..Sent::default() };
    assert_eq!(sent.rejected(&gate), Some(Rejection::CustomerNotFound));
}

#[test]
fn what_was_not_sold_comes_before_what_is_not_counted() {
    let (gate, _) = prepaid();
    let sent = Sent { feature: "video", slug: "watched", payload: UNREADABLE, ..Sent::default() };
    assert_eq!(sent.rejected(&gate), Some(Rejection::NoMatchingEntitlement));
}

#[test]
fn what_is_not_counted_comes_before_two_that_would() {
    let (gate, _) = prepaid();
    sell(&gate, "ce_2");
    let sent = Sent { slug: "watched", payload: UNREADABLE, ..Sent::default() };
    assert_eq!(sent.rejected(&gate), Some(Rejection::UnroutableEvent));
}

#[test]
fn two_that_count_come_before_what_cannot_be_read() {
    let (gate, _) = prepaid();
    sell(&gate, "ce_2");
    let sent = Sent { payload: UNREADABLE, ..Sent::default() };
    assert_eq!(sent.rejected(&gate), Some(Rejection::InvalidEntitlementConfiguration));
}

#[test]
fn what_cannot_be_read_comes_before_a_closed_period() {
    let (gate, _) = prepaid();
    let sent = Sent { payload: UNREADABLE, at: ago("P25D"), ..Sent::default() };
    assert_eq!(sent.rejected(&gate), Some(Rejection::InvalidAggregationProperties));
}

#[test]
fn a_closed_period_comes_before_an_empty_wallet() {
    let (gate, _) = prepaid();
    let sent = Sent { at: ago("P25D"), ..Sent::default() };
    assert_eq!(sent.rejected(&gate), Some(Rejection::LateEventClosedPeriod));
}

#[test]
fn an_empty_wallet_comes_before_the_limit() {
    let (gate, _) = prepaid();
    assert_eq!(Sent::default().rejected(&gate), Some(Rejection::WalletEmpty));
}

#[test]
fn the_limit_comes_last() {
    let (gate, customer) = prepaid();
    let amount = Quantity::from_units(1);
    let paid = LotTerms {
        name: "pack",
        amount,
        kind: LotKind::Paid,
        priority: 0,
        purchased: now(),
        expires: None,
    };
    gate.top_up(customer, "credits", &paid, now()).unwrap();
    assert_eq!(Sent::default().rejected(&gate), Some(Rejection::LimitExceeded));
    let within = Sent { payload: r#"{"amount": 10}"#, ..Sent::default() };
    // The answer is the key's: whoever has more needs a new one.
    assert_eq!(within.rejected(&gate), Some(Rejection::LimitExceeded));
}
