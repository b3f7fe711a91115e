//! What may be put right? Counts, by a little or by more than there is, limits from anew, the clock; and what may be
//! imported?

use arbitrary::{Result, Unstructured};
use weir_core::amount::Quantity;
use weir_core::decide::Anchor;
use weir_core::id::{CatalogVersion, LimitId, ScopeId};
use weir_core::limit::{Balance, Source};
use weir_core::time::Timestamp;

use super::{Act, Author, Flavour, HOUR, Played, units};
use crate::ledger_model::Model;

/// What can be put right.
#[derive(Clone, Copy, Debug)]
pub enum Correct {
    /// Add to what a limit counts, or take away from it.
    Adjust(ScopeId, LimitId, Quantity),
    /// Let a limit start anew.
    Reset(ScopeId, LimitId, Anchor),
    /// Set the clock.
    SetClock,
}

/// What the model makes of it.
pub(super) fn put_right(model: &mut Model, correct: Correct, now: Timestamp) -> Played {
    match correct {
        Correct::Adjust(scope, limit, by) => {
            Played::Adjusted(model.adjust((scope, limit, by), now))
        }
        Correct::Reset(scope, limit, anchor) => {
            Played::Done(model.reset((scope, limit, anchor), now))
        }
        Correct::SetClock => {
            model.set_clock(now);
            Played::Done(Ok(()))
        }
    }
}

impl Author {
    pub(super) fn correct(&self, scope: ScopeId, u: &mut Unstructured<'_>) -> Result<Act> {
        let limit = self.limit(u)?;
        Ok(match u.int_in_range(0..=15_u8)? {
            0 if self.flavour == Flavour::Apart => Act::Advance,
            0 => Act::Correct(Correct::SetClock),
            1..=2 => Act::Advance,
            3..=9 => Act::Correct(Correct::Adjust(scope, limit, by(u)?)),
            _ => {
                let anchor = *u.choose(&[Anchor::Keep, Anchor::Move])?;
                Act::Correct(Correct::Reset(scope, limit, anchor))
            }
        })
    }

    pub(super) fn import(
        &self,
        scope: ScopeId,
        now: Timestamp,
        u: &mut Unstructured<'_>,
    ) -> Result<Act> {
        let limit = self.limit(u)?;
        let at = self.model.now().max(now.as_millis());
        let at = at - if u.ratio(1, 4)? { u.int_in_range(0..=3 * HOUR)? } else { 0 };
        let end = self.model.ends((scope, limit), at).unwrap_or(at);
        // Most of them fit; some end beside the period, or in the next one.
        let end = end + if u.ratio(3, 4)? { 0 } else { u.int_in_range(-2_000..=60_000)? };
        let stated = self.model.stated((scope, limit));
        let known = if stated.is_empty() { None } else { Some(*u.choose(&stated)?) };
        let (source, amount) = match known {
            Some(known) if u.ratio(7, 8)? => known,
            _ => (Source(u.int_in_range(0..=1)?), units(u.int_in_range(0..=9)?)),
        };
        let own = self.model.stretch_ends((scope, limit), source.0, at);
        let end = own.filter(|_| u.ratio(7, 8).unwrap_or_default()).unwrap_or(end);
        Ok(Act::Import(
            scope,
            Balance {
                used: units(u.int_in_range(0..=6)?),
                held: units(i64::from(u.ratio(1, 8)?)),
                capacity: amount,
                window_end: Timestamp::from_millis(end).unwrap_or(Timestamp::MAX),
                generation: CatalogVersion(0),
                limit,
                source,
            },
        ))
    }
}

/// A few units more or fewer, or far too many.
fn by(u: &mut Unstructured<'_>) -> Result<Quantity> {
    Ok(match u.int_in_range(0..=31_u8)? {
        0 => units(1_000_000_000_000_000), // what it costs can be counted still
        1 => Quantity::from_nanos(i128::MIN),
        2 => Quantity::NANO,
        3 => Quantity::ZERO,
        4..=17 => units(-u.int_in_range(1..=6)?),
        _ => units(u.int_in_range(1..=6)?),
    })
}
