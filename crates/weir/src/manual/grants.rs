//! What may be taken, and who pays for it?
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
