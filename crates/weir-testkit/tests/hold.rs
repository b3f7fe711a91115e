//! The laws of `weir_core::hold`, over random catalogs and histories.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use weir_core::amount::{Quantity, Rounding};
use weir_core::catalog::{Charge, ChargeOn};
use weir_core::decide::{Commit, Cost, Reason, Then};
use weir_core::hold::Ending;
use weir_core::id::{FeatureId, HoldId, ScopeId};
use weir_core::ledger::{Failed, HostKeys, Ledger, Refused};
use weir_core::price::Curve;
use weir_core::time::{Span, Timestamp};
use weir_testkit::story::{Act, Beat, Flavour, Played, Stage};

mod common;

use common::law;

#[test]
fn balances_hold_what_holds_hold() {
    let seen = RefCell::new(0);
    law(Flavour::Everything, 300, |beats| {
        let mut stage = Stage::default();
        for beat in beats {
            stage.play(&beat.act, beat.now, &mut ());
            let held = held(&stage);
            let mut parts = BTreeMap::new();
            for part in stage.ledger.holds().flat_map(|hold| &hold.held.parts) {
                *parts.entry((part.scope, part.balance)).or_insert(0) += part.held.as_nanos();
            }
            parts.retain(|_, sum| *sum != 0);
            prop_assert_eq!(&held, &parts, "{:?}", beat.act);
            *seen.borrow_mut() += held.len();
        }
        Ok(())
    });
    assert!(seen.into_inner() > 3_000);
}

#[test]
fn a_hold_keeps_its_word() {
    let tried = RefCell::new((0, 0));
    law(Flavour::Everything, 300, |beats| {
        let mut stage = Stage::default();
        for beat in beats {
            stage.play(&beat.act, beat.now, &mut ());
            let open: Vec<_> = stage.ledger.holds().filter(|h| h.ended.is_none()).collect();
            for hold in &open {
                let all: Vec<Cost> = hold.held.rest.iter().flat_map(|rest| of(*rest)).collect();
                let before = hold.until.checked_sub(millisecond()).unwrap();
                for then in [Then::End, Then::Keep] {
                    let (kept, told) = try_commit(&stage, (hold.id, &all, then), before);
                    prop_assert_eq!(kept, hold.answers.len() + 1, "{:?}: {:?}", hold, told);
                }
                let told = try_commit(&stage, (hold.id, &all, Then::End), hold.until).1;
                prop_assert_eq!(told, Err(Refused::Ended), "at its deadline");
                tried.borrow_mut().0 += 1;
                tried.borrow_mut().1 += usize::from(!hold.held.pledges.is_empty());
            }
        }
        Ok(())
    });
    let (all, paid) = tried.into_inner();
    assert!(all > 3_000 && paid > 20, "{all} holds, {paid} of them with money");
}

#[test]
fn money_is_held_charged_or_given_back() {
    let held = RefCell::new(0);
    law(Flavour::Paid, 500, |beats| {
        let (mut stage, mut charged, mut topped_up) = (Stage::default(), 0, 0);
        for beat in beats {
            let played = stage.play(&beat.act, beat.now, &mut ());
            let (left, pledged) = money(&stage);
            if let (Act::TopUp(_, lot), Played::Done(Ok(()))) = (&beat.act, &played) {
                topped_up += lot.left.as_nanos();
            }
            if let Played::Decided(verdict) | Played::Stepped(Ok(verdict)) = played
                && !verdict.flags.replayed
            {
                charged += verdict.charged.as_nanos();
            }
            prop_assert_eq!(topped_up, left + pledged + charged, "{:?}: {:?}", beat.act, played);
            *held.borrow_mut() += u32::from(pledged > 0);
        }
        Ok(())
    });
    let held = held.into_inner();
    assert!(held > 100, "{held}");
}

#[test]
fn a_step_seen_again_answers_the_same() {
    let again = RefCell::new((0, 0));
    law(Flavour::Everything, 300, |beats| {
        let mut stage = Stage::default();
        for Beat { act, now, .. } in beats {
            let first = stage.play(act, *now, &mut ());
            let before = stage.ledger.snapshot();
            let Played::Stepped(Ok(mut answer)) = first else { continue };
            if matches!(act, Act::Reserve(..)) || !answer.is_allowed() {
                continue;
            }
            answer.flags.replayed = true;
            let second = stage.play(act, *now, &mut ());
            prop_assert_eq!(second, Played::Stepped(Ok(answer)), "{:?}", act);
            prop_assert!(stage.ledger.snapshot() == before, "it changed something: {:?}", act);
            again.borrow_mut().0 += u32::from(matches!(act, Act::Commit(..)));
            again.borrow_mut().1 += u32::from(matches!(act, Act::Release(_)));
        }
        Ok(())
    });
    let (commits, releases) = again.into_inner();
    assert!(commits > 100 && releases > 50, "{commits} commits, {releases} releases");
}

