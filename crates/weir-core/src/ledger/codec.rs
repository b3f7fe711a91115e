//! Which bytes is a record? One tag a command, then its fields in the order of their declaration.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;

use super::DecodeError;
use super::batch::is_joinable;
use super::record::{Command, Decided, Record, Remembered};
use super::wire::{Reader, Writer};
use super::{correction, holding, parts};
use crate::decide::{Cost, Effect, Fingerprint};
use crate::id::{CatalogVersion, FeatureId, HoldId, LimitId, PlanId, ScopeId};
use crate::limit::Source;
use crate::meter::Reading;
use crate::token::Digest;
use crate::window::zone::ZonesDigest;

pub(super) fn encode(record: &Record<'_>, out: &mut Vec<u8>) {
    let mut w = Writer(out);
    w.byte(FORMAT);
    w.uint(record.sequence);
    w.instant(record.now);
    w.uint(record.catalog.0.into());
    write_command(&mut w, &record.command);
}

fn write_command(w: &mut Writer<'_>, command: &Command<'_>) {
    w.byte(tag(command));
    match command {
        Command::Batch(commands) => {
            w.size(commands.len());
            commands.iter().for_each(|command| write_command(w, command));
        }
        Command::Book(decided) | Command::Decide(decided) => write_decided(w, decided),
        Command::Correct(correction) => correction::write(w, correction),
        Command::Enrol { digest, credential } => {
            w.0.extend_from_slice(digest.as_bytes());
            parts::write_credential(w, credential);
        }
        Command::Extend { hold, until } => {
            w.uint(hold.0);
            w.instant(*until);
        }
        Command::Grant { scope, grant, burn } => {
            w.uint(scope.0.into());
            parts::write_grant(w, grant);
            parts::write_burn(w, burn);
        }
        Command::Import { scope, balance, anchor } => {
            w.uint(scope.0.into());
            parts::write_balance(w, balance);
            w.option(*anchor, Writer::instant);
        }
        Command::Install { json, names, zones } => {
            w.bytes(json);
            parts::write_names(w, names);
            w.0.extend_from_slice(&zones.0);
        }
        Command::Intern { scope, parent, name, plan } => {
            w.uint(scope.0.into());
            w.option(*parent, |w, parent| w.uint(parent.0.into()));
            w.text(name);
            w.option(*plan, |w, plan| w.uint(plan.0.into()));
        }
        Command::Note { space, key, value } => {
            w.uint((*space).into());
            w.bytes(key);
            w.option(value.as_deref(), Writer::bytes);
        }
        Command::Reserve { decided, hold } => {
            write_decided(w, decided);
            w.option(hold.as_deref(), holding::write_hold);
        }
        Command::SetAnchor { scope, anchor } => {
            w.uint(scope.0.into());
            w.instant(*anchor);
        }
        Command::SetPlan { scope, plan } => {
            w.uint(scope.0.into());
            w.option(*plan, |w, plan| w.uint(plan.0.into()));
        }
        Command::SetStatus { scope, status } => {
            w.uint(scope.0.into());
            w.byte(parts::status_code(*status));
        }
        Command::Settle(settled) => holding::write_settled(w, settled),
        Command::Advance | Command::Sweep => {}
        Command::VoidGrant { scope, source, at } => {
            w.uint(scope.0.into());
            w.uint(source.0.into());
            w.instant(*at);
        }
        Command::TopUp { scope, lot } => {
            w.uint(scope.0.into());
            parts::write_lot(w, lot);
        }
    }
}

pub(super) fn decode(bytes: &[u8]) -> Result<Record<'static>, DecodeError> {
    let mut r = Reader(bytes);
    if r.byte()? != FORMAT {
        return Err(DecodeError::Format);
    }
    let (sequence, now) = (r.uint()?, r.instant()?);
    let catalog = CatalogVersion(r.narrow()?);
    let command = read_command(&mut r)?;
    r.end()?;
    Ok(Record { sequence, now, catalog, command })
}

