//! The peer `OpenMeter`: its periods in the core's windows, its grants in the core's ledger.

use std::borrow::Cow;
use std::str::FromStr;

use serde_json::{Map, Value, json};
use weir_core::amount::Quantity;
use weir_core::catalog::{Catalog, Definition, Names};
use weir_core::grant::{Burn, Every, Grant, Renewal, Rollover};
use weir_core::id::{LimitId, ScopeId, ScopeName};
use weir_core::ledger::{Command, HostKeys, Ledger, Newcomer, next_version};
use weir_core::limit::Source;
use weir_core::time::{Span, Stride, Timestamp};
use weir_core::window::zone::{Zones, ZonesDigest};
use weir_core::window::{MonthRule, Period, Window};

use crate::conform::{NotImplemented, Question, System};

mod engine;
mod run;

/// `OpenMeter`, as far as its settings are ours.
#[derive(Clone, Copy, Debug)]
pub struct OpenMeter;

impl System for OpenMeter {
    fn name(&self) -> &'static str {
        "openmeter"
    }

    fn answer(&self, question: &Question<'_>) -> Result<Value, NotImplemented> {
        let given = question.given;
        match question.kind {
            "date_add" => date_add(given),
            "grant_active_at" => {
                let grant = kept(field(given, "grant")?)?;
                Ok(json!({ "active": grant.pays_at(read(given, "at")?) }))
            }
            "grant_engine" => run::run(given),
            "grant_effective_period" => effective_period(given),
            "grant_expiration" => expiration(given),
            "grant_order" => order(given),
            "recurrence_next_after" => next_after(given),
            "recurrence_period_at" => period_at(given),
            "recurrence_prev_before" => previous_before(given),
            "starting_snapshot" => run::starting(given),
            "usage_period_at" => usage_period_at(given),
            "usage_period_resets" => resets(given),
            other => Err(missing(&format!("family {other}"))),
        }
    }
}

/// The period of a recurrence around an instant.
pub(super) fn period_at(given: &Value) -> Result<Value, NotImplemented> {
    let at = read(given, "at")?;
    Ok(told(recurring(given)?.around(at)))
}

fn next_after(given: &Value) -> Result<Value, NotImplemented> {
    let at = read(given, "at")?;
    let Period { start, end } = recurring(given)?.around(at);
    let meets = field(given, "boundary")? == "inclusive" && start == at;
    Ok(json!({ "time": written(if meets { start } else { end }) }))
}

fn previous_before(given: &Value) -> Result<Value, NotImplemented> {
    let (at, recurring) = (read(given, "at")?, recurring(given)?);
    let Period { start, .. } = recurring.around(at);
    let beyond = field(given, "boundary")? == "exclusive" && start == at;
    let previous = if beyond { recurring.around(before(at)).start } else { start };
    Ok(json!({ "time": written(previous) }))
}

/// Recurrences one after the other, each from when it starts until the next one does.
fn usage_period_at(given: &Value) -> Result<Value, NotImplemented> {
    let at = read(given, "at")?;
    let all = timeline(given)?;
    let of = all.iter().find(|(life, _)| life.contains(at)).ok_or_else(|| missing("no period"))?;
    let (life, recurring) = of;
    let Period { start, end } = recurring.around(at);
    Ok(told(Period { start: start.max(life.start), end: end.min(life.end) }))
}

fn resets(given: &Value) -> Result<Value, NotImplemented> {
    let (from, to): (Timestamp, Timestamp) = (read(given, "from")?, read(given, "to")?);
    let mut resets = Vec::new();
    for (life, recurring) in timeline(given)? {
        let mut next = life.start;
        while next < life.end && next <= to {
            resets.extend(Some(written(next)).filter(|_| next >= from));
            next = recurring.around(next).end;
        }
    }
    let at: Map<String, Value> =
        resets.iter().enumerate().map(|(n, reset)| (n.to_string(), json!(reset))).collect();
    Ok(json!({ "count": resets.len(), "at": at, "resets": resets }))
}

fn date_add(given: &Value) -> Result<Value, NotImplemented> {
    if given.get("timezone").is_some() {
        return Err(missing("an end in a zone"));
    }
    let start = read(given, "start")?;
    let recurring = Recurring { anchor: start, window: anchored(read(given, "duration")?) };
    Ok(json!({ "end": written(recurring.around(start).end) }))
}

