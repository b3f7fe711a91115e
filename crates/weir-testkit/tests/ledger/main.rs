//! The laws of `weir_core::ledger`, over random catalogs and histories.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use weir_core::amount::Quantity;
use weir_core::catalog::{Catalog, Definition, Names};
use weir_core::decide::{Caller, Cost, Reason, Request, Verdict};
use weir_core::grant::{Burn, Grant, Renewal};
use weir_core::id::{CatalogVersion, HoldId, LimitId, PlanId, ScopeId, ScopeName, WalletId};
use weir_core::ledger::{
    Command, Failed, Forecast, HostKeys, Ledger, Newcomer, Pace, Record, Refused,
};
use weir_core::limit::Source;
use weir_core::time::{Span, Timestamp};
use weir_core::wallet::{Kind, Lot};
use weir_core::window::Period;
use weir_testkit::story::{Act, Beat, Correct, Flavour, Played, Stage, mix, principal};

#[path = "../common/mod.rs"]
mod common;
mod correct;

use common::law;

#[test]
fn replay_is_state() {
    law(Flavour::Everything, 300, |beats| {
        let stage = played(beats);
        let mut fresh = Ledger::new(&HostKeys::fixed());
        for bytes in &stage.journal.0 {
            let record = Record::decode(bytes).expect("just written");
            prop_assert_eq!(fresh.replay(&record), Ok(()), "{:?}", record);
        }
        prop_assert!(fresh.snapshot() == stage.ledger.snapshot());
        Ok(())
    });
}

/// The forecast is followed request by request, by a ledger restored from the same state.
#[test]
fn forecast_is_exact() {
    let met = RefCell::new([0_u32; 4]);
    law(Flavour::Forgetful, 200, |beats| {
        let stage = played(beats);
        let (seen, scopes) = (stage.ledger.head().seen, stage.ledger.accounts().len());
        let snapshot = stage.ledger.snapshot();
        for pick in 0..5_u64 {
            let draw = mix(pick ^ snapshot.len() as u64);
            let scope = ScopeId(u32::try_from(draw % scopes.max(1) as u64).unwrap());
            let limit = LimitId(u16::try_from(draw / 7 % 4).unwrap());
            let hour = 3_600_000_i64;
            let every = [hour / 3_600, hour, hour, 5 * hour, 11 * hour, 24 * hour, 240 * hour];
            let every = Span::from_millis(every[(draw / 31 % 7) as usize]).unwrap();
            let units = i64::try_from(draw / 191 % 3 + 1).unwrap();
            let pace = Pace { quantity: Quantity::from_units(units), every };
            let Some(outlook) = stage.ledger.outlook(scope) else { continue };
            let Some(told) = outlook.forecast(&stage.catalog, limit, pace, seen) else { continue };
            prop_assert!(stage.ledger.snapshot() == snapshot, "a question changes nothing");
            let mut ledger = Ledger::restore(&snapshot, &HostKeys::fixed()).expect("just taken");
            let accounts = ledger.accounts();
            let plan = accounts.get(scope).unwrap().plan().unwrap();
            let feature = stage.catalog.limit_terms(plan, limit).unwrap().counted.feature;
            let above = |scope: &ScopeId| accounts.get(*scope)?.parent();
            let mut path: Vec<_> = std::iter::successors(Some(scope), above).collect();
            path.reverse();
            let costs = [Cost { feature, quantity: pace.quantity }];
            let mut at = seen;
            for step in 0..1_000 {
                let request = Request {
                    caller: Caller::Unchecked,
                    scopes: &path,
                    costs: &costs,
                    at,
                    key: None,
                    on_shortfall: None,
                };
                let to = (&mut (), &mut ());
                let Ok(verdict) = ledger.decide(&stage.catalog, (&request, at), to);
                match told {
                    Forecast::At { at: then, reason, limit } if then == at => {
                        prop_assert_eq!(verdict.reason(), Some(reason), "at {}", at);
                        prop_assert_eq!(verdict.binding.map(|b| b.of.limit), limit);
                        met.borrow_mut()[usize::from(step > 0)] += 1;
                        break;
                    }
                    Forecast::At { at: then, .. } => {
                        prop_assert!(at < then, "not refused at {then}")
                    }
                    Forecast::AtLeast(then) if at >= then => break,
                    Forecast::Never if at.since(seen) > DAYS_400 => {
                        met.borrow_mut()[3] += 1;
                        break;
                    }
                    Forecast::AtLeast(_) | Forecast::Never => {}
                }
                prop_assert!(verdict.is_allowed(), "{:?} at {}: {:?}", told, at, verdict);
                met.borrow_mut()[2] += u32::from(step == 100); // a long way
                at = at.checked_add(every).unwrap();
            }
        }
        Ok(())
    });
    let met = met.into_inner();
    assert!(met.iter().all(|times| *times > 20), "{met:?}");
}

