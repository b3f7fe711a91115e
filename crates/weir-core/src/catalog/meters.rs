//! How is use measured, as an operator writes it? Features, and in which units they count.

use alloc::boxed::Box;
use alloc::format;
use core::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::compile::Compiler;
use super::definition::FeatureDefinition;
use super::{Counted, Feature, Kind, Names, Rate};
use crate::amount::{Quantity, Rounding};
use crate::id::{FeatureId, Name};
use crate::meter::{Aggregation, Applied, Conversion, Factors, Meter};

/// In which units is counted.
///
/// # Shape
///
/// In JSON a quantity, by which values are multiplied, or an object. Packages begun are `divide` by
/// their size, in steps of 1, rounded up.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct ConversionDefinition {
    /// What is converted; `per_event` when absent.
    pub apply: Applied,
    /// Shared by so many; 1 when absent.
    pub divide: Quantity,
    /// What more than nothing counts at least; 0 when absent.
    pub minimum: Quantity,
    /// Taken so many times; 1 when absent.
    pub multiply: Quantity,
    /// How it is brought to whole steps, whatever its sign; `half_even` when absent.
    pub rounding: Rounding,
    /// Of what it is a multiple; of 10⁻⁹ when absent.
    pub step: Quantity,
}

/// The form of an object.
#[derive(Deserialize)]
#[serde(rename = "ConversionDefinition", default, deny_unknown_fields)]
struct Written {
    apply: Applied,
    divide: Quantity,
    minimum: Quantity,
    multiply: Quantity,
    rounding: Rounding,
    step: Quantity,
}

impl Default for Written {
    fn default() -> Self {
        let Factors { multiply, divide, step, minimum } = Factors::ONE;
        let (apply, rounding) = (Applied::default(), Rounding::default());
        Self { apply, divide, minimum, multiply, rounding, step }
    }
}

impl From<Written> for ConversionDefinition {
    fn from(written: Written) -> Self {
        let Written { apply, divide, minimum, multiply, rounding, step } = written;
        Self { apply, divide, minimum, multiply, rounding, step }
    }
}

impl ConversionDefinition {
    fn by(multiply: Quantity) -> Self {
        Self { multiply, ..Written::default().into() }
    }

    fn compile(&self) -> Option<Conversion> {
        let Self { apply, divide, minimum, multiply, rounding, step } = *self;
        Conversion::new(Factors { multiply, divide, step, minimum }, rounding, apply)
    }
}

impl<'de> Deserialize<'de> for ConversionDefinition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ConversionVisitor)
    }
}

struct ConversionVisitor;

impl<'de> Visitor<'de> for ConversionVisitor {
    type Value = ConversionDefinition;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quantity to multiply by, or a conversion")
    }

    fn visit_i64<E: Error>(self, units: i64) -> Result<Self::Value, E> {
        Ok(ConversionDefinition::by(Quantity::from_units(units)))
    }

    fn visit_u64<E: Error>(self, units: u64) -> Result<Self::Value, E> {
        Quantity::deserialize(units.into_deserializer()).map(ConversionDefinition::by)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        text.parse().map(ConversionDefinition::by).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Written::deserialize(MapAccessDeserializer::new(map)).map(Into::into)
    }
}

