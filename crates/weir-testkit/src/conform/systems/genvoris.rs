//! Does weir-genvoris answer as the contract says? Its side of the conformance seam.
//!
//! The fixtures become commands of the adapter; requests go through its own entry. What is stored is
//! asked of its own routes, with the store's key, and of the gate. Sessions that it makes are signed
//! with a key of the tests, published beside those of the fixtures.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header::AUTHORIZATION;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use weir::{Gate, GateError, Scope};
use weir_core::time::Timestamp;
use weir_core::token::Origins;
use weir_core::window::zone::Zones;
use weir_core::window::{Period, Window};
use weir_genvoris::{
    Arrival, Customer, CustomerStatus, Event, Events, Genvoris as Adapter, GenvorisError, Key,
    KeyStatus, Keyring, Pack, Plan, PublicKey, Rates, Secret, Settings, Signer, StoreStatus,
    Tokens, Transport, Upsert, Usage,
};

use crate::conform::{HttpSystem, NotImplemented, Setting, System};

mod jwt;
mod world;

use world::{Auth, Shopper, World};

/// The genvoris contract.
#[derive(Clone, Copy, Debug)]
pub struct Genvoris;

impl System for Genvoris {
    fn name(&self) -> &'static str {
        "genvoris"
    }

    fn http(&self, setting: &Setting<'_>) -> Result<Box<dyn HttpSystem>, NotImplemented> {
        let world = World::read(setting)?;
        Ok(Box::new(Host::new(world, setting.now).map_err(|error| unfit(&error))?))
    }
}

/// The adapter in the state of one case.
struct Host {
    adapter: Adapter<Told>,
    world: World,
    stores: BTreeMap<String, Scope>,
    told: Told,
    asked: Mutex<Asked>,
    now: Timestamp,
    /// Stands for the host's randomness.
    random: AtomicU64,
}

/// What requests named, for `state`.
#[derive(Clone, Default)]
struct Asked {
    /// The store, in the last one: `state` is about its pool.
    store: Option<String>,
    /// A customer, as the last one called it.
    posted: Option<String>,
    /// Sessions whose revocation was asked for.
    revoked: Vec<String>,
}

impl Host {
    fn new(world: World, now: Timestamp) -> Result<Self, GenvorisError> {
        let gate = Gate::in_memory()?;
        gate.install(CATALOG, now)?;
        let told = Told::default();
        let keys = keyring(&world).ok_or_else(|| missing("key set", "jwks"))?;
        let adapter = Adapter::new(gate, settings(&world))?.with_keys(keys);
        let adapter = adapter.with_events(told.clone());
        let asked = Mutex::default();
        let (stores, random) = (BTreeMap::new(), AtomicU64::new(0));
        let mut host = Self { adapter, world, stores, told, asked, now, random };
        host.furnish()?;
        host.prepare()?;
        Ok(host)
    }

    /// Says everything that the case describes.
    fn furnish(&mut self) -> Result<(), GenvorisError> {
        let Self { adapter, world, stores, now, .. } = self;
        for (id, store) in &world.data.stores {
            let status = match store.status {
                world::StoreStatus::Active => StoreStatus::Active,
                world::StoreStatus::Suspended => StoreStatus::Suspended,
            };
            stores.insert(id.clone(), adapter.put_store(id, status, *now)?);
        }
        let owner = |id: &str| stores.get(id).copied().ok_or_else(|| missing("store", id));
        for (text, key) in &world.data.api_keys {
            let domains = Origins::parse(key.allowed_domains.iter().map(String::as_str));
            let domains = domains.map_err(|_| missing("domain", text))?;
            let status = if key.active { KeyStatus::Active } else { KeyStatus::Deactivated };
            let key = (owner(&key.store)?, Key { status, domains });
            adapter.put_key(key.0, text.as_bytes(), &key.1, *now)?;
        }
        for (id, plan) in &world.data.plans {
            let world::Plan { store, name, monthly_try_ons, active, disabled, .. } = plan;
            let external_price_id = plan.external_price_id.as_deref();
            let (monthly_try_ons, active, disabled) = (*monthly_try_ons, *active, *disabled);
            let plan = Plan { name, monthly_try_ons, external_price_id, active, disabled };
            adapter.put_plan(owner(store)?, (id, &plan), *now)?;
        }
        for (id, shopper) in &world.data.customers {
            let metadata = shopper.metadata.as_ref().map(Value::to_string);
            let customer = customer(id, shopper, metadata.as_deref());
            adapter.add_customer(owner(&shopper.store)?, &customer, *now)?;
            let Usage { period_start: start, period_end: end, .. } = customer.usage;
            if window(adapter.gate())?.period(start, end, &Zones::NONE) != Ok(Period { start, end })
            {
                return Err(missing("period of this length", id).into());
            }
        }
        for pack in &world.data.packs {
            let store = owner(&pack.store)?;
            let pack = Pack {
                name: &pack.id,
                credits: pack.remaining,
                purchased: world::instant(pack.purchased_at),
                expires: pack.expires_at.map(world::instant),
            };
            adapter.add_pack(store, &pack, *now)?;
        }
        Ok(())
    }

