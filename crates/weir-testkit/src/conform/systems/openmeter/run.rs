//! Runs of the peer's grant engine, told segment by segment as it tells them.
//!
//! Where a segment ends is the peer's way of telling: at each instant at which a grant starts, ends
//! or recurs, and at each reset. What stands there is asked of the ledger.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use weir_core::amount::Quantity;
use weir_core::grant::Grant;
use weir_core::limit::{Balance, Source};
use weir_core::time::Timestamp;
use weir_core::window::Period;

use super::engine::{Engine, Read, Setting, Standing};
use super::{before, field, missing, read, terms, text, written};
use crate::conform::NotImplemented;

/// A run, from a snapshot up to an instant.
pub(super) fn run(given: &Value) -> Result<Value, NotImplemented> {
    let setting = setting(given)?;
    let (from, to): (Timestamp, Timestamp) =
        (read(field(given, "starting_snapshot")?, "at")?, read(given, "until")?);
    let standing = match standing(given, &setting.grants, (from, to)) {
        Ok(standing) => standing,
        Err(Refused::Told(why)) => return Ok(json!({ "error": why })),
        Err(Refused::Missing(missing)) => return Err(missing),
    };
    let mut resets = Vec::new();
    for reset in list(given, "resets")? {
        let reset: Timestamp = reset.as_str().and_then(|at| at.parse().ok()).ok_or_else(bad)?;
        if reset <= from || to < reset {
            let why = "reset times must occur after the starting snapshot";
            return Ok(json!({ "error": why }));
        }
        resets.push(reset);
    }
    let first = resets.first().copied().unwrap_or(Period::NEVER);
    let engine = Engine::open(&setting, &standing, first)?;
    let snapshot = field(given, "starting_snapshot")?;
    let since = Since {
        at: read(snapshot, "usage_since")?,
        used: read(snapshot, "usage")?,
        covered: read(snapshot, "total_grant_usage")?,
    };
    let events = events(given, (from, to))?;
    let imported = engine.imported.iter();
    let paid = imported.map(|(source, end, used)| (*source, (*end, *used))).collect();
    let last = Last { owed: standing.owed, paid };
    let mut run = Run { engine, setting, events, since, last, segments: Vec::new() };
    let mut start = from;
    for (nth, reset) in resets.iter().enumerate() {
        run.period((start, *reset), Ends::Reset)?;
        run.reset(*reset, resets.get(nth + 1).copied().unwrap_or(Period::NEVER))?;
        start = *reset;
    }
    run.period((start, to), Ends::Run)?;
    run.told((start, to))
}

/// What a customer has when it is first looked at.
pub(super) fn starting(given: &Value) -> Result<Value, NotImplemented> {
    let (setting, at) =
        (setting(&json!({ "aggregation": "SUM", "grants": given["grants"] }))?, read(given, "at")?);
    let standing = Standing { at, left: BTreeMap::new(), owed: Quantity::ZERO };
    let started: Vec<&Grant> = setting.grants.iter().filter(|g| g.effective < at).collect();
    if !started.is_empty() {
        return Err(missing("a grant that started before"));
    }
    let now = Engine::open(&setting, &standing, Period::NEVER)?.read(at)?;
    let all = setting.grants.iter().map(|grant| {
        let of_grant = now.balances.iter().find(|balance| balance.source == grant.source);
        (grant.name.to_string(), of_grant.map_or(Quantity::ZERO, Balance::left))
    });
    let zero = Quantity::ZERO.to_string();
    Ok(json!({
        "balances": shown(all), "overage": now.owed.to_string(), "usage": zero,
        "total_grant_usage": zero,
    }))
}

