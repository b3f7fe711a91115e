//! How are answers remembered? What an operator writes of keys, and what it comes down to.

use alloc::vec::Vec;
use core::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::compile::Compiler;
use super::definition::AcceptanceDefinition;
use crate::time::Span;

/// How answers are remembered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Remember {
    /// How long, at least.
    pub lifetime: Span,
    /// How many for each root scope, at most.
    pub len_max: u32,
    /// What becomes of one more.
    pub at_bound: AtBound,
    /// What has keys of its own.
    pub key_space: KeySpace,
    /// Where in the order of stages a key is looked up.
    pub at: RememberAt,
    /// Which denials are remembered, besides every admission.
    pub denials: Denials,
    /// What another content under a known key is told.
    pub on_mismatch: OnMismatch,
    /// What the same content under a known key is told.
    pub on_repeat: OnRepeat,
}

/// What becomes of one answer more than are remembered of a root scope.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AtBound {
    /// A request with a new key is refused: [`crate::decide::Reason::DedupFull`].
    #[default]
    DedupFull,
    /// The oldest answer is forgotten for it. From then on a key that is not known, of an event as
    /// old, is too old, and never new.
    OldestGoes,
}

/// What has keys of its own.
///
/// # Shape
///
/// In JSON `"root"` for each root scope, or `"balance"`, `"environment"` or `"feature"` for each of
/// those within it; `{"level": 1}` for each scope so far below the root, of whose balances,
/// environments or features each has its own where `apart` says so.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct KeySpace {
    /// How far below the root: 0 is the root itself. It is the first scope of the path that hangs
    /// there, or else the first of those that come nearest from above.
    pub level: u8,
    /// What has keys of its own within that scope; `None` for nothing.
    pub apart: Option<ApartBy>,
}

/// What has keys of its own within a scope.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApartBy {
    /// Each balance: the limit nearest the root that counts the first cost of a request.
    Balance,
    /// Each environment of credentials; callers without one share another.
    Environment,
    /// Each feature: that of the first cost.
    Feature,
}

/// What a request is told whose key is known, but not for what it asks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMismatch {
    /// That the key was used for something else: [`crate::decide::Reason::Conflict`].
    #[default]
    Conflict,
    /// What the key says of any repetition.
    Ignore,
}

/// What a request is told whose key is known for what it asks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRepeat {
    /// That it came before: [`crate::decide::Reason::Duplicate`].
    Duplicate,
    /// What it was told then.
    #[default]
    Replay,
}

/// Where in the order of stages a key is looked up.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RememberAt {
    /// Once all that is asked can be measured, and the path may spend.
    AfterMeasure,
    /// Once it is known what is asked for.
    #[default]
    AfterRoute,
    /// Once the event's time is accepted, too.
    AfterTime,
}

/// Which denials are remembered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Denials {
    /// For want of allowance.
    pub limits: bool,
    /// For want of credit.
    pub funds: bool,
    /// For a closed period.
    pub window: bool,
}

/// How answers are remembered, as an operator writes it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RememberDefinition {
    /// Where in the order of stages a key is looked up.
    #[serde(default)]
    pub at: RememberAt,
    /// What becomes of one more than `max`; `dedup_full` when absent.
    #[serde(default)]
    pub at_bound: AtBound,
    /// Which denials are remembered, besides every admission.
    #[serde(default)]
    pub denials: Vec<DenialDefinition>,
    /// What has keys of its own; each root scope when absent.
    #[serde(default)]
    pub key_space: KeySpace,
    /// How long, at least: longer than the accepted age and lead together, both of which must be
    /// set.
    pub lifetime: Span,
    /// How many for each root scope, at most; a million when absent.
    #[serde(default = "million")]
    pub max: u32,
    /// What another content under a known key is told; `conflict` when absent.
    #[serde(default)]
    pub on_mismatch: OnMismatch,
    /// What the same content under a known key is told; `replay` when absent.
    #[serde(default)]
    pub on_repeat: OnRepeat,
}

/// A kind of denial that can be remembered.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DenialDefinition {
    /// For want of credit.
    Funds,
    /// For want of allowance.
    Limits,
    /// For a closed period.
    Window,
}

/// A key space in a word.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Balance,
    Environment,
    Feature,
    Root,
}

/// A key space in its parts.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    level: u8,
    #[serde(default)]
    apart: Option<ApartBy>,
}

impl Serialize for KeySpace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self { level: 0, apart: None } => Word::Root.serialize(serializer),
            Self { level: 0, apart: Some(apart) } => apart.serialize(serializer),
            Self { level, apart } => Parts { level, apart }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for KeySpace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeySpaceVisitor)
    }
}

struct KeySpaceVisitor;

impl<'de> Visitor<'de> for KeySpaceVisitor {
    type Value = KeySpace;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"root\", \"balance\", \"environment\", \"feature\" or {\"level\": ..}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let apart = match Word::deserialize(text.into_deserializer())? {
            Word::Balance => Some(ApartBy::Balance),
            Word::Environment => Some(ApartBy::Environment),
            Word::Feature => Some(ApartBy::Feature),
            Word::Root => None,
        };
        Ok(KeySpace { level: 0, apart })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let Parts { level, apart } = Parts::deserialize(MapAccessDeserializer::new(map))?;
        Ok(KeySpace { level, apart })
    }
}

impl Compiler<'_> {
    pub(super) fn remember(&mut self, definition: &RememberDefinition) -> Remember {
        let RememberDefinition { at, at_bound, ref denials, key_space, lifetime, max, .. } =
            *definition;
        let AcceptanceDefinition { max_age, max_ahead } = self.definition.acceptance;
        if key_space.level > LEVEL_MAX {
            let hint = "at most seven scopes of a path are below its root";
            self.fault("/remember/key_space/level", "catalog.remember_level", hint);
        }
        // An event taken as long before it happens as may be can come back until it is too old.
        let returns = max_age.zip(max_ahead).map(|(age, ahead)| {
            age.as_millis().saturating_add(ahead.as_millis()) // far below the end of the range
        });
        if returns.is_none_or(|longest| lifetime.as_millis() <= longest) {
            // Otherwise it could come back after its key is forgotten, and count twice.
            let hint = "must be longer than acceptance.max_age and max_ahead, both set, together";
            self.fault("/remember/lifetime", "catalog.remember_too_short", hint);
        }
        if max == 0 {
            let hint = "at least 1, or no request with a key is ever taken";
            self.fault("/remember/max", "catalog.remember_nothing", hint);
        }
        let has = |kind: DenialDefinition| denials.contains(&kind);
        let denials = Denials {
            limits: has(DenialDefinition::Limits),
            funds: has(DenialDefinition::Funds),
            window: has(DenialDefinition::Window),
        };
        let RememberDefinition { on_mismatch, on_repeat, .. } = *definition;
        let len_max = max;
        Remember { lifetime, len_max, at_bound, key_space, at, denials, on_mismatch, on_repeat }
    }
}

const fn million() -> u32 {
    1_000_000
}

/// How far below its root a scope of a path can be asked for. As designed.
const LEVEL_MAX: u8 = 7;
