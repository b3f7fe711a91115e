//! Which grant is drawn first? A list of keys, as data.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Grant;
use crate::time::Timestamp;

/// The order in which grants are drawn: by the first key, among equals by the second, and so on.
///
/// # Shape
///
/// At most [`Burn::KEYS_MAX`] keys; grants equal in all of them are drawn in the order in which they
/// were given. In JSON the name of a preset, or a list of keys, each a word (`"priority"`) or an
/// object (`{"by": "expires", "direction": "descending", "grain": "day"}`).
///
/// # Example
///
/// ```
/// use weir_core::amount::Quantity;
/// use weir_core::grant::{Burn, Grant, Renewal};
/// use weir_core::id::LimitId;
/// use weir_core::limit::Source;
/// use weir_core::time::Timestamp;
/// use weir_core::window::Period;
///
/// let grant = |name: &str, priority| Grant {
///     name: name.into(),
///     limit: LimitId(0),
///     source: Source(1),
///     amount: Quantity::from_units(1),
///     priority,
///     effective: Timestamp::EPOCH,
///     expires: Period::NEVER,
///     renewal: Renewal::DEFAULT,
/// };
/// let (trial, paid) = (grant("trial", 10), grant("paid", 80));
/// assert!(Burn::STANDARD.order(&trial, &paid).is_lt());
/// assert!(Burn::UNPRICE.order(&trial, &paid).is_gt()); // there, a high number is drawn first
/// let by_name: Burn = serde_json::from_str(r#"["id"]"#)?;
/// assert!(by_name.order(&trial, &paid).is_gt());
/// assert!(serde_json::from_str::<Burn>(r#"["age"]"#).is_err()); // a grant has no such thing
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Burn([Option<Key>; Burn::KEYS_MAX]); // INVARIANT: none after `None`.

impl Burn {
    /// The most keys of an order.
    pub const KEYS_MAX: usize = 6;

    /// Low priority first, then the soonest expiry, then creation, then name.
    pub const STANDARD: Self = Self::of([
        Key::of(By::Priority),
        Key::of(By::Expires),
        Key::of(By::Created),
        Key::of(By::Id),
    ]);

    /// As the standard order, with the second in which a grant expires.
    ///
    /// # Source
    ///
    /// The grant engine of `OpenMeter`, which compares expiries in whole seconds.
    pub const OPENMETER: Self = Self::of([
        Key::of(By::Priority),
        Key { grain: Grain::Second, ..Key::of(By::Expires) },
        Key::of(By::Created),
        Key::of(By::Id),
    ]);

    /// High priority first, then the soonest expiry, then name as a dictionary has it.
    pub const UNPRICE: Self = Self::of([
        Key { direction: Direction::Descending, ..Key::of(By::Priority) },
        Key::of(By::Expires),
        Key::of(By::Name),
        Key::of(By::Created),
    ]);

    const fn of([a, b, c, d]: [Key; 4]) -> Self {
        Self([Some(a), Some(b), Some(c), Some(d), None, None])
    }

    /// An order by keys; `None` when they are too many.
    #[must_use]
    pub fn new(keys: &[Key]) -> Option<Self> {
        let mut burn = [None; Self::KEYS_MAX];
        for (at, key) in keys.iter().enumerate() {
            *burn.get_mut(at)? = Some(*key);
        }
        Some(Self(burn))
    }

    /// Its keys, the first one first.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        self.0.into_iter().flatten()
    }

    /// Which of two grants is drawn first.
    #[must_use]
    pub fn order(&self, a: &Grant, b: &Grant) -> Ordering {
        let mut by_keys = self.keys().map(|key| key.order(a, b));
        by_keys.find(|order| order.is_ne()).unwrap_or_else(|| a.source.cmp(&b.source))
    }
}

impl Default for Burn {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// The orders that have a name.
const PRESETS: [(&str, Burn); 3] =
    [("openmeter", Burn::OPENMETER), ("standard", Burn::STANDARD), ("unprice", Burn::UNPRICE)];

/// One thing by which grants are ordered.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// What is compared.
    pub by: By,
    /// Which end comes first; `ascending` when absent.
    #[serde(default)]
    pub direction: Direction,
    /// How finely instants are compared; `millisecond` when absent.
    #[serde(default)]
    pub grain: Grain,
}