/// Why a run does not start.
enum Refused {
    /// The peer says so, too.
    Told(&'static str),
    Missing(NotImplemented),
}

impl From<NotImplemented> for Refused {
    fn from(missing: NotImplemented) -> Self {
        Self::Missing(missing)
    }
}

fn setting(given: &Value) -> Result<Setting, NotImplemented> {
    let aggregation = match text(given, "aggregation")? {
        "COUNT" => "count",
        "SUM" => "sum",
        other => return Err(missing(&format!("aggregation {other}"))),
    };
    let mut created = Vec::new();
    for grant in list(given, "grants")? {
        let at = grant.get("created_at").map(|_| read(grant, "created_at")).transpose()?;
        created.push((at.unwrap_or(Timestamp::MIN), text(grant, "id")?, grant));
    }
    // They are given in the order in which they were created; together, by id.
    created.sort_by_key(|(at, id, _)| (*at, *id));
    let mut grants = Vec::new();
    for (source, (.., grant)) in (1..).zip(created) {
        let mut kept = terms(grant)?;
        for end in ["deleted_at", "voided_at"] {
            if grant.get(end).is_some() {
                kept.expires = kept.expires.min(read(grant, end)?);
            }
        }
        kept.expires = kept.expires.max(kept.effective);
        grants.push(Grant { source: Source(source), ..kept });
    }
    let keeps = given.get("preserve_overage_at_reset") == Some(&Value::Bool(true));
    Ok(Setting { grants, aggregation, keeps })
}

/// The snapshot, where it fits the grants.
fn standing(
    given: &Value,
    grants: &[Grant],
    (from, to): (Timestamp, Timestamp),
) -> Result<Standing, Refused> {
    let snapshot = field(given, "starting_snapshot")?;
    let covered = read::<Quantity>(snapshot, "total_grant_usage");
    if covered.map_or(true, |covered| covered < Quantity::ZERO) {
        return Err(Refused::Told("starting snapshot"));
    }
    let mut left = BTreeMap::new();
    for name in field(snapshot, "balances")?.as_object().ok_or_else(bad)?.keys() {
        left.insert(name.clone(), read(&snapshot["balances"], name)?);
    }
    let touches = |grant: &&Grant| grant.effective <= to && from <= grant.expires;
    let named = |name: &String| grants.iter().any(|grant| *grant.name == **name);
    let paired = left.keys().all(named)
        && grants.iter().filter(touches).all(|grant| left.contains_key(&*grant.name));
    if !paired {
        return Err(Refused::Told("grants and balances don't pair up"));
    }
    Ok(Standing { at: from, left, owed: read(snapshot, "overage")? })
}

/// What happened in the run, first come first.
fn events(
    given: &Value,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<(Timestamp, Quantity)>, NotImplemented> {
    let mut events = Vec::new();
    for event in list(given, "usage_events")? {
        events.push((read(event, "at")?, read(event, "value")?));
    }
    events.retain(|(at, _)| from <= *at && *at < to);
    events.sort_by_key(|(at, _)| *at);
    Ok(events)
}

/// A run on its way.
struct Run {
    engine: Engine,
    setting: Setting,
    events: Vec<(Timestamp, Quantity)>,
    since: Since,
    last: Last,
    segments: Vec<Value>,
}

/// A usage period so far.
struct Since {
    at: Timestamp,
    used: Quantity,
    /// What grants paid of it, and of what was owed before.
    covered: Quantity,
}

/// What stood when the last segment ended.
struct Last {
    owed: Quantity,
    /// What each grant had paid of the stretch that it was in then, and when that ends.
    paid: BTreeMap<u16, (Timestamp, Quantity)>,
}

/// What ends a usage period.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Ends {
    Reset,
    Run,
}

impl Run {
    /// All segments of a usage period.
    fn period(
        &mut self,
        (from, to): (Timestamp, Timestamp),
        ends: Ends,
    ) -> Result<(), NotImplemented> {
        let cuts = self.cuts((from, to), ends);
        let mut start = from;
        for (at, Cut { changes, recurred }) in cuts {
            let flags = if changes { vec!["priority_change"] } else { Vec::new() };
            self.segment((start, at), flags, &recurred)?;
            start = at;
        }
        let flags = if ends == Ends::Reset { vec!["usage_reset"] } else { Vec::new() };
        self.segment((start, to), flags, &[])
    }

    /// Where a period is cut: to the minute where grants start and end, and where one recurs.
    fn cuts(&self, (from, to): (Timestamp, Timestamp), ends: Ends) -> BTreeMap<Timestamp, Cut> {
        let mut cuts: BTreeMap<Timestamp, Cut> = BTreeMap::new();
        for grant in &self.setting.grants {
            for change in [grant.effective, grant.expires].map(minute) {
                if from < change && change < to {
                    cuts.entry(change).or_default().changes = true;
                }
            }
            let Some(every) = grant.renewal.recurrence else { continue };
            let mut next = every.around(from).end;
            while next < to || (next == to && ends == Ends::Run) {
                if grant.pays_at(next) {
                    cuts.entry(next).or_default().recurred.push(grant.name.to_string());
                }
                next = every.around(next).end;
            }
        }
        cuts
    }

    /// Counts what happens in a segment, and tells of it.
    fn segment(
        &mut self,
        (from, to): (Timestamp, Timestamp),
        flags: Vec<&str>,
        recurred: &[String],
    ) -> Result<(), NotImplemented> {
        let mut used = Quantity::ZERO;
        let events = self.events.clone();
        for (at, value) in events.into_iter().filter(|(at, _)| from <= *at && *at < to) {
            used = add(used, self.engine.count(value, at)?)?;
        }
        self.since.used = add(self.since.used, used)?;
        let end = if from < to { before(to) } else { to };
        let now = self.engine.read(end)?;
        self.tell((from, to), (&now, used), (flags, recurred))
    }

