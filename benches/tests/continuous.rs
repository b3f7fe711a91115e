//! Does a continuous limit decide as governor does? The same asks, one after the other, of both.
//!
//! governor keeps its rate as the nanoseconds that a cell takes to come back, so the rates here are
//! whole milliseconds for a unit: elsewhere it rounds, and a continuous limit does not.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, FakeRelativeClock};
use governor::{Quota, RateLimiter};
use weir_benches::Desk;
use weir_core::decide::Retry;
use weir_core::time::Timestamp;

#[test]
fn continuous_is_governor() {
    let (mut admitted, mut told) = (0, 0);
    for (period, burst) in [(1, 1), (7, 5), (100, 10), (1_000, 3), (60_000, 2)] {
        let catalog = format!(
            r#"{{ "features": {{ "calls": {{}} }}, "plans": {{ "plan": {{ "limits": {{ "calls": {{
                "feature": "calls", "capacity": {burst},
                "window": {{ "continuous": {{ "rate": 1, "per": "PT{}.{:03}S" }} }} }} }} }} }} }}"#,
            period / 1_000,
            period % 1_000
        );
        let mut desk = Desk::new(&catalog);
        let burst = NonZeroU32::new(burst).expect("a burst");
        let quota = Quota::with_period(Duration::from_millis(period)).expect("a period");
        let clock = FakeRelativeClock::default();
        let limiter = RateLimiter::direct_with_clock(quota.allow_burst(burst), clock.clone());
        let (mut dice, mut now) = (period, 0_i64);
        for step in 0..20_000 {
            // An odd multiplier and an odd addend: every number comes up.
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let (wait, units) =
                ((dice >> 33) % (2 * period), (dice >> 20) as u32 % burst.get() + 1);
            clock.advance(Duration::from_millis(wait));
            now += i64::try_from(wait).expect("small");
            let at = Timestamp::from_millis(now).expect("in range");
            let verdict = *desk.ask(&desk.cost(units), at);
            let units = NonZeroU32::new(units).expect("one at least");
            match limiter.check_n(units).expect("no more than a burst") {
                Ok(()) => {
                    assert!(verdict.is_allowed(), "at step {step}: {verdict:?}");
                    admitted += 1;
                }
                Err(not_until) => {
                    assert!(!verdict.is_allowed(), "at step {step}: {verdict:?}");
                    let wait = not_until.wait_time_from(clock.now());
                    let then = now + i64::try_from(wait.as_millis()).expect("small");
                    assert_eq!(wait.subsec_nanos() % 1_000_000, 0, "whole milliseconds");
                    let then = Timestamp::from_millis(then).expect("in range");
                    assert_eq!(verdict.retry, Retry::At(then), "at step {step}");
                    told += 1;
                }
            }
        }
    }
    assert!(admitted > 20_000 && told > 20_000, "{admitted} admitted, {told} told when");
}
