//! How limits, grants, wallets, holds and keys work together, with pictures. Nothing to call is in here.
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
//! # Meters
//!
//! A feature says how the values of asks become one number: their sum, their count, the largest, the
//! smallest or the latest. A limit counts by how much that number changes. `convert` brings values, or
//! the number, to other units: as an exact fraction, rounded once to whole steps.
//!
//! ```text
//! "convert": { "divide": 60, "step": "0.1", "minimum": "0.5", "rounding": "up" }
//!
//! value   121 s    counts  2.1 min     each tenth that was begun
//! value     1 s            0.5         what is more than nothing counts the minimum
//! value  -121 s           -2.1         what is given back is what was taken
//! ```
//!
//! ```
//! # use weir::{Ask, Caller, Cost, Gate, GateError, Timestamp};
//! let catalog = br#"{
//!     "features": { "talk": { "convert": { "divide": 60, "step": "0.1", "minimum": "0.5", "rounding": "up" } } },
//!     "plans": { "free": { "limits": { "minutes": { "feature": "talk", "capacity": 3, "window": "lifetime" } } } }
//! }"#;
//! let now: Timestamp = "2026-01-31T12:00:00Z".parse().expect("an instant");
//! let gate = Gate::in_memory()?;
//! gate.install(catalog, now)?;
//! let acme = gate.open(None, "acme", Some("free"), now)?;
//! let seconds = |text: &str| -> Result<_, GateError> {
//!     let costs = [Cost { feature: gate.feature("talk")?, quantity: text.parse().expect("a quantity") }];
//!     gate.decide(&Ask { caller: Caller::Unchecked, scopes: &[acme], costs: &costs, at: now, key: None }, now)
//! };
//! assert!(seconds("121")?.is_allowed()); // 2.1 minutes
//! assert!(seconds("1")?.is_allowed()); // half a minute
//! assert!(!seconds("25")?.is_allowed()); // half a minute, and 0.4 are left
//! assert_eq!(gate.standing(acme, "minutes", now)?.used.to_string(), "2.6");
//! # Ok::<(), GateError>(())
//! ```
//!
//! A feature with `rates` is a **credit unit**: its limits count asks for other features at what each
//! costs in it. All that a request asks of one is one ask.
//!
//! ```text
//! "credits": { "rates": { "messages": "0.2", "images": 5 } }          10 credits a day
//!
//! ask: 5 messages, 1 image        6 credits     4 are left
//! ask: 1 image                    5 credits     denied: limit_exceeded
//! ask: 20 messages                4 credits     the last ones
//! ```
//!
//! ```
//! # use weir::{Ask, Caller, Cost, Gate, GateError, Quantity, Timestamp};
//! let catalog = br#"{
//!     "features": {
//!         "messages": { "aggregation": "count" }, "images": {},
//!         "credits": { "rates": { "messages": "0.2", "images": 5 } }
//!     },
//!     "plans": { "free": { "limits": { "credits.daily": {
//!         "feature": "credits", "capacity": 10, "window": { "calendar": { "unit": "day" } } } } } }
//! }"#;
//! let now: Timestamp = "2026-01-31T12:00:00Z".parse().expect("an instant");
//! let gate = Gate::in_memory()?;
//! gate.install(catalog, now)?;
//! let acme = gate.open(None, "acme", Some("free"), now)?;
//! let (message, image) = (gate.feature("messages")?, gate.feature("images")?);
//! let one = |feature| Cost { feature, quantity: Quantity::from_units(1) };
//! let ask = |costs: &[Cost]| {
//!     gate.decide(&Ask { caller: Caller::Unchecked, scopes: &[acme], costs, at: now, key: None }, now)
//! };
//! let [text, picture] = [message, image].map(one);
//! assert!(ask(&[text, text, text, text, text, picture])?.is_allowed()); // 1 credit and 5
//! assert!(!ask(&[picture])?.is_allowed()); // 5 credits, and 4 are left
//! assert_eq!(gate.standing(acme, "credits.daily", now)?.used.to_string(), "6");
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
//! # Windows
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
//!
//! # Grants
//!
//! A capacity may be `granted`: the limit has what the scope's grants add up to, each with its own
//! life. They are drawn in burn order; an ask may be split among several.
//!
//! ```text
//! burn order      trial   priority 0   ████░░░░░░   4 of 10, ends Feb 1
//!       │         bonus   priority 5   ░░░░░        0 of  5
//!       ▼         plan    priority 9   ░░░░░░░░░░   0 of 10
//!
//! ask: 8          6 of the trial and 2 of the bonus
//! ask: 22         denied: 21 are left
//! ```
//!
//! A grant is worth its amount in each period of the limit, unless its renewal says otherwise: its own
//! window may turn it, a recurrence makes it whole again, and a rollover opens its next period with
//! what is left, at least and at most so much. A recurrence sets, and never adds.
//!
//! ```text
//!                                     Jan 31          Feb 1
//! daily   10, whole again each day    10 used         10 left
//! once    10, 5 at most roll over     2 used, 8 left   5 left
//! ```
//!
//! At one instant grants end first, then the period turns, what rolled over pays a debt that is kept,
//! recurrences refill, grants start, and what is owed still is paid from those. A debt is owed from the
//! use that it is of: what was over by then pays nothing for it. While a grace is open, a late event
//! takes from what rolled over since; what was spent of that already is owed.
//!
//! ```
//! # use weir::{Ask, Caller, Cost, Gate, GateError, GrantTerms, Quantity, Reason, Renewal, Retry};
//! # use weir::{Every, Rollover, Timestamp};
//! let catalog = br#"{ "features": { "tokens": {} }, "plans": { "free": { "limits": { "tokens": {
//!     "feature": "tokens", "capacity": "granted",
//!     "window": { "calendar": { "unit": "month" } } } } } } }"#;
//! let instant = |text: &str| text.parse::<Timestamp>().expect("an instant");
//! let (start, noon) = (instant("2026-01-31T00:00:00Z"), instant("2026-01-31T12:00:00Z"));
//! let gate = Gate::in_memory()?;
//! gate.install(catalog, start)?;
//! let acme = gate.open(None, "acme", Some("free"), start)?;
//! let daily = Every { anchor: start, span: "P1D".parse().expect("a span") };
//! let kept = Rollover::Same { min: Quantity::ZERO, max: Quantity::from_units(5) };
//! let grant = |name, renewal| GrantTerms {
//!     name, amount: Some(Quantity::from_units(10)), priority: 0, effective: start, expires: None, renewal,
//! };
//! gate.grant(acme, "tokens", &grant("daily", Renewal { recurrence: Some(daily), ..Renewal::DEFAULT }), start)?;
//! gate.grant(acme, "tokens", &grant("once", Renewal { rollover: Some(kept), ..Renewal::DEFAULT }), start)?;
//! let feature = gate.feature("tokens")?;
//! let ask = |units, now| {
//!     let costs = [Cost { feature, quantity: Quantity::from_units(units) }];
//!     gate.decide(&Ask { caller: Caller::Unchecked, scopes: &[acme], costs: &costs, at: now, key: None }, now)
//! };
//! assert!(ask(12, noon)?.is_allowed()); // 10 of the one and 2 of the other
//! let denied = ask(9, noon)?; // 8 are left
//! assert_eq!(denied.reason(), Some(Reason::LimitExceeded));
//! let midnight = instant("2026-02-01T00:00:00Z");
//! assert_eq!(denied.retry, Retry::At(midnight));
//! assert!(ask(15, midnight)?.is_allowed()); // 10 again, and 5 of the 8 rolled over
//! assert!(!ask(1, midnight)?.is_allowed());
//! # Ok::<(), GateError>(())
//! ```
//!
//! # Wallets and prices
//!
//! A limit may have a price. What use costs is told with the verdict, and charged to the scope's own
//! wallet where the limit names one, in the same stroke as everything else:
//!
//! ```text
//! lots in order   gift    promotional   0.20 left, ends soonest
//!       │         bought  paid          5.00 left
//!       ▼
//! ask: 1 000 tokens at 0.000 5          0.50: 0.20 of the gift, 0.30 of what was bought
//! ask: 20 000 tokens                    10.00: denied, out_of_credit; no token is counted
//! ```
//!
//! A price is flat, for each unit, for each package begun, or in tiers; a step costs what the use after
//! it costs, less what the use before it did. Giving back use pays back, to the lots that were drawn
//! from, the last one first:
//!
//! ```text
//! volume: 1.00 to ten, 0.50 above      10 cost 10.00, 11 cost 5.50
//! ask: 10                              10.00
//! ask: 1                               -4.50: a cheaper tier
//! give back: 1                         4.50
//! ```
//!
//! # Holds
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
//!
//! # Keys
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
