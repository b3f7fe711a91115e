//! What is worth telling the store? The events behind the webhooks.

use weir::{Quantity, Scope, Timestamp};

/// Hears what happened, after it was counted and before it is answered.
pub trait Events {
    /// Hears one event.
    fn tell(&self, event: &Event);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEvents;

impl Events for NoEvents {
    fn tell(&self, _: &Event) {}
}

/// Something that a store can be told.
///
/// Exhaustive on purpose: who delivers answers each case, and a new case must break its build.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// A try-on was made, and paid for.
    TryOnCompleted(TryOn),
    /// A try-on failed; it costs nothing.
    TryOnFailed(TryOn),
}

impl Event {
    /// The event's name in the contract.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Gate, Timestamp};
    /// use weir_genvoris::{Event, TryOn};
    ///
    /// let store = Gate::in_memory()?.open(None, "shop", None, Timestamp::EPOCH)?;
    /// let variation_count = "1".parse().expect("a number");
    /// let try_on = TryOn { store, customer: None, variation_count, at: Timestamp::EPOCH };
    /// assert_eq!(Event::TryOnFailed(try_on).name(), "tryon.failed");
    /// # Ok::<(), weir::GateError>(())
    /// ```
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TryOnCompleted(_) => "tryon.completed",
            Self::TryOnFailed(_) => "tryon.failed",
        }
    }
}

/// A try-on that was reported.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TryOn {
    /// The store that reported it.
    pub store: Scope,
    /// The customer, where the report named one.
    pub customer: Option<Scope>,
    /// How many pictures it made.
    pub variation_count: Quantity,
    /// When it was reported.
    pub at: Timestamp,
}
