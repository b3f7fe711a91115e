//! Does this try-on count? `POST /api/tryon/track`: one check after the other, then one verdict.

use http::{Request, Response};
use weir::{
    Ask, Binding, Caller, Cost, Debit, GateError, Observer, Outcome, Quantity, Scope, Status,
    Timestamp,
};
use weir_core::token::{Offered, Order};

use crate::answer::{self, Accepted, Quota, Refusal};
use crate::error::TrackError;
use crate::events::{Event, Events, TryOn};
use crate::extract::{Admitted, Ending, ONE, Report, admit};
use crate::glue::{CREDITS, Genvoris, Names, QUOTA, SCHEMA};
use crate::sessions::Sessions;
use crate::settings::Tokens;

impl<S: Sessions, E: Events> Genvoris<S, E> {
    pub(crate) fn track(
        &self,
        request: &Request<&[u8]>,
        now: Timestamp,
        out: &mut Vec<u8>,
    ) -> Result<Response<()>, TrackError> {
        match self.report(request, now) {
            Ok(accepted) => Ok(answer::accepted(&accepted, out)),
            Err(Stop::Refused(refusal)) => Ok(answer::refused(&refusal, out)),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    fn report(&self, request: &Request<&[u8]>, now: Timestamp) -> Result<Accepted, Stop> {
        let admitted = admit(request.headers(), &self.settings.transport)?;
        let catalog = self.gate.catalog()?;
        let schema = catalog.schema(SCHEMA).ok_or_else(|| GateError::unknown("schema", SCHEMA))?;
        let report = Report::read(schema, request.body())?;
        let (store, caller) = self.store(&admitted, &report, now)?;
        let customer = self.customer(store, report.token.as_deref(), now)?;
        let variation_count = report.variation_count;
        let try_on = TryOn { store, customer, variation_count, at: now };
        let (credits, quota, event) = match report.ending {
            Ending::Completed => {
                let (credits, quota) = self.debit(caller, &try_on)?;
                (credits, quota, Event::TryOnCompleted(try_on))
            }
            Ending::Failed => {
                let (credits, quota) = self.counters(&try_on)?;
                (credits, quota, Event::TryOnFailed(try_on))
            }
        };
        self.events.tell(&event);
        Ok(Accepted::new(credits, variation_count, quota))
    }

    /// The store whose key it is, and the proof of that.
    fn store(
        &self,
        admitted: &Admitted<'_>,
        report: &Report<'_>,
        now: Timestamp,
    ) -> Result<(Scope, Caller), Stop> {
        let header = match admitted {
            Admitted::Bearer(key) => Some(*key),
            Admitted::Secret => None,
        };
        let offered = Offered { header, body: report.key.as_deref().map(str::as_bytes) };
        let key = offered.choose(Order::MustAgree).map_err(|_| Refusal::InvalidKey)?;
        let key = key.ok_or_else(|| Refusal::InvalidBody(KEY_MISSING.to_owned()))?;
        let holder = self.gate.authenticate(key, report.origin.as_deref(), now)?;
        let holder = holder.map_err(|_| Refusal::InvalidKey)?;
        if self.gate.status(holder.scope())? != Some(Status::Active) {
            return Err(Refusal::AccountInactive.into());
        }
        let caller = holder.caller().map_err(|_| Refusal::DomainNotAllowed)?;
        Ok((holder.scope(), caller))
    }

    /// The customer whose session it is; none without a token, where the host lets that pass.
    fn customer(
        &self,
        store: Scope,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Scope>, Stop> {
        let Some(token) = token else {
            return match self.settings.tokens {
                Tokens::Optional => Ok(None),
                Tokens::Required => Err(Refusal::InvalidSessionToken.into()),
            };
        };
        let session = self.sessions.verify(token, now);
        let session = session.map_err(|_| Refusal::InvalidSessionToken)?;
        let named = session.store.map_or(Ok(None), |store| self.gate.find(None, &store))?;
        if named != Some(store) {
            return Err(Refusal::TokenStoreMismatch.into());
        }
        let customer = self.gate.find(Some(store), &session.customer)?;
        customer.map(Some).ok_or_else(|| Refusal::InvalidSessionToken.into())
    }

    /// Takes a unit of quota and a credit, or neither, and tells what is left.
    fn debit(&self, caller: Caller, try_on: &TryOn) -> Result<Counters, Stop> {
        let TryOn { store, customer, at, .. } = *try_on;
        let path = [store, customer.unwrap_or(store)]; // a scope met twice counts once
        let costs = [Cost { feature: self.names.try_on, quantity: ONE }];
        let ask = Ask { caller, scopes: &path, costs: &costs, at, key: None };
        let mut heard = Heard { names: self.names, credits: None, quota: None };
        let verdict = self.gate.decide_with(&ask, at, &mut heard)?;
        match answer::refusal(&verdict, self.names.quota)? {
            Some(refusal) => Err(refusal.into()),
            None => {
                let credits = heard.credits.map_or_else(|| self.credits(try_on), Ok)?;
                Ok((credits, heard.quota))
            }
        }
    }

    /// What is left, with nothing taken.
    fn counters(&self, try_on: &TryOn) -> Result<Counters, Stop> {
        let standing = |customer| self.gate.standing(customer, QUOTA, try_on.at);
        let limit = try_on.customer.map(standing).transpose()?;
        Ok((self.credits(try_on)?, limit.as_ref().map(Quota::before)))
    }

    fn credits(&self, TryOn { store, at, .. }: &TryOn) -> Result<Quantity, GateError> {
        self.gate.usable(*store, CREDITS, *at)
    }
}

/// The store's credits and the customer's quota.
type Counters = (Quantity, Option<Quota>);

/// What a decision says of both counters, under the lock that it is made under.
struct Heard {
    names: Names,
    credits: Option<Quantity>,
    quota: Option<Quota>,
}

impl Observer for Heard {
    fn touched(&mut self, limit: &Binding, _: Outcome) {
        if limit.of.limit == self.names.quota {
            self.quota = Some(Quota::after(limit));
        }
    }

    fn debited(&mut self, debit: &Debit) {
        if debit.wallet == self.names.credits {
            self.credits = debit.usable.checked_sub(debit.amount);
        }
    }
}

/// Why a report goes no further.
enum Stop {
    Failed(TrackError),
    Refused(Refusal),
}

impl From<GateError> for Stop {
    fn from(error: GateError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<TrackError> for Stop {
    fn from(error: TrackError) -> Self {
        Self::Failed(error)
    }
}

const KEY_MISSING: &str = "`/api_key` is required: nothing else names the store";
