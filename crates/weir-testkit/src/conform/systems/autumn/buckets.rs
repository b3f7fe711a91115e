//! What does each step leave in the peer's buckets? Grants drawn one after the other, or one monthly
//! allowance.

use serde_json::{Map, Value, json};
use weir_core::amount::Quantity;
use weir_core::decide::{Caller, Cost, Then, Verdict};
use weir_core::grant::{Burn, Grant, Renewal};
use weir_core::id::{HoldId, LimitId, PlanId, ScopeId};
use weir_core::limit::{Balance, Source};
use weir_core::time::{Span, Timestamp};
use weir_core::window::Period;

use super::super::openmeter::{field, missing, read, text, told_by};
use super::only;
use super::sold::Sold;
use crate::conform::{NotImplemented, Question};
use crate::story::{Act, Ask, Played, Stage};

/// What each step leaves.
pub(super) fn steps(question: &Question<'_>) -> Result<Value, NotImplemented> {
    let mut host = Host::new(question.given)?;
    let steps = question.input.as_array().ok_or_else(|| missing("steps"))?;
    let mut left = Vec::new();
    for step in steps {
        only(step, &["track", "feature", "behaviour", "reset", "lock", "confirm", "release"])?;
        let before = host.usage()?;
        let result = host.take(step)?;
        let change = host.usage()?.checked_sub(before).ok_or_else(over)?;
        if step.get("reset").is_none() && change != Quantity::ZERO {
            host.events.insert(0, json!(change.to_string()));
        }
        let mut state = host.state()?;
        state.insert("result".to_owned(), json!(result));
        left.push(Value::Object(state));
    }
    Ok(Value::Array(left))
}

/// A customer with buckets.
struct Host {
    stage: Stage,
    now: Timestamp,
    sold: Sold,
    hold: Option<HoldId>,
    /// What each step changed in use, the last one first.
    events: Vec<Value>,
}

impl Host {
    fn new(given: &Value) -> Result<Self, NotImplemented> {
        let sold = Sold::read(given)?;
        let (stage, now, events) = (Stage::default(), Timestamp::EPOCH, Vec::new());
        let install = sold.install()?;
        let mut host = Self { stage, now, sold, hold: None, events };
        host.play(install)?;
        host.play(Act::Intern(None, "customer".to_owned(), Some(PlanId(0))))?;
        let listed = field(given, "buckets")?.as_array().ok_or_else(|| missing("buckets"))?;
        host.fill(listed)?;
        Ok(host)
    }

    /// Gives the buckets, and takes what is not in them.
    fn fill(&mut self, listed: &[Value]) -> Result<(), NotImplemented> {
        for (source, bucket) in (1..).zip(listed) {
            let amount = read::<Quantity>(bucket, "granted")?;
            if self.sold.persists.is_none() {
                self.give(source, text(bucket, "id")?, amount)?;
            }
            if bucket.get("balance").is_some() {
                let taken = amount.checked_sub(read(bucket, "balance")?).ok_or_else(over)?;
                let ask = self.ask("use", taken)?;
                self.play(Act::Decide(ask))?;
            }
        }
        if let Some(spend) = self.sold.spend {
            self.give(SPEND, "spend", spend)?;
        }
        let state = self.state()?;
        for bucket in listed.iter().filter(|bucket| bucket.get("balance").is_some()) {
            if state.get("balances").and_then(|left| left.get(text(bucket, "id").ok()?))
                != bucket.get("balance")
            {
                return Err(missing("buckets that are not drawn in their order"));
            }
        }
        Ok(())
    }

    fn give(&mut self, source: u16, name: &str, amount: Quantity) -> Result<(), NotImplemented> {
        let grant = Grant {
            name: name.into(),
            limit: BUCKETS,
            source: Source(source),
            amount,
            priority: i32::from(source),
            effective: self.now,
            expires: Period::NEVER,
            renewal: Renewal::DEFAULT,
        };
        self.play(Act::Grant(ScopeId(0), grant, Burn::STANDARD)).map(drop)
    }

