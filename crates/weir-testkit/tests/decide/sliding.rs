//! The laws of windows without periods, and how often histories meet them.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use weir_core::amount::Quantity;
use weir_core::decide::{Cost, Reason, Retry, Then, Verdict};
use weir_core::grant::{Burn, Grant};
use weir_core::id::{FeatureId, HoldId, LimitId, PlanId, ScopeId};
use weir_core::ledger::{Command, HostKeys, Ledger};
use weir_core::limit::UNLIMITED;
use weir_core::time::{Span, Timestamp};
use weir_testkit::story::{Act, Ask, Flavour, Played, Stage};

use super::common::law;
use super::{asked, grant, limited};

/// Histories meet these windows often, on both sides of their line.
#[test]
fn histories_meet_each_window() {
    let met: RefCell<BTreeMap<(&str, &str), u32>> = RefCell::default();
    law(Flavour::Everything, 1_000, |beats| {
        let mut stage = Stage::default();
        for beat in beats {
            let played = stage.play(&beat.act, beat.now, &mut ());
            let (Played::Decided(verdict) | Played::Stepped(Ok(verdict))) = played else {
                continue;
            };
            let Some(window) = window_of(&stage, &verdict) else { continue };
            let told = match verdict.retry {
                Retry::At(_) => "later",
                Retry::Never => "never",
                Retry::NotComputed => "not told",
                Retry::Now if matches!(beat.act, Act::Decide(_)) => "allowed",
                Retry::Now => "held",
            };
            *met.borrow_mut().entry((window, told)).or_default() += 1;
        }
        Ok(())
    });
    let met = met.into_inner();
    for window in ["continuous", "in_flight", "per_request", "rolling"] {
        for told in ["allowed", "held", "later", "never"] {
            if (window, told) == ("per_request", "later") {
                continue; // what is too much stays so
            }
            let times = met.get(&(window, told)).copied().unwrap_or(0);
            assert!(times >= 10, "{window}, {told}: {times} of {met:?}");
        }
    }
}

/// What a catalog calls the window of the limit that decided.
fn window_of(stage: &Stage, verdict: &Verdict) -> Option<&'static str> {
    let binding = verdict.binding?;
    let plan = stage.ledger.account(binding.of.scope)?.plan()?;
    Some(stage.catalog.limit_terms(plan, binding.of.limit)?.window.code())
}

/// In every stretch of the length of the window, the admitted asks add up to no more than it has.
#[test]
fn no_stretch_has_more() {
    let (span, capacity) = (1_000_i64, 5_i64);
    let full = RefCell::new(0_u32);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) };
    let steps = prop::collection::vec((0..400_i64, 1..4_i64, 0..8_u8), 1..200);
    proptest!(config, |(steps in steps, buckets in prop::sample::select(&[1_usize, 2, 5, 20, 250]))| {
        let window = format!(r#"{{ "rolling": {{ "buckets": {buckets}, "span": "PT1S" }} }}"#);
        let limit = format!(r#""capacity": {capacity}, "window": {window}"#);
        let mut now = -40_000;
        let mut stage = limited(&limit, at(now));
        let mut admitted: Vec<(i64, i64)> = Vec::new();
        let mut held = None;
        for (step, units, how) in steps {
            now += step;
            // Now and then it is held rather than taken, and committed later.
            let ask = asked(units, at(now));
            let act = match (how, held) {
                (0, None) => Act::Reserve(ask, Span::from_millis(100_000).unwrap()),
                (1, Some((hold, units))) => {
                    Act::Commit(hold, 1, asked(units, at(now)).costs, Then::End)
                }
                _ => Act::Decide(ask),
            };
            let hold = took(&mut stage, &act, at(now));
            if hold.is_some() && !matches!(act, Act::Commit(..)) {
                admitted.push((now, units));
            }
            match act {
                Act::Reserve(..) => held = hold.map(|hold| (hold, units)).or(held),
                Act::Commit(..) => held = None,
                _ => {}
            }
            let kept = stage.ledger.accounts().balances(stage.ledger.account(ScopeId(0)).unwrap());
            prop_assert!(kept.count() <= buckets + 3, "what has left is forgotten");
        }
        for (from, _) in &admitted {
            let stretch = admitted.iter().filter(|(at, _)| (*from..from + span).contains(at));
            let sum: i64 = stretch.map(|(_, units)| units).sum();
            prop_assert!(sum <= capacity, "{sum} from {from}: {admitted:?}");
            *full.borrow_mut() += u32::from(sum == capacity);
        }
    });
    assert!(full.into_inner() > 1_000);
}

/// A bucket that is topped up each millisecond admits and refuses the same, to the last nano-unit.
#[test]
fn a_level_is_a_bucket_topped_up() {
    let met = RefCell::new([0_u32; 2]);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) };
    let steps = prop::collection::vec((0..900_i64, 0..7_i64, 0..3_i128), 1..120);
    let rates = prop::sample::select(&[(1_i128, 1_000_i64), (3, 7), (1, 3_601), (40, 900)]);
    // In units, or in nano-units, of which a fraction comes back in a millisecond.
    let scales = prop::sample::select(&[UNIT, 1]);
    proptest!(config, |(steps in steps, (rate, per) in rates, most in 0..5_i128, scale in scales)| {
        let [amount, capacity] = [rate * scale, most * scale].map(Quantity::from_nanos);
        let window = format!(
            r#"{{ "continuous": {{ "rate": "{amount}", "per": "PT{}.{:03}S" }} }}"#,
            per / 1_000,
            per % 1_000
        );
        let mut now = -40_000;
        let limit = format!(r#""capacity": "{capacity}", "window": {window}"#);
        let mut stage = limited(&limit, at(now));
        // What is in the bucket, in nano-units times `per`.
        let most = most * scale * i128::from(per);
        let mut bucket = most;
        for (step, units, nanos) in steps {
            for _ in 0..step {
                bucket = most.min(bucket + rate * scale);
            }
            now += step;
            let mut ask = asked(units, at(now));
            let cost = ask.costs.first_mut().unwrap();
            cost.quantity = Quantity::from_nanos(i128::from(units) * scale + nanos % scale);
            let wanted = cost.quantity.as_nanos() * i128::from(per);
            let fits = wanted <= bucket;
            prop_assert_eq!(took(&mut stage, &Act::Decide(ask), at(now)).is_some(), fits);
            if fits {
                bucket -= wanted;
            }
            met.borrow_mut()[usize::from(fits)] += u32::from(wanted > 0);
        }
    });
    let [refused, admitted] = met.into_inner();
    assert!(refused > 2_000 && admitted > 2_000, "{refused} refused, {admitted} admitted");
}