/// An expiry some months after the start: a day that a month lacks is counted on into the next.
fn expiration(given: &Value) -> Result<Value, NotImplemented> {
    let (start, of) = (read(given, "effective_at")?, field(given, "expiration")?);
    let count = field(of, "count")?.as_u64().and_then(|count| u32::try_from(count).ok());
    let months = count.filter(|_| of.get("unit").is_some_and(|unit| unit == "MONTH"));
    let months = months.ok_or_else(|| missing("an expiration in another unit"))?;
    let span = Stride { months, ..Stride::ZERO };
    let window = Window::Anchored { span, month_rule: MonthRule::Overflow, zone: None };
    Ok(json!({ "expires_at": written(Recurring { anchor: start, window }.around(start).end) }))
}

fn effective_period(given: &Value) -> Result<Value, NotImplemented> {
    let Grant { effective, expires, .. } = kept(field(given, "grant")?)?;
    let to = Some(expires.max(effective)).filter(|to| *to != Period::NEVER);
    Ok(json!({ "from": written(effective), "to": to.map(written) }))
}

fn order(given: &Value) -> Result<Value, NotImplemented> {
    let grants = field(given, "grants")?.as_array().ok_or_else(|| missing("a list of grants"))?;
    let mut all = Vec::new();
    for grant in grants {
        all.push((read::<Timestamp>(grant, "created_at")?, text(grant, "id")?, grant));
    }
    // They are given in the order in which they were created; together, by id.
    all.sort_by_key(|(created, id, _)| (*created, *id));
    let mut grants = Vec::new();
    for (source, (.., grant)) in (1..).zip(all) {
        grants.push(Grant { source: Source(source), ..terms(grant)? });
    }
    grants.sort_by(|a, b| Burn::OPENMETER.order(a, b));
    Ok(json!({ "order": grants.iter().map(|grant| &*grant.name).collect::<Vec<_>>() }))
}

/// A grant as the ledger keeps it: given, and ended as early as something ended it.
fn kept(given: &Value) -> Result<Grant, NotImplemented> {
    let (mut ledger, now) = (Ledger::new(&HostKeys::fixed()), Timestamp::EPOCH);
    let json = r#"{ "features": { "use": {} }, "plans": { "all": { "limits": { "use": {
        "feature": "use", "capacity": { "granted": "openmeter" }, "window": "lifetime" } } } } }"#;
    let definition: Definition = serde_json::from_str(json).map_err(|error| told_by(&error))?;
    let (names, version) = (Names::default(), next_version(ledger.installed()));
    let catalog = Catalog::compile(&definition, &names, version);
    let catalog = catalog.map_err(|faults| missing(&format!("{} faults", faults.len())))?;
    let names = Cow::Owned(catalog.names().clone());
    let json = Cow::Borrowed(json.as_bytes());
    let install = Command::Install { json, names, zones: ZonesDigest::default() };
    ledger.execute(install, now, &mut ()).map_err(|error| told_by(&error))?;
    let name = ScopeName::parse("customer").map_err(|error| told_by(&error))?;
    let new = Newcomer { name, parent: None, plan: None };
    let scope = ledger.intern(new, now, &mut ()).map_err(|error| told_by(&error))?;
    let grant = terms(given)?;
    let give = Command::Grant { scope, grant: Cow::Borrowed(&grant), burn: Burn::OPENMETER };
    ledger.execute(give, now, &mut ()).map_err(|error| told_by(&error))?;
    for end in ["deleted_at", "voided_at"] {
        if given.get(end).is_some() {
            let (source, at) = (grant.source, read(given, end)?);
            end_at(&mut ledger, (scope, source), at)?;
        }
    }
    let account = ledger.account(scope).ok_or_else(|| missing("the scope"))?;
    let known = ledger.accounts().grants(account).next().cloned();
    known.ok_or_else(|| missing("the grant"))
}

/// What ends a grant later than it ends anyway changes nothing, and is refused.
fn end_at(
    ledger: &mut Ledger,
    (scope, source): (ScopeId, Source),
    at: Timestamp,
) -> Result<(), NotImplemented> {
    use weir_core::ledger::{Failed, Refused};
    match ledger.execute(Command::VoidGrant { scope, source, at }, Timestamp::EPOCH, &mut ()) {
        Ok(()) | Err(Failed::Refused(Refused::Absurd)) => Ok(()),
        Err(error) => Err(told_by(&error)),
    }
}

