//! Which bytes is a correction, and what does it store?

use alloc::borrow::Cow;

use super::books::Books;
use super::wire::{Reader, Writer};
use super::{DecodeError, codec};
use crate::amount::Quantity;
use crate::decide::{Anchor, Effect};
use crate::id::{LimitId, ScopeId};
use crate::time::Timestamp;

/// What was put right by hand.
#[derive(Clone, Debug, PartialEq)]
pub enum Correction<'a> {
    /// What a limit counts was changed.
    Adjust {
        /// Whose.
        scope: ScopeId,
        /// Which limit.
        limit: LimitId,
        /// By how much: more use, or less.
        quantity: Quantity,
        /// What changed.
        effects: Cow<'a, [Effect]>,
    },
    /// A limit started anew.
    Reset {
        /// Whose.
        scope: ScopeId,
        /// Which limit.
        limit: LimitId,
        /// What was to become of its anchor.
        anchor: Anchor,
        /// Where the scope's own anchored windows start from now on; `None` for where they did.
        moved: Option<Timestamp>,
        /// What changed.
        effects: Cow<'a, [Effect]>,
    },
    /// The clock was set, to an earlier instant than the latest one seen or to a later one.
    SetClock {
        /// To when.
        to: Timestamp,
        /// When the last of the answers that are remembered by then may be forgotten.
        forget: Timestamp,
    },
}

impl Books {
    /// Stores a correction, for the first time or again; tells whether it fits the state.
    pub(super) fn correct(&mut self, now: Timestamp, correction: &Correction<'_>) -> bool {
        match correction {
            Correction::Adjust { effects, .. } => self.settle(effects),
            Correction::Reset { scope, moved, effects, .. } => {
                let stored = self.settle(effects);
                // Now the periods of what was stored are looked up, too.
                if let Some(anchor) = moved {
                    self.accounts.set_anchor(*scope, *anchor);
                }
                stored
            }
            Correction::SetClock { to, forget } => {
                if *to < now {
                    self.put_back = self.put_back.max(Some(*to));
                    self.accounts.put_back();
                    self.holds.put_back(now, *to);
                    self.remembered.put_back(*forget);
                }
                true
            }
        }
    }
}

pub(super) fn write(w: &mut Writer<'_>, correction: &Correction<'_>) {
    match correction {
        Correction::Adjust { scope, limit, quantity, effects } => {
            w.byte(0);
            write_place(w, (*scope, *limit));
            w.quantity(*quantity);
            codec::write_effects(w, effects);
        }
        Correction::Reset { scope, limit, anchor, moved, effects } => {
            w.byte(match anchor {
                Anchor::Keep => 1,
                Anchor::Move => 2,
            });
            write_place(w, (*scope, *limit));
            w.option(*moved, Writer::instant);
            codec::write_effects(w, effects);
        }
        Correction::SetClock { to, forget } => {
            w.byte(3);
            w.instant(*to);
            w.instant(*forget);
        }
    }
}

pub(super) fn read(r: &mut Reader<'_>) -> Result<Correction<'static>, DecodeError> {
    let tag = r.byte()?;
    let anchor = match tag {
        0 => {
            let ((scope, limit), quantity) = (read_place(r)?, r.quantity()?);
            let effects = codec::read_effects(r)?;
            return Ok(Correction::Adjust { scope, limit, quantity, effects });
        }
        1 => Anchor::Keep,
        2 => Anchor::Move,
        3 => return Ok(Correction::SetClock { to: r.instant()?, forget: r.instant()? }),
        _ => return Err(DecodeError::Malformed),
    };
    let ((scope, limit), moved) = (read_place(r)?, r.option(Reader::instant)?);
    Ok(Correction::Reset { scope, limit, anchor, moved, effects: codec::read_effects(r)? })
}

fn write_place(w: &mut Writer<'_>, (scope, limit): (ScopeId, LimitId)) {
    w.uint(scope.0.into());
    w.uint(limit.0.into());
}

fn read_place(r: &mut Reader<'_>) -> Result<(ScopeId, LimitId), DecodeError> {
    Ok((codec::read_scope(r)?, LimitId(r.narrow()?)))
}
