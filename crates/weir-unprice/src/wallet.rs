//! What has a customer to spend? The contract's buckets, read from the lots of its wallet.

use weir::{Gate, GateError, Quantity, Scope, Timestamp};
use weir_core::wallet::{Kind, Lot};

/// A wallet, as the contract adds it up.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Purse {
    /// Paid in, and there to be spent.
    pub purchased: Quantity,
    /// Given, and there to be spent.
    pub granted: Quantity,
    /// Held for what is not yet charged.
    pub reserved: Quantity,
    /// Charged.
    pub consumed: Quantity,
    /// What was given and is not spent, in the order in which it is drawn.
    pub credits: Vec<Credit>,
}

/// Something given, and what is left of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Credit {
    /// The host's name for it.
    pub id: String,
    /// How much is left.
    pub remaining: Quantity,
    /// When it can be spent no more; [`weir_core::window::Period::NEVER`] for never.
    pub expires: Timestamp,
}

/// What a customer has in its wallet at `now`.
///
/// # Errors
///
/// The gate's: a catalog without the wallet.
///
/// # Example
///
/// ```
/// use weir::{Gate, GateError, LotTerms, Quantity, Timestamp};
/// use weir_core::wallet::Kind;
/// use weir_unprice::wallet::purse;
///
/// let (gate, now) = (Gate::in_memory()?, Timestamp::EPOCH);
/// gate.install(include_bytes!("../../../examples/unprice.json"), now)?;
/// let customer = gate.open(None, "proj/cus_1", Some("starter"), now)?;
/// assert_eq!(purse(&gate, customer, now)?, Default::default()); // nobody gave it anything
/// let (name, amount, kind) = ("welcome", Quantity::from_units(5), Kind::Promotional);
/// let gift = LotTerms { name, amount, kind, priority: 0, purchased: now, expires: None };
/// gate.top_up(customer, "credits", &gift, now)?;
/// let purse = purse(&gate, customer, now)?;
/// assert_eq!((purse.granted, purse.purchased), (amount, Quantity::ZERO));
/// assert_eq!(purse.credits[0].id, "welcome");
/// # Ok::<(), GateError>(())
/// ```
pub fn purse(gate: &Gate, customer: Scope, now: Timestamp) -> Result<Purse, GateError> {
    let mut purse = Purse { reserved: gate.held(customer, WALLET)?, ..Purse::default() };
    let mut gone = Quantity::ZERO;
    for lot in gate.lots(customer)? {
        let Lot { amount, left, kind, .. } = lot;
        gone = sum(gone, amount.checked_sub(left).unwrap_or_default());
        let usable = lot.usable(now);
        match kind {
            Kind::Paid => purse.purchased = sum(purse.purchased, usable),
            Kind::Promotional => {
                purse.granted = sum(purse.granted, usable);
                if usable.is_positive() {
                    let (id, expires) = (lot.name.into(), lot.expires);
                    purse.credits.push(Credit { id, remaining: usable, expires });
                }
            }
        }
    }
    purse.consumed = gone.checked_sub(purse.reserved).unwrap_or_default();
    Ok(purse)
}

/// Sums that no quantity holds stay what they were: no lot is as large.
fn sum(one: Quantity, other: Quantity) -> Quantity {
    one.checked_add(other).unwrap_or(one)
}

/// The catalog's wallet that pays for what is sold.
pub const WALLET: &str = "credits";
