//! Under which terms does a plan limit a feature? The compiled form of a limit.

use serde::{Deserialize, Serialize};

use crate::amount::Quantity;
use crate::grant::Burn;
use crate::id::{FeatureId, LimitId, WalletId};
use crate::limit::{CapacityRead, Enforcement};
use crate::meter::Meter;
use crate::price::Price;
use crate::time::{Span, Timestamp};
use crate::window::Window;

/// How one limit counts, for the scopes of one plan.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Terms {
    /// The limit.
    pub limit: LimitId,
    /// What it counts.
    pub counted: Counted,
    /// How much there is, and where that is read.
    pub capacity: Capacity,
    /// When it counts anew.
    pub window: Window,
    /// Where an anchored window starts; `None` for each scope's own anchor.
    pub anchor: Option<Timestamp>,
    /// How long after its end a period still takes late events.
    pub grace: Span,
    /// What happens at the line, and how it is told.
    pub line: Line,
    /// What use costs, and who pays.
    pub charge: Option<Charge>,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Counted {
    /// Asks for this feature.
    pub feature: FeatureId,
    /// How their values become use.
    pub meter: Meter,
}

/// What happens at a limit's line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Line {
    /// What happens to an ask that does not fit.
    pub enforcement: Enforcement,
    /// How a denial is called.
    pub refusal: Refusal,
    /// What a negative ask gives back.
    pub give_back: GiveBack,
    /// What becomes of use that no allowance covers.
    pub overage: Overage,
}

/// How much a limit allows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Capacity {
    /// A number of the plan; [`crate::limit::UNLIMITED`] for no end.
    Fixed {
        /// In units of the feature.
        amount: Quantity,
        /// When a balance reads it.
        read: CapacityRead,
    },
    /// What the scope's grants add up to.
    Granted {
        /// The order in which they are drawn.
        burn: Burn,
    },
}

/// What use of a limit costs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Charge {
    /// The price of a use.
    pub price: Price,
    /// The wallet of the same scope that pays; `None` when the cost is only told.
    pub wallet: Option<WalletId>,
}

/// How a limit's denial is called: by what the caller should do about it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// A quota is used up.
    #[default]
    LimitExceeded,
    /// Too fast: slow down.
    RateLimited,
}

/// What a negative ask gives back: first what is owed, then what grants gave in the open period, to
/// each at most that. What falls to a grant that has ended is lost with it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GiveBack {
    /// Use, first draw first.
    BurnOrder,
    /// Nothing: allowance once used stays used.
    None,
    /// Use, last draw first.
    #[default]
    Reverse,
}

/// What becomes of use that no allowance covers.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Overage {
    /// It is recorded beside the grants, and nothing has to pay for it.
    Apart,
    /// It is recorded on the grant that is drawn first.
    First,
    /// It is owed, and the period that opens next starts with what is owed still.
    Kept,
    /// It is recorded on the grant that is drawn last.
    Last,
    /// It is a debt: what grants have next pays for it before anything else. With its period it is
    /// forgiven.
    #[default]
    Owed,
}

impl Overage {
    /// Whether what comes next pays for it.
    #[must_use]
    pub const fn is_owed(self) -> bool {
        matches!(self, Self::Kept | Self::Owed)
    }
}

/// How answers are remembered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Remember {
    /// How long, at least.
    pub lifetime: Span,
    /// How many for each root scope, at most.
    pub len_max: u32,
    /// Whether each feature has keys of its own.
    pub per_feature: PerFeature,
    /// Where in the order of stages a key is looked up.
    pub at: RememberAt,
    /// Which denials are remembered, besides every admission.
    pub denials: Denials,
    /// What another content under a known key is told.
    pub on_mismatch: OnMismatch,
}

/// What a request is told whose key is known, but not for what it asks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMismatch {
    /// That the key was used for something else: [`crate::decide::Reason::Conflict`].
    #[default]
    Conflict,
    /// The answer that the key was given.
    Ignore,
}

/// Whether each feature has a key space of its own, or the root has one for all.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PerFeature {
    /// One key space for each root scope.
    No,
    /// One for each root scope and feature.
    Yes,
}

/// Where in the order of stages a key is looked up.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RememberAt {
    /// Once it is known what is asked for.
    #[default]
    AfterRoute,
    /// Once the event's time is accepted, too.
    AfterTime,
}

/// Which denials are remembered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Denials {
    /// For want of allowance.
    pub limits: bool,
    /// For want of credit.
    pub funds: bool,
    /// For a closed period.
    pub window: bool,
}
