//! What is held, and what does a step of a hold change? Reserving, committing and giving back.

use alloc::vec::Vec;
use core::mem;

use super::{
    Caller, Cost, Debit, Draw, Effect, Observer, PATH_MAX, Purpose, Reason, Request, Retry,
    Verdict, View, Workings, clamp, debt, funds, gates, memory, sliding, warn,
};
use crate::account::Accounts;
use crate::amount::Quantity;
use crate::catalog::Feature;
use crate::hold::{Held, Part, Pledge};
use crate::id::{FeatureId, HoldId, ScopeId};
use crate::limit::Balance;
use crate::meter::Aggregation;

/// What was really used of a hold.
#[derive(Clone, Copy, Debug)]
pub struct Commit<'a> {
    /// Which hold.
    pub hold: HoldId,
    /// The caller's number of this commit: seen again, it is answered the same.
    pub number: u32,
    /// What was used, at most eight costs.
    pub costs: &'a [Cost],
    /// Whether the hold goes on.
    pub then: Then,
}

/// Whether a hold goes on after a step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Then {
    /// It ends: what is still held is given back.
    End,
    /// It goes on with what is still held.
    Keep,
}

/// Decides a reservation: as a decision, but what is asked for is held rather than used, and money
/// at the dearest price. What an allowed one holds is left in `workings`.
pub(crate) fn reserve<O: Observer>(
    view: &View<'_>,
    request: &Request<'_>,
    (workings, observer): (&mut Workings, &mut O),
    verdict: &mut Verdict,
) {
    workings.effects.clear();
    if let Some(answer) = gates::pass(view, request, observer) {
        *verdict = answer;
        return;
    }
    if let Some(known) = memory::answered_late(view, request, observer) {
        weigh_hold(view, request, (&mut *workings, &mut ()), verdict);
        return memory::tell(known, workings, verdict);
    }
    weigh_hold(view, request, (workings, observer), verdict);
}

/// Weighs what is to be held.
fn weigh_hold<O: Observer>(
    view: &View<'_>,
    request: &Request<'_>,
    (workings, observer): (&mut Workings, &mut O),
    verdict: &mut Verdict,
) {
    let denied = |reason| Verdict::denied(reason, view.catalog.version());
    // What a reading will be then cannot be known now.
    let kept = |cost: &Cost| {
        view.catalog.metering(cost.feature).is_some_and(|m| m.counted.meter.keeps_reading())
    };
    if request.costs.iter().any(kept) {
        let sold = gates::sold(view, request);
        *verdict = denied(if sold { Reason::Unmeasurable } else { Reason::NoEntitlement });
        return;
    }
    workings.purpose = Purpose::Hold;
    super::weigh(view, request, (&mut *workings, &mut *observer), verdict);
    workings.purpose = Purpose::Use;
    if !verdict.is_allowed() {
        return warn::tell(&workings.effects, observer);
    }
    verdict.charged = Quantity::ZERO; // it is held
    if let Err(reason) = hold_back(view, request.costs, (&mut *workings, &mut *observer)) {
        workings.effects.clear();
        *verdict = Verdict { flags: verdict.flags, ..denied(reason) };
    }
    warn::tell(&workings.effects, observer);
}

/// Makes of what a decision would take what a reservation holds.
fn hold_back<O: Observer>(
    view: &View<'_>,
    costs: &[Cost],
    (workings, observer): (&mut Workings, &mut O),
) -> Result<(), Reason> {
    workings.debits.clear();
    workings.held = Held::default();
    let (mut total, mut fits) = (Quantity::ZERO, true);
    let Workings { effects, debits, held, clamped, .. } = workings;
    effects.retain_mut(|effect| match effect {
        Effect::Balance { scope, balance, taken } if taken.is_positive() => {
            let part = hold_part(view, *scope, balance, mem::take(taken));
            let dearest = part.and_then(|(part, dearest)| {
                total = total.checked_add(dearest)?;
                if let Some(wallet) = part.charge.as_ref().and_then(|charge| charge.wallet) {
                    funds::charge(debits, (*scope, wallet), (dearest, dearest))?;
                }
                held.parts.push(part);
                Some(())
            });
            fits &= dearest.is_some();
            true
        }
        Effect::Closed { .. } | Effect::Ended { .. } | Effect::Warned { .. } => true,
        // What allowances paid of a debt.
        Effect::Balance { taken: Quantity::ZERO, .. } => true,
        // What it would give back it has not used, and what it would pay it only holds.
        Effect::Balance { .. }
        | Effect::Lot { .. }
        | Effect::Member { .. }
        | Effect::Reading { .. } => false,
    });
    if !fits {
        return Err(Reason::Unmeasurable);
    }
    for feature in features(costs) {
        let asked = measured(view, feature, costs).ok_or(Reason::Unmeasurable)?;
        let taken = clamp::part(clamped, (feature, asked));
        held.rest.push((feature, taken.max(Quantity::ZERO)));
    }
    let before = effects.len();
    funds::settle(view, workings, observer).map_err(|_| Reason::OutOfCredit)?;
    let Workings { effects, held, .. } = workings;
    let drawn = effects.get(before..).unwrap_or_default();
    held.pledges.extend(drawn.iter().filter_map(|effect| pledge_of(view, effect)));
    Ok(())
}

