//! Which terms can be weighed at a glance? What an everyday limit comes down to.

use super::terms::{Capacity, Counted, Line, Overage, Refusal, Terms};
use crate::id::LimitId;
use crate::limit::{CapacityRead, Enforcement};
use crate::meter::{Aggregation, Life, Meter};
use crate::time::Timestamp;

/// The only limit of a feature in a plan, where all that its running balance needs is a comparison:
/// a number of the plan, read always, of which values or events are taken for nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain {
    /// The limit.
    pub(crate) limit: LimitId,
    /// Whether values are added up, or events counted.
    pub(crate) adds: Adds,
    /// What happens to an ask that does not fit.
    pub(crate) enforcement: Enforcement,
    /// How a denial is called.
    pub(crate) refusal: Refusal,
    /// When its window is over for good.
    pub(crate) over: Timestamp,
}

/// What an event adds to a plain limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Adds {
    /// One, whatever its value.
    One,
    /// Its value.
    Value,
}

impl Plain {
    /// What all the terms of a feature come down to; `None` where they are more than that.
    pub(crate) fn of(all: &[Terms]) -> Option<Self> {
        let [terms] = all else { return None };
        // All named, so that what terms may say one day is asked for here.
        let Terms { limit, counted, capacity, window, anchor: _, grace: _, line, charge } = terms;
        let Counted { feature: _, meter: Meter { aggregation, life, conversion }, rates, kind: _ } =
            counted; // a gate's window has no periods
        let Line { enforcement, refusal, give_back: _, overage, late: _, warn_at, wishes: _ } =
            *line;
        let adds = match (aggregation, life) {
            (Aggregation::Count, Life::Window) => Adds::One,
            (Aggregation::Sum, Life::Window) => Adds::Value,
            _ => return None,
        };
        let live = matches!(capacity, Capacity::Fixed { read: CapacityRead::Live, .. });
        let free = charge.is_none() && conversion.is_none() && overage != Overage::Kept;
        let binds = enforcement != Enforcement::Shadow && warn_at.is_empty();
        let plain = live && free && rates.is_empty() && binds && window.counts_at_event();
        plain.then(|| Self { limit: *limit, adds, enforcement, refusal, over: window.over() })
    }
}