    /// Lets happen what the case says that has happened, and breaks what it says is broken.
    fn prepare(&self) -> Result<(), GenvorisError> {
        for jti in &self.world.case.revoked_jti {
            let mut customers = self.world.data.customers.iter();
            let owner = customers.find(|(id, _)| jti.starts_with(&format!("{id}-")));
            let (id, shopper) = owner.ok_or_else(|| missing("customer of the session", jti))?;
            let path = format!("/api/v1/customers/{id}/sessions/{jti}");
            self.ask(&shopper.store, (Method::DELETE, &path), &Value::Null)?;
            self.asked().revoked.push(jti.clone());
        }
        for number in 0..self.world.case.creates_last_hour {
            let body = json!({ "externalId": format!("before {number}") });
            self.ask(STORE, (Method::POST, "/api/v1/customers"), &body)?;
        }
        for _ in 0..self.world.case.mints_last_hour {
            self.ask(STORE, (Method::POST, "/api/v1/customers/ec_ok/sessions"), &Value::Null)?;
        }
        self.told.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if let Some(world::Fault::StorageUnavailable) = self.world.case.fault {
            self.poison();
        }
        Ok(())
    }

    /// Ends the use of every store's shard, as a panic under its lock does.
    fn poison(&self) {
        for store in self.stores.keys() {
            let broken = || {
                let gate = self.adapter.gate();
                gate.update_note(store, (u16::MAX, b""), self.now, |_| resume_unwind(Box::new(())))
            };
            let _panicked = catch_unwind(AssertUnwindSafe(broken));
        }
    }

