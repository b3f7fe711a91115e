//! Which bytes are a hold, and a step of one?

use alloc::borrow::Cow;

use super::DecodeError;
use super::codec::{self, boxed};
use super::parts;
use super::record::{Settled, Step};
use super::wire::{Reader, Writer};
use crate::amount::Quantity;
use crate::decide::{Outcome, Verdict};
use crate::hold::{Ended, Ending, Held, Hold, Part, Pledge};
use crate::id::{FeatureId, HoldId, LimitId, ScopeId, WalletId};
use crate::limit::Source;

pub(super) fn write_hold(w: &mut Writer<'_>, hold: &Hold<Verdict>) {
    w.uint(hold.id.0);
    w.size(hold.scopes.len());
    hold.scopes.iter().for_each(|scope| w.uint(scope.0.into()));
    w.instant(hold.until);
    w.size(hold.held.rest.len());
    for (feature, left) in &hold.held.rest {
        w.uint(feature.0.into());
        w.quantity(*left);
    }
    w.size(hold.held.parts.len());
    hold.held.parts.iter().for_each(|part| write_part(w, part));
    w.size(hold.held.pledges.len());
    hold.held.pledges.iter().for_each(|pledge| write_pledge(w, pledge));
    w.size(hold.answers.len());
    for (number, answer) in &hold.answers {
        w.uint((*number).into());
        parts::write_verdict(w, answer);
    }
    w.option(hold.ended, |w, ended| {
        w.byte(match ended.by {
            Ending::Caller => 0,
            Ending::Deadline => 1,
        });
        parts::write_verdict(w, &ended.answer);
    });
}

pub(super) fn read_hold(r: &mut Reader<'_>) -> Result<Hold<Verdict>, DecodeError> {
    Ok(Hold {
        id: HoldId(r.uint()?),
        scopes: r.list(codec::read_scope)?.into(),
        until: r.instant()?,
        held: Held {
            rest: r.list(|r| Ok((FeatureId(r.narrow()?), r.quantity()?)))?,
            parts: r.list(read_part)?,
            pledges: r.list(read_pledge)?,
        },
        answers: r.list(|r| Ok((r.narrow()?, parts::read_verdict(r)?)))?,
        ended: r.option(|r| {
            let by = match r.byte()? {
                0 => Ending::Caller,
                1 => Ending::Deadline,
                _ => return Err(DecodeError::Malformed),
            };
            Ok(Ended { by, answer: parts::read_verdict(r)? })
        })?,
    })
}

fn write_part(w: &mut Writer<'_>, part: &Part) {
    let (limit, source, window_end) = part.balance;
    w.uint(part.scope.0.into());
    w.uint(limit.0.into());
    w.uint(source.0.into());
    w.instant(window_end);
    w.uint(part.feature.0.into());
    w.quantity(part.held);
    w.quantity(part.capacity);
    w.option(part.charge.as_ref(), super::priced::write_charge);
}

fn read_part(r: &mut Reader<'_>) -> Result<Part, DecodeError> {
    Ok(Part {
        scope: codec::read_scope(r)?,
        balance: (LimitId(r.narrow()?), Source(r.narrow()?), r.instant()?),
        feature: FeatureId(r.narrow()?),
        held: r.quantity()?,
        capacity: r.quantity()?,
        charge: r.option(super::priced::read_charge)?,
    })
}

fn write_pledge(w: &mut Writer<'_>, pledge: &Pledge) {
    w.uint(pledge.scope.0.into());
    w.uint(pledge.wallet.0.into());
    w.text(&pledge.lot);
    w.quantity(pledge.left);
}

fn read_pledge(r: &mut Reader<'_>) -> Result<Pledge, DecodeError> {
    Ok(Pledge {
        scope: ScopeId(r.narrow()?),
        wallet: WalletId(r.narrow()?),
        lot: boxed(r.text()?),
        left: r.quantity()?,
    })
}

pub(super) fn write_settled(w: &mut Writer<'_>, settled: &Settled<'_>) {
    w.uint(settled.hold.0);
    match settled.step {
        Step::Commit(number) => {
            w.byte(0);
            w.uint(number.into());
        }
        Step::Expire => w.byte(1),
        Step::Release => w.byte(2),
    }
    codec::write_costs(w, &settled.costs);
    codec::write_effects(w, &settled.effects);
    w.size(settled.held.len());
    settled.held.iter().for_each(|quantity| w.quantity(*quantity));
    w.option(settled.ended, Writer::instant);
    parts::write_verdict(w, &settled.verdict);
}

pub(super) fn read_settled(r: &mut Reader<'_>) -> Result<Settled<'static>, DecodeError> {
    let hold = HoldId(r.uint()?);
    let step = match r.byte()? {
        0 => Step::Commit(r.narrow()?),
        1 => Step::Expire,
        2 => Step::Release,
        _ => return Err(DecodeError::Malformed),
    };
    let costs = Cow::Owned(codec::read_costs(r)?);
    let effects = codec::read_effects(r)?;
    let held: Cow<'static, [Quantity]> = Cow::Owned(r.list(Reader::quantity)?);
    let (ended, verdict) = (r.option(Reader::instant)?, parts::read_verdict(r)?);
    if verdict.outcome != Outcome::Allowed && ended.is_some() {
        return Err(DecodeError::Malformed); // what was denied ended nothing
    }
    Ok(Settled { hold, step, costs, effects, held, ended, verdict })
}
