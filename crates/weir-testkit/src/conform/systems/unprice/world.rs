//! In what state is the host? Set up by the gate's commands, before the first step.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use serde_json::{Map, Value, json};
use weir::{Gate, GateError, GrantTerms, Journal, JournalError, LotTerms, MemoryJournal, Quantity};
use weir::{Renewal, Scope, Shard, Timestamp};
use weir_core::wallet::Kind;
use weir_unprice::entitlement::{entitle, root_of};
use weir_unprice::grants::give;

use super::given::{Allowance, Sale, instant};
use crate::conform::NotImplemented;

/// A gate, what was sold on it, and the journal of what it did.
pub(super) struct World {
    pub(super) gate: Gate,
    pub(super) journal: Arc<Tape>,
    pub(super) sales: Vec<Sale>,
    classes: Value,
    lots: u32,
}

/// A journal that can fail, once or until it is mended.
#[derive(Default)]
pub(super) struct Tape {
    kept: MemoryJournal,
    fails: AtomicBool,
    fails_next: AtomicBool,
}

impl Tape {
    pub(super) fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }

    pub(super) fn fail_next(&self) {
        self.fails_next.store(true, Ordering::SeqCst);
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.kept.bytes(Shard::new(0))
    }
}

impl Journal for Tape {
    fn append(&self, shard: Shard, record: &[u8]) -> Result<(), JournalError> {
        let fails = self.fails.load(Ordering::SeqCst);
        if fails || self.fails_next.swap(false, Ordering::SeqCst) {
            return Err(JournalError);
        }
        self.kept.append(shard, record)
    }
}

impl World {
    /// A host with the contract's catalog and nothing sold; `classes` are added to the catalog's.
    pub(super) fn new(classes: Value) -> Result<Self, NotImplemented> {
        let journal = Arc::new(Tape::default());
        let gate = Gate::builder().shards(1).journal(Arc::clone(&journal)).build();
        let world =
            Self { gate: gate.map_err(told)?, journal, sales: Vec::new(), classes, lots: 0 };
        world.install(Timestamp::EPOCH)?;
        Ok(world)
    }

    /// Makes a customer that was sold nothing yet.
    pub(super) fn customer(&self, customer: &str) -> Result<Scope, NotImplemented> {
        let plan = self.sales.iter().any(|sale| sale.customer == customer);
        let plan = plan.then(|| plan_of(customer));
        let root = root_of(PROJECT, customer);
        let scope = self.gate.open(None, &root, plan.as_deref(), Timestamp::EPOCH).map_err(told)?;
        self.gate.set_plan(scope, plan.as_deref(), Timestamp::EPOCH).map_err(told)?;
        Ok(scope)
    }

    /// Sells, before the first step.
    pub(super) fn sell(&mut self, entitlements: &Value) -> Result<(), NotImplemented> {
        let list = entitlements.as_array().ok_or_else(|| missing("entitlements as a list"))?;
        let sales: Vec<_> = list.iter().map(Sale::read).collect::<Result<_, _>>()?;
        self.sales.extend(sales.iter().cloned());
        self.install(Timestamp::EPOCH)?;
        for sale in &sales {
            self.deliver(sale, Timestamp::EPOCH)?;
        }
        Ok(())
    }

    /// Sells again: what was sold before keeps its terms, and the grants that it has.
    pub(super) fn resell(&mut self, value: &Value, now: Timestamp) -> Result<(), NotImplemented> {
        let sale = Sale::read(value)?;
        if !self.sales.iter().any(|known| known.id == sale.id) {
            self.sales.push(sale.clone());
            self.install(now)?;
        }
        self.deliver(&sale, now)
    }

    /// Adds to the wallet: money that was paid in, and credits that were given.
    pub(super) fn top_up(&mut self, amounts: &Value, now: Timestamp) -> Result<(), NotImplemented> {
        let amounts: Amounts =
            serde_json::from_value(amounts.clone()).map_err(|error| missing(&error.to_string()))?;
        let customer = self.sales.first().map_or(CUSTOMER, |sale| &sale.customer).to_owned();
        let scope = self.customer(&customer)?;
        self.lots = self.lots.saturating_add(1);
        let paid = Lot { name: format!("paid/{}", self.lots), kind: Kind::Paid, expires: None };
        self.add(scope, (paid, amounts.purchased), now)?;
        for Credit { id, remaining, expires_at } in amounts.credits {
            let expires = expires_at.map(instant).transpose()?;
            let given = Lot { name: format!("given/{id}"), kind: Kind::Promotional, expires };
            self.add(scope, (given, remaining), now)?;
        }
        Ok(())
    }

