//! Do the steps, one after the other on one clock, come out as the vector says?

use serde_json::{Map, Value};
use weir_core::time::Timestamp;

use super::checks::{Checks, show, show_got};
use super::ending;
use super::matcher::{Rules, Slack, compare};
use super::seam::{
    Batch, Event, Fault, Ingest, NotImplemented, ScenarioSystem, Setting, System, Verify,
};

/// Walks a fresh host through the steps of `input` and compares each answer and the final state.
pub(super) fn run(
    (given, input): (&Value, &Value),
    expect: &Map<String, Value>,
    system: &dyn System,
    checks: &mut Checks,
) {
    let Ok(start) = Timestamp::from_millis(START) else { return };
    let setting = Setting { fixtures: &Value::Null, given, now: start };
    let mut host = match system.scenario(&setting) {
        Ok(host) => host,
        Err(missing) => return checks.refuse("a host in the given state", &missing.to_string()),
    };
    checks.know(expect.keys(), &["steps", "final"]);
    checks.know(input.as_object().into_iter().flat_map(Map::keys), &["steps"]);
    let (Some(steps), Some(wanted)) = (
        input.get("steps").and_then(Value::as_array),
        expect.get("steps").and_then(Value::as_array),
    ) else {
        return checks.refuse("steps, and what is expected of them", &show(input));
    };
    if steps.len() != wanted.len() {
        return checks.refuse("as many expectations as steps", &wanted.len().to_string());
    }
    let mut walk = Walk { clock: start, reports: Reports::Taken };
    for (index, (step, wanted)) in steps.iter().zip(wanted).enumerate() {
        checks.within(&format!("steps/{index}"), |checks| {
            take(&mut *host, (step, &mut walk), wanted, checks);
        });
    }
    let Some(wanted) = expect.get("final") else { return };
    checks.within("final", |checks| match host.state() {
        Ok(got) => ending::compare(wanted, &got, checks),
        Err(missing) => checks.refuse("the final state", &missing.to_string()),
    });
}

/// Takes one step and compares its answer.
fn take(
    host: &mut dyn ScenarioSystem,
    (step, walk): (&Value, &mut Walk),
    wanted: &Value,
    checks: &mut Checks,
) {
    let Some(wanted) = wanted.as_object() else {
        return checks.refuse("an expectation that is an object", &show(wanted));
    };
    let before = wanted.contains_key("error").then(|| host.state());
    match perform(host, step, walk) {
        Ok(got) => match (before, walk.reports) {
            (Some(before), Reports::Taken) => {
                failure(wanted, &got, checks);
                unchanged((before, host.state()), checks);
            }
            // The outcome stands, as the steps after it show; only its report is missing.
            (Some(_), Reports::Refused) => failure(wanted, &got, checks),
            (None, _) => outcome(wanted, &got, checks),
        },
        Err(Stop::Missing(missing)) => checks.refuse("an answer", &missing.to_string()),
        Err(Stop::Unreadable(why)) => checks.refuse("a step that the runner can read", &why),
    }
}

