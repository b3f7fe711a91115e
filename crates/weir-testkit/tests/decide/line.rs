//! The laws of a limit's line: what is wished for there, what comes late, and where there is none.

use weir_core::amount::Quantity;
use weir_core::decide::{Cost, Reason};
use weir_core::id::{FeatureId, ScopeId};
use weir_core::limit::{Fit, OnShortfall};
use weir_core::time::Timestamp;
use weir_testkit::story::{Act, Ask, Played, Stage};

use super::{asked, limited};

/// A wish is heard where the limit lists it, and as declared elsewhere; it waits as long as what it is
/// taken for.
#[test]
fn a_wish_is_heard_where_it_is_listed() {
    let now = Timestamp::EPOCH;
    for (enforcement, listed, wish, met) in [
        ("hard", "", None, Fit::Refused),
        ("hard", "", Some(OnShortfall::Clamp), Fit::Refused),
        ("hard", r#""reject""#, Some(OnShortfall::Clamp), Fit::Refused),
        ("hard", r#""clamp""#, Some(OnShortfall::Clamp), Fit::Clamped),
        ("hard", r#""clamp""#, None, Fit::Refused),
        ("soft", r#""clamp""#, Some(OnShortfall::Reject), Fit::Over),
        ("soft", r#""clamp", "reject""#, Some(OnShortfall::Reject), Fit::Refused),
        ("shadow", r#""reject""#, Some(OnShortfall::Reject), Fit::Refused),
        ("shadow", r#""reject""#, None, Fit::Shadowed),
    ] {
        let limit = format!(
            r#""capacity": 10, "window": "lifetime", "enforcement": "{enforcement}",
                "settle": {{ "on_shortfall": [{listed}] }}"#
        );
        let mut stage = limited(&limit, now);
        let told = |units, stage: &mut Stage| {
            let ask = Ask { on_shortfall: wish, ..asked(units, now) };
            let Played::Decided(verdict) = stage.play(&Act::Decide(ask), now, &mut ()) else {
                panic!("it was asked")
            };
            verdict
        };
        assert!(told(8, &mut stage).is_allowed());
        let verdict = told(5, &mut stage);
        assert_eq!(verdict.is_allowed(), met != Fit::Refused, "{enforcement} {listed} {wish:?}");
        let taken = match met {
            Fit::Refused => 8,
            Fit::Clamped => 10,
            Fit::Over | Fit::Shadowed | Fit::Within => 13,
        };
        let accounts = stage.ledger.accounts();
        let balance = accounts.balances(accounts.get(ScopeId(0)).unwrap()).next().unwrap();
        assert_eq!(balance.used, Quantity::from_units(taken), "{enforcement} {listed} {wish:?}");
    }
}

/// An event after the grace of its period is refused, or counted in the period of now.
#[test]
fn late_events_are_refused_or_counted_now() {
    let at = |hour: i64| Timestamp::from_millis(hour * 3_600_000).unwrap();
    // What is declared; at which hour an event of hour 0 is decided; when the period ends in which it
    // is counted, if it is.
    for (late, now, counted) in [
        ("reject", 24, Some(24)),
        ("reject", 25, Some(24)),
        ("reject", 26, None),
        ("now", 25, Some(24)),
        ("now", 26, Some(48)),
        ("now", 24 * 40, Some(24 * 41)),
    ] {
        let limit = format!(
            r#""capacity": 5, "grace": "PT1H", "window": {{ "calendar": {{ "unit": "day" }} }},
                "settle": {{ "late": "{late}" }}"#
        );
        let mut stage = limited(&limit, at(0));
        let played = stage.play(&Act::Decide(asked(2, at(0))), at(now), &mut ());
        let Played::Decided(verdict) = played else { panic!("it was asked") };
        let ends = verdict.binding.filter(|_| verdict.is_allowed()).map(|limit| limit.resets_at);
        assert_eq!(ends, counted.map(at), "{late} at {now}");
        let refused = (counted.is_none()).then_some(Reason::PeriodClosed);
        assert_eq!(verdict.reason(), refused, "{late} at {now}");
    }
}

/// A limit without a line never refuses; it counts no further than numbers go, and says so.
#[test]
fn no_line_is_crossed_where_there_is_none() {
    let now = Timestamp::EPOCH;
    let mut stage = limited(r#""capacity": "unlimited", "window": "lifetime""#, now);
    let mut reason = |quantity: i128| {
        let costs = vec![Cost { feature: FeatureId(0), quantity: Quantity::from_nanos(quantity) }];
        let played = stage.play(&Act::Decide(Ask { costs, ..asked(0, now) }), now, &mut ());
        let Played::Decided(verdict) = played else { panic!("it was asked") };
        verdict.reason()
    };
    assert_eq!(reason(1), None, "a balance is open");
    assert_eq!(reason(i128::MAX - 1), None);
    assert_eq!(reason(1), Some(Reason::Unmeasurable));
    assert_eq!(reason(-1), None);
    assert_eq!(reason(1), None);
}
