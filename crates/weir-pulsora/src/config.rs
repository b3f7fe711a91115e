//! What does the host choose? Once, for all requests.

use http::uri::PathAndQuery;
use weir_core::json::{Bounds, Duplicates, Profile, Surrogates};

use crate::event::Kind;
use crate::fingerprint::Salt;

/// The host's choices where the contract is silent or contradicts itself.
#[derive(Clone, Debug)]
pub struct Config {
    /// The largest body that is read, in bytes.
    pub body_max: u32,
    /// Which amounts may be negative.
    pub negative_amounts: NegativeAmounts,
    /// What an explicit `null` for the visitor's fingerprint means.
    pub null_fingerprint: NullFingerprint,
    /// Where events are sent to; a query is not looked at.
    pub path: PathAndQuery,
    /// Whether tokens have a limit of their own.
    pub per_token: PerToken,
}

impl Config {
    /// The choices that suit the published client: `/api/ingest`, a mebibyte, negative amounts for
    /// churn and refund, and no limit by token.
    #[must_use]
    pub const fn new(null_fingerprint: NullFingerprint) -> Self {
        Self {
            body_max: 1 << 20,
            negative_amounts: NegativeAmounts::ChurnRefund,
            null_fingerprint,
            path: PathAndQuery::from_static("/api/ingest"),
            per_token: PerToken::Unlimited,
        }
    }

    /// How bodies are read: as browsers write them, and bounded by their size alone but for depth.
    pub(crate) const fn profile(&self) -> Profile {
        let most = self.body_max;
        Profile {
            bounds: Bounds {
                bytes: most,
                depth: DEPTH_MAX,
                members: most,
                string_bytes: most,
                tokens: most,
            },
            duplicates: Duplicates::LastWins,
            surrogates: Surrogates::Replaced,
        }
    }

    /// The catalog's schema for the data of an event.
    pub(crate) const fn schema(&self, kind: Kind) -> &'static str {
        match (kind, &self.null_fingerprint, self.negative_amounts) {
            (Kind::Pageview, NullFingerprint::Derive(_), _) => "pageview",
            (Kind::Pageview, NullFingerprint::Reject, _) => "pageview-strict",
            (Kind::Event, NullFingerprint::Derive(_), _) => "event",
            (Kind::Event, NullFingerprint::Reject, _) => "event-strict",
            (Kind::Identify, ..) => "identify",
            (Kind::Revenue, _, NegativeAmounts::ChurnRefund) => "revenue",
            (Kind::Revenue, _, NegativeAmounts::Reject) => "revenue-strict",
        }
    }
}

/// Which amounts of revenue may be negative.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum NegativeAmounts {
    /// Those of churn and refund: schema `revenue`.
    #[default]
    ChurnRefund,
    /// None: schema `revenue-strict`.
    Reject,
}

/// What `"visitor_fingerprint": null` means; a missing or blank one is always refused.
#[derive(Clone, Debug)]
pub enum NullFingerprint {
    /// The server makes it from the address, the user agent, the site and this salt: schemas
    /// `pageview` and `event`. The published client always sends `null`.
    Derive(Salt),
    /// As if it were missing: schemas `pageview-strict` and `event-strict`. No event of the
    /// published client passes.
    Reject,
}

/// Whether tokens have a limit of their own, besides the one of addresses.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PerToken {
    /// Each token is on record for a scope of its own below its site's, with plan `token`.
    Limited,
    /// They have none.
    #[default]
    Unlimited,
}

/// Ours: the depth that `serde_json` admits, so that what we accept can be read by others.
const DEPTH_MAX: u32 = 128;