/// What starts and ends at the very instant of a request counts from that request on.
#[test]
fn forecast_is_exact_at_both_ends_of_a_grant() {
    let json = r#"{ "features": { "calls": {} }, "plans": { "free": { "limits": { "calls": {
        "feature": "calls", "capacity": "granted", "window": "lifetime" } } } } }"#;
    let hour = |hours: i64| Timestamp::from_millis(hours * 3_600_000).unwrap();
    let every = hour(1).since(hour(0));
    let (early, late, whole) = ((0, 10, 100), (10, 30, 15), (0, 9_999, 3));
    for (grants, refused) in [
        (&[early][..], 10),    // 10 of 100 are used when it ends
        (&[late][..], 0),      // it has not begun
        (&[early, late], 25),  // the second one lasts for 15
        (&[early, whole], 13), // the first one, which ends sooner, is drawn from first
        (&[whole], 3),
    ] {
        let mut stage = Stage::default();
        let mut play = |act: Act| stage.play(&act, hour(0), &mut ());
        play(Act::Install(Box::new(serde_json::from_str(json).unwrap())));
        play(Act::Intern(None, "acme".to_owned(), Some(PlanId(0))));
        for (source, (from, until, units)) in (1..).zip(grants) {
            let grant = Grant {
                name: format!("g{source}").into(),
                limit: LimitId(0),
                source: Source(source),
                amount: Quantity::from_units(*units),
                priority: 0,
                effective: hour(*from),
                expires: hour(*until),
                renewal: Renewal::DEFAULT,
            };
            play(Act::Grant(ScopeId(0), grant, Burn::STANDARD));
        }
        let pace = Pace { quantity: Quantity::from_units(1), every };
        let outlook = stage.ledger.outlook(ScopeId(0)).unwrap();
        let (reason, limit) = (Reason::LimitExceeded, Some(LimitId(0)));
        let told = outlook.forecast(&stage.catalog, LimitId(0), pace, hour(0));
        assert_eq!(told, Some(Forecast::At { at: hour(refused), reason, limit }), "{grants:?}");
        let nothing = Pace { quantity: Quantity::ZERO, every };
        let outlook = stage.ledger.outlook(ScopeId(0)).unwrap();
        assert_eq!(outlook.forecast(&stage.catalog, LimitId(0), nothing, hour(0)), None);
    }
}

/// A cheaper tier pays back what a step before it could not pay.
#[test]
fn forecast_is_exact_over_tiers() {
    let json = r#"{ "features": { "calls": {} }, "wallets": { "cash": {} },
        "plans": { "free": { "limits": { "calls": { "feature": "calls", "capacity": "unlimited",
            "window": "lifetime", "charge": { "wallet": "cash", "price": { "volume": [
                { "above": 0, "to": 10, "unit": 1 }, { "above": 10, "unit": "0.5" } ] } } } } } } }"#;
    let mut stage = Stage::default();
    let mut play = |act: Act| stage.play(&act, Timestamp::EPOCH, &mut ());
    play(Act::Install(Box::new(serde_json::from_str(json).unwrap())));
    play(Act::Intern(None, "acme".to_owned(), Some(PlanId(0))));
    let nine = Quantity::from_units(9); // for nine calls one by one, for eighteen at once
    play(Act::TopUp(
        ScopeId(0),
        Lot {
            name: "lot".into(),
            wallet: WalletId(0),
            amount: nine,
            left: nine,
            kind: Kind::Paid,
            priority: 0,
            purchased: Timestamp::EPOCH,
            expires: Timestamp::MAX,
        },
    ));
    let second = |seconds: i64| Timestamp::from_millis(seconds * 1_000).unwrap();
    let pace = Pace { quantity: Quantity::from_units(1), every: second(1).since(second(0)) };
    let outlook = stage.ledger.outlook(ScopeId(0)).unwrap();
    let told = outlook.forecast(&stage.catalog, LimitId(0), pace, second(0));
    let (reason, limit) = (Reason::OutOfCredit, None);
    assert_eq!(told, Some(Forecast::At { at: second(9), reason, limit }));
}

const DAYS_400: Span = match Span::from_millis(400 * 86_400_000) {
    Ok(days) => days,
    Err(_) => Span::ZERO,
};

