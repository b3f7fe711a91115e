//! How limits, grants, wallets, holds and keys work together, with pictures. Nothing to call is in here.
//!
//! This page has what all limits share; [`meters`], [`windows`], [`grants`], [`holds`] and [`keys`] have
//! a page each.
//!
//! # One comparison
//!
//! A rate, a monthly quota, a pool of credits and a free trial are one thing, a **limit**:
//!
//! ```text
//! what is counted      a feature: tokens, requests, renders
//! for whom             a scope: a tenant, its customer, a user, a key
//! how much             a capacity: a number, a set of grants, or no end
//! when it counts anew  a window: a month, thirty days, an hour from the first use, never
//! what at the line     an enforcement: deny, admit and record what is over, take what fits
//! ```
//!
//! and there is one comparison for all of them: an ask is admitted when
//!
//! ```text
//! used + held + asked <= capacity
//! ```
//!
//! # A path of scopes
//!
//! A request names one root and up to seven scopes below it. Each scope has a plan, each plan has
//! limits, and all limits of all scopes on the path must admit the ask:
//!
//! ```text
//! acme (team)                    tokens.monthly  9 400 of 10 000     600 left
//!  └── ann (seat)                tokens.daily       50 of  1 000     950 left
//!       └── key-7 (rate)         requests             3 of     60      57 left
//!
//! ask: 700 tokens, 1 request     denied: limit_exceeded by tokens.monthly, of which 600 are left;
//!                                nothing is taken anywhere, of the request count neither
//! ```
//!
//! What is admitted is taken from all of them at once, or, in one stroke, from none. A verdict names
//! the limit that decided: of a denial the first that refused, from the root on; of an admission the
//! one that would refuse soonest.
//!
//! ```
//! # use weir::{Ask, Caller, Cost, Gate, GateError, Reason, Timestamp};
//! let catalog = br#"{
//!     "features": { "tokens": {}, "requests": {} },
//!     "plans": {
//!         "team": { "limits": { "tokens.monthly": {
//!             "feature": "tokens", "capacity": 10000, "window": { "calendar": { "unit": "month" } } } } },
//!         "seat": { "limits": { "tokens.daily": {
//!             "feature": "tokens", "capacity": 1000, "window": { "calendar": { "unit": "day" } } } } }
//!     }
//! }"#;
//! let now: Timestamp = "2026-01-31T12:00:00Z".parse().expect("an instant");
//! let gate = Gate::in_memory()?;
//! gate.install(catalog, now)?;
//! let acme = gate.open(None, "acme", Some("team"), now)?;
//! let ann = gate.open(Some(acme), "ann", Some("seat"), now)?;
//! let ask = |units: &str| -> Result<_, GateError> {
//!     let quantity = units.parse().expect("a quantity");
//!     let costs = [Cost { feature: gate.feature("tokens")?, quantity }];
//!     let ask = Ask { caller: Caller::Unchecked, scopes: &[acme, ann], costs: &costs, at: now, key: None };
//!     gate.decide(&ask, now)
//! };
//! assert!(ask("950")?.is_allowed());
//! let denied = ask("51")?; // acme has 9 050 left, ann 50
//! assert_eq!(denied.reason(), Some(Reason::LimitExceeded));
//! assert_eq!(denied.remaining().map(|left| left.to_string()).as_deref(), Some("50"));
//! let standing = gate.standing(acme, "tokens.monthly", now)?;
//! assert_eq!(standing.used.to_string(), "950"); // what ann was denied, acme has not lost
//! # Ok::<(), GateError>(())
//! ```
//!
//! # At the line
//!
//! What happens to an ask for more than is left is said by the limit's enforcement. Of 10, 8 are used:
//!
//! ```text
//!                      ask 5                        and then 1
//! hard                 denied                       taken: 9
//! soft                 taken: 13, 3 are over        taken: 14
//! last_call            taken: 13                    denied: nothing is left
//! {"capped": 4}        taken: 13                    taken: 14, the last that may be over
//! clamp                2 of 5 taken: 10             denied: nothing is left
//! shadow               taken: 13, would be denied   taken: 14
//! ```
//!
//! What a limit clamps is taken alike on every limit of the path, and priced as such; the others are
//! compared with the whole ask, and one that denies it denies everything. What is over is owed to what
//! the limit has next, or only recorded, as its `settle` says.
//!
//! A request may wish for something else, where the limit's `settle` lists it in `on_shortfall`: to be
//! denied, or to be clamped.
//!
//! ```
//! # use weir::{Ask, Caller, Cost, Gate, GateError, Quantity, Timestamp};
//! let catalog = br#"{ "features": { "tokens": {} }, "plans": { "free": { "limits": { "tokens": {
//!     "feature": "tokens", "capacity": 10, "enforcement": "clamp", "window": "lifetime" } } } } }"#;
//! let now: Timestamp = "2026-01-31T12:00:00Z".parse().expect("an instant");
//! let gate = Gate::in_memory()?;
//! gate.install(catalog, now)?;
//! let acme = gate.open(None, "acme", Some("free"), now)?;
//! let ask = |units| -> Result<_, GateError> {
//!     let costs = [Cost { feature: gate.feature("tokens")?, quantity: Quantity::from_units(units) }];
//!     gate.decide(&Ask { caller: Caller::Unchecked, scopes: &[acme], costs: &costs, at: now, key: None }, now)
//! };
//! assert!(ask(8)?.is_allowed());
//! let taken = ask(5)?.binding.expect("one limit").taken;
//! assert_eq!(taken, Quantity::from_units(2));
//! assert!(!ask(1)?.is_allowed());
//! # Ok::<(), GateError>(())
//! ```
//!
//! # Before the line
//!
//! With `"settle": { "warn_at": [80, 100] }` a limit tells observers when what is used and held of it
//! crosses 80 and 100 per cent of its capacity, and then of the first refusal: each once in a period,
//! whatever is given back and used again. A capacity that changes, or an import, crosses nothing: the
//! next ask that does is told. What was told is part of the state and the journal.
//!
//! ```
//! # use weir::{Ask, Caller, Cost, Gate, GateError, Observer, Timestamp, Warning};
//! # use weir_core::id::{LimitId, ScopeId};
//! #[derive(Default)]
//! struct Told(Vec<Warning>);
//! impl Observer for Told {
//!     fn warned(&mut self, _: (ScopeId, LimitId), warning: Warning) {
//!         self.0.push(warning);
//!     }
//! }
//! let catalog = br#"{ "features": { "tokens": {} }, "plans": { "free": { "limits": { "tokens": {
//!     "feature": "tokens", "capacity": 10, "settle": { "warn_at": [80] }, "window": "lifetime" } } } } }"#;
//! let now: Timestamp = "2026-01-31T12:00:00Z".parse().expect("an instant");
//! let gate = Gate::in_memory()?;
//! gate.install(catalog, now)?;
//! let acme = gate.open(None, "acme", Some("free"), now)?;
//! let mut told = Told::default();
//! for units in ["7", "1", "3", "3"] {
//!     let costs = [Cost { feature: gate.feature("tokens")?, quantity: units.parse().expect("a number") }];
//!     let ask = Ask { caller: Caller::Unchecked, scopes: &[acme], costs: &costs, at: now, key: None };
//!     gate.decide_with(&ask, now, &mut told)?;
//! }
//! assert_eq!(told.0, [Warning::Reached(80), Warning::Exhausted]);
//! # Ok::<(), GateError>(())
//! ```
//!
//! # The order of reasons
//!
//! The first stage that fails gives the reason. Everything before the limits is asked of the request
//! alone, so no limit says no to a request that should not have been asked.
//!
//! ```text
//! malformed, unauthenticated     is it one path, and who asks?
//! unknown_scope, no_entitlement  is there such a scope, and is this sold to it?
//! (replayed), conflict, ...      was it answered before, and can one more be remembered?
//! too_old, too_new               did it happen when events are accepted?
//! inactive, paused, blocked, ... may each scope of the path be served?
//! unmeasurable, period_closed    can it be counted, and in which period?
//! rate_limited, limit_exceeded   does it fit?
//! out_of_credit                  is it paid for?
//! ```
//!
//! All of them are [`Reason`](crate::Reason)s with a stable code. `Err` is for what kept us from
//! deciding: a journal that failed, a name that the catalog does not have.
//!
//! # Profiles
//!
//! Other systems differ in what they do by default, not in what a limit is. `"profile": "unprice"` at
//! the top of a catalog says what it leaves unsaid as that system has it; what it says itself stands:
//!
//! ```text
//! autumn      refunds go back last draw first, use beyond all grants is owed
//! genvoris    what is granted lasts thirty days from the scope's anchor, credits are whole
//! openmeter   grants by priority, expiry (in whole seconds) and age; refunds in that order
//! unprice     grants as unprice orders them, use beyond them on the first, refunds give nothing back;
//!             an empty wallet is told before a limit; prices round up at eight digits; keys by feature
//! ```
//!
//! `src/catalog/profiles.json` of this crate is all there is to it, in the same words as any catalog.
//!
//! # A new catalog under live counts
//!
//! A limit keeps its count as long as its name stays, over every catalog and every change of plan. A
//! lower capacity takes nothing back; a higher one counts from the next decision, or from the next
//! period where the catalog says `at_roll`. Each verdict says which version of the catalog it was
//! made under.

pub mod grants;
pub mod holds;
pub mod keys;
pub mod meters;
pub mod windows;
