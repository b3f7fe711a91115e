//! The peer Autumn: its cycles in the core's windows, its buckets in the core's ledger.

use serde_json::{Map, Value, json};
use weir_core::amount::Quantity;
use weir_core::decide::{Caller, Cost, Then};
use weir_core::grant::{Burn, Grant, Renewal};
use weir_core::id::{FeatureId, HoldId, LimitId, PlanId, ScopeId};
use weir_core::limit::{Balance, Source};
use weir_core::time::{Span, Timestamp};
use weir_core::window::Period;

use super::openmeter::{field, missing, period_at, read, text, told_by};
use crate::conform::{NotImplemented, Question, System};
use crate::story::{Act, Ask, Played, Stage};

mod metered;

/// Autumn, as far as its settings are ours.
#[derive(Clone, Copy, Debug)]
pub struct Autumn;

impl System for Autumn {
    fn name(&self) -> &'static str {
        "autumn"
    }

    fn answer(&self, question: &Question<'_>) -> Result<Value, NotImplemented> {
        match question.kind {
            "bucket_ledger" => buckets(question),
            "check" => metered::checks(question),
            "idempotency" => metered::keys(question),
            "token_cost" => metered::tokens(question),
            "recurrence_period_at" => period_at(question.given),
            other => Err(missing(&format!("family {other}"))),
        }
    }
}

/// What each step leaves.
fn buckets(question: &Question<'_>) -> Result<Value, NotImplemented> {
    only(question.given, &["buckets", "persist_overage"])?;
    let mut host = Host::new(question.given)?;
    let steps = question.input.as_array().ok_or_else(|| missing("steps"))?;
    let mut left = Vec::new();
    for step in steps {
        only(step, &["track", "reset", "lock", "confirm", "release"])?;
        host.take(step)?;
        left.push(host.state()?);
    }
    Ok(Value::Array(left))
}

/// A customer with buckets: grants drawn one after the other, or one monthly allowance.
struct Host {
    stage: Stage,
    now: Timestamp,
    buckets: Vec<(String, Quantity)>,
    /// Whether the one bucket is the plan's own, which is reset.
    monthly: bool,
    hold: Option<HoldId>,
}

impl Host {
    fn new(given: &Value) -> Result<Self, NotImplemented> {
        let listed = field(given, "buckets")?.as_array().ok_or_else(|| missing("buckets"))?;
        let mut buckets = Vec::new();
        for bucket in listed {
            only(bucket, &["id", "granted", "balance"])?;
            buckets.push((text(bucket, "id")?.to_owned(), read::<Quantity>(bucket, "granted")?));
        }
        let kept = given.get("persist_overage");
        let capacity = match (kept, &buckets[..]) {
            (None, _) => json!("granted"),
            (Some(_), [(_, granted)]) => json!(granted),
            (Some(_), _) => return Err(missing("a debt over several buckets")),
        };
        let overage = if kept == Some(&json!(true)) { "kept" } else { "owed" };
        let window = kept.map_or(json!("lifetime"), |_| json!({ "anchored": { "span": "P1M" } }));
        let enforcement = if kept.is_some() { "soft" } else { "hard" };
        let definition = json!({ "features": { "use": {} }, "plans": { "all": { "limits": { "use": {
            "feature": "use", "capacity": capacity, "window": window,
            "enforcement": enforcement, "settle": { "overage": overage } } } } } });
        let definition = serde_json::from_value(definition).map_err(|error| told_by(&error))?;
        let (stage, now, monthly) = (Stage::default(), Timestamp::EPOCH, kept.is_some());
        let mut host = Self { stage, now, buckets, monthly, hold: None };
        host.play(Act::Install(Box::new(definition)))?;
        host.play(Act::Intern(None, "customer".to_owned(), Some(PlanId(0))))?;
        host.fill(listed)?;
        Ok(host)
    }

