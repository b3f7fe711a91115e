//! Does the host answer the request as the vector says, and is its state then as the vector says?

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::thread;

use http::{HeaderMap, Request, Response};
use serde_json::{Map, Value};
use weir_core::time::Timestamp;

use super::checks::{Checks, show, show_got};
use super::matcher::{Rules, compare};
use super::request::{self, Sending};
use super::seam::{HttpSystem, NotImplemented, Setting, System};

/// One request over HTTP, as both families of files describe it.
pub(super) struct Exchange<'a> {
    /// The state before.
    pub(super) setting: Setting<'a>,
    /// What is sent; see [`request::build`].
    pub(super) request: &'a Value,
    /// What is expected.
    pub(super) expect: &'a Map<String, Value>,
}

/// Sends the request to a fresh host and compares everything that is expected.
pub(super) fn run(exchange: &Exchange<'_>, system: &dyn System, checks: &mut Checks) {
    let host = match system.http(&exchange.setting) {
        Ok(host) => host,
        Err(missing) => return checks.refuse("a host in the given state", &missing.to_string()),
    };
    let tokens = exchange.setting.fixtures.get("tokens").unwrap_or(&Value::Null);
    let sending = match request::build(exchange.request, tokens) {
        Ok(sending) => sending,
        Err(why) => return checks.refuse("a request that can be built", &why),
    };
    let responses = match send(&*host, &sending, exchange.setting.now) {
        Ok(responses) => responses,
        Err(missing) => return checks.refuse("an answer", &missing.to_string()),
    };
    let rules = Rules { host: Some(&*host), ..Rules::EXACT };
    for response in &responses {
        answer(&rules, exchange.expect, response, checks);
    }
    aftermath(&rules, (exchange.expect, &*host), checks);
    outcomes(exchange.expect, (&sending, &responses), checks);
    checks.know(exchange.expect.keys(), &KNOWN);
}

/// Sends once, or as many times at once as the vector says.
fn send(
    host: &dyn HttpSystem,
    sending: &Sending,
    now: Timestamp,
) -> Result<Vec<Response<Vec<u8>>>, NotImplemented> {
    let request: &Request<Vec<u8>> = &sending.request;
    if sending.times == 1 {
        return host.send(request, now).map(|response| vec![response]);
    }
    let start = Barrier::new(sending.times);
    thread::scope(|scope| {
        let ask = || {
            start.wait();
            host.send(request, now)
        };
        let asked: Vec<_> = (0..sending.times).map(|_| scope.spawn(ask)).collect();
        let answered = asked.into_iter().map(|one| {
            one.join().unwrap_or_else(|_| Err(NotImplemented::new("an answer without a panic")))
        });
        answered.collect()
    })
}

/// Status, body and headers of one answer.
fn answer(
    rules: &Rules<'_>,
    expect: &Map<String, Value>,
    response: &Response<Vec<u8>>,
    checks: &mut Checks,
) {
    if let Some(status) = expect.get("status") {
        checks.within("status", |checks| {
            compare(rules, status, Some(&Value::from(response.status().as_u16())), checks);
        });
    }
    let shape = match expect.get("body_match").map(Value::as_str) {
        None | Some(Some("exact")) => Some(*rules),
        Some(Some("subset")) => Some(rules.subset()),
        Some(Some("status_only")) => None,
        Some(_) => return checks.refuse("body_match exact, subset or status_only", "another"),
    };
    // With status_only a body is what the vector's author suggests: others are as good.
    if let (Some(body), Some(rules)) = (expect.get("body"), shape) {
        checks.within("body", |checks| compare_body(&rules, body, response.body(), checks));
    }
    headers(rules, expect, response.headers(), checks);
}