fn terms(given: &Value) -> Result<Grant, NotImplemented> {
    let known = [
        "id",
        "amount",
        "priority",
        "effective_at",
        "expires_at",
        "created_at",
        "deleted_at",
        "voided_at",
        "recurrence",
        "rollover_min",
        "rollover_max",
    ];
    let keys = given.as_object().map(Map::keys).into_iter().flatten();
    if let Some(key) = keys.clone().find(|key| !known.contains(&key.as_str())) {
        return Err(missing(&format!("{key} of a grant")));
    }
    let priority = field(given, "priority")?.as_i64().and_then(|number| i32::try_from(number).ok());
    let expires = given.get("expires_at").map(|_| read(given, "expires_at")).transpose()?;
    let recurrence = given
        .get("recurrence")
        .map(|of| Ok(Every { anchor: read(of, "anchor")?, span: read(of, "interval")? }));
    let recurrence = recurrence.transpose()?;
    let kept = |key| if given.get(key).is_some() { read(given, key) } else { Ok(Quantity::ZERO) };
    let rollover = Rollover::Same { min: kept("rollover_min")?, max: kept("rollover_max")? };
    Ok(Grant {
        name: text(given, "id")?.into(),
        limit: LimitId(0),
        source: Source(1),
        amount: read::<Quantity>(given, "amount")?,
        priority: priority.ok_or_else(|| missing("a priority"))?,
        effective: read(given, "effective_at")?,
        expires: expires.unwrap_or(Period::NEVER),
        renewal: Renewal { window: None, recurrence, rollover: Some(rollover) },
    })
}

/// A window that recurs from an instant on, both ways.
#[derive(Clone, Copy)]
struct Recurring {
    anchor: Timestamp,
    window: Window,
}

impl Recurring {
    fn around(self, at: Timestamp) -> Period {
        let period = self.window.period(at, self.anchor, &Zones::default());
        period.unwrap_or_else(|outside| outside)
    }
}

fn anchored(span: Stride) -> Window {
    Window::Anchored { span, month_rule: MonthRule::Clamp, zone: None }
}

fn recurring(given: &Value) -> Result<Recurring, NotImplemented> {
    Ok(Recurring { anchor: read(given, "anchor")?, window: anchored(read(given, "interval")?) })
}

fn timeline(given: &Value) -> Result<Vec<(Period, Recurring)>, NotImplemented> {
    let all = field(given, "recurrences")?.as_array().ok_or_else(|| missing("recurrences"))?;
    let mut timeline = Vec::new();
    for (at, one) in all.iter().enumerate() {
        let next = all.get(at + 1).map(|next| read(next, "starts")).transpose()?;
        let life = Period { start: read(one, "starts")?, end: next.unwrap_or(Period::NEVER) };
        timeline.push((life, recurring(one)?));
    }
    Ok(timeline)
}

fn told(Period { start, end }: Period) -> Value {
    json!({ "from": written(start), "to": written(end) })
}

/// An instant as the peers write it: without a fraction, if there is none.
fn written(at: Timestamp) -> String {
    at.to_string().replace(".000Z", "Z")
}

fn before(at: Timestamp) -> Timestamp {
    Span::from_millis(1).ok().and_then(|moment| at.checked_sub(moment)).unwrap_or(at)
}

pub(super) fn field<'v>(given: &'v Value, key: &str) -> Result<&'v Value, NotImplemented> {
    given.get(key).ok_or_else(|| missing(&format!("no {key}")))
}

pub(super) fn text<'v>(given: &'v Value, key: &str) -> Result<&'v str, NotImplemented> {
    field(given, key)?.as_str().ok_or_else(|| missing(&format!("{key} is no text")))
}

pub(super) fn read<T: FromStr>(given: &Value, key: &str) -> Result<T, NotImplemented> {
    text(given, key)?.parse().map_err(|_| missing(&format!("{key} cannot be read")))
}

pub(super) fn told_by(error: &dyn std::fmt::Display) -> NotImplemented {
    missing(&error.to_string())
}

pub(super) fn missing(what: &str) -> NotImplemented {
    NotImplemented::new(what)
}
