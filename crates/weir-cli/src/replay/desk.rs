//! Does it go ahead? Each request of a trace before the gate, and what came of it.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use anyhow::bail;
use sha2::{Digest, Sha256};
use weir::{
    Ask, Caller, Cost, Gate, HostKeys, LotTerms, MemoryJournal, Quantity, ReplayError, Scope,
    Shard, Timestamp,
};
use weir_core::id::{FeatureId, Name, ScopeName};
use weir_core::wallet::Kind;

use super::Options;
use super::usage::Usage;
use crate::catalog::CatalogFile;
use crate::draws::{Draws, Seed};
use crate::tally::{Outcome, Tally};

/// Decides requests, and counts what comes of it.
pub(super) struct Desk {
    gate: Gate,
    journal: Arc<MemoryJournal>,
    tokens: FeatureId,
    welcome: Welcome,
    /// Handles to those already seen.
    customers: HashMap<Box<str>, Customer>,
    tally: Tally,
}

/// A customer's handle, and the place of its plan.
#[derive(Clone, Copy)]
struct Customer {
    scope: Scope,
    plan: usize,
}

/// What a customer gets when it is first seen.
struct Welcome {
    seed: Seed,
    /// In the order of their names, each with how many customers get it.
    plans: Vec<(Name, u64)>,
    wallets: Vec<Name>,
    credit: Quantity,
}

/// Whether the journal leads to the same state.
pub(super) struct Proof {
    pub(super) journal_bytes: usize,
    /// SHA-256 of the snapshot of the ledger that decided.
    pub(super) live: String,
    /// SHA-256 of the snapshot of a fresh ledger that was given the journal, if it took it.
    pub(super) replayed: Result<String, ReplayError>,
}

impl Proof {
    /// Whether it does.
    pub(super) fn holds(&self) -> bool {
        self.replayed.as_ref() == Ok(&self.live)
    }
}

impl Desk {
    /// A desk with an empty gate under a catalog.
    pub(super) fn open(catalog: &CatalogFile, options: &Options) -> anyhow::Result<Self> {
        let (gate, journal) = Gate::recording()?;
        gate.install(&catalog.json, Timestamp::MIN)?;
        let tokens = gate.feature(FEATURE)?;
        let definition = &catalog.definition;
        if definition.plans.is_empty() {
            bail!("the catalog has no plans");
        }
        let halving = (0..definition.plans.len()).rev().map(|place| 1_u64 << place.min(62));
        let welcome = Welcome {
            seed: options.seed,
            plans: definition.plans.keys().cloned().zip(halving).collect(),
            wallets: definition.wallets.keys().cloned().collect(),
            credit: options.credit,
        };
        let tally = Tally::new(definition.plans.keys().map(Name::as_str));
        Ok(Self { gate, journal, tokens, welcome, customers: HashMap::new(), tally })
    }

    /// Decides a request at `now`.
    pub(super) fn decide(&mut self, usage: &Usage<'_>, now: Timestamp) -> anyhow::Result<()> {
        let Usage { customer, tokens, .. } = *usage;
        let Customer { scope, plan } = match self.customers.get(customer.as_str()) {
            Some(known) => *known,
            None => self.admit(customer, now)?,
        };
        let ask = Ask {
            caller: Caller::Unchecked,
            scopes: &[scope],
            costs: &[Cost { feature: self.tokens, quantity: tokens }],
            at: now,
            key: None,
        };
        let verdict = self.gate.decide(&ask, now)?;
        let outcome = match verdict.outcome {
            weir::Outcome::Allowed => Outcome::Admitted { tokens, charged: verdict.charged },
            weir::Outcome::Denied(reason) => Outcome::Denied(reason.code()),
        };
        if verdict.flags.clock_held {
            self.tally.hold();
        }
        self.tally.decision(plan, now, outcome);
        Ok(())
    }

    /// Gives a new customer its plan and its credit.
    fn admit(&mut self, name: ScopeName<'_>, now: Timestamp) -> anyhow::Result<Customer> {
        let (place, plan) = self.welcome.plan(name);
        let scope = self.gate.open(None, name.as_str(), plan, now)?;
        let credit = LotTerms {
            name: "credit",
            amount: self.welcome.credit,
            kind: Kind::Paid,
            priority: 0,
            purchased: now,
            expires: None,
        };
        for (index, wallet) in self.welcome.wallets.iter().enumerate() {
            // A lot's name is unique within the scope.
            let name = format!("credit-{index}");
            self.gate.top_up(scope, wallet.as_str(), &LotTerms { name: &name, ..credit }, now)?;
        }
        self.tally.customer(place);
        let customer = Customer { scope, plan: place };
        self.customers.insert(name.as_str().into(), customer);
        Ok(customer)
    }

    /// What has been counted.
    pub(super) const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Which share of the customers gets which plan, in words.
    pub(super) fn shares(&self) -> String {
        let all = self.welcome.weight();
        let share = |(plan, weight): &(Name, u64)| format!("{plan} {weight}/{all}");
        let shares: Vec<String> = self.welcome.plans.iter().map(share).collect();
        format!("{} of the customers", shares.join(", "))
    }

    /// The whole state in bytes.
    pub(super) fn state(&self) -> anyhow::Result<Vec<u8>> {
        Ok(self.gate.snapshot(SHARD)?)
    }

    /// The records of everything that was done.
    pub(super) fn journal(&self) -> Vec<u8> {
        self.journal.bytes(SHARD)
    }

    /// Gives the journal's bytes to a fresh ledger and compares.
    pub(super) fn prove(&self) -> anyhow::Result<Proof> {
        let bytes = self.journal();
        let fresh = weir::replay(&bytes, &HostKeys::fixed());
        Ok(Proof {
            journal_bytes: bytes.len(),
            live: digest(&self.state()?),
            replayed: fresh.map(|ledger| digest(&ledger.snapshot())),
        })
    }
}

impl Welcome {
    fn weight(&self) -> u64 {
        self.plans.iter().fold(0, |sum, (_, weight)| sum.saturating_add(*weight))
    }

    /// The plan of a customer: each half as frequent as the one before, by a draw that depends on
    /// the seed and the customer's name alone.
    fn plan(&self, customer: ScopeName<'_>) -> (usize, Option<&str>) {
        let mut draws = Draws::new(self.seed, &format!("replay.plan {}", customer.as_str()));
        let mut left = draws.below(self.weight());
        for (place, (plan, weight)) in self.plans.iter().enumerate() {
            if left < *weight {
                return (place, Some(plan.as_str()));
            }
            left = left.saturating_sub(*weight);
        }
        (0, None)
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The one that a recording gate has.
const SHARD: Shard = Shard::new(0);

/// What a request is counted on: its prompt and completion tokens together.
const FEATURE: &str = "tokens";
