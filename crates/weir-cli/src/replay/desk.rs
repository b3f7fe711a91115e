//! Does it go ahead? Each request of a trace before the ledger, and what came of it.

use std::fmt::Write;

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use weir_core::amount::Quantity;
use weir_core::catalog::{Catalog, Names};
use weir_core::decide::{self, Caller, Cost, Request};
use weir_core::id::{CatalogVersion, FeatureId, PlanId, ScopeId, ScopeName, WalletId};
use weir_core::ledger::{Command, HostKeys, Ledger, Newcomer, Record, Sink};
use weir_core::time::Timestamp;
use weir_core::wallet::{Kind, Lot};
use weir_core::window::Period;

use super::Options;
use super::usage::Usage;
use crate::catalog::CatalogFile;
use crate::draws::{Draws, Seed};
use crate::tally::{Outcome, Tally};

/// Decides requests, and counts what comes of it.
pub(super) struct Desk {
    ledger: Ledger,
    catalog: Catalog,
    journal: Journal,
    tokens: FeatureId,
    welcome: Welcome,
    tally: Tally,
}

/// What a customer gets when it is first seen.
struct Welcome {
    seed: Seed,
    /// In the order of their names, each with how many customers get it.
    plans: Vec<(PlanId, u64)>,
    wallets: Vec<WalletId>,
    credit: Quantity,
}

/// Whether the journal leads to the same state.
pub(super) struct Proof {
    pub(super) journal_bytes: usize,
    /// SHA-256 of the snapshot of the ledger that decided.
    pub(super) live: String,
    /// SHA-256 of the snapshot of a fresh ledger that was given the journal.
    pub(super) replayed: String,
}

impl Proof {
    /// Whether it does.
    pub(super) fn holds(&self) -> bool {
        self.live == self.replayed
    }
}

impl Desk {
    /// A desk with an empty ledger under a catalog.
    pub(super) fn open(file: &CatalogFile, options: &Options) -> anyhow::Result<Self> {
        let catalog = Catalog::compile(&file.definition, &Names::default(), CatalogVersion(1));
        let Ok(catalog) = catalog else { bail!("the catalog is not sound") };
        let tokens = catalog
            .feature(FEATURE)
            .with_context(|| format!("the catalog has no feature `{FEATURE}`"))?;
        let names = file.definition.plans.keys();
        let plans = names.clone().filter_map(|name| catalog.plan(name.as_str()));
        let halving = (0..names.len()).rev().map(|place| 1_u64 << place.min(62));
        let wallets = file.definition.wallets.keys();
        let welcome = Welcome {
            seed: options.seed,
            plans: plans.zip(halving).collect(),
            wallets: wallets.filter_map(|name| catalog.wallet(name.as_str())).collect(),
            credit: options.credit,
        };
        let tally = Tally::new(names.map(|name| name.as_str()));
        if tally.plans.is_empty() {
            bail!("the catalog has no plans");
        }
        let mut journal = Journal::default();
        let mut ledger = Ledger::new(&HostKeys::fixed());
        let json = serde_json::to_vec(&file.definition)?;
        let names = std::borrow::Cow::Borrowed(catalog.names());
        let install = Command::Install { json: json.into(), names };
        ledger.execute(install, Timestamp::MIN, &mut journal)?;
        Ok(Self { ledger, catalog, journal, tokens, welcome, tally })
    }

    /// Decides a request at `now`.
    pub(super) fn decide(&mut self, usage: &Usage<'_>, now: Timestamp) -> anyhow::Result<()> {
        let Usage { customer, tokens, .. } = *usage;
        let scope = match self.ledger.accounts().find(None, customer.as_str()) {
            Some(known) => known,
            None => self.admit(customer, now)?,
        };
        let plan = self.ledger.account(scope).and_then(|account| account.plan());
        let plan = self.welcome.plans.iter().position(|(id, _)| Some(*id) == plan);
        let request = Request {
            caller: Caller::Unchecked,
            scopes: &[scope],
            costs: &[Cost { feature: self.tokens, quantity: tokens }],
            at: now,
            key: None,
        };
        let sinks = (&mut self.journal, &mut ());
        let verdict = self.ledger.decide(&self.catalog, (&request, now), sinks)?;
        let outcome = match verdict.outcome {
            decide::Outcome::Allowed => Outcome::Admitted { tokens, charged: verdict.charged },
            decide::Outcome::Denied(reason) => Outcome::Denied(reason.code()),
        };
        self.tally.decision(plan.unwrap_or_default(), now, outcome);
        Ok(())
    }

