//! The genvoris contract, sans-IO: a request of bytes and an instant in, an answer out.
//!
//! Served today: `POST /api/tryon/track`. A store reports a try-on; weir checks the key, the store,
//! the domain and the end customer's session, and takes one unit of the customer's quota and one
//! credit of the store's pool in a single verdict, or neither.
//!
//! Given by commands for now: stores, keys, customers with their plans, and packs of credits; see
//! [`Genvoris::put_store`] and its neighbours. Not served yet: the routes under `/api/v1`, the
//! verification of session tokens ([`Sessions`] is its seam, [`NoSessions`] refuses every token),
//! and the envelope and delivery of webhooks ([`Events`] hears what they will tell).
//!
//! Everything that is counted or kept is in the [`Gate`](weir::Gate), under a catalog such as
//! `examples/genvoris.json`: the names that this crate uses there are the schema `track`, the
//! feature `try-on`, the plans `store` and `shopper`, the limit `try-ons` and the wallet `credits`.
//!
//! # Order of checks
//!
//! The transport's credential, the body, the key, the store, the domain, the session, the store
//! that the session names, its customer; then the verdict: the customer's status, plan and quota,
//! the store's credits. The first that fails is answered, and nothing is taken then.
//!
//! ```
//! use http::Request;
//! use weir::{Gate, Timestamp};
//! use weir_genvoris::{Genvoris, Key, Pack, Settings, StoreStatus};
//!
//! let now: Timestamp = "2026-01-01T00:00:00Z".parse()?;
//! let gate = Gate::in_memory()?;
//! gate.install(include_bytes!("../../../examples/genvoris.json"), now)?;
//! let genvoris = Genvoris::new(gate, Settings::default())?;
//!
//! let store = genvoris.put_store("shop", StoreStatus::Active, now)?;
//! let key = "gvk_live_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
//! genvoris.put_key(store, key.as_bytes(), &Key::default(), now)?;
//! genvoris.add_pack(store, &Pack { name: "starter", credits: 1, purchased: now, expires: None }, now)?;
//!
//! let request = Request::post("/api/tryon/track")
//!     .header("authorization", format!("Bearer {key}"))
//!     .body(&br#"{"product_type": "apparel", "variation_count": 4}"#[..])?;
//! let mut body = Vec::new();
//! let response = genvoris.handle(&request, now, &mut body)?;
//! assert_eq!(response.status(), 200);
//! assert_eq!(body, br#"{"success":true,"remaining_credits":0,"variation_count":4}"#);
//!
//! let response = genvoris.handle(&request, now, &mut body)?; // the only credit is spent
//! assert_eq!(response.status(), 402);
//! assert!(body.starts_with(br#"{"error":"credit_limit_reached","#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod commands;
mod error;
mod events;
mod extract;
mod glue;
mod sessions;
mod settings;
mod track;

pub use commands::{Customer, CustomerStatus, Key, KeyStatus, Pack, Plan, StoreStatus, Usage};
pub use error::TrackError;
pub use events::{Event, Events, NoEvents, TryOn};
pub use glue::Genvoris;
pub use sessions::{InvalidSession, NoSessions, Session, Sessions};
pub use settings::{Secret, Settings, Tokens, Transport};