    /// Gives the buckets, and takes what is not in them.
    fn fill(&mut self, listed: &[Value]) -> Result<(), NotImplemented> {
        for (source, bucket) in (1..).zip(listed) {
            let amount = read::<Quantity>(bucket, "granted")?;
            let (effective, expires) = (self.now, Period::NEVER);
            let (name, limit) = (text(bucket, "id")?.into(), LimitId(0));
            let (source, priority) = (Source(source), i32::from(source));
            let renewal = Renewal::DEFAULT;
            let grant =
                Grant { name, limit, source, amount, priority, effective, expires, renewal };
            if !self.monthly {
                self.play(Act::Grant(ScopeId(0), grant, Burn::STANDARD))?;
            }
            if bucket.get("balance").is_some() {
                let taken = amount.checked_sub(read(bucket, "balance")?);
                let ask = self.ask(taken.ok_or_else(|| missing("a balance"))?);
                self.play(Act::Decide(ask))?;
                if listed.len() > 1 {
                    return Err(missing("several buckets that are not whole"));
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, step: &Value) -> Result<(), NotImplemented> {
        if step.get("reset").is_some() {
            let standing = self.standing()?;
            self.now = standing.window_end;
        } else if step.get("track").is_some() {
            let ask = self.ask(read(step, "track")?);
            self.play(Act::Decide(ask))?;
        } else if step.get("lock").is_some() {
            let ask = self.ask(read(step, "lock")?);
            let day = Span::from_millis(86_400_000).map_err(|error| told_by(&error))?;
            let Played::Stepped(Ok(held)) = self.play(Act::Reserve(ask, day))? else {
                return Err(missing("a hold that was refused"));
            };
            self.hold = Some(HoldId(held.sequence));
        } else if let Some(hold) = self.hold.take() {
            let act = match step.get("confirm") {
                None => Act::Release(hold),
                Some(_) => {
                    let Ask { costs, .. } = self.ask(read(step, "confirm")?);
                    Act::Commit(hold, 1, costs, Then::End)
                }
            };
            self.play(act)?;
        }
        Ok(())
    }

    fn ask(&self, quantity: Quantity) -> Ask {
        let costs = vec![Cost { feature: FeatureId(0), quantity }];
        Ask { caller: Caller::Unchecked, scopes: vec![ScopeId(0)], costs, at: self.now, key: None }
    }

    fn play(&mut self, act: Act) -> Result<Played, NotImplemented> {
        match self.stage.play(&act, self.now, &mut ()) {
            Played::Done(Err(refused)) | Played::Stepped(Err(refused)) => Err(told_by(&refused)),
            played => Ok(played),
        }
    }

    /// The plan's own allowance in the open period.
    fn standing(&self) -> Result<Balance, NotImplemented> {
        let Stage { ledger, catalog, .. } = &self.stage;
        let standing = ledger.standing(catalog, (ScopeId(0), LimitId(0)), self.now);
        let standing = standing.ok_or_else(|| missing("no open period"))?;
        let (used, held, capacity) = (standing.used, standing.held, standing.capacity);
        let window_end = standing.resets_at;
        Ok(Balance { used, held, capacity, window_end, ..Balance::VACANT })
    }

    fn state(&self) -> Result<Value, NotImplemented> {
        let accounts = self.stage.ledger.accounts();
        let account = accounts.get(ScopeId(0)).ok_or_else(|| missing("the customer"))?;
        let (mut left, mut usage, mut remaining) = (Map::new(), Quantity::ZERO, Quantity::ZERO);
        let over = || missing("too large a number");
        for (source, (name, granted)) in (1..).zip(&self.buckets) {
            let mut known = accounts.balances(account);
            let of_grant = known.find(|known| known.source == Source(source)).copied();
            let balance = if self.monthly {
                self.standing()?
            } else {
                of_grant.unwrap_or(Balance { capacity: *granted, ..Balance::VACANT })
            };
            let taken = balance.used.checked_add(balance.held).ok_or_else(over)?;
            let rest = granted.checked_sub(taken).ok_or_else(over)?;
            usage = usage.checked_add(taken).ok_or_else(over)?;
            remaining = remaining.checked_add(rest.max(Quantity::ZERO)).ok_or_else(over)?;
            left.insert(name.clone(), json!(rest.to_string()));
        }
        Ok(json!({
            "balances": left, "remaining": remaining.to_string(), "usage": usage.to_string(),
        }))
    }
}

/// A key that nobody reads is not passed over; what is told is read where it is compared.
fn only(given: &Value, known: &[&str]) -> Result<(), NotImplemented> {
    let keys = given.as_object().map(Map::keys).into_iter().flatten();
    let told = |key: &str| key.starts_with("asserted") || key.starts_with("derived");
    match keys.clone().find(|key| !known.contains(&key.as_str()) && !told(key)) {
        Some(key) => Err(missing(key)),
        None => Ok(()),
    }
}
