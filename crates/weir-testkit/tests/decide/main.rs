//! The laws of `weir_core::decide`, over random catalogs and histories.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use weir::Trace;
use weir_core::account::Account;
use weir_core::amount::Quantity;
use weir_core::catalog::{Capacity, Catalog, Definition, FundsFirst, Names, Terms};
use weir_core::decide::Stage as At;
use weir_core::decide::{
    Binding, Caller, Cost, Effect, Observer, Outcome, Reason, Request, Retry, Then, Verdict,
};
use weir_core::dedup::RequestKey;
use weir_core::grant::{Burn, Grant, Renewal};
use weir_core::id::{CatalogVersion, FeatureId, LimitId, PlanId, ScopeId, ScopeName};
use weir_core::ledger::{
    Command, Correction, Decided, HostKeys, Ledger, Newcomer, Record, Refused,
};
use weir_core::limit::{Balance, CapacityRead, Enforcement, Fit, Source, UNLIMITED, Warning};
use weir_core::time::{Span, Timestamp};
use weir_core::window::{Period, Window};
use weir_testkit::story::{Act, Ask, Correct, Flavour, Played, Stage};

#[path = "../common/mod.rs"]
mod common;
mod grants;
mod line;
mod memory;
mod sliding;
mod warnings;

use common::law;

#[test]
fn same_as_model() {
    let mix = RefCell::new(Mix::default());
    law(Flavour::Everything, 12_000, |beats| {
        let (mut stage, mut ends) = (Stage::default(), BTreeMap::new());
        for beat in beats {
            let got = stage.play(&beat.act, beat.now, &mut ());
            prop_assert_eq!(&got, &beat.expected, "{:?} at {}", beat.act, beat.now);
            match got {
                Played::Decided(verdict) => {
                    mix.borrow_mut().count(&verdict);
                    mix.borrow_mut().cross(&verdict, &mut ends);
                }
                Played::Done(done) if matches!(beat.act, Act::Import(..)) => {
                    let told = done.map_or_else(Refused::code, |()| "done");
                    *mix.borrow_mut().imported.entry(told).or_default() += 1;
                }
                Played::Done(done) if matches!(beat.act, Act::Correct(Correct::Reset(..))) => {
                    let told = done.map_or_else(Refused::code, |()| "done");
                    *mix.borrow_mut().corrected.entry(("reset", told)).or_default() += 1;
                }
                Played::Adjusted(by) => {
                    let told = by.map_or_else(Refused::code, |_| "done");
                    *mix.borrow_mut().corrected.entry(("adjust", told)).or_default() += 1;
                }
                Played::Done(_) => {}
                Played::Stepped(stepped) => mix.borrow_mut().step(&beat.act, stepped),
            }
        }
        Ok(())
    });
    mix.borrow().assert_rich();
}

#[test]
fn conservation() {
    law(Flavour::Paid, 300, |beats| {
        let (mut stage, mut books) = (Stage::default(), Books::default());
        for beat in beats {
            let (before, records) = (lots(&stage), stage.journal.0.len());
            let mut heard = Heard::default();
            let played = stage.play(&beat.act, beat.now, &mut heard);
            let mut taken = BTreeMap::new();
            for bytes in stage.journal.0.iter().skip(records) {
                taken = books.enter(&Record::decode(bytes).expect("just written"))?;
            }
            let verdict = match played {
                Played::Decided(verdict) | Played::Stepped(Ok(verdict)) => verdict,
                Played::Done(_) if matches!(beat.act, Act::TopUp(..)) => continue,
                Played::Adjusted(_) | Played::Done(_) | Played::Stepped(Err(_)) => {
                    prop_assert_eq!(lots(&stage), before, "nothing was charged");
                    continue;
                }
            };
            let charged = if verdict.flags.replayed { 0 } else { verdict.charged.as_nanos() };
            prop_assert_eq!(before - lots(&stage), charged, "{:?}", verdict);
            if let Played::Decided(verdict) = played {
                prop_assert!(verdict.is_allowed() || taken.is_empty(), "a denial takes nothing");
                for binding in heard.0.iter().filter(|_| verdict.is_allowed()) {
                    let place = (binding.of.scope, binding.of.limit);
                    let terms = terms(&stage, place.0, place.1);
                    let checks = [Window::InFlight, Window::PerRequest];
                    if terms.is_some_and(|terms| checks.contains(&terms.window)) {
                        continue; // it is a check
                    }
                    let of = taken.get(&place).copied().unwrap_or(0);
                    let asked = binding.taken.as_nanos();
                    prop_assert!(of == asked || (asked < of && of <= 0), "{of} of {asked}");
                }
            }
        }
        let accounts = stage.ledger.accounts();
        let held = (0..accounts.len()).flat_map(|at| {
            let scope = ScopeId(u32::try_from(at).unwrap());
            let account = accounts.get(scope).unwrap();
            accounts
                .balances(account)
                .map(move |balance| (key(scope, balance), balance.used.as_nanos()))
        });
        prop_assert_eq!(held.collect::<BTreeMap<_, _>>(), books.0, "what balances hold");
        Ok(())
    });
}

