//! What does a use cost? Price lists walked tier by tier, with big integers.

use num_bigint::BigInt;
use weir_core::amount::{Quantity, Rounding};
use weir_core::catalog::definition::{ChargeDefinition, PackageDefinition, PriceDefinition};
use weir_core::catalog::{ChargeOn, Negative};
use weir_core::price::{Curve, Tier, Tiers};

use super::weigh::{TooLarge, fits};

/// What it costs to go on from one use of an allowance to another.
pub(super) fn step(
    charge: &ChargeDefinition,
    (before, after): (&BigInt, &BigInt),
    capacity: &BigInt,
) -> Result<BigInt, TooLarge> {
    let of = |used| {
        let exact = whole(&charge.price, &charged(charge, used, capacity))?;
        Ok(rounded(exact, charge.digits, charge.rounding))
    };
    let cost = of(after)? - of(before)?;
    let nothing = charge.negative == Negative::Zero && (after < before || cost < BigInt::ZERO);
    Ok(if nothing { BigInt::ZERO } else { cost })
}

/// The most that a stretch of at most `step` costs between two uses: every place is tried where it
/// may begin or end at a bend of the price.
pub(super) fn dearest(
    charge: &ChargeDefinition,
    (from, to): (&BigInt, &BigInt),
    step: &BigInt,
    capacity: &BigInt,
) -> Result<BigInt, TooLarge> {
    let [from, to] = [from, to].map(|used| charged(charge, used, capacity));
    let mut bends = vec![from.clone(), to.clone()];
    match &charge.price {
        PriceDefinition::Unit(_) => {
            let price = whole(&charge.price, &(to - from).min(step.clone()))?;
            return Ok(rounded(price, charge.digits, Rounding::Up));
        }
        PriceDefinition::Flat(_) => {}
        PriceDefinition::Package(package) => {
            let size = nanos(package.size);
            bends.push(packages(&from, &size) * size);
        }
        PriceDefinition::Graduated(tiers) | PriceDefinition::Volume(tiers) => {
            for tier in tiers {
                bends.extend([nanos(tier.above), nanos(tier.above) + 1]);
            }
        }
    }
    let mut most = BigInt::ZERO;
    for bend in &bends {
        let beside = bends.iter().cloned().chain([bend - step, bend + step]);
        for other in beside {
            let (start, end) = (bend.min(&other), bend.max(&other));
            if *start < from || *end > to || end - start > *step {
                continue;
            }
            most = most.max(whole(&charge.price, end)? - whole(&charge.price, start)?);
        }
    }
    Ok(rounded(most, charge.digits, Rounding::Up))
}

/// What a use costs from the start by a price list as it was sold; `None` when it does not fit.
#[must_use]
pub fn owed(curve: &Curve, (digits, rounding): (u8, Rounding), used: &BigInt) -> Option<BigInt> {
    let tiers = |tiers: &Tiers| tiers.iter().copied().collect();
    let price = match curve {
        Curve::Flat(price) => PriceDefinition::Flat(*price),
        Curve::Graduated(all) => PriceDefinition::Graduated(tiers(all)),
        Curve::Package { price, size } => {
            PriceDefinition::Package(PackageDefinition { price: *price, size: *size })
        }
        Curve::Unit(price) => PriceDefinition::Unit(*price),
        Curve::Volume(all) => PriceDefinition::Volume(tiers(all)),
    };
    whole(&price, used).ok().map(|exact| rounded(exact, digits, rounding))
}

/// How much of a use is charged.
fn charged(charge: &ChargeDefinition, used: &BigInt, capacity: &BigInt) -> BigInt {
    let free = if charge.on == ChargeOn::Overage { capacity.clone() } else { BigInt::ZERO };
    (used - free).max(BigInt::ZERO)
}

/// What a use costs from the start, in 10⁻¹⁸.
fn whole(price: &PriceDefinition, used: &BigInt) -> Result<BigInt, TooLarge> {
    let fee = |fee: Quantity| nanos(fee) * 1_000_000_000;
    let is_in =
        |tier: &&Tier| nanos(tier.above) < *used && tier.to.is_none_or(|to| *used <= nanos(to));
    let exact = match price {
        PriceDefinition::Flat(price) => fee(*price),
        _ if *used == BigInt::ZERO => BigInt::ZERO,
        PriceDefinition::Unit(price) => nanos(*price) * used,
        PriceDefinition::Package(package) => {
            fee(package.price) * packages(used, &nanos(package.size))
        }
        PriceDefinition::Volume(tiers) => {
            let tier = tiers.iter().find(is_in);
            tier.map_or(BigInt::ZERO, |tier| nanos(tier.unit) * used + fee(tier.flat))
        }
        PriceDefinition::Graduated(tiers) => {
            let (mut rest, mut sum) = (used.clone(), BigInt::ZERO);
            for tier in tiers {
                let size = tier.to.map(|to| nanos(to) - nanos(tier.above));
                let part = size.map_or(rest.clone(), |size| size.min(rest.clone()));
                rest -= &part;
                sum += part * nanos(tier.unit);
            }
            sum + tiers.iter().find(is_in).map_or(BigInt::ZERO, |tier| fee(tier.flat))
        }
    };
    fits(exact)
}

/// How many packages are begun.
fn packages(used: &BigInt, size: &BigInt) -> BigInt {
    let full = used / size;
    if &full * size < *used { full + 1 } else { full }
}

/// Money in 10⁻¹⁸, to nano-units of at most `digits` fraction digits; nothing here is negative.
fn rounded(exact: BigInt, digits: u8, rounding: Rounding) -> BigInt {
    let cut = BigInt::from(10).pow(18 - u32::from(digits));
    let (whole, rest) = (&exact / &cut, &exact % &cut);
    let half = (&rest + &rest).cmp(&cut);
    let odd = &whole % 2 == BigInt::from(1);
    let up = match rounding {
        Rounding::Down => false,
        Rounding::HalfEven => half.is_gt() || (half.is_eq() && odd),
        Rounding::Up => rest > BigInt::ZERO,
    };
    (whole + i32::from(up)) * BigInt::from(10).pow(9 - u32::from(digits))
}

fn nanos(quantity: Quantity) -> BigInt {
    quantity.as_nanos().into()
}