/// Lets the host take the step; what it answers, or null for a step without an answer.
fn perform(host: &mut dyn ScenarioSystem, step: &Value, walk: &mut Walk) -> Result<Value, Stop> {
    let step = Step::new(step)?;
    walk.clock = step.instant("now", walk.clock)?;
    let now = walk.clock;
    let done = |result: Result<(), NotImplemented>| Ok(result.map(|()| Value::Null)?);
    match step.text("op", None)? {
        "ingest" => {
            step.only(&[&["received_at", "customer", "feature"], &EVENT])?;
            let ask = Ingest {
                customer: step.text("customer", Some(CUSTOMER))?,
                feature: step.text("feature", Some(FEATURE))?,
                event: step.event(now)?,
                now,
                received_at: step.instant("received_at", now)?,
            };
            Ok(host.ingest(&ask)?)
        }
        "verify" => {
            step.only(&[&["customer", "feature", "timestamp"]])?;
            let ask = Verify {
                customer: step.text("customer", Some(CUSTOMER))?,
                feature: step.text("feature", Some(FEATURE))?,
                now,
                timestamp: step.instant("timestamp", now)?,
            };
            Ok(host.verify(&ask)?)
        }
        "ingest_batch" => {
            step.only(&[&["customer", "events"]])?;
            let events = step.value("events")?.as_array().ok_or("events are no array")?;
            let read = |event| {
                let event = Step::new(event)?;
                event.only(&[&EVENT])?;
                event.event(now)
            };
            let events = events.iter().map(read).collect::<Result<_, Stop>>()?;
            let customer = step.text("customer", Some(CUSTOMER))?;
            Ok(host.ingest_batch(&Batch { customer, events, now })?)
        }
        "set_entitlement" => {
            step.only(&[&["entitlement"]])?;
            done(host.set_entitlement(step.value("entitlement")?, now))
        }
        "wallet_add" => {
            let mut amounts = step.0.clone();
            amounts.retain(|key, _| key != "op" && key != "now");
            done(host.wallet_add(&Value::Object(amounts), now))
        }
        "wallet_outage" => {
            step.only(&[&["on"]])?;
            done(host.fault(if step.flag("on")? { Fault::WalletOut } else { Fault::WalletMended }))
        }
        "reporting" => {
            step.only(&[&["available"]])?;
            let mended = step.flag("available")?;
            walk.reports = if mended { Reports::Taken } else { Reports::Refused };
            done(host.fault(if mended { Fault::ReportingMended } else { Fault::ReportingOut }))
        }
        "evict" => {
            step.only(&[])?;
            done(host.evict(now))
        }
        "alarm" => {
            step.only(&[&["entitlement"]])?;
            done(host.alarm(step.text("entitlement", None)?, now))
        }
        other => Err(Stop::Missing(NotImplemented::new(&format!("op {other}")))),
    }
}

/// An answer: nothing more and nothing less than expected, but for what is excluded by name.
fn outcome(wanted: &Map<String, Value>, got: &Value, checks: &mut Checks) {
    let (mut wanted, mut got) = (wanted.clone(), got.clone());
    if wanted.remove(EXCLUDED).is_some() {
        checks.exclude(EXCLUDED);
    }
    if got.is_null() && wanted.is_empty() {
        return; // A step without an answer, of which nothing is expected.
    }
    let names_hold = |text: &str| text.contains(RESERVATION);
    if wanted.get("message").and_then(Value::as_str).is_some_and(names_hold) {
        wanted.remove("message");
        checks.exclude("message of a reservation");
        if let Some(got) = got.as_object_mut() {
            checks.within("message", |checks| match got.remove("message") {
                Some(Value::String(text)) if !text.is_empty() => checks.pass(),
                other => checks.fail("a message", &show_got(other.as_ref())),
            });
        }
    }
    if let Some(got) = got.as_object_mut() {
        got.remove(EXCLUDED);
        // A rejection that has no facts, and one that lists none, say the same.
        if wanted.contains_key("allowed") && got.contains_key("facts") {
            wanted.entry("facts").or_insert_with(|| Value::Array(Vec::new()));
        } else if wanted.contains_key("facts") {
            got.entry("facts").or_insert_with(|| Value::Array(Vec::new()));
        }
    }
    let slack = Slack::Keys(&["delta", "value_after", "usage", "limit"]);
    let rules = Rules { slack, free_text: &["failure_message"], ..Rules::EXACT };
    compare(&rules, &Value::Object(wanted), Some(&got), checks);
}

/// A step that the upstream answered with a 500: a clear error.
fn failure(wanted: &Map<String, Value>, got: &Value, checks: &mut Checks) {
    checks.know(wanted.keys(), &["error", "http_status", EXCLUDED]);
    if wanted.contains_key(EXCLUDED) {
        checks.exclude(EXCLUDED);
    }
    checks.within("error", |checks| match got.get("error") {
        Some(Value::String(text)) if !text.is_empty() => checks.pass(),
        other => checks.fail("an error", &show_got(other.or(Some(got)))),
    });
    checks.within("http_status", |checks| match got.get("http_status").and_then(Value::as_u64) {
        Some(400..=599) => checks.pass(),
        _ => checks.fail("a status of 400 to 599", &show_got(got.get("http_status"))),
    });
}

