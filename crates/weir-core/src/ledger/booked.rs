//! What is done with an answer? It is taken down and done, be it to a question or to a fact.

use alloc::borrow::Cow;

use super::record::{Command, Decided, Record};
use super::{Head, Ledger, Sink, remembered, view};
use crate::catalog::Catalog;
use crate::decide::{self, Observer, Purpose, Request, Verdict};
use crate::time::Timestamp;

impl Ledger {
    /// Books what has happened already: as [`Ledger::decide`], but no limit stands against it. What is
    /// over is overage; the gates, a closed period and a wallet that cannot pay refuse as they would.
    ///
    /// # Errors
    ///
    /// The sink's: then nothing was booked.
    pub fn book<S: Sink, O: Observer>(
        &mut self,
        catalog: &Catalog,
        (request, now): (&Request<'_>, Timestamp),
        (sink, observer): (&mut S, &mut O),
    ) -> Result<&Verdict, S::Error> {
        let seen = self.advance(now, sink)?;
        let Self { books, workings, answer: verdict, .. } = self;
        let view = view(books, catalog, seen);
        decide::record(&view, request, (workings, &mut *observer), verdict);
        self.keep((catalog, request), (now, seen), (sink, observer, Purpose::Record))
    }

    /// Takes an answer down, unless it was given before, and does what it says.
    #[inline(always)]
    pub(super) fn keep<S: Sink, O: Observer>(
        &mut self,
        (catalog, request): (&Catalog, &Request<'_>),
        (now, seen): (Timestamp, Timestamp),
        (sink, observer, purpose): (&mut S, &mut O, Purpose),
    ) -> Result<&Verdict, S::Error> {
        let Self { head, books, workings, answer: verdict } = self;
        let view = view(books, catalog, seen);
        if verdict.flags.replayed {
            return Ok(verdict);
        }
        verdict.sequence = head.sequence.saturating_add(1);
        verdict.flags.clock_held = now < seen;
        let keyed = request.key.is_some();
        let remembered = keyed.then(|| remembered(&view, request, verdict)).flatten();
        let effects = &workings.effects;
        if S::TAKES {
            let decided = Decided {
                scopes: Cow::Borrowed(request.scopes),
                costs: Cow::Borrowed(request.costs),
                at: request.at,
                key: request.key,
                on_shortfall: request.on_shortfall,
                effects: Cow::Borrowed(effects),
                verdict: *verdict,
                remembered,
            };
            sink.append(&Record {
                sequence: verdict.sequence,
                now: seen,
                catalog: catalog.version(),
                command: match purpose {
                    Purpose::Record => Command::Book(decided),
                    Purpose::Correct | Purpose::Hold | Purpose::Use => Command::Decide(decided),
                },
            })?;
        }
        *head = Head { sequence: verdict.sequence, seen };
        // The effects were computed from this very state: they fit it.
        let _fits = books.settle(effects);
        if let Some(remembered) = remembered {
            books.remember((remembered, request.at), *verdict);
            books.tell(Some(remembered), observer);
        }
        Ok(verdict)
    }
}
