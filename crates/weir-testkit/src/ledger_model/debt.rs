//! Who gives, who is given back to, and who pays what is owed? By the design, section 4 and 6.

use num_bigint::BigInt;
use weir_core::catalog::definition::{CapacityDefinition, WindowDefinition};
use weir_core::catalog::{GiveBack, Overage};
use weir_core::grant::Grant;
use weir_core::id::ScopeId;
use weir_core::limit::Source;

use super::renewal::{Granted, Touched, last_end};
use super::weigh::{Allowance, Place};
use super::{Key, Line, Model, Take, calendar};

impl Model {
    /// The allowances of the open period that no longer pay, or do not yet, and have given.
    pub(super) fn ended(
        &self,
        place: Place<'_>,
        open: &[Allowance],
        period: (i64, i64),
    ) -> Vec<Allowance> {
        let granted = matches!(place.line.terms.capacity, CapacityDefinition::Granted(_));
        let Some(first) = open.first().filter(|_| granted) else { return Vec::new() };
        let known = self.touched(place);
        let of = |grant: &Grant| {
            let end = last_end(place, grant, period)?;
            let source = grant.source.0;
            let known = known.iter().find(|known| (known.source, known.end) == (source, end))?;
            Some(Allowance {
                key: Key { source, end, ..first.key },
                starts: first.starts,
                used: known.used.clone(),
                held: BigInt::ZERO,
                capacity: grant.amount.as_nanos().into(),
                carried: BigInt::ZERO,
                lowered: false,
            })
        };
        let mut ended = place.burned();
        ended.retain(|grant| open.iter().all(|open| open.key.source != grant.source.0));
        ended.into_iter().filter_map(of).collect()
    }

    /// Whether a grant has ended so long ago that nothing of then is still taken.
    pub(super) fn is_past(&self, place: Place<'_>, grant: &Grant) -> bool {
        let grace = place.line.terms.grace.as_millis();
        let age = self.sold.definition.acceptance.max_age.map_or(0, |age| age.as_millis());
        let ended = grant.expires.as_millis();
        ended != calendar::LAST && place.now > ended + grace.max(age)
    }

    /// The grants of a limit that are past, less those whose balances are needed: something of them
    /// is held, or a meter's number goes with them.
    pub(super) fn past(&self, place: Place<'_>) -> Vec<(ScopeId, Source)> {
        let reads = place.line.counted.keeps();
        let mut past = place.burned();
        past.retain(|grant| {
            let of =
                |take: &&Take| (take.key.scope, take.key.source) == (place.scope, grant.source.0);
            let mut keys = self.takes.iter().filter(of).map(|take| take.key);
            let needed = |key| reads || self.held(key, place.now) > BigInt::ZERO;
            self.is_past(place, grant) && !keys.any(needed)
        });
        past.iter().map(|grant| (place.scope, grant.source)).collect()
    }

    /// What a balance of the plan that has nothing yet starts with: what its predecessor owes still,
    /// if no later one has taken that.
    pub(super) fn carried(&self, place: Place<'_>, key: Key, starts: i64) -> BigInt {
        let terms = &place.line.terms;
        let of_plan = |take: &&Take| Key { end: key.end, ..take.key } == key;
        let taken: Vec<&Take> = self.takes.iter().filter(of_plan).collect();
        let latest = taken.iter().map(|take| take.key.end).max();
        let Some(latest) = latest.filter(|latest| *latest < key.end) else { return BigInt::ZERO };
        if key.source != 0 || terms.settle.overage != Overage::Kept {
            return BigInt::ZERO;
        }
        let mut capacity = allows(place);
        let mut used = BigInt::ZERO;
        for take in taken.iter().filter(|take| take.key.end == latest) {
            used += &take.amount;
            if let (CapacityDefinition::AtRoll(_), Some(read)) = (terms.capacity, take.capacity) {
                capacity = read.into();
            }
        }
        let mut owed = (used - capacity).max(BigInt::ZERO);
        let mut from = latest;
        for _ in 0..100 {
            let unasked = matches!(terms.window, WindowDefinition::FirstUse { .. });
            let passing = calendar::period(&terms.window, from, place.account.anchor);
            let Ok((_, end)) = passing else { break };
            if unasked || end > starts || owed == BigInt::ZERO {
                break;
            }
            owed = (owed - allows(place)).max(BigInt::ZERO);
            from = end;
        }
        owed
    }
}

