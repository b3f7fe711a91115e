//! What is put right by hand: counts, limits that start anew, and the clock.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use weir_core::amount::Quantity;
use weir_core::decide::{Anchor, Caller, Cost, Reason, Then};
use weir_core::id::{FeatureId, HoldId, LimitId, PlanId, ScopeId};
use weir_core::ledger::Refused;
use weir_core::time::{Span, Timestamp};
use weir_testkit::story::{Act, Ask, Correct, Flavour, Played, Stage};

use crate::common::law;

const ACME: ScopeId = ScopeId(0);
const LIMIT: LimitId = LimitId(0);

#[test]
fn an_adjustment_is_a_fact() {
    let met = RefCell::new([0_u32; 3]);
    law(Flavour::Paid, 600, |beats| {
        let mut stage = Stage::default();
        for beat in beats {
            let Act::Correct(Correct::Adjust(scope, limit, by)) = beat.act else {
                stage.play(&beat.act, beat.now, &mut ());
                continue;
            };
            // Holds whose deadline has passed end before it.
            stage.play(&Act::Advance, beat.now, &mut ());
            let seen = stage.ledger.head().seen;
            let standing = |stage: &Stage| {
                let standing = stage.ledger.standing(&stage.catalog, (scope, limit), seen);
                standing.map(|limit| (limit.used.as_nanos(), limit.held.as_nanos()))
            };
            let (before, lots) = (standing(&stage), lots(&stage));
            let played = stage.play(&beat.act, beat.now, &mut ());
            prop_assert_eq!(self::lots(&stage), lots, "nothing is charged");
            let Played::Adjusted(Ok(placed)) = played else { continue };
            let (placed, by) = (placed.as_nanos(), by.as_nanos());
            let all_or_less = if by < 0 { (by..=0).contains(&placed) } else { placed == by };
            prop_assert!(all_or_less, "{placed} of {by}");
            // Where grants have ended, what is given back to them is not seen in those that pay.
            if let (Some((used, held)), Some(after)) = (before, standing(&stage)) {
                prop_assert_eq!(held, after.1, "what is held stays held");
                let moved = after.0 - used;
                let within = if by < 0 { placed..=0 } else { 0..=by };
                prop_assert!(within.contains(&moved), "{moved} for {by}");
                met.borrow_mut()[0] += u32::from(by > 0 && moved == by);
                met.borrow_mut()[1] += u32::from(by < 0 && placed == by);
                met.borrow_mut()[2] += u32::from(by < 0 && placed != by);
            }
        }
        Ok(())
    });
    let met = met.into_inner();
    assert!(met.iter().all(|times| *times > 0), "{met:?}");
}

