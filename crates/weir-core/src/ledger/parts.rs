//! Which bytes are a balance, a lot, a verdict? The pieces that records and snapshots share.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::DecodeError;
use super::codec::boxed;
use super::renewed::{read_renewal, write_renewal};
use super::wire::{Reader, Writer};
use crate::account::Status;
use crate::amount::Quantity;
use crate::catalog::Names;
use crate::catalog::names::Table;
use crate::decide::{Binding, Compared, Flags, Outcome, Reason, Retry, Verdict};
use crate::dedup::{Apart, Key, RequestKey, Space};
use crate::grant::{Burn, By, Direction, Grain, Grant, Key as BurnKey};
use crate::id::{CatalogVersion, ClassId, FeatureId, LimitId, Name, ScopeId, WalletId};
use crate::limit::{Balance, Fit, OnShortfall, Source, Warning};
use crate::time::Timestamp;
use crate::token::{self, Credential, Environment, Origins};
use crate::wallet::{Kind, Lot};

pub(super) fn write_balance(w: &mut Writer<'_>, balance: &Balance) {
    w.quantity(balance.used);
    w.quantity(balance.held);
    w.quantity(balance.capacity);
    w.instant(balance.window_end);
    w.uint(balance.generation.0.into());
    w.uint(balance.limit.0.into());
    w.uint(balance.source.0.into());
}

pub(super) fn read_balance(r: &mut Reader<'_>) -> Result<Balance, DecodeError> {
    Ok(Balance {
        used: r.quantity()?,
        held: r.quantity()?,
        capacity: r.quantity()?,
        window_end: r.instant()?,
        generation: CatalogVersion(r.narrow()?),
        limit: LimitId(r.narrow()?),
        source: Source(r.narrow()?),
    })
}

pub(super) fn write_grant(w: &mut Writer<'_>, grant: &Grant) {
    w.text(&grant.name);
    w.uint(grant.limit.0.into());
    w.uint(grant.source.0.into());
    w.quantity(grant.amount);
    w.wide(grant.priority.into());
    w.instant(grant.effective);
    w.instant(grant.expires);
    write_renewal(w, &grant.renewal);
}

pub(super) fn read_grant(r: &mut Reader<'_>) -> Result<Grant, DecodeError> {
    Ok(Grant {
        name: boxed(r.text()?),
        limit: LimitId(r.narrow()?),
        source: Source(r.narrow()?),
        amount: r.quantity()?,
        priority: read_priority(r)?,
        effective: r.instant()?,
        expires: r.instant()?,
        renewal: read_renewal(r)?,
    })
}

pub(super) fn write_lot(w: &mut Writer<'_>, lot: &Lot) {
    w.text(&lot.name);
    w.uint(lot.wallet.0.into());
    w.quantity(lot.amount);
    w.quantity(lot.left);
    w.byte(match lot.kind {
        Kind::Promotional => 0,
        Kind::Paid => 1,
    });
    w.wide(lot.priority.into());
    w.instant(lot.purchased);
    w.instant(lot.expires);
}

pub(super) fn read_lot(r: &mut Reader<'_>) -> Result<Lot, DecodeError> {
    Ok(Lot {
        name: boxed(r.text()?),
        wallet: WalletId(r.narrow()?),
        amount: r.quantity()?,
        left: r.quantity()?,
        kind: match r.byte()? {
            0 => Kind::Promotional,
            1 => Kind::Paid,
            _ => return Err(DecodeError::Malformed),
        },
        priority: read_priority(r)?,
        purchased: r.instant()?,
        expires: r.instant()?,
    })
}

fn read_priority(r: &mut Reader<'_>) -> Result<i32, DecodeError> {
    i32::try_from(r.wide()?).map_err(|_| DecodeError::Malformed)
}