/// Whether what is used of a limit beyond its grants is owed by those that come.
pub(super) fn owes(line: &Line) -> bool {
    let granted = matches!(line.terms.capacity, CapacityDefinition::Granted(_));
    granted && line.terms.settle.overage.is_owed()
}

/// What a limit has in each period without grants.
fn allows(place: Place<'_>) -> BigInt {
    match place.line.terms.capacity {
        CapacityDefinition::AtRoll(amount) | CapacityDefinition::Live(amount) => {
            amount.as_nanos().into()
        }
        CapacityDefinition::Unlimited => i128::MAX.into(),
        CapacityDefinition::Granted(_) => BigInt::ZERO,
    }
}

/// Lets those that have something left pay what is owed, and says what that changes. What was spent
/// beyond what rolled over is owed, too.
pub(super) fn settled(place: Place<'_>, granted: &mut Granted) -> Vec<(Take, i64)> {
    let terms = &place.line.terms;
    let Granted { allowances, passed, spent, owing } = granted;
    let mut arisen = BigInt::ZERO;
    let grace = terms.grace.as_millis();
    if !owes(place.line) {
        return Vec::new();
    }
    let Some((debt, grants)) = allowances.split_last_mut() else { return Vec::new() };
    let mut moved = Vec::new();
    for Touched { source, end, used, worth, .. } in spent.drain(..) {
        let beyond = used - &worth;
        arisen += &beyond;
        debt.put(beyond.clone());
        let key = Key { source, end, ..debt.key };
        moved.push((Take { key, amount: -beyond, capacity: None, worth }, grace));
    }
    for grant in grants.iter_mut().filter(|grant| grant.lowered) {
        let beyond = (&grant.used - &grant.capacity).max(BigInt::ZERO);
        grant.put(-&beyond);
        arisen += &beyond;
        debt.put(beyond);
    }
    *owing = Some((place.scope, place.line.limit, place.at)).filter(|_| arisen > BigInt::ZERO);
    for grant in grants {
        let part = grant.room().min(debt.used.clone());
        grant.put(part.clone());
        debt.put(-part);
    }
    for Touched { source, end, used, worth, .. } in passed.drain(..) {
        let key = Key { source, end, ..debt.key };
        moved.push((Take { key, amount: used, capacity: None, worth }, grace));
    }
    for allowance in allowances {
        let amount = std::mem::take(&mut allowance.carried);
        if amount != BigInt::ZERO {
            let (key, worth) = (allowance.key, allowance.capacity.clone());
            let read = i128::try_from(&worth).ok();
            let capacity = read.filter(|_| allowance.starts <= place.now);
            moved.push((Take { key, amount, capacity, worth }, grace));
        }
    }
    moved
}

/// From which allowance how much is taken, or to which it is given back.
pub(super) fn split<'a>(
    place: Place<'_>,
    (allowances, ended): (&'a [Allowance], &'a [Allowance]),
    (asked, left): (BigInt, &BigInt),
) -> Vec<(&'a Allowance, BigInt)> {
    let terms = &place.line.terms;
    let mut parts = Vec::new();
    let mut take = |allowance, part: BigInt| {
        if part != BigInt::ZERO {
            parts.push((allowance, part));
        }
    };
    if asked > BigInt::ZERO {
        let over = (&asked - left).max(BigInt::ZERO);
        let mut rest = &asked - &over;
        let last = allowances.len() - 1;
        let bears = if terms.settle.overage == Overage::First { 0 } else { last };
        for (at, allowance) in allowances.iter().enumerate() {
            let part = allowance.room().min(rest.clone());
            rest -= &part;
            take(allowance, if at == bears { part + &over } else { part });
        }
    } else if terms.settle.give_back != GiveBack::None {
        let mut all: Vec<&Allowance> = allowances.iter().chain(ended).collect();
        let order = place.burned();
        let place_of = |a: &&Allowance| order.iter().position(|g| g.source.0 == a.key.source);
        all.sort_by_key(place_of);
        if terms.settle.give_back == GiveBack::Reverse {
            all.reverse();
        }
        all.sort_by_key(|allowance| allowance.key.source != 0); // the debt is lowered first
        let mut rest = -asked;
        for allowance in all {
            let part = allowance.used.clone().min(rest.clone());
            rest -= &part;
            take(allowance, -part);
        }
    }
    parts
}
