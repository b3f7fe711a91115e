//! What does an operator write? The catalog's serde types, one field for each thing to say.
//!
//! Quantities are decimals in strings (`"0.000002"`) or whole numbers; spans are ISO 8601 durations
//! (`"P30D"`); unknown fields are refused. Nothing is checked here beyond its own grammar: names
//! that point nowhere and numbers that make no sense are found by [`super::Catalog::compile`].

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::IntoDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use super::filters::FilterDefinition;
pub use super::meters::ConversionDefinition;
pub use super::prices::{ChargeDefinition, PackageDefinition, PriceDefinition};
pub use super::remember::{DenialDefinition, RememberDefinition};
use super::terms::{FundsFirst, GiveBack, Kind, Late, Overage, Refusal};
pub use super::windows::{CycleDefinition, WindowDefinition};
use crate::amount::Quantity;
use crate::grant::Burn;
use crate::id::Name;
use crate::limit::{Enforcement, OnShortfall};
use crate::meter::{Aggregation, Life};
use crate::route::Path;
use crate::schema;
use crate::time::Span;
use crate::token::ClassDefinition;
use crate::window::zone::ZoneName;

/// A whole catalog.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Definition {
    /// Which event times are accepted.
    pub acceptance: AcceptanceDefinition,
    /// Classes of credentials.
    pub classes: BTreeMap<Name, ClassDefinition>,
    /// What can be asked for.
    pub features: BTreeMap<Name, FeatureDefinition>,
    /// What is sold: limits, by name.
    pub plans: BTreeMap<Name, PlanDefinition>,
    /// What is told first, where several things stand against a request.
    pub precedence: PrecedenceDefinition,
    /// Whether answers are remembered under the caller's key.
    pub remember: Option<RememberDefinition>,
    /// The shapes of bodies.
    pub schemas: BTreeMap<Name, schema::Definition>,
    /// What holds prepaid credits.
    pub wallets: BTreeMap<Name, WalletDefinition>,
}

impl Definition {
    /// The time zones that are named, each as often as it is named.
    pub fn zones(&self) -> impl Iterator<Item = &ZoneName> {
        let limits = self.plans.values().flat_map(|plan| plan.limits.values());
        limits.filter_map(|limit| limit.window.zone())
    }
}

/// How far from the instant of decision an event may have happened.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct AcceptanceDefinition {
    /// The greatest age that is accepted; absent for any.
    pub max_age: Option<Span>,
    /// The first lead that is refused; absent for any.
    pub max_ahead: Option<Span>,
}

/// Something that can be asked for, and how it is metered.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeatureDefinition {
    /// How values become use; `sum` when absent.
    pub aggregation: Aggregation,
    /// In which units it is counted; absent for those of the values.
    pub convert: Option<ConversionDefinition>,
    /// The kind of event that is counted on it; absent when only direct asks are.
    pub event: Option<String>,
    /// Which events of that kind are counted, by what their properties must be; all when absent.
    pub filters: BTreeMap<Path, FilterDefinition>,
    /// Whether it is used up, or a gate that is open or not; `metered` when absent.
    pub kind: Kind,
    /// Whether the meter starts anew in each period; it does when absent.
    pub life: Life,
    /// The property of the event that holds its value; absent for `count`.
    pub property: Option<Path>,
    /// What a unit of other features costs in this one, by their names. One that has rates is a
    /// credit unit: its limits count asks for those features, too, all that a request asks as one.
    pub rates: BTreeMap<Name, ConversionDefinition>,
}

/// A plan: the limits of the scopes that have it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlanDefinition {
    /// By name. A name means the same limit in every plan, so that a change of plan keeps its count.
    pub limits: BTreeMap<Name, LimitDefinition>,
}

