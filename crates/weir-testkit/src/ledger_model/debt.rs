//! Who gives, who is given back to, and who pays what is owed? By the design, section 4 and 6.

use num_bigint::BigInt;
use weir_core::catalog::definition::{CapacityDefinition, WindowDefinition};
use weir_core::catalog::{GiveBack, Overage};
use weir_core::grant::Grant;
use weir_core::id::ScopeId;
use weir_core::limit::Source;

use super::weigh::{Allowance, Place};
use super::{Key, Model, Take, calendar};

impl Model {
    /// The allowances of the open period that no longer pay, or do not yet, and have given.
    pub(super) fn ended(&self, place: Place<'_>, open: &[Allowance]) -> Vec<Allowance> {
        let granted = matches!(place.line.terms.capacity, CapacityDefinition::Granted(_));
        let Some(first) = open.first().filter(|_| granted) else { return Vec::new() };
        let others = place.burned().into_iter().filter(|grant| {
            let key = Key { source: grant.source.0, ..first.key };
            open.iter().all(|open| open.key != key) && self.takes.iter().any(|t| t.key == key)
        });
        let of = |grant: &Grant| {
            let key = Key { source: grant.source.0, ..first.key };
            let taken = self.takes.iter().filter(|take| take.key == key);
            Allowance {
                key,
                starts: first.starts,
                used: taken.map(|take| take.amount.clone()).sum(),
                held: BigInt::ZERO,
                capacity: grant.amount.as_nanos().into(),
                carried: BigInt::ZERO,
            }
        };
        others.map(of).collect()
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
        let mut capacity = allows(place, (latest - 1, latest));
        if let CapacityDefinition::Granted(_) = terms.capacity {
            capacity = BigInt::ZERO;
        }
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
            let Ok((start, end)) = passing else { break };
            if unasked || end > starts || owed == BigInt::ZERO {
                break;
            }
            owed = (owed - allows(place, (start, end))).max(BigInt::ZERO);
            from = end;
        }
        owed
    }
}

/// What all allowances of a period add up to.
fn allows(place: Place<'_>, (start, end): (i64, i64)) -> BigInt {
    match place.line.terms.capacity {
        CapacityDefinition::AtRoll(amount) | CapacityDefinition::Live(amount) => {
            amount.as_nanos().into()
        }
        CapacityDefinition::Unlimited => i128::MAX.into(),
        CapacityDefinition::Granted(_) => {
            let mut all = place.burned();
            all.retain(|grant| {
                let from = grant.effective.as_millis().max(start);
                from < grant.expires.as_millis().min(end)
            });
            all.iter().map(|grant| BigInt::from(grant.amount.as_nanos())).sum()
        }
    }
}

/// Lets those that have something left pay what is owed, and says what that changes.
pub(super) fn settled(place: Place<'_>, allowances: &mut [Allowance]) -> Vec<(Take, i64)> {
    let terms = &place.line.terms;
    let granted = matches!(terms.capacity, CapacityDefinition::Granted(_));
    let Some((debt, grants)) = allowances.split_last_mut() else { return Vec::new() };
    if !matches!(terms.settle.overage, Overage::Kept | Overage::Owed) || !granted {
        return Vec::new();
    }
    let mut moved = Vec::new();
    let mut put = |allowance: &mut Allowance, amount: BigInt| {
        let read = i128::try_from(&allowance.capacity).ok();
        let capacity = read.filter(|_| allowance.starts <= place.now);
        let taken = &amount + std::mem::take(&mut allowance.carried);
        let take = Take { key: allowance.key, amount: taken, capacity };
        moved.push((take, terms.grace.as_millis()));
        allowance.used += amount;
    };
    let mut paid = BigInt::ZERO;
    for grant in grants {
        let part = grant.room().min(&debt.used - &paid);
        if part > BigInt::ZERO {
            paid += &part;
            put(grant, part);
        }
    }
    if paid > BigInt::ZERO || debt.carried > BigInt::ZERO {
        put(debt, -paid);
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