/// And no change of state.
fn unchanged(states: (Told, Told), checks: &mut Checks) {
    checks.within("state", |checks| match states {
        (Ok(before), Ok(after)) => {
            compare(&Rules::EXACT, &before, Some(&after), checks);
        }
        (Err(missing), _) | (_, Err(missing)) => {
            checks.refuse("no change of state", &missing.to_string());
        }
    });
}

/// Where a walk through the steps stands.
struct Walk {
    clock: Timestamp,
    reports: Reports,
}

/// Whether the reporting queue takes messages. While it does not, the contract answers a 500 after
/// the outcome has been stored.
#[derive(Clone, Copy)]
enum Reports {
    Refused,
    Taken,
}

/// A step's members, read with the defaults that the file's conventions name.
struct Step<'a>(&'a Map<String, Value>);

impl<'a> Step<'a> {
    fn new(step: &'a Value) -> Result<Self, Stop> {
        Ok(Self(step.as_object().ok_or_else(|| format!("no object: {}", show(step)))?))
    }

    /// Refuses a member that is neither `op`, `now` nor in one of `known`.
    fn only(&self, known: &[&[&str]]) -> Result<(), Stop> {
        let expected = |key: &str| {
            key == "op" || key == "now" || known.iter().any(|names| names.contains(&key))
        };
        match self.0.keys().find(|key| !expected(key)) {
            Some(key) => Err(Stop::Unreadable(format!("a key that nobody reads: {key}"))),
            None => Ok(()),
        }
    }

    fn value(&self, key: &str) -> Result<&'a Value, Stop> {
        Ok(self.0.get(key).ok_or_else(|| format!("no {key}"))?)
    }

    fn text(&self, key: &str, default: Option<&'a str>) -> Result<&'a str, Stop> {
        match (self.0.get(key), default) {
            (None, Some(default)) => Ok(default),
            (None, None) => Err(Stop::Unreadable(format!("no {key}"))),
            (Some(value), _) => Ok(value.as_str().ok_or_else(|| format!("{key} is no string"))?),
        }
    }

    fn flag(&self, key: &str) -> Result<bool, Stop> {
        Ok(self.value(key)?.as_bool().ok_or_else(|| format!("{key} is no boolean"))?)
    }

    fn instant(&self, key: &str, default: Timestamp) -> Result<Timestamp, Stop> {
        let Some(value) = self.0.get(key) else { return Ok(default) };
        let millis = value.as_i64().ok_or_else(|| format!("{key} is no whole number"))?;
        Ok(Timestamp::from_millis(millis).map_err(|error| format!("{key}: {error}"))?)
    }

    fn event(&self, now: Timestamp) -> Result<Event<'a>, Stop> {
        let event_id = self.0.contains_key("event_id").then(|| self.text("event_id", None));
        Ok(Event {
            key: self.text("key", None)?,
            event_id: event_id.transpose()?,
            slug: self.text("slug", Some(SLUG))?,
            properties: self.value("properties")?,
            timestamp: self.instant("timestamp", now)?,
        })
    }
}

/// Why a step was not taken.
enum Stop {
    Missing(NotImplemented),
    Unreadable(String),
}

impl From<NotImplemented> for Stop {
    fn from(missing: NotImplemented) -> Self {
        Self::Missing(missing)
    }
}

impl From<String> for Stop {
    fn from(why: String) -> Self {
        Self::Unreadable(why)
    }
}

impl From<&str> for Stop {
    fn from(why: &str) -> Self {
        Self::Unreadable(why.to_owned())
    }
}

type Told = Result<Value, NotImplemented>;

const CUSTOMER: &str = "cus_1";
const EVENT: [&str; 5] = ["key", "event_id", "slug", "properties", "timestamp"];
/// Calls to the upstream's wallet ledger, which depend on how it sizes reservations.
const EXCLUDED: &str = "wallet_commands";
/// What a message says that names one of the upstream's reservations: there are none here, so any
/// message will do.
const RESERVATION: &str = "(reservation res_";
const FEATURE: &str = "tokens";
const SLUG: &str = "tokens_used";
/// Where the clock stands until a step says otherwise: 2026-03-19T12:00:00Z. The conventions do not
/// name it; it is the instant that `exhausted_at` shows where no step has a `now`.
const START: i64 = 1_773_921_600_000;
