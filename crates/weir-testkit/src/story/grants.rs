//! Which grants are given? Short ones and endless ones, whole in each period or cut into stretches.

use arbitrary::{Result, Unstructured};
use weir_core::grant::{Every, Grant, Renewal, Rollover, Turns};
use weir_core::id::ScopeId;
use weir_core::limit::{Source, UNLIMITED};
use weir_core::time::Timestamp;

use super::{Act, Author, HOUR, lasting, later, units, windows};

impl Author {
    pub(super) fn grant(
        &self,
        scope: ScopeId,
        now: Timestamp,
        u: &mut Unstructured<'_>,
    ) -> Result<Act> {
        let limit = self.limit(u)?;
        let effective = later(now, u.int_in_range(-HOUR..=HOUR)?);
        let name =
            format!("{}{}", u.choose(&["g", "G", "g_", "g-", "h"])?, u.int_in_range(0..=9_u8)?);
        let expires = if u.ratio(1, 3)? { Timestamp::MAX } else { later(effective, lasting(u)?) };
        let amount = if u.ratio(1, 12)? { UNLIMITED } else { units(u.int_in_range(0..=9)?) };
        let grant = Grant {
            name: name.into(),
            limit,
            source: Source(u.int_in_range(1..=12)?),
            amount,
            priority: u.int_in_range(0..=2)?,
            effective,
            expires,
            renewal: renewal(now, u)?,
        };
        Ok(Act::Grant(scope, grant, self.shape.burn(limit, &self.model)))
    }
}

/// How a grant comes back: mostly as its limit does.
fn renewal(now: Timestamp, u: &mut Unstructured<'_>) -> Result<Renewal> {
    if u.ratio(2, 5)? {
        return Ok(Renewal::DEFAULT);
    }
    let window = match u.int_in_range(0..=5_u8)? {
        0 => Some(Turns::Never),
        1..=2 => Some(Turns::Every(every(now, u)?)),
        _ => None,
    };
    let recurrence = if u.ratio(1, 2)? { Some(every(now, u)?) } else { None };
    let (min, max) = (units(u.int_in_range(0..=3)?), units(u.int_in_range(0..=6)?));
    let rollover = if u.ratio(1, 2)? { Some(Rollover::Same { min, max }) } else { None };
    Ok(Renewal { window, recurrence, rollover })
}

fn every(now: Timestamp, u: &mut Unstructured<'_>) -> Result<Every> {
    let anchor = later(now, u.int_in_range(-3 * HOUR..=3 * HOUR)?);
    Ok(Every { anchor, span: windows::stride(u)? })
}
