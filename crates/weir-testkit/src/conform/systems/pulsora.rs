//! Does weir-pulsora answer as the contract says? Its side of the conformance seam.
//!
//! A host is a gate under `examples/pulsora.json`, changed where the vector's `config` says so. Counts
//! are put there by commands; what the sink got is told as the effects.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use http::{HeaderValue, Request, Response, header};
use serde_json::{Map, Value, json};
use weir::{CredentialTerms, Gate, GateError, ImportTerms, Quantity, Scope};
use weir_core::schema;
use weir_core::time::{Span, Timestamp};
use weir_core::token::{Origins, Status};
use weir_pulsora::{
    Accepted, Arrival, Config, EventSink, Fingerprint, Ingest, NegativeAmounts, NullFingerprint,
    PerToken, Salt, SinkRefused,
};

use crate::conform::{HttpSystem, NotImplemented, Setting, System};

/// The pulsora contract.
#[derive(Clone, Copy, Debug)]
pub struct Pulsora;

impl System for Pulsora {
    fn name(&self) -> &'static str {
        "pulsora"
    }

    fn http(&self, setting: &Setting<'_>) -> Result<Box<dyn HttpSystem>, NotImplemented> {
        Ok(Box::new(Host::new(setting)?))
    }
}

/// A host of one vector.
struct Host {
    gate: Gate,
    config: Config,
    sink: Queue,
    address: IpAddr,
    user_agent: HeaderValue,
}

impl Host {
    fn new(setting: &Setting<'_>) -> Result<Self, NotImplemented> {
        let given = Given::new(setting)?;
        let gate = Gate::in_memory().map_err(broken)?;
        gate.install(given.catalog()?.to_string().as_bytes(), setting.now).map_err(broken)?;
        let host = Self {
            gate,
            config: given.config()?,
            sink: Queue::default(),
            address: given.address("client_ip", &given.host)?,
            user_agent: given.text("user_agent")?.parse().map_err(|_| absent("user_agent"))?,
        };
        host.enrol(&given, setting.now)?;
        host.count(&given, setting.now)?;
        for event in given.host.get("prior_revenue").and_then(Value::as_array).into_iter().flatten()
        {
            host.send_prior(event, setting.now)?;
        }
        host.sink.forget();
        Ok(host)
    }

    /// Puts every token on record, each for a scope of its own below its site.
    fn enrol(&self, given: &Given, now: Timestamp) -> Result<(), NotImplemented> {
        for (token, record) in given.tokens()? {
            let word = |key: &str| record.get(key).and_then(Value::as_str).ok_or(absent(key));
            let site = self.gate.open(None, word("site")?, None, now).map_err(broken)?;
            let scope = self.gate.open(Some(site), token, Some("token"), now).map_err(broken)?;
            let active = record.get("active").and_then(Value::as_bool).ok_or(absent("active"))?;
            let terms = CredentialTerms {
                class: word("class")?,
                origins: Origins::ANY,
                status: if active { Status::Active } else { Status::Disabled },
                expires: None,
            };
            self.gate.enrol(scope, token.as_bytes(), &terms, now).map_err(broken)?;
        }
        Ok(())
    }

    /// Sets what was counted before, for an address and for the tokens.
    fn count(&self, given: &Given, now: Timestamp) -> Result<(), NotImplemented> {
        if let Some(rate) = given.host.get("rate").and_then(Value::as_object) {
            known("rate", rate, &["ip", "requests_in_window", "window_age_s"])?;
            let address = match rate.get("ip") {
                Some(_) => given.address("ip", rate)?,
                None => self.address,
            };
            let name = format!("ip:{}", address.to_canonical());
            let scope = self.gate.open(None, &name, Some("address"), now).map_err(broken)?;
            let capacity = given.rate_limit("requests")?;
            self.import(scope, &given.counted((rate, capacity), now)?, now)?;
        }
        if let Some(rate) = given.host.get("rate_token").and_then(Value::as_object) {
            known("rate_token", rate, &["requests_in_window", "window_age_s"])?;
            for (token, record) in given.tokens()? {
                let site = record.get("site").and_then(Value::as_str).unwrap_or_default();
                let site = self.gate.find(None, site).map_err(broken)?;
                let scope = self.gate.find(site, token).map_err(broken)?.ok_or(absent(token))?;
                let capacity = given.config.get("per_token_limit").unwrap_or(&Value::Null);
                self.import(scope, &given.counted((rate, capacity), now)?, now)?;
            }
        }
        Ok(())
    }

    fn import(
        &self,
        scope: Scope,
        terms: &ImportTerms<'_>,
        now: Timestamp,
    ) -> Result<(), NotImplemented> {
        // A window that is over counts nothing, and is not there to be set.
        let open = terms.window_end > now;
        let set = || self.gate.import(scope, "requests.hourly", terms, now).map_err(broken);
        if open { set() } else { Ok(()) }
    }

