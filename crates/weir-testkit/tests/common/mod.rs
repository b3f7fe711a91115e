//! How many histories are tried, and how are they drawn?

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseResult, TestRng, TestRunner};
use weir_testkit::story::{Beat, Flavour, history};

/// Tries a law on `cases` histories, times `WEIR_LAW_CASES` where that is set: the same ones each
/// time, or those of the number that `WEIR_LAW_SEED` is.
pub(crate) fn law(flavour: Flavour, cases: u32, holds: impl Fn(&[Beat]) -> TestCaseResult) {
    let cases = cases * number("WEIR_LAW_CASES").unwrap_or(1);
    let config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 4_000,
        max_shrink_time: 15_000, // milliseconds
        ..ProptestConfig::with_cases(cases)
    };
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&number("WEIR_LAW_SEED").unwrap_or(3).to_be_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let seeds = prop::collection::vec(any::<u64>(), 2..256);
    let tried = TestRunner::new_with_rng(config, rng).run(&seeds, |seeds| {
        holds(&history(flavour, &seeds).expect("bytes that run out are zeros"))
    });
    if let Err(failure) = tried {
        panic!("{failure}");
    }
}

fn number(name: &str) -> Option<u32> {
    std::env::var(name).ok().and_then(|number| number.parse().ok())
}
