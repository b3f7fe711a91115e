//! The laws of what limits tell of themselves.

use std::cell::RefCell;

use proptest::prelude::*;
use weir_core::decide::{Anchor, Observer};
use weir_core::id::{LimitId, ScopeId};
use weir_core::ledger::HostKeys;
use weir_core::limit::Warning;
use weir_core::time::Timestamp;
use weir_testkit::story::{Act, Correct, Flavour, Stage};

use super::common::law;
use super::{Grant, Ledger, asked, give, grant, limited};

#[test]
fn warnings_are_told_once() {
    let met = RefCell::new((0, 0));
    law(Flavour::Everything, 1_500, |beats| {
        let (mut stage, mut unheard) = (Stage::default(), Stage::default());
        for beat in beats {
            unheard.play(&beat.act, beat.now, &mut ());
            let (before, mut heard) = (told(&stage), Warnings::default());
            stage.play(&beat.act, beat.now, &mut heard);
            heard.0.sort_unstable();
            let expected = beat.told.iter().map(|(scope, limit, _, of)| (*scope, *limit, *of));
            let mut expected: Vec<_> = expected.collect();
            expected.sort_unstable();
            prop_assert_eq!(&heard.0, &expected, "{:?}", beat.act);
            let kept = told(&stage);
            prop_assert!(beat.told.iter().all(|new| kept.contains(new) && !before.contains(new)));
            met.borrow_mut().0 += heard.0.len();
            let exhausted = heard.0.iter().filter(|(.., of)| *of == Warning::Exhausted);
            met.borrow_mut().1 += exhausted.count();
        }
        let snapshot = stage.ledger.snapshot();
        prop_assert!(unheard.ledger.snapshot() == snapshot, "what is told is kept, heard or not");
        let restored = Ledger::restore(&snapshot, &HostKeys::fixed());
        prop_assert!(restored.is_ok(), "{:?}", restored.err());
        Ok(())
    });
    let (all, exhausted) = met.into_inner();
    assert!(all > 1_000 && exhausted > 100, "{all} told, {exhausted} times exhausted");
}

/// A warning at each threshold, low first, once in each period; then that there is no more.
#[test]
fn a_limit_warns_before_it_refuses() {
    let at = |minute: i64| Timestamp::from_millis(minute * 60_000).unwrap();
    let mut stage = limited(
        r#""capacity": 10, "window": { "calendar": { "unit": "hour" } },
           "settle": { "warn_at": [100, 80] }"#,
        at(0),
    );
    let told = |stage: &mut Stage, units, minute| {
        let mut heard = Warnings::default();
        stage.play(&Act::Decide(asked(units, at(minute))), at(minute), &mut heard);
        heard.0.into_iter().map(|(.., warning)| warning).collect::<Vec<_>>()
    };
    let [most, all] = [80, 100].map(Warning::Reached);
    assert_eq!(told(&mut stage, 11, 0), []); // nothing was taken yet: too large, not the last straw
    assert_eq!(told(&mut stage, 7, 1), []);
    assert_eq!(told(&mut stage, 1, 2), [most]);
    assert_eq!(told(&mut stage, -1, 3), []);
    assert_eq!(told(&mut stage, 1, 4), []); // told once
    assert_eq!(told(&mut stage, 2, 5), [all]);
    assert_eq!(told(&mut stage, 1, 6), [Warning::Exhausted]);
    assert_eq!(told(&mut stage, 1, 7), []);
    let anew = Correct::Reset(ScopeId(0), LimitId(0), Anchor::Keep);
    stage.play(&Act::Correct(anew), at(8), &mut ());
    assert_eq!(told(&mut stage, 8, 9), [most]); // it started anew
    assert_eq!(told(&mut stage, 10, 60), [most, all]); // in the next hour
}

/// What is told is kept also where nobody listens, of the everyday ask too.
#[test]
fn what_nobody_hears_is_told() {
    let now = Timestamp::EPOCH;
    let mut stage =
        limited(r#""capacity": 10, "window": "lifetime", "settle": { "warn_at": [80] }"#, now);
    for units in [1, 7, 3] {
        stage.play(&Act::Decide(asked(units, now)), now, &mut ());
    }
    let kept: Vec<_> = told(&stage).into_iter().map(|(.., warning)| warning).collect();
    assert_eq!(kept, [Warning::Reached(80), Warning::Exhausted]);
}

/// A grant that ends within the period takes nothing with it of what was told.
#[test]
fn what_was_told_outlives_grants() {
    let at = |minute: i64| Timestamp::from_millis(minute * 60_000).unwrap();
    let mut stage = limited(
        r#""capacity": "granted", "window": { "calendar": { "unit": "hour" } },
           "settle": { "warn_at": [80] }"#,
        at(0),
    );
    let told = |stage: &mut Stage, units, minute| {
        let mut heard = Warnings::default();
        stage.play(&Act::Decide(asked(units, at(minute))), at(minute), &mut heard);
        let kept = stage.ledger.accounts().grants(stage.ledger.account(ScopeId(0)).unwrap());
        (heard.0.len(), kept.count())
    };
    give(&mut stage, Grant { expires: at(5), ..grant(1, 10) }, at(0));
    assert_eq!(told(&mut stage, 8, 1), (1, 1));
    assert_eq!(told(&mut stage, 0, 6), (0, 0)); // it is forgotten
    give(&mut stage, Grant { effective: at(10), ..grant(2, 10) }, at(10));
    assert_eq!(told(&mut stage, 8, 11), (0, 1)); // told once
    assert_eq!(told(&mut stage, 8, 60), (1, 1));
}

/// What limits told.
#[derive(Default)]
struct Warnings(Vec<(ScopeId, LimitId, Warning)>);

impl Observer for Warnings {
    fn warned(&mut self, (scope, limit): (ScopeId, LimitId), warning: Warning) {
        self.0.push((scope, limit, warning));
    }
}

/// What is kept of that.
fn told(stage: &Stage) -> Vec<(ScopeId, LimitId, i64, Warning)> {
    let accounts = stage.ledger.accounts();
    let scopes = (0..accounts.len()).map(|at| ScopeId(u32::try_from(at).unwrap()));
    let told = scopes.flat_map(|scope| {
        accounts.told(scope).map(move |(limit, end, of)| (scope, limit, end.as_millis(), of))
    });
    told.collect()
}
