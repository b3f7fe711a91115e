//! What do the clocks of the zones of random catalogs show, stretch by stretch?
//!
//! One zone changes its clocks far more often than any on earth, back and forth by minutes, hours
//! and a whole day, around the instants at which histories start.

use std::sync::LazyLock;

use weir_core::time::Timestamp;
use weir_core::window::zone::{Offset, Zone, ZoneName, Zones};

use crate::story::STARTS;

/// When the clocks of a zone change, in milliseconds, and to how many seconds ahead of UTC.
#[derive(Clone, Debug)]
pub struct Clocks {
    /// The name of the zone.
    pub name: ZoneName,
    /// Each stretch: from when on, and how far ahead; the first has no beginning.
    pub stretches: Vec<(i64, i64)>,
}

impl Clocks {
    /// The first instant at which a civil boundary is shown; where it is left out, the first one
    /// after the gap.
    #[must_use]
    pub fn first(&self, local: i64) -> i64 {
        // No clock is off by two days: what is shown that long before or after does not matter.
        let nearby = |days: i64| {
            let at = local + days * 86_400_000;
            self.stretches.partition_point(|(start, _)| *start <= at)
        };
        let (first, last) = (nearby(-2).saturating_sub(2), nearby(2));
        let near = self.stretches.get(first..last).unwrap_or_default();
        let next = self.stretches.get(last).map_or(i64::MAX, |(start, _)| *start);
        let ends = near.iter().skip(1).map(|(start, _)| *start).chain([next]);
        let mut shown = Vec::new();
        let mut gaps = Vec::new();
        let mut before = i64::MIN; // what the clocks show when the stretch before ends
        for ((start, ahead), end) in near.iter().zip(ends) {
            let at = local - ahead * 1_000;
            if (*start..end).contains(&at) {
                shown.push(at);
            }
            if before <= local && *start != i64::MIN && local < start + ahead * 1_000 {
                gaps.push(*start);
            }
            before = end.saturating_add(ahead * 1_000);
        }
        shown.into_iter().chain(gaps).min().unwrap_or(local)
    }

    /// The latest time that the clocks have shown up to an instant.
    #[must_use]
    pub fn latest(&self, at: i64) -> i64 {
        let changes = self.stretches.iter().map(|(change, _)| *change);
        let past = changes.filter(|change| (at - 2 * 86_400_000..=at).contains(change));
        past.map(|change| self.shown(change - 1)).chain([self.shown(at)]).max().unwrap_or(at)
    }

    /// What the clocks show at an instant.
    #[must_use]
    pub fn shown(&self, at: i64) -> i64 {
        let later = self.stretches.partition_point(|(start, _)| *start <= at);
        let stretch = later.checked_sub(1).and_then(|place| self.stretches.get(place));
        at + stretch.map_or(0, |(_, ahead)| ahead * 1_000)
    }
}

/// The clocks of a zone of [`CLOCKS`].
#[must_use]
pub fn clocks(name: &ZoneName) -> Option<&'static Clocks> {
    CLOCKS.iter().find(|clocks| clocks.name == *name)
}

/// All zones that a random catalog may name.
pub static CLOCKS: LazyLock<Vec<Clocks>> = LazyLock::new(|| {
    let mut jumpy = vec![(i64::MIN, 3_600)];
    let mut starts: Vec<i64> = STARTS.iter().map(|at| at.as_millis()).collect();
    starts.sort_unstable();
    let ahead = [7_200, 3_600, -1_800, 46_800, 45_000, -39_600, 3_600];
    for start in starts {
        let near = (-20..60).map(|n| start + n * 31 * 3_600_000 + n * n * 1_000);
        let after = near.filter(|at| jumpy.last().is_some_and(|(last, _)| at > last));
        let new: Vec<i64> = after.collect();
        jumpy.extend(new.into_iter().zip(ahead.into_iter().cycle()));
    }
    [("Lab/Jumpy", jumpy), ("Lab/Steady", vec![(i64::MIN, 19_800)])]
        .into_iter()
        .filter_map(|(name, stretches)| Some(Clocks { name: ZoneName::parse(name)?, stretches }))
        .collect()
});

/// The same for the core.
pub static ZONES: LazyLock<Zones> = LazyLock::new(|| {
    let offset = |ahead: i64| Offset::from_seconds(i32::try_from(ahead).ok()?);
    let zone = |clocks: &Clocks| {
        let (first, rest) = clocks.stretches.split_first()?;
        let change =
            |(at, ahead): &(i64, i64)| Some((Timestamp::from_millis(*at).ok()?, offset(*ahead)?));
        let changes = rest.iter().map(change).collect::<Option<_>>()?;
        Some((clocks.name.clone(), Zone::new(offset(first.1)?, changes).ok()?))
    };
    CLOCKS.iter().filter_map(zone).collect()
});
