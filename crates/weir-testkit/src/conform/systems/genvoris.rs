//! Does weir-genvoris answer as the contract says? Its side of the conformance seam.
//!
//! The fixtures become commands of the adapter; requests go through its own entry; what is stored is
//! asked of the gate. Session tokens are not verified yet: every one is refused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::AUTHORIZATION;
use http::{Request, Response};
use serde_json::{Value, json};
use weir::{Gate, GateError, Scope};
use weir_core::time::Timestamp;
use weir_core::token::Origins;
use weir_core::window::zone::Zones;
use weir_core::window::{Period, Window};
use weir_genvoris::{
    Customer, CustomerStatus, Event, Events, Genvoris as Adapter, Key, KeyStatus, NoSessions, Pack,
    Plan, Secret, Settings, StoreStatus, Tokens, Transport, Usage,
};

use crate::conform::{HttpSystem, NotImplemented, Setting, System};

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
        Ok(Box::new(Host::new(world, setting.now).map_err(unfit)?))
    }
}

/// The adapter in the state of one case.
struct Host {
    adapter: Adapter<NoSessions, Told>,
    world: World,
    customers: BTreeMap<String, Scope>,
    stores: BTreeMap<String, Scope>,
    told: Told,
    /// The store that the last request named; `state` is about its pool.
    named: Mutex<Option<String>>,
    now: Timestamp,
}

impl Host {
    fn new(world: World, now: Timestamp) -> Result<Self, GateError> {
        let gate = Gate::in_memory()?;
        gate.install(CATALOG, now)?;
        let told = Told::default();
        let adapter = Adapter::new(gate, settings(&world))?.with_events(told.clone());
        let (customers, stores, named) = (BTreeMap::new(), BTreeMap::new(), Mutex::new(None));
        let mut host = Self { adapter, world, customers, stores, told, named, now };
        host.furnish()?;
        Ok(host)
    }

    /// Says everything that the case describes.
    fn furnish(&mut self) -> Result<(), GateError> {
        let Self { adapter, world, stores, customers, now, .. } = self;
        for (id, store) in &world.stores {
            let status = match store.status {
                world::StoreStatus::Active => StoreStatus::Active,
                world::StoreStatus::Suspended => StoreStatus::Suspended,
            };
            stores.insert(id.clone(), adapter.put_store(id, status, *now)?);
        }
        let owner = |id: &str| stores.get(id).copied().ok_or_else(|| missing("store", id));
        for (text, key) in &world.api_keys {
            let domains = Origins::parse(key.allowed_domains.iter().map(String::as_str));
            let domains = domains.map_err(|_| missing("domain", text))?;
            let status = if key.active { KeyStatus::Active } else { KeyStatus::Deactivated };
            let key = (owner(&key.store)?, Key { status, domains });
            adapter.put_key(key.0, text.as_bytes(), &key.1, *now)?;
        }
        for (id, shopper) in &world.customers {
            let customer = customer(id, shopper, world)?;
            let scope = adapter.add_customer(owner(&shopper.store)?, &customer, *now)?;
            let (start, end) =
                (world::instant(shopper.period_start), world::instant(shopper.period_end));
            if window(adapter.gate())?.period(start, end, &Zones::NONE) != Ok(Period { start, end })
            {
                return Err(missing("period of this length", id));
            }
            customers.insert(id.clone(), scope);
        }
        for pack in &world.packs {
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

    /// The store of the key that a request carries, in its header or else in its body.
    fn named(&self, request: &Request<Vec<u8>>) -> Option<String> {
        let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let words = header.into_iter().flat_map(|header| header.split(' '));
        let mut keys = words.chain(body.get("api_key").and_then(Value::as_str));
        keys.find_map(|key| self.world.api_keys.get(key)).map(|key| key.store.clone())
    }

    fn told_state(&self) -> Result<Value, GateError> {
        let gate = self.adapter.gate();
        let named = self.named.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let pool = named.and_then(|store| self.stores.get(&store).copied());
        let total = pool.map(|store| gate.usable(store, "credits", self.now)).transpose()?;
        let mut packs = serde_json::Map::new();
        for store in self.stores.values() {
            for lot in gate.lots(*store)? {
                packs.insert(lot.name.into(), lot.left.as_units().into());
            }
        }
        let mut customers = serde_json::Map::new();
        for (id, scope) in &self.customers {
            customers.insert(id.clone(), self.told_customer(*scope)?);
        }
        let total = total.and_then(weir::Quantity::as_units);
        Ok(json!({ "pool_total": total, "packs": packs, "customers": customers }))
    }

    fn told_customer(&self, scope: Scope) -> Result<Value, GateError> {
        let gate = self.adapter.gate();
        let standing = gate.standing(scope, "try-ons", self.now)?;
        let period = window(gate)?.period(self.now, standing.resets_at, &Zones::NONE);
        let period = period.unwrap_or_else(|outside| outside);
        Ok(json!({
            "used": standing.used.as_units(),
            "limit": standing.capacity.as_units(),
            "period_start": world::seconds(period.start),
            "period_end": world::seconds(period.end),
        }))
    }
}

impl HttpSystem for Host {
    fn send(
        &self,
        request: &Request<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Response<Vec<u8>>, NotImplemented> {
        if request.uri().path() != "/api/tryon/track" {
            return Err(NotImplemented::new(&format!("route {}", request.uri().path())));
        }
        *self.named.lock().unwrap_or_else(PoisonError::into_inner) = self.named(request);
        let (parts, body) = request.clone().into_parts();
        let mut out = Vec::new();
        let request = Request::from_parts(parts, body.as_slice());
        let answered = self.adapter.handle(&request, now, &mut out);
        let response = answered.unwrap_or_else(|error| error.answer(&mut out));
        Ok(response.map(|()| out))
    }

    fn state(&self) -> Result<Value, NotImplemented> {
        self.told_state().map_err(unfit)
    }

    fn webhook_events(&self) -> Result<Vec<String>, NotImplemented> {
        Ok(self.told.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// The names of the events, in order.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Events for Told {
    fn tell(&self, event: &Event) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.push(event.name().to_owned());
    }
}

fn settings(world: &World) -> Settings {
    let secret = || Secret::new(world.secret());
    let transport = match world.config.track_auth {
        Auth::Bearer => Transport::Bearer,
        Auth::Either => Transport::Either(secret()),
        Auth::InternalSecret => Transport::InternalSecret(secret()),
    };
    let required = world.config.require_end_customer_token;
    Settings { transport, tokens: if required { Tokens::Required } else { Tokens::Optional } }
}

fn customer<'a>(id: &'a str, shopper: &Shopper, world: &World) -> Result<Customer<'a>, GateError> {
    let plan = shopper.plan_id.as_ref().map(|id| {
        let plan = world.plans.get(id).ok_or_else(|| missing("plan", id))?;
        Ok::<_, GateError>(Plan { monthly_try_ons: plan.monthly_try_ons, active: plan.active })
    });
    let status = match shopper.status {
        world::ShopperStatus::Active => CustomerStatus::Active,
        world::ShopperStatus::Cancelled => CustomerStatus::Cancelled,
        world::ShopperStatus::Paused => CustomerStatus::Paused,
    };
    let period_end = world::instant(shopper.period_end);
    let usage = Usage { used: shopper.used, limit: shopper.limit.unwrap_or(0), period_end };
    Ok(Customer { id, status, plan: plan.transpose()?, usage })
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

fn unfit(error: GateError) -> NotImplemented {
    NotImplemented::new(&error.to_string())
}

const CATALOG: &[u8] = include_bytes!("../../../../../examples/genvoris.json");