/// What several grants pay together is all of an ask, and from each what it had.
#[test]
fn conservation_over_several_grants() {
    let json = r#"{ "features": { "calls": {} }, "plans": { "free": { "limits": { "calls": {
        "feature": "calls", "capacity": "granted", "window": "lifetime" } } } } }"#;
    let now = Timestamp::EPOCH;
    let scope = ScopeId(0);
    for asked in 0..=7_i64 {
        let mut stage = Stage::default();
        let mut play = |act: Act| stage.play(&act, now, &mut ());
        play(Act::Install(Box::new(serde_json::from_str(json).unwrap())));
        play(Act::Intern(None, "acme".to_owned(), Some(PlanId(0))));
        for (source, amount) in (1..).zip([1, 2, 3]) {
            let given = play(Act::Grant(scope, grant(source, amount), Burn::STANDARD));
            assert_eq!(given, Played::Done(Ok(())));
        }
        let quantity = Quantity::from_units(asked);
        let ask = Ask {
            caller: Caller::Unchecked,
            scopes: vec![scope],
            costs: vec![Cost { feature: FeatureId(0), quantity }],
            at: now,
            key: None,
            on_shortfall: None,
        };
        let Played::Decided(verdict) = play(Act::Decide(ask)) else { panic!("it was asked") };
        assert_eq!(verdict.is_allowed(), asked <= 6, "{asked}");
        let taken = |source| {
            let accounts = stage.ledger.accounts();
            let mut balances = accounts.balances(accounts.get(scope).unwrap());
            let of_source = balances.find(|balance| balance.source == Source(source));
            of_source.map_or(0, |balance| balance.used.as_nanos() / 1_000_000_000)
        };
        let drawn = [[0; 3], [1, 0, 0], [1, 1, 0], [1, 2, 0], [1, 2, 1], [1, 2, 2], [1, 2, 3]];
        let drawn = drawn.get(usize::try_from(asked).unwrap()).unwrap_or(&[0; 3]);
        assert_eq!([1, 2, 3].map(taken), *drawn, "{asked}");
    }
}

/// However long a meter goes on, a scope has what the open period needs, and no more.
#[test]
fn past_periods_are_forgotten() {
    let mut met = 0;
    let windows = [
        r#"{ "calendar": { "unit": "day" } }"#,
        r#"{ "anchored": { "span": "P1D" } }"#,
        r#"{ "first_use": { "span": "PT23H" } }"#,
    ];
    let aggregations = ["count", "latest", "max", "min", "sum"];
    let cases = aggregations.iter().flat_map(|kind| windows.map(|window| (kind, window)));
    for ((aggregation, window), (units, capacity)) in cases.flat_map(|case| {
        [(0, "9"), (3, "9"), (0, "\"granted\""), (3, "\"granted\"")].map(|of| (case, of))
    }) {
        let json = format!(
            r#"{{ "features": {{ "calls": {{ "aggregation": "{aggregation}" }} }},
                  "plans": {{ "free": {{ "limits": {{ "calls": {{
                      "feature": "calls", "capacity": {capacity}, "window": {window} }} }} }} }} }}"#
        );
        let mut stage = Stage::default();
        let at = |day: i64| Timestamp::from_millis(day * 86_400_000).unwrap();
        let mut play = |act: Act, day: i64| stage.play(&act, at(day), &mut ());
        play(Act::Install(Box::new(serde_json::from_str(&json).unwrap())), 0);
        play(Act::Intern(None, "acme".to_owned(), Some(PlanId(0))), 0);
        if capacity != "9" {
            for source in 1..=2 {
                play(Act::Grant(ScopeId(0), grant(source, 5), Burn::STANDARD), 0);
            }
        }
        let quantity = Quantity::from_units(units);
        for day in 0..60 {
            let costs = vec![Cost { feature: FeatureId(0), quantity }];
            let (caller, scopes) = (Caller::Unchecked, vec![ScopeId(0)]);
            let ask = Ask { caller, scopes, costs, at: at(day), key: None, on_shortfall: None };
            let played = play(Act::Decide(ask), day);
            assert!(matches!(played, Played::Decided(verdict) if verdict.is_allowed()));
        }
        let accounts = stage.ledger.accounts();
        let account = accounts.get(ScopeId(0)).unwrap();
        let kept = (accounts.balances(account).count(), accounts.readings(account).count());
        assert!(kept.0 <= 2 && kept.1 <= 2, "{json}: {units} a day leave {kept:?}");
        met += kept.1;
    }
    assert!(met > 20, "{met} meters keep a number");
}

/// A first-use period is the limit's: a grant that starts in it joins it, and so does its meter.
#[test]
fn a_grant_joins_the_period_of_first_use() {
    let json = r#"{ "features": { "seats": { "aggregation": "max" } },
        "plans": { "free": { "limits": { "seats": { "feature": "seats", "capacity": "granted",
            "window": { "first_use": { "span": "PT1H" } } } } } } }"#;
    let at = |minute: i64| Timestamp::from_millis(minute * 60_000).unwrap();
    let mut stage = Stage::default();
    let mut play = |act: Act, minute: i64| stage.play(&act, at(minute), &mut ());
    play(Act::Install(Box::new(serde_json::from_str(json).unwrap())), 0);
    play(Act::Intern(None, "acme".to_owned(), Some(PlanId(0))), 0);
    let later = Grant { priority: -1, effective: at(30), ..grant(2, 4) }; // drawn first, once it pays
    play(Act::Grant(ScopeId(0), grant(1, 4), Burn::STANDARD), 0);
    play(Act::Grant(ScopeId(0), later, Burn::STANDARD), 0);
    let asked = [(0, 4), (0, 0), (40, 0), (59, 0), (60, 4)]; // minute, and what the maximum adds
    for (minute, adds) in asked {
        let costs = vec![Cost { feature: FeatureId(0), quantity: Quantity::from_units(4) }];
        let (caller, scopes) = (Caller::Unchecked, vec![ScopeId(0)]);
        let ask = Ask { caller, scopes, costs, at: at(minute), key: None, on_shortfall: None };
        let Played::Decided(verdict) = play(Act::Decide(ask), minute) else { panic!("asked") };
        let binding = verdict.binding.unwrap();
        assert_eq!(binding.asked, Quantity::from_units(adds), "at minute {minute}");
        let ends = if minute < 60 { at(60) } else { at(120) };
        assert_eq!(binding.resets_at, ends, "at minute {minute}");
    }
}

