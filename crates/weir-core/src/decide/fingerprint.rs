//! Is it the same request again? What tells what was asked for under one key from anything else.

use super::{Cost, Request};
use crate::hash::HashKey;

/// What a request asks for, on whose path, in 64 bits.
///
/// # Shape
///
/// The key, the caller, the instant and the wish are no part of it: who tries again may say another
/// time. Two contents are taken for one with the chance of any 64-bit hash; whoever searches for such
/// a pair is told its own earlier answer, and nothing is counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// The fingerprint of a request.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::amount::Quantity;
    /// use weir_core::decide::{Caller, Cost, Fingerprint, Request};
    /// use weir_core::id::{FeatureId, ScopeId};
    /// use weir_core::time::Timestamp;
    ///
    /// let costs = |units| [Cost { feature: FeatureId(0), quantity: Quantity::from_units(units) }];
    /// let of = |costs: &[Cost], at| {
    ///     let (caller, scopes) = (Caller::Unchecked, &[ScopeId(0)][..]);
    ///     Fingerprint::of(&Request { caller, scopes, costs, at, key: None, on_shortfall: None })
    /// };
    /// let first = of(&costs(1), Timestamp::EPOCH);
    /// assert_eq!(first, of(&costs(1), Timestamp::MAX)); // tried again later
    /// assert_ne!(first, of(&costs(7), Timestamp::EPOCH));
    /// ```
    #[must_use]
    pub fn of(request: &Request<'_>) -> Self {
        let Request { scopes, costs, .. } = request;
        // The root is a part of the key.
        let path =
            scopes.iter().skip(1).fold(0, |seen, scope| PRINT.hash(seen, &scope.0.to_le_bytes()));
        let all = costs.iter().fold(path, |seen, Cost { feature, quantity }| {
            PRINT.hash(seen ^ u64::from(feature.0), &quantity.as_nanos().to_le_bytes())
        });
        Self(all)
    }
}

/// The same everywhere, since journals keep fingerprints. It need not be secret: a fingerprint finds
/// no place in a table.
const PRINT: HashKey = HashKey::new([0x7765_6972, 0x0070_7269_6e74]);
