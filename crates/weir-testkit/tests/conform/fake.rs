//! A system that answers what `given` says, and ways to run made-up vectors against it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderName, Request, Response, StatusCode};
use serde_json::{Value, json};
use weir_core::time::Timestamp;
use weir_testkit::conform::{
    self, Batch, Done, Fault, HttpSystem, Ingest, NotImplemented, Question, Report, ScenarioSystem,
    Setting, System, Verify,
};

/// Answers what it is told to.
struct Fake;

impl System for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn http(&self, setting: &Setting<'_>) -> Result<Box<dyn HttpSystem>, NotImplemented> {
        if setting.given.get("absent").is_some() {
            return Err(NotImplemented::new("given.absent"));
        }
        Ok(Box::new(Host { given: setting.given.clone(), asked: AtomicU64::new(0) }))
    }

    fn scenario(&self, setting: &Setting<'_>) -> Result<Box<dyn ScenarioSystem>, NotImplemented> {
        Ok(Box::new(Walker { given: setting.given.clone(), taken: Vec::new() }))
    }

    fn answer(&self, question: &Question<'_>) -> Result<Value, NotImplemented> {
        told(question.given, "answer")
    }
}

struct Host {
    given: Value,
    asked: AtomicU64,
}

impl HttpSystem for Host {
    fn send(
        &self,
        request: &Request<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Response<Vec<u8>>, NotImplemented> {
        assert!(self.given.get("panic").is_none(), "as told");
        let body = if self.given.get("echo").is_some() {
            echo(request, now).to_string()
        } else if let Some(body) = self.given.get("body") {
            body.to_string()
        } else {
            self.given.get("text").and_then(Value::as_str).unwrap_or("").to_owned()
        };
        let mut response = Response::new(body.into_bytes());
        let earlier = self.asked.fetch_add(1, Ordering::SeqCst);
        let status = match self.given.get("budget").and_then(Value::as_u64) {
            Some(budget) if earlier >= budget => 402,
            _ => self.given.get("status").and_then(Value::as_u64).unwrap_or(200),
        };
        let status = u16::try_from(status).expect("a status");
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        for (name, value) in self.given["headers"].as_object().into_iter().flatten() {
            let name: HeaderName = name.parse().expect("a header name");
            for value in value.as_array().unwrap_or(&vec![value.clone()]) {
                let value = value.as_str().expect("text").parse().expect("a header value");
                response.headers_mut().append(name.clone(), value);
            }
        }
        Ok(response)
    }

    fn state(&self) -> Result<Value, NotImplemented> {
        let asked = self.asked.load(Ordering::SeqCst);
        if self.given.get("budget").is_some() {
            Ok(json!(asked))
        } else {
            told(&self.given, "state")
        }
    }

    fn effects(&self) -> Result<Value, NotImplemented> {
        told(&self.given, "effects")
    }

    fn webhook_events(&self) -> Result<Vec<String>, NotImplemented> {
        let events = told(&self.given, "webhook_events")?;
        Ok(serde_json::from_value(events).expect("names"))
    }

    fn queued(&self) -> Result<Vec<Value>, NotImplemented> {
        Ok(serde_json::from_value(told(&self.given, "queued")?).expect("messages"))
    }

    fn verified_token(&self, compact: &str) -> Result<Value, NotImplemented> {
        let subject = compact.split('.').nth(1).unwrap_or("");
        Ok(json!({"header": {}, "claims": {"sub": subject, "iat": 1}}))
    }
}

/// What arrived, as JSON.
fn echo(request: &Request<Vec<u8>>, now: Timestamp) -> Value {
    let headers = request.headers().iter().map(|(name, value)| {
        (name.to_string(), Value::from(String::from_utf8_lossy(value.as_bytes()).into_owned()))
    });
    json!({
        "method": request.method().as_str(),
        "path": request.uri().to_string(),
        "headers": headers.collect::<serde_json::Map<_, _>>(),
        "text": String::from_utf8_lossy(request.body()),
        "bytes": request.body().len(),
        "now": now.as_millis(),
    })
}

struct Walker {
    given: Value,
    taken: Vec<Value>,
}

impl Walker {
    fn answer(&mut self, asked: Value) -> Result<Value, NotImplemented> {
        let answer = self.given["answers"].get(self.taken.len()).cloned();
        self.taken.push(asked.clone());
        match answer {
            Some(answer) if answer == json!("echo") => Ok(asked),
            Some(answer) => Ok(answer),
            None => Err(NotImplemented::new("another answer")),
        }
    }
}

impl ScenarioSystem for Walker {
    fn ingest(&mut self, ask: &Ingest<'_>) -> Result<Value, NotImplemented> {
        self.answer(json!({
            "customer": ask.customer,
            "feature": ask.feature,
            "key": ask.event.key,
            "event_id": ask.event.event_id,
            "slug": ask.event.slug,
            "properties": ask.event.properties,
            "timestamp": ask.event.timestamp.as_millis(),
            "now": ask.now.as_millis(),
            "received_at": ask.received_at.as_millis(),
        }))
    }

