//! What does use cost, as an operator writes it? Prices, and what makes a charge unsound.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::compile::Compiler;
use super::{Capacity, Charge, ChargeOn, Negative};
use crate::amount::{Quantity, Rounding};
use crate::id::{Name, WalletId};
use crate::limit::UNLIMITED;
use crate::price::{Curve, Price, Tier, TierError, Tiers};

/// What use costs.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeDefinition {
    /// Fraction digits that money keeps; 8 when absent.
    #[serde(default = "eight")]
    pub digits: u8,
    /// What a step that costs less than nothing does; it pays back when absent.
    #[serde(default)]
    pub negative: Negative,
    /// Which use is charged; all of it when absent.
    #[serde(default)]
    pub on: ChargeOn,
    /// What use costs. What the whole capacity costs must be a quantity.
    pub price: PriceDefinition,
    /// What happens to further digits.
    #[serde(default)]
    pub rounding: Rounding,
    /// The wallet of the same scope that pays; absent when the cost is only told.
    #[serde(default)]
    pub wallet: Option<Name>,
}

/// What use costs: one of five kinds of price.
///
/// # Shape
///
/// In JSON a quantity for each unit, or an object with the kind as its only key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PriceDefinition {
    /// The same however much is used.
    Flat(Quantity),
    /// What is in each tier at that tier's price, and the fee of the tier reached.
    Graduated(Vec<Tier>),
    /// For each package that was begun.
    Package(PackageDefinition),
    /// For each unit.
    Unit(Quantity),
    /// All of it at the price of the tier reached, and that tier's fee.
    Volume(Vec<Tier>),
}

/// A price for each package that was begun.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PackageDefinition {
    /// For one package.
    pub price: Quantity,
    /// How much is in one.
    pub size: Quantity,
}

/// The kinds that are objects.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Flat(Quantity),
    Graduated(Vec<Tier>),
    Package(PackageDefinition),
    Volume(Vec<Tier>),
}

impl Serialize for PriceDefinition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Flat(price) => Kind::Flat(*price).serialize(serializer),
            Self::Graduated(tiers) => serializer.collect_map([("graduated", tiers)]),
            Self::Package(package) => Kind::Package(*package).serialize(serializer),
            Self::Unit(price) => price.serialize(serializer),
            Self::Volume(tiers) => serializer.collect_map([("volume", tiers)]),
        }
    }
}

impl<'de> Deserialize<'de> for PriceDefinition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PriceVisitor)
    }
}

struct PriceVisitor;

impl<'de> Visitor<'de> for PriceVisitor {
    type Value = PriceDefinition;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quantity, or a kind of price with its content")
    }

    fn visit_i64<E: Error>(self, units: i64) -> Result<Self::Value, E> {
        Ok(PriceDefinition::Unit(Quantity::from_units(units)))
    }

    fn visit_u64<E: Error>(self, units: u64) -> Result<Self::Value, E> {
        Quantity::deserialize(units.into_deserializer()).map(PriceDefinition::Unit)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        text.parse().map(PriceDefinition::Unit).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Ok(match Kind::deserialize(MapAccessDeserializer::new(map))? {
            Kind::Flat(price) => PriceDefinition::Flat(price),
            Kind::Graduated(tiers) => PriceDefinition::Graduated(tiers),
            Kind::Package(package) => PriceDefinition::Package(package),
            Kind::Volume(tiers) => PriceDefinition::Volume(tiers),
        })
    }
}

impl Compiler<'_> {
    /// The charge of a limit; `None` where its price is none.
    pub(super) fn charge(
        &mut self,
        at: &str,
        capacity: Capacity,
        definition: &ChargeDefinition,
    ) -> Option<Charge> {
        let ChargeDefinition { digits, negative, on, price, rounding, wallet } = definition;
        if u32::from(*digits) > Quantity::DIGITS {
            self.fault(format!("{at}/charge/digits"), "catalog.digits", "at most 9");
        }
        let known = |name: &Name| self.definition.wallets.contains_key(name.as_str());
        if let Some(name) = wallet.as_ref().filter(|name| !known(name)) {
            let hint = format!("no wallet is called `{name}`");
            self.fault(format!("{at}/charge/wallet"), "catalog.unknown_wallet", hint);
        }
        let find = |name: &Name| self.names.wallets.find(name.as_str()).map(WalletId);
        let wallet = wallet.as_ref().and_then(find);
        let curve = self.curve(&format!("{at}/charge/price"), price)?;
        let price = Price { curve, digits: *digits, rounding: *rounding };
        self.payable(at, capacity, &price);
        Some(Charge { negative: *negative, on: *on, price, wallet })
    }

    fn curve(&mut self, at: &str, definition: &PriceDefinition) -> Option<Curve> {
        Some(match definition {
            PriceDefinition::Flat(price) => Curve::Flat(self.price(format!("{at}/flat"), *price)?),
            PriceDefinition::Graduated(tiers) => {
                Curve::Graduated(self.tiers(&format!("{at}/graduated"), tiers)?)
            }
            PriceDefinition::Package(PackageDefinition { price, size }) => {
                let price = self.price(format!("{at}/package/price"), *price);
                if !size.is_positive() {
                    let hint = "a package has something in it";
                    self.fault(format!("{at}/package/size"), "catalog.package_size", hint);
                }
                Curve::Package { price: price?, size: Some(*size).filter(|s| s.is_positive())? }
            }
            PriceDefinition::Unit(price) => Curve::Unit(self.price(at.into(), *price)?),
            PriceDefinition::Volume(tiers) => {
                Curve::Volume(self.tiers(&format!("{at}/volume"), tiers)?)
            }
        })
    }

    fn price(&mut self, at: String, price: Quantity) -> Option<Quantity> {
        let fine = price >= Quantity::ZERO;
        if !fine {
            self.fault(at, "catalog.negative_price", "zero or more");
        }
        fine.then_some(price)
    }

    fn tiers(&mut self, at: &str, tiers: &[Tier]) -> Option<Tiers> {
        match Tiers::new(tiers) {
            Ok(tiers) => Some(tiers),
            Err(errors) => {
                for (place, error) in errors {
                    let field = match error {
                        TierError::Closed | TierError::Empty | TierError::Open => "/to",
                        TierError::Gap | TierError::Overlap => "/above",
                        TierError::Negative => "",
                        TierError::Number => {
                            self.fault(at, error.code(), format!("{error}"));
                            continue;
                        }
                    };
                    self.fault(format!("{at}/{place}{field}"), error.code(), format!("{error}"));
                }
                None
            }
        }
    }

    /// What a whole capacity costs is an amount of money, and so is what it costs on the way there.
    fn payable(&mut self, at: &str, capacity: Capacity, price: &Price) {
        let whole = match capacity {
            Capacity::Fixed { amount, .. } if amount != UNLIMITED => amount,
            _ => Quantity::ZERO,
        };
        let tiers = match &price.curve {
            Curve::Graduated(tiers) | Curve::Volume(tiers) => Some(tiers.iter()),
            Curve::Flat(_) | Curve::Package { .. } | Curve::Unit(_) => None,
        };
        let ends = tiers.into_iter().flatten().filter_map(|tier| tier.to);
        let mut uses = ends.filter(|end| *end < whole).chain([whole]);
        if uses.any(|used| price.cost(used).is_none()) {
            let hint = "the whole capacity would cost more than can be counted";
            self.fault(format!("{at}/charge/price"), "catalog.price_too_large", hint);
        }
    }
}

const fn eight() -> u8 {
    8
}
