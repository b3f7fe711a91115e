//! What is stored where? The whole state, and the one way in which a record changes it.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Bound;

use super::record::{Command, Decided, Remembered, Settled, Step};
use super::{DecodeError, HostKeys};
use crate::account::{Accounts, LimitReading};
use crate::amount::Quantity;
use crate::catalog::Names;
use crate::decide::{Answer, Effect, Glance, Observer, Request, Verdict};
use crate::dedup::{Dedup, Entry};
use crate::hold::{Ended, Ending, Held, Holds};
use crate::id::{CatalogVersion, HoldId, ScopeId, ScopeName};
use crate::limit::{Balance, Source};
use crate::meter::Reading;
use crate::time::Timestamp;
use crate::token::Registry;
use crate::window::Period;
use crate::window::zone::ZonesDigest;

/// Everything that a ledger counts and keeps.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) accounts: Accounts,
    pub(super) remembered: Dedup<Answer>,
    pub(super) credentials: Registry,
    pub(super) notes: BTreeMap<NoteKey, Box<[u8]>>,
    pub(super) installed: Installed,
    pub(super) holds: Holds<Verdict>,
    /// To when the clock was put back: no period that had begun by then is opened again.
    pub(super) put_back: Option<Timestamp>,
}

/// One of the host's tables, and a key in it.
pub(super) type NoteKey = (u16, Box<[u8]>);

/// The catalog in force, as its author wrote it, and the indices of all names.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Installed {
    /// Its version; 0 before the first.
    pub version: CatalogVersion,
    /// The JSON text.
    pub json: Box<[u8]>,
    /// The indices that its names, and all earlier ones, have.
    pub names: Names,
    /// Of the tables of the zones that it names.
    pub zones: ZonesDigest,
}

impl Books {
    pub(super) fn new(keys: &HostKeys) -> Self {
        Self {
            accounts: Accounts::new(keys.table),
            remembered: Dedup::new(keys.table),
            credentials: Registry::new(keys.credentials_max, keys.pepper.clone()),
            notes: BTreeMap::new(),
            installed: Installed::default(),
            holds: Holds::default(),
            put_back: None,
        }
    }

    /// Does what a record says, for the first time or again.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Misplaced`] when the record does not fit the state: it was not made for it.
    pub(super) fn apply(
        &mut self,
        now: Timestamp,
        command: &Command<'_>,
    ) -> Result<(), DecodeError> {
        let done = match command {
            Command::Batch(commands) => {
                return commands.iter().try_for_each(|command| self.apply(now, command));
            }
            Command::Advance => true,
            Command::Book(decided) | Command::Decide(decided) => self.decided(decided),
            Command::Correct(correction) => self.correct(now, correction),
            Command::Enrol { digest, credential } => {
                self.credentials.insert(*digest, credential.clone().into_owned()).is_ok()
            }
            Command::Extend { hold, until } => self.extend(*hold, *until),
            Command::Grant { scope, grant, burn } => {
                self.accounts.add_grant(*scope, grant.clone().into_owned(), *burn)
            }
            Command::Import { scope, balance, anchor } => {
                self.import(*scope, (balance, *anchor), now)
            }
            Command::Install { json, names, zones } => {
                let version = CatalogVersion(self.installed.version.0.saturating_add(1));
                let (json, names) = (Box::from(&**json), names.clone().into_owned());
                self.installed = Installed { version, json, names, zones: *zones };
                true
            }
            Command::Intern { scope, parent, name, plan } => {
                let opened = ScopeName::parse(name)
                    .ok()
                    .and_then(|name| self.accounts.open(*parent, name, now));
                self.accounts.set_plan(*scope, *plan);
                opened == Some(*scope)
            }
            Command::Note { space, key, value } => {
                let key = (*space, Box::from(&**key));
                match value {
                    Some(value) => self.notes.insert(key, Box::from(&**value)),
                    None => self.notes.remove(&key),
                };
                true
            }
            Command::Reserve { decided, hold } => {
                self.decided(decided)
                    && hold.as_deref().is_none_or(|h| self.holds.insert(h.clone()))
            }
            Command::SetAnchor { scope, anchor } => {
                self.accounts.set_anchor(*scope, *anchor);
                true
            }
            Command::SetPlan { scope, plan } => {
                self.accounts.set_plan(*scope, *plan);
                true
            }
            Command::SetStatus { scope, status } => {
                self.accounts.set_status(*scope, *status);
                true
            }
            Command::Settle(settled) => self.step(settled),
            Command::Sweep => {
                self.remembered.sweep(now);
                self.holds.sweep(now);
                true
            }
            Command::TopUp { scope, lot } => {
                self.accounts.add_lot(*scope, lot.clone().into_owned())
            }
            Command::VoidGrant { scope, source, at } => {
                self.accounts.end_grant(*scope, *source, (*at).max(now))
            }
        };
        if done { Ok(()) } else { Err(DecodeError::Misplaced) }
    }

