//! A host of the contract with one key, one customer, and ten tokens.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "each file of tests uses its part")]

use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use weir::{Gate, GrantTerms, Quantity, Renewal, Span, Timestamp};
use weir_core::token::Status as KeyStatus;
use weir_core::window::Period;
use weir_unprice::entitlement::{Billing, Entitlement, Kind, Terms, entitle, root_of};
use weir_unprice::keys::{Bound, KeyTerms, enrol};
use weir_unprice::{Downstream, Incoming, respond};

pub(crate) const KEY: &str = "unprice_live_CanaryCanaryCanaryCana";
pub(crate) const SYNC: &str = "/v1/events/ingest/sync";

pub(crate) fn now() -> Timestamp {
    "2026-03-19T12:00:00Z".parse().unwrap()
}

/// A gate with one key, one customer, and ten tokens.
pub(crate) fn gate() -> Gate {
    let gate = Gate::in_memory().unwrap();
    gate.install(include_bytes!("../../../../examples/unprice.json"), now()).unwrap();
    put_key(&gate, KeyStatus::Active, None);
    let root = root_of("proj", "cus_1");
    let customer = gate.open(None, &root, Some("starter"), now()).unwrap();
    entitle(&gate, (&root, "tokens"), &sold(), now()).unwrap();
    let amount = Some(Quantity::from_units(10));
    let (effective, renewal) = (now(), Renewal::DEFAULT);
    let grant = GrantTerms { name: "g1", amount, priority: 10, effective, expires: None, renewal };
    gate.grant(customer, "tokens", &grant, now()).unwrap();
    gate
}

pub(crate) fn sold() -> Entitlement {
    Entitlement {
        id: "ce_1".to_owned(),
        kind: Kind::Usage,
        limit: "tokens".to_owned(),
        meter_key: Some("slug=tokens_used|method=sum|field=amount".to_owned()),
        billing: Billing::told("USD"),
        effective: now(),
        expires: Period::NEVER,
        terms: Terms::default(),
    }
}

/// The contract's catalog, but for what the customer's tokens cost.
pub(crate) fn catalog_with(charge: Value) -> String {
    let catalog = include_str!("../../../../examples/unprice.json");
    let mut catalog: Value = serde_json::from_str(catalog).unwrap();
    let tokens = catalog.pointer_mut("/plans/starter/limits/tokens");
    tokens.unwrap().as_object_mut().unwrap().insert("charge".to_owned(), charge);
    catalog.to_string()
}

pub(crate) fn put_key(gate: &Gate, status: KeyStatus, expires: Option<Timestamp>) {
    let bound = Bound { project: "proj", customer: Some("cus_1") };
    let terms = KeyTerms { id: "k1", bound, plan: "key", status, expires };
    enrol(gate, KEY.as_bytes(), &terms, now()).unwrap();
}

pub(crate) fn body(key: &str, amount: i64) -> Value {
    json!({
        "idempotencyKey": key,
        "eventSlug": "tokens_used",
        "featureSlug": "tokens",
        "properties": {"amount": amount},
    })
}

pub(crate) struct Sent {
    pub(crate) response: Response<()>,
    pub(crate) text: String,
}

impl Sent {
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn error(&self) -> (String, String) {
        let body = self.json();
        let text = |key: &str| {
            let found = body.pointer(&format!("/error/{key}")).and_then(Value::as_str);
            found.unwrap().to_owned()
        };
        (text("code"), text("message"))
    }
}

pub(crate) fn send_to(
    gate: &Gate,
    downstream: &dyn Downstream,
    request: &Request<Vec<u8>>,
    now: Timestamp,
) -> Sent {
    let (parts, bytes) = request.clone().into_parts();
    let request = Request::from_parts(parts, bytes.as_slice());
    let mut out = b"what was there before".to_vec();
    let incoming = Incoming { request: &request, now, request_id: "req_1" };
    let response = respond(gate, downstream, &incoming, &mut out);
    Sent { response, text: String::from_utf8(out).unwrap() }
}

pub(crate) fn request(body: &Value) -> Request<Vec<u8>> {
    Request::post(SYNC)
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", "application/json")
        .body(body.to_string().into_bytes())
        .unwrap()
}

pub(crate) fn send(gate: &Gate, body: &Value) -> Sent {
    send_to(gate, &(), &request(body), now())
}

pub(crate) fn later(span: &str) -> Timestamp {
    now().checked_add(span.parse::<Span>().unwrap()).unwrap()
}
