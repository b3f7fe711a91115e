//! Who is told? The seam to whatever keeps the contract's reports.

use weir::Verdict;

use crate::ingest::Rejection;
use crate::queue::Queue;

/// Is told of each outcome before it is answered.
///
/// When it refuses, the answer is a 500 although the outcome stands: a retry with the same key then
/// replays it.
pub trait Reporter {
    /// Takes one outcome.
    ///
    /// # Errors
    ///
    /// [`Unreported`] when it could not be kept.
    fn report(&self, outcome: &Outcome<'_>) -> Result<(), Unreported>;
}

/// Where a host wants its outcomes and its accepted events.
pub trait Downstream: Reporter + Queue {}

impl<T: Reporter + Queue> Downstream for T {}

/// Tells nobody.
impl Reporter for () {
    fn report(&self, _: &Outcome<'_>) -> Result<(), Unreported> {
        Ok(())
    }
}

/// What became of an event.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// The root scope of the customer.
    pub customer: &'a str,
    /// The key that the caller sent.
    pub key: &'a str,
    /// The feature that was asked for, or that counted an event of the queue; empty where nothing did.
    pub feature: &'a str,
    /// Why it was rejected, if it was.
    pub rejection: Option<Rejection>,
    /// The decision, where one was made; its sequence names the record that says what was drawn.
    pub verdict: Option<Verdict>,
}

/// An outcome could not be reported.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{why}")]
pub struct Unreported {
    /// Why, in words that the caller may read.
    pub why: String,
}
