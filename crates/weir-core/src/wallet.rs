//! Which credits pay? Prepaid lots of a wallet, and the order in which they are drawn.
//!
//! A wallet is a set of lots. A debit is all or nothing over the lots that are usable at the
//! instant; promotional lots go first, then low priority, then the soonest expiry. What is paid back
//! goes to the lots the other way round, to each at most what was drawn from it; who asks for nothing
//! more is never refused, so a step back that costs something is paid as far as the wallet goes.
//!
//! # Laws
//!
//! `conservation`, a law of deciding: what lots lose is what verdicts charged. A test in
//! `weir-testkit/tests/decide`.

use alloc::boxed::Box;
use core::cmp::Ordering;

use crate::amount::Quantity;
use crate::id::WalletId;
use crate::time::Timestamp;

/// Credits bought or given together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lot {
    /// The host's name for it, unique within the scope.
    pub name: Box<str>,
    /// The wallet that it belongs to.
    pub wallet: WalletId,
    /// What it was topped up with.
    pub amount: Quantity,
    /// What is left of it; from `amount` down to nothing.
    pub left: Quantity,
    /// Whether it was paid for.
    pub kind: Kind,
    /// Where it stands among lots of its kind: low first.
    pub priority: i32,
    /// When it was bought.
    pub purchased: Timestamp,
    /// When it can be used no more; [`crate::window::Period::NEVER`] for never.
    pub expires: Timestamp,
}

/// Whether a lot was paid for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Given for nothing: drawn before paid ones.
    Promotional,
    /// Bought.
    Paid,
}

impl Lot {
    /// What the lot can pay at `now`.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::amount::Quantity;
    /// use weir_core::id::WalletId;
    /// use weir_core::time::Timestamp;
    /// use weir_core::wallet::{Kind, Lot};
    ///
    /// let expires: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    /// let lot = Lot {
    ///     name: "pack-1".into(),
    ///     wallet: WalletId(0),
    ///     amount: Quantity::from_units(5),
    ///     left: Quantity::from_units(3),
    ///     kind: Kind::Paid,
    ///     priority: 0,
    ///     purchased: Timestamp::EPOCH,
    ///     expires,
    /// };
    /// assert_eq!(lot.usable(Timestamp::EPOCH), Quantity::from_units(3));
    /// assert_eq!(lot.usable(expires), Quantity::ZERO); // exactly then it is gone
    /// # Ok::<(), weir_core::time::TimeError>(())
    /// ```
    #[must_use]
    pub fn usable(&self, now: Timestamp) -> Quantity {
        if now < self.expires { self.left } else { Quantity::ZERO }
    }

    /// Which of two lots is drawn first.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        (self.kind.cmp(&other.kind))
            .then(self.priority.cmp(&other.priority))
            .then(self.expires.cmp(&other.expires))
            .then(self.purchased.cmp(&other.purchased))
            .then_with(|| self.name.cmp(&other.name))
    }
}
