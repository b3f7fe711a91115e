//! The laws of what grants give: who pays, what is owed, and what is given back.

use weir_core::amount::Quantity;
use weir_core::decide::{Dropped, Observer};
use weir_core::grant::Grant;
use weir_core::id::{LimitId, ScopeId};
use weir_core::ledger::Refused;
use weir_core::limit::Source;
use weir_core::time::{Span, Timestamp};
use weir_testkit::story::{Act, Played, Stage};

use super::{ask, asked, give, grant, limited, used};

/// A soft limit of grants: what none covers is owed, recorded, or on one of them.
#[test]
fn what_no_grant_covers_is_owed_or_recorded() {
    let at = |day: i64| Timestamp::from_millis(day * 86_400_000).unwrap();
    // For each way, what the two grants and the plan have used after 5 of 3, and after a grant of 9
    // came the day after and 1 more was asked.
    for (overage, first, then) in [
        ("owed", [1, 2, 2, 0], [1, 2, 0, 3]),
        ("apart", [1, 2, 2, 0], [1, 2, 2, 1]),
        ("first", [3, 2, 0, 0], [3, 2, 0, 1]),
        ("last", [1, 4, 0, 0], [1, 4, 0, 1]),
    ] {
        let mut stage = granted(
            &format!(r#""enforcement": "soft", "settle": {{ "overage": "{overage}" }}"#),
            at(0),
        );
        for (source, amount) in [(1, 1), (2, 2)] {
            give(&mut stage, grant(source, amount), at(0));
        }
        assert!(ask(&mut stage, 5, at(0)));
        assert_eq!([1, 2, 0, 3].map(|source| used(&stage, source)), first, "{overage}");
        give(&mut stage, Grant { effective: at(1), ..grant(3, 9) }, at(0));
        assert!(ask(&mut stage, 1, at(1)));
        assert_eq!([1, 2, 0, 3].map(|source| used(&stage, source)), then, "{overage}");
    }
}

/// A new period starts without a debt, or with what those in between did not pay.
#[test]
fn a_debt_is_forgiven_or_kept() {
    let at = |day: i64| Timestamp::from_millis(day * 86_400_000).unwrap();
    let day = r#"{ "calendar": { "unit": "day" } }"#;
    for (capacity, overage, later, left) in [
        (r#""4""#, "owed", 1, 4),
        (r#""4""#, "kept", 1, 0), // 9 of 4 leave 5
        (r#""4""#, "kept", 2, 3),
        (r#""4""#, "kept", 3, 4),
        (r#""granted""#, "owed", 1, 4),
        (r#""granted""#, "kept", 1, 0),
        (r#""granted""#, "kept", 2, 3),
        (r#""granted""#, "kept", 3, 4),
    ] {
        let limit = format!(
            r#""capacity": {capacity}, "window": {day}, "enforcement": "soft",
                "settle": {{ "overage": "{overage}" }}"#
        );
        let mut stage = limited(&limit, at(0));
        give(&mut stage, grant(1, 4), at(0));
        assert!(ask(&mut stage, 9, at(0)));
        let key = (ScopeId(0), LimitId(0));
        let standing = stage.ledger.standing(&stage.catalog, key, at(later)).unwrap();
        assert_eq!(standing.left(), Some(Quantity::from_units(left)), "{limit}, day {later}");
        // Asking changes nothing of it.
        assert!(ask(&mut stage, 0, at(later)));
        let again = stage.ledger.standing(&stage.catalog, key, at(later)).unwrap();
        assert_eq!(again, standing, "{limit}");
    }
}

/// What is given back lowers a debt, then what grants gave, and is lost with a grant that has ended.
#[test]
fn what_is_given_back_goes_where_it_came_from() {
    let at = |hour: i64| Timestamp::from_millis(hour * 3_600_000).unwrap();
    // Grants of 1, 2 and 3, the second for an hour; 8 are taken, then given back two hours later.
    for (order, back, after, told) in [
        ("reverse", 1, [1, 2, 3, 1], (0, 0)),
        ("reverse", 4, [1, 2, 1, 0], (0, 0)),
        ("reverse", 6, [1, 1, 0, 0], (1, 0)),
        ("reverse", 9, [0, 0, 0, 0], (2, 1)),
        ("burn_order", 3, [0, 2, 3, 0], (0, 0)),
        ("burn_order", 6, [0, 0, 2, 0], (2, 0)),
        ("none", 9, [1, 2, 3, 2], (0, 9)),
    ] {
        let soft = format!(
            r#""enforcement": "soft", "grace": "PT2H", "settle": {{ "give_back": "{order}" }}"#
        );
        let mut stage = granted(&soft, at(0));
        give(&mut stage, grant(1, 1), at(0));
        give(&mut stage, Grant { priority: 1, expires: at(1), ..grant(2, 2) }, at(0));
        give(&mut stage, Grant { priority: 2, ..grant(3, 3) }, at(0));
        assert!(ask(&mut stage, 8, at(0)));
        let mut lost = Lost::default();
        stage.play(&Act::Decide(asked(-back, at(2))), at(2), &mut lost);
        assert_eq!([1, 2, 3, 0].map(|source| used(&stage, source)), after, "{order} {back}");
        assert_eq!((lost.0 / 1_000_000_000, lost.1 / 1_000_000_000), told, "{order} {back}");
    }
}

/// A period that opens with a debt, of which something is given back, ends those before it; to reserve
/// less than nothing opens none.
#[test]
fn giving_back_in_a_new_period_forgets_the_old() {
    let at = |hour: i64| Timestamp::from_millis(hour * 3_600_000).unwrap();
    let limit = r#""capacity": 1, "enforcement": "soft", "settle": { "overage": "kept" },
        "window": { "calendar": { "unit": "day" } }"#;
    let mut stage = limited(limit, at(0));
    assert!(ask(&mut stage, 9, at(0)));
    let ends = |stage: &Stage| {
        let accounts = stage.ledger.accounts();
        let balances = accounts.balances(accounts.get(ScopeId(0)).unwrap());
        balances.map(|balance| (balance.used, balance.window_end)).collect::<Vec<_>>()
    };
    let first = (Quantity::from_units(9), at(24));
    let reserved = Act::Reserve(asked(-2, at(30)), Span::from_millis(1_000).unwrap());
    stage.play(&reserved, at(30), &mut ());
    assert_eq!(ends(&stage), [first]);
    assert!(ask(&mut stage, -2, at(30)));
    assert_eq!(ends(&stage), [(Quantity::from_units(6), at(48))], "the 8 that were over, less 2");
}

/// A grant that is voided pays nothing more, and what it paid stays paid.
#[test]
fn a_void_grant_pays_no_more() {
    let at = |hour: i64| Timestamp::from_millis(hour * 3_600_000).unwrap();
    let mut stage = granted(r#""enforcement": "hard""#, at(0));
    give(&mut stage, grant(1, 4), at(0));
    assert!(ask(&mut stage, 1, at(0)));
    let void = |stage: &mut Stage, source, hour, now| {
        stage.play(&Act::VoidGrant(ScopeId(0), Source(source), at(hour)), at(now), &mut ())
    };
    assert_eq!(void(&mut stage, 2, 1, 0), Played::Done(Err(Refused::UnknownGrant)));
    assert_eq!(void(&mut stage, 1, 2, 0), Played::Done(Ok(())));
    assert_eq!(void(&mut stage, 1, 3, 0), Played::Done(Err(Refused::Absurd)), "only earlier");
    assert!(ask(&mut stage, 1, at(1)));
    assert!(!ask(&mut stage, 1, at(2)));
    assert_eq!(used(&stage, 1), 2);
    // An instant that is past means now.
    give(&mut stage, grant(2, 4), at(2));
    assert_eq!(void(&mut stage, 2, 0, 3), Played::Done(Ok(())));
    assert!(!ask(&mut stage, 1, at(3)));
}

/// A grant pays for late events as long as they are taken; then nothing is left of it.
#[test]
fn ended_grants_are_forgotten() {
    let at = |minute: i64| Timestamp::from_millis(minute * 60_000).unwrap();
    let mut stage = granted(r#""grace": "PT5M""#, at(0));
    let late = |stage: &mut Stage, now| {
        let played = stage.play(&Act::Decide(asked(1, at(1))), at(now), &mut ());
        matches!(played, Played::Decided(verdict) if verdict.is_allowed())
    };
    give(&mut stage, Grant { expires: at(2), ..grant(1, 9) }, at(0));
    assert!(late(&mut stage, 7), "an event of minute 1, five minutes after the end");
    let beyond = Timestamp::from_millis(7 * 60_000 + 1).unwrap();
    stage.play(&Act::Decide(asked(0, beyond)), beyond, &mut ());
    assert!(!late(&mut stage, 8));
    for minute in 8..1_000 {
        let source = u16::try_from(minute).unwrap();
        let short = Grant { effective: at(minute), expires: at(minute + 1), ..grant(source, 1) };
        give(&mut stage, short, at(minute));
        assert!(ask(&mut stage, 1, at(minute)));
    }
    let accounts = stage.ledger.accounts();
    let account = accounts.get(ScopeId(0)).unwrap();
    let kept = (accounts.grants(account).count(), accounts.balances(account).count());
    assert!(kept.0 <= 8 && kept.1 <= 8, "{kept:?}");
}

/// A catalog that declares another burn order draws in it from then on.
#[test]
fn a_new_burn_order_reorders() {
    let at = Timestamp::EPOCH;
    let mut stage = granted(r#""enforcement": "hard""#, at);
    give(&mut stage, Grant { priority: 1, ..grant(1, 4) }, at);
    give(&mut stage, Grant { priority: 2, ..grant(2, 4) }, at);
    assert!(ask(&mut stage, 1, at));
    assert_eq!([1, 2].map(|source| used(&stage, source)), [1, 0]);
    let json = r#"{ "features": { "calls": {} }, "plans": { "free": { "limits": { "calls": {
        "feature": "calls", "capacity": { "granted": "unprice" }, "window": "lifetime" } } } } }"#;
    stage.play(&Act::Install(Box::new(serde_json::from_str(json).unwrap())), at, &mut ());
    assert!(ask(&mut stage, 1, at));
    assert_eq!([1, 2].map(|source| used(&stage, source)), [1, 1]);
}

/// What was given back for nothing: to an ended grant, and to none.
#[derive(Default)]
struct Lost(i128, i128);

impl Observer for Lost {
    fn dropped(&mut self, dropped: &Dropped) {
        self.0 += dropped.expired.as_nanos();
        self.1 += dropped.dropped.as_nanos();
    }
}

/// A scope whose one limit is what its grants add up to, for ever, with more terms.
fn granted(more: &str, now: Timestamp) -> Stage {
    limited(&format!(r#""capacity": "granted", "window": "lifetime", {more}"#), now)
}
