//! What is on record beside the counts? Plans and customers, as notes of their store.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use weir::{Desk, Timestamp};

use crate::error::GenvorisError;

/// A plan that a store sells.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) monthly_try_ons: u32,
    pub(crate) external_price_id: Option<String>,
    /// Whether it allows anything.
    pub(crate) active: bool,
    /// Whether it was taken off the list; its customers keep it.
    pub(crate) disabled: bool,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}

impl Plan {
    /// A plan of which nothing is said yet.
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self {
            name: String::new(),
            monthly_try_ons: 0,
            external_price_id: None,
            active: true,
            disabled: false,
            created: now,
            updated: now,
        }
    }
}

/// A customer of a store. What it used of its open period is in the ledger.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Customer {
    pub(crate) external_id: String,
    pub(crate) email: Option<String>,
    pub(crate) plan: Option<String>,
    pub(crate) status: CustomerStatus,
    /// As it was sent.
    pub(crate) metadata: Option<Box<RawValue>>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) course: Course,
}

/// The periods of a customer.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Course {
    /// The one that opened last.
    pub(crate) period: Span,
    /// Those before, the latest first.
    pub(crate) history: Vec<Usage>,
}

impl Course {
    /// One period, and none before.
    pub(crate) const fn new(period: Span) -> Self {
        Self { period, history: Vec::new() }
    }
}

impl Customer {
    /// A customer of whom nothing but its name is said yet.
    pub(crate) const fn new(external_id: String, now: Timestamp) -> Self {
        Self {
            external_id,
            email: None,
            plan: None,
            status: CustomerStatus::Active,
            metadata: None,
            created: now,
            updated: now,
            course: Course::new(Span { start: now, end: now }),
        }
    }
}

/// Whether a customer may try on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CustomerStatus {
    /// It may, as far as its plan goes.
    Active,
    /// It has ended; what it used is kept.
    Cancelled,
    /// It is stopped for a while.
    Paused,
}

impl CustomerStatus {
    /// The status of that name in the contract.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Active, Self::Cancelled, Self::Paused].into_iter().find(|it| it.name() == name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Cancelled => "CANCELLED",
            Self::Paused => "PAUSED",
        }
    }
}

/// From when until when a period goes.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Span {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
}

/// What was used in a period that is over.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Usage {
    pub(crate) period: Span,
    pub(crate) used: i64,
    pub(crate) limit: i64,
}

/// The document of a kind and key, if there is one.
pub(crate) fn read<T: DeserializeOwned>(
    desk: &Desk<'_>,
    (space, key): (u16, &str),
) -> Result<Option<T>, GenvorisError> {
    desk.note(space, key.as_bytes()).map(parse).transpose()
}

/// What a note of ours says.
pub(crate) fn parse<T: DeserializeOwned>(note: &[u8]) -> Result<T, GenvorisError> {
    serde_json::from_slice(note).map_err(|_| GenvorisError::Document)
}

/// Plans to keep a document.
pub(crate) fn keep<T: Serialize>(
    desk: &mut Desk<'_>,
    (space, key): (u16, &str),
    document: &T,
) -> Result<(), GenvorisError> {
    let note = serde_json::to_vec(document).map_err(|_| GenvorisError::Document)?;
    desk.put_note((space, key.as_bytes()), Some(&note));
    Ok(())
}

/// A store's customers, by id.
pub(crate) const CUSTOMERS: u16 = 1;
/// The ids of a store's customers, by what the store calls them.
pub(crate) const EXTERNAL: u16 = 2;
/// Nothing, by when a customer was created and its id: the order of lists.
pub(crate) const ORDER: u16 = 3;
/// A store's plans, by id.
pub(crate) const PLANS: u16 = 4;
/// Until when a session's revocation matters, by its id.
pub(crate) const REVOKED: u16 = 5;
