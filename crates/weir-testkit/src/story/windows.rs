//! Which windows do the limits of a story have?

use arbitrary::{Result, Unstructured};
use weir_core::amount::Quantity;
use weir_core::catalog::definition::{CycleDefinition, WindowDefinition};
use weir_core::time::{Span, Stride, Timestamp};
use weir_core::window::zone::ZoneName;
use weir_core::window::{MonthRule, Unit};

use super::STARTS;
use super::catalog::{Counts, DAY, HOUR, span};
use crate::ledger_model::clocks::CLOCKS;

pub(super) fn window(counts: Counts, u: &mut Unstructured<'_>) -> Result<WindowDefinition> {
    match counts {
        Counts::Nothing => return Ok(WindowDefinition::PerRequest),
        Counts::Use if u.ratio(1, 4)? => return sliding(u),
        Counts::Number | Counts::Use => {}
    }
    let zone = if u.ratio(1, 4)? { Some(u.choose(&CLOCKS)?.name.clone()) } else { None };
    Ok(match u.int_in_range(0..=9_u8)? {
        0..=3 => WindowDefinition::Calendar {
            count: *u.choose(&[1, 1, 1, 2, 5, 7])?,
            unit: *u.choose(UNITS)?,
            week_starts: None,
            zone,
        },
        4..=5 => {
            let span = stride(u)?;
            let stated = u.int_in_range(-DAY..=1_800_000_000_000)?;
            let rules = [MonthRule::Clamp, MonthRule::Overflow, MonthRule::OverflowStepwise];
            let rule = *u.choose(&rules)?;
            let stepwise = span.days == 0 && span.elapsed == Span::ZERO;
            let fits = span.months > 0 && (stepwise || rule != MonthRule::OverflowStepwise);
            WindowDefinition::Anchored {
                anchor: if u.ratio(1, 2)? { Timestamp::from_millis(stated).ok() } else { None },
                month_rule: if fits { rule } else { MonthRule::Clamp },
                span,
                zone: zone.filter(|_| span.is_civil()),
            }
        }
        6 => {
            let span = stride(u)?;
            WindowDefinition::FirstUse { span, zone: zone.filter(|_| span.is_civil()) }
        }
        7 => {
            let start = u.choose(STARTS)?.as_millis();
            let from =
                if u.ratio(1, 4)? { start + u.int_in_range(-DAY..=DAY)? } else { -400 * DAY };
            let ends = if u.ratio(1, 4)? { 3 * DAY } else { 30_000 * DAY };
            let until = from.max(start) + u.int_in_range(1..=ends)?;
            let instant = |ms| Timestamp::from_millis(ms).unwrap_or(Timestamp::EPOCH);
            WindowDefinition::Once { from: instant(from), until: instant(until) }
        }
        8 => WindowDefinition::Cycle(cycle(zone, u)?),
        _ => WindowDefinition::Lifetime,
    })
}

/// A window without periods, whose use comes back within seconds or days.
fn sliding(u: &mut Unstructured<'_>) -> Result<WindowDefinition> {
    Ok(match u.int_in_range(0..=8_u8)? {
        0..=2 => {
            let (ms, buckets) = *u.choose(&[
                (2_000, 4),
                (7, 7),
                (60_000, 6),
                (60_000, 60),
                (HOUR, 3),
                (HOUR, 1),
                (DAY, 24),
                (10 * DAY, 256),
            ])?;
            WindowDefinition::Rolling { buckets, span: span(ms) }
        }
        3..=5 => WindowDefinition::Continuous {
            per: span(*u.choose(&[7, 1_000, 60_000, HOUR, 90_061_007])?),
            rate: Quantity::from_nanos(*u.choose(&[
                1,
                333_333_333,
                1_000_000_000,
                1_000_000_000,
                5_000_000_000,
                i128::MAX,
            ])?),
        },
        6..=7 => WindowDefinition::InFlight,
        _ => WindowDefinition::PerRequest,
    })
}

fn cycle(zone: Option<ZoneName>, u: &mut Unstructured<'_>) -> Result<CycleDefinition> {
    let unit = *u.choose(UNITS)?;
    let by_month = matches!(unit, Unit::Month | Unit::Year);
    let at = match unit {
        Unit::Minute | Unit::Hour => u.int_in_range(0..=59)?,
        Unit::Day => u.int_in_range(0..=23)?,
        Unit::Week => u.int_in_range(1..=7)?,
        Unit::Month | Unit::Year => *u.choose(&[1, 15, 28, 29, 30, 31])?,
    };
    let rules = [MonthRule::Clamp, MonthRule::Overflow, MonthRule::OverflowStepwise];
    let start = u.choose(STARTS)?.as_millis();
    let from = start - u.int_in_range(0..=90 * DAY)?;
    let until = start + u.int_in_range(1..=90 * DAY)?;
    Ok(CycleDefinition {
        at: if u.ratio(3, 4)? { Some(at) } else { None },
        count: *u.choose(&[1, 1, 1, 2, 5])?,
        from: if u.ratio(1, 4)? { Timestamp::from_millis(from).ok() } else { None },
        month_rule: if by_month { *u.choose(&rules)? } else { MonthRule::Clamp },
        trial: if u.ratio(1, 4)? { Some(span(u.int_in_range(1..=20 * DAY)?)) } else { None },
        unit,
        until: if u.ratio(1, 8)? { Timestamp::from_millis(until).ok() } else { None },
        zone,
    })
}

pub(super) fn stride(u: &mut Unstructured<'_>) -> Result<Stride> {
    let whole = *u.choose(&[1_000, 60_000, 90_061_007, HOUR, DAY])?;
    Ok(match u.int_in_range(0..=7_u8)? {
        0..=3 => Stride::of(span(whole)),
        4 => Stride { days: *u.choose(&[1, 1, 2, 10])?, ..Stride::ZERO },
        5..=6 => Stride { months: *u.choose(&[1, 1, 2, 12])?, ..Stride::ZERO },
        _ => Stride { months: u.int_in_range(0..=1)?, days: 1, elapsed: span(HOUR) },
    })
}

const UNITS: &[Unit] = &[Unit::Minute, Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::Year];
