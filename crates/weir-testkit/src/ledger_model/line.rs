//! What happens at a limit's line? By the design, section 4.

use num_bigint::BigInt;
use weir_core::decide::{Cost, Request};
use weir_core::id::FeatureId;
use weir_core::limit::{Enforcement, Fit, OnShortfall};

use super::correct::counted_at;
use super::debt::settled;
use super::weigh::{Allowance, Place, most};
use super::{Line, Model};

/// How an ask meets a limit that has these allowances.
pub(super) fn meets(enforcement: Enforcement, allowances: &[Allowance], asked: &BigInt) -> Fit {
    let left = left(allowances);
    let endless = allowances.iter().map(|a| &a.capacity).sum::<BigInt>() >= most();
    if *asked <= left || endless {
        return Fit::Within;
    }
    let some = left > BigInt::ZERO;
    match enforcement {
        Enforcement::Capped(cap) => {
            let over = |a: &Allowance| (&a.used + &a.held - &a.capacity).max(BigInt::ZERO);
            let before: BigInt = allowances.iter().map(over).sum();
            let fits = before + asked - left <= BigInt::from(cap.as_nanos());
            if fits { Fit::Over } else { Fit::Refused }
        }
        Enforcement::Clamp if some => Fit::Clamped,
        Enforcement::LastCall if some => Fit::Over,
        Enforcement::Clamp | Enforcement::Hard | Enforcement::LastCall => Fit::Refused,
        Enforcement::Shadow => Fit::Shadowed,
        Enforcement::Soft => Fit::Over,
    }
}

/// What allowances have left together.
pub(super) fn left(allowances: &[Allowance]) -> BigInt {
    allowances.iter().map(Allowance::room).sum::<BigInt>().min(most())
}

/// What happens at a limit's line for a request with a wish: the wish, if the limit lists it.
pub(super) fn enforcement(line: &Line, request: &Request<'_>) -> Enforcement {
    match request.on_shortfall {
        Some(wish) if !line.terms.settle.on_shortfall.contains(&wish) => line.terms.enforcement,
        Some(OnShortfall::Clamp) => Enforcement::Clamp,
        Some(OnShortfall::Reject) => Enforcement::Hard,
        None => line.terms.enforcement,
    }
}

impl Model {
    /// How an ask meets a limit, and what is taken of it; what has happened already is taken whole.
    pub(super) fn met(
        &self,
        (place, request): (Place<'_>, &Request<'_>),
        (allowances, asked): (&[Allowance], &BigInt),
        records: bool,
    ) -> (Fit, BigInt) {
        let fit = meets(enforcement(place.line, request), allowances, asked);
        match fit {
            Fit::Clamped | Fit::Refused if records => (Fit::Over, asked.clone()),
            _ if records => (fit, asked.clone()),
            Fit::Refused => (fit, BigInt::ZERO),
            _ => (fit, self.taken(place, request, asked)),
        }
    }

    /// What a limit takes of an ask: less where some of it is clamped.
    pub(super) fn taken(&self, place: Place<'_>, request: &Request<'_>, asked: &BigInt) -> BigInt {
        let (counted, now) = (&place.line.counted, place.now);
        if counted.rates.is_empty() {
            return self.clamped(request, (counted.feature, asked), now);
        }
        let mut met = Vec::new();
        let mut sum = BigInt::ZERO;
        for Cost { feature, .. } in request.costs {
            if met.contains(feature) {
                continue;
            }
            met.push(*feature);
            let values = request.costs.iter().filter(|cost| cost.feature == *feature);
            let values: Vec<BigInt> = values.map(|cost| cost.quantity.as_nanos().into()).collect();
            let all: BigInt = values.iter().sum();
            let part = self.clamped(request, (*feature, &all), now);
            let each = if part == all { values } else { vec![part] };
            for value in each {
                let Ok(share) = counted.each(*feature, &value) else { return asked.clone() };
                sum += share;
            }
        }
        sum.min(asked.clone())
    }

    /// What is taken of an ask for a feature: the least that a limit which clamps it has left.
    pub(super) fn clamped(
        &self,
        request: &Request<'_>,
        (feature, asked): (FeatureId, &BigInt),
        now: i64,
    ) -> BigInt {
        let mut share = asked.clone();
        for scope in request.scopes {
            let Some(account) = self.scope(*scope) else { continue };
            let of = |l: &&Line| account.plan == Some(l.plan) && l.counted.counts(feature);
            for line in self.sold.lines.iter().filter(of) {
                let at = Self::counts_at(line, request, now);
                let place = Place { scope: *scope, account, line, at, now };
                let place = Place { at: counted_at(place), ..place };
                // One that is closed denies, and clamps nothing.
                let Ok(mut granted) = self.opened(place) else { continue };
                settled(place, &mut granted);
                let allowances = granted.allowances;
                if meets(enforcement(line, request), &allowances, asked) == Fit::Clamped {
                    share = share.min(left(&allowances));
                }
            }
        }
        share
    }
}
