//! When would it pass? By asking again at each instant at which time gives something back.

use num_bigint::BigInt;
use weir_core::amount::Quantity;
use weir_core::catalog::Overage;
use weir_core::catalog::definition::CapacityDefinition;
use weir_core::decide::{Binding, Caller, Outcome, Request, Retry};
use weir_core::grant::Grant;
use weir_core::limit::{Enforcement, Fit};
use weir_core::time::Timestamp;

use super::line::meets;
use super::renewal::most;
use super::weigh::{Allowance, Place, Weighed};
use super::{Model, calendar};

#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Reopens {
    At(i64),
    Never,
}

impl Model {
    /// The first instant at which the same request passes, found by asking then, and again when that
    /// answer says; where some limit that denies may open otherwise than by the end of its period, nothing is said.
    pub(super) fn retry(&self, request: &Request<'_>, weighed: &Weighed) -> Retry {
        let asked = weighed.asked();
        if asked >= 64 {
            return Retry::NotComputed;
        }
        let reopens: Option<Vec<Reopens>> = weighed.reopens.iter().copied().collect();
        let pays = |fit: &Binding| {
            let mut lines = self.sold.lines.iter();
            let plan = self.scope(fit.of.scope).and_then(|scope| scope.plan);
            let line = lines.find(|line| line.limit == fit.of.limit && Some(line.plan) == plan);
            fit.taken.as_nanos() > 0 && line.is_some_and(|line| line.wallet.is_some())
        };
        match reopens.and_then(|reopens| reopens.into_iter().max()) {
            _ if weighed.fits.iter().any(pays) => Retry::NotComputed,
            None => Retry::NotComputed,
            Some(Reopens::Never) => Retry::Never,
            Some(Reopens::At(then)) => {
                let Ok(at) = Timestamp::from_millis(then) else { return Retry::NotComputed };
                let again = Request { at, key: None, caller: Caller::Unchecked, ..*request };
                let verdict = self.judge_again(&again, then, asked + 1);
                match verdict.outcome {
                    Outcome::Allowed => Retry::At(at),
                    Outcome::Denied(_) => verdict.retry, // as whoever asks then is told
                }
            }
        }
    }

    /// When a limit that denies opens anew, if its capacity and its ask depend on the time alone: as
    /// holds end that hold something of it, or at the end of its period if that is the one of now.
    pub(super) fn reopens(
        &self,
        place: Place<'_>,
        (binding, enforcement): (&Binding, Enforcement),
        allowances: Vec<Allowance>,
    ) -> Option<Reopens> {
        let Place { line, now, .. } = place;
        if let CapacityDefinition::Granted(_) = line.terms.capacity {
            let told = !line.counted.keeps() && line.wallet.is_none() && place.at == now;
            return told.then(|| self.refills(place, (binding, enforcement), &allowances));
        }
        let live = matches!(
            line.terms.capacity,
            CapacityDefinition::Live(_) | CapacityDefinition::Unlimited
        );
        let kept = line.terms.settle.overage == Overage::Kept;
        if line.counted.keeps() || !live || kept || line.wallet.is_some() {
            return None;
        }
        let end = binding.resets_at.as_millis();
        let asked = BigInt::from(binding.asked.as_nanos());
        let passes =
            |allowances: &[Allowance]| meets(enforcement, allowances, &asked) != Fit::Refused;
        let of_now = allowances.iter().all(|a| a.starts <= now && now < a.key.end);
        let Ok([mut allowance]) = <[Allowance; 1]>::try_from(allowances) else { return None };
        let used = std::mem::take(&mut allowance.used);
        allowance.held = BigInt::ZERO;
        let allowances = &mut [allowance];
        if !passes(allowances) {
            return Some(Reopens::Never);
        }
        let last = end >= calendar::over(&line.terms.window);
        if !last && !of_now {
            return None;
        }
        let [allowance] = allowances;
        allowance.used = used;
        let deadlines = self.deadlines(|key| key == allowance.key, now);
        for at in deadlines.into_iter().filter(|at| *at < end) {
            allowance.held = self.held(allowance.key, at);
            if passes(std::slice::from_ref(allowance)) {
                return Some(Reopens::At(at));
            }
        }
        Some(if last { Reopens::Never } else { Reopens::At(end) })
    }

    /// When a limit of grants may have so much: at the first instant at which something ends, is whole
    /// again or starts, if all grants of then together could have it; else when one starts with which
    /// they could.
    fn refills(
        &self,
        place: Place<'_>,
        (binding, enforcement): (&Binding, Enforcement),
        allowances: &[Allowance],
    ) -> Reopens {
        let Place { scope, line, now, .. } = place;
        let grants = place.burned();
        let could = |at: i64| {
            let pays = |grant: &&Grant| {
                grant.effective.as_millis() <= at && at < grant.expires.as_millis()
            };
            let paying = grants.iter().copied().filter(pays);
            let capacity: BigInt = paying.map(|grant| most(place, grant)).sum();
            let mut whole = self.allowance(place, (0, Quantity::ZERO), false);
            (whole.used, whole.held, whole.capacity) = Default::default();
            whole.capacity = capacity;
            let asked = BigInt::from(binding.asked.as_nanos());
            meets(enforcement, &[whole], &asked) != Fit::Refused
        };
        let starts = grants.iter().map(|grant| grant.effective.as_millis()).filter(|s| *s > now);
        let starts: Vec<i64> = starts.collect();
        let mut all: Vec<i64> = allowances.iter().map(|allowance| allowance.key.end).collect();
        all.extend(&starts);
        all.extend(self.deadlines(|key| (key.scope, key.limit) == (scope, line.limit), now));
        let next = all.into_iter().min().filter(|next| could(*next));
        let then = next.or(starts.into_iter().filter(|starts| could(*starts)).min());
        let over = calendar::over(&line.terms.window);
        then.filter(|then| *then < over).map_or(Reopens::Never, Reopens::At)
    }
}