    /// Asks a route of the adapter with a key of the store.
    fn ask(
        &self,
        store: &str,
        (method, path): (Method, &str),
        body: &Value,
    ) -> Result<Value, GenvorisError> {
        let mut keys = self.world.data.api_keys.iter();
        let key = keys.find(|(_, key)| key.store == store && key.active).map(|(key, _)| key);
        let key = key.ok_or_else(|| missing("key of the store", store))?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::builder().method(method).uri(path);
        let request = request.header(AUTHORIZATION, format!("Bearer {key}")).body(body.as_bytes());
        let request = request.map_err(|_| missing("path", path))?;
        let mut out = Vec::new();
        self.adapter.handle(&request, &self.arrival(self.now), &mut out)?;
        Ok(serde_json::from_slice(&out).unwrap_or_default())
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arrival(&self, now: Timestamp) -> Arrival {
        let number = self.random.fetch_add(1, Ordering::Relaxed);
        Arrival { now, random: u128::from(number).to_be_bytes() }
    }

    /// The store of the key that a request carries, in its header or else in its body.
    fn named(&self, request: &Request<Vec<u8>>) -> Option<String> {
        let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let words = header.into_iter().flat_map(|header| header.split(' '));
        let mut keys = words.chain(body.get("api_key").and_then(Value::as_str));
        keys.find_map(|key| self.world.data.api_keys.get(key)).map(|key| key.store.clone())
    }

    fn told_state(&self) -> Result<Value, GenvorisError> {
        let gate = self.adapter.gate();
        let asked = self.asked().clone();
        let named = asked.store.as_deref().unwrap_or(STORE);
        let pool = self.stores.get(named).map(|store| gate.usable(*store, "credits", self.now));
        let mut packs = serde_json::Map::new();
        for store in self.stores.values() {
            for lot in gate.lots(*store)? {
                packs.insert(lot.name.into(), lot.left.as_units().into());
            }
        }
        let mut customers = serde_json::Map::new();
        for (id, shopper) in &self.world.data.customers {
            customers.insert(id.clone(), self.told_customer(id, &shopper.store)?);
        }
        let listed = self.ask(named, (Method::GET, "/api/v1/plans"), &Value::Null)?;
        let shown = |id: &String| {
            let plans = listed.get("data").and_then(Value::as_array).into_iter().flatten();
            plans.into_iter().any(|plan| plan.get("id").and_then(Value::as_str) == Some(id))
        };
        let plans =
            self.world.data.plans.keys().map(|id| (id.clone(), json!({"listed": shown(id)})));
        let mut state = json!({
            "pool_total": pool.transpose()?.and_then(weir::Quantity::as_units),
            "packs": packs,
            "customers": customers,
            "plans": plans.collect::<serde_json::Map<_, _>>(),
            "revoked": self.told_revoked()?,
        });
        // `customer_NAME_exists`, for all names that are there, and the one that was posted.
        let page = self.ask(named, (Method::GET, "/api/v1/customers?limit=200"), &Value::Null)?;
        let all = page.get("data").and_then(Value::as_array).into_iter().flatten();
        let names: Vec<_> = all.filter_map(|one| one.get("externalId")?.as_str()).collect();
        let asked = names.iter().copied().chain(asked.posted.as_deref());
        let known = |name: &str| (format!("customer_{name}_exists"), names.contains(&name).into());
        state.as_object_mut().into_iter().for_each(|state| state.extend(asked.clone().map(known)));
        Ok(state)
    }

    fn told_customer(&self, id: &str, store: &str) -> Result<Value, GenvorisError> {
        let path = format!("/api/v1/customers/{id}");
        let Ok(one) = self.ask(store, (Method::GET, &path), &Value::Null) else {
            return Ok(Value::Null); // of a store without a key that is good
        };
        let used = self.ask(store, (Method::GET, &format!("{path}/usage")), &Value::Null)?;
        let current = used.pointer("/data/current").cloned().unwrap_or_default();
        let second = |key: &str| {
            let instant = one.get(key).and_then(Value::as_str)?.parse().ok()?;
            Some(world::seconds(instant))
        };
        Ok(json!({
            "used": current.get("used"),
            "limit": current.get("limit"),
            "period_start": second("periodStart"),
            "period_end": second("periodEnd"),
            "status": one.get("status"),
            "planId": one.get("planId"),
            "email": one.get("email"),
            "metadata": one.get("metadata"),
        }))
    }

    /// The sessions that are revoked, of those whose revocation was asked for.
    fn told_revoked(&self) -> Result<Vec<String>, GenvorisError> {
        let asked = self.asked().revoked.clone();
        let mut gone = Vec::new();
        for jti in asked {
            for store in self.stores.values() {
                if self.adapter.is_revoked(*store, &jti)? {
                    gone.push(jti.clone());
                }
            }
        }
        Ok(gone)
    }
}

impl HttpSystem for Host {
    fn send(
        &self,
        request: &Request<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Response<Vec<u8>>, NotImplemented> {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        {
            let mut asked = self.asked();
            asked.store = self.named(request);
            asked.posted = body.get("externalId").and_then(Value::as_str).map(str::to_owned);
            if let Some((_, jti)) = request.uri().path().rsplit_once("/sessions/") {
                asked.revoked.push(jti.to_owned());
            }
        }
        let (parts, body) = request.clone().into_parts();
        let mut out = Vec::new();
        let request = Request::from_parts(parts, body.as_slice());
        let answered = self.adapter.handle(&request, &self.arrival(now), &mut out);
        let response = answered.unwrap_or_else(|error| error.answer(&mut out));
        Ok(response.map(|()| out))
    }

    fn state(&self) -> Result<Value, NotImplemented> {
        let told = self.webhook_events()?;
        let state = self.told_state();
        // What asking has made happen is not of the case.
        *self.told.0.lock().unwrap_or_else(PoisonError::into_inner) = told;
        state.map_err(|error| unfit(&error))
    }

    fn webhook_events(&self) -> Result<Vec<String>, NotImplemented> {
        Ok(self.told.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn verified_token(&self, compact: &str) -> Result<Value, NotImplemented> {
        let set = self.ask(STORE, (Method::GET, "/.well-known/jwks.json"), &Value::Null);
        let set = set.map_err(|error| unfit(&error))?;
        jwt::verified(&set, compact).ok_or_else(|| NotImplemented::new("a token of this form"))
    }
}

/// The names of the events, in order.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Events for Told {
    fn tell(&self, event: &Event) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.push(event.what.name().to_owned());
    }
}

fn settings(world: &World) -> Settings {
    let secret = || Secret::new(world.secret());
    let transport = match world.case.config.track_auth {
        Auth::Bearer => Transport::Bearer,
        Auth::Either => Transport::Either(secret()),
        Auth::InternalSecret => Transport::InternalSecret(secret()),
    };
    let required = world.case.config.require_end_customer_token;
    Settings {
        transport,
        tokens: if required { Tokens::Required } else { Tokens::Optional },
        upsert: match world.case.config.upsert_roll {
            world::UpsertRoll::Always => Upsert::Always,
            world::UpsertRoll::IfEnded => Upsert::IfEnded,
        },
        rates: match world.case.config.rate_limits {
            world::RateLimits::Hardened => Rates::Hardened,
            world::RateLimits::Off => Rates::Off,
        },
    }
}

fn keyring(world: &World) -> Option<Keyring> {
    let signer = Signer::from_pkcs8("gv-conform", SIGNER).ok()?;
    let with = |keys: Keyring, jwk: &world::Jwk| {
        keys.with(PublicKey::from_jwk(&jwk.kid, &jwk.n, &jwk.e).ok()?).ok()
    };
    world.data.jwks.keys.iter().try_fold(Keyring::new(signer), with)
}

fn customer<'a>(id: &'a str, shopper: &'a Shopper, metadata: Option<&'a str>) -> Customer<'a> {
    let status = match shopper.status {
        world::ShopperStatus::Active => CustomerStatus::Active,
        world::ShopperStatus::Cancelled => CustomerStatus::Cancelled,
        world::ShopperStatus::Paused => CustomerStatus::Paused,
    };
    let usage = Usage {
        used: shopper.usage.used,
        limit: shopper.usage.limit.unwrap_or(0),
        period_start: world::instant(shopper.usage.period_start),
        period_end: world::instant(shopper.usage.period_end),
    };
    let (external_id, email) = (&*shopper.external_id, shopper.email.as_deref());
    let plan = shopper.plan_id.as_deref();
    Customer { id, external_id, email, status, plan, metadata, usage }
}

/// When a customer's quota counts anew.
fn window(gate: &Gate) -> Result<Window, GateError> {
    let catalog = gate.catalog()?;
    let (plan, limit) = (catalog.plan("shopper"), catalog.limit("try-ons"));
    let terms = plan.zip(limit).and_then(|(plan, limit)| catalog.limit_terms(plan, limit));
    terms.map(|terms| terms.window).ok_or_else(|| missing("limit", "try-ons"))
}

fn missing(kind: &'static str, name: &str) -> GateError {
    GateError::UnknownName { kind, name: name.to_owned() }
}

fn unfit(error: &GenvorisError) -> NotImplemented {
    NotImplemented::new(&error.to_string())
}

/// The store that a case is about where its request names none.
const STORE: &str = "user_store_a";
const SIGNER: &[u8] = include_bytes!("../../../data/rsa-2048-one.pk8");
const CATALOG: &[u8] = include_bytes!("../../../../../examples/genvoris.json");
