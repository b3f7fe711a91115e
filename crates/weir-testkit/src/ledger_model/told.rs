//! What does a limit tell of itself? By the design, section 11: each thing once in a period.

use num_bigint::BigInt;
use weir_core::decide::{Binding, Reason, Verdict};
use weir_core::id::{LimitId, ScopeId};
use weir_core::limit::{UNLIMITED, Warning};

use super::sold::Line;
use super::{Model, Take};

/// Whose limit, which, in the period that ends when, and what it told.
pub type Told = (ScopeId, LimitId, i64, Warning);

impl Model {
    /// What an admission makes a limit tell that it has not told yet.
    pub(super) fn reached(&self, line: &Line, binding: &Binding) -> Vec<Told> {
        let [used, held, taken, capacity] =
            [binding.used, binding.held, binding.taken, binding.capacity]
                .map(|quantity| BigInt::from(quantity.as_nanos()));
        let before = used + held;
        let level = &before + &taken;
        let endless = binding.capacity == UNLIMITED;
        let mut percents = line.terms.settle.warn_at.clone();
        let reached = |level: &BigInt, percent: u16| level * 100 >= &capacity * percent;
        percents.retain(|p| reached(&level, *p) && !reached(&before, *p) && !endless);
        percents.sort_unstable();
        self.untold(percents.into_iter().map(|percent| told(binding, Warning::Reached(percent))))
    }

    /// What a denial makes the limit tell that denied.
    pub(super) fn exhausted(&self, verdict: &Verdict) -> Vec<Told> {
        let limits = [Reason::LimitExceeded, Reason::RateLimited];
        let by_limit = verdict.reason().is_some_and(|reason| limits.contains(&reason));
        let Some(binding) = verdict.binding.filter(|_| by_limit) else { return Vec::new() };
        let line = self.line(binding.of.scope, binding.of.limit);
        let warns = line.is_some_and(|line| !line.terms.settle.warn_at.is_empty());
        let (scope, limit, end, warning) = told(&binding, Warning::Exhausted);
        let of = |key: super::Key| (key.scope, key.limit, key.end) == (scope, limit, end);
        let opened = self.takes.iter().any(|take| of(take.key));
        let told = Some((scope, limit, end, warning)).filter(|_| warns && opened);
        self.untold(told.into_iter())
    }

    /// What limits told in the periods that are kept, in order.
    #[must_use]
    pub fn told(&self) -> Vec<Told> {
        let mut told = self.numbers.told.clone();
        told.sort_unstable();
        told
    }

    /// Keeps what limits told in periods of which something is kept, and in the last one of each.
    pub(super) fn tell(&mut self, told: Vec<Told>) {
        self.numbers.told.extend(told);
        let (takes, all) = (&self.takes, self.numbers.told.clone());
        self.numbers.told.retain(|(scope, limit, end, _)| {
            let of = |take: &Take| (take.key.scope, take.key.limit, take.key.end);
            let later = |of: &Told| (of.0, of.1) == (*scope, *limit) && of.2 > *end;
            let within =
                |of: (ScopeId, LimitId, i64)| (of.0, of.1) == (*scope, *limit) && of.2 <= *end;
            takes.iter().any(|take| within(of(take))) || !all.iter().any(later)
        });
    }

    /// Forgets what was told in a period that is closed, or starts anew.
    pub(super) fn untell(&mut self, period: (ScopeId, LimitId, i64)) {
        let of = |take: &Take| (take.key.scope, take.key.limit, take.key.end);
        let within =
            |of: (ScopeId, LimitId, i64)| (of.0, of.1) == (period.0, period.1) && of.2 <= period.2;
        if !self.takes.iter().any(|take| within(of(take))) {
            self.numbers.told.retain(|(scope, limit, end, _)| (*scope, *limit, *end) != period);
        }
    }

    fn untold(&self, told: impl Iterator<Item = Told>) -> Vec<Told> {
        told.filter(|new| !self.numbers.told.contains(new)).collect()
    }
}

fn told(binding: &Binding, warning: Warning) -> Told {
    (binding.of.scope, binding.of.limit, binding.resets_at.as_millis(), warning)
}
