//! The steps of a scenario, through the adapter's entries.

use std::cell::Cell;

use serde_json::{Map, Value, json};
use weir::{HostKeys, Shard, Timestamp};
use weir_core::json::{Lexer, Profile, Raw, Scratch};
use weir_unprice::consume::consume;
use weir_unprice::entitlement::root_of;
use weir_unprice::ingest::{Event, Failure, Instants, ingest};
use weir_unprice::queue::Message;
use weir_unprice::verify::verify;
use weir_unprice::{Outcome, Reporter, Unreported};

use super::kept::{Kept, number};
use super::world::{PROJECT, World, missing, told};
use crate::conform::seam::Done;
use crate::conform::{Batch, Fault, Ingest, NotImplemented, ScenarioSystem, Setting, Verify};

/// A host, and whether its reports are taken.
pub(super) struct Host {
    world: World,
    reports: Reports,
}

#[derive(Default)]
struct Reports {
    out: Cell<bool>,
}

impl Reporter for Reports {
    fn report(&self, _: &Outcome<'_>) -> Result<(), Unreported> {
        if self.out.get() {
            return Err(Unreported { why: "reporting unavailable".to_owned() });
        }
        Ok(())
    }
}

impl Host {
    pub(super) fn new(setting: &Setting<'_>) -> Result<Self, NotImplemented> {
        let mut world = World::new(json!({}))?;
        let nothing = Map::new();
        let given = setting.given.as_object().unwrap_or(&nothing);
        if let Some(key) = given.keys().find(|key| !GIVEN.contains(&key.as_str())) {
            return Err(missing(&format!("given {key}")));
        }
        world.sell(given.get("entitlements").unwrap_or(&json!([])))?;
        for customer in given.get("customers").and_then(Value::as_array).into_iter().flatten() {
            world.customer(customer.as_str().ok_or_else(|| missing("a customer by id"))?)?;
        }
        if let Some(wallet) = given.get("wallet") {
            world.top_up(wallet, Timestamp::EPOCH)?;
        }
        Ok(Self { world, reports: Reports::default() })
    }
}

impl ScenarioSystem for Host {
    fn ingest(&mut self, ask: &Ingest<'_>) -> Result<Value, NotImplemented> {
        let at = ask.event.timestamp;
        let text = ask.event.properties.to_string();
        let mut scratch = Scratch::default();
        let event = Event {
            customer: &root_of(PROJECT, ask.customer),
            key: ask.event.key,
            slug: ask.event.slug,
            feature: ask.feature,
            properties: raw(&text, &mut scratch)?,
            at,
        };
        let instants = Instants { now: ask.now, received: ask.received_at };
        let ingested = match ingest(&self.world.gate, &self.reports, &event, instants) {
            Ok(ingested) => ingested,
            Err(failure) => return Ok(failed(&failure)),
        };
        let allowed = ingested.rejection.is_none();
        let mut answer = json!({
            "allowed": allowed,
            "state": if allowed { "processed" } else { "rejected" },
        });
        let rejection = ingested.rejection.map(|rejection| json!(rejection.code()));
        put(&mut answer, "rejection_reason", rejection);
        put(&mut answer, "message", ingested.message.map(Value::from));
        if let (true, Some(verdict)) = (allowed, ingested.verdict) {
            let facts = Kept::of(&self.world).facts(verdict.sequence);
            let facts = facts.ok_or_else(|| missing("the record of an answer"))?;
            put(&mut answer, "facts", Some(facts.into()));
        }
        Ok(answer)
    }