#[test]
fn split_is_whole() {
    law(Flavour::Everything, 200, |beats| {
        let whole = played(beats).ledger.snapshot();
        for part in 1..4 {
            let mut stage = Stage::default();
            let (before, after) = beats.split_at(beats.len() * part / 4);
            for beat in before {
                stage.play(&beat.act, beat.now, &mut ());
            }
            let snapshot = stage.ledger.snapshot();
            stage.ledger = Ledger::restore(&snapshot, &HostKeys::fixed()).expect("just taken");
            prop_assert!(stage.ledger.snapshot() == snapshot, "restored at {part}/4");
            for beat in after {
                let got = stage.play(&beat.act, beat.now, &mut ());
                prop_assert_eq!(got, beat.expected.clone(), "after {}/4: {:?}", part, beat.act);
            }
            prop_assert!(stage.ledger.snapshot() == whole, "gone on from {part}/4");
        }
        Ok(())
    });
}

#[test]
fn roots_apart() {
    let compared = RefCell::new(0);
    law(Flavour::Apart, 300, |beats| {
        let (mut all, mut rest) = (Stage::default(), Stage::default());
        // Where each scope of the whole stands without the erased root; `None` if it is erased. And
        // the number of each hold.
        let mut kept: Vec<Option<ScopeId>> = Vec::new();
        let mut holds: BTreeMap<HoldId, HoldId> = BTreeMap::new();
        for beat in beats {
            let open = all.ledger.accounts().len();
            let known = all.ledger.holds().map(|hold| hold.id).collect::<Vec<_>>();
            let mine = |hold: HoldId| match holds.get(&hold) {
                None if known.contains(&hold) => None,
                None => Some(HoldId(u64::MAX)), // nothing has this number
                mine => mine.copied(),
            };
            let whole = all.play(&beat.act, beat.now, &mut ());
            let Some(act) =
                without(&beat.act, (&kept, &mine), all.ledger.accounts().name(ScopeId(0)))
            else {
                kept.extend((all.ledger.accounts().len() > open).then_some(None));
                continue;
            };
            let next = ScopeId(u32::try_from(rest.ledger.accounts().len()).unwrap());
            let part = rest.play(&act, beat.now, &mut ());
            kept.extend((all.ledger.accounts().len() > open).then_some(Some(next)));
            match (whole, part) {
                (Played::Decided(whole), Played::Decided(part)) => {
                    prop_assert_eq!(renumbered(whole, &kept), Verdict { sequence: 0, ..part });
                    *compared.borrow_mut() += 1;
                }
                (Played::Stepped(Ok(whole)), Played::Stepped(Ok(part))) => {
                    if let Act::Reserve(..) = act {
                        holds.insert(HoldId(whole.sequence), HoldId(part.sequence));
                    }
                    prop_assert_eq!(renumbered(whole, &kept), Verdict { sequence: 0, ..part });
                    *compared.borrow_mut() += 1;
                }
                (whole, part) => prop_assert_eq!(whole, part),
            }
        }
        Ok(())
    });
    assert!(compared.into_inner() > 3_000);
}

#[test]
fn one_form_a_record() {
    let decoded = RefCell::new((0, 0));
    law(Flavour::Everything, 60, |beats| {
        let stage = played(beats);
        for (at, bytes) in stage.journal.0.iter().enumerate() {
            let record = Record::decode(bytes).expect("just written");
            prop_assert_eq!(&encoded(&record), bytes, "{:?}", record);
            for mutant in mutants(bytes, at as u64) {
                let Ok(record) = Record::decode(&mutant) else { continue };
                prop_assert!(encoded(&record) == mutant, "another form of record {}", at + 1);
                decoded.borrow_mut().0 += 1;
            }
        }
        let snapshot = stage.ledger.snapshot();
        for mutant in mutants(&snapshot, 7) {
            let Ok(ledger) = Ledger::restore(&mutant, &HostKeys::fixed()) else { continue };
            prop_assert!(ledger.snapshot() == mutant, "another form of a snapshot");
            decoded.borrow_mut().1 += 1;
        }
        Ok(())
    });
    let (records, snapshots) = decoded.into_inner();
    assert!(records > 1_000 && snapshots > 20, "{records} records, {snapshots} snapshots");
}

fn played(beats: &[Beat]) -> Stage {
    let mut stage = Stage::default();
    for beat in beats {
        stage.play(&beat.act, beat.now, &mut ());
    }
    stage
}

fn encoded(record: &Record<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    bytes
}