/// A period to come that is full already gives nothing back when it starts.
#[test]
fn retry_looks_at_what_was_booked_ahead() {
    let json = r#"{ "features": { "calls": {} },
        "plans": { "free": { "limits": { "calls": { "feature": "calls", "capacity": 1,
            "window": { "calendar": { "unit": "hour" } } } } } } }"#;
    let at = |minute: i64| Timestamp::from_millis(minute * 60_000).unwrap();
    let mut stage = Stage::default();
    stage.play(&Act::Install(Box::new(serde_json::from_str(json).unwrap())), at(0), &mut ());
    stage.play(&Act::Intern(None, "acme".to_owned(), Some(PlanId(0))), at(0), &mut ());
    let mut ask = |minute: i64| {
        let cost = Cost { feature: FeatureId(0), quantity: Quantity::from_units(1) };
        let (caller, scopes) = (Caller::Unchecked, vec![ScopeId(0)]);
        let ask = Ask {
            caller,
            scopes,
            costs: vec![cost],
            at: at(minute),
            key: None,
            on_shortfall: None,
        };
        let Played::Decided(verdict) = stage.play(&Act::Decide(ask), at(0), &mut ()) else {
            panic!("asked")
        };
        verdict
    };
    assert!(ask(0).is_allowed());
    assert_eq!(ask(0).retry, Retry::At(at(60)));
    assert!(ask(60).is_allowed());
    let full = ask(0);
    assert!(!full.is_allowed());
    assert_eq!(full.retry, Retry::At(at(120))); // the next hour is full, too
}

/// What is admitted inside the grace is counted in its period, in whatever order it comes.
#[test]
fn order_free() {
    let json = r#"{ "features": { "sum": {}, "count": { "aggregation": "count" }, "max": { "aggregation": "max" } },
        "plans": { "free": { "limits": {
            "sum": { "feature": "sum", "capacity": "unlimited", "grace": "PT9H",
                "window": { "calendar": { "unit": "hour" } } },
            "count": { "feature": "count", "capacity": "granted", "grace": "PT9H",
                "window": { "anchored": { "span": "PT90M" } } },
            "max": { "feature": "max", "capacity": 1, "enforcement": "soft", "grace": "PT9H",
                "window": { "calendar": { "unit": "hour", "count": 2 } } }
        } } } }"#;
    let at = |minute: i64| Timestamp::from_millis(minute * 60_000).unwrap();
    let used = |events: &[(u16, i64, i64)]| {
        let mut stage = Stage::default();
        let mut play = |act: Act| stage.play(&act, at(500), &mut ());
        play(Act::Install(Box::new(serde_json::from_str(json).unwrap())));
        play(Act::Intern(None, "acme".to_owned(), Some(PlanId(0))));
        play(Act::Grant(ScopeId(0), grant(1, 3), Burn::STANDARD));
        play(Act::Grant(ScopeId(0), grant(2, 1_000), Burn::STANDARD));
        for (feature, units, minute) in events {
            let quantity = Quantity::from_units(*units);
            let costs = vec![Cost { feature: FeatureId(*feature), quantity }];
            let (caller, scopes) = (Caller::Unchecked, vec![ScopeId(0)]);
            let ask = Ask { caller, scopes, costs, at: at(*minute), key: None, on_shortfall: None };
            let Played::Decided(verdict) = play(Act::Decide(ask)) else { panic!("asked") };
            assert!(verdict.is_allowed(), "{verdict:?}");
        }
        let account = stage.ledger.account(ScopeId(0)).unwrap();
        let mut used = BTreeMap::new();
        for balance in stage.ledger.accounts().balances(account) {
            let sum = used.entry((balance.limit, balance.window_end)).or_insert(0);
            *sum += balance.used.as_nanos();
        }
        used
    };
    let event = (0..3_u16, 0..40_i64, 0..500_i64);
    let orders = prop::collection::vec(event, 1..40)
        .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()));
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |((one, other) in orders)| {
        prop_assert_eq!(used(&one), used(&other));
    });
}

#[test]
fn nothing_on_denial() {
    let (denials, told) = (RefCell::new(0), RefCell::new(0));
    law(Flavour::Forgetful, 60, |beats| {
        let mut stage = Stage::default();
        for beat in beats {
            let before = stage.ledger.snapshot();
            let played = stage.play(&beat.act, beat.now, &mut ());
            let (Played::Decided(verdict) | Played::Stepped(Ok(verdict))) = played else {
                continue;
            };
            if verdict.is_allowed() {
                continue;
            }
            let last = stage.journal.0.last().map(|bytes| Record::decode(bytes).unwrap());
            let effects = match last.map(|record| record.command) {
                Some(
                    Command::Book(d) | Command::Decide(d) | Command::Reserve { decided: d, .. },
                ) => d.effects,
                Some(Command::Settle(settled)) => settled.effects,
                _ => Cow::Borrowed(&[][..]),
            };
            // That a limit is exhausted is told by a denial, and kept; it is all that may be.
            let exhausted = |effect: &Effect| {
                matches!(effect, Effect::Warned { warning: Warning::Exhausted, .. })
            };
            prop_assert!(effects.iter().all(exhausted), "{:?}", effects);
            if !effects.is_empty() {
                *told.borrow_mut() += 1;
                continue;
            }
            // The same instant passes, and the same number is taken, by dropping what is not there.
            let mut idle = Ledger::restore(&before, &HostKeys::fixed()).expect("just taken");
            let nothing = Command::Note { space: 9, key: Cow::Borrowed(b""), value: None };
            idle.execute(nothing, beat.now, &mut ()).expect("no document is needed");
            prop_assert!(idle.snapshot() == stage.ledger.snapshot(), "{:?}", played);
            *denials.borrow_mut() += 1;
        }
        Ok(())
    });
    let (denials, told) = (denials.into_inner(), told.into_inner());
    assert!(denials > 1_000 && told > 20, "{denials} denials, {told} told something");
}

