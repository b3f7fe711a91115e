//! What does an admission leave? What it took, without the periods that it ends.

use num_bigint::BigInt;
use weir_core::catalog::definition::WindowDefinition;

use super::weigh::Changes;
use super::{Heard, Key, Model};

impl Model {
    pub(super) fn commit(&mut self, changes: Changes) {
        for Heard { place, value, at } in changes.heard {
            self.numbers.heard.push(Heard { place, value, at });
        }
        let before: Vec<Key> = self.takes.iter().map(|take| take.key).collect();
        for (take, grace) in changes.takes {
            // A later period, once opened, ends those before it whose grace is over.
            if !before.contains(&take.key) {
                let gone = |known: &Key| self.is_ended(*known, take.key, grace, &before);
                let place = |key: Key| (key.scope, key.limit, key.end);
                let ended: Vec<Key> = before.iter().copied().filter(gone).collect();
                self.takes.retain(|known| !ended.contains(&known.key));
                self.numbers.levels.retain(|level| !ended.contains(&level.key));
                let numbers = &mut self.numbers.heard;
                numbers.retain(|heard| !ended.iter().any(|key| place(*key) == heard.place));
                ended.iter().for_each(|key| self.untell(place(*key)));
            }
            let same = self.takes.iter_mut().filter(|known| known.key == take.key);
            same.for_each(|known| known.capacity = take.capacity);
            self.takes.push(take);
        }
        self.numbers.owing.extend(changes.owing);
        changes.levels.into_iter().for_each(|level| self.set_level(level));
        self.pay(changes.paid);
        for (scope, source) in changes.past {
            self.takes.retain(|take| (take.key.scope, take.key.source) != (scope, source.0));
            if let Some(scope) = self.scope_mut(scope) {
                scope.grants.retain(|grant| grant.source != source);
            }
        }
        self.tell(changes.told);
    }

    /// Whether a balance ends once another is opened. One that rolls over ends with the next one of
    /// its grant, and not before those that came before it.
    fn is_ended(&self, known: Key, new: Key, grace: i64, all: &[Key]) -> bool {
        let (now, of_limit) = (self.now, Key { source: 0, end: 0, ..known });
        let held = |key: Key| self.held(key, now) != BigInt::ZERO;
        let over = known.end < new.end && now > known.end + grace && !held(known);
        let grants = self.scope(known.scope).map_or(&[][..], |scope| &scope.grants);
        let rolls = grants
            .iter()
            .any(|grant| grant.source.0 == known.source && grant.renewal.rollover.is_some());
        let line = self.line(known.scope, known.limit);
        let first_use =
            line.is_some_and(|line| matches!(line.terms.window, WindowDefinition::FirstUse { .. }));
        let earlier = |key: &&Key| Key { end: known.end, ..**key } == known && key.end < known.end;
        let next = known.source == new.source && !all.iter().filter(earlier).any(|key| held(*key));
        let of_new = Key { source: 0, end: 0, ..new } == of_limit;
        of_new && over && (!rolls || first_use || next)
    }
}
