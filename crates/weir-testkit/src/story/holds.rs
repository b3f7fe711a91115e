//! What may happen to a hold? Commits of all of it, of a part, of more, at its deadline and after.

use arbitrary::{Result, Unstructured};
use weir_core::amount::Quantity;
use weir_core::decide::{Cost, Then};
use weir_core::id::{FeatureId, HoldId};
use weir_core::time::Span;

use super::{Act, Author, HOUR, MINUTE, units};

impl Author {
    /// How far it is to the deadline of some hold, or a millisecond less or more.
    pub(super) fn deadline(&self, u: &mut Unstructured<'_>) -> Result<i64> {
        let hold = self.hold(u)?;
        let beside = u.int_in_range(-1..=1)?;
        let deadline = self.model.holds().find(|(id, ..)| *id == hold);
        let end = deadline.map_or(0, |(.., until)| until) - self.model.now();
        Ok(if end > 60 * 24 * HOUR { 1_000 } else { (end + beside).max(0) })
    }

    /// A hold: mostly an open one.
    pub(super) fn hold(&self, u: &mut Unstructured<'_>) -> Result<HoldId> {
        let open: Vec<_> = self.model.holds().filter(|(_, open, _)| *open).collect();
        let all: Vec<_> = self.model.holds().collect();
        let of = if u.ratio(7, 8)? && !open.is_empty() { open } else { all };
        if of.is_empty() || u.ratio(1, 32)? {
            return u.int_in_range(0..=u64::from(self.written)).map(HoldId);
        }
        u.choose(&of).map(|(id, ..)| *id)
    }

    pub(super) fn ttl(&self, u: &mut Unstructured<'_>) -> Result<Span> {
        let ttl = match u.int_in_range(0..=15_u8)? {
            0 => *u.choose(&[0, 1, -1, 31 * 24 * HOUR, 31 * 24 * HOUR + 1])?,
            1..=2 => u.int_in_range(1..=5_000)?,
            3..=5 => u.int_in_range(1..=10 * MINUTE)?,
            6..=8 => u.int_in_range(1..=3 * HOUR)?,
            _ => u.int_in_range(1..=20 * 24 * HOUR)?,
        };
        Ok(Span::from_millis(ttl).unwrap_or(Span::ZERO))
    }

    /// A commit of exactly what is held, or a part of it, or more, or anything.
    pub(super) fn commit(&self, u: &mut Unstructured<'_>) -> Result<Act> {
        let hold = self.hold(u)?;
        let mut costs: Vec<Cost> = self.model.rest(hold).collect();
        for cost in &mut costs {
            let held = cost.quantity.as_nanos();
            let used = match u.int_in_range(0..=15_u8)? {
                0..=4 => held,
                5..=8 => held / 2,
                9..=10 => held.saturating_add(1_000_000_000),
                11 => held.saturating_add(1),
                12 => -held,
                13 => 0,
                _ => 1_000_000_000 * u.int_in_range(0..=6_i128)?,
            };
            cost.quantity = Quantity::from_nanos(used);
        }
        match u.int_in_range(0..=31_u8)? {
            0..=1 => costs.extend(costs.clone()),
            2 => costs.push(Cost { feature: FeatureId(0), quantity: units(1) }),
            3 => costs.push(Cost { feature: FeatureId(3), quantity: units(1) }),
            4..=5 => costs.truncate(1),
            6 => costs.clear(),
            7 => costs.extend([Cost { feature: FeatureId(1), quantity: units(1) }; 9]),
            8 => costs.extend([Cost { feature: FeatureId(1), quantity: units(1) }; 3]),
            _ => {}
        }
        let then = if u.ratio(1, 3)? { Then::End } else { Then::Keep };
        Ok(Act::Commit(hold, u.int_in_range(0..=9)?, costs, then))
    }
}
