//! What happens past the allowance? The contract's strategies, and what it calls a limit.

use serde::{Deserialize, Serialize};
use weir::Quantity;
use weir_core::limit::{Enforcement, UNLIMITED};

/// What happens to use that no allowance covers; what is more generous is greater.
///
/// Of several that are sold together, the most generous one holds.
///
/// # Example
///
/// ```
/// use weir_unprice::overage::Overage;
///
/// let sold = [Overage::None, Overage::Always, Overage::LastCall];
/// assert_eq!(sold.into_iter().max(), Some(Overage::Always));
/// assert_eq!(Overage::default(), Overage::None);
/// ```
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overage {
    /// It is refused.
    #[default]
    None,
    /// It is admitted as long as anything was left.
    LastCall,
    /// It is admitted.
    Always,
}

impl Overage {
    /// What a catalog's limit says for it.
    #[must_use]
    pub const fn enforcement(self) -> Enforcement {
        match self {
            Self::Always => Enforcement::Soft,
            Self::LastCall => Enforcement::LastCall,
            Self::None => Enforcement::Hard,
        }
    }

    /// The strategy of a limit that is enforced so, or the one that is nearest to it.
    #[must_use]
    pub const fn of(enforcement: Enforcement) -> Self {
        match enforcement {
            Enforcement::Shadow | Enforcement::Soft => Self::Always,
            Enforcement::LastCall => Self::LastCall,
            Enforcement::Capped(_) | Enforcement::Clamp | Enforcement::Hard => Self::None,
        }
    }

    /// What a limit of so much is called, `None` for no end.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::Quantity;
    /// use weir_unprice::overage::{LimitKind, Overage};
    ///
    /// let ten = Some(Quantity::from_units(10));
    /// assert_eq!(Overage::None.kind_of(ten), LimitKind::Hard);
    /// assert_eq!(Overage::Always.kind_of(ten), LimitKind::Soft);
    /// assert_eq!(Overage::None.kind_of(None), LimitKind::None);
    /// ```
    #[must_use]
    pub fn kind_of(self, limit: Option<Quantity>) -> LimitKind {
        match (limit.filter(|limit| *limit != UNLIMITED), self) {
            (None, _) => LimitKind::None,
            (Some(_), Self::Always) => LimitKind::Soft,
            (Some(_), Self::LastCall | Self::None) => LimitKind::Hard,
        }
    }
}

/// What the contract calls a limit.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// What is over it is refused.
    Hard,
    /// There is none.
    None,
    /// What is over it is admitted.
    Soft,
}
