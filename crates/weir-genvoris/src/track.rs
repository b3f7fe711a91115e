//! Does this try-on count? `POST /api/tryon/track`: one check after the other, then one verdict.

use http::{Response, StatusCode};
use weir::{
    Ask, Binding, Caller, Cost, Debit, Desk, Observer, Outcome, Quantity, Scope, Status, Warning,
};
use weir_core::id::{LimitId, ScopeId};
use weir_core::token::{Offered, Order};

use crate::answer::{self, Accepted, Quota, Refusal, Shortage};
use crate::error::GenvorisError;
use crate::events::{Events, QuotaData, Threshold, TryOn, What};
use crate::extract::{Admitted, Ending, ONE, Report, admit};
use crate::glue::{CREDITS, Called, Genvoris, Names, QUOTA, SCHEMA, Stop};
use crate::jwt::{self, Session};
use crate::sessions::is_revoked;
use crate::settings::Tokens;
use crate::shopper::Shopper;

impl<E: Events> Genvoris<E> {
    pub(crate) fn track(
        &self,
        called: &Called<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Response<()>, GenvorisError> {
        match self.report(called) {
            Ok(accepted) => Ok(answer::write(StatusCode::OK, &accepted, out)),
            Err(Stop::Refused(refusal)) => Ok(answer::refused(&refusal, out)),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    fn report(&self, called: &Called<'_>) -> Result<Accepted, Stop> {
        let admitted = admit(called.request.headers(), &self.settings.transport)?;
        let catalog = self.gate.catalog()?;
        let schema =
            catalog.schema(SCHEMA).ok_or_else(|| GenvorisError::missing("schema", SCHEMA))?;
        let report = Report::read(schema, called.body())?;
        let (store, caller) = self.reporter(&admitted, &report, called)?;
        let name = self.gate.name(store)?;
        let session = self.session(&name, report.token.as_deref(), called)?;
        let mut told = Vec::new();
        let tried = self.gate.transact(&name, called.arrival.now, |desk| {
            let mut shopper = match &session {
                None => None,
                Some(session) => Some(bearer(desk, (store, session))?),
            };
            if let Some(shopper) = &mut shopper {
                shopper.roll(desk, &mut told)?;
            }
            match report.ending {
                Ending::Failed => Ok::<_, Stop>(Tried { shopper, verdict: None }),
                Ending::Completed => self.debit(desk, (store, caller), shopper),
            }
        });
        let counted =
            tried.and_then(|tried| self.outcome((store, &report), tried, called, &mut told));
        self.tell(&name, called.arrival, told);
        counted
    }

    /// The store whose key it is, and the proof of that.
    fn reporter(
        &self,
        admitted: &Admitted<'_>,
        report: &Report<'_>,
        called: &Called<'_>,
    ) -> Result<(Scope, Caller), Stop> {
        let header = match admitted {
            Admitted::Bearer(key) => Some(*key),
            Admitted::Secret => None,
        };
        let offered = Offered { header, body: report.key.as_deref().map(str::as_bytes) };
        let key = offered.choose(Order::MustAgree).map_err(|_| Refusal::InvalidKey)?;
        let key = key.ok_or_else(|| Refusal::InvalidBody(KEY_MISSING.to_owned()))?;
        let holder = self.gate.authenticate(key, report.origin.as_deref(), called.arrival.now)?;
        let holder = holder.map_err(|_| Refusal::InvalidKey)?;
        if self.gate.status(holder.scope())? != Some(Status::Active) {
            return Err(Refusal::AccountInactive.into());
        }
        let caller = holder.caller().map_err(|_| Refusal::DomainNotAllowed)?;
        Ok((holder.scope(), caller))
    }

    /// The session that a report names; none without a token, where the host lets that pass.
    fn session(
        &self,
        store: &str,
        token: Option<&str>,
        called: &Called<'_>,
    ) -> Result<Option<Session>, Stop> {
        let Some(token) = token else {
            return match self.settings.tokens {
                Tokens::Optional => Ok(None),
                Tokens::Required => Err(Refusal::InvalidSessionToken.into()),
            };
        };
        let session = jwt::verify(&self.keys, token, called.arrival.now);
        let session = session.ok_or(Refusal::InvalidSessionToken)?;
        if session.store.as_deref() != Some(store) {
            return Err(Refusal::TokenStoreMismatch.into());
        }
        Ok(Some(session))
    }

    /// Takes a unit of quota and a credit, or neither.
    fn debit(
        &self,
        desk: &mut Desk<'_>,
        (store, caller): (Scope, Caller),
        shopper: Option<Shopper>,
    ) -> Result<Tried, Stop> {
        let mut path = vec![store];
        if let Some(Shopper { scope, customer, .. }) = &shopper {
            path.push(*scope);
            path.extend(customer.plan.as_deref().and_then(|plan| desk.find(Some(store), plan)));
        }
        let costs = [Cost { feature: self.names.try_on, quantity: ONE }];
        let ask = Ask { caller, scopes: &path, costs: &costs, at: desk.now(), key: None };
        let mut heard = Heard { names: self.names, credits: None, quota: None, warned: false };
        let verdict = desk.decide(&ask, &mut heard)?;
        let refusal = answer::refusal(&verdict, self.names.quota, desk.now())?;
        let Heard { credits, quota: limit, warned, .. } = heard;
        let quota = limit.as_ref().map(Quota::after);
        let told = shopper.as_ref().zip(quota).filter(|_| warned);
        let warned = told.map(|(shopper, quota)| {
            What::QuotaWarning(told_of(shopper, quota, Threshold::FourFifths))
        });
        Ok(Tried { shopper, verdict: Some(Counted { refusal, credits, quota, warned }) })
    }

    /// What came of a try-on: what is answered, and what is told.
    fn outcome(
        &self,
        (store, report): (Scope, &Report<'_>),
        Tried { shopper, verdict }: Tried,
        called: &Called<'_>,
        told: &mut Vec<What>,
    ) -> Result<Accepted, Stop> {
        let now = called.arrival.now;
        let (credits, quota, completed) = match verdict {
            None => {
                let standing = shopper.as_ref().map(|it| self.gate.standing(it.scope, QUOTA, now));
                (None, standing.transpose()?.as_ref().map(Quota::before), false)
            }
            Some(Counted { refusal: Some(refusal), .. }) => {
                if let (Refusal::Quota(Shortage::Exhausted(quota)), Some(shopper)) =
                    (&refusal, &shopper)
                {
                    let data = told_of(shopper, *quota, Threshold::All);
                    told.push(What::QuotaExhausted(data));
                }
                return Err(refusal.into());
            }
            Some(Counted { credits, quota, warned, .. }) => {
                told.extend(warned);
                (credits, quota, true)
            }
        };
        let credits = credits.map_or_else(|| self.gate.usable(store, CREDITS, now), Ok)?;
        let variations = report.variation_count;
        let named = shopper.map(|it| (it.id, it.customer.external_id)).unzip();
        let (customer_id, external_id) = named;
        let (variation_count, remaining_credits) = (variations.as_units(), credits.as_units());
        let data = TryOn { customer_id, external_id, variation_count, remaining_credits };
        let what = if completed { What::TryOnCompleted(data) } else { What::TryOnFailed(data) };
        let first = told.iter().position(|what| matches!(what, What::QuotaWarning(_)));
        told.insert(first.unwrap_or(told.len()), what);
        Ok(Accepted::new(credits, variations, quota))
    }
}

/// The customer whose session it is.
fn bearer(desk: &Desk<'_>, (store, session): (Scope, &Session)) -> Result<Shopper, Stop> {
    if is_revoked(desk, &session.id) {
        return Err(Refusal::InvalidSessionToken.into());
    }
    let shopper = Shopper::find(desk, (store, &session.customer))?;
    shopper.ok_or_else(|| Refusal::InvalidSessionToken.into())
}

fn told_of(shopper: &Shopper, quota: Quota, threshold: Threshold) -> QuotaData {
    let Quota { used, limit, remaining } = quota;
    QuotaData {
        customer_id: shopper.id.clone(),
        external_id: shopper.customer.external_id.clone(),
        plan_id: shopper.customer.plan.clone(),
        used,
        limit,
        remaining,
        threshold,
    }
}

/// A try-on at the desk.
struct Tried {
    shopper: Option<Shopper>,
    /// `None` when nothing was to be taken.
    verdict: Option<Counted>,
}

/// What the verdict says, and what is to be told of it.
struct Counted {
    refusal: Option<Refusal>,
    credits: Option<Quantity>,
    quota: Option<Quota>,
    warned: Option<What>,
}

/// What a decision says of both counters, under the lock that it is made under.
struct Heard {
    names: Names,
    credits: Option<Quantity>,
    quota: Option<Binding>,
    /// Whether four fifths of the quota are used, for the first time in the period.
    warned: bool,
}

impl Observer for Heard {
    fn touched(&mut self, limit: &Binding, _: Outcome) {
        if limit.of.limit == self.names.quota {
            self.quota = Some(*limit);
        }
    }

    fn warned(&mut self, (_, limit): (ScopeId, LimitId), warning: Warning) {
        self.warned |= (limit, warning) == (self.names.quota, Warning::Reached(80));
    }

    fn debited(&mut self, debit: &Debit) {
        if debit.wallet == self.names.credits {
            self.credits = debit.usable.checked_sub(debit.amount);
        }
    }
}

const KEY_MISSING: &str = "`/api_key` is required: nothing else names the store";
