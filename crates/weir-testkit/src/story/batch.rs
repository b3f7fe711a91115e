//! What is said together? Acts that are one, and what the model makes of them.

use arbitrary::{Result, Unstructured};
use weir_core::id::ScopeId;
use weir_core::ledger::Refused;
use weir_core::time::Timestamp;

use super::{Act, Author, HOUR, Played, STATUSES, later};

impl Author {
    /// What the model makes of acts that are one.
    pub(super) fn together(
        &mut self,
        acts: &[Act],
        now: Timestamp,
    ) -> std::result::Result<(), Refused> {
        let mut model = std::mem::take(&mut self.model);
        let done = model.batch(now, |trial| {
            let mut trying = Self { model: std::mem::take(trial), ..self.clone() };
            let done = acts.iter().try_for_each(|act| match trying.play(act, now) {
                Played::Done(done) => done,
                _ => Err(Refused::NotACommand),
            });
            *trial = trying.model;
            done
        });
        self.model = model;
        done
    }

    /// A few things said of one scope, which may be new.
    pub(super) fn batch(
        &self,
        scope: ScopeId,
        now: Timestamp,
        u: &mut Unstructured<'_>,
    ) -> Result<Act> {
        let (mut trying, mut acts, mut scope) = (self.clone(), Vec::new(), scope);
        if u.ratio(1, 2)? {
            acts.push(self.intern(u)?);
            let new = u32::try_from(self.model.scopes()).unwrap_or(u32::MAX);
            if acts.iter().all(|act| trying.play(act, now) == Played::Done(Ok(()))) {
                scope = ScopeId(new);
            }
        }
        for _ in 0..u.int_in_range(1..=3_u8)? {
            let act = match u.int_in_range(0..=7_u8)? {
                0 => Act::SetAnchor(scope, later(now, u.int_in_range(-HOUR..=HOUR)?)),
                1 => Act::Note(u.int_in_range(0..=3)?),
                2 => Act::SetStatus(scope, *u.choose(STATUSES)?),
                _ => trying.import(scope, now, u)?,
            };
            let _seen_by_the_next = trying.play(&act, now);
            acts.push(act);
        }
        Ok(Act::Batch(acts))
    }
}