#[test]
fn never_over() {
    let compared = RefCell::new([0; 3]);
    law(Flavour::Everything, 500, |beats| {
        let (mut stage, mut books) = (Stage::default(), Books::default());
        for beat in beats {
            let (records, mut heard) = (stage.journal.0.len(), Heard::default());
            stage.play(&beat.act, beat.now, &mut heard);
            let mut last = None;
            for bytes in stage.journal.0.iter().skip(records) {
                let record = Record::decode(bytes).expect("just written");
                books.enter(&record)?;
                last = Some(record.command);
            }
            let (decided, holds) = match &last {
                Some(Command::Decide(decided)) => (decided, false),
                Some(Command::Reserve { decided, .. }) => (decided, true),
                _ => continue,
            };
            let wish = decided.on_shortfall;
            for effect in decided.effects.iter() {
                let Effect::Balance { scope, balance, taken } = effect else { continue };
                let terms = terms(&stage, *scope, balance.limit).expect("it was drawn on");
                // What is owed is no allowance: grants pay for it, and nothing is taken from it.
                let granted = matches!(terms.capacity, Capacity::Granted { .. });
                let owed = granted && balance.source == Source::PLAN && !balance.held.is_positive();
                // What is out of a level is told when something is taken: it has sunk since.
                let flows = (balance.source, balance.window_end) == FLOWING;
                let asked = taken.is_positive() || (holds && !owed && !flows);
                let over = match *terms.line.enforcement_for(wish) {
                    Enforcement::Hard | Enforcement::Clamp => Some(Quantity::ZERO),
                    Enforcement::Capped(most) if !granted => Some(most),
                    _ => None,
                };
                if let Some(over) = over.filter(|_| asked) {
                    let used = books.0.get(&key(*scope, balance)).copied().unwrap_or(0);
                    let most = capacity(&stage, *scope, &terms, balance).as_nanos();
                    let most = most.saturating_add(over.as_nanos());
                    let fits = most == i128::MAX || used <= most - balance.held.as_nanos();
                    prop_assert!(fits, "{used} of {most}"); // no use reaches what has no end
                    compared.borrow_mut()[usize::from(over != Quantity::ZERO)] += 1;
                }
            }
            for binding in heard.0.iter().filter(|_| decided.verdict.is_allowed()) {
                let Some(terms) = terms(&stage, binding.of.scope, binding.of.limit) else {
                    continue;
                };
                let asks = binding.asked.is_positive() && binding.capacity != UNLIMITED;
                let fixed = matches!(terms.capacity, Capacity::Fixed { .. });
                let last_call = *terms.line.enforcement_for(wish) == Enforcement::LastCall;
                if last_call && asks && fixed {
                    let before = binding.used.checked_add(binding.held).unwrap();
                    prop_assert!(before < binding.capacity, "{:?}", binding);
                    compared.borrow_mut()[2] += 1;
                }
            }
        }
        Ok(())
    });
    let [hard, capped, last_call] = compared.into_inner();
    assert!(hard > 3_000 && capped > 100 && last_call > 300, "{hard}, {capped}, {last_call}");
}

#[test]
fn no_false_denial() {
    let allowed = RefCell::new((0, 0));
    law(Flavour::Forgetful, 300, |beats| {
        let mut stage = Stage::default();
        for beat in beats {
            let played = stage.play(&beat.act, beat.now, &mut ());
            if let (
                Played::Decided(got) | Played::Stepped(Ok(got)),
                Played::Decided(model) | Played::Stepped(Ok(model)),
            ) = (played, &beat.expected)
                && model.is_allowed()
            {
                prop_assert_eq!(got.outcome, Outcome::Allowed, "{:?}", beat.act);
                let (all, exact) = *allowed.borrow();
                *allowed.borrow_mut() = (all + 1, exact + u32::from(lands_on_the_line(model)));
            }
        }
        Ok(())
    });
    let (all, exact) = allowed.into_inner();
    assert!(all > 3_000 && exact > 1_000, "{all} allowed, {exact} on the line");
}

#[test]
fn no_event_counts_twice() {
    let mut kept = 0;
    for bounds in (0..512).map(|n| [n / 64, n / 8 % 8, n % 8 + 1]) {
        let [max_age, max_ahead, lifetime] = bounds;
        let json = format!(
            r#"{{ "acceptance": {{ "max_age": "PT0.00{max_age}S", "max_ahead": "PT0.00{max_ahead}S" }},
                  "remember": {{ "lifetime": "PT0.00{lifetime}S" }}, "features": {{ "calls": {{}} }},
                  "plans": {{ "free": {{ "limits": {{ "calls": {{
                      "feature": "calls", "capacity": "9", "window": "lifetime" }} }} }} }} }}"#
        );
        let definition: Definition = serde_json::from_str(&json).unwrap();
        let Ok(catalog) = Catalog::compile(&definition, &Names::default(), CatalogVersion(1))
        else {
            continue; // answers would not live long enough
        };
        let mut ledger = Ledger::new(&HostKeys::fixed());
        let install = Command::Install {
            json: Cow::Borrowed(json.as_bytes()),
            names: Cow::Borrowed(catalog.names()),
            zones: catalog.zones().digest(),
        };
        let moment = |ms| Timestamp::from_millis(ms).unwrap();
        ledger.execute(install, moment(0), &mut ()).unwrap();
        let (name, plan) = (ScopeName::parse("acme").unwrap(), catalog.plan("free"));
        let newcomer = Newcomer { name, parent: None, plan };
        let scopes = [ledger.intern(newcomer, moment(0), &mut ()).unwrap()];
        let (feature, quantity) = (catalog.feature("calls").unwrap(), Quantity::from_units(1));
        let (costs, key) = ([Cost { feature, quantity }], RequestKey::new(b"once"));
        let caller = Caller::Unchecked;
        let request = Request {
            caller,
            scopes: &scopes,
            costs: &costs,
            at: moment(10),
            key,
            on_shortfall: None,
        };
        let mut counted = 0;
        for now in 0..40 {
            let verdict =
                ledger.decide(&catalog, (&request, moment(now)), (&mut (), &mut ())).unwrap();
            counted += u32::from(verdict.is_allowed() && !verdict.flags.replayed);
            ledger.execute(Command::Sweep, moment(now), &mut ()).unwrap();
        }
        assert_eq!(counted, 1, "{bounds:?}: counted that often");
        kept += 1;
    }
    assert!(kept > 50, "{kept} catalogs keep answers long enough");
}