    /// What rolls over at a reset and pays what is owed, before what recurs or starts then.
    fn reset(&mut self, at: Timestamp, until: Timestamp) -> Result<(), NotImplemented> {
        let now = self.engine.read(before(at))?;
        let left = |grant: &Grant| {
            let of_grant = now.balances.iter().find(|balance| balance.source == grant.source);
            (grant.name.to_string(), of_grant.map_or(Quantity::ZERO, Balance::left))
        };
        let left = self.setting.grants.iter().map(left).collect();
        let standing = Standing { at, left, owed: now.owed };
        let period = Period { start: at, end: until };
        let mut rolled = Engine::open(&Engine::delayed(&self.setting)?, &standing, at)?;
        rolled.begin(period, at)?;
        self.engine.begin(period, at)?;
        self.since = Since { at, used: Quantity::ZERO, covered: Quantity::ZERO };
        self.last.paid.clear();
        if !self.setting.keeps {
            self.last.owed = Quantity::ZERO;
        }
        let after = rolled.read(at)?;
        self.tell((at, at), (&after, Quantity::ZERO), (vec!["rollover"], &[]))?;
        // A grant that is whole again at the reset starts anew.
        for grant in &self.setting.grants {
            let stretch = grant.stretch(period, at);
            let paid = self.last.paid.remove(&grant.source.0).filter(|_| stretch.is_rolled());
            if let Some((_, paid)) = paid {
                self.last.paid.insert(grant.source.0, (stretch.end, paid));
            }
        }
        Ok(())
    }

    fn tell(
        &mut self,
        (from, to): (Timestamp, Timestamp),
        (now, used): (&Read, Quantity),
        (flags, recurred): (Vec<&str>, &[String]),
    ) -> Result<(), NotImplemented> {
        let (mut starts, mut paid) = (BTreeMap::new(), BTreeMap::new());
        let (mut whole, mut rest, mut usages) = (Quantity::ZERO, Quantity::ZERO, Vec::new());
        for grant in &self.setting.grants {
            starts.insert(grant.name.to_string(), Quantity::ZERO);
        }
        for balance in &now.balances {
            let Balance { source, window_end, .. } = *balance;
            let grant = self.setting.grants.iter().find(|grant| grant.source == source);
            let name = grant.ok_or_else(|| missing("a grant"))?.name.to_string();
            let known = self.last.paid.get(&source.0).filter(|(end, _)| *end == window_end);
            let before = known.map_or(Quantity::ZERO, |(_, paid)| *paid);
            let usage = balance.used.checked_sub(before).ok_or_else(bad)?;
            let start = add(balance.left(), usage)?;
            paid.insert(source.0, (window_end, balance.used));
            (whole, rest) = (add(whole, start)?, add(rest, balance.left())?);
            self.since.covered = add(self.since.covered, usage)?;
            starts.insert(name.clone(), start);
            // Nothing burns at a rollover without a debt.
            let burns = !flags.contains(&"rollover") || self.last.owed.is_positive();
            if start.is_positive() && burns {
                let end = if balance.left().is_positive() { "SEGMENT_END" } else { "EXHAUSTED" };
                usages.push(json!({ "grant": name, "usage": usage.to_string(), "end": end }));
            }
        }
        self.segments.push(json!({
            "from": written(from), "to": written(to), "usage": used.to_string(),
            "balance_at_start": shown(starts), "balance_at_start_total": whole.to_string(),
            "balance_at_end_total": rest.to_string(),
            "overage_at_start": self.last.owed.to_string(), "overage": now.owed.to_string(),
            "grant_usages": usages, "flags": flags, "recurred_at_end": recurred,
        }));
        self.last = Last { owed: now.owed, paid };
        Ok(())
    }

    /// The whole of the run: what stands when the last segment ends.
    fn told(&self, (from, to): (Timestamp, Timestamp)) -> Result<Value, NotImplemented> {
        let last = self.segments.last().ok_or_else(bad)?;
        let at = if last["from"] == last["to"] || from == to { to } else { before(to) };
        let now = self.engine.read(at)?;
        let mut left = BTreeMap::new();
        let mut balance = Quantity::ZERO;
        for grant in &self.setting.grants {
            let of_grant = now.balances.iter().find(|balance| balance.source == grant.source);
            let rest = of_grant.map_or(Quantity::ZERO, Balance::left);
            balance = add(balance, rest)?;
            left.insert(grant.name.to_string(), rest);
        }
        let Since { at: since, used, covered } = self.since;
        Ok(json!({
            "at": written(to), "balances": shown(left), "balance": balance.to_string(),
            "overage": now.owed.to_string(), "usage": used.to_string(),
            "usage_since": written(since), "total_grant_usage": covered.to_string(),
            "total_available": add(balance, covered)?.to_string(),
            "segment_count": self.segments.len(), "segments": self.segments,
        }))
    }
}

/// Why a segment ends.
#[derive(Default)]
struct Cut {
    changes: bool,
    recurred: Vec<String>,
}

fn shown(all: impl IntoIterator<Item = (String, Quantity)>) -> Map<String, Value> {
    all.into_iter().map(|(name, quantity)| (name, json!(quantity.to_string()))).collect()
}

fn minute(at: Timestamp) -> Timestamp {
    let whole = at.as_millis().div_euclid(60_000).saturating_mul(60_000);
    Timestamp::from_millis(whole).unwrap_or(at)
}

fn add(a: Quantity, b: Quantity) -> Result<Quantity, NotImplemented> {
    a.checked_add(b).ok_or_else(bad)
}

fn list<'v>(given: &'v Value, key: &str) -> Result<&'v [Value], NotImplemented> {
    field(given, key)?.as_array().map(Vec::as_slice).ok_or_else(bad)
}

fn bad() -> NotImplemented {
    missing("a value of another form, or too large")
}