fn read_command(r: &mut Reader<'_>) -> Result<Command<'static>, DecodeError> {
    Ok(match r.byte()? {
        0 => Command::Decide(read_decided(r)?),
        1 => {
            let digest = Digest::from_bytes(r.array()?);
            Command::Enrol { digest, credential: Cow::Owned(parts::read_credential(r)?) }
        }
        2 => {
            let (scope, grant) = (read_scope(r)?, Cow::Owned(parts::read_grant(r)?));
            Command::Grant { scope, grant, burn: parts::read_burn(r)? }
        }
        3 => {
            let (scope, balance) = (read_scope(r)?, parts::read_balance(r)?);
            Command::Import { scope, balance, anchor: r.option(Reader::instant)? }
        }
        4 => {
            let json = Cow::Owned(r.bytes()?.to_vec());
            let names = Cow::Owned(parts::read_names(r)?);
            Command::Install { json, names, zones: ZonesDigest(r.array()?) }
        }
        5 => {
            let (scope, parent) = (read_scope(r)?, r.option(read_scope)?);
            let name = Cow::Owned(r.text()?.into());
            Command::Intern { scope, parent, name, plan: r.option(read_plan)? }
        }
        6 => {
            let (space, key) = (r.narrow()?, Cow::Owned(r.bytes()?.to_vec()));
            let value = r.option(|r| Ok(Cow::Owned(r.bytes()?.to_vec())))?;
            Command::Note { space, key, value }
        }
        7 => Command::SetAnchor { scope: read_scope(r)?, anchor: r.instant()? },
        8 => Command::SetPlan { scope: read_scope(r)?, plan: r.option(read_plan)? },
        9 => Command::SetStatus { scope: read_scope(r)?, status: parts::status_of(r.byte()?)? },
        10 => Command::Sweep,
        11 => Command::TopUp { scope: read_scope(r)?, lot: Cow::Owned(parts::read_lot(r)?) },
        12 => Command::Extend { hold: HoldId(r.uint()?), until: r.instant()? },
        13 => {
            let decided = read_decided(r)?;
            Command::Reserve { decided, hold: r.option(holding::read_hold)?.map(Box::new) }
        }
        14 => Command::Settle(holding::read_settled(r)?),
        15 => {
            let (scope, source) = (read_scope(r)?, Source(r.narrow()?));
            Command::VoidGrant { scope, source, at: r.instant()? }
        }
        16 => Command::Advance,
        17 => Command::Correct(correction::read(r)?),
        18 => Command::Batch(r.list(|r| {
            let command = match r.0.first() {
                Some(18) => return Err(DecodeError::Malformed), // none within one
                _ => read_command(r)?,
            };
            if is_joinable(&command) { Ok(command) } else { Err(DecodeError::Malformed) }
        })?),
        19 => Command::Book(read_decided(r)?),
        _ => return Err(DecodeError::Malformed),
    })
}

const fn tag(command: &Command<'_>) -> u8 {
    match command {
        Command::Decide(_) => 0,
        Command::Enrol { .. } => 1,
        Command::Grant { .. } => 2,
        Command::Import { .. } => 3,
        Command::Install { .. } => 4,
        Command::Intern { .. } => 5,
        Command::Note { .. } => 6,
        Command::SetAnchor { .. } => 7,
        Command::SetPlan { .. } => 8,
        Command::SetStatus { .. } => 9,
        Command::Sweep => 10,
        Command::TopUp { .. } => 11,
        Command::Extend { .. } => 12,
        Command::Reserve { .. } => 13,
        Command::Settle(_) => 14,
        Command::VoidGrant { .. } => 15,
        Command::Advance => 16,
        Command::Correct(_) => 17,
        Command::Batch(_) => 18,
        Command::Book(_) => 19,
    }
}

fn write_decided(w: &mut Writer<'_>, decided: &Decided<'_>) {
    w.size(decided.scopes.len());
    for scope in decided.scopes.iter() {
        w.uint(scope.0.into());
    }
    write_costs(w, &decided.costs);
    w.instant(decided.at);
    w.option(decided.key, parts::write_request_key);
    w.byte(parts::code(&parts::WISHES, &decided.on_shortfall));
    write_effects(w, &decided.effects);
    parts::write_verdict(w, &decided.verdict);
    w.option(decided.remembered, |w, Remembered { key, until, asked, gone }| {
        parts::write_key(w, &key);
        w.instant(until);
        w.uint(asked.0);
        w.uint(gone.into());
    });
}

fn read_decided(r: &mut Reader<'_>) -> Result<Decided<'static>, DecodeError> {
    let scopes = Cow::Owned(r.list(read_scope)?);
    let costs = read_costs(r)?;
    Ok(Decided {
        scopes,
        costs: Cow::Owned(costs),
        at: r.instant()?,
        key: r.option(parts::read_request_key)?,
        on_shortfall: parts::decoded(&parts::WISHES, r.byte()?)?,
        effects: read_effects(r)?,
        verdict: parts::read_verdict(r)?,
        remembered: r.option(|r| {
            let (key, until) = (parts::read_key(r)?, r.instant()?);
            Ok(Remembered { key, until, asked: Fingerprint(r.uint()?), gone: r.narrow()? })
        })?,
    })
}

pub(super) fn write_costs(w: &mut Writer<'_>, costs: &[Cost]) {
    w.size(costs.len());
    for Cost { feature, quantity } in costs {
        w.uint(feature.0.into());
        w.quantity(*quantity);
    }
}

pub(super) fn read_costs(r: &mut Reader<'_>) -> Result<Vec<Cost>, DecodeError> {
    r.list(|r| Ok(Cost { feature: FeatureId(r.narrow()?), quantity: r.quantity()? }))
}

pub(super) fn write_effects(w: &mut Writer<'_>, effects: &[Effect]) {
    w.size(effects.len());
    effects.iter().for_each(|effect| write_effect(w, effect));
}

pub(super) fn read_effects(r: &mut Reader<'_>) -> Result<Cow<'static, [Effect]>, DecodeError> {
    r.list(read_effect).map(Cow::Owned)
}

fn write_effect(w: &mut Writer<'_>, effect: &Effect) {
    match effect {
        Effect::Balance { scope, balance, taken } => {
            w.byte(0);
            w.uint(scope.0.into());
            parts::write_balance(w, balance);
            w.quantity(*taken);
        }
        Effect::Closed { scope, key: (limit, source, window_end) } => {
            w.byte(1);
            w.uint(scope.0.into());
            w.uint(limit.0.into());
            w.uint(source.0.into());
            w.instant(*window_end);
        }
        Effect::Ended { scope, source } => {
            w.byte(4);
            w.uint(scope.0.into());
            w.uint(source.0.into());
        }
        Effect::Lot { scope, position, left } => {
            w.byte(2);
            w.uint(scope.0.into());
            w.uint((*position).into());
            w.quantity(*left);
        }
        Effect::Member { scope, limit, member, window_end } => {
            w.byte(6);
            w.uint(scope.0.into());
            parts::write_member(w, (*limit, *window_end, *member));
        }
        Effect::Warned { scope, limit, window_end, warning } => {
            w.byte(5);
            w.uint(scope.0.into());
            parts::write_told(w, (*limit, *window_end, *warning));
        }
        Effect::Reading { scope, limit, reading, window_end } => {
            w.byte(3);
            w.uint(scope.0.into());
            w.uint(limit.0.into());
            w.quantity(reading.value);
            w.instant(reading.at);
            w.instant(*window_end);
        }
    }
}

fn read_effect(r: &mut Reader<'_>) -> Result<Effect, DecodeError> {
    let (tag, scope) = (r.byte()?, read_scope(r)?);
    Ok(match tag {
        0 => Effect::Balance { scope, balance: parts::read_balance(r)?, taken: r.quantity()? },
        1 => {
            let (limit, source) = (LimitId(r.narrow()?), Source(r.narrow()?));
            Effect::Closed { scope, key: (limit, source, r.instant()?) }
        }
        2 => Effect::Lot { scope, position: r.narrow()?, left: r.quantity()? },
        3 => {
            let limit = LimitId(r.narrow()?);
            let reading = Reading { value: r.quantity()?, at: r.instant()? };
            Effect::Reading { scope, limit, reading, window_end: r.instant()? }
        }
        4 => Effect::Ended { scope, source: Source(r.narrow()?) },
        5 => {
            let (limit, window_end, warning) = parts::read_told(r)?;
            Effect::Warned { scope, limit, window_end, warning }
        }
        6 => {
            let (limit, window_end, member) = parts::read_member(r)?;
            Effect::Member { scope, limit, member, window_end }
        }
        _ => return Err(DecodeError::Malformed),
    })
}

pub(super) fn read_scope(r: &mut Reader<'_>) -> Result<ScopeId, DecodeError> {
    r.narrow().map(ScopeId)
}

fn read_plan(r: &mut Reader<'_>) -> Result<PlanId, DecodeError> {
    r.narrow().map(PlanId)
}

/// The text of a name, owned.
pub(super) fn boxed(text: &str) -> Box<str> {
    Box::from(text)
}

/// The version of this format; a journal of another one is refused.
pub(super) const FORMAT: u8 = 1;