#[test]
fn peek_is_decide() {
    law(Flavour::Everything, 300, |beats| {
        let mut stage = Stage::default();
        for beat in beats {
            let asked = match &beat.act {
                Act::Decide(ask) => {
                    let head = stage.ledger.head();
                    let question = (&ask.request(), beat.now);
                    let answer = *stage.ledger.peek(&stage.catalog, question, &mut ());
                    prop_assert_eq!(stage.ledger.head(), head, "a question is no command");
                    Some(answer)
                }
                _ => None,
            };
            let played = stage.play(&beat.act, beat.now, &mut ());
            if let (Some(asked), Played::Decided(decided)) = (asked, played) {
                let sequence = if decided.flags.replayed { decided.sequence } else { 0 };
                prop_assert_eq!(asked, Verdict { sequence, ..decided });
            }
        }
        Ok(())
    });
}

#[test]
fn explain_is_decide() {
    let met = RefCell::new([0_u32; 4]);
    law(Flavour::Everything, 300, |beats| {
        let mut stage = Stage::default();
        for beat in beats {
            let Act::Decide(ask) = &beat.act else {
                stage.play(&beat.act, beat.now, &mut ());
                continue;
            };
            let trace = Trace::of(&mut stage.ledger, &stage.catalog, (&ask.request(), beat.now));
            let records = stage.journal.0.len();
            let Played::Decided(decided) = stage.play(&beat.act, beat.now, &mut ()) else {
                panic!("it was asked");
            };
            prop_assert_eq!(trace.verdict.outcome, decided.outcome);
            prop_assert_eq!(trace.verdict.binding, decided.binding);
            let mut met = met.borrow_mut();
            if decided.flags.replayed {
                met[0] += 1;
                continue;
            }
            // Of what it compared the binding limit is one, and each says what the verdict says.
            let said = |outcome| trace.limits.iter().filter(move |of| of.outcome == outcome);
            if let Some(binding) = decided.binding {
                prop_assert_eq!(
                    said(decided.outcome).filter(|of| of.binding == binding).count(),
                    1
                );
                met[1] += 1;
            }
            let refused = decided.reason().map(Reason::stage);
            prop_assert!(trace.passed.iter().all(|stage| Some(*stage) != refused), "{trace}");
            let watched = trace.limits.iter().any(|of| of.binding.of.fit == Fit::Shadowed);
            prop_assert_eq!(decided.flags.shadow_denied, watched);
            let admit = trace.limits.iter().all(|of| of.binding.of.fit != Fit::Refused);
            match refused {
                None => prop_assert!(admit, "{trace}"),
                Some(At::Funds) => {
                    let first = stage.catalog.funds_first() == FundsFirst::EmptyBeforeLimits;
                    prop_assert!(admit || first, "{trace}");
                }
                Some(At::Window | At::Limits) => prop_assert!(!admit, "{trace}"),
                Some(At::Measure) => {} // of the limits that could be measured nothing follows
                Some(_) => prop_assert!(trace.limits.is_empty(), "{trace}"),
            }
            // What it says that an admission draws and forgets, the record says, too.
            let records = stage.journal.0.iter().skip(records);
            let records: Vec<_> =
                records.map(|r| Record::decode(r).expect("just written")).collect();
            let last = records.last().map(|record| &record.command);
            let Some(Command::Decide(Decided { effects, .. })) = last else { panic!("recorded") };
            let closed = effects.iter().filter(|effect| matches!(effect, Effect::Closed { .. }));
            if records.len() == 1 {
                prop_assert_eq!(trace.closed.len(), closed.count()); // no hold was ended before it
            }
            if decided.is_allowed() {
                let draws = trace.limits.iter().flat_map(|of| &of.draws);
                let taken: Vec<_> = draws.map(|draw| draw.taken).collect();
                let recorded = effects.iter().filter_map(|effect| match effect {
                    Effect::Balance { taken, .. } => Some(*taken),
                    _ => None,
                });
                let recorded: Vec<_> = recorded.filter(|taken| *taken != Quantity::ZERO).collect();
                prop_assert_eq!(taken, recorded);
                met[2] += 1;
            }
            met[3] += u32::try_from(trace.closed.len()).unwrap();
        }
        Ok(())
    });
    let met = met.into_inner();
    assert!(met.iter().all(|times| *times > 100), "{met:?}");
}

#[test]
fn access_is_peek_of_the_least() {
    let compared = RefCell::new((0, 0));
    law(Flavour::Forgetful, 60, |beats| {
        let mut stage = Stage::default();
        for beat in beats {
            stage.play(&beat.act, beat.now, &mut ());
            let (seen, accounts) = (stage.ledger.head().seen, stage.ledger.accounts());
            let last = ScopeId(u32::try_from(accounts.len()).unwrap().saturating_sub(1));
            let above = |scope: &ScopeId| accounts.get(*scope)?.parent();
            let mut path: Vec<ScopeId> = std::iter::successors(Some(last), above).collect();
            path.reverse();
            // Its values are added up, so that the least of them is the least that can be asked.
            let costs = [Cost { feature: FeatureId(0), quantity: Quantity::NANO }];
            let (caller, scopes) = (Caller::Unchecked, &path[..]);
            let least =
                Request { caller, scopes, costs: &costs, at: seen, key: None, on_shortfall: None };
            let mut heard = Compared::default();
            stage.ledger.peek(&stage.catalog, (&least, seen), &mut heard);
            for (limit, outcome) in heard.0 {
                let place = (limit.of.scope, limit.of.limit);
                let access = stage.ledger.access(&stage.catalog, place, seen).unwrap();
                let plan = stage.ledger.account(limit.of.scope).and_then(Account::plan).unwrap();
                let terms = stage.catalog.limit_terms(plan, limit.of.limit).unwrap();
                if terms.counted.feature != FeatureId(0) {
                    continue; // the least of it costs any number of credits
                }
                if access.outcome == Outcome::Denied(Reason::Unmeasurable) {
                    continue; // what was used so far costs more than can be counted
                }
                // One that only watches gives access to everything.
                let watched = limit.of.fit == Fit::Shadowed;
                let outcome = if watched { Outcome::Allowed } else { outcome };
                let Binding { of, asked, taken, resets_at, .. } = access.binding;
                let mut binding = Binding { of, asked, taken, ..limit };
                if matches!(terms.window, Window::Continuous(_)) {
                    // The least comes back later than nothing does.
                    prop_assert!(resets_at <= binding.resets_at);
                    binding.resets_at = resets_at;
                }
                prop_assert_eq!((access.binding, access.outcome), (binding, outcome));
                let (all, denied) = *compared.borrow();
                let refused = u32::from(outcome != Outcome::Allowed);
                *compared.borrow_mut() = (all + 1, denied + refused);
            }
        }
        Ok(())
    });
    let (all, denied) = compared.into_inner();
    assert!(all > 2_000 && denied > 200, "{all} compared, {denied} denied");
}

