//! How does a grant come back? Its stretches, what they open with, and what paid a debt meanwhile.

use num_bigint::BigInt;
use weir_core::catalog::Overage;
use weir_core::catalog::definition::WindowDefinition;
use weir_core::grant::{Every, Grant, Rollover, Turns};
use weir_core::id::{LimitId, ScopeId};
use weir_core::window::MonthRule;

use super::weigh::{Allowance, Place};
use super::{Key, Model, Owing, calendar};

/// A stretch of a grant that something was taken from, or was meanwhile.
#[derive(Clone, Debug)]
pub(super) struct Touched {
    pub(super) source: u16,
    pub(super) end: i64,
    pub(super) used: BigInt,
    pub(super) held: BigInt,
    pub(super) worth: BigInt,
}

impl Touched {
    fn left(&self) -> BigInt {
        (&self.worth - &self.used - &self.held).max(BigInt::ZERO)
    }
}

/// What a limit's grants have at an instant.
#[derive(Default)]
pub(super) struct Granted {
    pub(super) allowances: Vec<Allowance>,
    /// Stretches that paid a debt and are over.
    pub(super) passed: Vec<Touched>,
    /// Stretches that are over and gave more than rolled over to them.
    pub(super) spent: Vec<Touched>,
    /// Since when what was spent beyond that is owed.
    pub(super) owing: Option<Owing>,
}

/// A stretch: when the grant was last whole, when its period began, and when this ends.
struct Stretch {
    filled: i64,
    turned: i64,
    end: i64,
}

impl Stretch {
    fn starts(&self) -> i64 {
        self.filled.max(self.turned)
    }
}

impl Model {
    /// When a stretch of a grant of a limit ends that is around an instant; `None` where it has none of
    /// its own.
    #[must_use]
    pub fn stretch_ends(
        &self,
        (scope, limit): (ScopeId, LimitId),
        source: u16,
        at: i64,
    ) -> Option<i64> {
        let (account, line) = (self.scope(scope)?, self.line(scope, limit)?);
        let place = Place { scope, account, line, at, now: at };
        let mut grants = account.grants.iter().filter(|grant| grant.limit == limit);
        let grant = grants.find(|grant| grant.source.0 == source)?;
        Self::is_cut(place, grant).then(|| stretch(place, grant, at).end)
    }

    /// Whether a grant is cut into stretches other than the limit's periods.
    pub(super) fn is_cut(place: Place<'_>, grant: &Grant) -> bool {
        let renewal = grant.renewal;
        let cut =
            renewal.window.is_some() || renewal.recurrence.is_some() || renewal.rollover.is_some();
        cut && !first_use(place)
    }

    /// When a limit was last used beyond what its grants had.
    fn owed_since(&self, place: Place<'_>) -> i64 {
        let of = |owing: &&Owing| (owing.0, owing.1) == (place.scope, place.line.limit);
        let all = self.numbers.owing.iter().filter(of).map(|(_, _, at)| *at);
        all.max().unwrap_or(i64::MIN)
    }

    /// Everything that was taken from a limit, stretch by stretch.
    pub(super) fn touched(&self, place: Place<'_>) -> Vec<Touched> {
        let mut all: Vec<Touched> = Vec::new();
        let of_limit = |key: Key| (key.scope, key.limit) == (place.scope, place.line.limit);
        for take in self.takes.iter().filter(|take| of_limit(take.key)) {
            let Key { source, end, .. } = take.key;
            match all.iter_mut().find(|known| (known.source, known.end) == (source, end)) {
                Some(known) => {
                    known.used += &take.amount;
                    known.worth = take.worth.clone();
                }
                None => all.push(Touched {
                    source,
                    end,
                    used: take.amount.clone(),
                    held: self.held(take.key, place.now),
                    worth: take.worth.clone(),
                }),
            }
        }
        all
    }

