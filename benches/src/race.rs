//! Who is quicker, on a machine that others use too? All in turn, round after round.
//!
//! A round gives each runner one batch, and begins with another one each time, so that a busy
//! neighbour is everyone's neighbour. What counts is the quickest round of each: a batch is so short
//! that some are not interrupted.

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Something to be timed, and its times.
pub struct Runner<'a> {
    /// What the tables call it.
    pub name: String,
    /// Does it once; false when it did not end as it should.
    run: Box<dyn FnMut() -> bool + 'a>,
    batch: u32,
    /// Nanoseconds each, by round.
    times: Vec<f64>,
}

impl<'a> Runner<'a> {
    /// A runner that has no times yet.
    pub fn new(name: impl Into<String>, run: impl FnMut() -> bool + 'a) -> Self {
        Self { name: name.into(), run: Box::new(run), batch: 0, times: Vec::new() }
    }

    /// The quickest of its rounds, in nanoseconds each.
    #[must_use]
    pub fn quickest(&self) -> f64 {
        self.times.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The median of its rounds, in nanoseconds each.
    #[must_use]
    pub fn median(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// How many times as long as `other` it takes, both at their quickest.
    #[must_use]
    pub fn ratio(&self, other: &Self) -> f64 {
        self.quickest() / other.quickest()
    }

    /// Nanoseconds each of `times` times.
    fn time(&mut self, times: u32) -> f64 {
        let from = Instant::now();
        for _ in 0..times {
            assert!(black_box((self.run)()), "{} ends otherwise", self.name);
        }
        from.elapsed().as_secs_f64() * 1e9 / f64::from(times)
    }

    /// A batch of about [`BATCH`], found once, by doubling.
    fn warm_up(&mut self) {
        self.batch = 1;
        while self.time(self.batch) * f64::from(self.batch) < BATCH.as_secs_f64() * 1e9 {
            self.batch = self.batch.saturating_mul(2);
        }
    }
}

impl fmt::Debug for Runner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Runner({}, {} rounds)", self.name, self.times.len())
    }
}

/// Times them all, `rounds` times.
pub fn race(runners: &mut [Runner<'_>], rounds: usize) {
    for runner in &mut *runners {
        runner.warm_up();
    }
    for round in 0..rounds {
        let (late, early) = runners.split_at_mut(round % runners.len().max(1));
        for runner in early.iter_mut().chain(late) {
            let each = runner.time(runner.batch);
            runner.times.push(each);
        }
    }
}

const BATCH: Duration = Duration::from_micros(500);
