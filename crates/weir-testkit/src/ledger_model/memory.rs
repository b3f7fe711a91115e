//! What was answered before? Keys and answers in one list, oldest first.

use weir_core::catalog::OnMismatch;
use weir_core::catalog::definition::{DenialDefinition, KeySpaceDefinition};
use weir_core::decide::{Cost, Flags, Outcome, Reason, Request, Verdict};
use weir_core::dedup::RequestKey;
use weir_core::id::{FeatureId, ScopeId};

use super::{Model, calendar};

#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) key: (ScopeId, Option<FeatureId>, RequestKey),
    pub(super) asked: (Vec<ScopeId>, Vec<Cost>),
    pub(super) at: i64,
    pub(super) verdict: Verdict,
    pub(super) until: i64,
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
            let flags = Flags { replayed: true, ..known.verdict.flags };
            return Err(Box::new(Verdict { flags, ..known.verdict }));
        }
        let rule = self.sold.definition.remember.as_ref();
        let of_root = self.answers.iter().filter(|answer| answer.key.0 == key.0).count();
        let full = rule.is_some_and(|r| u32::try_from(of_root).is_ok_and(|n| n >= r.max));
        let denied = Outcome::Denied(Reason::DedupFull);
        if full { Err(Box::new(self.verdict(denied, None))) } else { Ok(()) }
    }

    /// Whether the key is not known, and others of its root were forgotten that are not older.
    pub(super) fn is_forgotten(&self, request: &Request<'_>) -> bool {
        let Some(key) = self.key(request) else { return false };
        let mut forgotten = self.head.forgotten.iter();
        let old = forgotten.any(|(root, at)| *root == key.0 && request.at.as_millis() <= *at);
        old && self.answers.iter().all(|answer| answer.key != key)
    }

    /// Forgets, oldest first, the answers past their time.
    pub(super) fn forget_answers(&mut self) {
        let kept = self.answers.iter().position(|answer| answer.until >= self.now);
        let gone = self.answers.drain(..kept.unwrap_or(self.answers.len()));
        self.head.forgotten.extend(gone.map(|answer| (answer.key.0, answer.at)));
    }

    fn key(&self, request: &Request<'_>) -> Option<(ScopeId, Option<FeatureId>, RequestKey)> {
        let rule = self.sold.definition.remember.as_ref()?;
        let apart = rule.key_space == KeySpaceDefinition::Feature;
        let feature = request.costs.first().map(|cost| cost.feature).filter(|_| apart);
        Some((*request.scopes.first()?, feature, request.key?))
    }
}
