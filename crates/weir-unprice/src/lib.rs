//! The unprice ingestion contract over a [`weir::Gate`]: bytes in, status, headers and body out.
//!
//! Served: `POST /v1/events/ingest/sync` and `/v1/events/ingest`, `POST /v1/entitlements/verify` and
//! `/v1/entitlements/get`, `GET /v1/wallet`, `/v1/wallet/balance` and
//! `/v1/wallet/credits/{id}/balance`. Every other path is an unknown route, with an empty 404: also those
//! of the contract that replay a queue, show a window's inner state or flush its reservations, of
//! which there are none here, and a stub.
//!
//! Nothing is kept here. A customer is a root scope with a plan, whose limits take grants; what the
//! customer was sold is a note beside the counts ([`entitlement`]); an API key is a guard scope of
//! its own ([`keys`]). The numbers of the contract (ages, grace, retention, rates) stand in the
//! catalog; `examples/unprice.json` is one.
//!
//! ```
//! use http::Request;
//! use weir::{Gate, GateError, GrantTerms, Renewal, Timestamp};
//! use weir_core::token::Status;
//! use weir_core::window::Period;
//! use weir_unprice::entitlement::{Billing, Entitlement, Kind, Terms, entitle, root_of};
//! use weir_unprice::keys::{Bound, KeyTerms, enrol};
//! use weir_unprice::{Incoming, respond};
//!
//! let gate = Gate::in_memory()?;
//! let now: Timestamp = "2026-03-19T12:00:00Z".parse().expect("an instant");
//! gate.install(include_bytes!("../../../examples/unprice.json"), now)?;
//!
//! // What an operator does: a key, a customer with a plan, what was sold, and ten units of it.
//! let key = b"unprice_live_1111111111111111111111";
//! let bound = Bound { project: "proj", customer: Some("cus_1") };
//! let status = Status::Active;
//! enrol(&gate, key, &KeyTerms { id: "k1", bound, plan: "key", status, expires: None }, now)?;
//! let root = root_of("proj", "cus_1");
//! let customer = gate.open(None, &root, Some("starter"), now)?;
//! let sold = Entitlement {
//!     id: "ce_1".to_owned(),
//!     kind: Kind::Usage,
//!     limit: "tokens".to_owned(),
//!     meter_key: Some("slug=tokens_used|method=sum|field=amount".to_owned()),
//!     billing: Billing::told("USD"),
//!     effective: now,
//!     expires: Period::NEVER,
//!     terms: Terms::default(),
//! };
//! entitle(&gate, (&root, "tokens"), &sold, now)?;
//! let amount = Some(weir::Quantity::from_units(10));
//! let (effective, renewal) = (now, Renewal::DEFAULT);
//! let grant = GrantTerms { name: "g1", amount, priority: 10, effective, expires: None, renewal };
//! gate.grant(customer, "tokens", &grant, now)?;
//!
//! let send = |key: &str, amount: u32| {
//!     let body = format!(
//!         r#"{{"idempotencyKey": "{key}", "eventSlug": "tokens_used", "featureSlug": "tokens",
//!             "properties": {{"amount": {amount}}}}}"#
//!     );
//!     let request = Request::post("/v1/events/ingest/sync")
//!         .header("authorization", "Bearer unprice_live_1111111111111111111111")
//!         .header("content-type", "application/json")
//!         .body(body.as_bytes())
//!         .expect("a request");
//!     let mut out = Vec::new();
//!     let incoming = Incoming { request: &request, now, request_id: "req_1" };
//!     let response = respond(&gate, &(), &incoming, &mut out);
//!     assert_eq!(response.status(), 200); // a rejection is an answer, too
//!     String::from_utf8(out).expect("JSON")
//! };
//! assert_eq!(send("a", 8), r#"{"allowed":true,"state":"processed"}"#);
//! let denied = send("b", 8); // two are left
//! assert!(denied.starts_with(r#"{"allowed":false,"state":"rejected","rejectionReason":"LIMIT_EXCEEDED""#));
//! assert_eq!(send("a", 8), r#"{"allowed":true,"state":"processed"}"#); // remembered, not counted
//! # Ok::<(), GateError>(())
//! ```

mod answer;
pub mod cadence;
pub mod consume;
mod endpoint;
pub mod entitlement;
mod extract;
pub mod grants;
pub mod ingest;
pub mod keys;
pub mod meter;
pub mod money;
pub mod offered;
pub mod overage;
pub mod queue;
mod report;
pub mod verify;
pub mod wallet;

pub use endpoint::{Incoming, respond};
pub use meter::Meter;
pub use report::{Downstream, Outcome, Reporter, Unreported};
