//! How does a customer stand? Its document, its period and what it used, read and changed together.
//!
//! A period's quota is its plan's at the instant when it opens: the ledger keeps it with the count,
//! under a limit whose own capacity is nothing, so that a period that nobody opened allows nothing.

use weir::{Desk, ImportTerms, Quantity, Scope, Status, Timestamp};

use crate::answer::Refusal;
use crate::documents::{self, CUSTOMERS, Customer, CustomerStatus, PLANS, Plan, Span, Usage};
use crate::error::GenvorisError;
use crate::events::{CustomerData, What};
use crate::glue::{QUOTA, SHOPPER, Stop};

/// A customer under the store's lock.
pub(crate) struct Shopper {
    pub(crate) id: String,
    pub(crate) scope: Scope,
    pub(crate) customer: Customer,
    /// In the period that is open.
    pub(crate) used: Quantity,
    pub(crate) limit: Quantity,
}

impl Shopper {
    /// A new one, whose first period opens now; its documents are not kept yet.
    pub(crate) fn open(
        desk: &mut Desk<'_>,
        (store, id): (Scope, &str),
        customer: Customer,
    ) -> Result<Self, GenvorisError> {
        let scope = desk.open(Some(store), id, Some(SHOPPER))?;
        let (id, none) = (id.to_owned(), Quantity::ZERO);
        Ok(Self { id, scope, customer, used: none, limit: none })
    }

    /// The one of this id, if the store has it.
    pub(crate) fn find(
        desk: &Desk<'_>,
        (store, id): (Scope, &str),
    ) -> Result<Option<Self>, GenvorisError> {
        let Some(customer) = documents::read::<Customer>(desk, (CUSTOMERS, id))? else {
            return Ok(None);
        };
        let Some(scope) = desk.find(Some(store), id) else {
            return Err(GenvorisError::Document);
        };
        let counted = desk.counted(scope, QUOTA, customer.course.period.end)?;
        let (used, limit) = counted.unwrap_or((Quantity::ZERO, Quantity::ZERO));
        Ok(Some(Self { id: id.to_owned(), scope, customer, used, limit }))
    }

    /// The one that a path names, by its id or by what the store calls it, in the period that is open
    /// now.
    pub(crate) fn named(
        desk: &mut Desk<'_>,
        (store, name): (Scope, &str),
        told: &mut Vec<What>,
    ) -> Result<Self, Stop> {
        let mut found = Self::find(desk, (store, name))?;
        if found.is_none()
            && let Some(id) = desk.note(documents::EXTERNAL, name.as_bytes())
        {
            let id = String::from_utf8_lossy(id).into_owned();
            found = Self::find(desk, (store, &id))?;
        }
        let mut shopper = found.ok_or(Refusal::NotFound("the store has no customer of this id"))?;
        shopper.roll(desk, told)?;
        Ok(shopper)
    }

    /// Opens the period of now where the one on record is over; whole periods may lie between.
    pub(crate) fn roll(
        &mut self,
        desk: &mut Desk<'_>,
        told: &mut Vec<What>,
    ) -> Result<(), GenvorisError> {
        let end = self.customer.course.period.end;
        if desk.now() < end {
            return Ok(());
        }
        self.start(desk, end)?;
        self.keep(desk)?;
        told.push(What::PeriodRolled(self.data()));
        Ok(())
    }

    /// Opens a period, of those that would start at `anchor`, with what the plan allows now.
    pub(crate) fn start(
        &mut self,
        desk: &mut Desk<'_>,
        anchor: Timestamp,
    ) -> Result<(), GenvorisError> {
        let before = self.customer.course.period;
        if let Some((used, limit)) = desk.counted(self.scope, QUOTA, before.end)? {
            let units = |amount: Quantity| amount.as_units().unwrap_or(i64::MAX);
            let past = Usage { period: before, used: units(used), limit: units(limit) };
            self.customer.course.history.insert(0, past);
            self.customer.course.history.truncate(HISTORY_MAX);
        }
        let period = desk.period(SHOPPER, QUOTA, anchor)?;
        self.customer.course.period = Span { start: period.start, end: period.end };
        self.count(desk, Quantity::ZERO)
    }

    /// Takes the plan's quota for the period that is open; what was used of it stays used.
    pub(crate) fn requote(&mut self, desk: &mut Desk<'_>) -> Result<(), GenvorisError> {
        self.count(desk, self.used)
    }

    fn count(&mut self, desk: &mut Desk<'_>, used: Quantity) -> Result<(), GenvorisError> {
        let plan = self.plan(desk)?.map_or(0, |plan| plan.monthly_try_ons);
        (self.used, self.limit) = (used, Quantity::from_units(plan.into()));
        let window_end = self.customer.course.period.end;
        let counted = ImportTerms { used, capacity: Some(self.limit), window_end, grant: None };
        Ok(desk.import(self.scope, QUOTA, &counted)?)
    }

    /// Its plan, if it has one.
    pub(crate) fn plan(&self, desk: &Desk<'_>) -> Result<Option<Plan>, GenvorisError> {
        let Some(id) = &self.customer.plan else { return Ok(None) };
        let plan = documents::read::<Plan>(desk, (PLANS, id))?;
        plan.map(Some).ok_or(GenvorisError::Document)
    }

    /// Plans to keep what was changed.
    pub(crate) fn keep(&self, desk: &mut Desk<'_>) -> Result<(), GenvorisError> {
        desk.set_status(
            self.scope,
            match (self.customer.status, &self.customer.plan) {
                (CustomerStatus::Active, Some(_)) => Status::Active,
                (CustomerStatus::Active, None) => Status::NoPlan,
                (CustomerStatus::Cancelled, _) => Status::Cancelled,
                (CustomerStatus::Paused, _) => Status::Paused,
            },
        );
        documents::keep(desk, (CUSTOMERS, &self.id), &self.customer)
    }

    /// What a store is told of it.
    pub(crate) fn data(&self) -> CustomerData {
        CustomerData {
            customer_id: self.id.clone(),
            external_id: self.customer.external_id.clone(),
            plan_id: self.customer.plan.clone(),
            status: self.customer.status.name(),
            period_start: self.customer.course.period.start,
            period_end: self.customer.course.period.end,
            used: self.used.as_units(),
            limit: self.limit.as_units(),
        }
    }
}

/// The most periods on record before the one that is open.
const HISTORY_MAX: usize = 24;
