//! What do the clocks show? A zone as a table of instants and offsets, filled by the caller.
//!
//! Nothing here knows a rule of summer time: whoever has a time-zone database writes down when the
//! clocks of a zone change, and how far they are from UTC from then on. Before the first change and
//! after the last one the offset stands still.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::time::Timestamp;

/// How far the clocks of a zone are ahead of UTC.
///
/// # Units
///
/// Whole seconds, negative to the west; less than 26 hours either way.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Offset(i32); // INVARIANT: within LIMIT_S; `from_seconds` is the only door.

impl Offset {
    /// The offset of `seconds`; `None` where no clock is that far off.
    #[must_use]
    pub const fn from_seconds(seconds: i32) -> Option<Self> {
        if seconds.unsigned_abs() < LIMIT_S { Some(Self(seconds)) } else { None }
    }

    fn as_millis(self) -> i64 {
        i64::from(self.0).saturating_mul(1_000)
    }
}

/// When the clocks of one zone change, and to which offset.
///
/// # Example
///
/// ```
/// use weir_core::time::{TimeError, Timestamp};
/// use weir_core::window::zone::{Offset, Zone, ZoneError};
///
/// let offset = |hours: i32| Offset::from_seconds(hours * 3_600).expect("a clock may be so far off");
/// let spring: Timestamp = "2026-03-29T01:00:00Z".parse()?;
/// let autumn: Timestamp = "2026-10-25T01:00:00Z".parse()?;
/// let berlin = Zone::new(offset(1), vec![(spring, offset(2)), (autumn, offset(1))]);
/// assert!(berlin.is_ok());
/// let backwards = Zone::new(offset(1), vec![(autumn, offset(1)), (spring, offset(2))]);
/// assert_eq!(backwards, Err(ZoneError { at: 1 }));
/// # Ok::<(), TimeError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Zone {
    first: Offset,
    /// INVARIANT: strictly ascending instants.
    changes: Box<[(Timestamp, Offset)]>,
}

impl Zone {
    /// The zone whose clocks are off by `first` at the beginning, and change as listed.
    ///
    /// # Errors
    ///
    /// [`ZoneError`] where a change does not come after the one before it.
    pub fn new(first: Offset, changes: Vec<(Timestamp, Offset)>) -> Result<Self, ZoneError> {
        let pairs = changes.iter().zip(changes.iter().skip(1));
        if let Some(at) = pairs.into_iter().position(|((a, _), (b, _))| b <= a) {
            return Err(ZoneError { at: at.saturating_add(1) });
        }
        Ok(Self { first, changes: changes.into() })
    }

    /// When the clocks change, in order, and to which offset.
    pub fn changes(&self) -> impl Iterator<Item = (Timestamp, Offset)> {
        self.changes.iter().copied()
    }

    /// What the clocks show at `ms`, as milliseconds of a line of their own.
    pub(super) fn shown_at(&self, ms: i64) -> i64 {
        let (_, offset) = self.stretch(self.place(ms));
        ms.saturating_add(offset)
    }

    /// The latest time that the clocks have shown up to `ms`: where they were put back, that is
    /// more than they show.
    pub(super) fn shown_by(&self, ms: i64) -> i64 {
        let place = self.place(ms);
        let mut latest = self.shown_at(ms);
        for place in (0..place).rev() {
            let (end, offset) = self.stretch(place);
            if end < ms.saturating_sub(LIMIT_MS.saturating_mul(2)) {
                break; // no clock was ever put back so far
            }
            latest = latest.max(end.saturating_sub(1).saturating_add(offset));
        }
        latest
    }

    /// The first instant at which the clocks show `local` or, where they leave it out, more.
    pub(super) fn first_shows(&self, local: i64) -> i64 {
        let mut start = i64::MIN;
        for place in self.place(local.saturating_sub(LIMIT_MS))..self.changes.len() {
            let (end, offset) = self.stretch(place);
            let shown = local.saturating_sub(offset).max(start);
            if shown < end {
                return shown;
            }
            start = end;
        }
        let (_, offset) = self.stretch(self.changes.len());
        local.saturating_sub(offset).max(start)
    }