pub(super) fn write_credential(w: &mut Writer<'_>, credential: &Credential) {
    w.uint(credential.class.0.into());
    w.uint(credential.epoch.into());
    w.option(credential.expires, Writer::instant);
    let origins: Vec<String> = credential.origins.patterns().map(|o| format!("{o}")).collect();
    w.size(origins.len());
    for origin in &origins {
        w.text(origin);
    }
    w.uint(credential.scope.0.into());
    w.byte(match credential.status {
        token::Status::Active => 0,
        token::Status::Disabled => 1,
        token::Status::Revoked => 2,
    });
}

pub(super) fn read_credential(r: &mut Reader<'_>) -> Result<Credential, DecodeError> {
    let (class, epoch) = (ClassId(r.narrow()?), r.narrow()?);
    let expires = r.option(Reader::instant)?;
    let origins: Vec<String> = r.list(|r| r.text().map(String::from))?;
    Ok(Credential {
        class,
        epoch,
        expires,
        origins: Origins::parse(origins.iter().map(String::as_str))
            .map_err(|_| DecodeError::Malformed)?,
        scope: ScopeId(r.narrow()?),
        status: match r.byte()? {
            0 => token::Status::Active,
            1 => token::Status::Disabled,
            2 => token::Status::Revoked,
            _ => return Err(DecodeError::Malformed),
        },
    })
}

pub(super) fn write_names(w: &mut Writer<'_>, names: &Names) {
    for table in names.tables() {
        w.size(table.len());
        for name in table.iter() {
            w.text(name.as_str());
        }
    }
}

pub(super) fn read_names(r: &mut Reader<'_>) -> Result<Names, DecodeError> {
    let mut names = Names::default();
    for table in names.tables_mut() {
        read_table(r, table)?;
    }
    Ok(names)
}

fn read_table(r: &mut Reader<'_>, table: &mut Table) -> Result<(), DecodeError> {
    for text in r.list(|r| r.text().map(String::from))? {
        let name = Name::parse(&text).map_err(|_| DecodeError::Malformed)?;
        let known = table.find(name.as_str()).is_some();
        table.intern(&name).filter(|_| !known).ok_or(DecodeError::Malformed)?;
    }
    Ok(())
}

pub(super) fn write_request_key(w: &mut Writer<'_>, key: RequestKey) {
    let (len, bytes) = key.to_parts();
    w.byte(len);
    w.0.extend_from_slice(&bytes);
}

pub(super) fn read_request_key(r: &mut Reader<'_>) -> Result<RequestKey, DecodeError> {
    RequestKey::from_parts(r.byte()?, r.array()?).ok_or(DecodeError::Malformed)
}

pub(super) fn write_key(w: &mut Writer<'_>, key: &Key) {
    let Space { scope, apart } = key.space;
    w.uint(key.root.0.into());
    w.uint(scope.0.into());
    match apart {
        None => w.byte(0),
        Some(Apart::Balance(of, limit)) => {
            w.byte(1);
            w.uint(of.0.into());
            w.uint(limit.0.into());
        }
        Some(Apart::Environment(environment)) => {
            w.byte(2);
            w.byte(code(&ENVIRONMENTS, &environment));
        }
        Some(Apart::Feature(feature)) => {
            w.byte(3);
            w.uint(feature.0.into());
        }
    }
    write_request_key(w, key.request);
}

pub(super) fn read_key(r: &mut Reader<'_>) -> Result<Key, DecodeError> {
    let (root, scope) = (ScopeId(r.narrow()?), ScopeId(r.narrow()?));
    let apart = match r.byte()? {
        0 => None,
        1 => Some(Apart::Balance(ScopeId(r.narrow()?), LimitId(r.narrow()?))),
        2 => Some(Apart::Environment(decoded(&ENVIRONMENTS, r.byte()?)?)),
        3 => Some(Apart::Feature(FeatureId(r.narrow()?))),
        _ => return Err(DecodeError::Malformed),
    };
    Ok(Key { root, space: Space { scope, apart }, request: read_request_key(r)? })
}

const ENVIRONMENTS: [Environment; 2] = [Environment::Live, Environment::Test];

