//! What is done with an answer? Decided or booked, it goes on the lists and is remembered.

use weir_core::decide::{Request, Verdict};
use weir_core::time::Timestamp;

use super::Model;
use super::hold::Purpose;
use super::weigh::Changes;

impl Model {
    /// Books what has happened, whatever limits say of it.
    pub fn book(&mut self, request: &Request<'_>, now: Timestamp) -> Verdict {
        self.answer((request, now), Purpose::Record)
    }

    pub(super) fn answer(
        &mut self,
        (request, now): (&Request<'_>, Timestamp),
        purpose: Purpose,
    ) -> Verdict {
        self.advance(now);
        let at = self.now.max(now.as_millis());
        let (mut verdict, changes) = self.judge_for(request, at, purpose);
        if verdict.flags.replayed {
            return verdict;
        }
        verdict.flags.clock_held = now.as_millis() < self.now;
        self.done(now);
        verdict.sequence = self.head.sequence;
        self.commit(changes);
        self.remember(request, verdict);
        verdict
    }

    /// The verdict at `now`, and what it changes when it is allowed.
    pub(super) fn judge_for(
        &self,
        request: &Request<'_>,
        now: i64,
        purpose: Purpose,
    ) -> (Verdict, Changes) {
        match self.gates(request, now) {
            Ok(()) => self.late_memory(request, self.weigh(request, now, purpose)),
            Err(verdict) => (*verdict, Changes::default()),
        }
    }
}