    /// Sends revenue that the case says was sent before, with a token and an address of its own.
    fn send_prior(&self, event: &Value, now: Timestamp) -> Result<(), NotImplemented> {
        let token = "sec_sent_before";
        let terms = CredentialTerms {
            class: "secret",
            origins: Origins::ANY,
            status: Status::Active,
            expires: None,
        };
        let scope = self.gate.open(None, "site_a", None, now).map_err(broken)?;
        self.gate.enrol(scope, token.as_bytes(), &terms, now).map_err(broken)?;
        let mut data = json!({
            "visitor_fingerprint": "f", "session_id": "s", "customer_id": "c", "amount": 1,
        });
        let members = event.as_object().ok_or(absent("prior_revenue"))?;
        data.as_object_mut().ok_or(absent("data"))?.extend(members.clone());
        let body = json!({ "type": "revenue", "data": data, "token": token }).to_string();
        let request = Request::post("/api/ingest").body(body.as_bytes());
        let request = request.map_err(|_| absent("a request"))?;
        let arrival = Arrival { address: [192, 0, 2, 1].into(), now, request_id: None };
        let response = self.ingest().answer(&request, &arrival, &mut Vec::new());
        if response.status() == 202 {
            Ok(())
        } else {
            Err(absent("prior_revenue that is accepted"))
        }
    }

    const fn ingest(&self) -> Ingest<'_, Queue> {
        Ingest { gate: &self.gate, config: &self.config, sink: &self.sink }
    }
}

impl HttpSystem for Host {
    fn send(
        &self,
        request: &Request<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Response<Vec<u8>>, NotImplemented> {
        let (mut parts, sent) = request.clone().into_parts();
        parts.headers.entry(header::USER_AGENT).or_insert_with(|| self.user_agent.clone());
        let request = Request::from_parts(parts, sent.as_slice());
        let arrival = Arrival { address: self.address, now, request_id: None };
        let mut body = Vec::new();
        let response = self.ingest().answer(&request, &arrival, &mut body);
        Ok(response.map(|()| body))
    }

    fn effects(&self) -> Result<Value, NotImplemented> {
        Ok(self.sink.effects())
    }
}

/// What the sink got: how many events, and what is stored of the last one.
#[derive(Default)]
struct Queue(Mutex<(u64, Map<String, Value>)>);

impl Queue {
    fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Default::default();
    }

    fn effects(&self) -> Value {
        let queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut effects = queue.1.clone();
        effects.insert("events_queued".to_owned(), queue.0.into());
        Value::Object(effects)
    }
}

impl EventSink for Queue {
    fn accept(&self, event: &Accepted<'_, '_>) -> Result<(), SinkRefused> {
        let mut queue = self.0.lock().map_err(|_| SinkRefused)?;
        queue.0 = queue.0.saturating_add(1);
        queue.1.clear();
        let derived = matches!(event.fingerprint, Some(Fingerprint::Derived(_)));
        queue.1.insert("derived_fingerprint".to_owned(), derived.into());
        for field in FIELDS {
            let value = event.get(field).map_or(Value::Null, plain);
            queue.1.insert(format!("stored_{field}"), value);
        }
        Ok(())
    }
}

/// A field of an event as a JSON value.
fn plain(value: schema::Value<'_>) -> Value {
    match value {
        schema::Value::Bool(value) => value.into(),
        schema::Value::Null => Value::Null,
        schema::Value::Number(number) => {
            serde_json::from_str(&number.to_string()).unwrap_or_default()
        }
        schema::Value::Raw(raw) => serde_json::from_str(raw.as_str()).unwrap_or_default(),
        schema::Value::Text(text) => text.chars().collect::<String>().into(),
    }
}

/// The case's own state over that of the fixtures.
struct Given {
    host: Map<String, Value>,
    config: Map<String, Value>,
}

impl Given {
    fn new(setting: &Setting<'_>) -> Result<Self, NotImplemented> {
        let object = |value: Option<&Value>| value.and_then(Value::as_object).cloned();
        let own = setting.given.as_object().ok_or(absent("given as an object"))?;
        known("given", own, &GIVEN)?;
        let mut host = setting.fixtures.as_object().ok_or(absent("fixtures"))?.clone();
        let mut config = object(host.get("config_defaults")).unwrap_or_default();
        config.extend(object(own.get("config")).unwrap_or_default());
        known("config", &config, &CONFIG)?;
        host.extend(own.clone());
        Ok(Self { host, config })
    }

    fn text(&self, key: &str) -> Result<&str, NotImplemented> {
        self.host.get(key).and_then(Value::as_str).ok_or(absent(key))
    }

    fn address(&self, key: &str, of: &Map<String, Value>) -> Result<IpAddr, NotImplemented> {
        let text = of.get(key).and_then(Value::as_str);
        text.and_then(|text| text.parse().ok()).ok_or(absent(key))
    }

    fn tokens(&self) -> Result<&Map<String, Value>, NotImplemented> {
        self.host.get("tokens").and_then(Value::as_object).ok_or(absent("tokens"))
    }

