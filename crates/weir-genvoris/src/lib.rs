//! The genvoris contract, sans-IO: a request of bytes and an instant in, an answer out.
//!
//! A store sells plans to its customers. It reports each try-on; weir checks the key, the store, the
//! domain and the customer's session, and takes one unit of the customer's quota and one credit of
//! the store's pool in a single verdict, or neither.
//!
//! | route | does |
//! |---|---|
//! | `POST /api/tryon/track` | counts a try-on |
//! | `GET`, `POST /api/v1/plans`; `GET`, `PATCH`, `DELETE` of one | what a store sells |
//! | `GET`, `POST /api/v1/customers`; `GET`, `PATCH`, `DELETE` of one; `GET .../usage` | to whom |
//! | `POST /api/v1/customers/ID/sessions`, `DELETE` of one | tokens for browsers |
//! | `GET /.well-known/jwks.json` | the keys that verify them |
//!
//! Not served: the routes for analytics, and those that manage webhooks. Stores, their keys and packs
//! of credits are given by commands; see [`Genvoris::put_store`] and its neighbours. [`Events`] hears
//! what webhooks are to tell, and [`sign`] signs it; delivering is the host's.
//!
//! Everything that is counted or kept is in the [`Gate`](weir::Gate), under a catalog such as
//! `examples/genvoris.json`; what one request changes there is one record of its journal. The names
//! that this crate uses in the catalog are the schemas `track`, `plan`, `plan.change`, `customer`,
//! `customer.change` and `session`, the features `try-on`, `creation` and `session`, the plans `store`,
//! `shopper` and `key`, the limit `try-ons` and the wallet `credits`. A store is told that little is left
//! where `try-ons` has a `warn_at` of 80.
//!
//! # Order of checks
//!
//! Of a try-on: the transport's credential, the body, the key, the store, the domain, the session,
//! the store that it names, whether it was revoked, its customer; then the verdict: the customer's
//! status, its plan and quota, the store's credits. The first that fails is answered, and nothing is
//! taken then. A period that is over ends in any case.
//!
//! ```
//! use http::Request;
//! use weir::{Gate, Timestamp};
//! use weir_genvoris::{Arrival, Genvoris, Key, Pack, Settings, StoreStatus};
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
//! let (mut body, arrival) = (Vec::new(), Arrival { now, random: [0; 16] });
//! let response = genvoris.handle(&request, &arrival, &mut body)?;
//! assert_eq!(response.status(), 200);
//! assert_eq!(body, br#"{"success":true,"remaining_credits":0,"variation_count":4}"#);
//!
//! let response = genvoris.handle(&request, &arrival, &mut body)?; // the only credit is spent
//! assert_eq!(response.status(), 402);
//! assert!(body.starts_with(br#"{"error":"credit_limit_reached","#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod body;
mod commands;
mod customers;
mod documents;
mod error;
mod events;
mod extract;
mod glue;
mod jwt;
mod keyring;
mod plans;
mod rates;
mod sessions;
mod settings;
mod shopper;
mod track;
mod webhook;

pub use commands::{Customer, Key, KeyStatus, Pack, Plan, StoreStatus, Usage};
pub use documents::CustomerStatus;
pub use error::GenvorisError;
pub use events::{
    CustomerData, Event, Events, NoEvents, PlanData, QuotaData, Threshold, TryOn, What,
};
pub use glue::{Arrival, Genvoris};
pub use keyring::{KeyError, Keyring, PublicKey, Signer};
pub use settings::{Rates, Secret, Settings, Tokens, Transport, Upsert};
pub use webhook::{DELAYS_S, DELIVERY, NAME, SIGNATURE, Unsigned, check, sign};
