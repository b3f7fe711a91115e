//! What does a use cost, and is it allowed? Autumn's credits, checks and keys in the core's ledger.

use serde_json::{Value, json};
use weir_core::amount::Quantity;
use weir_core::decide::{Caller, Cost, Verdict};
use weir_core::dedup::RequestKey;
use weir_core::id::{FeatureId, LimitId, PlanId, ScopeId};
use weir_core::time::Timestamp;

use super::super::openmeter::{field, missing, read, text, told_by};
use super::only;
use crate::conform::{NotImplemented, Question};
use crate::story::{Act, Ask, Played, Stage};

/// Tokens are priced in dollars for a million, and drawn from one balance of dollars.
pub(super) fn tokens(question: &Question<'_>) -> Result<Value, NotImplemented> {
    only(question.given, &["usd_per_million", "balance", "unlimited"])?;
    let prices = field(question.given, "usd_per_million")?;
    let price = |name| Ok(json!({ "multiply": text(prices, name)?, "divide": 1_000_000 }));
    let rates = json!({ "input": price("input")?, "output": price("output")? });
    let features = json!({ "input": {}, "output": {}, "usd": { "rates": rates } });
    let mut host = Host::new(&features, question.given, "balance")?;
    host.run(question.input, |step| {
        only(step, &["input_tokens", "output_tokens", "idempotency_key"])?;
        let cost = |feature, name| {
            Ok(Cost { feature: FeatureId(feature), quantity: read::<Quantity>(step, name)? })
        };
        Ok(vec![cost(0, "input_tokens")?, cost(1, "output_tokens")?])
    })
}

/// Uses with a key.
pub(super) fn keys(question: &Question<'_>) -> Result<Value, NotImplemented> {
    only(question.given, &["granted"])?;
    let mut host = Host::new(&json!({ "usd": {} }), question.given, "granted")?;
    let mut told = host.run(question.input, |step| {
        only(step, &["track", "idempotency_key"])?;
        Ok(vec![Cost { feature: FeatureId(0), quantity: read(step, "track")? }])
    })?;
    for step in told.as_array_mut().into_iter().flatten() {
        if step["result"] == "duplicate_rejected" {
            step["result"] = json!("duplicate_rejected (409)"); // as this case writes it
        }
    }
    Ok(told)
}

/// Whether so much would be allowed.
pub(super) fn checks(question: &Question<'_>) -> Result<Value, NotImplemented> {
    only(question.given, &["feature", "unlimited"])?;
    let mut host = Host::new(&json!({ "absent": {}, "usd": {} }), question.given, "granted")?;
    let asked = question.given.get("feature").map_or("usd", |_| "absent");
    let feature = host.stage.catalog.feature(asked).ok_or_else(|| missing("the feature"))?;
    let checks = question.input.as_array().ok_or_else(|| missing("checks"))?;
    let mut answers = Vec::new();
    for check in checks {
        only(check, &["required_balance"])?;
        let costs = vec![Cost { feature, quantity: read(check, "required_balance")? }];
        let Stage { ledger, catalog, .. } = &mut host.stage;
        let ask = ask(costs, None);
        let verdict = ledger.peek(catalog, (&ask.request(), Timestamp::EPOCH), &mut ());
        answers.push(json!({ "allowed": verdict.is_allowed() }));
    }
    Ok(Value::Array(answers))
}

/// A customer with one balance.
struct Host {
    stage: Stage,
}

impl Host {
    /// Its capacity is what `given` has under `amount`.
    fn new(features: &Value, given: &Value, amount: &str) -> Result<Self, NotImplemented> {
        let capacity = given.get(amount).cloned().unwrap_or_else(|| json!("unlimited"));
        let definition = json!({
            "acceptance": { "max_age": "P1D", "max_ahead": "PT0S" },
            "remember": { "lifetime": "P2D" },
            "features": features,
            "plans": { "all": { "limits": { "usd": {
                "feature": "usd", "capacity": capacity, "window": "lifetime" } } } },
        });
        let definition = serde_json::from_value(definition).map_err(|error| told_by(&error))?;
        let mut host = Self { stage: Stage::default() };
        host.play(&Act::Install(Box::new(definition)));
        host.play(&Act::Intern(None, "customer".to_owned(), Some(PlanId(0))));
        Ok(host)
    }

    fn play(&mut self, act: &Act) -> Played {
        self.stage.play(act, Timestamp::EPOCH, &mut ())
    }

    /// Decides each step, and tells what it cost and left.
    fn run(
        &mut self,
        steps: &Value,
        costs: impl Fn(&Value) -> Result<Vec<Cost>, NotImplemented>,
    ) -> Result<Value, NotImplemented> {
        let steps = steps.as_array().ok_or_else(|| missing("steps"))?;
        let mut told = Vec::new();
        for step in steps {
            let key = step.get("idempotency_key").and_then(Value::as_str);
            let key = key.and_then(|key| RequestKey::new(key.as_bytes()));
            let Played::Decided(verdict) = self.play(&Act::Decide(ask(costs(step)?, key))) else {
                return Err(missing("a decision"));
            };
            told.push(self.tell(&verdict)?);
        }
        Ok(Value::Array(told))
    }

    fn tell(&self, verdict: &Verdict) -> Result<Value, NotImplemented> {
        let Stage { ledger, catalog, .. } = &self.stage;
        let place = (ScopeId(0), LimitId(0));
        let standing = ledger.standing(catalog, place, Timestamp::EPOCH);
        let (standing, asked) = standing.zip(verdict.binding).ok_or_else(|| missing("a limit"))?;
        // A peer refuses what it has answered; here the answer is given again, and says so.
        let result = match verdict {
            Verdict { flags, .. } if flags.replayed => "duplicate_rejected",
            verdict if verdict.is_allowed() => "allowed",
            _ => "denied",
        };
        Ok(json!({
            "balance": standing.left().map(|left| left.to_string()),
            "cost_usd": asked.asked.to_string(),
            "result": result,
            "usage": standing.used.to_string(),
        }))
    }
}

fn ask(costs: Vec<Cost>, key: Option<RequestKey>) -> Ask {
    let (caller, scopes) = (Caller::Unchecked, vec![ScopeId(0)]);
    Ask { caller, scopes, costs, at: Timestamp::EPOCH, key, on_shortfall: None }
}
