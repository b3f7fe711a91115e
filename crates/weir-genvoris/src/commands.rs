//! What does an operator say? Stores, their keys, customers and packs, as commands to the gate.

use serde_json::value::RawValue;
use weir::{CredentialTerms, GateError, ImportTerms, LotTerms, Quantity, Scope, Status, Timestamp};
use weir_core::ledger::Refused;
use weir_core::token::{self, Origins};
use weir_core::wallet::Kind;

use crate::customers;
use crate::documents::{self, Course, CustomerStatus, Span};
use crate::error::GenvorisError;
use crate::glue::{CREDITS, Genvoris, QUOTA, STORE};
use crate::plans;
use crate::shopper::Shopper;

/// Whether a store is in use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StoreStatus {
    /// It is.
    Active,
    /// It was stopped by the operator.
    Suspended,
}

/// What is on record about a key; by default it is active, for every domain.
#[derive(Clone, Debug, Default)]
pub struct Key {
    /// Whether it is good.
    pub status: KeyStatus,
    /// The domains that it may be used for; none listed for all.
    pub domains: Origins,
}

/// Whether a key is good.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum KeyStatus {
    /// It is.
    #[default]
    Active,
    /// It was switched off.
    Deactivated,
}

/// A plan that a store sells, as another system knows it.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What it allows in a period that opens from now on.
    pub monthly_try_ons: u32,
    /// What the store's billing calls it.
    pub external_price_id: Option<&'a str>,
    /// Whether it allows anything.
    pub active: bool,
    /// Whether it was taken off the list; its customers keep it.
    pub disabled: bool,
}

/// A customer of a store, as another system knows it.
#[derive(Clone, Copy, Debug)]
pub struct Customer<'a> {
    /// Its id, such as `ec_42`: what a session token's `sub` claims.
    pub id: &'a str,
    /// What the store calls it.
    pub external_id: &'a str,
    /// Its address.
    pub email: Option<&'a str>,
    /// Whether it may try on.
    pub status: CustomerStatus,
    /// Its plan's id, if it has one.
    pub plan: Option<&'a str>,
    /// A JSON object of the store's own.
    pub metadata: Option<&'a str>,
    /// What it used in the period that it is in.
    pub usage: Usage,
}

/// A customer's open period.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// What was used.
    pub used: u32,
    /// The quota that the period opened with.
    pub limit: u32,
    /// When it started.
    pub period_start: Timestamp,
    /// When it ends; the next periods follow on in equal steps.
    pub period_end: Timestamp,
}

/// Credits that a store bought.
#[derive(Clone, Copy, Debug)]
pub struct Pack<'a> {
    /// Its id, unique within the store.
    pub name: &'a str,
    /// How many are left in it.
    pub credits: u32,
    /// When it was bought.
    pub purchased: Timestamp,
    /// When it can be used no more; `None` for never.
    pub expires: Option<Timestamp>,
}

impl<E> Genvoris<E> {
    /// Adds a store, or says anew whether it is in use.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`] when the id is none.
    pub fn put_store(
        &self,
        id: &str,
        status: StoreStatus,
        now: Timestamp,
    ) -> Result<Scope, GateError> {
        let store = self.gate.open(None, id, Some(STORE), now)?;
        let status = match status {
            StoreStatus::Active => Status::Active,
            StoreStatus::Suspended => Status::Inactive,
        };
        self.gate.set_status(store, status, now)?;
        Ok(store)
    }

    /// Puts a store's key on record, or replaces what is on record about it. It is kept as a digest.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`] when it is not spelled like a key.
    pub fn put_key(
        &self,
        store: Scope,
        key: &[u8],
        Key { status, domains }: &Key,
        now: Timestamp,
    ) -> Result<(), GateError> {
        let catalog = self.gate.catalog()?;
        let presented = catalog.classes().classify(key).map_err(|_| Refused::Name)?;
        let class = catalog.classes().name(presented.class()).ok_or(Refused::UnknownName)?;
        let status = match status {
            KeyStatus::Active => token::Status::Active,
            KeyStatus::Deactivated => token::Status::Disabled,
        };
        let origins = domains.clone();
        let terms = CredentialTerms { class: class.as_str(), origins, status, expires: None };
        self.gate.enrol(store, key, &terms, now)
    }

