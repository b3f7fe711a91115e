//! How many histories are tried, and how are they drawn?

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use proptest::test_runner::{TestCaseResult, TestRunner};
use weir_testkit::story::{Beat, Flavour, history};

/// Tries a law on `cases` histories, times `WEIR_LAW_CASES` where that is set.
pub(crate) fn law(flavour: Flavour, cases: u32, holds: impl Fn(&[Beat]) -> TestCaseResult) {
    let times = std::env::var("WEIR_LAW_CASES").ok().and_then(|times| times.parse().ok());
    let cases = cases * times.unwrap_or(1);
    let config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 4_000,
        max_shrink_time: 15_000, // milliseconds
        ..ProptestConfig::with_cases(cases)
    };
    let seeds = prop::collection::vec(any::<u64>(), 2..256);
    let tried = TestRunner::new(config).run(&seeds, |seeds| {
        holds(&history(flavour, &seeds).expect("bytes that run out are zeros"))
    });
    if let Err(failure) = tried {
        panic!("{failure}");
    }
}
