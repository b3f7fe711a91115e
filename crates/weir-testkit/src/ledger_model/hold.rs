//! What is held, and what becomes of it? Reservations, as the model takes, uses and ends them.

use num_bigint::BigInt;
use weir_core::catalog::definition::ChargeDefinition;
use weir_core::decide::{
    Caller, Commit, Cost, Flags, Outcome, Reason, Request, Retry, Then, Verdict,
};
use weir_core::id::{FeatureId, HoldId, LimitId, ScopeId, WalletId};
use weir_core::ledger::Refused;
use weir_core::meter::Aggregation;
use weir_core::time::{Span, Timestamp};

use super::debt::owes;
use super::funds::{self, Debit};
use super::meter::once;
use super::sliding::{flies, land};
use super::told::Told;
use super::weigh::{self, TooLarge, fits};
use super::{Key, Model, Take, calendar, price};

/// A reservation.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    id: HoldId,
    scopes: Vec<ScopeId>,
    /// The deadline, or until when it is known that it ended.
    until: i64,
    /// What may still be used of each feature.
    rest: Vec<(FeatureId, BigInt)>,
    parts: Vec<Part>,
    money: Vec<Pledge>,
    answers: Vec<(u32, Verdict)>,
    /// Whether the caller ended it, and what was answered; `None` while it is open.
    ended: Option<(bool, Verdict)>,
}

impl Hold {
    fn is_open_at(&self, now: i64) -> bool {
        self.ended.is_none() && now < self.until
    }
}

/// Money of one lot that is held.
#[derive(Clone, Debug)]
struct Pledge {
    scope: ScopeId,
    wallet: WalletId,
    lot: Box<str>,
    left: BigInt,
}

/// What a request is weighed for.
#[derive(Clone)]
pub(super) enum Purpose {
    /// To see whether it passes at a later instant, asked so often for one.
    Again(usize),
    /// To hold what is asked, and money at the dearest price.
    Hold,
    /// To book it, whatever limits say.
    Record,
    /// To use it, when so much is charged already.
    Use(BigInt),
}

/// A part of a balance that is held, and what its use costs.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) key: Key,
    pub(super) feature: FeatureId,
    pub(super) held: BigInt,
    /// Of the allowance, when it was held.
    pub(super) capacity: BigInt,
    pub(super) charge: Option<(ChargeDefinition, Option<WalletId>)>,
}

impl Model {
    /// Ends every hold whose deadline has passed, the earliest first.
    pub(super) fn advance(&mut self, now: Timestamp) {
        let seen = self.now.max(now.as_millis());
        let due = |hold: &&Hold| hold.ended.is_none() && hold.until <= seen;
        while let Some((at, id)) = self.holds.iter().filter(due).map(|h| (h.until, h.id)).min() {
            let deadline = Timestamp::from_millis(at).unwrap_or(now);
            let answer = self.next_answer(deadline, Outcome::Allowed);
            self.end(id, (false, answer));
        }
    }

