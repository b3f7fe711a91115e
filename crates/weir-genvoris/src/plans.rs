//! What does a store sell? `GET` and `POST /api/v1/plans`, `GET`, `PATCH` and `DELETE` of one.

use http::{Method, Response, StatusCode};
use serde::Serialize;
use weir::{Desk, Scope, Status, Timestamp};

use crate::answer::{self, Refusal};
use crate::body::{self, Fields, Query, Sent};
use crate::documents::{self, PLANS, Plan};
use crate::error::GenvorisError;
use crate::events::{Events, What};
use crate::glue::{Called, Genvoris, Stop};

/// A plan as the contract shows it.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanBody {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) monthly_try_ons: u32,
    external_price_id: Option<String>,
    pub(crate) active: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl PlanBody {
    pub(crate) fn new(id: &str, plan: Plan) -> Self {
        Self {
            id: id.to_owned(),
            name: plan.name,
            monthly_try_ons: plan.monthly_try_ons,
            external_price_id: plan.external_price_id,
            active: plan.active && !plan.disabled,
            created_at: plan.created,
            updated_at: plan.updated,
        }
    }
}

/// What a body says of a plan.
struct Said {
    name: Sent<String>,
    monthly_try_ons: Option<i64>,
    external_price_id: Sent<String>,
    active: Option<bool>,
}

impl Said {
    fn read(fields: &Fields<'_, '_>) -> Self {
        Self {
            name: fields.text("name"),
            monthly_try_ons: fields.number("monthlyTryOns"),
            external_price_id: fields.text("externalPriceId"),
            active: fields.flag("active"),
        }
    }

    fn put_on(self, plan: &mut Plan, now: Timestamp) {
        if let Some(Some(name)) = self.name {
            plan.name = name;
        }
        if let Some(quota) = self.monthly_try_ons.and_then(|quota| u32::try_from(quota).ok()) {
            plan.monthly_try_ons = quota;
        }
        if let Some(price) = self.external_price_id {
            plan.external_price_id = price;
        }
        if let Some(active) = self.active {
            plan.active = active;
            plan.disabled &= !active; // said to be active again, it is on the list again
        }
        plan.updated = now;
    }
}

impl<E: Events> Genvoris<E> {
    pub(crate) fn plans(
        &self,
        called: &Called<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Response<()>, Stop> {
        let store = self.caller(called)?;
        match *called.method() {
            Method::GET => {
                let query = Query::of(called.request);
                let given = ["include_inactive", "includeInactive"];
                let all = given.iter().any(|name| query.get(name).as_deref() == Some("true"));
                let data = self.listed(&store.name, called.arrival.now)?;
                let shown = data.into_iter().filter(|plan| all || plan.active);
                let page = Listed { data: shown.collect::<Vec<_>>() };
                Ok(answer::write(StatusCode::OK, &page, out))
            }
            Method::POST => {
                let catalog = self.gate.catalog()?;
                let said = body::read(&catalog, ("plan", called.body()), Said::read)?;
                let id = format!("pln_{}", called.arrival.digits());
                let now = called.arrival.now;
                let made = self.gate.transact(&store.name, now, |desk| {
                    let mut plan = Plan::new(desk.now());
                    said.put_on(&mut plan, desk.now());
                    put(desk, (store.scope, &id), &plan)?;
                    Ok::<_, Stop>(PlanBody::new(&id, plan))
                })?;
                self.tell(
                    &store.name,
                    called.arrival,
                    vec![What::PlanCreated(made.clone().into())],
                );
                Ok(answer::write(StatusCode::CREATED, &made, out))
            }
            _ => Err(Refusal::MethodNotAllowed("GET, POST").into()),
        }
    }

    pub(crate) fn plan(
        &self,
        id: &str,
        called: &Called<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Response<()>, Stop> {
        let store = self.caller(called)?;
        let now = called.arrival.now;
        let known = |desk: &Desk<'_>| {
            let plan = documents::read::<Plan>(desk, (PLANS, id))?;
            plan.ok_or_else(|| Stop::from(Refusal::NotFound("the store has no plan of this id")))
        };
        match *called.method() {
            Method::GET => {
                let plan = self.gate.transact(&store.name, now, |desk| known(desk))?;
                Ok(answer::write(StatusCode::OK, &PlanBody::new(id, plan), out))
            }
            Method::PATCH => {
                let catalog = self.gate.catalog()?;
                let said = body::read(&catalog, ("plan.change", called.body()), Said::read)?;
                let plan = self.gate.transact(&store.name, now, |desk| {
                    let mut plan = known(desk)?;
                    said.put_on(&mut plan, desk.now());
                    put(desk, (store.scope, id), &plan)?;
                    Ok::<_, Stop>(PlanBody::new(id, plan))
                })?;
                self.tell(
                    &store.name,
                    called.arrival,
                    vec![What::PlanUpdated(plan.clone().into())],
                );
                Ok(answer::write(StatusCode::OK, &plan, out))
            }
            Method::DELETE => {
                let plan = self.gate.transact(&store.name, now, |desk| {
                    let mut plan = known(desk)?;
                    (plan.disabled, plan.updated) = (true, desk.now());
                    put(desk, (store.scope, id), &plan)?;
                    Ok::<_, Stop>(PlanBody::new(id, plan))
                })?;
                self.tell(&store.name, called.arrival, vec![What::PlanDisabled(plan.into())]);
                Ok(answer::empty(out))
            }
            _ => Err(Refusal::MethodNotAllowed("GET, PATCH, DELETE").into()),
        }
    }

    fn listed(&self, store: &str, now: Timestamp) -> Result<Vec<PlanBody>, Stop> {
        self.gate.transact(store, now, |desk| {
            let body = |(id, note): (&[u8], &[u8])| {
                let plan = documents::parse::<Plan>(note)?;
                Ok(PlanBody::new(&String::from_utf8_lossy(id), plan))
            };
            desk.notes(PLANS, b"").map(body).collect::<Result<_, Stop>>()
        })
    }
}

#[derive(Serialize)]
struct Listed {
    data: Vec<PlanBody>,
}

/// Puts a plan on record. It is a scope of the store too: where it is not active, no customer that
/// has it may try on.
pub(crate) fn put(
    desk: &mut Desk<'_>,
    (store, id): (Scope, &str),
    plan: &Plan,
) -> Result<(), GenvorisError> {
    let scope = match desk.find(Some(store), id) {
        Some(scope) => scope,
        None => desk.open(Some(store), id, None)?,
    };
    desk.set_status(scope, if plan.active { Status::Active } else { Status::NoPlan });
    documents::keep(desk, (PLANS, id), plan)
}

/// The plan of a store that a body names.
pub(crate) fn own(desk: &Desk<'_>, id: &str) -> Result<Plan, Stop> {
    documents::read::<Plan>(desk, (PLANS, id))?.ok_or_else(|| Refusal::PlanNotFound.into())
}