/// Holds what a decision would take of a balance; tells that, and the most that its use costs,
/// wherever it falls in what is used and held then.
fn hold_part(
    view: &View<'_>,
    scope: ScopeId,
    balance: &mut Balance,
    taken: Quantity,
) -> Option<(Part, Quantity)> {
    balance.used = balance.used.checked_sub(taken)?;
    balance.held = balance.held.checked_add(taken)?;
    let used = balance.used.checked_add(balance.held)?; // it will be
    let plan = view.accounts.get(scope)?.plan()?;
    let terms = view.catalog.limit_terms(plan, balance.limit)?;
    let dearest = match &terms.charge {
        Some(charge) => charge.dearest((balance.used, used), taken, balance.capacity)?,
        None => Quantity::ZERO,
    };
    let (feature, charge) = (terms.counted.feature, terms.charge.clone());
    let (key, capacity) = (balance.key(), balance.capacity);
    Some((Part { scope, balance: key, feature, held: taken, capacity, charge }, dearest))
}

fn pledge_of(view: &View<'_>, effect: &Effect) -> Option<Pledge> {
    let Effect::Lot { scope, position, left } = *effect else { return None };
    let lot = view.accounts.lots(view.accounts.get(scope)?).nth(position.into())?;
    let (wallet, name) = (lot.wallet, lot.name.clone());
    Some(Pledge { scope, wallet, lot: name, left: lot.left.checked_sub(left)? })
}

/// Books what was used of a hold on the balances and lots that it was taken from, and gives back
/// what it holds no more. The effects and what is still held are left in `workings`, and what was
/// used beyond it; tells what is charged.
///
/// # Errors
///
/// A number does not fit, or rounding made the use dearer than what was held, and the wallet has
/// not even that.
pub(crate) fn book<O: Observer>(
    view: &View<'_>,
    (held, costs, then): (&Held, &[Cost], Then),
    (workings, observer): (&mut Workings, &mut O),
) -> Result<Quantity, Reason> {
    workings.effects.clear();
    workings.debits.clear();
    workings.over.clear();
    workings.held = held.clone();
    if costs.len() > PATH_MAX {
        return Err(Reason::Malformed);
    }
    let used = use_up(view, (costs, then), workings).ok_or(Reason::Unmeasurable)?;
    let charged =
        book_parts(view, (&used, then), (workings, observer)).ok_or(Reason::Unmeasurable)?;
    pay(workings).ok_or(Reason::Unmeasurable)?;
    workings.debits.retain(|debit| debit.amount != Quantity::ZERO);
    let beside = funds::settle(view, workings, observer).map_err(|_| Reason::OutOfCredit)?;
    let charged = charged.checked_add(beside).ok_or(Reason::Unmeasurable)?;
    if then == Then::End || workings.held.rest.iter().all(|(_, left)| *left == Quantity::ZERO) {
        give_back_money(view.accounts, workings);
    }
    Ok(charged)
}

/// What is used of each feature of the hold; what it does not hold is noted as over.
fn use_up(
    view: &View<'_>,
    (costs, then): (&[Cost], Then),
    Workings { held, over, .. }: &mut Workings,
) -> Option<Vec<(FeatureId, Quantity)>> {
    let mut used = Vec::with_capacity(held.rest.len());
    for (feature, rest) in &mut held.rest {
        let actual = measured(view, *feature, costs)?;
        let part = actual.max(Quantity::ZERO).min(*rest);
        beyond(view, (*feature, costs), actual.checked_sub(part)?, over);
        let ends = then == Then::End || actual < Quantity::ZERO;
        *rest = if ends { Quantity::ZERO } else { rest.checked_sub(part)? };
        used.push((*feature, part));
    }
    for feature in features(costs) {
        if held.rest.iter().all(|(known, _)| *known != feature) {
            beyond(view, (feature, costs), measured(view, feature, costs)?, over);
        }
    }
    Some(used)
}