/// What is no number is refused, and changes nothing.
#[test]
fn an_adjustment_past_all_numbers_is_refused() {
    let mut stage = limited(r#""capacity": 5, "window": "lifetime""#);
    assert!(ask(&mut stage, 1, hour(0)).is_ok());
    let most = Quantity::from_nanos(i128::MAX);
    let before = stage.ledger.snapshot();
    let adjust = Act::Correct(Correct::Adjust(ACME, LIMIT, most));
    let played = stage.play(&adjust, hour(0), &mut ());
    assert_eq!(played, Played::Adjusted(Err(Refused::Absurd)));
    assert!(stage.ledger.snapshot() == before);
}

/// What a limit of 5 stands at after 9 were used or owed, 2 are held, and it starts anew.
#[test]
fn a_reset_starts_anew() {
    let day = r#"{ "calendar": { "unit": "day" } }"#;
    let ten = r#"{ "anchored": { "span": "PT10H" } }"#;
    let first = r#"{ "first_use": { "span": "PT10H" } }"#;
    let stub = r#"{ "cycle": { "unit": "day", "at": 9 } }"#;
    let (keep, cut) = (Anchor::Keep, Anchor::Move);
    // Window, overage, anchor; used, and the hour at which the new period ends, at hour 4.
    for (window, overage, anchor, expected) in [
        (day, "owed", keep, Ok((0, 24))),
        (day, "kept", keep, Ok((4, 24))),
        (day, "owed", cut, Err(Refused::Anchor)),
        (r#""lifetime""#, "owed", cut, Err(Refused::Anchor)),
        (ten, "owed", keep, Ok((0, 10))),
        (ten, "kept", keep, Ok((4, 10))),
        (ten, "owed", cut, Ok((0, 14))),
        (ten, "kept", cut, Ok((4, 14))),
        (first, "owed", keep, Ok((0, 10))),
        (stub, "owed", keep, Ok((0, 9))),
        (stub, "owed", cut, Ok((0, 9))),
        (stub, "kept", cut, Ok((4, 9))),
    ] {
        let limit = format!(
            r#""capacity": 5, "window": {window}, "enforcement": "soft",
                "settle": {{ "overage": "{overage}" }}"#
        );
        let mut stage = limited(&limit);
        assert!(ask(&mut stage, 9, hour(0)).is_ok());
        let reset =
            stage.play(&Act::Correct(Correct::Reset(ACME, LIMIT, anchor)), hour(4), &mut ());
        assert_eq!(reset, Played::Done(expected.map(drop)), "{limit}");
        let Ok((used, end)) = expected else { continue };
        let standing = stage.ledger.standing(&stage.catalog, (ACME, LIMIT), hour(4)).unwrap();
        assert_eq!(standing.used, Quantity::from_units(used), "{limit}, {anchor:?}");
        assert_eq!(standing.resets_at, hour(end), "{limit}, {anchor:?}");
    }
}

/// A period of first use that is cut short ends at once; the next use starts another.
#[test]
fn a_reset_ends_a_first_use() {
    let mut stage = limited(r#""capacity": 5, "window": { "first_use": { "span": "PT10H" } }"#);
    assert!(ask(&mut stage, 5, hour(0)).is_ok());
    assert!(ask(&mut stage, 1, hour(4)).is_err());
    stage.play(&Act::Correct(Correct::Reset(ACME, LIMIT, Anchor::Move)), hour(4), &mut ());
    assert!(ask(&mut stage, 5, hour(7)).is_ok());
    let standing = stage.ledger.standing(&stage.catalog, (ACME, LIMIT), hour(8)).unwrap();
    assert_eq!(standing.resets_at, hour(17));
}

/// What is held stays held over a reset, and is committed where it was taken.
#[test]
fn a_reset_leaves_what_is_held() {
    for anchor in [Anchor::Keep, Anchor::Move] {
        let mut stage = limited(r#""capacity": 5, "window": { "anchored": { "span": "PT10H" } }"#);
        let asked = asked(3, hour(0));
        stage.play(&Act::Reserve(asked, span(20)), hour(0), &mut ());
        let hold = HoldId(stage.ledger.head().sequence);
        stage.play(&Act::Correct(Correct::Reset(ACME, LIMIT, anchor)), hour(4), &mut ());
        let standing =
            |stage: &Stage, at| stage.ledger.standing(&stage.catalog, (ACME, LIMIT), at).unwrap();
        let held = if anchor == Anchor::Keep { 3 } else { 0 };
        assert_eq!(standing(&stage, hour(4)).held, Quantity::from_units(held));
        let costs = vec![Cost { feature: FeatureId(0), quantity: Quantity::from_units(3) }];
        let commit = Act::Commit(hold, 1, costs, Then::End);
        let played = stage.play(&commit, hour(5), &mut ());
        assert!(matches!(played, Played::Stepped(Ok(verdict)) if verdict.is_allowed()));
        assert_eq!(standing(&stage, hour(5)).used, Quantity::from_units(held));
    }
}

/// A period that had begun when the clock was put back admits no more than its capacity in all,
/// whatever a wrong clock opened and closed in the meantime; each later one admits all of its own.
#[test]
fn no_period_opens_again_when_the_clock_is_put_back() {
    let steps = prop::collection::vec((0..6_i64, 0..4_u8, 0..3_i64), 1..60);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) };
    let mended = RefCell::new([0_u32; 3]);
    proptest!(config, |(steps in steps, grace in 0..2_i64)| {
        let window = r#""window": { "calendar": { "unit": "hour" } }"#;
        let mut stage = limited(&format!(r#""capacity": 2, "grace": "PT{grace}H", {window}"#));
        let (mut now, mut admitted) = (0_i64, BTreeMap::<i64, i64>::new());
        for (ahead, act, back) in steps {
            match act {
                0 => {
                    now = (now - 1 - back).max(0);
                    stage.play(&Act::Correct(Correct::SetClock), half(now), &mut ());
                    // What had not begun by then is opened at its time.
                    admitted.retain(|start, _| start * 2 <= now);
                    mended.borrow_mut()[0] += 1;
                }
                1 => now += ahead,
                _ => {}
            }
            let at = (now - back).max(0);
            let told = stage.play(&Act::Decide(asked(1, half(at))), half(now), &mut ());
            let Played::Decided(verdict) = told else { panic!("it was asked") };
            let of_period = admitted.entry(at / 2).or_default();
            *of_period += i64::from(verdict.is_allowed());
            prop_assert!(*of_period <= 2, "{} of 2 in the hour from {}", of_period, at / 2);
            mended.borrow_mut()[1] += u32::from(verdict.is_allowed());
            mended.borrow_mut()[2] += u32::from(verdict.reason() == Some(Reason::PeriodClosed));
        }
    });
    let mended = mended.into_inner();
    assert!(mended.iter().all(|times| *times > 1_000), "{mended:?}");
}

/// One wrong instant, years ahead, and the clock set right again: within one period everything that
/// is sold can be had again, for every kind of window.
#[test]
fn a_wrong_clock_is_mended_within_one_period() {
    for (window, next) in [
        (r#"{ "calendar": { "unit": "hour" } }"#, 1),
        (r#"{ "anchored": { "span": "PT2H" } }"#, 2),
        (r#"{ "cycle": { "unit": "day", "at": 9 } }"#, 9),
        (r#"{ "first_use": { "span": "PT3H" } }"#, 3),
    ] {
        let limit = format!(r#""capacity": 4, "window": {window}"#);
        let mut stage = limited(&limit);
        let years = 5 * 366 * 24;
        assert!(ask(&mut stage, 3, hour(0)).is_ok());
        assert!(ask(&mut stage, 4, hour(years)).is_ok());
        stage.play(&Act::Reserve(asked(1, hour(years + 24)), span(24)), hour(years + 24), &mut ());
        assert!(ask(&mut stage, 4, hour(0)).is_err(), "the clock is held");
        stage.play(&Act::Correct(Correct::SetClock), hour(0), &mut ());
        assert_eq!(ask(&mut stage, 1, hour(0)), Err(Reason::PeriodClosed), "{window}");
        assert!(ask(&mut stage, 4, hour(next)).is_ok(), "{window}");
        let hold = stage.ledger.holds().next().unwrap();
        assert_eq!(hold.until, hour(24), "it had so long to live");
    }
}

fn lots(stage: &Stage) -> Vec<i128> {
    let accounts = stage.ledger.accounts();
    let scopes = (0..accounts.len()).map(|at| ScopeId(u32::try_from(at).unwrap()));
    let lots = scopes.flat_map(|scope| accounts.lots(accounts.get(scope).unwrap()));
    lots.map(|lot| lot.left.as_nanos()).collect()
}

fn limited(limit: &str) -> Stage {
    let json = format!(
        r#"{{ "features": {{ "calls": {{}} }}, "plans": {{ "free": {{ "limits": {{ "calls": {{
            "feature": "calls", {limit} }} }} }} }} }}"#
    );
    let mut stage = Stage::default();
    let definition = Box::new(serde_json::from_str(&json).unwrap());
    stage.play(&Act::Install(definition), hour(0), &mut ());
    stage.play(&Act::Intern(None, "acme".to_owned(), Some(PlanId(0))), hour(0), &mut ());
    stage
}

fn asked(units: i64, at: Timestamp) -> Ask {
    let costs = vec![Cost { feature: FeatureId(0), quantity: Quantity::from_units(units) }];
    let (caller, scopes) = (Caller::Unchecked, vec![ACME]);
    Ask { caller, scopes, costs, at, key: None, on_shortfall: None }
}

/// Whether so many units are admitted, or why not.
fn ask(stage: &mut Stage, units: i64, now: Timestamp) -> Result<(), Reason> {
    let Played::Decided(verdict) = stage.play(&Act::Decide(asked(units, now)), now, &mut ()) else {
        panic!("it was asked")
    };
    verdict.reason().map_or(Ok(()), Err)
}

fn hour(hours: i64) -> Timestamp {
    half(2 * hours)
}

fn half(halves: i64) -> Timestamp {
    Timestamp::from_millis(halves * 1_800_000).unwrap()
}

fn span(hours: i64) -> Span {
    Span::from_millis(hours * 3_600_000).unwrap()
}
