//! What is kept free until it is known how much was used?
//!
//! Where it is known only afterwards how much was used, it is held before: a hold takes the room on
//! every limit and wallet of the path, and nobody else gets it. What is used of it is booked where it
//! is held; the rest comes back when the hold ends, at its deadline if nobody ends it earlier.
//!
//! ```text
//!                      used  held  left     capacity 1 000
//! reserve 800             0   800   200     a second reserve of 800 is denied: 200 are left
//! commit 1: 300, keep   300   500   200     the hold goes on
//! commit 2: 150, end    450     0   550     what was not used is there again
//!
//! reserve 500, ttl 60 s   0   500   500
//! 60 s later              0     0 1 000     it has ended by itself
//! ```
//!
//! A commit has a number: seen again, it is answered the same and books nothing. What is used beyond
//! what is held is decided anew, at the limits as they stand then; where that is denied, the commit
//! is, and the hold goes on. Money is held at the dearest price, and charged at the true one.
//!
//! ```
//! # use weir::{Ask, Caller, Cost, Gate, GateError, Quantity, Reason, Span, Then, Timestamp, Used};
//! let catalog = br#"{ "features": { "tokens": {} }, "plans": { "free": { "limits": { "tokens": {
//!     "feature": "tokens", "capacity": 1000, "window": "lifetime" } } } } }"#;
//! let now: Timestamp = "2026-01-31T12:00:00Z".parse().expect("an instant");
//! let gate = Gate::in_memory()?;
//! gate.install(catalog, now)?;
//! let acme = gate.open(None, "acme", Some("free"), now)?;
//! let feature = gate.feature("tokens")?;
//! let tokens = |units| [Cost { feature, quantity: Quantity::from_units(units) }];
//! let minute = Span::from_millis(60_000).expect("a span");
//! let reserve = |units, now| {
//!     let (scopes, costs) = (&[acme][..], tokens(units));
//!     gate.reserve(&Ask { caller: Caller::Unchecked, scopes, costs: &costs, at: now, key: None }, minute, now)
//! };
//! let stands = |now| -> Result<_, GateError> {
//!     let standing = gate.standing(acme, "tokens", now)?;
//!     Ok([standing.used, standing.held].map(|quantity| quantity.to_string()))
//! };
//! let hold = reserve(800, now)?.hold.expect("800 of 1000");
//! assert_eq!(reserve(800, now)?.verdict.reason(), Some(Reason::LimitExceeded));
//! gate.commit(hold, &Used { number: 1, costs: &tokens(300), then: Then::Keep }, now)?;
//! assert_eq!(stands(now)?, ["300", "500"]);
//! let again = Used { number: 1, costs: &tokens(300), then: Then::Keep };
//! assert!(gate.commit(hold, &again, now)?.flags.replayed);
//! gate.commit(hold, &Used { number: 2, costs: &tokens(150), then: Then::End }, now)?;
//! assert_eq!(stands(now)?, ["450", "0"]);
//!
//! reserve(500, now)?; // and nobody comes back for it
//! let later = now.checked_add(minute).expect("an instant");
//! assert!(reserve(550, later)?.verdict.is_allowed());
//! # Ok::<(), GateError>(())
//! ```