/// The costs that make up `excess`, as their meter will measure them.
fn beyond(
    view: &View<'_>,
    (feature, costs): (FeatureId, &[Cost]),
    excess: Quantity,
    over: &mut Vec<Cost>,
) {
    if excess == Quantity::ZERO {
        return;
    }
    if !counts(view, feature) {
        over.push(Cost { feature, quantity: excess });
        return;
    }
    let mut rest = excess;
    let of_feature = costs.iter().filter(|cost| cost.feature == feature);
    over.extend(of_feature.take_while(|_| {
        let more = rest.is_positive();
        rest = rest.checked_sub(Quantity::from_units(1)).unwrap_or(Quantity::ZERO);
        more
    }));
}

/// Moves on each balance what is used from held to used, and charges it.
fn book_parts<O: Observer>(
    view: &View<'_>,
    (used, then): (&[(FeatureId, Quantity)], Then),
    (workings, observer): (&mut Workings, &mut O),
) -> Option<Quantity> {
    let Workings { held: Held { rest, parts, .. }, effects, debits, .. } = workings;
    let mut charged = Quantity::ZERO;
    let (mut limit, mut to_use) = (None, Quantity::ZERO);
    for part in parts {
        let before = part.held;
        if before == Quantity::ZERO {
            continue; // its balance may be gone
        }
        if limit.replace((part.scope, part.balance.0)) != Some((part.scope, part.balance.0)) {
            to_use = counted(view, part.feature, used)?;
        }
        let in_flight = sliding::is_in_flight(part);
        let taken = if in_flight { Quantity::ZERO } else { before.min(to_use) };
        to_use = to_use.checked_sub(taken)?;
        let goes_on =
            if in_flight { then != Then::End } else { holds_on(view, part.feature, rest) };
        part.held = if goes_on { before.checked_sub(taken)? } else { Quantity::ZERO };
        let mut balances = view.accounts.balances(view.accounts.get(part.scope)?);
        let balance = *balances.find(|balance| balance.key() == part.balance)?;
        let (used, reading) = sliding::booked(view, (part, &balance), taken)?;
        effects.extend(reading);
        effects.extend(debt::booked(view, part).filter(|_| taken.is_positive()));
        let held = balance.held.checked_sub(before.checked_sub(part.held)?)?;
        let cost = match &part.charge {
            Some(charge) => charge.between((balance.used, used), part.capacity)?,
            None => Quantity::ZERO,
        };
        charged = charged.checked_add(cost)?;
        if let Some(wallet) = part.charge.as_ref().and_then(|charge| charge.wallet) {
            funds::charge(debits, (part.scope, wallet), (cost, cost))?;
        }
        let (scope, (limit, source, _)) = (part.scope, part.balance);
        if before != part.held {
            effects.push(Effect::Balance {
                scope,
                balance: Balance { used, held, ..balance },
                taken,
            });
        }
        if taken.is_positive() {
            observer.drew(&Draw { scope, limit, source, taken, used, cost });
        }
    }
    Some(charged)
}

/// Pays from the money that is held, first drawn first.
fn pay(Workings { debits, held, .. }: &mut Workings) -> Option<()> {
    for Debit { scope, wallet, amount, .. } in debits {
        for pledge in &mut held.pledges {
            if (pledge.scope, pledge.wallet) == (*scope, *wallet) {
                let part = pledge.left.min(*amount).max(Quantity::ZERO);
                pledge.left = pledge.left.checked_sub(part)?;
                *amount = amount.checked_sub(part)?;
            }
        }
    }
    Some(())
}

/// Gives the money that is still held back to its lots, last draw first.
fn give_back_money(accounts: &Accounts, Workings { held, effects, .. }: &mut Workings) {
    for pledge in held.pledges.iter_mut().rev() {
        let (scope, back) = (pledge.scope, mem::take(&mut pledge.left));
        let Some(account) = accounts.get(scope).filter(|_| back.is_positive()) else {
            continue;
        };
        let mut lots = (0..=u16::MAX).zip(accounts.lots(account));
        if let Some((position, lot)) = lots.find(|(_, lot)| lot.name == pledge.lot) {
            // Money may have been paid back to the lot just before.
            let before = effects.iter().rev().find_map(|effect| match *effect {
                Effect::Lot { scope: of, position: at, left } => {
                    (of == scope && at == position).then_some(left)
                }
                _ => None,
            });
            let before = before.unwrap_or(lot.left);
            let left = before.checked_add(back).unwrap_or(before);
            effects.push(Effect::Lot { scope, position, left });
        }
    }
}

