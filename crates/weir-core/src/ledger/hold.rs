//! What becomes of a hold? Reserved, committed, extended, released, or ended by its deadline.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use super::record::{Command, Decided, Record, Settled, Step};
use super::refuse::ensure;
use super::{Failed, Head, Ledger, Refused, Sink, remembered, view};
use crate::amount::Quantity;
use crate::catalog::Catalog;
use crate::decide::{self, Commit, Effect, Observer, Reason, Request, Then, Verdict};
use crate::hold::{COMMITS_MAX, Ending, HOLDS_MAX, Held, Hold, KEPT, TTL_MAX};
use crate::id::{CatalogVersion, HoldId, ScopeId, WalletId};
use crate::time::{Span, Timestamp};

impl Ledger {
    /// What open holds keep of the money in a wallet of a scope.
    #[must_use]
    pub fn held(&self, scope: ScopeId, wallet: WalletId) -> Quantity {
        let Some(account) = self.account(scope) else { return Quantity::ZERO };
        let lots = self.accounts().lots(account).filter(|lot| lot.wallet == wallet);
        let held = lots.map(|lot| self.books.holds.pledged(account.root(), scope, &lot.name));
        held.fold(Quantity::ZERO, |sum, held| sum.checked_add(held).unwrap_or(sum))
    }