    /// Puts a store's plan on record under an id, or replaces what is on record of it.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`] when the id is none.
    pub fn put_plan(
        &self,
        store: Scope,
        (id, plan): (&str, &Plan<'_>),
        now: Timestamp,
    ) -> Result<(), GenvorisError> {
        self.gate.transact(&self.gate.name(store)?, now, |desk| {
            let now = desk.now();
            let plan = documents::Plan {
                name: plan.name.to_owned(),
                monthly_try_ons: plan.monthly_try_ons,
                external_price_id: plan.external_price_id.map(str::to_owned),
                active: plan.active,
                disabled: plan.disabled,
                created: now,
                updated: now,
            };
            plans::put(desk, (store, id), &plan)
        })
    }

    /// Adds a customer in the middle of a period: all of it, or nothing. Its quota is the one that
    /// the period opened with, and its plan's from the next period on.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`] when the id is none, the customer was added before, or its period has
    /// not begun: that ends later than a whole one would from now. [`GenvorisError::Document`] when
    /// the store has no such plan, or `metadata` is no JSON.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::{Gate, Timestamp};
    /// use weir_genvoris::{Customer, CustomerStatus, Genvoris, Plan, Settings, StoreStatus, Usage};
    ///
    /// let now: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    /// let gate = Gate::in_memory()?;
    /// gate.install(include_bytes!("../../../examples/genvoris.json"), now)?;
    /// let genvoris = Genvoris::new(gate, Settings::default())?;
    /// let store = genvoris.put_store("shop", StoreStatus::Active, now)?;
    ///
    /// let (name, external_price_id, active, disabled) = ("Pro", None, true, false);
    /// let raised = Plan { name, monthly_try_ons: 200, external_price_id, active, disabled };
    /// genvoris.put_plan(store, ("pln_pro", &raised), now)?;
    /// let (period_start, period_end) = ("2025-12-22T00:00:00Z".parse()?, "2026-01-21T00:00:00Z".parse()?);
    /// let customer = Customer {
    ///     id: "ec_42",
    ///     external_id: "user_42",
    ///     email: None,
    ///     status: CustomerStatus::Active,
    ///     plan: Some("pln_pro"),
    ///     metadata: None,
    ///     usage: Usage { used: 32, limit: 100, period_start, period_end },
    /// };
    /// let scope = genvoris.add_customer(store, &customer, now)?;
    /// assert_eq!(genvoris.gate().standing(scope, "try-ons", now)?.capacity.to_string(), "100");
    ///
    /// assert!(genvoris.add_customer(store, &customer, now).is_err()); // it is there already
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_customer(
        &self,
        store: Scope,
        customer: &Customer<'_>,
        now: Timestamp,
    ) -> Result<Scope, GenvorisError> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let raw = owned(customer.metadata).map(RawValue::from_string).transpose();
        let metadata = raw.map_err(|_| GenvorisError::Document)?;
        let Usage { used, limit, period_start: start, period_end: end } = customer.usage;
        self.gate.transact(&self.gate.name(store)?, now, |desk| {
            let document = documents::Customer {
                email: owned(customer.email),
                plan: owned(customer.plan),
                status: customer.status,
                metadata,
                course: Course::new(Span { start, end }),
                ..documents::Customer::new(customer.external_id.to_owned(), desk.now())
            };
            let shopper = Shopper::open(desk, (store, customer.id), document)?;
            shopper.plan(desk)?;
            let units = |count| Quantity::from_units(i64::from(count));
            let (used, capacity) = (units(used), Some(units(limit)));
            let counted = ImportTerms { used, capacity, window_end: end, grant: None };
            desk.import(shopper.scope, QUOTA, &counted)?;
            customers::enter(desk, &shopper)?;
            Ok(shopper.scope)
        })
    }

    /// Adds a pack to a store's pool. Packs are drawn in the order in which they expire, then in
    /// that of purchase.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`] when the store has a pack of that name.
    pub fn add_pack(&self, store: Scope, pack: &Pack<'_>, now: Timestamp) -> Result<(), GateError> {
        let Pack { name, credits, purchased, expires } = *pack;
        let amount = Quantity::from_units(i64::from(credits));
        let lot = LotTerms { name, amount, kind: Kind::Paid, priority: 0, purchased, expires };
        self.gate.top_up(store, CREDITS, &lot, now)
    }
}
