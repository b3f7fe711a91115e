//! The three contracts behind one HTTP/1.1 server: sockets, a clock and bounds, and no rule.
//!
//! [`serve`] reads requests whole, within [`Limits`], and gives each to an [`App`], with the instant,
//! the peer's address and fresh random bytes. [`Contracts`] is the app of the three adapters, told apart by
//! path: `/api/ingest` is pulsora's, what is below `/v1` is unprice's, and what is below `/api/v1`,
//! `/api/tryon/track` and the published keys are genvoris's. [`Demo`] fills it for a first try.
//!
//! | refused | answer |
//! |---|---|
//! | a head that is not whole in time, also none | the connection is closed |
//! | a body that is not whole in time | 408 |
//! | a body over the bound | 413 |
//! | `Transfer-Encoding` with `Content-Length` | 400 or 411 |
//! | `Transfer-Encoding` alone: no contract needs it | 411 |
//! | more connections than the bound | they wait, unaccepted |
//!
//! After each of the answers in the table the connection is closed. `/healthz` says that the process
//! answers, `/readyz` that the app can; every answer has an `x-request-id`.
//!
//! # Not here
//!
//! A client that does not read its answer is cut off at the end of the drain time only. The client's
//! address is that of the peer: no proxy is trusted.
//!
//! # Example
//!
//! ```
//! use std::net::Ipv4Addr;
//! use weir_serve::{App, Arrival, Demo};
//! use http::Request;
//!
//! let now = "2026-01-01T00:00:00Z".parse()?;
//! let demo = Demo::new(now)?;
//! let (mut body, address) = (Vec::new(), Ipv4Addr::LOCALHOST.into());
//! let arrival = Arrival { address, now, random: [7; 16] };
//!
//! let view = r#"{"type":"pageview","data":{"visitor_fingerprint":"v","session_id":"s"}}"#;
//! let sent = |token: &str| {
//!     Request::post("/api/ingest").header("x-api-token", token).body(view.as_bytes())
//! };
//! let response = demo.contracts.answer(&sent(&demo.keys.public)?, &arrival, &mut body);
//! assert_eq!(response.status(), 202);
//! let response = demo.contracts.answer(&sent("pub_unknown")?, &arrival, &mut body);
//! assert_eq!(response.status(), 401);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod app;
mod contracts;
mod demo;
mod limits;
mod server;

pub use app::{App, Arrival};
pub use contracts::{Contracts, Sink};
pub use demo::{Demo, DemoError, Keys, Line};
pub use limits::Limits;
pub use server::{Drained, serve};
