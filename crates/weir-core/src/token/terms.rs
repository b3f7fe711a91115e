//! What holds for every key of a class? Its standing, its end and its origins.
//!
//! A key is good when its class and its record both say so: a record can narrow what its class
//! grants, and never widen it.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Environment;
use super::origin::{OriginRule, Origins, Unstated};
use super::registry::Status;
use crate::fault::Fault;
use crate::time::Timestamp;

/// What holds for every key of a class, as a catalog writes it; by default nothing more than what
/// is on record about the key.
///
/// # Example
///
/// ```
/// use weir_core::token::{ClassTerms, Status, Unstated};
///
/// let terms: ClassTerms = serde_json::from_str(
///     r#"{"expires": "2027-01-01T00:00:00Z",
///         "origins": {"hosts": ["*.shop.com"], "null": "refused"}}"#,
/// )?;
/// assert_eq!((terms.status, terms.origins.null), (Status::Active, Unstated::Refused));
/// assert!(serde_json::from_str::<ClassTerms>(r#"{"until": 5}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClassTerms {
    /// From this instant on none of its keys is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// From where they may be used.
    pub origins: OriginTerms,
    /// Whether they are good at all.
    pub status: Status,
}

/// From where the keys of a class may be used, as a catalog writes it; from everywhere by default.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct OriginTerms {
    /// The hosts, as [`Origins::parse`] reads them; none listed for all.
    pub hosts: Vec<String>,
    /// What it means that a request states no origin, or an empty one.
    pub missing: Unstated,
    /// What it means that a request states the origin `null`.
    pub null: Unstated,
}

impl ClassTerms {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn compile(&self, environment: Environment) -> Result<Terms, Vec<Fault>> {
        let OriginTerms { hosts, missing, null } = &self.origins;
        let under = |fault: Fault| fault.under("/origins/hosts");
        let hosts = Origins::parse(hosts.iter().map(String::as_str))
            .map_err(|faults| faults.into_iter().map(under).collect::<Vec<_>>())?;
        let origins = OriginRule { hosts, missing: *missing, null: *null };
        Ok(Terms { environment, expires: self.expires, origins, status: self.status })
    }
}

/// What a registry asks of a class.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) environment: Environment,
    pub(super) expires: Option<Timestamp>,
    pub(super) origins: OriginRule,
    pub(super) status: Status,
}

/// Those of a class that is not there.
pub(super) static NO_TERMS: Terms = Terms {
    environment: Environment::Test,
    expires: None,
    origins: OriginRule::ANY,
    status: Status::Active,
};