#[test]
fn a_deadline_ends_a_hold() {
    let ends = RefCell::new(BTreeMap::new());
    law(Flavour::Everything, 100, |beats| {
        let mut stage = Stage::default();
        for beat in beats {
            stage.play(&beat.act, beat.now, &mut ());
            let seen = stage.ledger.head().seen;
            for hold in stage.ledger.holds() {
                let by = hold.ended.map(|ended| ended.by);
                prop_assert!(by.is_some() || seen < hold.until, "{:?} at {}", hold, seen);
                prop_assert!(by.is_none() || hold.held.parts.is_empty());
                *ends.borrow_mut().entry(by.map(|by| by == Ending::Caller)).or_insert(0) += 1;
            }
        }
        Ok(())
    });
    assert!(ends.into_inner().values().all(|times| *times > 100));
}

/// A copy of the ledger commits; how often the hold was committed then, and what was told. It counts
/// as committed where what made it dearer was refused, or use and holds are past all numbers.
fn try_commit(
    stage: &Stage,
    (hold, costs, then): (HoldId, &[Cost], Then),
    now: Timestamp,
) -> (usize, Result<Option<Reason>, Refused>) {
    let mut ledger = Ledger::restore(&stage.ledger.snapshot(), &HostKeys::fixed()).unwrap();
    let commit = Commit { hold, number: 1_000, costs, then };
    let told = ledger.commit(&stage.catalog, &commit, now, (&mut (), &mut ()));
    let answers = ledger.hold(hold).expect("it is on record").answers.len();
    match told {
        Ok(verdict) if verdict.reason() == Some(Reason::OutOfCredit) => {
            (answers + usize::from(may_be_dearer(stage, hold)), Ok(verdict.reason()))
        }
        Ok(verdict) if verdict.reason() == Some(Reason::Unmeasurable) => {
            (answers + usize::from(is_past_numbers(stage, hold)), Ok(verdict.reason()))
        }
        Ok(verdict) => (answers, Ok(verdict.reason())),
        Err(Failed::Refused(Refused::Full)) => (answers + 1, Err(Refused::Full)),
        Err(Failed::Refused(refused)) => (answers, Err(refused)),
    }
}

/// Whether what is used of some balance of a hold leaves no number for what it holds.
fn is_past_numbers(stage: &Stage, hold: HoldId) -> bool {
    let accounts = stage.ledger.accounts();
    stage.ledger.hold(hold).unwrap().held.parts.iter().any(|part| {
        let mut balances = accounts.balances(accounts.get(part.scope).unwrap());
        let balance = balances.find(|balance| balance.key() == part.balance).unwrap();
        balance.used.checked_add(part.held).is_none()
    })
}

/// Whether rounding, or use beside it, may add to what was held for the use of a hold.
fn may_be_dearer(stage: &Stage, hold: HoldId) -> bool {
    let hold = stage.ledger.hold(hold).unwrap();
    let mut charges = hold.held.parts.iter().filter_map(|part| part.charge.as_ref());
    let used = !hold.answers.is_empty();
    used || charges.any(|Charge { on, price, .. }| {
        let even = matches!(price.curve, Curve::Flat(_) | Curve::Unit(_)) && *on == ChargeOn::All;
        price.rounding == Rounding::HalfEven || !even
    })
}

/// Events that make up what is held of a feature, whether it is summed or counted.
fn of((feature, rest): (FeatureId, Quantity)) -> Vec<Cost> {
    let one = Quantity::from_units(1);
    let units = rest.as_nanos() / one.as_nanos();
    if rest.as_nanos() % one.as_nanos() != 0 || units > 2 {
        return vec![Cost { feature, quantity: rest }];
    }
    (0..units).map(|_| Cost { feature, quantity: one }).collect()
}

/// What balances hold.
fn held(
    stage: &Stage,
) -> BTreeMap<(ScopeId, (weir_core::id::LimitId, weir_core::limit::Source, Timestamp)), i128> {
    let accounts = stage.ledger.accounts();
    let scopes = (0..accounts.len()).map(|at| ScopeId(u32::try_from(at).unwrap()));
    let balances = scopes.flat_map(|scope| {
        let account = accounts.get(scope).unwrap();
        accounts.balances(account).map(move |b| ((scope, b.key()), b.held.as_nanos()))
    });
    balances.filter(|(_, held)| *held != 0).collect()
}

/// What is left of all lots, and what is held of them.
fn money(stage: &Stage) -> (i128, i128) {
    let accounts = stage.ledger.accounts();
    let scopes = (0..accounts.len()).map(|at| ScopeId(u32::try_from(at).unwrap()));
    let lots = scopes.flat_map(|scope| accounts.lots(accounts.get(scope).unwrap()));
    let pledges = stage.ledger.holds().flat_map(|hold| &hold.held.pledges);
    let pledged = pledges.map(|pledge| pledge.left.as_nanos()).sum();
    (lots.map(|lot| lot.left.as_nanos()).sum(), pledged)
}

fn millisecond() -> Span {
    Span::from_millis(1).unwrap()
}
