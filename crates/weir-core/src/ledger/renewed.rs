//! Which bytes say how a grant comes back?

use super::DecodeError;
use super::wire::{Reader, Writer};
use crate::grant::{Every, Renewal, Rollover, Turns};
use crate::time::{Span, Stride};

pub(super) fn write_renewal(w: &mut Writer<'_>, renewal: &Renewal) {
    let Renewal { window, recurrence, rollover } = *renewal;
    match window {
        None => w.byte(0),
        Some(Turns::Every(every)) => {
            w.byte(1);
            write_every(w, every);
        }
        Some(Turns::Never) => w.byte(2),
    }
    w.option(recurrence, write_every);
    match rollover {
        None => w.byte(0),
        Some(Rollover::Same { min, max }) => {
            w.byte(1);
            w.quantity(min);
            w.quantity(max);
        }
    }
}

pub(super) fn read_renewal(r: &mut Reader<'_>) -> Result<Renewal, DecodeError> {
    let renewal = Renewal {
        window: match r.byte()? {
            0 => None,
            1 => Some(Turns::Every(read_every(r)?)),
            2 => Some(Turns::Never),
            _ => return Err(DecodeError::Malformed),
        },
        recurrence: r.option(read_every)?,
        rollover: match r.byte()? {
            0 => None,
            1 => Some(Rollover::Same { min: r.quantity()?, max: r.quantity()? }),
            _ => return Err(DecodeError::Malformed),
        },
    };
    if renewal.is_sound() { Ok(renewal) } else { Err(DecodeError::Malformed) }
}

fn write_every(w: &mut Writer<'_>, Every { anchor, span }: Every) {
    w.instant(anchor);
    write_stride(w, span);
}

fn read_every(r: &mut Reader<'_>) -> Result<Every, DecodeError> {
    Ok(Every { anchor: r.instant()?, span: read_stride(r)? })
}

fn write_stride(w: &mut Writer<'_>, Stride { months, days, elapsed }: Stride) {
    w.uint(months.into());
    w.uint(days.into());
    w.wide(elapsed.as_millis().into());
}

fn read_stride(r: &mut Reader<'_>) -> Result<Stride, DecodeError> {
    let (months, days) = (r.narrow()?, r.narrow()?);
    let elapsed = i64::try_from(r.wide()?).map_err(|_| DecodeError::Malformed)?;
    let elapsed = Span::from_millis(elapsed).map_err(|_| DecodeError::Malformed)?;
    Ok(Stride { months, days, elapsed })
}
