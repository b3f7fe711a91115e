//! A host for the tests: two stores and a suspended one, customers in every state, five credits.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Request};
use serde_json::Value;
use weir::{Gate, Journal, JournalError, Scope, Shard, Timestamp};
use weir_core::token::Origins;
use weir_genvoris::{
    Arrival, Customer, CustomerStatus, Event, Events, Genvoris, Key, KeyStatus, Keyring, Pack,
    Plan, Settings, Signer, StoreStatus, Usage, What,
};

pub(crate) mod token;

pub(crate) const KEY: &str = "gvk_live_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
pub(crate) const OTHER_KEY: &str = "gvk_test_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
pub(crate) const RESTRICTED_KEY: &str = "gvk_live_RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR";
pub(crate) const SECRET: &str = "a secret of the host's own";
pub(crate) const SUSPENDED_KEY: &str = "gvk_live_SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub(crate) fn now() -> Timestamp {
    at("2026-01-01T00:00:00Z")
}

/// The token that a test names: `CUSTOMER@STORE`, or `CUSTOMER` alone where it starts like one; any
/// other text stands for itself.
fn spoken(name: &str, now: Timestamp) -> String {
    let now = now.as_millis().div_euclid(1_000);
    match name.split_once('@') {
        Some((customer, store)) => token::of(customer, Some(store), now),
        None if name.starts_with("ec_") => token::of(name, None, now),
        None => name.to_owned(),
    }
}

#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<Event>>>);

impl Events for Heard {
    fn tell(&self, event: &Event) {
        self.0.lock().expect("no panic").push(event.clone());
    }
}

#[derive(Clone, Default)]
struct Breakable(Arc<AtomicBool>);

impl Journal for Breakable {
    fn append(&self, _: Shard, _: &[u8]) -> Result<(), JournalError> {
        if self.0.load(Ordering::SeqCst) { Err(JournalError) } else { Ok(()) }
    }
}