    fn import(
        &mut self,
        scope: ScopeId,
        (balance, anchor): (&Balance, Option<Timestamp>),
        now: Timestamp,
    ) -> bool {
        if let Some(anchor) = anchor {
            self.accounts.set_anchor(scope, anchor);
        }
        self.supersede(scope, balance, now);
        self.owe(scope, balance, now) && self.accounts.put(scope, *balance)
    }

    /// Notes since when that is owed which another system counted beside all grants.
    fn owe(&mut self, scope: ScopeId, balance: &Balance, now: Timestamp) -> bool {
        let Balance { limit, source, capacity, used, .. } = *balance;
        let (reading, window_end) = (Reading { value: Quantity::ZERO, at: now }, Period::OWING);
        let owed = (source, capacity) == (Source::PLAN, Quantity::ZERO) && used.is_positive();
        let later = |known: &LimitReading| {
            (known.limit, known.window_end) == (limit, window_end) && now <= known.reading.at
        };
        let account = self.accounts.get(scope);
        let new = owed && account.is_some_and(|of| !self.accounts.readings(of).any(later));
        !new || self.accounts.put_reading(scope, LimitReading { limit, reading, window_end })
    }

    /// Forgets what an allowance counted in periods that would end within an imported one: nothing
    /// reaches them any more.
    fn supersede(&mut self, scope: ScopeId, by: &Balance, now: Timestamp) {
        let within = |known: &&Balance| {
            (known.limit, known.source) == (by.limit, by.source)
                && (now < known.window_end && known.window_end < by.window_end)
                && known.held == Quantity::ZERO // a hold lives on in it
        };
        let account = self.accounts.get(scope).into_iter();
        let all = account.flat_map(|account| self.accounts.balances(account));
        let gone: Vec<_> = all.filter(within).map(Balance::key).collect();
        gone.into_iter().for_each(|key| self.accounts.forget(scope, key));
    }

    fn decided(&mut self, Decided { at, effects, verdict, remembered, .. }: &Decided<'_>) -> bool {
        let stored = self.settle(effects);
        if let Some(remembered) = remembered {
            self.remember((*remembered, *at), *verdict);
        }
        stored
    }

    fn extend(&mut self, hold: HoldId, until: Timestamp) -> bool {
        self.holds.change(hold, |hold| {
            hold.until = until;
            hold.ended.is_none()
        })
    }

    /// Does a step of a hold, if it was allowed; of one that was not only what it told.
    fn step(&mut self, settled: &Settled<'_>) -> bool {
        let Settled { hold, step, effects, held, ended, verdict, .. } = settled;
        let stored = self.settle(effects);
        if !verdict.is_allowed() {
            return stored && self.holds.get(*hold).is_some();
        }
        let changed = self.holds.change(*hold, |hold| {
            let open = hold.ended.is_none();
            let fits = hold.keep(held);
            if let Step::Commit(number) = step {
                hold.answers.push((*number, *verdict));
            }
            if let Some(until) = ended {
                let by = if *step == Step::Expire { Ending::Deadline } else { Ending::Caller };
                (hold.until, hold.held) = (*until, Held::default());
                hold.ended = Some(Ended { by, answer: *verdict });
            }
            fits && open
        });
        stored && changed
    }

    /// Stores what a decision changes, and tells whether that fits the state. Live decisions and
    /// replay both come through here.
    #[inline]
    pub(super) fn settle(&mut self, effects: &[Effect]) -> bool {
        effects.iter().all(|effect| self.store(effect))
    }