    /// What the grants have that pay at the place's instant, and what no grant covers.
    pub(super) fn granted(&self, place: Place<'_>) -> Granted {
        let terms = &place.line.terms;
        let (starts, ends) = period(place, place.at);
        let mut known = self.touched(place);
        let before = known.len();
        let owed = (self.owed_since(place), starts, ends);
        let rest = overdue(place, owed, &mut known);
        let mut granted = Granted::default();
        for grant in place.burned() {
            let (from, to) = (grant.effective.as_millis(), grant.expires.as_millis());
            if place.at < from || to <= place.at || self.is_past(place, grant) {
                continue;
            }
            if first_use(place) {
                let of = (grant.source.0, grant.amount);
                granted.allowances.push(self.allowance(place, of, false));
                continue;
            }
            let stretch = stretch(place, grant, place.at);
            if stretch.end != calendar::LAST && place.now > stretch.end + terms.grace.as_millis() {
                continue;
            }
            let worth = worth(place, grant, &stretch, &known, &mut granted.spent);
            granted.allowances.push(self.standing(
                place,
                (grant.source.0, worth),
                &stretch,
                &known,
            ));
        }
        let stands = !matches!(terms.settle.overage, Overage::First | Overage::Last);
        if granted.allowances.is_empty() || stands {
            let zero = super::weigh::quantity(&BigInt::ZERO);
            let mut apart = self.allowance(place, (0, zero), false);
            if terms.settle.overage.is_owed() && !first_use(place) {
                let stored = known.iter().find(|k| (k.source, k.end) == (0, ends));
                let stored = stored.map_or(BigInt::ZERO, |known| known.used.clone());
                (apart.carried, apart.used) = (&rest - stored, rest);
                apart.starts = starts;
            }
            granted.allowances.push(apart);
        }
        let kept = terms.settle.overage == Overage::Kept;
        granted.spent.retain(|spent| kept || spent.end > starts);
        let counts = |known: &Touched| {
            granted
                .allowances
                .iter()
                .any(|a| (a.key.source, a.key.end) == (known.source, known.end))
        };
        granted.passed = known.split_off(before);
        granted.passed.retain(|known| !counts(known));
        granted
    }

    /// A stretch as an allowance; what paid a debt meanwhile is not in the lists yet.
    fn standing(
        &self,
        place: Place<'_>,
        (source, capacity): (u16, BigInt),
        stretch: &Stretch,
        known: &[Touched],
    ) -> Allowance {
        let Place { scope, line, .. } = place;
        let key = Key { scope, limit: line.limit, source, end: stretch.end };
        let of = known.iter().find(|known| (known.source, known.end) == (source, stretch.end));
        let (used, held) =
            of.map_or_else(Default::default, |known| (known.used.clone(), known.held.clone()));
        let taken: BigInt =
            self.takes.iter().filter(|take| take.key == key).map(|take| &take.amount).sum();
        let carried = &used - taken;
        let lowered = of.is_some_and(|known| known.worth > capacity);
        Allowance { key, starts: stretch.starts(), used, held, capacity, carried, lowered }
    }
}

/// Lets what appears up to an instant pay what is owed, in its order; tells what is owed
/// still.
fn meanwhile(
    place: Place<'_>,
    mut owed: BigInt,
    (from, until): (i64, i64),
    known: &mut Vec<Touched>,
) -> BigInt {
    if first_use(place) {
        return owed;
    }
    for _ in 0..1_000 {
        let grants = place.burned();
        let coming = grants.iter().filter_map(|grant| appears(place, grant, (from, until), known));
        let Some(then) = coming.min().filter(|t| *t <= until && owed > BigInt::ZERO) else {
            break;
        };
        let grants: Vec<&Grant> = grants
            .into_iter()
            .filter(|grant| appears(place, grant, (from, until), known) == Some(then))
            .collect();
        // What rolled over pays first, then what is whole.
        let mut paid = Vec::new();
        for whole in [false, true] {
            for grant in &grants {
                let filled = fills(place, grant, then);
                let worth = if whole && filled {
                    BigInt::from(grant.amount.as_nanos())
                } else if !whole && rolls(place, grant, then) {
                    kept(place, grant, then, known)
                } else {
                    continue;
                };
                let used = worth.clone().min(owed.clone());
                owed -= &used;
                if used == BigInt::ZERO {
                    continue;
                }
                let (source, held) = (grant.source.0, BigInt::ZERO);
                if filled == whole {
                    let end = stretch(place, grant, then).end;
                    paid.push(Touched { source, end, used, held, worth });
                } else {
                    // It is whole at once: what paid is of no stretch.
                    let worth = used.clone();
                    paid.push(Touched { source: u16::MAX, end: then, used, held, worth });
                }
            }
        }
        known.extend(paid);
    }
    owed
}

fn first_use(place: Place<'_>) -> bool {
    matches!(place.line.terms.window, WindowDefinition::FirstUse { .. })
}

