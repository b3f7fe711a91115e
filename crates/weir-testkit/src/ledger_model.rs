//! What would the textbook answer? The slow model of `decide` and `ledger`.
//!
//! It keeps everything that ever happened in plain lists, adds them up anew for each question with
//! big integers, and walks a calendar of its own. It takes the core's plain data (definitions,
//! grants, lots, requests) and gives the core's verdicts, so that the two can be compared whole; it
//! calls no rule and no arithmetic of the core.

use num_bigint::BigInt;
use weir_core::account::Status;
use weir_core::catalog::{Definition, RememberAt};
use weir_core::decide::{Binding, Caller, Flags, Outcome, Reason, Request, Retry, Verdict};
use weir_core::grant::Grant;
use weir_core::id::{CatalogVersion, FeatureId, LimitId, PlanId, ScopeId};
use weir_core::ledger::Refused;
use weir_core::limit::Source;
use weir_core::time::Timestamp;
use weir_core::wallet::Lot;

mod book;
mod burn;
pub mod calendar;
pub mod clocks;
mod commit;
mod correct;
mod debt;
mod funds;
mod hold;
mod import;
mod line;
mod memory;
pub mod meter;
pub mod price;
mod renewal;
mod retry;
mod sliding;
mod sold;
mod told;
mod weigh;

use hold::Purpose;
pub use sliding::slides;
use sold::{Line, Sold, index};
pub use told::Told;
use weigh::Changes;

/// Everything that ever happened.
#[derive(Clone, Debug)]
pub struct Model {
    now: i64,
    head: Head,
    sold: Sold,
    scopes: Vec<Scope>,
    takes: Vec<Take>,
    numbers: Numbers,
    answers: Vec<memory::Answer>,
    holds: Vec<hold::Hold>,
}

/// How many commands were done, to when the clock was put back, and what was forgotten.
#[derive(Clone, Debug, Default)]
struct Head {
    sequence: u64,
    put_back: Option<i64>,
    /// The roots and instants of what was answered and is forgotten.
    forgotten: Vec<(ScopeId, i64)>,
}

#[derive(Clone, Debug)]
struct Scope {
    parent: Option<ScopeId>,
    name: String,
    plan: Option<PlanId>,
    status: Status,
    anchor: i64,
    grants: Vec<Grant>,
    /// In the order in which they are drawn, each with everything that it paid.
    lots: Vec<(Lot, Vec<BigInt>)>,
}

/// What tells one balance from another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Key {
    scope: ScopeId,
    limit: LimitId,
    /// 0 for the plan's own allowance, the greatest number where it has no periods, else the grant's.
    source: u16,
    end: i64,
}

/// Something taken from a balance, given back to it, or imported into it.
#[derive(Clone, Debug)]
struct Take {
    key: Key,
    amount: BigInt,
    /// The capacity that was read when the period was open; `None` if that is to be read anew.
    capacity: Option<i128>,
    /// What the balance was worth then.
    worth: BigInt,
}

/// What limits keep beside what is taken.
#[derive(Clone, Debug, Default)]
struct Numbers {
    heard: Vec<Heard>,
    levels: Vec<sliding::Level>,
    told: Vec<Told>,
    owing: Vec<Owing>,
}

/// The limit of which more was used at an instant than its grants have.
type Owing = (ScopeId, LimitId, i64);

/// A value that a meter which keeps its number was told, and the end of the period it belongs to.
#[derive(Clone, Debug)]
struct Heard {
    place: (ScopeId, LimitId, i64),
    value: BigInt,
    at: i64,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            now: Timestamp::MIN.as_millis(),
            head: Head::default(),
            sold: Sold::default(),
            scopes: Vec::new(),
            takes: Vec::new(),
            numbers: Numbers::default(),
            answers: Vec::new(),
            holds: Vec::new(),
        }
    }
}

/// Commands: each moves the clock, never back, and takes the next number.
impl Model {
    /// Puts a sound catalog in force.
    pub fn install(&mut self, definition: &Definition, now: Timestamp) {
        self.done(now);
        self.sold.install(definition);
    }

