//! What an entitlement must keep, and what its wallet may be asked for.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::json;
use weir::{Gate, LotTerms, Quantity};
use weir_core::wallet::Kind as LotKind;
use weir_unprice::entitlement::{Billing, BillingPeriod, Entitlement, entitle, root_of};

mod host;

use host::{body, catalog_with, gate, later, now, request, send, send_to, sold};

fn give(gate: &Gate, billing: Billing) {
    let sold = Entitlement { billing, ..sold() };
    entitle(gate, (&root_of("proj", "cus_1"), "tokens"), &sold, now()).unwrap();
}

/// The customer's tokens cost a dollar each, which its wallet of a hundred pays.
fn prepaid() -> Gate {
    let gate = gate();
    let catalog = catalog_with(json!({"price": "1", "digits": 8, "wallet": "credits"}));
    gate.install(catalog.as_bytes(), now()).unwrap();
    let customer = gate.find(None, "proj/cus_1").unwrap().unwrap();
    let pack = LotTerms {
        name: "top_1",
        amount: Quantity::from_units(100),
        kind: LotKind::Paid,
        priority: 0,
        purchased: now(),
        expires: None,
    };
    gate.top_up(customer, "credits", &pack, now()).unwrap();
    gate
}

fn today() -> Billing {
    let periods = Some(vec![BillingPeriod { from: now(), until: later("P1D") }]);
    Billing { currency: "USD".to_owned(), periods }
}

#[test]
fn nothing_is_drawn_that_no_invoice_covers() {
    let gate = prepaid();
    give(&gate, today());
    assert_eq!(send(&gate, &body("a", 1)).json()["allowed"], true);
    let next = send_to(&gate, &(), &request(&body("b", 1)), later("P1D"));
    assert_eq!(next.error().0, "INTERNAL_SERVER_ERROR");
    assert_eq!(next.error().1, "no billing period of entitlement `ce_1` covers the event");
    // What was answered is answered again, and what costs nothing needs no invoice.
    let again = send_to(&gate, &(), &request(&body("a", 1)), later("P1D"));
    assert_eq!(again.json()["allowed"], true);
    let free = send_to(&gate, &(), &request(&body("c", 0)), later("P1D"));
    assert_eq!(free.json()["allowed"], true);
    let customer = gate.find(None, "proj/cus_1").unwrap().unwrap();
    let left = gate.usable(customer, "credits", later("P1D")).unwrap();
    assert_eq!(left, Quantity::from_units(99));
}

#[test]
fn an_entitlement_has_one_currency_and_new_billing_periods() {
    let gate = prepaid();
    give(&gate, Billing { periods: Some(Vec::new()), ..today() });
    assert_eq!(send(&gate, &body("a", 1)).error().0, "INTERNAL_SERVER_ERROR");
    give(&gate, today());
    assert_eq!(send(&gate, &body("a", 1)).json()["allowed"], true);
    give(&gate, Billing { currency: "EUR".to_owned(), ..today() });
    let refused = send(&gate, &body("b", 1));
    assert_eq!(
        refused.error().1,
        "terms of entitlement `ce_1` cannot change while it lives: currency"
    );
}