/// What is owed in a period before anything pays that is there already; what appeared in between has
/// paid. A period before owes until it ends, or for ever.
fn overdue(
    place: Place<'_>,
    (since, starts, ends): (i64, i64, i64),
    known: &mut Vec<Touched>,
) -> BigInt {
    let overage = place.line.terms.settle.overage;
    let kept = overage == Overage::Kept;
    let of_plan = known.iter().filter(|known| known.source == 0);
    let own = of_plan.clone().find(|known| known.end == ends);
    let latest = of_plan.max_by_key(|known| known.end).filter(|known| known.end < ends);
    let Some(debt) = own.or(latest).filter(|_| overage.is_owed()).cloned() else {
        return BigInt::ZERO;
    };
    let owed = debt.used.clone();
    if debt.end == ends {
        return meanwhile(place, owed, (starts.max(since), place.at), known);
    }
    if owed == BigInt::ZERO {
        return owed;
    }
    let (from, first) = (period(place, debt.end - 1).0, known.len());
    let until = if kept { place.at } else { debt.end - 1 };
    let rest = meanwhile(place, owed.clone(), (from.max(since), until), known);
    if first_use(place) {
        return if kept { rest } else { BigInt::ZERO };
    }
    let (left, rest) = if kept { (BigInt::ZERO, rest) } else { (rest, BigInt::ZERO) };
    if left != owed {
        known.insert(first, Touched { used: left - owed, ..debt });
    }
    rest
}

/// The limit's period around an instant, or the stretch without one.
fn period(place: Place<'_>, at: i64) -> (i64, i64) {
    let period = calendar::period(&place.line.terms.window, at, place.account.anchor);
    period.unwrap_or_else(|outside| outside)
}

fn around(Every { anchor, span }: Every, at: i64) -> (i64, i64) {
    let (anchor, month_rule) = (Some(anchor), MonthRule::Clamp);
    let window = WindowDefinition::Anchored { anchor, month_rule, span, zone: None };
    calendar::period(&window, at, 0).unwrap_or_else(|outside| outside)
}

/// The period of a grant around an instant: its own, or the limit's.
fn turn(place: Place<'_>, grant: &Grant, at: i64) -> (i64, i64) {
    match grant.renewal.window {
        None => period(place, at),
        Some(Turns::Never) => (i64::MIN, calendar::LAST),
        Some(Turns::Every(every)) => around(every, at),
    }
}

/// When the last stretch of a grant ends that it has in the limit's period up to the place's instant.
pub(super) fn last_end(place: Place<'_>, grant: &Grant, (from, to): (i64, i64)) -> Option<i64> {
    if !Model::is_cut(place, grant) {
        return Some(to);
    }
    let last = place.at.min(grant.expires.as_millis() - 1);
    let lives = from <= last && grant.effective.as_millis() <= last;
    lives.then(|| stretch(place, grant, last).end)
}

fn stretch(place: Place<'_>, grant: &Grant, at: i64) -> Stretch {
    let (turned, mut end) = turn(place, grant, at);
    let mut whole = vec![grant.effective.as_millis()];
    if let Some(every) = grant.renewal.recurrence {
        let (start, next) = around(every, at);
        whole.push(start);
        end = end.min(next);
    }
    if grant.renewal.rollover.is_none() {
        whole.push(turned);
    }
    let filled = whole.into_iter().max().unwrap_or(turned);
    Stretch { filled, turned, end }
}

fn is_rolled(grant: &Grant, stretch: &Stretch) -> bool {
    grant.renewal.rollover.is_some() && stretch.turned > stretch.filled
}

/// What a grant keeps of what is left.
fn keeps(grant: &Grant, left: BigInt) -> BigInt {
    match grant.renewal.rollover {
        None => grant.amount.as_nanos().into(),
        Some(Rollover::Same { min, max }) => {
            let (min, max) = (BigInt::from(min.as_nanos()), BigInt::from(max.as_nanos()));
            if left < min { min.min(max) } else { left.min(max) }
        }
    }
}

/// Whether a stretch of a grant ends at an instant, and has begun.
pub(super) fn begun(place: Place<'_>, grant: &Grant, end: i64) -> bool {
    let stretch = stretch(place, grant, end - 1);
    stretch.end == end && stretch.starts() <= place.now
}

/// The most that a grant is ever worth.
pub(super) fn most(place: Place<'_>, grant: &Grant) -> BigInt {
    let amount = BigInt::from(grant.amount.as_nanos());
    if first_use(place) { amount } else { keeps(grant, BigInt::ZERO).max(amount) }
}