pub(crate) struct Shop {
    pub(crate) genvoris: Genvoris<Heard>,
    store: Scope,
    heard: Heard,
    journal: Breakable,
    sent: AtomicU64,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let (heard, journal) = (Heard::default(), Breakable::default());
        let gate = Gate::builder().journal(journal.clone()).build().expect("a gate");
        gate.install(include_bytes!("../../../../../examples/genvoris.json"), now())
            .expect("sound");
        let genvoris = Genvoris::new(gate, settings).expect("the catalog has it all");
        let signer = Signer::from_pkcs8(token::KID, token::KEY).expect("a key");
        let genvoris = genvoris.with_keys(Keyring::new(signer)).with_events(heard.clone());
        let stores = [
            ("shop", StoreStatus::Active, KEY),
            ("other", StoreStatus::Active, OTHER_KEY),
            ("closed", StoreStatus::Suspended, SUSPENDED_KEY),
        ];
        let store = stores.map(|(id, status, key)| {
            let store = genvoris.put_store(id, status, now()).expect("a name");
            genvoris.put_key(store, key.as_bytes(), &Key::default(), now()).expect("a key");
            store
        });
        let domains = Origins::parse(["shop.com", "*.example.com"]).expect("domains");
        let restricted = Key { status: KeyStatus::Active, domains };
        let [store, _, closed] = store;
        for (store, key) in [(store, RESTRICTED_KEY), (closed, SUSPENDED_KEY)] {
            genvoris.put_key(store, key.as_bytes(), &restricted, now()).expect("a key");
        }
        let shop = Self { genvoris, store, heard, journal, sent: AtomicU64::new(0) };
        shop.people();
        for name in ["p1", "p2", "p3", "p4", "p5"] {
            shop.pack(name, now(), None);
        }
        shop
    }

    fn people(&self) {
        for (id, active) in [("pln_on", true), ("pln_off", false)] {
            let (name, monthly_try_ons, external_price_id, disabled) = (id, 200, None, false);
            let plan = Plan { name, monthly_try_ons, external_price_id, active, disabled };
            self.genvoris.put_plan(self.store, (id, &plan), now()).expect("a plan");
        }
        for (id, status, plan, used) in [
            ("ec_ok", CustomerStatus::Active, Some("pln_on"), 32),
            ("ec_last", CustomerStatus::Active, Some("pln_on"), 99),
            ("ec_full", CustomerStatus::Active, Some("pln_on"), 100),
            ("ec_paused", CustomerStatus::Paused, Some("pln_off"), 1),
            ("ec_cancelled", CustomerStatus::Cancelled, None, 1),
            ("ec_no_plan", CustomerStatus::Active, None, 0),
            ("ec_inactive_plan", CustomerStatus::Active, Some("pln_off"), 1),
        ] {
            let (period_start, period_end) =
                (at("2025-12-22T00:00:00Z"), at("2026-01-21T00:00:00Z"));
            let usage = Usage { used, limit: 100, period_start, period_end };
            let (external_id, email, metadata) = (id.replace("ec_", "user_"), None, None);
            let external_id = external_id.as_str();
            let customer = Customer { id, external_id, email, status, plan, metadata, usage };
            self.genvoris.add_customer(self.store, &customer, now()).expect("a customer");
        }
    }

    pub(crate) fn pack(&self, name: &str, purchased: Timestamp, expires: Option<Timestamp>) {
        let pack = Pack { name, credits: 1, purchased, expires };
        self.genvoris.add_pack(self.store, &pack, now()).expect("a pack");
    }

    /// Spends every credit.
    pub(crate) fn drain(&self) {
        while self.track(&serde_json::json!({})).status == 200 {}
        self.heard.0.lock().expect("no panic").clear();
    }

    /// Spends every credit but one.
    pub(crate) fn drain_to_one(&self) {
        self.drain();
        self.pack("last", now(), None);
    }

    pub(crate) fn track(&self, body: &Value) -> Answer {
        self.track_at(body, now())
    }

    pub(crate) fn track_at(&self, body: &Value, now: Timestamp) -> Answer {
        let body = with_token(body, now).to_string();
        let request = Request::post("/api/tryon/track")
            .header("authorization", format!("bearer  {KEY}"))
            .body(body.as_bytes());
        self.handle(&request.expect("a request"), now)
    }

    pub(crate) fn send(&self, authorization: Option<&str>, body: &str) -> Answer {
        let mut request = Request::post("/api/tryon/track");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        self.handle(&request.body(body.as_bytes()).expect("a request"), now())
    }

    pub(crate) fn handle(&self, request: &Request<&[u8]>, now: Timestamp) -> Answer {
        let mut out = b"what was in the buffer before".to_vec();
        let response = self.genvoris.handle(request, &self.arrival(now), &mut out);
        let response = response.expect("an answer");
        let (parts, ()) = response.into_parts();
        let body = String::from_utf8(out).expect("text");
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) fn arrival(&self, now: Timestamp) -> Arrival {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        Arrival { now, random: u128::from(number).to_be_bytes() }
    }

    /// Asks a route under `/api/v1` as the shop.
    pub(crate) fn ask(&self, (method, path): (&str, &str), body: &Value, now: Timestamp) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::builder().method(method).uri(format!("/api/v1/{path}"));
        let request = request.header("authorization", format!("Bearer {KEY}"));
        self.handle(&request.body(body.as_bytes()).expect("a request"), now)
    }

    pub(crate) fn break_journal(&self) {
        self.journal.0.store(true, Ordering::SeqCst);
    }

    pub(crate) fn mend_journal(&self) {
        self.journal.0.store(false, Ordering::SeqCst);
    }

    pub(crate) const fn store(&self) -> Scope {
        self.store
    }

    /// The whole state.
    pub(crate) fn snapshots(&self) -> Vec<Vec<u8>> {
        let gate = self.genvoris.gate();
        let all = (0..gate.shard_count()).map(Shard::new);
        all.map(|shard| gate.snapshot(shard).expect("a shard")).collect()
    }

    pub(crate) fn credits(&self) -> i64 {
        let credits = self.genvoris.gate().usable(self.store, "credits", now());
        credits.expect("a wallet").as_units().expect("a whole number")
    }

    pub(crate) fn used(&self, customer: &str) -> i64 {
        let gate = self.genvoris.gate();
        let scope = gate.find(Some(self.store), customer).expect("sound").expect("known");
        let standing = gate.standing(scope, "try-ons", now()).expect("a limit");
        standing.used.as_units().expect("a whole number")
    }

    /// The pool, and the use of every customer.
    pub(crate) fn counters(&self) -> Vec<i64> {
        let customers =
            ["ec_ok", "ec_full", "ec_paused", "ec_cancelled", "ec_no_plan", "ec_inactive_plan"];
        customers.iter().map(|id| self.used(id)).chain([self.credits()]).collect()
    }

    /// The names of the packs with nothing left, those of the start apart.
    pub(crate) fn empty_packs(&self) -> Vec<String> {
        let lots = self.genvoris.gate().lots(self.store).expect("lots");
        let empty = lots.iter().filter(|lot| !lot.left.is_positive());
        let names = empty.map(|lot| lot.name.to_string());
        names.filter(|name| !name.starts_with('p')).collect()
    }

    /// What was told, in order.
    pub(crate) fn told(&self) -> Vec<String> {
        let name = |event: &Event| {
            assert_eq!(event.store, "shop");
            let (What::TryOnCompleted(it) | What::TryOnFailed(it)) = &event.what else {
                return event.what.name().to_owned();
            };
            let who = it.customer_id.clone().unwrap_or_else(|| "nobody".to_owned());
            let pictures = it.variation_count.expect("a count");
            format!("{} of {who}, {pictures} pictures", event.what.name())
        };
        self.heard.0.lock().expect("no panic").iter().map(name).collect()
    }

    /// The bodies of what was told, in order, and forgets them.
    pub(crate) fn envelopes(&self) -> Vec<Value> {
        let mut heard = self.heard.0.lock().expect("no panic");
        let parsed = |event: Event| serde_json::from_slice(&event.envelope()).expect("JSON");
        heard.drain(..).map(parsed).collect()
    }
}

/// The body with the token that its member names.
fn with_token(body: &Value, now: Timestamp) -> Value {
    let mut body = body.clone();
    if let Some(Value::String(name)) = body.get_mut("end_customer_token") {
        *name = spoken(name, now);
    }
    body
}

/// The text of a body, with the token that it names.
pub(crate) fn text_of(body: &Value) -> String {
    with_token(body, now()).to_string()
}
