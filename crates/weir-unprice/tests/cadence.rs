//! What is true of every cadence, whatever its anchor and wherever its life begins.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use weir::{Gate, Timestamp};
use weir_core::window::Period;
use weir_unprice::cadence::{Anchor, Cadence, Interval, Term, Turn};

/// Every interval, with counts and anchors of all kinds.
fn cadences() -> Vec<Cadence> {
    let mut cadences = vec![Cadence::ONCE];
    for (interval, anchors) in [
        (Interval::Minute, vec![0, 30, 59]),
        (Interval::Day, vec![0, 6, 23]),
        (Interval::Week, (0..7).collect()),
        (Interval::Month, vec![1, 15, 29, 30, 31]),
        (Interval::Year, vec![1, 29, 31]),
    ] {
        let anchors = anchors.into_iter().map(Anchor::At).chain([Anchor::DayOfCreation]);
        for anchor in anchors {
            cadences.extend([1, 2, 7, 15].map(|count| Cadence { interval, count, anchor }));
        }
    }
    cadences
}

/// Days and times of day at which a month, a week or an hour is about to end, or has begun.
fn starts() -> Vec<Timestamp> {
    let days = ["2024-01-31", "2024-02-29", "2025-01-30", "2024-04-05", "2026-03-01", "2024-12-29"];
    let times = ["00:00:00.000", "11:59:59.700", "23:58:10.000"];
    let at = |(day, time): (&str, &str)| format!("{day}T{time}Z").parse().unwrap();
    days.iter().flat_map(|day| times.map(|time| at((day, time)))).collect()
}

fn check(law: impl Fn(&Cadence, Period)) {
    for cadence in cadences() {
        for start in starts() {
            law(&cadence, Period { start, end: Period::NEVER });
        }
    }
}

#[test]
fn each_period_starts_where_the_one_before_ends() {
    check(|cadence, life| {
        let mut turns = Term { life, trial_ends: None }.turns(cadence).unwrap();
        let mut last = turns.next().unwrap().period();
        assert!(last.contains(life.start), "{cadence:?} from {}", life.start);
        for turn in turns.take(40) {
            assert_eq!(turn.period().start, last.end, "{cadence:?} from {}", life.start);
            last = turn.period();
        }
    });
}

#[test]
fn a_catalogs_window_ends_when_the_contracts_period_does() {
    // One gate for all of a start, each cadence a limit of its own.
    for start in starts() {
        let (life, cadences) = (Period { start, end: Period::NEVER }, cadences());
        let limit = |(at, cadence): (usize, &Cadence)| {
            let window = serde_json::to_string(&cadence.window(life).unwrap()).unwrap();
            format!(r#""l{at}": {{"feature": "f", "capacity": 1, "window": {window}}}"#)
        };
        let limits: Vec<_> = cadences.iter().enumerate().map(limit).collect();
        let plans = format!(r#"{{"p": {{"limits": {{{}}}}}}}"#, limits.join(","));
        let catalog = format!(r#"{{"features": {{"f": {{}}}}, "plans": {plans}}}"#);
        let gate = Gate::in_memory().unwrap();
        gate.install(catalog.as_bytes(), start).unwrap();
        let scope = gate.open(None, "acme", Some("p"), start).unwrap();
        for day in [0, 1, 8, 30, 59, 370] {
            let at = Timestamp::from_millis(start.as_millis() + day * 86_400_000 + 1).unwrap();
            for (number, cadence) in cadences.iter().enumerate() {
                let period = cadence.period(life, at).unwrap().unwrap();
                let standing = gate.standing(scope, &format!("l{number}"), at).unwrap();
                assert_eq!(standing.resets_at, period.end, "{cadence:?} from {start} at {at}");
            }
        }
    }
}

#[test]
fn nothing_is_outside_the_life_and_the_last_period_is_cut() {
    let hours =
        |at: Timestamp, n: i64| Timestamp::from_millis(at.as_millis() + n * 3_600_000).unwrap();
    check(|cadence, life| {
        let (before, end) = (hours(life.start, -1), hours(life.start, 100));
        let life = Period { end, ..life };
        assert_eq!(cadence.period(life, before).unwrap(), None);
        assert_eq!(cadence.period(life, end).unwrap(), None);
        let last = cadence.period(life, hours(end, -1)).unwrap().unwrap();
        assert!(last.end <= end, "{cadence:?} from {}", life.start);
    });
}

#[test]
fn a_trial_is_exact_and_what_follows_begins_with_its_end() {
    check(|cadence, life| {
        let over = Timestamp::from_millis(life.start.as_millis() + 90_000_000).unwrap();
        let term = Term { life, trial_ends: Some(over) };
        let trial = Period { start: life.start, end: over };
        assert_eq!(term.turn(cadence, life.start).unwrap(), Some(Turn::Trial(trial)));
        let after = cadence.period(Period { start: over, ..life }, over).unwrap().unwrap();
        assert_eq!(term.turn(cadence, over).unwrap(), Some(Turn::Billed(after)));
    });
}

#[test]
fn an_anchor_that_no_period_has_is_refused() {
    let life = Period { start: Timestamp::EPOCH, end: Period::NEVER };
    for (interval, bad) in [
        (Interval::Minute, vec![60]),
        (Interval::Day, vec![24]),
        (Interval::Week, vec![7]),
        (Interval::Month, vec![0, 32]),
        (Interval::Year, vec![0, 32]),
    ] {
        for at in bad {
            let cadence = Cadence { interval, count: 1, anchor: Anchor::At(at) };
            let told = cadence.window(life).unwrap_err();
            assert!(at < told.least || told.most < at, "{told}");
            assert!(Term { life, trial_ends: None }.turns(&cadence).is_err());
        }
    }
}
