//! Requests over HTTP, through the adapter's entry.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use http::{Request, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use weir::{Ask, Caller, Cost, Quantity, Timestamp};
use weir_core::token::Status;
use weir_unprice::keys::{Bound, KeyTerms, enrol, stop};
use weir_unprice::queue::{Message, Queue, Unqueued};
use weir_unprice::{Incoming, Outcome, Reporter, Unreported, respond};

use super::world::{PROJECT, World, missing, told};
use crate::conform::{HttpSystem, NotImplemented, Setting};

/// A host, and what its reporter says.
pub(super) struct Host {
    world: World,
    reports: Reports,
}

/// What stands behind the host: its reporter, and its queue, which may fail a few times.
struct Reports {
    refusal: Option<String>,
    failures: AtomicU32,
    queued: Mutex<Vec<Message>>,
}

impl Queue for Reports {
    fn send(&self, message: &Message) -> Result<(), Unqueued> {
        let fails = |left: u32| left.checked_sub(1);
        if self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok() {
            return Err(Unqueued);
        }
        self.queued.lock().map_err(|_| Unqueued)?.push(message.clone());
        Ok(())
    }
}

impl Reporter for Reports {
    fn report(&self, _: &Outcome<'_>) -> Result<(), Unreported> {
        self.refusal.clone().map_or(Ok(()), |why| Err(Unreported { why }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    app_env: String,
    api_key: ApiKey,
    entitlements: Value,
    #[serde(default)]
    downstream_error: Option<String>,
    #[serde(default)]
    queue_send_failures: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiKey {
    default_customer: Option<String>,
    rate_limited: bool,
    #[serde(default)]
    limiter_down: bool,
    #[serde(default)]
    main_project: bool,
    #[serde(default)]
    verify_error: Option<String>,
    #[serde(default)]
    error_message: Option<String>,
}

impl Host {
    pub(super) fn new(setting: &Setting<'_>) -> Result<Self, NotImplemented> {
        let given: Given = serde_json::from_value(setting.given.clone())
            .map_err(|error| missing(&format!("given {error}")))?;
        if given.app_env != "production" {
            return Err(missing(&format!("app_env {}", given.app_env)));
        }
        let mut world = World::new(json!({}))?;
        world.sell(&given.entitlements)?;
        put_on_record(&world, &given.api_key)?;
        if given.api_key.rate_limited {
            use_up(&world, setting.now)?;
        }
        if given.api_key.limiter_down {
            world.journal.fail_next(); // the first record of a request is the guard's
        }
        let reports = Reports {
            refusal: given.downstream_error,
            failures: given.queue_send_failures.into(),
            queued: Mutex::default(),
        };
        Ok(Self { world, reports })
    }
}

impl HttpSystem for Host {
    fn send(
        &self,
        request: &Request<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Response<Vec<u8>>, NotImplemented> {
        let path = request.uri().path();
        if LATER.contains(&path) && request.method() == http::Method::POST {
            return Err(missing(path));
        }
        let (parts, bytes) = request.clone().into_parts();
        let borrowed = Request::from_parts(parts, bytes.as_slice());
        let incoming = Incoming { request: &borrowed, now, request_id: "req_1" };
        let mut body = Vec::new();
        let response = respond(&self.world.gate, &self.reports, &incoming, &mut body);
        Ok(response.map(|()| body))
    }

    fn queued(&self) -> Result<Vec<Value>, NotImplemented> {
        let queued = self.reports.queued.lock().map_err(|_| missing("a queue"))?;
        let shown = |message: &Message| {
            let properties: Value = serde_json::from_str(&message.properties).unwrap_or_default();
            json!({
                "id": message.id,
                "idempotencyKey": message.key,
                "customerId": message.customer,
                "slug": message.slug,
                "timestamp": message.at.as_millis(),
                "receivedAt": message.received.as_millis(),
                "properties": properties,
            })
        };
        Ok(queued.iter().map(shown).collect())
    }
}

fn put_on_record(world: &World, key: &ApiKey) -> Result<(), NotImplemented> {
    let (status, expires) = match key.verify_error.as_deref() {
        None => (Status::Active, None),
        Some("EXPIRED") => (Status::Active, Some(Timestamp::EPOCH)),
        Some("REVOKED") => (Status::Revoked, None),
        Some("NOT_FOUND") => return Ok(()),
        Some("PROJECT_DISABLED" | "WORKSPACE_DISABLED") => {
            let why = key.error_message.as_deref().unwrap_or_default();
            stop(&world.gate, PROJECT, Some(why), Timestamp::EPOCH).map_err(told)?;
            (Status::Active, None)
        }
        Some(other) => return Err(missing(&format!("verify_error {other}"))),
    };
    let bound = Bound { project: PROJECT, customer: key.default_customer.as_deref() };
    let plan = if key.main_project { "key.main" } else { "key" };
    let terms = KeyTerms { id: "k1", bound, plan, status, expires };
    enrol(&world.gate, KEY, &terms, Timestamp::EPOCH).map_err(told)
}

/// Sends as many requests as the key may in this minute.
fn use_up(world: &World, now: Timestamp) -> Result<(), NotImplemented> {
    let guard = world.gate.find(None, "key:k1").map_err(told)?;
    let guard = guard.ok_or_else(|| missing("a guard of the key"))?;
    let feature = world.gate.feature("requests").map_err(told)?;
    let cost = Cost { feature, quantity: Quantity::from_units(1) };
    let ask =
        Ask { caller: Caller::Unchecked, scopes: &[guard], costs: &[cost], at: now, key: None };
    while world.gate.decide(&ask, now).map_err(told)?.is_allowed() {}
    Ok(())
}

const KEY: &[u8] = b"unprice_live_1111111111111111111111";
/// Routes of the contract that are not served yet.
const LATER: [&str; 2] = ["/v1/access/update", "/v1/events/ingest/replay"];