    /// Gives a new customer its plan and its credit.
    fn admit(&mut self, name: ScopeName<'_>, now: Timestamp) -> anyhow::Result<ScopeId> {
        let Self { ledger, journal, welcome, tally, .. } = self;
        let (place, plan) = welcome.plan(name);
        tally.customer(place);
        let scope = ledger.intern(Newcomer { name, parent: None, plan }, now, journal)?;
        for wallet in &welcome.wallets {
            let lot = Lot {
                name: "credit".into(),
                wallet: *wallet,
                amount: welcome.credit,
                left: welcome.credit,
                kind: Kind::Paid,
                priority: 0,
                purchased: now,
                expires: Period::NEVER,
            };
            let lot = std::borrow::Cow::Owned(lot);
            ledger.execute(Command::TopUp { scope, lot }, now, journal)?;
        }
        Ok(scope)
    }

    /// What has been counted.
    pub(super) const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Which share of the customers gets which plan, in words.
    pub(super) fn shares(&self) -> String {
        let all = self.welcome.weight();
        let plans = self.tally.plans.iter().zip(&self.welcome.plans);
        let shares = plans.map(|(plan, (_, weight))| format!("{} {weight}/{all}", plan.name));
        format!("{} of the customers", shares.collect::<Vec<_>>().join(", "))
    }

    /// Gives the journal's bytes to a fresh ledger and compares.
    pub(super) fn prove(&self) -> anyhow::Result<Proof> {
        let mut fresh = Ledger::new(&HostKeys::fixed());
        for (place, record) in (1_u64..).zip(self.journal.records()) {
            let record = Record::decode(record).with_context(|| format!("record {place}"))?;
            fresh.replay(&record).with_context(|| format!("record {place}"))?;
        }
        Ok(Proof {
            journal_bytes: self.journal.bytes.len(),
            live: digest(&self.ledger.snapshot()),
            replayed: digest(&fresh.snapshot()),
        })
    }
}

impl Welcome {
    fn weight(&self) -> u64 {
        self.plans.iter().fold(0, |sum, (_, weight)| sum.saturating_add(*weight))
    }

    /// The plan of a customer: each half as frequent as the one before, by a draw that depends on
    /// the seed and the customer's name alone.
    fn plan(&self, customer: ScopeName<'_>) -> (usize, Option<PlanId>) {
        let mut draws = Draws::new(self.seed, &format!("replay.plan {}", customer.as_str()));
        let mut left = draws.below(self.weight());
        for (place, (plan, weight)) in self.plans.iter().enumerate() {
            if left < *weight {
                return (place, Some(*plan));
            }
            left = left.saturating_sub(*weight);
        }
        (0, None)
    }
}

/// A journal in memory: each record after its length.
#[derive(Default)]
struct Journal {
    bytes: Vec<u8>,
    record: Vec<u8>,
}

impl Sink for Journal {
    type Error = std::convert::Infallible;

    fn append(&mut self, record: &Record<'_>) -> Result<(), Self::Error> {
        self.record.clear();
        record.encode(&mut self.record);
        self.bytes.extend(self.record.len().to_le_bytes());
        self.bytes.extend(&self.record);
        Ok(())
    }
}

impl Journal {
    fn records(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || {
            let (len, tail) = rest.split_first_chunk()?;
            let (record, tail) = tail.split_at_checked(usize::from_le_bytes(*len))?;
            rest = tail;
            Some(record)
        })
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What a request is counted on: its prompt and completion tokens together.
const FEATURE: &str = "tokens";
