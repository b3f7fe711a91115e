//! How does use become a number?
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
//! A feature with an `event` counts events of that kind, at the value of a `property`; with `filters`,
//! only those whose properties are as they say. A property is named by the way to it.
//!
//! ```text
//! "event": "completion", "property": "usage.tokens",
//! "filters": { "model.name": { "prefix": "large-" }, "usage.cached": { "exists": false } }
//!
//! {"model": {"name": "large-2"}, "usage": {"tokens": 700}}                    counts 700
//! {"model": {"name": "large-2"}, "usage": {"tokens": 700, "cached": true}}    is not counted
//! {"model": {"name": "small-2"}, "usage": {"tokens": 700}}                    is not counted
//! ```
//!
//! | a filter says | of a property that is |
//! |---|---|
//! | `equals`, `in` | that truth value, whole number or text, or one of those |
//! | `prefix` | a text that starts with this one |
//! | `above`, `min`, `max`, `below` | a number, all of whose digits are looked at |
//! | `exists` | there, or not; `null` is not there |
//!
//! ```
//! # use weir::{Ask, Caller, Cost, Gate, Timestamp};
//! use weir_core::json::{Lexer, Profile, Scratch};
//! use weir_core::route::{Numbers, Sent};
//!
//! let catalog = br#"{
//!     "features": {
//!         "calls": { "event": "completion", "aggregation": "count" },
//!         "large": { "event": "completion", "property": "usage.tokens",
//!                    "filters": { "model.name": { "prefix": "large-" } } }
//!     },
//!     "plans": { "free": { "limits": {
//!         "large.ever": { "feature": "large", "capacity": 1000, "window": "lifetime" },
//!         "calls.ever": { "feature": "calls", "capacity": 2, "window": "lifetime" }
//!     } } }
//! }"#;
//! let now: Timestamp = "2026-01-31T12:00:00Z".parse()?;
//! let gate = Gate::in_memory()?;
//! gate.install(catalog, now)?;
//! let acme = gate.open(None, "acme", Some("free"), now)?;
//! let completion = |body: &str| -> Result<bool, Box<dyn std::error::Error>> {
//!     let (catalog, mut read) = (gate.catalog()?, Scratch::default());
//!     let properties = Lexer::new(body.as_bytes(), &Profile::STRICT, &mut read)?.value()?;
//!     let sent = Sent { kind: "completion", properties: properties.ok_or("nothing")? };
//!     let (mut scratch, mut costs) = (Scratch::default(), Vec::new());
//!     for (feature, value) in catalog.route(sent, Numbers::Exact, &mut scratch) {
//!         costs.push(Cost { feature, quantity: value? });
//!     }
//!     let ask = Ask { caller: Caller::Unchecked, scopes: &[acme], costs: &costs, at: now, key: None };
//!     Ok(gate.decide(&ask, now)?.is_allowed())
//! };
//! assert!(completion(r#"{"model": {"name": "large-2"}, "usage": {"tokens": 700}}"#)?);
//! assert!(!completion(r#"{"model": {"name": "large-2"}, "usage": {"tokens": 301}}"#)?);
//! assert!(completion(r#"{"model": {"name": "small-2"}, "usage": {"tokens": 301}}"#)?); // a call
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `unique_count` counts different values: who was there, not how often. It is exact up to the number that
//! is declared; whoever would be one more is `unmeasurable`. A property may be a text; who asks without an
//! event names each by a number.
//!
//! ```text
//! "people": { "aggregation": { "unique_count": 1000 }, "event": "login", "property": "user.id" }
//!
//! {"user": {"id": "ada"}}      counts 1
//! {"user": {"id": "bob"}}      counts 1
//! {"user": {"id": "ada"}}      counts 0 in the same period
//! ```
//!
//! ```
//! # use weir::{Ask, Caller, Cost, Gate, GateError, Quantity, Reason, Timestamp};
//! let catalog = br#"{
//!     "features": { "people": { "aggregation": { "unique_count": 3 } } },
//!     "plans": { "free": { "limits": { "people.daily": {
//!         "feature": "people", "capacity": 2, "window": { "calendar": { "unit": "day" } } } } } }
//! }"#;
//! let now: Timestamp = "2026-01-31T12:00:00Z".parse().expect("an instant");
//! let gate = Gate::in_memory()?;
//! gate.install(catalog, now)?;
//! let acme = gate.open(None, "acme", Some("free"), now)?;
//! let feature = gate.feature("people")?;
//! let met = |who| {
//!     let costs = [Cost { feature, quantity: Quantity::from_units(who) }];
//!     let ask = Ask { caller: Caller::Unchecked, scopes: &[acme], costs: &costs, at: now, key: None };
//!     gate.decide(&ask, now).map(|verdict| verdict.reason())
//! };
//! assert_eq!([met(7)?, met(8)?, met(7)?], [None; 3]);
//! assert_eq!(met(9)?, Some(Reason::LimitExceeded)); // the third of two
//! assert_eq!(met(8)?, None); // is there already
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
