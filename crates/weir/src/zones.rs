//! What do the clocks of a zone show? Tables for the core, from the time-zone database of jiff.
//!
//! The database is built into the program, so that the same program decides the same everywhere.
//! Tables end with the year 2200: from then on, clocks stand where they stood last.

use jiff::tz::{Offset as Shift, TimeZone, TimeZoneDatabase};
use weir_core::time::Timestamp;
use weir_core::window::zone::{Offset, Zone, ZoneName, Zones};

/// The tables of all the zones of `names` that there are.
///
/// # Example
///
/// ```
/// use weir_core::window::zone::ZoneName;
///
/// let names = ["Europe/Berlin", "Europe/Atlantis"].map(|name| ZoneName::parse(name).unwrap());
/// let zones = weir::zones::tables(&names);
/// assert!(zones.find(&names[0]).is_some());
/// assert!(zones.find(&names[1]).is_none());
/// ```
#[must_use]
pub fn tables<'n>(names: impl IntoIterator<Item = &'n ZoneName>) -> Zones {
    let database = TimeZoneDatabase::bundled();
    names.into_iter().filter_map(|name| Some((name.clone(), table(&database, name)?))).collect()
}

fn table(database: &TimeZoneDatabase, name: &ZoneName) -> Option<Zone> {
    let zone = database.get(name.as_str()).ok()?;
    // The database does not mind upper and lower case; a catalog spells a zone in one way.
    if zone.iana_name() != Some(name.as_str()) {
        return None;
    }
    let mut last = offset(zone.to_offset(jiff::Timestamp::MIN))?;
    let first = last;
    let mut changes = Vec::new();
    for (at, shift) in transitions(&zone) {
        let next = offset(shift)?;
        if next != last {
            changes.push((at, next));
        }
        last = next;
    }
    Zone::new(first, changes).ok()
}

fn transitions(zone: &TimeZone) -> impl Iterator<Item = (Timestamp, Shift)> {
    let all = zone.following(jiff::Timestamp::MIN);
    let read = all.filter_map(|change| {
        let at = Timestamp::from_millis(change.timestamp().as_millisecond()).ok()?;
        Some((at, change.offset()))
    });
    read.take_while(|(at, _)| at.as_millis() < END_MS)
}

fn offset(shift: Shift) -> Option<Offset> {
    Offset::from_seconds(shift.seconds())
}

const END_MS: i64 = 7_258_118_400_000; // 2200-01-01T00:00:00Z