/// Null stands for no body at all; a body that is not JSON is compared as text.
fn compare_body(rules: &Rules<'_>, expected: &Value, got: &[u8], checks: &mut Checks) {
    if expected.is_null() {
        let text = String::from_utf8_lossy(got).into_owned();
        return checks.equal(&String::new(), &text);
    }
    let got = if got.is_empty() {
        None
    } else {
        let text = || Value::from(String::from_utf8_lossy(got).into_owned());
        Some(serde_json::from_slice(got).unwrap_or_else(|_| text()))
    };
    compare(rules, expected, got.as_ref(), checks);
}

fn headers(rules: &Rules<'_>, expect: &Map<String, Value>, found: &HeaderMap, checks: &mut Checks) {
    let value = |name: &str| {
        let values: Vec<_> = found
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        (!values.is_empty()).then(|| Value::from(values.join(", ")))
    };
    match expect.get("headers") {
        Some(Value::Object(wanted)) => {
            for (name, wanted) in wanted {
                checks.within(&format!("headers/{name}"), |checks| {
                    compare(rules, wanted, value(name).as_ref(), checks);
                });
            }
        }
        Some(other) => checks.refuse("headers as an object", &show(other)),
        None => {}
    }
    match expect.get("headers_absent") {
        Some(Value::Array(names)) => {
            for name in names {
                let got = name.as_str().and_then(value);
                checks.within(&format!("headers_absent/{}", show(name)), |checks| match got {
                    None if name.is_string() => checks.pass(),
                    got => checks.fail("nothing", &show_got(got.as_ref())),
                });
            }
        }
        Some(other) => checks.refuse("headers_absent as an array", &show(other)),
        None => {}
    }
}

/// State, effects, webhook events and queued messages, after all requests.
fn aftermath(
    rules: &Rules<'_>,
    (expect, host): (&Map<String, Value>, &dyn HttpSystem),
    checks: &mut Checks,
) {
    let mut check = |key: &str, rules: &Rules<'_>, told: &dyn Fn() -> Told| {
        let Some(wanted) = expect.get(key) else { return };
        checks.within(key, |checks| match told() {
            Ok(got) => compare(rules, &described(wanted), Some(&got), checks),
            Err(missing) => checks.refuse(&show(wanted), &missing.to_string()),
        });
    };
    check("state", &rules.subset(), &|| host.state());
    check("effects", &rules.subset(), &|| host.effects());
    check("webhook_events", rules, &|| host.webhook_events().map(Value::from));
    check("queued", rules, &|| host.queued().map(Value::from));
}

/// A text in angle brackets describes the value that must be there.
fn described(wanted: &Value) -> Value {
    match wanted {
        Value::String(text) if text.starts_with('<') && text.ends_with('>') => {
            serde_json::json!({"$type": "string"})
        }
        Value::Array(items) => items.iter().map(described).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), described(value))).collect()
        }
        other => other.clone(),
    }
}

/// How often each status came, of the requests sent at once.
fn outcomes(
    expect: &Map<String, Value>,
    (sending, responses): (&Sending, &[Response<Vec<u8>>]),
    checks: &mut Checks,
) {
    let wanted = match (expect.get("outcomes"), sending.parallel) {
        (Some(wanted), true) => wanted,
        (Some(_), false) => return checks.refuse("outcomes with parallel", "one request"),
        (None, _) => return,
    };
    let mut counts = BTreeMap::<String, u64>::new();
    for response in responses {
        let count = counts.entry(response.status().as_str().to_owned()).or_default();
        *count = count.saturating_add(1);
    }
    let counts = counts.into_iter().map(|(status, count)| (status, Value::from(count))).collect();
    checks.within("outcomes", |checks| {
        compare(&Rules::EXACT, wanted, Some(&Value::Object(counts)), checks);
    });
}

type Told = Result<Value, NotImplemented>;

const KNOWN: [&str; 10] = [
    "status",
    "body",
    "body_match",
    "headers",
    "headers_absent",
    "state",
    "effects",
    "webhook_events",
    "queued",
    "outcomes",
];