    fn add(
        &self,
        scope: Scope,
        (lot, units): (Lot, i64),
        now: Timestamp,
    ) -> Result<(), NotImplemented> {
        let nanos = i128::from(units).checked_mul(10).ok_or_else(|| missing("so much"))?;
        if units == 0 {
            return Ok(());
        }
        let terms = LotTerms {
            name: &lot.name,
            amount: Quantity::from_nanos(nanos),
            kind: lot.kind,
            priority: 0,
            purchased: now,
            expires: lot.expires,
        };
        self.gate.top_up(scope, "credits", &terms, now).map_err(told)
    }

    fn deliver(&self, sale: &Sale, now: Timestamp) -> Result<(), NotImplemented> {
        let scope = self.customer(&sale.customer)?;
        let (root, entitlement) = (root_of(PROJECT, &sale.customer), sale.entitlement()?);
        entitle(&self.gate, (&root, &sale.feature), &entitlement, now).map_err(told)?;
        sale.grants.iter().try_for_each(|grant| self.grant(scope, (&sale.id, grant), now))
    }

    /// Grants' ids are told apart by entitlement: a customer has one name space for all.
    fn grant(
        &self,
        scope: Scope,
        (limit, grant): (&str, &Allowance),
        now: Timestamp,
    ) -> Result<(), NotImplemented> {
        let terms = grant_terms(grant)?;
        let terms = GrantTerms { name: &format!("{limit}/{}", grant.id), ..terms };
        give(&self.gate, (scope, limit), &terms, now).map_err(told)
    }

    /// Puts the contract's catalog in force, with a plan for each customer.
    fn install(&self, now: Timestamp) -> Result<(), NotImplemented> {
        let mut catalog: Value =
            serde_json::from_str(CATALOG).map_err(|error| missing(&error.to_string()))?;
        let mut put = |pointer: &str, name: &str, value: Value| {
            let table = catalog.pointer_mut(pointer).and_then(Value::as_object_mut);
            table.map(|table| table.insert(name.to_owned(), value));
        };
        for (name, class) in self.classes.as_object().into_iter().flatten() {
            put("/classes", name, class.clone());
        }
        let mut plans = Map::new();
        for sale in &self.sales {
            put("/features", &sale.id, sale.feature());
            let plan =
                plans.entry(plan_of(&sale.customer)).or_insert_with(|| json!({"limits": {}}));
            let limits = plan.get_mut("limits").and_then(Value::as_object_mut);
            let limit = sale.limit()?;
            limits.map(|limits| limits.insert(sale.id.clone(), limit));
        }
        for (name, plan) in plans {
            put("/plans", &name, plan);
        }
        self.gate.install(catalog.to_string().as_bytes(), now).map(drop).map_err(told)
    }
}

/// What a vector puts into the wallet, in ledger units.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Amounts {
    #[serde(default)]
    purchased: i64,
    #[serde(default)]
    credits: Vec<Credit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credit {
    id: String,
    remaining: i64,
    expires_at: Option<i64>,
}

struct Lot {
    name: String,
    kind: Kind,
    expires: Option<Timestamp>,
}

/// A grant's terms, without its name.
pub(super) fn grant_terms(grant: &Allowance) -> Result<GrantTerms<'_>, NotImplemented> {
    let amount = grant.allowance.as_ref().map(|amount| amount.to_string().parse());
    let amount = amount.transpose().map_err(|_| missing("an allowance of that size"))?;
    Ok(GrantTerms {
        name: &grant.id,
        amount,
        priority: grant.priority,
        effective: instant(grant.effective_at)?,
        expires: grant.expires_at.map(instant).transpose()?,
        renewal: Renewal::DEFAULT,
    })
}

pub(super) fn missing(what: &str) -> NotImplemented {
    NotImplemented::new(what)
}

pub(super) fn told(error: GateError) -> NotImplemented {
    let text = match error {
        GateError::Install(error) => format!("{:?}", error.faults),
        other => other.to_string(),
    };
    missing(&text)
}

fn plan_of(customer: &str) -> String {
    format!("plan.{customer}")
}

pub(super) const CUSTOMER: &str = "cus_1";
pub(super) const PROJECT: &str = "proj";
const CATALOG: &str = include_str!("../../../../../../examples/unprice.json");