    /// Opens a scope; its own windows are anchored at the instant.
    ///
    /// # Errors
    ///
    /// [`Refused::Name`] when it is there already.
    pub fn intern(
        &mut self,
        (parent, name): (Option<ScopeId>, &str),
        plan: Option<PlanId>,
        now: Timestamp,
    ) -> Result<ScopeId, Refused> {
        if self.scopes.iter().any(|known| (known.parent, known.name.as_str()) == (parent, name)) {
            return Err(Refused::Name);
        }
        self.done(now);
        let (name, anchor) = (name.to_owned(), self.now);
        let (grants, lots, status) = (Vec::new(), Vec::new(), Status::Active);
        self.scopes.push(Scope { parent, name, plan, status, anchor, grants, lots });
        Ok(ScopeId(u32::try_from(self.scopes.len() - 1).unwrap_or(u32::MAX)))
    }

    /// Gives a scope another plan: capacities are read anew, counts stay.
    pub fn set_plan(&mut self, scope: ScopeId, plan: Option<PlanId>, now: Timestamp) {
        self.done(now);
        let taken = self.takes.iter_mut().filter(|take| take.key.scope == scope);
        taken.for_each(|take| take.capacity = None);
        if let Some(scope) = self.scope_mut(scope) {
            scope.plan = plan;
        }
    }

    /// Says whether a scope may spend.
    pub fn set_status(&mut self, scope: ScopeId, status: Status, now: Timestamp) {
        self.done(now);
        if let Some(scope) = self.scope_mut(scope) {
            scope.status = status;
        }
    }

    /// Says where a scope's own windows start.
    pub fn set_anchor(&mut self, scope: ScopeId, anchor: Timestamp, now: Timestamp) {
        self.done(now);
        if let Some(scope) = self.scope_mut(scope) {
            scope.anchor = anchor.as_millis();
        }
    }

    /// Gives a scope an allowance.
    ///
    /// # Errors
    ///
    /// [`Refused::Name`] when the name or the number is taken; [`Refused::UnknownName`] as in import.
    pub fn grant(&mut self, scope: ScopeId, grant: Grant, now: Timestamp) -> Result<(), Refused> {
        self.known(grant.limit)?;
        let all = self.scope_mut(scope).ok_or(Refused::UnknownScope)?;
        let same = |known: &Grant| known.name == grant.name || known.source == grant.source;
        if all.grants.iter().any(same) {
            return Err(Refused::Name);
        }
        all.grants.push(grant);
        self.done(now);
        Ok(())
    }

    /// Ends a grant at an instant, or now.
    ///
    /// # Errors
    ///
    /// [`Refused::UnknownGrant`]; [`Refused::Absurd`] when it ends earlier anyway.
    pub fn void_grant(
        &mut self,
        (scope, source): (ScopeId, Source),
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let then = self.now.max(now.as_millis()).max(at.as_millis());
        let grants = self.scope_mut(scope).map(|scope| &mut scope.grants);
        let grants = grants.ok_or(Refused::UnknownScope)?;
        let mut known = grants.iter_mut().filter(|grant| grant.source == source);
        let grant = known.next().ok_or(Refused::UnknownGrant)?;
        if at > grant.expires {
            return Err(Refused::Absurd);
        }
        let then = Timestamp::from_millis(then).unwrap_or(Timestamp::MAX);
        grant.expires = grant.expires.min(then);
        self.done(now);
        Ok(())
    }

    /// Tops up a wallet: promotional lots are drawn first, then low priority, then the soonest
    /// expiry, then the oldest, then by name.
    ///
    /// # Errors
    ///
    /// [`Refused::Name`] when the name is taken.
    pub fn top_up(&mut self, scope: ScopeId, lot: Lot, now: Timestamp) -> Result<(), Refused> {
        let all = self.scope_mut(scope).ok_or(Refused::UnknownScope)?;
        if all.lots.iter().any(|(known, _)| known.name == lot.name) {
            return Err(Refused::Name);
        }
        all.lots.push((lot, Vec::new()));
        let paid = |lot: &Lot| lot.kind == weir_core::wallet::Kind::Paid;
        all.lots.sort_by(|(a, _), (b, _)| {
            let order = |lot: &Lot| (paid(lot), lot.priority, lot.expires, lot.purchased);
            order(a).cmp(&order(b)).then(a.name.cmp(&b.name))
        });
        self.done(now);
        Ok(())
    }