/// A limit, as one plan has it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LimitDefinition {
    /// How much there is.
    pub capacity: CapacityDefinition,
    /// What use costs; absent for nothing.
    #[serde(default)]
    pub charge: Option<ChargeDefinition>,
    /// What happens to an ask that does not fit; `hard` when absent.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// The feature that is counted.
    pub feature: Name,
    /// How long after its end a period still takes late events.
    #[serde(default = "no_span")]
    pub grace: Span,
    /// How a denial is called; `limit_exceeded` when absent.
    #[serde(default)]
    pub refusal: Refusal,
    /// What becomes of what is given back, and of what is over.
    #[serde(default)]
    pub settle: SettleDefinition,
    /// When it counts anew.
    pub window: WindowDefinition,
}

/// What becomes of what is given back, of what is over, and of what comes late; and what is told
/// before.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SettleDefinition {
    /// What a negative ask gives back; `reverse` when absent.
    pub give_back: GiveBack,
    /// What becomes of what comes after the grace of its period; `reject` when absent.
    pub late: Late,
    /// What a request may wish for, where what it asks does not fit; nothing when absent.
    pub on_shortfall: Vec<OnShortfall>,
    /// What becomes of use that no allowance covers; `owed` when absent.
    pub overage: Overage,
    /// At how many per cent of the capacity, used or held, a warning is told, at most eight, each once
    /// in a period; then the first refusal is told, too. Nothing is told when absent.
    pub warn_at: Vec<u16>,
}

/// What is told first, where several things stand against a request.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrecedenceDefinition {
    /// Whether an empty wallet comes before a limit without room; `off` when absent.
    pub funds_first: FundsFirst,
}

/// Something that holds prepaid credits.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct WalletDefinition {
    /// What a credit is called on screens and invoices, such as `USD`.
    pub unit: String,
}

/// How much a limit allows.
///
/// # Shape
///
/// In JSON a quantity, `"unlimited"`, or `"granted"`; `{"at_roll": quantity}` is read anew only when
/// a period opens, and `{"granted": "unprice"}` names a burn order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CapacityDefinition {
    /// A quantity, read when a period opens.
    AtRoll(Quantity),
    /// What the scope's grants add up to.
    Granted(Burn),
    /// A quantity.
    Live(Quantity),
    /// No end.
    Unlimited,
}

impl Serialize for CapacityDefinition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::AtRoll(amount) => serializer.collect_map([("at_roll", amount)]),
            Self::Granted(burn) => serializer.collect_map([("granted", burn)]),
            Self::Live(amount) => amount.serialize(serializer),
            Self::Unlimited => serializer.serialize_str("unlimited"),
        }
    }
}

impl<'de> Deserialize<'de> for CapacityDefinition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CapacityVisitor)
    }
}

struct CapacityVisitor;

impl<'de> serde::de::Visitor<'de> for CapacityVisitor {
    type Value = CapacityDefinition;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a quantity, \"unlimited\", \"granted\", {\"at_roll\": ..} or {\"granted\": ..}",
        )
    }

    fn visit_i64<E: serde::de::Error>(self, units: i64) -> Result<Self::Value, E> {
        Ok(CapacityDefinition::Live(Quantity::from_units(units)))
    }

    fn visit_u64<E: serde::de::Error>(self, units: u64) -> Result<Self::Value, E> {
        Quantity::deserialize(units.into_deserializer()).map(CapacityDefinition::Live)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            "granted" => Ok(CapacityDefinition::Granted(Burn::STANDARD)),
            "unlimited" => Ok(CapacityDefinition::Unlimited),
            quantity => quantity.parse().map(CapacityDefinition::Live).map_err(E::custom),
        }
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let kind: Option<String> = map.next_key()?;
        let read = match kind.as_deref() {
            Some("at_roll") => CapacityDefinition::AtRoll(map.next_value()?),
            Some("granted") => CapacityDefinition::Granted(map.next_value()?),
            _ => return Err(serde::de::Error::custom("expected `at_roll` or `granted`")),
        };
        match map.next_key::<String>()? {
            None => Ok(read),
            Some(_) => Err(serde::de::Error::custom("expected one field")),
        }
    }
}

const fn no_span() -> Span {
    Span::ZERO
}