impl Key {
    /// A key, ascending and as fine as can be.
    #[must_use]
    pub const fn of(by: By) -> Self {
        Self { by, direction: Direction::Ascending, grain: Grain::Millisecond }
    }

    fn order(self, a: &Grant, b: &Grant) -> Ordering {
        let instant = |at: Timestamp| at.as_millis().div_euclid(self.grain.as_millis());
        let order = match self.by {
            By::Amount => a.amount.cmp(&b.amount),
            By::Created => a.source.cmp(&b.source),
            By::Effective => instant(a.effective).cmp(&instant(b.effective)),
            By::Expires => instant(a.expires).cmp(&instant(b.expires)),
            By::Id => a.name.cmp(&b.name),
            By::Name => dictionary(&a.name, &b.name),
            By::Priority => a.priority.cmp(&b.priority),
        };
        if self.direction == Direction::Descending { order.reverse() } else { order }
    }
}

/// What of a grant is compared.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// How much it allows.
    Amount,
    /// When it was given: its number among the scope's grants.
    Created,
    /// From when it pays.
    Effective,
    /// When it stops paying; never comes last.
    Expires,
    /// Its name, byte by byte.
    Id,
    /// Its name, as a dictionary has it.
    Name,
    /// The number that the host gave it.
    Priority,
}

/// Which end comes first.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The least.
    #[default]
    Ascending,
    /// The greatest.
    Descending,
}

/// How finely instants are compared: two in the same one are the same.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// Days in UTC.
    Day,
    /// Hours.
    Hour,
    /// Milliseconds.
    #[default]
    Millisecond,
    /// Minutes.
    Minute,
    /// Seconds.
    Second,
}

impl Grain {
    const fn as_millis(self) -> i64 {
        match self {
            Self::Day => 86_400_000,
            Self::Hour => 3_600_000,
            Self::Millisecond => 1,
            Self::Minute => 60_000,
            Self::Second => 1_000,
        }
    }
}

impl Serialize for Burn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match PRESETS.iter().find(|(_, preset)| preset == self) {
            Some((name, _)) => serializer.serialize_str(name),
            None => serializer.collect_seq(self.keys()),
        }
    }
}

impl<'de> Deserialize<'de> for Burn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BurnVisitor)
    }
}

struct BurnVisitor;

impl<'de> Visitor<'de> for BurnVisitor {
    type Value = Burn;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`openmeter`, `standard`, `unprice` or a list of up to 6 keys")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Burn, E> {
        let known = PRESETS.iter().find(|(name, _)| *name == text);
        known.map(|(_, preset)| *preset).ok_or_else(|| E::unknown_variant(text, NAMES))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Burn, A::Error> {
        let mut keys = Vec::new();
        while let Some(Written(key)) = seq.next_element()? {
            keys.push(key);
            if keys.len() > Burn::KEYS_MAX {
                break;
            }
        }
        Burn::new(&keys).ok_or_else(|| A::Error::custom("at most 6 keys"))
    }
}

const NAMES: &[&str] = &["openmeter", "standard", "unprice"];

/// A key as it is written: a word or an object.
struct Written(Key);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Whole(Key),
            Word(By),
        }
        Form::deserialize(deserializer).map(|form| {
            Self(match form {
                Form::Whole(key) => key,
                Form::Word(by) => Key::of(by),
            })
        })
    }
}

/// Compares as a dictionary does: marks before digits before letters, case last.
fn dictionary(a: &str, b: &str) -> Ordering {
    let weight = |byte: u8| {
        let folded = byte.to_ascii_lowercase();
        (ROOT_COLLATION.iter().position(|known| *known == folded), folded)
    };
    let folded = a.bytes().map(weight).cmp(b.bytes().map(weight));
    folded.then_with(|| b.cmp(a)) // lower case first: its bytes are the higher ones
}

/// Visible ASCII, upper case apart, in the order of the Unicode collation's root (CLDR).
const ROOT_COLLATION: &[u8] =
    br##"_-,;:!?.'"()[]{}@*/\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"##;
