//! What was really used? The hold of a request, until its response has ended.

use std::sync::{Arc, Mutex, PoisonError};

use weir::{Clock, Cost, GateError, Hold, Then, Used, Verdict};

/// What a request holds: in its extensions while the service works on it.
///
/// When the response has ended, what was told last is booked, or all that is held where nothing was.
/// When it never ends, for a caller went away or the service failed, what was told is booked, and
/// without a word all is given back. Use beyond what is held is decided anew; where that is denied,
/// what is held is booked and no more.
#[derive(Clone)]
pub struct Held {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    hold: Option<Hold>,
    clock: Arc<dyn Clock>,
    /// What is held.
    asked: Vec<Cost>,
    /// What was told last.
    used: Option<Vec<Cost>>,
}

impl Held {
    pub(crate) fn new(hold: Hold, asked: Vec<Cost>, clock: Arc<dyn Clock>) -> Self {
        let inner = Inner { hold: Some(hold), clock, asked, used: None };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// Tells what was used so far, in all; what was told before does not count any more.
    pub fn used(&self, costs: impl Into<Vec<Cost>>) {
        self.with(|inner| inner.used = Some(costs.into()));
    }

    /// Books now what was used in all; nothing is left to settle when the response ends. `None` when
    /// it has ended already.
    ///
    /// # Errors
    ///
    /// The gate's; what is held is given back.
    pub fn settle(&self, costs: impl Into<Vec<Cost>>) -> Result<Option<Verdict>, GateError> {
        self.used(costs);
        self.finish()
    }

    /// Books what was told, or all that is held where nothing was.
    pub(crate) fn finish(&self) -> Result<Option<Verdict>, GateError> {
        self.with(|inner| {
            let used = inner.used.take().unwrap_or_else(|| inner.asked.clone());
            inner.book(&used)
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        // Nothing panics while it is locked but what the gate has stopped at.
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    /// Ends the hold with what was used, or with all that is held where that is denied.
    fn book(&mut self, used: &[Cost]) -> Result<Option<Verdict>, GateError> {
        let Some(hold) = self.hold.take() else { return Ok(None) };
        let now = self.clock.now();
        let verdict = hold.commit(&Used { number: 1, costs: used, then: Then::End }, now)?;
        if verdict.is_allowed() {
            return Ok(Some(verdict));
        }
        hold.commit(&Used { number: 2, costs: &self.asked, then: Then::End }, now).map(Some)
    }
}

impl Drop for Inner {
    /// The response never ended.
    fn drop(&mut self) {
        if let Some(used) = self.used.take() {
            let _settled = self.book(&used);
        }
    }
}
