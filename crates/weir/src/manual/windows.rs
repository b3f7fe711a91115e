//! When does a limit count anew, and what comes back when?
//!
//! A window cuts time into periods, each from its start up to and without its end; a balance belongs
//! to one limit, one scope and one period.
//!
//! ```text
//!              Jan                  Feb                  Mar
//! calendar     [1 ............ 31)[1 ............. 28)[1 ...          by the clocks of a zone, or UTC
//! anchored         [17 ............. 16)[16 ............. 18)[18      every 30 days from an instant
//! cycle               [trial)[stub.)[5 ................ 4)[5 ....      the 5th of each month, from a day on
//! first_use            x[..1 h..)      x[..1 h..)                     from the first ask that counts
//! once                [............................)                  one period, with both ends
//! lifetime     ...................................................    one period, which never ends
//! ```
//!
//! Where clocks change, a day has 23 hours or 25: a boundary that does not exist is the first instant
//! after the gap, and of two the first one counts.
//!
//! Some windows have no periods: what was taken comes back bit by bit, or nothing is taken.
//!
//! ```text
//! rolling      span 60 s, in 6 steps: what is taken in a step is back when all of it is 60 s past
//!
//!              |.3....|......|......|......|...2..|......|..X        at 65 s  5 are out
//!              0 s    10     20     30     40     50     60          at 70 s  3 are back, at 110 s all
//!
//! continuous   10 in each second, 20 at once: a bucket of 20, topped up by 10 a second
//!
//!          20 |█                █▄                          20 are taken at once at the start,
//!           0 |  ▁▂▃▄▅▆▇██████    ▁▂▃▄▅                     and no more than 10 a second for long
//!
//! in_flight    3 at a time: a hold takes a slot, and gives it back when it ends
//!
//!         1    [reserve ........ commit]
//!         2       [reserve ... release)
//!         3         [reserve .......................deadline)
//!                       X denied: 3 are held; it passes when the first of them ends
//!
//! per_request  25 each: a request for 25 passes, however often, and one for 26 never does
//! ```
//!
//! In every stretch of the span of a rolling window, wherever it starts, no more is admitted than the
//! limit has. More steps give back sooner, and cost a balance each. What a continuous limit lets out
//! in any stretch is its capacity and what comes back in that time. Of what is in flight a plain
//! request takes nothing: it is refused where a reservation of the same size would be.
//!
//! ```
//! # use weir::{Ask, Caller, Cost, Gate, GateError, Quantity, Reason, Retry, Timestamp};
//! let catalog = br#"{ "features": { "calls": {} }, "plans": { "free": { "limits": { "calls.rate": {
//!     "feature": "calls", "capacity": 20, "refusal": "rate_limited",
//!     "window": { "continuous": { "rate": 10, "per": "PT1S" } } } } } } }"#;
//! let now: Timestamp = "2026-01-31T12:00:00Z".parse().expect("an instant");
//! let gate = Gate::in_memory()?;
//! gate.install(catalog, now)?;
//! let acme = gate.open(None, "acme", Some("free"), now)?;
//! let ask = |units, now| -> Result<_, GateError> {
//!     let costs = [Cost { feature: gate.feature("calls")?, quantity: Quantity::from_units(units) }];
//!     let (caller, scopes) = (Caller::Unchecked, &[acme][..]);
//!     gate.decide(&Ask { caller, scopes, costs: &costs, at: now, key: None }, now)
//! };
//! assert!(ask(20, now)?.is_allowed());
//! let denied = ask(3, now)?;
//! assert_eq!(denied.reason(), Some(Reason::RateLimited));
//! let later: Timestamp = "2026-01-31T12:00:00.300Z".parse().expect("an instant");
//! assert_eq!(denied.retry, Retry::At(later)); // three are back then, and not a millisecond earlier
//! assert!(ask(3, later)?.is_allowed());
//! # Ok::<(), GateError>(())
//! ```
//!
//! A hold belongs to the step of a rolling window in which it was taken, and leaves with it. What is
//! held of a continuous limit neither is out nor comes back: what is committed is out from then on, and
//! the rest is there again. What is in flight stays so until its hold ends, whatever is committed.
//!
//! A feature may be a gate rather than something that is used up: a `switch`, which is on where the
//! plan or a grant gives anything of it, or a `value`, of which a request may ask for that much. Its
//! limits are `per_request`; what several grants give adds up.
//!
//! ```
//! # use weir::{Ask, Caller, Cost, Gate, GateError, Quantity, Reason, Timestamp};
//! let catalog = br#"{
//!     "features": { "sso": { "kind": "switch" }, "upload_mb": { "kind": "value" } },
//!     "plans": { "free": { "limits": {
//!         "sso": { "feature": "sso", "capacity": 0, "window": "per_request" },
//!         "upload": { "feature": "upload_mb", "capacity": 25, "window": "per_request" } } } } }"#;
//! let now: Timestamp = "2026-01-31T12:00:00Z".parse().expect("an instant");
//! let gate = Gate::in_memory()?;
//! gate.install(catalog, now)?;
//! let acme = gate.open(None, "acme", Some("free"), now)?;
//! let ask = |feature: &str, units| -> Result<_, GateError> {
//!     let costs = [Cost { feature: gate.feature(feature)?, quantity: Quantity::from_units(units) }];
//!     let (caller, scopes) = (Caller::Unchecked, &[acme][..]);
//!     gate.decide(&Ask { caller, scopes, costs: &costs, at: now, key: None }, now)
//! };
//! assert!(ask("upload_mb", 25)?.is_allowed());
//! assert!(ask("upload_mb", 25)?.is_allowed()); // nothing was taken
//! assert_eq!(ask("upload_mb", 26)?.reason(), Some(Reason::LimitExceeded));
//! assert_eq!(ask("sso", 1)?.reason(), Some(Reason::LimitExceeded)); // it is off
//! # Ok::<(), GateError>(())
//! ```
//!
//! Windows without periods count sums and counts, of a number or without end; prices, grants (but of
//! `per_request`) and grace need periods, and stand at a limit beside them. A new catalog may turn one window of this kind into
//! another of the same kind: what is out of it comes back at its own instants (rolling), or as the new
//! window says (continuous).
//!
//! A request says when it happened, `at`, and is decided at an instant `now`. All windows count at
//! `at` but those of first use and those without periods, which count at `now`. An event that comes late still finds its period
//! as long as that one's `grace` lasts; after that it is `period_closed`. How old an event may be, and
//! how far ahead, is said once for the whole catalog.