    /// Decides a reservation, and holds what is asked for until `ttl` after now. Its number is that
    /// of the verdict's record.
    ///
    /// # Errors
    ///
    /// [`Refused::Absurd`] when it would live for no time or longer than [`TTL_MAX`];
    /// [`Refused::Full`] when its root has [`HOLDS_MAX`]; [`Refused::UnknownHold`] when its key was
    /// allowed before and no hold is on record for that; [`Failed::Sink`].
    pub fn reserve<S: Sink, O: Observer>(
        &mut self,
        catalog: &Catalog,
        (request, ttl): (&Request<'_>, Span),
        now: Timestamp,
        (sink, observer): (&mut S, &mut O),
    ) -> Result<Verdict, Failed<S::Error>> {
        let seen = self.advance(now, sink).map_err(Failed::Sink)?;
        let until = deadline(seen, ttl)?;
        let Self { head, books, workings, answer: verdict } = self;
        let view = view(books, catalog, seen);
        decide::reserve(&view, request, (workings, &mut *observer), verdict);
        if verdict.flags.replayed {
            // The key may be that of a decision, or the hold has been forgotten.
            let held = books.holds.get(HoldId(verdict.sequence)).is_some();
            ensure(held || !verdict.is_allowed(), Refused::UnknownHold)?;
            return Ok(*verdict);
        }
        let full =
            request.scopes.first().is_some_and(|root| books.holds.len_of(*root) >= HOLDS_MAX);
        ensure(!(full && verdict.is_allowed()), Refused::Full)?;
        verdict.sequence = head.sequence.saturating_add(1);
        verdict.flags.clock_held = now < seen;
        let remembered = remembered(&view, request, verdict);
        let hold = verdict.is_allowed().then(|| Hold {
            id: HoldId(verdict.sequence),
            scopes: request.scopes.into(),
            until,
            held: mem::take(&mut workings.held),
            answers: Vec::new(),
            ended: None,
        });
        let decided = Decided {
            scopes: Cow::Borrowed(request.scopes),
            costs: Cow::Borrowed(request.costs),
            at: request.at,
            key: request.key,
            on_shortfall: request.on_shortfall,
            effects: Cow::Borrowed(&workings.effects),
            verdict: *verdict,
            remembered,
        };
        let command = Command::Reserve { decided, hold: hold.map(Box::new) };
        let record =
            Record { sequence: verdict.sequence, now: seen, catalog: catalog.version(), command };
        sink.append(&record).map_err(Failed::Sink)?;
        *head = Head { sequence: record.sequence, seen };
        // The effects were computed from this very state: they fit it.
        let _fits = books.apply(seen, &record.command);
        books.tell(remembered, observer);
        Ok(*verdict)
    }

    /// Books what was used of a hold where it is held, and decides anew, at this instant, what was
    /// used beyond it. A denial changes nothing, and the hold goes on.
    ///
    /// # Errors
    ///
    /// [`Refused::UnknownHold`]; [`Refused::Ended`] when it ended, but for a repetition and for a
    /// last commit, which are answered as the first one was; [`Refused::Full`] when it was committed
    /// [`COMMITS_MAX`] times and would go on; [`Failed::Sink`].
    pub fn commit<S: Sink, O: Observer>(
        &mut self,
        catalog: &Catalog,
        commit: &Commit<'_>,
        now: Timestamp,
        (sink, observer): (&mut S, &mut O),
    ) -> Result<Verdict, Failed<S::Error>> {
        let seen = self.advance(now, sink).map_err(Failed::Sink)?;
        let hold = self.books.holds.get(commit.hold).ok_or(Refused::UnknownHold)?;
        if let Some(answer) = answered(hold, commit)? {
            return Ok(replayed(answer));
        }
        ensure(commit.then == Then::End || hold.answers.len() < COMMITS_MAX, Refused::Full)?;
        let (held, scopes) = (hold.held.clone(), hold.scopes.clone());
        let taken = (&held, commit.costs, commit.then);
        let to = (catalog, seen);
        let (effects, mut verdict) = self.weigh_commit(to, (commit.hold, &scopes, taken), observer);
        verdict.sequence = self.head.sequence.saturating_add(1);
        verdict.flags.clock_held = now < seen;
        let left = mem::take(&mut self.workings.held);
        let ended = (commit.then == Then::End && verdict.is_allowed()).then(|| forget_after(seen));
        let left: Vec<Quantity> =
            if verdict.is_allowed() { &left } else { &held }.quantities().collect();
        let settled = Settled {
            hold: commit.hold,
            step: Step::Commit(commit.number),
            costs: Cow::Borrowed(commit.costs),
            effects: Cow::Owned(effects),
            held: Cow::Owned(left),
            ended,
            verdict,
        };
        self.settle(settled, (catalog.version(), seen), sink).map_err(Failed::Sink)?;
        Ok(verdict)
    }

    /// What a commit changes and how it is answered; the state is as it was.
    fn weigh_commit<O: Observer>(
        &mut self,
        (catalog, now): (&Catalog, Timestamp),
        (hold, scopes, taken): (HoldId, &[ScopeId], (&Held, &[decide::Cost], Then)),
        observer: &mut O,
    ) -> (Vec<Effect>, Verdict) {
        let Self { books, workings, .. } = self;
        let mut verdict = Verdict::open(catalog.version());
        let denied = |reason: Reason| (Vec::new(), Verdict::denied(reason, catalog.version()));
        match decide::book(&view(books, catalog, now), taken, (&mut *workings, observer)) {
            Ok(charged) => verdict.charged = charged,
            Err(reason) => return denied(reason),
        }
        let mut effects = mem::take(&mut workings.effects);
        // What was used beyond the hold meets the state after it: put it there, and take it back.
        let before: Vec<Effect> =
            effects.iter().filter_map(|effect| books.before(effect)).collect();
        let _fits = books.settle(&effects);
        let left: Vec<Quantity> = workings.held.quantities().collect();
        books.holds.change(hold, |hold| hold.keep(&left));
        decide::excess(
            &view(books, catalog, now),
            scopes,
            (&mut *workings, observer),
            &mut verdict,
        );
        let _fits = books.settle(&before);
        let left: Vec<Quantity> = taken.0.quantities().collect();
        books.holds.change(hold, |hold| hold.keep(&left));
        if !verdict.is_allowed() {
            return (mem::take(&mut workings.effects), verdict); // what it tells
        }
        effects.append(&mut workings.effects);
        (effects, verdict)
    }

    /// Ends a hold, and gives back what it holds.
    ///
    /// # Errors
    ///
    /// [`Refused::UnknownHold`]; [`Failed::Sink`]. A hold that ended is answered as it was then.
    pub fn release<S: Sink>(
        &mut self,
        hold: HoldId,
        now: Timestamp,
        sink: &mut S,
    ) -> Result<Verdict, Failed<S::Error>> {
        let seen = self.advance(now, sink).map_err(Failed::Sink)?;
        let known = self.books.holds.get(hold).ok_or(Refused::UnknownHold)?;
        if let Some(ended) = known.ended {
            return Ok(replayed(ended.answer));
        }
        self.end(hold, Step::Release, (seen, now < seen), sink).map_err(Failed::Sink)
    }

    /// Gives a hold another deadline, `ttl` after now: a later or an earlier one.
    ///
    /// # Errors
    ///
    /// [`Refused::UnknownHold`]; [`Refused::Ended`]; [`Refused::Absurd`] as in
    /// [`Ledger::reserve`]; [`Failed::Sink`].
    pub fn extend<S: Sink>(
        &mut self,
        (hold, ttl): (HoldId, Span),
        now: Timestamp,
        sink: &mut S,
    ) -> Result<Timestamp, Failed<S::Error>> {
        let seen = self.advance(now, sink).map_err(Failed::Sink)?;
        let known = self.books.holds.get(hold).ok_or(Refused::UnknownHold)?;
        ensure(known.ended.is_none(), Refused::Ended)?;
        let until = deadline(seen, ttl)?;
        self.record(Command::Extend { hold, until }, now, sink)?;
        Ok(until)
    }

    /// Ends the holds whose deadline has passed, in the order of their deadlines; tells the later of
    /// `now` and the latest instant seen. Every other command does this first.
    ///
    /// # Errors
    ///
    /// The sink's: then the holds that it took down are ended, and the others are not.
    #[inline]
    pub fn advance<S: Sink>(
        &mut self,
        now: Timestamp,
        sink: &mut S,
    ) -> Result<Timestamp, S::Error> {
        let seen = self.head.seen.max(now);
        while let Some((deadline, hold)) = self.books.holds.due(seen) {
            // Whoever comes next finds it ended at that instant, and not when someone came.
            let at = self.head.seen.max(deadline);
            self.end(hold, Step::Expire, (at, false), sink)?;
        }
        Ok(seen)
    }

    /// A hold on record, open or ended.
    #[must_use]
    pub fn hold(&self, hold: HoldId) -> Option<&Hold<Verdict>> {
        self.books.holds.get(hold)
    }

    /// All holds on record, by number.
    pub fn holds(&self) -> impl ExactSizeIterator<Item = &Hold<Verdict>> {
        self.books.holds.iter()
    }

    /// Ends an open hold that is there.
    #[inline(never)]
    fn end<S: Sink>(
        &mut self,
        hold: HoldId,
        step: Step,
        (now, clock_held): (Timestamp, bool),
        sink: &mut S,
    ) -> Result<Verdict, S::Error> {
        let version = self.books.installed.version;
        let mut verdict = Verdict::open(version);
        verdict.sequence = self.head.sequence.saturating_add(1);
        verdict.flags.clock_held = clock_held;
        let held = self.books.holds.get(hold).map(|hold| hold.held.clone()).unwrap_or_default();
        let Self { books, workings, .. } = self;
        decide::give_back(&books.accounts, held, workings);
        let left: Vec<Quantity> = workings.held.quantities().collect();
        let settled = Settled {
            hold,
            step,
            costs: Cow::Borrowed(&[]),
            effects: Cow::Owned(mem::take(&mut workings.effects)),
            held: Cow::Owned(left),
            ended: Some(forget_after(now)),
            verdict,
        };
        self.settle(settled, (version, now), sink)?;
        Ok(verdict)
    }

    /// Takes a step of a hold down, and does it.
    fn settle<S: Sink>(
        &mut self,
        settled: Settled<'_>,
        (catalog, now): (CatalogVersion, Timestamp),
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let (sequence, command) = (settled.verdict.sequence, Command::Settle(settled));
        let record = Record { sequence, now, catalog, command };
        sink.append(&record)?;
        self.head = Head { sequence, seen: now };
        // The effects were computed from this very state: they fit it.
        let _fits = self.books.apply(now, &record.command);
        Ok(())
    }
}

/// The answer that a commit was given before, if it or the end of its hold was answered.
fn answered(hold: &Hold<Verdict>, commit: &Commit<'_>) -> Result<Option<Verdict>, Refused> {
    let mut answers = hold.answers.iter();
    if let Some((_, answer)) = answers.find(|(number, _)| *number == commit.number) {
        return Ok(Some(*answer));
    }
    match hold.ended {
        None => Ok(None),
        Some(ended) if ended.by == Ending::Caller && commit.then == Then::End => {
            Ok(Some(ended.answer))
        }
        Some(_) => Err(Refused::Ended),
    }
}

const fn replayed(mut answer: Verdict) -> Verdict {
    answer.flags.replayed = true;
    answer
}

fn deadline(now: Timestamp, ttl: Span) -> Result<Timestamp, Refused> {
    let lives = Span::ZERO < ttl && ttl <= TTL_MAX;
    now.checked_add(ttl).filter(|_| lives).ok_or(Refused::Absurd)
}

/// Until when the answers of a hold that ends now are known.
fn forget_after(now: Timestamp) -> Timestamp {
    now.checked_add(KEPT).unwrap_or(Timestamp::MAX)
}
