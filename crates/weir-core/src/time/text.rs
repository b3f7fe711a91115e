//! How is an instant or a span written? RFC 3339 and ISO 8601, read strictly.

use core::fmt;

use super::civil::{DAY_MS, Date, days_in_month};
use super::{Span, Stride, TimeError, Timestamp};

/// `2026-01-01T00:00:00.000Z`: always UTC, always three fraction digits.
pub(super) fn write_instant(instant: Timestamp, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Date { year, month, day } = Date::of(instant);
    let ms = instant.as_millis().rem_euclid(DAY_MS);
    let (hour, minute) = (ms.div_euclid(3_600_000), ms.div_euclid(60_000).rem_euclid(60));
    let (second, milli) = (ms.div_euclid(1_000).rem_euclid(60), ms.rem_euclid(1_000));
    write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Reads `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)`; `T` may be a blank, as RFC 3339 allows.
///
/// Digits of the fraction after the third are cut off: an instant lies in the millisecond that it
/// falls into. Second 60 is refused, since the count has no leap seconds.
pub(super) fn read_instant(text: &[u8]) -> Result<Timestamp, TimeError> {
    let mut rest = text;
    let (year, month) = (digits(&mut rest, 4, b'-')?, digits(&mut rest, 2, b'-')?);
    let (day, _) = (take_number(&mut rest, 2)?, one_of(&mut rest, b"Tt ")?);
    let (hour, minute) = (digits(&mut rest, 2, b':')?, digits(&mut rest, 2, b':')?);
    let second = take_number(&mut rest, 2)?;
    let milli = fraction_millis(&mut rest)?;
    let offset_minutes = offset(rest)?;

    let (Ok(year), Ok(month), Ok(day)) =
        (i32::try_from(year), u8::try_from(month), u8::try_from(day))
    else {
        return Err(TimeError::OutOfRange);
    };
    let known =
        year > 0 && (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    if !known || hour > 23 || minute > 59 || second > 59 {
        return Err(TimeError::OutOfRange);
    }
    let minutes = hour.saturating_mul(60).saturating_add(minute).saturating_sub(offset_minutes);
    let ms = minutes.saturating_mul(60_000).saturating_add(second.saturating_mul(1_000));
    let midnight = Date { year, month, day }.to_days().saturating_mul(DAY_MS);
    Timestamp::from_millis(midnight.saturating_add(ms).saturating_add(milli))
}

/// `P[nD][Tn[.fraction]S]`, `PT0S` for no time at all.
pub(super) fn write_span(span: Span, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (days, ms) = (span.as_millis().div_euclid(DAY_MS), span.as_millis().rem_euclid(DAY_MS));
    f.write_str("P")?;
    if days > 0 {
        write!(f, "{days}D")?;
    }
    if days > 0 && ms == 0 { Ok(()) } else { write_seconds(ms, f) }
}

/// `P[nM][nD][Tn[.fraction]S]`, `PT0S` for no way at all.
pub(super) fn write_stride(stride: Stride, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Stride { months, days, elapsed } = stride;
    f.write_str("P")?;
    if months > 0 {
        write!(f, "{months}M")?;
    }
    if days > 0 {
        write!(f, "{days}D")?;
    }
    let whole = stride.is_civil() && elapsed == Span::ZERO;
    if whole { Ok(()) } else { write_seconds(elapsed.as_millis(), f) }
}

fn write_seconds(ms: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (seconds, milli) = (ms.div_euclid(1_000), ms.rem_euclid(1_000));
    if milli == 0 { write!(f, "T{seconds}S") } else { write!(f, "T{seconds}.{milli:03}S") }
}

/// Reads `P[nW][nD][T[nH][nM][n[.fraction]S]]`, at least one part, each at most once, in order.
///
/// Digits of the fraction after the third are cut off, as they are from an instant.
pub(super) fn read_span(text: &[u8]) -> Result<Span, TimeError> {
    let Parts { days, ms, .. } = read_parts(text, SPAN_UNITS)?;
    let total = days.checked_mul(DAY_MS).and_then(|days| days.checked_add(ms));
    Span::from_millis(total.ok_or(TimeError::OutOfRange)?)
}

/// Reads `P[nY][nM]` and then what a span has, at least one part.
pub(super) fn read_stride(text: &[u8]) -> Result<Stride, TimeError> {
    let Parts { months, days, ms } = read_parts(text, STRIDE_UNITS)?;
    let narrow = |count| u32::try_from(count).map_err(|_| TimeError::OutOfRange);
    let (months, days) = (narrow(months)?, narrow(days)?);
    Ok(Stride { months, days, elapsed: Span::from_millis(ms)? })
}

/// What a duration adds up to.
#[derive(Default)]
struct Parts {
    months: i64,
    days: i64,
    ms: i64,
}

fn read_parts(text: &[u8], date_units: &[Unit]) -> Result<Parts, TimeError> {
    let mut rest = text.strip_prefix(b"P").ok_or(TimeError::Syntax)?;
    let mut units = date_units;
    let mut total = Parts::default();
    let (mut parts, mut in_time) = (0_usize, false);
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix(b"T") {
            if in_time || time.is_empty() {
                return Err(TimeError::Syntax);
            }
            (rest, units, in_time) = (time, TIME_UNITS, true);
            continue;
        }
        let count = leading_number(&mut rest)?;
        let has_fraction = rest.first() == Some(&b'.');
        let milli = fraction_millis(&mut rest)?;
        let (designator, tail) = rest.split_first().ok_or(TimeError::Syntax)?;
        let at = units.iter().position(|(unit, ..)| unit == designator).ok_or(TimeError::Syntax)?;
        let (found, later) =
            units.split_at_checked(at.saturating_add(1)).ok_or(TimeError::Syntax)?;
        let (_, of, size) = found.last().ok_or(TimeError::Syntax)?;
        if has_fraction && *designator != b'S' {
            return Err(TimeError::Syntax);
        }
        let sum = of(&mut total);
        let part = count.checked_mul(*size).and_then(|part| part.checked_add(milli));
        *sum = part.and_then(|part| sum.checked_add(part)).ok_or(TimeError::OutOfRange)?;
        parts = parts.saturating_add(1);
        (rest, units) = (tail, later);
    }
    if parts == 0 { Err(TimeError::Syntax) } else { Ok(total) }
}

/// Minutes east of UTC, the last thing in the text.
fn offset(text: &[u8]) -> Result<i64, TimeError> {
    let mut rest = text;
    let sign = one_of(&mut rest, b"Zz+-")?;
    if matches!(sign, b'Z' | b'z') {
        return if rest.is_empty() { Ok(0) } else { Err(TimeError::Syntax) };
    }
    let (hours, minutes) = (digits(&mut rest, 2, b':')?, take_number(&mut rest, 2)?);
    if !rest.is_empty() {
        return Err(TimeError::Syntax);
    }
    if hours > 23 || minutes > 59 {
        return Err(TimeError::OutOfRange);
    }
    let east = hours.saturating_mul(60).saturating_add(minutes);
    Ok(if sign == b'-' { east.saturating_neg() } else { east })
}

/// The fraction of a second after a point, in milliseconds; 0 when there is none.
fn fraction_millis(rest: &mut &[u8]) -> Result<i64, TimeError> {
    let Some(fraction) = rest.strip_prefix(b".") else { return Ok(0) };
    let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (read, tail) = fraction.split_at_checked(count).ok_or(TimeError::Syntax)?;
    if read.is_empty() {
        return Err(TimeError::Syntax);
    }
    *rest = tail;
    let padded = read.iter().copied().chain(core::iter::repeat(b'0')).take(3);
    Ok(padded.fold(0, push_digit))
}

/// `count` digits and the separator after them.
fn digits(rest: &mut &[u8], count: usize, separator: u8) -> Result<i64, TimeError> {
    let number = take_number(rest, count)?;
    *rest = rest.strip_prefix(&[separator]).ok_or(TimeError::Syntax)?;
    Ok(number)
}

fn take_number(rest: &mut &[u8], count: usize) -> Result<i64, TimeError> {
    let (read, tail) = rest.split_at_checked(count).ok_or(TimeError::Syntax)?;
    if !read.iter().all(u8::is_ascii_digit) {
        return Err(TimeError::Syntax);
    }
    *rest = tail;
    Ok(read.iter().copied().fold(0, push_digit))
}

/// As many digits as there are, at most 15: more is past every range here.
fn leading_number(rest: &mut &[u8]) -> Result<i64, TimeError> {
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match count {
        0 => Err(TimeError::Syntax),
        1..=15 => take_number(rest, count),
        _ => Err(TimeError::OutOfRange),
    }
}

fn one_of(rest: &mut &[u8], allowed: &[u8]) -> Result<u8, TimeError> {
    let (first, tail) = rest.split_first().ok_or(TimeError::Syntax)?;
    if !allowed.contains(first) {
        return Err(TimeError::Syntax);
    }
    *rest = tail;
    Ok(*first)
}

fn push_digit(number: i64, digit: u8) -> i64 {
    number.saturating_mul(10).saturating_add(i64::from(digit.saturating_sub(b'0')))
}

/// A designator, the sum that it adds to, and how much one of it is there.
type Unit = (u8, fn(&mut Parts) -> &mut i64, i64);

const SPAN_UNITS: &[Unit] = &[(b'W', |sum| &mut sum.days, 7), (b'D', |sum| &mut sum.days, 1)];
const STRIDE_UNITS: &[Unit] = &[
    (b'Y', |sum| &mut sum.months, 12),
    (b'M', |sum| &mut sum.months, 1),
    (b'W', |sum| &mut sum.days, 7),
    (b'D', |sum| &mut sum.days, 1),
];
const TIME_UNITS: &[Unit] = &[
    (b'H', |sum| &mut sum.ms, 3_600_000),
    (b'M', |sum| &mut sum.ms, 60_000),
    (b'S', |sum| &mut sum.ms, 1_000),
];