#[test]
fn what_has_happened_is_refused_by_no_limit() {
    let booked_over = RefCell::new(0);
    law(Flavour::Everything, 400, |beats| {
        let mut stage = Stage::default();
        for beat in beats {
            let Act::Book(ask) = &beat.act else {
                stage.play(&beat.act, beat.now, &mut ());
                continue;
            };
            let question = (&ask.request(), beat.now);
            let asked = *stage.ledger.peek(&stage.catalog, question, &mut ());
            let Played::Decided(booked) = stage.play(&beat.act, beat.now, &mut ()) else {
                panic!("it was asked");
            };
            let of_limit = |verdict: &Verdict| {
                matches!(verdict.reason(), Some(Reason::LimitExceeded | Reason::RateLimited))
            };
            prop_assert!(booked.flags.replayed || !of_limit(&booked), "{booked:?}");
            // All of it is booked where an ask is clamped: that may cost more, or fit no number.
            let more = matches!(booked.reason(), Some(Reason::OutOfCredit | Reason::Unmeasurable));
            let fine = booked.is_allowed() || more || !asked.is_allowed();
            prop_assert!(fine, "{booked:?}, {asked:?}");
            *booked_over.borrow_mut() += u32::from(of_limit(&asked) && booked.is_allowed());
        }
        Ok(())
    });
    assert!(booked_over.into_inner() > 100);
}

#[test]
fn retry_is_exact() {
    let told = RefCell::new((0, 0));
    law(Flavour::Everything, 800, |beats| {
        let mut stage = Stage::default();
        for beat in beats {
            let played = stage.play(&beat.act, beat.now, &mut ());
            let (
                Act::Decide(ask) | Act::Reserve(ask, _),
                Played::Decided(verdict) | Played::Stepped(Ok(verdict)),
            ) = (&beat.act, played)
            else {
                continue;
            };
            let passes = |stage: &mut Stage, at: Timestamp| {
                let request = Request { at, key: None, ..ask.request() };
                stage.ledger.peek(&stage.catalog, (&request, at), &mut ()).is_allowed()
            };
            let seen = stage.ledger.head().seen;
            let (mut exact, mut never) = *told.borrow();
            match verdict.retry {
                _ if verdict.flags.replayed => {}
                Retry::At(at) => {
                    let moment = Span::from_millis(1).unwrap();
                    prop_assert!(at > seen, "{at} is past");
                    prop_assert!(passes(&mut stage, at), "not yet at {at}: {:?}", ask);
                    prop_assert!(
                        !passes(&mut stage, at.checked_sub(moment).unwrap()),
                        "before {at}"
                    );
                    exact += 1;
                }
                Retry::Never => {
                    for days in [0, 1, 31, 400, 4_000] {
                        let later = Span::from_millis(days * 86_400_000).unwrap();
                        let at = seen.checked_add(later).unwrap();
                        prop_assert!(!passes(&mut stage, at), "passes at {at}: {:?}", ask);
                    }
                    never += 1;
                }
                Retry::Now => prop_assert!(verdict.is_allowed()),
                Retry::NotComputed => prop_assert!(!verdict.is_allowed()),
            }
            *told.borrow_mut() = (exact, never);
        }
        Ok(())
    });
    let (exact, never) = told.into_inner();
    assert!(exact > 300 && never > 300, "{exact} instants, {never} times never");
}

fn limited(limit: &str, now: Timestamp) -> Stage {
    let json = format!(
        r#"{{ "features": {{ "calls": {{}} }}, "plans": {{ "free": {{ "limits": {{ "calls": {{
            "feature": "calls", {limit} }} }} }} }} }}"#
    );
    let mut stage = Stage::default();
    stage.play(&Act::Install(Box::new(serde_json::from_str(&json).unwrap())), now, &mut ());
    stage.play(&Act::Intern(None, "acme".to_owned(), Some(PlanId(0))), now, &mut ());
    stage
}

fn give(stage: &mut Stage, grant: Grant, now: Timestamp) {
    let given = stage.play(&Act::Grant(ScopeId(0), grant, Burn::STANDARD), now, &mut ());
    assert_eq!(given, Played::Done(Ok(())));
}

fn asked(units: i64, at: Timestamp) -> Ask {
    let costs = vec![Cost { feature: FeatureId(0), quantity: Quantity::from_units(units) }];
    Ask {
        caller: Caller::Unchecked,
        scopes: vec![ScopeId(0)],
        costs,
        at,
        key: None,
        on_shortfall: None,
    }
}

/// Whether so many units are admitted.
fn ask(stage: &mut Stage, units: i64, now: Timestamp) -> bool {
    let played = stage.play(&Act::Decide(asked(units, now)), now, &mut ());
    matches!(played, Played::Decided(verdict) if verdict.is_allowed())
}

/// The units used of an allowance, all periods together.
fn used(stage: &Stage, source: u16) -> i128 {
    let accounts = stage.ledger.accounts();
    let balances = accounts.balances(accounts.get(ScopeId(0)).unwrap());
    let of_source = balances.filter(|balance| balance.source == Source(source));
    of_source.map(|balance| balance.used.as_nanos() / 1_000_000_000).sum()
}

