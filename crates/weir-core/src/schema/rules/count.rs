//! How many may there be? Characters of a text, items of an array, members of a map.

use alloc::format;

use super::super::check::{Checker, Flow};
use super::super::code::RuleCode;
use super::super::compile::{Compiler, Place};
use super::super::scratch::Detail;
use crate::json::Found;

/// The fewest and the most.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Counts {
    pub(in super::super) min: u32,
    pub(in super::super) max: u32,
}

impl Counts {
    /// Whether any number will do.
    pub(in super::super) const fn is_free(self) -> bool {
        matches!(self, Self { min: 0, max: u32::MAX })
    }

    /// Whether so many will do.
    pub(in super::super) fn admits(self, number: u32) -> bool {
        (self.min..=self.max).contains(&number)
    }
}

impl Compiler {
    /// Compiles what stands at `place`; `key` is that of the most.
    pub(in super::super) fn counts(
        &mut self,
        (place, key): (&Place, &str),
        min: Option<u32>,
        max: Option<u32>,
    ) -> Counts {
        let counts = Counts { min: min.unwrap_or(0), max: max.unwrap_or(u32::MAX) };
        if counts.max < counts.min {
            let hint = "the most is less than the least";
            self.fault(format!("{place}/{key}"), "schema.empty_range", hint);
        }
        counts
    }
}

impl Checker<'_, '_> {
    /// Checks how many entries a container has.
    pub(in super::super) fn count(&mut self, count: Counts, entries: usize, found: Found) -> Flow {
        let entries = u32::try_from(entries).unwrap_or(u32::MAX);
        if entries < count.min {
            self.report(RuleCode::TooFew, found, Detail::Count(count.min))?;
        }
        if entries > count.max {
            self.report(RuleCode::TooMany, found, Detail::Count(count.max))?;
        }
        Flow::Continue(())
    }
}