/// The same bytes with a bit flipped, a byte changed, cut off, doubled or grown.
fn mutants(bytes: &[u8], seed: u64) -> Vec<Vec<u8>> {
    let mutant = |step: u64| {
        let dice = mix(seed.wrapping_mul(64).wrapping_add(step + 1));
        // Every other one near the end, behind the long text of a catalog.
        let reach = if dice & 1 == 0 { bytes.len() } else { bytes.len().min(40) };
        let at = bytes.len() - 1 - usize::try_from(dice >> 16).unwrap() % reach;
        let mut mutant = bytes.to_vec();
        match step % 6 {
            0..=1 => mutant[at] ^= 1 << ((dice >> 1) % 8),
            2 => mutant[at] = dice.to_le_bytes()[0],
            3 => mutant.truncate(at),
            4 => mutant.insert(at, dice.to_le_bytes()[1]),
            _ => mutant.push(dice.to_le_bytes()[0]),
        }
        mutant
    };
    (0..24).map(mutant).collect()
}

#[test]
fn a_scope_has_at_most_65_000_lots_and_a_debit_sees_them_all() {
    let catalog = r#"{ "features": { "calls": {} }, "wallets": { "w": {} }, "plans": { "p": {
        "limits": { "calls": { "feature": "calls", "capacity": "unlimited", "window": "lifetime",
            "charge": { "price": "1", "wallet": "w" } } } } } }"#;
    let definition: Definition = serde_json::from_str(catalog).unwrap();
    let catalog = Catalog::compile(&definition, &Names::default(), CatalogVersion(1)).unwrap();
    let now = Timestamp::EPOCH;
    let mut ledger = Ledger::new(&HostKeys::fixed());
    let json = Cow::Borrowed(&b"{}"[..]);
    let (names, zones) = (Cow::Borrowed(catalog.names()), catalog.zones().digest());
    let install = Command::Install { json, names, zones };
    ledger.execute(install, now, &mut ()).unwrap();
    let name = ScopeName::parse("acme").unwrap();
    let newcomer = Newcomer { name, parent: None, plan: catalog.plan("p") };
    let scope = ledger.intern(newcomer, now, &mut ()).unwrap();
    let top_up = |n: i32| {
        let lot = Lot {
            name: format!("{n}").into(),
            wallet: catalog.wallet("w").unwrap(),
            amount: Quantity::from_units(1),
            left: Quantity::from_units(1),
            kind: Kind::Paid,
            priority: -n, // each goes before all others: its place is found at once
            purchased: now,
            expires: Period::NEVER,
        };
        Command::TopUp { scope, lot: Cow::Owned(lot) }
    };
    // A replay asks nothing; a ledger that asks would look at all lots for each.
    for n in 0..65_000 {
        let (sequence, catalog) = (ledger.head().sequence + 1, catalog.version());
        ledger.replay(&Record { sequence, now, catalog, command: top_up(n) }).unwrap();
    }
    let refused = ledger.execute(top_up(65_000), now, &mut ());
    assert_eq!(refused, Err(Failed::Refused(Refused::Full)));

    let mut asked = |units| {
        let quantity = Quantity::from_units(units);
        let costs = [Cost { feature: catalog.feature("calls").unwrap(), quantity }];
        let (caller, scopes) = (Caller::Unchecked, &[scope][..]);
        let request =
            Request { caller, scopes, costs: &costs, at: now, key: None, on_shortfall: None };
        ledger.decide(&catalog, (&request, now), (&mut (), &mut ())).unwrap().reason()
    };
    assert_eq!(asked(65_001), Some(Reason::OutOfCredit));
    assert_eq!(asked(65_000), None);
    assert_eq!(asked(1), Some(Reason::OutOfCredit));
}