/// A grant of so many units of the first limit, for ever.
fn grant(source: u16, units: i64) -> Grant {
    Grant {
        name: format!("g{source}").into(),
        limit: LimitId(0),
        source: Source(source),
        amount: Quantity::from_units(units),
        priority: 0,
        effective: Timestamp::EPOCH,
        expires: Timestamp::MAX,
        renewal: Renewal::DEFAULT,
    }
}

/// What tells one balance from another.
type Key = (ScopeId, LimitId, Source, Timestamp);

fn key(scope: ScopeId, balance: &Balance) -> Key {
    (scope, balance.limit, balance.source, balance.window_end)
}

/// What every balance should hold: the sum of what records say was taken.
#[derive(Default)]
struct Books(BTreeMap<Key, i128>);

impl Books {
    /// Adds up one record, and tells what it took from each limit.
    fn enter(
        &mut self,
        record: &Record<'_>,
    ) -> Result<BTreeMap<(ScopeId, LimitId), i128>, TestCaseError> {
        let (mut taken_of, mut moved_of) = (BTreeMap::new(), BTreeMap::new());
        let effects = match &record.command {
            Command::Book(decided)
            | Command::Decide(decided)
            | Command::Reserve { decided, .. } => &decided.effects[..],
            Command::Correct(Correction::Adjust { effects, .. }) => &effects[..],
            Command::Settle(settled) => &settled.effects[..],
            Command::Correct(Correction::Reset { effects, .. }) => {
                self.set(effects);
                &[]
            }
            Command::Batch(commands) => {
                commands.iter().for_each(|command| self.import(record.now, command));
                &[]
            }
            command @ Command::Import { .. } => {
                self.import(record.now, command);
                &[]
            }
            _ => &[],
        };
        for effect in effects {
            match effect {
                Effect::Balance { scope, balance, taken } => {
                    let known = self.0.get(&key(*scope, balance)).copied();
                    let mut sum = known.unwrap_or_default();
                    if (balance.source, balance.window_end) == FLOWING {
                        sum = sum.min(balance.used.as_nanos() - taken.as_nanos()); // the rest is back
                    }
                    let opens = known.is_none() && balance.source == Source::PLAN;
                    if taken.as_nanos() == 0 || opens {
                        // Grants pay for a debt, or a new period starts with one.
                        let moved = balance.used.as_nanos() - taken.as_nanos() - sum;
                        *moved_of.entry((*scope, balance.limit)).or_default() += moved;
                        sum += moved;
                    }
                    sum += taken.as_nanos();
                    self.0.insert(key(*scope, balance), sum);
                    prop_assert_eq!(sum, balance.used.as_nanos(), "{:?}", effect);
                    *taken_of.entry((*scope, balance.limit)).or_default() += taken.as_nanos();
                }
                Effect::Closed { scope, key: (limit, source, end) } => {
                    let closed = self.0.remove(&(*scope, *limit, *source, *end));
                    prop_assert!(closed.is_some(), "{:?}", effect);
                }
                Effect::Ended { scope, source } => {
                    self.0.retain(|(of, _, known, _), _| (*of, *known) != (*scope, *source));
                }
                Effect::Lot { .. }
                | Effect::Member { .. }
                | Effect::Reading { .. }
                | Effect::Warned { .. } => {}
            }
        }
        // More than nothing only where a new period takes what an earlier one owes.
        prop_assert!(moved_of.values().all(|moved: &i128| *moved >= 0), "{:?}", effects);
        Ok(taken_of)
    }

    /// Takes over what was counted elsewhere, for what was counted within that period here.
    fn import(&mut self, now: Timestamp, command: &Command<'_>) {
        let Command::Import { scope, balance, .. } = command else { return };
        let end = balance.window_end;
        let within = |(of, limit, source, at): &Key| {
            key(*scope, balance) == (*of, *limit, *source, end) && now < *at && *at < end
        };
        self.0.retain(|key, _| !within(key));
        self.0.insert(key(*scope, balance), balance.used.as_nanos());
    }
}

impl Books {
    /// Takes over what a limit that starts anew is said to stand at.
    fn set(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Balance { scope, balance, .. } => {
                    self.0.insert(key(*scope, balance), balance.used.as_nanos());
                }
                Effect::Closed { scope, key: (limit, source, end) } => {
                    self.0.remove(&(*scope, *limit, *source, *end));
                }
                Effect::Ended { .. }
                | Effect::Lot { .. }
                | Effect::Member { .. }
                | Effect::Reading { .. }
                | Effect::Warned { .. } => {}
            }
        }
    }
}

/// The balance of a level, which sinks.
const FLOWING: (Source, Timestamp) = (Source::SLIDING, Period::FLOWING);

/// Every limit that was compared.
#[derive(Default)]
struct Heard(Vec<Binding>);

impl Observer for Heard {
    fn touched(&mut self, limit: &Binding, _: Outcome) {
        self.0.push(*limit);
    }
}

/// Every limit that was compared, and what came of it.
#[derive(Default)]
struct Compared(Vec<(Binding, Outcome)>);

impl Observer for Compared {
    fn touched(&mut self, limit: &Binding, admitted: Outcome) {
        self.0.push((*limit, admitted));
    }
}

/// What is left of all lots together, and what is held of them.
fn lots(stage: &Stage) -> i128 {
    let accounts = stage.ledger.accounts();
    let scopes = (0..accounts.len()).map(|at| ScopeId(u32::try_from(at).unwrap()));
    let lots =
        scopes.filter_map(|scope| accounts.get(scope)).flat_map(|account| accounts.lots(account));
    let pledges = stage.ledger.holds().flat_map(|hold| &hold.held.pledges);
    lots.map(|lot| lot.left.as_nanos()).chain(pledges.map(|p| p.left.as_nanos())).sum()
}

fn terms(stage: &Stage, scope: ScopeId, limit: LimitId) -> Option<Terms> {
    stage.catalog.limit_terms(stage.ledger.account(scope)?.plan()?, limit).cloned()
}