    /// The numbers of a limit that were counted before.
    fn counted(
        &self,
        (rate, capacity): (&Map<String, Value>, &Value),
        now: Timestamp,
    ) -> Result<ImportTerms<'static>, NotImplemented> {
        let member = |key: &str| rate.get(key).ok_or(absent(key));
        let age = seconds(member("window_age_s")?)?;
        let window = seconds(self.rate_limit("window_s")?)?;
        let start = now.checked_sub(age).ok_or(absent("a time"))?;
        let used = member("requests_in_window")?.as_i64().ok_or(absent("requests_in_window"))?;
        let capacity = capacity.as_i64().ok_or(absent("a capacity"))?;
        Ok(ImportTerms {
            grant: None,
            used: Quantity::from_units(used),
            capacity: Some(Quantity::from_units(capacity)),
            window_end: start.checked_add(window).ok_or(absent("a time"))?,
        })
    }

    fn rate_limit(&self, key: &str) -> Result<&Value, NotImplemented> {
        self.config.get("rate_limit").and_then(|limit| limit.get(key)).ok_or(absent(key))
    }

    /// The example's catalog, with the numbers of the case.
    fn catalog(&self) -> Result<Value, NotImplemented> {
        let fixed = [("key", "client_ip"), ("algorithm", "fixed_window_from_first_request")];
        if fixed.iter().any(|(key, value)| self.rate_limit(key).is_ok_and(|own| own != value)) {
            return Err(NotImplemented::new("another rate_limit"));
        }
        let mut catalog: Value =
            serde_json::from_str(CATALOG).map_err(|_| absent("the catalog"))?;
        let mut set = |plan: &str, what: &str, value: Value| {
            let pointer = format!("/plans/{plan}/limits/requests.hourly/{what}");
            let place = catalog.pointer_mut(&pointer).ok_or(absent(&pointer))?;
            *place = value;
            Ok::<_, NotImplemented>(())
        };
        let span = format!("PT{}S", self.rate_limit("window_s")?);
        for plan in ["address", "token"] {
            set(plan, "window/first_use/span", span.clone().into())?;
        }
        set("address", "capacity", self.rate_limit("requests")?.clone())?;
        match self.config.get("per_token_limit") {
            None | Some(Value::Null) => {}
            Some(limit) => set("token", "capacity", limit.clone())?,
        }
        Ok(catalog)
    }

    fn config(&self) -> Result<Config, NotImplemented> {
        let word = |key: &str| self.config.get(key).and_then(Value::as_str).unwrap_or_default();
        let null_fingerprint = match word("null_fingerprint") {
            "derive" => NullFingerprint::Derive(Salt::new(b"salt of the vectors")),
            "reject" => NullFingerprint::Reject,
            _ => return Err(absent("null_fingerprint")),
        };
        let negative_amounts = match word("negative_amounts") {
            "churn_refund" => NegativeAmounts::ChurnRefund,
            "reject" => NegativeAmounts::Reject,
            _ => return Err(absent("negative_amounts")),
        };
        let body_max = self.config.get("max_body_bytes").and_then(Value::as_u64);
        let body_max = body_max.and_then(|most| u32::try_from(most).ok());
        let per_token = match self.config.get("per_token_limit") {
            None | Some(Value::Null) => PerToken::Unlimited,
            Some(_) => PerToken::Limited,
        };
        Ok(Config {
            body_max: body_max.ok_or(absent("max_body_bytes"))?,
            negative_amounts,
            per_token,
            ..Config::new(null_fingerprint)
        })
    }
}

/// Refuses a key that would otherwise be ignored.
fn known(what: &str, map: &Map<String, Value>, keys: &[&str]) -> Result<(), NotImplemented> {
    match map.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => Err(NotImplemented::new(&format!("{what}/{key}"))),
        None => Ok(()),
    }
}

/// A number of seconds, cut to whole milliseconds.
fn seconds(value: &Value) -> Result<Span, NotImplemented> {
    let seconds: Option<Quantity> = value.as_number().and_then(|n| n.to_string().parse().ok());
    let millis = seconds.and_then(|s| i64::try_from(s.as_nanos().div_euclid(1_000_000)).ok());
    millis.and_then(|millis| Span::from_millis(millis).ok()).ok_or(absent("a span"))
}

fn absent(what: &str) -> NotImplemented {
    NotImplemented::new(&format!("a host without {what}"))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn broken(error: GateError) -> NotImplemented {
    NotImplemented::new(&format!("a gate that says `{error}`"))
}

const CATALOG: &str = include_str!("../../../../../examples/pulsora.json");

const GIVEN: [&str; 7] =
    ["client_ip", "config", "prior_revenue", "rate", "rate_token", "tokens", "user_agent"];

const CONFIG: [&str; 5] =
    ["max_body_bytes", "negative_amounts", "null_fingerprint", "per_token_limit", "rate_limit"];

/// Every field of the contract.
const FIELDS: [&str; 26] = [
    "amount",
    "currency",
    "customer_id",
    "customer_subscription_id",
    "event_data",
    "event_name",
    "event_type",
    "is_recurring",
    "locale",
    "metadata",
    "mrr_impact",
    "path",
    "payment_processor",
    "referrer",
    "referrer_source",
    "session_id",
    "timestamp",
    "title",
    "transaction_id",
    "url",
    "utm_campaign",
    "utm_content",
    "utm_medium",
    "utm_source",
    "utm_term",
    "visitor_fingerprint",
];