    /// Does a step, and tells whether it went through.
    fn take(&mut self, step: &Value) -> Result<&'static str, NotImplemented> {
        if step.get("reset").is_some() {
            self.now = self.standing(BUCKETS)?.window_end;
        } else if step.get("track").is_some() {
            return self.track(step);
        } else if step.get("lock").is_some() {
            let ask = self.ask("use", read(step, "lock")?)?;
            let day = Span::from_millis(86_400_000).map_err(|error| told_by(&error))?;
            let Played::Stepped(Ok(held)) = self.play(Act::Reserve(ask, day))? else {
                return Err(missing("a hold that was refused"));
            };
            self.hold = Some(HoldId(held.sequence));
        } else if let Some(hold) = self.hold.take() {
            let act = match step.get("confirm") {
                None => Act::Release(hold),
                Some(_) => {
                    let Ask { costs, .. } = self.ask("use", read(step, "confirm")?)?;
                    Act::Commit(hold, 1, costs, Then::End)
                }
            };
            self.play(act)?;
        }
        Ok(DONE)
    }

    /// Takes from the buckets: what does not fit is shed, denied, or booked all the same.
    fn track(&mut self, step: &Value) -> Result<&'static str, NotImplemented> {
        let feature = step.get("feature").map_or(Ok("use"), |_| text(step, "feature"))?;
        let ask = self.ask(feature, read(step, "track")?)?;
        let behaviour = step.get("behaviour").map(|_| text(step, "behaviour")).transpose()?;
        let overflows = behaviour == Some("overflow") && self.sold.spend.is_none();
        let act = if overflows { Act::Book(ask) } else { Act::Decide(ask) };
        let Played::Decided(verdict) = self.play(act)? else { return Err(missing("a verdict")) };
        let shed =
            |verdict: &Verdict| verdict.binding.is_some_and(|limit| limit.taken != limit.asked);
        match behaviour {
            _ if !verdict.is_allowed() => Ok(REJECTED),
            Some("reject") if shed(&verdict) => Err(missing("what is shed where it is rejected")),
            _ => Ok(DONE),
        }
    }

    fn ask(&self, feature: &str, quantity: Quantity) -> Result<Ask, NotImplemented> {
        let feature = self.stage.catalog.feature(feature).ok_or_else(|| missing("the feature"))?;
        let (caller, scopes) = (Caller::Unchecked, vec![ScopeId(0)]);
        Ok(Ask {
            caller,
            scopes,
            costs: vec![Cost { feature, quantity }],
            at: self.now,
            key: None,
            on_shortfall: None,
        })
    }

    fn play(&mut self, act: Act) -> Result<Played, NotImplemented> {
        match self.stage.play(&act, self.now, &mut ()) {
            Played::Done(Err(refused)) | Played::Stepped(Err(refused)) => Err(told_by(&refused)),
            played => Ok(played),
        }
    }

    /// How a limit stands in its open period.
    fn standing(&self, limit: LimitId) -> Result<Balance, NotImplemented> {
        let Stage { ledger, catalog, .. } = &self.stage;
        let standing = ledger.standing(catalog, (ScopeId(0), limit), self.now);
        let standing = standing.ok_or_else(|| missing("no open period"))?;
        let (used, held, capacity) = (standing.used, standing.held, standing.capacity);
        let window_end = standing.resets_at;
        Ok(Balance { used, held, capacity, window_end, ..Balance::VACANT })
    }

    /// What was taken from a grant, or is held of it.
    fn taken(&self, source: u16) -> Result<Quantity, NotImplemented> {
        let accounts = self.stage.ledger.accounts();
        let account = accounts.get(ScopeId(0)).ok_or_else(|| missing("the customer"))?;
        let mut known = accounts.balances(account);
        let of_grant = |known: &&Balance| (known.limit, known.source.0) == (BUCKETS, source);
        let balance = match self.sold.persists {
            Some(_) => self.standing(BUCKETS)?,
            None => known.find(of_grant).copied().unwrap_or(Balance::VACANT),
        };
        balance.used.checked_add(balance.held).ok_or_else(over)
    }

    fn usage(&self) -> Result<Quantity, NotImplemented> {
        let buckets = (1..).zip(&self.sold.buckets).map(|(source, _)| source);
        let spends = self.sold.spend.map(|_| SPEND);
        buckets.chain(spends).try_fold(Quantity::ZERO, |sum, source| {
            sum.checked_add(self.taken(source)?).ok_or_else(over)
        })
    }

    fn state(&self) -> Result<Map<String, Value>, NotImplemented> {
        let (mut left, mut remaining) = (Map::new(), Quantity::ZERO);
        let last = self.sold.buckets.len();
        for (source, (name, granted)) in (1..).zip(&self.sold.buckets) {
            let mut rest = granted.checked_sub(self.taken(source)?).ok_or_else(over)?;
            if self.sold.spend.is_some() && usize::from(source) == last {
                rest = rest.checked_sub(self.taken(SPEND)?).ok_or_else(over)?;
            }
            remaining = remaining.checked_add(rest.max(Quantity::ZERO)).ok_or_else(over)?;
            left.insert(name.clone(), json!(rest.to_string()));
        }
        let mut state = Map::new();
        state.insert("balances".to_owned(), Value::Object(left));
        state.insert("remaining".to_owned(), json!(remaining.to_string()));
        state.insert("usage".to_owned(), json!(self.usage()?.to_string()));
        state.insert("events".to_owned(), Value::Array(self.events.clone()));
        if let Ok(window) = self.standing(WINDOW) {
            state.insert("window_usage".to_owned(), json!(window.used.to_string()));
        }
        Ok(state)
    }
}

fn over() -> NotImplemented {
    missing("too large a number")
}

/// The limit of the buckets, and that of a window beside it.
const BUCKETS: LimitId = LimitId(0);
const WINDOW: LimitId = LimitId(1);

/// The bucket that is a spend limit.
const SPEND: u16 = 100;

const DONE: &str = "done";
const REJECTED: &str = "rejected";
