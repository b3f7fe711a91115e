//! Which bytes are the state? The same for equal states, however they came about.
//!
//! Everything is written in an order that its content gives: scopes by number, balances and
//! readings by key, credentials by digest, notes by space and key. No hash table shows.

use alloc::vec::Vec;

use super::codec::FORMAT;
use super::wire::{Reader, Writer};
use super::{Books, DecodeError, Head, HostKeys, holding, parts};
use crate::account::{Accounts, LimitReading};
use crate::decide::{Answer, Fingerprint};
use crate::dedup::Entry;
use crate::id::{CatalogVersion, LimitId, PlanId, ScopeId, ScopeName};
use crate::meter::Reading;
use crate::token::Digest;
use crate::window::zone::ZonesDigest;

pub(super) fn write(head: Head, books: &Books) -> Vec<u8> {
    let mut out = Vec::new();
    let mut w = Writer(&mut out);
    w.byte(FORMAT);
    w.uint(head.sequence);
    w.instant(head.seen);
    w.uint(books.installed.version.0.into());
    w.bytes(&books.installed.json);
    parts::write_names(&mut w, &books.installed.names);
    w.0.extend_from_slice(&books.installed.zones.0);
    write_accounts(&mut w, &books.accounts);
    w.size(books.remembered.len());
    for entry in books.remembered.iter() {
        parts::write_key(&mut w, &entry.key);
        let Answer { verdict, asked } = &entry.answer;
        parts::write_verdict(&mut w, verdict);
        w.uint(asked.0);
        w.instant(entry.at);
        w.instant(entry.until);
    }
    w.size(books.remembered.forgotten().count());
    for (root, forgot) in books.remembered.forgotten() {
        w.uint(root.0.into());
        w.instant(forgot);
    }
    let credentials = books.credentials.in_order();
    w.size(credentials.len());
    for (digest, credential) in credentials {
        w.0.extend_from_slice(digest.as_bytes());
        parts::write_credential(&mut w, credential);
    }
    w.size(books.notes.len());
    for ((space, key), value) in &books.notes {
        w.uint((*space).into());
        w.bytes(key);
        w.bytes(value);
    }
    w.size(books.holds.iter().len());
    books.holds.iter().for_each(|hold| holding::write_hold(&mut w, hold));
    w.option(books.put_back, Writer::instant);
    out
}

pub(super) fn read(bytes: &[u8], keys: &HostKeys) -> Result<(Head, Books), DecodeError> {
    let mut r = Reader(bytes);
    if r.byte()? != FORMAT {
        return Err(DecodeError::Format);
    }
    let head = Head { sequence: r.uint()?, seen: r.instant()? };
    let mut books = Books::new(keys);
    books.installed.version = CatalogVersion(r.narrow()?);
    books.installed.json = r.bytes()?.into();
    books.installed.names = parts::read_names(&mut r)?;
    books.installed.zones = ZonesDigest(r.array()?);
    read_accounts(&mut r, &mut books.accounts)?;
    for _ in 0..r.uint()? {
        let (key, verdict) = (parts::read_key(&mut r)?, parts::read_verdict(&mut r)?);
        let answer = Answer { verdict, asked: Fingerprint(r.uint()?) };
        let (at, until) = (r.instant()?, r.instant()?);
        books.remembered.remember(Entry { key, answer, at, until });
    }
    for _ in 0..r.uint()? {
        books.remembered.forget(r.narrow().map(ScopeId)?, r.instant()?);
    }
    for _ in 0..r.uint()? {
        let (digest, credential) =
            (Digest::from_bytes(r.array()?), parts::read_credential(&mut r)?);
        books.credentials.insert(digest, credential).map_err(|_| DecodeError::Misplaced)?;
    }
    for _ in 0..r.uint()? {
        let (space, key) = (r.narrow()?, r.bytes()?.into());
        books.notes.insert((space, key), r.bytes()?.into());
    }
    for _ in 0..r.uint()? {
        let new = books.holds.insert(holding::read_hold(&mut r)?);
        new.then_some(()).ok_or(DecodeError::Misplaced)?;
    }
    books.put_back = r.option(Reader::instant)?;
    r.end()?;
    // A state has one form: what is out of order, or there twice, was not written here.
    if write(head, &books) != bytes {
        return Err(DecodeError::Malformed);
    }
    Ok((head, books))
}

