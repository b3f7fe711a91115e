//! What was answered before? Keys and answers in one list, oldest first.

use weir_core::catalog::definition::DenialDefinition;
use weir_core::catalog::{ApartBy, AtBound, OnMismatch, OnRepeat, RememberAt};
use weir_core::decide::{Caller, Cost, Flags, Outcome, Reason, Request, Verdict};
use weir_core::dedup::RequestKey;
use weir_core::id::{FeatureId, LimitId, ScopeId};
use weir_core::token::Environment;

use super::weigh::Changes;
use super::{Model, calendar};

#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) key: Sent,
    pub(super) asked: (Vec<ScopeId>, Vec<Cost>),
    pub(super) at: i64,
    pub(super) verdict: Verdict,
    pub(super) until: i64,
}

/// A key, and all that tells it from the same bytes elsewhere.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Sent {
    root: ScopeId,
    of: ScopeId,
    balance: Option<(ScopeId, LimitId)>,
    environment: Option<Environment>,
    feature: Option<FeatureId>,
    bytes: RequestKey,
}

impl Model {
    pub(super) fn remember(&mut self, request: &Request<'_>, verdict: Verdict) {
        let Some(rule) = &self.sold.definition.remember else { return };
        let listed = |kind| rule.denials.contains(&kind);
        let kept = match verdict.outcome {
            Outcome::Allowed => true,
            Outcome::Denied(Reason::LimitExceeded | Reason::RateLimited) => {
                listed(DenialDefinition::Limits)
            }
            Outcome::Denied(Reason::OutOfCredit) => listed(DenialDefinition::Funds),
            Outcome::Denied(Reason::PeriodClosed) => listed(DenialDefinition::Window),
            Outcome::Denied(_) => false,
        };
        let until = (self.now + rule.lifetime.as_millis()).min(calendar::LAST);
        if let Some(key) = self.key(request).filter(|_| kept) {
            let asked = (request.scopes.to_vec(), request.costs.to_vec());
            let at = request.at.as_millis();
            let (bound, max) = (rule.at_bound, rule.max);
            while bound == AtBound::OldestGoes && self.count_of(key.root) >= max {
                let oldest = self.answers.iter().position(|answer| answer.key.root == key.root);
                let gone = oldest.map(|oldest| self.answers.remove(oldest));
                self.head.forgotten.extend(gone.map(|answer| (key.root, answer.at)));
            }
            self.answers.push(Answer { key, asked, at, verdict, until });
        }
    }

    pub(super) fn memory(&self, request: &Request<'_>) -> Result<(), Box<Verdict>> {
        let Some(key) = self.key(request) else { return Ok(()) };
        if let Some(known) = self.answers.iter().find(|answer| answer.key == key) {
            let same = (&known.asked.0[..], &known.asked.1[..]) == (request.scopes, request.costs);
            let rule = self.sold.definition.remember.as_ref();
            if rule.is_some_and(|rule| rule.on_mismatch == OnMismatch::Conflict) && !same {
                return Err(Box::new(self.verdict(Outcome::Denied(Reason::Conflict), None)));
            }
            if rule.is_some_and(|rule| rule.on_repeat == OnRepeat::Duplicate) {
                return Err(Box::new(self.verdict(Outcome::Denied(Reason::Duplicate), None)));
            }
            let flags = Flags { replayed: true, ..known.verdict.flags };
            return Err(Box::new(Verdict { flags, ..known.verdict }));
        }
        let rule = self.sold.definition.remember.as_ref();
        let full = rule.is_some_and(|rule| {
            rule.at_bound == AtBound::DedupFull && self.count_of(key.root) >= rule.max
        });
        let denied = Outcome::Denied(Reason::DedupFull);
        if full { Err(Box::new(self.verdict(denied, None))) } else { Ok(()) }
    }

    /// What is told where answers are known once everything is measured.
    pub(super) fn late_memory(
        &self,
        request: &Request<'_>,
        (verdict, changes): (Verdict, Changes),
    ) -> (Verdict, Changes) {
        let rule = self.sold.definition.remember.as_ref();
        let late = rule.is_some_and(|rule| rule.at == RememberAt::AfterMeasure);
        let measured = verdict.reason() != Some(Reason::Unmeasurable);
        match self.memory(request) {
            Err(known) if late && measured => (*known, Changes::default()),
            _ => (verdict, changes),
        }
    }

    /// Whether the key is not known, and others of its root were forgotten that are not older.
    pub(super) fn is_forgotten(&self, request: &Request<'_>) -> bool {
        let Some(key) = self.key(request) else { return false };
        let mut forgotten = self.head.forgotten.iter();
        let old = forgotten.any(|(root, at)| *root == key.root && request.at.as_millis() <= *at);
        old && self.answers.iter().all(|answer| answer.key != key)
    }

    /// Forgets, oldest first, the answers past their time.
    pub(super) fn forget_answers(&mut self) {
        let kept = self.answers.iter().position(|answer| answer.until >= self.now);
        let gone = self.answers.drain(..kept.unwrap_or(self.answers.len()));
        self.head.forgotten.extend(gone.map(|answer| (answer.key.root, answer.at)));
    }

    fn count_of(&self, root: ScopeId) -> u32 {
        let of_root = self.answers.iter().filter(|answer| answer.key.root == root);
        u32::try_from(of_root.count()).unwrap_or(u32::MAX)
    }

    fn key(&self, request: &Request<'_>) -> Option<Sent> {
        let rule = self.sold.definition.remember.as_ref()?.key_space;
        let (root, bytes) = (*request.scopes.first()?, request.key?);
        // The lowest that is not too low; of those that are as low, the first.
        let depth = |scope: ScopeId| self.path(scope).len() - 1;
        let high = request.scopes.iter().filter(|scope| depth(**scope) <= usize::from(rule.level));
        let lowest = high.clone().map(|scope| depth(*scope)).max()?;
        let of = *high.clone().find(|scope| depth(**scope) == lowest)?;
        let first = request.costs.first().map(|cost| cost.feature);
        let by = |apart| rule.apart == Some(apart);
        let environment = match request.caller {
            Caller::Known(known) if by(ApartBy::Environment) => Some(known.environment()),
            _ => None,
        };
        let balance = request.scopes.iter().find_map(|scope| {
            let plan = self.scope(*scope)?.plan;
            let mut lines = self.sold.lines.iter();
            let line = lines.find(|line| {
                plan == Some(line.plan) && first.is_some_and(|first| line.counted.counts(first))
            })?;
            Some((*scope, line.limit))
        });
        let balance = balance.filter(|_| by(ApartBy::Balance));
        let feature = first.filter(|_| by(ApartBy::Feature));
        Some(Sent { root, of, balance, environment, feature, bytes })
    }
}
