//! The laws of remembered answers: whose key it is, what is told again, and what makes place.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use weir_core::account::Status;
use weir_core::decide::{Caller, Cost, Observer, Reason};
use weir_core::dedup::RequestKey;
use weir_core::id::{FeatureId, PlanId, ScopeId};
use weir_core::limit::UNLIMITED;
use weir_core::time::{Span, Timestamp};
use weir_testkit::story::{Act, Ask, Correct, Flavour, Played, Stage, principal};

use super::asked;
use super::common::law;

const ROOT: ScopeId = ScopeId(0);
const SHOP: ScopeId = ScopeId(1);
const USER: ScopeId = ScopeId(2);
const OTHER: ScopeId = ScopeId(3);

/// A root with two shops, the first of which has a user, in a plan of two features.
fn tree(remember: &str, now: Timestamp) -> Stage {
    let json = format!(
        r#"{{ "acceptance": {{ "max_age": "P1D", "max_ahead": "PT0S" }},
              "remember": {{ "lifetime": "P2D", {remember} }},
              "features": {{ "calls": {{}}, "seats": {{}} }}, "plans": {{ "free": {{ "limits": {{
                  "calls": {{ "feature": "calls", "capacity": 99, "window": "lifetime" }},
                  "seats": {{ "feature": "seats", "capacity": 99, "window": "lifetime" }} }} }},
                  "none": {{}} }} }}"#
    );
    let mut stage = Stage::default();
    stage.play(&Act::Install(Box::new(serde_json::from_str(&json).unwrap())), now, &mut ());
    let (free, none) = (stage.catalog.plan("free"), stage.catalog.plan("none"));
    let mut open = |parent, name: &str, plan: Option<PlanId>| {
        stage.play(&Act::Intern(parent, name.to_owned(), plan), now, &mut ());
    };
    open(None, "root", none);
    open(Some(ROOT), "shop", free);
    open(Some(SHOP), "user", free);
    open(Some(ROOT), "other", free);
    stage
}

/// What comes of one unit under a key: `new`, `again`, or why not.
fn once(
    stage: &mut Stage,
    ask: &Ask,
    now: Timestamp,
    observer: &mut impl Observer,
) -> &'static str {
    let played = stage.play(&Act::Decide(ask.clone()), now, observer);
    let Played::Decided(verdict) = played else { return "not decided" };
    let new = if verdict.flags.replayed { "again" } else { "new" };
    verdict.reason().map_or(new, Reason::code)
}

fn sent(path: &[ScopeId], feature: u16) -> Ask {
    let now = Timestamp::EPOCH;
    let ask = Ask { key: RequestKey::new(b"k"), scopes: path.to_vec(), ..asked(1, now) };
    let costs = ask.costs.iter().map(|cost| Cost { feature: FeatureId(feature), ..*cost });
    Ask { costs: costs.collect(), ..ask }
}