    fn verify(&mut self, ask: &Verify<'_>) -> Result<Value, NotImplemented> {
        self.answer(json!({
            "customer": ask.customer,
            "feature": ask.feature,
            "timestamp": ask.timestamp.as_millis(),
            "now": ask.now.as_millis(),
        }))
    }

    fn ingest_batch(&mut self, batch: &Batch<'_>) -> Result<Value, NotImplemented> {
        let keys: Vec<_> = batch.events.iter().map(|event| event.key).collect();
        self.answer(json!({"customer": batch.customer, "keys": keys, "now": batch.now.as_millis()}))
    }

    fn set_entitlement(&mut self, entitlement: &Value, _now: Timestamp) -> Done {
        self.answer(entitlement.clone()).map(|_| ())
    }

    fn wallet_add(&mut self, amounts: &Value, _now: Timestamp) -> Done {
        self.answer(amounts.clone()).map(|_| ())
    }

    fn fault(&mut self, fault: Fault) -> Done {
        self.answer(json!(format!("{fault:?}"))).map(|_| ())
    }

    fn evict(&mut self, _now: Timestamp) -> Done {
        self.answer(json!("evict")).map(|_| ())
    }

    fn alarm(&mut self, entitlement: &str, _now: Timestamp) -> Done {
        self.answer(json!(entitlement)).map(|_| ())
    }

    fn state(&self) -> Result<Value, NotImplemented> {
        let mut state = told(&self.given, "final")?;
        if state == json!("taken") {
            return Ok(json!({"entitlements": {}, "taken": self.taken}));
        }
        if self.given.get("drifts").is_some() {
            state["drift"] = json!(self.taken.len());
        }
        Ok(state)
    }
}

fn told(given: &Value, key: &str) -> Result<Value, NotImplemented> {
    given.get(key).filter(|told| !told.is_null()).cloned().ok_or_else(|| NotImplemented::new(key))
}

/// No mismatch.
pub(crate) const NONE: [&str; 0] = [];

/// A directory of its own with these files.
pub(crate) fn in_dir(name: &str, files: &[(&str, &str)]) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let unique = format!("conform-{name}-{}", COUNT.fetch_add(1, Ordering::SeqCst));
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(unique);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("a directory");
    for (file, text) in files {
        fs::write(dir.join(file), text).expect("a file");
    }
    dir
}

/// Runs these vectors, as a file of the fake's, with these deviations (or none).
pub(crate) fn run(name: &str, vectors: &Value, deviations: Option<&str>) -> Report {
    let fixtures = json!({
        "clock": {"iso": "2026-01-01T00:00:00.000Z"},
        "tokens": {"tok": {"compact": "h.p.s"}},
    });
    let file = json!({"fixtures": fixtures, "vectors": vectors}).to_string();
    let deviations = deviations.unwrap_or("");
    let dir = in_dir(name, &[("fake.json", &file), ("deviations.toml", deviations)]);
    let report = conform::run(&dir, &[&Fake]).expect("vectors that can be run");
    fs::remove_dir_all(dir).expect("the directory is still there");
    report
}

/// A vector over HTTP.
pub(crate) fn exchange(id: &str, given: &Value, expect: &Value) -> Value {
    let request = json!({"method": "POST", "path": "/"});
    json!({"id": id, "system": "fake", "given": given, "request": request, "expect": expect})
}

/// The mismatches of one vector, each on a line.
pub(crate) fn one(given: &Value, expect: &Value) -> Vec<String> {
    mismatches(&run("one", &json!([exchange("fake/one/case", given, expect)]), None))
}

/// All mismatches of a report, each on a line.
pub(crate) fn mismatches(report: &Report) -> Vec<String> {
    let all = report.failures.iter().flat_map(|failure| &failure.mismatches);
    all.map(|found| {
        let at = if found.at.is_empty() { "case" } else { &found.at };
        format!("{at}: {}, got {}", found.expected, found.got)
    })
    .collect()
}

/// The ids that failed.
pub(crate) fn failed(report: &Report) -> Vec<&str> {
    report.failures.iter().map(|failure| failure.id.as_str()).collect()
}
