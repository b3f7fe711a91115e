//! What does an ask add to a limit? By all that its meter ever heard.

use num_bigint::BigInt;
use weir_core::amount::{Quantity, Rounding};
use weir_core::catalog::Kind;
use weir_core::catalog::definition::ConversionDefinition;
use weir_core::decide::{Cost, Request};
use weir_core::id::FeatureId;
use weir_core::meter::{Aggregation, Applied, Life};

use super::sold::{Counted, Line};
use super::weigh::{Place, TooLarge, fits};
use super::{Heard, Model, calendar};

impl Counted {
    /// Whether the meter keeps its number, so that what is held of it cannot be known.
    pub(super) fn keeps(&self) -> bool {
        let (aggregation, life) = self.meter;
        life == Life::Lifetime
            || !matches!(aggregation, Aggregation::Count | Aggregation::Sum)
            || self.convert.is_some_and(|convert| convert.apply == Applied::AfterAggregation)
    }

    /// Whether asks for a feature count.
    pub(super) fn counts(&self, feature: FeatureId) -> bool {
        feature == self.feature || self.rates.iter().any(|(_, rated)| rated.feature == feature)
    }

    /// What one value of a feature counts by itself.
    pub(super) fn each(&self, feature: FeatureId, value: &BigInt) -> Result<BigInt, TooLarge> {
        if feature != self.feature {
            let mut rates = self.rates.iter();
            let rate = rates.find(|(_, rated)| rated.feature == feature);
            return rate.map_or(Ok(BigInt::ZERO), |(rate, rated)| {
                converted(rate, &rated.each(feature, value)?)
            });
        }
        let counts = self.meter.0 == Aggregation::Count;
        let value = if counts { BigInt::from(ONE) } else { value.clone() };
        match &self.convert {
            Some(convert) if convert.apply == Applied::PerEvent => converted(convert, &value),
            _ => Ok(value),
        }
    }

    /// What is counted of so much that was used of features.
    pub(super) fn share(&self, used: &[(FeatureId, BigInt)]) -> Result<BigInt, TooLarge> {
        let mut sum = BigInt::ZERO;
        for (feature, used) in used {
            let mut rates = self.rates.iter().map(|(_, rated)| rated);
            let own = if self.feature == *feature { Some(self) } else { None };
            let of = own.or_else(|| rates.find(|rated| rated.feature == *feature));
            let Some(of) = of else { continue };
            let each = self.each(*feature, used)?;
            let counts = of.meter.0 == Aggregation::Count;
            let all = if counts { fits(each * used / ONE)? } else { each };
            sum = fits(sum + all)?;
        }
        Ok(sum)
    }
}

impl Model {
    /// What the request adds to the limit, and what its meter has to keep of it.
    pub(super) fn measure(
        &self,
        place: Place<'_>,
        request: &Request<'_>,
        end: i64,
    ) -> Result<(BigInt, Vec<Heard>), TooLarge> {
        let Place { scope, line, .. } = place;
        if line.counted.kind != Kind::Metered {
            return Ok((gated(line, request), Vec::new()));
        }
        let (aggregation, life) = line.counted.meter;
        let end = if life == Life::Lifetime { calendar::LAST } else { end };
        let place = (scope, line.limit, end);
        let mut all: Vec<Heard> =
            self.numbers.heard.iter().filter(|heard| heard.place == place).cloned().collect();
        let before = all.len();
        let counted = |all: &[Heard]| match &line.counted.convert {
            Some(convert) if convert.apply == Applied::AfterAggregation => {
                converted(convert, &fits(number(aggregation, all))?)
            }
            _ => fits(number(aggregation, all)),
        };
        let mut asked = BigInt::ZERO;
        for cost in request.costs.iter().filter(|cost| line.counted.counts(cost.feature)) {
            let old = counted(&all)?;
            let value = line.counted.each(cost.feature, &cost.quantity.as_nanos().into())?;
            let known = all.iter().any(|heard| heard.value == value);
            all.push(Heard { place, value, at: request.at.as_millis() });
            if let Aggregation::UniqueCount(most) = aggregation
                && !known
                && number(aggregation, &all) > BigInt::from(most) * ONE
            {
                return Err(TooLarge);
            }
            asked = fits(asked + fits(counted(&all)? - old)?)?;
        }
        Ok((asked, if line.counted.keeps() { all.split_off(before) } else { Vec::new() }))
    }
}

/// What is asked of a gate: its least at most where it is a switch, and else the greatest ask.
fn gated(line: &Line, request: &Request<'_>) -> BigInt {
    let of_feature = |cost: &&Cost| cost.feature == line.counted.feature;
    let asks = request.costs.iter().filter(of_feature).map(|cost| cost.quantity.as_nanos());
    let greatest = asks.max().unwrap_or(0).max(0);
    match line.counted.kind {
        Kind::Switch if greatest > 0 => 1.into(),
        _ => greatest.into(),
    }
}

/// A meter's number after all that it heard: nothing to begin with.
fn number(aggregation: Aggregation, all: &[Heard]) -> BigInt {
    let value = |heard: &Heard| heard.value.clone();
    match aggregation {
        Aggregation::Latest => all.iter().max_by_key(|heard| heard.at).map_or(BigInt::ZERO, value),
        Aggregation::Max => all.iter().map(value).max().unwrap_or_default(),
        Aggregation::Min => all.iter().map(value).min().unwrap_or_default(),
        Aggregation::Count | Aggregation::Sum => all.iter().map(value).sum(),
        Aggregation::UniqueCount(_) => {
            let first = |(at, heard): &(usize, &Heard)| {
                all.iter().take(*at).all(|earlier| earlier.value != heard.value)
            };
            BigInt::from(all.iter().enumerate().filter(first).count()) * ONE
        }
    }
}

/// A value as the fraction that it is, rounded once to whole steps; the sign plays no part.
pub fn converted(convert: &ConversionDefinition, value: &BigInt) -> Result<BigInt, TooLarge> {
    let nanos = |of: Quantity| BigInt::from(of.as_nanos());
    let size = BigInt::from(value.magnitude().clone());
    let (above, below) =
        (size * nanos(convert.multiply), nanos(convert.divide) * nanos(convert.step));
    let (floor, rest) = (&above / &below, &above % &below);
    let odd = &floor % 2 == BigInt::from(1);
    let up = match convert.rounding {
        Rounding::Down => false,
        Rounding::HalfEven => &rest * 2 > below || &rest * 2 == below && odd,
        Rounding::Up => rest > BigInt::ZERO,
    };
    let counted = (floor + i32::from(up)) * nanos(convert.step);
    let counted = fits(counted)?.max(nanos(convert.minimum));
    Ok(match value.sign() {
        num_bigint::Sign::Minus => -counted,
        num_bigint::Sign::NoSign => BigInt::ZERO,
        num_bigint::Sign::Plus => counted,
    })
}

const ONE: i128 = 1_000_000_000;

/// The features of costs, each once.
pub(super) fn once(costs: &[Cost]) -> Vec<FeatureId> {
    costs.iter().fold(Vec::new(), |mut all, cost| {
        all.extend(Some(cost.feature).filter(|feature| !all.contains(feature)));
        all
    })
}