pub(super) fn write_verdict(w: &mut Writer<'_>, verdict: &Verdict) {
    w.byte(match verdict.outcome {
        Outcome::Allowed => 0,
        Outcome::Denied(reason) => reason_code(reason),
    });
    w.option(verdict.binding, write_binding);
    w.quantity(verdict.charged);
    match verdict.retry {
        Retry::Now => w.byte(0),
        Retry::Never => w.byte(1),
        Retry::NotComputed => w.byte(2),
        Retry::At(at) => {
            w.byte(3);
            w.instant(at);
        }
    }
    let Flags { replayed, clock_held, shadow_denied } = verdict.flags;
    w.byte(u8::from(replayed) | (u8::from(clock_held) << 1) | (u8::from(shadow_denied) << 2));
    w.uint(verdict.catalog.0.into());
    w.uint(verdict.sequence);
}

pub(super) fn read_verdict(r: &mut Reader<'_>) -> Result<Verdict, DecodeError> {
    let outcome = match r.byte()? {
        0 => Outcome::Allowed,
        code => Outcome::Denied(reason_of(code)?),
    };
    let (binding, charged) = (r.option(read_binding)?, r.quantity()?);
    let retry = match r.byte()? {
        0 => Retry::Now,
        1 => Retry::Never,
        2 => Retry::NotComputed,
        3 => Retry::At(r.instant()?),
        _ => return Err(DecodeError::Malformed),
    };
    let flags = match r.byte()? {
        bits @ 0..=7 => Flags {
            replayed: bits & 1 != 0,
            clock_held: bits & 2 != 0,
            shadow_denied: bits & 4 != 0,
        },
        _ => return Err(DecodeError::Malformed),
    };
    let (catalog, sequence) = (CatalogVersion(r.narrow()?), r.uint()?);
    Ok(Verdict { outcome, binding, charged, retry, flags, catalog, sequence })
}

fn write_binding(w: &mut Writer<'_>, binding: Binding) {
    let Binding { of: Compared { scope, limit, fit }, used, held, asked, taken, capacity, .. } =
        binding;
    w.uint(scope.0.into());
    w.uint(limit.0.into());
    w.byte(code(&FITS, &fit));
    for quantity in [used, held, asked, taken, capacity] {
        w.quantity(quantity);
    }
    w.instant(binding.resets_at);
}

fn read_binding(r: &mut Reader<'_>) -> Result<Binding, DecodeError> {
    Ok(Binding {
        of: Compared {
            scope: ScopeId(r.narrow()?),
            limit: LimitId(r.narrow()?),
            fit: decoded(&FITS, r.byte()?)?,
        },
        used: r.quantity()?,
        held: r.quantity()?,
        asked: r.quantity()?,
        taken: r.quantity()?,
        capacity: r.quantity()?,
        resets_at: r.instant()?,
    })
}

pub(super) fn write_told(w: &mut Writer<'_>, told: (LimitId, Timestamp, Warning)) {
    let (limit, window_end, warning) = told;
    w.uint(limit.0.into());
    w.instant(window_end);
    w.uint(match warning {
        Warning::Exhausted => 0,
        Warning::Reached(percent) => percent.into(),
    });
}

pub(super) fn read_told(r: &mut Reader<'_>) -> Result<(LimitId, Timestamp, Warning), DecodeError> {
    let (limit, window_end) = (LimitId(r.narrow()?), r.instant()?);
    let warning = match r.narrow()? {
        0 => Warning::Exhausted,
        percent => Warning::Reached(percent),
    };
    Ok((limit, window_end, warning))
}

pub(super) fn write_member(w: &mut Writer<'_>, member: (LimitId, Timestamp, Quantity)) {
    let (limit, window_end, member) = member;
    w.uint(limit.0.into());
    w.instant(window_end);
    w.quantity(member);
}