    /// Decides a reservation, and holds what is asked for.
    ///
    /// # Errors
    ///
    /// [`Refused::Absurd`] for a time to live that cannot be; [`Refused::UnknownHold`] for a known
    /// key without a hold.
    pub fn reserve(
        &mut self,
        (request, ttl): (&Request<'_>, Span),
        now: Timestamp,
    ) -> Result<Verdict, Refused> {
        self.advance(now);
        let seen = self.now.max(now.as_millis());
        let until = until(seen, ttl).ok_or(Refused::Absurd)?;
        let (mut verdict, changes) = match self.gates(request, seen) {
            Err(verdict) => (*verdict, weigh::Changes::default()),
            Ok(()) => self.late_memory(request, self.weigh_hold(request, seen)),
        };
        if verdict.flags.replayed {
            let held = self.holds.iter().any(|hold| hold.id.0 == verdict.sequence);
            let known = held || !verdict.is_allowed();
            return if known { Ok(verdict) } else { Err(Refused::UnknownHold) };
        }
        verdict.flags.clock_held = now.as_millis() < self.now;
        self.done(now);
        verdict.sequence = self.head.sequence;
        if verdict.is_allowed() {
            verdict.charged = weigh::quantity(&BigInt::ZERO);
            let pledge = |(scope, at, left): &(ScopeId, usize, BigInt)| {
                let (lot, _) = self.scope(*scope)?.lots.get(*at)?;
                let (scope, left) = (*scope, left.clone());
                Some(Pledge { scope, wallet: lot.wallet, lot: lot.name.clone(), left })
            };
            let rest = |feature| {
                let asked = self.counted(feature, request.costs).unwrap_or_default();
                let share = self.clamped(request, (feature, &asked), seen);
                (feature, share.max(BigInt::ZERO))
            };
            self.holds.push(Hold {
                id: HoldId(self.head.sequence),
                scopes: request.scopes.to_vec(),
                until,
                rest: once(request.costs).into_iter().map(rest).collect(),
                parts: changes.parts.clone(),
                money: changes.paid.iter().filter_map(pledge).collect(),
                answers: Vec::new(),
                ended: None,
            });
        }
        self.commit(changes);
        self.remember(request, verdict);
        Ok(verdict)
    }

    /// Uses a hold, and decides anew what is beyond it.
    ///
    /// # Errors
    ///
    /// [`Refused::UnknownHold`], [`Refused::Ended`], [`Refused::Full`].
    pub fn commit_hold(&mut self, commit: &Commit<'_>, now: Timestamp) -> Result<Verdict, Refused> {
        self.advance(now);
        let hold = self.find(commit.hold)?;
        let known = hold.answers.iter().find(|(number, _)| *number == commit.number);
        let ended = hold.ended.filter(|(by_caller, _)| *by_caller && commit.then == Then::End);
        if let Some(answer) = known.map(|(_, a)| *a).or(ended.map(|(_, a)| a)) {
            return Ok(again(answer));
        }
        if hold.ended.is_some() {
            return Err(Refused::Ended);
        }
        if commit.then == Then::Keep && hold.answers.len() >= 64 {
            return Err(Refused::Full);
        }
        let mut after = self.clone();
        let mut verdict = match after.use_up(commit, self.now.max(now.as_millis())) {
            Ok(verdict) => verdict,
            Err((verdict, told)) => {
                self.tell(told);
                let next = self.next_answer(now, verdict.outcome);
                let flags = Flags { clock_held: next.flags.clock_held, ..verdict.flags };
                let (sequence, retry) = (next.sequence, Retry::NotComputed);
                return Ok(Verdict { sequence, flags, retry, ..*verdict });
            }
        };
        let next = after.next_answer(now, verdict.outcome);
        verdict.sequence = next.sequence;
        verdict.flags.clock_held = next.flags.clock_held;
        if let Some(hold) = after.holds.iter_mut().find(|hold| hold.id == commit.hold) {
            hold.answers.push((commit.number, verdict));
        }
        if commit.then == Then::End {
            after.end(commit.hold, (true, verdict));
        }
        *self = after;
        Ok(verdict)
    }

    /// Ends a hold.
    ///
    /// # Errors
    ///
    /// [`Refused::UnknownHold`].
    pub fn release(&mut self, hold: HoldId, now: Timestamp) -> Result<Verdict, Refused> {
        self.advance(now);
        if let Some((_, answer)) = self.find(hold)?.ended {
            return Ok(again(answer));
        }
        let answer = self.next_answer(now, Outcome::Allowed);
        self.end(hold, (true, answer));
        Ok(answer)
    }

    /// Gives a hold another deadline.
    ///
    /// # Errors
    ///
    /// [`Refused::UnknownHold`], [`Refused::Ended`], [`Refused::Absurd`].
    pub fn extend(&mut self, (id, ttl): (HoldId, Span), now: Timestamp) -> Result<(), Refused> {
        self.advance(now);
        let seen = self.now.max(now.as_millis());
        if self.find(id)?.ended.is_some() {
            return Err(Refused::Ended);
        }
        let until = until(seen, ttl).ok_or(Refused::Absurd)?;
        self.done(now);
        self.holds.iter_mut().filter(|hold| hold.id == id).for_each(|hold| hold.until = until);
        Ok(())
    }

    /// Books a commit, what is beyond the hold too; else what stands against it.
    fn use_up(&mut self, commit: &Commit<'_>, now: i64) -> Result<Verdict, Denied> {
        let against = |model: &Self, reason| {
            (Box::new(model.verdict(Outcome::Denied(reason), None)), Vec::new())
        };
        if commit.costs.len() > 8 {
            return Err(against(self, Reason::Malformed));
        }
        self.now = now;
        let booked = self.book_hold(commit);
        let (charged, beyond) = booked.map_err(|reason| against(self, reason))?;
        if beyond.is_empty() {
            let charged = weigh::quantity(&charged);
            return Ok(Verdict { charged, ..self.verdict(Outcome::Allowed, None) });
        }
        let scopes = self.find(commit.hold).map_or_else(|_| Vec::new(), |h| h.scopes.clone());
        let at = Timestamp::from_millis(now).unwrap_or(Timestamp::MAX);
        let (caller, scopes, costs) = (Caller::Unchecked, &scopes[..], &beyond[..]);
        let request = Request { caller, scopes, costs, at, key: None, on_shortfall: None };
        let asks = beyond.iter().any(|cost| cost.quantity.as_nanos() > 0);
        self.stands(&request, now, asks).map_err(|verdict| (verdict, Vec::new()))?;
        let (verdict, changes) = self.weigh(&request, now, Purpose::Use(charged));
        if !verdict.is_allowed() {
            return Err((Box::new(verdict), changes.told));
        }
        self.commit(changes);
        Ok(verdict)
    }

    fn weigh_hold(&self, request: &Request<'_>, seen: i64) -> (Verdict, weigh::Changes) {
        let kept = |cost: &Cost| {
            let mut lines = self.sold.lines.iter();
            lines.any(|line| line.counted.feature == cost.feature && line.counted.keeps())
        };
        // However little it costs, what is held is known in the units of values.
        let large = |feature: &FeatureId| self.counted(*feature, request.costs).is_err();
        let (verdict, changes) = self.weigh(request, seen, Purpose::Hold);
        let none = verdict.is_allowed() && once(request.costs).iter().any(large);
        if none || request.costs.iter().any(kept) {
            let denied = Outcome::Denied(Reason::Unmeasurable);
            return (self.verdict(denied, None), weigh::Changes::default());
        }
        (verdict, changes)
    }

    /// Books what the hold covers, and tells what that costs and what is beyond it.
    fn book_hold(&mut self, commit: &Commit<'_>) -> Result<(BigInt, Vec<Cost>), Reason> {
        let unmeasurable = |TooLarge| Reason::Unmeasurable;
        let Ok(mut hold) = self.find(commit.hold).cloned() else { return Err(Reason::Malformed) };
        let (mut used, mut beyond) = (Vec::new(), Vec::new());
        for (feature, rest) in &mut hold.rest {
            let actual = self.counted(*feature, commit.costs).map_err(unmeasurable)?;
            let part = actual.clone().max(BigInt::ZERO).min(rest.clone());
            self.beyond((*feature, commit.costs), &actual - &part, &mut beyond);
            let all = commit.then == Then::End || actual < BigInt::ZERO;
            *rest = if all { BigInt::ZERO } else { &*rest - &part };
            used.push((*feature, part));
        }
        for feature in once(commit.costs) {
            if !hold.rest.iter().any(|(held, _)| *held == feature) {
                let actual = self.counted(feature, commit.costs).map_err(unmeasurable)?;
                self.beyond((feature, commit.costs), actual, &mut beyond);
            }
        }
        let (mut charged, mut due) = (BigInt::ZERO, Vec::new());
        land(&mut hold.parts, commit.then);
        for place in limits_of(&hold.parts) {
            let of_place = |part: &&mut Part| {
                (part.key.scope, part.key.limit) == place && part.held > BigInt::ZERO
            };
            let mut left = None;
            for part in hold.parts.iter_mut().filter(of_place) {
                let counted = self.sold.counted(part.feature);
                let share = counted.as_ref().map_or(Ok(BigInt::ZERO), |c| c.share(&used));
                let left = left.get_or_insert(share.map_err(unmeasurable)?);
                let taken = part.held.clone().min(left.clone());
                *left -= &taken;
                let cost = self.book_part(part, &taken).map_err(unmeasurable)?;
                charged = fits(charged + &cost).map_err(unmeasurable)?;
                if let Some(wallet) = part.charge.as_ref().and_then(|(_, wallet)| *wallet) {
                    let owed = cost > BigInt::ZERO;
                    let of = (part.key.scope, wallet);
                    Debit::add(&mut due, Debit { of, amount: cost, owed });
                }
                let counts = |feature| counted.as_ref().is_some_and(|c| c.counts(feature));
                let rest = hold.rest.iter().filter(|(feature, _)| counts(*feature));
                let ends = rest.into_iter().all(|(_, rest)| *rest == BigInt::ZERO);
                part.held = if ends { BigInt::ZERO } else { &part.held - &taken };
            }
        }
        charged += self.pay_from(&mut hold, due)?;
        if hold.rest.iter().all(|(_, rest)| *rest == BigInt::ZERO) {
            self.give_back(&mut hold);
        }
        self.holds.iter_mut().filter(|h| h.id == hold.id).for_each(|h| *h = hold.clone());
        Ok((charged, beyond))
    }

    /// Books a part as used where it was held; tells what that costs.
    fn book_part(&mut self, part: &Part, taken: &BigInt) -> Result<BigInt, TooLarge> {
        let mut known = self.takes.iter().filter(|take| take.key == part.key);
        let used: BigInt = known.clone().map(|take| &take.amount).sum();
        let last = known.next_back();
        let capacity = last.and_then(|take| take.capacity);
        let worth = last.map_or(BigInt::ZERO, |take| take.worth.clone());
        if self.commit_level(part.key, taken)? {
            return Ok(BigInt::ZERO);
        }
        let after = fits(&used + taken)?;
        let cost = match &part.charge {
            Some((charge, _)) => price::step(charge, (&used, &after), &part.capacity)?,
            None => BigInt::ZERO,
        };
        let owes = self.line(part.key.scope, part.key.limit).is_some_and(owes);
        if part.key.source == 0 && *taken > BigInt::ZERO && owes {
            self.numbers.owing.push((part.key.scope, part.key.limit, self.now));
        }
        self.takes.push(Take { key: part.key, amount: taken.clone(), capacity, worth });
        Ok(cost)
    }

    /// Pays from what is held, and what is dearer from the wallet; tells what is paid beside it.
    fn pay_from(&mut self, hold: &mut Hold, mut due: Vec<Debit>) -> Result<BigInt, Reason> {
        for Debit { of, amount, .. } in &mut due {
            for pledge in hold.money.iter_mut().filter(|p| (p.scope, p.wallet) == *of) {
                let part = pledge.left.clone().min(amount.clone()).max(BigInt::ZERO);
                pledge.left -= &part;
                *amount -= part;
            }
        }
        let (paid, short) = self.lots_for(&due, self.now);
        if short {
            return Err(Reason::OutOfCredit);
        }
        let beside = funds::beside(&due, &paid);
        self.pay(paid);
        Ok(beside)
    }

    fn end(&mut self, id: HoldId, ended: (bool, Verdict)) {
        let Ok(mut hold) = self.find(id).cloned() else { return };
        self.give_back(&mut hold);
        hold.until = (self.now + 24 * 3_600_000).min(calendar::LAST);
        hold.rest.clear();
        hold.parts.clear();
        hold.ended = Some(ended);
        self.holds.iter_mut().filter(|known| known.id == id).for_each(|h| *h = hold.clone());
    }

    fn give_back(&mut self, hold: &mut Hold) {
        for pledge in hold.money.drain(..) {
            let lots = self.scope_mut(pledge.scope).map(|scope| &mut scope.lots);
            let lot = lots.and_then(|lots| lots.iter_mut().find(|(l, _)| l.name == pledge.lot));
            if let Some((_, paid)) = lot {
                paid.push(-pledge.left);
            }
        }
    }

    /// What a balance holds at `now`.
    pub(super) fn held(&self, key: Key, now: i64) -> BigInt {
        let open = self.holds.iter().filter(|hold| hold.is_open_at(now));
        let parts = open.flat_map(|hold| &hold.parts).filter(|part| part.key == key);
        parts.map(|part| &part.held).sum()
    }

    /// The money of a lot that holds on record hold.
    pub(super) fn pledged(&self, scope: ScopeId, lot: &str) -> BigInt {
        let open = self.holds.iter().filter(|hold| hold.ended.is_none());
        let money = open.flat_map(|hold| &hold.money);
        money.filter(|p| p.scope == scope && *p.lot == *lot).map(|p| &p.left).sum()
    }

    /// The money of a lot that was held until some instant up to `now`.
    pub(super) fn lapsed(&self, scope: ScopeId, lot: &str, now: i64) -> BigInt {
        let due = self.holds.iter().filter(|hold| hold.ended.is_none() && !hold.is_open_at(now));
        let money = due.flat_map(|hold| &hold.money);
        money.filter(|p| p.scope == scope && *p.lot == *lot).map(|p| &p.left).sum()
    }

    /// The deadlines to come of holds that hold something of some balances, the earliest first.
    pub(super) fn deadlines(&self, of: impl Fn(Key) -> bool, now: i64) -> Vec<i64> {
        let open = self.holds.iter().filter(|hold| hold.is_open_at(now));
        let holding = open.filter(|hold| hold.parts.iter().any(|part| of(part.key)));
        let mut all: Vec<i64> = holding.map(|hold| hold.until).collect();
        all.sort_unstable();
        all
    }

    /// Forgets what ended long ago.
    pub(super) fn forget_holds(&mut self) {
        let now = self.now;
        self.holds.retain(|hold| hold.ended.is_none() || hold.until >= now);
    }

    /// Lets deadlines follow a clock that was put back from `seen` to now: a hold lives for 31 days
    /// at most, and its end is known for a day.
    pub(super) fn put_holds_back(&mut self, seen: i64) {
        for hold in &mut self.holds {
            let days = if hold.ended.is_some() { 1 } else { 31 };
            let longest = self.now + days * 86_400_000;
            if hold.until > longest {
                hold.until = (self.now + hold.until - seen).min(longest);
            }
        }
    }

    /// All holds on record: which, whether it is open, and its deadline.
    pub fn holds(&self) -> impl Iterator<Item = (HoldId, bool, i64)> {
        self.holds.iter().map(|hold| (hold.id, hold.ended.is_none(), hold.until))
    }

    /// What may still be used of a hold.
    pub fn rest(&self, id: HoldId) -> impl Iterator<Item = Cost> {
        let rest = self.holds.iter().filter(move |hold| hold.id == id).flat_map(|h| &h.rest);
        rest.map(|(feature, left)| Cost { feature: *feature, quantity: weigh::quantity(left) })
    }

    fn find(&self, id: HoldId) -> Result<&Hold, Refused> {
        self.holds.iter().find(|hold| hold.id == id).ok_or(Refused::UnknownHold)
    }

    /// An answer with the next number.
    fn next_answer(&mut self, now: Timestamp, outcome: Outcome) -> Verdict {
        let clock_held = now.as_millis() < self.now;
        self.now = self.now.max(now.as_millis());
        self.head.sequence += 1;
        let mut answer = self.verdict(outcome, None);
        (answer.sequence, answer.flags.clock_held) = (self.head.sequence, clock_held);
        answer
    }

    /// What costs of a feature add up to, in the units of their values.
    fn counted(&self, feature: FeatureId, costs: &[Cost]) -> Result<BigInt, TooLarge> {
        let mut of_feature = costs.iter().filter(|cost| cost.feature == feature);
        if self.counts(feature) {
            return Ok(BigInt::from(of_feature.count()) * 1_000_000_000);
        }
        of_feature.try_fold(BigInt::ZERO, |sum, cost| fits(sum + cost.quantity.as_nanos()))
    }

    /// Whether what is to be held of some feature fits no number.
    pub(super) fn is_endless(&self, costs: &[Cost]) -> bool {
        costs.iter().any(|cost| self.counted(cost.feature, costs).is_err())
    }

    fn counts(&self, feature: FeatureId) -> bool {
        let name = self.sold.names.features.get(usize::from(feature.0));
        let sold = name.and_then(|name| self.sold.definition.features.get(name));
        sold.is_some_and(|sold| sold.aggregation == Aggregation::Count)
    }

    /// The costs beyond a hold.
    fn beyond(&self, (feature, costs): (FeatureId, &[Cost]), excess: BigInt, all: &mut Vec<Cost>) {
        if self.counts(feature) {
            let of_feature = costs.iter().filter(|cost| cost.feature == feature);
            let events = &excess / 1_000_000_000;
            all.extend(of_feature.take(usize::try_from(events).unwrap_or(0)));
        } else if excess != BigInt::ZERO {
            all.push(Cost { feature, quantity: weigh::quantity(&excess) });
        }
    }
}

/// What stands against a commit, and what it makes a limit tell.
type Denied = (Box<Verdict>, Vec<Told>);

/// The limits of parts that are booked, each once, in order.
fn limits_of(parts: &[Part]) -> Vec<(ScopeId, LimitId)> {
    let parts = parts.iter().filter(|part| !flies(part.key));
    let mut all: Vec<_> = parts.map(|part| (part.key.scope, part.key.limit)).collect();
    all.dedup();
    all
}

fn again(answer: Verdict) -> Verdict {
    Verdict { flags: Flags { replayed: true, ..answer.flags }, ..answer }
}

/// The end of a time to live, which is above nothing and at most 31 days.
fn until(now: i64, ttl: Span) -> Option<i64> {
    let (ttl, until) = (ttl.as_millis(), now + ttl.as_millis());
    (0 < ttl && ttl <= 31 * 86_400_000 && until <= calendar::LAST).then_some(until)
}