    fn known(&self, limit: LimitId) -> Result<(), Refused> {
        let known = usize::from(limit.0) < self.sold.names.limits.len();
        if known { Ok(()) } else { Err(Refused::UnknownName) }
    }

    /// Forgets, oldest first, the answers past their time.
    pub fn sweep(&mut self, now: Timestamp) {
        self.done(now);
        self.forget_answers();
        self.forget_holds();
    }

    /// Any command that no decision depends on.
    pub fn done(&mut self, now: Timestamp) {
        self.advance(now);
        self.now = self.now.max(now.as_millis());
        self.head.sequence += 1;
    }

    /// Decides a request.
    pub fn decide(&mut self, request: &Request<'_>, now: Timestamp) -> Verdict {
        self.answer((request, now), Purpose::Use(BigInt::ZERO))
    }

    fn pay(&mut self, paid: Vec<(ScopeId, usize, BigInt)>) {
        for (scope, at, part) in paid {
            if let Some((_, paid)) = self.scope_mut(scope).and_then(|s| s.lots.get_mut(at)) {
                paid.push(part);
            }
        }
    }
}

/// Questions.
impl Model {
    /// Says what [`Model::decide`] would.
    #[must_use]
    pub fn peek(&self, request: &Request<'_>, now: Timestamp) -> Verdict {
        let (mut verdict, _) = self.judge(request, self.now.max(now.as_millis()));
        if !verdict.flags.replayed {
            verdict.flags.clock_held = now.as_millis() < self.now;
        }
        verdict
    }

    /// The latest instant seen.
    #[must_use]
    pub const fn now(&self) -> i64 {
        self.now
    }

    /// How many scopes there are; they are numbered from 0.
    #[must_use]
    pub const fn scopes(&self) -> usize {
        self.scopes.len()
    }

    /// The path from the root down to a scope.
    #[must_use]
    pub fn path(&self, scope: ScopeId) -> Vec<ScopeId> {
        let above = std::iter::successors(Some(scope), |scope| self.scope(*scope)?.parent);
        let mut path: Vec<ScopeId> = above.collect();
        path.reverse();
        path
    }

    /// The end of the period in which a limit of a scope counts what happens at `at`, or where it has
    /// none, when the next use comes back.
    #[must_use]
    pub fn ends(&self, (scope, limit): (ScopeId, LimitId), at: i64) -> Option<i64> {
        if let Some(back) = self.next_back((scope, limit), at) {
            return Some(back);
        }
        let (account, line) = (self.scope(scope)?, self.line(scope, limit)?);
        let period = calendar::period(&line.terms.window, at, account.anchor);
        Some(period.unwrap_or_else(|outside| outside).1)
    }

    /// The index that a limit, or a plan, has in the catalogs so far.
    #[must_use]
    pub fn limit(&self, name: &str) -> Option<LimitId> {
        index(&self.sold.names.limits, name).map(LimitId)
    }

    /// See [`Model::limit`].
    #[must_use]
    pub fn plan(&self, name: &str) -> Option<PlanId> {
        index(&self.sold.names.plans, name).map(PlanId)
    }

    fn scope(&self, scope: ScopeId) -> Option<&Scope> {
        self.scopes.get(usize::try_from(scope.0).ok()?)
    }

    fn scope_mut(&mut self, scope: ScopeId) -> Option<&mut Scope> {
        self.scopes.get_mut(usize::try_from(scope.0).ok()?)
    }

    /// The verdict at `now`, and what it changes when it is allowed.
    fn judge(&self, request: &Request<'_>, now: i64) -> (Verdict, Changes) {
        self.judge_for(request, now, Purpose::Use(BigInt::ZERO))
    }

    /// The verdict at a later instant, when so many were asked.
    fn judge_again(&self, request: &Request<'_>, now: i64, asked: usize) -> Verdict {
        match self.gates(request, now) {
            Ok(()) => self.weigh(request, now, Purpose::Again(asked)).0,
            Err(verdict) => *verdict,
        }
    }

