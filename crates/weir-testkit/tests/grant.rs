//! The laws of `weir_core::grant`: what comes back, when, and what becomes of the rest.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use weir_core::amount::Quantity;
use weir_core::decide::{Caller, Cost, Effect, Then, Verdict};
use weir_core::grant::{Burn, Every, Grant, Renewal, Rollover, Turns};
use weir_core::id::{FeatureId, HoldId, LimitId, PlanId, ScopeId};
use weir_core::ledger::{Command, Record};
use weir_core::limit::{Balance, Source};
use weir_core::time::{Span, Timestamp};
use weir_testkit::story::{Act, Ask, Played, Stage};

#[test]
fn a_recurring_grant_is_whole_again() {
    let mut shop = Shop::new(r#""window": "lifetime""#);
    shop.give(Renewal { recurrence: Some(every(24)), ..Renewal::DEFAULT }, 10);
    shop.ask(6, 1);
    assert_eq!(shop.left(23), [4]);
    assert_eq!(shop.left(24), [10]); // not 14
    assert_eq!(shop.left(24 * 400), [10]);
    // What rolled over counts from the last time that it was whole.
    let mut shop = Shop::new(r#""window": { "calendar": { "unit": "day" } }"#);
    let (rollover, recurrence) = (same(0, 10), Some(every(36)));
    shop.give(Renewal { rollover, recurrence, ..Renewal::DEFAULT }, 10);
    shop.ask(6, 1);
    assert_eq!([24, 35, 36, 48].map(|hour| shop.left(hour)), [[4], [4], [10], [10]]);
    // By itself it would be worth its amount once for each of the limit's periods.
    let mut shop = Shop::new(r#""window": { "calendar": { "unit": "day" } }"#);
    let never = Some(Turns::Never);
    shop.give(Renewal { window: never, ..Renewal::DEFAULT }, 10);
    shop.give(Renewal { window: Some(Turns::Every(every(6))), ..Renewal::DEFAULT }, 10);
    shop.give(Renewal::DEFAULT, 10);
    shop.ask(29, 7);
    assert_eq!(shop.left(11), [0, 0, 1]);
    assert_eq!(shop.left(12), [0, 10, 1]);
    assert_eq!(shop.left(24), [0, 10, 10]);
}

#[test]
fn what_rolls_over_is_at_least_and_at_most_so_much() {
    for (min, max, taken, kept) in
        [(0, 0, 3, 0), (0, 9, 3, 7), (0, 5, 3, 5), (8, 9, 3, 8), (8, 5, 3, 5), (20, 30, 3, 20)]
    {
        let mut shop = Shop::new(r#""window": { "calendar": { "unit": "day" } }"#);
        shop.give(Renewal { rollover: same(min, max), ..Renewal::DEFAULT }, 10);
        shop.ask(taken, 1);
        assert_eq!(shop.left(24), [kept], "{min} to {max}");
        assert_eq!(shop.left(24 * 9), [kept], "{min} to {max}, and nobody asked");
        shop.ask(0, 24 * 5);
        assert_eq!(shop.left(24 * 9), [kept], "{min} to {max}, and it was looked at");
    }
}

/// A late draw takes from what rolled over; what was spent of it by then is owed.
#[test]
fn a_rollover_is_provisional_while_a_grace_is_open() {
    for (late, left, owed) in [(1, 0, 0), (2, 0, 1), (6, 0, 5)] {
        let day = r#""window": { "calendar": { "unit": "day" } }, "grace": "PT12H""#;
        let mut shop = Shop::new(day);
        shop.give(Renewal { rollover: same(0, 10), ..Renewal::DEFAULT }, 10);
        shop.ask(4, 1);
        assert_eq!(shop.left(30), [6]);
        shop.ask(5, 30);
        assert_eq!(shop.left(30), [1]);
        shop.ask_late(late, (2, 31));
        assert_eq!((shop.left(31), shop.owed(31)), (vec![left], owed), "{late} late");
        // Once it has opened it is as it is.
        shop.ask(0, 37);
        assert_eq!((shop.left(37), shop.owed(37)), (vec![left], owed), "{late} late");
        assert!(!shop.ask_late(1, (3, 37)).is_allowed(), "the grace is over");
    }
}

/// Grants end, the window closes, what is kept pays, recurrences refill, grants start and pay.
#[test]
fn one_instant_has_one_order() {
    let kept = r#""window": { "calendar": { "unit": "day" } }, "settle": { "overage": "kept" }"#;
    let mut shop = Shop::new(kept);
    let at_midnight = Some(every(24));
    let rollover = same(4, 4);
    shop.give(Renewal { rollover, ..Renewal::DEFAULT }, 10); // keeps 4, which pay
    shop.give(Renewal { rollover, recurrence: at_midnight, ..Renewal::DEFAULT }, 10); // pays 4, and is whole
    shop.give_from(24, Renewal { rollover, ..Renewal::DEFAULT }, 10); // starts then, and pays what is left
    shop.ask(33, 23); // 13 more than the first two have
    assert_eq!((shop.left(23), shop.owed(23)), (vec![0, 0], 13));
    // 4 and 4 of 13 are paid by what rolled over, and 5 by the next that is drawn of what is whole.
    assert_eq!((shop.left(24), shop.owed(24)), (vec![0, 5, 10], 0));
}

/// What comes pays what is owed; what was over by then does not, however it is looked at.
#[test]
fn a_debt_is_paid_by_what_comes_after_it() {
    for (from, until, owed) in [(0, 4, 3), (4, 30, 3), (6, 30, 0), (6, 12, 0), (12, 18, 0)] {
        for looks in [[0, 0, 20], [3, 10, 20], [8, 15, 20]] {
            let month = r#""window": { "calendar": { "unit": "month" } }, "grace": "P3D""#;
            let mut shop = Shop::new(month);
            let first = grant_of(1, Renewal::DEFAULT, 10);
            shop.put(Grant { effective: at(from), expires: at(until), ..first });
            let taken = if from <= 5 && 5 < until { 13 } else { 3 };
            for look in looks.into_iter().filter(|look| *look < 5) {
                shop.ask(0, look);
            }
            shop.ask(taken, 5);
            assert_eq!(shop.owed(5), 3, "from {from} until {until}");
            for look in looks.into_iter().filter(|look| *look > 5) {
                shop.ask(0, look);
            }
            assert_eq!(shop.owed(40), owed, "from {from} until {until}, seen at {looks:?}");
        }
    }
}

/// What is committed beyond a hold is owed since then.
#[test]
fn a_debt_of_a_hold_is_paid_by_what_comes_after_it() {
    for (committed, until, owed) in [(13, 4, 3), (13, 30, 0), (10, 4, 0)] {
        let mut shop =
            Shop::new(r#""window": { "calendar": { "unit": "month" } }, "grace": "P3D""#);
        shop.give(Renewal::DEFAULT, 10);
        let late = grant_of(2, Renewal::DEFAULT, 10);
        let (effective, expires) = if until == 4 { (at(0), at(4)) } else { (at(6), at(until)) };
        shop.put(Grant { effective, expires, ..late });
        shop.hold((13, committed), (4, 5));
        assert_eq!(shop.owed(40), owed, "{committed}, and a grant until {until}");
    }
}

/// Whether anybody asked in between, or looked, changes nothing.
#[test]
fn periods_pass_unasked_as_if_they_were_asked() {
    let mut owed = 0_u32;
    let mut rolled = 0_u32;
    let config = drawn(400);
    let owing = std::cell::RefCell::new((&mut owed, &mut rolled));
    proptest!(config, |(world in world(), asks in asks(), visits in prop::collection::vec(0..200_i64, 0..40))| {
        let (mut rarely, mut often) = (world.open(), world.open());
        let mut visits = visits;
        visits.sort_unstable();
        let mut last = 0;
        for (units, hour) in asks {
            for visit in visits.iter().filter(|visit| (last..hour).contains(*visit)) {
                often.ask(0, *visit);
            }
            rarely.ask(units, hour);
            often.ask(units, hour);
            last = hour;
        }
        for hour in [last, last + 1, last + 7, last + 100] {
            let (a, b) = (rarely.balances(hour), often.balances(hour));
            prop_assert_eq!(&a, &b, "at hour {}: {:?}", hour, world);
            let mut met = owing.borrow_mut();
            *met.0 += u32::from(rarely.owed(hour) > 0);
            *met.1 += u32::try_from(a.iter().filter(|b| b.2 != b.3 && b.0 > 0).count()).unwrap();
            often.ask(0, hour);
            let (a, b) = (rarely.balances(hour), often.balances(hour));
            prop_assert_eq!(&a, &b, "looked at, at hour {}: {:?}", hour, world);
        }
    });
    assert!(owed > 100 && rolled > 100, "{owed} debts, {rolled} balances drawn from");
}

/// Everything that was ever issued or left uncovered is somewhere.
#[test]
fn conservation() {
    let config = drawn(3_000);
    proptest!(config, |(world in world(), asks in asks())| {
        let mut shop = world.open();
        let mut asked = 0;
        for (units, hour) in &asks {
            let verdict = shop.ask(*units, *hour);
            prop_assert!(verdict.is_allowed());
            asked += i128::from(*units).max(0);
        }
        let stored = shop.stored();
        let (mut taken, mut uncovered) = (0, 0);
        for ((source, _), balance) in &stored {
            if *source == 0 { uncovered += nanos(balance.used) } else { taken += nanos(balance.used) }
        }
        // What was asked is covered by some grant, or by none.
        if asks.iter().all(|(units, _)| *units >= 0) {
            prop_assert_eq!(asked, taken + uncovered, "{:?}", stored);
        }
        for grant in &world.grants {
            let of_grant = stored.iter().filter(|((source, _), _)| *source == grant.source.0);
            let (mut issued, mut out, mut last) = (0, 0, None::<(Timestamp, i128)>);
            for ((_, end), balance) in of_grant {
                let opens = nanos(balance.capacity);
                let rolls = grant.renewal.rollover;
                let kept = |left: i128| rolls.map(|Rollover::Same { min, max }| left.max(nanos(min)).min(nanos(max)));
                let left = last.map(|(_, left)| left);
                let (before, rolled) = (left.unwrap_or_default(), left.and_then(kept));
                let whole = opens == nanos(grant.amount);
                let again = Some(opens) == rolled || Some(opens) == kept(nanos(grant.amount));
                prop_assert!(whole || again, "{opens} is neither whole nor kept: {:?}", stored);
                // Raised above what was left it is issued; what was left and is not there is lapsed.
                issued += (opens - before).max(0);
                out += (before - opens).max(0) + nanos(balance.used);
                last = Some((*end, nanos(balance.left())));
                prop_assert!(balance.used <= balance.capacity, "{:?}", balance);
            }
            let left = last.map_or(0, |(_, left)| left); // or lapsed, or expired
            prop_assert_eq!(issued, out + left, "{:?}", stored);
        }
    });
}

/// So many cases, the same ones each time.
fn drawn(cases: u32) -> ProptestConfig {
    let rng_seed = RngSeed::Fixed(3);
    ProptestConfig { failure_persistence: None, rng_seed, ..ProptestConfig::with_cases(cases) }
}

#[derive(Debug)]
struct World {
    limit: String,
    grants: Vec<Grant>,
}

impl World {
    fn open(&self) -> Shop {
        let mut shop = Shop::new(&self.limit);
        for grant in &self.grants {
            shop.put(grant.clone());
        }
        shop
    }
}

fn world() -> impl Strategy<Value = World> {
    let window = prop::sample::select(vec![
        r#"{ "calendar": { "unit": "day" } }"#,
        r#"{ "calendar": { "unit": "hour", "count": 6 } }"#,
        r#""lifetime""#,
    ]);
    let overage = prop::sample::select(vec!["owed", "kept"]);
    let cycle = (1..30_i64, -9..9_i64)
        .prop_map(|(hours, anchor)| Every { anchor: at(anchor), ..every(hours) });
    let turns = prop_oneof![
        3 => Just(None),
        1 => Just(Some(Turns::Never)),
        2 => cycle.clone().prop_map(|every| Some(Turns::Every(every))),
    ];
    let rollover =
        prop::option::of((0..4_i64, 0..8_i64).prop_map(|(min, max)| same(min, max).unwrap()));
    let renewal = (turns, prop::option::of(cycle), rollover)
        .prop_map(|(window, recurrence, rollover)| Renewal { window, recurrence, rollover });
    let grant = (renewal, 0..9_i64, 0..3_i32, (-5..60_i64, 1..200_i64));
    let grants = prop::collection::vec(grant, 1..5).prop_map(|grants| {
        let mut all = Vec::new();
        for (source, (renewal, amount, priority, (from, life))) in (1..).zip(grants) {
            let whole = grant_of(source, renewal, amount);
            let (effective, expires) = (at(from), at(from + life));
            all.push(Grant { priority, effective, expires, ..whole });
        }
        all
    });
    (window, overage, grants).prop_map(|(window, overage, grants)| {
        let limit = format!(r#""window": {window}, "settle": {{ "overage": "{overage}" }}"#);
        World { limit, grants }
    })
}

/// How much is asked, and in which hour, in their order.
fn asks() -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((0..12_i64, 0..200_i64), 1..8).prop_map(|mut asks| {
        asks.sort_by_key(|(_, hour)| *hour);
        asks
    })
}

/// A customer whose one limit is what its grants add up to.
struct Shop {
    stage: Stage,
    given: u16,
}

impl Shop {
    fn new(limit: &str) -> Self {
        let json = format!(
            r#"{{ "features": {{ "calls": {{}} }}, "plans": {{ "free": {{ "limits": {{ "calls": {{
                "feature": "calls", "capacity": "granted", "enforcement": "soft", {limit} }} }} }} }} }}"#
        );
        let mut stage = Stage::default();
        let now = at(-100);
        stage.play(&Act::Install(Box::new(serde_json::from_str(&json).unwrap())), now, &mut ());
        stage.play(&Act::Intern(None, "acme".to_owned(), Some(PlanId(0))), now, &mut ());
        Self { stage, given: 0 }
    }

    fn give(&mut self, renewal: Renewal, amount: i64) {
        self.give_from(0, renewal, amount);
    }

    fn give_from(&mut self, hour: i64, renewal: Renewal, amount: i64) {
        self.given += 1;
        let grant = grant_of(self.given, renewal, amount);
        self.put(Grant { effective: at(hour), ..grant });
    }

    fn put(&mut self, grant: Grant) {
        let given =
            self.stage.play(&Act::Grant(ScopeId(0), grant, Burn::STANDARD), at(-100), &mut ());
        assert_eq!(given, Played::Done(Ok(())));
    }

    fn ask(&mut self, units: i64, hour: i64) -> Verdict {
        self.ask_late(units, (hour, hour))
    }

    fn ask_late(&mut self, units: i64, (hour, now): (i64, i64)) -> Verdict {
        let costs = vec![Cost { feature: FeatureId(0), quantity: Quantity::from_units(units) }];
        let (caller, scopes) = (Caller::Unchecked, vec![ScopeId(0)]);
        let ask = Ask { caller, scopes, costs, at: at(hour), key: None, on_shortfall: None };
        let Played::Decided(verdict) = self.stage.play(&Act::Decide(ask), at(now), &mut ()) else {
            panic!("it was asked")
        };
        verdict
    }

    /// Holds so much in one hour, and commits so much of it in another.
    fn hold(&mut self, (units, committed): (i64, i64), (hour, then): (i64, i64)) {
        let costs =
            |units| vec![Cost { feature: FeatureId(0), quantity: Quantity::from_units(units) }];
        let (caller, scopes, costs_held) = (Caller::Unchecked, vec![ScopeId(0)], costs(units));
        let ask =
            Ask { caller, scopes, costs: costs_held, at: at(hour), key: None, on_shortfall: None };
        let day = Span::from_millis(86_400_000).unwrap();
        let held = self.stage.play(&Act::Reserve(ask, day), at(hour), &mut ());
        let Played::Stepped(Ok(held)) = held else { panic!("it lives for a day") };
        let commit = Act::Commit(HoldId(held.sequence), 1, costs(committed), Then::End);
        let Played::Stepped(Ok(_)) = self.stage.play(&commit, at(then), &mut ()) else {
            panic!("it is open")
        };
    }

    fn allowances(&self, hour: i64) -> Vec<Balance> {
        let Stage { ledger, catalog, .. } = &self.stage;
        ledger.allowances(catalog, (ScopeId(0), LimitId(0)), at(hour)).unwrap()
    }

    /// Number, end, what is left and the worth of each, and what is owed.
    fn balances(&self, hour: i64) -> Vec<(u16, Timestamp, i128, i128, i128)> {
        let told = |balance: &Balance| {
            let (left, worth) = (nanos(balance.left()), nanos(balance.capacity));
            (balance.source.0, balance.window_end, left, worth, nanos(balance.used))
        };
        self.allowances(hour).iter().map(told).collect()
    }

    /// What each grant that pays has left.
    fn left(&self, hour: i64) -> Vec<i128> {
        let all = self.allowances(hour);
        let grants = all.iter().filter(|balance| balance.source != Source::PLAN);
        grants.map(|balance| nanos(balance.left())).collect()
    }

    fn owed(&self, hour: i64) -> i128 {
        self.allowances(hour)
            .iter()
            .filter(|b| b.source == Source::PLAN)
            .map(|b| nanos(b.used))
            .sum()
    }

    /// Every balance that was ever stored, as it was last, by grant and end.
    fn stored(&self) -> BTreeMap<(u16, Timestamp), Balance> {
        let mut stored = BTreeMap::new();
        for bytes in &self.stage.journal.0 {
            let Command::Decide(decided) = Record::decode(bytes).unwrap().command else { continue };
            for effect in decided.effects.iter() {
                if let Effect::Balance { balance, .. } = effect {
                    stored.insert((balance.source.0, balance.window_end), *balance);
                }
            }
        }
        stored
    }
}

fn grant_of(source: u16, renewal: Renewal, amount: i64) -> Grant {
    Grant {
        name: format!("g{source}").into(),
        limit: LimitId(0),
        source: Source(source),
        amount: Quantity::from_units(amount),
        priority: 0,
        effective: at(0),
        expires: Timestamp::MAX,
        renewal,
    }
}

fn at(hour: i64) -> Timestamp {
    Timestamp::from_millis(hour * 3_600_000).unwrap()
}

fn every(hours: i64) -> Every {
    Every { anchor: at(0), span: format!("PT{hours}H").parse().unwrap() }
}

fn same(min: i64, max: i64) -> Option<Rollover> {
    let units = Quantity::from_units;
    Some(Rollover::Same { min: units(min), max: units(max) })
}

fn nanos(quantity: Quantity) -> i128 {
    quantity.as_nanos() / 1_000_000_000
}
