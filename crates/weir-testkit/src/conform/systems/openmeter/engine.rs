//! A ledger that stands where a snapshot says: one customer, one limit that grants fill.
//!
//! A usage period of the peer is a window of its own here, put in force with a catalog when it begins.
//! A snapshot is what stands just before its instant: it is imported a millisecond earlier, so that
//! whatever starts, recurs or turns at the instant does.

use std::collections::BTreeMap;

use serde_json::json;
use weir_core::amount::Quantity;
use weir_core::decide::{Caller, Cost, Draw, Observer};
use weir_core::grant::{Burn, Grant};
use weir_core::id::{CatalogVersion, FeatureId, LimitId, PlanId, ScopeId};
use weir_core::limit::{Balance, Source};
use weir_core::time::{Span, Timestamp};
use weir_core::window::Period;

use super::{before, missing, told_by};
use crate::conform::NotImplemented;
use crate::story::{Act, Ask, Played, Stage};

/// What stands at an instant, before anything happens at it.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) at: Timestamp,
    /// What each grant has left, by its name.
    pub(super) left: BTreeMap<String, Quantity>,
    pub(super) owed: Quantity,
}

/// What is asked of all engines of a run.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) grants: Vec<Grant>,
    /// `sum` or `count`.
    pub(super) aggregation: &'static str,
    /// Whether a new period starts with what is still owed.
    pub(super) keeps: bool,
}

#[derive(Debug)]
pub(super) struct Engine {
    stage: Stage,
    setting: Setting,
    /// What was imported of each grant: its number, when its stretch ends, and what was used.
    pub(super) imported: Vec<(u16, Timestamp, Quantity)>,
}

/// The balances of the grants that pay, in the order in which they are drawn, and what is owed.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) balances: Vec<Balance>,
    pub(super) owed: Quantity,
}

impl Engine {
    /// An engine that stands as a snapshot says, in a usage period that lasts to an instant.
    pub(super) fn open(
        setting: &Setting,
        standing: &Standing,
        until: Timestamp,
    ) -> Result<Self, NotImplemented> {
        let (stage, setting) = (Stage::default(), setting.clone());
        let mut engine = Self { stage, setting, imported: Vec::new() };
        let now = before(standing.at);
        engine.begin(Period { start: now, end: until }, now)?;
        engine.play(Act::Intern(None, "customer".to_owned(), Some(PlanId(0))), now)?;
        let grants = engine.setting.grants.clone();
        for grant in &grants {
            engine.play(Act::Grant(ScopeId(0), grant.clone(), Burn::OPENMETER), now)?;
        }
        let period = Period { start: now, end: until };
        for grant in grants.iter().filter(|grant| grant.pays_at(now)) {
            let left = standing.left.get(&*grant.name).copied().unwrap_or_default();
            let used = grant.amount.checked_sub(left).ok_or_else(|| missing("such a balance"))?;
            let end = grant.stretch(period, now).end;
            engine.import((grant.source, used, grant.amount), end, now)?;
            engine.imported.push((grant.source.0, end, used));
        }
        engine.import((Source::PLAN, standing.owed, Quantity::ZERO), until, now)?;
        Ok(engine)
    }

    /// The same grants, each a moment later: what rolls over stands before what recurs or starts.
    pub(super) fn delayed(setting: &Setting) -> Result<Setting, NotImplemented> {
        let mut delayed = setting.clone();
        for grant in &mut delayed.grants {
            if let Some(every) = &mut grant.renewal.recurrence {
                every.anchor = after(every.anchor)?;
            }
            grant.effective = after(grant.effective)?;
            if grant.expires != Period::NEVER {
                grant.expires = after(grant.expires)?;
            }
        }
        Ok(delayed)
    }

    /// Puts a usage period in force.
    pub(super) fn begin(&mut self, period: Period, now: Timestamp) -> Result<(), NotImplemented> {
        let overage = if self.setting.keeps { "kept" } else { "owed" };
        let window = json!({ "once": { "from": period.start, "until": period.end } });
        let definition = json!({
            "features": { "use": { "aggregation": self.setting.aggregation } },
            "plans": { "all": { "limits": { "use": {
                "feature": "use", "capacity": { "granted": "openmeter" }, "window": window,
                "enforcement": "soft", "settle": { "overage": overage }
            } } } }
        });
        let definition = serde_json::from_value(definition).map_err(|error| told_by(&error))?;
        self.play(Act::Install(Box::new(definition)), now).map(drop)
    }

    /// Counts an event; tells what it used.
    pub(super) fn count(
        &mut self,
        value: Quantity,
        at: Timestamp,
    ) -> Result<Quantity, NotImplemented> {
        let costs = vec![Cost { feature: FeatureId(0), quantity: value }];
        let (caller, scopes) = (Caller::Unchecked, vec![ScopeId(0)]);
        let ask = Ask { caller, scopes, costs, at, key: None, on_shortfall: None };
        let mut used = Used::default();
        match self.stage.play(&Act::Decide(ask), at, &mut used) {
            Played::Decided(verdict) if verdict.is_allowed() => Ok(used.0),
            _ => Err(missing("use that is refused")),
        }
    }

    /// What stands at an instant, with all that happens at it.
    pub(super) fn read(&self, at: Timestamp) -> Result<Read, NotImplemented> {
        let Stage { ledger, catalog, .. } = &self.stage;
        let balances = ledger.allowances(catalog, (ScopeId(0), LimitId(0)), at);
        let balances = balances.ok_or_else(|| missing("an open period"))?;
        let (apart, balances): (Vec<Balance>, Vec<Balance>) =
            balances.into_iter().partition(|balance| balance.source == Source::PLAN);
        let owed = apart.first().map_or(Quantity::ZERO, |apart| apart.used);
        Ok(Read { balances, owed })
    }

    fn import(
        &mut self,
        (source, used, capacity): (Source, Quantity, Quantity),
        window_end: Timestamp,
        now: Timestamp,
    ) -> Result<(), NotImplemented> {
        let (limit, held, generation) = (LimitId(0), Quantity::ZERO, CatalogVersion(0));
        let balance = Balance { used, held, capacity, window_end, generation, limit, source };
        self.play(Act::Import(ScopeId(0), balance), now).map(drop)
    }

    fn play(&mut self, act: Act, now: Timestamp) -> Result<Played, NotImplemented> {
        match self.stage.play(&act, now, &mut ()) {
            Played::Done(Err(refused)) => Err(told_by(&refused)),
            played => Ok(played),
        }
    }
}

/// What a decision took, of all allowances together.
#[derive(Default)]
struct Used(Quantity);

impl Observer for Used {
    fn drew(&mut self, draw: &Draw) {
        self.0 = self.0.checked_add(draw.taken).unwrap_or(self.0);
    }
}

/// The instant after.
fn after(at: Timestamp) -> Result<Timestamp, NotImplemented> {
    let moment = Span::from_millis(1).map_err(|error| told_by(&error))?;
    at.checked_add(moment).ok_or_else(|| missing("such an instant"))
}
