//! A host for the tests: two stores and a suspended one, customers in every state, five credits.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Request};
use serde_json::Value;
use weir::{Gate, Journal, JournalError, Scope, Shard, Timestamp};
use weir_core::token::Origins;
use weir_genvoris::{
    Customer, CustomerStatus, Event, Events, Genvoris, InvalidSession, Key, KeyStatus, Pack, Plan,
    Session, Sessions, Settings, StoreStatus, Usage,
};

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

/// A token is `CUSTOMER@STORE`, or `CUSTOMER` alone where it starts like one.
pub(crate) struct Spoken;

impl Sessions for Spoken {
    fn verify(&self, token: &str, _: Timestamp) -> Result<Session, InvalidSession> {
        match token.split_once('@') {
            Some((customer, store)) => {
                Ok(Session { customer: customer.to_owned(), store: Some(store.to_owned()) })
            }
            None if token.starts_with("ec_") => {
                Ok(Session { customer: token.to_owned(), store: None })
            }
            None => Err(InvalidSession),
        }
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
    pub(crate) genvoris: Genvoris<Spoken, Heard>,
    store: Scope,
    heard: Heard,
    journal: Breakable,
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
        gate.install(include_bytes!("../../../../examples/genvoris.json"), now()).expect("sound");
        let genvoris = Genvoris::new(gate, settings).expect("the catalog has it all");
        let genvoris = genvoris.with_sessions(Spoken).with_events(heard.clone());
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
        let shop = Self { genvoris, store, heard, journal };
        shop.people();
        for name in ["p1", "p2", "p3", "p4", "p5"] {
            shop.pack(name, now(), None);
        }
        shop
    }

    fn people(&self) {
        let plan = |active| Some(Plan { monthly_try_ons: 200, active });
        for (id, status, plan, used) in [
            ("ec_ok", CustomerStatus::Active, plan(true), 32),
            ("ec_last", CustomerStatus::Active, plan(true), 99),
            ("ec_full", CustomerStatus::Active, plan(true), 100),
            ("ec_paused", CustomerStatus::Paused, plan(false), 1),
            ("ec_cancelled", CustomerStatus::Cancelled, None, 1),
            ("ec_no_plan", CustomerStatus::Active, None, 0),
            ("ec_inactive_plan", CustomerStatus::Active, plan(false), 1),
        ] {
            let usage = Usage { used, limit: 100, period_end: at("2026-01-21T00:00:00Z") };
            let customer = Customer { id, status, plan, usage };
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
        let body = body.to_string();
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
        let response = self.genvoris.handle(request, now, &mut out).expect("an answer");
        let (parts, ()) = response.into_parts();
        let body = String::from_utf8(out).expect("text");
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) fn break_journal(&self) {
        self.journal.0.store(true, Ordering::SeqCst);
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
            let (Event::TryOnCompleted(it) | Event::TryOnFailed(it)) = event;
            assert_eq!(it.store, self.store);
            let name = |scope| self.genvoris.gate().name(scope).expect("sound");
            let who = it.customer.map_or_else(|| "nobody".to_owned(), name);
            format!("{} of {who}, {} pictures", event.name(), it.variation_count)
        };
        self.heard.0.lock().expect("no panic").iter().map(name).collect()
    }
}
