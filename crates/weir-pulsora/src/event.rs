//! What was accepted, and where does it go? The event as the host gets it.

use weir::{Scope, Timestamp};
use weir_core::json::Raw;
use weir_core::schema::{Event, Schema, Value};

use crate::fingerprint::Fingerprint;

/// Takes over accepted events: the host's queue.
///
/// A function is one, too; see the crate's example.
pub trait EventSink {
    /// Takes the event over. The client is told 202 after that, and never sends it again.
    ///
    /// # Errors
    ///
    /// [`SinkRefused`] when it cannot be kept: the client is told 500, and tries again.
    fn accept(&self, event: &Accepted<'_, '_>) -> Result<(), SinkRefused>;
}

impl<F: Fn(&Accepted<'_, '_>) -> Result<(), SinkRefused>> EventSink for F {
    fn accept(&self, event: &Accepted<'_, '_>) -> Result<(), SinkRefused> {
        self(event)
    }
}

/// The sink did not take an event over.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the sink took no event")]
pub struct SinkRefused;

impl SinkRefused {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "pulsora.sink"
    }
}

/// An event that was authenticated, authorized and checked. The token is no part of it.
#[derive(Debug)]
pub struct Accepted<'a, 's> {
    /// What it is.
    pub kind: Kind,
    /// The site that its token belongs to.
    pub site: Scope,
    /// What the gate calls that site.
    pub site_name: &'s str,
    /// When it was received: the published client sends no time.
    pub received: Timestamp,
    /// Who the visitor is; `None` when an `identify` does not say.
    pub fingerprint: Option<Fingerprint<'a>>,
    /// Its `data`, as sent.
    pub data: Raw<'a>,
    pub(crate) event: &'s Event<'a, 's>,
    pub(crate) schema: &'a Schema,
}

impl<'a> Accepted<'a, '_> {
    /// A declared field of the data: as sent, or its default, or `None` when it is absent.
    ///
    /// The currency of revenue, for one, is `USD` when none was sent.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<Value<'a>> {
        self.event.get(self.schema.slot(field)?)
    }
}

/// The type of an event.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// Something that a visitor did.
    Event,
    /// Who a visitor is.
    Identify,
    /// A page that a visitor saw.
    Pageview,
    /// Money that a customer paid or got back.
    Revenue,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Event, Self::Identify, Self::Pageview, Self::Revenue];

    /// The `type` on the wire, and what a class of tokens `may` send.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Identify => "identify",
            Self::Pageview => "pageview",
            Self::Revenue => "revenue",
        }
    }
}