    /// Stores what came of an everyday request: what its effect would have stored.
    #[inline]
    pub(super) fn take(&mut self, request: &Request<'_>, glance: Glance) {
        if let (Glance::Took(used), [scope, ..]) = (glance, request.scopes) {
            self.accounts.use_only_balance(*scope, used);
        }
    }

    /// Tells the observer what was forgotten for an answer.
    pub(super) fn tell<O: Observer>(&self, kept: Option<Remembered>, observer: &mut O) {
        let Some(Remembered { key, gone: 1.., .. }) = kept else { return };
        if let Some(then) = self.remembered.forgot(key.root) {
            observer.forgot(key.root, then);
        }
    }

    /// Remembers an answer. Live decisions and replay both come through here.
    pub(super) fn remember(&mut self, (kept, at): (Remembered, Timestamp), verdict: Verdict) {
        let Remembered { key, until, asked, gone } = kept;
        let answer = Answer { verdict, asked };
        self.remembered.make_place(key.root, gone);
        self.remembered.remember(Entry { key, answer, at, until });
    }

    #[inline]
    fn store(&mut self, effect: &Effect) -> bool {
        match *effect {
            Effect::Balance { scope, balance, .. } => self.accounts.put(scope, balance),
            Effect::Closed { scope, key } => {
                self.accounts.forget(scope, key);
                true
            }
            Effect::Ended { scope, source } => {
                self.accounts.forget_grant(scope, source);
                true
            }
            Effect::Lot { scope, position, left } => self.accounts.set_lot(scope, position, left),
            Effect::Member { scope, limit, member, window_end } => {
                self.accounts.add_member(scope, (limit, window_end), member)
            }
            Effect::Reading { scope, limit, reading, window_end } => {
                self.accounts.put_reading(scope, LimitReading { limit, reading, window_end })
            }
            Effect::Warned { scope, limit, window_end, warning } => {
                self.accounts.tell(scope, (limit, window_end), warning)
            }
        }
    }

    /// The effect that undoes `effect`, of a balance or lot that is there, or of a reading.
    pub(super) fn before(&self, effect: &Effect) -> Option<Effect> {
        match *effect {
            Effect::Balance { scope, balance, .. } => {
                let mut balances = self.accounts.balances(self.accounts.get(scope)?);
                let balance = *balances.find(|known| known.key() == balance.key())?;
                Some(Effect::Balance { scope, balance, taken: Quantity::ZERO })
            }
            Effect::Lot { scope, position, .. } => {
                let lot = self.accounts.lots(self.accounts.get(scope)?).nth(position.into())?;
                Some(Effect::Lot { scope, position, left: lot.left })
            }
            Effect::Reading { scope, limit, window_end, .. } => {
                let mut known = self.accounts.readings(self.accounts.get(scope)?);
                let same =
                    |known: &&LimitReading| (known.limit, known.window_end) == (limit, window_end);
                Some(match known.find(same) {
                    Some(LimitReading { reading, .. }) => {
                        Effect::Reading { scope, limit, reading: *reading, window_end }
                    }
                    // The balance that goes with it is put back after it.
                    None => Effect::Closed { scope, key: (limit, Source::SLIDING, window_end) },
                })
            }
            // Of a meter that keeps its number nothing is held.
            Effect::Member { .. } => None,
            Effect::Closed { .. } | Effect::Ended { .. } | Effect::Warned { .. } => None,
        }
    }

    /// The documents of one of the host's tables, in the order of their keys.
    pub(super) fn notes<'a>(
        &'a self,
        space: u16,
        from: Bound<&[u8]>,
    ) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let from = from.map(|key| (space, Box::from(key)));
        let all = self.notes.range((from, Bound::Unbounded));
        all.take_while(move |((of, _), _)| *of == space).map(|((_, key), value)| (&**key, &**value))
    }

    pub(super) fn note(&self, space: u16, key: &[u8]) -> Option<&[u8]> {
        self.notes.get(&(space, Vec::from(key).into_boxed_slice())).map(|value| &**value)
    }
}