    /// How many changes there were up to `ms`: the place of its stretch between two changes.
    fn place(&self, ms: i64) -> usize {
        self.changes.partition_point(|(at, _)| at.as_millis() <= ms)
    }

    /// The end of a stretch between two changes, and the offset in it, in milliseconds.
    fn stretch(&self, place: usize) -> (i64, i64) {
        let end = self.changes.get(place).map_or(i64::MAX, |(at, _)| at.as_millis());
        let last = place.checked_sub(1).and_then(|last| self.changes.get(last));
        (end, last.map_or(self.first, |(_, offset)| *offset).as_millis())
    }
}

/// The change at this place of a table does not come after the one before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("change {at} of a zone does not come after the one before it")]
pub struct ZoneError {
    /// From 0.
    pub at: usize,
}

/// The name of a zone in the IANA database, such as `Europe/Berlin`.
///
/// # Shape
///
/// 1 to 64 bytes of `[A-Za-z0-9._+/-]`, the first one a letter. Names differ as their bytes do.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct ZoneName(Box<str>); // INVARIANT: matches the grammar; `parse` is the only door.

impl ZoneName {
    /// The longest name, in bytes.
    pub const LEN_MAX: usize = 64;

    /// Reads a name; `None` for what is not one.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::window::zone::ZoneName;
    ///
    /// assert!(ZoneName::parse("Etc/GMT+5").is_some());
    /// assert!(ZoneName::parse("+05:00").is_none()); // an offset is not a zone
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._+/-".contains(&byte);
        let named = text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
        let sound = named && text.len() <= Self::LEN_MAX && text.bytes().all(known);
        sound.then(|| Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ZoneName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a name of a time zone"))
    }
}

/// Which of its zones a catalog means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ZoneId(u16);

/// The zones that a catalog names, each with its table.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Zones {
    /// INVARIANT: ascending names.
    tables: Vec<(ZoneName, Zone)>,
}

impl Zones {
    /// No zone: all there is is UTC.
    pub const NONE: Self = Self { tables: Vec::new() };

    /// Which zone is called `name`.
    #[must_use]
    pub fn find(&self, name: &ZoneName) -> Option<ZoneId> {
        let place = self.tables.binary_search_by(|(known, _)| known.cmp(name)).ok()?;
        u16::try_from(place).ok().map(ZoneId)
    }

    /// A zone's table.
    #[must_use]
    pub fn get(&self, zone: ZoneId) -> Option<&Zone> {
        self.tables.get(usize::from(zone.0)).map(|(_, table)| table)
    }

    /// A digest of all names and tables: equal tables have equal digests.
    #[must_use]
    pub fn digest(&self) -> ZonesDigest {
        let mut hash = Sha256::new();
        for (name, Zone { first, changes }) in &self.tables {
            hash.update(name.as_str());
            hash.update([0]);
            hash.update(first.0.to_le_bytes());
            hash.update((changes.len() as u64).to_le_bytes());
            for (at, offset) in changes {
                hash.update(at.as_millis().to_le_bytes());
                hash.update(offset.0.to_le_bytes());
            }
        }
        ZonesDigest(hash.finalize().into())
    }
}

impl FromIterator<(ZoneName, Zone)> for Zones {
    /// Of two tables under one name, the first counts.
    fn from_iter<I: IntoIterator<Item = (ZoneName, Zone)>>(tables: I) -> Self {
        let mut tables: Vec<_> = tables.into_iter().collect();
        tables.sort_by(|(a, _), (b, _)| a.cmp(b));
        tables.dedup_by(|(later, _), (first, _)| later == first);
        Self { tables }
    }
}

/// The SHA-256 of the tables of zones under which a catalog was compiled.
///
/// A journal keeps it, so that whoever opens it under a newer time-zone database can tell.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ZonesDigest(pub [u8; 32]);

const LIMIT_S: u32 = 26 * 3_600; // ours: what the offset of a POSIX TZ rule stays below
const LIMIT_MS: i64 = LIMIT_S as i64 * 1_000;