/// A commit that is denied for what is beyond its hold leaves the level as it was, to its last part.
#[test]
fn a_denied_commit_leaves_the_level() {
    let window = r#"{ "continuous": { "rate": 1, "per": "PT7S" } }"#;
    let mut stage = limited(&format!(r#""capacity": 5, "window": {window}"#), at(0));
    took(&mut stage, &Act::Decide(asked(3, at(0))), at(0)).unwrap();
    let minute = Span::from_millis(60_000).unwrap();
    let hold = took(&mut stage, &Act::Reserve(asked(1, at(0)), minute), at(0)).unwrap();
    let before = stage.ledger.snapshot();
    let commit = Act::Commit(hold, 1, asked(9, at(0)).costs, Then::End);
    assert_eq!(took(&mut stage, &commit, at(2_000)), None);
    let mut idle = Ledger::restore(&before, &HostKeys::fixed()).unwrap();
    let nothing = Command::Note { space: 9, key: Cow::Borrowed(b""), value: None };
    idle.execute(nothing, at(2_000), &mut ()).unwrap();
    assert!(idle.snapshot() == stage.ledger.snapshot());
}

/// What is in flight is what open holds were taken for, and comes back with them, committed or not.
#[test]
fn slots_come_back_once() {
    let (capacity, full) = (4_i64, RefCell::new(0_u32));
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) };
    let steps = prop::collection::vec((0..300_i64, 0..8_u8, 1..3_i64), 1..200);
    proptest!(config, |(steps in steps)| {
        let mut now = 0;
        let limit = format!(r#""capacity": {capacity}, "window": "in_flight""#);
        let mut stage = limited(&limit, at(now));
        // Each with its deadline and its slots.
        let mut open: Vec<(HoldId, i64, i64)> = Vec::new();
        for (step, how, units) in steps {
            now += step;
            open.retain(|(_, until, _)| now < *until);
            let flying = |open: &[(HoldId, i64, i64)]| open.iter().map(|(.., n)| n).sum::<i64>();
            let fits = flying(&open) + units <= capacity;
            let first = open.first().map(|(hold, ..)| *hold);
            match (how, first) {
                (0..=3, _) => {
                    let act = Act::Reserve(asked(units, at(now)), Span::from_millis(1_000).unwrap());
                    let hold = took(&mut stage, &act, at(now));
                    prop_assert_eq!(hold.is_some(), fits);
                    open.extend(hold.map(|hold| (hold, now + 1_000, units)));
                }
                (4, _) => {
                    // A decision is a check: it takes nothing.
                    let act = Act::Decide(asked(units, at(now)));
                    prop_assert_eq!(took(&mut stage, &act, at(now)).is_some(), fits);
                }
                (5, Some(hold)) => {
                    took(&mut stage, &Act::Release(hold), at(now)).unwrap();
                    open.remove(0);
                }
                (6, Some(hold)) => {
                    let costs = asked(1, at(now)).costs;
                    took(&mut stage, &Act::Commit(hold, 1, costs, Then::End), at(now)).unwrap();
                    open.remove(0);
                }
                (_, Some(hold)) => {
                    // All of it is committed, and it goes on.
                    let costs = asked(1, at(now)).costs;
                    took(&mut stage, &Act::Commit(hold, 2, costs, Then::Keep), at(now)).unwrap();
                }
                (_, None) => {}
            }
            let place = (ScopeId(0), LimitId(0));
            let standing = stage.ledger.standing(&stage.catalog, place, at(now)).unwrap();
            prop_assert_eq!(standing.held, Quantity::from_units(flying(&open)));
            prop_assert_eq!(standing.used, Quantity::ZERO);
            *full.borrow_mut() += u32::from(flying(&open) == capacity);
        }
    });
    assert!(full.into_inner() > 1_000);
}

/// A switch is on or off, a value is at least what is asked for or not, and both are as before after
/// whatever was asked: of a plan, and of the grants that run.
#[test]
fn a_gate_takes_nothing() {
    let json = r#"{
        "features": { "export": { "kind": "switch" }, "upload_mb": { "kind": "value" } },
        "plans": { "free": { "limits": {
            "export": { "feature": "export", "capacity": 1, "window": "per_request" },
            "upload": { "feature": "upload_mb", "capacity": "granted", "window": "per_request" }
        } } } }"#;
    let mut stage = Stage::default();
    stage.play(&Act::Install(Box::new(serde_json::from_str(json).unwrap())), at(0), &mut ());
    stage.play(&Act::Intern(None, "acme".to_owned(), Some(PlanId(0))), at(0), &mut ());
    let give = |stage: &mut Stage, of: Grant, now| {
        let grant = Grant { limit: LimitId(1), ..of };
        let given = stage.play(&Act::Grant(ScopeId(0), grant, Burn::STANDARD), at(now), &mut ());
        assert_eq!(given, Played::Done(Ok(())));
    };
    let ask = |stage: &mut Stage, costs: &[(u16, i64)], now| {
        let cost = |&(feature, units)| {
            let quantity = Quantity::from_units(units);
            Cost { feature: FeatureId(feature), quantity }
        };
        let costs = costs.iter().map(cost).collect();
        let decide = Act::Decide(Ask { costs, ..asked(0, at(now)) });
        let Played::Decided(verdict) = stage.play(&decide, at(now), &mut ()) else {
            panic!("it was asked")
        };
        verdict.reason()
    };
    give(&mut stage, Grant { expires: at(9), ..grant(1, 25) }, 0);
    give(&mut stage, Grant { effective: at(5), ..grant(2, 10) }, 0);
    let over = Some(Reason::LimitExceeded);
    for _ in 0..100 {
        assert_eq!(ask(&mut stage, &[(0, 7), (0, 7)], 0), None, "on, however often");
        assert_eq!(ask(&mut stage, &[(1, 25), (1, 25)], 0), None, "the greatest counts");
        assert_eq!(ask(&mut stage, &[(0, 1), (1, 26)], 0), over);
    }
    assert_eq!([35, 36].map(|units| ask(&mut stage, &[(1, units)], 5)), [None, over]);
    assert_eq!([10, 11].map(|units| ask(&mut stage, &[(1, units)], 9)), [None, over]);
    let unlimited = Grant { amount: UNLIMITED, ..grant(3, 0) };
    give(&mut stage, unlimited, 9);
    assert_eq!(ask(&mut stage, &[(1, 1_000_000)], 10), None, "one without end wins");
    let accounts = stage.ledger.accounts();
    let account = accounts.get(ScopeId(0)).unwrap();
    assert_eq!(accounts.balances(account).count(), 0, "nothing is kept");
    assert_eq!(accounts.grants(account).count(), 2, "what has ended is forgotten");
    let place = (ScopeId(0), LimitId(0));
    assert_eq!(stage.ledger.standing(&stage.catalog, place, at(9)).unwrap().used, Quantity::ZERO);
}

