//! Whom does a store serve? `GET` and `POST /api/v1/customers`, `GET`, `PATCH` and `DELETE` of one,
//! and its use.

use http::{Method, Response, StatusCode};
use serde::Serialize;
use serde_json::value::RawValue;
use weir::{Desk, Outcome, Scope, Status, Timestamp};

use crate::answer::{self, Quota, Refusal};
use crate::body::{self, Blank, Fields, Query, Sent, decoded};
use crate::documents::{
    self, CUSTOMERS, Customer, CustomerStatus, EXTERNAL, ORDER, PLANS, Plan, Span, Usage,
};
use crate::error::GenvorisError;
use crate::events::{Events, What};
use crate::glue::{Called, Genvoris, QUOTA, Stop};
use crate::plans::{self, PlanBody};
use crate::rates::Rated;
use crate::settings::Upsert;
use crate::shopper::Shopper;

/// A customer as the contract shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CustomerBody {
    id: String,
    external_id: String,
    email: Option<String>,
    #[serde(flatten)]
    plan: Held,
    status: CustomerStatus,
    metadata: Option<Box<RawValue>>,
    #[serde(flatten)]
    dates: Dates,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Vec<Row>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Held {
    plan_id: Option<String>,
    plan: Option<PlanBody>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dates {
    period_start: Timestamp,
    period_end: Timestamp,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl CustomerBody {
    fn new(id: &str, customer: Customer, plan: Option<Plan>) -> Self {
        let plan = customer.plan.as_deref().zip(plan).map(|(id, plan)| PlanBody::new(id, plan));
        let Span { start, end } = customer.course.period;
        Self {
            id: id.to_owned(),
            external_id: customer.external_id,
            email: customer.email,
            plan: Held { plan_id: customer.plan, plan },
            status: customer.status,
            metadata: customer.metadata,
            dates: Dates {
                period_start: start,
                period_end: end,
                created_at: customer.created,
                updated_at: customer.updated,
            },
            usage: None,
        }
    }

    fn of(desk: &Desk<'_>, shopper: Shopper) -> Result<Self, GenvorisError> {
        let plan = shopper.plan(desk)?;
        Ok(Self::new(&shopper.id, shopper.customer, plan))
    }
}

/// What was used in a period, as the contract shows it.
#[derive(Serialize)]
struct Row {
    period_start: Timestamp,
    period_end: Timestamp,
    used: i64,
    limit: i64,
}

impl From<&Usage> for Row {
    fn from(usage: &Usage) -> Self {
        let Usage { period: Span { start, end }, used, limit } = *usage;
        Self { period_start: start, period_end: end, used, limit }
    }
}

/// What a body says of a customer.
struct Said {
    external_id: Sent<String>,
    email: Sent<String>,
    plan: Sent<String>,
    status: Option<CustomerStatus>,
    metadata: Sent<String>,
    reset: bool,
}

impl Said {
    fn read(fields: &Fields<'_, '_>) -> Self {
        let status = fields.text("status").flatten();
        Self {
            external_id: fields.text("externalId"),
            email: fields.text("email"),
            plan: fields.text("planId"),
            status: status.and_then(|name| CustomerStatus::named(&name)),
            metadata: fields.object("metadata"),
            reset: fields.flag("resetPeriod") == Some(true),
        }
    }

    /// Puts on a customer what is said of it, and tells whether its plan is another one now.
    fn put_on(self, customer: &mut Customer, now: Timestamp) -> Result<PlanIs, GenvorisError> {
        let before = customer.plan.clone();
        if let Some(email) = self.email {
            customer.email = email;
        }
        if let Some(plan) = self.plan {
            customer.plan = plan;
        }
        if let Some(status) = self.status {
            customer.status = status;
        }
        if let Some(metadata) = self.metadata {
            let raw = metadata.map(RawValue::from_string).transpose();
            customer.metadata = raw.map_err(|_| GenvorisError::Document)?;
        }
        customer.updated = now;
        Ok(if customer.plan == before { PlanIs::Same } else { PlanIs::New })
    }
}

/// Whether a customer's plan was changed.
#[derive(Clone, Copy, Eq, PartialEq)]
enum PlanIs {
    New,
    Same,
}

impl<E: Events> Genvoris<E> {
    pub(crate) fn customers(
        &self,
        called: &Called<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Response<()>, Stop> {
        let store = self.caller(called)?;
        match *called.method() {
            Method::GET => {
                let wanted = Wanted::read(&Query::of(called.request))?;
                let now = called.arrival.now;
                let page = self.gate.transact(&store.name, now, |desk| page(desk, &wanted))?;
                Ok(answer::write(StatusCode::OK, &page, out))
            }
            Method::POST => {
                let catalog = self.gate.catalog()?;
                let said = body::read(&catalog, ("customer", called.body()), Said::read)?;
                let (now, mut told) = (called.arrival.now, Vec::new());
                let (status, made) = self.gate.transact(&store.name, now, |desk| {
                    if let Some(Some(plan)) = &said.plan {
                        plans::own(desk, plan)?;
                    }
                    let name = said.external_id.clone().flatten().unwrap_or_default();
                    match desk.note(EXTERNAL, name.as_bytes()) {
                        Some(id) => {
                            let id = String::from_utf8_lossy(id).into_owned();
                            let made = self.again(desk, (store.scope, &id), said, &mut told)?;
                            Ok((StatusCode::OK, made))
                        }
                        None => {
                            self.within_rate(desk, &store, Rated::Creation)?;
                            let id = format!("ec_{}", called.arrival.digits());
                            let made = create(desk, (store.scope, &id), said, &mut told)?;
                            Ok::<_, Stop>((StatusCode::CREATED, made))
                        }
                    }
                })?;
                self.tell(&store.name, called.arrival, told);
                Ok(answer::write(status, &made, out))
            }
            _ => Err(Refusal::MethodNotAllowed("GET, POST").into()),
        }
    }

    /// Says something of a customer that the store has.
    fn again(
        &self,
        desk: &mut Desk<'_>,
        (store, id): (Scope, &str),
        said: Said,
        told: &mut Vec<What>,
    ) -> Result<CustomerBody, Stop> {
        let mut shopper = Shopper::find(desk, (store, id))?.ok_or(GenvorisError::Document)?;
        let anew = said.reset || self.settings.upsert == Upsert::Always;
        if !anew {
            shopper.roll(desk, told)?;
        }
        change(desk, &mut shopper, (said, anew), told)?;
        Ok(CustomerBody::of(desk, shopper)?)
    }

    pub(crate) fn customer(
        &self,
        id: &str,
        called: &Called<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Response<()>, Stop> {
        let store = self.caller(called)?;
        let (now, mut told) = (called.arrival.now, Vec::new());
        let id = decoded(id, Blank::Percent);
        let named = (store.scope, &*id);
        let response = match *called.method() {
            Method::GET => {
                let body = self.gate.transact(&store.name, now, |desk| {
                    let shopper = Shopper::named(desk, named, &mut told)?;
                    let rows =
                        shopper.customer.course.history.iter().take(USAGE_MAX).map(Row::from);
                    let usage = Some(rows.collect());
                    Ok::<_, Stop>(CustomerBody { usage, ..CustomerBody::of(desk, shopper)? })
                })?;
                answer::write(StatusCode::OK, &body, out)
            }
            Method::PATCH => {
                let catalog = self.gate.catalog()?;
                let said = body::read(&catalog, ("customer.change", called.body()), Said::read)?;
                let body = self.gate.transact(&store.name, now, |desk| {
                    let mut shopper = Shopper::named(desk, named, &mut told)?;
                    if let Some(Some(plan)) = &said.plan {
                        plans::own(desk, plan)?;
                    }
                    let reset = said.reset;
                    change(desk, &mut shopper, (said, reset), &mut told)?;
                    Ok::<_, Stop>(CustomerBody::of(desk, shopper)?)
                })?;
                answer::write(StatusCode::OK, &body, out)
            }
            Method::DELETE => {
                self.gate.transact(&store.name, now, |desk| {
                    let mut shopper = Shopper::named(desk, named, &mut told)?;
                    if shopper.customer.status != CustomerStatus::Cancelled {
                        shopper.customer.status = CustomerStatus::Cancelled;
                        shopper.customer.updated = desk.now();
                        shopper.keep(desk)?;
                        told.push(What::CustomerCancelled(shopper.data()));
                    }
                    Ok::<_, Stop>(())
                })?;
                answer::empty(out)
            }
            _ => return Err(Refusal::MethodNotAllowed("GET, PATCH, DELETE").into()),
        };
        self.tell(&store.name, called.arrival, told);
        Ok(response)
    }

    pub(crate) fn usage(
        &self,
        id: &str,
        called: &Called<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Response<()>, Stop> {
        let store = self.caller(called)?;
        if *called.method() != Method::GET {
            return Err(Refusal::MethodNotAllowed("GET").into());
        }
        let (now, mut told) = (called.arrival.now, Vec::new());
        let id = decoded(id, Blank::Percent);
        let (shopper, plan) = self.gate.transact(&store.name, now, |desk| {
            let shopper = Shopper::named(desk, (store.scope, &id), &mut told)?;
            let plan = shopper.plan(desk)?;
            Ok::<_, Stop>((shopper, plan))
        })?;
        self.tell(&store.name, called.arrival, told);
        let access = self.gate.access(shopper.scope, QUOTA, now)?;
        let mut scopes = vec![shopper.scope];
        let plan_scope = shopper.customer.plan.as_deref();
        let plan_scope = plan_scope.map(|plan| self.gate.find(Some(store.scope), plan));
        scopes.extend(plan_scope.transpose()?.flatten());
        let mut ok = access.outcome == Outcome::Allowed;
        for scope in scopes {
            ok &= self.gate.status(scope)? == Some(Status::Active);
        }
        let Shopper { id, customer, .. } = shopper;
        let data = Used {
            customer_id: id,
            plan: customer.plan.as_ref().zip(plan).map(|(id, plan)| Sold {
                id: id.clone(),
                name: plan.name,
                monthly_try_ons: plan.monthly_try_ons,
            }),
            status: customer.status,
            period_start: customer.course.period.start,
            period_end: customer.course.period.end,
            current: Current { quota: Quota::before(&access.binding), ok },
            history: customer.course.history.iter().map(Row::from).collect(),
            external_id: customer.external_id,
        };
        Ok(answer::write(StatusCode::OK, &Wrapped { data }, out))
    }
}

/// Says something of a customer, and opens its period anew where that is asked for.
fn change(
    desk: &mut Desk<'_>,
    shopper: &mut Shopper,
    (said, anew): (Said, bool),
    told: &mut Vec<What>,
) -> Result<(), GenvorisError> {
    let now = desk.now();
    let plan = said.put_on(&mut shopper.customer, now)?;
    if anew {
        shopper.start(desk, now)?;
    } else if plan == PlanIs::New {
        shopper.requote(desk)?;
    }
    shopper.keep(desk)?;
    told.push(What::CustomerUpdated(shopper.data()));
    if plan == PlanIs::New {
        told.push(What::PlanChanged(shopper.data()));
    }
    Ok(())
}

/// Puts a new customer on record: its scope, its first period and its documents.
fn create(
    desk: &mut Desk<'_>,
    (store, id): (Scope, &str),
    said: Said,
    told: &mut Vec<What>,
) -> Result<CustomerBody, Stop> {
    let now = desk.now();
    let mut customer = Customer::new(said.external_id.clone().flatten().unwrap_or_default(), now);
    said.put_on(&mut customer, now)?;
    let mut shopper = Shopper::open(desk, (store, id), customer)?;
    shopper.start(desk, now)?;
    enter(desk, &shopper)?;
    told.push(What::CustomerCreated(shopper.data()));
    Ok(CustomerBody::of(desk, shopper)?)
}

/// Keeps a new customer's documents, so that it is found by name and in lists.
pub(crate) fn enter(desk: &mut Desk<'_>, shopper: &Shopper) -> Result<(), GenvorisError> {
    let Shopper { id, customer, .. } = shopper;
    desk.put_note((EXTERNAL, customer.external_id.as_bytes()), Some(id.as_bytes()));
    desk.put_note((ORDER, &place(customer.created, id)), Some(b""));
    shopper.keep(desk)
}

/// Where a customer stands in lists: by when it was created, then by id.
fn place(created: Timestamp, id: &str) -> Vec<u8> {
    let at = created.as_millis().wrapping_sub(i64::MIN).to_be_bytes(); // negative ones come first
    [&at[..], id.as_bytes()].concat()
}

/// What a list is to show.
struct Wanted {
    status: Option<CustomerStatus>,
    external_id: Option<String>,
    limit: usize,
    cursor: Option<String>,
}

impl Wanted {
    fn read(query: &Query<'_>) -> Result<Self, Refusal> {
        let wrong = |what: &str| Refusal::InvalidBody(format!("`{what}` is none that can be"));
        let status = query.get("status").map(|name| CustomerStatus::named(&name));
        let limit = query.get("limit").map(|text| text.parse::<i64>().ok());
        let limit = limit.map_or(Ok(LIMIT), |limit| limit.ok_or_else(|| wrong("limit")))?;
        Ok(Self {
            status: status.map(|known| known.ok_or_else(|| wrong("status"))).transpose()?,
            external_id: query.get("externalId").map(String::from),
            limit: usize::try_from(limit.clamp(1, LIMIT_MAX)).unwrap_or(1),
            cursor: query.get("cursor").map(String::from),
        })
    }

    fn shows(&self, customer: &Customer) -> bool {
        self.status.is_none_or(|status| status == customer.status)
            && self.external_id.as_ref().is_none_or(|name| *name == customer.external_id)
    }
}

#[derive(Serialize)]
struct Page {
    data: Vec<CustomerBody>,
    next_cursor: Option<String>,
}

/// The customers that come after the cursor, as many as are wanted.
fn page(desk: &Desk<'_>, wanted: &Wanted) -> Result<Page, Stop> {
    let after = match &wanted.cursor {
        None => Vec::new(),
        Some(id) => {
            let last = documents::read::<Customer>(desk, (CUSTOMERS, id))?;
            let last = last.ok_or_else(|| Refusal::InvalidBody(CURSOR_UNKNOWN.to_owned()))?;
            place(last.created, id)
        }
    };
    let mut data: Vec<CustomerBody> = Vec::new();
    for (key, _) in desk.notes(ORDER, &after) {
        let id = String::from_utf8_lossy(key.get(8..).unwrap_or_default());
        let customer = documents::read::<Customer>(desk, (CUSTOMERS, &id))?;
        let Some(customer) = customer.filter(|customer| wanted.shows(customer)) else { continue };
        if data.len() == wanted.limit {
            let next_cursor = data.last().map(|last| last.id.clone());
            return Ok(Page { data, next_cursor });
        }
        let plan = customer.plan.as_deref();
        let plan = plan.map(|plan| documents::read::<Plan>(desk, (PLANS, plan))).transpose()?;
        data.push(CustomerBody::new(&id, customer, plan.flatten()));
    }
    Ok(Page { data, next_cursor: None })
}

#[derive(Serialize)]
struct Wrapped<T> {
    data: T,
}

/// A customer's use, as the contract shows it.
#[derive(Serialize)]
struct Used {
    customer_id: String,
    external_id: String,
    plan: Option<Sold>,
    status: CustomerStatus,
    period_start: Timestamp,
    period_end: Timestamp,
    current: Current,
    history: Vec<Row>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sold {
    id: String,
    name: String,
    monthly_try_ons: u32,
}

#[derive(Serialize)]
struct Current {
    #[serde(flatten)]
    quota: Quota,
    ok: bool,
}

const CURSOR_UNKNOWN: &str = "`cursor` is none that a page before this one gave";
const LIMIT: i64 = 50;
const LIMIT_MAX: i64 = 200;
/// How many periods one customer's answer shows; its use shows all that are on record.
const USAGE_MAX: usize = 12;
