//! What did it do? Facts and the final state, read back from the journal.

use serde_json::{Map, Number, Value, json};
use weir::{Quantity, Timestamp};
use weir_core::catalog::Terms;
use weir_core::decide::Effect;
use weir_core::ledger::{Command, Decided, Record};
use weir_core::limit::Balance;
use weir_core::meter::Reading;
use weir_core::price::{Course, Price};
use weir_core::wallet::{Kind, Lot};
use weir_unprice::entitlement::root_of;
use weir_unprice::money::ledger_units;

use super::given::Sale;
use super::period;
use super::price::tier_mode;
use super::world::{PROJECT, World};

/// The decisions of a world, and the names of its grants.
pub(super) struct Kept<'w> {
    world: &'w World,
    records: Vec<Record<'static>>,
}

impl<'w> Kept<'w> {
    pub(super) fn of(world: &'w World) -> Self {
        let bytes = world.journal.bytes();
        let (mut rest, mut records) = (bytes.as_slice(), Vec::new());
        while let Some((len, tail)) = rest.split_first_chunk::<4>() {
            let len = usize::try_from(u32::from_le_bytes(*len)).unwrap_or(usize::MAX);
            let Some((record, tail)) = tail.split_at_checked(len) else { break };
            records.extend(Record::decode(record));
            rest = tail;
        }
        Self { world, records }
    }

    /// What the record with this sequence booked, as the contract reports it.
    pub(super) fn facts(&self, sequence: u64) -> Option<Vec<Value>> {
        let at = self.records.iter().position(|record| record.sequence == sequence)?;
        let (before, record) = (self.records.get(..at)?, self.records.get(at)?);
        let (Command::Book(decided) | Command::Decide(decided)) = &record.command else {
            return None;
        };
        let (mut within, mut over) = (Vec::new(), Vec::new());
        for effect in decided.effects.iter() {
            let Effect::Balance { scope, balance, taken } = effect else { continue };
            let (sale, before) = (self.sale(balance.limit)?, balance.used.checked_sub(*taken)?);
            let Some(grant) = self.grant_name(*scope, balance.source, sale) else { continue };
            // What an allowance has room for, and what is over, are two allocations.
            let line = balance.capacity.max(before).min(balance.used);
            for (facts, from, to) in [(&mut within, before, line), (&mut over, line, balance.used)]
            {
                if from < to {
                    let moved = (to.checked_sub(from)?, from, to);
                    facts.push(self.fact(&grant, (sale, decided.at), moved)?);
                }
            }
        }
        within.append(&mut over);
        if within.is_empty() { self.undrawn(before, decided) } else { Some(within) }
    }