/// What was held of a limit while it counted what is in flight is none of a gate's affair.
#[test]
fn a_gate_takes_nothing_that_was_in_flight() {
    let mut stage = limited(r#""capacity": 1, "window": "in_flight""#, at(0));
    let ask = Ask { costs: asked(1, at(0)).costs, ..asked(0, at(0)) };
    let minute = Span::from_millis(60_000).unwrap();
    let held = took(&mut stage, &Act::Reserve(ask.clone(), minute), at(0));
    assert!(held.is_some());
    assert_eq!(took(&mut stage, &Act::Decide(ask.clone()), at(0)), None, "it is in flight");
    let json = r#"{ "features": { "calls": {} }, "plans": { "free": { "limits": { "calls": {
        "feature": "calls", "capacity": 1, "window": "per_request" } } } } }"#;
    stage.play(&Act::Install(Box::new(serde_json::from_str(json).unwrap())), at(0), &mut ());
    assert!(took(&mut stage, &Act::Decide(ask), at(0)).is_some());
}

/// Does an act; the hold of that number, if it was allowed.
fn took(stage: &mut Stage, act: &Act, now: Timestamp) -> Option<HoldId> {
    match stage.play(act, now, &mut ()) {
        Played::Decided(verdict) | Played::Stepped(Ok(verdict)) => {
            verdict.is_allowed().then_some(HoldId(verdict.sequence))
        }
        Played::Adjusted(_) | Played::Done(_) | Played::Stepped(Err(_)) => None,
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms).unwrap()
}

const UNIT: i128 = 1_000_000_000;