/// What the stretches before one have left in the end, if any was touched since the grant was whole.
fn left_before(
    place: Place<'_>,
    grant: &Grant,
    stretch: &Stretch,
    known: &[Touched],
    spent: &mut Vec<Touched>,
) -> Option<BigInt> {
    let mut own: Vec<&Touched> = known
        .iter()
        .filter(|known| known.source == grant.source.0 && known.end <= stretch.starts())
        .collect();
    own.sort_by_key(|known| known.end);
    own.dedup_by_key(|known| known.end);
    let mut last: Option<Touched> = None;
    for touched in own {
        let mut touched = touched.clone();
        let of = self::stretch(place, grant, touched.end - 1);
        if let Some(last) = last.filter(|last| is_rolled(grant, &of) && last.end > of.filled) {
            touched.worth = keeps(grant, last.left());
            if touched.used > touched.worth {
                spent.push(touched.clone());
            }
        }
        last = Some(touched);
    }
    last.filter(|last| last.end > stretch.filled).map(|last| last.left())
}

/// What a stretch opens with.
fn worth(
    place: Place<'_>,
    grant: &Grant,
    stretch: &Stretch,
    known: &[Touched],
    spent: &mut Vec<Touched>,
) -> BigInt {
    let amount = BigInt::from(grant.amount.as_nanos());
    if !is_rolled(grant, stretch) {
        return amount;
    }
    let before = left_before(place, grant, stretch, known, spent);
    let own = known.iter().find(|k| (k.source, k.end) == (grant.source.0, stretch.end));
    match (before, own) {
        (Some(left), _) => keeps(grant, left),
        (None, Some(own)) => own.worth.clone(),
        (None, None) => keeps(grant, amount),
    }
}

/// Whether a grant's period turns at an instant.
fn turns(place: Place<'_>, grant: &Grant, at: i64) -> bool {
    turn(place, grant, at).0 == at
}

/// Whether a grant is worth its amount at an instant, anew.
fn fills(place: Place<'_>, grant: &Grant, at: i64) -> bool {
    let from = grant.effective.as_millis();
    let recurs = grant.renewal.recurrence.is_some_and(|every| around(every, at).0 == at);
    let renews = grant.renewal.rollover.is_none() && turns(place, grant, at);
    let some = grant.amount.as_nanos() > 0;
    some && (at == from || (at > from && (recurs || renews)))
}

/// Whether a grant's period turns at an instant, and it is asked what it keeps.
fn rolls(place: Place<'_>, grant: &Grant, at: i64) -> bool {
    let rolls = grant.renewal.rollover.is_some() && at > grant.effective.as_millis();
    rolls && turns(place, grant, at)
}

/// What a grant keeps at a turn.
fn kept(place: Place<'_>, grant: &Grant, at: i64, known: &[Touched]) -> BigInt {
    let before = stretch(place, grant, at - 1);
    let turned = Stretch { turned: at, ..before };
    let left = left_before(place, grant, &turned, known, &mut Vec::new());
    keeps(grant, left.unwrap_or_else(|| grant.amount.as_nanos().into()))
}

/// The next instant after all that is known of a grant at which it has something, by trying one
/// boundary after the other.
fn appears(
    place: Place<'_>,
    grant: &Grant,
    (from, until): (i64, i64),
    known: &[Touched],
) -> Option<i64> {
    let own = known.iter().filter(|known| known.source == grant.source.0).map(|known| known.end);
    let starts = grant.effective.as_millis();
    let nothing = grant.amount.as_nanos() == 0;
    let mut at = own.max().unwrap_or(starts).max(from).max(starts);
    let mut turns = 0;
    while at < grant.expires.as_millis() && at <= until {
        if nothing && (grant.renewal.rollover.is_none() || turns > 0) {
            break; // none of it appears ever
        }
        if fills(place, grant, at) {
            return Some(at);
        }
        if rolls(place, grant, at) {
            if kept(place, grant, at, known) > BigInt::ZERO {
                return Some(at);
            }
            turns += 1; // what kept nothing once keeps nothing until it is whole again
        }
        let mut next = turn(place, grant, at).1;
        if let Some(every) = grant.renewal.recurrence {
            if turns > 0 {
                next = around(every, at).1;
            } else {
                next = next.min(around(every, at).1);
            }
        } else if turns > 0 {
            break;
        }
        at = next;
    }
    None
}
