//! What lots pay, and what is paid back to them, by examples that can be done in the head.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use weir_core::amount::Quantity;
use weir_core::decide::{Caller, Cost, Reason, Verdict};
use weir_core::id::{FeatureId, PlanId, ScopeId, WalletId};
use weir_core::time::Timestamp;
use weir_core::wallet::{Kind, Lot};
use weir_core::window::Period;
use weir_testkit::story::{Act, Ask, Played, Stage};

/// A dollar taken and given back is a dollar, however often.
#[test]
fn use_given_back_is_paid_back() {
    let mut shop = Shop::new(r#"{ "price": 1, "wallet": "cash" }"#, &[("a", 5)]);
    for _ in 0..5 {
        assert_eq!(charged(&shop.ask(1, 0)), 1);
        assert_eq!(charged(&shop.ask(-1, 0)), -1);
    }
    assert_eq!(shop.left(), [5]);
    assert_eq!(charged(&shop.ask(5, 0)), 5);
    assert_eq!(shop.ask(1, 0).reason(), Some(Reason::OutOfCredit));
}

#[test]
fn where_negative_costs_are_nothing_it_is_not() {
    let charge = r#"{ "price": 1, "wallet": "cash", "negative": "zero" }"#;
    let mut shop = Shop::new(charge, &[("a", 2)]);
    assert_eq!(charged(&shop.ask(1, 0)), 1);
    assert_eq!(charged(&shop.ask(-1, 0)), 0);
    assert_eq!(charged(&shop.ask(1, 0)), 1);
    assert_eq!(shop.left(), [0]);
    assert_eq!(shop.ask(1, 0).reason(), Some(Reason::OutOfCredit));
}

/// Of two lots the one that was drawn last has it back first, and none more than it had.
#[test]
fn lots_are_paid_back_last_one_first() {
    let mut shop = Shop::new(r#"{ "price": 1, "wallet": "cash" }"#, &[("a", 2), ("b", 3)]);
    shop.ask(4, 0);
    assert_eq!(shop.left(), [0, 1]);
    shop.ask(-3, 0);
    assert_eq!(shop.left(), [1, 3]);
    assert_eq!(charged(&shop.ask(-1, 0)), -1);
    assert_eq!(shop.left(), [2, 3]);
    assert_eq!(charged(&shop.ask(-1, 0)), 0, "nothing is used");
}

/// What goes back to a lot that has ended is gone with it.
#[test]
fn an_ended_lot_takes_its_money_with_it() {
    let mut shop = Shop::new(r#"{ "price": 1, "wallet": "cash" }"#, &[("a", 2)]);
    shop.ask(2, 0);
    assert_eq!(charged(&shop.ask(-1, ENDS)), -1);
    assert_eq!(shop.left(), [1]);
    assert_eq!(shop.ask(1, ENDS).reason(), Some(Reason::OutOfCredit));
}

/// Ten at 1.00 cost 10, eleven at 0.50 cost 5.50: the eleventh pays 4.50 back, and giving it back
/// costs as much, as far as the wallet goes: who gives back is not refused.
#[test]
fn a_cheaper_tier_pays_back() {
    let charge = r#"{ "wallet": "cash", "price": { "volume": [
        { "to": 10, "unit": 1 }, { "above": 10, "unit": "0.5" } ] } }"#;
    let mut shop = Shop::new(charge, &[("a", 12)]);
    assert_eq!(charged(&shop.ask(10, 0)), 10);
    let eleventh = shop.ask(1, 0);
    assert_eq!(eleventh.charged, "-4.5".parse().unwrap());
    assert_eq!(shop.ask(-1, 0).charged, "4.5".parse().unwrap());
    shop.ask(1, 0);
    shop.spend(5);
    assert_eq!(shop.nanos(), [1_500_000_000]);
    let back = shop.ask(-1, 0);
    assert!(back.is_allowed());
    assert_eq!(back.charged, "1.5".parse().unwrap(), "which is all there is");
    assert_eq!(shop.nanos(), [0]);
}

