//! Who answers? The gate, the host's choices, its keys and its ear, held together; and which route.

use http::{Method, Request, Response};
use weir::{Gate, GateError, Timestamp};
use weir_core::id::{FeatureId, LimitId, WalletId};

use crate::answer::{self, Refusal};
use crate::error::GenvorisError;
use crate::events::{Event, Events, NoEvents, What};
use crate::keyring::Keyring;
use crate::settings::Settings;

/// The genvoris contract over a gate. See the crate's documentation for an example.
#[derive(Clone)]
pub struct Genvoris<E = NoEvents> {
    pub(crate) gate: Gate,
    pub(crate) settings: Settings,
    pub(crate) names: Names,
    pub(crate) keys: Keyring,
    pub(crate) events: E,
}

/// What the contract's things are called in the gate; names keep their indices over reloads.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    pub(crate) try_on: FeatureId,
    pub(crate) creation: FeatureId,
    pub(crate) session: FeatureId,
    pub(crate) quota: LimitId,
    pub(crate) credits: WalletId,
}

/// What a request comes with besides its bytes: the host's clock and its randomness.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// When it arrived.
    pub now: Timestamp,
    /// Bytes that nobody can foretell, other ones for each request: ids are made of them.
    pub random: [u8; 16],
}

impl Arrival {
    /// The bytes in hexadecimal digits.
    pub(crate) fn digits(&self) -> String {
        hex(&self.random)
    }
}

impl Genvoris {
    /// The contract over `gate`, whose catalog is in force; without keys, so that every session is
    /// refused.
    ///
    /// # Errors
    ///
    /// [`GateError::UnknownName`] when the catalog has not what the contract counts on.
    pub fn new(gate: Gate, settings: Settings) -> Result<Self, GateError> {
        let catalog = gate.catalog()?;
        let limit = catalog.limit(QUOTA).ok_or_else(|| GateError::unknown("limit", QUOTA))?;
        let wallet =
            catalog.wallet(CREDITS).ok_or_else(|| GateError::unknown("wallet", CREDITS))?;
        let names = Names {
            try_on: gate.feature(TRY_ON)?,
            creation: gate.feature(CREATION)?,
            session: gate.feature(SESSION)?,
            quota: limit,
            credits: wallet,
        };
        Ok(Self { gate, settings, names, keys: Keyring::default(), events: NoEvents })
    }
}

impl<E> Genvoris<E> {
    /// The same, with these keys for sessions. To change them, give the host's clones new ones.
    #[must_use]
    pub fn with_keys(self, keys: Keyring) -> Self {
        Self { keys, ..self }
    }

    /// The same, with `events` told what happens.
    #[must_use]
    pub fn with_events<T: Events>(self, events: T) -> Genvoris<T> {
        let Self { gate, settings, names, keys, .. } = self;
        Genvoris { gate, settings, names, keys, events }
    }

    /// The gate that counts.
    #[must_use]
    pub const fn gate(&self) -> &Gate {
        &self.gate
    }
}

impl<E: Events> Genvoris<E> {
    /// Answers a request: the body is written over what `out` holds, the rest is returned.
    ///
    /// # Errors
    ///
    /// What kept us from answering; nothing was counted, and [`GenvorisError::answer`] is what the
    /// caller is to be told.
    pub fn handle(
        &self,
        request: &Request<&[u8]>,
        arrival: &Arrival,
        out: &mut Vec<u8>,
    ) -> Result<Response<()>, GenvorisError> {
        let path = request.uri().path();
        let called = Called { request, arrival };
        let get = request.method() == Method::GET;
        match path {
            TRACK if request.method() == Method::POST => self.track(&called, out),
            TRACK => Ok(answer::refused(&Refusal::MethodNotAllowed("POST"), out)),
            JWKS if get => Ok(self.jwks(arrival.now, out)),
            JWKS => Ok(answer::refused(&Refusal::MethodNotAllowed("GET"), out)),
            _ => self.managed(path, &called, out),
        }
    }

    /// The routes under `/api/v1`: all of them need a store's key, and before anything else.
    fn managed(
        &self,
        path: &str,
        called: &Called<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Response<()>, GenvorisError> {
        let parts = path.strip_prefix(BASE).map(|rest| rest.split('/').collect::<Vec<_>>());
        let answered = match parts.as_deref() {
            Some(["plans"]) => self.plans(called, out),
            Some(["plans", id]) => self.plan(id, called, out),
            Some(["customers"]) => self.customers(called, out),
            Some(["customers", id]) => self.customer(id, called, out),
            Some(["customers", id, "usage"]) => self.usage(id, called, out),
            Some(["customers", id, "sessions"]) => self.mint(id, called, out),
            Some(["customers", id, "sessions", jti]) => self.revoke((id, jti), called, out),
            _ => Err(Refusal::NotFound("there is no such route").into()),
        };
        match answered {
            Ok(response) => Ok(response),
            Err(Stop::Refused(refusal)) => Ok(answer::refused(&refusal, out)),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// Tells what happened in a store, in order.
    pub(crate) fn tell(&self, store: &str, arrival: &Arrival, all: Vec<What>) {
        let digits = arrival.digits();
        for (number, what) in all.into_iter().enumerate() {
            let id = format!("evt_{digits}{number}");
            self.events.tell(&Event { id, store: store.to_owned(), at: arrival.now, what });
        }
    }
}

/// A request, and what came with it.
pub(crate) struct Called<'a> {
    pub(crate) request: &'a Request<&'a [u8]>,
    pub(crate) arrival: &'a Arrival,
}

impl<'a> Called<'a> {
    pub(crate) fn method(&self) -> &'a Method {
        self.request.method()
    }

    pub(crate) fn body(&self) -> &'a [u8] {
        self.request.body()
    }
}

/// Why a request goes no further.
pub(crate) enum Stop {
    Failed(GenvorisError),
    Refused(Refusal),
}

impl From<GateError> for Stop {
    fn from(error: GateError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<GenvorisError> for Stop {
    fn from(error: GenvorisError) -> Self {
        Self::Failed(error)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

pub(crate) const CREDITS: &str = "credits";
pub(crate) const KEY: &str = "key";
pub(crate) const QUOTA: &str = "try-ons";
pub(crate) const SCHEMA: &str = "track";
pub(crate) const SHOPPER: &str = "shopper";
pub(crate) const STORE: &str = "store";
const BASE: &str = "/api/v1/";
const CREATION: &str = "creation";
const JWKS: &str = "/.well-known/jwks.json";
const SESSION: &str = "session";
const TRACK: &str = "/api/tryon/track";
const TRY_ON: &str = "try-on";
