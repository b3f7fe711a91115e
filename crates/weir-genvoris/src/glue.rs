//! Who answers? The gate, the host's choices and its two seams, held together.

use http::{Method, Request, Response};
use weir::{Gate, GateError, Timestamp};
use weir_core::id::{FeatureId, LimitId, WalletId};

use crate::answer::{self, Refusal};
use crate::error::TrackError;
use crate::events::{Events, NoEvents};
use crate::sessions::{NoSessions, Sessions};
use crate::settings::Settings;

/// The genvoris contract over a gate. See the crate's documentation for an example.
#[derive(Clone)]
pub struct Genvoris<S = NoSessions, E = NoEvents> {
    pub(crate) gate: Gate,
    pub(crate) settings: Settings,
    pub(crate) names: Names,
    pub(crate) sessions: S,
    pub(crate) events: E,
}

/// What the contract's things are called in the gate; names keep their indices over reloads.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    pub(crate) try_on: FeatureId,
    pub(crate) quota: LimitId,
    pub(crate) credits: WalletId,
}

impl Genvoris {
    /// The contract over `gate`, whose catalog is in force; every session token is refused.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] when the catalog has not what the contract counts on.
    pub fn new(gate: Gate, settings: Settings) -> Result<Self, GateError> {
        let catalog = gate.catalog()?;
        let limit = catalog.limit(QUOTA).ok_or_else(|| GateError::unknown("limit", QUOTA))?;
        let wallet =
            catalog.wallet(CREDITS).ok_or_else(|| GateError::unknown("wallet", CREDITS))?;
        let names = Names { try_on: gate.feature(TRY_ON)?, quota: limit, credits: wallet };
        Ok(Self { gate, settings, names, sessions: NoSessions, events: NoEvents })
    }
}

impl<S, E> Genvoris<S, E> {
    /// The same, with session tokens verified by `sessions`.
    #[must_use]
    pub fn with_sessions<T: Sessions>(self, sessions: T) -> Genvoris<T, E> {
        let Self { gate, settings, names, events, .. } = self;
        Genvoris { gate, settings, names, sessions, events }
    }

    /// The same, with `events` told what happens.
    #[must_use]
    pub fn with_events<T: Events>(self, events: T) -> Genvoris<S, T> {
        let Self { gate, settings, names, sessions, .. } = self;
        Genvoris { gate, settings, names, sessions, events }
    }

    /// The gate that counts.
    #[must_use]
    pub const fn gate(&self) -> &Gate {
        &self.gate
    }
}

impl<S: Sessions, E: Events> Genvoris<S, E> {
    /// Answers a request: the body is written over what `out` holds, the rest is returned.
    ///
    /// # Errors
    ///
    /// What kept us from answering; nothing was counted, and [`TrackError::answer`] is what the
    /// caller is to be told.
    pub fn handle(
        &self,
        request: &Request<&[u8]>,
        now: Timestamp,
        out: &mut Vec<u8>,
    ) -> Result<Response<()>, TrackError> {
        match (request.uri().path(), request.method()) {
            (TRACK, &Method::POST) => self.track(request, now, out),
            (TRACK, _) => Ok(answer::refused(&Refusal::MethodNotAllowed, out)),
            _ => Ok(answer::refused(&Refusal::NotFound, out)),
        }
    }
}

pub(crate) const CREDITS: &str = "credits";
pub(crate) const QUOTA: &str = "try-ons";
pub(crate) const SCHEMA: &str = "track";
pub(crate) const SHOPPER: &str = "shopper";
pub(crate) const STORE: &str = "store";
const TRACK: &str = "/api/tryon/track";
const TRY_ON: &str = "try-on";