    fn ingest_batch(&mut self, batch: &Batch<'_>) -> Result<Value, NotImplemented> {
        let (mut outcomes, mut dispositions) = (Map::new(), Map::new());
        let mut events: Vec<_> = batch.events.iter().collect();
        events.sort_by_key(|event| (event.timestamp, event.key));
        for event in events {
            let id = event.event_id.ok_or_else(|| missing("an event without an id"))?.to_owned();
            let message = Message {
                id: id.clone(),
                project: PROJECT.to_owned(),
                customer: batch.customer.to_owned(),
                key: event.key.to_owned(),
                slug: event.slug.to_owned(),
                properties: event.properties.to_string(),
                at: event.timestamp,
                received: batch.now,
            };
            let outcome = match consume(&self.world.gate, &self.reports, &message, batch.now) {
                Ok(None) => json!({"status": "processed"}),
                Ok(Some(rejection)) => {
                    json!({"status": "rejected", "rejection_reason": rejection.code()})
                }
                Err(failure) => json!({"status": "failed", "failure_message": failure.to_string()}),
            };
            outcomes.insert(id.clone(), outcome);
            dispositions.insert(id, json!("ack"));
        }
        Ok(json!({"outcomes": outcomes, "dispositions": dispositions}))
    }

    fn verify(&mut self, ask: &Verify<'_>) -> Result<Value, NotImplemented> {
        let root = root_of(PROJECT, ask.customer);
        let verified = match verify(&self.world.gate, &root, ask.feature, ask.timestamp) {
            Ok(verified) => verified,
            Err(failure) => return Ok(failed(&failure)),
        };
        let mut answer =
            json!({"allowed": verified.rejection.is_none(), "feature_slug": ask.feature});
        let rejection = verified.rejection.map(|rejection| json!(rejection.code()));
        put(&mut answer, "rejection_reason", rejection);
        put(&mut answer, "message", verified.message.map(Value::from));
        put(&mut answer, "usage", verified.usage.map(|usage| json!(number(usage))));
        put(&mut answer, "limit", verified.limit.map(|limit| json!(limit.map(number))));
        let spending = verified.spending.map(|money| {
            json!({
                "ledgerAmount": money.ledger_units(),
                "currency": money.currency,
                "displayAmount": money.display(),
                "scale": 8,
            })
        });
        put(&mut answer, "spending", spending);
        Ok(answer)
    }

    fn set_entitlement(&mut self, entitlement: &Value, now: Timestamp) -> Done {
        self.world.resell(entitlement, now)
    }

    fn wallet_add(&mut self, amounts: &Value, now: Timestamp) -> Done {
        self.world.top_up(amounts, now)
    }

    fn fault(&mut self, fault: Fault) -> Done {
        match fault {
            Fault::ReportingOut => self.reports.out.set(true),
            Fault::ReportingMended => self.reports.out.set(false),
            // The wallet is kept where everything is: it fails with the journal.
            Fault::WalletOut => self.world.journal.fail(true),
            Fault::WalletMended => self.world.journal.fail(false),
        }
        Ok(())
    }

    /// What is durable is the journal: a ledger made from it must be the one in memory.
    fn evict(&mut self, _: Timestamp) -> Done {
        let again = weir::replay(&self.world.journal.bytes(), &HostKeys::fixed());
        let again = again.map_err(|error| missing(&error.to_string()))?.snapshot();
        let same = again == self.world.gate.snapshot(Shard::new(0)).map_err(told)?;
        if same { Ok(()) } else { Err(missing("a replay that ends in the same state")) }
    }

    fn alarm(&mut self, _: &str, now: Timestamp) -> Done {
        self.world.gate.sweep(now).map_err(told)
    }

    fn state(&self) -> Result<Value, NotImplemented> {
        Kept::of(&self.world).state().ok_or_else(|| missing("the state of this journal"))
    }
}

/// A JSON value as the adapter reads it.
pub(super) fn raw<'a>(text: &'a str, scratch: &mut Scratch) -> Result<Raw<'a>, NotImplemented> {
    let mut lexer = Lexer::new(text.as_bytes(), &Profile::STRICT, scratch)
        .map_err(|error| missing(&error.to_string()))?;
    let value = lexer.value().map_err(|error| missing(&error.to_string()))?;
    value.ok_or_else(|| missing("a value"))
}

fn failed(failure: &Failure) -> Value {
    json!({"error": failure.to_string(), "http_status": failure.status().as_u16()})
}

fn put(answer: &mut Value, key: &str, value: Option<Value>) {
    if let (Some(answer), Some(value)) = (answer.as_object_mut(), value) {
        answer.insert(key.to_owned(), value);
    }
}

const GIVEN: [&str; 3] = ["customers", "entitlements", "wallet"];