impl Compiler<'_> {
    pub(super) fn feature(
        &mut self,
        at: &str,
        feature: FeatureId,
        definition: &FeatureDefinition,
    ) -> Feature {
        let FeatureDefinition { aggregation, convert, event, kind, property, .. } = definition;
        let reads = *aggregation != Aggregation::Count;
        if event.as_deref() == Some("") {
            self.fault(format!("{at}/event"), "catalog.event_empty", "name the kind of event");
        }
        if event.is_some() && reads && property.is_none() {
            let hint = "name the property that holds the value, or count events";
            self.fault(format!("{at}/property"), "catalog.property_missing", hint);
        }
        if property.is_some() && !reads {
            let hint = "a count reads no property";
            self.fault(format!("{at}/property"), "catalog.property_unused", hint);
        }
        let by = convert.as_ref();
        let by = by.and_then(|convert| self.conversion(&format!("{at}/convert"), convert));
        self.unique(at, definition);
        if *kind != Kind::Metered && meters(definition) {
            let hint = "a switch or a value is asked for, and counts nothing";
            self.fault(format!("{at}/kind"), "catalog.gate_meter", hint);
        }
        self.rates(at, definition);
        let filters = self.filters(at, definition);
        let meter = Meter { conversion: by.map(Box::new), ..plain(definition) };
        Feature {
            event: event.as_deref().unwrap_or_default().into(),
            filters,
            property: property.clone(),
            counted: Counted { feature, meter, rates: Box::default(), kind: *kind },
        }
    }

    /// Checks how different values are counted.
    fn unique(&mut self, at: &str, definition: &FeatureDefinition) {
        let Aggregation::UniqueCount(most) = definition.aggregation else { return };
        if !(1..=Aggregation::UNIQUE_MAX).contains(&most) {
            let hint = format!("1 to {}", Aggregation::UNIQUE_MAX);
            self.fault(format!("{at}/aggregation/unique_count"), "catalog.unique_number", hint);
        }
        if definition.convert.is_some_and(|convert| convert.apply == Applied::PerEvent) {
            let hint = "a value says who it was; convert after_aggregation";
            self.fault(format!("{at}/convert/apply"), "catalog.unique_convert", hint);
        }
    }

    /// Checks what a credit unit says of other features.
    fn rates(&mut self, at: &str, definition: &FeatureDefinition) {
        let FeatureDefinition { aggregation, rates, .. } = definition;
        if !rates.is_empty() && (*aggregation != Aggregation::Sum || keeps(definition)) {
            let hint = "a credit unit is a sum of each period";
            self.fault(format!("{at}/aggregation"), "catalog.credit_meter", hint);
        }
        for (name, rate) in rates {
            let at = format!("{at}/rates/{name}");
            match self.definition.features.get(name) {
                None => {
                    let hint = format!("no feature is called `{name}`");
                    self.fault(&*at, "catalog.unknown_feature", hint);
                }
                Some(known) if !known.rates.is_empty() => {
                    let hint = "a credit unit has no rate in one";
                    self.fault(&*at, "catalog.rate_of_credits", hint);
                }
                Some(known) if keeps(known) => {
                    let hint = "its meter must be a sum or a count of each period";
                    self.fault(&*at, "catalog.rate_of_reading", hint);
                }
                Some(known) if known.kind != Kind::Metered => {
                    let hint = "what is not used up costs nothing";
                    self.fault(&*at, "catalog.rate_of_gate", hint);
                }
                Some(_) => {}
            }
            if rate.apply == Applied::AfterAggregation {
                let hint = "what is asked is converted, before it is added up";
                self.fault(format!("{at}/apply"), "catalog.rate_applied", hint);
            }
            self.conversion(&at, rate);
        }
    }

    /// Gives each credit unit its rates, once all features are compiled.
    pub(super) fn rate(&mut self) {
        let index = |names: &Names, name: &Name| names.features.find(name.as_str());
        for (unit, FeatureDefinition { rates, .. }) in &self.definition.features {
            let rate = |(name, rate): (&Name, &ConversionDefinition)| {
                let feature = index(&self.names, name)?;
                let known = self.features.get(usize::from(feature))?.as_ref();
                let meter = known?.counted.meter.clone();
                Some(Rate { feature: FeatureId(feature), meter, by: rate.compile()? })
            };
            let rates: Box<[Rate]> = rates.iter().filter_map(rate).collect();
            let unit = index(&self.names, unit).map(usize::from);
            let place = unit.and_then(|unit| self.features.get_mut(unit));
            place.into_iter().flatten().for_each(|feature| feature.counted.rates = rates.clone());
        }
    }

    fn conversion(&mut self, at: &str, definition: &ConversionDefinition) -> Option<Conversion> {
        let ConversionDefinition { divide, minimum, multiply, step, .. } = *definition;
        let mut sound = true;
        for (name, value, least) in [
            ("divide", divide, Quantity::NANO),
            ("minimum", minimum, Quantity::ZERO),
            ("multiply", multiply, Quantity::ZERO),
            ("step", step, Quantity::NANO),
        ] {
            if value < least {
                let hint = if least == Quantity::ZERO { "zero or more" } else { "above zero" };
                self.fault(format!("{at}/{name}"), "catalog.conversion_factor", hint);
                sound = false;
            }
        }
        let conversion = definition.compile();
        if sound && conversion.is_none() {
            let hint = "the factors, in lowest terms, must be smaller together";
            self.fault(at, "catalog.conversion_too_fine", hint);
        }
        conversion
    }
}

/// A feature's meter, in the units of its values.
const fn plain(definition: &FeatureDefinition) -> Meter {
    Meter::plain(definition.aggregation, definition.life)
}

/// Whether something is said of how a feature is counted.
fn meters(definition: &FeatureDefinition) -> bool {
    let FeatureDefinition { aggregation, convert, event, filters, kind: _, life, property, rates } =
        definition;
    let FeatureDefinition { aggregation: sum, life: window, .. } = FeatureDefinition::default();
    (*aggregation, *life) != (sum, window)
        || (convert.is_some() || event.is_some() || property.is_some())
        || !(filters.is_empty() && rates.is_empty())
}

/// Whether a feature's meter keeps its number.
fn keeps(definition: &FeatureDefinition) -> bool {
    let after = |convert: &ConversionDefinition| convert.apply == Applied::AfterAggregation;
    plain(definition).keeps_reading() || definition.convert.as_ref().is_some_and(after)
}