#[test]
fn keys_of_two_spaces_never_meet() {
    let shop = || sent(&[ROOT, SHOP], 0);
    let known = |scope| Ask { caller: Caller::Known(principal(scope)), ..shop() };
    // What is sent after it, and in which spaces that is another's.
    let after = [
        ("the other shop", sent(&[ROOT, OTHER], 0), &["level 1", "level 2", "balance"][..]),
        ("its user", sent(&[ROOT, SHOP, USER], 0), &["level 2"]),
        ("its user alone", sent(&[ROOT, USER], 0), &["level 1", "level 2", "balance"]),
        ("both shops", sent(&[ROOT, SHOP, OTHER], 0), &[]),
        ("another feature", sent(&[ROOT, SHOP], 1), &["feature", "balance", "level 1, feature"]),
        ("a live credential", known(ROOT), &["environment"]),
        ("a test credential", known(SHOP), &["environment"]),
    ];
    for (space, written) in [
        ("root", r#""root""#),
        ("level 0", r#"{ "level": 0 }"#),
        ("level 1", r#"{ "level": 1 }"#),
        ("level 2", r#"{ "level": 2 }"#),
        ("balance", r#""balance""#),
        ("environment", r#""environment""#),
        ("feature", r#""feature""#),
        ("level 1, feature", r#"{ "level": 1, "apart": "feature" }"#),
    ] {
        let remember = format!(r#""on_mismatch": "ignore", "key_space": {written}"#);
        for (what, ask, apart) in &after {
            let apart = apart.contains(&space)
                || (space == "level 1, feature" && apart.contains(&"level 1"));
            let mut stage = tree(&remember, Timestamp::EPOCH);
            assert_eq!(once(&mut stage, &shop(), Timestamp::EPOCH, &mut ()), "new");
            let told = once(&mut stage, ask, Timestamp::EPOCH, &mut ());
            assert_eq!(told, if apart { "new" } else { "again" }, "{what} in {space}");
            let told = once(&mut stage, ask, Timestamp::EPOCH, &mut ());
            assert_eq!(told, "again", "{what} in {space}, once more");
        }
    }
    // A live credential's key is not a test credential's.
    let mut stage = tree(r#""key_space": "environment""#, Timestamp::EPOCH);
    for told in ["new", "again"] {
        for scope in [ROOT, SHOP] {
            assert_eq!(once(&mut stage, &known(scope), Timestamp::EPOCH, &mut ()), told);
        }
    }
}

#[test]
fn a_repetition_is_replayed_or_a_duplicate() {
    let (first, other) = (sent(&[ROOT, SHOP], 0), sent(&[ROOT, SHOP], 1));
    for (declared, repeated, mismatched) in [
        ("", "again", "conflict"),
        (r#", "on_repeat": "replay", "on_mismatch": "ignore""#, "again", "again"),
        (r#", "on_repeat": "duplicate""#, "duplicate", "conflict"),
        (r#", "on_repeat": "duplicate", "on_mismatch": "ignore""#, "duplicate", "duplicate"),
    ] {
        let mut stage = tree(&format!(r#""max": 9{declared}"#), Timestamp::EPOCH);
        for (ask, told) in [(&first, "new"), (&first, repeated), (&other, mismatched)] {
            let head = stage.ledger.head().sequence;
            assert_eq!(once(&mut stage, ask, Timestamp::EPOCH, &mut ()), told, "{declared}");
            // What is told again is not written down again; a refusal is.
            let written = u64::from(told != "again");
            assert_eq!(stage.ledger.head().sequence, head + written, "{declared}: {told}");
        }
        let account = stage.ledger.account(SHOP).unwrap();
        let used: i128 = stage.ledger.accounts().balances(account).map(|b| b.used.as_nanos()).sum();
        assert_eq!(used, 1_000_000_000, "{declared}: it counts once");
    }
}

/// Where a key is looked up decides what is told of one that is known: what came before it then, or
/// what stands against it now.
#[test]
fn what_is_asked_before_memory_is_told_before_it() {
    let now = Timestamp::EPOCH;
    let late = now.checked_add("P1DT1S".parse().unwrap()).unwrap();
    let most = Cost { feature: FeatureId(0), quantity: UNLIMITED };
    let known = sent(&[ROOT, SHOP], 0);
    let large = Ask { costs: vec![most, most], ..known.clone() };
    for (at, told) in [
        ("after_route", ["again", "again", "again"]),
        ("after_time", ["too_old", "again", "again"]),
        ("after_measure", ["too_old", "paused", "unmeasurable"]),
    ] {
        let declared = format!(r#""max": 9, "on_mismatch": "ignore", "at": "{at}""#);
        let stages = [late, now, now].map(|then| {
            let mut stage = tree(&declared, now);
            assert_eq!(once(&mut stage, &known, now, &mut ()), "new");
            (stage, then)
        });
        let [(mut old, then), (mut paused, _), (mut unmeasured, _)] = stages;
        paused.play(&Act::SetStatus(SHOP, Status::Paused), now, &mut ());
        let heard = [
            once(&mut old, &known, then, &mut ()),
            once(&mut paused, &known, now, &mut ()),
            once(&mut unmeasured, &large, now, &mut ()),
        ];
        assert_eq!(heard, told, "{at}");
        for stage in [old, paused, unmeasured] {
            let account = stage.ledger.account(SHOP).unwrap();
            let used = stage.ledger.accounts().balances(account).map(|b| b.used.as_nanos());
            assert_eq!(used.sum::<i128>(), 1_000_000_000, "{at}: it counts once");
        }
    }
    // A new one under its key is weighed as any other, and what it holds is held once.
    let mut stage = tree(r#""max": 9, "at": "after_measure""#, now);
    let second = "PT1S".parse::<Span>().unwrap();
    for replayed in [false, true] {
        let held = stage.play(&Act::Reserve(known.clone(), second), now, &mut ());
        let Played::Stepped(Ok(held)) = held else { panic!("it lives for a second") };
        assert_eq!((held.is_allowed(), held.flags.replayed), (true, replayed));
    }
}

/// Hears what is forgotten before its time.
#[derive(Default)]
struct Forgotten(Vec<(ScopeId, Timestamp)>);

impl Observer for Forgotten {
    fn forgot(&mut self, root: ScopeId, then: Timestamp) {
        self.0.push((root, then));
    }
}

#[test]
fn what_makes_place_is_announced() {
    let at = |minute: i64| Timestamp::from_millis(minute * 60_000).unwrap();
    let mut heard = Forgotten::default();
    let mut stage = tree(r#""max": 2, "at_bound": "oldest_goes""#, at(0));
    stage.play(&Act::Intern(None, "beside".to_owned(), Some(PlanId(0))), at(0), &mut ());
    let beside = ScopeId(4);
    let mut ask = |root: ScopeId, key: &[u8], then: i64| {
        let path = if root == beside { vec![beside] } else { vec![ROOT, SHOP] };
        let ask = Ask { scopes: path, key: RequestKey::new(key), at: at(then), ..asked(1, at(0)) };
        let told = once(&mut stage, &ask, at(60), &mut heard);
        (told, std::mem::take(&mut heard.0))
    };
    assert_eq!(ask(beside, b"a", 1), ("new", vec![]));
    assert_eq!(ask(ROOT, b"a", 20), ("new", vec![]));
    assert_eq!(ask(ROOT, b"b", 10), ("new", vec![]));
    // The oldest answer of this root goes, not the one to the oldest event, and not the other's.
    assert_eq!(ask(ROOT, b"c", 30), ("new", vec![(ROOT, at(20))]));
    assert_eq!(ask(ROOT, b"b", 10), ("again", vec![]));
    assert_eq!(ask(beside, b"a", 1), ("again", vec![]));
    assert_eq!(ask(ROOT, b"a", 20), ("too_old", vec![]), "never new");
    assert_eq!(ask(ROOT, b"d", 20), ("too_old", vec![]), "it may be another's");
    assert_eq!(ask(ROOT, b"d", 21), ("new", vec![(ROOT, at(20))]));
    assert_eq!(ask(ROOT, b"b", 10), ("too_old", vec![]));
    assert_eq!(ask(ROOT, b"e", 40), ("new", vec![(ROOT, at(30))]), "the youngest that is lost");
    // A smaller bound is met with the next answer, not before.
    let json = serde_json::json!({
        "acceptance": { "max_age": "P1D", "max_ahead": "PT0S" },
        "remember": { "lifetime": "P2D", "max": 1, "at_bound": "oldest_goes" },
        "features": { "calls": {}, "seats": {} },
        "plans": { "free": { "limits": {
            "calls": { "feature": "calls", "capacity": 99, "window": "lifetime" } } } },
    });
    stage.play(&Act::Install(Box::new(serde_json::from_value(json).unwrap())), at(60), &mut ());
    assert_eq!(stage.ledger.remembered_len(), 3);
    let ask = Ask { scopes: vec![ROOT, SHOP], key: RequestKey::new(b"f"), ..asked(1, at(50)) };
    assert_eq!(once(&mut stage, &ask, at(60), &mut heard), "new");
    assert_eq!(heard.0, [(ROOT, at(40))]);
    assert_eq!(stage.ledger.remembered_len(), 2);
}

/// Whatever is forgotten, and why: no key that was admitted is admitted again.
#[test]
fn what_was_admitted_is_never_new() {
    let told: RefCell<BTreeMap<&str, u32>> = RefCell::default();
    law(Flavour::Everything, 1_000, |beats| {
        let (mut stage, mut seen) = (Stage::default(), Vec::new());
        for (at, beat) in beats.iter().enumerate() {
            if matches!(beat.act, Act::Install(_) | Act::SetPlan(..)) {
                seen.clear(); // other key spaces, or none
            }
            let played = stage.play(&beat.act, beat.now, &mut ());
            if let (Act::Decide(ask), Played::Decided(verdict)) = (&beat.act, played)
                && stage.catalog.remember().is_some()
                && ask.key.is_some()
                && verdict.is_allowed()
                && !verdict.flags.replayed
            {
                seen.push(ask);
            }
            let Some(before) = seen.get(at % seen.len().max(1)) else { continue };
            let question = (&before.request(), beat.now);
            let verdict = stage.ledger.peek(&stage.catalog, question, &mut ());
            let new = verdict.is_allowed() && !verdict.flags.replayed;
            prop_assert!(!new, "{:?} is new again", before);
            let reason = verdict.reason().map_or("again", Reason::code);
            *told.borrow_mut().entry(reason).or_default() += 1;
        }
        Ok(())
    });
    let told = told.into_inner();
    for reason in ["again", "duplicate", "too_old"] {
        assert!(told.get(reason).is_some_and(|times| *times > 100), "{told:?}");
    }
}

/// A catalog that takes older events than the one before it, or a clock that is put back, makes no
/// key new that was forgotten.
#[test]
fn a_key_that_was_forgotten_is_too_old() {
    let at = |hour: i64| Timestamp::from_millis(hour * 3_600_000).unwrap();
    let catalog = |age: i64| {
        let json = format!(
            r#"{{ "acceptance": {{ "max_age": "PT{age}H", "max_ahead": "PT0S" }},
                  "remember": {{ "lifetime": "PT{}H" }}, "features": {{ "calls": {{}} }},
                  "plans": {{ "free": {{ "limits": {{ "calls": {{
                      "feature": "calls", "capacity": 9, "window": "lifetime" }} }} }} }} }}"#,
            age + 1
        );
        Act::Install(Box::new(serde_json::from_str(&json).unwrap()))
    };
    for (wider, put_back) in [(true, false), (false, true), (true, true)] {
        let mut stage = Stage::default();
        stage.play(&catalog(1), at(0), &mut ());
        stage.play(&Act::Intern(None, "acme".to_owned(), Some(PlanId(0))), at(0), &mut ());
        let once = |key: &[u8], then: i64, now: i64, stage: &mut Stage| {
            let ask = Ask { key: RequestKey::new(key), ..asked(1, at(then)) };
            match stage.play(&Act::Decide(ask), at(now), &mut ()) {
                Played::Decided(verdict) if verdict.flags.replayed => Ok("again"),
                Played::Decided(verdict) => verdict.reason().map_or(Ok("new"), Err),
                _ => panic!("it was asked"),
            }
        };
        assert_eq!(once(b"a", 10, 10, &mut stage), Ok("new"));
        assert_eq!(once(b"a", 10, 10, &mut stage), Ok("again"));
        stage.play(&Act::Sweep, at(13), &mut ());
        if wider {
            stage.play(&catalog(100), at(13), &mut ());
        }
        let now = if put_back { 11 } else { 13 };
        if put_back {
            stage.play(&Act::Correct(Correct::SetClock), at(now), &mut ());
        }
        assert_eq!(once(b"a", 10, now, &mut stage), Err(Reason::TooOld));
        assert_eq!(once(b"b", 10, now, &mut stage), Err(Reason::TooOld), "it may be another's");
        assert_eq!(once(b"b", 11, now, &mut stage), Ok("new"));
    }
}