#[test]
fn grants_and_notes_are_bounded() {
    let json = r#"{ "features": { "calls": {} }, "plans": { "p": { "limits": { "calls": {
        "feature": "calls", "capacity": "granted", "window": "lifetime" } } } } }"#;
    let now = Timestamp::EPOCH;
    let mut stage = Stage::default();
    let mut play = |act: Act| stage.play(&act, now, &mut ());
    play(Act::Install(Box::new(serde_json::from_str(json).unwrap())));
    play(Act::Intern(None, "acme".to_owned(), Some(PlanId(0))));
    let grant = |n: u16| Grant {
        name: format!("{n}").into(),
        limit: LimitId(0),
        source: Source(n),
        amount: Quantity::from_units(1),
        priority: -i32::from(n), // each goes before all others: its place is found at once
        effective: now,
        expires: Period::NEVER,
        renewal: Renewal::DEFAULT,
    };
    let mut give = |n| play(Act::Grant(ScopeId(0), grant(n), Burn::STANDARD));
    assert!((1..=4_096).all(|n| give(n) == Played::Done(Ok(()))));
    assert_eq!(give(4_097), Played::Done(Err(Refused::Full)));

    let mut note = |len: usize| {
        let (key, value) = (Cow::Borrowed(&b"key"[..]), Some(Cow::Owned(vec![0; len])));
        stage.ledger.execute(Command::Note { space: 1, key, value }, now, &mut ())
    };
    assert_eq!(note((1 << 20) - 3), Ok(()));
    assert_eq!(note((1 << 20) - 2), Err(Failed::Refused(Refused::Full)));
}

/// The act in the numbers of a ledger without the root called `erased`; `None` if it is about that
/// root.
fn without(
    act: &Act,
    (kept, held): (&[Option<ScopeId>], &dyn Fn(HoldId) -> Option<HoldId>),
    erased: &str,
) -> Option<Act> {
    // A scope that was never opened is unknown under any number.
    let new = |scope: ScopeId| kept.get(scope.0 as usize).copied().unwrap_or(Some(scope));
    Some(match act.clone() {
        Act::Batch(acts) => {
            // A scope that it opens has the next number here, and the next one there.
            let next = u32::try_from(kept.iter().flatten().count()).unwrap();
            let kept = [kept, &[Some(ScopeId(next))]].concat();
            let acts = acts.iter().map(|act| without(act, (&kept, held), erased));
            Act::Batch(acts.collect::<Option<_>>()?)
        }
        Act::Decide(mut ask) => {
            ask.scopes = ask.scopes.into_iter().map(new).collect::<Option<_>>()?;
            if let Caller::Known(known) = ask.caller {
                // Nobody's credential is as good as that of an erased scope.
                ask.caller = Caller::Known(principal(new(known.scope()).unwrap_or(ScopeId(63))));
            }
            Act::Decide(ask)
        }
        Act::Book(ask) => {
            let Act::Decide(ask) = without(&Act::Decide(ask), (kept, held), erased)? else {
                return None;
            };
            Act::Book(ask)
        }
        Act::Correct(Correct::Adjust(scope, limit, by)) => {
            Act::Correct(Correct::Adjust(new(scope)?, limit, by))
        }
        Act::Correct(Correct::Reset(scope, limit, anchor)) => {
            Act::Correct(Correct::Reset(new(scope)?, limit, anchor))
        }
        Act::Commit(hold, number, costs, then) => Act::Commit(held(hold)?, number, costs, then),
        Act::Extend(hold, ttl) => Act::Extend(held(hold)?, ttl),
        Act::Release(hold) => Act::Release(held(hold)?),
        Act::Reserve(ask, ttl) => {
            let Act::Decide(ask) = without(&Act::Decide(ask), (kept, held), erased)? else {
                return None;
            };
            Act::Reserve(ask, ttl)
        }
        Act::Grant(scope, grant, burn) => Act::Grant(new(scope)?, grant, burn),
        Act::Import(scope, balance) => Act::Import(new(scope)?, balance),
        Act::Intern(None, name, _) if name == erased => return None,
        Act::Intern(None, name, plan) => Act::Intern(None, name, plan),
        Act::Intern(Some(parent), name, plan) => Act::Intern(Some(new(parent)?), name, plan),
        Act::SetAnchor(scope, anchor) => Act::SetAnchor(new(scope)?, anchor),
        Act::SetPlan(scope, plan) => Act::SetPlan(new(scope)?, plan),
        Act::SetStatus(scope, status) => Act::SetStatus(new(scope)?, status),
        Act::TopUp(scope, lot) => Act::TopUp(new(scope)?, lot),
        Act::VoidGrant(scope, source, at) => Act::VoidGrant(new(scope)?, source, at),
        same @ (Act::Advance
        | Act::Correct(Correct::SetClock)
        | Act::Install(_)
        | Act::Note(_)
        | Act::Sweep) => same,
    })
}

/// A verdict in the numbers of the other ledger, without its place in the journal.
fn renumbered(verdict: Verdict, kept: &[Option<ScopeId>]) -> Verdict {
    let binding = verdict.binding.map(|mut binding| {
        binding.of.scope = kept[binding.of.scope.0 as usize].expect("of a path that was kept");
        binding
    });
    Verdict { binding, sequence: 0, ..verdict }
}
