//! Which credits pay? Reservations of a wallet, as holds of the gate on a feature that costs what it
//! is asked for.
//!
//! The upstream may reserve less than it is asked for, and more later on: here that is a hold of what
//! there is, and one hold more.

use serde::Deserialize;
use serde_json::{Value, json};
use weir::{
    Ask, Caller, Cost, GateError, HoldKey, LotTerms, Quantity, Scope, Then, Timestamp, Used,
};
use weir_core::hold::TTL_MAX;
use weir_core::wallet::{Kind, Lot};
use weir_unprice::money::ledger_units;
use weir_unprice::wallet::{Purse, WALLET, purse};

use super::given::instant;
use super::world::{World, missing, told};
use crate::conform::{NotImplemented, Question};

/// The answer to a question about the wallet's ledger; `None` for another kind.
pub(super) fn answer(question: &Question<'_>) -> Result<Option<Value>, NotImplemented> {
    if question.kind != "wallet_ledger" {
        return Ok(None);
    }
    let mut till = Till::new(question.given)?;
    let ops = match question.input.get("ops") {
        Some(ops) => read(ops)?,
        None => vec![read::<Op>(question.input)?],
    };
    till.answer(&ops).map(Some)
}

/// A wallet, and its holds in the order in which they were made.
struct Till {
    world: World,
    scope: Scope,
    holds: Vec<HoldKey>,
    legs: Vec<String>,
    lots: u32,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Op {
    Adjust {
        amount: i64,
        source: String,
        #[serde(default)]
        expires_at: Option<i64>,
    },
    Capture {
        seq: u32,
        amount: i64,
    },
    CloseAndSetPurchased {
        purchased: i64,
    },
    ExpireCredit {
        credit: String,
        amount: i64,
        source: String,
    },
    Extend {
        #[serde(rename = "seq")]
        _seq: u32,
        amount: i64,
    },
    Release,
    Reserve {
        amount: i64,
        #[serde(default, rename = "key")]
        _key: Option<String>,
    },
    State,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Given {
    balances: Balances,
    credits: Vec<Credit>,
    reservation: Option<Reservation>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Balances {
    purchased: i64,
    granted: i64,
    reserved: i64,
    consumed: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credit {
    id: String,
    remaining: i64,
    #[serde(default)]
    expires_at: Option<i64>,
    #[serde(default, rename = "expired")]
    _expired: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reservation {
    allocation: i64,
    #[serde(default)]
    consumed: i64,
    #[serde(default)]
    legs: Vec<Leg>,
    #[serde(default)]
    reconciled: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leg {
    source: String,
    amount: i64,
    #[serde(default)]
    credit: Option<String>,
}

impl Till {
    fn new(given: &Value) -> Result<Self, NotImplemented> {
        let Given { balances, credits, reservation } = read(given)?;
        let world = World::new(json!({}))?;
        let limit = json!({"feature": "money", "capacity": "unlimited", "window": "lifetime",
            "charge": {"price": "1", "digits": 8, "wallet": WALLET}});
        let catalog = json!({"wallets": {WALLET: {}}, "features": {"money": {}},
            "plans": {"payer": {"limits": {"money": limit}}}});
        world.gate.install(catalog.to_string().as_bytes(), now()?).map_err(told)?;
        let scope = world.gate.open(None, "proj/cus_1", Some("payer"), now()?).map_err(told)?;
        let mut till = Self { world, scope, holds: Vec::new(), legs: Vec::new(), lots: 0 };
        let Balances { reserved, consumed, .. } = balances;
        let open = reservation.unwrap_or(Reservation {
            allocation: reserved.saturating_add(consumed),
            consumed,
            legs: Vec::new(),
            reconciled: false,
        });
        till.open(open)?;
        till.pay_in((balances.purchased, Kind::Paid), None)?;
        let listed: i64 = credits.iter().map(|credit| credit.remaining).sum();
        for Credit { id, remaining, expires_at, .. } in credits {
            let expires = expires_at.map(instant).transpose()?;
            till.add((&id, remaining), Kind::Promotional, expires)?;
        }
        let unlisted = balances.granted.saturating_sub(listed).max(0);
        till.pay_in((unlisted, Kind::Promotional), None)?;
        Ok(till)
    }

    /// A reservation that was made before, of its legs or of money paid in.
    fn open(&mut self, reservation: Reservation) -> Result<(), NotImplemented> {
        let Reservation { allocation, consumed, legs, reconciled } = reservation;
        if allocation == 0 {
            return Ok(());
        }
        for Leg { source, amount, credit } in &legs {
            let kind = if source == "granted" { Kind::Promotional } else { Kind::Paid };
            let name = credit.clone().unwrap_or_else(|| format!("leg/{source}"));
            self.add((&name, *amount), kind, None)?;
            self.legs.push(name);
        }
        if legs.is_empty() {
            self.pay_in((allocation, Kind::Paid), None)?;
        }
        self.reserve(allocation)?;
        let then = if reconciled { Then::End } else { Then::Keep };
        if consumed > 0 || reconciled {
            self.capture((BEFORE, consumed), then)?.map_err(told)?;
        }
        Ok(())
    }

    fn answer(&mut self, ops: &[Op]) -> Result<Value, NotImplemented> {
        match ops {
            [Op::Adjust { amount, source, expires_at }] => {
                self.adjust((source, *amount), expires_at.map(instant).transpose()?)
            }
            [Op::Capture { seq, amount }] => {
                if let Err(error) = self.capture((*seq, *amount), Then::Keep)? {
                    return Ok(json!({"error": error.to_string()}));
                }
                let after = units(self.purse()?.consumed)?;
                self.release()?;
                Ok(json!({"legs_captured": self.of_legs()?, "consumed_after": after}))
            }
            [Op::Capture { seq, amount }, Op::Extend { amount: more, .. }] => {
                self.grown((*seq, *amount), *more)
            }
            [Op::Capture { seq, amount }, Op::Release] => self.closed((*seq, *amount)),
            [Op::ExpireCredit { credit, amount, source }] => {
                let end = now()?.checked_add(TTL_MAX).ok_or_else(|| missing("an end"))?;
                self.add((credit, *amount), Kind::Promotional, Some(end))?;
                let before = self.purse()?.granted;
                let after = purse(&self.world.gate, self.scope, end).map_err(told)?.granted;
                let (to, amount) = (format!("platform.{source}"), less(before, after)?);
                Ok(json!({"transfer": {"from": "granted", "to": to, "amount": amount}}))
            }
            [Op::Reserve { amount, .. }] => {
                let before = self.lots()?;
                self.reserve(*amount)?;
                let drawn =
                    before.iter().zip(self.lots()?).filter(|(lot, now)| now.left < lot.left);
                let given = drawn.filter(|(lot, _)| lot.kind == Kind::Promotional);
                let names: Vec<_> = given.map(|(lot, _)| lot.name.to_string()).collect();
                Ok(json!({"legs_credit_order": names}))
            }
            [
                Op::Reserve { amount, .. },
                Op::CloseAndSetPurchased { purchased },
                Op::Reserve { amount: again, .. },
            ] => {
                let first = (self.reserve(*amount)?, units(self.purse()?.reserved)?);
                self.release()?;
                let more = purchased.saturating_sub(units(self.purse()?.purchased)?);
                self.pay_in((more, Kind::Paid), None)?;
                let second = (self.reserve(*again)?, units(self.purse()?.reserved)?);
                Ok(json!({
                    "ledger_source_ids_differ": first.0 != second.0,
                    "amounts": [first.1, second.1],
                }))
            }
            [Op::State] => self.state(),
            _ => Err(missing("steps of the wallet in that order")),
        }
    }

    /// Some of the reservation is used, and then it gets more.
    fn grown(&mut self, used: (u32, i64), more: i64) -> Result<Value, NotImplemented> {
        let at_first = self.purse()?;
        self.capture(used, Then::Keep)?.map_err(told)?;
        let between = self.purse()?;
        self.reserve(more)?;
        let after = self.purse()?;
        let mut transfers = moved(&at_first, &between)?;
        transfers.extend(moved(&between, &after)?);
        let consumed = units(after.consumed)?;
        let allocation = consumed.saturating_add(units(after.reserved)?);
        Ok(json!({
            "captured": less(between.consumed, at_first.consumed)?,
            "granted": less(after.reserved, between.reserved)?,
            "transfers": transfers,
            "reservation_after": {"consumed": consumed, "allocation": allocation},
        }))
    }

    /// Some of the reservation is used, and the rest goes back.
    fn closed(&mut self, used: (u32, i64)) -> Result<Value, NotImplemented> {
        let at_first = self.purse()?;
        self.capture(used, Then::Keep)?.map_err(told)?;
        let between = self.purse()?;
        self.release()?;
        let after = self.purse()?;
        let mut transfers = moved(&at_first, &between)?;
        transfers.extend(moved(&between, &after)?);
        Ok(json!({
            "captured": less(between.consumed, at_first.consumed)?,
            "refunded_purchased": less(after.purchased, between.purchased)?,
            "restored_granted": less(after.granted, between.granted)?,
            "transfers": transfers,
        }))
    }

    /// Money from outside: paid in, or given.
    fn adjust(
        &mut self,
        (source, amount): (&str, i64),
        expires: Option<Timestamp>,
    ) -> Result<Value, NotImplemented> {
        let kind = if source == "purchased" { Kind::Paid } else { Kind::Promotional };
        let from = if kind == Kind::Paid { "manual" } else { source };
        let before = self.purse()?;
        self.add((source, amount), kind, expires)?;
        let after = self.purse()?;
        let [granted, purchased] =
            [less(after.granted, before.granted)?, less(after.purchased, before.purchased)?];
        let (to, moved) = if granted > 0 { ("granted", granted) } else { ("purchased", purchased) };
        let row = after.credits.first().map(|credit| {
            Ok::<_, NotImplemented>(json!({
                "source": credit.id,
                "issued": moved,
                "remaining": units(credit.remaining)?,
            }))
        });
        Ok(json!({
            "transfer": {"from": format!("platform.{from}"), "to": to, "amount": moved},
            "credit_row": row.transpose()?,
        }))
    }

    fn state(&self) -> Result<Value, NotImplemented> {
        let Purse { purchased, granted, reserved, consumed, credits } = self.purse()?;
        let names: Vec<_> = credits.into_iter().map(|credit| credit.id).collect();
        Ok(json!({
            "balances": {
                "purchased": units(purchased)?,
                "granted": units(granted)?,
                "reserved": units(reserved)?,
                "consumed": units(consumed)?,
            },
            "credits": names,
        }))
    }

    /// Holds what is asked for, or as much as there is.
    fn reserve(&mut self, amount: i64) -> Result<HoldKey, NotImplemented> {
        let (gate, now) = (&self.world.gate, now()?);
        let usable = gate.usable(self.scope, WALLET, now).map_err(told)?;
        let costs = [self.cost(money(amount).min(usable))?];
        let (caller, scopes) = (Caller::Unchecked, &[self.scope]);
        let ask = Ask { caller, scopes, costs: &costs, at: now, key: None };
        let hold = gate.reserve(&ask, TTL_MAX, now).map_err(told)?.hold;
        let hold = hold.ok_or_else(|| missing("a hold"))?;
        self.holds.push(hold);
        Ok(hold)
    }

    fn capture(
        &self,
        (number, amount): (u32, i64),
        then: Then,
    ) -> Result<Result<(), GateError>, NotImplemented> {
        let costs = [self.cost(money(amount))?];
        let used = Used { number, costs: &costs, then };
        let hold = self.holds.first().ok_or_else(|| missing("a hold"))?;
        Ok(self.world.gate.commit(*hold, &used, now()?).map(drop))
    }

    fn release(&mut self) -> Result<(), NotImplemented> {
        let now = now()?;
        let mut holds = self.holds.drain(..);
        holds.try_for_each(|hold| self.world.gate.release(hold, now).map(drop).map_err(told))
    }

    fn cost(&self, quantity: Quantity) -> Result<Cost, NotImplemented> {
        Ok(Cost { feature: self.world.gate.feature("money").map_err(told)?, quantity })
    }

    fn pay_in(
        &mut self,
        (amount, kind): (i64, Kind),
        expires: Option<Timestamp>,
    ) -> Result<(), NotImplemented> {
        self.lots = self.lots.saturating_add(1);
        self.add((&format!("lot/{}", self.lots), amount), kind, expires)
    }

    fn add(
        &self,
        (name, amount): (&str, i64),
        kind: Kind,
        expires: Option<Timestamp>,
    ) -> Result<(), NotImplemented> {
        if amount == 0 {
            return Ok(());
        }
        let (amount, purchased) = (money(amount), now()?);
        let terms = LotTerms { name, amount, kind, priority: 0, purchased, expires };
        self.world.gate.top_up(self.scope, WALLET, &terms, purchased).map_err(told)
    }

    fn purse(&self) -> Result<Purse, NotImplemented> {
        purse(&self.world.gate, self.scope, now()?).map_err(told)
    }

    fn lots(&self) -> Result<Vec<Lot>, NotImplemented> {
        self.world.gate.lots(self.scope).map_err(told)
    }

    /// What is gone for good of each leg of the reservation.
    fn of_legs(&self) -> Result<Vec<i64>, NotImplemented> {
        let lots = self.lots()?;
        let gone = |name: &String| {
            let lot = lots.iter().find(|lot| *lot.name == **name);
            lot.map_or_else(|| Err(missing("a leg")), |lot| less(lot.amount, lot.left))
        };
        self.legs.iter().map(gone).collect()
    }
}

/// What went from where to where: from all that lost to the one that gained, or the other way round.
fn moved(before: &Purse, after: &Purse) -> Result<Vec<Value>, NotImplemented> {
    let change =
        |of: fn(&Purse) -> Quantity| Ok(units(of(after))?.saturating_sub(units(of(before))?));
    let changes = [
        ("consumed", change(|purse| purse.consumed)?),
        ("purchased", change(|purse| purse.purchased)?),
        ("granted", change(|purse| purse.granted)?),
        ("reserved", change(|purse| purse.reserved)?),
    ];
    let lost = changes.iter().rev().filter(|(_, change)| *change < 0);
    let gained = changes.iter().filter(|(_, change)| *change > 0);
    let [lost, gained]: [Vec<_>; 2] = [lost.collect(), gained.collect()];
    let transfer = |from: &str, to: &str, change: i64| json!({"from": from, "to": to, "amount": change.saturating_abs()});
    match (&lost[..], &gained[..]) {
        ([(from, _)], to) => {
            Ok(to.iter().map(|(to, change)| transfer(from, to, *change)).collect())
        }
        (from, [(to, _)]) => {
            Ok(from.iter().map(|(from, change)| transfer(from, to, *change)).collect())
        }
        _ => Err(missing("transfers between so many")),
    }
}

fn less(one: Quantity, other: Quantity) -> Result<i64, NotImplemented> {
    Ok(units(one)?.saturating_sub(units(other)?))
}

/// Ledger units as money.
fn money(units: i64) -> Quantity {
    Quantity::from_nanos(i128::from(units).saturating_mul(10))
}

fn units(amount: Quantity) -> Result<i64, NotImplemented> {
    ledger_units(amount).ok_or_else(|| missing("so much"))
}

/// Before any credit of the vectors ends.
fn now() -> Result<Timestamp, NotImplemented> {
    instant(1_767_225_600_000)
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, NotImplemented> {
    serde_json::from_value(value.clone()).map_err(|error| missing(&error.to_string()))
}

/// The number of what was captured before the first step.
const BEFORE: u32 = u32::MAX;
