//! The pulsora ingest contract, over a [`weir::Gate`].
//!
//! [`Ingest::answer`] takes a request of bytes and what the host knows of it, and gives the parts of
//! the answer; accepted events go to the host's [`EventSink`]. There is no socket, thread or clock
//! here, and no state: what is counted, and who may send, is in the gate, under a catalog such as
//! `examples/pulsora.json`.
//!
//! # Served
//!
//! `POST /api/ingest` whole, for `pageview`, `event`, `identify` and `revenue`, and its preflight
//! `OPTIONS`. A request is judged in this order, and the first thing wrong is the answer:
//!
//! | stage | answer when it fails |
//! |---|---|
//! | path and method | 404, 405 |
//! | requests an hour from the client's address (plan `address`) | 429 with `Retry-After` |
//! | token: the header, else the body's | 401 |
//! | requests an hour with the token (plan `token`), where [`PerToken::Limited`] | 429 with `Retry-After` |
//! | size and JSON of the body, its `type` | 413, 400 |
//! | class of the token | 403 |
//! | `data`: its schema | 400, with the first message |
//! | the host's sink | 500 |
//!
//! A site is a root scope. A token is on record for its site, or for a scope of its own below it.
//! What is stopped by [`weir::Gate::set_status`] (a site, a token, an address) is answered as a
//! disabled token is: 401. Each address that was ever seen is a root scope; the host says which
//! address a request comes from, by a rule for its own proxies.
//!
//! # Not served
//!
//! Repeated `transaction_id`s are accepted each time, as the contract has no answer for them; a host
//! that wants to drop repeats does so in its sink. There is no batch form.
//!
//! # Example
//!
//! ```
//! use http::Request;
//! use weir::{CredentialTerms, Gate, Timestamp};
//! use weir_core::token::{Origins, Status};
//! use weir_pulsora::{Accepted, Arrival, Config, Ingest, NullFingerprint, Salt};
//!
//! let now: Timestamp = "2026-01-01T00:00:00Z".parse()?;
//! let gate = Gate::in_memory()?;
//! gate.install(include_bytes!("../../../examples/pulsora.json"), now)?;
//! let site = gate.open(None, "site_a", None, now)?;
//! let terms = CredentialTerms {
//!     class: "public",
//!     origins: Origins::ANY,
//!     status: Status::Active,
//!     expires: None,
//! };
//! gate.enrol(site, b"pub_alpha", &terms, now)?;
//!
//! let config = Config::new(NullFingerprint::Derive(Salt::new(b"of this day")));
//! let sink = |event: &Accepted<'_, '_>| {
//!     assert_eq!((event.site_name, event.kind.name()), ("site_a", "pageview"));
//!     Ok(())
//! };
//! let ingest = Ingest { gate: &gate, config: &config, sink: &sink };
//! let arrival = Arrival { address: [203, 0, 113, 7].into(), now, request_id: None };
//!
//! let mut body = Vec::new();
//! let sent = br#"{"type":"pageview","data":{"visitor_fingerprint":null,"session_id":"s"},"token":"pub_alpha"}"#;
//! let request = Request::post("/api/ingest").body(sent.as_slice())?;
//! assert_eq!(ingest.answer(&request, &arrival, &mut body).status(), 202);
//! assert_eq!(body, br#"{"success":true}"#);
//!
//! let sent = br#"{"type":"revenue","data":{},"token":"pub_alpha"}"#;
//! let request = Request::post("/api/ingest").body(sent.as_slice())?;
//! assert_eq!(ingest.answer(&request, &arrival, &mut body).status(), 403);
//! assert_eq!(body, br#"{"error":"Revenue events require secret token"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod config;
mod event;
mod extract;
mod fingerprint;
mod ingest;

pub use answer::Failure;
pub use config::{Config, NegativeAmounts, NullFingerprint, PerToken};
pub use event::{Accepted, EventSink, Kind, SinkRefused};
pub use fingerprint::{Fingerprint, Salt, Visitor};
pub use ingest::{Arrival, Ingest};
