//! What is answered again, and counted once?
//!
//! A request may carry a key. What was answered under a key is answered again, and counted once:
//!
//! ```text
//! key k, 3 tokens    allowed               3 used
//! key k, 3 tokens    allowed, replayed     3 used
//! key k, 5 tokens    denied, conflict      3 used     the key was used for something else
//! ```
//!
//! An answer is kept for longer than an event is accepted, so that no event counts twice. `remember` of
//! the catalog says the rest:
//!
//! ```text
//! at           when a key is looked up: "after_route", "after_time", or "after_measure"; what is asked
//!              before that is told before what was answered
//! key_space    whose keys: "root", or "feature", "balance", "environment" each for itself within it,
//!              or { "level": 1, "apart": "feature" } for each scope so far below the root
//! on_repeat    "replay" tells the answer again, "duplicate" refuses what came before
//! on_mismatch  "conflict" refuses another request under a known key, "ignore" takes it for the same
//! max          so many answers of each root; at_bound: "dedup_full" refuses new keys from there on,
//!              "oldest_goes" forgets the oldest answer, and what is as old and not known is too_old
//! ```
//!
//! ```
//! # use weir::{Ask, Caller, Cost, Gate, GateError, Reason, Timestamp};
//! let catalog = br#"{
//!     "acceptance": { "max_age": "P1D", "max_ahead": "PT0S" }, "remember": { "lifetime": "P2D" },
//!     "features": { "tokens": {} },
//!     "plans": { "free": { "limits": { "tokens": {
//!         "feature": "tokens", "capacity": 100, "window": "lifetime" } } } }
//! }"#;
//! let now: Timestamp = "2026-01-31T12:00:00Z".parse().expect("an instant");
//! let gate = Gate::in_memory()?;
//! gate.install(catalog, now)?;
//! let acme = gate.open(None, "acme", Some("free"), now)?;
//! let ask = |units: &str| -> Result<_, GateError> {
//!     let quantity = units.parse().expect("a quantity");
//!     let costs = [Cost { feature: gate.feature("tokens")?, quantity }];
//!     let (scopes, key) = (&[acme][..], Some("k".as_bytes()));
//!     gate.decide(&Ask { caller: Caller::Unchecked, scopes, costs: &costs, at: now, key }, now)
//! };
//! assert!(ask("3")?.is_allowed());
//! assert!(ask("3")?.flags.replayed);
//! assert_eq!(ask("5")?.reason(), Some(Reason::Conflict));
//! assert_eq!(gate.standing(acme, "tokens", now)?.used.to_string(), "3");
//! # Ok::<(), GateError>(())
//! ```
