//! What does an operator say? Stores, their keys, customers and packs, as commands to the gate.

use weir::{
    CredentialTerms, GateError, GrantTerms, ImportTerms, LotTerms, Quantity, Scope, Status,
    Timestamp,
};
use weir_core::ledger::Refused;
use weir_core::token::{self, Origins};
use weir_core::wallet::Kind;

use crate::glue::{CREDITS, Genvoris, QUOTA, SHOPPER, STORE};

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

/// A customer of a store, as another system knows it.
#[derive(Clone, Copy, Debug)]
pub struct Customer<'a> {
    /// Its id, such as `ec_42`: what a session token's `sub` claims.
    pub id: &'a str,
    /// Whether it may try on.
    pub status: CustomerStatus,
    /// Its plan, if it has one.
    pub plan: Option<Plan>,
    /// What it used in the period that it is in.
    pub usage: Usage,
}

/// Whether a customer may try on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CustomerStatus {
    /// It may, as far as its plan goes.
    Active,
    /// It has ended; what it used is kept.
    Cancelled,
    /// It is stopped for a while.
    Paused,
}

/// A store's plan, as far as it counts here.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What it allows in a period that opens from now on.
    pub monthly_try_ons: u32,
    /// Whether it allows anything. A plan that was only taken off the list still does.
    pub active: bool,
}

/// A customer's open period.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// What was used.
    pub used: u32,
    /// The quota that the period opened with.
    pub limit: u32,
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

impl<S, E> Genvoris<S, E> {
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

    /// Adds a customer in the middle of a period. Its quota is the one that the period opened with,
    /// and its plan's from the next period on.
    ///
    /// # Errors
    ///
    /// [`GateError::Refused`] when the id is none, the customer was added before, or its period has
    /// not begun: that ends later than a whole one would from now.
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
    /// let raised = Plan { monthly_try_ons: 200, active: true };
    /// let period_end = "2026-01-21T00:00:00Z".parse()?;
    /// let usage = Usage { used: 32, limit: 100, period_end };
    /// let status = CustomerStatus::Active;
    /// let customer = Customer { id: "ec_42", status, plan: Some(raised), usage };
    /// let scope = genvoris.add_customer(store, &customer, now)?;
    /// let limit = |at| Ok::<_, weir::GateError>(genvoris.gate().standing(scope, "try-ons", at)?.capacity);
    /// assert_eq!(limit(now)?.to_string(), "100");
    /// assert_eq!(limit(period_end)?.to_string(), "200");
    ///
    /// assert!(genvoris.add_customer(store, &customer, now).is_err()); // it is there already
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_customer(
        &self,
        store: Scope,
        customer: &Customer<'_>,
        now: Timestamp,
    ) -> Result<Scope, GateError> {
        let Customer { id, status, plan, usage } = *customer;
        let scope = self.gate.open(Some(store), id, Some(SHOPPER), now)?;
        let units = |count| Quantity::from_units(i64::from(count));
        let current = GrantTerms {
            name: CURRENT,
            amount: Some(units(usage.limit)),
            priority: 0,
            effective: Timestamp::MIN,
            expires: Some(usage.period_end),
        };
        self.gate.grant(scope, QUOTA, &current, now)?;
        let counted = ImportTerms {
            used: units(usage.used),
            capacity: None,
            window_end: usage.period_end,
            grant: Some(CURRENT),
        };
        self.gate.import(scope, QUOTA, &counted, now)?;
        if let Some(plan) = plan {
            let (amount, effective) = (Some(units(plan.monthly_try_ons)), usage.period_end);
            let next = GrantTerms { name: NEXT, amount, priority: 0, effective, expires: None };
            self.gate.grant(scope, QUOTA, &next, now)?;
        }
        let entitled = plan.is_some_and(|plan| plan.active);
        let status = match status {
            CustomerStatus::Active if entitled => Status::Active,
            CustomerStatus::Active => Status::NoPlan,
            CustomerStatus::Cancelled => Status::Cancelled,
            CustomerStatus::Paused => Status::Paused,
        };
        self.gate.set_status(scope, status, now)?;
        Ok(scope)
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

/// The quota of the period that a customer came with.
const CURRENT: &str = "current";
/// The quota of the periods after it.
const NEXT: &str = "next";
