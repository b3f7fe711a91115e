//! Quotas in front of any HTTP service: a tower layer over a [`Gate`](weir::Gate).
//!
//! A request is classified from its head into a [`Check`], decided in process, and let through or
//! denied: no hop, no await. What is allowed carries its [`Verdict`](weir::Verdict) in its extensions.
//! Where it is not known before how much will be used, a check holds the most that it may be; the
//! service tells the true use by the [`Held`] in the extensions, and it is booked when the response
//! has ended, or given back when it never does.
//!
//! All is done in `call`; readiness is the inner service's own. The layer is `Clone`, and all clones
//! ask the same gate.
//!
//! # Example
//!
//! ```
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tower::{Layer, ServiceExt, service_fn};
//! use weir::{Caller, Cost, Gate, ManualClock, Quantity, Timestamp};
//! use weir_http::{Check, Dialect, Problems, QuotaLayer, Rejected};
//!
//! # let run = async {
//! let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
//! gate.install(br#"{ "features": { "calls": {} }, "plans": { "free": { "limits": { "calls": {
//!     "feature": "calls", "capacity": 1, "window": { "calendar": { "unit": "minute" } },
//!     "refusal": "rate_limited" } } } } }"#, now)?;
//! let acme = gate.open(None, "acme", Some("free"), now)?;
//! let costs = vec![Cost { feature: gate.feature("calls")?, quantity: Quantity::from_units(1) }];
//!
//! let classify = move |head: &http::request::Parts| match head.uri.path() {
//!     "/health" => Ok(None), // costs nothing
//!     _ => Ok::<_, Rejected>(Some(Check::decide(Caller::Unchecked, vec![acme], costs.clone()))),
//! };
//! let answers = Problems::new(Dialect::Draft08To11);
//! let layer = QuotaLayer::new(gate, ManualClock::at(now), classify, answers);
//! let service = layer.layer(service_fn(|_: Request<()>| async {
//!     Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello")))
//! }));
//!
//! let ask = |path: &str| service.clone().oneshot(Request::get(path).body(()).unwrap());
//! assert_eq!(ask("/").await?.status(), StatusCode::OK);
//! let denied = ask("/").await?;
//! assert_eq!(denied.status(), StatusCode::TOO_MANY_REQUESTS);
//! assert_eq!(denied.headers()["retry-after"], "60");
//! assert_eq!(denied.headers()["ratelimit"], r#""calls";r=0;t=60"#);
//! assert_eq!(ask("/health").await?.status(), StatusCode::OK);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # };
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # let done = pin!(run).poll(&mut Context::from_waker(Waker::noop()));
//! # assert!(matches!(done, Poll::Ready(Ok(()))), "{done:?}");
//! ```

mod answer;
mod body;
mod check;
mod dialect;
mod held;
mod key;
mod layer;

pub use answer::{Denied, Problems, Respond};
pub use body::Settling;
pub use check::{Check, Classify, Fail, Rejected};
pub use dialect::Dialect;
pub use held::Held;
pub use key::idempotency_key;
pub use layer::{Answering, Quota, QuotaLayer};