/// Two of one ask for a wallet's dollar: with nothing in it the wallet may be told first.
#[test]
fn an_empty_wallet_may_come_before_a_limit() {
    for (precedence, dollars, reason) in [
        ("off", 0, Reason::LimitExceeded),
        ("empty_before_limits", 0, Reason::OutOfCredit),
        ("empty_before_limits", 1, Reason::LimitExceeded),
    ] {
        let json = format!(
            r#"{{ "features": {{ "calls": {{}} }}, "wallets": {{ "cash": {{}} }},
                  "precedence": {{ "funds_first": "{precedence}" }},
                  "plans": {{ "free": {{ "limits": {{ "calls": {{
                      "feature": "calls", "capacity": 1, "window": "lifetime",
                      "charge": {{ "price": 1, "wallet": "cash" }} }} }} }} }} }}"#
        );
        let mut shop = Shop::of(&json, &[("a", dollars)]);
        assert_eq!(shop.ask(2, 0).reason(), Some(reason), "{precedence}, {dollars}");
        assert_eq!(shop.ask(1, 0).is_allowed(), dollars == 1);
    }
}

/// A customer with a wallet, and a feature that is charged to it.
struct Shop {
    stage: Stage,
}

impl Shop {
    fn new(charge: &str, lots: &[(&str, i64)]) -> Self {
        let json = format!(
            r#"{{ "features": {{ "calls": {{}}, "other": {{}} }}, "wallets": {{ "cash": {{}} }},
                  "plans": {{ "free": {{ "limits": {{
                      "calls": {{ "feature": "calls", "capacity": "unlimited",
                                  "window": "lifetime", "charge": {charge} }},
                      "other": {{ "feature": "other", "capacity": "unlimited", "window": "lifetime",
                                  "charge": {{ "price": 1, "wallet": "cash" }} }} }} }} }} }}"#
        );
        Self::of(&json, lots)
    }

    fn of(json: &str, lots: &[(&str, i64)]) -> Self {
        let mut shop = Self { stage: Stage::default() };
        shop.play(Act::Install(Box::new(serde_json::from_str(json).unwrap())), 0);
        shop.play(Act::Intern(None, "acme".to_owned(), Some(PlanId(0))), 0);
        for (name, amount) in lots {
            let lot = Lot {
                name: (*name).into(),
                wallet: WalletId(0),
                amount: Quantity::from_units(*amount),
                left: Quantity::from_units(*amount),
                kind: Kind::Paid,
                priority: 0,
                purchased: Timestamp::EPOCH,
                expires: if lots.len() == 1 { at(ENDS) } else { Period::NEVER },
            };
            shop.play(Act::TopUp(ScopeId(0), lot), 0);
        }
        shop
    }

    fn play(&mut self, act: Act, ms: i64) -> Played {
        self.stage.play(&act, at(ms), &mut ())
    }

    fn ask(&mut self, units: i64, ms: i64) -> Verdict {
        self.ask_for(FeatureId(0), units, ms)
    }

    /// Spends money on something else.
    fn spend(&mut self, units: i64) {
        assert!(self.ask_for(FeatureId(1), units, 0).is_allowed());
    }

    fn ask_for(&mut self, feature: FeatureId, units: i64, ms: i64) -> Verdict {
        let costs = vec![Cost { feature, quantity: Quantity::from_units(units) }];
        let (caller, scopes) = (Caller::Unchecked, vec![ScopeId(0)]);
        let ask = Ask { caller, scopes, costs, at: at(ms), key: None, on_shortfall: None };
        let Played::Decided(verdict) = self.play(Act::Decide(ask), ms) else {
            panic!("it was asked")
        };
        verdict
    }

    /// What is left of the lots, in the order in which they are drawn.
    fn nanos(&self) -> Vec<i128> {
        let accounts = self.stage.ledger.accounts();
        let lots = accounts.lots(accounts.get(ScopeId(0)).unwrap());
        lots.map(|lot| lot.left.as_nanos()).collect()
    }

    fn left(&self) -> Vec<i128> {
        self.nanos().into_iter().map(|nanos| nanos / 1_000_000_000).collect()
    }
}

/// In whole units.
fn charged(verdict: &Verdict) -> i64 {
    verdict.charged.as_units().unwrap()
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms).unwrap()
}

const ENDS: i64 = 1_000;