pub(super) fn read_member(
    r: &mut Reader<'_>,
) -> Result<(LimitId, Timestamp, Quantity), DecodeError> {
    Ok((LimitId(r.narrow()?), r.instant()?, r.quantity()?))
}

/// A number that never changes; 0 is an admission.
const fn reason_code(reason: Reason) -> u8 {
    match reason {
        Reason::Malformed => 1,
        Reason::Unauthenticated => 2,
        Reason::UnknownScope => 3,
        Reason::NoEntitlement => 4,
        Reason::Conflict => 5,
        Reason::DedupFull => 6,
        Reason::TooOld => 7,
        Reason::TooNew => 8,
        Reason::Blocked => 9,
        Reason::Cancelled => 10,
        Reason::Inactive => 11,
        Reason::NoPlan => 12,
        Reason::Paused => 13,
        Reason::Unmeasurable => 14,
        Reason::PeriodClosed => 15,
        Reason::RateLimited => 16,
        Reason::LimitExceeded => 17,
        Reason::OutOfCredit => 18,
        Reason::Duplicate => 19,
    }
}

fn reason_of(code: u8) -> Result<Reason, DecodeError> {
    let known = Reason::ALL.into_iter().find(|reason| reason_code(*reason) == code);
    known.ok_or(DecodeError::Malformed)
}

/// What was wished for is one byte.
pub(super) const WISHES: [Option<OnShortfall>; 3] =
    [None, Some(OnShortfall::Clamp), Some(OnShortfall::Reject)];

/// How it was met is one byte.
const FITS: [Fit; 5] = [Fit::Clamped, Fit::Over, Fit::Refused, Fit::Shadowed, Fit::Within];

/// How keys are written: one byte each for what, which end, and how finely.
const BYS: [By; 7] =
    [By::Amount, By::Created, By::Effective, By::Expires, By::Id, By::Name, By::Priority];
const DIRECTIONS: [Direction; 2] = [Direction::Ascending, Direction::Descending];
const GRAINS: [Grain; 5] =
    [Grain::Day, Grain::Hour, Grain::Millisecond, Grain::Minute, Grain::Second];

pub(super) fn write_burn(w: &mut Writer<'_>, burn: &Burn) {
    w.size(burn.keys().count());
    for key in burn.keys() {
        w.byte(code(&BYS, &key.by));
        w.byte(code(&DIRECTIONS, &key.direction));
        w.byte(code(&GRAINS, &key.grain));
    }
}

pub(super) fn read_burn(r: &mut Reader<'_>) -> Result<Burn, DecodeError> {
    let keys: Vec<BurnKey> = r.list(|r| {
        Ok(BurnKey {
            by: decoded(&BYS, r.byte()?)?,
            direction: decoded(&DIRECTIONS, r.byte()?)?,
            grain: decoded(&GRAINS, r.byte()?)?,
        })
    })?;
    Burn::new(&keys).ok_or(DecodeError::Malformed)
}

pub(super) fn code<T: PartialEq>(all: &[T], one: &T) -> u8 {
    let at = all.iter().position(|known| known == one).unwrap_or_default();
    u8::try_from(at).unwrap_or_default()
}

pub(super) fn decoded<T: Copy>(all: &[T], code: u8) -> Result<T, DecodeError> {
    all.get(usize::from(code)).copied().ok_or(DecodeError::Malformed)
}

pub(super) const fn status_code(status: Status) -> u8 {
    match status {
        Status::Active => 0,
        Status::Blocked => 1,
        Status::Cancelled => 2,
        Status::Inactive => 3,
        Status::NoPlan => 4,
        Status::Paused => 5,
    }
}

pub(super) const fn status_of(code: u8) -> Result<Status, DecodeError> {
    match code {
        0 => Ok(Status::Active),
        1 => Ok(Status::Blocked),
        2 => Ok(Status::Cancelled),
        3 => Ok(Status::Inactive),
        4 => Ok(Status::NoPlan),
        5 => Ok(Status::Paused),
        _ => Err(DecodeError::Malformed),
    }
}
