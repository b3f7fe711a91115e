//! What does an ask add to a limit? By all that its meter ever heard.

use num_bigint::BigInt;
use weir_core::amount::{Quantity, Rounding};
use weir_core::catalog::definition::ConversionDefinition;
use weir_core::decide::Request;
use weir_core::meter::{Aggregation, Applied, Life};

use super::weigh::{Place, TooLarge, fits};
use super::{Heard, Line, Model, calendar};

impl Line {
    /// Whether the meter keeps its number, so that what is held of it cannot be known.
    pub(super) fn keeps(&self) -> bool {
        let (aggregation, life) = self.meter;
        life == Life::Lifetime
            || !matches!(aggregation, Aggregation::Count | Aggregation::Sum)
            || self.convert.is_some_and(|convert| convert.apply == Applied::AfterAggregation)
    }

    /// What one value counts by itself.
    pub(super) fn each(&self, value: &BigInt) -> Result<BigInt, TooLarge> {
        let counts = self.meter.0 == Aggregation::Count;
        let value = if counts { BigInt::from(1_000_000_000) } else { value.clone() };
        match &self.convert {
            Some(convert) if convert.apply == Applied::PerEvent => converted(convert, &value),
            _ => Ok(value),
        }
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
        let (aggregation, life) = line.meter;
        let end = if life == Life::Lifetime { calendar::LAST } else { end };
        let place = (scope, line.limit, end);
        let mut all: Vec<Heard> =
            self.numbers.heard.iter().filter(|heard| heard.place == place).cloned().collect();
        let before = all.len();
        let counted = |all: &[Heard]| match &line.convert {
            Some(convert) if convert.apply == Applied::AfterAggregation => {
                converted(convert, &fits(number(aggregation, all))?)
            }
            _ => fits(number(aggregation, all)),
        };
        let mut asked = BigInt::ZERO;
        for cost in request.costs.iter().filter(|cost| cost.feature == line.feature) {
            let old = counted(&all)?;
            let value = line.each(&cost.quantity.as_nanos().into())?;
            all.push(Heard { place, value, at: request.at.as_millis() });
            asked = fits(asked + fits(counted(&all)? - old)?)?;
        }
        Ok((asked, if line.keeps() { all.split_off(before) } else { Vec::new() }))
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
