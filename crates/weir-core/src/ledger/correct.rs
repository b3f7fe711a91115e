//! What was put right? Counts that an operator changes, limits that start anew, and the clock.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/ledger`, under the same name.
//!
//! - `an_adjustment_is_a_fact`: more use is counted whatever there is room for, less down to nothing;
//!   nobody pays, and what is held stays held.
//! - `a_reset_starts_anew`: nothing is used of the new period but a debt that is kept; it ends where
//!   the old one would have, or a span after now.
//! - `no_period_opens_again_when_the_clock_is_put_back`: one that had begun by then admits no more
//!   than its capacity in all.
//! - `a_wrong_clock_is_mended_within_one_period`: from the next one on all that is sold is there.

use alloc::borrow::Cow;
use core::mem;

use super::record::{Command, Record};
use super::{Correction, Failed, Head, Ledger, Refused, Sink, view};
use crate::amount::Quantity;
use crate::catalog::Catalog;
use crate::decide::{self, Anchor, Reason};
use crate::id::{LimitId, ScopeId};
use crate::time::{Span, Timestamp};

impl Ledger {
    /// Adds to what a limit of a scope counts now, or takes away from it, whatever there is room
    /// for: as a fact that nobody is asked about. Nothing is charged, and what meters read stays.
    /// Tells how much of it found a place: of what is taken away at most what was used.
    ///
    /// # Errors
    ///
    /// [`Refused::UnknownName`] when the scope has no such limit; [`Refused::Period`] when that has
    /// no period now; [`Refused::Absurd`] when the sum is no number; [`Failed::Sink`].
    pub fn adjust<S: Sink>(
        &mut self,
        catalog: &Catalog,
        (scope, limit, quantity): (ScopeId, LimitId, Quantity),
        now: Timestamp,
        sink: &mut S,
    ) -> Result<Quantity, Failed<S::Error>> {
        let seen = self.advance(now, sink).map_err(Failed::Sink)?;
        let Self { books, workings, .. } = self;
        let view = view(books, catalog, seen);
        let adjusted = decide::adjust(&view, (scope, limit), quantity, workings);
        let adjusted = adjusted.map_err(refused)?;
        let effects = Cow::Owned(mem::take(&mut workings.effects));
        self.record(
            Command::Correct(Correction::Adjust { scope, limit, quantity, effects }),
            now,
            sink,
        )?;
        Ok(adjusted)
    }

    /// Lets a limit of a scope start anew: its open period ends now, and the next one starts. What is
    /// held stays held, and a debt that is kept beyond its period is owed still.
    ///
    /// # Errors
    ///
    /// [`Refused::Anchor`] when the limit's periods hang on no anchor that could move; the others as
    /// in [`Ledger::adjust`].
    pub fn reset<S: Sink>(
        &mut self,
        catalog: &Catalog,
        (scope, limit, anchor): (ScopeId, LimitId, Anchor),
        now: Timestamp,
        sink: &mut S,
    ) -> Result<(), Failed<S::Error>> {
        let seen = self.advance(now, sink).map_err(Failed::Sink)?;
        let Self { books, workings, .. } = self;
        let view = view(books, catalog, seen);
        let moved = decide::reset(&view, (scope, limit), anchor, workings).map_err(refused)?;
        let effects = Cow::Owned(mem::take(&mut workings.effects));
        self.record(
            Command::Correct(Correction::Reset { scope, limit, anchor, moved, effects }),
            now,
            sink,
        )
    }

    /// Sets the clock, in either direction; where it goes back, everything that was decided stays as
    /// it is. A period that had begun by then and was closed is not opened again: what happens in it
    /// is refused until its end. What is held and remembered by the wrong clock is so for no longer
    /// than it could be by the right one.
    ///
    /// # Errors
    ///
    /// The sink's.
    pub fn set_clock<S: Sink>(
        &mut self,
        catalog: &Catalog,
        to: Timestamp,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        self.advance(to, sink)?;
        let lifetime = catalog.remember().map_or(Span::MAX, |remember| remember.lifetime);
        let forget = to.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        let sequence = self.head.sequence.saturating_add(1);
        let (now, command) =
            (self.head.seen, Command::Correct(Correction::SetClock { to, forget }));
        let record = Record { sequence, now, catalog: catalog.version(), command };
        sink.append(&record)?;
        self.head = Head { sequence, seen: to };
        let _fits = self.books.apply(now, &record.command);
        Ok(())
    }
}

const fn refused(reason: Reason) -> Refused {
    match reason {
        Reason::UnknownScope => Refused::UnknownScope,
        Reason::NoEntitlement => Refused::UnknownName,
        Reason::PeriodClosed => Refused::Period,
        Reason::Malformed => Refused::Anchor,
        _ => Refused::Absurd,
    }
}