fn write_accounts(w: &mut Writer<'_>, accounts: &Accounts) {
    w.size(accounts.len());
    let scopes = (0_u32..).map(ScopeId).map_while(|scope| Some((scope, accounts.get(scope)?)));
    for (scope, account) in scopes {
        w.option(account.parent(), |w, parent| w.uint(parent.0.into()));
        write_account(w, accounts, scope);
    }
}

/// All of a scope but where it hangs.
pub(super) fn write_account(w: &mut Writer<'_>, accounts: &Accounts, scope: ScopeId) {
    if let Some(account) = accounts.get(scope) {
        w.text(accounts.name(scope));
        w.instant(account.anchor());
        w.option(account.plan(), |w, plan| w.uint(plan.0.into()));
        w.byte(parts::status_code(account.status()));
        let mut balances: Vec<_> = accounts.balances(account).collect();
        balances.sort_unstable_by_key(|balance| balance.key());
        w.size(balances.len());
        balances.into_iter().for_each(|balance| parts::write_balance(w, balance));
        w.size(accounts.grants(account).count());
        accounts.grants(account).for_each(|grant| parts::write_grant(w, grant));
        w.size(accounts.lots(account).count());
        accounts.lots(account).for_each(|lot| parts::write_lot(w, lot));
        w.size(accounts.readings(account).count());
        accounts.readings(account).for_each(|reading| write_reading(w, reading));
        w.size(accounts.told(scope).count());
        accounts.told(scope).for_each(|told| parts::write_told(w, told));
        w.size(accounts.members(scope).count());
        accounts.members(scope).for_each(|member| parts::write_member(w, member));
    }
}

fn read_accounts(r: &mut Reader<'_>, accounts: &mut Accounts) -> Result<(), DecodeError> {
    for _ in 0..r.uint()? {
        let parent = r.option(|r| r.narrow().map(ScopeId))?;
        read_account(r, accounts, parent)?;
    }
    Ok(())
}

/// Opens a scope under `parent` as it was written.
pub(super) fn read_account(
    r: &mut Reader<'_>,
    accounts: &mut Accounts,
    parent: Option<ScopeId>,
) -> Result<ScopeId, DecodeError> {
    let fits = |stored: bool| if stored { Ok(()) } else { Err(DecodeError::Misplaced) };
    let name = ScopeName::parse(r.text()?).map_err(|_| DecodeError::Malformed)?;
    let scope = accounts.open(parent, name, r.instant()?).ok_or(DecodeError::Misplaced)?;
    accounts.set_plan(scope, r.option(|r| r.narrow().map(PlanId))?);
    accounts.set_status(scope, parts::status_of(r.byte()?)?);
    for balance in r.list(parts::read_balance)? {
        fits(accounts.put(scope, balance))?;
    }
    for grant in r.list(parts::read_grant)? {
        fits(accounts.push_grant(scope, grant))?;
    }
    for lot in r.list(parts::read_lot)? {
        fits(accounts.add_lot(scope, lot))?;
    }
    for reading in r.list(read_reading)? {
        fits(accounts.put_reading(scope, reading))?;
    }
    for (limit, window_end, warning) in r.list(parts::read_told)? {
        fits(accounts.tell(scope, (limit, window_end), warning))?;
    }
    for (limit, window_end, member) in r.list(parts::read_member)? {
        fits(accounts.add_member(scope, (limit, window_end), member))?;
    }
    Ok(scope)
}

fn write_reading(w: &mut Writer<'_>, known: &LimitReading) {
    w.uint(known.limit.0.into());
    w.quantity(known.reading.value);
    w.instant(known.reading.at);
    w.instant(known.window_end);
}

fn read_reading(r: &mut Reader<'_>) -> Result<LimitReading, DecodeError> {
    Ok(LimitReading {
        limit: LimitId(r.narrow()?),
        reading: Reading { value: r.quantity()?, at: r.instant()? },
        window_end: r.instant()?,
    })
}