/// How much there is of a balance's allowance, by what was sold rather than by what it says.
fn capacity(stage: &Stage, scope: ScopeId, terms: &Terms, balance: &Balance) -> Quantity {
    match terms.capacity {
        Capacity::Fixed { read: CapacityRead::AtRoll, .. } => balance.capacity,
        Capacity::Fixed { amount, read: CapacityRead::Live } => amount,
        Capacity::Granted { .. } => {
            let accounts = stage.ledger.accounts();
            let mut grants = accounts.grants(accounts.get(scope).unwrap());
            let grant = grants.find(|grant| grant.source == balance.source);
            grant.map_or(Quantity::ZERO, |Grant { amount, renewal, .. }| {
                let least = renewal.rollover.map(|rollover| rollover.opens_with(Quantity::ZERO));
                least.map_or(*amount, |least| least.max(*amount)) // it may keep more than its amount
            })
        }
    }
}

fn lands_on_the_line(verdict: &Verdict) -> bool {
    let asks = verdict.binding.is_some_and(|binding| binding.asked.is_positive());
    asks && verdict.is_allowed() && verdict.remaining() == Some(Quantity::ZERO)
}

const fn fit(fit: Fit) -> &'static str {
    match fit {
        Fit::Clamped => "clamped",
        Fit::Over => "over",
        Fit::Refused => "refused",
        Fit::Shadowed => "a shadow binds",
        Fit::Within => "within",
    }
}

/// What kinds of verdicts were met.
#[derive(Debug, Default)]
struct Mix {
    all: usize,
    denied: BTreeMap<&'static str, usize>,
    fits: BTreeMap<&'static str, usize>,
    imported: BTreeMap<&'static str, usize>,
    corrected: BTreeMap<(&'static str, &'static str), usize>,
    stepped: BTreeMap<(&'static str, &'static str), usize>,
    replayed: usize,
    on_the_line: usize,
    crossed: usize,
}

impl Mix {
    fn count(&mut self, verdict: &Verdict) {
        self.all += 1;
        if let Some(Binding { of, asked, taken, .. }) = verdict.binding {
            let shed = taken < asked && verdict.is_allowed();
            *self.fits.entry(if shed { "shed" } else { fit(of.fit) }).or_default() += 1;
        }
        *self.fits.entry("shadowed").or_default() += usize::from(verdict.flags.shadow_denied);
        if verdict.flags.replayed {
            self.replayed += 1;
        } else if let Some(reason) = verdict.reason() {
            *self.denied.entry(reason.code()).or_default() += 1;
        } else if lands_on_the_line(verdict) {
            self.on_the_line += 1;
        }
    }

    /// Counts a decision whose limit has passed into another period since it was last met.
    fn cross(&mut self, verdict: &Verdict, ends: &mut BTreeMap<(ScopeId, LimitId), Timestamp>) {
        let Some(binding) = verdict.binding else { return };
        let before = ends.insert((binding.of.scope, binding.of.limit), binding.resets_at);
        if before.is_some_and(|end| end < binding.resets_at) {
            self.crossed += 1;
        }
    }

    fn step(&mut self, act: &Act, stepped: Result<Verdict, Refused>) {
        if let (Act::Reserve(..), Ok(verdict)) = (act, stepped) {
            self.count(&verdict);
        }
        let did = match act {
            Act::Commit(.., Then::End) => "end",
            Act::Commit(..) => "commit",
            Act::Reserve(..) => "reserve",
            _ => "release",
        };
        let told = match stepped {
            Err(refused) => refused.code(),
            Ok(verdict) if verdict.flags.replayed => "again",
            Ok(verdict) => verdict.reason().map_or("allowed", Reason::code),
        };
        *self.stepped.entry((did, told)).or_default() += 1;
    }

    fn assert_rich(&self) {
        for (did, told) in STEPS {
            let times = self.stepped.get(&(*did, *told)).copied().unwrap_or(0);
            assert!(times >= 10, "{did}, {told}: {times} of {self:?}");
        }
        assert!(self.all >= 1_000_000, "{self:?}");
        for reason in Reason::ALL {
            assert!(self.denied.get(reason.code()).is_some_and(|times| *times >= 200), "{self:?}");
        }
        for told in ["over", "refused", "shadowed", "shed", "within"] {
            assert!(self.fits.get(told).is_some_and(|times| *times >= 100), "{self:?}");
        }
        for told in ["done", "command.capacity", "command.period", "command.unknown_name"] {
            assert!(self.imported.get(told).is_some_and(|times| *times >= 50), "{self:?}");
        }
        for did in ["adjust", "reset"] {
            for told in ["done", "command.period", "command.unknown_name"] {
                let times = self.corrected.get(&(did, told)).copied().unwrap_or(0);
                assert!(times >= 10, "{did}, {told}: {times} of {self:?}");
            }
        }
        let denied: usize = self.denied.values().sum();
        assert!(denied * 10 >= self.all, "{self:?}");
        assert!(self.replayed * 20 >= self.all, "{self:?}");
        assert!(self.on_the_line * 20 >= self.all, "{self:?}");
        assert!(self.crossed * 100 >= self.all, "{self:?}");
    }
}

/// What steps of holds must be met.
const STEPS: &[(&str, &str)] = &[
    ("reserve", "allowed"),
    ("reserve", "again"),
    ("reserve", "limit_exceeded"),
    ("reserve", "out_of_credit"),
    ("reserve", "unmeasurable"),
    ("reserve", "command.absurd"),
    ("commit", "allowed"),
    ("commit", "again"),
    ("commit", "limit_exceeded"),
    ("commit", "out_of_credit"),
    ("commit", "no_entitlement"),
    ("commit", "malformed"),
    ("commit", "rate_limited"),
    ("commit", "command.ended"),
    ("commit", "command.unknown_hold"),
    ("end", "allowed"),
    ("end", "again"),
    ("end", "limit_exceeded"),
    ("release", "allowed"),
    ("release", "again"),
];
