//! weir decides, inside your process, whether an event is well formed, who may send it, and whether
//! they can afford it, and it never loses count.
//!
//! A [`Gate`] is `weir-core` with threads, a journal and JSON around it: it can be shared by clone,
//! every verdict is atomic over all limits on a path, and what it decided can be replayed. How limits,
//! grants, wallets and keys work together is told in the [`manual`].
//!
//! ```
//! use weir::{Ask, Caller, Cost, Gate, GateError, Reason, Timestamp};
//!
//! let catalog = br#"{
//!     "features": { "tokens": {} },
//!     "plans": { "free": { "limits": { "tokens.monthly": {
//!         "feature": "tokens", "capacity": "1000", "window": { "calendar": { "unit": "month" } }
//!     } } } }
//! }"#;
//! let now: Timestamp = "2026-01-31T12:00:00Z".parse().expect("an instant");
//! let gate = Gate::in_memory()?;
//! gate.install(catalog, now)?;
//! let customer = gate.open(None, "acme", Some("free"), now)?;
//! let cost = Cost { feature: gate.feature("tokens")?, quantity: "800".parse().expect("a number") };
//!
//! let ask = Ask { caller: Caller::Unchecked, scopes: &[customer], costs: &[cost], at: now, key: None };
//! assert!(gate.decide(&ask, now)?.is_allowed());
//! let denied = gate.decide(&ask, now)?; // 800 of 1000 are used: another 800 do not fit
//! assert_eq!(denied.reason(), Some(Reason::LimitExceeded));
//! assert_eq!(denied.remaining().map(|left| left.to_string()).as_deref(), Some("200"));
//! # Ok::<(), GateError>(())
//! ```

/// The README's program, compiled and run with the other examples.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

mod clock;
mod error;
mod explain;
mod gate;
mod journal;
mod replay;
mod sync;
mod whatif;

pub mod catalog;
pub mod export;
pub mod manual;
pub mod zones;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{GateError, InstallError};
pub use explain::{Asked, Closed, Decider, Drawn, Trace, Weighed};
pub use gate::{
    Ask, Caller, CredentialTerms, Desk, Gate, GateBuilder, GrantTerms, Hold, HoldKey, Holder,
    ImportTerms, LotTerms, Proof, Reserved, Scope, Shard, Used,
};
pub use journal::{Journal, JournalError, MemoryJournal, NoJournal};
pub use replay::{ReplayError, replay};
pub use whatif::{Against, Both, WhatIf, WhatIfError, whatif};

pub use weir_core::account::Status;
pub use weir_core::amount::Quantity;
pub use weir_core::decide::{
    Anchor, Binding, Cost, Debit, Draw, Observer, Outcome, Reason, Retry, Stage, Then, Verdict,
};
pub use weir_core::fault::Fault;
pub use weir_core::grant::{Every, Renewal, Rollover, Turns};
pub use weir_core::ledger::{Forecast, HostKeys, Pace};
pub use weir_core::limit::{OnShortfall, Warning};
pub use weir_core::time::{Span, Timestamp};
