//! In which order are grants drawn? By sorting them once for each key, the last one first.

use weir_core::catalog::definition::CapacityDefinition;
use weir_core::grant::{By, Direction, Grain, Grant, Key};
use weir_core::time::Timestamp;

use super::weigh::Place;

impl<'m> Place<'m> {
    /// All grants of the limit, whenever they pay, in the order in which they are drawn.
    pub(super) fn burned(self) -> Vec<&'m Grant> {
        let CapacityDefinition::Granted(burn) = self.line.terms.capacity else {
            return Vec::new();
        };
        let of_limit = |grant: &&Grant| grant.limit == self.line.limit;
        let mut grants: Vec<&Grant> = self.account.grants.iter().filter(of_limit).collect();
        grants.sort_by_key(|grant| grant.source);
        // By the last key first: sorting keeps the order of what is equal.
        for key in burn.keys().collect::<Vec<_>>().into_iter().rev() {
            match key.by {
                By::Name => grants.sort_by_cached_key(|grant| collated(&grant.name)),
                By::Id => grants.sort_by_key(|grant| grant.name.clone()),
                _ => grants.sort_by_key(|grant| number_of(key, grant)),
            }
            if key.direction == Direction::Descending {
                // What is equal keeps its order then, too.
                let same = |a: &&Grant, b: &&Grant| match key.by {
                    By::Id | By::Name => a.name == b.name,
                    _ => number_of(key, a) == number_of(key, b),
                };
                let runs: Vec<Vec<&Grant>> = grants.chunk_by(same).map(<[_]>::to_vec).collect();
                grants = runs.into_iter().rev().flatten().collect();
            }
        }
        grants
    }
}

/// What a key sees of a grant.
fn number_of(key: Key, grant: &Grant) -> i128 {
    let whole = match key.grain {
        Grain::Day => 86_400_000,
        Grain::Hour => 3_600_000,
        Grain::Millisecond => 1,
        Grain::Minute => 60_000,
        Grain::Second => 1_000,
    };
    let instant = |at: Timestamp| i128::from(at.as_millis().div_euclid(whole));
    match key.by {
        By::Amount => grant.amount.as_nanos(),
        By::Effective => instant(grant.effective),
        By::Expires => instant(grant.expires),
        By::Priority => grant.priority.into(),
        By::Created | By::Id | By::Name => grant.source.0.into(),
    }
}

/// A key that sorts as the root collation does: marks, digits, letters; then lower case first.
fn collated(name: &str) -> (Vec<usize>, Vec<bool>) {
    let place = |c: char| MARKS.find(c.to_ascii_lowercase()).unwrap_or(MARKS.len());
    (name.chars().map(place).collect(), name.chars().map(|c| c.is_ascii_uppercase()).collect())
}

/// Visible ASCII in the order of CLDR's root collation, letters in lower case.
const MARKS: &str = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz";
