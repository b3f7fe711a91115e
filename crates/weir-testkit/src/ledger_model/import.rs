//! What may another system have counted, and what is said together with it? As the model takes and
//! refuses both.

use weir_core::amount::Quantity;
use weir_core::catalog::definition::{CapacityDefinition, WindowDefinition};
use weir_core::grant::Grant;
use weir_core::id::{LimitId, ScopeId};
use weir_core::ledger::Refused;
use weir_core::limit::{Balance, Source, UNLIMITED};
use weir_core::time::Timestamp;

use super::renewal::begun;
use super::sliding::{leaves, slides};
use super::sold::Line;
use super::weigh::Place;
use super::{Key, Model, Take, calendar};

impl Model {
    /// What several commands make of it: all of them as one, or none.
    ///
    /// # Errors
    ///
    /// The first refusal of `each`.
    pub fn batch(
        &mut self,
        now: Timestamp,
        each: impl FnOnce(&mut Self) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        self.advance(now);
        let mut trial = self.clone();
        each(&mut trial)?;
        trial.head.sequence = self.head.sequence + 1;
        *self = trial;
        Ok(())
    }

    /// Sets a balance to what another system counted, in a period that has begun and is not over.
    /// Of one that is over, the scope's own windows take the end and nothing is counted. Periods that
    /// would have ended within it are forgotten.
    ///
    /// # Errors
    ///
    /// [`Refused::Absurd`] when something is held; [`Refused::UnknownName`] when the scope has no such limit or allowance; [`Refused::Capacity`]
    /// when that has another capacity; [`Refused::Period`].
    pub fn import(
        &mut self,
        scope: ScopeId,
        balance: &Balance,
        now: Timestamp,
    ) -> Result<(), Refused> {
        self.advance(now);
        let at = self.now.max(now.as_millis());
        let account = self.scope(scope).ok_or(Refused::UnknownScope)?;
        let line = self.line(scope, balance.limit).ok_or(Refused::UnknownName)?;
        let (terms, read) = (&line.terms, balance.capacity.as_nanos());
        if balance.held.as_nanos() != 0 {
            return Err(Refused::Absurd);
        }
        let rolling = matches!(terms.window, WindowDefinition::Rolling { .. });
        if slides(&terms.window) && !rolling {
            return Err(Refused::Window);
        }
        let all = self.stated((scope, balance.limit));
        let stated = all.iter().find(|(source, _)| *source == balance.source);
        let (_, amount) = stated.ok_or(Refused::UnknownName)?;
        let at_roll = matches!(terms.capacity, CapacityDefinition::AtRoll(_));
        if !at_roll && amount.as_nanos() != read {
            return Err(Refused::Capacity);
        }
        let end = balance.window_end.as_millis();
        let source = if rolling { u16::MAX } else { balance.source.0 };
        let key = Key { scope, limit: balance.limit, source, end };
        let place = Place { scope, account, line, at, now: at };
        let granted = matches!(terms.capacity, CapacityDefinition::Granted(_));
        let mut grants = account.grants.iter().filter(|grant| {
            grant.limit == balance.limit && grant.source == balance.source && granted
        });
        let cut = grants.next().filter(|grant| Self::is_cut(place, grant));
        let own = matches!(terms.window, WindowDefinition::Anchored { anchor: None, .. });
        let own = own && cut.is_none();
        let anchor = if own { end } else { account.anchor };
        let first_use = matches!(terms.window, WindowDefinition::FirstUse { .. });
        let grace = if first_use { -1 } else { terms.grace.as_millis() };
        let over = end != calendar::LAST && at > end + grace;
        let fits = self.could_open(place, (key, anchor), cut);
        if over && !own || !over && !fits {
            return Err(Refused::Period);
        }
        self.done(now);
        if let Some(scope) = self.scope_mut(scope).filter(|_| own) {
            scope.anchor = end;
        }
        if !over {
            // Periods that would have ended within this one count no more; what is held there stays.
            let within = |k: Key| at < k.end && k.end < end && Key { end, ..k } == key;
            let all = self.takes.iter().map(|take| take.key).filter(|k| within(*k));
            let gone: Vec<_> = all.filter(|k| self.held(*k, at) <= 0.into()).collect();
            self.takes.retain(|take| !gone.contains(&take.key));
            gone.iter().for_each(|k| self.untell((k.scope, k.limit, k.end)));
            let of = |k: &Key| (k.scope, k.limit, k.end);
            let numbers = &mut self.numbers.heard;
            numbers.retain(|heard| !gone.iter().any(|k| of(k) == heard.place));
            if key.source == 0 && read == 0 && balance.used.as_nanos() > 0 {
                self.numbers.owing.push((scope, key.limit, at));
            }
            self.takes.retain(|take| take.key != key);
            self.takes.push(Take {
                key,
                amount: balance.used.as_nanos().into(),
                capacity: Some(read),
                worth: read.into(),
            });
        }
        Ok(())
    }

    /// Whether a period of a limit, or a stretch of a grant that has its own, ends where a balance would,
    /// and has begun; of a rolling window, whether something leaves there.
    fn could_open(&self, place: Place<'_>, (key, anchor): (Key, i64), cut: Option<&Grant>) -> bool {
        let (window, at, end) = (&place.line.terms.window, place.at, key.end);
        if let WindowDefinition::Rolling { span, .. } = window {
            let on_grid = leaves(window, end - span.as_millis() - 1) == end;
            return at < end && end <= leaves(window, at) && on_grid;
        }
        if let Some(grant) = cut {
            return begun(place, grant, end);
        }
        if let WindowDefinition::FirstUse { .. } = window {
            let (_, latest) =
                calendar::period(window, at, anchor).unwrap_or_else(|outside| outside);
            let open = |end: i64| at < end && end <= latest;
            let of_limit = |k: &Key| Key { end, source: key.source, ..*k } == key;
            let mut others = self.takes.iter().map(|take| take.key).filter(of_limit);
            return open(end) && !others.any(|k| k.end != end && open(k.end));
        }
        calendar::period(window, end - 1, anchor)
            .is_ok_and(|(starts, ends)| ends == end && starts <= at)
    }

    pub(super) fn line(&self, scope: ScopeId, limit: LimitId) -> Option<&Line> {
        let plan = self.scope(scope)?.plan?;
        self.sold.lines.iter().find(|line| (line.plan, line.limit) == (plan, limit))
    }

    /// The allowances that a limit of a scope has, whenever they pay, and what each amounts to.
    #[must_use]
    pub fn stated(&self, (scope, limit): (ScopeId, LimitId)) -> Vec<(Source, Quantity)> {
        let stated = self.line(scope, limit).map(|line| line.terms.capacity);
        match stated {
            None => Vec::new(),
            Some(CapacityDefinition::AtRoll(amount) | CapacityDefinition::Live(amount)) => {
                vec![(Source::PLAN, amount)]
            }
            Some(CapacityDefinition::Unlimited) => vec![(Source::PLAN, UNLIMITED)],
            Some(CapacityDefinition::Granted(_)) => {
                let grants = self.scope(scope).map_or(&[][..], |scope| &scope.grants);
                let of_limit = grants.iter().filter(|grant| grant.limit == limit);
                let apart = (Source::PLAN, Quantity::ZERO);
                of_limit.map(|grant| (grant.source, grant.amount)).chain([apart]).collect()
            }
        }
    }
}