    /// Where nothing was drawn the contract still tells of the meter, by its running number.
    fn undrawn(&self, before: &[Record<'static>], decided: &Decided<'_>) -> Option<Vec<Value>> {
        let reading = |effect: &Effect| match effect {
            Effect::Reading { limit, reading, .. } => Some((*limit, *reading)),
            _ => None,
        };
        let Some((limit, now)) = decided.effects.iter().find_map(reading) else {
            return Some(Vec::new());
        };
        let earlier = before.iter().rev().find_map(|record| match &record.command {
            Command::Book(decided) | Command::Decide(decided) => {
                let found = decided.effects.iter().filter_map(reading);
                found.filter(|(of, _)| *of == limit).map(|(_, reading)| reading).next()
            }
            _ => None,
        });
        let was = earlier.map_or(Quantity::ZERO, |reading: Reading| reading.value);
        let sale = self.sale(limit)?;
        let scope = self.world.gate.find(None, &root_of(PROJECT, &sale.customer)).ok()??;
        let grants = self.world.gate.grants(scope, &sale.id).ok()?;
        let first = grants.iter().find(|grant| grant.pays_at(decided.at))?;
        let name = first.name.strip_prefix(&*format!("{}/", sale.id))?;
        let counted = |value: Quantity| value.max(Quantity::ZERO);
        let delta = now.value.checked_sub(was)?;
        let moved = (delta, counted(was), counted(now.value));
        Some(vec![self.fact(name, (sale, decided.at), moved)?])
    }

    fn fact(
        &self,
        grant: &str,
        (sale, at): (&Sale, Timestamp),
        (delta, before, after): (Quantity, Quantity, Quantity),
    ) -> Option<Value> {
        let price = self.price(sale)?;
        let Course { parts, tier } = price.curve.course((before, after));
        Some(json!({
            "grant_id": grant,
            "period_key": period_key(sale, at)?,
            "delta": number(delta),
            "value_after": number(after),
            "amount": ledger_units(price.between(before, after)?)?,
            "amount_after": ledger_units(price.cost(after)?)?,
            "currency": sale.currency(),
            "tier_index": tier,
            "tier_mode": tier_mode(&price),
            "pricing_component_count": parts,
        }))
    }

    /// Meters, buckets and the wallet after the last record.
    pub(super) fn state(&self) -> Option<Value> {
        let mut entitlements = Map::new();
        for sale in &self.world.sales {
            let key = sale.entitlement().ok()?.meter_key.unwrap_or_default();
            let mut meters = Map::new();
            let mut buckets = Map::new();
            for decided in self.decisions() {
                for effect in decided.effects.iter() {
                    match effect {
                        Effect::Reading { limit, reading, .. } if self.is_of(*limit, sale) => {
                            meters.insert(key.clone(), json!(number(reading.value)));
                        }
                        Effect::Balance { scope, balance, .. }
                            if self.is_of(balance.limit, sale) =>
                        {
                            let grant = self.grant_name(*scope, balance.source, sale)?;
                            let name = format!("{grant}:{}", period_key(sale, decided.at)?);
                            buckets.insert(name.clone(), bucket(&name, balance, decided.at));
                        }
                        _ => {}
                    }
                }
            }
            let buckets: Vec<_> = buckets.into_iter().map(|(_, bucket)| bucket).collect();
            entitlements.insert(sale.id.clone(), json!({"meters": meters, "buckets": buckets}));
        }
        Some(json!({"wallet": self.wallet()?, "entitlements": entitlements}))
    }

    fn wallet(&self) -> Option<Value> {
        let (mut purchased, mut granted) = (Quantity::ZERO, Quantity::ZERO);
        let mut consumed = Quantity::ZERO;
        let mut customers: Vec<_> = self.world.sales.iter().map(|sale| &sale.customer).collect();
        customers.sort_unstable();
        customers.dedup();
        for customer in customers {
            let Some(scope) = self.world.gate.find(None, &root_of(PROJECT, customer)).ok()? else {
                continue;
            };
            for Lot { amount, left, kind, .. } in self.world.gate.lots(scope).ok()? {
                let part = if kind == Kind::Paid { &mut purchased } else { &mut granted };
                *part = part.checked_add(left)?;
                consumed = consumed.checked_add(amount.checked_sub(left)?)?;
            }
        }
        Some(json!({
            "purchased": ledger_units(purchased)?,
            "granted": ledger_units(granted)?,
            "reserved": 0,
            "consumed": ledger_units(consumed)?,
        }))
    }

    fn decisions(&self) -> impl Iterator<Item = &Decided<'static>> {
        self.records.iter().filter_map(|record| match &record.command {
            Command::Book(decided) | Command::Decide(decided) => Some(decided),
            _ => None,
        })
    }

    fn sale(&self, limit: weir_core::id::LimitId) -> Option<&Sale> {
        self.world.sales.iter().find(|sale| self.is_of(limit, sale))
    }

    fn is_of(&self, limit: weir_core::id::LimitId, sale: &Sale) -> bool {
        let catalog = self.world.gate.catalog();
        catalog.is_ok_and(|catalog| catalog.limit(&sale.id) == Some(limit))
    }

    fn grant_name(
        &self,
        of: weir_core::id::ScopeId,
        source: weir_core::limit::Source,
        sale: &Sale,
    ) -> Option<String> {
        let named = self.records.iter().find_map(|record| match &record.command {
            Command::Grant { scope, grant, .. } if (*scope, grant.source) == (of, source) => {
                Some(&grant.name)
            }
            _ => None,
        })?;
        named.strip_prefix(&*format!("{}/", sale.id)).map(str::to_owned)
    }

    fn terms(&self, sale: &Sale) -> Option<Terms> {
        let scope = self.world.gate.find(None, &root_of(PROJECT, &sale.customer)).ok()??;
        self.world.gate.terms(scope, &sale.id).ok()
    }

    fn price(&self, sale: &Sale) -> Option<Price> {
        Some(self.terms(sale)?.charge?.price)
    }
}

fn period_key(sale: &Sale, at: Timestamp) -> Option<String> {
    let cadence = sale.cadence().ok()?;
    Some(period::period_key(&cadence, cadence.period(sale.life().ok()?, at).ok()??))
}

fn bucket(name: &str, balance: &Balance, at: Timestamp) -> Value {
    let exhausted = (balance.used >= balance.capacity).then(|| at.as_millis());
    json!({"bucket_key": name, "consumed": number(balance.used), "exhausted_at": exhausted})
}

/// A quantity as a JSON number.
pub(super) fn number(quantity: Quantity) -> Number {
    serde_json::from_str(&quantity.to_string()).unwrap_or_else(|_| 0.into())
}
