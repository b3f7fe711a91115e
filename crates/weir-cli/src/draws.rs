//! What comes next, by chance? Seeded draws that are the same for a seed, for good.
//!
//! The generator is ChaCha with eight rounds, whose output for a key is part of its definition.
//! The laws over it are whole-number arithmetic that stands here in full, so that no library's way
//! of drawing from a range, and no floating point, can change a trace. Each use has a label and
//! hears its own sequence: drawing more of one thing moves nothing else.

use std::str::FromStr;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// What a user gives to get the same draws again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed(u64);

impl FromStr for Seed {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl std::fmt::Display for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One sequence of draws.
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    /// The sequence of `label` under `seed`.
    pub(crate) fn new(seed: Seed, label: &str) -> Self {
        let words = [seed.0, fnv1a(label.as_bytes()), 0, 0].map(u64::to_le_bytes);
        let mut key = [0; 32];
        key.iter_mut().zip(words.as_flattened()).for_each(|(to, from)| *to = *from);
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number from 0 to `bound - 1`; 0 when `bound` is 0.
    ///
    /// The high half of a product: the law is this arithmetic, with a bias below `bound` in 2⁶⁴.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.0.next_u64()).saturating_mul(u128::from(bound));
        u64::try_from(product >> 64).unwrap_or_default()
    }
}

/// Zipf's law with exponent 1: the customer of rank k is k times rarer than the first.
pub(crate) struct Zipf {
    /// Weights of the ranks, summed up.
    cumulative: Vec<u64>,
    total: u64,
}

impl Zipf {
    /// A law over `ranks` ranks.
    pub(crate) fn new(ranks: u32) -> Self {
        let mut total = 0_u64;
        let cumulative = (1..=u64::from(ranks))
            .map(|rank| {
                total = total.saturating_add(FIRST_WEIGHT.checked_div(rank).unwrap_or_default());
                total
            })
            .collect();
        Self { cumulative, total }
    }

    /// A rank, from 1.
    pub(crate) fn draw(&self, draws: &mut Draws) -> usize {
        let at = draws.below(self.total);
        self.cumulative.partition_point(|sum| *sum <= at).saturating_add(1)
    }
}

/// A law given by its quantiles: pairs of a share, in thousandths, and the value there.
///
/// # Shape
///
/// Shares rise from 0 to 1000; values never fall. Between two quantiles the law is even.
pub(crate) struct Quantiles(pub(crate) &'static [(u64, u64)]);

impl Quantiles {
    /// A value.
    pub(crate) fn draw(&self, draws: &mut Draws) -> u64 {
        let at = draws.below(1_000_000);
        for pair in self.0.windows(2) {
            let [(from, low), (to, high)] = *pair else { break };
            let (from, to) = (from.saturating_mul(1_000), to.saturating_mul(1_000));
            if at < to {
                let (into, width) = (at.saturating_sub(from), to.saturating_sub(from));
                let rise = high.saturating_sub(low).saturating_mul(into);
                return low.saturating_add(rise.checked_div(width).unwrap_or_default());
            }
        }
        self.0.last().map_or(0, |(_, value)| *value)
    }
}

/// When in a day things happen: 24 weights, one an hour, even within the hour.
pub(crate) struct Day(pub(crate) [u64; 24]);

impl Day {
    /// The millisecond of the day by which `share` of 2³² of the day's events have happened.
    pub(crate) fn millis(&self, share: u32) -> i64 {
        let mut left = self.0.iter().sum::<u64>().saturating_mul(u64::from(share));
        let mut millis = 0_u64;
        for weight in self.0 {
            let hour = weight << 32;
            if left < hour {
                let into = u128::from(left).saturating_mul(u128::from(HOUR_MS));
                let into = into.checked_div(u128::from(hour)).unwrap_or_default();
                millis = millis.saturating_add(u64::try_from(into).unwrap_or_default());
                break;
            }
            (left, millis) = (left.saturating_sub(hour), millis.saturating_add(HOUR_MS));
        }
        i64::try_from(millis).unwrap_or(i64::MAX)
    }
}

/// FNV-1a with 64 bits: turns a label into a part of a key.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME))
}

/// The weight of rank 1: large enough that every rank up to 2³² has a weight.
const FIRST_WEIGHT: u64 = 1 << 32;
const FNV_PRIME: u64 = 0x0100_0000_01b3;
const HOUR_MS: u64 = 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_label_name_one_sequence() {
        let first = |seed, label| Draws::new(Seed(seed), label).below(1 << 32);
        assert_eq!(first(1, "tokens"), first(1, "tokens"));
        assert_ne!(first(1, "tokens"), first(2, "tokens"));
        assert_ne!(first(1, "tokens"), first(1, "arrivals"));
    }

    #[test]
    fn the_second_customer_is_half_as_frequent_as_the_first() {
        let (zipf, mut draws) = (Zipf::new(3), Draws::new(Seed(7), "customers"));
        let mut seen = [0_u32; 4];
        for _ in 0..11_000 {
            seen[zipf.draw(&mut draws)] += 1;
        }
        assert_eq!(seen[0], 0);
        assert!((5_800..6_200).contains(&seen[1]), "{seen:?}");
        assert!((2_850..3_150).contains(&seen[2]), "{seen:?}");
        assert!((1_850..2_150).contains(&seen[3]), "{seen:?}");
    }

    #[test]
    fn a_day_goes_from_its_first_to_its_last_millisecond() {
        let flat = Day([1; 24]);
        assert_eq!(flat.millis(0), 0);
        assert_eq!(flat.millis(1 << 31), 43_200_000);
        assert_eq!(flat.millis(u32::MAX), 86_399_999);
        let mut late = [0; 24];
        late[23] = 5;
        assert_eq!(Day(late).millis(0), 82_800_000);
    }
}
