//! Which bytes are a charge, as it was sold?

use super::DecodeError;
use super::wire::{Reader, Writer};
use crate::amount::{Quantity, Rounding};
use crate::catalog::{Charge, ChargeOn, Negative};
use crate::id::WalletId;
use crate::price::{Curve, Price, Tier, Tiers};

pub(super) fn write_charge(w: &mut Writer<'_>, Charge { negative, on, price, wallet }: &Charge) {
    w.byte(match negative {
        Negative::GiveBack => 0,
        Negative::Zero => 1,
    });
    w.byte(match on {
        ChargeOn::All => 0,
        ChargeOn::Overage => 1,
    });
    match &price.curve {
        Curve::Flat(price) => write_prices(w, 0, [*price]),
        Curve::Unit(price) => write_prices(w, 1, [*price]),
        Curve::Package { price, size } => write_prices(w, 2, [*price, *size]),
        Curve::Graduated(tiers) => write_tiers(w, 3, tiers),
        Curve::Volume(tiers) => write_tiers(w, 4, tiers),
    }
    w.byte(price.digits);
    w.byte(match price.rounding {
        Rounding::Down => 0,
        Rounding::HalfEven => 1,
        Rounding::Up => 2,
    });
    w.option(*wallet, |w, wallet| w.uint(wallet.0.into()));
}

pub(super) fn read_charge(r: &mut Reader<'_>) -> Result<Charge, DecodeError> {
    let negative = match r.byte()? {
        0 => Negative::GiveBack,
        1 => Negative::Zero,
        _ => return Err(DecodeError::Malformed),
    };
    let on = match r.byte()? {
        0 => ChargeOn::All,
        1 => ChargeOn::Overage,
        _ => return Err(DecodeError::Malformed),
    };
    let curve = match r.byte()? {
        0 => Curve::Flat(r.quantity()?),
        1 => Curve::Unit(r.quantity()?),
        2 => Curve::Package { price: r.quantity()?, size: positive(r.quantity()?)? },
        3 => Curve::Graduated(read_tiers(r)?),
        4 => Curve::Volume(read_tiers(r)?),
        _ => return Err(DecodeError::Malformed),
    };
    let digits = r.byte()?;
    let rounding = match r.byte()? {
        0 => Rounding::Down,
        1 => Rounding::HalfEven,
        2 => Rounding::Up,
        _ => return Err(DecodeError::Malformed),
    };
    let wallet = r.option(|r| r.narrow().map(WalletId))?;
    Ok(Charge { negative, on, price: Price { curve, digits, rounding }, wallet })
}

fn write_prices<const N: usize>(w: &mut Writer<'_>, kind: u8, prices: [Quantity; N]) {
    w.byte(kind);
    prices.iter().for_each(|price| w.quantity(*price));
}

fn write_tiers(w: &mut Writer<'_>, kind: u8, tiers: &Tiers) {
    w.byte(kind);
    w.size(tiers.iter().len());
    for Tier { above, flat, to, unit } in tiers.iter() {
        write_prices(w, u8::from(to.is_some()), [*above, *flat, *unit]);
        to.iter().for_each(|to| w.quantity(*to));
    }
}

fn read_tiers(r: &mut Reader<'_>) -> Result<Tiers, DecodeError> {
    let tiers = r.list(|r| {
        let ends = r.byte()?;
        let (above, flat, unit) = (r.quantity()?, r.quantity()?, r.quantity()?);
        let to = match ends {
            0 => None,
            1 => Some(r.quantity()?),
            _ => return Err(DecodeError::Malformed),
        };
        Ok(Tier { above, flat, to, unit })
    })?;
    Tiers::new(&tiers).map_err(|_| DecodeError::Malformed)
}

fn positive(size: Quantity) -> Result<Quantity, DecodeError> {
    if size.is_positive() { Ok(size) } else { Err(DecodeError::Malformed) }
}