/// Gives back all that `held` holds; the effects are left in `workings`, and nothing held.
pub(crate) fn give_back(accounts: &Accounts, held: Held, workings: &mut Workings) {
    workings.effects.clear();
    workings.held = held;
    let Workings { effects, held, .. } = workings;
    held.rest.iter_mut().for_each(|(_, left)| *left = Quantity::ZERO);
    for part in &mut held.parts {
        let back = mem::take(&mut part.held);
        let account = accounts.get(part.scope).filter(|_| back.is_positive());
        let mut balances = account.into_iter().flat_map(|account| accounts.balances(account));
        if let Some(balance) = balances.find(|balance| balance.key() == part.balance) {
            let held = balance.held.checked_sub(back).unwrap_or(Quantity::ZERO);
            let (scope, taken) = (part.scope, Quantity::ZERO);
            effects.push(Effect::Balance { scope, balance: Balance { held, ..*balance }, taken });
        }
    }
    give_back_money(accounts, workings);
}

/// Decides anew, at the instant of the view, what was used beyond a hold: the costs in `over`.
pub(crate) fn excess<O: Observer>(
    view: &View<'_>,
    scopes: &[ScopeId],
    (workings, observer): (&mut Workings, &mut O),
    verdict: &mut Verdict,
) {
    workings.effects.clear();
    if workings.over.is_empty() {
        return;
    }
    let costs = mem::take(&mut workings.over);
    let (caller, at, on_shortfall) = (Caller::Unchecked, view.now, None);
    let request = Request { caller, scopes, costs: &costs, at, key: None, on_shortfall };
    let asks = costs.iter().any(|cost| cost.quantity.is_positive());
    match gates::stands(view, &request) {
        Some(reason) if asks || matches!(reason, Reason::Malformed | Reason::NoEntitlement) => {
            *verdict = Verdict::denied(reason, view.catalog.version());
        }
        _ => super::weigh::weigh(view, &request, (&mut *workings, &mut *observer), verdict),
    }
    if !verdict.is_allowed() {
        workings.effects.clear();
        verdict.retry = Retry::NotComputed; // the hold itself may have ended by then
        if workings.warns {
            warn::refused(view, verdict, &mut workings.effects);
        }
    }
    warn::tell(&workings.effects, observer);
    workings.over = costs;
}

/// The features of costs, each once.
fn features(costs: &[Cost]) -> impl Iterator<Item = FeatureId> {
    let first = |(at, cost): &(usize, &Cost)| {
        costs.iter().take(*at).all(|earlier| earlier.feature != cost.feature)
    };
    costs.iter().enumerate().filter(first).map(|(_, cost)| cost.feature)
}

/// What limits on a feature count of what is used of each, by the rates that are in force. Rounding
/// may make more of parts than of the whole, but no more is used of a hold than it holds.
fn counted(view: &View<'_>, of: FeatureId, uses: &[(FeatureId, Quantity)]) -> Option<Quantity> {
    let metering = view.catalog.metering(of);
    uses.iter().try_fold(Quantity::ZERO, |sum, (feature, used)| {
        let Some(Feature { counted, .. }) = metering else {
            return if *feature == of { sum.checked_add(*used) } else { Some(sum) };
        };
        let each = counted.measure(*feature, *used)?;
        sum.checked_add(match used.as_units().filter(|_| counts(view, *feature)) {
            Some(events) => each.as_nanos().checked_mul(events.into()).map(Quantity::from_nanos)?,
            None => each,
        })
    })
}

/// Whether something is held of a feature that limits on another one count.
fn holds_on(view: &View<'_>, of: FeatureId, rest: &[(FeatureId, Quantity)]) -> bool {
    let counts = |feature| match view.catalog.metering(of) {
        Some(metering) => metering.counted.counts(feature),
        None => feature == of,
    };
    rest.iter().any(|(feature, left)| *left != Quantity::ZERO && counts(*feature))
}

/// How much the costs ask of a feature whose meter keeps nothing, in the units of their values.
fn measured(view: &View<'_>, feature: FeatureId, costs: &[Cost]) -> Option<Quantity> {
    let counts = counts(view, feature);
    let amount = |c: &Cost| if counts { Quantity::from_units(1) } else { c.quantity };
    let mut of_feature = costs.iter().filter(|cost| cost.feature == feature);
    of_feature.try_fold(Quantity::ZERO, |sum, cost| sum.checked_add(amount(cost)))
}

fn counts(view: &View<'_>, feature: FeatureId) -> bool {
    let metering = view.catalog.metering(feature);
    metering.is_some_and(|metering| metering.counted.meter.aggregation == Aggregation::Count)
}