    fn gates(&self, request: &Request<'_>, now: i64) -> Result<(), Box<Verdict>> {
        let unless = |fine: bool, reason| {
            if fine { Ok(()) } else { Err(Box::new(self.verdict(Outcome::Denied(reason), None))) }
        };
        let Request { scopes, costs, at, .. } = *request;
        unless((1..=8).contains(&scopes.len()) && costs.len() <= 8, Reason::Malformed)?;
        unless(at.as_millis().max(now) < calendar::LAST, Reason::Malformed)?;
        let known = scopes.iter().filter(|scope| self.scope(**scope).is_some());
        let mut roots = known.map(|scope| self.path(*scope).first().copied());
        unless(roots.all(|root| root == scopes.first().copied()), Reason::Malformed)?;
        let entitled = match request.caller {
            Caller::Known(principal) => scopes.contains(&principal.scope()),
            Caller::Unchecked => true,
        };
        unless(entitled, Reason::Unauthenticated)?;
        unless(scopes.iter().all(|scope| self.scope(*scope).is_some()), Reason::UnknownScope)?;
        let sold = costs.iter().all(|cost| self.is_sold(cost.feature, scopes));
        unless(sold, Reason::NoEntitlement)?;
        let rule = self.sold.definition.remember.as_ref();
        let looks = |at| rule.is_some_and(|rule| rule.at == at);
        if looks(RememberAt::AfterRoute) {
            self.memory(request)?;
        }
        let accepts = self.sold.definition.acceptance;
        let age = now - at.as_millis();
        unless(accepts.max_age.is_none_or(|most| age <= most.as_millis()), Reason::TooOld)?;
        let early = |first: i64| age < 0 && -age >= first;
        unless(!accepts.max_ahead.is_some_and(|first| early(first.as_millis())), Reason::TooNew)?;
        unless(!self.is_forgotten(request), Reason::TooOld)?;
        if looks(RememberAt::AfterTime) {
            self.memory(request)?;
        }
        self.statuses(scopes)
    }

    /// What stands against costs on a path that was good before.
    fn stands(&self, request: &Request<'_>, now: i64, asks: bool) -> Result<(), Box<Verdict>> {
        let denied = |reason| Err(Box::new(self.verdict(Outcome::Denied(reason), None)));
        if now >= calendar::LAST {
            return denied(Reason::Malformed);
        }
        if !request.costs.iter().all(|cost| self.is_sold(cost.feature, request.scopes)) {
            return denied(Reason::NoEntitlement);
        }
        if asks { self.statuses(request.scopes) } else { Ok(()) }
    }

    fn is_sold(&self, feature: FeatureId, scopes: &[ScopeId]) -> bool {
        let on_path = |line: &Line| {
            scopes.iter().any(|scope| self.scope(*scope).and_then(|s| s.plan) == Some(line.plan))
        };
        self.sold.lines.iter().any(|line| line.counted.counts(feature) && on_path(line))
    }

    fn statuses(&self, scopes: &[ScopeId]) -> Result<(), Box<Verdict>> {
        let mut stopped = scopes.iter().filter_map(|scope| match self.scope(*scope)?.status {
            Status::Active => None,
            Status::Blocked => Some(Reason::Blocked),
            Status::Cancelled => Some(Reason::Cancelled),
            Status::Inactive => Some(Reason::Inactive),
            Status::NoPlan => Some(Reason::NoPlan),
            Status::Paused => Some(Reason::Paused),
        });
        let denied = |reason| Box::new(self.verdict(Outcome::Denied(reason), None));
        stopped.next().map_or(Ok(()), |reason| Err(denied(reason)))
    }

    fn verdict(&self, outcome: Outcome, binding: Option<Binding>) -> Verdict {
        Verdict {
            outcome,
            binding,
            charged: weigh::quantity(&BigInt::ZERO),
            retry: if outcome == Outcome::Allowed { Retry::Now } else { Retry::NotComputed },
            flags: Flags::default(),
            catalog: CatalogVersion(self.sold.version),
            sequence: 0,
        }
    }
}
